"""Extended Hall: one polynomial in probit space over the whole profile."""

import numpy as np
from numpy.polynomial import Chebyshev

from inverse.couple import Couple, couple_of
from inverse.curves.smoothing import ROOT_PI, ProbitCurve, probit
from inverse.ends import Ends, check
from inverse.estimate import Estimate, Method
from inverse.interdiffusivity import estimate_of, volume_not_used
from inverse.methods.sauer_freise import diffusivity
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "extended-hall"
LOWEST, NOISES = 1e-4, 6.0  # Y below which no point is used, and standard deviations of Y that it must have
MODEL = 1e-5  # of Y: the weight of clean data
DEGREES = range(1, 16)
BETTER = 0.95  # of the error left by a lower degree, below which a higher one is taken
TAIL = 3.0  # standard deviations of chi-square, by which tails may miss the data beyond more than the smooth curve
DRAWS, SEED = 64, 20232
FOLLOWS = 3e-3  # of the step, root mean square: at a third of it D is off by some 4 %


class Polynomial:
    """A Chebyshev series as `ProbitCurve` wants its spline."""

    def __init__(self, series: Chebyshev):
        self.series = series

    def __call__(self, x):
        return self.series(x)

    def derivative(self) -> "Polynomial":
        return Polynomial(self.series.deriv())


def fitted(x: np.ndarray, u: np.ndarray, sigma: np.ndarray, degree: int) -> tuple[Chebyshev, np.ndarray, float]:
    """The weighted series of this degree through u(x), the covariance root of its coefficients, and the root mean
    square of the errors of u at points left out, in units of sigma."""
    domain = x[[0, -1]]
    scaled = 2.0 * (x - domain[0]) / (domain[1] - domain[0]) - 1.0
    A = np.polynomial.chebyshev.chebvander(scaled, degree) / sigma[:, None]
    q, r = np.linalg.qr(A)
    series = Chebyshev(np.linalg.solve(r, q.T @ (u / sigma)), domain=domain)
    missed = (u - series(x)) / sigma / np.maximum(1.0 - (q**2).sum(axis=1), 1e-6)
    return series, np.linalg.inv(r), float(np.sqrt(np.mean(missed**2)))


def polynomial_curve(couple: Couple) -> tuple[Couple, int]:
    """The couple with the polynomial as its curve, draws included, and the degree. Raises Invalid if none rises."""
    noise = couple.noise / abs(couple.step) if couple.fits else 0.0
    Y = (couple.data - couple.ends[0]) / couple.step
    floor = max(LOWEST, NOISES * noise)
    inside = np.flatnonzero((floor < Y) & (1.0 - floor > Y))
    if inside.size < 6:
        raise Invalid.at("profile", f"{NAME} needs 6 points between the ends, and finds {inside.size}.")
    beyond = np.setdiff1d(np.arange(Y.size), inside) if noise else inside[:0]
    far, rest = couple.x[beyond], Y[beyond]
    x, Y = couple.x[inside], Y[inside]
    u = probit(Y)
    smooth = probit(np.clip(couple.Y(x), 0.1 * floor, 1.0 - 0.1 * floor))
    sigma = np.hypot(noise, MODEL * np.minimum(Y, 1.0 - Y)) * ROOT_PI * np.exp(np.minimum(smooth, 4.0) ** 2)
    # a flat end of the polynomial carries a tail far into data that are at their end value
    allowed = np.sum((couple.Y(far) - rest) ** 2) + noise**2 * TAIL * np.sqrt(2.0 * far.size)
    best = None
    for degree in DEGREES:
        if degree > inside.size - 3:
            break
        series, root, missed = fitted(x, u, sigma, degree)
        curve = ProbitCurve(Polynomial(series), x)
        if not curve.monotone or np.sum((curve.Y(far) - rest) ** 2) > allowed:
            continue
        if best is None or missed < BETTER * best[0]:
            best = missed, degree, series, root, curve
    if best is None:
        raise Invalid.at("profile", f"{NAME} finds no polynomial that rises through this profile.")
    _, degree, series, root, curve = best
    fits = []
    if couple.fits:
        drawn = np.random.default_rng(SEED).standard_normal((DRAWS, root.shape[0]))
        scale = max(1.0, best[0])
        for z, one in zip(drawn, couple.draws(), strict=False):
            trial = ProbitCurve(Polynomial(Chebyshev(series.coef + scale * root @ z, domain=series.domain)), x)
            if trial.monotone:
                fits.append((trial, one.ends))
    return couple.with_curve(curve, tuple(fits)), degree


def check_one_phase(profile: Profile, method: str) -> Ends:
    """End values of a step couple of one phase; Invalid for another one."""
    ends = check(profile, method)
    if ends.interfaces:
        raise Invalid.at("profile", f"{method} needs one phase: a polynomial cannot follow a jump. Use wagner.")
    return ends


def extended_hall(profile: Profile, window: tuple[float, float] = (0.02, 0.98), smoother: str = "probit") -> Estimate:
    """Interdiffusivity D(X) of a binary couple, m^2/s, from one polynomial u(x) over the whole profile.

        u = erfinv(2 Y - 1),   D = 1/(2 t Y') [ (1 - Y) int_-inf^x Y dx + Y int_x^inf (1 - Y) dx ]

    The Chebyshev series has the degree whose errors at points left out are least, a higher one only where it is better
    by 5 %. Beyond the points that carry information u is a straight line, with closed integrals. One polynomial cannot
    follow a diffusivity that changes much: it leaves 3 to 4 % for D that changes e^2-fold between the ends and more for
    a peak; `sauer-freise` on the probit spline is better everywhere. Constant molar volume, a sharp step, unaffected
    ends, one phase. Raises Invalid where no polynomial rises.
    Source: Hall (1953), J. Chem. Phys. 21, 87, for the probit coordinate.
    """
    couple = couple_of(profile, NAME, smoother)
    if couple.curve.edges:
        raise Invalid.at("profile", f"{NAME} needs one phase: a polynomial cannot follow a jump. Use wagner.")
    couple, degree = polynomial_curve(couple)

    def further(couple, x):
        sentences = volume_not_used(couple, x)[1]
        holds = couple.residual <= max(FOLLOWS * abs(couple.step), NOISES * couple.noise)
        if not holds:
            missed = 100.0 * couple.residual / abs(couple.step)
            sentences = [
                *sentences,
                f"The polynomial, of degree {degree}, leaves the profile by {missed:.2g} % of the step: its D is not "
                "that of this profile. Use sauer-freise.",
            ]
        return {"degree": degree, "holds": bool(holds)}, sentences

    return estimate_of(couple, NAME, window, diffusivity, further)


METHOD = Method(
    name=NAME,
    title="Extended Hall",
    equation="u(x) one polynomial; D = 1/(2 t Y') [(1 - Y) int_-inf^x Y dx + Y int_x^inf (1 - Y) dx]",
    recovers="interdiffusivity",
    unit="m^2/s",
    needs=("one profile", "time", "flat ends or known end values"),
    assumes=("binary", "step start", "unaffected ends", "constant molar volume", "planar", "one phase"),
    source="Hall (1953), J. Chem. Phys. 21, 87",
    check=check_one_phase,
    analyse=extended_hall,
    tolerance=5e-2,
)

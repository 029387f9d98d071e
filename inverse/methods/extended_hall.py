"""Extended Hall: one polynomial in probit space over the whole profile."""

from dataclasses import dataclass, replace

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
FEWEST, HIGHEST = 6, 15  # points, and the degree
BETTER = 0.95  # of the error left by a lower degree, below which a higher one is taken
TAIL = 3.0  # standard deviations of chi-square, by which tails may miss the data beyond more than the smooth curve
SEED = 20232
NEARLY_ALL, WIDTHS = 0.95, 1.96  # of the errors lie within so many standard deviations: their tails are long
FOLLOWS = 3e-3  # of the step, root mean square: at a third of it D is off by some 4 %


class Polynomial:
    """A Chebyshev series as `ProbitCurve` wants its spline."""

    def __init__(self, series: Chebyshev):
        self.series = series

    def __call__(self, x):
        return self.series(x)

    def derivative(self) -> "Polynomial":
        return Polynomial(self.series.deriv())


@dataclass(frozen=True)
class Points:
    """What a polynomial is fitted to: x (N,) in m and Y (N,) of the data, a smooth curve through them, and the noise of
    Y, 0 for clean data."""

    x: np.ndarray
    Y: np.ndarray
    smooth: np.ndarray
    noise: float


@dataclass(frozen=True)
class Found:
    """A polynomial as a curve, its degree, and the root mean square of its errors of u at points left out, in units of
    their uncertainty."""

    curve: ProbitCurve
    degree: int
    missed: float


def fitted(x: np.ndarray, u: np.ndarray, sigma: np.ndarray, highest: int) -> tuple[list[Chebyshev], np.ndarray]:
    """The weighted series through u(x) of all degrees up to the highest, and the root mean squares of their errors of u
    at points left out, in units of sigma."""
    domain = x[[0, -1]]
    scaled = 2.0 * (x - domain[0]) / (domain[1] - domain[0]) - 1.0
    q, r = np.linalg.qr(np.polynomial.chebyshev.chebvander(scaled, highest) / sigma[:, None])
    parts = q * (q.T @ (u / sigma))
    left = (u / sigma)[:, None] - np.cumsum(parts, axis=1)
    missed = left / np.maximum(1.0 - np.cumsum(q**2, axis=1), 1e-6)
    goal = q.T @ (u / sigma)
    series = [Chebyshev(np.linalg.solve(r[:k, :k], goal[:k]), domain=domain) for k in range(1, highest + 2)]
    return series, np.sqrt(np.mean(missed**2, axis=0))


def polynomial(points: Points) -> Found | None:
    """The polynomial that the points left out choose; None if none rises. Raises Invalid for too few points."""
    noise = points.noise
    floor = max(LOWEST, NOISES * noise)
    inside = (floor < points.Y) & (1.0 - floor > points.Y)
    if inside.sum() < FEWEST:
        raise Invalid.at("profile", f"{NAME} needs {FEWEST} points between the ends, and finds {inside.sum()}.")
    beyond = ~inside & (noise > 0.0)
    far, rest = points.x[beyond], points.Y[beyond]
    x, Y = points.x[inside], points.Y[inside]
    u, smooth = probit(Y), probit(np.clip(points.smooth[inside], 0.1 * floor, 1.0 - 0.1 * floor))
    sigma = np.hypot(noise, MODEL * np.minimum(Y, 1.0 - Y)) * ROOT_PI * np.exp(np.minimum(smooth, 4.0) ** 2)
    # a flat end of the polynomial carries a tail far into data that are at their end value
    allowed = np.sum((points.smooth[beyond] - rest) ** 2) + noise**2 * TAIL * np.sqrt(2.0 * far.size)
    best = None
    series, missed = fitted(x, u, sigma, min(HIGHEST, x.size - 3))
    for degree in range(1, len(series)):
        if best is not None and missed[degree] >= BETTER * best.missed:
            continue
        curve = ProbitCurve(Polynomial(series[degree]), x)
        if curve.monotone and np.sum((curve.Y(far) - rest) ** 2) <= allowed:
            best = Found(curve, degree, float(missed[degree]))
    return best


def points_of(couple: Couple, data: np.ndarray, ends: tuple[float, float]) -> Points:
    """The points of mole fractions (N,) with these end values, beside the couple's smooth curve."""
    step = ends[1] - ends[0]
    noise = couple.noise / abs(step)
    return Points(couple.x, (data - ends[0]) / step, (couple.N(couple.x) - ends[0]) / step, noise)


def errors(smooth: Couple, composition: np.ndarray) -> np.ndarray:
    """(d, k) ln D of polynomials through couples drawn from the smooth fit with new noise, less ln D of these couples,
    at the compositions (k,): what noise does, what a polynomial cannot follow, and what the choice of its degree adds.
    """
    rng, found = np.random.default_rng(SEED), []
    for drawn in smooth.draws():
        data = drawn.N(smooth.x) + smooth.noise * rng.standard_normal(smooth.x.size)
        if not drawn.curve.monotone:
            continue
        try:
            one = polynomial(points_of(drawn, data, smooth.ends))
        except Invalid:
            continue
        if one is not None:
            missed = logarithm(replace(smooth, curve=one.curve), composition) - logarithm(drawn, composition)
            found.append(missed)
    return np.array(found)


def logarithm(couple: Couple, composition: np.ndarray) -> np.ndarray:
    """ln D at compositions (k,)."""
    Y = np.clip((composition - couple.ends[0]) / couple.step, 1e-6, 1.0 - 1e-6)
    return np.log(diffusivity(couple, couple.curve.position(Y)))


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
    a peak; `sauer-freise` on the probit spline is better everywhere. The standard deviation of noisy data is that of
    the errors of polynomials through curves that the smoother draws, with new noise: it holds what a polynomial cannot
    follow. Constant molar volume, a sharp step, unaffected ends, one phase. Raises Invalid where no polynomial rises.
    Source: Hall (1953), J. Chem. Phys. 21, 87, for the probit coordinate.
    """
    smooth = couple_of(profile, NAME, smoother)
    if smooth.curve.edges:
        raise Invalid.at("profile", f"{NAME} needs one phase: a polynomial cannot follow a jump. Use wagner.")
    points = points_of(smooth if smooth.fits else replace(smooth, noise=0.0), smooth.data, smooth.ends)
    found = polynomial(points)
    if found is None:
        raise Invalid.at("profile", f"{NAME} finds no polynomial that rises through this profile.")
    couple = smooth.with_curve(found.curve)

    def deviation(composition, value):
        missed = errors(smooth, composition)
        return np.quantile(np.abs(missed), NEARLY_ALL, axis=0) / WIDTHS * value if len(missed) else None

    def further(couple, x):
        sentences = volume_not_used(couple, x)[1]
        holds = couple.residual <= max(FOLLOWS * abs(couple.step), NOISES * couple.noise)
        if not holds:
            missed = 100.0 * couple.residual / abs(couple.step)
            sentences = [
                *sentences,
                f"The polynomial, of degree {found.degree}, leaves the profile by {missed:.2g} % of the step: its D is "
                "not that of this profile. Use sauer-freise.",
            ]
        return {"degree": found.degree, "holds": bool(holds)}, sentences

    return estimate_of(couple, NAME, window, diffusivity, further, deviation)


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

"""The share of a tagged isotope in its element along a couple: a smooth curve of its logarithm."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial.legendre import legder, leggauss, legval, legvander
from scipy.interpolate import make_interp_spline

from inverse.constant import is_clean
from inverse.couple import Couple
from inverse.curves.noise import noise_of
from inverse.curves.penalised import positive
from inverse.ends import END_AVERAGE, end_points
from simulator.faults import Invalid
from simulator.solve.profile import Profile

FEWEST = 8  # points of the isotope
FAINTEST = {True: 1e-6, False: 0.02}  # of the largest amount, below which clean and noisy data say nothing of ln r
SEEN = 10.0  # standard deviations that the isotope must stand out
DEGREE = 15  # of the polynomial through noisy data
ITERATIONS, CHOOSING = 60, 12
LOOSER = 0.01  # of the likeliest penalty: ln r bends in one place and is straight elsewhere, the penalty is the same
DRAWS, SEED = 40, 20231


@dataclass(frozen=True, eq=False)
class Share:
    """ln r of an isotope's share r of its element along x, on [low, high] m.

    slope(x) = d ln r/dx, 1/m; noise: of the isotope's fraction; background: the share that the element had everywhere,
    which was taken off; drawn: (d, n) Legendre coefficients of ln r drawn from the distribution of the fit, None for
    clean data.
    """

    slope: Callable[[np.ndarray], np.ndarray]
    low: float
    high: float
    noise: float
    background: float
    residual: float = 0.0
    drawn: np.ndarray | None = None

    @property
    def maxima(self) -> np.ndarray:
        """Where the slope goes through 0 on its way down, m."""
        x = np.linspace(self.low, self.high, 2001)
        slope = self.slope(x)
        k = np.flatnonzero((slope[:-1] > 0) & (slope[1:] <= 0))
        return x[k] + (x[k + 1] - x[k]) * slope[k] / (slope[k] - slope[k + 1])

    def width(self, at: float) -> float:
        """w of the Gaussian exp(-(x - at)^2/w^2) that r is like about a maximum, m: from its slopes a little apart."""
        step = 0.02 * (self.high - self.low)
        bend = float(np.diff(self.slope(at + np.array([-step, step])))[0]) / (2.0 * step)
        return float(np.sqrt(2.0 / max(-bend, 1e-6 / (self.high - self.low) ** 2)))

    def draws(self) -> Iterator["Share"]:
        """Curves drawn from the distribution of the fit; none for clean data."""
        for coefficients in () if self.drawn is None else self.drawn:
            yield replace(self, slope=polynomial_slope(coefficients, self.low, self.high), drawn=None)


def share_of(profile: Profile, couple: Couple, isotope: str, method: str) -> Share:
    """The share of the isotope in the element of the couple; profile: with the columns of both.

    Clean data: a spline of degree 5 of ln r. Noisy data: a penalised polynomial of ln r, see `penalised`. Raises
    Invalid where the isotope does not stand out, or is found at too few points.
    """
    x, row = profile.x, profile.index(isotope)
    N = couple.N(x)
    background = natural(profile, couple, isotope)
    amount = profile.fractions[row] - background * N
    noise = noise_of(x, amount)
    peak = float(np.convolve(amount, np.full(3, 1.0 / 3.0), mode="same").max())
    if peak <= max(SEEN * noise, 1e-12):
        raise Invalid.at("profile", f"{method} needs a peak of x_{isotope}, but it does not stand out in this profile.")
    sigma = None if profile.sigma is None else profile.sigma[row]
    clean = sigma is None and is_clean(x, amount / peak)
    part = around(amount, int(np.argmax(np.convolve(amount, np.full(3, 1.0 / 3.0), mode="same"))), peak, clean)
    part = part[N[part] > 0.0]
    if part.size < FEWEST:
        raise Invalid.at(
            "profile", f"{method} needs {FEWEST} points with x_{isotope} on them, this profile has {part.size}."
        )
    at, low, high = x[part], float(x[part[0]]), float(x[part[-1]])
    if clean:
        curve = make_interp_spline(at, np.log(amount[part] / N[part]), k=5).derivative()
        return Share(curve, low, high, noise, background)
    error = np.full(part.size, max(noise, 1e-12)) if sigma is None else sigma[part]
    v, drawn, residual = penalised(at, amount[part], N[part], error, sigma is not None)
    rms = residual * float(np.sqrt(np.mean(error**2)))
    return Share(polynomial_slope(v, low, high), low, high, noise, background, rms, drawn)


def natural(profile: Profile, couple: Couple, isotope: str) -> float:
    """The share that the isotope has far from the layer, at the end with more of the element; 0 if none stands out."""
    side = "left" if couple.ends[0] > couple.ends[1] else "right"
    N = max(couple.ends)
    if profile.ends is not None:
        return float(profile.ends[side][profile.index(isotope)]) / N
    y = profile.fraction(isotope)
    values = y[end_points(profile.x, END_AVERAGE, side)]
    spread = 3.0 * noise_of(profile.x, y) / np.sqrt(values.size)
    return float(values.mean()) / N if values.mean() > max(spread, 1e-9) else 0.0


def around(amount: np.ndarray, top: int, peak: float, clean: bool) -> np.ndarray:
    """The points on both sides of the highest one down to where the isotope is too faint."""
    level = amount if clean else np.convolve(np.pad(amount, 2, mode="edge"), np.full(5, 0.2), mode="valid")
    faint = level < FAINTEST[clean] * peak
    left = np.flatnonzero(faint[:top])
    right = np.flatnonzero(faint[top:])
    return np.arange(left[-1] + 1 if left.size else 0, top + right[0] if right.size else amount.size)


def penalised(x, amount, N, error, known: bool) -> tuple[np.ndarray, np.ndarray, float]:
    """Legendre coefficients v of ln r on [x_0, x_-1], (DRAWS, n) ones drawn from their distribution, and the residual
    (root mean square, in units of error).

    v minimises sum ((amount - N r)/error)^2 + lambda int (d^3 ln r/dz^3)^2 dz, so that a Gaussian costs nothing; lambda
    maximises the restricted likelihood of the linearised problem. A draw takes lambda from the same likelihood, and the
    coefficients from the normal distribution that it leaves.
    """
    z = 2.0 * (x - x[0]) / (x[-1] - x[0]) - 1.0
    degree = min(DEGREE, x.size - 2)
    basis, penalty = legvander(z, degree), bending(degree)
    seen = amount > 0.1 * amount.max()
    weight = amount[seen] / error[seen]
    v = np.zeros(degree + 1)
    v[:3] = np.linalg.lstsq(basis[seen, :3] * weight[:, None], np.log(amount[seen] / N[seen]) * weight, rcond=None)[0]
    factor = 0.0
    for iteration in range(ITERATIONS):
        value = N * np.exp(np.clip(basis @ v, -60.0, 60.0)) / error
        J, r = value[:, None] * basis, amount / error - value
        A, b = J.T @ J, J.T @ (r + J @ v)
        if iteration < CHOOSING:
            factors, values = likelihoods(A, b, float(np.sum((r + J @ v) ** 2)), penalty, x.size)
            factor = LOOSER * factors[np.argmin(values)]
        M, triangle = positive(A + factor * penalty)
        change = np.linalg.solve(M, b) - v
        longest = float(np.abs(basis @ change).max())
        v = v + change * min(1.0, 1.0 / max(longest, 1e-12))
        if iteration > CHOOSING and longest < 1e-9:
            break
    value = N * np.exp(np.clip(basis @ v, -60.0, 60.0)) / error
    square = float(np.sum((amount / error - value) ** 2))
    free = max(1.0, x.size - float(np.trace(np.linalg.solve(M, A))))
    spread = 1.0 if known else square / free
    weight = np.exp(-0.5 * (values - values.min()))
    rng = np.random.default_rng(SEED)
    chosen = np.searchsorted(np.cumsum(weight) / weight.sum(), (rng.permutation(DRAWS) + 0.5) / DRAWS)
    drawn, shaken = np.empty((DRAWS, v.size)), np.sqrt(spread) * rng.standard_normal((DRAWS, v.size))
    centre = np.linalg.solve(M, b)
    for k in np.unique(chosen):
        M, triangle = positive(A + LOOSER * factors[k] * penalty)
        moved = v + np.linalg.solve(M, b) - centre
        drawn[chosen == k] = moved + shaken[chosen == k] @ np.linalg.inv(triangle)
    return v, drawn, float(np.sqrt(square / x.size))


def bending(degree: int) -> np.ndarray:
    """int_-1^1 (d^3 p/dz^3) (d^3 q/dz^3) dz of the Legendre polynomials p, q up to this degree, over its trace."""
    points, weights = leggauss(degree + 1)
    third = legval(points, legder(np.eye(degree + 1), 3))
    penalty = (third * weights) @ third.T
    return penalty / np.trace(penalty)


def likelihoods(
    A: np.ndarray, b: np.ndarray, total: float, penalty: np.ndarray, points: int
) -> tuple[np.ndarray, np.ndarray]:
    """Factors of the penalty (f,), and -2 times the logarithm of the restricted likelihood of the normal equations
    A v = b with each."""
    size, count = float(np.trace(A)) / len(A), len(A) - 3
    factors = size * 10.0 ** np.arange(-12.0, 6.01, 0.25)
    values = np.full(factors.size, np.inf)
    for k, factor in enumerate(factors):
        M, triangle = positive(A + factor * penalty)
        left = total - b @ np.linalg.solve(M, b)
        if left > 0.0:
            values[k] = (points - 3) * np.log(left) + 2.0 * np.log(np.diag(triangle)).sum() - count * np.log(factor)
    return factors, values


def polynomial_slope(coefficients: np.ndarray, low: float, high: float) -> Callable[[np.ndarray], np.ndarray]:
    """d/dx of the Legendre series on [low, high]."""
    rates = legder(coefficients) * 2.0 / (high - low)
    return lambda x: legval(2.0 * (np.asarray(x, float) - low) / (high - low) - 1.0, rates)

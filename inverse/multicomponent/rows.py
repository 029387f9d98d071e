"""One component along a couple as a smooth function: its value, slope and contents, whatever its ends are.

A component may have no step at all, or go up and down: it is then a spline of the fraction itself, where one that rises
or falls from end to end has the curve that the methods for binary couples use.
"""

from typing import Protocol

import numpy as np
from scipy.interpolate import CubicSpline, make_interp_spline

from inverse.curves.fitting import CLEAN, smooth
from inverse.curves.noise import noise_of
from inverse.curves.penalised import DRAWS, SEED
from inverse.curves.penalties import smoothing_spline, whittaker
from inverse.curves.smoothing import Curve
from inverse.ends import END_AVERAGE, end_points

LEAST_STEP = 0.2  # of the range of a component, below which its ends are no step to be scaled by
SMALLEST = 1e-12  # a fraction: rounding


class Row(Protocol):
    """A mole fraction X(q) between its end values.

    value and slope (1/m) at q (k,), m; before(q) = int_-inf^q (X - X^-) dq and behind(q) = int_q^inf (X^+ - X) dq, m.
    """

    ends: tuple[float, float]

    def value(self, q: np.ndarray) -> np.ndarray: ...
    def slope(self, q: np.ndarray) -> np.ndarray: ...
    def before(self, q: np.ndarray) -> np.ndarray: ...
    def behind(self, q: np.ndarray) -> np.ndarray: ...


class Stepped:
    """A row from the curve of its normalised variable Y."""

    def __init__(self, curve: Curve, ends: tuple[float, float]):
        self.curve, self.ends, self.step = curve, ends, ends[1] - ends[0]

    def value(self, q):
        return self.ends[0] + self.step * self.curve.Y(np.asarray(q, float))

    def slope(self, q):
        return self.step * self.curve.gradient(np.asarray(q, float))

    def before(self, q):
        return self.step * self.curve.left(q)

    def behind(self, q):
        return self.step * self.curve.right(q)


class Splined:
    """A row from a spline of the fraction itself, at its end values beyond the knots (first, last)."""

    def __init__(self, spline, ends: tuple[float, float], knots: tuple[float, float]):
        self.spline, self.ends = spline, ends
        self.first, self.last = knots
        self.derivative, self.integral = spline.derivative(), spline.antiderivative()

    def value(self, q):
        q = np.asarray(q, float)
        inside = self.spline(np.clip(q, self.first, self.last))
        return np.select([q < self.first, q > self.last], [self.ends[0], self.ends[1]], inside)

    def slope(self, q):
        q = np.asarray(q, float)
        inside = self.derivative(np.clip(q, self.first, self.last))
        return np.where((q < self.first) | (q > self.last), 0.0, inside)

    def before(self, q):
        q = np.asarray(q, float)
        at = np.clip(q, self.first, self.last)
        beyond = (self.ends[1] - self.ends[0]) * np.maximum(q - self.last, 0.0)
        return self.integral(at) - self.integral(self.first) - self.ends[0] * (at - self.first) + beyond

    def behind(self, q):
        q = np.asarray(q, float)
        at = np.clip(q, self.first, self.last)
        beyond = (self.ends[1] - self.ends[0]) * np.maximum(self.first - q, 0.0)
        return self.ends[1] * (self.last - at) - self.integral(self.last) + self.integral(at) + beyond


class Rows:
    """What one component's profile gives: its row, noise, a fraction, and rows drawn from the fit, none if clean."""

    def __init__(self, row: Row, noise: float, draws: tuple[Row, ...] = ()):
        self.row, self.noise, self.draws = row, noise, draws


def rows_of(
    q: np.ndarray,
    y: np.ndarray,
    ends: tuple[float, float],
    given: bool,
    sigma: np.ndarray | None = None,
    smoother: str = "probit",
) -> Rows:
    """The row through y(q) (N,). ends, given: end values and whether they are known; sigma (N,) of y, or None;
    smoother: as in `inverse.curves.fitting.smooth`."""
    noise = noise_of(q, y)
    if stepped(q, y, ends, noise):
        fitted = smooth(q, y, ends, given, sigma, smoother)
        if fitted.curve.monotone:
            draws = tuple(Stepped(curve, part) for curve, part in fitted.draws)
            return Rows(Stepped(fitted.curve, fitted.ends), fitted.noise, draws)
    if sigma is None and noise <= CLEAN * typical_change(q, y):
        spline = make_interp_spline(q, y, k=5 if q.size > 5 else 3)
        return Rows(Splined(spline, ends, (q[0], q[-1])), noise)
    return smoothed(q, y, ends, given, sigma, smoother, noise)


def stepped(q: np.ndarray, y: np.ndarray, ends: tuple[float, float], noise: float) -> bool:
    """Whether a component has a step that it rises or falls by, rather than a bulge."""
    span = float(np.ptp(y))
    return abs(ends[1] - ends[0]) > max(LEAST_STEP * span, 10.0 * noise, SMALLEST)


def typical_change(q: np.ndarray, y: np.ndarray) -> float:
    """Of the fraction from point to point where it changes at all."""
    change = np.abs(np.diff(y))
    moving = change > 0.02 * change.max(initial=0.0)
    return float(np.median(change[moving])) if moving.any() else 0.0


def smoothed(
    q: np.ndarray,
    y: np.ndarray,
    ends: tuple[float, float],
    given: bool,
    sigma: np.ndarray | None,
    smoother: str,
    noise: float,
) -> Rows:
    """A cross-validated smoother of the fraction itself; its ends are averages over the smooth curve's own ends."""
    linear = whittaker(q, sigma) if smoother == "whittaker" else smoothing_spline(q, sigma)
    factor = linear.factor(y)
    sides = [end_points(q, END_AVERAGE, side) for side in ("left", "right")]

    def row_of(z: np.ndarray) -> Splined:
        own = ends if given else tuple(float(z[side].mean()) for side in sides)
        return Splined(CubicSpline(q, z, bc_type="natural"), own, (q[0], q[-1]))

    best = linear.fitted(y, factor)
    size = max(noise, SMALLEST) if sigma is None else float(np.median(sigma))
    shaken = size * np.random.default_rng(SEED).standard_normal((DRAWS, q.size))
    return Rows(row_of(best), size, tuple(row_of(linear.drawn(best, factor, one)) for one in shaken))

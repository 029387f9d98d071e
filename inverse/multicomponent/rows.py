"""The components along a couple as smooth functions: value, slope and contents, whatever their ends are.

A component may have no step at all, or go up and down. Clean data are interpolated: in probit space, as for the methods
for binary couples, where a component rises or falls all the way, else by a spline of the fraction itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.interpolate import CubicSpline, make_interp_spline

from inverse.curves.fitting import CLEAN, SMOOTHERS, interpolate
from inverse.curves.noise import noise_of
from inverse.curves.penalised import DRAWS, SEED
from inverse.curves.penalties import smoothing_spline, whittaker
from inverse.curves.smoothing import Curve
from inverse.ends import END_AVERAGE, FLAT, end_points
from inverse.multicomponent.noisy import noisy_rows
from simulator.faults import Invalid, near

LEAST_STEP = 0.2  # of the range of a component, below which its ends are no step to be scaled by
SMALLEST = 1e-12  # a fraction: rounding
OVERSHOOT = 1e-9  # of a step, by which a component may fall, or leave the range of its ends, and still count as rising
LEAST_NOISE = 1e-6  # of the largest range: what a simulation leaves
DEGREES = (3, 5, 7)  # of a spline through clean data


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


@dataclass(frozen=True)
class Rows:
    """What a couple's profile gives: its rows (m), their noise (m,), a fraction, and sets of rows drawn from the
    distribution of the fit, none if clean."""

    rows: tuple[Row, ...]
    noise: np.ndarray
    draws: tuple[tuple[Row, ...], ...] = ()


def rows_of(
    q: np.ndarray,
    y: np.ndarray,
    ends: np.ndarray,
    given: bool,
    sigma: np.ndarray | None = None,
    smoother: str = "probit",
    shift: int = 0,
) -> Rows:
    """The rows through y (m, N) at q (N,), m. ends (m, 2), given: end values and whether they are known; sigma (m, N)
    of y, or None; shift: a number of its own for each couple.

    smoother: of noisy data: "probit", all components in one coordinate that runs as an error function (`noisy`);
    "spline", the cubic smoothing spline, or "whittaker", third differences, each component by itself and
    cross-validated. Raises Invalid for another name.
    """
    if smoother not in SMOOTHERS:
        hint = near(smoother, SMOOTHERS)
        raise Invalid.at("smoother", f"there is no smoother {smoother!r}; there are {', '.join(SMOOTHERS)}.{hint}")
    noise = np.array([noise_of(q, row) for row in y])
    if sigma is None and is_clean(q, y, noise):
        return Rows(tuple(clean_row(q, row, pair, given) for row, pair in zip(y, ends, strict=True)), noise)
    if smoother == "probit":
        return Rows(*noisy_rows(q, y, ends, given, sigma, DRAWS, [SEED, shift]))
    random = np.random.default_rng([SEED, shift])
    own = [None] * len(y) if sigma is None else sigma
    parts = [smoothed(q, *one, given, smoother, random) for one in zip(y, ends, own, noise, strict=True)]
    rows, sizes, draws = zip(*parts, strict=True)
    return Rows(rows, np.array(sizes), tuple(zip(*draws, strict=True)))


def is_clean(q: np.ndarray, y: np.ndarray, noise: np.ndarray) -> bool:
    """Whether the noise (m,) of all components y (m, N) is nothing beside their changes from point to point."""
    floor = LEAST_NOISE * float(np.ptp(y, axis=1).max())
    return all(size <= max(CLEAN * typical_change(q, row), floor) for row, size in zip(y, noise, strict=True))


def typical_change(q: np.ndarray, y: np.ndarray) -> float:
    """Of the fraction from point to point where it changes at all."""
    change = np.abs(np.diff(y))
    moving = change > 0.02 * change.max(initial=0.0)
    return float(np.median(change[moving])) if moving.any() else 0.0


def clean_row(q: np.ndarray, y: np.ndarray, ends: Sequence[float], given: bool) -> Row:
    """The interpolation of clean data y (N,). One that has not come to its given ends is continued towards them: in
    probit space, or as the fit of noisy data is."""
    first, last = float(ends[0]), float(ends[1])
    step, span = last - first, max(float(np.ptp(y)), SMALLEST)
    if abs(step) > LEAST_STEP * span:
        Y = (y - first) / step
        if max(-np.diff(Y).min(), -Y.min(), Y.max() - 1.0) <= OVERSHOOT:
            curve = interpolate(q, Y)
            if curve is not None:
                return Stepped(curve, (first, last))
    if given and max(abs(y[0] - first), abs(y[-1] - last)) > FLAT * span:
        (row,), _, _ = noisy_rows(q, y[None], np.array([[first, last]]), True, None, 0, SEED)
        return row
    return Splined(make_interp_spline(q, y, k=best_degree(q, y)), (first, last), (q[0], q[-1]))


def best_degree(q: np.ndarray, y: np.ndarray) -> int:
    """Of the spline through every second point that comes nearest to the points between."""
    inner = slice(1, -1 if q.size % 2 else -2, 2)

    def miss(k: int) -> float:
        return float(np.abs(make_interp_spline(q[::2], y[::2], k=k)(q[inner]) - y[inner]).max())

    return min((k for k in DEGREES if q[::2].size > k), key=miss)


def smoothed(
    q: np.ndarray,
    y: np.ndarray,
    ends: Sequence[float],
    sigma: np.ndarray | None,
    noise: float,
    given: bool,
    smoother: str,
    random: np.random.Generator,
) -> tuple[Row, float, tuple[Row, ...]]:
    """A cross-validated smoother of the fraction itself, its noise and draws; ends that are not known are averages over
    the smooth curve's own ends."""
    linear = whittaker(q, sigma) if smoother == "whittaker" else smoothing_spline(q, sigma)
    factor = linear.factor(y)
    sides = [end_points(q, END_AVERAGE, side) for side in ("left", "right")]

    def row_of(z: np.ndarray) -> Splined:
        own = tuple(map(float, ends)) if given else tuple(float(z[side].mean()) for side in sides)
        return Splined(CubicSpline(q, z, bc_type="natural"), own, (q[0], q[-1]))

    best = linear.fitted(y, factor)
    size = max(noise, SMALLEST) if sigma is None else float(np.median(sigma))
    shaken = size * random.standard_normal((DRAWS, q.size))
    return row_of(best), size, tuple(row_of(linear.drawn(best, factor, one)) for one in shaken)

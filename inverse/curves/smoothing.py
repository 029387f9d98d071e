"""A smooth curve through a step-like profile, fitted in probit space, with its gradient and its integrals.

    u = erfinv(2 Y - 1),    Y = (1 + erf u)/2,    Y' = u' exp(-u^2)/sqrt(pi)

u is a straight line where the diffusivity is constant, so a spline of u follows the tails of a profile far better than
a spline of Y. Beyond the points that carry information u goes on as a straight line, whose integrals are known:

    int_-inf^x Y dx = [exp(-u^2)/(2 sqrt(pi)) + u Y]/u',
    int_x^inf (1 - Y) dx = [exp(-u^2)/(2 sqrt(pi)) - u (1 - Y)]/u'
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import erfc, erfcinv

ROOT_PI = np.sqrt(np.pi)
GAUSS, GAUSS_WEIGHT = np.polynomial.legendre.leggauss(8)
PIECES = 256
FARTHEST, STRIDE = 6.5, 0.25  # of u: where Y is 2e-20, and the pieces on the way there


def probit(Y: np.ndarray) -> np.ndarray:
    """erfinv(2 Y - 1), accurate at both ends, for 0 < Y < 1."""
    Y = np.asarray(Y, float)
    low = np.where(Y < 0.5, Y, 0.25)
    high = np.where(Y < 0.5, 0.25, 1.0 - Y)
    return np.where(Y < 0.5, -erfcinv(2.0 * low), erfcinv(2.0 * high))


def normal(u: np.ndarray) -> np.ndarray:
    """(1 + erf u)/2, accurate where it is small."""
    return 0.5 * erfc(-u)


def linear_tail(u: np.ndarray, slope: float) -> np.ndarray:
    """int Y dx from -inf to where probit(Y) = u, for u a straight line of this slope (1/m)."""
    return (u * normal(u) + np.exp(-(u**2)) / (2.0 * ROOT_PI)) / slope


class Running:
    """Integrals of f along x by Gauss quadrature between nodes (k,), f being 0 or smooth beyond them."""

    def __init__(self, f, nodes: np.ndarray):
        self.f, self.nodes = f, nodes
        pieces = self.over(nodes[:-1], nodes[1:])
        self.sums = np.concatenate([[0.0], np.cumsum(pieces)])
        self.rests = np.concatenate([np.cumsum(pieces[::-1])[::-1], [0.0]])

    def over(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """int_a^b f dx, one Gauss formula each."""
        half = 0.5 * (b - a)
        points = 0.5 * (a + b)[:, None] + half[:, None] * GAUSS
        return half * (self.f(points) @ GAUSS_WEIGHT)

    def before(self, x: np.ndarray) -> np.ndarray:
        """int f from the first node to x (j,)."""
        x = np.atleast_1d(np.asarray(x, float))
        k = np.clip(np.searchsorted(self.nodes, x, side="right") - 1, 0, self.nodes.size - 2)
        return self.sums[k] + self.over(self.nodes[k], x)

    def behind(self, x: np.ndarray) -> np.ndarray:
        """int f from x (j,) to the last node."""
        x = np.atleast_1d(np.asarray(x, float))
        k = np.clip(np.searchsorted(self.nodes, x, side="right") - 1, 0, self.nodes.size - 2)
        return self.rests[k + 1] + self.over(x, self.nodes[k + 1])


class Curve:
    """Y(x) with gradient and integrals.

    left(x) = int_-inf^x Y dx and right(x) = int_x^inf (1 - Y) dx, m. nodes (k,): between them the curve is smooth, and
    beyond them Y is 0 and 1 to rounding, or the tails are known (tail_left, tail_right) m. span (k,): the nodes with
    such tails, as far as anything is left of them. branches: the ranges of Y, from the left to the right, through which
    the curve rises without a jump; none for a curve that goes up and down. edges: where it jumps, m.
    """

    nodes: np.ndarray
    span: np.ndarray
    branches: tuple[tuple[float, float], ...] = ()
    edges: tuple[float, ...] = ()
    tail_left: float = 0.0
    tail_right: float = 0.0

    @property
    def monotone(self) -> bool:
        return bool(self.branches)

    def Y(self, x: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def rest(self, x: np.ndarray) -> np.ndarray:
        """1 - Y, without loss of digits where it is small."""
        return 1.0 - self.Y(x)

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """dY/dx, 1/m."""
        raise NotImplementedError

    def position(self, Y: np.ndarray) -> np.ndarray:
        """Where the curve takes these values of its branches, m."""
        raise NotImplementedError

    @cached_property
    def _integrals(self) -> tuple[Running, Running]:
        return Running(self.Y, self.nodes), Running(self.rest, self.nodes)

    def left(self, x: np.ndarray) -> np.ndarray:
        return self.tail_left + self._integrals[0].before(x)

    def right(self, x: np.ndarray) -> np.ndarray:
        return self.tail_right + self._integrals[1].behind(x)


def inverted(goal: np.ndarray, nodes: np.ndarray, value, slope) -> np.ndarray:
    """Where a function that rises over nodes (k,) takes the values goal (j,): safeguarded Newton steps, to rounding.

    The first or the last node for values that it does not take.
    """
    at = value(nodes)
    goal = np.clip(goal, at[0], at[-1])
    k = np.clip(np.searchsorted(at, goal) - 1, 0, nodes.size - 2)
    low, high = nodes[k], nodes[k + 1]
    x = np.select([goal <= at[0], goal >= at[-1]], [nodes[0], nodes[-1]], 0.5 * (low + high))
    rounding = 1e-14 * (nodes[-1] - nodes[0])
    for _ in range(60):
        miss = value(x) - goal
        low, high = np.where(miss < 0, x, low), np.where(miss < 0, high, x)
        with np.errstate(all="ignore"):
            step = miss / slope(x)
        inside = (x - step > low) & (x - step < high)
        # a step as small as rounding may leave the bracket, which need not be small then
        new = np.where(inside | (np.abs(step) <= rounding), x - step, 0.5 * (low + high))
        x, moved = new, np.abs(new - x)
        if not (moved > rounding).any():
            break
    return x


class ProbitCurve(Curve):
    """Y = (1 + erf u)/2 with u a spline on [nodes[0], nodes[-1]] and a straight line beyond."""

    def __init__(self, spline, knots: np.ndarray):
        self.spline = spline
        self.slope = spline.derivative()
        self.nodes = np.union1d(knots, np.linspace(knots[0], knots[-1], PIECES + 1))
        self.a, self.b = self.nodes[0], self.nodes[-1]
        self.ua, self.ub = float(spline(self.a)), float(spline(self.b))
        self.slope_a, self.slope_b = float(self.slope(self.a)), float(self.slope(self.b))
        middle = 0.5 * (self.nodes[1:] + self.nodes[:-1])
        self.span = self.nodes
        if (self.slope(self.nodes) > 0).all() and (self.slope(middle) > 0).all():
            self.branches = ((0.0, 1.0),)
            self.tail_left = float(linear_tail(self.ua, self.slope_a))
            self.tail_right = float(linear_tail(-self.ub, self.slope_b))
            before = self.a - np.arange(0.0, self.ua + FARTHEST, STRIDE)[:0:-1] / self.slope_a
            behind = self.b + np.arange(0.0, FARTHEST - self.ub, STRIDE)[1:] / self.slope_b
            self.span = np.concatenate([before, self.nodes, behind])

    def u(self, x):
        inside = self.spline(np.clip(x, self.a, self.b))
        return inside + np.minimum(x - self.a, 0.0) * self.slope_a + np.maximum(x - self.b, 0.0) * self.slope_b

    def Y(self, x):
        return normal(self.u(x))

    def rest(self, x):
        return normal(-self.u(x))

    def gradient(self, x):
        return self.slope(np.clip(x, self.a, self.b)) * np.exp(-(self.u(x) ** 2)) / ROOT_PI

    def left(self, x):
        x = np.atleast_1d(np.asarray(x, float))
        inside = super().left(np.clip(x, self.a, self.b))
        before = linear_tail(self.u(x), self.slope_a)
        behind = inside + (x - self.b) + linear_tail(-self.u(x), self.slope_b) - self.tail_right
        return np.where(x < self.a, before, np.where(x > self.b, behind, inside))

    def right(self, x):
        x = np.atleast_1d(np.asarray(x, float))
        inside = super().right(np.clip(x, self.a, self.b))
        behind = linear_tail(-self.u(x), self.slope_b)
        before = inside + (self.a - x) + linear_tail(self.u(x), self.slope_a) - self.tail_left
        return np.where(x > self.b, behind, np.where(x < self.a, before, inside))

    def position(self, Y: np.ndarray) -> np.ndarray:
        goal = np.atleast_1d(probit(Y))
        x = inverted(goal, self.nodes, self.spline, self.slope)
        x = np.where(goal < self.ua, self.a + (goal - self.ua) / self.slope_a, x)
        return np.where(goal > self.ub, self.b + (goal - self.ub) / self.slope_b, x)


class PlainCurve(Curve):
    """A spline of Y itself; Y is 0 and 1 beyond the knots. It has a branch if it rises all the way through `window` of
    Y, or as far in it as it goes."""

    def __init__(self, spline, knots: np.ndarray, window: tuple[float, float] = (0.02, 0.98)):
        self.spline = spline
        self.slope = spline.derivative()
        self.nodes = self.span = np.union1d(knots, np.linspace(knots[0], knots[-1], PIECES + 1))
        values, slopes = spline(self.nodes), self.slope(self.nodes)
        low, high = max(window[0], float(values[0])), min(window[1], float(values[-1]))
        first = int(np.flatnonzero(values <= low)[-1]) if (values <= low).any() else 0
        last = int(np.flatnonzero(values >= high)[0]) if (values >= high).any() else values.size - 1
        if first < last and (slopes[first : last + 1] > 0).all():
            self.stretch = self.nodes[first : last + 1]
            self.branches = ((float(values[first]), float(values[last])),)

    def Y(self, x):
        x = np.asarray(x, float)
        a, b = self.nodes[[0, -1]]
        return np.where(x < a, 0.0, np.where(x > b, 1.0, self.spline(np.clip(x, a, b))))

    def gradient(self, x):
        return self.slope(x)

    def position(self, Y):
        return inverted(np.atleast_1d(np.asarray(Y, float)), self.stretch, self.spline, self.slope)


@dataclass(frozen=True)
class Smooth:
    """The curve, the end values that belong to it, the noise (one standard deviation of a fraction), the residual (root
    mean square), and curves with end values drawn from the distribution of the fit, none for clean data."""

    curve: Curve
    ends: tuple[float, float]
    noise: float
    residual: float
    draws: tuple[tuple[Curve, tuple[float, float]], ...] = ()
    warnings: tuple[str, ...] = ()

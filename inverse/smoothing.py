"""A smooth curve through a step-like profile, fitted in probit space, with its gradient and its integrals.

    u = erfinv(2 Y - 1),    Y = (1 + erf u)/2,    Y' = u' exp(-u^2)/sqrt(pi)

u is a straight line where the diffusivity is constant, so a spline of u follows the tails of a profile far better than
a spline of Y. Beyond the points that carry information u goes on as a straight line, whose integrals are known:

    int_-inf^x Y dx = [exp(-u^2)/(2 sqrt(pi)) + u Y]/u',
    int_x^inf (1 - Y) dx = [exp(-u^2)/(2 sqrt(pi)) - u (1 - Y)]/u'
"""

from functools import cached_property

import numpy as np
from scipy.special import erfc, erfcinv

ROOT_PI = np.sqrt(np.pi)
GAUSS, GAUSS_WEIGHT = np.polynomial.legendre.leggauss(8)
PIECES = 256


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


class Curve:
    """Y(x) with gradient and integrals; Gauss quadrature between `nodes` (k,), closed forms beyond them.

    left(x) = int_-inf^x Y dx and right(x) = int_x^inf (1 - Y) dx, m.
    """

    nodes: np.ndarray
    monotone: bool
    tail_left: float
    tail_right: float

    def Y(self, x: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def rest(self, x: np.ndarray) -> np.ndarray:
        """1 - Y, without loss of digits where it is small."""
        return 1.0 - self.Y(x)

    def gradient(self, x: np.ndarray) -> np.ndarray:
        """dY/dx, 1/m."""
        raise NotImplementedError

    @staticmethod
    def _gauss(f, a, b):
        half = 0.5 * (b - a)
        points = 0.5 * (a + b)[:, None] + half[:, None] * GAUSS
        return half * (f(points) @ GAUSS_WEIGHT)

    @cached_property
    def _cumulative(self):
        a, b = self.nodes[:-1], self.nodes[1:]
        rising = self.tail_left + np.concatenate([[0.0], np.cumsum(self._gauss(self.Y, a, b))])
        falling = self.tail_right + np.concatenate([np.cumsum(self._gauss(self.rest, a, b)[::-1])[::-1], [0.0]])
        return rising, falling

    def _piece(self, x):
        return np.clip(np.searchsorted(self.nodes, x, side="right") - 1, 0, self.nodes.size - 2)

    def left(self, x: np.ndarray) -> np.ndarray:
        x = np.atleast_1d(np.asarray(x, float))
        k = self._piece(x)
        return self._cumulative[0][k] + self._gauss(self.Y, self.nodes[k], x)

    def right(self, x: np.ndarray) -> np.ndarray:
        x = np.atleast_1d(np.asarray(x, float))
        k = self._piece(x)
        return self._cumulative[1][k + 1] + self._gauss(self.rest, x, self.nodes[k + 1])


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
        self.monotone = bool((self.slope(self.nodes) > 0).all() and (self.slope(middle) > 0).all())
        if self.monotone:
            self.tail_left = float(linear_tail(self.ua, self.slope_a))
            self.tail_right = float(linear_tail(-self.ub, self.slope_b))

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
        """Where the curve takes these values; safeguarded Newton steps in u, to rounding."""
        goal = np.atleast_1d(probit(Y))
        u = self.spline(self.nodes)
        k = np.clip(np.searchsorted(u, goal) - 1, 0, self.nodes.size - 2)
        low, high = self.nodes[k], self.nodes[k + 1]
        x = 0.5 * (low + high)
        for _ in range(60):
            miss = self.spline(x) - goal
            low, high = np.where(miss < 0, x, low), np.where(miss < 0, high, x)
            step = x - miss / self.slope(x)
            new = np.where((step > low) & (step < high), step, 0.5 * (low + high))
            if np.allclose(new, x, rtol=0.0, atol=1e-15 * (self.b - self.a)):
                break
            x = new
        x = np.where(goal < self.ua, self.a + (goal - self.ua) / self.slope_a, x)
        return np.where(goal > self.ub, self.b + (goal - self.ub) / self.slope_b, x)


class PlainCurve(Curve):
    """A smoothing spline of Y itself, for a profile that is not monotone; Y is 0 and 1 beyond its ends."""

    monotone = False
    tail_left = tail_right = 0.0

    def __init__(self, spline, knots: np.ndarray):
        self.spline = spline
        self.slope = spline.derivative()
        self.nodes = np.union1d(knots, np.linspace(knots[0], knots[-1], PIECES + 1))

    def Y(self, x):
        return self.spline(x)

    def gradient(self, x):
        return self.slope(x)

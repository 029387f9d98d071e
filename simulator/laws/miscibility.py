"""Where a solution separates: spinodal, binodal and critical point of a binary, spinodal curve of a ternary."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from simulator.faults import Invalid, NumericsError
from simulator.laws.expression import CONSTANTS
from simulator.laws.formula import Formula
from simulator.laws.program import Program

R = CONSTANTS["R"]
# ln(x/(1 - x)) of the compositions where a binary is looked at: even in x, and further and further out at the ends
EVEN = np.linspace(0.0, 1.0, 602)[1:-1]
LOGITS = np.unique(np.concatenate([np.log(EVEN / (1.0 - EVEN)), np.linspace(-36.0, 36.0, 289)]))
LOCAL = np.linspace(-2.0, 2.0, 201)
COLDEST, HOTTEST = 1e-3, 1e5
HIGHEST = 1e4
ITERATIONS = 100
BISECTIONS = 60
# the error after a step of Newton's method of this size is rounding
SETTLED = 1e-10
# of the size of ln(x/(1 - x))
LARGEST_STEP = 0.5


def fractions(logit: np.ndarray) -> np.ndarray:
    """x of ln(x/(1 - x)), without losing small x."""
    small = np.exp(-np.abs(logit))
    return np.where(logit < 0.0, small, 1.0) / (1.0 + small)


@dataclass(frozen=True)
class Binary:
    """A binary solution, from its excess Gibbs energy g(x, T) in J/mol as a formula of the one unknown."""

    excess: Formula

    @cached_property
    def program(self) -> Program:
        """g and its derivatives by x, up to the fourth."""
        formulas = [self.excess]
        for _ in range(4):
            formulas.append(formulas[-1].derivative(0))
        return Formula.join(formulas, 1)

    @cached_property
    def curvature(self) -> Program:
        """g''."""
        return self.excess.derivative(0).derivative(0).program(1)

    def derivatives(self, x: np.ndarray, T: float | np.ndarray) -> np.ndarray:
        """g, g', .., g'''' over RT, (5, ...)."""
        return self.program(np.asarray(x, float)[None], T=T) / (R * T)

    def factor(self, x: np.ndarray, T: float | np.ndarray) -> np.ndarray:
        """Phi = x(1 - x) G''/RT, which has the sign of G'' and is 1 at the ends."""
        with np.errstate(all="ignore"):
            return 1.0 + x * (1.0 - x) * self.curvature(np.asarray(x, float)[None], T=T)[0] / (R * T)

    def slopes(self, x: np.ndarray, T: float | np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Phi, dPhi/dx and d2Phi/dx2."""
        product, change = x * (1.0 - x), 1.0 - 2.0 * x
        with np.errstate(all="ignore"):
            _, _, second, third, fourth = self.derivatives(x, T)
            return (
                1.0 + product * second,
                change * second + product * third,
                -2.0 * second + 2.0 * change * third + product * fourth,
            )

    def spinodal(self, T: float) -> list[tuple[float, float]]:
        """Intervals of x where Phi < 0, between its zeros. Its extremes are among the points looked at."""
        x = fractions(LOGITS)
        x = np.union1d(x, zeros(lambda x: self.slopes(x, T)[1], x))
        value = self.factor(x, T)
        x, value = x[np.isfinite(value)], value[np.isfinite(value)]
        edges = zeros(lambda x: self.factor(x, T), x).tolist()
        if value.size and value[0] < 0.0:
            edges = [0.0, *edges]
        if value.size and value[-1] < 0.0:
            edges = [*edges, 1.0]
        return list(zip(edges[::2], edges[1::2], strict=True))

    def binodal(self, T: float) -> list[tuple[float, float]]:
        """Pairs of x that share a tangent of G which lies nowhere above it.

        The edges of the convex hull of G at many x that span a spinodal interval are polished by Newton's method in
        ln(x/(1 - x)). Near a critical point the pair is known to 1e-16/(Phi (x_2 - x_1)) only. Raises NumericsError.
        """
        unstable = self.spinodal(T)
        if not unstable:
            return []
        logits = [LOGITS]
        for left, right in unstable:
            x = 0.5 * (left + right) + (right - left) * LOCAL
            x = x[(x > 0.0) & (x < 1.0)]
            logits.append(np.log(x / (1.0 - x)))
        z = np.unique(np.concatenate(logits))
        x, y = fractions(z), fractions(-z)
        G = x * np.log(x) + y * np.log(y) + self.derivatives(x, T)[0]
        z, x, G = z[np.isfinite(G)], x[np.isfinite(G)], G[np.isfinite(G)]
        corners = lower_hull(x, G)
        pairs: list[tuple[float, float]] = []
        for i, j in pairwise(corners):
            inside = [entry for entry in unstable if x[i] < 0.5 * (entry[0] + entry[1]) < x[j]]
            if inside:
                pairs.append(self.common_tangent(z[i], z[j], (inside[0][0], inside[-1][1]), T))
        return pairs

    def common_tangent(
        self, first: float, second: float, unstable: tuple[float, float], T: float
    ) -> tuple[float, float]:
        """The tangent near ln(x/(1 - x)) = first, second, outside the unstable interval."""
        # a narrow gap is sqrt 3 times as wide as its spinodal
        middle, half = 0.5 * (unstable[0] + unstable[1]), np.sqrt(0.75) * (unstable[1] - unstable[0])
        guess = np.clip([middle - half, middle + half], 1e-12, 1.0 - 1e-12)
        for start in ((first, second), tuple(np.log(guess / (1.0 - guess)))):
            found = self.polished(np.array(start), T)
            if found is not None:
                x = fractions(found)
                if x[0] <= unstable[0] and x[1] >= unstable[1]:
                    return float(x[0]), float(x[1])
        raise NumericsError(
            f"the binodal around x = {middle:.6g} at T = {T:.6g} K was not found. Close to a critical point take "
            "another temperature; otherwise see whether the excess Gibbs energy is smooth."
        )

    def polished(self, z: np.ndarray, T: float) -> np.ndarray | None:
        """Newton's method for mu_1 and mu_2 that are the same at both compositions."""
        for _ in range(ITERATIONS):
            x, y = fractions(z), fractions(-z)
            g, slope, second, _, _ = self.derivatives(x, T)
            phi = 1.0 + x * y * second
            one = -np.logaddexp(0.0, -z) + g + y * slope
            two = -np.logaddexp(0.0, z) + g - x * slope
            # The matrix of derivatives has determinant Phi_1 Phi_2 (x_2 - x_1); its inverse is written out.
            width = x[1] - x[0]
            with np.errstate(all="ignore"):
                step = -(x[::-1] * (one[0] - one[1]) + y[::-1] * (two[0] - two[1])) / (phi * width)
            if not np.isfinite(step).all():
                return None
            size, far = np.abs(step).max(), max(1.0, np.abs(z).max())
            z = z + step * min(1.0, LARGEST_STEP * far / size) if size else z
            if size < SETTLED * far:
                return z
        return z if size < 1e-6 else None

    def critical_point(self) -> tuple[float, float] | None:
        """(T_c, x_c) with Phi = dPhi/dx = 0: the highest T at which there is a spinodal.

        T from 1e-3 K to 1e5 K is looked at in steps of 3 %; None when there is no spinodal, or one at the highest T.
        """
        x = fractions(LOGITS)
        T = np.geomspace(COLDEST, HOTTEST, 600)
        unstable = np.flatnonzero(self.lowest(x, T[:, None]) < 0.0)
        if not unstable.size or unstable[-1] == T.size - 1:
            return None
        last = unstable[-1]
        T_c = float(bisected(lambda T: self.lowest(x, T), T[last], T[last + 1]))
        x_c = float(x[np.nanargmin(self.factor(x, T_c))])
        for _ in range(ITERATIONS):
            phi, slope, bend = self.slopes(x_c, T_c)
            step = 1e-4 * T_c
            ahead, behind = self.slopes(x_c, T_c + step), self.slopes(x_c, T_c - step)
            phi_T, slope_T = ((ahead[k] - behind[k]) / (2.0 * step) for k in (0, 1))
            determinant = slope * slope_T - bend * phi_T
            if not np.isfinite(determinant) or determinant == 0.0:
                break
            dx = float((phi_T * slope - slope_T * phi) / determinant)
            dT = float((bend * phi - slope * slope) / determinant)
            x_c, T_c = x_c + dx, T_c + dT
            if not (0.0 < x_c < 1.0 and T[last] * 0.99 < T_c < T[last + 1] * 1.01):
                break
            if abs(dx) < SETTLED * x_c and abs(dT) < SETTLED * T_c:
                return float(T_c), float(x_c)
        raise NumericsError("the critical point was not found; see whether the excess Gibbs energy is smooth.")

    def lowest(self, x: np.ndarray, T: float | np.ndarray) -> np.ndarray:
        """The smallest Phi among these compositions (k,)."""
        value = self.factor(x, T)
        return np.where(np.isfinite(value), value, 1.0).min(axis=-1)


def zeros(function: Callable, x: np.ndarray) -> np.ndarray:
    """Zeros of a function between neighbouring x at which its sign differs."""
    value = function(x)
    known = np.isfinite(value)
    x, negative = x[known], value[known] < 0.0
    changes = np.flatnonzero(negative[:-1] != negative[1:])
    return bisected(function, x[changes], x[changes + 1])


def bisected(function: Callable, low, high) -> np.ndarray:
    """Where a function of arrays changes its sign between `low` and `high`, to rounding."""
    negative = function(low) < 0.0
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        same = (function(middle) < 0.0) == negative
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return 0.5 * (low + high)


def lower_hull(x: np.ndarray, y: np.ndarray) -> list[int]:
    """The corners of the lower convex hull of points with ascending x."""
    corners: list[int] = []
    abscissae, ordinates = x.tolist(), y.tolist()
    for k in range(len(abscissae)):
        while len(corners) > 1:
            i, j = corners[-2:]
            rise = (ordinates[j] - ordinates[i]) * (abscissae[k] - abscissae[i])
            if rise < (ordinates[k] - ordinates[i]) * (abscissae[j] - abscissae[i]):
                break
            corners.pop()
        corners.append(k)
    return corners


def spinodal_curve(stability: Callable, points: int) -> list[np.ndarray]:
    """Polylines (2, k) of mole fractions (x_1, x_2) along which stability(x (2, ...)) changes its sign.

    The simplex is the square of a = x_1 and b = x_2/(1 - x_1), with nodes closer towards its sides; every corner of a
    polyline lies on a line between two nodes, and there at the zero, to rounding.
    """
    from contourpy import contour_generator

    if points < 3:
        raise Invalid.at("points", f"expected at least 3 nodes along a side, got {points}.")
    nodes = 0.5 * (1.0 - np.cos(np.linspace(0.0, np.pi, points)))
    a, b = np.meshgrid(nodes, nodes, indexing="ij")
    # of the signs alone, so that each corner comes halfway between the two nodes it lies between
    sign = np.where(stability(on_simplex(a, b)) < 0.0, -1.0, 1.0)
    curves = []
    for line in contour_generator(z=sign).lines(0.0):
        column, row = np.asarray(line).T
        low, high = (
            np.stack([nodes[entry(side).astype(int)] for side in (row, column)]) for entry in (np.floor, np.ceil)
        )
        share = bisected(lambda s, low=low, high=high: stability(on_simplex(*(low + s * (high - low)))), 0.0, 1.0)
        curves.append(on_simplex(*(low + share * (high - low))))
    return curves


def on_simplex(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(x_1, x_2) of the square's a = x_1 and b = x_2/(1 - x_1)."""
    return np.stack([a, b * (1.0 - a)])


def temperature_of_stability(stability: Callable, T_low: float) -> float | None:
    """The T >= T_low, in K, above which stability(T) is not negative; None where it still is at 1e4 K."""
    T = np.geomspace(T_low, max(HIGHEST, T_low), 200)
    unstable = np.flatnonzero([stability(entry) < 0.0 for entry in T])
    if not unstable.size:
        return float(T_low)
    if unstable[-1] == T.size - 1:
        return None
    return float(bisected(stability, T[unstable[-1]], T[unstable[-1] + 1]))

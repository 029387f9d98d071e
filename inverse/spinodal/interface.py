"""The flat interface of two phases in equilibrium: which subregular solution, and which gradient energy, it has."""

from dataclasses import dataclass

import numpy as np

NODES, WEIGHTS = np.polynomial.legendre.leggauss(60)


@dataclass(frozen=True)
class Subregular:
    """g = X ln X + (1-X) ln(1-X) + X (1-X) (l0 + l1 (2X - 1)), in RT, whose phases are at a and b."""

    a: float
    b: float
    l0: float
    l1: float

    def g(self, x: np.ndarray) -> np.ndarray:
        return x * np.log(x) + (1.0 - x) * np.log(1.0 - x) + x * (1.0 - x) * (self.l0 + self.l1 * (2.0 * x - 1.0))

    def excess(self, x: np.ndarray) -> np.ndarray:
        """g above the common tangent."""
        ends = self.g(np.array([self.a, self.b]))
        return np.maximum(self.g(x) - ends[0] - (ends[1] - ends[0]) * (x - self.a) / (self.b - self.a), 0.0)

    def distance(self, x: np.ndarray) -> np.ndarray:
        """int dX/sqrt(2 dg) from the middle composition: position over sqrt(kappa/RT)."""
        middle = 0.5 * (self.a + self.b)
        half = 0.5 * (np.asarray(x, float) - middle)
        at = middle + half[..., None] * (1.0 + NODES)
        return half * (WEIGHTS / np.sqrt(2.0 * self.excess(at))).sum(axis=-1)

    @property
    def energy(self) -> float:
        """int sqrt(2 dg) dX: interface energy over RT sqrt(kappa/RT)/V_m."""
        at = 0.5 * (self.a + self.b) + 0.5 * (self.b - self.a) * NODES
        return float(0.5 * (self.b - self.a) * WEIGHTS @ np.sqrt(2.0 * self.excess(at)))

    @property
    def width(self) -> float:
        """(b - a)/max sqrt(2 dg): the width over sqrt(kappa/RT)."""
        x = np.linspace(self.a, self.b, 2001)
        return float((self.b - self.a) / np.sqrt(2.0 * self.excess(x).max()))


def subregular_of(a: float, b: float) -> Subregular:
    """The subregular solution whose phases are at a < b: equal slopes, on one tangent, two linear equations."""

    def terms(x: float) -> tuple[np.ndarray, np.ndarray]:
        """Ideal part, l0 and l1 of g and of dg/dX."""
        change = 1.0 - 2.0 * x
        g = np.array([x * np.log(x) + (1.0 - x) * np.log(1.0 - x), x * (1.0 - x), -x * (1.0 - x) * change])
        slope = np.array([np.log(x / (1.0 - x)), change, 2.0 * x * (1.0 - x) - change**2])
        return g, slope

    (ga, sa), (gb, sb) = terms(a), terms(b)
    rows = np.array([sb - sa, gb - ga - sa * (b - a)])
    l0, l1 = np.linalg.solve(rows[:, 1:], -rows[:, 0])
    return Subregular(a, b, float(l0), float(l1))

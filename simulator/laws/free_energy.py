"""The Gibbs energy of a solution that un-mixes, whole: with the logarithms of an ideal solution or without."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from simulator.faults import NumericsError
from simulator.laws.expression import mole_fractions
from simulator.laws.formula import Formula, constant, log, unknown
from simulator.laws.miscibility import lower_hull, zeros
from simulator.laws.program import Program, nodes, replaced
from simulator.laws.thermodynamics import Thermodynamics

# where an energy without logarithms is looked at: its minima may lie on 0 and 1, or a little beyond
WIDE = np.linspace(-0.25, 1.25, 3001)
OUTSIDE = np.array([-1e-3, 1.0 + 1e-3])
ITERATIONS = 60
SETTLED = 1e-14
HIGHEST_DEGREE = 12
# what the formula of a polynomial is made of; a quotient or another power shows in a derivative that never ends
POLYNOMIAL = {"number", "unknown", "T", "add", "sub", "mul", "div", "pow"}


@dataclass(frozen=True)
class FreeEnergy:
    """G(u, T), J/mol, of the m independent mole fractions, its slopes and curvatures by them.

        G = R T sum_k x_k ln x_k + g(x, T),   or as it was given

    In reduced units R T = 1.
    """

    solution: Thermodynamics

    @property
    def m(self) -> int:
        return self.solution.mixture.m

    def RT(self, T: float) -> float:
        """J/mol; 1 in reduced units."""
        return self.solution.RT(T)

    @property
    def mixes_ideally(self) -> bool:
        """Whether the logarithms of an ideal solution are a part of it of their own."""
        return self.solution.whole is None

    @cached_property
    def fractions(self) -> tuple[list[Formula], Formula]:
        """The independent mole fractions and the dependent one."""
        own = [unknown(j) for j in range(self.m)]
        return own, 1.0 - sum(own, constant(0.0))

    @cached_property
    def formula(self) -> Formula:
        solution = self.solution
        if solution.whole is not None:
            return solution.whole
        return solution.energy + solution.thermal * sum(
            (x * log(x) for x in mole_fractions(solution.plain)), constant(0.0)
        )

    @cached_property
    def slopes(self) -> list[Formula]:
        """dG/du_i (m)."""
        solution = self.solution
        if solution.whole is not None:
            return [solution.whole.derivative(i) for i in range(self.m)]
        own, last = self.fractions
        return [
            solution.energy_slopes[i] + solution.thermal * (log(x) - log(last)) for i, x in enumerate(own)
        ]  # fmt: skip

    @cached_property
    def bends(self) -> list[Formula]:
        """d2G/du_i du_j (m m), row by row."""
        solution, m = self.solution, self.m
        if solution.whole is not None:
            return [self.slopes[i].derivative(j) for i in range(m) for j in range(m)]
        own, last = self.fractions
        found = []
        for i in range(m):
            for j in range(m):
                ideal = 1.0 / last + 1.0 / own[i] if i == j else 1.0 / last
                found.append(solution.energy_curvatures[i][j] + solution.thermal * ideal)
        return found

    @cached_property
    def energy(self) -> Program:
        return self.formula.program(self.m)

    @cached_property
    def potentials(self) -> Program:
        return Formula.join(self.slopes, self.m)

    @cached_property
    def curvatures(self) -> Program:
        return Formula.join(self.bends, self.m)

    def __call__(self, u: np.ndarray, T: float) -> np.ndarray:
        """G (...) at u (m, ...), J/mol; a component that is absent counts nothing."""
        if self.mixes_ideally:
            return self.solution.gibbs(u, self.solution.kelvin(T))
        return self.energy(np.asarray(u, float), T=T)[0]

    def hessian(self, u: np.ndarray, T: float) -> np.ndarray:
        """d2G/du_i du_j (m, m, ...), J/mol."""
        u = np.asarray(u, float)
        with np.errstate(all="ignore"):
            values = np.broadcast_to(self.curvatures(u, T=T), (self.m**2, *u.shape[1:]))
        return values.reshape(self.m, self.m, *u.shape[1:])

    def smallest_curvature(self, u: np.ndarray, T: float) -> np.ndarray:
        """The smallest eigenvalue (...) of the Hessian, J/mol: negative in the spinodal; inf where there is none."""
        H = np.moveaxis(self.hessian(u, T), (0, 1), (-2, -1))
        known = np.isfinite(H).all(axis=(-2, -1))
        return np.where(known, np.linalg.eigvalsh(np.where(known[..., None, None], H, 0.0))[..., 0], np.inf)

    @cached_property
    def logarithmic(self) -> bool:
        """Whether it is not defined at fractions below 0 or above 1."""
        if self.mixes_ideally:
            return True
        u = np.full((self.m, 2), 0.5 / self.m)
        u[0] = OUTSIDE
        with np.errstate(all="ignore"):
            return not np.isfinite(self.potentials(u, T=300.0)).all()

    def polynomial(self) -> tuple[Formula, Program] | None:
        """(a, p) of a binary whose dG/dx = a ln(x/(1-x)) + sum_k p_k x^k: a is R T or 0, p a program of T of one output
        for each power from the lowest. None for any other.
        """
        if self.m > 1:
            return None
        rest = self.solution.energy_slopes[0] if self.mixes_ideally else self.slopes[0]
        if {tree[0] for tree in nodes(rest.tree)} - POLYNOMIAL:
            return None
        coefficients, factor = [], 1.0
        for k in range(HIGHEST_DEGREE + 1):
            origin = at_zero(rest)
            coefficients.append(origin / factor)
            if "composition" not in rest.program(1).depends_on:
                a = self.solution.thermal if self.mixes_ideally else constant(0.0)
                return (a, Formula.join(coefficients, 1)) if np.isfinite(origin.value or 0.0) else None
            rest, factor = rest.derivative(0), factor * (k + 1)
        return None

    def spinodal(self, T: float) -> list[tuple[float, float]]:
        """Intervals of x of a binary inside which G'' < 0."""
        if self.logarithmic:
            return self.solution.spinodal(T)
        edges = zeros(lambda x: self.hessian(np.atleast_2d(x), T)[0, 0], WIDE).tolist()
        return list(zip(edges[::2], edges[1::2], strict=False))

    def binodal(self, T: float) -> list[tuple[float, float]]:
        """Pairs of x of a binary that share a tangent of G. Raises NumericsError where none is found."""
        if self.logarithmic:
            return self.solution.binodal(T)
        unstable, G, pairs = self.spinodal(T), self(WIDE[None], T), []
        for i, j in pairwise(lower_hull(WIDE, G)):
            if any(WIDE[i] < 0.5 * (low + high) < WIDE[j] for low, high in unstable):
                pairs.append(self.tangent(WIDE[i], WIDE[j], T))
        return pairs

    def tangent(self, a: float, b: float, T: float) -> tuple[float, float]:
        """Newton's method for G'(a) = G'(b) = (G(b) - G(a))/(b - a)."""
        for _ in range(ITERATIONS):
            u = np.array([[a, b]])
            G, slope, bend = self(u, T), self.potentials(u, T=T)[0], self.hessian(u, T)[0, 0]
            if not (bend > 0.0).all():
                break
            chord = (G[1] - G[0]) / (b - a)
            # G'(a) + G''(a) da = G'(b) + G''(b) db = chord, whose own change is of second order
            da, db = (chord - slope) / bend
            a, b = float(a + da), float(b + db)
            if max(abs(da), abs(db)) < SETTLED:
                return a, b
        if max(abs(da), abs(db)) < 1e-9:
            return a, b
        raise NumericsError(f"the binodal around x = {0.5 * (a + b):.6g} was not found; see whether G is smooth.")


def at_zero(formula: Formula) -> Formula:
    """A formula with every unknown 0."""
    return Formula(replaced((formula.tree,), {("unknown", 0): constant(0.0).tree})[0])

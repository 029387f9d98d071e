"""Couples that the benchmarks measure, ready to be integrated, and their exact profiles. D0 = 1, t = 1."""

from functools import cache, cached_property

import numpy as np

from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.problem.domain import Domain
from simulator.problem.grid import Grid
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.solve.controls import Controls
from simulator.solve.discretise import equations_of, start_of, system_of
from simulator.solve.exact import exact_named
from simulator.solve.exact.boltzmann import SimilarityProfile
from simulator.solve.exact.similarity import profile_of
from simulator.solve.integration import Integration
from simulator.solve.schemes import scheme_named

END = 1.0
STEEPNESS = 3.0
HALF_WIDTH = 48.0  # more than 10 sqrt(largest D t): closed ends differ from an infinite line by less than rounding
MATRIX = [[1.0, 0.5], [0.1, 0.5]]


def binary(cells: int, D: object = f"exp({STEEPNESS:g}*x_B)") -> Problem:
    """A step from 0 to 1 with D = exp(3 x), closed ends, graded to the interface."""
    mixture = Mixture(("A", "B"), "A")
    return Problem(
        mixture=mixture,
        law=Fick(mixture, D=D),
        domain=Domain(interval=(-HALF_WIDTH, HALF_WIDTH), cells=cells),
        initial=Step(at=0.0, left={"B": 0.0}, right={"B": 1.0}),
        end=END,
    )


def ternary(cells: int) -> Problem:
    """A step in two independent components with a constant full matrix D."""
    mixture = Mixture(("A", "B", "C"), "C")
    return Problem(
        mixture=mixture,
        law=Fick(mixture, D=MATRIX),
        domain=Domain(interval=(-12.0, 12.0), cells=cells),
        initial=Step(at=0.0, left={"A": 1.0 / 6.0, "B": 5.0 / 12.0}, right={"A": 0.5, "B": 0.25}),
        end=END,
    )


@cache
def binary_profile() -> SimilarityProfile:
    """The exact profile of `binary` in x / sqrt(t), by collocation."""
    return profile_of(binary(100))


class Prepared:
    """A problem on a grid with everything made before the clock starts: law, tables, system, start."""

    def __init__(self, problem: Problem, grid: Grid | None = None):
        self.problem = problem
        self.grid = problem.grid if grid is None else grid
        self.system = system_of(problem, equations_of(problem), self.grid)
        self.start = start_of(self.system, problem.start(self.grid))
        self.differential = self.system.mass.reshape(self.start.shape)[:, 1:-1].any(axis=1)  # (m,)

    @cached_property
    def exact(self) -> np.ndarray:
        """Cell averages (m, N) of the exact profile at the end."""
        if self.problem.mixture.m == 1:
            return binary_profile().averages(self.grid.faces / np.sqrt(END))
        known = exact_named("constant-matrix")
        if known.applies(self.problem) is not None:
            known = exact_named("similarity")
        return known.averages(self.problem, self.problem.end, self.grid.faces)

    def integrate(self, rtol: float, scheme: str = "rodas5p") -> Integration:
        """What is timed: the making of an Integration and all its steps, algebraic rows made consistent before."""
        end = self.problem.end
        integration = Integration(self.system, self.start, scheme_named(scheme), Controls(rtol=rtol), end)
        if not self.differential.all():
            integration.settle()
        integration.advance(end)
        return integration

    def error(self, u: np.ndarray) -> float:
        """Largest error of a cell average against the exact profile."""
        return float(np.max(np.abs(u - self.exact)))


class Pair:
    """A problem on n and 2n cells, for Richardson's combination (4 fine - coarse) / 3 on the n."""

    def __init__(self, problem: Problem):
        self.coarse = Prepared(problem)
        self.fine = Prepared(problem, self.coarse.grid.refined())

    def integrate(self, rtol: float) -> np.ndarray:
        """(m, N), timed as a whole."""
        coarse = self.coarse.integrate(rtol).u[:, 1:-1]
        fine = self.coarse.grid.merge(self.fine.integrate(rtol).u[:, 1:-1])
        return (4.0 * fine - coarse) / 3.0

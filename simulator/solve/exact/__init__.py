"""Exact solutions by name. Each says whether a problem is its own, and gives cell averages and point values."""

from simulator.faults import Invalid, near
from simulator.solve.exact.barenblatt import Barenblatt
from simulator.solve.exact.constant_matrix import ConstantMatrix
from simulator.solve.exact.error_function import ErrorFunction
from simulator.solve.exact.film import Film
from simulator.solve.exact.gaussian import Gaussian
from simulator.solve.exact.round_series import CylinderSeries, SphereSeries
from simulator.solve.exact.similarity import Similarity
from simulator.solve.exact.slab_series import SlabSeries
from simulator.solve.exact.solution import ExactSolution

EXACT: tuple[ExactSolution, ...] = (
    ErrorFunction(),
    Gaussian(),
    Film(),
    SlabSeries(),
    CylinderSeries(),
    SphereSeries(),
    ConstantMatrix(),
    Barenblatt(),
    Similarity(),
)


def exact_named(name: str, where: str = "expect.exact") -> ExactSolution:
    """The solution of this name; Invalid with the nearest name where there is none."""
    for solution in EXACT:
        if solution.name == name:
            return solution
    names = [solution.name for solution in EXACT]
    raise Invalid.at(where, f"{name!r} is not an exact solution: {', '.join(names)}.{near(str(name), names)}")

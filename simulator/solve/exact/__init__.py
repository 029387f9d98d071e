"""Exact solutions by name. Each says whether a problem is its own, and gives cell averages and point values.

`EXACT` is the tuple of all of them. It is made on first use, because the solutions need scipy and checking a name
does not.
"""

import functools
from importlib import import_module

from simulator.faults import Invalid, near

CATALOGUE = {
    "error-function": "error_function:ErrorFunction",
    "gaussian": "gaussian:Gaussian",
    "film": "film:Film",
    "slab-series": "slab_series:SlabSeries",
    "cylinder-series": "round_series:CylinderSeries",
    "sphere-series": "round_series:SphereSeries",
    "constant-matrix": "constant_matrix:ConstantMatrix",
    "barenblatt": "barenblatt:Barenblatt",
    "similarity": "similarity:Similarity",
    "two-phase-similarity": "two_phase:TwoPhaseSimilarity",
}


def known_exact(name: str, where: str = "expect.exact") -> str:
    """The name itself; Invalid with the nearest name where there is no such solution."""
    if name not in CATALOGUE:
        raise Invalid.at(
            where, f"{name!r} is not an exact solution: {', '.join(CATALOGUE)}.{near(str(name), CATALOGUE)}"
        )
    return name


@functools.cache
def exact_named(name: str, where: str = "expect.exact"):
    """The solution of this name (an `ExactSolution`); Invalid with the nearest name where there is none."""
    module, _, kind = CATALOGUE[known_exact(name, where)].partition(":")
    return getattr(import_module(f"{__name__}.{module}"), kind)()


def __getattr__(name: str):
    if name == "EXACT":
        return tuple(exact_named(solution) for solution in CATALOGUE)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

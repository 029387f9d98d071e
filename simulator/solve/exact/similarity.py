"""Any D(X), any number of components: a step couple on an infinite line, from the collocation solver."""

import numpy as np

from simulator.faults import NumericsError
from simulator.solve.axis import axes_of
from simulator.solve.exact.collocation import SimilarityProfile, similarity_profile
from simulator.solve.exact.conditions import (
    clock,
    diffusivity,
    infinite_refusal,
    matrix_refusal,
    once_per_problem,
    pieces,
)
from simulator.solve.exact.error_function import rise, rise_averages
from simulator.solve.exact.solution import ExactSolution


@once_per_problem
def profile_of(problem) -> SimilarityProfile:
    """The similarity profile of a step couple, in lambda = (x - at)/sqrt(t), t at the first temperature.

    NumericsError if none is found.
    """
    _, u = pieces(problem)
    return similarity_profile(lambda v: diffusivity(problem, v), u[:, 0], u[:, -1])


@once_per_problem
def axis_of(problem):
    """The axis of the engine, on which the profile is similar: x, or the mole coordinate."""
    return axes_of(problem, [problem.grid])[0]


def from_step(problem, x, at) -> np.ndarray:
    """How far from the step places x (k,) of the start lie on that axis, m."""
    axis = axis_of(problem)
    return axis.of(np.asarray(x, float)) - axis.of(np.array([at]))


class Similarity(ExactSolution):
    name = "similarity"
    title = "Step couple with any D of the composition, to 1e-9"
    source = (
        "Boltzmann's substitution lambda = x/sqrt(t); Crank, The Mathematics of Diffusion, 2nd ed. (1975), section 7.2"
    )

    def applies(self, problem):
        if problem.domain.geometry != "planar":
            return f"It is for planar geometry, and this domain is {problem.domain.geometry}."
        refused = matrix_refusal(problem)
        if refused:
            return refused
        start = pieces(problem)
        if start is None or start[0].size != 1:
            return "The start must be one step."
        try:
            profile_of(problem)
        except NumericsError as failure:
            return str(failure)
        return infinite_refusal(problem, start[1][:, 0], start[1][:, -1], self.values)

    def averages(self, problem, t, faces):
        (at,), u = pieces(problem)
        if t <= 0.0:
            return u[:, :1] + np.diff(u) * rise_averages(from_step(problem, faces, at), 0.0)
        return profile_of(problem).averages(from_step(problem, faces, at) / np.sqrt(clock(problem, t)))

    def values(self, problem, t, x):
        (at,), u = pieces(problem)
        if t <= 0.0:
            return u[:, :1] + np.diff(u) * rise(from_step(problem, x, at), 0.0)
        return profile_of(problem).values(from_step(problem, x, at) / np.sqrt(clock(problem, t)))

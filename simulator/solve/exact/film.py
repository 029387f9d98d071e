"""Films and layers that spread into an endless matrix with constant D."""

import numpy as np

from simulator.solve.exact.conditions import (
    binary_refusal,
    clock,
    constant_matrix,
    constant_refusal,
    infinite_refusal,
    pieces,
)
from simulator.solve.exact.error_function import rise, rise_averages
from simulator.solve.exact.solution import ExactSolution


def film_profile(x, t, D, film, matrix, thickness, centre=0.0):
    """matrix + (film - matrix)/2 [erf((h/2 + z)/s) + erf((h/2 - z)/s)], z = x - centre, s = 2 sqrt(D t), h = thickness.

    x (k,) and thickness in m, t in s, D in m^2/s; the film lies in an infinite matrix.
    Source: Crank, The Mathematics of Diffusion, 2nd ed. (1975), section 2.3.
    """
    return layers_profile(x, t, D, (centre - 0.5 * thickness, centre + 0.5 * thickness), (matrix, film, matrix))


def layers_profile(x, t, D, jumps, values):
    """Superposed error functions: values (p + 1,) between jumps (p,), m, on an infinite line.

    x (k,) in m, t in s, D in m^2/s.
    """
    return _superposed(np.asarray(x, float), 2.0 * np.sqrt(D * t), jumps, values, rise)


def layers_averages(faces, t, D, jumps, values):
    """Averages (N,) of `layers_profile` between faces (N+1,), m."""
    return _superposed(np.asarray(faces, float), 2.0 * np.sqrt(D * t), jumps, values, rise_averages)


def _superposed(x, width, jumps, values, part):
    total = values[0]
    for at, change in zip(jumps, np.diff(values), strict=True):
        total = total + change * part(x - at, width)
    return total


class Film(ExactSolution):
    name = "film"
    title = "Film or layers of finite thickness in an endless matrix, constant D"
    source = "Crank, The Mathematics of Diffusion, 2nd ed. (1975), section 2.3"

    def applies(self, problem):
        refused = binary_refusal(problem) or constant_refusal(problem)
        if refused:
            return refused
        start = pieces(problem)
        if start is None or start[0].size < 2:
            return "The start must be a film, or layers, constant in between."
        return infinite_refusal(problem, start[1][:, 0], start[1][:, -1], self.values)

    def averages(self, problem, t, faces):
        jumps, (u,) = pieces(problem)
        return layers_averages(faces, clock(problem, t), constant_matrix(problem)[0, 0], jumps, u)[None]

    def values(self, problem, t, x):
        jumps, (u,) = pieces(problem)
        return layers_profile(x, clock(problem, t), constant_matrix(problem)[0, 0], jumps, u)[None]

"""The instantaneous source, from any time after its start."""

import numpy as np
from scipy.optimize import least_squares
from scipy.special import erf

from simulator.solve.exact.conditions import (
    binary_refusal,
    clock,
    constant_matrix,
    constant_refusal,
    infinite_refusal,
    once_per_problem,
    start_values,
)
from simulator.solve.exact.solution import ExactSolution


def gaussian_profile(x, t, D, dose, background=0.0, at=0.0):
    """background + dose / sqrt(4 pi D t) exp(-(x - at)^2 / (4 D t)) at x (k,), m.

    An instantaneous source of `dose` (m: mole fraction times length) in an endless body, t > 0 in s after it, D in
    m^2/s.
    Source: Crank, The Mathematics of Diffusion, 2nd ed. (1975), section 2.1.
    """
    x = np.asarray(x, float) - at
    return background + dose / np.sqrt(4.0 * np.pi * D * t) * np.exp(-x * x / (4.0 * D * t))


def gaussian_averages(faces, t, D, dose, background=0.0, at=0.0):
    """Averages (N,) of `gaussian_profile` between faces (N+1,), m."""
    z = (np.asarray(faces, float) - at) / (2.0 * np.sqrt(D * t))
    return background + 0.5 * dose * np.diff(erf(z)) / np.diff(faces)


class Gaussian(ExactSolution):
    name = "gaussian"
    title = "Gaussian start in an endless matrix: a thin film some time after its deposition"
    source = "Crank, The Mathematics of Diffusion, 2nd ed. (1975), section 2.1"

    def applies(self, problem):
        refused = binary_refusal(problem) or constant_refusal(problem)
        if refused:
            return refused
        found = _start(problem)
        if found is None:
            return "The start is not a Gaussian on a uniform background."
        far = np.array([found[0]])
        return infinite_refusal(problem, far, far, self.values)

    def averages(self, problem, t, faces):
        return self._evaluate(problem, t, faces, gaussian_averages)

    def values(self, problem, t, x):
        return self._evaluate(problem, t, x, gaussian_profile)

    def _evaluate(self, problem, t, x, part):
        background, height, at, variance = _start(problem)
        D = constant_matrix(problem)[0, 0]
        # a Gaussian of variance 2 D t is a source that began t ago
        begun = variance / (2.0 * D)
        return part(x, begun + clock(problem, t), D, height * np.sqrt(2.0 * np.pi * variance), background, at)[None]


@once_per_problem
def _start(problem):
    """(background, height, centre, variance) of a Gaussian start, or None."""
    a, b = problem.domain.interval
    x = np.linspace(a, b, 2003)[1:-1]
    u = start_values(problem, x)[0]
    background = u[0] if abs(u[0] - u[-1]) < 1e-9 else np.nan
    peak = np.argmax(np.abs(u - background)) if np.isfinite(background) else 0
    height = u[peak] - background
    if not abs(height) > 1e-12:
        return None
    share = (u - background) / height
    centre = (share * x).sum() / share.sum()
    variance = (share * (x - centre) ** 2).sum() / share.sum()
    if not variance > 0.0:
        return None
    scale = np.array([1.0, abs(height), np.sqrt(variance), variance])

    def difference(p):
        base, top, at, spread = p * scale
        return base + top * np.exp(-((x - at) ** 2) / (2.0 * max(spread, 1e-3 * variance))) - u

    found = least_squares(
        difference, np.array([background, height, centre, variance]) / scale, xtol=1e-15, ftol=1e-15, gtol=1e-15
    )
    return tuple(found.x * scale) if np.abs(difference(found.x)).max() < 1e-9 else None

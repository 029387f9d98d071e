"""A step, or a surface held at one composition, with constant D, far from the other ends."""

import numpy as np
from scipy.special import erfc

from simulator.solve.exact.conditions import (
    FELT,
    binary_refusal,
    clock,
    constant_matrix,
    constant_refusal,
    end_time,
    ends,
    infinite_refusal,
    pieces,
)
from simulator.solve.exact.solution import ExactSolution


def error_function_profile(x, t, D, left, right, at=0.0):
    """left + (right - left)/2 erfc((at - x) / (2 sqrt(D t))) at x (k,), m; t in s, D in m^2/s.

    Infinite line, step from left to right at `at`, constant D. At t = 0 the step itself, its mean at the jump.
    Source: Crank, The Mathematics of Diffusion, 2nd ed. (1975), section 2.2.
    """
    return left + (right - left) * rise(np.asarray(x, float) - at, 2.0 * np.sqrt(D * t))


def error_function_averages(faces, t, D, left, right, at=0.0):
    """Averages (N,) of `error_function_profile` between faces (N+1,), m, from its antiderivative."""
    return left + (right - left) * rise_averages(np.asarray(faces, float) - at, 2.0 * np.sqrt(D * t))


def surface_profile(x, t, D, surface, start, at=0.0):
    """surface + (start - surface) erf(|x - at| / (2 sqrt(D t))) at x (k,), m, on one side of a surface at `at`.

    Half-space, uniform start, constant D in m^2/s, t in s.
    Source: Crank, The Mathematics of Diffusion, 2nd ed. (1975), section 2.4.
    """
    return start + 2.0 * (surface - start) * rise(-np.abs(np.asarray(x, float) - at), 2.0 * np.sqrt(D * t))


def surface_averages(faces, t, D, surface, start, at=0.0):
    """Averages (N,) of `surface_profile` between faces (N+1,), m, all on one side of the surface."""
    faces = np.asarray(faces, float) - at
    mirrored = faces if faces[-1] <= 0.0 else -faces
    return start + 2.0 * (surface - start) * rise_averages(mirrored, 2.0 * np.sqrt(D * t))


def rise(x, width):
    """1/2 erfc(-x/width): from 0 to 1 through 1/2 at x = 0, width = 2 sqrt(D t); a step if width = 0.

    width may be complex.
    """
    if width == 0.0:
        return np.heaviside(x, 0.5)
    return 0.5 * erfc(-x / width)


def rise_averages(faces, width):
    """Averages of `rise` between faces: its antiderivative is max(x, 0) + (width/2) ierfc(|x|/width)."""
    step = np.diff(np.maximum(faces, 0.0)) / np.diff(faces)
    if width == 0.0:
        return step
    z = np.abs(faces) / width
    tail = 0.5 * width * (np.exp(-z * z) / np.sqrt(np.pi) - z * erfc(z))
    return step + np.diff(tail) / np.diff(faces)


class ErrorFunction(ExactSolution):
    """Also where D follows a temperature history: only int D dt counts."""

    name = "error-function"
    title = "Step couple, or a fixed surface on a half-space, with constant D"
    source = "Crank, The Mathematics of Diffusion, 2nd ed. (1975), chapter 2"

    def applies(self, problem):
        refused = binary_refusal(problem) or constant_refusal(problem)
        if refused:
            return refused
        start = pieces(problem)
        if start is None or start[0].size > 1:
            return "The start must be one step, or uniform beside a fixed surface."
        side = _surface(problem)
        if side is None:
            return infinite_refusal(problem, start[1][:, 0], start[1][:, -1], self.values)
        if start[0].size:
            return "Beside a fixed surface the start must be uniform."
        other = 1 - side
        far = ends(problem)[other]
        if far != "closed" and (far == "other" or abs(far[0] - start[1][0, 0]) > 1e-12):
            return "The end opposite the fixed surface must be closed or held at the start's composition."
        x = np.array([problem.domain.interval[other]])
        if abs(self.values(problem, end_time(problem), x)[0, 0] - start[1][0, 0]) > FELT:
            return "The profile reaches the end opposite the fixed surface: the slab series is the solution there."
        return None

    def averages(self, problem, t, faces):
        return self._evaluate(problem, t, faces, error_function_averages, surface_averages)

    def values(self, problem, t, x):
        return self._evaluate(problem, t, x, error_function_profile, surface_profile)

    def _evaluate(self, problem, t, x, couple, half_space):
        D, time = constant_matrix(problem)[0, 0], clock(problem, t)
        jumps, (u,) = pieces(problem)
        side = _surface(problem)
        if side is None:
            at = jumps[0] if jumps.size else problem.domain.interval[0]
            return couple(x, time, D, u[0], u[-1], at)[None]
        return half_space(x, time, D, ends(problem)[side][0], u[0], problem.domain.interval[side])[None]


def _surface(problem):
    """0 or 1: the end that is held at a composition other than the one beside it; None if none is."""
    _, (u,) = pieces(problem)
    for side, end, beside in zip((0, 1), ends(problem), (u[0], u[-1]), strict=True):
        if isinstance(end, tuple) and abs(end[0] - beside) > 1e-12:
            return side
    return None

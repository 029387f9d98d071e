"""A plate between two ends, each closed or held, with constant D, from any start that is constant in pieces."""

import numpy as np

from simulator.solve.exact.conditions import (
    binary_refusal,
    clock,
    constant_matrix,
    constant_refusal,
    end_time,
    ends,
    pieces,
)
from simulator.solve.exact.solution import ExactSolution

# exp(-SETTLED) is 2e-16, below rounding
SETTLED = 36.0
MOST_TERMS = 20000


def slab_profile(x, t, D, interval, jumps, values, left=None, right=None):
    """u(x, t) at x (k,), m, in the plate a <= x <= b with start values (p + 1,) between jumps (p,), m.

        u = s(x) + sum_n c_n phi_n(x) exp(-D k_n^2 t),   s the steady profile, c_n = <u_0 - s, phi_n> / <phi_n, phi_n>

    left, right: fixed end fractions, None where the end is closed. phi_n = cos(k_n (x - a)), k_n = n pi/L for two
    closed ends; sin(k_n (x - a)), n pi/L for two fixed; sin from the fixed end, (n - 1/2) pi/L, for one of each.
    t > 0 in s, D in m^2/s; terms until exp(-D k_n^2 t) < 2e-16. ValueError above 20000 terms, D t < 1e-8 L^2.
    Source: Crank, The Mathematics of Diffusion, 2nd ed. (1975), sections 2.5 and 4.3.
    """
    return _series(np.asarray(x, float), t, D, interval, jumps, values, left, right, average=False)


def slab_averages(faces, t, D, interval, jumps, values, left=None, right=None):
    """Averages (N,) of `slab_profile` between faces (N+1,), m, from the antiderivatives of its terms."""
    return _series(np.asarray(faces, float), t, D, interval, jumps, values, left, right, average=True)


def terms_needed(t, D, length) -> int:
    """Number of terms until exp(-D k_n^2 t) < 2e-16 with k_n = n pi / length."""
    return int(np.ceil(np.sqrt(SETTLED / (D * t)) * length / np.pi)) + 2


def _series(x, t, D, interval, jumps, values, left, right, average):
    a, b = interval
    length = b - a
    if left is None and right is not None:
        mirrored = _series(
            (a + b - x)[::-1],
            t,
            D,
            interval,
            (a + b - np.asarray(jumps, float))[::-1],
            values[::-1],
            right,
            None,
            average,
        )
        return mirrored[::-1]
    count = terms_needed(t, D, length)
    if count > MOST_TERMS:
        raise ValueError(f"the series needs {count} terms at t = {t:g} s; the error function holds so early")
    n = np.arange(1, count + 1)
    sine = left is not None
    k = np.pi / length * (n - 0.5 if sine and right is None else n)
    edges = np.concatenate([[a], np.asarray(jumps, float), [b]]) - a
    values = np.asarray(values, float)
    slope = 0.0
    if not sine:
        base = float((values * np.diff(edges)).sum() / length)
    else:
        base, slope = left, (0.0 if right is None else (right - left) / length)
    # <u_0 - base, phi_n>, and for two fixed ends - slope <x - a, sin k x>
    if sine:
        weight = np.cos(np.outer(k, edges[:-1])) - np.cos(np.outer(k, edges[1:]))
    else:
        weight = np.sin(np.outer(k, edges[1:])) - np.sin(np.outer(k, edges[:-1]))
    c = (weight @ (values - base)) / k
    if slope:
        c += slope * length * np.cos(k * length) / k
    c *= 2.0 / length * np.exp(-D * t * k * k)
    z = x - a
    middle = 0.5 * (z[1:] + z[:-1]) if average else z
    out = base + slope * middle
    for first in range(0, count, 64):
        part = k[first : first + 64]
        phase = np.outer(middle, part)
        phi = np.sin(phase) if sine else np.cos(phase)
        if average:
            # the average of a wave over a cell is its value in the middle times sin(k h/2)/(k h/2)
            phi *= np.sinc(np.outer(np.diff(z), part) / (2.0 * np.pi))
        out = out + phi @ c[first : first + 64]
    return out


class SlabSeries(ExactSolution):
    name = "slab-series"
    title = "Plate with ends that are closed or held, constant D, start constant in pieces"
    source = "Crank, The Mathematics of Diffusion, 2nd ed. (1975), sections 2.5 and 4.3"

    def applies(self, problem):
        refused = binary_refusal(problem) or constant_refusal(problem)
        if refused:
            return refused
        if pieces(problem) is None:
            return "The start must be constant in pieces."
        if "other" in ends(problem):
            return "Each end must be closed or held at a constant composition."
        a, b = problem.domain.interval
        if terms_needed(clock(problem, end_time(problem)), constant_matrix(problem)[0, 0], b - a) > MOST_TERMS:
            return "The time is too short for a series (D t < 1e-8 L^2); the error function holds there."
        return None

    def averages(self, problem, t, faces):
        if t <= 0.0:
            jumps, (u,) = pieces(problem)
            inside = np.diff(np.maximum(faces - jumps[:, None], 0.0), axis=1) / np.diff(faces)
            return (u[0] + np.diff(u) @ inside)[None]
        return self._evaluate(problem, t, faces, slab_averages)

    def values(self, problem, t, x):
        if t <= 0.0:
            jumps, (u,) = pieces(problem)
            return (u[0] + np.diff(u) @ np.heaviside(np.asarray(x, float) - jumps[:, None], 0.5))[None]
        return self._evaluate(problem, t, x, slab_profile)

    def _evaluate(self, problem, t, x, part):
        jumps, (u,) = pieces(problem)
        left, right = (None if end == "closed" else end[0] for end in ends(problem))
        D = constant_matrix(problem)[0, 0]
        return part(x, clock(problem, t), D, problem.domain.interval, jumps, u, left, right)[None]

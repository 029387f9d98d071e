"""The porous-medium equation: D = D0 u^p, a front that moves with finite speed."""

import numpy as np
from scipy.optimize import least_squares
from scipy.special import beta, betainc

from simulator.solve.exact.conditions import (
    SAME,
    binary_refusal,
    clock,
    diffusivity,
    end_time,
    ends,
    law_refusal,
    once_per_problem,
    start_values,
)
from simulator.solve.exact.solution import ExactSolution


def barenblatt_profile(x, t, D0, p, height, half_width, at=0.0):
    """u(x, t) at x (k,), m, of du/dt = d/dx (D0 u^p du/dx), from height (1 - ((x - at)/half_width)^2)_+^(1/p).

        w(t) = half_width (1 + t/t0)^(1/(p + 2)),  u = height (half_width/w) (1 - ((x - at)/w)^2)_+^(1/p),
        t0 = p half_width^2 / (2 (p + 2) D0 height^p)

    D0 in m^2/s, t in s, p > 0. It follows from putting this form into the equation.
    Source: Barenblatt's solution, in Vazquez, The Porous Medium Equation (2007), in other letters.
    """
    top, width = _front(t, D0, p, height, half_width)
    z = (np.asarray(x, float) - at) / width
    return top * np.maximum(1.0 - z * z, 0.0) ** (1.0 / p)


def barenblatt_averages(faces, t, D0, p, height, half_width, at=0.0):
    """Averages (N,) of `barenblatt_profile` between faces (N+1,), m, by the incomplete beta function."""
    top, width = _front(t, D0, p, height, half_width)
    z = np.clip((np.asarray(faces, float) - at) / width, -1.0, 1.0)
    q = 1.0 / p + 1.0
    whole = 0.5 * beta(0.5, q) * np.sign(z) * betainc(0.5, q, z * z)
    return top * width * np.diff(whole) / np.diff(faces)


def _front(t, D0, p, height, half_width):
    age = p * half_width**2 / (2.0 * (p + 2.0) * D0 * height**p)
    growth = (1.0 + t / age) ** (1.0 / (p + 2.0))
    return height / growth, half_width * growth


class Barenblatt(ExactSolution):
    name = "barenblatt"
    title = "Porous-medium equation, D = D0 u^p, from one of its own profiles"
    source = "Vazquez, The Porous Medium Equation (2007)"

    def applies(self, problem):
        refused = binary_refusal(problem) or law_refusal(problem)
        if refused:
            return refused
        if _power(problem) is None:
            return "D must be D0 u^p, p > 0."
        found = _start(problem)
        if found is None:
            return "The start must be height (1 - (x/w)^2)^(1/p) inside a half-width w, and 0 outside."
        for end in ends(problem):
            if end != "closed" and (end == "other" or abs(end[0]) > SAME):
                return "The ends must be closed, or held at 0."
        if np.any(self.values(problem, end_time(problem), np.array(problem.domain.interval)) > 0.0):
            return "The front reaches an end of the domain."
        return None

    def averages(self, problem, t, faces):
        return barenblatt_averages(faces, clock(problem, t), *_power(problem), *_start(problem))[None]

    def values(self, problem, t, x):
        return barenblatt_profile(x, clock(problem, t), *_power(problem), *_start(problem))[None]


@once_per_problem
def _power(problem):
    """(D0, p), or None where D is no power of the fraction."""
    high = float(problem.composition_range()[1][0])
    u = high * np.array([[1.0, 0.7, 0.3, 0.1, 0.01]])
    D = diffusivity(problem, u)[0, 0]
    if not (high > 0.0 and np.all(np.isfinite(D)) and np.all(D > 0.0)):
        return None
    p = np.log(D[-1] / D[0]) / np.log(u[0, -1] / u[0, 0])
    p = round(p) if abs(p - round(p)) < 1e-9 else p
    D0 = D[0] / u[0, 0] ** p
    fits = np.abs(D / (D0 * u[0] ** p) - 1.0).max() < 1e-9
    return (float(D0), float(p)) if p > 1e-9 and fits else None


@once_per_problem
def _start(problem):
    """(height, half_width, centre) of a Barenblatt profile, or None."""
    p = _power(problem)[1]
    a, b = problem.domain.interval
    x = np.linspace(a, b, 2003)[1:-1]
    u = start_values(problem, x)[0]
    inside = u > 1e-3 * u.max()
    if inside.sum() < 5 or inside[0] or inside[-1]:
        return None
    # u^p is a parabola between the fronts
    middle, half = 0.5 * (a + b), 0.5 * (b - a)
    curve, slope, constant = np.polyfit((x[inside] - middle) / half, u[inside] ** p, 2)
    if not (curve < 0.0 and slope * slope - 4.0 * curve * constant > 0.0):
        return None
    z = -slope / (2.0 * curve)
    top = constant + curve * -z * z
    width = np.sqrt(-top / curve)
    guess = np.array([top ** (1.0 / p), half * width, middle + half * z])

    def difference(q):
        return (
            barenblatt_profile(x[inside], 0.0, 1.0, p, q[0] * guess[0], q[1] * guess[1], guess[2] + q[2] * half)
            - u[inside]
        )

    found = least_squares(difference, [1.0, 1.0, 0.0], xtol=1e-15, ftol=1e-15, gtol=1e-15).x
    start = guess[0] * found[0], guess[1] * found[1], guess[2] + found[2] * half
    fits = np.abs(barenblatt_profile(x, 0.0, 1.0, p, *start) - u).max() < 1e-8 * u.max()
    return tuple(map(float, start)) if fits else None

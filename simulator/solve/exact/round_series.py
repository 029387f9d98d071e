"""Solid cylinders and spheres with a uniform start and a fixed surface, constant D."""

import numpy as np
from scipy.special import j0, j1, jn_zeros, spherical_jn

from simulator.solve.exact.conditions import (
    binary_refusal,
    clock,
    constant_matrix,
    constant_refusal,
    end_time,
    ends,
    pieces,
)
from simulator.solve.exact.slab_series import terms_needed
from simulator.solve.exact.solution import ExactSolution

MOST_TERMS = 2000


def cylinder_profile(r, t, D, radius, surface, start):
    """surface + (start - surface) sum_n 2/(q_n J1(q_n)) J0(q_n r/R) exp(-q_n^2 D t/R^2), J0(q_n) = 0, at r (k,), m.

    t > 0 in s, D in m^2/s, radius R in m. Source: Crank, The Mathematics of Diffusion, 2nd ed. (1975), section 5.3.
    """
    q, weight = _cylinder(t, D, radius)
    return surface + (start - surface) * (j0(np.outer(np.asarray(r, float) / radius, q)) @ weight)


def cylinder_averages(faces, t, D, radius, surface, start):
    """Averages (N,) of `cylinder_profile` by volume between faces (N+1,), m.

    The integral of r J0(k r) is r J1(k r)/k.
    """
    q, weight = _cylinder(t, D, radius)
    z = np.asarray(faces, float) / radius
    whole = z * (j1(np.outer(z, q)) @ (weight / q))
    return surface + (start - surface) * np.diff(whole) / (0.5 * np.diff(z) * (z[1:] + z[:-1]))


def sphere_profile(r, t, D, radius, surface, start):
    """surface + (start - surface) sum_n 2 (-1)^(n+1) sin(q_n r/R)/(q_n r/R) exp(-q_n^2 D t/R^2) at r (k,), m.

    q_n = n pi; t > 0 in s, D in m^2/s, radius R in m.
    Source: Crank, The Mathematics of Diffusion, 2nd ed. (1975), section 6.3.
    """
    q, weight = _sphere(t, D, radius)
    return surface + (start - surface) * (np.sinc(np.outer(np.asarray(r, float) / radius, q) / np.pi) @ weight)


def sphere_averages(faces, t, D, radius, surface, start):
    """Averages (N,) of `sphere_profile` by volume between faces (N+1,), m.

    The integral of r^2 j0(k r) is r^2 j1(k r)/k.
    """
    q, weight = _sphere(t, D, radius)
    z = np.asarray(faces, float) / radius
    whole = z * z * (spherical_jn(1, np.outer(z, q)) @ (weight / q))
    volume = np.diff(z) * (z[1:] ** 2 + z[1:] * z[:-1] + z[:-1] ** 2) / 3.0
    return surface + (start - surface) * np.diff(whole) / volume


def _cylinder(t, D, radius):
    q = jn_zeros(0, _count(t, D, radius))
    return q, 2.0 / (q * j1(q)) * np.exp(-q * q * D * t / radius**2)


def _sphere(t, D, radius):
    n = np.arange(1, _count(t, D, radius) + 1)
    q = n * np.pi
    return q, 2.0 * (-1.0) ** (n + 1) * np.exp(-q * q * D * t / radius**2)


def _count(t, D, radius):
    count = terms_needed(t, D, radius)
    if count > MOST_TERMS:
        raise ValueError(f"the series needs {count} terms at t = {t:g} s: D t < 1e-6 R^2")
    return count


class _Round(ExactSolution):
    geometry: str

    def applies(self, problem):
        refused = binary_refusal(problem, self.geometry) or constant_refusal(problem)
        if refused:
            return refused
        if problem.domain.interval[0] != 0.0:
            return "The domain must begin at r = 0."
        start = pieces(problem)
        if start is None or start[0].size:
            return "The start must be uniform."
        centre, surface = ends(problem)
        if centre != "closed" or not isinstance(surface, tuple):
            return "The centre must be closed and the surface held at a constant composition."
        if (
            terms_needed(clock(problem, end_time(problem)), constant_matrix(problem)[0, 0], problem.domain.interval[1])
            > MOST_TERMS
        ):
            return "The time is too short for a series (D t < 1e-6 R^2)."
        return None

    def averages(self, problem, t, faces):
        if t <= 0.0:
            return np.full((1, len(faces) - 1), pieces(problem)[1][0, 0])
        return self._evaluate(problem, t, faces, self.average_part)

    def values(self, problem, t, x):
        if t <= 0.0:
            return np.full((1, len(x)), pieces(problem)[1][0, 0])
        return self._evaluate(problem, t, x, self.value_part)

    def _evaluate(self, problem, t, x, part):
        D = constant_matrix(problem)[0, 0]
        surface = ends(problem)[1][0]
        return part(x, clock(problem, t), D, problem.domain.interval[1], surface, pieces(problem)[1][0, 0])[None]


class CylinderSeries(_Round):
    name = "cylinder-series"
    title = "Solid cylinder, uniform start, fixed surface, constant D"
    source = "Crank, The Mathematics of Diffusion, 2nd ed. (1975), section 5.3"
    geometry = "cylindrical"
    value_part, average_part = staticmethod(cylinder_profile), staticmethod(cylinder_averages)


class SphereSeries(_Round):
    name = "sphere-series"
    title = "Solid sphere, uniform start, fixed surface, constant D"
    source = "Crank, The Mathematics of Diffusion, 2nd ed. (1975), section 6.3"
    geometry = "spherical"
    value_part, average_part = staticmethod(sphere_profile), staticmethod(sphere_averages)

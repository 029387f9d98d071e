"""Smooth exact solutions as starts for order tests: a law, a grid of any size, the ends, and averages at any time."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from laws import growing_flux, matrix_equations

from simulator.laws.fick import Fick
from simulator.laws.law import Equations
from simulator.laws.mixture import Mixture
from simulator.problem.grid import Grid
from simulator.solve.controls import Controls
from simulator.solve.discretise import discretise, effective_areas
from simulator.solve.exact.collocation import similarity_profile
from simulator.solve.exact.constant_matrix import matrix_averages
from simulator.solve.exact.error_function import error_function_averages
from simulator.solve.exact.gaussian import gaussian_averages
from simulator.solve.exact.round_series import cylinder_averages, sphere_averages
from simulator.solve.exact.slab_series import slab_averages
from simulator.solve.integration import Integration
from simulator.solve.schemes import Scheme

CLOSED = (0.0, 0.0, 1.0)
MATRIX = np.array([[1.0, 0.5], [0.1, 0.5]])


@dataclass(frozen=True)
class Smooth:
    """averages(faces, t) -> (m, N); the run goes from `begin` to `end`; ends: c, a, b of both, shared by all
    unknowns.
    """

    name: str
    averages: Callable[[np.ndarray, float], np.ndarray]
    interval: tuple[float, float]
    begin: float
    end: float
    left: tuple[float, float, float] = CLOSED
    right: tuple[float, float, float] = CLOSED
    geometry: str = "planar"
    equations: Equations = matrix_equations(np.eye(1))

    def __str__(self) -> str:
        return self.name

    def grid(self, cells: int) -> Grid:
        return Grid(np.linspace(*self.interval, cells + 1), self.geometry)

    def run(self, scheme: Scheme, controls: Controls, cells: int) -> np.ndarray:
        """Averages at the end, from exact ones at the begin."""
        grid = self.grid(cells)
        areas = effective_areas(grid)
        m = self.equations.m
        scale = np.array([areas[0], areas[0], 1.0, areas[-1], areas[-1], 1.0])
        row = np.array([*self.left, *self.right])
        ends = np.tile(row * np.where(row[[2, 2, 2, 5, 5, 5]] != 0.0, scale, 1.0), (m, 1))
        system = discretise(self.equations, grid, ends)
        start = self.averages(grid.faces, self.begin)
        start = np.concatenate((start[:, :1], start, start[:, -1:]), axis=1)
        run = Integration(system, start, scheme, controls, self.end)
        run.state[0] = self.begin
        run.settle()
        run.advance(self.end)
        return run.u[:, 1:-1]

    def error(self, u: np.ndarray) -> float:
        """Largest difference from the exact averages at the end."""
        return float(np.abs(u - self.averages(self.grid(u.shape[1]).faces, self.end)).max())


def growing_clock(t: float) -> float:
    """Integral of D = 1 + sin(3 t) / 2."""
    return t + (1.0 - np.cos(3.0 * t)) / 6.0


@functools.cache
def steep_profile():
    """Similarity profile of D = exp(3 u) between 0.1 and 0.9."""
    return similarity_profile(lambda u: np.exp(3.0 * u)[None], np.array([0.1]), np.array([0.9]))


def steep_averages(faces: np.ndarray, t: float) -> np.ndarray:
    return steep_profile().averages(faces / np.sqrt(t))


def fick_equations(D: str) -> Equations:
    law = Fick(Mixture(("A", "B"), "A"), D=D)
    return law.equations(np.array([0.0]), np.array([1.0]), (np.nan, np.nan))


GROWING = Equations(("u",), growing_flux, np.zeros(1), bounds=Mixture(("A", "B")).bounds, autonomous=False)

SMOOTH = (
    Smooth("error-function", lambda f, t: error_function_averages(f, t, 1.0, 0.1, 0.9)[None], (-9.0, 9.0), 0.5, 1.0),
    Smooth("gaussian", lambda f, t: gaussian_averages(f, t, 1.0, 1.0)[None], (-9.0, 9.0), 0.5, 1.0),
    Smooth(
        "slab, fixed ends",
        lambda f, t: slab_averages(f, t, 1.0, (0.0, 1.0), (0.5,), (0.2, 0.8), left=0.1, right=0.4)[None],
        (0.0, 1.0),
        0.02,
        0.06,
        left=(0.1, 1.0, 0.0),
        right=(0.4, 1.0, 0.0),
    ),
    Smooth(
        "slab, closed ends",
        lambda f, t: slab_averages(f, t, 1.0, (0.0, 1.0), (0.3,), (0.2, 0.8))[None],
        (0.0, 1.0),
        0.02,
        0.06,
    ),
    Smooth(
        "cylinder",
        lambda f, t: cylinder_averages(f, t, 1.0, 1.0, 0.8, 0.1)[None],
        (0.0, 1.0),
        0.03,
        0.09,
        right=(0.8, 1.0, 0.0),
        geometry="cylindrical",
    ),
    Smooth(
        "sphere",
        lambda f, t: sphere_averages(f, t, 1.0, 1.0, 0.8, 0.1)[None],
        (0.0, 1.0),
        0.03,
        0.09,
        right=(0.8, 1.0, 0.0),
        geometry="spherical",
    ),
    Smooth(
        "constant matrix",
        lambda f, t: matrix_averages(f, t, MATRIX, (0.0,), np.array([[1 / 6, 0.5], [5 / 12, 0.25]])),
        (-9.0, 9.0),
        0.5,
        1.0,
        equations=matrix_equations(MATRIX),
    ),
    Smooth(
        "D(u)",
        steep_averages,
        (-24.0, 36.0),
        0.5,
        1.0,
        equations=fick_equations("exp(3*x_B)"),
    ),
    Smooth(
        "D(t)",
        lambda f, t: error_function_averages(f, growing_clock(t), 1.0, 0.1, 0.9)[None],
        (-9.0, 9.0),
        0.5,
        1.0,
        equations=GROWING,
    ),
)

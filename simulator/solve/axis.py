"""The axis on which the engine solves, and where its cells lie in the laboratory.

With a constant molar volume that is the laboratory's x. Otherwise it is q = V_0 n, the mole coordinate n = int dx/V_m
in metres (`simulator.laws.matrix_law`): there the cells rest and hold the same moles for ever, and

    x(q, t) = x_left + int V_m(u) / V_0 dq

moves with the composition, the left end at rest.
"""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from simulator.kernels.elimination import factor_scalar, substitute_scalar
from simulator.problem.grid import Grid
from simulator.problem.problem import Problem


class Axis:
    """The laboratory's axis: grid, and the averages of the unknowns at the start (m, N)."""

    def __init__(self, problem: Problem, grid: Grid, start: np.ndarray | None = None):
        self.problem = problem
        self.grid = grid
        self.start = problem.start(grid) if start is None else start

    @cached_property
    def largest_diffusivity(self) -> float:
        """An upper bound of the largest diffusivity on this axis, m^2/s: of D (dq/dx)^2."""
        return self.problem.largest_diffusivity / np.min(self.stretch(self.problem.sample)) ** 2

    def of(self, x: np.ndarray) -> np.ndarray:
        """Coordinates on this axis of positions x (k,) at the start."""
        return np.asarray(x, float)

    def places(self, at: np.ndarray, unknowns: np.ndarray) -> np.ndarray:
        """Positions x in m of coordinates `at` (k,), at cell averages (m, N) of the unknowns."""
        return np.array(at, float)

    def stretch(self, unknowns: np.ndarray) -> np.ndarray:
        """dx/dq = V_m / V_0 (...) at unknowns (m, ...)."""
        return np.ones(np.shape(unknowns)[1:])

    def drift(self, unknowns: np.ndarray, flux: np.ndarray) -> np.ndarray:
        """Velocity (N+1,) of the faces against the left end, m/s, from the averages (m, N) and the fluxes (m, N+1)."""
        return np.zeros(self.grid.cells + 1)

    def geometry(self, unknowns: np.ndarray) -> dict[str, np.ndarray]:
        """The FIELDS that say where the cells are, at averages (m, N) of the unknowns; none where they rest."""
        return {}

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of what `geometry` gives."""
        return {}


class MoleAxis(Axis):
    """q = V_0 n. lab: the cells on x at the start, whose moles those of `grid` hold."""

    def __init__(self, problem: Problem, lab: Grid, grid: Grid, start: np.ndarray):
        super().__init__(problem, grid, start)
        self.lab = lab
        self.volume = problem.molar_volume

    def of(self, x):
        x = np.asarray(x, float)
        faces, lab = self.grid.faces, self.lab.faces
        q = np.interp(x, lab, faces)
        cell = np.clip(np.searchsorted(lab, x, side="right") - 1, 0, self.grid.cells - 1)
        # A place inside a cell by Newton's method from the proportional one; a face of one grid is that of the other.
        inside = (x > lab[cell]) & (x < lab[cell + 1])
        middle = self.stretch(self.start)[cell]
        for _ in range(3):
            off = x - lab[cell] - (self.places(q, self.start) - self.places(faces[cell], self.start))
            q = np.where(inside, np.clip(q + off / middle, faces[cell], faces[cell + 1]), q)
        return q

    def stretch(self, unknowns):
        return self.volume(unknowns) / self.volume.reference

    def inside(self, unknowns: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """dx/dq at the left face, the centre and the right face of every cell (N,), to fourth order.

        A cell bends no more than both its neighbours differ from it: beside a jump its composition is uniform.
        """
        faces, centres = face_values(self.grid.faces, unknowns), point_values(unknowns, self.grid.faces)
        steps = np.abs(np.diff(unknowns, axis=1))
        room = np.zeros_like(unknowns)
        room[:, 1:-1] = np.minimum(steps[:, :-1], steps[:, 1:])
        left, right = (np.clip(values - unknowns, -room, room) for values in (faces[:, :-1], faces[:, 1:]))
        return self.stretch(unknowns + left), self.stretch(centres), self.stretch(unknowns + right)

    def places(self, at, unknowns):
        left, middle, right = self.inside(unknowns)
        faces = self.grid.faces
        at = np.clip(at, faces[0], faces[-1])
        cell = np.clip(np.searchsorted(faces, at, side="right") - 1, 0, self.grid.cells - 1)
        width = np.diff(faces)
        s = (at - faces[cell]) / width[cell]
        rise, bend = (-3.0 * left + 4.0 * middle - right)[cell], (2.0 * left - 4.0 * middle + 2.0 * right)[cell]
        return self.faces_of(left, middle, right)[cell] + width[cell] * s * (
            left[cell] + s * (rise / 2.0 + s * bend / 3.0)
        )

    def faces_of(self, left: np.ndarray, middle: np.ndarray, right: np.ndarray) -> np.ndarray:
        widths = np.diff(self.grid.faces) * (left + 4.0 * middle + right) / 6.0
        return self.grid.faces[0] + np.concatenate(([0.0], np.cumsum(widths)))

    def drift(self, unknowns, flux):
        slopes = self.volume.slopes(unknowns) / self.volume.reference
        gained = ((flux[:, :-1] - flux[:, 1:]) * slopes).sum(axis=0)
        return np.concatenate(([0.0], np.cumsum(gained)))

    def geometry(self, unknowns):
        left, middle, right = self.inside(unknowns)
        faces = self.faces_of(left, middle, right)
        centres = faces[:-1] + np.diff(self.grid.faces) * (5.0 * left + 8.0 * middle - right) / 24.0
        return {
            "position": centres,
            "position_face": faces,
            "molar_volume": np.array(self.volume(unknowns)),
        }

    def shapes(self):
        cells = self.grid.cells
        return {"position": (cells,), "position_face": (cells + 1,), "molar_volume": (cells,)}


def axes_of(problem: Problem, grids: Sequence[Grid]) -> list[Axis]:
    """The axes of a problem on its main grid and, coarser or finer by a factor 2, its companion.

    The moles of the cells are counted once, on the finer grid; the coarser one takes pairs of its cells.
    """
    if not problem.swells:
        return [Axis(problem, grid) for grid in grids]
    finest = max(grids, key=lambda grid: grid.cells)
    # Each quarter of a cell counts with the volume of its own mean composition.
    parts = finest.refined().refined()
    unknowns = problem.start(parts)
    volume = problem.molar_volume
    moles = parts.volumes * volume.reference / volume(unknowns)
    faces = finest.faces[0] + np.concatenate(([0.0], np.cumsum(moles)))[::4]
    start = np.add.reduceat(unknowns * moles, np.arange(0, parts.cells, 4), axis=1) / np.diff(faces)
    fine = Grid(faces, finest.geometry)
    axes = []
    for lab in grids:
        if lab is finest:
            axes.append(MoleAxis(problem, lab, fine, start))
        else:
            coarse = fine.coarsened()
            axes.append(MoleAxis(problem, lab, coarse, coarse.merge(start)))
    return axes


def face_values(faces: np.ndarray, averages: np.ndarray) -> np.ndarray:
    """Values (m, N+1) at the faces from averages (m, N) over planar cells: slopes of the spline through their sums.

    Interior rows h_right s_(i-1) + 2 (h_left + h_right) s_i + h_left s_(i+1) = 3 (h_right u_left + h_left u_right).
    """
    h = np.diff(faces)
    n = h.size + 1
    w, lower, upper = np.ones(n), np.zeros(n), np.zeros(n)
    w[1:-1] = 2.0 * (h[:-1] + h[1:])
    lower[1:-1], upper[1:-1] = -h[1:], -h[:-1]
    P, Q, E = np.empty(n), np.empty(n), np.empty(n)
    factor_scalar(n, w, lower, np.zeros(n), upper, P, Q, E)
    values = np.empty((averages.shape[0], n))
    for row, u in zip(values, averages, strict=True):
        row[0], row[-1] = u[0], u[-1]
        row[1:-1] = 3.0 * (h[1:] * u[:-1] + h[:-1] * u[1:])
        substitute_scalar(n, P, Q, E, row)
    return values


def point_values(averages: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Values (m, N) at the centres of planar cells from averages over them, to fourth order on a smooth grid.

        u = <u> - h^2/24 u'',    never by more than a quarter of the way to the nearer neighbour

    The bound keeps the order of neighbouring values where a profile is not resolved. The outermost cells are left.
    """
    centres, h = 0.5 * (faces[1:] + faces[:-1]), np.diff(faces)[1:-1]
    steps, gaps = np.diff(averages, axis=1), np.diff(centres)
    slopes = steps / gaps
    bend = 2.0 * np.diff(slopes, axis=1) / (gaps[1:] + gaps[:-1])
    bound = 0.25 * np.minimum(np.abs(steps[:, 1:]), np.abs(steps[:, :-1]))
    values = averages.copy()
    values[:, 1:-1] -= np.clip(h**2 / 24.0 * bend, -bound, bound)
    return values

"""The profile of a step couple of n components on an infinite line, and its derivatives by the mobilities.

    -(l/2) u' = (D(u; p) u')',   l = q/sqrt(t),   u(-inf) = u^-,   u(inf) = u^+

on the finite volumes of `simulator.solve.similarity`, on N and 2N cells that are combined to fourth order. Newton's
method and the derivatives solve the same linearised equations.
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import solve_banded

from inverse.mobility.law import MatrixOfTracers
from inverse.mobility.tracers import LogTracers
from simulator.faults import NumericsError
from simulator.problem.domain import Domain
from simulator.solve.discretise import distances, points
from simulator.solve.exact.constant_matrix import matrix_profile
from simulator.solve.similarity import HALF_WIDTH, SimilarityProfile

WIDER = 1.4  # of the largest diffusivity: a grid of 8 sqrt(D) on each side leaves 1e-8 of the step beyond it
SETTLED = 1e-4  # of the step: a change below this leaves an error of its square
LEAST_STEP = 1e-12
ITERATIONS = 30
HALVINGS = 8
STAGES = (0.0, 0.25, 0.5, 0.75, 1.0)  # of the way from one diffusivity for all to those asked for
ALONG = np.linspace(0.0, 1.0, 33)
NEARBY = 1e-3  # of the width of the zone: the distance of a difference quotient
NOT_FOUND = "No similarity profile was found for these mobilities."


class Linearised(NamedTuple):
    """The equations about some u: residual (m, N), the band of its derivatives by u, and loads (m, size + 2m, N), minus
    its derivatives by p, the left ends and the right ends."""

    residual: np.ndarray
    band: np.ndarray
    loads: np.ndarray


class Cells:
    """The equations on one grid in l."""

    def __init__(self, matrix: MatrixOfTracers, family: LogTracers, T: float, largest: float, cells: int):
        """largest: largest eigenvalue of D, m^2/s."""
        reach = HALF_WIDTH * np.sqrt(WIDER * largest)
        self.matrix, self.family, self.T = matrix, family, T
        self.grid = Domain(interval=(-reach, reach), cells=cells).grid((0.0,), float(np.sqrt(largest)))
        self.at, self.faces = points(self.grid), self.grid.faces
        self.g = 1.0 / distances(self.grid)
        self.right = (self.faces - self.at[:-1]) / np.diff(self.at)
        self.volume = self.grid.volumes

    def assembled(self, u: np.ndarray, p: np.ndarray) -> Linearised:
        """The equations about u (m, N + 2)."""
        m, x, du = len(u), 0.5 * (u[:, :-1] + u[:, 1:]), np.diff(u, axis=1) * self.g
        family, half = self.family, 0.5 * self.faces
        D, by_x, by_log = self.matrix.with_slopes(x, family.logarithms(p, x, self.T), self.T)
        by_x = by_x + np.einsum("abif,ikf->abkf", by_log, family.slopes(p, x))
        F = -np.einsum("abf,bf->af", D, du) - half * ((1.0 - self.right) * u[:, :-1] + self.right * u[:, 1:])
        bend, eye = -0.5 * np.einsum("acbf,cf->abf", by_x, du), np.eye(m)[:, :, None]
        by_left = D * self.g + bend - half * (1.0 - self.right) * eye
        by_right = -D * self.g + bend - half * self.right * eye
        middle = by_right[..., :-1] - by_left[..., 1:] - 0.5 * self.volume * eye
        flows = family.by_parameters(-np.einsum("abif,bf->aif", by_log, du), family.basis(x), self.T)
        loads = np.zeros((m, family.size + 2 * m, self.volume.size))
        loads[:, : family.size] = np.diff(flows, axis=-1)
        loads[:, family.size : family.size + m, 0] = -by_left[..., 0]
        loads[:, family.size + m :, -1] = by_right[..., -1]
        residual = -np.diff(F, axis=1) - 0.5 * self.volume * u[:, 1:-1]
        return Linearised(residual, banded(by_left[..., :-1], middle, -by_right[..., 1:]), loads)

    def newton(self, u: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, Linearised] | None:
        """u (m, N + 2) from a start with the right ends, and the equations about the last u but that one; None where
        the iteration does not settle."""
        step = max(float(np.abs(u[:, -1] - u[:, 0]).max()), LEAST_STEP)
        change, size, halved = np.zeros_like(u), np.inf, 0
        for _ in range(ITERATIONS):
            about = self.assembled(u, p)
            now = float(np.abs(about.residual / self.volume).max())
            if not now <= 2.0 * size and halved < HALVINGS:  # nan counts as larger
                change, halved = 0.5 * change, halved + 1
                u = u - change
                continue
            if not np.isfinite(now):
                return None
            try:
                change = solved(about.band, -about.residual)
            except np.linalg.LinAlgError:
                return None
            u, size, halved = u + change, now, 0
            if np.abs(change).max() < SETTLED * step:
                return u, about
        return None

    def sensitivities(self, about: Linearised) -> np.ndarray:
        """du (m, size + 2m, N + 2) by the parameters, the left ends and the right ends."""
        found, size = solved(about.band, about.loads), self.family.size
        m = len(found)
        for a in range(m):
            found[a, size + a, 0] = found[a, size + m + a, -1] = 1.0
        return found

    def guess(self, ends: np.ndarray, p: np.ndarray) -> np.ndarray | None:
        """The profile of the matrix at the mean composition; None where that is not positive."""
        mean = ends.mean(axis=1, keepdims=True)
        D = self.matrix.with_slopes(mean, self.family.logarithms(p, mean, self.T), self.T)[0][..., 0]
        if not np.isfinite(D).all() or np.linalg.eigvals(D).real.min() <= 0.0:
            return None
        u = matrix_profile(self.at, 1.0, D, (0.0,), ends)
        u[:, 0], u[:, -1] = ends.T
        return u

    def solve(self, ends: np.ndarray, p: np.ndarray, near: np.ndarray | None) -> tuple[np.ndarray, Linearised]:
        """u (m, N + 2), with the equations about it: by Newton's method from a known profile nearby, from that of a
        constant matrix, or by way of mobilities that depend on the composition more and more. Raises NumericsError
        where there is none."""
        for start in (lambda: near, lambda: self.guess(ends, p)):
            u = start()
            found = None if u is None else self.newton(u, p)
            if found is not None:
                return found
        flat = np.where(self.family.degrees > 0, 0.0, p)
        u = self.guess(ends, flat)
        for stage in STAGES:
            found = None if u is None else self.newton(u, flat + stage * (p - flat))
            if found is None:
                raise NumericsError(NOT_FOUND)
            u = found[0]
        return found


class MobilityCouple:
    """A step at q0 between two ends on an infinite line, seen at q (N,), m, after `time` in s.

    Parameters: p of the family, then the shift (q0 - about)/width and, where the ends are free, those of the left and
    of the right (m each). ends (m, 2); T in K; cells: of the coarse one of two grids.
    """

    def __init__(
        self,
        matrix: MatrixOfTracers,
        family: LogTracers,
        q: np.ndarray,
        time: float,
        T: float,
        about: float,
        ends: np.ndarray,
        free: bool,
        cells: int,
    ):
        self.matrix, self.family, self.T = matrix, family, T
        self.q, self.root, self.about = q, np.sqrt(time), about
        self.ends, self.free, self.cells = np.asarray(ends, float), free, cells
        self.width, self.discretisation = 1.0, 0.0
        self.grids: list[Cells] = []
        self.near: list[tuple | None] = []

    def largest(self, p: np.ndarray) -> float:
        """The largest eigenvalue, m^2/s, on the straight way between the ends. Raises NumericsError where there is no
        positive one, or a negative one."""
        x = self.ends[:, :1] + (self.ends[:, 1:] - self.ends[:, :1]) * ALONG
        D = self.matrix.with_slopes(x, self.family.logarithms(p, x, self.T), self.T)[0]
        if not np.isfinite(D).all():
            raise NumericsError(NOT_FOUND)
        eigenvalues = np.linalg.eigvals(np.moveaxis(D, -1, 0)).real
        if eigenvalues.min() <= 0.0:
            raise NumericsError(NOT_FOUND)
        return float(eigenvalues.max())

    def prepare(self, p: np.ndarray, grids: int = 2) -> None:
        """Grids for mobilities about these: two, or only the coarse one."""
        largest = self.largest(p)
        self.width = np.sqrt(largest) * self.root
        self.grids = [Cells(self.matrix, self.family, self.T, largest, k * self.cells) for k in (1, 2)[:grids]]
        self.near = [None] * grids

    def start(self) -> np.ndarray:
        """The parameters beside p, to begin with."""
        return np.concatenate([[0.0], self.ends.T.ravel()]) if self.free else np.zeros(1)

    def place(self, own: np.ndarray) -> float:
        """q0, m."""
        return self.about + float(own[0]) * self.width

    def far(self, own: np.ndarray) -> np.ndarray:
        """The ends (m, 2)."""
        return own[1:].reshape(2, -1).T if self.free else self.ends

    def __call__(self, p: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fractions (m, N) at q and their derivatives (m, N, size + own) by p and the couple's own parameters."""
        at = (self.q - self.place(own)) / self.root
        found = [self.on_grid(k, p, self.far(own), at) for k in range(len(self.grids))]
        if len(found) == 1:
            return found[0]
        (coarse, its), (fine, slopes) = found
        self.discretisation = float(np.abs(fine - coarse).max()) / 3.0
        return (4.0 * fine - coarse) / 3.0, (4.0 * slopes - its) / 3.0

    def profile(self, k: int, p: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """u (m, N + 2) and its derivatives (m, size + 2m, N + 2) on one grid, from those found last."""
        grid, start = self.grids[k], None
        if self.near[k] is not None:
            u, slopes, old, old_ends = self.near[k]
            start = u + np.einsum("avn,v->an", slopes, np.concatenate([p - old, (ends - old_ends).T.ravel()]))
            start[:, 0], start[:, -1] = ends.T
        u, about = grid.solve(ends, p, start)
        slopes = grid.sensitivities(about)
        self.near[k] = (u, slopes, p.copy(), ends.copy())
        return u, slopes

    def on_grid(self, k: int, p: np.ndarray, ends: np.ndarray, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fractions at l = `at` (N,) and all their derivatives, on one grid."""
        grid = self.grids[k]
        u, slopes = self.profile(k, p, ends)
        m, size = len(u), self.family.size
        value = self.seen(grid, u, at)
        h = NEARBY * self.width / self.root
        gradient = (self.seen(grid, u, at + h) - self.seen(grid, u, at - h)) / (2.0 * h)
        by = self.seen(grid, slopes.reshape(-1, slopes.shape[-1]), at).reshape(m, -1, at.size)
        shift = -gradient[:, None] * self.width / self.root
        parts = [by[:, :size], shift, by[:, size:]] if self.free else [by[:, :size], shift]
        return value, np.moveaxis(np.concatenate(parts, axis=1), 1, 2)

    @staticmethod
    def seen(grid: Cells, rows: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Values (r, k) at l of rows (r, N + 2) of averages over cells."""
        return SimilarityProfile(grid.grid, grid.at, rows, 0, 0).integral_and_value(at)[1]


def banded(lower: np.ndarray, middle: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """Band (4m - 1, m N) of a block tridiagonal matrix, blocks (m, m, N); block row i has lower[..., i] left of it."""
    m, count = middle.shape[1:]
    band = np.zeros((4 * m - 1, m * count))
    centre = 2 * m - 1
    for a in range(m):
        for b in range(m):
            band[centre + a - b, b::m] = middle[a, b]
            band[centre + m + a - b, b::m][:-1] = lower[a, b, 1:]
            band[centre - m + a - b, b::m][1:] = upper[a, b, :-1]
    return band


def solved(band: np.ndarray, loads: np.ndarray) -> np.ndarray:
    """Solutions (m, ..., N + 2), 0 at both ends, for loads (m, ..., N)."""
    m, count = loads.shape[0], loads.shape[-1]
    right = np.moveaxis(loads.reshape(m, -1, count), (2, 0), (0, 1)).reshape(m * count, -1)
    found = solve_banded((2 * m - 1, 2 * m - 1), band, right, check_finite=False)
    found = np.moveaxis(found.reshape(count, m, -1), (1, 0), (0, 2)).reshape(loads.shape)
    return np.concatenate([np.zeros_like(found[..., :1]), found, np.zeros_like(found[..., :1])], axis=-1)

"""What profile a diffusivity makes, and how that changes with the diffusivity: the forward model of fits.

    ln D(X) = base(X) + sum_k p_k B_k(X)

Couples on an infinite line come from the similarity solution, whose derivatives by p solve the same linearised
equations; everything else is carried in time. Both on n and 2n cells of a grid of their own, combined to fourth order.
The axis is x or, where the molar volume varies, q = V_0 n of the mole coordinate: there D counts as D (V_0/V_m)^2.
"""

from collections.abc import Callable

import numpy as np
from scipy.linalg import solve_banded

from simulator.kernels import fick as kernels
from simulator.kernels.system import CONDUCTANCE, POSITION, VOLUME
from simulator.laws.law import Equations
from simulator.problem.domain import Domain
from simulator.problem.grid import Grid
from simulator.solve.controls import Controls
from simulator.solve.discretise import discretise, start_of
from simulator.solve.integration import Integration
from simulator.solve.schemes import scheme_named
from simulator.solve.similarity import SimilarityCouple, SimilarityProfile

PIECES = 384
WIDER = 1.4  # of the largest diffusivity: a grid of 8 sqrt(D) on each side leaves 1e-8 of the step beyond it
MARGIN = 0.05  # of the range of compositions, by which the tables go beyond it: ends that are fitted may
NODES, WEIGHTS = np.polynomial.legendre.leggauss(6)
RTOL = 1e-7
INCREMENT = 1e-3  # of a parameter, in the difference quotients of what is carried in time
CLOSED = np.array([[0.0, 0.0, 1.0, 0.0, 0.0, 1.0]])


class Table:
    """Phi = int D dX and Phi_k = int D B_k dX as piecewise cubics (K + 1, pieces + 2, 4), the outermost for ever."""

    def __init__(self, low: float, h: float, cubics: np.ndarray):
        self.low, self.h, self.cubics = low, h, cubics

    @property
    def parameters(self) -> np.ndarray:
        """Phi as `simulator.kernels.fick` reads it."""
        return np.concatenate([[self.low, 1.0 / self.h, self.cubics.shape[1] - 1.0], self.cubics[0].ravel()])

    def place(self, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        z = np.maximum((u - self.low) / self.h + 1.0, 0.0)
        j = np.minimum(z.astype(int), self.cubics.shape[1] - 1)
        # before the first piece and behind the last one the integrals are straight lines
        return j, (u - self.low) / self.h + 1.0 - j

    def integrals(self, u: np.ndarray) -> np.ndarray:
        """Phi and Phi_k (K + 1, n) at u (n,)."""
        j, s = self.place(u)
        c = self.cubics[:, j]
        return c[..., 0] + s * (c[..., 1] + s * (c[..., 2] + s * c[..., 3]))

    def diffusivity(self, u: np.ndarray) -> np.ndarray:
        """dPhi/dX (n,) at u (n,)."""
        j, s = self.place(u)
        c = self.cubics[0, j]
        return (c[:, 1] + s * (2.0 * c[:, 2] + 3.0 * s * c[:, 3])) / self.h


class Diffusivity:
    """The family D(X; p) between two compositions, constant beyond them.

    basis(X) -> (K, n); base(X) -> (n,), 0 by default; stretch(X) = V_m/V_0 -> (n,), 1 by default.
    """

    def __init__(
        self,
        low: float,
        high: float,
        basis: Callable[[np.ndarray], np.ndarray],
        base: Callable[[np.ndarray], np.ndarray] | None = None,
        stretch: Callable[[np.ndarray], np.ndarray] | None = None,
    ):
        self.low, self.high = low, high
        margin = MARGIN * (high - low)
        self.start, self.h = low - margin, (high - low + 2.0 * margin) / PIECES
        knots = self.start + self.h * np.arange(PIECES + 1)
        inside = knots[:-1] + 0.5 * self.h * (1.0 + NODES[:, None])
        at = np.clip(np.concatenate([knots, inside.ravel()]), low, high)
        self.B = np.asarray(basis(at), float)
        self.fixed = np.zeros(at.size) if base is None else np.asarray(base(at), float)
        if stretch is not None:
            self.fixed = self.fixed - 2.0 * np.log(stretch(at))

    @property
    def count(self) -> int:
        return len(self.B)

    def logarithm(self, p: np.ndarray) -> np.ndarray:
        """ln D at the table's nodes, on the axis of the solution."""
        return self.fixed + p @ self.B

    def largest(self, p: np.ndarray) -> float:
        return float(np.exp(self.logarithm(p).max()))

    def spread(self, p: np.ndarray) -> float:
        """Smallest over largest diffusivity."""
        value = self.logarithm(p)
        return float(np.exp(value.min() - value.max()))

    def table(self, p: np.ndarray) -> Table:
        D = np.exp(self.logarithm(p))
        rows = np.concatenate([D[None], D * self.B])
        ends = rows[:, : PIECES + 1] * self.h
        step = 0.5 * self.h * np.einsum("q,kqj->kj", WEIGHTS, rows[:, PIECES + 1 :].reshape(len(rows), -1, PIECES))
        left, right = ends[:, :-1], ends[:, 1:]
        phi = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(step, axis=1)], axis=1)
        cubics = np.zeros((len(rows), PIECES + 2, 4))
        cubics[:, 1:-1] = np.stack(
            [phi[:, :-1], left, 3.0 * step - 2.0 * left - right, left + right - 2.0 * step], axis=-1
        )
        cubics[:, 0, 0], cubics[:, 0, 1] = -ends[:, 0], ends[:, 0]
        cubics[:, -1, 0], cubics[:, -1, 1] = phi[:, -1], ends[:, -1]
        return Table(self.start, self.h, cubics)


def equations(parameters: np.ndarray) -> Equations:
    """Fick's law of one unknown with a table of Phi."""
    return Equations(
        ("x",), kernels.kirchhoff_flux, parameters, flux_slopes=kernels.kirchhoff_flux_slopes, autonomous=True
    )


class InfiniteCouple:
    """A step at x0 between two ends on an infinite line, seen at x (N,) after `time`.

    Parameters: p (K,), then the shift (x0 - about)/width and, where the ends are free, both ends.
    """

    def __init__(
        self,
        diffusivity: Diffusivity,
        x: np.ndarray,
        time: float,
        about: float,
        ends: tuple[float, float],
        free: bool,
        cells: int,
    ):
        self.diffusivity, self.x, self.about, self.free, self.cells = diffusivity, x, about, free, cells
        self.root = np.sqrt(time)
        self.ends = ends
        self.width = 1.0
        self.couples: list[SimilarityCouple] = []
        self.near: list[SimilarityProfile | None] = [None, None]

    def prepare(self, p: np.ndarray) -> None:
        """Grids for a diffusivity about this one."""
        largest = self.diffusivity.largest(p)
        self.width = np.sqrt(largest) * self.root
        parameters = self.diffusivity.table(p).parameters
        left, right = (np.array([end]) for end in self.ends)
        self.couples = [
            SimilarityCouple(equations(parameters), left, right, WIDER * largest, n, np.nan)
            for n in (self.cells, 2 * self.cells)
        ]
        self.near = [None, None]

    def start(self) -> np.ndarray:
        """The parameters beside p, to begin with."""
        return np.array([0.0, *self.ends] if self.free else [0.0])

    def place(self, own: np.ndarray) -> float:
        """x0, m."""
        return self.about + float(own[0]) * self.width

    def far(self, own: np.ndarray) -> tuple[float, float]:
        """Both ends."""
        return (float(own[1]), float(own[2])) if self.free else self.ends

    def __call__(self, p: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fractions (N,) at x and their derivatives (N, K + own) by p and the couple's own parameters."""
        table = self.diffusivity.table(p)
        scaled = (self.x - self.place(own)) / self.root
        coarse, fine = (self.on_grid(k, table, scaled, self.far(own)) for k in range(2))
        self.discretisation = float(np.abs(fine[0] - coarse[0]).max()) / 3.0
        value, slopes = ((4.0 * b - a) / 3.0 for a, b in zip(coarse, fine, strict=True))
        return value, slopes[:, : self.diffusivity.count + self.start().size]

    def coarse(self, p: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Fractions (N,) at x, on the coarse grid only."""
        scaled = (self.x - self.place(own)) / self.root
        return self.on_grid(0, self.diffusivity.table(p), scaled, self.far(own))[0]

    def on_grid(self, k: int, table: Table, at: np.ndarray, ends: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
        """Fractions at x/sqrt t (N,) and all their derivatives, those by the ends too, on one grid."""
        couple = self.couples[k]
        rows = np.array([[ends[0], 1.0, 0.0, ends[1], 1.0, 0.0]])
        couple.system = couple.system._replace(parameters=table.parameters, ends=rows)
        couple.closed_system = couple.closed_system._replace(parameters=table.parameters)
        profile = self.near[k] = couple.solve(self.near[k])
        derivatives = SimilarityProfile(profile.grid, profile.at, sensitivities(couple, profile, table), 0, 0)
        value = profile.integral_and_value(at)[1][0]
        inside = (at > profile.grid.faces[0]) & (at < profile.grid.faces[-1])
        gradient = np.where(inside, -profile.flux(at)[0] / table.diffusivity(value), 0.0)
        by = derivatives.integral_and_value(at)[1]
        shift = -gradient * self.width / self.root
        return value, np.column_stack([by[:-2].T, shift, by[-2:].T])


def sensitivities(couple: SimilarityCouple, profile: SimilarityProfile, table: Table) -> np.ndarray:
    """du/dp_k and du by both ends (K + 2, N + 2): the linearised equations at their solution u."""
    u, face, cell = profile.u[0], couple.system.face, couple.system.cell
    g, position, point = face[CONDUCTANCE], face[POSITION], cell[POSITION]
    right = (position - point[:-1]) / (point[1:] - point[:-1])
    D = table.diffusivity(u)
    by_left = D[:-1] * g - 0.5 * position * (1.0 - right)
    by_right = -D[1:] * g - 0.5 * position * right
    band = np.zeros((3, u.size))
    band[1] = 1.0
    band[1, 1:-1] = by_right[:-1] - by_left[1:] - 0.5 * cell[VOLUME, 1:-1]
    band[0, 2:] = -by_right[1:]
    band[2, :-2] = by_left[:-1]
    flows = -np.diff(table.integrals(u)[1:], axis=1) * g
    load = np.zeros((u.size, len(flows) + 2))
    load[1:-1, :-2] = np.diff(flows, axis=1).T
    load[0, -2] = load[-1, -1] = 1.0
    return np.ascontiguousarray(solve_banded((1, 1), band, load).T)


class Sample:
    """A finite sample with closed ends, carried in time and seen at x (N,) at its end.

    averages(faces, own) -> (cells,) makes the start from the sample's own parameters, `own` (j,) to begin with.
    Parameters: p (K,), then the own ones.
    """

    def __init__(
        self,
        diffusivity: Diffusivity,
        x: np.ndarray,
        time: float,
        interval: tuple[float, float],
        averages: Callable[[np.ndarray, np.ndarray], np.ndarray],
        own: np.ndarray,
        jumps: tuple[float, ...],
        cells: int,
    ):
        self.diffusivity, self.x, self.time, self.interval = diffusivity, x, time, interval
        self.averages, self.own, self.jumps, self.cells = averages, own, jumps, cells
        self.grids: list[Grid] = []

    def prepare(self, p: np.ndarray) -> None:
        """Grids for a diffusivity about this one."""
        length = np.sqrt(self.diffusivity.largest(p) * self.time) * max(self.diffusivity.spread(p), 1e-3) ** 0.25
        grid = Domain(interval=self.interval, cells=self.cells).grid(self.jumps, float(length))
        self.grids = [grid, grid.refined()]

    def start(self) -> np.ndarray:
        return self.own.copy()

    def on_grid(self, grid: Grid, p: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Fractions (N,) at x."""
        table = self.diffusivity.table(p)
        system = discretise(equations(table.parameters), grid, CLOSED)
        start = start_of(system, self.averages(grid.faces, own)[None])
        run = Integration(system, start, scheme_named("implicit"), Controls(rtol=RTOL), self.time)
        run.advance(self.time)
        seen = SimilarityProfile(grid, system.cell[POSITION], run.u, 0, 0)
        return seen.integral_and_value(self.x)[1][0]

    def coarse(self, p: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Fractions (N,) at x, on the coarse grid only."""
        return self.on_grid(self.grids[0], p, own)

    def __call__(self, p: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Fractions (N,) at x and their derivatives (N, K + j), difference quotients on the coarse grid."""
        coarse, fine = (self.on_grid(grid, p, own) for grid in self.grids)
        self.discretisation = float(np.abs(fine - coarse).max()) / 3.0
        v = np.concatenate([p, own])
        slopes = np.empty((self.x.size, v.size))
        for j in range(v.size):
            moved = v.copy()
            moved[j] += INCREMENT
            slopes[:, j] = (self.on_grid(self.grids[0], moved[: p.size], moved[p.size :]) - coarse) / INCREMENT
        return (4.0 * fine - coarse) / 3.0, slopes

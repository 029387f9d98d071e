"""Step couples on an infinite line without time steps: one steady solve in l = x / sqrt(t), valid at every time.

    -(l/2) u' = (D u')',   or  0 = -d/dl (J - l u / 2) - u / 2,   J = -D u'

on the finite volumes and with the kernels that every other scheme uses, mass = 0, by Newton's method. With
I(l) = int u dl the flux follows without a derivative: J = (l u - [l u]_left - I) / 2.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.faults import Invalid
from simulator.kernels.newton import similarity
from simulator.kernels.stepping import ACCEPTED, REJECTED, STATE_SIZE, TIME
from simulator.kernels.system import DONE, POSITION
from simulator.laws.law import Equations
from simulator.problem.domain import Domain
from simulator.problem.grid import Grid
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.solve.axis import Axis, face_values
from simulator.solve.controls import Controls
from simulator.solve.discretise import discretise, distances, effective_areas, equations_of
from simulator.solve.integration import Integration, Stepped
from simulator.solve.markers import lattice_fields, lattice_shapes, similar_paths
from simulator.solve.schemes import scheme_named
from simulator.solve.status import raise_unless_done

HALF_WIDTH = 8.0  # of the grid in l, in sqrt(largest D): what lies beyond differs by less than rounding
# Cells in l of a run with few cells in x: fewer let central differences swing in the far cells.
FEWEST = 128
# Newton: a change below this leaves an error of its square, far below that of any grid.
TOLERANCE = 1e-5
ITERATIONS = 60
# A sample is long enough if the profile differs by less than this part of its step at its ends.
FLAT = 1e-4


@dataclass(frozen=True, eq=False)
class SimilarityProfile:
    """u(l) as averages over cells of l = x / sqrt(t), m/s^(1/2).

    at (N+2,): centres of the cells and both ends of the grid; u (m, N+2) there, the far compositions at the ends.
    """

    grid: Grid
    at: np.ndarray
    u: np.ndarray
    iterations: int
    shortened: int

    @property
    def cells(self) -> np.ndarray:
        """Averages of u over the cells (m, N)."""
        return self.u[:, 1:-1]

    @cached_property
    def integral(self) -> np.ndarray:
        """I(l) = int u dl from the left end of the grid, at the faces (m, N+1): exact sums of the cells."""
        h = np.diff(self.grid.faces)
        return np.concatenate((np.zeros((self.u.shape[0], 1)), np.cumsum(self.cells * h, axis=1)), axis=1)

    @cached_property
    def slopes(self) -> np.ndarray:
        """u at the faces (m, N+1): the slopes of the cubic spline through I."""
        return face_values(self.grid.faces, self.cells)

    def integral_and_value(self, at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """I, and u, at l = `at` (k,): (m, k) each; u is constant beyond the grid."""
        faces = self.grid.faces
        inside = np.clip(at, faces[0], faces[-1])
        j = np.clip(np.searchsorted(faces, inside, side="right") - 1, 0, faces.size - 2)
        h = faces[j + 1] - faces[j]
        s = (inside - faces[j]) / h
        I0, I1 = self.integral[:, j], self.integral[:, j + 1]
        u0, u1 = self.slopes[:, j] * h, self.slopes[:, j + 1] * h
        rise = I1 - I0
        c2, c3 = 3.0 * rise - 2.0 * u0 - u1, u0 + u1 - 2.0 * rise
        value = (u0 + s * (2.0 * c2 + 3.0 * s * c3)) / h
        total = I0 + s * (u0 + s * (c2 + s * c3))
        outside = at - inside
        far = np.where(outside < 0.0, self.u[:, :1], self.u[:, -1:])
        return total + far * outside, np.where(outside == 0.0, value, far)

    def averages(self, faces: np.ndarray) -> np.ndarray:
        """Means of u (m, k) between faces in l (k+1,)."""
        return np.diff(self.integral_and_value(faces)[0], axis=1) / np.diff(faces)

    def flux(self, at: np.ndarray) -> np.ndarray:
        """J = -D du/dl (m, k)."""
        total, value = self.integral_and_value(at)
        return 0.5 * (at * value - self.grid.faces[0] * self.u[:, :1] - total)


class SimilarityCouple:
    """Two far compositions (m,) and a law on a grid in l, ready to be solved."""

    def __init__(self, equations: Equations, left: np.ndarray, right: np.ndarray, largest: float, cells: int, T: float):
        """largest: largest interdiffusivity, m^2/s; T: K."""
        reach = HALF_WIDTH * np.sqrt(largest)
        domain = Domain(interval=(-reach, reach), cells=cells, grading="interface")
        self.grid = domain.grid(jumps=(0.0,), length=np.sqrt(largest))
        ends = np.stack([np.array([a, 1.0, 0.0, b, 1.0, 0.0]) for a, b in zip(left, right, strict=True)])
        self.system = discretise(equations, self.grid, ends, temperature=T)
        self.closed_system = discretise(equations, self.grid, np.tile([0.0, 0.0, 1.0], (left.size, 2)), temperature=T)
        self.at = self.system.cell[POSITION]
        rise = (right - left)[:, None]
        self.step = left[:, None] + rise * np.where(self.at > 0.0, 1.0, 0.0)
        self.guess = left[:, None] + rise * 0.5 * (1.0 + np.tanh(self.at / np.sqrt(largest)))

    def solve(self, near: SimilarityProfile | None = None) -> SimilarityProfile:
        """Newton from the profile on another grid, or from one of about the right width; where D is too steep for
        either, from a loose run in time."""
        u, counts = self.guess.copy(), np.zeros(2)
        if near is not None:
            for row, known in zip(u, near.u, strict=True):
                row[:] = np.interp(self.at, near.at, known)
        status = similarity(self.system, u, TOLERANCE, ITERATIONS, counts)
        if status != DONE:
            march = Integration(self.closed_system, self.step, scheme_named("implicit"), Controls(rtol=1e-4), 1.0)
            march.advance(1.0)  # at t = 1 s, x is l
            u = march.u
            status = similarity(self.system, u, TOLERANCE, ITERATIONS, counts)
        raise_unless_done(status, time=0.0, step=0.0, max_steps=ITERATIONS)
        return SimilarityProfile(self.grid, self.at, u, int(counts[0]), int(counts[1]))


class SimilarityLevel(Stepped):
    """A problem by its similarity solution: as many cells in l as the grid has in x, or a multiple, mapped to them."""

    def __init__(self, problem: Problem, axis: Axis, near: "SimilarityLevel | None" = None):
        """near: the same problem on another grid, whose profile is a start for this one."""
        refuse_unless_similar(problem)
        self.problem = problem
        self.axis = axis
        self.grid = axis.grid
        self.near = near
        initial, mixture = problem.initial, problem.mixture
        self.couple = SimilarityCouple(
            equations_of(problem),
            mixture.fractions(initial.left, "initial.left"),
            mixture.fractions(initial.right, "initial.right"),
            axis.largest_diffusivity,
            axis.grid.cells * int(np.ceil(FEWEST / problem.domain.cells)),
            problem.temperature_at(0.0),
        )
        self.u = np.zeros((mixture.m, axis.grid.cells + 2))
        self.state = np.zeros(STATE_SIZE)
        self.step_at = float(axis.of(np.array([initial.at]))[0])
        self.marker_starts = axis.of(np.array(problem.markers, float))
        self.unknowns = (self.u,)

    @cached_property
    def profile(self) -> SimilarityProfile:
        return self.couple.solve(self.near.profile if self.near else None)

    def begin(self, index: int) -> None:
        pass

    def advance(self, end: float, report: Callable[[float], None] | None) -> None:
        # what stands for steps are Newton's, and for rejected ones those that were shortened
        self.state[[ACCEPTED, REJECTED]] = self.profile.iterations, self.profile.shortened
        self.state[TIME] = end
        self.u[:, 1:-1] = self.profile.averages(self.scaled_faces)
        self.u[:, [0, -1]] = self.profile.integral_and_value(self.scaled_faces[[0, -1]])[1]

    @property
    def scaled_faces(self) -> np.ndarray:
        """The faces in l at the time reached."""
        return (self.grid.faces - self.step_at) / np.sqrt(self.state[TIME])

    def fractions(self) -> np.ndarray:
        return self.u[:, 1:-1].copy()

    def flux(self) -> np.ndarray:
        return self.profile.flux(self.scaled_faces) / np.sqrt(self.state[TIME])

    def field_shapes(self) -> dict[str, tuple[int, ...]]:
        return lattice_shapes(self.problem, self.grid) | self.axis.shapes()

    def fields(self) -> dict[str, np.ndarray]:
        problem = self.problem
        if not problem.law.lattice:
            return {}
        T, conductance = problem.temperature_at(0.0), self.face_conductance
        found = lattice_fields(problem, self.axis, conductance, self.u, self.flux(), T)
        if self.marker_starts.size:
            q = self.step_at + similar_paths(
                self.marker_starts - self.step_at, self.state[TIME], self.profile, self.couple.system, problem.law, T
            )
            found["marker_position"] = self.axis.places(q, self.fractions())
        return found

    @cached_property
    def face_conductance(self) -> np.ndarray:
        return effective_areas(self.grid) / distances(self.grid)

    def geometry(self, fractions: np.ndarray, fields: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return self.axis.geometry(fractions)

    def inventory(self) -> np.ndarray:
        return (self.u[:, 1:-1] * self.grid.volumes).sum(axis=1)

    def warnings(self) -> list[str]:
        far = self.profile.u[:, [0, -1]]
        step = np.max(np.abs(far[:, 1] - far[:, 0]))
        reach = np.max(np.abs(self.u[:, [0, -1]] - far))
        if reach <= FLAT * step:
            return []
        return [
            f"the similarity profile still differs by {reach / step:.2g} of its step at an end of the sample: "
            'the sample is not semi-infinite. Lengthen domain.interval, or use solver.scheme = "implicit".'
        ]


def refuse_unless_similar(problem: Problem) -> None:
    """Invalid unless the problem is a step couple whose profiles depend on x / sqrt(t) alone."""
    history = problem.temperature
    reasons = (
        (not isinstance(problem.initial, Step), "start from a step"),
        (problem.domain.geometry != "planar", "be planar"),
        (not problem.boundary.closed or problem.boundary.periodic, "have closed ends"),
        (bool(problem.source), "have no [source]"),
        (bool(problem.law.depends_on & {"t", "x"}), "have coefficients that do not depend on t or x"),
        (history is not None and not history.constant, "keep its temperature"),
        (problem.steady, "end at a time"),
        (0.0 in problem.save, "save times after 0 only"),
    )
    wanted = [reason for wrong, reason in reasons if wrong]
    if wanted:
        raise Invalid.at(
            "solver.scheme", f"similarity is for couples on an infinite line: this one must {', '.join(wanted)}."
        )

"""A couple of two phases on one grid: cells that stretch with their phase, and the interface as one more unknown."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from simulator.faults import Fault, Invalid, NumericsError
from simulator.kernels.system import System
from simulator.kernels.two_phase import AMOUNT, PLACE, SPEED
from simulator.laws.law import Equations
from simulator.laws.two_phase import CONSUMED
from simulator.problem.grid import Grid
from simulator.problem.problem import Problem
from simulator.solve.axis import Axis
from simulator.solve.controls import Controls
from simulator.solve.discretise import NOTHING, discretise, temperature_range
from simulator.solve.integration import Integration
from simulator.solve.levels import TimeLevel
from simulator.solve.schemes import Scheme

# Of the sample: how far from a face a jump of the start may lie by rounding.
ON_A_FACE = 1e-9
# A run that could not go on is one whose phase was consumed if less than this part of the phase is left.
NEARLY_CONSUMED = 2.0 * CONSUMED


class TwoPhaseLevel(TimeLevel):
    """A two-phase couple with closed ends, integrated over its temperature history.

    u (3, N+2): amount, interface and its speed, see `simulator.kernels.two_phase`. Raises Invalid for what such a
    couple cannot do and where no face of the grid lies on the interface; NumericsError when a phase is consumed.
    """

    def __init__(self, problem: Problem, axis: Axis, scheme: Scheme, controls: Controls):
        faults = problem.law.check_problem(problem)
        if scheme.family == "similarity":
            text = 'similarity does not follow an interface between phases; use "implicit".'
            faults.append(Fault("solver.scheme", text))
        if faults:
            raise Invalid(*faults)
        self.problem = problem
        self.axis = axis
        self.grid = grid = axis.grid
        self.markers = None
        self.breaks = problem.temperature.breaks if problem.temperature is not None else ()
        self.face = interface_face(problem, grid)
        self.start = self.scaled(grid.faces[self.face])
        cells = axis.start[0]
        system = self.system()
        u = np.zeros((3, grid.cells + 2))
        u[AMOUNT] = np.concatenate((cells[:1], cells, cells[-1:]))
        u[PLACE] = self.start
        system.ends[AMOUNT, [0, 3]] = cells[[0, -1]]
        self.integration = Integration(system, u, scheme, controls, problem.end)
        self.set_temperature(0.0, min([*self.breaks, problem.end]))
        self.integration.settle()
        self.u = self.integration.u
        self.state = self.integration.state
        self.unknowns = (self.u,)

    def scaled(self, x):
        """(x - a) / (b - a)."""
        a, b = self.grid.interval
        return (x - a) / (b - a)

    def equations(self) -> Equations:
        """The law's, with the sizes of this run: errors of the interface count beside the diffusion length."""
        law, problem = self.problem.law, self.problem
        lowest, highest = problem.reachable_range()
        a, b = self.grid.interval
        length = problem.diffusion_length
        size = min(1.0, length / (b - a)) if np.isfinite(length) else 1.0
        least = np.array([self.start, 1.0 - self.start]) * CONSUMED
        return replace(
            law.equations(lowest, highest, temperature_range(problem), self.face),
            scale=np.array([1.0, size, size / problem.end]),
            bounds=np.array([[0.0, 1.0, 0.0, -least[0]], [0.0, -1.0, 0.0, 1.0 - least[1]]]),
        )

    def system(self) -> System:
        """Ends that hold their amount, of which nothing is asked, and the speed beside them."""
        history = self.problem.temperature
        held, passed = [0.0, 1.0, 0.0], [0.0, 1.0, -1.0]
        ends = np.array([2 * held, [self.start, 1.0, 0.0] * 2, 2 * passed])
        varies = history is not None and not history.constant
        return discretise(
            self.equations(),
            self.grid,
            ends,
            temperature=np.nan if history is None else history(0.0),
            temperature_program=history.program.code if varies and history.program is not None else NOTHING,
        )

    def advance(self, end: float, report: Callable[[float], None] | None) -> None:
        try:
            super().advance(end, report)
        except NumericsError as failure:
            left = self.interface / self.start, (1.0 - self.interface) / (1.0 - self.start)
            phase = int(np.argmin(left))
            if left[phase] > NEARLY_CONSUMED:
                raise
            thickness = abs(self.interface_position - self.grid.interval[phase])
            raise NumericsError(
                f"the phase {('alpha', 'beta')[phase]} is consumed at about t = {self.integration.time:.4g} s: "
                f"{thickness:.2g} m of it are left. End the run before, or lengthen its side of domain.interval."
            ) from failure

    @property
    def interface(self) -> float:
        """The interface as a part of the sample."""
        return float(self.u[PLACE, self.face])

    @property
    def interface_position(self) -> float:
        """m."""
        a, b = self.grid.interval
        return a + (b - a) * self.interface

    @property
    def stretch(self) -> np.ndarray:
        """Of every cell (N,), relative to the start."""
        alpha, beta = self.interface / self.start, (1.0 - self.interface) / (1.0 - self.start)
        return np.where(np.arange(self.grid.cells) < self.face, alpha, beta)

    def fractions(self) -> np.ndarray:
        return (self.u[AMOUNT, 1:-1] / self.stretch)[None]

    def inventory(self) -> np.ndarray:
        return np.array([(self.u[AMOUNT, 1:-1] * self.grid.volumes).sum()])

    def flux(self) -> np.ndarray:
        """-D grad x at the faces (1, N+1), m/s, the sample at rest; at the interface the mean of its two sides."""
        x = self.fractions()[0]
        faces, widths = self.grid.faces, np.diff(self.grid.faces)
        share = widths[:-1] / (widths[:-1] + widths[1:])
        at_faces = np.concatenate(([0.0], (1.0 - share) * x[:-1] + share * x[1:], [0.0]))
        at_faces[self.face] = np.mean(self.problem.law.limits(self.problem.temperature_at(self.integration.time, -1)))
        a, b = self.grid.interval
        speed = self.u[SPEED, self.face] * (b - a)
        start = faces[self.face]
        passing = speed * np.minimum((faces - a) / (start - a), (b - faces) / (b - start))
        return (self.integration.fluxes()[AMOUNT] + passing * at_faces)[None]

    def field_shapes(self) -> dict[str, tuple[int, ...]]:
        cells = self.grid.cells
        return {"interface_position": (1,), "position": (cells,), "position_face": (cells + 1,)}

    def fields(self) -> dict[str, np.ndarray]:
        return {"interface_position": np.array([self.interface_position])}

    def geometry(self, fractions: np.ndarray, fields: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Centres (N,) and faces (N+1,) of the cells in m for an interface at fields["interface_position"]."""
        a, b = self.grid.interval
        start, s = self.grid.faces[self.face], float(fields["interface_position"][0])
        faces = self.grid.faces
        alpha, beta = a + (faces - a) * ((s - a) / (start - a)), b - (b - faces) * ((b - s) / (b - start))
        moved = np.where(np.arange(faces.size) < self.face, alpha, beta)
        return {"position": 0.5 * (moved[1:] + moved[:-1]), "position_face": moved}


def interface_face(problem: Problem, grid: Grid) -> int:
    """The number of the face at which the start jumps; Invalid where none lies there."""
    a, b = grid.interval
    (jump,) = (x for x in problem.initial.jumps if a < x < b)
    face = int(np.argmin(np.abs(grid.faces - jump)))
    if abs(grid.faces[face] - jump) > ON_A_FACE * (b - a):
        text = 'the interface must lie on a face of the grid: use grading = "interface" and an even number of cells.'
        raise Invalid.at("domain.cells", text)
    return face

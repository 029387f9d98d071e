"""A problem on one grid: what `solve` asks of a scheme in time and of the similarity solution alike."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from simulator.kernels.system import CONDUCTANCE
from simulator.problem.problem import Problem
from simulator.solve.axis import Axis
from simulator.solve.controls import Controls
from simulator.solve.discretise import effective_areas, equations_of, must_settle, start_of, system_of
from simulator.solve.integration import Integration
from simulator.solve.markers import Markers, lattice_fields, lattice_shapes
from simulator.solve.schemes import Scheme


class Level(Protocol):
    """A problem on one axis. unknowns, state: the arrays that a checkpoint holds and `restore` writes into."""

    unknowns: tuple[np.ndarray, ...]
    state: np.ndarray

    def begin(self, index: int) -> None:
        """Called before the way to each saved state: what a sweep changes, changes here."""

    def advance(self, end: float, report: Callable[[float], None] | None) -> None: ...

    def fractions(self) -> np.ndarray:
        """Averages of the unknowns over the cells (m, N)."""

    def flux(self) -> np.ndarray:
        """Fluxes through the faces (m, N+1), m/s: times the reference volume, where there is one."""

    def field_shapes(self) -> dict[str, tuple[int, ...]]:
        """The FIELDS that every snapshot will have, with their shapes."""

    def fields(self) -> dict[str, np.ndarray]:
        """The FIELDS at the faces, of markers and of interfaces."""

    def geometry(self, fractions: np.ndarray, fields: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The FIELDS that say where the cells are, for averages and fields as they will be saved."""

    def inventory(self) -> np.ndarray: ...

    def warnings(self) -> list[str]: ...

    @property
    def steps(self) -> int: ...

    @property
    def rejected_steps(self) -> int: ...


class TimeLevel:
    """A problem on one axis, integrated over its temperature history."""

    def __init__(self, problem: Problem, axis: Axis, scheme: Scheme, controls: Controls):
        self.problem = problem
        self.axis = axis
        self.grid = axis.grid
        self.areas = effective_areas(axis.grid)
        self.breaks = problem.temperature.breaks if problem.temperature is not None else ()
        span = np.inf if problem.steady else problem.end
        system = system_of(problem, equations_of(problem), axis.grid)
        self.integration = Integration(system, start_of(system, axis.start), scheme, controls, span)
        self.set_temperature(0.0, min([*self.breaks, span]))
        if must_settle(system):
            self.integration.settle()
        self.u = self.integration.u
        self.state = self.integration.state
        self.markers = Markers(problem, axis, system.face[CONDUCTANCE]) if problem.markers else None
        self.unknowns = (self.u,) if self.markers is None else (self.u, self.markers.q)

    def begin(self, index: int) -> None:
        pass

    @property
    def steps(self) -> int:
        return self.integration.steps

    @property
    def rejected_steps(self) -> int:
        return self.integration.rejected_steps

    def advance(self, end: float, report: Callable[[float], None] | None) -> None:
        if not np.isfinite(end):
            self.integration.relax(self.steady_step())
            return
        begin = self.integration.time
        for stop in (*(b for b in self.breaks if begin < b < end), end):
            self.set_temperature(self.integration.time, stop)
            if self.integration.time in self.breaks:
                self.integration.settle()
            if self.markers is None:
                self.integration.advance(stop, report)
            else:
                self.advance_with_markers(stop, report)

    def advance_with_markers(self, end: float, report: Callable[[float], None] | None) -> None:
        """Step by step: the markers follow every step that was accepted."""
        last = [self.integration.time, self.u.copy(), self.rates()]

        def follow(time: float) -> None:
            if time > last[0]:
                state, rates = self.u.copy(), self.rates()
                self.markers.follow(*last, time, state, rates)
                last[:] = time, state, rates
            if report is not None:
                report(time)

        self.integration.advance(end, follow, single=True)

    def rates(self) -> np.ndarray:
        """du/dt at the points (m, N+2); an end changes as its neighbour does, unless it is held."""
        F = self.integration.fluxes()
        rates = np.empty_like(self.u)
        rates[:, 1:-1] = (F[:, :-1] - F[:, 1:]) / self.grid.volumes
        held = self.integration.system.ends[:, [1, 4]] != 0.0
        rates[:, 0] = np.where(held[:, 0], 0.0, rates[:, 1])
        rates[:, -1] = np.where(held[:, 1], 0.0, rates[:, -2])
        return rates

    def set_temperature(self, begin: float, end: float) -> None:
        """The straight line that the temperature follows between two breaks, as the kernels read it."""
        history = self.problem.temperature
        if history is not None and not history.constant and history.program is None:
            self.integration.system.temperature[:] = history.segment(begin, end)

    def steady_step(self) -> float:
        """A first step for the way to a steady state: the time to cross one cell at the largest diffusivity."""
        D = self.problem.largest_diffusivity
        width = float(np.min(np.diff(self.grid.faces)))
        return width * width / D if np.isfinite(D) and D > 0.0 else 1.0

    def fractions(self) -> np.ndarray:
        return self.u[: self.problem.mixture.m, 1:-1].copy()

    def flux(self) -> np.ndarray:
        """Fluxes (m, N+1), per area."""
        return self.integration.fluxes()[: self.problem.mixture.m] / self.areas

    def field_shapes(self) -> dict[str, tuple[int, ...]]:
        return lattice_shapes(self.problem, self.grid) | self.axis.shapes()

    def fields(self) -> dict[str, np.ndarray]:
        if not lattice_shapes(self.problem, self.grid):
            return {}
        T = self.problem.temperature_at(self.integration.time, -1)
        conductance = self.integration.system.face[CONDUCTANCE]
        found = lattice_fields(self.problem, self.axis, conductance, self.u, self.flux(), T)
        if self.markers is not None:
            found["marker_position"] = self.axis.places(self.markers.q, self.fractions())
        return found

    def geometry(self, fractions: np.ndarray, fields: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return self.axis.geometry(fractions)

    def inventory(self) -> np.ndarray:
        """Integral of every independent mole fraction over the sample (m,)."""
        return (self.u[: self.problem.mixture.m, 1:-1] * self.grid.volumes).sum(axis=1)

    def warnings(self) -> list[str]:
        return []

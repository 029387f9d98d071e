"""A problem on one grid: what `solve` asks of a scheme in time and of the similarity solution alike."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from simulator.problem.grid import Grid
from simulator.problem.problem import Problem
from simulator.solve.controls import Controls
from simulator.solve.discretise import effective_areas, equations_of, must_settle, start_of, system_of
from simulator.solve.integration import Integration
from simulator.solve.schemes import Scheme


class Level(Protocol):
    """u (m, n) and state: what a checkpoint holds."""

    u: np.ndarray
    state: np.ndarray

    def advance(self, end: float, report: Callable[[float], None] | None) -> None: ...

    def fractions(self) -> np.ndarray: ...

    def flux(self) -> np.ndarray: ...

    def inventory(self) -> np.ndarray: ...

    def warnings(self) -> list[str]: ...

    @property
    def steps(self) -> int: ...

    @property
    def rejected_steps(self) -> int: ...


class TimeLevel:
    """A problem on one grid, integrated over its temperature history."""

    def __init__(self, problem: Problem, grid: Grid, scheme: Scheme, controls: Controls):
        self.problem = problem
        self.grid = grid
        self.areas = effective_areas(grid)
        self.breaks = problem.temperature.breaks if problem.temperature is not None else ()
        span = np.inf if problem.steady else problem.end
        system = system_of(problem, equations_of(problem), grid)
        self.integration = Integration(system, start_of(problem, system, grid), scheme, controls, span)
        self.set_temperature(0.0, min([*self.breaks, span]))
        if must_settle(system):
            self.integration.settle()
        self.u = self.integration.u
        self.state = self.integration.state

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
            self.integration.advance(stop, report)

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

    def inventory(self) -> np.ndarray:
        """Integral of every independent mole fraction over the sample (m,)."""
        return (self.u[: self.problem.mixture.m, 1:-1] * self.grid.volumes).sum(axis=1)

    def warnings(self) -> list[str]:
        return []

"""What a run leaves: profiles at the saved times, fluxes, and how good they are."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from simulator.problem.grid import Grid
from simulator.problem.problem import Problem
from simulator.solve.controls import Controls

DIAGNOSTICS = ("steps", "rejected_steps", "error_estimate", "conservation_error", "smallest_value", "seconds")


@dataclass(frozen=True)
class Snapshot:
    """One saved time. mole_fraction (n, N) cell averages of all components; flux (n, N+1) at the faces, m/s;
    temperature K; diagnostics: a value for each name in DIAGNOSTICS, counted from the start of the run."""

    time: float
    mole_fraction: np.ndarray
    flux: np.ndarray
    temperature: float
    diagnostics: dict[str, float]


@dataclass(frozen=True)
class Checkpoint:
    """All that a run needs to go on from a saved time to the same numbers: u, every unknown of every grid it carries;
    h, the step control's state."""

    index: int
    time: float
    u: np.ndarray
    h: np.ndarray


@dataclass
class Result:
    """Profiles at the saved times, with the problem that they solve."""

    problem: Problem
    controls: Controls
    grid: Grid
    snapshots: list[Snapshot]
    warnings: list[str] = field(default_factory=list)
    status: str = "complete"
    source: str = ""

    @property
    def components(self) -> tuple[str, ...]:
        return self.problem.mixture.components

    @property
    def x(self) -> np.ndarray:
        """Cell centres (N,), m."""
        return self.grid.centres

    @cached_property
    def time(self) -> np.ndarray:
        """Saved times (t,), s."""
        return np.array([snapshot.time for snapshot in self.snapshots])

    @cached_property
    def mole_fraction(self) -> np.ndarray:
        """(t, n, N), cell averages."""
        return np.stack([snapshot.mole_fraction for snapshot in self.snapshots])

    @cached_property
    def flux(self) -> np.ndarray:
        """(t, n, N+1) at the faces, m/s (times 1/V_m: mol/(m2 s)), positive towards +x."""
        return np.stack([snapshot.flux for snapshot in self.snapshots])

    def diagnostics(self, name: str) -> np.ndarray:
        """(t,) values of one of DIAGNOSTICS."""
        return np.array([snapshot.diagnostics[name] for snapshot in self.snapshots])

    def profile(self, time: float | str | None = None):
        """The profile that an experimenter would measure at the saved time nearest to `time` (s, or "100 h"; the last
        one by default).
        """
        from simulator.solve.profile import profile_of

        return profile_of(self, time)

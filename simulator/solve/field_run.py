"""solve_field(problem, controls) -> FieldResult: two and three dimensions."""

import time as clock
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from simulator.faults import Invalid, NumericsError
from simulator.laws.separating_law import ENOUGH_CELLS, FEWEST_CELLS
from simulator.problem.field_problem import FieldProblem
from simulator.solve.controls import Controls
from simulator.solve.field_result import FieldResult, FieldSnapshot, Gaps, LiveField
from simulator.solve.microstructure import interface_width
from simulator.solve.result import Checkpoint

# Of its size, that rounding may raise the free energy from one saved time to the next.
ENERGY_ROUNDING = 1e-12


class FieldRecord(Protocol):
    """Keeps fields as they come: what `simulator.files.field_file` writes to disk. `saved` returns what reads the field
    again, so that it need not stay in memory, or None."""

    def begin(self, state_size: int, control_size: int, fields: Mapping[str, tuple[int, ...]]) -> None: ...

    def saved(self, index: int, snapshot: FieldSnapshot, checkpoint: Checkpoint) -> Callable | None: ...

    def finish(self, status: str, warnings: Sequence[str]) -> None: ...


class FieldRun:
    """A problem on its box, and what is known of it at a saved time."""

    def __init__(self, problem: FieldProblem, controls: Controls):
        from simulator.solve.field_integration import integration_of

        self.problem = problem
        # Before the arrays of the run are made: this looks at a start of its own.
        self.said = list(problem.warnings())
        self.integration = integration_of(problem, controls)
        self.seconds = 0.0
        self.inventory = np.array(self.mean())
        constant = problem.temperature is None or problem.temperature.constant
        self.falls = constant and not problem.source
        self.time, self.energy = 0.0, float(self.integration.free_energy())
        self.size = abs(self.energy)
        self.gaps, self.narrowest = Gaps(problem.law), float("inf")

    def mean(self) -> np.ndarray:
        """Mean of each unknown (m,)."""
        u = self.integration.u
        return u.reshape(len(u), -1).mean(axis=1)

    def advance(self, end: float, report: Callable[[float], None] | None) -> None:
        began = clock.perf_counter()
        self.integration.advance(end, report)
        self.seconds += clock.perf_counter() - began

    def snapshot(self, time: float) -> FieldSnapshot:
        """What is known now; its field is a view of the state that the next step overwrites."""
        integration, mixture = self.integration, self.problem.mixture
        energy = float(integration.free_energy())
        self.check_energy(time, energy)
        values = LiveField(mixture, integration.u)
        diagnostics = {
            "steps": float(integration.steps),
            "rejected_steps": float(integration.rejected_steps),
            "error_estimate": float(integration.error),
            "conservation_error": self.conservation_error(),
            "smallest_value": min(float(slab.min()) for _, slab in values.slabs()),
            "seconds": self.seconds,
        }
        T = self.problem.temperature_at(time, -1)
        self.check_width(time, T)
        return FieldSnapshot(time, values, energy, T, diagnostics)

    def check_energy(self, time: float, energy: float) -> None:
        """At a constant temperature, with nothing coming in, diffusion can only lower the free energy."""
        self.size = max(self.size, abs(energy))
        rise = energy - self.energy
        if not np.isfinite(energy):
            raise NumericsError(f"the free energy is not a number at t = {time:g} s.")
        if self.falls and rise > ENERGY_ROUNDING * self.size:
            raise NumericsError(
                f"the free energy rose by {rise:.3g} J/mol between t = {self.time:g} s and t = {time:g} s, to "
                f"{energy:.10g} J/mol, where it can only fall: the time steps are not accurate enough. "
                "Make solver.rtol smaller."
            )
        self.time, self.energy = time, energy

    def conservation_error(self) -> float:
        """Largest change of the mean of an unknown since the start; nan where a source adds to it."""
        return float("nan") if self.problem.source else float(np.max(np.abs(self.mean() - self.inventory)))

    def check_width(self, time: float, T: float) -> None:
        """The interfaces of a binary that has un-mixed, in cells."""
        problem, u = self.problem, self.integration.u
        if problem.mixture.m > 1 or time == 0.0:
            return
        gap = self.gaps.around(float(self.mean()[0]), T)
        if gap is None:
            return
        spacing = problem.box.spacing
        cells = interface_width(u[0], spacing, problem.sides, gap.low, gap.high) / max(spacing)
        if cells < FEWEST_CELLS:
            raise NumericsError(
                f"the interfaces are {cells:.2g} cells wide at t = {time:g} s, which no grid resolves: use "
                f"{ENOUGH_CELLS / cells:.2g} times as many cells along each axis, a smaller domain, or a larger "
                "law.gradient_energy."
            )
        self.narrowest = min(self.narrowest, cells) if cells == cells else self.narrowest

    def warnings(self) -> list[str]:
        """What the problem warns of, and interfaces that came out narrower than its own estimate said."""
        said = list(self.said)
        if self.narrowest < ENOUGH_CELLS and not any("interface" in sentence for sentence in said):
            said.append(
                f"The interfaces are {self.narrowest:.2g} cells wide, measured in the fields: their energy and the "
                f"compositions beside them are off by per cents. Use {ENOUGH_CELLS / self.narrowest:.2g} times as many "
                "cells along each axis, or a smaller domain."
            )
        return said

    def checkpoint(self, index: int, time: float) -> Checkpoint:
        """Views of the state: to be written before the next step."""
        return Checkpoint(index, time, self.integration.u.reshape(-1), np.asarray(self.integration.state).reshape(-1))

    def restore(self, checkpoint: Checkpoint, snapshots: Sequence[FieldSnapshot]) -> None:
        integration = self.integration
        if checkpoint.u.size != integration.u.size or checkpoint.h.size != np.size(integration.state):
            raise Invalid.at(
                "", "the file's checkpoint does not fit this case: its grid or scheme was changed. Use --force."
            )
        integration.u[...] = np.reshape(checkpoint.u, integration.u.shape)
        integration.state[...] = np.reshape(checkpoint.h, np.shape(integration.state))
        self.seconds = snapshots[-1].diagnostics["seconds"]
        self.time, self.energy = snapshots[-1].time, snapshots[-1].free_energy
        self.size = max(self.size, *(abs(snapshot.free_energy) for snapshot in snapshots))


def solve_field(
    problem: FieldProblem,
    controls: Controls | None = None,
    *,
    record: FieldRecord | None = None,
    progress: Callable[[float], None] | None = None,
    resume: tuple[Sequence[FieldSnapshot], Checkpoint] | None = None,
) -> FieldResult:
    """Solve a problem in two or three dimensions and return its fields at the saved times.

    record: is given every field as soon as it exists, with a checkpoint; progress: is told the fraction done; resume:
    snapshots and checkpoint of an earlier run of the same problem, which goes on to the same numbers, bit for bit.
    At a constant temperature without a source the free energy must not rise from one saved time to the next by more
    than 1e-12 of its size. Raises Invalid for a problem that makes no sense, NumericsError for one that cannot be
    solved, or whose energy rises.
    """
    problem.check()
    controls = controls or Controls()
    run = FieldRun(problem, controls)
    snapshots = list(resume[0]) if resume else []
    if resume:
        run.restore(resume[1], snapshots)
    if record is not None:
        first = run.checkpoint(-1, 0.0)
        record.begin(first.u.size, first.h.size, {})
    report = None
    if progress is not None:

        def report(t: float) -> None:
            progress(t / problem.end)

    for index in range(len(snapshots), len(problem.stops)):
        end = problem.stops[index]
        run.advance(end, report)
        snapshot, read = run.snapshot(end), None
        if record is not None:
            read = record.saved(index, snapshot, run.checkpoint(index, end))
        values = snapshot.composition if read is None else read
        snapshots.append(FieldSnapshot(end, values, snapshot.free_energy, snapshot.temperature, snapshot.diagnostics))
    warnings = run.warnings()
    if record is not None:
        record.finish("complete", warnings)
    return FieldResult(problem, controls, snapshots, warnings)

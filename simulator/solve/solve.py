"""solve(problem, controls) -> Result.

Every run is made on two grids, which gives its error estimate: on n and n/2 cells, or, with `extrapolate`, on n and 2n
cells, whose Richardson combination (4 fine - coarse)/3 is then the result.
"""

import time as clock
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from simulator.faults import Invalid
from simulator.problem.field_problem import FieldProblem
from simulator.problem.grid import Grid
from simulator.problem.problem import Problem
from simulator.solve.axis import axes_of
from simulator.solve.controls import Controls
from simulator.solve.layers import LayerLevel
from simulator.solve.levels import Level, TimeLevel
from simulator.solve.result import FIELDS, Checkpoint, Result, Snapshot
from simulator.solve.schemes import SCHEMES, Scheme, scheme_named
from simulator.solve.similarity import SimilarityLevel
from simulator.solve.two_phase import TwoPhaseLevel

# Below this many cells the half grid says nothing.
FEWEST_CELLS = 8


class Record(Protocol):
    """Keeps snapshots as they come: what `simulator.files.hdf5` writes to disk."""

    def begin(self, state_size: int, control_size: int, fields: Mapping[str, tuple[int, ...]]) -> None: ...

    def saved(self, index: int, snapshot: Snapshot, checkpoint: Checkpoint) -> None: ...

    def finish(self, status: str, warnings: Sequence[str]) -> None: ...


class Run:
    """A problem on its grids, and what is known of it at a saved time."""

    def __init__(self, problem: Problem, controls: Controls):
        self.problem = problem
        self.controls = controls
        self.grid = problem.grid
        self.companion = self.grid.refined() if controls.extrapolate else companion(self.grid)
        self.levels = self.make_levels()
        self.seconds = 0.0
        self.inventory = self.levels[0].inventory()

    def make_levels(self) -> list[Level]:
        """The problem on the main grid and on its companion."""
        scheme = scheme_named(self.controls.scheme)
        if self.problem.law.kind == "line-compounds":
            return [self.layers(scheme)]
        axes = axes_of(self.problem, [self.grid] if self.companion is None else [self.grid, self.companion])
        if self.problem.law.kind == "two-phase":
            return [TwoPhaseLevel(self.problem, axis, scheme, self.controls) for axis in axes]
        if self.problem.law.kind == "nernst-planck":
            from simulator.solve.ions import IonLevel

            return [IonLevel(self.problem, axis, scheme, self.controls) for axis in axes]
        if self.problem.law.separates:
            from simulator.solve.separation import SeparationLevel

            return [SeparationLevel(self.problem, axis, scheme, self.controls) for axis in axes]
        if scheme.family != "similarity":
            return [TimeLevel(self.problem, axis, scheme, self.controls) for axis in axes]
        levels: list[Level] = []
        for axis in axes:
            levels.append(SimilarityLevel(self.problem, axis, levels[0] if levels else None))
        return levels

    def layers(self, scheme: Scheme) -> LayerLevel:
        """Layers of line compounds: uniform, and so exact on any grid; no other says more."""
        if scheme is not SCHEMES[0] or self.controls.extrapolate:
            text = "layers of line compounds are ordinary differential equations; leave scheme and extrapolate out."
            raise Invalid.at("solver", text)
        self.companion = None
        return LayerLevel(self.problem, self.grid)

    def begin(self, index: int) -> None:
        """Prepare every level for the saved state `index`."""
        for level in self.levels:
            level.begin(index)

    def advance(self, begin: float, end: float, report: Callable[[float], None] | None) -> None:
        """Carry every level from one saved time to the next; report(part) is told the part of that which is done."""
        began = clock.perf_counter()
        for k, level in enumerate(self.levels):
            told = None
            if report is not None and np.isfinite(end):

                def told(t: float, k: int = k) -> None:
                    report((k + (t - begin) / (end - begin)) / len(self.levels))

            level.advance(end, told)
        self.seconds += clock.perf_counter() - began

    def combined(self, main: np.ndarray, other: np.ndarray) -> np.ndarray:
        """Richardson's combination where it was asked for, the main grid's values otherwise."""
        return (4.0 * other - main) / 3.0 if self.controls.extrapolate else main

    def error_estimate(self, main: np.ndarray, other: np.ndarray | None) -> float:
        """Largest error expected: of the main grid's values, or of the fine grid's when they are extrapolated."""
        if other is None:
            return float("nan")
        return float(np.max(np.abs(main - other)) / 3.0)

    def snapshot(self, time: float) -> Snapshot:
        main = self.levels[0]
        fractions, flux, fields = main.fractions(), main.flux(), main.fields()
        estimate = self.error_estimate(fractions, None)
        if self.companion is not None:
            other = self.levels[1]
            if self.controls.extrapolate:
                merged = main.grid.merge(other.fractions())
                estimate = self.error_estimate(fractions, merged)
                fractions = self.combined(fractions, merged)
                flux = self.combined(flux, other.flux()[:, ::2])
                for name, values in other.fields().items():
                    fields[name] = self.combined(fields[name], on_main(main.grid, name, values))
            else:
                estimate = self.error_estimate(other.grid.merge(fractions), other.fractions())
        fields |= main.geometry(fractions, fields)
        everything = self.problem.mixture.complete(fractions)
        diagnostics = {
            "steps": float(main.steps),
            "rejected_steps": float(main.rejected_steps),
            "error_estimate": estimate,
            "conservation_error": self.conservation_error(main),
            "smallest_value": float(everything.min()),
            "seconds": self.seconds,
        }
        temperature = self.problem.temperature_at(time, -1)
        return Snapshot(time, everything, self.fluxes(flux), temperature, diagnostics, fields)

    def fluxes(self, flux: np.ndarray) -> np.ndarray:
        """Fluxes (n, N+1) of all components in the number-fixed frame from those of the independent ones: in mol/(m2 s)
        where a molar volume is known.
        """
        mixture, volume = self.problem.mixture, self.problem.molar_volume
        if not mixture.dependent:
            return flux
        rows = dict(zip(mixture.independent, flux, strict=True))
        rows[mixture.dependent] = -np.tensordot(mixture.on_lattice, flux, 1)
        everything = np.stack([rows[name] for name in mixture.components])
        return everything if volume is None else everything / volume.reference

    def conservation_error(self, main: Level) -> float:
        """Largest change of a component's inventory, relative to the whole; nan where material may come or go."""
        boundary = self.problem.boundary
        if self.problem.source or not (boundary.periodic or boundary.closed) or isinstance(main, SimilarityLevel):
            return float("nan")
        return float(np.max(np.abs(main.inventory() - self.inventory)) / main.grid.volumes.sum())

    @property
    def unknowns(self) -> list[np.ndarray]:
        """Every array that a checkpoint holds, of all levels."""
        return [array for level in self.levels for array in level.unknowns]

    def checkpoint(self, index: int, time: float) -> Checkpoint:
        u = np.concatenate([array.ravel() for array in self.unknowns])
        h = np.concatenate([level.state for level in self.levels])
        return Checkpoint(index, time, u, h)

    def restore(self, checkpoint: Checkpoint, seconds: float) -> None:
        self.seconds = seconds
        u, h = np.array(checkpoint.u), np.array(checkpoint.h)
        if u.size != sum(array.size for array in self.unknowns):
            raise Invalid.at(
                "", "the file's checkpoint does not fit this case: its grid or scheme was changed. Use --force."
            )
        for array in self.unknowns:
            array[...] = u[: array.size].reshape(array.shape)
            u = u[array.size :]
        for level in self.levels:
            level.state[...] = h[: level.state.size]
            h = h[level.state.size :]


def on_main(grid: Grid, name: str, values: np.ndarray) -> np.ndarray:
    """One of FIELDS on the refinement of a grid, as it is on the grid itself."""
    if "x_face" in FIELDS[name].dimensions:
        return values[..., ::2]
    return grid.merge(values) if "x" in FIELDS[name].dimensions else values


def companion(grid: Grid) -> Grid | None:
    """The grid of n/2 cells that the error estimate comes from."""
    return grid.coarsened() if grid.cells >= FEWEST_CELLS else None


def solve(
    problem: Problem,
    controls: Controls | None = None,
    *,
    record: Record | None = None,
    progress: Callable[[float], None] | None = None,
    resume: tuple[Sequence[Snapshot], Checkpoint] | None = None,
) -> Result:
    """Solve a problem and return its profiles at the saved times.

    record: is given every snapshot as soon as it exists, with a checkpoint; progress: is told the fraction done,
    several times a second; resume: snapshots and checkpoint of an earlier run of the same problem, which goes on to
    the same numbers, bit for bit. Raises Invalid for a problem that makes no sense, NumericsError for one that cannot
    be solved. Of a FieldProblem it returns a FieldResult, see `simulator.solve.field_run`.
    """
    if isinstance(problem, FieldProblem):
        from simulator.solve.field_run import solve_field

        return solve_field(problem, controls, record=record, progress=progress, resume=resume)
    problem.check()
    controls = controls or Controls()
    run = Run(problem, controls)
    snapshots = list(resume[0]) if resume else []
    if resume:
        run.restore(resume[1], snapshots[-1].diagnostics["seconds"] if snapshots else 0.0)
    if record is not None:
        first = run.checkpoint(-1, 0.0)
        record.begin(first.u.size, first.h.size, run.levels[0].field_shapes())
    times = problem.stops
    for index in range(len(snapshots), len(times)):
        begin, end = times[index - 1] if index else 0.0, times[index]
        report = None
        if progress is not None and not problem.steady:

            def report(part: float, begin: float = begin, end: float = end) -> None:
                progress((begin + (end - begin) * part) / times[-1])

        run.begin(index)
        run.advance(begin, end, report)
        if progress is not None and problem.steady:
            progress((index + 1) / len(times))
        snapshots.append(run.snapshot(end))
        if record is not None:
            record.saved(index, snapshots[-1], run.checkpoint(index, end))
    warnings = [*problem.warnings(), *run.levels[0].warnings()]
    if record is not None:
        record.finish("complete", warnings)
    return Result(problem, controls, run.grid, snapshots, warnings)

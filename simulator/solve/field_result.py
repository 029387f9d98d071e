"""What a run in two or three dimensions leaves: fields at the saved times, free energy, and what they look like."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from simulator.faults import Invalid, NumericsError
from simulator.laws.interface import interface_energy
from simulator.laws.units import number
from simulator.problem.box import Box
from simulator.problem.field_problem import FieldProblem
from simulator.solve.controls import Controls
from simulator.solve.microstructure import (
    Spectrum,
    energy_length,
    first_moment,
    gradient_energy,
    has_both,
    interface_width,
    lever_rule,
    phase_fraction,
    structure_factor,
)

SLAB = 2**18  # cells


class LiveField:
    """Mole fractions of all components, made from the unknowns of a run when they are asked for."""

    def __init__(self, mixture, u: np.ndarray):
        self.mixture = mixture
        self.u = u

    def __call__(self) -> np.ndarray:
        """(n, [nz,] ny, nx)."""
        return self.mixture.complete(self.u)

    def slabs(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Parts along the slowest axis: all at once would need twice the memory of the unknowns."""
        count = self.u.shape[1]
        step = max(1, SLAB * count // self.u[0].size)
        for start in range(0, count, step):
            place = slice(start, min(start + step, count))
            yield place, self.mixture.complete(self.u[:, place])


@dataclass(frozen=True)
class FieldSnapshot:
    """One saved time. values: mole fractions (n, [nz,] ny, nx) of all components, or what reads them when they are
    asked for; free_energy: mean of G + (1/2) sum kappa_ij grad u_i grad u_j, J/mol; temperature K; diagnostics: a value
    for each name in DIAGNOSTICS, counted from the start of the run.
    """

    time: float
    values: np.ndarray | Callable[[], np.ndarray]
    free_energy: float
    temperature: float
    diagnostics: dict[str, float]

    @property
    def composition(self) -> np.ndarray:
        return self.values() if callable(self.values) else self.values


class EnergyParts(NamedTuple):
    """Means over the box, J/mol (t,): of G, and of (1/2) sum kappa_ij grad u_i grad u_j."""

    bulk: np.ndarray
    gradient: np.ndarray


class Lengths(NamedTuple):
    """energy: sigma/(F - F_bulk), m (t,), nan outside a miscibility gap and until both phases are there: F - F_bulk is
    not the energy of interfaces then; wave: 2 pi/<k> of the structure factor, m (t,)."""

    energy: np.ndarray
    wave: np.ndarray


class PhaseFractions(NamedTuple):
    """Parts (t,) of the volume that are the phase of the higher composition: measured, and by the lever rule at the
    binodal of each temperature; nan outside a miscibility gap."""

    measured: np.ndarray
    lever: np.ndarray


class Gap(NamedTuple):
    """Compositions of the two phases that a mean lies between; sigma, J m/mol, of the flat interface between them;
    bulk, J/mol, of both in the amounts of the lever rule."""

    low: float
    high: float
    sigma: float
    bulk: float


class Gaps:
    """The miscibility gaps of a binary, found once for each temperature."""

    def __init__(self, law):
        self.law = law
        self.pairs: dict[str, list[tuple[float, float]]] = {}

    def around(self, mean: float, T: float) -> Gap | None:
        """That in which a composition lies; None where it lies in none, none is found, or there are more components."""
        law, key = self.law, f"{T!r}"
        if law.mixture.m > 1:
            return None
        if key not in self.pairs:
            try:
                self.pairs[key] = law.free_energy.binodal(T)
            except NumericsError:
                self.pairs[key] = []
        pair = next((pair for pair in self.pairs[key] if pair[0] < mean < pair[1]), None)
        if pair is None:
            return None
        low, high = law.free_energy(np.array([pair]), T)
        bulk = low + (high - low) * lever_rule(mean, *pair)
        return Gap(*pair, interface_energy(law.free_energy, float(law.gradient[0, 0]), pair, T), float(bulk))


@dataclass
class FieldResult:
    """Fields at the saved times, with the problem that they solve. What a file holds is read when it is asked for."""

    problem: FieldProblem
    controls: Controls
    snapshots: list[FieldSnapshot]
    warnings: list[str] = field(default_factory=list)
    status: str = "complete"
    source: str = ""

    @property
    def components(self) -> tuple[str, ...]:
        return self.problem.mixture.components

    @property
    def independent(self) -> tuple[str, ...]:
        return self.problem.mixture.independent

    @property
    def box(self) -> Box:
        return self.problem.box

    @property
    def sides(self) -> tuple[str, ...]:
        """ "periodic" or "closed" for x, y and z."""
        return self.problem.sides

    @cached_property
    def times(self) -> np.ndarray:
        """Saved times (t,), s."""
        return np.array([snapshot.time for snapshot in self.snapshots])

    @property
    def time(self) -> np.ndarray:
        return self.times

    @property
    def composition(self) -> np.ndarray:
        """Mole fractions (t, n, [nz,] ny, nx) at all saved times, all of them in memory; see `field_at`."""
        return np.stack([snapshot.composition for snapshot in self.snapshots])

    mole_fraction = composition

    @property
    def free_energy(self) -> np.ndarray:
        """(t,) J/mol: means over the box of G + (1/2) sum kappa_ij grad u_i grad u_j."""
        return np.array([snapshot.free_energy for snapshot in self.snapshots])

    @property
    def temperature(self) -> np.ndarray:
        """(t,) K, nan without a temperature."""
        return np.array([snapshot.temperature for snapshot in self.snapshots])

    def diagnostics(self, name: str) -> np.ndarray:
        """(t,) values of one of DIAGNOSTICS."""
        return np.array([snapshot.diagnostics[name] for snapshot in self.snapshots])

    @property
    def quantity(self) -> str:
        return "mole_fraction"

    @property
    def symbol(self) -> str:
        """Of a composition in expressions: x_Ni."""
        return "x"

    def has(self, name: str) -> bool:
        """Whether there is one of FIELDS of a result in one dimension: the free energy only."""
        return name == "free_energy"

    def field(self, name: str) -> np.ndarray:
        """(t,) of the free energy, J/mol; Invalid for any other of FIELDS."""
        return self.free_energy if self.has(name) else self.profile()

    def profile(self, time: float | str | None = None):
        """A field is no profile: Invalid."""
        text = "is a field in two or three dimensions; this needs a result in one dimension."
        raise Invalid.at(self.source or "result", text)

    @property
    def x(self) -> np.ndarray:
        return self.profile()

    @property
    def grid(self):
        return self.profile()

    def index_at(self, time: float | str | None = None) -> int:
        """Of the saved time nearest to `time` (s, or "10 h"); the last one by default."""
        if not self.snapshots:
            raise Invalid.at(self.source or "result", "holds no saved time yet.")
        if time is None:
            return len(self.snapshots) - 1
        return int(np.argmin(np.abs(self.times - number(time, "s", "time"))))

    def field_at(self, time: float | str | None = None, component: str | None = None) -> np.ndarray:
        """Mole fractions at the saved time nearest to `time`: all (n, [nz,] ny, nx), or one component's."""
        values = self.snapshots[self.index_at(time)].composition
        return values if component is None else values[self.row(component)]

    def row(self, component: str | None) -> int:
        """Of a component, by default of the first independent one."""
        if component is not None and component not in self.components:
            listed = ", ".join(self.components)
            raise Invalid.at("component", f"{component!r} is not one of the components ({listed}).")
        return self.components.index(component or self.independent[0])

    def spectrum(self, time: float | str | None = None, component: str | None = None) -> Spectrum:
        """Structure factor of one component at the saved time nearest to `time`; see `structure_factor`."""
        values = self.field_at(time)[self.row(component)]
        return structure_factor(values, self.box.spacing, self.sides)

    def only(self, index: int) -> "FieldResult":
        """The same with one of its saved times alone."""
        own = copy.copy(self)
        own.snapshots = [self.snapshots[index]]
        for name in ("times", "means", "gaps"):
            own.__dict__.pop(name, None)
        return own

    @cached_property
    def means(self) -> np.ndarray:
        """Mean mole fractions (t, n)."""
        return np.array([s.composition.mean(axis=tuple(range(1, 1 + self.box.dimensions))) for s in self.snapshots])

    @cached_property
    def gaps(self) -> list[Gap | None]:
        """At each saved time the miscibility gap in which the mean lies; None of more than two components."""
        own, gaps = self.means[:, self.row(None)], Gaps(self.problem.law)
        return [gaps.around(float(mean), float(T)) for mean, T in zip(own, self.temperature, strict=True)]

    def energy_parts(self) -> EnergyParts:
        """The free energy at the saved times in two parts, evaluated from the fields as they were kept."""
        problem, found = self.problem, []
        rows = [self.row(name) for name in self.independent]
        for snapshot in self.snapshots:
            u = np.ascontiguousarray(snapshot.composition[rows])
            bulk = float(problem.law.energy(u, T=snapshot.temperature).mean())
            found.append((bulk, gradient_energy(u, problem.law.gradient, self.box.spacing, self.sides)))
        return EnergyParts(*np.array(found).T)

    def lengths(self) -> Lengths:
        """Sizes of the domains at the saved times, from the energy of their interfaces and from waves."""
        energy, waves = np.full(len(self.snapshots), np.nan), []
        for k, gap in enumerate(self.gaps):
            values = self.snapshots[k].composition[self.row(None)]
            waves.append(2.0 * np.pi / first_moment(structure_factor(values, self.box.spacing, self.sides)))
            if gap is not None and has_both(values, gap.low, gap.high):
                energy[k] = energy_length(gap.sigma, self.snapshots[k].free_energy - gap.bulk)
        return Lengths(energy, np.array(waves))

    def phase_fractions(self) -> PhaseFractions:
        """How much is the phase of the higher composition, measured and by the lever rule."""
        found = np.full((2, len(self.snapshots)), np.nan)
        for k, gap in enumerate(self.gaps):
            if gap is not None:
                values = self.snapshots[k].composition[self.row(None)]
                found[0, k] = phase_fraction(values, gap.low, gap.high)
                found[1, k] = lever_rule(float(values.mean()), gap.low, gap.high)
        return PhaseFractions(*found)

    def interface_width(self) -> np.ndarray:
        """(t,) m, measured in the fields; nan until both phases are there, and outside a miscibility gap."""
        found = [
            self.width_of(snapshot.composition[self.row(None)], gap)
            for snapshot, gap in zip(self.snapshots, self.gaps, strict=True)
        ]
        return np.array(found)

    def width_of(self, values: np.ndarray, gap: Gap | None) -> float:
        if gap is None:
            return float("nan")
        return interface_width(values, self.box.spacing, self.sides, gap.low, gap.high)

"""What a run leaves: profiles at the saved times, fluxes, and how good they are."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from simulator.faults import Invalid
from simulator.problem.grid import Grid
from simulator.problem.problem import Problem
from simulator.solve.controls import Controls

DIAGNOSTICS = ("steps", "rejected_steps", "error_estimate", "conservation_error", "smallest_value", "seconds")


class Field(NamedTuple):
    """What some runs leave beside mole fractions and fluxes: its dimensions at one time, its unit, and in words."""

    dimensions: tuple[str, ...]
    unit: str
    text: str


FIELDS = {
    "position": Field(("x",), "m", "position of the cell centres, the left end at rest"),
    "position_face": Field(("x_face",), "m", "position of the cell faces, the left end at rest"),
    "molar_volume": Field(("x",), "m3 mol-1", "molar volume at the cell centres"),
    "lattice_flux": Field(("component", "x_face"), "mol m-2 s-1", "flux in the lattice frame, positive towards +x"),
    "lattice_velocity": Field(("x_face",), "m s-1", "velocity of the lattice, the left end at rest"),
    "marker_position": Field(("marker",), "m", "position of inert markers, the left end at rest"),
    "interface_position": Field(("interface",), "m", "position of the interfaces between phases"),
    "potential": Field(("x",), "V", "electric potential at the cell centres"),
    "potential_end": Field(("end",), "V", "electric potential at the ends"),
    "concentration_end": Field(("component", "end"), "mol m-3", "concentrations at the ends"),
    "surface_charge": Field(("end",), "C m-2", "charge on the electrodes at the ends"),
    "free_energy": Field((), "J mol-1", "mean molar free energy, with that of the gradients"),
    "chemical_potential": Field(("independent", "x"), "J mol-1", "dG/dx_i less the curvature of the profile"),
    "voltage": Field((), "V", "potential of the right end less that of the left"),
    "current": Field((), "A m-2", "current density towards +x"),
}


@dataclass(frozen=True)
class Snapshot:
    """One saved time. composition (n, N) cell averages of all components, mole fractions or, of ions, concentrations in
    mol/m3; flux (n, N+1) at the faces, in the number-fixed frame: mol/(m2 s), or, without a molar volume, m/s;
    temperature K; diagnostics: a value for each name
    in DIAGNOSTICS, counted from the start of the run; fields: arrays by a name of FIELDS.
    """

    time: float
    composition: np.ndarray
    flux: np.ndarray
    temperature: float
    diagnostics: dict[str, float]
    fields: dict[str, np.ndarray] = field(default_factory=dict)


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
        """Cell centres (N,) at the start, m."""
        return self.grid.centres

    @cached_property
    def time(self) -> np.ndarray:
        """Saved times (t,), s."""
        return np.array([snapshot.time for snapshot in self.snapshots])

    @cached_property
    def composition(self) -> np.ndarray:
        """(t, n, N), cell averages: mole fractions, or concentrations of ions."""
        return np.stack([snapshot.composition for snapshot in self.snapshots])

    @property
    def mole_fraction(self) -> np.ndarray:
        """(t, n, N), cell averages. Invalid for ions, which have concentrations."""
        return self.given_in("mole_fraction")

    @property
    def concentration(self) -> np.ndarray:
        """(t, n, N) mol/m3 of ions, cell averages. Invalid for alloys, which have mole fractions."""
        return self.given_in("concentration")

    @property
    def quantity(self) -> str:
        """What the compositions are: mole_fraction or concentration."""
        return self.problem.mixture.quantity

    @property
    def symbol(self) -> str:
        """Of a composition in expressions: x_Ni, or c_Na."""
        return "c" if self.quantity == "concentration" else "x"

    def given_in(self, quantity: str) -> np.ndarray:
        own = self.quantity
        if own != quantity:
            text = f"this result has a {own.replace('_', ' ')} for each component, no {quantity.replace('_', ' ')}."
            raise Invalid.at(self.source or "result", text)
        return self.composition

    @cached_property
    def flux(self) -> np.ndarray:
        """(t, n, N+1) at the faces, positive towards +x: mol/(m2 s), or m/s without a molar volume."""
        return np.stack([snapshot.flux for snapshot in self.snapshots])

    def has(self, name: str) -> bool:
        """Whether the run left this one of FIELDS."""
        return bool(self.snapshots) and name in self.snapshots[0].fields

    def field(self, name: str) -> np.ndarray:
        """(t, ...) values of one of FIELDS; Invalid if this run has none."""
        if not self.has(name):
            known = ", ".join(self.snapshots[0].fields if self.snapshots else ()) or "none"
            raise Invalid.at(
                self.source or "result", f"this result has no {name}; beside mole fractions it has {known}."
            )
        return np.stack([snapshot.fields[name] for snapshot in self.snapshots])

    @cached_property
    def position(self) -> np.ndarray:
        """(t, N) m, the places of the values of mole_fraction: the cell centres, where the grid rests."""
        return self.field("position") if self.has("position") else np.tile(self.x, (len(self.snapshots), 1))

    def diagnostics(self, name: str) -> np.ndarray:
        """(t,) values of one of DIAGNOSTICS."""
        return np.array([snapshot.diagnostics[name] for snapshot in self.snapshots])

    def profile(self, time: float | str | None = None):
        """The profile that an experimenter would measure at the saved time nearest to `time` (s, or "100 h"; the last
        one by default).
        """
        from simulator.solve.profile import profile_of

        return profile_of(self, time)

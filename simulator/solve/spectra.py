"""What scattering sees of an alloy that un-mixes: structure factors at several times, and the sizes of domains."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.solve.microstructure import power, squared_wavenumber

ALIKE = 1e-9  # of k^2, by which waves of one length may differ


@dataclass(frozen=True)
class Spectra:
    """Structure factors of one component at one mean composition and temperature, as they change.

    time (t,) s, increasing; k (s,) 1/m, on a grid the discrete wavenumber; S (t, s), in any unit that stays the same;
    modes (s,): how many waves each mean is of; composition: mean mole fraction of the component; RT in J/mol, None
    where no temperature is known, 1 in reduced units; fluctuation (t,): the standard deviation of the mole fraction, or
    None; law: the one that is known beforehand, or None; reading: how a file of them was read. Raises Invalid for
    shapes that do not fit.
    """

    time: np.ndarray
    k: np.ndarray
    S: np.ndarray
    modes: np.ndarray
    composition: float
    component: str
    components: tuple[str, ...] = ()
    RT: float | None = None
    temperature: float | None = None
    fluctuation: np.ndarray | None = None
    law: object | None = None
    source: str = ""
    reading: Mapping | None = None

    def __post_init__(self):
        for name in ("time", "k", "S", "modes"):
            object.__setattr__(self, name, np.array(getattr(self, name), float))
        shape, faults = (self.time.size, self.k.size), []
        if self.S.shape != shape or self.modes.shape != shape[1:]:
            faults.append(Fault("spectra.S", f"expected structure factors of shape {shape}, got {self.S.shape}."))
        elif not (np.isfinite(self.S).all() and (self.S >= 0.0).all()):
            faults.append(Fault("spectra.S", "structure factors must be finite and not negative."))
        if np.any(np.diff(self.time) <= 0.0):
            faults.append(Fault("spectra.time", "times must increase."))
        if not (self.k > 0.0).all():
            faults.append(Fault("spectra.k", "wavenumbers must be positive."))
        if not 0.0 < self.composition < 1.0:
            text = f"a mean mole fraction lies between 0 and 1, got {self.composition:g}."
            faults.append(Fault("spectra.composition", text))
        if faults:
            raise Invalid(*faults)

    @property
    def symbol(self) -> str:
        """Of a composition in expressions: x_Ni."""
        return "x"

    def until(self, time: float) -> "Spectra":
        """Those up to a time, s."""
        early = self.time <= time * (1.0 + ALIKE)
        seen = None if self.fluctuation is None else np.asarray(self.fluctuation)[early]
        return replace(self, time=self.time[early], S=self.S[early], fluctuation=seen)

    def only(self, component: str) -> "Spectra":
        """Those of one component; of two, what one has more the other has less. Raises Invalid for any other."""
        if component == self.component:
            return self
        if component not in self.components or len(self.components) > 2:
            text = f"{component!r} is not one of the components ({', '.join(self.components or (self.component,))})."
            raise Invalid.at("component", text)
        return replace(self, component=component, composition=1.0 - self.composition)


@dataclass(frozen=True)
class DomainSizes:
    """Sizes of domains (t,), m, at times (t,), s; composition: the mean mole fraction of a component, nan where it is
    not known; source: where they come from; reading: how a file of them was read."""

    time: np.ndarray
    length: np.ndarray
    component: str = ""
    composition: float = float("nan")
    source: str = ""
    reading: Mapping | None = None

    def __post_init__(self):
        for name in ("time", "length"):
            object.__setattr__(self, name, np.array(getattr(self, name), float))
        if self.time.ndim != 1 or self.length.shape != self.time.shape:
            raise Invalid.at("sizes", f"{self.time.size} times but {self.length.size} lengths.")

    @property
    def symbol(self) -> str:
        return "x"

    def until(self, time: float) -> "DomainSizes":
        """Those up to a time, s."""
        early = self.time <= time * (1.0 + ALIKE)
        return replace(self, time=self.time[early], length=self.length[early])

    def only(self, component: str) -> "DomainSizes":
        """The same: domains are of the whole alloy."""
        own = component == self.component
        return replace(self, component=component, composition=self.composition if own else 1.0 - self.composition)


def fields_of(result, component: str | None):
    """Mole fractions of a component at every saved time, one after the other, with spacing and sides."""
    if hasattr(result, "box"):
        row = result.row(component)
        spacing, sides = result.box.spacing, result.sides
        return (snapshot.composition[row] for snapshot in result.snapshots), spacing, sides
    widths = np.diff(result.grid.faces)
    if np.ptp(widths) > ALIKE * widths.mean() or result.problem.domain.geometry != "planar":
        raise Invalid.at(result.source or "result", "waves are counted on planar grids with cells of one size.")
    row = result.components.index(component or result.problem.mixture.independent[0])
    side = "periodic" if result.problem.boundary.periodic else "closed"
    return iter(result.composition[:, row]), (float(widths.mean()),), (side,)


def spectra_of(result, component: str | None = None) -> Spectra:
    """The structure factors of a result in one, two or three dimensions, a value for every length of waves.

    component: the first independent one by default. Raises Invalid for other components than there are, for cells of
    several sizes, and where the temperature changes.
    """
    mixture = result.problem.mixture
    if mixture.quantity != "mole_fraction":
        raise Invalid.at(result.source or "result", "structure factors are of alloys, and these are ions.")
    component = component or mixture.independent[0]
    if component not in mixture.components:
        raise Invalid.at("component", mixture.unknown(component))
    history = result.problem.temperature
    if history is not None and not history.constant:
        raise Invalid.at("temperature", "growth rates are of one temperature, and this run has a history.")
    T = result.problem.temperature_at(0.0)
    fields, spacing, sides = fields_of(result, component)
    rows, means, spread = [], [], []
    for values in fields:
        k2 = squared_wavenumber(values.shape, spacing, sides).ravel()
        S = power(np.ascontiguousarray(values), spacing, sides).ravel()
        order = np.argsort(k2, kind="stable")[1:]
        k2, S = k2[order], S[order]
        group = np.concatenate([[0], np.cumsum(np.diff(k2) > ALIKE * k2[1:])])
        modes = np.bincount(group)
        rows.append(np.bincount(group, S) / modes)
        k = np.sqrt(np.bincount(group, k2) / modes)
        means.append(values.mean())
        spread.append(values.std())
    law = result.problem.law
    thermal = law.RT(T) if law.kind == "cahn-hilliard" else None
    return Spectra(
        time=result.time,
        k=k,
        S=np.array(rows),
        modes=modes,
        composition=float(means[0]),
        component=component,
        components=mixture.components,
        RT=thermal if thermal is not None and np.isfinite(thermal) else None,
        temperature=T if np.isfinite(T) else None,
        fluctuation=np.array(spread),
        law=law,
        source=result.source,
    )


def sizes_of(result) -> DomainSizes:
    """The lengths sigma/(F - F_bulk) of a result's domains at the times at which both phases are there."""
    if not hasattr(result, "lengths"):
        raise Invalid.at(result.source or "result", "domains coarsen by diffusion in two or three dimensions only.")
    length = np.asarray(result.lengths().energy, float)
    known = np.isfinite(length) & (result.time > 0.0)
    component = result.problem.mixture.independent[0]
    mean = float(result.means[0, result.row(component)])
    return DomainSizes(result.time[known], length[known], component, mean, result.source)

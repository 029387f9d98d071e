"""What happens at the two ends: closed, periodic, fixed, flux or exchange, as six numbers a component."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.laws.mixture import Mixture
from simulator.laws.units import number
from simulator.problem.initial import composition
from simulator.problem.programs import (
    Spec,
    evaluate,
    is_expression,
    joined,
    names_time,
    program_of,
    tree_of,
    weighted_sum,
)

VARIABLES = ("t", "T")
OUTWARD = {"left": -1.0, "right": 1.0}


class End:
    """One end, an algebraic row c - a u - b F = 0 for each independent component.

    u is the composition at the end, F the total flow through the end face, positive towards +x, face area included.
    """

    word = ""

    def unit(self, mixture: Mixture) -> str:
        """Of `values`."""
        return mixture.unit

    def values(self) -> Mapping[str, Spec]:
        """What may depend on time: numbers or expressions of t and T, by component."""
        return {}

    @property
    def depends_on_time(self) -> bool:
        return any(map(names_time, self.values().values()))

    def rows(self, mixture: Mixture, t: float, T: float, area: float, side: str) -> np.ndarray:
        """(m, 3): c, a, b."""
        raise NotImplementedError

    def sources(self, mixture: Mixture, area: float, side: str) -> list[list[tuple[float, Spec]]]:
        """c of every independent component as terms (factor, value) to be summed."""
        return [[] for _ in mixture.independent]

    def check(self, mixture: Mixture, times: np.ndarray, temperatures: np.ndarray, where: str) -> list[Fault]:
        """Faults at these times (k,) with these temperatures (k,)."""
        return []


@dataclass(frozen=True)
class Closed(End):
    """Nothing passes: F = 0."""

    word = "closed"

    def rows(self, mixture, t, T, area, side):
        return np.tile([0.0, 0.0, 1.0], (mixture.m, 1))


@dataclass(frozen=True)
class Periodic(End):
    """The left end is the right end. The rows stand for nothing; the integrator closes the ring."""

    word = "periodic"

    def rows(self, mixture, t, T, area, side):
        return np.tile([0.0, 0.0, 1.0], (mixture.m, 1))


@dataclass(frozen=True)
class Fixed(End):
    """u is given, for all components or all but one."""

    given: Mapping[str, Spec]
    word = "fixed"

    def values(self):
        return self.given

    def composition(self, mixture: Mixture, t: float, T: float, where: str = "boundary") -> np.ndarray:
        """(m,) at a time."""
        return surroundings(self.given, mixture, t, T, where)

    def rows(self, mixture, t, T, area, side):
        u = surroundings(self.given, mixture, t, T, f"boundary.{side}.fixed")
        return np.stack([u, np.ones(mixture.m), np.zeros(mixture.m)], axis=1)

    def sources(self, mixture, area, side):
        return surrounding_terms(self.given, mixture, 1.0)

    def check(self, mixture, times, temperatures, where):
        return check_surroundings(self.given, mixture, times, temperatures, f"{where}.fixed")


@dataclass(frozen=True)
class Flux(End):
    """The flux in m/s, of ions in mol/(m^2 s), positive towards +x at either end; 0 for a component not given.

    All fluxes sum to 0: with the dependent component given, one other may be left out and balances them.
    """

    given: Mapping[str, Spec]
    word = "flux"

    def unit(self, mixture):
        return mixture.rate_unit

    def values(self):
        return self.given

    def rows(self, mixture, t, T, area, side):
        J = {
            name: at_time(value, mixture, t, T, f"boundary.{side}.flux.{name}", mixture.rate_unit)
            for name, value in self.given.items()
        }
        balance = self.balance(mixture)
        if balance:
            J[balance] = -sum(J.values())
        c = [area * J.get(name, 0.0) for name in mixture.independent]
        return np.stack([np.array(c, float), np.zeros(mixture.m), np.ones(mixture.m)], axis=1)

    def sources(self, mixture, area, side):
        terms = [[(area, self.given[name])] if name in self.given else [] for name in mixture.independent]
        balance = self.balance(mixture)
        if balance:
            terms[mixture.independent.index(balance)] = [(-area, value) for value in self.given.values()]
        return terms

    def balance(self, mixture: Mixture) -> str | None:
        """The independent component whose flux balances the others, or None."""
        missing = [name for name in mixture.independent if name not in self.given]
        return missing[0] if mixture.dependent in self.given and len(missing) == 1 else None

    def check(self, mixture, times, temperatures, where):
        where = f"{where}.flux"
        faults = [
            Fault(f"{where}.{name}", mixture.unknown(name)) for name in self.given if name not in mixture.components
        ]
        if not self.given:
            faults.append(Fault(where, f"expected fluxes such as {{ {mixture.independent[0]} = 1e-12 }}."))
        missing = [name for name in mixture.independent if name not in self.given]
        if mixture.dependent in self.given and len(missing) > 1:
            faults.append(
                Fault(where, f"{mixture.dependent} is given, so only one of {', '.join(missing)} may be left out.")
            )
        values, more = series(self.given, mixture, times, temperatures, where, mixture.rate_unit)
        faults += more
        if not faults and mixture.dependent in self.given and not missing:
            total, size = sum(values.values()), sum(np.abs(value) for value in values.values())
            if np.any(np.abs(total) > 1e-9 * size):
                faults.append(Fault(where, f"all fluxes must sum to 0, got {total[np.argmax(np.abs(total))]:.6g} m/s."))
        return faults


@dataclass(frozen=True)
class Exchange(End):
    """Outward flux = coefficient * (u - given); the coefficient (m/s) is constant, the composition may depend on t."""

    coefficient: float | str
    given: Mapping[str, Spec] = field(default_factory=dict)
    word = "exchange"

    def __post_init__(self):
        where = "boundary.exchange.coefficient"
        value = number(self.coefficient, "m/s", where)
        if value < 0.0:
            raise Invalid.at(where, f"must not be negative, got {value:g} m/s.")
        object.__setattr__(self, "coefficient", value)

    def values(self):
        return self.given

    def composition(self, mixture: Mixture, t: float, T: float, where: str = "boundary") -> np.ndarray:
        return surroundings(self.given, mixture, t, T, where)

    def rows(self, mixture, t, T, area, side):
        conductance = -OUTWARD[side] * area * self.coefficient
        u = surroundings(self.given, mixture, t, T, f"boundary.{side}.exchange")
        return np.stack([conductance * u, np.full(mixture.m, conductance), np.ones(mixture.m)], axis=1)

    def sources(self, mixture, area, side):
        return surrounding_terms(self.given, mixture, -OUTWARD[side] * area * self.coefficient)

    def check(self, mixture, times, temperatures, where):
        return check_surroundings(self.given, mixture, times, temperatures, f"{where}.exchange")


@dataclass(frozen=True)
class Electrode(End):
    """An ion that alone carries the current through the end; nothing else passes."""

    ion: str
    word = "electrode"

    def rows(self, mixture, t, T, area, side):
        return np.tile([0.0, 0.0, 1.0], (mixture.m, 1))

    def check(self, mixture, times, temperatures, where):
        return [] if self.ion in mixture.components else [Fault(f"{where}.electrode", mixture.unknown(self.ion))]


@dataclass(frozen=True)
class Boundary:
    """Both ends."""

    left: End = field(default_factory=Closed)
    right: End = field(default_factory=Closed)

    @property
    def periodic(self) -> bool:
        return isinstance(self.left, Periodic)

    @property
    def closed(self) -> bool:
        return isinstance(self.left, Closed) and isinstance(self.right, Closed)

    @property
    def depends_on_time(self) -> bool:
        return self.left.depends_on_time or self.right.depends_on_time

    def rows(self, mixture: Mixture, t: float, T: float, areas: np.ndarray) -> np.ndarray:
        """(m, 6): c, a, b of the left, then of the right end. areas: of all faces; the first and last are used."""
        left = self.left.rows(mixture, t, T, float(areas[0]), "left")
        return np.hstack([left, self.right.rows(mixture, t, T, float(areas[-1]), "right")])

    def program(self, mixture: Mixture, areas: np.ndarray):
        """c of the left end (m), then of the right (m), as one program of t and T; None if nothing changes in time."""
        if not self.depends_on_time:
            return None
        trees = []
        for side, end, area in (("left", self.left, areas[0]), ("right", self.right, areas[-1])):
            for terms in end.sources(mixture, float(area), side):
                rows = [
                    (factor, tree_of(value, mixture, f"boundary.{side}", VARIABLES, end.unit(mixture)))
                    for factor, value in terms
                ]
                trees.append(weighted_sum(rows))
        return joined(trees, mixture)

    def check(self, mixture: Mixture, times: np.ndarray, temperatures: np.ndarray) -> list[Fault]:
        faults = []
        for side, end, other in (("left", self.left, self.right), ("right", self.right, self.left)):
            where = f"boundary.{side}"
            if isinstance(end, Periodic) and not isinstance(other, Periodic):
                faults.append(Fault(where, f'this end is periodic, the other is {other.word}; make both "periodic".'))
            faults += end.check(mixture, times, temperatures, where)
        return faults

    def compositions(self, mixture: Mixture, times: np.ndarray, temperatures: np.ndarray) -> np.ndarray:
        """Compositions (m, k) that the ends hold or exchange with at these times."""
        columns = [
            end.composition(mixture, t, T)
            for end in (self.left, self.right)
            if isinstance(end, Fixed | Exchange)
            for t, T in (
                zip(times, temperatures, strict=True) if end.depends_on_time else [(times[0], temperatures[0])]
            )
        ]
        return np.stack(columns, axis=1) if columns else np.zeros((mixture.m, 0))


def at_time(value: Spec, mixture: Mixture, t, T, where: str, unit: str):
    if not is_expression(value):
        return number(value, unit, where)
    return evaluate(program_of(value, mixture, where, VARIABLES), t=t, T=T)


def surroundings(given: Mapping[str, Spec], mixture: Mixture, t: float, T: float, where: str) -> np.ndarray:
    """The unknowns (m,) of a composition that may depend on time."""
    if not any(map(is_expression, given.values())):
        return composition(given, mixture, where)
    values = {name: at_time(value, mixture, t, T, f"{where}.{name}", mixture.unit) for name, value in given.items()}
    return mixture.rows(values, np.asarray(0.0), where)


def surrounding_terms(given: Mapping[str, Spec], mixture: Mixture, factor: float) -> list:
    """c of every independent component as terms: factor * value, or factor * what the others leave for the one not
    given."""

    def rest(name):
        constant, weights = mixture.missing_weights(name)
        return [(factor * constant, 1.0)] + [(factor * weights[other], value) for other, value in given.items()]

    return [[(factor, given[name])] if name in given else rest(name) for name in mixture.independent]


def series(
    given: Mapping[str, Spec], mixture: Mixture, times, temperatures, where: str, unit: str
) -> tuple[dict, list[Fault]]:
    """Values (k,) by component at these times, and what is wrong with them."""
    values, faults = {}, []
    for name, value in given.items():
        try:
            row = np.broadcast_to(at_time(value, mixture, times, temperatures, f"{where}.{name}", unit), times.shape)
            bad = ~np.isfinite(row)
            if np.any(bad):
                i = int(np.argmax(bad))
                hint = " Give a [temperature] if it depends on T." if np.isnan(temperatures[i]) else ""
                text = f"is {row[i]} at t = {times[i]:g} s; it must be finite throughout.{hint}"
                faults.append(Fault(f"{where}.{name}", text))
            values[name] = row
        except Invalid as invalid:
            faults.extend(invalid.faults)
    return values, faults


def check_surroundings(given, mixture: Mixture, times, temperatures, where: str) -> list[Fault]:
    try:
        mixture.check_names(tuple(given), where)
    except Invalid as invalid:
        return list(invalid.faults)
    values, faults = series(given, mixture, times, temperatures, where, mixture.unit)
    if mixture.interstitial and any(map(is_expression, given.values())):
        faults.append(Fault(where, "expressions are not known here in a case with interstitials; give numbers."))
    if faults:
        return faults
    for i, t in enumerate(times):
        try:
            if not any(map(is_expression, given.values())):
                composition(given, mixture, where)
                return []
            mixture.rows({name: row[i] for name, row in values.items()}, np.asarray(0.0), where)
        except Invalid as invalid:
            return [Fault(f.where, f.sentence.replace("at x = 0 m", f"at t = {t:g} s")) for f in invalid.faults]
    return []

"""Ions as the components of a case: their concentrations are the unknowns, and none of them depends on the others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.laws.mixture import NAME, Mixture

NEUTRAL = 1e-6  # of the charge of all ions of one sign, by which a composition may be off neutrality and still be meant


@dataclass(frozen=True)
class Electrolyte(Mixture):
    """Ions (n) with charges z in a solvent, a membrane or a crystal that does not move.

    The unknowns are concentrations in mol/m^3. charges: z by name. Where one concentration of a composition is left
    out, it makes the composition neutral.
    """

    quantity: ClassVar[str] = "concentration"
    unit: ClassVar[str] = "mol/m^3"
    symbol: ClassVar[str] = "c"
    rate_unit: ClassVar[str] = "mol/(m^2 s)"
    most: ClassVar[float] = np.inf

    charges: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self):
        put = object.__setattr__
        put(self, "components", tuple(self.components))
        put(self, "dependent", "")
        put(self, "interstitial", ())
        faults = [
            Fault(f"law.ions.{name}", f"{name!r} is not a name: letters, digits and underscores, a letter first.")
            for name in self.components
            if not NAME.fullmatch(name)
        ]
        if not self.components:
            faults.append(Fault("law.ions", "at least one ion is needed: { Na = { z = 1, D = 1.334e-9 } }."))
        faults += [
            Fault(f"law.ions.{name}", "its charge is missing: z = 1.")
            for name in self.components
            if name not in self.charges
        ]
        if faults:
            raise Invalid(*faults)

    @cached_property
    def independent(self) -> tuple[str, ...]:
        return self.components

    @property
    def m(self) -> int:
        """Number of ions."""
        return len(self.components)

    @cached_property
    def z(self) -> np.ndarray:
        """Charges (n,) in the order of the ions."""
        return np.array([float(self.charges[name]) for name in self.components])

    def unknown(self, name: str) -> str:
        return super().unknown(name).replace("one of the components", "one of the ions")

    def complete(self, unknowns: np.ndarray) -> np.ndarray:
        return np.array(unknowns, float)

    def unknowns(self, fractions: np.ndarray) -> np.ndarray:
        return np.asarray(fractions, float)

    @cached_property
    def bounds(self) -> np.ndarray:
        """Rows that keep every concentration from turning negative."""
        return np.hstack([np.eye(self.m), np.zeros((self.m, 1))])

    def missing_weights(self, missing: str) -> tuple[float, dict[str, float]]:
        """c_k = -sum_j z_j c_j / z_k over the other ions."""
        z = self.charges[missing]
        if z == 0.0:
            raise Invalid.at(f"law.ions.{missing}.z", f"neutrality says nothing of {missing}, which has no charge.")
        return 0.0, {name: -self.charges[name] / z for name in self.components if name != missing}

    def rows(self, given: Mapping[str, np.ndarray], x: np.ndarray, where: str = "initial") -> np.ndarray:
        """Concentrations (n, ...) at positions x (m): each a number or of the shape of x. Raises Invalid for names that
        are none of the ions, more than one missing, and for a negative or infinite value."""
        self.check_names(tuple(given), where)
        rows = {name: np.broadcast_to(np.asarray(values, float), np.shape(x)) for name, values in given.items()}
        for name in self.components:
            if name not in rows:
                _, weights = self.missing_weights(name)
                rows[name] = sum(weights[other] * values for other, values in list(rows.items()))
        faults = []
        for name in self.components:
            bad = ~(np.isfinite(rows[name]) & (rows[name] >= 0.0))
            if np.any(bad):
                i = int(np.argmax(bad))
                others = "" if name in given else " (what makes the others neutral)"
                key = f"{where}.{name}" if name in given else where
                text = f"c_{name}{others} is {rows[name].flat[i]:.6g} mol/m^3 at x = {np.asarray(x).flat[i]:g} m"
                faults.append(Fault(key, f"{text}; a concentration is not negative."))
        if faults:
            raise Invalid(*faults)
        return np.stack([rows[name] for name in self.components])

    def fractions(self, given: Mapping[str, float], where: str) -> np.ndarray:
        """Concentrations (n,) of a composition given in mol/m^3."""
        return self.rows(given, np.asarray(0.0), where)

    def charge(self, concentrations: np.ndarray) -> np.ndarray:
        """sum_k z_k c_k (...), mol/m^3 of elementary charges, of (n, ...)."""
        return np.tensordot(self.z, np.asarray(concentrations, float), 1)

    def imbalance(self, concentrations: np.ndarray, fixed: np.ndarray | float = 0.0) -> np.ndarray:
        """|charge| relative to the charges of both signs together (...): 0 where neutral."""
        total = np.tensordot(np.abs(self.z), np.asarray(concentrations, float), 1) + np.abs(fixed)
        return np.abs(self.charge(concentrations) + fixed) / np.where(total > 0.0, total, 1.0)


def names_of(ions: Mapping) -> Sequence[str]:
    """The ions of a [law] in their order."""
    return tuple(map(str, ions)) if isinstance(ions, Mapping) else ()

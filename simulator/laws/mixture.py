"""The components of a case: which of them are unknowns, and the parameters its expressions may name."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np

from simulator.faults import Fault, Invalid, near

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
SUM_TOLERANCE = 1e-9
FUNCTION_TOLERANCE = 1e-6  # of a sum of fractions that are functions of x or t
OUTSIDE = 1e-9


@dataclass(frozen=True)
class Mixture:
    """Components in the order of the case; all but the dependent one are unknowns u_1 .. u_m, m = n - 1.

    The unknowns are mole fractions, or, where some components are interstitial, u-fractions: moles for each mole of
    substitutional atoms, u_i = x_i / (sum of the substitutional x), for all components alike.

    quantity, unit: what a composition is given in; symbol: of it in expressions; rate_unit: of what flows, per area;
    most: that a composition may have of a component.
    """

    quantity: ClassVar[str] = "mole_fraction"
    unit: ClassVar[str] = "1"
    symbol: ClassVar[str] = "x"
    rate_unit: ClassVar[str] = "m/s"
    most: ClassVar[float] = 1.0

    components: tuple[str, ...]
    dependent: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)
    interstitial: tuple[str, ...] = ()

    def __post_init__(self):
        object.__setattr__(self, "components", tuple(self.components))
        object.__setattr__(self, "interstitial", tuple(self.interstitial))
        if not self.dependent and self.components:
            last = [name for name in self.components if name not in self.interstitial] or self.components
            object.__setattr__(self, "dependent", last[-1])
        faults = [
            Fault("components", f"{name!r} is not a name: letters, digits and underscores, a letter first.")
            for name in self.components
            if not NAME.fullmatch(name)
        ]
        if len(self.components) < 2:
            faults.append(Fault("components", f"at least two components are needed, got {len(self.components)}."))
        if len(set(self.components)) < len(self.components):
            faults.append(Fault("components", "a component is named twice."))
        if self.components and self.dependent not in self.components:
            faults.append(Fault("dependent", self.unknown(self.dependent)))
        faults += [
            Fault(f"interstitial[{k}]", self.unknown(name))
            for k, name in enumerate(self.interstitial)
            if name not in self.components
        ]
        if self.dependent in self.interstitial:
            text = f"{self.dependent} is interstitial: the dependent component must be substitutional."
            faults.append(Fault("dependent", text))
        if faults:
            raise Invalid(*faults)

    @cached_property
    def independent(self) -> tuple[str, ...]:
        return tuple(name for name in self.components if name != self.dependent)

    @property
    def m(self) -> int:
        """Number of independent components."""
        return len(self.components) - 1

    def unknown(self, name: str) -> str:
        """A sentence about a name that is none of the components."""
        listed = ", ".join(self.components)
        return f"{name!r} is not one of the components ({listed}).{near(name, self.components)}"

    @cached_property
    def substitutional(self) -> tuple[str, ...]:
        return tuple(name for name in self.components if name not in self.interstitial)

    @cached_property
    def on_lattice(self) -> np.ndarray:
        """1 for a substitutional, 0 for an interstitial independent component (m,)."""
        return np.array([float(name not in self.interstitial) for name in self.independent])

    def complete(self, unknowns: np.ndarray) -> np.ndarray:
        """All mole fractions (n, ...) in the order of the components, from the unknowns (m, ...)."""
        unknowns = np.asarray(unknowns, float)
        rows = dict(zip(self.independent, unknowns, strict=True))
        if not self.interstitial:
            rows[self.dependent] = 1.0 - unknowns.sum(axis=0)
            return np.stack([rows[name] for name in self.components])
        rows[self.dependent] = 1.0 - np.tensordot(self.on_lattice, unknowns, 1)
        total = 1.0 + np.tensordot(1.0 - self.on_lattice, unknowns, 1)
        return np.stack([rows[name] / total for name in self.components])

    def unknowns(self, fractions: np.ndarray) -> np.ndarray:
        """The unknowns (m, ...) of independent mole fractions (m, ...)."""
        fractions = np.asarray(fractions, float)
        if not self.interstitial:
            return fractions
        return fractions / (1.0 - np.tensordot(1.0 - self.on_lattice, fractions, 1))

    @cached_property
    def bounds(self) -> np.ndarray:
        """Rows g, g_0 that keep every mole fraction from turning negative: g u + g_0 >= 0."""
        rows = np.zeros((self.m + 1, self.m + 1))
        rows[: self.m, : self.m] = np.eye(self.m)
        rows[self.m, : self.m] = -self.on_lattice
        rows[self.m, self.m] = 1.0
        return rows

    def check_names(self, names: Sequence[str], where: str) -> None:
        """Raise Invalid unless these are all components, or all but one."""
        faults = [Fault(f"{where}.{name}", self.unknown(name)) for name in names if name not in self.components]
        missing = [name for name in self.components if name not in names]
        if not faults and len(missing) > 1:
            faults.append(Fault(where, f"{', '.join(missing)} are missing; give all components or all but one."))
        if faults:
            raise Invalid(*faults)

    def missing_weights(self, missing: str) -> tuple[float, dict[str, float]]:
        """What the component that was not given is: a constant, and the weight of each other one in it."""
        return 1.0, {name: -1.0 for name in self.components if name != missing}

    def rows(self, given: Mapping[str, np.ndarray], x: np.ndarray, where: str = "initial") -> np.ndarray:
        """The unknowns (m, ...) from mole fractions of all components, or all but one, at positions x (m): each a
        number or of the shape of x. Raises Invalid unless they lie in the simplex."""
        self.check_names(tuple(given), where)
        rows = {name: np.broadcast_to(np.asarray(values, float), np.shape(x)) for name, values in given.items()}
        missing = [name for name in self.components if name not in rows]
        total = sum(rows.values())
        if missing:
            rows[missing[0]] = 1.0 - total
        elif np.any(bad := ~(np.abs(total - 1.0) <= FUNCTION_TOLERANCE)):
            i = np.argmax(bad)
            raise Invalid.at(where, f"the mole fractions sum to {total.flat[i]:.9g} at x = {x.flat[i]:g} m, not to 1.")
        faults = []
        for name, row in sorted(rows.items(), key=lambda item: item[0] not in given):
            bad = ~((row >= -OUTSIDE) & (row <= 1.0 + OUTSIDE))
            if np.any(bad) and not (faults and name in missing):
                i, others = np.argmax(bad), "" if name not in missing else " (1 minus the others)"
                key = f"{where}.{name}" if name in given else where
                place = f"x_{name}{others} is {row.flat[i]:.6g} at x = {x.flat[i]:g} m"
                faults.append(Fault(key, f"{place}; a mole fraction lies between 0 and 1."))
        if faults:
            raise Invalid(*faults)
        return self.unknowns(np.stack([rows[name] for name in self.independent]))

    def fractions(self, given: Mapping[str, float], where: str) -> np.ndarray:
        """The unknowns (m,) of a composition given as mole fractions; Invalid unless it lies in the simplex."""
        unknown = [name for name in given if name not in self.components]
        if unknown:
            raise Invalid(*(Fault(f"{where}.{name}", self.unknown(name)) for name in unknown))
        missing = [name for name in self.components if name not in given]
        if len(missing) > 1:
            raise Invalid.at(where, f"{', '.join(missing)} are missing; give all components or all but one.")
        values = {name: float(value) for name, value in given.items()}
        outside = [name for name, value in values.items() if not 0.0 <= value <= 1.0]
        if outside:
            raise Invalid(
                *(Fault(f"{where}.{n}", f"a mole fraction lies between 0 and 1, got {values[n]:g}.") for n in outside)
            )
        total = sum(values.values())
        if not missing and abs(total - 1.0) > SUM_TOLERANCE:
            raise Invalid.at(where, f"the mole fractions sum to {total:.9g}, not to 1.")
        if missing:
            if total > 1.0 + SUM_TOLERANCE:
                raise Invalid.at(where, f"the mole fractions sum to {total:.9g}, more than 1.")
            values[missing[0]] = max(0.0, 1.0 - total)
        if self.interstitial and sum(values[name] for name in self.interstitial) >= 1.0:
            raise Invalid.at(where, f"nothing but {', '.join(self.interstitial)}: interstitials need a host lattice.")
        return self.unknowns(np.array([values[name] for name in self.independent]))

"""The components of a case: which of them are unknowns, and the parameters its expressions may name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from simulator.faults import Fault, Invalid, near

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
SUM_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Mixture:
    """Components in the order of the case; all but the dependent one are unknowns, mole fractions x_1 .. x_m, m = n -
    1.
    """

    components: tuple[str, ...]
    dependent: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self):
        object.__setattr__(self, "components", tuple(self.components))
        if not self.dependent and self.components:
            object.__setattr__(self, "dependent", self.components[-1])
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

    def complete(self, fractions: np.ndarray) -> np.ndarray:
        """All mole fractions (n, ...) in the order of the components, from the independent ones (m, ...)."""
        fractions = np.asarray(fractions, float)
        rows = dict(zip(self.independent, fractions, strict=True))
        rows[self.dependent] = 1.0 - fractions.sum(axis=0)
        return np.stack([rows[name] for name in self.components])

    def fractions(self, given: Mapping[str, float], where: str) -> np.ndarray:
        """The independent mole fractions (m,) of a composition given by name; Invalid unless it lies in the simplex."""
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
        return np.array([values[name] for name in self.independent])

"""The molar volume of a measured binary couple, as a function of the fraction of the component that is analysed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from simulator.faults import Invalid
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.solve.profile import Profile

STAND_INS = ("Balance", "Rest")
FRACTION = re.compile(r"\bx_([A-Za-z][A-Za-z0-9_]*)")


@dataclass(frozen=True)
class Volume:
    """V_m (m^3/mol) of the mole fraction N of a component, its slope dV_m/dN, and the partial molar volumes.

    law: None where no volume is known: V_m is then 1 and every concentration a mole fraction. other: name of the second
    component.
    """

    component: str
    other: str
    law: MolarVolume | None = None

    @property
    def known(self) -> bool:
        return self.law is not None

    @property
    def varies(self) -> bool:
        return self.law is not None and self.law.varies

    @property
    def linear(self) -> bool:
        """Whether the partial molar volumes are constant: Vegard's rule, or one volume for all compositions."""
        return self.law is None or self.law.linear

    def __call__(self, N: np.ndarray) -> np.ndarray:
        """V_m, of the shape of N, m^3/mol."""
        N = np.asarray(N, float)
        return np.ones(N.shape) if self.law is None else np.array(self.law(N[None]))

    def slope(self, N: np.ndarray) -> np.ndarray:
        """dV_m/dN, of the shape of N, m^3/mol."""
        N = np.asarray(N, float)
        return np.zeros(N.shape) if self.law is None else np.array(self.law.slopes(N[None])[0])

    def partial(self, N: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Partial molar volumes of the other component and of this one, m^3/mol.

        V_other = V_m - N V_m',   V_component = V_m + (1 - N) V_m'
        """
        N, V, slope = np.asarray(N, float), self(N), self.slope(N)
        return V - N * slope, V + (1.0 - N) * slope


def other_of(profile: Profile) -> str:
    """Name of the component that a binary profile has beside the one that is analysed; a stand-in if none is named."""
    name = profile.component
    columns = [word for word in profile.components if word != name]
    if len(columns) == 1:
        return columns[0]
    table = profile.molar_volume or {}
    named = [key for key in table if key not in ("kind", "V_m", name)] if table.get("kind") == "vegard" else []
    text = table.get("V_m")
    named += [word for word in FRACTION.findall(text) if word != name] if isinstance(text, str) else []
    return named[0] if named else next(word for word in STAND_INS if word != name)


def volume_of(profile: Profile) -> Volume:
    """The molar volume that a profile comes with; 1 for all compositions where it has none, or only its kind.

    Raises Invalid for a volume that is not one of the two components, or not positive at a composition of the profile.
    """
    name, other = profile.component, other_of(profile)
    table = dict(profile.molar_volume or {})
    kind = table.pop("kind", "constant")
    if not table:
        return Volume(name, other)
    try:
        law = MolarVolume(Mixture((other, name), other), kind, table)
        law.check(np.linspace(*reach(profile), 101)[None])
    except Invalid as error:
        raise Invalid.at("molar_volume", " ".join(fault.sentence for fault in error.faults)) from None
    return Volume(name, other, law)


def reach(profile: Profile) -> tuple[float, float]:
    """The least and the largest fraction of the component between 0 and 1 that the profile shows."""
    values = np.clip(profile.fraction(profile.component), 0.0, 1.0)
    return float(values.min()), float(values.max())


def bare(table: Mapping | None) -> str:
    """The kind of a molar volume that varies but of which no values are given; "" for any other."""
    kind = (table or {}).get("kind", "constant")
    return kind if kind != "constant" and len(table) == 1 else ""

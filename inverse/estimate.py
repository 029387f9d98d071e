"""What a method recovers, and what a method is."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from simulator.faults import Invalid
from simulator.solve.profile import Profile
from simulator.solve.spectra import DomainSizes, Spectra

UNITS = {
    "interdiffusivity": "m^2/s",
    "interdiffusivity_matrix": "m^2/s",
    "interdiffusion_flux": "m/s",
    "pseudo_binary_diffusivity": "m^2/s",
    "intrinsic_diffusivity": "m^2/s",
    "tracer_diffusivity": "m^2/s",
    "ion_diffusivity": "m^2/s",
    "integrated_diffusivity": "m^2/s",
    "growth_constant": "m^2/s",
    "lattice_velocity": "m/s",
    "tracer_ratio": "1",
    "permeability_ratio": "1",
    "activation_energy": "J/mol",
    "interface_energy": "J/m^2",
    "coarsening_constant": "m^3/s",
    "time": "s",
}
# What methods take: the type of the data, what it is in words, and what is counted of it.
DATA = {
    "profile": (Profile, "a profile along a line", "profile"),
    "spectra": (Spectra, "structure factors at several times", "alloy"),
    "sizes": (DomainSizes, "sizes of domains at several times", "series of sizes"),
}
MANY = {"profile": "profiles", "alloy": "alloys"}


def kind_of_data(data) -> str:
    """Which of DATA something is; "" for anything else."""
    return next((name for name, (kind, *_) in DATA.items() if isinstance(data, kind)), "")


@dataclass(frozen=True)
class Estimate:
    """A coefficient recovered from profiles.

    recovers: one of UNITS; composition (k,) mole fractions of the component; value (k,) in `unit`, or (r, k) with a row
    for each of `rows`: components, or layers; sd, of the same shape, standard deviations, or None for profiles without
    noise; window: range of compositions in which the method stands by its values; diagnostics: time (s), planes (m),
    end values, residual, noise, and warnings as sentences.

    Of several components: composition (k, m) has a column for each of the independent ones, `dependent` is the other,
    and a matrix has value (k, m, m), rows and columns in the order of `rows`.
    """

    method: str
    recovers: str
    unit: str
    component: str
    composition: np.ndarray
    value: np.ndarray
    sd: np.ndarray | None
    window: tuple[float, float]
    source: str = ""
    diagnostics: dict = field(default_factory=dict)
    rows: tuple[str, ...] = ()
    dependent: str = ""

    @property
    def is_matrix(self) -> bool:
        return self.value.ndim == 3

    @property
    def warnings(self) -> list[str]:
        return list(self.diagnostics.get("warnings", ()))

    def at(self, composition: np.ndarray) -> np.ndarray:
        """Values (..., j) between the compositions of the estimate, ln value linear; NaN beyond them. Of one
        component: Invalid for compositions of several."""
        if self.composition.ndim > 1:
            raise Invalid.at("composition", f"{self.method} gives values at compositions of several components.")
        order = np.argsort(self.composition)
        known, value = self.composition[order], np.log(self.value[..., order])
        found = [np.interp(composition, known, row, left=np.nan, right=np.nan) for row in np.atleast_2d(value)]
        return np.exp(found[0] if self.value.ndim == 1 else np.array(found))

    def to_json(self, verdict=None) -> dict:
        """Plain lists and numbers, as `matano analyse --json` prints them; truth and error from a verdict. One matrix
        is a list of its rows, at one composition; several are a list of them."""

        def listed(array):
            one = array is not None and self.is_matrix and len(self.composition) == 1
            return None if array is None else (array[0] if one else array).tolist()

        return {
            "method": self.method,
            "files": [self.source] if self.source else [],
            "components": list(self.rows or (self.component,)),
            **({"dependent": self.dependent} if self.dependent else {}),
            "recovers": self.recovers,
            "unit": self.unit,
            "composition": listed(self.composition),
            "value": listed(self.value),
            "sd": listed(self.sd),
            "window": list(self.window),
            "truth": None if verdict is None else listed(verdict.truth),
            "error": None if verdict is None else listed(verdict.error),
            "diagnostics": self.diagnostics,
        }


def shown(data) -> str:
    """Data in words."""
    kind = kind_of_data(data)
    return DATA[kind][1] if kind else f"a {type(data).__name__}"


class Undetermined(Invalid):
    """What a method recovers is not determined by data that it takes: a finding, which shows only on the way."""


@dataclass(frozen=True)
class Method:
    """A way to recover a coefficient from profiles: call it with them.

    needs: what it must be given, in words; window: the range of Y that it stands by; tolerance: largest relative error
    in the window that a round trip through a simulation may show; check(profile, name) raises Invalid where it cannot
    be used; together(profiles, name) does so where several cannot be used with each other; analyse(*profiles,
    window=window) does the work; profiles: how many it takes, or the least and the most; data: which of DATA these are.
    """

    name: str
    title: str
    equation: str
    recovers: str
    unit: str
    needs: tuple[str, ...]
    assumes: tuple[str, ...]
    source: str
    check: Callable[[Profile, str], object]
    analyse: Callable[..., Estimate]
    tolerance: float = 2e-3
    window: tuple[float, float] = (0.02, 0.98)
    profiles: int | tuple[int, int] = 1
    together: Callable[[Sequence[Profile], str], object] | None = None
    data: str = "profile"

    def __str__(self) -> str:
        return self.name

    @property
    def counts(self) -> tuple[int, int]:
        """The least and the most profiles it takes."""
        return (self.profiles, self.profiles) if isinstance(self.profiles, int) else self.profiles

    def wrong_kind(self, *data) -> str:
        """A sentence where the data are of another kind than the method takes, else ""."""
        wrong = next((one for one in data if not isinstance(one, DATA[self.data][0])), None)
        return "" if wrong is None else f"{self.name} takes {DATA[self.data][1]}, and this is {shown(wrong)}."

    def applies(self, *profiles: Profile) -> str | None:
        """None if the method can be used on these profiles, otherwise a sentence that says why not."""
        least, most = self.counts
        if not least <= len(profiles) <= most:
            count, one = f"{least}" if least == most else f"{least} to {most}", DATA[self.data][2]
            return f"{self.name} takes {count} {MANY.get(one, one) if most > 1 else one}, got {len(profiles)}."
        wrong = self.wrong_kind(*profiles)
        if wrong:
            return wrong
        try:
            for profile in profiles:
                self.check(profile, self.name)
            if self.together is not None:
                self.together(profiles, self.name)
        except Invalid as error:
            return " ".join(fault.sentence for fault in error.faults)
        return None

    @property
    def options(self) -> tuple[str, ...]:
        """Names of what can be chosen beside the profiles, such as smoother."""
        entries = inspect.signature(self.analyse).parameters.values()
        return tuple(entry.name for entry in entries if entry.default is not entry.empty)

    def __call__(self, *profiles: Profile, component: str | None = None, **options) -> Estimate:
        """The estimate from these profiles; component: which one to analyse; options: of the method, such as smoother.
        Raises Invalid where the method does not apply, or has no such option."""
        least, most = self.counts
        if not least <= len(profiles) <= most or self.wrong_kind(*profiles):
            raise Invalid.at("profiles", self.applies(*profiles))
        if component is not None:
            profiles = tuple(profile.only(component) for profile in profiles)
        for name in options:
            if name not in self.options:
                raise Invalid.at(name, f"{self.name} has no choice of a {name}.")
        return self.analyse(*profiles, **{"window": self.window, **options})

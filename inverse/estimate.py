"""What a method recovers, and what a method is."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from simulator.faults import Invalid
from simulator.solve.profile import Profile


@dataclass(frozen=True)
class Estimate:
    """A coefficient recovered from profiles.

    recovers: one of `simulator.laws.law.QUANTITIES`; composition (k,) mole fractions of the component; value (k,) in
    `unit`; sd (k,) standard deviations, or None for profiles without noise; window: range of compositions in which the
    method stands by its values; diagnostics: time (s), planes (m), end values, residual, noise, and warnings as
    sentences.
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

    @property
    def warnings(self) -> list[str]:
        return list(self.diagnostics.get("warnings", ()))

    def at(self, composition: np.ndarray) -> np.ndarray:
        """Values between the compositions of the estimate, ln value linear; NaN beyond them."""
        order = np.argsort(self.composition)
        known, value = self.composition[order], np.log(self.value[order])
        return np.exp(np.interp(composition, known, value, left=np.nan, right=np.nan))

    def to_json(self, verdict=None) -> dict:
        """Plain lists and numbers, as `matano analyse --json` prints them; truth and error from a verdict."""
        return {
            "method": self.method,
            "files": [self.source] if self.source else [],
            "components": [self.component],
            "recovers": self.recovers,
            "unit": self.unit,
            "composition": self.composition.tolist(),
            "value": self.value.tolist(),
            "sd": None if self.sd is None else self.sd.tolist(),
            "window": list(self.window),
            "truth": None if verdict is None else verdict.truth.tolist(),
            "error": None if verdict is None else verdict.error.tolist(),
            "diagnostics": self.diagnostics,
        }


@dataclass(frozen=True)
class Method:
    """A way to recover a coefficient from profiles: call it with them.

    needs: what it must be given, in words; window: the range of Y that it stands by; tolerance: largest relative error
    in the window that a round trip through a simulation may show; check(profile, name) raises Invalid where it cannot
    be used; analyse(profile, window) does the work.
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
    profiles: int = 1

    def __str__(self) -> str:
        return self.name

    def applies(self, *profiles: Profile) -> str | None:
        """None if the method can be used on these profiles, otherwise a sentence that says why not."""
        if len(profiles) != self.profiles:
            return f"{self.name} takes {self.profiles} profile{'s' * (self.profiles > 1)}, got {len(profiles)}."
        try:
            for profile in profiles:
                self.check(profile, self.name)
        except Invalid as error:
            return " ".join(fault.sentence for fault in error.faults)
        return None

    def __call__(self, *profiles: Profile, component: str | None = None) -> Estimate:
        """The estimate from these profiles; component: which one to analyse. Raises Invalid where the method does not
        apply."""
        if len(profiles) != self.profiles:
            raise Invalid.at("profiles", self.applies(*profiles))
        if component is not None:
            profiles = tuple(profile.only(component) for profile in profiles)
        return self.analyse(*profiles, window=self.window)

"""A measured profile as a forward model sees it: on the axis of the solution, with the start that it came from."""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.interpolate import CubicSpline

from inverse.curves.fitting import CLEAN
from inverse.curves.noise import noise_of
from inverse.ends import FEWEST
from inverse.simulated.starts import Start, contact, start_of
from inverse.volume import Volume, volume_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile


@dataclass
class Observation:
    """A profile as the fit sees it.

    q (N,): its points on the axis of the solution, m; y (N,) fractions, sigma (N,) their uncertainties or None; noise:
    read off the profile; clean: whether that is nothing beside the profile's own changes; reference: V_0, m^3/mol.
    """

    profile: Profile
    q: np.ndarray
    y: np.ndarray
    sigma: np.ndarray | None
    noise: float
    clean: bool
    start: Start
    volume: Volume
    reference: float
    warnings: list[str] = field(default_factory=list)

    @property
    def time(self) -> float:
        return float(self.profile.time)

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest fraction that the start has."""
        return self.start.range

    def lab(self, q: float) -> float:
        """Where a plane of the start, at q, was in the laboratory, m; the left end at rest."""
        x0, q0 = (self.profile.x[0], self.q[0]) if self.start.infinite else (self.start.interval[0],) * 2
        return float(x0 + (q - q0) * self.stretch(np.array(self.start.left_end)))

    def stretch(self, X: np.ndarray) -> np.ndarray:
        """V_m/V_0 at fractions X."""
        return self.volume(X) / self.reference


def check(profile: Profile, method: str, timed: bool = True) -> None:
    """Raise Invalid unless the profile is one of a planar binary sample whose start can be simulated."""
    if timed and profile.time is None:
        raise Invalid.at("profile", f'{method} needs the time of the anneal; give it, for example --time "100 h".')
    if profile.geometry != "planar":
        raise Invalid.at("profile", f"{method} needs a planar sample, not a {profile.geometry} one.")
    if not profile.binary:
        names = ", ".join(profile.components)
        raise Invalid.at(
            "profile",
            f"{method} analyses a binary sample, but this profile has {names}, which are not two components that sum "
            "to 1. Choose one with --component.",
        )
    if profile.x.size < FEWEST:
        raise Invalid.at("profile", f"{method} needs at least {FEWEST} points, this profile has {profile.x.size}.")
    start_of(profile, method)


def observe(profile: Profile, method: str, reference: float | None = None) -> Observation:
    """The profile on the axis of the solution, and its start there. reference: V_0, by default of the left end."""
    y = profile.fraction(profile.component)
    sigma = None if profile.sigma is None else profile.sigma[profile.index(profile.component)]
    volume = volume_of(profile)
    start = start_of(profile, method)
    noise = noise_of(profile.x, y)
    moving = np.abs(np.diff(y))
    spacing = np.median(moving[moving > 0.01 * moving.max()]) if moving.max() > 0.0 else 0.0
    q = profile.x
    if reference is None:
        reference = float(volume(np.array(start.left_end)))
    if volume.varies:
        dense = CubicSpline(profile.x, reference / volume(np.clip(y, 0.0, 1.0)))
        origin = profile.x[0]
        if not start.infinite:
            origin = start.interval[0] + (origin - start.interval[0]) * float(dense(origin))
        q = origin + dense.antiderivative()(profile.x)
        start = start.on_axis(lambda X: volume(X) / reference)
        if start.infinite:
            start = replace(start, at=contact(q, y, start.ends))
    clean = sigma is None and noise <= CLEAN * spacing
    return Observation(
        profile, q, y, sigma, noise, clean, start, volume, reference, [*profile.warnings, *start.warnings]
    )

"""Couples as the fit of mobilities sees them, and what they must have in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inverse.curves.fitting import CLEAN
from inverse.curves.noise import noise_of
from inverse.ends import SURE, check_couple
from inverse.kirkendall import wind_of
from inverse.multicomponent.constant import CLEAN_MISFIT
from inverse.multicomponent.couples import SAME, described
from inverse.multicomponent.path import LEAST, axis_of, ends_of, mixture_of, volume_of
from inverse.multicomponent.rows import typical_change
from simulator.faults import Invalid
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.thermodynamics import Thermodynamics
from simulator.solve.profile import Profile

EVEN = 0.3  # of the noisiest component's noise, which no other is taken to be without
IDEAL = "No thermodynamics is given: the solution is taken as ideal."


@dataclass(frozen=True, eq=False)
class Observation:
    """A couple: q (N,) on the axis of the solution, m; data (m, N) fractions of the independent components and their
    uncertainties sigma (m, N), as far as `known` only relative ones; noise (m,) read off the profile; clean: whether it
    is nothing beside the profile's own changes; ends (m, 2), given or averages over flat ends; plane: a first q_0, m;
    T in K or nan; time s; stretch: dq/dx at the left end, which is at rest."""

    profile: Profile
    q: np.ndarray
    data: np.ndarray
    sigma: np.ndarray
    noise: np.ndarray
    known: bool
    clean: bool
    ends: np.ndarray
    given: bool
    plane: float
    T: float
    time: float
    stretch: float
    warnings: tuple[str, ...] = ()

    @property
    def step(self) -> float:
        """The largest range of a component."""
        return float(np.ptp(self.data, axis=1).max())

    def lab(self, q: float) -> float:
        """Where a plane of the start, at q, was in the laboratory, m; the left end at rest."""
        return float(self.profile.x[0] + (q - self.q[0]) / self.stretch)


def check(profile: Profile, method: str) -> Mixture:
    """Raise Invalid unless the profile is of a planar couple of three components or more on an infinite line, from a
    step, at one temperature, with a time and unaffected or known ends."""
    shape = (profile.start or {}).get("shape", "step")
    if shape != "step" or profile.semi_infinite is False:
        what = "a finite sample" if shape == "step" else "a sample that began otherwise"
        raise Invalid.at(
            "profile",
            f"{method} simulates step couples whose ends diffusion has not reached, not {what}: cut the time, or use "
            "samples long enough.",
        )
    check_couple(profile, method)
    if profile.history is not None and not profile.history.constant:
        raise Invalid.at(
            "profile.temperature",
            f"{method} needs couples that kept one temperature each; the temperature of this one varied.",
        )
    if profile.tracer:
        raise Invalid.at(
            "profile", f"{method} needs couples of elements; {profile.tracer} is an isotope. Use tracer-couple."
        )
    interstitial = getattr(getattr(profile.law, "mixture", None), "interstitial", ())
    if interstitial:
        raise Invalid.at("profile", f"{method} needs substitutional components; {interstitial[0]} is interstitial.")
    mixture = mixture_of(profile, method)
    data = np.stack([profile.fraction(name) for name in mixture.independent])
    if float(np.ptp(data, axis=1).max()) <= LEAST:
        raise Invalid.at("profile", f"{method} needs a couple, but no component of this profile changes.")
    ends = np.array([ends_of(profile, name, method)[0] for name in mixture.independent])
    step = float(np.abs(ends[:, 1] - ends[:, 0]).max())
    if step <= max(LEAST, SURE * max(noise_of(profile.x, y) for y in data)):
        raise Invalid.at(
            "profile",
            f"{method} needs a step between two compositions, but both ends of this couple are the same to {step:.2g}.",
        )
    return mixture


def together(profiles: Sequence[Profile], method: str) -> None:
    """Raise Invalid unless the couples are of the same components, thermodynamics, structure and molar volume, and
    their temperatures known where they count."""
    first = check(profiles[0], method)
    for number, profile in enumerate(profiles[1:], 2):
        mixture = check(profile, method)
        if set(mixture.components) != set(first.components) or mixture.dependent != first.dependent:
            raise Invalid.at(
                "profiles",
                f"{method} needs couples of the same components; the first has {described(first)}, number {number} has "
                f"{described(mixture)}.",
            )
    shared(profiles, "molar_volume", method)
    solution = solution_of(profiles, first, method)
    wind_of(structure_of(profiles, method))
    temperatures = [profile.temperature for profile in profiles]
    known = [T for T in temperatures if T is not None]
    if known and len(known) < len(temperatures):
        number = temperatures.index(None) + 1
        raise Invalid.at(
            "profile.temperature",
            f"{method} needs the temperature of every couple or of none: couple {number} has none, others are of "
            f"{min(known):g} K to {max(known):g} K.",
        )
    if not known and solution.energy.value != 0.0:
        raise Invalid.at("profile.temperature", f"{method} needs the temperature for the thermodynamic factors.")
    stable(profiles, solution, method)


def shared(profiles: Sequence[Profile], name: str, method: str):
    """What the profiles that say anything of `name` agree on; None where none does. Raises Invalid otherwise."""
    given = [getattr(profile, name) for profile in profiles if getattr(profile, name)]
    if any(repr(entry) != repr(given[0]) for entry in given[1:]):
        raise Invalid.at("profiles", f"{method} needs the same {name.replace('_', ' ')} for all couples.")
    return given[0] if given else None


def structure_of(profiles: Sequence[Profile], method: str) -> str:
    return shared(profiles, "structure", method) or ""


def solution_of(profiles: Sequence[Profile], mixture: Mixture, method: str) -> Thermodynamics:
    """The thermodynamics of the couples; ideal where none is given."""
    given: Mapping = shared(profiles, "thermodynamics", method) or {}
    return Thermodynamics(mixture, given.get("kind", "ideal"), given.get("omega") or {}, given.get("excess"))


def stable(profiles: Sequence[Profile], solution: Thermodynamics, method: str) -> None:
    """Raise Invalid if a composition of a profile lies inside the spinodal of its thermodynamics."""
    if solution.energy.value == 0.0:
        return
    for number, profile in enumerate(profiles, 1):
        data = np.stack([profile.fraction(name) for name in solution.mixture.independent])
        lowest = solution.stability(np.clip(data, 0.0, 1.0), profile.temperature)
        if np.nanmin(lowest) <= 0.0:
            k = int(np.nanargmin(lowest))
            place = ", ".join(
                f"x_{name} = {value:.4g}" for name, value in zip(solution.mixture.independent, data[:, k], strict=True)
            )
            raise Invalid.at(
                "profile.thermodynamics",
                f"{method} needs thermodynamics of one phase, but couple {number} has {place} at "
                f"{profile.temperature:g} K, inside the spinodal.",
            )


def observe(profiles: Sequence[Profile], method: str) -> tuple[Mixture, MolarVolume | None, list[Observation]]:
    """The components in the first profile's order, the molar volume where it varies, and the couples on the axis q."""
    together(profiles, method)
    order = profiles[0].components
    mixture = mixture_of(profiles[0], method)
    given = shared(profiles, "molar_volume", method)
    found, law = [], None
    for profile in profiles:
        profile = profile.ordered(order)
        data = np.stack([profile.fraction(name) for name in mixture.independent])
        known = [ends_of(profile, name, method) for name in mixture.independent]
        ends = np.array([pair for pair, _ in known])
        q, stretch = profile.x, 1.0
        if given is not None:
            volume = volume_of(replace(profile, molar_volume=given), mixture, data)
            if volume is not None:
                law = volume
                stretch = float(volume.reference / volume(ends[:, :1])[0])
                q = stretch * axis_of(profile.x, volume, data)
        found.append(observation(profile, mixture, q, data, ends, stretch, [s for _, more in known for s in more]))
    return mixture, law, found


def observation(
    profile: Profile,
    mixture: Mixture,
    q: np.ndarray,
    data: np.ndarray,
    ends: np.ndarray,
    stretch: float,
    warnings: Sequence[str],
) -> Observation:
    noise = np.array([noise_of(q, y) for y in data])
    step = float(np.ptp(data, axis=1).max())
    clean = profile.sigma is None and noise.max() <= CLEAN * max(typical_change(q, y) for y in data)
    if profile.sigma is not None:
        sigma = np.stack([profile.sigma[profile.index(name)] for name in mixture.independent])
    else:
        each = np.full(len(data), CLEAN_MISFIT * step) if clean else np.maximum(noise, EVEN * noise.max())
        sigma = np.repeat(each[:, None], q.size, axis=1)
    return Observation(
        profile=profile,
        q=q,
        data=data,
        sigma=sigma,
        noise=noise,
        known=profile.sigma is not None,
        clean=clean,
        ends=ends,
        given=profile.ends is not None,
        plane=plane_of(q, data, ends),
        T=np.nan if profile.temperature is None else float(profile.temperature),
        time=float(profile.time),
        stretch=stretch,
        warnings=(*profile.warnings, *warnings),
    )


def plane_of(q: np.ndarray, data: np.ndarray, ends: np.ndarray) -> float:
    """q_0, m, that balances all n components best, by least squares, from the points as they are."""
    step = ends[:, 1] - ends[:, 0]
    excess = q[-1] * step - np.trapezoid(data - ends[:, :1], q, axis=1)
    step, excess = np.append(step, -step.sum()), np.append(excess, -excess.sum())
    return float(np.clip(step @ excess / (step @ step), q[0], q[-1]))


def several_temperatures(temperatures: Sequence[float]) -> bool:
    """Whether these are more than one temperature."""
    known = [T for T in temperatures if np.isfinite(T)]
    return bool(known) and max(known) - min(known) > SAME

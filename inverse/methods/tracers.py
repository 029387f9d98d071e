"""Tracer diffusivities from intrinsic ones, by Darken and Manning."""

import re

import numpy as np

from inverse.estimate import Estimate, Method
from inverse.kirkendall import Lattice, tracer_diffusivities, wind_of
from inverse.methods.intrinsic import at_plane
from inverse.methods.intrinsic import check as check_marker
from inverse.methods.marker_curve import check as check_markers
from inverse.methods.marker_curve import enough, over_zone
from simulator.faults import Invalid
from simulator.laws.mixture import Mixture
from simulator.laws.thermodynamics import Thermodynamics
from simulator.solve.profile import Profile

NAME = "tracers"
FRACTION = re.compile(r"\bx_([A-Za-z][A-Za-z0-9_]*)")


def check(profile: Profile, method: str) -> None:
    """Raise Invalid unless the profile has a marker, or many, and thermodynamics."""
    if enough(profile):
        check_markers(profile, method)
    else:
        check_marker(profile, method)
    if profile.thermodynamics is None:
        raise Invalid.at(
            "profile.thermodynamics",
            f'{method} needs the thermodynamics of the solution: add [thermodynamics] kind = "ideal", "regular" or '
            "another one.",
        )
    if profile.temperature is None and profile.thermodynamics.get("kind", "ideal") != "ideal":
        raise Invalid.at("profile.temperature", f"{method} needs the temperature for the thermodynamic factor.")
    wind_of(profile.structure)
    solution_of(profile)


def solution_of(profile: Profile, other: str = "") -> Thermodynamics:
    """The profile's thermodynamics, with the component analysed as the independent one. other: name of the second
    component, where its own words do not say it."""
    given, name = profile.thermodynamics, profile.component
    omega = given.get("omega") or {}
    named = [word for pair in omega for word in str(pair).split("-")]
    named += FRACTION.findall(given["excess"]) if isinstance(given.get("excess"), str) else []
    second = [word for word in (*profile.components, *named) if word != name]
    mixture = Mixture((second[0] if second else other or "Balance", name), second[0] if second else other or "Balance")
    return Thermodynamics(mixture, given.get("kind", "ideal"), omega, given.get("excess"))


def tracers(profile: Profile, window: tuple[float, float] = (0.02, 0.98)) -> Estimate:
    """Tracer diffusivities D_A* and D_B*, m^2/s, in rows, from intrinsic ones and the thermodynamic factor Phi.

        D_A = (V_m/V_B) D_A* Phi (1 + W_A),   D_B = (V_m/V_A) D_B* Phi (1 - W_B)
        W_i = (2/M_0) N_i (D_A* - D_B*)/(N_A D_A* + N_B D_B*),   M_0 = 2 f/(1 - f)
        N_B (1 + w) rho^2 + [N_A - w N_B - r (N_B - w N_A)] rho - r N_A (1 + w) = 0,   rho = D_B*/D_A*,  w = 2/M_0

    At the marker from the contact plane as in `intrinsic`, or with many markers over the whole zone as in
    `marker-curve`. The vacancy wind blows if the profile has a structure, whose correlation factor f is taken; without
    one there is none, and a sentence says what that means. A random alloy with vacancies. Raises Invalid as those
    methods, without thermodynamics, and where the intrinsic diffusivities differ in sign: there is then no one ratio.
    Source: Darken (1948), Trans. AIME 175, 184; Manning (1971), Phys. Rev. B 4, 1111.
    """
    check(profile, NAME)
    found = over_zone(profile, NAME, window) if enough(profile) else at_plane(profile, NAME, window)
    volume, wind = found.couple.volume, wind_of(profile.structure)
    N = found.composition
    T = np.nan if profile.temperature is None else profile.temperature
    factor = solution_of(profile, volume.other).factor(N[None], T)[0, 0]
    if not (np.isfinite(factor).all() and (factor > 0.0).all()):
        worst = int(np.argmin(np.where(np.isfinite(factor), factor, -np.inf)))
        raise Invalid.at(
            "profile.thermodynamics",
            f"the thermodynamic factor is {factor[worst]:.3g} at x_{profile.component} = {N[worst]:.4g}; it must be "
            "positive where a couple diffuses as one phase.",
        )
    value, ratio, W = tracer_diffusivities(N, found.value, volume, factor, wind)
    good = np.isfinite(value).all(axis=0) & (value > 0.0).all(axis=0)
    if not good.any():
        r = found.value[1] / found.value[0]
        raise Invalid.at(
            "profile.marker",
            f"the intrinsic diffusivities have the ratio {r[0]:.3g}: with opposite signs they do not determine one "
            "ratio of tracer diffusivities. Check the position of the marker.",
        )
    warnings = list(found.warnings)
    if not good.all():
        warnings.append("Compositions at which the intrinsic diffusivities differ in sign are left out.")
    if not wind:
        warnings.append(
            "No structure is given: the vacancy wind is left out. If one blows, the ratio of the tracer diffusivities "
            "is too large by as much as 22 to 33 % where it is about 2.5 to 3."
        )
    names = volume.other, found.couple.component
    kept = Lattice(
        found.couple,
        N[good],
        found.value[:, good],
        tuple(group[:, :, good] for group in found.groups),
        found.window,
        found.diagnostics,
        tuple(warnings),
    )
    sd = kept.spread(lambda D: tracer_diffusivities(N[good], D, volume, factor[good], wind)[0])
    return kept.estimate(
        profile,
        NAME,
        "tracer_diffusivity",
        value[:, good],
        sd,
        ratio_of=f"D_{names[1]}*/D_{names[0]}*",
        ratio=ratio[good].tolist(),
        thermodynamic_factor=factor[good].tolist(),
        vacancy_wind={"M_0": 2.0 / wind, **dict(zip(names, W[:, good].tolist(), strict=True))} if wind else None,
        intrinsic_diffusivity=dict(zip(names, found.value[:, good].tolist(), strict=True)),
    )


METHOD = Method(
    name=NAME,
    title="Tracer diffusivities by Darken and Manning",
    equation="D_A = (V_m/V_B) D_A* Phi (1 + W_A),  D_B = (V_m/V_A) D_B* Phi (1 - W_B)",
    recovers="tracer_diffusivity",
    unit="m^2/s",
    needs=("one profile", "time", "temperature", "inert marker or many", "thermodynamics", "structure, for the wind"),
    assumes=("binary", "random alloy", "vacancy mechanism", "step start", "unaffected ends", "planar"),
    source="Darken (1948), Trans. AIME 175, 184; Manning (1971), Phys. Rev. B 4, 1111",
    check=check,
    analyse=tracers,
    tolerance=5e-3,
)

"""What the methods for ions ask of a profile: concentrations, charges, neutrality, and a field that is known."""

import numpy as np

from inverse.curves.noise import noise_of
from inverse.ends import check_couple
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NEUTRAL = 1e-2  # of the charge of either sign: the root mean square of the imbalance that is not noise
SURE = 4.0  # standard deviations


def charges_of(profile: Profile, method: str) -> np.ndarray:
    """Charges (n,) of the profile's ions. Raises Invalid for an alloy, and where a charge is missing."""
    if profile.quantity != "concentration":
        raise Invalid.at(
            "profile", f"{method} is for ions: concentrations in mol/m^3 and charges. This profile has mole fractions."
        )
    given = profile.charges or {}
    missing = [name for name in profile.components if name not in given]
    if missing:
        example = ", ".join(f"{name} = .." for name in profile.components)
        raise Invalid.at(
            "profile.charges", f"{method} needs the charge of {', '.join(missing)}: charges = {{ {example} }}."
        )
    return np.array([float(given[name]) for name in profile.components])


def temperature_of(profile: Profile, method: str, what: str) -> float:
    """T in K. Raises Invalid without one."""
    if profile.temperature is None or not profile.temperature > 0.0:
        raise Invalid.at("profile.temperature", f"{method} needs the temperature for {what}.")
    return float(profile.temperature)


def check_neutral(profile: Profile, z: np.ndarray) -> None:
    """Raise Invalid if the charges of a profile do not add up to 0 within its noise."""
    largest = 0.5 * float((np.abs(z) @ np.abs(profile.fractions)).max())
    if not largest > 0.0:
        raise Invalid.at("profile", "no ion with a charge has a concentration here.")
    off = z @ profile.fractions / largest
    noise = noise_of(profile.x, off)
    size = float(np.sqrt(np.mean(off**2)))
    if size > np.hypot(NEUTRAL, SURE * noise):
        k = int(np.argmax(np.abs(off)))
        raise Invalid.at(
            "profile",
            f"the ions {', '.join(profile.components)} are not neutral together: sum z c is "
            f"{off[k] * largest:.4g} mol/m^3 at x = {1e6 * profile.x[k]:.4g} um, {100 * abs(off[k]):.2g} % of the "
            "charge of either sign. Is an ion missing, or a charge wrong?",
        )


def check_law(profile: Profile, method: str) -> None:
    """Raise Invalid if the law that made a profile lets a current flow, or is not that of a neutral ideal solution."""
    law = profile.law
    if law is None or law.kind != "nernst-planck":
        return
    kind, program = law.driven
    silent = kind != "voltage" and not program.depends_on and float(program(np.zeros(law.mixture.m))[0]) == 0.0
    reasons = (
        (not law.neutral, f"is neutral everywhere, and the closure of this one is {law.closure}"),
        (law.neutral and not silent, f"carries no current, and here a {kind} is given"),
        (law.charge is not None, "has no fixed charge, and this one has"),
        (law.activity != "ideal", f"is ideal, and this one has activity coefficients by {law.activity}"),
    )
    for wrong, reason in reasons:
        if wrong:
            raise Invalid.at("law", f"{method} needs a solution that {reason}.")


def check_junction(profile: Profile, method: str) -> np.ndarray:
    """Charges (n,) of a junction: a planar couple of neutral solutions that began as a step and carries no current.

    Raises Invalid where it is not one.
    """
    z = charges_of(profile, method)
    check_law(profile, method)
    check_couple(profile, method)
    check_neutral(profile, z)
    return z

"""Interface energy and gradient energy from the profile of an interface in equilibrium."""

import numpy as np

from inverse.estimate import Estimate, Method
from inverse.spinodal.interface import Subregular, subregular_of
from simulator.faults import Invalid
from simulator.laws.expression import CONSTANTS
from simulator.solve.profile import Profile

NAME = "interface-profile"
WINDOW = (0.1, 0.9)  # of the step between the phases, in which points count
FEWEST = 5
PLATEAU = 0.1  # of the points at either end, whose mean is that phase
FLAT = 0.01  # of the step, over which a plateau may still vary
CROOKED = 0.05  # of the width: what the points may leave
HALF_DIFFERENCE = 1e-4


def thermal_of(profile: Profile, method: str) -> float:
    """RT, J/mol. Raises Invalid where no temperature is known."""
    solution = getattr(profile.law, "thermodynamics", None)
    if getattr(solution, "units", "SI") == "reduced":
        return 1.0
    if profile.temperature is None:
        text = f'{method} needs the temperature, at which the phases are in equilibrium: --temperature "500 degC".'
        raise Invalid.at("profile", text)
    return CONSTANTS["R"] * profile.temperature


def check(profile: Profile, method: str) -> None:
    """Raise Invalid unless the profile goes once from one phase to the other, with both plateaus and a temperature."""
    if profile.quantity != "mole_fraction" or len(profile.components) > 2:
        raise Invalid.at("components", f"{method} is for two components of an alloy.")
    if profile.geometry != "planar":
        raise Invalid.at("profile", f"{method} needs a flat interface, not a {profile.geometry} sample.")
    law = profile.law
    if law is not None and not law.separates:
        raise Invalid.at("law", f"{method} needs two phases in equilibrium, and the law {law.kind} mixes.")
    thermal_of(profile, method)
    x, (a, b) = profile.fraction(profile.component), phases_of(profile, method)
    if not (0.0 < a < b < 1.0):
        raise Invalid.at("profile", f"{method} needs phases between the pure components, got {a:.4g} and {b:.4g}.")
    share = (x - a) / (b - a)
    crossings = int((np.diff(share > 0.5) != 0).sum())
    if crossings != 1:
        raise Invalid.at(
            "profile", f"{method} needs one interface, and the profile crosses the middle {crossings} times."
        )
    if np.count_nonzero((share > WINDOW[0]) & (share < WINDOW[1])) < FEWEST:
        raise Invalid.at(
            "profile", f"{method} needs {FEWEST} points inside the interface; measure or simulate it finer."
        )


def phases_of(profile: Profile, method: str) -> tuple[float, float]:
    """Compositions of the phases, the lower first: known ends, or the plateaus. Raises Invalid where they vary."""
    x = profile.fraction(profile.component)
    if profile.ends is not None:
        k = profile.components.index(profile.component)
        return tuple(sorted((float(profile.ends["left"][k]), float(profile.ends["right"][k]))))
    count = max(2, round(PLATEAU * x.size))
    ends = (x[:count], x[-count:])
    step = abs(ends[1].mean() - ends[0].mean())
    for side, values in zip(("left", "right"), ends, strict=True):
        noise = 0.0 if profile.sigma is None else 4.0 * float(np.median(profile.sigma))
        if np.ptp(values) > FLAT * step + noise:
            text = (
                f"{method} needs flat plateaus, and the {side} one still varies by {np.ptp(values):.3g}: wait longer."
            )
            raise Invalid.at("profile", text)
    return tuple(sorted((float(ends[0].mean()), float(ends[1].mean()))))


def line(profile: Profile, solution: Subregular) -> tuple[float, float, float, float]:
    """sqrt(kappa/RT), m, its standard deviation, the root mean square of what is left and the place of the middle
    composition, m, from a straight line of positions over int dX/sqrt(2 dg)."""
    x, k = profile.fraction(profile.component), profile.components.index(profile.component)
    share = (x - solution.a) / (solution.b - solution.a)
    inside = (share > WINDOW[0]) & (share < WINDOW[1])
    z, at = profile.x[inside], solution.distance(x[inside])
    # an error of X moves the distance by dX/sqrt(2 dg): where the profile is steep, points say more
    weight = 2.0 * solution.excess(x[inside])
    if profile.sigma is not None:
        weight = weight / profile.sigma[k][inside] ** 2
    centre = (weight * at).sum() / weight.sum()
    spread = (weight * (at - centre) ** 2).sum()
    slope = (weight * (at - centre) * z).sum() / spread
    mean = (weight * z).sum() / weight.sum()
    left = z - mean - slope * (at - centre)
    variance = (weight * left**2).sum() / max(1, z.size - 2)
    rest = float(np.sqrt((weight * left**2).sum() / weight.sum()))
    return float(abs(slope)), float(np.sqrt(variance / spread)), rest, float(mean - slope * centre)


def interface_profile(profile: Profile, window: tuple[float, float] = WINDOW) -> Estimate:
    """The energy of a flat interface in equilibrium, J/m^2, or J m/mol without a molar volume.

        (kappa/2) (dX/dz)^2 = dG(X),   sigma = (1/V_m) int sqrt(2 kappa dG) dX

    dG, the energy above the common tangent, is that of the subregular solution whose phases are the profile's plateaus
    (or the ends given): a regular one where they are symmetric. In the diagnostics kappa, the width (b - a)/max|dX/dz|,
    Omega and L1 with standard deviations. `window` is not used. Raises Invalid without a temperature, for plateaus that
    are not flat, and for more than one interface. Source: Cahn & Hilliard (1958), J. Chem. Phys. 28, 258.
    """
    check(profile, NAME)
    RT = thermal_of(profile, NAME)
    a, b = phases_of(profile, NAME)
    solution = subregular_of(a, b)
    root, root_sd, left, middle = line(profile, solution)
    V_m, warnings = volume_of(profile), list(profile.warnings)
    width = root * solution.width
    if left > CROOKED * width:
        warnings.append(
            f"Points lie {left:.2g} m from the profile of a subregular solution, {width:.3g} m wide: the "
            "energy is another one, or the interface is not in equilibrium."
        )
    sigma = RT * root * solution.energy / (V_m or 1.0)
    sigma_sd = sigma * root_sd / root
    return Estimate(
        method=NAME,
        recovers="interface_energy",
        unit="J m/mol" if V_m is None else "J/m^2",
        component=profile.component,
        composition=np.array([0.5 * (a + b)]),
        value=np.array([sigma]),
        sd=np.array([sigma_sd]),
        window=(a, b),
        source=profile.source,
        diagnostics={
            "time": profile.time,
            "phases": [a, b],
            "kappa": RT * root**2,
            "kappa_sd": 2.0 * RT * root * root_sd,
            "width": width,
            "width_sd": root_sd * solution.width,
            "omega": RT * solution.l0,
            "L1": RT * solution.l1,
            "residual": left,
            "interface_plane": middle,
            "warnings": warnings,
        },
    )


def volume_of(profile: Profile) -> float | None:
    """The constant molar volume, m^3/mol, or None."""
    law_volume = getattr(profile.law, "molar_volume", None)
    if law_volume is not None:
        return float(law_volume.reference)
    given = (profile.molar_volume or {}).get("V_m")
    return float(given) if isinstance(given, int | float) else None


METHOD = Method(
    name=NAME,
    title="Interface energy from an equilibrium profile",
    equation="(kappa/2) (dX/dz)^2 = dG,  sigma = (1/V_m) int sqrt(2 kappa dG) dX",
    recovers="interface_energy",
    unit="J/m^2",
    needs=("a profile across one interface", "temperature"),
    assumes=("binary", "two phases in equilibrium", "a subregular solution", "flat interface"),
    source="Cahn & Hilliard (1958), J. Chem. Phys. 28, 258",
    check=check,
    analyse=interface_profile,
    tolerance=2e-2,
    window=(0.0, 1.0),
)

"""Diffusivity and mobility of an ion from a pulse that drifts in a constant field."""

from collections.abc import Sequence

import numpy as np

from inverse.estimate import Estimate, Method
from inverse.ions.pulse import Pulse, pulse_of, start_pulse
from inverse.ions.solution import charges_of
from simulator.faults import Invalid
from simulator.laws.charge import thermal_voltage
from simulator.solve.profile import Profile

NAME = "drifting-tracer"
APART = 1e-2  # by which z D/mu of a pulse without noise may differ from RT/F without a word
SURE = 3.0  # standard deviations, with noise
STILL = 1e-9  # of RT/F: a smaller potential is none


def check(profile: Profile, method: str) -> None:
    """Raise Invalid unless the profile is one of a pulse in a constant field, with a time."""
    charges_of(profile, method)
    if profile.time is None:
        raise Invalid.at("profile", f'{method} needs the time of the profile; give it, for example --time "10 s".')
    if profile.geometry != "planar":
        raise Invalid.at("profile", f"{method} needs a planar sample, not a {profile.geometry} one.")
    field_of(profile, method)
    start = profile.start or {}
    if start.get("shape", "other") == "step":
        raise Invalid.at("profile", f"{method} needs a pulse; this sample began as a step.")
    pulse_of(profile, profile.component, method)


def together(profiles: Sequence[Profile], method: str) -> None:
    """Raise Invalid unless the profiles are of one ion in one field, and show it at two times."""
    fields = [field_of(profile, method) for profile in profiles]
    if np.ptp(fields) > 1e-6 * np.abs(fields).max():
        raise Invalid.at("profile.potential", f"{method} takes profiles in one field together.")
    name = profiles[0].component
    if any(name not in profile.components for profile in profiles):
        raise Invalid.at("profile", f"{method} takes profiles of one ion together; not all of these have {name}.")
    pulses_of(profiles, name, method)


def field_of(profile: Profile, method: str) -> float:
    """E, V/m: the potential falls evenly over the sample. Raises Invalid where it is not known, or does not."""
    law = profile.law
    if law is not None and law.kind == "nernst-planck":
        if law.closure != "constant-field":
            raise Invalid.at("law", f"{method} needs a constant field; with {law.closure} the ions make their own.")
        if law.driven[1].depends_on - {"T"}:
            raise Invalid.at("law.voltage", f"{method} needs a field that does not change in time.")
    if profile.potential is None:
        raise Invalid.at(
            "profile.potential", f'{method} needs the potential across the sample, right less left: potential = "-1 V".'
        )
    a, b = (profile.start or {}).get("interval") or profile.x[[0, -1]]
    return -float(profile.potential) / float(b - a)


def pulses_of(profiles: Sequence[Profile], name: str, method: str) -> list[Pulse]:
    """The pulses in the order of their times, that of a known start first. Raises Invalid for less than two."""
    found = sorted((pulse_of(profile, name, method) for profile in profiles), key=lambda pulse: pulse.time)
    start = start_pulse(profiles[0], name, method)
    if start is not None:
        found.insert(0, start)
    if len({pulse.time for pulse in found}) < 2:
        raise Invalid.at(
            "profile",
            f"{method} needs the pulse at two times, or the start that it came from: give two profiles, or "
            'start = { shape = "film", at = "0 um", thickness = "10 um" }.',
        )
    return found


def drifting_tracer(*profiles: Profile, window: tuple[float, float] = (0.0, 1.0)) -> Estimate:
    """D of an ion, m^2/s, from a pulse that spreads and drifts in a constant field E, whatever its shape.

        centroid = x_s + mu E t,   variance = s_s^2 + 2 D t,   E = -(phi_R - phi_L)/L

    From two times or more, or one and a known start (a film, or a profile). In the diagnostics the signed mobility
    mu (m^2/(V s)), and thermal_voltage = z D/mu (V), which by Nernst and Einstein is RT/F; both None without a field.
    The pulse may not reach the ends of the sample. L is the length of the start's interval, or else of the profile.
    `window` is not used. Raises Invalid without a potential, for one time, and for a pulse that narrows.
    Source: Einstein (1905), Ann. Phys. 17, 549.
    """
    for profile in profiles:
        check(profile, NAME)
    together(profiles, NAME)
    first, name = profiles[0], profiles[0].component
    z, E = float(first.charges[name]), field_of(first, NAME)
    pulses = pulses_of(profiles, name, NAME)
    t = np.array([pulse.time for pulse in pulses])
    spread = line(t, *np.array([(pulse.variance, pulse.variance_sd) for pulse in pulses]).T)
    drift = line(t, *np.array([(pulse.centroid, pulse.centroid_sd) for pulse in pulses]).T)
    D, D_sd = 0.5 * spread[0], 0.5 * spread[1]
    if not D > 0.0:
        raise Invalid.at("profile", f"the pulse narrows: its variance would give D = {D:.3g} m^2/s. Check the times.")
    noisy, warnings = D_sd > 0.0, [sentence for profile in profiles for sentence in profile.warnings]
    found = {"mobility": None, "thermal_voltage": None}
    T = first.temperature
    if (T is not None and abs(E) * np.ptp(first.x) <= STILL * thermal_voltage(T)) or E == 0.0:
        warnings.append("There is no field: the pulse says nothing of the mobility.")
    else:
        mobility, mobility_sd = drift[0] / E, drift[1] / abs(E)
        found["mobility"] = mobility
        found["mobility_sd"] = mobility_sd if noisy else None
        if mobility != 0.0 and z != 0.0:
            voltage = z * D / mobility
            sd = abs(voltage) * float(np.hypot(D_sd / D, mobility_sd / mobility))
            found |= {"thermal_voltage": voltage, "thermal_voltage_sd": sd if noisy else None}
            if T is not None:
                expected = thermal_voltage(T)
                found["thermal_voltage_expected"] = expected
                if abs(voltage - expected) > max(SURE * sd, (not noisy) * APART * expected):
                    warnings.append(
                        f"z D/mu is {1e3 * voltage:.4g} mV where Nernst and Einstein say {1e3 * expected:.4g} mV: "
                        "is the charge, or the sign of the potential, another one?"
                    )
    mean = float(np.mean([profile.fraction(name).max() for profile in profiles]))
    return Estimate(
        method=NAME,
        recovers="ion_diffusivity",
        unit="m^2/s",
        component=name,
        composition=np.array([mean]),
        value=np.array([[D]]),
        sd=np.array([[D_sd]]) if noisy else None,
        window=(mean, mean),
        source=", ".join(profile.source for profile in profiles if profile.source),
        diagnostics={
            "time": float(t[-1]),
            "times": t.tolist(),
            "centroid": [pulse.centroid for pulse in pulses],
            "variance": [pulse.variance for pulse in pulses],
            "field": E,
            **found,
            "warnings": warnings,
        },
        rows=(name,),
    )


def line(t: np.ndarray, y: np.ndarray, sd: np.ndarray) -> tuple[float, float]:
    """Slope of y(t) and its standard deviation, from those of y; one that is exact counts as if nearly so."""
    if not sd.any():
        return float(np.polyfit(t, y, 1)[0]), 0.0
    weight = 1.0 / np.maximum(sd, 1e-6 * sd.max()) ** 2
    middle = weight @ t / weight.sum()
    size = weight @ (t - middle) ** 2
    return float(weight @ ((t - middle) * y) / size), float(1.0 / np.sqrt(size))


METHOD = Method(
    name=NAME,
    title="Diffusivity and mobility from a drifting pulse",
    equation="centroid = x_s + mu E t,  variance = s_s^2 + 2 D t",
    recovers="ion_diffusivity",
    unit="m^2/s",
    needs=("a pulse at two times, or at one and its start", "charge", "potential across the sample"),
    assumes=("constant field", "constant D", "the pulse lies within the sample", "planar"),
    source="Einstein (1905), Ann. Phys. 17, 549",
    check=check,
    analyse=drifting_tracer,
    tolerance=1e-3,
    window=(0.0, 1.0),
    profiles=(1, 16),
    together=together,
)

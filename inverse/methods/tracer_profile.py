"""A tracer in a homogeneous sample, from whatever start the profile says."""

from dataclasses import replace

import numpy as np

from inverse.constant import constant_estimate
from inverse.curves.noise import noise_of
from inverse.estimate import Estimate, Method
from inverse.film import check_film, check_sample
from inverse.methods.erf_fit import check_step, erf_fit
from inverse.methods.thick_film import thick_film
from inverse.methods.thin_film import THICK, thin_film
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "tracer-profile"
HOMOGENEOUS = 0.02  # of the element's fraction, within which the sample is called homogeneous
MOST = 24  # profiles
COOLER = 1e-3  # of the temperature, by which profiles of one anneal may differ


def tagged(profile: Profile) -> Profile:
    """The column of the tagged isotope alone, or the profile itself where none is named. Raises Invalid where the
    element that it belongs to is not spread evenly."""
    isotope = profile.tracer
    if not isotope or isotope not in profile.components:
        return profile
    if profile.component != isotope:
        total = profile.fraction(profile.component) + profile.fraction(isotope)
        spread = float(np.ptp(total))
        if spread > max(HOMOGENEOUS * float(total.mean()), 8.0 * noise_of(profile.x, total)):
            raise Invalid.at(
                "profile",
                f"{NAME} needs a homogeneous sample, but the fraction of {profile.component} with its isotope changes "
                f"by {spread:.2g}. Use tracer-couple.",
            )
    return profile.only(isotope)


def shape_of(profile: Profile) -> str:
    """The start that the profile says, or looks like: "step", "film" or another word."""
    said = (profile.start or {}).get("shape")
    if said is not None:
        return said
    try:
        check_step(profile, NAME)
    except Invalid:
        return "film"
    return "step"


def check_tracer(profile: Profile, method: str) -> None:
    """Raise Invalid unless the profile is of one component in a planar sample whose start was a step or a film, or of
    a peak that several profiles can follow."""
    profile = tagged(profile)
    check_sample(profile, method)
    shape = shape_of(profile)
    if shape == "step":
        check_step(profile, method)
    elif shape == "film":
        check_film(profile, method)
    else:
        check_film(replace(profile, start=None), method)


def lacking(profiles: tuple[Profile, ...]) -> str:
    """What keeps these profiles, each good in itself, from giving a diffusivity together; "" if nothing does."""
    if len(profiles) == 1:
        if (profiles[0].start or {}).get("shape", "film") not in ("step", "film"):
            return (
                f"{NAME} needs to know the start of a single profile: a step, or a film. Give profiles at two times, "
                "or use forward-fit."
            )
        return ""
    times = [profile.time for profile in profiles]
    if len(set(times)) < len(times):
        return f"{NAME} takes several profiles at different times; two of these have the same. Analyse them one by one."
    heats = [profile.temperature for profile in profiles if profile.temperature is not None]
    if heats and max(heats) - min(heats) > COOLER * max(heats):
        return (
            f"{NAME} takes several profiles at one temperature; these have {min(heats):.6g} to {max(heats):.6g} K. "
            "Analyse them one by one."
        )
    return ""


def analysed(sample: Profile, window: tuple[float, float]) -> Estimate:
    """One profile by the method that its start asks for."""
    shape = shape_of(sample)
    if shape == "step":
        estimate = erf_fit(sample, window)
        said = "a step, as the start says" if sample.start else "a step, as the profile looks"
        return replace(estimate, diagnostics={**estimate.diagnostics, "model": "erf-fit", "start": said})
    if shape == "film":
        return (thick_film if sample.start else thin_film)(sample, window)
    return thin_film(replace(sample, start=None), window)


class TracerProfile(Method):
    """The method for one profile or several, which asks more of one whose start is not known."""

    def applies(self, *profiles: Profile) -> str | None:
        return super().applies(*profiles) or lacking(profiles) or None


def tracer_profile(*profiles: Profile, window: tuple[float, float] = (0.02, 0.98)) -> Estimate:
    """Tracer diffusivity of a homogeneous sample, m^2/s; an interdiffusivity where the component is no named tracer.

        one profile:       erf-fit for a step, thick-film for a film of known thickness, thin-film for an unknown one
        several profiles:  w_i^2 = w_0^2 + 4 D t_i through the widths of all of them

    Several profiles at different times need not say what the start was: any Gaussian, w_0 wide, keeps its shape. The
    diagnostics say which start was taken. Raises Invalid for a single profile of an unknown start, for two profiles of
    the same time, and for different temperatures.
    Source: Crank (1975), The Mathematics of Diffusion, 2nd ed., chapter 2.
    """
    sentence = lacking(profiles)
    if sentence:
        raise Invalid.at("profile", sentence)
    for profile in profiles:
        check_tracer(profile, NAME)
    samples = [tagged(profile) for profile in profiles]
    found = [analysed(sample, window) for sample in samples]
    first, named = found[0], "tracer_diffusivity" if profiles[0].tracer else "interdiffusivity"
    if len(found) == 1:
        return replace(first, method=NAME, recovers=named)
    times = np.array([profile.time for profile in profiles])
    squares = np.array([estimate.diagnostics["width"] ** 2 for estimate in found])
    # sd(w^2) = w^2 sd(D)/D
    noisy = all(estimate.sd is not None for estimate in found)
    errors = np.array([e.sd[0] / e.value[0] for e in found]) * squares if noisy else np.ones(times.size)
    A = np.column_stack([times, np.ones(times.size)]) / errors[:, None]
    size = np.linalg.norm(A, axis=0)
    line = np.linalg.lstsq(A / size, squares / errors, rcond=None)[0] / size
    covariance = np.linalg.inv((A / size).T @ (A / size)) / np.outer(size, size)
    miss = float(np.abs(line @ np.stack([times, np.ones(times.size)]) / squares - 1.0).max())
    warnings = [word for estimate in found for word in estimate.warnings]
    if times.size > 2 and miss > max(THICK, 4.0 * float((errors / squares).max()) if noisy else 0.0):
        warnings.append(f"The squared widths leave a straight line in time by {100 * miss:.2g} %: D changed with time.")
    return constant_estimate(
        NAME,
        replace(samples[0], time=float(times.max())),
        named,
        float(line[0]) / 4.0,
        float(np.sqrt(covariance[0, 0])) / 4.0 if noisy else None,
        (min(e.window[0] for e in found), max(e.window[1] for e in found)),
        (0.0, 1.0),
        {
            "model": f"w^2 = w0^2 + 4 D t over {times.size} times, widths by {first.method}",
            "start": first.diagnostics["start"],
            "times": times.tolist(),
            "widths": np.sqrt(squares).tolist(),
            "width_at_start_squared": float(line[1]),
            "misfit": max(estimate.diagnostics["misfit"] for estimate in found),
            "holds": all(estimate.diagnostics["holds"] for estimate in found),
            "warnings": list(dict.fromkeys(warnings)),
        },
    )


METHOD = TracerProfile(
    name=NAME,
    title="Tracer profile",
    equation="X = X0 + A exp(-(x - x0)^2/(4 D t)), or the error functions of a thick film or a step",
    recovers="tracer_diffusivity",
    unit="m^2/s",
    needs=("one profile with a known start, or several times", "time", "flat ends or known end values"),
    assumes=("homogeneous sample", "unaffected ends", "constant diffusivity", "planar"),
    source="Crank (1975), The Mathematics of Diffusion, 2nd ed., chapter 2",
    check=check_tracer,
    analyse=tracer_profile,
    profiles=(1, MOST),
)

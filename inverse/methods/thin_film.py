"""A thin film of tracer in or on a homogeneous sample: the Gaussian that it becomes."""

import numpy as np

from inverse.constant import constant_estimate
from inverse.curves.noise import noise_of
from inverse.estimate import Estimate, Method
from inverse.film import FilmFit, Source, check_film, fit_film
from inverse.volume import volume_of
from simulator.solve.profile import Profile

NAME = "thin-film"
THICK = 0.01  # of D, by which the thickness of the film may change it without a word
LOWEST = 0.01  # of the height, down to which the logarithm is drawn


def thin_film(profile: Profile, window: tuple[float, float] = (0.02, 0.98)) -> Estimate:
    """Diffusivity D of a homogeneous sample with a thin film of tracer, m^2/s, by the fit of a Gaussian.

        X = X0 + A exp(-(x - x0)^2/(4 D t)),   dose = A sqrt(pi D t) on a surface, 2 A sqrt(pi D t) within the sample

    Fitted are D, A, the middle x0 of a film within the sample, and X0 where it is not given. The slope of
    ln(X - X0) against (x - x0)^2, -1/(4 D t), is among the diagnostics. A film of half thickness h (its whole thickness
    on a surface) makes D too large by h^2/(6 D t): warns above 1 %. Raises Invalid where the start was no film, an end
    is not flat and no end values are given, or the two ends differ.
    Source: Crank (1975), The Mathematics of Diffusion, 2nd ed., chapter 2.
    """
    source = check_film(profile, NAME)
    found = fit_film(profile, source, NAME, 0.0)
    D, more = found.width**2 / (4.0 * profile.time), []
    if source.half is not None:
        bias = 2.0 * source.half**2 / (3.0 * found.width**2)
        if bias > THICK:
            more.append(f"The film was so thick that D is too large by about {100 * bias:.2g} %. Use thick-film.")
    slope = slope_of_logarithm(profile, found)
    diagnostics = {"D_from_slope": None if slope is None else -1.0 / (4.0 * profile.time * slope)}
    return film_estimate(NAME, profile, source, found, D, window, diagnostics, more)


def slope_of_logarithm(profile: Profile, found: FilmFit) -> float | None:
    """Slope (1/m^2) of ln(X - X0) against (x - x0)^2 with weights (X - X0)^2, as constant noise of X asks for; None if
    fewer than 3 points stand out."""
    y = np.sign(found.height) * (profile.fraction(profile.component) - found.background)
    s = profile.x - found.centre
    seen = y > max(LOWEST * abs(found.height), 3.0 * noise_of(profile.x, y))
    if seen.sum() < 3:
        return None
    z = (s[seen] / found.width) ** 2
    return float(np.polyfit(z, np.log(y[seen]), 1, w=y[seen])[0]) / found.width**2


def film_estimate(
    method: str,
    profile: Profile,
    source: Source,
    found: FilmFit,
    D: float,
    window: tuple[float, float],
    diagnostics: dict,
    warnings: list[str],
) -> Estimate:
    """The estimate from the fit of a film's curve; of a tracer if the profile names its component as one."""
    y = profile.fraction(profile.component)
    if volume_of(profile).varies:
        warnings = [*warnings, "The molar volume was taken as constant: the film is taken as dilute."]
    volume = (profile.molar_volume or {}).get("V_m") if not volume_of(profile).varies else None
    tagged = profile.tracer and profile.tracer == profile.component
    return constant_estimate(
        method,
        profile,
        "tracer_diffusivity" if tagged else "interdiffusivity",
        D,
        None if found.spread is None else 2.0 * found.spread * D,
        (found.background, found.background + source.height),
        window,
        {
            "model": method,
            "start": source.said,
            "sides": source.sides,
            "centre": float(found.centre),
            "width": float(found.width),
            "half_thickness": float(found.half),
            "background": float(found.background),
            "background_given": source.given,
            "dose": float(found.dose),
            "dose_sd": found.dose_sd,
            "dose_unit": "m",
            "noise": noise_of(profile.x, y),
            "residual_rms": float(np.sqrt(np.mean((found.fit.residual * found.fit.sigma) ** 2))),
            "chi_square": found.fit.chi_square if found.fit.known else None,
            "misfit": found.verdict.misfit,
            "holds": found.verdict.holds,
            **diagnostics,
            **({} if volume is None else moles(profile, found)),
            "warnings": [*profile.warnings, *source.warnings, *found.warnings, *warnings],
        },
    )


def moles(profile: Profile, found: FilmFit) -> dict:
    """The dose in mol/m^2, at a known constant molar volume."""
    V = float(volume_of(profile)(np.zeros(1))[0])
    spread = None if found.dose_sd is None else found.dose_sd / V
    return {"dose": float(found.dose) / V, "dose_sd": spread, "dose_unit": "mol/m^2"}


METHOD = Method(
    name=NAME,
    title="Thin film",
    equation="X = X0 + A exp(-(x - x0)^2/(4 D t))",
    recovers="interdiffusivity",
    unit="m^2/s",
    needs=("one profile", "time", "flat ends or known end values"),
    assumes=("thin film at the start", "unaffected ends", "constant diffusivity", "planar"),
    source="Crank (1975), The Mathematics of Diffusion, 2nd ed., chapter 2",
    check=check_film,
    analyse=thin_film,
)

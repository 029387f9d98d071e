"""What is left of a profile when it is simulated, or computed, with what was recovered from it."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from matano.drawing import COLOURS, MARKS, STYLES, entitle, legend, length_unit, pyplot, zone
from simulator.faults import Invalid, NumericsError

FILM = {"width", "centre", "background", "half_thickness", "dose", "sides"}  # the diagnostics of a film's curve
SAME_ENDS = 0.01  # a mole fraction, within which a couple is known by the ends of its profile
SPARSE = 120  # points, up to which they are drawn as points


@dataclass(frozen=True)
class Residuals:
    """Of one method: for each component in `names` the fraction that its coefficient gives at the points of the
    profile, fitted (n, N), and what the profile has more, left (n, N)."""

    method: str
    names: tuple[str, ...]
    x: np.ndarray
    fitted: np.ndarray
    left: np.ndarray


def residuals_of(entry) -> Residuals:
    """What one analysis leaves of its profile, the first of several. A film's curve is its closed form; a couple is
    simulated with the recovered coefficient from the step that it was. Raises Invalid where no profile follows from
    what was recovered."""
    profile, estimate = entry.profile, entry.estimate
    if set(estimate.diagnostics) >= FILM:
        names, fitted = (profile.component,), film_curve(profile, estimate.diagnostics)[None]
    else:
        names, fitted = simulated(entry)
    left = np.stack([profile.fraction(name) for name in names]) - fitted
    return Residuals(estimate.method, names, profile.x, fitted, left)


def film_curve(profile, found: dict) -> np.ndarray:
    """X0 + the film's curve at the points of the profile, by its width w, half thickness h, middle and dose:

    2 A sqrt(pi) w/2 within the sample, half of that on its surface, or sides A h for a thick film
    """
    from inverse.film import ROOT_PI, curve

    w, h = found["width"], found["half_thickness"]
    height = found["dose"] / found["sides"] / (0.5 * w * ROOT_PI if h == 0.0 else h)
    if found["dose_unit"] != "m":
        volume = (profile.molar_volume or {}).get("V_m")
        if not isinstance(volume, int | float):
            raise Invalid.at("profile", "the dose is in moles, and the molar volume is not known any more.")
        height *= float(volume)
    return found["background"] + height * curve(profile.x - found["centre"], w, h)[0]


def simulated(entry) -> tuple[tuple[str, ...], np.ndarray]:
    """Components, and their fractions (n, N) at the points of the profile, simulated with the recovered coefficient."""
    from inverse import write_case
    from simulator.files.case import load
    from simulator.solve.solve import solve

    profile, estimate = entry.profile, entry.estimate
    if estimate.is_matrix:
        estimate = of_this_couple(estimate, profile)
    with tempfile.TemporaryDirectory(prefix="matano-") as folder:
        path, _ = write_case(estimate, profile, Path(folder) / "again.toml")
        case = load(path)
        try:
            result = solve(case.problem, case.controls)
        except NumericsError as error:
            raise Invalid.at(entry.estimate.method, f"no profile follows from what was recovered: {error}") from None
    names = tuple(name for name in result.problem.mixture.independent if name in profile.components)
    x, rows = result.position[-1], result.composition[-1]
    # the first point of the profile is where the left end of the simulation rests
    found = [np.interp(profile.x, x, rows[result.components.index(name)]) for name in names]
    return names, np.stack(found)


def of_this_couple(estimate, profile):
    """The estimate with the ends and the plane of the profile's couple alone, of the several it may be from."""
    ends, planes = estimate.diagnostics.get("ends"), estimate.diagnostics.get("planes")
    if not ends or not planes or not set(estimate.rows) <= set(profile.components):
        return estimate
    own = np.array([profile.fraction(name)[[0, -1]] for name in estimate.rows])
    apart = [float(np.abs(np.asarray(one, float) - own).max()) for one in ends]
    k = int(np.argmin(apart))
    if apart[k] > SAME_ENDS:
        raise Invalid.at("profile", f"{estimate.method} was given other couples than this one.")
    return replace(estimate, diagnostics={**estimate.diagnostics, "ends": [ends[k]], "planes": [planes[k]]})


def residuals(result):
    """What every analysis that the result holds leaves of the profile it was made from."""
    from matano.saved_analyses import saved_analyses

    none = "this result holds no analysis: add one with `matano analyse FILE.h5 --save`."
    return left_by(saved_analyses(result), none, result)


def left_by(entries, none: str, shown=None):
    """What analyses leave of the profiles they are of. Raises Invalid where no profile follows from any of them, or,
    where there is none, with a sentence that says so.
    """
    found, why = [], []
    for entry in entries:
        try:
            found.append((entry, residuals_of(entry)))
        except Invalid as error:
            why.append(error.faults[0].sentence)
    if not found:
        raise Invalid.at("plot residuals", why[0] if why else none)
    return figure_of(found, shown)


def figure_of(found, shown=None):
    """Analyses with their residuals: above the profile with the curves, below what is left of it by each method."""
    figure, (upper, lower) = pyplot().subplots(
        2, 1, sharex=True, figsize=(6.4, 5.6), gridspec_kw={"height_ratios": (3, 2)}
    )
    unit, size = length_unit(float(np.ptp(found[0][1].x)))
    for j, name in enumerate(dict.fromkeys(name for _, one in found for name in one.names)):
        profile = next(entry.profile for entry, one in found if name in one.names)
        look = {"color": "0.45", "zorder": 1, "label": "profile" if j == 0 else None}
        look |= {"linestyle": "", "marker": "o", "markersize": 3.5} if profile.x.size <= SPARSE else {"linewidth": 4.0}
        upper.plot(profile.x / size, profile.fraction(name), **look)
    count = 0
    for _, one in found:
        for name, fitted, left in zip(one.names, one.fitted, one.left, strict=True):
            colour, style = COLOURS[count % len(COLOURS)], STYLES[count % len(STYLES)]
            label = one.method if len(one.names) == 1 else f"{name} {one.method}"
            upper.plot(one.x / size, fitted, color=colour, linestyle=style, linewidth=1.2, label=f"_{label}")
            few, rms = one.x.size <= SPARSE, float(np.sqrt(np.mean(left**2)))
            mark = {"marker": MARKS[count % len(MARKS)], "markersize": 3.0, "linewidth": 0.6} if few else {}
            lower.plot(one.x / size, left, color=colour, linestyle=style, **mark, label=f"{label}, rms {rms:.2g}")
            count += 1
    lower.axhline(0.0, color="black", linewidth=0.8, zorder=0)
    upper.set_ylabel(
        "mole fraction" if found[0][0].profile.quantity == "mole_fraction" else "concentration (mol/m$^3$)"
    )
    lower.set_ylabel("profile minus curve")
    lower.set_xlabel(f"x ({unit})")
    moving = zone(found[0][1].x, found[0][0].profile.fractions)
    if moving is not None:
        upper.set_xlim(moving[0] / size, moving[1] / size)
    legend(figure, lower, True)
    if shown is not None:
        entitle(upper, shown)
    return figure

"""The unaffected ends of a couple, and whether a profile has any."""

from dataclasses import dataclass

import numpy as np

from inverse.curves.interfaces import interfaces_of
from inverse.curves.noise import noise_between
from simulator.faults import Invalid
from simulator.solve.profile import Profile

FLAT = 3e-4  # largest change over an end region, in units of the step: 1e-4 in an end value is 3e-3 in a diffusivity
APART = 5e-3  # of the step, by which a given end value may differ from a flat end without a word
FEWEST = 8  # points
END_REGION = 0.05  # of the length, over which flatness is judged
END_AVERAGE = 0.025  # of the length, over which an end value is averaged
SURE = 4.0  # standard deviations of a mean of few points, whose noise is itself known to a fifth only
PLATEAU = 0.1  # of the zone: shorter runs of equal values are rounded digits
WIDTHS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0)  # times PLATEAU: stretches of noisy data that may be level
LEVEL = 0.1  # of the mean gradient of the zone, below which that of a stretch must surely lie to be none
HIDDEN = 3.0  # standard deviations of a point, by which a stretch may rise that is level but for noise
INSTEAD = "Use forward-fit, which takes any start and ends."


@dataclass(frozen=True)
class Ends:
    """End values of a component, whether they were given, where the profile jumps (m), and sentences."""

    left: float
    right: float
    given: bool
    interfaces: tuple[float, ...] = ()
    warnings: tuple[str, ...] = ()


def end_points(x: np.ndarray, part: float, side: str) -> slice:
    """The points within this part of the length from one end, at least 3."""
    if side == "left":
        return slice(0, max(3, int(np.sum(x <= x[0] + part * (x[-1] - x[0])))))
    return slice(min(x.size - 3, int(np.sum(x < x[-1] - part * (x[-1] - x[0])))), x.size)


def end_values(profile: Profile) -> tuple[float, float]:
    """The known end values of the profile's component, or averages over the two ends."""
    x, y = profile.x, profile.fraction(profile.component)
    if profile.ends is not None:
        row = profile.index(profile.component)
        return float(profile.ends["left"][row]), float(profile.ends["right"][row])
    left, right = (float(y[end_points(x, END_AVERAGE, side)].mean()) for side in ("left", "right"))
    return left, right


def ends_of(profile: Profile, method: str) -> Ends:
    """Known end values, or averages over flat ends. Raises Invalid if an end is not flat and no values are given."""
    name = profile.component
    x, y = profile.x, profile.fraction(name)
    left, right = end_values(profile)
    given = profile.ends is not None
    step = abs(right - left)
    if step <= 1e-6:
        raise no_step(method, name, left, right)
    interfaces, found = interfaces_of(profile, (y - left) / (right - left), method)
    noise = noise_between(x, y, interfaces)
    if step <= 10.0 * noise:
        raise no_step(method, name, left, right)
    moving, apart = [], []
    for side, end in (("left", left), ("right", right)):
        values = y[end_points(x, END_REGION, side)]
        half = values.size // 2
        change = 2.0 * abs(values[:half].mean() - values[half:].mean())
        spread = 2.0 * noise * np.sqrt(1.0 / half + 1.0 / (values.size - half))
        if change > max(FLAT * step, SURE * spread):
            moving.append(f"x_{name} still changes by {100 * change / step:.2g} % of the step at the {side} end.")
        elif abs(values.mean() - end) > max(APART * step, SURE * spread):
            flat = f"but the profile is flat at {values.mean():.4g} there."
            apart.append(f"The given {side} end of x_{name} is {end:.4g}, {flat}")
    if moving and not given:
        raise Invalid.at(
            "profile",
            f"{method} needs flat ends, but {' '.join(moving)} Cut the time or lengthen the sample, or give the "
            "known end values; forward-fit takes a sample whose ends were reached.",
        )
    used = "The given end values were used, and the profile was continued towards them."
    return Ends(left, right, given, interfaces, (*(f"{sentence} {used}" for sentence in moving), *apart, *found))


def no_step(method: str, name: str, left: float, right: float) -> Invalid:
    return Invalid.at(
        "profile",
        f"{method} needs a step between two end values, but x_{name} is {left:.4g} at the left and {right:.4g} "
        f"at the right. {INSTEAD}",
    )


def check_couple(profile: Profile, method: str) -> None:
    """Raise Invalid unless the profile is of a planar couple that was a step, with a time, and enough points."""
    if profile.time is None:
        raise Invalid.at("profile", f'{method} needs the time of the anneal; give it, for example --time "100 h".')
    if profile.geometry != "planar":
        raise Invalid.at(
            "profile", f"{method} needs a planar couple; this profile is from a {profile.geometry} sample."
        )
    shape = (profile.start or {}).get("shape", "step")
    if shape != "step":
        shown = "a film" if shape == "film" else "not a step"
        raise Invalid.at("profile", f"{method} needs a couple that began as a step; this one was {shown}. {INSTEAD}")
    if getattr(profile, "semi_infinite", None) is False:
        raise Invalid.at(
            "profile",
            f"{method} needs ends that diffusion has not reached; this sample is said to be finite. {INSTEAD}",
        )
    if profile.x.size < FEWEST:
        raise Invalid.at("profile", f"{method} needs at least {FEWEST} points, this profile has {profile.x.size}.")


def check(profile: Profile, method: str) -> Ends:
    """The end values of the component to analyse. Raises Invalid unless the profile is one of a planar binary couple
    with a time, from a step, with unaffected ends.
    """
    check_couple(profile, method)
    if not profile.binary:
        names = ", ".join(profile.components)
        if profile.quantity == "concentration":
            text = f"{method} analyses one component, but this profile has the concentrations of {names}."
            raise Invalid.at("profile", f"{text} Choose one with --component.")
        raise Invalid.at(
            "profile",
            f"{method} analyses a binary couple, but this profile has {names}, which are not two components that sum "
            "to 1. Choose one with --component.",
        )
    ends = ends_of(profile, method)
    check_plateaus(profile, method, ends)
    return ends


def check_plateaus(profile: Profile, method: str, ends: Ends) -> None:
    """Raise Invalid if a profile stays at one value between its ends, for PLATEAU of its zone and not as a layer
    between two jumps: there it has no gradient, and no diffusivity. Of noisy data the value is one within the noise."""
    x, y = profile.x, profile.fraction(profile.component)
    Y = (y - ends.left) / (ends.right - ends.left)
    zone = x[(Y > 0.02) & (Y < 0.98)]
    width = float(np.ptp(zone)) if zone.size else 0.0
    level = (np.abs(np.diff(Y)) <= 1e-12) & (Y[:-1] > 0.05) & (Y[:-1] < 0.95)
    brinks = np.flatnonzero(np.diff(np.concatenate([[0], level.astype(int), [0]]))).reshape(-1, 2)
    noise = noise_between(x, Y, ends.interfaces)
    for first, last in [*brinks, *level_stretches(x, Y, noise, width, ends.interfaces)]:
        layer = any(edge < x[first] for edge in ends.interfaces) and any(edge > x[last] for edge in ends.interfaces)
        if layer or x[last] - x[first] <= PLATEAU * width:
            continue
        raise Invalid.at(
            "profile",
            f"{method} needs a gradient, but x_{profile.component} stays at {np.mean(y[first : last + 1]):.4g} from "
            f"{1e6 * x[first]:.4g} to {1e6 * x[last]:.4g} um. Cut the profile to one couple.",
        )


def level_stretches(
    x: np.ndarray, Y: np.ndarray, noise: float, zone: float, edges: tuple[float, ...]
) -> list[tuple[int, int]]:
    """First and last points of stretches between 5 and 95 % of the step that are level but for the noise of Y.

    Of a regression line through such a stretch the slope, and that of either half, lies below LEVEL of the mean
    gradient 1/zone by SURE standard deviations, and its rise is hidden by the noise: the shortest stretches of each
    starting point, of WIDTHS, of at least FEWEST points and without a jump in them.
    """
    found = []
    if zone <= 0.0 or noise <= 0.0:
        return found
    for part in WIDTHS:
        first = np.arange(x.size)
        # one point more, so that the stretch is longer than it must be
        last = np.searchsorted(x, x + part * PLATEAU * zone, side="right")
        inside = (last < x.size) & (last - first >= FEWEST)
        first, last = first[inside], last[inside]
        slope, sure, mean = lines(x, Y, noise, first, last)
        level = (mean > 0.05) & (mean < 0.95) & (np.abs(slope) + SURE * sure < LEVEL / zone)
        level &= np.abs(slope) * (x[last] - x[first]) < HIDDEN * noise
        middle = (first + last) // 2
        for a, b in ((first, middle), (middle, last)):
            half, spread, _ = lines(x, Y, noise, a, b)
            level &= np.abs(half) < LEVEL / zone + spread
        for edge in edges:
            level &= (x[last] < edge) | (x[first] > edge)
        found += list(zip(first[level], last[level], strict=True))
    return found


def lines(
    x: np.ndarray, Y: np.ndarray, noise: float, first: np.ndarray, last: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slopes (k,) of regression lines through the points from first to last (k,), their standard deviations for this
    noise, and the means."""
    middle = 0.5 * (x[0] + x[-1])

    def sums(values):
        running = np.concatenate([[0.0], np.cumsum(values)])
        return running[last + 1] - running[first]

    count, z = last + 1.0 - first, x - middle
    mean, centre = sums(Y) / count, sums(z) / count
    square = sums(z**2) - count * centre**2
    return (sums(z * Y) - count * centre * mean) / square, noise / np.sqrt(square), mean

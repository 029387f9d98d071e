"""Where a profile jumps from one phase to the next."""

import numpy as np

from inverse.curves.noise import rough_noise_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

ABOVE = 8.0  # times the steepest of the four steps around it, above which a step between neighbours is a jump
LEAST = 0.02  # of the whole step: a smaller jump is not looked for
NOISES = 8.0  # standard deviations of the difference of two points


def steps_that_jump(x: np.ndarray, Y: np.ndarray) -> np.ndarray:
    """Numbers k of the steps from point k to k + 1 that are jumps: ABOVE times as steep as the two steps before and
    the two behind, and far above the noise."""
    slope, step = np.abs(np.diff(Y) / np.diff(x)), np.abs(np.diff(Y))
    if slope.size < 7:
        return np.zeros(0, int)
    noise = rough_noise_of(x, Y)
    around = np.zeros(slope.size)
    padded = np.pad(slope, 2, constant_values=0.0)
    for shift in (0, 1, 3, 4):
        around = np.maximum(around, padded[shift : shift + slope.size])
    jumps = (slope > ABOVE * around) & (step > LEAST) & (step > NOISES * np.sqrt(2.0) * noise)
    jumps[[0, 1, -2, -1]] = False
    return np.flatnonzero(jumps)


def interfaces_of(profile: Profile, Y: np.ndarray, method: str) -> tuple[tuple[float, ...], tuple[str, ...]]:
    """Positions (m) of the jumps of a profile with normalised values Y (N,), and sentences about those that were found.

    Positions that the profile brings along (`interfaces`) are used as they are. Otherwise each lies halfway between the
    two points of a step that is far steeper than its neighbours. Raises Invalid if a position lies outside the profile,
    or two lie between the same points.
    """
    x = profile.x
    given = getattr(profile, "interfaces", ())
    if given:
        inside = [place for place in given if x[0] < place < x[-1]]
        if len(inside) < len(given):
            outside = next(place for place in given if not x[0] < place < x[-1])
            raise Invalid.at("profile", f"the interface at {1e6 * outside:.4g} um lies outside the profile.")
        places = tuple(sorted(inside))
        between = np.searchsorted(x, places)
        if np.unique(between).size < between.size:
            raise Invalid.at("profile", f"{method} needs a point between two interfaces.")
        return places, ()
    jumps = steps_that_jump(x, Y)
    found = tuple(float(0.5 * (x[k] + x[k + 1])) for k in jumps)
    length = x[-1] - x[0]
    warnings = [
        f"x_{profile.component} jumps between {1e6 * x[k]:.4g} and {1e6 * x[k + 1]:.4g} um: an interface was put "
        "halfway, and no diffusivity is found in the jump. Give its position, or points closer to it, for more digits."
        for k in jumps
        if x[k + 1] - x[k] > 1e-6 * length
    ]
    return found, tuple(warnings)

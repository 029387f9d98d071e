"""A binary couple as the profile methods need it: component, end values, smooth curve, and what may be wrong."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from inverse.estimate import Estimate
from inverse.fitting import Smooth, noise_of, smooth
from inverse.planes import matano_plane
from inverse.smoothing import Curve
from simulator.faults import Invalid
from simulator.solve.profile import Profile

FLAT = 3e-4  # largest change over an end region, in units of the step: 1e-4 in an end value is 3e-3 in a diffusivity
APART = 5e-3  # of the step, by which a given end value may differ from a flat end without a word
FEWEST = 8  # points
END_REGION = 0.05  # of the length, over which flatness is judged
END_AVERAGE = 0.025  # of the length, over which an end value is averaged
SPACING = 0.005  # of Y between the compositions of an estimate
REACH = 1e-4  # how near to its end values the profile is followed for the extent of a simulation
STEEPEST = 0.05  # of the largest gradient, below which a profile that is not monotone gives no value


@dataclass(frozen=True)
class Ends:
    """End values of a component, whether they were given, and sentences about ends that are not flat."""

    left: float
    right: float
    given: bool
    warnings: tuple[str, ...] = ()


def end_points(x: np.ndarray, part: float, side: str) -> slice:
    """The points within this part of the length from one end, at least 3."""
    if side == "left":
        return slice(0, max(3, int(np.sum(x <= x[0] + part * (x[-1] - x[0])))))
    return slice(min(x.size - 3, int(np.sum(x < x[-1] - part * (x[-1] - x[0])))), x.size)


def ends_of(profile: Profile, method: str) -> Ends:
    """Known end values, or averages over flat ends. Raises Invalid if an end is not flat and no values are given."""
    name = profile.component
    x, y = profile.x, profile.fraction(name)
    given = profile.ends is not None
    if given:
        row = profile.index(name)
        left, right = (float(profile.ends[side][row]) for side in ("left", "right"))
    else:
        left, right = (float(y[end_points(x, END_AVERAGE, side)].mean()) for side in ("left", "right"))
    noise = noise_of(x, y)
    step = abs(right - left)
    if step <= max(10.0 * noise, 1e-6):
        raise Invalid.at(
            "profile",
            f"{method} needs a step between two end values, but x_{name} is {left:.4g} at the left and {right:.4g} "
            "at the right.",
        )
    moving, apart = [], []
    for side, end in (("left", left), ("right", right)):
        values = y[end_points(x, END_REGION, side)]
        half = values.size // 2
        change = 2.0 * abs(values[:half].mean() - values[half:].mean())
        spread = 2.0 * noise * np.sqrt(1.0 / half + 1.0 / (values.size - half))
        if change > max(FLAT * step, 3.0 * spread):
            moving.append(f"x_{name} still changes by {100 * change / step:.2g} % of the step at the {side} end.")
        elif abs(values.mean() - end) > max(APART * step, 3.0 * spread):
            flat = f"but the profile is flat at {values.mean():.4g} there."
            apart.append(f"The given {side} end of x_{name} is {end:.4g}, {flat}")
    if moving and not given:
        raise Invalid.at(
            "profile",
            f"{method} needs flat ends, but {' '.join(moving)} Cut the time or lengthen the sample, or give the "
            "known end values.",
        )
    used = "The given end values were used, and the profile was continued towards them."
    return Ends(left, right, given, (*(f"{sentence} {used}" for sentence in moving), *apart))


def check(profile: Profile, method: str) -> Ends:
    """The end values of the component to analyse. Raises Invalid unless the profile is one of a planar binary couple
    with a time.
    """
    if profile.time is None:
        raise Invalid.at("profile", f'{method} needs the time of the anneal; give it, for example --time "100 h".')
    if profile.geometry != "planar":
        raise Invalid.at(
            "profile", f"{method} needs a planar couple; this profile is from a {profile.geometry} sample."
        )
    if not profile.binary:
        names = ", ".join(profile.components)
        raise Invalid.at(
            "profile",
            f"{method} analyses a binary couple, but this profile has {names}, which are not two components that sum "
            "to 1. Choose one with --component.",
        )
    if profile.x.size < FEWEST:
        raise Invalid.at("profile", f"{method} needs at least {FEWEST} points, this profile has {profile.x.size}.")
    return ends_of(profile, method)


def places(curve: Curve, x: np.ndarray, window: tuple[float, float]) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Positions (k,) where the diffusivity is wanted, the curve's values there, and the range of Y that they span.

    On a curve that rises they are evenly spaced in the part of the window that the data x reach; on another one they
    lie evenly in x, where the curve is steep.
    """
    if curve.monotone:
        reached = curve.Y(x[[0, -1]])
        low, high = max(window[0], float(reached[0])), min(window[1], float(reached[1]))
        if low >= high:
            return np.zeros(0), np.zeros(0), list(window)
        Y = np.linspace(low, high, max(2, round((high - low) / SPACING) + 1))
        return curve.position(Y), Y, [low, high]
    x = np.linspace(x[0], x[-1], 2 * round(1.0 / SPACING) + 1)
    Y, slope = curve.Y(x), curve.gradient(x)
    kept = (window[0] < Y) & (window[1] > Y) & (slope > STEEPEST * slope.max())
    return x[kept], Y[kept], [float(Y[kept].min()), float(Y[kept].max())] if kept.any() else list(window)


def interdiffusivity(profile: Profile, method: str, window: tuple[float, float], bracket: Callable) -> Estimate:
    """D(X) = bracket / (2 t Y') at compositions evenly spaced in the window of Y.

    bracket(curve, x, Y, plane) -> (k,) m: the integrals of the method at the positions x, where the curve has the value
    Y.
    """
    ends = check(profile, method)
    name = profile.component
    row = profile.index(name)
    sigma = None if profile.sigma is None else profile.sigma[row]
    fitted = smooth(profile.x, profile.fraction(name), (ends.left, ends.right), ends.given, sigma)
    curve = fitted.curve
    plane = matano_plane(curve)
    x, Y, covered = places(curve, profile.x, window)
    if not x.size:
        raise Invalid.at(
            "profile",
            f"{method} finds nothing between {100 * window[0]:.3g} % and {100 * window[1]:.3g} % of the step in this "
            "profile. Are the end values those of this couple?",
        )
    left, right = fitted.ends
    composition = left + (right - left) * Y
    value = at(curve, x, Y, plane, bracket) / (2.0 * profile.time)
    sd = deviation(fitted, composition, bracket, profile.time)
    warnings = [*profile.warnings, *ends.warnings, *fitted.warnings, *molar_volume_warnings(profile)]
    good = np.isfinite(value) & (value > 0)
    if not good.any():
        raise Invalid.at("profile", f"{method} finds no positive diffusivity in this profile; is it one of a couple?")
    if not good.all():
        warnings.append("Compositions at which the diffusivity would not be positive are left out.")
    kept = np.flatnonzero(good)
    if right < left and curve.monotone:
        kept = kept[::-1]
    low, high = sorted(left + (right - left) * end for end in covered)
    reach = curve.position(np.array([REACH, 1.0 - REACH])) if curve.monotone else profile.x[[0, -1]]
    return Estimate(
        method=method,
        recovers="interdiffusivity",
        unit="m^2/s",
        component=name,
        composition=composition[kept],
        value=value[kept],
        sd=None if sd is None else sd[kept],
        window=(float(low), float(high)),
        source=profile.source,
        diagnostics={
            "time": profile.time,
            "matano_plane": plane,
            "ends": [float(left), float(right)],
            "ends_given": ends.given,
            "noise": fitted.noise,
            "residual_rms": fitted.residual,
            "extent": [float(reach[0]), float(reach[1])],
            "warnings": warnings,
        },
    )


def molar_volume_warnings(profile: Profile) -> list[str]:
    """A sentence if the profile comes with a molar volume that the methods here do not take into account."""
    kind = (profile.molar_volume or {}).get("kind", "constant")
    if kind == "constant":
        return []
    return [
        f"A molar volume of kind {kind!r} is given, but taken as constant: D is then wrong by about as much as the "
        "molar volume changes between the ends."
    ]


def at(curve: Curve, x: np.ndarray, Y: np.ndarray, plane: float, bracket: Callable) -> np.ndarray:
    """bracket / Y' at positions x, m^2."""
    return bracket(curve, x, Y, plane) / curve.gradient(x)


def deviation(fitted: Smooth, composition: np.ndarray, bracket: Callable, time: float) -> np.ndarray | None:
    """Standard deviation of D at the compositions over curves drawn from the fit's distribution; None for clean data.

    Half the width of the central 68.3 % of the draws: a draw with a nearly flat place would spoil a mean square.
    """
    if not fitted.draws:
        return None
    values = []
    for curve, (left, right) in fitted.draws:
        Y = np.clip((composition - left) / (right - left), 1e-6, 1.0 - 1e-6)
        values.append(at(curve, curve.position(Y), Y, matano_plane(curve), bracket) / (2.0 * time))
    low, high = np.quantile(values, (0.15865, 0.84135), axis=0)
    return 0.5 * (high - low)

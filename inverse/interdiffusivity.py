"""Interdiffusivities from a couple at chosen compositions, with standard deviations: what the profile methods share."""

from collections.abc import Callable, Iterable

import numpy as np

from inverse.couple import Couple, couple_of
from inverse.curves.smoothing import Curve
from inverse.estimate import Estimate
from inverse.planes import concentration_planes, swelling
from simulator.faults import Invalid
from simulator.solve.profile import Profile

SPACING = 0.005  # of Y between the compositions of an estimate
BRINK = 2e-3  # of a branch of Y: so near to a jump a gradient is that of one cell, or of the other side
REACH = 1e-4  # how near to its end values the profile is followed for the extent of a simulation
STEEPEST = 0.05  # of the largest gradient, below which a profile that is not monotone gives no value
Diffusivity = Callable[[Couple, np.ndarray], np.ndarray]
Further = Callable[[Couple, np.ndarray], tuple[dict, Iterable[str]]]
Deviation = Callable[[np.ndarray, np.ndarray], np.ndarray | None]


def nothing(couple: Couple, x: np.ndarray) -> tuple[dict, list[str]]:
    return {}, []


def places(curve: Curve, x: np.ndarray, window: tuple[float, float]) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Positions (k,) where the diffusivity is wanted, the curve's values there, and the range of Y that they span.

    On a curve that rises they are evenly spaced in the part of the window that the data x reach and no jump leaps over;
    on another one they lie evenly in x, where the curve is steep.
    """
    if curve.branches:
        reached = curve.Y(x[[0, -1]])
        low, high = max(window[0], float(reached[0])), min(window[1], float(reached[1]))
        parts = [(max(low, a), min(high, b)) for a, b in curve.branches]
        parts = [(a, b) for a, b in parts if a < b]
        if not parts:
            return np.zeros(0), np.zeros(0), list(window)
        Y = np.concatenate([between(a, b, low, high) for a, b in parts])
        return curve.position(Y), Y, [parts[0][0], parts[-1][1]]
    x = np.linspace(x[0], x[-1], 2 * round(1.0 / SPACING) + 1)
    Y, slope = curve.Y(x), curve.gradient(x)
    kept = (window[0] < Y) & (window[1] > Y) & (slope > STEEPEST * slope.max())
    return x[kept], Y[kept], [float(Y[kept].min()), float(Y[kept].max())] if kept.any() else list(window)


def between(a: float, b: float, low: float, high: float) -> np.ndarray:
    """Evenly spaced values from a to b, a little within where these are not low and high but the brinks of a jump."""
    brink = BRINK * (b - a)
    return np.linspace(a + brink * (a > low), b - brink * (b < high), max(2, round((b - a) / SPACING) + 1))


def interdiffusivity(
    profile: Profile,
    method: str,
    window: tuple[float, float],
    diffusivity: Diffusivity,
    smoother: str = "probit",
    further: Further = nothing,
) -> Estimate:
    """D(N) of a profile's couple at compositions evenly spaced in the window of Y; see `estimate_of`."""
    return estimate_of(couple_of(profile, method, smoother), method, window, diffusivity, further)


def estimate_of(
    couple: Couple,
    method: str,
    window: tuple[float, float],
    diffusivity: Diffusivity,
    further: Further = nothing,
    own_deviation: Deviation | None = None,
) -> Estimate:
    """D(N) at compositions evenly spaced in the window of Y.

    diffusivity(couple, x) -> (k,) m^2/s: the method's value at the positions x. further(couple, x) -> more diagnostics,
    and sentences. own_deviation(composition, D) -> (k,) m^2/s: the method's standard deviation of D, instead of that
    over the couple's draws. Raises Invalid if the profile shows nothing of the window.
    """
    x, Y, covered = places(couple.curve, couple.x, window)
    if not x.size:
        raise Invalid.at(
            "profile",
            f"{method} finds nothing between {100 * window[0]:.3g} % and {100 * window[1]:.3g} % of the step in this "
            "profile. Are the end values those of this couple?",
        )
    left, right = couple.ends
    composition = couple.fraction(Y)
    with np.errstate(all="ignore"):
        value = diffusivity(couple, x)
    sd = deviation(couple, composition, x, diffusivity) if own_deviation is None else own_deviation(composition, value)
    more, sentences = further(couple, x)
    warnings = [*couple.warnings, *sentences]
    good = np.isfinite(value) & (value > 0)
    if not good.all():
        warnings.append("Compositions at which the diffusivity would not be positive are left out.")
    kept = np.flatnonzero(good)
    kept = kept[np.argsort(composition[kept], kind="stable")] if couple.curve.monotone else kept
    low, high = sorted(left + (right - left) * end for end in covered)
    return Estimate(
        method=method,
        recovers="interdiffusivity",
        unit="m^2/s",
        component=couple.component,
        composition=composition[kept],
        value=value[kept],
        sd=None if sd is None else sd[kept],
        window=(float(low), float(high)),
        source=couple.source,
        diagnostics={**diagnostics(couple), **more, "warnings": warnings},
    )


def extent(couple: Couple) -> list[float]:
    """Where the profile leaves its end values, m: how long a sample that is simulated must be."""
    curve, x = couple.curve, couple.x
    if curve.branches and curve.branches[0][0] <= REACH and curve.branches[-1][1] >= 1.0 - REACH:
        x = curve.position(np.array([REACH, 1.0 - REACH]))
    return [float(x[0]), float(x[-1])]


def diagnostics(couple: Couple) -> dict:
    """Time (s), planes (m), end values, noise and residual of a couple; interfaces (m) and
    the ranges of composition of its phases where it jumps; the swelling where its volume varies."""
    found = {
        "time": couple.time,
        "matano_plane": couple.matano_plane,
        "ends": [float(end) for end in couple.ends],
        "ends_given": couple.ends_given,
        "noise": couple.noise,
        "residual_rms": couple.residual,
        "extent": extent(couple),
    }
    if couple.curve.edges:
        found["interfaces"] = list(couple.curve.edges)
        found["ranges"] = sorted(sorted(map(float, couple.fraction(ends))) for ends in couple.curve.branches)
    if couple.volume.varies:
        found["contact_plane"] = couple.plane
        found["swelling"] = swelling(couple)
        found["concentration_planes"] = concentration_planes(couple)
    return found


def volume_not_used(couple: Couple, x: np.ndarray) -> tuple[dict, list[str]]:
    """A sentence if the couple has a molar volume that varies, for methods that take it as constant."""
    if not couple.volume.varies:
        return {}, []
    V = couple.volume(np.array(couple.ends))
    return {}, [
        "A molar volume that varies is given, but taken as constant here: D is then wrong by about as much as the "
        f"molar volume changes between the ends, {100 * abs(V[1] / V[0] - 1):.2g} %. Use wagner."
    ]


def deviation(couple: Couple, composition: np.ndarray, x: np.ndarray, diffusivity: Diffusivity) -> np.ndarray | None:
    """Standard deviation of D at the compositions over couples drawn from the fit's distribution; None for clean data.

    On a curve that goes up and down, at the positions instead. Half the width of the central 68.3 % of the draws: a
    draw with a nearly flat place would spoil a mean square.
    """
    values = []
    for drawn in couple.draws():
        with np.errstate(all="ignore"):
            values.append(diffusivity(drawn, where(drawn, composition, x)))
    if not values:
        return None
    low, high = np.nanquantile(values, (0.15865, 0.84135), axis=0)
    return 0.5 * (high - low)


def where(drawn: Couple, composition: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Where a drawn couple has the compositions; where it has none of them, the positions x."""
    if not drawn.curve.branches:
        return x
    Y = np.clip((composition - drawn.ends[0]) / drawn.step, 1e-6, 1.0 - 1e-6)
    found = drawn.curve.position(Y)
    return np.where(np.isfinite(found), found, x)

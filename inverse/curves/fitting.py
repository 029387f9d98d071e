"""Which smooth curve a profile gets: interpolation of clean data, a smoother for noisy ones, piece by piece.

Clean data are interpolated in probit space where they rise, whichever smoother is asked for: it would return them.
"""

import numpy as np
from scipy.interpolate import CubicSpline, make_interp_spline
from scipy.optimize import isotonic_regression

from inverse.curves.noise import noise_between, noise_of
from inverse.curves.penalised import DRAWS, SEED, PenalisedFit
from inverse.curves.penalties import smoothing_spline, whittaker
from inverse.curves.piecewise import Flat, Piecewise
from inverse.curves.smoothing import Curve, PlainCurve, ProbitCurve, Smooth, probit
from inverse.ends import END_REGION, end_points
from simulator.faults import Invalid, near

CLEAN = 2e-3  # noise, in units of the typical step of Y between neighbours, below which data are interpolated
FLOORS = (1e-8, 1e-7, 1e-6, 1e-5, 1e-4)  # closer to 0 or 1 a simulated profile is rounding and time-step error
FALLS = {False: 0.02, True: 2e-3}  # of the step, by which noisy and clean data may fall and still count as rising
FEWEST = 4  # points of a piece between two jumps
SMOOTHERS = ("probit", "spline", "whittaker")
NOT_MONOTONE = "The profile is not monotone: a spline of the fraction itself was used, less accurate in the tails."


def smooth(
    x: np.ndarray,
    y: np.ndarray,
    ends: tuple[float, float],
    fixed: bool,
    sigma: np.ndarray | None = None,
    smoother: str = "probit",
    edges: tuple[float, ...] = (),
) -> Smooth:
    """The curve through y(x) (N,) that runs from ends[0] to ends[1], and jumps at edges (m).

    fixed: the ends are known. sigma (N,): of y, or None. smoother: of noisy data: "probit", a penalised fit in probit
    space; "spline", the cubic smoothing spline, or "whittaker", third differences, both of Y itself, cross-validated,
    and free to fall; for a profile that goes up and down "probit" is the smoothing spline. Raises Invalid for another
    name.
    """
    if smoother not in SMOOTHERS:
        hint = near(smoother, SMOOTHERS)
        raise Invalid.at("smoother", f"there is no smoother {smoother!r}; there are {', '.join(SMOOTHERS)}.{hint}")
    if edges:
        return pieces(x, y, ends, sigma, smoother, edges)
    step = ends[1] - ends[0]
    Y = (y - ends[0]) / step
    noise = noise_of(x, Y)
    clean = sigma is None and is_clean(Y, noise)
    rises = np.abs(Y - isotonic_regression(Y).x).max() <= max(6.0 * noise, FALLS[clean])
    if clean and rises:
        curve = interpolate(x, Y)
        if curve is not None:
            return Smooth(curve, ends, noise * abs(step), residual_of(curve, x, Y) * abs(step))
    if clean and not rises:
        curve = PlainCurve(make_interp_spline(x, Y, k=3), x)
        return Smooth(curve, ends, noise * abs(step), 0.0, warnings=(NOT_MONOTONE,))
    if rises and smoother == "probit":
        return PenalisedFit(x, y, ends, fixed, sigma, max(noise, 1e-6)).result()
    own = None if sigma is None else sigma / abs(step)
    pilot = PenalisedFit(x, Y, (0.0, 1.0), fixed, own, max(noise, 1e-6)).result() if rises else None
    found = plain(x, Y, own, smoother, noise, abs(step), fixed, pilot)

    def scaled(part):
        return float(ends[0] + step * part[0]), float(ends[0] + step * part[1])

    return Smooth(
        found.curve,
        scaled(found.ends),
        found.noise,
        found.residual,
        tuple((one, scaled(part)) for one, part in found.draws),
        () if rises else (NOT_MONOTONE,),
    )


def is_clean(Y: np.ndarray, noise: float) -> bool:
    """Whether the noise is nothing beside the steps of Y in the zone."""
    monotone = isotonic_regression(Y).x
    zone = (monotone > 0.02) & (monotone < 0.98)
    spacing = np.median(np.abs(np.diff(Y[zone]))) if zone.sum() > 2 else 0.1
    return bool(noise <= CLEAN * spacing)


def residual_of(curve: Curve, x: np.ndarray, Y: np.ndarray) -> float:
    return float(np.sqrt(np.mean((curve.Y(x) - Y) ** 2)))


def plain(
    x: np.ndarray,
    Y: np.ndarray,
    sigma: np.ndarray | None,
    smoother: str,
    noise: float,
    step: float = 1.0,
    fixed: bool = True,
    pilot: Smooth | None = None,
) -> Smooth:
    """A smoother of Y itself, and draws with the errors of fits to a pilot curve with new noise, or sigma.

    "whittaker" or "spline", which "probit" falls back to. step: of the fraction, for the noise and the residual. fixed:
    the ends 0 and 1 are known; else they are averages of the curve over its end regions, less noisy than the data's.
    pilot: the fit in probit space, where the profile rises, whose draws are smoothed with new noise. Elsewhere the
    pilot is the curve and what it leaves of the data, smoothed once more. An error has either sign in a draw, so that
    the draws hold the bias as well.
    """
    linear = whittaker(x, sigma) if smoother == "whittaker" else smoothing_spline(x, sigma)
    factor = linear.factor(Y)
    sides = [end_points(x, END_REGION, side) for side in ("left", "right")]

    def curve_of(z):
        ends = (0.0, 1.0) if fixed else tuple(float(z[side].mean()) for side in sides)
        z = (z - ends[0]) / (ends[1] - ends[0])
        if smoother == "whittaker":
            return PlainCurve(make_interp_spline(x, z, k=min(5, 2 * ((x.size - 2) // 2) + 1)), x), ends
        return PlainCurve(CubicSpline(x, z, bc_type="natural"), x), ends

    best = linear.fitted(Y, factor)
    if pilot is None:
        near = best + linear.fitted(Y - best, factor)
    else:
        near = np.array([low + (high - low) * one.Y(x) for one, (low, high) in pilot.draws])
    size = max(noise, 1e-12) if sigma is None else float(np.median(sigma))
    rng = np.random.default_rng(SEED)
    errors = linear.errors(near, factor, size * rng.standard_normal((DRAWS, x.size)))
    draws = tuple(curve_of(best + row) for row in rng.choice((-1.0, 1.0), (DRAWS, 1)) * errors)
    curve, ends = curve_of(best)
    residual = residual_of(curve, x, (Y - ends[0]) / (ends[1] - ends[0])) * (ends[1] - ends[0])
    return Smooth(curve, ends, size * step, residual * step, draws)


def pieces(
    x: np.ndarray, y: np.ndarray, ends: tuple[float, float], sigma: np.ndarray | None, smoother: str, edges: tuple
) -> Smooth:
    """A curve for each stretch between two jumps, carried on to the jump itself; the ends are kept as they are."""
    step = ends[1] - ends[0]
    Y = (y - ends[0]) / step
    noise = noise_between(x, Y, edges)
    limits = [-np.inf, *edges, np.inf]
    which = np.searchsorted(edges, x, side="right")
    parts = []
    for k in range(len(edges) + 1):
        mine = which == k
        own = None if sigma is None else sigma[mine] / abs(step)
        parts.append(piece(x[mine], Y[mine], (limits[k], limits[k + 1]), own, smoother, noise))
    curve = Piecewise(tuple(part.curve for part in parts), edges)
    drawn = [part.draws or ((part.curve, (0.0, 1.0)),) * DRAWS for part in parts]
    draws = ()
    if any(part.draws for part in parts):
        draws = tuple(
            (Piecewise(tuple(one for one, _ in together), edges), ends) for together in zip(*drawn, strict=True)
        )
    return Smooth(curve, ends, noise * abs(step), residual_of(curve, x, Y) * abs(step), draws)


def piece(x, Y, limits, sigma, smoother, noise) -> Smooth:
    """The curve of one stretch: of one composition, interpolated, or smoothed. An outermost one without a gradient has
    the composition of its end."""
    first, last = np.isinf(limits)
    bounds = np.array([x[0] if first else limits[0], x[-1] if last else limits[1]])
    if x.size < FEWEST or np.ptp(Y) <= max(6.0 * noise, 1e-9):
        value = 0.0 if first else 1.0 if last else float(np.mean(Y))
        return Smooth(Flat(value, np.unique([*bounds, *x])), (0.0, 1.0), noise, 0.0)
    rising = np.abs(Y - isotonic_regression(Y).x).max() <= max(6.0 * noise, FALLS[False])
    steps = np.abs(np.diff(Y))
    spacing = np.median(steps[steps > 0.01 * steps.max()])
    if sigma is None and noise <= CLEAN * spacing:
        curve = interpolate(x, Y, bounds) if rising else None
        if curve is None:
            curve = PlainCurve(make_interp_spline(x, Y, k=3), np.union1d(x, bounds), (Y.min(), Y.max()))
        return Smooth(curve, (0.0, 1.0), noise, 0.0)
    outer = (first or last) and rising
    fit = PenalisedFit(x, Y, (0.0, 1.0), True, sigma, max(noise, 1e-6)) if outer else None
    if outer and smoother == "probit":
        return fit.result()
    if x.size <= 7:
        return straight(x, Y, noise)
    return plain(x, Y, sigma, smoother, noise, pilot=fit.result() if outer else None)


def straight(x, Y, noise) -> Smooth:
    """A straight line through the few noisy points of a stretch."""
    slope, height = np.polyfit(x, Y, 1)
    line = make_interp_spline(x[[0, -1]], height + slope * x[[0, -1]], k=1)
    curve = PlainCurve(line, x, (Y.min(), Y.max()))
    return Smooth(curve, (0.0, 1.0), noise, residual_of(curve, x, Y))


def interpolate(x: np.ndarray, Y: np.ndarray, bounds: np.ndarray | tuple = ()) -> ProbitCurve | None:
    """Interpolating spline of u through the points from the middle outwards, as long as they rise and lie a floor away
    from 0 and 1; the lowest floor and the highest degree whose spline rises everywhere. None if there is no such
    spline. bounds: where the stretch ends, m; the spline is followed to there from the last point."""
    middle = int(np.argmin(np.abs(Y - 0.5)))
    rising = np.diff(Y) > 0
    for k in (5, 3):
        for floor in FLOORS:
            good = (floor < Y) & (1.0 - floor > Y)
            first = last = middle
            while first > 0 and good[first - 1] and rising[first - 1]:
                first -= 1
            while last < x.size - 1 and good[last + 1] and rising[last]:
                last += 1
            if not good[middle] or last - first < (k if len(bounds) else 5):
                continue
            part = slice(first, last + 1)
            knots = x[part]
            if len(bounds):
                low, high = bounds
                before, behind = (low,) * (first == 0), (high,) * (last == x.size - 1)
                knots = np.unique([*before, *knots, *behind])
            curve = ProbitCurve(make_interp_spline(x[part], probit(Y[part]), k=k), knots)
            if curve.monotone:
                return curve
    return None

"""The diffusivity whose simulated profiles fit best: of any start, of finite samples, of several times at once."""

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import CubicSpline

from inverse.curves.fitting import smooth
from inverse.estimate import Estimate, Method
from inverse.interdiffusivity import REACH, SPACING
from inverse.simulated.forward import Diffusivity, InfiniteCouple
from inverse.simulated.observed import Observation, check, observe
from inverse.simulated.profile_fit import ProfileFit, nearest_constant
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "forward-fit"
SOURCE = "Zhang & Zhao (2013), Intermetallics 34, 132"
PENALISED = 10  # knots, above which neighbouring second differences are penalised
# Knots of a profile without noise, and of one with it: penalised, their intervals cover the truth as they should.
KNOTS = {True: (8, 12, 16, 24), False: (12, 16, 24)}
FINITE = 12  # knots, the most that are tried of oneself where every derivative is a run in time
FEWEST_KNOTS = 3
NARROW = 1e-3  # of the range, within which a D that vanishes at its end is taken for constant
VANISHING = 5.0  # the largest D over that at an end, from which D may vanish there
RESOLVED = 0.04  # of the range, nearer than which to an end where D vanishes it is given no values
BETTER = 0.5  # of chi-square, by which knots gathered there must do better to be taken
STRUCTURE = 4.0  # standard deviations, from which neighbouring residuals agree more than noise lets them
NOTABLE = 1e-4  # of the step, from which residuals with structure are worth a word
OUTER = (0.04, 0.96)  # of Y, between which the first diffusivity is read off the smoothed profile
SAME = 1.0  # K, within which profiles count as of one temperature
ODD = 1.5  # root mean square of residuals in units of sigma, from which they are worth a word


class Knots:
    """The cubic splines that are 1 at one knot and 0 at the others: ln D between knots evenly spaced in composition.

    towards: "low" or "high" for knots evenly spaced in ln(Y + 1e-3) or ln(1 - Y + 1e-3) instead, Y the part of the way
    from low to high, in which a D that vanishes there as any power of Y is a straight line.
    """

    def __init__(self, low: float, high: float, count: int, towards: str = ""):
        self.low, self.high, self.towards = low, high, towards
        even = np.linspace(*self.scale(np.array([low, high])), count)
        self.at = np.clip(self.fraction(even), low, high)
        self.ends = "not-a-knot" if count > 3 else "natural"
        self.splines = CubicSpline(even, np.eye(count), bc_type=self.ends)

    def scale(self, X: np.ndarray) -> np.ndarray:
        """What the knots are evenly spaced in (n,) at fractions (n,), rising with them."""
        Y = (np.asarray(X, float) - self.low) / (self.high - self.low)
        if not self.towards:
            return X
        return np.log(Y + NARROW) if self.towards == "low" else -np.log(1.0 - Y + NARROW)

    def fraction(self, scale: np.ndarray) -> np.ndarray:
        """The other way round."""
        if not self.towards:
            return scale
        Y = np.exp(scale) - NARROW if self.towards == "low" else 1.0 + NARROW - np.exp(-scale)
        return self.low + (self.high - self.low) * Y

    def __call__(self, X: np.ndarray) -> np.ndarray:
        """(K, n) at fractions (n,)."""
        return self.splines(self.scale(X)).T

    @property
    def bending(self) -> np.ndarray:
        """Second differences (K - 2, K)."""
        return np.diff(np.eye(self.at.size), 2, axis=0)


def forward_fit(*profiles: Profile, window: tuple[float, float] = (0.02, 0.98), knots: int | None = None) -> Estimate:
    """Interdiffusivity D(X) of a binary sample, m^2/s, whose simulated profiles come nearest to all those given.

        ln D(X) = spline through (X_k, p_k);   min sum ((x_i - X(x_i; p, x_0)) / sigma_i)^2

    A cubic spline of ln D through evenly spaced knots, or where that leaves residuals and D all but vanishes at an end,
    as D ~ X, through knots evenly spaced in the logarithm of the distance from it. The contact plane of every profile,
    and end values that are not given, are found with it. Steps on an infinite line are simulated by the similarity
    solution; finite samples, films and any other start of `Profile.start` in time, between closed ends. With a molar
    volume on the mole coordinate, where D counts as D/V_m^2. knots: by default 8 for profiles without noise and 12 for
    others, more where residuals of that fit have structure; with more than 10, and in finite samples, second
    differences are penalised, the penalty of the largest restricted likelihood. Standard deviations by the covariance
    of the fit. Raises Invalid where a start is not known well enough to be simulated.
    Source: Zhang & Zhao (2013), Intermetallics 34, 132
    """
    compatible(profiles)
    observations: list[Observation] = []
    for profile in profiles:
        check(profile, NAME)
        observations.append(observe(profile, NAME, observations[0].reference if observations else None))
    low = min(entry.range[0] for entry in observations)
    high = max(entry.range[1] for entry in observations)
    if not high - low > max(10.0 * max(entry.noise for entry in observations), 1e-6):
        raise Invalid.at("profile", f"{NAME} needs compositions that differ, but all lie between {low:g} and {high:g}.")
    first = first_guess(observations, low, high)
    fit = best_fit(observations, low, high, first, knots)
    return estimate_of(fit, observations, (low, high), window)


def compatible(profiles: Sequence[Profile]) -> None:
    """Raise Invalid unless the profiles are of one component, one temperature and one molar volume."""
    names = {profile.component for profile in profiles}
    if len(names) > 1:
        raise Invalid.at(
            "profiles", f"{NAME} fits one component, but these are profiles of {', '.join(sorted(names))}."
        )
    known = [profile.temperature for profile in profiles if profile.temperature is not None]
    if known and max(known) - min(known) > SAME:
        raise Invalid.at(
            "profiles",
            f"{NAME} fits one D to all profiles, but they are of {min(known):g} K to {max(known):g} K; use arrhenius.",
        )
    volumes = {repr(sorted((profile.molar_volume or {}).items())) for profile in profiles}
    if len(volumes) > 1:
        raise Invalid.at("profiles", f"{NAME} needs the same molar volume for all profiles.")


def first_guess(observations: Sequence[Observation], low: float, high: float):
    """ln D (n,) at fractions (n,): from the smoothed profiles of steps on an infinite line, else a constant."""
    rows, at = [], np.linspace(low, high, 33)
    for entry in observations:
        if entry.start.infinite:
            row = smoothed(entry, at, entry.time)
            if row is not None:
                rows.append(row)
    if rows:
        table = np.mean(rows, axis=0)
        return lambda X: np.interp(X, at, table)
    value = nearest_constant(
        observations,
        [entry.time for entry in observations],
        lambda value: Diffusivity(
            low, high, lambda X: np.zeros((0, X.size)), lambda X: np.full(X.size, value), observations[0].stretch
        ),
    )
    return lambda X: np.full(np.shape(X), value)


def smoothed(entry: Observation, at: np.ndarray, time: float) -> np.ndarray | None:
    """ln D by Sauer and Freise's formula on a smooth curve through the profile; None where that gives nothing."""
    start = entry.start
    curve = (found := smooth(entry.q, entry.y, start.ends, start.given, entry.sigma)).curve
    left, right = found.ends
    if not curve.monotone:
        return None
    Y = np.clip((at - left) / (right - left), *OUTER)
    x = curve.position(Y)
    D = ((1.0 - Y) * curve.left(x) + Y * curve.right(x)) / (2.0 * time * curve.gradient(x))
    if not (np.isfinite(D).all() and (D > 0.0).all()):
        return None
    logarithm = np.log(D)
    middle = np.median(logarithm)
    return np.clip(logarithm, middle - 4.0, middle + 4.0) + 2.0 * np.log(entry.stretch(left + (right - left) * Y))


def fit_with(
    observations: Sequence[Observation], low: float, high: float, first, count: int, towards: str = ""
) -> ProfileFit:
    """The fit with this number of knots."""
    knots = Knots(low, high, count, towards)
    family = Diffusivity(low, high, knots, stretch=observations[0].stretch)
    times = [entry.time for entry in observations]
    # What a finite sample has levelled out it says nothing about: some knots would be free.
    penalised = count > PENALISED or not all(entry.start.infinite for entry in observations)
    fit = ProfileFit(observations, family, times, first(knots.at), knots.bending, choose=penalised)
    fit.knots = knots
    fit.run().finish()
    return fit


def best_fit(observations: Sequence[Observation], low: float, high: float, first, knots: int | None) -> ProfileFit:
    """The fit with the knots asked for, or with as few as leave residuals without structure."""
    points = sum(
        int(((entry.y > low + 0.01 * (high - low)) & (entry.y < high - 0.01 * (high - low))).sum())
        for entry in observations
    )
    most = max(FEWEST_KNOTS, points // 3)
    if not all(entry.start.infinite for entry in observations):
        most = min(most, FINITE)
    if knots is not None:
        if not FEWEST_KNOTS <= knots <= max(points, FEWEST_KNOTS):
            raise Invalid.at("knots", f"{NAME} takes {FEWEST_KNOTS} to {points} knots for these points, got {knots}.")
        return gathered(fit_with(observations, low, high, first, knots), observations, low, high)
    best = None
    for count in KNOTS[all(entry.clean for entry in observations)]:
        fit = fit_with(observations, low, high, first, min(count, most))
        if best is not None and fit.chi_square / fit.freedom > 0.9 * best.chi_square / best.freedom:
            break
        best = fit
        settled = fit.rms < max(0.1 * NOTABLE * fit.step, 3.0 * fit.discretisation)
        if count >= most or fit.structure() < STRUCTURE or settled:
            break
        first = CubicSpline(fit.knots.at, fit.p, bc_type=fit.knots.ends)
    return gathered(best, observations, low, high)


def gathered(fit: ProfileFit, observations: Sequence[Observation], low: float, high: float) -> ProfileFit:
    """The fit, or one with its knots gathered at an end where D seems to vanish, if that leaves much less of residuals
    with structure."""
    if fit.structure() < STRUCTURE or fit.rms < NOTABLE * fit.step:
        return fit
    ends = fit.p @ fit.knots(np.array([low, high]))
    if fit.p.max() - ends.min() < np.log(VANISHING):
        return fit
    towards = ("low", "high")[int(np.argmin(ends))]
    other = fit_with(observations, low, high, lambda X: fit.p @ fit.knots(X), fit.family.count, towards)
    return other if other.chi_square / other.freedom < BETTER * fit.chi_square / fit.freedom else fit


def estimate_of(
    fit: ProfileFit, observations: Sequence[Observation], ends: tuple[float, float], window: tuple[float, float]
) -> Estimate:
    """D with its standard deviation at compositions evenly spaced in the part of the window that the profiles reach."""
    low, high = ends
    reached = [np.clip(entry.y, *entry.range) for entry in observations]
    least, largest = min(row.min() for row in reached), max(row.max() for row in reached)
    clear = RESOLVED if fit.knots.towards else 0.0
    a = max(low + max(window[0], clear * (fit.knots.towards == "low")) * (high - low), least)
    b = min(low + min(window[1], 1.0 - clear * (fit.knots.towards == "high")) * (high - low), largest)
    if not b > a:
        raise Invalid.at("profile", f"{NAME} finds no composition in its window in these profiles.")
    X = np.linspace(a, b, max(2, round((b - a) / (high - low) / SPACING) + 1))
    B = fit.knots(X)
    value = np.exp(fit.p @ B)
    clean = all(entry.clean for entry in observations)
    K = fit.family.count
    spread = np.sqrt(np.einsum("kn,kl,ln->n", B, fit.covariance[:K, :K], B))
    entry, own = observations[0], fit.own(fit.v)
    model = fit.models[0]
    warnings = [sentence for item in observations for sentence in item.warnings]
    warnings += doubts(fit)
    diagnostics = {
        "time": max(item.time for item in observations),
        "times": [item.time for item in observations],
        "knots": fit.knots.at.tolist(),
        "ln_D": fit.p.tolist(),
        "covariance": fit.covariance[:K, :K].tolist(),
        "penalty": float(fit.factor),
        "chi_square": fit.chi_square if fit.known else None,
        "degrees_of_freedom": fit.freedom,
        "condition": fit.condition,
        "residual_rms": fit.rms,
        "noise": float(np.median([item.noise for item in observations])),
        "discretisation": fit.discretisation,
        "evaluations": fit.evaluations,
        "ends_given": entry.start.given,
        **placed(model, own[0], entry),
        "warnings": list(dict.fromkeys(warnings)),
    }
    if len(observations) > 1:
        diagnostics["matano_planes"] = [
            placed(m, o, e)["matano_plane"] for m, o, e in zip(fit.models, own, observations, strict=True)
        ]
    return Estimate(
        method=NAME,
        recovers="interdiffusivity",
        unit="m^2/s",
        component=entry.profile.component,
        composition=X,
        value=value,
        sd=None if clean else value * spread,
        window=(float(a), float(b)),
        source=entry.profile.source,
        diagnostics=diagnostics,
    )


def placed(model, own: np.ndarray, entry: Observation) -> dict:
    """Contact plane, end values and extent of a couple on an infinite line, as other methods report them."""
    if isinstance(model, InfiniteCouple):
        x, left = model.place(own), entry.profile.x
        far = model.far(own)
        profile = model.near[1]
        Y = (profile.cells[0] - far[0]) / (far[1] - far[0])
        zone = profile.grid.centres[(Y > REACH) & (Y < 1.0 - REACH)] * model.root + x
        return {
            "matano_plane": entry.lab(x),
            "ends": list(far),
            "extent": [float(min(zone[0], left[0])), float(max(zone[-1], left[-1]))],
        }
    start = entry.start
    return {"matano_plane": entry.lab(start.place(own)), "ends": list(start.ends), "extent": list(start.interval)}


def doubts(fit: ProfileFit) -> list[str]:
    """Sentences about a fit that should not be trusted as it is."""
    found = []
    if not fit.converged:
        found.append("The fit was stopped before it converged.")
    if fit.knots.towards:
        found.append(
            f"D all but vanishes at the {fit.knots.towards} end of the compositions: knots are gathered there, and "
            f"within {100.0 * RESOLVED:g} % of the range from it no values are given."
        )
    structure = fit.structure()
    if structure > STRUCTURE and fit.rms > NOTABLE * fit.step:
        found.append(
            f"The residuals (rms {fit.rms:.2g}) have structure, {structure:.2g} standard deviations more than noise: "
            f"{fit.family.count} knots, or the start and the end values that were assumed, do not follow the profile."
        )
    if fit.known and fit.chi_square > ODD**2 * fit.freedom:
        found.append(
            f"The residuals are {np.sqrt(fit.chi_square / fit.freedom):.2g} times as large as the given uncertainties."
        )
    return found


METHOD = Method(
    name=NAME,
    title="Forward-simulation fit",
    equation="min over p, x0 of sum ((X_i - X(x_i; D(p), x0)) / sigma_i)^2,   ln D a spline through p",
    recovers="interdiffusivity",
    unit="m^2/s",
    needs=("one or several profiles", "time", "the start, where it was no step or the sample is not semi-infinite"),
    assumes=("binary", "one temperature", "planar", "closed ends"),
    source=SOURCE,
    check=check,
    analyse=forward_fit,
    tolerance=1e-2,
    profiles=(1, 20),
)

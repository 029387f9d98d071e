"""A film of tracer in or on a homogeneous sample: where it was, what lies far from it, and the curve it makes."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import erfc

from inverse.constant import Fit, Judged, fitted, is_clean, judged
from inverse.curves.noise import noise_of
from inverse.curves.smoothing import ROOT_PI
from inverse.ends import END_AVERAGE, END_REGION, FEWEST, FLAT, INSTEAD, end_points
from simulator.faults import Invalid
from simulator.solve.profile import Profile

BESIDE = 0.5  # of the height of the peak, above which an end of the profile is the surface that held the film
PLATEAU = 0.6  # see `plateau`
OFF = 0.05  # of the width, by which the peak may lie off the place of the film without a word
APART = 5e-3  # of the height, by which a given end value may differ from a flat end without a word
UNDETERMINED = 0.5  # of D, standard deviation above which a fit says nothing


@dataclass(frozen=True)
class Source:
    """A film before it diffused.

    sides: 2 for a film within the sample, 1 for one on its surface; centre: its middle, or that surface, m; half: half
    the thickness of the film with its mirror image, m, None where unknown; background: mole fraction far from it, and
    whether that was given; height: of the peak above it, negative for a dip; said: where all this comes from; warnings.
    """

    sides: int
    centre: float
    half: float | None
    background: float
    given: bool
    height: float
    said: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class FilmFit:
    """What a film's profile shows: the width w = 2 sqrt(D t) m and its standard deviation relative to w, the half
    thickness m, the height of the curve, background, centre m, dose m (mole fraction times metres) and its standard
    deviation, whether the model holds, the least-squares fit and warnings."""

    width: float
    spread: float | None
    half: float
    height: float
    background: float
    centre: float
    dose: float
    dose_sd: float | None
    verdict: Judged
    fit: Fit
    warnings: tuple[str, ...]


def check_film(profile: Profile, method: str) -> Source:
    """The film that a profile came from. Raises Invalid unless the profile is one of a planar sample with a time, whose
    start was a film or is not known and looks like one, and which the film has not filled."""
    shape = (profile.start or {}).get("shape")
    if shape == "step":
        raise Invalid.at(
            "profile",
            f"{method} needs a film at the start; this sample began as a step. Use erf-fit or sauer-freise.",
        )
    if shape not in (None, "film"):
        raise Invalid.at("profile", f"{method} needs a film at the start; this start was another one. {INSTEAD}")
    check_sample(profile, method)
    return source_of(profile, method)


def check_sample(profile: Profile, method: str) -> None:
    """Raise Invalid unless the profile is of one component in a planar sample with a time, with enough points."""
    if profile.time is None:
        raise Invalid.at("profile", f'{method} needs the time of the anneal; give it, for example --time "100 h".')
    if profile.geometry != "planar":
        raise Invalid.at(
            "profile", f"{method} needs a planar sample; this profile is from a {profile.geometry} one. {INSTEAD}"
        )
    if not profile.binary:
        names = ", ".join(profile.components)
        raise Invalid.at(
            "profile",
            f"{method} analyses one component in a homogeneous sample, but this profile has {names}. Choose one with "
            "--component.",
        )
    if getattr(profile, "semi_infinite", None) is False:
        raise Invalid.at(
            "profile",
            f"{method} needs ends that diffusion has not reached; this sample is said to be finite. {INSTEAD}",
        )
    if profile.x.size < FEWEST:
        raise Invalid.at("profile", f"{method} needs at least {FEWEST} points, this profile has {profile.x.size}.")


def flatness(x: np.ndarray, y: np.ndarray, side: str) -> tuple[float, float, float]:
    """Mean, change and twice the standard deviation of that change over an end region."""
    values = y[end_points(x, END_REGION, side)]
    half = values.size // 2
    change = 2.0 * abs(values[:half].mean() - values[half:].mean())
    return float(values.mean()), float(change), 2.0 * noise_of(x, y) * np.sqrt(1.0 / half + 1.0 / (values.size - half))


def source_of(profile: Profile, method: str) -> Source:
    """Where the film was: as `profile.start` says, or where the profile is highest."""
    name = profile.component
    place, sign = place_of(profile), 1.0
    x, y = profile.x, profile.fraction(name)
    if sinks(x, y, place):
        sign, y = -1.0, -y
    ends = {side: flatness(x, y, side) for side in ("left", "right")}
    means = {side: float(y[end_points(x, END_AVERAGE, side)].mean()) for side in ends}
    known = None if profile.ends is None else {s: sign * float(profile.ends[s][profile.index(name)]) for s in ends}
    lowest = min(means.values())
    peak = float(y[peak_of(x, y)])
    if peak - lowest <= max(10.0 * noise_of(x, y), 1e-12):
        raise Invalid.at(
            "profile", f"{method} needs a peak, but x_{name} changes by no more than {peak - lowest:.2g} from its ends."
        )
    if place is None:
        if abs(means["left"] - means["right"]) > BESIDE * (peak - lowest) and plateau(x, y, means) > PLATEAU:
            raise Invalid.at(
                "profile",
                f"{method} needs a film at the start, but x_{name} runs from {means['left']:.4g} to "
                f"{means['right']:.4g} as a couple does. Use erf-fit or sauer-freise, or say what the start was.",
            )
        place = guessed(x, means, peak, lowest)
    sides, centre, half, said, warnings = place
    far = ("left", "right") if sides == 2 else ("right",) if centre <= x[0] else ("left",)
    moving = []
    for side in far:
        _, change, spread = ends[side]
        if change > max(FLAT * (peak - lowest), 3.0 * spread):
            moving.append(
                f"x_{name} still changes by {100 * change / (peak - lowest):.2g} % of the peak at the {side} end."
            )
    values = [means[side] if known is None else known[side] for side in far]
    room = max(APART * (peak - lowest), *(3.0 * ends[side][2] for side in far))
    if abs(values[0] - values[-1]) > room:
        raise Invalid.at(
            "profile",
            f"{method} needs the same composition on both sides of the film, but x_{name} is {sign * values[0]:.4g} at "
            f"the left end and {sign * values[-1]:.4g} at the right. {INSTEAD}",
        )
    if moving and known is None:
        raise Invalid.at(
            "profile",
            f"{method} needs flat ends, but {' '.join(moving)} Cut the time or lengthen the sample, or give the known "
            "end values; forward-fit takes a sample whose ends were reached.",
        )
    background = float(np.mean(values))
    if known is not None and not moving:
        for side in far:
            if abs(ends[side][0] - known[side]) > max(APART * (peak - lowest), 3.0 * ends[side][2]):
                shown = f"{sign * known[side]:.4g}, but the profile is flat at {sign * ends[side][0]:.4g} there."
                warnings = (*warnings, f"The given {side} end of x_{name} is {shown}")
    used = "The given end values were used as what lies beyond."
    warnings = (*warnings, *(f"{sentence} {used}" for sentence in moving))
    return Source(sides, centre, half, sign * background, known is not None, sign * (peak - background), said, warnings)


def plateau(x: np.ndarray, y: np.ndarray, means: dict) -> float:
    """Of a profile that falls from one end to the other, the length that it keeps 0.9 of its height over the length on
    which it falls to 0.1: 0.27 for a thin film on a surface, 0.9 or more for a couple with flat ends."""
    high, low = means["left"], means["right"]
    if high < low:
        x, y, high, low = -x[::-1], y[::-1], low, high
    Y = isotonic_regression((y - low) / max(high - low, 1e-300), increasing=False).x
    stays, falls = (float(x[np.flatnonzero(level <= Y)[-1]]) for level in (0.9, 0.1))
    return (stays - x[0]) / max(falls - stays, 1e-12 * (x[-1] - x[0]))


def sinks(x: np.ndarray, y: np.ndarray, place) -> bool:
    """Whether the film had less of the component than the sample: where the film was, or where nothing is said of it
    inside, the profile lies deeper below its ends than it rises above them."""
    means = [float(y[end_points(x, END_AVERAGE, side)].mean()) for side in ("left", "right")]
    if place is None:
        return min(means) - y[peak_of(x, -y)] > max(y[peak_of(x, y)] - max(means), 0.1 * np.ptp(y))
    sides, centre, *_ = place
    far = np.mean(means) if sides == 2 else means[1] if centre <= x[0] else means[0]
    return bool(np.interp(centre, x, y) < far)


def peak_of(x: np.ndarray, y: np.ndarray) -> int:
    """The highest point of a running mean of three."""
    return int(np.argmax(np.convolve(np.pad(y, 1, mode="edge"), np.full(3, 1.0 / 3.0), mode="valid")))


def place_of(profile: Profile):
    """(sides, centre, half thickness, what is said, warnings) from `profile.start`; None where it says nothing."""
    start, x = profile.start or {}, profile.x
    if start.get("shape") != "film":
        return None
    a, b = float(start["at"]), float(start["at"]) + float(start["thickness"])
    first, last = x[0] - 0.5 * (x[1] - x[0]), x[-1] + 0.5 * (x[-1] - x[-2])
    near = 1e-9 * (last - first)
    if b < first or a > last:
        raise Invalid.at("profile.start", f"the film, {a:g} m to {b:g} m, lies outside the profile.")
    if a <= first + near and b >= last - near:
        raise Invalid.at("profile.start", f"the film, {a:g} m to {b:g} m, fills the whole profile. {INSTEAD}")
    if a <= first + near or a == x[0]:
        wall = max(a, first)
        return 1, wall, b - wall, f"a film on the surface at {wall:g} m, {b - wall:g} m thick, as the start says", ()
    if b >= last - near or b == x[-1]:
        wall = min(b, last)
        return 1, wall, wall - a, f"a film on the surface at {wall:g} m, {wall - a:g} m thick, as the start says", ()
    return 2, 0.5 * (a + b), 0.5 * (b - a), f"a film within the sample, {a:g} m to {b:g} m, as the start says", ()


def guessed(x: np.ndarray, means: dict, peak: float, lowest: float):
    """As `place_of`, from where the profile is highest."""
    for side, k, outwards in (("left", 0, x[0] - x[1]), ("right", -1, x[-1] - x[-2])):
        if means[side] - lowest > BESIDE * (peak - lowest):
            # sections are measured from the surface, x = 0, and the first of them lies within it
            wall = 0.0 if min(x[k], x[k] + 1.5 * outwards) <= 0.0 <= max(x[k], x[k] + 1.5 * outwards) else float(x[k])
            said = f"a film on the surface at {wall:g} m, because the profile is highest there"
            return 1, wall, None, said, (f"Nothing is said about the start: taken as {said}.",)
    said = "a film within the sample, because the profile is highest inside"
    return 2, float("nan"), None, said, (f"Nothing is said about the start: taken as {said}.",)


def curve(s: np.ndarray, w: float, h: float) -> np.ndarray:
    """A film's curve (4, N) over the distance s from its middle: its values, their derivatives by ln w, and by h and by
    -s, 1/m.

        h = 0: exp(-s^2/w^2),   else [erf((s + h)/w) - erf((s - h)/w)]/2
    """
    if h == 0.0:
        bell = np.exp(-((s / w) ** 2))
        return np.stack([bell, 2.0 * (s / w) ** 2 * bell, np.zeros(s.size), 2.0 * s / w**2 * bell])
    far, near = (np.abs(s) + h) / w, (np.abs(s) - h) / w
    outer, inner = np.exp(-(far**2)) / ROOT_PI, np.exp(-(near**2)) / ROOT_PI
    by_place = np.sign(s) * (inner - outer) / w
    return np.stack([0.5 * (erfc(near) - erfc(far)), near * inner - far * outer, (outer + inner) / w, by_place])


def fit_film(profile: Profile, source: Source, method: str, half: float | None) -> FilmFit:
    """The curve of a film of this half thickness m (0: an infinitely thin one, None: fitted) through the profile.

    Fitted are the width, the height, where it lies within the sample its middle, and where it is not given the
    background.
    """
    row = profile.index(profile.component)
    x, y = profile.x, profile.fractions[row]
    sigma = None if profile.sigma is None else profile.sigma[row]
    centre, width = first_guess(x, y, source)
    moves, lifts, swells = source.sides == 2, not source.given, half is None

    def parts(v):
        rest = list(v[2:])
        shift = rest.pop(0) if moves else 0.0
        base = rest.pop(0) if lifts else source.background
        h = width * abs(rest.pop(0)) if swells else half
        return width * np.exp(v[0]), v[1], centre + width * shift, base, h

    def model(v):
        w, height, middle, base, h = parts(v)
        shape, by_width, by_half, by_place = curve(x - middle, w, h)
        columns = [height * by_width, shape]
        if moves:
            columns.append(height * width * by_place)
        if lifts:
            columns.append(np.ones(x.size))
        if swells:
            columns.append(height * width * by_half)
        return base + height * shape, np.column_stack(columns)

    thick = 0.5 if swells else half / width
    tall = source.height / float(curve(np.zeros(1), 1.0, thick)[0, 0])
    start = [
        0.0,
        tall,
        *([0.0] if moves else []),
        *([source.background] if lifts else []),
        *([thick] if swells else []),
    ]
    Y = (y - source.background) / source.height
    try:
        fit = fitted(model, start, y, sigma, is_clean(x, Y), method)
    except Invalid as error:
        if not swells:
            raise
        raise hidden(method) from error
    w, height, middle, base, h = parts(fit.parameters)
    s = x - middle
    q = (np.abs(s) - h) / w
    bent = np.exp(-(q**2))[:, None] * np.stack([q**2, q**3, q**4, np.sign(s) * moves * q**2], axis=1)
    verdict = judged(fit, bent, abs(source.height))
    spread = fit.sd(0)
    if spread is not None and 2.0 * spread > UNDETERMINED:
        if swells:
            raise hidden(method)
        raise Invalid.at("profile", f"{method} finds D only to {200 * spread:.2g} % in this profile. Use forward-fit.")
    warnings = list(fit.warnings)
    if not verdict.holds:
        warnings.append(
            f"The profile leaves the curve of {'a thin film' if h == 0.0 else 'this film'} by "
            f"{100 * verdict.misfit:.2g} % of its height: D changes, or the start was another one. Use "
            f"{'thick-film or forward-fit' if h == 0.0 else 'forward-fit'}."
        )
    off = abs(middle - centre) if source.sides == 2 and source.half is not None else 0.0
    if off > max(OFF * w, 4.0 * width * (fit.sd(2) or 0.0)):
        warnings.append(f"The peak lies {off:.3g} m off the place of the film.")
    dose = source.sides * height * (0.5 * w * ROOT_PI if h == 0.0 else h)
    rates = np.zeros(fit.parameters.size)
    rates[1] = dose / height
    if h == 0.0:
        rates[0] = dose
    elif swells:
        rates[-1] = dose / fit.parameters[-1]
    dose_sd = None if fit.covariance is None else float(np.sqrt(rates @ fit.covariance @ rates))
    return FilmFit(w, spread, h, height, base, middle, dose, dose_sd, verdict, fit, tuple(warnings))


def hidden(method: str) -> Invalid:
    return Invalid.at(
        "profile", f"{method} finds no thickness of the film in this profile. Give it in the start, or use thin-film."
    )


def first_guess(x: np.ndarray, y: np.ndarray, source: Source) -> tuple[float, float]:
    """Middle and width of the Gaussian of the same area and height."""
    above = np.clip((y - source.background) / source.height, 0.0, None)
    above = np.where(above > 0.05, above, 0.0)
    area = float(np.trapezoid(above, x))
    centre = source.centre
    if not np.isfinite(centre):
        centre = float(np.trapezoid(above * x, x)) / area
    return centre, max(area * (2.0 / source.sides) / ROOT_PI, 0.5 * float(np.diff(x).max()))

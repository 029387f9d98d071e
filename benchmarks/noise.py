"""Errors under noise: every method of one couple and every smoother, and how often intervals of 95 % hold the truth.

Exact profiles of 120 points with normal noise of a mole fraction. D = exp(2 N) between the pure ends, evenly spaced
from where 1e-5 of the step has passed to where 1e-5 is left and 15 % more; for methods of a constant D an error
function; for markers tracer diffusivities exp(N/2) and 4 exp(-3 N/10) of an ideal fcc solution with Manning's vacancy
wind. D0 = 1, t = 1.
"""

import sys
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

import numpy as np

if str(Path(__file__).resolve().parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from scipy.optimize import brentq
from scipy.special import erf
from timing import command

from inverse import METHODS, Estimate, Profile
from inverse.curves.fitting import SMOOTHERS
from inverse.kirkendall import wind_of
from simulator.faults import Invalid
from simulator.solve.exact.collocation import similarity_profile

NOISES = (1e-3, 5e-3)
SEEDS, FEWEST_SEEDS = 30, 2
MANY_SEEDS = 300  # of intervals: even ones with the first noise, odd ones with the second
POINTS = 120
REACH = 1e-5  # of the step
WIDER = 1.15
LEVELS = (0.1, 0.5, 0.9)
INSIDE = np.linspace(0.1, 0.9, 9)  # compositions at which intervals are asked for the truth
NEAREST = 0.01  # a composition farther than this from those of an estimate is not covered by it
QUANTILE = 1.959964  # of the normal distribution, 97.5 %
SMOOTHED = ("sauer-freise", "wagner", "boltzmann-matano", "den-broeder")
WHOLE = ("extended-hall", "forward-fit")
ENDS = (0.03, 0.97)  # compositions at which Hall's straight lines are asked
MARKED = ("intrinsic", "tracers")
CONSTANT = ("erf-fit", "grube")
PURE = {"left": [0.0], "right": [1.0]}

# Root mean square errors in per cent of trials with D = exp(2 N), 120 points and known ends, at N = 0.1, 0.5, 0.9.
TRIALS = {
    (1e-3, "spline"): (1.2, 0.6, 2.5),
    (1e-3, "probit"): (0.5, 0.3, 0.6),
    (5e-3, "spline"): (3.5, 2.3, 9.5),
    (5e-3, "probit"): (2.8, 1.2, 4.3),
}


def main(smallest: bool = False) -> dict:
    """Rows by method and smoother: median and 90 % quantile of the error in per cent at each composition, and refusals;
    and how often intervals value +- 1.96 sd hold the truth."""
    seeds = range(FEWEST_SEEDS if smallest else SEEDS)
    smoothed, whole = (SMOOTHED[:1], WHOLE[:1]) if smallest else (SMOOTHED, WHOLE)
    answer: dict = {"seeds": len(seeds), "points": POINTS}
    for noise in NOISES:
        rows = [curve_row(name, smoother, True, noise, seeds) for name in smoothed for smoother in SMOOTHERS]
        rows += [curve_row("wagner", smoother, False, noise, seeds) for smoother in SMOOTHERS]
        rows += [curve_row(name, "", True, noise, seeds) for name in whole]
        answer[f"D(N), noise {noise:g}, errors in %"] = rows
        answer[f"one number, noise {noise:g}, errors in %"] = number_rows(noise, seeds)
    many = range(FEWEST_SEEDS if smallest else MANY_SEEDS)
    answer[f"intervals of 95 %, {len(many)} profiles"] = [
        interval_row(name, smoother, known, many)
        for name, smoother, known in [
            *((name, smoother, True) for name in smoothed[:2] for smoother in SMOOTHERS),
            *((name, "", True) for name in whole),
            ("wagner", "", False),
        ]
    ] + [marker_interval_row(name, many) for name in MARKED]
    answer["trials, rms in %"] = [
        {"noise": noise, "smoother": smoother, **{f"{N:g}": value for N, value in zip(LEVELS, values, strict=True)}}
        for (noise, smoother), values in TRIALS.items()
    ]
    return answer


def curve_row(name: str, smoother: str, known: bool, noise: float, seeds: Iterable[int]) -> dict:
    """Errors of a method of D(N). known: whether the end values are given."""
    options = {"smoother": smoother} if smoother else {}
    estimates, refused = estimates_of(name, lambda seed: couple(noise, seed, PURE if known else None), seeds, options)
    errors = np.array([relative_errors(estimate, np.array(LEVELS)) for estimate in estimates])
    row = {"method": name, "smoother": smoother, "ends": "known" if known else "read off"}
    for k, N in enumerate(LEVELS):
        row |= sizes(errors[:, k], f" {N:g}") if estimates else sizes(np.array([np.nan]), f" {N:g}")
    return row | {"refused": refused}


def interval_row(name: str, smoother: str, known: bool, seeds: Iterable[int], given: bool = False) -> dict:
    """How often intervals of D(N) hold the truth, over profiles of both noises: of all compositions together, at the
    one where it is least and the one where it is most often; and the median width of the intervals over the median
    error, 5.8 for a normal distribution of known width. given: whether the uncertainty is said with the profile."""
    options = {"smoother": smoother} if smoother else {}

    def profile(seed):
        noise = NOISES[seed % 2]
        return couple(noise, seed, PURE if known else None, noise if given else None)

    estimates, refused = estimates_of(name, profile, seeds, options)
    hits = np.array([covered(one) for one in estimates])
    widths = [2.0 * QUANTILE * np.interp(INSIDE, one.composition, one.sd) / exponential(INSIDE) for one in estimates]
    errors = np.abs([relative_errors(one, INSIDE) for one in estimates])
    row = {"method": name, "smoother": smoother, "ends": "known" if known else "read off"}
    if not estimates:
        return row | {"refused": refused}
    shares = hits.mean(axis=0)
    return row | {
        "covered": float(hits.mean()),
        "least": float(shares.min()),
        "most": float(shares.max()),
        "width/error": float(np.median(np.median(widths, axis=0) / np.median(errors, axis=0))),
        "refused": refused,
    }


def marker_interval_row(name: str, seeds: Iterable[int], given: bool = False) -> dict:
    """The same of both components at a marker."""
    truth = np.array(list(marker_truth(name).values()))

    def profile(seed):
        noise = NOISES[seed % 2]
        return marked(noise, seed, noise if given else None)

    estimates, refused = estimates_of(name, profile, seeds, {})
    values, sd = (np.array([getattr(one, word)[:, 0] for one in estimates]) for word in ("value", "sd"))
    shares = (np.abs(values - truth) < QUANTILE * sd).mean(axis=0)
    ratio = np.median(2.0 * QUANTILE * sd, axis=0) / np.median(np.abs(values - truth), axis=0)
    found = {"covered": shares.mean(), "least": shares.min(), "most": shares.max(), "width/error": ratio.mean()}
    row = {"method": name, "smoother": "", "ends": "known"}
    return row | {key: float(value) for key, value in found.items()} | {"refused": refused}


def number_rows(noise: float, seeds: Iterable[int]) -> list[dict]:
    """Errors of methods that give one diffusivity, or one for each component."""
    rows = []
    for name in CONSTANT:
        rows += rows_of(name, lambda seed: error_function(noise, seed), seeds, {"": 1.0})
    for name in MARKED:
        rows += rows_of(name, lambda seed: marked(noise, seed), seeds, marker_truth(name))
    return rows + hall_rows(noise, seeds)


def rows_of(name: str, profile: Callable[[int], Profile], seeds: Iterable[int], truth: dict[str, float]) -> list[dict]:
    estimates, refused = estimates_of(name, profile, seeds, {})
    rows = []
    for k, (component, value) in enumerate(truth.items()):
        found = [(np.atleast_2d(one.value)[k, 0], np.atleast_2d(one.sd)[k, 0]) for one in estimates]
        values, sd = np.array(found).T if found else (np.array([np.nan]), np.array([np.nan]))
        row = {"method": name, "of": component, **sizes(values / value - 1.0)}
        rows.append(row | {"covered": share(np.abs(values - value) < QUANTILE * sd), "refused": refused})
    return rows


def hall_rows(noise: float, seeds: Iterable[int]) -> list[dict]:
    """Of Hall's method at both ends; refused: profiles of which it gives no value there."""
    estimates, _ = estimates_of("hall", lambda seed: couple(noise, seed), seeds, {})
    rows = []
    for N in ENDS:
        at = np.array([N])
        found = [estimate for estimate in estimates if within(estimate, at)[0]]
        errors = np.array([relative_errors(estimate, at) for estimate in found])
        row = {"method": "hall", "of": f"N = {N:g}", **sizes(errors)}
        rows.append(row | {"covered": share([covered(one, at) for one in found]), "refused": len(seeds) - len(found)})
    return rows


def estimates_of(name: str, profile: Callable[[int], Profile], seeds: Iterable[int], options: dict):
    """The estimates of a method from the profiles of these seeds, and how many it refused."""
    estimates, refused = [], 0
    for seed in seeds:
        try:
            estimates.append(METHODS[name](profile(seed), **options))
        except Invalid:
            refused += 1
    return estimates, refused


def sizes(errors: np.ndarray, at: str = "") -> dict:
    """Median and 90 % quantile of the sizes of errors, in per cent; None where the method gives no value."""
    size = 100.0 * np.abs(errors[np.isfinite(errors)])
    found = (float(np.median(size)), float(np.quantile(size, 0.9))) if size.size else (None, None)
    return {f"median{at}": found[0], f"90 %{at}": found[1]}


def share(hits) -> float | None:
    hits = np.concatenate([np.ravel(one) for one in hits]) if len(hits) else np.zeros(0)
    return float(np.mean(hits)) if hits.size else None


def within(estimate: Estimate, N: np.ndarray) -> np.ndarray:
    """Whether compositions lie among those that an estimate stands by."""
    return np.abs(estimate.composition - N[:, None]).min(axis=1) <= NEAREST


def relative_errors(estimate: Estimate, N: np.ndarray) -> np.ndarray:
    return np.where(within(estimate, N), estimate.at(N) / exponential(N) - 1.0, np.nan)


def covered(estimate: Estimate, N: np.ndarray = INSIDE) -> np.ndarray:
    """Whether value +- 1.96 sd holds D = exp(2 N) (k,)."""
    value, sd = (np.interp(N, estimate.composition, row) for row in (estimate.value, estimate.sd))
    return np.abs(value - exponential(N)) < QUANTILE * sd


def exponential(N: np.ndarray) -> np.ndarray:
    return np.exp(2.0 * N)


@cache
def exact(diffusivity: Callable):
    """The profile N(x/sqrt t) between pure ends, and POINTS places."""
    profile = similarity_profile(lambda u: diffusivity(u[0])[None], np.zeros(1), np.ones(1), tolerance=1e-11)
    x = np.linspace(*profile.nodes[[0, -1]], 20001)
    Y = profile.values(x)[0]
    return profile, np.linspace(*WIDER * x[(REACH < Y) & (1.0 - REACH > Y)][[0, -1]], POINTS)


def noise_of(noise: float, seed: int) -> np.ndarray:
    return noise * np.random.default_rng(seed).standard_normal(POINTS)


def couple(noise: float, seed: int, ends: dict | None = PURE, sigma: float | None = None) -> Profile:
    """D = exp(2 N). sigma: the uncertainty that is said with the profile."""
    profile, x = exact(exponential)
    said = None if sigma is None else np.full((1, POINTS), sigma)
    return Profile(x, ("B",), profile.values(x)[0] + noise_of(noise, seed), time=1.0, ends=ends, sigma=said)


def error_function(noise: float, seed: int) -> Profile:
    """D = 1."""
    x = np.linspace(-7.0, 7.0, POINTS)
    y = 0.5 * (1.0 + erf(0.5 * x)) + noise_of(noise, seed)
    return Profile(x, ("B",), y, time=1.0, ends=PURE)


def tracer_diffusivities(N: np.ndarray) -> np.ndarray:
    """Of A and B."""
    return np.stack([np.exp(0.5 * N), 4.0 * np.exp(-0.3 * N)])


def intrinsic_diffusivities(N: np.ndarray) -> np.ndarray:
    """D_A* (1 + W_A) and D_B* (1 - W_B), W_i = w N_i (D_A* - D_B*)/(N_A D_A* + N_B D_B*)."""
    A, B = tracer_diffusivities(N)
    wind = wind_of("fcc") * (A - B) / ((1.0 - N) * A + N * B)
    return np.stack([A * (1.0 + wind * (1.0 - N)), B * (1.0 - wind * N)])


def interdiffusivity(N: np.ndarray) -> np.ndarray:
    A, B = intrinsic_diffusivities(N)
    return (1.0 - N) * B + N * A


@cache
def kirkendall_plane() -> float:
    """Where the lattice moves as fast as a marker from the contact plane: (D_B - D_A) dN/dx = x/(2 t)."""
    profile, x = exact(interdiffusivity)

    def excess(at):
        N = profile.values(np.atleast_1d(at))[0]
        A, B = intrinsic_diffusivities(N)
        return (B - A) * profile.conduction(np.atleast_1d(at))[0] / interdiffusivity(N) - 0.5 * at

    places = np.linspace(x[0], x[-1], 401)
    found = excess(places)
    k = int(np.flatnonzero((found[:-1] > 0.0) & (found[1:] <= 0.0))[0])
    return float(brentq(lambda at: float(excess(at)[0]), places[k], places[k + 1], xtol=1e-13))


def marker_truth(name: str) -> dict[str, float]:
    """Both diffusivities at the marker that a method recovers."""
    profile, _ = exact(interdiffusivity)
    truth = intrinsic_diffusivities if name == "intrinsic" else tracer_diffusivities
    A, B = truth(profile.values(np.array([kirkendall_plane()]))[0])
    return {"A": float(A[0]), "B": float(B[0])}


def marked(noise: float, seed: int, sigma: float | None = None) -> Profile:
    """The couple of these tracers with a marker from the contact plane."""
    profile, x = exact(interdiffusivity)
    N = profile.values(x)[0] + noise_of(noise, seed)
    return Profile(
        x,
        ("A", "B"),
        np.stack([1.0 - N, N]),
        time=1.0,
        component="B",
        ends={"left": [1.0, 0.0], "right": [0.0, 1.0]},
        sigma=None if sigma is None else np.full((2, POINTS), sigma),
        marker=kirkendall_plane(),
        thermodynamics={"kind": "ideal"},
        structure="fcc",
    )


if __name__ == "__main__":
    command(main)

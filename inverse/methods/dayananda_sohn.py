"""Mean matrices of ranges of one couple from moments of its fluxes, as MultiDiFlux takes them."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from inverse.estimate import Estimate, Method
from inverse.multicomponent.constant import whether_constant
from inverse.multicomponent.couples import paths_of
from inverse.multicomponent.matrices import LIMIT, deviation, matrix_estimate
from inverse.multicomponent.moments import check_limit, doubt, flux_moments, gradient_moments, nodes, sizes, width
from inverse.multicomponent.path import Path, path_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "dayananda-sohn"
REACH = 3.0  # w from the plane, where the zone ends: the flux of one constant D is then 1 % of its largest
HALF = 1.75  # w, where the halves end: the tails tell little more, and there a smoother errs most
FEWEST = 5  # points of a range, or 2 m
FADED = 0.02  # of the largest flux: less at both limits, and the range is the whole zone


def limits_of(path: Path, ranges: int | Sequence[Sequence[float]] | None) -> list[tuple[float, float]]:
    """Ranges (q_1, q_2), m: those given on the lab axis, equal parts of the zone, or its halves. Raises Invalid for one
    that is the whole zone, leaves the profile or has too few points."""
    reach = (HALF if ranges is None else REACH) * width(path)
    low, high = max(path.plane - reach, path.q[0]), min(path.plane + reach, path.q[-1])
    if ranges is None:
        found = [(low, path.plane), (path.plane, high)]
    elif isinstance(ranges, int | np.integer):
        if ranges < 1:
            raise Invalid.at("ranges", f"{NAME} needs one range or more, got {ranges}.")
        found = list(pairwise(np.linspace(low, high, ranges + 1)))
    else:
        try:
            places = np.array(ranges, float).reshape(-1, 2)
        except (TypeError, ValueError):
            raise Invalid.at("ranges", f"{NAME} takes ranges as pairs (x1, x2) in m, got {ranges!r}.") from None
        if not len(places):
            raise Invalid.at("ranges", f"{NAME} needs one range or more, got none.")
        found = [(float(first), float(last)) for first, last in np.interp(places, path.x, path.q)]
        for first, last in places:
            if not (path.x[0] <= first < last <= path.x[-1]):
                raise Invalid.at(
                    "ranges",
                    f"{first:g} to {last:g} m is no range of this profile, which runs from {path.x[0]:g} to "
                    f"{path.x[-1]:g} m.",
                )
    for first, last in found:
        check_range(path, first, last)
    return [(float(first), float(last)) for first, last in found]


def check_range(path: Path, first: float, last: float) -> None:
    """Raise Invalid where the moments of a range cannot determine a matrix, whatever it is."""
    shown = "{:g} to {:g} m".format(*path.lab(np.array([first, last])))
    count = int(np.sum((path.q >= first) & (path.q <= last)))
    least = max(FEWEST, 2 * path.m)
    if count < least:
        raise Invalid.at("ranges", f"{shown} has {count} points; {NAME} needs {least} in a range for {path.m} moments.")
    within = sizes(path.flux(nodes(first, last)[0]))
    everywhere = sizes(path.flux(nodes(path.q[0], path.q[-1])[0])).max()
    at_limits = sizes(path.flux(np.array([first, last])))
    if within.max() <= FADED * everywhere:
        raise Invalid.at("ranges", f"nothing diffuses from {shown}: {NAME} needs a range within the diffusion zone.")
    if at_limits.max() <= FADED * everywhere:
        raise Invalid.at(
            "ranges",
            f"{shown} is the whole zone: the flux is zero at both limits, so that the first moment of the gradients is "
            "zero whatever the matrix is. Take the two halves, or ranges that end within the zone.",
        )


def mean_of(path: Path, first: float, last: float) -> np.ndarray:
    """Mean composition (m,) of a range, weighed with |(q - q_0) dX/dq|, as D is in the first moment."""
    q, weights = nodes(first, last)
    share = weights * sizes(path.slope(q) * (q - path.plane))
    return path.X(q) @ share / share.sum()


def moments_of(path: Path, first: float, last: float, unit: float) -> tuple[np.ndarray, np.ndarray]:
    """Moments (m, m) of the fluxes and of the gradients, a column for each q, each in units that its gradients set."""
    gradients, scale = gradient_moments(path, first, last, unit, path.m)
    return flux_moments(path, first, last, unit, path.m) / scale, gradients / scale


def matrices_of(path: Path, limits: Sequence[tuple[float, float]], unit: float) -> np.ndarray:
    """(k, m, m), m^2/s, on the axis of the path."""
    found = []
    for first, last in limits:
        fluxes, gradients = moments_of(path, first, last, unit)
        found.append(-np.linalg.solve(gradients.T, fluxes.T).T)
    return np.array(found)


def effective(path: Path, first: float, last: float) -> list[float | None]:
    """-int J_i dq/(X_i(q_2) - X_i(q_1)), m^2/s, of each independent component; None for one that does not change."""
    flux = flux_moments(path, first, last, 1.0, 1)[:, 0]
    change = np.diff(path.X(np.array([first, last])), axis=1)[:, 0]
    least = max(1e-6, 3.0 * float(path.noise.max()))
    return [float(-J / dX) if abs(dX) > least else None for J, dX in zip(flux, change, strict=True)]


def check(profile: Profile, method: str) -> None:
    """Raise Invalid where the two halves of a couple cannot be analysed."""
    path = path_of(profile, method)
    halves, unit = limits_of(path, None), width(path)
    doubt(path, method, max(condition_of(path, one, unit) for one in halves))


def condition_of(path: Path, limits: tuple[float, float], unit: float) -> float:
    return float(np.linalg.cond(moments_of(path, *limits, unit)[1]))


def dayananda_sohn(
    profile: Profile,
    *,
    window: tuple[float, float],
    ranges: int | Sequence[Sequence[float]] | None = None,
    limit: float = LIMIT,
    smoother: str = "probit",
) -> Estimate:
    """Mean matrices D (m, m) of ranges of one couple: a row of the system for each moment q = 0 .. m - 1.

        int_x1^x2 J_i (x - x_0)^q dx = -sum_j D_ij int_x1^x2 (x - x_0)^q dX_j

    ranges: pairs (x1, x2) in m, the number of equal parts of the zone, or None for the two halves at the contact plane;
    never the whole zone, for which q = 1 says nothing. limit: of the condition number, above which a noisy profile is
    refused and a clean one gets a warning. The values stand at the mean compositions of the ranges. diagnostics: ranges
    (m), condition and effective, the mean flux by the mean gradient of each component (m^2/s), of each range.
    Raises Invalid for a range that is the whole zone, outside it, or of too few points, and where one couple is too
    ill-conditioned. Source: Dayananda & Sohn (1999), Metall. Mater. Trans. A 30, 535
    """
    check_limit(limit)
    (path,) = paths_of([profile], NAME, smoother)
    limits, unit = limits_of(path, ranges), width(path)
    condition = [condition_of(path, one, unit) for one in limits]
    doubts = doubt(path, NAME, max(condition), limit)
    composition = np.array([mean_of(path, *one) for one in limits])
    stretch = path.stretch(composition.T)[:, None, None]

    def value(paths: Sequence[Path]) -> np.ndarray:
        return matrices_of(paths[0], limits, unit) * stretch

    D = value([path])
    more = {
        "condition": condition,
        "ranges": [[float(place) for place in path.lab(np.array(one))] for one in limits],
        "effective": [effective(path, *one) for one in limits],
    }
    judged = [whether_constant([path], one / factor) for one, factor in zip(D, stretch, strict=True)]
    more["misfit"] = [found["misfit"][0] for found, _ in judged]
    more["holds"] = not doubts and all(found["holds"] for found, _ in judged)
    sentences = [*doubts, *(sentence for _, said in judged for sentence in said[:1])]
    return matrix_estimate(NAME, [path], composition, D, deviation([path], value), more, sentences)


METHOD = Method(
    name=NAME,
    title="Moments of the fluxes over ranges of one couple",
    equation="int J_i (x - x0)^q dx = -sum_j D_ij int (x - x0)^q dX_j,   q = 0 .. m-1",
    recovers="interdiffusivity_matrix",
    unit="m^2/s",
    needs=("one couple whose step is not near an eigenvector of the matrix", "time"),
    assumes=("constant matrix over each range", "a couple that began as a step", "ends unaffected"),
    source="Dayananda & Sohn (1999), Metall. Mater. Trans. A 30, 535",
    check=check,
    analyse=dayananda_sohn,
    tolerance=2e-2,
)

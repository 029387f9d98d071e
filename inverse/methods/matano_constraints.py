"""A constant matrix from what one couple shows at its contact plane: gradient, flux, and moments of the flux."""

from collections.abc import Sequence
from math import gamma

import numpy as np

from inverse.estimate import Estimate, Method
from inverse.multicomponent.constant import whether_constant
from inverse.multicomponent.couples import paths_of
from inverse.multicomponent.matrices import LIMIT, condition, deviation, matrix_estimate
from inverse.multicomponent.moments import check_limit, doubt, flux_moments, width
from inverse.multicomponent.path import Path, path_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "matano-constraints"
MOST = 4  # the last vector that may be the first of the sequence: higher moments are those of the noise in the tails
REACH = 8.0  # w from the plane, beyond which a curve is not the couple's


def vectors(path: Path, count: int) -> np.ndarray:
    """p_0 .. p_(count-1) (m, count) = [r]^(q-1) dX, in the unit that each has, [r] in m/s^(1/2).

        p_0 = 2 sqrt(pi t) dX/dq,   p_1 = dX,   p_2 = -2 sqrt(pi t) J,   all at q_0,
        p_(k+3) = -4 sqrt(pi t) int_q_0^inf (q - q_0)^k J dq / [Gamma((k + 1)/2) (4t)^((k + 1)/2)]

    The integral and J are means of the two halves, which are the same for a constant matrix.
    """
    time, plane = path.time, np.array([path.plane])
    half = 0.5 * (path.before(plane) + path.behind(plane))[:, 0]
    found = [2.0 * np.sqrt(np.pi * time) * path.slope(plane)[:, 0], path.step, np.sqrt(np.pi / time) * half]
    if count > 3:
        reach, orders = REACH * width(path), count - 3
        ahead = flux_moments(path, path.plane, min(path.plane + reach, path.q[-1]), 1.0, orders)
        back = flux_moments(path, max(path.plane - reach, path.q[0]), path.plane, -1.0, orders)
        for k in range(orders):
            content = 0.5 * gamma(0.5 * (k + 1)) * (4.0 * time) ** (0.5 * (k + 1))
            found.append(-2.0 * np.sqrt(np.pi * time) * 0.5 * (ahead + back)[:, k] / content)
    return np.array(found[:count]).T


def root_of(path: Path, first: int) -> np.ndarray:
    """[r] = [D]^(1/2) (m, m), m/s^(1/2) = [p_(s+1) .. p_(s+m)] [p_s .. p_(s+m-1)]^-1, s = first."""
    p = vectors(path, first + path.m + 1)[:, first:]
    scale = np.sqrt((p[:, :-1] ** 2).sum(axis=0))
    return np.linalg.solve((p[:, :-1] / scale).T, (p[:, 1:] / scale).T).T


def check(profile: Profile, method: str) -> None:
    """Raise Invalid where a couple cannot be analysed."""
    path = path_of(profile, method)
    doubt(path, method, condition(vectors(path, path.m)))


def matano_constraints(
    profile: Profile, *, window: tuple[float, float], first: int = 0, limit: float = LIMIT, smoother: str = "probit"
) -> Estimate:
    """A constant matrix D (m, m) from m + 1 consecutive vectors p_q = [r]^(q-1) dX at the contact plane of one couple.

        [r] = [p_(s+1) .. p_(s+m)] [p_s .. p_(s+m-1)]^-1,   [D] = [r]^2
        p_0 = 2 sqrt(pi t) dX/dx,   p_1 = dX,   p_2 = -2 sqrt(pi t) J,   then moments of J over a half

    first: s; 0 by default, which needs the fewest moments, and these are what noise in the tails spoils. limit: of the
    condition number, above which a noisy profile is refused and a clean one gets a warning. diagnostics: condition,
    first, and the conditions of other choices of it. Raises Invalid where one couple is too ill-conditioned.
    Source for the zeroth moment, the others follow from the same error function of the matrix:
    Thompson & Morral (1986), Acta Metall. 34, 2201
    """
    check_limit(limit)
    if first not in range(MOST + 1):
        raise Invalid.at("first", f"{NAME} begins with one of the vectors 0 to {MOST}, got {first!r}.")
    (path,) = paths_of([profile], NAME, smoother)
    p = vectors(path, MOST + path.m)
    found = [condition(p[:, k : k + path.m]) for k in range(MOST + 1)]
    doubts = doubt(path, NAME, found[first], limit)
    stretch = float(path.stretch(path.mean[:, None])[0])

    def value(paths: Sequence[Path]) -> np.ndarray:
        root = root_of(paths[0], first)
        return root @ root * stretch

    D = value([path])
    more, sentences = whether_constant([path], D / stretch)
    more["holds"] = more["holds"] and not doubts
    more |= {"condition": found[first], "first": first, "conditions": found}
    return matrix_estimate(NAME, [path], path.mean, D, deviation([path], value), more, [*doubts, *sentences])


METHOD = Method(
    name=NAME,
    title="Constraints at the Matano plane of one couple",
    equation="[r] = [p_(s+1) .. p_(s+m)] [p_s .. p_(s+m-1)]^-1,   p_q = [r]^(q-1) dX,   [D] = [r]^2",
    recovers="interdiffusivity_matrix",
    unit="m^2/s",
    needs=("one couple whose step is not near an eigenvector of the matrix", "time"),
    assumes=("constant matrix", "a couple that began as a step", "ends unaffected"),
    source="Thompson & Morral (1986), Acta Metall. 34, 2201",
    check=check,
    analyse=matano_constraints,
    tolerance=2e-2,
)

"""Moments of the fluxes and gradients of one couple about its contact plane, and how far one couple can be trusted.

int J_i y^q dq,   int dX_i/dq y^q dq,   y = (q - q_0)/w,   w^2 = int |J| (q - q_0)^2 dq / int |J| dq
"""

import numpy as np

from inverse.multicomponent.matrices import LIMIT
from inverse.multicomponent.path import Path
from simulator.faults import Invalid

PANELS = 120  # over which an integral is taken, each with POINTS
POINTS, WEIGHTS = np.polynomial.legendre.leggauss(5)


def nodes(low: float, high: float, panels: int = PANELS) -> tuple[np.ndarray, np.ndarray]:
    """Places (k,) and weights (k,), m, of Gauss's rule on equal panels of [low, high]."""
    edges = np.linspace(low, high, panels + 1)
    half = 0.5 * np.diff(edges)[:, None]
    return (edges[:-1, None] + half * (1.0 + POINTS)).ravel(), (half * WEIGHTS).ravel()


def sizes(J: np.ndarray) -> np.ndarray:
    """|J| (k,) of fluxes (m, k), the dependent component's among them."""
    return np.sqrt((J**2).sum(axis=0) + J.sum(axis=0) ** 2)


def width(path: Path) -> float:
    """w, m: root mean square of the distance from the contact plane, weighed with |J|; sqrt(2 D t) for one constant D.

    Taken within 6 w, which is found by iteration: what a noisy curve does beyond is not the couple's.
    """
    q, weights = nodes(path.q[0], path.q[-1])
    away = np.abs(q - path.plane)
    share = sizes(path.flux(q)) * weights
    found = np.inf
    for _ in range(20):
        near = away <= 6.0 * found
        before, found = found, float(np.sqrt((share * away**2)[near].sum() / share[near].sum()))
        if found >= before * (1.0 - 1e-6):
            break
    return found


def flux_moments(path: Path, low: float, high: float, unit: float, orders: int) -> np.ndarray:
    """int_low^high J_i y^k dq (m, orders), m^2/s, y = (q - q_0)/unit."""
    q, weights = nodes(low, high)
    return path.flux(q) @ (weights * ((q - path.plane) / unit) ** np.arange(orders)[:, None]).T


def gradient_moments(path: Path, low: float, high: float, unit: float, orders: int) -> tuple[np.ndarray, np.ndarray]:
    """int_low^high dX_i/dq y^k dq (m, orders), and lengths (orders,) of its columns if nothing cancelled."""
    q, weights = nodes(low, high)
    slopes, powers = path.slope(q), ((q - path.plane) / unit) ** np.arange(orders)[:, None]
    plain = np.abs(slopes) @ (weights * np.abs(powers)).T
    return slopes @ (weights * powers).T, np.sqrt((plain**2).sum(axis=0))


def doubt(path: Path, method: str, condition: float, limit: float = LIMIT) -> list[str]:
    """A sentence where the condition number of a single couple is above the limit. Raises Invalid if it is noisy."""
    if condition <= limit:
        return []
    known = f"the condition number of this couple is {condition:.3g}, above {limit:g}"
    instead = "Use a couple whose ends differ in another direction, or several couples with square-root."
    if not path.clean:
        raise Invalid.at("profile", f"{method} cannot tell a matrix from noise here: {known}. {instead}")
    return [f"Hardly more than the interpolation determines the matrix: {known}. {instead}"]


def check_limit(limit: float) -> None:
    """Raise Invalid unless a limit is above 1, which no condition number is below."""
    if not limit > 1.0:
        raise Invalid.at("limit", f"the largest condition number must be above 1, got {limit:g}.")

"""From the time that an anneal would have taken at one temperature to the time that it took over its history."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from scipy.optimize import brentq

from simulator.problem.temperature import Temperature

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(12)
PER_DECADE = 10
DECADES = (-6.0, 9.0)  # of the equivalent time, over which the history is followed
PARTS = 20  # between two breaks of a schedule


def nodes_of(history: Temperature | None, scale: float) -> np.ndarray:
    """Times (k,) between which the temperature is smooth, from 0 to `scale` times 1e9."""
    count = round((DECADES[1] - DECADES[0]) * PER_DECADE) + 1
    times = scale * np.logspace(*DECADES, count)
    breaks = [0.0, *(history.breaks if history is not None else ())]
    between = [np.linspace(a, b, PARTS + 1) for a, b in pairwise(breaks)]
    return np.unique(np.concatenate([[0.0], times, *between]))


def gauss(rate: Callable[[float], float], begin: float, end: float) -> float:
    """int rate dt from begin to end."""
    half = 0.5 * (end - begin)
    return half * sum(w * rate(begin + half * (1.0 + x)) for x, w in zip(POINTS, WEIGHTS, strict=True))


def time_of(equivalent: float, rate: Callable[[float], float], history: Temperature | None) -> tuple[float, float]:
    """The time t (s) with int_0^t rate dt = equivalent (s), and that integral as far as the history is followed.

    rate(t): of diffusion, in terms of that at the reference temperature. t is inf where the history never gives so
    much.
    """
    if history is None or history.constant:
        speed = rate(0.0)
        return equivalent / speed, np.inf
    reached = 0.0
    nodes = nodes_of(history, equivalent)
    for begin, end in pairwise(nodes):
        gained = gauss(rate, begin, end)
        if reached + gained >= equivalent:
            wanted = equivalent - reached
            found = brentq(lambda t, a=begin, w=wanted: gauss(rate, a, t) - w, begin, end, xtol=1e-14 * end, rtol=1e-14)
            return float(found), np.inf
        reached += gained
    return np.inf, reached

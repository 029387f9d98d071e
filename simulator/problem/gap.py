"""Where the start of what un-mixes stands in its miscibility gap, in any dimension."""

import numpy as np

from simulator.faults import NumericsError
from simulator.problem.noise import Noise, Wave


def situation(problem) -> str:
    """Where the mean of the start stands with respect to spinodal and binodal at the end, as a sentence; empty where
    the law separates nothing, or no binodal is found.
    """
    if not problem.law.separates:
        return ""
    try:
        return problem.law.situation(problem.mean, problem.temperature_at(problem.end, -1))
    except NumericsError:
        return ""


def fading(problem) -> tuple[str, ...]:
    """A start of small waves outside the spinodal, which will not un-mix."""
    mean, T = problem.mean, problem.temperature_at(problem.end, -1)
    small = isinstance(problem.initial, Noise | Wave)
    if not small or problem.law.free_energy.smallest_curvature(mean[:, None], T)[0] < 0.0:
        return ()
    u = problem.start()
    apart = np.abs(u - mean.reshape(-1, *(1,) * (u.ndim - 1))).max()
    return (f"{situation(problem)} The start differs from its mean by {apart:.3g} at most.".strip(),)

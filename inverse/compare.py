"""An estimate beside the truth that a simulation knows."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from inverse.estimate import Estimate
from inverse.registry import METHODS
from simulator.faults import Invalid


@dataclass(frozen=True)
class Verdict:
    """truth (k,) of the law at the estimate's compositions, error (k,) relative, max_error in the window, and whether
    it is within the method's tolerance."""

    method: str
    recovers: str
    truth: np.ndarray
    error: np.ndarray
    max_error: float
    tolerance: float
    window: tuple[float, float]

    @property
    def passed(self) -> bool:
        return bool(self.max_error <= self.tolerance)

    def __str__(self) -> str:
        word = "within" if self.passed else "OUT OF"
        return f"{self.method}: largest relative error {self.max_error:.2e}, {word} the tolerance {self.tolerance:.0e}"


def compare(estimate: Estimate, result, tolerance: float | None = None) -> Verdict:
    """Judge an estimate by the law that made the result.

    A coefficient that follows a temperature history is compared with its mean over the time, what a profile can show.
    Raises Invalid if the law has no such coefficient.
    """
    mixture = result.problem.mixture
    if mixture.m != 1:
        raise Invalid.at(
            "compare",
            f"{estimate.method} was applied to one of {mixture.m + 1} components, where the law has a matrix.",
        )
    if estimate.component not in mixture.components:
        raise Invalid.at("compare", f"the result has no component {estimate.component}.")
    X = estimate.composition if estimate.component == mixture.independent[0] else 1.0 - estimate.composition
    try:
        truth = mean_coefficient(result, estimate.recovers, np.clip(X, 0.0, 1.0)[None, :])
    except KeyError:
        raise Invalid.at(
            "compare", f"the law {result.problem.law.kind} has no {estimate.recovers} to compare with."
        ) from None
    error = estimate.value / truth - 1.0
    low, high = estimate.window
    margin = 1e-9 * (high - low)
    inside = (estimate.composition >= low - margin) & (estimate.composition <= high + margin)
    largest = float(np.abs(error[inside]).max()) if inside.any() else np.inf
    allowed = METHODS[estimate.method].tolerance if tolerance is None else tolerance
    return Verdict(estimate.method, estimate.recovers, truth, error, largest, allowed, estimate.window)


def mean_coefficient(result, name: str, fractions: np.ndarray) -> np.ndarray:
    """The law's coefficient (k,) at fractions (1, k), averaged over the time up to the last profile."""
    law, temperature = result.problem.law, result.problem.temperature
    last = result.snapshots[-1]
    if temperature is None or temperature.constant:
        return np.asarray(law.coefficient(name, fractions, last.temperature))
    times = np.unique([0.0, *(t for t in temperature.breaks if 0.0 < t < last.time), last.time])
    points, weights = np.polynomial.legendre.leggauss(12)
    total = np.zeros(fractions.shape[1])
    for start, end in pairwise(times):
        half = 0.5 * (end - start)
        for point, weight in zip(points, weights, strict=True):
            t = start + half * (1.0 + point)
            total += half * weight * np.asarray(law.coefficient(name, fractions, temperature(t), t))
    return total / last.time

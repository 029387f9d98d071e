"""An estimate beside the truth that a simulation knows."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from inverse.estimate import Estimate
from inverse.registry import method_of
from simulator.faults import Invalid

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(12)


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

    A coefficient that changes in time, as with the temperature, is compared with its mean up to the time of the
    profile: what a profile can show. Raises Invalid if the law has no such coefficient.
    """
    mixture = result.problem.mixture
    if mixture.m != 1:
        raise Invalid.at(
            "compare",
            f"{estimate.method} was applied to one of {mixture.m + 1} components, where the law has a matrix.",
        )
    if estimate.component not in mixture.components:
        raise Invalid.at("compare", f"the result has no component {estimate.component}.")
    if "x" in result.problem.law.depends_on:
        raise Invalid.at(
            "compare", "the law's coefficient depends on the position: there is no one D(X) to compare with."
        )
    X = estimate.composition if estimate.component == mixture.independent[0] else 1.0 - estimate.composition
    try:
        fractions, time = np.clip(X, 0.0, 1.0)[None, :], estimate.diagnostics.get("time")
        truth = mean_coefficient(result, estimate.recovers, fractions, time)
    except KeyError:
        raise Invalid.at(
            "compare", f"the law {result.problem.law.kind} has no {estimate.recovers} to compare with."
        ) from None
    error = estimate.value / truth - 1.0
    low, high = estimate.window
    margin = 1e-9 * (high - low)
    inside = (estimate.composition >= low - margin) & (estimate.composition <= high + margin)
    largest = float(np.abs(error[inside]).max()) if inside.any() else np.inf
    allowed = method_of(estimate.method).tolerance if tolerance is None else tolerance
    return Verdict(estimate.method, estimate.recovers, truth, error, largest, allowed, estimate.window)


def mean_coefficient(result, name: str, fractions: np.ndarray, time: float | None = None) -> np.ndarray:
    """The law's coefficient (k,) at fractions (1, k), averaged over the time up to `time` in s, the end by default."""
    problem = result.problem
    end = float(result.time[-1]) if time is None else time
    breaks = problem.temperature.breaks if problem.temperature is not None else ()
    times = np.unique([0.0, *(t for t in breaks if 0.0 < t < end), end])
    total, unknowns = np.zeros(fractions.shape[1]), problem.mixture.unknowns(fractions)
    for left, right in pairwise(times):
        half = 0.5 * (right - left)
        for point, weight in zip(POINTS, WEIGHTS, strict=True):
            t = left + half * (1.0 + point)
            total += half * weight * problem.law.coefficient(name, unknowns, problem.temperature_at(t), t)
    return total / end

"""How sure a fit of mobilities is of its parameters, and of which of them the data say nothing."""

from dataclasses import dataclass

import numpy as np

from inverse.mobility.fit import MobilityFit
from simulator.faults import NumericsError

# Of the largest singular value, below which a direction is not identifiable, whatever the noise. Couples of one path
# tell mobilities along it; those beside it count by its bending alone, and by the form that was assumed for them.
LEAST, LEAST_OF_PATH = 2e-3, 1e-2
SAME_ENDS = 0.05  # of the step, by which the ends of couples of one path may differ
UNSURE = 1.0  # of ln D*: the standard deviation of a direction from which on the priors rather than the data set it
ROUNDING = 1e-8  # of the largest singular value: the root of what is left of a 0 in the normal equations
NAMED = 0.4  # of the largest part of a direction, from which a parameter is named
REFITS = 12  # evaluations of a fit to drawn data


@dataclass(frozen=True)
class Identifiability:
    """singular_values of the Jacobian, largest first, whose columns are changes by e of a D_i* over half the range of
    the couples (in composition, or in temperature), contact planes and ends being free; condition: the largest over the
    smallest; undetermined: names of the parameters of each direction that the data do not determine."""

    singular_values: np.ndarray
    condition: float
    undetermined: tuple[tuple[str, ...], ...]

    @property
    def identifiable(self) -> bool:
        return not self.undetermined


def identifiability(fit: MobilityFit) -> Identifiability:
    """Of the parameters of a fit that has run, by its data alone, without the priors."""
    family, A = fit.family, np.einsum("ki,kj->ij", fit.J, fit.J)
    size = family.size
    data = A[:size, :size] - A[:size, size:] @ np.linalg.solve(A[size:, size:], A[size:, :size])
    units = np.ones(size)
    if family.energies:
        cold = [family.cold(T) for T in [*(o.T for o in fit.observations), *(tracer.T for tracer in fit.tracers)]]
        units[family.n * family.count :] = 0.5 * np.ptp(cold)
    values, directions = np.linalg.eigh(data / np.outer(units, units))
    singular, directions = np.sqrt(np.maximum(values[::-1], 0.0)), directions.T[::-1]
    least = max((LEAST_OF_PATH if one_path(fit) else LEAST) * singular[0], 1.0 / UNSURE)
    found = []
    for value, direction in zip(singular, directions, strict=True):
        if value < least:
            part = np.abs(direction)
            found.append(tuple(family.names[j] for j in np.flatnonzero(part >= NAMED * part.max())))
    condition = float(singular[0] / max(singular[-1], ROUNDING * singular[0]))
    return Identifiability(singular, condition, tuple(found))


def one_path(fit: MobilityFit) -> bool:
    """Whether all couples are between the same ends, and tracers that depend on the composition are looked for."""
    ends, step = [entry.ends for entry in fit.observations], max(entry.step for entry in fit.observations)

    def apart(one: np.ndarray, other: np.ndarray) -> float:
        return float(min(np.abs(one - other).max(), np.abs(one - other[:, ::-1]).max()))

    return fit.family.order > 0 and max(apart(ends[0], one) for one in ends) <= SAME_ENDS * step


def covariance(fit: MobilityFit) -> np.ndarray:
    """(size, size) of the parameters, planes and ends being free, with the priors."""
    precision = np.einsum("ki,kj->ij", fit.J, fit.J)
    size = fit.family.size
    precision[:size, :size] += np.diag(1.0 / fit.sd**2)
    scale = 1.0 / np.sqrt(np.diag(precision))
    return (np.linalg.inv(precision * np.outer(scale, scale)) * np.outer(scale, scale))[:size, :size]


def bootstrapped(fit: MobilityFit, count: int, seed: int = 0) -> np.ndarray:
    """Parameters (k, size) of fits to k <= count sets of data drawn about the fitted profiles: a parametric bootstrap.

    The priors' means are drawn too: held, they would make what they determine look certain. On the coarse grids, which
    made the drawn profiles as well.
    """
    rng, every = np.random.default_rng(seed), np.ones(fit.family.size, bool)
    targets, tracers, mean = fit.targets, fit.tracers, fit.mean
    fit.prepare(1)
    best, found = fit.v.copy(), []
    exact = [model(fit.p, own)[0] for model, own in zip(fit.models, fit.own(best), strict=True)]
    logarithms = [fit.family.logarithms(fit.p, tracer.x, tracer.T)[tracer.i, 0] for tracer in tracers]
    for _ in range(count):
        fit.v = best.copy()
        fit.targets = [
            X + factor * entry.sigma * rng.standard_normal(X.shape)
            for X, entry, factor in zip(exact, fit.observations, fit.factors, strict=True)
        ]
        fit.mean = fit.p + fit.sd * rng.standard_normal(fit.sd.size)
        fit.tracers = [
            type(tracer)(tracer.i, tracer.x, tracer.T, value + tracer.sd * rng.standard_normal(), tracer.sd)
            for tracer, value in zip(tracers, logarithms, strict=True)
        ]
        try:
            fit.minimise(every, 1e-6, REFITS)
        except NumericsError:
            continue
        found.append(fit.p.copy())
    fit.v, fit.targets, fit.tracers, fit.mean = best, targets, tracers, mean
    fit.prepare(2)
    return np.array(found)

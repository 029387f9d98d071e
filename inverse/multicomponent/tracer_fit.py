"""Tracer diffusivities of a random alloy from its interdiffusion matrix, by least squares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import least_squares, nnls

from inverse.multicomponent.matrices import doubts
from inverse.multicomponent.random_alloy import RandomAlloy, random_alloy
from simulator.faults import Invalid
from simulator.laws.thermodynamics import Thermodynamics

NOTABLE = 3.0  # standard deviations, above which a misfit is no noise
CLEAN_MISFIT = 5e-3  # of the largest entry: what a matrix without standard deviations may be missed by
POOR = 5.0  # relative error of a tracer for one of the matrix, above which it is worth a word
START = 1e-3  # of the largest, for tracers that a first linear fit finds to be nothing
REACH = 8.0 * np.log(10.0)  # by which ln D_k* may differ
AWAY = 30.0  # by which other starts differ in one of the tracers
TERNARY = 3  # components
SAME = 1e-2  # of ln D_k*, within which two minima are one
EQUAL = 1e-6  # of the largest entry, by which two fits of a matrix without standard deviations may differ
EXACT = 1e-13
ROUNDING = 1e-15
UNSURE = 0.5  # relative standard deviation of a tracer that is worth a word


@dataclass(frozen=True, eq=False)
class TracerFit:
    """Tracer diffusivities value (n,), m^2/s, in the order of the components, and what is to be known of them.

    sd (n,), or None for a matrix without one; sensitivity (n,): relative error of each for independent errors of all
    entries of the matrix, relative to its largest; condition: of the derivatives of the entries by ln D_k*; misfit: of
    the matrix that they make, in standard deviations, or of the largest entry without them; holds: whether it is noise.
    others: further tracer diffusivities that make the same matrix.
    """

    alloy: RandomAlloy
    value: np.ndarray
    sd: np.ndarray | None
    sensitivity: np.ndarray
    condition: float
    misfit: float
    holds: bool
    others: tuple[np.ndarray, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def components(self) -> tuple[str, ...]:
        return self.alloy.mixture.components

    def named(self, values: np.ndarray) -> dict[str, float]:
        return dict(zip(self.components, map(float, values), strict=True))


def tracers_of(
    matrix: np.ndarray,
    composition: np.ndarray,
    components: Sequence[str],
    thermodynamics: Thermodynamics | Mapping | np.ndarray | None = None,
    structure: str = "",
    T: float | None = None,
    sd: np.ndarray | None = None,
    covariance: np.ndarray | None = None,
    dependent: str = "",
) -> TracerFit:
    """The n tracer diffusivities whose matrix, by Darken or Manning, comes nearest to a matrix (m, m) in m^2/s.

        minimise sum_ij [(D_ij - D_ij(D_1*, .., D_n*))/sd_ij]^2   over ln D_k*

    m = n - 1; rows and columns in the order of the components without the dependent one; composition, thermodynamics,
    structure, T and dependent as `random_alloy` has them. sd (m, m), or covariance (m^2, m^2) of the entries row by
    row; all entries count alike without. Components that are slow or scarce, and one that is dependent and slow above
    all, show least in the matrix: see `sensitivity`. The matrix of a ternary has but one entry to spare, for the
    symmetry of the phenomenological coefficients: it fits Darken as well as Manning, and by Manning two sets of tracers
    may make the same one, see `others`. Raises Invalid for fewer than three components, a matrix that is not finite,
    and as `random_alloy`.
    Source: Darken (1948), Trans. AIME 175, 184; Manning (1971), Phys. Rev. B 4, 1111.
    """
    alloy = random_alloy(components, composition, thermodynamics, structure, T, dependent)
    m = alloy.mixture.m
    if m < 2:
        raise Invalid.at("components", "one interdiffusivity does not determine two tracer diffusivities; use tracers.")
    D = np.asarray(matrix, float)
    if D.shape != (m, m) or not np.isfinite(D).all() or not D.any():
        raise Invalid.at("matrix", f"expected {m} times {m} finite numbers that are not all 0, got shape {D.shape}.")
    spread = covariance_of(D.shape, sd, covariance)
    first, *others = fits_of(alloy, D, spread)
    value, size = np.exp(first), np.abs(D).max()
    slopes, residual = alloy.slopes(value).reshape(m * m, -1), (alloy.matrix(value) - D).ravel()
    relative = slopes / size
    sensitivity = deviations(relative)
    deviation, misfit = None, float(np.sqrt(np.mean((residual / size) ** 2)))
    if spread is not None:
        weighted = np.linalg.inv(np.linalg.cholesky(spread))
        misfit = float(np.sqrt(np.sum((weighted @ residual) ** 2) / max(1, m * m - m - 1)))
        normal = weighted @ slopes  # of entries with standard deviation 1
        # a matrix that the model misses by more than its noise is known no better than by that
        deviation = value * deviations(normal) * max(1.0, misfit)
    holds = misfit <= (CLEAN_MISFIT if spread is None else NOTABLE)
    found = TracerFit(
        alloy=alloy,
        value=value,
        sd=deviation,
        sensitivity=sensitivity,
        condition=float(np.linalg.cond(relative)),
        misfit=misfit,
        holds=holds,
        others=tuple(np.exp(other) for other in others),
    )
    return replace(found, warnings=(*doubts(D), *sentences_of(found, spread is not None)))


def sentences_of(found: TracerFit, uncertain: bool) -> list[str]:
    """uncertain: whether the matrix has standard deviations."""
    said = []
    law = "Manning" if found.alloy.wind else "Darken"
    if not found.holds:
        size = (
            f"{found.misfit:.3g} times its noise" if uncertain else f"{100 * found.misfit:.2g} % of its largest entry"
        )
        said.append(
            f"No tracer diffusivities make this matrix by {law}: the nearest misses it by {size}. Check the "
            "thermodynamics, the structure for the vacancy wind, and whether the matrix is of this composition."
        )
    for other in found.others:
        shown = ", ".join(f"{name} {value:.3g}" for name, value in found.named(other).items())
        said.append(
            f"The tracer diffusivities {shown} m^2/s make the same matrix by Manning: it does not tell which are right."
        )
    for name, factor in found.named(found.sensitivity).items():
        if factor > POOR:
            said.append(
                f"The matrix hardly shows {name}: 1 % of its largest entry is {factor:.2g} % of the tracer diffusivity."
            )
    for name, share in found.named(found.sd / found.value).items() if found.sd is not None else ():
        if share > UNSURE:
            said.append(f"The tracer diffusivity of {name} is uncertain by {100 * share:.2g} %: do not use it.")
    return said


def deviations(slopes: np.ndarray) -> np.ndarray:
    """Standard deviations (n,) of parameters whose data, with these derivatives (k, n), have one of 1 each; enormous,
    not 0, for what the data do not show at all."""
    _, singular, vectors = np.linalg.svd(slopes, full_matrices=False)
    return np.sqrt(((vectors.T / np.maximum(singular, ROUNDING * singular.max())) ** 2).sum(axis=1))


def covariance_of(shape: tuple[int, int], sd: np.ndarray | None, covariance: np.ndarray | None) -> np.ndarray | None:
    """(m^2, m^2) of the entries row by row, or None. Raises Invalid unless it is positive definite."""
    count = shape[0] * shape[1]
    if covariance is None and sd is None:
        return None
    if covariance is None:
        sd = np.asarray(sd, float)
        if sd.shape != shape or not (np.isfinite(sd) & (sd > 0.0)).all():
            raise Invalid.at("sd", f"expected {shape[0]} times {shape[1]} positive standard deviations.")
        return np.diag(sd.ravel() ** 2)
    covariance = np.asarray(covariance, float)
    if covariance.shape != (count, count) or not np.isfinite(covariance).all():
        raise Invalid.at("covariance", f"expected {count} times {count} finite numbers.")
    if np.linalg.eigvalsh(covariance).min() <= 0.0:
        raise Invalid.at("covariance", "the covariance of the entries is not positive definite.")
    return covariance


def fits_of(alloy: RandomAlloy, D: np.ndarray, spread: np.ndarray | None) -> list[np.ndarray]:
    """ln D_k* (n,) of every minimum that fits as well as the best, which comes first, or nearer to no wind."""
    n, size = len(alloy.amounts), np.abs(D).max()
    weight = np.eye(D.size) / size if spread is None else np.linalg.inv(np.linalg.cholesky(spread))
    # without a wind D is linear in the tracer diffusivities
    plain = RandomAlloy(alloy.mixture, alloy.fractions, alloy.hessian)
    columns = np.stack([plain.matrix(one).ravel() for one in np.eye(n)], axis=1)
    first = nnls(weight @ columns, weight @ D.ravel())[0]
    first = np.log(np.maximum(first, START * first.max()) if first.max() > 0.0 else np.full(n, size))
    bounds = first.max() - REACH, first.max() + REACH

    def miss(p: np.ndarray) -> np.ndarray:
        return weight @ (alloy.matrix(np.exp(p)) - D).ravel()

    def by_logarithms(p: np.ndarray) -> np.ndarray:
        return weight @ alloy.slopes(np.exp(p)).reshape(-1, n)

    # Manning's equations are quadratic: a matrix with no entry to spare may belong to two sets of tracers
    twice = alloy.wind > 0.0 and n == TERNARY
    away = [sign * step for step in np.eye(n) * np.log(AWAY) for sign in (1.0, -1.0)] if twice else []
    found = [
        least_squares(miss, first + step, by_logarithms, bounds=bounds, xtol=EXACT, ftol=EXACT, gtol=EXACT)
        for step in (np.zeros(n), *away)
    ]
    best = min(2.0 * one.cost for one in found)
    least = EQUAL**2 if spread is None else 1.0
    allowed = best + 4.0 * max(least, best / max(1, D.size - n))
    minima = []
    for one in found:
        if 2.0 * one.cost <= allowed and all(np.abs(one.x - other).max() > SAME for other in minima):
            minima.append(one.x)
    return minima

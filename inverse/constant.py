"""One constant diffusivity from a whole profile: the least squares, whether the model holds, and the estimate."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares
from scipy.stats import chi2, f

from inverse.curves.fitting import CLEAN
from inverse.curves.noise import noise_of
from inverse.estimate import Estimate
from simulator.faults import Invalid
from simulator.solve.profile import Profile

UNIT = "m^2/s"
SPACING = 0.005  # of the window between the compositions of an estimate
TOLERANCE = 1e-15  # of parameters and of the sum of squares: exact data are met to rounding
DOUBT = 1e-3  # probability of a misfit by chance, below which the model is called wrong
VISIBLE = 5e-4  # of the step or the height of a peak, below which a misfit is no matter: about 1 % of D


@dataclass(frozen=True)
class Fit:
    """Parameters (p,), their covariance (p, p), None for data without noise; the residual (N,) data - model and the
    Jacobian (N, p), both divided by sigma (N,); chi_square and free: the sum of squares and its degrees of freedom;
    known: whether sigma was given; warnings."""

    parameters: np.ndarray
    covariance: np.ndarray | None
    residual: np.ndarray
    jacobian: np.ndarray
    sigma: np.ndarray
    chi_square: float
    free: int
    known: bool
    warnings: tuple[str, ...] = ()

    def sd(self, k: int) -> float | None:
        """Standard deviation of a parameter."""
        return None if self.covariance is None else float(np.sqrt(self.covariance[k, k]))


def is_clean(x: np.ndarray, Y: np.ndarray) -> bool:
    """Whether Y(x) from 0 to 1 is without noise, as `smooth` judges it."""
    zone = (Y > 0.02) & (Y < 0.98)
    spacing = np.median(np.abs(np.diff(Y[zone]))) if zone.sum() > 2 else 0.1
    return bool(noise_of(x, Y) <= CLEAN * spacing)


def fitted(
    model: Callable,
    start: np.ndarray,
    y: np.ndarray,
    sigma: np.ndarray | None,
    clean: bool,
    method: str,
) -> Fit:
    """Least squares of model(v) -> values (N,), Jacobian (N, p), to the data y (N,).

    sigma (N,): standard uncertainties, or None: then the residual gives the noise. Where the scatter is larger than the
    given uncertainties allow, the covariance is that of the scatter, with a warning. Raises Invalid where the
    iteration does not end or the data leave a parameter undetermined.
    """
    start = np.asarray(start, float)
    weight = np.ones(y.size) if sigma is None else 1.0 / sigma
    free = y.size - start.size
    if free < 1:
        raise Invalid.at("profile", f"{method} fits {start.size} numbers and needs more points than {y.size}.")
    options = {"method": "lm", "x_scale": "jac", "ftol": TOLERANCE, "xtol": TOLERANCE, "gtol": TOLERANCE}
    with np.errstate(over="ignore", invalid="ignore"):
        try:
            found = least_squares(
                lambda v: weight * (y - model(v)[0]), start, lambda v: -weight[:, None] * model(v)[1], **options
            )
        except ValueError:
            found = None
    if found is None or not found.success or not np.isfinite(found.x).all():
        raise Invalid.at("profile", f"{method} finds no best fit to this profile. Use forward-fit.")
    values, J = model(found.x)
    residual, J = weight * (y - values), weight[:, None] * J
    size = np.linalg.norm(J, axis=0)
    if not (size > 0).all() or np.linalg.cond(J / size) > 1e7:
        raise Invalid.at("profile", f"{method} finds more than one fit that is as good: this profile does not fix all.")
    scaled = np.linalg.inv((J / size).T @ (J / size)) / np.outer(size, size)
    chi_square = float(residual @ residual)
    spread, warnings = chi_square / free, ()
    if sigma is None:
        covariance = None if clean else spread * scaled
    elif chi2.sf(chi_square, free) < DOUBT:
        covariance = spread * scaled
        warnings = (
            f"The scatter about the fit is {np.sqrt(spread):.2g} times what the given uncertainties allow: the "
            "standard deviation was made larger by as much.",
        )
    else:
        covariance = scaled
    return Fit(found.x, covariance, residual, J, 1.0 / weight, chi_square, free, sigma is not None, warnings)


@dataclass(frozen=True)
class Judged:
    """How far the data leave the model: the part of the residual that `extra` columns explain, largest as a share of
    `size`; the probability of so much by chance; and whether that matters."""

    misfit: float
    probability: float

    @property
    def holds(self) -> bool:
        return bool(self.misfit < VISIBLE or self.probability > DOUBT)


def judged(fit: Fit, extra: np.ndarray, size: float) -> Judged:
    """The model against a wider one whose Jacobian has the columns `extra` (N, k) besides: an F-test of the linearised
    fit, chi-square where the uncertainties are known.

    A misfit smaller than VISIBLE of `size` is none: the differences of a simulation on a grid are no noise.
    """
    extra = extra / fit.sigma[:, None]
    Q = np.linalg.qr(fit.jacobian)[0]
    beyond = extra - Q @ (Q.T @ extra)
    U, scale, _ = np.linalg.svd(beyond, full_matrices=False)
    U = U[:, scale > 1e-6 * max(np.linalg.norm(extra, axis=0).max(), 1e-300)]
    count = U.shape[1]
    left = fit.free - count
    if not count or left < 1:
        return Judged(0.0, 1.0)
    share = U.T @ fit.residual
    explained = float(share @ share)
    rest = max(fit.chi_square - explained, 1e-300)
    probability = chi2.sf(explained, count) if fit.known else f.sf(explained / count / (rest / left), count, left)
    return Judged(float(np.abs((U @ share) * fit.sigma).max()) / size, float(probability))


def constant_estimate(
    method: str,
    profile: Profile,
    recovers: str,
    value: float,
    sd: float | None,
    span: tuple[float, float],
    window: tuple[float, float],
    diagnostics: dict,
) -> Estimate:
    """The estimate of a constant: the same value at compositions (k,) over the window of Y between the two of `span`.

    Raises Invalid unless the value is finite and positive.
    """
    if not (np.isfinite(value) and value > 0):
        raise Invalid.at("profile", f"{method} finds no positive diffusivity in this profile.")
    first, last = span
    low, high = sorted((first + (last - first) * window[0], first + (last - first) * window[1]))
    composition = np.linspace(low, high, max(2, round((window[1] - window[0]) / SPACING) + 1))
    return Estimate(
        method=method,
        recovers=recovers,
        unit=UNIT,
        component=profile.component,
        composition=composition,
        value=np.full(composition.size, value),
        sd=None if sd is None else np.full(composition.size, sd),
        window=(float(low), float(high)),
        source=profile.source,
        diagnostics={"time": profile.time, **diagnostics},
    )

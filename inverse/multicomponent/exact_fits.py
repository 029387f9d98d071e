"""One constant matrix for all points of one or several couples, by least squares.

    sum (y - X(q; D, q_0, X^-, X^+))^2/sigma^2,   X = (X^- + X^+)/2 + 1/2 erf[(q - q_0)(4 D t)^(-1/2)] (X^+ - X^-)

over the m^2 entries of D, which all couples share, and each couple's contact plane and end values where they are not
known. `separated` starts the fit of a single couple.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy.optimize import least_squares

from inverse.multicomponent.matrix_erf import MatrixErf

REFUSED = 1e9  # in place of every residual where D has an eigenvalue that is not positive
EVALUATIONS = 100
PRECISION = 1e-14
TRIED = 2


@dataclass(frozen=True, eq=False)
class Couple:
    """What is measured of a couple: y (m, N) mole fractions with standard deviations sigma (m, N) at q (N,), m, after
    `time` s; ends (m, 2) and plane (m), true where ends_known and plane_known, otherwise first values of the fit."""

    q: np.ndarray
    y: np.ndarray
    sigma: np.ndarray
    time: float
    ends: np.ndarray
    plane: float
    ends_known: bool = False
    plane_known: bool = False

    @property
    def m(self) -> int:
        return len(self.y)

    @property
    def own(self) -> np.ndarray:
        """First values of the couple's own parameters, as far as they are not known: the plane, m, and the left and the
        right ends."""
        plane = [] if self.plane_known else [self.plane]
        return np.concatenate([plane, [] if self.ends_known else self.ends.T.ravel()])

    def placed(self, own: np.ndarray) -> "Couple":
        """The couple with its own parameters at these values."""
        first = 0 if self.plane_known else 1
        plane = self.plane if self.plane_known else float(own[0])
        ends = self.ends if self.ends_known else np.reshape(own[first:], (2, self.m)).T
        return replace(self, plane=plane, ends=ends)

    def residual(self, D: np.ndarray, own: np.ndarray) -> np.ndarray:
        """(X - y)/sigma (m N,)."""
        at = self.placed(own)
        F = MatrixErf(D, self.q - at.plane, self.time).value
        X = at.ends.mean(axis=1)[:, None] + 0.5 * np.einsum("ijz,j->iz", F, at.ends[:, 1] - at.ends[:, 0])
        return ((X - self.y) / self.sigma).ravel()

    def slopes(self, D: np.ndarray, own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of the residuals by the entries of D (m N, m^2), s/m^2, and by the own parameters (m N, p)."""
        at = self.placed(own)
        F = MatrixErf(D, self.q - at.plane, self.time)
        half, count = 0.5 * (at.ends[:, 1] - at.ends[:, 0]), self.y.size
        weight = 1.0 / self.sigma.ravel()[:, None]
        columns = []
        if not self.plane_known:
            columns.append(-np.einsum("ijz,j->iz", F.rise, half).reshape(count, 1))
        if not self.ends_known:
            value, one = np.moveaxis(F.value, 1, 2), np.eye(self.m)[:, None, :]
            columns += [0.5 * (one - value).reshape(count, self.m), 0.5 * (one + value).reshape(count, self.m)]
        own_slopes = np.hstack(columns) if columns else np.zeros((count, 0))
        return weight * F.slopes(half).reshape(count, self.m**2), weight * own_slopes

    def seen(self, D: np.ndarray, own: np.ndarray) -> np.ndarray:
        """What the couple says of D alone: the derivatives (m N, m^2) without the parts that a change of its own
        parameters makes as well."""
        by_entry, by_own = self.slopes(D, own)
        base = np.linalg.qr(by_own / np.maximum(np.linalg.norm(by_own, axis=0), np.finfo(float).tiny))[0]
        return by_entry - base @ (base.T @ by_entry)


@dataclass(frozen=True, eq=False)
class ExactFit:
    """The matrix D (m, m) in m^2/s of couples, each with its own parameters, and whether the search came to an end."""

    couples: tuple[Couple, ...]
    D: np.ndarray
    own: tuple[np.ndarray, ...]
    converged: bool = True

    @cached_property
    def residuals(self) -> list[np.ndarray]:
        return [couple.residual(self.D, own) for couple, own in zip(self.couples, self.own, strict=True)]

    @property
    def chi_square(self) -> float:
        return float(sum(part @ part for part in self.residuals))

    @property
    def degrees_of_freedom(self) -> int:
        return sum(part.size for part in self.residuals) - self.D.size - sum(own.size for own in self.own)

    @property
    def placed(self) -> tuple[Couple, ...]:
        """The couples with the planes and the ends that were found."""
        return tuple(couple.placed(own) for couple, own in zip(self.couples, self.own, strict=True))

    @property
    def misses(self) -> float:
        """Root mean square of the residuals, a mole fraction."""
        parts = [part * couple.sigma.ravel() for part, couple in zip(self.residuals, self.couples, strict=True)]
        return float(np.sqrt(np.mean(np.concatenate(parts) ** 2)))

    @cached_property
    def seen(self) -> np.ndarray:
        """R (m^2, m^2), s/m^2, with the information on the entries R^T R."""
        parts = [couple.seen(self.D, own) for couple, own in zip(self.couples, self.own, strict=True)]
        return np.linalg.qr(np.concatenate(parts), mode="r")

    @cached_property
    def singular_values(self) -> np.ndarray:
        """(m^2,), descending, relative to the largest, of the derivatives by the entries: how much less the data say of
        one combination of entries than of another."""
        found = np.linalg.svd(self.seen, compute_uv=False)
        return found / found[0]

    @property
    def condition(self) -> float:
        """By how much less the data say of the least determined combination of entries than of the best determined."""
        least = float(self.singular_values[-1])
        return 1.0 / least if least > 0.0 else np.inf

    def covariance(self, known: bool = True) -> np.ndarray:
        """(m^2, m^2) of the entries, (m^2/s)^2; where the sigma only weigh, with the variance of the residuals."""
        scale = 1.0 if known else self.chi_square / max(self.degrees_of_freedom, 1)
        return scale * inverse_of(self.seen)


def inverse_of(seen: np.ndarray) -> np.ndarray:
    """(R^T R)^-1 (m^2, m^2) of R (r, m^2)."""
    inverse = np.linalg.pinv(seen, rcond=1e-13)
    return inverse @ inverse.T


def fit(couples: Sequence[Couple], start: np.ndarray) -> ExactFit | None:
    """The best matrix from a first one, by Levenberg and Marquardt; None if an eigenvalue of the first one is not
    positive."""
    couples, m = tuple(couples), len(start)
    eigenvalues = np.linalg.eigvals(start) if np.isfinite(start).all() else np.zeros(1)
    if eigenvalues.real.min() <= 0.0:
        return None
    unit, entries = float(np.abs(eigenvalues).max()), m * m
    places = entries + np.cumsum([0, *(couple.own.size for couple in couples)])

    def split(v: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        return unit * v[:entries].reshape(m, m), [v[a:b] for a, b in pairwise(places)]

    def residual(v: np.ndarray) -> np.ndarray:
        D, own = split(v)
        try:
            return np.concatenate([couple.residual(D, part) for couple, part in zip(couples, own, strict=True)])
        except ValueError:
            return np.full(sum(couple.y.size for couple in couples), REFUSED)

    def slopes(v: np.ndarray) -> np.ndarray:
        D, own = split(v)
        J, row = np.zeros((sum(couple.y.size for couple in couples), v.size)), 0
        for k, (couple, part) in enumerate(zip(couples, own, strict=True)):
            rows = slice(row, row + couple.y.size)
            by_entry, by_own = couple.slopes(D, part)
            J[rows, :entries], J[rows, places[k] : places[k + 1]] = unit * by_entry, by_own
            row = rows.stop
        return J

    first = np.concatenate([start.ravel() / unit, *(couple.own for couple in couples)])
    found = least_squares(
        residual, first, jac=slopes, method="lm", x_scale="jac",
        xtol=PRECISION, ftol=PRECISION, gtol=PRECISION, max_nfev=EVALUATIONS,
    )  # fmt: skip
    D, own = split(found.x)
    return ExactFit(couples, D, tuple(own), bool(found.status > 0))


def best(couples: Sequence[Couple], starts: Sequence[np.ndarray]) -> ExactFit | None:
    """The fit of the least chi-square from the TRIED best of several first matrices; None if none of them is one to
    start from."""

    def cost(start: np.ndarray) -> float:
        try:
            return ExactFit(tuple(couples), start, tuple(couple.own for couple in couples)).chi_square
        except (ValueError, np.linalg.LinAlgError):
            return np.inf

    ranked = sorted(starts, key=cost)[:TRIED]
    found = [entry for entry in (fit(couples, start) for start in ranked) if entry is not None]
    return min(found, key=lambda entry: entry.chi_square, default=None)

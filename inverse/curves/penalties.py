"""Linear smoothers of values on points at any spacing, their penalty chosen by cross-validation.

    minimise sum w (y - z)^2 + lambda z' K z

Whittaker: K = D'D with D the third divided differences, scaled as on even spacing. Smoothing spline: z' K z = int z''^2
of the natural cubic spline through the values z. Leaving out a point changes the fit at it by (y - z)/(1 - H), H the
diagonal of the hat matrix, so that every lambda needs only one product in the eigenvectors of K.

Sources: Eilers (2003), Anal. Chem. 75, 3631; Green & Silverman, Nonparametric Regression and Generalized Linear Models
(1994), chapter 2.
"""

from functools import cached_property

import numpy as np
from scipy.linalg import eigh, solveh_banded

ORDER = 3
FACTORS = 10.0 ** np.arange(-10.0, 9.01, 0.25)
NEARBY = 10.0 ** np.arange(-1.5, 1.51, 0.5)  # times a lambda: where fits to other noise look for theirs


def differences(x: np.ndarray, order: int = ORDER) -> np.ndarray:
    """(N - order, N) matrix of the divided differences of this order at x (N,), times order! and the mean spacing to
    this power: on even spacing, the plain differences."""
    D = np.eye(x.size)
    scaled = (x - x[0]) / (x[-1] - x[0]) * (x.size - 1)
    for k in range(1, order + 1):
        D = k * np.diff(D, axis=0) / (scaled[k:] - scaled[:-k])[:, None]
    return D


def bending(x: np.ndarray) -> np.ndarray:
    """(N, N) matrix K with z' K z = int z''^2 dx of the natural cubic spline through z at x (N,), in mean spacings.

    K = Q R^-1 Q'; R (N - 2, N - 2) tridiagonal, Q' the second divided differences.
    """
    h = np.diff(x) / (x[-1] - x[0]) * (x.size - 1)
    Q = np.zeros((x.size - 2, x.size))
    rows = np.arange(x.size - 2)
    Q[rows, rows], Q[rows, rows + 2] = 1.0 / h[:-1], 1.0 / h[1:]
    Q[rows, rows + 1] = -1.0 / h[:-1] - 1.0 / h[1:]
    R = np.zeros((2, x.size - 2))
    R[0, 1:], R[1] = h[1:-1] / 6.0, (h[:-1] + h[1:]) / 3.0
    return Q.T @ solveh_banded(R, Q)


class Smoother:
    """The smoother of penalty K (N, N) whose null space has `order` dimensions, for values of uncertainty sigma (N,),
    or None for equal ones."""

    def __init__(self, K: np.ndarray, order: int, sigma: np.ndarray | None = None):
        self.root = np.ones(len(K)) if sigma is None else np.median(sigma) / sigma
        values, self.vectors = eigh(K / self.root[:, None] / self.root)
        self.values = np.maximum(values, 0.0)
        self.values[:order] = 0.0

    @cached_property
    def squares(self) -> np.ndarray:
        return self.vectors**2

    def fitted(self, y: np.ndarray, factor: float) -> np.ndarray:
        """z (N,) for one penalty factor lambda."""
        parts = self.vectors.T @ (self.root * y) / (1.0 + factor * self.values)
        return self.vectors @ parts / self.root

    def drawn(self, z: np.ndarray, factor: float, noise: np.ndarray) -> np.ndarray:
        """A curve (N,) from the normal distribution about the fitted z with covariance (W + lambda K)^-1, for standard
        normal noise (N,) times the standard deviation of a point with w = 1.

        It holds what the penalty bends, too, which fits to the fitted curve with new noise would leave out.
        Source: Wahba (1983), J. R. Statist. Soc. B 45, 133.
        """
        return z + self.vectors @ (noise / np.sqrt(1.0 + factor * self.values)) / self.root

    def errors(self, pilot: np.ndarray, factor: float, noise: np.ndarray) -> np.ndarray:
        """(d, N) by how much fits to pilots (d, N) or (N,) + noise miss the pilots, for standard normal noise (d, N)
        times the standard deviation of a point with w = 1; each with the lambda near `factor` that its own
        cross-validation chooses.

        What the penalty bends and what the choice of lambda adds are in them, as far as a pilot is like the truth.
        """
        y = pilot + noise / self.root
        parts, best, found = (self.root * y) @ self.vectors, np.full(len(y), np.inf), y
        for near in factor * NEARBY:
            shares = 1.0 / (1.0 + near * self.values)
            z = (parts * shares) @ self.vectors.T / self.root
            missed = self.root * (y - z) / np.maximum(1.0 - self.squares @ shares, 1e-9)
            score = (missed**2).sum(axis=1)
            found, best = np.where((score < best)[:, None], z, found), np.minimum(score, best)
        return found - pilot

    def factor(self, y: np.ndarray) -> float:
        """The lambda with the least mean square error of points left out, one at a time."""

        def score(factor):
            leverage = self.squares @ (1.0 / (1.0 + factor * self.values))
            missed = self.root * (y - self.fitted(y, factor)) / np.maximum(1.0 - leverage, 1e-9)
            return float(missed @ missed)

        return float(min(FACTORS, key=score))


def whittaker(x: np.ndarray, sigma: np.ndarray | None = None, order: int = ORDER) -> Smoother:
    """Differences of this order, 2 or 3, at x (N,)."""
    D = differences(x, order)
    return Smoother(D.T @ D, order, sigma)


def smoothing_spline(x: np.ndarray, sigma: np.ndarray | None = None) -> Smoother:
    """The cubic smoothing spline at x (N,)."""
    return Smoother(bending(x), 2, sigma)

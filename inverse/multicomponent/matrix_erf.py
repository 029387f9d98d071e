"""The error function of a matrix, with its derivatives: what an exact fit compares with its data.

    F(z) = erf[z (4 D t)^(-1/2)],   X(q) = (X^- + X^+)/2 + 1/2 F(q - q_0) (X^+ - X^-)

By eigenvectors, F = sum_a f(d_a) P_a with f(d) = erf(z / 2 sqrt(d t)) and P_a the projectors, and
    dF = sum_ab f[d_a, d_b] P_a dD P_b,   f[a, b] = (f(a) - f(b))/(a - b),   f[a, a] = f'(a);
where the eigenvectors are nearly dependent by Cauchy's integral on a circle around the eigenvalues,
    F = 1/(2 pi i) int f(c) R(c) dc,   dF = 1/(2 pi i) int f(c) R(c) dD R(c) dc,   R(c) = (c - D)^-1,
with the trapezium rule.
"""

import numpy as np
from scipy.special import erf

WORST_EIGENVECTORS = 1e4  # condition number beyond which they lose more digits than the contour integral costs
CLOSE = 0.2  # of the larger eigenvalue: a pair that is closer gets an integral of f' for its divided difference
GAUSS, WEIGHTS = np.polynomial.legendre.leggauss(10)
MOST_NODES = 4000
LEAST = 1e-7  # of the largest eigenvalue, below which one is none


class MatrixErf:
    """F(z) for D (m, m) in m^2/s at z (N,), m, after t s. Raises ValueError unless the eigenvalues of D have positive
    real parts."""

    def __init__(self, D: np.ndarray, z: np.ndarray, t: float):
        self.z, self.t, self.D = np.asarray(z, float), float(t), np.asarray(D, float)
        eigenvalues, vectors = np.linalg.eig(self.D)
        if not eigenvalues.real.min() > LEAST * np.abs(eigenvalues).max():
            raise ValueError(f"D needs eigenvalues of positive real part, got {eigenvalues}")
        self.by_eigenvectors = bool(np.linalg.cond(vectors) < WORST_EIGENVECTORS)
        if self.by_eigenvectors:
            self.d = eigenvalues
            self.P = np.einsum("ia,aj->aij", vectors, np.linalg.inv(vectors))
        else:
            self.d, weights = contour(eigenvalues)
            self.P = np.linalg.inv(self.d[:, None, None] * np.eye(len(self.D)) - self.D)
            self.weights = weights

    def scalar(self, d: np.ndarray) -> np.ndarray:
        """f (k, N) at numbers d (k,)."""
        return erf(self.z / (2.0 * np.sqrt(d * self.t))[:, None])

    def slope(self, d: np.ndarray) -> np.ndarray:
        """df/dd (k, N), s/m^2."""
        u = self.z / (2.0 * np.sqrt(d * self.t))[:, None]
        return -u * np.exp(-(u**2)) / (np.sqrt(np.pi) * d[:, None])

    def total(self, values: np.ndarray) -> np.ndarray:
        """sum_a values_a P_a (m, m, N), of values (k, N); with the weights of the contour."""
        weighted = values if self.by_eigenvectors else self.weights[:, None] * values
        return np.tensordot(self.P, weighted, axes=(0, 0)).real

    @property
    def value(self) -> np.ndarray:
        """F (m, m, N)."""
        return self.total(self.scalar(self.d))

    @property
    def rise(self) -> np.ndarray:
        """dF/dz (m, m, N), 1/m: (pi D t)^(-1/2) exp(-z^2 (4 D t)^-1)."""
        width = np.sqrt(self.d * self.t)[:, None]
        return self.total(np.exp(-((self.z / (2.0 * width)) ** 2)) / (np.sqrt(np.pi) * width))

    def divided(self) -> np.ndarray:
        """f[d_a, d_b] (m, m, N)."""
        f, d = self.scalar(self.d), self.d
        found = np.empty((d.size, d.size, self.z.size), f.dtype)
        for a in range(d.size):
            found[a, a] = self.slope(d[a : a + 1])[0]
            for b in range(a):
                if abs(d[a] - d[b]) > CLOSE * max(abs(d[a]), abs(d[b])):
                    found[a, b] = (f[a] - f[b]) / (d[a] - d[b])
                else:
                    between = d[b] + 0.5 * (1.0 + GAUSS) * (d[a] - d[b])
                    found[a, b] = 0.5 * WEIGHTS @ self.slope(between)
                found[b, a] = found[a, b]
        return found

    def slopes(self, vector: np.ndarray) -> np.ndarray:
        """d(F vector)_i/dD_kl (m, N, m, m) in s/m^2, in the order i, point, k, l, of vector (m,)."""
        right = self.P @ vector
        if self.by_eigenvectors:
            inner = np.einsum("abz,bl->azl", self.divided(), right)
        else:
            inner = np.einsum("az,al->azl", self.weights[:, None] * self.scalar(self.d), right)
        # i, k, z, l
        return np.moveaxis(np.tensordot(self.P, inner, axes=(0, 0)).real, 2, 1)


def contour(eigenvalues: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nodes c (k,) on the upper half of a circle around the eigenvalues that leaves out 0, and their weights: the sum's
    real part is the integral over the whole circle."""
    least = (np.abs(eigenvalues) ** 2 / (2.0 * eigenvalues.real)).max()
    tried = least * np.geomspace(1.01, 100.0, 400)
    share = np.array([np.abs(eigenvalues - c).max() / c for c in tried])
    centre, inner = tried[share.argmin()], max(share.min(), 1e-3)
    radius = np.sqrt(inner) * centre
    count = int(min(MOST_NODES, 2 * np.ceil(40.0 / -np.log(np.sqrt(inner))) + 16))
    turns = np.exp(2j * np.pi * (np.arange(count // 2) + 0.5) / count)
    return centre + radius * turns, 2.0 * radius * turns / count

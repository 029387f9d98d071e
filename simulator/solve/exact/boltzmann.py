"""A profile in the Boltzmann variable, as polynomials between nodes: values, fluxes and exact averages."""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import Polynomial
from numpy.polynomial.legendre import leggauss

STAGES = 5


def _lagrange() -> tuple[np.ndarray, list[Polynomial]]:
    nodes = 0.5 * (leggauss(STAGES)[0] + 1.0)
    basis = []
    for j, node in enumerate(nodes):
        others = np.delete(nodes, j)
        basis.append(Polynomial.fromroots(others) / np.prod(node - others))
    return nodes, basis


NODES, BASIS = _lagrange()
# int_0^theta l_j and int_0^theta s l_j(s) ds: the polynomials of u and q inside an interval are exact integrals of u'
INTEGRAL = [p.integ() for p in BASIS]
MOMENT = [(p * Polynomial([0.0, 1.0])).integ() for p in BASIS]


@dataclass(frozen=True)
class SimilarityProfile:
    """u(lambda), lambda = x/sqrt(t): -(lambda/2) u' = (D(u) u')', u(-inf) = left, u(+inf) = right.

    nodes (N+1,) m/s^0.5; u, q (m, N+1) at the nodes, q = D u' in m/s^0.5; slopes (m, N, STAGES) u' at the Gauss points
    of every interval; error: estimate of the largest error in u, from a solution on half as many intervals.
    """

    nodes: np.ndarray
    u: np.ndarray
    q: np.ndarray
    slopes: np.ndarray
    left: np.ndarray
    right: np.ndarray
    error: float

    def inside(self, lam):
        """Interval, its length, and the place in it from 0 to 1, of every point."""
        lam = np.atleast_1d(np.asarray(lam, float))
        i = np.clip(np.searchsorted(self.nodes, lam, side="right") - 1, 0, self.nodes.size - 2)
        h = self.nodes[i + 1] - self.nodes[i]
        theta = np.clip((lam - self.nodes[i]) / h, 0.0, 1.0)
        return lam, i, h, theta

    def values(self, lam: np.ndarray) -> np.ndarray:
        """u (m, k) at lam (k,), m/s^0.5; the end values beyond the mesh."""
        lam, i, h, theta = self.inside(lam)
        weights = h * np.array([p(theta) for p in INTEGRAL])
        u = self.u[:, i] + np.einsum("mkj,jk->mk", self.slopes[:, i], weights)
        u = np.where(lam < self.nodes[0], self.left[:, None], u)
        return np.where(lam > self.nodes[-1], self.right[:, None], u)

    def conduction(self, lam):
        """q = D u' (m, k), m/s^0.5."""
        # q = q_i - 1/2 int lambda u', the integral of the very polynomial that values() returns
        lam, i, h, theta = self.inside(lam)
        start = self.nodes[i]
        weights = np.array([h * (start * p(theta) + h * r(theta)) for p, r in zip(INTEGRAL, MOMENT, strict=True)])
        q = self.q[:, i] - 0.5 * np.einsum("mkj,jk->mk", self.slopes[:, i], weights)
        return np.where((lam < self.nodes[0]) | (lam > self.nodes[-1]), 0.0, q)

    def flux(self, lam: np.ndarray) -> np.ndarray:
        """-D u' (m, k) at lam (k,), m/s^0.5; the flux at time t is this over sqrt(t), in m/s."""
        return -self.conduction(lam)

    def averages(self, lam_faces: np.ndarray) -> np.ndarray:
        """Averages (m, N) of u between neighbouring faces (N+1,), m/s^0.5.

        q' = (D u')' = -(lambda/2) u', so (lambda u)' = u + lambda u' = u - 2 q', hence
            int u dlambda = [ lambda u + 2 q ].
        It also holds exactly for the collocation polynomials.
        """
        lam = np.asarray(lam_faces, float)
        # measured from the step left | right, so that nothing large cancels in the tails
        step = np.where(lam < 0.0, self.left[:, None], self.right[:, None])
        whole = lam * (self.values(lam) - step) + 2.0 * self.conduction(lam)
        below = np.minimum(lam, 0.0)
        above = np.maximum(lam, 0.0)
        flat = self.left[:, None] * np.diff(below) + self.right[:, None] * np.diff(above)
        return (flat + np.diff(whole, axis=1)) / np.diff(lam)

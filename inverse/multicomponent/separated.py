"""A first matrix from one couple: its eigenvalues by variable projection.

    X = (X^- + X^+)/2 + sum_k a_k erf[(q - q_0)/(2 sqrt(d_k t))]
    sum_k a_k = (X^+ - X^-)/2,   [D] = [a] diag(d) [a]^-1

For given d_k and q_0 the amplitudes, and the ends where they are not known, are linear: only ln d_k and q_0 are
searched for. Source: Golub & Pereyra (1973), SIAM J. Numer. Anal. 10, 413.
"""

from itertools import combinations

import numpy as np
from scipy.optimize import least_squares
from scipy.special import erf

from inverse.multicomponent.exact_fits import Couple

SHARES = np.geomspace(0.1, 10.0, 9)  # of one diffusivity for the whole couple: eigenvalues that are tried
STARTS = 3
FAR = 6.0  # of ln d from its first value


class Separated:
    """Residuals of a couple for eigenvalues d (m,), m^2/s, and a plane, m, with the best amplitudes for these."""

    def __init__(self, couple: Couple):
        self.couple = couple
        self.half = 0.5 * (couple.ends[:, 1] - couple.ends[:, 0])
        self.middle = couple.ends.mean(axis=1)

    def __call__(self, d: np.ndarray, plane: float):
        """Residuals (m, N) over sigma, amplitudes (m, m), the basis of what is projected out (m, N, p), and the
        functions (m, N)."""
        couple = self.couple
        E = erf((couple.q - plane) / (2.0 * np.sqrt(d * couple.time))[:, None])
        if couple.ends_known:
            basis, target = (E[:-1] - E[-1]).T, couple.y - self.middle[:, None] - self.half[:, None] * E[-1]
        else:
            basis, target = np.vstack([np.ones(couple.q.size), E]).T, couple.y
        weighted = basis[None] / couple.sigma[:, :, None]
        Q, R = np.linalg.qr(weighted)
        y = target / couple.sigma
        projected = np.einsum("inp,in->ip", Q, y)
        c = np.array([np.linalg.lstsq(r, p, rcond=1e-13)[0] for r, p in zip(R, projected, strict=True)])
        a = np.hstack([c, (self.half - c.sum(axis=1))[:, None]]) if couple.ends_known else c[:, 1:]
        return np.einsum("inp,ip->in", Q, projected) - y, a, Q, E

    def slopes(self, d: np.ndarray, plane: float) -> np.ndarray:
        """Derivatives (m N, m [+ 1]) of the residuals by ln d_k, and by the plane unless it is known, without their
        parts along the basis (Kaufman's approximation)."""
        couple = self.couple
        _, a, Q, _ = self(d, plane)
        u = (couple.q - plane) / (2.0 * np.sqrt(d * couple.time))[:, None]
        bell = 2.0 / np.sqrt(np.pi) * np.exp(-(u**2))
        by_d = np.einsum("ik,kn->ink", a, -0.5 * u * bell)
        by_plane = np.einsum("ik,kn->in", a, -bell / (2.0 * np.sqrt(d * couple.time))[:, None])[:, :, None]
        J = by_d if couple.plane_known else np.concatenate([by_d, by_plane], axis=2)
        J = J / couple.sigma[:, :, None]
        J = J - np.einsum("inp,ipk->ink", Q, np.einsum("inp,ink->ipk", Q, J))
        return J.reshape(couple.y.size, -1)


def separated(couple: Couple) -> list[np.ndarray]:
    """Matrices (m, m) in m^2/s, the best one first, of different first eigenvalues; none if every one is singular."""
    model, m, unit = Separated(couple), couple.m, one_diffusivity(couple)
    tried = [unit * np.array(shares) for shares in combinations(SHARES, m)]
    costs = [float((model(d, couple.plane)[0] ** 2).sum()) for d in tried]
    length = np.sqrt(unit * couple.time)
    found = []
    for k in np.argsort(costs)[:STARTS]:
        first = np.concatenate([np.log(tried[k]), [] if couple.plane_known else [couple.plane / length]])

        def at(v):
            return np.exp(v[:m]), couple.plane if couple.plane_known else v[m] * length

        def slopes(v):
            J = model.slopes(*at(v))
            J[:, m:] *= length
            return J

        answer = least_squares(
            lambda v: model(*at(v))[0].ravel(),
            first,
            jac=slopes,
            bounds=(first - FAR, first + FAR),
            xtol=1e-12, ftol=1e-14, gtol=1e-14, max_nfev=60,
        )  # fmt: skip
        d, plane = at(answer.x)
        a = model(d, plane)[1]
        if np.linalg.cond(a) < 1e12:
            found.append((answer.cost, (a * d) @ np.linalg.inv(a)))
    return [D for _, D in sorted(found, key=lambda entry: entry[0])]


def one_diffusivity(couple: Couple) -> float:
    """m^2/s: that of a couple whose every component diffuses alone and alike, from the contents of its halves."""
    left = couple.q < couple.plane
    away = np.where(left, couple.y - couple.ends[:, :1], couple.ends[:, 1:] - couple.y)
    contents, step = 0.5 * np.trapezoid(away, couple.q, axis=1), couple.ends[:, 1] - couple.ends[:, 0]
    root = abs(float(contents @ step)) / float(step @ step)
    least = np.diff(couple.q).min()
    return max(np.pi * root**2, least**2) / couple.time


def diagonals(couple: Couple) -> list[np.ndarray]:
    """Diagonal matrices (m, m) in m^2/s with distinct values about that of `one_diffusivity`."""
    spread = np.geomspace(0.6, 1.6, couple.m)
    return [one_diffusivity(couple) * np.diag(entries) for entries in (spread, spread[::-1])]

"""n components with a constant matrix D: the error function of a matrix."""

import numpy as np

from simulator.solve.exact.conditions import clock, constant_matrix, constant_refusal, infinite_refusal, pieces
from simulator.solve.exact.error_function import rise, rise_averages
from simulator.solve.exact.solution import ExactSolution

# Beyond this condition number eigenvectors lose more digits than the contour integral costs
WORST_EIGENVECTORS = 1e4


def matrix_profile(x, t, D, jumps, values):
    """u(x, t) (m, k) at x (k,), m, from values (m, p + 1) between jumps (p,), m, on an infinite line.

        u = values_0 + sum_j 1/2 erfc((x_j - x) (4 D t)^(-1/2)) (values_j - values_{j-1})

    with the constant matrix D (m, m) in m^2/s, eigenvalues of positive real part (complex or defective too), t in s.
    """
    return _superposed(np.asarray(x, float), t, D, jumps, values, rise)


def matrix_averages(faces, t, D, jumps, values):
    """Averages (m, N) of `matrix_profile` between faces (N+1,), m."""
    return _superposed(np.asarray(faces, float), t, D, jumps, values, rise_averages)


def _superposed(x, t, D, jumps, values, part):
    values = np.asarray(values, float)
    parts = np.array([values[:, :1] + np.zeros((1, part(x, 0.0).size))])
    for j, at in enumerate(jumps):
        change = values[:, j + 1] - values[:, j]
        if t == 0.0:
            parts = parts + change[:, None] * part(x - at, 0.0)
            continue

        def scalar(z, at=at):
            return part(x - at, 2.0 * np.sqrt(z * t))

        parts = parts + apply_function(scalar, D, change)
    return parts[0]


def apply_function(f, D, vector):
    """f(D) vector, (m, k), for an f analytic in the right half plane that maps one number to (k,) values.

    By eigenvectors; where these are nearly dependent by Cauchy's integral over a circle around the eigenvalues,
        f(D) v = 1/(2 pi i) int f(z) (z - D)^-1 v dz,
    with the trapezium rule, which converges geometrically.
    """
    D, vector = np.asarray(D, float), np.asarray(vector, float)
    eigenvalues, vectors = np.linalg.eig(D)
    if eigenvalues.real.min() <= 0.0:
        raise ValueError(f"D needs eigenvalues of positive real part, got {eigenvalues}")
    if np.linalg.cond(vectors) < WORST_EIGENVECTORS:
        shares = np.linalg.solve(vectors, vector.astype(vectors.dtype))
        values = np.array([f(z) for z in eigenvalues])
        return ((vectors * shares) @ values).real
    # the circle around c must hold the eigenvalues and leave out 0
    least = (np.abs(eigenvalues) ** 2 / (2.0 * eigenvalues.real)).max()
    tried = least * np.geomspace(1.01, 100.0, 400)
    share = np.array([np.abs(eigenvalues - c).max() / c for c in tried])
    c, inner = tried[share.argmin()], max(share.min(), 1e-3)
    radius = np.sqrt(inner) * c
    count = int(min(200000, 2 * np.ceil(40.0 / -np.log(np.sqrt(inner))) + 16))
    turns = np.exp(2j * np.pi * (np.arange(count) + 0.5) / count)
    total = 0.0
    for turn in turns[: count // 2]:
        # the other half of the circle is the complex conjugate
        z = c + radius * turn
        total = (
            total + 2.0 * np.outer(np.linalg.solve(z * np.eye(len(D)) - D, vector) * radius * turn / count, f(z)).real
        )
    return total


class ConstantMatrix(ExactSolution):
    name = "constant-matrix"
    title = "Couple of n components with a constant matrix D"
    source = "superposition of error functions in the eigenvectors of D; Crank (1975), section 2.2, for each of them"

    def applies(self, problem):
        if problem.domain.geometry != "planar":
            return f"It is for planar geometry, and this domain is {problem.domain.geometry}."
        refused = constant_refusal(problem)
        if refused:
            return refused
        start = pieces(problem)
        if start is None or not start[0].size:
            return "The start must be a step or layers, constant in between."
        return infinite_refusal(problem, start[1][:, 0], start[1][:, -1], self.values)

    def averages(self, problem, t, faces):
        return matrix_averages(faces, clock(problem, t), constant_matrix(problem), *pieces(problem))

    def values(self, problem, t, x):
        return matrix_profile(x, clock(problem, t), constant_matrix(problem), *pieces(problem))

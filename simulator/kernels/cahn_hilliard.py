"""Un-mixing in one dimension: mole fractions u_i and Y_i = s lap u_i, a pair of unknowns for every component.

    F_i = -sum_j M_ij (mu_j[i+1] - mu_j[i]) g,      du_i/dt = -div F_i
    F_Y = -s g (u_i[i+1] - u_i[i]),                 0 = -div F_Y - Y_i
    mu_j = a_j(u) - sum_k (kappa_jk/s) Y_k

g = area/distance; a_j = dG/du_j of a program of m outputs; M of a program of m m outputs at the mean of the two points,
or constant; s, in m^2, makes Y a number of the size of u. Differences of potentials, not of compositions, keep the
discrete equilibrium exact: there mu is the same in every cell.
"""

import numpy as np

from simulator.kernels.jit import Cube, Int, Matrix, Real, Vector, evaluate_at, kernel
from simulator.kernels.system import CONDUCTANCE, VOLUME

# parameters: m; s; whether M is constant, 1 or 0; address of `evaluate_to`; places of the programs of a and of M; then
# kappa/s (m m), M (m m) where it is constant, and the programs
COUNT, LENGTH, CONSTANT, EVALUATE, POTENTIALS, MOBILITIES, HEAD = 0, 1, 2, 3, 4, 5, 6


@kernel
def potentials_to(t: Real, T: Real, u: Matrix, parameters: Vector, order: Int, mu: Matrix, slopes: Cube) -> None:
    """mu (m, points), and for order = m da_j/du_k in slopes (m, m, points)."""
    m, points = mu.shape
    evaluate = evaluate_at(int(parameters[EVALUATE]))
    evaluate(parameters, int(parameters[POTENTIALS]), u, np.zeros(points), t, T, order, mu, slopes)
    for j in range(m):
        for k in range(m):
            kappa = parameters[HEAD + j * m + k]
            if kappa != 0.0:
                for i in range(points):
                    mu[j, i] -= kappa * u[m + k, i]


@kernel
def mobilities_to(
    t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, order: Int, M: Matrix, slopes: Cube
) -> None:
    """M (m m, faces), and for order = m their derivatives by the mean composition in slopes (m m, m, faces)."""
    m, faces = int(parameters[COUNT]), M.shape[1]
    if parameters[CONSTANT] != 0.0:
        for a in range(m * m):
            for i in range(faces):
                M[a, i] = parameters[HEAD + m * m + a]
        return
    middle = np.empty((m, faces))
    for a in range(m):
        for i in range(faces):
            middle[a, i] = 0.5 * (u[a, i] + u[a, i + 1])
    evaluate = evaluate_at(int(parameters[EVALUATE]))
    evaluate(parameters, int(parameters[MOBILITIES]), middle, np.zeros(faces), t, T, order, M, slopes)


@kernel
def separating_flux(t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, F: Matrix) -> None:
    m, points = int(parameters[COUNT]), u.shape[1]
    faces = points - 1
    mu, M, unused = np.empty((m, points)), np.empty((m * m, faces)), np.empty((0, 0, 0))
    potentials_to(t, T, u, parameters, 0, mu, unused)
    mobilities_to(t, T, u, face, parameters, 0, M, unused)
    s = parameters[LENGTH]
    for a in range(m):
        for i in range(faces):
            F[a, i] = -M[a * m, i] * (mu[0, i + 1] - mu[0, i]) * face[CONDUCTANCE, i]
            F[m + a, i] = -s * (u[a, i + 1] - u[a, i]) * face[CONDUCTANCE, i]
        for b in range(1, m):
            for i in range(faces):
                F[a, i] -= M[a * m + b, i] * (mu[b, i + 1] - mu[b, i]) * face[CONDUCTANCE, i]


@kernel
def separating_flux_slopes(t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, L: Cube, R: Cube) -> None:
    """Derivatives of `separating_flux` by the unknowns on the left and on the right of each face."""
    m, points = int(parameters[COUNT]), u.shape[1]
    faces, constant = points - 1, parameters[CONSTANT] != 0.0
    mu, bend = np.empty((m, points)), np.empty((m, m, points))
    M, dM = np.empty((m * m, faces)), np.empty((m * m, m, 0 if constant else faces))
    potentials_to(t, T, u, parameters, m, mu, bend)
    mobilities_to(t, T, u, face, parameters, m, M, dM)
    for a in range(2 * m):
        for b in range(2 * m):
            for i in range(faces):
                L[a, b, i] = 0.0
                R[a, b, i] = 0.0
    s = parameters[LENGTH]
    for a in range(m):
        for i in range(faces):
            L[m + a, a, i] = s * face[CONDUCTANCE, i]
            R[m + a, a, i] = -s * face[CONDUCTANCE, i]
        for b in range(m):
            for c in range(m):
                kappa = parameters[HEAD + c * m + b]
                for i in range(faces):
                    g = M[a * m + c, i] * face[CONDUCTANCE, i]
                    L[a, b, i] += g * bend[c, b, i]
                    R[a, b, i] -= g * bend[c, b, i + 1]
                    L[a, m + b, i] -= g * kappa
                    R[a, m + b, i] += g * kappa
                if not constant:
                    for i in range(faces):
                        change = 0.5 * dM[a * m + c, b, i] * (mu[c, i + 1] - mu[c, i]) * face[CONDUCTANCE, i]
                        L[a, b, i] -= change
                        R[a, b, i] -= change


@kernel
def laplacian_source(t: Real, T: Real, u: Matrix, cell: Matrix, parameters: Vector, S: Matrix) -> None:
    """-Y in the rows of Y."""
    m = int(parameters[COUNT])
    for a in range(m):
        for i in range(u.shape[1]):
            S[a, i] = 0.0
            S[m + a, i] = -u[m + a, i]


@kernel
def laplacian_source_slopes(
    address: Int,
    t: Real,
    T: Real,
    u: Matrix,
    cell: Matrix,
    parameters: Vector,
    typical: Vector,
    S: Matrix,
    S_shifted: Matrix,
    shifted: Matrix,
    diagonal: Vector,
) -> None:
    """Add V dS/du of `laplacian_source` to the diagonal blocks."""
    m, (rows, points) = int(parameters[COUNT]), u.shape
    for i in range(1, points - 1):
        for a in range(m, rows):
            diagonal[(i * rows + a) * rows + a] -= cell[VOLUME, i]

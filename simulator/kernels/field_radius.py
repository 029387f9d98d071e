"""What a step of Cahn-Hilliard fields is chosen by: how fast their fastest mode decays, which a stabilised step must
cover, how much they vary, and the energy of their gradients.
"""

import numpy as np

from simulator.kernels.field import (
    ANY_MOBILITY,
    ANY_POTENTIAL,
    DEGENERATE,
    LOGARITHM,
    MOBILITY,
    POWERS,
    SHARE,
    FieldSystem,
    FieldWork,
)
from simulator.kernels.field_stage import fill_strip
from simulator.kernels.jit import Cube, Int, Matrix, Real, Vector, evaluate_at, kernel


@kernel
def largest_laplacian(system: FieldSystem) -> Real:
    """Of -lap on the grid: sum of 4/h^2 over the axes."""
    return 4.0 * (system.weights[0] + system.weights[1] + system.weights[2])


@kernel
def binary_rates(
    degenerate: Int, slopes: Vector, a: Real, stiffness: Real, u: Cube, plane: Int, j: Int, rate: Vector, most: Vector
):
    """most = max(most, max(mu'(x), 0) + stiffness) for each column of a row, times x (1-x) if degenerate; mu' is a
    polynomial and a / (x (1-x)); rate: a row to work in.
    """
    last = slopes.size - 1
    for i in range(rate.size):
        rate[i] = slopes[last]
    for k in range(last - 1, -1, -1):
        c = slopes[k]
        for i in range(rate.size):
            rate[i] = rate[i] * u[plane, j, i] + c
    if a != 0.0:
        for i in range(rate.size):
            rate[i] += a / (u[plane, j, i] * (1.0 - u[plane, j, i]))
    for i in range(rate.size):
        rate[i] = (rate[i] if rate[i] > 0.0 else 0.0) + stiffness
    if degenerate != 0:
        for i in range(rate.size):
            rate[i] *= u[plane, j, i] * (1.0 - u[plane, j, i])
    for i in range(rate.size):
        most[i] = rate[i] if rate[i] > most[i] else most[i]


@kernel
def matrix_rate(M: Matrix, H: Matrix, gradient: Matrix, lattice: Real, i: Int, product: Matrix) -> Real:
    """A bound of the largest eigenvalue of M (H + lattice kappa) in cell i: itself for one unknown and for two, the
    smaller of two norms for more.
    """
    m = gradient.shape[0]
    if m == 1:
        return M[0, i] * (max(H[0, i], 0.0) + lattice * gradient[0, 0])
    row_norm, square = 0.0, 0.0
    for a in range(m):
        total = 0.0
        for b in range(m):
            product[a, b] = 0.0
            for c in range(m):
                product[a, b] += M[a * m + c, i] * (H[c * m + b, i] + lattice * gradient[c, b])
            total += abs(product[a, b])
            square += product[a, b] * product[a, b]
        row_norm = max(row_norm, total)
    if m == 2:
        half = 0.5 * (product[0, 0] + product[1, 1])
        determinant = product[0, 0] * product[1, 1] - product[0, 1] * product[1, 0]
        return half + np.sqrt(max(half * half - determinant, 0.0))
    return min(row_norm, np.sqrt(square))


@kernel
def field_radius(system: FieldSystem, work: FieldWork, t: Real, T: Real, local: Vector, u: Cube) -> Real:
    """Largest L M (max(mu', 0) + kappa L) over the cells, L the largest eigenvalue of -lap on the grid, 1/s.

    Between cells of unlike mobility this is no bound but an estimate: allow for some more.
    """
    m, ny, nx = system.unknowns, u.shape[1], u.shape[2]
    nz = u.shape[0] // m
    lattice = largest_laplacian(system)
    most = 0.0
    if system.potential != ANY_POTENTIAL and system.mobility != ANY_MOBILITY:
        slopes = np.empty(max(1, local.size - POWERS - 1))
        slopes[0] = 0.0
        for k in range(POWERS + 1, local.size):
            slopes[k - POWERS - 1] = (k - POWERS) * local[k]
        degenerate = 1 if system.mobility == DEGENERATE else 0
        a = local[SHARE] if system.potential == LOGARITHM else 0.0
        stiffness, rate, columns = lattice * system.gradient[0, 0], work.rest, work.flow
        for i in range(columns.size):
            columns[i] = 0.0
        for k in range(nz):
            for j in range(ny):
                binary_rates(degenerate, slopes, a, stiffness, u, k, j, rate, columns)
        return lattice * local[MOBILITY] * columns.max()
    evaluate = evaluate_at(system.evaluate)
    none = np.empty((0, 0, 0))
    H = np.empty_like(work.values)
    product = np.empty((m, m))
    for k in range(nz):
        for first in range(0, ny, system.rows):
            rows = min(system.rows, ny - first)
            fill_strip(system, work, u, k, first, rows)
            evaluate(system.code, system.curvatures, work.strip, work.position, t, T, 0, H, none)
            evaluate(system.code, system.mobilities, work.strip, work.position, t, T, 0, work.values, none)
            for i in range(rows * nx):
                most = max(most, matrix_rate(work.values, H, system.gradient, lattice, i, product))
    return lattice * most


@kernel
def fluctuation(m: Int, u: Cube, sums: Vector, squares: Vector) -> Real:
    """Root mean square of all unknowns about their means; the last two are rows to work in.

    Deviations are taken from one cell, so that what is squared is no larger than they are.
    """
    nz, ny, nx = u.shape[0] // m, u.shape[1], u.shape[2]
    cells, total = nz * ny * nx, 0.0
    for a in range(m):
        reference = u[a * nz, 0, 0]
        sums[:] = 0.0
        squares[:] = 0.0
        for k in range(a * nz, (a + 1) * nz):
            for j in range(ny):
                for i in range(nx):
                    d = u[k, j, i] - reference
                    sums[i] += d
                    squares[i] += d * d
        mean = sums.sum() / cells
        total += max(0.0, squares.sum() / cells - mean * mean)
    return np.sqrt(total / m)


@kernel
def gradient_energy(system: FieldSystem, u: Cube) -> Real:
    """Sum over all faces of (1/2) sum_ab kappa_ab du_a du_b / h^2, J/mol times the number of cells."""
    m, ny, nx = system.unknowns, u.shape[1], u.shape[2]
    nz = u.shape[0] // m
    total = 0.0
    for a in range(m):
        for b in range(m):
            kappa = system.gradient[a, b]
            if kappa == 0.0:
                continue
            for k in range(nz):
                plane = 0.0
                for j in range(ny):
                    along, across, deep = 0.0, 0.0, 0.0
                    p, q = a * nz + k, b * nz + k
                    for i in range(nx - 1):
                        along += (u[p, j, i + 1] - u[p, j, i]) * (u[q, j, i + 1] - u[q, j, i])
                    if system.periodic[0] > 0.0:
                        along += (u[p, j, 0] - u[p, j, nx - 1]) * (u[q, j, 0] - u[q, j, nx - 1])
                    above = j + 1 if j + 1 < ny else 0
                    if above > 0 or system.periodic[1] > 0.0:
                        for i in range(nx):
                            across += (u[p, above, i] - u[p, j, i]) * (u[q, above, i] - u[q, j, i])
                    after = k + 1 if k + 1 < nz else 0
                    if nz > 1 and (after > 0 or system.periodic[2] > 0.0):
                        for i in range(nx):
                            deep += (u[a * nz + after, j, i] - u[p, j, i]) * (u[b * nz + after, j, i] - u[q, j, i])
                    plane += system.weights[0] * along + system.weights[1] * across + system.weights[2] * deep
                total += 0.5 * kappa * plane
    return total

"""Fluxes of Fick's law through every face, and their derivatives by the two neighbours.

    F_a = -sum_b D_ab (u_b[i+1] - u_b[i]) g_i,   g = area / distance

The binary flux with D(u) is -(Phi(u[i+1]) - Phi(u[i])) g, Phi = int D du (Kirchhoff's transformation), from a table.
"""

import numpy as np

from simulator.kernels.jit import Cube, Int, Matrix, Real, Vector, evaluate_at, kernel

# Parameters of a law with a program: its form, the place of the table, the address of `evaluate_to`, which takes longer
# to compile than all else here and is the same for all; then the program.
UNIFORM, SCALED_TABLE, GENERAL = 0, 1, 2
PROGRAM = 3
TABLE_HEAD = 3  # lowest, 1 / width of a piece, number of the last piece
CHUNK = 256
ONE, TWO, THREE = np.uint64(1), np.uint64(2), np.uint64(3)
GAUSS = 0.2113248654051871  # (1 - 1/sqrt 3) / 2


@kernel
def matrix_to(D: Vector, u: Matrix, face: Matrix, F: Matrix) -> None:
    """F with one matrix D (m m) everywhere."""
    m = u.shape[0]
    if m == 2:
        d00, d01, d10, d11 = D[0], D[1], D[2], D[3]
        for i in range(F.shape[1]):
            g = face[0, i]
            first = (u[0, i + 1] - u[0, i]) * g
            second = (u[1, i + 1] - u[1, i]) * g
            F[0, i] = -d00 * first - d01 * second
            F[1, i] = -d10 * first - d11 * second
    else:
        for a in range(m):
            d = D[a * m]
            for i in range(F.shape[1]):
                F[a, i] = -d * (u[0, i + 1] - u[0, i]) * face[0, i]
            for b in range(1, m):
                d = D[a * m + b]
                for i in range(F.shape[1]):
                    F[a, i] -= d * (u[b, i + 1] - u[b, i]) * face[0, i]


@kernel
def matrix_slopes_to(D: Vector, face: Matrix, L: Cube, R: Cube) -> None:
    """Derivatives of `matrix_to`."""
    m = L.shape[0]
    for a in range(m):
        for b in range(m):
            d = D[a * m + b]
            for i in range(L.shape[2]):
                L[a, b, i] = d * face[0, i]
                R[a, b, i] = -d * face[0, i]


@kernel
def table_to(table: Vector, place: Int, factor: Real, u: Matrix, face: Matrix, F: Matrix) -> None:
    """F = -factor (Phi(u[i+1]) - Phi(u[i])) g. The first and the last piece go on for ever: Phi is linear there."""
    lowest, scale, last = table[place], table[place + 1], table[place + 2]
    pieces = place + TABLE_HEAD
    left = 0.0
    for i in range(u.shape[1]):
        z = (u[0, i] - lowest) * scale + 1.0
        inside = z if z > 0.0 else 0.0
        j = int(inside if inside < last else last)
        s = z - j
        c = np.uint64(pieces + 4 * j)  # unsigned: no test for an index from the end
        right = table[c] + s * (table[c + ONE] + s * (table[c + TWO] + s * table[c + THREE]))
        if i > 0:
            F[0, i - 1] = (left - right) * (factor * face[0, i - 1])
        left = right


@kernel
def table_slopes_to(table: Vector, place: Int, factor: Real, u: Matrix, face: Matrix, L: Cube, R: Cube) -> None:
    """Derivatives of `table_to`: D of the same cubic."""
    lowest, scale, last = table[place], table[place + 1], table[place + 2]
    pieces = place + TABLE_HEAD
    for i in range(u.shape[1]):
        z = (u[0, i] - lowest) * scale + 1.0
        inside = z if z > 0.0 else 0.0
        j = int(inside if inside < last else last)
        s = z - j
        c = np.uint64(pieces + 4 * j)  # unsigned: no test for an index from the end
        D = factor * scale * (table[c + ONE] + s * (2.0 * table[c + TWO] + 3.0 * s * table[c + THREE]))
        if i > 0:
            R[0, 0, i - 1] = -D * face[0, i - 1]
        if i < L.shape[2]:
            L[0, 0, i] = D * face[0, i]


@kernel
def matrix_flux(t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, F: Matrix) -> None:
    """One constant matrix: parameters (m m)."""
    matrix_to(parameters, u, face, F)


@kernel
def matrix_flux_slopes(t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, L: Cube, R: Cube) -> None:
    matrix_slopes_to(parameters, face, L, R)


@kernel
def kirchhoff_flux(t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, F: Matrix) -> None:
    """Binary, D of the composition alone: parameters are the table."""
    table_to(parameters, 0, 1.0, u, face, F)


@kernel
def kirchhoff_flux_slopes(t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, L: Cube, R: Cube) -> None:
    table_slopes_to(parameters, 0, 1.0, u, face, L, R)


@kernel
def fill(u: Matrix, face: Matrix, first: Int, size: Int, nodes: Int, middle: Matrix, x: Vector) -> None:
    """Compositions at the nodes of faces first .. first + size, a block of columns a node; the last face repeats."""
    faces = u.shape[1] - 1
    for q in range(nodes):
        theta = 0.5 if nodes == 1 else (GAUSS if q == 0 else 1.0 - GAUSS)
        for i in range(size):
            f = min(first + i, faces - 1)
            x[q * size + i] = face[1, f]
            for a in range(u.shape[0]):
                middle[a, q * size + i] = (1.0 - theta) * u[a, f] + theta * u[a, f + 1]


@kernel
def program_flux(t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, F: Matrix) -> None:
    """D of a program: the same everywhere (UNIFORM), a table times its value (SCALED_TABLE), or at each face (GENERAL).

    At a face D is taken at the mean of the neighbours; for m = 1 it is the two-point Gauss mean of D between them.
    """
    m, faces = u.shape[0], u.shape[1] - 1
    form = int(parameters[0])
    nodes = 2 if m == 1 and form == GENERAL else 1
    size = min(CHUNK, faces) if form == GENERAL else 1
    outputs = int(parameters[PROGRAM + 1])
    middle = np.empty((m, nodes * size))
    x = np.empty(nodes * size)
    D = np.empty((outputs, nodes * size))
    unused = np.empty((0, 0, 0))
    evaluate = evaluate_at(int(parameters[2]))
    for first in range(0, faces if form == GENERAL else 1, size):
        fill(u, face, first, size, nodes, middle, x)
        evaluate(parameters, PROGRAM, middle, x, t, T, 0, D, unused)
        if form == GENERAL:
            width = min(size, faces - first)
            for a in range(m):
                for i in range(width):
                    F[a, first + i] = 0.0
                for b in range(m):
                    for q in range(nodes):
                        for i in range(width):
                            f = first + i
                            F[a, f] -= D[a * m + b, q * size + i] * (u[b, f + 1] - u[b, f]) * (face[0, f] / nodes)
    if form == UNIFORM:
        matrix_to(D.reshape(outputs), u, face, F)
    elif form == SCALED_TABLE:
        table_to(parameters, int(parameters[1]), D[0, 0], u, face, F)


@kernel
def program_flux_slopes(t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, L: Cube, R: Cube) -> None:
    """Derivatives of `program_flux`, those of D included."""
    m, faces = u.shape[0], u.shape[1] - 1
    form = int(parameters[0])
    nodes = 2 if m == 1 and form == GENERAL else 1
    size = min(CHUNK, faces) if form == GENERAL else 1
    outputs = int(parameters[PROGRAM + 1])
    order = m if form == GENERAL else 0
    middle = np.empty((m, nodes * size))
    x = np.empty(nodes * size)
    D = np.empty((outputs, nodes * size))
    dD = np.empty((outputs, order, nodes * size))
    evaluate = evaluate_at(int(parameters[2]))
    for first in range(0, faces if form == GENERAL else 1, size):
        fill(u, face, first, size, nodes, middle, x)
        evaluate(parameters, PROGRAM, middle, x, t, T, order, D, dD)
        if form == GENERAL:
            width = min(size, faces - first)
            for a in range(m):
                for b in range(m):
                    for i in range(width):
                        L[a, b, first + i] = 0.0
                        R[a, b, first + i] = 0.0
                    for q in range(nodes):
                        theta = 0.5 if nodes == 1 else (GAUSS if q == 0 else 1.0 - GAUSS)
                        for i in range(width):
                            f = first + i
                            g = face[0, f] / nodes
                            d = D[a * m + b, q * size + i]
                            change = 0.0
                            for c in range(m):
                                change += dD[a * m + c, b, q * size + i] * (u[c, f + 1] - u[c, f])
                            L[a, b, f] += g * (d - (1.0 - theta) * change)
                            R[a, b, f] -= g * (d + theta * change)
    if form == UNIFORM:
        matrix_slopes_to(D.reshape(outputs), face, L, R)
    elif form == SCALED_TABLE:
        table_slopes_to(parameters, int(parameters[1]), D[0, 0], u, face, L, R)

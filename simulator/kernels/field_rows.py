"""Potentials, mobilities and flows in the rows of a tile: see `simulator.kernels.field`.

Loops over a row index whole arrays: a view of a row costs as much as thirty of its cells. A loop writes one row and
reads few: a compiler vectorises it only if it can afford to check that they do not overlap.
"""

import numpy as np

from simulator.kernels.field import POWERS, SHARE, neighbour
from simulator.kernels.jit import Cube, Int, Real, Vector, kernel

LN2 = 0.6931471805599453
ROOT2 = 1.4142135623730951
# Of a double: the width of its mantissa, the bits of that, and those of an exponent of 0.
WIDTH, MANTISSA, UNIT = 52, (1 << 52) - 1, 1023 << 52


@kernel
def polynomial_rows(local: Vector, periodic: Real, u: Cube, plane: Int, first: Int, count: Int, mu: Cube, slot: Int):
    """mu = sum_k p_k u^k in rows first .. first + count - 1 of a plane."""
    ny, nx, last = u.shape[1], u.shape[2], local.size - 1
    for r in range(count):
        j = neighbour(first + r, ny, periodic)
        for i in range(nx):
            mu[slot, r, i + 1] = local[last]
        for k in range(last - 1, POWERS - 1, -1):
            c = local[k]
            for i in range(nx):
                mu[slot, r, i + 1] = mu[slot, r, i + 1] * u[plane, j, i] + c


@kernel
def logarithm_rows(
    local: Vector, periodic: Real, u: Cube, plane: Int, first: Int, count: Int, mu: Cube, slot: Int, rest: Vector,
    mantissa: Vector, exponent: Vector,
):  # fmt: skip
    """mu += a ln(x/(1-x)), 0 < x < 1; the last three are rows to work in.

    x/(1-x) = 2^e m/n with m/n between 1/sqrt 2 and sqrt 2; ln(m/n) = 2 artanh s, s = (m-n)/(m+n), |s| < 0.172, by its
    series: as exact as a library's logarithm, and unlike it vectorised.
    """
    ny, nx, a = u.shape[1], u.shape[2], local[SHARE]
    bits, rest_bits, mantissa_bits = u.view(np.int64), rest.view(np.int64), mantissa.view(np.int64)
    for r in range(count):
        j = neighbour(first + r, ny, periodic)
        for i in range(nx):
            rest[i] = 1.0 - u[plane, j, i]
        for i in range(nx):
            exponent[i] = float((bits[plane, j, i] >> WIDTH) - (rest_bits[i] >> WIDTH))
        for i in range(nx):
            mantissa_bits[i] = (bits[plane, j, i] & MANTISSA) | UNIT
        for i in range(nx):
            rest_bits[i] = (rest_bits[i] & MANTISSA) | UNIT
        for i in range(nx):
            m, n, e = mantissa[i], rest[i], exponent[i]
            above, below = m > ROOT2 * n, n > ROOT2 * m
            e = e + 1.0 if above else (e - 1.0 if below else e)
            n = 2.0 * n if above else n
            m = 2.0 * m if below else m
            s = (m - n) / (m + n)
            q = s * s
            series = q * (1.0 / 17.0 + q * (1.0 / 19.0 + q * (1.0 / 21.0)))
            series = q * (1.0 / 11.0 + q * (1.0 / 13.0 + q * (1.0 / 15.0 + series)))
            series = q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + series))))
            mu[slot, r, i + 1] += a * (e * LN2 + 2.0 * s * (1.0 + series))


@kernel
def stiffness_rows(
    kappa: Real, weights: Vector, periodic: Vector, u: Cube, base: Int, plane: Int, nz: Int, first: Int, count: Int,
    mu: Cube, slot: Int,
):  # fmt: skip
    """mu -= kappa lap u, of the unknown whose planes begin at base."""
    ny, nx = u.shape[1], u.shape[2]
    kx, ky, kz = kappa * weights[0], kappa * weights[1], kappa * weights[2]
    centre, p = 2.0 * (kx + ky + kz), base + plane
    front, back = base + neighbour(plane + 1, nz, periodic[2]), base + neighbour(plane - 1, nz, periodic[2])
    for r in range(count):
        j = neighbour(first + r, ny, periodic[1])
        a, b = neighbour(j + 1, ny, periodic[1]), neighbour(j - 1, ny, periodic[1])
        for i in (0, nx - 1):
            left, right = neighbour(i - 1, nx, periodic[0]), neighbour(i + 1, nx, periodic[0])
            along = kx * (u[p, j, left] + u[p, j, right])
            mu[slot, r, i + 1] += centre * u[p, j, i] - along - ky * (u[p, a, i] + u[p, b, i])
        for i in range(1, nx - 1):
            along = kx * (u[p, j, i - 1] + u[p, j, i + 1])
            mu[slot, r, i + 1] += centre * u[p, j, i] - along - ky * (u[p, a, i] + u[p, b, i])
        if nz > 1:
            for i in range(nx):
                mu[slot, r, i + 1] -= kz * (u[front, j, i] + u[back, j, i])


@kernel
def cubic_rows(
    local: Vector, kappa: Real, weights: Vector, periodic: Vector, u: Cube, plane: Int, nz: Int, first: Int, count: Int,
    mu: Cube, slot: Int,
):  # fmt: skip
    """mu = p_0 + p_1 u + p_2 u^2 + p_3 u^3 - kappa lap u in one sweep."""
    ny, nx = u.shape[1], u.shape[2]
    p0, p1, p2, p3 = local[POWERS], local[POWERS + 1], local[POWERS + 2], local[POWERS + 3]
    kx, ky, kz = kappa * weights[0], kappa * weights[1], kappa * weights[2]
    p1 += 2.0 * (kx + ky + kz)
    front, back = neighbour(plane + 1, nz, periodic[2]), neighbour(plane - 1, nz, periodic[2])
    for r in range(count):
        j = neighbour(first + r, ny, periodic[1])
        a, b = neighbour(j + 1, ny, periodic[1]), neighbour(j - 1, ny, periodic[1])
        for i in (0, nx - 1):
            left, right = neighbour(i - 1, nx, periodic[0]), neighbour(i + 1, nx, periodic[0])
            v = u[plane, j, i]
            around = kx * (u[plane, j, left] + u[plane, j, right]) + ky * (u[plane, a, i] + u[plane, b, i])
            mu[slot, r, i + 1] = ((p3 * v + p2) * v + p1) * v + p0 - around
        for i in range(1, nx - 1):
            v = u[plane, j, i]
            around = kx * (u[plane, j, i - 1] + u[plane, j, i + 1]) + ky * (u[plane, a, i] + u[plane, b, i])
            mu[slot, r, i + 1] = ((p3 * v + p2) * v + p1) * v + p0 - around
        if nz > 1:
            for i in range(nx):
                mu[slot, r, i + 1] -= kz * (u[front, j, i] + u[back, j, i])


@kernel
def degenerate_rows(M: Real, periodic: Real, u: Cube, plane: Int, first: Int, count: Int, mobility: Cube, slot: Int):
    """M x (1-x)."""
    ny, nx = u.shape[1], u.shape[2]
    for r in range(count):
        j = neighbour(first + r, ny, periodic)
        for i in range(nx):
            mobility[slot, r, i + 1] = M * u[plane, j, i] * (1.0 - u[plane, j, i])


@kernel
def close_rows(periodic: Real, count: Int, target: Cube, slot: Int):
    """The cells at either end of the rows."""
    last = target.shape[2] - 1
    for r in range(count):
        target[slot, r, 0] = target[slot, r, last - 1] if periodic > 0.0 else target[slot, r, 1]
        target[slot, r, last] = target[slot, r, 1] if periodic > 0.0 else target[slot, r, last - 1]


@kernel
def uniform_flow(
    M: Real, weights: Vector, mu: Cube, r: Int, here: Int, before: Int, after: Int, deep: Int, flow: Vector
):
    """flow = M lap mu in row r of a tile, whose plane and its neighbours are in these slots."""
    cx, cy, cz = M * weights[0], M * weights[1], M * weights[2]
    centre = 2.0 * (cx + cy + cz)
    a, b = r + 1, r - 1
    for i in range(flow.size):
        along = cx * (mu[here, r, i] + mu[here, r, i + 2])
        flow[i] = along + cy * (mu[here, a, i + 1] + mu[here, b, i + 1]) - centre * mu[here, r, i + 1]
    if deep > 0:
        for i in range(flow.size):
            flow[i] += cz * (mu[after, r, i + 1] + mu[before, r, i + 1])


@kernel
def uniform_stage(
    M: Real, weights: Vector, mu: Cube, rows: Int, here: Int, before: Int, after: Int, deep: Int, weight: Real,
    of_latest: Real, of_out: Real, h_f: Real, h_0: Real, u: Cube, latest: Cube, f0: Cube, plane: Int, first: Int,
    out: Cube,
):  # fmt: skip
    """`uniform_flow` and `combine` of all rows of a tile in one sweep; out is read."""
    cx, cy, cz = h_f * M * weights[0], h_f * M * weights[1], h_f * M * weights[2]
    centre = 2.0 * (cx + cy + cz)
    for r in range(1, rows + 1):
        j, a, b = first + r - 1, r + 1, r - 1
        if deep > 0:
            for i in range(u.shape[2]):
                out[plane, j, i] = of_out * out[plane, j, i] + cz * (mu[after, r, i + 1] + mu[before, r, i + 1])
        scale = 1.0 if deep > 0 else of_out
        for i in range(u.shape[2]):
            flow = cx * (mu[here, r, i] + mu[here, r, i + 2]) + cy * (mu[here, a, i + 1] + mu[here, b, i + 1])
            old = scale * out[plane, j, i] + weight * u[plane, j, i] + h_0 * f0[plane, j, i]
            out[plane, j, i] = old + of_latest * latest[plane, j, i] + flow - centre * mu[here, r, i + 1]


@kernel
def add_flow(
    weights: Vector, mu: Cube, of: Int, M: Cube, by: Int, r: Int, here: Int, before: Int, after: Int, deep: Int,
    flow: Vector,
):  # fmt: skip
    """flow += div M grad mu in row r, with the mean M of two cells at their face; of and by: where the slots begin."""
    cx, cy, cz = 0.5 * weights[0], 0.5 * weights[1], 0.5 * weights[2]
    p, q, a, b = of + here, by + here, r + 1, r - 1
    for i in range(flow.size):
        own, middle = M[q, r, i + 1], mu[p, r, i + 1]
        left = (M[q, r, i] + own) * (mu[p, r, i] - middle)
        right = (M[q, r, i + 2] + own) * (mu[p, r, i + 2] - middle)
        above = (M[q, a, i + 1] + own) * (mu[p, a, i + 1] - middle)
        below = (M[q, b, i + 1] + own) * (mu[p, b, i + 1] - middle)
        flow[i] += cx * (left + right) + cy * (above + below)
    if deep > 0:
        f, g, h, k = of + after, by + after, of + before, by + before
        for i in range(flow.size):
            own, middle = M[q, r, i + 1], mu[p, r, i + 1]
            front = (M[g, r, i + 1] + own) * (mu[f, r, i + 1] - middle)
            back = (M[k, r, i + 1] + own) * (mu[h, r, i + 1] - middle)
            flow[i] += cz * (front + back)


@kernel
def combine(
    weight: Real, mu: Real, nu: Real, h_f: Real, h_0: Real, u: Cube, latest: Cube, f0: Cube, p: Int, j: Int,
    flow: Vector, out: Cube,
):  # fmt: skip
    """out = weight u + mu latest + nu out + h_f flow + h_0 f0 in a row."""
    for i in range(flow.size):
        old = weight * u[p, j, i] + nu * out[p, j, i] + h_0 * f0[p, j, i]
        out[p, j, i] = old + mu * latest[p, j, i] + h_f * flow[i]


@kernel
def defect(h: Real, u: Cube, new: Cube, f0: Cube, p: Int, j: Int, flow: Vector, out: Cube, squares: Vector):
    """out = flow in a row, and squares += [0.8 (u - new) + 0.4 h (f0 + flow)]^2: a sum for each column, because one sum
    along the row takes longer than all the rest.
    """
    for i in range(flow.size):
        e = 0.8 * (u[p, j, i] - new[p, j, i]) + 0.4 * h * (f0[p, j, i] + flow[i])
        squares[i] += e * e
    for i in range(flow.size):
        out[p, j, i] = flow[i]

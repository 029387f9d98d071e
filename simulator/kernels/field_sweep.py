"""Several stages of a step in one sweep over the rows of a plane, for a cubic potential with one mobility.

A row of a stage needs two rows of the stage before on either side. In a sweep every stage follows the one before at a
distance of two rows, so that rows are read from memory once for all stages: a stage takes as long as its arithmetic.
Stages lie in two arrays in turn: the row that a stage replaces is one that the stage between them no longer needs.

Rows are swept in two parts. In a band every stage takes two rows less than the one before at either end, unless that
is a closed side. Across the seam between two bands, or where a period ends, it then takes the two rows more that are
missing. Bands depend on no other band, seams on no other seam; every row is computed in the same way in both.
Idea: time skewing, McCalpin & Wonnacott (1999), Rutgers University DCS-TR-379.
"""

import numpy as np

from simulator.kernels.chebyshev import MU, MU_F, NU, NU_F, WEIGHTS
from simulator.kernels.field import (
    CUBIC,
    DEPTH,
    LINE,
    MOBILITY,
    POLYNOMIAL,
    POWERS,
    UNIFORM,
    FieldSystem,
    FieldWork,
    Registers,
    neighbour,
)
from simulator.kernels.jit import Cube, Int, Matrix, Real, Vector, inlined_kernel, kernel

REACH = 2  # rows that a stage needs on either side
# Numbers of a stage: its potential p_0 + p_1 u + p_2 u^2 + p_3 u^3 - kx (left + right) - ky (above + below), what it
# takes of four rows, and of the potentials along a row, across it, and in its middle.
P0, P1, P2, P3, KX, KY, OF_LATEST, OF_OUT, OF_START, OF_RATE, ALONG, ACROSS, MIDDLE, NUMBERS = range(14)


@kernel
def sweepable(system: FieldSystem, powers: Int) -> Int:
    """Whether stages can be swept; powers: coefficients of the polynomial."""
    cubic = system.potential == POLYNOMIAL and system.mobility == UNIFORM and powers == CUBIC
    plane = system.unknowns == 1 and system.weights[2] == 0.0
    return 1 if cubic and plane and system.source < 0 and system.bounded == 0.0 else 0


@kernel
def deepest(left: Int, ny: Int, bands: Int) -> Int:
    """Stages of the next sweep, of those that are left, which are shared out evenly among as few sweeps as possible: in
    the thinnest band the last stage still takes a row.
    """
    most = min(DEPTH, (ny // bands - 1) // (2 * REACH) + 1)
    return -(-left // (-(-left // most)))


@kernel
def stage_numbers(system: FieldSystem, h: Real, weights: Matrix, locals: Matrix, begin: Int, depth: Int) -> Matrix:
    """(depth, NUMBERS) of the stages from begin."""
    numbers = np.empty((depth, NUMBERS))
    kappa, wx, wy = system.gradient[0, 0], system.weights[0], system.weights[1]
    for s in range(depth):
        row, weight, local = numbers[s], weights[begin + s], locals[begin + s]
        for k in range(CUBIC):
            row[P0 + k] = local[POWERS + k]
        row[P1] += 2.0 * kappa * (wx + wy)
        row[KX], row[KY] = kappa * wx, kappa * wy
        row[OF_LATEST], row[OF_OUT], row[OF_START] = weight[MU], weight[NU], 1.0 - weight[MU] - weight[NU]
        h_f = weight[MU_F] * h
        row[OF_RATE] = weight[NU_F] * h
        row[ALONG], row[ACROSS] = h_f * local[MOBILITY] * wx, h_f * local[MOBILITY] * wy
        row[MIDDLE] = 2.0 * (row[ALONG] + row[ACROSS])
    return numbers


@inlined_kernel
def potential_row(numbers: Matrix, s: Int, px: Real, py: Real, values: Cube, latest: Int, row: Int, ring: Cube):
    """mu of a row, -ny <= row < 2 ny, into the ring of stage s, with a cell more at either end."""
    ny, nx = values.shape[1], values.shape[2]
    j, a, b = neighbour(row, ny, py), neighbour(row + 1, ny, py), neighbour(row - 1, ny, py)
    p0, p1, p2, p3 = numbers[s, P0], numbers[s, P1], numbers[s, P2], numbers[s, P3]
    kx, ky, n = numbers[s, KX], numbers[s, KY], row % 3
    for i in range(1, nx - 1):
        v = values[latest, j, i]
        across = ky * (values[latest, a, i] + values[latest, b, i])
        around = kx * (values[latest, j, i - 1] + values[latest, j, i + 1]) + across
        ring[s, n, i + LINE] = ((p3 * v + p2) * v + p1) * v + p0 - around
    for i in (0, nx - 1):
        left, right = neighbour(i - 1, nx, px), neighbour(i + 1, nx, px)
        v = values[latest, j, i]
        across = ky * (values[latest, a, i] + values[latest, b, i])
        around = kx * (values[latest, j, left] + values[latest, j, right]) + across
        ring[s, n, i + LINE] = ((p3 * v + p2) * v + p1) * v + p0 - around
    ring[s, n, LINE - 1] = ring[s, n, LINE + neighbour(-1, nx, px)]
    ring[s, n, LINE + nx] = ring[s, n, LINE + neighbour(nx, nx, px)]


@inlined_kernel
def stage_row(
    numbers: Matrix, s: Int, py: Real, values: Cube, u: Int, f0: Int, latest: Int, out: Int, row: Int, ring: Cube
):
    """The new row of a stage from its potentials, those of the rows beside it, and the four rows it is made of."""
    k = neighbour(row, values.shape[1], py)
    of_latest, of_out, of_start = numbers[s, OF_LATEST], numbers[s, OF_OUT], numbers[s, OF_START]
    of_rate, cx, cy, centre = numbers[s, OF_RATE], numbers[s, ALONG], numbers[s, ACROSS], numbers[s, MIDDLE]
    here, above, below = row % 3, (row + 1) % 3, (row - 1) % 3
    for i in range(values.shape[2]):
        old = of_out * values[out, k, i] + of_start * values[u, k, i] + of_rate * values[f0, k, i]
        along = cx * (ring[s, here, i + LINE - 1] + ring[s, here, i + LINE + 1])
        flow = along + cy * (ring[s, above, i + LINE] + ring[s, below, i + LINE])
        values[out, k, i] = old + of_latest * values[latest, k, i] + flow - centre * ring[s, here, i + LINE]


@inlined_kernel
def defect_row(
    numbers: Matrix, h: Real, values: Cube, u: Int, f0: Int, latest: Int, out: Int, k: Int, ring: Cube, squares: Vector
):
    """out = F(latest) in a row from potentials, and squares += [0.8 (u - latest) + 0.4 h (f0 + F)]^2."""
    cx, cy, centre = numbers[0, ALONG], numbers[0, ACROSS], numbers[0, MIDDLE]
    here, above, below = k % 3, (k + 1) % 3, (k - 1) % 3
    for i in range(values.shape[2]):
        along = cx * (ring[0, here, i + LINE - 1] + ring[0, here, i + LINE + 1])
        flow = along + cy * (ring[0, above, i + LINE] + ring[0, below, i + LINE])
        values[out, k, i] = flow - centre * ring[0, here, i + LINE]
    for i in range(values.shape[2]):
        e = 0.8 * (values[u, k, i] - values[latest, k, i]) + 0.4 * h * (values[f0, k, i] + values[out, k, i])
        squares[i] += e * e


@kernel
def sweep_last(
    system: FieldSystem, work: FieldWork, h: Real, local: Vector, registers: Registers, latest: Int, out: Int,
    first_tile: Int, last_tile: Int, sums: Vector,
):  # fmt: skip
    """The right-hand side of a new state, and the sum of the squares of the error for each tile."""
    values, u, f0, ring, squares = registers.values, registers.u, registers.f0, work.ring, work.squares
    px, py, ny = system.periodic[0], system.periodic[1], registers.values.shape[1]
    weights = np.zeros((1, WEIGHTS))
    weights[0, MU_F] = 1.0
    numbers = stage_numbers(system, 1.0, weights, local.reshape(1, local.size), 0, 1)
    for tile in range(first_tile, last_tile):
        squares[:] = 0.0
        first, last = tile * system.rows, min(ny, (tile + 1) * system.rows)
        for row in range(first - 1, last + 1):
            potential_row(numbers, 0, px, py, values, latest, row, ring)
            if row > first:
                defect_row(numbers, h, values, u, f0, latest, out, row - 1, ring, squares)
        sums[tile] = squares.sum()


@kernel
def sweep(
    system: FieldSystem, work: FieldWork, h: Real, weights: Matrix, locals: Matrix, registers: Registers, begin: Int,
    depth: Int, first: Int, last: Int, grow_down: Int, grow_up: Int,
):  # fmt: skip
    """Stages begin .. begin + depth - 1, begin > 1. Stage begin + s takes the rows that it finds from
    first - 2 s grow_down on, and before last + 2 s grow_up.
    """
    values, u, f0, one, other = registers.values, registers.u, registers.f0, registers.one, registers.other
    px, py, ring = system.periodic[0], system.periodic[1], work.ring
    numbers = stage_numbers(system, h, weights, locals, begin, depth)
    end = last + REACH * (depth - 1) * max(0, 1 + grow_up)
    for r in range(first, end):
        for s in range(depth):
            row, lowest = r - REACH * s, first - REACH * s * grow_down
            if row < lowest or row >= last + REACH * s * grow_up:
                continue
            latest, out = (one, other) if (begin + s) % 2 == 0 else (other, one)
            if row == lowest:
                potential_row(numbers, s, px, py, values, latest, row - 1, ring)
                potential_row(numbers, s, px, py, values, latest, row, ring)
            potential_row(numbers, s, px, py, values, latest, row + 1, ring)
            stage_row(numbers, s, py, values, u, f0, latest, out, row, ring)


@kernel
def sweep_band(
    system: FieldSystem, work: FieldWork, h: Real, weights: Matrix, locals: Matrix, registers: Registers, begin: Int,
    depth: Int, band: Int, bands: Int,
):  # fmt: skip
    """Stages of a band of rows, one of `bands`."""
    ny = registers.values.shape[1]
    down = 0 if band == 0 and system.periodic[1] == 0.0 else -1
    up = 0 if band == bands - 1 and system.periodic[1] == 0.0 else -1
    first, last = ny * band // bands, ny * (band + 1) // bands
    sweep(system, work, h, weights, locals, registers, begin, depth, first, last, down, up)


@kernel
def sweep_seam(
    system: FieldSystem, work: FieldWork, h: Real, weights: Matrix, locals: Matrix, registers: Registers, begin: Int,
    depth: Int, band: Int, bands: Int,
):  # fmt: skip
    """Stages of the rows that were left out where a band begins."""
    at = registers.values.shape[1] * band // bands
    if band > 0 or system.periodic[1] > 0.0:
        sweep(system, work, h, weights, locals, registers, begin, depth, at, at, 1, 1)

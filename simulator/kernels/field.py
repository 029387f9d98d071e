"""Cahn-Hilliard fields on a box of equal cells: what the kernels are given, and how the arrays lie.

    du_i/dt = div sum_j M_ij grad mu_j + S_i,   mu_j = dG/du_j - sum_k kappa_jk lap u_k

Fields of m unknowns are arrays (m nz, ny, nx): planes of the first unknown, then of the second; in two dimensions
nz = 1. Fluxes are compact: through a face, -M (mu[+] - mu[-]) / h with the mean M of its two cells. A closed side is a
mirror, so that nothing flows through it.

The rows of a plane are taken in tiles. What the potentials and mobilities of a tile are computed into stays in cache,
with one more row above and below it (a halo, computed again by the neighbouring tile) and one more cell at either end
of a row: no loop over a row meets a side. In three dimensions a tile goes through the planes, three of which are held.
Every tile is by itself, whatever computes the others: results do not depend on the number of threads.

Rows that stay in cache through many stages: see `simulator.kernels.field_sweep`.
"""

import math
from typing import NamedTuple

import numpy as np

from simulator.kernels.jit import Cube, Int, Matrix, Real, Vector, kernel

# Forms of the potential: a ln(x/(1-x)) + sum_k p_k x^k of a binary with a = 0 or not, or any program.
POLYNOMIAL, LOGARITHM, ANY_POTENTIAL = 0, 1, 2
# Forms of the mobility of a binary: M, M x (1-x), or any program.
UNIFORM, DEGENERATE, ANY_MOBILITY = 0, 1, 2
# What a stage is given of the law at its temperature: a, M, then p_0 ..
SHARE, MOBILITY, POWERS = 0, 1, 2
CUBIC = 4  # numbers of a cubic: what a quartic energy needs
RING = 3  # planes of potentials that a tile holds in three dimensions
# Cells of a tile, in two dimensions and of a plane in three: what a stage needs of it at once fits a larger cache.
TILE, TILE_OF_PLANE = 32768, 8192
FEWEST_ROWS = 16  # so that the halo is a small part
DEPTH = 8  # most stages of one sweep
LINE = 8  # numbers of a cache line


class FieldSystem(NamedTuple):
    """A law on a box. Places of programs are -1 where there is none."""

    unknowns: Int
    rows: Int  # of a tile
    potential: Int
    mobility: Int
    evaluate: Int  # address of `evaluate_to`
    potentials: Int  # place of the program of dG/du_i in code
    mobilities: Int  # of M_ij
    curvatures: Int  # of d2G/du_i du_j
    source: Int  # of S_i
    code: Vector  # programs of the unknowns and, as two more of them, y and z
    gradient: Matrix  # kappa
    periodic: Vector  # 1 or 0 along x, y, z
    weights: Vector  # 1/h^2 along x, y, z; 0 along z in two dimensions
    x: Vector
    y: Vector
    z: Vector
    bounded: Real  # 1 if fractions must stay in (0, 1)
    overshoot: Real  # how far outside they may be


class Registers(NamedTuple):
    """The state u, F(u) and two stages, in one array: each in as many planes as the state has, from the one named."""

    values: Cube
    u: Int
    f0: Int
    one: Int
    other: Int


class FieldWork(NamedTuple):
    """Arrays of a tile, one set for each thread. Rows have a cell more at either end."""

    mu: Cube  # (m RING, rows + 2, nx + 2)
    mobility: Cube  # (m m RING, rows + 2, nx + 2)
    strip: Matrix  # (m + 2, (rows + 2) nx): what a program reads
    position: Vector  # ((rows + 2) nx,)
    values: Matrix  # (m m, (rows + 2) nx): what a program writes
    rest: Vector  # (nx,) 1 - x
    mantissa: Vector
    exponent: Vector
    flow: Vector  # (nx,) div M grad mu of a row
    squares: Vector  # (nx,) sums over the rows of a tile, of errors
    ring: Cube  # (DEPTH, 3, nx and a cache line on either side): potentials of a sweep


def aligned(*shape: int) -> np.ndarray:
    """Zeros that begin with a cache line: loops over rows of whole lines are a tenth faster."""
    size = math.prod(shape)
    room = np.zeros(size + LINE)
    first = -(room.ctypes.data // room.itemsize) % LINE
    return room[first : first + size].reshape(shape)


def field_workspace(m: int, rows: int, nx: int, planes: int, programs: int) -> FieldWork:
    """programs: 1 if there are any."""
    held = RING if planes > 1 else 1
    strip = programs * (rows + 2) * nx
    lines = -(-nx // LINE) + 2
    return FieldWork(
        mu=np.zeros((m * held, rows + 2, nx + 2)),
        mobility=np.zeros((m * m * held, rows + 2, nx + 2)),
        strip=np.zeros((m + 2, strip)),
        position=np.zeros(strip),
        values=np.zeros((m * m, strip)),
        rest=np.empty(nx),
        mantissa=np.empty(nx),
        exponent=np.empty(nx),
        flow=np.empty(nx),
        squares=np.empty(nx),
        ring=aligned(DEPTH, 3, lines * LINE),
    )


@kernel
def tile_rows(nz: Int, ny: Int, nx: Int) -> Int:
    """Rows of a tile: the tiles are of nearly equal height."""
    rows = min(ny, max(FEWEST_ROWS, (TILE if nz == 1 else TILE_OF_PLANE) // nx))
    count = (ny + rows - 1) // rows
    return (ny + count - 1) // count


@kernel
def neighbour(i: Int, n: Int, periodic: Real) -> Int:
    """The cell that stands for cell i of an axis, -n <= i < 2 n: the one a period away, or the mirror of the side."""
    if i < 0:
        return i + n if periodic > 0.0 else -1 - i
    if i >= n:
        return i - n if periodic > 0.0 else 2 * n - 1 - i
    return i


@kernel
def outside(m: Int, overshoot: Real, u: Cube, k: Int, j: Int, nz: Int) -> Int:
    """How many cells of a row of plane k are not admissible, or not numbers."""
    count, nx = 0, u.shape[2]
    low, high = -overshoot, 1.0 + overshoot
    if m == 1:
        for i in range(nx):
            count += 0 if u[k, j, i] > low and u[k, j, i] < high else 1
        return count
    for i in range(nx):
        total = 0.0
        for a in range(m):
            total += u[a * nz + k, j, i]
            count += 0 if u[a * nz + k, j, i] > low else 1
        count += 0 if total < high else 1
    return count

"""What only some systems need: sources, and slopes by difference quotients where a law brings none.

They are reached by address, on plain arrays: a system without them neither compiles nor loads them.
"""

from simulator.kernels.jit import Cube, Int, Matrix, Real, Vector, flux_at, kernel, source_at
from simulator.kernels.system import INCREMENT, VOLUME


@kernel
def add_source(
    address: Int, t: Real, T: Real, u: Matrix, cell: Matrix, parameters: Vector, S: Matrix, R: Vector
) -> None:
    """R += V S in the cells, for the source at an address."""
    m, n = u.shape
    source = source_at(address)
    source(t, T, u, cell, parameters, S)
    for a in range(m):
        for i in range(1, n - 1):
            R[a * n + i] += cell[VOLUME, i] * S[a, i]


@kernel
def add_source_slopes(
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
    """Add V dS/du to the diagonal blocks, one unknown at a time (m + 1 calls)."""
    m, n = u.shape
    source = source_at(address)
    source(t, T, u, cell, parameters, S)
    for a in range(m):
        for i in range(n):
            shifted[a, i] = u[a, i]
    for b in range(m):
        for i in range(n):
            shifted[b, i] = u[b, i] + INCREMENT * max(abs(u[b, i]), typical[b])
        source(t, T, shifted, cell, parameters, S_shifted)
        for a in range(m):
            for i in range(1, n - 1):
                slope = (S_shifted[a, i] - S[a, i]) / (shifted[b, i] - u[b, i])
                diagonal[(i * m + a) * m + b] += cell[VOLUME, i] * slope
        for i in range(n):
            shifted[b, i] = u[b, i]


@kernel
def flux_differences(
    address: Int,
    t: Real,
    T: Real,
    u: Matrix,
    face: Matrix,
    parameters: Vector,
    typical: Vector,
    F: Matrix,
    F_shifted: Matrix,
    shifted: Matrix,
    left: Cube,
    right: Cube,
) -> None:
    """left, right: slopes of F by its two neighbours, even and odd points apart, one unknown at a time (2 m + 1
    calls).
    """
    m, n = u.shape
    flux = flux_at(address)
    flux(t, T, u, face, parameters, F)
    for a in range(m):
        for i in range(n):
            shifted[a, i] = u[a, i]
    for b in range(m):
        for colour in range(2):
            for i in range(colour, n, 2):
                shifted[b, i] = u[b, i] + INCREMENT * max(abs(u[b, i]), typical[b])
            flux(t, T, shifted, face, parameters, F_shifted)
            for a in range(m):
                for f in range(colour, n - 1, 2):
                    left[a, b, f] = (F_shifted[a, f] - F[a, f]) / (shifted[b, f] - u[b, f])
                for f in range(1 - colour, n - 1, 2):
                    right[a, b, f] = (F_shifted[a, f] - F[a, f]) / (shifted[b, f + 1] - u[b, f + 1])
            for i in range(colour, n, 2):
                shifted[b, i] = u[b, i]

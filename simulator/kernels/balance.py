"""The semi-discrete system: residual -div F + S with its algebraic end rows, and the blocks of its Jacobian."""

import numpy as np

from simulator.kernels.jit import (
    Int,
    Matrix,
    Real,
    Vector,
    add_source_at,
    add_source_slopes_at,
    factor_at,
    flux_at,
    flux_differences_at,
    flux_slopes_at,
    kernel,
    substitute_at,
)
from simulator.kernels.ring import fold_matrix, fold_vector, unfold_vector
from simulator.kernels.system import System, Work, flow_given, put_given_flows, set_ends, temperature


@kernel
def close_ring(system: System, u: Matrix):
    """In a ring the ends are ghosts of the cells at the other side."""
    if system.periodic != 0:
        last = u.shape[1] - 1
        for a in range(u.shape[0]):
            u[a, 0] = u[a, last - 1]
            u[a, last] = u[a, 1]


@kernel
def face_flows(t: Real, system: System, u: Matrix, F: Matrix):
    """F (m, n-1): total flow through every face."""
    close_ring(system, u)
    T = temperature(t, system)
    ends = np.empty((u.shape[0], 6))
    set_ends(t, T, system, ends)
    flux = flux_at(system.flux)
    flux(t, T, u, system.face, system.parameters, F)
    put_given_flows(ends, F)


@kernel
def add_sources(t: Real, T: Real, system: System, u: Matrix, work: Work, R: Vector):
    """R += V S for the law's own source and the one added by the case."""
    add = add_source_at(system.add_source)
    if system.source != 0:
        add(system.source, t, T, u, system.cell, system.parameters, work.source, R)
    if system.added != 0:
        add(system.added, t, T, u, system.cell, system.added_parameters, work.source, R)


@kernel
def add_sources_slopes(t: Real, T: Real, system: System, u: Matrix, work: Work):
    """The diagonal blocks += V dS/du for both."""
    add = add_source_slopes_at(system.add_source_slopes)
    cell, typical = system.cell, system.typical
    S, shifted_S, shifted = work.source, work.source_shifted, work.shifted
    if system.source != 0:
        add(system.source, t, T, u, cell, system.parameters, typical, S, shifted_S, shifted, work.diagonal)
    if system.added != 0:
        add(system.added, t, T, u, cell, system.added_parameters, typical, S, shifted_S, shifted, work.diagonal)


@kernel
def residual(t: Real, system: System, u: Matrix, work: Work, R: Vector):
    """R = F_left - F_right + V S in the cells, c - a u - b F at the ends; work.flux holds F afterwards.

    At an end that gives the flow the row is its neighbour's value less its own: F does not depend on it.
    """
    m, n = u.shape
    T = temperature(t, system)
    set_ends(t, T, system, work.ends)
    close_ring(system, u)
    flux = flux_at(system.flux)
    flux(t, T, u, system.face, system.parameters, work.flux)
    F = work.flux
    put_given_flows(work.ends, F)
    for a in range(m):
        o = a * n
        R[o] = work.ends[a, 0] - work.ends[a, 1] * u[a, 0] - work.ends[a, 2] * F[a, 0]
        R[o + n - 1] = work.ends[a, 3] - work.ends[a, 4] * u[a, n - 1] - work.ends[a, 5] * F[a, n - 2]
        for i in range(1, n - 1):
            R[o + i] = F[a, i - 1] - F[a, i]
    for side in range(2):
        if flow_given(work.ends, side) == 1:
            end, cell = (0, 1) if side == 0 else (n - 1, n - 2)
            for a in range(m):
                R[a * n + end] = u[a, cell] - u[a, end]
    if system.source != 0 or system.added != 0:
        add_sources(t, T, system, u, work, R)


@kernel
def face_slopes(t: Real, T: Real, system: System, u: Matrix, work: Work):
    if system.flux_slopes != 0:
        slopes = flux_slopes_at(system.flux_slopes)
        slopes(t, T, u, system.face, system.parameters, work.left, work.right)
    else:
        differences = flux_differences_at(system.flux_differences)
        differences(
            system.flux,
            t,
            T,
            u,
            system.face,
            system.parameters,
            system.typical,
            work.flux,
            work.flux_shifted,
            work.shifted,
            work.left,
            work.right,
        )


@kernel
def assemble(m: Int, n: Int, work: Work):
    """Blocks of dR/du from the slopes of the fluxes; the end rows from work.ends."""
    left, right, ends = work.left, work.right, work.ends
    lower, diagonal, upper = work.lower, work.diagonal, work.upper
    last = n - 1
    for side in range(2):
        if flow_given(ends, side) == 1:
            for a in range(m):
                for b in range(m):
                    left[a, b, side * (last - 1)] = 0.0
                    right[a, b, side * (last - 1)] = 0.0
    for a in range(m):
        for b in range(m):
            for i in range(1, last):
                k = (i * m + a) * m + b
                lower[k] = left[a, b, i - 1]
                diagonal[k] = right[a, b, i - 1] - left[a, b, i]
                upper[k] = -right[a, b, i]
            k = a * m + b
            lower[k] = 0.0
            diagonal[k] = -ends[a, 2] * left[a, b, 0]
            upper[k] = -ends[a, 2] * right[a, b, 0]
            k += last * m * m
            lower[k] = -ends[a, 5] * left[a, b, last - 1]
            diagonal[k] = -ends[a, 5] * right[a, b, last - 1]
            upper[k] = 0.0
        diagonal[a * m + a] -= ends[a, 1]
        diagonal[(last * m + a) * m + a] -= ends[a, 4]
        if flow_given(ends, 0) == 1:
            upper[a * m + a] = 1.0
        if flow_given(ends, 1) == 1:
            lower[(last * m + a) * m + a] = 1.0
        for point in range(0, n, last):
            row = (point * m + a) * m
            size = 0.0
            for b in range(m):
                size += abs(diagonal[row + b])
            if size == 0.0:  # a given flow, or nothing moves there (D = 0)
                diagonal[row + a] = -1.0


@kernel
def jacobian(t: Real, system: System, u: Matrix, work: Work):
    """Blocks of dR/du into work.lower, work.diagonal, work.upper."""
    T = temperature(t, system)
    set_ends(t, T, system, work.ends)
    close_ring(system, u)
    face_slopes(t, T, system, u, work)
    assemble(u.shape[0], u.shape[1], work)
    if system.source != 0 or system.added != 0:
        add_sources_slopes(t, T, system, u, work)


@kernel
def factor_matrix(inverse_step: Real, m: Int, n: Int, system: System, work: Work):
    """Factor W - dR/du with W = mass * inverse_step."""
    for k in range(m * n):
        work.weight[k] = system.mass[k] * inverse_step
    factor = factor_at(system.factor)
    if system.periodic != 0:
        fold_matrix(m, n, work)
        lower, diagonal, upper, weight = work.folded[0], work.folded[1], work.folded[2], work.folded[3]
        factor((n - 1) // 2, weight, lower, diagonal, upper, work.inverse, work.forward, work.backward)
    else:
        factor(n, work.weight, work.lower, work.diagonal, work.upper, work.inverse, work.forward, work.backward)


@kernel
def solve_matrix(m: Int, n: Int, system: System, work: Work, x: Vector):
    """x = (W - dR/du)^-1 x with the factors of `factor_matrix`."""
    substitute = substitute_at(system.substitute)
    if system.periodic != 0:
        fold_vector(m, n, x, work.ring)
        substitute((n - 1) // 2, work.inverse, work.forward, work.backward, work.ring)
        unfold_vector(m, n, work.ring, x)
    else:
        substitute(n, work.inverse, work.forward, work.backward, x)

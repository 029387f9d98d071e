"""What the kernels are given: one semi-discrete system, and the arrays they work in.

    M du/dt = -div F(u) + S(u),   m unknowns at n points

u (m, n): unknowns are rows, points are columns. Points 1 .. n-2 are cells, points 0 and n-1 are the ends: points of no
volume that carry algebraic rows c - a u - b F = 0, so that no law sees a boundary; where they give every flow (a = 0:
closed, flux), c / b takes the place of the law's F. Face i lies between points i and i+1. Vectors of length m n are
rows laid end to end; blocks are stored flat, block i at i m m, row by row.
"""

from typing import NamedTuple

import numpy as np

from simulator.kernels.jit import Cube, Int, Matrix, Real, Vector, ends_at, history_at, kernel

CONDUCTANCE, POSITION = 0, 1  # rows of System.face; POSITION is a row of System.cell too
VOLUME = 0  # row of System.cell

# Relative increment of the difference quotients: near the square root of the rounding unit, where truncation and
# rounding meet.
INCREMENT = 1e-7

# What a kernel returns; `simulator.solve.status` has a sentence for each.
DONE, RUNNING, TOO_MANY_STEPS, STEP_TOO_SMALL, NOT_FINITE, OUTSIDE, NOT_CONVERGED, INCONSISTENT = range(8)


class System(NamedTuple):
    """A law on a grid with its ends. Functions are addresses; 0 means there is none."""

    flux: Int
    flux_slopes: Int
    flux_differences: Int
    source: Int
    added: Int
    add_source: Int
    add_source_slopes: Int
    end_values: Int
    history: Int
    factor: Int
    substitute: Int
    parameters: Vector
    added_parameters: Vector
    end_parameters: Vector
    history_parameters: Vector
    temperature: Vector  # T_ref, slope, t_ref: T = T_ref + slope (t - t_ref) until the next break
    face: Matrix  # conductance = area / distance; position
    cell: Matrix  # volume; position
    mass: Vector  # (m n) volume times the law's mass, 0 for algebraic rows
    ends: Matrix  # (m, 6): c a b of the left end, c a b of the right end
    scale: Vector
    typical: Vector
    bounds: Matrix
    periodic: Int
    autonomous: Int


class Work(NamedTuple):
    """Arrays that a step writes; allocated once a call."""

    ends: Matrix
    flux: Matrix
    flux_shifted: Matrix
    source: Matrix
    source_shifted: Matrix
    shifted: Matrix
    left: Cube
    right: Cube
    lower: Vector
    diagonal: Vector
    upper: Vector
    inverse: Vector
    forward: Vector
    backward: Vector
    weight: Vector
    folded: Matrix  # lower, diagonal, upper, weight of the folded ring, or empty
    ring: Vector


@kernel
def workspace(m: Int, n: Int, periodic: Int) -> Work:
    size = m * m * n
    pairs = (n - 1) // 2
    ring = periodic * 4 * m * m * pairs
    factored = max(size, ring)
    return Work(
        np.empty((m, 6)),
        np.empty((m, n - 1)),
        np.empty((m, n - 1)),
        np.empty((m, n)),
        np.empty((m, n)),
        np.empty((m, n)),
        np.empty((m, m, n - 1)),
        np.empty((m, m, n - 1)),
        np.empty(size),
        np.empty(size),
        np.empty(size),
        np.empty(factored),
        np.empty(factored),
        np.empty(factored),
        np.empty(m * n),
        np.empty((4, ring)),
        np.empty(periodic * 2 * m * pairs),
    )


@kernel
def temperature(t: Real, system: System) -> Real:
    if system.history != 0:
        value = np.empty(1)
        evaluate = history_at(system.history)
        evaluate(t, system.history_parameters, value)
        return value[0]
    return system.temperature[0] + system.temperature[1] * (t - system.temperature[2])


@kernel
def set_ends(t: Real, T: Real, system: System, ends: Matrix):
    """The rows of the ends at time t; only c depends on time."""
    for a in range(ends.shape[0]):
        for j in range(6):
            ends[a, j] = system.ends[a, j]
    if system.end_values != 0:
        evaluate = ends_at(system.end_values)
        evaluate(t, T, system.end_parameters, ends)


@kernel
def flow_given(ends: Matrix, side: Int) -> Int:
    """1 if the rows of an end give the flow of every component (a = 0: closed, flux): F = c / b, whatever u is."""
    for a in range(ends.shape[0]):
        if ends[a, 3 * side + 1] != 0.0 or ends[a, 3 * side + 2] == 0.0:
            return 0
    return 1


@kernel
def put_given_flows(ends: Matrix, F: Matrix):
    """The flows that the ends give take the place of the law's, which could not tell them where D is 0."""
    last = F.shape[1] - 1
    for side in range(2):
        if flow_given(ends, side) == 1:
            for a in range(F.shape[0]):
                F[a, side * last] = ends[a, 3 * side] / ends[a, 3 * side + 2]


@kernel
def admissible(system: System, u: Matrix, tolerance: Real) -> Int:
    """1 if every point keeps bounds . (u, 1) >= -tolerance; what is not a number is for the error norm to see."""
    m, n = u.shape
    outside = 0  # counted, not branched on: the loop over the points vectorises
    for r in range(system.bounds.shape[0]):
        least = -tolerance - system.bounds[r, m]
        if m == 1:
            weight = system.bounds[r, 0]
            for i in range(n):
                outside += 1 if weight * u[0, i] < least else 0
        else:
            for i in range(n):
                value = 0.0
                for a in range(m):
                    value += system.bounds[r, a] * u[a, i]
                outside += 1 if value < least else 0
    return 1 if outside == 0 else 0

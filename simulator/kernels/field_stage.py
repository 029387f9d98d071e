"""One stage of a step of Cahn-Hilliard fields, tile by tile: see `simulator.kernels.field`."""

import numpy as np

from simulator.kernels.chebyshev import MU, MU_F, NU, NU_F
from simulator.kernels.field import (
    ANY_MOBILITY,
    ANY_POTENTIAL,
    CUBIC,
    DEGENERATE,
    LOGARITHM,
    MOBILITY,
    POLYNOMIAL,
    POWERS,
    RING,
    UNIFORM,
    FieldSystem,
    FieldWork,
    Registers,
    neighbour,
    outside,
)
from simulator.kernels.field_rows import (
    add_flow,
    close_rows,
    combine,
    cubic_rows,
    defect,
    degenerate_rows,
    logarithm_rows,
    polynomial_rows,
    stiffness_rows,
    uniform_flow,
    uniform_stage,
)
from simulator.kernels.field_sweep import deepest, sweep_band, sweep_last, sweep_seam, sweepable
from simulator.kernels.jit import Cube, Int, Matrix, Real, Vector, evaluate_at, kernel

# Kinds of phases of a step: Y_1; a stage; several stages in the bands of rows and across their seams; F of the new
# state and the error.
FIRST, STAGE, BAND, SEAM, LAST = 0, 1, 2, 3, 4
REGISTERS = 4  # in one array


@kernel
def fill_strip(system: FieldSystem, work: FieldWork, u: Cube, k: Int, first: Int, count: Int):
    """Rows first .. first + count - 1 of plane k, end to end, with y and z as further unknowns, for a program."""
    m, nx, ny = system.unknowns, u.shape[2], u.shape[1]
    nz = u.shape[0] // m
    for r in range(count):
        j = neighbour(first + r, ny, system.periodic[1])
        for i in range(nx):
            work.position[r * nx + i] = system.x[i]
            work.strip[m, r * nx + i] = system.y[j]
            work.strip[m + 1, r * nx + i] = system.z[k]
        for a in range(m):
            for i in range(nx):
                work.strip[a, r * nx + i] = u[a * nz + k, j, i]


@kernel
def run_program(system: FieldSystem, work: FieldWork, place: Int, t: Real, T: Real):
    """work.values = the outputs of a program on the strip."""
    evaluate = evaluate_at(system.evaluate)
    evaluate(system.code, place, work.strip, work.position, t, T, 0, work.values, np.empty((0, 0, 0)))


@kernel
def fill_values(work: FieldWork, outputs: Int, held: Int, slot: Int, count: Int, nx: Int, target: Cube):
    """Padded rows of a tile from what a program gave."""
    for a in range(outputs):
        for r in range(count):
            for i in range(nx):
                target[a * held + slot, r, i + 1] = work.values[a, r * nx + i]


@kernel
def prepare(
    system: FieldSystem, work: FieldWork, local: Vector, t: Real, T: Real, u: Cube, plane: Int, slot: Int, first: Int,
    last: Int,
):  # fmt: skip
    """Potentials and mobilities of rows first - 1 .. last of a plane, in a slot of the tile's ring."""
    m, nx = system.unknowns, u.shape[2]
    nz = u.shape[0] // m
    held = RING if nz > 1 else 1
    count = last - first + 2
    if system.potential == ANY_POTENTIAL or system.mobility == ANY_MOBILITY:
        fill_strip(system, work, u, plane, first - 1, count)
    if system.potential == ANY_POTENTIAL:
        run_program(system, work, system.potentials, t, T)
        fill_values(work, m, held, slot, count, nx, work.mu)
    if system.mobility == ANY_MOBILITY:
        run_program(system, work, system.mobilities, t, T)
        fill_values(work, m * m, held, slot, count, nx, work.mobility)
    begin, weights, periodic = first - 1, system.weights, system.periodic
    fused = system.potential == POLYNOMIAL and local.size == POWERS + CUBIC
    if fused:
        kappa = system.gradient[0, 0]
        cubic_rows(local, kappa, weights, periodic, u, plane, nz, begin, count, work.mu, slot)
    elif system.potential != ANY_POTENTIAL:
        polynomial_rows(local, periodic[1], u, plane, begin, count, work.mu, slot)
    if system.potential == LOGARITHM:
        logarithm_rows(
            local, periodic[1], u, plane, begin, count, work.mu, slot, work.rest, work.mantissa, work.exponent
        )
    for a in range(m):
        for b in range(m):
            kappa = system.gradient[a, b]
            if kappa != 0.0 and not fused:
                stiffness_rows(kappa, weights, periodic, u, b * nz, plane, nz, begin, count, work.mu, a * held + slot)
        close_rows(periodic[0], count, work.mu, a * held + slot)
    if system.mobility == DEGENERATE:
        degenerate_rows(local[MOBILITY], periodic[1], u, plane, begin, count, work.mobility, slot)
    if system.mobility != UNIFORM:
        for c in range(m * m):
            close_rows(periodic[0], count, work.mobility, c * held + slot)


@kernel
def stage_tiles(
    system: FieldSystem, work: FieldWork, first_tile: Int, last_tile: Int, last_stage: Int, h: Real, weights: Vector,
    t: Real, T: Real, local: Vector, u: Cube, f0: Cube, latest: Cube, out: Cube, sums: Vector,
) -> Int:  # fmt: skip
    """The rows of the tiles first_tile .. last_tile - 1 of one stage.

    out = the next stage from `latest`, from the one before it, which out holds, and from u and f0 = F(u); or, after the
    last stage, out = F(latest) and the sum of the squares of the error for each tile. t, T and local belong to
    `latest`. Returns how many of its cells are not admissible.
    """
    m, ny = system.unknowns, u.shape[1]
    nz = u.shape[0] // m
    held = RING if nz > 1 else 1
    # taken out of their tuples before any loop: passing those on costs more than a short row
    bounded, overshoot, grid, own = system.bounded, system.overshoot, system.weights, local[MOBILITY]
    potential, mobility, flow, values, squares = work.mu, work.mobility, work.flow, work.values, work.squares
    uniform, deep = 1 if system.mobility == UNIFORM else 0, 1 if nz > 1 else 0
    simple = uniform if m == 1 and system.source < 0 and last_stage == 0 else 0
    mu, nu, h_f, h_0 = weights[MU], weights[NU], weights[MU_F] * h, weights[NU_F] * h
    weight = 1.0 - mu - nu
    count = 0
    for tile in range(first_tile, last_tile):
        first = tile * system.rows
        last = min(ny, first + system.rows)
        for i in range(squares.size):
            squares[i] = 0.0
        # a plane is computed when its potentials and those of the planes before and after it are there
        for plane in range(-deep, nz + deep):
            slot = (plane + 1) % RING if deep > 0 else 0
            prepare(system, work, local, t, T, latest, neighbour(plane, nz, system.periodic[2]), slot, first, last)
            k = plane - deep
            if k < 0:
                continue
            here, before, after = 0, 0, 0
            if deep > 0:
                here, before, after = (k + 1) % RING, k % RING, slot
            if system.source >= 0:
                fill_strip(system, work, latest, k, first, last - first)
                run_program(system, work, system.source, t, T)
            if simple == 1:
                uniform_stage(
                    own, grid, potential, last - first, here, before, after, deep, weight, mu, nu, h_f, h_0, u, latest,
                    f0, k, first, out,
                )  # fmt: skip
                continue
            for j in range(first, last):
                r = j - first + 1
                for a in range(m):
                    if uniform == 1:
                        uniform_flow(own, grid, potential, r, here, before, after, deep, flow)
                    else:
                        for i in range(flow.size):
                            flow[i] = 0.0
                        for b in range(m):
                            add_flow(
                                grid, potential, b * held, mobility, (a * m + b) * held, r, here, before, after, deep,
                                flow,
                            )  # fmt: skip
                    if system.source >= 0:
                        begin = (j - first) * flow.size
                        for i in range(flow.size):
                            flow[i] += values[a, begin + i]
                    p = a * nz + k
                    if last_stage == 0:
                        combine(weight, mu, nu, h_f, h_0, u, latest, f0, p, j, flow, out)
                    else:
                        defect(h, u, latest, f0, p, j, flow, out, squares)
        sums[tile] = squares.sum()
        if bounded > 0.0:
            for k in range(nz):
                for j in range(first, last):
                    count += outside(m, overshoot, latest, k, j, nz)
    return count


@kernel
def first_rows(h: Real, u: Cube, f0: Cube, first: Int, last: Int, one: Cube, other: Cube):
    """one = Y_1 = u + h f0 and other = Y_0 = u in some rows of all planes."""
    for p in range(u.shape[0]):
        for j in range(first, last):
            for i in range(u.shape[2]):
                one[p, j, i] = u[p, j, i] + h * f0[p, j, i]
                other[p, j, i] = u[p, j, i]


@kernel
def register(registers: Registers, place: Int, planes: Int) -> Cube:
    return registers.values[place : place + planes]


@kernel
def plan(system: FieldSystem, count: Int, powers: Int, ny: Int, parts: Int) -> Matrix:
    """The phases of a step of `count` stages in rows (kind, first stage, how many stages); with no stage, F(u) alone.

    A phase is done in parts, which do not depend on one another, and begins when the one before is done with.
    """
    phases = np.zeros((2 * count + 2, 3))
    used, j = 0, 1
    while j <= count:
        kind, depth = FIRST if j == 1 else STAGE, 1
        if j > 1 and sweepable(system, powers) == 1:
            kind, depth = BAND, deepest(count - j + 1, ny, parts)
        phases[used, 0], phases[used, 1], phases[used, 2] = kind, j, depth
        used += 1
        if kind == BAND and depth > 1:
            phases[used, 0], phases[used, 1], phases[used, 2] = SEAM, j, depth
            used += 1
        j += depth
    phases[used, 0], phases[used, 1], phases[used, 2] = LAST, j, 1
    return phases[: used + 1]


@kernel
def run_phase(
    phase: Vector, part: Int, parts: Int, system: FieldSystem, work: FieldWork, h: Real, weights: Matrix,
    times: Vector, temperatures: Vector, locals: Matrix, registers: Registers, sums: Vector,
) -> Int:  # fmt: skip
    """One part of a phase of `plan`. Returns how many cells were not admissible.

    Rows j = 2 .. s of times, temperatures and locals belong to the F that stage j of s uses, row s + 1 to the new
    state.
    """
    kind, j, depth = int(phase[0]), int(phase[1]), int(phase[2])
    if kind == BAND:
        sweep_band(system, work, h, weights, locals, registers, j, depth, part, parts)
        return 0
    if kind == SEAM:
        sweep_seam(system, work, h, weights, locals, registers, j, depth, part, parts)
        return 0
    count, planes = weights.shape[0] - 1, registers.values.shape[0] // REGISTERS
    u, f0 = register(registers, registers.u, planes), register(registers, registers.f0, planes)
    if kind == FIRST:
        one, other = register(registers, registers.one, planes), register(registers, registers.other, planes)
        first, last = u.shape[1] * part // parts, u.shape[1] * (part + 1) // parts
        first_rows(weights[1, MU_F] * h, u, f0, first, last, one, other)
        return 0
    to, of = (registers.other, registers.one) if j % 2 == 0 else (registers.one, registers.other)
    if count == 0:
        to, of = registers.f0, registers.u
    first, last = sums.size * part // parts, sums.size * (part + 1) // parts
    if kind == LAST and sweepable(system, locals.shape[1] - POWERS) == 1:
        sweep_last(system, work, h, locals[j], registers, of, to, first, last, sums)
        return 0
    return stage_tiles(
        system, work, first, last, 1 if kind == LAST else 0, h, weights[min(j, count)], times[j], temperatures[j],
        locals[j], u, f0, register(registers, of, planes), register(registers, to, planes), sums,
    )  # fmt: skip


@kernel
def stages(
    system: FieldSystem, work: FieldWork, h: Real, weights: Matrix, times: Vector, temperatures: Vector, locals: Matrix,
    registers: Registers, sums: Vector,
) -> Int:  # fmt: skip
    """All stages of a step from u, and F of the new state; or, with one row of weights, F(u) in f0 and no more.

    The new state is left in `one` if the number of stages is odd, in `other` if it is even; its F in the other of them.
    Returns how many cells were not admissible in the first stage that had any, after which nothing more is computed.
    """
    phases = plan(system, weights.shape[0] - 1, locals.shape[1] - POWERS, registers.values.shape[1], 1)
    for k in range(phases.shape[0]):
        failed = run_phase(
            phases[k], 0, 1, system, work, h, weights, times, temperatures, locals, registers, sums
        )  # fmt: skip
        if failed > 0:
            return failed
    return 0

"""Diagonally implicit Runge-Kutta methods with a Newton iteration a stage: backward Euler and TR-BDF2, as data.

    M (U_s - u) = h sum_j<=s a_sj f(t + c_s h, U_j),   first stage explicit (U_1 = u), stiffly accurate: u_new = U_last

Written in f, not in du/dt, so that algebraic rows (M = 0) need no derivative of their own; they are carried like the
others, because what the rows of the cells lose through an end the row of the end accounts for, to rounding.
TR-BDF2: Hosea & Shampine (1996), Appl. Numer. Math. 20, 21.
"""

from typing import NamedTuple

import numpy as np

from simulator.kernels.balance import factor_matrix, jacobian, residual, solve_matrix
from simulator.kernels.jit import Int, Matrix, Real, Vector, kernel
from simulator.kernels.newton import relative_size
from simulator.kernels.stepping import (
    STEP,
    TIME,
    Control,
    error_norm,
    first_step,
    propose,
    rejected,
    take,
    too_small,
)
from simulator.kernels.system import (
    DONE,
    RUNNING,
    STEP_TOO_SMALL,
    System,
    Work,
    admissible,
    workspace,
)

ITERATIONS = 12
NEWTON_FRACTION = 1e-3  # of the error allowed to a step


class ImplicitTableau(NamedTuple):
    a: Matrix
    c: Vector
    error: Vector  # weights of h f in the difference between the method and its embedded one
    gamma: Real
    order: Real


@kernel
def solve_stage(
    t: Real,
    h_gamma: Real,
    system: System,
    work: Work,
    u: Vector,
    known: Vector,
    stage: Matrix,
    f: Vector,
    x: Vector,
    tolerance: Real,
) -> Int:
    """Simplified Newton for M (U - u) = known + h gamma f(t, U); f holds f(t, U) of the last iterate but one,
    corrected.
    """
    m, n = stage.shape
    flat = stage.reshape(m * n)
    for _ in range(ITERATIONS):
        residual(t, system, stage, work, f)
        for i in range(flat.size):
            x[i] = (known[i] - system.mass[i] * (flat[i] - u[i])) / h_gamma + f[i]
        solve_matrix(m, n, system, work, x)
        change = relative_size(stage, x, system.scale)
        if not change < 1e10:
            return 0
        for i in range(flat.size):
            flat[i] += x[i]
        if change < tolerance:
            # f consistent with the stage by its own equation, which keeps inventories to rounding; algebraic rows
            # give 0.
            for i in range(flat.size):
                f[i] = (system.mass[i] * (flat[i] - u[i]) - known[i]) / h_gamma
            return 1
    return 0


@kernel
def diagonally_implicit(
    system: System, tableau: ImplicitTableau, control: Control, end: Real, u: Matrix, state: Vector
) -> Int:
    m, n = u.shape
    size = m * n
    count = tableau.c.size
    work = workspace(m, n, system.periodic)
    flat = u.reshape(size)
    stage = np.empty((m, n))
    new = stage.reshape(size)
    f = np.empty((count, size))
    known = np.empty(size)
    x = np.empty(size)
    tolerance = max(1e-14, NEWTON_FRACTION * control.rtol)
    for _ in range(control.chunk):
        t = state[TIME]
        if t >= end:
            return DONE
        jacobian(t, system, u, work)
        if state[STEP] == 0.0:
            state[STEP] = first_step(system, work, end - t)
        h = propose(control, state, end)
        if too_small(control, t, h) == 1:
            return STEP_TOO_SMALL
        h_gamma = h * tableau.gamma
        factor_matrix(1.0 / h_gamma, m, n, system, work)
        residual(t, system, u, work, f[0])
        converged = 1
        for i in range(size):
            new[i] = flat[i]
        for s in range(1, count):
            for i in range(size):
                known[i] = 0.0
            for j in range(s):
                for i in range(size):
                    known[i] += h * tableau.a[s, j] * f[j, i]
            converged = solve_stage(t + tableau.c[s] * h, h_gamma, system, work, flat, known, stage, f[s], x, tolerance)
            if converged == 0:
                break
        norm = np.inf
        allowed = 1
        if converged == 1:
            for i in range(size):
                x[i] = 0.0
            for j in range(count):
                for i in range(size):
                    x[i] += tableau.error[j] / tableau.gamma * f[j, i]
            for i in range(size):
                if system.mass[i] == 0.0:
                    x[i] = 0.0
            solve_matrix(m, n, system, work, x)  # the filtered estimate does not see the stiff components' noise
            norm = error_norm(u, stage, x, system.scale, control.rtol)
            allowed = admissible(system, stage, control.overshoot)
        if take(control, state, end, h, norm, tableau.order + 1.0, allowed) != 0:
            for i in range(size):
                flat[i] = new[i]
        else:
            status = rejected(control, state, norm, allowed)
            if status != RUNNING:
                return status
    return DONE if state[TIME] >= end else RUNNING

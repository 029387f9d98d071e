"""Rosenbrock-Wanner integration with error control, for M du/dt = f(t, u) with a singular M.

One factorisation a step, of W = M/(gamma h) - f_u; the stages, with u_s = u + sum_j<s a_sj k_j,

    W k_s = f(t + alpha_s h, u_s) + (1/h) M sum_j<s c_sj k_j + h d_s f_t

Every tableau used here is stiffly accurate with a stiffly accurate embedded solution: the last stage value u_s is the
embedded solution, u_s + k_s the new one, so the error estimate is k_s itself.
Source: Hairer & Wanner, Solving Ordinary Differential Equations II, 2nd ed. (1996), sections IV.7 and VI.3.
"""

from typing import NamedTuple

import numpy as np

from simulator.kernels.balance import factor_matrix, jacobian, residual, solve_matrix
from simulator.kernels.jit import Int, Matrix, Real, Vector, kernel
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

# Length of the difference quotient for f_t in steps: rounding and the third derivative then weigh alike, 1e-11 of a
# step.
TIME_INCREMENT = 1e-5


class RosenbrockTableau(NamedTuple):
    a: Matrix
    c: Matrix
    alpha: Vector
    d: Vector
    gamma: Real
    order: Real


@kernel
def combine(count: Int, a: Vector, c: Vector, k: Matrix, u: Vector, stage: Vector, sum_c: Vector):
    """stage = u + sum_j<count a_j k_j and sum_c = sum_j<count c_j k_j: both in one reading of k, four rows a pass.

    Reading k is what a step costs; so the odd rows go first, where the sums begin.
    """
    size = u.size
    first = (count - 1) % 4 + 1
    a0, c0 = a[0], c[0]
    a1, c1 = a[first - 1], c[first - 1]
    if first == 1:
        for i in range(size):
            stage[i] = u[i] + a0 * k[0, i]
            sum_c[i] = c0 * k[0, i]
    elif first == 2:
        for i in range(size):
            stage[i] = u[i] + (a0 * k[0, i] + a1 * k[1, i])
            sum_c[i] = c0 * k[0, i] + c1 * k[1, i]
    elif first == 3:
        a1, a2, c1, c2 = a[1], a[2], c[1], c[2]
        for i in range(size):
            stage[i] = u[i] + (a0 * k[0, i] + a1 * k[1, i]) + a2 * k[2, i]
            sum_c[i] = (c0 * k[0, i] + c1 * k[1, i]) + c2 * k[2, i]
    else:
        a1, a2, a3, c1, c2, c3 = a[1], a[2], a[3], c[1], c[2], c[3]
        for i in range(size):
            stage[i] = u[i] + (a0 * k[0, i] + a1 * k[1, i]) + (a2 * k[2, i] + a3 * k[3, i])
            sum_c[i] = (c0 * k[0, i] + c1 * k[1, i]) + (c2 * k[2, i] + c3 * k[3, i])
    for j in range(first, count, 4):
        a0, a1, a2, a3 = a[j], a[j + 1], a[j + 2], a[j + 3]
        c0, c1, c2, c3 = c[j], c[j + 1], c[j + 2], c[j + 3]
        for i in range(size):
            stage[i] += (a0 * k[j, i] + a1 * k[j + 1, i]) + (a2 * k[j + 2, i] + a3 * k[j + 3, i])
            sum_c[i] += (c0 * k[j, i] + c1 * k[j + 1, i]) + (c2 * k[j + 2, i] + c3 * k[j + 3, i])


@kernel
def time_slope(t: Real, h: Real, system: System, u: Matrix, work: Work, here: Vector, out: Vector, spare: Vector):
    """out = f_t at (t, u), one-sided and of second order, so that no time before t is asked for; `here` is f(t, u)."""
    step = (t + TIME_INCREMENT * h) - t  # what is left of it beside a long time
    if step == 0.0:
        step = TIME_INCREMENT * h
    for i in range(out.size):
        out[i] = -3.0 * here[i] / (2.0 * step)
    for j in range(1, 3):
        residual(t + j * step, system, u, work, spare)
        weight = (4.0 if j == 1 else -1.0) / (2.0 * step)
        for i in range(out.size):
            out[i] += weight * spare[i]


@kernel
def stages(
    t: Real,
    h: Real,
    system: System,
    tableau: RosenbrockTableau,
    work: Work,
    u: Vector,
    stage: Matrix,
    k: Matrix,
    f_t: Vector,
    sum_c: Vector,
):
    """k_1 .. k_s; on return `stage` is u of the last stage."""
    m, n = stage.shape
    flat = stage.reshape(m * n)
    inverse_step = 1.0 / h
    for s in range(k.shape[0]):
        x = k[s]
        if s == 0:
            for i in range(flat.size):
                flat[i] = u[i]
        else:
            combine(s, tableau.a[s], tableau.c[s], k, u, flat, sum_c)
        residual(t + tableau.alpha[s] * h, system, stage, work, x)
        if s > 0:
            for i in range(flat.size):
                x[i] += inverse_step * system.mass[i] * sum_c[i]
        elif system.autonomous == 0:
            time_slope(t, h, system, stage, work, x, f_t, sum_c)
        if system.autonomous == 0 and tableau.d[s] != 0.0:
            q = h * tableau.d[s]
            for i in range(flat.size):
                x[i] += q * f_t[i]
        solve_matrix(m, n, system, work, x)


@kernel
def rosenbrock(
    system: System, tableau: RosenbrockTableau, control: Control, end: Real, u: Matrix, state: Vector
) -> Int:
    """Advance u and state from state[TIME] to `end`, or by control.chunk steps. Returns DONE, RUNNING or what went
    wrong.
    """
    m, n = u.shape
    size = m * n
    work = workspace(m, n, system.periodic)
    flat = u.reshape(size)
    stage = np.empty((m, n))
    new = stage.reshape(size)
    k = np.empty((tableau.alpha.size, size))
    f_t = np.empty(size)
    sum_c = np.empty(size)
    fresh = True
    for _ in range(control.chunk):
        t = state[TIME]
        if t >= end:
            return DONE
        if fresh:
            jacobian(t, system, u, work)
            if state[STEP] == 0.0:
                state[STEP] = first_step(system, work, end - t)
        h = propose(control, state, end)
        if too_small(control, t, h) == 1:
            return STEP_TOO_SMALL
        factor_matrix(1.0 / (tableau.gamma * h), m, n, system, work)
        stages(t, h, system, tableau, work, flat, stage, k, f_t, sum_c)
        error = k[k.shape[0] - 1]
        for i in range(size):
            new[i] += error[i]
        norm = error_norm(u, stage, error, system.scale, control.rtol)
        allowed = admissible(system, stage, control.overshoot)
        fresh = take(control, state, end, h, norm, tableau.order, allowed) != 0
        if fresh:
            for i in range(size):
                flat[i] = new[i]
        else:
            status = rejected(control, state, norm, allowed)
            if status != RUNNING:
                return status
    return DONE if state[TIME] >= end else RUNNING

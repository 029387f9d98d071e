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
    closing: Int  # from this stage on u_s = u_(s-1) + k_(s-1)


@kernel
def combine(count: Int, weights: Vector, slopes: Matrix, base: Vector, out: Vector):
    """out = base + sum_j<count weights_j slopes_j, four rows a pass: memory traffic is what it costs."""
    size = out.size
    for i in range(size):
        out[i] = base[i]
    j = 0
    while j < count:
        if j + 3 < count:
            w0, w1, w2, w3 = weights[j], weights[j + 1], weights[j + 2], weights[j + 3]
            for i in range(size):
                out[i] += (w0 * slopes[j, i] + w1 * slopes[j + 1, i]) + (w2 * slopes[j + 2, i] + w3 * slopes[j + 3, i])
            j += 4
        elif j + 1 < count:
            w0, w1 = weights[j], weights[j + 1]
            for i in range(size):
                out[i] += w0 * slopes[j, i] + w1 * slopes[j + 1, i]
            j += 2
        else:
            w0 = weights[j]
            for i in range(size):
                out[i] += w0 * slopes[j, i]
            j += 1


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
    zero: Vector,
):
    """k_1 .. k_s; on return `stage` is u of the last stage."""
    m, n = stage.shape
    flat = stage.reshape(m * n)
    count = k.shape[0]
    inverse_step = 1.0 / h
    for s in range(count):
        x = k[s]
        if s >= tableau.closing:
            before = k[s - 1]
            for i in range(flat.size):
                flat[i] += before[i]
        else:
            combine(s, tableau.a[s], k, u, flat)
        residual(t + tableau.alpha[s] * h, system, stage, work, x)
        if s == 0 and system.autonomous == 0:
            time_slope(t, h, system, stage, work, x, f_t, sum_c)
        if s > 0:
            combine(s, tableau.c[s], k, zero, sum_c)
            for i in range(flat.size):
                x[i] += inverse_step * system.mass[i] * sum_c[i]
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
    zero = np.zeros(size)
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
        stages(t, h, system, tableau, work, flat, stage, k, f_t, sum_c, zero)
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

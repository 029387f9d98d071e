"""Explicit schemes: du/dt = R(u) / V in the cells, the ends solved for after every stage.

- `runge_kutta`: two-stage methods as data (forward Euler, Heun), with error control by their difference.
- `chebyshev`: Runge-Kutta-Chebyshev, second order, as many stages as the step needs to be stable:
  s of them reach about s^2 times as far as one. See `simulator.kernels.chebyshev`.
"""

from typing import NamedTuple

import numpy as np

from simulator.kernels.balance import close_ring, jacobian, residual
from simulator.kernels.chebyshev import (
    MOST_STAGES,
    MU,
    MU_F,
    NODE,
    NU,
    NU_F,
    chebyshev_weights,
    longest_step,
    stage_count,
)
from simulator.kernels.jit import Int, Matrix, Real, Vector, flux_at, kernel
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
    INCREMENT,
    RUNNING,
    STEP_TOO_SMALL,
    System,
    Work,
    admissible,
    flow_given,
    set_ends,
    temperature,
    workspace,
)

END_ITERATIONS = 8
RADIUS_MARGIN = 1.1


class TwoStage(NamedTuple):
    """y = u + h (b1 f1 + b2 f2), f2 = f(t + h, u + h f1); error h (e1 f1 + e2 f2)."""

    b1: Real
    b2: Real
    e1: Real
    e2: Real
    order: Real
    limit: Real  # of h * spectral radius on the negative real axis


class EndWork(NamedTuple):
    """One end by itself: two points and the face between them."""

    u: Matrix
    face: Matrix
    F: Matrix
    F_shifted: Matrix
    matrix: Matrix
    row: Vector


@kernel
def end_workspace(m: Int, faces: Int) -> EndWork:
    return EndWork(
        np.empty((m, 2)), np.empty((faces, 1)), np.empty((m, 1)), np.empty((m, 1)), np.empty((m, m)), np.empty(m)
    )


@kernel
def solve_small(A: Matrix, x: Vector):
    """x = A^-1 x, rows pivoted, A overwritten."""
    m = x.size
    for c in range(m):
        best = c
        for r in range(c + 1, m):
            if abs(A[r, c]) > abs(A[best, c]):
                best = r
        for b in range(m):
            A[c, b], A[best, b] = A[best, b], A[c, b]
        x[c], x[best] = x[best], x[c]
        for r in range(c + 1, m):
            q = A[r, c] / A[c, c]
            for b in range(c, m):
                A[r, b] -= q * A[c, b]
            x[r] -= q * x[c]
    for c in range(m - 1, -1, -1):
        for b in range(c + 1, m):
            x[c] -= A[c, b] * x[b]
        x[c] /= A[c, c]


@kernel
def solve_end(t: Real, T: Real, side: Int, system: System, u: Matrix, ends: Matrix, work: EndWork):
    """The end point of one side from c - a u - b F = 0, its neighbour given: Newton on m unknowns."""
    m, n = u.shape
    end = 0 if side == 0 else n - 1
    cell = 1 if side == 0 else n - 2
    face = 0 if side == 0 else n - 2
    if flow_given(ends, side) == 1:
        for a in range(m):
            u[a, end] = u[a, cell]
        return
    here = side  # column of the end in the pair
    for r in range(work.face.shape[0]):
        work.face[r, 0] = system.face[r, face]
    for a in range(m):
        work.u[a, here] = u[a, end]
        work.u[a, 1 - here] = u[a, cell]
    flux = flux_at(system.flux)
    for _ in range(END_ITERATIONS):
        flux(t, T, work.u, work.face, system.parameters, work.F)
        for a in range(m):
            c, w, b = ends[a, 3 * side], ends[a, 3 * side + 1], ends[a, 3 * side + 2]
            work.row[a] = c - w * work.u[a, here] - b * work.F[a, 0]
        for j in range(m):
            kept = work.u[j, here]
            step = INCREMENT * max(abs(kept), system.typical[j])
            work.u[j, here] = kept + step
            flux(t, T, work.u, work.face, system.parameters, work.F_shifted)
            work.u[j, here] = kept
            for a in range(m):
                slope = (work.F_shifted[a, 0] - work.F[a, 0]) / step
                work.matrix[a, j] = ends[a, 3 * side + 2] * slope + (ends[a, 3 * side + 1] if a == j else 0.0)
        for a in range(m):
            size = 0.0
            for j in range(m):
                size += abs(work.matrix[a, j])
            if size == 0.0:  # nothing moves there (D = 0): the end stays as it is
                work.matrix[a, a] = 1.0
        solve_small(work.matrix, work.row)
        change = 0.0
        for a in range(m):
            work.u[a, here] += work.row[a]
            change = max(change, abs(work.row[a]) / (system.scale[a] + abs(work.u[a, here])))
        if not change > 1e-15:
            break
    for a in range(m):
        u[a, end] = work.u[a, here]


@kernel
def solve_ends(t: Real, system: System, u: Matrix, work: Work, end_work: EndWork):
    if system.periodic != 0:
        close_ring(system, u)
        return
    T = temperature(t, system)
    set_ends(t, T, system, work.ends)
    solve_end(t, T, 0, system, u, work.ends, end_work)
    solve_end(t, T, 1, system, u, work.ends, end_work)


@kernel
def slope(t: Real, system: System, u: Matrix, work: Work, end_work: EndWork, f: Matrix):
    """f = du/dt in the cells, 0 at the ends, whose values in u are brought up to date first."""
    m, n = u.shape
    solve_ends(t, system, u, work, end_work)
    flat = f.reshape(m * n)
    residual(t, system, u, work, flat)
    for a in range(m):
        f[a, 0] = 0.0
        f[a, n - 1] = 0.0
        for i in range(1, n - 1):
            f[a, i] /= system.mass[a * n + i]


@kernel
def clear_ends(error: Vector, m: Int, n: Int):
    """The ends are solved for, not integrated: they have no error of their own."""
    for a in range(m):
        error[a * n] = 0.0
        error[a * n + n - 1] = 0.0


@kernel
def spectral_radius(t: Real, system: System, u: Matrix, work: Work) -> Real:
    """Gershgorin's bound for the rows of the Jacobian over their volumes."""
    m, n = u.shape
    jacobian(t, system, u, work)
    largest = 0.0
    for i in range(1, n - 1):
        for a in range(m):
            total = 0.0
            for b in range(m):
                k = (i * m + a) * m + b
                total += abs(work.diagonal[k]) + abs(work.lower[k]) + abs(work.upper[k])
            largest = max(largest, total / system.mass[a * n + i])
    return largest


@kernel
def runge_kutta(system: System, method: TwoStage, control: Control, end: Real, u: Matrix, state: Vector) -> Int:
    m, n = u.shape
    work = workspace(m, n, 0)
    end_work = end_workspace(m, system.face.shape[0])
    stage = np.empty((m, n))
    f1 = np.empty((m, n))
    f2 = np.empty((m, n))
    error = np.empty(m * n)
    for _ in range(control.chunk):
        t = state[TIME]
        if t >= end:
            return DONE
        slope(t, system, u, work, end_work, f1)
        radius = RADIUS_MARGIN * spectral_radius(t, system, u, work)
        if state[STEP] == 0.0:
            state[STEP] = first_step(system, work, end - t)
        if control.fixed == 0.0 and radius > 0.0:
            state[STEP] = min(state[STEP], method.limit / radius)
        h = propose(control, state, end)
        if too_small(control, t, h) == 1:
            return STEP_TOO_SMALL
        for a in range(m):
            for i in range(n):
                stage[a, i] = u[a, i] + h * f1[a, i]
        slope(t + h, system, stage, work, end_work, f2)
        for a in range(m):
            for i in range(n):
                error[a * n + i] = h * (method.e1 * f1[a, i] + method.e2 * f2[a, i])
                stage[a, i] = u[a, i] + h * (method.b1 * f1[a, i] + method.b2 * f2[a, i])
        clear_ends(error, m, n)
        solve_ends(t + h, system, stage, work, end_work)
        norm = error_norm(u, stage, error, system.scale, control.rtol)
        allowed = admissible(system, stage, control.overshoot)
        if take(control, state, end, h, norm, method.order + 1.0, allowed) != 0:
            for a in range(m):
                for i in range(n):
                    u[a, i] = stage[a, i]
        else:
            status = rejected(control, state, norm, allowed)
            if status != RUNNING:
                return status
    return DONE if state[TIME] >= end else RUNNING


@kernel
def chebyshev_step(
    t: Real,
    h: Real,
    count: Int,
    system: System,
    work: Work,
    end_work: EndWork,
    u: Matrix,
    f0: Matrix,
    before: Matrix,
    latest: Matrix,
    following: Matrix,
    f: Matrix,
):
    """One step with `count` stages; the new state is left in `latest`."""
    m, n = u.shape
    weights = chebyshev_weights(count)
    for a in range(m):
        for i in range(n):
            before[a, i] = u[a, i]
            latest[a, i] = u[a, i] + weights[1, MU_F] * h * f0[a, i]
    for stage in range(2, count + 1):
        mu, nu, mu_f, nu_f = weights[stage, MU], weights[stage, NU], weights[stage, MU_F], weights[stage, NU_F]
        slope(t + weights[stage, NODE] * h, system, latest, work, end_work, f)
        for a in range(m):
            for i in range(n):
                following[a, i] = (
                    (1.0 - mu - nu) * u[a, i]
                    + mu * latest[a, i]
                    + nu * before[a, i]
                    + h * (mu_f * f[a, i] + nu_f * f0[a, i])
                )
        for a in range(m):
            for i in range(n):
                before[a, i] = latest[a, i]
                latest[a, i] = following[a, i]


@kernel
def chebyshev(system: System, control: Control, end: Real, u: Matrix, state: Vector) -> Int:
    m, n = u.shape
    work = workspace(m, n, 0)
    end_work = end_workspace(m, system.face.shape[0])
    before = np.empty((m, n))
    latest = np.empty((m, n))
    following = np.empty((m, n))
    f0 = np.empty((m, n))
    f = np.empty((m, n))
    error = np.empty(m * n)
    for _ in range(control.chunk):
        t = state[TIME]
        if t >= end:
            return DONE
        slope(t, system, u, work, end_work, f0)
        radius = RADIUS_MARGIN * spectral_radius(t, system, u, work)
        if state[STEP] == 0.0:
            state[STEP] = first_step(system, work, end - t)
        h = propose(control, state, end)
        count = stage_count(h, radius)
        if count > MOST_STAGES and control.fixed == 0.0:
            count = MOST_STAGES
            h = min(h, longest_step(count, radius))
        if too_small(control, t, h) == 1:
            return STEP_TOO_SMALL
        chebyshev_step(t, h, count, system, work, end_work, u, f0, before, latest, following, f)
        slope(t + h, system, latest, work, end_work, f)
        for a in range(m):
            for i in range(n):
                error[a * n + i] = 0.8 * (u[a, i] - latest[a, i]) + 0.4 * h * (f0[a, i] + f[a, i])
        clear_ends(error, m, n)
        norm = error_norm(u, latest, error, system.scale, control.rtol)
        allowed = admissible(system, latest, control.overshoot)
        if take(control, state, end, h, norm, 3.0, allowed) != 0:
            for a in range(m):
                for i in range(n):
                    u[a, i] = latest[a, i]
        else:
            status = rejected(control, state, norm, allowed)
            if status != RUNNING:
                return status
    return DONE if state[TIME] >= end else RUNNING

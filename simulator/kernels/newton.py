"""Newton's method on the rows of a system: consistent algebraic rows, steady states, and steady states in x /
sqrt(t).
"""

import numpy as np

from simulator.kernels.balance import (
    assemble,
    close_ring,
    face_slopes,
    factor_matrix,
    jacobian,
    residual,
    solve_matrix,
)
from simulator.kernels.jit import Int, Matrix, Real, Vector, flux_at, kernel
from simulator.kernels.system import (
    DONE,
    INCONSISTENT,
    NOT_CONVERGED,
    NOT_FINITE,
    POSITION,
    VOLUME,
    System,
    Work,
    admissible,
    set_ends,
    temperature,
    workspace,
)

OVERSHOOT = 1e-9  # of the admissible region, allowed to an iterate
# In x / sqrt(t) the far cells see little but the moving frame, and central differences may swing there by what is left.
SIMILARITY_OVERSHOOT = 1e-3
HALVINGS = 30
# Change of consistent algebraic rows: rounding, and what the first step of an integration still mends.
SETTLED, NEARLY_SETTLED = 1e-13, 1e-6


@kernel
def relative_size(u: Matrix, change: Vector, scale: Vector) -> Real:
    """Largest |change| / (scale + |u|); infinite if anything is not finite."""
    m, n = u.shape
    largest = 0.0
    for a in range(m):
        for i in range(n):
            e = abs(change[a * n + i]) / (scale[a] + abs(u[a, i]))
            if not e < 1e300:
                return np.inf
            largest = max(largest, e)
    return largest


@kernel
def add_admissible(system: System, u: Matrix, change: Vector, trial: Matrix, overshoot: Real) -> Real:
    """u += fraction * change with the largest fraction 1, 1/2, 1/4 ... that stays admissible; returns it, or 0."""
    m, n = u.shape
    fraction = 1.0
    for _ in range(HALVINGS):
        for a in range(m):
            for i in range(n):
                trial[a, i] = u[a, i] + fraction * change[a * n + i]
        if admissible(system, trial, overshoot) == 1:
            for a in range(m):
                for i in range(n):
                    u[a, i] = trial[a, i]
            return fraction
        fraction *= 0.5
    return 0.0


@kernel
def hold(m: Int, n: Int, system: System, work: Work, x: Vector):
    """Rows that have mass become 1 x = 0; only the algebraic ones stay."""
    for a in range(m):
        for i in range(n):
            if system.mass[a * n + i] != 0.0:
                x[a * n + i] = 0.0
                for b in range(m):
                    k = (i * m + a) * m + b
                    work.lower[k] = 0.0
                    work.diagonal[k] = -1.0 if a == b else 0.0
                    work.upper[k] = 0.0


@kernel
def settle(t: Real, system: System, u: Matrix, iterations: Int) -> Int:
    """Solve the algebraic rows by Newton's method, with everything that has mass held fast."""
    m, n = u.shape
    work = workspace(m, n, system.periodic)
    x = np.empty(m * n)
    flat = u.reshape(m * n)
    change = np.inf
    for _ in range(iterations):
        residual(t, system, u, work, x)
        jacobian(t, system, u, work)
        hold(m, n, system, work, x)
        factor_matrix(0.0, m, n, system, work)
        solve_matrix(m, n, system, work, x)
        change = relative_size(u, x, system.scale)
        if not change < 1e300:
            return NOT_FINITE
        for i in range(m * n):
            flat[i] += x[i]
        if change < SETTLED:
            break
    close_ring(system, u)
    return DONE if change < NEARLY_SETTLED else INCONSISTENT


@kernel
def steady(
    t: Real, system: System, u: Matrix, step: Real, longest: Real, tolerance: Real, iterations: Int, counts: Vector
) -> Int:
    """R(u) = 0 by linearly implicit Euler steps that grow tenfold: each keeps every inventory, the last are Newton's.

    longest: of the steps; finite where an inventory that nothing else decides must not drown in rounding. Finished when
    the change stays below `tolerance` over six such steps. counts: iterations, refused steps.
    """
    m, n = u.shape
    work = workspace(m, n, system.periodic)
    trial = np.empty((m, n))
    x = np.empty(m * n)
    calm = 0
    for _ in range(iterations):
        counts[0] += 1.0
        residual(t, system, u, work, x)
        jacobian(t, system, u, work)
        factor_matrix(1.0 / step, m, n, system, work)
        solve_matrix(m, n, system, work, x)
        change = relative_size(u, x, system.scale)
        if change > 1.0 or add_admissible(system, u, x, trial, OVERSHOOT) < 1.0:
            counts[1] += 1.0
            step *= 0.1
            calm = 0
            continue
        calm = calm + 1 if change < tolerance else 0
        if calm > 6:
            close_ring(system, u)
            return DONE
        step = min(10.0 * step, longest)
    return NOT_CONVERGED


@kernel
def similarity_residual(system: System, u: Matrix, work: Work, R: Vector):
    """R of the steady equation in l = x / sqrt(t): 0 = -d/dl [F(u) - l u / 2] - u / 2, the ends as they are."""
    m, n = u.shape
    T = temperature(0.0, system)
    set_ends(0.0, T, system, work.ends)
    flux = flux_at(system.flux)
    flux(0.0, T, u, system.face, system.parameters, work.flux)
    F, position, point = work.flux, system.face[POSITION], system.cell[POSITION]
    for a in range(m):
        for f in range(n - 1):
            right = (position[f] - point[f]) / (point[f + 1] - point[f])
            F[a, f] -= 0.5 * position[f] * ((1.0 - right) * u[a, f] + right * u[a, f + 1])
        o = a * n
        R[o] = work.ends[a, 0] - u[a, 0]
        R[o + n - 1] = work.ends[a, 3] - u[a, n - 1]
        for i in range(1, n - 1):
            R[o + i] = F[a, i - 1] - F[a, i] - 0.5 * system.cell[VOLUME, i] * u[a, i]


@kernel
def similarity_jacobian(system: System, u: Matrix, work: Work):
    m, n = u.shape
    T = temperature(0.0, system)
    face_slopes(0.0, T, system, u, work)
    position, point = system.face[POSITION], system.cell[POSITION]
    for a in range(m):
        for f in range(n - 1):
            right = (position[f] - point[f]) / (point[f + 1] - point[f])
            work.left[a, a, f] -= 0.5 * position[f] * (1.0 - right)
            work.right[a, a, f] -= 0.5 * position[f] * right
    assemble(m, n, work)
    for a in range(m):
        for i in range(1, n - 1):
            work.diagonal[(i * m + a) * m + a] -= 0.5 * system.cell[VOLUME, i]


@kernel
def similarity(system: System, u: Matrix, tolerance: Real, iterations: Int, counts: Vector) -> Int:
    """u(x / sqrt t) of a couple with fixed far ends: damped Newton on the same finite volumes, no time.

    The grid is one in l (system.face, system.cell), the ends fixed (c, 1, 0). counts: iterations, shortened steps.
    A step that changes u by more than a third of its size is shortened, and so is one that leaves the simplex.
    """
    m, n = u.shape
    work = workspace(m, n, 0)
    trial = np.empty((m, n))
    x = np.empty(m * n)
    for _ in range(iterations):
        counts[0] += 1.0
        similarity_residual(system, u, work, x)
        similarity_jacobian(system, u, work)
        factor_matrix(0.0, m, n, system, work)
        solve_matrix(m, n, system, work, x)
        change = relative_size(u, x, system.scale)
        if not change < 1e300:
            return NOT_FINITE
        if change > 0.3:
            for i in range(m * n):
                x[i] *= 0.3 / change
        fraction = add_admissible(system, u, x, trial, SIMILARITY_OVERSHOOT)
        if fraction == 0.0:
            return NOT_CONVERGED
        if fraction < 1.0 or change > 0.3:
            counts[1] += 1.0
        elif change < tolerance:
            return DONE
    return NOT_CONVERGED

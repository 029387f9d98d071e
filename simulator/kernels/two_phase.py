"""Two phases with a sharp interface between them in local equilibrium: flows in cells that stretch with their phase.

Alpha fills [a, s], beta [s, b]; every cell keeps its share of its phase (front fixing). Unknowns of cell i:

    u_0 = q   amount, x times the stretch of the phase: (s - a)/(s_0 - a) in alpha, (b - s)/(b - s_0) in beta
    u_1 = s   the interface, (s - a)/(b - a), a copy in every cell: ds/dt = p
    u_2 = p   its speed: p_i = p_(i+1) from cell to cell, and at the interface (x_b - x_a) p = J_b - J_a

so that the sum of q over the cells' volumes at the start is the inventory. Through a face that moves with speed w,
F_q = -E grad x - w x, E the mean D of `conduction`. The faces given to these kernels are those of the start.
"""

import numpy as np

from simulator.kernels.jit import Cube, Int, Matrix, Real, Vector, kernel
from simulator.kernels.program import evaluate_to
from simulator.kernels.system import CONDUCTANCE, POSITION

AMOUNT, PLACE, SPEED = 0, 1, 2  # the unknowns of a cell
# parameters: number of the interface's face; places of the programs for both compositions at the interface, for D of
# alpha and of beta; then the programs
FACE, LIMITS, PHASES, HEAD = 0, 1, 2, 4
NODES = (0.2113248654051871, 0.7886751345948129)  # two Gauss points: 1/2 -+ 1/sqrt 12


@kernel
def damped(D: Real, a: Real, by: Vector) -> Real:
    """(D^4 + a^4)^(1/4): D (1 + O(a/D)^4), and never less than a; by: its derivatives by D and by a."""
    E = np.sqrt(np.sqrt(D * D * D * D + a * a * a * a))
    by[0] = (D / E) ** 3 if E > 0.0 else 1.0
    by[1] = (a / E) ** 3 if E > 0.0 else 0.0
    return E


@kernel
def conduction(
    t: Real,
    T: Real,
    x: Vector,
    g: Vector,
    w: Vector,
    share: Vector,
    parameters: Vector,
    place: Int,
    order: Int,
    J: Matrix,
) -> None:
    """J_j = -E (x_(j+1) - x_j) g_j into row 0 of J; for order 1 its derivatives by x_j, x_(j+1), w and log g follow.

    E is D, the two-point Gauss mean, but not less than keeps J - w x, x = (1 - share) x_j + share x_(j+1) at the face,
    from swinging: a = w (1 - share) / g or -w share / g.
    """
    count = g.size
    middle = np.empty((1, 2 * count))
    unused = np.zeros(2 * count)
    D = np.empty((1, 2 * count))
    slope = np.empty((1, order, 2 * count))
    by = np.empty(2)
    for q in range(2):
        for j in range(count):
            middle[0, q * count + j] = (1.0 - NODES[q]) * x[j] + NODES[q] * x[j + 1]
    evaluate_to(parameters, place, middle, unused, t, T, order, D, slope)
    for j in range(count):
        rise = x[j + 1] - x[j]
        reach = (1.0 - share[j] if w[j] > 0.0 else -share[j]) / g[j]
        a = reach * w[j]
        E = damped(0.5 * (D[0, j] + D[0, count + j]), a, by)
        J[0, j] = -E * rise * g[j]
        if order == 1:
            first, second = 0.5 * by[0] * slope[0, 0, j], 0.5 * by[0] * slope[0, 0, count + j]
            J[1, j] = g[j] * (E - rise * ((1.0 - NODES[0]) * first + (1.0 - NODES[1]) * second))
            J[2, j] = -g[j] * (E + rise * (NODES[0] * first + NODES[1] * second))
            J[3, j] = -rise * g[j] * by[1] * reach
            J[4, j] = -rise * g[j] * (E - a * by[1])


@kernel
def interface_compositions(t: Real, T: Real, parameters: Vector, limits: Matrix) -> None:
    """limits (2, 1): of alpha and of beta."""
    evaluate_to(
        parameters, int(parameters[LIMITS]), np.zeros((1, 1)), np.zeros(1), t, T, 0, limits, np.empty((0, 0, 0))
    )


@kernel
def right_share(face: Matrix, f: Int) -> Real:
    """Weight of the right cell in the straight line through two cells, at the face between them."""
    left = face[POSITION, f] - face[POSITION, f - 1]
    return left / (left + face[POSITION, f + 1] - face[POSITION, f])


@kernel
def alpha_chain(u: Matrix, face: Matrix, k: Int, limit: Real, x: Vector, g: Vector, w: Vector, share: Vector) -> None:
    """Compositions of the k cells of alpha and at the interface, the conductances between them; of the faces the speed
    and the share of the right value.
    """
    a, s = face[POSITION, 0], face[POSITION, k]
    span = face[POSITION, face.shape[1] - 1] - a
    start = (s - a) / span
    for f in range(1, k + 1):
        cell = f + 1 if f < k else f  # whose copies of s and p serve
        x[f - 1] = u[AMOUNT, f] * start / u[PLACE, f]
        half = 2.0 / (s - face[POSITION, k - 1])
        g[f - 1] = (face[CONDUCTANCE, f] if f < k else half) * start / u[PLACE, cell]
        w[f - 1] = (face[POSITION, f] - a) / start * u[SPEED, cell]
        share[f - 1] = right_share(face, f) if f < k else 1.0
    x[k] = limit


@kernel
def beta_chain(u: Matrix, face: Matrix, k: Int, limit: Real, x: Vector, g: Vector, w: Vector, share: Vector) -> None:
    """Composition at the interface and those of the cells of beta, and the same between them."""
    b, s = face[POSITION, face.shape[1] - 1], face[POSITION, k]
    span = b - face[POSITION, 0]
    rest = (b - s) / span
    x[0] = limit
    for f in range(k, u.shape[1] - 2):
        cell = f if f > k else f + 1
        x[f - k + 1] = u[AMOUNT, f + 1] * rest / (1.0 - u[PLACE, f + 1])
        half = 2.0 / (face[POSITION, k + 1] - s)
        g[f - k] = (face[CONDUCTANCE, f] if f > k else half) * rest / (1.0 - u[PLACE, cell])
        w[f - k] = (b - face[POSITION, f]) / rest * u[SPEED, cell]
        share[f - k] = right_share(face, f) if f > k else 0.0


@kernel
def two_phase_flux(t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, F: Matrix) -> None:
    """F_q as above, and none through the ends; F_s = 0; F_p hands p from cell to cell, see the rows above."""
    cells, k = u.shape[1] - 2, int(parameters[FACE])
    span = face[POSITION, cells] - face[POSITION, 0]
    limits = np.empty((2, 1))
    interface_compositions(t, T, parameters, limits)
    xa, xb = limits[0, 0], limits[1, 0]
    x, g, w, share, J = np.empty(k + 1), np.empty(k), np.empty(k), np.empty(k), np.empty((1, k))
    alpha_chain(u, face, k, xa, x, g, w, share)
    conduction(t, T, x, g, w, share, parameters, int(parameters[PHASES]), 0, J)
    for j in range(k - 1):
        F[AMOUNT, j + 1] = J[0, j] - w[j] * ((1.0 - share[j]) * x[j] + share[j] * x[j + 1])
    Ja = J[0, k - 1]
    n = cells - k
    x, g, w, share, J = np.empty(n + 1), np.empty(n), np.empty(n), np.empty(n), np.empty((1, n))
    beta_chain(u, face, k, xb, x, g, w, share)
    conduction(t, T, x, g, w, share, parameters, int(parameters[PHASES + 1]), 0, J)
    for j in range(1, n):
        F[AMOUNT, k + j] = J[0, j] - w[j] * ((1.0 - share[j]) * x[j] + share[j] * x[j + 1])
    Jb = J[0, 0]
    F[AMOUNT, 0] = 0.0
    F[AMOUNT, cells] = 0.0
    F[AMOUNT, k] = (Ja * xb - Jb * xa) / (xb - xa)  # J - x ds/dt, the same on both sides
    for f in range(cells + 1):
        F[PLACE, f] = 0.0
        F[SPEED, f] = u[SPEED, f + 1] if f < k else u[SPEED, f]
    F[SPEED, k] = (Jb - Ja) / ((xb - xa) * span)


@kernel
def two_phase_flux_slopes(t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, L: Cube, R: Cube) -> None:
    """Derivatives of `two_phase_flux`. x = q c / s and g = c' / s: dx/ds = -x / s, and with 1 - s in beta."""
    cells, k = u.shape[1] - 2, int(parameters[FACE])
    a, b = face[POSITION, 0], face[POSITION, cells]
    span = b - a
    start = (face[POSITION, k] - a) / span
    rest = 1.0 - start
    limits = np.empty((2, 1))
    interface_compositions(t, T, parameters, limits)
    xa, xb = limits[0, 0], limits[1, 0]
    for c in range(3):
        for d in range(3):
            for f in range(cells + 1):
                L[c, d, f] = 0.0
                R[c, d, f] = 0.0
    for f in range(cells + 1):
        if f < k:
            R[SPEED, SPEED, f] = 1.0
        elif f > k:
            L[SPEED, SPEED, f] = 1.0
    x, g, w, share, J = np.empty(k + 1), np.empty(k), np.empty(k), np.empty(k), np.empty((5, k))
    alpha_chain(u, face, k, xa, x, g, w, share)
    conduction(t, T, x, g, w, share, parameters, int(parameters[PHASES]), 1, J)
    for j in range(k - 1):
        f = j + 1
        left, right = u[PLACE, f], u[PLACE, f + 1]
        by_left, by_right = J[1, j] - w[j] * (1.0 - share[j]), J[2, j] - w[j] * share[j]
        passing = (1.0 - share[j]) * x[j] + share[j] * x[j + 1]
        L[AMOUNT, AMOUNT, f] = by_left * start / left
        R[AMOUNT, AMOUNT, f] = by_right * start / right
        L[AMOUNT, PLACE, f] = -by_left * x[j] / left
        R[AMOUNT, PLACE, f] = -(by_right * x[j + 1] + J[4, j]) / right
        R[AMOUNT, SPEED, f] = (face[POSITION, f] - a) / start * (J[3, j] - passing)
    gap = xb - xa
    for d in range(3):  # what the flux of alpha into the interface changes with
        value = J[1, k - 1]
        if d == AMOUNT:
            value *= start / u[PLACE, k]
        elif d == PLACE:
            value = -(value * x[k - 1] + J[4, k - 1]) / u[PLACE, k]
        else:
            value = span * J[3, k - 1]
        L[AMOUNT, d, k] = value * xb / gap
        L[SPEED, d, k] = -value / (gap * span)
    n = cells - k
    x, g, w, share, J = np.empty(n + 1), np.empty(n), np.empty(n), np.empty(n), np.empty((5, n))
    beta_chain(u, face, k, xb, x, g, w, share)
    conduction(t, T, x, g, w, share, parameters, int(parameters[PHASES + 1]), 1, J)
    for j in range(1, n):
        f = k + j
        left, right = 1.0 - u[PLACE, f], 1.0 - u[PLACE, f + 1]
        by_left, by_right = J[1, j] - w[j] * (1.0 - share[j]), J[2, j] - w[j] * share[j]
        passing = (1.0 - share[j]) * x[j] + share[j] * x[j + 1]
        L[AMOUNT, AMOUNT, f] = by_left * rest / left
        R[AMOUNT, AMOUNT, f] = by_right * rest / right
        L[AMOUNT, PLACE, f] = (by_left * x[j] + J[4, j]) / left
        R[AMOUNT, PLACE, f] = by_right * x[j + 1] / right
        L[AMOUNT, SPEED, f] = (b - face[POSITION, f]) / rest * (J[3, j] - passing)
    for d in range(3):
        value = J[2, 0]
        if d == AMOUNT:
            value *= rest / (1.0 - u[PLACE, k + 1])
        elif d == PLACE:
            value = (value * x[1] + J[4, 0]) / (1.0 - u[PLACE, k + 1])
        else:
            value = span * J[3, 0]
        R[AMOUNT, d, k] = -value * xa / gap
        R[SPEED, d, k] = value / (gap * span)


@kernel
def two_phase_source(t: Real, T: Real, u: Matrix, cell: Matrix, parameters: Vector, S: Matrix) -> None:
    """ds/dt = p."""
    for i in range(u.shape[1]):
        S[AMOUNT, i] = 0.0
        S[PLACE, i] = u[SPEED, i]
        S[SPEED, i] = 0.0

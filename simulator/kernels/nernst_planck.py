"""Ions in the field that they and the electrodes make: Scharfetter-Gummel fluxes under three closures.

    F_k = D_k g [B(s) c_k[i] - B(-s) c_k[i+1]],   s = z_k (phi[i+1] - phi[i]) + ln gamma_k[i+1] - ln gamma_k[i]
    B(s) = s / (exp s - 1),   phi in RT/F

is the flux of the Nernst-Planck equation between two points if the field is constant there. Unknowns of a point, the
potential last:

    FIELD    c_1 .. c_n, phi    F_phi = -g (phi[i+1] - phi[i]),                0 = -div F_phi
    POISSON  c_1 .. c_n, phi    F_phi = -p g (phi[i+1] - phi[i]),              0 = -div F_phi + sum z c + q
    NEUTRAL  c_1 .. c_n-1, phi  F_phi = sum_k z_k F_k over all n,              0 = -div F_phi
             c_n = -(sum_k<n z_k c_k + q) / z_n

p = eps RT/F^2 in mol/m; q the fixed charge in mol/m^3 of elementary charges, a function of the position. Activity
coefficients are Davies' or 1: ln gamma_k = z_k^2 G(I), G = -A (sqrt I/(1 + sqrt I) - 0.3 I), I the ionic strength in
mol/L, A = 0 for ideal solutions.
"""

import numpy as np

from simulator.kernels.jit import Cube, Int, Matrix, Real, Vector, evaluate_at, kernel
from simulator.kernels.system import CONDUCTANCE, POSITION, VOLUME

FIELD, POISSON, NEUTRAL = 0, 1, 2
# parameters: closure; number of ions; Davies' A ln 10, and the unit of concentrations in mol/L; address of
# `evaluate_to`; places of the programs of transport (D of every ion, then p; of x, t, T) and of the fixed charge (of x,
# t, T), 0 where there is none; then the charges z, the constants D and p, and the programs
CLOSURE, IONS, DAVIES, MOLAR, EVALUATE, TRANSPORT, CHARGE, HEAD = 0, 1, 2, 3, 4, 5, 6, 7
NEAR = 1e-3  # below which B is a series: the next term is s^6/30240
NEAR_SLOPE = 1e-2
SMALLEST_STRENGTH = 1e-12  # mol/L


@kernel
def bernoulli(s: Real) -> Real:
    """B(s) = s / (exp s - 1)."""
    if abs(s) < NEAR:
        return 1.0 - 0.5 * s + s * s / 12.0 - s * s * s * s / 720.0
    return s / np.expm1(s)


@kernel
def bernoulli_slope(s: Real, B: Real) -> Real:
    """dB/ds = B (1 - B - s)/s, from B(s)."""
    if abs(s) < NEAR_SLOPE:
        return -0.5 + s / 6.0 - s * s * s / 180.0 + s * s * s * s * s / 5040.0
    return B * (1.0 - B - s) / s


@kernel
def davies(A: Real, strength: Real) -> Real:
    """G of the ionic strength in mol/L: ln gamma = z^2 G."""
    root = np.sqrt(max(strength, 0.0))
    return -A * (root / (1.0 + root) - 0.3 * strength)


@kernel
def davies_slope(A: Real, strength: Real) -> Real:
    """dG/dI."""
    root = np.sqrt(max(strength, SMALLEST_STRENGTH))
    return -A * (0.5 / (root * (1.0 + root) * (1.0 + root)) - 0.3)


@kernel
def concentrations(t: Real, T: Real, u: Matrix, position: Vector, parameters: Vector, c: Matrix) -> None:
    """c (n, points) of all ions, the last one by neutrality where it has no row. position: of the points, m."""
    n = int(parameters[IONS])
    for i in range(c.shape[1]):
        for k in range(n if int(parameters[CLOSURE]) != NEUTRAL else n - 1):
            c[k, i] = u[k, i]
    if int(parameters[CLOSURE]) == NEUTRAL:
        q = np.zeros((1, c.shape[1]))
        fixed_charge(t, T, position, parameters, q)
        last = parameters[HEAD + n - 1]
        for i in range(c.shape[1]):
            total = q[0, i]
            for k in range(n - 1):
                total += parameters[HEAD + k] * u[k, i]
            c[n - 1, i] = -total / last


@kernel
def fixed_charge(t: Real, T: Real, position: Vector, parameters: Vector, q: Matrix) -> None:
    """q (1, points), mol/m^3 of elementary charges; left as it is where there is none."""
    place = int(parameters[CHARGE])
    if place != 0:
        evaluate = evaluate_at(int(parameters[EVALUATE]))
        evaluate(parameters, place, np.zeros((1, position.size)), position, t, T, 0, q, np.empty((0, 0, 0)))


@kernel
def point_positions(face: Matrix, x: Vector) -> None:
    """Of the ends and the middles of the cells, from those of the faces."""
    last = x.size - 1
    x[0] = face[POSITION, 0]
    x[last] = face[POSITION, last - 1]
    for i in range(1, last):
        x[i] = 0.5 * (face[POSITION, i - 1] + face[POSITION, i])


@kernel
def transport(t: Real, T: Real, face: Matrix, parameters: Vector, D: Matrix) -> Int:
    """D of the ions and p, rows of (n + 1, faces); returns how many columns: 1 if they are uniform."""
    n, place = int(parameters[IONS]), int(parameters[TRANSPORT])
    if place == 0:
        for k in range(n + 1):
            D[k, 0] = parameters[HEAD + n + k]
        return 1
    evaluate = evaluate_at(int(parameters[EVALUATE]))
    faces = D.shape[1]
    evaluate(parameters, place, np.zeros((1, faces)), face[POSITION, :faces].copy(), t, T, 0, D, np.empty((0, 0, 0)))
    return faces


@kernel
def strengths(c: Matrix, parameters: Vector, G: Vector, slope: Vector) -> None:
    """G and dG/dI of every point; zeros for ideal solutions."""
    n, A = int(parameters[IONS]), parameters[DAVIES]
    for i in range(c.shape[1]):
        G[i] = 0.0
        slope[i] = 0.0
        if A != 0.0:
            total = 0.0
            for k in range(n):
                total += 0.5 * parameters[HEAD + k] * parameters[HEAD + k] * c[k, i]
            G[i] = davies(A, total * parameters[MOLAR])
            slope[i] = davies_slope(A, total * parameters[MOLAR]) * parameters[MOLAR]


@kernel
def drift(u: Matrix, G: Vector, z: Real, before: Real, ideal: Int, s: Vector, B: Vector) -> None:
    """s and B(s) of every face for an ion of charge z, from those of one of charge `before`, nan if there is none.

    B(-s) = B(s) + s: opposite charges in an ideal solution share one exponential, equal ones all.
    """
    potential = u.shape[0] - 1
    if ideal == 1 and z == before:
        return
    if ideal == 1 and z == -before:
        for i in range(s.size):
            B[i] += s[i]
            s[i] = -s[i]
        return
    if ideal == 1:
        for i in range(s.size):
            s[i] = z * (u[potential, i + 1] - u[potential, i])
    else:
        for i in range(s.size):
            s[i] = z * (u[potential, i + 1] - u[potential, i]) + z * z * (G[i + 1] - G[i])
    for i in range(s.size):
        B[i] = bernoulli(s[i])


@kernel
def ion_flux(t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, F: Matrix) -> None:
    """Flows of the rows' ions in mol/s, and of the potential's row."""
    n, closure, points = int(parameters[IONS]), int(parameters[CLOSURE]), u.shape[1]
    faces, potential = points - 1, u.shape[0] - 1
    x = np.empty(points)
    point_positions(face, x)
    c = np.empty((n, points))
    concentrations(t, T, u, x, parameters, c)
    G, unused = np.empty(points), np.empty(points)
    strengths(c, parameters, G, unused)
    D = np.empty((n + 1, faces if int(parameters[TRANSPORT]) != 0 else 1))
    columns = transport(t, T, face, parameters, D)
    for i in range(faces):
        F[potential, i] = 0.0
    if closure != NEUTRAL:
        for i in range(faces):
            p = D[n, i if columns > 1 else 0]
            F[potential, i] = -p * (u[potential, i + 1] - u[potential, i]) * face[CONDUCTANCE, i]
    s, B, flow, before = np.empty(faces), np.empty(faces), np.empty(faces), np.nan
    for k in range(n):
        z = parameters[HEAD + k]
        drift(u, G, z, before, 1 if parameters[DAVIES] == 0.0 else 0, s, B)
        before = z
        if columns == 1:
            for i in range(faces):
                flow[i] = D[k, 0] * face[CONDUCTANCE, i] * (B[i] * c[k, i] - (B[i] + s[i]) * c[k, i + 1])
        else:
            for i in range(faces):
                flow[i] = D[k, i] * face[CONDUCTANCE, i] * (B[i] * c[k, i] - (B[i] + s[i]) * c[k, i + 1])
        if closure != NEUTRAL or k < n - 1:
            for i in range(faces):
                F[k, i] = flow[i]
        if closure == NEUTRAL:
            for i in range(faces):
                F[potential, i] += z * flow[i]


@kernel
def ion_flux_slopes(t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, L: Cube, R: Cube) -> None:
    """Derivatives of `ion_flux` by the unknowns on the left and on the right of each face."""
    n, closure, points = int(parameters[IONS]), int(parameters[CLOSURE]), u.shape[1]
    m, faces, potential = u.shape[0], points - 1, u.shape[0] - 1
    x = np.empty(points)
    point_positions(face, x)
    c = np.empty((n, points))
    concentrations(t, T, u, x, parameters, c)
    G, slope = np.empty(points), np.empty(points)
    strengths(c, parameters, G, slope)
    D = np.empty((n + 1, faces if int(parameters[TRANSPORT]) != 0 else 1))
    columns = transport(t, T, face, parameters, D)
    for a in range(m):
        for b in range(m):
            for i in range(faces):
                L[a, b, i] = 0.0
                R[a, b, i] = 0.0
    if closure != NEUTRAL:
        for i in range(faces):
            p = D[n, i if columns > 1 else 0] * face[CONDUCTANCE, i]
            L[potential, potential, i] = p
            R[potential, potential, i] = -p
    last = parameters[HEAD + n - 1]
    all_s, all_B, before = np.empty(faces), np.empty(faces), np.nan
    for k in range(n):
        z = parameters[HEAD + k]
        drift(u, G, z, before, 1 if parameters[DAVIES] == 0.0 else 0, all_s, all_B)
        before = z
        for i in range(faces):
            s, B = all_s[i], all_B[i]
            g = D[k, i if columns > 1 else 0] * face[CONDUCTANCE, i]
            dB = bernoulli_slope(s, B)
            by_s = z * g * (dB * c[k, i] - (dB + 1.0) * c[k, i + 1])
            if closure != NEUTRAL or k < n - 1:
                L[k, k, i] += g * B
                R[k, k, i] -= g * (B + s)
                L[k, potential, i] -= by_s
                R[k, potential, i] += by_s
            if closure == NEUTRAL:
                L[potential, potential, i] -= z * by_s
                R[potential, potential, i] += z * by_s
                if k < n - 1:
                    L[potential, k, i] += z * g * B
                    R[potential, k, i] -= z * g * (B + s)
                else:
                    for b in range(n - 1):
                        share = -parameters[HEAD + b] / last * z
                        L[potential, b, i] += share * g * B
                        R[potential, b, i] -= share * g * (B + s)
            if parameters[DAVIES] != 0.0:
                for b in range(potential):
                    w = parameters[HEAD + b]
                    weight = 0.5 * (w * w - (w * last if closure == NEUTRAL else 0.0)) * z * by_s
                    if closure != NEUTRAL or k < n - 1:
                        L[k, b, i] -= weight * slope[i]
                        R[k, b, i] += weight * slope[i + 1]
                    if closure == NEUTRAL:
                        L[potential, b, i] -= z * weight * slope[i]
                        R[potential, b, i] += z * weight * slope[i + 1]


@kernel
def charge_source(t: Real, T: Real, u: Matrix, cell: Matrix, parameters: Vector, S: Matrix) -> None:
    """The charge of a point in the row of the potential, under Poisson's closure."""
    n, potential = int(parameters[IONS]), u.shape[0] - 1
    q = np.zeros((1, u.shape[1]))
    fixed_charge(t, T, cell[POSITION], parameters, q)
    for i in range(u.shape[1]):
        total = q[0, i]
        for k in range(n):
            S[k, i] = 0.0
            total += parameters[HEAD + k] * u[k, i]
        S[potential, i] = total


@kernel
def charge_source_slopes(
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
    """Add V dS/du of `charge_source`, the charges of the ions, to the diagonal blocks."""
    n, (m, points) = int(parameters[IONS]), u.shape
    for i in range(1, points - 1):
        row = (i * m + m - 1) * m
        for k in range(n):
            diagonal[row + k] += cell[VOLUME, i] * parameters[HEAD + k]

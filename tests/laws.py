"""Laws that only the tests know: what the engine must carry besides Fick's, as flux, slopes and source on plain
arrays.
"""

import numpy as np

from simulator.kernels.jit import Matrix, Real, Vector, kernel
from simulator.laws.law import Equations
from simulator.laws.mixture import Mixture


@kernel
def matrix_flux(t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, F: Matrix):
    """F_a = -sum_b D_ab (1 + s (u_1 + .. + u_m)) grad u_b: parameters are D row by row, then s."""
    m, n = u.shape
    for a in range(m):
        for i in range(n - 1):
            total = 0.0
            for b in range(m):
                total += 0.5 * (u[b, i] + u[b, i + 1])
            value = 0.0
            for b in range(m):
                value -= parameters[a * m + b] * (u[b, i + 1] - u[b, i])
            F[a, i] = value * (1.0 + parameters[m * m] * total) * face[0, i]


@kernel
def growing_flux(t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, F: Matrix):
    """D = 1 + 0.5 sin(3 t) for every unknown."""
    m, n = u.shape
    for a in range(m):
        for i in range(n - 1):
            F[a, i] = -(1.0 + 0.5 * np.sin(3.0 * t)) * (u[a, i + 1] - u[a, i]) * face[0, i]


@kernel
def bernoulli(s: Real) -> Real:
    """s / (exp(s) - 1)."""
    if abs(s) < 1e-3:
        return 1.0 - 0.5 * s + s * s / 12.0
    return s / np.expm1(s)


@kernel
def ions_flux(t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, F: Matrix):
    """Two ions, z = 1 and -1, D = 1, by Scharfetter and Gummel, and the potential with its permittivity
    (parameters[0]).
    """
    for i in range(u.shape[1] - 1):
        s = u[2, i + 1] - u[2, i]
        forward, back = bernoulli(s), bernoulli(-s)
        F[0, i] = (forward * u[0, i] - back * u[0, i + 1]) * face[0, i]
        F[1, i] = (back * u[1, i] - forward * u[1, i + 1]) * face[0, i]
        F[2, i] = -parameters[0] * s * face[0, i]


@kernel
def ions_charge(t: Real, T: Real, u: Matrix, cell: Matrix, parameters: Vector, S: Matrix):
    for i in range(u.shape[1]):
        S[0, i] = 0.0
        S[1, i] = 0.0
        S[2, i] = 0.5 * (u[0, i] - u[1, i])


@kernel
def cahn_hilliard_flux(t: Real, T: Real, u: Matrix, face: Matrix, parameters: Vector, F: Matrix):
    """u = (x, lap x): J = -(1 - 2 w x (1-x)) grad x + x (1-x) K grad lap x; the second row's flux is -grad x."""
    for i in range(u.shape[1] - 1):
        x = 0.5 * (u[0, i] + u[0, i + 1])
        rise = u[0, i + 1] - u[0, i]
        product = x * (1.0 - x)
        drive = (1.0 - 2.0 * parameters[0] * product) * rise - product * parameters[1] * (u[1, i + 1] - u[1, i])
        F[0, i] = -drive * face[0, i]
        F[1, i] = -rise * face[0, i]


@kernel
def cahn_hilliard_row(t: Real, T: Real, u: Matrix, cell: Matrix, parameters: Vector, S: Matrix):
    for i in range(u.shape[1]):
        S[0, i] = 0.0
        S[1, i] = -u[1, i]


def matrix_equations(D: np.ndarray, slope: float = 0.0) -> Equations:
    m = len(D)
    names = tuple(f"u{k}" for k in range(m))
    bounds = Mixture(tuple("ABCDEFGHI"[: m + 1])).bounds
    return Equations(names, matrix_flux, np.append(np.ravel(D), slope), bounds=bounds)


def ions_equations(permittivity: float) -> Equations:
    bounds = np.zeros((2, 4))
    bounds[0, 0] = bounds[1, 1] = 1.0
    return Equations(
        ("cation", "anion", "potential"),
        ions_flux,
        np.array([permittivity]),
        source=ions_charge,
        mass=(1, 1, 0),
        bounds=bounds,
    )


def cahn_hilliard_equations(w: float, K: float) -> Equations:
    bounds = np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 1.0]])
    parameters = np.array([w, K])
    return Equations(
        ("x", "lap x"), cahn_hilliard_flux, parameters, source=cahn_hilliard_row, mass=(1, 0), bounds=bounds
    )

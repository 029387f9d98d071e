"""The engine's own semi-discrete system, given to general integrators: right-hand side, SciPy, and FiPy beside it."""

import os
from collections.abc import Callable

import numpy as np

from simulator.kernels.jit import Vector, flux_at, kernel
from simulator.kernels.system import VOLUME, System

# entries of the data before the arrays: size of the data, address of the flux, m, N, number of parameters, temperature
HEAD = 6


@kernel
def closed_slopes(data: Vector, y: Vector, slope: Vector) -> None:
    """slope = du/dt of N cells between closed ends, V_i du_i/dt = F_(i-1) - F_i, with the flux kernel of the law.

    y, slope (N m): cell by cell, so that the Jacobian is banded; data: see `ClosedSystem`.
    """
    m, n, count = int(data[2]), int(data[3]), int(data[4])
    at = HEAD
    face = data[at : at + 2 * (n - 1)].reshape((2, n - 1))
    at += 2 * (n - 1)
    volume = data[at : at + n]
    at += n
    parameters = data[at : at + count]
    at += count
    u = data[at : at + m * n].reshape((m, n))
    at += m * n
    F = data[at : at + m * (n - 1)].reshape((m, n - 1))
    if m == 1:
        u = y.reshape((1, n))
    else:
        for i in range(n):
            for a in range(m):
                u[a, i] = y[i * m + a]
    flux = flux_at(int(data[1]))
    flux(0.0, data[5], u, face, parameters, F)
    for a in range(m):
        slope[a] = -F[a, 0] / volume[0]
        slope[(n - 1) * m + a] = F[a, n - 2] / volume[n - 1]
    for i in range(1, n - 1):
        inverse = 1.0 / volume[i]
        for a in range(m):
            slope[i * m + a] = (F[a, i - 1] - F[a, i]) * inverse


class ClosedSystem:
    """A system of the engine without its ends: N cells, no flux through the outer faces.

    The faces, volumes, parameters and the compiled flux are those of the system itself; at closed ends the engine's end
    points only repeat their neighbours. data: HEAD numbers, conductances and positions of the inner faces, volumes,
    parameters, room for u and F: all in one vector, so that a C library can hand it through as one pointer. kernel: of
    its slopes.
    """

    kernel = closed_slopes

    def __init__(self, system: System):
        closed = np.all(system.ends[:, [0, 1, 3, 4]] == 0.0) and not system.periodic
        if not closed or system.source or system.added or not system.autonomous:
            raise ValueError("expected closed ends, no source, and coefficients of the composition alone")
        self.m = system.ends.shape[0]
        self.cells = system.cell.shape[1] - 2
        m, n = self.m, self.cells
        arrays = (system.face[:, 1:-1].ravel(), system.cell[VOLUME, 1:-1], system.parameters, np.zeros(m * (2 * n - 1)))
        size = HEAD + sum(array.size for array in arrays)
        head = np.array([size, system.flux, m, n, system.parameters.size, system.temperature[0]], float)
        self.data = np.concatenate((head, *arrays))
        self.band = 2 * m - 1

    def flat(self, u: np.ndarray) -> np.ndarray:
        """(N m) cell by cell from the engine's (m, N + 2)."""
        return np.ascontiguousarray(u[:, 1:-1].T).ravel()

    def fractions(self, y: np.ndarray) -> np.ndarray:
        """(m, N) from (N m)."""
        return y.reshape(self.cells, self.m).T

    def slopes(self, y: np.ndarray) -> np.ndarray:
        """du/dt (N m)."""
        slope = np.empty(y.size)
        closed_slopes(self.data, np.ascontiguousarray(y), slope)
        return slope


def scipy_run(system: ClosedSystem, y0: np.ndarray, method: str, rtol: float, end: float) -> np.ndarray:
    """y at `end` by LSODA or BDF of SciPy, told that the Jacobian is banded; absolute tolerance = rtol."""
    from scipy.integrate import solve_ivp
    from scipy.sparse import diags_array

    band = system.band
    if method == "LSODA":
        options = {"lband": band, "uband": band}
    else:
        offsets = range(-band, band + 1)
        options = {"jac_sparsity": diags_array([1.0] * len(offsets), offsets=offsets, shape=(y0.size, y0.size))}
    # its dispatcher, not the kernel object: the least Python in the loop
    compiled, data = closed_slopes.entry, system.data

    def slopes(t, y):
        slope = np.empty(y.size)
        compiled(data, np.ascontiguousarray(y), slope)
        return slope

    answer = solve_ivp(slopes, (0.0, end), y0, method=method, rtol=rtol, atol=rtol, t_eval=[end], **options)
    if not answer.success:
        raise RuntimeError(f"SciPy's {method} at rtol = {rtol:g}: {answer.message}")
    return answer.y[:, -1]


def fipy_couple(faces: np.ndarray, start: np.ndarray, steepness: float) -> Callable[[int, int], np.ndarray]:
    """run(steps, sweeps) -> u (N,) at t = 1 of du/dt = d/dx (exp(steepness u) du/dx) by FiPy, on the given faces.

    FiPy's time step is backward Euler; its steps are made to grow as the couple slows down, t_k = (k / steps)^2.
    Raises ImportError without FiPy.
    """
    os.environ.setdefault("FIPY_SOLVERS", "scipy")
    import fipy

    mesh = fipy.Grid1D(dx=np.diff(faces))
    u = fipy.CellVariable(mesh=mesh, hasOld=True, value=start)
    equation = fipy.TransientTerm() == fipy.DiffusionTerm(coeff=fipy.numerix.exp(steepness * u.faceValue))

    def run(steps: int, sweeps: int) -> np.ndarray:
        u.setValue(start)
        for dt in np.diff(np.linspace(0.0, 1.0, steps + 1) ** 2):
            u.updateOld()
            for _ in range(sweeps):
                equation.sweep(var=u, dt=float(dt))
        return np.array(u.value)

    return run

"""A salt between blocking electrodes after a step of the voltage, ready for the engine and for other integrators."""

import numpy as np

from simulator.kernels.jit import Vector, flux_at, kernel, source_at
from simulator.kernels.system import VOLUME
from simulator.laws.charge import debye_length, thermal_voltage
from simulator.laws.electrolyte import Electrolyte
from simulator.laws.nernst_planck import NernstPlanck
from simulator.problem.boundary import Boundary, Closed
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.axis import Axis
from simulator.solve.controls import Controls
from simulator.solve.integration import Integration
from simulator.solve.ions import IonLevel
from simulator.solve.schemes import scheme_named

KELVIN = 298.15
VOLTAGE = 10.0  # RT/F
CONCENTRATION, DIFFUSIVITY, PERMITTIVITY = 1.0, 1e-9, 78.5  # mol/m^3, m^2/s
DEBYE = 0.01  # of the width
# In width^2/D, with lambda^2 dphi/dx at the left wall in RT/F over the width: both are of a Chebyshev collocation in
# space with a tight integration in time, good to 1e-9.
MOMENTS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
CHARGES = (0.00198219761297, 0.0099668894924, 0.0499012139778, 0.10378009208, 0.109219318093)

# entries of the data before the arrays: size of the data, addresses of the flux and of the source, m, points, number
# of parameters, temperature, potentials of the ends
HEAD = 9


@kernel
def ion_residual(data: Vector, y: Vector, slope: Vector, r: Vector) -> None:
    """r = M dy/dt - (F_left - F_right)/V - S of N cells between blocking electrodes, the potential's row without dy/dt.

    y, slope, r (N m): cell by cell, so that the Jacobian is banded; data: see `ChargedSystem`.
    """
    m, n, count = int(data[3]), int(data[4]), int(data[5])
    at = HEAD
    face = data[at : at + 2 * (n - 1)].reshape((2, n - 1))
    at += 2 * (n - 1)
    cell = data[at : at + 2 * n].reshape((2, n))
    at += 2 * n
    parameters = data[at : at + count]
    at += count
    u = data[at : at + m * n].reshape((m, n))
    at += m * n
    S = data[at : at + m * n].reshape((m, n))
    at += m * n
    F = data[at : at + m * (n - 1)].reshape((m, n - 1))
    potential = m - 1
    for i in range(n - 2):
        for a in range(m):
            u[a, i + 1] = y[i * m + a]
    for a in range(potential):
        u[a, 0] = u[a, 1]
        u[a, n - 1] = u[a, n - 2]
    u[potential, 0] = data[7]
    u[potential, n - 1] = data[8]
    flux = flux_at(int(data[1]))
    flux(0.0, data[6], u, face, parameters, F)
    source = source_at(int(data[2]))
    source(0.0, data[6], u, cell, parameters, S)
    for a in range(potential):
        F[a, 0] = 0.0
        F[a, n - 2] = 0.0
    for i in range(n - 2):
        inverse = 1.0 / cell[VOLUME, i + 1]
        for a in range(potential):
            r[i * m + a] = slope[i * m + a] - (F[a, i] - F[a, i + 1]) * inverse - S[a, i + 1]
        k = i * m + potential
        r[k] = (F[potential, i + 1] - F[potential, i]) * inverse - S[potential, i + 1]


def double_layer(cells: int) -> Problem:
    """10 RT/F across a salt of equal diffusivities, a hundred Debye lengths wide, graded to the walls."""
    salt = Electrolyte(("cation", "anion"), charges={"cation": 1, "anion": -1})
    ion = {"D": DIFFUSIVITY}
    law = NernstPlanck(
        salt,
        ions={"cation": {"z": 1, **ion}, "anion": {"z": -1, **ion}},
        closure="poisson",
        voltage=VOLTAGE * thermal_voltage(KELVIN),
        permittivity=PERMITTIVITY,
    )
    width = debye_length(law, np.full(2, CONCENTRATION), KELVIN, PERMITTIVITY) / DEBYE
    even = {"cation": CONCENTRATION, "anion": CONCENTRATION}
    return Problem(
        salt,
        law,
        Domain((0.0, width), cells, grading="walls"),
        Step(0.5 * width, even, even),
        Boundary(Closed(), Closed()),
        Temperature(KELVIN),
        end=width**2 / DIFFUSIVITY,
    )


class PreparedLayer:
    """The double layer with everything made before the clock starts: law, system, and a start whose potential fits."""

    def __init__(self, cells: int):
        self.problem = double_layer(cells)
        self.grid = self.problem.grid
        self.scheme = scheme_named("rodas5p")
        level = IonLevel(self.problem, Axis(self.problem, self.grid), self.scheme, Controls())
        self.system = level.integration.system
        self.start = level.integration.u.copy()
        self.overshoot = level.integration.control.overshoot
        self.unit_time = self.problem.end

    def begin(self, rtol: float) -> Integration:
        return Integration(self.system, self.start, self.scheme, Controls(rtol=rtol), self.problem.end, self.overshoot)

    def integrate(self, rtol: float, moment: float) -> Integration:
        """What is timed: the making of an Integration and all its steps. moment: in width^2/D."""
        integration = self.begin(rtol)
        integration.advance(moment * self.unit_time)
        return integration

    def charges(self, rtol: float) -> np.ndarray:
        """The left wall's charge at all MOMENTS, as in CHARGES, of one run that stops at each."""
        integration, found = self.begin(rtol), []
        for moment in MOMENTS:
            integration.advance(moment * self.unit_time)
            found.append(-0.5 * integration.fluxes()[-1, 0] / self.grid.interval[1])
        return np.array(found)


class ChargedSystem:
    """The system of a `PreparedLayer` as M dy/dt = f(y) of its cells; the ends' rows are put in.

    The faces, volumes, parameters, the compiled flux and source are those of the system itself. data: HEAD numbers,
    faces, cells, parameters, room for u, S and F: all in one vector, so that a C library can hand it through as one
    pointer.
    """

    residual = ion_residual

    def __init__(self, layer: PreparedLayer):
        system = layer.system
        self.m = system.ends.shape[0]
        self.cells = system.cell.shape[1] - 2
        m, n = self.m, self.cells + 2
        arrays = (system.face.ravel(), system.cell.ravel(), system.parameters, np.zeros(m * (3 * n - 1)))
        size = HEAD + sum(array.size for array in arrays)
        head = [size, system.flux, system.source, m, n, system.parameters.size, system.temperature[0]]
        self.data = np.concatenate((np.array([*head, *system.ends[-1, [0, 3]]], float), *arrays))
        self.band = 2 * m - 1
        self.differential = np.tile(np.append(np.ones(m - 1), 0.0), self.cells)

    def flat(self, u: np.ndarray) -> np.ndarray:
        """(N m) cell by cell from the engine's (m, N + 2)."""
        return np.ascontiguousarray(u[:, 1:-1].T).ravel()

    def unknowns(self, y: np.ndarray) -> np.ndarray:
        """(m, N) from (N m)."""
        return y.reshape(self.cells, self.m).T

    def imbalance(self, y: np.ndarray, slope: np.ndarray) -> np.ndarray:
        """r (N m)."""
        r = np.empty(y.size)
        ion_residual(self.data, y, slope, r)
        return r

    def slopes(self, y: np.ndarray) -> np.ndarray:
        """dy/dt (N m) of the concentrations, 0 for the potential."""
        return -self.differential * self.imbalance(y, np.zeros(y.size))

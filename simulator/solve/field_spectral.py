"""Cahn-Hilliard fields of a constant mobility, semi-implicit in the modes of the grid.

    dw/dt = L w + N(w),   L = -lambda (s + lambda) d,   N = -lambda M (dG/du - s kappa u)

lambda: eigenvalues of -lap on the grid, (2/h^2)(1 - cos b h) along each axis, so that the semi-discrete system is that
of the explicit scheme; its modes are Fourier's between periodic sides and cosines between closed ones. M kappa is made
diagonal, d. s > 0 moves a part of the energy that bounds its curvature to the implicit side.
"""

from functools import cached_property

import numpy as np
from scipy import fft

from simulator.faults import Invalid
from simulator.kernels.stepping import STEP, propose, rejected, take, too_small
from simulator.kernels.system import RUNNING, STEP_TOO_SMALL
from simulator.problem.field_problem import FieldProblem
from simulator.solve.controls import Controls
from simulator.solve.field_integration import ENERGY_CELLS, ERROR, ERROR_ORDER, ROUNDING, FieldIntegration

GAMMA = 1.0 - np.sqrt(0.5)
DELTA = 1.0 - 0.5 / GAMMA
# Of the largest curvature of the energy: half of it is what the explicit part must be kept below.
STABILISED = 0.5
TRANSFORMED = 10.0 * ROUNDING  # what a transform there and back does to a fraction
DEFECT = 0.5  # of the trapezoidal rule, as an estimate of the error of a step


class Modes:
    """Orthonormal transforms of fields (m, [nz,] ny, nx): Fourier along periodic axes, cosines along closed ones."""

    def __init__(self, problem: FieldProblem):
        axes = range(-1, -1 - problem.box.dimensions, -1)
        sides = dict(zip(axes, problem.sides, strict=True))
        self.closed = [axis for axis in sorted(axes) if sides[axis] == "closed"]
        self.periodic = [axis for axis in sorted(axes) if sides[axis] == "periodic"]
        self.shape = problem.box.shape
        self.lattice, self.weight = np.zeros((1,) * len(self.shape)), np.ones((1,) * len(self.shape))
        for axis, h in zip(axes, problem.box.spacing, strict=True):
            n = self.shape[axis]
            along = [1] * len(self.shape)
            angle = np.pi * np.arange(n) / n
            if sides[axis] == "periodic":
                halved = axis == self.periodic[-1]
                angle = 2.0 * np.pi * (np.arange(n // 2 + 1) if halved else np.arange(n)) / n
                if halved:  # of two conjugate modes one is kept
                    twice = np.full(angle.size, 2.0)
                    twice[0] = 1.0
                    if n % 2 == 0:
                        twice[-1] = 1.0
                    along[axis] = angle.size
                    self.weight = self.weight * twice.reshape(along)
            along[axis] = angle.size
            self.lattice = self.lattice + (4.0 / h**2 * np.sin(0.5 * angle) ** 2).reshape(along)

    def forward(self, values: np.ndarray) -> np.ndarray:
        if self.closed:
            values = fft.dctn(values, axes=self.closed, norm="ortho")
        return fft.rfftn(values, axes=self.periodic, norm="ortho") if self.periodic else values

    def backward(self, modes: np.ndarray) -> np.ndarray:
        values = modes
        if self.periodic:
            sizes = [self.shape[axis] for axis in self.periodic]
            values = fft.irfftn(values, s=sizes, axes=self.periodic, norm="ortho")
        return fft.idctn(values, axes=self.closed, norm="ortho") if self.closed else values

    def mean_square(self, modes: np.ndarray) -> float:
        """Mean over cells and fields of the squares of what has these modes (Parseval)."""
        total = np.sum(self.weight * (modes.real**2 + (modes.imag**2 if np.iscomplexobj(modes) else 0.0)))
        return float(total) / (modes.shape[0] * np.prod(self.shape))


class SpectralIntegration(FieldIntegration):
    """One run with an implicit-explicit Runge-Kutta method of second order, both parts of two stages, the implicit one
    L-stable. The error of a step is estimated by the defect of the trapezoidal rule, its stiff modes damped.

    Raises Invalid for a mobility that depends on the composition and a gradient energy that is not positive.
    Source: Ascher, Ruuth & Spiteri (1997), Appl. Numer. Math. 25, 151, scheme (2,2,2).
    """

    registers_held = 1

    def __init__(self, problem: FieldProblem, controls: Controls):
        law = problem.law
        if law.mobilities.depends_on - {"T"}:
            text = '"fft" needs a mobility that does not depend on the composition; use scheme = "rkc".'
            raise Invalid.at("solver.scheme", text)
        self.kappa = np.atleast_2d(np.asarray(law.gradient, float))
        if not np.linalg.eigvalsh(self.kappa)[0] > 0.0:
            raise Invalid.at("solver.scheme", '"fft" needs a gradient energy for every field; use scheme = "rkc".')
        super().__init__(problem, controls)
        self.modes = Modes(problem)
        self.places = dict(zip(problem.box.axes, problem.box.mesh, strict=True))

    def constants(self, t: float) -> tuple[float, np.ndarray]:
        """Temperature and M (m, m) at a time on the way to the next stop."""
        m = self.shape[0]
        T = float(self.temperatures(np.array([t]))[0]) if self.varies else self.problem.temperature_at(0.0)
        return T, np.broadcast_to(self.problem.law.mobilities(np.full((m, 1), 0.5 / m), T=T), (m * m, 1)).reshape(m, m)

    def explicit(self, u: np.ndarray, t: float) -> np.ndarray:
        """Modes of div M grad dG/du + S, all without the gradient energy."""
        T, M = self.constants(t)
        source = self.problem.source_program
        slopes = self.modes.forward(self.in_pieces(self.problem.law.potentials, u, T))
        found = -self.modes.lattice * np.einsum("ab,b...->a...", M, slopes)
        if source is not None:
            found += self.modes.forward(np.broadcast_to(source(u, **self.places, t=t, T=T), u.shape))
        return found

    def in_pieces(self, program, u: np.ndarray, T: float) -> np.ndarray:
        """The outputs of a program on all cells, as few at once as stay in cache."""
        flat = u.reshape(u.shape[0], -1)
        found = np.empty((program.outputs, flat.shape[1]))
        for i in range(0, flat.shape[1], ENERGY_CELLS // 8):
            found[:, i : i + ENERGY_CELLS // 8] = program(flat[:, i : i + ENERGY_CELLS // 8], T=T)
        return found.reshape(-1, *u.shape[1:])

    def evaluate(self) -> None:
        """The modes of the state and of its explicit part, and how much of the energy is taken to the implicit side."""
        u, (T, _) = self.u, self.constants(self.time)
        m = self.shape[0]
        curvatures = self.in_pieces(self.problem.law.curvatures, u, T).reshape(m, m, -1)
        largest = float(np.sqrt(np.sum(curvatures**2, axis=(0, 1))).max()) if m > 1 else float(curvatures.max())
        self.share = STABILISED * max(largest, 0.0) / np.linalg.eigvalsh(self.kappa)[0]
        self.w = self.modes.forward(u)
        self.slope = self.explicit(u, self.time)

    @cached_property
    def symbol(self) -> np.ndarray:
        return self.modes.lattice**2

    def implicit(self, rate: float, t: float, right: np.ndarray) -> np.ndarray:
        """w of (1 - rate L) w = right, with the mobility at t."""
        _, M = self.constants(t)
        stiff = self.symbol + self.share * self.modes.lattice
        if M.size == 1:
            return right / (1.0 + (rate * M[0, 0] * self.kappa[0, 0]) * stiff)
        values, vectors = np.linalg.eig(M @ self.kappa)
        right = np.einsum("ab,b...->a...", np.linalg.inv(vectors), right)
        right /= 1.0 + rate * values.reshape(-1, *(1,) * stiff.ndim) * stiff
        return np.einsum("ab,b...->a...", vectors, right)

    def stiffness(self, w: np.ndarray, t: float, symbol: np.ndarray) -> np.ndarray:
        """-M kappa symbol w: of lambda^2, or of lambda, or both."""
        _, M = self.constants(t)
        return -symbol * np.einsum("ab,b...->a...", M @ self.kappa, w)

    def stabilised(self, slope: np.ndarray, w: np.ndarray, t: float) -> np.ndarray:
        """N: what is explicit, without the part that was taken to the implicit side."""
        return slope - self.stiffness(w, t, self.share * self.modes.lattice)

    def step(self) -> int:
        state, start, w0 = self.state, self.time, self.w
        if state[STEP] == 0.0:
            speed = np.sqrt(self.modes.mean_square(self.slope + self.stiffness(w0, start, self.symbol)))
            state[STEP] = min(
                0.1 * np.cbrt(self.allowed_error(TRANSFORMED)) / max(speed, 1e-300), self.problem.end - start
            )
        h = propose(self.control, state, self.stop)
        if too_small(self.control, start, h):
            return STEP_TOO_SMALL
        middle, end = start + GAMMA * h, self.stop if h >= self.stop - start else start + h
        N0 = self.stabilised(self.slope, w0, start)
        w1 = self.implicit(GAMMA * h, middle, w0 + (GAMMA * h) * N0)
        u = self.modes.backward(w1)
        allowed = self.admissible(u)
        error = 0.0
        if allowed:
            N1 = self.stabilised(self.explicit(u, middle), w1, middle)
            L1 = self.stiffness(w1, middle, self.symbol + self.share * self.modes.lattice)
            right = w0 + h * (DELTA * N0 + (1.0 - DELTA) * N1 + (1.0 - GAMMA) * L1)
            w = self.implicit(GAMMA * h, end, right)
            u = self.modes.backward(w)
            allowed = self.admissible(u)
        if allowed:
            slope = self.explicit(u, end)
            change = self.slope + self.stiffness(w0, start, self.symbol) + slope + self.stiffness(w, end, self.symbol)
            defect = self.implicit(GAMMA * h, end, w - w0 - 0.5 * h * change)
            error = DEFECT * float(np.sqrt(self.modes.mean_square(defect)))
        norm = error / self.allowed_error(TRANSFORMED) if np.isfinite(error) else np.inf
        if take(self.control, state, self.stop, h, norm, ERROR_ORDER, int(allowed)):
            state[ERROR] += error
            self.u, self.w, self.slope = u, w, slope
            return RUNNING
        return rejected(self.control, state, norm, int(allowed))

    def admissible(self, u: np.ndarray) -> bool:
        """Whether all fractions are where the law needs them."""
        if not self.system.bounded:
            return True
        low, high = -self.system.overshoot, 1.0 + self.system.overshoot
        return bool(u.min() > low and u.sum(axis=0).max() < high)

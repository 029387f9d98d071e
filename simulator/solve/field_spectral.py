"""Cahn-Hilliard fields of a constant mobility, in the modes of the grid, by an exponential Runge-Kutta method.

    dw/dt = L w + N(w),   L = -lambda^2 M kappa,   N = -lambda M dG/du + S

lambda: eigenvalues of -lap on the grid, (2/h^2)(1 - cos b h) along each axis, so that the semi-discrete system is that
of the explicit scheme; its modes are Fourier's between periodic sides and cosines between closed ones. L is carried
exactly, in the eigenvectors of M kappa; where M changes with temperature, what it changes by in a step is part of N.
"""

import numpy as np
from scipy import fft

from simulator.faults import Invalid
from simulator.kernels.exponential import (
    FIRST,
    HALF,
    INNER,
    LAST,
    MIDDLE,
    NUMBERS,
    TENTH,
    WHOLE,
    exponential_weights,
)
from simulator.kernels.stepping import STEP, propose, rejected, take, too_small
from simulator.kernels.system import RUNNING, STEP_TOO_SMALL
from simulator.problem.field_problem import FieldProblem
from simulator.solve.controls import Controls
from simulator.solve.field_integration import ENERGY_CELLS, ERROR, ROUNDING, FieldIntegration

ERROR_ORDER = 4.0
TRANSFORMED = 10.0 * ROUNDING  # what a transform there and back does to a fraction


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
    """One run with the method of `simulator.kernels.exponential`, of fourth order.

    Raises Invalid for a mobility that depends on the composition and a gradient energy that is not positive.
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
        self.symbol = self.modes.lattice**2
        self.places = dict(zip(problem.box.axes, problem.box.mesh, strict=True))

    def constants(self, t: float) -> tuple[float, np.ndarray]:
        """Temperature and M (m, m) at a time on the way to the next stop."""
        m = self.shape[0]
        T = float(self.temperatures(np.array([t]))[0]) if self.varies else self.problem.temperature_at(0.0)
        return T, np.broadcast_to(self.problem.law.mobilities(np.full((m, 1), 0.5 / m), T=T), (m * m, 1)).reshape(m, m)

    def nonlinear(self, u: np.ndarray, t: float) -> np.ndarray:
        """Modes of div M grad dG/du + S."""
        T, M = self.constants(t)
        source = self.problem.source_program
        slopes = self.modes.forward(self.in_pieces(self.problem.law.potentials, u, T))
        found = np.einsum("ab,b...->a...", -M, slopes)
        found *= self.modes.lattice
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
        """The modes of the state, and N there."""
        self.w = self.modes.forward(self.u)
        self.slope = self.nonlinear(self.u, self.time)

    def turned(self, matrix: np.ndarray, values: np.ndarray) -> np.ndarray:
        return values if self.shape[0] == 1 else np.einsum("ab,b...->a...", matrix, values)

    def step(self) -> int:
        state, start, w0 = self.state, self.time, self.w
        allowed_error = self.allowed_error(TRANSFORMED)
        if state[STEP] == 0.0:
            _, M = self.constants(start)
            speed = self.slope - self.symbol * np.einsum("ab,b...->a...", M @ self.kappa, w0)
            size = max(np.sqrt(self.modes.mean_square(speed)), 1e-300)
            state[STEP] = min(0.1 * np.cbrt(allowed_error) / size, self.problem.end - start)
        h = propose(self.control, state, self.stop)
        if too_small(self.control, start, h):
            return STEP_TOO_SMALL
        end = self.stop if h >= self.stop - start else start + h
        found = self.carried(h, end)
        error, allowed = (0.0, 0) if found is None else (float(np.sqrt(self.modes.mean_square(found[3]))), 1)
        norm = error / allowed_error if np.isfinite(error) else np.inf
        if take(self.control, state, self.stop, h, norm, ERROR_ORDER, allowed):
            state[ERROR] += error
            self.u, self.w, self.slope, _ = found
            return RUNNING
        return rejected(self.control, state, norm, allowed)

    def carried(self, h: float, end: float) -> tuple[np.ndarray, ...] | None:
        """After a step: u, its modes, N there, and the modes of the error; None where a stage is not admissible."""
        start, middle = self.time, self.time + 0.5 * h
        _, M = self.constants(middle)
        rates, vectors = np.linalg.eig(M @ self.kappa)
        inverse = np.linalg.inv(vectors)
        weights = np.empty((NUMBERS, rates.size, *self.symbol.shape))
        for rate, part in zip(rates, weights.swapaxes(0, 1), strict=True):
            numbers = np.empty((NUMBERS, self.symbol.size))
            exponential_weights(h, rate * self.symbol.reshape(-1), numbers)
            part[...] = numbers.reshape(NUMBERS, *self.symbol.shape)

        def beside(t: float, w: np.ndarray, slope: np.ndarray) -> np.ndarray:
            """N, with what M at t differs by from M in the middle, along the eigenvectors."""
            if self.varies:
                _, then = self.constants(t)
                slope = slope - self.symbol * np.einsum("ab,b...->a...", (then - M) @ self.kappa, w)
            return self.turned(inverse, slope)

        def at(t: float, w: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
            """u, its modes and N of modes along the eigenvectors."""
            modes = self.turned(vectors, w)
            u = self.modes.backward(modes)
            return (u, modes, self.nonlinear(u, t)) if self.admissible(u) else None

        w, N = self.turned(inverse, self.w), beside(start, self.w, self.slope)
        half = weights[HALF] * w
        a = half + weights[INNER] * N
        if (stage := at(middle, a)) is None:
            return None
        N_a = beside(middle, *stage[1:])
        if (stage := at(middle, half + weights[INNER] * N_a)) is None:
            return None
        N_b = beside(middle, *stage[1:])
        if (stage := at(end, weights[HALF] * a + weights[INNER] * (2.0 * N_b - N))) is None:
            return None
        N_c = beside(end, *stage[1:])
        new = weights[WHOLE] * w + weights[FIRST] * N + weights[MIDDLE] * (N_a + N_b) + weights[LAST] * N_c
        if (stage := at(end, new)) is None:
            return None
        error = TENTH * weights[LAST] * (N_c - beside(end, *stage[1:]))
        return (*stage, self.turned(vectors, error))

    def admissible(self, u: np.ndarray) -> bool:
        """Whether all fractions are where the law needs them."""
        if not self.system.bounded:
            return True
        low, high = -self.system.overshoot, 1.0 + self.system.overshoot
        return bool(u.min() > low and u.sum(axis=0).max() < high)

"""Cahn-Hilliard fields carried forward in time by a stabilised explicit method, in arrays that are made once.

Four registers of the size of the unknowns are held: the state u, F(u) and two stages. The new state is left in one of
the stages and its F in the other; they change places with the first two.
"""

from collections.abc import Callable

import numpy as np

from simulator.faults import NumericsError
from simulator.kernels.chebyshev import MOST_STAGES, NODE, WEIGHTS, chebyshev_weights, longest_step, stage_count
from simulator.kernels.field import UNIFORM, Registers, aligned, field_workspace
from simulator.kernels.field_radius import field_radius, fluctuation, gradient_energy
from simulator.kernels.field_stage import REGISTERS, stages
from simulator.kernels.stepping import (
    FAILURES,
    STATE_SIZE,
    STEP,
    Control,
    propose,
    rejected,
    take,
    too_small,
)
from simulator.kernels.system import RUNNING, STEP_TOO_SMALL, TOO_MANY_STEPS
from simulator.problem.field_problem import FieldProblem
from simulator.solve.controls import Controls
from simulator.solve.field_system import FieldEquations
from simulator.solve.field_threads import Threads, thread_count
from simulator.solve.integration import Stepped
from simulator.solve.schemes import FFT, field_scheme_named
from simulator.solve.status import raise_unless_done

# Where the mobility differs from cell to cell the spectral radius is an estimate, otherwise a bound.
RADIUS_MARGIN = 1.1
FIRST_STEP = 0.25  # of the inverse of the spectral radius
SMALLEST_STEP = 1e-40  # of the whole run
ERROR_ORDER = 3.0
ROUNDING = np.finfo(float).eps  # of a fraction
# Cells of which an energy is evaluated at once.
ENERGY_CELLS = 1 << 16
ERROR = STATE_SIZE  # an entry of the state beyond those of all schemes: the errors of all steps, added up


def integration_of(problem: FieldProblem, controls: Controls) -> "FieldIntegration":
    """The run of a problem by the scheme that the controls name. Raises Invalid."""
    if field_scheme_named(controls.scheme) is FFT:
        from simulator.solve.field_spectral import SpectralIntegration

        return SpectralIntegration(problem, controls)
    return FieldIntegration(problem, controls)


class FieldIntegration(Stepped):
    """State and step control of one run.

    u (m, [nz,] ny, nx); state: see `simulator.kernels.stepping`, and the accumulated error. The right-hand side at u is
    a function of u and t alone, so that a run which goes on from u and state makes the same numbers, bit for bit.
    """

    registers_held = REGISTERS

    def __init__(self, problem: FieldProblem, controls: Controls, special: bool = True, threads: int | None = None):
        """special: see `FieldEquations`; threads: as many as pay, by default."""
        self.problem, self.controls = problem, controls
        self.equations = FieldEquations(problem, special)
        self.system = self.equations.system
        self.shape = problem.shape
        m, *cells = self.shape
        planes = cells[0] if len(cells) == 3 else 1
        self.flat = (m * planes, *cells[-2:])
        values = aligned(self.registers_held * self.flat[0], *self.flat[1:])
        self.registers = Registers(values, *(k * self.flat[0] for k in range(REGISTERS)))
        self.u = problem.start()
        self.state = np.zeros(STATE_SIZE + 1)
        self.evaluations = 0
        self.sums = np.zeros(-(-cells[-2] // self.system.rows))
        count = thread_count(self.u.size, self.sums.size) if threads is None else threads
        programs = self.equations.programs
        works = [field_workspace(m, self.system.rows, cells[-1], planes, programs) for _ in range(count)]
        self.work, self.threads = works[0], Threads(works) if count > 1 else None
        self.control = Control(
            controls.rtol, controls.step or 0.0, self.system.overshoot, SMALLEST_STEP * problem.end, 1
        )
        history = problem.temperature
        self.varies = history is not None and not history.constant
        self.breaks = history.breaks if self.varies else ()
        self.fixed = self.equations.locals(np.array([problem.temperature_at(0.0)]))[0]
        self.repeated: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def register(self, place: int) -> np.ndarray:
        """(m nz, ny, nx)"""
        return self.registers.values[place : place + self.flat[0]]

    @property
    def u(self) -> np.ndarray:
        """The state (m, [nz,] ny, nx)."""
        return self.register(self.registers.u).reshape(self.shape)

    @u.setter
    def u(self, value: np.ndarray) -> None:
        self.u[...] = value

    @property
    def error(self) -> float:
        """Root mean square of the error of a step, added up over all steps: an estimate of the error in time."""
        return float(self.state[ERROR])

    def advance(self, end: float, report: Callable[[float], None] | None = None) -> None:
        """Carry u to `end` exactly, and on the way to every time at which the temperature jumps or bends; report(time)
        is called after every step. Raises NumericsError when it cannot.
        """
        for stop in (*(time for time in self.breaks if self.time < time < end), end):
            if self.time < stop:
                self.advance_smoothly(stop, report)

    def advance_smoothly(self, stop: float, report: Callable[[float], None] | None) -> None:
        """To `stop`; the temperature is smooth until then."""
        self.stop = stop
        self.evaluate()
        while self.time < stop:
            if self.steps + self.rejected_steps >= self.controls.max_steps:
                self.finish(TOO_MANY_STEPS)
            self.finish(self.step())
            if report is not None:
                report(self.time)

    def temperatures(self, times: np.ndarray) -> np.ndarray:
        """K at times on the way to the next stop, at which the one before a jump counts."""
        history = self.problem.temperature
        return np.array([history(t, -1 if t >= self.stop else 1) for t in times])

    def histories(self, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Temperatures, and what the kernels need of the law at them, one row a time."""
        if self.varies:
            temperatures = self.temperatures(times)
            return temperatures, self.equations.locals(temperatures)
        if times.size not in self.repeated:
            T = self.problem.temperature_at(0.0)
            self.repeated[times.size] = np.full(times.size, T), np.tile(self.fixed, (times.size, 1))
        return self.repeated[times.size]

    def evaluate(self) -> None:
        """F of the state."""
        times = np.array([self.time, self.time])
        if self.run(0.0, np.zeros((1, WEIGHTS)), times, *self.histories(times)):
            raise NumericsError(f"a mole fraction at t = {self.time:g} s is not between 0 and 1, or not a number.")

    def radius(self) -> float:
        """Spectral radius of the right-hand side at the state, 1/s."""
        T, local = self.histories(np.array([self.time]))
        margin = 1.0 if self.equations.mobility == UNIFORM else RADIUS_MARGIN
        return margin * field_radius(self.system, self.work, self.time, T[0], local[0], self.register(self.registers.u))

    def allowed_error(self, rounding: float) -> float:
        """Root mean square that the error of a step may have: rtol of what the fields vary by at the state, or what
        rounding makes of a step. What un-mixes is small deviations that grow: an error that is small beside 1, but not
        beside them, grows as they do.
        """
        varies = fluctuation(self.shape[0], self.register(self.registers.u), self.work.rest, self.work.flow)
        return max(self.control.rtol * varies, rounding)

    def run(
        self, h: float, weights: np.ndarray, times: np.ndarray, temperatures: np.ndarray, locals: np.ndarray
    ) -> int:
        """The stages of a step, see `simulator.kernels.field_stage.stages`."""
        if self.threads is not None:
            return self.threads.stages(
                self.system, h, weights, times, temperatures, locals, self.registers, self.sums
            )  # fmt: skip
        return stages(self.system, self.work, h, weights, times, temperatures, locals, self.registers, self.sums)

    def step(self) -> int:
        """Try one step; RUNNING, or why no other will do."""
        radius, state = self.radius(), self.state
        if state[STEP] == 0.0:
            left = self.problem.end - self.time
            state[STEP] = min(FIRST_STEP / radius, left) if radius > 0.0 else left
        h = propose(self.control, state, self.stop)
        count = stage_count(h, radius)
        if count > MOST_STAGES and self.control.fixed == 0.0:
            count, h = MOST_STAGES, min(h, longest_step(MOST_STAGES, radius))
        elif count > 2 and self.control.fixed == 0.0 and h < self.stop - self.time:
            shorter = longest_step(count - 1, radius)
            if shorter / (count - 1) > h / count:  # one stage fewer goes further for each stage
                count, h = count - 1, shorter
        if too_small(self.control, self.time, h):
            return STEP_TOO_SMALL
        weights = chebyshev_weights(count)
        times = np.empty(count + 2)
        times[:2], times[2:-1], times[-1] = self.time, self.time + h * weights[2:, NODE], self.time + h
        if h >= self.stop - self.time:
            times[-1] = self.stop
        outside = self.run(h, weights, times, *self.histories(times))
        self.evaluations += count
        error = float(np.sqrt(self.sums.sum() / self.u.size)) if outside == 0 else 0.0
        # Differences of F amplify the rounding of a field by the spectral radius.
        norm = error / self.allowed_error(ROUNDING * (1.0 + h * radius)) if np.isfinite(error) else np.inf
        allowed = int(outside == 0)
        again = state[FAILURES] > 0.0
        if take(self.control, state, self.stop, h, norm, ERROR_ORDER, allowed):
            if again:  # the next step is not longer than the one that was found by trying
                state[STEP] = min(state[STEP], h)
            state[ERROR] += error
            values, u, f0, one, other = self.registers
            self.registers = Registers(values, *((one, other) if count % 2 else (other, one)), u, f0)
            return RUNNING
        return rejected(self.control, state, norm, allowed)

    def free_energy(self) -> float:
        """Mean of G + (1/2) sum_ab kappa_ab grad u_a . grad u_b over the box, J/mol, with the differences of the
        right-hand side: with closed or periodic sides and a constant temperature it falls.
        """
        u = self.u.reshape(self.shape[0], -1)
        T = self.problem.temperature_at(self.time, -1)
        pieces = range(0, u.shape[1], ENERGY_CELLS)
        bulk = sum(float(self.problem.law.energy(u[:, i : i + ENERGY_CELLS], T=T)[0].sum()) for i in pieces)
        return (bulk + gradient_energy(self.system, self.register(self.registers.u))) / u.shape[1]

    def inventory(self) -> np.ndarray:
        """Mean (m,) of every independent component."""
        return self.u.reshape(self.shape[0], -1).mean(axis=1)

    def finish(self, status: int) -> None:
        raise_unless_done(status, time=self.time, step=self.state[STEP], max_steps=self.controls.max_steps)

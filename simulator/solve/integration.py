"""One system carried forward in time on one grid, in calls short enough to be interrupted."""

from collections.abc import Callable

import numpy as np

from simulator.faults import Invalid
from simulator.kernels.balance import face_flows
from simulator.kernels.newton import settle, steady
from simulator.kernels.stepping import ACCEPTED, INADMISSIBLE, REJECTED, STATE_SIZE, STEP, TIME, Control
from simulator.kernels.system import RUNNING, TOO_MANY_STEPS, System
from simulator.solve.controls import Controls
from simulator.solve.schemes import Scheme
from simulator.solve.status import raise_unless_done

# How far outside the admissible region a step may land: rounding of a state on its edge, far below any tolerance.
OVERSHOOT = 1e-9
# Unknowns advanced by a call: about a tenth of a second, so that a bar moves and Ctrl-C is heard; never fewer steps
# than pay for a call's workspace.
CHUNK = {"implicit": 1_000_000, "explicit": 100_000}
FEWEST_STEPS = 10
# Of the whole run. A fine grid may be left to relax for 1e20 times as long as its cells need.
SMALLEST_STEP = 1e-40
SETTLE_ITERATIONS = 30
STEADY_ITERATIONS = 400
STEADY_TOLERANCE = 1e-12


class Stepped:
    """What the state of a run's step control says: see `simulator.kernels.stepping`."""

    state: np.ndarray

    @property
    def time(self) -> float:
        return float(self.state[TIME])

    @property
    def steps(self) -> int:
        return int(self.state[ACCEPTED])

    @property
    def rejected_steps(self) -> int:
        return int(self.state[REJECTED])

    @property
    def inadmissible_steps(self) -> int:
        return int(self.state[INADMISSIBLE])


class Integration(Stepped):
    """State and step control of one run: u (m, n) with the ends; state, see `simulator.kernels.stepping`."""

    def __init__(
        self,
        system: System,
        start: np.ndarray,
        scheme: Scheme,
        controls: Controls,
        span: float,
        overshoot: float = OVERSHOOT,
    ):
        """start (m, n); span: the length of the whole run in s, which sets the smallest step; overshoot: how far
        outside the admissible region a step may land."""
        self.system = system
        self.scheme = scheme
        self.max_steps = controls.max_steps
        self.u = np.array(start, float, order="C")
        self.state = np.zeros(STATE_SIZE)
        chunk = max(FEWEST_STEPS, CHUNK[scheme.family] // self.u.size)
        smallest = SMALLEST_STEP * span if np.isfinite(span) else 0.0
        self.control = Control(controls.rtol, controls.step or 0.0, overshoot, smallest, chunk)
        _ = scheme.kernel.entry  # compiled before any clock runs
        if scheme.family == "explicit" and np.any(system.mass.reshape(self.u.shape)[:, 1:-1] == 0.0):
            raise Invalid.at(
                "solver.scheme", f'{scheme.name} is explicit and this law has algebraic rows. Use "implicit".'
            )

    def settle(self) -> None:
        """Make the algebraic rows consistent: at the start, and after a jump of what they depend on."""
        self.finish(settle(self.time, self.system, self.u, SETTLE_ITERATIONS))

    def advance(self, end: float, report: Callable[[float], None] | None = None, single: bool = False) -> None:
        """Carry u to `end` exactly; report(time) is called after every chunk, or after every single step.

        Raises NumericsError when it cannot.
        """
        chunk = 1 if single else self.control.chunk
        while self.time < end:
            left = self.max_steps - self.steps - self.rejected_steps
            control = self.control._replace(chunk=min(chunk, left))
            status = self.scheme.kernel(self.system, *self.scheme.data, control, float(end), self.u, self.state)
            if status == RUNNING and self.steps + self.rejected_steps >= self.max_steps:
                status = TOO_MANY_STEPS
            self.finish(status)
            if report is not None:
                report(self.time)

    def relax(self, first_step: float, longest: float = np.inf) -> None:
        """Carry u to a steady state by steps (s) from the first one up to the longest."""
        counts = np.zeros(2)
        status = steady(0.0, self.system, self.u, first_step, longest, STEADY_TOLERANCE, STEADY_ITERATIONS, counts)
        self.state[ACCEPTED] += counts[0] - counts[1]
        self.state[REJECTED] += counts[1]
        self.finish(status)

    def fluxes(self) -> np.ndarray:
        """Total flow through the faces (m, n-1)."""
        m, n = self.u.shape
        F = np.empty((m, n - 1))
        face_flows(self.time, self.system, self.u, F)
        return F

    def finish(self, status: int) -> None:
        raise_unless_done(status, time=self.time, step=self.state[STEP], max_steps=self.max_steps)

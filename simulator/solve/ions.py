"""Ions on one grid: concentrations and the potential, integrated in time, or steady at one voltage after another."""

from collections.abc import Callable

import numpy as np

from simulator.faults import Invalid, NumericsError
from simulator.kernels.system import CONDUCTANCE
from simulator.laws.charge import fixed_charge, thermal_voltage
from simulator.laws.electrochemistry.bernoulli import bernoulli
from simulator.laws.limiting_current import limiting_current
from simulator.problem.problem import Problem
from simulator.solve.axis import Axis
from simulator.solve.controls import Controls
from simulator.solve.discretise import NOTHING, discretise, effective_areas, points, start_of, temperature_range
from simulator.solve.integration import Integration
from simulator.solve.ion_ends import FARADAY, IonEnds
from simulator.solve.levels import TimeLevel
from simulator.solve.potential_rise import SETTLED, STEPS, conductances, potential_rises
from simulator.solve.schemes import Scheme

RELAXED = 1e4  # times L^2/D: longer steps only lose the digits of inventories that are kept
MISSING = 1e-10  # of an ion's largest concentration, that a step may leave below nothing
LEAST = 1e-100  # of the unit: with less than that everywhere, steps would begin too small to be taken
SMALLEST_RISE = 1e-3  # RT/F, of the voltage from one steady state to the next on the way to a given one


class IonLevel(TimeLevel):
    """Ions between two ends, see `simulator.kernels.nernst_planck`; u holds concentrations in `unit` mol/m^3 and the
    potential in RT/F.

    Raises Invalid for a scheme that takes no algebraic rows.
    """

    def __init__(self, problem: Problem, axis: Axis, scheme: Scheme, controls: Controls):
        if scheme.family == "similarity":
            raise Invalid.at("solver.scheme", 'similarity does not know the potential of ions; use "implicit".')
        self.problem, self.axis, self.grid, self.law = problem, axis, axis.grid, problem.law
        self.areas = effective_areas(axis.grid)
        self.markers = None
        self.breaks = problem.temperature.breaks if problem.temperature is not None else ()
        lowest, highest = problem.composition_range()
        q = fixed_charge(self.law, points(axis.grid))
        self.unit = float(max(highest.max(), np.abs(q).max()))
        if not self.unit > 0.0:
            raise Invalid.at("initial", "there are no ions at all.")
        self.ends = IonEnds(problem, self.areas, self.unit)
        self.order, self.z = self.ends.order, self.ends.z
        T = problem.temperature_at(0.0)
        equations = self.law.equations(
            lowest, np.maximum(highest, 1e-12 * self.unit), temperature_range(problem), self.unit, self.ends.electrode
        )
        history = problem.temperature
        program = self.ends.program()
        system = discretise(
            equations,
            axis.grid,
            self.ends.rows(T),
            temperature=T,
            end_program=NOTHING if program is None else program.code,
            temperature_program=history.program.code if not history.constant and history.program else NOTHING,
        )
        u = start_of(system, np.vstack([axis.start[self.order][: equations.m - 1] / self.unit, 0.0 * axis.start[:1]]))
        span = np.inf if problem.steady else problem.end
        self.kept = (u[:-1, 1:-1] * axis.grid.volumes).sum(axis=1)
        self.integration = Integration(system, u, scheme, controls, span, self.overshoot(lowest))
        self.set_temperature(0.0, min([*self.breaks, span]))
        self.guess_potential()
        self.integration.settle()
        # A steady state at a voltage is looked for from that without one.
        self.target = voltage if np.isfinite(voltage := self.ends.voltage_at(0.0)) or problem.sweep else None
        if problem.steady and self.target is not None:
            self.hold(0.0)
        self.u = self.integration.u
        self.state = self.integration.state
        self.unknowns = (self.u,)

    @property
    def neutral(self) -> bool:
        return self.law.neutral

    def overshoot(self, lowest: np.ndarray) -> float:
        """Where the fluxes keep concentrations positive and none is 0 to begin with, none turns negative."""
        return MISSING if self.neutral or not lowest.min() > LEAST * self.unit else 0.0

    def concentrations(self) -> np.ndarray:
        """(n, N+2) of all ions at the points, in the engine's order and unit."""
        u = self.integration.u
        rows = u[:-1]
        if not self.neutral:
            return rows
        q = fixed_charge(self.law, points(self.grid)) / self.unit
        return np.vstack([rows, -(self.z[:-1] @ rows + q) / self.z[-1]])

    def guess_potential(self) -> None:
        """A potential to start from: a straight line, or where div i = 0 decides it, what carries the current through
        each face between the concentrations of its neighbours."""
        u, system = self.integration.u, self.integration.system
        T = self.problem.temperature_at(0.0)
        voltage = self.ends.voltage_at(0.0)
        V = voltage / thermal_voltage(T) if np.isfinite(voltage) else 0.0
        x = points(self.grid)
        if not self.neutral:
            u[-1] = V * (x - x[0]) / (x[-1] - x[0])
            return
        c = self.concentrations()
        D = self.transport(T)
        g = system.face[CONDUCTANCE]
        if not np.isfinite(voltage):
            current = np.full(g.size, self.ends.current_at(0.0, T))
            rises = potential_rises(c, self.z, D, g, current)
        else:
            current = 0.0
            for _ in range(STEPS):
                rises = potential_rises(c, self.z, D, g, np.full(g.size, current))
                slope = conductances(c, self.z, D, g, rises)
                miss = V - rises.sum()
                current -= miss / np.sum(1.0 / slope)
                if abs(miss) < SETTLED * max(1.0, abs(V)):
                    break
        u[-1] = np.concatenate([[0.0], np.cumsum(rises)])

    def transport(self, T: float) -> np.ndarray:
        """D of the ions (n, N+1) at the faces at t = 0, in the engine's order."""
        x = self.grid.faces
        at = np.zeros((self.problem.mixture.m, x.size))
        rows = [np.broadcast_to(entry.program(at, x=x, t=0.0, T=T)[0], x.shape) for entry in self.law.diffusivities]
        return np.stack(rows)[self.order]

    def begin(self, index: int) -> None:
        """The voltage of a sweep's state, counted as the law counts it."""
        if self.problem.sweep:
            own = self.ends.built_in(self.problem.temperature_at(0.0)) if self.law.driven[0] == "bias" else 0.0
            self.target = self.problem.sweep[index] + own
            if index > 0:  # a run that goes on from a file holds what it held before
                self.held = (self.problem.sweep[index - 1] + own) / thermal_voltage(self.problem.temperature_at(0.0))

    def advance(self, end: float, report: Callable[[float], None] | None) -> None:
        try:
            if not np.isfinite(end):
                self.relax()
            else:
                super().advance(end, report)
        except NumericsError as failure:
            raise NumericsError(f"{failure}{self.exhausted()}") from failure

    def relax(self) -> None:
        """The steady state at the voltage that is asked for, from the last one found, by as many others between them as
        Newton's method needs."""
        T = self.problem.temperature_at(0.0)
        if self.target is None:
            self.come_to_rest()
            return
        goal = self.target / thermal_voltage(T)
        known, rise = self.held, goal - self.held
        while self.held != goal:
            before = self.integration.u.copy()
            step = goal if abs(goal - known) <= abs(rise) * (1.0 + 1e-12) else known + rise
            try:
                self.hold(step)
                self.come_to_rest()
                known = step
            except NumericsError:
                self.integration.u[...] = before
                self.held, rise = known, 0.5 * rise
                if abs(rise) < SMALLEST_RISE:
                    raise
        if rise == 0.0:
            self.come_to_rest()

    def come_to_rest(self) -> None:
        """The steady state at this voltage. Between closed ends every ion is brought back to what there was of it,
        which long steps lose to rounding, and steps as short as the run's own time keep it so."""
        self.integration.relax(self.steady_step(), self.longest_step())
        if not self.problem.boundary.closed:
            return
        u, T = self.integration.u[: len(self.kept)], self.problem.temperature_at(0.0)
        now = (u[:, 1:-1] * self.grid.volumes).sum(axis=1)
        u *= np.divide(self.kept, now, out=np.ones_like(now), where=now > 0.0)[:, None]
        a, b = self.grid.interval
        step = (b - a) ** 2 / float(self.transport(T).max())
        self.integration.relax(step, step)

    @property
    def held(self) -> float:
        """The voltage at the right end, RT/F."""
        return float(self.integration.system.ends[-1, 3])

    @held.setter
    def held(self, V: float) -> None:
        self.integration.system.ends[-1, 3] = V

    def hold(self, V: float) -> None:
        """Another voltage at the right end, RT/F: the potential changes as it would in an empty space."""
        u, x = self.integration.u, points(self.grid)
        u[-1] += (V - self.held) * (x - x[0]) / (x[-1] - x[0])
        self.held = V

    def steady_step(self) -> float:
        """The time to cross one cell at the largest diffusivity, s."""
        width = float(np.min(np.diff(self.grid.faces)))
        return width * width / float(self.transport(self.problem.temperature_at(0.0)).max())

    def longest_step(self) -> float:
        """Of the way to a steady state, s: without bound where the ends decide every inventory."""
        held = [end.word == "fixed" for end in (self.problem.boundary.left, self.problem.boundary.right)]
        if any(held):
            return np.inf
        a, b = self.grid.interval
        return RELAXED * (b - a) ** 2 / float(self.transport(self.problem.temperature_at(0.0)).min())

    def exhausted(self) -> str:
        """A sentence where an ion has run out at an end."""
        c = self.concentrations()
        for name, k in zip(self.problem.mixture.components, np.argsort(self.order), strict=True):
            for side, at in (("left", 1), ("right", -2)):
                if self.neutral and c[k, at] < 1e-3 * c[k].max():
                    return (
                        f" {name} has run out at the {side} end: the current is above what diffusion can bring"
                        f"{self.limit()}. Lower it, or end the run earlier."
                    )
        return ""

    def limit(self) -> str:
        """The limiting current in words, where it is known."""
        found = limiting_current(self.problem)
        return "" if found is None else f", in the long run {found[2]:.5g} A/m^2"

    def fractions(self) -> np.ndarray:
        """Concentrations (n, N), mol/m^3, in the order of the case."""
        found = np.empty((self.problem.mixture.m, self.grid.cells))
        found[self.order] = self.concentrations()[:, 1:-1] * self.unit
        return found

    def all_flows(self) -> np.ndarray:
        """(n, N+1) flows of the ions in the engine's order, mol/s."""
        F = self.integration.fluxes()
        rows = F[:-1]
        if self.neutral:
            rows = np.vstack([rows, (F[-1] - self.z[:-1] @ rows) / self.z[-1]])
        return rows * self.unit

    def flux(self) -> np.ndarray:
        found = np.empty((self.problem.mixture.m, self.grid.cells + 1))
        found[self.order] = self.all_flows() / self.areas
        return found

    def field_shapes(self) -> dict[str, tuple[int, ...]]:
        n = self.problem.mixture.m
        wide = {"potential": (self.grid.cells,), "potential_end": (2,), "concentration_end": (n, 2)}
        wide |= {"surface_charge": (2,)} if self.law.closure == "poisson" else {}
        return wide | {"voltage": (), "current": ()}

    def fields(self) -> dict[str, np.ndarray]:
        T = self.problem.temperature_at(self.integration.time, -1)
        c, phi = self.concentrations(), self.u[-1].copy()
        if self.neutral and np.all(self.integration.system.ends[:, 4] == 0.0):
            c[:, -1], phi[-1] = self.right_surface(c[:, -2], phi[-2], T)
            self.check_surface(c)
        phi *= thermal_voltage(T)
        ends = np.empty((self.problem.mixture.m, 2))
        ends[self.order] = c[:, [0, -1]] * self.unit
        found = {}
        if self.law.closure == "poisson":
            found["surface_charge"] = FARADAY * self.unit * self.integration.fluxes()[-1, [0, -1]] * [1.0, -1.0]
        return found | {
            "potential": phi[1:-1].copy(),
            "potential_end": phi[[0, -1]].copy(),
            "concentration_end": ends,
            "voltage": np.array(phi[-1] - phi[0]),
            "current": np.array(self.current(T)),
        }

    def check_surface(self, c: np.ndarray) -> None:
        """Raise NumericsError where the flows through the right end ask for more of an ion than its cell holds."""
        k = int(np.argmin(c[:, -1] / np.maximum(c.max(axis=1), MISSING)))
        if c[k, -1] < -MISSING * c[k].max():
            name = self.problem.mixture.components[self.order[k]]
            raise NumericsError(
                f"At t = {self.integration.time:g} s the current asks for {c[k, -1] * self.unit:.4g} mol/m^3 of {name} "
                f"at the right end{self.limit()}: lower it, end the run earlier, or use smaller cells there."
            )

    def right_surface(self, c: np.ndarray, phi: float, T: float) -> tuple[np.ndarray, float]:
        """Concentrations (n,) and potential at the right end where it gives every flow, of which the engine keeps the
        neighbour's: what makes these flows between the last cell, c (n,) and phi, and a neutral surface."""
        flows = self.all_flows()[:, -1] / self.unit
        mobility = self.transport(T)[:, -1] * self.integration.system.face[CONDUCTANCE, -1]
        q = float(fixed_charge(self.law, self.grid.faces[-1:])[0]) / self.unit

        def surface(s: float) -> np.ndarray:
            B = bernoulli(self.z * s)
            return (B * c - flows / mobility) / (B + self.z * s)

        s = 0.0
        for _ in range(STEPS):
            h = 1e-6
            charge, beside = (float(self.z @ surface(at)) + q for at in (s, s + h))
            step = charge * h / (beside - charge)
            s -= step
            if abs(step) < SETTLED:
                break
        return surface(s), phi + s

    def current(self, T: float) -> float:
        """A/m^2, the displacement current of Poisson's closure included: the same through every face."""
        carried = FARADAY * (self.z @ self.all_flows()) / self.areas
        if self.law.closure != "poisson":
            return float(np.mean(carried))
        x, faces = points(self.grid), self.grid.faces
        at = np.zeros((self.problem.mixture.m, faces.size))
        resistance = np.diff(x) / np.broadcast_to(self.law.dielectric.program(at, x=faces)[0], faces.shape)
        return float(resistance @ carried / resistance.sum()) - self.displacement(resistance.sum())

    def displacement(self, thickness: float) -> float:
        """eps_0 dV/dt over int dx/eps, A/m^2, of a voltage that changes in time."""
        from simulator.laws.charge import EPSILON_0

        kind, program = self.law.driven
        if kind == "" or "t" not in program.depends_on:
            return 0.0
        t, span = self.integration.time, self.problem.end
        h = 1e-6 * span
        rise = self.ends.voltage_at(t + h) - self.ends.voltage_at(max(t - h, 0.0))
        return EPSILON_0 * rise / ((min(t, h) + h) * thickness)

    def inventory(self) -> np.ndarray:
        """Moles of every ion (n,), over those of the unit."""
        return (self.fractions() * self.grid.volumes).sum(axis=1) / self.unit

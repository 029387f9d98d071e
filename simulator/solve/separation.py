"""A solution that un-mixes, on one grid: mole fractions and their Laplacians, and the energy that falls."""

from collections.abc import Callable

import numpy as np

from simulator.faults import Invalid, NumericsError
from simulator.kernels.cahn_hilliard import HEAD
from simulator.kernels.system import CONDUCTANCE
from simulator.laws.program import Program, number
from simulator.problem.boundary import Fixed
from simulator.problem.problem import Problem
from simulator.solve.axis import Axis
from simulator.solve.controls import Controls
from simulator.solve.discretise import NOTHING, discretise, effective_areas, equations_of, start_of
from simulator.solve.integration import Integration
from simulator.solve.levels import TimeLevel
from simulator.solve.schemes import Scheme

RISE = 1e-12  # of the size of the energy: more than rounding leaves


class SeparationLevel(TimeLevel):
    """A problem of cahn-hilliard, see `simulator.kernels.cahn_hilliard`. Raises Invalid for a scheme that takes no
    algebraic rows."""

    def __init__(self, problem: Problem, axis: Axis, scheme: Scheme, controls: Controls):
        if scheme.family != "implicit":
            text = f'{scheme.name} does not solve for the gradient energy in one dimension; use "implicit".'
            raise Invalid.at("solver.scheme", text)
        self.problem, self.axis, self.grid, self.law = problem, axis, axis.grid, problem.law
        self.areas = effective_areas(axis.grid)
        self.markers = None
        history = problem.temperature
        self.breaks = history.breaks if history is not None else ()
        equations = equations_of(problem)
        m, T = problem.mixture.m, problem.temperature_at(0.0)
        programs = [self.padded(p, places) for p, places in (
            (problem.boundary.program(problem.mixture, self.areas), 2), (problem.source_program, 1)
        )]  # fmt: skip
        varies = history is not None and not history.constant
        system = discretise(
            equations,
            axis.grid,
            self.end_rows(T),
            periodic=problem.boundary.periodic,
            temperature=T,
            end_program=programs[0],
            source_program=programs[1],
            temperature_program=history.program.code if varies and history.program is not None else NOTHING,
        )
        u = start_of(system, np.vstack([axis.start, np.zeros((m, axis.grid.cells))]))
        span = problem.end
        overshoot = 0.0 if self.law.confined else np.inf
        self.integration = Integration(system, u, scheme, controls, span, overshoot)
        self.set_temperature(0.0, min([*self.breaks, span]))
        self.integration.settle()
        self.u, self.state = self.integration.u, self.integration.state
        self.unknowns = (self.u,)
        self.kappa_by_s = system.parameters[HEAD : HEAD + m * m].reshape(m, m)

    def padded(self, program: Program | None, places: int) -> np.ndarray:
        """The code of a program of the mole fractions (m outputs, `places` times) with zeros for the Laplacians."""
        if program is None:
            return NOTHING
        m, trees = self.problem.mixture.m, program.trees
        rows = [tree for k in range(places) for tree in (*trees[k * m : (k + 1) * m], *(number(0.0) for _ in range(m)))]
        return Program(tuple(rows), 2 * m).code

    def end_rows(self, T: float) -> np.ndarray:
        """(2m, 6): of the mole fractions as the case gives them; no gradient at an end, or none of its potential's
        gradient part where the composition is held."""
        problem = self.problem
        rows = problem.boundary.rows(problem.mixture, 0.0, T, self.areas)
        own = []
        for end in (problem.boundary.left, problem.boundary.right):
            own += [0.0, 1.0, 0.0] if isinstance(end, Fixed) else [0.0, 0.0, 1.0]
        return np.vstack([rows, np.tile(own, (problem.mixture.m, 1))])

    def free_energy(self) -> float:
        """Mean of G + (1/2) sum_ij kappa_ij grad u_i . grad u_j over the sample, J/mol, with the differences that the
        Laplacians are made of."""
        m, u, T = self.problem.mixture.m, self.u, self.problem.temperature_at(self.integration.time, -1)
        steps = np.diff(u[:m], axis=1)
        g = self.integration.system.face[CONDUCTANCE].copy()
        if self.problem.boundary.periodic:
            steps[:, 0] = u[:m, 1] - u[:m, -2]
            g[-1] = 0.0
        gradients = 0.5 * np.einsum("if,ij,jf,f->", steps, self.law.gradient, steps, g)
        local = self.law.free_energy(u[:m, 1:-1], T) @ self.grid.volumes
        return float(local + gradients) / float(self.grid.volumes.sum())

    @property
    def isolated(self) -> bool:
        """Whether nothing can raise the energy: closed or periodic ends, one temperature, no source."""
        boundary, history = self.problem.boundary, self.problem.temperature
        quiet = self.problem.source is None and (history is None or history.constant)
        return quiet and (boundary.closed or boundary.periodic)

    def advance(self, end: float, report: Callable[[float], None] | None) -> None:
        before = self.free_energy()
        super().advance(end, report)
        after = self.free_energy()
        if self.isolated and after > before + RISE * abs(before):
            raise NumericsError(
                f"the free energy rose by {after - before:.3g} J/mol up to t = {end:g} s, which only errors of the "
                "time steps can do: lower solver.rtol."
            )

    def field_shapes(self) -> dict[str, tuple[int, ...]]:
        return {"free_energy": (), "chemical_potential": (self.problem.mixture.m, self.grid.cells)}

    def fields(self) -> dict[str, np.ndarray]:
        m, T = self.problem.mixture.m, self.problem.temperature_at(self.integration.time, -1)
        cells = self.u[:, 1:-1]
        curved = self.kappa_by_s @ cells[m:]
        mu = self.law.potentials(cells[:m], T=T) - curved
        return {"free_energy": np.array(self.free_energy()), "chemical_potential": mu}

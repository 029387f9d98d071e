"""Squares and cubes in which phases separate: benchmark 1a of the phase-field community hub (PFHub), periodic."""

from collections.abc import Callable

import numpy as np

from simulator.kernels.chebyshev import MU, MU_F, NU, NU_F, WEIGHTS
from simulator.kernels.field_stage import stages
from simulator.laws.cahn_hilliard import CahnHilliard
from simulator.laws.mixture import Mixture
from simulator.laws.thermodynamics import Thermodynamics
from simulator.problem.box import Box
from simulator.problem.field_problem import FieldProblem
from simulator.problem.initial import Expression
from simulator.solve.controls import Controls
from simulator.solve.field_integration import FieldIntegration, integration_of

SIDE = 200.0
START = (
    "0.5 + 0.01*(cos(0.105*x)*cos(0.11*y) + (cos(0.13*x)*cos(0.087*y))**2 + cos(0.025*x - 0.15*y)*cos(0.07*x - 0.02*y))"
)
STAGES = 13  # of a step that is measured, with its first and last


def problem_on(cells: int, end: float, dimensions: int = 2) -> FieldProblem:
    mixture = Mixture(("A", "B"), "A")
    solution = Thermodynamics(mixture, "expression", g="5*(x_B - 0.3)**2*(0.7 - x_B)**2", units="reduced")
    law = CahnHilliard(mixture, 2.0, 5.0, thermodynamics=solution)
    box = Box((SIDE,) * dimensions, (cells,) * dimensions)
    return FieldProblem(mixture, law, box, Expression({"B": START}), "periodic", end=end)


def carried(problem: FieldProblem, scheme: str, rtol: float) -> FieldIntegration:
    run = integration_of(problem, Controls(scheme, rtol))
    run.advance(problem.end)
    return run


def step_of_stages(cells: int) -> Callable[[], int]:
    """A step of the explicit scheme with STAGES stages in a square, on one thread, ready to be measured."""
    run = FieldIntegration(problem_on(cells, 1.0), Controls(), threads=1)
    run.evaluate()
    weights = np.zeros((STAGES, WEIGHTS))
    weights[:, MU], weights[:, NU], weights[:, MU_F], weights[:, NU_F] = 0.6, 0.2, 1e-9, 1e-9
    times = np.zeros(STAGES + 1)
    histories = run.histories(times)
    return lambda: stages(run.system, run.work, 1.0, weights, times, *histories, run.registers, run.sums)

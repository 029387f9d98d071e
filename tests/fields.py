"""Problems of fields that tests share, and the right-hand side of Cahn and Hilliard's equation in plain numpy."""

import numpy as np

from simulator.laws.cahn_hilliard import CahnHilliard
from simulator.laws.mixture import Mixture
from simulator.laws.thermodynamics import Thermodynamics
from simulator.problem.box import Box
from simulator.problem.field_problem import FieldProblem
from simulator.problem.initial import Expression

BINARY, TERNARY = Mixture(("A", "B"), "A"), Mixture(("A", "B", "C"), "C")
QUARTIC = "5*(x_B - 0.3)**2*(0.7 - x_B)**2"
# Of benchmark problem 1 of the phase-field community hub (PFHub): a square of side 200.
PFHUB_START = (
    "0.5 + 0.01*(cos(0.105*x)*cos(0.11*y) + (cos(0.13*x)*cos(0.087*y))**2 + cos(0.025*x - 0.15*y)*cos(0.07*x - 0.02*y))"
)


def quartic(start: str, box: Box, **others) -> FieldProblem:
    """f = 5 (c - 0.3)^2 (0.7 - c)^2, kappa = 2 and M = 5, in reduced units."""
    law = CahnHilliard(
        BINARY, 2.0, 5.0, thermodynamics=Thermodynamics(BINARY, "expression", g=QUARTIC, units="reduced")
    )
    return FieldProblem(BINARY, law, box, Expression({"B": start}), **others)


def pfhub(cells: int = 200, sides: str = "periodic", end: float = 100.0) -> FieldProblem:
    return quartic(PFHUB_START, Box((200.0, 200.0), (cells, cells)), sides=sides, end=end)


def regular(start: str, box: Box, w: float = 3.0, kappa: float = 1.0, mobility="degenerate", **others) -> FieldProblem:
    """g = x ln x + (1-x) ln(1-x) + w x (1-x) and D = 1, in reduced units."""
    solution = Thermodynamics(BINARY, "regular", {"A-B": w}, units="reduced")
    D = 1.0 if isinstance(mobility, str) and mobility in ("degenerate", "constant") else None
    law = CahnHilliard(BINARY, kappa, mobility, D, thermodynamics=solution)
    return FieldProblem(BINARY, law, box, Expression({"B": start}), **others)


def ternary(start: dict[str, str], box: Box, **others) -> FieldProblem:
    """Three fields with unlike pairs and tracers, and a gradient energy that couples them, in reduced units."""
    solution = Thermodynamics(TERNARY, "regular", {"A-B": 3.0, "A-C": 3.5, "B-C": 2.5}, units="reduced")
    tracers = {"A": 1.0, "B": 2.0, "C": 0.5}
    law = CahnHilliard(TERNARY, [[1.0, 0.3], [0.3, 0.8]], "degenerate", tracers, thermodynamics=solution)
    return FieldProblem(TERNARY, law, box, Expression(start), **others)


def differences(values: np.ndarray, axis: int, periodic: bool) -> np.ndarray:
    """Towards the next cell, 0 through the last side if it is closed."""
    last = [slice(None)] * values.ndim
    last[axis] = -1
    found = np.roll(values, -1, axis) - values
    if not periodic:
        found[tuple(last)] = 0.0
    return found


def rate(problem: FieldProblem, u: np.ndarray, t: float = 0.0) -> np.ndarray:
    """du/dt (m, [nz,] ny, nx): compact fluxes through every face, whole arrays at a time."""
    law, box, m, T = problem.law, problem.box, problem.mixture.m, problem.temperature_at(t)
    axes = [(-1 - i, h, side == "periodic") for i, (h, side) in enumerate(zip(box.spacing, problem.sides, strict=True))]

    def laplacian(values):
        total = np.zeros_like(values)
        for axis, h, periodic in axes:
            step = differences(values, axis, periodic)
            total += (step - np.roll(step, 1, axis)) / h**2
        return total

    bend = np.einsum("ij,j...->i...", law.gradient, np.stack([laplacian(row) for row in u]))
    mu = law.potentials(u, T=T) - bend
    M = np.broadcast_to(law.mobilities(u, T=T), (m * m, *u.shape[1:])).reshape(m, m, *u.shape[1:])
    found = np.zeros_like(u)
    for axis, h, periodic in axes:
        face = 0.5 * (M + np.roll(M, -1, axis))
        flow = np.einsum("ij...,j...->i...", face, np.stack([differences(row, axis, periodic) for row in mu]))
        found += (flow - np.roll(flow, 1, axis)) / h**2
    if problem.source_program is not None:
        found += problem.source_program(u, **dict(zip(box.axes, box.mesh, strict=True)), t=t, T=T)
    return found

"""From a problem in two or three dimensions to what the kernels of fields are given."""

import numpy as np

from simulator.kernels.field import (
    ANY_MOBILITY,
    ANY_POTENTIAL,
    DEGENERATE,
    LOGARITHM,
    MOBILITY,
    POLYNOMIAL,
    POWERS,
    SHARE,
    UNIFORM,
    FieldSystem,
    tile_rows,
)
from simulator.kernels.program import evaluate_to
from simulator.laws.formula import Formula
from simulator.laws.program import Program, replaced
from simulator.problem.field_problem import FieldProblem

# Beyond 0 and 1 a state may be by rounding, where nothing in the law ends there.
OVERSHOOT = 1e-12
NOWHERE = -1
# A mobility that vanishes in pure components does so to rounding.
VANISHING = 1e-13
FEWEST_POWERS = 4


def in_rows(program: Program, m: int) -> Program:
    """The same program with y and z as unknowns m and m + 1: a kernel is given one coordinate and rows."""
    return Program(replaced(program.trees, {("y",): ("unknown", m), ("z",): ("unknown", m + 1)}), m + 2)


def degenerate(program: Program, temperatures: np.ndarray) -> bool:
    """Whether the mobility of a binary is M x (1-x): its curvature is free of x, and it vanishes at 0 and 1."""
    if "composition" in Formula(program.trees[0]).derivative(0).derivative(0).program(1).depends_on:
        return False
    x = np.broadcast_to([[0.0], [0.5], [1.0]], (3, temperatures.size))
    with np.errstate(all="ignore"):
        left, middle, right = program(x[None], T=temperatures[None])[0]
    return bool(np.all(np.abs(left) + np.abs(right) <= VANISHING * np.abs(middle)))


class FieldEquations:
    """A problem's law as the kernels know it: the system, and what of it changes with temperature.

    dG/dx, M, d2G/dx2 and S as programs stand one after another in system.code. special: whether binaries of the known
    forms go through kernels of their own; they give the same numbers.
    """

    def __init__(self, problem: FieldProblem, special: bool = True):
        law, box, m = problem.law, problem.box, problem.mixture.m
        self.law, self.m = law, m
        self.potential, self.mobility, self.polynomial = ANY_POTENTIAL, ANY_MOBILITY, None
        found = law.reduced_polynomial() if special and m == 1 else None
        if found is not None and not found[1].depends_on - {"T"}:
            self.potential = LOGARITHM if law.logarithmic else POLYNOMIAL
            self.polynomial = found[1]
        if special and m == 1 and not law.mobilities.depends_on - {"T"}:
            self.mobility = UNIFORM
        elif special and m == 1 and degenerate(law.mobilities, problem.temperatures):
            self.mobility = DEGENERATE
        parts, places, length = [], [], 0
        for program in (law.potentials, law.mobilities, law.curvatures, problem.source_program):
            places.append(NOWHERE if program is None else length)
            if program is not None:
                parts.append(in_rows(program, m).code)
                length += parts[-1].size
        flat = box.dimensions == 2
        sides = [float(side == "periodic") for side in problem.sides]
        self.programs = int(self.potential == ANY_POTENTIAL or self.mobility == ANY_MOBILITY or places[3] >= 0)
        self.system = FieldSystem(
            unknowns=m,
            rows=tile_rows(1 if flat else box.cells[2], box.cells[1], box.cells[0]),
            potential=self.potential,
            mobility=self.mobility,
            evaluate=evaluate_to.address if self.programs else 0,
            potentials=places[0],
            mobilities=places[1],
            curvatures=places[2],
            source=places[3],
            code=np.concatenate(parts),
            gradient=np.array(law.gradient, float, order="C"),
            periodic=np.array([*sides, 0.0] if flat else sides),
            weights=np.array([*(1.0 / h**2 for h in box.spacing), 0.0][:3]),
            x=box.centres[0],
            y=box.centres[1],
            z=np.zeros(1) if flat else box.centres[2],
            bounded=float(law.confined),
            overshoot=0.0 if law.logarithmic else OVERSHOOT,
        )

    def locals(self, temperatures: np.ndarray) -> np.ndarray:
        """(k, .): what the kernels need of the law at these temperatures (k,), see `simulator.kernels.field`."""
        count = temperatures.size
        powers = 0 if self.polynomial is None else max(FEWEST_POWERS, self.polynomial.outputs)
        rows = np.zeros((count, POWERS + powers))
        if self.polynomial is not None:
            rows[:, POWERS : POWERS + self.polynomial.outputs] = self.polynomial(np.zeros((1, count)), T=temperatures).T
        if self.potential == LOGARITHM:
            rows[:, SHARE] = [self.law.RT(T) for T in temperatures]
        if self.mobility in (UNIFORM, DEGENERATE):
            middle = self.law.mobilities(np.full((1, count), 0.5), T=temperatures)[0]
            rows[:, MOBILITY] = middle if self.mobility == UNIFORM else 4.0 * middle
        return rows

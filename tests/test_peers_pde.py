"""Against py-pde and FiPy: couples of one component, spheres and cylinders.

py-pde is given the law as laplace(K), K = int D dx: with equal cells its differences are then the very equations that
the engine integrates, and only time errors are left. In spheres its cells begin at the centre as ours. FiPy's step is
backward Euler and its D on a face that of the mean composition: both differ from ours by multiples of h^2 where its
steps shrink as h^2. Neither knows mixtures, frames, markers, or cells that move.
"""

import os

import numpy as np
import pytest
from peers import averages, check_second_order, halved, peer

from simulator import Controls, Domain, Fick, Mixture, Problem, Step, solve
from simulator.problem.boundary import Boundary, Fixed

pytestmark = pytest.mark.slow

BINARY = Mixture(("A", "B"), "A")
HALF = 10.0


def couple(cells, D, **changes) -> Problem:
    settings = {
        "mixture": BINARY,
        "law": Fick(BINARY, D=D),
        "domain": Domain(interval=(-HALF, HALF), cells=cells, grading="uniform"),
        "initial": Step(0.0, {"B": 0.1}, {"B": 0.9}),
        "end": 1.0,
    }
    return Problem(**settings | changes)


def profile(problem, name="B", **controls) -> np.ndarray:
    result = solve(problem, Controls(**{"rtol": 1e-9} | controls))
    return result.mole_fraction[-1, result.components.index(name)]


def py_pde(grid, rate: str, start, bc, end=1.0) -> np.ndarray:
    """c at the end by py-pde's right-hand side and SciPy's BDF at 1e-9."""
    pde = peer("pde", "py-pde")
    field = pde.ScalarField(grid, start)
    equation = pde.PDE({"c": rate}, bc=bc)
    answer = equation.solve(
        field, end, tracker=None, solver="scipy", method="BDF", rtol=1e-9, atol=1e-11, backend="numpy"
    )
    return np.array(answer.data)


@pytest.mark.parametrize(("D", "rate"), [("exp(2*x_B)", "laplace(exp(2*c)/2)"), ("1 + x_B**2", "laplace(c + c**3/3)")])
def test_py_pde_solves_the_same_equations_on_equal_cells(D, rate):
    pde = peer("pde", "py-pde")
    cells = 80
    grid = pde.CartesianGrid([[-HALF, HALF]], cells)
    start = np.where(grid.axes_coords[0] < 0.0, 0.1, 0.9)
    theirs = py_pde(grid, rate, start, {"derivative": 0.0})
    # the same equations: both integrate in time at 1e-9 a step, some hundred steps, and ours reads K from a table
    assert np.max(np.abs(theirs - profile(couple(cells, D)))) < 3e-7


def test_py_pde_on_a_sphere():
    pde = peer("pde", "py-pde")
    ends = {"r-": {"derivative": 0}, "r+": {"value": 0.5}}
    theirs = [py_pde(pde.SphericalSymGrid(1.0, n), "laplace(c)", np.zeros(n), ends, 0.1) for n in (40, 80)]
    problem = couple(
        40,
        1.0,
        domain=Domain(interval=(0.0, 1.0), cells=640, grading="uniform", geometry="spherical"),
        initial=Step(0.5, {"B": 0.0}, {"B": 0.0}),
        boundary=Boundary(right=Fixed({"B": 0.5})),
        end=0.1,
    )
    faces = np.linspace(0.0, 1.0, 641)
    coarse = np.linspace(0.0, 1.0, 41)
    ours = averages(faces**3, profile(problem, extrapolate=True), coarse**3)
    fine = averages(np.linspace(0.0, 1.0, 81) ** 3, theirs[1], coarse**3)
    # the jump between start and surface is worst on the coarse cells; h^4 of a profile that is smooth by now
    check_second_order(theirs[0], fine, ours, 1e-5)


def fipy_run(mesh, start, D, end, steps, fixed=None):
    """c at the end by backward Euler with three sweeps a step, steps that grow with the square root of time."""
    os.environ.setdefault("FIPY_SOLVERS", "scipy")
    fipy = peer("fipy", "FiPy")
    c = fipy.CellVariable(mesh=mesh, hasOld=True, value=start)
    if fixed is not None:
        c.constrain(fixed, mesh.facesRight)
    equation = fipy.TransientTerm() == fipy.DiffusionTerm(coeff=D(fipy, c))
    for dt in np.diff(end * np.linspace(0.0, 1.0, steps + 1) ** 2):
        c.updateOld()
        for _ in range(3):
            equation.sweep(var=c, dt=float(dt))
    return np.array(c.value)


def test_fipy_on_a_couple():
    fipy = peer("fipy", "FiPy")
    theirs = []
    for cells, steps in ((60, 100), (120, 400)):  # steps as h^2: the error in time is one in h^2 too
        mesh = fipy.Grid1D(dx=2.0 * HALF / cells, nx=cells)
        start = np.where(np.array(mesh.cellCenters[0]) < HALF, 0.1, 0.9)
        theirs.append(fipy_run(mesh, start, lambda fipy, c: fipy.numerix.exp(2.0 * c.faceValue), 1.0, steps))
    faces = np.linspace(-HALF, HALF, 961)
    ours = averages(faces, profile(couple(960, "exp(2*x_B)"), extrapolate=True), np.linspace(-HALF, HALF, 61))
    check_second_order(theirs[0], halved(theirs[1]), ours, 2e-4, least=3.3)


def test_fipy_on_a_cylinder():
    fipy = peer("fipy", "FiPy")
    theirs = []
    for cells, steps in ((20, 50), (40, 200)):
        mesh = fipy.CylindricalGrid1D(nr=cells, dr=1.0 / cells)
        theirs.append(fipy_run(mesh, np.zeros(cells), lambda fipy, c: 1.0, 0.1, steps, fixed=0.5))
    problem = couple(
        40,
        1.0,
        domain=Domain(interval=(0.0, 1.0), cells=640, grading="uniform", geometry="cylindrical"),
        initial=Step(0.5, {"B": 0.0}, {"B": 0.0}),
        boundary=Boundary(right=Fixed({"B": 0.5})),
        end=0.1,
    )
    coarse = np.linspace(0.0, 1.0, 21)
    ours = averages(np.linspace(0.0, 1.0, 641) ** 2, profile(problem, extrapolate=True), coarse**2)
    fine = averages(np.linspace(0.0, 1.0, 41) ** 2, theirs[1], coarse**2)
    check_second_order(theirs[0], fine, ours, 2e-4, least=3.3)

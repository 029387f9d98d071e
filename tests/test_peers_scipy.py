"""Against SciPy and SUNDIALS, from the equations written out here, without a kernel of this project.

What coincides is the mathematics. Where the cells and the differences coincide as well, only time errors are left;
a boundary value problem has neither cells nor steps in common with ours.
"""

import numpy as np
import pytest
from peers import check_second_order, halved, peer
from scipy.integrate import solve_bvp, solve_ivp
from scipy.sparse import diags_array

from simulator import Controls, Darken, Domain, Fick, Mixture, Problem, Step, Thermodynamics, solve
from simulator.laws.expression import CONSTANTS
from simulator.problem.boundary import Boundary, Fixed
from simulator.problem.temperature import Temperature

BINARY, TERNARY = Mixture(("A", "B"), "A"), Mixture(("A", "B", "C"), "C")
HALF, T = 10.0, 1000.0


def couple(law, left, right, cells, **changes) -> Problem:
    settings = {
        "mixture": law.mixture,
        "law": law,
        "domain": Domain(interval=(-HALF, HALF), cells=cells, grading="uniform"),
        "initial": Step(0.0, left, right),
        "temperature": Temperature(T),
        "end": 1.0,
    }
    return Problem(**settings | changes)


def regular() -> Darken:
    solution = Thermodynamics(BINARY, "regular", {"A-B": 1.2 * CONSTANTS["R"] * T})
    return Darken(BINARY, tracer={"A": "exp(0.5*x_B)", "B": "4*exp(-0.3*x_B)"}, thermodynamics=solution)


def regular_D(x):
    """(x_A D_B* + x_B D_A*) (1 - 2 Omega x_A x_B/RT), with D_A* = exp(x/2), D_B* = 4 exp(-3 x/10), Omega = 1.2 RT."""
    return ((1.0 - x) * 4.0 * np.exp(-0.3 * x) + x * np.exp(0.5 * x)) * (1.0 - 2.4 * x * (1.0 - x))


def slopes_of(D, h):
    """dx/dt on equal cells of size h between closed ends, D on a face that of the mean."""

    def slopes(t, x):
        flow = np.zeros(x.size + 1)
        flow[1:-1] = -D(0.5 * (x[1:] + x[:-1])) * np.diff(x) / h
        return -np.diff(flow) / h

    return slopes


def into(slopes):
    """The same, written into an array, as SUNDIALS asks."""

    def write(t, x, rates):
        rates[:] = slopes(t, x)

    return write


def by_lines(D, cells, method) -> np.ndarray:
    h = 2.0 * HALF / cells
    start = np.where(np.arange(cells) < cells // 2, 0.1, 0.9)
    sparsity = diags_array([1.0, 1.0, 1.0], offsets=[-1, 0, 1], shape=(cells, cells))
    options = {"lband": 1, "uband": 1} if method == "LSODA" else {"jac_sparsity": sparsity}
    answer = solve_ivp(slopes_of(D, h), (0.0, 1.0), start, method, t_eval=[1.0], rtol=1e-9, atol=1e-11, **options)
    assert answer.success
    return answer.y[:, -1]


@pytest.mark.parametrize("method", ["BDF", "LSODA"])
def test_regular_couple_by_lines(method):
    """Differences of our own: fluxes at faces may differ by h^2, so the difference of both falls to a quarter."""
    theirs = [by_lines(regular_D, n, method) for n in (100, 200)]
    problem = couple(regular(), {"B": 0.1}, {"B": 0.9}, 100)
    ours = solve(problem, Controls(scheme="similarity", extrapolate=True)).mole_fraction[-1, 1]
    check_second_order(theirs[0], halved(theirs[1]), ours, 3e-5)


@pytest.mark.slow
def test_regular_couple_by_cvode():
    """SUNDIALS CVODE through its Python interface, with the same right-hand side."""
    cvode = peer("sksundae.cvode", "scikit-sundae")
    theirs = []
    for cells in (100, 200):
        start = np.where(np.arange(cells) < cells // 2, 0.1, 0.9)
        solver = cvode.CVODE(
            into(slopes_of(regular_D, 2.0 * HALF / cells)),
            rtol=1e-9,
            atol=1e-11,
            linsolver="band",
            lband=1,
            uband=1,
            max_num_steps=100_000,
        )
        answer = solver.solve(np.array([0.0, 1.0]), start)
        assert answer.success
        theirs.append(answer.y[-1])
    problem = couple(regular(), {"B": 0.1}, {"B": 0.9}, 100)
    ours = solve(problem, Controls(rtol=1e-9, extrapolate=True)).mole_fraction[-1, 1]
    check_second_order(theirs[0], halved(theirs[1]), ours, 3e-5)


def matrix_D(a, b):
    return np.array([[1.0 + a, 0.3 * b], [0.2 * a, 0.5 + 0.4 * b]])


def test_ternary_similarity_equation():
    """-z/2 dx/dz = d/dz (D(x) dx/dz) by collocation on a line, for a matrix that depends on the composition."""
    law = Fick(TERNARY, D=[["1 + x_A", "0.3*x_B"], ["0.2*x_A", "0.5 + 0.4*x_B"]])
    left, right = np.array([0.1, 0.5]), np.array([0.5, 0.2])

    def slopes(z, y):
        rates = np.empty_like(y)
        for k in range(z.size):
            gradient = np.linalg.solve(matrix_D(*y[:2, k]), y[2:, k])
            rates[:2, k] = gradient
            rates[2:, k] = -0.5 * z[k] * gradient
        return rates

    z = np.linspace(-HALF, HALF, 401)
    share = 0.5 * (1.0 + np.tanh(z))
    guess = np.vstack([left[:, None] + (right - left)[:, None] * share, np.outer(right - left, 0.5 / np.cosh(z) ** 2)])
    answer = solve_bvp(
        slopes, lambda a, b: np.concatenate([a[:2] - left, b[:2] - right]), z, guess, tol=1e-8, max_nodes=20000
    )
    assert answer.success
    problem = couple(law, {"A": 0.1, "B": 0.5}, {"A": 0.5, "B": 0.2}, 200)
    ours = solve(problem, Controls(rtol=1e-9, extrapolate=True)).mole_fraction[-1, :2]
    nodes, weights = np.polynomial.legendre.leggauss(5)
    faces = problem.grid.faces
    points = 0.5 * (faces[1:] + faces[:-1])[:, None] + 0.5 * np.diff(faces)[:, None] * nodes
    theirs = (answer.sol(points.ravel())[:2].reshape(2, faces.size - 1, 5) * weights).sum(axis=2) / 2.0
    # h^4 of extrapolation on 200 cells, of which a profile has about fifty
    assert np.max(np.abs(ours - theirs)) < 1e-5


def test_steady_flux_through_a_plate():
    """int D dx between held faces, from SciPy's quadrature; the profile from the integral's inverse."""
    law = Fick(BINARY, D="exp(2*x_B)")
    problem = couple(
        law, {"B": 0.5}, {"B": 0.5}, 100, boundary=Boundary(Fixed({"B": 0.1}), Fixed({"B": 0.9})), end="steady"
    )
    result = solve(problem, Controls(rtol=1e-9))
    answer = solve_bvp(
        lambda x, y: np.vstack([y[1] * np.exp(-2.0 * y[0]), np.zeros(x.size)]),
        lambda a, b: np.array([a[0] - 0.1, b[0] - 0.9]),
        np.linspace(-HALF, HALF, 21),
        np.vstack([np.linspace(0.1, 0.9, 21), np.full(21, 0.1)]),
        tol=1e-10,
        max_nodes=20000,
    )
    assert answer.success
    # differences of int D dx are exact in the flux of a plate
    np.testing.assert_allclose(result.flux[-1, 1], -answer.sol(0.0)[1], rtol=1e-7)
    # averages over cells of size h = 0.2 against values at their centres: h^2 x''/24
    assert np.max(np.abs(result.mole_fraction[-1, 1] - answer.sol(result.x)[0])) < 1e-4

"""One engine for every law: a Poisson row beside two ions, a Cahn-Hilliard pair, a ternary matrix."""

import json
from pathlib import Path

import numpy as np
import pytest
from laws import cahn_hilliard_equations, ions_equations, matrix_equations

from simulator.problem.grid import Grid
from simulator.solve.controls import Controls
from simulator.solve.discretise import discretise
from simulator.solve.exact.constant_matrix import matrix_averages
from simulator.solve.integration import Integration
from simulator.solve.schemes import scheme_named

CLOSED = np.array([0.0, 0.0, 1.0, 0.0, 0.0, 1.0])
REFERENCE = json.loads((Path(__file__).parent / "reference" / "electrolytes.json").read_text())["P2_PNP_step"]


def wall_grid(cells: int, strength: float = 2.8) -> Grid:
    s = np.linspace(-1.0, 1.0, cells + 1)
    return Grid(0.5 * (np.tanh(strength * s) / np.tanh(strength) + 1.0))


def double_layer(cells: int, rtol: float) -> Integration:
    """10 kT/e across blocking electrodes, Debye length 1/100 of the slab, from a uniform salt."""
    grid = wall_grid(cells)
    ends = np.array([CLOSED, CLOSED, [-5.0, 1.0, 0.0, 5.0, 1.0, 0.0]])
    system = discretise(ions_equations(1e-4), grid, ends)
    start = np.ones((3, cells + 2))
    start[2] = 10.0 * system.cell[1] - 5.0
    return Integration(system, start, scheme_named("implicit"), Controls(rtol=rtol), 1.0)


def test_poisson_row_charges_a_double_layer_as_the_reference():
    run = double_layer(800, 1e-7)
    run.settle()
    for t, charge, (left, right, _) in zip(
        REFERENCE["t"], REFERENCE["value"], REFERENCE["c_plus_left_right_mid"], strict=True
    ):
        run.advance(t)
        wall = 1e-4 * (run.u[2, 1] - run.u[2, 0]) * run.system.face[0, 0]
        # 800 cells graded to the walls: the charge is second order, 2e-4 at the steepest layer
        assert wall == pytest.approx(charge, rel=3e-4)
        assert run.u[0, 0] == pytest.approx(left, rel=1e-3)
        assert run.u[0, -1] == pytest.approx(right, rel=1e-3)
    ions = run.u[:2] * run.system.cell[0]
    assert ions.sum(axis=1) == pytest.approx([1.0, 1.0], abs=1e-12)
    assert run.u[:2].min() > 0.0
    assert run.rejected_steps == 0


def test_poisson_row_converges_with_the_grid():
    charges = []
    for cells in (200, 400, 800):
        run = double_layer(cells, 1e-8)
        run.settle()
        run.advance(0.01)
        charges.append(1e-4 * (run.u[2, 1] - run.u[2, 0]) * run.system.face[0, 0])
    errors = np.abs(np.array(charges) / REFERENCE["value"][2] - 1.0)
    orders = np.log2(errors[:-1] / errors[1:])
    assert orders == pytest.approx([2.0, 2.0], abs=0.1)


def wave(cells: int, amplitude: float) -> tuple[Grid, np.ndarray, float]:
    """Half a wave of the fastest growing length on a closed interval, w = 3, K = 1, x = 1/2; wavenumber 1."""
    grid = Grid(np.linspace(0.0, np.pi, cells + 1))
    x = np.concatenate((grid.faces[:1], grid.centres, grid.faces[-1:]))
    start = np.zeros((2, cells + 2))
    start[0] = 0.5 + amplitude * np.cos(x)
    return grid, start, np.pi / cells


def test_cahn_hilliard_wave_grows_at_its_linear_rate():
    grid, start, h = wave(64, 1e-7)
    run = Integration(
        discretise(cahn_hilliard_equations(3.0, 1.0), grid, np.tile(CLOSED, (2, 1))),
        start,
        scheme_named("implicit"),
        Controls(rtol=1e-9),
        20.0,
    )
    run.settle()
    run.advance(20.0)
    square = 2.0 * (1.0 - np.cos(h)) / h**2  # the grid's own wavenumber
    rate = -0.25 * square * (4.0 - 6.0 + square)  # -x0 (1-x0) b^2 (g'' + K b^2)
    growth = np.log((run.u[0, 1] - 0.5) / (start[0, 1] - 0.5)) / 20.0
    assert growth == pytest.approx(rate, rel=1e-5)


def test_cahn_hilliard_pair_separates_into_the_binodal_phases():
    cells = 400
    grid = Grid(np.linspace(0.0, 60.0, cells + 1))
    rng = np.random.default_rng(1)
    start = np.zeros((2, cells + 2))
    start[0] = 0.5 + 0.01 * rng.standard_normal(cells + 2)
    system = discretise(cahn_hilliard_equations(3.0, 1.0), grid, np.tile(CLOSED, (2, 1)))
    run = Integration(system, start, scheme_named("implicit"), Controls(rtol=1e-5), 1e4)
    run.settle()
    inventory = (run.u[0] * system.cell[0]).sum()
    run.advance(1e4)
    assert (run.u[0] * system.cell[0]).sum() == pytest.approx(inventory, rel=1e-12)
    assert run.u[0].min() == pytest.approx(
        0.07072018167994482, abs=2e-3
    )  # binodal at w = 3; curved tails pull a little
    assert run.u[0].max() == pytest.approx(1.0 - 0.07072018167994482, abs=2e-3)


MATRIX = np.array([[1.0, 0.5], [0.1, 0.5]])
LEFT, RIGHT = np.array([1 / 6, 5 / 12]), np.array([0.5, 0.25])


def ternary(cells: int, rtol: float, slope: float = 0.0) -> tuple[Grid, Integration]:
    """From the exact profile at t = 0.5 to t = 1."""
    grid = Grid(np.linspace(-10.0, 10.0, cells + 1))
    system = discretise(matrix_equations(MATRIX, slope), grid, np.tile(CLOSED, (2, 1)))
    start = matrix_averages(grid.faces, 0.5, MATRIX, (0.0,), np.stack((LEFT, RIGHT), axis=1))
    start = np.concatenate((start[:, :1], start, start[:, -1:]), axis=1)
    return grid, Integration(system, start, scheme_named("implicit"), Controls(rtol=rtol), 1.0)


def test_ternary_matrix_is_second_order_in_space():
    errors = []
    for cells in (100, 200, 400):
        grid, run = ternary(cells, 1e-10)
        run.advance(0.5)
        exact = matrix_averages(grid.faces, 1.0, MATRIX, (0.0,), np.stack((LEFT, RIGHT), axis=1))
        errors.append(np.abs(run.u[:, 1:-1] - exact).max())
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx([2.0, 2.0], abs=0.05)


def test_ternary_with_composition_keeps_its_inventory():
    grid, run = ternary(200, 1e-6, slope=2.0)
    before = (run.u[:, 1:-1] * grid.volumes).sum(axis=1)
    run.advance(0.5)
    assert (run.u[:, 1:-1] * grid.volumes).sum(axis=1) == pytest.approx(before, rel=1e-13, abs=0.0)


@pytest.mark.parametrize("m", [1, 2, 3, 4, 5, 8])
def test_uncoupled_unknowns_do_not_see_each_other(m):
    """The identity matrix in blocks of m is m times the scalar problem."""
    grid = Grid(np.linspace(-5.0, 5.0, 61))
    step = np.where(np.concatenate((grid.faces[:1], grid.centres, grid.faces[-1:])) > 0.0, 0.1, 0.0)

    def final(size: int) -> np.ndarray:
        system = discretise(matrix_equations(np.eye(size)), grid, np.tile(CLOSED, (size, 1)))
        run = Integration(system, np.tile(step, (size, 1)), scheme_named("implicit"), Controls(step=0.01), 1.0)
        run.advance(1.0)
        return run.u

    assert final(m) == pytest.approx(np.tile(final(1), (m, 1)), abs=1e-13)

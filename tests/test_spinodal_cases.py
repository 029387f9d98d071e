"""The cases that un-mix: what they show on other grids, at other wavelengths and with other tolerances."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import simulator
from matano.check import check
from matano.interpolation import field_value, point_value
from simulator.faults import Invalid
from simulator.files.case import load
from simulator.problem.box import Box
from simulator.problem.grid import Grid

CASES = Path(__file__).resolve().parents[1] / "cases"
NAMES = [*sorted(path.stem for path in CASES.glob("spinodal-*.toml")), "pfhub-1a", "pfhub-1b"]
R, T, OMEGA, D, KAPPA, X = 8.31446261815324, 773.0, 18600.0, 1e-22, 3.55e-15, 0.4


@cache
def run(name: str, *overrides: str):
    case = load(CASES / f"{name}.toml", list(overrides))
    return simulator.solve(case.problem, case.controls)


@pytest.mark.parametrize("name", NAMES)
def test_a_case_loads_without_a_warning(name):
    case = load(CASES / f"{name}.toml")
    case.problem.check()
    assert case.problem.warnings() == ()
    assert case.problem.law.kind == "cahn-hilliard"


@pytest.mark.parametrize("periods", [2, 4, 5, 6])
def test_waves_of_the_case_grow_as_the_discrete_theory_says(periods):
    """R = -D X (1 - X) b^2 (g'' + K b^2), b^2 of the grid; the wave's square is 1e-5 of it, and so is its harmonic."""
    problem = load(CASES / "spinodal-wave.toml").problem
    N, length = problem.grid.cells, problem.domain.width
    h = length / N
    result = run("spinodal-wave", f"initial.periods={periods}", "initial.amplitude=1e-6", "solver.rtol=1e-12")
    b2 = 2.0 / h**2 * (1.0 - np.cos(2.0 * np.pi * periods / N))
    rate = -D * X * (1.0 - X) * b2 * (1.0 / (X * (1.0 - X)) - 2.0 * OMEGA / (R * T) + KAPPA / (R * T) * b2)
    sizes = [2.0 / N * np.abs(np.fft.rfft(u[0])[periods]) for u in result.composition]
    first, last = result.time
    assert np.log(sizes[1] / sizes[0]) / (last - first) == pytest.approx(rate, rel=2e-5, abs=0.0)


def test_the_interface_of_the_case_is_of_second_order():
    """Of x where X = 0.7146399091600276, and of the energy: errors of cells of 0.2, 0.1 and 0.05."""
    errors = []
    for cells in (160, 320, 640):
        result = run("spinodal-interface", f"domain.cells={cells}")
        value = point_value(result.grid, result.composition[-1][0], 0.4821808639460773)
        energy = result.field("free_energy")[-1] - (-0.0583413494414400 + 0.2882718678180016 / 32.0)
        errors.append((abs(value - 0.7146399091600276), abs(energy)))
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("name", ["pfhub-1a", "pfhub-1b"])
def test_the_benchmark_has_the_same_energy_for_coarser_steps(name):
    """3e-4 of the energy for a hundred times the error of a step; and it falls."""
    fine, coarse = run(name), run(name, "solver.rtol=1e-4")
    assert fine.diagnostics("steps")[-1] > 2.0 * coarse.diagnostics("steps")[-1]
    assert coarse.free_energy == pytest.approx(fine.free_energy, rel=1e-3, abs=0.0)
    assert np.all(np.diff(fine.free_energy) < 0.0)


def test_the_benchmark_comes_to_published_energies_as_cells_shrink():
    """1a at t = 10: 295.7 to 298.0; of cells of size 0 by extrapolation from cells of 2 and 1."""
    energies = [
        40000.0 * run("pfhub-1a", f"domain.cells=[{n}, {n}]", "solver.rtol=1e-6").free_energy[1] for n in (100, 200)
    ]
    assert energies[1] + (energies[1] - energies[0]) / 3.0 == pytest.approx(298.0, abs=0.05)


def test_the_sides_of_the_benchmark_matter():
    assert run("pfhub-1a").problem.sides == ("periodic", "periodic")
    assert run("pfhub-1b").problem.sides == ("closed", "closed")
    assert abs(run("pfhub-1a").free_energy[-1] - run("pfhub-1b").free_energy[-1]) > 5e-5


def test_the_gap_of_the_island_touches_no_edge():
    """Unstable in the middle, stable along all three edges and at the corners of the diagram."""
    solution = load(CASES / "spinodal-island.toml").problem.law.thermodynamics
    share = np.linspace(0.005, 0.995, 199)
    nothing = np.full(share.shape, 1e-6)
    edges = ([share, nothing], [nothing, share], [share * (1.0 - 1e-6), (1.0 - share) * (1.0 - 1e-6)])
    kelvin = solution.kelvin(np.nan)
    assert solution.stability(np.array([[0.25], [0.25]]), kelvin)[0] < -0.4
    assert all(solution.stability(np.array(edge), kelvin).min() > 0.2 for edge in edges)


def test_the_ternary_comes_to_one_potential_in_three_phases():
    """By symmetry mu_A = mu_B = mu_C in each, so ln(x_A/x_C) + w (x_C - x_A) = 0 there."""
    result = run("spinodal-ternary")
    A, B, C = result.composition[-1]
    places = [int(np.argmax(row)) for row in (A, B, C)]
    assert len({round(3.0 * place / A.size) % 3 for place in places}) == 3
    for k in places:
        for one, other in ((A, C), (B, C), (A, B)):
            # the tails of the interfaces, of 1e-6 in x, on a curvature of 20
            assert np.log(one[k] / other[k]) + 3.5 * (other[k] - one[k]) == pytest.approx(0.0, abs=2e-4)


def test_the_wave_fades_above_the_critical_temperature_and_grows_below():
    result = run("spinodal-cooling", "solver.rtol=1e-6", "time.end=36000.0", "domain.cells=[96, 96]")
    sizes = [np.ptp(field[0]) for field in result.composition]
    start = np.ptp(result.problem.start())
    assert sizes[0] < 0.9 * start
    assert sizes[1] > 15.0 * start
    assert result.temperature == pytest.approx([1150.0, 700.0], rel=1e-14)


def test_a_point_of_a_field_is_found_between_its_cells():
    """Of a polynomial of degree 3 exactly, up to the sides; the cells hold its averages."""
    box = Box((3.0, 2.0, 1.0), (12, 8, 6))
    faces = [np.linspace(0.0, length, cells + 1) for length, cells in zip(box.size, box.cells, strict=True)]
    cubic = np.polynomial.Polynomial([0.1, 0.2, -0.1, 0.05])
    means = [np.diff(cubic.integ()(f)) / np.diff(f) for f in faces]
    averages = means[2][:, None, None] * means[1][None, :, None] * means[0][None, None, :]
    for point in ([0.0, 2.0, 0.3], [1.234, 0.777, 0.5], [3.0, 0.0, 1.0]):
        assert field_value(box, averages, point) == pytest.approx(np.prod(cubic(np.array(point))), rel=1e-12)
    for wrong in (None, 1.0, [1.0, 1.0], [1.0, 1.0, 2.0]):
        with pytest.raises(Invalid):
            field_value(box, averages, wrong, "expect.value[0].at")


def test_a_value_of_a_field_is_checked_at_its_point(tmp_path):
    text = (CASES / "pfhub-1b.toml").read_text(encoding="utf-8").split("[[expect")[0]
    text = text.replace("200, 200", "48, 48").replace("200.0, 200.0", "96.0, 96.0").replace("end = 20.0", "end = 1.0")
    text = text.replace("save = [1.0, 10.0]", "")
    value = '[[expect.value]]\nquantity = "B"\nat = [1.0, "3 m"]\nvalue = 0.5\natol = {}\n'
    path = tmp_path / "small.toml"
    path.write_text(text + value.format(1.0), encoding="utf-8")
    case = load(path)
    result = simulator.solve(case.problem, case.controls)
    (outcome,) = check(result, case.expect)
    box = result.box
    assert outcome.passed
    exact = point_value(Grid(np.linspace(0.0, 96.0, 49)), result.composition[-1][0][1], 1.0)
    assert outcome.measured == pytest.approx(abs(field_value(box, result.composition[-1][0], [1.0, 3.0]) - 0.5))
    assert field_value(box, result.composition[-1][0], [1.0, 3.0]) == pytest.approx(exact, abs=1e-4)

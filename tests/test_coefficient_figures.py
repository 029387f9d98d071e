"""Figures of thermodynamics and coefficients: their curves against closed forms of regular solutions and of Darken."""

import numpy as np
import pytest
from drawn import RT, TERNARY, T, draw, lines, regular, swelling, ternary

from matano.compositions import POINTS
from matano.drawing import write
from matano.figures import KINDS
from matano.thermodynamic_figures import branches
from simulator.faults import Invalid
from simulator.files.case import parse_case
from simulator.problem.temperature import Temperature

CASES = tuple(name for name, kind in KINDS.items() if not kind.run)


@pytest.mark.parametrize("kind", CASES)
def test_ternaries_are_drawn_too(kind, tmp_path):
    write(draw(kind, regular(2.5, TERNARY)), tmp_path / "a.png")
    if kind != "miscibility":  # this one mixes in all proportions
        write(draw(kind, ternary()), tmp_path / "b.png")


def test_the_common_tangent_touches_the_energy_at_the_binodal():
    """Of a regular solution: ln(x/(1 - x)) = -omega (1 - 2 x), and the spinodal x (1 - x) = 1/(2 omega)."""
    shown = lines(draw("gibbs", regular(2.5)).axes[0])
    x, G = shown["common tangent"]
    assert np.log(x / (1.0 - x)) == pytest.approx(-2.5 * (1.0 - 2.0 * x), abs=1e-9)
    assert x.sum() == pytest.approx(1.0) and G[0] == pytest.approx(G[1])
    mixing = RT / 1e3 * (x * np.log(x) + (1 - x) * np.log(1 - x) + 2.5 * x * (1 - x))
    np.testing.assert_allclose(G, mixing, rtol=1e-9)
    spinodal = shown["spinodal"][0]
    assert spinodal * (1.0 - spinodal) == pytest.approx(np.full(2, 1.0 / 5.0))
    assert "common tangent" not in lines(draw("gibbs", regular(1.5)).axes[0])


def test_the_gap_closes_at_the_critical_point():
    """T_c = Omega/2R of a regular solution, at x = 1/2."""
    shown = lines(draw("miscibility", regular(2.5)).axes[0])
    x, temperatures = shown["binodal"]
    top = int(np.argmax(temperatures))
    assert (temperatures[top], x[top]) == pytest.approx((1.25 * T, 0.5), rel=1e-8)
    assert x + x[::-1] == pytest.approx(np.ones(x.size), abs=1e-6)
    with np.errstate(divide="ignore", invalid="ignore"):
        ideal = np.log(x / (1.0 - x)) / (1.0 - 2.0 * x)
    away = np.arange(x.size) != top
    assert ideal[away] == pytest.approx(-2.5 * T / temperatures[away], rel=1e-6)
    assert temperatures.min() < T
    assert shown["start"][0] == pytest.approx([0.02, 0.05])


def test_gaps_that_part_are_drawn_apart():
    T = np.array([1.0, 2.0, 3.0])
    curves = branches(T, [[(0.1, 0.9)], [(0.1, 0.4), (0.6, 0.9)], [(0.7, 0.8)]], (4.0, 0.75))
    assert [curve[0].tolist() for curve in curves] == [[0.1, 0.9], [0.1, 0.4], [0.6, 0.9], [0.7, 0.75, 0.8]]
    assert curves[-1][1].tolist() == [3.0, 4.0, 3.0]


def test_the_thermodynamic_factor_of_a_regular_solution():
    (ax,) = draw("factor", regular(2.5)).axes
    x, factor = lines(ax)["1000 K"]
    assert factor == pytest.approx(1.0 - 5.0 * x * (1.0 - x), abs=1e-12)


def test_potentials_are_logarithms_of_activities():
    shown = lines(draw("potentials", regular(2.5)).axes[0])
    x, mu = shown["B"]
    assert mu == pytest.approx(np.log(x) + 2.5 * (1.0 - x) ** 2, abs=1e-9)
    assert shown["B, ideal"][1] == pytest.approx(np.log(x), abs=1e-9)
    result = ternary()
    x, mu = lines(draw("potentials", result).axes[0])["A"]
    np.testing.assert_array_equal(x, result.position[-1])
    A, B, C = result.mole_fraction[-1]
    assert mu == pytest.approx(np.log(A) + 0.5 * B * (1.0 - A) - C * (1.0 - A), abs=1e-9)


def test_tracers_stand_beside_the_interdiffusivity():
    """Darken, ideal: D = x_A D_B* + x_B D_A*."""
    (ax,) = draw("tracers", swelling()).axes
    shown = list(lines(ax).values())
    x, (tracer_A, tracer_B, D) = shown[0][0], (line[1] for line in shown)
    assert ax.get_yscale() == "log" and x.size == POINTS
    assert tracer_A == pytest.approx(np.exp(0.5 * x)) and tracer_B == pytest.approx(4.0 * np.exp(-0.3 * x))
    np.testing.assert_allclose(D, (1.0 - x) * tracer_B + x * tracer_A, rtol=1e-12)
    assert len(draw("tracers", ternary()).axes[0].lines) == 3 + 2


def test_a_schedule_is_drawn_at_its_lowest_and_highest_temperature():
    case = regular(temperature=Temperature(schedule=[(0.0, 900.0), (1.0, 1400.0)]))
    assert {"900 K", "1400 K"} <= set(lines(draw("factor", case).axes[0]))
    assert {"of mixing, 900 K", "excess, 1400 K"} <= set(lines(draw("gibbs", case).axes[0]))


def test_thermodynamics_need_a_temperature():
    text = """
components = ["A", "B"]
[domain]
interval = [0, 1]
cells = 20
[initial]
shape = "step"
at = 0.5
left = { A = 0.1 }
right = { A = 0.2 }
[law]
kind = "darken"
tracer = { A = 1.0, B = 1.0 }
[time]
end = 1.0
"""
    case = parse_case(text)
    for kind in ("gibbs", "potentials", "factor"):
        with pytest.raises(Invalid, match="no temperature"):
            KINDS[kind].draw(case)

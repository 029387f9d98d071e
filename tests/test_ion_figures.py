"""What figures of ions show, in which units, and what each kind refuses."""

import numpy as np
import pytest
from drawn import charging, draw, ions, lines, resting, swept

from simulator.faults import Invalid
from simulator.laws.expression import CONSTANTS
from simulator.problem.boundary import Boundary
from simulator.solve.reversal import zero_current
from simulator.solve.solve import solve


def sentence(kind: str, result) -> str:
    with pytest.raises(Invalid) as caught:
        draw(kind, result)
    return caught.value.faults[0].sentence


def test_profiles_of_ions_are_concentrations():
    (ax,) = draw("profiles", charging()).axes
    assert ax.get_ylabel() == "concentration (mol/m$^3$)" and ax.get_yscale() == "linear"
    named = lines(ax)
    for k, name in enumerate(("P", "N")):
        np.testing.assert_array_equal(named[name][1], charging().concentration[-1, k])


def test_concentrations_over_decades_stand_on_a_logarithmic_axis():
    """At 0.4 V the walls hold e^(0.2 V F/RT) = 2000 times more and less than the middle."""
    blocked = ions("poisson", voltage=0.4, permittivity=80.0, end=1e-3, boundary=Boundary())
    (ax,) = draw("profiles", solve(blocked)).axes
    assert ax.get_yscale() == "log"


def test_fluxes_of_ions_are_moles():
    (ax,) = draw("fluxes", charging()).axes
    assert ax.get_ylabel() == r"$J$ (mol/(m$^2$ s))"


def test_the_potential_reaches_from_end_to_end():
    result = charging()
    (ax,) = draw("potential", result).axes
    assert ax.get_ylabel() == r"$\varphi$ (mV)" and ax.get_xlabel() == "x (nm)"
    for line, k in zip(ax.lines, range(len(result.time)), strict=True):
        x, phi = line.get_data()
        assert (x[0], x[-1]) == pytest.approx((0.0, 1000.0), abs=1e-9)
        assert (phi[0], phi[-1]) == pytest.approx((0.0, 100.0), abs=1e-9)
        np.testing.assert_allclose(phi[1:-1], 1e3 * result.field("potential")[k], rtol=1e-12)
    assert len({line.get_linestyle() for line in ax.lines}) == len(result.time)


def test_a_sweep_is_drawn_over_its_voltages_with_its_zero():
    """In a constant field no current of a 1:1 salt flows at the voltage of Goldman."""
    (ax,) = draw("current-voltage", swept()).axes
    drawn = next(line for line in ax.lines if line.get_marker() == "o")
    np.testing.assert_allclose(drawn.get_xdata(), 1e3 * swept().field("voltage"), rtol=1e-12)
    np.testing.assert_array_equal(drawn.get_ydata(), swept().field("current"))
    goldman = -CONSTANTS["R"] * 300.0 / CONSTANTS["F"] * np.log((2.0 * 3.0 + 1.0) / (2.0 + 3.0))
    assert ax.get_legend().get_texts()[0].get_text() == f"no current at {1e3 * goldman:.4g} mV"


def test_the_voltage_without_current_lies_on_a_curve_through_its_neighbours():
    """Exact for a polynomial of degree five; refused where no current changes sign."""
    V = np.linspace(-1.0, 1.0, 21)
    assert zero_current(V, (V - 0.33) * (1.0 + V**4), "") == pytest.approx(0.33, abs=1e-13)
    assert zero_current(V[::-1], (0.33 - V) * (1.0 + V**4), "") == pytest.approx(-0.33, abs=1e-13)
    assert zero_current(V, V, "") == pytest.approx(0.0, abs=1e-15)
    with pytest.raises(Invalid, match="changes sign nowhere"):
        zero_current(V, V + 2.0, "")


def test_a_current_over_decades_is_drawn_by_its_size():
    result = charging()
    (ax,) = draw("current", result).axes
    (line,) = ax.lines
    assert ax.get_yscale() == ax.get_xscale() == "log" and line.get_label() == "towards -x"
    np.testing.assert_allclose(line.get_ydata(), -result.field("current")[: len(line.get_ydata())], rtol=1e-12)


def test_charges_are_those_of_the_ions_and_balance_the_electrodes():
    result = charging()
    upper, lower = draw("charge", result).axes
    widths = np.diff(result.grid.faces)
    for line, walls in zip(upper.lines, result.field("surface_charge"), strict=True):
        x, density = line.get_data()
        left, right = density[x < 500.0] @ widths[x < 500.0], density[x > 500.0] @ widths[x > 500.0]
        # Gauss' law over a half of the cell, but for the field that is left in its middle, the same on both sides
        assert left + right + walls.sum() == pytest.approx(0.0, abs=1e-9 * np.abs(walls).max())
        assert left > 0.0 > right
    named = lines(lower)
    np.testing.assert_array_equal(named["left electrode"][1], result.field("surface_charge")[:, 0])
    assert (named["left electrode"][1] < 0.0).all()


@pytest.mark.parametrize(
    ("kind", "result", "words"),
    [
        ("potential", resting, "no potential"),
        ("current-voltage", resting, "no potential"),
        ("current-voltage", charging, "add [sweep_voltage]"),
        ("current", swept, "draw current-voltage"),
        ("charge", swept, 'closure = "poisson"'),
        ("path", charging, "three components"),
        ("diffusivity", charging, "each ion has the D of its own"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_a_sentence(kind, result, words):
    assert words in sentence(kind, result())


def test_rounding_is_not_drawn_as_a_current():
    closed = ions("electroneutral", end=1e-5, save=(1e-6,))
    assert sentence("current", solve(closed)) == "no current flows in this run."

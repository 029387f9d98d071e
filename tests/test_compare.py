"""What an estimate is compared with: the truth of the law, row by row, of the kind that the method recovers."""

from dataclasses import replace

import numpy as np
import pytest

from inverse import METHODS, Estimate, compare
from inverse.compare import TRUTHS
from inverse.estimate import UNITS
from simulator.faults import Invalid
from simulator.laws.darken import Darken
from simulator.laws.expression import CONSTANTS
from simulator.laws.fick import Fick
from simulator.laws.line_compounds import LineCompounds
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls
from simulator.solve.solve import solve

AB = Mixture(("A", "B"), "A")
X = np.linspace(0.1, 0.9, 9)
START = Step(0.0, {"B": 0.0}, {"B": 1.0})
A, B = np.exp(0.5 * X), 4.0 * np.exp(-0.3 * X)


def estimate(recovers, value, composition=X, rows=(), method="wagner", **diagnostics):
    window = (float(np.min(composition)), float(np.max(composition)))
    return Estimate(
        method,
        recovers,
        UNITS[recovers],
        "B",
        composition,
        np.asarray(value, float),
        None,
        window,
        "",
        diagnostics,
        rows,
    )


def exact(recovers, value, result, **given):
    """The verdict on the truth itself: no error to rounding, and one of the size of what is put wrong."""
    verdict = compare(estimate(recovers, value, **given), result)
    assert verdict.truth.shape == verdict.error.shape == np.shape(value)
    assert verdict.max_error < 1e-12
    wrong = np.array(value, float)
    wrong.flat[-1] *= 1.01  # in the last row, at the last composition
    assert compare(estimate(recovers, wrong, **given), result).max_error == pytest.approx(0.01, rel=1e-6)
    return verdict


@pytest.fixture(scope="module")
def darken():
    """Ideal, V_m = 1 - 0.3 x_B - 0.2 x_A x_B; 1 s."""
    volume = MolarVolume(AB, "expression", {"V_m": "1 - 0.3*x_B - 0.2*x_A*x_B"})
    law = Darken(AB, {"A": "exp(0.5*x_B)", "B": "4*exp(-0.3*x_B)"}, molar_volume=volume)
    problem = Problem(
        AB, law, Domain((-30.0, 30.0), 200), START, molar_volume=volume, markers=(0.0,), end=1.0, save=(0.25, 1.0),
        temperature=Temperature(1000.0),
    )  # fmt: skip
    return solve(problem, Controls())


def test_every_quantity_that_a_method_recovers_has_a_truth():
    # how fast domains coarsen follows from no closed form of a law's coefficients
    without = {"coarsening_constant"}
    assert {method.recovers for method in METHODS.values()} - without <= set(TRUTHS) <= set(UNITS) - without


def test_the_interdiffusivity_of_darkens_law(darken):
    exact("interdiffusivity", (1.0 - X) * B + X * A, darken)


def test_rows_of_tracer_diffusivities_are_told_by_their_names(darken):
    exact("tracer_diffusivity", [A, B], darken, rows=("A", "B"))
    exact("tracer_diffusivity", [B, A], darken, rows=("B", "A"))
    exact("tracer_diffusivity", B, darken)
    exact("tracer_ratio", B / A, darken)


def test_intrinsic_diffusivities_hold_the_partial_molar_volumes(darken):
    V = 1.0 - 0.3 * X - 0.2 * X * (1.0 - X)
    slope = -0.3 - 0.2 * (1.0 - 2.0 * X)
    V_A, V_B = V - X * slope, V + (1.0 - X) * slope
    exact("intrinsic_diffusivity", [A * V / V_B, B * V / V_A], darken, rows=("A", "B"))


def test_one_composition_is_enough(darken):
    at = np.array([0.4])
    value = [np.exp(0.5 * at), 4.0 * np.exp(-0.3 * at)]
    exact("tracer_diffusivity", value, darken, composition=at, rows=("A", "B"))


def test_the_lattice_velocity_is_that_of_the_run(darken):
    """At the contact plane's marker, x_K/(2 t)."""
    profile = darken.profile()
    at = np.interp(profile.marker, profile.x, profile.fraction("B"))
    found = estimate("lattice_velocity", [0.5 * profile.marker], np.array([at]), position=[profile.marker])
    verdict = compare(found, darken)
    assert verdict.max_error < 2e-3  # second order on 200 cells


def test_the_time_is_that_of_the_profile(darken):
    profile = darken.profile(0.25)
    found = estimate("time", [0.25], np.array([0.5]))
    assert compare(found, darken, time=profile.time).max_error < 1e-12
    assert compare(found, darken).max_error == pytest.approx(0.75)


def compounds(schedule=None):
    strong = {"D0": "1e-10 m^2/s", "Q": "50 kJ/mol"}
    law = LineCompounds(
        AB,
        {"B": 0.0},
        {"B": 1.0},
        [
            {"name": "first", "B": 0.25, "D_int": strong, "V_m": "8e-6 m^3/mol"},
            {"name": "second", "B": 0.5, "D_int": {**strong, "D0": "3e-10 m^2/s"}, "V_m": "9e-6 m^3/mol"},
        ],
        molar_volume=MolarVolume(AB, "vegard", {"A": 7e-6, "B": 16e-6}),
    )
    temperature = Temperature(schedule=schedule) if schedule else Temperature(500.0)
    problem = Problem(
        AB, law, Domain((-1e-3, 1e-3), 100), START, temperature=temperature, end=3600.0, save=(3600.0,),
        molar_volume=law.molar_volume,
    )  # fmt: skip
    return solve(problem, Controls())


def arrhenius(T):
    return np.array([1e-10, 3e-10]) * np.exp(-50e3 / (CONSTANTS["R"] * T))


def test_layers_are_told_by_their_fractions_whichever_component_is_analysed():
    result, N = compounds(), np.array([0.25, 0.5])
    D = arrhenius(500.0)
    exact("integrated_diffusivity", D, result, composition=N, rows=("first", "second"))
    exact("integrated_diffusivity", D[::-1], result, composition=N[::-1], rows=("second", "first"))
    other = replace(estimate("integrated_diffusivity", D, 1.0 - N), component="A")
    assert compare(other, result).max_error < 1e-12
    with pytest.raises(Invalid, match="other compounds"):
        compare(estimate("integrated_diffusivity", D, np.array([0.3, 0.5])), result)


def test_growth_constants_of_both_kinds():
    """k_II = D_int (N_r - N_l)/((N - N_l)(N_r - N)); k_I = dx^2/(2 t) of the layers of the run."""
    result = compounds()
    second = arrhenius(500.0) * np.array([0.5, 0.75]) / np.array([0.25 * 0.25, 0.25 * 0.5])
    thickness = np.array([layer.thickness for layer in result.profile().layers])
    value = np.array([thickness**2 / 7200.0, second])
    found = estimate("growth_constant", value, np.array([0.25, 0.5]), ("first kind", "second kind"))
    verdict = compare(found, result)
    assert verdict.truth.shape == (2, 2)
    assert verdict.max_error < 1e-7


def test_layers_that_grew_on_a_schedule_show_the_mean():
    result = compounds([(0.0, 450.0), (1800.0, 450.0), (1800.0, 500.0), (3600.0, 500.0)])
    mean = 0.5 * (arrhenius(450.0) + arrhenius(500.0))
    exact("integrated_diffusivity", mean, result, composition=np.array([0.25, 0.5]), rows=("first", "second"))


def test_the_activation_energy_is_that_of_the_law():
    law = Fick(AB, D="1e-5*exp(-(200e3 - 10e3*x_B)/(R*T))")
    problem = Problem(AB, law, Domain((-1e-3, 1e-3), 100), START, temperature=Temperature(1300.0), end=3600.0)
    result = solve(problem, Controls())
    Q = 200e3 - 10e3 * X
    verdict = compare(
        estimate("activation_energy", Q, method="arrhenius", temperatures=[1200.0, 1300.0, 1400.0]), result
    )
    assert verdict.max_error < 1e-9


def test_what_a_law_has_not_is_said(darken):
    with pytest.raises(Invalid, match="law darken has no integrated_diffusivity"):
        compare(estimate("integrated_diffusivity", X), darken)
    with pytest.raises(Invalid, match="law line-compounds has no intrinsic_diffusivity"):
        compare(estimate("intrinsic_diffusivity", [X, X], rows=("A", "B")), compounds())
    with pytest.raises(Invalid, match="no component"):
        compare(replace(estimate("interdiffusivity", X), component="Z"), darken)


def test_an_isotope_is_left_out_of_the_composition():
    """The tracer diffusivity of A over the fraction of A with its isotope At."""
    mixture = Mixture(("A", "At", "B"), "B")
    law = Darken(mixture, {"A": "exp(0.5*x_B)", "At": "exp(0.5*x_B)", "B": "4"})
    start = Step(0.0, {"A": 0.9, "At": 0.0}, {"A": 0.1, "At": 0.0})
    result = solve(Problem(mixture, law, Domain((-20.0, 20.0), 100), start, end=1.0), Controls())
    found = replace(estimate("tracer_diffusivity", np.exp(0.5 * (1.0 - X))), component="A")
    with pytest.raises(Invalid, match="has a matrix"):
        compare(found, result)
    assert compare(replace(found, diagnostics={"isotope": "At"}), result).max_error < 1e-12


def test_a_value_of_nan_is_no_pass(darken):
    value = (1.0 - X) * B + X * A
    value[3] = np.nan
    assert not compare(estimate("interdiffusivity", value), darken).passed

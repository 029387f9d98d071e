"""Ions under Poisson's equation: double layers that charge, slabs between the limits, order, and what is kept."""

import numpy as np
import pytest
from electrolytes import REFERENCES, ROOM, VT, F, R, at, even, permittivity, problem_of, slab

from simulator.laws.charge import EPSILON_0, debye_length
from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.problem.boundary import Boundary, Fixed
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.solve.controls import Controls
from simulator.solve.solve import solve

FINE = Controls(extrapolate=True)
L, D = 1e-7, 1e-9
R13 = REFERENCES["R13_PNP_slab_GHK"]


def charge(result, c0=1.0, length=L) -> np.ndarray:
    """Q of the references, lam^2 phi'(0) over VT: minus the charge of the left electrode over 2 F c0 L."""
    return -result.field("surface_charge")[:, 0] / (2.0 * F * c0 * length)


@pytest.mark.parametrize("extrapolate", [True, False])
def test_a_strongly_driven_double_layer_charges_as_the_reference_does(extrapolate):
    """P2 at all five times: the charge, both walls and the middle. 1e-4 on 400 cells with extrapolation (2e-8 found for
    the walls); without it, to second order, 1e-4 takes 800 cells."""
    reference = REFERENCES["P2_PNP_step"]
    times = tuple(np.array(reference["t"]) * L * L / D)
    problem = slab(0.01, 10.0 * VT, cells=400 if extrapolate else 800, end=times[-1], save=times)
    result = solve(problem, Controls(extrapolate=extrapolate, rtol=1e-7))
    walls = result.field("concentration_end")[:, 0]
    middle = [at(result, c[0], [0.5 * L * (1.0 + 1e-9)])[0] for c in result.concentration]
    np.testing.assert_allclose(charge(result), reference["value"], rtol=1e-6 if extrapolate else 1e-4)
    found = np.column_stack([walls, middle])
    np.testing.assert_allclose(found, reference["c_plus_left_right_mid"], rtol=1e-5 if extrapolate else 1e-4)
    assert result.diagnostics("conservation_error").max() < 1e-12
    # the ions are neutral as a whole, and so are the electrodes
    both = result.field("surface_charge")
    assert np.abs(both.sum(axis=1)).max() < 1e-9 * np.abs(both).max()


def test_a_small_step_charges_the_layers_as_the_linear_theory_says():
    """R15. At 1e-4 VT what is not linear is below 1e-8."""
    reference = REFERENCES["R15_linear_charging"]
    times = tuple(np.array(reference["t"]) * L * L / D)
    result = solve(slab(0.01, 1e-4 * VT, end=times[-1], save=times), Controls(extrapolate=True, rtol=1e-8))
    np.testing.assert_allclose(charge(result) / 1e-4, reference["value"], rtol=1e-5)


@pytest.mark.parametrize("V", [2, 10])
def test_blocking_electrodes_at_rest_hold_boltzmann_layers(V):
    """R11d: the middle, the charge and both walls of conserved ions."""
    reference = REFERENCES["R11d_slab_PB_conserved"]["value"]
    result = solve(slab(0.01, V * VT), FINE)
    np.testing.assert_allclose(charge(result)[-1], reference[f"V{V}_Q"], rtol=1e-6)
    ends = result.field("concentration_end")[-1]
    walls = [reference[f"V{V}_c_wall_max"], reference[f"V{V}_c_wall_min"]]
    np.testing.assert_allclose(ends, [walls, walls[::-1]], rtol=1e-6)
    middle = at(result, result.concentration[-1, 0], [0.5 * L * (1.0 + 1e-9)])
    np.testing.assert_allclose(middle, reference[f"V{V}_A"], rtol=1e-6)
    amount = (result.concentration[-1] * result.grid.volumes).sum(axis=1)
    np.testing.assert_allclose(amount, L, rtol=1e-12)
    assert np.abs(result.flux[-1]).max() < 1e-7 * D / L  # rounding of what 1e-6 L and 120 c0 at the wall make


@pytest.mark.parametrize("molar", ["0.1", "0.001"])
def test_a_single_double_layer_is_that_of_gouy_and_chapman(molar):
    """R11: 100 mV at a wall against held bulk 40 Debye lengths away, whose own field is below 1e-17."""
    reference, c = REFERENCES[f"R11_gouy_chapman_{molar}M"], 1e3 * float(molar)
    debye = 1e-9 * reference["debye_nm"]
    ions, bulk = {"P": (1, D), "N": (-1, D)}, {"P": c, "N": c}
    domain = Domain((0.0, 40.0 * debye), 400, grading="walls")
    problem = problem_of(
        ions,
        domain,
        even(domain, bulk),
        Boundary(right=Fixed(bulk)),
        closure="poisson",
        permittivity=78.5,
        voltage=-0.1,
    )
    assert debye_length(problem.law, np.array([c, c]), ROOM, 78.5) == pytest.approx(debye, rel=1e-9)
    result = solve(problem, FINE)
    places = debye * np.array(reference["x_over_lD"][1:])
    # averages of a cell, not values: the cubic through their integrals gives the values
    psi = 0.1e3 + 1e3 * at(result, result.field("potential")[-1], places)
    np.testing.assert_allclose(psi, reference["value"][1:], rtol=2e-4)
    sigma = result.field("surface_charge")[-1, 0]
    assert sigma == pytest.approx(reference["sigma_C_m2"], rel=1e-6)
    wall = result.field("concentration_end")[-1, 1, 0]
    assert wall == pytest.approx(1e3 * reference["surface_counterion_M"], rel=1e-6)
    excess = ((result.concentration[-1].sum(axis=0) - 2.0 * c) * result.grid.volumes).sum()
    assert excess > 0.0 and sigma == pytest.approx(
        F * float(np.sum((result.concentration[-1, 1] - result.concentration[-1, 0]) * result.grid.volumes)), rel=1e-6
    )


@pytest.mark.parametrize("lam", [0.05, 0.1, 0.3, 1, 10, 1000])
def test_a_slab_between_two_solutions_has_its_fluxes_at_every_debye_length(lam):
    """R13, on the way from electroneutral to constant field."""
    length = 1e-7
    left, right = {"P": 1.0, "N": 1.0}, {"P": 0.1, "N": 0.1}
    ions = {"P": (1, D), "N": (-1, D * 2.032 / 1.957)}
    problem = problem_of(
        ions,
        Domain((0.0, length), 400, grading="walls"),
        Step(0.5 * length, left, right),
        Boundary(Fixed(left), Fixed(right)),
        closure="poisson",
        permittivity=permittivity(lam * length, 1.0),
        voltage=-2.0 * VT,
    )
    flux = solve(problem, FINE).flux[-1] * length / D
    np.testing.assert_allclose(flux[:, 200], R13["value"][f"lam{lam:g}"], rtol=1e-6)
    assert np.ptp(flux, axis=1).max() < 1e-10
    # and so far off the GHK flux of the cation, 2 (1 - 0.1 exp(-2))/(1 - exp(-2))
    off = 1.0 - flux[0, 200] / R13["GHK_limit"][0]
    off = max(off, abs(flux[1, 200] / R13["GHK_limit"][1] - 1.0))
    if lam >= 0.05 and lam < 1000:
        assert off == pytest.approx(R13["rel_dev_from_GHK"][f"lam{lam:g}"], rel=1e-4)


def test_the_current_of_a_sinusoid_is_the_rate_of_charge():
    period, steps = 1e-6, 1e-3
    middle = period * np.linspace(0.2, 1.9, 8)
    save = np.sort(np.concatenate([middle - steps * period, middle, middle + steps * period]))
    problem = slab(
        0.05, f"0.01*sin(2*pi*t/{period})", cells=100, end=2.0 * period, save=tuple(save), c0=10.0, D=1e-9, length=1e-7
    )
    result = solve(problem, Controls(rtol=1e-8))
    Q, i = result.field("surface_charge")[:-1, 0], result.field("current")[:-1]
    rate = (Q[2::3] - Q[0::3]) / (2.0 * steps * period)
    scale = np.abs(i).max()
    # the quotient leaves (2 pi steps)^2/6 = 7e-6
    np.testing.assert_allclose(i[1::3], rate, atol=3e-5 * scale)
    assert result.diagnostics("conservation_error").max() < 1e-12 * 10.0


def test_the_current_of_a_ramp_is_the_rate_of_charge():
    tau = 1e-6
    save = (0.4995 * tau, 0.5 * tau, 0.5005 * tau)
    result = solve(slab(0.05, f"-0.02*t/{tau}", cells=100, end=tau, save=save), Controls(rtol=1e-8))
    Q, i = result.field("surface_charge")[:, 0], result.field("current")
    assert i[1] == pytest.approx((Q[2] - Q[0]) / (1e-3 * tau), rel=1e-4)


def test_halving_the_cells_leaves_a_quarter_of_the_error():
    reference = REFERENCES["R11d_slab_PB_conserved"]["value"]["V10_Q"]
    errors = [charge(solve(slab(0.01, 10.0 * VT, cells=n)))[-1] / reference - 1.0 for n in (100, 200, 400)]
    assert 3.8 < errors[0] / errors[1] < 4.2 and 3.9 < errors[1] / errors[2] < 4.1


def test_the_order_in_time_is_that_of_the_scheme_under_a_voltage_that_changes():
    """A voltage that rises smoothly and falls again, fixed steps, against one an eighth as long. Rodas5P has order 5,
    of which the driven, algebraic potential leaves 4.3; in thinner layers, which are stiffer, 3.4."""
    tau = 2e-6

    def final(steps):
        problem = slab(0.3, f"0.05*sin(pi*t/{tau})**4", cells=40, end=tau)
        return solve(problem, Controls(step=tau / steps)).concentration[-1]

    exact = final(512)
    errors = [np.abs(final(n) - exact).max() for n in (16, 32, 64)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders.min() > 4.2 and errors[-1] < 1e-8


def test_without_charges_or_fields_ions_diffuse_as_fick_says():
    """A species without charge beside a salt at rest, against the engine's own Fick on the same cells."""
    length, t = 1e-7, 1e-6
    ions = {"P": (1, D), "N": (-1, D), "W": (0, 2e-9)}
    left, right = {"P": 1.0, "N": 1.0, "W": 0.2}, {"P": 1.0, "N": 1.0, "W": 0.7}
    domain = Domain((0.0, length), 100, grading="uniform")
    start = Step(0.5 * length, left, right)
    eps = permittivity(0.1 * length, 1.0)
    charged = solve(problem_of(ions, domain, start, end=t, closure="poisson", permittivity=eps, voltage=0.0))
    mixture = Mixture(("W", "V"), "V")
    fick = Problem(mixture, Fick(mixture, D=2e-9), domain, Step(0.5 * length, {"W": 0.2}, {"W": 0.7}), end=t)
    np.testing.assert_allclose(charged.concentration[-1, 2], solve(fick).mole_fraction[-1, 0], atol=1e-5)
    np.testing.assert_allclose(charged.concentration[-1, :2], 1.0, rtol=1e-12)
    assert np.abs(charged.field("potential")).max() < 1e-12 * VT


@pytest.mark.parametrize("trace", [1e-3, 1e-30, 1e-60])
@pytest.mark.parametrize(("grading", "V"), [("walls", 1.5), ("uniform", 0.2)])
def test_concentrations_stay_positive_from_the_first_moment(trace, grading, V):
    """Thirty powers of ten at a step, driven by up to 1.5 V: no value is ever 0 or below, early and late."""
    length, save = 1e-8, (1e-15, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9)
    left, right = {"P": 1.0, "N": 1.0}, {"P": trace, "N": trace}
    problem = problem_of(
        {"P": (1, D), "N": (-1, D)},
        Domain((0.0, length), 200, grading=grading),
        Step(0.5 * length, left, right),
        end=save[-1],
        save=save,
        closure="poisson",
        permittivity=78.5,
        voltage=V,
    )
    result = solve(problem, Controls(rtol=1e-4))
    assert result.diagnostics("smallest_value").min() > 0.0
    assert result.field("concentration_end").min() > 0.0
    assert result.diagnostics("conservation_error").max() < 1e-12


def test_nothing_of_an_ion_leaves_at_most_rounding_below_nothing():
    """With exactly 0 no high-order step is free of it; -1e-10 of the largest value is the bound."""
    left, right = {"P": 1.0, "N": 1.0}, {"P": 0.0, "N": 0.0}
    problem = problem_of(
        {"P": (1, D), "N": (-1, D)},
        Domain((0.0, 1e-8), 200),
        Step(0.5e-8, left, right),
        end=1e-9,
        save=(1e-13, 1e-12, 1e-11, 1e-10),
        closure="poisson",
        permittivity=78.5,
        voltage=0.2,
    )
    assert solve(problem, Controls(rtol=1e-4)).diagnostics("smallest_value").min() > -1e-10


def test_the_capacitance_of_a_vacuum_slab_of_no_ions_to_speak_of():
    """With a Debye length of 1e4 slabs the charge is eps eps_0 V/L."""
    result = solve(slab(1e4, 0.1, cells=50))
    eps = permittivity(1e4 * L, 1.0)
    assert result.field("surface_charge")[-1, 1] == pytest.approx(eps * EPSILON_0 * 0.1 / L, rel=1e-7)
    assert R * ROOM / F == VT


def test_layers_of_permittivity_share_the_voltage():
    """Two dielectrics in series: the displacement is the same in both."""
    text = "where(x < 5e-8, 10, 40)"
    problem = problem_of(
        {"P": (1, D), "N": (-1, D)},
        Domain((0.0, L), 50, grading="uniform"),
        even(Domain((0.0, L)), {"P": 1e-9, "N": 1e-9}),
        closure="poisson",
        permittivity=text,
        voltage=0.1,
    )
    phi = solve(problem).field("potential")[-1]
    # slopes well inside either half, in units of their mean: 1.6 and 0.4
    slope = np.diff(phi) / (0.1 / 50.0)
    np.testing.assert_allclose(slope[[10, 40]], [1.6, 0.4], rtol=0.03)
    assert slope[10] / slope[40] == pytest.approx(4.0, rel=1e-6)


@pytest.mark.parametrize("volts", [(-0.1, 0.05, 0.2)])
def test_sweeping_the_voltage_finds_the_states_of_single_runs(volts):
    swept = solve(slab(0.05, 0.0, cells=60, sweep=volts))
    for k, V in enumerate(volts):
        single = solve(slab(0.05, V, cells=60, sweep=(V,)))
        assert swept.field("voltage")[k] == pytest.approx(V, rel=1e-12)
        if k == 2:  # its own grid is that of the largest voltage, as in the sweep
            np.testing.assert_allclose(swept.concentration[k], single.concentration[-1], rtol=1e-8)

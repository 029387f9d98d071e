"""Electroneutral ions: films, junctions and cells against exact solutions, and what has to stay as it was."""

import numpy as np
import pytest
from electrolytes import (
    IONS,
    LENGTH,
    REFERENCES,
    ROOM,
    VT,
    F,
    at,
    between,
    permittivity,
    problem_of,
    some,
)
from scipy.special import erfc

from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.problem.boundary import Boundary, Closed, Fixed
from simulator.problem.domain import Domain
from simulator.problem.initial import Layers, Step
from simulator.problem.problem import Problem
from simulator.solve.controls import Controls
from simulator.solve.solve import solve

FINE = Controls(extrapolate=True)
PLANCK = {
    "HCl0.1|KCl0.1": ({"H": 100.0, "K": 0.0, "Cl": 100.0}, {"H": 0.0, "K": 100.0, "Cl": 100.0}),
    "HCl0.01|KCl0.1": ({"H": 10.0, "K": 0.0, "Cl": 10.0}, {"H": 0.0, "K": 100.0, "Cl": 100.0}),
    "HCl0.1|KCl3.5": ({"H": 100.0, "K": 0.0, "Cl": 100.0}, {"H": 0.0, "K": 3500.0, "Cl": 3500.0}),
    "NaCl0.15|KCl3.0": ({"Na": 150.0, "K": 0.0, "Cl": 150.0}, {"Na": 0.0, "K": 3000.0, "Cl": 3000.0}),
    "HCl0.1|NaCl0.1": ({"H": 100.0, "Na": 0.0, "Cl": 100.0}, {"H": 0.0, "Na": 100.0, "Cl": 100.0}),
    "HCl0.01|HCl0.1": ({"H": 10.0, "Cl": 10.0}, {"H": 100.0, "Cl": 100.0}),
}


@pytest.mark.parametrize("name", PLANCK)
def test_a_steady_slab_has_the_potential_of_planck(name):
    """R06b. On the uniform grid extrapolation leaves 7e-7 where the concentrations differ most."""
    last = solve(between(*PLANCK[name]), FINE).snapshots[-1]
    assert 1e3 * float(last.fields["voltage"]) == pytest.approx(REFERENCES["R06b_planck"]["value"][name], rel=1e-6)
    assert abs(float(last.fields["current"])) < 1e-8 * F * 1e-9 * 100.0 / LENGTH


def test_a_slab_of_acid_relaxes_as_its_series_says():
    """R07: four times, profiles and diffusion potentials."""
    reference, length = REFERENCES["R07_HCl_slab_exact"], 1e-3
    times = (1.0, 5.0, 20.0, 100.0)
    left, right = ({"H": c, "Cl": c} for c in (10.0, 100.0))
    problem = problem_of(
        some("H", "Cl"), Domain((0.0, length), 400), Step(0.5 * length, left, right), end=100.0, save=times
    )
    result = solve(problem, Controls(extrapolate=True, rtol=1e-8))
    places = [*reference["x_m"][1:3], *reference["x_m"][4:5]]
    for snapshot, t in zip(result.snapshots, times, strict=True):
        exact = reference["value"][f"t{t:g}s"]
        inner = [*exact[1:3], exact[4]]
        np.testing.assert_allclose(at(result, snapshot.composition[0], places), inner, rtol=1e-5)
        np.testing.assert_allclose(snapshot.fields["concentration_end"][0], [exact[0], exact[-1]], rtol=1e-5)
        phi = reference["phi_L_minus_0_mV"][f"t{t:g}s"]
        assert 1e3 * float(snapshot.fields["voltage"]) == pytest.approx(phi, rel=1e-5)
        assert snapshot.diagnostics["conservation_error"] < 1e-12
        assert np.abs(snapshot.composition[0] - snapshot.composition[1]).max() < 1e-12 * 100.0


@pytest.mark.parametrize("name", ["R07b_free_HCl|KCl", "R08_free_HCl|NaCl"])
def test_a_free_junction_has_its_self_similar_profiles_and_potential(name):
    reference, t = REFERENCES[name], 10.0
    ions = [ion for ion in reference["value"] if ion in IONS]
    left = {ions[0]: 100.0, ions[1]: 0.0, "Cl": 100.0}
    right = {ions[0]: 0.0, ions[1]: 100.0, "Cl": 100.0}
    problem = problem_of(some(*ions), Domain((-3e-3, 3e-3), 400), Step(0.0, left, right), end=t)
    result = solve(problem, Controls(extrapolate=True, rtol=1e-7))
    assert 1e3 * result.field("voltage")[-1] == pytest.approx(reference["value"]["ljp_mV"][0], rel=1e-6)
    places = np.array(reference["eta"]) * np.sqrt(4e-9 * t)
    places[places == 0.0] = 1e-12  # a face: the cubic is the same on both sides of it
    for ion, row in zip(ions, result.concentration[-1], strict=True):
        np.testing.assert_allclose(at(result, row, places) / 1e3, reference["value"][ion], rtol=1e-4, atol=1e-9)
    assert result.diagnostics("conservation_error")[-1] < 1e-12
    z = result.problem.mixture.z
    assert np.abs(z @ result.concentration[-1]).max() < 1e-12 * 100.0
    assert np.all(result.concentration[-1].min(axis=1) > -1e-10 * 100.0)


def test_equal_diffusivities_make_ions_diffuse_as_if_uncharged():
    """No potential arises, so every ion has Fick's profile."""
    D, t = 1.5e-9, 20.0
    ions = {"A": (1, D), "B": (1, D), "C": (-1, D)}
    left, right = {"A": 30.0, "B": 0.0, "C": 30.0}, {"A": 0.0, "B": 50.0, "C": 50.0}
    domain = Domain((-1e-3, 1e-3), 100)
    result = solve(problem_of(ions, domain, Step(0.0, left, right), end=t))
    # B and A move apart: with equal D the current of both is the gradient of A + B, that of C
    c, x = result.concentration[-1], result.x
    np.testing.assert_allclose(c[2], 30.0 + 10.0 * erfc(-x / np.sqrt(4.0 * D * t)), atol=2e-3)
    assert np.abs(result.field("potential")[-1]).max() < 1e-9 * VT


def test_an_ion_without_charge_diffuses_by_itself():
    D, t = 2e-9, 20.0
    left, right = {"Na": 10.0, "Cl": 10.0, "W": 5.0}, {"Na": 100.0, "Cl": 100.0, "W": 1.0}
    domain = Domain((-2e-3, 2e-3), 100)
    result = solve(problem_of({**some("Na", "Cl"), "W": (0, D)}, domain, Step(0.0, left, right), end=t))
    np.testing.assert_allclose(result.concentration[-1, 2], 1.0 + 2.0 * erfc(result.x / np.sqrt(4 * D * t)), atol=4e-4)


def test_small_steps_diffuse_as_the_effective_matrix_says():
    """R18 as numbers, and as the D of a Fick run: the profiles differ by the square of the step."""
    reference = np.array(REFERENCES["R18_effective_D_matrix"]["value"]["D"])
    base = {"H": 100.0, "Na": 100.0}
    t, domain, misfit = 20.0, Domain((-2e-3, 2e-3), 200), []
    for step in (1.0, 0.5):
        left, right = ({"H": 100.0 + s * step, "Na": 100.0 - 0.4 * s * step} for s in (1.0, -1.0))
        ions = problem_of(some("H", "Na", "Cl"), domain, Step(0.0, left, right), end=t)
        matrix = ions.law.coefficient("interdiffusivity", np.array([[100.0], [100.0], [200.0]]), ROOM)[..., 0]
        np.testing.assert_allclose(1e9 * matrix, reference, rtol=1e-9)
        mixture = Mixture(("H", "Na", "W"), "W")
        start = Step(0.0, *({name: c / 1e3 for name, c in side.items()} for side in (left, right)))
        fick = Problem(mixture, Fick(mixture, D=(1e-9 * reference).tolist()), domain, start, end=t)
        a = (solve(ions, FINE).concentration[-1, :2] - np.array([[base["H"]], [base["Na"]]])) / step
        grid = solve(fick, FINE)
        np.testing.assert_allclose(grid.x, ions.grid.centres, rtol=1e-3)
        b = (1e3 * grid.mole_fraction[-1, :2] - 100.0) / step
        b = np.stack([np.interp(ions.grid.centres, grid.x, row) for row in b])
        misfit.append(np.abs(a - b).max())
    assert misfit[0] < 3e-3  # of a step of 1 %
    assert misfit[1] < 0.6 * misfit[0]


def test_a_current_and_its_voltage_say_the_same():
    """The current found at a voltage gives that voltage back."""
    left, right = {"Na": 10.0, "Cl": 10.0}, {"Na": 100.0, "Cl": 100.0}
    volts = solve(between(left, right, cells=50, voltage=0.05))
    i = float(volts.field("current")[-1])
    assert i < 0.0
    amperes = solve(between(left, right, cells=50, current=i))
    assert amperes.field("voltage")[-1] == pytest.approx(0.05, rel=1e-9)
    assert amperes.field("current")[-1] == pytest.approx(i, rel=1e-9)
    np.testing.assert_allclose(amperes.flux, volts.flux, rtol=1e-7)


def test_a_uniform_salt_obeys_ohm():
    c = {"Na": 100.0, "Cl": 100.0}
    conductivity = F / VT * 100.0 * (1.334e-9 + 2.032e-9)
    last = solve(between(c, c, cells=20, current=10.0, end=1.0)).snapshots[-1]
    assert float(last.fields["voltage"]) == pytest.approx(-10.0 * LENGTH / conductivity, rel=1e-10)
    assert float(last.fields["current"]) == pytest.approx(10.0, rel=1e-10)
    np.testing.assert_allclose(last.flux[0] * F, 10.0 * 1.334 / (1.334 + 2.032), rtol=1e-10)


def test_sweeping_the_voltage_finds_the_states_of_single_runs():
    left, right = {"Na": 10.0, "Cl": 10.0}, {"Na": 100.0, "Cl": 100.0}
    volts = (-0.1, -0.02, 0.06)
    swept = solve(between(left, right, cells=40, voltage=0.0, sweep=volts))
    np.testing.assert_allclose(swept.field("voltage"), volts, rtol=1e-12)
    for k, V in enumerate(volts):
        single = solve(between(left, right, cells=40, voltage=V))
        np.testing.assert_allclose(swept.concentration[k], single.concentration[-1], rtol=1e-9)
        assert swept.field("current")[k] == pytest.approx(single.field("current")[-1], rel=1e-9)


@pytest.mark.parametrize("activity", ["ideal", "davies"])
def test_a_concentration_cell_has_its_equilibrium_potential(activity):
    """phi(right) - phi(left) = -(2 t+ - 1) VT ln(a_right/a_left) of a salt; with t+ = 1 that is Nernst's."""
    left, right = 10.0, 100.0

    def logarithm(c):
        root = np.sqrt(c / 1e3)
        return np.log(c) - (activity == "davies") * 0.509 * np.log(10.0) * (root / (1 + root) - 0.3 * root**2)

    rise = logarithm(right) - logarithm(left)
    for slow in (2.032e-9, 1e-20):
        ions = {"K": (1, 1.957e-9), "Cl": (-1, slow)}
        cl, cr = ({"K": c, "Cl": c} for c in (left, right))
        domain = Domain((0.0, LENGTH), 100, grading="uniform")
        problem = problem_of(
            ions, domain, Step(0.5 * LENGTH, cl, cr), Boundary(Fixed(cl), Fixed(cr)), activity=activity
        )
        share = 1.957e-9 / (1.957e-9 + slow)
        found = solve(problem, FINE).field("voltage")[-1]
        assert found == pytest.approx(-(2.0 * share - 1.0) * VT * rise, abs=2e-7 * VT)


def test_halving_the_cells_leaves_a_quarter_of_the_error():
    left, right = PLANCK["HCl0.01|KCl0.1"]
    exact = REFERENCES["R06b_planck"]["value"]["HCl0.01|KCl0.1"]
    errors = [1e3 * solve(between(left, right, cells=cells)).field("voltage")[-1] - exact for cells in (100, 200, 400)]
    assert 3.75 < errors[0] / errors[1] < 4.1 and 3.9 < errors[1] / errors[2] < 4.1


def test_closed_ends_keep_every_ion_and_no_charge():
    left = {"Ca": 30.0, "Na": 5.0, "Cl": 65.0}
    right = {"Ca": 1e-3, "Na": 80.0, "Cl": 80.002}
    problem = problem_of(
        some("Ca", "Na", "Cl"), Domain((-5e-4, 5e-4), 100), Step(0.0, left, right), end=40.0, save=(1e-3, 0.1, 4.0)
    )
    assert problem.boundary == Boundary(Closed(), Closed())
    result = solve(problem)
    assert result.diagnostics("conservation_error").max() < 1e-12 * 80.0
    charge = np.einsum("k,tkx->tx", problem.mixture.z, result.concentration)
    assert np.abs(charge).max() < 1e-12 * 80.0
    assert np.abs(result.field("current")).max() < 1e-9


def test_fixed_charge_is_balanced_by_ions_and_makes_donnan_steps():
    """A membrane with fixed charge q between equal solutions of c: VT asinh(q/2c) inside."""
    q, c = -40.0, 10.0
    solution = {"Na": c, "Cl": c}
    inside = {"Na": 20.0 + np.sqrt(400.0 + c * c), "Cl": -20.0 + np.sqrt(400.0 + c * c)}
    domain = Domain((0.0, 3e-5), 300, grading="uniform")
    start = Layers([(0.0, 1e-5, solution), (1e-5, 2e-5, inside), (2e-5, 3e-5, solution)])
    problem = problem_of(
        some("Na", "Cl"),
        domain,
        start,
        Boundary(Fixed(solution), Fixed(solution)),
        fixed_charge=f"where(x < 1e-5, 0, where(x < 2e-5, {q}, 0))",
    )
    result = solve(problem)
    middle = result.field("potential")[-1][150]
    assert middle == pytest.approx(VT * np.arcsinh(q / (2.0 * c)), rel=1e-9)
    assert result.field("voltage")[-1] == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(result.concentration[-1][:, 150], [inside["Na"], inside["Cl"]], rtol=1e-9)


def test_poisson_tends_to_electroneutral_as_the_debye_length_falls():
    """HCl|KCl between held ends at the voltage of no current: the fluxes differ by the square of the Debye length."""
    left, right = PLANCK["HCl0.01|KCl0.1"]
    neutral = solve(between(left, right, cells=200))
    V, misfit = float(neutral.field("voltage")[-1]), []
    for part in (0.02, 0.01, 0.005):
        eps = permittivity(part * LENGTH, 50.0)
        charged = solve(between(left, right, cells=200, closure="poisson", permittivity=eps, voltage=V))
        misfit.append(np.abs(charged.flux[-1] / neutral.flux[-1] - 1.0).max())
    assert misfit[0] < 0.05 and misfit[1] < 0.35 * misfit[0] and misfit[2] < 0.35 * misfit[1]

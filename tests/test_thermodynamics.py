"""Thermodynamics of solutions: relations between G, its potentials and its Hessian, and what is refused."""

import math

import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.laws.formula import Formula
from simulator.laws.mixture import Mixture
from simulator.laws.thermodynamics import R, Thermodynamics

T = 1000.0
RT = R * T
BINARY = Mixture(("A", "B"))
TERNARY = Mixture(("A", "B", "C"))

SUBREGULAR = {"A-B": ["12 kJ/mol", "4 kJ/mol"]}
KINDS = {
    "ideal": (TERNARY, "ideal", {}, None),
    "regular": (BINARY, "regular", {"B-A": "12 kJ/mol"}, None),
    "regular of T and x": (TERNARY, "regular", {"A-B": "2e4 - 8*T", "C-A": "5e3*(1 + x_B)"}, None),
    "sub-regular": (BINARY, "redlich-kister", SUBREGULAR, None),
    "redlich-kister": (
        TERNARY,
        "redlich-kister",
        {"A-B": [8e3, -3e3, "2*T"], "C-B": [-5e3, 1e3, 700.0, -400.0], "B-A-C": [4e3, "3*T", -9e3]},
        None,
    ),
    "four components": (
        Mixture(("A", "B", "C", "D"), "B"),
        "redlich-kister",
        {"A-B": [8e3, -3e3], "C-D": -6e3, "D-A": [0.0, 2e3], "B-C-D": "9 kJ/mol", "A-B-C": [1e3, -2e3, 5e3]},
        None,
    ),
    "expression": (TERNARY, "expression", {}, "x_A*x_B*(9e3 - T)*exp(-x_C) + 4e3*x_C*(1 - x_C)**2*sin(x_A)"),
}


def solution(name):
    return Thermodynamics(*KINDS[name])


def compositions(m, count=40, seed=3):
    """Inside the simplex, away from its sides (m, count)."""
    return 0.02 / (m + 1) + 0.98 * np.random.default_rng(seed).dirichlet(np.ones(m + 1), count).T[:m]


def difference(function, x, j, step=1e-5):
    """Fourth-order difference of function(x) by x_j."""
    shift = np.zeros_like(x)
    shift[j] = step
    near, far = (function(x + k * shift) - function(x - k * shift) for k in (1.0, 2.0))
    return (8.0 * near - far) / (12.0 * step)


@pytest.mark.parametrize("name", KINDS)
def test_potentials_sum_to_the_gibbs_energy(name):
    given = solution(name)
    x = compositions(given.mixture.m)
    every = given.mixture.complete(x)
    np.testing.assert_allclose((every * given.potentials(x, T)).sum(axis=0), given.gibbs(x, T), rtol=0, atol=1e-12 * RT)
    np.testing.assert_allclose(np.log(given.activities(x, T)) * RT, given.potentials(x, T), rtol=0, atol=1e-11 * RT)


@pytest.mark.parametrize("name", KINDS)
def test_potentials_are_the_intercepts_of_the_tangent_plane(name):
    """mu_k is where the tangent plane of G reaches pure k; differences of G are good to 1e-16 RT / step."""
    given = solution(name)
    m = given.mixture.m
    x = compositions(m)
    slopes = np.stack([difference(lambda x: given.gibbs(x, T), x, j) for j in range(m)])
    for k, component in enumerate(given.mixture.components):
        pure = np.array([float(entry == component) for entry in given.mixture.independent])
        intercept = given.gibbs(x, T) + ((pure[:, None] - x) * slopes).sum(axis=0)
        np.testing.assert_allclose(given.potentials(x, T)[k], intercept, rtol=0, atol=1e-8 * RT)


@pytest.mark.parametrize("name", KINDS)
def test_hessian_is_the_derivative_of_the_potentials(name):
    """dG/dx_j = mu_j - mu_n, so that H_ij is a difference of it."""
    given = solution(name)
    m, mixture = given.mixture.m, given.mixture
    x = compositions(m)
    places = [mixture.components.index(entry) for entry in mixture.independent]
    last = mixture.components.index(mixture.dependent)
    H = given.hessian(x, T)
    for j in range(m):
        by = difference(lambda x: given.potentials(x, T), x, j)
        np.testing.assert_allclose(H[:, j], by[places] - by[last], rtol=0, atol=1e-8 * np.abs(H).max())
    np.testing.assert_array_equal(H, np.swapaxes(H, 0, 1))


@pytest.mark.parametrize("name", KINDS)
def test_gibbs_duhem(name):
    """sum_k x_k dmu_k/dx_j = 0."""
    given = solution(name)
    x = compositions(given.mixture.m)
    every = given.mixture.complete(x)
    for j in range(given.mixture.m):
        by = difference(lambda x: given.potentials(x, T), x, j)
        assert np.abs((every * by).sum(axis=0)).max() < 1e-8 * RT
    exact = [[entry.derivative(j) for j in range(given.mixture.m)] for entry in given.excess_potentials]
    for j in range(given.mixture.m):
        by = Formula.join([row[j] for row in exact], given.mixture.m)(x, T=T)
        assert np.abs((every * by).sum(axis=0)).max() < 1e-11 * RT


@pytest.mark.parametrize("name", KINDS)
def test_factor_is_the_derivative_of_the_logarithm_of_activity(name):
    """Gamma_ij = x_i dln a_i/dx_j; for two components Phi = x(1 - x) G''/RT."""
    given = solution(name)
    m, mixture = given.mixture.m, given.mixture
    x = compositions(m)
    places = [mixture.components.index(entry) for entry in mixture.independent]
    factor = given.factor(x, T)
    for j in range(m):
        by = difference(lambda x: np.log(given.activities(x, T)[places]), x, j)
        np.testing.assert_allclose(factor[:, j], x * by, rtol=0, atol=1e-9 * np.abs(factor).max())
    if m == 1:
        np.testing.assert_allclose(factor[0, 0], x[0] * (1 - x[0]) * given.hessian(x, T)[0, 0] / RT, rtol=1e-12)
        np.testing.assert_allclose(given.stability(x, T), factor[0, 0], rtol=0, atol=1e-13)


@pytest.mark.parametrize("name", KINDS)
def test_dependent_component_makes_no_difference(name):
    mixture, *rest = KINDS[name]
    x = compositions(mixture.m)
    every = mixture.complete(x)
    first = Thermodynamics(mixture, *rest)
    for dependent in mixture.components:
        other = Mixture(mixture.components, dependent)
        second = Thermodynamics(other, *rest)
        y = np.stack([every[mixture.components.index(entry)] for entry in other.independent])
        for method in ("gibbs", "excess_gibbs", "potentials"):
            values = getattr(first, method)(x, T), getattr(second, method)(y, T)
            np.testing.assert_allclose(*values, rtol=0, atol=1e-12 * RT)
        np.testing.assert_allclose(first.stability(x, T), second.stability(y, T), rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", KINDS)
def test_stability_has_the_sign_of_the_smallest_eigenvalue(name):
    given = solution(name)
    x = compositions(given.mixture.m, 300)
    for temperature in (150.0, 400.0, T):
        H = np.moveaxis(given.hessian(x, temperature), (0, 1), (-2, -1))
        np.testing.assert_array_equal(given.stability(x, temperature) < 0.0, np.linalg.eigvalsh(H)[:, 0] < 0.0)


def test_formulas_agree_with_the_arrays():
    given = solution("redlich-kister")
    x = compositions(2)
    flat = [entry for row in given.excess_hessian for entry in row]
    values = Formula.join([given.excess_formula, *given.excess_potentials, *flat], 2)(x, T=T)
    ideal = solution("ideal")
    np.testing.assert_allclose(values[0], given.gibbs(x, T) - ideal.gibbs(x, T), rtol=0, atol=1e-12 * RT)
    np.testing.assert_allclose(values[1:4], given.potentials(x, T) - ideal.potentials(x, T), rtol=0, atol=1e-12 * RT)
    curvature = given.hessian(x, T) - ideal.hessian(x, T)
    np.testing.assert_allclose(values[4:].reshape(2, 2, -1), curvature, rtol=0, atol=1e-12 * np.abs(curvature).max())


def test_beside_interstitials_potentials_are_those_at_the_mole_fractions():
    """The unknowns are u_i = x_i / (1 - x_C); mu_k is of a mole of atoms all the same."""
    omega = {"Fe-C": [-3e4, 8e3], "Si-C": 4e4, "Fe-Si-C": 9e3}
    mixture = Mixture(("Fe", "C", "Si"), "Fe", interstitial=("C",))
    given = Thermodynamics(mixture, "redlich-kister", omega)
    plain = Thermodynamics(Mixture(mixture.components, "Fe"), "redlich-kister", omega)
    x = 0.3 * compositions(2)
    u = x / (1.0 - x[0])
    values = Formula.join([given.excess_formula, *given.excess_potentials], 2)(u, T=T)
    at_x = Formula.join([plain.excess_formula, *plain.excess_potentials], 2)(x, T=T)
    np.testing.assert_allclose(values, at_x, rtol=1e-12, atol=1e-12 * RT)
    np.testing.assert_allclose(given.potentials(x, T), plain.potentials(x, T), rtol=1e-15)


def test_definition_of_every_kind():
    x = compositions(2)
    a, b, c = TERNARY.complete(x)
    given = solution("redlich-kister")
    rest = (1 - a - b - c) / 3
    expected = a * b * (8e3 - 3e3 * (a - b) + 2 * T * (a - b) ** 2)
    expected += c * b * (-5e3 + 1e3 * (c - b) + 700 * (c - b) ** 2 - 400 * (c - b) ** 3)
    expected += a * b * c * ((b + rest) * 4e3 + (a + rest) * 3 * T - (c + rest) * 9e3)
    np.testing.assert_allclose(given.excess_gibbs(x, T), expected, rtol=0, atol=1e-12 * RT)
    expected = a * b * (2e4 - 8 * T) + a * c * 5e3 * (1 + b)
    np.testing.assert_allclose(solution("regular of T and x").excess_gibbs(x, T), expected, rtol=1e-13)
    expected = a * b * (9e3 - T) * np.exp(-c) + 4e3 * c * (1 - c) ** 2 * np.sin(a)
    np.testing.assert_allclose(solution("expression").excess_gibbs(x, T), expected, rtol=1e-13)


def test_ternary_terms_in_a_mixture_of_four_are_muggianu():
    mixture = Mixture(("A", "B", "C", "D"))
    given = Thermodynamics(mixture, "redlich-kister", {"A-B-C": [1e3, -2e3, 5e3]})
    x = compositions(3)
    a, b, c, d = mixture.complete(x)
    expected = a * b * c * ((a + d / 3) * 1e3 - (b + d / 3) * 2e3 + (c + d / 3) * 5e3)
    np.testing.assert_allclose(given.excess_gibbs(x, T), expected, rtol=1e-12, atol=1e-12 * RT)


def test_the_order_of_a_key_counts_for_odd_terms_only():
    x = compositions(1)
    turned = Thermodynamics(BINARY, "redlich-kister", {"B-A": [1e4, -4e3, 2e3]}).gibbs(x, T)
    np.testing.assert_allclose(
        Thermodynamics(BINARY, "redlich-kister", {"A-B": [1e4, 4e3, 2e3]}).gibbs(x, T), turned, rtol=1e-13
    )


@pytest.mark.parametrize("spec", [9e3, "9 kJ/mol", [9e3], "9*T"])
def test_one_redlich_kister_term_is_a_regular_solution(spec):
    x = compositions(1)
    one = Thermodynamics(BINARY, "redlich-kister", {"A-B": spec})
    two = Thermodynamics(BINARY, "regular", {"A-B": "9 kJ/mol"})
    np.testing.assert_allclose(one.hessian(x, T), two.hessian(x, T), rtol=1e-13)
    np.testing.assert_allclose(one.potentials(x, T), two.potentials(x, T), rtol=1e-13)


def test_ideal_solution_needs_no_temperature():
    given = solution("ideal")
    x = compositions(2)
    np.testing.assert_array_equal(given.factor(x, math.nan), np.eye(2)[:, :, None] + np.zeros((1, 1, 40)))
    np.testing.assert_allclose(given.stability(x, math.nan), 1.0, rtol=1e-15)
    np.testing.assert_allclose(given.activities(x, math.nan), TERNARY.complete(x))


@pytest.mark.parametrize("name", KINDS)
def test_pure_ends_are_finite_where_the_limit_is(name):
    given = solution(name)
    m = given.mixture.m
    corners = np.eye(m + 1)[:m]
    np.testing.assert_allclose(given.excess_gibbs(corners, T), 0.0, atol=1e-12 * RT)
    np.testing.assert_allclose(given.gibbs(corners, T), 0.0, atol=1e-12 * RT)
    assert np.isfinite(given.factor(corners, T)).all()
    np.testing.assert_allclose(given.stability(corners, T), 1.0, rtol=0, atol=1e-13)
    assert np.isneginf(given.potentials(corners, T)).sum() == m * (m + 1)
    assert (given.activities(corners, T) >= 0.0).all()
    assert np.isinf(given.hessian(corners, T)).any()
    # one composition (m,) is as good as many
    np.testing.assert_array_equal(given.factor(corners[:, 0], T), given.factor(corners, T)[..., 0])
    assert given.stability(corners[:, 0], T).shape == ()


def test_an_energy_without_a_second_derivative_at_an_end():
    """x_A log(x_A) is a limit at x_A = 0 that an expression does not have; inside all is as it should be."""
    given = Thermodynamics(TERNARY, "expression", excess="2e3*x_A*log(x_A) + 2e4*x_A*x_B")
    x = np.array([[0.0, 0.3, 0.4], [0.5, 0.3, 0.6]])
    np.testing.assert_array_equal(np.isnan(given.stability(x, T)), [True, False, False])
    # beside C the binary A-B has g'' = R T/x_A/x_B + 2e3/x_A - 4e4 with x_B = 1 - x_A
    expected = 1.0 + (0.6 * 2e3 - 0.24 * 4e4) / RT
    assert given.stability(x, T)[2] == pytest.approx(expected, rel=1e-12, abs=0.0)
    assert given.temperature_of_stability(x, 500.0) == pytest.approx((0.24 * 4e4 - 0.6 * 2e3) / R, rel=1e-12)
    assert given.spinodal_curve(T)


CUNI = Mixture(("Cu", "Ni", "Fe"))
BAD = [
    ({"kind": "reglar"}, "thermodynamics.kind", "Did you mean regular?"),
    ({"kind": "regular"}, "thermodynamics.omega", "needs omega"),
    ({"kind": "regular", "omega": 8e3}, "thermodynamics.omega", "expected pairs"),
    ({"omega": {"Cu-Ni": 8e3}}, "thermodynamics.omega", 'kind = "ideal" has no omega'),
    ({"kind": "expression"}, "thermodynamics.excess", "needs excess"),
    ({"kind": "expression", "excess": "x_Cu*x_Ny"}, "thermodynamics.excess", "unknown name 'x_Ny'"),
    ({"kind": "expression", "excess": "1e3*x*(1 - x)"}, "thermodynamics.excess", "written x_NAME"),
    ({"kind": "regular", "omega": {"Cu-Ni": 1.0}, "excess": "1"}, "thermodynamics.excess", "has no excess"),
    ({"kind": "regular", "omega": {"Cu-NI": 8e3}}, "thermodynamics.omega.Cu-NI", "'NI' is not one of the components"),
    ({"kind": "regular", "omega": {"Cu-Fee": 8e3}}, "thermodynamics.omega.Cu-Fee", "Did you mean Fe?"),
    ({"kind": "regular", "omega": {"Cu": 8e3}}, "thermodynamics.omega.Cu", "got 1 component."),
    ({"kind": "regular", "omega": {"Cu-Cu": 8e3}}, "thermodynamics.omega.Cu-Cu", "does not interact with itself"),
    ({"kind": "regular", "omega": {"Cu-Ni": 8e3, "Ni-Cu": 1.0}}, "thermodynamics.omega.Ni-Cu", "as 'Cu-Ni'"),
    ({"kind": "regular", "omega": {"Cu-Ni-Fe": 8e3}}, "thermodynamics.omega.Cu-Ni-Fe", 'kind = "redlich-kister"'),
    ({"kind": "regular", "omega": {"Cu-Ni": [8e3, 1.0]}}, "thermodynamics.omega.Cu-Ni", "one coefficient a pair"),
    ({"kind": "regular", "omega": {"Cu-Ni": "8 kg"}}, "thermodynamics.omega.Cu-Ni", "J/mol"),
    ({"kind": "regular", "omega": {"Cu-Ni": "8e3*t"}}, "thermodynamics.omega.Cu-Ni", "not on t"),
    ({"kind": "redlich-kister", "omega": {"Cu-Ni": []}}, "thermodynamics.omega.Cu-Ni", "a list of 0"),
    ({"kind": "redlich-kister", "omega": {"Cu-Ni": [1.0, "2 kg"]}}, "thermodynamics.omega.Cu-Ni[1]", "J/mol"),
    ({"kind": "redlich-kister", "omega": {"Cu-Ni-Fe": [1.0, 2.0]}}, "thermodynamics.omega.Cu-Ni-Fe", "or three"),
    ({"kind": "redlich-kister", "omega": {"Cu-Ni-Fe-Cu": 1.0}}, "thermodynamics.omega.Cu-Ni-Fe-Cu", "got 4 components"),
    ({"kind": "redlich-kister", "omega": {"Cu-Ni-Cu": 1.0}}, "thermodynamics.omega.Cu-Ni-Cu", "must differ"),
]


@pytest.mark.parametrize("given, where, words", BAD, ids=[f"{where} {words}" for _, where, words in BAD])
def test_bad_input(given, where, words):
    with pytest.raises(Invalid) as caught:
        Thermodynamics(CUNI, **given)
    assert [fault.where for fault in caught.value.faults] == [where]
    assert words in str(caught.value)


def test_every_fault_is_named():
    with pytest.raises(Invalid) as caught:
        Thermodynamics(CUNI, "redlich-kister", {"Cu-Xy": 1.0, "Ni-Ni": 2.0, "Cu-Fe": ["x +", 1.0, "2 kg"]}, excess="1")
    assert [fault.where for fault in caught.value.faults] == [
        "thermodynamics.excess",
        "thermodynamics.omega.Cu-Xy",
        "thermodynamics.omega.Ni-Ni",
        "thermodynamics.omega.Cu-Fe[0]",
        "thermodynamics.omega.Cu-Fe[2]",
    ]

"""Where solutions separate: binodal, spinodal and critical point of binaries, spinodal curves of ternaries."""

import math

import numpy as np
import pytest
from scipy.optimize import fsolve

from simulator.faults import Invalid
from simulator.laws.mixture import Mixture
from simulator.laws.thermodynamics import R, Thermodynamics

T = 1000.0
RT = R * T
BINARY = Mixture(("A", "B"))
TERNARY = Mixture(("A", "B", "C"))
SUBREGULAR = Thermodynamics(BINARY, "redlich-kister", {"A-B": ["12 kJ/mol", "4 kJ/mol"]})

# w: binodal and spinodal of the regular solution, 40-digit arithmetic
REGULAR = {
    2.05: (0.3660746197483195, 0.421913119055697),
    2.2: (0.2485297125276792, 0.3492443277111182),
    2.5: (0.1447941082560648, 0.276393202250021),
    3.0: (0.07072018167994482, 0.2113248654051871),
    3.5: (0.03787392948001521, 0.1726731646460114),
    4.0: (0.02124798796136563, 0.1464466094067262),
}


@pytest.mark.parametrize("w", REGULAR)
def test_binodal_and_spinodal_of_the_regular_solution(w):
    given = Thermodynamics(BINARY, "regular", {"A-B": w * RT})
    binodal, spinodal = REGULAR[w]
    np.testing.assert_allclose(given.spinodal(T), [(spinodal, 1.0 - spinodal)], rtol=0, atol=1e-12)
    np.testing.assert_allclose(given.binodal(T), [(binodal, 1.0 - binodal)], rtol=0, atol=1e-12)


def test_dilute_binodal_to_the_last_digits_of_the_small_fraction():
    """ln(x/(1-x)) + w(1-2x) = 0, iterated as x = exp(-w(1-2x))(1-x), which contracts there."""
    for w in (6.0, 10.0, 40.0):
        x = 0.0
        for _ in range(200):
            x = math.exp(-w * (1.0 - 2.0 * x)) * (1.0 - x)
        ((left, right),) = Thermodynamics(BINARY, "regular", {"A-B": w * RT}).binodal(T)
        assert left == pytest.approx(x, rel=1e-12, abs=0.0)
        assert 1.0 - right == pytest.approx(x, abs=1e-15)
    ((left, right),) = Thermodynamics(BINARY, "regular", {"A-B": 3000.0 * RT}).binodal(T)
    assert (left, right) == (0.0, 1.0)


def test_no_gap_above_the_critical_temperature():
    given = Thermodynamics(BINARY, "regular", {"A-B": 1.99 * RT})
    assert given.spinodal(T) == given.binodal(T) == []
    assert Thermodynamics(BINARY, "regular", {"A-B": -3e4}).critical_point() is None
    assert Thermodynamics(BINARY).critical_point() is None


@pytest.mark.parametrize("gap", [1e-3, 1e-5])
def test_a_narrow_gap_is_found(gap):
    """Near w = 2: half widths sqrt((w - 2)/(2 w)) of the spinodal, sqrt 3 times that of the binodal to order w - 2."""
    w = 2.0 + gap
    given = Thermodynamics(BINARY, "regular", {"A-B": w * RT})
    ((left, right),) = given.spinodal(T)
    half = math.sqrt(gap / (4.0 * w))
    # Phi is known to 1e-16 and has slope 4 w half there
    assert (0.5 - left, right - 0.5) == pytest.approx((half, half), abs=1e-15 / half)
    ((left, right),) = given.binodal(T)
    assert (0.5 - left, right - 0.5) == pytest.approx((math.sqrt(3.0) * half,) * 2, rel=2.0 * gap)


@pytest.mark.parametrize(
    "omega, T_c", {10e3: 601.3617752136302, 15e3: 902.0426628204453, 20e3: 1202.72355042726}.items()
)
def test_critical_point_of_the_regular_solution(omega, T_c):
    found = Thermodynamics(BINARY, "regular", {"A-B": omega}).critical_point()
    assert found == pytest.approx((T_c, 0.5), rel=1e-12, abs=0.0)
    assert T_c == pytest.approx(omega / (2.0 * R), rel=1e-13)


def test_critical_point_of_a_coefficient_that_depends_on_temperature():
    """Omega = a - b T: T_c = a/(2 R + b). Omega = 3 R T: always apart, so that there is none."""
    found = Thermodynamics(BINARY, "regular", {"A-B": "2e4 - 5*T"}).critical_point()
    assert found == pytest.approx((2e4 / (2.0 * R + 5.0), 0.5), rel=1e-12, abs=0.0)
    assert Thermodynamics(BINARY, "regular", {"A-B": "3*R*T"}).critical_point() is None
    # a lower critical point as well: apart for T between 500 and 700 K only, the highest one counts
    loop = Thermodynamics(BINARY, "regular", {"A-B": "2*R*T + 0.02*(T - 500)*(700 - T)"})
    assert loop.critical_point() == pytest.approx((700.0, 0.5), rel=1e-9)
    assert loop.spinodal(600.0) and not loop.spinodal(490.0) and not loop.spinodal(710.0)


def test_critical_point_of_the_subregular_solution():
    """With s = 2x - 1 the spinodal is RT = (1 - s^2)(L0 + 3 L1 s)/2, highest where the derivative by s is 0."""
    L0, L1 = 12e3, 4e3
    s = fsolve(lambda s: 3 * L1 * (1 - s * s) - 2 * s * (L0 + 3 * L1 * s), 0.3, xtol=1e-15)[0]
    T_c = (1 - s * s) / 2 * (L0 + 3 * L1 * s) / R
    given = SUBREGULAR
    assert given.critical_point() == pytest.approx((T_c, (1 + s) / 2), rel=1e-12, abs=0.0)
    # a spinodal 1e-5 wide lies between the compositions that are looked at first
    ((left, right),) = given.spinodal(T_c * (1.0 - 1e-10))
    assert left < (1 + s) / 2 < right < left + 5e-5
    assert not given.spinodal(T_c * (1.0 + 1e-10))


@pytest.mark.parametrize("temperature", [300.0, 600.0, 840.0])
def test_common_tangents_of_an_asymmetric_gap(temperature):
    """Both potentials agree, to a few units in the last place of RT, and the spinodal lies between."""
    given = SUBREGULAR
    ((left, right),) = given.binodal(temperature)
    ((inner_left, inner_right),) = given.spinodal(temperature)
    assert left < inner_left < inner_right < right
    mu = given.potentials(np.array([[left, right]]), temperature)
    np.testing.assert_allclose(mu[:, 0], mu[:, 1], rtol=0, atol=1e-12 * R * temperature)
    edges = np.array([[inner_left, inner_right]])
    np.testing.assert_allclose(given.factor(edges, temperature)[0, 0], 0.0, atol=1e-13)


def test_two_gaps_and_the_temperature_at_which_they_are_one():
    """x(1-x)[L0 + L4 (2x-1)^4]: a gap at each side when hot, a single one over three spinodals when cold."""
    given = Thermodynamics(BINARY, "redlich-kister", {"A-B": [8e3, 0, 0, 0, 3e4]})
    two = given.binodal(500.0)
    assert len(two) == len(given.spinodal(500.0)) == 2
    (a, b), (c, d) = two
    assert (c, d) == pytest.approx((1.0 - b, 1.0 - a), abs=1e-12)
    for pair in two:
        mu = given.potentials(np.array([pair]), 500.0)
        np.testing.assert_allclose(mu[:, 0], mu[:, 1], rtol=0, atol=1e-11 * RT)
    # a tangent nowhere above G
    x = np.linspace(1e-6, 1.0 - 1e-6, 4001)[None]
    for left, _ in two:
        mu = given.potentials(np.array([[left]]), 500.0)[:, 0]
        assert (given.gibbs(x, 500.0) - mu[0] * x[0] - mu[1] * (1.0 - x[0])).min() > -1e-9
    assert len(given.spinodal(300.0)) == 3
    ((left, right),) = given.binodal(300.0)
    assert left == pytest.approx(1.0 - right, rel=1e-8, abs=0.0)


# pairs of (x_1, x_2) with det H = 0, 40-digit arithmetic
EDGE = {
    (3.5, 3.5, 3.5): [(0.05, 0.1646337982692776), (0.05, 0.7853662017307224), (0.1, 0.1479705237708111),
                      (0.1, 0.7520294762291889)],
    (2.4, 1.2, 0.5): [(0.3, 0.6813546569577961), (0.4, 0.423277691518064), (0.5, 0.3312370630991197)],
}  # fmt: skip


def ternary(w, at=T):
    return Thermodynamics(TERNARY, "regular", dict(zip(("A-B", "A-C", "B-C"), np.array(w) * R * at, strict=True)))


@pytest.mark.parametrize("w", EDGE, ids=str)
def test_spinodal_curve_of_a_ternary(w):
    given = ternary(w)
    exact = np.array(EDGE[w]).T
    np.testing.assert_allclose(given.stability(exact, T), 0.0, atol=1e-12)
    curves = given.spinodal_curve(T, 150)
    assert curves
    for curve in curves:
        np.testing.assert_allclose(given.stability(curve, T), 0.0, atol=1e-12)
    # the chords of 150 nodes leave the curve by about their length squared
    corners = np.concatenate(
        [np.linspace(curve[:, :-1], curve[:, 1:], 21).reshape(21, 2, -1) for curve in curves], axis=2
    )
    for point in exact.T:
        assert np.linalg.norm(corners - point[None, :, None], axis=1).min() < 2e-3


def test_spinodal_curve_ends_on_the_spinodals_of_the_binaries():
    w = (2.4, 1.2, 0.5)
    (curve,) = ternary(w).spinodal_curve(T)
    ((left, right),) = Thermodynamics(BINARY, "regular", {"A-B": w[0] * RT}).spinodal(T)
    ends = sorted(curve[0, [0, -1]])
    assert ends == pytest.approx([left, right], abs=1e-12)
    np.testing.assert_allclose(curve[:, [0, -1]].sum(axis=0), 1.0, rtol=1e-14)
    assert ternary((1.9, 1.5, 1.8)).spinodal_curve(T) == []


def test_the_centre_of_the_symmetric_ternary_is_critical_at_3():
    centre = np.full(2, 1.0 / 3.0)
    assert ternary((3.0, 3.0, 3.0)).stability(centre, T) == pytest.approx(0.0, abs=1e-14)
    assert ternary((2.9, 2.9, 2.9)).stability(centre, T) > 0.0 > ternary((3.1, 3.1, 3.1)).stability(centre, T)


def test_an_island_inside_is_one_closed_curve():
    """A ternary term alone: the binaries are ideal, the middle is not stable."""
    given = Thermodynamics(TERNARY, "redlich-kister", {"A-B-C": 15.0 * RT})
    assert given.stability(np.full(2, 1.0 / 3.0), T) < 0.0
    (curve,) = given.spinodal_curve(T)
    np.testing.assert_array_equal(curve[:, 0], curve[:, -1])
    assert min(curve.min(), (1.0 - curve.sum(axis=0)).min()) > 0.0


@pytest.mark.parametrize(
    "x, w, B, eigenvalues",
    [
        ((0.5, 0.49, 0.01), (0.9, -1.6, -7.7), (1.0, 1.0, 1.0), (0.4193894489211311, 1.231070551078869)),
        ((0.5, 0.45, 0.05), (1.5, -3.2, -7.4), (1.0, 20.0, 1.0), (0.3904129245667952, 6.935687075433205)),
    ],
)
def test_uphill_diffusion_without_a_gap_is_stable(x, w, B, eigenvalues):
    """D = L H, L_ij = sum_k (d_ik - x_i)(d_jk - x_j) x_k B_k: D_11 < 0, and yet every composition is stable."""
    given = ternary(w)
    x, B = np.array(x), np.array(B)
    rows = np.eye(3)[:2] - x[:2, None]
    D = (rows * x * B) @ rows.T @ given.hessian(x[:2], T) / RT
    assert D[0, 0] < 0.0
    np.testing.assert_allclose(np.sort(np.linalg.eigvals(D)), eigenvalues, rtol=1e-12)
    everywhere = np.random.default_rng(1).dirichlet(np.full(3, 0.7), 5000).T[:2]
    assert given.stability(everywhere, T).min() > 0.0
    assert given.spinodal_curve(T) == []
    if (B == 1.0).all():
        np.testing.assert_allclose(given.factor(x[:2], T), D, rtol=0, atol=1e-13)


def test_temperature_of_stability():
    """A regular binary is stable above 2 Omega x(1 - x)/R; a set of compositions above the highest of these."""
    given = Thermodynamics(BINARY, "regular", {"A-B": 16e3})
    x = np.array([[0.35, 0.1, 0.05]])
    expected = 2.0 * 16e3 * x[0] * (1.0 - x[0]) / R
    assert given.temperature_of_stability(x[:, 0], 300.0) == pytest.approx(expected[0], rel=1e-12)
    assert given.temperature_of_stability(x, 300.0) == pytest.approx(expected.max(), rel=1e-12)
    assert given.temperature_of_stability(x, 900.0) == 900.0
    assert Thermodynamics(BINARY, "regular", {"A-B": "3*R*T"}).temperature_of_stability(np.array([0.5]), 300.0) is None
    symmetric = ternary((3.0, 3.0, 3.0))
    assert symmetric.temperature_of_stability(np.full(2, 1.0 / 3.0), 400.0) == pytest.approx(T, rel=1e-12)


def test_what_is_known_of_two_or_of_three_components_only():
    two, three = SUBREGULAR, Thermodynamics(TERNARY)
    for call in (
        lambda: three.spinodal(T),
        lambda: three.binodal(T),
        three.critical_point,
        lambda: two.spinodal_curve(T),
    ):
        with pytest.raises(Invalid, match="this mixture has"):
            call()
    for temperature in (0.0, -5.0, math.nan, math.inf):
        with pytest.raises(Invalid, match="above 0 K"):
            two.spinodal(temperature)
        with pytest.raises(Invalid, match="above 0 K"):
            two.binodal(temperature)

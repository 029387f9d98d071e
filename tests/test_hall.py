"""Closed forms in probit space: exact for a straight line, an extrapolation for anything else."""

import numpy as np
import pytest
from scipy.integrate import quad
from similar_couples import exact_couple, exponential, two_phase_couple

from inverse.curves.smoothing import normal, probit
from inverse.methods import extended_hall, hall
from inverse.methods.hall import end_line, end_value
from simulator.faults import Invalid

HALL, EXTENDED = hall.METHOD, extended_hall.METHOD


def constant(N):
    return np.ones_like(N)


def peaked(N):
    return 1.0 + 4.0 * np.exp(-(((N - 0.5) / 0.12) ** 2))


def errors(estimate, D=exponential):
    return estimate.value / D(estimate.composition) - 1.0


# Computed apart from this code by quadrature of Wagner's integral over one tail, t = 1, h = 0.55, k = 0.4, 8 decimals.
REFERENCE = {"left": [0.96529276, 1.00185755, 1.09283549], "right": [0.6875998, 0.65103501, 0.56005707]}


@pytest.mark.parametrize(("side", "k"), [("left", 0.4), ("right", -0.4)])
def test_the_end_values_of_a_straight_line(side, k):
    found = end_value(np.array([1e-3, 1e-2, 1e-1]), 0.55, k)
    assert found == pytest.approx(REFERENCE[side], abs=1e-8)


@pytest.mark.parametrize("k", [-0.3, 0.0, 0.4])
@pytest.mark.parametrize("Y", [1e-3, 0.03, 0.3])
def test_the_end_values_are_the_integral_over_the_tail(Y, k):
    """D = -1/(2 Y') int lambda dY; a factor 2/sqrt(pi) for 2 sqrt(pi) would be 10 % off."""
    h = 1.7
    at = (float(probit(Y)) - k) / h
    below, _ = quad(lambda lam: float(normal(h * lam + k)), -12.0, at, epsabs=1e-14)
    slope = h * np.exp(-((h * at + k) ** 2)) / np.sqrt(np.pi)
    assert float(end_value(Y, h, k)) == pytest.approx((below - at * Y) / (2.0 * slope), rel=1e-7)


def test_a_line_is_found_exactly_and_its_range_ends_where_it_bends():
    lam = np.linspace(-4.0, 0.0, 161)
    straight = end_line(lam, normal(0.9 * lam + 0.2), 0.0)
    assert (straight.h, straight.k) == pytest.approx((0.9, 0.2), rel=1e-12)
    assert straight.reach[0] > 1e-3 and straight.reach[1] == pytest.approx(0.05, abs=5e-3)
    bent = end_line(lam, normal(0.9 * lam + 0.2 + 0.05 * lam**2), 0.0)
    assert bent.reach[1] < 0.5 * straight.reach[1]
    assert end_line(lam[::40], normal(0.9 * lam[::40]), 0.0) is None


@pytest.mark.parametrize("ends", [(0.0, 1.0), (0.8, 0.3)], ids=str)
@pytest.mark.parametrize("method", [HALL, EXTENDED], ids=str)
def test_a_constant_diffusivity_is_exact(method, ends):
    estimate = method(exact_couple("constant", *ends, D=constant, points=401))
    assert np.abs(errors(estimate, constant)).max() < 1e-6
    assert estimate.sd is None


@pytest.mark.parametrize("ends", [(0.0, 1.0), (1.0, 0.0)], ids=str)
def test_hall_extrapolates_near_the_ends_and_only_there(ends):
    estimate = HALL(exact_couple("constant", *ends))
    # 3 % is what trials showed for D = exp(2 N)
    assert np.abs(errors(estimate)).max() < 0.03
    inner = (estimate.composition > 0.06) & (estimate.composition < 0.94)
    assert not inner.any()
    (low, high), (lower, upper) = estimate.diagnostics["ranges"]
    assert low < high < 0.06 and 0.94 < lower < upper
    # and a straight line's end value alone, without the correction, is far off
    h = estimate.diagnostics["lines"]["left"]["h"]
    assert abs(1.0 / (4.0 * h**2) - 1.0) > 0.05


def test_hall_is_no_better_on_a_finer_profile():
    """Its error is that of the straight line, not of the points."""
    coarse, fine = (np.abs(errors(HALL(exact_couple(points=points)))).max() for points in (400, 3200))
    assert fine > 0.7 * coarse > 5e-3


def mild(N):
    return 1.0 + 0.3 * N


@pytest.mark.parametrize("noise", [0.0, 1e-3])
@pytest.mark.parametrize(("D", "said"), [(constant, False), (mild, False), (exponential, True), (peaked, True)])
def test_a_diffusivity_that_changes_much_is_said_to(D, said, noise):
    """The slope of u up to Y = 0.2 changes by 0, 1, 6 to 7 and 12 %; noise of 1e-3 makes it uncertain by 1.6 %."""
    for seed in range(6 if noise else 1):
        estimate = HALL(exact_couple(points=400, noise=noise, seed=seed, cut=1e-5 if noise else 1e-8, D=D))
        assert any("D changes near the ends" in sentence for sentence in estimate.warnings) is said
    if said:
        assert np.abs(errors(estimate, D)).max() > 0.01


@pytest.mark.parametrize("D", [exponential, constant], ids=["exponential", "constant"])
def test_the_scatter_of_hall_covers_noise_and_bend(D):
    inside = []
    for seed in range(8):
        estimate = HALL(exact_couple(points=200, noise=1e-3, seed=seed, cut=1e-5, D=D))
        assert np.all(estimate.sd > 0)
        inside.append(np.abs(errors(estimate, D)) < 2.0 * estimate.sd / estimate.value + 0.03)
    # two ends of 8 couples are 16 independent numbers
    assert np.mean(inside) > 0.8


def test_extended_hall_cannot_follow_a_peak_and_a_spline_can():
    from inverse.methods.sauer_freise import METHOD as FREISE

    profile = exact_couple(D=peaked, points=801)
    mild = np.abs(errors(EXTENDED(exact_couple(points=801)))).max()
    assert 1e-3 < mild < 0.04
    assert np.abs(errors(EXTENDED(profile), peaked)).max() > 0.05
    assert np.abs(errors(FREISE(profile), peaked)).max() < 1e-5


def test_extended_hall_takes_a_low_degree_from_noise():
    estimate = EXTENDED(exact_couple(points=120, noise=2e-3, cut=1e-5, D=constant))
    assert estimate.diagnostics["degree"] <= 5
    assert np.median(np.abs(errors(estimate, constant))) < 0.05
    assert np.isfinite(estimate.sd).all()


def test_what_they_cannot_use_is_refused():
    with pytest.raises(Invalid, match="one phase"):
        EXTENDED(two_phase_couple(400, beside=1e-9))
    few = exact_couple(points=12)
    with pytest.raises(Invalid, match="4 points in a straight line"):
        HALL(few)


@pytest.mark.parametrize("method", [HALL, EXTENDED], ids=str)
def test_a_molar_volume_that_varies_is_a_warning(method):
    assert any("Use wagner" in sentence for sentence in method(exact_couple("vegard")).warnings)

"""The curve through a profile: exact where the profile is, never worse than the noise, never without a value."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfc

from inverse.fitting import noise_of, smooth
from inverse.planes import matano_plane
from inverse.smoothing import PlainCurve, ProbitCurve, linear_tail, normal, probit


def error_function(x, w=1.0, at=0.0):
    return 0.5 * erfc(-(x - at) / w)


def test_probit_inverts_normal_in_both_tails():
    u = np.linspace(-5.0, 5.0, 41)
    assert probit(normal(u[u <= 0])) == pytest.approx(u[u <= 0], rel=1e-12, abs=1e-14)
    # above 1/2 the rounding of Y itself, 1e-16, is divided by dY/du
    assert probit(normal(u)) == pytest.approx(u, abs=4e-16 * np.sqrt(np.pi) * np.exp(25.0))


@pytest.mark.parametrize("slope", [0.3, 7.0])
@pytest.mark.parametrize("end", [-2.5, -0.4, 1.3])
def test_linear_tail_is_the_integral_of_a_straight_line_in_u(slope, end):
    expected, _ = quad(lambda x: float(normal(slope * x)), -20.0 / slope, end / slope, epsabs=1e-13)
    assert linear_tail(end, slope) == pytest.approx(expected, rel=1e-9)


def test_integrals_and_gradient_of_an_error_function_are_closed_forms():
    # u is a straight line, which the spline represents exactly: only rounding is left.
    x = np.linspace(-4.0, 4.0, 81)
    curve = smooth(x, error_function(x, at=0.3), (0.0, 1.0), True).curve
    z = np.linspace(-3.0, 6.0, 37)
    u = z - 0.3
    rising = u * normal(u) + np.exp(-(u**2)) / (2.0 * np.sqrt(np.pi))
    assert curve.Y(z) == pytest.approx(normal(u), abs=1e-8)
    assert curve.gradient(z) == pytest.approx(np.exp(-(u**2)) / np.sqrt(np.pi), abs=1e-7)
    assert curve.left(z) == pytest.approx(rising, abs=1e-8)
    assert curve.right(z) == pytest.approx(rising - u, abs=1e-8)


def test_position_inverts_the_curve():
    x = np.linspace(-4.0, 4.0, 61)
    curve = smooth(x, error_function(x + 0.2 * np.tanh(x)), (0.0, 1.0), True).curve
    Y = np.linspace(0.001, 0.999, 57)
    assert curve.Y(curve.position(Y)) == pytest.approx(Y, abs=1e-12)


def test_matano_plane_of_a_shifted_error_function_is_its_centre():
    x = np.linspace(-4.0, 5.0, 91)
    curve = smooth(x, error_function(x, w=0.8, at=0.437), (0.0, 1.0), True).curve
    assert matano_plane(curve) == pytest.approx(0.437, abs=1e-8)


def test_tails_beyond_cut_data_are_continued_to_known_ends():
    # The data end at Y = 0.03 and 0.97; the straight line in u is the truth there.
    x = np.linspace(-1.3, 1.3, 41)
    curve = smooth(x, error_function(x), (0.0, 1.0), True).curve
    z = np.array([-2.5, -1.6, 0.0, 1.9])
    assert curve.Y(z) == pytest.approx(error_function(z), abs=1e-9)
    assert matano_plane(curve) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("sigma", [1e-4, 1e-3, 1e-2])
def test_noise_is_read_off_the_data(sigma, rng):
    x = np.linspace(-4.0, 4.0, 400)
    noisy = error_function(x) + sigma * rng.standard_normal(x.size)
    # the standard deviation of this estimate from 400 points is about 5 %
    assert noise_of(x, noisy) == pytest.approx(sigma, rel=0.2)


def test_a_bent_curve_is_not_taken_for_noise():
    x = np.linspace(-4.0, 4.0, 41)
    assert noise_of(x, error_function(x)) < 1e-5


@pytest.mark.parametrize("sigma", [1e-3, 5e-3, 1e-2, 3e-2])
@pytest.mark.parametrize("seed", range(3))
def test_a_noisy_fit_always_rises_and_lies_within_the_noise(sigma, seed):
    rng = np.random.default_rng(seed)
    x = np.linspace(-5.0, 5.0, 90)
    truth = error_function(x, w=1.0 + 0.3 * np.tanh(x))
    found = smooth(x, truth + sigma * rng.standard_normal(x.size), (0.0, 1.0), False)
    z = np.linspace(-8.0, 8.0, 400)
    assert isinstance(found.curve, ProbitCurve)
    assert found.curve.monotone
    assert np.isfinite(found.curve.left(z)).all() and np.isfinite(found.curve.right(z)).all()
    # a fit with some ten free numbers to 90 points leaves an error of about a third of the noise
    assert np.sqrt(np.mean((found.curve.Y(x) - truth) ** 2)) < 0.7 * sigma
    assert found.noise == pytest.approx(sigma, rel=0.3)
    assert all(curve.monotone for curve, _ in found.draws)


@pytest.mark.parametrize("points", [8, 9, 12])
@pytest.mark.parametrize("sigma", [0.0, 1e-3, 2e-2, 0.1])
def test_few_points_and_much_noise_still_give_a_finite_rising_curve(points, sigma, rng):
    x = np.linspace(-3.0, 3.0, points)
    found = smooth(x, error_function(x) + sigma * rng.standard_normal(points), (0.0, 1.0), True)
    z = np.linspace(-3.0, 3.0, 50)
    assert np.isfinite(found.curve.Y(z)).all() and np.isfinite(found.curve.gradient(z)).all()


def test_a_sharp_front_between_two_points_is_followed():
    # D differs 400 times between the ends: two points lie on the steep side
    x = np.linspace(-1.0, 20.0, 120)
    truth = np.where(x < 0, error_function(x, w=0.3), error_function(x, w=6.0))
    noisy = truth + 2e-3 * np.random.default_rng(1).standard_normal(x.size)
    found = smooth(x, noisy, (0.0, 1.0), True)
    assert found.curve.monotone
    assert found.residual < 4e-3


def test_given_uncertainties_weigh_the_data(rng):
    x = np.linspace(-4.0, 4.0, 120)
    sigma = np.where(x > 0, 2e-2, 5e-4)
    noisy = error_function(x) + sigma * rng.standard_normal(x.size)
    plain = smooth(x, noisy, (0.0, 1.0), True)
    weighted = smooth(x, noisy, (0.0, 1.0), True, sigma)
    left = x < 0
    miss = [np.sqrt(np.mean((found.curve.Y(x) - error_function(x))[left] ** 2)) for found in (plain, weighted)]
    assert miss[1] < 0.6 * miss[0]


def test_a_profile_that_is_not_monotone_gets_a_spline_of_itself():
    x = np.linspace(-5.0, 5.0, 201)
    y = error_function(x) + 0.2 * np.exp(-((x - 2.0) ** 2))
    found = smooth(x, y, (0.0, 1.0), True)
    assert isinstance(found.curve, PlainCurve)
    assert "not monotone" in found.warnings[0]
    assert found.curve.Y(x) == pytest.approx(y, abs=1e-12)
    # int (Y - H(x)) dx of the bump is 0.2 sqrt(pi), of the error function 0
    assert matano_plane(found.curve) == pytest.approx(-0.2 * np.sqrt(np.pi), abs=1e-5)

"""The curve through a profile: exact where the profile is, never worse than the noise, never without a value."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import make_smoothing_spline
from scipy.special import erfc
from similar_couples import exact_couple

from inverse.curves.fitting import SMOOTHERS, smooth
from inverse.curves.noise import noise_of
from inverse.curves.penalties import bending, differences, smoothing_spline, whittaker
from inverse.curves.smoothing import PlainCurve, ProbitCurve, inverted, linear_tail, normal, probit
from inverse.planes import matano_plane


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
    assert linear_tail(end, slope) == pytest.approx(expected, rel=1e-9, abs=0.0)


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


def test_inversion_is_quick_and_stays_within_the_nodes():
    """Newton steps double the digits: a dozen evaluations, not one for each bit; values beyond give the end nodes."""
    calls = []

    def cube(x):
        calls.append(x)
        return x**3 + x

    nodes = np.linspace(-2.0, 2.0, 41)
    x = inverted(np.array([-11.0, -0.3, 0.05, 1.7, 1e9]), nodes, cube, lambda x: 3.0 * x**2 + 1.0)
    assert x[[0, -1]] == pytest.approx(nodes[[0, -1]], abs=1e-12)
    assert cube(x[1:4]) == pytest.approx([-0.3, 0.05, 1.7], abs=1e-13)
    assert len(calls) < 15


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


@pytest.mark.parametrize("smoother", SMOOTHERS)
@pytest.mark.parametrize("sigma", [1e-3, 5e-3])
def test_every_smoother_lies_within_the_noise(smoother, sigma):
    rng = np.random.default_rng(7)
    x = np.sort(rng.uniform(-5.0, 5.0, 150))
    truth = error_function(x, w=1.2)
    found = smooth(x, truth + sigma * rng.standard_normal(x.size), (0.0, 1.0), True, smoother=smoother)
    # 150 uneven points, some ten free numbers
    assert np.sqrt(np.mean((found.curve.Y(x) - truth) ** 2)) < 0.6 * sigma
    assert found.curve.branches[0][0] <= 0.02 and found.curve.branches[-1][1] >= 0.98
    z = np.linspace(0.1, 0.9, 9)
    assert found.curve.Y(found.curve.position(z)) == pytest.approx(z, abs=1e-10)
    drawn = np.array([curve.Y(x) for curve, _ in found.draws])
    # the draws scatter by as much as the fit errs, sqrt(free numbers/150) of the noise
    assert 0.1 * sigma < np.sqrt(np.mean(drawn.std(axis=0) ** 2)) < 0.6 * sigma


@pytest.mark.parametrize("smoother", SMOOTHERS)
def test_clean_data_are_interpolated_by_every_smoother(smoother):
    x = np.linspace(-4.0, 4.0, 81)
    curve = smooth(x, error_function(x), (0.0, 1.0), True, smoother=smoother).curve
    z = np.linspace(-2.0, 2.0, 33)
    assert curve.Y(z) == pytest.approx(error_function(z), abs=1e-8)


def test_the_default_smoother_is_the_best_under_noise():
    """Errors of the gradient, which the diffusivity is divided by, over 8 seeds."""
    x = np.linspace(-5.0, 5.0, 120)
    z = np.linspace(-1.3, 1.3, 27)
    slope = np.exp(-(z**2)) / np.sqrt(np.pi)
    missed = {name: [] for name in SMOOTHERS}
    for seed in range(8):
        noisy = error_function(x) + 5e-3 * np.random.default_rng(seed).standard_normal(x.size)
        for name in SMOOTHERS:
            curve = smooth(x, noisy, (0.0, 1.0), True, smoother=name).curve
            missed[name].append(curve.gradient(z) / slope - 1.0)
    size = {name: np.sqrt(np.mean(np.square(rows))) for name, rows in missed.items()}
    assert size["probit"] < 0.7 * min(size["spline"], size["whittaker"])


def test_a_fitted_end_is_reached_where_the_data_end():
    """Data flat within the noise at the end leave a slow tail beyond them open; it would weigh in every integral."""

    def peaked(N):
        return 1.0 + 4.0 * np.exp(-(((N - 0.5) / 0.12) ** 2))

    for seed in range(3):
        profile = exact_couple(D=peaked, points=120, noise=5e-3, seed=seed, cut=1e-5, ends=None)
        x, y = profile.x, profile.fractions[0]
        curve = smooth(x, y, (float(y[:3].mean()), float(y[-3:].mean())), False).curve
        assert curve.Y(x[0]) < 5e-3 and curve.rest(x[-1]) < 5e-3
        # beyond the points there is less than 5e-3 over a tenth of their length of some 8
        assert curve.left(x[0])[0] < 4e-3 and curve.right(x[-1])[0] < 4e-3


@pytest.mark.parametrize("make", [smoothing_spline, whittaker])
def test_a_linear_smoother_keeps_lines_and_minimises_its_sum(make, rng):
    x = np.sort(rng.uniform(0.0, 3.0, 40))
    y, sigma = rng.standard_normal(40), rng.uniform(0.5, 2.0, 40)
    smoother = make(x, sigma)
    # two of the points nearly coincide, so that the eigenvalues span 15 orders
    assert smoother.fitted(2.0 - 3.0 * x, 1.0) == pytest.approx(2.0 - 3.0 * x, abs=1e-5)
    K = bending(x) if make is smoothing_spline else differences(x).T @ differences(x)
    weight = (np.median(sigma) / sigma) ** 2
    z = smoother.fitted(y, 0.7)
    # the gradient of sum w (y - z)^2 + lambda z' K z vanishes
    assert weight * (z - y) + 0.7 * K @ z == pytest.approx(np.zeros(40), abs=1e-5 * np.abs(0.7 * K @ z).max())


def test_the_smoothing_spline_is_scipys():
    rng = np.random.default_rng(2)
    x = np.sort(rng.uniform(0.0, 30.0, 31))
    y = np.sin(x / 5.0) + 0.1 * rng.standard_normal(31)
    scale = (x[-1] - x[0]) / 30.0
    own = smoothing_spline(x).fitted(y, 0.4)
    # the penalty is in mean spacings there, in x here: lambda scales with the third power of a length
    assert own == pytest.approx(make_smoothing_spline(x, y, lam=0.4 * scale**3)(x), abs=1e-9)


def test_differences_on_even_spacing_are_the_plain_ones():
    x = np.linspace(2.0, 7.0, 9)
    assert differences(x, 2) == pytest.approx(np.diff(np.eye(9), 2, axis=0), abs=1e-12)
    assert differences(x, 3) == pytest.approx(np.diff(np.eye(9), 3, axis=0), abs=1e-12)
    # on uneven spacing parabolas have no third difference
    uneven = np.array([0.0, 0.1, 0.5, 0.6, 1.4, 2.0])
    assert differences(uneven, 3) @ (1.0 + uneven**2) == pytest.approx(np.zeros(3), abs=1e-12)


def test_leaving_out_a_point_is_what_the_short_formula_says():
    rng = np.random.default_rng(4)
    x, sigma = np.sort(rng.uniform(0.0, 1.0, 15)), rng.uniform(0.5, 2.0, 15)
    y = np.sin(3.0 * x) + 0.1 * rng.standard_normal(15)
    smoother, factor, k = whittaker(x, sigma), 0.3, 6
    leverage = (smoother.squares @ (1.0 / (1.0 + factor * smoother.values)))[k]
    short = (y[k] - smoother.fitted(y, factor)[k]) / (1.0 - leverage)
    D, weight = differences(x), (np.median(sigma) / sigma) ** 2
    weight[k] = 0.0
    without = np.linalg.solve(np.diag(weight) + factor * D.T @ D, weight * y)
    assert short == pytest.approx(y[k] - without[k], rel=1e-6)

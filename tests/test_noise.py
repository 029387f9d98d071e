"""Noise: errors no larger than in trials, no refusals, and intervals of 95 % that hold the truth as often."""

import importlib.util
import sys

import numpy as np
import pytest

from inverse import METHODS
from inverse.curves.fitting import SMOOTHERS, smooth
from inverse.curves.penalties import bending, differences, smoothing_spline, whittaker
from matano import benchmarks_folder

QUANTILE = 1.96


@pytest.fixture(scope="module")
def noise():
    """The benchmark of that name, which makes the profiles; its folder is on the path only as long as it is needed."""
    before = list(sys.path)
    spec = importlib.util.spec_from_file_location("noise", benchmarks_folder() / "noise.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def medians(row):
    return np.array([row[f"median {N:g}"] for N in (0.1, 0.5, 0.9)])


@pytest.mark.parametrize("known", [True, False], ids=["known ends", "ends read off"])
@pytest.mark.parametrize("sigma", [1e-3, 5e-3])
def test_the_default_smoother_errs_no_more_than_a_good_probit_fit(noise, sigma, known):
    """Median errors of 12 profiles in per cent against the root mean squares of trials with known ends; end values
    that are averages of noise weigh as well."""
    row = noise.curve_row("sauer-freise", "probit", known, sigma, range(12))
    assert row["refused"] == 0
    assert (medians(row) <= (1.0 if known else 1.25) * np.array(noise.TRIALS[sigma, "probit"])).all()


@pytest.mark.slow
@pytest.mark.parametrize("sigma", [1e-3, 5e-3])
def test_every_smoother_errs_no_more_than_in_the_trials(noise, sigma):
    """Medians of 30 profiles; the default below both, and nine errors of ten below three times its figures."""
    for smoother in SMOOTHERS:
        row = noise.curve_row("wagner", smoother, True, sigma, range(30))
        bound = np.array(noise.TRIALS[sigma, "probit" if smoother == "probit" else "spline"])
        assert row["refused"] == 0
        assert (medians(row) <= bound).all()
        # a share of 30 profiles scatters by 2 to 3 %; the smoothing spline's intervals are wide
        assert row["covered"] > 0.88 and (smoother == "spline" or row["covered"] < 0.98)
        assert max(row[f"90 % {N:g}"] / value for N, value in zip((0.1, 0.5, 0.9), bound, strict=True)) < 3.0


def test_what_the_benchmark_takes_for_the_truth_is_recovered_without_noise(noise):
    """120 points, from which clean data are interpolated: 1e-4."""
    for name, truth in (("intrinsic", noise.marker_truth("intrinsic")), ("tracers", noise.marker_truth("tracers"))):
        estimate = METHODS[name](noise.marked(0.0, 0))
        assert estimate.rows == tuple(truth)
        assert estimate.value[:, 0] == pytest.approx(list(truth.values()), rel=1e-4, abs=0.0)
    assert METHODS["erf-fit"](noise.error_function(0.0, 0)).value == pytest.approx(1.0, rel=1e-9, abs=0.0)
    assert noise.relative_errors(METHODS["wagner"](noise.couple(0.0, 0)), np.array([0.1, 0.5, 0.9])) == pytest.approx(
        0.0, abs=1e-4
    )


def test_compositions_that_an_estimate_does_not_reach_are_not_counted(noise):
    estimate = METHODS["sauer-freise"](noise.couple(0.0, 0), window=(0.02, 0.7))
    errors = noise.relative_errors(estimate, np.array([0.1, 0.5, 0.9]))
    assert np.isfinite(errors).tolist() == [True, True, False]
    assert noise.sizes(np.array([np.nan, 0.02, -0.01])) == {"median": 1.5, "90 %": pytest.approx(1.9)}
    assert noise.sizes(np.array([np.nan])) == {"median": None, "90 %": None}


@pytest.mark.parametrize("seed", [1, 24, 35])
def test_a_polynomial_does_not_carry_a_flat_tail_into_data_at_their_end(noise, seed):
    """Of some profiles polynomials with a nearly flat end fit the inner points best: their tails made D 18 to 34 % too
    large at N = 0.9."""
    errors = noise.relative_errors(METHODS["extended-hall"](noise.couple(1e-3, seed)), np.array([0.1, 0.5, 0.9]))
    assert np.abs(errors).max() < 0.05


@pytest.mark.parametrize("make", [smoothing_spline, whittaker])
def test_draws_of_a_linear_smoother_have_the_covariance_of_its_penalty(make):
    rng = np.random.default_rng(3)
    x, sigma, factor, count = np.sort(rng.uniform(0.0, 1.0, 12)), rng.uniform(0.5, 2.0, 12), 0.2, 20000
    smoother = make(x, sigma)
    z = smoother.fitted(np.sin(3.0 * x), factor)
    middle = float(np.median(sigma))
    drawn = np.array([smoother.drawn(z, factor, middle * row) for row in rng.standard_normal((count, 12))])
    K = bending(x) if make is smoothing_spline else differences(x).T @ differences(x)
    covariance = np.linalg.inv(np.diag(sigma**-2.0) + factor * K / middle**2)
    # entries of 20000 draws scatter by 1 % of the variances
    size = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    assert np.abs(np.cov(drawn.T) - covariance).max() < 0.05 * size.max()
    assert np.abs(drawn.mean(axis=0) - z).max() < 0.05 * np.sqrt(size.max())


@pytest.mark.parametrize("smoother", ["spline", "whittaker"])
def test_end_values_that_are_not_known_are_read_off_the_curve(noise, smoother):
    """Averages over the ends of the data are of 3 points, 5.8e-4 for noise of 1e-3."""
    ends = []
    for seed in range(20):
        profile = noise.couple(1e-3, seed)
        y = profile.fractions[0]
        ends.append(smooth(profile.x, y, (y[:3].mean(), y[-3:].mean()), False, smoother=smoother).ends)
    assert np.sqrt(np.mean((np.array(ends) - [0.0, 1.0]) ** 2)) < 4.5e-4


SIGMAS = (1e-3, 5e-3)


def said(sigma, given):
    return sigma if given else None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "given"),
    [("wagner", True), ("sauer-freise", False)],
    ids=["wagner, sigma given", "sauer-freise, sigma read off"],
)
def test_intervals_of_the_interdiffusivity_cover_the_truth(noise, name, given):
    """150 profiles at 9 compositions of which some 3 are independent: the share scatters by 1 %."""
    hits = []
    for seed in range(150):
        sigma = SIGMAS[seed % 2]
        estimate = METHODS[name](noise.couple(sigma, seed, sigma=said(sigma, given)))
        hits.append(noise.covered(estimate))
    assert 0.92 <= np.mean(hits) <= 0.98


@pytest.mark.slow
def test_intervals_of_the_forward_fit_cover_the_truth_with_known_uncertainties(noise):
    hits = []
    for seed in range(150):
        sigma = SIGMAS[seed % 2]
        hits.append(noise.covered(METHODS["forward-fit"](noise.couple(sigma, seed, sigma=sigma))))
    assert 0.92 <= np.mean(hits) <= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("given", [True, False], ids=["sigma given", "sigma read off"])
@pytest.mark.parametrize("name", ["intrinsic", "tracers"])
def test_intervals_at_a_marker_cover_the_truth(noise, name, given):
    """300 draws: both components of 150 profiles, whose errors hardly depend on each other."""
    truth = np.array(list(noise.marker_truth(name).values()))
    hits = []
    for seed in range(150):
        sigma = SIGMAS[seed % 2]
        estimate = METHODS[name](noise.marked(sigma, seed, said(sigma, given)))
        hits.append(np.abs(estimate.value[:, 0] - truth) < QUANTILE * estimate.sd[:, 0])
    assert 0.92 <= np.mean(hits) <= 0.98

"""Mean matrices of ranges of one couple: exact profiles, noise, a D that changes on the way, and what is refused."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from matrix_couples import (
    D0,
    LENGTH,
    QUATERNARY,
    QUINARY,
    TERNARY,
    TERNARY_ENDS,
    TIME,
    body_diagonals,
    couple,
    points,
)  # fmt: skip
from scipy.interpolate import make_interp_spline

from inverse import METHODS, Profile
from inverse.methods.dayananda_sohn import moments_of
from inverse.multicomponent.moments import flux_moments, gradient_moments, width
from inverse.multicomponent.path import path_of
from simulator.faults import Invalid
from simulator.solve.exact.collocation import similarity_profile
from simulator.solve.exact.constant_matrix import matrix_profile

METHOD = METHODS["dayananda-sohn"]
MIDDLE = np.array([1 / 3, 1 / 3])


def errors(estimate, D):
    """Of each matrix, in units of the largest entry."""
    return np.abs(estimate.value - D).max(axis=(1, 2)) / np.abs(D).max()


def changing(X):
    """D (m, m, ..) of an ideal ternary whose tracer diffusivities, well apart, depend on the composition X (m, ..)."""
    a, b = X
    first, second, last = D0 * np.exp(a - 0.5 * b), 0.15 * D0 * np.exp(0.8 * b), 0.4 * D0 * np.exp(0.5 * a)
    return np.array(
        [[first - a * (first - last), -a * (second - last)], [-b * (first - last), second - b * (second - last)]]
    )


@cache
def changed(span):
    step = span * np.array([0.3, 0.1])
    exact = similarity_profile(changing, MIDDLE - 0.5 * step, MIDDLE + 0.5 * step, tolerance=1e-9)
    x = points(181, 9.0)
    return Profile(x, ("A", "B"), exact.values(x / np.sqrt(TIME)), time=TIME, dependent="C")


@pytest.mark.parametrize("ends", TERNARY_ENDS, ids=("first", "second"))
def test_each_half_of_a_ternary_couple_gives_the_matrix(ends):
    estimate = METHOD(couple(TERNARY, ends, points()))
    assert estimate.value.shape == (2, 2, 2) and estimate.composition.shape == (2, 2)
    # 20 points in 2 sqrt(D0 t): the interpolation's 1e-11, times a condition number of 25
    assert errors(estimate, TERNARY).max() < 1e-8
    assert max(estimate.diagnostics["condition"]) < 30.0
    assert estimate.diagnostics["holds"] and estimate.sd is None and not estimate.warnings


@pytest.mark.parametrize(("D", "span"), [(QUATERNARY, 0.1), (QUINARY, 0.1)], ids=("quaternary", "quinary"))
@pytest.mark.parametrize("which", [0, 1])
def test_more_components_need_more_moments(D, span, which):
    estimate = METHOD(couple(D, body_diagonals(len(D), span)[which], points()))
    # condition numbers of up to 4e3 and 5e5 multiply the interpolation's 1e-11
    assert errors(estimate, D).max() < (1e-8 if len(D) == 3 else 1e-6)
    # so much that noise would leave nothing: it says so, and does not claim that one matrix is proved
    assert any("condition number" in sentence for sentence in estimate.warnings)
    assert estimate.diagnostics["holds"] is False


@pytest.mark.parametrize(
    "ranges", [4, [(-3.0 * LENGTH, -0.2 * LENGTH), (0.5 * LENGTH, 4.0 * LENGTH)]], ids=("4", "own")
)
def test_any_range_that_ends_in_the_zone_gives_the_matrix(ranges):
    estimate = METHOD(couple(TERNARY, TERNARY_ENDS[1], points()), ranges=ranges, limit=1e4)
    assert len(estimate.value) == (ranges if isinstance(ranges, int) else len(ranges))
    # outer quarters have condition numbers of some hundred
    assert errors(estimate, TERNARY).max() < 1e-6
    if not isinstance(ranges, int):
        assert np.array(estimate.diagnostics["ranges"]) == pytest.approx(np.array(ranges), rel=1e-12, abs=0.0)


def test_the_first_moment_of_the_gradients_is_the_difference_of_the_fluxes():
    """int J_i dx = -sum_j D_ij [X_j], and by parts int (x - x0) dX_j = 2 t [J_j(x_2) - J_j(x_1)]."""
    path = path_of(couple(TERNARY, TERNARY_ENDS[0], points()), "test")
    low, high = -0.7 * LENGTH, 2.0 * LENGTH
    found, _ = gradient_moments(path, low, high, 1.0, 2)
    change = 2.0 * TIME * np.diff(path.flux(np.array([low, high])), axis=1)[:, 0]
    # the spline of X and its integral, quadrature on 600 points
    assert found[:, 1] == pytest.approx(change, rel=1e-8, abs=0.0)
    assert flux_moments(path, low, high, 1.0, 1)[:, 0] == pytest.approx(-TERNARY @ found[:, 0], rel=1e-8, abs=0.0)


def test_the_unit_of_length_of_the_moments_does_not_matter():
    path = path_of(couple(TERNARY, TERNARY_ENDS[0], points()), "test")
    assert width(path) == pytest.approx(np.sqrt(2.0 * TIME * D0), rel=0.3, abs=0.0)
    conditions = [np.linalg.cond(moments_of(path, -2.4 * LENGTH, 0.0, unit)[1]) for unit in (width(path), 1.0)]
    assert conditions[0] == pytest.approx(conditions[1], rel=1e-9)


def test_effective_coefficients_are_mean_fluxes_by_mean_gradients():
    """With D diagonal each is its own D; with cross terms D_11 + D_12 dX_2/dX_1 over the range."""
    diagonal = np.diag([1.0, 0.4]) * D0
    estimate = METHOD(couple(diagonal, TERNARY_ENDS[0], points()))
    assert np.array(estimate.diagnostics["effective"]) == pytest.approx(
        np.diag(diagonal) + np.zeros((2, 2)), rel=1e-8, abs=0.0
    )


@pytest.mark.parametrize("ranges", [1, [(-14.0 * LENGTH, 14.0 * LENGTH)]], ids=("one", "own"))
def test_the_whole_zone_is_refused(ranges):
    with pytest.raises(Invalid, match=r"is the whole zone.*zero whatever the matrix is.*two halves"):
        METHOD(couple(TERNARY, TERNARY_ENDS[0], points()), ranges=ranges)


def test_a_range_that_is_symmetric_about_the_plane_says_nothing_either():
    profile = couple(TERNARY, TERNARY_ENDS[0], points())
    estimate = METHOD(profile, ranges=[(-2.0 * LENGTH, 2.0 * LENGTH)])
    # the fluxes at the two limits are equal: the row of q = 1 is the rounding of their difference
    assert estimate.diagnostics["condition"][0] > 1e5
    assert any("condition number" in sentence for sentence in estimate.warnings)
    noisy = couple(TERNARY, TERNARY_ENDS[0], points(100, 8.0), 1e-3, 3)
    with pytest.raises(Invalid, match="condition number"):
        METHOD(noisy, ranges=[(-2.0 * LENGTH, 2.0 * LENGTH)])


def test_a_step_near_an_eigenvector_is_refused_or_warned_of():
    _, vectors = np.linalg.eig(TERNARY)
    conditions = []
    for off in (0.3, 0.03, 0.003):
        step = 0.2 * (vectors[:, 0] + off * vectors[:, 1])
        ends = np.stack([MIDDLE - 0.5 * step, MIDDLE + 0.5 * step], axis=1)
        conditions.append(max(METHOD(couple(TERNARY, ends, points())).diagnostics["condition"]))
    # the smaller share of the other eigenvector is all that tells the moments apart
    assert conditions[1] > 8.0 * conditions[0] and conditions[2] > 8.0 * conditions[1] > 240.0
    with pytest.raises(Invalid, match=r"dayananda-sohn cannot tell a matrix from noise here: .* above 30.*square-root"):
        METHOD(couple(TERNARY, ends, points(100, 8.0), 1e-4, 1))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"ranges": 0}, "one range or more"),
        ({"ranges": []}, "one range or more"),
        ({"ranges": [1.0, 2.0, 3.0]}, "pairs"),
        ({"ranges": [(1e-5, -1e-5)]}, "is no range of this profile"),
        ({"ranges": [(-1.0, 0.0)]}, "is no range of this profile"),
        ({"ranges": [(0.0, 0.2 * LENGTH)]}, "points; dayananda-sohn needs 5 in a range for 2 moments"),
        ({"ranges": [(10.0 * LENGTH, 14.0 * LENGTH)]}, "nothing diffuses"),
        ({"limit": 0.5}, "must be above 1"),
        ({"ranges": 80}, "points; dayananda-sohn needs 5"),
    ],
)
def test_ranges_that_cannot_be_used_are_named(options, sentence):
    with pytest.raises(Invalid, match=sentence):
        METHOD(couple(TERNARY, TERNARY_ENDS[0], points()), **options)


def test_a_molar_volume_that_varies_stretches_the_matrix():
    """A couple of one matrix on the axis q = V_0 int dx/V_m has D = (V_m/V_0)^2 D_q at each composition."""
    volume = {"A": 7e-6, "B": 8e-6, "C": 1e-5}
    q = points(1281)
    X = matrix_profile(q, TIME, TERNARY, (0.0,), TERNARY_ENDS[0])
    V = volume["C"] + (volume["A"] - volume["C"]) * X[0] + (volume["B"] - volume["C"]) * X[1]
    x = make_interp_spline(q, V / V[0], k=5).antiderivative()(q)
    profile = Profile(x, ("A", "B"), X, time=TIME, dependent="C", molar_volume={"kind": "vegard", **volume})
    estimate = METHOD(profile)
    at = volume["C"] + estimate.composition @ [volume["A"] - volume["C"], volume["B"] - volume["C"]]
    # the axis is integrated from 1281 points, twice
    assert estimate.value == pytest.approx((at / V[0])[:, None, None] ** 2 * TERNARY, rel=1e-6, abs=0.0)
    assert np.abs((at / V[0]) ** 2 - 1.0).max() > 0.05


def test_two_components_are_refused():
    profile = couple(TERNARY, TERNARY_ENDS[0], points())
    binary = Profile(profile.x, ("A",), profile.fractions[:1], time=TIME, dependent="B")
    with pytest.raises(Invalid, match="three components or more"):
        METHOD(binary)


@pytest.mark.parametrize(("span", "least", "most"), [(1.0, 1e-2, 0.13), (0.3, 2e-3, 0.04), (0.1, 5e-4, 0.013)])
def test_a_matrix_that_changes_along_the_path_gives_means(span, least, most):
    """The error is of first order in the span: a mean over the half stands at one composition of it."""
    estimate = METHOD(changed(span))
    truth = np.moveaxis(changing(estimate.composition.T), 2, 0)
    found = np.abs(estimate.value - truth).max() / np.abs(truth).max()
    assert least < found < most
    assert max(estimate.diagnostics["condition"]) < 30.0
    if span == 1.0:
        assert estimate.diagnostics["holds"] is False
        assert any("A constant matrix does not explain couple 1" in sentence for sentence in estimate.warnings)


def test_a_shifted_and_mirrored_couple_gives_the_same_matrices():
    profile = couple(TERNARY, TERNARY_ENDS[0], points())
    value = METHOD(profile).value
    moved = METHOD(replace(profile, x=profile.x + 3e-4))
    back = METHOD(replace(profile, x=-profile.x[::-1], fractions=profile.fractions[:, ::-1]))
    assert moved.value == pytest.approx(value, rel=1e-7, abs=0.0)
    assert back.value[::-1] == pytest.approx(value, rel=1e-7, abs=0.0)


def test_noise_gives_a_deviation_of_every_entry():
    estimate = METHOD(couple(TERNARY, TERNARY_ENDS[0], points(100, 8.0), 1e-4, 5))
    assert estimate.sd.shape == (2, 2, 2) and np.all(estimate.sd > 0.0)
    # far out for a single draw: a sign or a unit that is wrong would be further
    assert np.all(np.abs(estimate.value - TERNARY) < 6.0 * estimate.sd)


@pytest.mark.slow
@pytest.mark.parametrize(("sigma", "most"), [(1e-4, 0.04), (1e-3, 0.25), (3e-3, 0.7)])
def test_noise_costs_no_more_than_it_must(sigma, most):
    """Medians over 30 couples of the largest error of a half, the limit off where it would refuse."""
    found = [
        errors(METHOD(couple(TERNARY, TERNARY_ENDS[0], points(100, 8.0), sigma, 1000 * seed), limit=1e6), TERNARY)
        for seed in range(30)
    ]
    assert np.all(np.median(found, axis=0) < most)

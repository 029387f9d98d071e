"""Fluxes carried from station to station: couples regenerated from a matrix, and the matrix from the fluxes."""

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
from scipy.linalg import expm

from inverse import METHODS, Profile
from inverse.multicomponent.path import path_of
from inverse.multicomponent.transfer import matrix_of, regenerated
from simulator.faults import Invalid
from simulator.solve.exact.constant_matrix import apply_function, matrix_profile

METHOD = METHODS["transfer-matrix"]
MIDDLE = np.array([1 / 3, 1 / 3])
CASES = {
    "ternary": (TERNARY, TERNARY_ENDS[0]),
    "quaternary": (QUATERNARY, body_diagonals(3, 0.1)[1]),
    "quinary": (QUINARY, body_diagonals(4, 0.1)[2]),
    "defective": (D0 * np.array([[0.7, 0.4], [0.0, 0.7]]), TERNARY_ENDS[0]),
}


def error(estimate, D):
    return float(np.abs(estimate.value[0] - D).max() / np.abs(D).max())


def slopes(D, ends, x):
    """dX/dx (m, k) of the exact couple about 0."""

    def gaussian(z):
        return np.exp(-(x**2) / (4.0 * z * TIME)) / np.sqrt(4.0 * np.pi * z * TIME)

    return apply_function(gaussian, D, ends[:, 1] - ends[:, 0])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("station", [-1.3, 0.0, 0.4, 2.5])
def test_a_station_gives_the_whole_couple(name, station):
    D, ends = CASES[name]
    x, at = np.linspace(-7.0, 7.0, 141) * LENGTH, station * LENGTH
    X = matrix_profile(np.array([at]), TIME, D, (0.0,), ends)[:, 0]
    flux = -D @ slopes(D, ends, np.array([at]))[:, 0]
    found = regenerated(x, TIME, 0.0, D, at, X, flux)
    # a station far out has small fluxes, whose rounding grows with exp[(x_s - x_0)^2/(4 D t)], here up to 50
    assert found.fractions == pytest.approx(matrix_profile(x, TIME, D, (0.0,), ends), abs=4e-11)
    exact = slopes(D, ends, x)
    assert found.slope == pytest.approx(exact, abs=4e-11 * np.abs(exact).max())
    assert found.flux == pytest.approx(-D @ exact, abs=4e-11 * np.abs(D @ exact).max())


def test_the_gradient_decays_with_the_exponential_of_the_inverse_matrix():
    x = np.array([2.0 * LENGTH])
    start = np.array([0.3, -0.7]) * 1e-12
    found = regenerated(x, TIME, 0.0, TERNARY, 0.5 * LENGTH, MIDDLE, start)
    decay = expm(-np.linalg.inv(TERNARY) * (x[0] ** 2 - 0.25 * LENGTH**2) / (4.0 * TIME))
    assert found.flux[:, 0] == pytest.approx(decay @ start, rel=1e-12, abs=0.0)


def test_ranges_of_one_matrix_are_that_matrix():
    x, flux = points(201, 6.0), np.array([-3e-11, 2e-11])
    one = regenerated(x, TIME, 1e-6, TERNARY, 2e-6, MIDDLE, flux)
    cut = regenerated(x, TIME, 1e-6, [TERNARY] * 4, 2e-6, MIDDLE, flux, edges=(-5e-5, 0.0, 7e-5))
    assert cut.fractions == pytest.approx(one.fractions, abs=1e-13)
    assert cut.flux == pytest.approx(one.flux, abs=1e-13 * np.abs(one.flux).max())


def test_fractions_and_fluxes_are_continuous_where_the_matrix_changes():
    edge, near = 0.8 * LENGTH, 1e-9 * LENGTH
    x = np.array([edge - near, edge, edge + near])
    both = (TERNARY, 3.0 * TERNARY)
    found = regenerated(x, TIME, 0.0, both, 0.0, MIDDLE, np.array([-3e-11, 2e-11]), edges=(edge,))
    assert np.abs(np.diff(found.fractions, axis=1)).max() < 1e-8
    assert np.abs(np.diff(found.flux, axis=1)).max() < 1e-8 * np.abs(found.flux).max()
    # the slope is three times smaller where D is three times as large
    assert found.slope[:, 2] == pytest.approx(found.slope[:, 1] / 3.0, rel=1e-7, abs=0.0)


def test_the_matrices_of_two_halves_make_the_profile_that_they_are_of():
    profile = couple(TERNARY, TERNARY_ENDS[0], points())
    halves, path = METHODS["dayananda-sohn"](profile), path_of(profile, "test")
    plane = path.plane
    X, flux = path.X(np.array([plane]))[:, 0], path.flux(np.array([plane]))[:, 0]
    found = regenerated(profile.x, TIME, plane, halves.value, plane, X, flux, edges=(plane,))
    # the halves are known to 1e-9
    assert found.fractions == pytest.approx(profile.fractions, abs=1e-8)


@pytest.mark.parametrize(
    ("D", "edges", "sentence"),
    [
        ([TERNARY, TERNARY], (), "2 matrices need 1 increasing edges between them, got 0"),
        ([TERNARY] * 3, (1e-5, -1e-5), "increasing"),
        (-TERNARY, (), "positive eigenvalues"),
    ],
)
def test_ranges_and_matrices_must_fit(D, edges, sentence):
    with pytest.raises(Invalid, match=sentence):
        regenerated(points(), TIME, 0.0, D, 0.0, MIDDLE, np.zeros(2), edges)


@pytest.mark.parametrize("name", ["ternary", "quaternary", "quinary", "defective"])
def test_exact_fluxes_give_the_matrix(name):
    D, ends = CASES[name]
    estimate = METHOD(couple(D, ends, points()))
    # 20 points in 2 sqrt(D0 t): the interpolation's 1e-11, times condition numbers of 14, 200 and 2e4
    assert error(estimate, D) < {"quaternary": 1e-7, "quinary": 2e-6}.get(name, 1e-8)
    assert (estimate.diagnostics["condition"] > 30.0) == any("condition number" in s for s in estimate.warnings)
    assert estimate.diagnostics["holds"] == (estimate.diagnostics["condition"] <= 30.0)


@pytest.mark.parametrize(("step", "steps"), [(0.4, 3), (0.75, 6), (1.5, 2)])
def test_any_steps_give_the_matrix(step, steps):
    estimate = METHOD(couple(TERNARY, TERNARY_ENDS[1], points()), step=step, steps=steps)
    assert error(estimate, TERNARY) < 1e-8
    squares = np.diff(np.array(estimate.diagnostics["stations"]) ** 2)
    assert squares == pytest.approx(squares[0], rel=1e-9, abs=0.0) and squares.size == steps


def test_the_logarithm_of_a_transfer_matrix_is_the_matrix():
    size = 1.3 * LENGTH**2
    for D in (TERNARY, QUINARY, CASES["defective"][0]):
        T = expm(-np.linalg.inv(D) * size / (4.0 * TIME))
        assert matrix_of(T, size, TIME, "test") == pytest.approx(D, rel=1e-9, abs=1e-9 * D0)


@pytest.mark.parametrize("T", [[[0.5, 0.3], [-0.3, 0.5]], [[0.5, 0.0], [0.0, -0.1]]], ids=("complex", "negative"))
def test_a_logarithm_that_is_not_real_is_refused(T):
    with pytest.raises(Invalid, match=r"eigenvalues .*logarithm is not a real matrix.*exact-fit"):
        matrix_of(np.array(T), LENGTH**2, TIME, "transfer-matrix")


def test_the_condition_explodes_as_the_step_nears_an_eigenvector():
    _, eigenvectors = np.linalg.eig(TERNARY)
    conditions = []
    for off in (0.3, 0.03, 0.003):
        step = 0.2 * (eigenvectors[:, 0] + off * eigenvectors[:, 1])
        ends = np.stack([MIDDLE - 0.5 * step, MIDDLE + 0.5 * step], axis=1)
        conditions.append(METHOD(couple(TERNARY, ends, points())).diagnostics["condition"])
    # the smaller share of the other eigenvector is all that tells the stations apart
    assert conditions[1] > 8.0 * conditions[0] and conditions[2] > 8.0 * conditions[1] > 240.0
    with pytest.raises(Invalid, match=r"transfer-matrix cannot tell a matrix from noise here: .* above 30"):
        METHOD(couple(TERNARY, ends, points(100, 8.0), 1e-4, 1))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"steps": 1}, "needs 2 steps or more for 3 components, got 1"),
        ({"steps": 2.5}, "needs 2 steps or more"),
        ({"step": 0.0}, "must be positive"),
        ({"steps": 400}, "Take fewer or shorter steps"),
        ({"limit": 0.0}, "must be above 1"),
    ],
)
def test_steps_that_cannot_be_used_are_named(options, sentence):
    with pytest.raises(Invalid, match=sentence):
        METHOD(couple(TERNARY, TERNARY_ENDS[0], points()), **options)


def test_one_component_that_moves_is_not_enough():
    x = points()
    X = matrix_profile(x, TIME, np.array([[D0]]), (0.0,), np.array([[0.2, 0.5]]))
    profile = Profile(x, ("A",), X, time=TIME, dependent="B")
    with pytest.raises(Invalid, match="three components or more"):
        METHOD(profile)


def test_noise_gives_a_deviation_of_every_entry():
    estimate = METHOD(couple(TERNARY, TERNARY_ENDS[0], points(100, 8.0), 1e-4, 5))
    assert estimate.sd.shape == (1, 2, 2) and np.all(estimate.sd > 0.0)
    # far out for a single draw: a sign or a unit that is wrong would be further
    assert np.all(np.abs(estimate.value - TERNARY) < 6.0 * estimate.sd)


@pytest.mark.slow
@pytest.mark.parametrize(("sigma", "most"), [(1e-4, 0.015), (1e-3, 0.10), (3e-3, 0.26)])
def test_noise_costs_no_more_than_it_must(sigma, most):
    """Median over 30 couples of the largest error, the limit off where it would refuse."""
    found = [
        error(METHOD(couple(TERNARY, TERNARY_ENDS[0], points(100, 8.0), sigma, 1000 * seed), limit=1e6), TERNARY)
        for seed in range(30)
    ]
    assert np.median(found) < most

"""The matrix from vectors at the contact plane: exact profiles, what the vectors are, noise, and what is refused."""

import numpy as np
import pytest
from matrix_couples import (
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
from scipy.linalg import fractional_matrix_power

from inverse import METHODS
from inverse.methods.matano_constraints import vectors
from inverse.multicomponent.path import path_of
from simulator.faults import Invalid

METHOD = METHODS["matano-constraints"]
MIDDLE = np.array([1 / 3, 1 / 3])


def error(estimate, D):
    return float(np.abs(estimate.value[0] - D).max() / np.abs(D).max())


def along(D, off):
    """Ends of a ternary couple whose step is an eigenvector of D and `off` of the other."""
    _, eigenvectors = np.linalg.eig(D)
    step = 0.2 * (eigenvectors[:, 0] + off * eigenvectors[:, 1])
    return np.stack([MIDDLE - 0.5 * step, MIDDLE + 0.5 * step], axis=1)


@pytest.mark.parametrize("ends", TERNARY_ENDS, ids=("first", "second"))
@pytest.mark.parametrize("first", [0, 1, 2, 3, 4])
def test_any_consecutive_vectors_give_the_matrix(ends, first):
    estimate = METHOD(couple(TERNARY, ends, points()), first=first)
    # 20 points in 2 sqrt(D0 t): the interpolation's 1e-11 and its gradient's 1e-10, the higher moments of 1e-10 in the
    # tails, times condition numbers of 5 to 25
    assert error(estimate, TERNARY) < 1e-6
    assert estimate.diagnostics["first"] == first
    assert estimate.diagnostics["condition"] == estimate.diagnostics["conditions"][first] < 30.0
    assert estimate.diagnostics["holds"] and estimate.sd is None and not estimate.warnings


@pytest.mark.parametrize("D", [QUATERNARY, QUINARY], ids=("quaternary", "quinary"))
@pytest.mark.parametrize("which", [0, 1])
def test_more_components_need_more_vectors(D, which):
    estimate = METHOD(couple(D, body_diagonals(len(D), 0.1)[which], points()))
    # condition numbers of 150 to 4e3, the gradient's 1e-8 where a component has hardly a step
    assert error(estimate, D) < (2e-4 if len(D) == 3 else 2e-3)
    assert any("condition number" in sentence for sentence in estimate.warnings)
    assert estimate.diagnostics["holds"] is False


def test_the_vectors_are_powers_of_the_root_times_the_step():
    path = path_of(couple(TERNARY, TERNARY_ENDS[0], points()), "test")
    found = vectors(path, 7)
    for k in range(7):
        expected = fractional_matrix_power(TERNARY, 0.5 * (k - 1)) @ path.step
        # the tails of the highest moments are 1e-6 of them
        assert found[:, k] == pytest.approx(expected, rel=0.0, abs=1e-6 * np.abs(expected).max())


def test_the_condition_explodes_as_the_step_nears_an_eigenvector():
    found = [METHOD(couple(TERNARY, along(TERNARY, off), points())) for off in (0.3, 0.03, 0.003)]
    conditions = [estimate.diagnostics["condition"] for estimate in found]
    # the smaller share of the other eigenvector is all that tells the vectors apart
    assert conditions[1] > 8.0 * conditions[0] and conditions[2] > 8.0 * conditions[1] > 240.0
    assert any("condition number" in sentence for sentence in found[-1].warnings)
    with pytest.raises(Invalid, match=r"matano-constraints cannot tell a matrix from noise here: .* above 30"):
        METHOD(couple(TERNARY, along(TERNARY, 0.03), points(100, 8.0), 1e-4, 1))


def test_the_limit_can_be_moved():
    profile = couple(TERNARY, TERNARY_ENDS[0], points(100, 8.0), 1e-4, 0)
    with pytest.raises(Invalid, match=r"above 2\."):
        METHOD(profile, limit=2.0)
    estimate = METHOD(profile, limit=1e3)
    assert estimate.sd.shape == (1, 2, 2) and np.all(estimate.sd > 0.0)
    # far out for a single draw: a sign or a unit that is wrong would be further
    assert np.all(np.abs(estimate.value - TERNARY) < 6.0 * estimate.sd)


def test_a_couple_whose_plane_is_elsewhere_gives_the_same():
    estimate = METHOD(couple(TERNARY, TERNARY_ENDS[1], points(), plane=1.7 * LENGTH))
    assert error(estimate, TERNARY) < 1e-6
    assert estimate.diagnostics["planes"][0] == pytest.approx(1.7 * LENGTH, rel=1e-7, abs=0.0)


def test_two_matrices_in_one_couple_are_noticed():
    """The left half of one matrix beside the right of another is no couple of a constant one."""
    x = points()
    one, other = (couple(D, TERNARY_ENDS[0], x).fractions for D in (TERNARY, np.diag([2.0, 0.3]) * TERNARY[0, 0]))
    mixed = couple(TERNARY, TERNARY_ENDS[0], x)
    object.__setattr__(mixed, "fractions", np.where(x < 0.0, one, other))
    estimate = METHOD(mixed, limit=1e9)
    assert estimate.diagnostics["holds"] is False
    assert any("A constant matrix does not explain couple 1" in sentence for sentence in estimate.warnings)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"first": -1}, "one of the vectors 0 to 4, got -1"),
        ({"first": 5}, "one of the vectors 0 to 4, got 5"),
        ({"first": 0.5}, "one of the vectors 0 to 4"),
        ({"limit": 1.0}, "must be above 1"),
        ({"smoother": "probid"}, "Did you mean probit"),
    ],
)
def test_choices_that_there_are_not_are_named(options, sentence):
    with pytest.raises(Invalid, match=sentence):
        METHOD(couple(TERNARY, TERNARY_ENDS[0], points(100, 8.0), 1e-4, 0), **options)


def test_a_profile_without_a_time_is_refused():
    profile = couple(TERNARY, TERNARY_ENDS[0], points())
    object.__setattr__(profile, "time", None)
    with pytest.raises(Invalid, match="time"):
        METHOD(profile)


def test_longer_lengths_and_times_scale_the_matrix():
    profile = couple(TERNARY, TERNARY_ENDS[0], points())
    later = type(profile)(
        7.0 * profile.x, profile.components, profile.fractions, time=5.0 * TIME, dependent=profile.dependent
    )
    assert METHOD(later).value == pytest.approx(49.0 / 5.0 * METHOD(profile).value, rel=1e-7, abs=0.0)


@pytest.mark.slow
@pytest.mark.parametrize(("sigma", "most"), [(1e-4, 0.02), (1e-3, 0.13), (3e-3, 0.3)])
def test_noise_costs_no_more_than_it_must(sigma, most):
    """Median over 30 couples of the largest error, the limit off where it would refuse."""
    found = [
        error(METHOD(couple(TERNARY, TERNARY_ENDS[0], points(100, 8.0), sigma, 1000 * seed), limit=1e6), TERNARY)
        for seed in range(30)
    ]
    assert np.median(found) < most

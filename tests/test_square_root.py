"""The square root of a matrix: exact on exact profiles, little disturbed by noise, and honest about it."""

from dataclasses import replace

import numpy as np
import pytest
from matrix_couples import (
    QUATERNARY,
    QUINARY,
    TERNARY,
    TERNARY_ENDS,
    body_diagonals,
    couples,
    points,
)

from inverse import method_of
from inverse.methods.square_root import root_of
from inverse.multicomponent.couples import paths_of
from simulator.faults import Invalid

NAME = "square-root"
SETS = {
    "ternary": (TERNARY, TERNARY_ENDS),
    "quaternary": (QUATERNARY, body_diagonals(3, 0.1)),
    "quinary": (QUINARY, body_diagonals(4, 0.1)),
}


def off(D, found):
    """Of the largest entry."""
    return np.abs(found - D).max() / np.abs(D).max()


@pytest.mark.parametrize("name", SETS)
def test_exact_profiles_give_the_matrix(name):
    """20 points in 2 sqrt(D0 t) leave 1e-9."""
    D, ends = SETS[name]
    estimate = method_of(NAME)(*couples(D, ends, points()))
    assert off(D, estimate.value[0]) < 1e-8
    assert estimate.sd is None and estimate.diagnostics["holds"]


def test_more_couples_than_needed_are_fitted_by_least_squares():
    ends = (*body_diagonals(3, 0.1), np.array([[0.2, 0.3], [0.25, 0.25], [0.3, 0.2]]))
    assert off(QUATERNARY, method_of(NAME)(*couples(QUATERNARY, ends, points())).value[0]) < 1e-8


@pytest.mark.parametrize(("sigma", "limit"), [(1e-4, 0.003), (1e-3, 0.021), (3e-3, 0.057)])
def test_noise_moves_the_ternary_no_further_than_the_reference(sigma, limit):
    """Medians over 9 seeds of 100 points beside those of 30 seeds with a window of eight lengths."""
    roots = [root_of(paths_of(couples(TERNARY, TERNARY_ENDS, points(100, 8.0), sigma, k), NAME)) for k in range(9)]
    found = [off(TERNARY, root @ root) for root in roots]
    assert np.median(found) < limit


@pytest.mark.slow
@pytest.mark.parametrize(("name", "sigma", "count"), [("ternary", 1e-3, 75), ("quaternary", 1e-3, 34)])
def test_intervals_cover_the_truth(name, sigma, count):
    """Of 300 entries 95 % intervals hold 90 to 98.5 %: the entries of one set of couples are not independent, so that
    the share itself is uncertain by 2 %."""
    D, ends = SETS[name]
    hits = []
    for seed in range(count):
        estimate = method_of(NAME)(*couples(D, ends, points(100, 8.0), sigma, 500 + seed))
        hits.append(np.abs(estimate.value[0] - D) < 1.96 * estimate.sd[0])
    assert 0.90 <= np.mean(hits) <= 0.985


@pytest.mark.parametrize("smoother", ["spline", "whittaker"])
def test_other_smoothers_give_it_too(smoother):
    """With cruder tails: within a tenth at a noise of 1e-4."""
    profiles = couples(TERNARY, TERNARY_ENDS, points(100, 8.0), 1e-4, 1)
    estimate = method_of(NAME)(*profiles, smoother=smoother)
    assert off(TERNARY, estimate.value[0]) < 0.1 and (estimate.sd > 0.0).all()


def test_an_unknown_smoother_is_named_with_the_nearest():
    with pytest.raises(Invalid, match="spline"):
        method_of(NAME)(*couples(TERNARY, TERNARY_ENDS, points()), smoother="splin")


def test_couples_of_different_means_are_refused():
    ends = (TERNARY_ENDS[0], TERNARY_ENDS[1] + np.array([[0.1], [-0.1]]))
    with pytest.raises(Invalid, match="one mean composition"):
        method_of(NAME)(*couples(TERNARY, ends, points()))


def test_too_few_couples_are_refused():
    with pytest.raises(Invalid, match="needs 3 couples"):
        method_of(NAME)(*couples(QUATERNARY, body_diagonals(3, 0.1)[:2], points()))


def test_couples_of_different_temperatures_are_refused():
    first, second = couples(TERNARY, TERNARY_ENDS, points())
    with pytest.raises(Invalid, match="1200 K to 1300 K"):
        method_of(NAME)(replace(first, temperature=1200.0), replace(second, temperature=1300.0))


def test_parallel_steps_are_told_by_the_condition_number():
    """One couple twice over, but for a hundredth of its step."""
    ends = (TERNARY_ENDS[0], TERNARY_ENDS[0] + np.array([[-0.002, 0.002], [0.0, 0.0]]))
    assert method_of(NAME)(*couples(TERNARY, ends, points())).diagnostics["condition"] > 30.0


def test_the_same_data_twice_are_told():
    first, second = couples(TERNARY, TERNARY_ENDS, points(100, 8.0), 1e-3)
    method = method_of(NAME)
    told = method(first, second, first).warnings
    assert [sentence for sentence in told if "Couple 3 has the same data as couple 1" in sentence]
    assert not [sentence for sentence in method(first, second).warnings if "same data" in sentence]

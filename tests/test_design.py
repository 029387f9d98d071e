"""Couples chosen for a matrix: corners of a box about one composition, the best of them, and the accuracy that the fit
then has."""

import json

import numpy as np
import pytest
from matrix_couples import NAMES, QUATERNARY, QUINARY, TERNARY, TERNARY_ENDS, TIME, couples, points
from matrix_couples import body_diagonals as given_diagonals

from inverse.multicomponent.design import (
    body_diagonals,
    condition,
    design,
    expected,
    ideal_matrix,
    measured_at,
    steps_of,
)
from inverse.multicomponent.exact_fits import Couple, fit
from simulator.faults import Invalid
from simulator.laws.darken import Darken
from simulator.laws.mixture import Mixture
from simulator.solve.exact.constant_matrix import matrix_profile

MATRICES = {3: TERNARY, 4: QUATERNARY, 5: QUINARY}


def thirds(n: int) -> np.ndarray:
    return np.full(n - 1, 1.0 / n)


# body diagonals


@pytest.mark.parametrize(("n", "best"), [(3, 1.0), (4, 2.0), (5, 1.0), (6, 1.5)])
def test_body_diagonals_are_independent_signs_about_one_mean(n, best):
    """Condition numbers: 1 where the signs can be orthogonal (a Hadamard matrix of 2 and 4), 2 of any three of four."""
    ends = body_diagonals(thirds(n), 0.1)
    assert len(ends) == n - 1
    np.testing.assert_allclose(np.mean(ends, axis=2), np.tile(thirds(n), (n - 1, 1)), atol=1e-15)
    np.testing.assert_allclose(np.abs(steps_of(ends)), 0.1, rtol=1e-12)
    assert condition(steps_of(ends)) == pytest.approx(best, rel=1e-9)


def test_no_set_of_diagonals_is_better_conditioned():
    rng, best = np.random.default_rng(1), condition(steps_of(body_diagonals(thirds(6), 0.1)))
    for _ in range(2000):
        signs = rng.choice([-1.0, 1.0], size=(5, 5))
        if np.linalg.matrix_rank(signs) == 5:
            assert condition(signs) >= best * (1.0 - 1e-9)


def test_spans_of_their_own():
    ends = body_diagonals(np.array([0.2, 0.05]), np.array([0.2, 0.02]))
    np.testing.assert_allclose(np.abs(steps_of(ends)), [[0.2, 0.2], [0.02, 0.02]], rtol=1e-12)


def test_diagonals_that_leave_the_dependent_component_negative_are_not_chosen():
    """0.1 of D is left about the mean: of (+, +, +) it would lose 0.15, of the others 0.05."""
    ends = body_diagonals(np.array([0.3, 0.3, 0.3]), 0.1)
    for end in ends:
        assert (1.0 - end.sum(axis=0)).min() >= 0.0
    assert np.linalg.matrix_rank(steps_of(ends)) == 3


@pytest.mark.parametrize(
    ("mean", "span", "words"),
    [
        ([0.1, 0.3], 0.4, "0.2 above and below .* a span of 0.2 would do"),  # x_A would go to -0.1
        ([0.45, 0.45], 0.15, "a span of 0.1 would do"),  # 0.1 of C is left, and a couple of (+, +) moves it by 2 spans
        ([0.3, 0.3, 0.3], 0.5, "a span of 0.2 would do"),  # 0.1 of D, which (+, +, -) moves by one span
        ([0.5, 0.5], 0.1, "every fraction of the mean composition must be positive"),
        ([0.3, 0.3], 0.0, "must be positive"),
    ],
)
def test_compositions_outside_the_range_are_refused_with_what_would_do(mean, span, words):
    with pytest.raises(Invalid, match=words):
        body_diagonals(np.array(mean), span)


@pytest.mark.parametrize(("mean", "most"), [([0.1, 0.3], 0.2), ([0.45, 0.45], 0.1), ([0.3, 0.3, 0.3], 0.2)])
def test_the_span_that_would_do_does(mean, most):
    assert len(body_diagonals(np.array(mean), most)) == len(mean)


# the accuracy to expect


@pytest.mark.parametrize(
    ("D", "ends"),
    [(TERNARY, TERNARY_ENDS), (TERNARY, TERNARY_ENDS[:1]), (QUATERNARY, given_diagonals(3, 0.1))],
    ids=["3, 2 couples", "3, 1", "4, 3"],
)
def test_expected_deviations_are_the_scatter_of_the_fits(D, ends):
    """A deviation from 120 fits is known to 6 %: 25 % is four times as much, for each of 4 to 9 entries."""
    x, sigma, found = points(100, 8.0), 1e-3, []
    for seed in range(120):
        entries = [
            Couple(x, profile.fractions, np.full(profile.fractions.shape, sigma), TIME, end, 0.0)
            for profile, end in zip(couples(D, ends, x, sigma, seed), ends, strict=True)
        ]
        found.append(fit(entries, D).D)
    said = expected(ends, D, sigma, x, TIME)
    np.testing.assert_allclose(np.std(found, axis=0), said.sd, rtol=0.25)
    same = fit(entries, D)
    assert said.condition == pytest.approx(same.condition, rel=0.15)


def test_expected_deviations_scale_as_they_must():
    x, base = points(101, 8.0), expected(TERNARY_ENDS, TERNARY, 1e-3, points(101, 8.0), TIME)
    noisier = expected(TERNARY_ENDS, TERNARY, 3e-3, x, TIME)
    np.testing.assert_allclose(noisier.sd, 3.0 * base.sd, rtol=1e-9)
    smaller = [1 / 3 + 0.1 * (end - 1 / 3) for end in TERNARY_ENDS]
    np.testing.assert_allclose(expected(smaller, TERNARY, 1e-3, x, TIME).sd, 10.0 * base.sd, rtol=1e-9)
    # lengths grow with sqrt(D t): another unit of D, or of time, changes nothing else
    np.testing.assert_allclose(expected(TERNARY_ENDS, 4.0 * TERNARY, 1e-3, 2.0 * x, TIME).sd, 4.0 * base.sd, rtol=1e-9)
    np.testing.assert_allclose(expected(TERNARY_ENDS, TERNARY, 1e-3, 2.0 * x, 4.0 * TIME).sd, base.sd, rtol=1e-9)
    # every couple twice
    np.testing.assert_allclose(
        expected([*TERNARY_ENDS, *TERNARY_ENDS], TERNARY, 1e-3, x, TIME).sd, base.sd / np.sqrt(2.0), rtol=1e-9
    )
    known = expected(TERNARY_ENDS, TERNARY, 1e-3, x, TIME, ends_known=True)
    assert np.all(known.sd < base.sd)


def test_couples_of_one_eigenvector_determine_nothing():
    vector = np.linalg.eig(TERNARY)[1][:, 0]
    end = np.stack([1 / 3 - 0.1 * vector, 1 / 3 + 0.1 * vector], axis=1)
    found = expected([end], TERNARY, 1e-3, points(100, 8.0), TIME)
    assert np.isinf(found.sd).all() and found.condition > 1e9


# the choice


@pytest.mark.parametrize("n", [3, 4, 5])
def test_the_design_is_at_least_as_good_as_random_couples_of_its_span(n):
    """Root mean square deviation, against ends anywhere in the same box."""
    D, rng = MATRICES[n], np.random.default_rng(n)
    best = design(NAMES[:n], thirds(n), 0.1, matrix=D, time=TIME)

    def size(ends):
        return np.sqrt(np.mean(expected(ends, D, 1e-3, best.positions, TIME).sd ** 2))

    chosen = size(best.couples)
    for _ in range(40):
        half = 0.05 * rng.uniform(-1.0, 1.0, (n - 1, n - 1))
        assert chosen <= size([np.stack([thirds(n) - row, thirds(n) + row], axis=1) for row in half])
    assert chosen <= size(given_diagonals(n - 1, 0.1)) * (1.0 + 1e-9)
    np.testing.assert_allclose(best.expected.sd, expected(best.couples, D, 1e-3, best.positions, TIME).sd)


def test_more_couples_say_more():
    sizes = [
        design(NAMES[:4], thirds(4), 0.1, matrix=QUATERNARY, count=count).expected.sd.max() for count in (3, 4, 6, 9)
    ]
    assert np.all(np.diff(sizes) < 0.0)
    few = design(NAMES[:4], thirds(4), 0.1, matrix=QUATERNARY, count=1)
    assert len(few.couples) == 1 and few.condition == np.inf and few.expected.condition > 30.0


def test_an_exchange_of_couples_finds_what_all_sets_have(monkeypatch):
    whole = design(NAMES[:5], thirds(5), 0.1, matrix=QUINARY)
    monkeypatch.setattr("inverse.multicomponent.design.MOST_SETS", 0)
    exchanged = design(NAMES[:5], thirds(5), 0.1, matrix=QUINARY)
    # a set that no exchange of one couple makes better need not be the best of all, but is near it
    assert np.mean(exchanged.expected.sd**2) <= np.mean(whole.expected.sd**2) * 1.05


def test_a_design_without_a_matrix_is_the_best_conditioned_one():
    found = design(NAMES[:4], thirds(4), 0.1)
    assert found.condition == pytest.approx(2.0) and found.expected.condition == pytest.approx(2.0)
    assert found.expected.share == pytest.approx(found.expected.sd.max())
    for ends, fractions in zip(found.couples, found.fractions(), strict=True):
        np.testing.assert_allclose(fractions.sum(axis=0), 1.0, atol=1e-15)
        np.testing.assert_array_equal(fractions[:3], ends)


def test_the_matrix_from_tracers_is_that_of_the_law():
    mean, tracers = np.array([0.2, 0.5]), np.array([1e-14, 3e-14, 5e-15])
    law = Darken(Mixture(("A", "B", "C"), "C"), tracer=dict(zip("ABC", tracers, strict=True)))
    of_law = law.coefficient("interdiffusivity", mean[:, None], 1000.0)[..., 0]
    np.testing.assert_allclose(ideal_matrix(mean, tracers), of_law, rtol=1e-12)
    found = design(("A", "B", "C"), mean, 0.1, tracers=tracers)
    np.testing.assert_allclose(found.expected.D, of_law, rtol=1e-12)
    assert found.positions[-1] == pytest.approx(6.0 * np.sqrt(np.linalg.eigvals(of_law).real.max() * 3.6e5))


def test_profiles_reach_flat_ends():
    x = measured_at(TERNARY, TIME, 41)
    X = matrix_profile(x, TIME, TERNARY, (0.0,), TERNARY_ENDS[0])
    assert x.size == 41 and x[0] == -x[-1]
    # half of erfc(3), of a step of 1/4
    np.testing.assert_allclose(X[:, [0, -1]], TERNARY_ENDS[0], atol=4e-6)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"matrix": np.eye(3)}, "2 rows of 2 entries"),
        ({"matrix": [[1.0, 2.0], [2.0, 1.0]]}, "not positive"),
        ({"matrix": [[1.0, 1.0], [-1.0, 1.0]]}, "complex"),
        ({"tracers": [1e-14, 1e-14]}, "3 positive tracer"),
        ({"sigma": 0.0}, "positive"),
        ({"time": np.nan}, "positive"),
        ({"points": 5}, "8 to 10000 points"),
        ({"points": 10**6}, "8 to 10000 points"),
        ({"matrix": 1e300 * np.eye(2)}, "between 1e-40 and 10000"),
        ({"count": 0}, "1 to 20 couples"),
    ],
)
def test_what_cannot_be_designed_is_refused(more, words):
    with pytest.raises(Invalid, match=words):
        design(("A", "B", "C"), thirds(3), 0.1, **more)


# the command

COMPOSITION = ("design", "--composition", "A=0.333,B=0.333,C=0.334")
MATRIX = ("--D", "1e-14,0.5e-14;0.1e-14,0.5e-14")


def test_the_command_prints_couples_and_their_accuracy(matano):
    status, out, err = matano(*COMPOSITION, "--span", "0.1", *MATRIX)
    assert (status, err) == (0, "")
    for word in (
        "2 couples about x_A = 0.333",
        "0.2830",
        "0.3830",
        "condition number of the steps: 1",
        "100 h",
        "D_A,B",
    ):
        assert word in out
    status, out, _ = matano(*COMPOSITION, "--span", "0.1", "--couples", "1", *MATRIX, "--noise", "2e-3")
    assert status == 0 and "1 couple about" in out and "noise 0.002" in out
    status, out, _ = matano(*COMPOSITION, "--span", "0.1")
    assert status == 0 and "if all diffusivities were D" in out


def test_the_command_says_in_json_what_the_library_does(matano):
    status, out, _ = matano(*COMPOSITION, "--span", "0.1", *MATRIX, "--points", "80", "--time", "4 h", "--json")
    answer = json.loads(out)
    mean = np.array([0.333, 0.333])
    found = design("ABC", mean, 0.1, matrix=[[1e-14, 0.5e-14], [0.1e-14, 0.5e-14]], points=80, time=14400.0)
    assert status == 0 and answer["condition"] == pytest.approx(found.condition)
    np.testing.assert_allclose(answer["expected"]["sd"], found.expected.sd, rtol=1e-12)
    assert answer["expected"]["reach"] == pytest.approx(found.positions[-1], rel=1e-12, abs=0.0)
    for said, ends in zip(answer["couples"], found.fractions(), strict=True):
        assert list(said["left"].values()) == pytest.approx(ends[:, 0].tolist())
        assert sum(said["right"].values()) == pytest.approx(1.0)
    status, out, _ = matano(*COMPOSITION, "--span", "0.1", "--json")
    assert json.loads(out)["expected"]["unit"] == "D"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--composition", "A=0.333,B0.333,C=0.334", "--span", "0.1"), 2, "NAME=VALUE"),
        (("--composition", "A=0.3,A=0.3,C=0.4", "--span", "0.1"), 2, "A is named twice"),
        (("--composition", "A=0.3,B=0.3,C=0.4", "--span", "wide"), 2, "--span"),
        (("--composition", "A=0.3,B=0.3,C=0.4"), 2, "span"),
        (("--composition", "A=0.3,B=0.3,C=0.4", "--span", "0.1", *MATRIX, "--tracers", "A=1,B=1,C=1"), 2, "not both"),
        (("--composition", "A=0.3,B=0.3,C=0.3", "--span", "0.1"), 3, "sum to 0.9, 0.1 less than 1"),
        (("--composition", "A=0.3,B=much,C=0.3", "--span", "0.1"), 3, "--composition B"),
        (("--composition", "A=0.3,2B=0.3,C=0.4", "--span", "0.1"), 3, "2B"),
        (("--composition", "A=0.3,B=0.7", "--span", "0.1"), 3, "3 to 8 components"),
        (("--composition", "A=0.3,B=0.3,C=0.4", "--span", "0.9"), 3, "a span of 0.4 would do"),
        (("--composition", "A=0.3,B=0.3,C=0.4", "--span", "0.1", "--D", "1,2"), 3, "as many rows as columns"),
        (("--composition", "A=0.3,B=0.3,C=0.4", "--span", "0.1", "--D", "1e-14"), 3, "2 rows of 2 entries"),
        (("--composition", "A=0.3,B=0.3,C=0.4", "--span", "0.1", "--D", "1,2;2,1"), 3, "not positive"),
        (("--composition", "A=0.3,B=0.3,C=0.4", "--span", "0.1", "--tracers", "A=1,B=1,D=1"), 3, "'D' is not one of"),
        (("--composition", "A=0.3,B=0.3,C=0.4", "--span", "0.1", "--tracers", "A=1,B=1"), 3, "C is missing"),
        (("--composition", "A=0.3,B=0.3,C=0.4", "--span", "0.1", "--time", "5 kg"), 3, "--time"),
        (("--composition", "A=0.3,B=0.3,C=0.4", "--span", "0.1", "--noise", "0"), 3, "--noise: must be positive"),
        (("--composition", "A=0.3,B=0.3,C=0.4", "--span", "0.1", "--couples", "50"), 3, "1 to 20 couples"),
    ],
)
def test_mistakes_on_the_command_line_get_a_sentence(matano, arguments, status, words):
    found, out, err = matano("design", *arguments)
    assert (found, out) == (status, "")
    assert words in err and "Traceback" not in err

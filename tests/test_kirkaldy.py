"""The matrix at a crossing: exact profiles, simulated ones of any law, noise, and what cannot be analysed."""

from dataclasses import replace

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
    couples,
    points,
)  # fmt: skip

from inverse import METHODS, Profile, compare
from inverse.multicomponent.constant import exact_profile
from inverse.multicomponent.matrices import with_dependent
from simulator.faults import Invalid
from simulator.laws.darken import Darken
from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls
from simulator.solve.solve import solve

KIRKALDY = METHODS["kirkaldy"]
EXACT = {
    "ternary": (TERNARY, TERNARY_ENDS),
    "quaternary": (QUATERNARY, body_diagonals(3, 0.1)),
    "quinary": (QUINARY, body_diagonals(4, 0.1)),
}
# a ternary whose D* depend on both fractions
TRACER = {"A": "exp(x_A - 0.5*x_B)", "B": "0.4*exp(0.8*x_B)", "C": "0.7*exp(0.5*x_A)"}
STEPS = np.array([[1.0, -0.5], [-0.5, 1.0]]) / 3.0


def error(estimate, D):
    return float(np.abs(estimate.value[0] - D).max() / np.abs(D).max())


def simulated(law, ends, cells, reach=9.0, end=1.0, **given):
    """The result of a couple with ends (m, 2) about the plane 0."""
    mixture = law.mixture
    left, right = (dict(zip(mixture.components, mixture.complete(column), strict=True)) for column in ends.T)
    domain = Domain((-reach, reach), cells)
    problem = Problem(
        mixture, law, domain, Step(0.0, left, right), end=end, save=(end,), temperature=Temperature(1000.0), **given
    )
    return solve(problem, Controls(rtol=1e-8))


def about(mean, step):
    return np.stack([np.array(mean) - 0.5 * step, np.array(mean) + 0.5 * step], axis=1)


@pytest.mark.parametrize("name", EXACT)
def test_exact_profiles_give_the_matrix(name):
    D, ends = EXACT[name]
    estimate = KIRKALDY(*couples(D, ends, points()))
    # 20 points in 2 sqrt(D0 t), interpolated by splines of degree 5
    assert error(estimate, D) < 1e-6
    m = len(D)
    assert estimate.composition == pytest.approx(np.full((1, m), 1.0 / (m + 1)), abs=1e-8)
    assert estimate.sd is None and not estimate.warnings
    assert estimate.diagnostics["miss"] < 1e-7 and not estimate.diagnostics["other_crossings"]
    assert np.abs(estimate.diagnostics["positions"]).max() < 1e-5 * LENGTH


def test_paths_may_cross_off_the_contact_planes_and_at_other_times():
    """The two couples cross at 0.9 and -0.5 sqrt(D0 t), the second after four times as long, elsewhere on its axis."""
    one, two = couples(TERNARY, crossing_at((0.9, -0.5)), points())
    later = replace(two, x=2.0 * two.x + 3e-4, time=4.0 * TIME)
    estimate = KIRKALDY(one, later)
    assert error(estimate, TERNARY) < 1e-6
    positions = np.array([0.9, -1.0]) * LENGTH + [0.0, 3e-4]
    assert estimate.diagnostics["positions"] == pytest.approx(positions, abs=1e-5 * LENGTH)
    assert estimate.diagnostics["times"] == [TIME, 4.0 * TIME]


def crossing_at(places):
    """Ends of the ternary couples, moved so that they have equal fractions at places, in sqrt(D0 t)."""
    moved = []
    for ends, place in zip(TERNARY_ENDS, places, strict=True):
        there = exact_profile(np.array([place * LENGTH]), TERNARY, ends, 0.0, TIME)
        moved.append(ends + 1.0 / 3.0 - there)
    return moved


def test_more_couples_than_unknowns_are_a_least_squares():
    third = about((1 / 3, 1 / 3), np.array([0.3, 0.05]))
    estimate = KIRKALDY(*couples(TERNARY, (*TERNARY_ENDS, third), points()))
    assert error(estimate, TERNARY) < 1e-6
    assert len(estimate.diagnostics["positions"]) == 3


def test_another_order_of_components_and_couples_gives_the_same_matrix_in_that_order():
    one, two = couples(TERNARY, TERNARY_ENDS, points())
    turned = replace(two, components=("B", "A"), fractions=two.fractions[::-1])
    estimate = KIRKALDY(turned, one)
    assert estimate.rows == ("B", "A")
    # the same numbers, but for the order in which they are summed
    assert estimate.value[0] == pytest.approx(KIRKALDY(one, two).value[0][::-1, ::-1], rel=1e-9, abs=0.0)


def test_another_dependent_component_gives_the_converted_matrix():
    profiles = couples(TERNARY, TERNARY_ENDS, points())
    other = [
        Profile(p.x, ("B", "C"), [p.fractions[1], 1.0 - p.fractions.sum(axis=0)], time=TIME, dependent="A")
        for p in profiles
    ]
    expected = with_dependent(TERNARY[None], ("A", "B"), "C", ("B", "C"), "A")[0]
    assert error(KIRKALDY(*other), expected) < 1e-6


def test_a_simulated_quaternary_gives_its_matrix():
    mixture = Mixture(("A", "B", "C", "D"), "D")
    law = Fick(mixture, (QUATERNARY / D0).tolist())
    results = [simulated(law, ends, 200, reach=12.0) for ends in body_diagonals(3, 0.1)]
    verdict = compare(KIRKALDY(*(result.profile() for result in results)), results[0])
    # second order on 200 cells
    assert verdict.max_error < 1e-3


@pytest.mark.parametrize("means", [((1 / 3, 1 / 3), (1 / 3, 1 / 3)), ((0.28, 0.42), (0.33, 0.40))], ids=["one", "two"])
def test_a_matrix_that_depends_on_the_composition_is_that_of_the_crossing(means):
    law, errors = Darken(Mixture(("A", "B", "C"), "C"), TRACER), []
    for cells in (80, 160, 320):
        results = [simulated(law, about(mean, step), cells) for mean, step in zip(means, STEPS, strict=True)]
        estimate = KIRKALDY(*(result.profile() for result in results))
        errors.append(compare(estimate, results[0]).max_error)
    # what trials with differences of second order showed on 160 and 320 cells, and the order itself
    assert errors[1] < 7e-4 and errors[2] < 2e-4
    assert errors[1] < errors[0] / 3.0 and errors[2] < errors[1] / 3.0


def test_each_couple_has_the_molar_volume_of_its_own_left_end():
    mixture = Mixture(("A", "B", "C"), "C")
    volume = MolarVolume(mixture, "vegard", {"A": "1 m^3/mol", "B": "1.5 m^3/mol", "C": "0.7 m^3/mol"})
    law = Darken(mixture, TRACER, molar_volume=volume)
    results = [simulated(law, about((1 / 3, 1 / 3), step), 200, 12.0, molar_volume=volume) for step in STEPS]
    verdict = compare(KIRKALDY(*(result.profile() for result in results)), results[0])
    # the volumes of the two left ends differ by 4 %, their squares by 8 %
    assert verdict.max_error < 5e-4


def test_noise_gives_a_standard_deviation_of_its_own_size():
    few, many = (KIRKALDY(*couples(TERNARY, TERNARY_ENDS, points(100, 8), sigma, 1)) for sigma in (1e-4, 1e-3))
    for estimate in (few, many):
        assert (estimate.sd > 0.0).all()
        assert np.all(np.abs(estimate.value - TERNARY) < 5.0 * estimate.sd)
    # in proportion to the noise, as far as smoothing takes no more of a noisier profile
    assert 2.0 < np.median(many.sd / few.sd) < 20.0


def noisy(seed, sigma):
    return KIRKALDY(*couples(TERNARY, TERNARY_ENDS, points(100, 8), sigma, seed))


@pytest.mark.slow
@pytest.mark.parametrize(("sigma", "bound"), [(1e-4, 0.006), (1e-3, 0.029), (3e-3, 0.062)])
def test_noise_weighs_no_more_than_in_trials(sigma, bound):
    """Median over 30 seeds of the largest error, in units of the largest entry."""
    assert np.median([error(noisy(seed, sigma), TERNARY) for seed in range(30)]) <= bound


@pytest.mark.slow
def test_intervals_cover_the_truth():
    inside = []
    for seed in range(100):
        estimate = noisy(seed, 1e-3)
        inside.append(np.abs(estimate.value - TERNARY) < 1.96 * estimate.sd)
    # 95 % of 400, which depend on each other within a seed
    assert 0.91 <= np.mean(inside) <= 0.98


def test_too_few_couples_are_refused():
    one, two, three = couples(QUATERNARY, body_diagonals(3, 0.1), points())
    assert KIRKALDY.applies(one, two) == "kirkaldy needs 3 couples for 4 components, got 2."
    with pytest.raises(Invalid, match="needs 3 couples for 4 components, got 2"):
        KIRKALDY(one, two)
    assert KIRKALDY.applies(one, two, three) is None
    assert "takes 2 to 20 profiles, got 1" in KIRKALDY.applies(one)


def test_couples_of_two_temperatures_are_refused():
    one, two = couples(TERNARY, TERNARY_ENDS, points())
    sentence = KIRKALDY.applies(replace(one, temperature=1273.0), replace(two, temperature=1373.0))
    assert "of 1273 K to 1373 K" in sentence and "parametric-fit" in sentence


def test_couples_of_other_components_are_refused():
    one, two = couples(TERNARY, TERNARY_ENDS, points())
    sentence = KIRKALDY.applies(one, replace(two, components=("A", "X")))
    assert "the first has A, B, C (C dependent), number 2 has A, X, C (C dependent)" in sentence


def test_different_times_are_refused_where_the_temperature_changed():
    one, two = couples(TERNARY, TERNARY_ENDS, points())
    history = Temperature(schedule=[[0.0, 1273.0], [TIME, 1373.0]])
    both = [replace(p, history=history) for p in (one, replace(two, time=2.0 * TIME))]
    assert "of different times only where the temperature is one" in KIRKALDY.applies(*both)
    assert KIRKALDY.applies(*(replace(p, time=TIME) for p in both)) is None


def test_paths_that_do_not_cross_and_parallel_ones_are_refused():
    x = points()
    first = couple(TERNARY, TERNARY_ENDS[0], x)
    beside = couple(TERNARY, TERNARY_ENDS[0] + 0.03, x)
    assert "come no closer than" in KIRKALDY.applies(first, beside)
    assert "gradients of these couples are parallel" in KIRKALDY.applies(first, first)


def test_a_standard_deviation_as_large_as_the_matrix_is_told():
    """Steps nearly along one line, in much noise."""
    ends = (TERNARY_ENDS[0], about((1 / 3, 1 / 3), np.array([1 / 3, -0.12])))
    found = []
    for seed in range(4):
        try:
            estimate = KIRKALDY(*couples(TERNARY, ends, points(100, 8), 3e-3, seed))
        except Invalid as refusal:
            assert "nearly parallel" in str(refusal)
            continue
        found.append(estimate)
        large = estimate.sd.max() > 0.5 * np.abs(estimate.value).max()
        assert large == any("noise leaves little of the matrix" in sentence for sentence in estimate.warnings)
    assert found

"""Three of four components that vary: exact where the fourth stays, and by how much it errs and says so where not."""

from dataclasses import replace

import numpy as np
import pytest
from matrix_couples import D0, QUATERNARY, TERNARY, TERNARY_ENDS, body_diagonals, couples, points

from inverse import METHODS, compare
from inverse.multicomponent.matrices import with_dependent
from simulator.faults import Invalid
from simulator.laws.darken import Darken
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls
from simulator.solve.solve import solve

METHOD = METHODS["pseudo-ternary"]
NAMES = ("A", "B", "F", "C")  # F should stay as it is
STEPS = np.array([[1.0, -0.5], [-0.5, 1.0]])
# the gradient of C makes no flux of A or B, and C is alone: its row has its own coefficient only
DECOUPLED = D0 * np.array([[1.0, 0.5, 0.3], [0.1, 0.5, -0.2], [0.0, 0.0, 0.8]])


def ends_about(span, mean=(0.25, 0.25, 0.25), fixed=0.0):
    """Ends (3, 2) of two couples in which A, B and the dependent component vary, and the third is `fixed` higher."""
    mean = np.array(mean) + np.array([0.0, 0.0, fixed])
    steps = [span * np.array([*step, 0.0]) for step in STEPS]
    return [np.stack([mean - 0.5 * step, mean + 0.5 * step], axis=1) for step in steps]


def simulated(tracer, span, volume=None, cells=200):
    """Two couples of an ideal alloy of equal fractions, 1 s, on lengths in sqrt(D)."""
    law, found = Darken(Mixture(NAMES, "C"), tracer, molar_volume=volume), []
    for step in STEPS:
        left, right = (
            {"A": 0.25 + side * step[0], "B": 0.25 + side * step[1], "F": 0.25, "C": 0.25 - side * step.sum()}
            for side in (-0.5 * span, 0.5 * span)
        )
        problem = Problem(
            law.mixture, law, Domain((-14.0, 14.0), cells), Step(0.0, left, right), end=1.0, save=(1.0,),
            temperature=Temperature(1000.0), molar_volume=volume,
        )  # fmt: skip
        found.append(solve(problem, Controls(rtol=1e-8)))
    return found


def test_a_component_that_no_other_moves_leaves_the_block_of_the_matrix():
    estimate = METHOD(*couples(DECOUPLED, ends_about(0.3), points()))
    assert estimate.rows == ("A", "B") and estimate.dependent == "D"
    assert estimate.value[0] == pytest.approx(DECOUPLED[:2, :2], abs=1e-6 * D0)
    # the columns of a composition are all independent components, so that a law can be asked for its matrix there
    assert estimate.diagnostics["independent"] == ["A", "B", "C"]
    assert estimate.composition == pytest.approx(np.full((1, 3), 0.25), abs=1e-8)
    assert estimate.diagnostics["varying"] == ["A", "B", "D"] and estimate.diagnostics["constant"] == ["C"]
    assert estimate.diagnostics["holds"] and not estimate.warnings
    assert max(estimate.diagnostics["excursions"]) < 1e-12


def test_the_block_belongs_to_the_dependent_component_that_is_chosen():
    profiles = couples(DECOUPLED, ends_about(0.3), points())
    estimate = METHOD(*profiles, dependent="A")
    assert estimate.rows == ("B", "D") and estimate.dependent == "A"
    expected = with_dependent(DECOUPLED[None], ("A", "B", "C"), "D", ("B", "D"), "A")[0]
    assert estimate.value[0] == pytest.approx(expected, abs=1e-6 * D0)
    for chosen in (("B", "D"), "B, D", ["D", "B", "A"]):
        other = METHOD(*profiles, components=chosen, dependent="A")
        assert other.rows == ("B", "D") and np.array_equal(other.value, estimate.value)
    # two components are the rows; the third that varies is then the dependent one
    assert METHOD(*profiles, components=("B", "D")).dependent == "A"


@pytest.mark.parametrize("span", [0.3, 0.03])
@pytest.mark.parametrize(
    ("tracer", "diagonal", "cross"),
    [
        # errors relative to each entry: 1 % and 12 %, and 3 % and 14 to 17 % in trials of such ratios
        ({"A": 1.2, "B": 1.0, "C": 0.8, "F": 0.3}, 0.013, (0.09, 0.13)),
        ({"A": 3.0, "B": 1.0, "C": 0.5, "F": 2.0}, 0.033, (0.10, 0.17)),
    ],
    ids=["1.2:1:0.8", "3:1:0.5"],
)
def test_excursions_make_an_error_that_is_told(tracer, diagonal, cross, span):
    """It does not shrink with the span: the excursions do, but so do the steps."""
    results = simulated({name: str(value) for name, value in tracer.items()}, span)
    estimate = METHOD(*(result.profile() for result in results))
    verdict = compare(estimate, results[0])
    relative = np.abs(estimate.value / verdict.truth - 1.0)[0]
    assert np.diag(relative).max() < diagonal
    assert cross[0] < min(relative[0, 1], relative[1, 0]) and max(relative[0, 1], relative[1, 0]) < cross[1]
    assert estimate.diagnostics["holds"] is False
    assert any("x_F is not constant: it moves by" in sentence for sentence in estimate.warnings)
    (excursion,) = estimate.diagnostics["excursions"]
    # of the curve through the points, which has a place between them where it is largest
    assert excursion == pytest.approx(max(np.ptp(result.profile().fraction("F")) for result in results), rel=1e-3)


@pytest.mark.parametrize("swells", [False, True])
def test_equal_tracers_leave_every_fraction_of_the_fourth_and_the_matrix_exact(swells):
    """Whatever the molar volume, which differs by a fifth between the two ends of a couple."""
    volumes = {"A": "1 m^3/mol", "B": "2 m^3/mol", "F": "1 m^3/mol", "C": "1.5 m^3/mol"}
    volume = MolarVolume(Mixture(NAMES, "C"), "vegard", volumes) if swells else None
    results = simulated(dict.fromkeys(NAMES, "1"), 0.3, volume)
    estimate = METHOD(*(result.profile() for result in results))
    verdict = compare(estimate, results[0])
    assert verdict.max_error < 1e-3  # second order on 200 cells
    assert estimate.diagnostics["holds"] and not estimate.warnings


def test_noise_is_no_excursion():
    estimate = METHOD(*couples(DECOUPLED, ends_about(0.3), points(100, 8), 1e-3, 2))
    assert estimate.diagnostics["holds"] and not estimate.warnings
    assert estimate.diagnostics["excursions"] == [0.0]
    assert np.all(np.abs(estimate.value - DECOUPLED[:2, :2]) < 5.0 * estimate.sd)


def test_couples_with_different_fractions_of_the_constant_component_are_told_of():
    one, _ = couples(DECOUPLED, ends_about(0.3), points())
    _, two = couples(DECOUPLED, ends_about(0.3, fixed=0.02), points())
    estimate = METHOD(one, two)
    assert any(sentence.startswith("x_C differs by 0.02 between the couples") for sentence in estimate.warnings)
    assert estimate.diagnostics["holds"] is False


def test_what_is_no_pseudo_ternary_is_refused():
    x = points()
    ternary = couples(TERNARY, TERNARY_ENDS, x)
    assert METHOD.applies(*ternary) == "pseudo-ternary needs four components or more; for A, B, C use kirkaldy."
    diagonals = couples(QUATERNARY, body_diagonals(3, 0.1), x)
    sentence = METHOD.applies(*diagonals[:2])
    assert "needs couples in which three components vary, but x_" in sentence
    assert "Use kirkaldy with 3 couples." in sentence
    good = couples(DECOUPLED, ends_about(0.3), x)
    assert METHOD.applies(*good) is None
    assert "takes 2 to 20 profiles, got 1" in METHOD.applies(good[0])
    assert "gradients of these couples are parallel" in METHOD.applies(good[0], good[0])
    other = replace(good[1], temperature=1100.0)
    assert "of 1000 K to 1100 K" in METHOD.applies(replace(good[0], temperature=1000.0), other)
    moved = couples(DECOUPLED, [ends_about(0.3)[0], ends_about(0.3, mean=(0.30, 0.30, 0.25))[0]], x)
    assert "come no closer than" in METHOD.applies(*moved)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"components": ("A", "X")}, "'X' is not one of A, B, C, D"),
        ({"dependent": "Y"}, "'Y' is not one of A, B, C, D"),
        ({"components": ("A", "B", "C"), "dependent": "D"}, "two or three different components, got A, B, C, D"),
        ({"components": ("A", "A")}, "two or three different components"),
        ({"components": ("A", "C")}, "three components vary"),
    ],
    ids=str,
)
def test_components_that_cannot_be_chosen_are_refused(options, words):
    with pytest.raises(Invalid, match=words):
        METHOD(*couples(DECOUPLED, ends_about(0.3), points()), **options)

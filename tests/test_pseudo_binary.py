"""Pseudo-binary couples: exact where the other components stay, and how wrong where they do not."""

import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from inverse import METHODS, Profile, compare, round_trip
from inverse.methods.pseudo_binary import METHOD
from inverse.multicomponent.matrices import with_dependent
from inverse.roundtrip import sample, simulate
from simulator.faults import Invalid
from simulator.files.case import load
from simulator.solve.exact.collocation import similarity_profile

CASES = Path(__file__).resolve().parents[1] / "cases"
NAMES = ("A", "B", "C", "D")
D0, TIME = 1e-14, 3.6e5
LENGTH = np.sqrt(D0 * TIME)


def matrix_of(tracers):
    """D_ij = D_i* delta_ij - x_i (D_j* - D_n*) of an ideal solution, at x (m, ...)."""
    tracers = D0 * np.asarray(tracers, float)

    def matrix(x):
        m = len(x)
        D = -np.einsum("i...,j->ij...", x, tracers[:m] - tracers[m])
        D[np.arange(m), np.arange(m)] += tracers[:m].reshape(m, *(1,) * (x.ndim - 1))
        return D

    return matrix


@lru_cache
def similar(tracers, left, right):
    return similarity_profile(matrix_of(tracers), np.array(left), np.array(right), tolerance=1e-9)


def couple(tracers, left, right, count=401, sigma=0.0, seed=0, **known):
    """The exact profile of an ideal solution with these tracer diffusivities, in units of D0."""
    x = np.linspace(-11.0, 11.0, count) * LENGTH * np.sqrt(max(tracers))
    X = similar(tracers, left, right).values(x / np.sqrt(TIME))
    X = X + sigma * np.random.default_rng(seed).standard_normal(X.shape)
    names = NAMES[: len(tracers)]
    return Profile(x, names[:-1], X, time=TIME, dependent=names[-1], **known)


def errors(estimate, tracers):
    """Largest relative error of each row, of D_ii - D_ij on the path itself, C or D dependent."""
    m = len(tracers) - 1
    names = NAMES[: m + 1]
    path = np.array(estimate.diagnostics["fractions"])
    every = dict(
        zip((*estimate.diagnostics["independent"], estimate.dependent), [*path.T, 1 - path.sum(axis=1)], strict=True)
    )
    D = np.moveaxis(matrix_of(tracers)(np.stack([every[name] for name in names[:-1]])), -1, 0)
    found = with_dependent(D, names[:-1], names[-1], estimate.rows, next(n for n in names if n not in estimate.rows))
    truth = np.stack([found[:, 0, 0] - found[:, 0, 1], found[:, 1, 1] - found[:, 1, 0]])
    return np.abs(estimate.value / truth - 1.0).max(axis=1)


SYMMETRIC = (0.13, 0.53), (0.53, 0.13)
SHORT = (0.31, 0.35), (0.35, 0.31)  # a tenth of its span
FOUR = (0.1, 0.4, 0.2), (0.4, 0.1, 0.2)


@pytest.mark.parametrize(
    "tracers, ends", [((1.0, 1.0, 3.0), SYMMETRIC), ((1.0, 1.0, 3.0, 0.4), FOUR)], ids=["three", "four"]
)
def test_equally_fast_components_move_no_other(tracers, ends):
    estimate = METHOD(couple(tracers, *ends))
    assert estimate.rows == ("A", "B") and estimate.value.shape == (2, estimate.composition.size)
    assert errors(estimate, tracers).max() < 1e-6
    assert estimate.value == pytest.approx(D0, rel=1e-6, abs=0.0)
    told = estimate.diagnostics
    assert told["holds"] and not estimate.warnings and told["disagreement"] < 1e-6
    assert set(told["excursions"]) == set(NAMES[2 : len(tracers)])
    assert max(told["excursions"].values()) < 1e-8
    assert told["normalised"] == pytest.approx(estimate.composition / (0.66 if len(tracers) == 3 else 0.5), rel=1e-6)


@pytest.mark.parametrize(
    "tracers, ends, least, most, moved",
    [
        ((1.2, 1.0, 1.0), SYMMETRIC, (0.0, 0.008), (1e-6, 0.010), 0.003),
        ((3.0, 1.0, 1.2), SYMMETRIC, (0.019, 0.24), (0.023, 0.27), 0.0209),
        ((3.0, 1.0, 1.2), SHORT, (0.010, 0.23), (0.016, 0.25), 0.00194),
        ((3.0, 1.0, 2.0), SHORT, (0.05, 0.10), (0.06, 0.12), 0.00169),
    ],
    ids=["1.2", "3", "3 of a tenth of the span", "3 with another third"],
)
def test_unequal_components_move_the_others(tracers, ends, least, most, moved):
    """1 % for a ratio of 1.2; 2 % from A and a quarter from B for 3, with C moving by 2 at%. A couple of a tenth of
    the span has a tenth of the excursion, and hardly a smaller error. As fast as B, C does nothing to A: D_AC = 0."""
    profile = couple(tracers, *ends)
    estimate = METHOD(profile)
    found, told = errors(estimate, tracers), estimate.diagnostics
    assert np.all(found >= least) and np.all(found <= most)
    assert told["excursions"]["C"] == pytest.approx(moved, rel=0.05)
    raw = np.abs(1.0 - profile.fractions.sum(axis=0) - (1.0 - sum(ends[0]))).max()
    assert told["excursions"]["C"] == pytest.approx(raw, rel=1e-3)
    assert not told["holds"]
    assert any("x_C is not constant" in sentence and "kirkaldy" in sentence for sentence in estimate.warnings)
    assert told["disagreement"] == pytest.approx(np.abs(estimate.value[0] / estimate.value[1] - 1.0).max(), rel=1e-12)
    # M_B D_A* + M_A D_B*, what a binary couple of the two would have: further off than the component's own
    M = np.array(told["normalised"])
    binary = D0 * ((1.0 - M) * tracers[0] + M * tracers[1])
    assert np.abs(estimate.value / binary - 1.0).max() > max(0.03, 0.8 * found.max())


def test_noise_is_no_excursion_and_gives_standard_deviations():
    scaled = []
    for seed in range(4):
        estimate = METHOD(couple((1.0, 1.0, 3.0, 0.4), *FOUR, count=150, sigma=1e-3, seed=seed))
        assert estimate.diagnostics["holds"]
        assert estimate.sd.shape == estimate.value.shape
        scaled += (np.abs(estimate.value - D0) / estimate.sd).ravel().tolist()
    assert np.median(scaled) < 1.2  # 0.67 of normal errors
    assert np.quantile(scaled, 0.95) < 3.5
    moved = METHOD(couple((3.0, 1.0, 1.2), *SYMMETRIC, count=150, sigma=1e-3))
    assert not moved.diagnostics["holds"]


def test_the_two_components_are_found_or_named():
    profile = couple((1.0, 1.0, 3.0, 0.4), *FOUR)
    every = np.vstack([profile.fractions, 1.0 - profile.fractions.sum(axis=0)])
    turned = Profile(profile.x, ("D", "B", "C", "A"), every[[3, 1, 2, 0]], time=TIME, dependent="B")
    reference = METHOD(profile)
    found = METHOD(turned)
    assert found.rows == ("B", "A") and found.dependent in "CD"
    assert found.value[:, ::-1] == pytest.approx(reference.value[::-1], rel=1e-6, abs=0.0)
    named = METHOD(profile, components="B, A")
    assert named.rows == ("B", "A") and named.component == "B"
    back = replace(profile, x=-profile.x[::-1], fractions=profile.fractions[:, ::-1])
    assert METHOD(back).value == pytest.approx(reference.value, rel=1e-6, abs=0.0)


def test_a_molar_volume_that_varies_goes_by_moles():
    """X over q = V_0 int dx/V_m with a constant D_q: D = (V_m/V_0)^2 D_q in the number-fixed frame."""
    profile = couple((1.0, 1.0, 3.0), *SYMMETRIC)
    V = 7e-6 * (1.0 + 0.3 * profile.fraction("A"))
    widths = 0.5 * (V[1:] + V[:-1]) / V[0] * np.diff(profile.x)
    fine = np.linspace(profile.x[0], profile.x[-1], 20001)
    thick = 7e-6 * (1.0 + 0.3 * similar((1.0, 1.0, 3.0), *SYMMETRIC).values(fine / np.sqrt(TIME))[0]) / V[0]
    along = np.concatenate([[0.0], np.cumsum(0.5 * (thick[1:] + thick[:-1]) * np.diff(fine))])
    x = np.interp(profile.x, fine, along)
    assert np.diff(x) == pytest.approx(widths, rel=1e-2)
    table = {"kind": "expression", "V_m": "7e-6*(1 + 0.3*x_A)"}
    estimate = METHOD(replace(profile, x=x, molar_volume=table))
    stretch = ((1.0 + 0.3 * estimate.composition) / (1.0 + 0.3 * 0.13)) ** 2
    # the trapezoidal rule above, 1e-6, over the gradient at the ends of the window
    assert estimate.value == pytest.approx(np.stack([D0 * stretch] * 2), rel=2e-4, abs=0.0)


def test_what_is_no_pseudo_binary_couple_is_refused():
    three = couple((1.0, 1.0, 1.0), (0.2, 0.4), (0.5, 0.2))
    assert "and in x_C by -0.1. Use kirkaldy with 2 couples" in METHOD.applies(three)
    good = couple((1.0, 1.0, 3.0), *SYMMETRIC)
    assert METHOD.applies(good) is None
    assert "three components or more" in METHOD.applies(replace(good, components=("A", "C"), dependent="C"))
    assert "needs the time" in METHOD.applies(replace(good, time=None))
    with pytest.raises(Invalid, match="'E' is not one of A, B, C"):
        METHOD(good, components=("A", "E"))
    with pytest.raises(Invalid, match="two different components"):
        METHOD(good, components=("A", "A"))
    with pytest.raises(Invalid, match="exchanges two components, but its ends differ in x_A by"):
        METHOD(good, components=("A", "C"))


def test_the_truth_is_the_same_whichever_of_the_others_is_dependent():
    """With D dependent in the law, and with B, one of the two that vary."""
    path = CASES / "pseudo-binary.toml"
    verdicts = []
    for dependent, swap in (
        ("D", None),
        ("B", 'initial={shape="step",at=0.0,left={A=0.1,C=0.2,D=0.3},right={A=0.4,C=0.2,D=0.3}}'),
    ):
        settings = ["domain.cells=100", f'dependent="{dependent}"'] + ([swap] if swap else [])
        case = load(path, settings)
        result = simulate(case)
        estimate = METHOD(sample(result))
        verdict = compare(estimate, result, tolerance=2e-3)
        assert verdict.passed, verdict
        assert json.dumps(estimate.to_json(verdict))
        verdicts.append(verdict)
    # equal tracers: D* for both
    assert verdicts[0].truth == pytest.approx(D0, rel=1e-12, abs=0.0)
    assert verdicts[1].truth == pytest.approx(D0, rel=1e-12, abs=0.0)


def test_round_trips_of_the_cases():
    equal = round_trip(METHODS["pseudo-binary"], load(CASES / "pseudo-binary.toml"))
    assert equal.word == "passed" and equal.verdict.max_error < 1e-4
    unequal = round_trip(METHOD, load(CASES / "pseudo-binary-unequal.toml"))
    assert unequal.word == "expected" and unequal.passed
    rows = np.abs(unequal.verdict.error).max(axis=1)
    assert 0.015 < rows[0] < 0.03 and 0.2 < rows[1] < 0.3

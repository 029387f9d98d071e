"""Mobilities from several couples: exact profiles of Darken's and Manning's law, noise, what cannot be identified."""

import json
import time
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import pytest
from mobility_couples import CANTOR, HOUR, TERNARY, TERNARY_ENDS, couple, couples

from inverse import METHODS, compare, round_trips
from inverse.methods.parametric_fit import METHOD, parametric_fit
from inverse.roundtrip import sample, simulate
from simulator.faults import Invalid
from simulator.files.schema import VerifySection
from simulator.laws.darken import Darken
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.thermodynamics import Thermodynamics
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls

# across and along the side A-B: every component has a step of its own in one of the two
WIDE = (((0.05, 0.6), (0.6, 0.05)), ((0.1, 0.5), (0.1, 0.5)))
T = 1273.15


def relative(estimate, alloy, T=T):
    """Errors (k,) of D in units of its largest entry."""
    truth = alloy.matrix(estimate.composition, T)
    return np.abs(estimate.value - truth).max(axis=(1, 2)) / np.abs(truth).max(axis=(1, 2))


def body_diagonals(span=0.1):
    """Four couples of five components about equal fractions, every step `span` up or down."""
    signs = np.array([[1, 1, -1, -1], [-1, 1, -1, -1], [1, -1, -1, -1], [1, 1, 1, -1]])
    return [tuple((0.2 - 0.5 * span * s, 0.2 + 0.5 * span * s) for s in row) for row in signs]


@lru_cache
def ternary(sigma=0.0, seed=0, ends=TERNARY_ENDS, count=2):
    return parametric_fit(*couples(TERNARY, ends, sigma, seed)[:count], starts=1 if sigma else 2)


@dataclass(frozen=True)
class Case:
    problem: Problem
    controls: Controls = field(default_factory=lambda: Controls(rtol=1e-7))
    verify: VerifySection = field(default_factory=VerifySection)


def simulated(law, ends):
    """The case of a couple of A, B and C between these ends."""
    left, right = (dict(zip("AB", values, strict=True)) for values in zip(*ends, strict=True))
    problem = Problem(
        law.mixture,
        law,
        Domain((-1e-3, 1e-3), 200),
        Step(0.0, left, right),
        temperature=Temperature(T),
        end=100 * HOUR,
        save=(100 * HOUR,),
        title="couple",
    )
    return Case(problem)


def reported(estimate):
    """The law of the diagnostics, of A, B and C."""
    said, mixture = dict(estimate.diagnostics["law"]), Mixture(("A", "B", "C"))
    assert said.pop("kind") == "darken"
    return Darken(mixture=mixture, thermodynamics=Thermodynamics(mixture, **TERNARY.thermodynamics), **said)


def test_it_says_what_it_is():
    assert METHODS["parametric-fit"] is METHOD
    assert METHOD.source in parametric_fit.__doc__.replace("\n", " ")
    assert METHOD.counts == (1, 20) and METHOD.tolerance == 1e-2 and METHOD.needs and METHOD.equation


@pytest.mark.parametrize("ends", [TERNARY_ENDS, WIDE], ids=["crossing", "wide"])
def test_tracers_of_the_family_come_back_from_exact_profiles(ends):
    """Left is the error of the forward model, 1e-8 of the step, times what the parameters magnify it by, some 1000."""
    estimate = ternary(ends=ends)
    said = estimate.diagnostics
    assert estimate.value.shape == (50, 2, 2) and estimate.composition.shape == (50, 2) and estimate.sd is None
    assert relative(estimate, TERNARY).max() < 1e-4
    slopes = {
        "p[A, x_A]": 1.5,
        "p[A, x_B]": -1.0,
        "p[B, x_A]": -2.0,
        "p[B, x_B]": 1.2,
        "p[C, x_A]": 1.0,
        "p[C, x_B]": 2.0,
    }
    for name, value in slopes.items():
        assert said["parameters"][name]["value"] == pytest.approx(value, abs=2e-3)
    assert said["identifiable"] and said["holds"] and estimate.warnings == []
    assert said["planes"] == pytest.approx([0.0, 0.0], abs=1e-9)


def test_a_fit_of_nine_parameters_takes_less_than_three_seconds():
    """Issue of the method: two couples, 9 parameters, 2 planes and 8 end values, three starts; measured 0.5 s."""
    profiles = couples(TERNARY, TERNARY_ENDS, 1e-3, 1)
    parametric_fit(*profiles, starts=1)
    begun = time.process_time()
    parametric_fit(*profiles)
    assert time.process_time() - begun < 3.0


def test_with_noise_the_matrix_comes_back_as_well_as_it_says():
    """sigma = 1e-3, 100 points: the largest error along the paths is 3.5 % in the median over 6 seeds, at the ends of
    the paths, and errors are what the standard deviations say: mean square ratio 1, to a factor of 2 for 6 draws."""
    found = [ternary(1e-3, seed, WIDE) for seed in range(6)]
    largest = [relative(estimate, TERNARY).max() for estimate in found]
    assert np.median([np.median(relative(estimate, TERNARY)) for estimate in found]) < 0.01
    assert np.median(largest) < 0.035 and max(largest) < 0.12
    ratios = [(estimate.value - TERNARY.matrix(estimate.composition, T)) / estimate.sd for estimate in found]
    assert 0.5 < np.mean(np.square(ratios)) < 2.0


@pytest.mark.parametrize("seed", range(2))
def test_tracers_at_the_crossing_are_known_to_a_few_percent(seed):
    """ln D_i* at sigma = 1e-3: 0.2/0.8/0.5 with one couple, 0.008/0.016/0.012 with two, in trials of another alloy."""
    two, one = ternary(1e-3, seed).diagnostics, ternary(1e-3, seed, count=1).diagnostics
    spread = np.array(list(two["reference_sd_of_ln"].values()))
    assert (spread > 0.004).all() and (spread < 0.05).all()
    truth = TERNARY.tracers([list(two["reference_composition"].values())], T)[:, 0]
    error = np.log(np.array(list(two["reference_tracers"].values())) / truth)
    assert (np.abs(error) < 3.5 * spread).all()
    assert max(one["reference_sd_of_ln"].values()) > 0.3


@pytest.mark.parametrize("ends", [TERNARY_ENDS, WIDE, WIDE[::-1]], ids=["straight", "bent", "along"])
@pytest.mark.parametrize("sigma", [0.0, 1e-3])
def test_one_couple_does_not_identify_the_slopes(sigma, ends):
    """The condition is some 150 at least, where it is 30 to 130 with two."""
    estimate = ternary(sigma, 0, ends, count=1)
    said = estimate.diagnostics
    assert not said["identifiable"] and not said["holds"] and said["condition"] > 150.0
    assert said["singular_values"] == sorted(said["singular_values"], reverse=True)
    assert any("Not identifiable: 1 couple does not determine" in sentence for sentence in estimate.warnings)
    assert any("x_" in name for name in said["undetermined"][-1])
    assert len(estimate.value) == 25


def test_constant_tracers_are_identifiable_with_one_couple():
    alloy = replace(TERNARY, tracer={"A": 2e-14, "B": 1e-14, "C": 0.5e-14})
    estimate = parametric_fit(couple(alloy, TERNARY_ENDS[0]), order=0)
    assert estimate.diagnostics["identifiable"] and relative(estimate, alloy).max() < 1e-4


def test_tracers_of_too_low_an_order_are_told():
    """Constant tracers do not make these profiles; the quadratic family has them among others."""
    profiles = couples(TERNARY, WIDE)
    low = parametric_fit(*profiles, order=0)
    assert low.diagnostics["identifiable"] and not low.diagnostics["holds"]
    assert any("Tracers of order 0 do not explain couple 1" in sentence for sentence in low.warnings)
    high = parametric_fit(*profiles, order=2, starts=1)
    assert high.diagnostics["misfit"] == pytest.approx([0.0, 0.0], abs=0.05)


def test_measured_tracers_count_beside_a_couple():
    """D_i* at both ends of a single couple and beside it leave nothing undetermined."""
    places = [{"A": 1 / 6, "B": 5 / 12}, {"A": 1 / 2, "B": 1 / 4}, {"A": 1 / 2, "B": 5 / 12}]
    measured = []
    for place in places:
        values = TERNARY.tracers([[place["A"], place["B"]]], T)[:, 0]
        measured += [(name, place, T, value, 0.02) for name, value in zip("ABC", values, strict=True)]
    profile = couple(TERNARY, TERNARY_ENDS[0], sigma=1e-3)
    alone, beside = parametric_fit(profile, starts=1), parametric_fit(profile, tracers=measured, starts=1)
    assert beside.diagnostics["identifiable"] and not alone.diagnostics["identifiable"]
    assert relative(beside, TERNARY).max() < 0.05 < relative(alone, TERNARY).max()
    with pytest.raises(Invalid, match="'D' is not one of the components"):
        parametric_fit(profile, tracers=[("D", places[0], T, 1e-14, 0.1)])


def test_priors_are_given_by_name():
    profile = couple(TERNARY, TERNARY_ENDS[0], sigma=1e-3)
    known = {"p[A, x_A]": (1.5, 0.01), "p[A, x_B]": (-1.0, 0.01), "p[B, x_A]": (-2.0, 0.01), "p[B, x_B]": (1.2, 0.01)}
    known |= {"p[C, x_A]": (1.0, 0.01), "p[C, x_B]": (2.0, 0.01)}
    said = parametric_fit(profile, priors=known, starts=1).diagnostics["parameters"]
    assert said["p[C, x_B]"]["value"] == pytest.approx(2.0, abs=0.03) and said["p[C, x_B]"]["sd"] < 0.011
    with pytest.raises(Invalid, match=r"no parameter 'p\[D\]'; there are p\[A\], p\[A, x_A\], "):
        parametric_fit(profile, priors={"p[D]": (0.0, 1.0)})


def test_another_dependent_component_and_a_mirror_change_nothing():
    """ln D* linear in x_A and x_B is linear in x_B and x_C; left is rounding and the convergence of the fit."""
    profiles = couples(TERNARY, WIDE)
    plain = parametric_fit(*profiles, quantity="tracers", starts=1)
    turned = []
    for profile in profiles:
        A, B = profile.fractions
        swapped = replace(profile, components=("B", "C"), fractions=[B, 1 - A - B], dependent="A", component="")
        turned.append(replace(swapped, x=-swapped.x[::-1] + 3e-5, fractions=swapped.fractions[:, ::-1]))
    other = parametric_fit(*turned, quantity="tracers", starts=1)
    at = {"A": 0.3, "B": 0.35, "C": 0.35}
    for name in "ABC":
        place = np.array([[at["A"]], [at["B"]]])
        first, second = (
            reported(said).coefficient("tracer_diffusivity", place, T)["ABC".index(name)] for said in (plain, other)
        )
        assert second == pytest.approx(first, rel=1e-4, abs=0.0)
    assert other.diagnostics["planes"] == pytest.approx([3e-5, 3e-5], abs=1e-9)


def test_the_law_that_is_reported_is_that_of_the_values():
    estimate = ternary(1e-3, 0)
    D = np.moveaxis(reported(estimate).coefficient("interdiffusivity", estimate.composition.T, T), -1, 0)
    assert pytest.approx(estimate.value, rel=1e-6, abs=1e-20) == D
    json.dumps(estimate.to_json())


def test_times_may_differ():
    times = (25 * HOUR, 100 * HOUR)
    profiles = [couple(TERNARY, one, time=at, plane=2e-5) for one, at in zip(TERNARY_ENDS, times, strict=True)]
    estimate = parametric_fit(*profiles, starts=1)
    assert relative(estimate, TERNARY).max() < 1e-4
    assert estimate.diagnostics["planes"] == pytest.approx([2e-5, 2e-5], abs=1e-9)


@pytest.mark.parametrize(("sigma", "at"), [(0.0, 1373.15), (1e-3, 1273.15)])
def test_five_components_at_two_temperatures(sigma, at):
    """Tracers with Manning's wind and Arrhenius' law: exact from exact profiles; with noise 1e-3 within 3.5 standard
    deviations of their logarithms, all of 5 at 75 compositions."""
    ends, temperatures = body_diagonals()[:3], (1373.15, 1373.15, 1273.15)
    profiles = [
        couple(CANTOR, one, T=hot, sigma=sigma, seed=k)
        for k, (one, hot) in enumerate(zip(ends, temperatures, strict=True))
    ]
    estimate = parametric_fit(*profiles, order=0, quantity="tracers", starts=1, temperature=at)
    said, truth = estimate.diagnostics, CANTOR.tracers(estimate.composition, at)
    assert estimate.rows == CANTOR.components and estimate.value.shape == (5, 75)
    assert said["independent"] == list(CANTOR.components[:-1]) and said["identifiable"] and said["holds"]
    if sigma:
        assert (np.abs(np.log(estimate.value / truth)) < 3.5 * estimate.sd / estimate.value).all()
        assert (estimate.sd / estimate.value).max() < 0.2
    else:
        assert estimate.value == pytest.approx(truth, rel=1e-5, abs=0.0)
    for name in CANTOR.components:
        energy = said["parameters"][f"Q[{name}]"]
        off = abs(energy["value"] - CANTOR.tracer[name]["Q"])
        assert off < (3.5 * energy["sd"] if sigma else 10.0)


def test_profiles_of_the_engine_come_back_within_the_tolerance():
    """Simulated on the engine's grid, sampled at every second cell, and judged by the law that made them; a single
    couple says that it does not identify the slopes."""
    cases = [simulated(TERNARY.law, ends) for ends in WIDE]
    rows = list(round_trips({"ternary": cases[0]}, (METHOD,), {"ternary": cases[1:]}))
    assert rows[0].profiles == 2 and rows[0].verdict.passed and rows[0].verdict.max_error < 2e-3
    assert all(row.passed for row in rows)
    alone = rows[1]
    assert alone.profiles == 1 and alone.estimate.diagnostics["holds"] is False
    tracers = METHOD(*(sample(simulate(case)) for case in cases), quantity="tracers", starts=1)
    verdict = compare(tracers, simulate(cases[0]))
    assert verdict.recovers == "tracer_diffusivity" and verdict.passed


def test_a_molar_volume_is_minded():
    """Vegard's rule with volumes 1 : 0.8 : 1.3: the couple swells, and D counts as D (V_0/V_m)^2 on the mole axis."""
    volume = MolarVolume(Mixture(("A", "B", "C")), "vegard", {"A": 7e-6, "B": 5.6e-6, "C": 9.1e-6})
    law = replace(TERNARY.law, molar_volume=volume)
    cases = [simulated(law, ends) for ends in WIDE]
    results = [simulate(case) for case in cases]
    estimate = METHOD(*map(sample, results), starts=1)
    assert compare(estimate, results[0]).max_error < 5e-3
    assert estimate.diagnostics["planes"] == pytest.approx([0.0, 0.0], abs=1e-7)
    without = METHOD(*(replace(sample(result), molar_volume=None) for result in results), starts=1)
    assert compare(without, results[0]).max_error > 0.05


def test_a_wind_left_out_biases_the_tracers():
    """Manning's profiles analysed by Darken: the wind enhances interdiffusion, so that tracers come out too large in
    the mean, by some percent; theory's by -4 to +21 %."""
    profiles = [couple(CANTOR, e) for e in body_diagonals()]
    calm = parametric_fit(
        *(replace(profile, structure="") for profile in profiles), order=0, quantity="tracers", starts=1
    )
    bias = (calm.value / CANTOR.tracers(calm.composition, T) - 1.0).mean(axis=1)
    assert bias.mean() > 0.02 and np.abs(bias).max() > 0.05
    assert calm.diagnostics["law"]["vacancy_wind"] == "none"


def test_missing_thermodynamics_are_taken_as_ideal_and_said():
    profiles = [replace(profile, thermodynamics=None) for profile in couples(TERNARY, WIDE)]
    estimate = parametric_fit(*profiles, starts=1)
    assert any("taken as ideal" in sentence for sentence in estimate.warnings)
    assert relative(estimate, TERNARY).max() > 0.05


def test_a_bootstrap_agrees_with_the_covariance():
    """40 draws know a standard deviation to 11 %; the largest of three may be off by 3 of those."""
    profiles = couples(TERNARY, WIDE, 1e-3, 5)
    drawn = parametric_fit(*profiles, starts=1, bootstrap=40).diagnostics
    linear = parametric_fit(*profiles, starts=1).diagnostics
    for name in "ABC":
        ratio = drawn["reference_sd_of_ln"][name] / linear["reference_sd_of_ln"][name]
        assert 0.6 < ratio < 1.6
    assert drawn["bootstrap"] == 40


@pytest.mark.parametrize(("stated", "told"), [(1e-3, False), (3e-4, True)])
def test_stated_uncertainties_are_taken_at_their_word(stated, told):
    """chi^2 of 400 points with noise 1e-3 is as many as there are degrees of freedom, to 7 %; stated too small, the
    residuals are said to be larger."""
    profiles = []
    for ends, profile in zip(WIDE, couples(TERNARY, WIDE, 1e-3, 3), strict=True):
        known = {side: np.array(ends)[:, k] for k, side in enumerate(("left", "right"))}
        profiles.append(replace(profile, sigma=np.full(profile.fractions.shape, stated), ends=known))
    estimate = parametric_fit(*profiles, starts=1)
    said = estimate.diagnostics
    assert said["degrees_of_freedom"] == 400 - 9 - 2
    assert said["chi_square"] / said["degrees_of_freedom"] == pytest.approx((1e-3 / stated) ** 2, rel=0.25)
    assert any("times as large as the given uncertainties" in text for text in estimate.warnings) == told


def test_ideal_couples_need_no_temperature():
    alloy = replace(TERNARY, thermodynamics={"kind": "ideal"})
    estimate = parametric_fit(*couples(alloy, WIDE, temperature=None), starts=1)
    assert relative(estimate, alloy).max() < 1e-4
    assert estimate.diagnostics["temperature"] is None
    json.dumps(estimate.to_json(), allow_nan=False)


@pytest.mark.slow
def test_intervals_cover_the_truth():
    """95 % intervals of ln D_i* at the reference composition, 120 seeds: 92 to 98 % (two standard deviations of 360
    draws of which three each are correlated are 2.3 to 4 %)."""
    inside = []
    for seed in range(120):
        said = parametric_fit(*couples(TERNARY, TERNARY_ENDS, 1e-3, seed), starts=1).diagnostics
        truth = TERNARY.tracers([list(said["reference_composition"].values())], T)[:, 0]
        for name, value in zip("ABC", truth, strict=True):
            off = np.log(said["reference_tracers"][name] / value)
            inside.append(abs(off) < 1.96 * said["reference_sd_of_ln"][name])
    assert 0.92 <= np.mean(inside) <= 0.98

"""From a law to a profile and back to its coefficient; from a measured profile to a case and back to the profile."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from matrix_couples import TERNARY, TERNARY_ENDS, couples, points

import inverse
from inverse import METHODS, Profile, compare, round_trip, round_trips, write_case
from inverse.compare import mean_coefficient
from inverse.roundtrip import judge, sample, samples, sets_for, simulate, warm_as_the_first
from simulator.faults import Invalid
from simulator.files.case import load
from simulator.files.measured import read_profile
from simulator.files.schema import VerifySection
from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.problem.domain import Domain
from simulator.problem.initial import Film, Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls
from simulator.solve.solve import solve

HOUR = 3600.0
END = 100 * HOUR
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "TiZr_1000C_100h_measured.csv"
# without a molar volume all four are the same formula
OF_A_COUPLE = tuple(METHODS[name] for name in ("boltzmann-matano", "sauer-freise", "wagner", "den-broeder"))
CUNI = Mixture(("Cu", "Ni"), "Cu")


@dataclass(frozen=True)
class Case:
    problem: Problem
    controls: Controls = field(default_factory=Controls)
    verify: VerifySection = field(default_factory=VerifySection)


def couple(D="1e-14*exp(2*x_Ni)", largest=7.4e-14, cells=300, mixture=CUNI, extrapolate=True, **given):
    half = 8.0 * np.sqrt(largest * END)
    problem = Problem(
        mixture,
        Fick(mixture, D=D),
        given.pop("domain", Domain((-half, half), cells)),
        given.pop("initial", Step(0.0, {"Ni": 0.0}, {"Ni": 1.0})),
        end=END,
        save=(END,),
        **given,
    )
    return Case(problem, Controls(extrapolate=extrapolate))


@pytest.fixture(scope="module")
def exponential():
    case = couple()
    return case, solve(case.problem, case.controls)


@pytest.mark.parametrize("method", OF_A_COUPLE, ids=str)
def test_the_coefficient_of_a_simulated_couple_comes_back(method, exponential):
    _, result = exponential
    verdict = compare(method(result.profile("100 h")), result)
    # extrapolated to fourth order on 300 cells; without it 2e-3, the tolerance of the method
    assert verdict.max_error < 1e-4
    assert verdict.passed and verdict.tolerance == method.tolerance
    assert verdict.window == pytest.approx((0.02, 0.98), abs=1e-6)


@pytest.mark.parametrize("method", OF_A_COUPLE, ids=str)
def test_point_values_bring_the_coefficient_nearer_than_cell_averages(method):
    for extrapolate in (False, True):
        case = couple(extrapolate=extrapolate, cells=200)
        result = solve(case.problem, case.controls)
        profile = result.profile()
        averages = replace(profile, fractions=result.mole_fraction[-1])
        point, average = (compare(method(given), result).max_error for given in (profile, averages))
        assert point < average


def test_round_trip_through_a_finer_simulation(exponential):
    case, _ = exponential
    trip = round_trip(METHODS["sauer-freise"], case, "exponential")
    assert trip.passed and trip.verdict.max_error < 1e-4 and trip.estimate is not None
    data = json.loads(json.dumps(trip.to_json()))
    assert data["applies"] and data["passed"] and data["case"] == "exponential"


def test_a_simulation_is_finer_than_what_is_sampled():
    case = couple(cells=100, extrapolate=False)
    result = simulate(case)
    assert result.grid.centres.size == 200
    assert sample(result).x == pytest.approx(result.x[::2], rel=1e-6, abs=0.0)


def test_round_trips_say_where_a_method_does_not_apply():
    ternary = Mixture(("Fe", "Cr", "Ni"), "Fe")
    cases = {
        "couple": couple(cells=100),
        "film": couple("1e-14", 1e-14, cells=100, initial=Film(0.0, 1e-6, {"Ni": 1.0}, {"Ni": 0.0})),
        "ternary": couple(
            "1e-14", 1e-14, 100, ternary, initial=Step(0.0, {"Ni": 0.1, "Cr": 0.2}, {"Ni": 0.3, "Cr": 0.1})
        ),
    }
    methods = [METHODS[name] for name in ("sauer-freise", "thick-film", "tracers")]
    rows = list(round_trips(cases, methods))
    assert [(row.case, row.method) for row in rows] == [(case, str(method)) for case in cases for method in methods]
    assert all(row.passed for row in rows)
    found = {(row.case, row.method): row for row in rows}
    assert found["couple", "sauer-freise"].verdict is not None and found["film", "thick-film"].verdict is not None
    assert "began as a step" in found["film", "sauer-freise"].sentence
    assert "binary couple" in found["ternary", "sauer-freise"].sentence
    assert "film at the start" in found["couple", "thick-film"].sentence
    assert found["film", "sauer-freise"].to_json()["max_error"] is None
    assert found["film", "sauer-freise"].to_json()["verdict"] == "not applied"


def test_an_error_that_a_case_expects_must_be_there(exponential):
    """D of the couple changes e^2-fold: the constant that an error function finds is 1.9 times too large at one end."""
    case, result = exponential
    profile = sample(result)
    for bias, word in ((1.9, "expected"), (0.5, "FAILED"), (20.0, "FAILED")):
        biased = replace(case, verify=VerifySection(expected_bias={"erf-fit": bias}))
        (trip,) = judge(METHODS["erf-fit"], biased, "couple", result, [profile])
        assert trip.word == word and trip.passed == (word == "expected"), trip.verdict
        assert trip.to_json()["expected_bias"] == bias
    # an error that is not there is no pass: den Broeder is right here
    right = replace(case, verify=VerifySection(expected_bias={"den-broeder": 0.05}))
    assert judge(METHODS["den-broeder"], right, "couple", result, [profile])[0].word == "FAILED"


def test_a_method_that_says_its_assumption_fails_is_expected_to_err(exponential):
    case, result = exponential
    (trip,) = judge(METHODS["erf-fit"], case, "couple", result, [sample(result)])
    assert trip.estimate.diagnostics["holds"] is False and not trip.verdict.passed
    assert trip.word == "expected" and trip.passed
    silent = replace(trip, estimate=replace(trip.estimate, diagnostics={"holds": True}))
    assert silent.word == "FAILED" and not silent.passed


def test_methods_that_follow_no_part_of_a_profile_say_so():
    """D rises a thousandfold: one line and one polynomial in probit space miss the profile altogether."""
    case = load(Path(__file__).resolve().parents[1] / "cases" / "binary-steep.toml")
    result = simulate(case)
    for name in ("erf-fit", "grube", "extended-hall"):
        (trip,) = judge(METHODS[name], case, "steep", result, samples(case, result)[-1:])
        assert trip.verdict.max_error > 0.5 and trip.word == "expected"
        assert any("sauer-freise" in sentence for sentence in trip.estimate.warnings)


def test_a_profile_of_a_temperature_history_has_no_one_temperature():
    history = Temperature(schedule=[(0.0, 1000.0), (END, 1400.0)])
    case = couple("1e-17*T", 1.4e-14, 100, temperature=history)
    trip = round_trip(METHODS["arrhenius"], case, "history", [case])
    assert trip.passed and trip.verdict is None and "changed in time" in trip.sentence


def test_the_tolerance_of_a_case_takes_the_place_of_the_methods(exponential):
    case, result = exponential
    for tolerance, word in (({"sauer-freise": 1e-7}, "FAILED"), ({"wagner": 1e-7}, "passed"), (1e-7, "FAILED")):
        strict = replace(case, verify=VerifySection(tolerance=tolerance))
        assert judge(METHODS["sauer-freise"], strict, "couple", result, [sample(result)])[0].word == word


def test_what_a_method_for_several_profiles_is_given():
    own, others = ["1 h", "10 h", "100 h"], ["another"]

    def sets(name, own=own, others=()):
        return list(sets_for(METHODS[name], own, others))

    assert sets("wagner") == sets("wagner", others=others) == [("100 h",)]
    assert sets("forward-fit", others=others) == [("100 h", "another"), ("100 h",), ("10 h", "100 h")]
    assert sets("tracer-profile") == [("100 h",), ("10 h", "100 h")]
    assert sets("arrhenius") == [] and sets("arrhenius", others=others) == [("100 h", "another")]
    # one anneal ends once
    assert sets("chronometry", others=others) == [("100 h",)]


def test_couples_of_another_temperature_are_left_to_methods_that_take_them():
    warm, cool = (Profile(np.zeros(0), ("A",), np.zeros((1, 0)), temperature=T) for T in (1373.15, 1273.15))
    unknown = replace(warm, temperature=None)
    assert warm_as_the_first((warm, cool, warm, unknown)) == (warm, warm)
    assert warm_as_the_first((unknown, cool)) == (unknown, cool)


def test_a_second_time_adds_nothing_to_couples_of_several_components():
    profile = Profile(np.zeros(0), ("A", "B", "C"), np.zeros((3, 0)))
    counts = [len(given) for given in sets_for(METHODS["exact-fit"], [profile, profile], [profile, profile])]
    assert counts == [3, 1]
    assert [len(given) for given in sets_for(METHODS["exact-fit"], [profile, profile], ())] == [1, 2]


def test_one_profile_and_two_times_are_two_rows(exponential):
    case, _ = exponential
    result = solve(replace(case.problem, save=(0.25 * END, END)), case.controls)
    own = samples(case, result)
    assert [profile.time for profile in own] == [0.25 * END, END]
    rows = judge(METHODS["forward-fit"], case, "couple", result, own)
    assert [row.profiles for row in rows] == [1, 2] and all(row.passed for row in rows)
    # where the first is out of tolerance there is no second
    assert [row.profiles for row in judge(METHODS["tracer-profile"], case, "couple", result, own)] == [1]


def test_couples_of_two_temperatures_give_the_activation_energy():
    law = "1e-5*exp(-(200e3 - 10e3*x_Ni)/(R*T))"
    cold, hot = (
        couple(law, largest, 150, temperature=Temperature(T)) for T, largest in ((1200.0, 6e-14), (1300.0, 3e-13))
    )
    trip = round_trip(METHODS["arrhenius"], hot, "hot", [cold])
    assert trip.profiles == 2 and trip.passed and trip.verdict.max_error < 1e-4
    assert trip.verdict.truth == pytest.approx(200e3 - 10e3 * trip.estimate.composition, rel=1e-9)
    alone = round_trip(METHODS["arrhenius"], hot, "hot")
    assert alone.verdict is None and alone.passed and "2 to 20 profiles" in alone.sentence


def test_a_wrong_coefficient_is_out_of_tolerance(exponential):
    _, result = exponential
    estimate = METHODS["sauer-freise"](result.profile())
    verdict = compare(replace(estimate, value=1.01 * estimate.value), result)
    assert not verdict.passed
    assert verdict.max_error == pytest.approx(0.01, rel=0.05)
    assert "OUT OF" in str(verdict)
    data = estimate.to_json(verdict)
    assert len(data["truth"]) == len(data["error"]) == len(data["value"])


def test_the_dependent_component_is_compared_at_its_own_fractions(exponential):
    _, result = exponential
    verdict = compare(METHODS["sauer-freise"](result.profile(), component="Cu"), result)
    assert verdict.max_error < 1e-4


def test_a_matrix_is_not_compared_with_one_number(exponential):
    ternary = Mixture(("Fe", "Cr", "Ni"), "Fe")
    case = couple("1e-14", 1e-14, 100, ternary, initial=Step(0.0, {"Ni": 0.1, "Cr": 0.2}, {"Ni": 0.3, "Cr": 0.1}))
    result = solve(case.problem, case.controls)
    estimate = METHODS["sauer-freise"](result.profile(), component="Ni")
    with pytest.raises(Invalid, match="has a matrix"):
        compare(estimate, result)


def test_truth_of_a_temperature_history_is_the_mean_over_time():
    # D = D0 T with T rising linearly from 1000 K to 1400 K: the mean is D0 1200 K, and the profile shows just that
    history = Temperature(schedule=[(0.0, 1000.0), (END, 1400.0)])
    case = couple("1e-17*T", 1.4e-14, temperature=history)
    result = solve(case.problem, case.controls)
    truth = mean_coefficient(result, "interdiffusivity", np.array([[0.2, 0.7]]))
    assert truth == pytest.approx(1.2e-14, rel=1e-9, abs=0.0)
    assert compare(METHODS["sauer-freise"](result.profile()), result).max_error < 1e-4


def test_truth_of_an_earlier_profile_is_the_mean_up_to_its_time():
    # D = D0 (1 + t/END): D0 (1 + t/(2 END)) on the average up to t
    case = couple(f"1e-14*(1 + t/{END})", 2e-14)
    result = solve(replace(case.problem, save=(0.5 * END, END)), case.controls)
    for time, factor in ((0.5 * END, 1.25), (END, 1.5)):
        verdict = compare(METHODS["sauer-freise"](result.profile(time)), result)
        assert verdict.truth == pytest.approx(factor * 1e-14, rel=1e-12, abs=0.0)
        assert verdict.max_error < 1e-4


def test_a_method_that_breaks_down_on_what_it_takes_has_failed(exponential):
    def breaks(profile, window):
        raise Invalid.at("profile", "nothing was found.")

    case, _ = exponential
    trip = round_trip(replace(METHODS["sauer-freise"], analyse=breaks), case)
    assert not trip.passed and trip.verdict is None and trip.sentence == "nothing was found."
    assert trip.to_json()["passed"] is False


@pytest.mark.parametrize("left", [0.0, 0.9])
def test_a_written_case_simulates_the_profile_it_came_from(tmp_path, left):
    case = couple(initial=Step(0.0, {"Ni": left}, {"Ni": 1.0 - left}))
    profile = solve(case.problem, case.controls).profile()
    path, _ = write_case(METHODS["boltzmann-matano"](profile), profile, tmp_path / "again.toml")
    again = load(path)
    assert set(again.problem.mixture.components) == {"Cu", "Ni"} and again.problem.end == END
    result = solve(again.problem, again.controls)
    miss = np.interp(profile.x, result.x, result.profile().fraction("Ni")) - profile.fraction("Ni")
    # the coefficient is constant in the outer 2 % of the composition, where the truth varies by 4 %
    assert np.sqrt(np.mean(miss**2)) < 2e-4


def test_names_and_quotes_of_a_source_do_not_spoil_a_case(tmp_path, exponential):
    _, result = exponential
    profile = replace(result.profile(), source='a "quoted"\\path\n.csv', temperature=1273.15)
    path, table = write_case(METHODS["sauer-freise"](profile), profile, tmp_path / "probe 2.toml")
    assert load(path).problem.temperature(0.0) == pytest.approx(1273.15)
    assert table.parent == path.parent


def test_a_case_carries_the_molar_volume_along(tmp_path):
    """The sample swells: the step is at the contact plane, and the right end where it was before."""
    volume = MolarVolume(CUNI, "expression", {"V_m": "7e-6*(1 - 0.3*x_Ni + 0.1*x_Ni*x_Cu)"})
    base = couple(cells=200)
    law = Fick(CUNI, D="1e-14*exp(2*x_Ni)")
    problem = replace(base.problem, law=law, molar_volume=volume)
    profile = solve(problem, base.controls).profile()
    path, _ = write_case(METHODS["wagner"](profile), profile, tmp_path / "again.toml")
    again = load(path)
    assert again.problem.swells and again.problem.initial.at == pytest.approx(0.0, abs=1e-9)
    result = solve(again.problem, again.controls)
    found = result.profile()
    miss = np.interp(profile.x, found.x, found.fraction("Ni")) - profile.fraction("Ni")
    assert np.sqrt(np.mean(miss**2)) < 2e-4


def test_a_case_is_written_for_step_couples_only(tmp_path, exponential):
    _, result = exponential
    estimate = METHODS["sauer-freise"](result.profile())
    film = replace(result.profile(), start={"shape": "film", "at": 0.0, "thickness": 1e-6})
    with pytest.raises(Invalid, match="began as a step"):
        write_case(estimate, film, tmp_path / "no.toml")
    with pytest.raises(Invalid, match="gives time"):
        write_case(replace(estimate, recovers="time"), result.profile(), tmp_path / "no.toml")
    with pytest.raises(Invalid, match="one phase"):
        split = replace(estimate, diagnostics={**estimate.diagnostics, "interfaces": [0.0]})
        write_case(split, result.profile(), tmp_path / "no.toml")
    assert not list(tmp_path.iterdir())


def test_a_case_is_not_written_from_a_diffusivity_that_is_not_positive(tmp_path, exponential):
    _, result = exponential
    profile = result.profile()
    estimate = METHODS["sauer-freise"](profile)
    with pytest.raises(Invalid, match="not positive"):
        write_case(replace(estimate, value=-estimate.value), profile, tmp_path / "no.toml")
    assert not list(tmp_path.iterdir())


def test_a_case_with_a_matrix_simulates_the_couple_it_came_from(tmp_path):
    profiles = couples(TERNARY, TERNARY_ENDS, points(201, 10.0))
    estimate = METHODS["square-root"](*profiles)
    path, table = write_case(estimate, profiles[0], tmp_path / "again.toml")
    again = load(path)
    assert table is None and not list(tmp_path.glob("*.csv"))
    assert again.problem.mixture.independent == ("A", "B") and again.problem.mixture.dependent == "C"
    result = solve(again.problem, again.controls)
    for name, row in zip(("A", "B"), profiles[0].fractions, strict=True):
        miss = np.interp(profiles[0].x, result.x, result.profile().fraction(name)) - row
        # the matrix is exact to 1e-8; what remains is the grid of 600 cells
        assert np.abs(miss).max() < 1e-5


def test_a_case_is_refused_for_matrices_that_no_couple_can_have(tmp_path):
    profiles = couples(TERNARY, TERNARY_ENDS, points(201, 10.0))
    estimate, first = METHODS["square-root"](*profiles), profiles[0]
    two = replace(estimate, value=np.tile(estimate.value, (2, 1, 1)), composition=np.tile(estimate.composition, (2, 1)))
    for changed, profile, words in (
        (two, first, "one matrix, square-root found 2"),
        (replace(estimate, value=-estimate.value), first, "an eigenvalue that is not positive"),
        (replace(estimate, value=np.full((1, 2, 2), np.nan)), first, "an eigenvalue that is not positive"),
        (estimate, replace(first, start={"shape": "film"}), "began as a step"),
        (estimate, replace(first, molar_volume={"kind": "vegard", "A": 1e-5}), "constant molar volume only"),
        (replace(estimate, rows=("A",), value=estimate.value[:, :1, :1]), first, "says nothing of B"),
    ):
        with pytest.raises(Invalid, match=words):
            write_case(changed, profile, tmp_path / "no.toml")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not SHARED.exists(), reason="the measured Ti-Zr profile is not beside this checkout")
def test_the_measured_titanium_zirconium_profile_is_reproduced(tmp_path):
    with pytest.raises(Invalid, match="needs flat ends"):
        METHODS["sauer-freise"](read_profile(SHARED, x_column="dis [um]", time="100 h"))
    profile = read_profile(SHARED, x_column="dis [um]", ends=(0, 1), time="100 h")
    estimate = METHODS["sauer-freise"](profile)
    assert any("end" in warning for warning in estimate.warnings)
    assert estimate.sd is not None and estimate.window == pytest.approx((0.02, 0.98))
    # analysis of the same profile by repeated simulation, Chen, Zhang & Zhao (2019), J. Open Research Software 7, 13:
    # two ways of smoothing the same noise agree within some per cent
    published = np.array([4.92e-13, 3.45e-13, 1.04e-13])
    assert estimate.at(np.array([0.0200001, 0.5, 0.9799999])) == pytest.approx(published, rel=0.1, abs=0.0)
    path, _ = write_case(estimate, profile, tmp_path / "tizr.toml")
    case = load(path)
    result = solve(case.problem, case.controls)
    miss = np.interp(profile.x, result.x, result.profile().fraction("X")) - profile.fraction("X")
    assert np.sqrt(np.mean(miss**2)) < 1e-3


def test_everything_a_person_needs_is_at_the_top():
    assert set(inverse.__all__) >= {"METHODS", "Profile", "Estimate", "compare", "round_trips", "write_case"}

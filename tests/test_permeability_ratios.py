"""Permeability ratios from reversal potentials: Goldman's equation the other way round, any charges."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from inverse import METHODS, Profile, compare
from inverse.ions.membrane import bernoulli, bernoulli_slope
from simulator.faults import Invalid
from simulator.files.experiment import read_experiment
from simulator.laws.charge import thermal_voltage
from simulator.laws.electrolyte import Electrolyte
from simulator.laws.nernst_planck import NernstPlanck
from simulator.problem.boundary import Boundary, Fixed
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls
from simulator.solve.profile import Reversal
from simulator.solve.solve import solve

METHOD = METHODS["permeability-ratios"]
T = 310.15
CHARGES = {"K": 1, "Na": 1, "Cl": -1, "Ca": 2}
P = {"K": 1.0, "Na": 0.04, "Cl": 0.45, "Ca": 0.3}
ROUNDING = 1e-12
EXPERIMENT = """
[experiment]
charges = { K = 1, Na = 1, Cl = -1 }
temperature = "37 degC"
reversal_potentials = [
  { V = "-67.9 mV", inside = { K = 140, Na = 10, Cl = 10 }, outside = { K = 5, Na = 145, Cl = 110 }, sigma = "0.5 mV" },
  { V = -0.03, inside = { K = "0.14 mol/L", Na = 10, Cl = 60 }, outside = { K = 5, Na = 145, Cl = 110 }, sigma = 5e-4 },
]
"""


def goldman(inside, outside, names=("K", "Na", "Cl")) -> float:
    """V of univalent ions in closed form."""
    top = sum(P[name] * (outside if CHARGES[name] > 0 else inside)[name] for name in names)
    below = sum(P[name] * (inside if CHARGES[name] > 0 else outside)[name] for name in names)
    return thermal_voltage(T) * np.log(top / below)


def zero_of_the_current(inside, outside, names) -> float:
    """V by root search on the current of the constant field, in its textbook form."""

    def current(V):
        total = 0.0
        for name in names:
            u = CHARGES[name] * V / thermal_voltage(T)
            total += P[name] * CHARGES[name] * u * (inside[name] - outside[name] * np.exp(-u)) / (1.0 - np.exp(-u))
        return total

    return brentq(current, -0.3001, 0.3, xtol=1e-17, rtol=1e-15)


def membrane(entries, names, **given) -> Profile:
    charges = {name: CHARGES[name] for name in names}
    points = np.zeros((len(names), 0))
    settings = {"temperature": T, "charges": charges, "quantity": "concentration", "reversals": tuple(entries)}
    return Profile(np.zeros(0), tuple(names), points, **{**settings, **given})


def solutions(count, names, potential=goldman, noise=0.0, sigma=None, seed=0):
    rng, found = np.random.default_rng(seed), []
    for _ in range(count):
        inside, outside = (dict(zip(names, 10.0 ** rng.uniform(0.0, 2.5, len(names)), strict=True)) for _ in range(2))
        V = potential(inside, outside, names) + noise * rng.standard_normal()
        found.append(Reversal(V, inside, outside, sigma))
    return found


@pytest.mark.parametrize("count", [2, 4, 12])
def test_univalent_ions_come_back_to_rounding(count):
    names = ("K", "Na", "Cl")
    estimate = METHOD(membrane(solutions(count, names), names))
    assert estimate.rows == ("Na", "Cl") and estimate.component == "K" and estimate.recovers == "permeability_ratio"
    assert estimate.value[:, 0] == pytest.approx([P["Na"], P["Cl"]], rel=ROUNDING, abs=0.0)


@pytest.mark.parametrize("seed", range(5))
def test_mixed_valences_come_back_to_rounding(seed):
    """No logarithm holds for them: the potentials are the zeros of the total current, by root search."""
    names = ("K", "Na", "Cl", "Ca")
    estimate = METHOD(membrane(solutions(5, names, zero_of_the_current, seed=seed), names))
    # the root search itself ends at some 1e-15 V of 25 mV
    assert estimate.value[:, 0] == pytest.approx([P[name] for name in names[1:]], rel=100 * ROUNDING, abs=0.0)


@pytest.mark.parametrize("V", [-0.06, -1e-7, 0.0, 1e-5, 0.03])
def test_biionic_sodium_and_calcium(V):
    """P_Ca/P_Na = Na_i e^v (1 + e^v)/(4 Ca_o) with Na inside and Ca outside alone, at V = 0 as well."""
    v = V / thermal_voltage(T)
    entry = Reversal(V, {"Na": 120.0}, {"Ca": 30.0})
    estimate = METHOD(membrane([entry], ("Na", "Ca")))
    expected = 120.0 * np.exp(v) * (1.0 + np.exp(v)) / (4.0 * 30.0)
    assert estimate.value[0, 0] == pytest.approx(expected, rel=ROUNDING, abs=0.0)


def test_reference_may_be_any_ion():
    names = ("K", "Na", "Cl")
    profile = membrane(solutions(4, names), names)
    estimate = METHOD(profile, reference="Cl")
    assert estimate.rows == ("K", "Na")
    assert estimate.value[:, 0] == pytest.approx([1.0 / P["Cl"], P["Na"] / P["Cl"]], rel=ROUNDING, abs=0.0)
    with pytest.raises(Invalid, match="is not one of"):
        METHOD(profile, reference="Mg")


def test_solutions_of_several_files_go_together():
    names = ("K", "Na", "Cl")
    parts = [membrane([entry], names) for entry in solutions(3, names)]
    estimate = METHOD(*parts)
    assert estimate.value[:, 0] == pytest.approx([P["Na"], P["Cl"]], rel=ROUNDING, abs=0.0)


def test_half_a_millivolt_is_a_few_percent_and_the_deviations_hold():
    """The spread over 200 draws is that of the standard deviations, to the 5 % that 200 draws can tell."""
    names, sigma = ("K", "Na", "Cl"), 5e-4
    clean = solutions(4, names, seed=1)
    rng, found = np.random.default_rng(0), []
    for _ in range(200):
        noisy = [replace(one, voltage=one.voltage + sigma * rng.standard_normal(), sigma=sigma) for one in clean]
        estimate = METHOD(membrane(noisy, names))
        found.append(estimate.value[:, 0])
    spread, mean_sd = np.std(found, axis=0), estimate.sd[:, 0]
    assert spread == pytest.approx(mean_sd, rel=0.2)
    assert (spread / np.mean(found, axis=0) < 0.1).all() and (spread / np.mean(found, axis=0) > 5e-3).all()


def test_deviations_from_what_is_left_over():
    """Without uncertainties they come from the residuals of more solutions than ratios, and of none otherwise."""
    names = ("K", "Na", "Cl")
    many = METHOD(membrane(solutions(60, names, noise=5e-4), names))
    given = METHOD(membrane(solutions(60, names, noise=5e-4, sigma=5e-4), names))
    assert many.sd[:, 0] == pytest.approx(given.sd[:, 0], rel=0.4)  # 58 residuals tell it to 10 %
    assert many.diagnostics["residual_rms"] == pytest.approx(5e-4, rel=0.4)
    assert METHOD(membrane(solutions(2, names), names)).sd is None


def test_bernoulli_and_its_slope():
    s = np.array([-700.0, -3.0, -1e-3, -1e-9, 0.0, 1e-9, 5e-3, 2e-2, 3.0, 700.0])
    h = 1e-6 * np.maximum(np.abs(s), 1.0)
    assert bernoulli(s) - bernoulli(-s) == pytest.approx(-s, rel=1e-13, abs=1e-15)
    steps = (bernoulli(s + h) - bernoulli(s - h)) / (2.0 * h)
    assert bernoulli_slope(s) == pytest.approx(steps, abs=1e-8)


def test_too_few_solutions_are_refused():
    names = ("K", "Na", "Cl")
    sentence = METHOD.applies(membrane(solutions(1, names), names))
    assert "2 unknown ratios, but 1 solution" in sentence
    with pytest.raises(Invalid, match="2 unknown ratios"):
        METHOD(membrane(solutions(1, names), names))


def test_solutions_that_say_the_same_are_refused():
    names = ("K", "Na", "Cl")
    with pytest.raises(Invalid, match="do not tell the permeabilities"):
        METHOD(membrane(solutions(1, names) * 3, names))
    absent = [replace(one, inside={"K": 9.0, "Na": 1.0}, outside={"K": 1.0}) for one in solutions(2, names)]
    with pytest.raises(Invalid, match="Cl carries no current"):
        METHOD(membrane(absent, names))


def test_what_is_missing_has_a_sentence():
    names = ("K", "Na", "Cl")
    profile = membrane(solutions(3, names), names)
    assert "reversal_potentials = [" in METHOD.applies(replace(profile, reversals=()))
    assert "needs the charge of K, Na, Cl" in METHOD.applies(replace(profile, charges=None))
    assert "temperature" in METHOD.applies(replace(profile, temperature=None))
    assert "mole fractions" in METHOD.applies(replace(profile, quantity="mole_fraction"))


def test_a_ratio_below_zero_has_a_warning():
    names = ("K", "Na")
    entry = Reversal(-0.12, {"K": 140.0, "Na": 10.0}, {"K": 5.0, "Na": 145.0})
    estimate = METHOD(membrane([entry], names))
    assert estimate.value[0, 0] < 0.0 and "do not tell it from 0" in estimate.warnings[0]


def test_an_experiment_of_potentials_alone(tmp_path):
    path = tmp_path / "neuron.toml"
    path.write_text(EXPERIMENT)
    profile = read_experiment(path)
    assert profile.x.size == 0 and profile.components == ("K", "Na", "Cl") and profile.temperature == 310.15
    assert profile.reversals[1].inside["K"] == pytest.approx(140.0) and profile.reversals[1].voltage == -0.03
    estimate = METHOD(profile)
    assert (estimate.value > 0.0).all() and estimate.sd is not None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("charges = { K = 1, Na = 1, Cl = -1 }\n", "", "need the charges of their ions"),
        ("charges = { K = 1, Na = 1, Cl = -1 }", "charges = { K = 1, Na = 1 }", "has no charge"),
        ('V = "-67.9 mV"', 'V = "-67.9 mm"', "voltage"),
        ("inside = { K = 140", "inside = { K = -140", "not be below zero"),
        ("outside = { K = 5, Na = 145, Cl = 110 }, sigma = 5e-4", "sigma = 5e-4", "outside"),
    ],
    ids=["no charges", "an ion without", "a length", "negative", "one side"],
)
def test_bad_experiments_have_sentences(tmp_path, old, new, words):
    path = tmp_path / "bad.toml"
    path.write_text(EXPERIMENT.replace(old, new, 1))
    with pytest.raises(Invalid) as caught:
        read_experiment(path)
    assert words in str(caught.value) and "bad.toml:" in str(caught.value)


def test_membranes_that_the_engine_makes_give_their_own_ratios():
    """Scharfetter-Gummel's flux is Goldman's on any grid: the zeros of the simulated current return D_i/D_K."""
    names, D = ("K", "Na", "Cl"), (1.957e-9, 1.334e-9, 2.032e-9)
    mixture = Electrolyte(names, charges={name: CHARGES[name] for name in names})
    ions = {name: {"z": CHARGES[name], "D": value} for name, value in zip(names, D, strict=True)}

    def result(inside, outside, V):
        law = NernstPlanck(mixture, ions=ions, closure="constant-field", voltage=V)
        ends = Boundary(Fixed(outside), Fixed(inside))
        start = Step(0.5e-8, outside, inside)
        return solve(Problem(mixture, law, Domain((0.0, 1e-8), 4), start, ends, Temperature(T)), Controls())

    entries = []
    for inside, outside in (
        ({"K": 140.0, "Na": 10.0, "Cl": 10.0}, {"K": 5.0, "Na": 145.0, "Cl": 110.0}),
        ({"K": 20.0, "Na": 100.0, "Cl": 80.0}, {"K": 100.0, "Na": 10.0, "Cl": 90.0}),
    ):
        V = brentq(lambda V, a=inside, b=outside: float(result(a, b, V).field("current")[-1]), -0.2, 0.21, xtol=1e-14)
        entries.append(Reversal(V, inside, outside))
    verdict = compare(METHOD(membrane(entries, names)), result(inside, outside, 0.0))
    assert verdict.passed and verdict.max_error < 1e-9

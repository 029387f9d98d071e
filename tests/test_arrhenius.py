"""Activation energies from profiles of several temperatures."""

import json
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy.special import erfc

from inverse import Profile
from inverse.estimate import Estimate
from inverse.methods.arrhenius import METHOD, activation_energy, arrhenius, arrhenius_of
from simulator.faults import Invalid
from simulator.laws.expression import CONSTANTS
from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls
from simulator.solve.profile import profile_of
from simulator.solve.solve import solve

R = CONSTANTS["R"]
HOUR = 3600.0
D0, Q = 6e-5, 250e3
TEMPERATURES = (1173.0, 1273.0, 1373.0)
LAW = "6e-5*exp(-(250000 - 20000*x_Ni)/(R*T))*exp(1.5*x_Ni)"


def energy(X):
    return 250e3 - 20e3 * X


def factor(X):
    return 6e-5 * np.exp(1.5 * X)


def constant(T, points=201, noise=0.0, seed=0, D=None, **given):
    """An error function, 9 lengths to each side."""
    D = D0 * np.exp(-Q / (R * T)) if D is None else D
    time = 1e-10 / D
    x = np.linspace(-9e-5, 9e-5, points)
    y = 0.5 * erfc(-x / np.sqrt(4 * D * time)) + noise * np.random.default_rng(seed).standard_normal(points)
    return Profile(x, ("Ni",), y, time=time, temperature=T, ends={"left": [0.0], "right": [1.0]}, **given)


@lru_cache
def simulated(T):
    """A couple at T, annealed for as long as makes its zone as wide as the others'."""
    mixture = Mixture(("Cu", "Ni"), "Cu")
    law = Fick(mixture, D=LAW)
    largest = float(law.coefficient("interdiffusivity", np.array([[1.0]]), T)[0])
    time = 4e-8 / largest
    problem = Problem(
        mixture,
        law,
        Domain((-1.8e-3, 1.8e-3), 400),
        Step(0.0, {"Ni": 0.0}, {"Ni": 1.0}),
        temperature=Temperature(value=T),
        end=time,
        save=(time,),
    )
    return profile_of(solve(problem, Controls(extrapolate=True, rtol=1e-8)))


def test_it_says_what_it_is():
    assert METHOD.recovers == "activation_energy" and METHOD.unit == "J/mol"
    assert METHOD.source in arrhenius.__doc__.replace("\n", " ")
    assert METHOD.counts == (2, 20)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_straight_lines_come_back(count):
    """Exact logarithms of two compositions: rounding of the sums only."""
    T = np.linspace(1000.0, 1400.0, count)
    energies, factors = np.array([250e3, 180e3]), np.array([-9.7, -12.0])
    y = factors - energies / (R * T[:, None])
    for weights in (None, np.linspace(0.01, 0.05, 2 * count).reshape(count, 2)):
        found, logarithm, covariance, chi_square = activation_energy(T, y, weights)
        assert found == pytest.approx(energies, rel=1e-11)
        assert logarithm == pytest.approx(factors, rel=1e-10)
        assert chi_square == pytest.approx(0.0, abs=1e-15)
        assert covariance.shape == (2, 2, 2)
        assert np.isnan(covariance).all() == (count == 2 and weights is None)


def test_covariance_is_that_of_repeated_measurements():
    rng = np.random.default_rng(3)
    T, s = np.array([1100.0, 1200.0, 1250.0, 1400.0]), np.array([0.02, 0.01, 0.03, 0.02])[:, None]
    y = -9.7 - 250e3 / (R * T[:, None]) + s * rng.standard_normal((4, 20000))
    found, logarithm, covariance, chi_square = activation_energy(T, y, np.broadcast_to(s, y.shape))
    measured = np.cov(np.stack([logarithm, found]))
    # 20000 repeats: variances to 1 %; ln D0 and Q are correlated to 0.999, as is known
    assert covariance[0] == pytest.approx(measured, rel=0.05)
    assert covariance[0, 0, 1] / np.sqrt(covariance[0, 0, 0] * covariance[0, 1, 1]) > 0.99
    assert chi_square.mean() == pytest.approx(2.0, rel=0.05)


def test_error_functions_at_two_temperatures():
    estimate = METHOD(constant(1173.0), constant(1373.0))
    # an error function is a straight line for the base method: 1e-6 in D, divided by Q/R (1/T1 - 1/T2) = 3.7
    assert estimate.value == pytest.approx(Q, rel=1e-6)
    assert np.array(estimate.diagnostics["D0"]) == pytest.approx(D0, rel=1e-4, abs=0.0)
    assert estimate.sd is None and estimate.diagnostics["covariance"] is None
    assert estimate.diagnostics["base"] == "sauer-freise"
    assert estimate.diagnostics["chi_square"] is None


def test_three_simulated_temperatures():
    estimate = METHOD(*(simulated(T) for T in TEMPERATURES))
    X = estimate.composition
    assert estimate.window == pytest.approx((0.02, 0.98), abs=1e-3)
    # Q = R ln(D1/D2) / (1/T2 - 1/T1): 0.1 % of it is 4e-3 in D, and the base method is right to 2e-3 and better
    assert np.abs(estimate.value / energy(X) - 1.0).max() < 1e-3
    assert np.array(estimate.diagnostics["ln_D0"]) == pytest.approx(np.log(factor(X)), abs=0.02)
    assert estimate.diagnostics["degrees_of_freedom"] == 1


@pytest.mark.parametrize("base", ["forward-fit", "boltzmann-matano", "erf-fit"])
def test_any_method_of_a_diffusivity_can_be_the_base(base):
    estimate = arrhenius(*(constant(T) for T in TEMPERATURES), base=base)
    assert estimate.diagnostics["base"] == base
    assert estimate.value == pytest.approx(Q, rel=1e-5)


def test_intervals_of_95_percent_cover_the_truth():
    """Profiles with noise at three temperatures, D constant: intervals of Q over compositions and draws."""
    inside = []
    for seed in range(6):
        profiles = [constant(T, 121, 3e-3, 100 * seed + k) for k, T in enumerate(TEMPERATURES)]
        estimate = METHOD(*profiles)
        part = (estimate.composition > 0.1) & (estimate.composition < 0.9)
        inside.append(np.abs(estimate.value - Q)[part] < 1.96 * estimate.sd[part])
        assert estimate.diagnostics["chi_square"] is not None
    # neighbouring compositions are correlated: 6 draws leave some scatter about 95 %
    assert 0.85 <= np.mean(inside) <= 1.0


def test_a_line_that_bends_is_reported():
    profiles = [constant(T, 121, 1e-3, k) for k, T in enumerate(TEMPERATURES)]
    wrong = replace(profiles[1], time=3.0 * profiles[1].time)
    assert any("no straight line" in sentence for sentence in METHOD(profiles[0], wrong, profiles[2]).warnings)
    assert not any("no straight line" in sentence for sentence in METHOD(*profiles).warnings)


def test_from_estimates_of_any_method():
    X = np.linspace(0.1, 0.9, 9)
    estimates = [
        Estimate("mine", "tracer_diffusivity", "m^2/s", "Ni", X, factor(X) * np.exp(-energy(X) / (R * T)), None, (a, b))
        for T, (a, b) in zip(TEMPERATURES, [(0.1, 0.8), (0.2, 0.9), (0.1, 0.9)], strict=True)
    ]
    estimate = arrhenius_of(estimates, TEMPERATURES)
    assert estimate.window == pytest.approx((0.2, 0.8))
    assert estimate.value == pytest.approx(energy(estimate.composition), rel=1e-6)
    with pytest.raises(Invalid, match="takes diffusivities"):
        arrhenius_of([replace(entry, recovers="time") for entry in estimates], TEMPERATURES)
    apart = [replace(estimates[0], window=(0.1, 0.2)), replace(estimates[1], window=(0.5, 0.6))]
    with pytest.raises(Invalid, match="no composition that all"):
        arrhenius_of(apart, TEMPERATURES[:2])


def test_profiles_without_temperatures_are_named():
    good = [constant(T, source=f"couple-{T:.0f}.csv") for T in TEMPERATURES]
    nameless = [good[0], replace(good[1], temperature=None), replace(good[2], temperature=None)]
    with pytest.raises(Invalid, match=r"couple-1273.csv, couple-1373.csv have none"):
        METHOD(*nameless)
    assert "couple-1273.csv has none" in METHOD.applies(*nameless)
    with pytest.raises(Invalid, match="profile 2 has none"):
        METHOD(good[0], replace(good[1], temperature=None, source=""))
    with pytest.raises(Invalid, match="two temperatures or more"):
        METHOD(good[0], good[0])
    assert "2 to 20 profiles" in METHOD.applies(good[0])
    with pytest.raises(Invalid, match="fits one component"):
        METHOD(good[0], replace(good[1], components=("Cu",), component="Cu"))


def test_json_holds_plain_numbers():
    for count in (2, 3):
        estimate = METHOD(*(constant(T, 121, 2e-3, k) for k, T in enumerate(TEMPERATURES[:count])))
        data = json.loads(json.dumps(estimate.to_json(), allow_nan=False))
        assert data["unit"] == "J/mol" and len(data["value"]) == len(data["diagnostics"]["D0"])
        assert np.shape(data["diagnostics"]["covariance"]) == (len(data["value"]), 2, 2)

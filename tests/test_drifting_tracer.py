"""Diffusivity and mobility from pulses in a constant field, exact and simulated."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from inverse import METHODS, Profile, compare, profile_of
from simulator.faults import Invalid
from simulator.laws.charge import thermal_voltage
from simulator.laws.electrolyte import Electrolyte
from simulator.laws.nernst_planck import NernstPlanck
from simulator.problem.boundary import Boundary
from simulator.problem.domain import Domain
from simulator.problem.initial import Expression, Film
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls
from simulator.solve.solve import solve

METHOD = METHODS["drifting-tracer"]
T = 298.15
D = {"Na": 1.334e-9, "Ca": 0.792e-9, "Cl": 2.032e-9}
Z = {"Na": 1, "Ca": 2, "Cl": -1}
LENGTH = 10e-3


def gaussian(ion="Na", time=60.0, volts=-1.0, start=(-1e-3, 2e-8), **given) -> Profile:
    """c of a Gaussian pulse with centroid and variance as they must be."""
    mobility = Z[ion] * D[ion] / thermal_voltage(T)
    middle, variance = start[0] - mobility * volts / LENGTH * time, start[1] + 2.0 * D[ion] * time
    x = np.linspace(-0.5 * LENGTH, 0.5 * LENGTH, 401)
    c = 10.0 * np.exp(-0.5 * (x - middle) ** 2 / variance)
    settings = {"temperature": T, "charges": {ion: Z[ion]}, "quantity": "concentration", "potential": volts}
    return Profile(x, (ion,), c, time, **{**settings, **given})


@lru_cache
def simulated(ion="Na", volts=-1.0, shape="film"):
    mixture = Electrolyte((ion,), charges={ion: Z[ion]})
    law = NernstPlanck(mixture, ions={ion: {"z": Z[ion], "D": D[ion]}}, closure="constant-field", voltage=volts)
    at = -1e-3 if Z[ion] * volts < 0.0 else 1e-3
    film = Film(at - 2e-4, 4e-4, {ion: 10.0}, {ion: 0.0})
    initial = film if shape == "film" else Expression({ion: f"10*exp(-((x - ({at}))/2e-4)**2)"})
    domain = Domain((-0.5 * LENGTH, 0.5 * LENGTH), 800, grading="uniform")
    return solve(
        Problem(mixture, law, domain, initial, Boundary(), Temperature(T), end=60.0, save=(30.0, 60.0)), Controls()
    )


@pytest.mark.parametrize("ion", list(D))
def test_exact_pulses_give_everything_to_rounding(ion):
    estimate = METHOD(gaussian(ion, 20.0), gaussian(ion, 60.0))
    assert estimate.value[0, 0] == pytest.approx(D[ion], rel=1e-9, abs=0.0)
    found = estimate.diagnostics
    assert found["mobility"] == pytest.approx(Z[ion] * D[ion] / thermal_voltage(T), rel=1e-9, abs=0.0)
    assert found["thermal_voltage"] == pytest.approx(0.0256926, abs=5e-8)  # RT/F at 25 C
    assert estimate.sd is None and not estimate.warnings


@pytest.mark.parametrize("shape", ["film", "gaussian"])
@pytest.mark.parametrize("ion", list(D))
def test_simulated_pulses_from_a_known_start(ion, shape):
    """To 1e-3: 800 cells, and a field that moves the ion by 0.05 RT/F from cell to cell (s^2/12 = 2e-4)."""
    result = simulated(ion, shape=shape)
    estimate = METHOD(profile_of(result))
    verdict = compare(estimate, result)
    assert verdict.passed and verdict.max_error < 1e-3
    assert estimate.diagnostics["thermal_voltage"] == pytest.approx(thermal_voltage(T), rel=1e-3, abs=0.0)
    assert np.sign(estimate.diagnostics["mobility"]) == np.sign(Z[ion])


def test_two_times_need_no_start():
    result = simulated()
    profiles = [replace(profile_of(result, time), start={"shape": "other"}) for time in (30.0, 60.0)]
    assert compare(METHOD(*profiles), result).max_error < 1e-3
    with pytest.raises(Invalid, match="two times"):
        METHOD(profiles[0])


def test_shape_does_not_matter():
    """Two pulses of one ion have the moments of their sum."""
    parts = [[gaussian(time=t, start=(at, 2e-8)) for at in (-1e-3, 0.0)] for t in (20.0, 60.0)]
    both = [replace(a, fractions=a.fractions + 0.5 * b.fractions) for a, b in parts]
    assert METHOD(*both).value[0, 0] == pytest.approx(D["Na"], rel=1e-9, abs=0.0)


def test_noise_gives_standard_deviations_that_hold():
    """Over 40 seeds D and RT/F lie about the truth as their deviations say, to the 16 % that 40 can tell."""
    scaled = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        pair = [gaussian(time=time) for time in (20.0, 60.0)]
        noisy = [replace(one, fractions=one.fractions + 0.05 * rng.standard_normal(one.x.size)) for one in pair]
        estimate = METHOD(*noisy)
        found = estimate.diagnostics
        scaled.append(
            [
                (estimate.value[0, 0] - D["Na"]) / estimate.sd[0, 0],
                (found["thermal_voltage"] - thermal_voltage(T)) / found["thermal_voltage_sd"],
            ]
        )
        assert estimate.sd[0, 0] < 0.1 * estimate.value[0, 0]
    assert np.std(scaled, axis=0) == pytest.approx(1.0, rel=0.5)


def test_without_a_field_there_is_a_diffusivity_alone():
    estimate = METHOD(gaussian(time=20.0, volts=0.0), gaussian(time=60.0, volts=0.0))
    assert estimate.value[0, 0] == pytest.approx(D["Na"], rel=1e-9, abs=0.0)
    assert estimate.diagnostics["mobility"] is None and "no field" in estimate.warnings[0]


def test_a_wrong_charge_or_sign_has_a_warning():
    pair = [gaussian(time=time, charges={"Na": 2}) for time in (20.0, 60.0)]
    assert "Nernst and Einstein" in METHOD(*pair).warnings[0]
    pair = [gaussian(time=time, potential=1.0) for time in (20.0, 60.0)]
    estimate = METHOD(*pair)
    assert estimate.diagnostics["mobility"] < 0.0 and "sign" in estimate.warnings[0]


def test_what_is_missing_has_a_sentence():
    assert "needs the potential" in METHOD.applies(gaussian(potential=None))
    assert "needs the charge of Na" in METHOD.applies(gaussian(charges=None))
    assert "needs the time" in METHOD.applies(replace(gaussian(), time=None))
    assert "mole fractions" in METHOD.applies(gaussian(quantity="mole_fraction"))


def test_a_pulse_at_an_end_or_none_is_refused():
    assert "at the right end" in METHOD.applies(gaussian(start=(4.5e-3, 2e-7)), gaussian(time=20.0))
    flat = gaussian()
    flat = replace(flat, fractions=np.zeros_like(flat.fractions))
    assert "needs a pulse" in METHOD.applies(flat, flat)


def test_a_pulse_that_narrows_is_refused():
    first, last = gaussian(time=20.0), gaussian(time=60.0)
    with pytest.raises(Invalid, match="narrows"):
        METHOD(replace(first, time=60.0), replace(last, time=20.0))


def test_other_fields_do_not_go_together():
    assert "one field" in METHOD.applies(gaussian(time=20.0), gaussian(volts=-2.0))

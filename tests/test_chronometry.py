"""Times of anneals from profiles, a known diffusivity and the temperature over time."""

import json
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy.special import erfc

from inverse import Profile
from inverse.history import time_of
from inverse.methods.chronometry import METHOD, chronometry
from simulator.faults import Invalid
from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.problem.domain import Domain
from simulator.problem.initial import Film, Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls
from simulator.solve.profile import profile_of
from simulator.solve.solve import solve

HOUR = 3600.0
CUNI = Mixture(("Cu", "Ni"), "Cu")
PRODUCT = "6e-5*exp(-250000/(R*T))*exp(1.2*x_Ni)"
NO_PRODUCT = "6e-5*exp(-(250000 - 20000*x_Ni)/(R*T))"
END = 90 * HOUR
HISTORIES = {
    "constant": Temperature(value=1273.0),
    "schedule": Temperature(schedule=((0.0, 1073.0), (20 * HOUR, 1273.0), (60 * HOUR, 1273.0), (100 * HOUR, 1073.0))),
    "cooling": Temperature(schedule=((0.0, 1373.0), (200 * HOUR, 873.0))),
    "steps": Temperature(schedule=((0.0, 1173.0), (30 * HOUR, 1173.0), (30 * HOUR, 1323.0), (60 * HOUR, 1323.0))),
    "expression": Temperature(expression="1373 - 500*t/720000"),
}
STARTS = {
    "step": (1e-3, Step(0.0, {"Ni": 0.0}, {"Ni": 1.0})),
    "film": (1e-4, Film(-2e-5, 4e-5, {"Ni": 0.9}, {"Ni": 0.1})),
    "finite": (6e-5, Step(1e-5, {"Ni": 0.1}, {"Ni": 0.8})),
}


@lru_cache
def annealed(D, history, start="step", volume=None, end=END, saves=()):
    half, initial = STARTS[start]
    problem = Problem(
        CUNI,
        Fick(CUNI, D=D, molar_volume=None if volume is None else MolarVolume(CUNI, "expression", {"V_m": volume})),
        Domain((-half, half), 400),
        initial,
        temperature=HISTORIES[history] if history else None,
        end=end,
        save=(*saves, end),
    )
    return solve(problem, Controls(extrapolate=True, rtol=1e-8))


def noisy(profile, noise, seed):
    error = noise * np.random.default_rng(seed).standard_normal(profile.x.size)
    return replace(profile, fractions=profile.fractions + np.stack([-error, error]))


def test_it_says_what_it_is():
    assert METHOD.recovers == "time" and METHOD.unit == "s"
    assert METHOD.source in chronometry.__doc__.replace("\n", " ")


def test_an_error_function_says_its_time():
    """Constant D: the profile is erfc(-x / 2 sqrt(D t))/2, and what is missed is the forward model's 1e-8."""
    D, time = 3e-14, 50 * HOUR
    x = np.linspace(-9.0, 9.0, 201) * np.sqrt(D * time) + 2e-5
    y = 0.1 + 0.6 * 0.5 * erfc(-(x - 2e-5) / np.sqrt(4.0 * D * time))
    profile = Profile(x, ("Ni",), y, ends={"left": [0.1], "right": [0.7]})
    estimate = chronometry(profile, law=Fick(CUNI, D=D))
    assert estimate.value[0] == pytest.approx(time, rel=1e-7)
    assert estimate.recovers == "time" and estimate.sd is None and estimate.warnings == []


@pytest.mark.parametrize("history", HISTORIES)
def test_the_time_of_a_simulated_anneal(history):
    """D = a(T) b(X). The profile is simulated to 1e-7 or so; 1e-4 is asked for."""
    profile = replace(profile_of(annealed(PRODUCT, history)), time=None)
    estimate = METHOD(profile)
    assert estimate.value[0] == pytest.approx(END, rel=5e-6)
    assert estimate.diagnostics["separable"]
    reference = max(HISTORIES[history].range(END)) if history != "steps" else 1323.0
    assert estimate.diagnostics["reference_temperature"] == pytest.approx(reference)
    # at the highest temperature it would not have taken longer
    assert estimate.diagnostics["equivalent_time"] <= END * (1.0 + 1e-5)


@pytest.mark.parametrize("history", ["schedule", "cooling"])
def test_a_diffusivity_that_is_no_product_is_simulated(history):
    estimate = METHOD(profile_of(annealed(NO_PRODUCT, history)))
    assert not estimate.diagnostics["separable"] and estimate.diagnostics["equivalent_time"] is None
    assert estimate.value[0] == pytest.approx(END, rel=1e-4)
    assert estimate.warnings == []


@pytest.mark.parametrize("D", [PRODUCT, NO_PRODUCT], ids=["product", "no-product"])
@pytest.mark.parametrize("start", ["film", "finite"])
def test_samples_that_diffusion_has_crossed(start, D):
    estimate = METHOD(profile_of(annealed(D, "cooling", start, end=40 * HOUR)))
    assert estimate.value[0] == pytest.approx(40 * HOUR, rel=1e-4)


def test_a_molar_volume_that_varies():
    profile = profile_of(annealed(PRODUCT, "schedule", volume="7e-6*(1 - 0.3*x_Ni - 0.2*x_Ni*x_Cu)"))
    # positions are mapped through 400 points: 1e-6 of the zone
    assert METHOD(profile).value[0] == pytest.approx(END, rel=1e-4)
    assert METHOD(replace(profile, molar_volume=None)).value[0] != pytest.approx(END, rel=2e-2)


def test_the_other_component_says_the_same():
    profile = profile_of(annealed(PRODUCT, "schedule"))
    times = [METHOD(profile, component=name).value[0] for name in ("Cu", "Ni")]
    assert times[0] == pytest.approx(times[1], rel=1e-7)


def test_several_profiles_of_one_anneal_are_better_than_one():
    clean = profile_of(annealed(PRODUCT, "constant"))
    single = METHOD(noisy(clean, 5e-3, 0))
    several = METHOD(*(noisy(clean, 5e-3, seed) for seed in range(4)))
    # four times the points: half the deviation
    assert several.sd[0] == pytest.approx(0.5 * single.sd[0], rel=0.15)
    assert abs(several.value[0] - END) < 4.0 * several.sd[0]


def test_profiles_of_different_anneals_are_refused():
    """Each with its law: not the first one's for all of them."""
    one = profile_of(annealed(PRODUCT, "constant"))
    same = replace(one, law=Fick(CUNI, D="6e-5*exp(1.2*x_Ni - 250000/(R*T))"))
    assert METHOD.applies(one, same) is None
    assert METHOD(one, same).value[0] == pytest.approx(END, rel=5e-6)
    other = replace(one, law=Fick(CUNI, D="2*" + PRODUCT))
    assert "different laws" in METHOD.applies(one, other)
    with pytest.raises(Invalid, match="come with different laws"):
        METHOD(one, other)
    # one law for all of them makes no odds of what they come with
    assert chronometry(one, other, law=one.law).value[0] == pytest.approx(END, rel=5e-6)
    with pytest.raises(Invalid, match="come with different laws"):
        METHOD(one, replace(one, law=Fick(CUNI, D=NO_PRODUCT)))
    warm = replace(one, history=HISTORIES["schedule"])
    assert "different temperatures over time" in METHOD.applies(one, warm)
    assert METHOD.applies(*(replace(profile, law=Fick(CUNI, D=1e-14)) for profile in (one, warm))) is None
    assert "of one component" in METHOD.applies(one, one.only("Cu"))
    assert "same molar volume" in METHOD.applies(one, replace(one, molar_volume={"kind": "constant", "V_m": 7e-6}))


def test_standard_deviation_covers_the_error():
    clean = profile_of(annealed(PRODUCT, "constant"))
    inside = []
    for seed in range(60):
        estimate = METHOD(noisy(clean, 5e-3, seed))
        inside.append(abs(estimate.value[0] - END) < 1.96 * estimate.sd[0])
    # 60 draws: 95 % within 3 %
    assert 0.88 <= np.mean(inside) <= 1.0


def test_a_profile_that_froze_says_little_about_the_end():
    result = annealed(PRODUCT, "cooling", end=195 * HOUR, saves=(100 * HOUR,))
    late, early = (METHOD(noisy(profile_of(result, t), 2e-3, 1)) for t in (195 * HOUR, 100 * HOUR))
    assert any("when it froze" in sentence for sentence in late.warnings)
    assert late.sd[0] / late.value[0] > 5.0 * early.sd[0] / early.value[0]


def test_a_history_that_never_gives_so_much_diffusion_is_refused():
    profile = profile_of(annealed(PRODUCT, "constant"))
    with pytest.raises(Invalid, match="never comes to more than"):
        chronometry(profile, history=Temperature(schedule=((0.0, 1173.0), (200 * HOUR, 300.0))))


def test_a_law_that_did_not_make_the_profile_is_seen():
    profile = profile_of(annealed(PRODUCT, "constant"))
    wrong = chronometry(profile, law=Fick(CUNI, D="6e-5*exp(-250000/(R*T))*exp(-1.2*x_Ni)"))
    assert any("structure" in sentence for sentence in wrong.warnings)


def test_what_is_missing_is_named():
    profile = profile_of(annealed(PRODUCT, "constant"))
    bare = replace(profile, law=None, history=None, temperature=None)
    assert "needs the diffusivity" in METHOD.applies(bare)
    assert "temperature over time" in METHOD.applies(replace(bare, law=profile.law))
    assert METHOD.applies(replace(bare, law=profile.law, temperature=1273.0)) is None
    ternary = Mixture(("Cu", "Ni", "Fe"), "Cu")
    assert "binary alloy" in METHOD.applies(replace(bare, law=Fick(ternary, D=1e-14)))
    assert "position" in METHOD.applies(replace(bare, law=Fick(CUNI, D="1e-14*(1 + x)")))
    assert "positive diffusivity" in METHOD.applies(replace(bare, law=Fick(CUNI, D="1e-14*x_Ni")))
    with pytest.raises(Invalid, match="the profile of Fe"):
        METHOD(Profile(profile.x, ("Fe",), profile.fractions[1], law=profile.law, temperature=1273.0))


def test_times_through_histories():
    """int_0^t rate dt against its closed forms: a step, and exp(-t/tau), which never comes to more than tau."""
    step = HISTORIES["steps"]

    def rate(t):
        return 1.0 if t < 30 * HOUR else 4.0

    assert time_of(10 * HOUR, rate, step)[0] == pytest.approx(10 * HOUR, rel=1e-12)
    assert time_of(50 * HOUR, rate, step)[0] == pytest.approx(35 * HOUR, rel=1e-12)
    tau, cooling = 7 * HOUR, HISTORIES["expression"]
    found, _ = time_of(0.9 * tau, lambda t: np.exp(-t / tau), cooling)
    assert found == pytest.approx(tau * np.log(10.0), rel=1e-10)
    found, total = time_of(1.1 * tau, lambda t: np.exp(-min(t / tau, 700.0)), cooling)
    assert not np.isfinite(found) and total == pytest.approx(tau, rel=1e-6)


def test_json_holds_plain_numbers():
    estimate = METHOD(noisy(profile_of(annealed(PRODUCT, "cooling")), 1e-3, 0))
    data = json.loads(json.dumps(estimate.to_json(), allow_nan=False))
    assert data["recovers"] == "time" and len(data["value"]) == len(data["sd"]) == 1

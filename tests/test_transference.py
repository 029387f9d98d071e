"""Transference numbers and ion diffusivities of salts from a profile and its diffusion potential."""

from dataclasses import replace

import numpy as np
import pytest
from junctions import ION, JUNCTIONS, junction, sampled, true_diffusivities
from scipy.special import erf

from inverse import METHODS, Profile, compare
from simulator.files.experiment import read_experiment
from simulator.laws.charge import thermal_voltage

METHOD = METHODS["transference"]
SALTS = ("HCl", "NaCl", "CaCl2")


def exact(name: str, **given) -> Profile:
    """An error function of D_salt, with the potential of the transference number."""
    left, right = JUNCTIONS[name]
    names = tuple(left)
    (z, D), (w, E) = (ION[ion] for ion in names)
    salt = (z - w) * D * E / (z * D - w * E)
    t_plus = z * D / (z * D - w * E)
    ratio = right[names[0]] / left[names[0]]
    potential = -thermal_voltage(298.15) * (t_plus / z + (1.0 - t_plus) / w) * np.log(ratio)
    x = np.linspace(-2e-3, 2e-3, 401)
    Y = 0.5 * (1.0 + erf(x / np.sqrt(4.0 * salt * 10.0)))
    c = [left[ion] + (right[ion] - left[ion]) * Y for ion in names]
    known = {"left": [left[ion] for ion in names], "right": [right[ion] for ion in names]}
    entry = Profile(
        x, names, c, 10.0, 298.15, ends=known, quantity="concentration", potential=potential,
        charges={ion: ION[ion][0] for ion in names},
    )  # fmt: skip
    return replace(entry, **given)


@pytest.mark.parametrize("name", SALTS)
def test_exact_profiles_give_both_diffusivities(name):
    """To 1e-6, the error of the integrals over an exact error function; t_+ to rounding."""
    estimate = METHOD(exact(name))
    true = true_diffusivities(estimate.rows)
    assert estimate.value[:, 0] == pytest.approx(true, rel=1e-6, abs=0.0)
    z = [ION[ion][0] for ion in estimate.rows]
    t_plus = z[0] * true[0] / (z[0] * true[0] - z[1] * true[1])
    assert estimate.diagnostics["t_plus"] == pytest.approx(t_plus, rel=1e-9, abs=0.0)


@pytest.mark.parametrize("name", SALTS)
def test_simulated_salts_give_both_diffusivities(name):
    """To 1e-3, the second-order error of 800 cells."""
    verdict = compare(METHOD(sampled(name)), junction(name))
    assert verdict.passed and verdict.max_error < 1e-3


def test_the_anion_may_come_first():
    profile = exact("CaCl2")
    estimate = METHOD(profile.ordered(("Cl", "Ca")))
    assert estimate.rows == ("Ca", "Cl")
    assert estimate.value == pytest.approx(METHOD(profile).value, rel=1e-9, abs=0.0)


def test_noise_gives_standard_deviations_that_hold():
    estimate = METHOD(sampled("NaCl", noise=1e-3, seed=3))
    off = estimate.value[:, 0] - true_diffusivities(estimate.rows)
    assert (np.abs(off) < 4.0 * estimate.sd[:, 0]).all()
    assert (estimate.sd[:, 0] < 0.02 * estimate.value[:, 0]).all()


def test_no_potential_no_transference_number():
    assert "needs the diffusion potential" in METHOD.applies(exact("HCl", potential=None))


def test_temperature_and_charges_are_needed():
    assert "temperature" in METHOD.applies(exact("HCl", temperature=None))
    assert "needs the charge of H, Cl" in METHOD.applies(exact("HCl", charges=None))


def test_three_ions_are_refused():
    assert "use ion-diffusivities" in METHOD.applies(sampled("HCl|KCl"))


def test_a_potential_of_the_wrong_sign_is_refused():
    from simulator.faults import Invalid

    profile = exact("HCl")
    with pytest.raises(Invalid, match="not between 0 and 1"):
        METHOD(replace(profile, potential=-3.0 * profile.potential))


def test_salt_is_needed_on_both_sides():
    from simulator.faults import Invalid

    profile = exact("HCl")
    pure = profile.fractions - profile.fractions.min(axis=1, keepdims=True)
    ends = {side: value - np.min([*profile.ends.values()], axis=0) for side, value in profile.ends.items()}
    with pytest.raises(Invalid, match="salt on both sides"):
        METHOD(replace(profile, fractions=pure, ends=ends))


def test_a_profile_that_is_not_neutral_is_refused():
    profile = exact("CaCl2")
    assert "not neutral" in METHOD.applies(replace(profile, charges={"Ca": 1, "Cl": -1}))


def test_an_experiment_states_its_potential(tmp_path):
    profile = exact("HCl")
    rows = [",".join(f"{value:.12g}" for value in row) for row in np.vstack([1e3 * profile.x, profile.fractions]).T]
    (tmp_path / "hcl.csv").write_text("\n".join(["x [mm],H [mol/m^3],Cl [mol/m^3]", *rows, ""]))
    path = tmp_path / "hcl.toml"
    path.write_text(
        '[experiment]\nprofile = "hcl.csv"\ncharges = { H = 1, Cl = -1 }\ntime = "10 s"\ntemperature = "25 degC"\n'
        f'potential = "{1e3 * profile.potential:.12g} mV"\n'
    )
    estimate = METHOD(read_experiment(path))
    # the ends are read off the profile: their error is that of its tails
    assert estimate.value[:, 0] == pytest.approx(true_diffusivities(estimate.rows), rel=1e-5, abs=0.0)

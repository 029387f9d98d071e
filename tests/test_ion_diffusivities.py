"""Ion diffusivities from junctions: three ions and four, linear in 1/D and by simulation."""

from dataclasses import replace

import numpy as np
import pytest
from junctions import junction, problem_of, sampled, true_diffusivities

from inverse import METHODS, compare, method_of
from inverse.ions.junction import junction_of
from inverse.ions.simulated import SimilarJunction
from simulator.faults import Invalid
from simulator.files.experiment import read_experiment

METHOD = METHODS["ion-diffusivities"]
THREE_OR_MORE = ("HCl|KCl", "NaCl|CaCl2", "four")
# medians over 30 seeds of the largest error of an ion: with noise of 1e-3 and of 5e-3
BAND = {1e-3: (2e-3, 4e-2), 5e-3: (2e-3, 0.21)}


@pytest.mark.parametrize("by_simulation", [False, True])
@pytest.mark.parametrize("name", ["HCl|KCl", "four"])
def test_simulated_junctions_give_every_diffusivity(name, by_simulation):
    """To 1e-3, the second-order error of 800 cells."""
    result = junction(name)
    estimate = METHOD(sampled(name), by_simulation=by_simulation)
    verdict = compare(estimate, result)
    assert verdict.passed and verdict.max_error < 1e-3
    assert estimate.rows == result.components and estimate.value.shape == (len(estimate.rows), 1)
    assert estimate.sd is None and estimate.recovers == "ion_diffusivity"
    assert estimate.diagnostics["condition"] < 20.0
    assert estimate.diagnostics["planes"][0] == pytest.approx(0.0, abs=1e-7)


def test_several_junctions_and_times_go_together():
    both = METHOD(sampled("HCl|KCl", time=4.0), sampled("HCl|KCl"))
    assert np.abs(both.value[:, 0] / true_diffusivities(both.rows) - 1.0).max() < 1e-3


def test_order_of_the_ions_does_not_matter():
    profile = sampled("four")
    other = METHOD(profile.ordered(("Cl", "K", "H", "Na")))
    own = METHOD(profile)
    assert other.value[[2, 3, 1, 0]] == pytest.approx(own.value, rel=1e-9, abs=0.0)


def test_zero_current_and_neutrality_hold_for_the_fluxes():
    found = junction_of(sampled("four"), "test")
    J = found.flux(found.places)
    assert np.abs(found.z @ J).max() < 1e-3 * np.abs(J).max()


def test_similar_junction_is_the_simulated_one():
    """Two discretisations of one equation, each of second order: 1e-3 of the step."""
    profile = sampled("HCl|KCl")
    z = np.array([1.0, 1.0, -1.0])
    model = SimilarJunction(z, np.array([[100.0, 0.0], [0.0, 100.0], [100.0, 100.0]]))
    D = true_diffusivities(profile.components)
    found = model.values(model.profile(D, model.ends), profile.x / np.sqrt(profile.time))
    assert np.abs(found - profile.fractions).max() < 0.1
    assert np.abs(z @ found).max() < 1e-10


def test_noise_is_met_by_simulation_with_standard_deviations():
    estimate = METHOD(sampled("HCl|KCl", noise=1e-3, seed=1))
    assert estimate.diagnostics["by_simulation"]
    off = estimate.value[:, 0] - true_diffusivities(estimate.rows)
    assert (np.abs(off) < 4.0 * estimate.sd[:, 0]).all()
    assert (estimate.sd[:, 0] < 0.04 * estimate.value[:, 0]).all()
    assert 0.8 < estimate.diagnostics["residual_rms"] < 1.2


@pytest.mark.slow
@pytest.mark.parametrize("name", ["HCl|KCl", "four"])
@pytest.mark.parametrize("noise", [1e-3, 5e-3])
def test_noise_table(name, noise):
    """Medians over 30 seeds lie in the band of each noise, and the fit beats the equations; deviations are honest."""
    errors, linear, scaled = [], [], []
    for seed in range(30):
        estimate = METHOD(sampled(name, noise, seed))
        true = true_diffusivities(estimate.rows)
        errors.append(np.abs(estimate.value[:, 0] / true - 1.0))
        linear.append(np.abs(np.array(estimate.diagnostics["linear"]) / true - 1.0))
        scaled.append((estimate.value[:, 0] - true) / estimate.sd[:, 0])
    middle, low, high = np.median(errors, axis=0), *BAND[noise]
    assert low / 3.0 < middle.max() < high
    assert middle.max() < np.median(linear, axis=0).max()
    assert 0.6 < np.sqrt(np.mean(np.square(scaled))) < 1.6


def test_a_salt_is_refused():
    sentence = METHOD.applies(sampled("HCl"))
    assert "three ions" in sentence and "ambipolar" in sentence and "transference" in sentence


def test_charges_are_needed():
    assert "needs the charge of H, K, Cl" in METHOD.applies(replace(sampled("HCl|KCl"), charges=None))
    assert "needs the charge of K" in METHOD.applies(replace(sampled("HCl|KCl"), charges={"H": 1, "Cl": -1}))


def test_an_alloy_is_refused():
    assert "mole fractions" in METHOD.applies(replace(sampled("HCl|KCl"), quantity="mole_fraction"))


def test_a_profile_that_is_not_neutral_is_refused_with_its_size():
    profile = sampled("HCl|KCl")
    wrong = replace(profile, fractions=profile.fractions * [[1.0], [1.0], [0.9]])
    sentence = METHOD.applies(wrong)
    assert "not neutral" in sentence and "mol/m^3" in sentence and "%" in sentence
    assert METHOD.applies(sampled("HCl|KCl", noise=2e-2)) is None, "noise alone is no charge"


@pytest.mark.parametrize(
    ("law", "word"),
    [({"current": "1e-3*t"}, "current"), ({"activity": "davies"}, "activity"), ({"fixed_charge": 1.0}, "fixed charge")],
    ids=["current", "activity", "fixed charge"],
)
def test_another_law_is_refused(law, word):
    profile = replace(sampled("HCl|KCl"), law=problem_of("HCl|KCl", **law).law)
    assert word in METHOD.applies(profile)


def test_no_time_and_ends_that_move_are_refused():
    profile = sampled("HCl|KCl")
    assert "needs the time" in METHOD.applies(replace(profile, time=None))
    middle = np.abs(profile.x) < 3e-4
    with pytest.raises(Invalid, match="flat ends"):
        METHOD(replace(profile, x=profile.x[middle], fractions=profile.fractions[:, middle]))


def test_an_ion_that_stands_still_is_refused():
    """Supporting ions everywhere alike, without a field, say nothing of their own diffusivity."""
    profile = sampled("HCl|KCl")
    still = np.full((2, profile.x.size), 5.0)
    four = replace(
        profile,
        components=(*profile.components, "Li", "F"),
        fractions=np.vstack([profile.fractions, still]),
        charges={**profile.charges, "Li": 1, "F": -1},
        law=None,
    )
    with pytest.raises(Invalid, match="Li, F does not move"):
        METHOD(four)


def test_other_ions_do_not_go_together():
    assert "same ions" in METHOD.applies(sampled("HCl|KCl"), sampled("four"))


def test_a_measured_profile_is_read(tmp_path):
    profile = sampled("HCl|KCl")
    rows = [",".join(f"{value:.12g}" for value in row) for row in np.vstack([1e6 * profile.x, profile.fractions]).T]
    header = "x [um],H [mol/m^3],c_K [mmol/L],Cl [mol/m^3]"
    (tmp_path / "junction.csv").write_text("\n".join([header, *rows, ""]))
    path = tmp_path / "junction.toml"
    path.write_text(
        '[experiment]\nprofile = "junction.csv"\ncharges = { H = 1, K = 1, Cl = -1 }\ntime = "10 s"\n'
        'temperature = "25 degC"\n'
    )
    read = read_experiment(path)
    assert read.quantity == "concentration" and read.components == ("H", "K", "Cl")
    assert read.fractions == pytest.approx(profile.fractions, rel=1e-9, abs=1e-9)
    estimate = method_of("ion-diffusivities")(read)
    assert np.abs(estimate.value[:, 0] / true_diffusivities(estimate.rows) - 1.0).max() < 1e-3


def test_bad_columns_have_sentences(tmp_path):
    (tmp_path / "a.csv").write_text("x [um],H [kg],K\n" + "".join(f"{k},{k},1\n" for k in range(20)))
    path = tmp_path / "a.toml"
    path.write_text('[experiment]\nprofile = "a.csv"\ncharges = { H = 1, K = 1 }\nbasis = "at%"\n')
    with pytest.raises(Invalid) as caught:
        read_experiment(path)
    text = str(caught.value)
    assert "'kg' of H is none of a concentration" in text and "does not go with the charges" in text
    path.write_text('[experiment]\nprofile = "a.csv"\ncharges = { Na = 1, K = 1 }\n')
    with pytest.raises(Invalid, match="there is no column of Na"):
        read_experiment(path)

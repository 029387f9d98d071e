"""Tracer diffusivities: the closed inverse of Manning's relation, exact and simulated couples, refusals."""

from dataclasses import replace

import numpy as np
import pytest
from kirkendall_couples import EXACT, FCC, T, Truth, exact_couple, near, of_entry, simulated

from inverse.kirkendall import intrinsic_ratio, tracer_diffusivities, tracer_ratio, wind_of
from inverse.methods.intrinsic import METHOD as INTRINSIC
from inverse.methods.tracers import METHOD
from inverse.volume import Volume
from simulator.faults import Invalid
from simulator.laws.darken import STRUCTURES, Darken
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume

M0 = {"sc": 3.7655, "bcc": 5.3312, "fcc": 7.1513, "diamond": 2.0}


def ratio_of(rho, N, w):
    """r = d_B/d_A = rho (1 - W_B)/(1 + W_A), written out."""
    mean = (1.0 - N) + N * rho
    return rho * (1.0 - w * N * (1.0 - rho) / mean) / (1.0 + w * (1.0 - N) * (1.0 - rho) / mean)


@pytest.mark.parametrize("structure", M0)
def test_the_wind_of_a_structure(structure):
    """Four decimals of the table."""
    assert 2.0 / wind_of(structure) == pytest.approx(M0[structure], abs=5e-5)
    assert wind_of("") == 0.0


def test_an_unknown_structure_is_refused():
    with pytest.raises(Invalid, match=r"unknown structure 'fc'.*Did you mean fcc\?"):
        wind_of("fc")


@pytest.mark.parametrize("structure", ["", *M0])
def test_the_ratio_of_tracers_is_the_root_of_its_quadratic(structure, rng):
    """Ratios over eight decades and all compositions, where both intrinsic diffusivities are positive."""
    w = wind_of(structure)
    rho, N = 10.0 ** rng.uniform(-4.0, 4.0, 2000), rng.uniform(0.0, 1.0, 2000)
    N[:2] = 0.0, 1.0
    mean = (1.0 - N) + N * rho
    positive = (1.0 + w * (1.0 - N) * (1.0 - rho) / mean > 1e-3) & (1.0 - w * N * (1.0 - rho) / mean > 1e-3)
    assert positive.sum() > 500
    rho, N = rho[positive], N[positive]
    # 1e-3 of a bracket is left where digits cancel
    assert tracer_ratio(N, ratio_of(rho, N, w), w) == near(rho, 1e-10)


def test_no_ratio_without_a_positive_r():
    assert np.isnan(tracer_ratio(np.array([0.5, 0.5]), np.array([-1.0, 0.0]), 0.28)).all()


def test_swapped_components_give_the_inverse_ratio(rng):
    N, r = rng.uniform(0.01, 0.99, 100), 10.0 ** rng.uniform(-2.0, 2.0, 100)
    assert tracer_ratio(1.0 - N, 1.0 / r, FCC) == near(1.0 / tracer_ratio(N, r, FCC), 1e-11)


@pytest.mark.parametrize("wind", [0.0, FCC], ids=["darken", "manning"])
@pytest.mark.parametrize("volume", ["constant", "vegard", "non-ideal", "strong"])
def test_the_inverse_is_exact(volume, wind):
    """From D_A and D_B as they are written out: to rounding, for every volume."""
    truth = Truth(volume, -1.0, wind)
    N = np.linspace(0.01, 0.99, 50)
    from kirkendall_couples import VOLUMES

    V = MolarVolume(Mixture(("A", "B"), "A"), "expression", {"V_m": VOLUMES[volume][2]})
    found, ratio, W = tracer_diffusivities(N, truth.intrinsic(N), Volume("B", "A", V), truth.factor(N), wind)
    A, B = truth.tracers(N)
    assert found == near(truth.tracers(N), 1e-10)
    assert ratio == near(B / A, 1e-10)
    mean = (1.0 - N) * A + N * B
    assert np.stack([wind * (1.0 - N) * (A - B) / mean, wind * N * (A - B) / mean]) == pytest.approx(W, abs=1e-12)


def test_the_lattice_fluxes_of_the_law_have_these_ratios():
    """d_B/d_A of the engine's own lattice coefficients, made from Onsager's matrix, gives back its tracers."""
    law = Darken(Mixture(("A", "B"), "A"), {"A": 1.0, "B": 2.7}, "manning", "bcc")
    N = np.linspace(0.05, 0.95, 19)
    d = law.intrinsic(N[None], T=T)
    assert tracer_ratio(N, d[1] / -d[0], wind_of("bcc")) == near(np.full(19, 2.7), 1e-11)


def test_the_signs_of_the_wind():
    """With 1 + W_B in place of 1 - W_B the faster D_B would be wrong by -17 to -23 % where the ratio is 2 to 3."""
    wrong = []
    for entry in EXACT:
        if entry["vacancy_wind"] == "manning":
            couple = of_entry(entry)
            N = couple.N_K
            A, B = couple.truth.tracers(N)
            W = FCC * N * (A - B) / ((1.0 - N) * A + N * B)
            estimate = INTRINSIC(couple.measured())
            reduced = estimate.value[1, 0] * couple.truth.partial(N)[0] / (couple.truth.V(N) * couple.truth.factor(N))
            assert reduced == near(B * (1.0 - W), 1e-6)
            wrong.append(B * (1.0 + W) / reduced - 1.0)
    assert len(wrong) == 3
    assert all(-0.235 < value < -0.17 for value in wrong)


def test_neglecting_the_wind_biases_the_ratio():
    """By 22 to 33 % at ratios of 2.5 to 3."""
    for entry in EXACT:
        if entry["vacancy_wind"] == "manning":
            couple = of_entry(entry)
            rho = float(np.divide(*couple.truth.tracers(couple.N_K)[::-1]))
            still = METHOD(replace(couple.measured(), structure=""))
            assert 0.22 < still.diagnostics["ratio"][0] / rho - 1.0 < 0.33
            assert any("vacancy wind is left out" in word for word in still.warnings)


@pytest.mark.parametrize("entry", EXACT, ids=lambda entry: entry["name"])
def test_exact_couples(entry):
    couple = of_entry(entry)
    estimate = METHOD(couple.measured(half=13.0))
    assert estimate.recovers == "tracer_diffusivity" and estimate.rows == ("A", "B")
    assert estimate.value[:, 0] == near(couple.truth.tracers(couple.N_K), 1e-6)
    found = estimate.diagnostics
    assert found["ratio"] == near([np.divide(*couple.truth.tracers(couple.N_K)[::-1])], 1e-6)
    assert found["thermodynamic_factor"] == near([couple.truth.factor(couple.N_K)], 1e-6)
    assert (found["vacancy_wind"] is None) == (entry["vacancy_wind"] == "none")


def test_many_markers_give_them_in_the_whole_zone():
    couple = exact_couple("non-ideal", -1.0, FCC, 0.1, 0.7)
    estimate = METHOD(couple.measured(half=13.0, markers=couple.markers(80, 11.0)))
    assert estimate.composition.size > 100
    assert estimate.value == near(couple.truth.tracers(estimate.composition), 1e-5)


@pytest.mark.parametrize(
    "args",
    [
        ("constant", 0.0, 0.0, 0.0, 1.0),
        ("vegard", -1.0, FCC, 0.0, 1.0),
        ("non-ideal", -1.0, FCC, 0.1, 0.7),
        ("strong", 0.0, 0.0, 0.0, 1.0),
    ],
    ids=lambda args: args[0],
)
def test_simulated_couples(args):
    """400 cells; 5e-3 is asked of both. A law without wind has no structure in its profile."""
    profile, truth = simulated(*args), exact_couple(*args).truth
    assert profile.structure == ("fcc" if args[2] else "")
    plane, zone = METHOD(replace(profile, markers=None)), METHOD(profile)
    assert plane.value[:, 0] == near(truth.tracers(plane.composition[0]), 5e-4)
    assert zone.value == near(truth.tracers(zone.composition), 1.5e-3)


def test_too_few_markers_on_a_side_leave_the_one_of_the_contact_plane():
    couple = exact_couple("vegard", -1.0)
    start = {"shape": "step", "at": 0.0}
    few = couple.measured(markers=couple.markers(10, 11.0)[-12:], start=start)
    assert METHOD(few).value == near(METHOD(couple.measured()).value, 1e-12)


def test_the_component_may_be_the_other_one():
    couple = exact_couple("vegard", -1.0, FCC)
    profile = couple.measured()
    swapped = METHOD(replace(profile, component="A"))
    assert swapped.value == near(METHOD(profile).value, 1e-9)


def test_names_are_found_in_the_thermodynamics():
    """A profile of B alone; the other component is named by its pair only."""
    couple = exact_couple("vegard", -1.0)
    alone = METHOD(couple.measured().only("B"))
    assert alone.value == near(METHOD(couple.measured()).value, 1e-9)
    said = {"kind": "expression", "excess": "-8.31446261815324*1000*x_B*x_A"}
    assert METHOD(replace(couple.measured().only("B"), thermodynamics=said)).value == near(alone.value, 1e-9)


def test_a_standard_deviation_is_that_of_the_intrinsic_ones():
    """Without wind D_i* and D_i are proportional."""
    profile = replace(exact_couple().measured(), marker_sigma=0.01)
    a, b = METHOD(profile), INTRINSIC(profile)
    assert a.sd / a.value == near(b.sd / b.value, 1e-9)


def test_diffusivities_of_opposite_sign_give_no_tracers():
    profile = exact_couple("constant", 0.0, 0.0, 0.1, 0.7).measured()
    with pytest.raises(Invalid, match="opposite signs"):
        METHOD(replace(profile, marker=profile.marker + 2.0))
    assert intrinsic_ratio((0.1, 0.7), 1.0, 20.0) < 0.0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"thermodynamics": None}, "needs the thermodynamics"),
        ({"temperature": None}, "needs the temperature"),
        ({"marker": None}, "inert marker"),
        ({"structure": "hcp"}, "unknown structure"),
        ({"thermodynamics": {"kind": "regular", "omega": {"A-C": 1.0}}}, ""),
    ],
)
def test_what_is_missing_is_said(changes, words):
    profile = replace(exact_couple("vegard", -1.0).measured(), **changes)
    assert METHOD.applies(profile) is not None and words in METHOD.applies(profile)


def test_inside_the_spinodal_there_is_no_couple():
    profile = exact_couple().measured(thermodynamics={"kind": "regular", "omega": {"A-B": 2.5 * 8.314 * T}})
    with pytest.raises(Invalid, match="thermodynamic factor is -0"):
        METHOD(profile)


def test_every_structure_of_the_law_is_known():
    assert set(STRUCTURES) == set(M0)

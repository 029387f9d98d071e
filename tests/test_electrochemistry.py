"""Closed forms of ions against numbers computed apart from them, their limits and their symmetries."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from simulator.faults import Invalid
from simulator.laws import electrochemistry as ec
from simulator.laws.electrochemistry.bernoulli import bernoulli, bernoulli_slope
from simulator.laws.electrochemistry.junction import film_potential
from simulator.laws.electrolyte import Electrolyte
from simulator.laws.expression import CONSTANTS
from simulator.laws.nernst_planck import NernstPlanck

REFERENCE = json.loads((Path(__file__).parent / "reference" / "electrolytes.json").read_text(encoding="utf-8"))
F, R = CONSTANTS["F"], CONSTANTS["R"]
BODY, ROOM = 310.15, 298.15
VT = ec.thermal_voltage(ROOM)
D = {"H": 9.311e-9, "Li": 1.029e-9, "Na": 1.334e-9, "K": 1.957e-9, "Ca": 0.792e-9, "Mg": 0.706e-9, "Cu": 0.714e-9}
D |= {"Cl": 2.032e-9, "SO4": 1.065e-9}
Z = {"H": 1, "Li": 1, "Na": 1, "K": 1, "Ca": 2, "Mg": 2, "Cu": 2, "Cl": -1, "SO4": -2}
SALTS = {"NaCl": "Na Cl", "KCl": "K Cl", "HCl": "H Cl", "LiCl": "Li Cl", "CaCl2": "Ca Cl", "Na2SO4": "Na SO4"}
SALTS = {name: tuple(ions.split()) for name, ions in SALTS.items()}
SALTS |= {"MgSO4": ("Mg", "SO4"), "CuSO4": ("Cu", "SO4")}
TO_PRINTED = 1e-9  # the references have 12 digits and agree with a second route to 9e-12
ROUNDING = 1e-12
CUBIC_CENTIMETRE = 1e6 / 6.02214076e23  # 1 cm^-3 in mol/m^3


def value(name):
    return REFERENCE[name]["value"]


def exact(expected, rel=TO_PRINTED):
    return pytest.approx(expected, rel=rel, abs=0.0)


def solutions(name):
    """Ions and mol/m^3 of both sides of "NaCl0.15+CaCl2_0.01|KCl3.0"."""
    sides = []
    for side in name.split("|"):
        found = dict.fromkeys(D, 0.0)
        for part in side.split("+"):
            salt = max((salt for salt in SALTS if part.startswith(salt)), key=len)
            cation, anion = SALTS[salt]
            c = 1e3 * float(part.removeprefix(salt).removeprefix("_"))
            common = np.lcm(Z[cation], -Z[anion])
            found[cation] += c * common / Z[cation]
            found[anion] -= c * common / Z[anion]
        sides.append(found)
    ions = [ion for ion in D if sides[0][ion] + sides[1][ion] > 0.0]
    rows = [[side[ion] for ion in ions] for side in sides]
    return np.array([Z[ion] for ion in ions]), np.array([D[ion] for ion in ions]), *map(np.array, rows)


# membranes


@pytest.mark.parametrize(("ion", "z", "out", "inside"), [("K", 1, 5, 140), ("Na", 1, 145, 10), ("Cl", -1, 110, 10)])
def test_nernst(ion, z, out, inside):
    assert 1e3 * ec.nernst_potential(z, inside, out, BODY) == exact(value("R01_nernst_310K")[ion])


def test_nernst_of_calcium_and_its_thermal_voltage():
    assert 1e3 * ec.nernst_potential(2, 1e-4, 1.5, BODY) == exact(value("R01_nernst_310K")["Ca"])
    assert 1e3 * ec.thermal_voltage(BODY) == exact(REFERENCE["R01_nernst_310K"]["VT_mV"])


@pytest.mark.parametrize(
    ("name", "P", "inside", "outside", "T"),
    [
        ("squid_18C", (1, 0.04, 0.45), (400, 50, 52), (20, 440, 560), 291.15),
        ("squid_peak_18C", (1, 20, 0.45), (400, 50, 52), (20, 440, 560), 291.15),
        ("mammal_37C", (1, 0.04, 0.45), (140, 10, 10), (5, 145, 110), BODY),
    ],
)
def test_goldman_voltage(name, P, inside, outside, T):
    V = ec.ghk_voltage(P, (1, 1, -1), inside, outside, T)
    assert exact(value("R02_ghk_voltage")[name]) == 1e3 * V
    assert ec.ghk_voltage(P, (1, 1, -1), outside, inside, T) == exact(-V, ROUNDING)
    # an ion of another valence that hardly permeates leads through the search for the zero
    mixed = ec.ghk_voltage((*P, 1e-18), (1, 1, -1, 2), (*inside, 1.0), (*outside, 1.0), T)
    assert mixed == exact(V, ROUNDING)


def test_goldman_voltage_of_one_ion_is_nernst():
    for z in (1, -1, 2, -3):
        V = ec.ghk_voltage((0.3, 0.0), (z, 1), (2.0, 7.0), (90.0, 3.0), BODY)
        assert exact(ec.nernst_potential(z, 2.0, 90.0, BODY), ROUNDING) == V


def test_at_the_goldman_voltage_mixed_valences_carry_no_current():
    P, z = np.array([1.0, 4.0, 0.3]), np.array([1, 2, -1])
    inside, outside = np.array([140.0, 1e-4, 10.0]), np.array([5.0, 2.0, 110.0])
    V = ec.ghk_voltage(P, z, inside, outside, BODY)
    currents = ec.ghk_current(P, z, V, inside, outside, BODY)
    assert abs(currents.sum()) < 1e-13 * np.abs(currents).max()


def test_bi_ionic_potential_of_sodium_against_calcium():
    """P_Ca/P_Na = Na_i exp(nu) (1 + exp(nu))/(4 Ca_o)."""
    V = ec.ghk_voltage((1.0, 5.0), (1, 2), (150.0, 0.0), (0.0, 20.0), BODY)
    nu = np.exp(V / ec.thermal_voltage(BODY))
    assert 150.0 * nu * (1.0 + nu) / (4.0 * 20.0) == exact(5.0, ROUNDING)


@pytest.mark.parametrize(
    ("name", "z", "inside", "outside"), [("R03a_ghk_current_K", 1, 140, 5), ("R03b_ghk_current_Ca", 2, 1e-4, 2)]
)
def test_goldman_current(name, z, inside, outside):
    V = 1e-3 * np.array(REFERENCE[name]["V_mV"])
    assert ec.ghk_current(1e-8, z, V, inside, outside, BODY) == exact(value(name))


def test_rectification_of_calcium():
    entry = REFERENCE["R03b_ghk_current_Ca"]
    E = ec.nernst_potential(2, 1e-4, 2.0, BODY)
    assert exact(entry["E_rev_mV"]) == 1e3 * E
    # what is left at the reversal potential is rounding of the two opposed parts
    part = ec.ghk_current(1e-8, 2, E, 1e-4, 0.0, BODY)
    assert abs(ec.ghk_current(1e-8, 2, E, 1e-4, 2.0, BODY)) < ROUNDING * part
    current = ec.ghk_current(1e-8, 2, np.array([-0.1, 0.1, -0.5, 0.5]), 1e-4, 2.0, BODY)
    assert -current[0] / current[1] == exact(entry["chord_ratio_100mV"])
    assert -current[2] / current[3] == exact(entry["rectification_minus_plus_500mV"])
    slopes = ec.slope_conductance(1e-8, 2, np.array([-5.0, 0.0, 5.0]), 1e-4, 2.0, BODY)
    named = [entry[key] for key in ("limiting_slope_in_S_m2", "slope_at_0_S_m2", "limiting_slope_out_S_m2")]
    assert slopes == exact(named)
    assert slopes[0] / slopes[2] == exact(entry["slope_ratio_limit"])


@pytest.mark.parametrize("z", [1, -1, 2, -3])
def test_goldman_current_near_no_voltage_is_its_taylor_series(z):
    """I = z F P [(c_i - c_o) + u (c_i + c_o)/2 + u^2 (c_i - c_o)/12 + O(u^4)]."""
    u = np.array([-1e-3, -1e-6, -1e-12, 0.0, 1e-300, 1e-9, 1e-3])
    V = u * ec.thermal_voltage(BODY) / z
    series = z * F * 1e-8 * (135.0 + 0.5 * u * 145.0 + u**2 * 135.0 / 12.0)
    assert ec.ghk_current(1e-8, z, V, 140.0, 5.0, BODY) == exact(series, ROUNDING)


@pytest.mark.parametrize("z", [1, -1, 2])
def test_goldman_current_far_from_no_voltage_is_ohmic(z):
    V = np.array([-1e4, -50.0, 50.0, 1e4])
    u = z * V / ec.thermal_voltage(BODY)
    far = 1e-8 * z * F * u * np.where(u > 0.0, 140.0, 5.0)
    assert ec.ghk_current(1e-8, z, V, 140.0, 5.0, BODY) == exact(far, ROUNDING)


def test_inside_and_outside_exchanged_turn_the_current_round():
    V = np.linspace(-0.3, 0.3, 13)
    turned = -ec.ghk_current(1e-8, 2, -V, 5.0, 140.0, BODY)
    assert ec.ghk_current(1e-8, 2, V, 140.0, 5.0, BODY) == exact(turned, ROUNDING)


def test_equal_concentrations_follow_ohms_law():
    V = np.array([-0.1, 0.02])
    ohm = 1e-8 * F * 100.0 * V / ec.thermal_voltage(BODY)
    assert ec.ghk_current(1e-8, 1, V, 100.0, 100.0, BODY) == exact(ohm, ROUNDING)


def test_slope_conductance_is_the_slope_of_the_current():
    V, h = np.array([-0.2, -0.0070, -0.0060, 1e-5, 0.03, 0.2]), 1e-4
    ends = [ec.ghk_current(1e-8, 2, V + k * h, 3.0, 50.0, BODY) for k in (-2, -1, 1, 2)]
    slope = (ends[0] - 8.0 * ends[1] + 8.0 * ends[2] - ends[3]) / (12.0 * h)
    # the differences' own error is u^4/30 of the fifth derivative: 1e-9
    assert ec.slope_conductance(1e-8, 2, V, 3.0, 50.0, BODY) == exact(slope, 1e-8)


def test_bernoulli_function_and_its_slope():
    s = np.array([-800.0, -3.0, -0.25, -1e-9, 0.0, 1e-9, 0.2499999, 0.25, 3.0])
    assert bernoulli(-s) - bernoulli(s) == pytest.approx(s, rel=ROUNDING, abs=1e-15)  # a difference of ones near s = 0
    assert bernoulli_slope(s) + bernoulli_slope(-s) == exact(-np.ones(s.size), ROUNDING)
    near = np.array([0.25 * (1.0 - 1e-15), 0.25])
    assert bernoulli_slope(near)[0] == exact(bernoulli_slope(near)[1], 1e-14)


def test_chord_voltage_is_where_ohmic_currents_cancel():
    g, E = np.array([10.0, 1.0, 4.0]), np.array([-0.09, 0.06, -0.07])
    V = ec.chord_voltage(g, E)
    assert abs(np.sum(g * (V - E))) < 1e-15
    assert ec.chord_voltage([3.0], [0.06]) == exact(0.06, ROUNDING)


# membranes with fixed charge


@pytest.mark.parametrize("X", [-500.0, -1e-6, 0.0, 3.0, 1e6])
@pytest.mark.parametrize(
    ("z", "c"),
    [((1, -1), (10, 10)), ((2, -1), (10, 20)), ((1, 2, -1, -3), (5, 7, 16, 1)), ((3, 0, -2), (2, 9, 3))],
    ids=str,
)
def test_donnan_is_neutral_and_in_equilibrium(z, c, X):
    z, c = np.array(z, float), np.array(c, float)
    found = ec.donnan(z, c, X, ROOM)
    assert abs(np.sum(z * found.inside) + X) < 1e-11 * (np.sum(np.abs(z) * found.inside) + abs(X))
    assert VT * np.log(c / found.inside) == pytest.approx(z * found.potential, rel=1e-12, abs=1e-16)
    assert np.sign(found.potential) == np.sign(X) or abs(X) < 1e-3


def test_donnan_of_a_symmetric_salt_is_its_formula():
    for v, X in ((1, -37.0), (2, 400.0)):
        found = ec.donnan((v, -v), (10.0, 10.0), X, ROOM)
        assert found.potential == exact(VT / v * np.arcsinh(X / (20.0 * v)), ROUNDING)
        assert np.prod(found.inside) == exact(100.0, ROUNDING)


def test_donnan_searched_for_equals_the_formula():
    """A trace of a third valence leads through the search for the zero."""
    for X in (-300.0, 5.0):
        searched = ec.donnan((1, -1, 2), (10.0, 10.0, 1e-20), X, ROOM).potential
        assert searched == exact(VT * np.arcsinh(X / 20.0), ROUNDING)


def test_exchange_membrane_is_two_donnan_steps_and_a_diffusion_potential():
    """With the drift of Nernst and Planck inside integrated by quadrature."""
    left, right, X, Dp, Dm = 10.0, 200.0, -150.0, 1.3e-9, 2.0e-9
    steps = [ec.donnan((1, -1), (c, c), X, ROOM) for c in (left, right)]

    def slope(anion):
        return -(Dp - Dm) / (Dp * (anion - X) + Dm * anion)

    inside, _ = quad(slope, steps[0].inside[1], steps[1].inside[1], epsabs=0.0, epsrel=1e-12)
    whole = steps[0].potential + VT * inside - steps[1].potential
    assert ec.exchange_membrane_voltage(left, right, X, Dp, Dm, ROOM) == exact(whole, 1e-11)


def test_exchange_membrane_between_nernst_and_free_diffusion():
    rise = VT * np.log(20.0)
    V = [ec.exchange_membrane_voltage(10.0, 200.0, X, D["K"], D["Cl"], ROOM) for X in (-1e9, 0.0, 1e9)]
    # (c/X)^2 is what a membrane of charge X still lets through of the co-ion
    assert V[0] == exact(-rise, 1e-6) and V[2] == exact(rise, 1e-6)
    free = ec.henderson((1, -1), (D["K"], D["Cl"]), (10.0, 10.0), (200.0, 200.0), ROOM)
    assert V[1] == exact(free, ROUNDING)
    turned = ec.exchange_membrane_voltage(200.0, 10.0, -50.0, D["K"], D["Cl"], ROOM)
    assert ec.exchange_membrane_voltage(10.0, 200.0, -50.0, D["K"], D["Cl"], ROOM) == exact(-turned, ROUNDING)


# mobilities


@pytest.mark.parametrize("ion", value("R04_nernst_einstein"))
def test_nernst_einstein(ion):
    z = 2 if ion.startswith("half") else 1
    molar = z * 1e-4 * REFERENCE["R04_nernst_einstein"]["lambda_S_cm2_eq"][ion]
    found = ec.diffusivity_of_conductivity(molar, z, ROOM)
    assert found == exact(value("R04_nernst_einstein")[ion])
    assert ec.molar_conductivity(found, z, ROOM) == exact(molar, ROUNDING)


@pytest.mark.parametrize("salt", value("R05_ambipolar"))
def test_salt_diffusivity_and_transference_number(salt):
    cation, anion = SALTS[salt]
    z = np.array([Z[cation], Z[anion]])
    c = np.abs(z[::-1]) * 3.0
    found = ec.transference_numbers(z, [D[cation], D[anion]], c)
    assert ec.salt_diffusivity(z[0], D[cation], z[1], D[anion]) == exact(value("R05_ambipolar")[salt])
    assert found[0] == exact(REFERENCE["R05_ambipolar"]["transference_number_cation"][salt])
    assert found.sum() == exact(1.0, ROUNDING)


def test_conductivity_is_that_of_its_ions():
    z, c = np.array([1, 2, -1]), np.array([10.0, 5.0, 20.0])
    ions = [D["Na"], D["Ca"], D["Cl"]]
    assert ec.conductivity(z, ions, c, ROOM) == exact(np.sum(ec.molar_conductivity(ions, z, ROOM) * c), ROUNDING)


# liquid junctions


@pytest.mark.parametrize("name", value("R06_henderson"))
def test_henderson(name):
    z, ions, left, right = solutions(name)
    V = ec.henderson(z, ions, left, right, ROOM)
    assert exact(value("R06_henderson")[name]) == 1e3 * V
    assert ec.henderson(z, ions, right, left, ROOM) == exact(-V, ROUNDING)


@pytest.mark.parametrize("entry", ["R06b_planck", "R06b_planck_check"])
def test_planck(entry):
    for name, expected in value(entry).items():
        z, ions, left, right = solutions(name)
        V = ec.planck(z, ions, left, right, ROOM)
        assert exact(expected) == 1e3 * V
        assert ec.planck(z, ions, right, left, ROOM) == exact(-V, ROUNDING)


def test_equal_totals_make_planck_henderson_and_lewis_sargent():
    z, ions, left, right = solutions("HCl0.1|NaCl0.1")
    V = VT * np.log((D["H"] + D["Cl"]) / (D["Na"] + D["Cl"]))
    assert ec.henderson(z, ions, left, right, ROOM) == exact(V, ROUNDING)
    assert ec.planck(z, ions, left, right, ROOM) == exact(V, ROUNDING)


def test_a_single_salt_has_its_diffusion_potential():
    """V = -(t+/z+ + t-/z-) RT/F ln(c_R/c_L), whatever the profile."""
    for salt in ("HCl", "CaCl2", "CuSO4"):
        z, ions, left, right = solutions(f"{salt}_0.01|{salt}_0.3")
        t = ec.transference_numbers(z, ions, left)
        V = -np.sum(t / z) * VT * np.log(30.0)
        assert ec.henderson(z, ions, left, right, ROOM) == exact(V, ROUNDING)
        # mixed valences by collocation with a tolerance of 1e-10
        assert ec.planck(z, ions, left, right, ROOM) == exact(V, 1e-8 if salt == "CaCl2" else ROUNDING)


def test_equal_solutions_have_no_potential():
    z, ions, left, _ = solutions("NaCl0.1+CaCl2_0.01|KCl0.14")
    assert ec.henderson(z, ions, left, left, ROOM) == 0.0
    assert ec.planck(z[ions > 0], ions, left, left, ROOM) == pytest.approx(0.0, abs=1e-14)


def test_nearly_equal_solutions_tend_to_the_same_slope():
    z, ions, left, _ = solutions("NaCl0.1+CaCl2_0.01|KCl0.14")
    slope = -VT * np.sum(z * ions * left) / np.sum(z**2 * ions * left)
    assert ec.henderson(z, ions, left, left * (1.0 + 1e-9), ROOM) / 1e-9 == exact(slope, 1e-6)  # of 1e-9 known to 1e-16


@pytest.mark.parametrize("name", ["HCl0.01|KCl0.1", "NaCl0.15|KCl3.0"])
def test_planck_by_collocation_equals_the_closed_form(name):
    z, ions, left, right = solutions(name)
    assert VT * film_potential(z, ions, left, right) == exact(ec.planck(z, ions, left, right, ROOM), 1e-8)


def test_planck_of_mixed_valences_mirrors_and_ignores_the_order_of_ions():
    z, ions, left, right = solutions("NaCl0.1+CaCl2_0.01|KCl0.14")
    V = ec.planck(z, ions, left, right, ROOM)
    assert ec.planck(z, ions, right, left, ROOM) == exact(-V, 1e-7)
    assert ec.planck(z[::-1], ions[::-1], left[::-1], right[::-1], ROOM) == exact(V, 1e-7)


# limiting currents


@pytest.mark.parametrize(("salt", "anion"), [("NaCl", -1), ("CuSO4", -2), ("CaCl2", -1)])
def test_limiting_current_of_a_film(salt, anion):
    cation = SALTS[salt][0]
    i = ec.film_limiting_current(Z[cation], D[cation], 100.0, anion, 1e-4)
    assert i == exact(value("R10_limiting_current")[f"{salt}_film_A_m2"])
    bulk = (100.0, -100.0 * Z[cation] / anion)
    alone = ec.supported_limiting_current((Z[cation], anion), D[cation], bulk, 1e-4, ROOM)
    assert alone.current == exact(i, ROUNDING) and alone.wall_potential == -np.inf


def test_limiting_current_of_a_thin_cell():
    i = ec.cell_limiting_current(1, D["Na"], 100.0, -1, 1e-4)
    assert i == exact(value("R10_limiting_current")["NaCl_thin_cell_A_m2"])


def test_voltage_of_a_thin_cell():
    entry = REFERENCE["R10b_thin_cell_voltage"]
    assert 1e3 * ec.cell_voltage(entry["j"], 1, -1, ROOM) == exact(entry["value"])
    # for small currents Ohm's law holds, with no less than the resistance of the solution
    i = 1e-9 * ec.cell_limiting_current(2, D["Ca"], 10.0, -1, 1e-4)
    kappa = ec.conductivity((2, -1), (D["Ca"], D["Cl"]), (10.0, 20.0), ROOM)
    assert ec.cell_voltage(1e-9, 2, -1, ROOM) > i * 1e-4 / kappa


def test_supported_limiting_current_of_univalent_ions():
    entry = REFERENCE["R09_supporting_film"]
    for g, expected, wall in zip(entry["gamma"], entry["value"], entry["wall_potential_over_VT"], strict=True):
        found = ec.supported_limiting_current((1, 1, -1), D["Na"], (10.0, 10.0 * g, 10.0 + 10.0 * g), 1e-4, ROOM)
        assert found.current * 1e-4 / (F * D["Na"] * 10.0) == exact(expected)
        assert found.wall_potential / VT == exact(-np.inf if wall is None else wall)


def test_supported_limiting_current_of_copper():
    entry = REFERENCE["R09b_supporting_Cu"]
    for g, expected in zip(entry["gamma"], entry["value"], strict=True):
        found = ec.supported_limiting_current((2, 1, -2), D["Cu"], (10.0, 20.0 * g, 10.0 + 10.0 * g), 1e-4, ROOM)
        assert found.current * 1e-4 / (2.0 * F * D["Cu"] * 10.0) == exact(expected)


def test_supported_anion_mirrors_the_cation():
    bulk = (10.0, 3.0, 23.0, 5.0)
    ion = ec.supported_limiting_current((2, 1, -1, 0), D["Cu"], bulk, 1e-4, ROOM)
    mirrored = ec.supported_limiting_current((-2, -1, 1, 0), D["Cu"], bulk, 1e-4, ROOM)
    assert mirrored.current == exact(-ion.current, ROUNDING)
    assert mirrored.wall_potential == exact(-ion.wall_potential, ROUNDING)


# double layers


@pytest.mark.parametrize(("name", "c"), [("R11_gouy_chapman_0.1M", 100.0), ("R11_gouy_chapman_0.001M", 1.0)])
def test_gouy_chapman(name, c):
    entry, salt = REFERENCE[name], (1, c, 78.5, ROOM)
    length = ec.debye_length((1, -1), (c, c), 78.5, ROOM)
    assert 1e9 * length == exact(entry["debye_nm"])
    psi = ec.diffuse_potential(np.array(entry["x_over_lD"]) * length, 0.1, *salt)
    assert 1e3 * psi == exact(entry["value"])
    sigma = ec.surface_charge(0.1, *salt)
    assert sigma == exact(entry["sigma_C_m2"]) and sigma == exact(entry["sigma_by_quad"])
    assert ec.differential_capacity(0.1, *salt) == exact(entry["C_diff_F_m2"])
    assert 1e-3 * c * np.exp(0.1 / VT) == exact(entry["surface_counterion_M"])
    assert ec.surface_potential(sigma, *salt) == exact(0.1, ROUNDING)
    cation, anion = ec.surface_excess(0.1, *salt)
    assert cation + anion == exact(entry["adsorbed_salt_excess_mol_m2"])
    assert F * (cation - anion) == exact(-sigma, ROUNDING)


@pytest.mark.parametrize("v", [1, 2])
@pytest.mark.parametrize("potential", [-0.2, 1e-9, 1e-3, 0.05, 0.3])
def test_grahame_of_a_symmetric_salt_is_the_surface_charge(v, potential):
    special = ec.surface_charge(potential, v, 10.0, 78.5, ROOM)
    assert ec.grahame(potential, (v, -v), (10.0, 10.0), 78.5, ROOM) == exact(special, ROUNDING)


def test_grahame_of_any_ions_tends_to_the_linear_layer():
    z, c = (2, -1, 1), (10.0, 25.0, 5.0)
    linear = 78.5 * ec.EPSILON_0 / ec.debye_length(z, c, 78.5, ROOM) * 1e-9
    # the next term is potential/(RT/F) = 4e-8 of it
    assert ec.grahame(1e-9, z, c, 78.5, ROOM) == exact(linear, 1e-7)
    assert ec.grahame(0.0, z, c, 78.5, ROOM) == 0.0


def test_diffuse_potential_obeys_poisson_and_boltzmann():
    """psi'^2 = (2 RT/(F lambda))^2 sinh^2(psi F/(2 RT)), at 5 RT/F and, where tanh is 1 to rounding, at 160 RT/F."""
    length = ec.debye_length((1, -1), (10.0, 10.0), 78.5, ROOM)
    for potential in (-5.0 * VT, 160.0 * VT):
        x = length * np.array([0.3, 1.0, 3.0])
        h = 1e-4 * length
        slope = sum(w * ec.diffuse_potential(x + k * h, potential, 1, 10.0, 78.5, ROOM) for k, w in FIVE) / (12.0 * h)
        psi = ec.diffuse_potential(x, potential, 1, 10.0, 78.5, ROOM)
        assert slope == exact(-2.0 * VT / length * np.sinh(0.5 * psi / VT), 1e-9)  # h^4 and rounding/h: 1e-11
        assert ec.diffuse_potential(0.0, potential, 1, 10.0, 78.5, ROOM) == exact(potential, ROUNDING)


FIVE = ((-2, 1.0), (-1, -8.0), (1, 8.0), (2, -1.0))  # of the five-point difference


def test_capacity_is_the_slope_of_the_charge():
    psi, h = np.array([-0.1, 0.0, 0.07]), 1e-4
    slope = sum(w * ec.surface_charge(psi + k * h, 1, 10.0, 78.5, ROOM) for k, w in FIVE) / (12.0 * h)
    assert ec.differential_capacity(psi, 1, 10.0, 78.5, ROOM) == exact(slope, 1e-10)


# semiconductors


def test_doped_bar():
    entry, ni = value("R12_doped_bar"), 1e10 * CUBIC_CENTIMETRE
    N = np.array([1e15, 1e17]) * CUBIC_CENTIMETRE
    assert 1e3 * ec.built_in_voltage(*N, ni, 300.0) == exact(entry["Vbi_mV"])
    # intrinsic carriers take 2 (n_i/N)^2 = 2e-10 of the field of the exponential
    slope = N * np.log(100.0) / 1e-6
    assert ec.neutral_field(N, slope, ni, 300.0) == exact([-entry["E_qn_V_per_m"]] * 2)
    assert 1e3 * ec.thermal_voltage(300.0) == exact(REFERENCE["R12_doped_bar"]["VT_mV"])
    lengths = [ec.debye_length((-1,), (c,), 11.7, 300.0) for c in N]
    assert 1e9 * np.array(lengths) == exact(REFERENCE["R12_doped_bar"]["debye_nm"])


def test_carriers_are_neutral_and_in_equilibrium():
    doping = np.array([-1e17, -1e10, 0.0, 3e10, 1e20])
    n, p = ec.carriers(doping, 1e10)
    assert n * p == exact(np.full(5, 1e20), 1e-13 * 50)  # exp of 23 keeps 1e-15 times 23
    assert n - p == pytest.approx(doping, rel=1e-14 * 50, abs=1e-5)


def test_depletion_of_a_junction():
    entry = REFERENCE["R14_pn_junction"]["value"]
    silicon = (*(np.array([1e16, 1e17, 1e10]) * CUBIC_CENTIMETRE), 11.7, 300.0)
    found = ec.depletion(*silicon)
    assert found.built_in == exact(entry["Vbi_log_V"]) and found.built_in == exact(entry["Vbi_exact_V"])
    assert 1e9 * np.array(found[1:4]) == exact([entry[key] for key in ("W_nm", "xn_nm", "xp_nm")])
    assert found.field == exact(entry["Emax_depl_V_m"])
    corrected = ec.depletion(*silicon, bias=2.0 * ec.thermal_voltage(300.0))
    assert 1e9 * corrected.width == exact(REFERENCE["R14_pn_junction"]["W_corrected_2VT_nm"])
    field, potential = ec.junction_field(*silicon)
    assert field == exact(entry["E_junction_exact_V_m"])
    assert potential / ec.thermal_voltage(300.0) == exact(entry["phi_junction_over_VT"])


# the law, the arguments, the import


def test_effective_diffusivities_of_the_law():
    mixture = Electrolyte(("H", "Na", "Cl"), charges={"H": 1, "Na": 1, "Cl": -1})
    law = NernstPlanck(mixture, ions={ion: {"z": Z[ion], "D": D[ion]} for ion in mixture.components})
    found = 1e9 * law.coefficient("interdiffusivity", np.array([[100.0], [100.0], [200.0]]), ROOM)[:, :, 0]
    assert found == exact(np.array(value("R18_effective_D_matrix")["D"]))
    assert np.sort(np.linalg.eigvals(found)) == exact(value("R18_effective_D_matrix")["eig"])


@pytest.mark.parametrize(
    ("call", "where"),
    [
        (lambda: ec.nernst_potential(0, 1.0, 1.0, BODY), "z"),
        (lambda: ec.nernst_potential(1, 1.0, 0.0, BODY), "outside"),
        (lambda: ec.nernst_potential(1, 1.0, 1.0, 0.0), "T"),
        (lambda: ec.nernst_potential(1, 1.0, 1.0, -5.0), "T"),
        (lambda: ec.ghk_current(1e-8, 0, 0.1, 1.0, 1.0, BODY), "z"),
        (lambda: ec.ghk_current(1e-8, 1, np.inf, 1.0, 1.0, BODY), "V"),
        (lambda: ec.ghk_current(-1e-8, 1, 0.1, 1.0, 1.0, BODY), "P"),
        (lambda: ec.ghk_current(1e-8, 1, 0.1, -1.0, 1.0, BODY), "inside"),
        (lambda: ec.ghk_voltage((1, 1), (1, 2), (1.0, 1.0), (0.0, 0.0), BODY), "P"),
        (lambda: ec.ghk_voltage((1, 1), (1,), (1.0,), (2.0,), BODY), "P"),
        (lambda: ec.chord_voltage((0.0, 0.0), (0.1, 0.2)), "conductances"),
        (lambda: ec.donnan((1, -1), (1.0, 2.0), 0.0, ROOM), "outside"),
        (lambda: ec.donnan((1, -1), (0.0, 0.0), 1.0, ROOM), "outside"),
        (lambda: ec.exchange_membrane_voltage(0.0, 1.0, 1.0, 1.0, 1.0, ROOM), "left"),
        (lambda: ec.henderson((1, -1), (1.0, 1.0), (1.0, 1.0), (1.0, 1.1), ROOM), "right"),
        (lambda: ec.planck((1, -1), (1.0, 0.0), (1.0, 1.0), (2.0, 2.0), ROOM), "D"),
        (lambda: ec.planck((1, -1), (1.0, 1.0), (-1.0, -1.0), (2.0, 2.0), ROOM), "left"),
        (lambda: ec.salt_diffusivity(1, 1.0, 1, 1.0), "z_anion"),
        (lambda: ec.molar_conductivity(1e-9, 0, ROOM), "z"),
        (lambda: ec.transference_numbers((0, 1), (1.0, 1.0), (1.0, 0.0)), "c"),
        (lambda: ec.film_limiting_current(1, 1e-9, 1.0, 1, 1e-4), "z_other"),
        (lambda: ec.cell_voltage(1.0, 1, -1, ROOM), "fraction"),
        (lambda: ec.supported_limiting_current((0, 1, -1), 1e-9, (1.0, 1.0, 1.0), 1e-4, ROOM), "z"),
        (lambda: ec.debye_length((0,), (1.0,), 78.5, ROOM), "c"),
        (lambda: ec.diffuse_potential(-1e-9, 0.1, 1, 1.0, 78.5, ROOM), "x"),
        (lambda: ec.surface_charge(0.1, 1, 1.0, 0.0, ROOM), "permittivity"),
        (lambda: ec.carriers(1.0, 0.0), "intrinsic"),
        (lambda: ec.depletion(1.0, 1.0, 1e-3, 11.7, 300.0, bias=10.0), "bias"),
    ],
)
def test_nonsense_is_named(call, where):
    with pytest.raises(Invalid) as raised:
        call()
    assert [fault.where for fault in raised.value.faults] == [where]


def test_importing_the_closed_forms_imports_no_engine_and_no_figures():
    text = "import sys, simulator; simulator.electrochemistry.planck; print({'numba', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"

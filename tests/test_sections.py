"""The sections beside [law]: what a law takes of them, their units, and every fault at its own line."""

import re

import numpy as np
import pytest
from case_texts import changed, faults_of

from simulator.files.case import parse_case
from simulator.laws.thermodynamics import R

COUPLE = """\
components = ["Cu", "Ni"]
dependent = "Cu"
[domain]
interval = ["-700 um", "700 um"]
cells = 100
[initial]
shape = "step"
left = { Ni = 0.1 }
right = { Ni = 0.9 }
[temperature]
value = "1000 degC"
[law]
kind = "darken"
tracer = { Cu = "1e-14 m^2/s", Ni = "2 um^2/h" }
[thermodynamics]
kind = "regular"
omega = { Cu-Ni = "8 kJ/mol" }
[molar_volume]
kind = "vegard"
Cu = "7.11 cm^3/mol"
Ni = "6.59e-6 m^3/mol"
[markers]
at = ["0 um", 1e-4]
[time]
end = "10 h"
"""
VOLUME = COUPLE[COUPLE.index("[molar_volume]") : COUPLE.index("[markers]")]
THERMODYNAMICS = COUPLE[COUPLE.index("[thermodynamics]") : COUPLE.index("[molar_volume]")]
MARKERS = COUPLE[COUPLE.index("[markers]") : COUPLE.index("[time]")]
TRACER = 'tracer = { Cu = "1e-14 m^2/s", Ni = "2 um^2/h" }'
HALF = np.array([[0.5]])


def test_every_section_reaches_the_problem_in_si():
    problem = parse_case(COUPLE, "c.toml").problem
    law = problem.law
    assert law.thermodynamics.excess_gibbs(HALF, 1000.0) == pytest.approx(8000.0 / 4.0, rel=1e-14)
    assert law.molar_volume(HALF) == pytest.approx((7.11e-6 + 6.59e-6) / 2.0, rel=1e-14, abs=0.0)
    assert problem.molar_volume is law.molar_volume
    assert problem.markers == pytest.approx((0.0, 1e-4), rel=1e-15, abs=0.0)
    # um^2/h in m^2/s by hand: 2e-12/3600
    tracers = law.coefficient("tracer_diffusivity", HALF, 1273.15)
    assert np.ravel(tracers) == pytest.approx([1e-14, 2e-12 / 3600.0], rel=1e-14, abs=0.0)


@pytest.mark.parametrize(
    ("section", "excess"),
    [
        ('kind = "ideal"', 0.0),
        ('kind = "redlich-kister"\nomega = { Cu-Ni = ["8 kJ/mol", 400] }', (8000.0 + 400.0 * (0.75 - 0.25)) * 0.1875),
        ('kind = "redlich-kister"\nomega = { Ni-Cu = [8e3, "0.4 kJ/mol"] }', (8000.0 - 400.0 * 0.5) * 0.1875),
        ('kind = "regular"\nomega = { Cu-Ni = "8e3 - 2*T" }', (8000.0 - 2.0 * 1000.0) * 0.1875),
        ('kind = "regular"\nomega.Cu-Ni = { table = "omega.csv" }', 1500.0 * 0.1875),
        ('kind = "expression"\nexcess = "4000*x_Cu*x_Ni**2"', 4000.0 * 0.75 * 0.0625),
    ],
)
def test_every_kind_of_solution_is_read(section, excess, tmp_path):
    (tmp_path / "omega.csv").write_text("x_Ni,omega [kJ/mol]\n0,1\n0.5,2\n1,3\n")
    case = parse_case(changed(COUPLE, (THERMODYNAMICS, f"[thermodynamics]\n{section}\n")), "c.toml", tmp_path)
    at = np.array([[0.25]])
    assert case.problem.law.thermodynamics.excess_gibbs(at, 1000.0) == pytest.approx(excess, rel=1e-13)


@pytest.mark.parametrize(
    ("section", "volume"),
    [
        ('kind = "constant"\nV_m = "7 cm^3/mol"', 7e-6),
        ('V_m = "7 cm^3/mol"', 7e-6),
        ('kind = "expression"\nV_m = "7e-6*(1 + x_Ni**2)"', 7e-6 * 1.25),
        ('kind = "expression"\nV_m = { polynomial = ["7 cm^3/mol", 1e-6], in = "x_Ni" }', 7.5e-6),
        ('kind = "expression"\nV_m = { table = "v.csv" }', 7e-6),
    ],
)
def test_every_kind_of_molar_volume_is_read(section, volume, tmp_path):
    (tmp_path / "v.csv").write_text("x_Ni,V_m (cm^3/mol)\n0,6\n0.5,7\n1,8\n")
    case = parse_case(changed(COUPLE, (VOLUME, f"[molar_volume]\n{section}\n")), "c.toml", tmp_path)
    assert case.problem.molar_volume(HALF) == pytest.approx(volume, rel=1e-13, abs=0.0)


def test_a_molar_volume_that_turns_negative_is_refused_with_the_composition():
    section = '[molar_volume]\nkind = "expression"\nV_m = "7e-6*(1 - 1.25*x_Ni)"\n'
    (fault,) = faults_of(changed(COUPLE, (VOLUME, section)))
    assert fault.startswith("c.toml:20 molar_volume.V_m: the molar volume is ") and "must be positive" in fault
    # 1 - 1.25 x is not positive from x = 0.8 to the end at 0.9
    assert 0.8 <= float(re.search(r"x_Ni = ([0-9.]+);", fault)[1]) <= 0.9


@pytest.mark.parametrize("section", ["", "[molar_volume]\n", '[molar_volume]\nkind = "constant"\n'])
def test_a_constant_volume_without_a_number_is_none(section):
    problem = parse_case(changed(COUPLE, (VOLUME, section)), "c.toml").problem
    assert problem.molar_volume is None


def test_interstitials_reach_the_mixture():
    text = changed(
        COUPLE,
        ('components = ["Cu", "Ni"]', 'components = ["Cu", "Ni", "H"]\ninterstitial = ["H"]'),
        ("{ Cu = ", '{ H = "1e-9 m^2/s", Cu = '),
        ("{ Ni = 0.1 }", "{ Ni = 0.1, H = 0.01 }"),
        ("{ Ni = 0.9 }", "{ Ni = 0.9, H = 0.01 }"),
        (VOLUME, ""),
    )
    problem = parse_case(text, "c.toml").problem
    assert problem.mixture.interstitial == ("H",)
    # u-fractions: moles for each mole of substitutional atoms
    assert problem.extremes[:, 0] == pytest.approx(np.array([0.1, 0.01]) / 0.99, rel=1e-14, abs=0.0)


@pytest.mark.parametrize(
    ("old", "new", "where", "word"),
    [
        ("Cu-Ni", "Cu-Xy", ":17 thermodynamics.omega.Cu-Xy", "'Xy' is not one of the components"),
        ("Cu-Ni", '"Cu[Ni"', ':17 thermodynamics.omega."Cu[Ni"', "hyphens"),
        ("Cu-Ni", '"Cu\\n\\u001b[31m"', ':17 thermodynamics.omega."Cu\\n\\x1b[31m"', "hyphens"),
        ("Cu-Ni", "Cu-Cu", ":17 thermodynamics.omega.Cu-Cu", "must differ"),
        ("Cu-Ni", "Cu-Ni-Cu", ":17 thermodynamics.omega.Cu-Ni-Cu", 'expected "A-B"'),
        ("{ Cu-Ni", "{ # nothing\n", ":17", "this is not TOML"),
        ('"8 kJ/mol"', '"8 kJ"', ":17 thermodynamics.omega.Cu-Ni", "a molar energy"),
        ('"8 kJ/mol"', "[8e3]", ":17 thermodynamics.omega.Cu-Ni", "one coefficient a pair"),
        ('"8 kJ/mol"', "{ Q = 3 }", ":17 thermodynamics.omega.Cu-Ni", "D0"),
        ('kind = "regular"', 'kind = "reguler"', ":16 thermodynamics.kind", "Did you mean regular"),
        ('kind = "regular"\n', "", ":15 thermodynamics.kind", "is missing"),
        ('{ Cu-Ni = "8 kJ/mol" }', '"8 kJ/mol"', ":17 thermodynamics.omega", "expected a table such as"),
        ("omega", "omegas", ":17 thermodynamics.omegas", "Did you mean omega"),
        # inside the spinodal, below Omega/2R = 4811 K: the factor 1 - 2 Omega x (1-x)/RT is negative at x = 0.5
        ('"8 kJ/mol"', '"80 kJ/mol"', ":15 thermodynamics", f"above {80e3 / (2.0 * R):.5g} K"),
        ('Cu = "7.11', 'Cu = "-7.11', ":20 molar_volume.Cu", "is positive"),
        ('Cu = "7.11 cm^3/mol"', 'Cu = "7.11 cm^3"', ":20 molar_volume.Cu", "a molar volume such as"),
        ('Ni = "6.59e-6 m^3/mol"\n', "", ":18 molar_volume", "Ni is missing"),
        ('Ni = "6.59e-6 m^3/mol"', 'Ni = "1e-6*x_Ni"', ":21 molar_volume.Ni", "expression"),
        ('"vegard"', '"vegart"', ":19 molar_volume.kind", "Did you mean vegard"),
        ("1e-4]", '"900 um"]', ":23 markers.at[1]", "outside the sample, which goes from -0.0007 m to 0.0007 m"),
        ('["0 um", 1e-4]', "[]", ":23 markers.at", "expected a list of positions"),
        ('["0 um", 1e-4]', '"0 um"', ":23 markers.at", "expected a list of positions"),
        ('"0 um", ', '"0 h", ', ":23 markers.at[0]", "a length"),
        ("at =", "att =", ":23 markers.att", "Did you mean at"),
        ('"2 um^2/h"', '"1e-14*(0.5 - x_Ni)"', ":14 law.tracer.Ni", "must be finite and not negative"),
        ('"2 um^2/h"', "-1e-14", ":14 law.tracer.Ni", "not negative"),
        (', Ni = "2 um^2/h"', "", ":14 law.tracer", "Ni is missing"),
        ('dependent = "Cu"', 'interstitial = ["Xi"]', ":2 interstitial[0]", "'Xi' is not one of the components"),
        ('dependent = "Cu"', 'dependent = "Cu"\ninterstitial = ["Cu"]', ":2 dependent", "must be substitutional"),
        ('dependent = "Cu"', 'interstitial = "Ni"', ":2 interstitial", "expected a list"),
    ],
)
def test_a_wrong_section_is_one_sentence_at_its_line(old, new, where, word):
    faults = faults_of(changed(COUPLE, (old, new)))
    assert len(faults) == 1, faults
    assert faults[0].startswith(f"c.toml{where}"), faults
    assert word in faults[0], faults


def test_no_wrong_section_hides_another():
    text = changed(
        COUPLE,
        ('dependent = "Cu"', 'dependent = "Cuu"'),
        ("left = { Ni = 0.1 }", "left = { Ni = 1.1 }"),
        ('"2 um^2/h"', '"2 um^2"'),
        ("Cu-Ni", "Cu-Xy"),
        ('"vegard"', '"vegart"'),
        ("1e-4]", '"900 um"]'),
        ('"10 h"', '"10 m"'),
    )
    where = [fault.split(": ")[0].removeprefix("c.toml:") for fault in faults_of(text)]
    assert where == [
        "2 dependent",
        "8 initial.left.Ni",
        "14 law.tracer.Ni",
        "17 thermodynamics.omega.Cu-Xy",
        "19 molar_volume.kind",
        "23 markers.at[1]",
        "25 time.end",
    ]


@pytest.mark.parametrize("wrong", ["thermodynamics", "molar_volume", "markers"])
def test_a_wrong_section_hides_no_fault_of_the_law(wrong):
    at = {"thermodynamics": ("Cu-Ni", "Cu-Xy"), "molar_volume": ('Cu = "7', 'Cu = "-7'), "markers": ("1e-4]", "true]")}
    faults = faults_of(changed(COUPLE, at[wrong], ('"2 um^2/h"', '"exp(x_Nickel)"')))
    assert len(faults) == 2
    assert "14 law.tracer.Ni: unknown name 'x_Nickel'" in faults[0]
    assert wrong in faults[1]


def test_a_section_that_a_law_does_not_take_is_refused():
    fick = changed(COUPLE, ('"darken"', '"fick"'), (TRACER, "D = 1e-14"), (MARKERS, ""))
    assert faults_of(fick) == [
        "c.toml:15 thermodynamics: law fick takes no [thermodynamics]; leave it out, "
        "or use darken or onsager or cahn-hilliard."
    ]
    markers = changed(COUPLE, ('"darken"', '"fick"'), (TRACER, "D = 1e-14"), (THERMODYNAMICS, ""))
    (fault,) = faults_of(markers)
    assert fault.startswith("c.toml:19 markers: ") and "no lattice fluxes" in fault


@pytest.mark.parametrize("volume", ["", '[molar_volume]\nkind = "constant"\n'])
def test_a_section_that_a_law_needs_is_asked_for(volume):
    onsager = changed(
        COUPLE, ('"darken"', '"onsager"'), (TRACER, 'L = "1e-13*x_Ni*x_Cu"'), (MARKERS, ""), (VOLUME, volume)
    )
    place = "18 molar_volume" if volume else "13 law.kind"
    assert faults_of(onsager) == [
        f'c.toml:{place}: law onsager needs [molar_volume], such as kind = "constant", V_m = "7e-6 m^3/mol".'
    ]
    # A misspelt section is one mistake, not two.
    misspelt = changed(onsager, ("[time]", "[molar_volum]\nV_m = 1\n[time]"))
    if not volume:
        assert [fault.split(": ")[1] for fault in faults_of(misspelt)] == ["unknown key. Did you mean molar_volume?"]


def test_an_expected_value_names_its_component_and_its_marker():
    expected = (
        '[[expect.value]]\nquantity = "marker_position"\ncomponent = "Ni"\nindex = 1\nvalue = "1 um"\natol = "1 nm"\n'
    )
    (value,) = parse_case(COUPLE + expected, "c.toml").expect.value
    assert (value.component, value.index) == ("Ni", 1)
    assert (value.value, value.atol) == pytest.approx((1e-6, 1e-9), rel=1e-14, abs=0.0)
    (fault,) = faults_of(COUPLE + changed(expected, ("index = 1", "index = -1")))
    assert fault == "c.toml:29 expect.value[0].index: must be at least 0, got -1."

"""Experiment files: what each key becomes, and every mistake at its line, all at once."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.files.case import parse_case
from simulator.files.experiment import read_experiment
from simulator.files.experiment_sections import ExperimentSection, LayerTable, StartTable
from simulator.laws.fick import Fick
from simulator.problem.temperature import Temperature
from simulator.solve.profile import Layer
from simulator.solve.solve import solve

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "TiZr_1000C_100h_measured.csv"
DOCS = Path(__file__).resolve().parents[1] / "docs" / "inverse.md"
N = 9
ROWS = [(25.0 * k, k / (N - 1)) for k in range(N)]
HOUR = 3600.0

EXPERIMENT = """
[experiment]
profile = "probe.csv"
time = "196 h"
temperature = "1100 degC"
ends = { left = { Ni = 0.0 }, right = { Ni = 1.0 } }
marker = "40 um"
[molar_volume]
kind = "expression"
V_m = "8.9e-6 - 2.15e-6*x_Ni"
"""
LAYERS = """
[experiment]
time = "81 h"
temperature = 473.0
ends = { left = { Sn = 0.0 }, right = { Sn = 1.0 } }
marker = "5.1 um"
layers = [
  { name = "Cu3Sn", Sn = 0.25, thickness = "3.5 um", sigma = "0.1 um", V_m = "8.59e-6 m^3/mol" },
  { name = "Cu6Sn5", Sn = 0.4545, thickness = "13 um", V_m = 10.59e-6 },
]
[molar_volume]
kind = "vegard"
Cu = "7.11e-6 m^3/mol"
Sn = "16.24e-6 m^3/mol"
"""
COUPLE = """
components = ["Cu", "Ni"]
[domain]
interval = ["-100 um", "100 um"]
cells = 20
[initial]
shape = "step"
left = { Cu = 1.0 }
right = { Cu = 0.0 }
[temperature]
schedule = [["0 h", "800 degC"], ["1 h", "900 degC"]]
[law]
kind = "fick"
D = "1e-15 m^2/s"
[time]
end = "1 h"
"""


def table(header, rows):
    return "\n".join([header, *(",".join(f"{value:g}" for value in row) for row in rows)]) + "\n"


PROBE = table("x [um],Ni", ROWS)


def experiment(folder, text=EXPERIMENT, csv=PROBE):
    (folder / "probe.csv").write_text(csv, encoding="utf-8")
    path = folder / "probe.toml"
    path.write_text(text, encoding="utf-8")
    return path


def changed(text, *pairs):
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def with_keys(*lines):
    """The experiment with more keys: the first of them on line 3."""
    return changed(EXPERIMENT, ("[experiment]\n", "\n".join(["[experiment]", *lines, ""])))


def test_an_experiment_carries_what_a_table_cannot(tmp_path):
    profile = read_experiment(experiment(tmp_path))
    assert profile.time == pytest.approx(196 * HOUR) and profile.temperature == pytest.approx(1373.15)
    assert profile.marker == pytest.approx(40e-6)
    assert profile.ends["right"] == pytest.approx([1.0])
    assert profile.molar_volume == {"kind": "expression", "V_m": "8.9e-6 - 2.15e-6*x_Ni"}
    assert profile.fraction("Ni") == pytest.approx([y for _, y in ROWS])
    assert profile.warnings == () and profile.law is None and profile.history is None


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ('start = "step"', "start", {"shape": "step"}),
        ('start = "step"\nat = "100 um"', "start", {"shape": "step", "at": pytest.approx(100e-6)}),
        ('start = "other"', "start", {"shape": "other"}),
        (
            'start = "film"\nthickness = "2 um"',
            "start",
            {"shape": "film", "at": 0.0, "thickness": pytest.approx(2e-6)},
        ),
        (
            'start = { shape = "step", at = "90 um", left = { Ni = 0 }, right = { Ni = 1 }, interval = [0, "1 mm"] }',
            "start",
            {
                "shape": "step",
                "at": pytest.approx(90e-6),
                "left": {"Ni": 0.0},
                "right": {"Ni": 1.0},
                "interval": pytest.approx([0.0, 1e-3]),
            },
        ),
        (
            'start = { shape = "film", thickness = 1e-6, matrix = { Ni = 0 }, closed = true }',
            "start",
            {"shape": "film", "at": 0.0, "thickness": 1e-6, "matrix": {"Ni": 0.0}, "closed": True},
        ),
        ('interfaces = ["60 um", "90 um"]', "interfaces", pytest.approx((60e-6, 90e-6))),
        ("semi_infinite = false", "semi_infinite", False),
        ('structure = "fcc"', "structure", "fcc"),
        ('marker_sigma = "1 um"', "marker_sigma", pytest.approx(1e-6)),
        ('component = "Ni"', "component", "Ni"),
        ('balance = "Cu"', "components", ("Ni", "Cu")),
        ('basis = "fraction"', "components", ("Ni",)),
        ('x = "x [um]"', "components", ("Ni",)),
    ],
)
def test_a_key_becomes_a_field_of_the_profile(tmp_path, line, field, value):
    assert getattr(read_experiment(experiment(tmp_path, with_keys(line))), field) == value


def test_the_profile_before_is_read_like_the_profile(tmp_path):
    (tmp_path / "before.csv").write_text(table("x [um],Ni", [(x, 0.5) for x, _ in ROWS]), encoding="utf-8")
    profile = read_experiment(experiment(tmp_path, with_keys('start = { shape = "other", profile = "before.csv" }')))
    before = profile.start["profile"]
    assert profile.start["shape"] == "other" and before.fraction("Ni").tolist() == N * [0.5]
    (tmp_path / "before.csv").write_text("x [um],Ni\n0,-\n", encoding="utf-8")
    with pytest.raises(Invalid, match=r"before.csv:2: expected a number in column Ni, got '-'"):
        read_experiment(experiment(tmp_path, with_keys('start = { shape = "other", profile = "before.csv" }')))


def test_markers_are_pairs(tmp_path):
    profile = read_experiment(experiment(tmp_path, with_keys('markers = [["-4 um", "3 um"], [1e-4, "110 um"]]')))
    assert profile.markers == pytest.approx(np.array([[-4e-6, 3e-6], [1e-4, 1.1e-4]]))


def test_a_tracer_belongs_to_a_component(tmp_path):
    csv = table("x [um],Cu,Ni,Ni63 [cps]", [(x, 1.0 - y, y, 100 + x) for x, y in ROWS])
    for lines in (['tracer = { column = "Ni63", of = "Ni" }'], ['tracer = "Ni63"', 'component = "Ni"']):
        profile = read_experiment(experiment(tmp_path, with_keys(*lines), csv))
        assert (profile.component, profile.tracer) == ("Ni", "Ni63")
        assert profile.components == ("Cu", "Ni", "Ni63")


def test_thermodynamics_are_those_of_a_case(tmp_path):
    section = '[thermodynamics]\nkind = "regular"\nomega = { Cu-Ni = "8 kJ/mol" }\n'
    profile = read_experiment(experiment(tmp_path, EXPERIMENT + section))
    assert profile.thermodynamics == {"kind": "regular", "omega": {"Cu-Ni": 8000.0}}


def test_a_law_and_a_history_are_kept_for_what_needs_them(tmp_path):
    sections = """
[law]
kind = "fick"
D = "D0*exp(-Q/(R*T))*exp(x_Ni)"
[parameters]
D0 = "6e-5 m^2/s"
Q = "250 kJ/mol"
[temperature]
schedule = [["0 h", "800 degC"], ["10 h", "1000 degC"]]
"""
    text = changed(EXPERIMENT, ('temperature = "1100 degC"\n', ""), ('time = "196 h"\n', ""))
    profile = read_experiment(experiment(tmp_path, text + sections))
    assert isinstance(profile.law, Fick) and profile.law.mixture.independent == ("Ni",)
    T = 1000.0
    expected = 6e-5 * np.exp(-250e3 / (8.31446261815324 * T)) * np.exp(0.5)
    assert profile.law.matrix(np.array([[0.5]]), T=T)[0] == pytest.approx(expected, rel=1e-12, abs=0.0)
    assert isinstance(profile.history, Temperature) and profile.history(5 * HOUR) == pytest.approx(1173.15)
    assert profile.temperature is None and profile.time is None
    steady = changed(sections, ('schedule = [["0 h", "800 degC"], ["10 h", "1000 degC"]]', 'value = "900 degC"'))
    assert read_experiment(experiment(tmp_path, text + steady)).temperature == pytest.approx(1173.15)


def test_the_profile_of_a_result_knows_its_law_and_history():
    case = parse_case(COUPLE)
    profile = solve(case.problem, case.controls).profile()
    assert profile.law is case.problem.law and profile.history is case.problem.temperature


def test_wt_percent_of_what_is_no_element(tmp_path):
    csv = table("x [um],Ni,Slag", [(x, 100 * y, 100 - 100 * y) for x, y in ROWS])
    lines = ['basis = "wt%"', "masses = { Slag = 117.3868 }"]  # twice that of nickel
    profile = read_experiment(experiment(tmp_path, with_keys(*lines), csv))
    y = np.array([y for _, y in ROWS])
    assert profile.fraction("Ni") == pytest.approx(2.0 * y / (1.0 + y), rel=1e-6)
    with pytest.raises(Invalid, match=r"probe.csv:1: Slag is not the symbol of an element.*masses = \{ Slag = 58.7 \}"):
        read_experiment(experiment(tmp_path, with_keys(lines[0]), csv))


def test_layers_need_no_profile(tmp_path):
    path = experiment(tmp_path, LAYERS)
    profile = read_experiment(path)
    assert profile.x.size == 0 and profile.component == "Sn" and profile.binary
    assert profile.layers == (
        Layer("Cu3Sn", 0.25, pytest.approx(3.5e-6), pytest.approx(8.59e-6), pytest.approx(1e-7)),
        Layer("Cu6Sn5", 0.4545, pytest.approx(13e-6), pytest.approx(10.59e-6), None),
    )
    assert profile.ends["left"][0] == 0.0 and profile.marker == pytest.approx(5.1e-6)
    assert profile.molar_volume == {"kind": "vegard", "Cu": pytest.approx(7.11e-6), "Sn": pytest.approx(16.24e-6)}


def test_layers_seen_from_the_other_component(tmp_path):
    lines = 'component = "Cu"\nbalance = "Cu"\n'
    profile = read_experiment(experiment(tmp_path, changed(LAYERS, ("[experiment]\n", f"[experiment]\n{lines}"))))
    assert profile.component == "Cu" and profile.components == ("Sn", "Cu")
    assert [layer.composition for layer in profile.layers] == pytest.approx([0.75, 0.5455])
    assert profile.ends["left"].tolist() == [0.0, 1.0]


def test_layers_beside_a_profile(tmp_path):
    line = 'layers = [{ name = "beta", Ni = 0.5, thickness = "20 um" }]'
    profile = read_experiment(experiment(tmp_path, with_keys(line)))
    assert profile.x.size == N and profile.layers[0].thickness == pytest.approx(20e-6)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('time = "196 h"', 'tiem = "196 h"', r"probe.toml:4 experiment.tiem: unknown key. Did you mean time\?"),
        ('time = "196 h"', 'time = "196 um"', r"probe.toml:4 experiment.time: "),
        ('time = "196 h"', "time = -1", r"probe.toml:4 experiment.time: must be above zero"),
        ('"1100 degC"', '"-300 degC"', r"probe.toml:5 experiment.temperature: must be above zero"),
        ('"probe.csv"', '"../probe.csv"', r"probe.toml:3 experiment.profile: .*leads out of"),
        ('"probe.csv"', '"prob.csv"', r"probe.toml:3 experiment.profile: there is no file 'prob.csv'"),
        ('"probe.csv"', "7", r"probe.toml:3 experiment.profile: expected a text in quotes, got 7"),
        ('profile = "probe.csv"', "", r"probe.toml:2 experiment: profile is missing"),
        ("Ni = 1.0", "Cu = 1.0", r"probe.toml:6 experiment.ends.right.*: "),
        ("Ni = 1.0", "Ni = 2", r"probe.toml:6 experiment.ends.right.Ni: expected a mole fraction"),
        ("right =", "rigth =", r"probe.toml:6 experiment.ends.rigth: unknown key. Did you mean right\?"),
        (
            "Ni = 0.0 }, right = { Ni = 1.0",
            "Ni = 1.0 }, right = { Ni = 0.0",
            r"probe.toml:6 experiment.ends: .*exchange",
        ),
        ('"40 um"', '"400 um"', r"probe.toml:7 experiment.marker: 400 um lies outside .* 0 um to 200 um"),
        ('"expression"', '"vegrad"', r"probe.toml:9 molar_volume.kind: expected .* Did you mean vegard\?"),
        ('"expression"', '"vegard"', r"probe.toml:10 molar_volume.V_m: unknown key"),
        ("2.15e-6*x_Ni", "2.15e-5*x_Ni", r"probe.toml:10 molar_volume.V_m: the molar volume is -.* must be positive"),
        ("2.15e-6*x_Ni", "2.15e-6*x_Nii", r"probe.toml:10 molar_volume.V_m: unknown name 'x_Nii'.* mean x_Ni\?"),
        ("8.9e-6 - 2.15e-6*x_Ni", "8.9e-6 um", r"probe.toml:10 molar_volume.V_m: expected a molar volume"),
        ("[molar_volume]", "[molarvolume]", r"probe.toml:8 molarvolume: unknown key. Did you mean molar_volume\?"),
        ("[experiment]", "[experimental]", r"needs a table \[experiment\]"),
        ('"196 h"', "196 h", r"probe.toml:4"),
    ],
)
def test_every_mistake_in_an_experiment_has_its_line(tmp_path, old, new, words):
    with pytest.raises(Invalid, match=words):
        read_experiment(experiment(tmp_path, EXPERIMENT.replace(old, new)))


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('start = "flim"', r"probe.toml:3 experiment.start.shape: expected .*step.* film.*got 'flim'.* film\?"),
        ('start = "film"', r"probe.toml:3 experiment.start: a film needs its thickness"),
        ('thickness = "2 um"', r"probe.toml:3 experiment.thickness: belongs to start = \"film\", got no start"),
        (
            'start = "other"\nat = "1 um"',
            r"probe.toml:4 experiment.at: belongs to start = \"step\" or \"film\", got other",
        ),
        ('start = { shape = "step", thickness = 1 }', r"probe.toml:3 experiment.start.thickness: belongs to"),
        ('start = { shape = "step", at = 1 }\nat = 2', r"probe.toml:4 experiment.at: stands in start already"),
        ('start = { shape = "other", profile = "no.csv" }', r"experiment.start.profile: there is no file 'no.csv'"),
        ('start = { shape = "step", left = { Ni = 0, Cu = 1 } }', r"experiment.start.left.Cu: the profile has no Cu"),
        ('start = { shape = "step", interval = [1, 0] }', r"probe.toml:3 experiment.start.interval: the left end"),
        ('interfaces = ["300 um"]', r"probe.toml:3 experiment.interfaces\[0\]: 300 um lies outside the profile"),
        ('markers = ["1 um"]', r"probe.toml:3 experiment.markers: expected pairs of positions"),
        ('markers = [["1 um", "1 h"]]', r"probe.toml:3 experiment.markers\[0\]\[1\]: expected a length"),
        (
            'markers = [["1 um", "2 um"], ["3 um", "1 um"]]',
            r"probe.toml:3 experiment.markers\[1\]\[1\]: markers .* never pass",
        ),
        ('markers = [["1 um", "-2 um"]]', r"probe.toml:3 experiment.markers\[0\]\[1\]: -2 um lies outside"),
        ('marker_sigma = "-1 um"', r"probe.toml:3 experiment.marker_sigma: must be above zero"),
        ('structure = "hcp"', r"probe.toml:3 experiment.structure: expected sc, bcc, fcc or diamond, got 'hcp'"),
        ('tracer = "Ni63"', r"probe.toml:3 experiment.tracer.column: there is no column 'Ni63'; the columns are Ni"),
        ('basis = "vol%"', r"probe.toml:3 experiment.basis: 'vol%' is not a kind of composition"),
        ('basis = "wt%"\nbalance = "Slag"', r"probe.csv:1: Slag is not the symbol of an element"),
        ('basis = "wt%"\nbalance = "Cu"\nmasses = { Cu = 0 }', r"probe.toml:5 experiment.masses.Cu: must be above 0"),
        ('balance = "Ni"', r"probe.toml:3 experiment.balance: Ni has a column"),
        ('x = "y [um]"', r"probe.csv:1: there is no column 'y'"),
        ("layers = []", r"probe.toml:3 experiment.layers: expected a list"),
        ("layers = [{ Ni = 0.5 }]", r"probe.toml:3 experiment.layers\[0\].thickness: is missing"),
        ('layers = [{ Cr = 0.5, thickness = "1 um" }]', r"experiment.layers\[0\].Cr: 'Cr' is not one of Ni"),
        ('layers = [{ Ni = 0.5, thickness = "-1 um" }]', r"experiment.layers\[0\].thickness: must be above zero"),
        ('layers = [{ Ni = 5, thickness = "1 um" }]', r"experiment.layers\[0\].Ni: expected a mole fraction"),
        ('layers = [{ thickness = "1 um" }]', r"experiment.layers\[0\]: the mole fraction of a component is missing"),
        ('layers = [{ Ni = 0.5, thicknes = 0.1, thickness = "1 um" }]', r"experiment.layers\[0\]: one key too many"),
        (
            'layers = [{ Ni = 0.6, thickness = "1 um" }, { Ni = 0.4, thickness = "1 um" }]',
            r"experiment.layers: the fractions of Ni must rise or fall .* 0, 0.6, 0.4, 1",
        ),
    ],
)
def test_every_mistake_in_a_key_has_its_line(tmp_path, lines, words):
    with pytest.raises(Invalid, match=words):
        read_experiment(experiment(tmp_path, with_keys(lines)))


@pytest.mark.parametrize(
    ("section", "words"),
    [
        (
            '[thermodynamics]\nkind = "regular"\nomega = { Cu-Nii = 8 }',
            r"probe.toml:13 thermodynamics.omega.Cu-Nii: .*Nii",
        ),
        ('[thermodynamics]\nkind = "regulr"', r"probe.toml:12 thermodynamics.kind: .* Did you mean regular\?"),
        (
            '[thermodynamics]\nkind = "expression"\nexcess = { table = "g.csv" }',
            r"thermodynamics.excess: cannot be a table",
        ),
        ('[law]\nkind = "fick"\nD = "1e-14*x_Fe"', r"probe.toml:13 law.D: unknown name 'x_Fe'"),
        ('[law]\nkind = "fikc"\nD = 1e-14', r"probe.toml:12 law.kind: expected one of fick, got 'fikc'"),
        ('[law]\nkind = "fick"\nD = { table = "d.csv" }', r"probe.toml:13 law.D.table: there is no file 'd.csv'"),
        ("[temperature]\nvalue = 1000", r"probe.toml:5 experiment.temperature: stands there twice"),
        (
            '[temperature]\nschedule = [["1 h", 900], ["0 h", 900]]',
            r"probe.toml:12 temperature.schedule\[1\]: times must",
        ),
    ],
)
def test_every_mistake_in_a_section_has_its_line(tmp_path, section, words):
    csv = table("x [um],Ni,Cu", [(x, y, 1.0 - y) for x, y in ROWS])
    with pytest.raises(Invalid, match=words):
        read_experiment(experiment(tmp_path, EXPERIMENT + section + "\n", csv))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("ends = { left = { Sn = 0.0 }, right = { Sn = 1.0 } }\n", "", r"probe.toml:2 experiment: without a profile"),
        (
            "right = { Sn = 1.0 }",
            "right = { Sn = 0.9, Cu = 0.2 }",
            r"probe.toml:5 experiment.ends.right: .* sum to 1.1",
        ),
        (
            "right = { Sn = 1.0 }",
            "right = { Cu = 0, Zn = 1 }",
            r"probe.toml:5 experiment.ends.right.Zn: the profile has",
        ),
        ("Sn = 0.4545", "Cu = 0.5455", r"experiment.layers: all layers must state the mole fraction of one component"),
        ("Sn = 0.4545", "Sn = 0.2", r"experiment.layers: the fractions of Sn must rise or fall all the way"),
        (
            'Cu = "7.11e-6 m^3/mol"',
            "",
            r"probe.toml:11 molar_volume: needs the volume of the second .* beside that of Sn",
        ),
        ("time =", 'component = "Zn"\ntime =', r"probe.toml:3 experiment.component: 'Zn' is not one of Sn"),
    ],
)
def test_every_mistake_in_layers_alone_has_its_line(tmp_path, old, new, words):
    with pytest.raises(Invalid, match=words):
        read_experiment(experiment(tmp_path, changed(LAYERS, (old, new))))


def test_faults_of_an_experiment_come_together(tmp_path):
    text = changed(
        EXPERIMENT,
        ("time =", "tiem ="),
        ('"40 um"', '"40 h"'),
        ('"expression"', '"vegrad"'),
    )
    section = '[thermodynamics]\nkind = "regular"\nomega = { Cu = 8 }\n[nothing]\n'
    csv = changed(PROBE, ("25,0.125", "25,n.d."), ("75,0.375", "75,"))
    with pytest.raises(Invalid) as caught:
        read_experiment(experiment(tmp_path, text + section, csv))
    places = [line.rpartition("/")[2].split(": ")[0] for line in str(caught.value).splitlines()]
    assert places == [
        "probe.toml:4 experiment.tiem",
        "probe.toml:7 experiment.marker",
        "probe.toml:9 molar_volume.kind",
        "probe.toml:13 thermodynamics.omega.Cu",
        "probe.toml:14 nothing",
        "probe.csv:3",
        "probe.csv:5",
    ]


def test_a_misspelt_key_of_the_table_of_numbers_has_no_second_fault(tmp_path):
    with pytest.raises(Invalid) as caught:
        read_experiment(experiment(tmp_path, with_keys('bassis = "wt%"')))
    assert len(caught.value.faults) == 1


def test_a_potential_belongs_to_the_profile(tmp_path):
    assert read_experiment(experiment(tmp_path, with_keys('potential = "100 mV"'))).potential == pytest.approx(0.1)


def test_every_key_stands_in_the_docs():
    text = DOCS.read_text(encoding="utf-8").split("\n## Experiment files\n", 1)[1].split("\n## ", 1)[0]
    names = [*ExperimentSection.model_fields, *StartTable.model_fields, *LayerTable.model_fields]
    missing = [name for name in names if f"`{name}`" not in text and f"{name} = " not in text]
    assert missing == []


@pytest.mark.skipif(not SHARED.exists(), reason="the measured Ti-Zr profile is not beside the checkout")
def test_the_measured_couple_as_an_experiment(tmp_path):
    shutil.copy(SHARED, tmp_path / "tizr.csv")
    text = """
[experiment]
profile = "tizr.csv"
x = "dis [um]"
component = "Zr"
time = "100 h"
temperature = "1000 degC"
ends = { left = { Zr = 0 }, right = { Zr = 1 } }
semi_infinite = false
"""
    profile = read_experiment(experiment(tmp_path, text))
    X, place = np.loadtxt(SHARED, delimiter=",", skiprows=1).T
    assert profile.fraction("Zr").tolist() == X.tolist() and profile.x == pytest.approx(1e-6 * place)
    assert profile.temperature == pytest.approx(1273.15) and profile.semi_infinite is False


TERNARY = "x [um],Cr,Ni\n" + "".join(f"{10 * k},{0.2 + 0.02 * k:.3f},{0.3 - 0.01 * k:.3f}\n" for k in range(9))


def ternary(folder, *lines: str, csv: str = TERNARY):
    """The experiment of a profile with columns of chromium and nickel."""
    text = "\n".join(['[experiment]\nprofile = "probe.csv"\ntime = "100 h"', *lines])
    return experiment(folder, text + "\n", csv)


def test_the_dependent_component_may_have_no_column(tmp_path):
    profile = read_experiment(ternary(tmp_path, 'dependent = "Fe"'))
    assert profile.components == ("Cr", "Ni") and profile.dependent == "Fe"
    assert read_experiment(ternary(tmp_path)).dependent == ""
    with_column = TERNARY.replace("Cr,Ni", "Cr,Fe")
    assert read_experiment(ternary(tmp_path, 'dependent = "Cr"', csv=with_column)).dependent == "Cr"


def test_ends_beside_a_dependent_component_are_those_of_the_columns(tmp_path):
    both = "ends = {{ left = {{ Cr = 0.2, Ni = 0.3{} }}, right = {{ Cr = 0.36, Ni = 0.22{} }} }}"
    for more in (("", ""), (", Fe = 0.5", ", Fe = 0.42")):
        profile = read_experiment(ternary(tmp_path, 'dependent = "Fe"', both.format(*more)))
        assert profile.ends["left"].tolist() == [0.2, 0.3] and profile.ends["right"].tolist() == [0.36, 0.22]
    # one of three fractions says nothing of the other two: never 1 minus the first
    with pytest.raises(Invalid, match="Ni, Fe are missing"):
        read_experiment(ternary(tmp_path, 'dependent = "Fe"', "ends = { left = { Cr = 0.2 }, right = { Cr = 0.36 } }"))
    with pytest.raises(Invalid, match=r"sum to 1\.2"):
        read_experiment(ternary(tmp_path, 'dependent = "Fe"', both.format(", Fe = 0.7", ", Fe = 0.42")))


def test_a_dependent_component_for_which_nothing_is_left_is_refused(tmp_path):
    whole = "x [um],Cr,Ni\n" + "".join(f"{10 * k},{0.1 * k:.1f},{1 - 0.1 * k:.1f}\n" for k in range(9))
    with pytest.raises(Invalid, match=r"e\.toml:5 experiment\.dependent: there is no column 'Fe'.*sum to 1 without it"):
        read_experiment(ternary(tmp_path, "", 'dependent = "Fe"', csv=whole))
    with pytest.raises(Invalid, match="is not a name"):
        read_experiment(ternary(tmp_path, 'dependent = "1 - x"'))


def test_sections_beside_a_ternary_know_its_dependent_component(tmp_path):
    volume = '[molar_volume]\nkind = "expression"\nV_m = "7e-6*(1 + 0.1*x_Fe)"'
    law = '[law]\nkind = "fick"\nD = [["2e-14", "1e-15"], ["0", "1e-14"]]'
    profile = read_experiment(ternary(tmp_path, 'dependent = "Fe"', volume, law))
    assert profile.molar_volume["V_m"] == "7e-6*(1 + 0.1*x_Fe)"
    assert profile.law.mixture.independent == ("Cr", "Ni") and profile.law.mixture.dependent == "Fe"

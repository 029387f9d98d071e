"""Measured profiles and experiment files: what is read, and every mistake with its line."""

import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.files.experiment import read_experiment
from simulator.files.measured import read_profile

N = 9
ROWS = [(25.0 * k, k / (N - 1)) for k in range(N)]


def write(folder, text, name="probe.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def table(header, rows=ROWS, separator=",", comma=False):
    def text(value):
        return f"{value:g}".replace(".", ",") if comma else f"{value:g}"

    return "\n".join([header, *(separator.join(map(text, row)) for row in rows)]) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        table("x [um],Ni"),
        table("dis (um),Ni"),
        table("x [um]; Ni", separator=";"),
        table("x [um];Ni", separator=";", comma=True),
        table("x [um]\tNi", separator="\t", comma=True),
        table("x [um]   Ni", separator="   "),
        table("Ni,x [um]", [(y, x) for x, y in ROWS]),
        table("x [µm],Ni"),
        table("x [mm],Ni", [(x / 1000, y) for x, y in ROWS]),
        table("x [um],Ni [at%]", [(x, 100 * y) for x, y in ROWS]),
        table("x [um],Ni (at. %)", [(x, 100 * y) for x, y in ROWS]),
        "\ufeff# from the probe\n\n" + table("x [um],Ni"),
        table("x [um],Ni").replace("\n", "\r\n"),
        '"x [um]","Ni"\n' + table("")[1:],
    ],
)
def test_every_way_to_write_a_table_gives_the_same_profile(tmp_path, text):
    profile = read_profile(write(tmp_path, text), time="100 h", temperature="1000 degC")
    assert profile.x == pytest.approx([1e-6 * x for x, _ in ROWS])
    assert profile.components == ("Ni",)
    assert profile.fraction("Ni") == pytest.approx([y for _, y in ROWS])
    assert profile.time == pytest.approx(360000.0) and profile.temperature == pytest.approx(1273.15)


def test_the_column_of_positions_can_be_named(tmp_path):
    path = write(tmp_path, table("X,dis", [(y, x) for x, y in ROWS]))
    profile = read_profile(path, x_column="dis [um]", ends=(0, 1))
    assert profile.components == ("X",) and profile.x[-1] == pytest.approx(200e-6)
    assert profile.ends["left"] == pytest.approx([0.0]) and profile.ends["right"] == pytest.approx([1.0])
    assert read_profile(path, x_column="dis [um]", component="Ti").components == ("Ti",)


def test_sigma_and_several_components(tmp_path):
    rows = [(x, y, 1 - y, 0.01) for x, y in ROWS]
    path = write(tmp_path, table("x [um],Ni,Cu,sigma_Ni", rows))
    assert read_profile(path).sigma is None  # not of every component
    profile = read_profile(path, component="Ni", ends={"left": {"Ni": 0.0}, "right": {"Ni": 1.0}})
    assert profile.sigma == pytest.approx(np.full((1, N), 0.01))
    both = read_profile(path, ends=(0, 1))
    assert both.ends["left"] == pytest.approx([0.0, 1.0])
    percent = write(tmp_path, table("x [um],Ni [at%],sigma_Ni", [(x, 100 * y, 1.0) for x, y in ROWS]))
    assert read_profile(percent).sigma == pytest.approx(np.full((1, N), 0.01))


def test_basis_is_for_headers_that_do_not_say(tmp_path):
    path = write(tmp_path, table("x [um],Ni", [(x, 100 * y) for x, y in ROWS]))
    assert read_profile(path, basis="at%").fraction("Ni")[-1] == pytest.approx(1.0)
    with pytest.raises(Invalid, match=r"probe.csv:3: a mole fraction lies .* got 12.5 for Ni.*--basis at%"):
        read_profile(path)
    with pytest.raises(Invalid, match="'vol%' is not a kind of composition"):
        read_profile(path, basis="vol%")


def test_weight_percent_needs_atomic_masses(tmp_path):
    path = write(tmp_path, table("x [um],Ni [wt%],Cu [wt%]", [(x, 100 * y, 100 - 100 * y) for x, y in ROWS]))
    try:
        import periodictable
    except ImportError:
        with pytest.raises(Invalid, match="periodictable library"):
            read_profile(path)
        return
    nickel, copper = float(periodictable.Ni.mass), float(periodictable.Cu.mass)
    w = np.array([y for _, y in ROWS])
    expected = (w / nickel) / (w / nickel + (1 - w) / copper)
    assert read_profile(path).fraction("Ni") == pytest.approx(expected)


GOOD = table("x [um],Ni").splitlines()


def changed(line, text):
    return "\n".join([*GOOD[: line - 1], text, *GOOD[line:]]) + "\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"probe.csv: the file is empty"),
        ("# nothing\n\n", r"the file is empty"),
        (table("x [um],Ni", ROWS[:7]), r"at least 8 points, this file has 7"),
        (changed(4, "50,n.d."), r"probe.csv:4: expected a number in column Ni, got 'n.d.'"),
        (changed(4, "50,"), r"probe.csv:4: expected a number in column Ni, got an empty cell"),
        (changed(5, "75,nan"), r"probe.csv:5: expected a finite number in column Ni, got nan"),
        (changed(5, "inf,0.4"), r"probe.csv:5: expected a finite number"),
        (changed(5, "75,0.4,1"), r"probe.csv:5: expected 2 columns as in the header, got 3"),
        (changed(5, "50,0.4"), r"probe.csv:5: positions must increase, but 50 repeats the 50"),
        (changed(5, "40,0.4"), r"probe.csv:5: positions must increase, but 40 is less than the 50"),
        ("\n".join([GOOD[0], *GOOD[:0:-1]]), r"probe.csv:3: positions decrease .* reverse the order"),
        (changed(5, "75,1.2"), r"probe.csv:5: a mole fraction lies between 0 and 1, got 1.2 for Ni"),
        (changed(5, "75,-0.2"), r"probe.csv:5: a mole fraction"),
        (table("x,Ni"), r"probe.csv:1: no column has a length as its unit.*\"x \[um\]\""),
        (table("x [h],Ni"), r"no column has a length"),
        ("\n".join(GOOD[1:]), r"probe.csv:1: the first line holds numbers; a header must name the columns"),
        (table("x [um],Ni,sigma_Ni", [(*row, 0.0) for row in ROWS]), r"uncertainties of Ni must be positive"),
        (
            table("x [um],Ni,sigma_Nix", [(*row, 0.1) for row in ROWS]),
            r"sigma_Nix belongs to no column Nix. Did you mean Ni\?",
        ),
        (table("x [um],Ni [vol%]"), r"'vol%' is not a kind of composition"),
        ("x [um],Ni\n\0", r"not a text file"),
    ],
)
def test_every_mistake_has_its_line(tmp_path, text, words):
    with pytest.raises(Invalid, match=words):
        read_profile(write(tmp_path, text))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"x_column": "dist [um]"}, r"no column 'dist'; the columns are dis, X. Did you mean dis\?"),
        ({"x_column": "dis"}, r"the column dis has no unit; give one of m, cm, mm, um, nm"),
        ({"x_column": "dis [h]"}, r"the unit 'h' of dis is not a length"),
        ({"x_column": "dis [um]", "ends": (0, 1, 2)}, r"ends: expected two values"),
        ({"x_column": "dis [um]", "ends": (0, 1.5)}, r"ends.right: a mole fraction"),
        ({"x_column": "dis [um]", "ends": {"left": {"X": 0}}}, r"the right end is missing"),
        ({"x_column": "dis [um]", "ends": {"left": {"Y": 0}, "right": {"X": 1}}}, r"ends.left.Y: the profile has no Y"),
    ],
)
def test_arguments_that_do_not_fit(tmp_path, given, words):
    with pytest.raises(Invalid, match=words):
        read_profile(write(tmp_path, table("dis,X")), **given)


def test_a_missing_file_and_a_folder_are_said_to_be_so(tmp_path):
    with pytest.raises(Invalid, match=r"nothing.csv: there is no such file"):
        read_profile(tmp_path / "nothing.csv")
    with pytest.raises(Invalid, match="cannot be read"):
        read_profile(tmp_path)


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


def experiment(folder, text=EXPERIMENT):
    write(folder, table("x [um],Ni"))
    return write(folder, text, "probe.toml")


def test_an_experiment_carries_what_a_table_cannot(tmp_path):
    profile = read_experiment(experiment(tmp_path))
    assert profile.time == pytest.approx(196 * 3600.0) and profile.temperature == pytest.approx(1373.15)
    assert profile.marker == pytest.approx(40e-6)
    assert profile.ends["right"] == pytest.approx([1.0])
    assert profile.molar_volume == {"kind": "expression", "V_m": "8.9e-6 - 2.15e-6*x_Ni"}
    assert profile.fraction("Ni") == pytest.approx([y for _, y in ROWS])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('time = "196 h"', 'tiem = "196 h"', r"probe.toml:4 experiment.tiem: unknown key. Did you mean time\?"),
        ('time = "196 h"', 'time = "196 um"', r"probe.toml:4 experiment.time: "),
        ('time = "196 h"', "time = -1", r"probe.toml:4 experiment.time: must be above zero"),
        ('"probe.csv"', '"../probe.csv"', r"probe.toml:3 experiment.profile: .*leads out of"),
        ('"probe.csv"', '"prob.csv"', r"probe.toml:3 experiment.profile: there is no file 'prob.csv'"),
        ('profile = "probe.csv"', "", r"profile is missing"),
        ("Ni = 1.0", "Cu = 1.0", r"probe.toml:6 experiment.ends.right.*: "),
        ("Ni = 1.0", "Ni = 2", r"probe.toml:6 experiment.ends.right.Ni: expected a mole fraction"),
        ("right =", "rigth =", r"probe.toml:6 experiment.ends.rigth: unknown key. Did you mean right\?"),
        ('"expression"', '"vegrad"', r"probe.toml:8 molar_volume: kind must be one of .* Did you mean vegard\?"),
        ("[molar_volume]", "[molarvolume]", r"probe.toml:8 molarvolume: unknown key. Did you mean molar_volume\?"),
        ("[experiment]", "[experimental]", r"needs a table \[experiment\]"),
        ('"196 h"', "196 h", r"probe.toml:4"),
    ],
)
def test_every_mistake_in_an_experiment_has_its_line(tmp_path, old, new, words):
    with pytest.raises(Invalid, match=words):
        read_experiment(experiment(tmp_path, EXPERIMENT.replace(old, new)))


def test_faults_of_an_experiment_come_together(tmp_path):
    with pytest.raises(Invalid) as caught:
        read_experiment(experiment(tmp_path, EXPERIMENT.replace("time =", "tiem =").replace("marker", "maker")))
    assert len(caught.value.faults) == 2


def test_a_column_of_mole_fractions_names_its_component(tmp_path):
    """x_Ni is the fraction of Ni, with or without --component, as `matano export` writes it."""
    rows = [(x, 1.0 - y, y, 0.01) for x, y in ROWS]
    path = write(tmp_path, table("x [um],x_Cu,x_Ni,sigma_Ni", rows))
    both = read_profile(path, ends={"left": {"Ni": 0.0}, "right": {"Ni": 1.0}})
    assert both.components == ("Cu", "Ni") and both.ends["right"].tolist() == [0.0, 1.0]
    for asked in ("Ni", "x_Ni"):
        one = read_profile(path, component=asked)
        assert one.components == ("Ni",) and one.sigma.tolist() == [N * [0.01]]

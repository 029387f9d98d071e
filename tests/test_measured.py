"""Measured profiles: every way to write them, kinds of composition, and every mistake with its line."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.files.composition import mass_fractions, masses_of, mole_fractions, slopes, uncertainties
from simulator.files.measured import read_profile
from simulator.files.titles import title_of

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "TiZr_1000C_100h_measured.csv"

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
        "Sample 7, Ni in Cu\nVoltage, 15\nOperator: me\n2026\n\n" + table("x [um],Ni"),
        "# x [um],Ni\n" + table("")[1:],
        "x,Ni\num,-\n" + table("")[1:],
        "position,Ni\nµm,at%\n" + table("", [(x, 100 * y) for x, y in ROWS])[1:],
        "\n".join(['"x [um]","Ni"', *(f'"{x:g}","{y:g}"'.replace(".", ",") for x, y in ROWS)]),
        table("x/µm;x(Ni)", separator=";"),
        table("x_um Ni_at%", [(x, 100 * y) for x, y in ROWS], " "),
        table("Distance [um],y [mm],Ni,Total", [(x, 3.0, y, 1.0) for x, y in ROWS]),
        table("x [um],Ni\tmole fraction".replace("\t", " ")),
        table("x [um],w_Fe,Ni", [(x, 0.3, y) for x, y in ROWS]).replace("w_Fe", "Total"),
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
        (
            table("x [um],Ni", [*ROWS[::-1][:4], ROWS[6], *ROWS[::-1][5:]]),
            r"probe.csv:6: .* but 150 is more than the 125",
        ),
        (table("x [um],Ni", [*ROWS, *ROWS]), r"probe.csv:11: positions must increase, but 0 is less than the 200"),
        ("Sample 7\n" + table("")[1:], r"probe.csv:1: no line above the numbers is a header"),
        (
            table("x [um],y [mm],Ni", [(x, x, y) for x, y in ROWS]),
            r"more than one column is a length; .*--x \"y \[mm\]\"",
        ),
        ("x [um],Ni\n" + 9 * "a,b\n", r"probe.csv:2: expected a number in column x \[um\], got 'a'"),
        ("Sample, 7a\nx [um],Ni\n0,n.d.\n" + table("")[1:], r"probe.csv:3: expected a number in column Ni, got 'n.d.'"),
        (changed(4, "<50,0.3"), r"probe.csv:4: expected a number in column x \[um\], got '<50'. Leave the row out\."),
        (changed(4, "50,<0"), r"probe.csv:4: a detection limit is above zero"),
        (changed(4, '50,"1,234"'), r"probe.csv:4: expected a number in column Ni, got '1,234'"),
        (table("x [um],Ni [%]", [(x, 100 * y) for x, y in ROWS]), r"'Ni \[%\]' does not say of what: write \[at%\] or"),
        (table("x [um],Ni [at%],Ni [at%]", [(x, y, y) for x, y in ROWS]), r"two columns have the same name"),
        (
            table("x [um],Ni,sigma_Ni [at%]", [(*row, 0.1) for row in ROWS]),
            r"sigma_Ni \[at%\] must be of the same kind",
        ),
        (table("x [um],Ni,sigma_Ni,sigma_x_Ni", [(*row, 0.1, 0.1) for row in ROWS]), r"two columns hold the uncert"),
        (
            table("x [um],Ni,sigma_Ni", [(x, y, 0.1 - 0.2 * (x == 50)) for x, y in ROWS]),
            r"probe.csv:4: the uncertainties of Ni must be positive, got -0.1",
        ),
        (
            table("x [um],Ni,Cu,Fe", [(x, y, 0.6, 0.5) for x, y in ROWS]),
            r"probe.csv:2: the mole fractions sum to 1.1, more than 1",
        ),
        (changed(4, "50,-inf"), r"probe.csv:4: expected a finite"),
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


def test_a_column_of_mole_fractions_names_its_component(tmp_path):
    """x_Ni is the fraction of Ni, with or without --component, as `matano export` writes it."""
    rows = [(x, 1.0 - y, y, 0.01) for x, y in ROWS]
    path = write(tmp_path, table("x [um],x_Cu,x_Ni,sigma_Ni", rows))
    both = read_profile(path, ends={"left": {"Ni": 0.0}, "right": {"Ni": 1.0}})
    assert both.components == ("Cu", "Ni") and both.ends["right"].tolist() == [0.0, 1.0]
    for asked in ("Ni", "x_Ni"):
        one = read_profile(path, component=asked)
        assert one.components == ("Ni",) and one.sigma.tolist() == [N * [0.01]]


@pytest.mark.parametrize(
    ("text", "name", "unit"),
    [
        ("Ni [wt%]", "Ni", "wt%"),
        ("wt.% Ni", "Ni", "wt.%"),
        ("Ni_wt", "Ni", "wt"),
        ("w_Ni", "Ni", "w"),
        ("mass fraction of Ni", "Ni", "mass fraction"),
        ("wt% (Ni)", "Ni", "wt%"),
        ("Ni, at. %", "Ni", "at. %"),
        ("Ni Gew.-%", "Ni", "Gew.-%"),
        ("x_Au", "Au", ""),
        ("W", "W", ""),
        ("x_W", "W", ""),
        ("Cu_tracer", "Cu_tracer", ""),
        ("x / um", "x", "um"),
    ],
)
def test_a_title_says_what_and_in_which_unit(text, name, unit):
    title = title_of(text)
    assert (title.name, title.unit, title.sigma) == (name, unit, False)
    assert title_of(f"sigma_{text}").name == name and title_of(f"sigma_{text}").sigma


def test_positions_that_decrease_are_read_in_reverse(tmp_path):
    rows = [(*row, 0.01 + row[1]) for row in ROWS]
    forth, back = (read_profile(write(tmp_path, table("x [um],Ni,sigma_Ni", part))) for part in (rows, rows[::-1]))
    for name in ("x", "fractions", "sigma"):
        assert getattr(back, name).tolist() == getattr(forth, name).tolist()
    assert forth.warnings == () and "in reverse order" in back.warnings[0]


def test_a_file_in_utf_16_or_latin_1_is_read(tmp_path):
    text = table("x [µm],Ni")
    for encoding in ("utf-16", "latin-1", "utf-8-sig"):
        path = tmp_path / f"{encoding}.csv"
        path.write_bytes(text.encode(encoding))
        assert read_profile(path).x[-1] == pytest.approx(200e-6)


def test_below_the_detection_limit_is_half_of_it(tmp_path):
    """Anywhere between 0 and L, evenly: mean L/2, standard deviation L/sqrt(12)."""
    rows = [*map(list, ROWS)]
    rows[0][1] = "<0.02"
    text = "\n".join(["x [um],Ni,sigma_Ni", *(f"{x},{y},0.001" for x, y in rows)])
    profile = read_profile(write(tmp_path, text))
    assert profile.fraction("Ni")[0] == pytest.approx(0.01)
    assert profile.sigma[0, :2] == pytest.approx([0.02 / np.sqrt(12.0), 0.001])
    assert profile.warnings == ("Values below the detection limit were taken as half of it: Ni (1).",)


W = np.array([[0.0, 0.1, 0.5, 0.9, 1.0], [1.0, 0.9, 0.5, 0.1, 0.0]])
THREE = np.array([[0.2, 0.7, 0.1], [0.3, 0.1, 0.0], [0.5, 0.2, 0.9]])


@pytest.mark.parametrize("names", [("Ni", "Cu"), ("C", "U"), ("H", "Au")], ids="-".join)
def test_mass_and_mole_fractions_are_each_others_inverse(names):
    masses = masses_of(names)
    # a few roundings of numbers of order one
    assert mass_fractions(mole_fractions(W, masses), masses) == pytest.approx(W, rel=1e-14, abs=1e-14)
    assert mole_fractions(mass_fractions(W, masses), masses) == pytest.approx(W, rel=1e-14, abs=1e-14)
    assert mole_fractions(0.98 * W, masses) == pytest.approx(mole_fractions(W, masses), rel=1e-14, abs=0.0)


def test_atomic_masses_are_those_of_the_standard_table():
    """Nickel 58.693, copper 63.546, oxygen 15.999: conventional values as printed on any periodic table."""
    assert masses_of(("Ni", "Cu", "O")) == pytest.approx([58.693, 63.546, 15.999], abs=1e-3)
    assert masses_of(("Slag", "Cu"), {"Slag": 90.0})[0] == 90.0
    with pytest.raises(Invalid) as caught:
        masses_of(("Slag", "Cu", "n", "Ore"), {"Iron": 1.0})
    words = str(caught.value)
    assert all(f"{name} is not the symbol" in words for name in ("Slag", "n", "Ore")) and "masses.Iron" in words


def test_slopes_are_the_derivatives_of_the_mole_fractions():
    masses, h = masses_of(("Fe", "Cr", "C")), 1e-6
    d = slopes(THREE, masses)
    for j in range(3):
        step = np.zeros(THREE.shape)
        step[j] = h
        # central differences: h^2 and rounding / h, both near 1e-10
        found = (mole_fractions(THREE + step, masses) - mole_fractions(THREE - step, masses)) / (2.0 * h)
        assert d[:, j] == pytest.approx(found, rel=1e-8, abs=1e-8)
    assert np.abs(d.sum(axis=0)).max() < 1e-13


def test_uncertainties_go_through_the_sum():
    """Against 200000 draws: their standard deviation is known to 1/sqrt(2 n) = 0.16 %, the second order adds 1e-4."""
    rng = np.random.default_rng(0)
    masses = masses_of(("Fe", "Cr", "C"))
    sigma = np.array([[0.002, 0.004, 0.001], [0.003, 0.001, 0.002], [0.004, 0.002, 0.003]])
    w = THREE[..., None] + sigma[..., None] * rng.standard_normal((3, 3, 200_000))
    drawn = mole_fractions(w.reshape(3, -1), masses).reshape(w.shape).std(axis=2)
    assert uncertainties(THREE, masses, sigma) == pytest.approx(drawn, rel=0.01, abs=0.0)
    w[2] = 1.0 - w[0] - w[1]
    drawn = mole_fractions(w.reshape(3, -1), masses).reshape(w.shape).std(axis=2)
    assert uncertainties(THREE, masses, sigma[:2]) == pytest.approx(drawn, rel=0.01, abs=0.0)


def weights(y, total=100.0):
    """wt% of Ni and Cu at the mole fraction y of Ni."""
    masses = masses_of(("Ni", "Cu"))
    return (total * mass_fractions(np.array([[y], [1.0 - y]]), masses)[:, 0]).tolist()


@pytest.mark.parametrize(
    ("header", "scale", "basis"),
    [
        ("x [um],Ni [wt%],Cu [wt%]", 1.0, None),
        ("x [um],Ni (mass%),Cu (weight percent)", 1.0, None),
        ("x [um],wt.% Ni,wt.% Cu", 1.0, None),
        ("x [um],Ni_wt,Cu_wt", 1.0, None),
        ("x [um],Ni_wt,Cu_wt", 0.01, None),
        ("x [um],w_Ni,w_Cu", 0.01, None),
        ("x [um],Ni [mass fraction],Cu [mass fraction]", 0.01, None),
        ("x [um],Ni,Cu", 1.0, "wt%"),
        ("x [um],Ni [%],Cu [%]", 1.0, "wt%"),
        ("x [um],Ni,Cu", 0.01, "mass fraction"),
    ],
)
def test_every_way_to_say_mass_gives_the_same_mole_fractions(tmp_path, header, scale, basis):
    path = tmp_path / "probe.csv"
    rows = [(x, *(scale * w for w in weights(y))) for x, y in ROWS]
    path.write_text("\n".join([header, *(",".join(map(repr, map(float, row))) for row in rows)]), encoding="utf-8")
    both = read_profile(path, basis=basis)
    assert both.components == ("Ni", "Cu") and both.warnings == ()
    assert both.fraction("Ni") == pytest.approx([y for _, y in ROWS], rel=1e-14, abs=1e-14)
    for name in ("Ni", "Cu"):
        assert read_profile(path, basis=basis, component=name).fraction(name).tolist() == both.fraction(name).tolist()


def test_the_component_without_a_column_is_the_rest(tmp_path):
    rows = [(x, weights(y)[0], 0.5) for x, y in ROWS]
    path = tmp_path / "probe.csv"
    path.write_text(
        "\n".join(["x [um],Ni [wt%],sigma_Ni", *(f"{x!r},{w!r},{s}" for x, w, s in rows)]), encoding="utf-8"
    )
    profile = read_profile(path, balance="Cu")
    assert profile.components == ("Ni", "Cu") and profile.binary
    assert profile.fraction("Ni") == pytest.approx([y for _, y in ROWS], rel=1e-13, abs=1e-13)
    # a binary has one degree of freedom
    assert profile.sigma[0] == pytest.approx(profile.sigma[1], rel=1e-12, abs=0.0)
    assert read_profile(path, balance="Cu", component="Cu").fraction("Cu").tolist() == profile.fraction("Cu").tolist()
    with pytest.raises(Invalid, match=r'the wt% of Ni alone give no mole fraction.*balance = "Cu"'):
        read_profile(path)
    with pytest.raises(Invalid, match="balance: Ni has a column"):
        read_profile(path, balance="Ni")
    # wt% without the dependent component give no mole fractions but with it
    rest = read_profile(path, dependent="Cu")
    assert rest.components == ("Ni", "Cu") and rest.dependent == "Cu"
    assert rest.fractions.tolist() == profile.fractions.tolist()
    path = write(tmp_path, table("x [um],Ni [at%],sigma_Ni", [(x, 100 * y, 1.0) for x, y in ROWS]))
    profile = read_profile(path, balance="Cu")
    assert profile.fractions.sum(axis=0) == pytest.approx(np.ones(N)) and (profile.sigma == 0.01).all()


def test_totals_are_divided_out_within_reason(tmp_path):
    """2 % without a word, 5 % with one; beyond, a component is missing."""

    def read(*totals):
        rows = [
            (x, *weights(y, total)) for (x, y), total in zip(ROWS, [*totals, *[100.0] * (N - len(totals))], strict=True)
        ]
        path = tmp_path / "probe.csv"
        path.write_text(
            "\n".join(["x [um],Ni [wt%],Cu [wt%]", *(f"{x},{a!r},{b!r}" for x, a, b in rows)]), encoding="utf-8"
        )
        return read_profile(path)

    assert read(98.5, 101.5).warnings == ()
    profile = read(97.0, 103.5, 99.0)
    assert "The wt% of 2 rows" in profile.warnings[0] and "103.5 in line 3" in profile.warnings[0]
    assert profile.fraction("Ni") == pytest.approx([y for _, y in ROWS], rel=1e-13, abs=1e-13)
    with pytest.raises(Invalid, match=r"probe.csv:3: the wt% sum to 90, not to 100 \(and so in 1 more rows\)\. Leave"):
        read(100.0, 90.0, 80.0)


def test_uncertainties_in_wt_percent_are_needed_for_all_columns(tmp_path):
    rows = [(x, *weights(y), 0.2, 0.3) for x, y in ROWS]
    header = "x [um],Ni [wt%],Cu [wt%],sigma_Ni,sigma_Cu [wt%]"
    profile = read_profile(write(tmp_path, table(header, rows)))
    w = np.array([weights(y) for _, y in ROWS]).T / 100.0
    expected = uncertainties(w, masses_of(("Ni", "Cu")), np.array([N * [0.002], N * [0.003]]))
    assert profile.sigma == pytest.approx(expected, rel=1e-4)  # the table is written to six digits
    profile = read_profile(write(tmp_path, table("x [um],Ni [wt%],Cu [wt%],sigma_Ni", [row[:4] for row in rows])))
    assert profile.sigma is None and "sigma_Cu too: those given were not used" in profile.warnings[0]


def test_a_probe_that_prints_both_kinds(tmp_path):
    """Mole fractions are taken where both are there; a basis that the header contradicts is refused."""
    rows = [(x, *weights(y), 100 * y, 100 - 100 * y) for x, y in ROWS]
    path = write(tmp_path, table("x [um],Ni [wt%],Cu [wt%],Ni [at%],Cu [at%]", rows))
    moles = read_profile(path)
    assert moles.fraction("Ni") == pytest.approx([y for _, y in ROWS])
    assert read_profile(path, basis="wt%").fraction("Ni") == pytest.approx(moles.fraction("Ni"), abs=1e-5)
    path = write(tmp_path, table("x [um],Ni [at%]", [(x, 100 * y) for x, y in ROWS]))
    with pytest.raises(Invalid, match=r"basis: .*probe.csv:1 says 'Ni \[at%\]', but the basis is given as wt%"):
        read_profile(path, basis="wt%")
    path = write(tmp_path, table("x [um],Ni [wt%],Cu [at%]", [(x, 100 * y, 100 - 100 * y) for x, y in ROWS]))
    with pytest.raises(Invalid, match="wt% and other kinds of composition cannot be mixed"):
        read_profile(path)
    assert read_profile(path, component="Cu").fraction("Cu")[0] == pytest.approx(1.0)


def test_a_header_that_may_mean_two_things_is_refused(tmp_path):
    path = write(tmp_path, table("x [um],Ni_at", ROWS))
    with pytest.raises(Invalid, match=r"'Ni_at' may be percent or a fraction; write \[at%\] or \[mole fraction\]"):
        read_profile(path)
    assert read_profile(path, basis="fraction").fraction("Ni")[-1] == pytest.approx(1.0)
    assert read_profile(path, basis="at%").fraction("Ni")[-1] == pytest.approx(0.01)


def test_columns_that_are_no_compositions_do_not_matter_beside_the_one_asked_for(tmp_path):
    text = "\n".join(["x [um],Ni,K ratio [V],note", *(f"{x},{y},-,ok" for x, y in ROWS)])
    path = write(tmp_path, text)
    assert read_profile(path, component="Ni").components == ("Ni",)
    with pytest.raises(Invalid, match="'V' is not a kind of composition"):
        read_profile(path)


def test_counts_of_a_tracer_are_relative(tmp_path):
    rows = [(x, y, 700.0 - 80.0 * k) for k, (x, y) in enumerate(ROWS)]
    path = write(tmp_path, table("x [um],Ni,Ni63 [cps]", rows))
    profile = read_profile(path, tracer="Ni63")
    assert profile.tracer == "Ni63" and profile.fraction("Ni63")[0] == 1.0
    assert "its amount is not known" in profile.warnings[0]
    with pytest.raises(Invalid, match=r"tracer.column: there is no column 'Ni64'; .* Did you mean Ni63\?"):
        read_profile(path, tracer="Ni64")


def test_mole_fractions_need_no_table_of_elements(tmp_path):
    path = write(tmp_path, table("x [um],Ni [at%],Cu [at%]", [(x, 100 * y, 100 - 100 * y) for x, y in ROWS]))
    code = "import sys; from simulator.files.measured import read_profile; read_profile(sys.argv[1]); "
    code += "print([name for name in ('periodictable', 'numba', 'matplotlib') if name in sys.modules])"
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run([sys.executable, "-c", code, path], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not SHARED.exists(), reason="the measured Ti-Zr profile is not beside the checkout")
def test_the_measured_couple_is_read_as_it_stands():
    profile = read_profile(SHARED, x_column="dis [um]", component="Zr", balance=None, ends=(0, 1), time="100 h")
    X, place = np.loadtxt(SHARED, delimiter=",", skiprows=1).T
    assert profile.components == ("Zr",) and profile.warnings == ()
    assert profile.fraction("Zr").tolist() == X.tolist()
    assert profile.x == pytest.approx(1e-6 * place)
    whole = read_profile(SHARED, x_column="dis [um]", balance="Ti")
    assert whole.components == ("X", "Ti") and whole.binary

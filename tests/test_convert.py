"""`matano convert`: exports in five styles read right, broken ones answered in one sentence, and the reading kept."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import erf

EXPORTS = Path(__file__).parent / "data" / "exports"
# What all the exports were made from: a couple with x_Ni (or Mg/(Mg + Fe)) from 0.1 to 0.9, 21 points 20 um apart.
X = 20e-6 * np.arange(21)
Y = 0.1 + 0.4 * (1.0 + erf(np.linspace(-2.0, 2.0, 21)))
KEPT = np.arange(21) != 7  # the eighth point of the garnet has a total of 91.3 %
STYLES = {
    "semicolon.csv": ([], {"Ni": Y, "Cu": 1.0 - Y}, ("utf-8", "semicolon", "point"), 1),
    "decimal-comma.txt": ([], {"Ni": Y, "Cu": 1.0 - Y}, ("windows-1252", "semicolon", "comma"), 4),
    "preamble.tsv": ([], {"Ni": Y, "Cu": 1.0 - Y}, ("utf-16", "tab", "point"), 7),
    "oxides.csv": (
        ["--totals", "97,103"],
        {"Si": np.full(21, 3 / 8), "Al": np.full(21, 2 / 8), "Fe": 3 / 8 * (1.0 - Y), "Mg": 3 / 8 * Y},
        ("utf-8", "comma", "point"),
        1,
    ),
    "stage.csv": (["--stage", "X,Y"], {"Ni": Y, "Cu": 1.0 - Y}, ("utf-8", "comma", "point"), 1),
}
# Compositions are printed to 0.001 %, so half a unit of the last place is 5e-6, of 0.1 of the whole at the least; sums
# of four of them, divided out, add a few. Stage coordinates are printed to 1e-5 mm.
DIGITS = 2e-5


def profile_in(path):
    """Positions (m), and columns by name, of a converted profile."""
    lines = [line for line in Path(path).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    names = [title.split(" [")[0] for title in lines[0].split(",")]
    rows = np.array([[float(cell) for cell in line.split(",")] for line in lines[1:]]).T
    return 1e-6 * rows[0], dict(zip(names[1:], rows[1:], strict=True))


@pytest.mark.parametrize("name", STYLES)
def test_an_export_in_each_style_is_read_right(matano, name):
    options, truth, written, header = STYLES[name]
    status, out, err = matano("convert", EXPORTS / name, *options)
    assert status == 0 and err == ""
    keep = KEPT if name == "oxides.csv" else np.ones(21, bool)
    x, found = profile_in(f"{Path(name).stem}-profile.csv")
    assert x == pytest.approx(X[keep], abs=0.02e-6)
    assert {n for n in found if not n.startswith("sigma_")} == set(truth)
    for component, values in truth.items():
        assert found[component] == pytest.approx(values[keep], abs=DIGITS), component
    assert f"{keep.sum()} points of {', '.join(truth)}, 0 to {1e6 * x[-1]:.6g} um" in out
    status, out, _ = matano("convert", EXPORTS / name, *options, "--json", "--force")
    reading = json.loads(out)["reading"]
    assert tuple(reading[word] for word in ("encoding", "separator", "decimal")) == written
    assert reading["header"] == header


def test_what_was_read_and_how_stands_in_the_profile(matano):
    assert matano("convert", EXPORTS / "oxides.csv", "--totals", "97,103", "-o", "garnet.csv")[0] == 0
    text = Path("garnet.csv").read_text(encoding="utf-8")
    for line in (
        f"# read from: {EXPORTS / 'oxides.csv'}",
        "# written in: utf-8, columns separated by comma, decimal points",
        "# header: line 1",
        "# column: FeO* (wt%), read as wt% of FeO*",
        "# passed over: Point",
        "# left out: line 9, since its total, 91.3 %, is outside 97 to 103",
        "# conversion: wt% of oxides to mole fractions of their cations (SiO2 to Si, Al2O3 to Al, FeO* to Fe,",
    ):
        assert line in text
    assert matano("convert", EXPORTS / "preamble.tsv", "-o", "p.csv")[0] == 0
    text = Path("p.csv").read_text(encoding="utf-8")
    assert "# preamble: Acc. Voltage 15 kV" in text and "# left out: line 31, since it holds statistics" in text


def test_uncertainties_of_two_sigma_are_halved(matano):
    """sigma_w = 0.002 and 0.003; of a binary u^2 = (dx/dw1)^2 s1^2 + (dx/dw2)^2 s2^2 with dx/dw1 = (1 - x)/(M1 S)."""
    matano("convert", EXPORTS / "preamble.tsv")
    _, found = profile_in("preamble-profile.csv")
    ni, cu = 58.6934, 63.546
    w = Y * ni / (Y * ni + (1.0 - Y) * cu)
    S = w / ni + (1.0 - w) / cu
    expected = np.hypot((1.0 - Y) / (ni * S) * 0.002, Y / (cu * S) * 0.003)
    assert found["sigma_Ni"] == pytest.approx(expected, rel=1e-4)
    assert matano("convert", EXPORTS / "preamble.tsv", "--without-errors", "--force")[0] == 0
    assert set(profile_in("preamble-profile.csv")[1]) == {"Ni", "Cu"}


def test_analyse_reads_the_profile_and_keeps_the_reading(matano):
    matano("convert", EXPORTS / "stage.csv", "--stage", "X,Y", "--to", "at%", "-o", "line.csv")
    words = ["analyse", "line.csv", "--time", "100 h", "--ends", "0.1,0.9", "--json"]
    status, out, err = matano(*words, "--save")
    (answer,) = json.loads(out)
    assert status == 0 and "line-sauer-freise.json written" in err
    (reading,) = answer["reading"]
    assert reading["columns"][0] == {"column": "Ni [at%]", "component": "Ni", "basis": "at%"}
    assert "position: X [mm] and Y [mm], stage" in reading["remarks"]
    assert any(
        line.startswith("conversion: Stage coordinates X [mm] and Y [mm] to the dist") for line in reading["remarks"]
    )
    saved = json.loads(Path("line-sauer-freise.json").read_text(encoding="utf-8"))
    assert saved == answer
    # an error function is of a constant D: its argument runs from -2 to 2 over 400 um, of 21 points
    D = (100e-6 / 2.0) ** 2 / 360000.0
    inner = (np.array(answer["composition"]) > 0.2) & (np.array(answer["composition"]) < 0.8)
    assert np.array(answer["value"])[inner] == pytest.approx(D, rel=0.02)
    assert matano(*words, "--save")[0] == 2
    assert matano(*words, "--save", "--force")[0] == 0
    # the export itself has its reading too
    (answer,) = json.loads(matano("analyse", EXPORTS / "semicolon.csv", *words[2:])[1])
    assert answer["reading"][0]["separator"] == "semicolon" and answer["reading"][0]["passed_over"] == [
        "Point",
        "Total",
    ]


@pytest.mark.parametrize("to", ["fraction", "at%", "wt%"])
def test_at_percent_to_wt_percent_and_back(matano, to):
    matano("convert", EXPORTS / "preamble.tsv", "-o", "once.csv")
    matano("convert", "once.csv", "--to", to, "-o", "there.csv")
    matano("convert", "there.csv", "-o", "back.csv")
    (x, once), (same, back) = profile_in("once.csv"), profile_in("back.csv")
    assert same == pytest.approx(x, rel=1e-11)
    for name, values in once.items():
        # twelve digits are written; the uncertainties of both go through derivatives that are each other's inverse
        # only where both are taken together, which those of a binary whose columns sum to one are not
        if not name.startswith("sigma_"):
            assert back[name] == pytest.approx(values, rel=1e-10, abs=0.0)
    if to == "wt%":
        w = Y * 58.6934 / (Y * 58.6934 + (1.0 - Y) * 63.546)
        assert profile_in("there.csv")[1]["Ni"] == pytest.approx(100.0 * w, abs=2e-3)


ROWS = [(20.0 * k, 10.0 + 8.0 * k) for k in range(11)]


def export(header, rows=None, separator=","):
    rows = [(x, f"{y:.2f}", f"{100 - y:.2f}") for x, y in ROWS] if rows is None else rows
    return "\n".join([header, *(separator.join(map(str, row)) for row in rows)]) + "\n"


def cells(change):
    rows = [[f"{x:.1f}", f"{y:.2f}", f"{100 - y:.2f}"] for x, y in ROWS]
    change(rows)
    return export("x [um],Ni [at%],Cu [at%]", rows)


def put(row, column, text):
    def change(rows):
        rows[row][column] = text

    return cells(change)


WT = "x [um],Ni [wt%],Cu [wt%]"
STAGE = [(12.0 + 0.02 * k, 3.0 + 0.5 * (k % 2), 10 + 8 * k, 90 - 8 * k) for k in range(11)]
BROKEN = {
    "nothing": ("", [], "raw.csv: the file is empty; expected a header such as"),
    "a workbook": (
        "PK\x03\x04",
        [],
        "raw.csv: this is a workbook of a spreadsheet, not a text; save the sheet as CSV.",
    ),
    "no header": (export("")[1:], [], "raw.csv:1: the first line holds numbers; a header must name the columns"),
    "two separators": (
        export("x [um],Ni [at%],Cu [at%]", separator=";"),
        [],
        "raw.csv:2: the columns are separated by comma in the header and semicolon here; write one sign throughout.",
    ),
    "commas twice": (
        export("x [um],Ni [at%],Cu [at%]").replace(".", ","),
        [],
        "raw.csv:2: expected 3 columns as in the header, got 6 (and so in 10 more rows). Decimal commas cannot be told",
    ),
    "two decimal signs": (
        export("x [um];Ni [at%];Cu [at%]", [(f"{x:.1f}", f"{y:.1f}".replace(".", ","), 0) for x, y in ROWS], ";"),
        [],
        "raw.csv:2: '10,0' and '0.0' in line 2 have different decimal signs; write one sign for all, and no thousands.",
    ),
    "thousands": (
        export("x [um];Ni [at%]", [(str(x).replace(".", ",") if x < 180 else "1.000,0", 5) for x, _ in ROWS], ";"),
        [],
        "raw.csv:11: expected a number in column x [um], got '1.000,0' (and so in 1 more row). Leave the row out.",
    ),
    "not detected": (
        put(2, 1, "n.d."),
        [],
        "raw.csv:4: expected a number in column Ni [at%], got 'n.d.'. Leave the row out, or write a detection limit as",
    ),
    "a row twice": (
        cells(lambda rows: rows.insert(4, rows[4])),
        [],
        "raw.csv:7: positions must increase, but 80 repeats the 80 before it.",
    ),
    "percent of what": (
        export("x [um],Ni [%],Cu [at%]"),
        [],
        "raw.csv:1: 'Ni [%]' does not say of what: write [at%] or [wt%], or give --basis at% or --basis wt%.",
    ),
    "a component is missing": (
        export(WT, [(x, 0.9 * y, 90 - 0.9 * y) for x, y in ROWS]),
        [],
        "raw.csv:2: the wt% sum to 90, not to 100 (and so in 10 more rows). Leave the row out, or add the component",
    ),
    "no total is right": (
        export(WT, [(x, 0.9 * y, 90 - 0.9 * y) for x, y in ROWS]),
        ["--totals", "97,103"],
        "raw.csv: a profile needs at least 8 points, but of 11 rows 11 are left out: line 2, for example, since its",
    ),
    "one component of wt%": (
        export("x [um],Ni [wt%]", ROWS),
        [],
        "raw.csv:1: the wt% of Ni alone give no mole fraction: add the column of the other component, or name it",
    ),
    "oxygen beside oxides": (
        export("x [um],MgO [wt%],O [wt%]"),
        [],
        "raw.csv:1: O beside oxides is no cation: leave its column out",
    ),
    "no element": (
        export("x [um],Ni [wt%],Slag [wt%]"),
        [],
        "raw.csv:1: Slag is not the symbol of an element, so its mass is not known.",
    ),
    "a stage and no position": (
        export("X [mm],Y [mm],Ni [at%],Cu [at%]", STAGE),
        [],
        'raw.csv:1: more than one column is a length; say which is the position, --x "X [mm]" or --x "Y [mm]", or',
    ),
    "two scans": (
        export("X [mm],Y [mm],Ni [at%],Cu [at%]", STAGE),
        ["--stage", "X,Y"],
        "the line through all, of ",
    ),
    "a stage at rest": (
        export("X [mm],Y [mm],Ni [at%],Cu [at%]", [(1, 2, 50, 50)] * 11),
        ["--stage", "X,Y"],
        "raw.csv:1: the stage coordinates are the same in all rows: name the columns that change.",
    ),
    "errors of nothing": (
        export("x [um],Ni [at%],Fe error [at%]"),
        [],
        "raw.csv:1: Fe error [at%] belongs to no column Fe.",
    ),
    "percent of value or whole": (
        export("x [um],Ni [at%],Ni error [%]"),
        [],
        "raw.csv:1: 'Ni error [%]' may be percent of the value or of the whole: write [rel%] or [at%].",
    ),
    "no such encoding": (export(WT), ["--encoding", "utf8000"], "--encoding: there is no encoding 'utf8000'"),
    "another encoding": (
        export("x [µm],Ni [at%]", ROWS),
        ["--encoding", "ascii"],
        "raw.csv:1: the text is not in ascii",
    ),
    "a line that is none": (
        export(WT),
        ["--leave-out", "40"],
        "--leave-out: line 40 of raw.csv is no row of the table, whose rows are the lines 2 to 12.",
    ),
    "totals as fractions": (export(WT), ["--totals", "0.97,1.03"], "--totals: totals are in percent: write 97,103"),
    "a limit of nothing": (
        export(WT),
        ["--limit", "N=0.1"],
        "--limit: raw.csv has no column 'N'; the columns are Ni, Cu.",
    ),
    "what stands below": (
        export(WT),
        ["--below", "haf"],
        "--below: 'haf' is none of half, zero, limit, leave-out. Did",
    ),
    "no such column": (
        export(WT),
        ["--columns", "Ni,Cuu"],
        "raw.csv:1: there is no column 'Cuu'; the columns are Ni, Cu. Did you mean Cu?",
    ),
    "wt% of a part": (
        export("x [um],Ni [at%]", ROWS),
        ["--to", "wt%"],
        "--to: wt% needs all components, but the fractions of Ni sum to 0.1: name the one without a column as the",
    ),
    "wt% of cations": (
        export("x [um],MgO [wt%],FeO [wt%]"),
        ["--to", "wt%"],
        "--to: the components are cations of oxides (MgO, FeO) without their oxygen, which have no wt%",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_export_is_answered_with_one_sentence(matano, name):
    text, options, sentence = BROKEN[name]
    Path("raw.csv").write_text(text, encoding="utf-8")
    status, out, err = matano("convert", "raw.csv", *options)
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert out == "" and not Path("raw-profile.csv").exists()
    assert status == (2 if err.startswith("--") else 3)


def test_a_profile_is_not_replaced_unasked_and_an_export_never(matano):
    Path("raw.csv").write_text(export(WT), encoding="utf-8")
    assert matano("convert", "raw.csv")[0] == 0
    before = Path("raw-profile.csv").read_bytes()
    status, _, err = matano("convert", "raw.csv", "--to", "at%")
    assert status == 2 and "--force" in err and Path("raw-profile.csv").read_bytes() == before
    assert matano("convert", "raw.csv", "--to", "at%", "--force")[0] == 0
    assert Path("raw-profile.csv").read_bytes() != before
    assert matano("convert", "raw.csv", "-o", "raw.csv", "--force")[0] == 2
    assert Path("raw.csv").read_text(encoding="utf-8") == export(WT)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--totals", "97"], "--totals: expected the least and the largest total"),
        (["--limit", "Ni"], "--limit: expected NAME=NUMBER"),
        (["--name", "Ni"], "--name: expected OLD=NEW, as in X=Zr; got 'Ni='."),
        (["--name", "N=Co"], "--name: there is no column 'N'; the columns are x, Ni, Cu."),
        (["--limit", "Ni=-1"], "--limit: a limit of detection is above zero"),
        (["--mass", "Ni=x"], "--mass: expected NAME=NUMBER"),
        (["--leave-out", "5-2"], "--leave-out: expected numbers of lines"),
        (["--to", "vol%"], "--to: 'vol%' is none of fraction, at%, wt%."),
        (["--oxides", "anions"], "--oxides: 'anions' is none of cations, molecules."),
        (["--oxides", "cations"], "--oxides: none of Ni, Cu is an oxide"),
        (["--header", "99"], "--header: line 99 of raw.csv is empty"),
        (["--stage", "x"], "--stage: expected two or three columns"),
        (["--stage", "x,x"], "--stage: the same column stands there twice"),
        (["--basis", "vol%"], "--basis: 'vol%' is not a kind of composition"),
        (["--balance", "Ni"], "--balance: Ni has a column"),
        (["--totals", "97,103", "--balance", "Fe"], "--totals: Fe is the balance"),
        (["--stage", "x,Ni", "--x", "x"], "--stage: the position is either a column or a distance"),
    ],
)
def test_options_that_do_not_fit(matano, options, word):
    Path("raw.csv").write_text(export(WT), encoding="utf-8")
    status, _, err = matano("convert", "raw.csv", *options)
    assert status == 2 and err.startswith(word) and len(err.strip().splitlines()) == 1


def test_a_column_can_be_called_by_its_element(matano):
    """wt% of X and Ti, where X is Zr: without its name its mass is not known."""
    y = np.linspace(0.1, 0.9, 11)
    w = 91.224 * y / (91.224 * y + 47.867 * (1.0 - y))
    rows = [(20.0 * k, repr(float(100.0 * a))) for k, a in enumerate(w)]
    Path("raw.csv").write_text(export("dis,X,err(X)", [(*row, 0.3) for row in rows]), encoding="utf-8")
    words = ["convert", "raw.csv", "--x", "dis [um]", "--basis", "wt%", "--balance", "Ti"]
    status, _, err = matano(*words)
    assert status == 3 and "X is not the symbol of an element" in err and "--mass X=58.7" in err
    assert matano(*words, "--name", "X=Zr")[0] == 0
    _, found = profile_in("raw-profile.csv")
    # masses of the periodic table to five digits
    assert found["Zr"] == pytest.approx(y, rel=1e-4) and found["Ti"] == pytest.approx(1.0 - y, rel=1e-3)
    assert found["sigma_Zr"] == pytest.approx(found["sigma_Ti"], rel=1e-9)
    assert "# position: dis, in 1e-06 m" in Path("raw-profile.csv").read_text(encoding="utf-8")

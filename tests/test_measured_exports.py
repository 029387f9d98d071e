"""Raw exports as Python reads them: encodings, oxides, totals, limits of detection, stages, errors, the record."""

import json

import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.files.cleaning import Cleaning, line_numbers
from simulator.files.composition import (
    cation_of,
    mass_fractions,
    mass_uncertainties,
    masses_of,
    mole_fractions,
    uncertainties,
)
from simulator.files.encoding import read_text
from simulator.files.experiment import read_experiment
from simulator.files.measured import read_profile
from simulator.files.positions import along_line
from simulator.files.profile_table import profile_table
from simulator.files.titles import title_of

N = 11
X = 20.0 * np.arange(N)
Y = np.linspace(0.05, 0.95, N)


def write(folder, header, columns, name="probe.csv", separator=",", encoding="utf-8"):
    rows = [
        separator.join(entry if isinstance(entry, str) else repr(float(entry)) for entry in row)
        for row in zip(*columns, strict=True)
    ]
    path = folder / name
    path.write_bytes("\n".join([header, *rows, ""]).encode(encoding))
    return path


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "windows-1252"),
    ],
)
def test_an_encoding_is_found_and_recorded(tmp_path, encoding, name):
    path = write(tmp_path, "x [µm],Ni [at%]", [X, 100 * Y], encoding=encoding)
    assert read_text(path).encoding == name
    profile = read_profile(path)
    assert profile.reading["encoding"] == name
    assert profile.x == pytest.approx(1e-6 * X) and profile.fraction("Ni") == pytest.approx(Y)


def test_an_encoding_can_be_named(tmp_path):
    path = write(tmp_path, "距離 [μm],Ni [at%]", [X, 100 * Y], encoding="shift_jis")
    profile = read_profile(path, cleaning=Cleaning(encoding="shift-jis"))
    assert profile.reading["encoding"] == "shift_jis" and profile.reading["position"]["column"] == "距離 [μm]"
    with pytest.raises(Invalid, match=r"there is no encoding 'shift-jes', .* Did you mean shift-jis\?"):
        read_profile(path, cleaning=Cleaning(encoding="shift-jes"))
    with pytest.raises(Invalid, match="there is no encoding 'hex'"):
        read_profile(path, cleaning=Cleaning(encoding="hex"))


@pytest.mark.parametrize(
    ("text", "name", "unit", "times", "relative"),
    [
        ("Ni error", "Ni", "", 1, False),
        ("Ni err. (wt%)", "Ni", "wt%", 1, False),
        ("2 sigma Ni", "Ni", "", 2, False),
        ("2σ Ni [at%]", "Ni", "at%", 2, False),
        ("σ(Ni)", "Ni", "", 1, False),
        ("u(Ni) [at%]", "Ni", "at%", 1, False),
        ("± Ni", "Ni", "", 1, False),
        ("Ni +/-", "Ni", "", 1, False),
        ("Ni std dev", "Ni", "", 1, False),
        ("S.D. Er", "Er", "", 1, False),
        ("Ni SD [rel%]", "Ni", "", 1, True),
        ("Ni error (rel. %)", "Ni", "", 1, True),
        ("3 sigma MgO [% rel]", "MgO", "", 3, True),
    ],
)
def test_error_columns_have_many_names(text, name, unit, times, relative):
    title = title_of(text)
    assert (title.name, title.unit, title.sigma, title.times, title.relative) == (name, unit, True, times, relative)


@pytest.mark.parametrize("text", ["Er", "Er [wt%]", "U (wt%)", "U", "W", "Sd", "x [um]", "error"])
def test_elements_are_no_errors(text):
    assert not title_of(text).sigma and not title_of(text).limit


def test_errors_of_every_kind_are_the_same_uncertainty(tmp_path):
    """0.4 at% at every point: as it is, as twice it, and relative to the value."""
    profiles = []
    for title, values in (
        ("sigma_Ni", 0.4),
        ("Ni error [at%]", 0.4),
        ("2 sigma Ni", 0.8),
        ("Ni SD [rel%]", 0.4 / Y),
        ("2 sigma Ni [rel%]", 0.8 / Y),
    ):
        path = write(tmp_path, f"x [um],Ni [at%],{title}", [X, 100 * Y, np.broadcast_to(values, N)])
        profiles.append(read_profile(path))
        assert profiles[-1].reading["columns"][0]["uncertainty"] == title
    for profile in profiles:
        assert profile.sigma == pytest.approx(np.full((1, N), 0.004), rel=1e-12)
    path = write(tmp_path, "x [um],Ni [at%],Ni SD [rel%]", [X, 100 * Y - 5.0, np.full(N, 1.0)])
    with pytest.raises(Invalid, match=r"probe.csv:2: 'Ni SD \[rel%\]' is relative, which says nothing where Ni is 0;"):
        read_profile(path)
    assert read_profile(path, cleaning=Cleaning(errors=False)).sigma is None


def test_oxides_and_their_cations():
    assert cation_of("Al2O3") == ("Al", 2) and cation_of("FeOt") == cation_of("FeO*") == ("Fe", 1)
    assert [cation_of(name) for name in ("Co", "O2", "NaCl", "Slag", "O", "Fe")] == [None] * 6
    # conventional molar masses to their printed digits, as on the label of a bottle
    printed = {"SiO2": 60.08, "Al2O3": 101.96, "MgO": 40.30, "Na2O": 61.98, "P2O5": 141.94, "CoO": 74.93}
    assert masses_of(list(printed)) == pytest.approx(list(printed.values()), abs=0.006)


def garnet(folder, Y, header="{}", extra=()):
    """(Mg,Fe)3 Al2 Si3 O12 with a share Y of Mg, the iron half and half in two oxides: wt% that sum to 100."""
    names = ["SiO2", "Al2O3", "MgO", "FeO", "Fe2O3"]
    moles = np.array([3 + 0 * Y, 1 + 0 * Y, 3 * Y, 1.5 * (1 - Y), 0.75 * (1 - Y)])
    w = 100.0 * mass_fractions(moles / moles.sum(axis=0), masses_of(names))
    titles = ",".join(header.format(f"{name} [wt%]") for name in names)
    return write(
        folder, f"x [um],{titles}{''.join(',' + title for title, _ in extra)}", [X, *w, *(v for _, v in extra)]
    ), w


def test_oxides_become_the_cations_of_the_formula(tmp_path):
    path, _ = garnet(tmp_path, Y)
    profile = read_profile(path)
    assert profile.components == ("Si", "Al", "Mg", "Fe")
    expected = np.array([3 + 0 * Y, 2 + 0 * Y, 3 * Y, 3 * (1 - Y)]) / 8.0
    assert profile.fractions == pytest.approx(expected, rel=1e-12, abs=0.0)
    assert read_profile(path, component="Fe").fraction("Fe") == pytest.approx(expected[3], rel=1e-12, abs=0.0)
    text = profile.reading["conversions"][-1]
    assert text.startswith(
        "wt% of oxides to mole fractions of their cations (SiO2 to Si, Al2O3 to Al, MgO to Mg, FeO to"
    )


def test_oxides_can_stay_what_they_are(tmp_path):
    path, _ = garnet(tmp_path, Y)
    profile = read_profile(path, cleaning=Cleaning(oxides="molecules"))
    assert profile.components == ("SiO2", "Al2O3", "MgO", "FeO", "Fe2O3")
    assert profile.fraction("SiO2") / profile.fraction("Al2O3") == pytest.approx(np.full(N, 3.0), rel=1e-12)
    # mol% are of molecules unless they are to be those of cations
    moles = np.array([3 * Y, 0.5 * (1 - Y)]) / (3 * Y + 0.5 * (1 - Y)) * 100
    path = write(tmp_path, "x [um],MgO [mol%],Al2O3 [mol%]", [X, *moles])
    assert read_profile(path).fractions == pytest.approx(moles / 100, rel=1e-12)
    cations = read_profile(path, cleaning=Cleaning(oxides="cations"))
    assert cations.components == ("Mg", "Al")
    assert cations.fraction("Mg") == pytest.approx(3 * Y / (3 * Y + 1 - Y), rel=1e-12)


def test_uncertainties_of_cations_against_draws(tmp_path, rng):
    """200000 draws know a standard deviation to 1/sqrt(2 n) = 0.16 %; the second order adds 1e-4."""
    names = ["SiO2", "Al2O3", "MgO", "FeO", "Fe2O3"]
    sigma = [0.3, 0.2, 0.1, 0.15, 0.25]
    extra = [(f"sigma_{name}", np.full(N, s)) for name, s in zip(names, sigma, strict=True)]
    path, w = garnet(tmp_path, Y, extra=extra)
    profile = read_profile(path)
    k = 4
    drawn = w[:, k, None] + np.array(sigma)[:, None] * rng.standard_normal((5, 200_000))
    moles = drawn / masses_of(names)[:, None] * np.array([1, 2, 1, 1, 2])[:, None]
    cations = np.array([moles[0], moles[1], moles[2], moles[3] + moles[4]]) / moles.sum(axis=0)
    assert profile.sigma[:, k] == pytest.approx(cations.std(axis=1), rel=0.01, abs=0.0)


def test_mass_fractions_and_their_uncertainties_are_the_inverse_of_mole_fractions():
    """Of one component that is measured and its rest, u_w = |dw/dx| u_x and dw/dx dx/dw = 1."""
    masses = masses_of(("Ni", "Cu"))
    w = np.array([Y, 1 - Y])
    x = mole_fractions(w, masses)
    u = uncertainties(w, masses, np.full((1, N), 0.002))
    S = (x * masses[:, None]).sum(axis=0)
    # both rows of x differ by the same amount: dw1 = (dw1/dx1 - dw1/dx2) dx1
    back = u[0] * masses[0] * masses[1] / S**2
    assert back == pytest.approx(np.full(N, 0.002), rel=1e-12)
    h = 1e-6
    step = np.array([[h], [0.0]])
    slope = (mass_fractions(x + step, masses) - mass_fractions(x - step, masses))[0] / (2 * h)
    found = mass_uncertainties(x, masses, np.array([[0.002] * N, [1e-300] * N]))[0]
    # central differences: h^2 and rounding / h, both near 1e-10
    assert found == pytest.approx(0.002 * np.abs(slope), rel=1e-8)


def test_rows_outside_the_window_of_totals_are_left_out(tmp_path):
    t = np.ones(N)
    t[[2, 6]] = 0.93, 1.08
    path = write(tmp_path, "x [um],Ni [wt%],Cu [wt%]", [X, 100 * Y * t, 100 * (1 - Y) * t])
    with pytest.raises(Invalid, match=r"probe.csv:4: the wt% sum to 93, not to 100 \(and so in 1 more rows\)"):
        read_profile(path)
    profile = read_profile(path, cleaning=Cleaning(totals=(97, 103)))
    assert profile.x == pytest.approx(1e-6 * np.delete(X, [2, 6]), rel=1e-12)
    expected = mole_fractions(np.array([Y, 1 - Y]), masses_of(("Ni", "Cu")))
    assert profile.fractions == pytest.approx(np.delete(expected, [2, 6], axis=1), rel=1e-12)
    assert profile.reading["left_out"] == [
        {"line": 4, "reason": "its total, 93 %, is outside 97 to 103"},
        {"line": 8, "reason": "its total, 108 %, is outside 97 to 103"},
    ]
    assert profile.reading["rows"] == N - 2
    wide = read_profile(path, cleaning=Cleaning(totals=(90, 110)))
    assert wide.fractions == pytest.approx(expected, rel=1e-12) and wide.reading["left_out"] == []
    # at% are normalised by the probe's program: the column of totals tells
    path = write(tmp_path, "x [um],Ni [at%],Cu [at%],Total [wt%]", [X, 100 * Y, 100 - 100 * Y, 100 * t])
    assert read_profile(path).x.size == N
    assert read_profile(path, cleaning=Cleaning(totals=(97, 103))).x.size == N - 2
    assert read_profile(path, component="Ni", cleaning=Cleaning(totals=(97, 103))).components == ("Ni",)


@pytest.mark.parametrize(
    ("below", "value", "spread"),
    [("half", 0.5, 1 / np.sqrt(12)), ("zero", 0.0, 1 / np.sqrt(3)), ("limit", 1.0, 1 / np.sqrt(3))],
)
def test_what_stands_for_values_below_the_limit(tmp_path, below, value, spread):
    """The spread is the root mean square by which what is evenly between 0 and L differs from what stands for it."""
    given = ["n.d.", "<0.3", "0.1", "-0.05", *map(repr, (100 * Y[4:]).tolist())]
    path = write(tmp_path, "x [um],Ni [at%],sigma_Ni", [X, given, np.full(N, 0.01)])
    profile = read_profile(path, cleaning=Cleaning(limits={"Ni": 0.2}, below=below))
    L = np.array([0.2, 0.3, 0.2, 0.2]) / 100
    assert profile.fraction("Ni")[:4] == pytest.approx(value * L, rel=1e-12, abs=1e-18)
    assert profile.sigma[0, :4] == pytest.approx(spread * L, rel=1e-12, abs=0.0)
    assert profile.fraction("Ni")[4:] == pytest.approx(Y[4:], rel=1e-12) and profile.sigma[0, 4:] == pytest.approx(1e-4)
    assert "Ni (4)" in profile.warnings[0]


def test_values_below_the_limit_can_be_left_out(tmp_path):
    given = ["n.d.", "<0.3", *map(repr, (100 * Y[2:]).tolist())]
    path = write(tmp_path, "x [um],Ni [at%]", [X, given])
    profile = read_profile(path, cleaning=Cleaning(limits={"Ni": 0.2}, below="leave-out"))
    assert profile.x.size == N - 2 and profile.warnings == ()
    assert profile.reading["left_out"][0] == {"line": 2, "reason": "Ni is below its limit of detection"}
    with pytest.raises(Invalid, match=r"probe.csv:2: .*got 'n.d.'. .* give it to matano convert: --limit NAME=L"):
        read_profile(path)
    # a column of limits is no composition
    path = write(tmp_path, "x [um],Ni [at%],DL Ni [ppm]", [X, 100 * Y, np.full(N, 200.0)])
    profile = read_profile(path)
    assert profile.components == ("Ni",) and profile.reading["passed_over"] == ["DL Ni [ppm]"]


@pytest.mark.parametrize("angle", [0.0, 37.0, 90.0, 200.0, 315.0])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_distance_along_a_line_does_not_depend_on_how_it_lies(angle, dimensions):
    s = 1e-6 * np.cumsum(np.linspace(1.0, 3.0, 30))
    a = np.deg2rad(angle)
    e = np.array([np.cos(a), np.sin(a), 0.2][:dimensions])
    e /= np.linalg.norm(e)
    line = along_line(np.outer(e, s) + np.array([[0.012], [-0.003], [1e-4]][:dimensions]))
    # coordinates of 12 mm carry roundings of 2e-18 m
    assert line.distance == pytest.approx(s - s[0], rel=1e-9, abs=1e-15)
    assert line.direction == pytest.approx(e, abs=1e-9) and line.stray < 1e-15


def test_a_stage_that_jitters_does_not_lengthen_the_line(rng):
    """The sum of the steps would: by 1 + (jitter/step)^2 or so. The projection errs by the jitter of single points."""
    s, jitter = 1e-6 * np.arange(200), 0.3e-6
    points = np.outer([0.6, 0.8], s) + jitter * rng.standard_normal((2, 200))
    line = along_line(points)
    steps = np.linalg.norm(np.diff(points, axis=1), axis=0).sum()
    assert np.ptp(line.distance) == pytest.approx(199e-6, abs=4 * jitter) and steps > 1.05 * 199e-6
    assert jitter < line.stray < 5 * jitter


def test_stage_coordinates_are_read_and_recorded(tmp_path):
    path = write(tmp_path, "X,Y (mm),Ni [at%]", [12 - 0.6e-3 * X, 3 + 0.8e-3 * X, 100 * Y])
    profile = read_profile(path, cleaning=Cleaning(stage=("X [mm]", "Y")))
    assert profile.x == pytest.approx(1e-6 * X, rel=1e-9, abs=1e-14) and profile.components == ("Ni",)
    place = profile.reading["position"]
    assert place["columns"] == ["X", "Y (mm)"] and place["direction"] == pytest.approx([-0.6, 0.8])


def test_lines_are_left_out_by_their_numbers(tmp_path):
    assert line_numbers("12, 15-18,16") == (12, 15, 16, 17, 18)
    given = ["oops" if k == 3 else repr(100 * y) for k, y in enumerate(Y.tolist())]
    path = write(tmp_path, "x [um],Ni [at%]", [X, given])
    with pytest.raises(Invalid, match=r"probe.csv:5: expected a number"):
        read_profile(path)
    profile = read_profile(path, cleaning=Cleaning(leave_out=(5,)))
    assert profile.x.size == N - 1 and profile.reading["left_out"][0]["line"] == 5
    with pytest.raises(Invalid, match=r"at least 8 points, but of 11 rows 4 are left out: line 2, for example"):
        read_profile(path, cleaning=Cleaning(leave_out=(2, 3, 4, 5)))


def test_a_header_can_be_named(tmp_path):
    text = "15,20\n1,2\nx,Ni\num,at%\n" + "".join(f"{x},{100 * y}\n" for x, y in zip(X, Y, strict=True))
    path = tmp_path / "probe.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Invalid, match=r"probe.csv:1: the first line holds numbers"):
        read_profile(path)
    profile = read_profile(path, cleaning=Cleaning(header=3))
    assert profile.fraction("Ni") == pytest.approx(Y) and profile.reading["preamble"] == ["15,20", "1,2"]


def test_columns_that_no_one_asked_for_are_passed_over(tmp_path):
    """Numbers of points, currents and words beside columns that say what they are; recorded, never in silence."""
    points, words = [str(k) for k in range(1, N + 1)], ["ok"] * N
    path = write(tmp_path, "Spot,x [um],Ni [at%],Mean Z,Note,Sum", [points, X, 100 * Y, 30 + Y, words, 0 * Y])
    profile = read_profile(path)
    assert profile.components == ("Ni",)
    assert profile.reading["passed_over"] == ["Spot", "Mean Z", "Note", "Sum"]
    path = write(tmp_path, "x [um],Ni [at%],Cu [at%],Current [nA]", [X, 100 * Y, 100 - 100 * Y, 20 + Y])
    with pytest.raises(Invalid, match="'nA' is not a kind of composition"):
        read_profile(path)
    assert read_profile(path, cleaning=Cleaning(only=("Cu", "Ni"))).components == ("Ni", "Cu")


def test_one_wrong_word_in_many_rows_is_one_sentence(tmp_path):
    path = write(tmp_path, "x [um],Ni [at%]", [X, ["-"] * N])
    with pytest.raises(Invalid) as caught:
        read_profile(path)
    assert len(caught.value.faults) == 1 and "(and so in 10 more rows)" in str(caught.value)


def test_the_record_is_plain_and_goes_with_the_profile(tmp_path):
    path = write(tmp_path, "# seen by me\nx [um],Ni [at%],Cu [at%]", [X, 100 * Y, 100 - 100 * Y])
    profile = read_profile(path, ends=(0, 1))
    assert json.loads(json.dumps(profile.reading)) == profile.reading
    assert profile.reading["remarks"] == ["seen by me"] and profile.reading["header"] == 2
    assert profile.only("Cu").reading == profile.ordered(("Cu", "Ni")).reading == profile.reading
    (tmp_path / "e.toml").write_text('[experiment]\nprofile = "probe.csv"\ntime = "10 h"\n', encoding="utf-8")
    assert read_experiment(tmp_path / "e.toml").reading == profile.reading


def test_ions_have_a_record_too(tmp_path):
    write(tmp_path, "x [um];Na [mol/L];Cl;pH", [X, Y, 1000 * Y, Y], separator=";")
    (tmp_path / "e.toml").write_text(
        '[experiment]\nprofile = "probe.csv"\ncharges = { Na = 1, Cl = -1 }\n', encoding="utf-8"
    )
    reading = read_experiment(tmp_path / "e.toml").reading
    assert [entry["basis"] for entry in reading["columns"]] == ["mol/L", "mol/m^3"]
    assert reading["separator"] == "semicolon" and reading["passed_over"] == ["pH"]


@pytest.mark.parametrize("basis", ["fraction", "at%", "wt%"])
def test_a_written_profile_is_the_profile_that_was_read(tmp_path, basis):
    path = write(tmp_path, "x [um],Ni [wt%],Cu [wt%],Fe [wt%]", [X, 60 * Y, 60 - 60 * Y, np.full(N, 40.0)])
    profile = read_profile(path)
    again = tmp_path / "again.csv"
    again.write_text(profile_table(profile, basis), encoding="utf-8")
    back = read_profile(again)
    assert back.components == profile.components and back.x == pytest.approx(profile.x, rel=1e-11)
    # twelve digits are written
    assert back.fractions == pytest.approx(profile.fractions, rel=1e-10, abs=0.0)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"totals": (103, 97)},
            r"totals: expected the least and the largest total in percent, as in 97,103, got 103 and",
        ),
        ({"totals": (0.97, 1.03)}, r"totals: totals are in percent: write 97,103"),
        ({"below": "halve"}, r"below: 'halve' is none of half, .* Did you mean half\?"),
        ({"oxides": "cation"}, r"oxides: 'cation' is none of cations, molecules. Did you mean cations\?"),
        ({"limits": {"Ni": 0.0}}, r"limits.Ni: a limit of detection is above zero, got 0"),
    ],
)
def test_a_cleaning_that_cannot_be(given, words):
    with pytest.raises(Invalid, match=words):
        Cleaning(**given)

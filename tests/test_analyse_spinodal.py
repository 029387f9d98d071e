"""`matano analyse` on what un-mixes: fields, profiles and measurements of structure factors and sizes."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from matano import cases_folder
from simulator.files.case import parse_case
from simulator.files.field_file import FieldFile
from simulator.files.hdf5 import ResultFile
from simulator.laws.expression import CONSTANTS
from simulator.solve.solve import solve

T, OMEGA, KAPPA, D = 773.0, 18600.0, 3.55e-15, 1e-22
QUENCH = """schema = 1
components = ["Cr", "Fe"]

[domain]
{domain}

[initial]
shape = "noise"
mean = {{ Cr = {X} }}
amplitude = {amplitude}
seed = 1

[boundary]
{sides}

[temperature]
value = "773 K"

[law]
kind = "cahn-hilliard"
mobility = "degenerate"
D = "1e-22 m^2/s"
gradient_energy = "3.55e-15 J m^2/mol"

[thermodynamics]
kind = "regular"
omega = {{ Fe-Cr = "18.6 kJ/mol" }}

[time]
end = "{end}"
save = {save}

[solver]
rtol = {rtol}
"""
PERIODIC, RING = 'sides = "periodic"', 'left = "periodic"\nright = "periodic"'
BAR = 'interval = ["0 nm", "60 nm"]\ncells = 192\ngrading = "uniform"'
SQUARE = 'size = ["20 nm", "20 nm"]\ncells = [64, 64]'
BOX = 'size = ["9 nm", "9 nm", "9 nm"]\ncells = [28, 28, 28]'


def quench(X, domain=SQUARE, sides=PERIODIC, amplitude=1e-4, end="10 h", save=2, rtol=1e-11) -> str:
    return QUENCH.format(X=X, domain=domain, sides=sides, amplitude=amplitude, end=end, save=save, rtol=rtol)


def finished(name: str, text: str) -> str:
    """The file of a result of the engine itself."""
    case = parse_case(text, f"{name}.toml", Path.cwd())
    kind = FieldFile if hasattr(case.problem, "box") else ResultFile
    with kind(f"{name}.h5", case.problem, text=case.text, folder=case.folder) as record:
        solve(case.problem, case.controls, record=record)
    return f"{name}.h5"


def analysed(matano, *words):
    status, out, err = matano("analyse", *words, "--json")
    assert status == 0, err
    return json.loads(out)


def truth(X: float) -> tuple[float, float]:
    """D x (1-x)/RT (RT/(x (1-x)) - 2 Omega), m^2/s, and M, mol m^2/(J s)."""
    RT = CONSTANTS["R"] * T
    M = D * X * (1.0 - X) / RT
    return M * (RT / (X * (1.0 - X)) - 2.0 * OMEGA), M


@pytest.mark.parametrize(
    ("domain", "sides", "X"),
    [(BAR, RING, 0.4), (SQUARE, PERIODIC, 0.4), (SQUARE, 'sides = "closed"', 0.35), (BOX, PERIODIC, 0.5)],
    ids=["line", "square", "closed square", "box"],
)
def test_interdiffusivity_of_a_quench_in_one_two_and_three_dimensions(matano, domain, sides, X):
    (row,) = analysed(matano, finished("quench", quench(X, domain, sides)), "--method", "cahn-plot")
    assert row["recovers"] == "interdiffusivity" and row["components"] == ["Cr"]
    # waves of 1e-4 feed each other by less than that; the wavenumber is that of the grid
    assert row["value"][0] == pytest.approx(truth(X)[0], rel=1e-3, abs=0.0)
    assert row["truth"][0] == pytest.approx(truth(X)[0], rel=1e-9, abs=0.0) and abs(row["error"][0]) < 1e-3
    assert "found" not in row


def test_mobility_omega_and_kappa_of_several_squares_unasked(matano):
    files = [finished(f"cr-{100 * X:.0f}", quench(X)) for X in (0.3, 0.4, 0.5)]
    (row,) = analysed(matano, *files, "--save")
    assert (
        row["method"] == "cahn-plot" and row["files"] == files and row["composition"] == pytest.approx([0.3, 0.4, 0.5])
    )
    assert row["value"] == pytest.approx([truth(X)[0] for X in (0.3, 0.4, 0.5)], rel=1e-3, abs=0.0)
    found = {(one["name"], one["composition"]): one for one in row["found"]}
    known = {("kappa", None): KAPPA, ("omega", None): OMEGA}
    known |= {("mobility", X): truth(X)[1] for X in row["composition"]}
    assert set(found) == set(known)
    for name, value in known.items():
        assert found[name]["value"] == pytest.approx(value, rel=1e-3, abs=0.0)
        assert found[name]["truth"] == pytest.approx(value, rel=1e-9, abs=0.0)
        assert 0.0 < found[name]["sd"] < 1e-3 * value and abs(found[name]["error"]) < 1e-3
    for file in files:
        with h5py.File(file) as result:
            np.testing.assert_array_equal(result["analysis/cahn-plot/value"], row["value"])
            assert result["VTKHDF"].attrs["Type"] in (b"ImageData", "ImageData")
    status, out, _ = matano("analyse", *files)
    assert status == 0 and "kappa (J m^2/mol)" in out and "mobility at 0.4" in out and "critical wavenumber" in out
    assert Path("cr-30-cr-40-cr-50-cahn-plot.png").stat().st_size > 20000
    status, out, _ = matano("report", files[0], "-o", "page.html")
    assert status == 0 and "Cahn" in Path("page.html").read_text(encoding="utf-8")


def test_alloys_of_several_temperatures_have_truths_of_their_own(matano):
    cold = quench(0.5).replace("773 K", "700 K")
    (row,) = analysed(matano, finished("warm", quench(0.5)), finished("cold", cold))
    assert row["truth"][0] != pytest.approx(row["truth"][1], rel=0.05, abs=0.0)
    assert np.abs(row["error"]).max() < 1e-3
    found = {one["name"]: one for one in row["found"] if one["name"] != "mobility"}
    assert found["omega"]["value"] == pytest.approx(OMEGA, rel=1e-3)
    assert found["omega"]["truth"] == pytest.approx(OMEGA, rel=1e-9)


def late(matano) -> str:
    """Domains that coarsen: waves are no longer small at any of the saved times."""
    save = "[" + ", ".join(f'"{t} h"' for t in (100, 150, 250, 400, 700)) + "]"
    return finished("late", quench(0.5, amplitude=0.02, end="1200 h", save=save, rtol=1e-4))


def test_domains_coarsen_where_waves_are_large(matano):
    file = late(matano)
    status, out, err = matano("analyse", file)
    assert status == 0 and "coarsening constant" in out and "exponent of L over t" in out and "r^2" in out
    assert "there is no truth to compare coarsening_constant with" in err
    assert Path("late-coarsening.png").stat().st_size > 20000
    (row,) = analysed(matano, file)
    assert row["truth"] is None and row["value"][0] > 0.0 and row["unit"] == "m^3/s"
    status, _, err = matano("analyse", file, "--method", "cahn-plot")
    assert status == 3 and "save earlier times" in err
    status, _, err = matano("analyse", file, "--time", "300 h")
    assert status == 3 and "at 4 times or more" in err and "save earlier times" in err


def test_an_interface_in_equilibrium(matano):
    text = (cases_folder() / "spinodal-interface.toml").read_text(encoding="utf-8")
    file = finished("interface", text)
    (row,) = analysed(matano, file, "--method", "interface-profile")
    assert row["recovers"] == "interface_energy" and abs(row["error"][0]) < 1e-3
    found = {one["name"]: one for one in row["found"]}
    assert found["kappa"]["truth"] == 1.0 and found["omega"]["truth"] == pytest.approx(3.0)
    # 20 cells in the width: second order leaves 1e-3
    assert found["kappa"]["error"] == pytest.approx(0.0, abs=2e-3)
    assert found["width"]["error"] == pytest.approx(0.0, abs=2e-3)
    assert found["L1"]["truth"] == 0.0 and found["L1"]["error"] is None
    status, out, _ = matano("analyse", file, "--method", "interface-profile")
    assert status == 0 and "sigma (J m/mol)" in out and Path("interface-interface-profile.png").exists()
    (unasked,) = analysed(matano, file)
    assert unasked["method"] == "interface-profile"


SAXS = "k [1/nm],S (0 s),S (600 s),t = 20 min,1 h"
TIMES = np.array([0.0, 600.0, 1200.0, 3600.0])


def measured(X: float, name: str, head: str = SAXS, noise: float = 0.0) -> str:
    """Structure factors of waves that grow by Cahn's equation, in arbitrary units."""
    A, M = truth(X)
    k = np.linspace(0.1, 2.5, 25)
    rates = -A * (1e9 * k) ** 2 - M * KAPPA * (1e9 * k) ** 4
    S = 7.0 * np.exp(2.0 * np.outer(rates, TIMES))
    S *= np.exp(noise * np.random.default_rng(3).standard_normal(S.shape))
    lines = [head, *(",".join(f"{value:.12g}" for value in (one, *row)) for one, row in zip(k, S, strict=True))]
    Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return name


@pytest.mark.parametrize(
    ("head", "factor"),
    [(SAXS, 1.0), ("q (nm^-1),0 s,10 min,1200 s,3600 s", 1.0), ("k/nm^-1,S(t = 0 s),S(10 min),S [20 min],I 1 h", 1.0)],
)
def test_measured_structure_factors(matano, head, factor):
    (row,) = analysed(matano, measured(0.4, "saxs.csv", head), "--composition", "Cr=0.4", "--save")
    assert row["method"] == "cahn-plot" and row["components"] == ["Cr"] and row["truth"] is None
    # as many digits as were written
    assert row["value"][0] == pytest.approx(truth(0.4)[0], rel=1e-8, abs=0.0)
    assert row["reading"][0]["sha256"] and json.loads(Path("saxs-cahn-plot.json").read_text())["value"] == row["value"]


def test_experiments_of_several_alloys(matano):
    for X in (0.3, 0.4, 0.5):
        measured(X, f"saxs-{X}.csv")
        text = f'[experiment]\nspectra = "saxs-{X}.csv"\ncomposition = {{ Cr = {X} }}\ntemperature = "773 K"\n'
        Path(f"{X}.toml").write_text(text, encoding="utf-8")
    (row,) = analysed(matano, "0.3.toml", "0.4.toml", "0.5.toml")
    found = {one["name"]: one for one in row["found"] if one["name"] != "mobility"}
    assert found["kappa"]["value"] == pytest.approx(KAPPA, rel=1e-7, abs=0.0) and found["kappa"]["truth"] is None
    assert found["omega"]["value"] == pytest.approx(OMEGA, rel=1e-7)
    (other,) = analysed(matano, "0.3.toml", "--component", "Cr")
    assert other["value"][0] == pytest.approx(row["value"][0], rel=1e-9, abs=0.0)


def test_measured_sizes(matano):
    t = np.array([1.0, 2.0, 5.0, 10.0, 20.0, 50.0])
    L = np.cbrt(8.0 + 3.0 * t)
    rows = "".join(f"{a:g};{b:.12g}\n" for a, b in zip(t, L, strict=True)).replace(".", ",")
    Path("sizes.csv").write_text("t [h];L [nm]\n" + rows, encoding="utf-8")
    (row,) = analysed(matano, "sizes.csv")
    assert row["method"] == "coarsening"
    assert row["value"][0] == pytest.approx(3e-27 / 3600.0, rel=1e-9, abs=0.0)
    Path("sizes.toml").write_text('[experiment]\nsizes = "sizes.csv"\n', encoding="utf-8")
    (same,) = analysed(matano, "sizes.toml")
    assert same["value"] == row["value"]
    (early,) = analysed(matano, "sizes.csv", "--time", "20 h")
    assert early["diagnostics"]["times"][1] == pytest.approx(72000.0)
    assert matano("analyse", "sizes.csv")[0] == 0 and Path("sizes-coarsening.png").exists()


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["saxs.csv"], 3, "--composition B=0.4"),
        (["saxs.csv", "--composition", "0.4"], 2, "as in B=0.4"),
        (["saxs.csv", "--composition", "Cr=1.4"], 3, "lies between 0 and 1"),
        (["saxs.csv", "--composition", "Cr=0.3,Fe=0.3"], 3, "two that sum to 1"),
        (["saxs.csv", "--composition", "Cr=0.4", "--ends", "0,1"], 2, "--ends: describes a profile"),
        (["saxs.csv", "--composition", "Cr=0.4", "--component", "Ni"], 3, "'Ni' is not one of"),
        (["saxs.csv", "--composition", "Cr=0.4", "--method", "wagner"], 3, "wagner takes a profile along a line"),
        (["saxs.csv", "--composition", "Cr=0.4", "--method", "coarsening"], 3, "and this is structure factors"),
        (["saxs.csv", "--composition", "Cr=0.4", "--time", "0 s"], 3, "two times or more"),
        (["couple.csv", "--composition", "Cr=0.4"], 2, "couple.csv holds a profile"),
        (["couple.csv", "--method", "cahn-plot"], 3, "cahn-plot takes structure factors at several times"),
        (["odd.csv", "--composition", "Cr=0.4"], 3, "odd.csv:1: 'S late' names no time; write it as in S (60 s)"),
        (["negative.csv", "--composition", "Cr=0.4"], 3, "negative.csv:3: numbers are not negative"),
        (["both.toml"], 3, "both.toml:3 experiment.marker: does not go with spectra"),
        (["away.toml"], 3, "there is no file 'no.csv'"),
        (["bare.toml"], 3, "experiment.composition: the mean mole fraction is needed"),
        (["long.csv"], 3, "coarsening needs sizes of domains at 4 times or more"),
        (["back.csv"], 3, "back.csv:3: times increase, got 1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_is_refused(matano, words, status, sentence):
    measured(0.4, "saxs.csv")
    measured(0.4, "odd.csv", "k [1/nm],S (0 s),S (60 s),S late,1 h")
    x = np.linspace(-1.0, 1.0, 21)
    Path("couple.csv").write_text("x [um],Cr\n" + "".join(f"{a:g},{0.5 + 0.4 * np.tanh(4 * a):g}\n" for a in x))
    Path("negative.csv").write_text("k [1/nm],0 s,1 s\n1,1,2\n2,1,-3\n3,1,3\n4,1,2\n")
    Path("both.toml").write_text('[experiment]\nspectra = "saxs.csv"\nmarker = "1 um"\ncomposition = { Cr = 0.4 }\n')
    Path("away.toml").write_text('[experiment]\nspectra = "no.csv"\ncomposition = { Cr = 0.4 }\n')
    Path("bare.toml").write_text('[experiment]\nspectra = "saxs.csv"\n')
    Path("long.csv").write_text("t [h],L [nm]\n1,2\n2,3\n3,4\n")
    Path("back.csv").write_text("t [h],L [nm]\n2,2\n1,3\n3,4\n4,5\n")
    got, out, err = matano("analyse", *words)
    assert got == status and sentence in err and out == ""


def test_a_field_is_no_profile(matano):
    file = finished("square", quench(0.4))
    for method in ("wagner", "interface-profile"):
        status, _, err = matano("analyse", file, "--method", method)
        assert status == 3 and "methods for profiles take a result in one dimension" in err
    status, _, err = matano("analyse", file, "--composition", "Cr=0.4")
    assert status == 2 and "a result knows it" in err
    ternary = finished(
        "island",
        (cases_folder() / "spinodal-island.toml")
        .read_text()
        .replace("end = 120.0", "end = 16.0")
        .replace("save = [16.0]", "save = 2"),
    )
    status, _, err = matano("analyse", ternary)
    assert status == 3 and "is for two components" in err


def test_round_trips_of_structure_factors_in_two_dimensions():
    """As `matano verify` makes them: with two further alloys, and alone."""
    from inverse import METHODS
    from inverse.roundtrip import judge, simulate
    from simulator.files.case import load

    names = ("spinodal-scattering", "couples/spinodal-scattering-30", "couples/spinodal-scattering-50")
    case, *others = (load(cases_folder() / f"{name}.toml") for name in names)
    result, further = simulate(case), [simulate(other) for other in others]
    trips = judge(METHODS["cahn-plot"], case, "quench", result, [], [], further)
    assert [trip.profiles for trip in trips] == [3, 1] and all(trip.passed for trip in trips)
    assert max(trip.verdict.max_error for trip in trips) < 1e-3
    (row,) = judge(METHODS["wagner"], case, "quench", result, [])
    assert row.word == "not applied" and "this case has two or three dimensions" in row.sentence
    (row,) = judge(METHODS["coarsening"], case, "quench", result, [])
    assert row.word == "not applied" and "at 4 times or more" in row.sentence


def test_a_single_wave_is_no_line():
    """Its harmonics grow too, twice as fast, and are no waves of their own."""
    from inverse import METHODS
    from simulator.files.case import load
    from simulator.solve.spectra import spectra_of

    case = load(cases_folder() / "spinodal-wave.toml")
    assert "needs 3 wavelengths" in METHODS["cahn-plot"].applies(spectra_of(solve(case.problem, case.controls)))


@pytest.mark.slow
def test_domains_coarsen_as_the_cube_root_of_time():
    """The energy length of a quartic quench on 512 x 512 cells; other seeds give 0.321 to 0.341."""
    from fields import BINARY, QUARTIC

    from inverse import METHODS
    from simulator.laws.cahn_hilliard import CahnHilliard
    from simulator.laws.thermodynamics import Thermodynamics
    from simulator.problem.box import Box
    from simulator.problem.field_problem import FieldProblem
    from simulator.problem.noise import Noise
    from simulator.solve.controls import Controls
    from simulator.solve.spectra import sizes_of

    energy = Thermodynamics(BINARY, "expression", g=QUARTIC, units="reduced")
    times = np.geomspace(350.0, 3500.0, 12)
    problem = FieldProblem(
        BINARY, CahnHilliard(BINARY, 2.0, 5.0, thermodynamics=energy), Box((512.0, 512.0), (512, 512)),
        Noise({"B": 0.5}, 0.02, seed=1), sides="periodic", end=3500.0, save=tuple(times[:-1]),
    )  # fmt: skip
    estimate = METHODS["coarsening"](sizes_of(solve(problem, Controls(scheme="rkc", rtol=1e-3))))
    assert 0.31 <= estimate.diagnostics["exponent"] <= 0.33
    assert estimate.diagnostics["r_squared"] > 0.99 and not estimate.warnings

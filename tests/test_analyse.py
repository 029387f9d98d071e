"""`matano analyse` on what methods of every kind recover: tables, figures, JSON, several files, and what is refused."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from simulator.files.case import parse_case
from simulator.files.hdf5 import ResultFile
from simulator.solve.solve import solve

COUPLE = """schema = 1
components = ["A", "B"]
dependent = "A"

[domain]
interval = ["-30 m", "30 m"]
cells = 200

[initial]
shape = "step"
at = 0.0
left = { B = 0.0 }
right = { B = 1.0 }

[temperature]
value = "1000 K"

[time]
end = "1 s"
save = ["0.25 s", "1 s"]
"""
SWELLING = """
[law]
kind = "darken"
tracer = { A = "exp(0.5*x_B)", B = "4*exp(-0.3*x_B)" }

[thermodynamics]
kind = "ideal"

[molar_volume]
kind = "expression"
V_m = "1 - 0.3*x_B - 0.2*x_A*x_B"

[markers]
at = [0.0]
"""
CONSTANT = '\n[law]\nkind = "fick"\nD = 2.0\n'
LAYERS = """[experiment]
time = "81 h"
ends = { left = { Sn = 0.0 }, right = { Sn = 1.0 } }
layers = [
  { name = "Cu3Sn", Sn = 0.25, thickness = "3.5 um", sigma = "0.1 um", V_m = "8.59e-6 m^3/mol" },
  { name = "Cu6Sn5", Sn = 0.454545454545, thickness = "13 um", V_m = "10.59e-6 m^3/mol" },
]
"""


def finished(name: str, text: str) -> str:
    """The file of a result of the engine itself."""
    case = parse_case(text, f"{name}.toml", Path.cwd())
    with ResultFile(f"{name}.h5", case.problem, text=case.text, folder=case.folder) as record:
        solve(case.problem, case.controls, record=record)
    return f"{name}.h5"


def analysed(matano, *words):
    status, out, err = matano("analyse", *words, "--json")
    assert status == 0, err
    return json.loads(out)


def test_wagner_is_the_default_where_there_is_a_molar_volume(matano):
    swelling, constant = finished("swelling", COUPLE + SWELLING), finished("constant", COUPLE + CONSTANT)
    assert [row["method"] for row in analysed(matano, swelling, constant)] == ["wagner", "sauer-freise"]


def test_rows_become_columns_with_their_names(matano):
    file = finished("couple", COUPLE + SWELLING)
    status, out, _ = matano("analyse", file, "--method", "intrinsic,tracers")
    assert status == 0
    for word in ("D_A (m^2/s)", "D_B (m^2/s)", "D*_A", "truth", "error", "marker velocity", "D_B/D_A", "contact plane"):
        assert word in out
    assert Path("couple-intrinsic-tracers.png").stat().st_size > 5000
    intrinsic, tracers = analysed(matano, file, "--method", "intrinsic,tracers", "--save")
    assert intrinsic["components"] == ["A", "B"] and intrinsic["recovers"] == "intrinsic_diffusivity"
    for row in (intrinsic, tracers):
        assert np.shape(row["value"]) == np.shape(row["truth"]) == np.shape(row["error"]) == (2, 1)
        assert row["window"] == [row["composition"][0]] * 2
        # second order on 200 cells
        assert np.abs(row["error"]).max() < 2e-3
    with h5py.File(file) as result:
        np.testing.assert_array_equal(result["analysis/intrinsic/value"], intrinsic["value"])


def test_a_component_is_chosen_without_losing_the_other(matano):
    file = finished("couple", COUPLE + SWELLING)
    (own,) = analysed(matano, file, "--method", "intrinsic")
    (other,) = analysed(matano, file, "--method", "intrinsic", "--component", "A")
    assert other["components"] == ["A", "B"]
    assert other["composition"] == pytest.approx([1.0 - own["composition"][0]])
    # the spline through 1 - x is not that through x to the last digit
    assert np.ravel(other["value"]) == pytest.approx(np.ravel(own["value"]), rel=1e-6, abs=0.0)


def test_layers_of_compounds(matano):
    Path("layers.toml").write_text(LAYERS, encoding="utf-8")
    status, out, err = matano("analyse", "layers.toml")
    assert status == 3 and "integrated, growth-constants" in err
    status, out, _ = matano("analyse", "layers.toml", "--method", "integrated,growth-constants")
    assert status == 0
    for word in ("Cu3Sn", "Cu6Sn5", "D_int (m^2/s)", "k, first kind (m^2/s)", "k, second kind (m^2/s)", "sd"):
        assert word in out
    assert Path("layers-integrated-growth-constants.png").stat().st_size > 5000
    integrated, growth = analysed(matano, "layers.toml", "--method", "integrated,growth-constants")
    assert integrated["components"] == ["Cu3Sn", "Cu6Sn5"] and integrated["truth"] is None
    assert growth["components"] == ["first kind", "second kind"] and np.shape(growth["value"]) == (2, 2)
    # 3.5 um in 81 h
    assert growth["value"][0][0] == pytest.approx(3.5e-6**2 / (2 * 81 * 3600.0), rel=1e-9, abs=0.0)
    assert np.shape(growth["sd"]) == (2, 2) and growth["sd"][0][1] == 0.0


def test_several_files_are_taken_together_by_methods_that_can(matano):
    first, second = finished("first", COUPLE + CONSTANT), finished("second", COUPLE + CONSTANT)
    rows = analysed(matano, first, second, "--method", "sauer-freise,forward-fit")
    assert [(row["method"], row["files"]) for row in rows] == [
        ("sauer-freise", [first]),
        ("sauer-freise", [second]),
        ("forward-fit", [first, second]),
    ]
    assert all(np.abs(row["error"]).max() < 2e-3 for row in rows)
    status, out, _ = matano("analyse", first, second, "--method", "forward-fit")
    assert status == 0 and f"{first}, {second}: interdiffusivity of B by forward-fit" in out
    assert Path("first-second-forward-fit.png").stat().st_size > 5000


def test_files_of_two_laws_have_no_truth_together(matano):
    slow, fast = finished("slow", COUPLE + CONSTANT), finished("fast", COUPLE + CONSTANT.replace("2.0", "4.0"))
    status, out, err = matano("analyse", slow, fast, "--method", "forward-fit", "--json")
    assert status == 0 and "they are of different laws" in err
    assert json.loads(out)[0]["truth"] is None


def test_the_file_that_spoils_them_all_is_named(matano):
    file = finished("good", COUPLE + CONSTANT)
    Path("layers.toml").write_text(LAYERS, encoding="utf-8")
    status, _, err = matano("analyse", file, "layers.toml", "--method", "forward-fit")
    assert status == 3 and err.startswith("layers.toml ")


def test_one_number_for_all_compositions_is_one_line(matano):
    file = finished("constant", COUPLE + CONSTANT)
    status, out, _ = matano("analyse", file, "--method", "erf-fit")
    assert status == 0
    assert len([line for line in out.splitlines() if line.lstrip().startswith("all ")]) == 1
    status, out, _ = matano("analyse", file, "--method", "chronometry", "--time", "0.25 s")
    assert status == 0 and "t (s)" in out and "2.50000e-01" in out
    assert Path("constant-chronometry.png").stat().st_size > 5000


def test_a_case_is_written_with_the_molar_volume(matano):
    file = finished("couple", COUPLE + SWELLING)
    assert matano("analyse", file, "--case", "again.toml")[0] == 0
    assert matano("validate", "again.toml")[0] == 0
    assert 'V_m = "1 - 0.3*x_B - 0.2*x_A*x_B"' in Path("again.toml").read_text(encoding="utf-8")
    status, _, err = matano("analyse", file, "--method", "intrinsic", "--case", "no.toml")
    assert status == 3 and "gives intrinsic diffusivity" in err and not Path("no.toml").exists()


def test_a_smoother_is_chosen(matano):
    x = np.linspace(-6.0, 6.0, 121)
    noise = 2e-3 * np.random.default_rng(11).standard_normal(x.size)
    from scipy.special import erfc

    y = 0.5 * erfc(-x / np.sqrt(8.0)) + noise
    rows = "".join(f"{a:.6f},{b:.6f}\n" for a, b in zip(x, y, strict=True))
    Path("probe.csv").write_text("x [m],B\n" + rows, encoding="utf-8")
    words = ["probe.csv", "--time", "1 s", "--ends", "0,1"]
    values = []
    for smoother in ("probit", "spline", "whittaker"):
        (row,) = analysed(matano, *words, "--smoother", smoother)
        values.append(np.interp(0.5, row["composition"], row["value"]))
        assert row["sd"] is not None
    # theory: 2 to 4 % at this noise in mid-range; three ways of smoothing are not one
    assert values == pytest.approx([2.0] * 3, rel=0.1) and len(set(values)) == 3
    status, _, err = matano("analyse", *words, "--smoother", "probti")
    assert status == 2 and "there is no smoother" in err
    status, _, err = matano("analyse", *words, "--smoother", "spline", "--method", "erf-fit")
    assert status == 2 and "no choice of a smoother" in err


def test_too_few_or_too_many_profiles(matano):
    file = finished("constant", COUPLE + CONSTANT)
    status, _, err = matano("analyse", file, "--method", "arrhenius")
    assert status == 3 and "2 to 20 profiles" in err
    status, _, err = matano("analyse", file, file, "--method", "arrhenius")
    assert status == 3 and "two temperatures" in err

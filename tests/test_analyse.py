"""`matano analyse` on what methods of every kind recover: tables, figures, JSON, several files, and what is refused."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from matano import cases_folder
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


TERNARY = """schema = 1
components = ["A", "B", "C"]

[domain]
interval = ["-30 m", "30 m"]
cells = 200

[initial]
shape = "step"
left = {{ A = {}, B = {} }}
right = {{ A = {}, B = {} }}

[temperature]
value = "1000 K"

[law]
kind = "fick"
D = [[4.0, 2.0], [0.4, 2.0]]

[time]
end = "1 s"
"""
ENDS = ((1 / 6, 5 / 12, 1 / 2, 1 / 4), (5 / 12, 1 / 6, 1 / 4, 1 / 2))
TRUTH = [[4.0, 2.0], [0.4, 2.0]]


def crossing(matano) -> list[str]:
    """Results of two ternary couples that cross at equal fractions."""
    return [finished(f"couple-{k}", TERNARY.format(*ends)) for k, ends in enumerate(ENDS, 1)]


def measured_couples(*lines: str, sigma: float = 1e-3) -> list[str]:
    """Experiments of the same two couples, with columns of A and B and noise."""
    from simulator.solve.exact.constant_matrix import matrix_profile

    x = np.linspace(-14.0, 14.0, 121)
    for k, ends in enumerate(np.reshape(ENDS, (2, 2, 2)), 1):
        X = matrix_profile(x, 1.0, np.array(TRUTH), (0.0,), ends.T)
        X = X + sigma * np.random.default_rng(k).standard_normal(X.shape)
        rows = "".join(f"{a:.6f},{b:.6f},{c:.6f}\n" for a, b, c in zip(x, *X, strict=True))
        Path(f"probe-{k}.csv").write_text("x [m],A,B\n" + rows, encoding="utf-8")
        text = "\n".join([f'[experiment]\nprofile = "probe-{k}.csv"\ntime = "1 s"', *lines])
        Path(f"probe-{k}.toml").write_text(text + "\n", encoding="utf-8")
    return ["probe-1.toml", "probe-2.toml"]


def test_a_matrix_is_a_table_of_entries_with_their_truth(matano):
    files = crossing(matano)
    status, out, _ = matano("analyse", *files, "--method", "square-root,kirkaldy")
    assert status == 0 and "interdiffusivity matrix of A, B (C dependent) by square-root" in out
    rows = [line.split() for line in out.splitlines() if line.startswith("  D_A,B")]
    assert len(rows) == 2
    for row in rows:
        # second order on 200 cells; errors are relative to the largest entry, which is 4
        assert float(row[1]) == pytest.approx(2.0, rel=2e-3) and float(row[2]) == 2.0
        assert abs(float(row[3]) - 100.0 * (float(row[1]) - 2.0) / 4.0) < 1e-3
    for words in ("condition: 3", "largest error", "eigenvalues:", "contact plane, one for each couple", "miss each"):
        assert words in out
    assert Path("couple-1-couple-2-square-root-kirkaldy.png").stat().st_size > 20000


def test_json_and_the_result_hold_nested_lists_and_arrays(matano):
    files = crossing(matano)
    (row,) = analysed(matano, *files, "--method", "square-root", "--save")
    assert row["components"] == ["A", "B"] and row["dependent"] == "C" and row["files"] == files
    assert np.shape(row["value"]) == np.shape(row["truth"]) == (2, 2) and np.shape(row["composition"]) == (2,)
    assert np.allclose(row["truth"], TRUTH) and np.abs(row["error"]).max() < 2e-3
    for file in files:
        with h5py.File(file) as result:
            saved = result["analysis/square-root"]
            assert saved["value"].shape == saved["error"].shape == (1, 2, 2) and saved["composition"].shape == (1, 2)
            np.testing.assert_array_equal(saved["value"][0], row["value"])
            assert json.loads(saved.attrs["components"]) == ["A", "B"] and saved.attrs["dependent"] == "C"


def test_several_couples_of_several_components_are_fitted_together_unasked(matano):
    files = measured_couples('dependent = "C"')
    (row,) = analysed(matano, *files)
    assert row["method"] == "exact-fit" and row["files"] == files and row["truth"] is None
    # within four of its standard deviations, which are some per cent of the largest entry
    assert np.abs((np.array(row["value"]) - TRUTH) / row["sd"]).max() < 4.0 and np.max(row["sd"]) < 0.2
    (same,) = analysed(matano, "probe-1.csv", "probe-2.csv", "--time", "1 s", "--dependent", "C")
    assert same["value"] == row["value"]


def test_couples_of_several_temperatures_ask_for_more(matano):
    measured_couples('dependent = "C"', 'temperature = "1000 K"')
    warm = Path("probe-2.toml").read_text(encoding="utf-8").replace("1000 K", "1100 K")
    Path("probe-2.toml").write_text(warm, encoding="utf-8")
    status, _, err = matano("analyse", "probe-1.toml", "probe-2.toml", "--method", "exact-fit")
    assert status == 3 and "parametric-fit takes several temperatures" in err
    from matano.default_methods import of_several
    from simulator.files.experiment import read_experiment

    files = [Path("probe-1.toml"), Path("probe-2.toml")]
    (method,) = of_several(files, [read_experiment(path) for path in files])
    assert method.name == "parametric-fit"


def test_two_columns_of_three_components_need_a_dependent_one(matano):
    files = measured_couples()
    status, _, err = matano("analyse", *files, "--method", "exact-fit")
    assert status == 3 and "Name the one without a column as dependent" in err
    status, _, err = matano("analyse", crossing(matano)[0], "--dependent", "A")
    assert status == 2 and "--dependent: describes a measured profile" in err
    status, _, err = matano("analyse", files[0], "--dependent", "C")
    assert status == 2 and "--dependent: belongs into the experiment file" in err


def test_a_case_with_the_matrix_simulates_the_first_couple(matano):
    files = measured_couples('dependent = "C"', 'temperature = "1000 K"')
    status, out, _ = matano("analyse", *files, "--case", "again.toml")
    assert status == 0 and "case of probe-1.toml: again.toml. Run it" in out
    assert matano("validate", "again.toml")[0] == 0 and not Path("again-D.csv").exists()
    again = parse_case(Path("again.toml").read_text(encoding="utf-8"), "again.toml", Path.cwd()).problem
    assert again.mixture.dependent == "C" and again.law.D[0][0] == pytest.approx(4.0, rel=0.1)
    status, _, err = matano("analyse", *files, "--method", "exact-fit,kirkaldy", "--case", "no.toml")
    assert status == 2 and "one method from one file" in err and not Path("no.toml").exists()
    status, _, err = matano("analyse", files[0], "--method", "exact-fit", "--case", "again.toml")
    assert status == 2 and "--force" in err


def test_several_matrices_are_a_dozen_blocks(capsys):
    from types import SimpleNamespace

    from inverse.estimate import Estimate
    from matano.estimate_tables import show

    k, value = 50, np.array(TRUTH) * np.linspace(1.0, 2.0, 50)[:, None, None]
    composition = np.stack([np.linspace(0.2, 0.3, k), np.linspace(0.4, 0.1, k)], axis=1)
    estimate = Estimate(
        "kirkaldy", "interdiffusivity_matrix", "m^2/s", "A", composition, value, 0.1 * value, (0.0, 1.0),
        rows=("A", "B"), dependent="C", diagnostics={"identifiable": False, "singular_values": [1.0, 1e-3]},
    )  # fmt: skip
    error = np.zeros_like(value)
    error[30, 1, 0] = -0.25
    verdict = SimpleNamespace(truth=value, error=error)
    profile = SimpleNamespace(x=np.linspace(-1.0, 1.0, 5))
    show(SimpleNamespace(estimate=estimate, verdict=verdict, paths=(Path("a.h5"),), profile=profile))
    out = capsys.readouterr().out
    blocks = [line for line in out.splitlines() if line.startswith("  at ")]
    assert len(blocks) == 12 and blocks[0] == "  at x_A = 0.2000, x_B = 0.4000"
    assert blocks[-1] == "  at x_A = 0.3000, x_B = 0.1000"
    assert "largest error: 25 % of the largest entry at x_A = 0.2612, x_B = 0.2163" in out
    assert "identifiable: no" in out and "singular values: 1, 0.001" in out


def test_rows_at_one_composition_of_several_are_a_line_each(capsys):
    from types import SimpleNamespace

    from inverse.estimate import Estimate
    from matano.estimate_tables import show

    value = np.array([[1e-14], [3e-14], [2e-14]])
    estimate = Estimate(
        "tracers", "tracer_diffusivity", "m^2/s", "A", np.array([[0.2, 0.3]]), value, None, (0.0, 1.0),
        rows=("A", "B", "C"), dependent="C",
        diagnostics={
            "independent": ["A", "B"],
            "zero_flux_planes": [{"component": "A", "position": 1e-6, "sd": 1e-7, "composition": {}}],
            "uphill": [{"component": "B", "left": 0.0, "right": 2e-6}, {"component": "B", "left": 4e-6, "right": 5e-6}],
        },
    )  # fmt: skip
    profile = SimpleNamespace(x=np.linspace(-1e-5, 1e-5, 5))
    show(SimpleNamespace(estimate=estimate, verdict=None, paths=(Path("a.h5"),), profile=profile))
    out = capsys.readouterr().out
    assert "at x_A = 0.2000, x_B = 0.3000" in out and "D*_B  3.00000e-14" in out
    assert "no flux of A: 1 um, sd 0.1" in out and "B flows uphill: 0 to 2 um, 4 to 5 um" in out


SOLUTIONS = """[experiment]
temperature = "37 degC"
charges = { K = 1, Na = 1, Cl = -1 }
reversal_potentials = [
  { V = "-67.3149607 mV", inside = { K = 140, Na = 10, Cl = 10 }, outside = { K = 5, Na = 145, Cl = 110 } },
  { V = "-36.2 mV", inside = { K = 140, Na = 10, Cl = 10 }, outside = { K = 40, Na = 110, Cl = 110 } },
]
"""


def test_reversal_potentials_are_analysed_unasked_and_drawn(matano):
    Path("cell.toml").write_text(SOLUTIONS)
    status, out, _ = matano("analyse", "cell.toml")
    assert status == 0 and "P_Na/P_K (1)" in out and "P_Cl/P_K (1)" in out
    assert "c_K" not in out and Path("cell-permeability-ratios.png").exists()


def test_a_junction_of_ions_gives_their_diffusivities_unasked(matano):
    text = (cases_folder() / "hcl-kcl-junction.toml").read_text()
    name = finished("junction", text)
    status, out, _ = matano("analyse", name)
    assert status == 0 and "by ion-diffusivities" in out and "c_H" in out
    assert Path("junction-ion-diffusivities.png").exists()

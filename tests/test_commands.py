"""The command line: answers on stdout, faults as sentences on stderr, exit statuses, and what a person may do wrong."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from conftest import CASE, exact_solve

from matano.check import point_value
from matano.commands.run import command_line
from simulator.faults import Invalid, NumericsError
from simulator.problem.grid import Grid

ROOT = Path(__file__).resolve().parents[1]
# pint looks whether there is a scipy, which costs nothing; what costs is any of its parts
SCIPY = ("scipy.special", "scipy.linalg", "scipy.sparse", "scipy.optimize", "scipy.interpolate", "scipy.integrate")
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}


def test_run_info_plot_analyse_export(matano):
    status, out, err = matano("run", "cu-ni.toml")
    assert (status, err) == (0, "")
    for word in ("a couple", "implicit", "200", "50", "error estimate", "conservation error", "cu-ni.h5"):
        assert word in out
    status, out, _ = matano("info", "cu-ni.h5")
    assert status == 0 and "complete, 5 of 5 times saved" in out
    status, out, _ = matano("info", "cu-ni.h5", "--json")
    facts = json.loads(out)
    assert facts["components"] == ["Cu", "Ni"] and facts["diagnostics"]["steps"] == 50.0
    for kind in ("profiles", "diffusivity", "fluxes", "diagnostics"):
        assert matano("plot", "cu-ni.h5", kind)[0] == 0
        assert Path(f"cu-ni-{kind}.png").stat().st_size > 5000
    assert matano("plot", "cu-ni.h5", "fluxes", "-o", "f.svg")[0] == 0
    status, out, _ = matano("export", "cu-ni.h5", "--csv", "tables")
    rows = list(csv.reader(Path("tables/profile_004.csv").read_text(encoding="utf-8").splitlines()))
    assert status == 0 and rows[0] == ["x [m]", "x_Cu", "x_Ni"] and len(rows) == 201
    with h5py.File("cu-ni.h5") as file:
        np.testing.assert_array_equal(np.array(rows[1:], float)[:, 2], file["mole_fraction"][4, 1])
    assert matano("export", "cu-ni.h5", "--csv", "tables")[0] == 2


def test_analyse_recovers_the_law_of_a_result(matano):
    matano("run", "cu-ni.toml")
    status, out, _ = matano("analyse", "cu-ni.h5", "--method", "sauer-freise,boltzmann-matano")
    assert status == 0
    for word in (
        "sauer-freise",
        "boltzmann-matano",
        "truth",
        "Matano plane",
        "largest error",
        "figure: cu-ni-sauer-freise",
    ):
        assert word in out
    assert Path("cu-ni-sauer-freise-boltzmann-matano.png").stat().st_size > 5000
    status, out, _ = matano("analyse", "cu-ni.h5", "--json", "--save")
    (answer,) = json.loads(out)
    assert set(answer) == {
        *("method", "files", "components", "recovers", "unit", "composition", "value", "sd"),
        *("window", "truth", "error", "diagnostics"),
    }
    assert answer["files"] == ["cu-ni.h5"] and answer["components"] == ["Ni"]
    # the profile is exact and D constant, a line in probit space: what is left is cell averaging, about 1e-4
    assert np.max(np.abs(np.array(answer["value"]) / 1e-14 - 1.0)) < 2e-3
    assert np.allclose(answer["truth"], 1e-14, rtol=1e-12, atol=0.0)
    with h5py.File("cu-ni.h5") as file:
        np.testing.assert_array_equal(file["analysis/sauer-freise/value"], answer["value"])
        assert int(file.attrs["saved"]) == 5


def test_analyse_writes_a_case_that_is_valid(matano):
    matano("run", "cu-ni.toml")
    assert matano("analyse", "cu-ni.h5", "--case", "again.toml")[0] == 0
    assert matano("validate", "again.toml")[0] == 0
    assert matano("analyse", "cu-ni.h5", "--case", "again.toml")[0] == 2


def test_analyse_a_measured_profile(matano):
    from scipy.special import erf

    x = np.linspace(-300.0, 300.0, 61)
    ni = 0.5 + 0.4 * erf(x * 1e-6 / (2.0 * np.sqrt(1e-14 * 180000.0)))
    Path("probe.csv").write_text("dis,Ni\n" + "".join(f"{a:.3f},{b:.9f}\n" for a, b in zip(x, ni, strict=True)))
    status, out, _ = matano("analyse", "probe.csv", "--x", "dis [um]", "--time", "50 h", "--ends", "0.1,0.9", "--json")
    (answer,) = json.loads(out)
    assert status == 0 and answer["truth"] is None and answer["error"] is None
    assert np.allclose(answer["value"], 1e-14, rtol=5e-3, atol=0.0)  # 61 points over a zone of 12 of them
    assert matano("analyse", "probe.csv", "--time", "50 h")[0] == 3
    assert matano("analyse", "probe.csv", "--x", "dis [um]", "--time", "50 h", "--ends", "0.1")[0] == 2
    words = ["analyse", "probe.csv", "--x", "dis [um]", "--time", "50 h", "--ends", "0.1,0.9", "--json", "--save"]
    assert json.loads(matano(*words)[1]) == [json.loads(Path("probe-sauer-freise.json").read_text(encoding="utf-8"))]
    assert matano(*words)[0] == 2


def test_check_passes_and_fails(matano):
    status, out, _ = matano("run", "cu-ni.toml", "--check")
    assert status == 0, out
    assert out.count("passed") == 2
    Path("off.toml").write_text(CASE.replace("value = 0.5\n", "value = 0.6\n"), encoding="utf-8")
    status, out, _ = matano("run", "off.toml", "--check")
    assert status == 5 and "OUT OF TOLERANCE" in out


def test_numerics_that_fail_keep_what_was_saved(matano):
    def failing(problem, controls=None, *, record=None, **options):
        class Stopping:
            begin, finish = record.begin, record.finish

            def saved(self, index, *rest):
                if index == 2:
                    raise NumericsError("the step became too small; raise rtol.")
                record.saved(index, *rest)

        return exact_solve(problem, controls, record=Stopping(), **options)

    from simulator.solve import solve

    matano.monkeypatch.setattr(solve, "solve", failing)
    status, _, err = matano("run", "cu-ni.toml")
    assert status == 4 and "raise rtol" in err
    assert "failed, 2 of 5 times saved" in matano("info", "cu-ni.h5")[1]
    assert matano("run", "cu-ni.toml")[0] == 2  # what it saved is not replaced unasked


def test_several_cases_and_overrides(matano):
    Path("second.toml").write_text(CASE, encoding="utf-8")
    Path("results").mkdir()
    assert matano("run", "cu-ni.toml", "second.toml", "-o", "results", "--set", "domain.cells=100")[0] == 0
    for name in ("cu-ni", "second"):
        with h5py.File(f"results/{name}.h5") as file:
            assert file["x"].shape == (100,) and json.loads(file.attrs["overrides"]) == ["domain.cells=100"]
    from simulator.files.hdf5 import open_result

    assert open_result("results/second.h5").problem.grid.cells == 100
    assert matano("run", "cu-ni.toml", "second.toml", "-o", "none")[0] == 2
    assert matano("run", "cu-ni.toml", "./cu-ni.toml")[0] == 2


def test_every_fault_at_once_with_its_line(matano):
    Path("bad.toml").write_text(CASE.replace('kind = "fick"', 'kind = "fikc"').replace("cells = 200", "cell = 200"))
    status, out, err = matano("validate", "bad.toml", "cu-ni.toml")
    assert status == 3 and "cu-ni.toml: valid" in out
    assert "bad.toml:8 domain.cell" in err and "bad.toml:20" in err and "fick" in err
    assert matano("run", "bad.toml")[0] == 3
    assert not Path("bad.h5").exists()


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (["run"], 2, "CASE"),
        (["rum"], 2, "No such command"),
        (["run", "cu-ni.toml", "--frobnicate"], 2, "No such option"),
        (["run", "none.toml"], 3, "there is no such file"),
        (["run", "."], 3, "is a folder"),
        (["run", "cu-ni.toml", "-o", "none/a.h5"], 2, "does not exist"),
        (["run", "cu-ni.toml", "-o", "cu-ni.toml", "--force"], 2, "ends in .h5"),
        (["run", "cu-ni.toml", "--resume", "--force"], 2, "one of them"),
        (["run", "cu-ni.toml", "--set", "domain.cells"], 2, "KEY=VALUE"),
        (["validate", "none.toml"], 3, "there is no such file"),
        (["info", "none.h5"], 3, "there is no such file"),
        (["info", "cu-ni.toml"], 3, "not an HDF5 file"),
        (["plot", "cu-ni.toml"], 2, "profiles is drawn of a result"),
        (["plot", "cu-ni.toml", "gibbs"], 3, "this law has no thermodynamics"),
        (["plot", "cu-ni.toml.h5", "gibbs"], 3, "there is no such file"),
        (["plot", "cu-ni.h5", "profile"], 2, "Did you mean profiles?"),
        (["analyse", "none.csv"], 3, "there is no such file"),
        (["analyse", "cu-ni.h5", "--method", "sauer"], 3, "sauer-freise"),
        (["analyse", "cu-ni.h5", "--ends", "0,1"], 2, "measured profile"),
        (["analyse", "cu-ni.h5", "--time", "7 h"], 3, "nothing was saved"),
        (["new", "none/a"], 2, "does not exist"),
        (["new", "cu-ni"], 2, "exists"),
        (["new", "a", "--template", "binary-coupel"], 2, "Did you mean binary-couple?"),
        (["verify", "no-such-case"], 3, "no such case"),
        (["bench", "no-such-benchmark"], 3, "no such benchmark"),
        (["plot", "cu-ni.h5", "-o", "a.xyz"], 2, "unknown kind of figure"),
    ],
    ids=lambda entry: " ".join(entry) if isinstance(entry, list) else "",
)
def test_mistakes(matano, words, status, sentence):
    matano("run", "cu-ni.toml")
    before = Path("cu-ni.h5").read_bytes()
    answer, _, err = matano(*words)
    assert answer == status, err
    assert sentence in err
    assert Path("cu-ni.h5").read_bytes() == before
    assert Path("cu-ni.toml").read_text(encoding="utf-8") == CASE


def test_results_are_not_replaced_unasked(matano):
    matano("run", "cu-ni.toml")
    status, _, err = matano("run", "cu-ni.toml")
    assert status == 2 and "--force" in err
    assert matano("run", "cu-ni.toml", "--force")[0] == 0
    status, _, err = matano("run", "cu-ni.toml", "--resume")
    assert status == 0 and "complete already" in err


@pytest.mark.parametrize("template", ["binary-couple", "ternary-couple"])
def test_templates_are_valid(matano, template):
    assert matano("new", "fresh", "--template", template)[0] == 0
    assert matano("validate", "fresh.toml")[0] == 0


def test_verify_is_a_round_trip_that_can_fail(matano, tmp_path):
    from matano.commands import verify

    matano.monkeypatch.setattr(verify, "cases_folder", lambda: tmp_path)
    status, out, _ = matano("verify", "cu-ni", "--fresh", "--json")
    rows = json.loads(out)["round_trips"]
    assert status == 0 and {row["case"] for row in rows} == {"cu-ni"}
    compared = {row["method"]: row for row in rows if row["applies"]}
    # D is constant: every method for a couple applies, and those for films, markers and layers say why not
    assert {"boltzmann-matano", "wagner", "erf-fit", "hall", "forward-fit"} <= set(compared)
    assert all(row["max_error"] < row["tolerance"] and row["verdict"] == "passed" for row in compared.values())
    assert all(row["sentence"] and row["verdict"] == "not applied" for row in rows if not row["applies"])
    Path("cu-ni.toml").write_text(CASE + "[verify]\ntolerance = 1e-15\n", encoding="utf-8")
    status, out, _ = matano("verify", "cu-ni", "sauer-freise", "--fresh")
    assert status == 5 and "FAILED" in out and "boltzmann" not in out


def test_verify_asks_for_the_bias_that_a_case_expects(matano):
    Path("cu-ni.toml").write_text(CASE + "[verify]\nexpected_bias = { sauer-freise = 0.1 }\n", encoding="utf-8")
    status, out, _ = matano("verify", "cu-ni.toml", "sauer-freise", "intrinsic", "--fresh")
    assert status == 5 and "FAILED, as much as 0.1" in out
    assert "1 round trips, 1 failed, 0 out of tolerance as expected, 1 not applicable" in out
    assert "not applied: intrinsic: needs the position of an inert marker" in out


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        (
            "expected_bias = { wagnr = 0.1 }",
            "verify.expected_bias.wagnr: there is no method 'wagnr'. Did you mean wagner?",
        ),
        ("tolerance = { hal = 0.1 }", "verify.tolerance.hal: there is no method 'hal'. Did you mean hall?"),
        ('couples = ["none.toml"]', "none.toml"),
        ('couples = ["../other.toml"]', "verify.couples[0]"),
    ],
)
def test_mistakes_in_what_verify_is_told(matano, section, sentence):
    Path("cu-ni.toml").write_text(CASE + f"[verify]\n{section}\n", encoding="utf-8")
    status, _, err = matano("verify", "cu-ni.toml")
    assert status == 3 and sentence in err


def test_bench_runs_what_the_folder_holds(matano, tmp_path):
    from matano.commands import bench

    (tmp_path / "bench").mkdir()
    matano.monkeypatch.setattr(bench, "benchmarks_folder", lambda: tmp_path / "bench")
    assert matano("bench")[0] == 3
    text = '"""Counts."""\n\n\ndef main(smallest):\n    return {"error": 1.0 if smallest else 2.0}\n'
    (tmp_path / "bench" / "counting.py").write_text(text, encoding="utf-8")
    status, out, _ = matano("bench", "--smallest", "--json")
    assert status == 0 and json.loads(out) == {"counting": {"error": 1.0}}


def test_tables_of_what_there_is(matano):
    status, out, _ = matano("methods", "--json")
    assert status == 0
    assert {"boltzmann-matano", "wagner", "growth-constants"} <= {row["name"] for row in json.loads(out)}
    assert all(row["source"] and row["recovers"] and row["needs"] for row in json.loads(out))
    status, out, _ = matano("laws", "--json")
    assert "fick" in [row["kind"] for row in json.loads(out)]
    assert matano("methods")[1].startswith("boltzmann-matano")
    assert matano("laws")[1].startswith("fick")
    assert "properties" in json.loads(matano("show-schema")[1])


def test_interrupted_run_resumes_to_the_same_numbers(matano, tmp_path):
    matano("run", "cu-ni.toml", "-o", "whole.h5")
    code = (
        "import functools, conftest, simulator.solve.solve as s; from simulator.kernels import jit;"
        "from matano.cli import main;"
        "jit.cache_is_cold = lambda: False; s.solve = functools.partial(conftest.exact_solve, pause=2.0); main()"
    )
    words = [sys.executable, "-c", code, "run", "cu-ni.toml"]
    child = subprocess.Popen(words, env=ENVIRONMENT, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    for _ in range(600):
        time.sleep(0.05)
        if Path("cu-ni.h5").exists() and json.loads(matano("info", "cu-ni.h5", "--json")[1])["saved"] >= 2:
            break
    child.send_signal(signal.SIGINT)
    err = child.communicate(timeout=60)[1]
    assert child.returncode == 130
    assert "interrupted at t = " in err and "`matano run cu-ni.toml --resume` goes on" in err
    assert "Traceback" not in err
    facts = json.loads(matano("info", "cu-ni.h5", "--json")[1])
    assert facts["status"] == "interrupted" and 2 <= facts["saved"] < 5
    assert matano("run", "cu-ni.toml", "--resume")[0] == 0
    with h5py.File("cu-ni.h5") as file, h5py.File("whole.h5") as whole:
        for name in ("time", "mole_fraction", "flux", "checkpoint/u"):
            np.testing.assert_array_equal(file[name], whole[name])


@pytest.mark.slow
def test_killed_runs_of_the_engine_resume_to_the_same_bytes(tmp_path):
    """Ten kills at random moments of real runs; what is left opens, and is completed to what one run gives."""
    (tmp_path / "a.toml").write_text(CASE, encoding="utf-8")
    words = [sys.executable, "-m", "matano", "run", "a.toml", "--set", "domain.cells=4000", "--set", "time.save=300"]
    options = {"env": ENVIRONMENT, "cwd": tmp_path, "capture_output": True, "text": True}
    subprocess.run([*words, "-o", "whole.h5"], check=True, **options)  # compiles, where nothing is compiled yet
    began = time.monotonic()
    subprocess.run([*words, "-o", "again.h5"], check=True, **options)
    duration = time.monotonic() - began
    rng, reached = np.random.default_rng(3), []
    silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    for k in range(10):
        name = f"killed{k}.h5"
        child = subprocess.Popen([*words, "-o", name], env=ENVIRONMENT, cwd=tmp_path, **silent)
        time.sleep(rng.uniform(0.4, 1.0) * duration)
        child.kill()
        child.wait()
        if not (tmp_path / name).exists():
            continue
        answer = subprocess.run([sys.executable, "-m", "matano", "info", name, "--json"], **options)
        facts = json.loads(answer.stdout)
        reached.append(facts["saved"])
        assert answer.returncode == 0 and (facts["status"] == "running" or facts["saved"] == 300)
        subprocess.run([*words, "-o", name, "--resume"], check=True, **options)
        with h5py.File(tmp_path / name) as file, h5py.File(tmp_path / "whole.h5") as whole:
            assert int(file.attrs["saved"]) == 300
            for entry in ("time", "mole_fraction", "flux", "diagnostics/steps", "checkpoint/u", "checkpoint/h"):
                np.testing.assert_array_equal(file[entry], whole[entry])
    assert any(0 < count < 300 for count in reached), reached


def test_the_command_that_goes_on_is_quoted():
    words = command_line(Path("a b.toml"), Path("out.h5"), ["law.D=1e-14 m^2/s"])
    assert words == "matano run 'a b.toml' -o out.h5 --set 'law.D=1e-14 m^2/s' --resume"


def test_a_reader_that_leaves_is_no_mistake(tmp_path):
    code = f"{sys.executable} -m matano show-schema | head -c 10"
    answer = subprocess.run(code, shell=True, env=ENVIRONMENT, capture_output=True, text=True, cwd=tmp_path)
    assert answer.stderr == ""


@pytest.mark.parametrize(
    ("words", "forbidden"),
    [
        (["--help"], ("numba", "matplotlib", "numpy", "rich", "scipy", "h5py", "pydantic")),
        (["run", "--help"], ("numba", "matplotlib", "numpy", "rich")),
        (["validate", "cu-ni.toml"], ("numba", "matplotlib", *SCIPY, "rich")),
        (["new", "fresh"], ("numba", "matplotlib", *SCIPY, "rich")),
        (["info", "cu-ni.h5"], ("numba", "matplotlib", *SCIPY, "rich")),
        (["plot", "cu-ni.toml", "diffusivity"], ("numba", "rich")),
    ],
    ids=lambda words: words[0],
)
def test_light_commands_import_nothing_heavy(matano, tmp_path, words, forbidden):
    matano("run", "cu-ni.toml")
    code = (
        "import sys, atexit; from matano.cli import main; "
        f"heavy = lambda: [name for name in {forbidden!r} if name in sys.modules];"
        "atexit.register(lambda: print('LOADED', heavy(), file=sys.stderr)); main()"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code, *words], env=ENVIRONMENT, cwd=tmp_path, capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    assert "LOADED []" in answer.stderr


@pytest.mark.parametrize("geometry", ["planar", "spherical"])
def test_value_at_a_point_is_of_fourth_order(geometry):
    def error(cells):
        faces = np.linspace(0.5, 2.0, cells + 1)
        grid = Grid(faces, geometry)
        if geometry == "planar":
            integral = -np.cos(3.0 * faces) / 3.0
        else:  # of sin(3 r) r^2
            integral = (2.0 * 3.0 * faces * np.sin(3.0 * faces) + (2.0 - 9.0 * faces**2) * np.cos(3.0 * faces)) / 27.0
        averages = np.diff(integral) / grid.volumes
        points = np.linspace(0.5, 2.0, 57)
        return max(abs(point_value(grid, averages, x) - np.sin(3.0 * x)) for x in points)

    assert np.log2(error(40) / error(80)) > 3.5
    assert error(80) < 1e-5
    with pytest.raises(Invalid, match="outside the domain"):
        point_value(Grid(np.linspace(0.0, 1.0, 5)), np.zeros(4), 1.5)

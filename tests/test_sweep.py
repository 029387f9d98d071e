"""Sweeps: which runs there are, what their table holds, and that nothing done is done again."""

import csv
import json
from math import erf, sqrt
from pathlib import Path

import h5py
import numpy as np
import pytest
from conftest import CASE

from matano.sweeping.plan import plan_of
from matano.sweeping.settings import settings_of
from matano.sweeping.wanted import COMPOSITIONS, quantity_of, wanted_of
from simulator.faults import Invalid, NumericsError

SWEEP = ("sweep", "cu-ni.toml", "--jobs", "1")


def values_of(entry: str, seed: int = 0) -> tuple:
    (setting,) = settings_of([entry], seed)
    return setting.values


def rows_of(path="s/table.csv") -> list[dict]:
    return list(csv.DictReader(Path(path).read_text(encoding="utf-8").splitlines()))


@pytest.mark.parametrize(
    ("entry", "values"),
    [
        ("domain.cells=100:400:4", (100, 200, 300, 400)),
        ("domain.cells=10:1000:3:log", (10, 100, 1000)),
        ("a.b=0:1:3", (0.0, 0.5, 1.0)),
        ("a.b=1:0:3:linear", (1.0, 0.5, 0.0)),
        ("a.b=0.1:0.4:4", (0.1, 0.2, 0.3, 0.4)),
        ("a.b=1e-15:1e-13:3:log", (1e-15, 1e-14, 1e-13)),
        ("a.b=-2:3:1", (-2,)),
        ("temperature.value=900:1100 degC:3", ("900.0 degC", "1000.0 degC", "1100.0 degC")),
        ('a.b=["1 h", "2 h"]', ("1 h", "2 h")),
        ('time.save=[["1 h", "2 h"], [3600]]', (["1 h", "2 h"], [3600])),
        ("a.b=1e-14*exp(2*x_Ni)", ("1e-14*exp(2*x_Ni)",)),
        ("a.b=7", (7,)),
    ],
)
def test_values_of_a_key(entry, values):
    found = values_of(entry)
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


def test_draws_have_their_distributions_and_their_seed():
    """Moments of 10000 draws: four standard errors of each."""
    n = 10_000
    uniform = np.array(values_of(f"a=2:4:{n}:uniform"))
    assert uniform.min() >= 2.0 and uniform.max() <= 4.0
    assert uniform.mean() == pytest.approx(3.0, abs=4.0 * (2.0 / np.sqrt(12.0)) / np.sqrt(n))
    logarithms = np.log10(values_of(f"a=1e-16:1e-12:{n}:log-uniform"))
    assert logarithms.min() >= -16.0 and logarithms.max() <= -12.0
    assert logarithms.mean() == pytest.approx(-14.0, abs=4.0 * (4.0 / np.sqrt(12.0)) / np.sqrt(n))
    normal = np.array(values_of(f"a=5:0.5:{n}:normal"))
    assert normal.mean() == pytest.approx(5.0, abs=4.0 * 0.5 / np.sqrt(n))
    assert normal.std() == pytest.approx(0.5, abs=4.0 * 0.5 / np.sqrt(2.0 * n))
    assert values_of("a=2:4:10:uniform") == tuple(uniform[:10])
    assert values_of("a=2:4:10:uniform", seed=1) != values_of("a=2:4:10:uniform")
    assert values_of("b=2:4:10:uniform") != values_of("a=2:4:10:uniform")
    assert all(value.endswith(" degC") for value in values_of("T=900:1000 degC:5:uniform"))


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("domain.cells=100:400", "domain.cells"),
        ("a=1:2:3:cubic", "linear, log"),
        ("a=1:2:0", "1 to"),
        ("a=1:2:x", "not a number of values"),
        ("a=x:2:3", "not a range"),
        ("a=0:2:3:log", "above zero"),
        ("a=1:-2:3:normal", "standard deviation"),
        ("a=1 um:2 mm:3", "one unit"),
        ("a=1:2:3:log:4", "too many colons"),
        ("a=[]", "empty"),
    ],
)
def test_what_is_no_range_is_refused(matano, entry, words):
    status, out, err = matano(*SWEEP, "--set", entry, "-o", "s")
    assert status in (2, 3) and not out
    assert words in err
    assert not Path("s").exists()


def plan(entries, zipped=False, text=CASE):
    Path("case.toml").write_text(text, encoding="utf-8")
    return plan_of(Path("case.toml"), settings_of(entries, 0), zipped)


def test_every_value_meets_every_other_draws_one_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    grid = plan(["a=1:3:3", "k=5", "b=[10, 20]"])
    assert grid.shape == (3, 2)
    assert [run.overrides for run in grid.runs[:3]] == [
        ("a=1", "k=5", "b=10"),
        ("a=1", "k=5", "b=20"),
        ("a=2", "k=5", "b=10"),
    ]
    drawn = plan(["a=0:1:4:uniform", "b=0:1:4:normal", "c=1:2:2"])
    assert drawn.shape == (4, 2) and len({run.overrides[:2] for run in drawn.runs}) == 4
    zipped = plan(["a=1:3:3", "b=[10, 20, 30]"], zipped=True)
    assert [run.overrides for run in zipped.runs] == [("a=1", "b=10"), ("a=2", "b=20"), ("a=3", "b=30")]
    for entries, zip_ in ((["a=1:3:3", "b=[1, 2]"], True), (["a=0:1:3:uniform", "b=0:1:4:uniform"], False)):
        with pytest.raises(Invalid, match="as many of each"):
            plan(entries, zip_)
    with pytest.raises(Invalid, match="more than"):
        plan(["a=1:1000:1000", "b=1:1000:1001"])


def test_a_run_keeps_its_name_and_no_other_has_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, longer = plan(["a=1:3:3"]), plan(["a=1:5:5"])
    assert {run.name for run in first.runs} < {run.name for run in longer.runs}
    assert not {run.name for run in first.runs} & {run.name for run in plan(["a=1:3:3"], text=CASE + "\n").runs}
    table = Path("D.csv")
    table.write_text("x_Ni,D\n0,1\n1,2\n", encoding="utf-8")
    with_table = plan(["a=1:3:3", "law.D.table=D.csv"])
    table.write_text("x_Ni,D\n0,1\n1,3\n", encoding="utf-8")
    assert not {run.name for run in with_table.runs} & {run.name for run in plan(["a=1:3:3", "law.D.table=D.csv"]).runs}


def test_sweep_writes_runs_tables_and_a_figure(matano):
    words = ("--set", "domain.cells=50:100:2", "--set", "solver.rtol=1e-7:1e-5:3:log")
    words += ("--value", "x_Ni, at = 20 um", "--value", "flux, component = Ni, at = 0 um, time = 10 h")
    status, out, err = matano(*SWEEP, *words, "--method", "sauer-freise", "--at", "0.3,0.5", "-o", "s")
    assert status == 0 and "6 runs, 6 complete" in out and "run " not in err
    rows = rows_of()
    assert [(row["domain.cells"], row["solver.rtol"]) for row in rows[:2]] == [("50", "1e-07"), ("50", "1e-06")]
    assert not any("seconds" in name for name in rows[0])
    for row in rows:
        from simulator.files.hdf5 import open_result

        result = open_result(f"s/runs/{row['run']}.h5")
        assert result.grid.cells == float(row["domain.cells"])
        assert result.controls.rtol == float(row["solver.rtol"])
        # cells of 16 um and 8 um, a tenth of the width of the profile
        exact = 0.5 + 0.4 * erf(20e-6 / (2.0 * sqrt(1e-14 * 180_000.0)))
        assert float(row["x_Ni, at = 20 um"]) == pytest.approx(exact, abs=1e-3)
        assert float(row["sauer-freise D(0.3)"]) == pytest.approx(1e-14, rel=0.05, abs=0.0)
        assert float(row["sauer-freise largest error"]) < 0.05
    assert Path("s/summary.png").stat().st_size > 5000
    with h5py.File("s/table.h5") as file:
        assert file["parameters/domain.cells"].shape == (6,) and file.attrs["case"] == CASE
        assert file["status"].asstr()[0] == "complete" and file["status"].dims[0][0].name == "/number"
        np.testing.assert_array_equal(
            file["quantities/x_Ni, at = 20 um"][:], [float(row["x_Ni, at = 20 um"]) for row in rows]
        )


def test_the_values_of_a_table_are_those_of_check(matano):
    """A quantity is what [[expect.value]] calls by the same words, at the exact profile."""
    matano(*SWEEP, "--set", "domain.cells=[200, 400]", "--value", "Ni, at = 30 um, time = 10 h", "-o", "s")
    t, x = 36_000.0, 30e-6
    exact = 0.5 + 0.4 * erf(x / (2.0 * sqrt(1e-14 * t)))
    # interpolation between cells of 4 um and 2 um, a tenth of the width of the profile
    found = [float(row["Ni, at = 30 um, time = 10 h"]) for row in rows_of()]
    assert found == pytest.approx([exact, exact], abs=1e-4)


def test_a_rerun_does_what_is_missing_and_no_more(matano):
    from simulator.solve import solve

    calls, engine = [], solve.solve

    def counting(problem, *rest, **options):
        calls.append(problem.grid.cells)
        return engine(problem, *rest, **options)

    matano.monkeypatch.setattr(solve, "solve", counting)
    words = (*SWEEP, "--set", "domain.cells=20:100:5", "--value", "x_Ni, at = 20 um", "-o", "s")
    assert matano(*words)[0] == 0 and sorted(calls) == [20, 40, 60, 80, 100]
    before = Path("s/table.csv").read_bytes()
    assert matano(*words)[0] == 0 and len(calls) == 5
    assert Path("s/table.csv").read_bytes() == before
    (lost, unread), runs = [row["run"] for row in rows_of()[1:3]], Path("s/runs")
    (runs / f"{lost}.json").unlink()
    (runs / f"{lost}.h5").unlink()
    (runs / f"{unread}.json").unlink()  # killed between the result and its record
    assert matano(*words)[0] == 0 and calls[5:] == [40]
    assert Path("s/table.csv").read_bytes() == before
    longer = [*words[:5], "domain.cells=20:140:7", *words[6:]]
    status, _, err = matano(*longer)
    assert status == 2 and "--force" in err and len(calls) == 6
    assert matano(*longer, "--force")[0] == 0 and sorted(calls[6:]) == [120, 140]
    assert len(rows_of()) == 7


def test_other_questions_are_answered_from_the_results(matano):
    from simulator.solve import solve

    words = (*SWEEP, "--set", "domain.cells=[50, 60]", "-o", "s")
    assert matano(*words)[0] == 0
    matano.monkeypatch.setattr(solve, "solve", None)
    assert matano(*words, "--value", "x_Ni, at = 0 um", "--force")[0] == 0
    assert [float(row["x_Ni, at = 0 um"]) for row in rows_of()] == pytest.approx([0.5, 0.5], abs=1e-6)  # symmetry


def test_a_run_that_fails_is_a_row_and_stops_no_other(matano):
    from simulator.solve import solve

    engine = solve.solve

    def failing(problem, *rest, **options):
        if problem.grid.cells == 60:
            raise NumericsError("the step became too small; raise rtol.")
        return engine(problem, *rest, **options)

    matano.monkeypatch.setattr(solve, "solve", failing)
    words = (*SWEEP, "--set", "domain.cells=[50, 60, 70.5, 80]", "-o", "s")
    status, out, err = matano(*words, "--value", "x_Ni, at = 0 um")
    assert status == 4 and "4 runs, 2 complete, 1 invalid, 1 failed" in out
    assert "domain.cells = 60" in err and "raise rtol" in err and "domain.cells" in err
    rows = rows_of()
    assert [row["status"] for row in rows] == ["complete", "failed", "invalid", "complete"]
    assert rows[1]["sentence"] == "the step became too small; raise rtol." and rows[1]["steps"] == "nan"
    matano.monkeypatch.setattr(solve, "solve", engine)
    assert matano(*words, "--value", "x_Ni, at = 0 um")[0] == 4  # a failure is an answer, not a gap
    status, out, _ = matano(*words, "--value", "x_Ni, at = 0 um", "--retry", "--json")
    facts = json.loads(out)
    assert status == 3 and facts["runs"] == {"all": 4, "complete": 3, "invalid": 1, "failed": 0, "lost": 0}
    assert [fault["run"] for fault in facts["faults"]] == [2]


def test_ctrl_c_keeps_what_is_done(matano):
    from simulator.solve import solve

    engine = solve.solve

    def interrupted(problem, *rest, **options):
        if problem.grid.cells == 70:
            raise KeyboardInterrupt
        return engine(problem, *rest, **options)

    matano.monkeypatch.setattr(solve, "solve", interrupted)
    words = (*SWEEP, "--set", "domain.cells=50:80:4", "-o", "s")
    status, _, err = matano(*words)
    assert status == 130 and "2 of 4 runs are done" in err
    assert not list(Path("s/runs").glob("*part*"))
    matano.monkeypatch.setattr(solve, "solve", engine)
    assert matano(*words)[0] == 0 and len(rows_of()) == 4


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--set", "domain.cels=10:20:2"), "domain.cels"),
        (("--set", "domain.cells=10:20:2", "--value", "x_Fe, at = 0 um"), "unknown quantity 'x_Fe'"),
        (("--set", "domain.cells=10:20:2", "--value", "x_Ni"), "needs a place"),
        (("--set", "domain.cells=10:20:2", "--value", "x_Ni, place = 0 um"), "unknown key 'place'"),
        (("--set", "domain.cells=10:20:2", "--method", "sauer"), "sauer"),
        (("--set", "domain.cells=10:20:2", "--method", "kirkaldy"), "several profiles"),
        (("--set", "domain.cells=10:20:2", "--method", "wagner", "--at", "2"), "mole fractions"),
        (("--set", "domain.cells=10:20:2", "--set", "domain.cells=4"), "given twice"),
        (("--set", "domain.cells=10:20:2", "--cluster", "here"), "one of them"),
        ((), "what to vary"),
    ],
)
def test_mistakes_are_told_before_anything_runs(matano, words, sentence):
    status, out, err = matano(*SWEEP, *words, "-o", "s")
    assert status in (2, 3) and not out and sentence in err
    assert not Path("s").exists()


def test_a_folder_with_other_things_is_left_alone(matano):
    Path("s").mkdir()
    Path("s/notes.txt").write_text("mine", encoding="utf-8")
    status, _, err = matano(*SWEEP, "--set", "domain.cells=[50]", "-o", "s")
    assert status == 2 and "--force" in err and [path.name for path in Path("s").iterdir()] == ["notes.txt"]


def test_without_dask_a_sentence_says_what_to_install(matano):
    import importlib.util

    find = importlib.util.find_spec
    matano.monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "distributed" else find(name, *rest)
    )
    words = ("sweep", "cu-ni.toml", "--set", "domain.cells=50:60:2", "-o", "s")
    status, _, err = matano(*words, "--jobs", "2")
    assert status == 2 and "pip install 'matano[sweep]'" in err and "--jobs 1" in err
    assert matano(*words, "--jobs", "1")[0] == 0


def test_what_a_method_cannot_do_is_a_sentence_in_its_row(matano):
    words = ("--set", 'time.end=["50 h", "5000 h"]', "--method", "sauer-freise")
    status, _, err = matano(*SWEEP, *words, "-o", "s")
    short, long = rows_of()
    assert status == 0 and "sauer-freise" in err  # after 5000 h the ends of the couple are no longer flat
    assert short["sentence"] == "" and "sauer-freise" in long["sentence"] and long["status"] == "complete"
    assert long["sauer-freise D(0.5)"] == "nan"


def test_from_python_the_table_is_arrays(tmp_path, monkeypatch, matano):
    import matano.sweeping as sweeping

    settings = {"domain.cells": [50, 60], "solver.rtol": np.array([1e-6, 1e-5]), "time.end": "40 h"}
    table = sweeping.sweep("cu-ni.toml", settings, "s", values=["x_Ni, at = 0 um"], zipped=True)
    assert len(table) == 2 and table.complete.all() and table.names[:2] == ("domain.cells", "solver.rtol")
    np.testing.assert_array_equal(table["solver.rtol"], [1e-6, 1e-5])
    assert table.open(1).grid.cells == 60 and table.open(1).time[-1] == 40 * 3600.0
    again = sweeping.Table.read("s")
    assert again.names == table.names
    for name in (*table.names, "run", "status", "sentence", "seconds"):
        np.testing.assert_array_equal(again[name], table[name])
    with pytest.raises(KeyError, match=r"domain\.cells"):
        table["cells"]
    with pytest.raises(Invalid, match="no such file"):
        sweeping.Table.read("nowhere")


def test_quantities_are_read_as_units():
    entry = quantity_of("flux, component = Ni, at = 10 um, time = 2 h")
    assert (entry.quantity, entry.component, entry.time) == ("flux", "Ni", 7200.0)
    assert entry.at == pytest.approx(1e-5, rel=1e-15, abs=0.0)
    assert quantity_of("interface_position, index = 1").index == 1
    assert wanted_of([], [], COMPOSITIONS).compositions == COMPOSITIONS

"""Benchmarks as a product: what a run keeps, the curves and figures drawn from it, and the README's table."""

import json
import math
from pathlib import Path

import pytest

from matano.benching import curves, readme, record
from simulator.faults import Invalid

ROOT = Path(__file__).resolve().parents[1]
COMMITTED = ROOT / "docs" / "figures" / "bench.json"


def falling(code, factor, power=-0.25, errors=(1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7)):
    """Rows of a code whose time is factor error^power, ms."""
    return [{"code": code, "rtol": e, "time_error": e, "ms": factor * e**power} for e in errors]


@pytest.fixture
def run():
    """A run that nobody measured, of every kind of table."""
    answers = {
        "couple": {
            "machine": "of nobody",
            "same cells": falling("rodas5p", 1.0) + falling("CVODE", 5.0),
            "promised": [
                {"ratio": "CVODE / rodas5p", "value": 5.0, "at_least": 4.0},
                {"ratio": "FiPy / rodas5p", "value": None, "at_least": 1000.0},
            ],
        },
        "cost": {"promised": [{"law": "table", "ns": 61.234, "at_most": 60.0}]},
        "size": {"by cells": [{"law": "a|b", "cells": n, "ns": 50.0, "steps": 3} for n in (100, 1000)]},
        "limits": {"elimination": [{"what": "factorisation", "ns": 4.0, "limit_ns": 2.0}]},
    }
    return record.document(answers, smallest=False)


def test_a_run_says_where_and_with_what_it_was_made(run, tmp_path):
    assert run["versions"]["numpy"] and run["machine"]["cores"] >= 1 and run["date"].endswith("+00:00")
    assert run["matano"]
    record.save(run, tmp_path / "run.json")
    assert record.load(tmp_path / "run.json") == run


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("{", "is not JSON"), ("{}", "it lacks format"), ("[]", "it lacks format"), ('{"format": 99', "is not JSON")],
)
def test_what_is_no_run_is_refused(text, sentence, tmp_path):
    (tmp_path / "run.json").write_text(text, encoding="utf-8")
    with pytest.raises(Invalid, match=sentence):
        record.load(tmp_path / "run.json")


def test_a_run_of_another_format_is_refused(run, tmp_path):
    record.save(run | {"format": 99}, tmp_path / "run.json")
    with pytest.raises(Invalid, match="format 99"):
        record.load(tmp_path / "run.json")


def test_points_that_nobody_would_choose_are_left_out_of_a_curve():
    points = [(1e-2, 1.0), (1e-3, 2.0), (1e-4, 1.5), (1e-5, 9.0)]
    assert curves.envelope(points) == [(1e-5, 9.0), (1e-4, 1.5), (1e-2, 1.0)]


def test_where_another_program_is_faster_is_said():
    slower = {"rodas5p": [(e, 1.0) for e in (1e-2, 1e-7)], "CVODE": [(e, 2.0) for e in (1e-2, 1e-7)]}
    assert curves.faster_peers(slower) == [] and "below every other" in curves.verdict(slower)
    # e^(-1/4) and 10^(-4.75/4) e^(-1/2) cross at e = 10^-4.75: a method of lower order wins at larger errors
    crossing = curves.work_precision(falling("rodas5p", 1.0) + falling("CVODE", 10.0 ** (-4.75 / 4.0), -0.5))
    faster = curves.faster_peers(crossing)
    assert [error for _, error, _ in faster] == pytest.approx([1e-3, 10**-3.5, 1e-4, 10**-4.5], rel=1e-12)
    assert faster[0][2] == pytest.approx(10.0 ** ((4.75 - 3.0) / 4.0), rel=1e-9)
    assert curves.verdict(crossing).startswith("CVODE is faster at errors of 1e-03 to 3e-05, up to 2.7 times")
    # only the peer is as accurate as that
    short = {"rodas5p": [(1e-2, 1.0)], "CVODE": [(1e-7, 9.0)]}
    assert all(math.isinf(times) for _, _, times in curves.faster_peers(short))
    assert "do not reach" in curves.verdict(short)
    assert curves.verdict({"rodas5p": [(1e-3, 1.0)]}) == ""


def test_tables_are_known_by_their_columns(run):
    kinds = {}
    for table in curves.tables(run["benchmarks"]):
        kinds[table.benchmark, table.name] = (
            bool(curves.work_precision(table.rows)),
            curves.costs(table.rows) is not None,
            bool(curves.distances(table.rows)),
        )
    assert kinds["couple", "same cells"] == (True, False, False)
    assert kinds["size", "by cells"] == (False, True, False)
    assert kinds["limits", "elimination"] == (False, False, True)
    assert kinds["couple", "promised"] == kinds["cost", "promised"] == (False, False, False)
    size, found = curves.costs(run["benchmarks"]["size"]["by cells"])
    assert size == "cells" and found == {"ns": {"a|b": [(100.0, 50.0), (1000.0, 50.0)]}}


def test_the_table_says_what_is_promised_and_what_is_not_kept(run):
    lines = readme.table_of(run).splitlines()
    assert lines[2:5] == [
        "| `couple` | CVODE / rodas5p | ≥ 4 | 5 |",
        "| `couple` | FiPy / rodas5p | ≥ 1000 | not measured |",
        "| `cost` | table | ≤ 60 ns | **61 ns** |",
    ]
    assert run["date"][:10] in lines[-1] and run["machine"]["processor"] in lines[-1]


def test_times_of_the_smallest_size_make_no_table(run):
    with pytest.raises(Invalid, match="smallest size"):
        readme.table_of(run | {"smallest": True})


def test_the_table_is_put_between_its_markers_and_nothing_else_changes(run):
    page = f"# A\n\n{readme.BEGIN}\nstale\n{readme.END}\n\nrest\n"
    once = readme.written(page, run, "README.md")
    assert once.startswith(f"# A\n\n{readme.BEGIN}\n") and once.endswith(f"{readme.END}\n\nrest\n")
    assert "stale" not in once
    assert readme.written(once, run, "README.md") == once


@pytest.mark.parametrize("page", ["# A\n", f"{readme.END}\n{readme.BEGIN}\n", f"{readme.BEGIN}\n" * 2 + readme.END])
def test_a_page_without_its_markers_is_refused(run, page):
    with pytest.raises(Invalid, match="expected"):
        readme.written(page, run, "README.md")


def test_the_readme_has_the_markers_once():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count(readme.BEGIN) == text.count(readme.END) == 1


@pytest.mark.skipif(not COMMITTED.exists(), reason="no run of the benchmarks lies in docs/figures/bench.json")
def test_the_committed_table_is_what_the_command_writes():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.written(text, record.load(COMMITTED), "README.md") == text


def test_the_command_draws_and_writes_what_was_saved(matano, run, tmp_path):
    record.save(run, tmp_path / "run.json")
    page = tmp_path / "PAGE.md"
    page.write_text(f"{readme.BEGIN}\n{readme.END}\n", encoding="utf-8")
    status, out, err = matano(
        "bench", "--from", str(tmp_path / "run.json"), "--figures", str(tmp_path / "f"), "--write-readme", str(page)
    )
    assert (status, out) == (0, "") and "below every other program" in err
    assert page.read_text(encoding="utf-8") == readme.written(page.read_text(encoding="utf-8"), run, "")
    names = {path.name for path in (tmp_path / "f").iterdir()}
    assert names == {"couple-same-cells.png", "size-by-cells-size.png", "limits-elimination-limits.png", "promises.png"}
    assert all(path.stat().st_size > 5000 for path in (tmp_path / "f").iterdir())
    status, _, err = matano("bench", "--from", str(tmp_path / "run.json"), "--figures", str(tmp_path / "f"))
    assert status == 2 and "--force" in err


def test_a_run_is_saved_once(matano, tmp_path):
    from matano.commands import bench

    (tmp_path / "bench").mkdir()
    matano.monkeypatch.setattr(bench, "benchmarks_folder", lambda: tmp_path / "bench")
    text = '"""Counts."""\n\n\ndef main(smallest):\n    return {"error": 1.0 if smallest else 2.0}\n'
    (tmp_path / "bench" / "counting.py").write_text(text, encoding="utf-8")
    saved = tmp_path / "run.json"
    status, out, _ = matano("bench", "--json", "--save", str(saved))
    assert status == 0 and json.loads(out) == {"counting": {"error": 2.0}}
    kept = record.load(saved)
    assert kept["benchmarks"] == {"counting": {"error": 2.0}} and kept["smallest"] is False
    before = saved.read_bytes()
    status, _, err = matano("bench", "--save", str(saved))
    assert status == 2 and "--force" in err and saved.read_bytes() == before
    assert matano("bench", "--smallest", "--save", str(saved), "--force")[0] == 0
    assert record.load(saved)["smallest"] is True


def test_one_benchmark_is_measured_again_and_the_others_kept(matano, tmp_path):
    from matano.commands import bench

    (tmp_path / "bench").mkdir()
    matano.monkeypatch.setattr(bench, "benchmarks_folder", lambda: tmp_path / "bench")
    for name in ("first", "second"):
        text = f'"""Counts."""\n\n\ndef main(smallest):\n    return {{"error": len({name!r})}}\n'
        (tmp_path / "bench" / f"{name}.py").write_text(text, encoding="utf-8")
    saved = tmp_path / "run.json"
    assert matano("bench", "--save", str(saved))[0] == 0
    old = record.load(saved)
    old["benchmarks"]["first"] = old["benchmarks"]["second"] = {"error": 0}
    old["measured"]["first"] = old["measured"]["second"] = {"commit": "0123456789ab", "date": old["date"]}
    record.save(old, saved)
    assert matano("bench", "second", "--from", str(saved), "--save", str(saved), "--force")[0] == 0
    new = record.load(saved)
    assert new["benchmarks"] == {"first": {"error": 0}, "second": {"error": 6}}
    assert new["measured"]["first"]["commit"] == "0123456789ab" != new["measured"]["second"]["commit"]
    assert "; `first` of commit 0123456789ab" in readme.about(new)
    old["machine"]["processor"] = "another"
    record.save(old, saved)
    status, _, err = matano("bench", "second", "--from", str(saved), "--save", str(saved), "--force")
    assert status == 3 and "of another machine" in err and record.load(saved) == old


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (("--from", "none.json"), 3, "no such file"),
        (("couple", "--from", "none.json"), 3, "no such file"),
        (("--smallest", "--from", "none.json"), 2, "measures nothing"),
        (("--smallest", "--write-readme", "README.md"), 2, "tell nothing"),
        (("--write-readme", "none.md"), 2, "no such page"),
        (("--save", "none/run.json"), 2, "does not exist"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_measured(matano, words, status, sentence):
    answered, out, err = matano("bench", *words)
    assert (answered, out) == (status, "") and sentence in err

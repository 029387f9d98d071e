"""The deliberate faults: none is stale, their tests exist, and (slow) every one is caught."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from mutations.__main__ import verdict
from mutations.catalogue import MUTATIONS
from mutations.trial import Copy, Outcome, by_file, exchanged

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_no_fault_is_stale(mutation):
    """Its text stands in its file once, what takes its place is Python, and its tests are there."""
    compile(exchanged(ROOT / mutation.file, mutation), mutation.file, "exec")
    assert mutation.tests
    for test in mutation.tests:
        file, name = test.split("::")
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert name.split("[")[0] in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, test


def test_names_are_told_apart():
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)


def test_a_text_that_is_not_there_once_is_stale(tmp_path):
    path = tmp_path / "law.py"
    mutation = MUTATIONS[0]
    for text in ("nothing of it\n", f"{mutation.old}\n{mutation.old}\n"):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ValueError, match="times, not once"):
            exchanged(path, mutation)


def test_only_assertions_of_all_tests_catch_a_fault():
    """A fault that one test overlooks has survived; one that breaks an import was not tried at all."""
    mutation = MUTATIONS[0]
    before = {test: Outcome("passed", 1.0) for test in mutation.tests}
    failed = {test: Outcome("failed", 1.0) for test in mutation.tests}
    last = mutation.tests[-1]
    assert verdict(mutation, before, failed) == ("caught", "")
    assert verdict(mutation, before, failed | {last: Outcome("passed", 1.0)})[0] == "SURVIVED"
    assert verdict(mutation, before, failed | {last: Outcome("broken", 1.0)})[0] == "not tried"
    assert verdict(mutation, before | {last: Outcome("missing")}, failed)[0] == "not tried"
    assert verdict(mutation, before | {last: Outcome("passed", 100.0)}, failed)[0] == "not tried"


def test_tests_of_one_file_are_run_together():
    assert by_file(["a.py::x", "b.py::y", "a.py::z", "a.py::x"]) == [["a.py::x", "a.py::z"], ["b.py::y"]]


def test_a_fault_is_there_only_as_long_as_it_is_tried(tmp_path):
    """In a copy: a fault of a file that needs no kernels, found by an assertion and gone again."""
    mutation = next(mutation for mutation in MUTATIONS if mutation.name == "mass-fractions")
    copy = Copy(ROOT, tmp_path / "copy")
    path = copy.root / mutation.file
    text, changed = path.read_bytes(), path.stat().st_mtime_ns
    with copy.patched(mutation):
        assert path.read_bytes() != text
        after = copy.run(mutation.tests)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == (text, changed)
    assert {outcome.word for outcome in after.values()} == {"failed"}, after
    assert {outcome.word for outcome in copy.run(mutation.tests).values()} == {"passed"}


@pytest.mark.slow
def test_every_fault_is_caught():
    command = [sys.executable, "-m", "tests.mutations", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    rows = json.loads(done.stdout)
    assert [(row["name"], row["verdict"], row["why"]) for row in rows if row["verdict"] != "caught"] == []
    assert done.returncode == 0 and len(rows) == len(MUTATIONS)

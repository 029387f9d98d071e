"""`matano verify`: which cases it takes unasked, further couples, and what methods refuse, in few words."""

import json
import tomllib
from pathlib import Path

import pytest

from matano import cases_folder
from matano.commands.verify import cases, grouped, leading
from matano.verification.trips import not_applied

BINARY = "wagner analyses a binary couple, but this profile has A, B, C, which are not two components that sum to 1."


def test_further_couples_are_cases_that_are_not_taken_unasked():
    assert set(leading()) < set(cases())
    beside = set(cases()) - set(leading())
    named = {
        Path(other).stem
        for path in leading().values()
        for other in tomllib.loads(path.read_text(encoding="utf-8")).get("verify", {}).get("couples", [])
    }
    # every couple in a folder below is simulated with a case that names it
    assert beside and beside <= named
    assert all(path.parent == cases_folder() / "couples" for name, path in cases().items() if name in beside)


def test_a_dozen_methods_that_refuse_alike_are_one_line():
    rows = [
        not_applied("one", "wagner", BINARY, True),
        not_applied("one", "hall", BINARY.replace("wagner", "hall"), True),
    ]
    rows += [not_applied("two", "wagner", BINARY.replace("A, B, C", "Fe, C, Si, Mn"), True)]
    rows += [not_applied("two", "forward-fit", BINARY.replace("couple", "sample"), True)]
    rows += [not_applied("one", "chronometry", "chronometry needs the law of a binary alloy, this one has 3.", True)]
    rows += [not_applied("three", "kirkaldy", "kirkaldy needs three components or more, this profile has A, B.", True)]
    rows += [not_applied("one", "kirkaldy", "kirkaldy takes 2 to 20 profiles, got 1.", True)]
    rows += [not_applied("one", "thin-film", "thin-film needs a film at the start.", True)]
    assert grouped(rows) == [
        ("for two components.", ["wagner", "hall", "forward-fit", "chronometry"], ["one", "two"]),
        ("for three components or more.", ["kirkaldy"], ["three"]),
        ("for several couples, which [verify] of the case must name.", ["kirkaldy"], ["one"]),
        ("needs a film at the start.", ["thin-film"], ["one"]),
    ]


@pytest.mark.parametrize(("name", "count"), [("quaternary-diagonals", 3), ("quinary-diagonals", 4)])
def test_couples_of_several_components_give_their_matrix_back(matano, name, count):
    matano.monkeypatch.undo()
    status, out, err = matano("verify", name, "square-root", "kirkaldy", "exact-fit", "--json")
    rows = json.loads(out)["round_trips"]
    assert status == 0, err
    together = {row["method"]: row for row in rows if row["profiles"] == count}
    assert set(together) == {"square-root", "kirkaldy", "exact-fit"}
    # simulated profiles: a thousandth is asked for; a second-order grid of twice 400 cells is much better
    assert all(row["recovers"] == "interdiffusivity_matrix" and row["max_error"] < 1e-4 for row in together.values())


def test_one_law_is_found_from_couples_of_different_ends_and_times(matano):
    matano.monkeypatch.undo()
    status, out, _ = matano("verify", "binary-pair", "forward-fit", "--json")
    both = next(row for row in json.loads(out)["round_trips"] if row["profiles"] == 2)
    assert status == 0 and both["passed"] and both["verdict"] == "passed"
    # the window of the second couple ends at x_B = 1, that of the first at 0
    assert both["window"][0] < 0.05 and both["window"][1] > 0.95


def test_a_matrix_that_depends_on_the_composition_is_found_where_couples_cross(matano):
    matano.monkeypatch.undo()
    status, out, _ = matano("verify", "ternary-tracers", "kirkaldy", "square-root", "--json")
    found = {row["method"]: row for row in json.loads(out)["round_trips"]}
    assert status == 0
    assert found["kirkaldy"]["verdict"] == "passed" and found["kirkaldy"]["max_error"] < 1e-4
    # a constant matrix is a mean over the path, and says so
    assert found["square-root"]["verdict"] == "expected" and found["square-root"]["max_error"] > 1e-3


def test_a_page_is_written_and_what_was_done_is_not_done_again(matano, tmp_path):
    matano.monkeypatch.undo()
    asked = ("verify", "cu-sn", "integrated", "growth-constants", "--jobs", "2")
    report = tmp_path / "R.html"
    status, out, err = matano(*asked, "--report", report, "--fresh", "--json")
    document = json.loads(out)
    assert status == 0 and document["passed"] and "done before" not in err
    assert {row["method"] for row in document["responses"]} == {"integrated", "growth-constants"}
    text = report.read_text(encoding="utf-8")
    assert text.count("<svg") >= 2 and "2 round trips, 0 failed" in text
    status, again, err = matano(*asked, "--report", report, "--json")
    assert status == 2 and "--force" in err  # a finished page stays
    status, again, err = matano(*asked, "--report", report, "--force", "--json")
    assert status == 0 and json.loads(again) == document and "3 of 3 parts were done before" in err


def test_what_makes_no_sense_is_refused(matano):
    for words, sentence in (
        (("--jobs", "0"), "must be 1 or more"),
        (("cu-sn", "--write-docs", "verified.md"), "give no names"),
        (("cu-sn", "--report", "nowhere/R.html"), "does not exist"),
    ):
        status, _, err = matano("verify", *words)
        assert status == 2 and sentence in err


@pytest.mark.slow
def test_the_committed_page_is_what_verify_writes(matano, tmp_path):
    """Names, verdicts and what is expected: no number of it comes from a clock or a machine."""
    matano.monkeypatch.undo()
    status, _, err = matano("verify", "--write-docs", tmp_path / "verified.md")
    assert status == 0, err
    committed = cases_folder().parent / "docs" / "verified.md"
    assert (tmp_path / "verified.md").read_text(encoding="utf-8") == committed.read_text(encoding="utf-8")

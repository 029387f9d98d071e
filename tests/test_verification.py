"""What a verification is made of: the probe, the record, the tasks, the page and what is written of it."""

import json
import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from scipy.special import erfc

from inverse import METHODS, Profile
from inverse.roundtrip import RoundTrip
from matano import cases_folder
from matano.commands.verify import cases, leading
from matano.verification import figures, record, runs, trips, written
from matano.verification.chosen import why_not
from matano.verification.page import page_of
from matano.verification.probe import cut, noisy, spaced, steps, zone
from matano.verification.record import Record, key_of
from matano.verification.runs import Task, answers, every, typical
from simulator.cores import cores
from simulator.files.case import load
from simulator.solve.profile import Layer, Reversal

X = np.linspace(-12.0, 12.0, 4801)
PAIR = ("A", "B")


def couple(x=X, **changes) -> Profile:
    B = 0.1 + 0.6 * 0.5 * erfc(-x)
    given = {"components": PAIR, "component": "B", "dependent": "A", "time": 1.0}
    return Profile(x, fractions=[1.0 - B, B], **(given | changes))


def test_the_zone_is_where_something_happens():
    """(1 + erf z)/2 = 1e-3 at z = -2.1851."""
    left, right = zone(couple())
    assert (left, right) == (pytest.approx(-2.1851, abs=0.006), pytest.approx(2.1851, abs=0.006))
    assert zone(couple(B := X[:5])) is None and B.size == 5
    assert steps(couple()) == pytest.approx([0.6, 0.6], rel=1e-12)


@pytest.mark.parametrize("points", [200, 50, 12])
def test_a_scan_has_so_many_points_in_the_zone_and_flat_ends(points):
    scan = spaced(couple(), points)
    left, right = zone(couple())
    assert np.sum((scan.x >= left) & (scan.x <= right)) == pytest.approx(points, abs=2)
    assert np.diff(scan.x) == pytest.approx((right - left) / points, abs=2.0 * np.diff(X)[0])
    # what a probe finds there, nothing in between
    assert np.isin(scan.x, X).all() and scan.fractions[1] == pytest.approx(0.1 + 0.3 * erfc(-scan.x), rel=1e-12)
    assert abs(scan.fractions[1, 0] - 0.1) < 1e-12 and abs(scan.fractions[1, -1] - 0.7) < 1e-12


@pytest.mark.parametrize("share", [1e-3, 5e-2])
def test_a_scan_that_ends_early_knows_its_ends(share):
    scan = cut(couple(), share)
    assert 0.7 - scan.fractions[1, -1] == pytest.approx(share * 0.6, rel=0.05)
    assert scan.ends["left"] == pytest.approx([0.9, 0.1]) and scan.ends["right"] == pytest.approx([0.3, 0.7])


def test_noise_is_as_large_as_said_and_keeps_the_sum():
    scan = noisy(couple(), 1e-2, np.random.default_rng(5))
    off = scan.fractions[1] - couple().fractions[1]
    # 4801 draws know their standard deviation to 1 %; three times that
    assert off.std() == pytest.approx(6e-3, rel=0.03)
    assert scan.fractions.sum(axis=0) == pytest.approx(1.0, abs=1e-15)
    again = noisy(couple(), 1e-2, np.random.default_rng(5))
    assert (again.fractions == scan.fractions).all()


def test_noise_of_ions_leaves_them_neutral_and_that_of_a_trace_is_its_own():
    c = np.array([100.0 + 50.0 * erfc(X), np.zeros(X.size), np.zeros(X.size)])
    c[1] = 3.0 * erfc(-X)
    c[2] = c[0] + 2.0 * c[1]
    ions = Profile(X, ("Na", "Ca", "Cl"), c, quantity="concentration", charges={"Na": 1, "Ca": 2, "Cl": -1}, time=1.0)
    scan = noisy(ions, 1e-2, np.random.default_rng(6))
    assert scan.fractions[0] + 2.0 * scan.fractions[1] - scan.fractions[2] == pytest.approx(0.0, abs=1e-12)
    assert (scan.fractions - c)[:2].std(axis=1) == pytest.approx([1.0, 0.06], rel=0.04)


def test_noise_of_layers_and_potentials():
    bare = Profile([], ("Cu",), np.empty((1, 0)), layers=(Layer("eta", 0.5, 1e-6),))
    volts = Profile([], ("K",), np.empty((1, 0)), reversals=(Reversal(-0.05, {"K": 1.0}, {"K": 2.0}),))
    rng = np.random.default_rng(7)
    thick = [noisy(bare, 1e-2, rng).layers[0].thickness for _ in range(400)]
    volt = [noisy(volts, 1e-2, rng).reversals[0].voltage for _ in range(400)]
    # 400 draws: 3.5 %, three times that
    assert np.std(thick) == pytest.approx(1e-8, rel=0.11) and np.std(volt) == pytest.approx(2.57e-4, rel=0.11)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Records in a folder of the test's own."""
    from simulator.kernels import jit

    monkeypatch.setattr(jit, "cache_folder", lambda: tmp_path / "kernels")
    return tmp_path


def test_what_was_done_is_not_done_again(kept, monkeypatch):
    asked = []
    monkeypatch.setattr(runs, "do", lambda function, arguments: asked.append(arguments[0]) or {"of": arguments[0]})
    tasks = [Task("round_trips_of", (name, Path("a.toml"), ("wagner",), False), (b"text",)) for name in "abc"]

    def run(record, jobs=1):
        told = []
        found = dict(answers(tasks, record, jobs, lambda task, before: told.append((task.name, before))))
        return found, told

    first, told = run(Record())
    assert asked == ["a", "b", "c"] and told == [("a", False), ("b", False), ("c", False)]
    second, told = run(Record())
    assert asked == ["a", "b", "c"] and told == [("a", True), ("b", True), ("c", True)] and second == first
    # a line that a kill cut short is done again, and what comes after it stands on a line of its own
    path = Record().path
    path.write_bytes(path.read_bytes()[:-20])
    assert run(Record())[0] == first and asked == ["a", "b", "c", "c"]
    assert run(Record())[0] == first and asked == ["a", "b", "c", "c"]
    run(Record(fresh=True))
    assert asked[4:] == ["a", "b", "c"]


def test_a_task_is_another_one_where_code_or_case_changed(monkeypatch):
    task = Task("round_trips_of", ("a", Path("a.toml"), ("wagner",), False), (b"text",))
    others = (
        Task("round_trips_of", ("a", Path("a.toml"), ("wagner",), True), (b"text",)),
        Task("round_trips_of", ("a", Path("a.toml"), ("wagner",), False), (b"text2",)),
        Task("round_trips_of", ("a", Path("a.toml"), ("wagner", "hall"), False), (b"text",)),
    )
    keys = {task.key, *(other.key for other in others)}
    assert len(keys) == 4
    # wherever the same case lies
    assert Task("round_trips_of", ("a", Path("/b/a.toml"), ("wagner",), False), (b"text",)).key == task.key
    monkeypatch.setattr(record, "code", lambda: "another")
    assert key_of(["round_trips_of", "a", "wagner"], [b"text"]) not in keys and task.key not in keys


def test_records_of_other_states_of_the_code_are_discarded(kept):
    for k in range(9):
        (kept / f"verified-{k}.jsonl").write_text("", encoding="utf-8")
    Record()
    assert len(list(kept.glob("verified-*.jsonl"))) == record.KEPT


def row(method="wagner", case="one", error=1e-5, verdict="passed", **changes) -> dict:
    found = {
        "case": case,
        "method": method,
        "applies": True,
        "sentence": "",
        "profiles": 1,
        "recovers": "interdiffusivity",
        "component": "B",
        "window": [0.02, 0.98],
        "max_error": error,
        "tolerance": 2e-3,
        "expected_bias": None,
        "verdict": verdict,
        "passed": verdict != "FAILED",
        "curve": {"composition": [0.1, 0.3, 0.5, 0.9], "error": [error or 0.0] * 4},
    }
    return found | changes


REFUSED = RoundTrip("one", "kirkaldy", sentence="kirkaldy needs three components or more.").to_json() | {"curve": None}
BIASED = row("hall", "steep", 0.08, "expected", expected_bias=0.07)
ANSWER = {
    "case": "one",
    "method": "wagner",
    "profiles": 1,
    "tolerance": 2e-3,
    "spacing": [{"points": n, "largest": None if n == 12 else 1e-3 / n, "sentence": ""} for n in trips.SPACINGS],
    "truncation": [{"share": share, "largest": share} for share in trips.CUTS],
    "grid": [{"cells": n, "largest": 1.0 / n**2} for n in (50, 100, 200, 400)],
    "noise": [
        {"level": level, "typical": 3.0 * level, "covered": 0.9, "refused": 1, "seeds": 3, "sentence": "no."}
        for level in trips.NOISES
    ],
    "passed": True,
}


class Parts(HTMLParser):
    def __init__(self, text: str):
        super().__init__()
        self.tags, self.addresses = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.addresses += [value for name, value in attributes if name in ("src", "href")]


def test_the_page_shows_everything_and_needs_nothing(tmp_path):
    rows = [row(), BIASED, row("erf-fit", "steep", 8.0, "expected"), REFUSED]
    document = {"code": "0123", "full": False, "round_trips": rows, "responses": [ANSWER], "passed": True}
    path = page_of(document).write(tmp_path / "R.html")
    text = path.read_text(encoding="utf-8")
    parts = Parts(text)
    # overview, biases, two maps, spacing, grid, truncation, noise
    assert parts.tags.count("svg") == 8 and parts.tags.count("desc") == 8
    assert not [address for address in parts.addresses if not address.startswith(("#", "data:"))]
    for words in ("3 round trips, 0 failed, 2 out of tolerance as expected, 1 not applicable", "4 of 12", "90 %"):
        assert words in text
    assert "expected 0.07, found 0.08" in text and "for three components or more" in text


def test_methods_that_answer_on_several_cases_have_a_panel_each():
    others = [ANSWER | {"case": "two", "passed": False}, ANSWER | {"method": "hall"}]
    recovers = {name: METHODS[name].recovers for name in ("wagner", "hall")}
    drawn = figures.answers([ANSWER, *others], recovers, "spacing", "points", "largest", "points")
    shown = [ax for ax in drawn.axes if ax.get_visible()]
    assert [ax.get_title() for ax in shown] == ["wagner, 2 cases", "hall, 1 case"]
    colours = [[line.get_color() for line in ax.lines] for ax in shown]
    assert colours == [[figures.COLOURS[0], figures.COLOURS[1]], [figures.COLOURS[0]]]
    for ax in shown:
        for line in ax.lines:  # 12 points were refused
            assert list(line.get_xdata()) == list(trips.SPACINGS)
            assert line.get_ydata()[:-1] == pytest.approx([1e-3 / n for n in trips.SPACINGS[:-1]], rel=1e-12)
            assert np.isnan(line.get_ydata()[-1])
    one = figures.answers([ANSWER], recovers, "spacing", "points", "largest", "points")
    assert [ax.get_title() for ax in one.axes] == ["one component"]
    assert figures.answers([], recovers, "spacing", "points", "largest", "points") is None


def test_a_page_of_failures_says_which(tmp_path):
    rows = [row("wagner", "one", 0.5, "FAILED"), row("", "two", None, "FAILED", applies=False, sentence="It failed.")]
    rows[1]["curve"] = None
    document = {"code": "0", "full": True, "round_trips": rows, "responses": [ANSWER | {"passed": False}]}
    text = page_of(document | {"passed": False}).html()
    assert "one, wagner: error 5.00e-01, allowed 2e-03" in text and "two, simulation: It failed." in text
    assert "wagner on one is out of its tolerance" in text


def test_answers_are_shown_of_a_typical_case_or_of_all():
    rows = [row(case="aaa"), row(case="binary-exponential"), row("hall", "aaa"), row("hall", "aaa", profiles=2), BIASED]
    assert typical(rows) == [("binary-exponential", "wagner", 1), ("aaa", "hall", 1)]
    assert every(rows) == [("aaa", "wagner", 1), ("binary-exponential", "wagner", 1), ("aaa", "hall", 1)]
    assert 1 <= cores() <= 4096


def test_what_no_method_can_take_is_not_simulated():
    assert "u-fractions" in why_not(load(leading()["fe-c-si"])) and "steady" in why_not(load(leading()["doped-bar"]))
    assert why_not(load(leading()["resting-neuron"])) == why_not(load(leading()["sphere"])) == ""
    field = load(leading()["spinodal-critical"])
    assert "two or three dimensions" in why_not(field, ["wagner", "interface-profile"])
    assert why_not(field, ["wagner", "cahn-plot"]) == why_not(field) == ""


def test_every_typical_case_exists():
    assert set(runs.TYPICAL) <= set(leading())


def test_a_method_answers_to_spacing_noise_and_grid():
    """An error function is a straight line in probit space: the grid alone errs, by its second order."""
    found = trips.response_of("binary-constant", leading()["binary-constant"], "erf-fit", 1, False)
    assert found["passed"]
    assert all(entry["largest"] < 1e-4 for entry in found["spacing"])
    errors = [entry["largest"] for entry in found["grid"]]
    assert [entry["cells"] for entry in found["grid"]] == [50, 100, 200, 400]
    assert np.log2(np.array(errors[:-1]) / errors[1:]) == pytest.approx(2.0, abs=0.1)
    # sd of a fit to about 300 points is some percent of the noise; three seeds know their median to a factor
    typical_errors = {entry["level"]: entry["typical"] for entry in found["noise"]}
    assert typical_errors[1e-3] < 5e-3 and typical_errors[1e-2] < 5e-2
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("path", cases().values(), ids=lambda path: path.stem)
def test_every_case_expects_a_value_from_outside_the_code(path):
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["expect"].get("value", [])
    assert entries and all(entry.get("source") for entry in entries)


def test_the_written_page_is_that_of_the_registered_methods_and_cases():
    """What does not come from running: every case with its [expect] letter by letter, every method by its name."""
    path = cases_folder().parent / "docs" / "verified.md"
    if not path.is_file():
        pytest.skip("the pages are not beside the installed package")
    text = path.read_text(encoding="utf-8")
    for line in written.expectations(leading()):
        assert line in text, f"run: matano verify --write-docs {path.name} --force"
    first, middle, last = (part.split("\n## ")[0] for part in re.split(r"\n## ", text)[1:4])
    assert re.findall(r"^\| `([^`]+)`", first, re.M) == list(leading())
    assert re.findall(r"^\| `([^`]+)`", middle, re.M) == list(METHODS)
    assert set(re.findall(r"^\| `([^`]+)`", last, re.M)) <= set(METHODS)
    named = set(re.findall(r"`([^`]+)`", middle + last))
    assert named <= set(METHODS) | set(leading())
    assert "FAILED" not in text


def test_a_written_row_says_what_a_method_does():
    lines = written.recovered([row(), row(case="two"), row(case="two", profiles=2), BIASED, REFUSED], METHODS)
    wagner = next(line for line in lines if line.startswith("| `wagner`"))
    assert wagner == "| `wagner` | interdiffusivity | 0.002 | `one`, `two` |" and len(lines) == len(METHODS)
    assert written.biased([BIASED, row("erf-fit", "two", 2.0, "expected"), row()]) == [
        "| `hall` | `steep` 0.07 | - |",
        "| `erf-fit` | - | `two` |",
    ]


def test_the_same_source_is_named_once():
    entries = load(leading()["regular-below-ideal"]).expect.value
    assert len(entries) == 2 and written.values_of(entries).count("similarity equation") == 1
    assert written.values_of(entries).startswith("x_B: similarity") and "as above" not in written.values_of(entries)

"""The benchmarks run in their smallest size and compute what they claim to time. Times are never asserted."""

import importlib.util
import json
import shutil
import sys
from itertools import pairwise

import numpy as np
import pytest

from matano import benchmarks_folder
from simulator.kernels import jit

SPEED = ("alloy", "couple", "cost", "fields", "ions", "laws", "limits", "scale", "schemes", "separation", "size")
NAMES = (*SPEED, "instructions", "noise", "startup", "sweep")


def load(name):
    """A file of the benchmarks by its path, as `matano bench` finds it."""
    spec = importlib.util.spec_from_file_location(name, benchmarks_folder() / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", autouse=True)
def own_imports():
    """Benchmarks put their folder on the path to import each other; other tests shall not find it there."""
    before, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = before
    for name in set(sys.modules) - modules:
        if getattr(sys.modules[name], "__file__", None) and str(benchmarks_folder()) in sys.modules[name].__file__:
            del sys.modules[name]


@pytest.fixture(scope="module")
def answers():
    """The smallest size of every benchmark, each run once."""
    known = {}

    def answer(name):
        if name not in known:
            known[name] = load(name).main(smallest=True)
        return known[name]

    return answer


# their peers and kernels take a while to start, however few cells there are
LONG = ("alloy", "fields", "instructions", "noise", "separation", "sweep")


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.slow] * (name in LONG)) for name in NAMES])
def test_smallest_size_gives_rows_that_are_json(name, answers):
    answer = answers(name)
    assert json.loads(json.dumps(answer)) == answer
    if answer.get("notes", {}).get("valgrind") == "is not installed":
        pytest.skip("valgrind is not installed")
    tables = [value for value in answer.values() if isinstance(value, list)]
    assert tables
    for rows in tables:
        assert rows and all(row.keys() == rows[0].keys() for row in rows)


def test_bench_finds_exactly_these():
    from matano.commands.bench import benchmarks

    assert set(benchmarks()) == set(NAMES)


def test_couple_errors_follow_the_tolerance(answers):
    answer = answers("couple")
    for couple in ("binary exp(3x)", "ternary matrix"):
        rows = answer[f"{couple}, same cells"]
        space = answer[f"{couple}, checks"]["space error"]
        for code in {row["code"] for row in rows}:
            loose, tight = sorted((row for row in rows if row["code"] == code), key=lambda row: -row["rtol"])
            # a hundredfold tolerance, of methods whose errors follow it with a power above 1/2
            assert tight["time_error"] < 0.2 * loose["time_error"]
            assert tight["time_error"] < 5.0 * tight["rtol"]
            # both errors are largest norms on the same cells
            assert abs(tight["total_error"] - space) <= tight["time_error"] * (1.0 + 1e-9) + 1e-10


def test_what_is_promised_is_measured(answers):
    couple, answer = load("couple"), answers("couple")
    beside_fipy = {"binary exp(3x): FiPy / rodas5p at total error 2e-03"}
    if "CVODE" in answer["notes"]:
        pytest.skip(answer["notes"]["CVODE"])
    assert set(couple.PROMISED) - set(answer["ratios"]) == beside_fipy  # left out of the smallest size


def test_extrapolation_beats_second_order(answers):
    rows = answers("couple")["binary exp(3x), total error"]
    space = answers("couple")["binary exp(3x), checks"]["space error"]
    for code in ("rodas5p, extrapolated", "similarity, extrapolated"):
        best = min(row["total_error"] for row in rows if row["code"] == code and row["cells"] == 100)
        assert best < 0.05 * space  # fourth order on 100 and 200 cells


@pytest.mark.slow
def test_the_alloy_is_solved_to_its_exact_profile(answers):
    answer = answers("alloy")
    space = answer["checks"]["space error"]
    plain, extrapolated = (row["largest_error"] for row in answer["whole runs"])
    # the dependent component carries the errors of the others, time adds what the tolerance lets show
    assert space * 0.9 < plain < 4.0 * space
    assert extrapolated < 0.05 * plain
    if "CVODE" not in answer["notes"]:
        assert answer["checks"]["tight rodas5p against tight CVODE"] < 1e-9


def test_cvode_solves_the_same_cells(answers):
    answer = answers("couple")
    if "CVODE" in answer["notes"]:
        pytest.skip(answer["notes"]["CVODE"])
    for couple in ("binary exp(3x)", "ternary matrix"):
        # both run at tolerances of 1e-11 and below; a step's error adds up over some hundred steps
        assert answer[f"{couple}, checks"]["tight rodas5p against tight CVODE"] < 1e-9


def test_ions_errors_follow_the_tolerance(answers):
    rows = answers("ions")["same cells"]
    for code in {row["code"] for row in rows}:
        loose, tight = sorted((row for row in rows if row["code"] == code), key=lambda row: -row["rtol"])
        # a hundredfold tolerance, of methods whose errors follow it with a power above 1/2
        assert tight["time_error"] < 0.2 * loose["time_error"]
        assert tight["time_error"] < 5.0 * tight["rtol"]


def test_ida_solves_the_same_double_layer(answers):
    answer = answers("ions")
    # rounding of fields of a cell, over its volume
    assert answer["checks"]["imbalance of charge at the start"] < 1e-8
    if "IDA" in answer["notes"]:
        pytest.skip(answer["notes"]["IDA"])
    for code in ("IDA", "IDA, potential not tested"):
        # both run at 1e-10; a step's error adds up over some hundred steps
        assert answer["checks"][f"tight rodas5p against tight {code}"] < 1e-8


def test_double_layers_are_charged_as_the_reference(answers):
    answer = answers("ions")
    errors = {row["code"]: row["charge_error"] for row in answer["charges"]}
    # second order on 100 graded cells, where 800 reach 3e-5
    assert errors["rodas5p"] < 64.0 * 3e-5
    if "devsim" in answer["notes"]:
        pytest.skip(answer["notes"]["devsim"])
    assert errors["devsim"] < 0.05  # two steps of second order a decade


@pytest.mark.skipif(jit.disabled(), reason="the flux is handed over as an address")
def test_ida_is_given_the_engines_residual(rng):
    from simulator.kernels.balance import residual
    from simulator.kernels.system import VOLUME, workspace

    layers = load("double_layer")
    layer = layers.PreparedLayer(60)
    system = layers.ChargedSystem(layer)
    m, n = layer.start.shape
    u = np.ascontiguousarray(layer.start * rng.uniform(0.9, 1.1, (m, n)))
    u[-1, [0, -1]] = layer.start[-1, [0, -1]]
    for end, cell in ((0, 1), (-1, -2)):
        u[:-1, end] = u[:-1, cell] * np.exp(np.array([1.0, -1.0]) * (u[-1, cell] - u[-1, end]))  # what carries nothing
    R = np.empty(m * n)
    residual(0.0, layer.system, u, workspace(m, n, 0), R)
    expected = R.reshape(m, n)[:, 1:-1] / layer.system.cell[VOLUME, 1:-1]
    largest = np.abs(expected).max(axis=1, keepdims=True)
    slope = system.flat(largest.max() * rng.uniform(-1.0, 1.0, (m, n)))
    r = system.unknowns(system.imbalance(system.flat(u), slope))
    # at a wall flows to and fro cancel, which are larger than those between cells by their distances
    assert np.all(np.abs(system.unknowns(system.differential * slope) - expected - r) < 1e-11 * largest)


@pytest.mark.skipif(jit.disabled(), reason="the flux is handed over as an address")
@pytest.mark.parametrize("couple", ["binary", "ternary", "alloy"])
def test_rivals_are_given_the_engines_right_hand_side(couple, rng):
    from simulator.kernels.balance import residual
    from simulator.kernels.system import VOLUME, workspace

    couples, rivals = load("couples"), load("rivals")
    problem = load("alloy").couple(60) if couple == "alloy" else getattr(couples, couple)(60)
    prepared = couples.Prepared(problem)
    m, n = prepared.start.shape
    u = np.ascontiguousarray(rng.uniform(0.1, 0.2, (m, n)))  # the rest is never used up
    u[:, 0], u[:, -1] = u[:, 1], u[:, -2]  # what closed ends settle to
    R = np.empty(m * n)
    residual(0.0, prepared.system, u, workspace(m, n, 0), R)
    expected = R.reshape(m, n)[:, 1:-1] / prepared.system.cell[VOLUME, 1:-1]
    closed = rivals.ClosedSystem(prepared.system)
    slopes = closed.fractions(closed.slopes(closed.flat(u)))
    # one multiplication by 1/V instead of a division
    np.testing.assert_allclose(slopes, expected, rtol=1e-13, atol=1e-13 * np.abs(expected).max())


@pytest.mark.skipif(jit.disabled(), reason="the flux is handed over as an address")
@pytest.mark.parametrize("method", ["LSODA", "BDF"])
def test_scipy_solves_the_same_cells(method):
    couples, rivals = load("couples"), load("rivals")
    prepared = couples.Prepared(couples.binary(40))
    system = rivals.ClosedSystem(prepared.system)
    y = rivals.scipy_run(system, system.flat(prepared.start), method, 1e-6, couples.END)
    ours = prepared.integrate(1e-9).u[:, 1:-1]
    # errors of a step add up over some hundred steps
    assert np.max(np.abs(system.fractions(y) - ours)) < 1e-4


def test_open_ends_are_refused():
    couples, rivals = load("couples"), load("rivals")
    system = couples.Prepared(couples.binary(40)).system
    with pytest.raises(ValueError, match="closed ends"):
        rivals.ClosedSystem(system._replace(ends=np.tile([0.5, 1.0, 0.0], (1, 2))))


@pytest.mark.parametrize("name", ["binary, table times a(t)", "binary, program of x and t", "2 unknowns, matrix"])
def test_cost_is_measured_on_runs_that_keep_their_mass(name, answers):
    rows = {row["law"]: row for row in answers("cost")["ns per cell and step"]}
    assert rows[name]["mass_error"] < 1e-14  # rounding of some hundred cells
    assert rows[name]["steps"] > 5


def test_scale_keeps_its_accuracy(answers):
    rows = answers("scale")["by number of cells"]
    assert [row["cells"] for row in rows] == [1_000, 10_000]
    # a hundredth of the space error for ten times the cells, as far as rtol = 1e-6 lets it show
    assert rows[1]["error_estimate"] < 0.1 * rows[0]["error_estimate"]
    assert all(row["mass_error"] < 1e-13 for row in rows)


@pytest.mark.slow
def test_noise_is_met_by_every_method_and_smoother(answers):
    answer = answers("noise")
    for sigma in (1e-3, 5e-3):
        for row in answer[f"D(N), noise {sigma:g}, errors in %"]:
            # two profiles: a hundred times the noise is more than any of them errs
            assert row["refused"] == 0 and 0.0 < row["median 0.5"] < 1e4 * sigma
    (intervals,) = (rows for name, rows in answer.items() if name.startswith("intervals of 95 %"))
    assert intervals and all(0.0 <= row["least"] <= row["covered"] <= row["most"] <= 1.0 for row in intervals)


def test_schemes_are_all_measured_and_follow_their_tolerance(answers):
    from simulator.solve.schemes import SCHEMES

    rows = answers("schemes")["same cells"]
    codes = {row["code"] for row in rows} - {"CVODE"}
    assert codes == {scheme.name for scheme in SCHEMES if scheme.family != "similarity"}
    for code in codes - {"heun", "euler"}:  # these two take the steps that stability allows, whatever the tolerance
        loose, tight = sorted((row for row in rows if row["code"] == code), key=lambda row: -row["rtol"])
        assert tight["time_error"] < 0.5 * loose["time_error"]
    assert all(row["steps"] > 5 for row in rows if row["code"] != "CVODE")


def test_laws_are_all_measured_and_follow_their_tolerance(answers):
    laws, answer = load("laws"), answers("laws")
    for law in laws.SAME_CELLS:
        cheap = [row for row in answer[law] if row["code"] == laws.CHEAP]
        assert all(row["time_error"] < 3.0 * row["rtol"] for row in cheap)
        for code in {row["code"] for row in answer[law]} - {laws.CHEAP}:  # that one takes its fewest steps
            loose, tight = sorted((row for row in answer[law] if row["code"] == code), key=lambda row: -row["rtol"])
            # a hundredfold tolerance, of methods whose errors follow it with a power above 1/2
            assert tight["time_error"] < 0.2 * loose["time_error"]
            assert tight["time_error"] < 5.0 * tight["rtol"]
    plain, extrapolated = (
        [row["total_error"] for row in answer["two-phase"] if row["code"] == code]
        for code in ("rodas5p", "rodas5p, extrapolated")
    )
    assert extrapolated[-1] < 0.1 * plain[-1]


def test_chains_compute_what_an_elimination_would(answers):
    limits = load("limits")
    end, n, (w, lower, upper) = np.full(2, 0.5), 21, (2.0, 0.9, 0.8)
    limits.pivots(n, w, lower, upper, end)
    q, e = 0.5, 0.5
    for _ in range(n // 2):
        q, e = upper / (w - lower * q), lower / (w - upper * e)
    np.testing.assert_allclose(end, (q, e), rtol=1e-14)
    end = np.array([0.5, 2.0])
    limits.sweeps(n, 1.0, 0.4, end)
    fixed = 1.0 / (1.0 - 0.4)  # x = r + a x forgets its start by a power of a
    np.testing.assert_allclose(end, fixed + (np.array([0.5, 2.0]) - fixed) * 0.4 ** (2 * (n // 2)), rtol=1e-14)
    a, b, c = np.zeros(5), np.arange(5.0), np.ones(5)
    limits.triad(5, 3.0, a, b, c)
    np.testing.assert_array_equal(a, b + 3.0 * c)
    for name in ("elimination, one unknown", "whole step, one unknown"):
        assert all(row["limit_ns"] > 0.0 and row["ns"] > 0.0 for row in answers("limits")[name])


def test_sizes_and_unknowns_are_those_asked_for(answers):
    answer = answers("size")
    assert {row["unknowns"] for row in answer["by number of unknowns"]} == {1, 2}
    assert {row["cells"] for row in answer["by number of cells"]} == {100, 1000}
    assert [row["cells"] for row in answer["fields, by number of cells"]] == [32 * 32, 64 * 64]
    size = load("size")
    assert (size.SIDES[0], size.SIDES[-1]) == (64, 2048) and all(b == 2 * a for a, b in pairwise(size.SIDES))
    assert all(
        row["steps"] > 5 for rows in (answer["by number of cells"], answer["by number of unknowns"]) for row in rows
    )


def test_what_any_benchmark_returns_can_be_kept_and_drawn(answers, tmp_path):
    from matano.benching import record
    from matano.benching.figures import write_figures
    from matano.benching.readme import promises

    run = record.document({name: answers(name) for name in NAMES}, smallest=True)
    record.save(run, tmp_path / "run.json")
    drawn = {path.stem for path, _ in write_figures(record.load(tmp_path / "run.json"), tmp_path / "figures")}
    assert {
        "couple-binary-exp-3x-same-cells",
        "alloy-same-cells",
        "ions-same-cells",
        "ions-charges",
        "laws-darken",
        "schemes-same-cells",
        "separation-rows",
        "fields-32-x-32-to-t-1",
        "scale-by-number-of-cells-size",
        "size-by-number-of-unknowns-size",
        "limits-elimination-one-unknown-limits",
        "promises",
    } <= drawn
    assert {entry.benchmark for entry in promises(run["benchmarks"])} >= {"startup"}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
def test_instructions_of_a_loop_grow_with_its_length():
    # a + b n, whatever a and b are on this processor: as many for each further 300000 numbers
    code = """
import numpy as np
from instructions import marked
from limits import triad
a, b, c = np.ones((3, 900_000))
for n in (300_000, 600_000, 900_000):
    marked(lambda: triad(n, 0.5, a, b, c))
    print(n)
"""
    instructions = load("instructions")
    (one, first), (two, second), (three, third) = instructions.counted(code)
    assert (one, two, three) == ("300000", "600000", "900000")
    # three loads or stores each, of no more than eight numbers at once; no fewer numbers than one at once
    assert 3 * 300_000 / 8 < second - first < 10 * 300_000
    assert third - second == pytest.approx(second - first, rel=1e-2)


def test_time_at_an_error_is_interpolated_between_logarithms():
    timing = load("timing")
    points = [(error, 3.0 * error**-0.2) for error in (1e-2, 1e-4, 1e-6, 1e-8)]
    assert timing.time_at(3e-5, points) == pytest.approx(3.0 * (3e-5) ** -0.2, rel=1e-12)
    assert timing.time_at(1e-9, points) is None
    assert timing.time_at(1e-1, points) == points[0][1]
    # slower and less accurate than another: a point that nobody would choose
    assert timing.time_at(3e-5, [*points, (1e-5, 1e9)]) == pytest.approx(3.0 * (3e-5) ** -0.2, rel=1e-12)


def test_candidates_are_measured_in_turn():
    timing = load("timing")
    calls = []

    def candidate(name):
        def call():
            calls.append(name)
            return name

        return call

    measured = timing.measure({"a": candidate("a"), "b": candidate("b")}, rounds=4)
    assert [entry.value for entry in measured.values()] == ["a", "b"]
    turns = [name for k, name in enumerate(calls) if k == 0 or calls[k - 1] != name]
    assert turns == ["a", "b"] * (len(turns) // 2) and len(turns) >= 10

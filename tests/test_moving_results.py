"""Results in which cells, markers and interfaces move: what `run --check`, `info` and `export` say of them."""

import csv
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from matano.check import QUANTITIES, exact_outcome, face_value, quantity_at, value_outcome
from matano.commands.export import export
from matano.commands.info import info
from matano.places import growth_exponent
from simulator.faults import Invalid
from simulator.files.case import parse_case
from simulator.files.hdf5 import ResultFile
from simulator.files.measured import read_profile
from simulator.files.schema import ExpectedValue
from simulator.files.stored import open_result
from simulator.problem.grid import Grid
from simulator.problem.initial import Layers
from simulator.problem.problem import Problem
from simulator.solve.controls import Controls
from simulator.solve.exact import exact_named
from simulator.solve.result import DIAGNOSTICS, FIELDS, Checkpoint, Result, Snapshot
from simulator.solve.solve import solve

ROOT = Path(__file__).resolve().parents[1]
EXACT = json.loads((ROOT / "tests" / "reference" / "kirkendall.json").read_text())
COUPLE = """schema = 1
components = ["A", "B"]
dependent = "A"
[domain]
interval = [-30, 30]
cells = 400
[initial]
shape = "step"
at = 0
left = { B = 0 }
right = { B = 1 }
[temperature]
value = 1000
[law]
kind = "darken"
tracer = { A = "exp(0.5*x_B)", B = "4*exp(-0.3*x_B)" }
[thermodynamics]
kind = "regular"
omega = { A-B = "OMEGA*R*1000" }
[molar_volume]
kind = "expression"
V_m = "VOLUME"
[markers]
at = [-2, 0]
[time]
end = 1
save = [0.04, 0.25]
[solver]
scheme = "similarity"
extrapolate = true
"""
VOLUMES = {"constant": "1", "non-ideal": "1 - 0.3*x_B - 0.2*x_B*x_A"}
OMEGA = {"constant": "0", "non-ideal": "-1"}


def text_of(volume: str) -> str:
    return COUPLE.replace("VOLUME", VOLUMES[volume]).replace("OMEGA", OMEGA[volume])


def reference(volume: str) -> dict:
    return next(entry for entry in EXACT if entry["name"] == f"{volume} darken 0-1")


@cache
def couple(volume: str) -> Result:
    case = parse_case(text_of(volume))
    return solve(case.problem, case.controls)


@cache
def plain() -> Result:
    """One D for everything: the error function, with fluxes that are the same in both frames."""
    text = text_of("constant").replace('"exp(0.5*x_B)"', "1").replace('"4*exp(-0.3*x_B)"', "1")
    case = parse_case(text)
    return solve(case.problem, case.controls)


@cache
def layered() -> Result:
    """A layer between interfaces at -1 and 1 + 2 sqrt t, by hand; its cells rest."""
    problem = couple("constant").problem
    start = Layers([(-30.0, -1.0, {"B": 0.0}), (-1.0, 1.0, {"B": 0.5}), (1.0, 30.0, {"B": 1.0})])
    problem = Problem(problem.mixture, problem.law, problem.domain, start, temperature=problem.temperature, end=1.0)
    x, edges = problem.grid.centres, np.array([-1.0, 3.0])
    B = np.select([x < edges[0], x < edges[1]], [0.0, 0.5], 1.0)
    flux = np.zeros((2, x.size + 1))
    numbers, fields = dict.fromkeys(DIAGNOSTICS, 0.0), {"interface_position": edges}
    return Result(
        problem, Controls(), problem.grid, [Snapshot(1.0, np.stack([1.0 - B, B]), flux, 1e3, numbers, fields)]
    )


def expected(quantity: str, **keys) -> ExpectedValue:
    return ExpectedValue.model_validate({"quantity": quantity, "value": 0.0, **keys}, context={"faults": []})


def found(result: Result, quantity: str, **keys) -> float:
    return quantity_at(result, expected(quantity, **keys), len(result.snapshots) - 1, "expect.value[0]")


@pytest.mark.parametrize("volume", VOLUMES)
def test_markers_velocities_and_compositions_belong_together(volume):
    """At the marker plane v = (x_K - x_0)/2t and x_B = N_K, with x_K and N_K of the references."""
    entry, result = reference(volume), couple(volume)
    x = found(result, "marker_position", index=1)
    assert x == pytest.approx(entry["x_K"], rel=1e-6)
    assert found(result, "B", at=x) == pytest.approx(entry["N_K"], abs=2e-6)
    assert found(result, "x_A", at=x) == pytest.approx(1.0 - entry["N_K"], abs=2e-6)
    assert found(result, "mole_fraction", component="A", at=x) == found(result, "A", at=x)
    assert found(result, "mole_fraction", at=x) == found(result, "B", at=x)
    # v comes from differences of neighbours at 400 cells
    assert found(result, "lattice_velocity", at=x) == pytest.approx(x / 2.0, rel=1e-3)
    N = entry["N_K"]
    V = {"constant": 1.0, "non-ideal": 1.0 - 0.3 * N - 0.2 * N * (1.0 - N)}[volume]
    assert found(result, "molar_volume", at=x) == pytest.approx(V, rel=1e-6)


def test_the_right_end_is_where_all_volumes_add_up_to():
    result = couple("non-ideal")
    # moles of the cells, which stay, times V_m; the cells' own curvature is of second order
    start = result.grid.volumes / np.where(result.x < 0.0, 1.0, 0.7)
    volumes = result.field("molar_volume")[-1]
    assert found(result, "right_end") == pytest.approx(-30.0 + (start * volumes).sum(), abs=1e-4)
    assert abs(found(result, "right_end") - 30.0) > 0.01
    assert found(couple("constant"), "right_end") == 30.0


def test_fluxes_of_one_diffusivity_are_those_of_the_error_function():
    """J_B = -(1/2) sqrt(D/(pi t)) at the step, in the lattice frame too: the lattice rests."""
    J = -0.5 / np.sqrt(np.pi)
    for quantity in ("flux", "lattice_flux"):
        assert found(plain(), quantity, component="B", at=0.0) == pytest.approx(J, rel=1e-4)
        assert found(plain(), quantity, component="A", at=0.0) == pytest.approx(-J, rel=1e-4)
    assert found(plain(), "lattice_velocity", at=0.3) == pytest.approx(0.0, abs=1e-12)
    assert found(plain(), "marker_position", index=1) == 0.0


def test_layers_and_their_compositions():
    result = layered()
    assert found(result, "interface_position", index=1) == 3.0
    assert found(result, "layer_thickness", index=0) == found(result, "layer_thickness") == 4.0
    # the quartic through a jump would swing
    for x, B in ((-1.01, 0.0), (-0.99, 0.5), (2.99, 0.5), (3.01, 1.0)):
        assert found(result, "B", at=x) == pytest.approx(B, abs=1e-12)


@cache
def phases() -> Result:
    case = parse_case((ROOT / "cases" / "two-phase.toml").read_text(encoding="utf-8"), overrides=["domain.cells=200"])
    return solve(case.problem, case.controls)


def test_both_sides_of_a_moving_interface():
    """The limits of solubility, 0.2 and 0.6, on either side of it; further off the exact profile."""
    result, exact = phases(), exact_named("two-phase-similarity")
    edge = found(result, "interface_position")
    places = edge + np.array([-5e-5, -1e-5, -1e-10, 1e-10, 1e-5, 5e-5])
    values = [found(result, "B", at=x) for x in places]
    assert values[2:4] == pytest.approx([0.2, 0.6], abs=1e-5)
    # half the cells of the case, with Richardson's combination
    assert values == pytest.approx(exact.values(result.problem, result.time[-1], places)[0], abs=1e-5)
    assert exact_outcome(result, "two-phase-similarity", 1e-4).passed


@cache
def compounds() -> Result:
    case = parse_case((ROOT / "cases" / "cu-sn.toml").read_text(encoding="utf-8"))
    return solve(case.problem, case.controls)


def test_both_sides_of_the_interfaces_of_compounds():
    """Compositions and volumes of the case, in the cells that the interfaces cut too."""
    edges = compounds().field("interface_position")[-1]
    for k, (x, V) in enumerate(zip((0.0, 0.25, 0.454545454545, 1.0), (7.12, 8.59, 10.59, 16.24), strict=True)):
        for at in ([edges[k - 1] + 1e-9] if k else []) + ([edges[k] - 1e-9] if k < 3 else []):
            assert found(compounds(), "Sn", at=at) == pytest.approx(x, abs=1e-9)
            assert found(compounds(), "molar_volume", at=at) == pytest.approx(1e-6 * V, rel=1e-9, abs=0.0)


@pytest.mark.parametrize("volume", VOLUMES)
def test_the_exact_profile_is_compared_where_the_cells_are(volume):
    """Richardson's combination on 400 and 800 cells, on the mole coordinate where the volume varies."""
    assert exact_outcome(couple(volume), "similarity", 1e-6).passed


@pytest.mark.parametrize(
    ("make", "quantity", "keys", "where", "words"),
    [
        (layered, "marker_position", {}, "quantity", "this run has no marker_position"),
        (layered, "lattice_velocity", {"at": 0.0}, "quantity", "this run has no lattice_velocity"),
        (plain, "marker_position", {}, "index", "there are 2; give index"),
        (plain, "marker_position", {"index": 2}, "index", "counted from 0 on the left, got 2"),
        (layered, "layer_thickness", {"index": 1}, "index", "there are 1"),
        (plain, "lattice_velocity", {}, "at", "is expected at a position"),
        (plain, "lattice_velocity", {"at": 31.0}, "at", "outside the domain"),
        (plain, "B", {"at": -31.0}, "at", "outside the domain"),
        (plain, "B", {}, "at", "is expected at a position"),
        (plain, "flux", {"at": 0.0}, "component", "give one of A, B"),
        (plain, "flux", {"at": 0.0, "component": "C"}, "component", "not one of the components"),
        (plain, "marker_positions", {"index": 0}, "quantity", "Did you mean marker_position?"),
    ],
)
def test_what_cannot_be_expected_is_said(make, quantity, keys, where, words):
    with pytest.raises(Invalid, match=words) as refused:
        found(make(), quantity, **keys)
    (fault,) = refused.value.faults
    assert fault.where == f"expect.value[0].{where}"


def test_every_quantity_stands_in_the_docs():
    text = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in text.split("[[expect.value]]")[1] for name in QUANTITIES)
    assert all(f"`/{name}`" in text for name in FIELDS)


def test_outcomes_say_which_one():
    entry = expected("marker_position", index=1, value=0.0, atol=1e-9)
    outcome = value_outcome(plain(), entry, "")
    assert outcome.passed and outcome.what.startswith("marker_position 1, t = 1 s")


def test_points_between_moving_cells_are_of_fourth_order():
    """Averages over moles q of sin^2 q, on cells at x = int V dq with V = 1 + 0.5 sin 3q."""

    def error(cells):
        q, points = np.linspace(0.0, 2.0, cells + 1), np.linspace(0.1, 1.9, 37)
        B = 0.5 - 0.25 * np.diff(np.sin(2.0 * q)) / np.diff(q)
        faces, places = (a - 0.5 / 3.0 * np.cos(3.0 * a) for a in (q, points))
        fields = {"position_face": faces, "molar_volume": np.diff(faces) / np.diff(q)}
        numbers, flux = dict.fromkeys(DIAGNOSTICS, 0.0), np.zeros((2, cells + 1))
        snapshots = [Snapshot(1.0, np.stack([1.0 - B, B]), flux, 1e3, numbers, fields)]
        result = Result(couple("constant").problem, Controls(), Grid(q), snapshots)
        return np.abs([found(result, "B", at=x) for x in places] - np.sin(points) ** 2).max()

    assert np.log2(error(40) / error(80)) > 3.5
    assert error(80) < 1e-5


@pytest.mark.parametrize("at", [0.0, 0.1, 0.9, 1.4, 2.2, 2.5])
def test_values_at_faces_are_interpolated_by_cubics(at):
    x = np.array([0.0, 0.3, 1.0, 1.4, 2.5])
    assert face_value(x, x**3 - x, at) == pytest.approx(at**3 - at, abs=1e-12)


def test_growth_is_a_power_of_time():
    t = np.array([0.0, 1.0, 2.0, 5.0, np.inf])
    assert growth_exponent(t, -3.0 * np.sqrt(t)) == pytest.approx(0.5)
    assert np.isnan([growth_exponent(t[:3], np.sqrt(t[:3])), growth_exponent(t, np.zeros(5))]).all()


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("moving") / "couple.h5"
    case = parse_case(text_of("non-ideal"))
    with ResultFile(path, case.problem, case.text) as record:
        solve(case.problem, case.controls, record=record)
    return path


def test_info_tells_what_moved(stored, capsys):
    assert info(stored, True) == 0
    facts = json.loads(capsys.readouterr().out)
    far, near = facts["markers"]
    entry = reference("non-ideal")
    assert near["start"] == 0.0 and near["position"] == pytest.approx(entry["x_K"], rel=1e-6)
    assert near["exponent"] == pytest.approx(0.5, abs=1e-3) and far["exponent"] is None
    assert facts["kirkendall"]["kind"] == "stable"
    (plane,) = facts["kirkendall"]["planes"]
    assert plane["kind"] == "stable" and plane["position"] == pytest.approx(entry["x_K"], rel=1e-3)
    assert facts["molar_volume"] == pytest.approx([0.7, 1.0])
    assert facts["displacement"] == pytest.approx(found(couple("non-ideal"), "right_end") - 30.0)
    assert info(stored, False) == 0
    out = capsys.readouterr().out
    assert all(w in out for w in ("the right end moved", "marker 1", "moves as t^0.500", "Kirkendall plane"))


def test_info_of_a_file_without_its_case_tells_what_the_arrays_do(tmp_path, capsys):
    result = couple("non-ideal")
    with ResultFile(tmp_path / "a.h5", result.problem) as record:
        solve(result.problem, Controls(scheme="similarity"), record=record)
    assert info(tmp_path / "a.h5", True) == 0
    facts = json.loads(capsys.readouterr().out)
    assert "kirkendall" not in facts and [row["start"] for row in facts["markers"]] == [None, None]


def table(path: Path) -> tuple[list[str], np.ndarray]:
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    return rows[0], np.array(rows[1:], float)


def test_export_puts_things_where_they_are(stored, tmp_path):
    assert export(stored, tmp_path / "tables", False) == 0
    result, folder = open_result(stored), tmp_path / "tables"
    names = {path.name for path in folder.iterdir()}
    each = {f"{name}_{k:03d}.csv" for name in ("profile", "flux", "grid", "lattice") for k in range(3)}
    assert names == each | {"markers.csv", "diagnostics.csv"}
    head, rows = table(folder / "profile_002.csv")
    assert head == ["x [m]", "x_A", "x_B"]
    np.testing.assert_array_equal(rows[:, 0], result.position[-1])
    head, rows = table(folder / "grid_002.csv")
    assert head == ["x [m]", "x_start [m]", "molar_volume [m^3/mol]"]
    np.testing.assert_array_equal(rows, np.stack([result.position[-1], result.x, result.field("molar_volume")[-1]]).T)
    head, rows = table(folder / "lattice_002.csv")
    assert head == ["x [m]", "lattice_velocity [m/s]", *(f"lattice_flux_{c} [mol/(m^2 s)]" for c in "AB")]
    np.testing.assert_array_equal(rows[:, 0], result.field("position_face")[-1])
    assert table(folder / "flux_002.csv")[0][1:] == ["flux_A [mol/(m^2 s)]", "flux_B [mol/(m^2 s)]"]
    head, rows = table(folder / "markers.csv")
    assert head[1:] == ["marker_0 [m]", "marker_1 [m]"]
    np.testing.assert_array_equal(rows, np.column_stack([result.time, result.field("marker_position")]))


def test_an_exported_profile_is_read_as_a_measured_one(stored, tmp_path):
    export(stored, tmp_path / "tables", False)
    profile = read_profile(tmp_path / "tables" / "profile_002.csv", time=1.0, component="B")
    np.testing.assert_array_equal(profile.x, open_result(stored).position[-1])


def test_cells_of_two_phases_are_exported_where_they_are(tmp_path):
    path, result = tmp_path / "a.h5", phases()
    with ResultFile(path, result.problem) as record:
        record.begin(1, 1, {name: values.shape for name, values in result.snapshots[-1].fields.items()})
        record.saved(0, result.snapshots[-1], Checkpoint(0, 1.0, np.zeros(1), np.zeros(1)))
        record.finish("complete", ())
    export(path, tmp_path / "tables", False)
    head, rows = table(tmp_path / "tables" / "grid_000.csv")
    assert head == ["x [m]", "x_start [m]"]
    np.testing.assert_array_equal(rows, np.stack([result.position[-1], result.x]).T)


def test_interfaces_are_exported(tmp_path):
    result = layered()
    path = tmp_path / "a.h5"
    with ResultFile(path, result.problem) as record:
        record.begin(1, 1, {"interface_position": (2,)})
        record.saved(0, result.snapshots[0], Checkpoint(0, 1.0, np.zeros(1), np.zeros(1)))
        record.finish("complete", ())
    assert export(path, tmp_path / "tables", False) == 0
    head, rows = table(tmp_path / "tables" / "interfaces.csv")
    assert head == ["time [s]", "interface_0 [m]", "interface_1 [m]"] and rows.tolist() == [[1.0, -1.0, 3.0]]
    assert not (tmp_path / "tables" / "grid_000.csv").exists()

"""Cases of ions: what --set changes, sweeps that go on after an interruption, what [expect] can ask for, exports."""

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from matano.check import check, value_outcome
from matano.commands.export import export
from matano.commands.info import info
from simulator.faults import Invalid
from simulator.files.case import load, parse_case
from simulator.files.hdf5 import ResultFile, open_result, resume_state
from simulator.solve.solve import solve

CASES = Path(__file__).resolve().parents[1] / "cases"
FARADAY = 96485.33212331001
RT = 8.31446261815324 * 298.15


class Stopped(Exception):
    """What ends a run before its end."""


class Interrupted(ResultFile):
    """A record whose run is stopped after so many states."""

    most = 1

    def saved(self, index, snapshot, checkpoint):
        super().saved(index, snapshot, checkpoint)
        if index + 1 == self.most:
            raise Stopped


def expecting(**entry) -> SimpleNamespace:
    given = {name: None for name in ("component", "index", "at", "time", "voltage", "rtol")}
    return SimpleNamespace(**given | {"value": 0.0, "atol": np.inf} | entry)


def solved(name: str, *overrides: str):
    case = load(CASES / f"{name}.toml", list(overrides))
    return solve(case.problem, case.controls)


@pytest.mark.parametrize("name", ["resting-neuron", "pn-junction"])
def test_an_interrupted_sweep_goes_on_to_the_same_numbers(name, tmp_path):
    case = load(CASES / f"{name}.toml", ["sweep_voltage.points=9"])
    whole = solve(case.problem, case.controls)
    path = tmp_path / "a.h5"
    record = Interrupted(path, case.problem, case.text, case.folder, case.overrides)
    record.most = 4
    with pytest.raises(Stopped), record:
        solve(case.problem, case.controls, record=record)
    assert len(open_result(path).snapshots) == 4
    resumed = solve(case.problem, case.controls, resume=resume_state(path))
    assert np.array_equal(resumed.concentration, whole.concentration)
    assert np.array_equal(resumed.flux, whole.flux)
    for field in ("voltage", "current", "potential"):
        assert np.array_equal(resumed.field(field), whole.field(field)), field


@pytest.mark.parametrize("gamma", [0.0, 0.1, 1.0, 10.0, 100.0, 1000.0])
def test_support_lowers_the_limiting_current_to_that_of_diffusion(gamma):
    """At J = 0.99 of 2 [(1 + g) - sqrt(g (1 + g))] D c/d the anion at the wall is u = 1 - J d/(2 D c (1 + g)) of the
    bulk, the potential RT/F ln u, and M what makes the wall neutral."""
    result = solved("supporting-electrolyte", f"parameters.gamma={gamma}")
    flow = 0.99 * 2.0 * ((1.0 + gamma) - np.sqrt(gamma * (1.0 + gamma)))
    u = 1.0 - flow / (2.0 * (1.0 + gamma))
    assert result.field("current")[0] == pytest.approx(FARADAY * 1e-3 * flow, rel=1e-9)
    # of the second order on 200 and 400 cells, combined; relative to a drop that support makes small
    assert result.field("voltage")[0] == pytest.approx(RT / FARADAY * np.log(u), rel=2e-5, abs=0.0)
    wall = 100.0 * ((1.0 + gamma) * u - (gamma / u if gamma else 0.0))
    # a difference of concentrations 1 + gamma times as large
    assert result.field("concentration_end")[0, 0, 1] == pytest.approx(wall, abs=1e-6 * 100.0 * (1.0 + gamma))


def test_a_voltage_is_set_on_the_command_line():
    """Of a membrane at one voltage: its Goldman current."""
    case = load(CASES / "calcium-rectification.toml", ["law.voltage=-50 mV", "sweep_voltage.from=-50 mV"])
    assert case.problem.sweep[0] == -0.05
    text = (CASES / "calcium-rectification.toml").read_text(encoding="utf-8").split("[[expect")[0]
    before, after = text.split("[sweep_voltage]")
    single = parse_case(before + "[time]" + after.split("[time]")[1], "a", CASES, ["law.voltage=-60 mV"])
    result = solve(single.problem, single.controls)
    assert result.field("voltage") == pytest.approx([-0.06], rel=1e-12)
    assert result.field("current")[0] == pytest.approx(0.0175250280824, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "entry", "value"),
    [
        ("resting-neuron", {"quantity": "voltage", "voltage": -0.05}, -0.05),
        ("resting-neuron", {"quantity": "concentration_end", "component": "K", "index": 1}, 140.0),
        ("resting-neuron", {"quantity": "c_Na", "at": "10 nm"}, 10.0),
        ("resting-neuron", {"quantity": "concentration", "component": "Na", "at": "0 nm"}, 145.0),
        ("resting-neuron", {"quantity": "potential", "at": "5 nm", "voltage": -0.1}, -0.05),
        ("resting-neuron", {"quantity": "potential", "at": "10 nm", "voltage": -0.1}, -0.1),
        ("salt-between-reservoirs", {"quantity": "Cl", "at": "0 um"}, 10.0),
    ],
)
def test_what_is_expected_is_found(name, entry, value):
    outcome = value_outcome(solved(name), expecting(**entry, value=value, atol=5e-3 * abs(value)), "expect.value[0]")
    assert outcome.passed, str(outcome)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"quantity": "current", "voltage": -0.051}, "the nearest voltage is -0.05 V"),
        ({"quantity": "surface_charge", "index": 0}, "has no surface_charge"),
        ({"quantity": "concentration_end", "component": "K"}, "give index"),
        ({"quantity": "mole_fraction", "component": "K", "at": 0.0}, "unknown quantity"),
        ({"quantity": "current", "time": 1.0}, "not a saved time"),
        ({"quantity": "c_Ca", "at": 0.0}, "unknown quantity"),
    ],
)
def test_what_is_not_there_is_said(entry, words):
    with pytest.raises(Invalid) as caught:
        value_outcome(solved("resting-neuron"), expecting(**entry), "expect.value[0]")
    assert words in caught.value.faults[0].sentence


def test_a_wrong_number_is_out_of_tolerance():
    result = solved("resting-neuron")
    case = load(CASES / "resting-neuron.toml")
    assert all(outcome.passed for outcome in check(result, case.expect))
    asked = case.expect.value[0].model_copy(update={"value": case.expect.value[0].value + 1e-7})
    assert not value_outcome(result, asked, "expect.value[0]").passed


@pytest.fixture
def stored(tmp_path):
    def run(name: str) -> Path:
        case = load(CASES / f"{name}.toml")
        path = tmp_path / f"{name}.h5"
        with ResultFile(path, case.problem, case.text, case.folder, case.overrides) as record:
            solve(case.problem, case.controls, record=record)
        return path

    return run


def rows_of(path: Path) -> tuple[list[str], np.ndarray]:
    with open(path, encoding="utf-8") as file:
        head, *rows = list(csv.reader(file))
    return head, np.array(rows, float)


def test_potentials_and_ends_are_exported(stored, tmp_path):
    path = stored("resting-neuron")
    export(path, tmp_path / "tables", False)
    result = open_result(path)
    head, rows = rows_of(tmp_path / "tables" / "ends.csv")
    assert head[:3] == ["time [s]", "voltage [V]", "current [A/m^2]"] and "c_K_right [mol/m^3]" in head
    np.testing.assert_array_equal(rows[:, 1:3].T, [result.field("voltage"), result.field("current")])
    assert (rows[:, head.index("c_K_right [mol/m^3]")] == 140.0).all()
    head, rows = rows_of(tmp_path / "tables" / "potential_003.csv")
    assert head == ["x [m]", "potential [V]"]
    np.testing.assert_array_equal(rows[1:-1, 1], result.field("potential")[3])
    head, _ = rows_of(tmp_path / "tables" / "flux_000.csv")
    assert head[1] == "flux_K [mol/(m^2 s)]"


def test_info_tells_the_voltage_and_the_current(stored, capsys):
    path = stored("charging-double-layer")
    info(path, True)
    facts = json.loads(capsys.readouterr().out)
    result = open_result(path)
    assert facts["voltage"] == result.field("voltage").tolist()
    assert facts["current"] == result.field("current").tolist()
    assert facts["smallest_concentration"] == result.concentration[-1].min()
    info(path, False)
    said = capsys.readouterr().out
    assert "0.256926 V" in said and "A/m^2" in said and "smallest value" in said


def test_sodium_flows_up_its_gradient():
    result = solved("uphill-sodium")
    row = result.components.index("Na")
    slope = np.gradient(result.concentration[-1, row], result.x)
    assert (slope < 0.0).all() and (result.flux[-1, row] < 0.0).all()


def test_the_membrane_stands_between_no_and_full_selectivity():
    """With 500 mol/m^3 of fixed charge between 10 and 100 mol/m^3: nearly Nernst's potential of sodium."""
    nernst = -RT / FARADAY * np.log(10.0)
    free = -RT / FARADAY * np.log(10.0) * (1.334 - 2.032) / (1.334 + 2.032)
    weak, strong = (solved("ion-exchange-membrane", f"parameters.X={X}", *start(X)) for X in (50.0, 500.0))
    weak, strong = (result.field("voltage")[0] for result in (weak, strong))
    assert nernst < strong < weak < free


def start(X: float) -> list[str]:
    """Layers of the case with another fixed charge, neutral."""
    anion = 0.5 * float(np.sqrt(X * X + 4.0 * 50.0**2) - X)
    ends = ["{from='-10 um',to='0 um',Na=10,Cl=10}", "{from='100 um',to='110 um',Na=100,Cl=100}"]
    middle = f"{{from='0 um',to='100 um',Na={X + anion!r},Cl={anion!r}}}"
    return [f"initial.layers=[{ends[0]},{middle},{ends[1]}]"]

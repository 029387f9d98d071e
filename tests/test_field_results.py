"""Runs in two and three dimensions: what they keep, what they hold to, and what they refuse."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from spinodal import regular, ternary

import simulator
from simulator.faults import Invalid, NumericsError
from simulator.problem.box import Box
from simulator.problem.field_problem import FieldProblem
from simulator.problem.initial import Expression
from simulator.problem.noise import Noise
from simulator.problem.temperature import Temperature
from simulator.solve import field_integration
from simulator.solve.controls import Controls
from simulator.solve.field_result import FieldResult, Gaps
from simulator.solve.field_run import solve_field
from simulator.solve.result import DIAGNOSTICS

CONTROLS = Controls(scheme="rkc", rtol=1e-4)
NAN = float("nan")


def quench(cells=(32, 24), h=0.4, law=None, mean=None, **changes) -> FieldProblem:
    law = law or regular(3.0)
    mean = mean or dict.fromkeys(law.mixture.independent, 0.45)
    given = {
        "mixture": law.mixture,
        "law": law,
        "box": Box([n * h for n in cells], cells),
        "initial": Noise(mean, 0.05, seed=1),
        "sides": "periodic",
        "end": 60.0,
        "save": (0.0, 5.0, 20.0, 40.0),
    }
    return FieldProblem(**given | changes)


@cache
def solved() -> FieldResult:
    return simulator.solve(quench(), CONTROLS)


def test_what_is_kept():
    result = solved()
    assert isinstance(result, FieldResult)
    np.testing.assert_array_equal(result.times, [0.0, 5.0, 20.0, 40.0, 60.0])
    assert result.composition.shape == (5, 2, 24, 32)
    np.testing.assert_allclose(result.composition.sum(axis=1), 1.0, rtol=0.0, atol=1e-15)
    np.testing.assert_array_equal(result.composition[0, 1], result.problem.start()[0])
    assert all(set(snapshot.diagnostics) == set(DIAGNOSTICS) for snapshot in result.snapshots)
    assert np.isnan(result.temperature).all()
    assert result.status == "complete"


def test_energy_falls_and_mass_stays():
    result = solved()
    assert (np.diff(result.free_energy) < 0.0).all()
    assert result.diagnostics("conservation_error").max() <= 1e-13
    np.testing.assert_allclose(result.means[:, 1], 0.45, rtol=0.0, atol=1e-13)
    smallest = result.composition.min(axis=(1, 2, 3))
    np.testing.assert_array_equal(result.diagnostics("smallest_value"), smallest)


@pytest.mark.parametrize("sides", ["periodic", ("closed", "periodic"), "closed"])
@pytest.mark.parametrize("kind", ["binary", "ternary"])
def test_free_energy_is_that_of_the_fields_that_are_kept(kind, sides):
    law = regular(3.0) if kind == "binary" else ternary((3.5, 3.5, 3.5))
    mean = None if kind == "binary" else {"A": 0.3, "B": 0.4}
    result = solve_field(quench((12, 16), law=law, mean=mean, sides=sides, end=4.0, save=()), CONTROLS)
    parts = result.energy_parts()
    np.testing.assert_allclose(parts.bulk + parts.gradient, result.free_energy, rtol=1e-12, atol=0.0)


def test_three_dimensions():
    result = solve_field(quench((12, 8, 10), end=1.0, save=()), CONTROLS)
    assert result.composition.shape == (1, 2, 10, 8, 12)
    parts = result.energy_parts()
    np.testing.assert_allclose(parts.bulk + parts.gradient, result.free_energy, rtol=1e-12, atol=0.0)


class Stop(Exception):
    """Stands for Ctrl-C."""


class Memory:
    """A record that copies what it is given, and stops the run after some saves."""

    def __init__(self, last=None):
        self.last, self.saves, self.status = last, [], None

    def begin(self, state_size, control_size, fields):
        self.sizes = (state_size, control_size)

    def saved(self, index, snapshot, checkpoint):
        kept = replace(snapshot, values=np.array(snapshot.composition))
        self.saves.append((kept, replace(checkpoint, u=checkpoint.u.copy(), h=checkpoint.h.copy())))
        if index == self.last:
            raise Stop
        return lambda: kept.values

    def finish(self, status, warnings):
        self.status = status


@pytest.mark.parametrize("last", [0, 2])
def test_a_run_goes_on_to_the_same_bits(last):
    record = Memory(last)
    with pytest.raises(Stop):
        simulator.solve(quench(), CONTROLS, record=record)
    assert record.status is None
    again = Memory()
    start = ([snapshot for snapshot, _ in record.saves], record.saves[-1][1])
    result = simulator.solve(quench(), CONTROLS, record=again, resume=start)
    assert again.status == "complete"
    assert len(again.saves) == 4 - last
    np.testing.assert_array_equal(result.composition, solved().composition)
    np.testing.assert_array_equal(result.free_energy, solved().free_energy)
    np.testing.assert_array_equal(result.diagnostics("steps"), solved().diagnostics("steps"))


def test_a_checkpoint_of_another_grid_is_refused():
    record = Memory(0)
    with pytest.raises(Stop):
        solve_field(quench(), CONTROLS, record=record)
    start = ([record.saves[0][0]], record.saves[0][1])
    with pytest.raises(Invalid, match="does not fit this case"):
        solve_field(quench((32, 32)), CONTROLS, resume=start)


def test_progress_goes_from_nothing_to_all():
    told = []
    simulator.solve(quench((12, 12), end=10.0, save=(2.0,)), CONTROLS, progress=told.append)
    assert told == sorted(told)
    assert 0.0 <= told[0] < 0.5  # 0 if the first step is taken again
    assert told[-1] == 1.0


class Scripted:
    """Stands for the integration: the fields and the free energies that a test wants, one for each saved time."""

    states: tuple = ()
    energies: tuple = ()

    def __init__(self, problem, controls):
        self.u, self.state, self.at = problem.start(), np.zeros(1), 0
        self.steps = self.rejected_steps = 0
        self.error = 0.0

    def advance(self, end, report):
        self.at += 1
        if self.states:
            self.u[...] = self.states[min(self.at, len(self.states)) - 1]

    def free_energy(self):
        return self.energies[min(self.at, len(self.energies) - 1)]


@pytest.fixture
def scripted(monkeypatch):
    def of(states=(), energies=(1.0,)):
        made = type("Made", (Scripted,), {"states": states, "energies": energies})
        monkeypatch.setattr(field_integration, "integration_of", made)

    return of


@pytest.mark.parametrize(("before", "after"), [(1.0, 1.0 + 1e-11), (-1.0, -1.0 + 1e-11), (0.0, 1.0), (1.0, NAN)])
def test_energy_that_rises_is_an_error(scripted, before, after):
    scripted(energies=(before, before, after))
    with pytest.raises(NumericsError, match=r"free energy (rose|is not a number)"):
        solve_field(quench((8, 8), save=(1.0,)), CONTROLS)


@pytest.mark.parametrize("size", [1.0, -1e5, 1e-8])
def test_energy_may_rise_by_rounding(scripted, size):
    scripted(energies=(size, size, size * (1.0 + 5e-13 * np.sign(size))))
    assert len(solve_field(quench((8, 8), save=(1.0,)), CONTROLS).snapshots) == 2


def test_energy_may_rise_while_the_temperature_falls_or_a_source_feeds(scripted):
    scripted(energies=(1.0, 2.0))
    history = Temperature(schedule=[(0.0, 900.0), (60.0, 700.0)])
    solve_field(quench((8, 8), temperature=history), CONTROLS)
    fed = solve_field(quench((8, 8), source={"B": "1e-9"}), CONTROLS)
    assert np.isnan(fed.diagnostics("conservation_error")).all()
    with pytest.raises(NumericsError, match="rose by 1 J/mol between t = 0 s and t = 60 s"):
        solve_field(quench((8, 8), save=(), temperature=Temperature(900.0)), CONTROLS)


def test_interfaces_narrower_than_a_cell_are_an_error(scripted):
    beyond = np.where(np.arange(64).reshape(8, 8) % 8 < 4, 0.01, 0.99)[None]
    scripted(states=(beyond,))
    with pytest.raises(NumericsError, match=r"0\.88 cells wide at t = 60 s"):
        solve_field(quench((8, 8), save=()), CONTROLS)


def test_interfaces_of_few_cells_are_a_warning(scripted):
    x = np.arange(32) - 15.5
    low, high = regular(3.0).free_energy.binodal(NAN)[0]
    rows = low + (high - low) * 0.5 * (1.0 + np.tanh(2.0 * x / 3.0))
    scripted(states=(np.broadcast_to(rows, (1, 24, 32)),))
    problem = quench(sides="closed", save=())
    assert problem.warnings() == ()
    (sentence,) = solve_field(problem, CONTROLS).warnings
    assert "3.1 cells wide, measured in the fields" in sentence


def test_the_phases_of_a_field_that_came_to_rest():
    """Two slabs: amounts by the lever rule, an interface as wide and as costly as the theory says."""
    law = regular(3.0)
    problem = quench(
        (64, 4),
        0.25,
        law=law,
        initial=Expression({"B": "0.5 + 0.4*tanh(x - 8)"}),
        sides="closed",
        end=40.0,
        save=(20.0,),
    )
    result = solve_field(problem, Controls(scheme="rkc", rtol=1e-5))
    parts = result.phase_fractions()
    assert parts.measured[-1] == pytest.approx(parts.lever[-1], abs=1.0 / 64)
    assert result.interface_width()[-1] == pytest.approx(law.interface_width(NAN), rel=0.02)
    # one interface across a box 16 long
    assert result.lengths().energy[-1] == pytest.approx(16.0, rel=0.02)


def test_nothing_is_said_of_phases_outside_the_gap_or_of_three_components():
    gaps = Gaps(regular(3.0))
    low, high, sigma, bulk = gaps.around(0.5, NAN)
    assert (low, high) == pytest.approx((0.07072018167994482, 0.92927981832005518), rel=1e-12)
    assert sigma == pytest.approx(0.2882718678180016, rel=1e-9)
    assert bulk == pytest.approx(float(regular(3.0).free_energy(np.array([[low]]), NAN)[0]), rel=1e-12)
    assert gaps.around(0.05, NAN) is None
    assert Gaps(ternary((3.5, 3.5, 3.5))).around(0.3, NAN) is None
    assert Gaps(regular(1.9)).around(0.5, NAN) is None
    early = solved().only(0)
    assert np.isnan(early.lengths().energy).all()
    assert np.isnan(early.interface_width()).all()
    assert len(early.times) == 1


def test_fields_by_time_and_by_component():
    result = solved()
    np.testing.assert_array_equal(result.field_at("19 s", "A"), result.composition[2, 0])
    np.testing.assert_array_equal(result.field_at(), result.composition[-1])
    assert result.spectrum(0.0).k.size == result.spectrum("1 min", "A").k.size
    np.testing.assert_allclose(result.spectrum().S, result.spectrum(None, "A").S, rtol=1e-9, atol=1e-20)
    with pytest.raises(Invalid, match="'C' is not one of the components"):
        result.field_at(0.0, "C")


@pytest.mark.parametrize("name", ["profile", "x", "grid"])
def test_what_only_one_dimension_has_is_a_sentence(name):
    with pytest.raises(Invalid, match="two or three dimensions"):
        found = getattr(solved(), name)
        found()

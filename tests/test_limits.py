"""The edges of what can be solved: every scale, few cells, D = 0, very long and short times; and what cannot be."""

import numpy as np
import pytest

from simulator.faults import Invalid, NumericsError
from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.problem.boundary import Boundary, Closed, Exchange, Fixed, Flux, Periodic
from simulator.problem.domain import Domain
from simulator.problem.initial import Expression, Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.axis import Axis
from simulator.solve.controls import Controls
from simulator.solve.exact import exact_named
from simulator.solve.levels import TimeLevel
from simulator.solve.schemes import scheme_named
from simulator.solve.solve import solve

BINARY = Mixture(("A", "B"), "A")
TERNARY = Mixture(("A", "B", "C"), "C")
MATRIX = [[1.0, 0.5], [0.1, 0.5]]
SCHEMES = ["implicit", "tr-bdf2", "explicit", "heun"]


def couple(D="1", cells=20, left=0.1, right=0.9, interval=(0.0, 1.0), grading="uniform", **changes) -> Problem:
    settings = {
        "domain": Domain(interval=interval, cells=cells, grading=grading),
        "initial": Step(0.5 * sum(interval), {"B": left}, {"B": right}),
        "end": 1.0,
    }
    return Problem(BINARY, Fick(BINARY, D=D), **{**settings, **changes})


def scaled(D: float, L: float, what: str) -> Problem:
    """The same problem in other units of time and length."""
    t = L * L / D
    if what == "ternary":
        ends = Boundary(Exchange(2.0 * D / L, {"A": 0.2, "B": 0.2}), Fixed({"A": 0.5, "B": 0.25}))
        law = Fick(TERNARY, D=[[D * value for value in row] for row in MATRIX])
        start = Step(0.0, {"A": 1 / 6, "B": 5 / 12}, {"A": 0.5, "B": 0.25})
        return Problem(TERNARY, law, Domain(interval=(-10.0 * L, 10.0 * L), cells=60), start, ends, end=t)
    interval = (-40.0 * L, 40.0 * L)
    if what == "steady":
        ends = Boundary(Fixed({"B": 0.1}), Exchange(D / L, {"B": 0.9}))
        return couple(f"{D!r}*exp(2*x_B)", interval=interval, boundary=ends, end="steady")
    return couple(f"{D!r}*exp(3*x_B)", 60, 0.0, 1.0, interval, "interface", end=t)


@pytest.mark.parametrize("D, L", [(1e-30, 1e-9), (1e-30, 1e3), (1e-14, 1e-6), (1e3, 1e-9), (1e3, 1e3)])
@pytest.mark.parametrize("what", ["binary", "ternary", "steady", "similarity"])
def test_units_do_not_matter(what, D, L):
    """D from 1e-30 to 1e3 m^2/s, lengths from 1e-9 to 1e3 m: the same profile in the same steps."""
    controls = Controls(scheme="similarity" if what == "similarity" else "implicit")
    one, other = solve(scaled(1.0, 1.0, what), controls), solve(scaled(D, L, what), controls)
    assert other.mole_fraction == pytest.approx(one.mole_fraction, abs=1e-13)
    assert other.flux * L / D == pytest.approx(one.flux, abs=1e-12)
    assert np.array_equal(other.diagnostics("steps"), one.diagnostics("steps"))


@pytest.mark.parametrize("scheme", ["implicit", "tr-bdf2", "backward-euler"])
@pytest.mark.parametrize("end", [1e8, 1e20])
def test_a_sample_may_be_left_for_ever(scheme, end):
    result = solve(couple(end=end), Controls(scheme=scheme, rtol=1e-4))
    assert result.mole_fraction[-1, 1] == pytest.approx(0.5, abs=1e-9)
    assert result.diagnostics("conservation_error")[-1] < 1e-12


def test_times_far_below_those_of_a_cell():
    result = solve(couple(end=1e-20, save=(1e-36, 1e-28)))
    assert result.mole_fraction[:, 1, :10] == pytest.approx(0.1, abs=1e-15)
    # one cell feels D t / h^2 of the step
    assert result.flux[-1, 1, 10] == pytest.approx(-0.8 * 20.0, rel=1e-9)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("D, left, moved", [
    ("0", 0.1, 0.0), ("where(x_B > 0.5, 1, 0)", 0.0, 0.4), ("where(x < 0.4, 0, 1)", 0.0, 0.4), ("x_B**2", 0.0, 0.4),
])  # fmt: skip
def test_where_nothing_moves_nothing_moves(scheme, D, left, moved):
    """D = 0 everywhere, below a composition, in a place, at a pure end: a closed end there stays as it is."""
    result = solve(couple(D, left=left), Controls(scheme=scheme, rtol=1e-4))
    change = np.abs(result.mole_fraction[-1, 1] - couple(D, left=left).start(result.grid)[0])
    assert change.max() == 0.0 if moved == 0.0 else change.max() > 0.1
    assert result.diagnostics("conservation_error")[-1] < 1e-12
    assert result.mole_fraction.min() > -1e-9


@pytest.mark.parametrize("cells", range(4, 11))
def test_few_cells(cells):
    """The implicit scheme, by blocks, and the explicit one, by faces alone, see the same cells."""
    runs = [solve(couple("exp(x_B)", cells), Controls(scheme=scheme, rtol=1e-9)) for scheme in ("implicit", "explicit")]
    assert runs[0].mole_fraction[-1] == pytest.approx(runs[1].mole_fraction[-1], abs=1e-6)
    assert np.isnan(runs[0].diagnostics("error_estimate")[-1]) == (cells < 8)


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("cells", [4, 5, 8, 9, 16])
def test_rings_of_any_size_whose_coefficient_depends_on_place(m, cells):
    """Folded blocks of 2 m, even and odd rings, against the explicit scheme, which folds nothing."""
    mixture = Mixture(("A", "B", "C", "D")[: m + 1])
    names = mixture.independent
    D = [["1 + 0.3*cos(2*pi*x) + x_A" if i == j else f"0.2*x_{names[i]}" for j in range(m)] for i in range(m)]
    start = Expression({name: f"0.2 + 0.1*sin(2*pi*(x + {k}/5))" for k, name in enumerate(names)})
    problem = Problem(
        mixture,
        Fick(mixture, D=D),
        Domain(interval=(0.0, 1.0), cells=cells, grading="uniform"),
        start,
        Boundary(Periodic(), Periodic()),
        end=0.02,
    )
    implicit, explicit = (solve(problem, Controls(scheme=scheme, rtol=1e-9)) for scheme in ("implicit", "explicit"))
    # a hundred explicit steps of 1e-9 each, of second order
    assert implicit.mole_fraction == pytest.approx(explicit.mole_fraction, abs=1e-6)
    assert implicit.diagnostics("conservation_error")[-1] < 1e-14
    assert np.array_equal(implicit.flux[:, :, 0], implicit.flux[:, :, -1])


@pytest.mark.parametrize("scheme", ["rodas5p", "rodas5", "rodas4p", "rodas4"])
def test_the_tightest_tolerance(scheme):
    """rtol = 1e-12: nothing is lost to rounding, and nearly no step is refused."""
    result = solve(couple("exp(x_B)", 40), Controls(scheme=scheme, rtol=1e-12))
    reference = solve(couple("exp(x_B)", 40), Controls(rtol=1e-13))
    assert result.mole_fraction[-1] == pytest.approx(reference.mole_fraction[-1], abs=1e-10)
    assert result.diagnostics("rejected_steps")[-1] <= 3


def test_ten_thousandfold_D_stays_within_its_bounds():
    """D = 10^(4x): steps that would lead below 0 are refused, not clipped: the inventory stays."""
    problem = couple("10**(4*x_B)", 200, 0.0, 1.0, (-800.0, 800.0), "interface")
    result = solve(problem)
    assert result.diagnostics("smallest_value")[-1] > -1e-9
    assert result.diagnostics("conservation_error")[-1] < 1e-12
    assert result.diagnostics("rejected_steps")[-1] > 0


def test_statistics_add_up():
    problem = couple("10**(4*x_B)", 100, 0.0, 1.0, (-800.0, 800.0), "interface")
    level = TimeLevel(problem, Axis(problem, problem.grid), scheme_named("implicit"), Controls(rtol=1e-4))
    level.advance(1.0, None)
    run = level.integration
    assert 0 < run.inadmissible_steps < run.rejected_steps < run.steps
    tries = run.steps + run.rejected_steps
    again = TimeLevel(
        problem, Axis(problem, problem.grid), scheme_named("implicit"), Controls(rtol=1e-4, max_steps=tries)
    )
    again.advance(1.0, None)
    assert again.integration.steps == run.steps
    short = TimeLevel(
        problem, Axis(problem, problem.grid), scheme_named("implicit"), Controls(rtol=1e-4, max_steps=tries - 1)
    )
    with pytest.raises(NumericsError, match=f"limit of {tries - 1} steps"):
        short.advance(1.0, None)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("changes, D, time", [
    ({"source": {"B": "0*log(x_B)"}}, "1", "0 s"),
    ({"source": {"B": "0*log(0.5 - t)"}}, "1", "0.5 s"),
    ({}, "1 + 0*log(x_B)", "0 s"),
    ({}, "1 + 0*log(0.5 - t)", "0.5 s"),
], ids=["source", "source later", "D", "D later"])  # fmt: skip
def test_what_is_not_a_number_is_a_sentence(scheme, changes, D, time, monkeypatch):
    """What the checks before a run see is told there; here they are kept quiet, for the engine to meet it."""
    monkeypatch.setattr(Problem, "check", lambda problem: None)
    with pytest.raises(NumericsError, match=rf"stopped being finite at t = {time}.*log\(0\)"):
        solve(couple(D, left=0.0, **changes), Controls(scheme=scheme))


@pytest.mark.parametrize(
    ("changes", "D", "sentence"),
    [
        ({"source": {"B": "0*log(x_B)"}}, "1", r"source\.B.*must be finite"),
        ({}, "1 + 0*log(x_B)", r"law\.D.*must be finite"),
        ({}, "x_B - 0.5", r"law\.D.*must not be negative"),
    ],
)
def test_a_problem_made_in_python_is_checked_before_it_runs(changes, D, sentence):
    with pytest.raises(Invalid, match=sentence):
        solve(couple(D, left=0.0, **changes))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_component_that_is_taken_where_there_is_none_is_a_sentence(scheme):
    """Cross coefficients that drive A uphill from 0, and a flux that empties the sample: refused, not clipped."""
    start = Step(0.0, {"A": 0.0, "B": 0.1}, {"A": 0.0, "B": 0.5})
    uphill = Problem(TERNARY, Fick(TERNARY, D=MATRIX), Domain(interval=(-5.0, 5.0), cells=40), start, end=1.0)
    emptied = couple(left=0.1, right=0.1, boundary=Boundary(Flux({"B": -0.5}), Closed()))
    for problem in (uphill, emptied):
        with pytest.raises(NumericsError, match=r"admissible compositions.*must vanish with it"):
            solve(problem, Controls(scheme=scheme, max_steps=20_000))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_flux_into_what_does_not_conduct_stays_in_the_first_cell(scheme):
    problem = couple("where(x_B > 0.05, 0, 1)", boundary=Boundary(Flux({"B": "0.02*t"}), Closed()))
    result = solve(problem, Controls(scheme=scheme, rtol=1e-8))
    # 0.02 t for 1 s into a twentieth
    assert result.mole_fraction[-1, 1, :2] == pytest.approx([0.1 + 0.01 * 20.0, 0.1], abs=1e-6)


class Keeper:
    def __init__(self):
        self.snapshots, self.checkpoints = [], []

    def begin(self, state_size, control_size, fields):
        pass

    def saved(self, index, snapshot, checkpoint):
        self.snapshots.append(snapshot)
        self.checkpoints.append(checkpoint)

    def finish(self, status, warnings):
        pass


@pytest.mark.parametrize("scheme", SCHEMES)
def test_resume_at_a_step_of_temperature(scheme):
    """Saved at 0, at a step of T, between two, at the end: every one of them is a place to go on from."""
    steps = [(0.0, 900.0), (0.25, 900.0), (0.25, 1500.0), (0.6, 700.0), (0.6, 1300.0), (1.0, 1100.0)]
    history = Temperature(schedule=steps)
    ends = Boundary(Exchange(1.0, {"B": "0.1*t"}), Closed())
    problem = couple("exp(2*x_B)*exp(-300/T)", boundary=ends, temperature=history, save=(0.0, 0.25, 0.5))
    controls, keeper = Controls(scheme=scheme, rtol=1e-5), Keeper()
    whole = solve(problem, controls, record=keeper)
    assert whole.time.tolist() == [0.0, 0.25, 0.5, 1.0]
    assert [snapshot.temperature for snapshot in whole.snapshots] == pytest.approx([900.0, 900.0, 6500.0 / 7.0, 1100.0])
    for k, checkpoint in enumerate(keeper.checkpoints):
        resumed = solve(problem, controls, resume=(keeper.snapshots[: k + 1], checkpoint))
        assert np.array_equal(resumed.mole_fraction, whole.mole_fraction)
        assert np.array_equal(resumed.flux, whole.flux)
        assert np.array_equal(resumed.diagnostics("steps"), whole.diagnostics("steps"))


@pytest.mark.parametrize("at", [0.0, 3.7])
def test_similarity_of_a_ternary_whose_matrix_changes(at):
    """Against collocation, with the interface in the middle and beside it."""
    law = Fick(TERNARY, D=[["1 + x_A", "0.3*x_A"], ["0.2*x_B", "0.6 + 0.5*x_B"]])
    start = Step(at, {"A": 0.1, "B": 0.6}, {"A": 0.5, "B": 0.2})
    problem = Problem(TERNARY, law, Domain(interval=(-25.0, 25.0), cells=400), start, end=1.0)
    exact = exact_named("similarity").averages(problem, 1.0, problem.grid.faces)
    for extrapolate, error in ((False, 1e-5), (True, 1e-8)):
        result = solve(problem, Controls(scheme="similarity", extrapolate=extrapolate))
        assert np.abs(result.mole_fraction[-1, :2] - exact).max() < error

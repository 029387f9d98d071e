"""solve(problem, controls): conservation, ends, rings, temperature, resume, extrapolation, steady states."""

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
from simulator.solve.controls import Controls
from simulator.solve.exact import exact_named
from simulator.solve.schemes import SCHEMES
from simulator.solve.solve import solve

BINARY = Mixture(("A", "B"), "A")
TERNARY = Mixture(("A", "B", "C"), "C")
MATRIX = [[1.0, 0.5], [0.1, 0.5]]
IN_TIME = [scheme for scheme in SCHEMES if scheme.family != "similarity"]


def couple(D="exp(3*x_B)", cells=100, **changes) -> Problem:
    """A step couple in scaled units, wide enough to be semi-infinite at t = 1."""
    settings = {
        "mixture": BINARY,
        "law": Fick(BINARY, D=D),
        "domain": Domain(interval=(-40.0, 40.0), cells=cells),
        "initial": Step(0.0, {"B": 0.0}, {"B": 1.0}),
        "end": 1.0,
        "save": (0.25, 0.5, 1.0),
    }
    return Problem(**{**settings, **changes})


def ternary(**changes) -> Problem:
    settings = {
        "mixture": TERNARY,
        "law": Fick(TERNARY, D=MATRIX),
        "domain": Domain(interval=(-10.0, 10.0), cells=80),
        "initial": Step(0.0, {"A": 1 / 6, "B": 5 / 12}, {"A": 0.5, "B": 0.25}),
        "end": 1.0,
    }
    return Problem(**{**settings, **changes})


def ring(cells=64, D="1 + x_B", **changes) -> Problem:
    return couple(
        D,
        domain=Domain(interval=(0.0, 1.0), cells=cells, grading="uniform"),
        initial=Expression({"B": "0.5 + 0.3*sin(2*pi*x) + 0.1*cos(4*pi*x)"}),
        boundary=Boundary(Periodic(), Periodic()),
        end=0.02,
        save=(),
        **changes,
    )


CLOSED_RUNS = {
    "binary": couple,
    "ternary": ternary,
    "ring": ring,
    "ring of odd cells": lambda: ring(63),
    "sphere": lambda: couple(
        "1 + x_B",
        domain=Domain(interval=(0.0, 1.0), cells=60, geometry="spherical", grading="uniform"),
        initial=Expression({"B": "0.5 + 0.4*cos(pi*x)"}),
        end=0.05,
        save=(),
    ),
    "cylinder": lambda: couple(
        "1 + x_B",
        domain=Domain(interval=(0.5, 1.5), cells=60, geometry="cylindrical", grading="uniform"),
        initial=Step(1.0, {"B": 0.1}, {"B": 0.8}),
        end=0.05,
        save=(),
    ),
}


@pytest.mark.parametrize("make", CLOSED_RUNS.values(), ids=CLOSED_RUNS)
@pytest.mark.parametrize("scheme", IN_TIME, ids=str)
def test_closed_runs_keep_every_inventory(scheme, make):
    problem = make()
    rtol = 1e-3 if scheme.order == 1 else 1e-5
    result = solve(problem, Controls(scheme=scheme.name, rtol=rtol))
    assert np.all(result.diagnostics("conservation_error") < 1e-12)
    start = problem.mixture.complete(problem.start(result.grid))
    inventory = (start * result.grid.volumes).sum(axis=1)
    kept = (result.mole_fraction * result.grid.volumes).sum(axis=2)
    assert kept == pytest.approx(np.tile(inventory, (len(kept), 1)), rel=1e-12, abs=0.0)
    assert result.mole_fraction.sum(axis=1) == pytest.approx(1.0, abs=1e-14)
    assert result.mole_fraction.min() > -1e-9


@pytest.mark.parametrize("scheme", IN_TIME, ids=str)
def test_every_scheme_finds_the_same_profile(scheme):
    reference = solve(couple(), Controls(rtol=1e-9)).mole_fraction[-1]
    rtol = 1e-4 if scheme.order == 1 else 1e-6
    profile = solve(couple(), Controls(scheme=scheme.name, rtol=rtol)).mole_fraction[-1]
    # the tolerance of a step times the number of steps a first-order scheme needs
    assert np.abs(profile - reference).max() < (2e-2 if scheme.order == 1 else 3e-4)


def test_mirrored_problem_gives_mirrored_profile():
    there = solve(couple()).mole_fraction[-1]
    back = solve(couple(initial=Step(0.0, {"B": 1.0}, {"B": 0.0}))).mole_fraction[-1]
    assert back[:, ::-1] == pytest.approx(there, abs=1e-9)


def test_relabelled_components_give_relabelled_profile():
    swapped = Mixture(("B", "A", "C"), "C")
    law = Fick(swapped, D=[[0.5, 0.1], [0.5, 1.0]])
    one = solve(ternary())
    other = solve(ternary(mixture=swapped, law=law))
    assert other.mole_fraction[:, [1, 0, 2]] == pytest.approx(one.mole_fraction, abs=1e-12)
    assert other.flux[:, [1, 0, 2]] == pytest.approx(one.flux, abs=1e-12)


@pytest.mark.parametrize("extrapolate", [False, True])
def test_error_estimate_tells_the_error(extrapolate):
    """Within a factor of two of the true error without extrapolation, above it with."""
    problem = couple(cells=200)
    result = solve(problem, Controls(rtol=1e-8, extrapolate=extrapolate))
    exact = exact_named("similarity").averages(problem, 1.0, result.grid.faces)
    error = np.abs(result.mole_fraction[-1, 1] - exact[0]).max()
    estimate = result.diagnostics("error_estimate")[-1]
    assert error < (estimate if extrapolate else 2.0 * estimate)
    if not extrapolate:
        assert estimate < 2.0 * error


def test_extrapolation_raises_the_order():
    errors = []
    for cells in (100, 200, 400):
        problem = couple("1", cells=cells, domain=Domain(interval=(-10.0, 10.0), cells=cells))
        result = solve(problem, Controls(rtol=1e-10, extrapolate=True))
        exact = exact_named("error-function").averages(problem, 1.0, result.grid.faces)
        errors.append(np.abs(result.mole_fraction[-1, 1] - exact[0]).max())
    # the errors of n and 2n cells cancel to fourth order; a step start leaves a little of the third
    assert np.all(np.log2(np.array(errors[:-1]) / errors[1:]) > 2.8)


@pytest.mark.parametrize("D", ["1", "exp(3*x_B)", "1 - 2*x_B*(1 - x_B)", "10**(3*x_B)"])
def test_similarity_scheme_equals_collocation(D):
    scale = 4.0 if D.startswith("10") else 1.0
    problem = couple(D, domain=Domain(interval=(-100.0 * scale, 100.0 * scale), cells=800))
    result = solve(problem, Controls(scheme="similarity", extrapolate=True))
    for time, snapshot in zip(problem.save, result.snapshots, strict=True):
        exact = exact_named("similarity").averages(problem, time, result.grid.faces)
        assert np.abs(snapshot.composition[1] - exact[0]).max() < (1e-4 if D.startswith("10") else 1e-6)


def test_similarity_flux_is_the_flux_of_the_implicit_scheme():
    steady = solve(couple(cells=400), Controls(scheme="similarity"))
    marched = solve(couple(cells=400), Controls(rtol=1e-7))
    largest = np.abs(marched.flux[-1]).max()
    assert np.abs(steady.flux[-1] - marched.flux[-1]).max() < 2e-3 * largest


@pytest.mark.parametrize(
    "changes",
    [
        {"boundary": Boundary(Fixed({"B": 0.0}), Closed())},
        {"initial": Expression({"B": "0.5 + 0.01*tanh(x)"})},
        {"temperature": Temperature(schedule=[(0.0, 900.0), (1.0, 1000.0)]), "law": Fick(BINARY, D="exp(-1000/T)")},
    ],
)
def test_similarity_refuses_what_is_not_a_couple(changes):
    with pytest.raises(Invalid, match="infinite line"):
        solve(couple(**changes), Controls(scheme="similarity"))


@pytest.mark.parametrize("scheme", ["implicit", "explicit", "heun"])
def test_ring_decays_as_its_waves(scheme):
    """Constant D: every wave of a ring decays as exp(-D k^2 t), with the grid's own k^2."""
    result = solve(ring(50, "1"), Controls(scheme=scheme, rtol=1e-8))
    x, h = result.x, 1.0 / 50
    u = result.mole_fraction[-1, 1] - 0.5
    for wave, shape in ((1, np.sin(2 * np.pi * x)), (2, np.cos(4 * np.pi * x))):
        square = 2.0 * (1.0 - np.cos(2.0 * np.pi * wave * h)) / h**2
        start = ring(50, "1").start(result.grid)[0] - 0.5
        decay = (u * shape).sum() / (start * shape).sum()
        # some hundred steps of 1e-8 each, on waves that have decayed twentyfold
        assert decay == pytest.approx(np.exp(-square * 0.02), rel=1e-5 if scheme == "implicit" else 5e-4)


def test_ring_does_not_know_where_it_was_cut():
    here = solve(ring(64)).mole_fraction[-1, 1]
    shifted = Problem(
        BINARY,
        Fick(BINARY, D="1 + x_B"),
        Domain(interval=(0.0, 1.0), cells=64, grading="uniform"),
        Expression({"B": "0.5 + 0.3*sin(2*pi*(x + 0.25)) + 0.1*cos(4*pi*(x + 0.25))"}),
        Boundary(Periodic(), Periodic()),
        end=0.02,
    )
    there = solve(shifted).mole_fraction[-1, 1]
    assert np.roll(there, 16) == pytest.approx(here, abs=1e-12)


def test_constant_flux_fills_the_sample():
    """J through the left end for t: the inventory grows by J t, exactly."""
    problem = couple(
        "1",
        domain=Domain(interval=(0.0, 1.0), cells=50, grading="uniform"),
        initial=Step(0.5, {"B": 0.1}, {"B": 0.1}),
        boundary=Boundary(Flux({"B": 0.2}), Closed()),
    )
    result = solve(problem, Controls(rtol=1e-8))
    gained = (result.mole_fraction[-1, 1] * result.grid.volumes).sum() - 0.1
    assert gained == pytest.approx(0.2, rel=1e-9)
    assert result.flux[-1, 1, 0] == pytest.approx(0.2, rel=1e-9)


@pytest.mark.parametrize("scheme", ["implicit", "explicit"])
def test_exchange_tends_to_its_surroundings(scheme):
    """Steady profile between an exchanging and a fixed end: linear, with k (u - u_out) through both."""
    problem = couple(
        "1",
        domain=Domain(interval=(0.0, 1.0), cells=40, grading="uniform"),
        initial=Step(0.5, {"B": 0.5}, {"B": 0.5}),
        boundary=Boundary(Exchange(2.0, {"B": 0.8}), Fixed({"B": 0.2})),
        end=8.0,
        save=(),
    )
    result = solve(problem, Controls(scheme=scheme, rtol=1e-7))
    flux = 0.6 / (1.0 + 1.0 / 2.0)  # resistances of the sample and of the surface in series
    assert result.flux[-1, 1] == pytest.approx(flux, rel=1e-5)


def test_steady_state_of_a_wall_of_exp_D():
    """-D u' = J between fixed ends: int D du = -J x, so exp(2 u) is linear in x."""
    problem = couple(
        "exp(2*x_B)",
        domain=Domain(interval=(0.0, 1.0), cells=80, grading="uniform"),
        initial=Step(0.5, {"B": 0.1}, {"B": 0.9}),
        boundary=Boundary(Fixed({"B": 0.1}), Fixed({"B": 0.9})),
        end="steady",
        save=(),
    )
    result = solve(problem)
    J = -(np.exp(1.8) - np.exp(0.2)) / 2.0
    assert result.flux[-1, 1] == pytest.approx(J, rel=1e-9)
    x = result.x
    exact = np.log(np.exp(0.2) + (np.exp(1.8) - np.exp(0.2)) * x) / 2.0
    assert np.abs(result.mole_fraction[-1, 1] - exact).max() < 1e-4


def test_arrhenius_follows_the_schedule():
    """A couple with constant D depends on int D dt alone, over ramps and a step in temperature."""
    D = "exp(-2000/T)"
    history = Temperature(schedule=[(0.0, 500.0), (0.4, 1500.0), (0.4, 800.0), (1.0, 1200.0)])
    problem = couple(D, temperature=history, domain=Domain(interval=(-8.0, 8.0), cells=400))
    result = solve(problem, Controls(rtol=1e-9, extrapolate=True))
    exact = exact_named("error-function").averages(problem, 1.0, result.grid.faces)
    assert np.abs(result.mole_fraction[-1, 1] - exact[0]).max() < 1e-6
    assert result.snapshots[-1].temperature == 1200.0


def test_wall_that_changes_in_time():
    """u = c t + c (x^2 - 1)/2 ... a slab whose closed side sees a wall that rises linearly; after a while the lag is
    c L^2/2.
    """
    problem = couple(
        "1",
        domain=Domain(interval=(0.0, 1.0), cells=100, grading="uniform"),
        initial=Step(0.5, {"B": 0.0}, {"B": 0.0}),
        boundary=Boundary(Closed(), Fixed({"B": "0.05*t"})),
        end=6.0,
        save=(),
    )
    result = solve(problem, Controls(rtol=1e-8))
    x = result.x
    assert result.mole_fraction[-1, 1] == pytest.approx(0.3 + 0.05 * (x**2 - 1.0) / 2.0, abs=1e-5)


def test_source_makes_a_chosen_solution():
    """u = 0.5 + 0.3 cos(pi x) exp(-t) with D = 1 needs S = 0.3 (pi^2 - 1) cos(pi x) exp(-t)."""
    problem = couple(
        "1",
        domain=Domain(interval=(0.0, 1.0), cells=200, grading="uniform"),
        initial=Expression({"B": "0.5 + 0.3*cos(pi*x)"}),
        source={"B": "0.3*(pi**2 - 1)*cos(pi*x)*exp(-t)"},
        save=(),
    )
    result = solve(problem, Controls(rtol=1e-8))
    exact = 0.5 + 0.3 * np.cos(np.pi * result.x) * np.exp(-1.0)
    assert np.abs(result.mole_fraction[-1, 1] - exact).max() < 3e-5
    assert np.isnan(result.diagnostics("conservation_error")[-1])


class Keeper:
    """A record that keeps everything in memory."""

    def __init__(self):
        self.snapshots, self.checkpoints = [], []

    def begin(self, state_size, control_size, fields):
        self.sizes = (state_size, control_size)

    def saved(self, index, snapshot, checkpoint):
        assert (checkpoint.u.size, checkpoint.h.size) == self.sizes
        self.snapshots.append(snapshot)
        self.checkpoints.append(checkpoint)

    def finish(self, status, warnings):
        self.status = status


@pytest.mark.parametrize("extrapolate", [False, True])
@pytest.mark.parametrize("scheme", [scheme.name for scheme in SCHEMES])
def test_a_resumed_run_makes_the_same_numbers(scheme, extrapolate):
    rtol = 1e-3 if scheme in ("euler", "backward-euler") else 1e-5
    controls = Controls(scheme=scheme, extrapolate=extrapolate, rtol=rtol)
    history = (
        None
        if scheme == "similarity"
        else Temperature(schedule=[(0.0, 900.0), (0.5, 1000.0), (0.5, 950.0), (1.0, 990.0)])
    )
    law = Fick(BINARY, D="exp(2*x_B)" if history is None else "exp(2*x_B)*exp(-300/T)")
    problem = couple(law=law, cells=40, domain=Domain(interval=(-20.0, 20.0), cells=40), temperature=history)
    keeper = Keeper()
    whole = solve(problem, controls, record=keeper)
    assert keeper.status == "complete"
    for index in range(2):
        resumed = solve(problem, controls, resume=(keeper.snapshots[: index + 1], keeper.checkpoints[index]))
        assert np.array_equal(resumed.mole_fraction, whole.mole_fraction)
        assert np.array_equal(resumed.flux, whole.flux)


def test_progress_rises_to_one():
    told = []
    solve(couple(cells=400), Controls(scheme="heun", rtol=1e-3), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)


def test_steps_are_limited():
    with pytest.raises(NumericsError, match="max_steps"):
        solve(couple(), Controls(max_steps=5))


def test_an_unstable_fixed_step_is_a_sentence():
    with pytest.raises(NumericsError, match=r"solver\.step"):
        solve(couple("1", cells=400), Controls(scheme="euler", step=0.01))


def test_unknown_scheme_is_named():
    with pytest.raises(Invalid, match="Did you mean rodas5p"):
        solve(couple(), Controls(scheme="rodas5pp"))

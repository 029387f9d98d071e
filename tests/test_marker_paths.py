"""Paths of markers: how long that from a step holds, the steps in time after it, and the clock of the coefficients."""

import numpy as np
import pytest
from test_markers import TERNARY, TRACERS, VOLUMES, T, couple, law

from simulator.laws.darken import Darken
from simulator.problem.domain import Domain
from simulator.problem.initial import Expression, Layers, Step
from simulator.problem.temperature import Temperature
from simulator.solve.axis import axes_of
from simulator.solve.controls import Controls
from simulator.solve.markers import Markers, marker_plane, state_between
from simulator.solve.solve import solve


def test_markers_keep_the_clock_of_the_coefficients():
    """All tracers times a(T) = (1 + t)^2 on a ramp: after int a dt = 7/3 as after so much time at a = 1."""
    ramp = Temperature(schedule=[(0.0, T), (1.0, 2.0 * T)])
    start = Expression({"B": "0.5 + 0.4*tanh(x)"})
    setting = {"cells": 100, "half": 12.0, "initial": start, "markers": (0.2, -1.0)}
    heated = {name: f"({D})*(T/1000)**2" for name, D in TRACERS.items()}
    problems = couple(law(tracers=heated), temperature=ramp, **setting), couple(law(), end=7.0 / 3.0, **setting)
    one, other = (solve(problem, Controls(rtol=1e-8)).field("marker_position")[-1] for problem in problems)
    assert one == pytest.approx(other, rel=0, abs=1e-6)
    assert abs(one[0] - 0.2) > 0.1


def test_a_state_between_two_is_the_cubic_through_both():
    u = np.polynomial.Polynomial([2.0, -1.0, 0.3, -0.7])
    rate = u.deriv()
    for t in (0.4, 0.6, 0.9, 1.3, 1.5):
        assert state_between(t, 0.4, u(0.4), rate(0.4), 1.5, u(1.5), rate(1.5)) == pytest.approx(u(t), rel=1e-12)


@pytest.mark.parametrize(("volume", "right"), [("constant", 1.0), ("vegard", 0.7)])
def test_a_profile_is_similar_until_something_else_is_near(volume, right):
    """(d/8)^2/D of the distance d to the next step or end on the axis q, D times (V_0/V_m)^2 at its largest there."""

    def layers(near, far):
        places, N = (-9.0, near, 0.0, far, 9.0), (0.3, 0.0, 1.0, 0.5)
        return {"initial": Layers([(*pair, {"B": x}) for *pair, x in zip(places[:-1], places[1:], N, strict=True)])}

    cases = [((-9.0, 9.0), layers(-1.5, 3.0), 1.5), ((-9.0, 9.0), layers(-4.5, 1.05), 1.05 / right)]
    cases += [((-1.5, 9.0), {}, 1.5), ((-9.0, 1.05), {}, 1.05 / right)]
    for (left, end), initial, d in cases:
        cells = round((end - left) / 0.15)
        problem = couple(law(volume), domain=Domain(interval=(left, end), cells=cells), **initial)
        (axis,) = axes_of(problem, [problem.grid])
        until = Markers(problem, axis, np.ones(cells + 1)).until
        assert until == pytest.approx([(d * right / 8.0) ** 2 / problem.largest_diffusivity], rel=1e-9, abs=0.0)


def test_the_path_from_a_step_is_left_when_the_ends_are_felt():
    """A sample of a few diffusion lengths becomes uniform, and its markers rest; c sqrt t goes on for ever."""
    problem = couple(law("non-ideal"), half=2.0, cells=60, end=40.0, save=(20.0,))
    x = solve(problem, Controls(rtol=1e-7)).field("marker_position")[:, 0]
    assert abs(x[1] - x[0]) < 1e-4
    assert 0.1 < abs(x[1]) < 2.0


def test_of_the_planes_that_attract_the_nearest_is_taken():
    assert marker_plane(np.array([-0.3, 0.1, 2.0])) == -0.3
    assert marker_plane(np.array([-2.0, -0.1, 0.3])) == 0.3


@pytest.mark.parametrize("volume", VOLUMES)
def test_a_mirrored_couple_has_the_mirrored_lattice(volume):
    """J(-q) = -J(q); the left end rests in both, so that v(-q) = v_R - v(q), v_R the velocity of the right end."""
    one, other = (
        solve(couple(law(volume), *ends, cells=100, markers=()), Controls(rtol=1e-9)).snapshots[-1].fields
        for ends in ((0.0, 1.0), (1.0, 0.0))
    )
    J, v = one["lattice_flux"], one["lattice_velocity"]
    assert other["lattice_flux"][:, ::-1] == pytest.approx(-J, rel=0, abs=1e-6 * np.abs(J).max())
    assert other["lattice_velocity"][::-1] == pytest.approx(v[-1] - v, rel=0, abs=1e-6 * np.abs(v).max())


def test_the_lattice_fluxes_of_three_components_are_those_of_the_number_frame_but_for_its_motion():
    own = Darken(TERNARY, tracer={"A": 1.0, "B": 3.0, "C": 0.4})
    start = Step(0.0, {"A": 0.6, "B": 0.1}, {"A": 0.1, "B": 0.5})
    problem = couple(own, mixture=TERNARY, initial=start, markers=())
    last = solve(problem, Controls(rtol=1e-8)).snapshots[-1]
    J, x = last.fields["lattice_flux"][:, 1:-1], last.composition
    balanced = J - 0.5 * (x[:, :-1] + x[:, 1:]) * J.sum(axis=0)
    assert np.abs(balanced - last.flux[:, 1:-1]).max() < 2e-3 * np.abs(last.flux).max()  # of second order
    assert np.abs(J.sum(axis=0)).max() > 0.1 * np.abs(J).max()

"""Intrinsic diffusivities in the whole zone from many markers: exact and simulated ones, noise, and refusals."""

from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pytest
from kirkendall_couples import COUPLES, FCC, SIZE, T, exact_couple, near, simulated

from inverse import compare
from inverse.marker_paths import marker_paths
from inverse.methods.marker_curve import METHOD as CURVE
from simulator.faults import Invalid
from simulator.laws.darken import Darken
from simulator.laws.mixture import Mixture
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.profile import Layer, profile_of
from simulator.solve.solve import solve


@pytest.mark.parametrize("args", [*map(tuple, COUPLES.values())], ids=list(COUPLES))
def test_many_exact_markers_give_the_whole_zone(args):
    """40 on each side are enough for 1e-6: what is left is mostly the spline through the profile."""
    couple = exact_couple(*args)
    estimate = CURVE(
        couple.measured(2401, half=13.0, markers=couple.markers(40, 11.0), start={"shape": "step", "at": 0.0})
    )
    assert estimate.value.shape == (2, estimate.composition.size) and estimate.rows == ("A", "B")
    assert np.all(np.diff(estimate.composition) > 0.0)
    low, high = sorted(args[3:])
    margin = 0.02 * (high - low)
    assert estimate.window == pytest.approx((low + margin, high - margin), abs=1e-6)
    assert estimate.value == near(couple.truth.intrinsic(estimate.composition), 1e-6)
    (plane,) = estimate.diagnostics["kirkendall_planes"]
    assert plane["position"] == pytest.approx(couple.marker, abs=1e-6) and plane["stable"]
    assert estimate.diagnostics["kirkendall"] == "stable"


def test_more_markers_bring_the_curve_nearer():
    """An order of 7 or so, from 6 markers on each side to the 1e-7 of the profile's own spline."""
    couple = exact_couple("vegard", -1.0, FCC, 0.0, 1.0)
    errors = []
    for count in (5, 10, 20, 40):
        estimate = CURVE(couple.measured(half=13.0, markers=couple.markers(count, 11.0)))
        errors.append(np.abs(estimate.value / couple.truth.intrinsic(estimate.composition) - 1.0).max())
    assert all(b < a / 10.0 for a, b in pairwise(errors)) and errors[-1] < 3e-7


def test_the_contact_plane_need_not_be_said_nor_have_a_marker():
    couple = exact_couple("strong")
    markers = couple.markers(40, 11.0)
    said = CURVE(couple.measured(half=13.0, markers=markers, start={"shape": "step", "at": 0.0}))
    found = CURVE(couple.measured(half=13.0, markers=markers))
    bare = CURVE(couple.measured(half=13.0, markers=markers[1:]))
    assert found.value == near(said.value, 1e-5)
    assert bare.value == near(said.value, 2e-3)


def test_a_couple_in_metres_and_seconds_is_the_same():
    """Lengths 1e-5 and times 1e4 as large: D 1e-14 as large, to rounding; noisy markers as well."""
    couple = exact_couple("strong")
    markers = couple.markers(30, 11.0)
    for noise in (0.0, 2e-3):
        moved = markers + noise * np.random.default_rng(3).standard_normal(markers.shape) * np.array([0.0, 1.0])
        plain = couple.measured(half=13.0, markers=moved)
        scaled = replace(plain, x=1e-5 * plain.x, markers=1e-5 * moved, marker=1e-5 * plain.marker, time=1e4)
        a, b = CURVE(plain), CURVE(scaled)
        assert b.composition == near(a.composition, 1e-12)
        # generalised cross-validation finds its minimum to about 1e-5
        assert b.value == near(1e-14 * a.value, 1e-9 if noise == 0.0 else 1e-3)
        assert (a.sd is None) == (b.sd is None) == (noise == 0.0)


def test_few_noisy_markers_on_one_side_are_interpolated():
    couple = exact_couple()
    markers = couple.markers(30, 11.0)
    markers[:, 1] += 2e-3 * np.random.default_rng(4).standard_normal(len(markers))
    starts = markers[:, 0]
    few = np.concatenate([markers[starts >= 0.0], markers[starts < 0.0][::8]])
    assert np.sum(few[:, 0] < 0.0) == 4
    estimate = CURVE(couple.measured(half=13.0, markers=few))
    assert estimate.sd is not None and np.isfinite(estimate.sd).all()


def test_the_lattice_velocity_is_that_of_the_markers():
    couple = exact_couple("strong")
    paths = marker_paths(couple.markers(80, 11.0), 0.0, 1.0, 10.0)
    q = np.linspace(-6.0, 6.0, 61)
    x, V = couple.x(q), couple.truth.V(couple.N(q)) / SIZE
    # dx/dt at rest in q, (x - q V)/2t in a similar couple, and the lattice's own
    exact = 0.5 * (x - q * V) + V * couple.speed(q)
    assert paths.velocity(x) == pytest.approx(exact, abs=2e-6)


@pytest.mark.parametrize("component", ["A", "B"])
def test_the_lattice_velocity_as_what_is_asked_for(component):
    couple = exact_couple("strong")
    profile = couple.measured(half=13.0, markers=couple.markers(40, 11.0))
    estimate = CURVE(profile, component=component, quantity="lattice_velocity")
    assert (estimate.recovers, estimate.unit, estimate.rows) == ("lattice_velocity", "m/s", ())
    assert np.all(np.diff(estimate.composition) > 0.0) and estimate.sd is None
    q = np.linspace(-8.0, 8.0, 4001)
    x, V = couple.x(q), couple.truth.V(couple.N(q)) / SIZE
    exact = 0.5 * (x - q * V) + V * couple.speed(q)
    N = couple.N(q) if component == "B" else 1.0 - couple.N(q)[::-1]
    exact = exact if component == "B" else exact[::-1]
    at = np.interp(estimate.composition, N, exact)
    # 2e-6: the straight lines between the 4001 places of the comparison
    assert estimate.value == pytest.approx(at, abs=2e-6)
    assert np.abs(at).max() > 0.1
    with pytest.raises(Invalid, match=r"not 'latice_velocity'"):
        CURVE(profile, quantity="latice_velocity")


def test_the_velocity_of_noisy_markers_has_a_deviation():
    couple = exact_couple("vegard", -1.0)
    inside = []
    for seed in range(4):
        markers, rng = couple.markers(40, 11.0), np.random.default_rng(seed)
        markers[:, 1] += 2e-3 * rng.standard_normal(len(markers))
        estimate = CURVE(couple.measured(half=13.0, markers=markers), quantity="lattice_velocity")
        q = np.linspace(-8.0, 8.0, 2001)
        x, V = couple.x(q), couple.truth.V(couple.N(q)) / SIZE
        exact = np.interp(estimate.composition, couple.N(q), 0.5 * (x - q * V) + V * couple.speed(q))
        part = (estimate.composition > 0.1) & (estimate.composition < 0.9)
        inside.append((np.abs(estimate.value - exact) < 2.0 * estimate.sd)[part])
    assert np.mean(inside) > 0.7


def test_the_velocity_of_a_simulated_couple_is_that_of_the_run():
    result = marched_result("0.2 + 4*x_{}")
    verdict = compare(CURVE(profile_of(result), quantity="lattice_velocity"), result)
    # of the largest velocity; both the run's and the markers' are second-order
    assert verdict.recovers == "lattice_velocity" and verdict.max_error < 3e-3


def test_noisy_markers_have_a_deviation():
    couple = exact_couple("vegard", -1.0)
    markers = couple.markers(40, 11.0)
    noise = 2e-3 * np.random.default_rng(5).standard_normal(len(markers))
    markers[:, 1] += noise
    estimate = CURVE(couple.measured(half=13.0, markers=markers))
    truth = couple.truth.intrinsic(estimate.composition)
    inside = (estimate.composition > 0.1) & (estimate.composition < 0.9)
    error, sd = np.abs(estimate.value - truth)[:, inside], estimate.sd[:, inside]
    assert np.mean(error < 2.0 * sd) > 0.7 and np.median(error / truth[:, inside]) < 0.03


def test_markers_that_are_no_curve_are_refused():
    couple = exact_couple()
    profile, markers = couple.measured(), couple.markers(10, 9.0)
    assert "at least 8 inert markers" in CURVE.applies(profile)
    lopsided = replace(profile, markers=markers[-12:], start={"shape": "step", "at": 0.0})
    assert "4 on each side of the contact plane; this profile has 12" in CURVE.applies(lopsided)
    assert "Use integrated" in CURVE.applies(replace(profile, layers=(Layer("beta", 0.5, 1.0),)))
    crossed = markers.copy()
    crossed[[3, 4], 1] = crossed[[4, 3], 1]
    with pytest.raises(Invalid, match="inert markers keep their order"):
        CURVE(replace(profile, markers=crossed))
    with pytest.raises(Invalid, match="4 markers on each side of the contact plane"):
        CURVE(replace(profile, markers=markers[markers[:, 0] >= -2.0]))


def test_markers_that_do_not_reach_the_ends_leave_compositions_out():
    couple = exact_couple()
    estimate = CURVE(couple.measured(markers=couple.markers(40, 3.0)))
    assert any("beyond the outermost are left out" in word for word in estimate.warnings)
    assert estimate.window[0] > 0.05
    assert estimate.value == near(couple.truth.intrinsic(estimate.composition), 1e-3)


def test_a_contact_plane_that_cannot_be_is_doubted():
    couple = exact_couple()
    profile = couple.measured(markers=couple.markers(20, 11.0), start={"shape": "step", "at": 0.3})
    assert any("is said to lie" in word for word in CURVE(profile).warnings)


@pytest.mark.parametrize("name", ["constant", "vegard, wind", "non-ideal, wind, alloys", "strong"])
def test_simulated_couples(name):
    """400 cells, about 120 in the zone: 3e-3 is asked, and 1e-3 is what it does."""
    args = COUPLES[name]
    curve = CURVE(simulated(*args))
    assert curve.value == near(exact_couple(*args).truth.intrinsic(curve.composition), 1.5e-3)


def marched(tracer, count=40):
    """The profile of an ideal couple with such tracers, from the engine."""
    return profile_of(marched_result(tracer, count))


@lru_cache
def marched_result(tracer, count=40):
    mixture = Mixture(("A", "B"), "A")
    problem = Problem(
        mixture=mixture,
        law=Darken(mixture, tracer={name: tracer.format(name) for name in ("A", "B")}),
        domain=Domain(interval=(-20.0, 20.0), cells=400),
        initial=Step(0.0, {"B": 0.0}, {"B": 1.0}),
        temperature=Temperature(T),
        end=1.0,
        markers=tuple(np.linspace(-7.0, 7.0, 2 * count + 1)),
    )
    return solve(problem)


def test_an_unstable_plane():
    estimate = CURVE(marched("0.2 + 4*x_{}"))
    N = estimate.composition
    (plane,) = estimate.diagnostics["kirkendall_planes"]
    assert estimate.diagnostics["kirkendall"] == "unstable" and not plane["stable"]
    assert plane["position"] == pytest.approx(0.0, abs=1e-6)
    assert estimate.value == near(np.stack([0.2 + 4.0 * (1.0 - N), 0.2 + 4.0 * N]), 3e-3)


def test_markers_that_part_leave_the_middle_unknown():
    """A bifurcated couple: its markers gather at x = +-1.045 and tell nothing of the compositions between."""
    estimate = CURVE(marched("0.1 + 4*x_{}**4"))
    N = estimate.composition
    assert estimate.diagnostics["kirkendall"] == "bifurcated"
    assert any("have parted" in word for word in estimate.warnings)
    assert not np.any((N > 0.2) & (N < 0.8)) and N.size > 20
    assert estimate.value == near(np.stack([0.1 + 4.0 * (1.0 - N) ** 4, 0.1 + 4.0 * N**4]), 3e-3)

"""Markers, the lattice that carries them, and Kirkendall planes."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from simulator.faults import Invalid
from simulator.laws.darken import Darken
from simulator.laws.expression import CONSTANTS
from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.thermodynamics import Thermodynamics
from simulator.problem.domain import Domain
from simulator.problem.initial import Expression, Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls
from simulator.solve.exact.collocation import similarity_profile
from simulator.solve.kirkendall import kinds, kirkendall_planes, planes
from simulator.solve.solve import solve

BINARY = Mixture(("A", "B"), "A")
TERNARY = Mixture(("A", "B", "C"), "C")
T = 1000.0
EXACT = json.loads((Path(__file__).parent / "reference" / "kirkendall.json").read_text())
TRACERS = {"A": "exp(0.5*x_B)", "B": "4*exp(-0.3*x_B)"}
VOLUMES = {"constant": "1", "vegard": "1 - 0.3*x_B", "non-ideal": "1 - 0.3*x_B - 0.2*x_B*x_A"}


def law(volume="constant", omega=0.0, tracers=TRACERS, size=1.0, **keys) -> Darken:
    """Darken's law in scaled units; omega is Omega/RT; size: the volume of a mole of A."""
    solution = (
        Thermodynamics(BINARY, "regular", {"A-B": omega * CONSTANTS["R"] * T}) if omega else Thermodynamics(BINARY)
    )
    V = MolarVolume(BINARY, "expression", {"V_m": f"{size!r}*({VOLUMES[volume]})"})
    return Darken(BINARY, tracer=tracers, thermodynamics=solution, molar_volume=V, **keys)


def couple(law, left=0.0, right=1.0, cells=400, markers=(0.0,), half=30.0, **changes) -> Problem:
    settings = {
        "mixture": BINARY,
        "law": law,
        "domain": Domain(interval=(-half, half), cells=cells),
        "initial": Step(0.0, {"B": left}, {"B": right}),
        "temperature": Temperature(T),
        "end": 1.0,
        "markers": markers,
    }
    return Problem(**settings | changes)


def exact_case(entry, cells=400) -> Problem:
    keys = {"vacancy_wind": "manning", "structure": "fcc"} if entry["vacancy_wind"] == "manning" else {}
    return couple(law(entry["volume"], entry["omega"], **keys), entry["left"], entry["right"], cells)


def place(problem, **controls) -> float:
    return float(solve(problem, Controls(**controls)).snapshots[-1].fields["marker_position"][0])


@pytest.mark.parametrize("entry", EXACT, ids=lambda entry: entry["name"])
@pytest.mark.parametrize("scheme", ["implicit", "similarity"])
def test_the_kirkendall_plane_lies_where_it_must(entry, scheme):
    result = solve(exact_case(entry), Controls(scheme=scheme))
    x = result.snapshots[-1].fields["marker_position"][0]
    # M_0 of the references is rounded to 7.15: 3e-5 of x_K; the rest is the grid's.
    assert x == pytest.approx(entry["x_K"], rel=1e-3 if entry["vacancy_wind"] == "none" else 1.1e-3)
    assert np.interp(x, result.position[-1], result.mole_fraction[-1][1]) == pytest.approx(entry["N_K"], abs=1e-3)


@pytest.mark.parametrize("entry", [e for e in EXACT if e["vacancy_wind"] == "none"], ids=lambda entry: entry["name"])
def test_second_order_and_extrapolated(entry):
    errors = [place(exact_case(entry, cells), scheme="similarity") - entry["x_K"] for cells in (200, 400, 800)]
    assert np.all(np.log2(np.abs(errors[:-1]) / np.abs(errors[1:])) > 1.9)
    assert place(exact_case(entry), scheme="similarity", extrapolate=True) == pytest.approx(entry["x_K"], rel=1e-7)


@pytest.mark.parametrize("volume", VOLUMES)
def test_a_marker_from_the_step_moves_with_the_square_root_of_time(volume):
    problem = couple(law(volume, -1.0), save=tuple(np.logspace(-2, 0, 9)[:-1]))
    result = solve(problem, Controls(extrapolate=True))
    exponent = np.polyfit(np.log(result.time), np.log(result.field("marker_position")[:, 0]), 1)[0]
    assert exponent == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("volume", VOLUMES)
def test_many_markers_against_their_paths_in_the_exact_profile(volume):
    """dl/d ln t = s(u) du/dl - l/2 in the collocation profile, from where each lies outside it."""
    starts = (-4.0, -1.5, -0.3, 0.4, 2.0, 4.5)
    own = law(volume)
    result = solve(couple(own, markers=starts), Controls(extrapolate=True, rtol=1e-8))
    V0, ends = own.molar_volume.reference, np.array([[0.0, 1.0]])
    V = own.molar_volume

    def D(u):
        return own.coefficient("interdiffusivity", u, T) * (V0 / V(u)) ** 2

    profile = similarity_profile(D, np.array([0.0]), np.array([1.0]))

    def speed(at):
        u = profile.values(np.atleast_1d(at))
        x = u[0]
        slope = (profile.values(np.atleast_1d(at + 1e-5)) - profile.values(np.atleast_1d(at - 1e-5)))[0] / 2e-5
        A, B = np.exp(0.5 * x), 4.0 * np.exp(-0.3 * x)
        return (B - A) * slope * (V0 / V(u)) ** 2

    found = result.snapshots[-1].fields["marker_position"]
    for start, x in zip(starts, found, strict=True):
        q0 = start * V0 / float(V(ends)[0 if start < 0.0 else 1])
        begin = np.sign(q0) * 11.0
        span = (0.0, -2.0 * np.log(q0 / begin))
        path = solve_ivp(lambda _, at: speed(at) - 0.5 * at, span, [begin], rtol=1e-9, atol=1e-10)
        nodes = np.linspace(-30.0 * V0 / float(V(ends)[0]), path.y[0, -1], 20001)
        exact = -30.0 + np.trapezoid(V(profile.values(nodes)), nodes) / V0
        assert x == pytest.approx(exact, abs=2e-5)


def test_marching_from_a_step_meets_the_similar_path():
    """A temperature that changes, where no coefficient depends on it, lets no similarity be used past the first grid
    cells: the markers are then carried by the time steps, to first order in the cells.
    """
    schedule = Temperature(schedule=[(0.0, T), (1.0, 1.1 * T)])
    errors = []
    for cells in (200, 400, 800):
        own = Darken(BINARY, tracer=TRACERS)
        marched = place(couple(own, cells=cells, temperature=schedule))
        errors.append(abs(marched - 0.768882912609))
    assert errors[-1] < 5e-4
    assert errors[2] < 0.6 * errors[1] < 0.36 * errors[0] + 1e-4


def test_marching_a_smooth_start_is_of_second_order():
    """No step at all: the places change fourfold less with every halving of the cells."""
    places = []
    for cells in (50, 100, 200, 400):
        start = Expression({"B": "0.5 + 0.4*tanh(x)"})
        problem = couple(law("non-ideal", -1.0), cells=cells, half=12.0, initial=start, markers=(0.2, -1.0))
        places.append(solve(problem, Controls(rtol=1e-9)).snapshots[-1].fields["marker_position"])
    steps = np.linalg.norm(np.diff(places, axis=0), axis=1)
    assert np.all(np.log2(steps[:-1] / steps[1:]) > 1.8)


def test_far_markers_rest_or_ride_on_the_end():
    result = solve(couple(law("non-ideal"), markers=(-30.0, -25.0, 25.0, 30.0)), Controls(rtol=1e-8))
    last = result.snapshots[-1].fields
    S = last["position_face"][-1] - 30.0
    assert abs(S) > 0.05
    assert last["marker_position"] == pytest.approx([-30.0, -25.0, 25.0 + S, 30.0 + S], abs=1e-9)


@pytest.mark.parametrize("volume", VOLUMES)
@pytest.mark.parametrize("scheme", ["implicit", "similarity"])
def test_lattice_fluxes_and_velocity_belong_together(volume, scheme):
    """J_i^n = J_i - N_i sum J; a marker's speed is the lattice velocity at its place."""
    result = solve(
        couple(law(volume, -1.0), save=(0.99,), markers=(0.0, 1.0)),
        Controls(scheme=scheme, extrapolate=False, rtol=1e-8),
    )
    last, u = result.snapshots[-1], result.mole_fraction[-1]
    middle = 0.5 * (u[:, :-1] + u[:, 1:])
    J = last.fields["lattice_flux"][:, 1:-1]
    balanced = J - middle * J.sum(axis=0)
    assert np.abs(balanced - last.flux[:, 1:-1]).max() < 2e-3 * np.abs(last.flux).max()
    x, v = last.fields.get("position_face", result.grid.faces), last.fields["lattice_velocity"]
    found = result.field("marker_position")
    speed = (found[1] - found[0]) / 0.01
    assert speed == pytest.approx(np.interp(0.5 * (found[0] + found[1]), x, v), rel=5e-3)


@pytest.mark.parametrize("volume", VOLUMES)
def test_only_ratios_of_volumes_count_but_for_fluxes_and_the_volume_itself(volume):
    size, found = 7e-6, []
    for own in (law(volume), law(volume, size=size)):
        result = solve(couple(own, cells=100, markers=(0.0, 2.0)), Controls(rtol=1e-8))
        found.append(dict(result.snapshots[-1].fields))
    one, other = found
    if volume == "constant":
        total = other["lattice_flux"].sum(axis=0)
        assert other["lattice_velocity"] == pytest.approx(-size * total, rel=1e-12, abs=1e-15)
    else:
        assert other.pop("molar_volume") == pytest.approx(size * one.pop("molar_volume"), rel=1e-12, abs=0.0)
    other["lattice_flux"] *= size
    for name, values in one.items():
        assert other[name] == pytest.approx(values, rel=1e-9, abs=1e-9)  # of numbers about 1


def test_an_n_component_lattice_is_that_of_the_binary():
    """A ternary of two equal components and one other, against the binary."""
    tracers = {"A": 1.0, "B": 3.0, "C": 1.0}
    own = Darken(TERNARY, tracer=tracers)
    start = Step(0.0, {"A": 0.3, "B": 0.0}, {"A": 0.0, "B": 1.0})
    ternary = place(couple(own, mixture=TERNARY, initial=start), scheme="similarity", extrapolate=True)
    binary = place(couple(Darken(BINARY, tracer={"A": 1.0, "B": 3.0})), scheme="similarity", extrapolate=True)
    assert ternary == pytest.approx(binary, rel=1e-7)


PLANES = {
    "stable": ({"A": 1.0, "B": 4.0}, "stable", 1),
    "unstable": ({"A": "0.2 + 4*x_A", "B": "0.2 + 4*x_B"}, "unstable", 1),
    "bifurcated": ({"A": "0.1 + 4*x_A**4", "B": "0.1 + 4*x_B**4"}, "bifurcated", 3),
}


@pytest.mark.parametrize("name", PLANES)
def test_kirkendall_planes_by_the_velocity_curve(name):
    tracers, kind, count = PLANES[name]
    result = solve(couple(Darken(BINARY, tracer=tracers)), Controls(scheme="similarity", extrapolate=True))
    found = kirkendall_planes(result)
    assert (kinds(found), len(found)) == (kind, count)
    assert all(plane.attracts for plane in found[::2])
    assert not any(plane.attracts for plane in found[1::2])
    for plane in found:
        assert plane.velocity == pytest.approx(plane.position / 2.0, abs=1e-6)
    assert found[count // 2].stable == (kind == "stable")
    if count == 3:  # the couple is its own mirror image
        assert found[1].position == pytest.approx(0.0, abs=1e-8)
        assert found[0].position == pytest.approx(-found[2].position, rel=1e-6)
    x = result.snapshots[-1].fields["marker_position"][0]
    assert min(abs(plane.position - x) for plane in found if plane.attracts) < 1e-4


@pytest.mark.parametrize("volume", VOLUMES)
def test_kirkendall_planes_of_a_step_anywhere_at_any_time(volume):
    """The marker of the step lies on the plane at every saved time, and no plane is known before the first."""
    initial, domain = Step(3.0, {"B": 0.0}, {"B": 1.0}), Domain(interval=(-22.0, 28.0), cells=500)
    problem = couple(law(volume), initial=initial, domain=domain, markers=(3.0,), save=(0.0, 0.25))
    result = solve(problem, Controls(rtol=1e-8))
    x = result.field("marker_position")[:, 0]
    for time, k in ((0.25, 1), (1.0, 2), (None, 2)):
        (plane,) = kirkendall_planes(result, time)
        assert plane.position == pytest.approx(x[k], abs=1e-3)  # of the second order in the cells
    assert abs(x[2] - x[1]) > 0.1
    with pytest.raises(Invalid, match="later time"):
        kirkendall_planes(result, 0.0)
    smooth = couple(law(volume), initial=Expression({"B": "0.5 + 0.4*tanh(x)"}), cells=50, half=6.0)
    with pytest.raises(Invalid, match=r"initial\.shape.*step"):
        kirkendall_planes(solve(smooth))


def test_a_plane_on_a_face_is_found():
    """A root on a knot of the curve: the middle plane of a couple that is its own mirror image."""
    x = np.linspace(-3.0, 3.0, 601)
    places = [plane.position for plane in planes(x, np.sin(x), 1.0, 0.0)]
    assert places == pytest.approx([-1.8954942670339809, 0.0, 1.8954942670339809], abs=1e-5)


def test_similarity_refuses_what_depends_on_time_or_place():
    for D in ("1 + t", "1 + 0.01*x"):
        with pytest.raises(Invalid, match="depend on t or x"):
            solve(couple(Fick(BINARY, D=D), markers=()), Controls(scheme="similarity"))


def test_planes_of_a_known_curve():
    """v = sin x over 2 t = 2: x/2 = sin x at 0 and at +-1.8954942670339809; it rises at 0 and falls at the others."""
    x = np.linspace(-3.0, 3.0, 2001)
    found = planes(x, np.sin(x), 1.0, 0.0)
    assert [plane.position for plane in found] == pytest.approx(
        [-1.8954942670339809, 0.0, 1.8954942670339809], abs=1e-6
    )
    assert [plane.stable for plane in found] == [True, False, True]
    assert kinds(found) == "bifurcated"
    assert found[2].gradient == pytest.approx(np.cos(1.8954942670339809), abs=1e-5)
    shifted = planes(x + 5.0, np.sin(x), 1.0, 5.0)
    assert [plane.position - 5.0 for plane in shifted] == pytest.approx([plane.position for plane in found], abs=1e-9)


def test_a_resumed_run_carries_its_markers_to_the_same_bits():
    class Kept:
        def __init__(self):
            self.kept = []

        def begin(self, state_size, control_size, fields):
            self.shapes = fields

        def saved(self, index, snapshot, checkpoint):
            self.kept.append((snapshot, checkpoint))

        def finish(self, status, warnings):
            pass

    problem = couple(law("non-ideal", -1.0), cells=60, half=6.0, markers=(0.0, 1.0), save=(0.3, 0.6))
    record = Kept()
    whole = solve(problem, record=record)
    snapshot, checkpoint = record.kept[1]
    resumed = solve(problem, resume=([record.kept[0][0], snapshot], checkpoint))
    for name, shape in record.shapes.items():
        assert whole.snapshots[-1].fields[name].shape == shape
        assert np.array_equal(whole.snapshots[-1].fields[name], resumed.snapshots[-1].fields[name])


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        ({"markers": (0.0, 31.0)}, "markers.at[1]", "outside the sample"),
        ({"law": Fick(BINARY, D=1.0)}, "markers", "no lattice fluxes"),
        (
            {"domain": Domain(interval=(0.0, 1.0), geometry="spherical"), "initial": Step(0.5, {"B": 0}, {"B": 1})},
            "markers",
            "planar",
        ),
    ],
)
def test_markers_that_cannot_be_are_refused(changes, where, words):
    problem = couple(**{"law": Darken(BINARY, tracer=TRACERS)} | changes)
    with pytest.raises(Invalid) as refused:
        problem.check()
    assert words in {fault.where: fault.sentence for fault in refused.value.faults}[where]

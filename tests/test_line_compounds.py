"""Layers of line compounds: growth constants, motion to the lever rule, markers, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.laws.line_compounds import LineCompounds, similarity_amounts, supply_matrix
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.problem.domain import Domain
from simulator.problem.initial import Expression, Layers, Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.layer_growth import Growth, Stack
from simulator.solve.layers import LayerLevel

CU_SN = json.loads((Path(__file__).parent / "reference" / "cu_sn.json").read_text())
VOLUME, COMPUTED = CU_SN["molar_volume"], CU_SN["computed"]
MIXTURE = Mixture(("Cu", "Sn"), "Cu")
STEP = Step(0.0, {"Sn": 0.0}, {"Sn": 1.0})
PHASES = [
    {"name": name, "Sn": x, "D_int": D, "V_m": VOLUME[name]}
    for name, x, D in zip(("Cu3Sn", "Cu6Sn5"), CU_SN["x_Sn"], COMPUTED["D_int"], strict=True)
]
PHASES[1]["tracer_ratio"] = COMPUTED["tracer_ratio"]


def near(value, rel: float):
    """Relative only: pytest adds 1e-12 otherwise, which is 3e-7 of these thicknesses."""
    return pytest.approx(value, rel=rel, abs=0.0)


def law_of(phases=PHASES, left=0.0, right=1.0, mixture=MIXTURE) -> LineCompounds:
    volume = MolarVolume(mixture, "vegard", {"Cu": VOLUME["Cu"], "Sn": VOLUME["Sn"]})
    return LineCompounds(mixture, {"Sn": left}, {"Sn": right}, phases, molar_volume=volume)


def level_of(law=None, initial=STEP, interval=(-60e-6, 60e-6), end=CU_SN["time"], **more) -> LayerLevel:
    law = law or law_of()
    problem = Problem(law.mixture, law, Domain(interval, 40), initial, end=end, molar_volume=law.molar_volume, **more)
    return LayerLevel(problem, problem.grid)


def thickness(level: LayerLevel) -> np.ndarray:
    return np.diff(level.fields()["interface_position"])


def some_law(rng, p: int, decades: float) -> LineCompounds:
    x = np.cumsum(0.2 + rng.random(p + 1))
    phases = [
        {"Sn": float(x[k] / x[-1]), "D_int": float(10 ** -rng.uniform(16, 16 + decades)), "V_m": 1e-5} for k in range(p)
    ]
    return law_of(phases)


def test_measured_layers_and_marker_come_back():
    level = level_of(markers=(0.0,))
    level.advance(CU_SN["time"], None)
    fields = level.fields()
    # the coefficients have 12 digits
    assert thickness(level) == near(CU_SN["thickness"], 1e-10)
    beyond = fields["marker_position"][0] - fields["interface_position"][1]
    assert beyond == near(CU_SN["marker_from_Cu3Sn_Cu6Sn5"], 1e-9)
    assert -fields["interface_position"][0] == pytest.approx(COMPUTED["contact_plane_from_Cu"], abs=1e-10)
    length = np.ptp(level.geometry(level.fractions(), fields)["position_face"])
    assert length - 120e-6 == pytest.approx(COMPUTED["length_change"], abs=1e-10)


def test_fluxes_are_those_of_wagners_form():
    """In mol/(m^2 s): towards the Cu, uniform inside each compound, none in the ends."""
    level = level_of(interval=(-20e-6, 20e-6))
    level.advance(CU_SN["time"], None)
    flux = level.flux()[0] / level.law.molar_volume.reference
    assert np.unique(-flux) == near([0.0, *COMPUTED["flux"]], 1e-9)


def test_growth_constants_of_both_kinds():
    law = law_of()
    assert law.growth_first_kind() == near(COMPUTED["growth_first_kind"], 1e-10)
    assert law.growth_second_kind() == near(COMPUTED["growth_second_kind"], 1e-10)


@pytest.mark.parametrize("k", [0, 1])
def test_a_compound_alone_between_its_neighbours_grows_by_the_constant_of_the_second_kind(k):
    x = [0.0, *CU_SN["x_Sn"], 1.0]
    law = law_of([PHASES[k]], x[k], x[k + 2])
    level = level_of(law, Step(0.0, {"Sn": x[k]}, {"Sn": x[k + 2]}))
    level.advance(1e5, None)
    assert thickness(level)[0] ** 2 / 2e5 == near(law_of().growth_second_kind()[k], 1e-9)


@pytest.mark.parametrize("p", [1, 2, 5, 10])
def test_similarity_amounts_solve_their_equations(p, rng):
    """Diffusivities over six decades: c_i (B c)_i = 2 g_i to rounding."""
    for _ in range(50):
        law = some_law(rng, p, 6.0)
        c, g = similarity_amounts(law.fractions, law.strength()), law.strength()
        assert c * (supply_matrix(law.fractions) @ c) == near(2.0 * g, 1e-13)


def test_similarity_amounts_keep_the_interface_balances(rng):
    """(N_k+1 - N_k) dn_k/dt = J_k+1 - J_k, written out, without the matrix of supplies."""
    law = some_law(rng, 6, 3.0)
    c = similarity_amounts(law.fractions, law.strength())
    J = -np.concatenate(([0.0], law.strength() / c, [0.0]))
    interfaces = np.diff(J) / np.diff(law.fractions)  # sqrt(t) dn/dt = (dn/dsqrt(t))/2
    assert np.diff(interfaces) == near(0.5 * c, 1e-11)


def test_layers_grow_with_the_exponent_one_half(rng):
    level = level_of(some_law(rng, 4, 2.0), end=1e3)
    found = []
    for time in (10.0, 1000.0):
        level.advance(time, None)
        found.append(thickness(level))
    assert np.log(found[1] / found[0]) / np.log(100.0) == pytest.approx(0.5, abs=1e-10)


@pytest.mark.parametrize("decades", [1.0, 5.0])
def test_the_quadratic_form_of_the_amounts_grows_evenly(decades, rng):
    """a.B a/2 gains sum g in a second whatever the layers do, while both ends last: exact for any start."""
    law = some_law(rng, 5, decades)
    start = np.concatenate(([50.0], rng.random(5), [50.0]))
    growth, B, g = Growth(law, start), supply_matrix(law.fractions), law.strength()
    stack, end = Stack(start.copy(), np.zeros(0), np.zeros(0, int)), 5.0 / g.max()
    growth.advance(stack, 0.0, end, lambda t: np.nan)
    before, after = start[1:-1], stack.amounts[1:-1]
    assert stack.outermost == (0, 6)
    # explicit steps at 1e-12; implicit ones at 1e-9, whose own error is far smaller
    assert 0.5 * after @ B @ after - 0.5 * before @ B @ before == near(end * g.sum(), 1e-8)


@pytest.mark.parametrize("interval", [(-1e-6, 9e-6), (-4e-6, 5e-6), (-9e-6, 2e-6), (-0.712e-6 * 3, 1.624e-6)])
def test_moles_are_kept_and_the_lever_rule_is_the_end(interval):
    """Every start ends in the two phases about its mean composition; the last one is just Cu3Sn, both ends at once."""
    law = law_of()
    level = level_of(law, interval=interval, end=1e9, markers=(0.1 * interval[0],))
    start, inventory = level.stack.amounts, level.inventory()
    for time in (1e2, 1e4, 1e5, 1e6, 1e9):
        level.advance(time, None)
        assert level.stack.amounts.sum() == near(start.sum(), 1e-12)
        assert level.inventory() == near(inventory, 1e-12)
    mean, amounts = (law.fractions @ start) / start.sum(), level.stack.amounts / start.sum()
    k = int(np.searchsorted(law.fractions, mean)) - 1
    lever = np.zeros(4)
    lever[k + 1] = (mean - law.fractions[k]) / (law.fractions[k + 1] - law.fractions[k])
    lever[k] = 1.0 - lever[k + 1]
    assert amounts == pytest.approx(lever, abs=1e-12)
    assert level.warnings()


def test_a_thin_start_forgets_itself():
    thin = Layers(((-60e-6, 0.0, {"Sn": 0.0}), (0.0, 1e-9, {"Sn": 0.25}), (1e-9, 60e-6, {"Sn": 1.0})))
    level = level_of(initial=thin)
    level.advance(CU_SN["time"], None)
    # what lasts is the start's a.B a, of the order of (1 nm / 3.5 um)^2 = 8e-8 of the end's
    assert thickness(level) == near(CU_SN["thickness"], 1e-6)
    assert np.all(np.abs(thickness(level) / CU_SN["thickness"] - 1.0) > 1e-11)


def test_a_run_goes_on_from_its_own_layers():
    """Half the time, then the rest from layers of the thickness reached."""
    level = level_of()
    level.advance(0.5 * CU_SN["time"], None)
    edges = [*level.lab(level.stack.edges)]
    phases = [(a, b, {"Sn": float(x)}) for a, b, x in zip(edges, edges[1:], level.law.fractions, strict=False)]
    later = level_of(initial=Layers(phases), interval=(edges[0], edges[-1]))
    later.advance(0.5 * CU_SN["time"], None)
    assert thickness(later) == near(CU_SN["thickness"], 1e-10)


def test_resumed_numbers_are_the_same_bit_for_bit():
    times, whole, first, rest = (0.0, 3e4, 1e5, 4e6), *(level_of(interval=(-3e-6, 9e-6), markers=(0.0,)) for _ in "abc")
    for time in times:
        whole.advance(time, None)
    for time in times[:2]:
        first.advance(time, None)
    rest.u[...], rest.state[...] = first.u, first.state
    for time in times[2:]:
        rest.advance(time, None)
    assert np.array_equal(rest.u, whole.u)
    assert np.array_equal(rest.state, whole.state)


def test_a_mirrored_couple_gives_mirrored_layers_and_markers():
    markers = (-2e-6, 0.0, 1e-6)
    one = level_of(markers=markers)
    law = law_of(PHASES[::-1], 1.0, 0.0)
    other = level_of(law, Step(0.0, {"Sn": 1.0}, {"Sn": 0.0}), markers=tuple(-x for x in markers[::-1]))
    for level in (one, other):
        level.advance(CU_SN["time"], None)
    assert thickness(other)[::-1] == near(thickness(one), 1e-12)
    places = [level.fields()["marker_position"] - level.fields()["interface_position"][1] for level in (one, other)]
    assert places[1][::-1] == near(-places[0], 1e-9)


@pytest.mark.parametrize("dependent", ["Cu", "Sn"])
def test_either_component_may_be_the_dependent_one(dependent):
    mixture = Mixture(("Cu", "Sn"), dependent)
    level = level_of(law_of(mixture=mixture), markers=(0.0,))
    level.advance(CU_SN["time"], None)
    fields = level.fields()
    assert thickness(level) == near(CU_SN["thickness"], 1e-10)
    assert fields["marker_position"][0] - fields["interface_position"][1] == near(7e-6, 1e-9)


def test_markers_follow_the_lattice_and_change_phase():
    """A marker in Cu rests until Cu3Sn reaches it; with equal tracer diffusivities it then stays with its atoms."""
    law = law_of([{name: value for name, value in phase.items() if name != "tracer_ratio"} for phase in PHASES])
    level = level_of(law, markers=(-3e-6, -1e-6, 4e-6))
    n = level.stack.markers
    level.advance(CU_SN["time"], None)
    assert level.stack.markers == near(n, 1e-14)
    edges = level.stack.edges
    assert all(edges[place // 2] < m < edges[place // 2 + 1] for m, place in zip(n, level.stack.places, strict=True))
    assert set(level.stack.places) <= {2, 4, 6}


def test_a_marker_born_at_the_contact_plane_is_where_a_thin_start_leads_it():
    """The similarity path is the limit of a marker between layers that already exist."""
    thin = [(-60e-6, -1e-11, 0.0), (-1e-11, 0.0, 0.25), (0.0, 3e-11, CU_SN["x_Sn"][1]), (3e-11, 60e-6, 1.0)]
    level = level_of(initial=Layers([(a, b, {"Sn": x}) for a, b, x in thin]), markers=(0.0,))
    level.advance(CU_SN["time"], None)
    fields = level.fields()
    assert fields["marker_position"][0] - fields["interface_position"][1] == near(7e-6, 1e-5)


def test_a_marker_between_two_phases_that_both_push_it_back_stays_there():
    phases = [{**PHASES[0], "tracer_ratio": 50.0}, {**PHASES[1], "tracer_ratio": 0.02}]
    level = level_of(law_of(phases), markers=(0.0,))
    level.advance(CU_SN["time"], None)
    fields = level.fields()
    assert level.stack.places[0] == 3
    assert fields["marker_position"][0] == fields["interface_position"][1]


def test_where_a_marker_plane_would_split_the_marker_takes_the_nearer_way():
    law = law_of([{**PHASES[0], "tracer_ratio": 0.02}, {**PHASES[1], "tracer_ratio": 50.0}])
    c = similarity_amounts(law.fractions, law.strength())
    q = np.concatenate(([0.0], law.strength() / c, [0.0]))
    own, ends = 2.0 * q * law.marker_factors, 2.0 * (q[:-1] - q[1:]) / np.diff(law.fractions)
    assert ends[0] < own[1] < ends[1] < own[2] < ends[2]  # both ways are consistent
    level = level_of(law, markers=(0.0,))
    contact = level.stack.markers[0]
    level.advance(100.0, None)
    assert level.stack.markers[0] - contact == near(10.0 * min(own[1:3], key=abs), 1e-9)


def test_markers_keep_their_order_through_all_that_happens(rng):
    """Random compounds and starts, until ends are used up: no marker overtakes another or leaves its phase."""
    for _ in range(8):
        law = some_law(rng, 4, 2.0)
        law = law_of([{**phase, "tracer_ratio": float(10 ** rng.uniform(-2, 2))} for phase in law.phases])
        start = np.where(rng.random(6) < 0.3, 0.0, rng.random(6))
        start[[0, -1]] += 0.1
        present = np.flatnonzero(start)
        inside = np.sort(rng.choice(present, 3, replace=False)) if present.size > 3 else present[[0, 0, -1]]
        markers = np.sort(np.concatenate(([0.0], np.cumsum(start)))[inside] + rng.random(3) * start[inside])
        places = 2 * (np.searchsorted(np.cumsum(start), markers, side="right"))
        stack, growth = Stack(start.copy(), markers.copy(), places), Growth(law, start)
        for end in (1e-3, 1.0, 30.0):
            growth.advance(stack, 0.0, end / law.strength().max(), lambda t: np.nan)
            edges, rounding = stack.edges, 1e-12 * start.sum()
            assert np.all(np.diff(stack.markers) >= -rounding)
            assert np.all(stack.markers >= edges[(stack.places + 1) // 2] - rounding)
            assert np.all(stack.markers <= edges[stack.places // 2 + 1] + rounding)
            assert stack.amounts @ law.fractions == near(start @ law.fractions, 1e-12)


def test_fluxes_through_the_cells_are_what_their_contents_gain():
    level = level_of()
    level.advance(1e5, None)
    before, flux = level.fractions(), level.flux()
    level.advance(1e5 * (1.0 + 1e-6), None)
    gained = (level.fractions() - before) * level.grid.volumes / 0.1
    # interfaces cross no face within a tenth of a second; what remains is the change of the flux in it
    assert gained[0] == pytest.approx(flux[0, :-1] - flux[0, 1:], rel=1e-4, abs=1e-6 * np.abs(flux).max())


def test_temperature_enters_through_the_integral_of_the_diffusivity():
    """One D0 and Q for all: the run depends on int D_int dt alone, over a ramp and a step."""
    shared = [{**phase, "D_int": {"D0": phase["D_int"], "Q": 2e4}} for phase in PHASES]
    history = Temperature(schedule=[(0.0, 400.0), (1e5, 500.0), (2e5, 500.0), (2e5, 450.0), (3e5, 450.0)])
    level = level_of(law_of(shared), end=3e5, temperature=history)
    level.advance(3e5, None)
    from scipy.integrate import quad

    def factor(T: float) -> float:
        return np.exp(-2e4 / (8.31446261815324 * T))

    total = quad(lambda t: factor(400.0 + 1e-3 * t), 0.0, 1e5, epsrel=1e-12)[0] + 1e5 * (factor(500.0) + factor(450.0))
    assert thickness(level) == near(np.array(CU_SN["thickness"]) * np.sqrt(total / CU_SN["time"]), 1e-9)


def test_swelling_is_that_of_the_phases():
    level = level_of(interval=(-4e-6, 9e-6), end=1e7)
    for time in (1e4, 1e7):
        level.advance(time, None)
        fields = level.fields()
        at = level.geometry(level.fractions(), fields)
        assert np.ptp(at["position_face"]) == near(level.stack.amounts @ level.law.molar_volumes, 1e-13)
        moles = np.diff(at["position_face"]) / at["molar_volume"]
        assert moles.sum() == near(level.growth.total, 1e-12)


@pytest.mark.parametrize(
    ("change", "where", "words"),
    [
        ({"phases": PHASES[::-1]}, "law.phases[1]", "put them in order"),
        ({"phases": [{**PHASES[0], "Sn": 1.2}]}, "law.phases[0].Sn", "between 0 and 1"),
        ({"phases": [{**PHASES[0], "V_m": -1e-6}]}, "law.phases[0].V_m", "positive"),
        ({"phases": [{**PHASES[0], "tracer_ratio": 0.0}]}, "law.phases[0].tracer_ratio", "positive"),
        ({"phases": [{**PHASES[0], "D_int": "1e-17*x_Sn"}]}, "law.phases[0].D_int", "only T"),
        ({"phases": [{**PHASES[0], "D_itn": 1e-17}]}, "law.phases[0].D_itn", "Did you mean D_int"),
        ({"phases": [{**PHASES[0], "Cu": 0.75}]}, "law.phases[0]", "one component"),
        ({"phases": []}, "law.phases", "list of compounds"),
        ({"right": {"Sn": 0.0}}, "law.right", "both terminal phases"),
        ({"molar_volume": None}, "molar_volume", "vegard"),
    ],
)
def test_a_law_that_cannot_be_is_refused(change, where, words):
    with pytest.raises(Invalid) as caught:
        replace(law_of(), **change)
    assert caught.value.faults[0].where == where
    assert words in caught.value.faults[0].sentence


def test_a_diffusivity_must_be_positive():
    law = law_of([PHASES[0], {**PHASES[1], "D_int": "1e-16*(T - 400)/400"}])
    law.check(np.zeros((1, 1)), np.array([500.0]))
    with pytest.raises(Invalid, match=r"D_int: the integrated diffusivity of Cu6Sn5 is -2.5e-17 m\^2/s at T = 300 K"):
        law.check(np.zeros((1, 1)), np.array([300.0, 500.0]))
    with pytest.raises(Invalid, match="needs a temperature"):
        law.check(np.zeros((1, 1)), np.array([np.nan]))


@pytest.mark.parametrize(
    ("initial", "where", "words"),
    [
        (Step(0.0, {"Sn": 0.0}, {"Sn": 0.9}), "initial.right", "none of the phases"),
        (Step(0.0, {"Sn": 1.0}, {"Sn": 0.0}), "initial.right", "the order"),
        (Expression({"Sn": "0.5"}), "initial.shape", "step"),
    ],
)
def test_a_start_in_other_phases_is_refused(initial, where, words):
    with pytest.raises(Invalid) as caught:
        level_of(initial=initial)
    assert caught.value.faults[0].where == where
    assert words in caught.value.faults[0].sentence

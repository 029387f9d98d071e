"""Two phases with a moving interface: closed forms and collocation, conservation, symmetry, and what is refused."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.special import erfc

from simulator.faults import Invalid, NumericsError
from simulator.kernels import two_phase as kernels
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.two_phase import TwoPhase
from simulator.problem.boundary import Boundary, Closed, Fixed
from simulator.problem.domain import Domain
from simulator.problem.initial import Expression, Layers, Step, Tabulated
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.axis import Axis
from simulator.solve.controls import Controls
from simulator.solve.exact.two_phase import (
    TwoPhaseSimilarity,
    constant_interface,
    constant_values,
    interface_at,
    profile_of,
    two_phase_profile,
)
from simulator.solve.schemes import scheme_named
from simulator.solve.two_phase import TwoPhaseLevel

BINARY = Mixture(("A", "B"), "A")
EXACT = TwoPhaseSimilarity()
# D of alpha and beta, limits of alpha and beta, left and right: the first moves left, the second right
CONSTANT = {
    "to the left": (1.0, 3.0, (0.2, 0.6), (0.0, 1.0)),
    "to the right": (1.0, 0.2, (0.3, 0.5), (0.0, 0.9)),
    "narrow gap": (1.0, 1.0, (0.2, 0.25), (0.0, 1.0)),
    "falling": (1.0, 3.0, (0.8, 0.4), (1.0, 0.0)),
}
VARYING = {
    "exponential": ("exp(2*x_B)", "0.2*10**(1 - x_B)", (0.3, 0.5), (0.0, 0.9)),
    "steeper": ("1 + 5*x_B", "exp(3*(1 - x_B))", (0.1, 0.7), (0.02, 1.0)),
}


def law(Da=1.0, Db=3.0, limits=(0.2, 0.6), name="B", mixture=BINARY, **keys) -> TwoPhase:
    alpha = {"D": Da, "up_to": {name: limits[0]}}
    return TwoPhase(mixture, **{"alpha": alpha, "beta": {"D": Db, "from": {name: limits[1]}}, **keys})


def couple(Da=1.0, Db=3.0, limits=(0.2, 0.6), ends=(0.0, 1.0), half=30.0, cells=100, at=0.0, **changes) -> Problem:
    settings = {
        "mixture": BINARY,
        "law": law(Da, Db, limits),
        "domain": Domain(interval=(-half, half), cells=cells),
        "initial": Step(at, {"B": ends[0]}, {"B": ends[1]}),
        "end": 1.0,
    }
    return Problem(**{**settings, **changes})


def grid_of(problem: Problem):
    return problem.domain.grid(problem.jumps, problem.law.grid_width * problem.diffusion_length)


def level(problem: Problem, grid=None, **controls) -> TwoPhaseLevel:
    axis = Axis(problem, grid_of(problem) if grid is None else grid)
    return TwoPhaseLevel(problem, axis, scheme_named("implicit"), Controls(**controls))


def solved(problem: Problem, grid=None, **controls) -> TwoPhaseLevel:
    found = level(problem, grid, **controls)
    found.advance(problem.end, None)
    return found


def on_three_grids(problem: Problem, rtol=1e-8) -> list[TwoPhaseLevel]:
    grid = grid_of(problem)
    return [solved(problem, g, rtol=rtol) for g in (grid, grid.refined(), grid.refined().refined())]


@pytest.mark.parametrize("name", CONSTANT)
def test_constant_interface_balances_the_fluxes(name):
    Da, Db, (xa, xb), (left, right) = CONSTANT[name]
    s = constant_interface((Da, Db), (xa, xb), (left, right))
    # dx/dlambda on both sides of the interface, from the error functions themselves
    alpha = (xa - left) * np.exp(-(s**2) / (4 * Da)) / np.sqrt(np.pi * Da) / erfc(-s / (2 * np.sqrt(Da)))
    beta = (right - xb) * np.exp(-(s**2) / (4 * Db)) / np.sqrt(np.pi * Db) / erfc(s / (2 * np.sqrt(Db)))
    assert 0.5 * s * (xb - xa) == pytest.approx(Da * alpha - Db * beta, rel=1e-12, abs=0.0)
    assert np.sign(s) == (1.0 if name == "to the right" else -1.0)


@pytest.mark.parametrize("name", CONSTANT)
def test_collocation_of_constant_coefficients_is_the_closed_form(name):
    Da, Db, limits, ends = CONSTANT[name]
    profile = two_phase_profile((lambda u: Da + 0.0 * u, lambda u: Db + 0.0 * u), limits, ends)
    assert profile.interface == pytest.approx(constant_interface((Da, Db), limits, ends), abs=1e-11)
    lam = np.linspace(-25.0, 25.0, 4001)
    assert np.abs(profile.values(lam) - constant_values(lam, (Da, Db), limits, ends)).max() < 1e-11


@pytest.mark.parametrize("name", VARYING)
def test_collocation_confirms_itself_and_its_averages_are_integrals(name):
    problem = couple(*VARYING[name])
    profile, (_, _, limits, ends) = profile_of(problem), VARYING[name]
    programs = [phase.D.program for phase in problem.law.phases]
    D = tuple((lambda u, p=p: p(u[None])[0]) for p in programs)
    loose = two_phase_profile(D, limits, ends, tolerance=1e-8)
    lam = np.linspace(-12.0, 12.0, 2001)
    same = np.sign(lam - profile.interface) == np.sign(lam - loose.interface)
    # the profile of the looser tolerance already has the digits that are promised
    assert profile.interface == pytest.approx(loose.interface, abs=1e-9)
    assert np.abs(profile.values(lam) - loose.values(lam))[same].max() < 1e-9
    faces = np.sort(np.append(np.linspace(-12.0, 12.0, 121), profile.interface))
    nodes, weights = np.polynomial.legendre.leggauss(8)
    middle, half = 0.5 * (faces[1:] + faces[:-1]), 0.5 * np.diff(faces)
    quadrature = profile.values(middle[:, None] + half[:, None] * nodes) @ weights / 2.0
    assert np.abs(profile.averages(faces) - quadrature).max() < 1e-9
    across = np.delete(faces, np.searchsorted(faces, profile.interface))
    widths = np.diff(across)
    assert profile.averages(across) @ widths == pytest.approx(quadrature @ (2.0 * half), abs=1e-9)


@pytest.mark.parametrize("couple_of", [*CONSTANT.values(), *VARYING.values()], ids=[*CONSTANT, *VARYING])
def test_interface_constant_to_a_millionth_on_400_cells(couple_of):
    problem = couple(*couple_of, cells=400)
    grid = grid_of(problem)
    coarse, fine = (solved(problem, g).interface_position for g in (grid, grid.refined()))
    exact = interface_at(problem, 1.0)
    assert EXACT.applies(problem) is None
    assert (4.0 * fine - coarse) / 3.0 == pytest.approx(exact, rel=1e-6)
    assert coarse == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize("limits", [(0.2, 0.6), (0.2, 0.3), (0.2, 0.9)], ids=str)
@pytest.mark.parametrize("slow", [1e-2, 1e-4, 1e-8])
def test_a_slow_phase_neither_swings_nor_holds_the_interface(slow, limits):
    """A layer of thickness D/speed in front of the interface is far thinner than a cell for the slowest."""
    problem = couple(slow, 1.0, limits, (0.0, 1.0), cells=200)
    run = solved(problem)
    exact = constant_interface((slow, 1.0), limits, (0.0, 1.0))
    # a layer of the size of a cell is the worst: its content is known to some per cent, and is a tenth of the jump's
    assert run.interface_position == pytest.approx(exact, rel=5e-3)
    x = run.fractions()[0]
    assert x.min() > -1e-9 and x.max() < 1.0 + 1e-9
    assert np.all(np.diff(x) > -1e-9)


def test_a_phase_that_does_not_conduct_is_dissolved_all_the_same():
    run = solved(couple(0.0, 1.0, (0.2, 0.6), (0.0, 1.0), cells=200))
    slow = constant_interface((1e-8, 1.0), (0.2, 0.6), (0.0, 1.0))
    assert run.interface_position == pytest.approx(slow, rel=3e-4)
    assert np.abs(run.fractions()[0, : run.face]).max() < 1e-12


@pytest.mark.parametrize("name", VARYING)
def test_second_order_in_space(name):
    """Of the interface, and of the profile between the interface and the ends, seen from the interface."""
    problem = couple(*VARYING[name], cells=100)
    interfaces, profiles = [], []
    for run in on_three_grids(problem, rtol=1e-9):
        interfaces.append(run.interface_position - interface_at(problem, 1.0))
        faces = run.geometry(run.fractions(), run.fields())["position_face"]
        error = np.abs(run.fractions() - EXACT.averages(problem, 1.0, faces))[0]
        # in the two cells at the interface the error of s counts by its part of a cell: of first order
        profiles.append(np.delete(error, [run.face - 1, run.face]).max())
    orders = np.log2(np.abs(interfaces[:-1]) / np.abs(interfaces[1:])), np.log2(np.divide(profiles[:-1], profiles[1:]))
    assert np.min(orders) > 1.95


def test_fluxes_are_those_of_the_exact_profile():
    problem = couple(*VARYING["steeper"], cells=400)
    run = solved(problem)
    faces = run.geometry(run.fractions(), run.fields())["position_face"]
    exact = -profile_of(problem).at(faces)[1]
    inner = np.delete(np.arange(faces.size), run.face)
    scale = np.abs(exact).max()  # of h^2 J'' there is 2e-4
    np.testing.assert_allclose(run.flux()[0, inner], exact[inner], rtol=0, atol=4e-4 * scale)
    s = profile_of(problem).interface
    sides = [-profile_of(problem).at(np.array([s + side]))[1][0] for side in (-1e-12, 0.0)]
    assert run.flux()[0, run.face] == pytest.approx(np.mean(sides), abs=4e-4 * scale)
    assert run.flux()[0, [0, -1]].tolist() == [0.0, 0.0]


def test_interface_follows_the_square_root_of_time():
    problem = couple(cells=200)
    run = level(problem)
    constants = []
    for t in (0.01, 0.1, 1.0):
        run.advance(t, None)
        constants.append(run.interface_position / np.sqrt(t))
    # from the first time on, the cells next to the interface are a thirtieth of the diffusion length and less
    np.testing.assert_allclose(constants, constant_interface((1.0, 3.0), (0.2, 0.6), (0.0, 1.0)), rtol=3e-4)


@pytest.mark.parametrize("rtol", [1e-3, 1e-6])
@pytest.mark.parametrize("couple_of", [*CONSTANT.values(), *VARYING.values()], ids=[*CONSTANT, *VARYING])
def test_mass_is_exact(couple_of, rtol):
    problem = couple(*couple_of, half=4.0, cells=60, end=3.0)
    run = level(problem, rtol=rtol)
    before = run.inventory()
    run.advance(3.0, None)
    assert abs(run.interface_position) > 0.05
    # rounding of the sum over the sample, which is 8 long
    assert np.abs(run.inventory() - before).max() < 8.0 * 1e-14
    widths = np.diff(run.geometry(run.fractions(), run.fields())["position_face"])
    assert run.fractions()[0] @ widths == pytest.approx(before[0], abs=8.0 * 1e-14)


def test_a_couple_in_equilibrium_stays_as_it_is():
    problem = couple("1 + x_B", 2.0, (0.2, 0.6), (0.2, 0.6), cells=40)
    run = solved(problem)
    assert run.interface_position == 0.0
    assert np.array_equal(run.fractions(), problem.start(run.grid))
    assert not run.flux().any()


def test_a_finite_couple_reaches_the_lever_rule():
    problem = couple("1 + x_B", 2.0, (0.3, 0.6), (0.1, 0.9), half=1.0, cells=60, end=50.0)
    run = solved(problem)
    share = (0.6 - 0.5) / (0.6 - 0.3)
    # all transients have died out; what is left is rounding over the steps
    assert run.interface_position == pytest.approx(-1.0 + 2.0 * share, abs=1e-10)
    np.testing.assert_allclose(run.fractions()[0], np.where(run.grid.centres < 0.0, 0.3, 0.6), rtol=0, atol=1e-10)


@pytest.mark.parametrize(("ends", "phase"), [((0.25, 1.0), "alpha"), ((0.0, 0.65), "beta")])
def test_a_phase_that_is_consumed_ends_in_a_sentence(ends, phase):
    """The overall composition lies outside the gap, so that one phase takes the whole sample."""
    limits = (0.3, 0.6) if phase == "alpha" else (0.4, 0.6)
    at = 0.0 if phase == "alpha" else 0.5
    problem = couple("1 + x_B", 2.0, limits, ends, half=1.0, cells=60, at=at, end=50.0)
    with pytest.raises(NumericsError, match=f"the phase {phase} is consumed at about t = .* s") as caught:
        solved(problem, rtol=1e-5)
    time = float(str(caught.value).split("t = ")[1].split()[0])
    before = solved(couple("1 + x_B", 2.0, limits, ends, half=1.0, cells=60, at=at, end=0.95 * time))
    left = 1.0 + before.interface_position if phase == "alpha" else 1.0 - before.interface_position
    assert 0.0 < left < 0.2


def test_exchanging_left_and_right_mirrors_the_couple():
    one = couple("1 + 2*x_B", "exp(x_B)", (0.2, 0.6), (0.1, 0.9), half=5.0, cells=80)
    two = couple("exp(x_B)", "1 + 2*x_B", (0.6, 0.2), (0.9, 0.1), half=5.0, cells=80)
    a, b = solved(one, rtol=1e-9), solved(two, rtol=1e-9)
    # the same steps but for the sizes that errors are compared with: a distance from the left end, a mole fraction
    assert a.interface_position == pytest.approx(-b.interface_position, abs=1e-11)
    np.testing.assert_allclose(a.fractions(), b.fractions()[:, ::-1], rtol=0, atol=1e-11)
    np.testing.assert_allclose(a.flux(), -b.flux()[:, ::-1], rtol=0, atol=1e-11)
    assert profile_of(one).interface == pytest.approx(-profile_of(two).interface, abs=1e-10)


def test_the_other_component_moves_the_same_interface():
    other = Mixture(("A", "B"), "B")
    one = couple("1 + 2*x_B", 0.5, (0.2, 0.6), (0.1, 0.9), half=5.0, cells=80)
    limits = [law("1 + 2*x_B", 0.5, (0.2, 0.6), mixture=other), law("3 - 2*x_A", 0.5, (0.8, 0.4), "A", other)]
    for made in limits:
        two = couple(half=5.0, cells=80, mixture=other, law=made, initial=Step(0.0, {"A": 0.9}, {"A": 0.1}))
        a, b = solved(one, rtol=1e-9), solved(two, rtol=1e-9)
        # as in the mirrored couple
        assert a.interface_position == pytest.approx(b.interface_position, abs=1e-11)
        np.testing.assert_allclose(a.fractions(), 1.0 - b.fractions(), rtol=0, atol=1e-11)


HISTORIES = {
    "ramps": Temperature(schedule=[(0.0, 1000.0), (0.4, 1200.0), (0.4, 900.0), (1.0, 1100.0)]),
    "expression": Temperature(expression="1000 + 200*sin(3*t)"),
}


@pytest.mark.parametrize("name", HISTORIES)
def test_a_common_factor_of_both_diffusivities_only_changes_the_clock(name):
    """D = a(T) D_0 in both phases: the interface is where constant D_0 has it after int a dt."""
    history = HISTORIES[name]
    problem = couple(
        {"D0": np.exp(20.0), "Q": 20.0 * 8.31446261815324 * 1000.0},
        "3*exp(20 - 20000/T)",
        temperature=history,
        cells=200,
    )
    run = solved(problem, rtol=1e-8)
    edges = [0.0, 0.4, 1.0]
    nodes, weights = np.polynomial.legendre.leggauss(40)
    clock = 0.0
    for begin, end in pairwise(edges):
        t = 0.5 * (begin + end) + 0.5 * (end - begin) * nodes
        T = np.array([history(float(time)) for time in t])
        clock += 0.5 * (end - begin) * weights @ np.exp(20.0 - 20000.0 / T)
    exact = constant_interface((1.0, 3.0), (0.2, 0.6), (0.0, 1.0)) * np.sqrt(clock)
    assert run.interface_position == pytest.approx(exact, rel=1e-4)  # 200 cells, not extrapolated
    assert EXACT.applies(problem) == "It needs coefficients that do not change with time."


def test_limits_may_depend_on_the_temperature():
    """Held long enough at each temperature, a short couple has the lever rule of the last one."""
    made = law(limits=("0.2 + 1e-4*(T - 1000)", "0.6 - 2e-4*(T - 1000)"))
    history = Temperature(schedule=[(0.0, 1000.0), (20.0, 1000.0), (20.0, 1200.0), (40.0, 1200.0)])
    problem = couple(half=1.0, cells=40, law=made, ends=(0.1, 0.9), end=20.0, temperature=history)
    problem.check()
    for end, limits in ((20.0, (0.2, 0.6)), (40.0, (0.22, 0.56))):
        problem = couple(half=1.0, cells=40, law=made, ends=(0.1, 0.9), end=end, temperature=history)
        run = level(problem)
        before = run.inventory()
        run.advance(end, None)
        share = (limits[1] - 0.5) / (limits[1] - limits[0])
        assert run.interface_position == pytest.approx(-1.0 + 2.0 * share, abs=1e-9)
        assert run.inventory() == pytest.approx(before, abs=1e-14)


def test_order_in_time():
    """From a profile that is smooth already, in steps of one length. A composition held at the interface costs Rodas5P
    half an order, as any moving boundary value does.
    """
    problem = couple(*VARYING["exponential"], half=4.0, cells=40)
    grid = problem.domain.grid(problem.jumps, 1.0)
    begin = level(problem, grid, rtol=1e-10)
    begin.advance(0.5, None)

    def after(count):
        run = level(problem, grid, step=0.5 / count)
        run.u[:], run.state[0] = begin.u, 0.5
        run.advance(1.0, None)
        return run.u[:2].copy()

    best = after(64)
    errors = np.array([np.abs(after(count) - best).max() for count in (2, 4, 8)])
    assert np.log2(errors[:-1] / errors[1:]).min() > 4.4


def test_a_run_that_goes_on_makes_the_same_numbers():
    problem = couple("1 + x_B", 2.0, half=5.0, cells=40)
    whole = level(problem)
    whole.advance(0.3, None)
    kept, state = whole.u.copy(), whole.state.copy()
    whole.advance(1.0, None)
    other = level(problem)
    other.unknowns[0][...], other.state[...] = kept, state
    other.advance(1.0, None)
    assert np.array_equal(other.u, whole.u)
    assert other.fields()["interface_position"] == whole.fields()["interface_position"]


def test_fields_say_where_the_cells_are():
    run = solved(couple(half=5.0, cells=40))
    fields = run.fields()
    everything = fields | run.geometry(run.fractions(), fields)
    assert {name: values.shape for name, values in everything.items()} == run.field_shapes()
    faces = everything["position_face"]
    assert faces[[0, run.face, -1]] == pytest.approx([-5.0, fields["interface_position"][0], 5.0], abs=1e-14)
    assert np.all(np.diff(faces) > 0.0)
    assert np.all((everything["position"] > faces[:-1]) & (everything["position"] < faces[1:]))


def test_a_start_that_is_not_flat_runs():
    x = np.array([-5.0, -1.0, 0.0, 0.0, 2.0, 5.0])
    start = Tabulated(x, {"B": np.array([0.0, 0.1, 0.2, 0.6, 0.8, 0.7])})
    problem = couple(half=5.0, cells=60, initial=start)
    problem.check()
    run = level(problem)
    before = run.inventory()
    run.advance(1.0, None)
    assert run.inventory() == pytest.approx(before, abs=1e-13)
    assert run.fractions()[0, : run.face].max() < 0.2 + 1e-9 < 0.6 - 1e-9 < run.fractions()[0, run.face :].min()


@pytest.mark.parametrize("temperature", [300.0, 1000.0])
@pytest.mark.parametrize("D", [(1.0, 2.0), ("exp(x_B)*(1 + t)*T/300", "1 + x_B**2")], ids=["constant", "varying"])
def test_slopes_are_derivatives_of_the_flux(D, temperature, rng):
    cells, face = 12, 5
    problem = couple(*D, half=1.0, cells=cells, temperature=Temperature(expression="300 + 700*t"))
    made = problem.law.equations(np.zeros(1), np.ones(1), (300.0, 1000.0), face)
    position = np.sort(np.append(rng.uniform(-1.0, 1.0, cells - 1), [-1.0, 1.0]))
    gaps = 0.5 * (position[2:] - position[:-2])
    conductance = 1.0 / np.concatenate(([0.5 * (position[1] - position[0])], gaps, [0.5 * (1.0 - position[-2])]))
    faces = np.stack([conductance, position])
    place = (position[face] + 1.0) / 2.0
    u = rng.uniform(0.1, 0.9, (3, cells + 2))
    u[1] = place * rng.uniform(0.9, 1.1, cells + 2)

    def flux(state):
        F = np.full((3, cells + 1), np.nan)
        made.flux(0.5, temperature, np.ascontiguousarray(state), faces, made.parameters, F)
        return F

    L, R = np.full((3, 3, cells + 1), np.nan), np.full((3, 3, cells + 1), np.nan)
    made.flux_slopes(0.5, temperature, u, faces, made.parameters, L, R)
    step, at = 1e-6, np.arange(cells + 1)
    for b in range(3):
        for parity in (0, 1):
            shift = np.zeros_like(u)
            shift[b, parity::2] = step
            difference = (flux(u + shift) - flux(u - shift)) / (2.0 * step)
            slopes = np.where(at % 2 == parity, L[:, b], R[:, b])
            # central differences: h^2 and 1e-16 / h beside slopes of the size of a conductance
            np.testing.assert_allclose(difference, slopes, rtol=1e-7, atol=1e-8 * np.abs(slopes).max())
    # the ends are closed, and p goes from cell to cell
    assert not flux(u)[0, [0, -1]].any()
    expected = np.where(at < face, u[kernels.SPEED, 1:], u[kernels.SPEED, :-1])
    assert np.array_equal(np.delete(flux(u)[2], face), np.delete(expected, face))


def test_the_coefficient_is_unknown_between_the_phases():
    made = law("1 + x_B", 3.0)
    D = made.coefficient("interdiffusivity", np.array([[0.0, 0.2, 0.4, 0.6, 1.0]]), 1000.0)
    np.testing.assert_array_equal(D, [1.0, 1.2, np.nan, 3.0, 3.0])
    with pytest.raises(KeyError):
        made.coefficient("tracer_diffusivity", np.zeros((1, 1)), 1000.0)


WRONG_LAWS = {
    "no table": ({"alpha": 1e-14}, "law.alpha", "expected { D = .., up_to = { B = .. } }"),
    "unknown key": ({"alpha": {"D": 1.0, "upto": {"B": 0.2}}}, "law.alpha.upto", "Did you mean up_to"),
    "missing key": ({"beta": {"D": 1.0}}, "law.beta", "'from' is missing"),
    "limit of nothing": ({"beta": {"D": 1.0, "from": 0.6}}, "law.beta.from", "expected a composition"),
    "unknown component": ({"beta": {"D": 1.0, "from": {"C": 0.6}}}, "law.beta.from.C", "'C' is not one of"),
    "two components": ({"beta": {"D": 1.0, "from": {"A": 0.4, "B": 0.6}}}, "law.beta.from", "one component is enough"),
    "limit of x": ({"beta": {"D": 1.0, "from": {"B": "x_A"}}}, "law.beta.from.B", "temperature T alone"),
    "limit outside": ({"beta": {"D": 1.0, "from": {"B": 1.2}}}, "law.beta.from", "lies between 0 and 1"),
    "no gap": ({"beta": {"D": 1.0, "from": {"B": 0.2}}}, "law.beta.from", "leave a gap"),
    "D of the place": ({"alpha": {"D": "1 + x", "up_to": {"B": 0.2}}}, "law.alpha.D", "depends on the position"),
    "D misspelt": ({"alpha": {"D": "exp(x_C)", "up_to": {"B": 0.2}}}, "law.alpha.D", "x_C"),
}


@pytest.mark.parametrize("name", WRONG_LAWS)
def test_a_law_that_cannot_be_read_says_where(name):
    keys, where, sentence = WRONG_LAWS[name]
    with pytest.raises(Invalid, match=sentence.replace("{", r"\{")) as caught:
        law(**keys)
    assert caught.value.faults[0].where == where


def test_both_phases_are_read_before_anything_is_said():
    with pytest.raises(Invalid) as caught:
        law(alpha={"D": 1.0}, beta={"D": 1.0, "from": {"C": 0.6}})
    assert [fault.where for fault in caught.value.faults] == ["law.alpha", "law.beta.from.C"]


def test_more_components_and_varying_volumes_are_refused():
    with pytest.raises(Invalid, match="two components, and this case has 3"):
        law(mixture=Mixture(("A", "B", "C")))
    varying = MolarVolume(BINARY, "vegard", {"A": 7e-6, "B": 8e-6})
    with pytest.raises(Invalid, match="one molar volume") as caught:
        law(molar_volume=varying)
    assert caught.value.faults[0].where == "molar_volume.kind"


WRONG_PROBLEMS = {
    "left in the gap": ({"ends": (0.3, 1.0)}, "initial.left", "x_B = 0.3 is not within alpha"),
    "right in the gap": ({"ends": (0.0, 0.5)}, "initial.right", "x_B = 0.5 is not within beta"),
    "overlapping": ({"limits": (0.6, 0.2)}, "law.beta.from", "the phases overlap"),
    "two jumps": (
        {"initial": Layers([(-30.0, 0.0, {"B": 0.0}), (0.0, 9.0, {"B": 1.0}), (9.0, 30.0, {"B": 0.1})])},
        "initial",
        "jumps 2 times",
    ),
    "no jump": ({"initial": Expression({"B": "0.5 + x/60"})}, "initial", "does not jump"),
    "held end": ({"boundary": Boundary(Fixed({"B": 0.0}), Closed())}, "boundary.left", "closed ends"),
    "sphere": ({"domain": Domain((0.0, 9.0), geometry="spherical"), "at": 4.0}, "domain.geometry", "planar"),
    "steady": ({"end": "steady"}, "time.end", "no steady state"),
    "source": ({"source": {"B": 1e-3}}, "source", "takes no rates"),
    "off the faces": ({"domain": Domain((-30.0, 31.0), 100, "uniform")}, "domain.cells", "on a face of the grid"),
}


@pytest.mark.parametrize("name", WRONG_PROBLEMS)
def test_a_problem_that_is_none_of_two_phases_is_refused(name):
    changes, where, sentence = WRONG_PROBLEMS[name]
    problem = couple(**changes)
    with pytest.raises(Invalid, match=sentence) as caught:
        level(problem, problem.grid)
    assert caught.value.faults[0].where == where


def test_schemes_that_cannot_follow_an_interface_are_refused():
    problem = couple()
    for name in ("explicit", "similarity"):
        with pytest.raises(Invalid) as caught:
            TwoPhaseLevel(problem, Axis(problem, problem.grid), scheme_named(name), Controls(scheme=name))
        assert caught.value.faults[0].where == "solver.scheme"


@pytest.mark.parametrize(
    ("changes", "where", "sentence"),
    [
        ({"Da": "0.1 - x_B"}, "law.alpha.D", "the interdiffusivity is -0.1 m"),
        ({"Db": "x_B - 0.7"}, "law.beta.D", "the interdiffusivity is -0.1 m"),
        ({"Db": "log(x_B - 0.8)"}, "law.beta.D", "must be finite"),
        ({"Da": {"D0": 1.0, "Q": 1e5}}, "law", "needs a temperature"),
        (
            {"limits": ("0.2 + 1e-3*(T-1000)", 0.6), "temperature": Temperature(schedule=[(0, 1e3), (1, 2e3)])},
            "law.alpha.up_to",
            "x_B is 1.2 at T = 2000 K",
        ),
        (
            {"limits": ("0.2 + 5e-4*(T-1000)", 0.6), "temperature": Temperature(schedule=[(0, 1e3), (1, 2e3)])},
            "law.beta.from",
            "cross",
        ),
    ],
)
def test_coefficients_that_make_no_sense_are_refused(changes, where, sentence):
    with pytest.raises(Invalid, match=sentence) as caught:
        couple(**changes).check()
    assert caught.value.faults[0].where == where


def test_D_counts_only_within_its_phase():
    couple("0.3 - x_B", "x_B - 0.5").check()


def test_exact_solution_says_what_it_is_not_for():
    assert "reaches an end" in EXACT.applies(couple(half=3.0))
    assert "one step" in EXACT.applies(couple(initial=Tabulated(np.array([-30.0, 0, 0, 30]), {"B": [0, 0.1, 0.6, 1]})))
    assert "not positive" in EXACT.applies(couple(0.0))
    assert "do not change with time" in EXACT.applies(couple("1 + t"))
    problem = couple()
    faces = np.array([-2.0, 1.0, 3.0])
    np.testing.assert_allclose(EXACT.averages(problem, 0.0, faces), [[1.0 / 3.0, 1.0]])
    np.testing.assert_array_equal(EXACT.values(problem, 0.0, np.array([-1.0, 1.0])), [[0.0, 1.0]])
    # fits of a profile around the interface: the values at both sides of it
    s = interface_at(problem, 4.0)
    np.testing.assert_allclose(EXACT.values(problem, 4.0, np.array([s - 1e-9, s + 1e-9])), [[0.2, 0.6]], atol=1e-8)

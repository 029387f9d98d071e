"""A molar volume that varies: the mole coordinate, the moving end, Matano planes, frames."""

import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.problem.boundary import Boundary, Exchange
from simulator.problem.domain import Domain
from simulator.problem.grid import Grid
from simulator.problem.initial import Expression, Step
from simulator.problem.problem import Problem
from simulator.solve.axis import MoleAxis, axes_of, face_values, point_values
from simulator.solve.controls import Controls
from simulator.solve.exact import exact_named
from simulator.solve.exact.collocation import similarity_profile
from simulator.solve.solve import solve

BINARY = Mixture(("A", "B"), "A")
TERNARY = Mixture(("A", "B", "C"), "C")
BESIDE = Mixture(("A", "B"), "A", interstitial=("B",))
CONTRACTS, EXPANDS = "1 - 0.4*x_B - 0.3*x_B*x_A", "1 - 0.25*x_B + 0.06*x_B*x_A"
VEGARD = {"A": 1.0, "B": 0.6}


def volume(spec, mixture=BINARY) -> MolarVolume:
    if isinstance(spec, dict):
        return MolarVolume(mixture, "vegard", spec)
    return MolarVolume(mixture, "expression", {"V_m": spec})


def couple(spec, left=0.0, right=1.0, D="exp(2*x_B)", cells=400, half=25.0, **changes) -> Problem:
    """The couple of D = exp(2N) in scaled units, t = 1."""
    settings = {"domain": Domain(interval=(-half, half), cells=cells), "initial": Step(0.0, {"B": left}, {"B": right})}
    return Problem(
        **{"mixture": BINARY, "law": Fick(BINARY, D=D, molar_volume=volume(spec)), "end": 1.0} | settings | changes
    )


def swelling(result) -> float:
    """Displacement of the right end since the start, m."""
    return float(result.field("position_face")[-1][-1] - result.grid.faces[-1])


def matano_planes(result) -> dict[str, float]:
    """x_0 of either concentration profile: x_R - (moles - C^- L) / (C^+ - C^-), the left end at rest."""
    faces, volume = result.field("position_face")[-1], result.problem.molar_volume
    moles = np.diff(axes_of(result.problem, [result.grid])[0].grid.faces) / volume.reference
    planes = {}
    for row, name in enumerate(result.components):
        N = result.mole_fraction[-1][row]
        ends = result.mole_fraction[-1][1:, [0, -1]]
        C = N[[0, -1]] / volume(ends)
        planes[name] = faces[-1] - ((N * moles).sum() - C[0] * (faces[-1] - faces[0])) / (C[1] - C[0])
    return planes


# Theory of the mole coordinate: S and the planes x_0^(i) = S C_i^+ / (C_i^+ - C_i^-). The swellings of 7 digits were
# computed apart from this code.
@pytest.mark.parametrize(("spec", "expected"), [(CONTRACTS, -0.5849965), (EXPANDS, 0.0953928)])
@pytest.mark.parametrize("scheme", ["implicit", "similarity"])
def test_the_right_end_moves_by_the_swelling(spec, expected, scheme):
    result = solve(couple(spec), Controls(scheme=scheme, extrapolate=True, rtol=1e-8))
    assert swelling(result) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize(("left", "right"), [(0.0, 1.0), (0.2, 0.8), (0.9, 0.1)])
def test_matano_planes_follow_from_the_swelling(left, right):
    result = solve(couple(CONTRACTS, left, right), Controls(extrapolate=True, rtol=1e-8))
    S, planes = swelling(result), matano_planes(result)
    at = np.array([[left, right]])
    for name, N in (("A", 1.0 - at[0]), ("B", at[0])):
        C = N / volume(CONTRACTS)(at)
        assert planes[name] == pytest.approx(S * C[1] / (C[1] - C[0]), abs=1e-6)
    if (left, right) == (0.2, 0.8):  # only pure end members have planes that differ by S
        assert pytest.approx(-0.201, abs=5e-4) == S
        assert planes["B"] - planes["A"] == pytest.approx(-0.352, abs=5e-4)
    elif left == 0.0:
        assert planes["B"] - planes["A"] == pytest.approx(S, abs=1e-6)


def test_a_volume_of_vegard_keeps_the_length_between_ends_of_equal_moles():
    """With constant partial volumes the volume-fixed frame rests in the lab: nothing moves, and D of C is D of N."""
    result = solve(couple(VEGARD), Controls(extrapolate=True, rtol=1e-8))
    assert abs(swelling(result)) < 1e-7
    profile = result.profile()
    C = profile.fraction("B") / (1.0 - 0.4 * profile.fraction("B"))

    def D_of_C(C):  # N from C: C = N / (1 - 0.4 N)
        return np.exp(2.0 * C / (1.0 + 0.4 * C))

    exact = similarity_profile(D_of_C, np.array([0.0]), np.array([1.0 / 0.6]))
    assert np.abs(exact.values(profile.x)[0] - C).max() < 2e-5


@pytest.mark.parametrize("spec", [CONTRACTS, EXPANDS, VEGARD])
@pytest.mark.parametrize("scheme", ["implicit", "explicit"])
def test_moles_are_conserved(spec, scheme):
    result = solve(couple(spec, cells=100), Controls(scheme=scheme, rtol=1e-5))
    assert result.diagnostics("conservation_error")[-1] < 1e-12
    last = result.snapshots[-1].fields
    # The sum of all moles between the moved faces: dx / V_m of cells whose V_m bends little.
    moles = (np.diff(last["position_face"]) / last["molar_volume"]).sum()
    first = (np.diff(result.grid.faces) / volume(spec)(np.where(result.x[None] < 0.0, 0.0, 1.0))).sum()
    assert moles == pytest.approx(first, rel=1e-4)


def test_second_order_in_space_and_the_exact_profile_on_the_mole_coordinate():
    exact, errors = exact_named("similarity"), []
    for cells in (50, 100, 200):
        problem = couple(CONTRACTS, cells=cells)
        assert exact.applies(problem) is None
        u = exact.averages(problem, 1.0, problem.grid.faces)
        errors.append(np.abs(solve(problem, Controls(rtol=1e-9)).mole_fraction[-1][1] - u[0]).max())
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(orders > 1.9)


def test_constant_volume_as_an_expression_changes_nothing():
    """An expression of no slope takes the road of the mole coordinate to the same numbers."""
    fixed = couple("1", cells=60)
    moving = couple("1 + 1e-300*x_B", cells=60)
    assert not fixed.swells
    assert moving.swells
    one, other = solve(fixed), solve(moving)
    assert np.abs(one.mole_fraction[-1] - other.mole_fraction[-1]).max() < 1e-12
    assert np.abs(other.field("position_face")[-1] - one.grid.faces).max() < 1e-12


def test_a_smooth_start_keeps_its_moles_where_they_were():
    """At t = 0 the cells of the mole coordinate lie on the cells of the laboratory's grid."""
    problem = couple(CONTRACTS, initial=Expression({"B": "0.5 + 0.4*tanh(x)"}), half=5.0, cells=80, save=(0.0,))
    result = solve(problem)
    # The moles are counted by the mean compositions of quarters of a cell: h = 0.125, (h/4)^2/24 times bends of 0.5.
    assert np.abs(result.field("position_face")[0] - result.grid.faces).max() < 2e-5
    assert np.abs(result.field("position_face")[-1] - result.grid.faces).max() > 1e-2


def test_a_step_lies_where_it_was():
    """No cell beside the jump takes part in it before it diffuses."""
    result = solve(couple(CONTRACTS, cells=80, half=5.0, save=(0.0,)))
    assert np.abs(result.field("position_face")[0] - result.grid.faces).max() < 1e-13


def test_places_and_coordinates_are_inverse():
    problem = couple(CONTRACTS, initial=Expression({"B": "0.5 + 0.4*tanh(x)"}), half=5.0, cells=40)
    (axis,) = axes_of(problem, [problem.grid])
    x = np.linspace(-4.9, 4.9, 37)
    assert np.abs(axis.places(axis.of(x), axis.start) - x).max() < 2e-4  # the faces themselves: (h/4)^2/24, h = 0.25
    assert np.array_equal(axis.of(problem.grid.faces), axis.grid.faces)
    for part in (0.2, 0.5, 0.8):  # of every cell, three steps of Newton's method
        off = part * np.diff(problem.grid.faces)
        q = axis.of(problem.grid.faces[:-1] + off)
        inside = axis.places(q, axis.start) - axis.places(axis.grid.faces[:-1], axis.start)
        assert np.abs(inside - off).max() < 1e-7


def test_ternary_couple_in_the_number_frame_is_that_of_the_volume_frame():
    """Constant partial volumes: C_i(x, t) obeys dC/dt = d/dx(D^V dC/dx) in the lab, D^V = T D^N T^-1."""
    V = volume({"A": 1.0, "B": 0.7, "C": 1.3}, TERNARY)
    DN = np.array([[1.0, 0.4], [0.15, 0.6]])
    law = Fick(TERNARY, D=DN.tolist(), molar_volume=V)
    left, right = {"A": 0.1, "B": 0.5}, {"A": 0.6, "B": 0.2}
    problem = Problem(TERNARY, law, Domain(interval=(-16.0, 16.0), cells=400), Step(0.0, left, right), end=1.0)
    result = solve(problem, Controls(extrapolate=True, rtol=1e-8))
    profile = result.profile()
    N = profile.fractions[:2]

    def fractions(C):
        """N_i = C_i V_m with C_A V_A + C_B V_B + C_C V_C = 1."""
        third = (1.0 - 1.0 * C[0] - 0.7 * C[1]) / 1.3
        return C / (C.sum(axis=0) + third)

    def DV(C):
        u = fractions(C)
        return V.volume_fixed(np.repeat(DN[:, :, None], u.shape[1], axis=2), u)

    ends = [np.array(list(end.values())) for end in (left, right)]
    C_ends = [end / V(end[:, None]) for end in ends]
    exact = similarity_profile(DV, *C_ends)
    assert abs(swelling(result)) < 1e-7
    assert np.abs(exact.values(profile.x) - N / V(N)).max() < 2e-5


def test_frames_share_their_eigenvalues_and_for_two_components_their_coefficient():
    rng = np.random.default_rng(3)
    V = volume("1 - 0.3*x_A + 0.2*x_B*x_A - 0.1*x_B**2", TERNARY)
    u = rng.dirichlet([1.0, 1.0, 1.0], 20).T[:2]
    D = rng.random((2, 2, 20)) + 2.0 * np.eye(2)[:, :, None]
    turned = V.volume_fixed(D, u)
    own, other = (np.sort(np.linalg.eigvals(np.moveaxis(M, -1, 0)).real, axis=1) for M in (D, turned))
    assert np.abs(own - other).max() < 1e-12
    assert np.abs(turned - D).max() > 1e-3
    binary = volume(CONTRACTS)
    N = np.linspace(0.0, 1.0, 11)[None]
    assert np.allclose(binary.volume_fixed(np.exp(2.0 * N)[None], N), np.exp(2.0 * N), rtol=1e-14, atol=0.0)


@pytest.mark.parametrize("mixture", [BINARY, TERNARY])
def test_partial_volumes_add_up(mixture):
    """sum x_k V_k = V_m, and V_k is dV/dn_k of an amount: by differences."""
    V = volume("1 - 0.4*x_B - 0.3*x_B*x_A + 0.1*x_A**3", mixture)
    n = len(mixture.components)
    x = np.random.default_rng(5).dirichlet(np.ones(n))
    u = np.array([x[mixture.components.index(name)] for name in mixture.independent])

    def total(amounts):
        share = amounts / amounts.sum()
        return amounts.sum() * V(np.array([share[mixture.components.index(name)] for name in mixture.independent]))

    partial = V.partial(u)
    assert (x * partial).sum() == pytest.approx(float(V(u)), rel=1e-14, abs=0.0)
    for k in range(n):
        e = 1e-5 * np.eye(n)[k]
        assert (total(x + e) - total(x - e)) / 2e-5 == pytest.approx(partial[k], rel=1e-9)


def test_face_values_are_of_fourth_order():
    errors = []
    for n in (20, 40, 80):
        faces = np.sinh(np.linspace(-1.5, 1.5, n + 1))
        integral = np.sin(faces)
        averages = np.diff(integral) / np.diff(faces)
        # The ends take the outermost averages, which is felt less and less inwards.
        errors.append(np.abs(face_values(faces, averages[None])[0] - np.cos(faces))[n // 3 : -n // 3].max())
    assert np.all(np.log2(np.array(errors[:-1]) / errors[1:]) > 3.7)


def test_places_in_a_smooth_profile_are_of_fourth_order():
    """x = int V_m/V_0 dq of N = 0.5 + 0.4 tanh q, V_m/V_0 = 1 - 0.7 N + 0.3 N^2: centres, faces, and any place."""

    def x(q):
        first, second = np.log(np.cosh(q)), q - np.tanh(q)  # of tanh and tanh^2
        return q - 0.7 * (0.5 * q + 0.4 * first) + 0.3 * (0.25 * q + 0.4 * first + 0.16 * second)

    anywhere, errors = np.random.default_rng(8).uniform(-8.0, 8.0, 500), []
    for cells in (80, 160, 320):
        problem = couple(CONTRACTS, half=10.0, cells=cells)
        grid = Grid(np.linspace(-10.0, 10.0, cells + 1))
        u = (0.5 + 0.4 * np.diff(np.log(np.cosh(grid.faces))) / np.diff(grid.faces))[None]
        axis = MoleAxis(problem, problem.grid, grid, u)
        found = axis.geometry(u)
        pairs = ((found["position"], grid.centres), (found["position_face"], grid.faces))
        pairs += ((axis.places(anywhere, u), anywhere),)
        errors.append([np.abs(places - (x(q) - x(-10.0) - 10.0)).max() for places, q in pairs])
        assert np.abs(axis.places(grid.centres, u) - found["position"]).max() < 1e-13  # one curve
    assert np.all(np.log2(np.array(errors[:-1]) / errors[1:]) > 3.7)


def test_values_at_centres_keep_the_order_of_the_averages():
    """Rising averages whose steps differ by many powers of ten: no profile that the cells resolve."""
    rng = np.random.default_rng(2)
    faces = np.cumsum(rng.uniform(0.5, 2.0, 201))
    averages = np.cumsum(10.0 ** rng.uniform(-6.0, 0.0, (3, 200)), axis=1)
    values = point_values(averages, faces)
    assert np.all(np.diff(values, axis=1) > 0.0)
    assert np.abs(values - averages).max() > 1e-3


@pytest.mark.parametrize("spec", [CONTRACTS, VEGARD])
def test_the_reference_is_the_volume_of_the_pure_dependent_component(spec):
    """And only with constant partial volumes does the volume-fixed frame rest."""
    assert volume(spec).reference == 1.0
    assert volume(spec, Mixture(("A", "B"), "B")).reference == pytest.approx(0.6, rel=1e-15, abs=0.0)
    assert volume(spec).linear == (spec is VEGARD)


@pytest.mark.parametrize(
    ("make", "where", "words"),
    [
        (lambda: volume("1 - 2*x_B"), "", ""),
        (lambda: volume({"A": 1.0}), "molar_volume", "B is missing"),
        (lambda: volume({"A": 1.0, "B": -1.0}), "molar_volume.B", "positive"),
        (lambda: MolarVolume(BINARY, "constant", {"V_m": "1 + x_B"}), "molar_volume.V_m", "expression"),
        (lambda: MolarVolume(BINARY, "vergard", {"V_m": 1.0}), "molar_volume.kind", "Did you mean vegard?"),
        (lambda: MolarVolume(BINARY, "constant", {"Vm": 1.0}), "molar_volume.Vm", "V_m"),
        (lambda: volume("1 - 0.1*x_B", BESIDE), "molar_volume.kind", "interstitials"),
        (lambda: volume("1 + 0.1*T"), "molar_volume.V_m", "depends on T"),
        (lambda: couple("1 - 2*x_B").check(), "molar_volume.V_m", "x_B = 0.5"),
        (
            lambda: couple(CONTRACTS, boundary=Boundary(right=Exchange(1.0, {"B": 0.5}))).check(),
            "boundary.right",
            "closed or fixed",
        ),
        (
            lambda: couple(
                CONTRACTS,
                domain=Domain(interval=(0.0, 1.0), geometry="spherical"),
                initial=Step(0.5, {"B": 0}, {"B": 1}),
            ).check(),
            "molar_volume.kind",
            "planar",
        ),
    ],
)
def test_bad_volumes_are_refused(make, where, words):
    if not where:
        make()  # a volume that is nowhere asked for may be negative there
        return
    with pytest.raises(Invalid) as refused:
        make()
    found = {fault.where: fault.sentence for fault in refused.value.faults}
    assert where in found
    assert words in found[where]

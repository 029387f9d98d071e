"""Ions in a constant field: Goldman, Hodgkin and Katz to rounding, and the kernels of all three closures."""

import numpy as np
import pytest
from electrolytes import REFERENCES, VT, F, R, even, law_of, problem_of, some

from simulator.kernels import nernst_planck as kernels
from simulator.problem.boundary import Boundary, Fixed
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.solve.controls import Controls
from simulator.solve.solve import solve

FARADAY = F
BODY = 310.15
L = 5e-9


def ghk(P, z, V, left, right, T):
    """Flux towards +x at V = phi(right) - phi(left)."""
    u = z * V * F / (R * T)
    return P * (left - right) if u == 0.0 else P * u * (left - right * np.exp(u)) / np.expm1(u)


def membrane(z, V, left, right, P=1e-8, T=BODY, cells=4, **more):
    """One ion of charge z between two held concentrations, at rest in the field of V."""
    domain = Domain((0.0, L), cells, grading="uniform")
    ends = Boundary(Fixed({"X": left}), Fixed({"X": right}))
    start = even(domain, {"X": left})
    return problem_of({"X": (z, P * L)}, domain, start, ends, T=T, closure="constant-field", voltage=V, **more)


@pytest.mark.parametrize("V", [-0.2, -0.05, 0.0, 1e-6, 0.06, 0.2])
@pytest.mark.parametrize(("z", "left", "right"), [(1, 5.0, 140.0), (-1, 110.0, 10.0), (2, 2.0, 1e-4), (-2, 1e-4, 2.0)])
def test_the_steady_flux_is_that_of_goldman_hodgkin_and_katz_on_four_cells(z, left, right, V):
    flux = solve(membrane(z, V, left, right)).flux[-1, 0]
    exact = ghk(1e-8, z, V, left, right, BODY)
    np.testing.assert_allclose(flux, exact, rtol=1e-10, atol=1e-13 * 1e-8 * abs(z * V / 0.0267 + 1) * max(left, right))


@pytest.mark.parametrize(("name", "z", "out", "inside"), [
    ("R03a_ghk_current_K", 1, 5.0, 140.0),
    ("R03b_ghk_current_Ca", 2, 2.0, 1e-4),
])  # fmt: skip
def test_the_current_of_a_membrane_is_that_of_the_references(name, z, out, inside):
    """R03: the inside is the right end; outward is towards -x."""
    reference = REFERENCES[name]
    volts = tuple(1e-3 * np.array(reference["V_mV"], float))
    result = solve(membrane(z, 0.0, out, inside, sweep=volts))
    scale = np.abs(reference["value"]).max()
    np.testing.assert_allclose(-result.field("current"), reference["value"], rtol=1e-9, atol=1e-12 * scale)
    np.testing.assert_allclose(result.field("voltage"), volts, rtol=1e-12)


def test_ions_do_not_see_each_other():
    ions, V = {"K": (1, 1e-8 * L), "Cl": (-1, 4.5e-9 * L), "W": (0, 1e-8 * L)}, -0.067
    left, right = {"K": 5.0, "Cl": 110.0, "W": 1.0}, {"K": 140.0, "Cl": 10.0, "W": 3.0}
    domain = Domain((0.0, L), 8, grading="uniform")
    start = Step(0.5 * L, left, right)
    problem = problem_of(
        ions, domain, start, Boundary(Fixed(left), Fixed(right)), T=BODY, closure="constant-field", voltage=V
    )
    result = solve(problem)
    for k, (name, (z, D)) in enumerate(ions.items()):
        exact = ghk(D / L, z, V, left[name], right[name], BODY)
        np.testing.assert_allclose(result.flux[-1, k], exact, rtol=1e-10)
    np.testing.assert_allclose(result.field("potential")[-1], V * result.x / L, rtol=1e-12)


def test_closed_ends_come_to_rest_with_boltzmann():
    V = 0.1
    domain = Domain((0.0, L), 40, grading="uniform")
    D = 1e-10
    problem = problem_of(
        some("K"), domain, even(domain, {"K": 7.0}), closure="constant-field", voltage=V, end=40.0 * L * L / D
    )
    result = solve(problem)
    left, right = result.field("concentration_end")[-1, 0]
    assert np.log(right / left) == pytest.approx(-V / VT, rel=1e-9)
    assert result.diagnostics("conservation_error")[-1] < 1e-12 * 7.0


@pytest.mark.parametrize("trace", [1e-3, 1e-30, 1e-60])
@pytest.mark.parametrize("grading", ["interface", "uniform"])
@pytest.mark.parametrize("V", [0.2, 1.5])
def test_concentrations_stay_positive_from_the_first_moment(trace, grading, V):
    length, save = 1e-8, (1e-15, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9)
    left, right = {"P": 1.0, "N": 1.0}, {"P": trace, "N": trace}
    problem = problem_of(
        {"P": (1, 1e-9), "N": (-1, 1e-9)},
        Domain((0.0, length), 200, grading=grading),
        Step(0.5 * length, left, right),
        end=save[-1],
        save=save,
        closure="constant-field",
        voltage=V,
    )
    result = solve(problem, Controls(rtol=1e-4))
    assert result.diagnostics("smallest_value").min() > 0.0
    assert result.diagnostics("conservation_error").max() < 1e-12


def test_bernoulli_keeps_its_identities_over_all_sizes():
    """B(-s) = B(s) + s and B(s)/B(-s) = exp(-s); its slope from B' (exp s - 1) = 1 - B exp s."""
    s = np.concatenate([[0.0], np.logspace(-9, 2.6, 400)])
    s = np.concatenate([-s[::-1], s])
    B = np.array([kernels.bernoulli(value) for value in s])
    back = np.array([kernels.bernoulli(-value) for value in s])
    np.testing.assert_allclose(back, B + s, rtol=4e-15, atol=4e-14)
    few = np.abs(s) < 300.0
    np.testing.assert_allclose(B[few] / back[few], np.exp(-s[few]), rtol=1e-12)
    slope = np.array([kernels.bernoulli_slope(a, b) for a, b in zip(s, B, strict=True)])
    mirrored = np.array([kernels.bernoulli_slope(-a, b) for a, b in zip(s, back, strict=True)])
    np.testing.assert_allclose(slope + mirrored, -1.0, rtol=1e-11)  # from B(-s) = B(s) + s
    large = (np.abs(s) > 0.02) & (np.abs(s) < 300.0)
    exact = (1.0 - B[large] * np.exp(s[large])) / np.expm1(s[large])
    np.testing.assert_allclose(slope[large], exact, rtol=1e-9, atol=1e-13)
    # B'(0) = -1/2, B''(0) = 1/6: across the edges of the series it is smooth
    for edge in (kernels.NEAR, kernels.NEAR_SLOPE):
        below, above = edge * (1.0 - 1e-9), edge * (1.0 + 1e-9)
        assert kernels.bernoulli(below) - kernels.bernoulli(above) == pytest.approx(1e-9 * edge, rel=1e-2, abs=3e-16)
        d = [kernels.bernoulli_slope(a, kernels.bernoulli(a)) for a in (below, above)]
        assert abs(d[0] - d[1]) < 1e-9 * edge
    assert kernels.bernoulli(0.0) == 1.0 and kernels.bernoulli_slope(0.0, 1.0) == -0.5


THREE = {"Ca": (2, 0.8e-9), "Na": (1, 1.3e-9), "Cl": (-1, 2.0e-9)}
PLACED = {"Ca": (2, "0.8e-9*(1 + 2e5*x)"), "Na": (1, "1.3e-9*exp(T/300 - 1)"), "Cl": (-1, "2e-9*(1 + t)")}
CHARGE = "3*sin(1e5*x)"
KERNELS = {
    "constant field": (THREE, {"closure": "constant-field", "voltage": 0.1}),
    "constant field, D(x)": (PLACED, {"closure": "constant-field", "voltage": 0.1}),
    "poisson": (THREE, {"closure": "poisson", "permittivity": 78.5}),
    "poisson, D(x), q(x), eps(x)": (
        PLACED,
        {"closure": "poisson", "permittivity": "78.5*(1 + 1e4*x)", "fixed_charge": CHARGE},
    ),
    "poisson, davies": (THREE, {"closure": "poisson", "permittivity": 78.5, "activity": "davies"}),
    "electroneutral": (THREE, {}),
    "electroneutral, uncharged": ({"W": (0, 1e-9), **THREE}, {}),
    "electroneutral, D(x), q(x)": (PLACED, {"fixed_charge": CHARGE}),
    "electroneutral, davies": (THREE, {"activity": "davies"}),
    "electroneutral, davies, D(x), q(x)": (PLACED, {"activity": "davies", "fixed_charge": CHARGE}),
}


@pytest.mark.parametrize("name", KERNELS)
def test_slopes_are_the_difference_quotients_of_the_fluxes(name):
    ions, more = KERNELS[name]
    law = law_of(ions, **more)
    n, points = len(ions), 12
    found = law.equations(np.zeros(n), np.full(n, 100.0), (300.0, 310.0))
    rng = np.random.default_rng(11)
    u = rng.uniform(5.0, 90.0, (found.m, points))
    u[-1] = rng.uniform(-3.0, 3.0, points)
    u[-1, 4] = u[-1, 3] + 1e-5  # both branches of the series
    faces = np.linspace(0.0, 1e-5, points - 1)
    face = np.vstack([rng.uniform(1e6, 2e6, points - 1), faces])

    def flux(state):
        F = np.full((found.m, points - 1), np.nan)
        found.flux(2.0, 305.0, state, face, found.parameters, F)
        return F

    left, right = (np.full((found.m, found.m, points - 1), np.nan) for _ in range(2))
    found.flux_slopes(2.0, 305.0, u, face, found.parameters, left, right)
    size = np.abs(flux(u)).max(axis=1)
    for b in range(found.m):
        for side, slopes in ((0, left), (1, right)):
            for f in range(points - 1):
                h = 1e-5 * max(abs(u[b, f + side]), 1.0)
                up, down = u.copy(), u.copy()
                up[b, f + side] += h
                down[b, f + side] -= h
                quotient = (flux(up) - flux(down))[:, f] / (2.0 * h)
                np.testing.assert_allclose(slopes[:, b, f], quotient, rtol=2e-6, atol=1e-8 * size.max())


@pytest.mark.parametrize("name", [name for name in KERNELS if name.startswith("poisson")])
def test_slopes_of_the_charge_are_its_difference_quotients(name):
    from simulator.kernels.differences import add_source_slopes

    ions, more = KERNELS[name]
    n, points = len(ions), 12
    found = law_of(ions, **more).equations(np.zeros(n), np.full(n, 100.0), (300.0, 310.0))
    rng = np.random.default_rng(12)
    u = rng.uniform(5.0, 90.0, (n + 1, points))
    cell = np.vstack([rng.uniform(1.0, 2.0, points), np.linspace(0.0, 1e-5, points)])
    S, shifted_S, shifted = (np.empty_like(u) for _ in range(3))
    blocks = []
    for add in (add_source_slopes, found.source_slopes):
        diagonal = rng.uniform(size=points * (n + 1) ** 2)
        before = diagonal.copy()
        given = (2.0, 305.0, u, cell, found.parameters, found.typical, S, shifted_S, shifted, diagonal)
        add(found.source.address, *given)
        blocks.append(diagonal - before)
    # increments of 1e-7 of concentrations: rounding of charges of 1e2 over that
    np.testing.assert_allclose(blocks[1], blocks[0], rtol=0.0, atol=1e-6)
    assert np.abs(blocks[1]).max() > 1.0


def test_the_flux_between_two_points_is_ghk_in_every_closure():
    """Scharfetter and Gummel: rows of the ions are the same kernel, whatever the closure."""
    n, c = 3, np.array([[10.0, 3.0], [20.0, 80.0], [40.0, 86.0]])
    phi = np.array([0.3, -1.9])
    face = np.array([[2e6], [1e-6]])
    for name in ("constant field", "poisson", "electroneutral"):
        ions, more = KERNELS[name]
        found = law_of(ions, **more).equations(np.zeros(n), np.full(n, 100.0), (300.0, 300.0))
        rows = c[: found.m - 1]
        F = np.full((found.m, 1), np.nan)
        found.flux(0.0, 300.0, np.vstack([rows, phi]), face, found.parameters, F)
        for k, (z, D) in enumerate(list(ions.values())[: found.m - 1]):
            exact = ghk(2e6 * D, z, -2.2 * R * 300.0 / FARADAY, *c[k], 300.0)
            assert F[k, 0] == pytest.approx(exact, rel=1e-13)

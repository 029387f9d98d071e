"""Electrodes that take up one ion: films and thin cells up to their limiting current, with and without support."""

import numpy as np
import pytest
from electrolytes import (
    LENGTH,
    REFERENCES,
    SUPPORTED,
    VT,
    F,
    even,
    film,
    problem_of,
    some,
    support,
)

from simulator.faults import NumericsError
from simulator.laws.limiting_current import limiting_current
from simulator.problem.boundary import Boundary, Electrode, Fixed
from simulator.problem.domain import Domain
from simulator.problem.problem import Problem
from simulator.solve.controls import Controls
from simulator.solve.solve import solve

FINE = Controls(extrapolate=True)


@pytest.mark.parametrize("k", range(1, 6))
def test_a_film_with_support_passes_the_limiting_flux_between_its_own_wall_and_the_bulk(k):
    """R09: with nothing of M and S, X at their equilibrium held at the wall, S and X must rest and M have the limit."""
    reference = REFERENCES["R09_supporting_film"]
    g, wall = reference["gamma"][k], reference["wall_potential_over_VT"][k]
    c = 10.0 * np.sqrt(g * (1.0 + g))
    assert wall == pytest.approx(0.5 * np.log(g / (1.0 + g)), rel=1e-9)
    held = Boundary(Fixed({"M": 0.0, "S": c, "X": c}), Fixed(support(g)))
    flux = solve(film(SUPPORTED, support(g), boundary=held, voltage=-wall * VT), FINE).flux[-1]
    scaled = -flux * LENGTH / (1e-9 * 10.0)
    np.testing.assert_allclose(scaled[0], reference["value"][k], rtol=1e-6)
    assert np.abs(scaled[1:]).max() < 1e-8 * (1.0 + g)


@pytest.mark.parametrize("k", range(5))
def test_copper_with_sulphuric_acid_has_its_limiting_flux(k):
    """R09b, the same with divalent ions: exp(3 phi) = g/(1 + g) at the wall."""
    reference = REFERENCES["R09b_supporting_Cu"]
    g = reference["gamma"][k]
    phi = np.log(g / (1.0 + g)) / 3.0
    bulk = {"Cu": 10.0, "H": 20.0 * g, "SO4": 10.0 * (1.0 + g)}
    wall = {"Cu": 0.0, "H": 20.0 * g * np.exp(-phi), "SO4": 10.0 * (1.0 + g) * np.exp(2.0 * phi)}
    held = Boundary(Fixed(wall), Fixed(bulk))
    flux = solve(film(some("Cu", "H", "SO4"), bulk, boundary=held, voltage=-phi * VT), FINE).flux[-1]
    scaled = -flux * LENGTH / (0.714e-9 * 10.0)
    np.testing.assert_allclose(scaled[0], reference["value"][k], rtol=1e-6)
    assert np.abs(scaled[1:]).max() < 1e-7 * (1.0 + g)


@pytest.mark.parametrize(("g", "k"), [(0.1, 1), (1.0, 2), (10.0, 3), (1000.0, 5)])
def test_a_driven_film_empties_at_its_limiting_current_and_shows_the_potential_of_the_wall(g, k):
    """R09 driven: at 0.9999 of the limit the wall holds about 1e-4 of M, and its potential is as near its last one."""
    limit = F * 1e-9 * 10.0 / LENGTH * REFERENCES["R09_supporting_film"]["value"][k]
    problem = film(SUPPORTED, support(g), current=-0.9999 * limit)
    found = limiting_current(problem)
    assert found[:2] == ("M", "left") and found[2] == pytest.approx(limit, rel=1e-9)
    result = solve(problem, FINE)
    assert 0.9e-4 < result.field("concentration_end")[-1, 0, 0] / 10.0 < 1.6e-4
    wall = REFERENCES["R09_supporting_film"]["wall_potential_over_VT"][k]
    assert -result.field("voltage")[-1] / VT == pytest.approx(wall, rel=4e-4)
    mirrored = film(SUPPORTED, support(g), boundary=Boundary(Fixed(support(g)), Electrode("M")), current=0.9999 * limit)
    turned = solve(mirrored, FINE)
    np.testing.assert_allclose(turned.field("voltage")[-1], -result.field("voltage")[-1], rtol=1e-9)
    ends = turned.field("concentration_end")[-1, :, ::-1]
    np.testing.assert_allclose(ends, result.field("concentration_end")[-1], rtol=1e-6)


@pytest.mark.parametrize("k", range(4))
def test_cottrell_with_migration_empties_the_electrode_at_its_own_factor(k):
    """R09c: i = f F c sqrt(D/(pi t)) leaves the same at the electrode for ever, nothing at the reference's f. It starts
    1e-12 of the time late, which is worth 1e-6; f is found from the two currents 0.5 and 0.1 % below."""
    reference = REFERENCES["R09c_supporting_transient"]
    g, factor, t, D = reference["gamma"][k], reference["value"][k], 10.0, 1e-9
    domain = Domain((0.0, 16.0 * np.sqrt(D * t)), 400, grading="walls")
    left = []
    for part in (0.995, 0.999):
        i = float(part * factor * F * 10.0 * np.sqrt(D / np.pi))
        problem = problem_of(
            SUPPORTED,
            domain,
            even(domain, support(g)),
            Boundary(Fixed(support(g)), Electrode("M")),
            current=f"{i!r}/sqrt(t + {1e-12 * t!r})",
            end=t,
        )
        result = solve(problem, Controls(extrapolate=True, rtol=1e-7))
        left.append(result.field("concentration_end")[-1, 0, 1])
    assert left[0] > left[1] > 0.0
    assert 0.999 + 0.004 * left[1] / (left[0] - left[1]) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize(("name", "salt", "c"), [
    ("NaCl_film_A_m2", ("Na", "Cl"), 100.0),
    ("CuSO4_film_A_m2", ("Cu", "SO4"), 100.0),
    ("CaCl2_film_A_m2", ("Ca", "Cl"), 200.0),
])  # fmt: skip
def test_a_film_of_one_salt_empties_at_its_limiting_current(name, salt, c):
    """R10: the cation's profile is a straight line, 0 at the wall at the limit."""
    limit = REFERENCES["R10_limiting_current"]["value"][name]
    bulk = {salt[0]: 100.0, salt[1]: c}
    problem = film(some(*salt), bulk, current=-0.9 * limit)
    assert limiting_current(problem)[2] == pytest.approx(limit, rel=1e-9)
    result = solve(problem, FINE)
    np.testing.assert_allclose(result.field("concentration_end")[-1, 0, 0], 10.0, rtol=1e-6)
    np.testing.assert_allclose(result.concentration[-1, 0], 10.0 + 90.0 * result.x / LENGTH, rtol=1e-6)


def thin_cell(j: float, **more) -> Problem:
    limit = REFERENCES["R10_limiting_current"]["value"]["NaCl_thin_cell_A_m2"]
    both = Boundary(Electrode("Na"), Electrode("Na"))
    return film(some("Na", "Cl"), {"Na": 100.0, "Cl": 100.0}, boundary=both, current=-j * limit, **more)


@pytest.mark.parametrize("k", range(4))
def test_a_thin_cell_has_the_potential_of_its_depleted_salt(k):
    """R10b: half of 4 VT artanh j lies in the solution, the other half at the electrodes."""
    reference = REFERENCES["R10b_thin_cell_voltage"]
    j = reference["j"][k]
    result = solve(thin_cell(j), FINE)
    assert limiting_current(thin_cell(j))[2] == pytest.approx(
        REFERENCES["R10_limiting_current"]["value"]["NaCl_thin_cell_A_m2"], rel=1e-9
    )
    np.testing.assert_allclose(2e3 * result.field("voltage")[-1], reference["value"][k], rtol=1e-6)
    np.testing.assert_allclose(result.field("concentration_end")[-1, 0], [100 - 100 * j, 100 + 100 * j], rtol=3e-5)


def test_a_current_that_changes_moves_what_it_carried():
    """An electrode gives its ion: the inventory follows the integral of the current, other ions stay."""
    bulk = {"Na": 100.0, "Cl": 100.0}
    driven = film(some("Na", "Cl"), bulk, cells=60, current="-80*sin(pi*t/4)", end=4.0, save=(1.0, 2.0, 3.0))
    result = solve(driven, Controls(rtol=1e-8))
    np.testing.assert_allclose(result.field("current"), -80.0 * np.sin(np.pi * result.time / 4.0), atol=1e-9)
    np.testing.assert_allclose(F * result.flux[:, 0, 0], result.field("current"), atol=1e-6)
    assert np.abs(F * result.flux[:, 1, 0]).max() < 1e-6  # the end row is met to the tolerance of a step


def test_a_transient_above_the_limiting_current_names_the_limit():
    """The salt lasts for a while, by Sand; then the run stops with a sentence, and it shows nothing in between."""
    limit = REFERENCES["R10_limiting_current"]["value"]["NaCl_film_A_m2"]
    bulk = {"Na": 100.0, "Cl": 100.0}
    for boundary, sign in ((Boundary(Electrode("Na"), Fixed(bulk)), -1.0), (Boundary(Fixed(bulk), Electrode("Na")), 1)):
        # sqrt(t) = sqrt(pi D) (1 + D_Na/D_Cl) F c (1/2) / i, with D of the salt
        D = 1.61062863933e-9
        flux = sign * 4.0 * limit * 0.603683897802 / F  # of the salt: (1 - t_Na) i / F
        sand = np.pi * D * (0.5 * 100.0 / abs(flux)) ** 2
        early = film(some("Na", "Cl"), bulk, boundary=boundary, current=sign * 4.0 * limit, end=0.97 * sand)
        assert 0.0 < solve(early).field("concentration_end")[-1, 0].min() < 5.0
        late = film(some("Na", "Cl"), bulk, boundary=boundary, current=sign * 4.0 * limit, end=2.0 * sand)
        with pytest.raises(NumericsError, match=r"in the long run 257\.42 A/m\^2"):
            solve(late)


def test_a_current_the_other_way_has_the_limit_of_the_other_end():
    """What the electrode gives off has no limit in a film."""
    bulk = {"Na": 100.0, "Cl": 100.0}
    assert limiting_current(film(some("Na", "Cl"), bulk, current=1e4)) is None
    assert solve(film(some("Na", "Cl"), bulk, current=600.0)).field("concentration_end")[-1, 0, 0] > 200.0

"""Interface and gradient energy from a profile in equilibrium, and coarsening constants."""

from dataclasses import replace

import numpy as np
import pytest
from spinodal import bar, regular

from inverse import METHODS
from inverse.compare import compare
from inverse.spinodal.interface import subregular_of
from simulator.faults import Invalid
from simulator.laws.expression import CONSTANTS
from simulator.laws.interface import interface_profile as positions
from simulator.problem.boundary import Boundary
from simulator.solve.controls import Controls
from simulator.solve.profile import Profile
from simulator.solve.solve import solve
from simulator.solve.spectra import DomainSizes

NAN = float("nan")
INTERFACE, COARSENING = METHODS["interface-profile"], METHODS["coarsening"]
T = 773.0
RT = CONSTANTS["R"] * T


def exact(w=3.0, kappa=1e-14, sigma=None, seed=0, points=61):
    """The profile of the exact interface of a regular solution, in SI at 773 K."""
    energy = regular(w).free_energy
    low, high = energy.binodal(NAN)[0]
    inner = low + (high - low) * np.linspace(1e-4, 1.0 - 1e-4, points)
    x = positions(energy, kappa / RT, (low, high), NAN, inner)
    far = np.linspace(1.2, 3.0, 20) * np.abs(x).max()
    x, X = np.concatenate([-far[::-1], x, far]), np.concatenate([np.full(20, low), inner, np.full(20, high)])
    if sigma is not None:
        X = X + sigma * np.random.default_rng(seed).normal(size=X.size)
    return Profile(
        x, ("B",), X[None], temperature=T, sigma=None if sigma is None else np.full((1, X.size), sigma),
        ends={"left": np.array([low]), "right": np.array([high])}, molar_volume={"kind": "constant", "V_m": 7.1e-6},
    )  # fmt: skip


@pytest.mark.parametrize("w", [2.2, 3.0, 4.0])
def test_the_exact_interface_gives_its_energies_back(w):
    estimate = INTERFACE(exact(w))
    law = regular(w, K=1e-14 / RT)
    assert estimate.diagnostics["kappa"] == pytest.approx(1e-14, rel=1e-4, abs=0.0)
    assert estimate.diagnostics["omega"] == pytest.approx(w * RT, rel=1e-9)
    assert abs(estimate.diagnostics["L1"]) < 1e-6 * RT
    assert estimate.value[0] == pytest.approx(law.interface_energy(NAN) * RT / 7.1e-6, rel=1e-4)
    assert estimate.diagnostics["width"] == pytest.approx(law.interface_width(NAN), rel=1e-4, abs=0.0)


def test_a_subregular_solution_is_known_by_its_phases():
    from simulator.laws.mixture import Mixture
    from simulator.laws.thermodynamics import Thermodynamics

    solution = Thermodynamics(Mixture(("A", "B"), "A"), "redlich-kister", {"B-A": [2.8, 0.3]}, units="reduced")
    found = subregular_of(*solution.binodal(NAN)[0])
    assert (found.l0, found.l1) == pytest.approx((2.8, 0.3), rel=1e-9)


def test_intervals_hold_what_they_promise():
    draws, inside = 200, 0
    for seed in range(draws):
        found = INTERFACE(exact(sigma=3e-3, seed=seed)).diagnostics
        inside += abs(found["kappa"] - 1e-14) < 1.96 * found["kappa_sd"]
    assert 0.89 < inside / draws <= 0.99


def test_a_simulated_interface():
    law = regular(3.0)
    width = law.interface_width(NAN)
    h = width / 16.0
    length = 320 * h
    start = {"B": f"0.5 + 0.42*tanh((x - {0.5 * length})/1.2)"}
    result = solve(bar(law, start, length, 320, 4000.0, (), Boundary()), Controls(rtol=1e-7))
    estimate = INTERFACE(result.profile(), component="B")
    verdict = compare(estimate, result)
    assert verdict.max_error < 4e-3  # the grid's: second order, 1.6e-2 with cells twice as large
    assert estimate.diagnostics["kappa"] == pytest.approx(1.0, rel=1e-2)


def refused(method, *data):
    with pytest.raises(Invalid) as caught:
        method(*data)
    return str(caught.value)


def test_what_is_refused():
    profile = exact()
    assert "needs the temperature" in refused(INTERFACE, replace(profile, temperature=None))
    twice = replace(profile, x=np.concatenate([profile.x, 1e-7 + profile.x]),
                    fractions=np.hstack([profile.fractions, profile.fractions[:, ::-1]]))  # fmt: skip
    assert "2 times" in refused(INTERFACE, twice)
    sloping = replace(profile, ends=None, fractions=profile.fractions + np.linspace(-0.1, 0.1, profile.x.size))
    assert "wait longer" in refused(INTERFACE, sloping)
    assert "flat interface" in refused(INTERFACE, replace(profile, geometry="spherical"))
    few = replace(profile, x=profile.x[::12], fractions=profile.fractions[:, ::12])
    assert "inside the interface" in refused(INTERFACE, few)


def test_the_law_of_cubes():
    t = np.geomspace(10.0, 1e4, 20)
    estimate = COARSENING(DomainSizes(t, np.cbrt(8.0 + 0.5 * t)))
    assert estimate.value[0] == pytest.approx(0.5, rel=1e-12)
    assert estimate.diagnostics["r_squared"] == pytest.approx(1.0, abs=1e-12)
    assert 0.28 < estimate.diagnostics["exponent"] < 1.0 / 3.0
    square = COARSENING(DomainSizes(t, np.sqrt(t)))
    assert "not straight" in square.warnings[0] and square.diagnostics["exponent"] == pytest.approx(0.5, rel=1e-9)
    assert "at 4 times" in refused(COARSENING, DomainSizes(t[:3], t[:3]))
    assert "do not" in refused(COARSENING, DomainSizes(t, 1.0 / t))
    assert "takes sizes of domains at several times, and this is a profile" in COARSENING.applies(exact())

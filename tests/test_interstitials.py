"""Interstitials beside substitutional components: u-fractions, the frame, and the limits in which they are absent."""

import numpy as np
import pytest

from simulator.laws.darken import Darken
from simulator.laws.lattice import amounts_of, shares
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.thermodynamics import Thermodynamics

T = 1000.0
WINDS = {"none": {}, "fcc": {"vacancy_wind": "manning", "structure": "fcc"}}
STEEL = Mixture(("C", "Si", "N", "Mn", "Fe"), "Fe", interstitial=("C", "N"))
STEEL_TRACERS = {"C": "1e-11*exp(3*x_C)", "Si": 2e-13, "N": 3e-12, "Mn": "1e-13*(1 + x_Si)", "Fe": 7e-14}
STEEL_SOLUTION = Thermodynamics(
    STEEL, "redlich-kister", {"C-Si": 9e3, "C-Fe": [-5e3, 1e3], "Si-Fe": -8e3, "N-Mn-C": 4e3, "Mn-Fe": "3*T"}
)


def steel(wind="fcc"):
    volume = MolarVolume(STEEL, "constant", {"V_m": 7.1e-6})
    return Darken(STEEL, tracer=STEEL_TRACERS, thermodynamics=STEEL_SOLUTION, molar_volume=volume, **WINDS[wind])


def matrix(law, x):
    """D (m, m, k)."""
    m = law.mixture.m
    return law.coefficient("interdiffusivity", x, T).reshape(m, m, -1)


def u_fractions(count=25, seed=4):
    """u (4, count) of C, Si, N, Mn."""
    rng = np.random.default_rng(seed)
    on_lattice = rng.dirichlet(np.ones(3), count).T
    between = rng.uniform(0.005, 0.3, (2, count))
    return np.stack([between[0], on_lattice[0], between[1], on_lattice[1]])


def potentials(u):
    """mu_k (n, k) at u-fractions, from the numeric side of the thermodynamics alone."""
    x = STEEL.complete(u)
    return STEEL_SOLUTION.potentials(x[:4], T)


@pytest.mark.parametrize("wind", ["none", "fcc"])
def test_interstitials_against_differences_of_the_potentials(wind):
    """d_kj = V sum_l L_kl dmu_l/du_j, and the frame in which the substitutional fluxes sum to 0."""
    law, u, step = steel(wind), u_fractions(), 1e-4
    slopes = np.empty((5, 4, u.shape[1]))
    for j in range(4):
        shift = np.zeros((4, 1))
        shift[j] = step * 0.1
        near, far = (potentials(u + k * shift) - potentials(u - k * shift) for k in (1.0, 2.0))
        slopes[:, j] = (8.0 * near - far) / (12.0 * step * 0.1)
    L = law.lattice_onsager(u, T)
    assert np.abs(L - L.swapaxes(0, 1)).max() < 1e-15 * np.abs(L).max()
    d = 7.1e-6 * np.einsum("klc,ljc->kjc", L, slopes)
    # fourth-order differences of logarithms at u >= 1e-3: 1e-8, and rounding over the step
    size = np.abs(d).max()
    assert law.coefficient("intrinsic_diffusivity", u, T) == pytest.approx(d, rel=0, abs=1e-7 * size)
    y = amounts_of(STEEL, u)
    expected = (d - y[:, None] * np.einsum("k,kjc->jc", shares(STEEL), d))[:4]
    assert matrix(law, u) == pytest.approx(expected, rel=0, abs=1e-7 * size)
    whole = law.number_fixed_onsager(u, T)
    assert np.abs(np.einsum("i,ijc->jc", shares(STEEL), whole)).max() < 1e-14 * np.abs(whole).max()
    assert np.linalg.eigvals(np.moveaxis(matrix(law, u), -1, 0)).real.min() > 0.0


@pytest.mark.parametrize("wind", ["none", "fcc"])
def test_interstitials_that_are_absent(wind):
    """D is finite; an absent interstitial has no flux from other gradients; the rest is the substitutional alloy."""
    law, u = steel(wind), u_fractions()
    u[[0, 2]] = 0.0
    u[1, 0], u[3, 1] = 0.0, 0.0
    D = matrix(law, u)
    assert np.isfinite(D).all()
    others = [(0, 1), (0, 2), (0, 3), (2, 0), (2, 1), (2, 3)]
    assert not any(D[i, j].any() for i, j in others)
    host = Mixture(("Si", "Mn", "Fe"))
    solution = Thermodynamics(host, "regular", {"Si-Fe": -8e3, "Mn-Fe": "3*T"})
    tracers = {name: STEEL_TRACERS[name] for name in host.components}
    alone = matrix(Darken(host, tracer=tracers, thermodynamics=solution, **WINDS[wind]), u[[1, 3]])
    assert D[np.ix_([1, 3], [1, 3])] == pytest.approx(alone, rel=0, abs=1e-14 * np.abs(alone).max())


def test_carbon_in_iron():
    """One ideal interstitial: mu_C = RT ln x_C, so D = D_C* d ln x_C/d ln u_C = D_C*/(1 + u) beside a slow host."""
    mixture = Mixture(("C", "Fe"), "Fe", interstitial=("C",))
    law = Darken(mixture, tracer={"C": 1e-11, "Fe": 0.0})
    u = np.linspace(0.0, 0.25, 6)[None]
    assert law.coefficient("interdiffusivity", u, T) == pytest.approx(1e-11 / (1.0 + u[0]), rel=1e-14, abs=0)
    law.check(u, np.array([np.nan]))


@pytest.mark.parametrize("wind", ["none", "fcc"])
def test_interstitials_pass_by_without_moving_the_lattice(wind):
    """s_j = sum of d_kj over Si, Mn and Fe, and not over C and N, whose d are far larger."""
    law, u = steel(wind), u_fractions()
    d = law.coefficient("intrinsic_diffusivity", u, T)
    s = law.marker_drift(u, T=T)
    assert s == pytest.approx(d[[1, 3, 4]].sum(axis=0), rel=0, abs=1e-13 * np.abs(d[[1, 3, 4]]).max())
    assert np.abs(d[[0, 2]]).max() > 10.0 * np.abs(s).max()

"""Random alloys of Darken's and Manning's laws: L, D and the Hessian, frames, and the choice of what is dependent."""

from itertools import combinations

import numpy as np
import pytest

from simulator.laws.darken import STRUCTURES, Darken
from simulator.laws.formula import Formula
from simulator.laws.lattice import R, amounts_of, of_dependent, potential_slopes
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.thermodynamics import Thermodynamics

T = 1000.0
RT = R * T
NAMES = "ABCDEF"
WINDS = {"none": {}} | {name: {"vacancy_wind": "manning", "structure": name} for name in STRUCTURES}


def simplex(n, count=30, seed=11, corners=True):
    """Compositions (n - 1, count) inside the simplex, and its corners."""
    x = np.random.default_rng(seed).dirichlet(np.ones(n), count).T[: n - 1]
    return np.hstack([x, np.eye(n)[: n - 1]]) if corners else x


def alloy(n, seed, wind=None, dependent=None, stable=False):
    """A random regular alloy: log tracers over two decades, interactions from -4 to 1.2 RT; constant V_m."""
    rng = np.random.default_rng([n, seed])
    names = tuple(NAMES[:n])
    mixture = Mixture(names, dependent or names[-1])
    D = dict(zip(names, 1e-15 * 100.0 ** rng.random(n), strict=True))
    top = 0.3 if stable else 1.2
    omega = {f"{a}-{b}": float(rng.uniform(-4.0, top)) * RT for a, b in combinations(names, 2)}
    solution = Thermodynamics(mixture, "regular", omega)
    volume = MolarVolume(mixture, "constant", {"V_m": 7e-6})
    wind = WINDS[tuple(WINDS)[seed % len(WINDS)]] if wind is None else wind
    return Darken(mixture, tracer=D, thermodynamics=solution, molar_volume=volume, **wind)


def matrix(law, x):
    """D (m, m, k)."""
    m = law.mixture.m
    return law.coefficient("interdiffusivity", x, T).reshape(m, m, -1)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("n", range(3, 7))
def test_phenomenological_coefficients_of_random_alloys(n, seed):
    """Symmetric L whose columns sum to 0, and D = V_m L~ G with G the Hessian of the Gibbs energy."""
    law = alloy(n, seed)
    x = simplex(n, corners=False)
    L = law.number_fixed_onsager(x, T)
    size = np.abs(L).max(axis=(0, 1))
    assert np.abs(L - L.swapaxes(0, 1)).max(axis=(0, 1)) == pytest.approx(0.0 * size, abs=1e-14 * size.max())
    assert np.abs(L.sum(axis=0)).max(axis=0) / size == pytest.approx(0.0 * size, abs=1e-14)
    G = law.solution.hessian(x, T)
    reduced = L[:-1, :-1]
    found, expected = matrix(law, x), 7e-6 * np.einsum("ikc,kjc->ijc", reduced, G)
    # rounding of the terms of the sum, which cancel
    scale = 7e-6 * np.einsum("ikc,kjc->ijc", np.abs(reduced), np.abs(G)).max(axis=(0, 1))
    assert np.abs(found - expected).max(axis=(0, 1)) / scale == pytest.approx(0.0 * scale, abs=4e-15)
    assert law.coefficient("onsager", x, T) == pytest.approx(reduced, rel=1e-15, abs=0)


@pytest.mark.parametrize("n", range(3, 7))
def test_gibbs_and_duhem(n):
    """sum_k x_k dmu_k/dx_j = 0, up to the pure ends."""
    for seed in range(8):
        slopes = potential_slopes(alloy(n, seed).solution)
        x = simplex(n)
        values = Formula.join([entry for row in slopes for entry in row], n - 1)(x, T=T).reshape(n, n - 1, -1)
        assert np.isfinite(values).all()
        assert np.abs(values.sum(axis=0)).max() < 1e-14 * np.abs(values).max()


@pytest.mark.parametrize("n", range(3, 7))
def test_any_component_may_be_dependent(n):
    every = simplex(n)
    every = np.vstack([every, 1.0 - every.sum(axis=0)])
    for seed in range(4):
        first = alloy(n, seed)
        reference = matrix(first, every[:-1])
        scale = np.abs(reference).max(axis=(0, 1))
        eigenvalues = np.sort(np.linalg.eigvals(np.moveaxis(reference, -1, 0)).real)
        for k in range(n - 1):
            law = alloy(n, seed, dependent=NAMES[k])
            found = matrix(law, np.delete(every, k, axis=0))
            expected = of_dependent(reference, first.mixture, NAMES[k])
            assert np.abs(found - expected).max(axis=(0, 1)) / scale == pytest.approx(0.0 * scale, abs=2e-14)
            inside = np.sort(np.linalg.eigvals(np.moveaxis(found, -1, 0)).real)[:30]
            # the condition of eigenvalues of a matrix that is not symmetric multiplies the rounding
            assert inside == pytest.approx(eigenvalues[:30], rel=0, abs=1e-12 * scale.max())


@pytest.mark.parametrize("n", range(2, 7))
def test_eigenvalues_are_positive_wherever_the_solution_is_stable(n):
    seen = 0
    for seed in range(12):
        law = alloy(n, seed, stable=True)
        x = simplex(n, corners=False)
        stable = law.solution.stability(x, T) > 1e-3
        D = np.moveaxis(matrix(law, x)[..., stable], -1, 0)
        values = np.linalg.eigvals(D)
        size = np.abs(D).max()
        # a nearly double eigenvalue splits by the root of the rounding
        assert np.abs(values.imag).max() < 1e-7 * size
        assert values.real.min() > 0.0
        unstable = law.solution.stability(x, T) < -1e-3
        if unstable.any():
            assert np.all(np.linalg.eigvals(np.moveaxis(matrix(law, x)[..., unstable], -1, 0)).real.min(axis=1) < 0.0)
        seen += stable.sum()
    assert seen > 100


@pytest.mark.parametrize("wind", ["none", "bcc"])
def test_frames_of_an_alloy_that_swells(wind):
    """Volume-fixed: sum_i V_i L_ij = 0, and its fluxes are those of D^V = T D T^-1 over concentrations."""
    n, given = 4, alloy(4, 3)
    values = {"V_m": "7e-6 - 2e-6*x_A + 1e-6*x_B*x_D - 3e-6*x_A*x_B*x_C"}
    volume = MolarVolume(given.mixture, "expression", values)
    law = Darken(
        given.mixture, tracer=given.tracer, thermodynamics=given.thermodynamics, molar_volume=volume, **WINDS[wind]
    )
    x = simplex(n, corners=False)
    V, partial = volume(x), volume.partial(x)
    L = law.volume_fixed_onsager(x, T)
    assert np.abs(np.einsum("ic,ijc->jc", partial, L)).max() < 1e-14 * np.abs(L).max() * partial.max()
    assert np.abs(L - L.swapaxes(0, 1)).max() < 1e-15 * np.abs(L).max()
    slopes = Formula.join([entry for row in potential_slopes(law.solution) for entry in row], 3)(x, T=T)
    forces = RT * slopes.reshape(n, n - 1, -1) / amounts_of(law.mixture, x)[:, None]
    fluxes = V * np.einsum("ikc,kjc->ijc", L[:-1], forces)  # -V J_i^V for a unit gradient of each x_j
    to_concentration = np.eye(3)[:, :, None] - (x / V)[:, None] * (partial[:-1] - partial[-1])[None]
    D = volume.volume_fixed(matrix(law, x), x)
    assert fluxes == pytest.approx(np.einsum("ikc,kjc->ijc", D, to_concentration), abs=1e-12 * np.abs(D).max())

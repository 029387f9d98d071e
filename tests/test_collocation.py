"""The similarity solver against closed forms, identities of the equation, and itself on a finer mesh."""

import numpy as np
import pytest
from scipy.special import erf

from simulator.faults import NumericsError
from simulator.solve.exact.collocation import similarity_profile

# The accuracy that is promised for every similarity profile.
PROMISED = 1e-9
BINARY = {
    "exp(3x)": lambda u: np.exp(3.0 * u[0]),
    "10^(3x)": lambda u: 10.0 ** (3.0 * u[0]),
    "1-2x(1-x)": lambda u: 1.0 - 2.0 * u[0] * (1.0 - u[0]),
    "0.01+x(1-x)": lambda u: 0.01 + u[0] * (1.0 - u[0]),
    "metal": lambda u: 1e-15 * np.exp(3.0 * u[0]),
}


def ternary(u):
    a, b = u
    return np.array([[1.0 + 3.0 * a, 0.5 * a], [0.3 * b, 1.5 + 2.0 * b * b - a - b]])


@pytest.mark.parametrize(("left", "right"), [(0.0, 1.0), (1.0, 0.3)])
def test_constant_coefficient_gives_the_error_function(left, right):
    profile = similarity_profile(lambda u: 2.5e-14 + 0.0 * u[0], [left], [right])
    lam = np.linspace(-30.0, 30.0, 3001) * np.sqrt(2.5e-14)
    exact = left + (right - left) * 0.5 * (1.0 + erf(lam / (2.0 * np.sqrt(2.5e-14))))
    assert np.abs(profile.values(lam)[0] - exact).max() < PROMISED


@pytest.mark.parametrize("D", [[[1.0, 0.5], [0.1, 0.5]], [[1.0, 0.8], [-0.8, 1.0]]], ids=["real", "complex"])
def test_constant_matrix_gives_error_functions_of_the_eigenvectors(D):
    D = np.array(D)
    left, right = np.array([1 / 6, 5 / 12]), np.array([0.5, 0.25])
    profile = similarity_profile(lambda u: np.repeat(D[:, :, None], u.shape[1], 2), left, right)
    lam = np.linspace(-8.0, 8.0, 1001)
    values, vectors = np.linalg.eig(D)
    half = np.linalg.solve(vectors, (0.5 * (right - left)).astype(vectors.dtype))
    exact = (
        0.5 * (left + right)[:, None] + (vectors @ (half[:, None] * erf(lam / (2.0 * np.sqrt(values)[:, None])))).real
    )
    assert np.abs(profile.values(lam) - exact).max() < PROMISED


@pytest.mark.parametrize("D", BINARY.values(), ids=BINARY)
def test_refinement_confirms_the_error_estimate(D):
    coarse = similarity_profile(D, [0.0], [1.0])
    fine = similarity_profile(D, [0.0], [1.0], tolerance=1e-12, intervals=240)
    lam = np.linspace(1.1 * coarse.nodes[0], 1.1 * coarse.nodes[-1], 30011)
    assert coarse.error < PROMISED
    assert np.abs(coarse.values(lam) - fine.values(lam)).max() < PROMISED
    assert np.abs(coarse.averages(lam) - fine.averages(lam)).max() < PROMISED


def test_flux_balances_in_the_matano_plane():
    # int lambda du = 0, and -(lambda/2) u' = q' makes q(0) = 1/2 int_-inf^0 lambda du, taken here by quadrature
    profile = similarity_profile(BINARY["exp(3x)"], [0.0], [1.0])
    faces = np.linspace(profile.nodes[0], profile.nodes[-1], 200001)
    middle, u = 0.5 * (faces[1:] + faces[:-1]), profile.values(faces)[0]
    lambda_du = middle * np.diff(u)
    # midpoint rule on intervals of 5e-4
    assert lambda_du.sum() == pytest.approx(0.0, abs=1e-6)
    assert profile.flux(np.zeros(1))[0, 0] == pytest.approx(0.5 * lambda_du[middle < 0.0].sum(), abs=1e-6)


def test_flux_is_minus_D_times_the_gradient():
    profile = similarity_profile(ternary, [0.1, 0.6], [0.5, 0.2])
    lam, h = np.linspace(-4.0, 4.0, 801), 1e-3
    gradient = (profile.values(lam + h) - profile.values(lam - h)) / (2.0 * h)
    flux = -np.einsum("abk,bk->ak", ternary(profile.values(lam)), gradient)
    # the central difference is good to h^2 u''' / 6 = 2e-7
    assert np.abs(profile.flux(lam) - flux).max() < 1e-6


@pytest.mark.parametrize("D", [BINARY["exp(3x)"], BINARY["10^(3x)"]], ids=["exp(3x)", "10^(3x)"])
def test_averages_are_integrals_of_the_values(D):
    profile = similarity_profile(D, [0.0], [1.0])
    faces = np.linspace(-3.0, 3.0, 121) * 5.0
    nodes, weights = np.polynomial.legendre.leggauss(8)
    whole = np.zeros(120)
    for part in range(40):
        a = faces[:-1] + np.diff(faces) * part / 40
        h = np.diff(faces) / 40
        x = a[:, None] + 0.5 * h[:, None] * (nodes + 1.0)
        whole += (profile.values(x.ravel())[0].reshape(x.shape) @ weights) / 80.0
    # both follow the same polynomials; Gauss loses a little where an interval ends inside a part
    assert np.abs(profile.averages(faces)[0] - whole).max() < 1e-10


def test_composition_dependent_ternary_is_the_same_from_either_side_and_on_a_finer_mesh():
    left, right = np.array([0.1, 0.6]), np.array([0.5, 0.2])
    profile = similarity_profile(ternary, left, right)
    mirrored = similarity_profile(ternary, right, left, tolerance=1e-12, intervals=240)
    lam = np.linspace(-15.0, 15.0, 4001)
    assert np.abs(profile.values(lam) - mirrored.values(-lam)).max() < PROMISED


def test_a_decoupled_ternary_is_two_binaries():
    def diagonal(u):
        zero = 0.0 * u[0]
        return np.array([[np.exp(2.0 * u[0]), zero], [zero, 0.3 + u[1] ** 2]])

    both = similarity_profile(diagonal, [0.0, 0.7], [0.6, 0.1])
    one = similarity_profile(lambda u: np.exp(2.0 * u[0]), [0.0], [0.6])
    two = similarity_profile(lambda u: 0.3 + u[0] ** 2, [0.7], [0.1])
    lam = np.linspace(-10.0, 10.0, 2001)
    expected = np.vstack([one.values(lam), two.values(lam)])
    assert np.abs(both.values(lam) - expected).max() < PROMISED


def test_equal_end_members_stay_as_they_are():
    profile = similarity_profile(BINARY["exp(3x)"], [0.4], [0.4])
    assert np.array_equal(profile.values(np.array([-1.0, 0.0, 1.0])), np.full((1, 3), 0.4))
    assert np.allclose(profile.averages(np.array([-2.0, -0.5, 1.0])), 0.4, rtol=0.0, atol=1e-15)


@pytest.mark.parametrize("D", [lambda u: u[0] - 0.5, lambda u: u[0]], ids=["negative", "zero"])
def test_a_diffusivity_that_is_not_positive_is_refused(D):
    with pytest.raises(NumericsError, match="not positive"):
        similarity_profile(D, [0.0], [1.0])

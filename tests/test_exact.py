"""Exact solutions: the equation they solve, their limits, their cell averages."""

import numpy as np
import pytest
from scipy.special import erf, erfc

from simulator.solve.exact.barenblatt import barenblatt_averages, barenblatt_profile
from simulator.solve.exact.constant_matrix import apply_function, matrix_averages, matrix_profile
from simulator.solve.exact.error_function import error_function_profile, surface_averages, surface_profile
from simulator.solve.exact.film import film_profile, layers_averages, layers_profile
from simulator.solve.exact.gaussian import gaussian_averages, gaussian_profile
from simulator.solve.exact.round_series import cylinder_averages, cylinder_profile, sphere_averages, sphere_profile
from simulator.solve.exact.slab_series import slab_averages, slab_profile

PLATE = ((0.0, 1.0), (0.3, 0.55), (0.2, 0.9, 0.4))

# (profile, averages, powers of r in the area, x): all with D = 0.1 and lengths about 1
PROFILES = {
    "step": (lambda x, t: error_function_profile(x, t, 0.1, 0.2, 0.9, 0.1), None, 0, (-1.0, 1.0)),
    "surface": (
        lambda x, t: surface_profile(x, t, 0.1, 0.9, 0.2),
        lambda f, t: surface_averages(f, t, 0.1, 0.9, 0.2),
        0,
        (0.0, 1.0),
    ),
    "layers": (
        lambda x, t: layers_profile(x, t, 0.1, (-0.2, 0.3), (0.1, 0.8, 0.4)),
        lambda f, t: layers_averages(f, t, 0.1, (-0.2, 0.3), (0.1, 0.8, 0.4)),
        0,
        (-1.0, 1.0),
    ),
    "gaussian": (
        lambda x, t: gaussian_profile(x, t, 0.1, 0.5, 0.1, 0.2),
        lambda f, t: gaussian_averages(f, t, 0.1, 0.5, 0.1, 0.2),
        0,
        (-1.0, 1.0),
    ),
    "plate, closed": (
        lambda x, t: slab_profile(x, t, 0.1, *PLATE),
        lambda f, t: slab_averages(f, t, 0.1, *PLATE),
        0,
        (0.0, 1.0),
    ),
    "plate, fixed": (
        lambda x, t: slab_profile(x, t, 0.1, *PLATE, 0.1, 0.7),
        lambda f, t: slab_averages(f, t, 0.1, *PLATE, 0.1, 0.7),
        0,
        (0.0, 1.0),
    ),
    "plate, left fixed": (
        lambda x, t: slab_profile(x, t, 0.1, *PLATE, 0.1),
        lambda f, t: slab_averages(f, t, 0.1, *PLATE, 0.1),
        0,
        (0.0, 1.0),
    ),
    "plate, right fixed": (
        lambda x, t: slab_profile(x, t, 0.1, *PLATE, None, 0.1),
        lambda f, t: slab_averages(f, t, 0.1, *PLATE, None, 0.1),
        0,
        (0.0, 1.0),
    ),
    "cylinder": (
        lambda r, t: cylinder_profile(r, t, 0.1, 1.0, 0.8, 0.1),
        lambda f, t: cylinder_averages(f, t, 0.1, 1.0, 0.8, 0.1),
        1,
        (0.0, 1.0),
    ),
    "sphere": (
        lambda r, t: sphere_profile(r, t, 0.1, 1.0, 0.8, 0.1),
        lambda f, t: sphere_averages(f, t, 0.1, 1.0, 0.8, 0.1),
        2,
        (0.0, 1.0),
    ),
}
AVERAGED = {name: entry for name, entry in PROFILES.items() if entry[1] is not None}


@pytest.mark.parametrize(("profile", "averages", "power", "interval"), PROFILES.values(), ids=PROFILES)
def test_profile_satisfies_the_diffusion_equation(profile, averages, power, interval):
    x, t, h = np.linspace(*interval, 21)[2:-2], 0.4, 1e-3
    rate = (profile(x, t + h) - profile(x, t - h)) / (2 * h)
    flow = [(x + s) ** power * (profile(x + s + h / 2, t) - profile(x + s - h / 2, t)) / h for s in (h / 2, -h / 2)]
    residual = rate - 0.1 * (flow[0] - flow[1]) / (h * x**power)
    # differences of second order with h = 1e-3 and rounding 1e-16/h^2
    assert np.abs(residual).max() < 1e-5 * max(1.0, np.abs(rate).max())


@pytest.mark.parametrize(("profile", "averages", "power", "interval"), AVERAGED.values(), ids=AVERAGED)
def test_averages_are_integrals_by_volume(profile, averages, power, interval):
    faces = np.linspace(*interval, 12) ** 3 if interval[0] == 0.0 else np.linspace(*interval, 12)
    nodes, weights = np.polynomial.legendre.leggauss(20)
    x = faces[:-1, None] + 0.5 * np.diff(faces)[:, None] * (nodes + 1.0)
    whole = (profile(x.ravel(), 0.2).reshape(x.shape) * x**power) @ weights / (x**power @ weights)
    # Gauss with 20 points is exact here; averages over cells of 1e-3 lose three digits at most
    assert np.abs(averages(faces, 0.2) - whole).max() < 1e-12


def test_error_function_at_known_points():
    assert error_function_profile(np.array([0.0, 2.0]), 1.0, 1.0, 0.0, 1.0) == pytest.approx(
        [0.5, 0.5 * (1 + erf(1.0))], abs=1e-15
    )
    assert surface_profile(np.array([0.0, 2.0]), 1.0, 1.0, 1.0, 0.0) == pytest.approx([1.0, 1 - erf(1.0)], abs=1e-15)
    assert surface_profile(np.array([-2.0]), 1.0, 1.0, 1.0, 0.0) == pytest.approx([1 - erf(1.0)], abs=1e-15)


def test_at_time_zero_the_step_is_a_step():
    assert np.array_equal(error_function_profile(np.array([-1.0, 0.0, 1.0]), 0.0, 1.0, 0.2, 0.8), [0.2, 0.5, 0.8])
    assert layers_averages(np.array([-1.0, 0.5, 1.0]), 0.0, 1.0, (0.0,), (0.0, 1.0)) == pytest.approx(
        [1 / 3, 1.0], abs=1e-15
    )


def test_a_thin_film_is_a_source_of_its_dose():
    x = np.linspace(-3.0, 3.0, 31)
    film, source = film_profile(x, 1.0, 1.0, 1.0, 0.0, 1e-3), gaussian_profile(x, 1.0, 1.0, 1e-3)
    # they differ by h^2/(24 D t) times u'' of the source, 4e-8 of its height
    assert np.abs(film - source).max() < 1e-7 * source.max()


@pytest.mark.parametrize("ends", [(None, None), (0.1, 0.7), (0.1, None), (None, 0.7)], ids=str)
def test_plate_is_a_sum_of_mirror_images(ends):
    # at D t = 0.01 L^2 two images on each side are enough: the next is weaker than erfc(10)
    x, t = np.linspace(0.0, 1.0, 41), 0.1
    interval, jumps, values = PLATE
    left, right = ends
    line_jumps, line_values = [], [values[1]]
    pieces = [(0.0, 0.3, 0.2), (0.3, 0.55, 0.9), (0.55, 1.0, 0.4)]

    def start(z):
        if z < 0.0:
            return start(-z) if left is None else 2 * left - start(-z)
        if z > 1.0:
            return start(2 - z) if right is None else 2 * right - start(2 - z)
        return next(u for a, b, u in pieces if a <= z <= b)

    line_jumps = sorted(
        {k + s * j for k in (-4, -2, 0, 2, 4) for s in (1, -1) for j in (0.3, 0.55)} | {float(k) for k in range(-4, 5)}
    )
    middles = 0.5 * (np.array(line_jumps[1:]) + np.array(line_jumps[:-1]))
    line_values = [start(line_jumps[0] - 1e-3), *map(start, middles), start(line_jumps[-1] + 1e-3)]
    exact = layers_profile(x, t, 0.1, line_jumps, line_values)
    assert np.abs(slab_profile(x, t, 0.1, interval, jumps, values, left, right) - exact).max() < 1e-13


def test_closed_plate_keeps_its_inventory_and_levels_out():
    faces = np.linspace(0.0, 1.0, 8)
    inventory = 0.3 * 0.2 + 0.25 * 0.9 + 0.45 * 0.4
    for t in (1e-4, 0.1, 10.0, 1000.0):
        assert slab_averages(faces, t, 0.1, *PLATE) @ np.diff(faces) == pytest.approx(inventory, abs=1e-14)
    assert slab_averages(faces, 1000.0, 0.1, *PLATE) == pytest.approx(np.full(7, inventory), abs=1e-14)


@pytest.mark.parametrize("profile", [cylinder_profile, sphere_profile])
def test_round_bodies_hold_the_surface_and_begin_uniform(profile):
    assert profile(np.array([1.0]), 0.3, 0.1, 1.0, 0.8, 0.1) == pytest.approx([0.8], abs=1e-13)
    # sqrt(D t) = R/316 at t = 1e-4: the inside is untouched, the surface layer an error function
    r = np.array([0.0, 0.5, 0.9])
    assert profile(r, 1e-4, 0.1, 1.0, 0.8, 0.1) == pytest.approx(np.full(3, 0.1), abs=1e-12)


def test_small_sphere_time_is_the_image_solution():
    # r u is a plane problem: u = u0 + (us - u0)/r sum erfc((1 - r)/s) - erfc((1 + r)/s), further images below 1e-16
    r, t = np.linspace(0.05, 1.0, 20), 0.05
    s = 2 * np.sqrt(0.1 * t)
    exact = 0.1 + 0.7 / r * (erfc((1 - r) / s) - erfc((1 + r) / s))
    assert np.abs(sphere_profile(r, t, 0.1, 1.0, 0.8, 0.1) - exact).max() < 1e-13


def test_too_short_times_for_a_series_are_refused():
    with pytest.raises(ValueError, match="terms"):
        slab_profile(np.array([0.5]), 1e-12, 0.1, *PLATE)
    with pytest.raises(ValueError, match="terms"):
        sphere_profile(np.array([0.5]), 1e-12, 0.1, 1.0, 0.8, 0.1)


@pytest.mark.parametrize("p", [0.5, 1.0, 2.0, 4.0])
def test_barenblatt_satisfies_its_equation_and_keeps_its_inventory(p):
    x, t, h = np.linspace(-0.9, 0.9, 19), 0.3, 1e-4

    def profile(x, t):
        return barenblatt_profile(x, t, 0.2, p, 0.7, 1.0)

    rate = (profile(x, t + h) - profile(x, t - h)) / (2 * h)
    power = [profile(x + s, t) ** (p + 1) for s in (-h, 0.0, h)]
    residual = rate - 0.2 / (p + 1) * (power[0] - 2 * power[1] + power[2]) / h**2
    # differences of second order; rounding 1e-16/h^2 = 1e-8
    assert np.abs(residual).max() < 1e-6
    faces = np.linspace(-12.0, 12.0, 90)
    inventories = [barenblatt_averages(faces, t, 0.2, p, 0.7, 1.0) @ np.diff(faces) for t in (0.0, 1.0, 10.0)]
    assert inventories == pytest.approx([inventories[0]] * 3, abs=1e-14)


def test_barenblatt_averages_are_integrals():
    faces = np.linspace(-1.5, 1.5, 7)
    fine = np.linspace(-1.5, 1.5, 600001)
    u = barenblatt_profile(0.5 * (fine[1:] + fine[:-1]), 0.5, 0.2, 2.0, 0.7, 1.0).reshape(6, -1).mean(axis=1)
    # midpoint rule of step 5e-6 with a square-root front: (5e-6)^1.5
    assert np.abs(barenblatt_averages(faces, 0.5, 0.2, 2.0, 0.7, 1.0) - u).max() < 1e-7


MATRICES = {
    "real": [[1.0, 0.5], [0.1, 0.5]],
    "complex": [[1.0, 0.8], [-0.8, 1.0]],
    "defective": [[1.0, 1.0], [0.0, 1.0]],
    "nearly defective": [[1.0, 1.0], [1e-12, 1.0]],
    "defective, spread": [[1.0, 1.0, 0.0], [0.0, 1.0, 0.0], [0.2, 0.1, 0.05]],
}


@pytest.mark.parametrize("matrix", MATRICES.values(), ids=MATRICES)
def test_matrix_solution_satisfies_its_equation(matrix):
    matrix = np.array(matrix)
    m = len(matrix)
    values = np.stack([np.linspace(0.1, 0.2, m), np.linspace(0.4, 0.1, m), np.full(m, 0.2)], axis=1)
    x, t, h = np.linspace(-1.0, 1.0, 11), 0.5, 1e-3

    def profile(x, t):
        return matrix_profile(x, t, matrix, (-0.3, 0.4), values)

    rate = (profile(x, t + h) - profile(x, t - h)) / (2 * h)
    bend = (profile(x + h, t) - 2 * profile(x, t) + profile(x - h, t)) / h**2
    # second-order differences of a layer of width sqrt(4 D t), 0.3 for the smallest eigenvalue
    assert np.abs(rate - matrix @ bend).max() < 1e-4
    faces = np.linspace(-12.0, 12.0, 90)
    kept = matrix_averages(faces, t, matrix, (-0.3, 0.4), values) @ np.diff(faces)
    assert kept == pytest.approx(values @ [11.7, 0.7, 11.6], abs=1e-8)


def test_function_of_a_jordan_block():
    # f([[a, 1], [0, a]]) = [[f(a), f'(a)], [0, f(a)]]
    found = apply_function(lambda z: np.array([np.exp(-z)]), [[2.0, 1.0], [0.0, 2.0]], [0.0, 1.0])
    assert found[:, 0] == pytest.approx([-np.exp(-2.0), np.exp(-2.0)], abs=1e-13)


def test_scalar_matrix_is_the_error_function():
    x = np.linspace(-2.0, 2.0, 41)
    both = matrix_profile(x, 0.5, 0.1 * np.eye(2), (0.0,), np.array([[0.0, 1.0], [0.7, 0.2]]))
    assert np.abs(both[0] - error_function_profile(x, 0.5, 0.1, 0.0, 1.0)).max() < 1e-15
    assert np.abs(both[1] - error_function_profile(x, 0.5, 0.1, 0.7, 0.2)).max() < 1e-15

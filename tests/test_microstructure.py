"""Structure factors, lengths, phase fractions and widths of fields whose answers are known."""

from itertools import product

import numpy as np
import pytest
from spinodal import regular

from simulator.laws.interface import interface_energy, interface_profile, interface_width
from simulator.solve import microstructure as ms

CLOSED, PERIODIC = "closed", "periodic"
SHAPES = {1: (30,), 2: (20, 24), 3: (8, 10, 9)}
SPACING = (0.5, 0.8, 1.1)
BOXES = [(d, sides) for d in SHAPES for sides in product((PERIODIC, CLOSED), repeat=d)]
NAN = float("nan")


def places(shape, spacing):
    """Cell centres x, y, z, each broadcasting to the shape."""
    return [
        ms.along((np.arange(shape[len(shape) - 1 - i]) + 0.5) * h, i, len(shape))
        for i, h in enumerate(spacing[: len(shape)])
    ]


def laplacian(field, spacing, sides):
    """Of second order on cells, in plain numpy."""
    total = np.zeros_like(field)
    for i, (h, side) in enumerate(zip(spacing, sides, strict=False)):
        axis = field.ndim - 1 - i
        pad = [(1, 1) if a == axis else (0, 0) for a in range(field.ndim)]
        wide = np.pad(field, pad, "wrap" if side == PERIODIC else "edge")
        total += np.diff(wide, 2, axis=axis) / h**2
    return total


def wave(d, sides, number=(2, 3, 1)):
    """cos of so many waves, or half waves between closed sides, along every axis; and the index of its mode."""
    shape, field = SHAPES[d], 1.0
    for x, h, side, j in zip(places(shape, SPACING), SPACING, sides, number, strict=False):
        length = x.size * h
        field = field * np.cos((2.0 if side == PERIODIC else 1.0) * np.pi * j * x / length)
    return np.broadcast_to(field, shape).copy(), tuple(number[:d][::-1])


@pytest.mark.parametrize(("d", "sides"), BOXES)
def test_a_wave_is_an_eigenvector_of_the_laplacian_with_its_discrete_wavenumber(d, sides):
    field, mode = wave(d, sides)
    k2 = ms.squared_wavenumber(field.shape, SPACING[:d], sides)[mode]
    np.testing.assert_allclose(laplacian(field, SPACING, sides), -k2 * field, rtol=0.0, atol=1e-12 * k2)


@pytest.mark.parametrize(("d", "sides"), BOXES)
def test_a_wave_stands_in_its_own_shell(d, sides):
    field, mode = wave(d, sides)
    found = ms.structure_factor(3.0 + 0.1 * field, SPACING[:d], sides)
    k = np.sqrt(ms.squared_wavenumber(field.shape, SPACING[:d], sides)[mode])
    whole = found.S * found.modes
    at = int(np.argmax(whole))
    assert whole[at] == pytest.approx(whole.sum(), rel=1e-12)
    width = max(2.0 * np.pi / (n * h) for n, h in zip(field.shape[::-1], SPACING, strict=False))
    assert abs(found.k[at] - k) <= (1e-12 if d == 1 else width)


@pytest.mark.parametrize(("d", "sides"), BOXES)
def test_the_sum_over_modes_is_the_variance(d, sides):
    field = np.random.default_rng(1).normal(0.4, 0.1, SHAPES[d])
    found = ms.structure_factor(field, SPACING[:d], sides)
    volume = field.size * np.prod(SPACING[:d])
    assert found.S @ found.modes / volume == pytest.approx(field.var(), rel=1e-12)
    assert found.modes.sum() == field.size - 1


@pytest.mark.parametrize("sides", [(PERIODIC, PERIODIC), (PERIODIC, CLOSED), (CLOSED, CLOSED)])
def test_white_noise_has_one_structure_factor_at_every_k(sides):
    field = np.random.default_rng(2).normal(0.5, 0.01, (96, 64))
    found = ms.structure_factor(field, (0.5, 0.25), sides)
    # the mean of n squares of normal numbers spreads by sqrt(2/n), of complex pairs by sqrt(1/(n/2)): the same
    allowed = 5.0 * np.sqrt(2.0 / found.modes)
    assert (np.abs(found.S / (0.01**2 * 0.5 * 0.25) - 1.0) < allowed).all()


def test_two_waves_have_their_mean_wavenumber():
    x = (np.arange(64) + 0.5) / 64.0
    field = np.cos(2.0 * np.pi * 3 * x) + np.sqrt(3.0) * np.sin(2.0 * np.pi * 5 * x)
    found = ms.structure_factor(field, (1.0 / 64.0,), (PERIODIC,))
    three, five = (2.0 * 64.0 * np.sin(np.pi * j / 64.0) for j in (3, 5))
    assert ms.first_moment(found) == pytest.approx(0.25 * three + 0.75 * five, rel=1e-12)
    assert np.isnan(ms.first_moment(ms.structure_factor(np.ones(8), (1.0,), (PERIODIC,))))


@pytest.mark.parametrize(("d", "sides"), BOXES)
def test_the_variation_of_the_gradient_energy_is_the_laplacian(d, sides):
    rng = np.random.default_rng(3)
    u, v = rng.random((2, 2, *SHAPES[d]))
    kappa = np.array([[1.0, 0.3], [0.3, 0.7]])
    first, second = (ms.gradient_energy(u + s * v, kappa, SPACING[:d], sides) for s in (1.0, -1.0))
    lap = np.stack([laplacian(row, SPACING, sides) for row in u])
    expected = -np.einsum("ij,i...,j...->...", kappa, v, lap).mean()
    assert (first - second) / 2.0 == pytest.approx(expected, rel=1e-11)


def test_gradient_energy_of_a_ramp_between_closed_sides():
    x = 2.0 * (np.arange(10) + 0.5) * 0.1
    energy = ms.gradient_energy(x[None], np.array([[3.0]]), (0.1,), (CLOSED,))
    assert energy == pytest.approx(0.5 * 3.0 * 2.0**2 * 9 / 10, rel=1e-12)  # nine faces of ten cells


def tilted(h, width, angle):
    """A flat interface through the middle of a square of side 10, across a direction."""
    x, y = places((round(10.0 / h),) * 2, (h, h))
    along = (x - 5.0) * np.cos(angle) + (y - 5.0) * np.sin(angle)
    return 0.1 + 0.8 * 0.5 * (1.0 + np.tanh(2.0 * along / width))


@pytest.mark.parametrize("angle", [0.0, 0.3, np.pi / 4, 1.2])
def test_width_of_a_flat_interface_at_second_order(angle):
    errors = [
        abs(ms.interface_width(tilted(h, 2.0, angle), (h, h), (CLOSED, CLOSED), 0.1, 0.9) / 2.0 - 1.0)
        for h in (0.25, 0.125)
    ]
    assert errors[0] < 0.02
    assert errors[1] < 0.5 * errors[0] + 1e-3


def test_width_of_a_droplet_of_three_dimensions():
    x, y, z = places((48,) * 3, (0.25,) * 3)
    r = np.sqrt((x - 6.0) ** 2 + (y - 6.0) ** 2 + (z - 6.0) ** 2)
    field = 0.1 + 0.4 * (1.0 - np.tanh(2.0 * (r - 3.0) / 1.5))
    for sides in ((PERIODIC,) * 3, (CLOSED,) * 3):
        assert ms.interface_width(field, (0.25,) * 3, sides, 0.1, 0.9) == pytest.approx(1.5, rel=0.03)


def test_width_of_a_step_is_a_cell_and_across_periodic_sides_too():
    field = np.where(np.arange(20) < 10, 0.1, 0.9)
    for side in (PERIODIC, CLOSED):
        assert ms.interface_width(field, (0.5,), (side,), 0.1, 0.9) == pytest.approx(0.5, rel=1e-12)
    rolled = np.roll(field, 10)  # the middle and the sides change places
    assert ms.interface_width(rolled, (0.5,), (PERIODIC,), 0.1, 0.9) == pytest.approx(0.5, rel=1e-12)


def test_no_width_before_both_phases_are_there():
    noise = 0.5 + np.random.default_rng(4).uniform(-0.2, 0.2, (16, 16))
    assert np.isnan(ms.interface_width(noise, (1.0, 1.0), (CLOSED, CLOSED), 0.1, 0.9))
    assert np.isnan(ms.interface_width(np.full((8, 8), 0.1), (1.0, 1.0), (CLOSED, CLOSED), 0.1, 0.9))


def test_phase_fraction_follows_the_lever_rule():
    field = np.where(np.arange(1000) < 300, 0.9, 0.1).reshape(20, 50)
    assert ms.phase_fraction(field, 0.1, 0.9) == pytest.approx(0.3, rel=1e-12)
    assert ms.lever_rule(field.mean(), 0.1, 0.9) == pytest.approx(0.3, rel=1e-12)


@pytest.mark.parametrize("w", [2.5, 3.0, 4.0])
def test_energy_length_of_a_slab_is_its_volume_over_its_area(w):
    """A slab of one phase in a ring of length 80 has two interfaces: L = 40."""
    energy, kappa = regular(w).free_energy, 1.0
    (pair,) = energy.binodal(NAN)
    sigma, width = interface_energy(energy, kappa, pair, NAN), interface_width(energy, kappa, pair, NAN)
    gap = pair[1] - pair[0]
    x = pair[0] + gap * (0.5 + 0.5 * np.tanh(np.linspace(-7.0, 7.0, 801)))
    z = interface_profile(energy, kappa, pair, NAN, x)
    h = width / 32.0
    n = round(80.0 / h / 2) * 2
    h = 80.0 / n
    along = 20.0 - np.abs((np.arange(n) + 0.5) * h - 40.0)
    field = np.interp(along, z, x, pair[0], pair[1])
    total = energy(field[None], NAN).mean() + ms.gradient_energy(field[None], np.array([[kappa]]), (h,), (PERIODIC,))
    low, high = energy(np.array([pair]), NAN)
    bulk = low + (high - low) * ms.lever_rule(field.mean(), *pair)
    # second order in h/width, and straight lines between 801 points of the profile
    assert float(ms.energy_length(sigma, total - bulk)) == pytest.approx(40.0, rel=2e-3)


def test_energy_length_is_not_defined_without_an_excess():
    np.testing.assert_array_equal(ms.energy_length(1.0, np.array([0.5, 0.0, -1.0])), [2.0, NAN, NAN])


def test_exponent_of_a_power():
    t = np.geomspace(1.0, 1e3, 12)
    found = ms.growth_exponent(t, 0.7 * t ** (1.0 / 3.0))
    assert found.slope == pytest.approx(1.0 / 3.0, abs=1e-13)
    assert found.high - found.low < 1e-12
    with_start = ms.growth_exponent(np.append(0.0, t), np.append(NAN, 0.7 * t ** (1.0 / 3.0)))
    assert with_start.slope == pytest.approx(found.slope, abs=1e-13)
    assert np.isnan(ms.growth_exponent(t[:2], t[:2]).slope)


def test_interval_of_the_exponent_holds_it_as_often_as_it_says():
    rng, t, held = np.random.default_rng(5), np.geomspace(1.0, 100.0, 8), 0
    for _ in range(1000):
        found = ms.growth_exponent(t, t**0.3 * np.exp(0.05 * rng.normal(size=8)))
        held += found.low < 0.3 < found.high
    assert held == pytest.approx(950, abs=4.0 * np.sqrt(1000 * 0.95 * 0.05))

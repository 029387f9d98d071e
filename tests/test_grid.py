"""Grids: exact nesting, exact volumes, and the maps that faces come from."""

import time
from itertools import pairwise

import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.problem.domain import GRADINGS, Domain
from simulator.problem.grid import GEOMETRIES, Grid

JUMPS = [(), (5e-4,), (2e-4, 7e-4), (1e-4, 1.01e-4, 9e-4), (0.0,), (0.0, 3e-4), (-1.0, 5e-4)]
POWER = {"planar": 0, "cylindrical": 1, "spherical": 2}


@pytest.fixture(params=[(grading, jumps) for grading in GRADINGS for jumps in JUMPS], ids=str)
def grid(request):
    grading, jumps = request.param
    return Domain((0.0, 1e-3), 120, grading).grid(jumps, 4e-5)


def test_faces_increase_from_end_to_end(grid):
    assert grid.cells == 120
    assert grid.faces[0] == 0.0 and grid.faces[-1] == 1e-3
    assert np.all(np.diff(grid.faces) > 0.0)


def test_refinement_nests_exactly(grid):
    fine = grid.refined()
    assert fine.cells == 2 * grid.cells
    assert np.array_equal(fine.faces[::2], grid.faces)
    assert np.array_equal(fine.refined().faces[::4], grid.faces)


def test_refining_twice_is_the_same_map(grid):
    """A face of the finer grid splits its cell as the smooth map does: the ratio of the halves tends to 1 as 1/N."""

    def skew(g):
        fine = np.diff(g.refined().faces)
        return np.max(np.abs(np.log(fine[1::2] / fine[::2])))

    assert skew(grid.refined()) < 0.6 * skew(grid) + 1e-9


def test_coarsening_undoes_refinement(grid):
    assert np.array_equal(grid.refined().coarsened().faces, grid.faces)
    coarse = grid.coarsened()
    assert np.array_equal(coarse.faces, grid.faces[::2])
    assert np.array_equal(coarse.refined().faces, grid.faces)


@pytest.mark.parametrize("jumps", JUMPS)
@pytest.mark.parametrize("grading", ["interface", "walls"])
def test_every_jump_inside_lies_on_a_face_of_three_levels(grading, jumps):
    grid = Domain((0.0, 1e-3), 120, grading).grid(jumps, 4e-5)
    for level in (grid.coarsened(), grid, grid.refined()):
        assert all(x in level.faces for x in jumps if 0.0 < x < 1e-3)


def test_uniform_stays_uniform():
    grid = Domain((0.0, 1.0), 64, "uniform").grid((0.3,), 0.1)
    assert np.array_equal(grid.faces, np.arange(65) / 64)


def test_one_jump_in_the_middle_gives_the_sinh_grid():
    w, half = 6e-5, 7e-4
    grid = Domain((-half, half), 400).grid((0.0,), w)
    reach = np.arcsinh(half / w)
    # sinh amplifies the rounding of its argument, at most 2.4 here, by less than 3.
    assert grid.faces == pytest.approx(w * np.sinh(np.linspace(-reach, reach, 401)), rel=0.0, abs=1e-15 * half * 8)
    assert np.array_equal(grid.faces, -grid.faces[::-1])


@pytest.mark.parametrize("jumps", [(2e-4, 7e-4), (1e-4, 1.01e-4, 9e-4), (0.0, 3e-4)])
def test_cells_of_a_segment_hold_equal_shares_of_the_density(jumps):
    grid = Domain((0.0, 1e-3), 600).grid(jumps, 4e-5)
    share = sum(np.arcsinh((grid.faces - x) / 4e-5) for x in jumps)
    places = np.concatenate(([0], np.cumsum(grid.grading.counts)))
    for first, last in pairwise(places):
        cells = np.diff(share[first : last + 1])
        # The integral itself, of size 10, is rounded to 1e-15 of that.
        assert cells == pytest.approx(np.full(len(cells), cells.mean()), rel=0.0, abs=3e-14)


def test_numbers_of_cells_follow_the_density():
    grid = Domain((0.0, 1e-3), 1000).grid((2e-4, 7e-4), 4e-5)
    edges = np.array([0.0, 2e-4, 7e-4, 1e-3])
    share = np.diff(sum(np.arcsinh((edges - x) / 4e-5) for x in (2e-4, 7e-4)))
    assert np.all(np.abs(grid.grading.counts - 1000 * share / share.sum()) <= 2.0)
    assert grid.grading.counts.sum() == 1000 and not np.any(grid.grading.counts % 2)


def test_walls_are_finest_at_both_ends():
    size = np.diff(Domain((0.0, 1e-3), 100, "walls").grid((), 1e-5).faces)
    assert size.argmax() in (49, 50)
    assert size[0] == pytest.approx(size[-1], rel=1e-12, abs=0.0) and size[0] < 0.05 * size.max()


def test_odd_number_of_cells():
    grid = Domain((0.0, 1e-3), 101).grid((5e-4,), 4e-5)
    coarse = grid.coarsened()
    assert grid.cells == 101 and coarse.cells == 51
    values = np.arange(101.0)
    assert coarse.merge(values) @ coarse.volumes == pytest.approx(values @ grid.volumes, rel=1e-14, abs=0.0)


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("start", [0.0, 2e-3])
def test_volumes_are_integrals_of_the_area(geometry, start):
    p = POWER[geometry]
    grid = Domain((start, 3e-3), 50, "interface", geometry).grid((2.5e-3,), 1e-4)
    assert grid.areas == pytest.approx(grid.faces**p, rel=1e-15, abs=0.0)
    assert grid.volumes.sum() == pytest.approx((3e-3 ** (p + 1) - start ** (p + 1)) / (p + 1), rel=1e-14, abs=0.0)
    x, w = np.polynomial.legendre.leggauss(3)
    points = grid.centres + 0.5 * np.diff(grid.faces) * x[:, None]
    assert grid.volumes == pytest.approx(w @ points**p * 0.5 * np.diff(grid.faces), rel=1e-12, abs=0.0)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_merging_keeps_the_inventory_of_every_cell(geometry, rng):
    grid = Domain((1e-4, 1e-3), 40, "interface", geometry).grid((5e-4,), 4e-5)
    fine = grid.refined()
    values = rng.random((3, fine.cells))
    merged = grid.merge(values)
    pairs = (values * fine.volumes).reshape(3, -1, 2).sum(axis=2)
    assert merged * grid.volumes == pytest.approx(pairs, rel=1e-12, abs=0.0)
    assert grid.merge(np.ones(fine.cells)) == pytest.approx(1.0, rel=1e-15, abs=0.0)


def test_faces_without_a_map_refine_smoothly():
    s = np.linspace(0.0, 1.0, 33)
    grid = Grid(s + 0.5 * s**3)
    middle = 0.5 * (s[:-1] + s[1:])
    # A cubic map is reproduced by cubics.
    assert grid.refined().faces[1::2] == pytest.approx(middle + 0.5 * middle**3, rel=1e-13, abs=0.0)
    assert np.array_equal(grid.refined().faces[::2], grid.faces)


def test_two_million_cells():
    began = time.process_time()
    grid = Domain((-1e-3, 1e-3), 2_000_000).grid((-1e-4, 3e-4), 5e-5)
    assert grid.cells == 2_000_000 and np.all(np.diff(grid.faces) > 0.0)
    # Seconds, where anything quadratic would take days.
    assert time.process_time() - began < 20.0


@pytest.mark.parametrize(
    ("arguments", "where", "sentence"),
    [
        ({"interval": (1.0, 0.0)}, "domain.interval", "must lie left of"),
        ({"interval": (0.0, "3 h")}, "domain.interval[1]", "expected a length"),
        ({"interval": (0.0, float("inf"))}, "domain.interval[1]", "finite"),
        ({"interval": 3.0}, "domain.interval", "two positions"),
        ({"interval": (-1.0, 1.0), "geometry": "spherical"}, "domain.interval", "radius cannot be negative"),
        ({"interval": (0.0, 1.0), "cells": 2}, "domain.cells", "expected 4 to"),
        ({"interval": (0.0, 1.0), "cells": 40.0}, "domain.cells", "whole number"),
        ({"interval": (0.0, 1.0), "grading": "wall"}, "domain.grading", "Did you mean walls?"),
        ({"interval": (0.0, 1.0), "geometry": "sphericall"}, "domain.geometry", "Did you mean spherical?"),
    ],
)
def test_faults_of_a_domain(arguments, where, sentence):
    with pytest.raises(Invalid) as caught:
        Domain(**arguments)
    (fault,) = caught.value.faults
    assert fault.where == where and sentence in fault.sentence


def test_too_few_cells_for_the_jumps():
    with pytest.raises(Invalid, match="too few for 9 jumps"):
        Domain((0.0, 1.0), 10).grid(np.arange(1, 10) / 10)


def test_a_front_draws_cells_but_needs_no_face():
    plain = Domain((-1.0, 1.0), 200).grid((0.0,), 0.1)
    grid = Domain((-1.0, 1.0), 200).grid((0.0,), 0.1, [(-0.3, 0.02)])
    size = np.diff(grid.faces)
    assert abs(grid.centres[size.argmin()] + 0.3) < 0.01
    assert size.min() < 0.5 * np.diff(plain.faces).min()
    assert 0.0 in grid.faces and np.array_equal(grid.refined().faces[::2], grid.faces)


def test_rough_profile_of_constant_diffusivity_is_the_error_function():
    from simulator.problem.front import rough_profile

    s, slope = rough_profile(np.ones(121))
    # Second differences on 120 steps, with q'' unbounded at the ends: some per cent, best in the middle.
    assert slope == pytest.approx(np.exp(-(s**2) / 4) / np.sqrt(4 * np.pi), rel=0.1)
    assert slope[59] == pytest.approx(1 / np.sqrt(4 * np.pi), rel=1e-2)


def test_no_front_where_the_diffusivity_hardly_changes():
    from simulator.problem.front import front

    assert front(lambda c: 1.0 + 0.5 * c, 1.0, 10.0) is None
    offset, width = front(lambda c: np.exp(3.0 * c), np.exp(-0.75), 10.0)
    mirrored = front(lambda c: np.exp(3.0 - 3.0 * c), np.exp(-0.75), 10.0)
    assert offset < 0.0 and mirrored == pytest.approx((-offset, width))

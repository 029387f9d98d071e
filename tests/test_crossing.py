"""Where paths cross: curves whose crossings are known, and couples whose paths do or do not meet."""

from itertools import combinations

import numpy as np
import pytest
from matrix_couples import LENGTH, QUATERNARY, TERNARY, TERNARY_ENDS, TIME, body_diagonals, couples, points

from inverse.multicomponent.constant import exact_profile
from inverse.multicomponent.couples import paths_of
from inverse.multicomponent.crossing import crossings_of, sentences_of
from simulator.faults import Invalid


class Curve:
    """A curve X(q) with what a crossing needs of a path: no noise, and the same flux everywhere."""

    clean, independent = True, ("A", "B", "C")

    def __init__(self, X, slope, reach=1.0):
        self.of, self.slope_of = X, slope
        self.q = np.linspace(-reach, reach, 101)
        self.noise = np.zeros(len(X(self.q)))

    def X(self, q):
        return np.stack([np.broadcast_to(row, q.shape) for row in self.of(q)])

    def slope(self, q):
        return np.stack([np.broadcast_to(row, q.shape) for row in self.slope_of(q)])

    def flux(self, q):
        return np.ones((self.noise.size, q.size))

    def lab(self, q):
        return q


def line(*, through, along):
    through, along = np.array(through), np.array(along)
    return Curve(lambda q: through[:, None] + along[:, None] * q, lambda q: along[:, None] + 0.0 * q)


def test_every_crossing_is_found_and_the_steepest_is_the_first():
    """x_B = 0.3 x_A beside x_B = x_A^3 - 0.2 x_A^2, which cross where x_A (x_A^2 - 0.2 x_A - 0.3) = 0."""
    straight = Curve(lambda q: (q, 0.3 * q), lambda q: (1.0, 0.3))
    bent = Curve(lambda q: (q, q**3 - 0.2 * q**2), lambda q: (1.0, 3.0 * q**2 - 0.4 * q))
    found = crossings_of((straight, bent), "kirkaldy")
    roots = np.sort([0.0, *np.roots([1.0, -0.2, -0.3])])
    at = np.sort([crossing.composition[0] for crossing in found])
    # Newton to rounding
    assert at == pytest.approx(roots, abs=1e-13)
    assert all(crossing.miss < 1e-13 for crossing in found)
    slopes = {x: abs(3.0 * x**2 - 0.4 * x - 0.3) for x in roots}
    assert found[0].composition[0] == pytest.approx(max(slopes, key=slopes.get), abs=1e-13)
    assert [crossing.condition for crossing in found] == sorted(crossing.condition for crossing in found)


@pytest.mark.parametrize("m", [2, 3, 4])
def test_lines_through_one_point_cross_there(m):
    rng = np.random.default_rng(m)
    point = rng.uniform(0.2, 0.3, m)
    directions = rng.standard_normal((m, m))
    lines = [line(through=point + 0.3 * k / m * along, along=along) for k, along in enumerate(directions)]
    first, *others = crossings_of(lines, "kirkaldy")
    assert not others
    assert first.composition == pytest.approx(point, abs=1e-14)
    assert first.q == pytest.approx([-0.3 * k / m for k in range(m)], abs=1e-13)
    assert first.gradients == pytest.approx(directions.T)


def test_skew_lines_are_nearest_where_geometry_says():
    """Three lines along the axes of a cube, apart by h: least squares leave each of them h/2 off the mean, squared sum
    least where d/dq = 0, which is linear."""
    h = 0.004
    starts = np.array([[0.0, 0.0, h], [h, 0.0, 0.0], [0.0, h, 0.0]])
    lines = [line(through=start, along=along) for start, along in zip(starts, np.eye(3), strict=True)]
    (found,) = crossings_of(lines, "kirkaldy")
    # q_a = (sum of the others' coordinate a)/2 = h/2 - the line's own offset, by d/dq_a = 0 for each axis
    expected = np.array([[h / 2, h, 0.0], [0.0, h / 2, h], [h, 0.0, h / 2]])
    assert pytest.approx(expected, abs=1e-14) == found.X
    assert found.miss == pytest.approx(h, abs=1e-14)
    assert found.composition == pytest.approx(np.full(3, h / 2), abs=1e-14)


def test_paths_that_do_not_cross_are_refused_with_the_distance_and_the_place():
    shift = np.array([[0.03], [0.03]])
    profiles = couples(TERNARY, [TERNARY_ENDS[0], TERNARY_ENDS[0] + shift], points())
    with pytest.raises(Invalid) as refusal:
        crossings_of(paths_of(profiles, "kirkaldy"), "kirkaldy")
    sentence = str(refusal.value)
    assert "kirkaldy needs couples whose paths cross, but these come no closer than" in sentence
    assert "% of the largest step, at x_A = " in sentence and "exact-fit or parametric-fit" in sentence
    # as far apart as the points of the profiles themselves are, by the sum of squares that is least
    first, second = (np.vstack([p.fractions, 1.0 - p.fractions.sum(axis=0)]) for p in profiles)
    squares = ((first[:2, :, None] - second[:2, None]) ** 2).sum(axis=0)
    i, j = np.unravel_index(squares.argmin(), squares.shape)
    stated = float(sentence.split("no closer than ")[1].split(",")[0])
    # points are 0.1 sqrt(D0 t) apart, along which a path moves by 3 % of its step at most
    assert stated == pytest.approx(np.abs(first[:, i] - second[:, j]).max(), rel=0.1)


def test_parallel_gradients_are_refused():
    profiles = couples(TERNARY, [TERNARY_ENDS[0], TERNARY_ENDS[0]], points())
    with pytest.raises(Invalid, match="gradients of these couples are parallel where their paths cross"):
        crossings_of(paths_of(profiles, "kirkaldy"), "kirkaldy")
    profiles = couples(TERNARY, [TERNARY_ENDS[0], TERNARY_ENDS[0]], points(100, 8), 1e-4)
    with pytest.raises(Invalid, match=r"nearly parallel where their paths cross.*steps in different directions"):
        crossings_of(paths_of(profiles, "kirkaldy"), "kirkaldy")


def test_a_crossing_in_a_tail_is_told():
    """The second couple's middle is where the first has nearly reached its end, at -3 sqrt(D0 t)."""
    first = TERNARY_ENDS[0]
    tail = exact_profile(np.array([-3.0 * LENGTH]), TERNARY, first, 0.0, TIME)
    second = tail + np.array([[0.0, 0.0], [-0.15, 0.15]])
    paths = paths_of(couples(TERNARY, [first, second], points()), "kirkaldy")
    best, *_ = crossings_of(paths, "kirkaldy")
    assert best.q[0] == pytest.approx(-3.0 * LENGTH, rel=1e-3)
    assert best.shares[0] < 0.1 < best.shares[1]
    assert any("cross in a tail of couple 1, where its flux is" in sentence for sentence in sentences_of(best, paths))


def test_diagonals_of_four_components_miss_each_other_once_one_is_moved():
    ends = list(body_diagonals(3, 0.1))
    ends[2] = ends[2] + np.array([[0.0], [0.0], [0.002]])
    paths = paths_of(couples(QUATERNARY, ends, points()), "kirkaldy")
    best, *_ = crossings_of(paths, "kirkaldy")
    assert 1e-3 < best.miss < 3e-3
    (sentence,) = sentences_of(best, paths)
    assert sentence.startswith("The paths miss each other by")
    # two of them still cross each other
    for pair in combinations(range(2), 2):
        assert crossings_of([paths[k] for k in pair], "kirkaldy")[0].miss < 1e-6


def test_noise_moves_a_crossing_by_as_much_as_the_curves():
    for seed in range(3):
        paths = paths_of(couples(TERNARY, TERNARY_ENDS, points(100, 8), 1e-3, seed), "kirkaldy")
        best, *others = crossings_of(paths, "kirkaldy")
        assert not others and best.miss < 1e-12
        assert np.abs(best.composition - 1.0 / 3.0).max() < 3e-3  # three standard deviations of one point
        assert np.abs(best.q).max() < 0.2 * LENGTH

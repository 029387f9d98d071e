"""Figures of analyses of several components: the profiles, the paths in the triangle, the entries and their truth."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matrix_couples import QUATERNARY, TERNARY, TERNARY_ENDS, body_diagonals, couples, points

from inverse import METHODS
from inverse.estimate import UNITS, Estimate
from matano.drawing import corners, plane, pyplot, triangle_axes, write
from matano.matrix_figures import FEW_POINTS, MOST_COUPLES, bars, enlarge, lines, recovered

ROOT = METHODS["square-root"]


def group(profiles, *estimates, truth=None):
    """Analyses of the same couples, as the figure takes them."""
    paths = tuple(Path(f"couple-{k}.csv") for k in range(1, 1 + len(profiles)))
    verdict = None if truth is None else SimpleNamespace(truth=truth, error=np.zeros_like(truth))
    return [
        SimpleNamespace(paths=paths, profiles=tuple(profiles), profile=profiles[0], estimate=one, verdict=verdict)
        for one in estimates
    ]


def ternary(sigma=0.0):
    profiles = couples(TERNARY, TERNARY_ENDS, points(101, 8.0), sigma)
    return profiles, ROOT(*profiles)


def along(profiles, recovers, rows, value, columns=("A", "B"), **more):
    """An estimate at the compositions of all profiles."""
    composition = np.concatenate([profile.fractions.T for profile in profiles])
    return Estimate(
        "a-method", recovers, UNITS[recovers], "A", composition, value(composition), None, (0.0, 1.0),
        rows=rows, dependent="C", diagnostics={"independent": list(columns), **more},
    )  # fmt: skip


def test_two_couples_are_profiles_paths_and_entries(tmp_path):
    profiles, estimate = ternary(1e-3)
    figure = recovered(group(profiles, estimate, truth=TERNARY[None]))
    first, second, triangle, entries = figure.axes
    for ax, profile in ((first, profiles[0]), (second, profiles[1])):
        drawn = {line.get_label(): line for line in ax.lines}
        assert {"A", "B", "C", "contact plane"} <= set(drawn)
        np.testing.assert_allclose(drawn["A"].get_ydata(), profile.fraction("A"))
        np.testing.assert_allclose(drawn["C"].get_ydata(), 1.0 - profile.fractions.sum(axis=0))
        # lengths are in micrometres; the couples meet at 0, found to a hundredth of sqrt(D t)
        assert drawn["contact plane"].get_xdata()[0] == pytest.approx(0.0, abs=1.0)
    assert second.get_xlabel() == "x (um)" and first.get_title(loc="left") == "couple-1.csv"
    assert (triangle.get_llabel(), triangle.get_rlabel(), triangle.get_tlabel()) == ("A", "B", "C")
    assert {"couple-1", "couple-2", "D by square-root"} <= {line.get_label() for line in triangle.lines}
    assert [tick.get_text() for tick in entries.get_xticklabels()] == ["A,A", "A,B", "B,A", "B,B"]
    write(figure, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 20000


def test_entries_stand_at_their_values_with_deviation_and_truth():
    profiles, estimate = ternary(1e-3)
    _, ax = pyplot().subplots()
    bars(ax, group(profiles, estimate, truth=TERNARY[None]))
    (marks,) = ax.containers
    np.testing.assert_allclose(np.asarray(marks.lines[0].get_ydata(), float), estimate.value[0].ravel())
    spans = [np.ptp(segment[:, 1]) for segment in marks.lines[2][0].get_segments()]
    np.testing.assert_allclose(spans, 2.0 * estimate.sd[0].ravel())
    truths = [segment[0, 1] for segment in ax.collections[0].get_segments()]
    np.testing.assert_allclose(truths, TERNARY.ravel())


def test_methods_stand_beside_each_other():
    profiles, estimate = ternary()
    _, ax = pyplot().subplots()
    bars(ax, group(profiles, estimate, METHODS["kirkaldy"](*profiles), METHODS["exact-fit"](*profiles)))
    places = [np.asarray(container.lines[0].get_xdata(), float) for container in ax.containers]
    assert len(places) == 3 and np.all(places[0] < places[1]) and np.all(places[1] < places[2])
    np.testing.assert_allclose(places[1], np.arange(4), atol=1e-12)


def test_four_components_have_no_triangle_and_nine_entries():
    profiles = couples(QUATERNARY, body_diagonals(3, 0.1), points(161, 10.0))
    axes = recovered(group(profiles, ROOT(*profiles))).axes
    assert [ax.name for ax in axes] == ["rectilinear"] * 4
    assert len(axes[-1].get_xticklabels()) == 9 and len(axes[0].lines) == 5


def test_more_couples_than_there_is_room_for_are_left_out():
    ends = TERNARY_ENDS * 4
    profiles = couples(TERNARY, ends, points(101, 8.0))
    axes = recovered(group(profiles, ROOT(*profiles))).axes
    assert len(axes) == MOST_COUPLES + 2
    # but no path is
    assert sum(line.get_label().startswith("couple-") for line in axes[MOST_COUPLES].lines) == 8


def test_fluxes_are_drawn_over_the_position():
    profiles, _ = ternary()
    x = profiles[0].x
    planes = [{"component": "B", "position": 2e-5, "sd": None, "composition": {}}]
    more = {"position": x.tolist(), "zero_flux_planes": planes}
    flux = along(profiles[:1], "interdiffusion_flux", ("A", "B", "C"), lambda X: np.stack([X[:, 0]] * 3), **more)
    (entry,) = group(profiles[:1], flux)
    first, *_, ax = recovered([entry]).axes
    assert any(line.get_xdata()[0] == pytest.approx(20.0) for line in first.lines if line.get_linestyle() == ":")
    assert ax.get_xlabel() == "x (um)" and "(m/s)" in ax.get_ylabel()
    drawn = {line.get_label(): line.get_data() for line in ax.lines}
    assert {"J_A", "J_B", "J_C"} <= set(drawn)
    np.testing.assert_allclose(drawn["J_B"][0], 1e6 * x)


def test_matrices_along_several_couples_are_a_line_for_each():
    profiles, _ = ternary()

    def matrices(X):
        return TERNARY * (1.0 + X[:, 0])[:, None, None]

    estimate = along(profiles, "interdiffusivity_matrix", ("A", "B"), matrices)
    (entry,) = group(profiles, estimate, truth=estimate.value)
    _, ax = pyplot().subplots()
    lines(ax, [entry])
    own = [line for line in ax.lines if line.get_color() != "k" and len(line.get_xdata()) == 101]
    assert len(own) == 4 * 2 and FEW_POINTS < 101
    # the first couple from 0 to 1, the second from 1 to 2, no line from one to the other
    for k, line in enumerate(own):
        assert line.get_xdata()[[0, -1]] == pytest.approx([k % 2, 1 + k % 2])
        assert np.all(np.diff(line.get_xdata()) >= 0.0)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["couple-1", "couple-2"]


@pytest.mark.parametrize(("vertex", "spot"), [(0, (-1, 0)), (1, (1, 0)), (2, (0, 1))])
def test_pure_components_are_the_corners(vertex, spot):
    """The third at the top, the first left: of lines and of fields in the same plane."""
    pure = np.eye(3)[vertex]
    side = 2.0 / np.sqrt(3.0)
    assert plane(pure) == pytest.approx((0.5 * side * spot[0], spot[1]))
    figure = pyplot().figure()
    ax = triangle_axes(figure, 111, ("A", "B", "C"))
    (line,) = ax.plot(*([part] for part in corners(pure)))
    figure.canvas.draw()
    shown = line.get_transform().transform(line.get_xydata())[0]
    assert shown == pytest.approx(ax.transData.transform(plane(pure)), abs=1e-6)


def test_short_paths_are_shown_enlarged_and_long_ones_whole():
    ax = triangle_axes(pyplot().figure(), 111, ("A", "B", "C"))
    short = np.array([[0.30, 0.36], [0.34, 0.32], [0.36, 0.32]])
    enlarge(ax, short)
    for limits, row in ((ax.get_llim(), short[0]), (ax.get_rlim(), short[1]), (ax.get_tlim(), short[2])):
        assert limits[0] < row.min() and row.max() < limits[1] < 0.6
    whole = triangle_axes(pyplot().figure(), 111, ("A", "B", "C"))
    enlarge(whole, np.array([[0.0, 0.9], [0.5, 0.05], [0.5, 0.05]]))
    assert whole.get_llim() == (0.0, 1.0)

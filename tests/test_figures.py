"""What figures show: the right numbers at the right places, on axes with units; and what each kind refuses."""

from pathlib import Path

import numpy as np
import pytest
from domains import domains
from drawn import (
    BINARY,
    QUATERNARY,
    SAVED,
    TRACERS,
    analysed,
    charging,
    draw,
    filmed,
    layered,
    lines,
    parting,
    problem,
    regular,
    resting,
    swelling,
    swept,
    ternary,
)

from matano.drawing import LENGTHS, MARGIN, STYLES, level, pyplot, unit_of, write, zone
from matano.figures import KINDS, drawn
from simulator.faults import Invalid
from simulator.laws.darken import Darken
from simulator.problem.initial import Expression
from simulator.solve.controls import Controls
from simulator.solve.kirkendall import kirkendall_planes
from simulator.solve.result import Result
from simulator.solve.solve import solve

X = np.linspace(-10.0, 10.0, 2001)


def step(width: float, at: float = 0.0) -> np.ndarray:
    """A ramp of this width from 0.2 to 0.7."""
    return 0.2 + 0.5 * np.clip((X - at) / width + 0.5, 0.0, 1.0)


def single() -> Result:
    """One steady state."""
    return Result(swept().problem, Controls(), swept().grid, swept().snapshots[:1])


DRAWN = {
    "profiles": swelling,
    "penetration": filmed,
    "residuals": analysed,
    "diffusivity": swelling,
    "fluxes": swelling,
    "diagnostics": swelling,
    "path": ternary,
    "markers": swelling,
    "velocity": swelling,
    "lattice-fluxes": swelling,
    "volume": swelling,
    "layers": layered,
    "potential": charging,
    "current-voltage": swept,
    "current": charging,
    "charge": charging,
    "gibbs": regular,
    "potentials": regular,
    "factor": regular,
    "miscibility": regular,
    "tracers": swelling,
    "field": domains,
    "energy": domains,
    "structure": domains,
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_with_its_units(kind, tmp_path):
    figure = draw(kind, DRAWN[kind]())
    for ax in figure.axes:
        if ax.name == "ternary":
            assert (ax.get_llabel(), ax.get_rlabel(), ax.get_tlabel()) == DRAWN[kind]().components
        elif ax.axison and ax.get_label() != "<colorbar>":
            below = kind in ("diagnostics", "residuals")  # whose panels share the axis of the last one
            assert "(" in ax.get_xlabel() or "fraction" in ax.get_xlabel() or below
            assert ax.get_ylabel()
    write(figure, tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 5000


def test_kinds_say_what_they_show():
    assert set(DRAWN) == set(KINDS)
    assert all(entry.text for entry in KINDS.values())


def test_every_kind_stands_in_the_docs():
    text = (Path(__file__).parents[1] / "docs" / "commands.md").read_text(encoding="utf-8")
    rows = text.split("\n## plot\n")[1].split("\n## ")[0].splitlines()
    named = {row.split(" | ")[0].strip("| `"): row.split(" | ")[1] for row in rows if row.startswith("| `")}
    assert {name: "cases" in of for name, of in named.items()} == {name: not kind.run for name, kind in KINDS.items()}


def test_profiles_stand_where_the_cells_are():
    result = swelling()
    (ax,) = draw("profiles", result).axes
    drawn = [line.get_data() for line in ax.lines if line.get_label().startswith("B,")]
    assert len(drawn) == len(SAVED) and ax.get_xlabel() == "x (m)"
    for (x, y), position, fractions in zip(drawn, result.position, result.mole_fraction, strict=True):
        np.testing.assert_array_equal(x, position)
        np.testing.assert_array_equal(y, fractions[1])
    assert abs(drawn[-1][0][-1] - result.x[-1]) > 0.05  # the right end moved
    markers = [line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == ":"]
    assert markers == pytest.approx(result.field("marker_position")[-1])


@pytest.mark.parametrize("kind", ["fluxes", "lattice-fluxes", "velocity"])
def test_what_is_known_at_faces_stands_where_they_are(kind):
    result = swelling()
    (ax,) = draw(kind, result).axes
    faces = [line.get_xdata() for line in ax.lines if len(line.get_xdata()) == result.grid.cells + 1]
    count = {"fluxes": len(SAVED), "lattice-fluxes": 4, "velocity": 2}[kind]
    assert len(faces) == count
    np.testing.assert_array_equal(faces[-1], result.field("position_face")[-1])


def test_both_frames_are_named():
    result = swelling()
    (ax,) = draw("lattice-fluxes", result).axes
    assert {"A", "B", "lattice frame", "number-fixed frame"} <= set(lines(ax))
    np.testing.assert_array_equal(lines(ax)["B"][1], result.field("lattice_flux")[-1][1])
    assert "mol/(m" in ax.get_ylabel()


def test_fluxes_without_a_molar_volume_are_velocities():
    assert draw("fluxes", resting()).axes[0].get_ylabel().endswith("(m/s)")


def test_parabolic_paths_are_straight():
    result = swelling()
    (ax,) = draw("markers", result).axes
    shown = lines(ax)
    t, x = shown["marker 0"]
    assert t.tolist() == [0.0, *SAVED] and x[0] == 0.0
    across = ax.transData.transform(np.stack([t, x], axis=1))
    slopes = np.diff(across[:, 1]) / np.diff(across[:, 0])
    assert slopes == pytest.approx(slopes[0], rel=1e-3)  # the similarity scheme's markers are of second order
    assert shown["marker 1"][1][0] == -2.0
    assert np.all(shown["contact plane"][1] == 0.0)


def test_planes_lie_where_the_velocity_meets_the_line():
    result = parting()
    (ax,) = draw("velocity", result).axes
    planes, shown = kirkendall_planes(result), lines(ax)
    assert len(planes) == 3 and "bifurcated" in ax.get_title()
    x, line = shown["$(x - x_0)/2t$"]
    assert ax.get_ylabel() == "velocity (mm/s)"
    np.testing.assert_allclose(line, 1e3 * x / 2.0)
    spots = np.hstack([values for name, values in shown.items() if name.startswith("plane: ")])
    assert np.sort(spots[0]) == pytest.approx([plane.position for plane in planes])
    assert spots[1] == pytest.approx(1e3 * spots[0] / 2.0, abs=1e-3)
    assert shown["plane: unstable"][0] == pytest.approx([0.0], abs=1e-6)  # the couple is its own mirror image
    (ax,) = draw("velocity", swelling()).axes
    assert ax.get_title() == "a couple: stable Kirkendall plane"
    fills = {entry.get_label(): entry.get_markerfacecolor() for entry in ax.lines}
    assert fills["plane: stable"] == "black"


def test_the_right_end_moves_with_the_square_root_of_time():
    upper, lower = draw("volume", swelling()).axes
    (t, moved), result = lower.lines[0].get_data(), swelling()
    end = result.field("position_face")[:, -1] - 30.0
    assert moved == pytest.approx([0.0, *(1e6 * end)])
    assert moved[1:] / np.sqrt(t[1:]) == pytest.approx(moved[-1], rel=1e-2)  # 200 cells
    for line, fractions in zip(upper.lines, result.mole_fraction, strict=True):
        assert line.get_ydata() == pytest.approx(1e6 * (1.0 - 0.3 * fractions[1] - 0.2 * fractions[0] * fractions[1]))


def test_layers_have_their_interfaces_markers_and_names():
    (ax,) = draw("layers", layered()).axes
    shown = lines(ax)
    assert set(shown) == {"interface 0", "interface 1", "marker"}
    assert shown["interface 1"][1] == pytest.approx([1.0, *(1.0 + 2.0 * np.sqrt(SAVED))])
    assert [text.get_text() for text in ax.texts] == ["layer 0"]
    (ax,) = draw("profiles", layered()).axes
    assert [line.get_xdata()[0] for line in ax.lines if line.get_linewidth() == 0.8] == pytest.approx([-1.0, 3.0])


def test_many_components_differ_in_their_lines_too():
    (ax,) = draw("profiles", ternary()).axes
    styles = {line.get_linestyle() for line in ax.lines if line.get_label() in "ABC"}
    assert len(styles) == 3 and len(set(map(str, STYLES))) == len(STYLES)


def test_a_start_without_a_step_has_no_planes():
    law = Darken(BINARY, tracer=TRACERS)
    smooth = problem(law, {}, {}, initial=Expression({"B": "0.5 + 0.4*tanh(x)"}), save=())
    (ax,) = draw("velocity", solve(smooth)).axes
    assert len(ax.lines) == 1


@pytest.mark.parametrize(
    ("kind", "shown", "words"),
    [
        ("path", swelling, "draws three components; this result has 2"),
        ("markers", resting, r"no markers; add \[markers\]"),
        ("velocity", resting, "no fluxes in the lattice frame"),
        ("lattice-fluxes", resting, "no fluxes in the lattice frame"),
        ("volume", resting, "the cells of this result rest"),
        ("layers", resting, "no interfaces between phases"),
        ("penetration", resting, "needs a film at the start"),
        ("penetration", swept, "a steady state has no time over which a film spreads"),
        ("residuals", resting, "holds no analysis"),
        (
            "diagnostics",
            lambda: Result(swept().problem, Controls(), swept().grid, swept().snapshots[:1]),
            "steady state",
        ),
        ("tracers", resting, 'no tracer diffusivities: law.kind is "fick"'),
        *(
            (kind, resting, "this law has no thermodynamics")
            for kind in ("gibbs", "potentials", "factor", "miscibility")
        ),
        ("miscibility", lambda: regular(-1.0), "no critical point: it mixes in all proportions"),
        ("miscibility", ternary, "mixes in all proportions at 1000 K"),
        ("miscibility", lambda: regular(2.5, QUATERNARY), "draws two or three components, and this case has 4"),
        ("gibbs", lambda: regular(2.5, QUATERNARY), "draws two or three components, and this case has 4"),
        ("profiles", lambda: Result(resting().problem, Controls(), resting().grid, []), "no saved time"),
    ],
)
def test_what_does_not_apply_is_refused_in_a_sentence(kind, shown, words):
    with pytest.raises(Invalid, match=words) as refused:
        KINDS[kind].draw(shown())
    (fault,) = refused.value.faults
    assert fault.sentence.endswith(".") and "\n" not in fault.sentence


@pytest.mark.parametrize("turned", [1, -1])
def test_a_couple_is_shown_where_it_changes(turned):
    """Widths 1 and 4: the wider ramp, from -2 to 2, with a quarter of its 4 on either side."""
    left, right = zone(X, np.array([step(1.0), step(4.0)])[:, ::turned])
    # 1e-3 of the step is 0.004 of the ramp; points lie 0.01 apart
    assert (left, right) == pytest.approx((-2.0 - 4.0 * MARGIN, 2.0 + 4.0 * MARGIN), abs=0.03)


def test_components_whose_interfaces_differ_are_all_shown():
    left, right = zone(X, np.array([step(0.5, -2.0), step(0.5, 2.0)]))
    assert left < -2.25 and right > 2.25


def test_a_surface_is_shown_with_the_depth_it_reaches():
    left, right = zone(X, np.exp(-(X + 10.0) / 0.5)[None])
    assert left == X[0] and -7.0 < right < 0.0


@pytest.mark.parametrize("profile", [step(8.0), np.full_like(X, 0.3), np.cos(X)], ids=["wide", "flat", "waves"])
def test_the_whole_sample_is_shown_where_there_is_no_smaller_place(profile):
    assert zone(X, profile[None]) is None


@pytest.mark.parametrize(("extent", "unit"), [(5e-7, "nm"), (1e-4, "um"), (0.01, "mm"), (3.0, "m"), (1e7, "m")])
def test_lengths_read_as_plain_numbers(extent, unit):
    assert unit_of(extent, LENGTHS)[0] == unit


def test_times_differ_in_their_lines_too():
    for kind in ("profiles", "fluxes"):
        (ax,) = draw(kind, resting()).axes
        own = [line for line in ax.lines if line.get_label().startswith("B,")]
        styles = [(line.get_linestyle(), line._unscaled_dash_pattern) for line in own]
        assert len(set(map(str, styles))) == len(own) == len(SAVED)
        assert own[-1].get_linestyle() == "-"


def test_rounding_is_drawn_level():
    ax = pyplot().figure().add_subplot()
    ax.plot([0.0, 1.0, 2.0], [3.0, 3.0 + 1e-9, 3.0 - 1e-9])
    level(ax)
    low, high = ax.get_ylim()
    assert low < 2.8 and high > 3.2
    ax.plot([0.0, 1.0], [2.0, 3.0])
    ax.autoscale()
    level(ax)
    assert ax.get_ylim() == pytest.approx((1.95, 3.05), rel=1e-6)
    pyplot().close(ax.figure)


def test_a_lattice_that_rests_has_no_velocity():
    law = Darken(BINARY, tracer={"A": 1.0, "B": 1.0})
    result = solve(problem(law, {"B": 0.1}, {"B": 0.9}), Controls(scheme="similarity"))
    with pytest.raises(Invalid, match="the lattice rests"):
        KINDS["velocity"].draw(result)


def test_short_paths_are_shown_enlarged():
    (ax,) = draw("path", ternary()).axes
    assert ax.get_tlim()[0] > 0.0 and ax.get_tlim()[1] - ax.get_tlim()[0] < 0.7


@pytest.mark.parametrize("ending", ["svg", "pdf", "png"])
def test_a_figure_is_the_same_file_every_time(ending, tmp_path):
    files = [write(draw("profiles", resting()), tmp_path / f"{k}.{ending}").read_bytes() for k in range(2)]
    assert files[0] == files[1]


def test_kinds_that_do_not_apply_leave_no_open_figure():
    before = pyplot().get_fignums()
    assert [name for name in KINDS if drawn(name, resting()) is not None and not pyplot().close()] == [
        "profiles",
        "diffusivity",
        "fluxes",
        "diagnostics",
    ]
    assert pyplot().get_fignums() == before

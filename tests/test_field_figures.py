"""What figures and animations of fields show, and how the commands treat results in two and three dimensions."""

import csv
import json
from itertools import pairwise
from pathlib import Path

import h5py
import matplotlib.animation
import numpy as np
import pytest
from domains import SAVES, domains
from PIL import Image
from spinodal import bar, regular

from matano.animation import write_animation
from matano.console import UsageFault
from matano.drawing import pyplot
from matano.figures import KINDS
from simulator.faults import Invalid
from simulator.problem.grid import Grid
from simulator.solve import solve as module_of_solve
from simulator.solve.controls import Controls
from simulator.solve.microstructure import structure_factor
from simulator.solve.result import DIAGNOSTICS, Result, Snapshot
from simulator.solve.solve import solve

CASE = """title = "Fe-Cr"
components = ["Fe", "Cr"]
dependent = "Fe"
[law]
kind = "cahn-hilliard"
D = "1e-18 m^2/s"
gradient_energy = "2e-14 J m^2/mol"
[thermodynamics]
kind = "regular"
omega = { Fe-Cr = "18.6 kJ/mol" }
[temperature]
value = "773 K"
[domain]
size = ["16 nm", "12 nm"]
cells = [24, 18]
[boundary]
sides = "periodic"
[initial]
shape = "noise"
mean = { Cr = 0.4 }
amplitude = 0.02
seed = 1
[time]
end = "100 s"
save = ["0 s", "20 s"]
[solver]
scheme = "rkc"
rtol = 1e-4
[[expect.value]]
quantity = "conservation_error"
value = 0.0
atol = 1e-13
[[expect.value]]
quantity = "free_energy"
value = 0.0
atol = 1e4
"""


def draw(kind: str, result, *arguments):
    """A figure of a kind, closed but there to be read."""
    figure = KINDS[kind].draw(result, *arguments)
    pyplot().close(figure)
    return figure


def panels(figure) -> list:
    return [ax for ax in figure.axes if ax.images]


def test_a_field_is_drawn_to_scale_in_nanometres():
    result = domains()
    (ax,) = panels(draw("field", result))
    (image,) = ax.images
    np.testing.assert_array_equal(image.get_array(), result.composition[-1, 1])
    assert image.get_extent() == pytest.approx([0.0, 48.0, 0.0, 32.0], rel=1e-12)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x (nm)", "y (nm)")
    assert image.origin == "lower" and ax.get_aspect() == 1.0
    assert image.get_cmap().name == "viridis"
    assert ax.get_title() == "t = 1.66667 min"
    bar = next(other for other in draw("field", result).axes if not other.images)
    assert bar.get_ylabel() == r"$x_{\mathrm{Cr}}$"


def test_several_times_are_panels_with_one_scale_of_colours():
    result = domains()
    shown = panels(draw("field", result, ("3 s", "0 s", "99 s")))
    assert [ax.get_title() for ax in shown] == ["t = 3 s", "t = 0 s", "t = 1.66667 min"]
    drawn = result.composition[[2, 0, 5], 1]
    assert {ax.images[0].get_clim() for ax in shown} == {(drawn.min(), drawn.max())}
    for ax, values in zip(shown, drawn, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), values)
    assert len(panels(draw("field", result, ("all",)))) == len(SAVES)


def test_a_time_that_is_none_is_a_sentence():
    with pytest.raises(UsageFault, match="expected a time such as"):
        draw("field", domains(), ("banana",))


def test_three_dimensions_are_cut_in_the_middle():
    result = domains(3)
    shown = panels(draw("field", result))
    values = result.composition[-1, 1]
    cuts = {"z = 12.5 nm": values[12], "y = 16.5 nm": values[:, 16], "x = 24.5 nm": values[:, :, 24]}
    axes = [("x (nm)", "y (nm)"), ("x (nm)", "z (nm)"), ("y (nm)", "z (nm)")]
    for ax, (words, cut), labels in zip(shown, cuts.items(), axes, strict=True):
        assert ax.get_title() == f"t = 1.66667 min, {words}"
        np.testing.assert_array_equal(ax.images[0].get_array(), cut)
        assert (ax.get_xlabel(), ax.get_ylabel()) == labels
    assert len(panels(draw("field", result, ("0 s", "3 s")))) == 6


def test_each_component_of_three_has_its_panel():
    result = domains(2, "ternary")
    shown = panels(draw("field", result, ("0 s", "100 s")))
    assert [ax.get_title().split(", ")[1] for ax in shown] == [r"$x_{\mathrm{A}}$", r"$x_{\mathrm{B}}$"] * 2
    np.testing.assert_array_equal(shown[1].images[0].get_array(), result.composition[0, 1])
    np.testing.assert_array_equal(shown[2].images[0].get_array(), result.composition[-1, 0])


@pytest.mark.parametrize(("kind", "label"), [("SI", "mean free energy (J/mol)"), ("reduced", "mean free energy (RT)")])
def test_energy_over_time_with_the_lengths(kind, label):
    result = domains(2, kind)
    upper, lower = draw("energy", result).axes
    assert upper.get_ylabel() == label
    np.testing.assert_array_equal(upper.lines[0].get_ydata(), [9.0, 8.0, 7.0, 6.0, 5.0])  # no 0 on a logarithmic axis
    size = 1e-9 if kind == "SI" else 1.0
    waves = next(line for line in lower.lines if "2\\pi" in line.get_label())
    np.testing.assert_allclose(waves.get_ydata() * size, result.lengths().wave[1:], rtol=1e-12)
    assert "in the last decade" not in waves.get_label()  # of three times


def test_structure_factors_over_the_discrete_wavenumber():
    result = domains()
    (ax,) = draw("structure", result).axes
    assert (ax.get_xlabel(), ax.get_xscale(), ax.get_yscale()) == ("discrete wavenumber k (rad/nm)", "log", "log")
    for line, k in zip(ax.lines, range(len(SAVES)), strict=True):
        expected = structure_factor(result.composition[k, 1], result.box.spacing, result.sides)
        np.testing.assert_allclose(line.get_xdata(), expected.k * 1e-9, rtol=1e-12)
        np.testing.assert_allclose(line.get_ydata(), expected.S * 1e18, rtol=1e-12)


def test_structure_factor_of_one_dimension():
    """A wave of four periods has all of it at its discrete wavenumber."""
    start = 0.4 + 0.01 * np.cos(2.0 * np.pi * 4 * (np.arange(32) + 0.5) / 32)
    made = bar(regular(3.0), start, 16.0, 32, 1.0)
    numbers, fields = dict.fromkeys(DIAGNOSTICS, 0.0), {"free_energy": np.array(0.0)}
    snapshot = Snapshot(1.0, np.stack([1.0 - start, start]), np.zeros((2, 33)), np.nan, numbers, fields)
    (ax,) = draw("structure", Result(made, Controls(), made.grid, [snapshot])).axes
    k, S = ax.lines[0].get_data()
    assert k[np.argmax(S)] == pytest.approx(2.0 / 0.5 * np.sin(np.pi * 4 / 32), rel=1e-12)
    assert S.max() == pytest.approx(16.0 * 0.01**2 / 4, rel=1e-12)
    with pytest.raises(Invalid, match="equal cells"):
        draw("structure", replace_grid(made, snapshot))


def replace_grid(made, snapshot) -> Result:
    """The same on cells that are not equal."""
    return Result(made, Controls(), Grid(np.linspace(0.0, 4.0, 33) ** 2), [snapshot])


def test_an_animation_has_a_frame_for_each_saved_time(tmp_path):
    assert write_animation(domains(), tmp_path / "a.gif") == len(SAVES)
    with Image.open(tmp_path / "a.gif") as film:
        assert (film.format, film.n_frames) == ("GIF", len(SAVES))
        frames = []
        for k in range(film.n_frames):
            film.seek(k)
            frames.append(np.asarray(film.convert("L"), float))
    assert all(np.abs(a - b).mean() > 0.5 for a, b in pairwise(frames))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.gif"]


def test_mp4_needs_ffmpeg(tmp_path, monkeypatch):
    monkeypatch.setattr(matplotlib.animation.FFMpegWriter, "isAvailable", classmethod(lambda cls: False))
    with pytest.raises(UsageFault, match="needs ffmpeg"):
        write_animation(domains(), tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def test_the_energy_of_what_has_none_is_refused():
    from drawn import layered

    with pytest.raises(Invalid, match="this run has no free energy"):
        draw("energy", layered())


@pytest.fixture
def ran(matano):
    """The command, in a folder with quench.toml and its result."""
    matano.monkeypatch.setattr(module_of_solve, "solve", solve)
    Path("quench.toml").write_text(CASE, encoding="utf-8")
    status, out, _ = matano("run", "quench.toml", "--check")
    assert status == 0
    assert "24 x 18" in out and out.count("passed") == 2
    return matano


def test_commands_on_a_field(ran):
    status, out, _ = ran("info", "quench.h5")
    assert status == 0
    for words in ("24 x 18 cells, 1.6e-08 x 1.2e-08 m, periodic sides", "lies inside the spinodal", "wavelength"):
        assert words in out
    facts = json.loads(ran("info", "quench.h5", "--json")[1])
    assert (facts["cells"], facts["sides"]) == ([24, 18], ["periodic", "periodic"])
    assert facts["lever_rule"] == pytest.approx(0.38, abs=0.02)
    for kind in ("field", "energy", "structure", "diagnostics", "miscibility", "gibbs"):
        assert ran("plot", "quench.h5", kind)[0] == 0
        assert Path(f"quench-{kind}.png").stat().st_size > 5000
    assert ran("plot", "quench.h5", "field", "--time", "0 s, 100 s", "-o", "two.svg")[0] == 0
    assert ran("plot", "quench.h5", "field", "-o", "film.gif")[0] == 0
    assert ran("run", "quench.toml")[0] == 2
    assert ran("run", "quench.toml", "--resume")[0] == 0


REFUSED = {
    ("quench.h5", "profiles"): "is in two or three dimensions, where profiles is not drawn; there are",
    ("quench.toml", "tracers"): "is in two or three dimensions, where tracers is not drawn; there are",
    ("quench.h5", "energy", "--time", "1 s"): "energy shows all saved times",
    ("quench.h5", "field", "-o", "a.gif", "--time", "1 s"): "an animation shows all saved times",
    ("quench.h5", "energy", "-o", "a.gif"): "unknown kind of figure '.gif'",
    ("quench.toml", "field"): "field is drawn of a result: run the case",
}


def test_what_plot_refuses(ran):
    for words, said in REFUSED.items():
        status, _, err = ran("plot", *words)
        assert (status, said in err) == (2, True), words


def test_export_of_a_field(ran):
    assert ran("export", "quench.h5", "--csv", "tables")[0] == 0
    names = {path.name for path in Path("tables").iterdir()}
    assert names == {"diagnostics.csv", "microstructure.csv"} | {
        f"{name}_{k:03d}.csv" for name in ("field", "structure") for k in range(3)
    }
    rows = list(csv.reader(Path("tables/field_002.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["x [m]", "y [m]", "x_Fe", "x_Cr"]
    table = np.array(rows[1:], float)
    with h5py.File("quench.h5") as file:
        np.testing.assert_array_equal(table[:, 3], file["mole_fraction"][2, 1].ravel())
        np.testing.assert_array_equal(table[:24, 0], file["x"][:])
        np.testing.assert_array_equal(table[::24, 1], file["y"][:])


def test_expectations_of_a_field(ran):
    for quantity in ("wavelength", "free_energy"):
        text = CASE + f'[[expect.value]]\nquantity = "{quantity}"\nvalue = 1e9\natol = 1.0\n'
        Path("other.toml").write_text(text, encoding="utf-8")
        status, out, _ = ran("run", "other.toml", "--check", "--force")
        assert status == 5 and f"{quantity}, t = 100 s" in out
    text = CASE + '[[expect.value]]\nquantity = "interface_width"\ntime = "0 s"\nvalue = 1e-9\natol = 1.0\n'
    Path("other.toml").write_text(text, encoding="utf-8")
    status, _, err = ran("run", "other.toml", "--check", "--force")
    assert status == 3 and "interface_width is not defined at t = 0 s" in err

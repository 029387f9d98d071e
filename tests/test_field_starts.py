"""Starts that un-mix: noise, waves, droplets, expressions and fields from files."""

import subprocess
import sys

import h5py
import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.files.case import parse_case
from simulator.files.field_values import dataset_start, image_start
from simulator.laws.mixture import Mixture
from simulator.problem.box import Box
from simulator.problem.domain import Domain
from simulator.problem.field_start import Droplet, Droplets, Sampled
from simulator.problem.grid import Grid
from simulator.problem.initial import Expression
from simulator.problem.noise import Noise, Ripple, Wave

BINARY = Mixture(("B", "A"))
TERNARY = Mixture(("A", "B", "C"))
FLAT = Box((3.0, 2.0), (12, 8))
DEEP = Box((3.0, 2.0, 1.0), (12, 8, 6))
BOXES = pytest.mark.parametrize("box", [FLAT, DEEP], ids=["2-D", "3-D"])
DISTRIBUTIONS = pytest.mark.parametrize("distribution", ["uniform", "normal"])


def inner(values: np.ndarray) -> tuple[int, ...]:
    return tuple(range(1, values.ndim))


@BOXES
@DISTRIBUTIONS
def test_noise_has_the_mean_that_is_given(box, distribution):
    start = Noise({"A": 0.3, "B": 0.25}, {"A": 0.01, "B": 0.02}, 7, distribution).field(TERNARY, box)
    assert start.shape == (2, *box.shape)
    assert start.mean(axis=inner(start)) == pytest.approx([0.3, 0.25], rel=1e-15)


def test_uniform_noise_fills_its_amplitude_and_no_more():
    box = Box((1.0, 1.0), (200, 200))
    apart = Noise({"B": 0.5}, 0.01, 1).field(BINARY, box) - 0.5
    # 40000 values: the extremes come within 1e-3 of the amplitude, and the mean that is taken off is of 0.01/sqrt(12e4)
    assert np.abs(apart).max() == pytest.approx(0.01, rel=1e-2)
    assert apart.std() == pytest.approx(0.01 / np.sqrt(3.0), rel=2e-2)


def test_normal_noise_has_its_amplitude_as_deviation():
    apart = Noise({"B": 0.5}, 0.01, 1, "normal").field(BINARY, Box((1.0, 1.0), (200, 200))) - 0.5
    assert apart.std() == pytest.approx(0.01, rel=2e-2)
    assert np.abs(apart).max() > 0.03


def test_a_seed_gives_the_same_noise_and_another_seed_another():
    first, again, other = (Noise({"B": 0.5}, 0.01, seed).field(BINARY, FLAT) for seed in (4, 4, 5))
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_components_have_noises_of_their_own():
    start = Noise({"A": 0.3, "B": 0.3}, 0.01, 2).field(TERNARY, Box((1.0, 1.0), (64, 64)))
    # 4096 independent pairs: their correlation is of 1/64
    assert abs(np.corrcoef(start.reshape(2, -1))[0, 1]) < 0.1


def test_a_component_that_is_not_named_has_no_noise():
    start = Noise({"A": 0.3, "B": 0.25}, {"B": 0.02}, 7).field(TERNARY, FLAT)
    assert np.ptp(start[0]) == 0.0
    assert np.ptp(start[1]) > 0.02


def test_noise_of_a_finer_box_is_the_same_function():
    """As many pieces on both: averages over the coarse cells are those of the fine ones in them."""
    noise, fine = Noise({"B": 0.5}, 0.01, 3, pieces=24), Box(FLAT.size, (24, 16))
    values = noise.field(BINARY, fine)[0]
    means = values.reshape(8, 2, 12, 2).mean(axis=(1, 3))
    assert noise.field(BINARY, FLAT)[0] == pytest.approx(means, rel=1e-14)
    assert means.mean() == pytest.approx(0.5, rel=1e-14)


def test_noise_on_a_line_is_the_same_function_on_every_grid():
    domain = Domain((0.0, 1.0), 64, "uniform")
    noise = Noise({"B": 0.5}, 0.01, 3).on(domain)
    grid = domain.grid()
    values = noise.averages(BINARY, grid)
    assert np.array_equal(values, noise.drawn(BINARY, (64,)))
    assert noise.averages(BINARY, grid.refined())[0] == pytest.approx(np.repeat(values[0], 2), rel=1e-14)
    assert noise.averages(BINARY, grid.coarsened())[0] == pytest.approx(
        values[0].reshape(32, 2).mean(axis=1), rel=1e-14
    )


def test_noise_on_a_graded_grid_keeps_its_mean():
    grid = Domain((0.0, 1.0), 50, "walls").grid(length=0.05)
    values = Noise({"B": 0.4}, 0.1, 3, pieces=33).averages(BINARY, grid)
    assert values[0] @ grid.volumes == pytest.approx(0.4, rel=1e-14)
    assert np.ptp(values) > 0.05


def test_a_case_gives_noise_as_many_pieces_as_cells():
    text = """
components = ["B", "A"]
[domain]
interval = [0.0, 40.0]
cells = 160
grading = "uniform"
[initial]
shape = "noise"
mean = { B = 0.4 }
amplitude = { B = 0.02 }
seed = 5
distribution = "normal"
[law]
kind = "fick"
D = 1.0
[time]
end = 1.0
"""
    problem = parse_case(text).problem
    problem.check()
    assert problem.initial.pieces == 160
    assert problem.jumps == ()
    assert problem.start().std() == pytest.approx(0.02, rel=0.2)


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (lambda: Noise({"B": 0.5}, 0.01, -1), "initial.seed"),
        (lambda: Noise({"B": 0.5}, 0.01, 1.5), "initial.seed"),
        (lambda: Noise({"B": 0.5}, 0.01, 1, "gaussian"), "initial.distribution"),
        (lambda: Noise({"B": 0.5}, 0.01, pieces=1), "initial.pieces"),
        (lambda: Noise({"B": 0.5}, 0.01, pieces=(8, 8, 8)).field(BINARY, FLAT), "initial.pieces"),
        (lambda: Noise({"B": 0.005}, 0.01).field(BINARY, FLAT), "initial.amplitude"),
        (lambda: Noise({"B": 0.5}, {"C": 0.01}).field(BINARY, FLAT), "initial.amplitude.C"),
        (lambda: Noise({"B": 0.5}, {"A": 0.01}).field(BINARY, FLAT), "initial.amplitude.A"),
        (lambda: Noise({"B": 1.5}, 0.01).field(BINARY, FLAT), "initial.mean.B"),
        (lambda: Wave({"B": 0.5}), "initial"),
        (lambda: Wave({"B": 0.5}, 0.01), "initial.periods"),
        (lambda: Wave({"B": 0.5}, None, (1, 1)), "initial.amplitude"),
        (lambda: Wave({"B": 0.5}, 0.01, (1, 1), waves=[Ripple(0.01, (1, 1))]), "initial"),
        (lambda: Wave({"B": 0.5}, 0.01, 2).field(BINARY, FLAT), "initial.periods"),
        (lambda: Wave({"B": 0.5}, waves=[Ripple(0.01, (1, 1, 1))]).field(BINARY, FLAT), "initial.waves[0].periods"),
        (lambda: Wave({"B": 0.5}, 0.6, (1, 1)).field(BINARY, FLAT), "initial.amplitude"),
        (lambda: Droplets({"B": 0.1}, [], 0.1), "initial.droplets"),
        (lambda: Droplets({"B": 0.1}, [Droplet((1.0, 1.0), 0.5, {"B": 0.9})], -1.0), "initial.width"),
        (lambda: droplet((9.0, 1.0), 0.5).field(BINARY, FLAT), "initial.droplets[0].at"),
        (lambda: droplet((1.0,), 0.5).field(BINARY, FLAT), "initial.droplets[0].at"),
        (lambda: droplet((1.0, 1.0), 0.0).field(BINARY, FLAT), "initial.droplets[0].radius"),
        (lambda: Sampled({"B": np.full((8, 13), 0.5)}).field(BINARY, FLAT), "initial"),
        (lambda: Sampled({"B": np.full(12, 0.5)}).field(BINARY, FLAT), "initial"),
        (lambda: Sampled({"B": np.full((8, 12), np.nan)}, "initial.path").field(BINARY, FLAT), "initial.path"),
        (lambda: Sampled({"B": np.full((8, 12), 1.5)}).field(BINARY, FLAT), "initial.B"),
        (lambda: Expression({"B": "z"}).field(BINARY, FLAT), "initial.B"),
        (lambda: droplet((1.0, 1.0), 0.5).averages(BINARY, Grid(np.linspace(0.0, 1.0, 9))), "initial.shape"),
    ],
)
def test_a_start_that_cannot_be_is_refused_at_its_key(make, where):
    with pytest.raises(Invalid) as caught:
        make()
    assert [fault.where for fault in caught.value.faults] == [where]


def laplacian(values: np.ndarray, box: Box) -> np.ndarray:
    """Of (m, ..) on periodic sides, by central differences."""
    total = np.zeros_like(values)
    for i, h in enumerate(box.spacing):
        axis = -1 - i
        total += (np.roll(values, 1, axis) - 2.0 * values + np.roll(values, -1, axis)) / h**2
    return total


@pytest.mark.parametrize(("box", "periods"), [(FLAT, (2, 1)), (FLAT, (0, 3)), (DEEP, (1, 2, 1))])
def test_a_wave_is_an_eigenvector_of_the_discrete_laplacian(box, periods):
    apart = Wave({"B": 0.4}, 0.05, periods, 0.3).field(BINARY, box) - 0.4
    k = [2.0 * np.pi * n / length for n, length in zip(periods, box.size, strict=True)]
    b2 = sum(2.0 / h**2 * (1.0 - np.cos(q * h)) for q, h in zip(k, box.spacing, strict=True))
    # sums of a few terms of size b2 apart
    assert laplacian(apart, box) == pytest.approx(-b2 * apart, abs=1e-13 * b2)
    assert apart.mean() == pytest.approx(0.0, abs=1e-16)


def test_a_wave_holds_exact_averages_of_its_cells():
    """Against four Gauss points a cell of the same wave on a line, off by (q h)^9 of it."""
    domain = Domain((1.0, 4.0), 40, "walls")
    grid = domain.grid(length=0.3)
    wave = Wave({"B": 0.4}, 0.05, 2, 0.3)
    written = Expression({"B": "0.4 + 0.05*cos(2*pi*2*(x - 1)/3 + 0.3)"})
    assert wave.averages(BINARY, grid)[0] == pytest.approx(written.averages(BINARY, grid)[0], abs=1e-11)
    assert wave.ends(BINARY, (1.0, 4.0))[0] == pytest.approx([0.4 + 0.05 * np.cos(0.3)] * 2, rel=1e-14)


def test_a_wave_of_a_box_is_that_of_a_line_where_it_runs_along_one():
    box = Box((3.0, 2.0), (40, 8))
    line = Wave({"B": 0.4}, 0.05, 2, 0.3).averages(BINARY, Domain((0.0, 3.0), 40, "uniform").grid())
    assert Wave({"B": 0.4}, 0.05, (2, 0), 0.3).field(BINARY, box)[0, 5] == pytest.approx(line[0], rel=1e-14)


def test_waves_add_up():
    first, second = (
        Wave({"B": 0.4}, 0.02, p, phase).field(BINARY, FLAT) for p, phase in (((1, 0), 0.0), ((2, 3), 1.0))
    )
    both = Wave({"B": 0.4}, waves=[Ripple(0.02, (1, 0)), Ripple({"B": 0.02}, (2, 3), 1.0)]).field(BINARY, FLAT)
    assert both == pytest.approx(first + second - 0.4, rel=1e-14)


@BOXES
def test_an_expression_stands_at_the_centres(box):
    where = "x - 2*y" if box.dimensions == 2 else "x - 2*y + 3*z"
    values = Expression({"B": f"0.5 + 0.02*({where})"}).field(BINARY, box)[0]
    place = np.unravel_index(29, box.shape)
    at = [x[i] for x, i in zip(box.centres, place[::-1], strict=True)]
    factors = (1.0, -2.0, 3.0)[: box.dimensions]
    assert values[place] == pytest.approx(0.5 + 0.02 * np.dot(factors, at), rel=1e-14)
    assert values.shape == box.shape


def test_all_components_or_all_but_one_may_be_written():
    one = Expression({"A": "0.2 + 0.01*x", "C": "0.3*y"}).field(TERNARY, FLAT)
    all_but = Expression({"A": "0.2 + 0.01*x", "B": "0.8 - 0.01*x - 0.3*y"}).field(TERNARY, FLAT)
    assert one == pytest.approx(all_but, rel=1e-13)


def droplet(at, radius, width=0.0) -> Droplets:
    return Droplets({"B": 0.1}, [Droplet(at, radius, {"B": 0.9})], width)


def test_a_sharp_droplet_has_its_volume():
    box = Box((1.0, 1.0), (200, 200))
    share = (droplet((0.5, 0.5), 0.3).field(BINARY, box)[0] - 0.1) / 0.8
    # rims of one cell: their error is of second order, (h/R)^2
    assert share.mean() == pytest.approx(np.pi * 0.3**2, rel=1e-3)
    assert share.min() == 0.0 and share.max() == pytest.approx(1.0, rel=1e-15)


def test_a_ball_has_its_volume():
    share = (droplet((0.5, 0.5, 0.5), 0.3).field(BINARY, Box((1.0,) * 3, (60, 60, 60)))[0] - 0.1) / 0.8
    assert share.mean() == pytest.approx(4.0 / 3.0 * np.pi * 0.3**3, rel=3e-3)


def test_the_rim_of_a_droplet_is_a_hyperbolic_tangent():
    box = Box((2.0, 1.0), (400, 4))
    values = droplet((0.0, 0.125), 1.0, 0.2).field(BINARY, box)[0, 0]
    x = box.centres[0]
    assert values == pytest.approx(0.1 + 0.4 * (1.0 - np.tanh(2.0 * (x - 1.0) / 0.2)), rel=1e-12)
    slopes = np.abs(np.diff(values)) / box.spacing[0]
    assert 0.8 / slopes.max() == pytest.approx(0.2, rel=2e-3)


def test_a_later_droplet_lies_over_an_earlier_one():
    start = Droplets({"B": 0.1}, [Droplet((1.0, 1.0), 0.9, {"B": 0.9}), Droplet((1.0, 1.0), 0.4, {"B": 0.3})])
    values = start.field(BINARY, Box((2.0, 2.0), (40, 40)))[0]
    assert values[20, 20] == pytest.approx(0.3, rel=1e-15)
    assert values[20, 33] == pytest.approx(0.9, rel=1e-15)


@pytest.mark.parametrize("suffix", [".png", ".tiff", ".bmp"])
def test_an_image_is_read_from_its_lowest_row(tmp_path, suffix):
    from matplotlib import image

    grey = np.tile(np.linspace(0, 255, 12).astype(np.uint8), (8, 1))
    grey[0] = 0  # the uppermost row, at the largest y
    image.imsave(tmp_path / f"start{suffix}", np.stack([grey] * 3, axis=-1))
    start = image_start(tmp_path / f"start{suffix}", BINARY, {"B": 0.2}, {"B": 0.7})
    values = start.field(BINARY, FLAT)[0]
    assert values[-1] == pytest.approx(np.full(12, 0.2), rel=1e-14)
    assert values[0] == pytest.approx(0.2 + 0.5 * grey[-1] / 255.0, rel=1e-6)


def test_an_image_that_is_none_is_refused_in_a_sentence(tmp_path, rng):
    from matplotlib import image

    image.imsave(tmp_path / "whole.png", rng.uniform(size=(40, 60)))
    content = (tmp_path / "whole.png").read_bytes()
    for cut in (0, 20, len(content) // 2):
        (tmp_path / "a.png").write_bytes(content[:cut])
        with pytest.raises(Invalid, match="not an image"):
            image_start(tmp_path / "a.png", BINARY, {"B": 0.2}, {"B": 0.7})
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n but not really")
    with pytest.raises(Invalid, match="not an image"):
        image_start(tmp_path / "a.png", BINARY, {"B": 0.2}, {"B": 0.7})
    with pytest.raises(Invalid, match="both compositions"):
        image_start(tmp_path / "a.png", BINARY, {"B": 0.2}, None)


def test_pixels_are_averaged_or_repeated_into_cells():
    fine = np.arange(8 * 12 * 4, dtype=float).reshape(16, 24) / 1e3
    start = Sampled({"B": fine}).field(BINARY, FLAT)[0]
    assert start == pytest.approx(fine.reshape(8, 2, 12, 2).mean(axis=(1, 3)), rel=1e-14)
    coarse = np.arange(12, dtype=float).reshape(2, 6) / 100.0
    repeated = Sampled({"B": coarse}).field(BINARY, FLAT)[0]
    assert np.array_equal(repeated, np.repeat(np.repeat(coarse, 4, axis=0), 2, axis=1))


def test_a_dataset_is_read_with_components_first_or_without(tmp_path, rng):
    values = rng.uniform(0.1, 0.4, (2, 8, 12))
    path = tmp_path / "fields.h5"
    with h5py.File(path, "w") as file:
        file["group/c"] = values[0]
        file["both"] = values
        file["all"] = np.stack([*values, 1.0 - values.sum(axis=0)])
        file["words"] = "text"
    assert np.array_equal(dataset_start(path, BINARY, FLAT, "/group/c", None).field(BINARY, FLAT)[0], values[0])
    for name in ("both", "/all"):
        assert np.array_equal(dataset_start(path, TERNARY, FLAT, name, None).field(TERNARY, FLAT), values)
    for name, text in (("grup/c", "Did you mean group/c"), ("words", "numbers"), ("group/c", "shape")):
        with pytest.raises(Invalid, match=text):
            dataset_start(path, TERNARY, FLAT, name, None)
    with pytest.raises(Invalid, match="no result"):
        dataset_start(path, BINARY, FLAT, None, None)


def test_a_result_gives_the_field_of_a_time(tmp_path, rng):
    values = rng.uniform(0.1, 0.9, (3, 1, 8, 12))
    path = tmp_path / "before.h5"
    with h5py.File(path, "w") as file:
        file["mole_fraction"] = np.concatenate([values, 1.0 - values], axis=1)
        file["time"] = [1.0, 2.0, 3.0]
        file["component"] = ["B", "A"]
        file.attrs["saved"] = 2
    assert np.array_equal(dataset_start(path, BINARY, FLAT, None, None).field(BINARY, FLAT), values[1])
    assert np.array_equal(dataset_start(path, BINARY, FLAT, None, 1.2).field(BINARY, FLAT), values[0])
    with pytest.raises(Invalid, match="2 dimensions"):
        dataset_start(path, BINARY, DEEP, None, None)


def test_a_case_names_its_files_below_its_folder(tmp_path):
    text = """
components = ["B", "A"]
[domain]
size = [3.0, 2.0]
cells = [12, 8]
[initial]
shape = "file"
path = "fields.h5"
dataset = "c"
[law]
kind = "cahn-hilliard"
D = 1.0
gradient_energy = 1.0
[thermodynamics]
kind = "regular"
omega = { A-B = 3.0 }
units = "reduced"
[time]
end = 1.0
"""
    with h5py.File(tmp_path / "fields.h5", "w") as file:
        file["c"] = np.full((8, 12), 0.5)
    assert np.ptp(parse_case(text, folder=tmp_path).problem.start()) == 0.0
    with pytest.raises(Invalid, match="leads out of"):
        parse_case(text.replace("fields.h5", "../fields.h5"), folder=tmp_path)


def test_starts_that_are_written_need_no_library_of_figures():
    program = (
        "import sys\n"
        "from simulator import Box, Mixture, Noise\n"
        "Noise({'B': 0.5}, 0.01).field(Mixture(('B', 'A')), Box((1.0, 1.0), (8, 8)))\n"
        "print(sorted({'numba', 'matplotlib', 'h5py'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{program}"], capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr

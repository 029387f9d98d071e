"""Starts, ends, temperatures, and what a problem as a whole must be."""

import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.laws.law import Law
from simulator.laws.mixture import Mixture
from simulator.problem.boundary import Boundary, Closed, Exchange, Fixed, Flux, Periodic
from simulator.problem.domain import Domain
from simulator.problem.grid import GEOMETRIES
from simulator.problem.initial import Expression, Film, Layers, Step, Tabulated
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature

POWER = {"planar": 0, "cylindrical": 1, "spherical": 2}
BINARY = Mixture(("Cu", "Ni"), "Cu")
TERNARY = Mixture(("Cu", "Ni", "Fe"), "Cu", {"k": 2.0})
D = 1e-14


@dataclass(frozen=True)
class ConstantLaw(Law):
    """D times the unit matrix."""

    kind: ClassVar[str] = "constant"
    equation: ClassVar[str] = "J = -D grad x"

    def equations(self, lowest, highest, temperatures):
        raise NotImplementedError

    def coefficient(self, name, fractions, T, t=0.0):
        if name != "interdiffusivity":
            raise KeyError(name)
        eye = np.eye(self.mixture.m)[:, :, None] * np.ones(fractions.shape[1]) * D
        return eye[0, 0] if self.mixture.m == 1 else eye

    def check(self, compositions, temperatures, times, positions):
        assert compositions.shape[0] == self.mixture.m and np.all(np.isfinite(compositions))
        if np.any(compositions > 0.95):
            raise Invalid.at("law.D", "must stay below 0.95.")


def problem(**changes) -> Problem:
    mixture = changes.pop("mixture", BINARY)
    given = {
        "domain": Domain(("-700 um", "700 um"), 100),
        "initial": Step(0.0, {"Ni": 0.0}, {"Ni": 0.5}),
        "end": "100 h",
    }
    return Problem(mixture, ConstantLaw(mixture), **(given | changes))


def faults(**changes) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as caught:
        problem(**changes).check()
    return [(fault.where, fault.sentence) for fault in caught.value.faults]


def mean(f, left: float, right: float, power: int, breaks=()) -> float:
    """Volume average of f by Gauss with 40 points on each smooth part."""
    x, w = np.polynomial.legendre.leggauss(40)
    edges = [left, *sorted(b for b in breaks if left < b < right), right]
    total = 0.0
    for a, b in pairwise(edges):
        points = 0.5 * (a + b) + 0.5 * (b - a) * x
        total += 0.5 * (b - a) * (w * points**power) @ f(points)
    return total * (power + 1) / (right ** (power + 1) - left ** (power + 1))


def piecewise(breaks, values):
    return lambda x: np.asarray(values)[np.searchsorted(breaks, x, side="right")]


TABLE_X = np.array([0.0, 0.13, 0.31, 0.31, 0.33, 0.77, 1.0])
TABLE_Y = np.array([0.1, 0.4, 0.2, 0.9, 0.8, 0.3, 0.6])
STARTS = [
    (Step(0.437, {"Ni": 0.1}, {"Ni": 0.8}), piecewise([0.437], [0.1, 0.8]), (0.437,)),
    (
        Layers([(0, 0.2, {"Ni": 0.3}), (0.2, 0.21, {"Ni": 0.9}), (0.21, 1, {"Ni": 0.05})]),
        piecewise([0.2, 0.21], [0.3, 0.9, 0.05]),
        (0.2, 0.21),
    ),
    (Film(0.612, 0.003, {"Ni": 1.0}, {"Cu": 0.9}), piecewise([0.612, 0.615], [0.1, 1.0, 0.1]), (0.612, 0.615)),
    (Film(0.0, 0.05, {"Ni": 1.0}, {"Cu": 1.0}), piecewise([0.0, 0.05], [0.0, 1.0, 0.0]), (0.0, 0.05)),
    (Expression({"Cu": "0.5 - 0.4*cos(2*pi*x)"}), lambda x: 0.5 + 0.4 * np.cos(2 * np.pi * x), ()),
    (Tabulated(TABLE_X, {"Ni": TABLE_Y}), lambda x: np.interp(x, TABLE_X, TABLE_Y), (0.31,)),
]


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize(("start", "function", "breaks"), STARTS)
def test_averages_equal_quadrature(start, function, breaks, geometry):
    """Also where a jump cuts a cell: the mean of the parts, weighted by volume."""
    grid = Domain((0.0, 1.0), 23, "uniform", geometry).grid()
    averages = start.averages(BINARY, grid)
    assert averages.shape == (1, 23)
    places = [*breaks, *TABLE_X] if isinstance(start, Tabulated) else breaks
    expected = [mean(function, a, b, POWER[geometry], places) for a, b in zip(grid.faces, grid.faces[1:], strict=False)]
    # Four Gauss points leave (h/2)^8 f^(8)/8! of a smooth function; polynomials are exact.
    tolerance = 1e-9 if isinstance(start, Expression) else 1e-13
    assert averages[0] == pytest.approx(expected, abs=tolerance)
    assert set(breaks) == set(start.jumps)


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize(("start", "function", "breaks"), STARTS)
def test_averages_of_the_finer_grid_merge_to_those_of_the_coarser(start, function, breaks, geometry):
    grid = Domain((0.0, 1.0), 24, "interface", geometry).grid(start.jumps)
    merged = grid.merge(start.averages(BINARY, grid.refined()))
    assert merged == pytest.approx(start.averages(BINARY, grid), abs=1e-8 if isinstance(start, Expression) else 1e-13)


def test_two_breaks_in_one_cell():
    grid = Domain((0.0, 1.0), 4, "uniform").grid()
    start = Layers([(0, 0.3, {"Ni": 0.0}), (0.3, 0.4, {"Ni": 1.0}), (0.4, 1.0, {"Ni": 0.5})])
    assert start.averages(BINARY, grid)[0] == pytest.approx([0.0, 0.1 / 0.25 + 0.5 * 0.1 / 0.25, 0.5, 0.5])


def test_any_components_but_one_may_be_given():
    grid = Domain((0.0, 1.0), 8).grid()
    compositions = [{"Ni": 0.2, "Fe": 0.3}, {"Cu": 0.5, "Fe": 0.3}, {"Cu": 0.5, "Ni": 0.2, "Fe": 0.3}]
    for given in compositions:
        step = Step(0.5, given, given)
        texts = Expression({name: f"{value} + 0*x" for name, value in given.items()})
        for start in (step, texts):
            assert start.averages(TERNARY, grid) == pytest.approx(np.array([[0.2], [0.3]]) * np.ones(8), abs=1e-15)


SQUARE = np.array([2.0, 3.0])


@pytest.mark.parametrize(
    ("left", "right", "rows"),
    [
        (Closed(), Closed(), [0, 0, 1, 0, 0, 1]),
        (Fixed({"Ni": 0.3}), Fixed({"Cu": 0.9}), [0.3, 1, 0, 0.1, 1, 0]),
        (Flux({"Ni": 1e-9}), Flux({"Cu": "1e-9 m/s"}), [2e-9, 0, 1, -3e-9, 0, 1]),
        (Exchange("1e-8 m/s", {"Ni": 0.3}), Exchange(1e-8, {"Cu": 0.9}), [6e-9, 2e-8, 1, -3e-9, -3e-8, 1]),
    ],
)
def test_rows_of_the_ends(left, right, rows):
    boundary = Boundary(left, right)
    assert boundary.rows(BINARY, 0.0, np.nan, SQUARE) == pytest.approx(np.array([rows], float), rel=1e-14, abs=0.0)
    assert not boundary.depends_on_time and boundary.program(BINARY, SQUARE) is None


def test_exchange_flows_from_high_to_low():
    """Solved for F at u, both ends: material enters where the surroundings hold more."""
    c_l, a_l, b_l, c_r, a_r, b_r = Boundary(Exchange(1e-8, {"Ni": 0.5}), Exchange(1e-8, {"Ni": 0.5})).rows(
        BINARY, 0.0, np.nan, np.ones(2)
    )[0]
    u = 0.2
    assert (c_l - a_l * u) / b_l == pytest.approx(0.3e-8, rel=1e-6, abs=0.0)
    assert (c_r - a_r * u) / b_r == pytest.approx(-0.3e-8, rel=1e-6, abs=0.0)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (Fixed({"Cu": "0.2 + 0.1*exp(-t/3600)", "Ni": 0.1}), Closed()),
        (Exchange(1e-8, {"Ni": "0.5*t/7200", "Fe": "0.1*k"}), Exchange("2e-8 m/s", {"Ni": 0.5, "Cu": "0.1 + t/36000"})),
        (Flux({"Cu": "1e-9*t", "Ni": "2e-9 m/s"}), Flux({"Fe": "-1e-9*T"})),
        (Fixed({"Ni": "T/2000", "Fe": 0.1}), Flux({"Cu": 0.0, "Ni": "1e-9*t", "Fe": "-1e-9*t"})),
    ],
)
def test_program_of_the_ends_equals_their_rows(left, right):
    boundary = Boundary(left, right)
    program = boundary.program(TERNARY, SQUARE)
    assert boundary.depends_on_time
    for t in (0.0, 1800.0, 7200.0):
        rows = boundary.rows(TERNARY, t, 900.0, SQUARE)
        values = program(np.zeros(TERNARY.m), t=t, T=900.0)
        # Sums such as 1 - a - b are taken in another order.
        assert values == pytest.approx(np.concatenate([rows[:, 0], rows[:, 3]]), rel=1e-13, abs=1e-16)


SCHEDULE = Temperature(schedule=[("1 h", "800 degC"), ("2 h", "1000 degC"), ("2 h", 900.0), ("3 h", 700.0)])


@pytest.mark.parametrize(
    ("hours", "side", "kelvin"),
    [
        (0, 1, 1073.15),
        (1.5, 1, 1173.15),
        (2, -1, 1273.15),
        (2, 1, 900.0),
        (2.5, 1, 800.0),
        (3, -1, 700.0),
        (9, 1, 700.0),
    ],
)
def test_a_schedule_is_linear_between_and_steps_where_two_share_a_time(hours, side, kelvin):
    assert SCHEDULE(3600.0 * hours, side) == pytest.approx(kelvin, rel=1e-14)


def test_segments_of_a_schedule_reproduce_it():
    assert SCHEDULE.breaks == (3600.0, 7200.0, 10800.0)
    for a, b in zip((0.0, *SCHEDULE.breaks), (*SCHEDULE.breaks, 20000.0), strict=True):
        T, slope, start = SCHEDULE.segment(a, b)
        for t, side in ((a, 1), (0.3 * a + 0.7 * b, 1), (b, -1)):
            assert T + slope * (t - start) == pytest.approx(SCHEDULE(t, side), rel=1e-14)


def test_ranges_of_temperature():
    assert SCHEDULE.range(20000.0) == pytest.approx((700.0, 1273.15))
    assert SCHEDULE.range(7200.0) == pytest.approx((1073.15, 1273.15)), "the step at the end is not reached"
    assert SCHEDULE.range(1800.0) == pytest.approx((1073.15, 1073.15))
    assert Temperature("1000 degC").range(1.0) == (1273.15, 1273.15)
    ramp = Temperature(expression="T0 + 0.1*t", parameters={"T0": 300.0})
    assert ramp.range(100.0) == pytest.approx((300.0, 310.0)) and ramp(50.0) == pytest.approx(305.0)
    assert not ramp.constant and not SCHEDULE.constant and Temperature(300.0).constant


@pytest.mark.parametrize(
    ("arguments", "where", "sentence"),
    [
        ({}, "temperature", "give one of value, schedule, expression; got nothing."),
        ({"value": 300.0, "expression": "t"}, "temperature", "got value and expression."),
        ({"value": -5}, "temperature.value", 'write degrees as "-5 degC".'),
        ({"value": "3 h"}, "temperature.value", "expected a temperature"),
        (
            {"schedule": [(0, 300), (5, 300), (4, 300)]},
            "temperature.schedule[2]",
            "times must increase, but 4 s follows 5 s.",
        ),
        ({"schedule": [(0, 300), (0, 400), (0, 300)]}, "temperature.schedule[2]", "only two points may share a time"),
        ({"schedule": ["0 h"]}, "temperature.schedule[0]", "expected a time and a temperature"),
        ({"schedule": []}, "temperature.schedule", "expected points"),
        (
            {"expression": "1000*x"},
            "temperature.expression",
            "depends on the position x, but only the time t can be used here.",
        ),
    ],
)
def test_faults_of_a_temperature(arguments, where, sentence):
    with pytest.raises(Invalid) as caught:
        Temperature(**arguments)
    assert [(f.where, sentence in f.sentence) for f in caught.value.faults] == [(where, True)], caught.value


def test_a_problem_of_quantities():
    couple = problem(save=("10 h", 3600.0, "100 h"))
    couple.check()
    assert couple.save == (3600.0, 36000.0, 360000.0)
    assert couple.diffusion_length == pytest.approx(np.sqrt(D * 360000.0))
    assert couple.grid.grading.widths == (couple.diffusion_length,) and 0.0 in couple.grid.faces
    assert np.array_equal(couple.start(), np.where(couple.grid.centres < 0, 0.0, 0.5)[None, :])
    assert [list(end) for end in couple.composition_range()] == [[0.0], [0.5]]
    assert couple.warnings() == ()


def test_a_short_couple_warns_with_numbers():
    (sentence,) = problem(initial=Step("300 um", {"Ni": 0.0}, {"Ni": 0.5})).warnings()
    assert "0.0004 m" in sentence and "0.00048 m" in sentence
    assert (
        problem(
            initial=Step("300 um", {"Ni": 0.0}, {"Ni": 0.5}), boundary=Boundary(Closed(), Fixed({"Ni": 0.5}))
        ).warnings()
        == ()
    )


def test_cells_gather_where_an_end_holds_another_composition():
    a, b = -7e-4, 7e-4
    uniform = Expression({"Ni": 0.1})
    assert problem(initial=uniform, boundary=Boundary(Fixed({"Ni": 0.5}), Closed())).jumps == (a,)
    assert problem(initial=uniform, boundary=Boundary(Fixed({"Ni": 0.1}), Exchange(1e-8, {"Ni": 0.3}))).jumps == (b,)
    assert problem(boundary=Boundary(Fixed({"Ni": 0.0}), Fixed({"Ni": 0.5}))).jumps == (0.0,)
    assert problem(boundary=Boundary(Periodic(), Periodic())).jumps == (a, 0.0, b)


def test_the_sample_spans_the_extreme_compositions():
    corners = np.array([[0.0, 0.2, 0.4], [0.3, 0.0, 0.2]])
    case = problem(
        mixture=TERNARY,
        initial=Step(0.0, {"Ni": 0.0, "Fe": 0.3}, {"Ni": 0.2, "Fe": 0.0}),
        boundary=Boundary(Closed(), Fixed({"Ni": 0.4, "Fe": "0.2 + 0*t"})),
    )
    assert np.array_equal(case.composition_range(), (corners.min(axis=1), corners.max(axis=1)))
    sample = case.sample
    assert sample.shape[0] == 2 and 100 < sample.shape[1] < 600
    for corner in corners.T:
        assert np.any(np.all(sample == corner[:, None], axis=0))
    middle = corners[:, :2].mean(axis=1)
    assert np.any(np.all(np.abs(sample - middle[:, None]) < 1e-12, axis=0))


def test_source_has_one_output_for_each_independent_component():
    case = problem(
        mixture=TERNARY,
        initial=Step(0.0, {"Ni": 0.1, "Fe": 0.3}, {"Ni": 0.2, "Fe": 0.0}),
        source={"Fe": "k*x_Cu*t + x"},
    )
    case.check()
    u = np.array([[0.2], [0.3]])
    assert case.source_program(u, x=0.25, t=3.0).ravel() == pytest.approx([0.0, 2.0 * 0.5 * 3.0 + 0.25])


FAULTS = [
    (
        {"initial": Step(1.0, {"Ni": 0.0}, {"N": 0.5})},
        {"initial.right.N": "Did you mean Ni?", "initial.at": "not inside"},
    ),
    (
        {"initial": Step(0.0, {"Ni": -0.1}, {"Ni": "2 m"})},
        {"initial.left.Ni": "got -0.1", "initial.right.Ni": "plain number"},
    ),
    ({"initial": Step(0.0, {"Ni": 0.3, "Cu": 0.3}, {"Ni": 0.5})}, {"initial.left": "sum to 0.6"}),
    ({"initial": Expression({"Ni": "2 + x"})}, {"initial.Ni": "x_Ni is 1.9993 at x = -0.0007 m"}),
    ({"initial": Expression({"Ni": "0.5*t"})}, {"initial.Ni": "depends on the time t, but only the position x"}),
    ({"initial": Expression({"Ni": "x_Ni"})}, {"initial.Ni": "depends on the composition"}),
    ({"initial": Expression({"Ni": "1/x - 1/x"})}, {"initial.Ni": "nan at x = 0 m"}),
    ({"initial": Expression({"Ni": 0.3, "Cu": "0.3+0*x"})}, {"initial": "sum to 0.6"}),
    (
        {"initial": Layers([(-1e-3, 0, {"Ni": 0}), (0, 5e-4, {"Ni": 1})])},
        {"initial.layers[1].to": "the last layer ends at"},
    ),
    ({"initial": Film(1.0, 1e-6, {"Ni": 0.5}, {"Ni": 0})}, {"initial.at": "lies outside the domain"}),
    ({"initial": Step(0.0, {"Ni": 0.0}, {"Ni": 1.0})}, {"law.D": "below 0.95"}),
    ({"boundary": Boundary(Periodic(), Closed())}, {"boundary.left": "the other is closed"}),
    (
        {"boundary": Boundary(Fixed({"Ni": 1.2}), Flux({"Ni": "3 h"}))},
        {"boundary.left.fixed.Ni": "got 1.2", "boundary.right.flux.Ni": 'got "3 h"'},
    ),
    ({"boundary": Boundary(Fixed({"Ni": "t"}), Closed())}, {"boundary.left.fixed.Ni": "x_Ni is 36 at t = 36 s"}),
    ({"boundary": Boundary(Fixed({"Ni": "T/2000"}), Closed())}, {"boundary.left.fixed.Ni": "Give a [temperature]"}),
    ({"boundary": Boundary(Exchange(1e-8, {}), Closed())}, {"boundary.left.exchange": "are missing"}),
    ({"boundary": Boundary(Flux({"Zn": 1.0}), Closed())}, {"boundary.left.flux.Zn": "not one of the components"}),
    ({"boundary": Boundary(Flux({"Ni": 1.0, "Cu": 1.0}), Closed())}, {"boundary.left.flux": "must sum to 0, got 2"}),
    (
        {"source": {"Cu": 1.0, "N": "1"}},
        {"source.Cu": "dependent component", "source.N": "not an independent component (Ni). Did you mean Ni?"},
    ),
    ({"source": {"Ni": "exp(T)"}}, {"source.Ni": "Give a [temperature]"}),
    ({"temperature": Temperature(expression="300 - t")}, {"temperature.expression": "above 0 K"}),
    ({"end": "steady"}, {"boundary": "not determined unless an end is fixed"}),
    ({"end": -1.0}, {"time.end": "must be positive"}),
    ({"save": [1e9, "x"]}, {"time.save[1]": "expected a time"}),
    ({"save": [1e9]}, {"time.save[0]": "does not lie between 0 and the end"}),
]


@pytest.mark.parametrize(("changes", "expected"), FAULTS)
def test_faults_of_a_problem(changes, expected):
    changes = {"end": 3600.0} | changes
    found = dict(faults(**changes))
    assert found.keys() == expected.keys()
    for where, part in expected.items():
        assert part in found[where], found[where]


@pytest.mark.parametrize("end", [Fixed({"Ni": 0.1}), Flux({"Ni": 1e-9}), Exchange(1e-8, {"Ni": 0.1})])
def test_nothing_can_be_held_at_the_axis(end):
    sphere = Domain((0.0, 1e-3), 50, geometry="spherical")
    ((where, sentence),) = faults(domain=sphere, initial=Expression({"Ni": 0.2}), boundary=Boundary(end, Closed()))
    assert where == "boundary.left" and "r = 0 has no area" in sentence
    problem(domain=sphere, initial=Expression({"Ni": 0.2}), boundary=Boundary(Closed(), end)).check()


@pytest.mark.parametrize(
    ("layers", "where"),
    [
        ([(0, 1, {"Ni": 0}), (2, 3, {"Ni": 1})], "initial.layers[1].from"),
        ([(0, 1, {"Ni": 0}), (0.5, 3, {"Ni": 1})], "initial.layers[1].from"),
        ([(1, 0, {"Ni": 0})], "initial.layers[0]"),
        ([("3 h", 1, {"Ni": 0})], "initial.layers[0].from"),
        ([], "initial.layers"),
    ],
)
def test_layers_are_ordered_and_without_gaps(layers, where):
    with pytest.raises(Invalid) as caught:
        Layers(layers)
    assert [fault.where for fault in caught.value.faults] == [where]


@pytest.mark.parametrize(
    ("x", "values"),
    [([0.0, 2.0, 1.0], [0, 0, 0]), ([0.0], [0]), ([0, 1, 1, 1], [0] * 4), ([0, 1], [0, 0, 0]), ([0, np.nan], [0, 0])],
)
def test_faults_of_tables(x, values):
    with pytest.raises(Invalid):
        Tabulated(x, {"Ni": values})


def test_checking_a_problem_imports_no_compiler():
    code = (
        "import sys; import simulator.problem.problem, simulator.problem.check;"
        "from simulator.problem.initial import Expression;"
        "from simulator.laws.mixture import Mixture;"
        "Expression({'Ni': '0.5 + 0.1*cos(x)'}).compositions(Mixture(('Cu', 'Ni'), 'Cu'));"
        "assert not {'numba', 'scipy', 'matplotlib', 'pint'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

"""Problems of two and three dimensions: what a box is, what is refused of them, and how a case says them."""

import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.files.case import parse_case
from simulator.laws.cahn_hilliard import CahnHilliard
from simulator.laws.catalogue import LAWS
from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.laws.thermodynamics import Thermodynamics
from simulator.problem.box import Box, machine_memory
from simulator.problem.field_problem import FieldProblem
from simulator.problem.gap import situation
from simulator.problem.initial import Expression, Step
from simulator.problem.noise import Noise, Wave
from simulator.problem.temperature import Temperature

BINARY = Mixture(("B", "A"))
FLAT = Box((100.0, 80.0), (250, 200))
NOISE = Noise({"B": 0.5}, 0.01, 1)


def regular(w: float = 3.0, kappa: float = 1.0, **keys) -> CahnHilliard:
    """Reduced units: RT = 1, lengths in sqrt(kappa), D = 1."""
    solution = Thermodynamics(BINARY, "regular", {"A-B": w}, units="reduced")
    return CahnHilliard(BINARY, **{"gradient_energy": kappa, "D": 1.0, "thermodynamics": solution, **keys})


def quartic() -> CahnHilliard:
    """A well without logarithms and a constant mobility: no composition is out of its reach."""
    solution = Thermodynamics(BINARY, "expression", g="5*(x_B - 0.3)**2*(0.7 - x_B)**2", units="reduced")
    return CahnHilliard(BINARY, gradient_energy=2.0, mobility=5.0, thermodynamics=solution)


def problem(initial=NOISE, law=None, box=FLAT, **keys) -> FieldProblem:
    return FieldProblem(BINARY, law or regular(), box, initial, **{"sides": "periodic", "end": 10.0, **keys})


def faults(make) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        make()
    return {fault.where: fault.sentence for fault in caught.value.faults}


def test_a_box_has_x_last():
    box = Box(("3 nm", "2 nm", "1 nm"), (6, 5, 4))
    assert box.shape == (4, 5, 6)
    assert box.dimensions == 3
    assert box.axes == ("x", "y", "z")
    assert box.count == 120
    assert box.spacing == pytest.approx((5e-10, 4e-10, 2.5e-10), rel=1e-15, abs=0.0)
    assert box.volume == pytest.approx(6e-27, rel=1e-15, abs=0.0)
    assert [len(x) for x in box.centres] == [6, 5, 4]
    assert np.broadcast_shapes(*(x.shape for x in box.mesh)) == box.shape


def test_centres_are_half_a_cell_from_the_sides():
    for x, length, h in zip(FLAT.centres, FLAT.size, FLAT.spacing, strict=True):
        assert x[0] == pytest.approx(0.5 * h, rel=1e-15)
        assert x[-1] == pytest.approx(length - 0.5 * h, rel=1e-14)


@pytest.mark.parametrize(
    ("size", "cells", "where"),
    [
        ((1.0,), (10,), "domain.size"),
        ((1.0, 1.0, 1.0, 1.0), (8, 8, 8, 8), "domain.size"),
        ("1 nm", (8, 8), "domain.size"),
        ((1.0, 1.0), 8, "domain.cells"),
        ((1.0, 1.0), (8, 8, 8), "domain.cells"),
        ((1.0, -1.0), (8, 8), "domain.size[1]"),
        (("1 s", 1.0), (8, 8), "domain.size[0]"),
        ((1.0, 1.0), (8, 3), "domain.cells[1]"),
        ((1.0, 1.0), (8.0, 8), "domain.cells[0]"),
        ((1.0, 1.0), (True, 8), "domain.cells[0]"),
    ],
)
def test_a_box_that_does_not_fit_is_refused_at_its_key(size, cells, where):
    assert where in faults(lambda: Box(size, cells))


def test_every_fault_of_a_box_is_found_at_once():
    found = faults(lambda: Box((0.0, "2 kg"), (1, 8)))
    assert set(found) == {"domain.size[0]", "domain.size[1]", "domain.cells[0]"}


def test_times_end_with_the_end_and_sides_are_one_for_each_axis():
    made = problem(sides="closed", end="1 min", save=("30 s", 60.0, 30.0, 0.0))
    assert made.save == (0.0, 30.0, 60.0)
    assert made.sides == ("closed", "closed")
    assert made.shape == (1, 200, 250)
    assert made.start().shape == made.shape


@pytest.mark.parametrize(
    ("keys", "where"),
    [
        ({"sides": ("periodic",)}, "boundary"),
        ({"sides": ("periodic", "open")}, "boundary.y"),
        ({"end": 0.0}, "time.end"),
        ({"end": "10 m"}, "time.end"),
        ({"save": (11.0,)}, "time.save[0]"),
        ({"save": (1.0, -1.0)}, "time.save[1]"),
    ],
)
def test_sides_and_times_are_checked(keys, where):
    assert where in faults(lambda: problem(**keys))


def test_a_problem_of_a_solution_that_un_mixes_is_valid():
    made = problem(box=Box((40.0, 30.0), (100, 75)))
    made.check()
    assert made.warnings() == ()
    # 8 pi/(4 pi/sqrt 2) of spinodal.md: b_m = 1, R_m = 0.25
    assert "inside the spinodal" in situation(made)
    assert "6.283" in situation(made) and "0.25" in situation(made)


def test_other_laws_say_that_they_are_for_one_dimension():
    made = problem(law=Fick(BINARY, 1e-14))
    sentence = faults(made.check)["law.kind"]
    for law in LAWS:
        assert law.kind in sentence


def test_a_start_of_one_dimension_is_refused():
    made = problem(Step(0.5, {"B": 0.2}, {"B": 0.8}))
    assert "one dimension" in faults(made.check)["initial.shape"]


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_pure_component_is_refused_with_an_exact_logarithm(value):
    sentence = faults(problem(Expression({"B": value}), end=1.0).check)["initial"]
    assert "logarithm" in sentence
    assert "0.001" in sentence


def test_a_polynomial_with_a_constant_mobility_takes_pure_components():
    problem(Expression({"B": "where(x < 50, 0, 1)"}), law=quartic()).check()


def test_a_temperature_is_asked_for_where_one_is_needed():
    law = CahnHilliard(
        BINARY, gradient_energy=4e-15, D=1e-22, thermodynamics=Thermodynamics(BINARY, "regular", {"A-B": 18600.0})
    )
    box = Box((50e-9, 50e-9), (200, 200))
    assert "temperature" in " ".join(faults(problem(law=law, box=box).check).values())
    made = problem(law=law, box=box, temperature=Temperature(773.0))
    made.check()
    assert made.temperature_at(0.0) == 773.0


def test_a_schedule_is_looked_at_over_the_whole_run():
    made = problem(temperature=Temperature(schedule=((0.0, 900.0), (5.0, 700.0))))
    assert made.temperatures.min() == 700.0 and made.temperatures.max() == 900.0
    assert made.temperature_at(2.5) == 800.0


@pytest.mark.parametrize(("cells", "kind"), [(200, "fault"), (300, "warning"), (2000, "")])
def test_an_interface_needs_cells(cells, kind):
    """w = 3: the interface is 1.7887 wide, on cells of 2, 0.67 and 0.2."""
    made = problem(box=Box((2.0 * cells if kind == "fault" else 200.0, 8.0), (cells, 80)))
    if kind == "fault":
        assert "1.79 m wide" in faults(made.check)["domain.cells"]
        return
    made.check()
    assert [("1.79 m wide" in text) for text in made.warnings()] == [True] * (kind == "warning")


def test_more_memory_than_there_is_is_refused_before_it_is_asked_for():
    if machine_memory() is None:
        pytest.skip("this machine does not say how much memory it has")
    sentence = faults(problem(box=Box((1.0, 1.0, 1.0), (20000, 20000, 20000))).check)["domain.cells"]
    assert "20000 x 20000 x 20000" in sentence and "GB" in sentence


def test_memory_grows_with_cells_unknowns_and_saved_times():
    assert FLAT.memory(2, 1) > FLAT.memory(1, 1)
    assert FLAT.memory(1, 20) - FLAT.memory(1, 10) == 10 * 2 * 8 * FLAT.count


@pytest.mark.parametrize("start", [Noise({"B": 0.15}, 0.01, 1), Wave({"B": 0.15}, 0.01, (2, 1))], ids=["noise", "wave"])
def test_a_start_that_only_nucleates_is_said(start):
    """w = 3: binodal 0.0707, spinodal 0.2113."""
    (text,) = problem(start, box=Box((40.0, 40.0), (100, 100))).warnings()
    assert "nucleation" in text and "0.0707" in text


def test_a_start_outside_the_gap_is_said():
    (text,) = problem(Noise({"B": 0.05}, 0.01, 1), box=Box((40.0, 40.0), (100, 100))).warnings()
    assert "stays mixed" in text


def test_a_wave_that_does_not_close_is_said_on_periodic_sides_only():
    wave, box = Wave({"B": 0.5}, 0.01, (1.5, 2)), Box((40.0, 40.0), (100, 100))
    (text,) = problem(wave, box=box).warnings()
    assert "1.5 along x" in text
    assert problem(wave, box=box, sides=("closed", "periodic")).warnings() == ()


def test_rates_are_read_and_checked():
    made = problem(source={"B": "0.1*cos(x)*y*x_B"})
    made.check()
    value = made.source_program(np.full((1, 1, 1), 0.5), x=0.0, y=2.0)
    assert value[0] == pytest.approx(0.1, rel=1e-15)
    assert "source.B" in faults(problem(source={"B": "z"}).check)
    assert "source.B" in faults(problem(source={"B": "1/(x_B - x_B)"}).check)
    assert "source.A" in faults(problem(source={"A": "1.0"}).check)


CASE = """
components = ["B", "A"]
[domain]
{domain}
[boundary]
{boundary}
[initial]
{initial}
[law]
kind = "cahn-hilliard"
D = 1.0
gradient_energy = 1.0
[thermodynamics]
kind = "regular"
omega = {{ A-B = 3.0 }}
units = "reduced"
[time]
end = 10.0
save = 2
"""
BOX = 'size = [40.0, "30 m"]\ncells = [100, 75]'
LINE = "interval = [0.0, 40.0]\ncells = 100"
QUENCH = 'shape = "noise"\nmean = { B = 0.5 }\namplitude = 0.01\nseed = 3'


def case(domain=BOX, boundary="", initial=QUENCH):
    return parse_case(CASE.format(domain=domain, boundary=boundary, initial=initial), "c.toml").problem


def test_a_case_with_sizes_is_a_field_problem():
    made = case(boundary='sides = "periodic"\ny = "closed"')
    assert isinstance(made, FieldProblem)
    assert made.box == Box((40.0, 30.0), (100, 75))
    assert made.sides == ("periodic", "closed")
    assert made.save == (5.0, 10.0)
    assert np.array_equal(made.start(), Noise({"B": 0.5}, 0.01, 3, pieces=(100, 75)).field(BINARY, made.box))


def test_sides_are_closed_unless_said():
    assert case().sides == ("closed", "closed")


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ({"domain": "size = [40.0]\ncells = [100]"}, "domain.size"),
        ({"domain": "size = [40.0, 30.0]\ncells = 100"}, "domain.cells"),
        ({"domain": "cells = [100, 100]"}, "domain.size"),
        ({"domain": BOX + '\ngrading = "walls"'}, "domain.grading"),
        ({"boundary": 'left = "periodic"'}, "boundary.left"),
        ({"boundary": 'z = "periodic"'}, "boundary.z"),
        ({"boundary": 'x = "open"'}, "boundary.x"),
        ({"domain": LINE, "boundary": 'x = "periodic"'}, "boundary.x"),
        ({"domain": LINE, "boundary": 'sides = "periodic"'}, "boundary.sides"),
        ({"initial": 'shape = "expression"\nB = "z"'}, "initial.B"),
        ({"initial": 'shape = "step"\nat = 1.0\nleft = { B = 0.1 }\nright = { B = 0.2 }'}, "initial.shape"),
        ({"initial": 'shape = "file"\npath = "nowhere.png"'}, "initial.path"),
    ],
)
def test_a_fault_of_a_case_is_found_at_its_key(keys, place):
    assert any(place in where for where in faults(lambda: case(**keys)))


def test_the_ends_of_one_dimension_keep_their_names():
    made = case(LINE, 'left = "periodic"\nright = "periodic"')
    assert made.boundary.periodic

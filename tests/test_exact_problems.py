"""Exact solutions as problems meet them: each takes its own and refuses the others with a sentence."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.problem.boundary import Boundary, Closed, Fixed, Periodic
from simulator.problem.domain import Domain
from simulator.problem.initial import Expression, Film, Layers, Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.exact import EXACT, exact_named
from simulator.solve.exact.conditions import clock

AB = Mixture(("A", "B"), "A")
ABC = Mixture(("A", "B", "C"), "C")
HOUR = 3600.0
D = 1e-14
END = 100 * HOUR
LINE = Domain((-500e-6, 500e-6), 100)
COUPLE = Step(0.0, {"B": 0.0}, {"B": 1.0})
MATRIX = [[1e-14, 0.5e-14], [0.1e-14, 0.5e-14]]


def problem(**changes):
    given = {"mixture": AB, "law": None, "domain": LINE, "initial": COUPLE, "end": END, **changes}
    if given["law"] is None:
        given["law"] = Fick(given["mixture"], D=D)
    elif not isinstance(given["law"], Fick):
        given["law"] = Fick(given["mixture"], D=given["law"])
    return Problem(**given)


PARABOLA = "where(abs(x) < 100e-6, 0.5*(1 - (x/100e-6)**2), 0)"
SCHEDULE = Temperature(schedule=[(0.0, 1073.15), (20 * HOUR, 1273.15), (80 * HOUR, 1273.15), (END, 1073.15)])
FIXED = Boundary(Fixed({"B": 0.3}), Closed())
UNIFORM = Layers([(0.0, 500e-6, {"B": 0.1})])
OWN = {
    "error-function": problem,
    "error-function, surface": lambda: problem(boundary=FIXED, initial=UNIFORM, domain=Domain((0.0, 500e-6), 100)),
    "error-function, history": lambda: problem(temperature=SCHEDULE, law={"D0": 2e-5, "Q": 250e3}),
    "gaussian": lambda: problem(
        initial=Expression({"B": "0.3*exp(-x**2/(2*(50e-6)**2))"}), domain=Domain((-600e-6, 600e-6), 100, "uniform")
    ),
    "film": lambda: problem(initial=Film(0.0, 10e-6, {"B": 1.0}, {"B": 0.0})),
    "slab-series": lambda: problem(boundary=FIXED, initial=UNIFORM, domain=Domain((0.0, 500e-6), 100), end=50 * END),
    "cylinder-series": lambda: round_problem("cylindrical"),
    "sphere-series": lambda: round_problem("spherical"),
    "constant-matrix": lambda: problem(
        mixture=ABC,
        law=MATRIX,
        initial=Step(0.0, {"A": 1 / 6, "B": 5 / 12}, {"A": 0.5, "B": 0.25}),
        domain=Domain((-520e-6, 520e-6), 100),
    ),
    "barenblatt": lambda: problem(
        law="1e-13*x_B", initial=Expression({"B": PARABOLA}), domain=Domain((-400e-6, 400e-6), 200, "uniform")
    ),
    "similarity": lambda: problem(law="1e-15*exp(3*x_B)", domain=Domain((-700e-6, 700e-6), 100)),
}


def round_problem(geometry):
    return problem(
        domain=Domain((0.0, 500e-6), 100, "walls", geometry),
        initial=UNIFORM,
        boundary=Boundary(Closed(), Fixed({"B": 0.3})),
        end=20 * END,
    )


@pytest.mark.parametrize("name", OWN)
def test_each_solution_takes_its_own_problem_and_starts_from_its_start(name):
    own, exact = OWN[name](), exact_named(name.split(",")[0])
    assert exact.applies(own) is None
    start = own.initial.averages(own.mixture, own.grid)
    # a start that is an expression is averaged by quadrature of order 8; the kinks of the parabola lie on faces
    tolerance = 1e-7 if isinstance(own.initial, Expression) else 1e-12
    assert np.abs(exact.averages(own, 0.0, own.grid.faces) - start).max() < tolerance


@pytest.mark.parametrize("name", OWN)
def test_averages_and_values_agree(name):
    own, exact = OWN[name](), exact_named(name.split(",")[0])
    a, b = own.domain.interval
    faces = np.linspace(a, b, 20001)
    middle = exact.values(own, END, 0.5 * (faces[1:] + faces[:-1]))
    # midpoint rule: h^2 u''/24 with h = 50 nm against layers of 1 um and more
    assert np.abs(exact.averages(own, END, faces) - middle).max() < 1e-4


@pytest.mark.parametrize("exact", EXACT, ids=str)
def test_no_solution_takes_a_problem_that_is_not_its_own(exact):
    for name, make in OWN.items():
        refused = exact.applies(make())
        own = name.split(",")[0]
        also = {
            "similarity": {"error-function", "error-function, history", "constant-matrix"},
            "constant-matrix": {"error-function", "error-function, history", "film"},
            "slab-series": {"error-function", "error-function, surface", "error-function, history", "film"},
        }
        if own == exact.name or name in also.get(exact.name, ()):
            assert refused is None, f"{exact} on {name}: {refused}"
        else:
            assert refused and refused.endswith("."), f"{exact} takes {name}"


def test_solutions_agree_where_several_apply():
    couple, faces = problem(), LINE.grid().faces
    reference = exact_named("error-function").averages(couple, END, faces)
    for name in ("slab-series", "constant-matrix", "similarity"):
        # the ends, 8.3 sqrt(D t) away, are felt by erfc(4.17) = 4e-9
        assert np.abs(exact_named(name).averages(couple, END, faces) - reference).max() < 1e-8


def test_a_domain_that_is_too_short_is_refused():
    short = problem(domain=Domain((-200e-6, 200e-6), 100))
    assert "reaches an end" in exact_named("error-function").applies(short)
    assert "reaches an end" in exact_named("similarity").applies(short)
    assert exact_named("slab-series").applies(short) is None


def test_other_ends_and_steady_runs_are_refused():
    ring = problem(boundary=Boundary(Periodic(), Periodic()))
    assert all(exact.applies(ring) for exact in EXACT)
    assert all(exact.applies(problem(end="steady")) for exact in EXACT)


def test_clock_is_the_integral_of_the_diffusivity():
    # D = D0 (1 + t/end): int_0^end dt D/D0 = 1.5 end
    rising = problem(law=f"1e-14*(1 + t/{END})", end=END)
    assert clock(rising, END) == pytest.approx(1.5 * END, rel=1e-12)
    # and for a history, by a sum over 200000 steps
    heated = OWN["error-function, history"]()
    edges = np.linspace(0.0, END, 200001)
    T = np.array([SCHEDULE(s) for s in 0.5 * (edges[1:] + edges[:-1])])
    factor = np.exp(-250e3 / 8.31446261815324 * (1 / T - 1 / 1073.15))
    assert clock(heated, END) == pytest.approx((factor * np.diff(edges)).sum(), rel=1e-8)


def test_a_diffusivity_that_factors_keeps_its_similarity():
    both = problem(law=f"1e-15*exp(3*x_B)*(1 + t/{END})", domain=Domain((-900e-6, 900e-6), 100))
    one = problem(law="1e-15*exp(3*x_B)", domain=Domain((-900e-6, 900e-6), 100), end=1.5 * END)
    x = np.linspace(-300e-6, 300e-6, 41)
    similarity = exact_named("similarity")
    assert similarity.applies(both) is None
    assert np.abs(similarity.values(both, END, x) - similarity.values(one, 1.5 * END, x)).max() < 1e-10
    mixed = problem(law=f"1e-15*exp(3*x_B*(1 + t/{END}))", domain=Domain((-3e-3, 3e-3), 100))
    assert "changes with time" in similarity.applies(mixed)


def test_a_diffusivity_that_depends_on_position_is_refused():
    placed = problem(law="1e-14*(1 + 0.1*sin(x/1e-4))")
    assert all(exact.applies(placed) for exact in EXACT)


def test_unknown_names_are_answered_with_the_nearest():
    with pytest.raises(Invalid, match="Did you mean similarity"):
        exact_named("similarty")


def test_every_solution_names_its_source():
    assert len({exact.name for exact in EXACT}) == len(EXACT)
    assert all(exact.title and exact.source for exact in EXACT)


def test_cases_name_exact_solutions():
    folder = Path(__file__).parents[1] / "cases"
    names = [tomllib.loads(path.read_text())["expect"].get("exact") for path in sorted(folder.glob("*.toml"))]
    assert names and all(name is None or exact_named(name) for name in names)

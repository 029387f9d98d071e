"""What passes the ends is what the sample gains; ends that change in time keep the order of the schemes."""

import numpy as np
import pytest

from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.problem.boundary import Boundary, Closed, Exchange, Fixed, Flux
from simulator.problem.domain import Domain
from simulator.problem.initial import Expression, Step
from simulator.problem.problem import Problem
from simulator.solve.controls import Controls
from simulator.solve.schemes import scheme_named
from simulator.solve.solve import solve

BINARY = Mixture(("A", "B"), "A")
TERNARY = Mixture(("A", "B", "C"), "C")
MATRIX = np.array([[1.0, 0.5], [0.1, 0.5]])  # uphill: a gradient of B alone drives A


def slab(cells=40, mixture=TERNARY, D=MATRIX, geometry="planar", interval=(0.0, 1.0), **changes) -> Problem:
    settings = {
        "law": Fick(mixture, D=D),
        "domain": Domain(interval=interval, cells=cells, grading="uniform", geometry=geometry),
        "initial": Expression(dict.fromkeys(mixture.independent, "0.3")),
        "end": 1.0,
    }
    return Problem(mixture, **{**settings, **changes})


@pytest.mark.parametrize("scheme", ["implicit", "tr-bdf2", "explicit", "heun"])
def test_what_passes_the_ends_of_a_ternary_is_what_it_gains(scheme):
    """Fluxes of t through both ends: every inventory changes by their integral."""
    left, right = Flux({"A": "0.05*cos(t)", "B": "-0.02*t"}), Flux({"A": 0.01, "B": "0.01*sin(3*t)"})
    result = solve(slab(boundary=Boundary(left, right), end=2.0), Controls(scheme=scheme, rtol=1e-8))
    gained = ((result.mole_fraction[-1, :2] - 0.3) * result.grid.volumes).sum(axis=1)
    exact = np.array([0.05 * np.sin(2.0) - 0.02, -0.04 - 0.01 * (1.0 - np.cos(6.0)) / 3.0])
    # a hundred steps that each may err by 1e-8
    assert gained == pytest.approx(exact, abs=1e-6)
    assert result.flux[-1, :2, 0] == pytest.approx([0.05 * np.cos(2.0), -0.04], rel=1e-9, abs=0.0)
    assert result.flux[-1, :2, -1] == pytest.approx([0.01, 0.01 * np.sin(6.0)], rel=1e-9, abs=0.0)


@pytest.mark.parametrize("end", ["steady", 60.0])
def test_exchange_of_a_ternary_is_a_row_of_resistances(end):
    """J = (1/k_left + D^-1 + 1/k_right)^-1 (u_left - u_right), as matrices, uphill flux included."""
    out = Exchange(2.0, {"A": 0.3, "B": 0.2}), Exchange(0.7, {"A": 0.1, "B": 0.5})
    result = solve(slab(boundary=Boundary(*out), end=end), Controls(rtol=1e-8))
    resistance = np.eye(2) / 2.0 + np.linalg.inv(MATRIX) + np.eye(2) / 0.7
    exact = np.linalg.solve(resistance, [0.2, -0.3])
    assert result.flux[-1, :2] == pytest.approx(np.tile(exact[:, None], 41), abs=1e-10)


@pytest.mark.parametrize("scheme", ["implicit", "tr-bdf2", "explicit"])
def test_walls_of_a_ternary_that_change_in_time(scheme):
    """The same finite volumes in plain numpy, integrated by scipy."""
    from scipy.integrate import solve_ivp

    walls = Fixed({"A": "0.3 + 0.1*sin(2*t)", "B": "0.3 - 0.1*t**2"}), Fixed({"A": 0.3, "B": "0.3 + 0.05*t*exp(-t)"})
    n = 20

    def rate(t, flat):
        left = [[0.3 + 0.1 * np.sin(2.0 * t)], [0.3 - 0.1 * t**2]]
        right = [[0.3], [0.3 + 0.05 * t * np.exp(-t)]]
        x = np.concatenate(([0.0], (np.arange(n) + 0.5) / n, [1.0]))
        J = -MATRIX @ (np.diff(np.hstack([left, flat.reshape(2, n), right])) / np.diff(x))
        return (-np.diff(J) * n).ravel()

    twin = solve_ivp(rate, (0.0, 1.0), np.full(2 * n, 0.3), method="Radau", rtol=1e-9, atol=1e-11).y[:, -1]
    result = solve(slab(n, boundary=Boundary(*walls)), Controls(scheme=scheme, rtol=1e-8))
    assert result.mole_fraction[-1, :2].ravel() == pytest.approx(twin, abs=3e-7)


def errors_of(scheme: str, problem: Problem, steps: tuple[int, ...]) -> np.ndarray:
    """Largest errors in time with fixed steps, against a tight run on the same cells."""
    reference = solve(problem, Controls(rtol=1e-13)).mole_fraction[-1]
    runs = [solve(problem, Controls(scheme=scheme, step=problem.end / n)).mole_fraction[-1] for n in steps]
    return np.array([np.abs(run - reference).max() for run in runs])


@pytest.mark.parametrize(
    ("scheme", "order"), [("rodas5p", 4), ("rodas4p", 4), ("tr-bdf2", 2), ("backward-euler", 1)], ids=str
)
def test_order_beside_a_wall_that_changes_in_time(scheme, order):
    """u = 0.5 + 0.3 exp(-t) cos x: stiffness lowers Rodas5P to 4 there, and others without their P to 2."""
    wall = Fixed({"B": "0.5 + 0.3*cos(1)*exp(-t)"})
    start = Expression({"B": "0.5 + 0.3*cos(x)"})
    problem = slab(mixture=BINARY, D="1", initial=start, boundary=Boundary(Closed(), wall))
    errors = errors_of(scheme, problem, (4, 8, 16) if order == 4 else (16, 32, 64))
    assert np.log2(errors[:-1] / errors[1:]) == pytest.approx(order, abs=0.25)


@pytest.mark.parametrize("scheme", ["rodas4p", "rodas3", "tr-bdf2", "explicit"])
def test_order_with_everything_that_depends_on_time(scheme):
    """D(t, T, x), T(t), an end that exchanges, one that is held, a source: not stiff, so the full order is seen."""
    from simulator.problem.temperature import Temperature

    problem = slab(
        10,
        mixture=BINARY,
        D="(1 + 0.5*sin(3*t) + x_B*t)*exp(-1000/T)",
        initial=Expression({"B": "0.5 + 0.1*cos(pi*x)"}),
        boundary=Boundary(Fixed({"B": "0.6*exp(-t*t/3)"}), Exchange(0.01, {"B": "0.4 + 0.1*sin(2*t)"})),
        temperature=Temperature(expression="250 + 50*t**2"),
        source={"B": "0.1*sin(t)*x"},
    )
    errors = errors_of(scheme, problem, (40, 80, 160))
    order = scheme_named(scheme).order
    assert np.log2(errors[-2] / errors[-1]) == pytest.approx(order, abs=0.15)


RESISTANCE = {
    "planar": lambda a, b: (1.0, b - a),
    "cylindrical": lambda a, b: (a, np.log(b / a)),
    "spherical": lambda a, b: (a * a, 1.0 / a - 1.0 / b),
}


@pytest.mark.parametrize("geometry", RESISTANCE)
def test_steady_shell_is_a_row_of_resistances(geometry):
    """Q = 0.8 / (1 / (k A) + G / D) through every face: G of a slab, a tube and a shell."""
    area, G = RESISTANCE[geometry](0.5, 1.5)
    ends = Boundary(Exchange(3.0, {"B": 0.9}), Fixed({"B": 0.1}))
    problem = slab(100, BINARY, "2", geometry, (0.5, 1.5), boundary=ends, end="steady")
    result = solve(problem)
    through = result.flux[-1, 1] * result.grid.areas
    assert through == pytest.approx(through[0], rel=1e-12, abs=0.0)
    # second order: (h / a)^2 / 12 of the flux
    error = 1e-12 if geometry == "planar" else 1e-4
    assert through[0] == pytest.approx(0.8 / (1.0 / (3.0 * area) + G / 2.0), rel=error)


@pytest.mark.parametrize("geometry, parts", [("cylindrical", 2), ("spherical", 3)])
def test_a_solid_body_that_makes_what_it_gives_away(geometry, parts):
    """S = 0.6 throughout, exchange outside: u = 0.1 + S (1 - r^2) / (2 p D) + S / (p k), p = 2 or 3."""
    ends = Boundary(Closed(), Exchange(3.0, {"B": 0.1}))
    problem = slab(100, BINARY, "1", geometry, boundary=ends, source={"B": 0.6}, end="steady")
    result = solve(problem)
    exact = 0.1 + 0.6 * (1.0 - result.x**2) / (2.0 * parts) + 0.6 / (3.0 * parts)
    assert np.abs(result.mole_fraction[-1, 1] - exact).max() < 1e-5  # second order: h^2 u'' / 8


@pytest.mark.parametrize("changes", [
    {"boundary": Boundary(Flux({"B": 0.5}), Closed())},
    {"source": {"B": "x"}},
], ids=["flux", "source"])  # fmt: skip
def test_a_coefficient_is_known_wherever_a_run_may_lead(changes):
    """A flux or a source leaves the range of the start: a table of D must not end there. 0*x forbids the table."""
    start = Step(0.5, {"B": 0.1}, {"B": 0.1})
    runs = [
        solve(slab(mixture=BINARY, D=D, initial=start, **changes), Controls(rtol=1e-8)).mole_fraction[-1, 1]
        for D in ("exp(3*x_B)", "exp(3*x_B) + 0*x")
    ]
    assert runs[0].max() > 0.5
    # the two means of D between neighbours differ by h^4
    assert runs[0] == pytest.approx(runs[1], abs=1e-5)


@pytest.mark.parametrize("geometry", RESISTANCE)
@pytest.mark.parametrize("end", [Closed(), Exchange(2.0, {"B": 0.9})], ids=["closed", "exchange"])
def test_extrapolation_raises_the_order_to_the_very_axis(geometry, end):
    """Fourth order for a smooth start, in a sphere's central cells too."""
    runs = []
    for cells in (20, 40, 320):
        start = Expression({"B": "0.5 + 0.3*cos(pi*x)"})
        problem = slab(cells, BINARY, "exp(x_B)", geometry, initial=start, boundary=Boundary(Closed(), end), end=0.05)
        runs.append(solve(problem, Controls(rtol=1e-10, extrapolate=True)))
    fine = runs[-1].mole_fraction[-1, 1] * runs[-1].grid.volumes
    errors = [
        np.abs(run.mole_fraction[-1, 1] - fine.reshape(run.grid.cells, -1).sum(axis=1) / run.grid.volumes).max()
        for run in runs[:-1]
    ]
    # an exchange that starts suddenly leaves a layer of another order for a while
    assert np.log2(errors[0] / errors[1]) > (3.6 if isinstance(end, Closed) else 3.0)

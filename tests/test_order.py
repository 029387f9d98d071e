"""Every scheme has its stated order in time, and the finite volumes are of second order in space, on exact
solutions.
"""

import numpy as np
import pytest
from smooth import SMOOTH, Smooth, fick_equations

from simulator.solve.controls import Controls
from simulator.solve.exact.barenblatt import barenblatt_averages
from simulator.solve.schemes import SCHEMES, Scheme, scheme_named

BEST = scheme_named("implicit")
IN_TIME = [scheme for scheme in SCHEMES if scheme.order]
CELLS = 16
# Steps are doubled from here until an error is near what rounding leaves, or small enough to be asymptotic.
FIRST_STEPS = {5: 4, 4: 8, 3: 64, 2: 64, 1: 256}
SMALL = {5: 0.0, 4: 5e-13, 3: 1e-8, 2: 1e-6, 1: 1e-4}
# Errors must stand this far above the rounding of the reference, which two references show: a tenth of an order.
ABOVE_ROUNDING = 15.0
STEEPEST = {"D(u)": 15.0, "D(t)": 1.6}  # largest D on the way


def orders(errors: np.ndarray) -> np.ndarray:
    return np.log2(errors[:-1] / errors[1:])


def time_errors(scheme: Scheme, problem: Smooth) -> np.ndarray:
    """Errors of runs with doubled numbers of steps, at least three, against the same cells and many steps of the best
    scheme. The last one counted still stands well above the rounding of that reference.
    """
    span = problem.end - problem.begin
    tight, other = (problem.run(BEST, Controls(step=span / k), CELLS) for k in (250, 200))
    rounding = 4e-13 if problem.name == "D(t)" else 0.0  # f_t comes from differences
    small = max(SMALL[scheme.order], rounding, ABOVE_ROUNDING * np.abs(tight - other).max())
    count = FIRST_STEPS[scheme.order]
    if scheme.family == "explicit":
        width = np.diff(problem.grid(CELLS).faces)[0]
        stable = span * STEEPEST.get(problem.name, 1.0) * 3.0 / width**2
        count = max(count, int(np.ceil(2.0 * stable)))
    errors = []
    while len(errors) < 8:
        u = problem.run(scheme, Controls(step=span / count), CELLS)
        error = np.abs(u - tight).max()
        if len(errors) >= 3 and error < small:
            break
        errors.append(error)
        count *= 2
    return np.array(errors)


@pytest.mark.parametrize("problem", SMOOTH, ids=str)
@pytest.mark.parametrize("scheme", IN_TIME, ids=str)
def test_order_in_time(scheme, problem):
    observed = orders(time_errors(scheme, problem))[-2:]
    if scheme.name == "rodas5p" and problem.name not in ("D(u)", "D(t)"):
        # For linear systems with constant coefficients its fifth-order term is so small that the sixth shows.
        assert 4.9 < observed[1] < 6.1
    else:
        # Asymptotic: two refinements agree, and the one less troubled, by large steps or by rounding, tells.
        assert observed[1] == pytest.approx(observed[0], abs=0.25)
        assert np.abs(observed - scheme.order).min() < 0.1


@pytest.mark.parametrize("problem", SMOOTH, ids=str)
def test_order_in_space(problem):
    first = 300 if problem.name == "D(u)" else 150  # cells in the steepest part decide when the order shows
    cells = (first, 2 * first, 4 * first)
    errors = np.array([problem.error(problem.run(BEST, Controls(rtol=1e-10), n)) for n in cells])
    assert orders(errors) == pytest.approx([2.0, 2.0], abs=0.05)


@pytest.mark.parametrize("p", [1, 2])
def test_porous_medium_front_converges_in_the_mean_at_its_own_rate(p):
    """u is (1 - z^2)^(1/p) at a front that moves: the mean error falls as h^(1 + 1/p), second order at most."""
    problem = Smooth(
        "barenblatt",
        lambda f, t: barenblatt_averages(f, t, 1.0, p, 0.8, 1.0)[None],
        (-3.0, 3.0),
        0.0,
        0.5,
        equations=fick_equations("x_B" if p == 1 else "x_B**2"),
    )
    means = []
    for cells in (150, 300, 600, 1200):
        u = problem.run(BEST, Controls(rtol=1e-7), cells)
        grid = problem.grid(cells)
        means.append((np.abs(u - problem.averages(grid.faces, problem.end)) * grid.volumes).sum())
    rate = orders(np.array(means)).mean()
    assert rate == pytest.approx(min(2.0, 1.0 + 1.0 / p), abs=0.15)

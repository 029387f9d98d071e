"""Penetration plots and residuals: slopes, diffusivities and what is left, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from drawn import BINARY, analysed, draw, filmed, lines, problem

from inverse import METHODS
from matano.commands.analyse import Analysis
from matano.film_figures import penetration_of, sample
from matano.residual_figures import residuals_of
from matano.saved_analyses import saved_analyses
from simulator.laws.fick import Fick
from simulator.problem.domain import Domain
from simulator.problem.initial import Film
from simulator.solve.solve import solve


@pytest.mark.parametrize("D", [1.0, 0.3])
def test_a_penetration_plot_has_the_slope_of_the_diffusivity(D):
    """ln y = ln A - s^2/(4 D t): a film 0.02 thick adds h^2/(6 D t) < 1e-3 of D, 400 cells some 1e-3 more."""
    result = filmed(D)
    row = penetration_of(sample(result, 2, "B"))
    assert pytest.approx(D, rel=5e-3) == row.D
    assert row.w == pytest.approx(2.0 * np.sqrt(D), rel=3e-3)
    (ax,) = draw("penetration", result).axes
    assert ax.get_yscale() == "log"
    (name,) = [label for label in lines(ax) if label.startswith("B, 1 s")]
    squares, heights = lines(ax)[name]
    assert np.all(np.diff(squares) > 0.0)
    inner = (squares > 0.01) & (squares < 4.0 * D)  # outside the film
    np.testing.assert_allclose(np.diff(np.log(heights[inner])) / np.diff(squares[inner]), -0.25 / D, rtol=1e-2)


def test_what_is_no_thin_film_has_no_diffusivity_from_its_slope():
    """A film as thick as its profile, and a D that follows the composition: the points leave the line, or lie on one
    whose slope is that of the film."""
    thick = penetration_of(sample(filmed(1.0, 4.0), 0, "B"))
    assert thick.D is None
    law = Fick(BINARY, D="x_B")
    start = Film(-0.5, 1.0, {"B": 1.0}, {"B": 1e-6})
    parabola = solve(problem(law, {}, {}, at=None, initial=start, domain=Domain(interval=(-10.0, 10.0), cells=400)))
    assert penetration_of(sample(parabola, 2, "B")).D is None


def test_residuals_vanish_for_the_right_coefficient_and_show_a_wrong_one():
    """A couple of D = 1 and its error function: what simulating it on 600 cells leaves is below 1e-4; of twice the D
    it is 0.5 max |erf(z) - erf(z/sqrt(2))| = 0.083 of the step."""
    (entry,) = saved_analyses(analysed())
    one = residuals_of(entry)
    assert one.names == ("B",) and one.left.shape == (1, entry.profile.x.size)
    assert np.abs(one.left).max() < 1e-4
    wrong = replace(entry, estimate=replace(entry.estimate, value=2.0 * entry.estimate.value))
    assert np.abs(residuals_of(wrong).left).max() == pytest.approx(0.0830, abs=5e-4)


def test_the_residual_of_a_film_is_that_of_its_closed_form():
    profile = sample(filmed(), 2, "B")
    entry = Analysis((), (profile,), (), METHODS["thin-film"](profile), None)
    one = residuals_of(entry)
    rms = float(np.sqrt(np.mean(one.left**2)))
    assert rms == pytest.approx(entry.estimate.diagnostics["residual_rms"], rel=1e-6)

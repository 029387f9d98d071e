"""Every case in cases/ runs and shows what its [expect] says."""

from pathlib import Path

import numpy as np
import pytest

from matano.check import check
from simulator.files.case import load
from simulator.solve.controls import Controls
from simulator.solve.solve import solve

CASES = sorted((Path(__file__).resolve().parents[1] / "cases").glob("*.toml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_shows_what_it_expects(path):
    case = load(path)
    assert case.expect.exact or case.expect.value, "a case without [expect] proves nothing"
    outcomes = check(solve(case.problem, case.controls), case.expect)
    assert outcomes
    assert not [str(outcome) for outcome in outcomes if not outcome.passed]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_half_the_cells_show_the_same_less_well(path):
    """A case must not pass by accident of its grid: coarser cells are worse, by more than a little."""
    case = load(path)
    if case.expect.exact is None:
        pytest.skip("no exact solution to converge to")
    coarse = load(path, [f"domain.cells={case.problem.domain.cells // 4}"])
    controls = Controls(scheme=case.controls.scheme, rtol=min(case.controls.rtol, 1e-7))
    fine, rough = (check(solve(c.problem, controls), c.expect)[0].measured for c in (case, coarse))
    assert np.isfinite(fine)
    assert fine < 0.5 * rough

"""Every case in cases/ runs and shows what its [expect] says."""

from pathlib import Path

import numpy as np
import pytest

from matano.check import check
from simulator.files.case import load
from simulator.files.hdf5 import ResultFile, open_result
from simulator.solve.controls import Controls
from simulator.solve.solve import solve

CASES = sorted((Path(__file__).resolve().parents[1] / "cases").rglob("*.toml"))
MEASURED = Path(__file__).resolve().parents[2] / "shared" / "data" / "TiZr_1000C_100h_measured.csv"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case_shows_what_it_expects(path):
    case = load(path)
    assert case.expect.exact or case.expect.value, "a case without [expect] proves nothing"
    outcomes = check(solve(case.problem, case.controls), case.expect)
    assert outcomes
    assert not [str(outcome) for outcome in outcomes if not outcome.passed]


@pytest.mark.parametrize("path", [path for path in CASES if load(path).expect.exact], ids=lambda path: path.stem)
def test_half_the_cells_show_the_same_less_well(path):
    """A case must not pass by accident of its grid: coarser cells are worse, by more than a little."""
    case = load(path)
    coarse = load(path, [f"domain.cells={case.problem.domain.cells // 4}"])
    controls = Controls(scheme=case.controls.scheme, rtol=min(case.controls.rtol, 1e-7))
    fine, rough = (check(solve(c.problem, controls), c.expect)[0].measured for c in (case, coarse))
    assert np.isfinite(fine)
    assert fine < 0.5 * rough


@pytest.mark.skipif(not MEASURED.exists(), reason="the measured Ti-Zr profile is not beside this checkout")
def test_the_titanium_zirconium_case_is_the_measured_profile():
    """Within what its authors reach with their own coefficients, 1.3e-3; the noise of the points is near 1e-3."""
    X, place = np.loadtxt(MEASURED, delimiter=",", skiprows=1).T
    x = 1e-6 * place
    contact = x[-1] - np.trapezoid(X, x)  # the Matano plane, ends 0 and 1
    case = load(next(path for path in CASES if path.stem == "ti-zr"))
    result = solve(case.problem, case.controls)
    miss = np.interp(x - contact, result.x, result.profile().fraction("X")) - X
    assert np.sqrt(np.mean(miss**2)) < 1.5e-3


COUPLE = """
components = ["A", "B"]
dependent = "A"
[domain]
interval = ["-700 um", "700 um"]
cells = 400
[initial]
{initial}
[law]
kind = "fick"
D = "1e-15*exp(3*x_B)"
[time]
end = "{end}"
"""
STEP = 'shape = "step"\nat = 0.0\nleft = {B = 0.0}\nright = {B = 1.0}'


def test_a_run_that_starts_from_a_result_goes_on_where_it_ended(tmp_path):
    """36 h, then 64 h from the profile in the result file, is 100 h: the profile is carried by interpolation."""

    def run(name: str, initial: str, end: str):
        path = tmp_path / f"{name}.toml"
        path.write_text(COUPLE.format(initial=initial, end=end))
        case = load(path)
        with ResultFile(tmp_path / f"{name}.h5", case.problem, text=case.text, folder=case.folder) as record:
            return solve(case.problem, case.controls, record=record)

    whole = run("whole", STEP, "100 h").mole_fraction[-1, 1]
    run("first", STEP, "36 h")
    later = run("later", 'shape = "file"\npath = "first.h5"', "64 h")
    there = np.interp(open_result(tmp_path / "whole.h5").x, later.x, later.mole_fraction[-1, 1])
    # linear interpolation of 400 graded cells, smoothed away by the second run
    assert np.abs(there - whole).max() < 1e-3

"""Five components with Manning's vacancy wind, 100 h at 1100 C: the case `cocrfemnni`, beside SUNDIALS CVODE.

What a person waits for is a whole `solve` with default controls, its markers and saved times included, compiled code
apart. The integrators are compared as in `couple`: the same cells, start and compiled flux, CPU time from a prepared
system to the final profile, at equal time errors.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np

if str(Path(__file__).resolve().parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from couple import same_cells, time_ratios
from timing import command, machine, measure

from matano import cases_folder
from simulator.files.case import load
from simulator.problem.problem import Problem
from simulator.solve.controls import Controls
from simulator.solve.exact import exact_named
from simulator.solve.solve import solve

CASE = "cocrfemnni"
CELLS, FEWEST_CELLS = 400, 100
WHOLE = "solve, default controls"
SECONDS = 0.3
# All fractions change by a tenth: errors are smaller than in couples of pure metals.
TIME_ERRORS = (1e-5, 1e-7)


def main(smallest: bool = False) -> dict:
    """Seconds and largest error of whole runs; rows of error and time of integrators; ratios at equal time errors."""
    cells = FEWEST_CELLS if smallest else CELLS
    problem = couple(cells)
    skipped: dict[str, str] = {}
    rows = whole_runs(problem, smallest)
    same, checks = same_cells(problem, smallest, skipped, scipy=False)
    answer = {
        "machine": machine(),
        "cells": cells,
        "notes": skipped,
        "whole runs": rows,
        "same cells": same,
        "checks": checks,
        "ratios": time_ratios(CASE, same, TIME_ERRORS),
    }
    if not smallest:
        seconds = next(row["seconds"] for row in rows if row["run"] == WHOLE)
        answer["promised"] = [{"run": WHOLE, "seconds": seconds, "at_most": SECONDS}]
    return answer


def couple(cells: int) -> Problem:
    """The case on another number of cells."""
    return load(cases_folder() / f"{CASE}.toml", [f"domain.cells={cells}"]).problem


def whole_runs(problem, smallest: bool) -> list[dict]:
    """`solve` as a person calls it; errors are of cell averages, all components, at the last time."""
    controls = {WHOLE: Controls(), "solve, extrapolated": Controls(extrapolate=True)}
    runs = {name: partial(solve, problem, entry) for name, entry in controls.items()}
    exact = problem.mixture.complete(exact_named("similarity").averages(problem, problem.end, problem.grid.faces))
    measured = measure(runs, rounds=3 if smallest else 15, budget=0.05 if smallest else 4.0)
    return [
        {
            "run": name,
            "seconds": seconds,
            "largest_error": float(np.max(np.abs(result.mole_fraction[-1] - exact))),
            "steps": int(result.diagnostics("steps")[-1]),
        }
        for name, (seconds, result) in measured.items()
    ]


if __name__ == "__main__":
    command(main)

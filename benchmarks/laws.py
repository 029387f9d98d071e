"""A couple of every law: error against CPU time on given cells, beside SUNDIALS CVODE.

Time errors are those of `couple`: the same cells, start and compiled flux, against a tight solution on the same cells.
Where cells and interfaces move there is no other program with the same cells: a whole `solve` is then timed alone, its
error that of the profile against the exact one. Line compounds grow by a closed form; poisson's layer is in `ions`,
alloys of five in `alloy`, un-mixing in `separation` and `fields`.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np

if str(Path(__file__).resolve().parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from couple import OURS, RAW, time_ratios
from couples import Prepared
from rivals import ClosedSystem
from sundials import Absent, Cvode
from timing import command, machine, measure

from matano import cases_folder
from simulator.files.case import load
from simulator.problem.problem import Problem
from simulator.solve.controls import Controls
from simulator.solve.exact import exact_named
from simulator.solve.solve import solve

CELLS, FEWEST_CELLS = 400, 40
TIGHT = 1e-11
TOLERANCES = tuple(10.0 ** (-0.5 * k) for k in range(2, 18))
CHEAP, CHEAP_TOLERANCES = "rodas3", (1e-1, 1e-2, 1e-3)  # fewer stages: what large errors need no more than
LOOSE_TOLERANCES = (1e-3, 1e-5)
TIME_ERRORS = (1e-4, 1e-6)
# one case of each law whose cells rest
SAME_CELLS = {
    "fick": "ternary-couple-1",
    "darken": "regular-below-ideal",
    "darken, vacancy wind": "manning-quaternary",
    "onsager": "onsager-lattice",
    "nernst-planck, electroneutral": "hcl-kcl-junction",
}
MOVING = {"two-phase": "two-phase"}


def main(smallest: bool = False) -> dict:
    """A table of error and time for every law, and the ratios of times at equal errors."""
    notes: dict[str, str] = {}
    answer = {"machine": machine(), "cells": FEWEST_CELLS if smallest else CELLS, "ratios": {}, "notes": notes}
    for law, case in SAME_CELLS.items():
        rows = same_cells(law, problem_of(case, answer["cells"]), smallest, notes)
        answer[law] = rows
        answer["ratios"] |= time_ratios(law, rows, TIME_ERRORS)
    for law, case in MOVING.items():
        answer[law] = whole_runs(case, smallest)
        notes[law] = "its interface moves: no other program is given the same cells"
    return answer


def problem_of(case: str, cells: int) -> Problem:
    return load(cases_folder() / f"{case}.toml", [f"domain.cells={cells}"]).problem


def same_cells(law: str, problem: Problem, smallest: bool, notes: dict) -> list[dict]:
    """Rows of time error, of what has a time derivative and relative to the largest of it, and ms."""
    prepared, end = Prepared(problem), problem.end
    differential = prepared.differential
    tight = ours(prepared, TIGHT).copy()
    size = np.max(np.abs(tight[differential]))
    tolerances = LOOSE_TOLERANCES if smallest else TOLERANCES
    runs = {(OURS, rtol): partial(ours, prepared, rtol) for rtol in tolerances}
    runs |= {(CHEAP, rtol): partial(ours, prepared, rtol, CHEAP) for rtol in CHEAP_TOLERANCES}
    try:
        if not np.all(differential):
            raise Absent("it integrates no algebraic rows")
        system = ClosedSystem(prepared.system)
        cvode, y0 = Cvode(system), system.flat(prepared.start)
        for rtol in tolerances:
            runs[RAW, rtol] = partial(by_cvode, cvode, system, y0, rtol, end)
    except (Absent, ValueError) as reason:
        notes[f"{law}: {RAW}"] = str(reason)
    measured = measure(runs, rounds=3 if smallest else 15, budget=0.02 if smallest else 2.0)
    return [
        {
            "code": code,
            "rtol": rtol,
            "time_error": float(np.max(np.abs(u - tight)[differential]) / size),
            "ms": 1e3 * seconds,
        }
        for (code, rtol), (seconds, u) in measured.items()
    ]


def ours(prepared: Prepared, rtol: float, scheme: str = OURS) -> np.ndarray:
    return prepared.integrate(rtol, scheme).u[:, 1:-1]


def by_cvode(cvode: Cvode, system: ClosedSystem, y0: np.ndarray, rtol: float, end: float) -> np.ndarray:
    return system.fractions(cvode.run(y0, rtol, end))


def whole_runs(case: str, smallest: bool) -> list[dict]:
    """`solve` on more and more cells, plain and extrapolated: largest error of a mole fraction at the end."""
    runs, problems = {}, {}
    for cells in (40, 80) if smallest else (50, 100, 200, 400, 800):
        problems[cells] = load(cases_folder() / f"{case}.toml", [f"domain.cells={cells}"]).problem
        for code, extrapolate in ((OURS, False), (f"{OURS}, extrapolated", True)):
            runs[code, cells] = partial(solve, problems[cells], Controls(rtol=1e-8, extrapolate=extrapolate))
    measured = measure(runs, rounds=1 if smallest else 5, budget=0.02 if smallest else 2.0)
    rows = []
    for (code, cells), (seconds, result) in measured.items():
        error = profile_error(problems[cells], result)
        rows.append({"code": code, "cells": cells, "total_error": error, "ms": 1e3 * seconds})
    return rows


def profile_error(problem: Problem, result) -> float:
    faces = result.field("position_face")[-1] if result.has("position_face") else problem.grid.faces
    exact = exact_named("two-phase-similarity").averages(problem, problem.end, faces)
    return float(np.max(np.abs(result.mole_fraction[-1] - problem.mixture.complete(exact))))


if __name__ == "__main__":
    command(main)

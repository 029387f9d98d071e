"""Every scheme on one couple: error against CPU time, steps and rejected steps, beside SUNDIALS CVODE and SciPy.

D = exp(3 x) on 200 graded cells; time errors as in `couple`. Explicit schemes are held to steps that their stability
allows, whatever the tolerance: their curves end where that step is accurate enough.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np

if str(Path(__file__).resolve().parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from couples import Prepared, binary
from rivals import ClosedSystem, scipy_run
from sundials import Absent, Cvode
from timing import command, machine, measure

from simulator.solve.schemes import SCHEMES

CELLS, FEWEST_CELLS = 200, 40
TIGHT = 1e-11
TOLERANCES = tuple(10.0**-k for k in range(2, 10))
LOOSE_TOLERANCES = (1e-2, 1e-4)
# Of first order, and of SciPy: a tolerance of 1e-6 takes them a million steps, or they shorten them without end.
FEW_TOLERANCES = (1e-2, 1e-3, 1e-4, 1e-5)
FIRST_ORDER = ("backward-euler", "euler")
SCIPY = ("LSODA", "BDF")


def main(smallest: bool = False) -> dict:
    """Rows by scheme or code: tolerance, time error, ms, steps, rejected steps."""
    prepared = Prepared(binary(FEWEST_CELLS if smallest else CELLS))
    end, notes = prepared.problem.end, {}
    tight = prepared.integrate(TIGHT).u[:, 1:-1].copy()
    runs = {}
    for scheme in SCHEMES:
        if scheme.family == "similarity":
            continue
        tolerances = FEW_TOLERANCES if scheme.name in FIRST_ORDER else TOLERANCES
        for rtol in LOOSE_TOLERANCES if smallest else tolerances:
            runs[scheme.name, rtol] = partial(prepared.integrate, rtol, scheme.name)
    system = ClosedSystem(prepared.system)
    y0 = system.flat(prepared.start)
    try:
        cvode = Cvode(system)
        for rtol in LOOSE_TOLERANCES if smallest else TOLERANCES:
            runs["CVODE", rtol] = partial(by_cvode, cvode, system, y0, rtol, end)
    except Absent as reason:
        notes["CVODE"] = str(reason)
    for method in () if smallest else SCIPY:
        for rtol in FEW_TOLERANCES:
            runs[f"SciPy {method}", rtol] = partial(by_scipy, system, y0, method, rtol, end)
    rows = []
    for (code, rtol), (seconds, value) in measure(
        runs, rounds=3 if smallest else 15, budget=0.02 if smallest else 2.0
    ).items():
        fractions = value if isinstance(value, np.ndarray) else value.u[:, 1:-1]
        rows.append(
            {
                "code": code,
                "rtol": rtol,
                "time_error": float(np.max(np.abs(fractions - tight))),
                "ms": 1e3 * seconds,
                "steps": getattr(value, "steps", None),
                "rejected": getattr(value, "rejected_steps", None),
            }
        )
    return {"machine": machine(), "cells": prepared.grid.cells, "same cells": rows, "notes": notes}


def by_cvode(cvode: Cvode, system: ClosedSystem, y0: np.ndarray, rtol: float, end: float) -> np.ndarray:
    return system.fractions(cvode.run(y0, rtol, end))


def by_scipy(system: ClosedSystem, y0: np.ndarray, method: str, rtol: float, end: float) -> np.ndarray:
    return system.fractions(scipy_run(system, y0, method, rtol, end))


if __name__ == "__main__":
    command(main)

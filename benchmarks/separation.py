"""An alloy that un-mixes in one dimension, 1000 cells: error against CPU time beside CVODE, and a run to its end.

CVODE is given the mole fractions alone, a Jacobian of two diagonals on either side, and the same compiled flux: its
Laplacians are differences, where the engine has them as unknowns.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np

if str(Path(__file__).resolve().parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from couple import OURS, codes, seconds_at
from rivals import HEAD, ClosedSystem
from sundials import Absent, Cvode
from timing import command, machine, measure, ratio

from simulator.kernels.jit import Vector, flux_at, kernel
from simulator.kernels.system import VOLUME
from simulator.laws.cahn_hilliard import CahnHilliard
from simulator.laws.mixture import Mixture
from simulator.laws.thermodynamics import Thermodynamics
from simulator.problem.domain import Domain
from simulator.problem.initial import Tabulated
from simulator.problem.problem import Problem
from simulator.solve.controls import Controls
from simulator.solve.solve import Run

CASE = "w = 3, noise 0.01"
CELLS, FEWEST_CELLS, SPACING = 1000, 60, 0.5
END, LONG, SHORT = 1e3, 1e6, 10.0
TIGHT = 1e-9
TOLERANCES = (1e-2, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6, 1e-7)
LOOSE_TOLERANCES = (1e-3, 1e-5)
ERRORS = (1e-4, 2e-5, 1e-5)
CVODE = "CVODE"
PROMISED = {f"{CASE}: {CVODE} / {OURS} at RMS 2e-05": 1.0}


@kernel
def separating_slopes(data: Vector, y: Vector, slope: Vector) -> None:
    """dx/dt of N cells of one size between closed ends: Laplacians from neighbours, then the law's own fluxes."""
    n, count = int(data[3]), int(data[4])
    at = HEAD
    face = data[at : at + 2 * (n - 1)].reshape((2, n - 1))
    at += 2 * (n - 1)
    volume = data[at : at + n]
    at += n
    parameters = data[at : at + count]
    at += count
    u = data[at : at + 2 * n].reshape((2, n))
    at += 2 * n
    F = data[at : at + 2 * (n - 1)].reshape((2, n - 1))
    s = parameters[1]
    for i in range(n):
        u[0, i] = y[i]
        left = (y[i - 1] - y[i]) * face[0, i - 1] if i > 0 else 0.0
        right = (y[i + 1] - y[i]) * face[0, i] if i < n - 1 else 0.0
        u[1, i] = s * (left + right) / volume[i]
    flux = flux_at(int(data[1]))
    flux(0.0, data[5], u, face, parameters, F)
    for i in range(n):
        left = F[0, i - 1] if i > 0 else 0.0
        right = F[0, i] if i < n - 1 else 0.0
        slope[i] = (left - right) / volume[i]


class SeparatingSystem(ClosedSystem):
    """One mole fraction a cell; data as its base has them, with room for a pair of unknowns."""

    kernel = separating_slopes

    def __init__(self, system):
        self.m, self.cells, self.band = 1, system.cell.shape[1] - 2, 2
        n = self.cells
        arrays = (system.face[:, 1:-1].ravel(), system.cell[VOLUME, 1:-1], system.parameters, np.zeros(4 * n))
        size = HEAD + sum(array.size for array in arrays)
        head = np.array([size, system.flux, 1, n, system.parameters.size, system.temperature[0]], float)
        self.data = np.concatenate((head, *arrays))


def quench(cells: int, end: float) -> Problem:
    """x = 0.5 with noise of 0.01, w = 3, K = D = 1, degenerate mobility, in reduced units."""
    mixture = Mixture(("A", "B"), "A")
    solution = Thermodynamics(mixture, "regular", {"A-B": 3.0}, units="reduced")
    law = CahnHilliard(mixture, gradient_energy=1.0, D=1.0, thermodynamics=solution)
    noise = np.random.default_rng(0).uniform(-0.01, 0.01, cells)
    faces = SPACING * np.arange(cells + 1)
    start = Tabulated(np.repeat(faces, 2)[1:-1], {"B": np.repeat(0.5 + noise - noise.mean(), 2)})
    return Problem(mixture, law, Domain((0.0, faces[-1]), cells, grading="uniform"), start, end=end)


def ours(problem: Problem, rtol: float):
    """The level at the end: its own arrays are made anew for every run."""
    run = Run(problem, Controls(rtol=rtol))
    level = run.levels[0]
    level.advance(problem.end, None)
    return level


def main(smallest: bool = False) -> dict:
    """Rows of error and time, ratios at equal errors (CVODE's time over ours), and the seconds of a run to t = 1e6."""
    cells, end = (FEWEST_CELLS, SHORT) if smallest else (CELLS, END)
    problem = quench(cells, end)
    notes: dict[str, str] = {}
    tight = ours(problem, TIGHT)
    reference = tight.fractions()[0]
    tolerances = LOOSE_TOLERANCES if smallest else TOLERANCES
    runs = {(OURS, rtol): partial(ours, problem, rtol) for rtol in tolerances}
    checks = {}
    try:
        system = SeparatingSystem(tight.integration.system)
        cvode, y0 = Cvode(system), problem.start()[0]
        checks["tight CVODE against tight rodas5p"] = rms(cvode.run(y0, TIGHT, end) - reference)
        runs |= {(CVODE, rtol): partial(by_cvode, cvode, y0, rtol, end) for rtol in tolerances}
    except Absent as reason:
        notes[CVODE] = str(reason)
    measured = measure(runs, rounds=3 if smallest else 9, budget=0.05 if smallest else 3.0)
    rows = [
        {"code": code, "rtol": rtol, "rms_error": rms(profile_of(value) - reference), "ms": 1e3 * seconds}
        for (code, rtol), (seconds, value) in measured.items()
    ]
    ratios = {}
    for error in ERRORS:
        reached = {code: seconds_at(rows, code, "rms_error", error) for code in codes(rows)}
        if CVODE in reached:
            ratios[f"{CASE}: {CVODE} / {OURS} at RMS {error:.0e}"] = ratio(reached[CVODE], reached[OURS])
    long = quench(cells, end if smallest else LONG)
    seconds, level = measure({"long": partial(ours, long, 1e-5)}, rounds=3, budget=4.0)["long"]
    answer = {
        "machine": machine(),
        "cells": cells,
        "notes": notes,
        "rows": rows,
        "checks": checks,
        "ratios": ratios,
        "to the end": {"t": long.end, "seconds": seconds, "steps": level.steps, "energy": level.free_energy()},
    }
    if not smallest:
        answer["promised"] = [
            {"ratio": name, "value": ratios.get(name), "at_least": least} for name, least in PROMISED.items()
        ]
    return answer


def by_cvode(cvode: Cvode, y0: np.ndarray, rtol: float, end: float) -> np.ndarray:
    return np.array(cvode.run(y0, rtol, end))


def profile_of(value) -> np.ndarray:
    return value if isinstance(value, np.ndarray) else value.fractions()[0]


def rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


if __name__ == "__main__":
    command(main)

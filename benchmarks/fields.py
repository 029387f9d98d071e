"""Separation in two and three dimensions, beside py-pde and FiPy, the bandwidth of the machine, and memory.

Problem: benchmark 1a of the phase-field community hub (PFHub), a quartic energy and a constant mobility in a periodic
square of side 200. Errors are in time: root mean square against a tight run on the same cells at the same time.
"""

import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np

if str(Path(__file__).resolve().parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from limits import triad
from squares import SIDE, STAGES, carried, problem_on, step_of_stages
from timing import command, cpu_time, machine, measure, promised, ratio, time_at

from simulator.problem.field_problem import FieldProblem
from simulator.solve.controls import Controls
from simulator.solve.field_integration import FieldIntegration, integration_of

CELLS, FEWEST_CELLS, FINE_CELLS = 200, 32, 512
END, FINE_END, SHORT_END = 100.0, 2.0, 1.0
ERROR = 3e-4
TOLERANCES = {"rkc": (1e-4, 1e-5, 1e-6), "fft": (1e-3, 1e-4, 1e-5)}
TIGHT = 1e-7  # of the scheme of fourth order
# Arrays of a stage that come from memory or go there, of 8 bytes a cell: u, F(u), two stages; one of these is written.
MOVED = 40
BANDWIDTH_CELLS, FEWEST_BANDWIDTH_CELLS = 2048, 64
CUBE, SMALLEST_CUBE = 256, 16
FIPY_END, FIPY_STEP = 1.0, 0.05


def main(smallest: bool = False) -> dict:
    """Rows of error and time; ratios at one error; bandwidth; memory."""
    skipped: dict[str, str] = {}
    cells, end = (FEWEST_CELLS, SHORT_END) if smallest else (CELLS, END)
    rows = same_cells(cells, end, smallest, skipped)
    answer = {"machine": machine(), f"{cells} x {cells}, to t = {end:g}": rows}
    answer["ratios"] = ratios(rows, ERROR)
    if not smallest:
        fine = same_cells(FINE_CELLS, FINE_END, True, skipped)
        answer[f"{FINE_CELLS} x {FINE_CELLS}, to t = {FINE_END:g}"] = fine
        answer["ratios, fine"] = ratios(fine, ERROR)
        answer["FiPy"] = fipy_row(cells, skipped)
    answer["bandwidth"] = [bandwidth(FEWEST_BANDWIDTH_CELLS if smallest else BANDWIDTH_CELLS)]
    answer["memory"] = [memory(SMALLEST_CUBE if smallest else CUBE)]
    answer["notes"] = skipped
    if not smallest:
        answer["promised"] = [
            promised(f"py-pde / rkc, {CELLS} x {CELLS}, to t = {END:g}", of_py_pde(answer["ratios"]), at_least=15.0),
            promised(
                f"py-pde / rkc, {FINE_CELLS} x {FINE_CELLS}, to t = {FINE_END:g}",
                of_py_pde(answer["ratios, fine"]),
                at_least=30.0,
            ),
            promised(f"a stage / STREAM triad, {BANDWIDTH_CELLS}^2", answer["bandwidth"][0]["ratio"], at_least=0.9),
            promised(f"memory of {CUBE}^3, GB", answer["memory"][0]["peak in GB"], at_most=1.0),
        ]
    return answer


def of_py_pde(found: dict) -> float | None:
    return next((value for name, value in found.items() if name.startswith("py-pde")), None)


def same_cells(cells: int, end: float, few: bool, skipped: dict) -> list[dict]:
    problem = problem_on(cells, end)
    exact = carried(problem, "fft", TIGHT).u[0].copy()
    runs = {
        (scheme, f"rtol {rtol:g}"): partial(carried, problem, scheme, rtol)
        for scheme, tolerances in TOLERANCES.items()
        for rtol in (tolerances[:2] if few else tolerances)
    }
    rows = [
        {
            "code": code,
            "control": control,
            "seconds": measured.seconds,
            "error": root_mean_square(measured.value.u[0] - exact),
            "steps": measured.value.steps,
        }
        for (code, control), measured in measure(runs, rounds=3, budget=10.0).items()
    ]
    if cells == FEWEST_CELLS:  # it compiles for a minute
        skipped["py-pde"] = "left out of the smallest size"
        return rows
    return rows + py_pde_rows(problem, exact, skipped)


def root_mean_square(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def py_pde_rows(problem: FieldProblem, exact: np.ndarray, skipped: dict) -> list[dict]:
    """Its compiled explicit steppers; the fixed step is stable in the phases, where the energy is steepest."""
    try:
        import pde
    except ImportError:
        skipped["py-pde"] = "is not installed"
        return []
    run = FieldIntegration(problem, Controls())
    limit = 1.6 / run.radius()
    (nx, ny), (lx, ly) = problem.box.cells, problem.box.size
    grid = pde.CartesianGrid([[0.0, lx], [0.0, ly]], [nx, ny], periodic=True)
    equation = pde.PDE({"c": "5*laplace(10*(c - 0.3)*(0.7 - c)*(1 - 2*c) - 2*laplace(c))"}, bc="periodic")
    rows = []
    for name, options in (("fixed step", {}), ("adaptive", {"adaptive": True, "tolerance": 1e-5})):
        state = pde.ScalarField(grid, np.ascontiguousarray(problem.start()[0].T))
        try:
            step = pde.EulerSolver(equation, backend="numba", **options).make_stepper(state, limit)
            step(state.copy(), 0.0, 10.0 * limit)  # compiled
            seconds = cpu_time(partial(step, state, 0.0, problem.end))
        except Exception as failure:  # whatever another package does shall not end this benchmark
            skipped[f"py-pde, {name}"] = f"{type(failure).__name__}: {str(failure)[:80]}"
            continue
        error = root_mean_square(state.data.T - exact)
        rows.append({"code": "py-pde", "control": name, "seconds": seconds, "error": error, "steps": None})
    return rows


def fipy_row(cells: int, skipped: dict) -> list[dict]:
    """Seconds of some implicit steps of FiPy, and of ours over the same time at an error no larger."""
    try:
        import fipy
    except ImportError:
        skipped["FiPy"] = "is not installed"
        return []
    problem = problem_on(cells, FIPY_END)
    exact = carried(problem, "rkc", 1e-8).u[0].copy()
    h = SIDE / cells
    mesh = fipy.PeriodicGrid2D(dx=h, dy=h, nx=cells, ny=cells)
    c = fipy.CellVariable(mesh=mesh, value=problem.start()[0].ravel(), hasOld=True)
    bend = 10.0 * ((0.7 - c) * (1.0 - 2.0 * c) - (c - 0.3) * (1.0 - 2.0 * c) - 2.0 * (c - 0.3) * (0.7 - c))
    equation = fipy.TransientTerm() == fipy.DiffusionTerm(5.0 * bend) - fipy.DiffusionTerm((5.0, 2.0))

    def call():
        for _ in range(round(FIPY_END / FIPY_STEP)):
            c.updateOld()
            equation.solve(var=c, dt=FIPY_STEP)

    seconds = cpu_time(call)
    error = root_mean_square(np.asarray(c.value).reshape(cells, cells) - exact)
    run = integration_of(problem, Controls("rkc", max(min(error, 1e-3), 1e-8)))
    ours = cpu_time(lambda: run.advance(FIPY_END))
    return [
        {"code": "FiPy", "seconds": seconds, "error": error},
        {"code": "rkc", "seconds": ours, "error": root_mean_square(run.u[0] - exact)},
    ]


def ratios(rows: list[dict], error: float) -> dict:
    """How many times longer the others take to that error, or to the smallest one of their own that is above it."""

    def points(code):
        return [(row["error"], row["seconds"]) for row in rows if row["code"] == code and np.isfinite(row["error"])]

    found = {}
    for code in sorted({row["code"] for row in rows} - {"rkc"}):
        reached = [e for e, _ in points(code)]
        if not reached:
            continue
        at = max(error, min(reached))
        found[f"{code} / rkc at {at:.1e}"] = ratio(time_at(at, points(code)), time_at(at, points("rkc")))
    return found


def bandwidth(cells: int) -> dict:
    """A stage of the explicit scheme by the arrays that it must move, beside STREAM's triad, on one thread."""
    a, b, c = (np.ones(cells * cells) for _ in range(3))
    calls = {"stages": step_of_stages(cells), "triad": lambda: triad(a.size, 0.5, a, b, c)}
    seconds = {name: entry.seconds for name, entry in measure(calls, rounds=9, budget=4.0).items()}
    ours = MOVED * (STAGES - 2) * cells**2 / seconds["stages"]
    stream = 24 * cells**2 / seconds["triad"]
    return {
        "cells": f"{cells} x {cells}",
        "ns per cell": 1e9 * seconds["stages"] / STAGES / cells**2,
        "GB/s": ours / 1e9,
        "triad, GB/s": stream / 1e9,
        "ratio": ours / stream,
    }


PEAK = """
import resource, sys
sys.path.insert(0, {folder!r})
from squares import problem_on
from simulator.solve.controls import Controls
from simulator.solve.field_integration import FieldIntegration
run = FieldIntegration(problem_on({cells}, 1.0, 3), Controls(max_steps=2), threads=1)
run.stop = 1.0
run.evaluate()
run.step()
run.free_energy()
try:  # what getrusage says is no less than what the parent had
    with open("/proc/self/status") as status:
        print(1024 * next(int(line.split()[1]) for line in status if line.startswith("VmHWM")))
except OSError:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


def memory(cells: int) -> dict:
    """Peak of a process that starts, takes a step and evaluates an energy in three dimensions."""

    def process(cells: int) -> subprocess.CompletedProcess:
        text = PEAK.format(folder=str(Path(__file__).resolve().parent), cells=cells)
        return subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)

    process(SMALLEST_CUBE)  # what it compiles takes memory too
    ended = process(cells)
    return {"cells": f"{cells}^3", "peak in GB": int(ended.stdout.split()[-1]) / 1e9, "array in GB": 8e-9 * cells**3}


if __name__ == "__main__":
    command(main)

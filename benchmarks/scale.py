"""From a thousand to a million cells: time per cell and step, and memory per cell, which should not grow."""

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

if str(Path(__file__).resolve().parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from couples import END, Prepared, binary
from timing import command, cpu_time, machine, ratio

from simulator.solve.controls import Controls

SIZES, SMALL_SIZES = (1_000, 10_000, 100_000, 1_000_000), (1_000, 10_000)
RTOL = 1e-6
MEASURE = "--measure"


def main(smallest: bool = False) -> dict:
    """Rows by number of cells, and the largest cost over that of 1000 cells.

    `solve` is the whole of it: problem, two grids (n and n/2 cells), error estimate, result; ns per cell and step are
    those of the integration on n cells alone. A fresh process measures, so that nothing else is in its memory; where
    the peak of memory cannot be forgotten it only grows, so the sizes come smallest first.
    """
    sizes = SMALL_SIZES if smallest else SIZES
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    call = [sys.executable, str(Path(__file__).resolve()), MEASURE, *map(str, sizes)]
    child = subprocess.run(call, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    rows = json.loads(child.stdout)
    # below some thousand cells everything else weighs more than the cells
    bytes_per_cell = [row["bytes_per_cell"] for row in rows if row["cells"] >= 10_000]
    return {
        "machine": machine(),
        "by number of cells": rows,
        "promised": {
            "ns per cell and step, largest / smallest size": rows[-1]["ns"] / rows[0]["ns"],
            "seconds per cell, largest / smallest size": rows[-1]["solve_us_per_cell"] / rows[0]["solve_us_per_cell"],
            "bytes per cell, largest / 10000 cells": ratio(bytes_per_cell[-1], bytes_per_cell[0]),
        },
    }


def measure(sizes: list[int]) -> list[dict]:
    """In a process of its own: rows for increasing sizes."""
    from simulator.solve.solve import solve

    solve(binary(100), Controls(rtol=RTOL))  # loads the kernels
    rows = []
    for cells in sizes:
        results = []
        forget_peak()
        base = peak_memory()

        def whole(cells=cells, results=results):
            results[:] = [solve(binary(cells), Controls(rtol=RTOL))]

        solve_seconds = cpu_time(whole)
        peak = peak_memory() - base
        snapshot = results.pop().snapshots[-1]
        prepared = Prepared(binary(cells))
        integrations = []
        seconds = min(cpu_time(lambda p=prepared, i=integrations: i.append(p.integrate(RTOL))) for _ in range(3))
        rows.append(
            {
                "cells": cells,
                "steps": integrations[0].steps,
                "rejected": integrations[0].rejected_steps,
                "ns": 1e9 * seconds / (cells * integrations[0].steps),
                "solve_seconds": solve_seconds,
                "solve_us_per_cell": 1e6 * solve_seconds / cells,
                "bytes_per_cell": peak / cells,
                "error_estimate": float(snapshot.diagnostics["error_estimate"]),
                "mass_error": float(snapshot.diagnostics["conservation_error"]),
                "end": END,
            }
        )
    return rows


def peak_memory() -> float:
    """Largest resident size of this process so far, bytes; on Linux since `forget_peak`."""
    try:
        with open("/proc/self/status", encoding="ascii") as lines:
            return 1024.0 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    except (OSError, StopIteration):
        import resource

        return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def forget_peak() -> None:
    """Let the peak begin anew at the present size, where that is possible: compilation may have needed more."""
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


if __name__ == "__main__":
    if MEASURE in sys.argv:
        print(json.dumps(measure([int(size) for size in sys.argv[sys.argv.index(MEASURE) + 1 :]])))
    else:
        command(main)

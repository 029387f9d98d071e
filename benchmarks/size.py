"""What a cell costs a step: from a hundred to a million cells, from one to eight unknowns a cell; what it costs a stage
of a field, from 64 x 64 to 2048 x 2048."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

if str(Path(__file__).resolve().parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from cost import matrix
from couples import Prepared, binary, ternary
from squares import STAGES, step_of_stages
from timing import command, machine, measure

CELLS, FEWEST_CELLS = (100, 1_000, 10_000, 100_000, 1_000_000), (100, 1_000)
UNKNOWNS, FEWEST_UNKNOWNS = tuple(range(1, 9)), (1, 2)
SIDES, FEWEST_SIDES = (64, 128, 256, 512, 1024, 2048), (32, 64)  # cells of a field along x and y
FIELD = "cahn-hilliard, rkc"
AT = 1000  # cells, where the unknowns vary
RTOL = 1e-6


def main(smallest: bool = False) -> dict:
    """Rows of ns per cell and step, by number of cells and by number of unknowns; of a field per cell and stage."""
    cells = FEWEST_CELLS if smallest else CELLS
    by_cells = {("1 unknown, D = exp(3x)", 1, n): Prepared(binary(n)) for n in cells}
    by_cells |= {("2 unknowns, matrix", 2, n): Prepared(ternary(n)) for n in cells[: 2 if smallest else 4]}
    at = FEWEST_CELLS[0] if smallest else AT
    by_unknowns = {("matrix", m, at): Prepared(matrix(m, at)) for m in (FEWEST_UNKNOWNS if smallest else UNKNOWNS)}
    return {
        "machine": machine(),
        "by number of cells": rows(by_cells, smallest),
        "by number of unknowns": rows(by_unknowns, smallest),
        "fields, by number of cells": field_rows(FEWEST_SIDES if smallest else SIDES),
    }


def rows(prepared: dict, smallest: bool) -> list[dict]:
    runs = {key: partial(entry.integrate, RTOL) for key, entry in prepared.items()}
    measured = measure(runs, rounds=3 if smallest else 9, budget=0.02 if smallest else 3.0)
    return [
        {
            "law": law,
            "unknowns": m,
            "cells": n,
            "steps": run.steps,
            "rejected": run.rejected_steps,
            "ns": 1e9 * seconds / (n * (run.steps + run.rejected_steps)),
        }
        for (law, m, n), (seconds, run) in measured.items()
    ]


def field_rows(sides: Sequence[int]) -> list[dict]:
    measured = measure({n: step_of_stages(n) for n in sides}, rounds=9, budget=2.0)
    return [
        {"law": FIELD, "field": f"{n} x {n}", "cells": n * n, "stage_ns": 1e9 * seconds / (STAGES * n * n)}
        for n, (seconds, _) in measured.items()
    ]


if __name__ == "__main__":
    command(main)

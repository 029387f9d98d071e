"""A double layer that charges, 10 RT/F across a hundred Debye lengths: error against CPU time, beside SUNDIALS IDA and
devsim.

Time errors are those of an integrator on given cells, against a tight solution on the same cells while the layer
charges, of every unknown over its size, or over 1 where it is less. IDA is given the same cells, start and compiled
flux and source. devsim is given the same positions; both are compared by the largest error of the charge, relative, at
five moments, against values from outside.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np

if str(Path(__file__).resolve().parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from couple import OURS, codes, seconds_at, time_ratios
from device import Device
from double_layer import CHARGES, ChargedSystem, PreparedLayer
from sundials import Absent, Ida
from timing import command, machine, measure, ratio

from simulator.solve.discretise import points

CASE = "double layer"
CELLS, FEWEST_CELLS = 800, 100
MOMENT = 0.01  # width^2/D: lambda width/D, the time of charging
TIGHT = 1e-10
TOLERANCES = tuple(10.0 ** (-0.5 * k) for k in range(2, 18))
LOOSE_TOLERANCES = (1e-3, 1e-5)
TIME_ERRORS = (1e-4, 1e-6)
IDA, SUPPRESSED, DEVSIM = "IDA", "IDA, potential not tested", "devsim"
STEPS, FEWEST_STEPS = (5, 10, 20, 40), (2,)  # of devsim, from a moment to the next
CHARGE_TOLERANCES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
CHARGE_ERRORS = (1e-3, 1e-4)

# Ratios that are to be at least as large, in the full size.
PROMISED = {
    f"{CASE}: {IDA} / {OURS} at time error 1e-04": 4.0,
    f"{CASE}: {IDA} / {OURS} at time error 1e-06": 4.0,
    f"{CASE}: {DEVSIM} / {OURS} at charge error 1e-03": 100.0,
    f"{CASE}: {DEVSIM} / {OURS} at charge error 1e-04": 100.0,
}


def main(smallest: bool = False) -> dict:
    """Rows of error and time, and the ratios of times at equal errors (another code's over ours)."""
    layer = PreparedLayer(FEWEST_CELLS if smallest else CELLS)
    skipped: dict[str, str] = {}
    same, checks = same_cells(layer, smallest, skipped)
    charged = five_charges(layer, smallest, skipped)
    answer = {
        "machine": machine(),
        "cells": layer.grid.cells,
        "notes": skipped,
        "same cells": same,
        "checks": checks,
        "charges": charged,
        "ratios": time_ratios(CASE, same, TIME_ERRORS) | charge_ratios(charged),
    }
    if not smallest:
        answer["promised"] = [
            {"ratio": name, "value": answer["ratios"].get(name), "at_least": least} for name, least in PROMISED.items()
        ]
    return answer


def same_cells(layer: PreparedLayer, smallest: bool, skipped: dict) -> tuple[list[dict], dict]:
    """Both integrators on one grid: rows of time error, seconds and steps; how far tight solutions differ."""
    system = ChargedSystem(layer)
    tight = cells_of(layer, TIGHT)
    tolerances = LOOSE_TOLERANCES if smallest else TOLERANCES
    runs = {(OURS, rtol): partial(cells_of, layer, rtol) for rtol in tolerances}
    y0 = system.flat(layer.start)
    checks = {"imbalance of charge at the start": float(np.abs(layer_imbalance(system, y0)).max())}
    try:
        start = y0, system.slopes(y0)
        for code, ida in ((IDA, Ida(system)), (SUPPRESSED, Ida(system, suppressed=True))):
            checks[f"tight rodas5p against tight {code}"] = error_of(by_ida(ida, start, TIGHT, layer), tight)
            for rtol in tolerances:
                runs[code, rtol] = partial(by_ida, ida, start, rtol, layer)
    except Absent as reason:
        skipped[IDA] = str(reason)
    measured = measure(runs, rounds=3 if smallest else 15, budget=0.05 if smallest else 1.0)
    rows = [
        {"code": code, "rtol": rtol, "time_error": error_of(u, tight), "ms": 1e3 * seconds}
        for (code, rtol), (seconds, u) in measured.items()
    ]
    return rows, checks


def cells_of(layer: PreparedLayer, rtol: float) -> np.ndarray:
    return layer.integrate(rtol, MOMENT).u[:, 1:-1]


def by_ida(ida: Ida, start: tuple[np.ndarray, np.ndarray], rtol: float, layer: PreparedLayer) -> np.ndarray:
    return ida.system.unknowns(ida.run(*start, rtol, MOMENT * layer.unit_time))


def error_of(u: np.ndarray, tight: np.ndarray) -> float:
    return float(np.max(np.abs(u - tight) / np.maximum(1.0, np.abs(tight))))


def layer_imbalance(system: ChargedSystem, y0: np.ndarray) -> np.ndarray:
    """Of the potential's rows, over the concentration."""
    return system.imbalance(y0, np.zeros(y0.size))[system.differential == 0.0]


def five_charges(layer: PreparedLayer, smallest: bool, skipped: dict) -> list[dict]:
    """The charge at five moments, of one run that stops at each: rows of its largest relative error and seconds."""
    tolerances = LOOSE_TOLERANCES if smallest else CHARGE_TOLERANCES
    runs = {(OURS, f"rtol {rtol:g}"): partial(layer.charges, rtol) for rtol in tolerances}
    try:
        device = Device(points(layer.grid) / layer.grid.interval[1])
        for steps in FEWEST_STEPS if smallest else STEPS:
            runs[DEVSIM, f"{steps} steps a decade"] = partial(device.charges, steps)
    except Absent as reason:
        skipped[DEVSIM] = str(reason)
    measured = measure(runs, rounds=3 if smallest else 7, budget=0.05 if smallest else 2.0)
    return [
        {
            "code": code,
            "steps": steps,
            "charge_error": float(np.max(np.abs(charges / np.array(CHARGES) - 1.0))),
            "ms": 1e3 * seconds,
        }
        for (code, steps), (seconds, charges) in measured.items()
    ]


def charge_ratios(rows: list[dict]) -> dict:
    """Seconds of devsim over ours at equal errors of the charge."""
    ratios = {}
    for error in CHARGE_ERRORS:
        reached = {code: seconds_at(rows, code, "charge_error", error) for code in codes(rows)}
        if DEVSIM in reached:
            ratios[f"{CASE}: {DEVSIM} / {OURS} at charge error {error:.0e}"] = ratio(reached[DEVSIM], reached[OURS])
    return ratios


if __name__ == "__main__":
    command(main)

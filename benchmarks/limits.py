"""Distance from the machine's limits: memory by STREAM's triad, and the dependent operations of an elimination.

A tridiagonal elimination cannot be faster than its recurrences p = 1/(w - l q), q = u p, and x = r + e x, each of whose
steps waits for the one before; nor, where the arrays are in memory, than they can be moved. The chains are timed with
their coefficients in registers: nothing but the dependent operations. From both ends to the middle two chains run at
once, which halves the bound of one unknown a cell. Triad: McCalpin (1995), IEEE TCCA Newsletter, December, 19.
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np

if str(Path(__file__).resolve().parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from couples import Prepared, binary
from timing import command, machine, measure

from simulator.kernels.elimination import factor_scalar, substitute_scalar
from simulator.kernels.jit import Int, Real, Vector, kernel
from simulator.solve.tableaus import RODAS5P

TRIAD, SMALLEST_TRIAD = (10_000, 100_000, 10_000_000), (10_000, 100_000)  # numbers in each of its three arrays
CELLS, FEWEST_CELLS = (1_000, 1_000_000), (1_000,)
STAGES = len(RODAS5P.alpha)
# Bytes of a cell that come from memory or go there, each array counted once a pass: w, L, D, U and P, Q, E of a
# factorisation; P, E, x in and x out, then Q, x in and x out, of a substitution.
FACTOR_BYTES, SUBSTITUTE_BYTES = 7 * 8, 7 * 8
RTOL = 1e-6


@kernel
def triad(n: Int, s: Real, a: Vector, b: Vector, c: Vector):
    for i in range(n):
        a[i] = b[i] + s * c[i]


@kernel
def pivots(n: Int, w: Real, lower: Real, upper: Real, end: Vector):
    """Two chains of pivots, n/2 long each."""
    q, e = end[0], end[1]
    for _ in range(n // 2):
        q = upper * (1.0 / (w - lower * q))
        e = lower * (1.0 / (w - upper * e))
    end[0], end[1] = q, e


@kernel
def sweeps(n: Int, r: Real, a: Real, end: Vector):
    """Two chains of a substitution, there and back: n/2 long each way."""
    x, y = end[0], end[1]
    for _ in range(2 * (n // 2)):
        x = r + a * x
        y = r + a * y
    end[0], end[1] = x, y


def main(smallest: bool = False) -> dict:
    """GB/s of the triad; ns a cell of elimination and of a whole step, with the least that the machine needs."""
    rounds, budget = (3, 0.02) if smallest else (15, 2.0)
    streams = {n: [np.full(n, value) for value in (0.0, 1.0, 2.0)] for n in (SMALLEST_TRIAD if smallest else TRIAD)}
    measured = measure({n: partial(triad, n, 3.0, *arrays) for n, arrays in streams.items()}, rounds, budget)
    speeds = [
        {"numbers": n, "MB of three arrays": 24e-6 * n, "GB/s": 24e-9 * n / seconds}
        for n, (seconds, _) in measured.items()
    ]
    memory = speeds[-1]["GB/s"]
    return {
        "machine": machine(),
        "triad": speeds,
        "elimination, one unknown": elimination(FEWEST_CELLS if smallest else CELLS, memory, rounds, budget),
        "whole step, one unknown": whole_steps(FEWEST_CELLS if smallest else CELLS, rounds, budget),
    }


def elimination(sizes, memory: float, rounds: int, budget: float) -> list[dict]:
    """Rows: ns a cell, that of the chain, that of moving the arrays (memory in GB/s), and the larger as the limit."""
    runs = {}
    for n in sizes:
        w, L, D, U = np.full(n, 2.0), np.full(n, 0.9), np.zeros(n), np.full(n, 0.8)
        P, Q, E, x = (np.ones(n) for _ in range(4))
        end = np.full(2, 0.5)
        runs["factorisation", n] = partial(factor_scalar, n, w, L, D, U, P, Q, E)
        runs["factorisation, chain", n] = partial(pivots, n, 2.0, 0.9, 0.8, end)
        runs["substitution", n] = partial(substitute_scalar, n, P, Q, E, x)
        runs["substitution, chain", n] = partial(sweeps, n, 1.0, 0.4, end.copy())
        factor_scalar(n, w, L, D, U, P, Q, E)
        x[:] = 1e-3
    seconds = {key: entry.seconds for key, entry in measure(runs, rounds, budget).items()}
    rows = []
    for n in sizes:
        for what, moved in (("factorisation", FACTOR_BYTES), ("substitution", SUBSTITUTE_BYTES)):
            chain = 1e9 * seconds[f"{what}, chain", n] / n
            traffic = moved / memory if n == max(sizes) and len(sizes) > 1 else 0.0  # small arrays stay in the cache
            rows.append(
                {
                    "what": f"{what}, {n} cells",
                    "cells": n,
                    "ns": 1e9 * seconds[what, n] / n,
                    "chain_ns": chain,
                    "memory_ns": traffic,
                    "limit_ns": max(chain, traffic),
                }
            )
    return rows


def whole_steps(sizes, rounds: int, budget: float) -> list[dict]:
    """Rows: ns a cell of a step of rodas5p, and of the chains in it alone: a factorisation, a substitution a stage."""
    rows = []
    for n in sizes:
        prepared, end = Prepared(binary(n)), np.full(2, 0.5)
        runs = {
            "step": partial(prepared.integrate, RTOL),
            "pivots": partial(pivots, n, 2.0, 0.9, 0.8, end),
            "sweeps": partial(sweeps, n, 1.0, 0.4, end.copy()),
        }
        measured = measure(runs, rounds, budget)
        run = measured["step"].value
        chains = measured["pivots"].seconds + STAGES * measured["sweeps"].seconds
        rows.append(
            {
                "what": f"step of rodas5p, {n} cells",
                "cells": n,
                "ns": 1e9 * measured["step"].seconds / (n * (run.steps + run.rejected_steps)),
                "limit_ns": 1e9 * chains / n,
            }
        )
    return rows


if __name__ == "__main__":
    command(main)

"""What a cell costs a step: laws and numbers of components on one grid, with rejected steps and lost mass."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

if str(Path(__file__).resolve().parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from couples import END, Prepared, binary, ternary
from timing import command, machine, measure

from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.problem.problem import Problem

CELLS, FEWEST_CELLS = 1000, 100
RTOL = 1e-6
TABLE, MATRIX_2 = "binary, Kirchhoff table", "2 unknowns, matrix"


def main(smallest: bool = False) -> dict:
    """Rows of ns per cell and step, steps, rejected steps, largest change of an inventory; the two promised costs."""
    cells = FEWEST_CELLS if smallest else CELLS
    prepared = {name: Prepared(problem) for name, problem in problems(cells, (3, 4) if smallest else (3, 4, 8)).items()}
    runs = {name: partial(entry.integrate, RTOL) for name, entry in prepared.items()}
    measured = measure(runs, rounds=3 if smallest else 15, budget=0.05 if smallest else 2.0)
    rows = []
    for name, entry in prepared.items():
        integration = entry.integrate(RTOL)
        rows.append(
            {
                "law": name,
                "ns": 1e9 * measured[name].seconds / (integration.steps * cells),
                "steps": integration.steps,
                "rejected": integration.rejected_steps,
                "mass_error": mass_error(entry, integration.u),
            }
        )
    cost = {row["law"]: row["ns"] for row in rows}
    answer = {"machine": machine(), "cells": cells, "ns per cell and step": rows}
    if not smallest:  # on few cells a step costs more than its cells
        answer["promised"] = [
            {"law": TABLE, "ns": cost[TABLE], "at_most": 60.0},
            {"law": MATRIX_2, "ns": cost[MATRIX_2], "at_most": 130.0},
        ]
    return answer


def problems(cells: int, unknowns: Sequence[int]) -> dict[str, Problem]:
    """One of each kind of coefficient, and full matrices of so many unknowns, by name."""
    found = {
        TABLE: binary(cells),
        "binary, table times a(t)": binary(cells, "exp(3*x_B)*(1+t)"),
        "binary, program of x and t": binary(cells, "exp(3*x_B)+t"),
        MATRIX_2: ternary(cells),
    }
    return found | {f"{m} unknowns, matrix": matrix(m, cells) for m in unknowns}


def matrix(m: int, cells: int) -> Problem:
    """A step in m independent components with a constant full matrix D of eigenvalues near 1."""
    names = tuple(f"C{k}" for k in range(m + 1))
    mixture = Mixture(names, names[-1])
    D = np.eye(m) + 0.1 * np.arange(m * m).reshape(m, m) / m**2
    left, right = np.full(m, 0.1 / m), np.linspace(0.2, 0.6, m) / m
    return Problem(
        mixture=mixture,
        law=Fick(mixture, D=D.tolist()),
        domain=Domain(interval=(-12.0, 12.0), cells=cells),
        initial=Step(
            at=0.0,
            left=dict(zip(mixture.independent, left.tolist(), strict=True)),
            right=dict(zip(mixture.independent, right.tolist(), strict=True)),
        ),
        end=END,
    )


def mass_error(prepared: Prepared, u: np.ndarray) -> float:
    """Largest change of a component's inventory as a part of the sample."""
    volumes = prepared.grid.volumes
    change = ((u - prepared.start)[:, 1:-1] * volumes).sum(axis=1)
    return float(np.max(np.abs(change)) / volumes.sum())


if __name__ == "__main__":
    command(main)

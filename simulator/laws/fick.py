"""Fick's law with constant molar volume, for any number of components."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.laws.coefficient import Coefficient, read_coefficient
from simulator.laws.law import key
from simulator.laws.matrix_law import MatrixLaw
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.program import Program, number

UNIT = "m^2/s"


@dataclass(frozen=True)
class Fick(MatrixLaw):
    """Fluxes proportional to the gradients of the mole fractions.

        J_i = -sum_j D_ij grad x_j,   dx_i/dt = -div J_i,   i, j over the m = n - 1 independent components

    D in m^2/s, in the frame in which no volume crosses: one coefficient for two components, an m x m nested list of
    them for n; one coefficient for n components stands for itself times the identity. Raises Invalid for another
    shape, and for every coefficient that cannot be read. `folder` is where table files are looked for.
    Source: Fick (1855), Ann. Phys. 170, 59; Onsager (1945), Ann. N. Y. Acad. Sci. 46, 241.
    """

    kind: ClassVar[str] = "fick"
    equation: ClassVar[str] = "dx_i/dt = div sum_j D_ij grad x_j"
    sources: ClassVar[tuple[str, ...]] = (
        "Fick (1855), Ann. Phys. 170, 59",
        "Onsager (1945), Ann. N. Y. Acad. Sci. 46, 241",
    )

    sections: ClassVar[tuple[str, ...]] = ("molar_volume",)
    where: ClassVar[str] = "law.D"

    D: Any = key(
        "Interdiffusivity: one coefficient, or for n components a nested list D[i][j] over the independent ones.",
        unit=UNIT,
        shape="matrix",
        example="1e-14*exp(3*x_Ni)",
    )
    molar_volume: MolarVolume | None = None
    folder: Path | str | None = None

    def __post_init__(self):
        _ = self.coefficients  # every fault at the door

    @cached_property
    def coefficients(self) -> tuple[tuple[Coefficient, ...], ...]:
        """D_ij as m rows of m coefficients."""
        m = self.mixture.m
        rows = self.D.tolist() if isinstance(self.D, np.ndarray) else self.D
        if not isinstance(rows, list | tuple):
            given = read_coefficient(rows, self.mixture, UNIT, "law.D", self.folder)
            zero = Coefficient(0.0, Program((number(0.0),), m))
            return tuple(tuple(given if i == j else zero for j in range(m)) for i in range(m))
        lengths = [len(row) if isinstance(row, list | tuple) else 0 for row in rows]
        if lengths != [m] * m:
            count = f"{m} independent component{'s' * (m > 1)}"
            raise Invalid.at("law.D", f"expected a {m} x {m} matrix for {count}, got {shape_of(lengths)}.")
        faults: list[Fault] = []
        read = [[self.read_entry(rows, i, j, faults) for j in range(m)] for i in range(m)]
        if faults:
            raise Invalid(*faults)
        return tuple(map(tuple, read))

    def read_entry(self, rows, i: int, j: int, faults: list[Fault]) -> Coefficient | None:
        try:
            return read_coefficient(rows[i][j], self.mixture, UNIT, f"law.D[{i}][{j}]", self.folder)
        except Invalid as invalid:
            faults += invalid.faults
            return None

    @cached_property
    def matrix(self) -> Program:
        """D_11, D_12, .. as one program of m m outputs."""
        return Program.join(*(entry.program for row in self.coefficients for entry in row))

    def entry(self, i: int, j: int) -> str:
        return f"law.D[{i}][{j}]" if isinstance(self.D, list | tuple) and self.mixture.m > 1 else self.where

    @property
    def scalar(self) -> bool:
        return self.mixture.m == 1 or not isinstance(self.D, list | tuple | np.ndarray)


def shape_of(lengths: list[int]) -> str:
    """The shape of a nested list in words."""
    if not any(lengths):
        return f"a list of {len(lengths)}"
    if len(set(lengths)) == 1:
        return f"{len(lengths)} x {lengths[0]}"
    return f"rows of {', '.join(map(str, lengths))}"

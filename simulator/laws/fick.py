"""Fick's law with constant molar volume, for any number of components."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.kernels import fick as kernels
from simulator.laws.coefficient import Coefficient, read_coefficient
from simulator.laws.kirchhoff import kirchhoff_table, separated
from simulator.laws.law import Equations, Law, key, simplex_bounds
from simulator.laws.program import Program, number

UNIT = "m^2/s"
INITIALLY = ORIGIN = np.zeros(1)


@dataclass(frozen=True)
class Fick(Law):
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

    D: Any = key(
        "Interdiffusivity: one coefficient, or for n components a nested list D[i][j] over the independent ones.",
        unit=UNIT,
        shape="matrix",
        example="1e-14*exp(3*x_Ni)",
    )
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
        read = [[self.entry(rows, i, j, faults) for j in range(m)] for i in range(m)]
        if faults:
            raise Invalid(*faults)
        return tuple(map(tuple, read))

    def entry(self, rows, i: int, j: int, faults: list[Fault]) -> Coefficient | None:
        try:
            return read_coefficient(rows[i][j], self.mixture, UNIT, f"law.D[{i}][{j}]", self.folder)
        except Invalid as invalid:
            faults += invalid.faults
            return None

    @cached_property
    def program(self) -> Program:
        """D_11, D_12, .. as one program of m m outputs."""
        return Program.join(*(entry.program for row in self.coefficients for entry in row))

    def equations(self, lowest: np.ndarray, highest: np.ndarray, temperatures: tuple[float, float]) -> Equations:
        """Kernels for D as it is: constant, uniform, a Kirchhoff table, such a table times a(t, T), or a program.

        lowest, highest (m,): the range of the independent fractions; temperatures: the range of T in K.
        """
        coldest, hottest = temperatures
        program = self.program.fixed(T=coldest) if coldest == hottest else self.program
        flux, slopes, parameters = self.kernels_for(program, float(np.min(lowest[0])), float(np.max(highest[0])))
        m = self.mixture.m
        return Equations(
            names=tuple(f"x_{name}" for name in self.mixture.independent),
            flux=flux,
            flux_slopes=slopes,
            parameters=parameters,
            bounds=simplex_bounds(m),
            autonomous=not program.depends_on & {"t", "T"},
        )

    def kernels_for(self, program: Program, lowest: float, highest: float):
        """flux, flux_slopes and their parameters."""
        m = self.mixture.m
        if not program.depends_on:
            return kernels.matrix_flux, kernels.matrix_flux_slopes, program(np.zeros(m))
        form, code, table = kernels.GENERAL, program.code, np.zeros(0)
        if not program.depends_on & {"composition", "x"}:
            form = kernels.UNIFORM
        parts = separated(program) if m == 1 and form == kernels.GENERAL else None
        if parts is not None:
            by_composition, by_time = parts
            found = kirchhoff_table(lambda x: by_composition(x[None])[0], lowest, highest)
            if found is not None and not by_time.depends_on:
                found[kernels.TABLE_HEAD :] *= by_time(np.zeros(m))[0]
                return kernels.kirchhoff_flux, kernels.kirchhoff_flux_slopes, found
            if found is not None:
                form, code, table = kernels.SCALED_TABLE, by_time.code, found
        parameters = np.concatenate([[form, kernels.PROGRAM + len(code)], code, table])
        return kernels.program_flux, kernels.program_flux_slopes, parameters

    def coefficient(self, name: str, fractions: np.ndarray, T: float, t: float = 0.0) -> np.ndarray:
        """Interdiffusivity in m^2/s at independent fractions (m, k): (k,) for a binary, (m, m, k) otherwise."""
        if name != "interdiffusivity":
            raise KeyError(name)
        m = self.mixture.m
        fractions = np.asarray(fractions, float)
        values = self.program(fractions, T=T, t=t)
        return values[0] if m == 1 else values.reshape(m, m, *fractions.shape[1:])

    @property
    def depends_on(self) -> frozenset[str]:
        return self.program.depends_on

    def check(
        self,
        compositions: np.ndarray,
        temperatures: np.ndarray,
        times: np.ndarray = INITIALLY,
        positions: np.ndarray = ORIGIN,
    ) -> None:
        """Raise Invalid unless D is finite, not negative (binary), or of eigenvalues with positive real parts (matrix).

        compositions (m, k); temperatures (j,) in K; times in s and positions in m count where D depends on them.
        """
        m = self.mixture.m
        compositions = np.asarray(compositions, float).reshape(m, -1)
        temperatures = np.atleast_1d(np.asarray(temperatures, float))
        if "T" in self.depends_on and not (temperatures.size and np.isfinite(temperatures).all()):
            raise Invalid.at("law.D", 'the law needs a temperature: add [temperature] value = "1000 degC".')
        for T in temperatures if temperatures.size else (np.nan,):
            for t in times if "t" in self.depends_on else INITIALLY:
                for x in positions if "x" in self.depends_on else ORIGIN:
                    self.check_at(compositions, float(T), float(t), float(x))

    def check_at(self, compositions: np.ndarray, T: float, t: float, x: float) -> None:
        """`check` at one temperature, time and position."""
        m = self.mixture.m
        D = np.broadcast_to(self.program(compositions, x=x, t=t, T=T), (m * m, compositions.shape[1]))
        for a, values in enumerate(D):
            if not np.isfinite(values).all():
                worst = int(np.argmin(np.isfinite(values)))
                where = "law.D" if not isinstance(self.D, list | tuple) or m == 1 else f"law.D[{a // m}][{a % m}]"
                place = self.place(compositions[:, worst], T, t, x)
                raise Invalid.at(where, f"the interdiffusivity is {values[worst]:g} at {place}; it must be finite.")
        lowest, what, rule = D[0], "interdiffusivity is", "it must not be negative"
        ill = lowest < 0.0
        if isinstance(self.D, list | tuple | np.ndarray) and m > 1:
            matrices = np.moveaxis(D.reshape(m, m, -1), -1, 0)
            lowest = np.linalg.eigvals(matrices).real.min(axis=-1)
            what, rule = "matrix has an eigenvalue of real part", "every eigenvalue must have a positive real part"
            ill = lowest <= 0.0
        if ill.any():
            worst = int(np.argmin(lowest))
            place = self.place(compositions[:, worst], T, t, x)
            raise Invalid.at("law.D", f"the {what} {lowest[worst]:.4g} m^2/s at {place}; {rule}.")

    def place(self, composition: np.ndarray, T: float, t: float, x: float) -> str:
        """A composition, and what else D depends on, in words."""
        named = zip(self.mixture.independent, composition, strict=True)
        text = ", ".join(f"x_{name} = {value:.4g}" for name, value in named)
        others = (("t", f"t = {t:.4g} s"), ("x", f"x = {x:.4g} m"))
        text += "".join(f", {words}" for name, words in others if name in self.depends_on)
        return f"{text} (T = {T:.4g} K)" if np.isfinite(T) else text


def shape_of(lengths: list[int]) -> str:
    """The shape of a nested list in words."""
    if not any(lengths):
        return f"a list of {len(lengths)}"
    if len(set(lengths)) == 1:
        return f"{len(lengths)} x {lengths[0]}"
    return f"rows of {', '.join(map(str, lengths))}"

"""Molar volume of a mixture as a function of its composition, and the partial molar volumes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.laws.coefficient import read_coefficient
from simulator.laws.formula import Formula
from simulator.laws.mixture import Mixture

KINDS = ("constant", "vegard", "expression")
UNIT = "m^3/mol"
NAME = "V_m"


@dataclass(frozen=True)
class MolarVolume:
    """V_m in m^3/mol: constant, of Vegard's rule, or any expression of the mole fractions.

        constant: V_m;   vegard: V_m = sum_k x_k V_k;   expression: V_m(x)

    values: the keys of [molar_volume] besides kind: V_m, or for Vegard's rule one number a component. With
    interstitials it is the volume for each mole of substitutional atoms, and constant.
    Raises Invalid for every key that is missing, unknown or not a positive volume.
    """

    mixture: Mixture
    kind: str = "constant"
    values: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | str | None = None

    def __post_init__(self):
        if self.kind not in KINDS:
            hint = near(str(self.kind), KINDS)
            raise Invalid.at("molar_volume.kind", f"unknown kind {self.kind!r}; there is {', '.join(KINDS)}.{hint}")
        wanted = self.mixture.components if self.kind == "vegard" else (NAME,)
        faults = [
            Fault(f"molar_volume.{name}", f"unknown key.{near(name, wanted)} Expected {', '.join(wanted)}.")
            for name in self.values
            if name not in wanted
        ]
        faults += [
            Fault("molar_volume", f'{name} is missing: {name} = "7.1e-6 m^3/mol".')
            for name in wanted
            if name not in self.values
        ]
        if self.mixture.interstitial and self.kind != "constant":
            faults.append(
                Fault("molar_volume.kind", 'beside interstitials the volume of the lattice is constant: "constant".')
            )
        if faults:
            raise Invalid(*faults)
        _ = self.formula

    @cached_property
    def formula(self) -> Formula:
        """V_m as a formula of the unknowns."""
        faults, read = [], {}
        for name, spec in self.values.items():
            try:
                read[name] = self.read(name, spec)
            except Invalid as invalid:
                faults += invalid.faults
        if faults:
            raise Invalid(*faults)
        if self.kind != "vegard":
            return read[NAME]
        # From the dependent component's volume, so that its formula is linear in the unknowns.
        from simulator.laws.formula import unknown

        base = read[self.mixture.dependent]
        return base + sum(unknown(k) * (read[name] - base) for k, name in enumerate(self.mixture.independent))

    def read(self, name: str, spec: Any) -> Formula:
        where = f"molar_volume.{name}"
        program = read_coefficient(spec, self.mixture, UNIT, where, self.folder).program
        allowed = {"composition"} if self.kind == "expression" else set()
        foreign = sorted(program.depends_on - allowed)
        if foreign:
            known = "the composition only" if allowed else "nothing: it is a number"
            hint = ' For a function of the composition use kind = "expression".' if "composition" in foreign else ""
            raise Invalid.at(where, f"depends on {foreign[0]}, but may depend on {known}.{hint}")
        if not program.depends_on and not program(np.zeros(self.mixture.m))[0] > 0.0:
            raise Invalid.at(
                where, f"a molar volume is positive, got {program(np.zeros(self.mixture.m))[0]:g} m^3/mol."
            )
        return Formula.of(program)

    @property
    def table(self) -> dict[str, Any]:
        """The section of a case that says the same."""
        return {"kind": self.kind, **self.values}

    @cached_property
    def varies(self) -> bool:
        """Whether V_m depends on the composition."""
        return bool(self.formula.program(self.mixture.m).depends_on)

    @cached_property
    def linear(self) -> bool:
        """Whether the partial molar volumes are constant: the volume-fixed frame then rests on the lab axis."""
        return not any(entry.program(self.mixture.m).depends_on for entry in self.derivatives)

    @cached_property
    def reference(self) -> float:
        """V_0, the volume of the pure dependent component: the axis q = V_0 n of the mole coordinate is in metres."""
        return float(self(np.zeros((self.mixture.m, 1)))[0])

    @cached_property
    def derivatives(self) -> tuple[Formula, ...]:
        """dV_m/du_j as formulas (m)."""
        return tuple(self.formula.derivative(j) for j in range(self.mixture.m))

    @cached_property
    def program(self):
        """V_m and its m derivatives as one program."""
        return Formula.join([self.formula, *self.derivatives], self.mixture.m)

    def __call__(self, unknowns: np.ndarray) -> np.ndarray:
        """V_m (...) at unknowns (m, ...)."""
        unknowns = np.asarray(unknowns, float)
        return np.broadcast_to(self.program(unknowns)[0], unknowns.shape[1:])

    def slopes(self, unknowns: np.ndarray) -> np.ndarray:
        """dV_m/du_j (m, ...) at unknowns (m, ...)."""
        unknowns = np.asarray(unknowns, float)
        return np.broadcast_to(self.program(unknowns)[1:], unknowns.shape)

    def partial(self, unknowns: np.ndarray) -> np.ndarray:
        """Partial molar volumes (n, ...) in the order of the components, at unknowns (m, ...).

        V_k = V_m + dV_m/dx_k - sum_j x_j dV_m/dx_j,   the derivative by the dependent component being 0
        """
        unknowns = np.asarray(unknowns, float)
        slopes = self.slopes(unknowns)
        rest = self(unknowns) - (unknowns * slopes).sum(axis=0)
        of = dict(zip(self.mixture.independent, slopes, strict=True))
        return np.stack([rest + of.get(name, 0.0) for name in self.mixture.components])

    def volume_fixed(self, matrix: np.ndarray, unknowns: np.ndarray) -> np.ndarray:
        """Interdiffusivities (m, m, k) of the volume-fixed frame from those of the number-fixed frame.

            D^V = T D^N T^-1,   T_ij = delta_ij - C_i (V_j - V_n),   C_i = x_i / V_m,   n the dependent component

        with J_i^V = -sum_j D^V_ij grad C_j. The eigenvalues are the same; for two components the matrices are.
        """
        unknowns = np.asarray(unknowns, float)
        m = self.mixture.m
        # V_j - V_n is the derivative of V_m by x_j.
        T = np.eye(m)[:, :, None] - (unknowns / self(unknowns))[:, None] * self.slopes(unknowns)[None, :]
        T, D = np.moveaxis(T, -1, 0), np.moveaxis(np.asarray(matrix, float).reshape(m, m, -1), -1, 0)
        return np.moveaxis(T @ D @ np.linalg.inv(T), 0, -1)

    def check(self, compositions: np.ndarray) -> None:
        """Raise Invalid unless V_m is positive and finite at unknowns (m, k)."""
        values = self(compositions)
        bad = ~(values > 0.0) | ~np.isfinite(values)
        if bad.any():
            worst = int(np.argmax(bad))
            names = zip(self.mixture.independent, compositions[:, worst], strict=True)
            place = ", ".join(f"x_{name} = {value:.4g}" for name, value in names)
            where = f"molar_volume.{NAME}" if self.kind != "vegard" else "molar_volume"
            raise Invalid.at(where, f"the molar volume is {values[worst]:.4g} m^3/mol at {place}; it must be positive.")

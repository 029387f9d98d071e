"""The mobilities of a solution that may un-mix: from tracer diffusivities, or as they are given."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.laws.coefficient import Coefficient, read_coefficient
from simulator.laws.fick import shape_of
from simulator.laws.formula import Formula, constant, unknown
from simulator.laws.mixture import Mixture
from simulator.laws.program import Program

UNIT = "mol m^2/(J s)"
DEGENERATE, UNIFORM = "degenerate", "constant"


@dataclass(frozen=True)
class Mobility:
    """M_ij over the m = n - 1 independent components, mol m^2/(J s), in the number-fixed frame, per mole.

        degenerate   M_ij = sum_k (delta_ik - x_i) (delta_jk - x_j) x_k D_k/(RT),   k over all n components
        constant     the same at x_k = 1/n: D/(4RT) for two components of one D
        otherwise    a coefficient, or a nested list of them

    D: one coefficient in m^2/s, or one for each component; thermal: RT as a formula. Raises Invalid with every fault.
    """

    mixture: Mixture
    mobility: Any
    D: Any
    thermal: Formula
    folder: Path | str | None = None

    @cached_property
    def program(self) -> Program:
        """M_ij (m m) row by row, mol m^2/(J s)."""
        if isinstance(self.mobility, str) and self.mobility in (DEGENERATE, UNIFORM):
            return Formula.join(self.from_tracers(), self.mixture.m)
        if self.D is not None:
            text = f'goes with mobility = "{DEGENERATE}" or "{UNIFORM}"; leave it out where the mobility is given.'
            raise Invalid.at("law.D", text)
        return Program.join(*(entry.program for entry in self.given()))

    def given(self) -> list[Coefficient]:
        m, where, rows = self.mixture.m, "law.mobility", self.mobility
        rows = rows.tolist() if isinstance(rows, np.ndarray) else rows
        if not isinstance(rows, list | tuple):
            if m > 1:
                text = (
                    f'expected "{DEGENERATE}", "{UNIFORM}" or a {m} x {m} matrix over the independent components, '
                    "got one coefficient."
                )
                raise Invalid.at(where, text)
            return [self.read(rows, UNIT, where)]
        lengths = [len(row) if isinstance(row, list | tuple) else 0 for row in rows]
        if lengths != [m] * m:
            text = f"expected a {m} x {m} matrix over the independent components, got {shape_of(lengths)}."
            raise Invalid.at(where, text)
        return [
            self.read(entry, UNIT, f"{where}[{i}][{j}]") for i, row in enumerate(rows) for j, entry in enumerate(row)
        ]

    def from_tracers(self) -> list[Formula]:
        """M_ij (m m) from D_k of all components."""
        mixture = self.mixture
        tracers = dict(zip(mixture.components, self.tracers, strict=True))
        names = (*mixture.independent, mixture.dependent)
        if self.mobility == UNIFORM:
            x = [constant(1.0 / len(names))] * len(names)
        else:
            x = [unknown(j) for j in range(mixture.m)]
            x.append(1.0 - sum(x, constant(0.0)))
        mobile = [x[k] * tracers[name] for k, name in enumerate(names)]
        alike = all(tracers[name] is tracers[names[0]] for name in names)
        inverse = 1.0 / self.thermal
        found = []
        for i, j in product(range(mixture.m), repeat=2):
            if alike:  # sum_k (delta_ik - x_i)(delta_jk - x_j) x_k = x_i (delta_ij - x_j)
                entry = mobile[i] * ((1.0 if i == j else 0.0) - x[j])
            else:
                entry = sum(
                    (((k == i) - x[i]) * ((k == j) - x[j]) * mobile[k] for k in range(len(names))), constant(0.0)
                )
            found.append(entry * inverse)
        return found

    @cached_property
    def tracers(self) -> tuple[Formula, ...]:
        """D_k (n) in the order of the components; one object where they are one."""
        where, given, names = "law.D", self.D, self.mixture.components
        if given is None:
            text = f'is missing: mobility = "{self.mobility}" is made from it, D = "1e-18 m^2/s".'
            raise Invalid.at(where, text)
        by_name = isinstance(given, Mapping) and any(name in self.mixture.components for name in given)
        if not by_name:
            return (Formula.of(self.read(given, "m^2/s", where)),) * len(names)
        faults = [Fault(f"{where}.{name}", self.mixture.unknown(str(name))) for name in given if name not in names]
        faults += [Fault(where, f"{name} is missing; give every component's, or one for all.") for name in names
                   if name not in given]  # fmt: skip
        if faults:
            raise Invalid(*faults)
        return tuple(Formula.of(self.read(given[name], "m^2/s", f"{where}.{name}")) for name in names)

    def read(self, spec: Any, unit: str, where: str) -> Coefficient:
        found = read_coefficient(spec, self.mixture, unit, where, self.folder)
        foreign = sorted(found.depends_on - {"composition", "T"})
        if foreign:
            raise Invalid.at(where, f"may depend on the composition and T, but depends on {foreign[0]}.")
        return found

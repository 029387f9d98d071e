"""The two ends of a solution of ions, as rows of the engine: compositions, electrodes, and what drives the current."""

import numpy as np

from simulator.laws.charge import electrodes_of, thermal_voltage
from simulator.laws.expression import CONSTANTS
from simulator.laws.program import Program, apply, number
from simulator.problem.problem import Problem
from simulator.problem.programs import tree_of, weighted_sum

FARADAY = CONSTANTS["F"]


class IonEnds:
    """Rows c - a u - b F = 0 of a problem of ions at both ends, for concentrations in `unit` mol/m^3 and the potential
    in RT/F. order: places of the ions as the engine takes them; electrode: the ion that neutrality eliminates."""

    def __init__(self, problem: Problem, areas: np.ndarray, unit: float):
        """areas: of all faces, of which the first and the last are used."""
        self.problem, self.law, self.areas, self.unit = problem, problem.law, areas, unit
        electrodes = electrodes_of(problem)
        self.electrode = electrodes[-1] if electrodes else ""
        self.order = self.law.order(self.electrode)

    @property
    def neutral(self) -> bool:
        return self.law.neutral

    @property
    def z(self) -> np.ndarray:
        """Charges in the engine's order of the ions."""
        return self.problem.mixture.z[self.order]

    def of_ions(self, rows: np.ndarray) -> np.ndarray:
        """Those of the ions that have one, in the engine's order, from (n, ..) in the order of the case."""
        return rows[self.order][: self.problem.mixture.m - self.neutral]

    def voltage_at(self, t: float) -> float:
        """phi(right) - phi(left) that is given, in V; nan where none is."""
        kind, program = self.law.driven
        if kind not in ("voltage", "bias"):
            return np.nan
        T = self.problem.temperature_at(t)
        value = float(program(np.zeros(self.problem.mixture.m), t=t, T=T)[0])
        return value + (self.built_in(T) if kind == "bias" else 0.0)

    def built_in(self, T: float) -> float:
        """phi(right) - phi(left), V, at which the first ion is in equilibrium between the ends."""
        left, right = self.concentrations(T)
        first = self.problem.mixture.z[0]
        return -thermal_voltage(T) / first * float(np.log(right[0] / left[0]))

    def concentrations(self, T: float) -> list[np.ndarray]:
        """(n,) at the left and the right: held there, or of the start."""
        found = []
        start = self.problem.initial.ends(self.problem.mixture, self.problem.domain.interval)
        for k, end in enumerate((self.problem.boundary.left, self.problem.boundary.right)):
            held = end.composition(self.problem.mixture, 0.0, T) if hasattr(end, "composition") else start[:, k]
            found.append(held)
        return found

    def rows(self, T: float) -> np.ndarray:
        """(m, 6) rows of the ends at t = 0, scaled."""
        problem = self.problem
        rows = self.of_ions(problem.boundary.rows(problem.mixture, 0.0, T, self.areas)).copy()
        rows[:, [0, 3]] /= self.unit
        for side, first in (("left", 0), ("right", 3)):
            k = self.electrode_row(side)
            if k is not None:
                rows[k, first] = self.current_at(0.0, T) / self.z[k]
        potential = [0.0, 1.0, 0.0, *self.far_end(T)]
        return np.vstack([rows, potential])

    def electrode_row(self, side: str) -> int | None:
        """The row of the ion of an electrode, if it is none that neutrality eliminated."""
        end = getattr(self.problem.boundary, side)
        if end.word != "electrode" or end.ion == self.electrode:
            return None
        return self.order.index(self.problem.mixture.components.index(end.ion))

    def current_at(self, t: float, T: float) -> float:
        """The given current over F and the unit, per area."""
        kind, program = self.law.driven
        if kind != "current":
            return 0.0
        value = float(program(np.zeros(self.problem.mixture.m), t=t, T=T)[0])
        return value * float(self.areas[-1]) / (FARADAY * self.unit)

    def far_end(self, T: float) -> list[float]:
        """The row of the potential at the right end: its value, the current, or no field."""
        voltage = self.voltage_at(0.0)
        if np.isfinite(voltage):
            return [voltage / thermal_voltage(T), 1.0, 0.0]
        return [self.current_at(0.0, T), 0.0, 1.0]

    def program(self) -> Program | None:
        """c of the left end (m), then of the right (m), of t and T; None if nothing changes in time."""
        problem, (kind, driven) = self.problem, self.law.driven
        history = problem.temperature
        moves = bool(driven.depends_on & {"t", "T"}) or (kind in ("voltage", "bias") and not history.constant)
        if not (problem.boundary.depends_on_time or moves):
            return None
        trees = []
        given = driven.trees[0]
        for side, end, area in (
            ("left", problem.boundary.left, self.areas[0]),
            ("right", problem.boundary.right, self.areas[-1]),
        ):
            terms = end.sources(problem.mixture, float(area), side)
            mine = []
            for row in terms:
                rows = [
                    (
                        factor / self.unit,
                        tree_of(value, problem.mixture, f"boundary.{side}", ("t", "T"), end.unit(problem.mixture)),
                    )
                    for factor, value in row
                ]
                mine.append(weighted_sum(rows))
            mine = [mine[k] for k in self.order][: problem.mixture.m - self.neutral]
            at = self.electrode_row(side)
            if at is not None and kind == "current":
                mine[at] = apply("mul", given, number(float(area) / (FARADAY * self.unit * self.z[at])))
            if side == "left" or kind == "":
                potential = number(0.0)
            elif kind == "current":
                potential = apply("mul", given, number(float(area) / (FARADAY * self.unit)))
            else:
                built_in = number(self.built_in(problem.temperature_at(0.0)) if kind == "bias" else 0.0)
                over = apply("div", number(FARADAY / CONSTANTS["R"]), ("T",))
                potential = apply("mul", apply("add", given, built_in), over)
            trees += [*mine, potential]
        return Program(tuple(trees), len(trees) // 2)

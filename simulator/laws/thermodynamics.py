"""Thermodynamics of a solution: chemical potentials, the Hessian, thermodynamic factors, and where it is stable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from simulator.faults import Invalid, near
from simulator.laws import miscibility
from simulator.laws.assessment import Assessment, check_temperature, read_assessment
from simulator.laws.excess import misplaced, read_excess, read_whole
from simulator.laws.expression import CONSTANTS, mole_fractions
from simulator.laws.formula import Formula, constant, log, temperature, unknown
from simulator.laws.mixture import Mixture
from simulator.laws.program import Program, replaced

R = CONSTANTS["R"]
UNITS = ("SI", "reduced")


@dataclass(frozen=True)
class Thermodynamics:
    """The molar Gibbs energy of mixing, J/mol, and what follows from it.

        G = R T sum_k x_k ln x_k + g(x, T),   mu_k = G + dG/dx_k - sum_j x_j dG/dx_j

    k over all n components, j over the m = n - 1 independent ones; the derivative by the dependent one is 0.
    kind, omega, excess: what gives the excess energy g, see `simulator.laws.excess.read_excess`; or `g`, the whole
    of G. kind = "tdb": that of `phase` in the TDB file `file`, nan at temperatures of which the file says nothing.
    units: "SI", or "reduced", in which R T = 1 at every T, given or not. `folder` is where table files are looked for.

    Formulas are of the unknowns of the mixture. Arrays are of independent mole fractions x (m, ...), beside
    interstitials too, and T in K. Raises Invalid for everything of the section that cannot be used.
    """

    mixture: Mixture
    kind: str = "ideal"
    omega: Mapping[str, Any] = field(default_factory=dict)
    excess: Any = None
    g: Any = None
    units: str = "SI"
    folder: Path | str | None = None
    file: str = ""
    phase: str = ""

    def __post_init__(self):
        if self.units not in UNITS:
            hint = near(str(self.units), UNITS)
            text = f"unknown units {repr(self.units)[:40]}; there is {', '.join(UNITS)}.{hint}"
            raise Invalid.at("thermodynamics.units", text)
        _ = self.energy  # every fault at the door
        if self.units == "reduced" and "T" in self.energy.program(self.mixture.m).depends_on:
            text = 'in reduced units R T = 1 and nothing depends on T; write numbers, or leave units = "reduced" out.'
            raise Invalid.at("thermodynamics.units", text)

    def kelvin(self, T: float) -> float:
        """T, or in reduced units that at which R T = 1 J/mol."""
        return 1.0 / R if self.units == "reduced" else T

    def RT(self, T: float) -> float:
        """J/mol; 1 in reduced units."""
        return 1.0 if self.units == "reduced" else R * T

    @cached_property
    def thermal(self) -> Formula:
        """R T as a formula."""
        return constant(1.0) if self.units == "reduced" else R * temperature

    @cached_property
    def whole(self) -> Formula | None:
        """G as a formula of the independent mole fractions where it was given itself."""
        return None if self.g is None else read_whole(self.plain, self.kind, self.excess, self.g, self.folder)

    @cached_property
    def plain(self) -> Mixture:
        """The same components with mole fractions as unknowns."""
        return Mixture(self.mixture.components, self.mixture.dependent, self.mixture.parameters)

    @cached_property
    def assessment(self) -> Assessment | None:
        """What the TDB file says; None for every other kind."""
        if self.kind != "tdb":
            if self.file or self.phase:
                text = f'kind = "{self.kind}" has no file and no phase; write kind = "tdb", or leave them out.'
                raise Invalid.at("thermodynamics", text)
            return None
        faults = misplaced(self.kind, self.omega or None, self.excess)
        if faults:
            raise Invalid(*faults)
        read = read_assessment(self.file, self.phase, self.mixture, "thermodynamics", folder=self.folder)
        read.check(self.mixture, "thermodynamics.phase")
        return read

    @property
    def temperatures(self) -> tuple[float, float]:
        """The range of T in K in which g is known."""
        return (0.0, np.inf) if self.assessment is None else self.assessment.energy.temperatures

    def check_temperature(self, T: float) -> None:
        """Raise Invalid at a T, in K, at which g is not known."""
        check_temperature(T, self.temperatures, f"the Gibbs energy in {self.file}")

    def known(self, T: float) -> float:
        """T in K, as it is, or in reduced units their own; Invalid unless it is one at which g is known."""
        T = self.kelvin(T)
        self.check_temperature(positive(T))
        return float(T)

    @cached_property
    def energy(self) -> Formula:
        """g as a formula of the independent mole fractions."""
        if self.assessment is not None:
            return self.assessment.energy.formula(mole_fractions(self.plain), "thermodynamics.file")
        if self.whole is None:
            return read_excess(self.plain, self.kind, self.omega, self.excess, self.folder)
        x = mole_fractions(self.plain)
        return self.whole - self.thermal * sum((entry * log(entry) for entry in x), constant(0.0))

    @cached_property
    def energy_slopes(self) -> list[Formula]:
        """dg/dx_j (m)."""
        return [self.energy.derivative(j) for j in range(self.mixture.m)]

    @cached_property
    def energy_curvatures(self) -> list[list[Formula]]:
        """d2g/dx_i dx_j (m, m); an entry and its mirror image are one object."""
        m = self.mixture.m
        upper = {(i, j): self.energy_slopes[i].derivative(j) for i in range(m) for j in range(i, m)}
        return [[upper[min(i, j), max(i, j)] for j in range(m)] for i in range(m)]

    @cached_property
    def energy_potentials(self) -> list[Formula]:
        """mu_k - R T ln x_k (n) of the independent mole fractions."""
        rest = self.energy
        for j, slope in enumerate(self.energy_slopes):
            rest = rest - unknown(j) * slope
        of = dict(zip(self.mixture.independent, self.energy_slopes, strict=True))
        return [rest + of[name] if name in of else rest for name in self.mixture.components]

    def of_unknowns(self, formulas: list[Formula]) -> list[Formula]:
        """Formulas of the independent mole fractions as formulas of the unknowns."""
        if not self.mixture.interstitial:
            return formulas
        given = dict(zip(self.mixture.components, mole_fractions(self.mixture), strict=True))
        values = {("unknown", j): given[name].tree for j, name in enumerate(self.mixture.independent)}
        return [Formula(tree) for tree in replaced(tuple(entry.tree for entry in formulas), values)]

    @cached_property
    def excess_formula(self) -> Formula:
        """g(u, T), J/mol."""
        return self.of_unknowns([self.energy])[0]

    @cached_property
    def excess_hessian(self) -> list[list[Formula]]:
        """d2g/dx_i dx_j (m, m), J/mol: derivatives by mole fractions, as formulas of the unknowns."""
        m = self.mixture.m
        flat = self.of_unknowns([entry for row in self.energy_curvatures for entry in row])
        return [flat[i * m : (i + 1) * m] for i in range(m)]

    @cached_property
    def excess_potentials(self) -> list[Formula]:
        """mu_k - R T ln x_k (n), J/mol, in the order of the components."""
        return self.of_unknowns(self.energy_potentials)

    @cached_property
    def programs(self) -> dict[str, Program]:
        """g, the n potentials, and the m m second derivatives, over the mole fractions."""
        second = [entry for row in self.energy_curvatures for entry in row]
        parts = {"energy": [self.energy], "potentials": self.energy_potentials, "curvatures": second}
        return {name: Formula.join(formulas, self.mixture.m) for name, formulas in parts.items()}

    @property
    def depends_on(self) -> frozenset[str]:
        """A subset of {"composition", "T"}: what g is a function of."""
        return self.programs["energy"].depends_on

    def excess_gibbs(self, x: np.ndarray, T: float) -> np.ndarray:
        """g (...) in J/mol at x (m, ...)."""
        return self.programs["energy"](x, T=T)[0]

    def gibbs(self, x: np.ndarray, T: float) -> np.ndarray:
        """G (...) in J/mol at x (m, ...), with 0 ln 0 = 0."""
        every = self.plain.complete(x)
        present = every > 0.0
        logs = np.log(np.where(present, every, 1.0))
        return self.RT(T) * (every * logs).sum(axis=0) + self.excess_gibbs(x, T)

    def potentials(self, x: np.ndarray, T: float) -> np.ndarray:
        """mu_k (n, ...) in J/mol from the pure components, at x (m, ...); -inf for a component that is absent."""
        every = np.maximum(self.plain.complete(x), 0.0)
        with np.errstate(divide="ignore"):
            return self.RT(T) * np.log(every) + self.programs["potentials"](x, T=T)

    def activities(self, x: np.ndarray, T: float) -> np.ndarray:
        """a_k = exp(mu_k/RT) (n, ...) at x (m, ...)."""
        if self.energy.value == 0.0:
            return self.plain.complete(x)
        return self.plain.complete(x) * np.exp(self.programs["potentials"](x, T=T) / self.RT(T))

    def excess_curvatures(self, x: np.ndarray, T: float) -> np.ndarray:
        """d2g/dx_i dx_j (m, m, ...) in J/mol at x (m, ...)."""
        m = self.mixture.m
        values = self.programs["curvatures"](x, T=T)
        return values.reshape(m, m, *values.shape[1:])

    def hessian(self, x: np.ndarray, T: float) -> np.ndarray:
        """d2G/dx_i dx_j = R T (delta_ij/x_i + 1/x_n) + d2g/dx_i dx_j (m, m, ...), J/mol; infinite at pure ends."""
        x = np.asarray(x, float)
        m = self.mixture.m
        with np.errstate(divide="ignore"):
            last = 1.0 / np.maximum(1.0 - x.sum(axis=0), 0.0)
            inverse = 1.0 / x
        ideal = np.broadcast_to(last, (m, m, *x.shape[1:])).copy()
        for i in range(m):
            ideal[i, i] += inverse[i]
        return self.RT(T) * ideal + self.excess_curvatures(x, T)

    def reduced(self, x: np.ndarray, T: float) -> np.ndarray:
        """d2g/dx_i dx_j / RT (m, m, ...); 0 for an ideal solution at any T, given or not."""
        values = self.excess_curvatures(x, T)
        return values if self.energy.value == 0.0 else values / self.RT(T)

    def factor(self, x: np.ndarray, T: float) -> np.ndarray:
        """Thermodynamic factors (m, m, ...) at x (m, ...); finite at pure ends. For two components Phi = d ln a/d ln x.

        Gamma_ij = (x_i/RT) dmu_i/dx_j = delta_ij + (x_i/RT) sum_l (delta_il - x_l) d2g/dx_l dx_j
        """
        x = np.asarray(x, float)
        second = self.reduced(x, T)
        values = x[:, None] * (second - np.einsum("l...,lj...->j...", x, second)[None])
        for i in range(self.mixture.m):
            values[i, i] += 1.0
        return values

    def stability(self, x: np.ndarray, T: float) -> np.ndarray:
        """The smallest eigenvalue (...) of the Hessian in scaled fractions: negative inside the spinodal, 1 if ideal.

            sum_k v_k^2 + (1/RT) sum_ij (d2g/dx_i dx_j) sqrt(x_i x_j) v_i v_j,   v_k = dx_k/sqrt(x_k)

        over the v that leave sum_k x_k = 1. The same for any dependent component, and finite where one is absent;
        nan where g has no second derivative.
        """
        x = np.asarray(x, float)
        m = self.mixture.m
        second = self.reduced(x, T)
        root = np.sqrt(np.maximum(np.concatenate([x, 1.0 - x.sum(axis=0, keepdims=True)]), 0.0))
        # Householder: all but the last column are a basis of the v normal to sqrt(x)
        axis = root.copy()
        axis[-1] += 1.0
        basis = np.eye(m + 1).reshape(m + 1, m + 1, *(1,) * (x.ndim - 1)) - axis[:, None] * axis[None] / axis[-1]
        basis = basis[:m, :m] * root[:m, None]
        form = np.einsum("ia...,ij...,jb...->ab...", basis, second, basis)
        known = np.isfinite(form).all(axis=(0, 1))
        form = np.moveaxis(np.where(known, form, 0.0), (0, 1), (-2, -1))
        return np.where(known, 1.0 + np.linalg.eigvalsh(form)[..., 0], np.nan)

    @cached_property
    def binary(self) -> miscibility.Binary:
        if self.mixture.m > 1:
            count = len(self.mixture.components)
            raise Invalid.at("thermodynamics", f"this is known of two components, and this mixture has {count}.")
        return miscibility.Binary(self.energy)

    def spinodal(self, T: float) -> list[tuple[float, float]]:
        """Intervals of x_1 of a binary inside which d2G/dx2 < 0 at T, in K; Invalid unless there are two components."""
        return self.binary.spinodal(self.known(T))

    def binodal(self, T: float) -> list[tuple[float, float]]:
        """Pairs of x_1 of a binary that share a tangent of G at T, in K; Invalid unless there are two components."""
        return self.binary.binodal(self.known(T))

    def critical_point(self) -> tuple[float, float] | None:
        """(T_c in K, x_1) of a binary: the highest T at which it has a spinodal; None when there is none.

        Of several compositions that become unstable at the same T, it is one. T from 1e-3 K to 1e5 K is looked at in
        steps of 3 %; one at the highest T has no critical point. Raises Invalid unless there are two components.
        """
        return self.binary.critical_point()

    def spinodal_curve(self, T: float, points: int = 200) -> list[np.ndarray]:
        """Where `stability` is 0 in a ternary at T in K: polylines (2, k) of independent mole fractions.

        points: nodes of the search along each side. Raises Invalid unless there are three components.
        """
        if self.mixture.m != 2:
            count = len(self.mixture.components)
            raise Invalid.at(
                "thermodynamics", f"a spinodal curve is of three components, and this mixture has {count}."
            )
        T = self.known(T)
        return miscibility.spinodal_curve(lambda x: self.stability(x, T), points)

    def temperature_of_stability(self, x: np.ndarray, T_low: float) -> float | None:
        """T in K, from T_low upwards, above which every composition of x (m,) or (m, k) is stable; None if none is
        found up to 1e4 K, or up to where g is known.
        """
        x = np.asarray(x, float).reshape(self.mixture.m, -1)
        found = miscibility.temperature_of_stability(lambda T: np.fmin.reduce(self.stability(x, T)), self.known(T_low))
        return found if found is None or found < self.temperatures[1] else None


def positive(T: float) -> float:
    """T in K, as it is; Invalid unless it is a temperature."""
    if not 0.0 < T < np.inf:
        raise Invalid.at("temperature", f"expected a temperature above 0 K, got {T:g}.")
    return float(T)

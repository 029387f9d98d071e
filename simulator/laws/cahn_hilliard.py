"""Cahn and Hilliard's law: diffusion of a solution that may un-mix, with the energy of its gradients."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from simulator.faults import Invalid
from simulator.kernels import cahn_hilliard as kernels
from simulator.laws.fick import shape_of
from simulator.laws.formula import Formula
from simulator.laws.free_energy import FreeEnergy
from simulator.laws.law import Equations, key
from simulator.laws.mobility import DEGENERATE, UNIT, Mobility
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.program import Program
from simulator.laws.separating_law import SeparatingLaw
from simulator.laws.thermodynamics import Thermodynamics
from simulator.laws.units import number

GRADIENT_UNIT = "J m^2/mol"
ROUNDING = 1e-12


@dataclass(frozen=True)
class CahnHilliard(SeparatingLaw):
    """Fluxes down the gradients of chemical potentials that count the energy of gradients as well.

        du_i/dt = div sum_j M_ij grad mu_j,   mu_j = dG/du_j - sum_k kappa_jk lap u_k,   i, j, k over the m = n - 1
        independent components, from the energy int [G + (1/2) sum_ij kappa_ij grad u_i . grad u_j] dV/V_m

        degenerate   M_ij = sum_k (delta_ik - x_i) (delta_jk - x_j) x_k D_k/(RT),   k over all n components
        constant     the same at x_k = 1/n: D/(4RT) for two components of one D
        otherwise    M as it is given, a coefficient or a nested list

    kappa in J m^2/mol, of G + (kappa/2) |grad x|^2 (some write kappa |grad x|^2). With units = "reduced" of the
    thermodynamics RT = 1. Raises Invalid for keys that cannot be read, and for fewer or more than the law needs.
    Source: Cahn & Hilliard (1958), J. Chem. Phys. 28, 258; Cahn (1961), Acta Metall. 9, 795.
    """

    kind: ClassVar[str] = "cahn-hilliard"
    equation: ClassVar[str] = "J_i = -(1/V_m) sum_j M_ij grad (dG/dx_j - sum_k kappa_jk lap x_k)"
    sources: ClassVar[tuple[str, ...]] = (
        "Cahn & Hilliard (1958), J. Chem. Phys. 28, 258",
        "Cahn (1961), Acta Metall. 9, 795",
    )
    sections: ClassVar[tuple[str, ...]] = ("thermodynamics", "molar_volume")
    requires: ClassVar[tuple[str, ...]] = ("thermodynamics",)

    gradient_energy: Any = key(
        "kappa of G + (kappa/2) |grad x|^2; for more than two components a nested list over the independent ones, "
        "symmetric and positive.",
        unit=GRADIENT_UNIT,
        shape="matrix",
        example="2e-14 J m^2/mol",
    )
    mobility: Any = key(
        'Mobility M: "degenerate" or "constant", from D; or a coefficient, a nested list of them for more than two '
        "components.",
        unit=UNIT,
        shape="matrix",
        default=DEGENERATE,
        example=DEGENERATE,
    )
    D: Any = key(
        "Tracer diffusivity, for a degenerate or constant mobility: one coefficient, or one for each component.",
        unit="m^2/s",
        shape="one or each",
        default=None,
        example="1e-18 m^2/s",
    )
    thermodynamics: Thermodynamics | None = None
    molar_volume: MolarVolume | None = None
    folder: Path | str | None = None

    def __post_init__(self):
        if self.mixture.interstitial:
            raise Invalid.at("interstitial", "cahn-hilliard counts all atoms alike; leave interstitial out.")
        if self.thermodynamics is None:
            text = 'a solution un-mixes because of its energy: add [thermodynamics] kind = "regular" with omega.'
            raise Invalid.at("thermodynamics", text)
        if self.molar_volume is not None and self.molar_volume.varies:
            text = 'cahn-hilliard has one molar volume for all compositions; use kind = "constant".'
            raise Invalid.at("molar_volume.kind", text)
        faults = []
        for make in ("gradient", "mobilities"):
            try:
                getattr(self, make)
            except Invalid as invalid:
                faults += invalid.faults
        if faults:
            raise Invalid(*faults)

    @cached_property
    def free_energy(self) -> FreeEnergy:
        return FreeEnergy(self.thermodynamics)

    @property
    def energy(self) -> Program:
        """G(u, T), J/mol."""
        return self.free_energy.energy

    @property
    def potentials(self) -> Program:
        """dG/du_i (m), J/mol."""
        return self.free_energy.potentials

    @property
    def curvatures(self) -> Program:
        """d2G/du_i du_j (m m), J/mol."""
        return self.free_energy.curvatures

    def RT(self, T: float) -> float:
        """J/mol; 1 in reduced units."""
        return self.free_energy.RT(T)

    @property
    def logarithmic(self) -> bool:
        """Whether 0 < x < 1 must hold everywhere."""
        return self.free_energy.logarithmic

    @property
    def confined(self) -> bool:
        """Whether 0 <= x <= 1 must hold everywhere: the energy or the mobility ends there."""
        return self.logarithmic or "composition" in self.mobilities.depends_on

    def reduced_polynomial(self) -> tuple[Formula, Program] | None:
        """See `FreeEnergy.polynomial`."""
        return self.free_energy.polynomial()

    @cached_property
    def gradient(self) -> np.ndarray:
        """kappa_ij (m, m), J m^2/mol."""
        m, where, given = self.mixture.m, "law.gradient_energy", self.gradient_energy
        rows = given.tolist() if isinstance(given, np.ndarray) else given
        if not isinstance(rows, list | tuple):
            if m > 1:
                text = f"expected a {m} x {m} matrix over the independent components, got one number."
                raise Invalid.at(where, text)
            rows = [[rows]]
        lengths = [len(row) if isinstance(row, list | tuple) else 0 for row in rows]
        if lengths != [m] * m:
            text = f"expected a {m} x {m} matrix over the independent components, got {shape_of(lengths)}."
            raise Invalid.at(where, text)
        alone = m == 1 and not isinstance(given, list | tuple | np.ndarray)
        kappa = np.array(
            [
                [number(entry, GRADIENT_UNIT, where if alone else f"{where}[{i}][{j}]") for j, entry in enumerate(row)]
                for i, row in enumerate(rows)
            ]
        )
        size = np.abs(kappa).max()
        if np.abs(kappa - kappa.T).max() > ROUNDING * size:
            raise Invalid.at(where, "must be symmetric: kappa_ij and kappa_ji are one.")
        if not np.isfinite(kappa).all() or np.linalg.eigvalsh(kappa)[0] < -ROUNDING * size:
            what = f"got {kappa[0, 0]:g} {GRADIENT_UNIT}" if m == 1 else "an eigenvalue is negative"
            raise Invalid.at(where, f"must not be negative, {what}: gradients would lower the energy without bound.")
        return kappa

    @cached_property
    def mobilities(self) -> Program:
        """M_ij (m m) row by row, mol m^2/(J s)."""
        return Mobility(self.mixture, self.mobility, self.D, self.thermodynamics.thermal, self.folder).program

    @property
    def depends_on(self) -> frozenset[str]:
        return self.mobilities.depends_on | self.potentials.depends_on | {"composition"}

    def equations(self, lowest: np.ndarray, highest: np.ndarray, temperatures: tuple[float, float]) -> Equations:
        """One dimension: mole fractions and their Laplacians times kappa/RT, see `simulator.kernels.cahn_hilliard`."""
        m, (coldest, hottest) = self.mixture.m, temperatures
        potentials, mobilities = self.potentials, self.mobilities
        if coldest == hottest or "T" not in self.depends_on:
            potentials, mobilities = potentials.fixed(T=coldest), mobilities.fixed(T=coldest)
        constant_M = not mobilities.depends_on
        values = mobilities(np.zeros(m)).ravel() if constant_M else np.zeros(m * m)
        s = self.length_squared(hottest)
        from simulator.kernels.program import evaluate_to

        first = kernels.HEAD + 2 * m * m
        second = first + potentials.code.size
        head = [m, s, constant_M, evaluate_to.address, first, second]
        parts = [head, (self.gradient / (s or 1.0)).ravel(), values, potentials.code, mobilities.code]
        bounds = np.zeros((0, 2 * m + 1))
        if self.confined:
            own = self.mixture.bounds
            bounds = np.hstack([own[:, :m], np.zeros((len(own), m)), own[:, m:]])
        names = self.mixture.independent
        return Equations(
            names=(*(f"x_{name}" for name in names), *(f"laplacian_{name}" for name in names)),
            flux=kernels.separating_flux,
            flux_slopes=kernels.separating_flux_slopes,
            source=kernels.laplacian_source,
            source_slopes=kernels.laplacian_source_slopes,
            parameters=np.concatenate(parts),
            mass=np.concatenate([np.ones(m), np.zeros(m)]),
            bounds=bounds,
            autonomous=not (potentials.depends_on | mobilities.depends_on) & {"t", "T"},
        )

    def length_squared(self, T: float) -> float:
        """kappa/RT, m^2, of the largest kappa: the square of about half an interface's width; 0 without any."""
        return float(np.abs(self.gradient).max()) / self.RT(T)

    def coefficient(self, name: str, fractions: np.ndarray, T: float, t: float = 0.0) -> np.ndarray:
        """At unknowns (m, k): (k,) for a binary, (m, m, k) otherwise. "interdiffusivity" sum_l M_il d2G/du_l du_j,
        m^2/s, which is negative inside the spinodal; "mobility" M, mol m^2/(J s); "gradient_energy" kappa, J m^2/mol;
        "thermodynamic_factor" d ln a_i/d ln x_i or (x_i/RT) dmu_i/dx_j. Raises KeyError for any other.
        """
        u = np.asarray(fractions, float)
        m, shape = self.mixture.m, u.shape[1:]
        if name == "thermodynamic_factor":
            values = self.thermodynamics.factor(u, T)
        elif name == "gradient_energy":
            values = np.broadcast_to(self.gradient.reshape(m, m, *(1,) * len(shape)), (m, m, *shape)).copy()
        elif name in ("mobility", "interdiffusivity"):
            values = np.broadcast_to(self.mobilities(u, T=T), (m * m, *shape)).reshape(m, m, *shape).copy()
            if name == "interdiffusivity":
                values = np.einsum("il...,lj...->ij...", values, self.free_energy.hessian(u, T))
        else:
            raise KeyError(name)
        return values[0, 0] if m == 1 else values

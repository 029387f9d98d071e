"""Darken's law with or without Manning's vacancy wind, for any number of components and for interstitials."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.laws.assessment import check_temperature
from simulator.laws.coefficient import Coefficient, read_coefficient
from simulator.laws.formula import Formula
from simulator.laws.lattice import R, amounts, amounts_of, excess_slopes, ideal_slopes, order, shares, total
from simulator.laws.law import key
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.potential_law import PotentialLaw
from simulator.laws.program import Program
from simulator.laws.thermodynamics import Thermodynamics

UNIT = "m^2/s"
WINDS = ("none", "manning")
# Correlation factors of self-diffusion by single vacancies: Compaan & Haven (1956), Trans. Faraday Soc. 52, 786;
# Montet (1973), Phys. Rev. B 7, 650.
STRUCTURES = {"sc": 0.653109, "bcc": 0.727194, "fcc": 0.781451, "diamond": 0.5}


def correlated(mobile: np.ndarray, weights: np.ndarray, wind: float) -> np.ndarray:
    """R T V_m L_ij (n, n, ...) of the lattice frame, m^2/s: a_i (delta_ij + w a_j/sum_k a_k), a_k = y_k D_k* = mobile
    (n, ...), w = 2/M0 = wind, which blows only on components whose weight (n,) is 1 and not 0."""
    blown = np.moveaxis(np.moveaxis(mobile, 0, -1) * weights, -1, 0)
    L = wind * blown[:, None] * blown[None] / blown.sum(axis=0)
    for k in range(len(L)):
        L[k, k] += mobile[k]
    return L


@dataclass(frozen=True)
class Darken(PotentialLaw):
    """Fluxes from tracer diffusivities D_k* and chemical potentials.

        lattice frame        L_ij = (C_i D_i*/RT) [delta_ij + w x_j D_j*/S],   S = sum_k x_k D_k*,   w = 2/M0
        number-fixed frame   J_i = -(1/V_m) sum_j D_ij grad x_j
        p_kj = D_k* (x_k/RT) dmu_k/dx_j,   P_j = sum_k p_kj
        D_ij = p_ij - x_i P_j (1 + w - w D_i*/S),   d_kj = p_kj + w (x_k D_k*/S) P_j

    k over all n components, i and j over the m = n - 1 independent ones; M0 = 2f/(1-f), f the correlation factor of
    the structure; w = 0 without the wind. Beside interstitials x becomes u, moles for each mole of substitutional
    atoms; the sums are over the substitutional components, and the wind blows on these only. For an ideal solution
    D_ij = D_i* delta_ij - x_i (D_j* - D_n*), and for two components D = (x_A D_B* + x_B D_A*) Phi.

    Raises Invalid for components without a tracer diffusivity, and for every coefficient that cannot be read.
    `folder` is where table files are looked for.
    Source: Darken (1948), Trans. AIME 175, 184; Manning (1971), Phys. Rev. B 4, 1111.
    """

    kind: ClassVar[str] = "darken"
    equation: ClassVar[str] = "J_i = -sum_k L_ik grad mu_k, L from tracer diffusivities"
    sources: ClassVar[tuple[str, ...]] = (
        "Darken (1948), Trans. AIME 175, 184",
        "Manning (1971), Phys. Rev. B 4, 1111",
    )
    lattice: ClassVar[bool] = True

    tracer: Any = key(
        "Tracer diffusivity of every component: D0 and Q, or an expression of mole fractions and T; or the mobilities "
        "of a TDB file.",
        unit=UNIT,
        shape="per component",
        example={"Cu": "1e-14*exp(2*x_Ni)", "Ni": {"D0": "3e-5 m^2/s", "Q": "270 kJ/mol"}},
    )
    vacancy_wind: str = key(
        'Correlation of the fluxes through the vacancies: "none" (Darken) or "manning".',
        shape="choice",
        default="none",
        example="manning",
        choices=WINDS,
    )
    structure: str = key(
        f"Crystal structure, for the vacancy wind: {', '.join(STRUCTURES)}.",
        shape="choice",
        default="",
        example="fcc",
        choices=STRUCTURES,
    )
    thermodynamics: Thermodynamics | None = None
    molar_volume: MolarVolume | None = None
    folder: Path | str | None = None

    def __post_init__(self):
        faults = list(self.faults_of_wind())
        try:
            _ = self.tracers
        except Invalid as invalid:
            faults += invalid.faults
        if faults:
            raise Invalid(*faults)
        self.check_sections()

    def faults_of_wind(self):
        if self.vacancy_wind not in WINDS:
            hint = near(str(self.vacancy_wind), WINDS)
            text = f"unknown choice {repr(self.vacancy_wind)[:40]}; there is {', '.join(WINDS)}.{hint}"
            yield Fault("law.vacancy_wind", text)
        if self.structure and self.structure not in STRUCTURES:
            hint = near(str(self.structure), STRUCTURES)
            text = f"unknown structure {repr(self.structure)[:40]}; there is {', '.join(STRUCTURES)}.{hint}"
            yield Fault("law.structure", text)
        elif self.vacancy_wind == "manning" and not self.structure:
            text = f'vacancy_wind = "manning" needs the crystal structure: one of {", ".join(STRUCTURES)}.'
            yield Fault("law.structure", text)

    @cached_property
    def tracers(self) -> tuple[Coefficient, ...]:
        """D_k* (n) in the order of the components."""
        mixture, where = self.mixture, "law.tracer"
        if not isinstance(self.tracer, Mapping):
            form = ", ".join(f'{name} = "1e-14 m^2/s"' for name in mixture.components)
            raise Invalid.at(where, f"expected one for each component, {{ {form} }}, got {repr(self.tracer)[:40]}.")
        given, together = self.tracer, "tdb" in self.tracer
        if together:
            given = {name: {**given, "of": name} for name in mixture.components}
        faults = [
            Fault(f"{where}.{name}", mixture.unknown(str(name))) for name in given if name not in mixture.components
        ]
        read = []
        for name in mixture.components:
            if name not in given:
                faults.append(Fault(where, f'{name} is missing: {name} = "1e-14 m^2/s".'))
                continue
            try:
                place = where if together else f"{where}.{name}"
                read.append(read_coefficient(given[name], mixture, UNIT, place, self.folder))
            except Invalid as invalid:
                faults += invalid.faults
        if faults:
            raise Invalid(*faults)
        return tuple(read)

    @property
    def wind(self) -> float:
        """w = 2/M0 = (1-f)/f; 0 without the vacancy wind."""
        if self.vacancy_wind == "none":
            return 0.0
        f = STRUCTURES[self.structure]
        return (1.0 - f) / f

    @cached_property
    def parts(self) -> tuple[list[list[Formula]], list[Formula], list[Formula | float]]:
        """p_kj (n rows of m), P_j (m), and w D_k*/S (n), 0 where no wind blows."""
        tracers = [Formula.of(entry) for entry in self.tracers]
        on_lattice = [bool(weight) for weight in shares(self.mixture)]
        mobile = [y * D for y, D in zip(amounts(self.mixture), tracers, strict=True)]
        slopes = ideal_slopes(self.mixture), excess_slopes(self.solution)
        p = [
            [D * a + moved * b for a, b in zip(ideal, excess, strict=True)]
            for D, moved, ideal, excess in zip(tracers, mobile, *slopes, strict=True)
        ]
        P = [total([row[j] for row, here in zip(p, on_lattice, strict=True) if here]) for j in range(self.mixture.m)]
        if self.wind == 0.0:
            return p, P, [0.0] * len(tracers)
        blown = self.wind / total([moved for moved, here in zip(mobile, on_lattice, strict=True) if here])
        return p, P, [D * blown if here else 0.0 for D, here in zip(tracers, on_lattice, strict=True)]

    @cached_property
    def matrix(self) -> Program:
        p, P, blown = self.parts
        y, m = amounts(self.mixture), self.mixture.m
        swept = {i: y[i] * (1.0 + self.wind - blown[i]) for i in order(self.mixture)}
        return Formula.join([p[i][j] - swept[i] * P[j] for i in swept for j in range(m)], m)

    @cached_property
    def intrinsic(self) -> Program:
        p, P, blown = self.parts
        y, m = amounts(self.mixture), self.mixture.m
        return Formula.join([p[k][j] + y[k] * blown[k] * P[j] for k in range(m + 1) for j in range(m)], m)

    @cached_property
    def tracer_program(self) -> Program:
        """The n tracer diffusivities."""
        return Program.join(*(entry.program for entry in self.tracers))

    def coefficient(self, name: str, fractions: np.ndarray, T: float, t: float = 0.0) -> np.ndarray:
        """As every law driven by potentials, and "tracer_diffusivity" (n, k) in m^2/s."""
        if name == "tracer_diffusivity":
            return self.tracer_program(np.asarray(fractions, float), t=t, T=T)
        return super().coefficient(name, fractions, T, t)

    def lattice_onsager(self, unknowns: np.ndarray, T: float, t: float = 0.0) -> np.ndarray:
        """L_ij (n, n, k) of the lattice frame, mol^2/(J m s), in the order of the components, at unknowns (m, k)."""
        unknowns = np.asarray(unknowns, float)
        y, weights = amounts_of(self.mixture, unknowns), shares(self.mixture)
        mobile = y * self.coefficient("tracer_diffusivity", unknowns, T, t)
        volume = self.volume_at(unknowns, "phenomenological coefficients")
        return correlated(mobile, weights, self.wind) / (R * T * volume)

    def check_matrix(self, compositions: np.ndarray, T: float, t: float, x: float) -> None:
        """Tracer diffusivities that are finite and not negative, outside the spinodal, and the interdiffusivities."""
        for name, entry in zip(self.mixture.components, self.tracers, strict=True):
            check_temperature(T, entry.temperatures, f"the mobility of {name}")
        D = np.broadcast_to(
            self.tracer_program(compositions, x=x, t=t, T=T), (self.mixture.m + 1, compositions.shape[1])
        )
        faults = []
        for name, values in zip(self.mixture.components, D, strict=True):
            bad = ~np.isfinite(values) | (values < 0.0)
            if bad.any():
                worst = int(np.argmin(np.where(np.isfinite(values), values, -np.inf)))
                place = self.place(compositions[:, worst], T, t, x)
                text = (
                    f"the tracer diffusivity is {values[worst]:g} m^2/s at {place}; it must be finite and not negative."
                )
                faults.append(Fault(f"law.tracer.{name}", text))
        if faults:
            raise Invalid(*faults)
        super().check_matrix(compositions, T, t, x)

"""Darken's and Manning's matrix with its derivatives by the composition and by the logarithms of the tracers."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from simulator.laws.darken import Darken
from simulator.laws.formula import Formula, exp, unknown
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.program import Program
from simulator.laws.thermodynamics import Thermodynamics


@dataclass(frozen=True)
class OpenDarken(Darken):
    """Darken's law with ln D_k* as further unknowns behind the m of the composition, in the order of the components."""

    tracer: Any = None

    @cached_property
    def tracers(self) -> tuple[Formula, ...]:
        m = self.mixture.m
        return tuple(exp(unknown(m + k)) for k in range(m + 1))


@dataclass(frozen=True)
class MatrixOfTracers:
    """D_ij(x, ln D*; T) on the axis q = V_0 n, where it counts as D (V_0/V_m)^2; V_0 that of the dependent component.

    structure: of the crystal whose vacancy wind blows, "" where none does. Raises Invalid for one that is not known.
    """

    mixture: Mixture
    thermodynamics: Thermodynamics
    structure: str = ""
    volume: MolarVolume | None = None

    @cached_property
    def law(self) -> OpenDarken:
        wind = "manning" if self.structure else "none"
        return OpenDarken(
            mixture=self.mixture,
            vacancy_wind=wind,
            structure=self.structure,
            thermodynamics=self.thermodynamics,
            molar_volume=self.volume,
        )

    @cached_property
    def program(self) -> Program:
        """D (m m), dD/dx_k (m m m) and dD/dln D_i* (m m n) in one, so that common parts are computed once."""
        m, D = self.mixture.m, [Formula(tree) for tree in self.law.stretched.trees]
        return Formula.join([*D, *(entry.derivative(k) for entry in D for k in range(2 * m + 1))], m)

    def with_slopes(self, x: np.ndarray, logarithms: np.ndarray, T: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """D (m, m, k), dD/dx (m, m, m, k) at fixed tracers and dD/dln D* (m, m, n, k), m^2/s.

        x (m, k) independent mole fractions; logarithms (n, k) of tracer diffusivities in m^2/s; T in K.
        """
        m = self.mixture.m
        values = self.program(np.concatenate([x, logarithms]), T=T)
        slopes = values[m * m :].reshape(m, m, 2 * m + 1, -1)
        return values[: m * m].reshape(m, m, -1), slopes[:, :, :m], slopes[:, :, m:]

    def number_fixed(self, x: np.ndarray, logarithms: np.ndarray, T: float) -> tuple[np.ndarray, np.ndarray]:
        """D (m, m, k) of the number-fixed frame, and dD/dln D* (m, m, n, k)."""
        D, _, by_logarithm = self.with_slopes(x, logarithms, T)
        stretch = 1.0
        if self.volume is not None and self.volume.varies:
            stretch = (self.volume(x) / self.volume.reference) ** 2
        return D * stretch, by_logarithm * stretch

"""The interdiffusion matrix of a random alloy at one composition as a function of its n tracer diffusivities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from inverse.kirkendall import wind_of
from simulator.faults import Invalid
from simulator.laws.darken import correlated
from simulator.laws.expression import CONSTANTS
from simulator.laws.lattice import in_frame, order
from simulator.laws.mixture import Mixture
from simulator.laws.thermodynamics import Thermodynamics

LEAST = 1e-6  # a fraction: of a component with less, nothing diffuses that could tell of the others


@dataclass(frozen=True, eq=False)
class RandomAlloy:
    """n components whose atoms change places with vacancies at random.

        M_ij = x_i D_i* (delta_ij + w x_j D_j*/S),   S = sum_k x_k D_k*,   w = 2/M_0
        D = [B M B^T] [G]/RT,   B_ij = delta_ij - x_i

    without the row and column of the dependent component; number-fixed frame, m = n - 1. fractions (m,) of the
    independent components; hessian [G]/RT (m, m), second derivatives of the molar Gibbs energy; wind: w, 0 without a
    vacancy wind (Darken). The same matrix as that of the law `darken`.
    Source: Darken (1948), Trans. AIME 175, 184; Manning (1971), Phys. Rev. B 4, 1111.
    """

    mixture: Mixture
    fractions: np.ndarray
    hessian: np.ndarray
    wind: float = 0.0

    @cached_property
    def amounts(self) -> np.ndarray:
        """x_k (n,) in the order of the components."""
        return self.mixture.complete(self.fractions)

    def matrix(self, tracers: np.ndarray) -> np.ndarray:
        """D (m, m), m^2/s, from D_k* (n,) in the order of the components."""
        every = np.ones(len(self.amounts))
        return self.reduced(correlated(self.amounts * tracers, every, self.wind))

    def slopes(self, tracers: np.ndarray) -> np.ndarray:
        """dD_ij/d ln D_k* (m, m, n), m^2/s.

        dM_ij/d ln D_k* = a_k [delta_ik delta_jk + w (delta_ik a_j + a_i delta_jk)/S - w a_i a_j/S^2],   a_k = x_k D_k*
        """
        a = self.amounts * tracers
        total, one = a.sum(), np.eye(len(a))
        blown = (
            one[:, None] * a[None, :, None] + a[:, None, None] * one[None] - np.multiply.outer(a, a)[..., None] / total
        )
        return self.reduced(a * (one[:, None] * one[None] + self.wind * blown / total))

    def reduced(self, M: np.ndarray) -> np.ndarray:
        """[B M B^T] [G]/RT (m, m, ...) of M (n, n, ...)."""
        every = np.ones(len(self.amounts))
        places = order(self.mixture)
        moved = in_frame(M, self.amounts, every)[np.ix_(places, places)]
        return np.einsum("ik...,kj->ij...", moved, self.hessian)


def random_alloy(
    components: Sequence[str],
    composition: np.ndarray,
    thermodynamics: Thermodynamics | Mapping | np.ndarray | None = None,
    structure: str = "",
    T: float | None = None,
    dependent: str = "",
) -> RandomAlloy:
    """The random alloy of a composition (m,): fractions of all but the dependent component, the last by default.

    thermodynamics: the section of a case, a Thermodynamics, or the Hessian (m, m) of the molar Gibbs energy in J/mol;
    None for an ideal solution. structure: of the crystal, for the vacancy wind; "" without. T in K, needed for all but
    ideal solutions. Raises Invalid for what cannot be used, where a component is absent, and inside the spinodal.
    """
    mixture = Mixture(tuple(components), dependent)
    x = np.asarray(composition, float)
    if x.shape != (mixture.m,):
        raise Invalid.at(
            "composition", f"expected {mixture.m} fractions, of {', '.join(mixture.independent)}, got {x.shape}."
        )
    amounts = dict(zip(mixture.components, mixture.complete(x), strict=True))
    absent = [f"x_{name} = {value:.3g}" for name, value in amounts.items() if not value >= LEAST]
    if absent:
        raise Invalid.at(
            "composition", f"every component must be there for its tracer diffusivity to show; {', '.join(absent)}."
        )
    hessian = hessian_of(mixture, x, thermodynamics, T)
    if not (np.isfinite(hessian).all() and np.linalg.eigvalsh(0.5 * (hessian + hessian.T)).min() > 0.0):
        at = ", ".join(f"x_{name} = {amounts[name]:.4g}" for name in mixture.independent)
        raise Invalid.at(
            "thermodynamics",
            f"the second derivatives of the Gibbs energy are not positive definite at {at}: no single phase that "
            "diffuses as one is stable there. Check the interaction energies and the temperature.",
        )
    return RandomAlloy(mixture, x, hessian, wind_of(structure))


def hessian_of(
    mixture: Mixture, x: np.ndarray, thermodynamics: Thermodynamics | Mapping | np.ndarray | None, T: float | None
) -> np.ndarray:
    """[G]/RT (m, m)."""
    if thermodynamics is None or isinstance(thermodynamics, Mapping):
        given = thermodynamics or {}
        thermodynamics = Thermodynamics(
            mixture, given.get("kind", "ideal"), given.get("omega") or {}, given.get("excess")
        )
    if isinstance(thermodynamics, Thermodynamics):
        if (thermodynamics.mixture.components, thermodynamics.mixture.dependent) != (
            mixture.components,
            mixture.dependent,
        ):
            raise Invalid.at(
                "thermodynamics",
                f"it is of {', '.join(thermodynamics.mixture.components)}, the matrix of "
                f"{', '.join(mixture.components)}.",
            )
        ideal = thermodynamics.energy.value == 0.0
        at = 1.0 if ideal else known(T)
        return thermodynamics.hessian(x[:, None], at)[..., 0] / (CONSTANTS["R"] * at)
    G = np.asarray(thermodynamics, float)
    if G.shape != (mixture.m, mixture.m):
        raise Invalid.at("thermodynamics", f"expected a Hessian of shape {(mixture.m, mixture.m)}, got {G.shape}.")
    return G / (CONSTANTS["R"] * known(T))


def known(T: float | None) -> float:
    if T is None or not 0.0 < T < np.inf:
        raise Invalid.at("temperature", "the thermodynamics of this solution need the temperature, in K.")
    return float(T)

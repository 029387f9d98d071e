"""Laws whose driving forces are gradients of chemical potentials: what Darken's and Onsager's share."""

from functools import cached_property
from typing import ClassVar

import numpy as np

from simulator.faults import Invalid
from simulator.laws.lattice import amounts_of, in_frame, order, shares
from simulator.laws.matrix_law import MatrixLaw
from simulator.laws.thermodynamics import Thermodynamics


class PotentialLaw(MatrixLaw):
    """Fluxes J_i = -sum_k L_ik grad mu_k, refused where the solution is unstable.

    A subclass gives `matrix` and `intrinsic` as every MatrixLaw does, and `lattice_onsager`. Without a section
    [thermodynamics] the solution is ideal.
    """

    sections: ClassVar[tuple[str, ...]] = ("thermodynamics", "molar_volume")
    thermodynamics: Thermodynamics | None

    @cached_property
    def solution(self) -> Thermodynamics:
        """The thermodynamics given, or an ideal solution."""
        given = self.thermodynamics
        return Thermodynamics(self.mixture) if given is None else given

    def check_sections(self) -> None:
        """Raise Invalid unless the sections are of the law's own mixture."""
        mine = self.mixture.components, self.mixture.dependent, self.mixture.interstitial
        for name in ("thermodynamics", "molar_volume"):
            theirs = getattr(getattr(self, name), "mixture", self.mixture)
            if (theirs.components, theirs.dependent, theirs.interstitial) != mine:
                raise Invalid.at(
                    name,
                    f"it is of {', '.join(theirs.components)} with {theirs.dependent} dependent, but the law is of "
                    f"{', '.join(mine[0])} with {mine[1]} dependent; make both of one mixture.",
                )
        if self.solution.units == "reduced":
            text = f'reduced units are for cahn-hilliard; with {self.kind} give energies in J/mol.'
            raise Invalid.at("thermodynamics.units", text)

    def mole_fractions_of(self, unknowns: np.ndarray) -> np.ndarray:
        """Independent mole fractions (m, ...) at unknowns (m, ...)."""
        return self.mixture.complete(unknowns)[order(self.mixture)]

    def volume_at(self, unknowns: np.ndarray, what: str) -> np.ndarray:
        """V_m (...); Invalid where the case has none."""
        if self.molar_volume is None:
            text = f'{what} are per volume: add [molar_volume] with V_m = "7e-6 m^3/mol" or the like.'
            raise Invalid.at("molar_volume", text)
        return self.molar_volume(unknowns)

    def lattice_onsager(self, unknowns: np.ndarray, T: float, t: float = 0.0) -> np.ndarray:
        """L_ij (n, n, k) of the lattice frame, mol^2/(J m s), in the order of the components, at unknowns (m, k)."""
        raise NotImplementedError

    def number_fixed_onsager(self, unknowns: np.ndarray, T: float, t: float = 0.0) -> np.ndarray:
        """L_ij (n, n, k) of the number-fixed frame, mol^2/(J m s); the lab frame where V_m is constant.

        The rows of the substitutional components sum to 0.
        """
        unknowns = np.asarray(unknowns, float)
        y = amounts_of(self.mixture, unknowns)
        return in_frame(self.lattice_onsager(unknowns, T, t), y, shares(self.mixture))

    def volume_fixed_onsager(self, unknowns: np.ndarray, T: float, t: float = 0.0) -> np.ndarray:
        """L_ij (n, n, k) of the volume-fixed frame, mol^2/(J m s): sum_i V_i L_ij = 0.

        The lab frame where V_m is constant or linear in the composition.
        """
        unknowns = np.asarray(unknowns, float)
        if self.mixture.interstitial:  # the volume is that of the substitutional lattice
            return self.number_fixed_onsager(unknowns, T, t)
        volume = self.volume_at(unknowns, "phenomenological coefficients")
        weights = self.molar_volume.partial(unknowns) / volume
        return in_frame(self.number_fixed_onsager(unknowns, T, t), amounts_of(self.mixture, unknowns), weights)

    def coefficient(self, name: str, fractions: np.ndarray, T: float, t: float = 0.0) -> np.ndarray:
        """A quantity at unknowns (m, k): (k,) for a binary, (m, m, k) otherwise, unless another shape is given here.

        "interdiffusivity", m^2/s; "thermodynamic_factor", d ln a_i/d ln x_i or (x_i/RT) dmu_i/dx_j;
        "onsager", mol^2/(J m s), of the number-fixed frame over the independent components;
        "intrinsic_diffusivity", m^2/s: (2, k) for a binary, D_A = (V_m/V_B) d_A of J_A = -D_A grad C_A in the lattice
        frame, components in their order; (n, m, k) otherwise, d_kj of J_k = -(1/V_m) sum_j d_kj grad u_j.
        Raises KeyError for a quantity that the law has not.
        """
        fractions = np.asarray(fractions, float)
        if name == "thermodynamic_factor":
            values = self.solution.factor(self.mole_fractions_of(fractions), T)
            return values[0, 0] if self.mixture.m == 1 else values
        if name == "onsager":
            places = order(self.mixture)
            values = self.number_fixed_onsager(fractions, T, t)[np.ix_(places, places)]
            return values[0, 0] if self.mixture.m == 1 else values
        if name == "intrinsic_diffusivity" and self.intrinsic is not None:
            return self.intrinsic_diffusivity(fractions, T, t)
        return super().coefficient(name, fractions, T, t)

    def intrinsic_diffusivity(self, fractions: np.ndarray, T: float, t: float) -> np.ndarray:
        mixture, shape = self.mixture, fractions.shape[1:]
        d = self.intrinsic(fractions, t=t, T=T).reshape(mixture.m + 1, mixture.m, *shape)
        if mixture.m > 1 or mixture.interstitial:
            return d
        d, volume = d[:, 0], self.molar_volume
        # grad x of the dependent component is minus that of the other.
        d[mixture.components.index(mixture.dependent)] *= -1.0
        return d if volume is None else d * volume(fractions) / volume.partial(fractions)[::-1]

    def check_matrix(self, compositions: np.ndarray, T: float, t: float, x: float) -> None:
        """Raise Invalid inside the spinodal, and for interdiffusivities as the base does."""
        self.solution.check_temperature(T)
        if "T" in self.depends_on:  # as it is wherever the excess energy is curved
            self.check_stable(compositions, T, t, x)
        super().check_matrix(compositions, T, t, x)

    def check_stable(self, compositions: np.ndarray, T: float, t: float, x: float) -> None:
        """Raise Invalid where the smallest eigenvalue of the Hessian of the Gibbs energy is negative."""
        solution = self.solution
        fractions = self.mole_fractions_of(compositions)
        known = np.isfinite(solution.excess_curvatures(fractions, T)).all(axis=(0, 1))
        fractions, compositions = fractions[:, known], compositions[:, known]
        lowest = solution.stability(fractions, T)
        if lowest.size and lowest.min() < 0.0:
            above = solution.temperature_of_stability(fractions, T)
            place = self.place(compositions[:, int(np.argmin(lowest))], T, t, x)
            cure = "choose a start and ends between which no composition is inside the spinodal"
            if above is not None:
                cure = f"raise the temperature above {above:.5g} K, where all are stable, or {cure}"
            raise Invalid.at(
                "thermodynamics",
                f"the solution is inside its spinodal at {place}: diffusion un-mixes it there, and without gradient "
                f"energy waves as short as the grid's cells grow without bound. The remedy: {cure}.",
            )

"""Laws whose fluxes are a matrix of interdiffusivities times the gradients: what Fick, Darken and Onsager share."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from simulator.faults import Invalid
from simulator.kernels import fick as kernels
from simulator.kernels.program import evaluate_to
from simulator.laws.kirchhoff import kirchhoff_table, separated
from simulator.laws.law import Equations, Law
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.program import Program

INITIALLY = ORIGIN = np.zeros(1)


class MatrixLaw(Law):
    """Fluxes in the number-fixed frame by one matrix,

        J_i = -(1/V_m) sum_j D_ij grad u_j,   i, j over the m independent components,

    on the lab axis where the molar volume V_m is constant, and otherwise on the axis q = V_0 n of the mole coordinate
    n = int dx/V_m, where

        du_i/dt = d/dq sum_j D_ij (V_0/V_m)^2 du_j/dq

    A subclass gives `matrix`, the m m interdiffusivities, m^2/s; and, where it knows the lattice, `intrinsic`, the n m
    coefficients d_kj of J_k = -(1/V_m) sum_j d_kj grad u_j in the lattice frame, components in their order.
    """

    molar_volume: MolarVolume | None
    folder: Path | str | None

    @cached_property
    def matrix(self) -> Program:
        raise NotImplementedError

    @cached_property
    def intrinsic(self) -> Program | None:
        return None

    @cached_property
    def marker_drift(self) -> Program | None:
        """The m coefficients s_j of the speed of a marker on the axis q, dq_K/dt = sum_j s_j du_j/dq.

        s_j = sum_k d_kj (V_0/V_m)^2 over the substitutional components k: interstitials pass by without moving the
        lattice. None where the law knows no lattice.
        """
        if self.intrinsic is None:
            return None
        from simulator.laws.formula import Formula

        mixture, trees = self.mixture, self.intrinsic.trees
        rows = [k for k, name in enumerate(mixture.components) if name not in mixture.interstitial]
        sums = [sum(Formula(trees[k * mixture.m + j]) for k in rows) for j in range(mixture.m)]
        return self.on_axis(Formula.join(sums, mixture.m))

    @cached_property
    def stretched(self) -> Program:
        """The matrix on the axis q."""
        return self.on_axis(self.matrix)

    def on_axis(self, program: Program) -> Program:
        """A program of diffusivities as it counts on the axis q: times (V_0/V_m)^2."""
        volume = self.molar_volume
        if volume is None or not volume.varies:
            return program
        from simulator.laws.formula import Formula

        factor = (volume.reference / volume.formula) ** 2
        return Formula.join([Formula(tree) * factor for tree in program.trees], self.mixture.m)

    def equations(self, lowest: np.ndarray, highest: np.ndarray, temperatures: tuple[float, float]) -> Equations:
        """Kernels for D as it is: constant, uniform, a Kirchhoff table, such a table times a(t, T), or a program.

        lowest, highest (m,): the range of the unknowns; temperatures: the range of T in K.
        """
        coldest, hottest = temperatures
        program = self.stretched.fixed(T=coldest) if coldest == hottest else self.stretched
        flux, slopes, parameters = self.kernels_for(program, float(np.min(lowest[0])), float(np.max(highest[0])))
        mixture = self.mixture
        return Equations(
            names=tuple(f"{'u' if mixture.interstitial else 'x'}_{name}" for name in mixture.independent),
            flux=flux,
            flux_slopes=slopes,
            parameters=parameters,
            bounds=mixture.bounds,
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
        parameters = np.concatenate([[form, kernels.PROGRAM + len(code), evaluate_to.address], code, table])
        return kernels.program_flux, kernels.program_flux_slopes, parameters

    def coefficient(self, name: str, fractions: np.ndarray, T: float, t: float = 0.0) -> np.ndarray:
        """A quantity at unknowns (m, k): "interdiffusivity" in m^2/s, (k,) for a binary, (m, m, k) otherwise."""
        if name != "interdiffusivity":
            raise KeyError(name)
        return self.matrix_at(self.matrix, fractions, T, t)

    def matrix_at(self, program: Program, fractions: np.ndarray, T: float, t: float = 0.0) -> np.ndarray:
        """A program of m m outputs at unknowns (m, k): (k,) for a binary, (m, m, k) otherwise."""
        fractions = np.asarray(fractions, float)
        m, shape = self.mixture.m, fractions.shape[1:]
        values = np.broadcast_to(program(fractions, t=t, T=T), (m * m, *shape))
        return values[0].copy() if m == 1 else values.reshape(m, m, *shape).copy()

    @property
    def depends_on(self) -> frozenset[str]:
        return self.matrix.depends_on

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
        compositions = np.asarray(compositions, float).reshape(self.mixture.m, -1)
        if self.molar_volume is not None:
            self.molar_volume.check(compositions)
        for T, t, x in self.circumstances(temperatures, times, positions):
            self.check_matrix(compositions, T, t, x)

    def circumstances(
        self, temperatures: np.ndarray, times: np.ndarray, positions: np.ndarray
    ) -> Iterator[tuple[float, float, float]]:
        """Every T, t and x that makes a difference to the coefficients. Invalid where T does and is not given."""
        for T in self.temperatures_to_check(temperatures):
            for t in times if "t" in self.depends_on else INITIALLY:
                for x in positions if "x" in self.depends_on else ORIGIN:
                    yield float(T), float(t), float(x)

    def entry(self, i: int, j: int) -> str:
        """The key of the case that D_ij comes from."""
        return self.where

    def check_matrix(self, compositions: np.ndarray, T: float, t: float, x: float) -> None:
        """The interdiffusivities at one temperature, time and position."""
        m = self.mixture.m
        D = np.broadcast_to(self.matrix(compositions, x=x, t=t, T=T), (m * m, compositions.shape[1]))
        for a, values in enumerate(D):
            if not np.isfinite(values).all():
                worst = int(np.argmin(np.isfinite(values)))
                place = self.place(compositions[:, worst], T, t, x)
                raise Invalid.at(
                    self.entry(a // m, a % m),
                    f"the interdiffusivity is {values[worst]:g} at {place}; it must be finite.",
                )
        lowest, what, rule = D[0], "interdiffusivity is", "it must not be negative"
        ill = lowest < 0.0
        if not self.scalar and D[0].size:
            matrices = np.moveaxis(D.reshape(m, m, -1), -1, 0)
            lowest = np.linalg.eigvals(matrices).real.min(axis=-1)
            what, rule = "matrix has an eigenvalue of real part", "every eigenvalue must have a positive real part"
            ill = lowest <= 0.0
        if ill.any():
            worst = int(np.argmin(lowest))
            place = self.place(compositions[:, worst], T, t, x)
            raise Invalid.at(self.where, f"the {what} {lowest[worst]:.4g} m^2/s at {place}; {rule}.")

    @property
    def scalar(self) -> bool:
        """Whether the matrix is one coefficient times the identity."""
        return self.mixture.m == 1

    def place(self, composition: np.ndarray, T: float, t: float = 0.0, x: float = 0.0) -> str:
        """A composition, and what else D depends on, in words."""
        fractions = dict(zip(self.mixture.components, self.mixture.complete(composition), strict=True))
        text = ", ".join(f"x_{name} = {fractions[name]:.4g}" for name in self.mixture.independent)
        others = (("t", f"t = {t:.4g} s"), ("x", f"x = {x:.4g} m"))
        text += "".join(f", {words}" for name, words in others if name in self.depends_on)
        return f"{text} (T = {T:.4g} K)" if np.isfinite(T) else text

"""Laws under which a solution may un-mix: which waves grow, how wide an interface is, what makes them ill-posed."""

from functools import cached_property
from itertools import product
from typing import ClassVar

import numpy as np

from simulator.faults import Fault, Invalid, NumericsError
from simulator.laws.free_energy import FreeEnergy
from simulator.laws.interface import interface_energy, interface_width
from simulator.laws.law import Law
from simulator.laws.mobility import UNIT
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.program import Program
from simulator.laws.thermodynamics import Thermodynamics

FEWEST_CELLS, ENOUGH_CELLS = 1.0, 4.0  # across an interface
# Of the shortest wave that grows: the width of an interface in a binary at X = 1/2 and w = 3 is 0.40 of it.
WIDTH_OF_WAVE = 0.4
ROUNDING = 1e-12
INITIALLY = ORIGIN = np.zeros(1)


class SeparatingLaw(Law):
    """du_i/dt = div sum_j M_ij grad mu_j with an energy G(u, T) of the solution and kappa_ij of its gradients.

    A subclass gives `mobilities`, `gradient` and `free_energy`.
    """

    separates: ClassVar[bool] = True
    where: ClassVar[str] = "law.mobility"

    thermodynamics: Thermodynamics | None
    molar_volume: MolarVolume | None
    free_energy: FreeEnergy
    mobilities: Program
    gradient: np.ndarray

    def growth_rates(self, fractions: np.ndarray, b_squared: np.ndarray, T: float) -> np.ndarray:
        """Rates (..., m) in 1/s, the largest last, at which small waves grow on a solution of fractions (m,):
        eigenvalues of -b^2 M (G'' + b^2 kappa). b_squared (...) in 1/m^2: on a grid sum (2/h^2)(1 - cos b h).
        """
        u = np.asarray(fractions, float).reshape(self.mixture.m, 1)
        m = self.mixture.m
        M = np.broadcast_to(self.mobilities(u, T=T), (m * m, 1)).reshape(m, m)
        b2 = np.asarray(b_squared, float)[..., None, None]
        matrices = -b2 * (M @ (self.free_energy.hessian(u, T)[..., 0] + b2 * self.gradient))
        return np.sort(np.linalg.eigvals(matrices).real, axis=-1)

    def critical_wavelength(self, fractions: np.ndarray, T: float) -> float:
        """2 pi/b_c, m, of the shortest wave that grows on a solution of fractions (m,); inf where none does."""
        H = self.free_energy.hessian(np.asarray(fractions, float).reshape(-1, 1), T)[..., 0]
        if not np.isfinite(H).all() or np.linalg.eigvalsh(self.gradient)[0] <= 0.0:
            return float("inf")
        largest = float(np.linalg.eigvals(np.linalg.solve(self.gradient, -H)).real.max())
        return 2.0 * np.pi / np.sqrt(largest) if largest > 0.0 else float("inf")

    @cached_property
    def simplex(self) -> np.ndarray:
        """Compositions (m, k) over the inside of the simplex."""
        m = self.mixture.m
        if m == 1:
            return (np.arange(400)[None] + 0.5) / 400.0
        steps = {2: 60, 3: 20}.get(m, 9)
        axes = (np.arange(steps) + 0.5) / steps
        points = np.array(list(product(axes, repeat=m))).T
        return points[:, points.sum(axis=0) < 1.0 - 0.25 / steps]

    def interface_width(self, T: float) -> float:
        """Width of the interface between the phases, m; for more than two components that of the shortest wave that
        grows at any composition, times 0.4. nan where nothing un-mixes."""
        kappa = float(self.gradient[0, 0])
        if self.mixture.m > 1:
            waves = [self.critical_wavelength(u, T) for u in self.simplex.T]
            shortest = min(waves)
            return WIDTH_OF_WAVE * shortest if np.isfinite(shortest) else float("nan")
        try:
            pairs = self.free_energy.binodal(T)
        except NumericsError:
            return float("nan")
        widths = [interface_width(self.free_energy, kappa, pair, T) for pair in pairs]
        return min(widths, default=float("nan"))

    def interface_energy(self, T: float) -> float:
        """Energy of the flat interface of a binary with one gap, J/m^2 with a molar volume, J m/mol without; nan where
        nothing un-mixes."""
        pairs = self.free_energy.binodal(T)
        if not pairs:
            return float("nan")
        found = interface_energy(self.free_energy, float(self.gradient[0, 0]), pairs[0], T)
        return found if self.molar_volume is None else found / self.molar_volume.reference

    def check(
        self,
        compositions: np.ndarray,
        temperatures: np.ndarray,
        times: np.ndarray = INITIALLY,
        positions: np.ndarray = ORIGIN,
    ) -> None:
        """Raise Invalid unless energy and mobility exist at every composition, the mobility is not negative, and a
        gradient energy restrains what is unstable."""
        compositions = np.asarray(compositions, float).reshape(self.mixture.m, -1)
        for T in self.temperatures_to_check(temperatures):
            self.check_energy(float(T))
            self.check_mobility(np.hstack([self.simplex, compositions]), float(T))
            self.check_restrained(compositions, float(T))

    def check_energy(self, T: float) -> None:
        x = self.simplex
        with np.errstate(all="ignore"):
            known = np.isfinite(self.energy(x, T=T)[0]) & np.isfinite(self.free_energy.hessian(x, T)).all(axis=(0, 1))
        if not known.all():
            place = self.place(x[:, int(np.argmin(known))], T)
            given = "g" if self.thermodynamics.whole is not None else self.thermodynamics.kind
            text = (
                f"the Gibbs energy or its second derivative is not a number at {place}; both must be between 0 and 1."
            )
            raise Invalid.at(f"thermodynamics.{given}" if given == "g" else "thermodynamics", text)

    def check_mobility(self, x: np.ndarray, T: float) -> None:
        m = self.mixture.m
        M = np.broadcast_to(self.mobilities(x, T=T), (m * m, x.shape[1]))
        M = np.moveaxis(M.reshape(m, m, -1), -1, 0)
        size = float(np.abs(M[np.isfinite(M)]).max(initial=0.0))
        for k in np.flatnonzero(~np.isfinite(M).all(axis=(1, 2)))[:1]:
            raise Invalid.at(self.where, f"the mobility is not a number at {self.place(x[:, k], T)}.")
        lowest = np.linalg.eigvalsh(0.5 * (M + M.swapaxes(1, 2)))[:, 0]
        k = int(np.argmin(lowest))
        if lowest[k] < -ROUNDING * size:
            what = "the mobility is" if m == 1 else "the mobility has the eigenvalue"
            text = f"{what} {lowest[k]:.4g} {UNIT} at {self.place(x[:, k], T)}; it must not be negative."
            raise Invalid.at(self.where, text)
        if m > 1 and np.abs(M - M.swapaxes(1, 2)).max() > 1e-9 * size:
            raise Invalid.at(self.where, "the mobilities must be symmetric: M_ij and M_ji are one.")

    def check_restrained(self, compositions: np.ndarray, T: float) -> None:
        """Raise Invalid where the energy is concave and some gradient costs nothing."""
        if np.linalg.eigvalsh(self.gradient)[0] > 0.0:
            return
        bend = self.free_energy.smallest_curvature(compositions, T)
        k = int(np.argmin(bend))
        if bend[k] < 0.0:
            text = (
                f"the solution is inside its spinodal at {self.place(compositions[:, k], T)}, and without gradient "
                "energy waves as short as the cells grow without bound. Give gradient_energy, such as "
                f'"2e-14 J m^2/mol"{" (positive definite)" if self.mixture.m > 1 else ""}, or a composition or a '
                "temperature at which it is stable."
            )
            raise Invalid.at("law.gradient_energy", text)

    def place(self, composition: np.ndarray, T: float) -> str:
        given = ", ".join(f"x_{name} = {x:.4g}" for name, x in zip(self.mixture.independent, composition, strict=True))
        return given if not np.isfinite(T) else f"{given}, T = {T:g} K"

    def resolution(self, spacing: float, temperatures: np.ndarray) -> tuple[list[Fault], tuple[str, ...]]:
        """What is wrong with, and to be known of, cells of a size in m: an interface needs several of them."""
        widths = [self.interface_width(float(T)) for T in np.atleast_1d(temperatures)]
        width = min((w for w in widths if np.isfinite(w) and w > 0.0), default=float("nan"))
        if not width < ENOUGH_CELLS * spacing:
            return [], ()
        what = f"an interface is about {width:.3g} m wide, and the cells are {spacing:.3g} m"
        if width < FEWEST_CELLS * spacing:
            text = (
                f"{what}: nothing of it would be seen. Use cells of {0.25 * width:.2g} m or a larger gradient_energy."
            )
            return [Fault("domain.cells", text)], ()
        cells = width / spacing
        return [], (
            f"{what[0].upper()}{what[1:]}: {cells:.2g} cells across it are few, 4 or more give its energy to 10 %.",
        )

    def situation(self, composition: np.ndarray, T: float) -> str:
        """A sentence on where a composition (m,) lies: stable, metastable or unstable."""
        u = np.asarray(composition, float).reshape(-1, 1)
        place = self.place(u[:, 0], T)
        if self.free_energy.smallest_curvature(u, T)[0] < 0.0:
            wave = self.critical_wavelength(u[:, 0], T)
            rate = self.growth_rates(u[:, 0], np.array((2.0 * np.pi / wave) ** 2 / 2.0), T)[-1]
            text = f"{place} lies inside the spinodal: waves longer than {wave:.4g} m grow"
            binary = f", fastest those of {np.sqrt(2.0) * wave:.4g} m, at {rate:.4g} /s" if self.mixture.m == 1 else ""
            return f"{text}{binary}."
        if self.mixture.m > 1:
            return f"{place} lies outside the spinodal: small waves fade."
        for low, high in self.free_energy.binodal(T):
            if low < u[0, 0] < high:
                return (
                    f"{place} lies between binodal ({low:.4g}, {high:.4g}) and spinodal: it un-mixes by nucleation "
                    "only, which small noise does not start."
                )
        return f"{place} lies outside the miscibility gap: it stays mixed."

    def check_problem(self, problem) -> list[Fault]:
        """A start or an end without a component, where its potential is infinite, and cells that are too large."""
        faults = []
        if self.logarithmic:
            held = problem.extremes
            every = np.vstack([held, 1.0 - held.sum(axis=0, keepdims=True)])
            for name, row in zip((*self.mixture.independent, self.mixture.dependent), every, strict=True):
                if row.min() <= 0.0:
                    text = (
                        f"x_{name} is {max(row.min(), 0.0):g} somewhere at the start or an end: the chemical potential "
                        "of a component that is absent is minus infinity. Use a small fraction such as 1e-4."
                    )
                    faults.append(Fault("initial", text))
                    break
        if problem.steady:
            text = "a solution that un-mixes comes to rest in its own time: give an end."
            faults.append(Fault("time.end", text))
        return faults or self.resolution(float(np.diff(problem.grid.faces).min()), problem.temperatures)[0]

    def warnings(self, problem) -> tuple[str, ...]:
        return self.resolution(float(np.diff(problem.grid.faces).max()), problem.temperatures)[1]

"""Onsager's law with phenomenological coefficients as they are given, in the number-fixed or the lattice frame."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.laws.coefficient import Coefficient, read_coefficient
from simulator.laws.fick import shape_of
from simulator.laws.formula import Formula, temperature
from simulator.laws.lattice import (
    LEAST,
    R,
    amounts,
    amounts_of,
    kept_inside,
    number_fixed,
    order,
    potential_slopes,
    shares,
    total,
)
from simulator.laws.law import key
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.potential_law import PotentialLaw
from simulator.laws.program import Program
from simulator.laws.thermodynamics import Thermodynamics

UNIT = "mol^2/(J m s)"
FRAMES = ("number", "lattice")
# of the size of L: what rounding leaves of the symmetry and the sign of a product such as B L B^T
ROUNDING = 1e-9
# of the largest L: more than this where a component is absent does not vanish with it
VANISHED = 1e-6
# of the largest L at a composition: what is less is not scaled up, because it may be rounding
DILUTE = 1e-8


@dataclass(frozen=True)
class Onsager(PotentialLaw):
    """Fluxes from phenomenological coefficients L, symmetric and positive, and chemical potentials.

        number-fixed frame   J_i = -sum_k L_ik grad (mu_k - mu_n),   D_ij = V_m sum_k L_ik d2G/dx_k dx_j
        lattice frame        J_i = -sum_k L_ik grad mu_k,   d_ij = V_m sum_k L_ik dmu_k/dx_j,
                             D_ij = d_ij - x_i sum_k d_kj

    L in mol^2/(J m s): (n-1) x (n-1) over the independent components in the number-fixed frame, one coefficient for
    two components; n x n in the order of the components in the lattice frame. Beside interstitials x becomes u, moles
    for each mole of substitutional atoms, and mu_n is subtracted from substitutional potentials only.

    L_ik vanishes where component i or k does, and dmu_k/dx_k = RT/x_k grows there: where a component is less than
    1e-9, D is what it is at 1e-9. Raises Invalid for another shape, and for every coefficient that cannot be read.
    `folder` is where table files are looked for.
    Source: Onsager (1945), Ann. N. Y. Acad. Sci. 46, 241.
    """

    kind: ClassVar[str] = "onsager"
    equation: ClassVar[str] = "J_i = -sum_k L_ik grad mu_k"
    sources: ClassVar[tuple[str, ...]] = ("Onsager (1945), Ann. N. Y. Acad. Sci. 46, 241",)
    requires: ClassVar[tuple[str, ...]] = ("molar_volume",)

    L: Any = key(
        "Phenomenological coefficients: a nested list L[i][j], symmetric; for two components in the number-fixed "
        "frame one coefficient. They vanish with the fraction of either component.",
        unit=UNIT,
        shape="matrix",
        example="1.4e-13*x_Cu*x_Ni",
    )
    frame: str = key(
        'Frame of L: "number", over the independent components, or "lattice", over all of them.',
        shape="choice",
        default="number",
        choices=FRAMES,
    )
    thermodynamics: Thermodynamics | None = None
    molar_volume: MolarVolume | None = None
    folder: Path | str | None = None

    def __post_init__(self):
        if self.frame not in FRAMES:
            text = (
                f"unknown frame {repr(self.frame)[:40]}; there is {', '.join(FRAMES)}.{near(str(self.frame), FRAMES)}"
            )
            raise Invalid.at("law.frame", text)
        _ = self.coefficients  # every fault at the door
        if self.molar_volume is None:
            text = f'L is per volume, {UNIT}: add [molar_volume] with V_m = "7e-6 m^3/mol" or the like.'
            raise Invalid.at("molar_volume", text)
        self.check_sections()

    @property
    def lattice(self) -> bool:
        """Whether the fluxes in the lattice frame, with which markers move, are known."""
        return self.frame == "lattice"

    @property
    def size(self) -> int:
        """Rows of L."""
        return self.mixture.m + (self.frame == "lattice")

    @cached_property
    def coefficients(self) -> tuple[tuple[Coefficient, ...], ...]:
        """L_ij as rows of coefficients."""
        size = self.size
        rows = self.L.tolist() if isinstance(self.L, np.ndarray) else self.L
        if not isinstance(rows, list | tuple):
            if size > 1:
                raise Invalid.at("law.L", f"{self.expected}, got one coefficient.")
            return ((read_coefficient(rows, self.mixture, UNIT, "law.L", self.folder),),)
        lengths = [len(row) if isinstance(row, list | tuple) else 0 for row in rows]
        if lengths != [size] * size:
            raise Invalid.at("law.L", f"{self.expected}, got {shape_of(lengths)}.")
        faults: list[Fault] = []
        read = []
        for i, row in enumerate(rows):
            for j, spec in enumerate(row):
                try:
                    read.append(read_coefficient(spec, self.mixture, UNIT, f"law.L[{i}][{j}]", self.folder))
                except Invalid as invalid:
                    faults += invalid.faults
        if faults:
            raise Invalid(*faults)
        return tuple(tuple(read[i * size : (i + 1) * size]) for i in range(size))

    @property
    def expected(self) -> str:
        """The shape of L in words."""
        size = self.size
        if self.frame == "lattice":
            return f'expected a {size} x {size} matrix over all components (frame = "lattice")'
        return f'expected a {size} x {size} matrix over the independent components (frame = "number")'

    @cached_property
    def given(self) -> Program:
        """L row by row as one program."""
        return Program.join(*(entry.program for row in self.coefficients for entry in row))

    @cached_property
    def drift(self) -> list[list[Formula]]:
        """V_m sum_k L_ik times the slopes by u_j of the potentials conjugate to the frame, in rows of m formulas."""
        mixture = self.mixture
        y, weights, slopes = amounts(mixture), shares(mixture), potential_slopes(self.solution)
        forces = [[entry / y[k] for entry in row] for k, row in enumerate(slopes)]
        if self.frame == "number":
            last = forces[mixture.components.index(mixture.dependent)]
            forces = [
                [entry - last[j] if weights[k] else entry for j, entry in enumerate(forces[k])] for k in order(mixture)
            ]
        factor = (R * temperature) * self.molar_volume.formula
        return [
            [
                factor * total([Formula.of(entry) * force[j] for entry, force in zip(row, forces, strict=True)])
                for j in range(mixture.m)
            ]
            for row in self.coefficients
        ]

    @cached_property
    def matrix(self) -> Program:
        lattice = self.frame == "lattice"
        rows = number_fixed(self.drift, self.mixture) if lattice else [entry for row in self.drift for entry in row]
        return Formula.join(kept_inside(rows, self.mixture), self.mixture.m)

    @cached_property
    def intrinsic(self) -> Program | None:
        if self.frame != "lattice":
            return None
        return Formula.join(kept_inside([entry for row in self.drift for entry in row], self.mixture), self.mixture.m)

    def given_at(self, unknowns: np.ndarray, T: float, t: float = 0.0, x: float = 0.0) -> np.ndarray:
        """L as it is given, (rows, rows, k), at unknowns (m, k)."""
        shape = np.shape(unknowns)[1:]
        values = np.broadcast_to(self.given(unknowns, x=x, t=t, T=T), (self.size**2, *shape))
        return values.reshape(self.size, self.size, *shape).copy()

    def lattice_onsager(self, unknowns: np.ndarray, T: float, t: float = 0.0) -> np.ndarray:
        """L_ij (n, n, k) of the lattice frame, mol^2/(J m s). Raises Invalid for L of the number-fixed frame."""
        if self.frame != "lattice":
            text = 'L of the number-fixed frame does not say how the lattice moves; give it with frame = "lattice".'
            raise Invalid.at("law.frame", text)
        return self.given_at(np.asarray(unknowns, float), T, t)

    def number_fixed_onsager(self, unknowns: np.ndarray, T: float, t: float = 0.0) -> np.ndarray:
        """L_ij (n, n, k) of the number-fixed frame, mol^2/(J m s); the lab frame where V_m is constant."""
        if self.frame == "lattice":
            return super().number_fixed_onsager(unknowns, T, t)
        return self.whole(self.given_at(np.asarray(unknowns, float), T, t))

    def whole(self, L: np.ndarray) -> np.ndarray:
        """L over all components (n, n, ...) from L as it is given (rows, rows, ...)."""
        if self.frame == "lattice":
            return L
        rows = np.eye(self.mixture.m + 1)[:, order(self.mixture)]
        rows[self.mixture.components.index(self.mixture.dependent)] = -self.mixture.on_lattice
        return np.einsum("ik,kl...,jl->ij...", rows, L, rows)

    def check_matrix(self, compositions: np.ndarray, T: float, t: float, x: float) -> None:
        """L symmetric, positive, and 0 where a component is absent; and what is asked of every solution."""
        L = np.moveaxis(self.given_at(compositions, T, t, x), -1, 0)
        if L.size:
            self.check_finite(L, compositions, T, t, x)
            self.check_symmetric(L, compositions, T, t, x)
            self.check_vanishing(L, compositions, T, t, x)
            self.check_positive(L, compositions, T, t, x)
        super().check_matrix(compositions, T, t, x)

    def check_finite(self, L: np.ndarray, compositions: np.ndarray, *when: float) -> None:
        for k, i, j in np.argwhere(~np.isfinite(L))[:1]:
            place = self.place(compositions[:, k], *when)
            raise Invalid.at(self.entry_of(i, j), f"is {L[k, i, j]:g} at {place}; it must be finite.")

    def check_symmetric(self, L: np.ndarray, compositions: np.ndarray, *when: float) -> None:
        excess = np.abs(L - L.swapaxes(1, 2)) - ROUNDING * np.abs(L).max(axis=(1, 2), keepdims=True)
        k, i, j = np.unravel_index(int(np.argmax(excess)), excess.shape)
        if excess[k, i, j] > 0.0:
            i, j = min(i, j), max(i, j)
            place = self.place(compositions[:, k], *when)
            raise Invalid.at(
                "law.L",
                f"L[{i}][{j}] = {L[k, i, j]:.6g} and L[{j}][{i}] = {L[k, j, i]:.6g} {UNIT} differ at {place}; "
                "the coefficients must be symmetric.",
            )

    def check_vanishing(self, L: np.ndarray, compositions: np.ndarray, *when: float) -> None:
        whole = np.moveaxis(self.whole(np.moveaxis(L, 0, -1)), -1, 0)
        y = amounts_of(self.mixture, compositions)
        for i, name in enumerate(self.mixture.components):
            left = np.where(y[i] < LEAST, np.abs(whole[:, i]).max(axis=1), 0.0)
            k = int(np.argmax(left))
            if left[k] > VANISHED * np.abs(L).max():
                raise Invalid.at(
                    "law.L",
                    f"the coefficients of {name} are up to {left[k]:.4g} {UNIT} at "
                    f"{self.place(compositions[:, k], *when)}, where there is no {name}: they must vanish with it, as "
                    f"x_{name}*(...) does.",
                )

    def check_positive(self, L: np.ndarray, compositions: np.ndarray, *when: float) -> None:
        diagonal = np.einsum("kii->ki", L)
        k, i = np.unravel_index(int(np.argmin(diagonal)), diagonal.shape)
        if diagonal[k, i] < -ROUNDING * np.abs(L).max():
            place = self.place(compositions[:, k], *when)
            text = f"is {diagonal[k, i]:.4g} {UNIT} at {place}; the diagonal must not be negative."
            raise Invalid.at(self.entry_of(i, i), text)
        # Scaled to a diagonal of 1, so that dilute components count as much as the others, but not their rounding.
        size = np.abs(L).max(axis=(1, 2))
        root = np.sqrt(np.maximum(diagonal, DILUTE * np.where(size > 0.0, size, 1.0)[:, None]))
        scaled = L / (root[:, :, None] * root[:, None, :])
        lowest = np.linalg.eigvalsh(scaled)[:, 0]
        k = int(np.argmin(lowest))
        if lowest[k] < -10.0 * DILUTE:
            off = np.abs(scaled[k] - np.diag(np.diag(scaled[k])))
            i, j = sorted(map(int, np.unravel_index(int(np.argmax(off)), off.shape)))
            raise Invalid.at(
                "law.L",
                f"the matrix is not positive at {self.place(compositions[:, k], *when)}: L[{i}][{j}] = L[{j}][{i}] = "
                f"{L[k, i, j]:.4g} {UNIT} is too large beside L[{i}][{i}] = {L[k, i, i]:.4g} and "
                f"L[{j}][{j}] = {L[k, j, j]:.4g}; fluxes would raise the Gibbs energy.",
            )

    def entry_of(self, i: int, j: int) -> str:
        """The key of the case that L_ij comes from."""
        return f"law.L[{i}][{j}]" if isinstance(self.L, list | tuple | np.ndarray) else "law.L"

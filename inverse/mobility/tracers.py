"""Log-tracer diffusivities as polynomials of the composition, with activation energies.

    ln D_i*(x, T) = sum_b p_ib B_b(z) - q_i (T_ref/T - 1),   z_k = (x_k - x_ref,k)/s_k,   q_i = Q_i/(R T_ref)

i over all n components, k over the m independent ones; B: 1, z_k, z_k z_l up to the order. About a composition amid the
couples, and in units of their extent s, the parameters hardly depend on each other, and each is of order 1.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement

import numpy as np

from simulator.laws.expression import CONSTANTS
from simulator.laws.mixture import Mixture

R = CONSTANTS["R"]
MOST_ORDER = 2


@dataclass(frozen=True, eq=False)
class LogTracers:
    """The family of log-tracer diffusivities; parameters p: n rows of `count` coefficients, then n q_i if `energies`.

    order: of the polynomials, 0 to 2; centre (m,) x_ref; extent (m,) s; T_ref in K, nan where no temperature is known.
    """

    mixture: Mixture
    order: int
    centre: np.ndarray
    extent: np.ndarray
    T_ref: float = np.nan
    energies: bool = False

    @cached_property
    def powers(self) -> list[tuple[int, ...]]:
        """The factors of each basis function, as numbers of independent components."""
        m = self.mixture.m
        return [entry for degree in range(self.order + 1) for entry in combinations_with_replacement(range(m), degree)]

    @property
    def count(self) -> int:
        """Coefficients of one component."""
        return len(self.powers)

    @property
    def n(self) -> int:
        return self.mixture.m + 1

    @property
    def size(self) -> int:
        """Number of parameters."""
        return self.n * (self.count + self.energies)

    @cached_property
    def degrees(self) -> np.ndarray:
        """Degree of each parameter's basis function (size,); -1 for a q_i."""
        rows = np.tile([len(entry) for entry in self.powers], self.n)
        return np.concatenate([rows, np.full(self.n * self.energies, -1)])

    def scaled(self, x: np.ndarray) -> np.ndarray:
        """z (m, k) of independent fractions (m, k)."""
        return (x - self.centre[:, None]) / self.extent[:, None]

    def basis(self, x: np.ndarray) -> np.ndarray:
        """B (count, k) at fractions (m, k)."""
        z = self.scaled(x)
        return np.stack([np.prod(z[list(entry)], axis=0) for entry in self.powers])

    def basis_slopes(self, x: np.ndarray) -> np.ndarray:
        """dB/dx (count, m, k) at fractions (m, k)."""
        z, found = self.scaled(x), np.zeros((self.count, *x.shape))
        for row, entry in zip(found, self.powers, strict=True):
            for place, k in enumerate(entry):
                rest = entry[:place] + entry[place + 1 :]
                row[k] += np.prod(z[list(rest)], axis=0) / self.extent[k]
        return found

    def coefficients(self, p: np.ndarray) -> np.ndarray:
        """(n, count)."""
        return p[: self.n * self.count].reshape(self.n, self.count)

    def cold(self, T: float) -> float:
        """T_ref/T - 1: what q_i is multiplied by; 0 where temperatures do not count."""
        return self.T_ref / T - 1.0 if self.energies else 0.0

    def logarithms(self, p: np.ndarray, x: np.ndarray, T: float) -> np.ndarray:
        """ln D* (n, k), D* in m^2/s, at fractions (m, k) and T in K."""
        found = self.coefficients(p) @ self.basis(x)
        return found - p[self.n * self.count :, None] * self.cold(T) if self.energies else found

    def slopes(self, p: np.ndarray, x: np.ndarray) -> np.ndarray:
        """dln D*/dx (n, m, k)."""
        return np.einsum("ib,bmk->imk", self.coefficients(p), self.basis_slopes(x))

    def by_parameters(self, of_logarithms: np.ndarray, basis: np.ndarray, T: float) -> np.ndarray:
        """Derivatives (..., size, k) by the parameters from those by ln D_i* (..., n, k) at the same compositions."""
        shape = of_logarithms.shape
        rows = (of_logarithms[..., None, :] * basis).reshape(*shape[:-2], self.n * self.count, shape[-1])
        return np.concatenate([rows, -self.cold(T) * of_logarithms], axis=-2) if self.energies else rows

    @cached_property
    def plain(self) -> np.ndarray:
        """(size, size): what turns p into coefficients of products of the x_k themselves, and Q_i in J/mol."""
        place = {entry: b for b, entry in enumerate(self.powers)}
        own = np.zeros((self.count, self.count))
        for b, entry in enumerate(self.powers):
            # the product of (x_k - x_ref,k)/s_k, multiplied out
            for taken in range(2 ** len(entry)):
                kept = tuple(k for j, k in enumerate(entry) if taken >> j & 1)
                left = [k for j, k in enumerate(entry) if not taken >> j & 1]
                own[place[kept], b] += np.prod(-self.centre[left]) / np.prod(self.extent[list(entry)])
        whole = np.zeros((self.size, self.size))
        for i in range(self.n):
            part = slice(i * self.count, (i + 1) * self.count)
            whole[part, part] = own
        for j in range(self.n * self.count, self.size):
            whole[j, j] = R * self.T_ref
        return whole

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of the plain parameters: p[A], p[A, x_B], p[A, x_B x_C], Q[A]."""
        independent = self.mixture.independent
        words = [" ".join(f"x_{independent[k]}" for k in entry) for entry in self.powers]
        found = [f"p[{', '.join(filter(None, (name, word)))}]" for name in self.mixture.components for word in words]
        return tuple(found) + tuple(f"Q[{name}]" for name in self.mixture.components if self.energies)

    def expressions(self, p: np.ndarray) -> dict[str, str]:
        """Each D_i* as an expression that a case file takes."""
        plain, found = self.plain @ p, {}
        independent = self.mixture.independent
        for i, name in enumerate(self.mixture.components):
            terms = [
                "*".join([f"{value:.10g}", *(f"x_{independent[k]}" for k in entry)])
                for value, entry in zip(self.coefficients(plain)[i], self.powers, strict=True)
            ]
            text = " + ".join(terms).replace("+ -", "- ")
            if self.energies:
                text += f" - {plain[self.n * self.count + i]:.10g}/R*(1/T - 1/{self.T_ref:.10g})"
            found[name] = f"exp({text})".replace("- -", "+ ")
        return found

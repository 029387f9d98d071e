"""Frames of reference, and the driving forces in them: algebra that the laws of lattice diffusion share.

Below, y_k are the amounts that go with the unknowns u_j: mole fractions x_k, or beside interstitials u-fractions,
moles for each mole of substitutional atoms. n is the dependent component, m = n - 1, and C_k = y_k / V.

    lattice frame          J_k = -sum_l L_kl grad mu_l = -(1/V) sum_j d_kj grad u_j
    number-fixed frame     the sum of the substitutional fluxes is 0
    volume-fixed frame     the sum of V_k J_k is 0; the lab axis where V_m is constant, or linear in the composition
"""

import numpy as np

from simulator.laws.expression import CONSTANTS, mole_fractions
from simulator.laws.formula import Formula, constant, maximum, temperature, unknown
from simulator.laws.mixture import Mixture
from simulator.laws.program import replaced
from simulator.laws.thermodynamics import Thermodynamics

R = CONSTANTS["R"]
LEAST = 1e-9


def amounts(mixture: Mixture) -> list[Formula]:
    """y_k (n) in the order of the components, as formulas of the unknowns."""
    if not mixture.interstitial:
        return mole_fractions(mixture)
    of = {name: unknown(j) for j, name in enumerate(mixture.independent)}
    of[mixture.dependent] = 1.0 - total([of[name] for name in mixture.independent if name in mixture.substitutional])
    return [of[name] for name in mixture.components]


def total(formulas: list[Formula]) -> Formula:
    return sum(formulas, constant(0.0))


def shares(mixture: Mixture) -> np.ndarray:
    """1 for a substitutional, 0 for an interstitial component (n): the weights of the number-fixed frame."""
    return np.array([float(name not in mixture.interstitial) for name in mixture.components])


def order(mixture: Mixture) -> list[int]:
    """The places (m) of the independent components among all n."""
    return [mixture.components.index(name) for name in mixture.independent]


def potential_slopes(thermodynamics: Thermodynamics) -> list[list[Formula]]:
    """a_kj = (y_k/RT) dmu_k/du_j, n rows of m formulas, the dependent component varying: finite at pure ends.

        a_kj = delta_kj - delta_kn + (x_k/RT) dmu_k^ex/dx_j,   dmu_k^ex/dx_j = g_kj - sum_l x_l g_lj

    g_kj the second derivatives of the excess energy, 0 for k = n. Beside interstitials, s the sum of their u and I_j
    1 for one of them, 0 otherwise,

        a_kj = delta_kj - (1 - I_j) delta_kn - u_k I_j/(1+s) + (u_k/RT) sum_l dmu_k^ex/dx_l dx_l/du_j
        dx_l/du_j = (delta_lj - x_l I_j)/(1+s)
    """
    rows = zip(
        ideal_slopes(thermodynamics.mixture),
        amounts(thermodynamics.mixture),
        excess_slopes(thermodynamics),
        strict=True,
    )
    return [[a + y * b for a, b in zip(ideal, excess, strict=True)] for ideal, y, excess in rows]


def ideal_slopes(mixture: Mixture) -> list[list[Formula]]:
    """y_k d ln x_k/du_j, n rows of m formulas."""
    m, places, y = mixture.m, order(mixture), amounts(mixture)
    inside = [name in mixture.interstitial for name in mixture.independent]
    crowd = 1.0 + total([unknown(j) for j in range(m) if inside[j]])
    rows = []
    for k in range(m + 1):
        row = []
        for j in range(m):
            ideal = constant(float(places[j] == k))
            if k not in places and not inside[j]:
                ideal = constant(-1.0)
            row.append(ideal - y[k] / crowd if inside[j] else ideal)
        rows.append(row)
    return rows


def excess_slopes(thermodynamics: Thermodynamics) -> list[list[Formula]]:
    """(1/RT) dmu_k^ex/du_j, n rows of m formulas."""
    mixture = thermodynamics.mixture
    m, places = mixture.m, order(mixture)
    x = [mole_fractions(mixture)[place] for place in places]
    inverse = 1.0 / (R * temperature)
    second = [[entry * inverse for entry in row] for row in thermodynamics.excess_hessian]
    means = [total([x[k] * second[k][j] for k in range(m)]) for j in range(m)]
    rows = [[-mean for mean in means] for _ in mixture.components]
    for k, place in enumerate(places):
        rows[place] = [second[k][j] - means[j] for j in range(m)]
    if not mixture.interstitial:
        return rows
    inside = [name in mixture.interstitial for name in mixture.independent]
    crowd = 1.0 + total([unknown(j) for j in range(m) if inside[j]])
    for row in rows:
        along = total([x[j] * row[j] for j in range(m)])
        row[:] = [(entry - along if inside[j] else entry) / crowd for j, entry in enumerate(row)]
    return rows


def number_fixed(d: list[list[Formula]], mixture: Mixture) -> list[Formula]:
    """Interdiffusivities of the number-fixed frame, row by row, from d_kj of the lattice frame, n rows of m formulas.

    D_ij = d_ij - y_i sum_k d_kj,   k over the substitutional components
    """
    y, weights = amounts(mixture), shares(mixture)
    sums = [total([row[j] for row, weight in zip(d, weights, strict=True) if weight]) for j in range(mixture.m)]
    return [d[i][j] - y[i] * sums[j] for i in order(mixture) for j in range(mixture.m)]


def kept_inside(formulas: list[Formula], mixture: Mixture) -> list[Formula]:
    """The formulas at compositions of which no component is less than LEAST: as they are wherever none is.

    A product L_kl (1/y_l) has its limit at a pure end, but 0/0 there: it is taken at y_l = LEAST instead, with every
    factor at the same composition.
    """
    kept = [maximum(unknown(j), LEAST) for j in range(mixture.m)]
    on_lattice = [entry for entry, weight in zip(kept, mixture.on_lattice, strict=True) if weight]
    excess = maximum(total(on_lattice) / (1.0 - LEAST), 1.0)
    kept = [entry / excess if weight else entry for entry, weight in zip(kept, mixture.on_lattice, strict=True)]
    values = {("unknown", j): entry.tree for j, entry in enumerate(kept)}
    return [Formula(tree) for tree in replaced(tuple(entry.tree for entry in formulas), values)]


def amounts_of(mixture: Mixture, unknowns: np.ndarray) -> np.ndarray:
    """y_k (n, ...) at unknowns (m, ...)."""
    unknowns = np.asarray(unknowns, float)
    rows = dict(zip(mixture.independent, unknowns, strict=True))
    rows[mixture.dependent] = 1.0 - np.tensordot(mixture.on_lattice, unknowns, 1)
    return np.stack([rows[name] for name in mixture.components])


def in_frame(L: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Phenomenological coefficients in the frame in which sum_k w_k J_k = 0.

        L' = B L B^T,   B_ij = delta_ij - y_i w_j,   where sum_k w_k y_k = 1

    L (n, n, ...) in any frame; y (n, ...); weights (n, ...): `shares` for the number-fixed, V_k/V_m for the
    volume-fixed frame. The forces stay grad mu_k, because sum_k y_k grad mu_k = 0. Then sum_i w_i L'_ij = 0.
    """
    n = len(L)
    weights = np.asarray(weights, float).reshape(n, *(np.shape(weights)[1:] or (1,) * (y.ndim - 1)))
    B = np.eye(n).reshape(n, n, *(1,) * (y.ndim - 1)) - y[:, None] * weights[None]
    return np.einsum("ik...,kl...,jl...->ij...", B, L, B)


def of_dependent(matrix: np.ndarray, mixture: Mixture, dependent: str) -> np.ndarray:
    """Interdiffusivities (m, m, ...) of the number-fixed frame for another dependent component.

        D^(r)_ij = D^(n)_ij - D^(n)_ir,   D^(n)_in = 0,   D^(n)_nj = -sum_i D^(n)_ij

    Rows and columns in the order of the components without `dependent`. For substitutional components. The
    eigenvalues are the same.
    """
    matrix = np.asarray(matrix, float)
    m, places = mixture.m, order(mixture)
    last, chosen = mixture.components.index(mixture.dependent), mixture.components.index(dependent)
    whole = np.zeros((m + 1, m + 1, *matrix.shape[2:]))
    whole[np.ix_(places, places)] = matrix
    whole[last] = -whole.sum(axis=0)
    whole = whole - whole[:, [chosen]]
    kept = [place for place in range(m + 1) if place != chosen]
    return whole[np.ix_(kept, kept)]

"""Liquid-junction potentials: Henderson's mixing layer and Planck's film."""

import numpy as np

from simulator.faults import NumericsError
from simulator.laws.charge import thermal_voltage
from simulator.laws.electrochemistry.arguments import (
    charged,
    finite,
    neutral,
    not_negative,
    of_ions,
    positive,
    zero_of_rising,
)
from simulator.laws.electrochemistry.bernoulli import bernoulli

TOLERANCE = 1e-10  # of the residual of the collocation, relative
NODES = 41
MOST_NODES = 20_000


def henderson(z, D, left, right, T) -> float:
    """phi(right) - phi(left) where the composition runs linearly from one solution to the other, without current, V.

        V = -RT/F [sum z D (c_R - c_L)/sum z^2 D (c_R - c_L)] ln[sum z^2 D c_R/sum z^2 D c_L]

    z, D, left, right (n,), any valences, ideal solutions; both solutions neutral, mol/m^3. A junction left to itself
    has another profile: see `planck` for a film in a steady state.
    Raises Invalid for T <= 0, D <= 0, negative concentrations, solutions that are not neutral.
    Source: Henderson (1907), Z. Phys. Chem. 59, 118.
    """
    VT, z, D, left, right = read(z, D, left, right, T)
    at_left = np.sum(z**2 * D * left)
    change = np.sum(z**2 * D * (right - left)) / at_left
    mean = np.log1p(change) / change if change else 1.0
    return float(-VT * np.sum(z * D * (right - left)) / at_left * mean)


def planck(z, D, left, right, T) -> float:
    """phi(right) - phi(left) of a film between two stirred solutions, in a steady state without current, V.

    Every J_k = -D_k (c_k' + z_k c_k phi' F/(RT)) is constant, sum z c = 0, sum z J = 0. Where all ions have one |z|,
    the zero of sum z_k J_k in

        J_k ~ D_k [B(w_k) c_kL/C_L - B(-w_k) c_kR/C_R],   w_k = z_k V F/(RT) + ln(C_R/C_L),   B(s) = s/(exp(s) - 1)

    C = sum c; equivalent to Planck's equation. With mixed valences by collocation, to about 1e-9 RT/F. Equal to
    `henderson` where C_L = C_R and all ions are univalent, and for a single salt.
    z, D, left, right (n,); both solutions neutral, mol/m^3. Raises Invalid as `henderson` does, NumericsError where the
    collocation does not converge. Source: Planck (1890), Ann. Phys. Chem. 40, 561.
    """
    VT, z, D, left, right = read(z, D, left, right, T)
    there = (z != 0.0) & (left + right > 0.0)
    z, D, left, right = z[there], D[there], left[there], right[there]
    if np.unique(np.abs(z)).size > 1:
        return VT * film_potential(z, D, left, right)
    totals = left.sum(), right.sum()
    L, R, rise = left / totals[0], right / totals[1], np.log(totals[1] / totals[0])
    weight = z * D / D.max()

    def inwards(xi: float) -> float:
        w = z * xi + rise
        return float(np.sum(weight * (R * bernoulli(-w) - L * bernoulli(w))))

    return VT * zero_of_rising("planck", inwards)


def read(z, D, left, right, T):
    VT = thermal_voltage(float(positive("T", T, "K")))
    z, D, left, right = of_ions(z, D=D, left=left, right=right)
    finite("z", z)
    positive("D", D, "m^2/s")
    for name, c in (("left", left), ("right", right)):
        not_negative(name, c, "mol/m^3")
        neutral(name, z, c)
    return VT, z, D, left, right


def film_potential(z, D, left, right) -> float:
    """phi(right) - phi(left) of `planck`, RT/F, for any valences (n,) without zeros.

    Unknown: all concentrations but the last, phi, and all fluxes but the last, which makes the current zero.
    """
    from scipy.integrate import solve_bvp

    charged("z", z)
    scale = max(left.sum(), right.sum())
    left, right, D = left / scale, right / scale, D / D.max()
    m = z.size - 1
    start = henderson(z, D, left, right, 1.0) / thermal_voltage(1.0)

    def all_ions(c):
        return np.vstack([c, -(z[:m] @ c) / z[m]])

    def slopes(x, y, J):
        c = all_ions(y[:m])
        ratio = np.append(J, -(z[:m] @ J) / z[m]) / D
        field = -(z @ ratio) / (z**2 @ c)
        return np.vstack([-ratio[:m, None] - z[:m, None] * c[:m] * field, field])

    def ends(at_left, at_right, J):
        return np.concatenate([at_left[:m] - left[:m], at_right[:m] - right[:m], at_left[m:]])

    x = np.linspace(0.0, 1.0, NODES)
    guess = np.vstack([left[:m, None] + np.outer(right[:m] - left[:m], x), start * x])
    middle = 0.5 * (left + right)
    fluxes = -D * (right - left + z * middle * start)
    found = solve_bvp(slopes, ends, x, guess, fluxes[:m], tol=TOLERANCE, max_nodes=MOST_NODES)
    if not found.success:
        raise NumericsError(f"planck: {found.message} Bring the two solutions nearer to each other, or use henderson.")
    return float(found.y[m, -1])

"""A doped semiconductor in equilibrium: carriers, built-in voltages, the depletion layer of an abrupt junction.

Densities are in mol/m^3 as everywhere: 1 cm^-3 is 1e6/6.02214076e23 mol/m^3. Boltzmann's statistics, dopants ionized.
"""

from typing import NamedTuple

import numpy as np

from simulator.faults import Invalid
from simulator.laws.charge import EPSILON_0, thermal_voltage
from simulator.laws.electrochemistry.arguments import finite, positive
from simulator.laws.expression import CONSTANTS

MOLAR = "mol/m^3"


class Depletion(NamedTuple):
    """built_in: phi(n) - phi(p) in equilibrium, V; width, n_side, p_side: of the layer, m; field: the largest, V/m."""

    built_in: float
    width: float
    n_side: float
    p_side: float
    field: float


def carriers(doping, intrinsic):
    """Electrons and holes of a neutral semiconductor, mol/m^3.

        n = n_i exp(a),   p = n_i exp(-a),   a = asinh(N/(2 n_i))

    so n - p = N and n p = n_i^2, neither lost to rounding. doping N: donors minus acceptors, mol/m^3, any sign and
    shape; intrinsic n_i. Raises Invalid unless n_i is positive.
    Source: Sze & Ng, Physics of Semiconductor Devices, 3rd ed. (2007).
    """
    ni = positive("intrinsic", intrinsic, MOLAR)
    a = np.arcsinh(0.5 * finite("doping", doping, MOLAR) / ni)
    return ni * np.exp(a), ni * np.exp(-a)


def built_in_voltage(left, right, intrinsic, T):
    """phi(right) - phi(left) in equilibrium between two neutral regions, V.

        V = RT/F [asinh(N_R/(2 n_i)) - asinh(N_L/(2 n_i))]

    RT/F ln(N_R/N_L) in an n-type bar, RT/F ln(N_A N_D/n_i^2) across a p-n junction. left, right N: donors minus
    acceptors, mol/m^3; arrays element by element. Raises Invalid unless n_i and T are positive. Source: as `carriers`.
    """
    VT = thermal_voltage(positive("T", T, "K"))
    ni = positive("intrinsic", intrinsic, MOLAR)
    left, right = finite("left", left, MOLAR), finite("right", right, MOLAR)
    return VT * (np.arcsinh(0.5 * right / ni) - np.arcsinh(0.5 * left / ni))


def neutral_field(doping, slope, intrinsic, T):
    """E = -RT/F N'/sqrt(N^2 + 4 n_i^2) towards +x in a bar that is neutral everywhere, V/m.

    doping N and slope N' = dN/dx, mol/m^3 and mol/m^4; -RT/(F l) where N grows as exp(x/l), as long as l is many Debye
    lengths. Arrays element by element. Raises Invalid unless n_i and T are positive. Source: as `carriers`.
    """
    VT = thermal_voltage(positive("T", T, "K"))
    ni = positive("intrinsic", intrinsic, MOLAR)
    return -VT * finite("slope", slope, "mol/m^4") / np.hypot(finite("doping", doping, MOLAR), 2.0 * ni)


def depletion(acceptors, donors, intrinsic, permittivity, T, bias=0.0) -> Depletion:
    """Depletion layer of an abrupt p-n junction, none of its carriers left.

        W = sqrt(2 eps eps_0 (V_bi - V)/F (1/N_A + 1/N_D)),   x_n = W N_A/(N_A + N_D),   x_p = W - x_n
        E = 2 (V_bi - V)/W,   V_bi = RT/F ln(N_A N_D/n_i^2)

    bias V: forwards positive, V. The field is a few per cent off (`junction_field` is exact without bias); V = 2 RT/F
    corrects the width for the carriers at its edges. Raises Invalid for what is not positive and V >= V_bi.
    Source: Sze & Ng, Physics of Semiconductor Devices, 3rd ed. (2007).
    """
    NA, ND, eps = of_junction(acceptors, donors, permittivity)
    built_in = float(built_in_voltage(-NA, ND, float(intrinsic), float(T)))
    V = built_in - float(finite("bias", bias, "V"))
    if V <= 0.0:
        raise Invalid.at("bias", f"is not below the built-in voltage of {built_in:.4g} V: no layer is depleted.")
    width = float(np.sqrt(2.0 * eps * V / CONSTANTS["F"] * (1.0 / NA + 1.0 / ND)))
    n_side = width * NA / (NA + ND)
    return Depletion(built_in, width, n_side, width * ND / (NA + ND), 2.0 * V / width)


def junction_field(acceptors, donors, intrinsic, permittivity, T) -> tuple[float, float]:
    """Size of the field, V/m, and potential against the intrinsic level, V, at an abrupt p-n junction in equilibrium.

    Poisson's equation with Boltzmann's carriers has the first integral, psi = F phi/(RT),

        eps eps_0 E^2/(2 RT) = N_D (psi_n - psi) - n_n - p_n + n + p  = N_A (psi - psi_p) - n_p - p_p + n + p

    with psi_n and psi_p of the neutral regions; the two sides meet at psi. Raises Invalid for what is not positive.
    Source: Sze & Ng, Physics of Semiconductor Devices, 3rd ed. (2007).
    """
    NA, ND, eps = of_junction(acceptors, donors, permittivity)
    VT, ni = thermal_voltage(float(positive("T", T, "K"))), float(positive("intrinsic", intrinsic, MOLAR))
    at_n, at_p = np.arcsinh(0.5 * ND / ni), np.arcsinh(-0.5 * NA / ni)
    n_side, p_side = np.hypot(ND, 2.0 * ni), np.hypot(NA, 2.0 * ni)
    psi = (ND * at_n - n_side + NA * at_p + p_side) / (NA + ND)
    gained = ND * (at_n - psi) - n_side + 2.0 * ni * np.cosh(psi)
    return float(np.sqrt(2.0 * CONSTANTS["F"] * VT * gained / eps)), float(VT * psi)


def of_junction(acceptors, donors, permittivity) -> tuple[float, float, float]:
    NA, ND = float(positive("acceptors", acceptors, MOLAR)), float(positive("donors", donors, MOLAR))
    return NA, ND, float(positive("permittivity", permittivity)) * EPSILON_0

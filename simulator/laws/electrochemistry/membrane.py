"""Potentials and currents across a membrane: Nernst, Goldman-Hodgkin-Katz, Donnan, Teorell-Meyer-Sievers."""

from typing import NamedTuple

import numpy as np

from simulator.faults import Invalid
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
from simulator.laws.electrochemistry.bernoulli import bernoulli, bernoulli_slope
from simulator.laws.expression import CONSTANTS

MOLAR = "mol/m^3"


class Donnan(NamedTuple):
    """potential: of the inside against the outside, V; inside: concentrations (n,), mol/m^3."""

    potential: float
    inside: np.ndarray


def nernst_potential(z, inside, outside, T):
    """Potential of the inside against the outside at which an ion is in equilibrium, V.

        E = RT/(z F) ln(outside/inside)

    Arrays are taken element by element. Raises Invalid for z = 0 and unless concentrations and T are positive.
    Source: Hille, Ion Channels of Excitable Membranes, 3rd ed. (2001).
    """
    VT = thermal_voltage(positive("T", T, "K"))
    z = charged("z", z)
    return VT / z * np.log(positive("outside", outside, MOLAR) / positive("inside", inside, MOLAR))


def ghk_current(P, z, V, inside, outside, T):
    """Current density of an ion through a membrane with a constant field, outwards positive, A/m^2.

        I = P z F u (c_in - c_out exp(-u))/(1 - exp(-u)),   u = z V F/(RT)

    I = z F P (c_in - c_out) at V = 0; towards P z F u c_in and P z F u c_out far from it. P: permeability, m/s; V: of
    the inside against the outside, V. Arrays are taken element by element. Raises Invalid for z = 0, T <= 0 and what is
    negative. Source: Goldman (1943), J. Gen. Physiol. 27, 37; Hodgkin & Katz (1949), J. Physiol. 108, 37.
    """
    u, scale, inside, outside = in_field(P, z, V, inside, outside, T)
    return scale * (inside * bernoulli(-u) - outside * bernoulli(u))


def slope_conductance(P, z, V, inside, outside, T):
    """dI/dV of `ghk_current`, S/m^2: between P z^2 F^2/(RT) times c_out (V -> -inf for a cation) and times c_in.

    The chord conductance is I/(V - E) with E of `nernst_potential`. Arguments, errors and source as there.
    """
    u, scale, inside, outside = in_field(P, z, V, inside, outside, T)
    slope = -inside * bernoulli_slope(-u) - outside * bernoulli_slope(u)
    return scale * slope * np.asarray(z, float) / thermal_voltage(np.asarray(T, float))


def in_field(P, z, V, inside, outside, T):
    """u = z V F/(RT), z F P and both concentrations."""
    VT = thermal_voltage(positive("T", T, "K"))
    z = charged("z", z)
    P = not_negative("P", P, "m/s")
    inside, outside = not_negative("inside", inside, MOLAR), not_negative("outside", outside, MOLAR)
    return z * finite("V", V, "V") / VT, z * CONSTANTS["F"] * P, inside, outside


def ghk_voltage(P, z, inside, outside, T) -> float:
    """Voltage at which the ions together carry no current through a membrane with a constant field, V.

        V = RT/F ln[(sum_cations P c_out + sum_anions P c_in)/(sum_cations P c_in + sum_anions P c_out)]

    where all are univalent (RT/(|z| F) where all have one |z|); with mixed valences the zero of the total current,
    which rises with V. This is the reversal potential of a channel.
    P, z, inside, outside (n,); of P only the ratios count.
    Raises Invalid for z = 0, T <= 0, negative values, and where no voltage stops the current. Source: as `ghk_current`.
    """
    VT = thermal_voltage(float(positive("T", T, "K")))
    z, P, inside, outside = of_ions(z, P=P, inside=inside, outside=outside)
    charged("z", z)
    not_negative("P", P)
    not_negative("inside", inside, MOLAR)
    not_negative("outside", outside, MOLAR)
    out = float(np.sum(P * np.where(z > 0.0, inside, outside)))
    into = float(np.sum(P * np.where(z > 0.0, outside, inside)))
    if out == 0.0 or into == 0.0:
        raise Invalid.at("P", "no voltage stops the current: permeable ions must be able to carry it both ways.")
    sizes = np.unique(np.abs(z[P > 0.0]))
    if sizes.size == 1:
        return float(VT / sizes[0] * np.log(into / out))
    weight = z * P / np.max(P)

    def current(u: float) -> float:
        return float(np.sum(weight * (inside * bernoulli(-z * u) - outside * bernoulli(z * u))))

    return VT * zero_of_rising("ghk_voltage", current)


def chord_voltage(conductances, reversals) -> float:
    """Voltage without current of ions with constant conductances, V = sum g_k E_k/sum g_k.

    conductances g (n,), S/m^2, not negative; reversals E (n,), V. Raises Invalid where all conductances are zero.
    Source: Hodgkin & Huxley (1952), J. Physiol. 117, 500.
    """
    E, g = of_ions(reversals, conductances=conductances)
    finite("reversals", E, "V")
    not_negative("conductances", g, "S/m^2")
    if not g.sum() > 0.0:
        raise Invalid.at("conductances", "are all 0; one of them must be positive.")
    return float(np.sum(g * E) / np.sum(g))


def donnan(z, outside, fixed_charge, T) -> Donnan:
    """Equilibrium of a solution with a medium of fixed charge X.

        c_in = c_out exp(-z psi),   sum z c_in + X = 0,   psi = F potential/(RT)

    psi = asinh(X/(2 |z| c))/|z| where all ions have one |z|, c that of either sign; else the zero of the charge. z,
    outside (n,), neutral, mol/m^3; fixed_charge X: mol/m^3 of elementary charges, of either sign.
    Raises Invalid for T <= 0, negative concentrations, a solution that is not neutral.
    Source: Helfferich, Ion Exchange (1962).
    """
    VT = thermal_voltage(float(positive("T", T, "K")))
    z, outside = of_ions(z, outside=outside)
    finite("z", z)
    not_negative("outside", outside, MOLAR)
    X = float(finite("fixed_charge", fixed_charge, MOLAR))
    neutral("outside", z, outside)
    psi = neutral_potential("donnan", z, outside, X)
    return Donnan(VT * psi, outside * np.exp(-z * psi))


def neutral_potential(name: str, z: np.ndarray, outside: np.ndarray, X: float) -> float:
    """psi at which sum z outside exp(-z psi) + X = 0; both signs of ions must be there."""
    there = (z != 0.0) & (outside > 0.0)
    z, outside = z[there], outside[there]
    sizes = np.unique(np.abs(z))
    if sizes.size == 1:
        v = float(sizes[0])
        cations, anions = outside[z > 0.0].sum(), outside[z < 0.0].sum()
        middle = v * np.sqrt(cations * anions)
        return float((np.arcsinh(0.5 * X / middle) + 0.5 * np.log(cations / anions)) / v)
    total = np.sum(np.abs(z) * outside) + abs(X)
    return zero_of_rising(name, lambda psi: float(-(np.sum(z * outside * np.exp(-z * psi)) + X) / total))


def exchange_membrane_voltage(left, right, fixed_charge, D_cation, D_anion, T):
    """Voltage across an ion-exchange membrane between two solutions of one 1:1 salt without current, V.

        V = RT/F { asinh(X/2 c_L) - U ln[(s_R - U X)/(s_L - U X)] - asinh(X/2 c_R) }
        s = sqrt(X^2 + 4 c^2),   U = (D+ - D-)/(D+ + D-)

    -RT/F ln(c_R/c_L) for a cation exchanger (X -> -inf), +RT/F ln(c_R/c_L) for an anion exchanger, and the diffusion
    potential -U RT/F ln(c_R/c_L) for X = 0. left, right: c of the salt outside, mol/m^3; D in the membrane. Arrays are
    taken element by element. Raises Invalid for T <= 0 and what is not positive.
    Source: Teorell (1935), Proc. Soc. Exp. Biol. Med. 33, 282; Meyer & Sievers (1936), Helv. Chim. Acta 19, 649.
    """
    VT = thermal_voltage(positive("T", T, "K"))
    left, right = positive("left", left, MOLAR), positive("right", right, MOLAR)
    X = finite("fixed_charge", fixed_charge, MOLAR)
    D_cation, D_anion = positive("D_cation", D_cation, "m^2/s"), positive("D_anion", D_anion, "m^2/s")
    U = (D_cation - D_anion) / (D_cation + D_anion)
    ratio = (np.hypot(X, 2.0 * right) - U * X) / (np.hypot(X, 2.0 * left) - U * X)
    return VT * (np.arcsinh(0.5 * X / left) - U * np.log(ratio) - np.arcsinh(0.5 * X / right))

"""Limiting currents of an ion that reacts at a wall, of a salt alone and with a supporting electrolyte."""

from typing import NamedTuple

import numpy as np

from simulator.faults import Invalid
from simulator.laws.charge import thermal_voltage
from simulator.laws.electrochemistry.arguments import charged, finite, neutral, not_negative, of_ions, positive
from simulator.laws.electrochemistry.membrane import neutral_potential
from simulator.laws.expression import CONSTANTS


class Supported(NamedTuple):
    """current: of the ion that reacts towards the wall, of the sign of its charge, A/m^2; wall_potential: of the wall
    against the bulk, in the solution, V."""

    current: float
    wall_potential: float


def film_limiting_current(z, D, c, z_other, thickness):
    """Current of an ion of a binary salt towards a wall where it reacts, c = 0 there, A/m^2.

        i = z F D c (1 + |z/z'|)/d

    z, D, c: of the ion that reacts, with c in the bulk, mol/m^3; z_other z': of the other one; thickness d of the film,
    m. Of the sign of z. Arrays are taken element by element. Raises Invalid unless the charges have
    two signs and D, c, d are positive.
    Source: Newman & Thomas-Alyea, Electrochemical Systems, 3rd ed. (2004).
    """
    z, other = charged("z", z), charged("z_other", z_other)
    if not np.all(z * other < 0.0):
        raise Invalid.at("z_other", "must have the other sign: z = 2, z_other = -1 for calcium of CaCl2.")
    D, c = positive("D", D, "m^2/s"), positive("c", c, "mol/m^3")
    gained = 1.0 + np.abs(z / other)
    return z * CONSTANTS["F"] * D * c * gained / positive("thickness", thickness, "m")


def cell_limiting_current(z, D, c, z_other, thickness):
    """Limiting current of a salt between two electrodes of one of its ions, twice `film_limiting_current`, A/m^2.

    c: the mean concentration of that ion, which the current does not change; it runs from 2 c to 0. thickness: from
    electrode to electrode, m. Arguments, errors and source as there.
    """
    return 2.0 * film_limiting_current(z, D, c, z_other, thickness)


def cell_voltage(fraction, z, z_other, T):
    """Voltage between reversible electrodes of one ion of a binary salt, at a fraction j of the limiting current, V.

        V = 2 RT/F (1/|z| + 1/|z'|) artanh j

    Of it RT/(|z'| F) ln((1 + j)/(1 - j)) falls in the solution. Positive where the current enters against where it
    leaves, for a cation and an anion alike. 4 RT/F artanh j for a 1:1 salt. fraction j: i/`cell_limiting_current`;
    arrays are taken element by element. Raises Invalid for |j| >= 1, z = 0, T <= 0.
    Source: Bazant, Chu & Bayly (2005), SIAM J. Appl. Math. 65, 1463.
    """
    VT = thermal_voltage(positive("T", T, "K"))
    z, other, j = charged("z", z), charged("z_other", z_other), finite("fraction", fraction)
    if not np.all(z * other < 0.0):
        raise Invalid.at("z_other", "must have the other sign: z = 1, z_other = -1 for silver of AgNO3.")
    if not np.all(np.abs(j) < 1.0):
        text = "is not below the limiting current, at which the voltage is infinite; stay between -1 and 1."
        raise Invalid.at("fraction", text)
    return 2.0 * VT * (1.0 / np.abs(z) + 1.0 / np.abs(other)) * np.arctanh(j)


def supported_limiting_current(z, D, bulk, thickness, T) -> Supported:
    """Limiting current of the first ion through a film in which no other ion moves.

        i d/(z_1 F D) = c_1 + sum_k>1 c_k [1 - exp(-z_k psi)],   sum_k>1 z_k c_k exp(-z_k psi) = 0

    psi: of the wall in RT/F. The other ions are in Boltzmann's equilibrium, so J_1 integrates exactly. For three
    univalent ions, support g c_1: i d/(F D c_1) = 2 [(1 + g) - sqrt(g (1 + g))]; 1 for g -> inf. Without support it is
    `film_limiting_current`, and the wall potential is infinite.
    z, bulk (n,), neutral, mol/m^3; D of the first ion, m^2/s.
    Raises Invalid for T <= 0, D <= 0, negative concentrations, a bulk that is not neutral, a first ion without charge.
    Source: Newman & Thomas-Alyea, Electrochemical Systems, 3rd ed. (2004).
    """
    VT = thermal_voltage(float(positive("T", T, "K")))
    z, bulk = of_ions(z, bulk=bulk)
    finite("z", z)
    not_negative("bulk", bulk, "mol/m^3")
    neutral("bulk", z, bulk)
    reacts, others, c = float(charged("z", z[0])), z[1:], bulk[1:]
    positive("bulk", bulk[0], "mol/m^3")
    if np.any((others * reacts > 0.0) & (c > 0.0)):
        psi = neutral_potential("supported_limiting_current", others, c, 0.0)
        gained = float(np.sum(c * -np.expm1(-others * psi)))
    else:
        psi = -np.sign(reacts) * np.inf
        gained = float(np.sum(c[others != 0.0]))
    scale = reacts * CONSTANTS["F"] * float(positive("D", D, "m^2/s")) / float(positive("thickness", thickness, "m"))
    return Supported(scale * (float(bulk[0]) + gained), VT * psi)

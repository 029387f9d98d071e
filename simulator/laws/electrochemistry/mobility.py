"""Mobilities of ions: Nernst-Einstein, conductivity, transference, the diffusivity of a salt."""

import numpy as np

from simulator.faults import Invalid
from simulator.laws.electrochemistry.arguments import charged, finite, not_negative, of_ions, positive
from simulator.laws.expression import CONSTANTS


def diffusivity_of_conductivity(conductivity, z, T):
    """D = RT lambda/(z^2 F^2) of an ion, m^2/s (Nernst-Einstein), at infinite dilution.

    conductivity lambda: molar, S m^2/mol; a table's equivalent conductivity in S cm^2/eq is to be multiplied by
    |z| 1e-4. Arrays are taken element by element. Raises Invalid for z = 0 and unless lambda and T are positive.
    Source: Robinson & Stokes, Electrolyte Solutions, 2nd ed. (1959).
    """
    T, z = positive("T", T, "K"), charged("z", z)
    return positive("conductivity", conductivity, "S m^2/mol") * CONSTANTS["R"] * T / (z * CONSTANTS["F"]) ** 2


def molar_conductivity(D, z, T):
    """lambda = z^2 F^2 D/(RT) of an ion, S m^2/mol: `diffusivity_of_conductivity` the other way, errors as there."""
    T, z = positive("T", T, "K"), charged("z", z)
    return positive("D", D, "m^2/s") * (z * CONSTANTS["F"]) ** 2 / (CONSTANTS["R"] * T)


def conductivity(z, D, c, T) -> float:
    """kappa = F^2/(RT) sum z^2 D c of a solution, S/m. z, D, c (n,). Raises Invalid for D <= 0, c < 0, T <= 0."""
    T = float(positive("T", T, "K"))
    return CONSTANTS["F"] ** 2 / (CONSTANTS["R"] * T) * float(np.sum(carried(z, D, c)))


def transference_numbers(z, D, c) -> np.ndarray:
    """t_k = z_k^2 D_k c_k/sum_j z_j^2 D_j c_j (n,): of the current in a uniform solution, ion k carries t_k.

    z, D, c (n,). Raises Invalid for D <= 0, c < 0, and where no ion with a charge is there.
    Source: Newman & Thomas-Alyea, Electrochemical Systems, 3rd ed. (2004).
    """
    part = carried(z, D, c)
    if not part.sum() > 0.0:
        raise Invalid.at("c", "no ion with a charge is there to carry a current.")
    return part / part.sum()


def carried(z, D, c) -> np.ndarray:
    """z^2 D c (n,)."""
    z, D, c = of_ions(z, D=D, c=c)
    return finite("z", z) ** 2 * positive("D", D, "m^2/s") * not_negative("c", c, "mol/m^3")


def salt_diffusivity(z_cation, D_cation, z_anion, D_anion):
    """D = (z+ - z-) D+ D-/(z+ D+ - z- D-) of a salt of two ions, m^2/s: they move together.

    Arrays are taken element by element. Raises Invalid unless z+ > 0 > z- and both D are positive.
    Source: Newman & Thomas-Alyea, Electrochemical Systems, 3rd ed. (2004).
    """
    p, m = positive("z_cation", z_cation), finite("z_anion", z_anion)
    if not np.all(m < 0.0):
        raise Invalid.at("z_anion", "must be negative: z_cation = 2, z_anion = -1 for CaCl2.")
    D_p, D_m = positive("D_cation", D_cation, "m^2/s"), positive("D_anion", D_anion, "m^2/s")
    return (p - m) * D_p * D_m / (p * D_p - m * D_m)

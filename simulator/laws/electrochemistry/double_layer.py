"""The diffuse double layer of Gouy and Chapman at a flat wall, and its width."""

import numpy as np

from simulator.faults import Invalid
from simulator.laws.charge import EPSILON_0, thermal_voltage
from simulator.laws.electrochemistry.arguments import finite, neutral, not_negative, of_ions, positive
from simulator.laws.expression import CONSTANTS

NEAR = 0.3  # below which exp(y) - 1 - y is summed as a series, whose 13th power is below rounding
POWERS = 13


def debye_length(z, c, permittivity, T) -> float:
    """sqrt(eps eps_0 RT/(F^2 sum z^2 c)), m. z, c (n,) in mol/m^3. Raises Invalid for T <= 0, permittivity <= 0, c < 0,
    and where no ion with a charge is there. Source: Debye & Hueckel (1923), Phys. Z. 24, 185.
    """
    z, c = of_ions(z, c=c)
    strength = float(np.sum(finite("z", z) ** 2 * not_negative("c", c, "mol/m^3")))
    if strength == 0.0:
        raise Invalid.at("c", "no ion with a charge is there, so nothing screens a field.")
    eps = float(positive("permittivity", permittivity)) * EPSILON_0
    T = float(positive("T", T, "K"))
    return float(np.sqrt(eps * CONSTANTS["R"] * T / (CONSTANTS["F"] ** 2 * strength)))


def symmetric(z, c, permittivity, T) -> tuple[float, float, float]:
    """|z|, Debye length and RT/F for a z:z salt of concentration c."""
    v = float(positive("z", z))
    length = debye_length((v, -v), (float(positive("c", c, "mol/m^3")),) * 2, permittivity, T)
    return v, length, thermal_voltage(float(T))


def diffuse_potential(x, potential, z, c, permittivity, T) -> np.ndarray:
    """psi at distances x from a wall at `potential`, V.

        tanh(z psi F/(4 RT)) = tanh(z psi_0 F/(4 RT)) exp(-x/lambda)

    x: m, not negative, any shape; potential psi_0: against the bulk, V; z: of a z:z salt, positive; c: of the salt in
    the bulk, mol/m^3. Raises Invalid for what is negative and T <= 0.
    Source: Gouy (1910), J. Phys. Theor. Appl. 9, 457; Chapman (1913), Phil. Mag. 25, 475.
    """
    v, length, VT = symmetric(z, c, permittivity, T)
    s = not_negative("x", x, "m") / length
    a = 0.25 * v * finite("potential", potential, "V") / VT
    g = np.tanh(np.abs(a))
    # 1 - g exp(-s) from its two parts, each exact where g is 1 to rounding
    rest = 2.0 / (np.exp(np.minimum(2.0 * np.abs(a), 700.0)) + 1.0) - g * np.expm1(-s)
    return np.sign(a) * 2.0 * VT / v * np.log1p(2.0 * g * np.exp(-s) / rest)


def surface_charge(potential, z, c, permittivity, T):
    """sigma = sqrt(8 eps eps_0 RT c) sinh(z psi_0 F/(2 RT)), C/m^2, of a wall in a z:z salt; 4 z F c lambda in front.

    Arguments, errors and source as `diffuse_potential`; `grahame` for any ions.
    """
    v, length, VT = symmetric(z, c, permittivity, T)
    return 4.0 * v * CONSTANTS["F"] * float(c) * length * np.sinh(0.5 * v * finite("potential", potential, "V") / VT)


def surface_potential(charge, z, c, permittivity, T):
    """psi_0 = 2 RT/(z F) asinh(sigma/sqrt(8 eps eps_0 RT c)), V: `surface_charge` the other way, errors as there."""
    v, length, VT = symmetric(z, c, permittivity, T)
    unit = 4.0 * v * CONSTANTS["F"] * float(c) * length
    return 2.0 * VT / v * np.arcsinh(finite("charge", charge, "C/m^2") / unit)


def differential_capacity(potential, z, c, permittivity, T):
    """C = d sigma/d psi_0 = eps eps_0/lambda cosh(z psi_0 F/(2 RT)), F/m^2. Arguments as `diffuse_potential`."""
    v, length, VT = symmetric(z, c, permittivity, T)
    eps = float(permittivity) * EPSILON_0
    return eps / length * np.cosh(0.5 * v * finite("potential", potential, "V") / VT)


def surface_excess(potential, z, c, permittivity, T):
    """Of the cation and of the anion, mol/m^2: int (c_k - c) dx = 2 c lambda [exp(-+ z psi_0 F/(2 RT)) - 1].

    z F (cation - anion) = -sigma; their sum is the salt that the layer takes up. Arguments as `diffuse_potential`.
    """
    v, length, VT = symmetric(z, c, permittivity, T)
    half = 0.5 * v * finite("potential", potential, "V") / VT
    unit = 2.0 * float(c) * length
    return unit * np.expm1(-half), unit * np.expm1(half)


def grahame(potential, z, c, permittivity, T):
    """Charge of a wall at a potential in a solution of any ions, C/m^2.

        sigma = sign(psi_0) sqrt(2 eps eps_0 RT sum c_k [exp(-z_k psi_0 F/(RT)) - 1])

    potential: V, of any shape; z, c (n,): neutral bulk, mol/m^3. Raises Invalid for T <= 0, permittivity <= 0, negative
    concentrations, a bulk that is not neutral. Source: Grahame (1947), Chem. Rev. 41, 441.
    """
    T = float(positive("T", T, "K"))
    eps = float(positive("permittivity", permittivity)) * EPSILON_0
    z, c = of_ions(z, c=c)
    finite("z", z)
    not_negative("c", c, "mol/m^3")
    neutral("c", z, c)
    psi = finite("potential", potential, "V") / thermal_voltage(T)
    # sum z c = 0 takes the linear part away, which would otherwise drown a small potential's square
    osmotic = np.tensordot(c, beyond_linear(-np.multiply.outer(z, psi)), 1)
    return np.sign(psi) * np.sqrt(2.0 * eps * CONSTANTS["R"] * T * osmotic)


def beyond_linear(y: np.ndarray) -> np.ndarray:
    """exp(y) - 1 - y."""
    near = np.abs(y) < NEAR
    small = np.where(near, y, 0.0)
    series = np.zeros(np.shape(y))
    for k in range(POWERS, 1, -1):
        series = (series + 1.0) * small / k
    return np.where(near, series * small, np.expm1(y) - y)

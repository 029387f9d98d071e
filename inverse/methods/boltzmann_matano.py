"""Boltzmann and Matano: the flux from the profile about its Matano plane."""

import numpy as np

from inverse.couple import Couple
from inverse.ends import check
from inverse.estimate import Estimate, Method
from inverse.interdiffusivity import interdiffusivity, volume_not_used
from simulator.solve.profile import Profile

NAME = "boltzmann-matano"


def diffusivity(couple: Couple, x: np.ndarray) -> np.ndarray:
    """-int (x - x0) dY up to x over 2 t Y', m^2/s, taken from the nearer end."""
    curve, Y, plane = couple.curve, couple.Y(x), couple.matano_plane
    from_left = curve.left(x) - (x - plane) * Y
    from_right = curve.right(x) + (x - plane) * (1.0 - Y)
    return np.where(Y < 0.5, from_left, from_right) / (2.0 * couple.time * couple.dY(x))


def boltzmann_matano(
    profile: Profile, window: tuple[float, float] = (0.02, 0.98), smoother: str = "probit"
) -> Estimate:
    """Interdiffusivity D(X) of a binary couple, m^2/s, about the Matano plane x0.

        D = -1/(2 t) dx/dX int_X-^X (x - x0) dX,    int_X-^X+ (x - x0) dX = 0

    The integral is taken from the nearer end, where an error of x0 weighs least. Constant molar volume (a warning where
    one that varies is given), a sharp step at the start, unaffected ends. Raises Invalid when an end is not flat and
    the end values are not given.
    Source: Matano (1933), Jpn. J. Phys. 8, 109.
    """
    return interdiffusivity(profile, NAME, window, diffusivity, smoother, volume_not_used)


METHOD = Method(
    name=NAME,
    title="Boltzmann-Matano",
    equation="D = -1/(2 t) dx/dX int_X-^X (x - x0) dX",
    recovers="interdiffusivity",
    unit="m^2/s",
    needs=("one profile", "time", "flat ends or known end values"),
    assumes=("binary", "step start", "unaffected ends", "constant molar volume", "planar"),
    source="Matano (1933), Jpn. J. Phys. 8, 109",
    check=check,
    analyse=boltzmann_matano,
)

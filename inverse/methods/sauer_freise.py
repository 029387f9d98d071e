"""Sauer and Freise: the interdiffusivity without locating the Matano plane."""

import numpy as np

from inverse.couple import Couple
from inverse.ends import check
from inverse.estimate import Estimate, Method
from inverse.interdiffusivity import interdiffusivity, volume_not_used
from simulator.solve.profile import Profile

NAME = "sauer-freise"


def diffusivity(couple: Couple, x: np.ndarray) -> np.ndarray:
    """[(1 - Y) int_-inf^x Y dx + Y int_x^inf (1 - Y) dx] / (2 t Y'), m^2/s."""
    curve, Y = couple.curve, couple.Y(x)
    return ((1.0 - Y) * curve.left(x) + Y * curve.right(x)) / (2.0 * couple.time * couple.dY(x))


def sauer_freise(profile: Profile, window: tuple[float, float] = (0.02, 0.98), smoother: str = "probit") -> Estimate:
    """Interdiffusivity D(X) of a binary couple, m^2/s, without locating the Matano plane.

        D = 1/(2 t Y') [ (1 - Y) int_-inf^x Y dx + Y int_x^inf (1 - Y) dx ],   Y = (X - X-)/(X+ - X-)

    Constant molar volume (a warning where one that varies is given; use `wagner` then), a sharp step at the start,
    unaffected ends. Loses accuracy where Y' -> 0: the window leaves out the outer 2 % of Y. Raises Invalid when an end
    is not flat and the end values are not given.
    Source: Sauer & Freise (1962), Z. Elektrochem. 66, 353.
    """
    return interdiffusivity(profile, NAME, window, diffusivity, smoother, volume_not_used)


METHOD = Method(
    name=NAME,
    title="Sauer-Freise",
    equation="D = 1/(2 t Y') [(1 - Y) int_-inf^x Y dx + Y int_x^inf (1 - Y) dx]",
    recovers="interdiffusivity",
    unit="m^2/s",
    needs=("one profile", "time", "flat ends or known end values"),
    assumes=("binary", "step start", "unaffected ends", "constant molar volume", "planar"),
    source="Sauer & Freise (1962), Z. Elektrochem. 66, 353",
    check=check,
    analyse=sauer_freise,
)

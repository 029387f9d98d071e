"""Sauer and Freise: the interdiffusivity without locating the Matano plane."""

from inverse.couple import check, interdiffusivity
from inverse.estimate import Estimate, Method
from simulator.solve.profile import Profile

NAME = "sauer-freise"


def bracket(curve, x, Y, plane):
    """(1 - Y) int_-inf^x Y dx + Y int_x^inf (1 - Y) dx, m."""
    return (1.0 - Y) * curve.left(x) + Y * curve.right(x)


def sauer_freise(profile: Profile, window: tuple[float, float] = (0.02, 0.98)) -> Estimate:
    """Interdiffusivity D(X) of a binary couple, m^2/s, without locating the Matano plane.

        D = 1/(2 t Y') [ (1 - Y) int_-inf^x Y dx + Y int_x^inf (1 - Y) dx ],   Y = (X - X-)/(X+ - X-)

    Constant molar volume, a sharp step at the start, unaffected ends. Loses accuracy where Y' -> 0: the window leaves
    out the outer 2 % of Y. Raises Invalid when an end is not flat and the end values are not given.
    Source: Sauer & Freise (1962), Z. Elektrochem. 66, 353.
    """
    return interdiffusivity(profile, NAME, window, bracket)


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

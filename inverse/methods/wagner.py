"""Wagner: the interdiffusivity for any molar volume, without locating a plane."""

import numpy as np

from inverse.couple import Couple, check_known, check_volume
from inverse.estimate import Estimate, Method
from inverse.interdiffusivity import interdiffusivity
from simulator.solve.profile import Profile

NAME = "wagner"


def diffusivity(couple: Couple, x: np.ndarray) -> np.ndarray:
    """V_m [(1 - Y) int_-inf^x Y/V_m dx + Y int_x^inf (1 - Y)/V_m dx] / (2 t Y'), m^2/s."""
    Y = couple.Y(x)
    bracket = (1.0 - Y) * couple.P(x) + Y * couple.Q(x)
    return couple.V(x) * bracket / (2.0 * couple.time * couple.dY(x))


def wagner(profile: Profile, window: tuple[float, float] = (0.02, 0.98), smoother: str = "probit") -> Estimate:
    """Interdiffusivity D(N) of a binary couple, m^2/s, for any molar volume V_m(N).

        D = V_m/(2 t Y') [ (1 - Y) int_-inf^x Y/V_m dx + Y int_x^inf (1 - Y)/V_m dx ],   Y = (N - N-)/(N+ - N-)

    In the volume-fixed frame. The molar volume is the profile's; without one it is the same as `sauer-freise`. A sharp
    step at the start, unaffected ends. Loses accuracy where Y' -> 0: the window leaves out the outer 2 % of Y. Raises
    Invalid when an end is not flat and the end values are not given.
    Source: Wagner (1969), Acta Metall. 17, 99.
    """
    check_known(profile, NAME)
    return interdiffusivity(profile, NAME, window, diffusivity, smoother)


METHOD = Method(
    name=NAME,
    title="Wagner",
    equation="D = V_m/(2 t Y') [(1 - Y) int_-inf^x Y/V_m dx + Y int_x^inf (1 - Y)/V_m dx]",
    recovers="interdiffusivity",
    unit="m^2/s",
    needs=("one profile", "time", "flat ends or known end values", "molar volume, where it varies"),
    assumes=("binary", "step start", "unaffected ends", "planar"),
    source="Wagner (1969), Acta Metall. 17, 99",
    check=check_volume,
    analyse=wagner,
)

"""What an argument of a closed form must be, and the zero of a function that only rises."""

from collections.abc import Callable

import numpy as np

from simulator.faults import Invalid, NumericsError
from simulator.laws.electrolyte import NEUTRAL

MOST_DOUBLINGS = 12  # of a bracket that starts at one RT/F


def finite(name: str, value, unit: str = "") -> np.ndarray:
    """value as an array, or Invalid: a number that is neither infinite nor missing."""
    array = np.asarray(value, float)
    if not np.all(np.isfinite(array)):
        raise Invalid.at(name, f"is {worst(array, ~np.isfinite(array), unit)}; it must be a finite number.")
    return array


def positive(name: str, value, unit: str = "") -> np.ndarray:
    array = finite(name, value, unit)
    if not np.all(array > 0.0):
        raise Invalid.at(name, f"is {worst(array, array <= 0.0, unit)}; it must be positive.")
    return array


def not_negative(name: str, value, unit: str = "") -> np.ndarray:
    array = finite(name, value, unit)
    if not np.all(array >= 0.0):
        raise Invalid.at(name, f"is {worst(array, array < 0.0, unit)}; it must not be negative.")
    return array


def charged(name: str, value) -> np.ndarray:
    array = finite(name, value)
    if np.any(array == 0.0):
        raise Invalid.at(name, "is 0; only an ion with a charge is driven by a potential.")
    return array


def worst(array: np.ndarray, bad: np.ndarray, unit: str) -> str:
    return f"{array[bad].flat[0]:.6g} {unit}".rstrip()


def of_ions(z, **given) -> tuple[np.ndarray, ...]:
    """z and the other arrays, each (n,): Invalid unless they are of one length."""
    arrays = [np.atleast_1d(np.asarray(value, float)) for value in (z, *given.values())]
    n = arrays[0].size
    for name, array in zip(given, arrays[1:], strict=True):
        if array.shape != (n,):
            raise Invalid.at(
                name, f"has the shape {array.shape}, but there are {n} ions in z: give one value for each."
            )
    return tuple(arrays)


def neutral(name: str, z: np.ndarray, c: np.ndarray, fixed: float = 0.0) -> None:
    """Invalid unless sum z c + fixed is zero, to what rounded numbers leave."""
    charge, total = float(np.sum(z * c)) + fixed, float(np.sum(np.abs(z) * c)) + abs(fixed)
    if total == 0.0:
        raise Invalid.at(name, "holds no ions; give concentrations in mol/m^3.")
    if abs(charge) > NEUTRAL * total:
        off = 100.0 * abs(charge) / total
        raise Invalid.at(name, f"is not neutral: {charge:+.4g} mol/m^3 of charge, {off:.3g} % of all.")


def zero_of_rising(name: str, function: Callable[[float], float]) -> float:
    """Where a function of a potential in RT/F, rising with it and of both signs, is zero. NumericsError where that is
    out of reach of double precision."""
    from scipy.optimize import brentq  # which takes longer to import than a run

    low, high = -1.0, 1.0
    with np.errstate(over="ignore"):
        for _ in range(MOST_DOUBLINGS):
            below, above = function(low), function(high)
            if below == 0.0 and above == 0.0:
                break
            if below <= 0.0 <= above:
                return float(brentq(function, low, high, xtol=1e-300, rtol=4.0 * np.finfo(float).eps, maxiter=500))
            low, high = (2.0 * low, high) if below > 0.0 else (low, 2.0 * high)
    raise NumericsError(f"{name}: its zero lies beyond {high:.0f} RT/F; check the concentrations.")

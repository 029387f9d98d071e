"""The interface between two phases in equilibrium: its energy, its width and its profile."""

import functools

import numpy as np

from simulator.laws.free_energy import FreeEnergy


@functools.cache
def gauss() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of Gauss's rule, computed when they are first needed."""
    return np.polynomial.legendre.leggauss(200)


def excess(energy: FreeEnergy, pair: tuple[float, float], x: np.ndarray, T: float) -> np.ndarray:
    """G above the common tangent of a pair of compositions, J/mol, never below 0."""
    a, b = pair
    ends = energy(np.array([[a, b]]), T)
    tangent = ends[0] + (ends[1] - ends[0]) * (x - a) / (b - a)
    return np.maximum(energy(np.asarray(x, float)[None], T) - tangent, 0.0)


def interface_energy(energy: FreeEnergy, kappa: float, pair: tuple[float, float], T: float) -> float:
    """int sqrt(2 kappa dG) dx over the compositions of a pair (a, b), J m/mol: times 1/V_m it is in J/m^2.

    kappa: of G + (kappa/2) |grad x|^2, J m^2/mol. Source: Cahn & Hilliard (1958), J. Chem. Phys. 28, 258.
    """
    a, b = pair
    # dG vanishes as the square of the distance from either end: the integrand is as smooth as G
    nodes, weights = gauss()
    x = 0.5 * (a + b) + 0.5 * (b - a) * nodes
    return float(0.5 * (b - a) * weights @ np.sqrt(2.0 * kappa * excess(energy, pair, x, T)))


def interface_width(energy: FreeEnergy, kappa: float, pair: tuple[float, float], T: float) -> float:
    """(b - a) over the steepest slope, m: max of dx/dz = sqrt(2 dG/kappa)."""
    a, b = pair
    x = np.linspace(a, b, 4001)
    return float((b - a) / np.sqrt(2.0 * excess(energy, pair, x, T).max() / kappa)) if kappa > 0.0 else 0.0


def interface_profile(
    energy: FreeEnergy, kappa: float, pair: tuple[float, float], T: float, x: np.ndarray
) -> np.ndarray:
    """Positions z, m, at which a flat interface has the compositions x, from z = 0 at the middle composition of the
    pair, and from its lower composition on the left."""
    a, b = pair
    middle = 0.5 * (a + b)
    x = np.asarray(x, float)
    found = np.empty(x.shape)
    nodes, weights = gauss()
    for k, value in np.ndenumerate(x):
        at = 0.5 * (middle + value) + 0.5 * (value - middle) * nodes
        found[k] = 0.5 * (value - middle) * weights @ np.sqrt(0.5 * kappa / excess(energy, pair, at, T))
    return found

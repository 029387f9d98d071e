"""Mass fractions and mole fractions: atomic masses, both conversions, and how uncertainties go through them.

    x_i = (w_i/M_i)/S,   w_i = x_i M_i / sum_k x_k M_k,   S = sum_k w_k/M_k
    dx_i/dw_j = (delta_ij - x_i)/(M_j S)

Neither depends on the total: masses that sum to 0.98 give the mole fractions of masses that sum to 1.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from simulator.faults import Fault, Invalid, near

NO_ELEMENTS = ("n",)  # the neutron, which the table of elements begins with


def masses_of(names: Sequence[str], given: Mapping[str, float] | None = None, where: str = "") -> np.ndarray:
    """Relative atomic masses (n,) of components, g/mol: those given by name, or else of the elements so called.

    From the periodictable library. Raises Invalid for every name that is neither.
    """
    given = given or {}
    masses, faults = [], []
    for name in names:
        mass = given[name] if name in given else mass_of_element(name, where)
        if mass is None:
            text = f"{name} is not the symbol of an element, so its mass is not known."
            faults.append(Fault(where, f"{text} Give it in an experiment file: masses = {{ {name} = 58.7 }}"))
        masses.append(mass)
    faults += [
        Fault(f"masses.{name}", f"the profile has no {name}.{near(name, names)}") for name in given if name not in names
    ]
    if faults:
        raise Invalid(*faults)
    return np.array(masses, float)


def mass_of_element(symbol: str, where: str) -> float | None:
    """Relative atomic mass of the element with this symbol; None if there is none."""
    try:
        import periodictable
    except ImportError:
        text = "wt% needs atomic masses, which come with the periodictable library: pip install periodictable"
        raise Invalid.at(where, f"{text}, or give masses in an experiment file.") from None
    try:
        return None if symbol in NO_ELEMENTS else float(periodictable.elements.symbol(symbol).mass)
    except ValueError:
        return None


def mole_fractions(w: np.ndarray, masses: np.ndarray) -> np.ndarray:
    """x (n, N) of mass fractions w (n, N), in any unit of mass, and masses (n,)."""
    moles = w / masses[:, None]
    return moles / moles.sum(axis=0)


def mass_fractions(x: np.ndarray, masses: np.ndarray) -> np.ndarray:
    """w (n, N) of mole fractions x (n, N) and masses (n,)."""
    mass = x * masses[:, None]
    return mass / mass.sum(axis=0)


def slopes(w: np.ndarray, masses: np.ndarray) -> np.ndarray:
    """dx_i/dw_j (n, n, N)."""
    x = mole_fractions(w, masses)
    S = (w / masses[:, None]).sum(axis=0)
    return (np.eye(len(masses))[:, :, None] - x[:, None]) / (masses[:, None] * S)


def uncertainties(w: np.ndarray, masses: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Standard uncertainties (n, N) of the mole fractions of w (n, N), to first order.

        u_i^2 = sum_j (dx_i/dw_j)^2 sigma_j^2

    sigma (n, N) of masses that were measured independently; every x_i depends on all of them through the sum. Of n - 1
    rows, the last mass is the rest, w_n = 1 - sum_j w_j: then dx_i/dw_j - dx_i/dw_n takes the place of dx_i/dw_j.
    """
    d = slopes(w, masses)
    if len(sigma) < len(w):
        d = d[:, :-1] - d[:, -1:]
    return np.sqrt(np.einsum("ijN,jN->iN", d**2, sigma**2))

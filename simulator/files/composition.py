"""Mass fractions and mole fractions: atomic masses, both conversions, and how uncertainties go through them.

    x_i = (w_i/M_i)/S,   w_i = x_i M_i / sum_k x_k M_k,   S = sum_k w_k/M_k
    dx_i/dw_j = (delta_ij - x_i)/(M_j S)

Neither depends on the total: masses that sum to 0.98 give the mole fractions of masses that sum to 1. An oxide A_nO_m
of molar mass M holds n moles of its cation in M grams: with M/n in the place of M_i they are those of the cations.
"""

import re
from collections.abc import Mapping, Sequence

import numpy as np

from simulator.faults import Fault, Invalid, near

NO_ELEMENTS = ("n",)  # the neutron, which the table of elements begins with
OXIDE = re.compile(r"(?P<cation>[A-Z][a-z]?)(?P<count>\d*)O(?P<oxygen>\d*)(?:\*|[tT]|tot|total)?")  # FeOt: all iron


def masses_of(names: Sequence[str], given: Mapping[str, float] | None = None, where: str = "") -> np.ndarray:
    """Relative atomic masses (n,) of components, g/mol: those given by name, or else of the elements so called.

    From the periodictable library. Raises Invalid for every name that is neither.
    """
    given = given or {}
    masses, faults = [], []
    for name in names:
        mass = given[name] if name in given else mass_of_element(name, where) or mass_of_oxide(name, where)
        if mass is None:
            text = f"{name} is not the symbol of an element, so its mass is not known."
            cure = (
                f"Give it: masses = {{ {name} = 58.7 }} in an experiment file, or --mass {name}=58.7 of matano convert."
            )
            faults.append(Fault(where, f"{text} {cure}"))
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


def mass_of_oxide(name: str, where: str) -> float | None:
    """Relative molar mass of an oxide such as Al2O3; None if it is none."""
    found = cation_of(name)
    if found is None:
        return None
    cation, oxygen = mass_of_element(found[0], where), mass_of_element("O", where)
    return None if cation is None else found[1] * cation + float(OXIDE.fullmatch(name)["oxygen"] or 1) * oxygen


def cation_of(name: str) -> tuple[str, int] | None:
    """("Al", 2) of Al2O3, the cation of an oxide and how many of it; None for what is no such formula."""
    found = OXIDE.fullmatch(name)
    if found is None or found["cation"] == "O":
        return None
    return found["cation"], int(found["count"] or 1)


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


def uncertainties(
    w: np.ndarray, masses: np.ndarray, sigma: np.ndarray, together: np.ndarray | None = None
) -> np.ndarray:
    """Standard uncertainties (n, N) of the mole fractions of w (n, N), to first order.

        u_i^2 = sum_j (dx_i/dw_j)^2 sigma_j^2

    sigma (n, N) of masses that were measured independently; every x_i depends on all of them through the sum. Of n - 1
    rows, the last mass is the rest, w_n = 1 - sum_j w_j: then dx_i/dw_j - dx_i/dw_n takes the place of dx_i/dw_j.
    together (k, n), of ones and zeros: which of them are summed, as Fe of FeO and of Fe2O3; the uncertainties (k, N)
    are then those of the sums.
    """
    d = slopes(w, masses)
    if len(sigma) < len(w):
        d = d[:, :-1] - d[:, -1:]
    if together is not None:
        d = np.einsum("ki,ijN->kjN", together, d)
    return np.sqrt(np.einsum("ijN,jN->iN", d**2, sigma**2))


def mass_uncertainties(x: np.ndarray, masses: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Standard uncertainties (n, N) of the mass fractions of x (n, N), whose own are sigma (n, N), to first order.

    x_i M_i are to w_i as w_i/M_i are to x_i: the same derivatives with 1/M_i in the place of M_i.
    """
    return uncertainties(x, 1.0 / masses, sigma)

"""A couple regenerated from one of its stations: what a matrix, constant or range by range, makes of it.

J(x) = exp(-[D]^-1 s) J(x_s),   s = [(x - x_0)^2 - (x_s - x_0)^2]/(4t),   dX/dx = -[D]^-1 J,   X = X(x_s) + int dX/dx dx
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import erf, erfcx

from simulator.faults import Invalid
from simulator.solve.exact.constant_matrix import apply_function

REAL = 1e-5  # of the largest eigenvalue, below which an imaginary part is rounding, whose root equal eigenvalues show


@dataclass(frozen=True, eq=False)
class Regenerated:
    """A profile made from one station: fractions (m, k), flux (m, k) m/s, slope (m, k) 1/m at x (k,) m."""

    x: np.ndarray
    fractions: np.ndarray
    flux: np.ndarray
    slope: np.ndarray


def regenerated(
    x: np.ndarray,
    time: float,
    plane: float,
    D: np.ndarray,
    station: float,
    X: np.ndarray,
    flux: np.ndarray,
    edges: Sequence[float] = (),
) -> Regenerated:
    """The couple at x (k,), m, from its fractions X (m,) and fluxes (m,), m/s, at one station, m.

    D: a matrix (m, m), m^2/s, or one for each range (r, m, m) between the edges (r - 1,), m, where X and J are
    continuous; time s; plane: x_0 m. Raises Invalid for a matrix with an eigenvalue that is not positive.
    Source: Ram-Mohan & Dayananda (2006), Acta Mater. 54, 2325.
    """
    x, edges = np.asarray(x, float), [-np.inf, *map(float, edges), np.inf]
    D = np.asarray(D, float).reshape(-1, len(X), len(X))
    if len(D) != len(edges) - 1 or np.any(np.diff(edges) <= 0.0):
        raise Invalid.at(
            "edges", f"{len(D)} matrices need {len(D) - 1} increasing edges between them, got {len(edges) - 2}."
        )
    for one in D:
        if not np.linalg.eigvals(one).real.min() > 0.0:
            raise Invalid.at("D", "a profile needs matrices with positive eigenvalues.")
    found = Regenerated(x, *(np.empty((len(X), x.size)) for _ in range(3)))
    first = int(np.searchsorted(edges, station)) - 1
    for step in (1, -1):
        at, known, J = float(station), np.asarray(X, float), np.asarray(flux, float)
        for k in range(first, len(D) if step > 0 else -1, step):
            inside = (x > edges[k]) & (x <= edges[k + 1]) & ((x >= station) if step > 0 else (x < station))
            far = edges[k + 1] if step > 0 else edges[k]
            places = np.append(x[inside], far if np.isfinite(far) else at)
            moved, slope, fluxes = onward(D[k], places - plane, at - plane, time, J)
            found.fractions[:, inside] = known[:, None] + moved[:, :-1]
            found.slope[:, inside], found.flux[:, inside] = slope[:, :-1], fluxes[:, :-1]
            at, known, J = far, known + moved[:, -1], fluxes[:, -1]
    return found


def onward(
    D: np.ndarray, y: np.ndarray, station: float, time: float, flux: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Changes of the fractions, slopes 1/m and fluxes m/s (m, k) at y (k,) from the station, both m from the plane."""
    steepness = -np.linalg.solve(D, flux)

    def decay(z):
        return np.exp((station**2 - y**2) / (4.0 * z * time))

    def content(z):
        # the scaled function keeps exp(a^2) erfc(a) finite at a station far out
        length = np.sqrt(4.0 * z * time)
        a, b = abs(station) / length, np.abs(y) / length
        same = np.sign(y) * np.sign(station) > 0.0
        out = erfcx(a) - decay(z) * erfcx(b)
        over = np.exp(a**2) * (erf(a) + erf(b))
        side = np.sign(station) if station else 1.0
        change = np.where(same, out, -over)
        if not station:
            change = np.sign(y) * erf(b)
        return 0.5 * np.sqrt(np.pi) * length * side * change

    return apply_function(content, D, steepness), apply_function(decay, D, steepness), apply_function(decay, D, flux)


def matrix_of(T: np.ndarray, step: float, time: float, method: str) -> np.ndarray:
    """[D] (m, m), m^2/s, from [T] with J(s + step) = [T] J(s), step m^2 of (x - x_0)^2.

        [D]^-1 = -(4t/step) log [T]

    Raises Invalid where the logarithm is not real.
    """
    eigenvalues = np.linalg.eigvals(T)
    if np.abs(eigenvalues.imag).max() > REAL * np.abs(eigenvalues).max() or eigenvalues.real.min() <= 0.0:
        shown = ", ".join(f"{value:.3g}" for value in eigenvalues)
        raise Invalid.at(
            "profile",
            f"{method}: the transfer matrix has the eigenvalues {shown}, so that its logarithm is not a real matrix: "
            "these fluxes are not those of one constant matrix, or too noisy. Use exact-fit, or several couples.",
        )
    columns = [apply_function(lambda z: np.atleast_1d(np.log(z)), T, one)[:, 0] for one in np.eye(len(T))]
    return np.linalg.inv(-4.0 * time / step * np.array(columns).T)

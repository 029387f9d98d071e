"""Interdiffusion fluxes of all components of one couple, where they vanish, and where they run uphill.

    J_i V_0 = 1/(2t) [(q - q_0)(X_i - X_i^-) - int_-inf^q (X_i - X_i^-) dq],   sum_i J_i = 0

of the number-fixed frame, q and V_0 as in `path`. A zero-flux plane is a place within the zone where a flux changes its
sign. A component diffuses uphill where J_i has the sign of its own gradient, dX_i/dx.

Source: Dayananda (1983), Metall. Trans. A 14, 1851, for zero-flux planes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from inverse.multicomponent.path import Path

GRID = 801  # places between the ends of the zone, where signs are looked at
CERTAIN = 3.0  # standard deviations, below which a flux or a gradient has no sign
ROUNDING = 1e-4  # of the largest flux or gradient of the couple: a simulated profile's own errors
ZONE = 1e-3  # of the largest flux, above which a point belongs to the zone


@dataclass(frozen=True)
class ZeroFluxPlane:
    """Where the flux of a component vanishes between opposite fluxes: x m, its standard deviation m or None for clean
    data, and the fractions of all components there."""

    component: str
    position: float
    sd: float | None
    composition: dict[str, float]


@dataclass(frozen=True)
class UphillRegion:
    """Where, from x = left to right, m, a component's flux has the sign of its gradient."""

    component: str
    left: float
    right: float


@dataclass(frozen=True, eq=False)
class Fluxes:
    """components (n); x (k,) m; fractions X (n, k); J (n, k) = J_i V_0, m/s; gradient (n, k) = dX_i/dq, 1/m; sd (n, k)
    of J, or None for clean data."""

    components: tuple[str, ...]
    x: np.ndarray
    X: np.ndarray
    J: np.ndarray
    gradient: np.ndarray
    sd: np.ndarray | None
    planes: tuple[ZeroFluxPlane, ...]
    uphill: tuple[UphillRegion, ...]


def of_all(path: Path, rows: np.ndarray, total: float = 0.0) -> np.ndarray:
    """(n, k) in the order of the components, from rows (m, k) of the independent ones, which add up to `total`."""
    table = dict(zip(path.independent, rows, strict=True))
    table[path.mixture.dependent] = total - rows.sum(axis=0)
    return np.stack([table[name] for name in path.mixture.components])


def fluxes_of(path: Path) -> Fluxes:
    """Fluxes at the points of the profile that are in the zone, zero-flux planes and uphill regions."""
    largest = np.abs(path.flux(path.q)).max(axis=0)
    inside = np.flatnonzero(largest > ZONE * largest.max())
    q = path.q[inside[0] : inside[-1] + 1]
    drawn = list(path.draws())
    places = np.linspace(q[0], q[-1], GRID)
    J, gradient = of_all(path, path.flux(places)), of_all(path, path.slope(places))
    unsure = [np.full(one.shape, ROUNDING * np.abs(one).max()) for one in (J, gradient)]
    paths = None
    if drawn:
        paths = np.array([of_all(path, one.flux(places)) for one in drawn])
        slopes = np.array([of_all(path, one.slope(places)) for one in drawn])
        unsure = [CERTAIN * paths.std(axis=0), CERTAIN * slopes.std(axis=0)]
    planes, uphill = [], []
    for k, name in enumerate(path.mixture.components):
        own = None if paths is None else paths[:, k]
        for root in crossings(places, J[k], unsure[0][k]):
            planes.append(plane_at(path, name, root, places, J[k], own))
        sure = (np.abs(J[k]) > unsure[0][k]) & (np.abs(gradient[k]) > unsure[1][k])
        uphill += [
            UphillRegion(name, *map(float, path.lab(np.array(edges))))
            for edges in regions(places, J[k] * gradient[k], sure)
        ]
    sd = None
    if drawn:
        sd = np.array([of_all(path, one.flux(q)) for one in drawn]).std(axis=0)
    return Fluxes(
        components=path.mixture.components,
        x=path.x[inside[0] : inside[-1] + 1],
        X=of_all(path, path.X(q), 1.0),
        J=of_all(path, path.flux(q)),
        gradient=of_all(path, path.slope(q)),
        sd=sd,
        planes=tuple(sorted(planes, key=lambda plane: plane.position)),
        uphill=tuple(uphill),
    )


def root_between(q: np.ndarray, values: np.ndarray) -> float:
    """The middle one of the places, linear in between, where values (k,) at q (k,) change their sign."""
    change = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) <= 0.0)
    k = int(change[change.size // 2])
    rise = values[k + 1] - values[k]
    return float(q[k] - values[k] * (q[k + 1] - q[k]) / rise) if rise else float(q[k])


def crossings(q: np.ndarray, values: np.ndarray, unsure: np.ndarray) -> list[float]:
    """Where values (k,) go from surely positive to surely negative, or back."""
    sure = np.flatnonzero(np.abs(values) > unsure)
    return [root_between(q[a : b + 1], values[a : b + 1]) for a, b in pairwise(sure) if values[a] * values[b] < 0.0]


def regions(q: np.ndarray, product: np.ndarray, sure: np.ndarray) -> list[tuple[float, float]]:
    """Stretches (first, last) where product (k,) is positive: from and to its roots, or as far as it is sure."""
    known = np.flatnonzero(sure)
    found, start, before = [], None, None
    for k in known:
        if product[k] > 0.0 and start is None:
            start = q[k] if before is None else root_between(q[before : k + 1], product[before : k + 1])
        elif product[k] <= 0.0 and start is not None:
            found.append((float(start), root_between(q[before : k + 1], product[before : k + 1])))
            start = None
        before = k
    if start is not None:
        found.append((float(start), float(q[before])))
    return found


def plane_at(
    path: Path, name: str, root: float, q: np.ndarray, J: np.ndarray, drawn: Sequence[np.ndarray] | None
) -> ZeroFluxPlane:
    """The zero-flux plane of J (k,) at q (k,) near `root`; its sd is that of the flux there over the flux's slope."""
    at = np.array([root])
    sd = None
    if drawn is not None:
        slope = np.interp(root, q, np.gradient(J, q))
        sd = float(np.interp(root, q, np.std(drawn, axis=0)) / abs(slope)) if slope else None
    X = of_all(path, path.X(at), 1.0)[:, 0]
    return ZeroFluxPlane(
        name, float(path.lab(at)[0]), sd, dict(zip(path.mixture.components, map(float, X), strict=True))
    )

"""Where a binary couple will be steep: far from its first interface, if D depends much on the composition."""

from collections.abc import Callable
from itertools import product

import numpy as np

POINTS = 120
ITERATIONS = 60
LOWEST = 1e-4
GAIN = 1.5
OFFSETS = np.linspace(-1.0, 1.0, 41)
WIDTHS = np.geomspace(0.05, 1.0, 14)


def rough_profile(D: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The couple of D > 0 given at equal steps of 0 <= c <= 1: s = x/sqrt(t) and dc/ds at the inner points.

    With q = D dc/ds, Boltzmann's equation -(s/2) c' = (D c')' becomes q q'' = -D/2 in c, q = 0 at the ends, and
    s = -2 q'(c); Newton's method on second differences, good to some per cent, which is enough to place cells.
    """
    n = len(D) - 1
    c, inner = np.arange(1, n) / n, D[1:-1]
    q = 0.6 * np.sqrt(D.max() * c * (1.0 - c))
    for _ in range(ITERATIONS):
        half = inner / (2.0 * q)
        padded = np.concatenate(([0.0], q, [0.0]))
        residual = n * n * (padded[2:] - 2.0 * q + padded[:-2]) + half
        change = tridiagonal(-2.0 - half / (q * n * n), -residual / (n * n))
        falling = change < 0.0
        share = min(1.0, 0.9 * np.min(-q[falling] / change[falling], initial=10.0))
        q += share * change
        if share == 1.0 and np.max(np.abs(change) / q) < 1e-6:
            break
    ends = np.concatenate(([0.0], q, [0.0]))
    return -(ends[2:] - ends[:-2]) * n, q / inner


def tridiagonal(diagonal: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve with ones beside the diagonal. In plain Python: a dense solve would start the threads of a BLAS."""
    pivots, values = diagonal.tolist(), right.tolist()
    for i in range(1, len(pivots)):
        pivots[i] -= 1.0 / pivots[i - 1]
        values[i] -= values[i - 1] / pivots[i - 1]
    values[-1] /= pivots[-1]
    for i in range(len(pivots) - 2, -1, -1):
        values[i] = (values[i] - values[i + 1]) / pivots[i]
    return np.array(values)


def front(diffusivity: Callable[[np.ndarray], np.ndarray], width: float, reach: float) -> tuple[float, float] | None:
    """Offset from the first interface and width, in units of sqrt(D_max t), of a second centre of small cells.

    diffusivity: of 0 <= c <= 1, from the left composition to the right one; width: of the first centre, and reach: half
    of the domain, in the same unit. Chosen so that the largest h^2 |c''| falls; None where little is gained.
    """
    D = np.asarray(diffusivity(np.linspace(0.0, 1.0, POINTS + 1)), float)
    if not np.all(np.isfinite(D)) or not D.max() > 0.0 or D.min() > 0.2 * D.max():
        return None
    s, slope = rough_profile(np.maximum(D / D.max(), LOWEST))
    if np.any(np.diff(s) <= 0.0):
        return None
    curvature = np.abs(np.gradient(slope, s))
    inside = np.abs(s) < reach
    s, curvature = s[inside], curvature[inside]
    if not s.size:
        return None

    def cells(offset, spread):
        """Density at s, and its integral over the domain."""
        total = np.arcsinh((reach - offset) / spread) + np.arcsinh((reach + offset) / spread)
        return 1.0 / np.hypot(s - offset, spread), total

    density, total = cells(0.0, width)
    best, found = np.max(curvature * (total / density) ** 2) / GAIN**2, None
    for offset, spread in product(OFFSETS, WIDTHS):
        more, extra = cells(offset, spread)
        error = np.max(curvature * ((total + extra) / (density + more)) ** 2)
        if error < best:
            best, found = error, (float(offset), float(spread))
    return found

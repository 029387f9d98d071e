"""The noise of a profile, read off the profile itself."""

import numpy as np


def cubic_misses(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N-4,) by how much each point lies off the cubic through its four neighbours, in standard deviations of the noise
    of one point, and (5, N-4) the weights of the five points in it."""
    n = x.size - 4
    around = np.stack([x[k : k + n] for k in (0, 1, 3, 4)])
    middle = x[2:-2]
    weight = np.ones((4, n))
    for i in range(4):
        for j in range(4):
            if i != j:
                weight[i] *= (middle - around[j]) / (around[i] - around[j])
    rows = np.stack([-weight[0], -weight[1], np.ones(n), -weight[2], -weight[3]])
    rows /= np.sqrt((rows**2).sum(axis=0))
    return sum(rows[k] * y[k : k + n] for k in range(5)), rows


def noise_of(x: np.ndarray, y: np.ndarray) -> float:
    """Standard deviation of the noise in y(x).

    Each point is compared with the cubic through its four neighbours. Noise makes neighbouring differences alternate
    and a curve too bent for the cubic does not, so the noise is read off the covariance of neighbouring differences
    alone.
    """
    if x.size < 8:
        return 0.0
    difference, rows = cubic_misses(x, y)
    covariance = (rows[1:, :-1] * rows[:-1, 1:]).sum(axis=0)
    return float(np.sqrt(max(0.0, (difference[:-1] * difference[1:]).sum() / covariance.sum())))


def rough_noise_of(x: np.ndarray, y: np.ndarray) -> float:
    """Standard deviation of the noise in y(x) from the middle of all sizes: a few jumps do not change it."""
    if x.size < 8:
        return 0.0
    return float(1.4826 * np.median(np.abs(cubic_misses(x, y)[0])))


def noise_between(x: np.ndarray, y: np.ndarray, edges: tuple[float, ...] = ()) -> float:
    """Standard deviation of the noise in y(x) that jumps at edges: the pieces' mean squares by their numbers of
    points."""
    which = np.searchsorted(edges, x, side="right")
    pieces = [(x[which == k], y[which == k]) for k in range(len(edges) + 1)]
    squares = sum(part.size * noise_of(part, values) ** 2 for part, values in pieces)
    return float(np.sqrt(squares / x.size))

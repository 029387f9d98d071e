"""B(s) = s/(exp(s) - 1), of which every flux in a constant field is made."""

import numpy as np

# of the series of B'(s) in s, s^3, .. after -1/2: the Bernoulli numbers B_k over k! times k
SLOPES = (1 / 6, -1 / 180, 1 / 5040, -1 / 151200, 1 / 4790016)
NEAR = 0.25  # where the first term left out is 1e-16 of B'


def bernoulli(s: np.ndarray) -> np.ndarray:
    """B(s), of any shape: 1 at 0, s exp(-s) for s -> inf, -s for s -> -inf; never overflows."""
    s = np.asarray(s, float)
    size = np.where(s == 0.0, 1.0, np.abs(s))
    grown = size / -np.expm1(-size)
    return np.where(s == 0.0, 1.0, np.where(s > 0.0, grown * np.exp(-size), grown))


def bernoulli_slope(s: np.ndarray) -> np.ndarray:
    """B'(s) = B(s) (1 - B(-s))/s, of any shape; -1/2 at 0."""
    s = np.asarray(s, float)
    near = np.abs(s) < NEAR
    far = np.where(near, 1.0, s)
    value = bernoulli(far) * (1.0 - bernoulli(-far)) / far
    series = np.full(s.shape, -0.5)
    for k, factor in enumerate(SLOPES):
        series = series + factor * np.where(near, s, 0.0) ** (2 * k + 1)
    return np.where(near, series, value)

"""Couples of a constant matrix with exact profiles: the two of the ternary reference, body diagonals of four and five
components, at any sampling and noise."""

import numpy as np

from inverse import Profile
from simulator.solve.exact.constant_matrix import matrix_profile

D0, TIME = 1e-14, 3.6e5  # m^2/s, s
LENGTH = np.sqrt(D0 * TIME)  # m
NAMES = ("A", "B", "C", "D", "E")

# Matrix and end members of Afikuzzaman, Belova & Murch's two couples, which cross at equal fractions
TERNARY = D0 * np.array([[1.0, 0.5], [0.1, 0.5]])
TERNARY_ENDS = (np.array([[1 / 6, 1 / 2], [5 / 12, 1 / 4]]), np.array([[5 / 12, 1 / 4], [1 / 6, 1 / 2]]))
QUATERNARY = D0 * np.array([[1.0, 0.3, -0.1], [0.2, 0.7, 0.1], [-0.1, 0.15, 0.5]])
QUINARY = D0 * np.array([[1.0, 0.2, -0.1, 0.1], [0.1, 0.8, 0.1, -0.1], [-0.1, 0.1, 0.6, 0.05], [0.05, -0.1, 0.1, 0.45]])


def body_diagonals(m: int, span: float) -> tuple[np.ndarray, ...]:
    """m couples, ends (m, 2) each, about equal fractions of m + 1 components: every step is span, with one sign of its
    own turned in all but the first."""
    mean = np.full(m, 1.0 / (m + 1))
    signs = [np.ones(m)] + [np.where(np.arange(m) == k, -1.0, 1.0) for k in range(1, m)]
    return tuple(np.stack([mean - 0.5 * span * sign, mean + 0.5 * span * sign], axis=1) for sign in signs)


def points(count: int = 321, reach: float = 16.0) -> np.ndarray:
    """Positions (count,), m, within `reach` lengths sqrt(D0 t) of the contact plane: by default 20 in 2 sqrt(D0 t)."""
    return np.linspace(-reach, reach, count) * LENGTH


def couple(
    D: np.ndarray, ends: np.ndarray, x: np.ndarray, sigma: float = 0.0, seed: int = 0, plane: float = 0.0, **known
) -> Profile:
    """The profile of a couple of the constant matrix D (m, m) with ends (m, 2), with normal noise on every fraction."""
    m = len(D)
    X = matrix_profile(x, TIME, D, (plane,), ends)
    X = X + sigma * np.random.default_rng(seed).standard_normal(X.shape)
    return Profile(x, NAMES[:m], X, time=TIME, dependent=NAMES[m], **known)


def couples(D: np.ndarray, ends, x: np.ndarray, sigma: float = 0.0, seed: int = 0, **known) -> tuple[Profile, ...]:
    """One couple for each of the ends, with noise of their own."""
    return tuple(couple(D, one, x, sigma, 1000 * seed + k, **known) for k, one in enumerate(ends))

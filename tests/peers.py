"""Peers: other programs on the same problems, and how what they give is compared.

Two methods of second order on the same cells differ by a multiple of h^2. So the difference of the two falls to a
quarter on twice the cells, and what Richardson's combination of the peer leaves is of fourth order: a wrong sign or
factor in either does not fall at all.
"""

import numpy as np
import pytest


def peer(name: str, package: str = ""):
    """A module of another program, or a skipped test that says how to get it."""
    return pytest.importorskip(name, reason=f"{package or name} is not installed: pip install 'matano[peers]'")


def averages(faces: np.ndarray, values: np.ndarray, coarse: np.ndarray) -> np.ndarray:
    """Averages over coarse cells (n,) of averages over fine cells that each lie in one of them."""
    inventory = np.concatenate(([0.0], np.cumsum(values * np.diff(faces))))
    places = np.searchsorted(faces, coarse - 1e-9 * np.ptp(faces))
    np.testing.assert_allclose(faces[places], coarse, rtol=0.0, atol=1e-9 * np.ptp(faces))
    return np.diff(inventory[places]) / np.diff(coarse)


def halved(values: np.ndarray) -> np.ndarray:
    """Averages over pairs of equal cells, the last axis."""
    return 0.5 * (values[..., ::2] + values[..., 1::2])


def check_second_order(coarse, fine, ours, extrapolated: float, least: float = 3.6) -> None:
    """A peer on n and on 2n equal cells, both as averages over the n, against ours: quarters, and fourth order left.

    extrapolated: largest difference left by (4 fine - coarse) / 3; least: of the factor by which differences fall, 4
    but for terms of h^4.
    """
    first, second = (float(np.max(np.abs(values - ours))) for values in (coarse, fine))
    assert least < first / second < 8.0 - least, (first, second)
    left = float(np.max(np.abs((4.0 * fine - coarse) / 3.0 - ours)))
    assert left < extrapolated, (first, second, left)

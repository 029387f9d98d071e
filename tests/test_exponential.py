"""The numbers of an exponential Runge-Kutta step against their integrals."""

import numpy as np
import pytest

from simulator.kernels.exponential import (
    FIRST,
    HALF,
    INNER,
    LAST,
    MIDDLE,
    NUMBERS,
    SMALL,
    WHOLE,
    exponential_weights,
)

NODES, WEIGHTS = np.polynomial.legendre.leggauss(80)
S = 0.5 * (NODES + 1.0)


def phi(k: int, z: float) -> float:
    """phi_k(z) = int_0^1 e^((1-s) z) s^(k-1) / (k-1)! ds, by Gauss's rule."""
    return float(0.5 * np.sum(WEIGHTS * np.exp((1.0 - S) * z) * S ** (k - 1)) / (1, 1, 1, 2)[k])


@pytest.mark.parametrize("z", [0.0, -1e-12, -1e-6, -1e-3, -0.1, -SMALL * 0.999, -SMALL * 1.001, -1.0, -7.0, -40.0])
def test_weights_are_combinations_of_integrals(z):
    """On both sides of where the series takes over."""
    h, found = 0.25, np.empty((NUMBERS, 1))
    exponential_weights(h, np.array([-z / h]), found)
    one, two, three = (phi(k, z) for k in (1, 2, 3))
    expected = {
        WHOLE: np.exp(z),
        HALF: np.exp(0.5 * z),
        INNER: 0.5 * h * phi(1, 0.5 * z),
        FIRST: h * (one - 3.0 * two + 4.0 * three),
        MIDDLE: h * (2.0 * two - 4.0 * three),
        LAST: h * (4.0 * three - two),
    }
    for k, value in expected.items():
        assert found[k, 0] == pytest.approx(value, rel=1e-12, abs=1e-15)  # rounding of differences of size h
    if z == 0.0:  # the classical method
        assert found[[FIRST, MIDDLE, LAST], 0] == pytest.approx(np.array([1.0, 2.0, 1.0]) * h / 6.0, rel=1e-14)

"""Block-tridiagonal elimination and folded rings against dense algebra."""

import numpy as np
import pytest

from simulator.kernels.elimination import elimination
from simulator.kernels.ring import fold_matrix, fold_vector, unfold_vector
from simulator.kernels.system import workspace


def blocks(rng, m: int, n: int):
    """Random blocks dominated by their diagonal, and the dense matrix they stand for; unknown a of point i is row a n
    + i.
    """
    w = rng.uniform(4.0, 8.0, m * n) * m
    L, D, U = (rng.uniform(-1.0, 1.0, n * m * m) for _ in range(3))
    dense = np.diag(w)
    for values, shift in ((L, -1), (D, 0), (U, 1)):
        for i in range(n):
            if not 0 <= i + shift < n:
                continue
            for a in range(m):
                for b in range(m):
                    dense[a * n + i, b * n + i + shift] -= values[(i * m + a) * m + b]
    return w, L, D, U, dense


@pytest.mark.parametrize("n", [3, 4, 5, 12, 13])
@pytest.mark.parametrize("m", [1, 2, 3, 4, 6, 8])
def test_elimination_solves_the_dense_system(m, n, rng):
    w, L, D, U, dense = blocks(rng, m, n)
    P, Q, E = (np.empty(n * m * m) for _ in range(3))
    right = rng.standard_normal(m * n)
    x = right.copy()
    factor, substitute = elimination(m)
    factor(n, w, L, D, U, P, Q, E)
    substitute(n, P, Q, E, x)
    # 16 digits less the condition of diagonally dominant systems
    assert dense @ x == pytest.approx(right, abs=1e-12)


@pytest.mark.parametrize("m", [2, 4])
def test_a_zero_first_pivot_is_exchanged(m, rng):
    n = 4
    w, L, D, U, dense = blocks(rng, m, n)
    for i in range(n):
        D[i * m * m] = w[i]  # the first entry of every pivot block vanishes at the start
    dense[np.arange(n), np.arange(n)] = 0.0
    dense[np.arange(n), np.arange(n)] = [w[i] - D[i * m * m] for i in range(n)]
    P, Q, E = (np.empty(n * m * m) for _ in range(3))
    right = rng.standard_normal(m * n)
    x = right.copy()
    factor, substitute = elimination(m)
    factor(n, w, L, D, U, P, Q, E)
    substitute(n, P, Q, E, x)
    assert dense @ x == pytest.approx(right, abs=1e-8)


@pytest.mark.parametrize("cells", [4, 5, 8, 9])
@pytest.mark.parametrize("m", [1, 2, 3])
def test_folded_ring_solves_the_cyclic_system(m, cells, rng):
    n = cells + 2
    w, L, D, U, _ = blocks(rng, m, n)
    dense = np.zeros((m * cells, m * cells))
    for i in range(1, cells + 1):
        for a in range(m):
            row = a * cells + i - 1
            dense[row, row] += w[a * n + i]
            for b in range(m):
                k = (i * m + a) * m + b
                dense[row, b * cells + i - 1] -= D[k]
                dense[row, b * cells + (i - 2) % cells] -= L[k]
                dense[row, b * cells + i % cells] -= U[k]
    work = workspace(m, n, 1)
    work.weight[:], work.lower[:], work.diagonal[:], work.upper[:] = w, L, D, U
    fold_matrix(m, n, work)
    factor, substitute = elimination(2 * m)
    folds = (cells + 1) // 2
    lower, diagonal, upper, weight = (row.copy() for row in work.folded)
    factor(folds, weight, lower, diagonal, upper, work.inverse, work.forward, work.backward)
    right = rng.standard_normal(m * n)
    x = right.copy()
    fold_vector(m, n, x, work.ring)
    substitute(folds, work.inverse, work.forward, work.backward, work.ring)
    unfold_vector(m, n, work.ring, x)

    def inner(v):
        return v.reshape(m, n)[:, 1:-1].ravel()

    assert dense @ inner(x) == pytest.approx(inner(right), abs=1e-12)

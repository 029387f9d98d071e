"""A ring of cells as a block-tridiagonal system: cell i is folded onto its mirror n-1-i, which gives blocks of 2 m.

Fold j holds cells 1 + j and n - 2 - j; only the first and the last fold couple the two halves within a block. With an
odd number of cells the last fold holds one cell and an idle row.
"""

from simulator.kernels.jit import Int, Vector, kernel
from simulator.kernels.system import Work


@kernel
def fold_matrix(m: Int, n: Int, work: Work):
    """work.folded = lower, diagonal, upper blocks and weight of the folded ring, from the unfolded ones."""
    cells = n - 2
    folds = (cells + 1) // 2
    mm = 2 * m
    lower, diagonal, upper, weight = work.folded[0], work.folded[1], work.folded[2], work.folded[3]
    for k in range(mm * mm * folds):
        lower[k] = 0.0
        diagonal[k] = 0.0
        upper[k] = 0.0
    for j in range(folds):
        i = 1 + j
        mirror = cells - j
        single = i == mirror
        for a in range(m):
            weight[a * folds + j] = work.weight[a * n + i]
            weight[(m + a) * folds + j] = 1.0 if single else work.weight[a * n + mirror]
            for b in range(m):
                k = (i * m + a) * m + b
                q = (mirror * m + a) * m + b
                first = (j * mm + a) * mm + b  # row of the cell, column of the cell
                cross = first + m  # row of the cell, column of the mirror
                second = (j * mm + m + a) * mm + m + b
                back = second - m
                diagonal[first] += work.diagonal[k]
                if j == 0:
                    diagonal[cross] += work.lower[k]
                else:
                    lower[first] += work.lower[k]
                if single:
                    lower[cross] += work.upper[k]
                    continue
                diagonal[second] += work.diagonal[q]
                if j == 0:
                    diagonal[back] += work.upper[q]
                else:
                    lower[second] += work.upper[q]
                if j < folds - 1:
                    upper[first] += work.upper[k]
                    if i + 1 == mirror - 1:
                        upper[back] += work.lower[q]
                    else:
                        upper[second] += work.lower[q]
                else:
                    diagonal[cross] += work.upper[k]
                    diagonal[back] += work.lower[q]


@kernel
def fold_vector(m: Int, n: Int, x: Vector, folded: Vector):
    cells = n - 2
    folds = (cells + 1) // 2
    for a in range(m):
        for j in range(folds):
            folded[a * folds + j] = x[a * n + 1 + j]
            folded[(m + a) * folds + j] = x[a * n + cells - j] if 1 + j < cells - j else 0.0


@kernel
def unfold_vector(m: Int, n: Int, folded: Vector, x: Vector):
    cells = n - 2
    folds = (cells + 1) // 2
    for a in range(m):
        for j in range(folds):
            x[a * n + 1 + j] = folded[a * folds + j]
            if 1 + j < cells - j:
                x[a * n + cells - j] = folded[(m + a) * folds + j]
        x[a * n] = 0.0
        x[a * n + n - 1] = 0.0

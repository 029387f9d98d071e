"""Kirchhoff's transformation Phi = int D dx of a binary diffusivity, as a table for the flux kernels."""

from collections.abc import Callable

import numpy as np

from simulator.laws.program import Program, Tree, apply, leaves, number

FEWEST, MOST = 64, 4096
# Of D between the knots, where its error changes sign within every piece: profiles do not see it, and a table of some
# hundred pieces stays in the processor's first cache.
ACCURACY = 1e-8
WIDENING = 0.01
NODES, WEIGHTS = np.polynomial.legendre.leggauss(6)
SAMPLES = (np.arange(1, 8) / 8.0)[:, None]


def kirchhoff_table(D: Callable[[np.ndarray], np.ndarray], lowest: float, highest: float) -> np.ndarray | None:
    """Piecewise cubic of Phi on [lowest, highest], a little widened within [0, 1]; None where D is not finite.

    Phi is exact at the ends of the pieces, by Gauss-Legendre quadrature, and its derivative is D there. The pieces
    double from FEWEST to at most MOST until D is met within ACCURACY of its local size. Beyond the range D is constant.
    Layout: lowest, 1/width, number of the last piece, then four coefficients a piece in s from 0 to 1; the first and
    the last piece lie outside the range.
    """
    margin = WIDENING * (highest - lowest) or WIDENING
    ranges = [(max(lowest - margin, min(lowest, 0.0)), min(highest + margin, max(highest, 1.0))), (lowest, highest)]
    for low, high in ranges:
        pieces = FEWEST
        while high > low:
            table, error = cubic_table(D, low, high, pieces)
            if not np.isfinite(table).all():
                break
            if error <= ACCURACY or pieces >= MOST:
                return table
            pieces *= 2
    return None


def cubic_table(
    D: Callable[[np.ndarray], np.ndarray], low: float, high: float, pieces: int
) -> tuple[np.ndarray, float]:
    """The table with this number of pieces, and the largest error of its D relative to the local size of D."""
    h = (high - low) / pieces
    knots = low + h * np.arange(pieces + 1)
    knots[-1] = high
    ends = D(knots) * h
    inside = D(knots[:-1] + 0.5 * h * (1.0 + NODES[:, None]))
    step = 0.5 * h * (WEIGHTS @ inside)
    phi = np.concatenate([[0.0], np.cumsum(step)])
    left, right = ends[:-1], ends[1:]
    second, third = 3.0 * step - 2.0 * left - right, left + right - 2.0 * step
    sampled = D(knots[:-1] + h * SAMPLES)
    met = (left + SAMPLES * (2.0 * second + 3.0 * SAMPLES * third)) / h
    size = np.maximum(np.abs(sampled).max(axis=0), np.finfo(float).tiny)
    error = float((np.abs(met - sampled).max(axis=0) / size).max())
    cubics = np.zeros((pieces + 2, 4))
    cubics[1:-1] = np.column_stack([phi[:-1], left, second, third])
    cubics[0, :2] = -ends[0], ends[0]
    cubics[-1, :2] = phi[-1], ends[-1]
    return np.concatenate([[low, 1.0 / h, pieces + 1.0], cubics.ravel()]), error


def separated(program: Program) -> tuple[Program, Program] | None:
    """b(composition) and a(t, T) with D = a b, found in the formula itself; None if it is not such a product."""
    parts = product_parts(program.trees[0])
    return None if parts is None else (Program(parts[:1], program.m), Program(parts[1:], program.m))


def product_parts(tree: Tree) -> tuple[Tree, Tree] | None:
    op, *below = tree
    if not leaves(tree) - {"t", "T"}:
        return number(1.0), tree
    if not leaves(tree) - {"composition"}:
        return tree, number(1.0)
    if op in ("mul", "div"):
        parts = [product_parts(entry) for entry in below]
        return None if None in parts else tuple(apply(op, *pair) for pair in zip(*parts, strict=True))
    if op == "exp":
        parts = sum_parts(below[0])
        return None if parts is None else (apply("exp", parts[0]), apply("exp", parts[1]))
    return None


def sum_parts(tree: Tree) -> tuple[Tree, Tree] | None:
    """The same for a sum."""
    op, *below = tree
    if not leaves(tree) - {"t", "T"}:
        return number(0.0), tree
    if not leaves(tree) - {"composition"}:
        return tree, number(0.0)
    if op in ("add", "sub"):
        parts = [sum_parts(entry) for entry in below]
        return None if None in parts else tuple(apply(op, *pair) for pair in zip(*parts, strict=True))
    return None

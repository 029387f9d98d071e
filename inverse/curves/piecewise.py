"""A curve of several pieces with jumps between them: phases side by side, each with a curve of its own.

Integrals run across the jumps, gradients never do.
"""

from itertools import pairwise

import numpy as np

from inverse.curves.smoothing import Curve


class Flat(Curve):
    """A stretch of one composition: no gradient, and no place that a value could have."""

    def __init__(self, value: float, knots: np.ndarray):
        self.value = value
        self.nodes = self.span = np.asarray(knots, float)

    def Y(self, x):
        return np.full(np.shape(x), self.value)

    def gradient(self, x):
        return np.zeros(np.shape(x))


class Piecewise(Curve):
    """pieces: curves from the left to the right; edges: the jumps between them, m, one fewer. Beyond `span` of the
    outermost pieces Y is 0 and 1."""

    def __init__(self, pieces: tuple[Curve, ...], edges: tuple[float, ...]):
        self.pieces, self.edges = pieces, tuple(edges)
        self.limits = [-np.inf, *edges, np.inf]
        nodes = [pieces[0].span[:1], pieces[-1].span[-1:], self.edges]
        for piece, (a, b) in zip(pieces, pairwise(self.limits), strict=True):
            nodes.append(piece.span[(piece.span > a) & (piece.span < b)])
        self.nodes = self.span = np.unique(np.concatenate(nodes))
        self.owners = []
        branches = []
        for k, (piece, (a, b)) in enumerate(zip(pieces, pairwise(self.limits), strict=True)):
            inside = np.concatenate([np.clip([a, b], *self.span[[0, -1]]), self._middle(a, b)])
            if piece.branches and (piece.gradient(inside) > 0).all():
                reached = piece.Y(inside[:2])
                low = max(piece.branches[0][0], float(reached[0]) if k else 0.0)
                high = min(piece.branches[-1][1], float(reached[1]) if k < len(pieces) - 1 else 1.0)
                if low < high:
                    branches.append((low, high))
                    self.owners.append(piece)
        if all(after[0] >= before[1] for before, after in pairwise(branches)):
            self.branches = tuple(branches)

    def _middle(self, a, b):
        return self.span[(self.span > a) & (self.span < b)]

    def _of_pieces(self, x, name):
        x = np.asarray(x, float)
        which = np.searchsorted(self.edges, x, side="right")
        found = np.zeros(x.shape)
        for k, piece in enumerate(self.pieces):
            mine = which == k
            if mine.any():
                found[mine] = getattr(piece, name)(x[mine])
        return found

    def Y(self, x):
        return self._of_pieces(x, "Y")

    def rest(self, x):
        return self._of_pieces(x, "rest")

    def gradient(self, x):
        return self._of_pieces(x, "gradient")

    def position(self, Y):
        Y = np.atleast_1d(np.asarray(Y, float))
        found = np.full(Y.shape, np.nan)
        for piece, (low, high) in zip(self.owners, self.branches, strict=True):
            mine = (low <= Y) & (high >= Y)
            if mine.any():
                found[mine] = piece.position(Y[mine])
        return found

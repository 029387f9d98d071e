"""The noisy fit in probit space.

u' > 0 always, because the spline is of its logarithm: u' = exp g, g a cubic spline in a composition-like coordinate xi,
xi = (1 + erf(u/2))/2 of the previous pass, and constant beyond the points that carry information. The coefficients
minimise sum w^2 (y - y- - (y+ - y-) Y(u))^2 + lambda int (g''')^2 dxi, so that the weights are in Y, not in u; lambda
maximises the restricted likelihood of the linearised problem at each Gauss-Newton step. End values that are not known
are fitted with it, and reached where the data end: their flatness was judged before. No knot is ever placed by the
data, so none can be misplaced.
"""

import numpy as np
from scipy.interpolate import BSpline, CubicHermiteSpline
from scipy.optimize import isotonic_regression

from inverse.curves.smoothing import ROOT_PI, ProbitCurve, Smooth, normal

FLAT = 3e-4  # of the step, which a profile may be off its fitted end value at its last point
END_REGION = 0.05  # of the points, whose mean says how well an end value can be known
NODES = 801
PASSES = 3
KNOTS = 24
DRAWS, SEED = 64, 20230
FARTHEST = 5.0  # of ln u' in a draw from its best value: data that say nothing there would overflow it
WIDEST = 12.0  # of ln u' about its usual value: diffusivities that differ by exp(48) between places are noise


def positive(M: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A symmetric M with so little added to its diagonal that it has a Cholesky factor, and that factor."""
    size = max(float(np.trace(M)) / len(M), 1e-200)
    for ridge in 10.0 ** np.arange(-13.0, 1.0):
        steadied = M + ridge * size * np.eye(len(M))
        try:
            return steadied, np.linalg.cholesky(steadied)
        except np.linalg.LinAlgError:
            continue
    return size * np.eye(len(M)), np.sqrt(size) * np.eye(len(M))


class PenalisedFit:
    """The noisy fit described above. Unknowns: coefficients of g, u at the middle node, and the two ends if they are
    free."""

    def __init__(self, x, y, ends, fixed, sigma, noise):
        self.x, self.y, self.fixed = x, y, fixed
        self.ends = np.array(ends, float)
        self.known = sigma is not None
        step = abs(ends[1] - ends[0])
        self.sigma = np.full(x.size, noise * step) if sigma is None else sigma
        size = float(np.median(self.sigma)) / step
        self.flat = max(FLAT, size / np.sqrt(max(3, int(END_REGION * x.size))))
        Y = isotonic_regression((y - ends[0]) / (ends[1] - ends[0]), weights=1.0 / self.sigma**2).x
        start, nodes_u = self._start(Y, size)
        inside = np.flatnonzero((1.5 * size < Y) & (1.0 - 1.5 * size > Y))
        a = x[max(inside[0] - 1, 0)] if inside.size else x[0]
        b = x[min(inside[-1] + 1, x.size - 1)] if inside.size else x[-1]
        self.s = np.linspace(a, b, NODES)
        self.at = np.clip(x, a, b)
        self.below, self.above = np.minimum(x - a, 0.0), np.maximum(x - b, 0.0)
        self.u, slope = self._line(start, nodes_u)
        self.log_slope = np.log(slope)
        self.usual = float(np.median(self.log_slope))

    def _start(self, Y, size):
        """Positions of evenly spaced u on the monotone regression of the data: a first, rough u(x)."""
        u = np.linspace(-1.2, 1.2, 9)
        low, high = max(Y[0], size), min(Y[-1], 1.0 - size)
        u = u[(normal(u) > low) & (normal(u) < high)]
        rise = Y + 1e-9 * np.arange(Y.size)
        if u.size < 2:
            return np.array([self.x[0], self.x[-1]]), np.array([-1.0, 1.0])
        place = np.interp(normal(u), rise, self.x)
        least = 0.02 * (place[-1] - place[0]) / u.size + 1e-12 * (self.x[-1] - self.x[0])
        for k in range(1, place.size):
            place[k] = max(place[k], place[k - 1] + least)
        return place, u

    def _line(self, place, u):
        """u and u' on the nodes, continued as straight lines, from a few rough points."""
        if u.size == 2:
            slope = np.full(NODES, (u[1] - u[0]) / (place[1] - place[0]))
            return u[0] + slope[0] * (self.s - place[0]), slope
        secants = np.diff(u) / np.diff(place)
        centres = 0.5 * (place[1:] + place[:-1])
        slope = np.exp(np.interp(self.s, centres, np.log(secants)))
        steps = 0.5 * (slope[1:] + slope[:-1]) * np.diff(self.s)
        rough = np.concatenate([[0.0], np.cumsum(steps)])
        return rough + np.interp(place[u.size // 2], self.s, -rough) + u[u.size // 2], slope

    def _basis(self):
        """g's B-splines on the nodes, as functions of xi, and the penalty matrix."""
        xi = normal(0.5 * self.u)
        xi = (xi - xi[0]) / (xi[-1] - xi[0])
        count = int(np.clip(self.x.size // 3, 4, KNOTS))
        knots = np.concatenate([[0.0] * 3, np.linspace(0.0, 1.0, count), [1.0] * 3])
        basis = BSpline.design_matrix(np.clip(xi, 0.0, 1.0), knots, 3).toarray()
        inner = np.linspace(0.0, 1.0, count)
        third = BSpline(knots, np.eye(basis.shape[1]), 3).derivative(3)(0.5 * (inner[1:] + inner[:-1]))
        penalty = third.T @ third  # the third derivative is constant between two knots
        return basis, penalty / np.trace(penalty)

    def _curve(self, basis, v):
        g = basis @ v[: basis.shape[1]]
        slope = np.exp(np.clip(g, self.usual - WIDEST, self.usual + WIDEST))
        h = self.s[1] - self.s[0]
        bend = np.gradient(slope, h, edge_order=2)
        pieces = h * 0.5 * (slope[1:] + slope[:-1]) + h**2 / 12.0 * (bend[:-1] - bend[1:])
        # the cubic between two nodes rises where neither slope is more than three times the secant
        pieces = np.maximum(pieces, 0.4 * h * np.maximum(slope[1:], slope[:-1]))
        u = np.concatenate([[0.0], np.cumsum(pieces)])
        return v[basis.shape[1]] + u - u[NODES // 2], slope

    def _model(self, basis, v):
        u, slope = self._curve(basis, v)
        at = CubicHermiteSpline(self.s, u, slope)(self.at) + self.below * slope[0] + self.above * slope[-1]
        low, high = self.ends if self.fixed else v[-2:]
        return at, slope, low, high

    def _residual(self, basis, v):
        u, _, low, high = self._model(basis, v)
        residual = (self.y - low - (high - low) * normal(u)) / self.sigma
        if self.fixed:
            return residual
        return np.concatenate([residual, [-normal(u[0]) / self.flat, normal(-u[-1]) / self.flat]])

    def _jacobian(self, basis, v):
        u, slope, low, high = self._model(basis, v)
        rates = slope[:, None] * basis
        h = self.s[1] - self.s[0]
        grown = np.concatenate([np.zeros((1, basis.shape[1])), np.cumsum(0.5 * h * (rates[1:] + rates[:-1]), axis=0)])
        grown -= grown[NODES // 2]
        place = (self.at - self.s[0]) / h
        k = np.minimum(place.astype(int), NODES - 2)
        part = (place - k)[:, None]
        du = (
            (1.0 - part) * grown[k]
            + part * grown[k + 1]
            + np.outer(self.below, rates[0])
            + np.outer(self.above, rates[-1])
        )
        columns = [(high - low) * (np.exp(-(u**2)) / ROOT_PI)[:, None] * np.column_stack([du, np.ones(u.size)])]
        if self.fixed:
            return columns[0] / self.sigma[:, None]
        reached = columns[0][[0, -1]] / ((high - low) * self.flat)
        columns += [normal(-u)[:, None], normal(u)[:, None]]
        rows = np.column_stack(columns) / self.sigma[:, None]
        return np.vstack([rows, np.column_stack([reached, np.zeros((2, 2))])])

    def _smoothness(self, A, b, zz, penalty):
        """Factors of the penalty (f,), and -2 times the logarithm of the restricted likelihood of each."""
        size = max(float(np.trace(A)) / len(A), 1e-200)
        null = len(A) - (np.linalg.matrix_rank(penalty, tol=1e-12))
        factors = size * 10.0 ** np.arange(-8.0, 5.01, 0.25)
        values = np.full(factors.size, np.inf)
        for k, factor in enumerate(factors):
            M, triangle = positive(A + factor * penalty)
            left = zz - b @ np.linalg.solve(M, b)
            if left > 0:
                logdet = 2.0 * np.log(np.diag(triangle)).sum()
                values[k] = (self.x.size - null) * np.log(left) + logdet - (len(A) - null) * np.log(factor)
        return factors, values

    def result(self) -> Smooth:
        for _ in range(PASSES):
            basis, small = self._basis()
            n = basis.shape[1]
            weight = np.exp(-0.5 * self.u**2)[:, None]
            g = np.linalg.lstsq(basis * weight, self.log_slope * weight[:, 0], rcond=1e-8)[0]
            v = np.concatenate([g, [self.u[NODES // 2]], [] if self.fixed else self.ends])
            penalty = np.zeros((v.size, v.size))
            penalty[:n, :n] = small
            v, factor, s2 = self._minimise(basis, v, penalty, n)
            self.u, slope = self._curve(basis, v)
            self.log_slope = np.log(slope)
            if not self.fixed:
                self.ends = v[-2:].copy()
        residual = self._residual(basis, v)[: self.x.size] * self.sigma
        scale = 1.0 if self.known else s2
        noise = float(np.median(self.sigma) * np.sqrt(scale))
        draws = tuple(self._drawn(basis, v, penalty, factor, scale, n))
        curve, ends = self._as_curve(basis, v), self._ends(v)
        return Smooth(curve, ends, noise, float(np.sqrt(np.mean(residual**2))), draws)

    def _drawn(self, basis, v, penalty, factor, scale, n):
        """Curves with their ends from the distribution of the fit: the penalty's factor from its restricted likelihood,
        the coefficients from the normal distribution that it leaves, both of the problem linearised at v."""
        J, r = self._jacobian(basis, v), self._residual(basis, v)
        z = r + J @ v
        A, b = J.T @ J, J.T @ z
        factors, values = self._smoothness(A, b, z @ z, penalty)
        weight = np.exp(-0.5 * (values - values.min()))
        rng = np.random.default_rng(SEED)
        chosen = np.searchsorted(np.cumsum(weight) / weight.sum(), (rng.permutation(DRAWS) + 0.5) / DRAWS)
        normals = rng.standard_normal((DRAWS, v.size))
        centre = np.linalg.solve(positive(A + factor * penalty)[0], b)
        for k in np.unique(chosen):
            M, triangle = positive(A + factors[k] * penalty)
            moved, root = np.linalg.solve(M, b) - centre, np.sqrt(scale) * np.linalg.inv(triangle).T
            for normal_ in normals[chosen == k]:
                w = v + moved + root @ normal_
                w[:n] = np.clip(w[:n], v[:n] - FARTHEST, v[:n] + FARTHEST)
                yield self._as_curve(basis, w), self._ends(w)

    def _ends(self, v):
        return (float(self.ends[0]), float(self.ends[1])) if self.fixed else (float(v[-2]), float(v[-1]))

    def _as_curve(self, basis, v):
        u, slope = self._curve(basis, v)
        return ProbitCurve(CubicHermiteSpline(self.s, u, slope), self.s)

    def _minimise(self, basis, v, penalty, n):
        factor = None
        for iteration in range(60):
            J, r = self._jacobian(basis, v), self._residual(basis, v)
            z = r + J @ v
            A, b = J.T @ J, J.T @ z
            if iteration < 10:
                factors, values = self._smoothness(A, b, z @ z, penalty)
                factor = factors[np.argmin(values)]
            M, _ = positive(A + factor * penalty)
            change = np.linalg.solve(M, J.T @ r - factor * penalty @ v)
            change *= min(1.0, 1.0 / max(1e-12, np.abs(change[: n + 1]).max()))
            before = r @ r + factor * v @ penalty @ v
            for _ in range(12):
                r = self._residual(basis, v + change)
                if r @ r + factor * (v + change) @ penalty @ (v + change) <= before * (1.0 + 1e-10):
                    break
                change *= 0.5
            v = v + change
            if iteration > 10 and np.abs(change).max() < 1e-6:
                break
        J, r = self._jacobian(basis, v), self._residual(basis, v)
        A = J.T @ J
        M, _ = positive(A + factor * penalty)
        free = max(1.0, self.x.size - np.trace(np.linalg.solve(M, A)))
        return v, factor, float(r @ r) / free

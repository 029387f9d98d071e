"""The couple on an infinite line for any D(u): Gauss collocation in the Boltzmann variable, apart from the engine."""

from collections.abc import Callable

import numpy as np
from scipy.linalg import solve_banded

from simulator.faults import NumericsError
from simulator.solve.exact.boltzmann import BASIS, INTEGRAL, NODES, STAGES, SimilarityProfile

EXTENT = 12.0
MOST_INTERVALS = 12800
NOT_FOUND = "No similarity profile was found for this D(x); check that D is smooth and positive on the whole path."
Diffusivity = Callable[[np.ndarray], np.ndarray]
A = np.array([[p(c) for p in INTEGRAL] for c in NODES])
B = np.array([p(1.0) for p in INTEGRAL])
FIRST = np.array([[p.deriv()(c) for p in BASIS] for c in NODES])
SECOND = np.array([[p.deriv(2)(c) for p in BASIS] for c in NODES])


def similarity_profile(
    D: Diffusivity, left: np.ndarray, right: np.ndarray, tolerance: float = 1e-10, intervals: int = 100
) -> SimilarityProfile:
    """Solve -(lambda/2) u' = (D(u) u')', u(-inf) = left, u(+inf) = right, lambda = x/sqrt(t), for m unknowns.

    D: u (m, k) -> (m, m, k) in m^2/s (for m = 1 also (k,)), with eigenvalues of positive real part on the way; left,
    right (m,). tolerance: largest error in u, estimated by halving every interval. Each interval carries five Gauss
    points, order 10 at the nodes and 6 between. Raises NumericsError when no solution is found or the tolerance is not
    reached.
    """
    left, right = np.atleast_1d(np.asarray(left, float)), np.atleast_1d(np.asarray(right, float))
    m = left.size

    def matrix(u):
        k = u.shape[1]
        with np.errstate(all="ignore"):
            value = np.asarray(D(u), float)
        return np.ascontiguousarray(np.broadcast_to(value.reshape(m, m, -1), (m, m, k)))

    path = left[:, None] + (right - left)[:, None] * np.linspace(0.0, 1.0, 65)
    eigenvalues = np.linalg.eigvals(np.moveaxis(matrix(path), 2, 0))
    if not np.all(np.isfinite(eigenvalues)) or eigenvalues.real.min() <= 0.0:
        raise NumericsError(
            "The diffusivity is not positive on the straight path between the two end members, so there is no "
            "similarity profile without a front; give a D with positive eigenvalues there."
        )
    sizes = np.abs(eigenvalues)
    reference = float(sizes.max())
    middle = float(np.exp(np.mean(np.log(sizes)))) / reference
    extent = EXTENT * np.sqrt(max(1.0, float((sizes**2 / eigenvalues.real).max()) / reference))
    smallest = np.sqrt(sizes.min() / reference)
    if not np.any(left != right):
        nodes = np.array([-1.0, 1.0]) * np.sqrt(reference)
        flat = np.repeat(left[:, None], 2, axis=1)
        return SimilarityProfile(nodes, flat, 0.0 * flat, np.zeros((m, 1, STAGES)), left, right, 0.0)

    system = _Collocation(lambda u: matrix(u) / reference, left, right, middle)
    width = max(0.05, min(1.0, smallest))
    reach = np.arcsinh(extent / width)
    nodes = width * np.sinh(np.linspace(-reach, reach, 2 * (intervals // 2) + 1))
    nodes[0], nodes[-1] = -extent, extent
    try:
        return _refined(system, nodes, intervals, tolerance, reference)
    except NumericsError:
        # steep fronts need a finer mesh before Newton finds them at all
        return _refined(
            system,
            np.interp(np.arange(8 * nodes.size - 7) / 8.0, np.arange(nodes.size), nodes),
            8 * intervals,
            tolerance,
            reference,
        )


def _refined(system, nodes, intervals, tolerance, reference):
    """The profile on a fitted mesh, halved until the tolerance is met; in the units of D."""
    left, right = system.left, system.right
    nodes, state = system.continued(nodes, intervals)
    for _ in range(3):
        nodes, state = system.on_fitted_mesh(nodes, state, intervals, 1.0)
    coarse = SimilarityProfile(nodes, *state, left, right, np.inf)
    while True:
        mesh = np.interp(np.arange(2 * nodes.size - 1) / 2.0, np.arange(nodes.size), nodes)
        state = system.newton(mesh, _carry(nodes, state, mesh, left, right), 1.0)
        if state is None:
            raise NumericsError(NOT_FOUND)
        fine = SimilarityProfile(mesh, *state, left, right, np.inf)
        at = np.concatenate([mesh, mesh[:-1] + 0.3 * np.diff(mesh), mesh[:-1] + 0.8 * np.diff(mesh)])
        error = float(np.abs(fine.values(at) - coarse.values(at)).max())
        # between the nodes the order is 6, so that the finer solution is better by far more than the 4 granted here
        if error / 4.0 <= tolerance:
            scale = np.sqrt(reference)
            return SimilarityProfile(
                mesh * scale, state[0], state[1] * scale, state[2] / scale, left, right, error / 4.0
            )
        if 2 * mesh.size > MOST_INTERVALS:
            raise NumericsError(
                f"The similarity profile is known to {error / 4.0:.1g} only, not to {tolerance:.1g}, with "
                f"{mesh.size - 1} intervals; D has a kink or a very steep part: smooth it or allow a larger tolerance."
            )
        nodes, coarse = mesh, fine


def _carry(nodes, state, mesh, left, right):
    """The state (u, q, slopes) on another mesh."""
    old = SimilarityProfile(nodes, *state, left, right, np.inf)
    at = (mesh[:-1, None] + np.diff(mesh)[:, None] * NODES).ravel()
    _, i, _, theta = old.inside(at)
    weights = np.array([p(theta) for p in BASIS])
    slopes = np.einsum("mkj,jk->mk", old.slopes[:, i], weights)
    return old.values(mesh), old.conduction(mesh), slopes.reshape(left.size, mesh.size - 1, STAGES)


def _equidistributed(nodes, slopes, left, right, intervals):
    """A mesh on which |u'|, |u''|^(1/2) and |u'''|^(1/3) are shared evenly, neighbours much alike."""
    h = np.diff(nodes)
    size = np.abs(right - left).max()
    first = np.abs(slopes).max(axis=(0, 2)) / size
    second = np.abs(slopes @ FIRST.T / h[:, None]).max(axis=(0, 2)) / size
    third = np.abs(slopes @ SECOND.T / h[:, None] ** 2).max(axis=(0, 2)) / size
    density = first + np.sqrt(second) + np.cbrt(third)
    for _ in range(2):
        spread = np.maximum(density, 0.7 * np.maximum(np.append(density[1:], 0.0), np.append(0.0, density[:-1])))
        density = 0.5 * (spread + density)
    density += 0.3 * (density @ h) / (nodes[-1] - nodes[0])
    cumulative = np.concatenate([[0.0], np.cumsum(density * h)])
    mesh = np.interp(np.linspace(0.0, cumulative[-1], intervals + 1), cumulative, nodes)
    mesh[0], mesh[-1] = nodes[0], nodes[-1]
    return mesh


class _Collocation:
    """The collocation equations on a mesh, in units of sqrt(largest D).

    Unknown: u_i, q_i at the nodes and g = u' at the Gauss points. With u_j = u_i + h sum_l a_jl g_l,
        D(u_j) g_j = q_i - (h/2) sum_l a_jl lambda_l g_l,
        u_{i+1} = u_i + h sum_l b_l g_l,   q_{i+1} = q_i - (h/2) sum_l b_l lambda_l g_l.
    """

    def __init__(self, D, left, right, middle):
        self.D, self.left, self.right, self.middle = D, left, right, middle
        self.m = left.size

    def error_function(self, nodes):
        """The state for the constant D = middle, exact in the tails and a start for Newton elsewhere."""
        from scipy.special import erf

        span = (self.right - self.left)[:, None]
        s = 2.0 * np.sqrt(self.middle)

        def slope(lam):
            return np.exp(-((lam / s) ** 2)) / (s * np.sqrt(np.pi))

        at = nodes[:-1, None] + np.diff(nodes)[:, None] * NODES
        u = self.left[:, None] + span * 0.5 * (1.0 + erf(nodes / s))
        return u, span * self.middle * slope(nodes), span[:, :, None] * slope(at)

    def continued(self, nodes, intervals):
        """Mesh and solution: D is brought in at once or, where Newton fails, by and by with the mesh following."""
        strength, step, state = 0.0, 1.0, self.error_function(nodes)
        while strength < 1.0:
            if step < 1e-3:
                raise NumericsError(NOT_FOUND)
            found = self.newton(nodes, state, strength + step)
            if found is None:
                step *= 0.5
                continue
            strength, state = strength + step, found
            if strength < 1.0:
                nodes, state = self.on_fitted_mesh(nodes, state, intervals, strength)
            step = min(1.5 * step, 1.0 - strength)
        return nodes, state

    def on_fitted_mesh(self, nodes, state, intervals, s):
        """The mesh fitted to a solution, and the solution on it; the old ones where Newton fails."""
        mesh = _equidistributed(nodes, state[2], self.left, self.right, intervals)
        found = self.newton(mesh, _carry(nodes, state, mesh, self.left, self.right), s)
        return (nodes, state) if found is None else (mesh, found)

    def _strength(self, u, s):
        D = self.D(u)
        if s == 1.0:
            return D
        if self.m == 1:
            return self.middle ** (1.0 - s) * D**s
        return (1.0 - s) * self.middle * np.eye(self.m)[:, :, None] + s * D

    def _residual(self, nodes, state, s):
        u, q, g = state
        h = np.diff(nodes)[:, None]
        at = nodes[:-1, None] + h * NODES
        stage = u[:, :-1, None] + h * (g @ A.T)
        D = self._strength(stage.reshape(self.m, -1), s).reshape(self.m, self.m, *at.shape)
        with np.errstate(all="ignore"):
            R = np.einsum("abij,bij->aij", D, g) - q[:, :-1, None] + 0.5 * h * ((at * g) @ A.T)
            ru = u[:, 1:] - u[:, :-1] - h[:, 0] * (g @ B)
            rq = q[:, 1:] - q[:, :-1] + 0.5 * h[:, 0] * ((at * g) @ B)
        return stage, D, R, ru, rq

    def newton(self, nodes, state, s):
        """(u, q, slopes), or None when Newton does not converge."""
        residual = self._residual(nodes, state, s)
        size = _norm(residual)
        if not np.isfinite(size):
            return None
        last = np.inf
        for _ in range(60):
            change = self._step(nodes, state, residual, s)
            if change is None:
                return None
            damping = 1.0
            while True:
                trial = tuple(v + damping * dv for v, dv in zip(state, change, strict=True))
                after = self._residual(nodes, trial, s)
                reached = _norm(after)
                if np.isfinite(reached) and reached < (1.0 - 0.2 * damping) * size + 1e-13:
                    break
                damping *= 0.5
                if damping < 1e-4:
                    return None
            state, residual, size = trial, after, reached
            moved = max(np.abs(change[0]).max(), np.abs(change[1]).max())
            # rounding in the differences of D leaves a last digit that no further step mends
            if damping == 1.0 and (moved < 1e-13 or (moved < 1e-11 and moved > 0.3 * last)):
                return state
            last = moved
        return None

    def _slopes(self, stage, g, s):
        """d(D g)_a / du_c at the stages, (m, m, N, STAGES), by differences, one-sided where D ends."""
        m, eps = self.m, 1e-5
        out = np.empty((m, m, *g.shape[1:]))
        flat = stage.reshape(m, -1)

        def product(moved):
            return np.einsum("abij,bij->aij", self._strength(moved, s).reshape(m, m, *g.shape[1:]), g)

        centre = product(flat)
        for c in range(m):
            move = np.zeros((m, 1))
            move[c] = eps
            up, down = product(flat + move), product(flat - move)
            both = (up - down) / (2.0 * eps)
            one = np.where(np.isfinite(up), (up - centre) / eps, (centre - down) / eps)
            out[:, c] = np.where(np.isfinite(both), both, np.where(np.isfinite(one), one, 0.0))
        return out

    def _step(self, nodes, state, residual, s):
        """Newton's change of (u, q, g): stages are eliminated interval by interval, what is left is banded."""
        m, count, k = self.m, nodes.size - 1, STAGES
        stage, D, R, ru, rq = residual
        g = state[2]
        h = np.diff(nodes)
        at = nodes[:-1, None] + h[:, None] * NODES
        slope = self._slopes(stage, g, s)
        eye = np.eye(m)
        J = np.einsum("abij,jl->ijalb", D, np.eye(k))
        J += np.einsum("i,jl,abij->ijalb", h, A, slope)
        J += np.einsum("i,jl,il,ab->ijalb", 0.5 * h, A, at, eye)
        right = np.empty((count, k, m, 2 * m + 1))
        right[..., :m] = -np.einsum("abij->ijab", slope)
        right[..., m : 2 * m] = eye
        right[..., 2 * m] = -np.einsum("aij->ija", R)
        try:
            G = np.linalg.solve(J.reshape(count, k * m, k * m), right.reshape(count, k * m, 2 * m + 1))
        except np.linalg.LinAlgError:
            return None
        G = G.reshape(count, k, m, 2 * m + 1)
        to_u = np.einsum("i,l,ilab->iab", h, B, G)
        to_q = np.einsum("i,l,il,ilab->iab", -0.5 * h, B, at, G)
        transfer = np.concatenate([to_u, to_q], axis=1)
        constant = transfer[:, :, 2 * m] - np.concatenate([ru.T, rq.T], axis=1)
        transfer = transfer[:, :, : 2 * m] + np.eye(2 * m)
        # rows: left end, y_{i+1} - T_i y_i = constant for each interval, right end; columns u_0 q_0 u_1 q_1 ...
        wide = 3 * m - 1
        band = np.zeros((2 * wide + 1, 2 * m * (count + 1)))
        load = np.zeros(2 * m * (count + 1))

        def put(row, column, value):
            band[wide + row - column, column] = value

        first = 2 * m * np.arange(count)
        for a in range(m):
            put(a, a, 1.0)
            load[a] = self.left[a] - state[0][a, 0]
            put(2 * m * count + m + a, 2 * m * count + a, 1.0)
            load[2 * m * count + m + a] = self.right[a] - state[0][a, -1]
        for a in range(2 * m):
            load[first + m + a] = constant[:, a]
            put(first + m + a, first + 2 * m + a, 1.0)
            for b in range(2 * m):
                put(first + m + a, first + b, -transfer[:, a, b])
        if not (np.all(np.isfinite(band)) and np.all(np.isfinite(load))):
            return None
        try:
            y = solve_banded((wide, wide), band, load).reshape(count + 1, 2 * m)
        except np.linalg.LinAlgError:
            return None
        du, dq = y[:, :m].T, y[:, m:].T
        dg = np.einsum("ilab,bi->ail", G[..., :m], du[:, :-1]) + np.einsum(
            "ilab,bi->ail", G[..., m : 2 * m], dq[:, :-1]
        )
        dg += np.einsum("ila->ail", G[..., 2 * m])
        return du, dq, dg


def _norm(residual):
    return max(float(np.abs(part).max()) for part in residual[2:])

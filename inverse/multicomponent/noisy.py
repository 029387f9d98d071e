"""The fit of a noisy couple: all components in one coordinate that runs as an error function across it.

    xi(q) = 1/2 erfc((q_c - q)/w) on an infinite line,   X_i(q) = sum_k b_ik B_k(xi)

A couple of a constant matrix is a sum of error functions of several widths: about the widest of them, each fraction is
a function of xi that a cubic nearly is, whether it rises, has a bulge or no step at all, and it comes to its end values
as a Gaussian does. B are quintic B-splines; the coefficients of a row minimise

    sum (X - X_i(xi))^2/s^2 + lambda int [4 xi (1 - xi)]^2 (d^4 X_i/dxi^4)^2 dxi.

The weight leaves the tails of what is wider or narrower than w alone. lambda, s of each row, and w, one for the couple
and each side of it, maximise the restricted likelihood of the linear model, with a lognormal prior for s/sqrt(lambda),
the size of the fourth derivative: were it found to be nothing, w would have to do all the bending. The tails decide on
contents, and they are those of the widest part: w is taken WIDER than is likeliest. Draws are of lambda and w too.
"""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import BSpline
from scipy.special import erf, erfc

from inverse.curves.smoothing import ROOT_PI, Running

ORDER, DEGREE, KNOTS, FEWEST_KNOTS = 4, 5, 20, 4
WEIGHT = 2  # power of 4 xi (1 - xi)
BEND, SPREAD = 3.0, 1.0  # mean and standard deviation of ln |d^4 X/dxi^4| in units of the range of a component
FACTORS = 10.0 ** np.arange(-16.0, 6.01, 0.25)
WIDEST = {False: 1.8, True: 0.5}  # lengths w from the middle to the nearer end of the data: unknown ends and given ones
COARSE, FINE = 0.25, 0.06  # steps of ln w between those that are tried
WIDER = 0.3  # of ln w: the tails of a sum of error functions are those of its widest
SKEW = 0.15  # usual size of half the logarithm of the ratio of w at the right to w at the left
STEPS, SKEWS = np.linspace(-2.0, 2.0, 5), np.linspace(-2.0, 2.0, 5)
FARTHEST, PIECE = 6.0, 0.125  # lengths w: where erfc is 2e-17, and the pieces integrals are taken in
RIDGE = 1e-12  # of the mean square of a coefficient's column: intervals of xi without data
ROUNDING = 1e-10  # a fraction: what the noise is at least
GAUSS, GAUSS_WEIGHT = np.polynomial.legendre.leggauss(8)


@dataclass(frozen=True)
class Coordinate:
    """xi(q), from 0 to 1 about q_c (m) with a length w (m) on each side; xi' is continuous."""

    centre: float
    left: float
    right: float

    def __call__(self, q: np.ndarray) -> np.ndarray:
        away, share = np.asarray(q, float) - self.centre, self.left / (self.left + self.right)
        before = share * erfc(np.maximum(-away, 0.0) / self.left)
        return np.where(away < 0.0, before, share + (1.0 - share) * erf(np.maximum(away, 0.0) / self.right))

    def slope(self, q: np.ndarray) -> np.ndarray:
        """dxi/dq, 1/m."""
        away = np.asarray(q, float) - self.centre
        width = np.where(away < 0.0, self.left, self.right)
        return 2.0 / ROOT_PI / (self.left + self.right) * np.exp(-((away / width) ** 2))

    @property
    def nodes(self) -> np.ndarray:
        """Positions, m, between which integrals are taken; beyond them xi is 0 and 1 to rounding."""
        u = np.arange(0.0, FARTHEST + 0.5 * PIECE, PIECE)
        return np.concatenate([self.centre - self.left * u[:0:-1], self.centre + self.right * u])


class Fitted:
    """A row of coefficients (K,) of the B-splines of xi."""

    def __init__(self, coordinate: Coordinate, knots: np.ndarray, b: np.ndarray):
        self.coordinate, self.spline = coordinate, BSpline(knots, b, DEGREE)
        self.derivative = self.spline.derivative()
        self.ends = (float(b[0]), float(b[-1]))
        self.running: dict[str, Running] = {}

    def value(self, q):
        return self.spline(self.coordinate(q))

    def slope(self, q):
        return self.derivative(self.coordinate(q)) * self.coordinate.slope(q)

    def before(self, q):
        return self._content(q, "before", lambda at: self.value(at) - self.ends[0])

    def behind(self, q):
        return self._content(q, "behind", lambda at: self.ends[1] - self.value(at))

    def _content(self, q, side, excess):
        if side not in self.running:
            self.running[side] = Running(excess, self.coordinate.nodes)
        q, nodes = np.atleast_1d(np.asarray(q, float)), self.running[side].nodes
        inside = getattr(self.running[side], side)(np.clip(q, nodes[0], nodes[-1]))
        beyond = np.maximum(q - nodes[-1], 0.0) if side == "before" else np.maximum(nodes[0] - q, 0.0)
        return inside + (self.ends[1] - self.ends[0]) * beyond


class Basis:
    """The B-splines on `count` even knots and their penalty matrix (K, K)."""

    def __init__(self, count: int):
        inner = np.linspace(0.0, 1.0, count)
        self.knots = np.concatenate([np.zeros(DEGREE), inner, np.ones(DEGREE)])
        self.size = count + DEGREE - 1
        half = 0.5 / (count - 1)
        at = (0.5 * (inner[1:] + inner[:-1])[:, None] + half * GAUSS).ravel()
        fourth = BSpline(self.knots, np.eye(self.size), DEGREE).derivative(ORDER)(at)
        weight = np.tile(half * GAUSS_WEIGHT, count - 1) * (4.0 * at * (1.0 - at)) ** WEIGHT
        self.penalty = (fourth * weight[:, None]).T @ fourth
        # coefficients of the function xi itself, which is never penalised
        self.straight = np.array([self.knots[k + 1 : k + 1 + DEGREE].mean() for k in range(self.size)])

    def design(self, xi: np.ndarray) -> np.ndarray:
        return BSpline.design_matrix(np.clip(xi, 0.0, 1.0), self.knots, DEGREE).toarray()


class Posterior:
    """The distribution of the coefficients of one row in one coordinate: a mixture over the factors lambda of normal
    distributions about mean + T (z_k - z), with covariances s_k^2 T diag(1/stiff_k) T'.

    value: minus twice the logarithm of the likelihood; b (K,) their mean; noise: one standard deviation of y.
    """

    def __init__(self, value, T, parts, stiff, s2, weight, known, noise):
        self.value, self.T, self.parts, self.stiff, self.s2, self.weight = value, T, parts, stiff, s2, weight
        self.known, self.noise = known, noise
        self.b = self._whole(T @ (weight @ parts))

    def _whole(self, b):
        """With the ends, if these are known."""
        return b if self.known is None else self.known + np.concatenate([[0.0], b, [0.0]])

    def drawn(self, random: np.random.Generator) -> np.ndarray:
        k = random.choice(self.weight.size, p=self.weight)
        normal = random.standard_normal(self.T.shape[1])
        return self._whole(self.T @ (self.parts[k] + np.sqrt(self.s2[k] / self.stiff[k]) * normal))


class Couple:
    """Rows y (m, N) at q (N,) with ends (m, 2), given or to be fitted; sigma (m, N) of them, or None."""

    def __init__(self, q, y, ends, given, sigma):
        self.q, self.y, self.ends, self.given, self.sigma = q, y, np.asarray(ends, float), given, sigma
        self.basis = Basis(int(np.clip(q.size // 3, FEWEST_KNOTS, KNOTS)))
        self.penalty = self.basis.penalty[1:-1, 1:-1] if given else self.basis.penalty
        self.free = ORDER - 2 if given else ORDER  # coefficients that are not penalised
        self.range = np.maximum(np.ptp(y, axis=1), ROUNDING)

    @property
    def centre(self) -> float:
        """The plane that balances the raw data, m, kept well inside them."""
        step = self.ends[:, 1] - self.ends[:, 0]
        excess = np.trapezoid(self.y - self.ends[:, :1], self.q, axis=1)
        step, excess = np.append(step, -step.sum()), np.append(excess, -excess.sum())
        length = self.q[-1] - self.q[0]
        middle = 0.5 * (self.q[0] + self.q[-1])
        if not np.abs(step).max() > 0.0:
            return float(middle)
        found = self.q[-1] - float(step @ excess / (step @ step))
        return float(np.clip(found, middle - 0.4 * length, middle + 0.4 * length))

    def at(self, coordinate: Coordinate) -> list[Posterior]:
        """The distributions of the rows in one coordinate."""
        B = self.basis.design(coordinate(self.q))
        inner = B[:, 1:-1] if self.given else B
        shared = None if self.sigma is not None else self._spectrum(inner)
        found = []
        for k, y in enumerate(self.y):
            known, design = None, inner
            if self.given:
                known = self.ends[k, 0] + (self.ends[k, 1] - self.ends[k, 0]) * self.basis.straight
                y = y - B @ known
            if self.sigma is not None:
                y, design = y / self.sigma[k], inner / self.sigma[k][:, None]
            found.append(self._row(k, design, y, shared or self._spectrum(design), known))
        return found

    def _spectrum(self, B):
        """T, d and ln |B'B| with T' B'B T = 1 and T' P T = diag(d)."""
        A = B.T @ B
        root = np.linalg.cholesky(A + RIDGE * np.trace(A) / len(A) * np.eye(len(A)))
        inverse = np.linalg.inv(root)
        d, vectors = np.linalg.eigh(inverse @ self.penalty @ inverse.T)
        d = np.maximum(d, 0.0)
        d[: self.free] = 0.0
        return inverse.T @ vectors, d, 2.0 * np.log(np.diag(root)).sum()

    def _row(self, k, B, y, spectrum, known) -> Posterior:
        T, d, log_det = spectrum
        z = T.T @ (B.T @ y)
        stiff = 1.0 + FACTORS[:, None] * d
        rest = y @ y - (z**2 / stiff).sum(axis=1)
        freedom = y.size - self.free
        if self.sigma is None:
            rest = np.maximum(rest, freedom * ROUNDING**2)
            s2, misfit = rest / freedom, freedom * np.log(rest)
        else:
            s2, misfit = np.ones(FACTORS.size), rest
        bend = 0.5 * np.log(s2 / FACTORS) - np.log(self.range[k])
        prior = ((bend - BEND) / SPREAD) ** 2
        values = misfit + np.log(stiff).sum(axis=1) - (d.size - self.free) * np.log(FACTORS) + prior
        weight = np.exp(-0.5 * (values - values.min()))
        value = float(values.min() - 2.0 * np.log(weight.sum()) + log_det)
        weight /= weight.sum()
        noise = np.sqrt(weight @ s2) if self.sigma is None else np.median(self.sigma[k])
        return Posterior(value, T, z / stiff, stiff, s2, weight, known, float(noise))

    def likely(self) -> tuple[Coordinate, list[tuple[Coordinate, float]]]:
        """The mean coordinate, and others with their probabilities."""
        centre = self.centre
        reach = min(centre - self.q[0], self.q[-1] - centre)
        widest = np.log(reach / WIDEST[self.given])
        least = min(np.log(2.0 * float(np.median(np.diff(self.q)))), widest)

        def coordinate(mean: float, skew: float) -> Coordinate:
            left, right = np.exp(np.clip([mean - skew, mean + skew], least, widest))
            return Coordinate(centre, float(left), float(right))

        def value(mean: float, skew: float = 0.0) -> float:
            return sum(row.value for row in self.at(coordinate(mean, skew))) + (skew / SKEW) ** 2

        tried = widest - COARSE * np.arange(int((widest - least) / COARSE) + 1)
        top = float(min(tried, key=value))
        around = top + FINE * np.arange(-4, 5)
        found = np.array([value(one) for one in around])
        weight = np.exp(-0.5 * (found - found.min()))
        top = float(weight @ around / weight.sum())
        spread = float(np.clip(np.sqrt(weight @ (around - top) ** 2 / weight.sum()), 0.3 * FINE, 3.0 * FINE))
        grid = [(top + spread * i, SKEW * j) for i in STEPS for j in SKEWS]
        found = np.array([value(*one) for one in grid])
        weight = np.exp(-0.5 * (found - found.min()))
        weight /= weight.sum()
        mean, skew = weight @ np.array(grid)
        mean, grid = mean + WIDER, [(a + WIDER, b) for a, b in grid]
        return coordinate(mean, skew), [(coordinate(*one), float(part)) for one, part in zip(grid, weight, strict=True)]


def noisy_rows(
    q: np.ndarray, y: np.ndarray, ends: np.ndarray, given: bool, sigma: np.ndarray | None, draws: int, seed
) -> tuple[tuple[Fitted, ...], np.ndarray, tuple[tuple[Fitted, ...], ...]]:
    """The rows through y (m, N) at q (N,), m, their noise (m,), and `draws` sets of rows from the distribution of the
    fit. ends (m, 2): end values, known if given, else averages; sigma (m, N) of y, or None."""
    couple = Couple(q, y, ends, given, sigma)
    mean, others = couple.likely()
    knots, found = couple.basis.knots, couple.at(mean)
    rows = tuple(Fitted(mean, knots, row.b) for row in found)
    random, sets = np.random.default_rng(seed), []
    chosen = random.choice(len(others), draws, p=[part for _, part in others])
    for k in np.unique(chosen):
        coordinate = others[k][0]
        own = couple.at(coordinate)
        for _ in range(int((chosen == k).sum())):
            sets.append(tuple(Fitted(coordinate, knots, row.drawn(random)) for row in own))
    order = random.permutation(draws)
    return rows, np.array([row.noise for row in found]), tuple(sets[k] for k in order)

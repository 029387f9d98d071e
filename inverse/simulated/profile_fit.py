"""Least squares on all points of one or several profiles: what is measured, its forward model, and the fit."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import least_squares

from inverse.curves.penalised import positive
from inverse.simulated.forward import Diffusivity, InfiniteCouple, Sample
from inverse.simulated.observed import Observation
from simulator.faults import NumericsError

CELLS = {True: 100, False: 160}  # of the coarse grid: of a finite sample, and of an infinite couple
MOST_CELLS = {True: 400, False: 1600}
COARSEST = 60
LEFT = {True: 2e-6, False: 1e-5}  # of the step, to which the grids of infinite couples and finite samples may differ
REFUSED = 1e3  # in place of every residual where the forward model finds no profile
ITERATIONS = 100
TURNS = 3  # of the penalty and the fit in turn
FACTORS = 10.0 ** np.arange(-10.0, 4.01, 0.25)  # of the penalty, relative to the size of J^T J
LEAST_FACTOR = 1e-10  # keeps knots finite about which the data say nothing
FAR = 12.0  # of ln D from its first value


def model_of(observation: Observation, family: Diffusivity, time: float, cells: int) -> InfiniteCouple | Sample:
    """The forward model of an observation."""
    start = observation.start
    if start.infinite:
        return InfiniteCouple(family, observation.q, time, start.at, start.ends, not start.given, cells)
    return Sample(family, observation.q, time, start.interval, start.averages, start.own, start.jumps, cells)


class ProfileFit:
    """The parameters p (K,) of a family of diffusivities, and each sample's own, that fit all observations best.

        sum_j sum_i ((y_i - N(x_i; p, own_j)) / sigma_i)^2 + lambda |R p|^2

    penalty: R (r, K), or None; lambda is the least that keeps all finite or, where `choose`, the one of the largest
    restricted likelihood of the linearised problem. covariance: of p and everything else, scaled by the variance of the
    residuals where no sigma is known.
    """

    def __init__(
        self,
        observations: Sequence[Observation],
        family: Diffusivity,
        times: Sequence[float],
        p: np.ndarray,
        penalty: np.ndarray | None = None,
        choose: bool = False,
        cells: int = 0,
    ):
        self.observations, self.family = observations, family
        self.models = [
            model_of(entry, family, time, cells or CELLS[not entry.start.infinite])
            for entry, time in zip(observations, times, strict=True)
        ]
        self.y = np.concatenate([entry.y for entry in observations])
        self.known = all(entry.sigma is not None for entry in observations)
        self.sigma = np.concatenate([self.deviation(entry) for entry in observations])
        self.penalty = np.zeros((0, family.count)) if penalty is None else penalty
        self.choose = choose
        self.factor = 0.0
        self.v = np.concatenate([p, *(model.start() for model in self.models)])
        self.p0 = np.array(p, float)
        self.precision = 1e-11 if all(entry.start.infinite for entry in observations) else 1e-7

    @staticmethod
    def deviation(entry: Observation) -> np.ndarray:
        """Standard deviations (N,) as far as they are known: between profiles they only weigh."""
        if entry.sigma is not None:
            return entry.sigma
        step = entry.range[1] - entry.range[0]
        return np.full(entry.y.size, step * 1e-4 if entry.clean else max(entry.noise, 1e-6 * step))

    @property
    def p(self) -> np.ndarray:
        return self.v[: self.family.count]

    def own(self, v: np.ndarray) -> list[np.ndarray]:
        """Each sample's own parameters."""
        sizes = [model.start().size for model in self.models]
        return np.split(v[self.family.count :], np.cumsum(sizes)[:-1])

    def evaluate(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Residuals over sigma (N,) and their derivatives (N, size of v)."""
        K, at, place = self.family.count, 0, self.family.count
        residual, J = np.empty(self.y.size), np.zeros((self.y.size, v.size))
        for model, own in zip(self.models, self.own(v), strict=True):
            part = slice(at, at + model.x.size)
            try:
                value, slopes = model(v[:K], own)
            except NumericsError:
                value, slopes = np.full(model.x.size, REFUSED), np.zeros((model.x.size, K + own.size))
            residual[part] = value - self.y[part]
            J[part, :K] = slopes[:, :K]
            J[part, place : place + own.size] = slopes[:, K:]
            at, place = part.stop, place + own.size
        return residual / self.sigma, J / self.sigma[:, None]

    def minimise(self) -> None:
        """Residuals and Jacobian at the best v, with lambda as it is."""
        K, root = self.family.count, np.sqrt(self.factor)
        extra = np.zeros((len(self.penalty), self.v.size))
        extra[:, :K] = root * self.penalty
        last: dict = {}

        def both(v):
            if "v" not in last or not np.array_equal(last["v"], v):
                residual, J = self.evaluate(v)
                last.update(v=v.copy(), r=np.concatenate([residual, extra @ v]), J=np.concatenate([J, extra]))
            return last

        bounds = (np.full(self.v.size, -np.inf), np.full(self.v.size, np.inf))
        bounds[0][:K], bounds[1][:K] = self.p0 - FAR, self.p0 + FAR
        found = least_squares(
            lambda v: both(v)["r"],
            self.v,
            jac=lambda v: both(v)["J"],
            bounds=bounds,
            x_scale="jac",
            xtol=self.precision,
            ftol=self.precision,
            gtol=1e-14,
            max_nfev=ITERATIONS if self.precision < 1e-9 else ITERATIONS // 3,
        )
        self.v, self.evaluations = found.x, self.evaluations + int(found.nfev)
        self.converged = bool(found.status > 0)
        self.residual, self.J = found.fun[: self.y.size], found.jac[: self.y.size]

    def run(self) -> "ProfileFit":
        """Fit: on grids for the first diffusivity, then on grids for the one found, finer where they leave an error."""
        self.evaluations = 0
        for k in range(4 if self.precision < 1e-9 else 3):
            for model in self.models:
                model.prepare(self.p)
            if k == 0:
                self.residual, self.J = self.evaluate(self.v)
                self.factor = LEAST_FACTOR * self.size()
            before = self.p.copy()
            self.minimise()
            if self.choose:
                self.settle()
            excess = self.discretisation / self.allowed
            if excess > 1.0:
                factor = 2 ** int(np.ceil(0.5 * np.log2(excess)))
                for model in self.models:
                    model.cells = min(factor * model.cells, MOST_CELLS[isinstance(model, Sample)])
            elif self.fits_grid(before):
                break
            # the own places are in widths of the grid that is now given up
            self.rebase()
        return self

    def fits_grid(self, before: np.ndarray) -> bool:
        """Whether grids made for another diffusivity do for the one found."""
        return abs(np.log(self.family.largest(self.p) / self.family.largest(before))) < 0.3

    @property
    def allowed(self) -> float:
        """Largest error of a profile before its two grids are combined: what is then left is its square or so."""
        infinite = all(entry.start.infinite for entry in self.observations)
        clean = all(entry.clean for entry in self.observations)
        return max(LEFT[infinite] * self.step, (0.02 if clean else 0.1) * self.rms)

    def rebase(self) -> None:
        """New grids have new widths: contact planes found so far become those about which the next are looked for."""
        own = self.own(self.v)
        for model, values in zip(self.models, own, strict=True):
            if isinstance(model, InfiniteCouple):
                model.about = model.place(values)
                values[0] = 0.0
        self.v = np.concatenate([self.p, *own])

    def settle(self) -> None:
        """lambda and v in turn, until lambda stays."""
        for _ in range(TURNS):
            factor = self.smoothness()
            if abs(np.log(factor / self.factor)) < 0.1:
                break
            self.factor = factor
            self.minimise()

    def size(self) -> float:
        """Of J^T J in the parameters of the diffusivity."""
        K = self.family.count
        return max(float((self.J[:, :K] ** 2).sum()) / max(K, 1), 1e-200) / max(float((self.penalty**2).sum()), 1e-200)

    def smoothness(self) -> float:
        """The lambda of the largest restricted likelihood of the problem linearised at v."""
        P = self.penalty_matrix()
        null = len(P) - np.linalg.matrix_rank(self.penalty)
        z = self.J @ self.v - self.residual
        A, b = self.J.T @ self.J, self.J.T @ z
        best, chosen = np.inf, self.factor
        for factor in self.size() * FACTORS:
            M, triangle = positive(A + factor * P)
            left = float(z @ z - b @ np.linalg.solve(M, b))
            if left <= 0.0:
                continue
            determinant = 2.0 * np.log(np.diag(triangle)).sum() - (len(P) - null) * np.log(factor)
            value = determinant + (left if self.known else (self.y.size - null) * np.log(left))
            if value < best:
                best, chosen = value, factor
        return chosen

    def penalty_matrix(self) -> np.ndarray:
        K = self.family.count
        P = np.zeros((self.v.size, self.v.size))
        P[:K, :K] = self.penalty.T @ self.penalty
        return P

    @property
    def step(self) -> float:
        return max(entry.range[1] - entry.range[0] for entry in self.observations)

    @property
    def rms(self) -> float:
        """Root mean square of the residuals, a fraction."""
        return float(np.sqrt(np.mean((self.residual * self.sigma) ** 2)))

    @property
    def discretisation(self) -> float:
        """Largest error of a profile on the finer grid, before both were combined."""
        return max(model.discretisation for model in self.models)

    def finish(self) -> None:
        """covariance, chi_square, freedom (degrees of) and condition at the best v."""
        A = self.J.T @ self.J
        M, _ = positive(A + self.factor * self.penalty_matrix())
        inverse = np.linalg.inv(M)
        self.freedom = max(1.0, self.y.size - float(np.trace(inverse @ A)))
        self.chi_square = float(self.residual @ self.residual)
        self.variance = 1.0 if self.known else self.chi_square / self.freedom
        self.covariance = self.variance * inverse
        columns = np.sqrt((self.J**2).sum(axis=0))
        singular = np.linalg.svd(self.J / np.where(columns > 0.0, columns, 1.0), compute_uv=False)
        self.condition = float(singular[0] / max(singular[-1], 1e-300))

    def structure(self) -> float:
        """Correlation of neighbouring residuals where the profiles change, in its standard deviations under noise."""
        at, products, squares, count = 0, 0.0, 0.0, 0
        for entry in self.observations:
            r = self.residual[at : at + entry.y.size]
            at += entry.y.size
            low, high = entry.range
            model = entry.y + r * self.sigma[at - entry.y.size : at]
            zone = np.flatnonzero((model > low + 0.01 * (high - low)) & (model < high - 0.01 * (high - low)))
            if zone.size > 3:
                part = r[zone[0] : zone[-1] + 1]
                products += float(part[1:] @ part[:-1])
                squares += float(part @ part)
                count += part.size
        return products / squares * np.sqrt(count) if squares > 0.0 else 0.0


def nearest_constant(
    observations: Sequence[Observation], times: Sequence[float], make: Callable[[float], Diffusivity]
) -> float:
    """The value, of four per decade, for which the profiles of make(value), a family without parameters, are nearest.

    value: about ln D, or ln (D t) where the times are 1.
    """
    sizes = [float(np.ptp(entry.q)) ** 2 / time for entry, time in zip(observations, times, strict=True)]
    none, best, chosen = np.zeros(0), np.inf, 0.0
    for value in np.log(max(sizes)) + np.log(10.0) * np.arange(-6.0, 1.01, 0.25):
        fit, total = ProfileFit(observations, make(value), times, none, cells=COARSEST), 0.0
        for model, entry in zip(fit.models, observations, strict=True):
            model.prepare(none)
            total += float((((model.coarse(none, model.start()) - entry.y) / fit.deviation(entry)) ** 2).sum())
        if total < best:
            best, chosen = total, float(value)
    return chosen

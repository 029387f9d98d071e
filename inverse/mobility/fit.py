"""Least squares for the mobilities of all couples together, from several starts."""

from collections.abc import Sequence

import numpy as np

from inverse.mobility.couple import MobilityCouple
from inverse.mobility.law import MatrixOfTracers
from inverse.mobility.observed import Observation
from inverse.mobility.priors import ENERGY, Tracer
from inverse.mobility.tracers import LogTracers
from simulator.faults import NumericsError
from simulator.solve.exact.constant_matrix import matrix_profile

SEED = 20020919
ROUGH, CELLS, MOST_CELLS = 64, 80, 640  # of the coarse grid
LEFT = 1e-5  # of the step, to which two grids may differ: what is then left in both is its square or so
REFUSED = 1e3  # in place of every residual where the forward model finds no profile
LONGEST = 1.5  # step of a parameter
DAMPING, LARGEST_DAMPING = 1e-3, 1e10  # of the squares of the columns
EVALUATIONS = 60
APART = 0.3  # of ln D, by which the largest may differ from the one a grid was made for
SCATTER = {0: 1.0, 1: 0.5, 2: 0.25}  # of the starts, by the degree of a parameter
REPEATS = 4
SMALLEST = 1e-20  # of the largest, the least scale: profiles that could not be simulated have no derivatives


class MobilityFit:
    """The parameters p of a family of log tracers, and each couple's own, that fit all couples best.

        sum ((x - X(q; p, own))/sigma)^2 + sum ((ln D* - ln D*(x, T; p))/sd)^2 + sum ((p - mean)/sd)^2

    over the points of the independent components, the measured tracers, and the priors (mean and sd (size,)). v: p and
    all own parameters; factors: of each couple's sigma, by which its residuals are larger, where sigma is not known.
    """

    def __init__(
        self,
        observations: Sequence[Observation],
        matrix: MatrixOfTracers,
        family: LogTracers,
        priors: tuple[np.ndarray, np.ndarray],
        tracers: Sequence[Tracer] = (),
    ):
        self.observations, self.family, self.tracers = list(observations), family, list(tracers)
        self.mean, self.sd = priors
        self.models = [
            MobilityCouple(matrix, family, o.q, o.time, o.T, o.plane, o.ends, not o.given, ROUGH)
            for o in self.observations
        ]
        self.targets = [o.data for o in self.observations]
        self.factors = np.ones(len(self.observations))
        self.evaluations, self.converged = 0, False
        self.v = np.concatenate([self.mean, *(model.start() for model in self.models)])

    @property
    def p(self) -> np.ndarray:
        return self.v[: self.family.size]

    def own(self, v: np.ndarray) -> list[np.ndarray]:
        """Each couple's own parameters."""
        sizes = [model.start().size for model in self.models]
        return np.split(v[self.family.size :], np.cumsum(sizes)[:-1])

    def evaluate(self, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Residuals over sigma, of the couples and then the measured tracers, and their derivatives by v."""
        size, place = self.family.size, self.family.size
        residuals, slopes = [], []
        parts = zip(self.models, self.own(v), self.observations, self.targets, self.factors, strict=True)
        for model, own, entry, target, factor in parts:
            J = np.zeros((*target.shape, v.size))
            try:
                with np.errstate(all="ignore"):  # mobilities out of all reason, of a step too long
                    value, by = model(v[:size], own)
                J[..., :size], J[..., place : place + own.size] = by[..., :size], by[..., size:]
                misses = (value - target) / (factor * entry.sigma)
                J /= (factor * entry.sigma)[..., None]
            except NumericsError:
                misses = np.full(target.shape, REFUSED)
            residuals.append(misses.ravel())
            slopes.append(J.reshape(-1, v.size))
            place += own.size
        for tracer in self.tracers:
            unit = np.zeros((self.family.n, 1))
            unit[tracer.i] = 1.0
            J = np.zeros((1, v.size))
            J[0, :size] = self.family.by_parameters(unit, self.family.basis(tracer.x), tracer.T)[:, 0] / tracer.sd
            value = self.family.logarithms(v[:size], tracer.x, tracer.T)[tracer.i]
            residuals.append((value - tracer.logarithm) / tracer.sd)
            slopes.append(J)
        self.evaluations += 1
        return np.concatenate(residuals), np.concatenate(slopes)

    def normal(self, v: np.ndarray, active: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        """The sum of squares, half its gradient, and half its second derivatives by v as far as first ones make them;
        none by parameters that are not active."""
        residual, J = self.evaluate(v)
        size = self.family.size
        # not by matrix products: on many points they wait for threads longer than they work
        A, g = np.einsum("ki,kj->ij", J, J), np.einsum("ki,k->i", J, residual)
        ridge = np.where(active, (v[:size] - self.mean) / self.sd, 0.0)
        A[range(size), range(size)] += 1.0 / self.sd**2
        g[:size] += ridge / self.sd
        fixed = np.flatnonzero(~active)
        A[fixed], A[:, fixed], g[fixed] = 0.0, 0.0, 0.0
        A[fixed, fixed] = 1.0
        return float(residual @ residual + ridge @ ridge), g, A

    def minimise(self, active: np.ndarray, precision: float = 1e-10, most: int = EVALUATIONS) -> float:
        """The sum of squares at the best v, by Levenberg and Marquardt's method; active (size,): the parameters that
        may change; precision: of the sum, relative."""
        total, g, A = self.normal(self.v, active)
        damping, scale = DAMPING, np.diag(A).copy()
        self.converged = False
        for _ in range(most):
            scale = np.maximum(scale, np.diag(A))
            scale = np.maximum(scale, SMALLEST * scale.max())
            root = 1.0 / np.sqrt(scale)
            step = -root * np.linalg.solve(A * np.outer(root, root) + damping * np.eye(root.size), root * g)
            step *= min(1.0, LONGEST / max(float(np.abs(step[: self.family.size]).max()), 1e-300))
            expected = -float(2.0 * g @ step + step @ A @ step)
            if expected <= precision * max(total, 1e-12):
                self.converged = True
                break
            new, new_g, new_A = self.normal(self.v + step, active)
            gain = (total - new) / expected
            if new < total:
                self.v, total, g, A = self.v + step, new, new_g, new_A
            damping = damping * (0.1 if gain > 0.75 else 1.0 if gain > 0.25 else 8.0)
            if damping > LARGEST_DAMPING:
                break
        return total

    def prepare(self, grids: int) -> None:
        """Grids for the mobilities found so far; the planes found become those about which the next are looked for."""
        own = self.own(self.v)
        for model, values in zip(self.models, own, strict=True):
            model.about, values[0] = model.place(values), 0.0
            model.prepare(self.p, grids)
        self.v = np.concatenate([self.p, *own])

    def settled(self, active: np.ndarray, grids: int, precision: float) -> float:
        """Minimise on grids that fit the mobilities found; the sum of squares."""
        total = np.inf
        for _ in range(REPEATS):
            self.prepare(grids)
            before = [model.largest(self.p) for model in self.models]
            total = self.minimise(active, precision)
            after = [model.largest(self.p) for model in self.models]
            if np.abs(np.log(np.array(after) / before)).max() < APART:
                break
        return total

    def level(self) -> float:
        """The one ln D* for all components, of four per decade, whose profiles of a constant matrix are nearest."""
        family, best, chosen = self.family, np.inf, 0.0
        size = max(float(np.ptp(o.q)) ** 2 / o.time for o in self.observations)
        for value in np.log(size) + np.log(10.0) * np.arange(-6.0, 1.01, 0.25):
            p, total = np.zeros(family.size), 0.0
            family.coefficients(p)[:, 0] = value
            p[family.n * family.count :] = ENERGY
            for model, entry in zip(self.models, self.observations, strict=True):
                mean = entry.ends.mean(axis=1, keepdims=True)
                D = model.matrix.with_slopes(mean, family.logarithms(p, mean, entry.T), entry.T)[0][..., 0]
                found = matrix_profile(entry.q, entry.time, D, (entry.plane,), entry.ends)
                total += float((((found - entry.data) / entry.sigma) ** 2).sum())
            if total < best:
                best, chosen = total, float(value)
        return chosen

    def run(self, starts: int) -> None:
        """Constant tracers from several starts, then all parameters from several about the best, both on coarse grids;
        last the best of all on two grids each. totals: the sums of squares that the starts came to."""
        rng, family = np.random.default_rng(SEED), self.family
        constant, every = family.degrees <= 0, np.ones(family.size, bool)
        centre = np.where(constant, self.mean, 0.0)
        self.totals, best = [], (np.inf, None)
        for active in (constant, every) if family.order else (every,):
            first, best = (centre if best[1] is None else best[1][: family.size]), (np.inf, None)
            self.totals = []
            for number in range(starts):
                scatter = np.array([SCATTER[max(degree, 0)] for degree in family.degrees]) * (family.degrees >= 0)
                moved = first + scatter * rng.standard_normal(family.size) * (active & (number > 0))
                total = self.from_start(moved, active)
                self.totals.append(total)
                if total < best[0]:
                    best = total, self.v.copy()
            if best[1] is None:
                raise NumericsError("No mobilities were found whose profiles could be simulated.")
        self.restart(best[1][: family.size])
        self.finish(every)

    def restart(self, p: np.ndarray) -> None:
        for model, entry in zip(self.models, self.observations, strict=True):
            model.about = entry.plane
        self.v = np.concatenate([p, *(model.start() for model in self.models)])

    def from_start(self, p: np.ndarray, active: np.ndarray) -> float:
        """The sum of squares that a start comes to on coarse grids; infinite where it finds no profiles."""
        self.restart(p)
        try:
            return self.settled(active, 1, 1e-5)
        except NumericsError:
            return np.inf

    def finish(self, every: np.ndarray) -> None:
        """On two grids, finer where they differ too much; then with the noise that the residuals show."""
        for model in self.models:
            model.cells = CELLS
        for _ in range(REPEATS):
            self.settled(every, 2, 1e-10)
            coarse = [m for m, o in zip(self.models, self.observations, strict=True) if self.excess(m, o) > 1.0]
            coarse = [model for model in coarse if model.cells < MOST_CELLS]
            if not coarse:
                break
            for model in coarse:
                model.cells *= 2
        if any(self.reweigh()):
            self.minimise(every)
            self.reweigh()
        self.residual, self.J = self.evaluate(self.v)

    @staticmethod
    def excess(model: MobilityCouple, entry: Observation) -> float:
        """What two grids differ by, over what is allowed."""
        noise = 0.0 if entry.clean else 0.1 * float(np.median(entry.sigma))
        return model.discretisation / max(LEFT * entry.step, noise)

    def couple_residuals(self) -> list[np.ndarray]:
        """Residuals (m, N) of each couple at v, in mole fractions."""
        return [
            model(self.p, own)[0] - target
            for model, own, target in zip(self.models, self.own(self.v), self.targets, strict=True)
        ]

    def reweigh(self) -> list[bool]:
        """Scale each sigma that was read off a noisy profile by what its residuals show; whether it changed."""
        points = sum(o.data.size for o in self.observations)
        spared = max(1.0 - self.v.size / points, 0.1)
        changed = []
        for k, (misses, entry) in enumerate(zip(self.couple_residuals(), self.observations, strict=True)):
            if entry.known or entry.clean:
                changed.append(False)
                continue
            self.factors[k] = np.sqrt(np.mean((misses / entry.sigma) ** 2) / spared)
            changed.append(True)
        return changed

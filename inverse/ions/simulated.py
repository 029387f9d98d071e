"""Junctions of ions by their similarity solution, and the diffusivities whose profiles fit measured ones best."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import least_squares

from inverse.ions.junction import Junction
from simulator.faults import Invalid
from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.solve.similarity import SimilarityCouple, SimilarityProfile

CELLS = 256
STEP = 1e-4  # of ln D, for derivatives
REACH = np.log(100.0)  # of ln D from its start
KELVIN = 298.15  # of a law that does not depend on it


class SimilarJunction:
    """c(x/sqrt t) of n ions between two neutral solutions, for any D (n,); ends (n, 2): a first guess, mol/m^3.

    One ion with a charge is eliminated by neutrality; the others diffuse by

        D_ij = D_i delta_ij - z_i D_i c_i z_j (D_j - D_n) / sum_k z_k^2 D_k c_k
    """

    def __init__(self, z: np.ndarray, ends: np.ndarray):
        self.z, self.last = z, int(np.flatnonzero(z)[-1])
        self.others = [k for k in range(z.size) if k != self.last]
        along = z / (z @ z)
        neutral = np.clip(ends - np.outer(along, z @ ends), 0.0, None)
        self.unit = 2.0 * float(neutral.sum(axis=0).max())
        self.ends = neutral[self.others] / self.unit
        names = [f"c{k}" for k in range(z.size - 1)]
        self.mixture = Mixture((*names, "Rest"), "Rest")
        self.near: SimilarityProfile | None = None

    def law(self, D: np.ndarray) -> Fick:
        z, w = self.z[self.others], self.z[self.last]
        own, last = D[self.others], D[self.last]
        weights = z**2 * own - z * w * last
        total = " + ".join(f"({a:.17g})*x_c{k}" for k, a in enumerate(weights))
        rows = [
            [
                f"{own[i] if i == j else 0.0:.17g} - ({z[i] * z[j] * own[i] * (own[j] - last):.17g})*x_c{i}/({total})"
                for j in range(z.size)
            ]
            for i in range(z.size)
        ]
        return Fick(self.mixture, D=rows if z.size > 1 else rows[0][0])

    def profile(self, D: np.ndarray, ends: np.ndarray) -> SimilarityProfile:
        """The solution between ends (n - 1, 2) of the others, in `unit` mol/m^3."""
        equations = self.law(D).equations(ends.min(axis=1), ends.max(axis=1), (KELVIN, KELVIN))
        couple = SimilarityCouple(equations, ends[:, 0], ends[:, 1], float(D.max()), CELLS, KELVIN)
        self.near = couple.solve(self.near)
        return self.near

    def values(self, profile: SimilarityProfile, at: np.ndarray) -> np.ndarray:
        """c (n, k), mol/m^3, at x/sqrt t = `at` (k,)."""
        found = np.empty((self.z.size, at.size))
        found[self.others] = profile.integral_and_value(at)[1] * self.unit
        found[self.last] = -(self.z[self.others] @ found[self.others]) / self.z[self.last]
        return found


@dataclass(frozen=True, eq=False)
class IonFit:
    """D (n,) m^2/s, its covariance of ln D (n, n), or None for clean profiles, the planes (m), and the root mean square
    of the residuals, over the noise where there is any, or else mol/m^3."""

    D: np.ndarray
    covariance: np.ndarray | None
    planes: tuple[float, ...]
    residual: float


def fit(junctions: Sequence[Junction], start: np.ndarray) -> IonFit:
    """The D whose simulated junctions fit all profiles best, by least squares over every ion and point.

    start (n,) m^2/s. The planes are fitted too, and of noisy profiles the ends that were not given. Raises Invalid
    where nothing near the start fits.
    """
    n, clean = start.size, all(junction.clean for junction in junctions)
    parts = [Part(junction, start.max(), clean) for junction in junctions]
    first = np.concatenate([np.log(start), *(part.start for part in parts)])
    lowest = np.concatenate([np.log(start) - REACH, *(part.lowest for part in parts)])
    highest = np.concatenate([np.log(start) + REACH, *(part.highest for part in parts)])
    cuts = np.cumsum([n, *(part.start.size for part in parts)])

    def residuals(p):
        own = [p[a:b] for a, b in pairwise(cuts)]
        return np.concatenate([part.misses(np.exp(p[:n]), q) for part, q in zip(parts, own, strict=True)])

    def jacobian(p):
        rows = []
        for part, (a, b) in zip(parts, pairwise(cuts), strict=True):
            here = part.misses(np.exp(p[:n]), p[a:b])
            J = np.zeros((here.size, p.size))
            for i in (*range(n), *range(a, b)):
                moved = p.copy()
                moved[i] += STEP
                J[:, i] = (part.misses(np.exp(moved[:n]), moved[a:b]) - here) / STEP
            rows.append(J)
        return np.concatenate(rows)

    found = least_squares(residuals, first, jacobian, bounds=(lowest, highest), xtol=1e-8, ftol=1e-8)
    if np.any(np.abs(found.x[:n] - first[:n]) > 0.999 * REACH):
        raise Invalid.at("profile", "no diffusivities near the first estimate fit the profile; is it one of a step?")
    covariance = None if clean else np.linalg.pinv(found.jac.T @ found.jac)[:n, :n]
    planes = tuple(float(found.x[a] * part.width) for part, a in zip(parts, cuts, strict=False))
    return IonFit(np.exp(found.x[:n]), covariance, planes, float(np.sqrt(np.mean(found.fun**2))))


class Part:
    """A junction in a fit, with its own parameters: the plane over `width` (m), and the ends where they are free."""

    def __init__(self, junction: Junction, largest: float, clean: bool):
        self.junction, self.model = junction, SimilarJunction(junction.z, junction.ends)
        self.root = np.sqrt(junction.time)
        self.width = np.sqrt(largest) * self.root
        self.sigma = uncertainty(junction, clean)
        plane, ends = junction.plane / self.width, self.model.ends.ravel()
        free = ends.size * (not clean and not junction.ends_given)
        self.start = np.append(plane, ends[:free])
        self.lowest = np.append(plane - 2.0, np.zeros(free))
        self.highest = np.append(plane + 2.0, np.ones(free))

    def misses(self, D: np.ndarray, own: np.ndarray) -> np.ndarray:
        """(c - data)/sigma of every ion and point, for D (n,) and its own parameters."""
        junction, ends = self.junction, self.model.ends
        ends = own[1:].reshape(ends.shape) if own.size > 1 else ends
        places = (junction.x - own[0] * self.width) / self.root
        c = self.model.values(self.model.profile(D, ends), places)
        return ((c - junction.data) / self.sigma).ravel()


def uncertainty(junction: Junction, clean: bool) -> np.ndarray | float:
    """Of every concentration: as given, or the noise; 1 where all profiles are clean."""
    if clean:
        return 1.0
    if junction.sigma is not None:
        return junction.sigma
    return np.maximum(junction.noise, 1e-3 * max(float(junction.noise.max()), 1e-12))[:, None]

"""Exact couples with markers: similarity profiles on the mole coordinate, in scaled units (t = 1), V_m in m^3/mol.

D_A* = exp(N/2), D_B* = 4 exp(-3 N/10), N = x_B; the contact plane at 0, the left end at rest.
"""

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from inverse import Profile
from simulator.laws.expression import CONSTANTS
from simulator.solve.exact.collocation import similarity_profile

EXACT = json.loads((Path(__file__).parent / "reference" / "kirkendall.json").read_text())
T = 1000.0
GAUSS, WEIGHT = np.polynomial.legendre.leggauss(6)
SIZE = 1e-5  # m^3/mol
VOLUMES = {
    "constant": (0.0, 0.0, "1e-5"),
    "vegard": (-0.3, 0.0, "1e-5*(1 - 0.3*x_B)"),
    "non-ideal": (-0.3, -0.2, "1e-5*(1 - 0.3*x_B - 0.2*x_B*(1 - x_B))"),
    "strong": (-0.4, -0.3, "1e-5*(1 - 0.4*x_B - 0.3*x_B*(1 - x_B))"),
}
FCC = (1.0 - 0.781451) / 0.781451
COUPLES = {
    "constant": ("constant", 0.0, 0.0, 0.0, 1.0),
    "vegard, wind": ("vegard", -1.0, FCC, 0.0, 1.0),
    "non-ideal, wind, alloys": ("non-ideal", -1.0, FCC, 0.1, 0.7),
    "strong": ("strong", 0.0, 0.0, 0.0, 1.0),
    "falling": ("non-ideal", -1.0, FCC, 0.9, 0.2),
}


def near(value, rel: float):
    """Relative only: pytest adds 1e-12 otherwise."""
    return pytest.approx(value, rel=rel, abs=0.0)


@dataclass(frozen=True)
class Truth:
    """Coefficients (k,) at N, written out; slope and excess: V_m = 1e-5 (1 + slope N + excess N (1 - N)) m^3/mol."""

    volume: str = "constant"
    omega: float = 0.0
    wind: float = 0.0

    def V(self, N):
        a, b, _ = VOLUMES[self.volume]
        return SIZE * (1.0 + a * N + b * N * (1.0 - N))

    def partial(self, N):
        """V_A, V_B."""
        a, b, _ = VOLUMES[self.volume]
        slope = SIZE * (a + b * (1.0 - 2.0 * N))
        return self.V(N) - N * slope, self.V(N) + (1.0 - N) * slope

    def tracers(self, N):
        return np.stack([np.exp(0.5 * N), 4.0 * np.exp(-0.3 * N)])

    def factor(self, N):
        return 1.0 - 2.0 * self.omega * N * (1.0 - N)

    def reduced(self, N):
        """d_A, d_B."""
        A, B = self.tracers(N)
        mean = (1.0 - N) * A + N * B
        W_A, W_B = (self.wind * part * (A - B) / mean for part in (1.0 - N, N))
        return np.stack([A * self.factor(N) * (1.0 + W_A), B * self.factor(N) * (1.0 - W_B)])

    def intrinsic(self, N):
        """D_A, D_B."""
        V_A, V_B = self.partial(N)
        return self.reduced(N) * self.V(N) / np.stack([V_B, V_A])

    def interdiffusivity(self, N):
        A, B = self.reduced(N)
        return (1.0 - N) * B + N * A


@dataclass(frozen=True)
class ExactCouple:
    """A couple between two fractions of B; q = n SIZE is the mole coordinate in m."""

    truth: Truth
    left: float = 0.0
    right: float = 1.0

    @cached_property
    def profile(self):
        def F(u):
            return self.truth.interdiffusivity(u[0]) * (SIZE / self.truth.V(u[0])) ** 2

        return similarity_profile(F, np.array([self.left]), np.array([self.right]), tolerance=1e-11)

    def N(self, q):
        return self.profile.values(np.atleast_1d(q))[0]

    def dN(self, q):
        """dN/dq."""
        N = self.N(q)
        F = self.truth.interdiffusivity(N) * (SIZE / self.truth.V(N)) ** 2
        return self.profile.conduction(np.atleast_1d(q))[0] / F

    @cached_property
    def _running(self):
        nodes = self.profile.nodes
        half = 0.5 * np.diff(nodes)
        points = (nodes[:-1] + half)[:, None] + half[:, None] * GAUSS
        V = self.truth.V(self.N(points.ravel())).reshape(points.shape) / SIZE
        first = self.truth.V(self.left) / SIZE
        return nodes, first * nodes[0] + np.concatenate([[0.0], np.cumsum(half * (V @ WEIGHT))])

    def x(self, q):
        """Places in the laboratory of mole coordinates q (k,)."""
        nodes, sums = self._running
        q = np.atleast_1d(np.asarray(q, float))
        k = np.clip(np.searchsorted(nodes, q, side="right") - 1, 0, nodes.size - 2)
        inside = np.clip(q, nodes[0], nodes[-1])
        half = 0.5 * (inside - nodes[k])
        points = (nodes[k] + half)[:, None] + half[:, None] * GAUSS
        found = sums[k] + half * (self.truth.V(self.N(points.ravel())).reshape(points.shape) / SIZE @ WEIGHT)
        found += np.minimum(q - nodes[0], 0.0) * self.truth.V(self.left) / SIZE
        return found + np.maximum(q - nodes[-1], 0.0) * self.truth.V(self.right) / SIZE

    def speed(self, q):
        """dq/dt of the lattice at t = 1."""
        N = self.N(q)
        A, B = self.truth.reduced(N)
        return (B - A) * (SIZE / self.truth.V(N)) ** 2 * self.dN(q)

    @cached_property
    def q_K(self):
        """The Kirkendall plane that the markers of the contact plane follow."""
        at = np.linspace(-8.0, 8.0, 641)
        excess = self.speed(at) - 0.5 * at
        k = int(np.flatnonzero((excess[:-1] > 0.0) & (excess[1:] <= 0.0))[0])
        return brentq(lambda q: float(self.speed(q)[0] - 0.5 * q), at[k], at[k + 1], xtol=1e-14)

    @property
    def marker(self):
        return float(self.x(self.q_K)[0])

    @property
    def N_K(self):
        return float(self.N(self.q_K)[0])

    def markers(self, count, reach):
        """(2 count + 1, 2): starts, evenly spaced within `reach` of the contact plane, and final positions."""
        found = [np.array([[0.0, self.marker]])]
        for sign, end in ((-1.0, self.left), (1.0, self.right)):
            starts = sign * np.linspace(reach, 0.0, count + 1)[:-1]
            # before the profile reaches it a marker rests in q; then all of one side follow one path, at other times
            q0 = starts * SIZE / self.truth.V(end)
            begin = sign * 11.5
            spans = -2.0 * np.log(np.minimum(q0 / begin, 1.0))
            path = solve_ivp(
                lambda _, at: self.speed(at) - 0.5 * at,
                (0.0, spans[-1]),
                [begin],
                t_eval=np.unique(spans),
                rtol=1e-11,
                atol=1e-12,
                max_step=0.1,  # its values between steps are of a lower order
                method="DOP853",
            )
            q = np.where(np.abs(q0) >= 11.5, q0, np.interp(spans, path.t, path.y[0]))
            found.append(np.column_stack([starts, self.x(q)]))
        return np.concatenate(found)

    def measured(self, points=1201, half=11.0, known=True, **more):
        """The profile as an experimenter has it: points evenly spaced on the mole coordinate."""
        q = np.linspace(-half, half, points)
        N = self.N(q)
        thermodynamics = {"kind": "regular", "omega": {"A-B": self.truth.omega * CONSTANTS["R"] * T}}
        given = {
            "time": 1.0,
            "temperature": T,
            "ends": {"left": [1.0 - self.left, self.left], "right": [1.0 - self.right, self.right]} if known else None,
            "component": "B",
            "marker": self.marker,
            "molar_volume": {"kind": "expression", "V_m": VOLUMES[self.truth.volume][2]},
            "thermodynamics": thermodynamics if self.truth.omega else {"kind": "ideal"},
            "structure": "fcc" if self.truth.wind else "",
        }
        return Profile(self.x(q), ("A", "B"), np.stack([1.0 - N, N]), **given | more)


@lru_cache
def exact_couple(volume="constant", omega=0.0, wind=0.0, left=0.0, right=1.0) -> ExactCouple:
    return ExactCouple(Truth(volume, omega, wind), left, right)


def of_entry(entry, wind=FCC) -> ExactCouple:
    """The couple of an entry of reference/kirkendall.json."""
    wind = wind if entry["vacancy_wind"] == "manning" else 0.0
    return exact_couple(entry["volume"], entry["omega"], wind, entry["left"], entry["right"])


@lru_cache
def simulated(volume, omega, wind, left, right, cells=400, half=30.0, count=20):
    """The profile of such a couple from the engine, with 2 count + 1 markers."""
    from inverse import profile_of
    from simulator.laws.darken import Darken
    from simulator.laws.mixture import Mixture
    from simulator.laws.molar_volume import MolarVolume
    from simulator.laws.thermodynamics import Thermodynamics
    from simulator.problem.domain import Domain
    from simulator.problem.initial import Step
    from simulator.problem.problem import Problem
    from simulator.problem.temperature import Temperature
    from simulator.solve.solve import solve

    mixture = Mixture(("A", "B"), "A")
    V = MolarVolume(mixture, "expression", {"V_m": VOLUMES[volume][2]})
    regular = ("regular", {"A-B": omega * CONSTANTS["R"] * T}) if omega else ()
    law = Darken(
        mixture,
        tracer={"A": "exp(0.5*x_B)", "B": "4*exp(-0.3*x_B)"},
        thermodynamics=Thermodynamics(mixture, *regular),
        molar_volume=V,
        **({"vacancy_wind": "manning", "structure": "fcc"} if wind else {}),
    )
    problem = Problem(
        mixture=mixture,
        law=law,
        domain=Domain(interval=(-half, half), cells=cells),
        initial=Step(0.0, {"B": left}, {"B": right}),
        temperature=Temperature(T),
        end=1.0,
        markers=tuple(np.linspace(-9.0, 9.0, 2 * count + 1)),
        molar_volume=V,
    )
    return profile_of(solve(problem))

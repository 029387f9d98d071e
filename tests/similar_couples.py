"""Exact profiles of step couples, sampled as points: similarity solutions on the mole coordinate, and of two phases."""

from functools import lru_cache

import numpy as np

from inverse import Profile
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.solve.exact.collocation import similarity_profile
from simulator.solve.exact.two_phase import two_phase_profile

BINARY = Mixture(("A", "B"), "A")
GAUSS, WEIGHTS = np.polynomial.legendre.leggauss(8)
VOLUMES = {
    "constant": "1",
    "vegard": "1 - 0.4*x_B",
    "expands": "1 - 0.25*x_B + 0.06*x_B*(1 - x_B)",
    "contracts": "1 - 0.4*x_B - 0.3*x_B*(1 - x_B)",
}


def exponential(N):
    return np.exp(2.0 * N)


def volume_law(volume) -> MolarVolume:
    return MolarVolume(BINARY, "expression", {"V_m": VOLUMES[volume]})


@lru_cache
def similar(volume="constant", left=0.0, right=1.0, D=exponential):
    """N(n/sqrt t) on the mole coordinate, the contact plane at 0."""
    V = volume_law(volume)
    return similarity_profile(lambda u: D(u[0]) / V(u) ** 2, np.array([left]), np.array([right]), tolerance=1e-11)


def exact_couple(
    volume="constant", left=0.0, right=1.0, D=exponential, points=2001, time=1.0, noise=0.0, seed=0, cut=1e-8, **given
) -> Profile:
    """The profile N_B(x) at `points` places, from where Y is `cut` to where 1 - Y is, and 15 % more on both sides.

    x counts from the contact plane, the left end at rest. Known ends unless given["ends"] says otherwise.
    """
    exact, V = similar(volume, left, right, D), volume_law(volume)
    lam = np.linspace(*exact.nodes[[0, -1]], 20001)
    Y = (exact.values(lam)[0] - left) / (right - left)
    reach = lam[(cut < Y) & (1.0 - cut > Y)][[0, -1]] * 1.15
    n = np.linspace(*reach, points)
    half = 0.5 * np.diff(n)
    inside = n[:-1, None] + half[:, None] * (1.0 + GAUSS)
    stretch = V(exact.values(inside.ravel())).reshape(inside.shape)
    x = n[0] * float(V(np.array([[left]]))[0]) + np.concatenate([[0.0], np.cumsum(half * (stretch @ WEIGHTS))])
    y = exact.values(n)[0] + noise * np.random.default_rng(seed).standard_normal(points)
    settings = {"ends": {"left": [left], "right": [right]}}
    if volume != "constant":
        settings["molar_volume"] = {"kind": "expression", "V_m": VOLUMES[volume]}
    return Profile(x=x * np.sqrt(time), components=("B",), fractions=y, time=time, **{**settings, **given})


def alpha(N):
    return np.exp(4.0 * N)


def beta(N):
    return 3.0 * np.exp(-N)


LIMITS = (0.2, 0.6)


@lru_cache
def two_phases():
    """N(x/sqrt t) of two phases with solubility ranges, 0 to 0.2 and 0.6 to 1."""
    return two_phase_profile((alpha, beta), LIMITS, (0.0, 1.0))


def two_phase_couple(points=400, noise=0.0, seed=0, beside=None, **given) -> Profile:
    """The profile of `two_phases` at t = 1; beside: distance from the interface of a point more on both its sides."""
    exact = two_phases()
    x = np.linspace(-14.0, 14.0, points)
    if beside is not None:
        x = np.union1d(x, exact.interface + np.array([-beside, beside]))
    y = exact.values(x) + noise * np.random.default_rng(seed).standard_normal(x.size)
    return Profile(x=x, components=("B",), fractions=y, time=1.0, **given)


def two_phase_diffusivity(N):
    return np.where(np.asarray(N) < 0.4, alpha(N), beta(N))

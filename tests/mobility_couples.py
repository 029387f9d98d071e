"""Couples of Darken's and Manning's law, tracers depending on composition: exact profiles at any sampling and noise."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from inverse import Profile
from simulator.laws.darken import Darken
from simulator.laws.mixture import Mixture
from simulator.laws.thermodynamics import Thermodynamics
from simulator.solve.exact.collocation import similarity_profile

HOUR = 3600.0


@dataclass(frozen=True, eq=False)
class Alloy:
    """A law and what an experimenter knows of it."""

    components: tuple[str, ...]
    tracer: Mapping
    thermodynamics: Mapping = field(default_factory=lambda: {"kind": "ideal"})
    structure: str = ""

    @property
    def mixture(self) -> Mixture:
        return Mixture(self.components)

    @property
    def law(self) -> Darken:
        return Darken(
            mixture=self.mixture,
            tracer=self.tracer,
            vacancy_wind="manning" if self.structure else "none",
            structure=self.structure,
            thermodynamics=Thermodynamics(self.mixture, **self.thermodynamics),
        )

    def matrix(self, x, T):
        """D (k, m, m) at fractions (k, m)."""
        return np.moveaxis(self.law.coefficient("interdiffusivity", np.asarray(x, float).T, T), -1, 0)

    def tracers(self, x, T):
        """D* (n, k) at fractions (k, m)."""
        x = np.asarray(x, float)
        return np.broadcast_to(self.law.coefficient("tracer_diffusivity", x.T, T), (len(self.components), len(x)))


# spreads of a factor of 2 to 4 over the composition, D* of A, B and C in the ratio 2 : 1 : 0.5 in the middle
TERNARY = Alloy(
    ("A", "B", "C"),
    {
        "A": "2e-14*exp(1.5*(x_A - 1/3) - 1.0*(x_B - 1/3))",
        "B": "1e-14*exp(-2.0*(x_A - 1/3) + 1.2*(x_B - 1/3))",
        "C": "0.5e-14*exp(1.0*(x_A - 1/3) + 2.0*(x_B - 1/3))",
    },
    {"kind": "regular", "omega": {"A-B": 4e3, "B-C": -3e3}},
)
TERNARY_ENDS = (((1 / 6, 1 / 2), (5 / 12, 1 / 4)), ((5 / 12, 1 / 4), (1 / 6, 1 / 2)))
CANTOR = Alloy(
    ("Co", "Cr", "Fe", "Mn", "Ni"),
    {
        "Co": {"D0": 6.0e-4, "Q": 305e3},
        "Cr": {"D0": 8.0e-4, "Q": 296e3},
        "Fe": {"D0": 7.5e-4, "Q": 300e3},
        "Mn": {"D0": 5.5e-4, "Q": 280e3},
        "Ni": {"D0": 4.5e-4, "Q": 295e3},
    },
    structure="fcc",
)


@lru_cache(maxsize=64)
def exact(alloy: Alloy, ends: tuple, T: float):
    """X(x/sqrt t) of a couple between ends ((left, right) of each independent component)."""
    left, right = np.array(ends).T
    return similarity_profile(lambda u: alloy.law.coefficient("interdiffusivity", u, T), left, right, tolerance=1e-9)


def couple(alloy, ends, T=1273.15, time=100 * HOUR, points=100, sigma=0.0, seed=0, plane=0.0, reach=None, **given):
    """The profile of a couple, from where it differs by 1e-6 from one end to where it does from the other, and a little
    more; or within `reach`, m, of the contact plane."""
    profile = exact(alloy, tuple(map(tuple, ends)), T)
    root = np.sqrt(time)
    if reach is None:
        lam = np.linspace(*profile.nodes[[0, -1]], 4001)
        X = profile.values(lam)
        moving = (np.abs(X - X[:, :1]).max(axis=0) > 1e-6) & (np.abs(X - X[:, -1:]).max(axis=0) > 1e-6)
        reach = 1.15 * np.abs(lam[moving]).max() * root
    x = np.linspace(-reach, reach, points)
    X = profile.values(x / root)
    X = X + sigma * np.random.default_rng(seed).standard_normal(X.shape)
    known = {"temperature": T, "thermodynamics": dict(alloy.thermodynamics), "structure": alloy.structure} | given
    return Profile(x + plane, alloy.components[:-1], X, time=time, dependent=alloy.components[-1], **known)


def couples(alloy, ends, sigma=0.0, seed=0, **given):
    """One couple for each of the ends, with noise of their own."""
    return tuple(couple(alloy, one, sigma=sigma, seed=1000 * seed + k, **given) for k, one in enumerate(ends))

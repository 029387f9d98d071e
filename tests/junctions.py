"""Junctions of ions for the tests of the methods that analyse them: diffusivities in m^2/s in water at 25 C."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from inverse import Profile, profile_of
from simulator.laws.electrolyte import Electrolyte
from simulator.laws.nernst_planck import NernstPlanck
from simulator.problem.boundary import Boundary
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls
from simulator.solve.solve import solve

ION = {
    "H": (1, 9.311e-9),
    "Na": (1, 1.334e-9),
    "K": (1, 1.957e-9),
    "Ca": (2, 0.792e-9),
    "Cl": (-1, 2.032e-9),
}
JUNCTIONS = {
    "HCl|KCl": ({"H": 100.0, "K": 0.0, "Cl": 100.0}, {"H": 0.0, "K": 100.0, "Cl": 100.0}),
    "NaCl|CaCl2": ({"Na": 100.0, "Ca": 5.0, "Cl": 110.0}, {"Na": 20.0, "Ca": 50.0, "Cl": 120.0}),
    "four": (
        {"H": 100.0, "Na": 50.0, "K": 20.0, "Cl": 170.0},
        {"H": 20.0, "Na": 20.0, "K": 120.0, "Cl": 160.0},
    ),
    "HCl": ({"H": 100.0, "Cl": 100.0}, {"H": 10.0, "Cl": 10.0}),
    "NaCl": ({"Na": 10.0, "Cl": 10.0}, {"Na": 100.0, "Cl": 100.0}),
    "CaCl2": ({"Ca": 10.0, "Cl": 20.0}, {"Ca": 100.0, "Cl": 200.0}),
}
SIZE = 100.0  # mol/m^3, of what noise is a part


def problem_of(name: str, cells: int = 800, time: float = 10.0, **law) -> Problem:
    left, right = JUNCTIONS[name]
    names = tuple(left)
    mixture = Electrolyte(names, charges={ion: ION[ion][0] for ion in names})
    given = {ion: {"z": ION[ion][0], "D": ION[ion][1]} for ion in names}
    return Problem(
        mixture,
        NernstPlanck(mixture, ions=given, **law),
        Domain((-2e-3, 2e-3), cells),
        Step(0.0, left, right),
        Boundary(),
        Temperature(298.15),
        end=time,
        save=(0.4 * time, time),
    )


@lru_cache
def junction(name: str, cells: int = 800):
    """The result of a simulation."""
    return solve(problem_of(name, cells), Controls())


def sampled(name: str, noise: float = 0.0, seed: int = 0, time: float | None = None, **given) -> Profile:
    """Every other cell of the profile, with noise as a part of SIZE."""
    profile = profile_of(junction(name), time)
    c = profile.fractions[:, ::2]
    c = c + noise * SIZE * np.random.default_rng(seed).standard_normal(c.shape)
    return replace(profile, x=profile.x[::2], fractions=c, **given)


def true_diffusivities(names) -> np.ndarray:
    return np.array([ION[name][1] for name in names])

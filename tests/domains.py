"""Domains in two and three dimensions, made by hand, for tests of figures."""

from functools import cache

import numpy as np
from spinodal import regular, ternary

from simulator.laws.cahn_hilliard import CahnHilliard
from simulator.laws.mixture import Mixture
from simulator.laws.thermodynamics import Thermodynamics
from simulator.problem.box import Box
from simulator.problem.field_problem import FieldProblem
from simulator.problem.noise import Noise
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls
from simulator.solve.field_result import FieldResult, FieldSnapshot
from simulator.solve.result import DIAGNOSTICS

SAVES = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0)
MIXTURE = Mixture(("Fe", "Cr"), "Fe")


def fe_cr() -> CahnHilliard:
    energy = Thermodynamics(MIXTURE, "regular", {"Fe-Cr": 18600.0})
    return CahnHilliard(MIXTURE, gradient_energy=2e-14, D=1e-18, thermodynamics=energy)


@cache
def domains(dimensions=2, kind="SI") -> FieldResult:
    """Domains that grow by hand: cosines whose amplitude and wavelength rise from one time to the next."""
    law = {"SI": fe_cr, "reduced": lambda: regular(3.0), "ternary": lambda: ternary((3.5, 3.5, 3.5))}[kind]()
    cells = (48, 32, 24)[:dimensions]
    h = 1e-9 if kind == "SI" else 0.5
    start = Noise(dict.fromkeys(law.mixture.independent, 0.33), 0.02)
    box = Box([n * h for n in cells], cells)
    T = Temperature(773.0) if kind == "SI" else None
    problem = FieldProblem(law.mixture, law, box, start, "periodic", T, SAVES[-1], SAVES, "Domains")
    snapshots = []
    for k, t in enumerate(SAVES):
        x, y = (2.0 * np.pi * place / length for place, length in zip(box.mesh[:2], box.size[:2], strict=True))
        wave = np.broadcast_to(np.tanh(3.0 * np.cos((8 - k) * x) * np.cos((6 - k) * y)), box.shape)
        u = np.stack([0.33 + 0.05 * (k + 1) * wave, 0.33 - 0.05 * (k + 1) * wave][: law.mixture.m])
        numbers = dict.fromkeys(DIAGNOSTICS, 0.0)
        snapshots.append(FieldSnapshot(t, law.mixture.complete(u), 10.0 - k, problem.temperature_at(t), numbers))
    return FieldResult(problem, Controls(), snapshots)

"""Alloys that un-mix, as the tests take them: in units of RT and of lengths, or in SI."""

import numpy as np

from simulator.laws.cahn_hilliard import CahnHilliard
from simulator.laws.mixture import Mixture
from simulator.laws.thermodynamics import Thermodynamics
from simulator.problem.boundary import Boundary, Periodic
from simulator.problem.domain import Domain
from simulator.problem.initial import Expression, Tabulated
from simulator.problem.problem import Problem

BINARY = Mixture(("A", "B"), "A")
TERNARY = Mixture(("A", "B", "C"), "C")
RING = Boundary(Periodic(), Periodic())
QUARTIC = "x_B**2*(1 - x_B)**2"


def regular(w, K=1.0, D=1.0, **law):
    """A regular solution with Omega = w RT, kappa = K RT, in reduced units."""
    return CahnHilliard(BINARY, gradient_energy=K, D=D, thermodynamics=reduced({"A-B": w}), **law)


def reduced(omega, mixture=BINARY):
    return Thermodynamics(mixture, "regular", omega, units="reduced")


def well(g=QUARTIC, K=1.0, M=1.0):
    """An energy as it is typed, with a constant mobility."""
    energy = Thermodynamics(BINARY, "expression", g=g, units="reduced")
    return CahnHilliard(BINARY, gradient_energy=K, mobility=M, thermodynamics=energy)


def ternary(omega, K=((1.0, 0.3), (0.3, 1.0)), D=1.0, **law):
    """A regular solution of A, B, C with C dependent; omega: A-B, A-C, B-C over RT."""
    pairs = dict(zip(("A-B", "A-C", "B-C"), omega, strict=True))
    return CahnHilliard(TERNARY, gradient_energy=[list(row) for row in K], D=D, thermodynamics=reduced(pairs, TERNARY),
                        **law)  # fmt: skip


def bar(law, start, length, cells, end, save=(), boundary=RING, **more):
    """A problem in one dimension; start: expressions by component, or averages (cells,) of B."""
    if not isinstance(start, dict):
        faces = np.linspace(0.0, length, cells + 1)
        start = Tabulated(np.repeat(faces, 2)[1:-1], {"B": np.repeat(start, 2)})
    else:
        start = Expression(start)
    domain = Domain((0.0, length), cells, grading="uniform")
    return Problem(law.mixture, law, domain, start, boundary, end=end, save=tuple(save), **more)


def noisy(mean, amplitude, cells, seed=0):
    """Averages (cells,) around a mean that is exact."""
    noise = np.random.default_rng(seed).uniform(-amplitude, amplitude, cells)
    return mean + noise - noise.mean()


def amplitude(row, mode):
    """Of a wave with so many periods in a ring (N,)."""
    return 2.0 * np.abs(np.fft.rfft(row))[mode] / len(row)

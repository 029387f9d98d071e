"""Problems of ions from tests/reference/electrolytes.json: scaled ones in SI, with the constants the references use."""

import json
from pathlib import Path

import numpy as np

from matano.check import point_value
from simulator.laws.charge import EPSILON_0
from simulator.laws.electrolyte import Electrolyte
from simulator.laws.expression import CONSTANTS
from simulator.laws.nernst_planck import NernstPlanck
from simulator.problem.boundary import Boundary, Electrode, Fixed
from simulator.problem.domain import Domain
from simulator.problem.initial import Layers, Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature

REFERENCES = json.loads((Path(__file__).parent / "reference" / "electrolytes.json").read_text(encoding="utf-8"))
F, R = CONSTANTS["F"], CONSTANTS["R"]
ROOM = 298.15
VT = R * ROOM / F
AVOGADRO = 6.02214076e23
# 298.15 K, m^2/s
IONS = {
    "H": (1, 9.311e-9),
    "Na": (1, 1.334e-9),
    "K": (1, 1.957e-9),
    "Cl": (-1, 2.032e-9),
    "Ca": (2, 0.792e-9),
    "SO4": (-2, 1.065e-9),
    "Cu": (2, 0.714e-9),
}
SUPPORTED = {"M": (1, 1e-9), "S": (1, 1e-9), "X": (-1, 1e-9)}  # R09: M reacts, S only carries charge
LENGTH = 1e-4  # of films, m
# silicon at 300 K: carriers, mol/m^3 and m^2/s
SILICON, INTRINSIC = 300.0, 1e16 / AVOGADRO
CARRIERS = {"n": (-1, 36e-4), "p": (1, 12e-4)}


def law_of(ions, **law) -> NernstPlanck:
    """ions: (z, D) by name."""
    mixture = Electrolyte(tuple(ions), charges={name: z for name, (z, _) in ions.items()})
    return NernstPlanck(mixture, ions={name: {"z": z, "D": D} for name, (z, D) in ions.items()}, **law)


def problem_of(ions, domain, initial, boundary=None, T=ROOM, end="steady", save=(), sweep=(), **law) -> Problem:
    found = law_of(ions, **law)
    return Problem(
        found.mixture, found, domain, initial, boundary or Boundary(), Temperature(T), end=end, save=save, sweep=sweep
    )


def some(*names):
    return {name: IONS[name] for name in names}


def even(domain, c) -> Layers:
    """The same concentrations c everywhere."""
    return Layers([(*domain.interval, c)])


def between(left, right, length=1e-4, cells=400, **more) -> Problem:
    """Ions of IONS between two held solutions, mol/m^3; steady without a current unless more says otherwise."""
    domain = Domain((0.0, length), cells, grading=more.pop("grading", "uniform"))
    return problem_of(some(*left), domain, Step(0.5 * length, left, right), Boundary(Fixed(left), Fixed(right)), **more)


def support(g: float, c: float = 10.0) -> dict[str, float]:
    return {"M": c, "S": g * c, "X": (1.0 + g) * c}


def film(ions, bulk, **more) -> Problem:
    """An electrode of the first ion on the left, the bulk held on the right."""
    domain = Domain((0.0, LENGTH), more.pop("cells", 400), grading="walls")
    boundary = more.pop("boundary", Boundary(Electrode(next(iter(ions))), Fixed(bulk)))
    return problem_of(ions, domain, even(domain, bulk), boundary, **more)


def permittivity(debye: float, c0: float, T: float = ROOM) -> float:
    """Relative permittivity at which 1:1 ions of c0 mol/m^3 each have this Debye length, m."""
    return debye**2 * 2.0 * F * F * c0 / (EPSILON_0 * R * T)


def slab(lam: float, volts: float | str, cells=400, length=1e-7, c0=1.0, D=1e-9, **more) -> Problem:
    """Univalent ions between blocking electrodes, a Debye length of lam slab lengths, and a voltage."""
    domain = Domain((0.0, length), cells, grading=more.pop("grading", "walls"))
    ions = {"P": (1, D), "N": (-1, D)}
    start = even(domain, {"P": c0, "N": c0})
    eps = permittivity(lam * length, c0)
    return problem_of(ions, domain, start, closure="poisson", permittivity=eps, voltage=volts, **more)


def at(result, values, places) -> np.ndarray:
    """Values of a profile of cell averages at places, m."""
    return np.array([point_value(result.grid, values, x) for x in places])


def carriers(doping: float) -> dict[str, float]:
    """Neutral n and p of a net density of donors, mol/m^3, in equilibrium."""
    half = 0.5 * abs(doping)
    many = half + np.hypot(half, INTRINSIC)
    few = INTRINSIC**2 / many
    return {"n": many, "p": few} if doping > 0.0 else {"n": few, "p": many}


def doped_bar(cells=400, **more) -> Problem:
    """1 um of 1e15, 1 um rising exponentially to 1e17 and 1 um of 1e17 donors per cm^3. The start jumps where the
    doping has its kinks, which puts faces and small cells there."""
    low, high = 1e21 / AVOGADRO, 1e23 / AVOGADRO
    rise = f"{low!r}*exp({float(np.log(100.0) / 1e-6)!r}*(x - 1e-6))"
    donors = f"where(x < 1e-6, {low!r}, where(x < 2e-6, {rise}, {high!r}))"
    middle = carriers(float(np.sqrt(low * high)))
    start = Layers([(0.0, 1e-6, carriers(low)), (1e-6, 2e-6, middle), (2e-6, 3e-6, carriers(high))])
    ends = Boundary(Fixed(carriers(low)), Fixed(carriers(high)))
    law = {"closure": "poisson", "permittivity": 11.7, "fixed_charge": donors, "bias": 0.0}
    return problem_of(CARRIERS, Domain((0.0, 3e-6), cells), start, ends, T=SILICON, **law, **more)


def junction(cells=400, acceptors=1e22, donors=1e23, length=1e-6, **more) -> Problem:
    """p silicon on the left, n silicon on the right of x = 0; dopings per m^3."""
    low, high = -acceptors / AVOGADRO, donors / AVOGADRO
    left, right = carriers(low), carriers(high)
    law = {"closure": "poisson", "permittivity": 11.7, "fixed_charge": f"where(x < 0, {low!r}, {high!r})"}
    if not {"voltage", "bias"} & set(more):
        more["bias"] = 0.0
    ends = Boundary(Fixed(left), Fixed(right))
    return problem_of(
        CARRIERS, Domain((-length, length), cells), Step(0.0, left, right), ends, T=SILICON, **law, **more
    )

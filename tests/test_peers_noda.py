"""Against Noda: couples in the lattice frame, from tracer diffusivities and a solution model.

The models coincide for Darken's fluxes without vacancy wind, J_i = -c_i D_i*/(RT) dmu_i/dx in the lattice frame, on a
lattice whose vacancies are in equilibrium and as few as here (1e-16), closed ends, ln D* linear in the mole fractions,
energies of Redlich-Kister, constant partial molar volumes. They do not for the vacancy wind (Noda's L is diagonal), nor
where Noda has pores, sinks of finite strength, or partial molar volumes of vacancies. Its step is forward Euler at a
fixed D dt/h^2, so that its errors in time and space are both multiples of h^2.
"""

from functools import cache

import numpy as np
import pytest
from peers import averages, check_second_order, halved, peer

from simulator import Controls, Darken, Domain, Mixture, MolarVolume, Problem, Step, Thermodynamics, solve
from simulator.laws.expression import CONSTANTS
from simulator.problem.temperature import Temperature

pytestmark = pytest.mark.slow

T, HALF = 1000.0, 8.0
V = 1e-5
R_NODA = 8.314  # its rounded constant: energies are given to both as multiples of RT
VACANCY = (3e5, 0.0)  # J/mol: a vacancy fraction of 2e-16
POLYNOMIAL = ("-", "T", "T*ln(T)", "T^2", "T^3", "1/T")


def tables(folder, components, lnD, omega):
    """Noda's data bases: ln D* of every component at every pure end, and regular energies over RT."""
    width = "," * len(components)
    lines = [f"Elements{width}", "," + ",".join(components)]
    lines += [name + ",0" * len(components) for name in POLYNOMIAL]
    lines += ["Tcritical" + ",1" * len(components), "beta" + ",0" * len(components)]  # no magnetism
    lines += ["Interactions,,,,,", "variable,solvent,a,b,c,d"]
    lines += [f"L,{pair},{R_NODA * T * value!r},0,0,0" for pair, value in omega.items()]
    (folder / "energy.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    mixed = [a + b for k, a in enumerate(components) for b in components[k + 1 :]]
    mixed += ["".join(components)] if len(components) == 3 else []
    rows = ["solute,solvent,a,b"]
    for solute in components:
        rows += [f"{solute},{end},{R_NODA * T * lnD[solute][end]!r},0" for end in components]
        rows += [f"{solute},{solvent},0,0" for solvent in mixed]
    (folder / "mobility.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")


def noda_run(folder, cells, components, lnD, omega, volumes, left, right):
    """Noda at t = 1 s on equal cells; components: the dependent one first."""
    simu = peer("noda.simu", "Noda")
    tables(folder, components, lnD, omega)
    config = {
        "databases": {
            "thermo": str(folder / "energy.csv"),
            "mobility": str(folder / "mobility.csv"),
            "partial_molar_volume": {"Va": "local", "pore": "local", **volumes},
            "vacancy_formation_energy": {name: list(VACANCY) for name in components},
        },
        "system": {"components": ", ".join(components), "phases": "fcc"},
        "temperature": {"TK": T},
        "space": {"zmin": -HALF, "zmax": HALF, "nz": cells + 1},
        "initial_conditions": {
            "atom_fraction": {"shape": "step", "step_position": 0.0, "left": dict(left), "right": dict(right)}
        },
        "time": {"th": 1.0 / 3600.0},
    }
    run = simu.NewSimulation(config=config, log=False)
    run.run(verbose=0)
    return run.result()


def our_run(components, lnD, omega, volumes, left, right, cells=1440):
    """The same with ours: equal cells, so that each lies in one of Noda's, extrapolated to fourth order."""
    dependent = components[0]
    mixture = Mixture(tuple(components), dependent)
    tracer = {
        solute: "exp(" + " + ".join(f"{value!r}*x_{end}" for end, value in lnD[solute].items()) + ")"
        for solute in components
    }
    pairs = {"-".join((pair[0], pair[1])): value * CONSTANTS["R"] * T for pair, value in omega.items()}
    law = Darken(
        mixture,
        tracer=tracer,
        thermodynamics=Thermodynamics(mixture, "regular", pairs) if pairs else Thermodynamics(mixture),
        molar_volume=MolarVolume(mixture, "vegard", dict(volumes)),
    )
    problem = Problem(
        mixture=mixture,
        law=law,
        domain=Domain(interval=(-HALF, HALF), cells=cells, grading="uniform"),
        initial=Step(0.0, dict(left), dict(right)),
        temperature=Temperature(T),
        markers=(0.0,),
        end=1.0,
    )
    return solve(problem, Controls(rtol=1e-9, extrapolate=True))


BINARY = {
    "components": ("A", "B"),
    "lnD": {"A": {"A": -1.0, "B": -0.5}, "B": {"A": float(np.log(4.0)) - 1.0, "B": float(np.log(4.0)) - 1.3}},
    "omega": {"AB": -1.0},
    "volumes": {"A": V, "B": V},
    "left": {"B": 0.1},
    "right": {"B": 0.9},
}
TERNARY = {
    "components": ("C", "A", "B"),
    "lnD": {
        "A": {"A": 0.3, "B": 0.0, "C": -0.4},
        "B": {"A": -1.0, "B": -0.7, "C": -1.2},
        "C": {"A": -2.0, "B": -1.5, "C": -1.8},
    },
    "omega": {"CA": -1.5, "CB": 0.8, "AB": -0.5},
    "volumes": {"A": V, "B": V, "C": V},
    "left": {"A": 0.1, "B": 0.4},
    "right": {"A": 0.5, "B": 0.35},
}


@pytest.fixture(scope="module")
def noda(tmp_path_factory):
    """Noda's results, each made once."""
    folder = tmp_path_factory.mktemp("noda")
    return cache(lambda name, cells: noda_run(folder, cells, **(BINARY if name == "binary" else TERNARY)))


@pytest.fixture(scope="module")
def ours():
    return cache(lambda name: our_run(**(BINARY if name == "binary" else TERNARY)))


def on_cells(result, name, cells):
    """Mole fractions of a component, averages over equal cells."""
    index = result.components.index(name)
    faces = result.problem.grid.faces
    return averages(faces, result.mole_fraction[-1, index], np.linspace(-HALF, HALF, cells + 1))


@pytest.mark.parametrize(("couple", "cells", "left"), [("binary", 120, 2e-5), ("ternary", 80, 3e-5)])
def test_profiles_of_regular_couples(couple, cells, left, noda, ours):
    # what the jump at the start leaves beside multiples of h^2 falls more slowly than h^4: with h = 1/7 and 1/5 of a
    # profile some units wide about 1e-5; Noda's numerical derivatives add some 1e-6
    for name in (BINARY if couple == "binary" else TERNARY)["components"]:
        coarse, fine = (noda(couple, n).x_mid[name] for n in (cells, 2 * cells))
        check_second_order(coarse, halved(fine), on_cells(ours(couple), name, cells), left, least=3.2)


def test_velocity_of_the_lattice(noda, ours):
    result = ours("binary")
    velocity, faces = result.field("lattice_velocity")[-1], result.problem.grid.faces
    coarse, fine = noda("binary", 80).v, noda("binary", 160).v[::2]
    expected = np.interp(np.linspace(-HALF, HALF, 81), faces, velocity)
    scale = np.max(np.abs(expected))
    check_second_order(coarse / scale, fine / scale, expected / scale, 1e-3, least=3.0)


def test_kirkendall_plane(noda, ours):
    """Where x = 2 t v: Noda has no markers, its profile and velocity scale with the square root of time."""
    result = ours("binary")
    marker = result.field("marker_position")[-1][0]
    places = []
    for cells in (80, 160):
        run = noda("binary", cells)
        g = 2.0 * run.v - run.z
        inner = np.abs(run.z) < 2.0
        k = np.flatnonzero((g[:-1] > 0.0) & (g[1:] <= 0.0) & inner[:-1])[0]
        places.append(run.z[k] + (run.z[k + 1] - run.z[k]) * g[k] / (g[k] - g[k + 1]))
    assert abs(marker) > 0.05
    assert (4.0 * places[1] - places[0]) / 3.0 == pytest.approx(marker, rel=2e-3, abs=0.0)

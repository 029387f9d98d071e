"""Results and cases in scaled units for tests of figures, and what their figures hold."""

import tempfile
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from matano.drawing import pyplot
from matano.figures import KINDS
from simulator.laws.darken import Darken
from simulator.laws.electrolyte import Electrolyte
from simulator.laws.expression import CONSTANTS
from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.nernst_planck import NernstPlanck
from simulator.laws.thermodynamics import Thermodynamics
from simulator.problem.boundary import Boundary, Fixed
from simulator.problem.domain import Domain
from simulator.problem.initial import Film, Layers, Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls
from simulator.solve.result import DIAGNOSTICS, Result, Snapshot
from simulator.solve.solve import solve

BINARY = Mixture(("A", "B"), "A")
TERNARY = Mixture(("A", "B", "C"), "C")
QUATERNARY = Mixture(("A", "B", "C", "E"), "E")
T = 1000.0
RT = CONSTANTS["R"] * T
SAVED = (0.04, 0.25, 1.0)
TRACERS = {"A": "exp(0.5*x_B)", "B": "4*exp(-0.3*x_B)"}
PARTING = {"A": "0.1 + 4*x_A**4", "B": "0.1 + 4*x_B**4"}  # markers from the contact plane part


def problem(law, left, right, markers=(), at=T, **changes) -> Problem:
    """A step couple in scaled units, the lengths in m."""
    settings = {
        "mixture": law.mixture,
        "law": law,
        "domain": Domain(interval=(-30.0, 30.0), cells=200),
        "initial": Step(0.0, left, right),
        "temperature": None if at is None else Temperature(at),
        "end": 1.0,
        "save": SAVED,
        "markers": markers,
        "title": "a couple",
    }
    return Problem(**settings | changes)


@cache
def swelling() -> Result:
    volume = MolarVolume(BINARY, "expression", {"V_m": "1 - 0.3*x_B - 0.2*x_A*x_B"})
    law = Darken(BINARY, tracer=TRACERS, molar_volume=volume)
    return solve(problem(law, {"B": 0.0}, {"B": 1.0}, (0.0, -2.0)), Controls(scheme="similarity"))


@cache
def parting() -> Result:
    law = Darken(BINARY, tracer=PARTING)
    couple = problem(law, {"B": 0.0}, {"B": 1.0}, domain=Domain(interval=(-30.0, 30.0), cells=400))
    return solve(couple, Controls(scheme="similarity"))


@cache
def resting() -> Result:
    """Fick's law: no lattice, nothing moves."""
    return solve(problem(Fick(BINARY, D=1.0), {"B": 0.0}, {"B": 1.0}, at=None), Controls(scheme="similarity"))


@cache
def filmed(D: float = 1.0, thickness: float = 0.02) -> Result:
    """A film of B, thin beside the width of its profiles, within A."""
    start = Film(-0.5 * thickness, thickness, {"B": 1.0}, {"B": 0.0})
    film = {"initial": start, "domain": Domain(interval=(-10.0, 10.0), cells=400)}
    sample = problem(Fick(BINARY, D=D), {}, {}, at=None, **film)
    return solve(sample, Controls(rtol=1e-8))


@cache
def analysed(*methods: str) -> Result:
    """The couple of D = 1, read from a file that holds what these methods recovered from it."""
    from inverse import METHODS, compare
    from matano.commands.analyse import Analysis, keep
    from simulator.files.hdf5 import ResultFile, open_result

    couple = resting().problem
    path = Path(tempfile.mkdtemp(prefix="matano-tests-")) / "couple.h5"
    with ResultFile(path, couple, "") as record:
        solve(couple, Controls(scheme="similarity"), record=record)
    result = open_result(path)
    result.case = SimpleNamespace(problem=couple, controls=Controls(), verify=None, expect=None)
    profile = result.profile()
    for name in methods or ("erf-fit",):
        estimate = METHODS[name](profile)
        keep(Analysis((path,), (profile,), (result,), estimate, compare(estimate, resting())))
    return result


@cache
def ternary() -> Result:
    omega = {"A-B": 0.5 * RT, "A-C": -1.0 * RT}
    law = Darken(
        TERNARY, tracer={"A": 1.0, "B": 2.0, "C": 0.5}, thermodynamics=Thermodynamics(TERNARY, "regular", omega)
    )
    couple = problem(law, {"A": 0.3, "B": 0.1}, {"A": 0.1, "B": 0.4}, (0.0,))
    return solve(couple, Controls(scheme="similarity"))


@cache
def layered() -> Result:
    """Two interfaces that part as sqrt t around a layer at x = 0.5, by hand."""
    volume = MolarVolume(BINARY, "constant", {"V_m": 1.0})
    start = Layers([(-30.0, -1.0, {"B": 0.0}), (-1.0, 1.0, {"B": 0.5}), (1.0, 30.0, {"B": 1.0})])
    couple = problem(Darken(BINARY, tracer=TRACERS, molar_volume=volume), {}, {}, initial=start)
    grid, snapshots = couple.grid, []
    for t in couple.save:
        edges = np.array([-1.0, 1.0 + 2.0 * np.sqrt(t)])
        x = np.select([grid.centres < edges[0], grid.centres < edges[1]], [0.0, 0.5], 1.0)
        fields = {"interface_position": edges, "marker_position": np.array([np.sqrt(t)])}
        numbers = dict.fromkeys(DIAGNOSTICS, 0.0)
        snapshots.append(Snapshot(t, np.stack([1.0 - x, x]), np.zeros((2, grid.cells + 1)), T, numbers, fields))
    return Result(couple, Controls(), grid, snapshots)


def ions(closure: str, **changes) -> Problem:
    """A salt of ions P and N between two ends 1 um apart, 1 and 3 mol/m^3."""
    settings = {name: changes.pop(name) for name in ("voltage", "permittivity", "fixed_charge") if name in changes}
    mixture = Electrolyte(("P", "N"), charges={"P": 1, "N": -1})
    law = NernstPlanck(mixture, ions={"P": {"z": 1, "D": 2e-9}, "N": {"z": -1, "D": 1e-9}}, closure=closure, **settings)
    left, right = {"P": 1.0, "N": 1.0}, {"P": 3.0, "N": 3.0}
    given = {
        "mixture": mixture,
        "law": law,
        "domain": Domain(interval=(0.0, 1e-6), cells=40, grading="walls"),
        "initial": Step(0.5e-6, left, right),
        "boundary": Boundary(Fixed(left), Fixed(right)),
        "temperature": Temperature(300.0),
        "end": "steady",
        "title": "a salt",
    }
    return Problem(**given | changes)


@cache
def swept() -> Result:
    """Constant field, steady at 33 voltages."""
    return solve(ions("constant-field", voltage=0.0, sweep=tuple(np.linspace(-0.2, 0.2, 33))))


@cache
def charging() -> Result:
    """Blocking electrodes after a step of 0.1 V."""
    blocked = {"boundary": Boundary(), "end": 1e-4, "save": (1e-7, 1e-6, 1e-5)}
    same = Step(0.5e-6, {"P": 1.0, "N": 1.0}, {"P": 1.0, "N": 1.0})
    return solve(ions("poisson", voltage=0.1, permittivity=80.0, initial=same, **blocked))


def regular(omega=2.5, mixture=BINARY, **changes) -> SimpleNamespace:
    """A case that need not run: A and B make a regular solution, Omega/RT at T."""
    solution = Thermodynamics(mixture, "regular", {"A-B": omega * RT})
    law = Darken(mixture, tracer=dict.fromkeys(mixture.components, 1.0), thermodynamics=solution)
    others = {name: 0.1 for name in mixture.independent if name != "B"}
    return SimpleNamespace(title="a case", problem=problem(law, {"B": 0.02} | others, {"B": 0.05} | others, **changes))


def draw(kind: str, shown):
    """A figure of a kind, closed but there to be read."""
    figure = KINDS[kind].draw(shown)
    pyplot().close(figure)
    return figure


def lines(ax) -> dict:
    """Data (2, k) of the lines of axes by their labels."""
    return {line.get_label(): np.array(line.get_data()) for line in ax.lines}

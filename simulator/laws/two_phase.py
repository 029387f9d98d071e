"""Two phases with solubility ranges and a sharp interface between them, in local equilibrium."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.kernels import two_phase as kernels
from simulator.laws.coefficient import Coefficient, read_coefficient
from simulator.laws.law import Equations, Law, key
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.program import Program, apply, number

UNIT = "m^2/s"
LIMIT = {"alpha": "up_to", "beta": "from"}
INITIALLY = ORIGIN = np.zeros(1)
# Of a mole fraction: a narrower gap is none, and the interface would move at any speed.
NARROWEST = 1e-6
# A phase is consumed when this part of its thickness at the start is left.
CONSUMED = 1e-4
BEYOND = 1e-9  # of a mole fraction, and of the sample: rounding of a start on a limit, of a jump on a face


@dataclass(frozen=True)
class Phase:
    """D in m^2/s of the composition, t and T; limit: the independent mole fraction at the interface, of T alone."""

    name: str
    D: Coefficient
    limit: Program


@dataclass(frozen=True)
class TwoPhase(Law):
    """Binary couple of phase alpha on the left and beta on the right, with a sharp interface at s(t).

        dx/dt = d/dx (D_phase dx/dx) in each phase;   at s: x = x_alpha | x_beta on its two sides,
        (x_beta - x_alpha) ds/dt = J_beta - J_alpha,   J = -D dx/dx

    alpha: its D and the composition `up_to` which it goes, x_alpha; beta: its D and the composition `from` which it is
    stable, x_beta. The limits may depend on T; x_beta may be smaller than x_alpha. The molar volume is constant.
    Raises Invalid for keys that cannot be read and for more than two components. `folder` is where tables are looked
    for.
    Source: Crank, The Mathematics of Diffusion, 2nd ed. (1975), chapter 13.
    """

    kind: ClassVar[str] = "two-phase"
    equation: ClassVar[str] = "dx/dt = div D_phase grad x; (x_beta - x_alpha) ds/dt = J_beta - J_alpha at s"
    sources: ClassVar[tuple[str, ...]] = ("Crank, The Mathematics of Diffusion, 2nd ed. (1975), chapter 13",)
    sections: ClassVar[tuple[str, ...]] = ("molar_volume",)
    # Of the smallest cells of a grid, in diffusion lengths. Cells that shrink with their distance from the interface
    # serve every time alike; with wider ones the first moments leave an error h^2 log h, which does not extrapolate.
    grid_width: ClassVar[float] = 0.1

    alpha: Any = key(
        "The phase on the left: its D, and the composition up to which it is stable.",
        shape="table",
        example={"D": "1e-14*exp(x_B)", "up_to": {"B": 0.2}},
        entries={
            "D": key("Its interdiffusivity, of the composition, t and T.", unit=UNIT),
            "up_to": key("Its composition at the interface: a number, or a formula of T.", "1", "per component"),
        },
    )
    beta: Any = key(
        "The phase on the right: its D, and the composition from which it is stable.",
        shape="table",
        example={"D": 3e-14, "from": {"B": 0.6}},
        entries={
            "D": key("Its interdiffusivity, of the composition, t and T.", unit=UNIT),
            "from": key("Its composition at the interface: a number, or a formula of T.", "1", "per component"),
        },
    )
    molar_volume: MolarVolume | None = None
    folder: Path | str | None = None

    def __post_init__(self):
        if self.mixture.m != 1:
            count = len(self.mixture.components)
            raise Invalid.at("law.kind", f"two-phase is for two components, and this case has {count}.")
        if self.mixture.interstitial:
            raise Invalid.at("interstitial", "two-phase counts all atoms alike; leave interstitial out.")
        if self.molar_volume is not None and self.molar_volume.varies:
            text = 'two-phase has one molar volume for all compositions; use kind = "constant".'
            raise Invalid.at("molar_volume.kind", text)
        if all(not phase.limit.depends_on for phase in self.phases):  # every fault at the door
            self.check_limits(np.nan)

    @cached_property
    def phases(self) -> tuple[Phase, Phase]:
        """Alpha and beta."""
        faults: list[Fault] = []
        phases = [self.read_phase(name, getattr(self, name), faults) for name in LIMIT]
        if faults:
            raise Invalid(*faults)
        return tuple(phases)

    def read_phase(self, name: str, given: Any, faults: list[Fault]) -> Phase | None:
        where, keys = f"law.{name}", ("D", LIMIT[name])
        component = self.mixture.independent[0]
        if not isinstance(given, Mapping):
            text = f"expected {{ D = .., {keys[1]} = {{ {component} = .. }} }}, got {repr(given)[:40]}."
            faults.append(Fault(where, text))
            return None
        wrong = [
            Fault(f"{where}.{entry}", f"unknown key.{near(str(entry), keys)}") for entry in given if entry not in keys
        ]
        wrong += [
            Fault(where, f"{entry!r} is missing: a phase has D and {keys[1]}.") for entry in keys if entry not in given
        ]
        if wrong:
            faults += wrong
            return None
        try:
            limit = self.read_limit(given[keys[1]], f"{where}.{keys[1]}")
            D = read_coefficient(given["D"], self.mixture, UNIT, f"{where}.D", self.folder)
            if "x" in D.depends_on:
                text = "depends on the position; D of a phase may depend on the composition, t and T."
                raise Invalid.at(f"{where}.D", text)
        except Invalid as invalid:
            faults += invalid.faults
            return None
        return Phase(name, D, limit)

    def read_limit(self, given: Any, where: str) -> Program:
        """The independent mole fraction of a composition of one component, or of both."""
        component, other = self.mixture.independent[0], self.mixture.dependent
        if not isinstance(given, Mapping) or not given:
            raise Invalid.at(where, f"expected a composition such as {{ {component} = 0.2 }}, got {repr(given)[:40]}.")
        unknown = [name for name in given if name not in self.mixture.components]
        if unknown:
            raise Invalid(*(Fault(f"{where}.{name}", self.mixture.unknown(name)) for name in unknown))
        if len(given) > 1:
            raise Invalid.at(where, f"one component is enough: {component}, or {other}.")
        ((name, value),) = given.items()
        place = f"{where}.{name}"
        read = read_coefficient(value, self.mixture, "1", place, self.folder)
        if read.depends_on - {"T"}:
            raise Invalid.at(place, "a limit of solubility is a number or depends on the temperature T alone.")
        tree = read.program.trees[0]
        return Program((tree if name == component else apply("sub", number(1.0), tree),), 1)

    def limits(self, T: float = np.nan) -> tuple[float, float]:
        """The independent mole fractions of alpha and of beta at the interface, at T in K."""
        alpha, beta = (float(phase.limit(np.zeros(1), T=T)[0]) for phase in self.phases)
        return alpha, beta

    def equations(
        self, lowest: np.ndarray, highest: np.ndarray, temperatures: tuple[float, float], face: int = 0
    ) -> Equations:
        """Kernels and their parameters; face: the number of the grid's face on which the interface starts.

        temperatures: the range of T in K; all compositions are allowed. The interface stays inside the sample.
        """
        coldest, hottest = temperatures
        limits = Program.join(*(phase.limit for phase in self.phases))
        programs = [limits, *(phase.D.program for phase in self.phases)]
        if coldest == hottest:
            programs = [program.fixed(T=coldest) for program in programs]
        codes = [program.code for program in programs]
        places = kernels.HEAD + np.cumsum([0, *(code.size for code in codes[:-1])])
        component = self.mixture.independent[0]
        return Equations(
            names=(f"amount_{component}", "interface", "interface_speed"),
            flux=kernels.two_phase_flux,
            flux_slopes=kernels.two_phase_flux_slopes,
            source=kernels.two_phase_source,
            parameters=np.concatenate([[face], places, *codes]),
            mass=(1.0, 1.0, 0.0),
            autonomous=not any(program.depends_on & {"t", "T"} for program in programs),
        )

    def coefficient(self, name: str, fractions: np.ndarray, T: float, t: float = 0.0) -> np.ndarray:
        """Interdiffusivity in m^2/s (k,) at independent fractions (1, k); nan between the two phases."""
        if name != "interdiffusivity":
            raise KeyError(name)
        x = np.asarray(fractions, float)[0]
        alpha, beta = (np.broadcast_to(phase.D.program(x[None], T=T, t=t)[0], x.shape) for phase in self.phases)
        in_alpha, in_beta = self.inside(x, T)
        return np.where(in_alpha, alpha, np.where(in_beta, beta, np.nan))

    def inside(self, x: np.ndarray, T: float) -> tuple[np.ndarray, np.ndarray]:
        """Whether compositions x (k,) are within alpha, and whether within beta."""
        alpha, beta = self.limits(T)
        towards = np.sign(beta - alpha)
        return towards * (x - alpha) <= BEYOND, towards * (x - beta) >= -BEYOND

    @property
    def depends_on(self) -> frozenset[str]:
        return frozenset(("composition",)).union(
            *(phase.D.depends_on | phase.limit.depends_on for phase in self.phases)
        )

    def check(
        self,
        compositions: np.ndarray,
        temperatures: np.ndarray,
        times: np.ndarray = INITIALLY,
        positions: np.ndarray = ORIGIN,
    ) -> None:
        """Raise Invalid unless the limits are compositions apart from each other, in the same order at all T, and D is
        finite and not negative on the part (1, k) of the compositions that belongs to its phase.
        """
        temperatures = self.temperatures_to_check(temperatures)
        orders = {self.check_limits(float(T)) for T in temperatures}
        if len(orders) > 1:
            text = "alpha.up_to and beta.from cross on the way from the lowest to the highest temperature of the run."
            raise Invalid.at("law.beta.from", text)
        times = times if "t" in self.depends_on else INITIALLY
        for T, t in product(temperatures, times):
            self.check_diffusivities(np.asarray(compositions, float).reshape(-1), float(T), float(t))

    def check_limits(self, T: float) -> float:
        """The sign of x_beta - x_alpha; Invalid unless both are mole fractions and differ."""
        limits = self.limits(T)
        at = f" at T = {T:.5g} K" if np.isfinite(T) else ""
        name = self.mixture.independent[0]
        for phase, x in zip(self.phases, limits, strict=True):
            if not 0.0 <= x <= 1.0:
                text = f"x_{name} is {x:g}{at}; a mole fraction lies between 0 and 1."
                raise Invalid.at(f"law.{phase.name}.{LIMIT[phase.name]}", text)
        if abs(limits[1] - limits[0]) < NARROWEST:
            text = f"alpha and beta meet at x_{name} = {limits[0]:g}{at}: leave a gap between them, or use fick."
            raise Invalid.at("law.beta.from", text)
        return float(np.sign(limits[1] - limits[0]))

    def check_diffusivities(self, compositions: np.ndarray, T: float, t: float) -> None:
        for phase, limit, inside in zip(self.phases, self.limits(T), self.inside(compositions, T), strict=True):
            x = np.append(compositions[inside], limit)
            D = np.broadcast_to(phase.D.program(x[None], T=T, t=t)[0], x.shape)
            size = np.where(np.isfinite(D), D, -np.inf)
            if size.min() < 0.0:
                worst = int(np.argmin(size))
                place = f"x_{self.mixture.independent[0]} = {x[worst]:.4g}"
                place += f", t = {t:.4g} s" if "t" in phase.D.depends_on else ""
                place += f" (T = {T:.4g} K)" if np.isfinite(T) else ""
                text = f"the interdiffusivity is {D[worst]:.4g} m^2/s at {place}; it must be finite and not negative."
                raise Invalid.at(f"law.{phase.name}.D", text)

    def check_problem(self, problem) -> list[Fault]:
        """What a problem asks that a closed two-phase couple cannot do, and a start that is not one phase beside the
        other.
        """
        faults = []
        if problem.domain.geometry != "planar":
            text = f"a two-phase couple needs planar geometry, and this one is {problem.domain.geometry}."
            faults.append(Fault("domain.geometry", text))
        for side in ("left", "right"):
            end = getattr(problem.boundary, side)
            if end.word != "closed":
                text = f'a two-phase couple has closed ends, and this one is {end.word}; use "closed".'
                faults.append(Fault(f"boundary.{side}", text))
        if problem.source:
            faults.append(Fault("source", "a two-phase couple takes no rates; leave [source] out."))
        if problem.steady:
            faults.append(Fault("time.end", "a two-phase couple has no steady state to look for; give an end time."))
        a, b = problem.domain.interval
        jumps = [x for x in problem.initial.jumps if a < x < b]
        if len(jumps) != 1:
            found = f"jumps {len(jumps)} times" if jumps else "does not jump"
            text = f"a two-phase couple starts with one interface, but this start {found}; use a step."
            faults.append(Fault("initial", text))
        if faults:
            return faults
        try:
            faces, cells = problem.grid.faces, problem.start()[0]
            near = BEYOND * (b - a)  # a cell that the jump cuts belongs to neither
            left, right = cells[faces[1:] <= jumps[0] + near], cells[faces[:-1] >= jumps[0] - near]
            if not (left.size and right.size):
                raise Invalid.at("domain.cells", "the interface lies within one cell of an end: use more cells.")
            self.check_start(left, right, problem.temperature_at(0.0))
        except Invalid as invalid:
            faults += invalid.faults
        return faults

    def check_start(self, left: np.ndarray, right: np.ndarray, T: float) -> None:
        """Raise Invalid unless compositions left (k,) of the interface lie within alpha, those right of it within
        beta.
        """
        name = self.mixture.independent[0]
        alpha, beta = self.limits(T)
        rise = right[0] - left[-1]
        if rise * (beta - alpha) < 0.0:
            text = (
                f"x_{name} {'rises' if rise > 0.0 else 'falls'} from the left to the right, but beta, on the right, "
                f"begins at {beta:g} and alpha, on the left, goes up to {alpha:g}: the phases overlap. Exchange the "
                "limits, or the sides of the start."
            )
            raise Invalid.at("law.beta.from", text)
        faults = []
        sides = zip(("left", "right"), self.phases, (left, right), (alpha, beta), strict=True)
        for k, (side, phase, values, limit) in enumerate(sides):
            outside = ~self.inside(values, T)[k]
            if outside.any():
                x = float(values[np.argmax(outside)])
                text = f"x_{name} = {x:g} is not within {phase.name}, whose limit {LIMIT[phase.name]} is {limit:g}."
                faults.append(Fault(f"initial.{side}", text))
        if faults:
            raise Invalid(*faults)

"""Layers of line compounds that grow between terminal phases by diffusion."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.laws.coefficient import Coefficient, read_coefficient
from simulator.laws.law import Equations, Law, key
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.program import Program
from simulator.laws.units import number

UNIT = "m^2/s"
VOLUME = "m^3/mol"
ENTRIES = {
    "name": key("What the compound is called.", shape="text", default=""),
    "NAME": key("Its mole fraction of one component.", unit="1", shape="number"),
    "D_int": key("Integrated diffusivity, the integral of D over its range; of T only.", unit=UNIT),
    "V_m": key("Its molar volume.", unit=VOLUME, shape="number"),
    "tracer_ratio": key(
        "For markers: D* of that component over D* of the other.", unit="1", shape="number", default=1.0
    ),
}
INITIALLY = ORIGIN = np.zeros(1)
# A composition of the start is that of a phase if it differs by less: a case writes 5/11 in decimals.
SAME = 1e-6
ITERATIONS = 200


@dataclass(frozen=True)
class Compound:
    """A phase without a range of composition: fraction of the independent component, integrated diffusivity D_int
    (m^2/s), molar volume V_m (m^3/mol), and D*/D* of the independent component over the other one's.
    """

    name: str
    fraction: float
    D_int: Coefficient
    V_m: float
    tracer_ratio: float = 1.0


@dataclass(frozen=True)
class LineCompounds(Law):
    """Compounds 1 .. p, each of one composition N_k, between terminal phases 0 and p + 1 in which nothing moves.

        J_k = -+ D_int,k / (V_k dx_k),   (N_k+1 - N_k) dn_k/dt = J_k+1 - J_k,   D_int = int D dN over the phase

    On the mole coordinate n = int dx/V_m in mol/m^2: the flux J_k of the independent component in the number-fixed
    frame, in mol/(m^2 s), is uniform inside compound k of thickness dx_k and leads to the phases poorer in it; n_k is
    the interface between the phases k and k + 1. N_k must rise or fall all the way from left to right.

    left, right: compositions of the terminal phases, whose volumes are those of [molar_volume]. phases: tables of
    name, the fraction of one component, D_int (a coefficient of T), V_m, and, for markers, tracer_ratio: the tracer
    diffusivity of the component named over that of the other; 1 if absent. Raises Invalid for every key that cannot
    be used.
    Source: Wagner (1969), Acta Metall. 17, 99; van Loo (1990), Prog. Solid State Chem. 20, 47.
    """

    kind: ClassVar[str] = "line-compounds"
    equation: ClassVar[str] = "(N_k+1 - N_k) dn_k/dt = J_k+1 - J_k,  J_k = -D_int,k/(V_k dx_k)"
    sources: ClassVar[tuple[str, ...]] = (
        "Wagner (1969), Acta Metall. 17, 99",
        "van Loo (1990), Prog. Solid State Chem. 20, 47",
    )
    sections: ClassVar[tuple[str, ...]] = ("molar_volume",)
    requires: ClassVar[tuple[str, ...]] = ("molar_volume",)
    lattice: ClassVar[bool] = True
    where: ClassVar[str] = "law.phases"

    left: Any = key("Composition of the terminal phase on the left.", shape="composition", example={"Ni": 0.0})
    right: Any = key("Composition of the terminal phase on the right.", shape="composition", example={"Ni": 1.0})
    phases: Any = key(
        "Compounds from left to right.",
        shape="tables",
        example=[{"name": "beta", "Ni": 0.5, "D_int": 1e-16, "V_m": 7e-6}],
        entries=ENTRIES,
    )
    molar_volume: MolarVolume | None = None
    folder: Path | str | None = None

    def __post_init__(self):
        if self.mixture.m != 1 or self.mixture.interstitial:
            listed = ", ".join(self.mixture.components)
            text = f"line compounds are for two components, none of them interstitial; this case has {listed}."
            raise Invalid.at("components", text)
        _ = self.compounds, self.fractions  # every fault at the door
        if self.molar_volume is None:
            text = 'line compounds need the volumes of the terminal phases: kind = "vegard", one number a component.'
            raise Invalid.at("molar_volume", text)

    @cached_property
    def compounds(self) -> tuple[Compound, ...]:
        """The compounds from left to right, as they are given."""
        if not isinstance(self.phases, list | tuple) or not self.phases:
            raise Invalid.at("law.phases", "expected a list of compounds, from left to right.")
        faults: list[Fault] = []
        found = []
        for k, given in enumerate(self.phases):
            try:
                found.append(self.compound(given, f"law.phases[{k}]"))
            except Invalid as invalid:
                faults += invalid.faults
        if faults:
            raise Invalid(*faults)
        return tuple(found)

    def compound(self, given: Any, where: str) -> Compound:
        """A compound from its table."""
        known = (*(name for name in ENTRIES if name != "NAME"), *self.mixture.components)
        if not isinstance(given, Mapping):
            name = self.mixture.independent[0]
            form = f'{{ name = "beta", {name} = 0.5, D_int = "1e-16 m^2/s", V_m = "7e-6 m^3/mol" }}'
            raise Invalid.at(where, f"expected a compound, {form}.")
        faults = [Fault(f"{where}.{name}", f"unknown key.{near(name, known)}") for name in given if name not in known]
        faults += [Fault(where, f"{name} is missing.") for name in ("D_int", "V_m") if name not in given]
        named = [name for name in self.mixture.components if name in given]
        if len(named) != 1:
            listed = " or ".join(self.mixture.components)
            faults.append(Fault(where, f"expected the fraction of one component, {listed}; got {len(named)}."))
        if faults:
            raise Invalid(*faults)
        (component,) = named
        D_int = read_coefficient(given["D_int"], self.mixture, UNIT, f"{where}.D_int", self.folder)
        foreign = sorted(D_int.depends_on - {"T"})
        if foreign:
            raise Invalid.at(f"{where}.D_int", f"depends on {foreign[0]}; in a line compound only T is left to vary.")
        fraction = number(given[component], "1", f"{where}.{component}")
        V_m, ratio = number(given["V_m"], VOLUME, f"{where}.V_m"), 1.0
        if "tracer_ratio" in given:
            ratio = number(given["tracer_ratio"], "1", f"{where}.tracer_ratio")
        for name, value, what in (("V_m", V_m, "a molar volume"), ("tracer_ratio", ratio, "a ratio of diffusivities")):
            if not value > 0.0:
                raise Invalid.at(f"{where}.{name}", f"{what} is positive, got {value:g}.")
        fraction = float(self.mixture.fractions({component: fraction}, where)[0])
        ratio = ratio if component == self.mixture.independent[0] else 1.0 / ratio
        return Compound(str(given.get("name") or f"x_{component} = {given[component]}"), fraction, D_int, V_m, ratio)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the p + 2 phases."""
        return ("the left end", *(compound.name for compound in self.compounds), "the right end")

    @cached_property
    def fractions(self) -> np.ndarray:
        """Mole fractions N_k (p + 2,) of the independent component, from left to right."""
        for where, given in (("law.left", self.left), ("law.right", self.right)):
            if not isinstance(given, Mapping):
                name = self.mixture.independent[0]
                raise Invalid.at(where, f"expected a composition such as {{ {name} = 0.0 }}, got {given!r}.")
        ends = [
            float(self.mixture.fractions({n: number(x, "1", f"{where}.{n}") for n, x in given.items()}, where)[0])
            for given, where in ((self.left, "law.left"), (self.right, "law.right"))
        ]
        N = np.array([ends[0], *(compound.fraction for compound in self.compounds), ends[1]])
        if N[0] == N[-1]:
            raise Invalid.at("law.right", f"both terminal phases have x_{self.mixture.independent[0]} = {N[0]:g}.")
        for k in range(1, N.size):
            if not (N[k] - N[k - 1]) * (N[-1] - N[0]) > 0.0:
                way = "rise" if N[-1] > N[0] else "fall"
                where = f"law.phases[{min(k, N.size - 2) - 1}]"
                pair = f"{self.names[k - 1]} has {N[k - 1]:g} and {self.names[k]} has {N[k]:g}"
                text = f"x_{self.mixture.independent[0]} must {way} from left to right, but {pair}; put them in order."
                raise Invalid.at(where, text)
        return N

    @cached_property
    def molar_volumes(self) -> np.ndarray:
        """Molar volumes (p + 2,) of the phases, m^3/mol."""
        ends = self.molar_volume(self.fractions[None, [0, -1]])
        return np.array([ends[0], *(compound.V_m for compound in self.compounds), ends[1]], float)

    @cached_property
    def program(self) -> Program:
        return Program.join(*(compound.D_int.program for compound in self.compounds))

    def integrated_diffusivity(self, T: float = np.nan) -> np.ndarray:
        """D_int (p,) in m^2/s at T in K."""
        return self.program(np.zeros(1), T=T)

    def strength(self, T: float = np.nan) -> np.ndarray:
        """D_int / V_m^2 (p,) in mol^2/(m^4 s): times 1/(moles of the layer per area) it is the flux."""
        return self.integrated_diffusivity(T) / self.molar_volumes[1:-1] ** 2

    @cached_property
    def marker_factors(self) -> np.ndarray:
        """f_k (p + 2,) of the velocity of a marker inside phase k on the mole coordinate,

            dn_K/dt = -(J_A + J_B) = -J_k f_k,   f = (rho - 1)/(N_A rho + N_B),   rho = D_B*/D_A*

        with the lattice fluxes J_i = -N_i D_i*/(V_m R T) grad mu_i, for which Gibbs and Duhem give J_A = -J_B/rho, and
        J_k = J_B - N_B (J_A + J_B). B is the independent component; the vacancy wind is neglected. 0 in the ends.
        """
        rho = np.array([1.0, *(compound.tracer_ratio for compound in self.compounds), 1.0])
        return (rho - 1.0) / ((1.0 - self.fractions) * rho + self.fractions)

    def growth_first_kind(self, T: float = np.nan) -> np.ndarray:
        """k_I (p,) in m^2/s with dx^2 = 2 k_I t: every compound growing between the terminal phases of this couple."""
        return 0.5 * (similarity_amounts(self.fractions, self.strength(T)) * self.molar_volumes[1:-1]) ** 2

    def growth_second_kind(self, T: float = np.nan) -> np.ndarray:
        """k_II (p,) in m^2/s with dx^2 = 2 k_II t: every compound growing alone, between its two neighbours.

        k_II = D_int (N_r - N_l) / ((N_b - N_l)(N_r - N_b)),   N_l, N_b, N_r of the neighbour, the compound, the other
        """
        N = self.fractions
        return self.integrated_diffusivity(T) * np.abs((N[2:] - N[:-2]) / ((N[1:-1] - N[:-2]) * (N[2:] - N[1:-1])))

    def check_problem(self, problem) -> list[Fault]:
        """What a problem asks that layers cannot do: a start in other phases, ends that are not closed, a source."""
        faults = []
        if problem.domain.geometry != "planar":
            faults.append(Fault("domain.geometry", f"layers are planar, and this domain is {problem.domain.geometry}."))
        if problem.steady:
            text = "layers grow until one end is used up: give an end time."
            faults.append(Fault("time.end", text))
        if problem.boundary.periodic or not problem.boundary.closed:
            faults.append(Fault("boundary", 'the ends of a couple with line compounds are "closed".'))
        if problem.source:
            faults.append(Fault("source", "line compounds take no [source]."))
        try:
            self.start(problem)
        except Invalid as invalid:
            faults += invalid.faults
        return faults

    def start(self, problem) -> np.ndarray:
        """Thickness (p + 2,) in m of every phase at the start; Invalid unless its pieces are phases, in order."""
        if not hasattr(problem.initial, "pieces"):
            raise Invalid.at("initial.shape", 'layers start from shape = "step" or "layers".')
        breaks, pieces = problem.initial.pieces()
        a, b = problem.domain.interval
        edges = np.clip(np.array([a, *breaks, b], float), a, b)
        thickness, before = np.zeros(self.fractions.size), 0
        for (where, _), x, width in zip(pieces, problem.initial.table(self.mixture)[0], np.diff(edges), strict=True):
            phase = int(np.argmin(np.abs(self.fractions - x)))
            name = self.mixture.independent[0]
            if abs(self.fractions[phase] - x) > SAME:
                listed = ", ".join(f"{value:g}" for value in self.fractions)
                raise Invalid.at(where, f"x_{name} = {x:g} is none of the phases of the law: {listed}.")
            if phase < before:
                what = f"{self.names[phase]} (x_{name} = {x:g}) stands right of {self.names[before]}"
                raise Invalid.at(where, f"{what}; the phases must have the order that they have in the law.")
            thickness[phase] += width
            before = phase
        return thickness

    def equations(self, lowest: np.ndarray, highest: np.ndarray, temperatures: tuple[float, float]) -> Equations:
        """None: layers are no cells. They are solved by `simulator.solve.layers`."""
        raise NotImplementedError("line compounds have no equations of cells")

    def coefficient(self, name: str, fractions: np.ndarray, T: float, t: float = 0.0) -> np.ndarray:
        """None of QUANTITIES: a line compound has an integrated diffusivity only."""
        raise KeyError(name)

    @property
    def depends_on(self) -> frozenset[str]:
        return self.program.depends_on

    def check(
        self,
        compositions: np.ndarray,
        temperatures: np.ndarray,
        times: np.ndarray = INITIALLY,
        positions: np.ndarray = ORIGIN,
    ) -> None:
        """Raise Invalid unless every D_int is positive and finite at these temperatures (j,) in K."""
        temperatures = self.temperatures_to_check(temperatures)
        self.molar_volume.check(self.fractions[None, [0, -1]])
        faults = []
        for T in temperatures:
            for k, value in enumerate(self.integrated_diffusivity(float(T))):
                if not (value > 0.0 and np.isfinite(value)):
                    place = f" at T = {T:g} K" if "T" in self.depends_on else ""
                    text = (
                        f"the integrated diffusivity of {self.names[k + 1]} is {value:g} m^2/s{place}; it is positive."
                    )
                    faults.append(Fault(f"law.phases[{k}].D_int", text))
        if faults:
            raise Invalid(*dict.fromkeys(faults))


def supply_matrix(fractions: np.ndarray) -> np.ndarray:
    """B (p, p) with int |J_i| dt = sum_j B_ij (gain of layer j), for p layers between phases without a flux.

    B_ij = |N_p+1 - N_0| Y_i (1 - Y_j) for i <= j,   Y = (N - N_0)/(N_p+1 - N_0)

    fractions (p + 2,): of the layers and the two phases that enclose them. Wagner's integrated diffusivity is
    D_int,i = V_i^2 a_i sum_j B_ij a_j / (2 t) for amounts a that grow from nothing as sqrt(t).
    """
    N = np.asarray(fractions, float)
    above, below = np.abs(N[1:-1] - N[0]), np.abs(N[-1] - N[1:-1])
    rows, columns = np.indices((above.size, above.size))
    return above[np.minimum(rows, columns)] * below[np.maximum(rows, columns)] / abs(N[-1] - N[0])


def similarity_amounts(fractions: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """c (p,) of the amounts a_i = c_i sqrt(t), mol/m^2, of layers that all start from nothing.

        c_i sum_j B_ij c_j = 2 g_i,    B of `supply_matrix`, g = D_int/V_m^2 (`strength`)

    These are the conditions for the least of c.Bc/2 - 2 sum g ln c, which is convex in ln c: there is one solution for
    any positive g, and Newton's method with shortened steps finds it.
    """
    B, g = supply_matrix(fractions), np.asarray(strength, float)
    y = 0.5 * np.log(2.0 * g / np.diag(B))

    def cost(y: np.ndarray) -> float:
        c = np.exp(y)
        return 0.5 * c @ B @ c - 2.0 * g @ y

    for _ in range(ITERATIONS):
        c = np.exp(y)
        flow = c * (B @ c)
        scale = 1.0 / np.sqrt(flow)  # the rows differ by as many decades as the diffusivities
        matrix = scale[:, None] * (c[:, None] * B * c) * scale + np.eye(c.size)
        step = scale * np.linalg.solve(matrix, scale * (2.0 * g - flow))
        largest = np.max(np.abs(step))
        if largest < 0.1:
            y = y + step
            if largest < 1e-12:
                break
            continue
        now, slope, share = cost(y), (flow - 2.0 * g) @ step, min(1.0, 4.0 / largest)
        while cost(y + share * step) > now + 1e-4 * share * slope and share > 1e-12:
            share *= 0.5
        y = y + share * step
    return np.exp(y)

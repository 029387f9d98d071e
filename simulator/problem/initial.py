"""What the composition is at the start, as exact averages over the cells of any grid."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.laws.mixture import Mixture
from simulator.laws.units import number
from simulator.problem.grid import Grid

Composition = Mapping[str, float]
GAUSS_X, GAUSS_W = np.polynomial.legendre.leggauss(4)
SAMPLES = 2000
SLAB = 1 << 20  # cells of a field that are evaluated at once


class Initial:
    """A start: jumps, cell averages, and the compositions it reaches."""

    @property
    def jumps(self) -> tuple[float, ...]:
        """Positions of discontinuities, m."""
        return ()

    def averages(self, mixture: Mixture, grid: Grid) -> np.ndarray:
        """Volume averages of the unknowns over the cells (m, N)."""
        raise NotImplementedError

    def compositions(self, mixture: Mixture, interval: tuple[float, float] = (0.0, 1.0)) -> np.ndarray:
        """Compositions (m, k) between which all others lie; sampled where the start is a function of x."""
        raise NotImplementedError

    def ends(self, mixture: Mixture, interval: tuple[float, float]) -> np.ndarray:
        """Compositions at both ends (m, 2)."""
        raise NotImplementedError

    def field(self, mixture: Mixture, box) -> np.ndarray:
        """The unknowns (m, [nz,] ny, nx) on a `Box`; Invalid for a start of one dimension only."""
        text = (
            f"a start of the kind {type(self).__name__} is for one dimension; in two or three use noise or expression."
        )
        raise Invalid.at("initial.shape", text)

    def on(self, domain) -> "Initial":
        """The same start, knowing the domain or box that it is for."""
        return self

    def check(self, mixture: Mixture, interval: tuple[float, float]) -> list[Fault]:
        """Everything that is wrong with this start on this interval."""
        try:
            self.compositions(mixture, interval)
        except Invalid as invalid:
            return list(invalid.faults)
        return []


class Pieces(Initial):
    """A start of constant pieces. A cell that a break cuts holds the mean of its parts, weighted by volume."""

    def pieces(self) -> tuple[tuple[float, ...], tuple[tuple[str, Composition], ...]]:
        """Breaks (k,) in order, and k + 1 compositions between them, each with its key."""
        raise NotImplementedError

    @property
    def jumps(self) -> tuple[float, ...]:
        breaks, values = self.pieces()
        return tuple(
            x for x, (_, left), (_, right) in zip(breaks, values, values[1:], strict=False) if dict(left) != dict(right)
        )

    def table(self, mixture: Mixture) -> np.ndarray:
        """Compositions (m, k + 1) of the pieces."""
        faults, columns = [], []
        for where, given in self.pieces()[1]:
            try:
                columns.append(composition(given, mixture, where))
            except Invalid as invalid:
                faults.extend(fault for fault in invalid.faults if fault not in faults)
        if faults:
            raise Invalid(*faults)
        return np.stack(columns, axis=1)

    def averages(self, mixture: Mixture, grid: Grid) -> np.ndarray:
        breaks, table = np.asarray(self.pieces()[0], float), self.table(mixture)
        left, right = grid.faces[:-1], grid.faces[1:]
        values = table[:, np.searchsorted(breaks, grid.centres, side="right")]
        inside = breaks[(breaks > left[0]) & (breaks < right[-1])]
        for cell in np.unique(np.searchsorted(grid.faces, inside, side="right") - 1):
            edges = np.concatenate(
                ([left[cell]], inside[(inside > left[cell]) & (inside < right[cell])], [right[cell]])
            )
            parts = table[:, np.searchsorted(breaks, 0.5 * (edges[:-1] + edges[1:]), side="right")]
            values[:, cell] = parts @ grid.volume(edges[:-1], edges[1:]) / grid.volumes[cell]
        return values

    def compositions(self, mixture: Mixture, interval: tuple[float, float] = (0.0, 1.0)) -> np.ndarray:
        return np.unique(self.table(mixture), axis=1)

    def ends(self, mixture: Mixture, interval: tuple[float, float]) -> np.ndarray:
        breaks, table = np.asarray(self.pieces()[0], float), self.table(mixture)
        inner = (np.searchsorted(breaks, interval[0], side="right"), np.searchsorted(breaks, interval[1], side="left"))
        return table[:, inner]


@dataclass(frozen=True)
class Step(Pieces):
    """Two halves that meet at `at` (m): the diffusion couple."""

    at: float
    left: Composition
    right: Composition

    def __post_init__(self):
        object.__setattr__(self, "at", number(self.at, "m", "initial.at"))

    def pieces(self):
        return (self.at,), (("initial.left", self.left), ("initial.right", self.right))

    def check(self, mixture: Mixture, interval: tuple[float, float]) -> list[Fault]:
        faults = super().check(mixture, interval)
        if not interval[0] < self.at < interval[1]:
            faults.append(
                Fault("initial.at", f"{self.at:g} m is not inside the domain, {interval[0]:g} m to {interval[1]:g} m.")
            )
        return faults


@dataclass(frozen=True)
class Layers(Pieces):
    """Layers (from, to, composition) in m, in order, without gaps, covering the domain."""

    layers: Sequence[tuple[float, float, Composition]]

    def __post_init__(self):
        layers, faults = [], []
        for i, (start, end, given) in enumerate(self.layers):
            try:
                ends = number(start, "m", f"initial.layers[{i}].from"), number(end, "m", f"initial.layers[{i}].to")
                layers.append((*ends, given))
            except Invalid as invalid:
                faults.extend(invalid.faults)
        if not layers and not faults:
            faults.append(Fault("initial.layers", "at least one layer is needed."))
        if faults:
            raise Invalid(*faults)
        for i, (start, end, _) in enumerate(layers):
            if not start < end:
                faults.append(
                    Fault(f"initial.layers[{i}]", f"a layer must end right of its start, got {start:g} m to {end:g} m.")
                )
        near_enough = 1e-9 * (max(end for _, end, _ in layers) - min(start for start, _, _ in layers))
        for i in range(1, len(layers)):
            end, start = layers[i - 1][1], layers[i][0]
            if abs(start - end) > near_enough:
                what = "leaves a gap after" if start > end else "overlaps or precedes"
                faults.append(
                    Fault(
                        f"initial.layers[{i}].from",
                        f"{start:g} m {what} the layer before, which ends at {end:g} m; make them equal.",
                    )
                )
        if faults:
            raise Invalid(*faults)
        object.__setattr__(self, "layers", tuple(layers))

    def pieces(self):
        return tuple(start for start, _, _ in self.layers[1:]), tuple(
            (f"initial.layers[{i}]", given) for i, (_, _, given) in enumerate(self.layers)
        )

    def check(self, mixture: Mixture, interval: tuple[float, float]) -> list[Fault]:
        faults = super().check(mixture, interval)
        near_enough = 1e-9 * (interval[1] - interval[0])
        first, last = self.layers[0][0], self.layers[-1][1]
        if first > interval[0] + near_enough:
            faults.append(
                Fault(
                    "initial.layers[0].from", f"the first layer starts at {first:g} m, the domain at {interval[0]:g} m."
                )
            )
        if last < interval[1] - near_enough:
            i = len(self.layers) - 1
            faults.append(
                Fault(f"initial.layers[{i}].to", f"the last layer ends at {last:g} m, the domain at {interval[1]:g} m.")
            )
        return faults


@dataclass(frozen=True)
class Film(Pieces):
    """A film from `at` to `at + thickness` (m), cut off at the ends of the domain, in a matrix."""

    at: float
    thickness: float
    film: Composition
    matrix: Composition

    def __post_init__(self):
        object.__setattr__(self, "at", number(self.at, "m", "initial.at"))
        object.__setattr__(self, "thickness", number(self.thickness, "m", "initial.thickness"))
        if not self.thickness > 0.0:
            raise Invalid.at("initial.thickness", f"must be positive, got {self.thickness:g} m.")

    def pieces(self):
        matrix = ("initial.matrix", self.matrix)
        return (self.at, self.at + self.thickness), (matrix, ("initial.film", self.film), matrix)

    def check(self, mixture: Mixture, interval: tuple[float, float]) -> list[Fault]:
        faults = super().check(mixture, interval)
        if self.at >= interval[1] or self.at + self.thickness <= interval[0]:
            text = f"the film, {self.at:g} m to {self.at + self.thickness:g} m, lies outside the domain."
            faults.append(Fault("initial.at", text))
        return faults


@dataclass(frozen=True)
class Expression(Initial):
    """Mole fractions as expressions of x, for all components or all but one; four Gauss points a cell.

    On a box they may name y and z too, and are taken at the centres of the cells.
    """

    given: Mapping[str, str | float]

    def programs(self, mixture: Mixture):
        from simulator.problem.programs import programs_of

        return programs_of(self.given, mixture, "initial", ("x",), mixture.unit)

    def at(self, x: np.ndarray, mixture: Mixture) -> np.ndarray:
        """The unknowns (m, ...) at positions x."""
        from simulator.problem.programs import evaluate

        return mixture.rows({name: evaluate(program, x=x) for name, program in self.programs(mixture).items()}, x)

    def averages(self, mixture: Mixture, grid: Grid) -> np.ndarray:
        return volume_averages(lambda x: self.at(x, mixture), mixture, grid)

    def compositions(self, mixture: Mixture, interval: tuple[float, float] = (0.0, 1.0)) -> np.ndarray:
        return self.at(np.linspace(*interval, SAMPLES + 1), mixture)

    def ends(self, mixture: Mixture, interval: tuple[float, float]) -> np.ndarray:
        return self.at(np.array(interval), mixture)

    def field(self, mixture: Mixture, box) -> np.ndarray:
        from simulator.problem.programs import programs_of

        programs = programs_of(self.given, mixture, "initial", box.axes, mixture.unit)
        nothing, mesh = np.full((mixture.m, *(1,) * box.dimensions), np.nan), dict(zip(box.axes, box.mesh, strict=True))
        found, slowest = np.empty((mixture.m, *box.shape)), box.axes[-1]
        # a slab at a time: what an expression takes on its way would fill several fields
        planes = max(1, SLAB * box.shape[0] // math.prod(box.shape))
        for first in range(0, box.shape[0], planes):
            part = slice(first, first + planes)
            own = mesh | {slowest: mesh[slowest][part]}
            values = {name: program(nothing, **own)[0] for name, program in programs.items()}
            found[:, part] = mixture.rows(values, np.broadcast_to(own["x"], found[0, part].shape))
        return found


def volume_averages(function: Callable, mixture: Mixture, grid: Grid) -> np.ndarray:
    """Averages (m, N) over the cells of a function of x with m rows; four Gauss points a cell."""
    half = 0.5 * np.diff(grid.faces)
    total, weight = np.zeros((mixture.m, grid.cells)), np.zeros(grid.cells)
    for node, share in zip(GAUSS_X, GAUSS_W, strict=True):
        x = grid.centres + half * node
        part = share * half * grid.area(x)
        total += part * function(x)
        weight += part
    return total / weight


@dataclass(frozen=True, eq=False)
class Tabulated(Initial):
    """Mole fractions given at positions x (k,) in m, straight lines between them, constant beyond.

    fractions: (k,) values for all components or all but one. Two equal positions make a jump.
    """

    x: np.ndarray
    fractions: Mapping[str, np.ndarray]
    source: str = ""

    def __post_init__(self):
        where = self.source or "initial.file"
        x = np.array(self.x, float)
        fractions = {name: np.array(values, float) for name, values in self.fractions.items()}
        if x.ndim != 1 or len(x) < 2:
            raise Invalid.at(where, "at least two positions are needed.")
        for name, values in fractions.items():
            if values.shape != x.shape:
                raise Invalid.at(f"{where}.{name}", f"{len(x)} positions but {values.size} values.")
        if not np.all(np.isfinite(x)) or np.any(np.diff(x) < 0.0):
            i = int(np.argmax(~(np.diff(x) >= 0.0))) + 1
            raise Invalid.at(where, f"positions must increase, but row {i + 1} has {x[i]:g} m after {x[i - 1]:g} m.")
        if np.any((x[2:] == x[1:-1]) & (x[1:-1] == x[:-2])):
            raise Invalid.at(where, "more than two rows share a position.")
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "fractions", fractions)

    @cached_property
    def jumps(self) -> tuple[float, ...]:
        return tuple(map(float, self.x[1:][np.diff(self.x) == 0.0]))

    def nodes(self, mixture: Mixture) -> np.ndarray:
        """The unknowns (m, k) at the positions given."""
        return mixture.rows(self.fractions, self.x, self.source or "initial.file")

    def averages(self, mixture: Mixture, grid: Grid) -> np.ndarray:
        nodes, inside = self.nodes(mixture), (self.x > grid.faces[0]) & (self.x < grid.faces[-1])
        edges = np.union1d(grid.faces, self.x[inside])
        left, right = edges[:-1], edges[1:]
        amounts = np.zeros((mixture.m, len(left)))
        # Two Gauss points integrate a straight line times r^2 exactly.
        for node in (-(3.0**-0.5), 3.0**-0.5):
            x = 0.5 * (left + right) + 0.5 * (right - left) * node
            part = 0.5 * (right - left) * grid.area(x)
            for i in range(mixture.m):
                amounts[i] += part * np.interp(x, self.x, nodes[i])
        return np.add.reduceat(amounts, np.searchsorted(edges, grid.faces[:-1]), axis=1) / grid.volumes

    def compositions(self, mixture: Mixture, interval: tuple[float, float] = (0.0, 1.0)) -> np.ndarray:
        return self.nodes(mixture)

    def ends(self, mixture: Mixture, interval: tuple[float, float]) -> np.ndarray:
        return np.stack([np.interp(interval, self.x, row) for row in self.nodes(mixture)])


def composition(given: Composition, mixture: Mixture, where: str) -> np.ndarray:
    """The unknowns (m,) of a composition whose values are numbers."""
    if not isinstance(given, Mapping):
        raise Invalid.at(where, f"expected a composition such as {{ {mixture.independent[0]} = 0.2 }}, got {given!r}.")
    values = {name: number(value, mixture.unit, f"{where}.{name}") for name, value in given.items()}
    return mixture.fractions(values, where)

"""Starts from which a mixture separates: noise around a composition, and waves on it, in any dimension."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.laws.mixture import Mixture
from simulator.laws.units import number
from simulator.problem.box import Box
from simulator.problem.grid import Grid
from simulator.problem.initial import SAMPLES, Composition, Initial, composition, volume_averages

DISTRIBUTIONS = ("uniform", "normal")
PIECES = 400
Amplitude = float | str | Mapping[str, float | str]


def amplitudes(given: Amplitude, mixture: Mixture, where: str) -> np.ndarray:
    """(m,): the same number for each independent component, or one for each that is named and 0 for the others."""
    if not isinstance(given, Mapping):
        return np.full(mixture.m, number(given, "1", where))
    faults, values = [], np.zeros(mixture.m)
    for name, value in given.items():
        if name not in mixture.independent:
            listed, hint = ", ".join(mixture.independent), near(name, mixture.independent)
            text = f"{name!r} is not an independent component ({listed}); the others make up for them.{hint}"
            faults.append(Fault(f"{where}.{name}", text))
            continue
        try:
            values[mixture.independent.index(name)] = number(value, "1", f"{where}.{name}")
        except Invalid as invalid:
            faults.extend(invalid.faults)
    if faults:
        raise Invalid(*faults)
    return values


def column(values: np.ndarray, dimensions: int) -> np.ndarray:
    """(m,) as (m, 1, ..)."""
    return values.reshape(-1, *(1,) * dimensions)


def within(fields: np.ndarray, mixture: Mixture, where: str, cure: str) -> None:
    """Raise Invalid unless all mole fractions of u (m, ...) lie between 0 and 1, both left out."""
    for name, row in zip(mixture.components, mixture.complete(fields), strict=True):
        lowest, highest = float(row.min()), float(row.max())
        if not (lowest > 0.0 and highest < 1.0):
            text = f"x_{name} would reach {lowest if lowest <= 0.0 else highest:.4g}; {cure}."
            raise Invalid.at(where, text)


@dataclass(frozen=True)
class Noise(Initial):
    """Random values around a composition, the same number of pieces whatever the grid.

        u_i = mean_i + amplitude_i (r_i - <r_i>)

    r: of numpy's default_rng(seed), drawn as one array (m, [pieces of z, y,] pieces of x), "uniform" between -1 and 1,
    or "normal" with standard deviation 1. Its own mean is subtracted, so that the mean is the composition given, to
    rounding. amplitude: of every independent component, or by name, 0 for those that are left out. pieces: along each
    axis, one number or one for each; by default the cells of the domain. A cell holds the average over its pieces.
    """

    mean: Composition
    amplitude: Amplitude
    seed: int = 0
    distribution: str = "uniform"
    pieces: int | Sequence[int] | None = None

    def __post_init__(self):
        faults = []
        if isinstance(self.seed, bool) or not isinstance(self.seed, int | np.integer) or self.seed < 0:
            faults.append(Fault("initial.seed", f"expected a whole number from 0, such as 1, got {self.seed!r}."))
        if self.distribution not in DISTRIBUTIONS:
            hint = near(str(self.distribution), DISTRIBUTIONS)
            text = f"expected one of {', '.join(DISTRIBUTIONS)}, got {self.distribution!r}.{hint}"
            faults.append(Fault("initial.distribution", text))
        counts = () if self.pieces is None else np.atleast_1d(np.asarray(self.pieces, object)).tolist()
        if any(isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 2 for n in counts):
            faults.append(Fault("initial.pieces", f"expected whole numbers of at least 2, got {self.pieces!r}."))
        if faults:
            raise Invalid(*faults)

    def on(self, domain) -> "Noise":
        """With as many pieces as the domain has cells, unless they are given."""
        return self if self.pieces is not None else replace(self, pieces=domain.cells)

    def counts(self, dimensions: int) -> tuple[int, ...]:
        """Pieces along each axis."""
        given = np.atleast_1d(PIECES if self.pieces is None else self.pieces).tolist()
        given = given * dimensions if len(given) == 1 else given
        if len(given) != dimensions:
            text = f"{len(given)} numbers of pieces in {dimensions} dimension{'s' * (dimensions > 1)}."
            raise Invalid.at("initial.pieces", text)
        return tuple(given)

    def drawn(self, mixture: Mixture, counts: tuple[int, ...]) -> np.ndarray:
        """The unknowns (m, [nz, ny,] nx) of the pieces."""
        mean = composition(self.mean, mixture, "initial.mean")
        size = amplitudes(self.amplitude, mixture, "initial.amplitude")
        random, shape = np.random.default_rng(self.seed), (mixture.m, *counts[::-1])
        values = random.uniform(-1.0, 1.0, shape) if self.distribution == "uniform" else random.standard_normal(shape)
        values -= column(values.mean(axis=tuple(range(1, values.ndim))), len(counts))
        values *= column(size, len(counts))
        values += column(mean, len(counts))
        within(values, mixture, "initial.amplitude", "make the amplitude smaller, or the mean less dilute")
        return values

    def averages(self, mixture: Mixture, grid: Grid) -> np.ndarray:
        (count,) = self.counts(1)
        values = self.drawn(mixture, (count,))
        edges = np.linspace(*grid.interval, count + 1)
        return piece_averages(values, edges, grid.faces, grid.volume)

    def compositions(self, mixture: Mixture, interval: tuple[float, float] = (0.0, 1.0)) -> np.ndarray:
        return self.drawn(mixture, self.counts(1))

    def ends(self, mixture: Mixture, interval: tuple[float, float]) -> np.ndarray:
        return self.compositions(mixture, interval)[:, [0, -1]]

    def field(self, mixture: Mixture, box: Box) -> np.ndarray:
        counts = self.on(box).counts(box.dimensions)
        values = self.drawn(mixture, counts)
        for i, (count, cells) in enumerate(zip(counts, box.cells, strict=True)):
            if count != cells:
                edges, faces = np.arange(count + 1) / count, np.arange(cells + 1) / cells
                moved = piece_averages(np.moveaxis(values, -1 - i, -1), edges, faces, lambda a, b: b - a)
                values = np.moveaxis(moved, -1, -1 - i)
        return np.ascontiguousarray(values)


def piece_averages(values: np.ndarray, edges: np.ndarray, faces: np.ndarray, volume) -> np.ndarray:
    """Averages (..., N) over cells of what is constant (..., k) between edges (k + 1,), by overlaps, without loss."""
    if len(edges) == len(faces) and np.allclose(edges, faces, rtol=0.0, atol=1e-9 * (faces[-1] - faces[0])):
        return values.copy()
    cuts = np.union1d(edges, faces)
    left, right = cuts[:-1], cuts[1:]
    middle = 0.5 * (left + right)
    piece = np.clip(np.searchsorted(edges, middle) - 1, 0, len(edges) - 2)
    first = np.searchsorted(cuts, faces[:-1])
    share = volume(left, right)
    return np.add.reduceat(values[..., piece] * share, first, axis=-1) / np.add.reduceat(share, first)


@dataclass(frozen=True)
class Ripple:
    """One wave: amplitude cos(2 pi (periods_x x/Lx + ..) + phase), x from the left end or the corner of the box.

    periods: how many fit along each axis, a number in one dimension. With whole numbers of them the wave closes on
    periodic sides; halves, at phase 0, meet closed sides without a slope.
    """

    amplitude: Amplitude
    periods: float | Sequence[float]
    phase: float = 0.0

    def along(self, dimensions: int, where: str) -> tuple[float, ...]:
        """Periods along each axis."""
        given = self.periods if isinstance(self.periods, Sequence | np.ndarray) else (self.periods,)
        if isinstance(given, str) or len(given) != dimensions:
            listed = "a number" if dimensions == 1 else f"{dimensions} numbers, one for each axis"
            raise Invalid.at(f"{where}.periods", f"expected {listed}, got {self.periods!r}.")
        return tuple(number(entry, "1", f"{where}.periods") for entry in given)


@dataclass(frozen=True)
class Wave(Initial):
    """Waves on a composition, as exact averages over the cells.

        u_i = mean_i + sum_k amplitude_ki cos(2 pi (periods_x x/Lx + ..) + phase)

    An average over a cell is the value at its centre times sin(q h/2)/(q h/2) along each axis: on equal cells it is an
    eigenvector of the discrete Laplacian like the wave itself. Give one wave by amplitude, periods and phase, or
    several as `waves`.
    """

    mean: Composition
    amplitude: Amplitude | None = None
    periods: float | Sequence[float] | None = None
    phase: float = 0.0
    waves: Sequence[Ripple] = ()

    def __post_init__(self):
        single = self.amplitude is not None or self.periods is not None
        if single == bool(self.waves):
            raise Invalid.at("initial", "give one wave by amplitude and periods, or several as waves.")
        if single and None in (self.amplitude, self.periods):
            missing = "amplitude" if self.amplitude is None else "periods"
            raise Invalid.at(f"initial.{missing}", "is missing: a wave has an amplitude and periods.")

    @cached_property
    def ripples(self) -> tuple[tuple[str, Ripple], ...]:
        """Every wave with its key."""
        if not self.waves:
            return (("initial", Ripple(self.amplitude, self.periods, self.phase)),)
        return tuple((f"initial.waves[{k}]", ripple) for k, ripple in enumerate(self.waves))

    def total(self, mixture: Mixture, lengths: Sequence[float], places: Sequence, widths: Sequence) -> np.ndarray:
        """The unknowns (m, ...): averages over widths around places from the corner, one array of each an axis."""
        faults, parts = [], []
        for where, ripple in self.ripples:
            try:
                periods = ripple.along(len(lengths), where)
                size = amplitudes(ripple.amplitude, mixture, f"{where}.amplitude")
                parts.append((periods, size, number(ripple.phase, "1", f"{where}.phase")))
            except Invalid as invalid:
                faults.extend(invalid.faults)
        try:
            mean = composition(self.mean, mixture, "initial.mean")
        except Invalid as invalid:
            faults.extend(invalid.faults)
        if faults:
            raise Invalid(*faults)
        shape = np.broadcast_shapes(*(np.shape(x) for x in places))
        values = np.broadcast_to(column(mean, len(shape)), (mixture.m, *shape)).copy()
        for periods, size, phase in parts:
            angle, damping = phase, 1.0
            for count, length, x, width in zip(periods, lengths, places, widths, strict=True):
                # In whole turns, which lose no digits far from the corner.
                angle = angle + 2.0 * np.pi * np.mod(count * (x / length), 1.0)
                damping = damping * np.sinc(count * width / length)
            values += column(size, len(shape)) * (damping * np.cos(angle))
        within(values, mixture, "initial.amplitude", "make the amplitude smaller, or the mean less dilute")
        return values

    def at(self, x: np.ndarray, mixture: Mixture, interval: tuple[float, float]) -> np.ndarray:
        """The unknowns (m, ...) at positions x, m."""
        return self.total(mixture, (interval[1] - interval[0],), (x - interval[0],), (0.0,))

    def averages(self, mixture: Mixture, grid: Grid) -> np.ndarray:
        a, b = grid.interval
        if grid.geometry != "planar":
            return volume_averages(lambda x: self.at(x, mixture, (a, b)), mixture, grid)
        return self.total(mixture, (b - a,), (grid.centres - a,), (np.diff(grid.faces),))

    def compositions(self, mixture: Mixture, interval: tuple[float, float] = (0.0, 1.0)) -> np.ndarray:
        return self.at(np.linspace(*interval, SAMPLES + 1), mixture, interval)

    def ends(self, mixture: Mixture, interval: tuple[float, float]) -> np.ndarray:
        return self.at(np.array(interval), mixture, interval)

    def field(self, mixture: Mixture, box: Box) -> np.ndarray:
        return self.total(mixture, box.size, box.mesh, box.spacing)

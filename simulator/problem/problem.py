"""What is solved: a law in a mixture, on a domain, from a start, between two ends, over a time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, product

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.laws.law import Law
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.units import number
from simulator.problem.boundary import Boundary, Closed, Exchange, Fixed, Flux, Periodic
from simulator.problem.domain import Domain
from simulator.problem.grid import Grid
from simulator.problem.initial import Initial, Step
from simulator.problem.programs import Spec, joined, tree_of
from simulator.problem.temperature import Temperature

STEADY = "steady"
TIMES = 101
FINE = 401
CORNERS = 12
ENOUGH = 8.0
# A start that differs this much from what an end holds is a jump there: it draws cells to that end.
JUMP = 0.01
LEAST = 1e-3


@dataclass(frozen=True, eq=False)
class Problem:
    """end: s, or "steady"; save: times in s at which profiles are kept, of which `end` is always the last.

    temperature None: nothing may depend on T. source: d x_NAME/dt in 1/s by component, numbers or expressions of the
    composition, x, t and T; the dependent component takes minus their sum. molar_volume: of the law, by default.
    markers: positions in m, at the start, of inert markers that move with the lattice. sweep: voltages in V at which
    the steady states of ions are found, one after the other.
    """

    mixture: Mixture
    law: Law
    domain: Domain
    initial: Initial
    boundary: Boundary = field(default_factory=Boundary)
    temperature: Temperature | None = None
    end: float | str = STEADY
    save: tuple[float, ...] = ()
    source: Mapping[str, Spec] | None = None
    title: str = ""
    molar_volume: MolarVolume | None = None
    markers: tuple[float | str, ...] = ()
    sweep: tuple[float, ...] = ()

    def __post_init__(self):
        faults = []
        markers = []
        for i, place in enumerate(self.markers):
            try:
                markers.append(number(place, "m", f"markers.at[{i}]"))
            except Invalid as invalid:
                faults.extend(invalid.faults)
        object.__setattr__(self, "markers", tuple(markers))
        if self.end != STEADY:
            try:
                end = number(self.end, "s", "time.end")
                object.__setattr__(self, "end", end)
                if not end > 0.0:
                    faults.append(Fault("time.end", f"must be positive, got {end:g} s."))
            except Invalid as invalid:
                faults.extend(invalid.faults)
        times = []
        for i, time in enumerate(self.save):
            try:
                times.append(number(time, "s", f"time.save[{i}]"))
            except Invalid as invalid:
                faults.extend(invalid.faults)
        if not faults and not self.steady:
            for i, time in enumerate(times):
                # A quantity and its sum in other units may differ in the last digit.
                if not 0.0 <= time <= self.end * (1.0 + 1e-12):
                    faults.append(
                        Fault(f"time.save[{i}]", f"{time:g} s does not lie between 0 and the end, {self.end:g} s.")
                    )
            times = [*sorted({t for t in times if t < self.end * (1.0 - 1e-12)}), self.end]
        if faults:
            raise Invalid(*faults)
        object.__setattr__(self, "save", () if self.steady else tuple(times))
        object.__setattr__(self, "initial", self.initial.on(self.domain))
        if self.molar_volume is None:
            object.__setattr__(self, "molar_volume", getattr(self.law, "molar_volume", None))

    @property
    def steady(self) -> bool:
        return self.end == STEADY

    @property
    def stops(self) -> tuple[float, ...]:
        """Times in s at which a run stops for a profile: infinite for steady states, of which a sweep has several."""
        return (np.inf,) * max(1, len(self.sweep)) if self.steady else self.save

    @property
    def swells(self) -> bool:
        """Whether the molar volume changes with the composition: the cells then move on the lab axis."""
        return self.molar_volume is not None and self.molar_volume.varies

    @cached_property
    def times(self) -> np.ndarray:
        """Times at which what depends on time is sampled for checks."""
        if self.steady:
            return np.zeros(1)
        breaks = [t for t in self.temperature.breaks if t < self.end] if self.temperature else []
        return np.union1d(np.linspace(0.0, self.end, TIMES), breaks)

    @cached_property
    def temperatures(self) -> np.ndarray:
        """Temperatures (j,) in K over the whole range of the run; one nan without a temperature."""
        if self.temperature is None:
            return np.array([np.nan])
        lowest, highest = self.temperature.range(0.0 if self.steady else self.end)
        return np.array([lowest]) if lowest == highest else np.linspace(lowest, highest, 5)

    def temperature_at(self, t: float, side: int = 1) -> float:
        """K, or nan without a temperature."""
        return float("nan") if self.temperature is None else self.temperature(t, side)

    @cached_property
    def extremes(self) -> np.ndarray:
        """Compositions (m, k) of the start and of what the ends hold: all others lie between them."""
        start = self.initial.compositions(self.mixture, self.domain.interval)
        held = self.boundary.compositions(
            self.mixture, self.times, np.array([self.temperature_at(t) for t in self.times])
        )
        return np.unique(np.hstack([start, held]), axis=1)

    def composition_range(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest independent mole fractions (m,) of the start and the ends."""
        points = np.clip(self.extremes, 0.0, self.mixture.most)
        return points.min(axis=1), points.max(axis=1)

    def reachable_range(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest independent mole fractions (m,) that a run can reach: a flux or a source may lead beyond
        the start and the ends, anywhere between 0 and 1.
        """
        fed = self.source or isinstance(self.boundary.left, Flux) or isinstance(self.boundary.right, Flux)
        if fed and np.isfinite(self.mixture.most):
            return np.zeros(self.mixture.m), np.ones(self.mixture.m)
        return self.composition_range()

    @cached_property
    def sample(self) -> np.ndarray:
        """Compositions (m, k) on which the law is checked: the extremes and the straight lines between them."""
        points = np.clip(self.extremes, 0.0, self.mixture.most)
        if self.mixture.m == 1:
            return np.linspace(points.min(), points.max(), FINE)[None, :]
        corners = points
        if points.shape[1] > CORNERS:
            middle = points.mean(axis=1, keepdims=True)
            rows = np.concatenate([points, points.sum(axis=0, keepdims=True)])
            far = np.argsort(-((points - middle) ** 2).sum(axis=0))[:CORNERS]
            corners = points[:, np.unique(np.concatenate([rows.argmin(axis=1), rows.argmax(axis=1), far]))]
            points = points[:, :: max(1, points.shape[1] // 200)]
        pairs = list(combinations(range(corners.shape[1]), 2))
        share = np.linspace(0.0, 1.0, 41 if len(pairs) < 12 else 11)
        lines = [corners[:, [i]] * (1.0 - share) + corners[:, [j]] * share for i, j in pairs]
        return np.unique(np.hstack([points, *lines]), axis=1)

    @cached_property
    def diffusivities(self) -> tuple[float, float]:
        """Smallest and largest eigenvalue of the interdiffusivity over compositions, m^2/s; nan if the law has none.

        At the time and temperature where the largest is largest."""
        found = [(np.nan, np.nan)]
        times = self.times[::10] if "t" in self.law.depends_on else (0.0,)
        for T, t in product(self.temperatures, times):
            try:
                D = np.asarray(self.law.coefficient("interdiffusivity", self.sample, float(T), t), float)
            except (KeyError, NotImplementedError):
                break
            # A law may know no D at some compositions: those that no phase has.
            D = D[..., np.isfinite(D).reshape(-1, D.shape[-1]).all(axis=0)]
            if D.size:
                D = np.linalg.eigvals(np.moveaxis(D, -1, 0)).real if D.ndim == 3 else D
                found.append((float(D.min()), float(D.max())))
        return max(found, key=lambda pair: -np.inf if np.isnan(pair[1]) else pair[1])

    @property
    def largest_diffusivity(self) -> float:
        """Largest eigenvalue of the interdiffusivity in the range of the run, m^2/s; nan if the law has none."""
        return self.diffusivities[1]

    @cached_property
    def diffusion_length(self) -> float:
        """sqrt(largest D * end), m; nan for a steady state or a law without an interdiffusivity."""
        D = self.largest_diffusivity
        return float("nan") if self.steady or not D > 0.0 else float(np.sqrt(D * self.end))

    @property
    def jumps(self) -> tuple[float, ...]:
        """Where the start jumps: inside, and at ends that hold another composition than the start has there."""
        a, b = self.domain.interval
        jumps = [x for x in self.initial.jumps if a < x < b]
        at_ends = self.initial.ends(self.mixture, (a, b))
        for i, (x, end) in enumerate(((a, self.boundary.left), (b, self.boundary.right))):
            if isinstance(end, Periodic):
                held = at_ends[:, 1 - i]
            elif isinstance(end, Fixed | Exchange):
                held = end.composition(self.mixture, 0.0, self.temperature_at(0.0))
            else:
                if not isinstance(end, Closed):
                    jumps.append(x)
                continue
            if np.max(np.abs(held - at_ends[:, i])) > JUMP:
                jumps.append(x)
        return tuple(sorted(jumps))

    @cached_property
    def grid(self) -> Grid:
        if self.law.separates:
            return self.domain.grid()
        smallest, largest = self.diffusivities
        layers = self.law.layers(self)
        if layers or self.steady or not largest > 0.0:
            return self.domain.grid(self.jumps, self.diffusion_length if largest > 0.0 else None, layers)
        # Measured on couples with D constant, exp(3x) and 10^(3x): the error is least at the geometric mean of D.
        width = self.law.grid_width * (max(smallest, LEAST * largest) / largest) ** 0.25
        fronts = self.fronts(width)
        return self.domain.grid(self.jumps, width * self.diffusion_length, fronts)

    def fronts(self, width: float) -> tuple[tuple[float, float], ...]:
        """Position and width, m, of the front of a binary couple that ends up away from its first interface."""
        from simulator.problem.front import front

        simple = self.mixture.m == 1 and self.domain.geometry == "planar" and self.domain.grading == "interface"
        constant = self.temperature is None or self.temperature.constant
        if not (isinstance(self.initial, Step) and simple and constant):
            return ()
        left, right = self.initial.table(self.mixture)[0]
        T, length, at = self.temperature_at(0.0), self.diffusion_length, self.initial.at
        reach = min(at - self.domain.interval[0], self.domain.interval[1] - at) / length
        found = front(
            lambda c: self.law.coefficient("interdiffusivity", (left + (right - left) * c)[None, :], T), width, reach
        )
        return () if found is None else ((at + found[0] * length, found[1] * length),)

    def start(self, grid: Grid | None = None) -> np.ndarray:
        """Cell averages (m, N) of the start on a grid, that of the problem by default."""
        return self.initial.averages(self.mixture, self.grid if grid is None else grid)

    @cached_property
    def mean(self) -> np.ndarray:
        """(m,) of the start."""
        volumes = self.grid.volumes
        return self.start() @ volumes / volumes.sum()

    @cached_property
    def source_program(self):
        """d x_i/dt of the independent components as a program with m outputs of u, x, t, T; None without a source."""
        return source_program(self.source, self.mixture, ("x", "t", "T", "composition"))

    def check(self) -> None:
        """Raise Invalid with everything that is wrong with this problem."""
        from simulator.problem.check import faults_of

        faults = faults_of(self)
        if faults:
            raise Invalid(*faults)

    def warnings(self) -> tuple[str, ...]:
        """What a person should know before a run, as sentences."""
        own = self.law.warnings(self)
        if self.law.separates:
            from simulator.problem.gap import fading

            return (*own, *fading(self))
        length = self.diffusion_length
        couple = isinstance(self.initial, Step) and self.boundary.closed and self.domain.geometry == "planar"
        if not couple or not np.isfinite(length):
            return own
        a, b = self.domain.interval
        half = min(self.initial.at - a, b - self.initial.at)
        if half >= ENOUGH * length:
            return own
        return (
            *own,
            f"The interface lies {half:.3g} m from an end, less than 8 sqrt(D t) = {ENOUGH * length:.3g} m for "
            f"the largest D = {self.largest_diffusivity:.3g} m^2/s: the profile may reach the end, and methods that "
            "need a semi-infinite couple then fail. Lengthen the domain or shorten the time.",
        )


def source_program(source: Mapping[str, Spec] | None, mixture: Mixture, variables: tuple[str, ...]):
    """Rates d x_i/dt by component as a program with m outputs of these variables; None without any. Raises Invalid."""
    if not source:
        return None
    trees, faults = {name: ("number", 0.0) for name in mixture.independent}, []
    for name, value in source.items():
        where = f"source.{name}"
        if name == mixture.dependent:
            text = f"{name} is the dependent component: it takes minus the sum of the others; leave it out."
            faults.append(Fault(where, text))
        elif name not in trees:
            hint = near(name, mixture.independent)
            text = f"{name!r} is not an independent component ({', '.join(mixture.independent)}).{hint}"
            faults.append(Fault(where, text))
        else:
            try:
                trees[name] = tree_of(value, mixture, where, variables, "1/s")
            except Invalid as invalid:
                faults.extend(invalid.faults)
    if faults:
        raise Invalid(*faults)
    return joined(trees.values(), mixture)

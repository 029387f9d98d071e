"""What is solved in two and three dimensions: a mixture that separates in a box, from a start, over a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.laws.law import Law
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.units import number
from simulator.problem.box import Box
from simulator.problem.initial import Initial
from simulator.problem.problem import source_program
from simulator.problem.programs import Spec
from simulator.problem.temperature import Temperature

SIDES = ("periodic", "closed")
FINE = 401
MOST_POINTS = 400
TEMPERATURES = 5


@dataclass(frozen=True, eq=False)
class FieldProblem:
    """sides: "periodic" or "closed", for all axes or for each of x, y and z; end: s; save: times in s at which fields
    are kept, of which `end` is always the last.

    temperature None: nothing may depend on T. source: d x_NAME/dt in 1/s by component, numbers or expressions of the
    composition, x, y, z, t and T; the dependent component takes minus their sum. molar_volume: of the law, by default.
    """

    mixture: Mixture
    law: Law
    box: Box
    initial: Initial
    sides: str | Sequence[str] = "closed"
    temperature: Temperature | None = None
    end: float | str = 0.0
    save: Sequence[float | str] = ()
    title: str = ""
    molar_volume: MolarVolume | None = None
    source: Mapping[str, Spec] | None = None

    def __post_init__(self):
        faults, times = [], []
        sides = [self.sides] * self.box.dimensions if isinstance(self.sides, str) else list(self.sides)
        if len(sides) != self.box.dimensions:
            text = f"expected one for each of {', '.join(self.box.axes)}, got {len(sides)}."
            faults.append(Fault("boundary", text))
        for axis, side in zip(self.box.axes, sides, strict=False):
            if side not in SIDES:
                hint = near(str(side), SIDES)
                text = f'expected "periodic" or "closed", got {side!r}; fields have no other sides.{hint}'
                faults.append(Fault(f"boundary.{axis}", text))
        try:
            end = number(self.end, "s", "time.end")
            if not end > 0.0:
                raise Invalid.at("time.end", f"must be positive, got {end:g} s.")
            object.__setattr__(self, "end", end)
        except Invalid as invalid:
            faults.extend(invalid.faults)
        for i, time in enumerate(self.save):
            try:
                times.append(number(time, "s", f"time.save[{i}]"))
            except Invalid as invalid:
                faults.extend(invalid.faults)
        if not faults:
            # A quantity and its sum in other units may differ in the last digit.
            faults += [
                Fault(f"time.save[{i}]", f"{time:g} s does not lie between 0 and the end, {self.end:g} s.")
                for i, time in enumerate(times)
                if not 0.0 <= time <= self.end * (1.0 + 1e-12)
            ]
        if faults:
            raise Invalid(*faults)
        kept = sorted({time for time in times if time < self.end * (1.0 - 1e-12)})
        object.__setattr__(self, "sides", tuple(sides))
        object.__setattr__(self, "save", (*kept, self.end))
        object.__setattr__(self, "initial", self.initial.on(self.box))
        if self.molar_volume is None:
            object.__setattr__(self, "molar_volume", getattr(self.law, "molar_volume", None))

    @property
    def steady(self) -> bool:
        """Never: what separates has no steady state but its end."""
        return False

    @property
    def shape(self) -> tuple[int, ...]:
        """(m, [nz,] ny, nx): of the unknowns."""
        return (self.mixture.m, *self.box.shape)

    @property
    def stops(self) -> tuple[float, ...]:
        """Times in s at which a run stops for a field."""
        return self.save

    @cached_property
    def temperatures(self) -> np.ndarray:
        """Temperatures (j,) in K over the whole range of the run; one nan without a temperature."""
        if self.temperature is None:
            return np.array([np.nan])
        lowest, highest = self.temperature.range(self.end)
        return np.array([lowest]) if lowest == highest else np.linspace(lowest, highest, TEMPERATURES)

    def temperature_at(self, t: float, side: int = 1) -> float:
        """K, or nan without a temperature."""
        return float("nan") if self.temperature is None else self.temperature(t, side)

    def start(self) -> np.ndarray:
        """The unknowns (m, [nz,] ny, nx) at t = 0. Raises Invalid if they are of another shape or not finite."""
        start = np.ascontiguousarray(self.initial.field(self.mixture, self.box), float)
        if start.shape != self.shape:
            text = f"the start has the shape {start.shape}, but {self.shape} is needed: components, then y and x."
            raise Invalid.at("initial", text)
        if not np.isfinite(start).all():
            raise Invalid.at("initial", f"{int(np.sum(~np.isfinite(start)))} values of the start are not finite.")
        return start

    @cached_property
    def mean(self) -> np.ndarray:
        """Mean composition (m,) of the start, which closed and periodic sides keep."""
        return self.start().mean(axis=tuple(range(1, len(self.shape))))

    @cached_property
    def sample(self) -> np.ndarray:
        """Compositions (m, k) of the start on which the law is checked, and straight lines between the outermost."""
        start = self.start().reshape(self.mixture.m, -1)
        if self.mixture.m == 1:
            return np.linspace(start.min(), start.max(), FINE)[None]
        rows = np.concatenate([start, start.sum(axis=0, keepdims=True)])
        corners = start[:, np.unique(np.concatenate([rows.argmin(axis=1), rows.argmax(axis=1)]))]
        share = np.linspace(0.0, 1.0, 11)
        lines = [a[:, None] * (1.0 - share) + b[:, None] * share for a, b in combinations(corners.T, 2)]
        some = start[:, :: max(1, start.shape[1] // MOST_POINTS)]
        return np.unique(np.hstack([some, *lines]), axis=1)

    @cached_property
    def source_program(self):
        """d x_i/dt of the independent components as a program of u, x, y, z, t, T; None without a source."""
        return source_program(self.source, self.mixture, (*self.box.axes, "t", "T", "composition"))

    def check(self) -> None:
        """Raise Invalid with everything that is wrong with this problem."""
        from simulator.problem.field_check import faults_of

        faults = faults_of(self)
        if faults:
            raise Invalid(*faults)

    def warnings(self) -> tuple[str, ...]:
        """What a person should know before a run, as sentences."""
        from simulator.problem.field_check import warnings_of

        return warnings_of(self)

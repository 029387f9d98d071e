"""Temperature over time: a value, a schedule of ramps and steps, or an expression of t."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.laws.mixture import Mixture
from simulator.laws.units import number

SAMPLES = 2001


@dataclass(frozen=True)
class Temperature:
    """One of: value in K; schedule of (time in s, K), straight lines between, a step where two share a time, constant
    before the first and after the last; expression of t (s) and of `parameters`, in K. Quantities are allowed."""

    value: float | None = None
    schedule: Sequence[tuple[float, float]] | None = None
    expression: str | None = None
    parameters: dict[str, float] | None = None

    def __post_init__(self):
        given = [name for name in ("value", "schedule", "expression") if getattr(self, name) is not None]
        if len(given) != 1:
            what = " and ".join(given) or "nothing"
            raise Invalid.at("temperature", f"give one of value, schedule, expression; got {what}.")
        if self.value is not None:
            object.__setattr__(self, "value", kelvin(self.value, "temperature.value"))
        if self.schedule is not None:
            object.__setattr__(self, "schedule", self.read_schedule())
        if self.expression is not None:
            _ = self.program

    def read_schedule(self) -> tuple[tuple[float, float], ...]:
        faults, points = [], []
        if not isinstance(self.schedule, Sequence) or isinstance(self.schedule, str) or not self.schedule:
            raise Invalid.at(
                "temperature.schedule", 'expected points such as [["0 h", "800 degC"], ["10 h", "1000 degC"]].'
            )
        for i, point in enumerate(self.schedule):
            where = f"temperature.schedule[{i}]"
            try:
                if isinstance(point, str) or not isinstance(point, Sequence) or len(point) != 2:
                    raise Invalid.at(
                        where, f'expected a time and a temperature such as ["10 h", "1000 degC"], got {point!r}.'
                    )
                points.append((number(point[0], "s", f"{where}[0]"), kelvin(point[1], f"{where}[1]")))
            except Invalid as invalid:
                faults.extend(invalid.faults)
        if not faults:
            for i in range(1, len(points)):
                time, before = points[i][0], points[i - 1][0]
                where = f"temperature.schedule[{i}]"
                if time < before:
                    faults.append(Fault(where, f"times must increase, but {time:g} s follows {before:g} s."))
                elif i > 1 and time == points[i - 2][0]:
                    faults.append(Fault(where, f"only two points may share a time, and {time:g} s stands three times."))
        if faults:
            raise Invalid(*faults)
        return tuple(points)

    @cached_property
    def program(self):
        """The expression as a program with one output, None for a value or a schedule."""
        if self.expression is None:
            return None
        from simulator.problem.programs import program_of

        return program_of(
            self.expression, Mixture(("A", "B"), parameters=self.parameters or {}), "temperature.expression", ("t",)
        )

    @property
    def constant(self) -> bool:
        if self.schedule is not None:
            return len({T for _, T in self.schedule}) == 1
        return self.expression is None

    @cached_property
    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """Times and temperatures (k,) of the schedule; one point for a value."""
        schedule = self.schedule or ((0.0, self.value),)
        return np.array([t for t, _ in schedule]), np.array([T for _, T in schedule])

    @property
    def breaks(self) -> tuple[float, ...]:
        """Times > 0 where the temperature jumps or bends: steps must end there."""
        return () if self.constant or self.schedule is None else tuple(sorted({t for t, _ in self.schedule if t > 0.0}))

    def __call__(self, t: float, side: int = 1) -> float:
        """Temperature in K at t; at a step, the one after it (side = 1) or before it (side = -1)."""
        if self.value is not None:
            return self.value
        if self.program is not None:
            from simulator.problem.programs import evaluate

            return float(evaluate(self.program, t=t))
        times, values = self.points
        i = int(np.searchsorted(times, t, side="right" if side > 0 else "left"))
        if i == 0 or i == len(times):
            return float(values[min(i, len(times) - 1)])
        share = (t - times[i - 1]) / (times[i] - times[i - 1])
        return float(values[i - 1] * (1.0 - share) + values[i] * share)

    def segment(self, t0: float, t1: float) -> tuple[float, float, float]:
        """(T_ref, slope, t_ref) with T = T_ref + slope (t - t_ref) between t0 and t1, which have no break between them.

        An expression has no such data: T_ref is nan, use `program`.
        """
        if self.program is not None:
            return float("nan"), 0.0, t0
        times, values = self.points
        i = int(np.searchsorted(times, 0.5 * (t0 + t1), side="right"))
        if i == 0 or i == len(times):
            return float(values[min(i, len(times) - 1)]), 0.0, t0
        slope = (values[i] - values[i - 1]) / (times[i] - times[i - 1])
        return float(values[i - 1]), float(slope), float(times[i - 1])

    def range(self, end: float) -> tuple[float, float]:
        """Lowest and highest temperature for 0 <= t <= end; an expression is sampled."""
        if self.program is not None:
            from simulator.problem.programs import evaluate

            # The logarithmic half finds what happens within the first seconds of a long run.
            times = np.concatenate((np.linspace(0.0, end, SAMPLES), end * np.logspace(-8.0, 0.0, SAMPLES)))
            values = np.broadcast_to(evaluate(self.program, t=times), times.shape)
            return float(values.min()), float(values.max())
        times, values = self.points
        inside = values[(times > 0.0) & (times < end)]
        values = np.concatenate((inside, [self(0.0, 1), self(end, -1)]))
        return float(values.min()), float(values.max())

    def check(self, end: float) -> list[Fault]:
        """What cannot be seen before the end time is known: an expression that is not above 0 K."""
        if self.program is None:
            return []
        lowest, highest = self.range(end)
        if lowest > 0.0 and np.isfinite(highest):
            return []
        text = f"must stay above 0 K and finite for 0 <= t <= {end:g} s, but reaches {lowest:g} K to {highest:g} K."
        return [Fault("temperature.expression", text)]


def kelvin(value, where: str) -> float:
    T = number(value, "K", where)
    if not T > 0.0:
        raise Invalid.at(where, f'a temperature is above 0 K, got {T:g} K; write degrees as "{T:g} degC".')
    return T

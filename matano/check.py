"""Does a result show what its case expects? The numbers behind `matano run --check`."""

from dataclasses import dataclass

import numpy as np

from simulator.faults import Invalid, near


@dataclass(frozen=True)
class Outcome:
    """One comparison: what was compared, how far it is off, and how far it may be."""

    what: str
    measured: float
    allowed: float

    @property
    def passed(self) -> bool:
        return bool(self.measured <= self.allowed)  # False for NaN

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "OUT OF TOLERANCE"
        return f"{self.what}: {self.measured:.3g} (allowed {self.allowed:.3g}) {verdict}"


def check(result, expect) -> list[Outcome]:
    """Compare a result with [expect]: the exact solution at the last time, and the values given one by one."""
    outcomes = []
    if expect is None:
        return outcomes
    if expect.exact is not None:
        outcomes.append(exact_outcome(result, expect.exact, expect.max_error))
    for k, entry in enumerate(expect.value or ()):
        outcomes.append(value_outcome(result, entry, f"expect.value[{k}]"))
    return outcomes


def exact_outcome(result, name: str, max_error: float | None) -> Outcome:
    """max |x - x_exact| over cells and components at the last time; both are cell averages."""
    from simulator.solve.exact import exact_named

    solution, last = exact_named(name), result.snapshots[-1]
    reason = solution.applies(result.problem)
    if reason is not None:
        raise Invalid.at("expect.exact", reason)
    exact = result.problem.mixture.complete(solution.averages(result.problem, last.time, result.grid.faces))
    error = float(np.max(np.abs(exact - last.mole_fraction)))
    return Outcome(f"largest error against {name}", error, np.inf if max_error is None else max_error)


def value_outcome(result, entry, where: str) -> Outcome:
    """|measured - value| for one [[expect.value]]; the tolerance is atol + rtol |value|."""
    time = result.time[-1] if entry.time is None else entry.time
    index = int(np.argmin(np.abs(result.time - time)))
    if abs(result.time[index] - time) > 1e-9 * max(abs(time), 1e-300):
        raise Invalid.at(
            f"{where}.time", f"t = {time:g} s is not a saved time; the nearest is {result.time[index]:g} s."
        )
    measured = quantity_at(result, entry.quantity, index, entry.at, where)
    allowed = (entry.atol or 0.0) + (entry.rtol or 0.0) * abs(entry.value)
    place = (
        "" if entry.at is None else f" at {entry.at:g} m" if isinstance(entry.at, int | float) else f" at {entry.at}"
    )
    what = f"{entry.quantity}{place}, t = {time:g} s: {measured:.8g} against {entry.value:.8g}, off by"
    return Outcome(what, abs(measured - entry.value), allowed)


def quantity_at(result, quantity: str, index: int, at, where: str) -> float:
    """A mole fraction ("Ni", "x_Ni", "mole_fraction" for the only independent one) or a diagnostic at a saved time."""
    from simulator.solve.result import DIAGNOSTICS

    if quantity in DIAGNOSTICS:
        return float(result.diagnostics(quantity)[index])
    name = quantity.removeprefix("x_")
    if quantity == "mole_fraction" and result.problem.mixture.m == 1:
        name = result.problem.mixture.independent[0]
    if name not in result.components:
        known = [*result.components, *(f"x_{name}" for name in result.components), *DIAGNOSTICS]
        raise Invalid.at(
            f"{where}.quantity", f"unknown quantity {quantity!r}; known: {', '.join(known)}.{near(quantity, known)}"
        )
    if at is None:
        raise Invalid.at(f"{where}.at", "a mole fraction is expected at a position; give `at`, in m or with its unit.")
    from simulator.laws.units import number

    values = result.snapshots[index].mole_fraction[result.components.index(name)]
    return point_value(result.grid, values, number(at, "m", f"{where}.at"), f"{where}.at")


def point_value(grid, averages: np.ndarray, x: float, where: str = "") -> float:
    """The value at x of a profile known by cell averages (N,): the slope of the quartic through five face integrals.

    Radial grids: that of the volume-weighted integral over the area at x, so x = 0 takes the first cell's average.
    """
    left, right = grid.interval
    if not left <= x <= right:
        raise Invalid.at(where, f"x = {x:g} m lies outside the domain, {left:g} to {right:g} m.")
    count = min(4, grid.cells)
    cell = int(np.clip(np.searchsorted(grid.faces, x) - 1, 0, grid.cells - 1))
    first = int(np.clip(cell - count // 2 + (1 if x > grid.centres[cell] else 0), 0, grid.cells - count))
    faces = grid.faces[first : first + count + 1]
    area = float(grid.area(np.array([x]))[0])
    if area <= 0.0:
        return float(averages[0])
    middle, size = 0.5 * (faces[0] + faces[-1]), 0.5 * (faces[-1] - faces[0])
    # measured from the first cell's value: the differences carry the digits
    base = averages[cell]
    steps = (averages[first : first + count] - base) * grid.volumes[first : first + count]
    integral = np.concatenate([[0.0], np.cumsum(steps)])
    polynomial = np.polynomial.Polynomial(
        np.linalg.solve(np.vander((faces - middle) / size, increasing=True), integral)
    )
    return float(base + polynomial.deriv()((x - middle) / size) / size / area)

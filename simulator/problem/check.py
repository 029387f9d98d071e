"""Everything that can be wrong with a problem although each part of it is right, found before anything is computed."""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.problem.boundary import Closed, Exchange, Fixed

MOST_UNKNOWNS = 8  # a cell: what the engine's elimination is built for
FEW = 11  # times and positions at which a coefficient that depends on them is looked at


def faults_of(problem) -> list[Fault]:
    """All faults of a problem, those of its parts first; the law is asked only about compositions that exist."""
    parts = list(chain(temperature(problem), start(problem), ends(problem), geometry(problem), source(problem)))
    if any(fault.where.split(".")[0] in ("initial", "boundary", "temperature") for fault in parts):
        return unique(parts)
    return unique(
        [*parts, *steady(problem), *sweep(problem), *law(problem), *grid(problem), *markers(problem), *volume(problem)]
    )


def unique(faults: list[Fault]) -> list[Fault]:
    return list(dict.fromkeys(faults))


def temperature(problem) -> list[Fault]:
    if problem.temperature is None:
        return []
    if problem.steady and not problem.temperature.constant:
        return [Fault("temperature", "a steady state needs a constant temperature; give a value, or an end time.")]
    return problem.temperature.check(0.0 if problem.steady else problem.end)


def start(problem) -> list[Fault]:
    return problem.initial.check(problem.mixture, problem.domain.interval)


def ends(problem) -> list[Fault]:
    temperatures = np.array([problem.temperature_at(t) for t in problem.times])
    return problem.boundary.check(problem.mixture, problem.times, temperatures)


def geometry(problem) -> list[Fault]:
    if problem.domain.geometry == "planar":
        return []
    faults, left = [], problem.boundary.left
    if problem.boundary.periodic:
        faults.append(
            Fault("boundary.left", f"periodic ends need planar geometry, and this one is {problem.domain.geometry}.")
        )
    elif problem.domain.interval[0] == 0.0 and not isinstance(left, Closed):
        what = "has no area" if not isinstance(left, Fixed) else "has no area, and nothing can be held there"
        faults.append(Fault("boundary.left", f'r = 0 {what}; use left = "closed", or start the interval at r > 0.'))
    return faults


def source(problem) -> list[Fault]:
    try:
        program = problem.source_program
        if program is None:
            return []
        points = problem.extremes
        x = np.linspace(*problem.domain.interval, 101)[None, :]
        values = program(np.repeat(points[:, :1], 101, axis=1), x=x[0], t=0.0, T=problem.temperature_at(0.0))
    except Invalid as invalid:
        return [fault for fault in invalid.faults if fault.where.startswith("source")]
    faults = []
    for name, row in zip(problem.mixture.independent, np.broadcast_to(values, (problem.mixture.m, 101)), strict=True):
        if not np.all(np.isfinite(row)):
            i = int(np.argmax(~np.isfinite(row)))
            hint = " Give a [temperature] if it depends on T." if problem.temperature is None else ""
            faults.append(
                Fault(f"source.{name}", f"is {row[i]} at x = {x[0, i]:g} m at the start; it must be finite.{hint}")
            )
    return faults


def steady(problem) -> list[Fault]:
    if not problem.steady:
        return []
    faults, ends = [], (problem.boundary.left, problem.boundary.right)
    if problem.boundary.depends_on_time:
        text = "a steady state needs ends that do not change in time; leave t out, or give an end time."
        faults.append(Fault("boundary", text))
    held = any(isinstance(end, Fixed) or (isinstance(end, Exchange) and end.coefficient > 0.0) for end in ends)
    if not held and problem.source is None and problem.mixture.dependent:  # closed ions keep what they started with
        text = "a steady state is not determined unless an end is fixed or exchanges; hold one, or give an end time."
        faults.append(Fault("boundary", text))
    return faults


def sweep(problem) -> list[Fault]:
    """A sweep needs a law of ions, whose steady states it goes through."""
    if not problem.sweep:
        return []
    if problem.mixture.quantity != "concentration":
        return [Fault("sweep_voltage", f"the law {problem.law.kind} carries no current; use nernst-planck.")]
    if not problem.steady:
        return [Fault("sweep_voltage", 'the currents of a sweep are steady ones: use [time] end = "steady".')]
    return []


def law(problem) -> list[Fault]:
    if problem.mixture.m > MOST_UNKNOWNS:
        most, count = MOST_UNKNOWNS + 1, len(problem.mixture.components)
        return [Fault("components", f"at most {most} components can be solved for, got {count}.")]
    try:
        times = problem.times[:: max(1, problem.times.size // FEW)]
        problem.law.check(problem.sample, problem.temperatures, times, np.linspace(*problem.domain.interval, FEW))
    except Invalid as invalid:
        return list(invalid.faults)
    return problem.law.check_problem(problem)


def grid(problem) -> list[Fault]:
    try:
        _ = problem.grid
    except Invalid as invalid:
        return list(invalid.faults)
    return []


def markers(problem) -> list[Fault]:
    """Markers need a lattice that moves, in planar geometry, inside the sample."""
    if not problem.markers:
        return []
    faults = []
    if not problem.law.lattice:
        text = f"the law {problem.law.kind} has no lattice fluxes, with which markers move; use darken or onsager."
        faults.append(Fault("markers", text))
    if problem.domain.geometry != "planar":
        faults.append(Fault("markers", f"markers need planar geometry, and this one is {problem.domain.geometry}."))
    if problem.steady:
        faults.append(Fault("markers", "a steady state has no moving markers; give an end time."))
    if problem.boundary.periodic:
        faults.append(Fault("markers", "markers need ends, and these are periodic."))
    return [*faults, *outside(problem.markers, problem.domain.interval)]


def outside(markers: Sequence[float], interval: tuple[float, float]) -> list[Fault]:
    """Markers (m) that are not between the ends of the sample."""
    a, b = interval
    return [
        Fault(f"markers.at[{i}]", f"{place:g} m is outside the sample, which goes from {a:g} m to {b:g} m.")
        for i, place in enumerate(markers)
        if not a <= place <= b
    ]


def volume(problem) -> list[Fault]:
    """A volume that varies: planar, between ends through which no volume comes or goes unasked."""
    if not problem.swells:
        return []
    faults, where = [], "molar_volume.kind"
    if problem.domain.geometry != "planar":
        text = f"a molar volume that varies needs planar geometry, and this one is {problem.domain.geometry}."
        faults.append(Fault(where, text))
    if problem.steady:
        faults.append(Fault(where, "a steady state needs a constant molar volume; give an end time."))
    if problem.source:
        faults.append(Fault("source", "rates need a constant molar volume."))
    for side in ("left", "right"):
        end = getattr(problem.boundary, side)
        if not isinstance(end, Closed | Fixed):
            text = f"a molar volume that varies needs closed or fixed ends, and this one is {end.word}."
            faults.append(Fault(f"boundary.{side}", text))
    if "x" in problem.law.depends_on:
        faults.append(Fault("law", "a coefficient that depends on x needs a constant molar volume."))
    return faults

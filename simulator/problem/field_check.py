"""Everything that can be wrong with a problem in two or three dimensions, found before anything is computed."""

from itertools import chain

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.problem.box import machine_memory
from simulator.problem.check import MOST_UNKNOWNS, unique
from simulator.problem.gap import fading
from simulator.problem.noise import Wave

FEW = 11
# What an exact logarithm keeps of a fraction that is this close to 0 or 1 is rounding.
CLOSEST = 1e-12


def faults_of(problem) -> list[Fault]:
    """All faults of a problem; the law is asked only about compositions that exist, and in memory that there is."""
    parts = list(chain(dimensions(problem), memory(problem), temperature(problem)))
    if parts:
        return unique(parts)
    parts = start(problem)
    if parts:
        return unique(parts)
    return unique([*law(problem), *source(problem)])


def dimensions(problem) -> list[Fault]:
    """Laws that let nothing un-mix, variable volume and interstitials are for one dimension."""
    from simulator.laws.catalogue import LAWS

    faults = []
    if not problem.law.separates:
        flat, fields = ([law.kind for law in LAWS if law.separates == kind] for kind in (False, True))
        text = (
            f"{problem.law.kind} is for one dimension, as are {', '.join(k for k in flat if k != problem.law.kind)}: "
            f'give [domain] interval and one number of cells, or use law.kind = "{", ".join(fields)}".'
        )
        faults.append(Fault("law.kind", text))
    if problem.mixture.m > MOST_UNKNOWNS:
        count = len(problem.mixture.components)
        faults.append(Fault("components", f"at most {MOST_UNKNOWNS + 1} components can be solved for, got {count}."))
    if problem.molar_volume is not None and problem.molar_volume.varies:
        faults.append(Fault("molar_volume.kind", "fields need a constant molar volume."))
    if getattr(problem.mixture, "interstitial", ()):
        faults.append(Fault("interstitial", "fields know substitutional components only; leave it out."))
    return faults


def memory(problem) -> list[Fault]:
    needed, there = problem.box.memory(problem.mixture.m, len(problem.save)), machine_memory()
    if there is None or needed <= there:
        return []
    cells = " x ".join(map(str, problem.box.cells))
    text = (
        f"{cells} cells and {len(problem.save)} saved times need about {needed / 1e9:.3g} GB, and this machine has "
        f"{there / 1e9:.3g} GB; use fewer cells or save fewer times."
    )
    return [Fault("domain.cells", text)]


def temperature(problem) -> list[Fault]:
    return [] if problem.temperature is None else problem.temperature.check(problem.end)


def start(problem) -> list[Fault]:
    """A start of the wrong shape, or outside what the law admits."""
    try:
        values = problem.start()
    except Invalid as invalid:
        return list(invalid.faults)
    if not problem.law.confined:
        return []
    faults = []
    for name, row in zip(problem.mixture.components, problem.mixture.complete(values), strict=True):
        lowest, highest = float(row.min()), float(row.max())
        if lowest >= 0.0 and highest <= 1.0 and not problem.law.logarithmic:
            continue
        if lowest > CLOSEST and highest < 1.0 - CLOSEST:
            continue
        value = lowest if lowest <= CLOSEST else highest
        if problem.law.logarithmic and 0.0 <= value <= 1.0:
            text = (
                f"x_{name} is {value:.6g} somewhere in the start, where its exact logarithm has no finite slope: "
                "start from 0.001 or 0.999 instead, or from the compositions of the binodal."
            )
        else:
            text = f"x_{name} is {value:.6g} somewhere in the start; it must lie between 0 and 1."
        faults.append(Fault("initial", text))
    return faults


def law(problem) -> list[Fault]:
    """What the law says of the start, and of the width of an interface against the cells."""
    times = np.unique(np.linspace(0.0, problem.end, FEW))
    positions = np.linspace(0.0, max(problem.box.size), FEW)
    try:
        problem.law.check(problem.sample, problem.temperatures, times, positions)
        return problem.law.resolution(max(problem.box.spacing), problem.temperatures)[0]
    except Invalid as invalid:
        return list(invalid.faults)


def source(problem) -> list[Fault]:
    """Rates that cannot be read, or are not finite at the start."""
    try:
        program = problem.source_program
    except Invalid as invalid:
        return list(invalid.faults)
    if program is None:
        return []
    places = dict(zip(problem.box.axes, problem.box.mesh, strict=True))
    values = program(problem.start(), **places, t=0.0, T=problem.temperature_at(0.0))
    hint = " Give a [temperature] if it depends on T." if problem.temperature is None else ""
    return [
        Fault(f"source.{name}", f"is not finite somewhere at the start.{hint}")
        for name, row in zip(problem.mixture.independent, values, strict=True)
        if not np.isfinite(row).all()
    ]


def warnings_of(problem) -> tuple[str, ...]:
    """Interfaces of few cells, waves that do not close, and a start of small waves that will not un-mix."""
    narrow = problem.law.resolution(max(problem.box.spacing), problem.temperatures)[1]
    return (*narrow, *open_waves(problem), *fading(problem))


def open_waves(problem) -> list[str]:
    """Waves that do not close on periodic sides."""
    if not isinstance(problem.initial, Wave):
        return []
    said = []
    for where, ripple in problem.initial.ripples:
        periods = ripple.along(problem.box.dimensions, where)
        for axis, side, count in zip(problem.box.axes, problem.sides, periods, strict=True):
            if side == "periodic" and count != round(count):
                said.append(
                    f"{where}.periods: {count:g} along {axis} does not close on a periodic side; it jumps there."
                )
    return said

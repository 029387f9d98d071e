"""Figures of ions: the potential, the current over the voltage or the time, the charges."""

import numpy as np

from matano.drawing import (
    COLOURS,
    STYLES,
    chosen,
    entitle,
    label_positions,
    level,
    look_of_time,
    position_axis,
    pyplot,
    time_unit,
)
from matano.places import problem_of, refuse_without, state_name
from simulator.faults import Invalid
from simulator.laws.expression import CONSTANTS

NO_IONS = "this result has no potential: only the law nernst-planck finds one."
DECADES = 3.0  # of a current, beyond which it is drawn on a logarithmic axis as well
LONG = 100.0  # last saved time over the first one, beyond which times are drawn on a logarithmic axis
REST = 1e-9  # of the largest current: less is rounding
ROUNDING = 1e-6  # of F times the largest flux: a smaller current is none
MILLI = 1.0  # V, below which potentials are drawn in mV


def volt_unit(values: np.ndarray) -> tuple[str, float]:
    """The unit for potentials, and its size in V."""
    return ("mV", 1e-3) if np.abs(values).max() < MILLI else ("V", 1.0)


def potential(result):
    """phi over position at the saved times, counted from the left end."""
    times = chosen(result)
    refuse_without(result, "potential", "potential", NO_IONS)
    inner, ends = result.field("potential")[times], result.field("potential_end")[times]
    values = np.concatenate([ends[:, :1], inner, ends[:, 1:]], axis=1)
    unit, volts = volt_unit(values)
    figure, ax, size = position_axis(result, rf"$\varphi$ ({unit})")
    a, b = result.grid.interval
    x = np.concatenate([[a], result.x, [b]]) / size
    for j, index in enumerate(times):
        ax.plot(x, values[j] / volts, label=state_name(result, index), **look_of_time(j, len(times)))
    ax.legend()
    return figure


def current_voltage(result):
    """Steady currents over the voltages of a sweep; on a logarithmic axis too where they span decades."""
    chosen(result)
    refuse_without(result, "current", "current-voltage", NO_IONS)
    volts, amperes = result.field("voltage"), result.field("current")
    if volts.size < 2 or np.ptp(volts) == 0.0 or np.isfinite(result.time).any():
        text = "draws the steady states of a sweep; add [sweep_voltage] to the case."
        raise Invalid.at("plot current-voltage", text)
    order = np.argsort(volts)
    volts, amperes = volts[order], amperes[order]
    unit, size = volt_unit(volts)
    strong = np.abs(amperes)
    seen = strong > REST * strong.max()
    spans = bool(seen.any()) and strong[seen].max() > 10.0**DECADES * strong[seen].min()
    count = 2 if spans else 1
    figure, axes = pyplot().subplots(count, 1, sharex=True, figsize=(6.4, 4.2 if count == 1 else 6.0), squeeze=False)
    ax = axes[0, 0]
    ax.axhline(0.0, color="black", linewidth=0.8)
    ax.plot(volts / size, amperes, "o-", markersize=3.5)
    ax.set_ylabel(r"$i$ (A/m$^2$)")
    mark_zero(ax, volts, amperes, unit, size)
    if spans:
        magnitudes(axes[1, 0], volts / size, amperes)
    axes[-1, 0].set_xlabel(rf"$\varphi$ of the right end against the left ({unit})")
    entitle(ax, result)
    return figure


def mark_zero(ax, volts: np.ndarray, amperes: np.ndarray, unit: str, size: float) -> None:
    """A mark where the current changes sign, if it does once."""
    from simulator.solve.reversal import zero_current

    try:
        at = zero_current(volts, amperes, "plot current-voltage")
    except Invalid:
        return
    ax.plot([at / size], [0.0], "D", color=COLOURS[1], markersize=6, label=f"no current at {at / size:.4g} {unit}")
    ax.legend()


def current(result):
    """The current over time."""
    chosen(result)
    refuse_without(result, "current", "current", NO_IONS)
    if not np.isfinite(result.time).all() or result.time.size < 2:
        text = "draws a run in time with two saved times or more; of a sweep draw current-voltage."
        raise Invalid.at("plot current", text)
    values = result.field("current")
    if np.abs(values).max() < ROUNDING * CONSTANTS["F"] * np.abs(result.flux).max():
        raise Invalid.at("plot current", "no current flows in this run.")
    figure, ax = pyplot().subplots()
    strong = np.abs(values)
    seen = strong > REST * strong.max()
    if strong[seen].max() > 10.0**DECADES * strong[seen].min():
        unit, size = time_unit(float(result.time[-1]))
        magnitudes(ax, result.time / size, values)
        logarithmic_time(ax, result.time, unit)
    else:
        over_time(ax, result.time, [("", values)])
        level(ax)
        ax.set_ylabel(r"$i$ (A/m$^2$)")
    entitle(ax, result)
    return figure


def magnitudes(ax, x: np.ndarray, amperes: np.ndarray) -> None:
    """|i| on a logarithmic axis, in two styles for the two directions."""
    strong = np.abs(amperes)
    seen = strong > REST * strong.max()
    for sign, mark, colour, name in ((1.0, "o-", COLOURS[0], "towards +x"), (-1.0, "s--", COLOURS[1], "towards -x")):
        own = (sign * amperes > 0.0) & seen
        if own.any():
            ax.plot(x[own], strong[own], mark, color=colour, markersize=3.5, label=name)
    ax.set_yscale("log")
    ax.set_ylabel(r"$|i|$ (A/m$^2$)")
    ax.legend()


def over_time(ax, time: np.ndarray, curves) -> None:
    """Curves (name, values) over the saved times, on a logarithmic axis where these span decades."""
    unit, size = time_unit(float(time[-1]))
    for k, (name, values) in enumerate(curves):
        look = {"color": COLOURS[k], "linestyle": STYLES[k], "marker": "os"[k % 2], "markersize": 4}
        ax.plot(time / size, values, label=name or None, **look)
    logarithmic_time(ax, time, unit)


def logarithmic_time(ax, time: np.ndarray, unit: str) -> None:
    """Name an axis of times, logarithmic where they span decades."""
    if time[-1] > LONG * time[time > 0.0][0]:
        ax.set_xscale("log")
    ax.set_xlabel(f"t ({unit})")


def charge(result):
    """The charge in space over position, and that on the electrodes at every saved state."""
    times = chosen(result)
    reason = 'this result keeps no charge apart: that takes closure = "poisson".'
    refuse_without(result, "surface_charge", "charge", reason)
    problem = problem_of(result)
    if problem is None:
        raise Invalid.at("plot charge", "needs the case of the result, whose ions have the charges.")
    from simulator.laws.charge import fixed_charge

    density = CONSTANTS["F"] * (
        problem.mixture.charge(result.composition[times].swapaxes(0, 1)) + fixed_charge(problem.law, result.x)
    )
    several = len(result.snapshots) > 1
    figure, axes = pyplot().subplots(1 + several, 1, figsize=(6.4, 6.4 if several else 4.2), squeeze=False)
    upper = axes[0, 0]
    size = label_positions(upper.set_xlabel, result)
    for j, index in enumerate(times):
        upper.plot(result.x / size, density[j], label=state_name(result, index), **look_of_time(j, len(times)))
    upper.set_ylabel(r"charge in space (C/m$^3$)")
    upper.legend()
    entitle(upper, result)
    if several:
        lower, walls = axes[1, 0], result.field("surface_charge")
        curves = [("left electrode", walls[:, 0]), ("right electrode", walls[:, 1])]
        if np.isfinite(result.time).all():
            over_time(lower, result.time, curves)
        else:
            unit, volt = volt_unit(result.field("voltage"))
            for k, (name, values) in enumerate(curves):
                look = {"color": COLOURS[k], "linestyle": STYLES[k], "marker": "os"[k], "markersize": 4}
                lower.plot(result.field("voltage") / volt, values, label=name, **look)
            lower.set_xlabel(rf"$\varphi$ of the right end against the left ({unit})")
        lower.set_ylabel("charge on the\nelectrodes (C/m$^2$)")
        lower.legend()
    return figure

"""Figures of profiles: compositions, fluxes, molar volumes, coefficients, the path in the triangle, diagnostics."""

import numpy as np

from matano.console import duration
from matano.drawing import (
    COLOURS,
    STYLES,
    chosen,
    corners,
    enlarge,
    entitle,
    label_positions,
    legend,
    level,
    look_of_time,
    position_axis,
    pyplot,
    root_time_axis,
    show_zone,
    time_unit,
    triangle_figure,
)
from matano.places import face_positions, flux_unit, problem_of, refuse_without, state_name
from simulator.faults import Invalid

UNITS = {"m/s": r"$J V_m$ (m/s)", "mol/(m^2 s)": r"$J$ (mol/(m$^2$ s))"}
AXES = {"mole_fraction": "mole fraction", "concentration": "concentration (mol/m$^3$)"}
DECADES = 3.0  # beyond which concentrations are drawn on a logarithmic axis
TRACE = 1e-18  # of the largest concentration: less is what diffusion has hardly reached, and no axis should show
MOST_BESIDE = 3  # components whose names have room beside their lines


def curves(result, arrays: np.ndarray, positions: np.ndarray, ylabel: str):
    """One line per drawn component and time: figure, axes, the size of the unit of x.

    arrays (t, n, k) at positions (t, k). Colours and styles are components, or colours are times if only one component
    is drawn.
    """
    figure, ax, size = position_axis(result, ylabel)
    times = chosen(result)
    names = list(result.components)
    if len(names) == 2 and result.quantity == "mole_fraction":
        problem = problem_of(result)
        names = list(names[:1] if problem is None else problem.mixture.independent)
    for k, name in enumerate(names):
        row = result.components.index(name)
        for j, index in enumerate(times):
            if len(names) == 1:
                look = look_of_time(j, len(times)) | {"label": f"{name}, {state_name(result, index)}"}
            else:
                look = {"color": COLOURS[k % len(COLOURS)], "linestyle": STYLES[k % len(STYLES)]}
                look |= {"alpha": 0.3 + 0.7 * (j + 1) / len(times), "label": name if index == times[-1] else None}
            ax.plot(positions[index] / size, arrays[index][row], **look)
    show_zone(ax, result, size, [result.components.index(name) for name in names])
    if len(names) > 1 and len(times) > 1:
        ax.plot([], [], " ", label=f"{state_name(result, times[0])} (pale) to {state_name(result, times[-1])}")
    return figure, ax, size


def wide(values: np.ndarray) -> bool:
    """Whether concentrations need a logarithmic axis: all above traces, over more than DECADES."""
    low, high = float(values.min()), float(values.max())
    return low > TRACE * high and high > 10.0**DECADES * low


def profiles(result):
    """Mole fractions, or concentrations, over position at the saved times, with the markers and interfaces of the last
    one."""
    last = chosen(result)[-1]
    ylabel = AXES[result.quantity]
    figure, ax, size = curves(result, result.composition, result.position, ylabel)
    if result.quantity == "concentration" and wide(result.composition[chosen(result)]):
        ax.set_yscale("log")
    for name, label, style in (
        ("interface_position", "interface", {"color": "0.45", "linewidth": 0.8}),
        ("marker_position", "marker", {"color": "black", "linestyle": ":", "linewidth": 1.2}),
    ):
        places = result.field(name)[last] if result.has(name) else ()
        for k, place in enumerate(places):
            ax.axvline(place / size, label=label if k == 0 else None, zorder=0, **style)
    legend(figure, ax, len(result.components) > MOST_BESIDE)
    return figure


def fluxes(result):
    """Fluxes in the number-fixed frame, of ions through the solvent at rest, over position at the saved times."""
    chosen(result)
    unit = flux_unit(result)
    figure, ax, _ = curves(result, result.flux, face_positions(result), UNITS.get(unit, unit))
    level(ax)
    legend(figure, ax, len(result.components) > MOST_BESIDE)
    return figure


def volume(result):
    """The molar volume over position at the saved times, and how far the right end has moved."""
    times = chosen(result)
    refuse_without(
        result,
        "molar_volume",
        "volume",
        "the cells of this result rest: its molar volume is constant or unknown; see [molar_volume].",
    )
    figure, (upper, lower) = pyplot().subplots(2, 1, figsize=(6.4, 6.4))
    volumes, positions = result.field("molar_volume"), result.position
    size = label_positions(upper.set_xlabel, result)
    for j, index in enumerate(times):
        label = duration(result.time[index])
        upper.plot(positions[index] / size, 1e6 * volumes[index], **look_of_time(j, len(times)), label=label)
    upper.set_ylabel(r"$V_m$ (cm$^3$/mol)")
    show_zone(upper, result, size)
    upper.legend()
    moved = face_positions(result)[:, -1] - result.grid.faces[-1]
    size = root_time_axis(lower, float(result.time[-1]))
    lower.plot(np.append(0.0, result.time) / size, 1e6 * np.append(0.0, moved), "o-", markersize=4, clip_on=False)
    lower.set_ylabel("displacement of the\nright end (um)")
    entitle(upper, result)
    return figure


def diagnostics(result):
    """Error estimate, conservation error and steps over the saved times, or over the voltages of a sweep."""
    chosen(result)
    timed = bool(np.isfinite(result.time).all())
    if not timed and not (result.has("voltage") and len(result.snapshots) > 1):
        text = (
            "draws saved times, or the voltages of a sweep; `matano info` tells the numbers of a single steady state."
        )
        raise Invalid.at("plot diagnostics", text)
    figure, (upper, lower) = pyplot().subplots(2, 1, sharex=True, figsize=(6.4, 5.4))
    unit, size = time_unit(float(result.time[-1])) if timed else ("V", 1.0)
    places = (result.time if timed else result.field("voltage")) / size
    tiny = np.finfo(float).tiny
    for name, mark in (("error_estimate", "o-"), ("conservation_error", "s--")):
        values = np.abs(result.diagnostics(name))
        if np.any(np.isfinite(values) & (values > tiny)):
            values = np.where(values > tiny, values, np.nan)
            upper.plot(places, values, mark, markersize=4, label=name.replace("_", " "))
    if upper.lines:
        upper.set_yscale("log")
        upper.legend()
    upper.set_ylabel("error in the mole fraction" if result.quantity == "mole_fraction" else "error (mol/m$^3$)")
    lower.plot(places, result.diagnostics("steps"), "o-", markersize=4, label="steps")
    lower.plot(places, result.diagnostics("rejected_steps"), "s--", markersize=4, label="rejected steps")
    lower.set_xlabel(f"t ({unit})" if timed else "voltage (V)")
    lower.set_ylabel("number")
    lower.legend()
    entitle(upper, result)
    return figure


def path(result):
    """The diffusion path of a ternary: where the compositions of the profile lie in the triangle."""
    if len(result.components) != 3:
        raise Invalid.at("plot path", f"draws three components; this result has {len(result.components)}.")
    figure, ax = triangle_figure(result, result.components)
    times = chosen(result)
    for j, index in enumerate(times):
        fractions = result.mole_fraction[index]
        ax.plot(*corners(fractions), **look_of_time(j, len(times)), label=duration(result.time[index]))
    last = result.mole_fraction[times[-1]]
    ax.plot(*corners(last[:, [0, -1]]), "o", color="black", markersize=4)
    enlarge(ax, np.hstack(list(result.mole_fraction[times])))
    ax.legend(loc="upper right", bbox_to_anchor=(1.1, 1.0))
    return figure

"""Figures of the lattice and of what moves with it: markers, its velocity, fluxes in both frames, layers."""

import numpy as np

from matano.console import duration
from matano.drawing import (
    COLOURS,
    MARKS,
    SPEEDS,
    STYLES,
    chosen,
    entitle,
    label_positions,
    legend,
    position_axis,
    pyplot,
    root_time_axis,
    show_zone,
    unit_of,
)
from matano.places import (
    character,
    contact_plane,
    face_positions,
    flux_unit,
    interface_starts,
    layer_names,
    marker_starts,
    refuse_without,
)
from matano.profile_figures import MOST_BESIDE, UNITS
from simulator.faults import Invalid

MOST_NAMED = 8
REST = 1e-9  # of the lattice fluxes: a sum of them that is less is rounding
NO_LATTICE = (
    'this law has no fluxes in the lattice frame; use law.kind = "darken", or "onsager" with frame = "lattice".'
)


def markers(result):
    """Positions of the markers against sqrt t, and the plane where the couple was joined."""
    chosen(result)
    refuse_without(result, "marker_position", "markers", "this result has no markers; add [markers] to its case.")
    figure, ax = pyplot().subplots()
    size = label_positions(ax.set_ylabel, result)
    unit = root_time_axis(ax, float(result.time[-1]))
    times, places = from_start(result, result.field("marker_position"), marker_starts(result))
    few = places.shape[1] <= MOST_NAMED
    for k, place in enumerate(places.T):
        look = {"color": COLOURS[k], "marker": MARKS[k], "linestyle": STYLES[k], "label": f"marker {k}"} if few else {}
        look = {"color": COLOURS[0], "marker": ".", "label": "marker" if k == 0 else None} | look
        ax.plot(times / unit, place / size, markersize=4, clip_on=False, **look)
    plane = contact_plane(result)
    if plane is not None:
        ax.axhline(plane / size, color="grey", linestyle=":", linewidth=1.2, label="contact plane")
    legend(figure, ax, not few)
    entitle(ax, result)
    return figure


def from_start(result, places: np.ndarray, starts: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Times and places (t, k), led by those of the start where they are known and were not saved."""
    if starts is None or result.time[0] == 0.0:
        return result.time, places
    return np.append(0.0, result.time), np.vstack([starts, places])


def velocity(result):
    """The lattice velocity at the last time, the line (x - x_0)/2t, and the Kirkendall planes where they meet."""
    from simulator.solve.kirkendall import kinds, kirkendall_planes

    last = chosen(result)[-1]
    refuse_without(result, "lattice_velocity", "velocity", NO_LATTICE)
    if rests(result, last):
        raise Invalid.at("plot velocity", "the lattice rests: what flows one way is balanced by what flows back.")
    figure, ax, size = position_axis(result, "")
    x, v = face_positions(result)[last], result.field("lattice_velocity")[last]
    name, speed = unit_of(float(np.max(np.abs(v))), SPEEDS)
    ax.set_ylabel(f"velocity ({name})")
    label = f"lattice, {duration(result.time[last])}"
    ax.plot(x / size, v / speed, color=COLOURS[0], label=label)
    show_zone(ax, result, size)
    plane = contact_plane(result)
    if plane is None or not result.time[last] > 0.0:
        ax.legend()
        return figure
    ax.set_ylim(*margined(v / speed))
    line = (x - plane) / (2.0 * result.time[last])
    ax.plot(x / size, line / speed, color=COLOURS[1], linestyle="--", label=r"$(x - x_0)/2t$")
    found = kirkendall_planes(result)
    for label, fill in (("stable", "black"), ("unstable, attracts", "0.65"), ("unstable", "white")):
        spots = [(entry.position / size, entry.velocity / speed) for entry in found if character(entry) == label]
        if spots:
            look = {"color": "black", "markerfacecolor": fill, "markersize": 6, "zorder": 5}
            ax.plot(*np.array(spots).T, "o", label=f"plane: {label}", **look)
    ax.legend()
    entitle(ax, result, f"{kinds(found)} Kirkendall plane" + "s" * (len(found) > 1))
    return figure


def rests(result, k: int) -> bool:
    """Whether the lattice velocity, the sum of the lattice fluxes, is rounding beside them; False where the molar
    volume varies, whose fluxes do not sum to it."""
    if result.has("molar_volume") or not result.has("lattice_flux"):
        return False
    fluxes = result.field("lattice_flux")[k]
    return float(np.abs(fluxes.sum(axis=0)).max()) <= REST * float(np.abs(fluxes).sum(axis=0).max())


def margined(values: np.ndarray) -> tuple[float, float]:
    """Limits with a tenth of the range of the values (k,) on either side of them."""
    low, high = float(np.min(values)), float(np.max(values))
    room = 0.1 * (high - low) if high > low else 1.0
    return low - room, high + room


def lattice_fluxes(result):
    """The fluxes of all components at the last time, in the lattice frame and in the number-fixed frame."""
    last = chosen(result)[-1]
    refuse_without(result, "lattice_flux", "lattice-fluxes", NO_LATTICE)
    unit = flux_unit(result)
    figure, ax, size = position_axis(result, UNITS.get(unit, unit))
    x = face_positions(result)[last] / size
    frames = ((result.field("lattice_flux")[last], "-", 1.8), (result.flux[last], "--", 1.2))
    for fluxes, style, width in frames:
        for k, name in enumerate(result.components):
            look = {"color": COLOURS[k % len(COLOURS)], "marker": MARKS[k % len(MARKS)], "markersize": 4}
            look |= {"markevery": max(1, len(x) // 25), "label": name if style == "-" else None}
            ax.plot(x, fluxes[k], linestyle=style, linewidth=width, **look)
    ax.plot([], [], "-", color="grey", label="lattice frame")
    ax.plot([], [], "--", color="grey", linewidth=1.2, label="number-fixed frame")
    show_zone(ax, result, size)
    legend(figure, ax, len(result.components) > MOST_BESIDE)
    entitle(ax, result, duration(result.time[last]))
    return figure


def layers(result):
    """Positions of the interfaces against sqrt t, the layers between them by name, and markers."""
    chosen(result)
    reason = 'this result has no interfaces between phases; use law.kind = "line-compounds" or "two-phase".'
    refuse_without(result, "interface_position", "layers", reason)
    figure, ax = pyplot().subplots()
    size = label_positions(ax.set_ylabel, result)
    unit = root_time_axis(ax, float(result.time[-1]))
    times, places = from_start(result, result.field("interface_position"), interface_starts(result))
    for k, (low, high) in enumerate(zip(places.T, places.T[1:], strict=False)):
        ax.fill_between(times / unit, low / size, high / size, color=COLOURS[k % len(COLOURS)], alpha=0.18, linewidth=0)
    for k, place in enumerate(places.T):
        style = STYLES[k % len(STYLES)]
        ax.plot(times / unit, place / size, color="black", marker=".", linestyle=style, label=f"interface {k}")
    for k, name in enumerate(layer_names(result)):
        if places[-1, k + 1] > places[-1, k]:
            middle = 0.5 * (places[-1, k] + places[-1, k + 1])
            ax.annotate(name, (1.01, middle / size), xycoords=("axes fraction", "data"), va="center")
    if result.has("marker_position"):
        times, places = from_start(result, result.field("marker_position"), marker_starts(result))
        for k, place in enumerate(places.T):
            label = "marker" if k == 0 else None
            ax.plot(times / unit, place / size, color=COLOURS[1], marker="x", linestyle=":", label=label)
    ax.legend()
    entitle(ax, result)
    return figure

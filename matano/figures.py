"""Figures of results and of what was recovered from them, drawn without a display, in readable units."""

from pathlib import Path

import numpy as np

from matano.console import UsageFault, check_target, duration, whole
from simulator.faults import Invalid

LENGTHS = (("nm", 1e-9), ("um", 1e-6), ("mm", 1e-3), ("m", 1.0))
COLOURS = ("#1f5a96", "#c8501e", "#2b8a57", "#8a3f8f", "#b58900", "#4d4d4d", "#17a2a2", "#a61e4d")
MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")
MOST_CURVES = 6
MOVED = 1e-3  # of the step of a profile: what differs less from an end value rests
MARGIN = 0.25  # of the zone where something happens, shown on either side of it
ENDINGS = (".png", ".pdf", ".svg")


def pyplot():
    """Matplotlib's pyplot, drawing into files, with the style of every figure here."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams.update(
        {
            "figure.figsize": (6.4, 4.2),
            "figure.dpi": 150,
            "figure.constrained_layout.use": True,
            "font.size": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "grid.linewidth": 0.6,
            "lines.linewidth": 1.6,
            "legend.frameon": False,
            "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
        }
    )
    return plt


def length_unit(extent: float) -> tuple[str, float]:
    """The unit in which a length reads as a number between about 1 and 1000."""
    for name, size in LENGTHS:
        if extent < 2000.0 * size:
            return name, size
    return LENGTHS[-1]


def check_figure(path: Path) -> None:
    """Raise UsageFault unless a figure may be written at `path`."""
    check_target(path)
    if path.suffix.lower() not in ENDINGS:
        raise UsageFault.at(str(path), f"unknown kind of figure {path.suffix!r}; use .png, .pdf or .svg.")


def write(figure, path: Path) -> Path:
    """Write a figure and close it; UsageFault where it cannot be written."""
    check_figure(path)
    try:
        with whole(path) as part:
            figure.savefig(part)
    finally:
        pyplot().close(figure)
    return path


def chosen(result) -> list[int]:
    """Indices of the saved times to draw: not more than can be told apart, the last one among them."""
    count = len(result.snapshots)
    if not count:
        raise Invalid.at(result.source, "holds no saved time yet.")
    return sorted(set(np.linspace(count - 1, 0, min(count, MOST_CURVES)).round().astype(int).tolist()))


def axes(result, ylabel: str):
    """A figure over the position axis: figure, axes, the size of the unit of x."""
    figure, ax = pyplot().subplots()
    name, size = length_unit(float(np.max(np.abs(result.grid.faces))))
    ax.set_xlabel(f"{'x' if result.grid.geometry == 'planar' else 'r'} ({name})")
    ax.set_ylabel(ylabel)
    if result.title:
        ax.set_title(result.title, fontsize=10)
    return figure, ax, size


def shade(k: int, count: int):
    """The colour of the k-th of so many times: the later, the darker."""
    return pyplot().get_cmap("viridis")(0.05 + 0.85 * (count - 1 - k) / max(1, count - 1))


def zone(x: np.ndarray, fractions: np.ndarray) -> tuple[float, float] | None:
    """Where something happens: outside it, with a margin, every profile (k, N) stays at its end values within 1e-3 of
    its step. None where that is half of x or more.
    """
    steps = MOVED * np.ptp(fractions, axis=1, keepdims=True)
    moved = np.flatnonzero((np.abs(fractions - fractions[:, :1]) > steps).any(axis=0))
    resting = np.flatnonzero((np.abs(fractions - fractions[:, -1:]) > steps).any(axis=0))
    if not moved.size or not resting.size or moved[0] >= resting[-1]:
        return None
    start, stop = x[moved[0]], x[resting[-1]]
    margin = MARGIN * (stop - start)
    start, stop = max(x[0], start - margin), min(x[-1], stop + margin)
    return (float(start), float(stop)) if stop - start < 0.5 * (x[-1] - x[0]) else None


def curves(result, arrays, positions, ylabel: str):
    """One line per drawn component and time: colours are components, or times if only one component is drawn."""
    figure, ax, size = axes(result, ylabel)
    times = chosen(result)
    names = list(result.components)
    if len(names) == 2:
        names = list(result.problem.mixture.independent if result.text else names[:1])
    for k, name in enumerate(names):
        row = result.components.index(name)
        for j, index in enumerate(times):
            fade = 0.3 + 0.7 * (j + 1) / len(times)
            label = (
                f"{name}, {duration(result.time[index])}" if len(names) == 1 else (name if index == times[-1] else None)
            )
            colour = shade(j, len(times)) if len(names) == 1 else COLOURS[k % len(COLOURS)]
            ax.plot(
                positions / size, arrays[index][row], color=colour, alpha=1.0 if len(names) == 1 else fade, label=label
            )
    shown = [result.mole_fraction[index][result.components.index(name)] for index in times for name in names]
    moving = zone(result.grid.centres, np.array(shown))
    if moving is not None:
        ax.set_xlim(moving[0] / size, moving[1] / size)
    if len(names) > 1 and len(times) > 1:
        ax.plot([], [], " ", label=f"{duration(result.time[times[0]])} (pale) to {duration(result.time[times[-1]])}")
    ax.legend()
    return figure


def profiles(result):
    """Mole fractions over position at the saved times."""
    return curves(result, result.mole_fraction, result.grid.centres, "mole fraction")


def fluxes(result):
    """Fluxes times molar volume over position at the saved times."""
    return curves(result, result.flux, result.grid.faces, r"$J V_m$ (m/s)")


def diagnostics(result):
    """Error estimate, conservation error and steps over the saved times."""
    figure, (upper, lower) = pyplot().subplots(2, 1, sharex=True, figsize=(6.4, 5.4))
    unit, size = next((u, s) for u, s in (("h", 3600.0), ("min", 60.0), ("s", 1.0)) if result.time[-1] >= s or u == "s")
    times = result.time / size
    tiny = np.finfo(float).tiny
    for name, mark in (("error_estimate", "o"), ("conservation_error", "s")):
        values = np.abs(result.diagnostics(name))
        if np.any(np.isfinite(values) & (values > tiny)):
            upper.plot(
                times, np.where(values > tiny, values, np.nan), mark + "-", markersize=4, label=name.replace("_", " ")
            )
    if upper.lines:
        upper.set_yscale("log")
        upper.legend()
    upper.set_ylabel("error in the mole fraction")
    lower.plot(times, result.diagnostics("steps"), "o-", markersize=4, label="steps")
    lower.plot(times, result.diagnostics("rejected_steps"), "s-", markersize=4, label="rejected steps")
    lower.set_xlabel(f"t ({unit})")
    lower.set_ylabel("number")
    lower.legend()
    if result.title:
        upper.set_title(result.title, fontsize=10)
    return figure


def diffusivity(result):
    """The law's interdiffusivities: over composition for a binary, along the last profile for more components."""
    problem = result.problem
    mixture, last = problem.mixture, result.snapshots[chosen(result)[-1]]
    rows = [result.components.index(name) for name in mixture.independent]
    if mixture.m == 1:
        lowest, highest = problem.composition_range()
        compositions = np.linspace(lowest[0], highest[0], 400)[None, :]
        figure, ax = pyplot().subplots()
        ax.set_xlabel(f"mole fraction of {mixture.independent[0]}")
        ax.set_ylabel(r"$\tilde D$ (m$^2$/s)")
        positions = compositions[0]
        if result.title:
            ax.set_title(result.title, fontsize=10)
    else:
        compositions = last.mole_fraction[rows]
        figure, ax, size = axes(result, r"$\tilde D_{ij}$ (m$^2$/s)")
        positions = result.grid.centres / size
    values = problem.law.coefficient("interdiffusivity", compositions, last.temperature, last.time)
    values = np.asarray(values).reshape(mixture.m, mixture.m, -1)
    for i, first in enumerate(mixture.independent):
        for j, second in enumerate(mixture.independent):
            subscript = f"{first},{second}".replace("_", r"\_")
            label = r"$\tilde D$" if mixture.m == 1 else rf"$\tilde D_{{\mathrm{{{subscript}}}}}$"
            # equal coefficients stay apart: broken lines lie over full ones
            style = ("-", "--", "-.", ":")[(mixture.m * i + j) % 4]
            ax.plot(positions, np.broadcast_to(values[i, j], positions.shape), style, label=label)
    if np.all(values > 0.0) and values.max() > 20.0 * values.min():
        ax.set_yscale("log")
    if mixture.m > 1:
        figure.legend(loc="outside right upper")
    return figure


def path(result):
    """The diffusion path of a ternary: where the compositions of the profile lie in the triangle."""
    if len(result.components) != 3:
        raise Invalid.at("plot path", f"draws three components; this result has {len(result.components)}.")
    figure, ax = pyplot().subplots(figsize=(5.6, 5.0))
    height = np.sqrt(3.0) / 2.0
    ax.plot([0.0, 1.0, 0.5, 0.0], [0.0, 0.0, height, 0.0], color="black", linewidth=1.0)
    for share in np.arange(0.2, 0.99, 0.2):
        for a, b in (
            ((share, 0.0), (share, 1.0 - share)),
            ((0.0, share), (1.0 - share, share)),
            ((share, 0.0), (0.0, share)),
        ):
            ends = np.array([triangle(*a), triangle(*b)]).T
            ax.plot(*ends, color="black", alpha=0.15, linewidth=0.6)
        # each edge reads the component at the end it runs to
        for spot, side, up in (
            ((share, 0.0), "center", "top"),
            ((1.0 - share, share), "left", "bottom"),
            ((0.0, 1.0 - share), "right", "bottom"),
        ):
            ax.text(*triangle(*spot), f" {share:.1f} ", ha=side, va=up, fontsize=8, color="grey")
    for name, spot, side, up in zip(
        result.components,
        ((0.0, 0.0), (1.0, 0.0), (0.5, height)),
        ("right", "left", "center"),
        ("top", "top", "bottom"),
        strict=True,
    ):
        ax.text(*spot, f" {name} ", ha=side, va=up, fontsize=12)
    times = chosen(result)
    for j, index in enumerate(times):
        fractions = result.mole_fraction[index]
        ax.plot(*triangle(fractions[1], fractions[2]), color=shade(j, len(times)), label=duration(result.time[index]))
    last = result.mole_fraction[times[-1]]
    ax.plot(*triangle(last[1, [0, -1]], last[2, [0, -1]]), "o", color="black", markersize=4)
    ax.set_aspect("equal")
    ax.axis("off")
    ax.legend(loc="upper right")
    if result.title:
        ax.set_title(result.title, fontsize=10)
    return figure


def triangle(second, third):
    """Plane coordinates of a composition: the first component at the lower left, the second at the lower right."""
    return np.asarray(second) + 0.5 * np.asarray(third), np.sqrt(3.0) / 2.0 * np.asarray(third)


KINDS = {
    "profiles": profiles,
    "diffusivity": diffusivity,
    "fluxes": fluxes,
    "diagnostics": diagnostics,
    "path": path,
}

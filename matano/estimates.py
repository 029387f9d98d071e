"""The figure of an analysis: the profile with its planes; the coefficient, its window, uncertainty and truth."""

import numpy as np

from matano.drawing import COLOURS, MARKS, length_unit, pyplot, zone


def recovered(group):
    """Analyses of one file side by side: left the profile, right the coefficient over composition."""
    figure, (left, right) = pyplot().subplots(1, 2, figsize=(9.6, 4.2))
    profile(left, group)
    coefficients(right, group)
    return figure


def profile(ax, group) -> None:
    """Mole fraction over position, with the planes that the methods found."""
    measured, name = group[0].profile, group[0].estimate.component
    unit, size = length_unit(float(np.ptp(measured.x)))
    fractions = measured.fraction(name)
    sparse = measured.x.size <= 120
    ax.plot(measured.x / size, fractions, "o" if sparse else "-", markersize=3.5, label=name)
    for k, entry in enumerate(group):
        plane = entry.estimate.diagnostics.get("matano_plane")
        if plane is not None and k == 0:
            ax.axvline(plane / size, color="black", linestyle="--", linewidth=1.0, label="Matano plane")
    ends = group[0].estimate.diagnostics.get("ends")
    if ends is not None:
        for value in ends:
            ax.axhline(value, color="grey", linestyle=":", linewidth=1.0)
    moving = None if sparse else zone(measured.x, fractions[None])
    if moving is not None:
        ax.set_xlim(moving[0] / size, moving[1] / size)
    ax.set_xlabel(f"x ({unit})")
    ax.set_ylabel(f"mole fraction of {name}")
    ax.set_title(str(group[0].path.name), fontsize=10)
    ax.legend()


def coefficients(ax, group) -> None:
    """D over composition: the truth as a line, each method as marks with its uncertainty, pale outside its window."""
    first = group[0]
    verdict = first.verdict
    if verdict is not None:
        order = np.argsort(first.estimate.composition)
        ax.plot(
            first.estimate.composition[order],
            np.asarray(verdict.truth)[order],
            color="black",
            linewidth=1.2,
            label="truth",
        )
    shown = []
    for k, entry in enumerate(group):
        estimate = entry.estimate
        order = np.argsort(estimate.composition)
        x, value = np.asarray(estimate.composition)[order], np.asarray(estimate.value)[order]
        inside = (x >= estimate.window[0]) & (x <= estimate.window[1])
        shown.append(value[inside & (value > 0.0)])
        colour, mark = COLOURS[k % len(COLOURS)], MARKS[k % len(MARKS)]
        step = max(1, int(inside.sum()) // 40)
        chosen = np.flatnonzero(inside)[k % step :: step]
        ax.plot(x[inside], value[inside], color=colour, linewidth=0.8, alpha=0.6)
        ax.plot(x[chosen], value[chosen], mark, color=colour, markersize=4, label=estimate.method)
        if estimate.sd is not None:
            spread = np.asarray(estimate.sd)[order]
            low = np.maximum(value - spread, 1e-3 * value)[inside]
            ax.fill_between(x[inside], low, (value + spread)[inside], color=colour, alpha=0.2, linewidth=0)
    values = np.concatenate(shown)
    if values.size and values.max() > 4.0 * values.min():
        ax.set_yscale("log")
    if values.size:
        ax.set_ylim(
            values.min() / 1.5 if ax.get_yscale() == "log" else 0.0,
            values.max() * (1.5 if ax.get_yscale() == "log" else 1.2),
        )
    ax.set_xlabel(f"mole fraction of {first.estimate.component}")
    ax.set_ylabel(rf"{first.estimate.recovers.replace('_', ' ')} ({first.estimate.unit.replace('m^2', 'm$^2$')})")
    ax.legend()

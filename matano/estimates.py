"""The figure of an analysis: the profile with its planes; what was recovered, its uncertainty and the truth."""

import numpy as np

from matano.drawing import COLOURS, MARKS, length_unit, pyplot, time_unit, zone

SYMBOLS = {
    "interdiffusivity": "D",
    "interdiffusivity_matrix": "D",
    "interdiffusion_flux": "J",
    "pseudo_binary_diffusivity": "D",
    "intrinsic_diffusivity": "D",
    "tracer_diffusivity": "D*",
    "ion_diffusivity": "D",
    "integrated_diffusivity": "D_int",
    "growth_constant": "k",
    "tracer_ratio": "D*/D*",
    "permeability_ratio": "P/P",
    "lattice_velocity": "v",
    "activation_energy": "Q",
    "interface_energy": "sigma",
    "coarsening_constant": "K",
    "time": "t",
}
OF_LAYERS = ("integrated_diffusivity", "growth_constant")
GAP, MANY = 0.05, 5.0  # of the range of compositions, and of their usual distance: where a curve is broken
SPARSE = 120  # points, up to which they are drawn as points


def kind_of(estimate) -> str:
    """How an estimate is shown: "curve" over the composition, "point" at one, "layers" of compounds, "ratios" or
    "time"; of several components "matrices", one or more, or "rows" of named values at their compositions."""
    if estimate.is_matrix:
        return "matrices"
    if estimate.composition.ndim > 1:
        return "rows"
    if estimate.recovers == "time":
        return "time"
    if estimate.recovers == "permeability_ratio":
        return "ratios"
    if estimate.recovers in OF_LAYERS:
        return "layers"
    return "curve" if estimate.composition.size > 1 else "point"


def labels_of(estimate) -> list[str]:
    """Names of the layers of an estimate."""
    names = estimate.diagnostics.get("layers") or estimate.rows
    return [str(name) for name in names] or [f"{X:.4g}" for X in estimate.composition]


def rows_of(entry) -> list[tuple]:
    """For each row of the value: label, value (k,), sd or None, truth and error or None."""
    estimate, verdict = entry.estimate, entry.verdict
    symbol = SYMBOLS.get(estimate.recovers, estimate.recovers)
    labels = [symbol]
    if estimate.value.ndim == 2:
        join = ", " if estimate.recovers in OF_LAYERS else "_"
        labels = [f"{symbol}{join}{row}" for row in estimate.rows]
        if kind_of(estimate) == "ratios":
            labels = [f"P_{row}/P_{estimate.component}" for row in estimate.rows]
    parts = [estimate.value, estimate.sd, *((None, None) if verdict is None else (verdict.truth, verdict.error))]
    split = [[None] * len(labels) if part is None else np.atleast_2d(np.asarray(part, float)) for part in parts]
    return list(zip(labels, *split, strict=True))


def recovered(group):
    """Analyses of the same files side by side: left the profile, then a panel for each quantity."""
    panels: dict[str, list] = {}
    for entry in group:
        panels.setdefault(entry.estimate.recovers, []).append(entry)
    figure, axes = pyplot().subplots(1, 1 + len(panels), figsize=(4.8 * (1 + len(panels)), 4.2))
    profile(axes[0], group)
    for ax, entries in zip(axes[1:], panels.values(), strict=True):
        PANELS[kind_of(entries[0].estimate)](ax, entries)
    return figure


def profile(ax, group) -> None:
    """Mole fraction over position, with the planes that the methods found; layers where there are no points."""
    first, name = group[0], group[0].estimate.component
    extent = max(length_of(one) for one in first.profiles)
    unit, size = length_unit(extent)
    for path, one in zip(first.paths, first.profiles, strict=True):
        label = name if len(first.profiles) == 1 else path.stem
        if one.reversals:
            numbers = range(1, len(one.reversals) + 1)
            ax.plot(numbers, [1e3 * entry.voltage for entry in one.reversals], MARKS[0], label="reversal potential")
            ax.set_xticks(numbers)
            ax.set_xlabel("solution")
            ax.set_ylabel("V (mV)")
            ax.legend()
            return
        if not one.x.size:
            edges = np.cumsum([0.0, *(layer.thickness for layer in one.layers)])
            ax.stairs([layer.composition for layer in one.layers], edges / size, baseline=None, label=label)
            continue
        ax.plot(
            one.x / size, one.fraction(one.component), "o" if one.x.size <= SPARSE else "-", markersize=3.5, label=label
        )
    if len(first.profiles) == 1:
        mark(ax, group, size)
    ax.set_xlabel(f"x ({unit})")
    ax.set_ylabel(amount(first.profile, name))
    ax.set_title(str(first.path.name) if len(first.profiles) == 1 else f"{len(first.profiles)} profiles", fontsize=10)
    ax.legend()


def amount(profile, name: str = "") -> str:
    """What the profile gives of a component, with its unit, as the label of an axis."""
    of = f" of {name}" if name else ""
    return f"concentration{of} (mol/m$^3$)" if profile.quantity == "concentration" else f"mole fraction{of}"


def length_of(profile) -> float:
    """Of the points, or of the layers, m."""
    return float(np.ptp(profile.x)) if profile.x.size else sum(layer.thickness for layer in profile.layers)


def mark(ax, group, size: float) -> None:
    """Matano plane, marker, end values, and the part of the profile where something happens."""
    measured = group[0].profile
    found = group[0].estimate.diagnostics
    plane = found.get("matano_plane", found.get("contact_plane"))
    if plane is not None:
        word = "Matano plane" if "matano_plane" in found else "contact plane"
        ax.axvline(plane / size, color="black", linestyle="--", linewidth=1.0, label=word)
    if measured.marker is not None:
        ax.axvline(measured.marker / size, color=COLOURS[1], linestyle="-.", linewidth=1.0, label="marker")
    for value in found.get("ends") or ():
        ax.axhline(value, color="grey", linestyle=":", linewidth=1.0)
    if measured.x.size > SPARSE:
        moving = zone(measured.x, measured.fraction(group[0].estimate.component)[None])
        if moving is not None:
            ax.set_xlim(moving[0] / size, moving[1] / size)


def curves(ax, group) -> None:
    """Values over composition: the truth as a line or a cross, each method as marks with its uncertainty."""
    shown, number = [], 0
    for entry in group:
        estimate = entry.estimate
        order = np.argsort(estimate.composition)
        low, high = estimate.window
        order = order[(estimate.composition[order] >= low) & (estimate.composition[order] <= high)]
        x = np.asarray(estimate.composition)[order]
        for label, value, sd, truth, _ in rows_of(entry):
            if truth is not None:
                shown.append(truth[order][truth[order] > 0.0])
                style = {"linewidth": 1.2} if x.size > 1 else {"marker": "x", "linestyle": "", "markersize": 9}
                line = broken(x, truth[order]) if x.size > 1 else (x, truth[order])
                ax.plot(*line, color="black", zorder=3, label="" if number else "truth", **style)
            colour, marker = COLOURS[number % len(COLOURS)], MARKS[number % len(MARKS)]
            words = f"{label} {estimate.method}" if estimate.value.ndim == 2 else estimate.method
            value, sd = value[order], None if sd is None else sd[order]
            shown.append(value[value > 0.0])
            if x.size == 1:
                ax.errorbar(x, value, yerr=sd, fmt=marker, color=colour, capsize=4, zorder=4, label=words)
            else:
                few = slice(number % max(1, x.size // 40), None, max(1, x.size // 40))
                ax.plot(*broken(x, value), color=colour, linewidth=0.8, alpha=0.6)
                ax.plot(x[few], value[few], marker, color=colour, markersize=4, label=words)
                if sd is not None:
                    place, below, above = broken(x, np.maximum(value - sd, 1e-3 * np.abs(value)), value + sd)
                    ax.fill_between(place, below, above, color=colour, alpha=0.2, linewidth=0)
            number += 1
    limits(ax, np.concatenate(shown))
    estimate = group[0].estimate
    ax.set_xlabel(amount(group[0].profile, estimate.component))
    ax.set_ylabel(quantity(estimate))
    ax.legend()


def broken(x: np.ndarray, *rows: np.ndarray) -> tuple[np.ndarray, ...]:
    """The compositions (k,) and values with a NaN in every gap, such as between two phases, that no line crosses."""
    apart = np.diff(x)
    gaps = np.flatnonzero((apart > GAP * (x[-1] - x[0])) & (apart > MANY * np.median(apart))) + 1
    return tuple(np.insert(row, gaps, np.nan) for row in (x, *rows))


def limits(ax, values: np.ndarray) -> None:
    """Logarithms where the values differ by more than four times; from 0 on otherwise."""
    if not values.size:
        return
    logarithmic = values.max() > 4.0 * values.min()
    ax.set_yscale("log" if logarithmic else "linear")
    ax.set_ylim(values.min() / 1.5 if logarithmic else 0.0, values.max() * (1.5 if logarithmic else 1.2))


def layers(ax, group) -> None:
    """Bars for each layer with uncertainties, logarithmic, the truth as a line across each."""
    names, series = labels_of(group[0].estimate), [row for entry in group for row in rows_of(entry)]
    width = 0.8 / len(series)
    lowest = min(value.min() for _, value, *_ in series)
    for k, (label, value, sd, truth, _) in enumerate(series):
        at = np.arange(len(names)) + (k - 0.5 * (len(series) - 1)) * width
        ax.bar(at, value, 0.9 * width, yerr=sd, capsize=4, color=COLOURS[k % len(COLOURS)], label=label)
        if truth is not None:
            ax.hlines(truth, at - 0.45 * width, at + 0.45 * width, color="black", label="truth" if k == 0 else "")
    ax.set_yscale("log")
    ax.set_ylim(bottom=lowest / 3.0)
    ax.set_xticks(np.arange(len(names)), names)
    ax.set_ylabel(quantity(group[0].estimate))
    ax.legend()


def times(ax, group) -> None:
    """Times with their uncertainties, one for each method; the truth as a line."""
    values = [float(entry.estimate.value[0]) for entry in group]
    unit, size = time_unit(max(values))
    for k, entry in enumerate(group):
        sd = None if entry.estimate.sd is None else entry.estimate.sd / size
        ax.errorbar([k], [values[k] / size], yerr=sd, fmt=MARKS[k], capsize=4, color=COLOURS[k])
        if entry.verdict is not None:
            ax.axhline(float(entry.verdict.truth[0]) / size, color="black", linewidth=1.0, label="" if k else "truth")
    ax.set_xticks(range(len(group)), [entry.estimate.method for entry in group])
    ax.set_xlim(-0.5, len(group) - 0.5)
    ax.set_ylim(0.0, 1.2 * max(values) / size)
    ax.set_ylabel(f"time ({unit})")
    if any(entry.verdict is not None for entry in group):
        ax.legend()


def ratios(ax, group) -> None:
    """Ratios to the reference, each with its uncertainty; the truth as a cross."""
    for k, entry in enumerate(group):
        for j, (label, value, sd, truth, _) in enumerate(rows_of(entry)):
            ax.errorbar([j], value, yerr=sd, fmt=MARKS[k], capsize=4, color=COLOURS[k])
            if truth is not None:
                ax.plot([j], truth, "x", color="black", markersize=9)
            ax.text(j, float(value[0]), f"  {label}", fontsize=9, va="center")
    ax.set_yscale("log")
    ax.set_xticks([])
    ax.set_xlim(-0.5, len(group[0].estimate.rows))
    ax.set_ylabel(quantity(group[0].estimate))


PANELS = {"curve": curves, "point": curves, "layers": layers, "ratios": ratios, "time": times}


def quantity(estimate) -> str:
    """The name of what was recovered, with its unit."""
    return f"{estimate.recovers.replace('_', ' ')} ({estimate.unit.replace('m^2', 'm$^2$')})"

"""The figure of an analysis of several components: couples, their paths in the triangle, and what was recovered."""

import numpy as np

from matano.drawing import COLOURS, MARKS, STYLES, corners, enlarge, length_unit, pyplot, triangle_axes, zone
from matano.estimates import SPARSE, amount, curves, kind_of, length_of, quantity, rows_of
from matano.matrix_tables import columns_of

MOST_COUPLES = 6  # whose profiles are drawn above each other
FEW_POINTS = 60
SAME_SPOT = 0.01  # a mole fraction: matrices of nearer compositions share a mark
PATHS = "along the path of each couple, from left to right"
WIDTH, HEIGHT, LEAST_HEIGHT = 4.8, 1.9, 4.4  # inches: of a panel, of a couple's profiles, of the figure


def recovered(group):
    """Analyses of the same couples: left their profiles, for three components the paths, then a panel for each
    quantity."""
    first = group[0]
    shown = list(zip(first.paths, first.profiles, strict=True))[:MOST_COUPLES]
    panels: dict[tuple, list] = {}
    for entry in group:
        one = len(entry.estimate.composition) == 1
        panels.setdefault((entry.estimate.recovers, kind_of(entry.estimate), one), []).append(entry)
    ternary = first.profile.quantity == "mole_fraction" and len(fractions_of(first.profile)) == 3
    count = 1 + ternary + len(panels)
    figure = pyplot().figure(figsize=(WIDTH * count, max(LEAST_HEIGHT, HEIGHT * len(shown) + 0.6)))
    grid = figure.add_gridspec(1, count)
    stack = grid[0].subgridspec(len(shown), 1)
    axes = [figure.add_subplot(stack[k]) for k in range(len(shown))]
    couples(axes, group, shown)
    if ternary:
        paths(triangle_axes(figure, grid[1], list(fractions_of(first.profile))), group)
    for k, entries in enumerate(panels.values(), 1 + ternary):
        panel(figure.add_subplot(grid[k]), entries)
    return figure


def fractions_of(profile) -> dict[str, np.ndarray]:
    """Mole fractions (N,) by component: the independent ones, then the dependent one, with a column or without; or the
    concentrations of ions."""
    if profile.quantity == "concentration":
        return dict(zip(profile.components, profile.fractions, strict=True))
    dependent = profile.dependent or profile.components[-1]
    found = {name: profile.fraction(name) for name in profile.components if name != dependent}
    rest = 1.0 - sum(found.values())
    found[dependent] = profile.fraction(dependent) if dependent in profile.components else rest
    return found


def couples(axes, group, shown) -> None:
    """The profiles of all components, one couple below the other, with contact planes and crossings."""
    unit, size = length_unit(max(length_of(profile) for _, profile in shown))
    for k, (ax, (path, profile)) in enumerate(zip(axes, shown, strict=True)):
        rows = fractions_of(profile)
        for j, (name, values) in enumerate(rows.items()):
            look = {"color": COLOURS[j % len(COLOURS)], "label": name}
            if profile.x.size <= SPARSE:
                look |= {"linestyle": "", "marker": MARKS[j % len(MARKS)], "markersize": 3.0}
            else:
                look["linestyle"] = STYLES[j % len(STYLES)]
            ax.plot(profile.x / size, values, **look)
        marked(ax, group, k, size)
        moving = zone(profile.x, np.stack(list(rows.values())))
        if moving is not None:
            ax.set_xlim(moving[0] / size, moving[1] / size)
        ax.set_title(path.name, fontsize=9, loc="left")
    axes[0].figure.supylabel(amount(shown[0][1]), fontsize=10)
    axes[-1].set_xlabel(f"x ({unit})")
    if vanishing(group):
        axes[0].plot([], [], color="grey", linestyle=":", linewidth=1.2, label="no flux of this colour")
    lines, names = axes[0].get_legend_handles_labels()
    under = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.36 if len(axes) > 1 else -0.16), "ncols": 4}
    axes[-1].legend(lines, names, fontsize=9, columnspacing=1.2, **under)


def marked(ax, group, k: int, size: float) -> None:
    """Contact plane and crossing in the k-th couple, those of the first method that has any; where fluxes vanish."""
    for key, label, style in (
        ("planes", "contact plane", {"color": "black", "linestyle": "--"}),
        ("positions", "crossing", {"color": "0.45", "linestyle": "-"}),
    ):
        found = [entry.estimate.diagnostics.get(key) for entry in group]
        if key == "planes":
            found += [
                [place] for entry in group if (place := entry.estimate.diagnostics.get("matano_plane")) is not None
            ]
        places = next((places for places in found if isinstance(places, list) and len(places) > k), None)
        if places is not None:
            ax.axvline(places[k] / size, label=label, linewidth=1.0, zorder=0, **style)
    names = list(fractions_of(group[0].profile))
    for plane in vanishing(group):
        colour = COLOURS[names.index(plane["component"]) % len(COLOURS)]
        ax.axvline(plane["position"] / size, color=colour, linestyle=":", linewidth=1.2, zorder=0)


def vanishing(group) -> list[dict]:
    """The zero-flux planes of a single couple."""
    if len(group[0].paths) > 1:
        return []
    return [plane for entry in group for plane in entry.estimate.diagnostics.get("zero_flux_planes", ())]


def paths(ax, group) -> None:
    """The diffusion paths of all couples of a ternary, and the compositions that matrices were found at."""
    names = list(fractions_of(group[0].profile))
    every = []
    for k, (path, profile) in enumerate(zip(group[0].paths, group[0].profiles, strict=True)):
        rows = np.stack(list(fractions_of(profile).values()))
        every.append(rows)
        look = {"color": COLOURS[k % len(COLOURS)], "linestyle": STYLES[k % len(STYLES)], "label": path.stem}
        if profile.x.size <= SPARSE:
            look |= {"marker": MARKS[k % len(MARKS)], "markersize": 3.0, "linewidth": 0.6}
        ax.plot(*corners(rows), **look)
        ax.plot(*corners(rows[:, [0, -1]]), "o", color=look["color"], markersize=4)
    for k, (spot, methods) in enumerate(spots(group, names).items()):
        label = f"D by {', '.join(methods)}"
        ax.plot(*corners(np.array(spot)[:, None]), "*Xd"[k % 3], color="black", markersize=9, label=label, zorder=5)
    enlarge(ax, np.hstack(every))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), fontsize=9)


def spots(group, names: list[str]) -> dict[tuple[float, ...], list[str]]:
    """The compositions of single matrices, with the methods that found one there."""
    found: dict[tuple[float, ...], list[str]] = {}
    for entry in group:
        estimate = entry.estimate
        if not estimate.is_matrix or len(estimate.value) > 1:
            continue
        own = dict(zip(columns_of(estimate), estimate.composition[0], strict=True))
        own.setdefault(estimate.dependent, 1.0 - sum(own.values()))
        spot = np.array([own.get(name, np.nan) for name in names])
        near = next((place for place in found if np.abs(spot - place).max() < SAME_SPOT), None)
        if near is not None:
            found[near].append(estimate.method)
        elif np.isfinite(spot).all():
            found[tuple(spot.tolist())] = [estimate.method]
    return found


def panel(ax, entries) -> None:
    """What was recovered, of one quantity, by several methods, all at one composition or all along couples."""
    estimate = entries[0].estimate
    if kind_of(estimate) in ("matrices", "rows"):
        (bars if len(estimate.composition) == 1 else lines)(ax, entries)
    else:
        curves(ax, entries)


def entries_of(entry) -> list[tuple]:
    """Of a matrix its entries, of rows these: label, value (k,), sd or None, truth and error or None."""
    estimate, verdict = entry.estimate, entry.verdict
    if not estimate.is_matrix:
        return rows_of(entry)
    parts = [estimate.value, estimate.sd, *((None, None) if verdict is None else (verdict.truth, verdict.error))]
    return [
        (f"{row},{column}", *(None if part is None else part[:, i, j] for part in parts))
        for i, row in enumerate(estimate.rows)
        for j, column in enumerate(estimate.rows)
    ]


def bars(ax, entries) -> None:
    """One value of each row or entry, with its uncertainty, by each method; the truth as a line across."""
    names = list(dict.fromkeys(label for entry in entries for label, *_ in entries_of(entry)))
    width = 0.7 / len(entries)
    told = False
    for k, entry in enumerate(entries):
        rows = {label: values for label, *values in entries_of(entry)}
        at = np.array([names.index(label) for label in rows]) + (k - 0.5 * (len(entries) - 1)) * width
        value, sd, truth, _ = zip(*rows.values(), strict=True)
        error = None if sd[0] is None else np.array([one[0] for one in sd])
        if truth[0] is not None:
            ax.hlines(
                [one[0] for one in truth],
                at - 0.5 * width,
                at + 0.5 * width,
                color="black",
                linewidth=1.2,
                label=None if told else "truth",
                zorder=2,
            )
            told = True
        look = {"fmt": MARKS[k % len(MARKS)], "color": COLOURS[k % len(COLOURS)], "markersize": 5, "zorder": 3}
        ax.errorbar(at, [one[0] for one in value], yerr=error, capsize=4, label=entry.estimate.method, **look)
    ax.axhline(0.0, color="grey", linewidth=0.8, zorder=0)
    ax.set_xticks(np.arange(len(names)), names, rotation=60 if len(names) > 6 else 0, fontsize=9)
    ax.set_xlim(-0.6, len(names) - 0.4)
    ax.grid(visible=False, axis="x")
    ax.set_ylabel(quantity(entries[0].estimate))
    ax.legend(frameon=True, framealpha=0.9, edgecolor="none")


def lines(ax, entries) -> None:
    """Rows or entries along the couples: over positions where they are known, or along each path, side by side."""
    count, told = 0, False
    for entry in entries:
        x, label, parts = places(entry)
        few = x.size <= FEW_POINTS * len(parts)
        for name, value, sd, truth, _ in entries_of(entry):
            colour = COLOURS[count % len(COLOURS)]
            look = {"color": colour, "linestyle": STYLES[count % len(STYLES)]}
            if few:
                look |= {"marker": MARKS[count % len(MARKS)], "markersize": 3.0, "linewidth": 0.8}
            words = f"{name} {entry.estimate.method}" if len(entries) > 1 else name
            for part in parts:
                if truth is not None:
                    ax.plot(x[part], truth[part], "k-", linewidth=1.0, label=None if told else "truth", zorder=1)
                    told = True
                ax.plot(x[part], value[part], label=words if part is parts[0] else None, **look)
                if sd is not None:
                    low, high = (value - sd)[part], (value + sd)[part]
                    ax.fill_between(x[part], low, high, color=colour, alpha=0.2, linewidth=0)
            count += 1
    ax.axhline(0.0, color="grey", linewidth=0.8, zorder=0)
    if len(parts) > 1:
        ax.set_xticks(np.arange(len(parts)) + 0.5, [path.stem for path in entries[0].paths], fontsize=8)
        ax.grid(visible=False, axis="x")
        for k in range(1, len(parts)):
            ax.axvline(k, color="grey", linewidth=0.8)
    ax.set_xlabel(label)
    ax.set_ylabel(quantity(entries[0].estimate))
    under = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.16), "ncols": 4}
    ax.legend(fontsize=9, columnspacing=1.2, **under)
    ax.set_title("" if len(entries) > 1 else entries[0].estimate.method, fontsize=10)


def places(entry) -> tuple[np.ndarray, str, list[slice]]:
    """Where the values (k,) of an estimate are drawn, the label, and which belong to one line: over positions, over the
    fraction that changes most, or along the paths of several couples, each from 0 to 1 behind the one before."""
    estimate, count, several = entry.estimate, len(entry.estimate.composition), len(entry.paths)
    found = estimate.diagnostics.get("position")
    if np.size(found) == count:
        unit, size = length_unit(float(np.ptp(found)))
        return np.asarray(found, float) / size, f"x ({unit})", [slice(None)]
    if several > 1 and count % several == 0:
        own = count // several
        parts = [slice(k * own, (k + 1) * own) for k in range(several)]
        return np.concatenate([k + along(estimate.composition[part]) for k, part in enumerate(parts)]), PATHS, parts
    k = int(np.argmax(np.ptp(estimate.composition, axis=0)))
    return estimate.composition[:, k], amount(entry.profile, columns_of(estimate)[k]), [slice(None)]


def along(composition: np.ndarray) -> np.ndarray:
    """Share of the length of a path (k, m) up to each of its compositions."""
    length = np.append(0.0, np.cumsum(np.sqrt((np.diff(composition, axis=0) ** 2).sum(axis=1))))
    return length / max(length[-1], 1e-300)

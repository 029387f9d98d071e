"""The figure of a sweep: what came out over what was varied."""

import numpy as np

from matano.drawing import COLOURS, MARKS, STYLES, pyplot
from matano.sweeping.table import Table

MOST_ROWS, MOST_COLUMNS, MOST_LINES = 4, 4, 8
DECADE = 10.0  # a column that spans more is drawn on a logarithmic axis
INSTEAD = ("error_estimate", "steps")  # drawn where nothing was asked for
LEAST = 3  # values of a key that a line takes


def summary(table: Table, name: str):
    """A panel for each quantity (up to four) over each varied number (up to four).

    Of two keys that all meet, lines of the one over the other; points otherwise. Runs without a result are crosses at
    the lower edge.
    """
    shown = [label for label in table.quantities if np.isfinite(table.quantities[label]).any()]
    shown = (shown or [label for label in INSTEAD if label in table.diagnostics])[:MOST_ROWS]
    varied = [label for label, values in table.parameters.items() if values.dtype != object]
    groups = None
    if len(table.parameters) == 2 and len(table.shape) == 2:
        groups = grouping(table)
    if groups is not None:
        varied = [groups[0]]
    across = varied[:MOST_COLUMNS] or [None]
    size = (max(5.6, 3.6 * len(across)), max(4.0, 2.7 * len(shown)))
    figure, axes = pyplot().subplots(max(len(shown), 1), len(across), figsize=size, squeeze=False, sharey="row")
    for i, quantity in enumerate(shown):
        for j, parameter in enumerate(across):
            panel(axes[i, j], table, parameter, quantity, groups[1] if groups else None)
            if j == 0:
                axes[i, j].set_ylabel(wrapped(quantity))
            if i == len(shown) - 1:
                axes[i, j].set_xlabel(parameter or "run")
    if groups is not None and shown:
        axes[0, 0].legend(title=groups[1], frameon=True, framealpha=0.9, edgecolor="none")
    done = int(table.complete.sum())
    failed = f", {len(table) - done} without a result" if done < len(table) else ""
    figure.suptitle(f"{name}: {len(table)} runs{failed}", fontsize=10)
    return figure


def grouping(table: Table) -> tuple[str, str] | None:
    """Of two keys that all meet: the one along the axis, and the one that makes lines; None if neither fits."""
    counts = {label: len(set(values.tolist())) for label, values in table.parameters.items()}
    numeric = [label for label, values in table.parameters.items() if values.dtype != object]
    for label in sorted(numeric, key=lambda label: -counts[label]):
        other = next(entry for entry in counts if entry != label)
        if counts[label] >= LEAST and counts[other] <= MOST_LINES:
            return label, other
    return None


def panel(ax, table: Table, parameter: str | None, quantity: str, lines: str | None) -> None:
    """One quantity over one key, or over the number of the run; lines: the key whose values have lines of their own."""
    x = np.arange(len(table), dtype=float) if parameter is None else table.parameters[parameter]
    y = table[quantity]
    by = table.parameters[lines] if lines else np.zeros(len(table))
    values = list(dict.fromkeys(by.tolist()))
    joined = lines is not None or (len(table.parameters) == 1 and len(table.shape) == 1 and np.all(np.diff(x) > 0.0))
    for k, value in enumerate(values):
        mine = by == value
        order = np.argsort(x[mine], kind="stable")
        style = STYLES[k % len(STYLES)] if joined else ""
        label = f"{value:g}" if isinstance(value, float) else str(value)
        look = {"color": COLOURS[k % len(COLOURS)], "linestyle": style, "marker": MARKS[k % len(MARKS)]}
        ax.plot(x[mine][order], y[mine][order], markersize=4, label=label, **look)
    missing = ~table.complete
    if missing.any():
        ax.plot(x[missing], np.zeros(missing.sum()), "x", color="black", transform=ax.get_xaxis_transform())
    for values, scale in ((x, ax.set_xscale), (y, ax.set_yscale)):
        known = values[np.isfinite(values)]
        if parameter is None and values is x:
            continue
        if known.size and known.min() > 0.0 and known.max() > DECADE * known.min():
            scale("log")


def wrapped(text: str) -> str:
    import textwrap

    return textwrap.fill(text, 26)

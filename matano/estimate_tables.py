"""Estimates as tables of text: a dozen compositions of a curve, every layer, every single value."""

import numpy as np

from matano.console import duration, print_table
from matano.diagnostic_lines import found_of, numbers, planes
from matano.estimates import kind_of, labels_of, rows_of
from matano.matrix_tables import show_matrices, show_rows

ROWS = 12
ROUNDING = 1e-12


def show(entry) -> None:
    """The estimate beside its truth, the largest error in the window, where the planes are, and a few numbers."""
    estimate, kind = entry.estimate, kind_of(entry.estimate)
    print(heading(entry, kind))
    if kind == "matrices":
        show_matrices(entry)
    elif kind == "rows":
        show_rows(entry, rows_of(entry))
    else:
        show_values(entry, kind)
    show_found(entry)
    planes(entry)
    numbers(estimate.diagnostics)


def show_values(entry, kind: str) -> None:
    """Values over one composition, of layers, or a time."""
    estimate = entry.estimate
    chosen = inside(estimate)
    if kind == "curve":
        chosen = chosen[:1] if is_constant(entry) else spread(estimate.composition, chosen)
    print_table(head(entry, kind), [line(entry, kind, k) for k in chosen], "  ")
    if kind == "time":
        print(f"  {duration(float(estimate.value[0]))}")
    if entry.verdict is not None:
        largest(entry, kind)


def show_found(entry) -> None:
    """What the method finds beside its estimate, with the truth where it is known."""
    rows = found_of(entry)
    if not rows:
        return
    known = any(row.truth is not None for row in rows)
    lines = []
    for row in rows:
        at = "" if row.composition is None else f" at {row.composition:.4g}"
        cells = [f"{row.name}{at} ({row.unit})", f"{row.value:.5e}", "" if row.sd is None else f"{row.sd:.1e}"]
        if known:
            error = "" if row.error is None else f"{100.0 * row.error:+.3f} %"
            cells += ["" if row.truth is None else f"{row.truth:.5e}", error]
        lines.append(cells)
    print_table(["", "value", "sd", *(("truth", "error") if known else ())], lines, "  ")


def heading(entry, kind: str) -> str:
    estimate = entry.estimate
    files = ", ".join(str(path) for path in entry.paths)
    low, high = estimate.window
    what = estimate.recovers.replace("_", " ")
    of = " and ".join(estimate.rows) if kind in ("curve", "point") and estimate.rows else estimate.component
    if kind in ("matrices", "rows"):
        beside = f" ({estimate.dependent} dependent)" if estimate.dependent and kind == "matrices" else ""
        return f"{files}: {what} of {', '.join(estimate.rows) or estimate.component}{beside} by {estimate.method}"
    if kind == "time":
        return f"{files}: {what} by {estimate.method}"
    where = f", {low:.4g} to {high:.4g}" if kind == "curve" else ""
    return f"{files}: {what} of {of} by {estimate.method}{where}"


def head(entry, kind: str) -> list[str]:
    estimate = entry.estimate
    amount = f"{entry.profile.symbol}_{estimate.component}"
    words = {"curve": [amount], "point": [amount], "ratios": [], "time": []}
    cells = words.get(kind, ["layer", amount])
    for label, *_ in rows_of(entry):
        cells = [*cells, f"{label} ({estimate.unit})"]
        cells += [] if estimate.sd is None else ["sd"]
        cells += [] if entry.verdict is None else ["truth", "error"]
    return cells


def line(entry, kind: str, k: int) -> list[str]:
    estimate = entry.estimate
    cells = [] if kind in ("ratios", "time") else [f"{estimate.composition[k]:.4f}"]
    if kind == "curve" and is_constant(entry):
        cells = ["all"]
    if kind == "layers":
        cells = [labels_of(estimate)[k], *cells]
    for _, value, sd, truth, error in rows_of(entry):
        cells.append(f"{value[k]:.5e}")
        cells += [] if sd is None else [f"{sd[k]:.1e}"]
        cells += [] if truth is None else [f"{truth[k]:.5e}", f"{100.0 * error[k]:+.3f} %"]
    return cells


def is_constant(entry) -> bool:
    """Whether one number stands for all compositions, of the truth as well."""
    parts = [entry.estimate.value, *([] if entry.verdict is None else [entry.verdict.truth])]
    return all(np.ptp(part) <= ROUNDING * np.max(np.abs(part)) for part in parts)


def inside(estimate) -> np.ndarray:
    """Indices of the compositions in the window, from low to high; of layers in their order."""
    if kind_of(estimate) == "layers":
        return np.arange(estimate.composition.size)
    low, high = estimate.window
    order = np.argsort(estimate.composition)
    return order[(estimate.composition[order] >= low) & (estimate.composition[order] <= high)]


def spread(composition: np.ndarray, inside: np.ndarray) -> list[int]:
    """Indices of about ROWS samples, evenly over the compositions of the window, or over the samples where these leave
    most of it out."""
    if inside.size <= ROWS:
        return inside.tolist()
    if np.diff(composition[inside]).max(initial=0.0) > 0.5 * np.ptp(composition[inside]):
        return inside[np.unique(np.linspace(0, inside.size - 1, ROWS).round().astype(int))].tolist()
    targets = np.linspace(composition[inside[0]], composition[inside[-1]], ROWS)
    nearest = [int(inside[np.argmin(np.abs(composition[inside] - target))]) for target in targets]
    return list(dict.fromkeys(nearest))


def largest(entry, kind: str) -> None:
    """Where the largest error in the window is."""
    estimate, chosen = entry.estimate, inside(entry.estimate)
    error = np.abs(np.atleast_2d(np.asarray(entry.verdict.error, float))[:, chosen]).max(axis=0)
    if kind == "curve" and np.isfinite(error).any():
        worst = chosen[int(np.nanargmax(error))]
        print(f"  largest error in the window: {100.0 * np.nanmax(error):.3g} % at {estimate.composition[worst]:.3g}")

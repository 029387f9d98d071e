"""Estimates of several components as tables of text: matrices, and rows at compositions of several."""

import numpy as np

from matano.console import print_table

BLOCKS = 12  # of matrices, or lines of a path, thinned evenly


def columns_of(estimate) -> list[str]:
    """Names of the components that the compositions (k, m) are fractions of."""
    from inverse.compare import columns_of

    return list(columns_of(estimate))


def where(estimate, k: int) -> str:
    """The composition of the k-th value."""
    pairs = zip(columns_of(estimate), estimate.composition[k], strict=True)
    return ", ".join(f"x_{name} = {X:.4f}" for name, X in pairs)


def thinned(count: int) -> list[int]:
    """Indices of a dozen of so many, evenly."""
    return sorted(set(np.linspace(0, count - 1, min(count, BLOCKS)).round().astype(int).tolist()))


def show_matrices(entry) -> None:
    """One matrix entry by entry; of several one block for each."""
    estimate, verdict = entry.estimate, entry.verdict
    if len(estimate.value) == 1:
        print(f"  at {where(estimate, 0)}")
        entries(entry)
    else:
        for k in thinned(len(estimate.value)):
            print(f"  at {where(estimate, k)}")
            block(entry, k)
    if verdict is not None and np.isfinite(verdict.error).any():
        sizes = np.nanmax(np.abs(verdict.error), axis=(1, 2))
        worst = int(np.nanargmax(sizes))
        at = f" at {where(estimate, worst)}" if len(sizes) > 1 else ""
        print(f"  largest error: {100.0 * sizes[worst]:.3g} % of the largest entry{at}")


def entries(entry) -> None:
    """One matrix (m, m): an entry on each line, with standard deviation, truth and error of the largest entry."""
    estimate, verdict = entry.estimate, entry.verdict
    head, lines = ["", f"D ({estimate.unit})"], []
    head += [] if estimate.sd is None else ["sd"]
    head += [] if verdict is None else ["truth", "error"]
    for i, row in enumerate(estimate.rows):
        for j, column in enumerate(estimate.rows):
            cells = [f"D_{row},{column}", f"{estimate.value[0, i, j]:.5e}"]
            cells += [] if estimate.sd is None else [f"{estimate.sd[0, i, j]:.1e}"]
            if verdict is not None:
                cells += [f"{verdict.truth[0, i, j]:.5e}", f"{100.0 * verdict.error[0, i, j]:+.3f} %"]
            lines.append(cells)
    print_table(head, lines, "  ")


def block(entry, k: int) -> None:
    """The k-th matrix with its rows, their standard deviations, and the largest error of each row."""
    estimate, verdict = entry.estimate, entry.verdict
    head = [f"D ({estimate.unit})", *(f"grad {name}" for name in estimate.rows)]
    head += [] if estimate.sd is None else [f"sd {name}" for name in estimate.rows]
    head += [] if verdict is None else ["error"]
    lines = []
    for i, name in enumerate(estimate.rows):
        cells = [name, *(f"{value:.4e}" for value in estimate.value[k, i])]
        cells += [] if estimate.sd is None else [f"{value:.1e}" for value in estimate.sd[k, i]]
        if verdict is not None:
            own = verdict.error[k, i]
            cells.append(f"{100.0 * own[np.argmax(np.abs(own))]:+.3f} %")
        lines.append(cells)
    print_table(head, lines, "    ")


def show_rows(entry, rows: list[tuple]) -> None:
    """Values with a name each at compositions of several components; one composition: a line for each name."""
    estimate, verdict = entry.estimate, entry.verdict
    if len(estimate.composition) == 1:
        print(f"  at {where(estimate, 0)}")
        head = ["", estimate.unit, *([] if estimate.sd is None else ["sd"])]
        head += [] if verdict is None else ["truth", "error"]
        print_table(head, [[label, *cells(values, 0)] for label, *values in rows], "  ")
    else:
        head = [f"x_{name}" for name in columns_of(estimate)]
        for label, *values in rows:
            head += [f"{label} ({estimate.unit})", *([] if values[1] is None else ["sd"])]
            head += [] if values[2] is None else ["error"]
        lines = []
        for k in thinned(len(estimate.composition)):
            line = [f"{X:.4f}" for X in estimate.composition[k]]
            for _, *values in rows:
                own = cells(values, k)
                line += own if values[2] is None else [*own[:-2], own[-1]]
            lines.append(line)
        print_table(head, lines, "  ")
    if verdict is not None and np.isfinite(verdict.error).any():
        word = " of the largest" if estimate.recovers == "interdiffusion_flux" else ""
        print(f"  largest error: {100.0 * np.nanmax(np.abs(verdict.error)):.3g} %{word}")


def cells(values: list, k: int) -> list[str]:
    """Value, and where there are any standard deviation, truth and error, of the k-th composition."""
    value, sd, truth, error = values
    found = [f"{value[k]:.5e}", *([] if sd is None else [f"{sd[k]:.1e}"])]
    return found if truth is None else [*found, f"{truth[k]:.5e}", f"{100.0 * error[k]:+.3f} %"]

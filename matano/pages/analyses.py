"""The part of a page about the analyses that a result holds: what was recovered, beside the truth, and how far off."""

import numpy as np

from matano.pages.document import Document, mark
from matano.saved_analyses import round_trip_of, saved_analyses
from simulator.faults import Invalid

MOST_MATRICES = 5
MOST_TOGETHER = 8  # methods in a figure
MARKS = {"passed": True, "expected": None, "FAILED": False}


def analyses(page: Document, result) -> None:
    """What the analyses of a file say; nothing where it has none."""
    found = saved_analyses(result)
    if found:
        together(page, found)


def together(page: Document, found) -> None:
    """A heading, a table of all, and for each its numbers, table and figure."""
    page.heading("Analyses")
    overview(page, found)
    for group in grouped(found):
        compared(page, group)


def overview(page: Document, found) -> None:
    """A line for each analysis: what it recovered, how far it is from the truth, and how far it may be."""
    lines = []
    for entry in found:
        estimate, verdict = entry.estimate, entry.verdict
        what = estimate.recovers.replace("_", " ")
        if verdict is None:
            lines.append((estimate.method, what, "-", "-", mark(None, "no truth to compare with")))
            continue
        trip = round_trip_of(entry)
        words = trip.word.lower()
        if trip.expected:
            words = "errs, as its case expects" if trip.bias is not None else "errs, and warns of it"
        lines.append(
            (
                estimate.method,
                what,
                f"{100.0 * verdict.max_error:.3g} %",
                f"{100.0 * verdict.tolerance:.3g} %",
                mark(MARKS[trip.word], words),
            )
        )
    head = ("method", "recovers", "largest error in the window", "tolerance of a round trip", "")
    page.table(head, lines, caption="What was recovered")


def grouped(found) -> list[list]:
    """Analyses that are drawn together: of the same files and quantity, at the same time, of the same component."""
    groups: dict[tuple, list] = {}
    for entry in found:
        estimate = entry.estimate
        time = entry.profile.time if np.ndim(entry.profile.time) == 0 else None
        key = (entry.paths, estimate.recovers, estimate.component, estimate.composition.ndim, time)
        groups.setdefault(key, []).append(entry)
    return list(groups.values())


def compared(page: Document, group: list) -> None:
    """The figure of analyses of one quantity, side by side, and the values of each."""
    quantity = group[0].estimate.recovers.replace("_", " ")
    page.heading(f"{quantity[0].upper()}{quantity[1:]}", level=3)
    for part in parted(group):
        figure = drawn(part)
        if figure is not None:
            named = ", ".join(entry.estimate.method for entry in part)
            beside = " beside the truth of the law" if part[0].verdict is not None else ""
            caption = f"The profile, and what was recovered from it by {named}{beside}."
            page.figure(figure, f"{quantity[0].upper()}{quantity[1:]}", caption=caption)
    for entry in group:
        section(page, entry)


def parted(group: list) -> list[list]:
    """The group, or each of it alone where it would be too many for one picture."""
    return [group] if len(group) <= MOST_TOGETHER else [[entry] for entry in group]


def section(page: Document, entry) -> None:
    """One analysis: its equation and source, what it found beside, and a table of its values."""
    from inverse.registry import METHODS
    from matano.diagnostic_lines import named_found, named_numbers, named_planes

    estimate, method = entry.estimate, METHODS[entry.estimate.method]
    page.facts(
        [
            ("method", f"{method.name}: {method.equation}"),
            ("source", method.source),
            *named_planes(entry),
            *named_found(entry),
            *named_numbers(estimate.diagnostics),
        ]
    )
    if estimate.warnings:
        page.paragraph(f"{method.name} warned:")
        page.items(estimate.warnings)
    values(page, entry)


def drawn(group: list):
    """The figure of `matano analyse`; None where it needs the other couples that were analysed together with these."""
    from matano.commands.analyse import figure_of
    from matano.drawing import pyplot

    before = set(pyplot().get_fignums())
    try:
        return figure_of(group)
    except (Invalid, ValueError, IndexError):
        for number in set(pyplot().get_fignums()) - before:
            pyplot().close(number)
        return None


def values(page: Document, entry) -> None:
    """The table of an estimate: a dozen compositions of a curve, every layer, every entry of a matrix."""
    from matano.estimate_tables import head, inside, is_constant, line, spread
    from matano.estimates import kind_of

    kind, estimate = kind_of(entry.estimate), entry.estimate
    if kind in ("matrices", "rows"):
        entries(page, entry)
        return
    chosen = inside(estimate)
    if kind == "curve":
        chosen = chosen[:1] if is_constant(entry) else spread(estimate.composition, chosen)
    page.table(head(entry, kind), [line(entry, kind, k) for k in chosen], caption=estimate.method)


def entries(page: Document, entry) -> None:
    """Entries of matrices, or rows of values, at a few compositions: a table for each."""
    from matano.matrix_figures import entries_of
    from matano.matrix_tables import where

    estimate, named = entry.estimate, entries_of(entry)
    count = len(estimate.composition)
    symbol = "D_" if estimate.is_matrix else ""
    for k in sorted(set(np.linspace(0, count - 1, min(count, MOST_MATRICES)).round().astype(int).tolist())):
        head = ["", estimate.unit, *([] if estimate.sd is None else ["sd"])]
        head += [] if entry.verdict is None else ["truth", "error"]
        lines = []
        for label, value, sd, truth, error in named:
            cells = [f"{symbol}{label}", f"{value[k]:.5e}", *([] if sd is None else [f"{sd[k]:.1e}"])]
            lines.append(cells if truth is None else [*cells, f"{truth[k]:.5e}", f"{100.0 * error[k]:+.3f} %"])
        page.table(head, lines, caption=f"{estimate.method}, at {where(estimate, k)}")

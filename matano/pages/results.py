"""The page of a result: verdict, what ran and how well, its numbers, every figure that applies, analyses, the case."""

import hashlib
from pathlib import Path

import numpy as np

from matano.console import duration
from matano.pages.document import Document, mark
from simulator.faults import Invalid

MOST_ROWS = 25  # of a profile
MOST_STATES = 50  # saved times or voltages in a table
NUMBERS_OF_TIMES = ("steps", "rejected_steps", "error_estimate", "conservation_error")
LAST = ("sha256 of the case", "history", "versions", "set")  # among the facts, what tells where the result comes from


def page_of(path: Path) -> Document:
    """The page of the result in a file; Invalid if it is none, or holds no saved time."""
    from matano.commands.info import facts_of, lines
    from matano.drawing import chosen
    from simulator.files.stored import open_result

    result, facts = open_result(path), facts_of(path)
    chosen(result)
    page = Document(result.title or path.stem, summary(path, result, facts))
    pairs = list(lines(facts))
    page.heading("Verdict")
    verdicts(page, result, facts)
    page.heading("What ran, and how well")
    page.facts(pair for pair in pairs if pair[0] not in LAST)
    if facts["warnings"]:
        page.paragraph("The run warned:")
        page.items(facts["warnings"])
    page.heading("Figures")
    figures(page, result)
    from matano.pages.analyses import analyses

    analyses(page, result)
    page.heading("Numbers")
    states(page, result, facts)
    if not hasattr(result, "box"):
        profile(page, result)
    page.heading("Provenance")
    page.facts(provenance(path, facts, dict(pairs)))
    if result.text:
        page.heading("The case")
        page.verbatim(
            result.text,
            "As the result holds it, letter by letter."
            + (f" It ran with {', '.join(facts['overrides'])}." if facts["overrides"] else ""),
        )
    return page


def summary(path: Path, result, facts: dict) -> str:
    """A sentence of what the page is about."""
    law = f"law {result.problem.law.kind}, " if result.text else ""
    states = f"{facts['saved']} of {facts['planned']} states saved" if facts["planned"] > 1 else "one state saved"
    return f"A simulation of {', '.join(result.components)}: {law}{facts['cells']} cells, {states}. From {path.name}."


def verdicts(page: Document, result, facts: dict) -> None:
    """Whether the run is complete, and whether it shows what its case expects."""
    from matano.check import check

    if facts["status"] != "complete":
        page.verdict(False, f"the run is {facts['status']}: {facts['saved']} of {facts['planned']} states were saved.")
    if not result.text:
        page.verdict(None, "it was computed without a case file, and nothing says what to expect.")
        return
    try:
        outcomes = check(result, result.case.expect)
    except Invalid as error:
        page.verdict(False, " ".join(str(fault) for fault in error.faults))
        return
    if not outcomes:
        page.verdict(None, "the case has no [expect]: there is nothing to check the result against.")
        return
    missed = sum(not outcome.passed for outcome in outcomes)
    page.verdict(
        not missed,
        f"{missed} of {len(outcomes)} expectations of the case are missed."
        if missed
        else f"the result shows what its case expects ({len(outcomes)} of {len(outcomes)}).",
    )
    page.table(
        ("expected by the case", "off by", "allowed", ""),
        [
            (
                outcome.what.removesuffix(", off by"),
                f"{outcome.measured:.3g}",
                "-" if outcome.allowed == np.inf else f"{outcome.allowed:.3g}",
                mark(outcome.passed, "passed" if outcome.passed else "out of tolerance"),
            )
            for outcome in outcomes
        ],
        caption="[expect]",
    )


def figures(page: Document, result) -> None:
    """Every kind of figure that applies to the result."""
    from matano.figures import KINDS, drawn

    for name, kind in KINDS.items():
        figure = drawn(name, result)
        if figure is not None:
            page.figure(figure, name.replace("-", " ").capitalize(), caption=f"{kind.text[0].upper()}{kind.text[1:]}.")


def states(page: Document, result, facts: dict) -> None:
    """The saved states with their diagnostics: over the time, or over the voltages of a sweep."""
    rows = thinned(len(result.snapshots), MOST_STATES)
    swept = len(rows) > 1 and not np.isfinite(result.time).any() and result.has("voltage")
    head, columns = [], []
    if not swept:
        head.append("time")
        columns.append([duration(result.time[k]) for k in rows])
    for name, unit in (("voltage", "V"), ("current", "A/m^2")):
        if result.has(name):
            head.append(f"{name} ({unit})")
            columns.append([f"{float(result.field(name)[k]):.6g}" for k in rows])
    for name in NUMBERS_OF_TIMES:
        values = result.diagnostics(name)
        head.append(name.replace("_", " "))
        columns.append([number(float(values[k])) for k in rows])
    page.table(head, zip(*columns, strict=True), caption=counted("Saved states", rows, len(result.snapshots)))


def number(value: float) -> str:
    """A diagnostic; some are not defined, such as the conservation error where an end is open."""
    return "-" if value != value else f"{value:.6g}" if value == int(value) else f"{value:.2g}"


def profile(page: Document, result) -> None:
    """The last profile, thinned over where it changes."""
    from matano.drawing import length_unit, zone
    from matano.places import state_name

    last = len(result.snapshots) - 1
    x, values = result.position[last], result.composition[last]
    low, high = zone(x, values) or (x[0], x[-1])
    inside = np.flatnonzero((x >= low) & (x <= high))
    targets = np.linspace(low, high, min(MOST_ROWS, inside.size))
    rows = np.unique([inside[np.argmin(np.abs(x[inside] - target))] for target in targets])
    unit, size = length_unit(float(np.max(np.abs(result.grid.faces))))
    symbol = "c" if result.quantity == "concentration" else "x"
    of = " (mol/m^3)" if result.quantity == "concentration" else ""
    head = [f"{'x' if result.grid.geometry == 'planar' else 'r'} ({unit})"]
    head += [f"{symbol}_{name}{of}" for name in result.components]
    form = ".6g" if result.quantity == "concentration" else ".6f"
    lines = [[f"{x[k] / size:.5g}", *(f"{value + 0.0:{form}}" for value in values[:, k])] for k in rows]
    where = counted(f"Profile, {state_name(result, last)}", rows, len(x), "cells")
    page.table(head, lines, caption=where)


def thinned(count: int, most: int) -> list[int]:
    """Indices of at most so many of a count, evenly, the last one among them."""
    return sorted(set(np.linspace(count - 1, 0, min(count, most)).round().astype(int).tolist()))


def counted(title: str, rows, count: int, of: str = "states") -> str:
    return title if len(rows) == count else f"{title}: {len(rows)} of {count} {of}"


def provenance(path: Path, facts: dict, pairs: dict[str, str]):
    """Pairs of a name and a text: the file, its checksum, when it was made by which command, versions."""
    yield "file", path.name
    with path.open("rb") as file:
        yield "sha256 of the file", hashlib.file_digest(file, "sha256").hexdigest()
    yield "sha256 of the case", facts["case_sha256"]
    when, _, how = facts["history"].partition(" ")
    yield "simulated at", when
    yield "by", how
    for name in ("set", "versions"):
        if name in pairs:
            yield {"set": "changed by --set", "versions": "versions of the run"}[name], pairs[name]
    yield from made_by()


def made_by():
    """What has written a page."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        yield "this page by", f"matano {version('matano')}"
    except PackageNotFoundError:
        yield "this page by", "matano (not installed)"

"""The page `docs/verified.md`: what every case expects, and which method gives which law back; names, no timings."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from matano.console import whole

HEAD = """# What is verified

Written by `matano verify --write-docs docs/verified.md --force`, never by hand. How it is done stands in
[inverse.md](inverse.md), which test holds which claim in [verification.md](verification.md).
"""
MARKS = {"passed": "", "expected": " (errs as expected)", "FAILED": " (**FAILED**)"}


def write_page(document: dict, cases: Mapping[str, Path], path: Path) -> None:
    """Write the page, whole or not at all."""
    text = page(document["round_trips"], cases)
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")


def page(rows: Sequence[dict], cases: Mapping[str, Path]) -> str:
    """The page of round trips, and of the cases whether they have any or not."""
    from inverse import METHODS

    parts = [HEAD, EXPECTED.strip(), *expectations(cases), "", RECOVERED.strip(), *recovered(rows, METHODS)]
    parts += ["", BIASED.strip(), *biased(rows)]
    return "\n".join(parts) + "\n"


EXPECTED = """
## Simulations against what is known from elsewhere

Every case runs in the tests and must show what its `[expect]` says: an exact solution at every cell, and values with a
source that is not this code.

| case | law | exact solution | values and their sources |
|---|---|---|---|
"""
RECOVERED = """
## Methods that give the law back

Each case is simulated on twice the cells, its profile sampled and analysed; the error is the largest one in the window,
relative to the law's own coefficients.

| method | recovers | tolerance | within it on |
|---|---|---|---|
"""
BIASED = """
## Methods that err where they must

Assumptions fail in these cases. Where a case states by how much a method then errs, it must do so within a factor of 2:
less would be as wrong as more. Otherwise the method says itself that its model does not hold.

| method | stated by the case | said by the method |
|---|---|---|
"""


def expectations(cases: Mapping[str, Path]) -> list[str]:
    """A row for each case, from its [expect]."""
    from simulator.files.case import load

    rows = []
    for name, path in cases.items():
        case = load(path)
        exact = case.expect.exact
        shown = f"`{exact}`" if exact else "-"
        if exact and case.expect.max_error is not None:
            shown += f", {case.expect.max_error:g}"
        rows.append(f"| `{name}` | `{case.problem.law.kind}` | {shown} | {values_of(case.expect.value or ())} |")
    return rows


def values_of(entries: Sequence) -> str:
    """Quantities with their sources, those of one source together."""
    found: dict[str, list[str]] = {}
    last = ""
    for entry in entries:
        # "the same" and "as above" are for a reader of the case
        last = last if entry.source in ("the same", "as above") else entry.source
        names = found.setdefault(last, [])
        name = entry.quantity + (f" of {entry.component}" if entry.component else "")
        names += [] if name in names else [name]
    texts = [f"{', '.join(names)}: {source}" for source, names in found.items()]
    return "; ".join(texts).replace("|", "\\|") or "-"


def recovered(rows: Sequence[dict], methods: Mapping) -> list[str]:
    """A row for each method that is registered, whether a case of its own shows it or not."""
    lines = []
    for name, method in methods.items():
        passed = [row["case"] for row in rows if row["method"] == name and row["verdict"] in ("passed", "FAILED")]
        failed = {row["case"] for row in rows if row["method"] == name and not row["passed"]}
        shown = [f"`{case}`{MARKS['FAILED'] if case in failed else ''}" for case in dict.fromkeys(passed)]
        what = method.recovers.replace("_", " ")
        lines.append(f"| `{name}` | {what} | {method.tolerance:g} | {', '.join(shown) or 'no case'} |")
    return lines


def biased(rows: Sequence[dict]) -> list[str]:
    lines = []
    for name in dict.fromkeys(row["method"] for row in rows if row["applies"]):
        own = [row for row in rows if row["method"] == name and row["applies"]]
        stated = {row["case"]: row["expected_bias"] for row in own if row["expected_bias"] is not None}
        told = [row["case"] for row in own if row["verdict"] == "expected" and row["expected_bias"] is None]
        if stated or told:
            first = ", ".join(f"`{case}` {bias:.2g}" for case, bias in stated.items())
            lines.append(f"| `{name}` | {first or '-'} | {', '.join(f'`{c}`' for c in dict.fromkeys(told)) or '-'} |")
    return lines

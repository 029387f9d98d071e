"""`matano methods`, `matano laws`: what there is."""

import textwrap
from collections.abc import Iterator
from dataclasses import MISSING

from matano.console import print_json


def paragraph(name: str, text: str, width: int = 10) -> None:
    """A name and its text, broken at word ends; line breaks in the text are its own."""
    lines = [part for line in text.splitlines() for part in textwrap.wrap(line, 96) or [""]]
    for k, line in enumerate(lines):
        print(f"  {name if k == 0 else '':<{width}}  {line}".rstrip())


def methods(as_json: bool) -> int:
    from inverse import METHODS

    rows = [method_row(name, method) for name, method in METHODS.items()]
    if as_json:
        print_json(rows)
        return 0
    for row in rows:
        print(f"{row['name']}: {row['title']}")
        if isinstance(row["profiles"], list):
            paragraph("profiles", "{} to {}".format(*row["profiles"]))
        for name in ("equation", "recovers", "needs", "assumes", "window", "source"):
            text = row[name] if isinstance(row[name], str) else ", ".join(map(str, row[name]))
            paragraph(name, text)
    return 0


def method_row(name: str, method) -> dict:
    """What a method says about itself."""
    row = {"name": name, "title": method.title, "equation": method.equation, "recovers": method.recovers}
    row.update(unit=method.unit, needs=list(method.needs), assumes=list(method.assumes), source=method.source)
    low, high = method.window
    least, most = method.counts
    return {
        **row,
        "window": f"{low:g} < Y < {high:g}",
        "tolerance": method.tolerance,
        "profiles": least if least == most else [least, most],
        "options": list(method.options),
    }


def laws(as_json: bool) -> int:
    from simulator.laws.catalogue import LAWS

    rows = [law_row(law) for law in LAWS]
    if as_json:
        print_json(rows)
        return 0
    for row in rows:
        print(row["kind"])
        width = max(10, *(len(key["name"]) for key in row["keys"]))
        paragraph("equation", row["equation"], width)
        for key in row["keys"]:
            unit = f" [{key['unit']}]" if key["unit"] else ""
            default = f" Default: {key['default']}." if key["default"] not in (None, "") else ""
            paragraph(key["name"], f"{key['text']}{unit}{default}", width)
        for source in row["sources"]:
            paragraph("source", source, width)
    return 0


def law_row(law) -> dict:
    keys = [row for entry in law.key_fields() for row in key_rows(entry.name, entry)]
    return {"kind": law.kind, "equation": law.equation.strip(), "keys": keys, "sources": list(law.sources)}


def key_rows(name: str, entry) -> Iterator[dict]:
    """A key and, below it, those of its table: phases, phases[].D_int."""
    about = entry.metadata
    yield {
        "name": name,
        **{word: about[word] for word in ("text", "unit", "shape")},
        "required": entry.default is MISSING,
        "default": None if entry.default is MISSING else entry.default,
    }
    inner = f"{name}[]" if about["shape"] == "tables" else name
    for below, field in about["entries"].items():
        yield from key_rows(f"{inner}.{below}", field)

"""What must be said of a raw export of a probe beside its header, and the record of how a measured profile was read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from simulator.faults import Invalid, near
from simulator.files.columns import Column
from simulator.files.conversion import BELOW, OXIDES
from simulator.files.delimited import SEPARATORS, Table
from simulator.files.titles import title_of

MOST_LINES = 100  # of a preamble, or of comments, that are recorded


@dataclass(frozen=True)
class Cleaning:
    """How to read a raw export.

    header: line of the header; encoding: of the file; stage: columns of stage coordinates, "X [mm],Y [mm]", which
    become the distance along their line; names: what columns are called otherwise, {"X": "Zr"}; only: the components to
    read; oxides: "cations" or "molecules", empty for
    cations of wt% and molecules of mol%; totals: least and largest total of a row in percent, others are left out;
    limits: limits of detection by component, in the unit of its column; below: what stands for a value below its limit,
    "half" of it, "zero", the "limit", or "leave-out"; leave_out: lines of the file that are not read; errors: whether
    columns of uncertainties are read. Raises Invalid for a word or a number that is none of this.
    """

    header: int | None = None
    encoding: str | None = None
    stage: str | Sequence[str] | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    only: Sequence[str] = ()
    oxides: str = ""
    totals: tuple[float, float] | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    below: str = "half"
    leave_out: Sequence[int] = ()
    errors: bool = True

    def __post_init__(self):
        for name, value, words in (("below", self.below, BELOW), ("oxides", self.oxides or OXIDES[0], OXIDES)):
            if value not in words:
                text = f"{value[:40]!r} is none of {', '.join(words)}.{near(value, words)}"
                raise Invalid.at(name, text)
        if self.totals is not None:
            low, high = self.totals
            if not 0.0 < low < high:
                text = f"expected the least and the largest total in percent, as in 97,103, got {low:g} and {high:g}."
                raise Invalid.at("totals", text)
            if high < 10.0:
                text = f"totals are in percent: write {100 * low:g},{100 * high:g} for {low:g} to {high:g}."
                raise Invalid.at("totals", text)
        for name, limit in self.limits.items():
            if not limit > 0.0:
                raise Invalid.at(f"limits.{name}", f"a limit of detection is above zero, got {limit:g}.")

    def table(self, found: Table) -> Table:
        """The table without the lines that are left out, its columns renamed. Raises Invalid for a line that is no row,
        or a name that no column has."""
        known = list(dict.fromkeys(title.name for title in found.titles))
        for name in self.names:
            if name not in known:
                text = f"there is no column {name!r}; the columns are {', '.join(known)}.{near(name, known)}"
                raise Invalid.at("names", text)
        renamed = (replace(title, name=self.names.get(title.name, title.name)) for title in found.titles)
        found = replace(found, titles=tuple(renamed))
        lines = [line for line, _ in found.rows]
        absent = [line for line in self.leave_out if line not in lines]
        if absent:
            text = f"line {absent[0]} of {found.path} is no row of the table"
            raise Invalid.at("leave_out", f"{text}, whose rows are the lines {lines[0]} to {lines[-1]}.")
        return found.without({lines.index(line): "the user left it out" for line in self.leave_out})

    def limits_of(self, table: Table, columns: Sequence[Column]) -> dict[int, float]:
        """Limits of detection by number of the column. Raises Invalid for a component without a column."""
        names = {column.name: column.k for column in columns}
        found = {}
        for asked, limit in self.limits.items():
            name = title_of(asked).name
            if name not in names:
                text = f"{table.path} has no column {asked!r}; the columns are {', '.join(names)}."
                raise Invalid.at("limits", f"{text}{near(name, names)}")
            found[names[name]] = limit
        return found


def line_numbers(text: str) -> tuple[int, ...]:
    """Line numbers of "12,15-18". Raises Invalid for another text."""
    lines: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"\s*(\d{1,8})\s*(?:-\s*(\d{1,8})\s*)?", part)
        first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
        if not first <= last <= first + 1_000_000:
            raise Invalid.at("leave_out", f"expected numbers of lines, as in 12,15-18, got {text[:40]!r}.")
        lines += range(first, last + 1)
    return tuple(dict.fromkeys(lines))


def record(
    table: Table, columns: Sequence[Column], used: Sequence[int], position: Mapping, conversions, warnings
) -> dict:
    """How a profile was read, as plain texts, numbers and lists: the file and its SHA-256, how it is written, the lines
    around the table, columns with their kinds, what was passed over and left out, conversions and warnings."""
    titles = table.titles
    described = [
        {
            "column": titles[column.k].text,
            "component": column.name,
            "basis": column.kind,
            **({"uncertainty": titles[column.sigma].text} if column.sigma is not None else {}),
        }
        for column in columns
    ]
    return {
        "file": str(table.path),
        "sha256": table.sha256,
        "encoding": table.encoding,
        "separator": SEPARATORS[table.separator],
        "decimal": table.decimal_sign(k for k in used if k >= 0),
        "header": table.line,
        "preamble": listed(table.preamble),
        "remarks": listed(table.remarks),
        "rows": len(table.rows),
        "position": dict(position),
        "columns": described,
        "passed_over": [title.text for k, title in enumerate(titles) if k not in used and title.text],
        "left_out": [{"line": line, "reason": why} for line, why in table.left_out],
        "conversions": list(conversions),
        "warnings": list(warnings),
    }


def listed(lines: Sequence[str]) -> list[str]:
    """The first lines, and how many more there are."""
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], *([f"... and {more} more lines"] if more > 0 else [])]

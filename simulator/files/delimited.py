"""Tables of numbers as text, CSV or TSV: the separator, decimal commas and the line of every cell that is no number."""

import csv
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.files.encoding import read_text
from simulator.files.titles import Title, is_unit, title_of

FEWEST = 8  # rows
MOST_FAULTS = 20
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf(inity)?)", re.IGNORECASE)
SEPARATORS = {"\t": "tab", ";": "semicolon", ",": "comma", None: "spaces"}
STATISTICS = ("average", "mean", "minimum", "min", "maximum", "max", "sigma", "std dev", "stdev", "std", "st dev", "sd")
UNDETECTED = ("nd", "bd", "bdl", "lod", "dl", "mdl", "blod", "not detected")  # points, spaces and < left out


@dataclass(frozen=True)
class Table:
    """The cells of a file: the line of its header, the titles, and every row below with its line; how it is written:
    encoding, separator, the lines before the header and those of comments, the SHA-256 of its bytes; and the rows that
    were left out, as line and reason."""

    path: Path
    line: int
    titles: tuple[Title, ...]
    rows: tuple[tuple[int, list[str]], ...]
    encoding: str = "utf-8"
    separator: str | None = ","
    preamble: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    sha256: str = ""
    left_out: tuple[tuple[int, str], ...] = ()

    @property
    def where(self) -> str:
        """The place of the header."""
        return f"{self.path}:{self.line}"

    def place(self, row: int) -> str:
        return f"{self.path}:{self.rows[row][0]}"

    def without(self, why: Mapping[int, str]) -> "Table":
        """The table without these rows, by index, each with the reason. Raises Invalid where too few are left."""
        if not why:
            return self
        rest = tuple(row for k, row in enumerate(self.rows) if k not in why)
        out = sorted((*self.left_out, *((self.rows[k][0], words) for k, words in why.items())))
        if len(rest) < FEWEST:
            text = (
                f"a profile needs at least {FEWEST} points, but of {len(rest) + len(out)} rows {len(out)} are left out"
            )
            raise Invalid.at(str(self.path), f"{text}: line {out[0][0]}, for example, since {out[0][1]}.")
        return replace(self, rows=rest, left_out=tuple(out))

    def numbers(
        self,
        columns: Iterable[int],
        limited: Iterable[int] = (),
        limits: Mapping[int, float] | None = None,
        fewest: int = FEWEST,
        of: str = "a profile",
    ) -> tuple[dict, dict]:
        """The columns as numbers (N,), and which of their cells are detection limits (N,); by number of the column.

        limited: columns in which "<0.01" may stand; the number is then the limit. limits: limits of detection by
        column, which stand for numbers below them and for "n.d." Raises Invalid for every cell that is no finite
        number, for decimal commas beside points, and for fewer than `fewest` rows, which `of` needs.
        """
        columns, limited, limits, faults = sorted(columns), set(limited), limits or {}, []
        numbers = {k: np.zeros(len(self.rows)) for k in columns}
        below = {k: np.zeros(len(self.rows), bool) for k in columns}
        for row, (_, cells) in enumerate(self.rows):
            if len(cells) != len(self.titles):
                text = f"expected {len(self.titles)} columns as in the header, got {len(cells)}"
                faults.append((row, text, self.run_together(row) or "complete the row, or leave it out."))
                continue
            for k in columns:
                cell = decimal(cells[k], self.separator)
                if k in limits and undetected(cell):
                    cell = f"<{limits[k]!r}"
                limit = k in limited and cell.startswith("<")
                text = cell.lstrip("<≤= ") if limit else cell
                title = self.titles[k].text
                if not is_number(text):
                    faults.append((row, *not_a_number(cells[k], title, k in limited, k not in limits)))
                elif not math.isfinite(float(text)):
                    faults.append(
                        (row, f"expected a finite number in column {title}, got {cell}", "leave the row out.")
                    )
                elif limit and not float(text) > 0.0:
                    faults.append((row, f"a detection limit is above zero, got {cell!r}", ""))
                else:
                    numbers[k][row], below[k][row] = float(text), limit
            for k in set(columns) & set(limits):
                if numbers[k][row] < limits[k]:
                    numbers[k][row], below[k][row] = limits[k], True
        if faults:
            raise Invalid(*self.gathered(faults))
        self.decimal_sign(columns)
        if len(self.rows) < fewest:
            text = f"{of} needs at least {fewest} points, this file has {len(self.rows)}."
            raise Invalid.at(str(self.path), text)
        return numbers, below

    def gathered(self, faults: list[tuple[int, str, str]]) -> list[Fault]:
        """Faults of rows, as (row, what, cure): one for all rows of which the same is true, at the first of them."""
        counts, first = Counter(what for _, what, _ in faults), {}
        for row, what, cure in faults:
            first.setdefault(what, (row, cure))
        found = []
        for what, (row, cure) in first.items():
            more = counts[what] - 1
            shown = f"{what} (and so in {more} more row{'s' * (more > 1)})" if more else what
            joint = "; " if cure[:1].islower() else ". " if cure else "."
            found.append(Fault(self.place(row), f"{shown}{joint}{cure}"))
        more = len(found) - MOST_FAULTS
        rest = [Fault(str(self.path), f"{more} more lines cannot be read.")] if more > 0 else []
        return found[:MOST_FAULTS] + rest

    def run_together(self, row: int) -> str:
        """A hint where decimal commas between commas may have made a row too long."""
        if self.separator == "," and len(self.titles) < len(self.rows[row][1]) <= 2 * len(self.titles):
            return "Decimal commas cannot be told from commas between columns: separate these by semicolons or tabs."
        return ""

    def decimal_sign(self, columns: Iterable[int]) -> str:
        """ "comma" or "point" as the numbers of these columns have it, empty where there are whole numbers only. Raises
        Invalid where both occur: one of them then separates thousands."""
        first: dict[str, tuple[int, int, str]] = {}
        columns = sorted(columns)
        for row, (_, cells) in enumerate(self.rows):
            for k in columns:
                for word, mark in (("comma", ","), ("point", ".")):
                    if mark in cells[k] and not undetected(cells[k]):
                        first.setdefault(word, (row, k, cells[k]))
        if len(first) == 2:
            early, late = sorted(first.values())
            text = f"{late[2]!r} and {early[2]!r} in line {self.rows[early[0]][0]} have different decimal signs"
            raise Invalid.at(self.place(late[0]), f"{text}; write one sign for all, and no thousands.")
        return next(iter(first), "")


def undetected(cell: str) -> bool:
    """Whether a cell says in words that something is below its limit of detection, as in "n.d." or "<LOD"."""
    return re.sub(r"[\s._<]+", " ", cell).strip().lower().replace(" ", "") in [w.replace(" ", "") for w in UNDETECTED]


def not_a_number(cell: str, title: str, limited: bool, unlimited: bool) -> tuple[str, str]:
    """What is wrong with a cell, and what would be right."""
    shown = repr(cell[:40]) if cell else "an empty cell"
    if THOUSANDS.fullmatch(cell):
        return f"expected a number in column {title}, got {shown}: write it with a point, and without thousands", ""
    cure = 'Leave the row out, or write a detection limit as "<0.01".' if limited else "Leave the row out."
    if limited and unlimited and undetected(cell):
        cure = 'Leave the row out, or write a detection limit as "<0.01", or give it to matano convert: --limit NAME=L.'
    return f"expected a number in column {title}, got {shown}", cure


def read_table(path: Path, *, header: int | None = None, encoding: str | None = None) -> Table:
    """The table in a file: CSV or TSV, separated by tabs, semicolons, commas or spaces; decimal commas are made points.

    The header is the line above the first row of numbers, or the one with the number that is given; what stands before
    it, lines that begin with # and empty lines are skipped. A row of units below the header is taken as part of it, and
    so is a header behind a #. Lines of statistics below (Average, Minimum, ...) are left out. Raises Invalid for a file
    that is none of this.
    """
    found = read_text(path, encoding)
    everything = [(k, line) for k, line in enumerate(found.text.splitlines(), 1) if line.strip()]
    lines = [(k, line) for k, line in everything if not line.lstrip().startswith("#") or k == header]
    if not lines:
        raise Invalid.at(str(path), 'the file is empty; expected a header such as "x [um],Ni" and rows of numbers.')
    remarks = [(k, line.lstrip().lstrip("# \t").rstrip()) for k, line in everything if line.lstrip().startswith("#")]
    above = [(k, line) for k, line in remarks if k < lines[0][0] and line]
    try:
        start = header_of(lines) if header is None else named_line(path, lines, header)
        if start is None and above and header_of([above[-1], *lines]) == 0:
            lines, start = [above[-1], *lines], 0
        if start is None:
            what = "the first line holds numbers" if is_row(lines[0][1]) else "no line above the numbers is a header"
            text = f'{what}; a header must name the columns, for example "x [um],Ni".'
            raise Invalid.at(f"{path}:{lines[0][0]}", text)
        first, start, separator, titles = titles_at(lines, start, header is not None)
        for k, text in lines[start + 1 : start + 2]:
            if is_row(text) and separator_of(text) != separator:
                words = f"{SEPARATORS[separator]} in the header and {SEPARATORS[separator_of(text)]} here"
                raise Invalid.at(f"{path}:{k}", f"the columns are separated by {words}; write one sign throughout.")
        rows = [(k, cells_of(text, separator)) for k, text in lines[start + 1 :]]
    except csv.Error as error:
        raise Invalid.at(str(path), f"this is not a table: {error}.") from None
    titles, rows = without_empty_ends(titles, rows)
    kept, out = [], []
    for k, cells in rows:
        word = next((cell for cell in cells if cell), "").lower().replace(".", " ").strip(" :")
        statistics = " ".join(word.split()) in STATISTICS
        (out if statistics else kept).append((k, "it holds statistics" if statistics else cells))
    return Table(
        path,
        lines[start][0],
        tuple(title_of(text) for text in titles),
        tuple(kept),
        encoding=found.encoding,
        separator=separator,
        preamble=tuple(line.strip() for _, line in lines[:first]),
        remarks=tuple(line for k, line in remarks if line and k != lines[start][0]),
        sha256=found.sha256,
        left_out=tuple(out),
    )


def named_line(path: Path, lines: list[tuple[int, str]], header: int) -> int:
    """Index of the line with this number."""
    found = next((k for k, (line, _) in enumerate(lines) if line == header), None)
    if found is None:
        raise Invalid.at("header", f"line {header} of {path} is empty, or there is no such line.")
    return found


def titles_at(lines: list[tuple[int, str]], start: int, below: bool) -> tuple[int, int, str | None, list[str]]:
    """Indices of the first and the last line of the header, which may have its units in a line of their own, below the
    names; separator and titles. below: whether that line is looked for below `start`, not above."""

    def units(cells: list[str]) -> bool:
        return all(not cell or is_unit(cell) for cell in cells)

    if below and start + 1 < len(lines) and units(cells_of(lines[start + 1][1], separator_of(lines[start][1]))):
        start += 1
    line = lines[start][1]
    line = line.lstrip().lstrip("#") if line.lstrip().startswith("#") else line
    separator = separator_of(line)
    titles = cells_of(line, separator)
    names = cells_of(lines[start - 1][1], separator) if start else []
    if len(names) != len(titles) or not units(titles):
        return start, start, separator, titles
    joined = [f"{name} [{unit}]" if unit else name for name, unit in zip(names, titles, strict=True)]
    return start - 1, start, separator, joined


def without_empty_ends(titles: list[str], rows: list) -> tuple[list[str], list]:
    """Titles and rows without the empty cells behind the last column, where every line ends with a separator."""
    while titles and not titles[-1]:
        titles = titles[:-1]
    count = len(titles)
    return titles, [(k, cells[:count] if not any(cells[count:]) else cells) for k, cells in rows]


def separator_of(line: str) -> str | None:
    """Tab, semicolon or comma; None for spaces."""
    return next((mark for mark in ("\t", ";", ",") if mark in line), None)


def cells_of(line: str, separator: str | None) -> list[str]:
    if separator:
        cells = next(csv.reader([line], delimiter=separator, skipinitialspace=True))
    else:
        cells = re.sub(r"\s+([\[(])", r"\1", line).split()
    return [cell.strip() for cell in cells]


def decimal(cell: str, separator: str | None) -> str:
    """A cell with a decimal point. Between commas it can hold a comma only in quotes: "1,234" is then refused, since it
    may be thousands."""
    if separator == "," and THOUSANDS.fullmatch(cell):
        return cell
    return cell.replace(",", ".").replace("\N{MINUS SIGN}", "-")


def is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None


def counted(line: str, separator: str | None) -> tuple[int, int]:
    """How many cells a line has, and how many of them are numbers or detection limits."""
    cells = [decimal(cell, separator) for cell in cells_of(line, separator)]
    return len(cells), sum(is_number(cell.lstrip("<≤= ")) for cell in cells)


def is_row(line: str) -> bool:
    """Whether a line holds numbers only, two or more."""
    cells, numbers = counted(line, separator_of(line))
    return cells == numbers >= 2


def header_of(lines: list[tuple[int, str]]) -> int | None:
    """Index of the header: the line of words above the first row that holds as many cells and at least two numbers.

    Where the row below cannot be read, the first line of words that names a length, or else the last one above the
    numbers; None if there is none.
    """
    words, met = [], False
    for k, (_, line) in enumerate(lines):
        if is_row(line):
            met = True
            break
        separator = separator_of(line)
        cells, numbers = counted(line, separator)
        if cells < 2 or numbers:
            continue
        words.append(k)
        if k + 1 < len(lines):
            below, found = counted(lines[k + 1][1], separator)
            if below == cells and found >= 2:
                return k
    for k in words:
        line = lines[k][1]
        if any(title_of(cell).length is not None for cell in cells_of(line, separator_of(line))):
            return k
    return words[-1 if met else 0] if words else None

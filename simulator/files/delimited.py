"""Tables of numbers as text, CSV or TSV: the separator, decimal commas and the line of every cell that is no number."""

import csv
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.files.titles import Title, is_unit, title_of

FEWEST = 8  # rows
LARGEST = 50_000_000  # bytes
MOST_FAULTS = 20
UTF16 = (b"\xff\xfe", b"\xfe\xff")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf(inity)?)", re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """The cells of a file: the line of its header, the titles, and every row below with its line."""

    path: Path
    line: int
    titles: tuple[Title, ...]
    rows: tuple[tuple[int, list[str]], ...]

    @property
    def where(self) -> str:
        """The place of the header."""
        return f"{self.path}:{self.line}"

    def place(self, row: int) -> str:
        return f"{self.path}:{self.rows[row][0]}"

    def numbers(self, columns: Iterable[int], limited: Iterable[int] = ()) -> tuple[dict, dict]:
        """The columns as numbers (N,), and which of their cells are detection limits (N,); by number of the column.

        limited: columns in which "<0.01" may stand; the number is then the limit. Raises Invalid for every cell that
        is no finite number, and for fewer than FEWEST rows.
        """
        columns, limited, faults = sorted(columns), set(limited), []
        numbers = {k: np.zeros(len(self.rows)) for k in columns}
        limits = {k: np.zeros(len(self.rows), bool) for k in columns}
        for row, (_, cells) in enumerate(self.rows):
            if len(cells) != len(self.titles):
                text = f"expected {len(self.titles)} columns as in the header, got {len(cells)}."
                faults.append(Fault(self.place(row), text))
                continue
            for k in columns:
                below = k in limited and cells[k].startswith("<")
                text = cells[k].lstrip("<≤= ") if below else cells[k]
                if not is_number(text):
                    faults.append(Fault(self.place(row), not_a_number(cells[k], self.titles[k].text, k in limited)))
                elif not math.isfinite(float(text)):
                    where = f"expected a finite number in column {self.titles[k].text}"
                    faults.append(Fault(self.place(row), f"{where}, got {cells[k]}; leave the row out."))
                elif below and not float(text) > 0.0:
                    faults.append(Fault(self.place(row), f"a detection limit is above zero, got {cells[k]!r}."))
                else:
                    numbers[k][row], limits[k][row] = float(text), below
        if faults:
            more = len(faults) - MOST_FAULTS
            rest = [Fault(str(self.path), f"{more} more lines cannot be read.")] if more > 0 else []
            raise Invalid(*faults[:MOST_FAULTS], *rest)
        if len(self.rows) < FEWEST:
            raise Invalid.at(
                str(self.path), f"a profile needs at least {FEWEST} points, this file has {len(self.rows)}."
            )
        return numbers, limits


def not_a_number(cell: str, title: str, limited: bool) -> str:
    shown = repr(cell[:40]) if cell else "an empty cell"
    if THOUSANDS.fullmatch(cell):
        return f"expected a number in column {title}, got {shown}: write it with a point, and without thousands."
    cure = 'Leave the row out, or write a detection limit as "<0.01".' if limited else "Leave the row out."
    return f"expected a number in column {title}, got {shown}. {cure}"


def read_table(path: Path) -> Table:
    """The table in a file: CSV or TSV, separated by tabs, semicolons, commas or spaces; decimal commas are made points.

    The header is the line above the first row of numbers; what stands before it, lines that begin with # and empty
    lines are skipped. A row of units below the header is taken as part of it, and so is a header behind a #. Raises
    Invalid for a file that is none of this.
    """
    text = read_text(path)
    everything = [(k, line) for k, line in enumerate(text.splitlines(), 1) if line.strip()]
    lines = [(k, line) for k, line in everything if not line.lstrip().startswith("#")]
    if not lines:
        raise Invalid.at(str(path), 'the file is empty; expected a header such as "x [um],Ni" and rows of numbers.')
    remarks = [(k, line.lstrip("# \t")) for k, line in everything if k < lines[0][0]]
    try:
        start = header_of(lines)
        if start is None and remarks and header_of([remarks[-1], *lines]) == 0:
            lines, start = [remarks[-1], *lines], 0
        if start is None:
            what = "the first line holds numbers" if is_row(lines[0][1]) else "no line above the numbers is a header"
            text = f'{what}; a header must name the columns, for example "x [um],Ni".'
            raise Invalid.at(f"{path}:{lines[0][0]}", text)
        separator = separator_of(lines[start][1])
        titles = cells_of(lines[start][1], separator)
        names = cells_of(lines[start - 1][1], separator) if start else []
        if len(names) == len(titles) and all(not cell or is_unit(cell) for cell in titles):
            titles = [f"{name} [{unit}]" if unit else name for name, unit in zip(names, titles, strict=True)]
        rows = tuple(
            (k, [decimal(cell, separator) for cell in cells_of(line, separator)]) for k, line in lines[start + 1 :]
        )
    except csv.Error as error:
        raise Invalid.at(str(path), f"this is not a table: {error}.") from None
    return Table(path, lines[start][0], tuple(title_of(text) for text in titles), rows)


def read_text(path: Path) -> str:
    """The text of a file in UTF-8, UTF-16 with its mark, or Latin-1."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise Invalid.at(str(path), "there is no such file.") from None
    except OSError as error:
        raise Invalid.at(str(path), f"the file cannot be read: {error.strerror}.") from None
    if len(content) > LARGEST:
        raise Invalid.at(str(path), f"the file is larger than {LARGEST // 1_000_000} MB; a profile is not.")
    text = None
    for encoding in ("utf-16",) if content.startswith(UTF16) else ("utf-8-sig", "latin-1"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    if text is None or "\0" in text:
        raise Invalid.at(str(path), "this is not a text file; expected CSV or TSV with a header.")
    return text


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

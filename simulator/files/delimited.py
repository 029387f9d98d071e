"""Tables of numbers as text, CSV or TSV: the separator, decimal commas and the line of every cell that is no number."""

import csv
import math
import re
from pathlib import Path

import numpy as np

from simulator.faults import Fault, Invalid

FEWEST = 8


def cells_of(path: Path) -> tuple[int, list[str], list[tuple[int, list[str]]]]:
    """Line and titles of the header, and (line, cells) of every row below it, decimal commas made points."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Invalid.at(str(path), "there is no such file.") from None
    except UnicodeDecodeError:
        try:
            text = path.read_text(encoding="latin-1")
        except OSError as error:
            raise Invalid.at(str(path), f"the file cannot be read: {error.strerror}.") from None
    except OSError as error:
        raise Invalid.at(str(path), f"the file cannot be read: {error.strerror}.") from None
    if "\0" in text:
        raise Invalid.at(str(path), "this is not a text file; expected CSV or TSV with a header.")
    lines = [
        (k, line) for k, line in enumerate(text.splitlines(), 1) if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise Invalid.at(str(path), 'the file is empty; expected a header such as "x [um],Ni" and rows of numbers.')
    separator = next((mark for mark in ("\t", ";", ",") if mark in lines[0][1]), None)
    rows = [(k, [cell.strip() for cell in split(line, separator)]) for k, line in lines]
    line, header = rows[0]
    if all(is_number(cell.replace(",", ".")) for cell in header):
        raise Invalid.at(
            f"{path}:{line}", 'the first line holds numbers; a header must name the columns, for example "x [um],Ni".'
        )
    if separator != ",":
        rows = [(k, [cell.replace(",", ".") for cell in row]) for k, row in rows]
    return line, header, rows[1:]


def split(line: str, separator: str | None) -> list[str]:
    if separator:
        return next(csv.reader([line], delimiter=separator, skipinitialspace=True))
    return re.sub(r"\s+([\[(])", r"\1", line).split()


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def numbers_of(path: Path, rows, header: list[str], columns: set[int]) -> dict[int, np.ndarray]:
    """The named columns as numbers; every bad cell is a fault with its line."""
    faults = []
    for line, row in rows:
        where = f"{path}:{line}"
        if len(row) != len(header):
            faults.append(Fault(where, f"expected {len(header)} columns as in the header, got {len(row)}."))
            continue
        for k in columns:
            if not is_number(row[k]):
                shown = repr(row[k]) if row[k] else "an empty cell"
                faults.append(Fault(where, f"expected a number in column {header[k]}, got {shown}."))
            elif not math.isfinite(float(row[k])):
                faults.append(Fault(where, f"expected a finite number in column {header[k]}, got {row[k]}."))
    if faults:
        more = [Fault(str(path), f"{len(faults) - 20} more lines cannot be read.")] if len(faults) > 20 else []
        raise Invalid(*faults[:20], *more)
    if len(rows) < FEWEST:
        raise Invalid.at(str(path), f"a profile needs at least {FEWEST} points, this file has {len(rows)}.")
    return {k: np.array([float(row[k]) for _, row in rows]) for k in columns}

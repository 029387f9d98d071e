"""Where the points of a measured profile are: a column of positions, or stage coordinates as distance along a line.

s_k = (r_k - r_1) . e,    e the direction of the straight line nearest to the points r_k, from the first to the last
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.files.delimited import Table
from simulator.files.titles import LENGTHS, title_of

DISTANCES = ("dis", "dist", "distance", "depth")
POSITIONS = ("x", *DISTANCES, "position", "pos", "z", "y")
STRAY = 0.05  # of the length of a line, by which its points may lie beside it


def position_column(table: Table, asked: str | None, option: str = "--x") -> tuple[int, float]:
    """Number of the column of positions, and its unit in m. option: which asked for the column, named in faults."""
    names = [title.name for title in table.titles]
    if asked is not None:
        title = title_of(asked)
        matches = [k for k, entry in enumerate(table.titles) if title.name == entry.name or entry.text == asked]
        if not matches:
            shown = ", ".join(names)
            text = f"there is no column {title.name!r}; the columns are {shown}.{near(title.name, names)}"
            raise Invalid.at(table.where, text)
        column = next((k for k in matches if table.titles[k].text == asked), matches[0])
        unit = title.unit or table.titles[column].unit
    else:
        found = [k for k, title in enumerate(table.titles) if title.length is not None]
        if not found:
            candidates = (
                [name for name in names if name.lower() in POSITIONS] or [name for name in names if name] or ["x"]
            )
            raise Invalid.at(
                table.where,
                f'no column has a length as its unit. Write it in the header, "{candidates[0]} [um]", or give '
                f'--x "{candidates[0]} [um]".',
            )
        if len(found) > 1:
            found = [k for k in found if names[k].lower() in DISTANCES] or found
        if len(found) > 1:
            shown = " or ".join(f'--x "{table.titles[k].text}"' for k in found[:3])
            text = f"more than one column is a length; say which is the position, {shown}"
            pair = ",".join(table.titles[k].text for k in found[:2])
            cure = f'or convert stage coordinates to a distance: matano convert --stage "{pair}"'
            raise Invalid.at(table.where, f"{text}, {cure}.")
        column, unit = found[0], table.titles[found[0]].unit
    if unit not in LENGTHS:
        what = (
            f"the unit {unit!r} of {names[column]} is not a length"
            if unit
            else f"the column {names[column]} has no unit"
        )
        raise Invalid.at(table.where, f'{what}; give one of m, cm, mm, um, nm: {option} "{names[column]} [um]".')
    return column, LENGTHS[unit]


def check_positions(table: Table, x: np.ndarray) -> list[Fault]:
    """What is wrong with positions (N,) as they are written: they repeat, or go back and forth."""
    steps = np.diff(x)
    if (steps > 0.0).all():
        return []
    rising = np.sum(steps > 0.0) >= np.sum(steps < 0.0)
    k = int(np.argmax(steps <= 0.0 if rising else steps >= 0.0))
    order, against = ("increase", "less") if rising else ("decrease all the way or increase", "more")
    word = "repeats" if steps[k] == 0 else f"is {against} than"
    text = f"positions must {order}, but {x[k + 1]:g} {word} the {x[k]:g} before it."
    return [Fault(table.place(k + 1), text)]


@dataclass(frozen=True)
class Line:
    """Points of a stage along a straight line: distance (N,) from the first, how far the worst lies beside it, both in
    m, and the direction of the line, of length 1."""

    distance: np.ndarray
    stray: float
    worst: int
    direction: np.ndarray


def stage_columns(table: Table, asked: str | Sequence[str]) -> list[tuple[int, float]]:
    """Numbers and units (m) of the columns of stage coordinates, two or three: "X [mm],Y [mm]", or a list of them."""
    names = [name.strip() for name in (asked.split(",") if isinstance(asked, str) else asked)]
    if len(names) not in (2, 3) or not all(names):
        raise Invalid.at("stage", f'expected two or three columns, as in "X [mm],Y [mm]", got {len(names)}.')
    found = [position_column(table, name, "--stage") for name in names]
    if len({k for k, _ in found}) < len(found):
        raise Invalid.at("stage", "the same column stands there twice; name those of X and Y.")
    return found


def along_line(points: np.ndarray, where: str = "stage") -> Line:
    """Distances along the straight line nearest to points (2 or 3, N) in m, with the least squares of what lies beside.

    Raises Invalid where the stage did not move, or points lie further than STRAY of the length beside the line.
    """
    centre = points.mean(axis=1, keepdims=True)
    directions, _, _ = np.linalg.svd(points - centre, full_matrices=False)
    e = directions[:, 0]
    e = e if (points[:, -1] - points[:, 0]) @ e >= 0.0 else -e
    s = e @ (points - points[:, :1])
    length = float(np.ptp(s))
    if not length > 0.0:
        raise Invalid.at(where, "the stage coordinates are the same in all rows: name the columns that change.")
    beside = np.linalg.norm(points - centre - np.outer(e, e @ (points - centre)), axis=0)
    return Line(s, float(beside.max()), int(np.argmax(beside)), e)


def check_line(table: Table, line: Line) -> None:
    """Raise Invalid where the points are not on one line: two scans, or a map."""
    length = float(np.ptp(line.distance))
    if line.stray > STRAY * length:
        text = f"the point lies {1e6 * line.stray:.4g} um beside the line through all, of {1e6 * length:.4g} um"
        cure = "a profile is one straight scan: leave out the rows of another one"
        raise Invalid.at(table.place(line.worst), f"{text}; {cure} (matano convert --leave-out).")

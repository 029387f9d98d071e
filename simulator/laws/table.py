"""Piecewise cubics through tabulated values, and the two-column files they come from."""

import csv
from pathlib import Path

import numpy as np

from simulator.faults import Invalid


def pchip(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The monotone piecewise cubic through (x_j, y_j): for a kernel, n, x_0 .. x_n, then c_0 .. c_3 of each piece.

    On piece j the value is c_0 + c_1 s + c_2 s^2 + c_3 s^3, s = x - x_j; x must increase. Between two points the curve
    stays between their values. Inner slopes are the weighted harmonic mean of the two secants, zero at an extremum.
    Source: Fritsch & Butland (1984), SIAM J. Sci. Stat. Comput. 5, 300.
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    h = np.diff(x)
    secant = np.diff(y) / h
    slope = np.zeros(len(x))
    if len(x) == 2:
        slope[:] = secant[0]
    else:
        same = secant[:-1] * secant[1:] > 0.0
        near, far = 2.0 * h[1:] + h[:-1], h[1:] + 2.0 * h[:-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = (near + far) / (near / secant[:-1] + far / secant[1:])
        slope[1:-1] = np.where(same, mean, 0.0)
        slope[0] = end_slope(h[0], h[1], secant[0], secant[1])
        slope[-1] = end_slope(h[-1], h[-2], secant[-1], secant[-2])
    second = (3.0 * secant - 2.0 * slope[:-1] - slope[1:]) / h
    third = (slope[:-1] + slope[1:] - 2.0 * secant) / h**2
    pieces = np.column_stack([y[:-1], slope[:-1], second, third])
    return np.concatenate([[len(h)], x, pieces.ravel()])


def end_slope(h: float, next_h: float, secant: float, next_secant: float) -> float:
    """One-sided three-point slope, limited so that the first piece stays monotone."""
    slope = ((2.0 * h + next_h) * secant - h * next_secant) / (h + next_h)
    if slope * secant <= 0.0:
        return 0.0
    if secant * next_secant <= 0.0 and abs(slope) > 3.0 * abs(secant):
        return 3.0 * secant
    return slope


def lookup(data: np.ndarray, value: np.ndarray) -> np.ndarray:
    """The piecewise cubic at any value; beyond the ends it is constant. The numpy twin of the kernel's lookup."""
    n = int(data[0])
    knots, pieces = data[1 : n + 2], data[n + 2 : n + 2 + 4 * n].reshape(n, 4)
    value = np.asarray(value, float)
    clipped = np.minimum(np.maximum(value, knots[0]), knots[-1])
    j = np.clip(np.searchsorted(knots, clipped, side="right") - 1, 0, n - 1)
    s = clipped - knots[j]
    c = pieces[j]
    return c[..., 0] + s * (c[..., 1] + s * (c[..., 2] + s * c[..., 3]))


def slope_of(data: np.ndarray) -> np.ndarray:
    """The derivative of a piecewise cubic between its ends, laid out as the cubic."""
    n = int(data[0])
    slopes = np.zeros((n, 4))
    slopes[:, :3] = data[n + 2 :].reshape(n, 4)[:, 1:] * (1.0, 2.0, 3.0)
    return np.concatenate([data[: n + 2], slopes.ravel()])


def below(name: str, folder: Path | str | None, where: str) -> Path:
    """The file `name` relative to the case's folder; Invalid if it leaves that folder or is not there."""
    root = Path(folder if folder is not None else ".").resolve()
    try:
        path = (root / name).resolve()
        found = path.is_relative_to(root) and path.is_file()
    except (OSError, ValueError):
        raise Invalid.at(where, f"{name!r} is not the name of a file.") from None
    if not path.is_relative_to(root):
        raise Invalid.at(where, f"{name!r} leads out of the case's folder; put the file in {root} or below it.")
    if not found:
        raise Invalid.at(where, f"there is no file {name!r} in {root}.")
    return path


def read_columns(path: Path, where: str) -> tuple[list[str], np.ndarray, np.ndarray]:
    """The two headings and both columns of a CSV file with a header; lines that begin with # are skipped.

    Raises Invalid for a file that is empty, not text, not two columns of finite numbers, or whose first column does
    not increase.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise Invalid.at(where, f"{path.name} is not a text file in UTF-8.") from None
    except OSError as error:
        raise Invalid.at(where, f"{path.name} cannot be read: {error.strerror}.") from None
    numbered = [(k, line) for k, line in enumerate(lines, 1) if line.strip() and not line.lstrip().startswith("#")]
    if not numbered:
        raise Invalid.at(
            where, f"{path.name} is empty; it needs a header and two columns, a composition and the coefficient."
        )
    delimiter = next((mark for mark in ("\t", ";", ",") if mark in numbered[0][1]), None)
    rows = [(k, next(csv.reader([line], delimiter=delimiter)) if delimiter else line.split()) for k, line in numbered]
    names = [entry.strip() for entry in rows[0][1]]
    if len(names) != 2:
        raise Invalid.at(
            where,
            f"{path.name}:{rows[0][0]} has {len(names)} columns; two are needed, a composition and the coefficient.",
        )
    values = []
    for line, row in rows[1:]:
        try:
            pair = [float(entry) for entry in row]
        except ValueError:
            pair = []
        if len(pair) != 2 or not np.isfinite(pair).all():
            raise Invalid.at(where, f"{path.name}:{line} is not two numbers: {', '.join(row)[:60]!r}.")
        if values and pair[0] <= values[-1][0]:
            raise Invalid.at(
                where, f"{path.name}:{line} the composition must increase, but {pair[0]:g} follows {values[-1][0]:g}."
            )
        values.append(pair)
    if len(values) < 2:
        raise Invalid.at(where, f"{path.name} has {len(values)} rows of numbers; at least two are needed.")
    x, y = np.array(values).T
    return names, x, y

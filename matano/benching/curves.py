"""What the rows of a benchmark show: error against CPU time, cost against size, distance from the machine's limits.

A table is a list of rows, dicts of equal keys. Its keys say what it shows, whatever the benchmark is called.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

SECONDS = {"ms": 1e-3, "seconds": 1.0, "cpu_seconds": 1.0}
SIZES = {"cells": "cells", "unknowns": "unknowns of a cell"}
COSTS = {
    "ns": "ns per cell and step",
    "stage_ns": "ns per cell and stage",
    "solve_us_per_cell": "us per cell, whole solve",
    "bytes_per_cell": "bytes per cell",
}
LIMIT = "limit_ns"
PEERS = ("CVODE", "IDA", "SciPy", "FiPy", "py-pde", "devsim", "Noda")
ERRORS = tuple(10.0 ** (-0.5 * k) for k in range(6, 13))  # 1e-3 to 1e-6


class Table(NamedTuple):
    """A table of a run by the names of its benchmark and its own."""

    benchmark: str
    name: str
    rows: Sequence[Mapping]


def tables(benchmarks: Mapping[str, Mapping]) -> Iterator[Table]:
    """Every table of the benchmarks of a run."""
    for benchmark, answer in benchmarks.items():
        for name, rows in answer.items():
            if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows):
                yield Table(benchmark, name, rows)


def number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def error_key(rows: Sequence[Mapping]) -> str | None:
    """The first column of errors: `error`, or a name that ends in it."""
    return next((key for key in rows[0] if key == "error" or key.endswith("_error")), None)


def seconds_of(row: Mapping) -> float | None:
    """CPU seconds of a row, whatever their unit."""
    return next((row[key] * size for key, size in SECONDS.items() if number(row.get(key))), None)


def work_precision(rows: Sequence[Mapping]) -> dict[str, list[tuple[float, float]]]:
    """Points (error, CPU seconds) by code; empty unless the rows have a code, an error and a time."""
    key = error_key(rows)
    found: dict[str, list[tuple[float, float]]] = {}
    if key is None or "code" not in rows[0]:
        return found
    for row in rows:
        seconds = seconds_of(row)
        if number(row[key]) and row[key] > 0.0 and seconds:
            found.setdefault(row["code"], []).append((float(row[key]), seconds))
    return found


def envelope(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Of points (error, seconds) those that no other beats in both, by increasing error."""
    kept: list[tuple[float, float]] = []
    for reached, seconds in sorted(point for point in points if point[0] > 0.0):
        while kept and kept[-1][1] >= seconds and kept[-1][0] >= reached:
            kept.pop()
        if not kept or seconds < kept[-1][1]:
            kept.append((reached, seconds))
    return kept


def time_at(error: float, points: Sequence[tuple[float, float]]) -> float | None:
    """CPU seconds at an error, from points (error, seconds): straight between logarithms on the lower envelope.

    A point counts only if no other is both faster and more accurate. None if no point is as accurate as that.
    """
    known = envelope(points)
    if not known or known[0][0] > error:
        return None
    below = [point for point in known if point[0] <= error][-1]
    above = [point for point in known if point[0] > error][:1]
    if not above:
        return below[1]
    share = math.log(error / below[0]) / math.log(above[0][0] / below[0])
    return below[1] * (above[0][1] / below[1]) ** share


def is_peer(code: str) -> bool:
    """Whether a code is another program; all others are schemes of this one."""
    return code.startswith(PEERS)


def faster_peers(curves: Mapping[str, Sequence[tuple[float, float]]]) -> list[tuple[str, float, float]]:
    """(peer, error, our time over its) where a peer is faster than the fastest of ours, at errors of 1e-3 to 1e-6.

    A code that is less accurate than an error, however tight its tolerance, is not compared there; where only the peer
    is as accurate, the ratio is infinite.
    """
    found = []
    for error in ERRORS:
        ours = min(
            filter(None, (time_at(error, points) for code, points in curves.items() if not is_peer(code))),
            default=math.inf,
        )
        for code, points in curves.items():
            theirs = time_at(error, points) if is_peer(code) else None
            if theirs is not None and theirs < ours:
                found.append((code, error, ours / theirs))
    return found


def verdict(curves: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Where other programs are faster, in a sentence; empty if there are none to compare with."""
    peers = [code for code in curves if is_peer(code)]
    if not peers or len(peers) == len(curves):
        return ""
    faster = faster_peers(curves)
    if not faster:
        return "below every other program at errors from 1e-3 to 1e-6, as far as each of them gets"
    words = []
    for code in dict.fromkeys(code for code, _, _ in faster):
        errors = [error for name, error, _ in faster if name == code]
        most = max(ratio for name, _, ratio in faster if name == code)
        times = "which ours do not reach" if math.isinf(most) else f"up to {most:.1f} times"
        where = f"{max(errors):.0e}" + (f" to {min(errors):.0e}" if len(errors) > 1 else "")
        words.append(f"{code} is faster at errors of {where}, {times}")
    return "; ".join(words)


def costs(rows: Sequence[Mapping]) -> tuple[str, dict[str, dict[str, list[tuple[float, float]]]]] | None:
    """The key of the size, and points (size, cost) by kind of cost and what is measured; None if it does not vary."""
    size = next((key for key in SIZES if len({row[key] for row in rows if number(row.get(key))}) > 1), None)
    kinds = [key for key in COSTS if number(rows[0].get(key))]
    if size is None or not kinds or "code" in rows[0]:
        return None
    label = next((key for key, value in rows[0].items() if isinstance(value, str)), None)
    found: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for kind in kinds:
        for row in rows:
            if number(row.get(size)) and number(row.get(kind)):
                name = str(row[label]) if label else ""
                found.setdefault(kind, {}).setdefault(name, []).append((float(row[size]), float(row[kind])))
    return size, found


def distances(rows: Sequence[Mapping]) -> list[tuple[str, float, float]]:
    """(what, ns, the machine's limit in ns) of every row that has them."""
    label = next((key for key, value in rows[0].items() if isinstance(value, str)), None)
    if label is None or LIMIT not in rows[0] or "ns" not in rows[0]:
        return []
    return [(row[label], row["ns"], row[LIMIT]) for row in rows if number(row["ns"]) and number(row[LIMIT])]

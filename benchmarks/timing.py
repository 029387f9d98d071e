"""CPU times that can be compared: candidates in turn A B A B, medians, and the machine they were taken on."""

import json
import math
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from matano.benching.curves import time_at as time_at

# A sample shorter than this is repeated until it is as long: the clock and a cold cache then weigh little.
SHORTEST_SAMPLE = 2e-3
MOST_REPEATS = 50


def cpu_time(call: Callable[[], object], repeats: int = 1) -> float:
    """CPU seconds of this process for one call, the mean of `repeats` in a row."""
    began = time.process_time()
    for _ in range(repeats):
        call()
    return (time.process_time() - began) / repeats


class Measured(NamedTuple):
    """seconds: median CPU seconds of a call; value: what the first call returned."""

    seconds: float
    value: Any


def measure(candidates: Mapping, rounds: int = 7, budget: float = 1.0) -> dict[Any, Measured]:
    """Every candidate, a call without arguments, measured; by its key.

    Every candidate is called twice to warm up, then all of them in turn, round after round, so that what slows the
    machine for a while slows all of them. budget: CPU seconds that one candidate may use up; a slow one takes part in
    fewer rounds, one at least.
    """
    repeats, taking_part, values = {}, {}, {}
    for name, call in candidates.items():
        values[name] = call()
        once = max(cpu_time(call), 1e-7)
        repeats[name] = min(MOST_REPEATS, math.ceil(SHORTEST_SAMPLE / once))
        taking_part[name] = min(rounds, max(1, int(budget / (once * repeats[name]))))
    samples = {name: [] for name in candidates}
    for turn in range(rounds):
        for name, call in candidates.items():
            if turn < taking_part[name]:
                samples[name].append(cpu_time(call, repeats[name]))
    return {name: Measured(median(samples[name]), values[name]) for name in candidates}


def ratio(slower: float | None, faster: float | None) -> float | None:
    return slower / faster if slower and faster else None


def promised(what: str, value: float | None, at_least: float | None = None, at_most: float | None = None) -> dict:
    """A row for the README's table."""
    return {"what": what, "value": value, "at_least": at_least, "at_most": at_most}


def machine() -> str:
    """Processor, cores, load and versions in one line."""
    import numba
    import numpy

    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    versions = f"Python {platform.python_version()}, numpy {numpy.__version__}, numba {numba.__version__}"
    return f"{name}, {os.cpu_count()} cores{load}, {versions}"


def table(rows: Sequence[Mapping]) -> str:
    """Rows of equal keys as aligned text."""
    if not rows:
        return ""
    names = list(rows[0])
    cells = [names, *([text(row.get(name)) for name in names] for row in rows)]
    widths = [max(len(line[k]) for line in cells) for k in range(len(names))]
    return "\n".join("  ".join(word.rjust(width) for word, width in zip(line, widths, strict=True)) for line in cells)


def text(value) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def show(answer: Mapping) -> None:
    """What a benchmark returned: rows as tables, the rest line by line."""
    for name, value in answer.items():
        if isinstance(value, list):
            print(f"\n{name}\n{table(value)}")
        elif isinstance(value, Mapping):
            print(f"\n{name}")
            for key, entry in value.items():
                print(f"  {key}: {text(entry)}")
        else:
            print(f"{name}: {text(value)}")


def command(main: Callable[[bool], Mapping]) -> None:
    """A benchmark as a program: --smallest, --json."""
    unknown = set(sys.argv[1:]) - {"--smallest", "--json"}
    if unknown:
        sys.exit(f"{sys.argv[0]}: {' '.join(sorted(unknown))} is not one of --smallest, --json.")
    answer = main("--smallest" in sys.argv)
    if "--json" in sys.argv:
        print(json.dumps(answer, indent=2))
    else:
        show(answer)

"""Sweeps: what a run costs besides itself, and how well two processes share many small runs."""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

if str(Path(__file__).resolve().parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from timing import command, machine, promised

CASE = "binary-exponential"
JOBS = 2
RUNS, FEWEST_RUNS = 1000, 4
TRIVIAL = ("domain.cells=20", "time.save=1")  # a run that costs almost nothing but what every run costs
FEW, MANY = 20, 1000  # trivial runs: their difference leaves out what starting costs


def main(smallest: bool = False) -> dict:
    """CPU seconds of whole commands, children included, with one process and with two; the smallest size has one alone.

    efficiency: what the runs take in one process over what the sweep takes on two, both from beginning to end, in CPU
    seconds and by the clock; and by the clock over what two commands with half the runs each take side by side, which
    is what the machine allows. overhead: milliseconds of CPU that a trivial run takes more with two processes, what
    starting costs left out; and by the clock, of the whole sweep less half the seconds of its runs, starting included.
    """
    from importlib.util import find_spec

    if smallest or find_spec("distributed") is None:
        seconds = sweep(FEWEST_RUNS, 1)
        rows = [row("one process", FEWEST_RUNS, seconds)]
        note = "left out of the smallest size" if smallest else "left out: pip install 'matano[sweep]'"
        return {"machine": machine(), "case": CASE, "whole sweeps": rows, "notes": {"two processes": note}}
    sweep(1, 1)  # the cache of this user may be cold
    alone, shared, apart = sweep(RUNS, 1), sweep(RUNS, JOBS), side_by_side(RUNS // JOBS)
    trivial = {(runs, jobs): sweep(runs, jobs, TRIVIAL) for runs in (FEW, MANY) for jobs in (1, JOBS)}
    cost = {jobs: 1e3 * (trivial[MANY, jobs]["cpu"] - trivial[FEW, jobs]["cpu"]) / (MANY - FEW) for jobs in (1, JOBS)}
    whole = trivial[MANY, JOBS]
    return {
        "machine": machine(),
        "case": CASE,
        "whole sweeps": [
            row("one process", RUNS, alone),
            row("two processes", RUNS, shared),
            row("two commands with half the runs each", RUNS, apart),
        ],
        "trivial runs": [{"processes": jobs, "ms": cost[jobs]} for jobs in (1, JOBS)],
        "promised": [
            promised("efficiency, CPU", alone["cpu"] / shared["cpu"], at_least=0.9),
            promised("efficiency, clock", alone["wall"] / shared["wall"] / JOBS, at_least=0.9),
            promised("efficiency of two commands, clock", alone["wall"] / apart["wall"] / JOBS),
            promised("efficiency of what the machine allows, clock", apart["wall"] / shared["wall"], at_least=0.9),
            promised("overhead of a run, CPU, ms", cost[JOBS] - cost[1], at_most=10.0),
            promised("overhead of a run, clock, ms", 1e3 * (whole["wall"] - whole["runs"] / JOBS) / MANY, at_most=10.0),
        ],
    }


def row(name: str, runs: int, seconds: dict) -> dict:
    return {"sweep": name, "runs": runs, "cpu_seconds": seconds["cpu"], "seconds": seconds["wall"]}


def used() -> float:
    """CPU seconds of all processes that this one has started, and that have ended."""
    import resource

    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def side_by_side(runs: int) -> dict[str, float]:
    """JOBS commands at once, each with its runs in one process."""
    before, began = used(), time.perf_counter()
    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(sweep, [runs] * JOBS, [1] * JOBS))
    return {"cpu": used() - before, "wall": time.perf_counter() - began}


def sweep(runs: int, jobs: int, settings: tuple[str, ...] = ()) -> dict[str, float]:
    """CPU seconds and the clock's of one command, from an empty folder, and those of its runs. CalledProcessError if it
    fails."""
    from matano import cases_folder
    from matano.sweeping.table import Table

    words = ["sweep", str(cases_folder() / f"{CASE}.toml"), "--jobs", str(jobs), "--set", f"parameters.b=1:3:{runs}"]
    for entry in settings:
        words += ["--set", entry]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    with tempfile.TemporaryDirectory() as folder:
        before, began = used(), time.perf_counter()
        call = [sys.executable, "-m", "matano", *words, "-o", str(Path(folder) / "sweep")]
        subprocess.run(call, env=environment, capture_output=True, check=True)
        seconds = {"cpu": used() - before, "wall": time.perf_counter() - began}
        return seconds | {"runs": float(Table.read(Path(folder) / "sweep").seconds.sum())}


if __name__ == "__main__":
    command(main)

"""Whole commands in processes of their own: CPU seconds of `matano --help`, of a run, of the first run ever."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

if str(Path(__file__).resolve().parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from timing import command, machine

FIRST_CASE = "binary-constant"
WANTED = {"matano --help": 0.2, "matano run": 1.2, "matano run, first ever": 12.0}


def main(smallest: bool = False) -> dict:
    """Medians of CPU seconds, children and threads included, with what each may take at most.

    The first run ever compiles every kernel into an empty folder; the smallest size leaves it and the other runs out.
    """
    from matano import cases_folder

    case = str(cases_folder() / f"{FIRST_CASE}.toml")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        run = ["run", case, "--force", "-o", str(Path(folder) / "result.h5")]
        seconds = {"matano --help": [matano(["--help"]) for _ in range(2 if smallest else 7)]}
        notes = {}
        if smallest:
            notes["matano run"] = "left out of the smallest size"
        else:
            first, told = first_run(run, Path(folder) / "cache")
            seconds["matano run, first ever"] = [first]
            notes["the first run says"] = told
            matano(run)  # the cache of this user may be cold
            seconds["matano run"] = [matano(run) for _ in range(7)]
        for name, samples in seconds.items():
            rows.append({"command": name, "cpu_seconds": median(samples), "at_most": WANTED[name]})
    return {"machine": machine(), "case": FIRST_CASE, "whole processes": rows, "notes": notes}


def first_run(arguments: list[str], cache: Path) -> tuple[float, str]:
    """CPU seconds with no compiled kernel at all, and what the command says on its way."""
    output: list[str] = []
    seconds = matano(arguments, {"MATANO_CACHE_DIR": str(cache)}, output)
    return seconds, " / ".join(line.strip() for line in "".join(output).splitlines() if line.strip())


def matano(arguments: list[str], environment: dict[str, str] | None = None, output: list[str] | None = None) -> float:
    """CPU seconds of one command, in user and system mode. Raises CalledProcessError if it fails."""
    import resource

    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    paths = os.pathsep.join(filter(None, sys.path))
    everything = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"} | {"PYTHONPATH": paths}
    everything |= environment or {}
    before = used()
    done = subprocess.run(
        [sys.executable, "-m", "matano", *arguments], env=everything, capture_output=True, text=True, check=True
    )
    if output is not None:
        output.append(done.stderr)
    return used() - before


if __name__ == "__main__":
    command(main)

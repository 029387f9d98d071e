"""Instructions, counted by valgrind: what a step, a stage and a command cost where times are too noisy to compare.

The same program on the same input gives the same count on a machine that does other things meanwhile. Kernels are
compiled for a processor that valgrind knows, which may be an older one than this machine's: a count is to be compared
with a count, not with a time.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

if str(Path(__file__).resolve().parent) not in sys.path:
    sys.path.insert(0, str(Path(__file__).resolve().parent))

from timing import command, machine

from simulator.cores import ONE_THREAD

CELLS, FEWEST_CELLS = 1000, 100
FIELD_CELLS, FIELD_END = 128, 10.0
RTOL = 1e-6
CASE = "binary-constant"
# A function of the C library that nothing else calls: valgrind writes down a sum whenever Python comes through it.
MARK = "getsid"
PROCESSOR = {"x86_64": "x86-64-v3", "AMD64": "x86-64-v3"}.get(platform.machine(), "generic")  # no AVX-512 in valgrind


def main(smallest: bool = False) -> dict:
    """Rows of instructions per cell and step of each law, per cell and stage of a field, and of whole commands."""
    answer = {"machine": machine(), "notes": {}, "processor": PROCESSOR}
    if shutil.which("valgrind") is None:
        answer["notes"]["valgrind"] = "is not installed"
        return answer
    try:
        lines = counted(f"import instructions; instructions.run_counted({smallest})")
        answer["instructions per cell and step"] = [per_step(json.loads(line), count) for line, count in lines]
        if not smallest:
            answer["whole commands"] = counted_commands()
    except subprocess.CalledProcessError as failure:  # there are processors that it does not know
        said = failure.stderr.strip().splitlines() or ["nothing"]
        answer["notes"]["valgrind"] = f"{Path(failure.cmd[0]).name} ended with {failure.returncode}: {said[-1]}"
    return answer


def per_step(said: dict, instructions: int) -> dict:
    tries = said["steps"] + said["rejected"]
    return said | {"instructions": instructions / (said["cells"] * tries)}


def runs(smallest: bool) -> dict[str, tuple[int, Callable]]:
    """By name: cells, and a call that returns something with steps and rejected_steps."""
    from cost import TABLE, problems
    from couples import Prepared

    if smallest:
        return {TABLE: (FEWEST_CELLS, partial(Prepared(problems(FEWEST_CELLS, ())[TABLE]).integrate, RTOL))}
    from double_layer import PreparedLayer
    from ions import MOMENT
    from laws import SAME_CELLS, problem_of
    from squares import carried, problem_on

    chosen = problems(CELLS, (3, 4, 8)) | {law: problem_of(case, CELLS) for law, case in SAME_CELLS.items()}
    found = {name: (CELLS, partial(Prepared(problem).integrate, RTOL)) for name, problem in chosen.items()}
    found["poisson, a double layer"] = CELLS, partial(PreparedLayer(CELLS).integrate, RTOL, MOMENT)
    field = problem_on(FIELD_CELLS, FIELD_END)
    found["cahn-hilliard, rkc, a stage"] = FIELD_CELLS**2, lambda: Stages(carried(field, "rkc", RTOL))
    return found


class Stages:
    """The stages of a field's run in the place of its steps."""

    def __init__(self, run):
        self.steps, self.rejected_steps = run.evaluations, 0


def run_counted(smallest: bool) -> None:
    """What the process does that is counted."""
    for name, (cells, run) in runs(smallest).items():
        done = marked(run)
        print(json.dumps({"law": name, "cells": cells, "steps": done.steps, "rejected": done.rejected_steps}))


def marked(call: Callable):
    """What a call returns the second time, between two marks: the first compiles and loads what it needs."""
    call()
    os.getsid(0)
    value = call()
    os.getsid(0)
    return value


def counted(code: str) -> list[tuple[str, int]]:
    """The lines that a program prints, one after each call of `marked`, with the instructions between its marks."""
    python(["-c", code])  # compiles
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "counts"
        lines = python(["-c", code], under_valgrind(out, f"--dump-before={MARK}")).splitlines()
        # a part ends at every mark: 1, 3, ... where a call begins, 2, 4, ... where it ends
        return [(line, total(out.with_name(f"{out.name}.{2 * k + 2}"))) for k, line in enumerate(lines)]


def counted_commands() -> list[dict]:
    """Whole processes, the start of Python among them."""
    from matano import cases_folder

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        run = ["run", str(cases_folder() / f"{CASE}.toml"), "--force", "-o", str(Path(folder) / "result.h5")]
        for name, arguments in (("matano --help", ["--help"]), ("matano run", run)):
            python(["-m", "matano", *arguments])
            out = Path(folder) / "counts"
            python(["-m", "matano", *arguments], under_valgrind(out))
            rows.append({"command": name, "millions": total(out) / 1e6})
    return rows


def under_valgrind(out: Path, *options: str) -> list[str]:
    return ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={out}", *options]


def python(arguments: list[str], before: list[str] | tuple[str, ...] = ()) -> str:
    """What a process on one thread printed, with kernels for `PROCESSOR`. Raises CalledProcessError if it fails."""
    environment = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONHASHSEED": "0"}
    environment |= {"NUMBA_CPU_NAME": PROCESSOR, "NUMBA_CPU_FEATURES": ""} | ONE_THREAD
    done = subprocess.run(
        [*before, sys.executable, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def total(path: Path) -> int:
    """The sum at the end of a file that valgrind wrote."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("totals:"))


if __name__ == "__main__":
    command(main)

"""One run of a sweep, wherever it is done: its result and its record are on disk, each whole or not at all."""

import hashlib
import json
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from matano.sweeping.plan import Run
from matano.sweeping.wanted import Wanted, read_off
from simulator.faults import Invalid, NumericsError
from simulator.files.hdf5 import OutputFault

COMPLETE, INVALID, FAILED, LOST = "complete", "invalid", "failed", "lost"
# The kernels' settings and h5py's library are those of a process: a worker with several threads takes turns.
ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Task:
    """What all runs of a sweep share: the case, where its files are, the folder of the runs, what to read off them, and
    the words of the command that the results remember."""

    name: str
    text: str
    folder: str
    runs: str
    wanted: Wanted
    command: tuple[str, ...] = ()

    @property
    def asked(self) -> str:
        """Of what is read off: a record that answers other questions is no answer."""
        return hashlib.sha256(json.dumps(asdict(self.wanted)).encode()).hexdigest()[:16]

    def result(self, run: Run) -> Path:
        return Path(self.runs) / f"{run.name}.h5"

    def record(self, run: Run) -> Path:
        return Path(self.runs) / f"{run.name}.json"


def unfinished(run: Run) -> str:
    """The file name, without its ending, of what this process has not finished."""
    return f"{run.name}.{socket.gethostname()}-{os.getpid()}.part"


def remove_unfinished(runs: Path) -> None:
    """Remove what killed processes of this machine left in the folder of the runs."""
    pattern = re.compile(rf"\.?[0-9a-f]+\.{re.escape(socket.gethostname())}-(\d+)\.part.*")
    for path in runs.iterdir():
        match = pattern.fullmatch(path.name)
        if match is not None and not alive(int(match[1])):
            path.unlink(missing_ok=True)


def alive(process: int) -> bool:
    """Whether there is a process of this number; True where nobody may know."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def record_of(task: Task, run: Run, again: bool = False) -> dict | None:
    """What is known of a run: None if it must be done, or, with `again`, if it failed before."""
    try:
        record = json.loads(task.record(run).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict) or record.get("asked") != task.asked or record.get("status") == LOST:
        return None
    if again and record.get("status") != COMPLETE:
        return None
    if record.get("status") == COMPLETE and not task.result(run).is_file():
        return None
    return record


def keep(task: Task, run: Run, status: str, sentence: str = "", seconds: float = 0.0, **more) -> dict:
    """Write the record of a run, the last thing that is done for it."""
    record = {"status": status, "sentence": sentence, "seconds": seconds, "asked": task.asked, **more}
    part = task.record(run).with_name(unfinished(run))
    part.write_text(json.dumps({**record, "overrides": run.overrides}), encoding="utf-8")
    os.replace(part, task.record(run))
    return record


def do(task: Task, run: Run) -> dict:
    """Simulate, read off, record. A run that fails is a record like any other; OutputFault and OSError where nothing
    can be written."""
    began = time.perf_counter()

    def passed() -> float:
        return time.perf_counter() - began

    try:
        result = simulated(task, run)
        numbers, sentences = read_off(result, task.wanted)
    except (OutputFault, OSError):
        raise
    except Invalid as error:
        return keep(task, run, INVALID, " ".join(map(str, error.faults)), passed())
    except NumericsError as error:
        return keep(task, run, FAILED, str(error), passed())
    except MemoryError:
        return keep(task, run, LOST, "does not fit into memory; use fewer workers, or fewer cells.", passed())
    except Exception as error:  # whatever it is, it must not stop the other runs
        return keep(task, run, FAILED, f"{type(error).__name__}: {error}", passed())
    diagnostics = dict(result.snapshots[-1].diagnostics)
    diagnostics["solve_seconds"] = diagnostics.pop("seconds")
    return keep(task, run, COMPLETE, " ".join(sentences), passed(), numbers=numbers, diagnostics=diagnostics)


def simulated(task: Task, run: Run):
    """The result of a run: from its file, if it is there, and put there if it is not."""
    from simulator.files.case import parse_case
    from simulator.files.hdf5 import ResultFile
    from simulator.files.stored import open_result
    from simulator.solve.solve import solve

    target = task.result(run)
    if target.is_file():
        stored = open_result(target)
        if stored.status == COMPLETE:
            return stored
    case = parse_case(task.text, task.name, task.folder, run.overrides)
    part = target.with_name(f"{unfinished(run)}.h5")
    try:
        record = ResultFile(part, case.problem, case.text, case.folder, run.overrides, force=True)
        with record:
            result = solve(case.problem, case.controls, record=record)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return result


def do_batch(task: Task, runs: Sequence[Run]) -> tuple[int, float, str]:
    """In a worker: the runs one after the other, those that another worker did meanwhile left out. How many were done,
    the CPU seconds they took, and a sentence if nothing can be written."""
    from matano.lean import import_numba

    with ONE_AT_A_TIME:
        sys.argv = list(task.command) or sys.argv  # the history of a result names the command, not the worker
        import_numba()
        done, began = 0, time.thread_time()
        for run in map(Run._make, runs):
            if record_of(task, run) is not None:
                continue
            try:
                do(task, run)
            except OutputFault as error:
                return done, 0.0, str(error)
            except OSError as error:
                return done, 0.0, f"{error.filename or task.runs}: {error.strerror or error}."
            done += 1
        return done, time.thread_time() - began, ""


def sees(folder: str, name: str) -> tuple[bool, str]:
    """In a worker: whether it finds a file that the client has just written, and which kernels it has."""
    from simulator.kernels.jit import source_hash

    return (Path(folder) / name).is_file(), source_hash()

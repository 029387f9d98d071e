"""Every task of a verification, on all cores: first the round trips, then how each method answers to a probe."""

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import active_children, get_context
from pathlib import Path

from matano.console import plain
from matano.verification.record import Record, key_of
from simulator.cores import ONE_THREAD
from simulator.faults import NumericsError

# Where a method passes on several cases, its answers are shown of the first of these, or else of the first by name:
# D that changes with the composition, but not steeply; the fewest components.
TYPICAL = ("binary-exponential", "thin-film", "binary-constant", "kirkendall-markers", "ternary-couple-1")


@dataclass(frozen=True)
class Task:
    """What a worker is to do: the name of a function of `trips` and its arguments; texts: of the files it reads."""

    function: str
    arguments: tuple
    texts: tuple[bytes, ...]

    @property
    def key(self) -> str:
        words = [entry for entry in self.arguments if not isinstance(entry, Path)]  # wherever the files lie
        return key_of([self.function, *map(str, plain(words))], self.texts)

    @property
    def name(self) -> str:
        return str(self.arguments[0])


def do(function: str, arguments: tuple):
    from matano.verification import trips

    return plain(getattr(trips, function)(*arguments))


def answers(
    tasks: Sequence[Task], record: Record, jobs: int, done: Callable[[Task, bool], None]
) -> Iterator[tuple[int, object]]:
    """The index of each task with its answer, as they come: kept ones first. done(task, kept) is told of each."""
    left = []
    for index, task in enumerate(tasks):
        answer = record.get(task.key)
        if answer is None:
            left.append(index)
            continue
        done(task, True)
        yield index, answer
    made = alone(tasks, left) if min(jobs, len(left)) < 2 else together(tasks, left, min(jobs, len(left)))
    for index, answer in made:
        record.keep(tasks[index].key, answer)
        done(tasks[index], False)
        yield index, answer


def alone(tasks: Sequence[Task], left: Sequence[int]) -> Iterator[tuple[int, object]]:
    for index in left:
        yield index, do(tasks[index].function, tasks[index].arguments)


@contextlib.contextmanager
def one_thread_each():
    """The environment that new processes get: each of them is one of as many as there are cores."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def ignore_interrupts() -> None:
    """Ctrl-C is for the parent, which ends its workers."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def together(tasks: Sequence[Task], left: Sequence[int], jobs: int) -> Iterator[tuple[int, object]]:
    """On several processes, which end with this one. The first task compiles what all need before the others begin."""
    from simulator.kernels.jit import cache_is_cold

    waiting = list(left)
    with one_thread_each():
        pool = ProcessPoolExecutor(jobs, get_context("spawn"), ignore_interrupts)
        try:
            if cache_is_cold():
                index = waiting.pop(0)
                yield index, pool.submit(do, tasks[index].function, tasks[index].arguments).result()
            flying = {pool.submit(do, tasks[index].function, tasks[index].arguments): index for index in waiting}
            while flying:
                finished, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in finished:
                    yield flying.pop(future), future.result()
            pool.shutdown()
        except BrokenProcessPool:
            raise NumericsError(
                "a worker died: it may have run out of memory. What was done is kept; try again with --jobs 1."
            ) from None
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in active_children():
                child.terminate()
            raise


def answers_to_probes(row: dict) -> bool:
    """Whether a method passed on a profile: of structure factors and sizes there is no probe."""
    from inverse.registry import METHODS

    return row["verdict"] == "passed" and METHODS[row["method"]].data == "profile"


def typical(rows: Sequence[dict]) -> list[tuple[str, str, int]]:
    """For every method that passes: one case, and how many profiles it passes with there."""
    passing: dict[str, dict[str, int]] = {}
    for row in rows:
        if answers_to_probes(row):
            passing.setdefault(row["method"], {}).setdefault(row["case"], row["profiles"])
    chosen = []
    for method, cases in passing.items():
        name = next((name for name in TYPICAL if name in cases), next(iter(cases)))
        chosen.append((name, method, cases[name]))
    return chosen


def every(rows: Sequence[dict]) -> list[tuple[str, str, int]]:
    """All cases that a method passes on, with the first number of profiles it passes with."""
    found: dict[tuple[str, str], int] = {}
    for row in rows:
        if answers_to_probes(row):
            found.setdefault((row["case"], row["method"]), row["profiles"])
    return [(case, method, count) for (case, method), count in found.items()]


def case_tasks(cases: dict[str, tuple[Path, tuple[bytes, ...]]], methods: Sequence[str], full: bool) -> list[Task]:
    """A task for each case; cases with most couples take longest and go first."""
    tasks = [Task("round_trips_of", (name, path, tuple(methods), full), texts) for name, (path, texts) in cases.items()]
    return sorted(tasks, key=lambda task: -len(task.texts))


def response_tasks(
    cases: dict[str, tuple[Path, tuple[bytes, ...]]], wanted: Sequence[tuple[str, str, int]], full: bool
) -> list[Task]:
    return [
        Task("response_of", (name, cases[name][0], method, count, full), cases[name][1])
        for name, method, count in wanted
    ]

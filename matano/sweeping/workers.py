"""Runs on many cores: batches of them on dask.distributed, in local processes or on a cluster that is there."""

import contextlib
import logging
import os
import re
import signal
from collections import deque
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from matano.console import UsageFault, say
from matano.sweeping.plan import Run
from matano.sweeping.work import LOST, Task, do_batch, keep, record_of, sees
from simulator.cores import ONE_THREAD
from simulator.faults import Invalid

BATCH_SECONDS = 2.0  # of CPU in one batch: what a batch costs besides, some 10 ms, is then nothing
AHEAD = 2  # batches for each worker: one at work, one waiting
PATIENCE = 20.0  # s, for a scheduler to answer, and for its first worker
START = 120.0  # s, for a process to start on a machine that has much else to do
SETTINGS = {
    "logging": {"distributed": "critical", "distributed.client": "critical"},
    # a profiler that looks at every worker each 10 ms, and counters of the machine, cost more than small runs may
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.admin.system-monitor.disk": False,
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.tick.limit": "1h",
    "distributed.client.scheduler-info-interval": "60s",
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.comm.timeouts.connect": f"{PATIENCE:g}s",
}
LOGGERS, SILENCE = ("distributed", "distributed.client"), logging.CRITICAL + 1
ADDRESS = re.compile(r"((tcp|tls|ws|wss|ucx)://)?[^/\s]+:\d{1,5}")


class ClusterLost(RuntimeError):
    """The scheduler is gone; what was done is on disk."""


def check_installed() -> None:
    """Raise UsageFault without dask.distributed."""
    from importlib.util import find_spec

    if find_spec("distributed") is None:
        text = "needs dask.distributed: pip install 'matano[sweep]'. Without it, --jobs 1 does one run after the other."
        raise UsageFault.at("sweep", text)


def distribute(task: Task, runs: Sequence[Run], jobs: int, address: str, finished: Callable[[int], None]) -> None:
    """Do all runs on `jobs` processes of this machine, or on the cluster whose scheduler is at an address.

    finished: is told how many more runs are done. A worker that dies is replaced, and its runs are done by another;
    one that takes a worker with it several times is recorded. Raises ClusterLost when the scheduler is gone.
    """
    check_installed()
    import dask

    with dask.config.set(SETTINGS), quiet():
        if address:
            with connected(address) as client:
                feed(client, task, runs, check_workers(client, task, address), finished)
        else:
            with local(jobs) as client:
                feed(client, task, runs, jobs, finished)


@contextlib.contextmanager
def quiet():
    """Without what dask logs of workers that come and go: what matters of it is said here."""
    import_module("distributed")  # sets levels of its own

    before = {name: logging.getLogger(name).level for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).setLevel(SILENCE)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


@contextlib.contextmanager
def local(jobs: int):
    """A client of processes of this machine, with one thread each, which end with this process."""
    from multiprocessing import resource_tracker

    import dask
    from distributed import Client, LocalCluster

    resource_tracker.ensure_running()  # which, started later, would undo `without_interrupts`
    quiet = {"dashboard_address": None, "silence_logs": SILENCE}
    with (
        dask.config.set({"distributed.nanny.pre-spawn-environ": ONE_THREAD}),
        LocalCluster(n_workers=0, threads_per_worker=1, processes=True, memory_limit=0, **quiet) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        cluster.sync(without_interrupts)
        cluster.scale(jobs)
        try:
            client.wait_for_workers(1, timeout=START)
        except TimeoutError:
            text = 'no process could be started; in a script, call it below `if __name__ == "__main__":`.'
            raise UsageFault.at("sweep", text) from None
        yield client


async def without_interrupts() -> None:
    """Ctrl-C reaches every process of a terminal; those that this thread starts inherit that it is held back, so that
    only the command itself ends them."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


@contextlib.contextmanager
def connected(address: str):
    """A client of the scheduler at an address; UsageFault if none answers."""
    from distributed import Client

    if not ADDRESS.fullmatch(address):
        raise UsageFault.at(f"--cluster {address}", "is not the address of a scheduler, such as tcp://host:8786.")
    try:
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        reason = str(error).splitlines()[0] if str(error) else "no answer"
        raise UsageFault.at(f"--cluster {address}", f"no scheduler answers there ({reason[:120]}).") from None
    try:
        yield client
    finally:
        with contextlib.suppress(Exception):
            client.close(timeout=2.0)


def check_workers(client, task: Task, address: str) -> int:
    """How many workers there are; UsageFault unless all have this version of matano and see this folder."""
    from simulator.kernels.jit import source_hash

    where = f"--cluster {address}"
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        raise UsageFault.at(
            where, "the scheduler has no worker; start one: dask worker ADDRESS --nthreads 1."
        ) from None
    probe = Path(task.runs) / f"seen-{os.getpid()}"
    probe.touch()
    try:
        answers = client.run(sees, task.runs, probe.name)
    except Exception as error:
        # whatever a worker raises comes back as it was raised there, such as an ImportError
        raise UsageFault.at(where, f"its workers cannot run matano: {type(error).__name__}: {error}.") from None
    finally:
        probe.unlink(missing_ok=True)
    for worker, (seen, version) in answers.items():
        if not seen:
            text = f"{worker} does not see the folder {task.runs}; a cluster needs one that all its workers share."
            raise UsageFault.at(where, text)
        if version != source_hash():
            raise UsageFault.at(where, f"{worker} has another version of matano; install the same one everywhere.")
    return len(answers)


def feed(client, task: Task, runs: Sequence[Run], workers: int, finished: Callable[[int], None]) -> None:
    """Keep every worker busy: single runs first, only one where that compiles the kernels for all, then batches of
    about BATCH_SECONDS, smaller ones towards the end."""
    from distributed import CancelledError, KilledWorker, as_completed
    from distributed.comm import CommClosedError

    from simulator.kernels.jit import cache_is_cold

    waiting, single = deque(runs), deque()
    spent, done = 0.0, 0
    flying, completed = {}, as_completed(loop=client.loop)

    def submit(batch: list[Run]) -> None:
        future = client.submit(do_batch, task, batch, pure=False)
        flying[future] = batch
        completed.add(future)

    for _ in range(1 if cache_is_cold() else min(workers, len(waiting))):
        submit([waiting.popleft()])
    for future in completed:
        batch = flying.pop(future)
        try:
            count, seconds, sentence = future.result()
        except KilledWorker:
            bury(task, batch, single, finished)
        except (CancelledError, CommClosedError, TimeoutError):
            raise ClusterLost from None
        except Exception as error:
            # whatever a worker raises comes back as it was raised there, such as an ImportError
            raise Invalid.at("sweep", f"a worker cannot run matano: {type(error).__name__}: {error}.") from None
        else:
            if sentence:
                raise UsageFault.at("", sentence)
            spent, done = spent + seconds, done + count
            finished(len(batch))
        try:
            room = AHEAD * max(workers, len(client.nthreads()))  # a cluster may grow
        except (CancelledError, CommClosedError, TimeoutError):
            raise ClusterLost from None
        while (waiting or single) and len(flying) < room:
            if single:
                submit([single.popleft()])
                continue
            size = int(BATCH_SECONDS * done / spent) if spent else 1
            size = max(1, min(size, len(waiting) // room))
            submit([waiting.popleft() for _ in range(size)])


def bury(task: Task, batch: Sequence[Run], single: deque, finished: Callable[[int], None]) -> None:
    """Of a batch whose workers died again and again: what is done counts, the others are tried one by one, and what
    then still kills its worker is recorded as lost."""
    left = [run for run in batch if record_of(task, run) is None]
    if len(left) == 1 and len(batch) == 1:
        sentence = "took its worker with it, several times: it may need more memory than there is."
        keep(task, left[0], LOST, sentence)
        say(f"run {left[0].name}: {sentence}")
        finished(1)
        return
    finished(len(batch) - len(left))
    single.extend(left)

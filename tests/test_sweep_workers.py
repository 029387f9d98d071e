"""Sweeps on several processes: workers, schedulers and whole commands are killed, and nothing is lost."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import CASE

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
# Of its own process, so that a test can kill the scheduler, and tell it from the command.
SCHEDULER = """
import time
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None) as cluster:
        print(cluster.scheduler_address, flush=True)
        time.sleep(600.0)
"""
VALUES = ("x_Ni, at = 20 um", "steps")
PATIENCE = 240.0  # s, on a machine that has much else to do

pytest.importorskip("distributed", reason="needs matano[sweep]")


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "cu-ni.toml").write_text(CASE, encoding="utf-8")
    return tmp_path


def settings(runs: int) -> list[str]:
    return ["domain.cells=60", f"solver.rtol=1e-7:1e-5:{runs}:log"]


class Sweep:
    """A command in a process group of its own: `matano sweep cu-ni.toml` of so many runs into the folder `name`."""

    def __init__(self, folder: Path, name: str, runs: int, *words: str):
        self.runs = folder / name / "runs"
        self.table = folder / name / "table.csv"
        asked = [word for entry in settings(runs) for word in ("--set", entry)]
        asked += [word for entry in VALUES for word in ("--value", entry)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "matano", "sweep", "cu-ni.toml", *asked, "-o", name, *words],
            cwd=folder,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    @property
    def done(self) -> int:
        return len(list(self.runs.glob("*.json")))

    def wait_for(self, runs: int) -> None:
        """Until so many runs are done, while the command still has some to do."""
        late = time.monotonic() + PATIENCE
        while self.done < runs:
            assert self.process.poll() is None, self.process.stdout.read()
            assert time.monotonic() < late, f"{self.done} of {runs} runs"
            time.sleep(0.01)

    def workers(self) -> list:
        import psutil

        children = psutil.Process(self.process.pid).children(recursive=True)
        return [child for child in children if "spawn_main" in " ".join(child.cmdline())]

    def end(self) -> tuple[int, str]:
        output, _ = self.process.communicate(timeout=PATIENCE)
        assert "Traceback" not in output, output
        return self.process.returncode, output


def undisturbed(folder: Path, runs: int) -> bytes:
    """The table of one process."""
    from matano.sweeping import sweep

    sweep(folder / "cu-ni.toml", settings(runs), folder / "undisturbed", values=VALUES)
    return (folder / "undisturbed" / "table.csv").read_bytes()


def killed_twice(folder: Path, runs: int, first: int, second: int) -> None:
    """A worker is killed, then the command with its scheduler; the same command completes the sweep."""
    import psutil

    sweep = Sweep(folder, "killed", runs, "--jobs", "2")
    sweep.wait_for(first)
    workers = sweep.workers()
    assert len(workers) == 2
    workers[0].kill()
    sweep.wait_for(second)
    workers += sweep.workers()
    sweep.process.kill()
    sweep.process.wait()
    sweep.process.stdout.close()
    assert not sweep.table.exists()
    psutil.wait_procs(workers, timeout=PATIENCE)  # workers end by themselves when the scheduler is gone
    assert not any(worker.is_running() for worker in workers)
    kept = {path: path.stat().st_mtime_ns for path in sweep.runs.glob("*.json")}
    assert second <= len(kept) < runs
    again = Sweep(folder, "killed", runs, "--jobs", "2")
    status, output = again.end()
    assert status == 0, output
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in kept.items())  # what was done was not done again
    assert len(list(again.runs.glob("*.json"))) == len(list(again.runs.glob("*.h5"))) == runs
    assert not list(again.runs.glob("*part*"))
    assert again.table.read_bytes() == undisturbed(folder, runs)


def test_a_worker_and_the_command_are_killed(folder):
    killed_twice(folder, 20, 1, 4)


@pytest.mark.slow
def test_a_sweep_of_200_is_killed_twice(folder):
    killed_twice(folder, 200, 30, 110)


@pytest.mark.slow
def test_ctrl_c_ends_all_processes_and_keeps_what_is_done(folder):
    sweep = Sweep(folder, "s", 100, "--jobs", "2")
    sweep.wait_for(4)
    workers = sweep.workers()
    os.killpg(sweep.process.pid, signal.SIGINT)  # as a terminal sends it, to the workers too
    status, output = sweep.end()
    assert status == 130 and "of 100 runs are done; the same command goes on" in output
    assert not any(worker.is_running() for worker in workers)


@pytest.mark.slow
def test_the_scheduler_of_a_cluster_is_killed(folder):
    (folder / "scheduler.py").write_text(SCHEDULER, encoding="utf-8")

    def cluster():
        words = [sys.executable, str(folder / "scheduler.py")]
        process = subprocess.Popen(
            words, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
        )
        return process, process.stdout.readline().strip()

    first, address = cluster()
    sweep = Sweep(folder, "s", 40, "--cluster", address)
    sweep.wait_for(5)
    first.kill()
    status, output = sweep.end()
    assert status == 130 and "the cluster is gone" in output and sweep.done < 40
    nobody = Sweep(folder, "s", 40, "--cluster", address)
    status, output = nobody.end()
    assert status == 2 and "no scheduler answers there" in output
    second, address = cluster()
    again = Sweep(folder, "s", 40, "--cluster", address)
    status, output = again.end()
    os.killpg(second.pid, signal.SIGKILL)
    assert status == 0, output
    assert again.table.read_bytes() == undisturbed(folder, 40)
    for process in (first, second):
        process.wait()
        process.stdout.close()

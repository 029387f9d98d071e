"""Running tests in copies of the checkout, and what came out of each."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .catalogue import Mutation

PARTS = ("simulator", "inverse", "matano", "benchmarks", "cases", "docs", "tests", "pyproject.toml", "README.md")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.h5", ".pytest_cache")
PATIENCE = 600.0  # s, for kernels that are compiled anew and tests that no longer end
# Tests in a process that also says how many seconds of a core it had: others may be at work on the machine.
PROGRAM = """
import os, sys, pytest
status = pytest.main(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    file.write(str(sum(os.times()[:4])))
sys.exit(status)
"""
ASSERTED = ("AssertionError", "assert ", "Failed: DID NOT RAISE")


@dataclass(frozen=True)
class Outcome:
    """Of one test: passed, failed (an assertion), broken (any other error), skipped or missing; seconds of a core."""

    word: str
    seconds: float = 0.0
    message: str = ""


def outcome_of(case: ElementTree.Element, share: float) -> Outcome:
    """share: of a core, that the tests had."""
    seconds = share * float(case.get("time", 0.0))
    for child in case:
        message = (child.get("message") or "").strip()
        first = message.splitlines()[0] if message else ""
        if child.tag == "failure":
            return Outcome("failed" if message.startswith(ASSERTED) else "broken", seconds, first)
        if child.tag == "error":
            return Outcome("broken", seconds, first)
        if child.tag == "skipped":
            return Outcome("skipped", seconds, first)
    return Outcome("passed", seconds)


class Copy:
    """A copy of the checkout with compiled kernels of its own: at one place for many faults, one after another, so that
    what a fault leaves as it is need not be compiled again."""

    def __init__(self, root: Path, folder: Path):
        self.root = folder / "checkout"
        self.temporary = folder / "tmp"
        self.temporary.mkdir(parents=True)
        self.root.mkdir()
        for name in PARTS:
            source = root / name
            if source.is_dir():
                shutil.copytree(source, self.root / name, ignore=LEFT_OUT)
            else:
                shutil.copy2(source, self.root / name)

    @property
    def environment(self) -> dict[str, str]:
        """Tests keep compiled kernels in the temporary folder; byte code of a patched file must not outlive it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "NUMBA"))}
        kept |= {"PYTHONPATH": str(self.root), "TMPDIR": str(self.temporary), "PYTHONDONTWRITEBYTECODE": "1"}
        return kept | {"MATANO_CACHE_DIR": str(self.temporary), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

    def run(self, tests: Sequence[str]) -> dict[str, Outcome]:
        """What became of each test. One that does not exist keeps pytest from running any: then each is run alone."""
        found = self.run_at_once(tests)
        if len(tests) > 1 and all(outcome.word == "missing" for outcome in found.values()):
            for test in tests:
                found |= self.run_at_once([test])
        return found

    def run_at_once(self, tests: Sequence[str]) -> dict[str, Outcome]:
        """What became of each test; those that were not found, or not in time, are missing."""
        with tempfile.TemporaryDirectory(dir=self.temporary) as folder:
            report = Path(folder) / "report.xml"
            words = ["-q", "-p", "no:cacheprovider", "-m", "slow or not slow", "--tb=no", f"--junitxml={report}"]
            clock = Path(folder) / "seconds"
            command = [sys.executable, "-c", PROGRAM, str(clock), *words, "-o", "junit_family=xunit1", *tests]
            began = time.monotonic()
            said = ""
            try:
                done = subprocess.run(
                    command, cwd=self.root, env=self.environment, capture_output=True, text=True, timeout=PATIENCE
                )
                lines = (done.stdout + done.stderr).splitlines()
                said = next((line for line in lines if line.startswith(("ERROR", "E  "))), "")
            except subprocess.TimeoutExpired:
                said = f"not done after {PATIENCE:.0f} s"
            found = {}
            if report.exists():
                had = float(clock.read_text()) if clock.exists() else float("inf")
                share = min(1.0, had / (time.monotonic() - began))
                for case in ElementTree.parse(report).getroot().iter("testcase"):
                    found[f"{case.get('file')}::{case.get('name')}"] = outcome_of(case, share)
        return {test: found.get(test, Outcome("missing", 0.0, said)) for test in tests}

    def kernels(self) -> Path | None:
        """Where kernels compiled from these sources are kept: the folder's name is a hash of the sources."""
        text = "from simulator.kernels.jit import cache_folder; print(cache_folder().name)"
        words = [sys.executable, "-c", text]
        done = subprocess.run(words, cwd=self.root, env=self.environment, capture_output=True, text=True, check=True)
        base = next(self.temporary.glob("matano-tests-*/matano"), None)
        return None if base is None else base / done.stdout.strip()

    @contextmanager
    def patched(self, mutation: Mutation):
        """The copy with a fault in it. Compiled kernels are taken along by one that changes no kernel."""
        path = self.root / mutation.file
        before, kept, own = path.read_bytes(), os.stat(path), None
        compiled = self.kernels()
        path.write_text(exchanged(path, mutation), encoding="utf-8")
        try:
            if mutation.file.startswith("simulator/") and compiled is not None:
                own = self.kernels()
                if not mutation.compiled and compiled.exists():
                    shutil.copytree(compiled, own, dirs_exist_ok=True)
            yield
        finally:
            path.write_bytes(before)
            os.utime(path, ns=(kept.st_atime_ns, kept.st_mtime_ns))  # numba looks at the time of a source
            if own is not None:
                shutil.rmtree(own, ignore_errors=True)


def exchanged(path: Path, mutation: Mutation) -> str:
    """The text of a file with the fault in it; ValueError unless the old text stands there exactly once."""
    text = path.read_text(encoding="utf-8")
    if text.count(mutation.old) != 1 or mutation.old == mutation.new:
        raise ValueError(
            f"{mutation.file}: the text to exchange stands there {text.count(mutation.old)} times, not once"
        )
    return text.replace(mutation.old, mutation.new)


def by_file(tests: Iterable[str]) -> list[list[str]]:
    """The tests of each file together, each once."""
    files: dict[str, list[str]] = {}
    for test in dict.fromkeys(tests):
        files.setdefault(test.split("::")[0], []).append(test)
    return list(files.values())

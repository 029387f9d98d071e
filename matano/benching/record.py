"""A run of benchmarks as one document: what was measured, on which machine, with which versions, of which commit."""

import contextlib
import datetime
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from matano import benchmarks_folder
from matano.console import plain, whole
from simulator.faults import Invalid

FORMAT = 1
NEEDED = ("format", "matano", "commit", "date", "smallest", "machine", "versions", "benchmarks")
WHEN = ("commit", "date")  # of each benchmark
PACKAGES = ("numpy", "numba", "llvmlite", "scipy", "scikit-sundae", "fipy", "py-pde", "noda", "devsim")


def document(answers: Mapping[str, Mapping], smallest: bool, others: Mapping | None = None) -> dict:
    """Answers by benchmark with all that a reader needs to judge them; times are UTC, memory is in bytes.

    others: an earlier run, as `check_alike` allows it, whose benchmarks are kept where `answers` has none.
    """
    now, kept, before = datetime.datetime.now(datetime.UTC), {}, {}
    if others is not None:
        kept = others["benchmarks"]
        before = {key: {name: others[name] for name in WHEN} for key in kept} | others.get("measured", {})
    new = {
        "format": FORMAT,
        "matano": version("matano"),
        "commit": commit(),
        "date": now.isoformat(timespec="seconds"),
        "smallest": smallest,
        "machine": machine(),
        "versions": {"Python": platform.python_version()} | {name: version(name) for name in PACKAGES},
    }
    return new | {
        "measured": before | {key: {name: new[name] for name in WHEN} for key in answers},
        "benchmarks": dict(kept) | plain(answers),
    }


def check_alike(others: Mapping, smallest: bool) -> None:
    """Raise Invalid unless what is measured now can stand beside an earlier run."""
    here = machine()
    if any(others["machine"].get(name) != here[name] for name in ("processor", "cores")):
        raise Invalid.at("--from", "that run is of another machine; measure all of it again.")
    if others["smallest"] != smallest:
        raise Invalid.at("--from", "that run is of another size; measure all of it again.")


def version(package: str) -> str | None:
    """Of an installed package; of this one in a folder that is not installed, the project's."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        if package != "matano":
            return None
    import tomllib

    try:
        return tomllib.loads((benchmarks_folder().parent / "pyproject.toml").read_text(encoding="utf-8"))["project"][
            "version"
        ]
    except OSError:
        return None


def commit() -> str | None:
    """The commit of the checkout that these benchmarks are in, with `+` where files differ from it; None elsewhere."""
    folder = benchmarks_folder().parent
    if not (folder / ".git").exists():
        return None
    try:
        name, changes = (
            subprocess.run(
                ["git", "-C", str(folder), *words], capture_output=True, text=True, check=True
            ).stdout.strip()
            for words in (("rev-parse", "--short=12", "HEAD"), ("status", "--porcelain", "--untracked-files=no"))
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return name + ("+" if changes else "")


def machine() -> dict:
    """Processor, cores, memory, system, and how busy it was when the run ended."""
    facts = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "memory": None,
        "system": f"{platform.system()} {platform.release()}",
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }
    with contextlib.suppress(OSError, StopIteration), open("/proc/cpuinfo", encoding="utf-8") as lines:
        facts["processor"] = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    with contextlib.suppress(OSError, ValueError, AttributeError):
        facts["memory"] = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return facts


def save(run: Mapping, path: Path) -> None:
    """Write a run as JSON. Raises UsageFault where it cannot be written."""
    with whole(path) as part:
        part.write_text(json.dumps(plain(run), indent=1, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")


def load(path: Path) -> dict:
    """A run that `save` has written. Raises Invalid where it is something else."""
    try:
        run = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise Invalid.at(f"{path}:{error.lineno}", f"is not JSON: {error.msg}.") from None
    missing = [name for name in NEEDED if not isinstance(run, dict) or name not in run]
    if missing:
        raise Invalid.at(str(path), f"is no run that `matano bench --save` has written: it lacks {', '.join(missing)}.")
    if run["format"] != FORMAT:
        raise Invalid.at(str(path), f"has the format {run['format']}; this version reads {FORMAT}. Measure again.")
    return run

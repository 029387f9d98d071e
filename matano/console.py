"""What every command shares: exit statuses, messages for a person's mistakes, tables and progress in plain text."""

import contextlib
import errno
import functools
import json
import math
import os
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from simulator.faults import Fault, Invalid, NumericsError

DONE, USAGE, INVALID, NUMERICS, OUT_OF_TOLERANCE, INTERRUPTED = 0, 2, 3, 4, 5, 130
SECONDS_BETWEEN_LINES = 10.0


class UsageFault(Invalid):
    """The command line asks for something that cannot be done; nothing was read or written."""

    exit_status = USAGE


def say(text: str) -> None:
    """A line on stderr: progress, warnings and faults; answers go to stdout."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def report(faults: Iterable[Fault]) -> None:
    for fault in faults:
        say(str(fault))


def command(function):
    """A command: its faults become sentences and exit statuses, its return value (None for done) the exit status."""

    @functools.wraps(function)
    def run(*arguments, **options):
        raise SystemExit(_status(lambda: function(*arguments, **options)))

    return run


def _status(call) -> int:
    try:
        status = call()
        if sys.stdout is not None:  # a shell may close it
            sys.stdout.flush()
        return status or DONE
    except Invalid as error:
        report(error.faults)
        return getattr(error, "exit_status", INVALID)
    except NumericsError as error:
        say(str(error))
        return NUMERICS
    except KeyboardInterrupt:
        say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # whoever read the answer has gone; the interpreter must not complain when it flushes at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except UnicodeDecodeError as error:
        say(f"a file is not text in UTF-8: {error.reason} at byte {error.start}.")
        return INVALID
    except OSError as error:
        say(f"{error.filename}: {error.strerror}." if error.filename else f"{error.strerror or error}.")
        return INVALID
    except MemoryError:
        say("this computation does not fit into memory; use fewer cells or fewer saved times.")
        return NUMERICS


def plain(value):
    """Numbers and arrays as JSON knows them: NaN and infinity become null."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return value if isinstance(value, str | int | bool | None) else str(value)


def print_json(document) -> None:
    print(json.dumps(plain(document), indent=2, allow_nan=False, ensure_ascii=False))


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]], indent: str = "") -> None:
    """Columns of plain text; those whose entries are numbers stand to the right."""
    rows = [[str(entry) for entry in row] for row in rows]
    widths = [max(len(row[k]) for row in [list(head), *rows]) for k in range(len(head))]
    right = [all(is_number(row[k]) for row in rows) for k in range(len(head))]
    for row in [list(head), *rows]:
        cells = [entry.rjust(w) if r else entry.ljust(w) for entry, w, r in zip(row, widths, right, strict=True)]
        print((indent + "  ".join(cells)).rstrip())


def is_number(text: str) -> bool:
    try:
        float(text.rstrip(" %"))
    except ValueError:
        return text in ("", "-")
    return True


def duration(seconds: float) -> str:
    """A time in the unit a person would use; a steady state is reached after infinity."""
    if math.isinf(seconds):
        return "the steady state"
    for unit, size in (("d", 864000.0), ("h", 3600.0), ("min", 60.0)):
        if abs(seconds) >= size:
            return f"{seconds / (86400.0 if unit == 'd' else size):.6g} {unit}"
    for unit, size in (("us", 1e-6), ("ns", 1e-9)):
        if size <= abs(seconds) < 1e3 * size:
            return f"{seconds / size:.6g} {unit}"
    return f"{seconds:.6g} s"


def check_target(path: Path, force: bool = True) -> None:
    """Raise UsageFault unless a file may be written at `path`, which must not exist without `force`."""
    if path.is_dir():
        raise UsageFault.at(str(path), "is a folder; name a file.")
    if not path.parent.is_dir():
        raise UsageFault.at(str(path), f"the folder {str(path.parent)!r} does not exist.")
    if path.exists() and not force:
        raise UsageFault.at(str(path), "exists. Replace it with --force, or choose another name.")


def check_page(path: Path, force: bool) -> None:
    """Raise UsageFault unless a page may be written at `path`."""
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageFault.at(str(path), f"unknown kind of page {path.suffix!r}; use .html.")
    check_target(path, force)


def refused(path: Path, error: OSError) -> UsageFault:
    """What to say when the system refuses to write a file."""
    reason = "the disk is full" if error.errno == errno.ENOSPC else error.strerror or str(error)
    return UsageFault.at(str(path), f"cannot be written: {reason}.")


@contextlib.contextmanager
def whole(path: Path):
    """The place to write a file, which is put at `path` only once it is complete; UsageFault if the system refuses."""
    part = path.with_name(f".{os.getpid()}.part{path.suffix}")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        raise refused(path, error) from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink()


class Progress:
    """How far a run is: a bar on a terminal, a line now and then in a log. Call it with the fraction done."""

    def __init__(self, title: str):
        self.title = title
        self.started = self.told = time.monotonic()
        self.bar = None

    def __enter__(self) -> "Progress":
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"))
            console = Console(stderr=True)
            self.bar = Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console, transient=True)
            self.task = self.bar.add_task(self.title, total=1.0)
            self.bar.start()
        return self

    def __exit__(self, *error) -> None:
        if self.bar is not None:
            self.bar.stop()

    def __call__(self, fraction: float) -> None:
        if self.bar is not None:
            self.bar.update(self.task, completed=fraction)
            return
        now = time.monotonic()
        if now - self.told >= SECONDS_BETWEEN_LINES:
            self.told = now
            say(f"{self.title}: {100.0 * fraction:.0f} %, {now - self.started:.0f} s")

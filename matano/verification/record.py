"""What was verified already, so that it need not be done again: one file of JSON lines for each state of the code."""

import contextlib
import functools
import hashlib
import importlib.metadata
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from matano.verification.chosen import further

PACKAGES = ("simulator", "inverse", "matano/verification")
LIBRARIES = ("numpy", "scipy", "numba")
KEPT = 4  # files of other states of the code, the latest
DATA = (".csv", ".tsv", ".txt", ".tdb", ".json")


@functools.cache
def code() -> str:
    """Hash of all that a round trip is made with: the sources, and the libraries' versions."""
    digest, root = hashlib.sha256(), Path(__file__).resolve().parents[2]
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    for name in LIBRARIES:
        digest.update(f"{name} {importlib.metadata.version(name)}".encode())
    digest.update(sys.version.encode())
    return digest.hexdigest()[:16]


def texts_of(case, path: Path) -> list[bytes]:
    """A case, its further couples, and the tables that lie beside it."""
    beside = sorted(other for other in path.resolve().parent.glob("*") if other.suffix in DATA and other.is_file())
    return [other.read_bytes() for other in (path, *further(case, path), *beside)]


def key_of(words: Sequence[str], texts: Sequence[bytes]) -> str:
    """What makes a task the same as one that was done."""
    digest = hashlib.sha256(json.dumps([code(), *words]).encode())
    for text in texts:
        digest.update(hashlib.sha256(text).digest())
    return digest.hexdigest()[:24]


class Record:
    """Answers by key, each a line that is written as soon as it is known. A line that a kill cut short does not count.
    `fresh`: forget what was kept under the keys that are asked for."""

    def __init__(self, fresh: bool = False):
        from simulator.kernels.jit import cache_folder

        self.fresh = fresh
        self.path = cache_folder().parent / f"verified-{code()}.jsonl"
        self.answers: dict[str, object] = {}
        with contextlib.suppress(OSError):
            self.discard_old()
            for line in self.path.read_text(encoding="utf-8").splitlines():
                with contextlib.suppress(ValueError, KeyError, TypeError):
                    entry = json.loads(line)
                    self.answers[entry["key"]] = entry["answer"]

    def discard_old(self) -> None:
        others = [path for path in self.path.parent.glob("verified-*.jsonl") if path != self.path]
        for path in sorted(others, key=lambda path: path.stat().st_mtime)[:-KEPT]:
            path.unlink(missing_ok=True)

    def get(self, key: str):
        """The answer kept under a key; None if there is none, or it is to be made again."""
        return None if self.fresh else self.answers.get(key)

    def keep(self, key: str, answer) -> None:
        """Keep an answer; a place that cannot be written only means that it is made again next time."""
        with contextlib.suppress(OSError), self.path.open("a", encoding="utf-8") as file:
            if file.tell() and not self.whole():
                file.write("\n")
            file.write(json.dumps({"key": key, "answer": answer}) + "\n")

    def whole(self) -> bool:
        """Whether the last line is complete."""
        with self.path.open("rb") as file:
            file.seek(-1, 2)
            return file.read(1) == b"\n"

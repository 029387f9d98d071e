"""The runs of a sweep: which values go together, and the name that each run keeps for ever."""

import hashlib
import itertools
import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from matano.sweeping.settings import MOST, Setting
from simulator.faults import Invalid
from simulator.files.included import strings
from simulator.files.keys import read_text

NAME_LENGTH = 16


class Run(NamedTuple):
    """One run: its file name, what `--set` gives the case, and which value of every setting that is."""

    name: str
    overrides: tuple[str, ...]
    choice: tuple[int, ...]


@dataclass(frozen=True)
class Plan:
    """A case and the runs of it, in the order of the table. shape: how many values each setting that multiplies has;
    draws count as one."""

    path: Path
    text: str
    folder: Path
    settings: tuple[Setting, ...]
    runs: tuple[Run, ...]
    shape: tuple[int, ...]

    @property
    def varied(self) -> list[int]:
        """Indices of the settings that have columns."""
        return [k for k, setting in enumerate(self.settings) if setting.varied]


def plan_of(path: Path, settings: Sequence[Setting], zipped: bool) -> Plan:
    """Every value with every other, the last setting fastest; draws go together, one of each key for a run; zipped:
    the first values together, the second ones, and so on. Raises Invalid where numbers of values differ that must not.
    """
    text, folder = read_text(path), path.resolve().parent
    varied = [k for k, setting in enumerate(settings) if setting.varied]
    together = [k for k in varied if zipped or settings[k].drawn]
    counts = {len(settings[k].values) for k in together}
    if len(counts) > 1:
        listed = ", ".join(f"{settings[k].key} has {len(settings[k].values)}" for k in together)
        reason = "--zip takes values one by one" if zipped else "draws go together, one of each key for a run"
        raise Invalid.at("--set", f"{reason}, so give as many of each; {listed}.")
    axes, seen = [], False
    for k in varied:
        if k in together:
            if not seen:
                axes.append([dict.fromkeys(together, j) for j in range(len(settings[k].values))])
            seen = True
        else:
            axes.append([{k: j} for j in range(len(settings[k].values))])
    shape = tuple(len(axis) for axis in axes)
    total = 1
    for size in shape:
        total *= size
    if total > MOST:
        raise Invalid.at("--set", f"these are {total} runs, more than {MOST}; give fewer values, or --zip.")
    base = hashlib.sha256(text.encode())
    base.update(files_digest(text, settings, folder))
    overrides, runs = [setting.overrides for setting in settings], []
    for steps in itertools.product(*axes):
        index = dict.fromkeys(range(len(settings)), 0)
        for step in steps:
            index |= step
        choice = tuple(index.values())
        given = tuple(texts[j] for texts, j in zip(overrides, choice, strict=True))
        digest = base.copy()
        digest.update(json.dumps(given).encode())
        runs.append(Run(digest.hexdigest()[:NAME_LENGTH], given, choice))
    return Plan(path, text, folder, tuple(settings), tuple(runs), shape)


def files_digest(text: str, settings: Sequence[Setting], folder: Path) -> bytes:
    """Of every file that the case or a setting may name: a run of another table is another run."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return b""
    words = set(strings([data, *(list(setting.values) for setting in settings)]))
    digest = hashlib.sha256()
    for word in sorted(words):
        if 0 < len(word) <= 255 and "\n" not in word and "\0" not in word and (folder / word).is_file():
            digest.update(word.encode() + b"\0" + (folder / word).read_bytes())
    return digest.digest()

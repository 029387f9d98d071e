"""The files that a case names, as a result keeps them: it stands alone."""

import base64
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from simulator.faults import Invalid
from simulator.files.override import override
from simulator.laws.assessment import KEPT, record
from simulator.laws.mixture import Mixture

LARGEST = 64_000_000


def included(text: str, overrides: Sequence[str], folder: Path) -> dict[str, str]:
    """The files that a case names, by their path in it, base64; of a TDB file what the case took from it, no more."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
    words = set(strings(data))
    words.update(entry.partition("=")[2].strip().strip("\"'") for entry in overrides)
    files = assessments(data, overrides, folder)
    taken = {name.removesuffix(KEPT) for name in files}
    for word in sorted(words - taken):
        if not word or len(word) > 255 or "\n" in word or "\0" in word:
            continue
        place = (folder / word).resolve()
        if place.is_relative_to(folder.resolve()) and place.is_file() and place.stat().st_size <= LARGEST:
            files[word] = base64.b64encode(place.read_bytes()).decode()
    return files


def assessments(data: dict, overrides: Sequence[str], folder: Path) -> dict[str, str]:
    """What a case takes from TDB files: FILE.json, base64."""
    try:
        for entry in overrides:
            override(data, entry)
        mixture = Mixture(tuple(data.get("components", ())), data.get("dependent", ""))
    except (Invalid, TypeError):
        return {}
    phases: dict[str, list[str]] = {}
    for table in tables(data):
        file = table.get("file") if table.get("kind") == "tdb" else table.get("tdb")
        if isinstance(file, str) and isinstance(table.get("phase"), str):
            phases.setdefault(file, []).append(table["phase"])
    return {
        f"{file}{KEPT}": base64.b64encode(record(file, list(dict.fromkeys(names)), mixture, folder)).decode()
        for file, names in phases.items()
    }


def parts(table: Any) -> Iterator[Any]:
    """Nested tables and lists, and what is in them."""
    stack = [table]
    while stack:
        entry = stack.pop()
        yield entry
        if isinstance(entry, dict):
            stack.extend(entry.values())
        elif isinstance(entry, list):
            stack.extend(entry)


def strings(table: Any) -> Iterator[str]:
    return (entry for entry in parts(table) if isinstance(entry, str))


def tables(table: Any) -> Iterator[dict]:
    return (entry for entry in parts(table) if isinstance(entry, dict))

"""What a TDB file says of a solution phase, as formulas: read once, and kept beside a case without the file."""

import contextlib
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from simulator.faults import Invalid
from simulator.laws.formula import Formula, comparison, constant, sqrt, temperature, where
from simulator.laws.mixture import Mixture
from simulator.laws.program import ONE, TWO, Tree, nodes, operands, replaced
from simulator.laws.table import below

KEPT = ".json"
ARITY = dict.fromkeys(ONE, 1) | dict.fromkeys(TWO, 2) | {"where": 3}
LARGEST = 64_000_000


@dataclass(frozen=True)
class Assessed:
    """A formula of mole fractions and T as a tree, with its range of T in K; or a sentence why there is none."""

    tree: Tree | None = field(default=None, repr=False)
    temperatures: tuple[float, float] = (0.0, math.inf)
    fault: str = ""

    def formula(self, fractions: list[Formula], place: str) -> Formula:
        """The formula with these mole fractions of the elements, nan beyond its temperatures; Invalid without one."""
        if self.tree is None:
            raise Invalid.at(place, self.fault)
        values = {("unknown", k): entry.tree for k, entry in enumerate(fractions)}
        inside = Formula(replaced((self.tree,), values)[0])
        return inside * within(self.temperatures)


def check_temperature(T: float, temperatures: tuple[float, float], what: str) -> None:
    """Raise Invalid at a T, in K, beyond a range of T; nan is none."""
    low, high = temperatures
    if not (low <= T <= high or math.isnan(T)):
        text = f"{what} is known from {low:g} K to {high:g} K, and the temperature is {T:.6g} K."
        raise Invalid.at("temperature", text)


def within(temperatures: tuple[float, float]) -> Formula:
    """1 in a range of T, nan beyond it."""
    low, high = map(constant, temperatures)
    inside = comparison("less_equal", low, temperature) * comparison("less_equal", temperature, high)
    return where(inside, constant(1.0), sqrt(-temperature))


@dataclass(frozen=True)
class Assessment:
    """A phase with some elements, in capitals. energy: excess Gibbs energy, J for a mole of atoms, from the elements
    in this phase; mobility: R T M of each element, m^2/s. Unknown k of their trees is the mole fraction of element k.
    """

    phase: str
    elements: tuple[str, ...]
    interstitial: tuple[str, ...]
    energy: Assessed
    mobility: Mapping[str, Assessed]

    def check(self, mixture: Mixture, place: str) -> None:
        """Raise Invalid unless the case has the same interstitials."""
        names = dict(zip(self.elements, mixture.components, strict=True))
        inside = [names[name] for name in self.interstitial]
        if set(inside) != set(mixture.interstitial):
            listed = ", ".join(f'"{name}"' for name in inside)
            cure = f"write interstitial = [{listed}]" if inside else "leave interstitial out"
            have = f"{' and '.join(inside) or 'no component'} interstitial"
            raise Invalid.at(place, f"{self.phase} has {have}, but the case says otherwise: {cure}.")


def read_assessment(
    file: Any, phase: Any, mixture: Mixture, place: str, key: str = "file", folder: Path | str | None = None
) -> Assessment:
    """The assessment of a phase with the components of a mixture, whose names are those of elements in any case.

    file: the path of a TDB file below `folder`. FILE.json beside it, which `record` wrote, is read in its place where
    the file is not there, or has not changed since: that needs no pycalphad. Raises Invalid at
    `place`.phase or at `place`.`key`, as `simulator.laws.tdb.read_phase`.
    """
    places = {"file": f"{place}.{key}", "phase": f"{place}.phase"}
    for name, value, example in (("file", file, "alloy.tdb"), ("phase", phase, "FCC_A1")):
        if not isinstance(value, str) or not value:
            raise Invalid.at(places[name], f'expected a text such as "{example}", got {repr(value)[:40]}.')
    elements = tuple(name.upper() for name in mixture.components)
    if len(set(elements)) < len(elements):
        raise Invalid.at(places["file"], "a TDB file does not tell capitals: two components are the same element.")
    try:
        return read_file(*found(file, folder, places["file"]), file, phase.upper(), elements)
    except Invalid as invalid:
        raise Invalid.at(places.get(invalid.faults[0].where, places["file"]), invalid.faults[0].sentence) from None


def found(file: str, folder: Path | str | None, place: str) -> tuple[Path, str]:
    """The file, or what is kept of it, and the hash of its content."""
    try:
        path = below(file, folder, place)
    except Invalid:
        try:
            path = below(file + KEPT, folder, place)
        except Invalid:
            path = None
        if path is None:
            raise
    if path.stat().st_size > LARGEST:
        raise Invalid.at(place, f"{file} is larger than {LARGEST / 1e6:.0f} MB.")
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


@lru_cache(maxsize=32)
def read_file(path: Path, digest: str, file: str, phase: str, elements: tuple[str, ...]) -> Assessment:
    """As read_assessment, of a file with this hash; Invalid at "file" or "phase"."""
    text = path.read_bytes().decode("utf-8", "replace")
    if path.name != Path(file).name:
        for entry in kept(text, file):
            if (entry.phase, entry.elements) == (phase, elements):
                return entry
        names = ", ".join(elements)
        raise Invalid.at("phase", f"what is kept of {file} has no {phase} with {names}; put the file itself there.")
    beside = path.with_name(path.name + KEPT)
    if beside.is_file():
        with contextlib.suppress(Invalid, OSError):
            for entry in kept(beside.read_text(encoding="utf-8", errors="replace"), file, digest):
                if (entry.phase, entry.elements) == (phase, elements):
                    return entry
    from simulator.laws.tdb import read_phase

    return read_phase(text, file, phase, elements)


def record(file: str, phases: list[str], mixture: Mixture, folder: Path | str | None) -> bytes:
    """What is kept of a TDB file, as JSON: its hash, and the formulas of these phases with the components."""
    read = [read_assessment(file, phase, mixture, "file", folder=folder) for phase in phases]
    path, digest = found(file, folder, "file")
    if path.name != Path(file).name:
        return path.read_bytes()
    entries = [
        {
            "phase": entry.phase,
            "elements": entry.elements,
            "interstitial": entry.interstitial,
            "energy": written(entry.energy),
            "mobility": {name: written(value) for name, value in entry.mobility.items()},
        }
        for entry in read
    ]
    return json.dumps({"file": file, "sha256": digest, "assessments": entries}, allow_nan=False).encode()


def kept(text: str, file: str, digest: str = "") -> list[Assessment]:
    """The assessments that `record` wrote, none if of a file with another hash; Invalid, at "file", for other texts."""
    try:
        data = json.loads(text)
        if digest not in ("", data["sha256"]):
            return []
        return [
            Assessment(
                str(entry["phase"]),
                tuple(map(str, entry["elements"])),
                tuple(map(str, entry["interstitial"])),
                assessed(entry["energy"]),
                {str(name): assessed(value) for name, value in entry["mobility"].items()},
            )
            for entry in data["assessments"]
        ]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise Invalid.at("file", f"what is kept of {file} is damaged.") from None


def written(part: Assessed) -> dict[str, Any]:
    """A formula as a list of operations, each with the places of its operands before it."""
    if part.tree is None:
        return {"fault": part.fault}
    listed = nodes(part.tree)
    row_of = {id(tree): k for k, tree in enumerate(listed)}
    rows = [
        list(tree) if tree[0] in ("number", "unknown") else [tree[0], *(row_of[id(entry)] for entry in operands(tree))]
        for tree in listed
    ]
    low, high = part.temperatures
    return {"temperatures": [low, high if math.isfinite(high) else None], "formula": rows}


def assessed(given: Mapping[str, Any]) -> Assessed:
    """The formula of such a list; ValueError or the like for any other."""
    if "fault" in given:
        return Assessed(fault=str(given["fault"]))
    trees: list[Tree] = []
    for op, *rest in given["formula"]:
        match op, rest:
            case "number", [int() | float() as value]:
                trees.append(("number", float(value)))
            case "unknown", [int() as k] if k >= 0:
                trees.append(("unknown", k))
            case "T", []:
                trees.append(("T",))
            case _ if ARITY.get(op) == len(rest) and all(0 <= k < len(trees) for k in rest):
                trees.append((op, *(trees[k] for k in rest)))
            case _:
                raise ValueError(op)
    low, high = given["temperatures"]
    return Assessed(trees[-1], (float(low), math.inf if high is None else float(high)))

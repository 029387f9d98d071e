"""A case file as a Problem, its Controls and what must come out; or every fault in it, each with its line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator.faults import Fault, Invalid
from simulator.files.keys import KeyPath, key_lines, line_of, path_of, path_text, read_text, read_toml
from simulator.files.override import override
from simulator.files.reader import Reader
from simulator.files.schema import ExpectSection, VerifySection, read_case
from simulator.problem.problem import Problem
from simulator.solve.controls import Controls


@dataclass(frozen=True)
class Case:
    """What a case file says. text: as written; overrides: what `--set KEY=VALUE` changed; folder: of its paths."""

    problem: Problem
    controls: Controls = field(default_factory=Controls)
    expect: ExpectSection = field(default_factory=ExpectSection)
    verify: VerifySection = field(default_factory=VerifySection)
    title: str = ""
    reference: str = ""
    text: str = ""
    path: Path | None = None
    folder: Path = Path()
    overrides: tuple[str, ...] = ()


def load(path: str | Path, overrides: Sequence[str] = ()) -> Case:
    """The case in a file. overrides: "KEY=VALUE", as in "domain.cells=800", which come after the file.

    Raises Invalid with all faults in the order of the lines, each as "couple.toml:14 law.D: what is wrong".
    """
    path = Path(path)
    return parse_case(read_text(path), path, path.resolve().parent, overrides)


def parse_case(
    text: str, path: str | Path | None = None, folder: str | Path | None = None, overrides: Sequence[str] = ()
) -> Case:
    """The case in a text; its files lie in `folder` or below, by default that of `path`. Raises Invalid, as `load`."""
    name = str(path) if path is not None else "case"
    root = Path(folder) if folder is not None else Path(path).resolve().parent if path is not None else Path.cwd()
    data = read_toml(text, name)
    places = Places(name, key_lines(text), {})
    faults: list[Fault] = []
    for entry in overrides:
        try:
            places.overrides[override(data, entry)] = entry
        except Invalid as invalid:
            faults += invalid.faults
    sections, found = read_case(data)
    reader = Reader(data, sections, root, [Fault(path_text(place), sentence) for place, sentence in found])
    problem, controls = reader.problem(), reader.controls()
    reader.expect()
    if faults or reader.faults:
        raise Invalid(*faults, *places.located(reader.faults))
    source = sections.source if isinstance(sections.source, str) else ""
    return Case(
        problem=problem,
        controls=controls,
        expect=sections.expect,
        verify=sections.verify,
        title=sections.title,
        reference=sections.reference or source,
        text=text,
        path=Path(path) if path is not None else None,
        folder=root,
        overrides=tuple(overrides),
    )


@dataclass(frozen=True)
class Places:
    """Where a key was given: in the file, or by an override."""

    name: str
    lines: Mapping[KeyPath, int]
    overrides: dict[KeyPath, str]

    def located(self, faults: Sequence[Fault]) -> list[Fault]:
        """The faults with file and line before their keys, each once, in the order of the lines."""
        placed = {}
        for fault in faults:
            path = nearest_path(fault.where)
            line = line_of(path, self.lines) or 0
            given = next((entry for key, entry in self.overrides.items() if path[: len(key)] == key), None)
            place = f"--set {given[:80]}" if given else f"{self.name}:{line}" if line else self.name
            where = (
                place
                if given and path_text(path) == given.partition("=")[0].strip()
                else f"{place} {fault.where}".strip()
            )
            placed.setdefault(Fault(printable(where), fault.sentence), line)
        return sorted(placed, key=placed.get)


def nearest_path(where: str) -> KeyPath:
    """The key path that a fault names, without the part of it that no key path can hold."""
    while where:
        try:
            return path_of(where)
        except ValueError:
            where = where[: max(where.rfind("."), where.rfind("["), 0)]
    return ()


def printable(where: str) -> str:
    """A place as one line of a terminal: a quoted key may hold any character."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in where)

"""A case file as a Problem, its Controls and what must come out; or every fault in it, each with its line."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.files import RESULTS
from simulator.files.keys import KeyPath, key_lines, line_of, path_of, path_text, read_text, read_toml
from simulator.files.override import override
from simulator.files.schema import CaseFile, ExpectSection, VerifySection, read_case
from simulator.files.values import saved_times
from simulator.laws.catalogue import law_of
from simulator.laws.coefficient import read_coefficient
from simulator.laws.mixture import Mixture
from simulator.laws.table import below
from simulator.problem.boundary import Boundary, Closed, Exchange, Fixed, Flux, Periodic
from simulator.problem.domain import Domain
from simulator.problem.initial import Expression, Film, Initial, Layers, Pieces, Step, Tabulated
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
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
            try:
                path = path_of(fault.where)
            except ValueError:
                path = ()
            line = line_of(path, self.lines) or 0
            given = next((entry for key, entry in self.overrides.items() if path[: len(key)] == key), None)
            place = f"--set {given[:80]}" if given else f"{self.name}:{line}" if line else self.name
            where = (
                place
                if given and path_text(path) == given.partition("=")[0].strip()
                else f"{place} {fault.where}".strip()
            )
            placed.setdefault(Fault(where, fault.sentence), line)
        return sorted(placed, key=placed.get)


@dataclass
class Reader:
    """Builds what the sections describe. A wrong section leaves its faults and None; the others are still read."""

    data: dict
    sections: CaseFile
    folder: Path
    faults: list[Fault]

    def attempt(self, make: Callable, *arguments, **keywords):
        try:
            return make(*arguments, **keywords)
        except Invalid as invalid:
            self.faults += invalid.faults
            return None

    def problem(self) -> Problem | None:
        sections = self.sections
        mixture = self.mixture()
        domain = sections.domain and self.attempt(Domain, **contents(sections.domain))
        initial = sections.initial and self.attempt(self.initial)
        boundary = sections.boundary and self.attempt(self.boundary)
        temperature = sections.temperature and self.attempt(self.temperature)
        law = sections.law and mixture and self.attempt(self.law, mixture)
        save = sections.time and self.attempt(self.save)
        parts = {"mixture": mixture, "law": law, "domain": domain, "initial": initial, "boundary": boundary}
        if None in parts.values() or save is None or (sections.temperature and not temperature):
            self.check_parts(mixture or self.any_mixture(), domain, initial, boundary)
            return None
        rates = sections.source if isinstance(sections.source, dict) else None
        problem = self.attempt(
            Problem,
            **parts,
            temperature=temperature,
            end=sections.time.end,
            save=save,
            source=rates,
            title=sections.title or "",
        )
        # With stand-ins for the parameters, what the problem says of its coefficients would mislead.
        if problem is not None and sections.parameters is not None:
            self.attempt(problem.check)
        return problem

    def any_mixture(self) -> Mixture | None:
        """The components with the last one dependent: compositions can be checked while `dependent` is wrong."""
        try:
            return Mixture(tuple(self.sections.components or ()), parameters=self.stand_ins())
        except Invalid:
            return None

    def check_parts(
        self, mixture: Mixture | None, domain: Domain | None, initial: Initial | None, boundary: Boundary | None
    ) -> None:
        """What can be said of the start and of the ends while other sections are missing."""
        if mixture is None:
            return
        if initial is not None and domain is not None:
            self.faults += initial.check(mixture, domain.interval)
        elif isinstance(initial, Pieces):
            self.attempt(initial.table, mixture)
        if boundary is not None and not boundary.depends_on_time:
            self.faults += boundary.check(mixture, np.zeros(1), np.full(1, np.nan))

    def mixture(self) -> Mixture | None:
        sections = self.sections
        if sections.components is None:
            return None
        parameters = sections.parameters
        if parameters is None:
            # Its faults are known by now; the names still tell which expressions are right.
            parameters = self.stand_ins()
        return self.attempt(Mixture, tuple(sections.components), sections.dependent or "", parameters)

    def stand_ins(self) -> dict[str, float]:
        given = self.data.get("parameters")
        return dict.fromkeys(given, 1.0) if isinstance(given, dict) else {}

    def law(self, mixture: Mixture):
        section = self.sections.law
        kind = law_of(section.kind)
        given = {entry.name: entry for entry in kind.key_fields() if entry.name in section.model_fields_set}
        faults, values = [], {}
        for name, entry in given.items():
            try:
                values[name] = self.with_tables(getattr(section, name), mixture, entry.metadata["unit"], f"law.{name}")
            except Invalid as invalid:
                faults += invalid.faults
        if faults:
            raise Invalid(*faults)
        return kind(mixture, **values)

    def with_tables(self, value: Any, mixture: Mixture, unit: str, where: str) -> Any:
        """A coefficient, or nested ones, with every { table = "d.csv" } read from the folder of the case."""
        if isinstance(value, list):
            return [self.with_tables(entry, mixture, unit, f"{where}[{index}]") for index, entry in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("table"), str):
            return read_coefficient(value, mixture, unit, where, self.folder)
        return {key: self.with_tables(entry, mixture, unit, f"{where}.{key}") for key, entry in value.items()}

    def initial(self) -> Initial:
        section = self.sections.initial
        match section.shape:
            case "step":
                return Step(section.at, section.left, section.right)
            case "layers":
                return Layers([(layer.start, layer.end, dict(layer.model_extra)) for layer in section.layers])
            case "film":
                return Film(section.at, section.thickness, section.film, section.matrix)
            case "expression":
                return Expression(dict(section.model_extra))
        return self.from_file(section)

    def from_file(self, section) -> Tabulated:
        """The last profile of a result, or the one nearest to `time`; or a measured profile."""
        path = below(section.path, self.folder, "initial.path")
        try:
            if path.suffix in RESULTS:
                from simulator.files.stored import open_result

                result = open_result(path)
                if not result.snapshots:
                    raise Invalid.at("initial.path", f"{section.path} holds no saved time yet.")
                index = -1 if section.time is None else int(np.argmin(np.abs(result.time - section.time)))
                fractions = result.snapshots[index].mole_fraction
                return Tabulated(result.x, dict(zip(result.components, fractions, strict=True)), "initial.path")
            from simulator.files.measured import read_profile

            if section.time is not None:
                raise Invalid.at("initial.time", "a measured profile has one time only; leave it out.")
            profile = read_profile(path)
        except Invalid as invalid:
            raise Invalid(
                *(in_key(fault, "initial.path", str(path), section.path) for fault in invalid.faults)
            ) from None
        return Tabulated(profile.x, dict(zip(profile.components, profile.fractions, strict=True)), "initial.path")

    def boundary(self) -> Boundary:
        ends, faults = {}, []
        for side in ("left", "right"):
            try:
                ends[side] = end_of(getattr(self.sections.boundary, side))
            except Invalid as invalid:
                faults += [
                    Fault(entry.where.replace("boundary.", f"boundary.{side}.", 1), entry.sentence)
                    for entry in invalid.faults
                ]
        if faults:
            raise Invalid(*faults)
        return Boundary(**ends)

    def temperature(self) -> Temperature:
        section = self.sections.temperature
        given = {name: value for name, value in contents(section).items() if value is not None}
        written = "temperature.expression"
        if isinstance(given.get("value"), str) and "expression" not in given:
            given["expression"] = given.pop("value")
            written = "temperature.value"
        if "expression" in given:
            given["parameters"] = self.stand_ins() if self.sections.parameters is None else self.sections.parameters
        try:
            return Temperature(**given)
        except Invalid as invalid:
            raise Invalid(
                *(Fault(f.where.replace("temperature.expression", written), f.sentence) for f in invalid.faults)
            ) from None

    def save(self) -> tuple[float, ...]:
        """The saved times in s, the last of which is the end."""
        time = self.sections.time
        return saved_times(time.end, time.save, time.spacing)

    def controls(self) -> Controls | None:
        section = self.sections.solver
        if section is None:
            return None
        from simulator.solve.schemes import scheme_named

        self.attempt(scheme_named, section.scheme)
        return self.attempt(Controls, **contents(section))

    def expect(self) -> None:
        """Faults of what must come out: an unknown exact solution, a missing bound, a missing tolerance."""
        section = self.sections.expect
        if section is None:
            return
        if section.exact is not None:
            from simulator.solve.exact import known_exact

            self.attempt(known_exact, section.exact, "expect.exact")
            if section.max_error is None:
                self.faults.append(Fault("expect", "exact needs max_error, the largest error allowed."))
        elif section.max_error is not None:
            self.faults.append(Fault("expect.max_error", "needs exact, the solution to compare with."))
        for index, entry in enumerate(section.value):
            if entry.rtol is None and entry.atol is None:
                self.faults.append(Fault(f"expect.value[{index}]", "needs a tolerance, rtol or atol."))


def contents(section) -> dict[str, Any]:
    """The keys of a section that were given, as they were read."""
    return {name: getattr(section, name) for name in section.model_fields_set}


def end_of(end):
    """One end of the boundary."""
    if isinstance(end, str):
        return Closed() if end == "closed" else Periodic()
    if hasattr(end, "fixed"):
        return Fixed(end.fixed)
    if hasattr(end, "flux"):
        return Flux(end.flux)
    return Exchange(end.exchange.coefficient, dict(end.exchange.model_extra))


def in_key(fault: Fault, key: str, path: str, shown: str) -> Fault:
    """A fault of a file that a key names, at that key; the place in the file opens the sentence."""
    if fault.where.startswith("initial"):
        return fault
    place = fault.where.replace(path, shown)
    return Fault(key, f"{place}: {fault.sentence}" if place else fault.sentence)

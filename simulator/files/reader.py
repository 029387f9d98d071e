"""The sections of a case file as the parts of a Problem; a section that is wrong hides no other."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.files.schema import CaseFile, dimensions
from simulator.files.start_reader import start_of
from simulator.files.table import contents
from simulator.files.values import saved_times
from simulator.laws.catalogue import LAWS, law_of
from simulator.laws.electrolyte import Electrolyte
from simulator.laws.law import Law
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.thermodynamics import Thermodynamics
from simulator.problem.boundary import Boundary, Closed, Electrode, Exchange, Fixed, Flux, Periodic
from simulator.problem.box import Box
from simulator.problem.check import outside
from simulator.problem.domain import Domain
from simulator.problem.field_problem import FieldProblem
from simulator.problem.initial import Initial, Pieces
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls

EXAMPLES = {
    "thermodynamics": 'kind = "ideal"',
    "molar_volume": 'kind = "constant", V_m = "7e-6 m^3/mol"',
}
SECTIONS = {entry.alias or name for name, entry in CaseFile.model_fields.items()}


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

    def problem(self) -> Problem | FieldProblem | None:
        sections = self.sections
        mixture = self.mixture()
        basis = mixture or self.any_mixture()
        domain = sections.domain and self.attempt(self.domain)
        initial = sections.initial and self.attempt(start_of, sections.initial, basis, domain, self.folder)
        boundary = sections.boundary and self.attempt(self.sides if self.boxed else self.boundary)
        temperature = sections.temperature and self.attempt(self.temperature)
        models = self.models(basis) if basis else {}
        law = sections.law and basis and self.attempt(self.law, basis, models)
        save = sections.time and self.attempt(self.save)
        parts = {"mixture": mixture, "law": law, "domain": domain, "initial": initial, "boundary": boundary}
        if None in (*parts.values(), *models.values(), save) or (sections.temperature and not temperature):
            self.check_parts(basis, domain, initial, boundary)
            return None
        if isinstance(domain, Box):
            return self.field_problem(parts, temperature, save)
        rates = sections.source if isinstance(sections.source, dict) else None
        problem = self.attempt(
            Problem,
            **parts,
            temperature=temperature,
            end=sections.time.end,
            save=save,
            source=rates,
            title=sections.title or "",
            markers=tuple(sections.markers.at) if sections.markers else (),
            sweep=self.sweep(),
        )
        # With stand-ins for the parameters, what the problem says of its coefficients would mislead.
        if problem is not None and sections.parameters is not None:
            self.attempt(problem.check)
        return problem

    def field_problem(self, parts: dict, temperature: Temperature | None, save) -> FieldProblem | None:
        """In two or three dimensions; parts as `problem` has them."""
        sections = self.sections
        unfit = [name for name in ("markers", "sweep_voltage") if getattr(sections, name) is not None]
        self.faults += [Fault(name, "is for one dimension; leave it out.") for name in unfit]
        if sections.time.end == "steady":
            self.faults.append(Fault("time.end", "two and three dimensions have no steady states; give a time."))
            return None
        problem = self.attempt(
            FieldProblem,
            mixture=parts["mixture"],
            law=parts["law"],
            box=parts["domain"],
            initial=parts["initial"],
            sides=parts["boundary"],
            temperature=temperature,
            end=sections.time.end,
            save=save,
            source=sections.source if isinstance(sections.source, dict) else None,
            title=sections.title or "",
        )
        if problem is not None and sections.parameters is not None:
            self.attempt(problem.check)
        return problem

    @property
    def boxed(self) -> bool:
        """Whether the domain is a box, right or wrong."""
        return dimensions(self.data.get("domain")) == "<box>"

    def domain(self) -> Domain | Box:
        return (Box if self.boxed else Domain)(**contents(self.sections.domain))

    def sides(self) -> tuple[str, ...]:
        """What lies at the sides of a box, for each axis."""
        section, domain = self.sections.boundary, self.sections.domain
        axes, given = "xyz"[: len(domain.cells) if domain else None], section.model_fields_set
        faults = [
            Fault(f"boundary.{name}", "is an end of one dimension; write x, y or z, or sides for all of them.")
            for name in ("left", "right")
            if name in given
        ]
        faults += [
            Fault(f"boundary.{name}", "this box has no such axis.") for name in "xyz" if name in given - set(axes)
        ]
        if faults:
            raise Invalid(*faults)
        return tuple(getattr(section, axis) or section.sides for axis in axes)

    def sweep(self) -> tuple[float, ...]:
        """The voltages of [sweep_voltage], V."""
        section = self.sections.sweep_voltage
        return () if section is None else tuple(np.linspace(section.start, section.end, section.points).tolist())

    def any_mixture(self) -> Mixture | None:
        """The components with the last one dependent: compositions can be checked while `dependent` is wrong."""
        if self.ions is not None:
            return None
        try:
            return Mixture(tuple(self.sections.components or ()), parameters=self.stand_ins())
        except Invalid:
            return None

    def check_parts(
        self, mixture: Mixture | None, domain: Domain | None, initial: Initial | None, boundary: Boundary | None
    ) -> None:
        """What can be said of markers, the start and the ends while other sections are missing."""
        if self.boxed:
            return
        if self.sections.markers and domain is not None:
            self.faults += outside(self.sections.markers.at, domain.interval)
        if mixture is None:
            return
        if initial is not None and domain is not None:
            self.faults += initial.check(mixture, domain.interval)
        elif isinstance(initial, Pieces):
            self.attempt(initial.table, mixture)
        if boundary is not None and not boundary.depends_on_time:
            self.faults += boundary.check(mixture, np.zeros(1), np.full(1, np.nan))

    @property
    def ions(self) -> dict | None:
        """The ions of the law, if it has any."""
        return getattr(self.sections.law, "ions", None)

    def electrolyte(self, parameters: dict[str, float]) -> Electrolyte | None:
        """The ions, which stand in [law]; `components` may name them once more."""
        names, given = tuple(self.ions), self.sections.components
        if given is not None and tuple(given) != names:
            text = f"the components of ions are those of law.ions, {', '.join(names)}; leave this out."
            self.faults.append(Fault("components", text))
        for key in ("dependent", "interstitial"):
            if getattr(self.sections, key):
                self.faults.append(Fault(key, "has no meaning for ions; leave it out."))
        charges = {name: entry["z"] for name, entry in self.ions.items()}
        return self.attempt(Electrolyte, names, parameters=parameters, charges=charges)

    def mixture(self) -> Mixture | None:
        sections = self.sections
        parameters = sections.parameters
        if parameters is None:
            # Its faults are known by now; the names still tell which expressions are right.
            parameters = self.stand_ins()
        if self.ions is not None:
            return self.electrolyte(parameters)
        if sections.components is None:
            return None
        interstitial = tuple(sections.interstitial or ())
        return self.attempt(Mixture, tuple(sections.components), sections.dependent or "", parameters, interstitial)

    def stand_ins(self) -> dict[str, float]:
        given = self.data.get("parameters")
        return dict.fromkeys(given, 1.0) if isinstance(given, dict) else {}

    def models(self, mixture: Mixture) -> dict[str, Thermodynamics | MolarVolume | None]:
        """What the sections beside [law] say of the mixture, by their names; None for one that is wrong."""
        found = {}
        for name, make in (("thermodynamics", self.thermodynamics), ("molar_volume", self.molar_volume)):
            section = getattr(self.sections, name)
            if section is not None and not (name == "molar_volume" and bare(section)):
                found[name] = self.attempt(make, mixture)
            elif section is None and name in self.data:
                found[name] = None
        return found

    def thermodynamics(self, mixture: Mixture) -> Thermodynamics:
        return Thermodynamics(mixture, **contents(self.sections.thermodynamics), folder=self.folder)

    def molar_volume(self, mixture: Mixture) -> MolarVolume:
        section = self.sections.molar_volume
        return MolarVolume(mixture, section.kind, dict(section.model_extra), self.folder)

    def law(self, mixture: Mixture, models: dict) -> Law | None:
        """The law with the models that it takes; None if it takes others than are given."""
        section = self.sections.law
        kind = law_of(section.kind)
        unfit = [Fault(name, not_taken(kind, name)) for name in models if name not in kind.sections]
        misspelt = [key for key in self.data if key not in SECTIONS]
        for name in kind.requires:
            if name not in models and not near(name, misspelt):
                where = name if name in self.data else "law.kind"
                unfit.append(Fault(where, f"law {kind.kind} needs [{name}], such as {EXAMPLES[name]}."))
        self.faults += unfit
        # A plain model stands in for one that is wrong or missing, so that the law's own keys are still read.
        given = {name: getattr(section, name) for name in section.model_fields_set if name != "kind"}
        for name in kind.sections:
            if name in models or name in kind.requires:
                given[name] = models.get(name) or plain(name, mixture)
        law = kind(mixture, **given, folder=self.folder)
        return None if unfit or not models.keys() >= set(kind.requires) else law

    def boundary(self) -> Boundary:
        ends, faults = {}, []
        for name in self.sections.boundary.model_fields_set - {"left", "right"}:
            faults.append(Fault(f"boundary.{name}", "is for two and three dimensions; in one write left and right."))
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


def plain(name: str, mixture: Mixture) -> Thermodynamics | MolarVolume:
    """The simplest model that a section can describe."""
    return Thermodynamics(mixture) if name == "thermodynamics" else MolarVolume(mixture, "constant", {"V_m": 1.0})


def bare(section) -> bool:
    """A [molar_volume] that says constant and no number: fluxes are then times the molar volume."""
    return section.kind == "constant" and not section.model_extra


def not_taken(law: type[Law], section: str) -> str:
    """A sentence about a section that a law does not take."""
    others = " or ".join(entry.kind for entry in LAWS if section in entry.sections)
    return f"law {law.kind} takes no [{section}]; leave it out{others and f', or use {others}'}."


def end_of(end):
    """One end of the boundary."""
    if isinstance(end, str):
        return Closed() if end == "closed" else Periodic()
    if hasattr(end, "fixed"):
        return Fixed(end.fixed)
    if hasattr(end, "flux"):
        return Flux(end.flux)
    if hasattr(end, "electrode"):
        return Electrode(end.electrode)
    return Exchange(end.exchange.coefficient, dict(end.exchange.model_extra))

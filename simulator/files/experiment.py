"""Experiment files (TOML): a measured profile, or layers, with what a CSV cannot carry."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.files.case import Places
from simulator.files.concentrations import membrane, read_concentrations, reversals_of
from simulator.files.experiment_models import models_of
from simulator.files.experiment_sections import ExperimentFile, LayerTable, read_sections
from simulator.files.keys import key_lines, path_text, read_text, read_toml
from simulator.files.measured import end_values, read_profile
from simulator.files.reader import contents
from simulator.files.scattering import scattered
from simulator.laws.table import below
from simulator.solve.profile import Layer, Profile

READING = (  # what reads the CSV
    "profile", "x", "component", "basis", "balance", "masses", "ends", "tracer", "dependent", "charges",
)  # fmt: skip
OF_ALLOYS = ("basis", "balance", "masses", "ends", "tracer", "layers", "interfaces")  # keys that ions do not go with
BELONGS = {
    "at": ("step", "film"),
    "left": ("step",),
    "right": ("step",),
    "thickness": ("film",),
    "film": ("film",),
    "matrix": ("film",),
    "profile": ("other",),
}


def read_experiment(path: str | Path) -> Profile:
    """The profile, structure factors or sizes of an experiment file; its CSV lies in the file's folder or below it.

    [experiment] holds the keys of `simulator.files.experiment_sections.ExperimentSection`; [molar_volume],
    [thermodynamics], [temperature], [law] (fick) and [parameters] are those of a case. With layers the profile may be
    left out: x is then empty. Raises Invalid with every fault, each with its line.
    """
    path = Path(path)
    text = read_text(path)
    data = read_toml(text, str(path))
    if "law" in data and "experiment" not in data:
        raise Invalid.at(str(path), f"is a case, not an experiment. Simulate it first: matano run {path}")
    sections, found = read_sections(data)
    reader = Experiment(path, data, sections, [Fault(path_text(place), sentence) for place, sentence in found])
    if not isinstance(data.get("experiment"), dict):
        text = 'an experiment file needs a table [experiment] with profile = "FILE.csv".'
        reader.faults.append(Fault("", text))
    profile = reader.profile()
    if reader.faults or reader.outside:
        raise Invalid(*Places(str(path), key_lines(text), {}).located(reader.faults), *reader.outside)
    return profile


@dataclass
class Experiment:
    """Builds the profile of the sections. A wrong one leaves its faults; the others are still read.

    outside: faults of the CSV, which have lines of their own.
    """

    path: Path
    data: dict
    sections: ExperimentFile
    faults: list[Fault]
    outside: list[Fault] = field(default_factory=list)

    def names(self) -> list[str]:
        """Components that [experiment] names beside the columns of the profile."""
        section = self.sections.experiment
        if section is None:
            return []
        ends = [*section.ends.left, *section.ends.right] if section.ends is not None else []
        return [name for name in (section.component, section.balance, section.dependent, *ends) if name]

    @property
    def folder(self) -> Path:
        return self.path.resolve().parent

    def attempt(self, make: Callable, *arguments, **keywords) -> Any:
        """What it makes, or None and its faults."""
        try:
            return make(*arguments, **keywords)
        except Invalid as invalid:
            self.faults += invalid.faults
            return None

    def key(self, name: str) -> Any:
        """A key of [experiment], as it is written where another key is wrong; None where it is wrong or missing."""
        section = self.sections.experiment
        if section is not None:
            return getattr(section, name)
        given = self.data.get("experiment")
        return given.get(name) if isinstance(given, dict) and name in READING and not self.wrong(name) else None

    def wrong(self, *names: str) -> bool:
        """Whether one of these keys of [experiment] has a fault, or may be what a misspelt one means."""
        places = [re.split(r"[.\[]", fault.where)[:2] for fault in self.faults]
        faulty = [place[1] for place in places if place[0] == "experiment" and len(place) > 1]
        return any(name in faulty or near(name, faulty) for name in names)

    def profile(self) -> Profile | None:
        """The profile with all that is said of it; None where there are faults."""
        given = self.data.get("experiment")
        if not isinstance(given, dict):
            return None
        if "spectra" in given or "sizes" in given:
            return scattered(self, given)
        measured = None
        if "profile" in given:
            measured = None if self.wrong(*READING) else self.measured()
        elif "reversal_potentials" in given:
            measured = None if self.wrong("charges") else self.attempt(membrane, self.key("charges"))
        elif "layers" not in given and not self.wrong("profile", "layers"):
            self.faults.append(Fault("experiment", "profile is missing; name the CSV file of the profile, or layers."))
        elif "layers" in given and not self.wrong("layers", "ends"):
            measured = self.layers_alone()
        parts = self.details(measured) if self.sections.experiment is not None else {}
        known = {name: value for name, value in parts.items() if name in ("component", "tracer")}
        told = replace(measured, **known) if measured is not None else None
        parts |= models_of(self.sections, told, self.names(), self.folder, self.attempt)
        if told is None or self.faults or self.outside:
            return None
        return self.attempt(replace, measured, **parts, source=str(self.path))

    def measured(self) -> Profile | None:
        """The profile of the CSV."""
        ends = self.key("ends")
        given = {"left": ends.left, "right": ends.right} if hasattr(ends, "left") else ends
        return self.table(self.key("profile"), "profile", given)

    def table(self, name: str, key: str, ends: dict | None = None) -> Profile | None:
        """The profile in a CSV that a key of [experiment] names; None and its faults, which have lines of their own."""
        charges = self.key("charges")
        if charges:
            return self.ions(name, key, charges)
        tracer = self.key("tracer")
        column = getattr(tracer, "column", tracer)
        try:
            return read_profile(
                below(name, self.path.parent, key),
                x_column=self.key("x"),
                component=None if column else self.key("component"),
                basis=self.key("basis"),
                balance=self.key("balance"),
                masses=self.key("masses") or None,
                ends=ends,
                tracer=column,
                dependent=self.key("dependent"),
            )
        except Invalid as invalid:
            for fault in invalid.faults:
                own = re.split(r"[.\[]", fault.where)[0] in (*READING, "start")
                (self.faults if own else self.outside).append(
                    Fault(f"experiment.{fault.where}", fault.sentence) if own else fault
                )
            return None

    def ions(self, name: str, key: str, charges: dict[str, float]) -> Profile | None:
        """The concentrations of ions in a CSV; None and its faults."""
        foreign = [word for word in OF_ALLOYS if self.key(word)]
        self.faults += [Fault(f"experiment.{word}", "does not go with the charges of ions.") for word in foreign]
        try:
            path = below(name, self.path.parent, key)
            return read_concentrations(path, charges, x_column=self.key("x"), component=self.key("component"))
        except Invalid as invalid:
            self.outside += invalid.faults
            return None

    def layers_alone(self) -> Profile | None:
        """A profile without points: the component of the layers between the two ends."""
        ends, layers = self.key("ends"), self.key("layers")
        if ends is None or self.sections.experiment is None:
            if self.sections.experiment is not None:
                text = "ends is missing: ends = { left = { Sn = 0.0 }, right = { Sn = 1.0 } }"
                self.faults.append(
                    Fault("experiment", f"without a profile, layers need the phases beside them. {text}")
                )
            return None
        name = self.component_of_layers(layers)
        if name is None:
            return None
        others = [word for side in (ends.left, ends.right) for word in side if word != name]
        other = self.key("balance") or (others[0] if others else None)
        names = (name, other) if other else (name,)
        try:
            stated = end_values({"left": ends.left, "right": ends.right}, names)
        except Invalid as invalid:
            self.faults += [Fault(f"experiment.{fault.where}", fault.sentence) for fault in invalid.faults]
            return None
        component = self.key("component") or name
        if component not in names:
            text = f"{component!r} is not one of {', '.join(names)}.{near(component, names)}"
            self.faults.append(Fault("experiment.component", text))
            return None
        return Profile(x=np.zeros(0), components=names, fractions=np.zeros((len(names), 0)), ends=stated)

    def component_of_layers(self, layers: list[LayerTable]) -> str | None:
        """The component whose fractions the layers state; faults unless it is one and the same."""
        names = []
        for k, layer in enumerate(layers):
            given = list(layer.model_extra)
            if len(given) == 1:
                names.append(given[0])
                continue
            what = "the mole fraction of a component is missing, as in Sn = 0.25" if not given else "one key too many"
            shown = f": {', '.join(given)}" if given else ""
            self.faults.append(Fault(f"experiment.layers[{k}]", f"{what}{shown}. Known: name, thickness, sigma, V_m."))
        if len(set(names)) > 1:
            text = (
                f"all layers must state the mole fraction of one component, not of {', '.join(dict.fromkeys(names))}."
            )
            self.faults.append(Fault("experiment.layers", text))
            return None
        return names[0] if len(names) == len(layers) else None

    def details(self, measured: Profile | None) -> dict[str, Any]:
        """The fields of the profile that [experiment] states beside the profile itself."""
        section = self.sections.experiment
        found = {"time": section.time, "marker": section.marker, "marker_sigma": section.marker_sigma}
        found |= {"structure": section.structure or "", "semi_infinite": section.semi_infinite}
        found["potential"] = section.potential
        if section.reversal_potentials and section.charges:
            found["reversals"] = self.attempt(reversals_of, section.reversal_potentials, section.charges) or ()
        if section.interfaces is not None:
            found["interfaces"] = tuple(section.interfaces)
        if section.markers is not None:
            found["markers"] = np.array(section.markers)
        if section.temperature is not None and self.sections.temperature is not None:
            text = "stands there twice, as a key and as the section [temperature]; leave one out."
            self.faults.append(Fault("experiment.temperature", text))
        if section.temperature is not None:
            found["temperature"] = section.temperature
        start = self.attempt(self.start, measured)
        if start is not None:
            found["start"] = start
        if measured is not None:
            found |= self.attempt(self.tracer, measured) or {}
            found |= self.attempt(self.layers, {**found, "measured": measured}) or {}
            self.attempt(self.check_markers, measured)
        return found

    def start(self, measured: Profile | None) -> dict[str, Any] | None:
        """What the sample was before it diffused, in the words of `Profile.start`."""
        section = self.sections.experiment
        said = contents(section.start) if section.start is not None else {}
        beside = {name: getattr(section, name) for name in ("at", "thickness") if getattr(section, name) is not None}
        faults = [
            Fault(f"experiment.{name}", "stands in start already; leave one out.") for name in beside if name in said
        ]
        given = {name: value for name, value in (said | beside).items() if value is not None}
        shape = given.get("shape")
        for name, value in given.items():
            if name in BELONGS and shape not in BELONGS[name]:
                where = f"experiment.{name}" if name in beside else f"experiment.start.{name}"
                shown = " or ".join(f'"{word}"' for word in BELONGS[name])
                faults.append(Fault(where, f"belongs to start = {shown}, got {shape or 'no start'}."))
            if name in ("left", "right", "film", "matrix") and measured is not None:
                faults += [
                    Fault(
                        f"experiment.start.{name}.{word}",
                        f"the profile has no {word}.{near(word, measured.components)}",
                    )
                    for word in value
                    if word not in measured.components and not (len(measured.components) == 1 and len(value) == 1)
                ]
        if shape == "film" and "thickness" not in given:
            text = 'a film needs its thickness, as in thickness = "2 um"; "0 um" where it does not matter.'
            faults.append(Fault("experiment.start", text))
        if "interval" in given and not given["interval"][0] < given["interval"][1]:
            faults.append(Fault("experiment.start.interval", "the left end lies to the left of the right one."))
        if faults:
            raise Invalid(*faults)
        if "profile" in given:
            given["profile"] = self.table(given["profile"], "start.profile")
        if shape == "film":
            given.setdefault("at", 0.0)
        return given or None

    def tracer(self, measured: Profile) -> dict[str, str]:
        """The tracer's column, and the component that it is an isotope of, which is the one to analyse."""
        tracer, component = self.key("tracer"), self.key("component")
        if tracer is None:
            return {}
        names = [name for name in measured.components if name != tracer.column]
        of = tracer.of or component
        if of is None and len(names) == 1:
            of = names[0]
        if of is None:
            text = f'say of which component {tracer.column} is an isotope: {{ column = "{tracer.column}", of = ".." }}.'
            raise Invalid.at("experiment.tracer", text)
        if component is not None and component != of:
            raise Invalid.at("experiment.component", f"is {component}, but the tracer is one of {of}.")
        if of not in names:
            where = "experiment.tracer.of" if tracer.of else "experiment.component"
            raise Invalid.at(where, f"{of!r} is not one of {', '.join(names)}.{near(of, names)}")
        return {"component": of, "tracer": tracer.column}

    def layers(self, given: dict[str, Any]) -> dict[str, tuple[Layer, ...]]:
        """The layers, their fractions those of the component that is analysed."""
        layers, measured = self.key("layers"), given["measured"]
        name = self.component_of_layers(layers) if layers else None
        if name is None:
            return {}
        if name not in measured.components:
            known = ", ".join(measured.components)
            raise Invalid.at(f"experiment.layers[0].{name}", f"{name!r} is not one of {known}.")
        component = given.get("component") or self.key("component") or measured.component
        if component != name and len(measured.components) > 2:
            raise Invalid.at("experiment.layers", f"state the mole fractions of {component}, which is analysed.")
        values = np.array([layer.model_extra[name] for layer in layers])
        rows = values
        if measured.ends is not None:
            row = measured.index(name)
            rows = np.array([measured.ends["left"][row], *values, measured.ends["right"][row]])
        steps = np.diff(rows)
        if not ((steps > 0.0).all() or (steps < 0.0).all()):
            shown = ", ".join(f"{value:.4g}" for value in rows)
            text = f"the fractions of {name} must rise or fall all the way from left to right, but are {shown}."
            raise Invalid.at("experiment.layers", text)
        values = values if component == name else 1.0 - values
        return {
            "component": component,
            "layers": tuple(
                Layer(layer.name, float(value), layer.thickness, layer.V_m, layer.sigma)
                for layer, value in zip(layers, values, strict=True)
            ),
        }

    def check_markers(self, measured: Profile) -> None:
        """Invalid for markers and interfaces that are not on the profile now."""
        if not measured.x.size:
            return
        section, (low, high) = self.sections.experiment, measured.x[[0, -1]]
        places = {"experiment.marker": section.marker} if section.marker is not None else {}
        places |= {f"experiment.markers[{k}][1]": now for k, (_, now) in enumerate(section.markers or [])}
        places |= {f"experiment.interfaces[{k}]": at for k, at in enumerate(section.interfaces or [])}
        text = f"outside the profile, which goes from {1e6 * low:.6g} um to {1e6 * high:.6g} um."
        faults = [
            Fault(where, f"{1e6 * now:.6g} um lies {text}") for where, now in places.items() if not low <= now <= high
        ]
        if faults:
            raise Invalid(*faults)

"""The sections beside [experiment]: volume, thermodynamics, temperature and a law, on the profile's components."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.files.experiment_sections import ExperimentFile
from simulator.files.reader import bare, contents
from simulator.laws.fick import Fick
from simulator.laws.mixture import NAME, Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.thermodynamics import Thermodynamics
from simulator.problem.temperature import Temperature
from simulator.solve.profile import Profile

STAND_INS = ("Balance", "Rest")  # of a second component that nothing names
FRACTION = re.compile(r"\bx_([A-Za-z][A-Za-z0-9_]*)")
COMPLETE = 2e-2  # of the sum of mole fractions, within which no component is missing


def models_of(
    sections: ExperimentFile, profile: Profile | None, names: Iterable[str], folder: Path, attempt: Callable
) -> dict[str, Any]:
    """The fields of a profile that these sections state: molar_volume, thermodynamics, law, temperature and history.

    names: components beside those of the profile, or instead of them where it could not be read; folder: of the law's
    tables; attempt(make, ..): what it makes, or None and its faults put down.
    """
    found: dict[str, Any] = {}
    if sections.temperature is not None:
        history = attempt(temperature_of, sections)
        if history is not None:
            found |= {"history": history, "temperature": history(0.0) if history.constant else None}
    given = {name: getattr(sections, name) for name in ("molar_volume", "thermodynamics", "law")}
    if not any(section is not None for section in given.values()):
        return found
    mixture = attempt(mixture_of, given, profile, tuple(dict.fromkeys(names)))
    if mixture is None:
        return found
    volume, solution, law = given.values()
    if volume is not None:
        values = dict(volume.model_extra)
        if bare(volume) or attempt(volume_of, mixture, volume.kind, values, profile):
            found["molar_volume"] = {"kind": volume.kind, **values}
    if solution is not None and attempt(thermodynamics_of, mixture, contents(solution)):
        found["thermodynamics"] = contents(solution)
    if law is not None:
        parameters = sections.parameters or {}
        mixture = Mixture(mixture.components, mixture.dependent, parameters)
        found["law"] = attempt(Fick, mixture, D=law.D, folder=folder)
    return found


def temperature_of(sections: ExperimentFile) -> Temperature:
    """The history of temperature; an expression may be written as the value."""
    given = {name: value for name, value in contents(sections.temperature).items() if value is not None}
    if isinstance(given.get("value"), str) and "expression" not in given:
        given["expression"] = given.pop("value")
    if "expression" in given:
        given["parameters"] = sections.parameters or {}
    return Temperature(**given)


def mixture_of(given: dict[str, Any], profile: Profile | None, names: tuple[str, ...]) -> Mixture:
    """The components of the profile, and those it has no column of: named by the sections, or else a stand-in.

    Of two components the one that is not analysed is dependent, so that the other is the unknown; of more the one that
    the profile names.
    """
    own = tuple(word for word in profile.components if word != profile.tracer) if profile is not None else names
    full = False
    if profile is not None and len(own) > 1 and profile.x.size:
        total = sum(profile.fraction(name) for name in own)
        full = bool((np.abs(total - 1.0) < COMPLETE).all())
    if not full:
        others = [word for word in (*names, *named(given)) if word not in own and NAME.fullmatch(word)]
        others = [word for word in dict.fromkeys(others) if not near(word, own)]
        own = (*own, *(others[:1] if len(own) == 1 else others))
    if len(own) == 1:
        own = (*own, next(word for word in STAND_INS if word not in own))
    component = profile.component if profile is not None else own[0]
    if len(own) == 2 and component in own:
        other = next(word for word in own if word != component)
        return Mixture((other, component), other)
    dependent = profile.dependent if profile is not None else ""
    return Mixture(own, dependent if dependent in own else "")


def named(given: dict[str, Any]) -> list[str]:
    """Every name of a component in the sections: keys of Vegard's rule, pairs, fractions in expressions."""
    volume, solution, law = given.values()
    words = [name for name in volume.model_extra if name != "V_m"] if volume is not None else []
    if solution is not None:
        words += [name.strip() for pair in solution.omega for name in pair.split("-")]
    texts = [*volume.model_extra.values()] if volume is not None else []
    texts += [*solution.omega.values(), solution.excess] if solution is not None else []
    texts += [law.D] if law is not None else []
    return words + [name for text in strings(texts) for name in FRACTION.findall(text)]


def strings(value: Any) -> list[str]:
    """Every text in nested lists and tables."""
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return [text for part in parts for text in strings(part)]


def volume_of(mixture: Mixture, kind: str, values: dict[str, Any], profile: Profile | None) -> MolarVolume:
    """The molar volume, positive at all compositions of a profile of two components."""
    no_tables({f"molar_volume.{name}": value for name, value in values.items()})
    unnamed = [name for name in mixture.components if name in STAND_INS and name not in values]
    if kind == "vegard" and unnamed and set(values) <= set(mixture.components):
        known = ", ".join(name for name in mixture.components if name not in unnamed)
        text = f"needs the volume of the second component too, beside that of {known}."
        raise Invalid.at("molar_volume", text)
    volume = MolarVolume(mixture, kind, values)
    if profile is not None and mixture.m == 1 and profile.x.size:
        x = profile.fraction(profile.component)
        volume.check(np.linspace(max(0.0, float(x.min())), min(1.0, float(x.max())), 101)[None])
    return volume


def thermodynamics_of(mixture: Mixture, keys: dict[str, Any]) -> Thermodynamics:
    no_tables({f"thermodynamics.omega.{pair}": value for pair, value in keys.get("omega", {}).items()})
    no_tables({"thermodynamics.excess": keys.get("excess")})
    if keys["kind"] == "tdb":
        text = "cannot be a TDB file here; write its parameters as expressions of T."
        raise Invalid.at("thermodynamics.kind", text)
    return Thermodynamics(mixture, **keys)


def no_tables(values: dict[str, Any]) -> None:
    """Invalid for a table in a file: what a profile carries along is data, and no file travels with it."""
    faults = [
        Fault(where, "cannot be a table in a file here; write an expression, or { polynomial = [..], in = .. }.")
        for where, value in values.items()
        for part in (value if isinstance(value, list) else [value])
        if isinstance(part, dict) and {"table", "tdb"} & part.keys()
    ]
    if faults:
        raise Invalid(*faults)

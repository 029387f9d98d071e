"""Experiment files (TOML): a measured profile with what a CSV cannot carry."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from simulator.faults import Fault, Invalid, near
from simulator.files.keys import KeyPath, key_lines, line_of, path_of, path_text, read_toml
from simulator.files.measured import read_profile
from simulator.laws.table import below
from simulator.laws.units import number
from simulator.solve.profile import Profile

TABLES = ("schema", "title", "source", "experiment", "molar_volume")
NOT_YET = ("layers", "reversal_potentials", "potential")
KEYS = ("profile", "x", "component", "basis", "time", "temperature", "ends", "marker", *NOT_YET)
TEXTS = ("profile", "x", "component", "basis")
VOLUMES = ("constant", "vegard", "expression")
LARGEST = 1_000_000


def read_experiment(path: str | Path) -> Profile:
    """The profile of an experiment file; its CSV lies in the file's folder or below it.

    [experiment] profile = "probe.csv", time = "196 h", temperature, ends = { left = { Ni = 0.0 }, right = { Ni = 1.0 }
    }, marker = "40 um", x = "dis [um]", component, basis; [molar_volume] is kept as it is written. Raises Invalid with
    every fault, each with its line.
    """
    path = Path(path)
    try:
        if path.stat().st_size > LARGEST:
            raise Invalid.at(str(path), f"is larger than {LARGEST // 1000} kB; an experiment file is not.")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise Invalid.at(str(path), "there is no such file.") from None
    except UnicodeDecodeError:
        raise Invalid.at(str(path), "is not a text in UTF-8; save it as UTF-8.") from None
    except OSError as error:
        raise Invalid.at(str(path), f"cannot be read: {error.strerror}.") from None
    data = read_toml(text, str(path))
    place = Place(path, text)
    if "law" in data and "experiment" not in data:
        raise Invalid.at(str(path), f"is a case, not an experiment. Simulate it first: matano run {path}")
    faults = [
        place.fault((key,), f"unknown key.{near(key, TABLES) or ' Known: ' + ', '.join(TABLES) + '.'}")
        for key in data
        if key not in TABLES
    ]
    section = data.get("experiment")
    if not isinstance(section, dict):
        raise Invalid(
            *faults, Fault(str(path), 'an experiment file needs a table [experiment] with profile = "FILE.csv".')
        )
    values, found = read_section(section, place)
    volume, more = read_volume(data.get("molar_volume"), place)
    faults += found + more
    if "profile" not in section:
        faults.append(place.fault(("experiment",), "profile is missing; name the CSV file of the profile."))
    if faults:
        raise Invalid(*faults)
    try:
        csv = below(values["profile"], path.parent, "experiment.profile")
    except Invalid as error:
        raise Invalid(place.fault(("experiment", "profile"), error.faults[0].sentence)) from None
    try:
        profile = read_profile(
            csv,
            x_column=values.get("x"),
            **{key: values.get(key) for key in ("component", "basis", "time", "temperature", "ends")},
        )
    except Invalid as error:
        raise Invalid(*(place.own(fault) for fault in error.faults)) from None
    ignored = tuple(f"{key} is given, but no method uses it yet." for key in NOT_YET if key in section)
    return replace(
        profile, marker=values.get("marker"), molar_volume=volume, source=str(path), warnings=profile.warnings + ignored
    )


class Place:
    """Turns key paths into "file:line key"."""

    def __init__(self, path: Path, text: str):
        self.path = path
        self.lines = key_lines(text)

    def fault(self, key: KeyPath, sentence: str) -> Fault:
        line = line_of(key, self.lines)
        where = f"{self.path}:{line}" if line else str(self.path)
        return Fault(f"{where} {path_text(key)}", sentence)

    def own(self, fault: Fault) -> Fault:
        """A fault of the profile reader: places in the CSV stay, keys become places in this file."""
        root = fault.where.partition(".")[0]
        if root not in KEYS:
            return fault
        return self.fault(("experiment", *path_of(fault.where)), fault.sentence)


def read_section(section: Mapping[str, Any], place: Place) -> tuple[dict[str, Any], list[Fault]]:
    values: dict[str, Any] = {}
    faults = []
    for key, value in section.items():
        where = ("experiment", key)
        if key not in KEYS:
            faults.append(place.fault(where, f"unknown key.{near(key, KEYS) or ' Known: ' + ', '.join(KEYS) + '.'}"))
        elif key in TEXTS:
            if isinstance(value, str) and value:
                values[key] = value
            else:
                faults.append(place.fault(where, "expected a text in quotes."))
        elif key in ("time", "temperature", "marker"):
            unit = {"time": "s", "temperature": "K", "marker": "m"}[key]
            try:
                values[key] = number(value, unit, key)
                if key != "marker" and values[key] <= 0:
                    faults.append(place.fault(where, f"must be above zero, got {value!r}."))
            except Invalid as error:
                faults += [place.fault(where, fault.sentence) for fault in error.faults]
        elif key == "ends":
            values[key], found = read_ends(value, place)
            faults += found
    return values, faults


def read_ends(value: Any, place: Place) -> tuple[dict | None, list[Fault]]:
    where = ("experiment", "ends")
    example = "{ left = { Ni = 0.0 }, right = { Ni = 1.0 } }"
    if not isinstance(value, dict) or not all(isinstance(end, dict) for end in value.values()):
        return None, [place.fault(where, f"expected {example}.")]
    faults = [
        place.fault((*where, side), f"unknown key.{near(side, ('left', 'right')) or ' Known: left, right.'}")
        for side in value
        if side not in ("left", "right")
    ]
    faults += [
        place.fault((*where, side, name), f"expected a mole fraction, a number from 0 to 1, got {fraction!r}.")
        for side, end in value.items()
        for name, fraction in end.items()
        if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0 <= fraction <= 1
    ]
    return value, faults


def read_volume(value: Any, place: Place) -> tuple[dict | None, list[Fault]]:
    """The table [molar_volume] as written; only its kind is checked here."""
    if value is None:
        return None, []
    if not isinstance(value, dict) or value.get("kind") not in VOLUMES:
        given = value.get("kind") if isinstance(value, dict) else None
        hint = near(str(given), VOLUMES)
        return None, [place.fault(("molar_volume",), f"kind must be one of {', '.join(VOLUMES)}, got {given!r}.{hint}")]
    return value, []

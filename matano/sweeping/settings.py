"""What `--set` of a sweep says: the values of a key, listed, over a range or drawn at random."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.faults import Invalid, near
from simulator.files.override import toml_value
from simulator.files.template import toml
from simulator.laws.units import split

KINDS = ("linear", "log", "uniform", "log-uniform", "normal")
DRAWN = KINDS[2:]
MOST = 1_000_000  # runs of one sweep
EXAMPLE = "as in 100:400:4, 1e-15:1e-13:9:log, 900:1100 degC:5 or 0:1:200:uniform"
WHOLE = re.compile(r"\s*[+-]?\d+\s*")


@dataclass(frozen=True)
class Setting:
    """A key with its values, as they may stand in a case. drawn: at random; varied: more than one way to say it, so
    that it is a column of the table; unit: of values that are quantities, all in the same one."""

    key: str
    values: tuple[Any, ...]
    drawn: bool = False
    varied: bool = True
    unit: str = ""

    @property
    def overrides(self) -> list[str]:
        """ "KEY=VALUE" for each value, as `matano run --set` takes it."""
        return [f"{self.key}={toml(value)}" for value in self.values]

    @property
    def numbers(self) -> list[float] | None:
        """The values as numbers, in the unit; None if some are something else."""
        if all(isinstance(value, int | float) and not isinstance(value, bool) for value in self.values):
            return [float(value) for value in self.values]
        parts = [split(value) if isinstance(value, str) else None for value in self.values]
        if None in parts or {unit for _, unit in parts} != {self.unit}:
            return None
        return [number for number, _ in parts]

    @property
    def column(self) -> str:
        return f"{self.key} [{self.unit}]" if self.unit else self.key


def settings_of(given: Sequence[str] | Mapping[str, Any], seed: int) -> list[Setting]:
    """From "KEY=A:B:N", "KEY=[..]" and "KEY=VALUE", or from keys with lists, values, or texts such as "A:B:N".

    Draws of a key depend on the seed and on its name alone, and the first of them not on how many there are.
    Raises Invalid for what cannot be read, with every fault.
    """
    entries = given.items() if isinstance(given, Mapping) else [entry.partition("=")[::2] for entry in given]
    found, faults = {}, []
    for key, value in entries:
        key = key.strip()
        try:
            if key in found:
                raise Invalid.at(f"--set {key[:80]}", "is given twice.")
            found[key] = setting(key, value, seed)
        except Invalid as error:
            faults += error.faults
    if faults:
        raise Invalid(*faults)
    return list(found.values())


def setting(key: str, value: Any, seed: int) -> Setting:
    """One key with what is said of it: a text of the command line, or a list or a value of Python."""
    where = f"--set {key[:80]}"
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, str):
        parts = value.split(":")
        if len(parts) >= 3 and not value.lstrip().startswith(("[", "{", '"', "'")):
            return ranged(key, parts, seed, where)
        value = toml_value(value, where)
    if not isinstance(value, list | tuple | range):
        return Setting(key, (plain(value),), varied=False)
    if not value:
        raise Invalid.at(where, "an empty list has no value to run with.")
    values = tuple(plain(entry) for entry in value)
    return Setting(key, values, unit=common_unit(values))


def plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def common_unit(values: tuple) -> str:
    """The unit that all quantities have; empty where some have none, or another one."""
    parts = [split(value) if isinstance(value, str) else None for value in values]
    units = {part[1] if part else "" for part in parts}
    return units.pop() if len(units) == 1 else ""


def ranged(key: str, parts: list[str], seed: int, where: str) -> Setting:
    """A:B:N with its kind: both ends of a range and how many values, or mean, standard deviation and how many."""
    kind = parts[3].strip() if len(parts) > 3 else "linear"
    if len(parts) > 4:
        raise Invalid.at(where, f"{':'.join(parts)[:60]!r} has too many colons; a range is A:B:N or A:B:N:KIND.")
    if kind not in KINDS:
        text = f"unknown kind of range {kind!r}; there are {', '.join(KINDS)}.{near(kind, KINDS)}"
        raise Invalid.at(where, text)
    ends = [split(part) for part in parts[:2]]
    if None in ends or not all(math.isfinite(number) for number, _ in ends):
        raise Invalid.at(where, f"{':'.join(parts)[:60]!r} is not a range, {EXAMPLE}.")
    (first, unit), (last, other) = ends
    if unit and other and unit != other:
        raise Invalid.at(where, f"give both ends in one unit, got {unit} and {other}.")
    if not WHOLE.fullmatch(parts[2]) or not 1 <= int(parts[2]) <= MOST:
        raise Invalid.at(where, f"{parts[2].strip()!r} is not a number of values, 1 to {MOST}, {EXAMPLE}.")
    count = int(parts[2])
    if kind in ("log", "log-uniform") and not (first > 0.0 and last > 0.0):
        raise Invalid.at(where, f"{kind} needs ends above zero, got {first:g} and {last:g}.")
    if kind == "normal" and last < 0.0:
        raise Invalid.at(where, f"a standard deviation is not negative, got {last:g}.")
    numbers = drawn(key, kind, first, last, count, seed) if kind in DRAWN else spaced(kind, first, last, count)
    if kind not in DRAWN and WHOLE.fullmatch(parts[0]) and WHOLE.fullmatch(parts[1]):
        # numbers of cells and the like must stay whole
        numbers = [round(x) for x in numbers] if all(x == round(x) for x in numbers) else numbers
    unit = unit or other
    values = tuple(f"{number!r} {unit}" if unit else number for number in numbers)
    return Setting(key, values, kind in DRAWN, unit=unit)


def spaced(kind: str, first: float, last: float, count: int) -> list[float]:
    """Values from the first to the last, equally far apart, or their logarithms; to 15 digits, as a person writes."""
    if count == 1:
        return [first]
    steps = np.linspace(0.0, 1.0, count)
    between = first * (last / first) ** steps if kind == "log" else first + (last - first) * steps
    return [first, *(float(f"{value:.15g}") for value in between[1:-1]), last]


def drawn(key: str, kind: str, first: float, last: float, count: int, seed: int) -> list[float]:
    """Independent draws; of normal ones `first` is the mean and `last` the standard deviation."""
    rng = np.random.default_rng([seed, *key.encode()])
    if kind == "normal":
        return (first + last * rng.standard_normal(count)).tolist()
    steps = rng.random(count)
    return (first * (last / first) ** steps if kind == "log-uniform" else first + (last - first) * steps).tolist()

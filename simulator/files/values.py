"""What a key may hold: quantities and coefficients, turned into numbers in SI wherever they are numbers."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field
from typing import Annotated, Any

import numpy as np
import pydantic
from pydantic import PlainValidator, WithJsonSchema

from simulator.faults import Fault, Invalid, near
from simulator.files.keys import path_text, relative_path_of
from simulator.files.table import several, shown
from simulator.laws.mixture import NAME
from simulator.laws.units import looks_like_quantity, number
from simulator.problem.domain import MOST

DECADES = 3
PAIR = re.compile(rf"\s*{NAME.pattern}(\s*-\s*{NAME.pattern})+\s*")
COMPONENT = "NAME"  # as an entry of a law's table: any name of a component


def Read(read: Callable[[Any], Any], schema: dict):
    """The type of a key whose value `read` turns into what is kept; its Invalid has places relative to the value."""

    def validate(value):
        try:
            return read(value)
        except Invalid as invalid:
            raise several([(relative_path_of(entry.where), entry.sentence) for entry in invalid.faults]) from None

    return Annotated[Any, PlainValidator(validate), WithJsonSchema(schema)]


def Quantity(unit: str | None):
    """The type of a key that holds a number of this SI unit (None: of any), or a quantity in quotes."""
    schema = {
        "anyOf": [{"type": "number"}, {"type": "string"}],
        "description": f"{unit or 'SI'}, or a quantity in quotes",
    }
    return Read(lambda value: number(value, unit, ""), schema)


FORMS = {
    ("D0", "Q"): 'an Arrhenius coefficient, { D0 = "6e-5 m^2/s", Q = "250 kJ/mol" }',
    ("polynomial", "in"): 'a polynomial, { polynomial = [1e-14, 2e-14], in = "x_Ni" }',
    ("table",): 'a table, { table = "d.csv" }',
    ("tdb", "phase", "of"): 'mobilities of a TDB file, { tdb = "cu-ni.tdb", phase = "FCC_A1", of = "Ni" }',
    ("log_linear",): 'a log-linear mixture, { log_linear = { Cu = "1e-14 m^2/s", Ni = "3e-15 m^2/s" } }',
}


def coefficient(value: Any, unit: str, where: str = "") -> Any:
    """A coefficient as a law takes it: quantities become numbers in SI, everything else stays as it is written.

    Raises Invalid for what is no coefficient in any form: a number, a quantity, an expression or a table of FORMS.
    """
    if isinstance(value, str):
        if not value.strip():
            raise Invalid.at(where, "expected a number, a quantity or an expression, got an empty text.")
        return number(value, unit, where) if looks_like_quantity(value) else value
    if isinstance(value, bool) or not isinstance(value, int | float | dict):
        raise Invalid.at(where, f"expected a number, a quantity or an expression, got {shown(value)}.")
    if not isinstance(value, dict):
        return number(value, unit, where)
    form = next((form for form in FORMS if form[0] in value or form[-1] in value), None)
    if form is None:
        raise Invalid.at(where, "expected " + "; or ".join(FORMS.values()) + ".")
    dot = f"{where}." if where else ""
    faults = [Fault(below(where, key), f"unknown key.{near(key, form)}") for key in value if key not in form]
    faults += [Fault(where, f"{key} is missing: {FORMS[form]}.") for key in form if key not in value and key != "in"]
    if faults:
        raise Invalid(*faults)
    if form[0] == "D0":
        return {"D0": number(value["D0"], unit, f"{dot}D0"), "Q": number(value["Q"], "J/mol", f"{dot}Q")}
    if form[0] == "polynomial":
        if not isinstance(value["polynomial"], list) or not value["polynomial"]:
            raise Invalid.at(f"{dot}polynomial", f"expected a list of numbers, got {shown(value['polynomial'])}.")
        terms = [number(term, unit, f"{dot}polynomial[{index}]") for index, term in enumerate(value["polynomial"])]
        return {**value, "polynomial": terms}
    if form[0] == "tdb":
        return value
    if form[0] == "log_linear":
        return {"log_linear": nested(value["log_linear"], unit, "per component", f"{dot}log_linear")}
    if not isinstance(value["table"], str):
        raise Invalid.at(f"{dot}table", f"expected the path of a CSV, got {shown(value['table'])}.")
    return value


def nested(value: Any, unit: str, shape: str, where: str = "", entries: Mapping[str, Field] | None = None) -> Any:
    """What a law's key holds, by the shape that the key states: a coefficient, or lists or tables of such.

    entries: the keys of "table" and "tables" by name; without them the law reads the table itself.
    Raises Invalid with every fault, each at its own place.
    """
    match shape:
        case "text" | "choice":
            if not isinstance(value, str):
                raise Invalid.at(where, f"expected a text in quotes, got {shown(value)}.")
            return value
        case "number":
            return number(value, unit, where)
        case "matrix" if isinstance(value, list):
            return list(each({f"{where}[{k}]": (entry, unit, shape) for k, entry in enumerate(value)}).values())
        case "tables":
            if not isinstance(value, list) or not value:
                raise Invalid.at(where, f"expected a list of tables, got {shown(value)}.")
            parts = {f"{where}[{k}]": (entry, unit, "table", entries) for k, entry in enumerate(value)}
            return list(each(parts).values())
        case "one or each" if isinstance(value, dict) and not any(name in value for form in FORMS for name in form):
            return nested(value, unit, "per component", where)
        case "per component" | "composition" | "table":
            if not isinstance(value, dict):
                what = "a table" if shape == "table" else "a table with one entry per component"
                raise Invalid.at(where, f"expected {what}, got {shown(value)}.")
            if shape == "table":
                return read_table(value, where, entries) if entries else value
            if shape == "per component" and "tdb" in value:
                return mobilities(value, where)
            kept = (unit, "coefficient") if shape == "per component" else ("1", "number")
            read = each({below(where, name): (entry, *kept) for name, entry in value.items()})
            return dict(zip(value, read.values(), strict=True))
    return coefficient(value, unit, where)


def mobilities(value: dict, where: str) -> dict[str, Any]:
    """The phase of a TDB file that gives the coefficient of every component."""
    form = 'mobilities of a TDB file for every component, { tdb = "cu-ni.tdb", phase = "FCC_A1" }'
    known = ("tdb", "phase")
    faults = [Fault(below(where, key), f"unknown key; expected {form}.") for key in value if key not in known]
    if "phase" not in value:
        faults.append(Fault(where, f"phase is missing: {form}."))
    if faults:
        raise Invalid(*faults)
    return value


def each(parts: Mapping[str, tuple]) -> dict[str, Any]:
    """Every part read, by its place, so that one fault hides no other; what `nested` takes besides the place."""
    faults, read = [], {}
    for at, (value, unit, shape, *entries) in parts.items():
        try:
            read[at] = nested(value, unit, shape, at, *entries)
        except Invalid as invalid:
            faults += invalid.faults
    if faults:
        raise Invalid(*faults)
    return read


def read_table(value: dict, where: str, entries: Mapping[str, Field]) -> dict[str, Any]:
    """A table whose keys a law states. What is not among them may be the name of a component, if the law takes one."""
    known = [name for name in entries if name != COMPONENT]
    faults, parts, names = [], {}, []
    for name, entry in value.items():
        hint = near(name, known)
        if name in known or (COMPONENT in entries and NAME.fullmatch(name) and not hint):
            about = entries[name if name in known else COMPONENT].metadata
            parts[below(where, name)] = (entry, about["unit"], about["shape"], about["entries"])
            names.append(name)
        else:
            faults.append(Fault(below(where, name), f"unknown key.{hint or ' Known: ' + ', '.join(entries) + '.'}"))
    meant = {near(name, known) for name in value if name not in known}
    faults += [
        Fault(below(where, name), "is missing.")
        for name in known
        if name not in value and entries[name].default is MISSING and f" Did you mean {name}?" not in meant
    ]
    read = {}
    try:
        read = each(parts)
    except Invalid as invalid:
        faults += invalid.faults
    if faults:
        raise Invalid(*faults)
    return dict(zip(names, read.values(), strict=True))


def below(where: str, name: str) -> str:
    """The place of a key of the table at `where`."""
    return f"{where}.{path_text((name,))}" if where else path_text((name,))


def amount(value: Any) -> Any:
    """A mole fraction or a concentration, as it is written: which of them, the components say."""
    if isinstance(value, str) and looks_like_quantity(value):
        number(value, None if "%" not in value else "1", "")
        return value
    return coefficient(value, "1")


COEFFICIENT = {"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "object"}]}
NUMBER = {"anyOf": [{"type": "number"}, {"type": "string"}]}
SCHEMAS = {
    "coefficient": COEFFICIENT,
    "matrix": {"anyOf": [*COEFFICIENT["anyOf"], {"type": "array", "items": {"type": "array", "items": COEFFICIENT}}]},
    "per component": {"type": "object", "additionalProperties": COEFFICIENT},
    "one or each": COEFFICIENT,
    "composition": {"type": "object", "additionalProperties": NUMBER},
    "number": NUMBER,
    "text": {"type": "string"},
    "choice": {"type": "string"},
}


def schema_of(shape: str, entries: Mapping[str, Field] | None = None) -> dict:
    """The JSON schema of a key of this shape."""
    if shape not in ("table", "tables"):
        return SCHEMAS[shape]
    properties, others = {}, False
    for name, entry in (entries or {}).items():
        about = entry.metadata
        described = {**schema_of(about["shape"], about["entries"]), "description": about["text"]}
        if name == COMPONENT:
            others = described
        else:
            properties[name] = described
    needed = [name for name in properties if entries[name].default is MISSING]
    table = {"type": "object", "properties": properties, "required": needed, "additionalProperties": others}
    return table if shape == "table" else {"type": "array", "items": table}


def Coefficient(unit: str, shape: str = "coefficient", entries: Mapping[str, Field] | None = None):
    """The type of a key that holds a coefficient, or several, of this unit."""
    return Read(lambda value: nested(value, unit, shape, "", entries), schema_of(shape, entries))


def read_times(value: Any) -> int | list[float]:
    """How many times are saved, or which, in s."""
    if isinstance(value, list):
        return [number(entry, "s", f"[{index}]") for index, entry in enumerate(value)]
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 100_000:
        raise Invalid.at("", f'expected times such as ["1 h", "10 h"], or how many (1 to 100000), got {shown(value)}.')
    return value


def read_places(value: Any) -> list[float]:
    """Positions in m, at least one."""
    if not isinstance(value, list) or not value:
        raise Invalid.at("", f'expected a list of positions such as ["0 um", "10 um"], got {shown(value)}.')
    return list(each({f"[{index}]": (entry, "m", "number") for index, entry in enumerate(value)}).values())


def read_omega(value: Any) -> dict[str, Any]:
    """Interaction coefficients in J/mol, or lists of them, by "A-B" or "A-B-C"."""
    if not isinstance(value, dict):
        raise Invalid.at("", f'expected a table such as {{ Cu-Ni = "8 kJ/mol" }}, got {shown(value)}.')
    faults = [
        Fault(below("", name), "expected components with hyphens between them, as in Cu-Ni.")
        for name in value
        if not PAIR.fullmatch(name)
    ]
    parts = {below("", name): (entry, "J/mol", "matrix") for name, entry in value.items()}
    try:
        read = each(parts)
    except Invalid as invalid:
        faults += invalid.faults
    if faults:
        raise Invalid(*faults)
    return dict(zip(value, read.values(), strict=True))


def read_amplitude(value: Any) -> float | dict[str, float]:
    """A mole fraction, or one for each component."""
    return nested(value, "1", "composition") if isinstance(value, dict) else number(value, "1", "")


def read_place(value: Any) -> float | list[float]:
    """A position in m, or one along each axis."""
    return read_places(value) if isinstance(value, list) else number(value, "m", "")


def read_periods(value: Any) -> float | list[float]:
    """How many waves fit along an axis, or along each."""
    if not isinstance(value, list):
        return number(value, "1", "")
    return list(each({f"[{index}]": (entry, "1", "number") for index, entry in enumerate(value)}).values())


def read_counts(value: Any) -> int | list[int]:
    """A whole number, or one for each axis."""
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, bool) or not isinstance(entry, int) or not 2 <= entry <= MOST:
            raise Invalid.at("", f"expected a whole number of at least 2, or one for each axis, got {shown(value)}.")
    return value


def read_schedule(value: Any) -> list[tuple[float, float]]:
    """Times in s and temperatures in K."""
    if not isinstance(value, list) or any(not isinstance(entry, list) or len(entry) != 2 for entry in value):
        raise Invalid.at("", 'expected a list of pairs, [["0 h", "800 degC"], ["10 h", "1000 degC"]].')
    return [(number(t, "s", f"[{index}][0]"), number(T, "K", f"[{index}][1]")) for index, (t, T) in enumerate(value)]


def read_sizes(value: Any) -> float | dict[str, float]:
    """A number, or a number for each method."""
    if isinstance(value, dict):
        return {key: number(entry, "1", path_text((key,))) for key, entry in value.items()}
    return number(value, "1", "")


AMPLITUDE = {"anyOf": [*NUMBER["anyOf"], SCHEMAS["composition"]]}
PERIODS = {"anyOf": [*NUMBER["anyOf"], {"type": "array", "items": NUMBER}]}
COUNTS = {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "integer"}}]}
SAVE = {"anyOf": [{"type": "integer"}, {"type": "array", "items": NUMBER}]}
SIZES = {"anyOf": [{"type": "number"}, {"type": "object", "additionalProperties": NUMBER}]}
PLACES = {"type": "array", "items": NUMBER, "minItems": 1}
OMEGA = {"type": "object", "additionalProperties": {"anyOf": [*COEFFICIENT["anyOf"], {"type": "array"}]}}
SCHEDULE = {"type": "array", "items": {"type": "array", "prefixItems": [NUMBER, NUMBER]}}
Length, Seconds = Quantity("m"), Quantity("s")
Positive = Annotated[float, pydantic.Field(gt=0, allow_inf_nan=False)]
Amount = Read(amount, COEFFICIENT)
Composition = dict[str, Amount]


def saved_times(end: float | str, save: int | Sequence[float] | None, spacing: str = "linear") -> tuple[float, ...]:
    """The saved times in s, the last of which is the end.

    A number n of them stands, for k = 1 .. n, at end k/n ("linear"), end (k/n)^2 ("sqrt": even steps of the diffusion
    length) or end 10^(-3 (n-k)/n) ("log": over three decades). A steady state has none.
    """
    if end == "steady":
        if save is not None:
            raise Invalid.at("time.save", "a steady state has no saved times; leave it out.")
        return ()
    if not end > 0.0:
        raise Invalid.at("time.end", f"must be positive, got {end:g} s.")
    if save is None:
        return (end,)
    if isinstance(save, int):
        share = np.arange(1, save + 1) / save
        shares = {"linear": share, "sqrt": share**2, "log": 10.0 ** (-DECADES * (1.0 - share))}[spacing]
        return (*(float(end * part) for part in shares[:-1]), float(end))
    # "100 h" and "360000 s" may differ in the last digit and are one time.
    faults = [
        Fault(f"time.save[{index}]", f"{time:g} s does not lie between 0 and the end, {end:g} s.")
        for index, time in enumerate(save)
        if not 0.0 <= time <= end * (1.0 + 1e-12)
    ]
    if faults:
        raise Invalid(*faults)
    return (*sorted({time for time in save if time < end * (1.0 - 1e-12)}), end)

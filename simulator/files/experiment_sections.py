"""What an experiment file may say: one model per section; those that a case has too are the case's own."""

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field

from simulator.faults import Fault, Invalid, near
from simulator.files.keys import KeyPath
from simulator.files.schema import (
    SCHEMA,
    MolarVolumeSection,
    Section,
    TemperatureSection,
    ThermodynamicsSection,
    known_names,
    law_model,
    read_schema,
)
from simulator.files.table import Table, one_of, shown
from simulator.files.values import NUMBER, PLACES, Length, Quantity, Read, each, read_places
from simulator.laws.darken import STRUCTURES
from simulator.laws.fick import Fick
from simulator.laws.units import number

PAIR = {"type": "array", "items": {"type": "array", "prefixItems": [NUMBER, NUMBER]}}


def above_zero(unit: str, zero: bool = False):
    """The type of a key that holds a quantity above zero, or not below it."""

    def read(value: Any) -> float:
        found = number(value, unit, "")
        if found < 0.0 or (found == 0.0 and not zero):
            raise Invalid.at("", f"must {'not be below' if zero else 'be above'} zero, got {shown(value)}.")
        return found

    return Read(read, NUMBER)


def read_fraction(value: Any) -> float:
    """A mole fraction."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Invalid.at("", f"expected a mole fraction, a number from 0 to 1, got {shown(value)}.")
    return float(value)


def read_markers(value: Any) -> list[tuple[float, float]]:
    """Where markers were and where they are, m, both from left to right."""
    example = '[["-40 um", "-31 um"], ["0 um", "12 um"]]'
    if not isinstance(value, list) or not value or any(not isinstance(e, list) or len(e) != 2 for e in value):
        raise Invalid.at("", f"expected pairs of positions, where each marker was and where it is, {example}.")
    parts = {f"[{k}][{j}]": (entry[j], "m", "number") for k, entry in enumerate(value) for j in (0, 1)}
    read = list(each(parts).values())
    pairs = list(zip(read[::2], read[1::2], strict=True))
    faults = [
        Fault(f"[{k}][{j}]", f"markers stand in order and never pass each other, but {b[j]:g} m follows {a[j]:g} m.")
        for k, (a, b) in enumerate(pairwise(pairs), 1)
        for j in (0, 1)
        if not b[j] > a[j]
    ]
    if faults:
        raise Invalid(*faults)
    return pairs


def tracer_table(value: Any) -> Any:
    """A text is the column of a tracer; { column, of } also says of which component."""
    return {"column": value} if isinstance(value, str) else value


def start_table(value: Any) -> Any:
    """A text is the shape of a start."""
    return {"shape": value} if isinstance(value, str) else value


Text = Annotated[str, Field(min_length=1)]
Fractions = dict[str, Read(read_fraction, {"type": "number", "minimum": 0, "maximum": 1})]
Amounts = dict[str, above_zero("mol/m^3", zero=True)]
Charge = Annotated[float, Field(allow_inf_nan=False)]
Mass = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Ends(Table):
    left: Fractions
    right: Fractions


class Tracer(Table):
    column: Text
    of: Text | None = None


class StartTable(Table):
    """What the sample was before it diffused: its shape, and what a forward model needs to know of it."""

    shape: Literal["step", "film", "other"]
    at: Length | None = None
    thickness: above_zero("m", zero=True) | None = None
    left: Fractions | None = None
    right: Fractions | None = None
    film: Fractions | None = None
    matrix: Fractions | None = None
    profile: Text | None = None
    interval: Annotated[list[Length], Field(min_length=2, max_length=2)] | None = None
    closed: bool | None = None


class LayerTable(Table):
    """A layer of a line compound; the key that is no other is its component, with the mole fraction."""

    model_config = ConfigDict(extra="allow")
    name: str = ""
    thickness: above_zero("m")
    sigma: above_zero("m") | None = None
    V_m: above_zero("m^3/mol") | None = None
    __pydantic_extra__: Fractions


class ReversalTable(Table):
    """A potential at which no current crosses a membrane, inside less outside, and the solutions on both sides."""

    V: Quantity("V")
    inside: Amounts
    outside: Amounts
    sigma: above_zero("V") | None = None


class ExperimentSection(Table):
    profile: Text | None = None
    x: Text | None = None
    component: Text | None = None
    basis: Text | None = None
    balance: Text | None = None
    dependent: Text | None = None
    masses: dict[str, Mass] = Field({})
    time: above_zero("s") | None = None
    temperature: above_zero("K") | None = None
    ends: Ends | None = None
    semi_infinite: bool | None = None
    start: Annotated[StartTable | None, BeforeValidator(start_table)] = None
    at: Length | None = None
    thickness: above_zero("m", zero=True) | None = None
    marker: Length | None = None
    marker_sigma: above_zero("m") | None = None
    markers: Read(read_markers, PAIR) | None = None
    interfaces: Read(read_places, PLACES) | None = None
    structure: Literal[tuple(STRUCTURES)] | None = None
    tracer: Annotated[Tracer | None, BeforeValidator(tracer_table)] = None
    layers: Annotated[list[LayerTable], Field(min_length=1)] | None = None
    charges: Annotated[dict[str, Charge], Field(min_length=1)] | None = None
    reversal_potentials: Annotated[list[ReversalTable], Field(min_length=1)] | None = None
    potential: Quantity("V") | None = None
    spectra: Text | None = None
    sizes: Text | None = None
    composition: Fractions | None = None


class ExperimentFile(Table):
    """An experiment: a measured profile, or layers, with what a table of numbers cannot carry."""

    schema_: Annotated[Read(read_schema, {"const": SCHEMA}), Section] = Field(SCHEMA, alias="schema")
    title: Annotated[str, Section] = ""
    source: Annotated[str, Section] = ""
    experiment: Annotated[ExperimentSection | None, Section] = None
    molar_volume: Annotated[MolarVolumeSection | None, Section] = None
    thermodynamics: Annotated[ThermodynamicsSection | None, Section] = None
    temperature: Annotated[TemperatureSection | None, Section] = None
    law: Annotated[one_of("kind", {Fick.kind: law_model(Fick)}) | None, Section] = None
    parameters: Annotated[dict[str, Quantity(None)], BeforeValidator(known_names), Section] = Field({})


def read_sections(data: dict) -> tuple[ExperimentFile, list[tuple[KeyPath, str]]]:
    """The sections of an experiment, None for one that cannot be used, and every fault as (key path, sentence)."""
    names = [entry.alias or name for name, entry in ExperimentFile.model_fields.items()]
    faults: list[tuple[KeyPath, str]] = [
        ((key,), f"unknown key.{near(key, names) or ' Known: ' + ', '.join(names) + '.'}")
        for key in data
        if key not in names
    ]
    given = {key: value for key, value in data.items() if key in names}
    return ExperimentFile.model_validate(given, context={"faults": faults}), faults

"""What a case file may say: one model per section. The model of a law is made from the law's own keys.

A section that is wrong never hides another: each is read on its own, and its faults go to `context["faults"]`.
"""

from dataclasses import MISSING
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, WrapValidator, create_model

from simulator.faults import Invalid, near
from simulator.files.keys import KeyPath
from simulator.files.starts import SHAPES
from simulator.files.table import Table, apart, branch, one_of, sentence, several, shown
from simulator.files.values import (
    NUMBER,
    OMEGA,
    PERIODS,
    PLACES,
    SAVE,
    SCHEDULE,
    SCHEMAS,
    SIZES,
    Amount,
    Coefficient,
    Length,
    Positive,
    Quantity,
    Read,
    Seconds,
    nested,
    read_omega,
    read_place,
    read_places,
    read_schedule,
    read_sizes,
    read_times,
)
from simulator.laws.catalogue import LAWS
from simulator.laws.mixture import NAME
from simulator.laws.units import number
from simulator.problem.domain import FEWEST, MOST

SCHEMA = 1
LATER = {
    "experiment": "this is an experiment file; `matano analyse` reads it, but it cannot be run.",
}


class DomainSection(Table):
    interval: Annotated[list[Length], Field(min_length=2, max_length=2)]
    cells: Annotated[int, Field(ge=FEWEST, le=MOST)] = 400
    grading: Literal["uniform", "interface", "walls"] = "interface"
    geometry: Literal["planar", "cylindrical", "spherical"] = "planar"


class BoxSection(Table):
    """Two or three dimensions: a length and a number of cells for each axis."""

    size: list[Length]
    cells: list[int]


def dimensions(value: Any) -> str:
    """The branch of a domain: lists are of a box."""
    return (
        "<box>" if isinstance(value, dict) and ("size" in value or isinstance(value.get("cells"), list)) else "<line>"
    )


AnyDomain = Annotated[
    Annotated[DomainSection, Tag("<line>")] | Annotated[BoxSection, Tag("<box>")], Discriminator(dimensions)
]


class FixedEnd(Table):
    fixed: dict[str, Amount]


class FluxEnd(Table):
    flux: dict[str, Amount]


class Surroundings(Table):
    model_config = ConfigDict(extra="allow")
    coefficient: Coefficient("m/s")
    __pydantic_extra__: dict[str, Amount]


class ExchangeEnd(Table):
    exchange: Surroundings


class ElectrodeEnd(Table):
    """The ion that alone carries the current."""

    electrode: str


def known_word(value: Any) -> Any:
    if value not in ("closed", "periodic"):
        hint = near(value, ("closed", "periodic")) if isinstance(value, str) else ""
        forms = '"closed", "periodic", { fixed = {..} }, { flux = {..} }, { exchange = {..} } or { electrode = ".." }'
        raise sentence(f"expected {forms}, got {shown(value)}.{hint}")
    return value


End = Annotated[
    Annotated[Literal["closed", "periodic"], BeforeValidator(known_word), Tag("<text>")]
    | Annotated[FixedEnd, Tag("<fixed>")]
    | Annotated[FluxEnd, Tag("<flux>")]
    | Annotated[ExchangeEnd, Tag("<exchange>")]
    | Annotated[ElectrodeEnd, Tag("<electrode>")],
    Discriminator(lambda value: branch(value, "fixed", "flux", "exchange", "electrode")),
]


Side = Literal["periodic", "closed"]


class BoundarySection(Table):
    """left and right in one dimension; on a box sides, for all axes, or x, y and z."""

    left: End = "closed"
    right: End = "closed"
    sides: Side = "closed"
    x: Side | None = None
    y: Side | None = None
    z: Side | None = None


class TemperatureSection(Table):
    value: Coefficient("K") | None = None
    schedule: Read(read_schedule, SCHEDULE) | None = None
    expression: str | None = None


class ThermodynamicsSection(Table):
    kind: Literal["ideal", "regular", "redlich-kister", "expression", "tdb"]
    omega: Read(read_omega, OMEGA) = Field({})
    excess: Coefficient("J/mol") | None = None
    g: Coefficient("J/mol") | None = None
    units: Literal["SI", "reduced"] = "SI"
    file: str = ""
    phase: str = ""


class MolarVolumeSection(Table):
    """V_m, or the volume of each component by its name."""

    model_config = ConfigDict(extra="allow")
    kind: Literal["constant", "vegard", "expression"] = "constant"
    __pydantic_extra__: dict[str, Coefficient("m^3/mol")]


class MarkersSection(Table):
    at: Read(read_places, PLACES)


class TimeSection(Table):
    end: Read(lambda value: value if value == "steady" else number(value, "s", ""), NUMBER)
    save: Read(read_times, SAVE) | None = None
    spacing: Literal["linear", "log", "sqrt"] = "linear"


class SweepSection(Table):
    """Voltages from one to another, V."""

    start: Quantity("V") = Field(alias="from")
    end: Quantity("V") = Field(alias="to")
    points: Annotated[int, Field(ge=2, le=100_000)]


class SolverSection(Table):
    scheme: str = "implicit"
    rtol: Quantity("1") = 1e-6
    extrapolate: bool = False
    step: Seconds | None = None
    max_steps: int = 1_000_000


class ExpectedValue(Table):
    """A value from outside this code: of a quantity at a position (m) and a time (s), with its source.

    at: in a box a position along each axis. index: of a marker, an interface or an end, 0 for the leftmost. voltage: of
    the state of a sweep, V.
    """

    quantity: str
    component: str | None = None
    index: Annotated[int, Field(ge=0)] | None = None
    at: Read(read_place, PERIODS) | None = None
    time: Seconds | None = None
    voltage: Quantity("V") | None = None
    value: Quantity(None)
    rtol: Positive | None = None
    atol: Quantity(None) | None = None
    source: str = ""


class ExpectSection(Table):
    exact: str | None = None
    max_error: Positive | None = None
    value: list[ExpectedValue] = Field([])


class TaggedIsotope(Table):
    column: str
    of: str


class VerifySection(Table):
    couples: list[str] = Field([])
    methods: list[str] = Field([])
    tolerance: Read(read_sizes, SIZES) | None = None
    expected_bias: Read(read_sizes, SIZES) | None = None
    tracer: TaggedIsotope | None = None


def law_model(law) -> type[Table]:
    """The table of a law, from the keys that the law owns."""
    keys = {}
    for entry in law.key_fields():
        about = entry.metadata
        text = about["text"] + (f" [{about['unit']}]" if about["unit"] else "")
        default = ... if entry.default is MISSING else entry.default
        kept = Coefficient(about["unit"], about["shape"], about["entries"])
        keys[entry.name] = (kept, Field(default, description=text))
    kind = (Literal[law.kind], ...)
    return create_model(f"{law.kind} law", __base__=Table, __doc__=law.equation, kind=kind, **keys)


def read_source(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        raise Invalid.at("", f"expected a text or a table of rates, got {shown(value)}.")
    return nested(value, "1/s", "per component")


def read_schema(value: Any) -> int:
    if value != SCHEMA or isinstance(value, bool):
        raise Invalid.at("", f"this version reads schema {SCHEMA}, got {shown(value)}.")
    return value


def known_names(value: Any) -> Any:
    wrong = [key for key in value if not NAME.fullmatch(key)] if isinstance(value, dict) else []
    if wrong:
        raise several([((key,), "a name has letters, digits and underscores, a letter first.") for key in wrong])
    return value


def later(name: str):
    """A section that other versions know."""

    def refuse(value):
        raise Invalid.at("", LATER[name])

    return Read(refuse, {})


Section = WrapValidator(apart)
TEXT = {"type": "string"}
RATES = {"anyOf": [TEXT, SCHEMAS["per component"]]}
REQUIRED = ("components", "domain", "initial", "law", "time")


class CaseFile(Table):
    """A case of Matano: a problem of diffusion, how it is solved and what must come out."""

    model_config = ConfigDict(title="Matano case", json_schema_extra={"required": list(REQUIRED)})

    schema_: Annotated[Read(read_schema, {"const": SCHEMA}), Section] = Field(SCHEMA, alias="schema")
    title: Annotated[str, Section] = ""
    source: Annotated[Read(read_source, RATES), Section] = Field(
        "", description="where the numbers come from; as a table, a rate for each component, 1/s"
    )
    reference: Annotated[str, Section] = Field("", description="where the numbers come from, if [source] is a table")
    components: Annotated[list[str] | None, Section] = None
    dependent: Annotated[str | None, Section] = None
    interstitial: Annotated[list[str], Section] = Field([])
    domain: Annotated[AnyDomain | None, Section] = None
    initial: Annotated[one_of("shape", SHAPES) | None, Section] = None
    boundary: Annotated[BoundarySection, Section] = BoundarySection()
    temperature: Annotated[TemperatureSection | None, Section] = None
    law: Annotated[one_of("kind", {law.kind: law_model(law) for law in LAWS}) | None, Section] = None
    parameters: Annotated[dict[str, Quantity(None)], BeforeValidator(known_names), Section] = Field({})
    thermodynamics: Annotated[ThermodynamicsSection | None, Section] = None
    molar_volume: Annotated[MolarVolumeSection | None, Section] = None
    markers: Annotated[MarkersSection | None, Section] = None
    time: Annotated[TimeSection | None, Section] = None
    solver: Annotated[SolverSection, Section] = SolverSection()
    expect: Annotated[ExpectSection, Section] = ExpectSection()
    verify: Annotated[VerifySection, Section] = VerifySection()
    sweep_voltage: Annotated[SweepSection | None, Section] = None
    experiment: Annotated[later("experiment"), Section] = None


def read_case(data: dict) -> tuple[CaseFile, list[tuple[KeyPath, str]]]:
    """The sections of a case, None for one that cannot be used, and every fault as (key path, sentence)."""
    faults: list[tuple[KeyPath, str]] = []
    names = [entry.alias or name for name, entry in CaseFile.model_fields.items()]
    known = [name for name in names if name not in LATER]
    for key in data:
        if key not in names:
            faults.append(((key,), f"unknown key.{near(key, known) or ' Known: ' + ', '.join(known) + '.'}"))
    meant = {near(key, known) for key in data if key not in names}
    law = data.get("law")
    ions = isinstance(law, dict) and "ions" in law  # which are the components
    required = [name for name in REQUIRED if not (ions and name == "components")]
    missing = [name for name in required if name not in data and f" Did you mean {name}?" not in meant]
    faults += [((name,), "is missing.") for name in missing]
    given = {key: value for key, value in data.items() if key in names}
    return CaseFile.model_validate(given, context={"faults": faults}), faults


def show_schema() -> dict:
    """The JSON schema of a case file, the tables of all laws included."""
    return CaseFile.model_json_schema()

"""The JSON schema of case files, for editors: what pydantic makes of the sections, and what the laws say of their keys.

An editor completes keys and names mistakes by it while a case is typed. It knows which keys there are, what kind of
value each takes and which words may be chosen; numbers that make no sense, expressions and names of components are left
to `matano validate`.
"""

import json
from typing import Any

from simulator.files.schema import LATER, show_schema
from simulator.files.values import COEFFICIENT, NUMBER, OMEGA, SCHEMAS
from simulator.laws.catalogue import LAWS
from simulator.laws.mixture import NAME
from simulator.solve.exact import CATALOGUE
from simulator.solve.schemes import scheme_names

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TEXT = {"type": "string"}


def ref(name: str) -> dict:
    return {"$ref": f"#/$defs/{name}"}


def table(*required: str, **properties: dict) -> dict:
    """A table with these keys and no other."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def listed(entry: dict) -> dict:
    return {"type": "array", "items": entry, "minItems": 1}


def same(part: dict) -> str:
    """One text for schemas that differ in the order of their keys only."""
    return json.dumps(part, sort_keys=True)


FORMS = {
    "quantity": {"anyOf": [{"type": "number"}, TEXT], "description": 'a number in SI, or a quantity: "100 h"'},
    "coefficient": {
        "description": "a number in SI, a quantity, an expression, or a table in one of five forms",
        "anyOf": [
            {"type": "number"},
            TEXT,
            table("D0", "Q", D0=ref("quantity"), Q=ref("quantity")),
            table("polynomial", polynomial=listed(ref("quantity")), **{"in": TEXT}),
            table("table", table=TEXT),
            table("tdb", "phase", "of", tdb=TEXT, phase=TEXT, of=TEXT),
            table("log_linear", log_linear={"type": "object", "additionalProperties": ref("coefficient")}),
        ],
    },
    "matrix": {"anyOf": [ref("coefficient"), listed(listed(ref("coefficient")))]},
    "interaction": {"anyOf": [ref("coefficient"), listed(ref("coefficient"))]},
}
REPEATED = {
    same(COEFFICIENT): "coefficient",
    same(NUMBER): "quantity",
    same(SCHEMAS["matrix"]): "matrix",
    same(OMEGA["additionalProperties"]): "interaction",
}
MOBILITIES = table("tdb", "phase", tdb=TEXT, phase=TEXT)  # in place of a coefficient for each component


def case_schema() -> dict:
    """The schema of a case as plain data, draft 2020-12, every law included."""
    schema = shortened(show_schema())
    sections = {name: entry for name, entry in schema["properties"].items() if name not in LATER}
    sections["components"]["items"] = {"type": "string", "pattern": f"^{NAME.pattern}$"}
    definitions = schema["$defs"] | FORMS
    definitions["SolverSection"]["properties"]["scheme"]["enum"] = list(scheme_names())
    definitions["ExpectSection"]["properties"]["exact"]["enum"] = list(CATALOGUE)
    for law in LAWS:
        keys = definitions[f"{law.kind}_law"]["properties"]
        for entry in law.key_fields():
            refine(keys[entry.name], entry.metadata)
    # Ions are the components of a case; without them it names its own.
    required = [name for name in schema["required"] if name != "components"]
    ions = {"properties": {"law": {"required": ["ions"]}}, "required": ["law"]}
    order = ("title", "description", "type", "additionalProperties")
    return {
        "$schema": DIALECT,
        **{name: schema[name] for name in order},
        "required": required,
        "if": ions,
        "else": {"required": ["components"]},
        "properties": sections,
        "$defs": dict(sorted(definitions.items())),
    }


def refine(key: dict, about: Any) -> None:
    """Put into the schema of a law's key what its kind of value alone does not say."""
    if about["choices"]:
        key["enum"] = list(about["choices"])
        if key.get("default") not in key["enum"]:
            key.pop("default", None)
    if about["shape"] == "per component":
        given = {name: key.pop(name) for name in ("type", "additionalProperties")}
        key["anyOf"] = [given | {"properties": {"tdb": False}}, MOBILITIES]


def shortened(part: Any) -> Any:
    """A schema without what TOML has not (null), without titles that only repeat the key, and with what occurs in it
    again and again by name."""
    if isinstance(part, list):
        return [shortened(entry) for entry in part if entry != {"type": "null"}]
    if not isinstance(part, dict):
        return part
    if same(part) in REPEATED:
        return ref(REPEATED[same(part)])
    named = {"anyOf": part["anyOf"]} if "anyOf" in part else {}
    if same(named) in REPEATED:
        rest = {name: entry for name, entry in part.items() if name != "anyOf"}
        return {**shortened(rest), **ref(REPEATED[same(named)])}
    kept = {name: shortened(entry) for name, entry in part.items() if not empty(name, entry)}
    if len(kept.get("anyOf", ())) == 1:
        kept |= kept.pop("anyOf")[0]
    return kept


def empty(name: str, entry: Any) -> bool:
    """Whether an entry of a schema says nothing: a default that is none or of a whole table, or a title made from the
    name of the key."""
    if name == "default":
        return entry is None or isinstance(entry, dict)
    return name == "title" and isinstance(entry, str) and entry != "Matano case"

"""A table of a TOML file: its keys are all known, and what is wrong with it is said in sentences for people."""

import datetime
import functools
import operator
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Tag, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from simulator.faults import near
from simulator.files.keys import KeyPath


def shown(value: Any) -> str:
    """A value as a case file writes it, shortened."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, datetime.date | datetime.time):
        return f"the date {value}"
    return repr(value)


def sentence(text: str) -> PydanticCustomError:
    """A sentence for pydantic to carry; braces in it are not placeholders, since it has no context."""
    return PydanticCustomError("matano", text)


def several(faults: list[tuple[KeyPath, str]]) -> ValidationError:
    """Several sentences, each at a place below the one being validated."""
    return ValidationError.from_exception_data(
        "case", [InitErrorDetails(type=sentence(text), loc=place, input=None) for place, text in faults]
    )


class Table(BaseModel):
    """A table whose keys are all known; an unknown one is an error with a suggestion, and hides no other."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="wrap")
    @classmethod
    def _known(cls, value, handler):
        if not isinstance(value, dict):
            raise sentence(f"expected a table, got {shown(value)}.")
        if cls.model_config["extra"] == "allow":
            return handler(value)
        names = [entry.alias or name for name, entry in cls.model_fields.items()]
        unknown = [key for key in value if key not in names]
        faults = [((key,), f"unknown key.{near(key, names) or ' Known: ' + ', '.join(names) + '.'}") for key in unknown]
        try:
            model = handler({key: entry for key, entry in value.items() if key in names})
        except ValidationError as error:
            # A misspelled key is one mistake, not a second one where its right spelling is missing.
            meant = {near(key, names) for key in unknown}
            faults += [(at, text) for at, text in translated(error) if f" Did you mean {at[0]}?" not in meant]
        if faults:
            raise several(faults)
        return model


def translated(error: ValidationError) -> list[tuple[KeyPath, str]]:
    """Key paths and sentences of a validation error; the branches of unions, "<fixed>", are no keys."""
    return [
        (tuple(part for part in entry["loc"] if not str(part).startswith("<")), sentence_for(entry))
        for entry in error.errors(include_url=False)
    ]


def sentence_for(entry: Mapping) -> str:
    """An error of pydantic in one sentence in the words of the field."""
    context, value = entry.get("ctx", {}), entry["input"]
    match entry["type"]:
        case "matano":
            return entry["msg"]
        case "missing":
            return "is missing."
        case "string_type":
            return f"expected a text in quotes, got {shown(value)}."
        case "int_type" | "int_from_float":
            return f"expected a whole number, got {shown(value)}."
        case "float_type" | "finite_number":
            return f"expected a finite number, got {shown(value)}."
        case "bool_type":
            return f"expected true or false, got {shown(value)}."
        case "list_type":
            return f"expected a list in [ ], got {shown(value)}."
        case "dict_type" | "model_type":
            return f"expected a table, got {shown(value)}."
        case "literal_error":
            choices = context["expected"].replace("'", "")
            hint = near(value, choices.replace(" or ", ", ").split(", ")) if isinstance(value, str) else ""
            return f"expected {choices}, got {shown(value)}.{hint}"
        case "too_short" | "too_long":
            needed = context.get("min_length", context.get("max_length"))
            return f"expected a list of {needed}, got {shown(value)}."
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            words = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}
            bound = next(f"{word} {context[name]}" for name, word in words.items() if name in context)
            return f"must be {bound}, got {shown(value)}."
        case _:
            return f"{entry['msg'][:1].lower()}{entry['msg'][1:]}, got {shown(value)}."


def branch(value: Any, *tags: str) -> str:
    """The branch of a union: "<text>" for a text, else the first tag that is a key of the table."""
    if isinstance(value, dict):
        return next((f"<{tag}>" for tag in tags if tag in value), f"<{tags[0]}>")
    return "<text>"


def chosen(key: str, names: tuple[str, ...]) -> BeforeValidator:
    """Checks the key that chooses one of several tables before any of them is read."""

    def check(value):
        if not isinstance(value, dict):
            raise sentence(f"expected a table, got {shown(value)}.")
        name = value.get(key)
        if key not in value:
            raise several([((key,), f"is missing; one of {', '.join(names)}.")])
        if name not in names:
            hint = near(name, names) if isinstance(name, str) else ""
            raise several([((key,), f"expected one of {', '.join(names)}, got {shown(name)}.{hint}")])
        return value

    return BeforeValidator(check)


def one_of(key: str, models: Mapping[str, type[Table]]):
    """A table that one of its keys chooses the model of."""
    union = functools.reduce(operator.or_, (Annotated[model, Tag(f"<{name}>")] for name, model in models.items()))
    if len(models) > 1:
        union = Annotated[union, Discriminator(lambda value: f"<{value[key]}>")]
    return Annotated[union, chosen(key, tuple(models))]


def apart(value, handler, info):
    """A section whose faults are put down in the context, so that the others are read as well."""
    try:
        return handler(value)
    except ValidationError as error:
        name = info.field_name.rstrip("_")
        info.context["faults"] += [((name, *path), text) for path, text in translated(error)]
        return None


def contents(section) -> dict[str, Any]:
    """The keys of a section that were given, as they were read."""
    return {name: getattr(section, name) for name in section.model_fields_set}

"""Changes to a case from outside: "domain.cells=800", "law.D[0][1]=1e-15", "initial.left={Ni=0.1}"."""

import tomllib
from typing import Any

from simulator.faults import Invalid
from simulator.files.keys import KeyPath, check_depth, path_of, path_text


def override(data: dict, entry: str) -> KeyPath:
    """Put the value of "KEY=VALUE" into the tables of a case, and return its key. What is not TOML is a text."""
    key, equals, text = entry.partition("=")
    try:
        path = path_of(key.strip())
    except ValueError as error:
        raise Invalid.at(f"--set {entry[:80]}", str(error)) from None
    if not equals:
        raise Invalid.at(f"--set {entry[:80]}", "expected KEY=VALUE, as in domain.cells=800.")
    value, table = toml_value(text, f"--set {key.strip()[:80]}"), data
    for count, part in enumerate(path):
        inside = path_text(path[:count])
        if isinstance(part, int):
            if not isinstance(table, list) or part >= len(table):
                size = f"has {len(table)} entries, counted from 0" if isinstance(table, list) else "is not a list"
                raise Invalid.at(f"--set {entry[:80]}", f"{inside} {size}.")
        elif not isinstance(table, dict):
            raise Invalid.at(f"--set {entry[:80]}", f"{inside} is not a table.")
        if count == len(path) - 1:
            table[part] = value
        else:
            table = table[part] if isinstance(part, int) else table.setdefault(part, {})
    return path


def toml_value(text: str, where: str) -> Any:
    try:
        check_depth(text, where)
        data = tomllib.loads(f"value = {text}")
    except Invalid as invalid:
        raise Invalid.at(where, invalid.faults[0].sentence) from None
    except (ValueError, RecursionError):
        return text.strip()
    return data["value"] if len(data) == 1 else text.strip()

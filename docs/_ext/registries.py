"""Reference pages from the registries: what the code holds, as tables and headings of the pages that ask for it.

A page says where, with a line such as `<!-- written here: laws -->`. What is written is Markdown, before the page is
read, so that headings stand in the contents and can be linked to.
"""

import inspect
from collections.abc import Iterable, Iterator

MARKER = "<!-- written here: {} -->"


def setup(app):
    app.connect("source-read", fill)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def fill(app, docname: str, source: list[str]) -> None:
    """Put into a page what it asks for."""
    for name, write in PARTS.items():
        marker = MARKER.format(name)
        if marker in source[0]:
            source[0] = source[0].replace(marker, "\n".join(write()))


def cell(text) -> str:
    """A text in a cell of a table."""
    return (
        " ".join(str(text).split()).replace("\\", "\\\\").replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
    )


def coded(text) -> str:
    """A word of a case file in a cell of a table."""
    return f"`{text!s}`".replace("|", "\\|")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    rows, head = [list(row) for row in rows], list(head)
    if not rows:
        return
    yield ""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def block(language: str, text: str) -> Iterator[str]:
    yield from ("", f"```{language}", *text.strip("\n").splitlines(), "```", "")


def laws() -> Iterator[str]:
    """Every law: equation, keys with those of their tables, sections, sources, and a case to start from."""
    from matano.commands.tables import law_row
    from simulator.files.template import template
    from simulator.laws.catalogue import LAWS

    for law in LAWS:
        row = law_row(law)
        yield from (f"## {law.kind}", "", (inspect.getdoc(law) or "").split("\n\n")[0])
        yield from block("text", row["equation"])
        yield from table(
            ("key", "kind of value", "unit", "default", "meaning"),
            (
                (
                    coded(key["name"]),
                    cell(key["shape"]),
                    cell(key["unit"] or "-"),
                    "needed" if key["required"] else coded(key["default"]) if key["default"] not in (None, "") else "-",
                    cell(key["text"]),
                )
                for key in row["keys"]
            ),
        )
        taken = [f"`[{name}]`{' (needed)' if name in law.requires else ''}" for name in law.sections]
        yield f"Sections beside `[law]`: {', '.join(taken) if taken else 'none of its own'}."
        yield ""
        yield from (f"- {source}" for source in law.sources)
        yield from ("", f"`matano new NAME --template {law.kind}` writes:")
        yield from block("toml", template(law.kind))


def methods() -> Iterator[str]:
    """Every method: what it needs and assumes, what it recovers, how accurately, its source."""
    from inverse.registry import METHODS
    from matano.commands.tables import method_row

    rows = [method_row(name, method) for name, method in METHODS.items()]
    yield from table(
        ("method", "recovers", "unit", "profiles", "tolerance of a round trip"),
        (
            (
                f"[`{row['name']}`](#{row['name']})",
                cell(row["recovers"].replace("_", " ")),
                cell(row["unit"]),
                counted(row["profiles"]),
                f"{row['tolerance']:g}",
            )
            for row in rows
        ),
    )
    for row in rows:
        yield from (f"## {row['name']}", "", f"{row['title']}.")
        yield from block("text", row["equation"])
        words = {
            "recovers": f"{row['recovers'].replace('_', ' ')}, {row['unit']}",
            "needs": ", ".join(row["needs"]),
            "assumes": ", ".join(row["assumes"]),
            "profiles": counted(row["profiles"]),
            "window": row["window"],
            "tolerance of a round trip": f"{row['tolerance']:g}, relative",
            "options in Python": ", ".join(name for name in row["options"] if name != "window"),
            "source": row["source"],
        }
        yield from table(("", ""), ((name, cell(text)) for name, text in words.items() if text))


def counted(profiles) -> str:
    return "{} to {}".format(*profiles) if isinstance(profiles, list) else str(profiles)


def schemes() -> Iterator[str]:
    from simulator.solve.schemes import FIELD_SCHEMES, SCHEMES

    for title, own in (("In one dimension:", SCHEMES), ("In two and three dimensions:", FIELD_SCHEMES)):
        yield title
        yield from table(
            ("scheme", "also called", "what it is", "family", "order in time"),
            (
                (
                    coded(scheme.name),
                    ", ".join(map(coded, scheme.aliases)) or "-",
                    cell(scheme.title),
                    scheme.family,
                    str(scheme.order or "no time error"),
                )
                for scheme in own
            ),
        )


def exact() -> Iterator[str]:
    from simulator.solve.exact import CATALOGUE, exact_named

    yield from table(
        ("name", "solution"),
        ((coded(name), cell((inspect.getdoc(type(exact_named(name))) or "").split("\n\n")[0])) for name in CATALOGUE),
    )


def case_schema() -> Iterator[str]:
    """The keys at the top, then those of every table that a section may be."""
    from matano.case_schema import case_schema

    schema = case_schema()
    yield from ("## At the top", "")
    yield from keys_of({**schema, "required": [*schema["required"], "components"]})
    yield "`components` is left out for ions, which stand in `[law]`."
    yield ""
    for name, entry in sorted(schema["$defs"].items()):
        yield from (f"## {heading(name)}", "")
        if entry.get("description"):
            yield from (cell(entry["description"]), "")
        if "properties" in entry:
            yield from keys_of(entry)
        else:
            yield from (kind_of(entry), "")


def keys_of(entry: dict) -> Iterator[str]:
    needed = entry.get("required", ())
    yield from table(
        ("key", "value", "default", "meaning"),
        (
            (
                coded(name),
                kind_of(value),
                "needed" if name in needed else coded(toml(value["default"])) if "default" in value else "-",
                cell(value.get("description", "")),
            )
            for name, value in entry["properties"].items()
            if isinstance(value, dict)
        ),
    )
    if isinstance(entry.get("additionalProperties"), dict):
        yield from (f"Any other key: {kind_of(entry['additionalProperties'])}.", "")


def toml(value) -> str:
    from simulator.files.template import toml

    return toml(value)


def heading(name: str) -> str:
    """StepStart, fick_law: as words."""
    if name.endswith("_law"):
        return f"law {name.removesuffix('_law')}"
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


def kind_of(value: dict) -> str:
    """What a key may hold, in words; tables of their own as links."""
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"[{heading(name)}](#{heading(name).replace(' ', '-')})"
    if "const" in value:
        return coded(toml(value["const"]))
    if "enum" in value:
        return ", ".join(coded(toml(word)) for word in value["enum"])
    for word in ("anyOf", "oneOf"):
        if word in value:
            return " or ".join(dict.fromkeys(kind_of(part) for part in value[word]))
    if value.get("type") == "array":
        items = value.get("items") or {}
        return f"list of: {kind_of(items)}" if items else "list"
    if value.get("type") == "object" or "properties" in value:
        keys = [coded(name) for name, entry in value.get("properties", {}).items() if isinstance(entry, dict)]
        if keys:
            return f"table of {', '.join(keys)}"
        others = value.get("additionalProperties")
        return f"table by name of: {kind_of(others)}" if isinstance(others, dict) and others else "table"
    return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(
        value.get("type", ""), value.get("type", "anything")
    )


PARTS = {"laws": laws, "methods": methods, "schemes": schemes, "exact": exact, "case-schema": case_schema}

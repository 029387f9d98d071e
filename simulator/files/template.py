"""Commented case files to start from. The table of a law is written from the keys that the law owns."""

from collections.abc import Mapping
from textwrap import wrap
from typing import Any

from simulator.faults import Invalid, near
from simulator.files.examples import CLOSED, TEMPLATES, Template
from simulator.laws.catalogue import LAWS, law_of

WIDTH = 100
COMMENT = 44
LONGEST = 120

HEAD = """\
schema = 1
title = "{title}"
source = "constructed"  # where the numbers come from
{components}"""

DOMAIN = """\
[domain]
interval = {interval}
cells = 400
grading = "interface"  # uniform | interface (small cells at every jump) | walls
geometry = "{geometry}"  # planar | cylindrical | spherical
"""

TEMPERATURE = """\
[temperature]
value = "{temperature}"  # or schedule = [["0 h", "800 degC"], ["10 h", "1000 degC"]]
"""

TAIL = """\
[time]
end = "{end}"  # or "steady"
save = 10  # how many times, or a list: ["1 h", "10 h"]
spacing = "sqrt"  # linear | sqrt | log

[solver]
scheme = "{scheme}"  # the README lists the others
rtol = {rtol}  # error allowed in a step
extrapolate = false  # true: on n and 2n cells, higher order and an error estimate
"""


def template_names() -> tuple[str, ...]:
    """Every template: the examples, and one named after each law."""
    names = [entry.name for entry in TEMPLATES if entry.law in {law.kind for law in LAWS}]
    return (*names, *(law.kind for law in LAWS if law.kind not in names))


def template(name: str = "binary-couple") -> str:
    """The text of a case file that loads and runs, with a comment at every key. Raises Invalid for an unknown name."""
    names = template_names()
    if name not in names:
        raise Invalid.at("--template", f"unknown template {name[:40]!r}.{near(name, names)} Known: {', '.join(names)}.")
    # A law without a template of its own name has several, of which the first is the plainest.
    named = [entry for entry in TEMPLATES if entry.name == name] or [e for e in TEMPLATES if e.law == name]
    return text_of(named[0])


def text_of(entry: Template) -> str:
    free = next((name for name in entry.components if name != entry.dependent), "")
    parts = [
        HEAD.format(title=entry.title, components=components_of(entry)),
        entry.domain or DOMAIN.format(interval=entry.interval, geometry=entry.geometry),
        entry.initial,
        entry.boundary.format(name=free) if entry.boundary is CLOSED else entry.boundary,
        TEMPERATURE.format(temperature=entry.temperature),
        law_table(law_of(entry.law), entry.keys),
        *entry.sections,
        entry.parameters,
        TAIL.format(end=entry.end, scheme=entry.scheme, rtol=entry.rtol),
    ]
    lines = "\n".join(part for part in parts if part).split("\n")
    return "\n".join(aligned(line) for line in lines)


def components_of(entry: Template) -> str:
    """The lines that name the components; none for ions, which stand in [law]."""
    if not entry.components:
        return ""
    last = f'dependent = "{entry.dependent}"'
    lines = [
        "components = [" + ", ".join(f'"{name}"' for name in entry.components) + "]",
        commented(last, "its fraction is 1 minus the others; the last one by default"),
    ]
    if entry.interstitial:
        lines.append(commented(f"interstitial = {toml(entry.interstitial)}", "between the sites of the lattice"))
    return "\n".join([*lines, ""])


def law_table(law, given: Mapping[str, str]) -> str:
    """[law] with every key of the law: those that are given, the examples of the others, and defaults as comments."""
    equation = law.equation.strip().splitlines()[0].strip()
    lines = [commented("[law]", equation)]
    if len(lines[0]) > LONGEST:
        lines = ["[law]", f"# {equation}"]
    lines.append(f'kind = "{law.kind}"')
    for entry in law.key_fields():
        about = entry.metadata
        lines += described(entry.name, about, "# ")
        if entry.name in given:
            lines.append(f"{entry.name} = {given[entry.name]}")
        elif about["example"] is not None:
            lines.append(f"{entry.name} = {toml(about['example'])}")
        else:
            lines.append(f"# {entry.name} = {toml(0.0 if entry.default is None else entry.default)}")
    return "\n".join(lines) + "\n"


def described(name: str, about: Mapping, mark: str) -> list[str]:
    """What a key is, and below it the keys of its table."""
    unit = f" [{about['unit']}]" if about["unit"] else ""
    lines = [f"{mark}{line}" for line in wrap(f"{name}: {about['text']}{unit}", WIDTH)]
    for below, entry in about["entries"].items():
        lines += described(below, entry.metadata, f"{mark}  ")
    return lines


def aligned(line: str) -> str:
    """A line whose comment, two spaces or more behind it, stands in the column of all comments."""
    text, mark, comment = line.partition("  # ")
    return commented(text.rstrip(), comment.strip()) if mark and text.strip() else line


def commented(text: str, comment: str) -> str:
    """The comment behind the last line of a text, in the column of all comments."""
    last = text.rsplit("\n", 1)[-1]
    return f"{text}{' ' * max(1, COMMENT - len(last))}# {comment}"


def toml(value: Any) -> str:
    """A value as TOML writes it, on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{key} = {toml(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(entry) for entry in value) + "]"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)

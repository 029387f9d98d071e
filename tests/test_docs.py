"""The README and docs name everything the registries hold, and nothing that is not there."""

import re
import tomllib
from pathlib import Path

import pytest
import typer

from inverse import METHODS
from matano.cli import app
from simulator.files.schema import LATER, SHAPES, CaseFile
from simulator.laws.catalogue import LAWS
from simulator.solve.exact import CATALOGUE
from simulator.solve.result import DIAGNOSTICS
from simulator.solve.schemes import SCHEMES, scheme_names

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {
    path.relative_to(ROOT).as_posix(): path
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md"))
}
BESIDE = ("thermodynamics", "molar_volume", "markers")
COMMANDS = tuple(typer.main.get_command(app).commands)


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """From a heading, or a line in bold, to the next one."""
    body = text.split(heading, 1)[1]
    return re.split(r"\n(?:#|\*\*)", body, maxsplit=1)[0]


def names_in(table: str) -> set[str]:
    """What stands in backticks in the first column of the tables in a text."""
    rows = [line for line in table.splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row.split(" | ")[0])}


def names_in_commands(text: str) -> set[str]:
    rows = [line.split(" | ")[0] for line in text.splitlines() if line.startswith("| `matano ")]
    return set(re.findall(r"`matano ([a-z-]+)", " ".join(rows)))


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("**Laws**", {law.kind for law in LAWS}),
        ("**Methods**", set(METHODS)),
        ("**Schemes**", set(scheme_names())),
        ("**Exact solutions**", set(CATALOGUE)),
    ],
)
def test_tables_of_the_readme_are_the_registries(heading, names):
    assert names_in(section(README, heading)) == names


def test_orders_of_the_readme_are_those_of_the_schemes():
    rows = section(README, "**Schemes**").splitlines()
    for scheme in SCHEMES:
        row = next(row for row in rows if row.startswith(f"| `{scheme.name}`"))
        assert row.rstrip(" |").rsplit("| ", 1)[1] == (str(scheme.order) if scheme.order else "no time error")


def test_every_case_is_named():
    named = set(re.findall(r"`([a-z0-9-]+)`", section(README, "**Cases**")))
    assert named == {path.stem for path in (ROOT / "cases").glob("*.toml")}


@pytest.mark.parametrize("text", [README, page("commands")], ids=["README", "commands"])
def test_every_command_is_named_and_no_other(text):
    named = set(re.findall(r"(?:`|^)matano ([a-z][a-z-]*)", text, re.MULTILINE))
    assert set(COMMANDS) <= names_in_commands(text)
    assert named <= set(COMMANDS)


def test_every_option_is_named_and_no_other():
    """Of the commands with tables of their own, every option; and no page names one that does not exist."""
    tree = typer.main.get_command(app)
    known = {word for command in tree.commands.values() for entry in command.params for word in entry.opts}
    known |= {word for entry in tree.params for word in entry.opts} | {"--help", "-h"}
    text = page("commands")
    for name, command in tree.commands.items():
        options = {word for entry in command.params for word in entry.opts if word.startswith("--")} - {
            "--help",
            "--output",
        }
        row = next(line for line in text.splitlines() if line.startswith(f"| `matano {name}"))
        place = row if name != "analyse" else section(text, "## analyse")
        assert options <= set(re.findall(r"--[A-Za-z][a-z-]*", place)), name
    assert set(re.findall(r"`(--[A-Za-z][a-z-]*)", text)) <= known


def rows_of(name: str, entry):
    """A key of a law and those of its table: `phases`, `phases[].D_int`, `alpha.D`."""
    yield name, entry.metadata
    inner = f"{name}[]" if entry.metadata["shape"] == "tables" else name
    for below, field in entry.metadata["entries"].items():
        yield from rows_of(f"{inner}.{below}", field)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.kind)
def test_every_key_of_every_law_stands_in_the_docs(law):
    table = section(section_of_laws(), f"### {law.kind}\n")
    for entry in law.key_fields():
        for name, about in rows_of(entry.name, entry):
            row = next(line for line in table.splitlines() if line.startswith(f"| `{name}` |"))
            assert about["text"] in row
            assert about["unit"] in row


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.kind)
def test_the_sections_of_every_law_stand_in_the_docs(law):
    table = section_of_laws().split("### ", 1)[0]
    row = next(line for line in table.splitlines() if line.startswith(f"| `{law.kind}` |")).split(" | ")
    for name, words in (("thermodynamics", row[1]), ("molar_volume", row[2])):
        assert words.startswith("needed" if name in law.requires else "yes" if name in law.sections else "no")


def section_of_laws() -> str:
    return page("case-files").split("## [law]\n", 1)[1].split("\n## ", 1)[0]


def test_every_section_of_a_case_stands_in_the_docs():
    text = page("case-files")
    for name, entry in CaseFile.model_fields.items():
        key = entry.alias or name
        assert f"`{key}`" in text or f"[{key}]" in text, key
    assert all(f"`[{name}]`" in text for name in LATER)


@pytest.mark.parametrize("name", ["domain", "boundary", "temperature", "time", "solver", "expect", "verify", *BESIDE])
def test_every_key_of_a_section_stands_in_the_docs(name):
    text = page("case-files").split(f"\n## [{name}]\n", 1)[1].split("\n## ", 1)[0]
    keys = schema_of(name)["properties"]
    assert keys and all(f"`{key}`" in text for key in keys)


def schema_of(name: str) -> dict:
    """The schema of a section, by the name of its model."""
    definitions = CaseFile.model_json_schema()["$defs"]
    return definitions[f"{name.title().replace('_', '')}Section"]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_a_start_stands_in_the_docs(shape):
    text = page("case-files").split("\n## [initial]\n", 1)[1].split("\n## ", 1)[0]
    assert f"| `{shape}` |" in text
    rows = text.split(f"| `{shape}` |", 1)[1]
    for name, entry in SHAPES[shape].model_fields.items():
        assert name == "shape" or f"`{entry.alias or name}`" in rows


def test_every_diagnostic_stands_in_the_docs():
    assert all(name in page("results") for name in DIAGNOSTICS)


def test_every_dependency_is_accounted_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(name for names in project["optional-dependencies"].values() for name in names),
    ]
    assert names_first(page("dependencies")) == {re.match(r"[\w-]+", name)[0] for name in wanted}


def names_first(text: str) -> set[str]:
    """The first columns of all tables, without their heads."""
    rows = [line.strip("| ").split(" | ")[0] for line in text.splitlines() if line.startswith("| ")]
    return {row for row in rows if row != "package"}


def test_verification_names_every_test():
    text = page("verification")
    named = set(re.findall(r"tests/(test_\w+\.py)", text))
    assert named == {path.name for path in (ROOT / "tests").glob("test_*.py")}


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
def test_links_lead_somewhere(path):
    prose = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)#]+)\)", prose)
    assert not [target for target in targets if "://" not in target and not (path.parent / target).exists()]


def test_continuous_integration_runs_the_same_tests():
    commands = re.findall(r"-m pytest.*", README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert commands and '-m pytest -m "slow or not slow"' in (ROOT / ".ci" / "run").read_text(encoding="utf-8")

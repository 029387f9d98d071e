"""The JSON schema for editors takes every case and no case with a mistake that it can know of."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest

from matano.case_schema import DIALECT, case_schema
from simulator.faults import Invalid
from simulator.files.case import parse_case
from simulator.files.schema import CaseFile
from simulator.files.template import template, template_names
from simulator.laws.catalogue import LAWS
from simulator.solve.exact import CATALOGUE
from simulator.solve.schemes import scheme_names

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = case_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
CASES = sorted((ROOT / "cases").rglob("*.toml"))
WRONG = {
    "an unknown key of a section": ("binary-couple", "domain.cellls", 400),
    "an unknown section": ("binary-couple", "domian.cells", 400),
    "an unknown word": ("binary-couple", "domain.grading", "fine"),
    "a word where a number of cells belongs": ("binary-couple", "domain.cells", "many"),
    "too few cells": ("binary-couple", "domain.cells", 2),
    "one end of an interval": ("binary-couple", "domain.interval", ["0 m"]),
    "an unknown law": ("binary-couple", "law.kind", "ficks"),
    "a key of another law": ("binary-couple", "law.tracer", {"Cu": 1e-15, "Ni": 1e-15}),
    "a coefficient in no form": ("binary-couple", "law.D", {"D0": 1e-5}),
    "a misspelled form": ("binary-couple", "law.D", {"D0": 1e-5, "q": 1e5}),
    "a truth for a coefficient": ("binary-couple", "law.D", True),
    "a matrix of one list": ("ternary-couple", "law.D", [1e-15, 1e-15]),
    "another schema": ("binary-couple", "schema", 2),
    "a name with a hyphen": ("binary-couple", "components", ["Cu", "Ni-58"]),
    "no components": ("binary-couple", "components", None),
    "no start": ("binary-couple", "initial", None),
    "no time": ("binary-couple", "time.end", None),
    "an unknown shape": ("binary-couple", "initial.shape", "steps"),
    "a key of another shape": ("binary-couple", "initial.film", {"Ni": 1.0}),
    "an unknown end": ("binary-couple", "boundary.left", "open"),
    "two kinds of an end": ("binary-couple", "boundary.left", {"fixed": {"Ni": 0.1}, "flux": {"Ni": 0.0}}),
    "an unknown scheme": ("binary-couple", "solver.scheme", "rodas6"),
    "an unknown exact solution": ("binary-couple", "expect.exact", "erf"),
    "a number of times that is none": ("binary-couple", "time.save", 2.5),
    "an unknown wind": ("darken", "law.vacancy_wind", "darken"),
    "an unknown structure": ("darken", "law.structure", "hcp"),
    "a phase without its file": ("darken", "law.tracer", {"tdb": "a.tdb"}),
    "an unknown solution": ("darken", "thermodynamics.kind", "subregular"),
    "an unknown frame": ("onsager", "law.frame", "volume"),
    "a compound without its D": ("line-compounds", "law.phases", [{"name": "a", "Sn": 0.25, "V_m": 8e-6}]),
    "a phase without its limit": ("two-phase", "law.alpha", {"D": 1e-14}),
    "an unknown closure": ("nernst-planck", "law.closure", "neutral"),
    "an ion without a charge": ("nernst-planck", "law.ions", {"H": {"D": 1e-9}, "Cl": {"z": -1, "D": 2e-9}}),
    "an experiment": ("binary-couple", "experiment", {"profile": "a.csv"}),
}


def changed(data: dict, place: str, value) -> dict:
    """The case with another value at a place; None leaves the key out."""
    copy = json.loads(json.dumps(data))
    *path, last = place.split(".")
    part = copy
    for name in path:
        part = part.setdefault(name, {})
    if value is None:
        del part[last]
    else:
        part[last] = value
    return copy


def mistakes(data: dict) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(data)]


def test_it_is_a_schema_of_the_dialect_that_it_names():
    assert SCHEMA["$schema"] == DIALECT == jsonschema.Draft202012Validator.META_SCHEMA["$id"]
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_case_validates(path):
    assert not mistakes(tomllib.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", template_names())
def test_every_template_validates(name):
    assert not mistakes(tomllib.loads(template(name)))


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_does_not(what, tmp_path):
    """Nor does `matano validate` take it: the schema is never stricter than the reader."""
    name, place, value = WRONG[what]
    data = tomllib.loads(template(name))
    assert not mistakes(data)
    wrong = changed(data, place, value)
    assert mistakes(wrong)
    with pytest.raises(Invalid):
        parse_case(as_toml(wrong), "case.toml", folder=tmp_path)


def as_toml(data: dict) -> str:
    from simulator.files.template import toml

    return "".join(f"{key} = {toml(value)}\n" for key, value in data.items())


def test_tables_written_on_one_line_are_the_same_case():
    """What the test above writes is read as the template is."""
    data = tomllib.loads(template("darken"))
    assert tomllib.loads(as_toml(data)) == data


def test_every_reference_leads_somewhere():
    def references(part):
        if isinstance(part, dict):
            yield from ([part["$ref"]] if "$ref" in part else [])
            for entry in part.values():
                yield from references(entry)
        elif isinstance(part, list):
            for entry in part:
                yield from references(entry)

    named = {f"#/$defs/{name}" for name in SCHEMA["$defs"]}
    assert set(references(SCHEMA)) == named


def test_it_offers_every_section_law_scheme_and_exact_solution():
    sections = {entry.alias or name for name, entry in CaseFile.model_fields.items()} - {"experiment"}
    assert set(SCHEMA["properties"]) == sections
    tables = SCHEMA["properties"]["law"]["oneOf"]
    kinds = [SCHEMA["$defs"][table["$ref"].rpartition("/")[2]]["properties"]["kind"]["const"] for table in tables]
    assert kinds == [law.kind for law in LAWS]
    assert SCHEMA["$defs"]["SolverSection"]["properties"]["scheme"]["enum"] == list(scheme_names())
    assert SCHEMA["$defs"]["ExpectSection"]["properties"]["exact"]["enum"] == list(CATALOGUE)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.kind)
def test_every_key_that_is_a_choice_has_its_words(law):
    keys = SCHEMA["$defs"][f"{law.kind}_law"]["properties"]
    for entry in law.key_fields():
        about = entry.metadata
        assert keys[entry.name]["description"].startswith(about["text"])
        if about["shape"] == "choice":
            assert keys[entry.name]["enum"] == list(about["choices"])
            assert all(word in about["text"] for word in about["choices"])


def test_the_command_prints_it_without_what_solves():
    program = (
        "import sys\n"
        "from matano.commands.show_schema import show_schema\n"
        "show_schema()\n"
        "heavy = {'numba', 'matplotlib', 'scipy', 'h5py', 'inverse'} & set(sys.modules)\n"
        "sys.exit(f'imported {sorted(heavy)}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == SCHEMA

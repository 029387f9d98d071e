"""The documentation builds to a book without a warning, with all that the registries hold, and without a network."""

import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

from inverse.registry import METHODS
from matano.commands.tables import law_row
from simulator.files.schema import CaseFile
from simulator.laws.catalogue import LAWS
from simulator.solve.exact import CATALOGUE
from simulator.solve.schemes import SCHEMES

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
TAGS = re.compile(r"<(script|style).*?</\1>|<[^>]+>", re.DOTALL)
# what a browser fetches unasked: everything but links, which a reader follows
FETCHED = re.compile(r"<(?:script|img|iframe|source|link)\b[^>]*?(?:src|href)=\"((?:https?:)?//[^\"]+)\"")


@pytest.fixture(scope="module")
def book(tmp_path_factory) -> Path:
    """The pages as they are built, warnings being errors."""
    folder = tmp_path_factory.mktemp("book")
    words = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-E", "-d", folder / "doctrees", DOCS, folder]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder


def text_of(book: Path, name: str) -> str:
    return unescape(TAGS.sub("", (book / f"{name}.html").read_text(encoding="utf-8")))


def test_every_page_is_in_the_book(book):
    pages = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
    built = {path.relative_to(book).with_suffix("").as_posix() for path in book.rglob("*.html")}
    assert pages <= built
    contents = (book / "index.html").read_text(encoding="utf-8")
    assert all(f'href="{name}.html"' in contents for name in pages - {"index"})


def test_nothing_is_fetched_from_a_network(book):
    for path in book.rglob("*.html"):
        assert not FETCHED.findall(path.read_text(encoding="utf-8")), path
    for path in (book / "_static").rglob("*.css"):
        assert not re.findall(r"(?:url\(|@import )[\"']?(?:https?:)?//", path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.kind)
def test_the_reference_has_every_law_with_every_key(book, law):
    row, page = law_row(law), (book / "reference" / "laws.html").read_text(encoding="utf-8")
    section = page.split(f'<section id="{law.kind}">', 1)[1].split("<section id=", 1)[0]
    own = " ".join(unescape(TAGS.sub("", section)).split())
    assert " ".join(row["equation"].split()) in own
    for key in row["keys"]:
        assert key["name"] in own and " ".join(key["text"].split()) in own
    assert all(source in own for source in row["sources"])
    assert f'kind = "{law.kind}"' in own  # the template


@pytest.mark.parametrize("name", METHODS)
def test_the_reference_has_every_method(book, name):
    text = " ".join(text_of(book, "reference/methods").split())
    method = METHODS[name]
    for part in (method.title, method.equation, method.source, *method.needs, *method.assumes):
        assert " ".join(part.split()) in text


def test_the_reference_has_every_scheme_exact_solution_and_key(book):
    text = text_of(book, "reference/schemes")
    assert all(scheme.name in text and scheme.title in text for scheme in SCHEMES)
    assert all(name in text for name in CATALOGUE)
    text = text_of(book, "reference/case-schema")
    assert all((entry.alias or name) in text for name, entry in CaseFile.model_fields.items() if name != "experiment")


def test_which_method_names_every_method_and_no_other():
    text = (DOCS / "which-method.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", text)) - {"verify", "condition", "interfaces"}
    left_out = {"belova", "den-broeder", "extended-hall", "grube", "square-root", "dayananda-sohn"}
    left_out |= {"matano-constraints", "transfer-matrix"}  # further ways to what the table's methods recover
    assert named <= set(METHODS)
    assert set(METHODS) - named <= left_out


def test_pages_say_where_the_registries_go():
    """A marker that is misspelled would leave its page empty without a word."""
    sys.path.insert(0, str(DOCS / "_ext"))
    try:
        from registries import MARKER, PARTS
    finally:
        sys.path.pop(0)
    text = "".join(path.read_text(encoding="utf-8") for path in (DOCS / "reference").glob("*.md"))
    assert set(re.findall(r"<!-- .* -->", text)) == {MARKER.format(name) for name in PARTS}

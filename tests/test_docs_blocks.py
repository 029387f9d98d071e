"""Every block of the README and of every page of the documentation does what it says."""

import re
import shutil

import numpy as np
import pytest
from documents import INSTALLS, LANGUAGES, NUMBER, ROOT, Block, Page, blocks_of, check_text, executed, in_bash, name_of
from scipy.special import erf

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
WITH_BLOCKS = [path for path in PAGES if blocks_of(path)]
# what takes the others' time: pages that start processes of their own
SLOW = ("docs/sweeps.md",)
REASONS = re.compile(
    r"install|needs? (a|the) network|takes? (hours|minutes)|on (your|a) (machine|cluster)|editor", re.IGNORECASE
)


def marked(path):
    name = name_of(path)
    return pytest.param(path, id=name, marks=[pytest.mark.slow] if name in SLOW else [])


@pytest.fixture(scope="session")
def first_result(tmp_path_factory):
    """binary-exponential.h5, as the README's first command makes it."""
    folder = tmp_path_factory.mktemp("first")
    status, said = executed(f"matano run {ROOT / 'cases' / 'binary-exponential.toml'}", folder)
    assert status == 0, said
    return folder / "binary-exponential.h5"


@pytest.fixture
def folder(tmp_path, first_result):
    """What a reader has: a copy of the repository's cases, the first result, and files of a probe."""
    for name in ("cases", "tests/data", "docs/figures"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(first_result, tmp_path)
    x, X = couple()
    rows = [f"{a:.5f},{b:.1f}" for a, b in zip(X, x, strict=True)]
    (tmp_path / "profile.csv").write_text("\n".join(["X,dis", *rows, ""]), encoding="utf-8")
    rows = [f"{b:.1f}\t{100.0 * a:.3f}\t{100.0 * (1.0 - a) + 0.2:.3f}" for a, b in zip(X, x, strict=True)]
    head = ["Project\tCu-Ni couple", "Acc. Voltage\t15\tkV", "", "Distance [um]\tNi [wt%]\tCu [wt%]"]
    (tmp_path / "probe.txt").write_text("\n".join([*head, *rows, ""]), encoding="utf-8")
    return tmp_path


def couple() -> tuple[np.ndarray, np.ndarray]:
    """Positions in um and mole fractions that a probe with a noise of 1e-3 finds after 100 h at D = 1e-14 m^2/s."""
    x = np.linspace(-600.0, 600.0, 121)
    noise = np.random.default_rng(7).normal(0.0, 1e-3, x.size)
    return x, 0.5 * (1.0 + erf(1e-6 * x / (2.0 * np.sqrt(1e-14 * 3.6e5)))) + noise


@pytest.mark.parametrize("path", [marked(path) for path in WITH_BLOCKS])
def test_every_block_of_a_page_does_what_it_says(path, folder):
    if name_of(path) == "README.md":  # which makes its own
        (folder / "binary-exponential.h5").unlink()
    Page(path, folder).run()


@pytest.mark.parametrize("path", WITH_BLOCKS, ids=name_of)
def test_every_block_has_a_language_that_says_whether_it_runs(path):
    assert {block.language for block in blocks_of(path)} <= set(LANGUAGES)
    text = path.read_text(encoding="utf-8")
    for block in blocks_of(path):
        if block.language == "console":
            paragraph = text[: text.index(block.text)].rpartition("```console")[0].rstrip().rpartition("\n\n")[2]
            assert REASONS.search(paragraph), f"say why this is not run: {block.text}"


@pytest.mark.slow
def test_the_tutorial_runs_as_it_is_pasted_into_a_shell(folder):
    """With the command itself, in processes of its own."""
    for block in blocks_of(ROOT / "docs" / "tutorial.md"):
        if block.saved:
            (folder / block.saved).write_text(block.text, encoding="utf-8")
        if block.language == "sh":
            lines = [line for line in block.text.splitlines() if not INSTALLS.match(line)]
            status, said = in_bash("\n".join(lines), folder)
            assert status == 0, said


def test_a_block_that_shows_another_answer_is_found(tmp_path):
    page = Page(ROOT / "README.md", tmp_path, printed="  steps   57 (0 rejected)\n  scheme  implicit\n")
    check_text(page, Block(0, "text", "steps 57 (0 rejected)\n...\n"))
    with pytest.raises(AssertionError, match="was not printed"):
        check_text(page, Block(0, "text", "steps 57 (0 refused)\n"))


def test_numbers_are_told_from_words():
    assert NUMBER.sub("#", "D = 1.5e-14 m^2/s at 0.25") == "D = # m^#/s at #"

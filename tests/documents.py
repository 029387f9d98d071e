"""The pages of the documentation as programs: what stands in their blocks is run, in order, in a folder of the page.

| language | what is done with a block |
|---|---|
| sh | its commands are run one by one; `matano` in this process, anything else by bash |
| python | run in the namespace of the page; what it prints must be what it says that it prints |
| toml | a case must be valid, an experiment readable; written to a file where the page says "save it as `NAME`" |
| text | what commands above print: every line must have been printed, numbers aside; "..." stands for others; or a
file, where the page says "save it as `NAME`" |
| console | not run: installs, serves or takes hours, as the page says |

Commands that install or test this project itself are left out of sh blocks: the tests run where that is done already.
"""

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^( *)```([\w{}-]*)[^\n]*\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
SAVED = re.compile(r"[Ss]aved? (?:it |this |them )?as\s+`([\w./-]+)`")
NUMBER = re.compile(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?")
LANGUAGES = ("sh", "python", "toml", "text", "console")
OPERATORS = set("|<>;&$`(){}*?")
INSTALLS = re.compile(r"(\S*python3? -m (venv|pytest|tests)|\S*pip install|\S*ruff |\.ci/run|\. \S*activate)")
CLOSE = 0.05  # numbers that a page prints may differ by that part, since grids may change


@dataclass(frozen=True)
class Block:
    """language, text, and the name under which the page says that it is saved."""

    number: int
    language: str
    text: str
    saved: str = ""


@dataclass
class Page:
    """What was run of a page: where, the names that its Python has, and what its commands printed."""

    path: Path
    folder: Path
    names: dict = field(default_factory=lambda: {"__name__": "__main__"})
    printed: str = ""

    def run(self) -> None:
        """Every block in its order; an AssertionError names the block that does not do what it says."""
        for block in blocks_of(self.path):
            DONE[block.language](self, block)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks_of(path: Path) -> list[Block]:
    """The blocks of a page. One in a directive, ```{toctree}, is no program."""
    text, found = path.read_text(encoding="utf-8"), []
    matches = [match for match in FENCE.finditer(text) if not match[2].startswith("{")]
    for k, match in enumerate(matches):
        before = text[matches[k - 1].end() if k else 0 : match.start()]
        after = text[match.end() : matches[k + 1].start() if k + 1 < len(matches) else len(text)]
        # the sentence stands right before the block or right behind it
        near = [before.rstrip().rpartition("\n\n")[2], after.strip().partition("\n\n")[0]]
        saved = [name for part in near for name in SAVED.findall(part)]
        language, body = match[2], re.sub(rf"^{match[1]}", "", match[3], flags=re.MULTILINE)
        found.append(Block(k, language, body, saved[0] if saved and language in ("toml", "text") else ""))
    return found


def run_shell(page: Page, block: Block) -> None:
    for line in block.text.replace("\\\n", " ").splitlines():
        commands = [part.strip() for part in line.split(" && ")] if " && " in line else [line.strip()]
        for command in commands:
            command = re.sub(r"(^|\s)\.venv/bin/", r"\1", command)
            if command and not command.startswith("#") and not INSTALLS.match(command):
                status, said = executed(command, page.folder)
                page.printed += said
                assert status == 0, f"{name_of(page.path)}, block {block.number}: {command}\n{said}"


def executed(command: str, folder: Path) -> tuple[int, str]:
    """Exit status and output of a command in a folder."""
    words = shlex.split(command, comments=True)
    plain = shlex.split(re.sub(r"(['\"]).*?\1", "x", command), comments=True)
    if words[0] == "matano" and not any(OPERATORS & set(word) for word in plain):
        return in_process(words[1:], folder)
    return in_bash(command, folder)


def in_bash(commands: str, folder: Path) -> tuple[int, str]:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=600,
    )
    return done.returncode, done.stdout + done.stderr


def in_process(words: list[str], folder: Path) -> tuple[int, str]:
    from matano.cli import app

    said = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            app(words, prog_name="matano")
            status = 0
        except SystemExit as ended:
            status = ended.code or 0
    return status, said.getvalue()


def environment(folder: Path) -> dict[str, str]:
    """With the commands `matano` and `python3` of this environment before all others."""
    place = folder / ".bin"
    if not place.exists():
        place.mkdir()
        for name, words in (("matano", "-m matano"), ("python3", ""), ("python", "")):
            script = place / name
            script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {words} "$@"\n', encoding="utf-8")
            script.chmod(0o755)
    return os.environ | {"PATH": f"{place}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}


def run_python(page: Page, block: Block) -> None:
    """Words are printed as they stand; numbers to a twentieth of themselves."""
    script = page.folder / f"block_{block.number}.py"
    script.write_text(block.text, encoding="utf-8")
    said = io.StringIO()
    with contextlib.chdir(page.folder), contextlib.redirect_stdout(said):
        exec(compile(block.text, str(script), "exec"), page.names)
    printed, expected = said.getvalue().splitlines(), expected_lines(block.text)
    assert [NUMBER.sub("#", line) for line in printed] == [NUMBER.sub("#", line) for line in expected]
    numbers = [[float(word) for word in NUMBER.findall("\n".join(lines))] for lines in (printed, expected)]
    assert numbers[0] == pytest.approx(numbers[1], rel=CLOSE)


def expected_lines(code: str) -> list[str]:
    """What a block says it prints: the comment behind a print, or on the line below it."""
    lines, found = code.splitlines(), []
    for k, line in enumerate(lines):
        if line.startswith("print("):
            below = lines[k + 1] if k + 1 < len(lines) else ""
            comment = line.partition(")  # ")[2] or (below[2:] if below.startswith("# ") else "")
            assert comment, f"say what is printed: {line}"
            found.append(comment)
    return found


def check_toml(page: Page, block: Block) -> None:
    if block.saved:
        (page.folder / block.saved).write_text(block.text, encoding="utf-8")
    if "[experiment]" in block.text:
        tomllib.loads(block.text)
        return
    from simulator.files.case import parse_case

    parse_case(block.text, folder=page.folder).problem.check()


def check_text(page: Page, block: Block) -> None:
    if block.saved:
        (page.folder / block.saved).write_text(block.text, encoding="utf-8")
        return
    printed = {masked(line) for line in page.printed.splitlines()}
    said = [line for line in block.text.splitlines() if line.strip() not in ("", "...")]
    assert said
    missing = [line for line in said if masked(line) not in printed]
    assert not missing, f"{name_of(page.path)}, block {block.number} shows what was not printed: {missing}"


def masked(line: str) -> str:
    return " ".join(NUMBER.sub("#", line).split())


def ignore(page: Page, block: Block) -> None:
    """A block that is not run; test_docs_blocks.py asks for the reason."""


DONE = {"sh": run_shell, "python": run_python, "toml": check_toml, "text": check_text, "console": ignore, "": ignore}

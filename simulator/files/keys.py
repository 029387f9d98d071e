"""Where each key of a TOML text stands: tomllib reads the values but forgets the lines.

A key path is a tuple of names and indices, ("law", "D", 0, 1), written "law.D[0][1]". Everything here is a loop over
tokens, so that no text, however deep its brackets, ends in a RecursionError.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from simulator.faults import Invalid, near

DEPTH = 64
LARGEST = 1_000_000

KeyPath = tuple[str | int, ...]

TOKEN = re.compile(
    r"""
      (?P<newline>\n)
    | (?P<space>[^\S\n]+)
    | (?P<comment>\#[^\n]*)
    | (?P<text>\"{3}(?:[^\\]|\\.)*?\"{3}\"{0,2} | '{3}.*?'{3}'{0,2} | "(?:[^"\\\n]|\\[^\n])*" | '[^'\n]*')
    | (?P<mark>[\[\]{}=,])
    | (?P<bare>[^\s"'\[\]{}=,\#]+)
    | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
STEP = re.compile(
    r"""
      \[(?P<index>\d{1,9})\]
    | \.?(?P<bare>[^.\[\]"']+)
    | \.?(?P<text>"(?:[^"\\]|\\.)*" | '[^']*')
    """,
    re.VERBOSE,
)
PLACE = re.compile(r"\s*\(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)")

HINTS = {
    "Cannot overwrite a value": "this key was given before",
    "Cannot declare": "this table was given before",
    "Expected newline or end of document": 'a quantity or an expression stands in quotes, as in "1e-14 m^2/s"',
    "Invalid value": "a text stands in quotes; true and false are written small",
    "Invalid statement": "a line is a comment, KEY = VALUE or [TABLE]; every key has a name",
}


def tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """Kind, text and line of every token; spaces and comments are left out."""
    line = 1
    for match in TOKEN.finditer(text):
        kind, token = match.lastgroup, match.group()
        if kind not in ("space", "comment"):
            yield kind, token, line
        line += token.count("\n")


def unquoted(token: str) -> str:
    """The name that a quoted key stands for; the token as it is if its escapes are wrong."""
    try:
        return tomllib.loads(f"key = {token}")["key"]
    except ValueError:
        return token[1:-1]


def path_text(path: KeyPath) -> str:
    """("law", "D", 0, 1) as "law.D[0][1]"; names that are not bare keys are quoted."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part}]"
            continue
        bare = re.fullmatch(r"[A-Za-z0-9_-]+", part)
        name = part if bare else '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
        written += f".{name}" if written else name
    return written


def path_of(text: str) -> KeyPath:
    """ "law.D[0][1]" as ("law", "D", 0, 1). Raises ValueError when the text is not a key path."""
    path = relative_path_of(text)
    if not path or isinstance(path[0], int):
        raise ValueError(f"{text[:80]!r} is not a key, such as domain.cells or law.D[0][1].")
    return path


def relative_path_of(text: str) -> KeyPath:
    """The same below some table or array: it may begin with an index, or be empty."""
    path: list[str | int] = []
    end = 0
    while end < len(text):
        match = STEP.match(text, end)
        if not match or (end == 0 and text[0] == ".") or len(path) >= DEPTH:
            raise ValueError(f"{text[:80]!r} is not a key, such as domain.cells or law.D[0][1].")
        if match["index"]:
            path.append(int(match["index"]))
        else:
            path.append(unquoted(match["text"]) if match["text"] else match["bare"].strip())
        end = match.end()
    if "" in path:
        raise ValueError(f"{text[:80]!r} is not a key, such as domain.cells or law.D[0][1].")
    return tuple(path)


class Scanner:
    """Follows a valid TOML text token by token; `lines` holds the line on which each key path begins."""

    def __init__(self):
        self.lines: dict[KeyPath, int] = {}
        self.table: KeyPath = ()
        self.counts: dict[KeyPath, int] = {}  # arrays of tables: how many entries so far
        self.frames: list[tuple[KeyPath, int | None]] = []  # open arrays (path, index) and inline tables (path, None)
        self.parts: list[str] = []
        self.start = 1
        self.brackets = 0
        self.target: KeyPath | None = None  # the path whose value is expected; None while a key is

    def read(self, kind: str, token: str, line: int) -> None:
        if kind == "newline":
            if not self.frames:
                self.parts, self.brackets, self.target = [], 0, None
        elif self.target is None and kind in ("bare", "text"):
            if not self.parts:
                self.start = line
            self.parts += [unquoted(token)] if kind == "text" else [part for part in token.split(".") if part]
        elif kind in ("bare", "text"):
            self.note(self.target, line)
        elif token == "=":
            base = self.frames[-1][0] if self.frames else self.table
            for count in range(1, len(self.parts) + 1):
                self.note(base + tuple(self.parts[:count]), self.start)
            self.target, self.parts = base + tuple(self.parts), []
        elif token in "[{" and self.target is not None:
            self.note(self.target, line)
            self.frames.append((self.target, 0 if token == "[" else None))
            self.target = (*self.target, 0) if token == "[" else None
        elif token == "[":
            self.brackets += 1
        elif token == "]" and self.brackets and not self.frames:
            if self.parts:
                self.header(line)
        elif token in "]}" and self.frames:
            path, _ = self.frames.pop()
            self.target, self.parts = path, []
        elif token == "," and self.frames:
            path, index = self.frames.pop()
            index = None if index is None else index + 1
            self.frames.append((path, index))
            self.target, self.parts = (None if index is None else (*path, index)), []

    def header(self, line: int) -> None:
        """[a.b] or [[a.b]]: the table that the lines below belong to."""
        path: KeyPath = ()
        for count, part in enumerate(self.parts, start=1):
            path = (*path, part)
            self.note(path, line)
            last = count == len(self.parts)
            if last and self.brackets == 2:
                self.counts[path] = self.counts.get(path, 0) + 1
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
                self.note(path, line)
        self.table, self.parts, self.brackets = path, [], 0

    def note(self, path: KeyPath, line: int) -> None:
        self.lines.setdefault(path, line)


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line, counted from 1, of every key path of a valid TOML text: of its name, or of its value in an array."""
    scanner = Scanner()
    for kind, token, line in tokens(text):
        scanner.read(kind, token, line)
    return scanner.lines


def line_of(path: KeyPath, lines: dict[KeyPath, int]) -> int | None:
    """The line of a key path, or of the innermost table around it that is written down."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None


def check_depth(text: str, name: str) -> None:
    """Raise Invalid when brackets or dotted keys go deeper than DEPTH: readers that recurse never see such a text."""
    depth = dots = 0
    for kind, token, line in tokens(text):
        depth += (kind == "mark") * ((token in "[{") - (token in "]}"))
        dots = 0 if kind == "newline" or token in ("=", ",") else dots + token.count(".") * (kind == "bare")
        if depth > DEPTH:
            raise Invalid.at(f"{name}:{line}", f"brackets are nested more than {DEPTH} deep.")
        if dots > DEPTH:
            raise Invalid.at(f"{name}:{line}", f"a key has more than {DEPTH} parts.")
        depth = max(depth, 0)


def read_toml(text: str, name: str) -> dict:
    """The tables of a TOML text; Invalid, with file and line, in one sentence if it is not TOML."""
    check_depth(text, name)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = PLACE.search(message)
        lines = text.rstrip().count("\n") + 1
        line = int(place["line"]) if place and place["line"] else lines
        sentence = PLACE.sub("", message)
        hint = next((hint for start, hint in HINTS.items() if sentence.startswith(start)), "")
        where = f"{name}:{min(line, lines)}"
        words = sentence[:1].lower() + sentence[1:200] + (hint and f" ({hint})")
        raise Invalid.at(where, f"this is not TOML: {words}.") from None
    except (ValueError, RecursionError):
        # An integer of more digits than Python reads, and whatever passes check_depth and still is too deep.
        raise Invalid.at(name, "a number is too long, or tables are nested too deep.") from None


def read_text(path: Path) -> str:
    """A text file in UTF-8, at most LARGEST bytes."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except IsADirectoryError:
        raise Invalid.at(str(path), "is a folder; name a case file that ends in .toml.") from None
    except FileNotFoundError:
        beside = [entry.name for entry in path.parent.glob("*.toml")] if path.parent.is_dir() else []
        raise Invalid.at(str(path), f"there is no such file.{near(path.name, beside)}") from None
    except (OSError, ValueError) as error:
        raise Invalid.at(
            str(path), f"cannot be read: {getattr(error, 'strerror', None) or 'not a file name'}."
        ) from None
    if len(content) > LARGEST:
        raise Invalid.at(str(path), f"is larger than {LARGEST // 1000} kB; a case file is not.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Invalid.at(f"{path}:{line}", "is not a text in UTF-8; save it as UTF-8.") from None

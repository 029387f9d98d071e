"""A page as it is built: headings with a table of contents, text, tables, figures, verdicts; then one HTML file.

    page = Document("Cu-Ni couple, 1000 C, 100 h", "What ran, how well, and what came out.")
    page.heading("Verdict")
    page.verdict(True, "all 12 round trips are within their tolerances.")
    page.facts([("steps", "812"), ("conservation error", "3e-16")])
    page.heading("Wagner", level=3)
    page.table(["case", "largest error", ""], [["cu-ni", "1.2e-4", mark(True, "passed")]], caption="Round trips")
    page.figure(figure, "Profiles")    # one of matplotlib's; what it shows is said in words too, made from its numbers
    page.paragraph(link("back to the verdict", "verdict"))
    page.write(Path("R.html"))

Texts are texts: whatever they contain is escaped, and only what `mark` and `link` return is taken as it stands. A page
holds no script and names no address, and its policy forbids the browser to load anything. It is well-formed XML besides
being HTML, so that a parser of either reads it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from pathlib import Path

from matano.console import check_target, is_number, whole
from matano.pages.escaping import Markup, markup

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
SIGNS = {True: ("passed", "✓"), False: ("failed", "✗"), None: ("open", "–")}


def mark(passed: bool | None, words: str) -> Markup:
    """Words with a sign and a colour for passed (True), failed (False) or neither (None): within a text or a table."""
    kind, sign = SIGNS[passed]
    return Markup(f'<span class="mark {kind}"><span aria-hidden="true">{sign}</span> {markup(words)}</span>')


def link(words: str, anchor: str) -> Markup:
    """A link to a heading of the same page, by the name that `Document.heading` returned."""
    return Markup(f'<a href="#{escape(anchor)}">{markup(words)}</a>')


@dataclass
class Document:
    """A page with a title and, below it, a sentence of what it is; what is added stands in the order of the calls."""

    title: str
    summary: str = ""
    parts: list[str] = field(default_factory=list, repr=False)
    headings: list[tuple[int, str, str]] = field(default_factory=list, repr=False)
    figures: int = 0

    def heading(self, title: str, level: int = 2) -> str:
        """A heading of level 2 or 3, in the table of contents too; the name to `link` to it."""
        if level not in (2, 3):
            raise ValueError(f"a heading has level 2 or 3, got {level}")
        stem = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "part"
        taken = {name for _, name, _ in self.headings} | {"contents"}
        name = next(name for k in range(1, len(taken) + 2) if (name := stem if k == 1 else f"{stem}-{k}") not in taken)
        self.headings.append((level, name, title))
        self.parts.append(f'<h{level} id="{name}">{markup(title)}</h{level}>')
        return name

    def paragraph(self, text: str) -> None:
        self.parts.append(f"<p>{markup(text)}</p>")

    def items(self, entries: Iterable[str]) -> None:
        """A list with a dot before each entry; nothing where there is none."""
        rows = "".join(f"<li>{markup(entry)}</li>" for entry in entries)
        if rows:
            self.parts.append(f"<ul>{rows}</ul>")

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Names with what they are: a list of facts; nothing where there is none."""
        rows = "".join(f"<div><dt>{markup(name)}</dt><dd>{markup(text)}</dd></div>" for name, text in pairs)
        if rows:
            self.parts.append(f"<dl>{rows}</dl>")

    def verdict(self, passed: bool | None, sentence: str) -> None:
        """A box with a verdict: passed (True), failed (False), or nothing to judge by (None)."""
        kind, _ = SIGNS[passed]
        self.parts.append(f'<p class="verdict {kind}">{mark(passed, kind)} {markup(sentence)}</p>')

    def verbatim(self, text: str, caption: str = "") -> None:
        """A text letter by letter, such as a case."""
        said = f"<figcaption>{markup(caption)}</figcaption>" if caption else ""
        self.parts.append(f'<figure class="verbatim">{said}<pre tabindex="0">{markup(text)}</pre></figure>')

    def table(self, head: Sequence[str], rows: Iterable[Sequence[str]], caption: str = "") -> None:
        """A table with a head; columns of which every entry is a number stand to the right."""
        rows = [list(row) for row in rows]
        for row in rows:
            if len(row) != len(head):
                raise ValueError(f"a row of {len(row)} entries under a head of {len(head)}")
        right = [bool(rows) and all(is_number(str(row[k])) for row in rows) for k in range(len(head))]

        def line(tag: str, row) -> str:
            cells = zip(row, right, strict=True)
            return "".join(f"<{tag}{NUMBER if number else ''}>{markup(cell)}</{tag[:2]}>" for cell, number in cells)

        title = f"<caption>{markup(caption)}</caption>" if caption else ""
        body = "".join(f"<tr>{line('td', row)}</tr>" for row in rows)
        table = f"<table>{title}<thead><tr>{line(COLUMN, head)}</tr></thead><tbody>{body}</tbody></table>"
        label = markup(str(caption or ", ".join(filter(None, map(str, head)))))
        self.parts.append(f'<div class="wide" role="region" tabindex="0" aria-label="{label}">{table}</div>')

    def figure(self, figure, title: str, text: str = "", caption: str = "") -> None:
        """A figure of matplotlib, which is closed, as inline SVG. text: what it shows, for who cannot see it, by
        default its axes and lines with their numbers; caption: what is said below it to everybody, after its title."""
        from matano.pages.vector import inline
        from matano.pages.words import described

        self.figures += 1
        drawn = inline(figure, f"figure-{self.figures}", title, text or described(figure))
        said = f"<b>Figure {self.figures}.</b> {markup(title)}{'. ' if caption else ''}{markup(caption)}"
        self.parts.append(f'<figure class="drawing">{drawn}<figcaption>{said}</figcaption></figure>')

    def contents(self) -> str:
        """The table of contents; empty for less than two headings."""
        if len(self.headings) < 2:
            return ""
        entries = "".join(f'<li class="level{level}">{link(title, name)}</li>' for level, name, title in self.headings)
        return f'<nav id="contents" aria-label="Contents"><ol>{entries}</ol></nav>'

    def html(self) -> str:
        """The whole page."""
        style = files("matano.pages").joinpath("page.css").read_text(encoding="utf-8")
        summary = f'<p class="summary">{markup(self.summary)}</p>' if self.summary else ""
        body = "\n".join(self.parts)
        return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8" />
<meta http-equiv="Content-Security-Policy" content="{POLICY}" />
<meta name="viewport" content="width=device-width, initial-scale=1" /><meta name="color-scheme" content="light dark" />
<link rel="icon" href="data:," /><title>{markup(self.title)}</title>
<style>{style}</style></head>
<body><header><h1>{markup(self.title)}</h1>{summary}</header>
{self.contents()}
<main>
{body}
</main></body></html>
"""

    def write(self, path: Path, force: bool = False) -> Path:
        """Write the page, whole or not at all; UsageFault where it cannot be, or exists and force is not given."""
        check_target(path, force)
        with whole(path) as part:
            part.write_text(self.html(), encoding="utf-8")
        return path


NUMBER = ' class="number"'
COLUMN = 'th scope="col"'

"""How results, estimates and verdicts show themselves in a notebook: facts, tables and figures as HTML.

`%load_ext matano` registers them. They stand here and not in the classes themselves, since what simulates and what
analyses knows nothing of figures.
"""

import io
import itertools

from matano.notebook import of_analyses, of_kind, own_look, usual
from matano.pages.document import mark
from matano.pages.escaping import Markup, markup
from simulator.faults import Invalid

SHOWN = {
    ("simulator.solve.result", "Result"): "result",
    ("simulator.solve.field_result", "FieldResult"): "result",
    ("inverse.estimate", "Estimate"): "estimate",
    ("inverse.compare", "Verdict"): "verdict",
    ("matano.commands.analyse", "Analysis"): "analysis",
}
NUMBERS = itertools.count(1)  # of figures, whose names within one notebook must differ
STYLE = "text-align: right; padding: 0.1em 0.7em"


def register(formatters) -> None:
    """Make the classes known to the formatters of IPython, by their names: nothing is imported for it."""
    for (module, name), kind in SHOWN.items():
        formatters["text/html"].for_type_by_name(module, name, HTML[kind])
        formatters["text/plain"].for_type_by_name(module, name, plainly(TEXT[kind]))
    formatters["image/png"].for_type_by_name("matplotlib.figure", "Figure", picture)


def picture(figure) -> bytes:
    """A figure of matplotlib as PNG, whether or not the notebook has chosen to show figures."""
    written = io.BytesIO()
    figure.savefig(written, format="png")
    return written.getvalue()


def plainly(text):
    """A function of IPython's printer from one that returns a text."""
    return lambda shown, printer, cycle: printer.text("..." if cycle else text(shown))


def result(shown) -> Markup:
    """What was solved and how well, above the profiles."""
    from matano.drawing import title_of

    parts = [Markup(f"<p><b>{markup(title_of(shown) or 'Result')}</b></p>"), facts(facts_of(shown))]
    parts += [Markup(f"<p>{mark(None, markup(sentence))}</p>") for sentence in shown.warnings]
    if shown.snapshots:
        parts.append(drawn(lambda: of_kind(shown, ""), usual(shown).capitalize()))
    return joined(parts)


def facts_of(shown) -> list[tuple[str, str]]:
    """Pairs of a name and a text, as `matano run` prints them."""
    from matano.commands.run import number
    from matano.console import duration

    cells = " x ".join(str(count) for count in shown.box.cells) if hasattr(shown, "box") else f"{shown.grid.cells}"
    pairs = [("components", ", ".join(shown.components)), ("cells", cells), ("status", shown.status)]
    if not shown.snapshots:
        return pairs
    last = shown.snapshots[-1]
    times = "" if last.time == float("inf") else f", the last at {duration(last.time)}"
    pairs.append(("saved", f"{len(shown.snapshots)}{times}"))
    pairs.append(("steps", f"{last.diagnostics['steps']:.0f} ({last.diagnostics['rejected_steps']:.0f} rejected)"))
    pairs += [
        (name.replace("_", " "), number(last.diagnostics[name])) for name in ("error_estimate", "conservation_error")
    ]
    return pairs


def verdict(shown) -> Markup:
    """One line: passed or not, and by how much."""
    return Markup(f"<p>{mark(shown.passed, 'passed' if shown.passed else 'failed')} {markup(shown)}</p>")


def estimate(shown) -> Markup:
    """A dozen values with their standard deviations."""
    return joined([heading_of(alone(shown)), *tables(alone(shown)), *warnings_of(shown)])


def analysis(shown) -> Markup:
    """The values beside the truth, and the figure."""
    parts = [heading_of(shown), *tables(shown), *warnings_of(shown.estimate)]
    if shown.verdict is not None:
        parts.append(verdict(shown.verdict))
    return joined([*parts, drawn(lambda: of_analyses([shown]), "The profile, and what was recovered from it")])


def alone(shown):
    """An estimate as an analysis without its profile."""
    from pathlib import Path

    import numpy as np

    from matano.commands.analyse import Analysis
    from simulator.solve.profile import Profile

    nothing = Profile(np.zeros(0), (shown.component or "X",), np.zeros((1, 0)))
    return Analysis((Path(shown.source or "profile"),), (nothing,), (None,), shown, None)


def heading_of(entry) -> Markup:
    from matano.estimate_tables import heading
    from matano.estimates import kind_of

    return Markup(f"<p><b>{markup(heading(entry, kind_of(entry.estimate)))}</b></p>")


def tables(entry) -> list[Markup]:
    from matano.pages.analyses import values

    page = Collected()
    values(page, entry)
    return page.parts


class Collected:
    """Takes the tables of a page, without the page."""

    def __init__(self):
        self.parts: list[Markup] = []

    def table(self, head, rows, caption: str = "") -> None:
        self.parts.append(table(head, rows, caption))


def warnings_of(shown) -> list[Markup]:
    return [Markup(f"<p>{mark(None, markup(sentence))}</p>") for sentence in shown.warnings]


def table(head, rows, caption: str = "") -> Markup:
    above = "".join(f'<th scope="col" style="{STYLE}">{markup(cell)}</th>' for cell in head)
    lines = "".join(
        f"<tr>{''.join(f'<td style={chr(34)}{STYLE}{chr(34)}>{markup(cell)}</td>' for cell in row)}</tr>"
        for row in rows
    )
    said = f"<caption>{markup(caption)}</caption>" if caption else ""
    return Markup(f"<table>{said}<thead><tr>{above}</tr></thead><tbody>{lines}</tbody></table>")


def facts(pairs) -> Markup:
    lines = "".join(f'<tr><th scope="row">{markup(name)}</th><td>{markup(text)}</td></tr>' for name, text in pairs)
    return Markup(f"<table><tbody>{lines}</tbody></table>")


def drawn(draw, title: str) -> Markup:
    """A figure as inline SVG with its words for who cannot see it; a sentence where it cannot be drawn."""
    from matano.pages.vector import inline
    from matano.pages.words import described

    with own_look():
        try:
            figure = draw()
        except Invalid as error:
            return Markup(f"<p>{markup(error)}</p>")
        return Markup(inline(figure, f"matano-{next(NUMBERS)}", title, described(figure)))


def joined(parts) -> Markup:
    return Markup(f"<div>{''.join(parts)}</div>")


def words_of_result(shown) -> str:
    from matano.drawing import title_of

    return f"{title_of(shown) or 'Result'}: " + ", ".join(f"{name} {text}" for name, text in facts_of(shown))


def words_of_estimate(shown) -> str:
    from matano.estimate_tables import heading
    from matano.estimates import kind_of

    return heading(alone(shown), kind_of(shown))


def words_of_analysis(shown) -> str:
    beside = "" if shown.verdict is None else f"; {shown.verdict}"
    return f"{words_of_estimate(shown.estimate)}{beside}"


HTML = {"result": result, "estimate": estimate, "verdict": verdict, "analysis": analysis}
TEXT = {"result": words_of_result, "estimate": words_of_estimate, "verdict": str, "analysis": words_of_analysis}

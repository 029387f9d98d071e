"""Figures of a run of benchmarks: error against CPU time, cost against size, distance from limits, promises."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from matano.benching import curves
from matano.benching.readme import Promise, promises
from matano.drawing import COLOURS, MARKS, STYLES, pyplot, write

PRECISE = (1e-6, 1e-3)  # the errors that are asked for
ROOM, LINE = 0.9, 0.32  # inches of a figure of bars, without and for each of them
LONGEST = 70  # letters of the name of a bar


def slug(*words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")


def write_figures(run: Mapping, folder: Path, ending: str = ".png") -> list[tuple[Path, str]]:
    """Every figure of a run into a folder, which is made: the files, each with what it shows in a sentence."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []

    def drawn(figure, name: str, sentence: str) -> None:
        found.append((write(figure, folder / f"{name}{ending}"), sentence))

    for table in curves.tables(run["benchmarks"]):
        title, name = f"{table.benchmark}: {table.name}", slug(table.benchmark, table.name)
        points = curves.work_precision(table.rows)
        if any(len(curve) > 1 for curve in points.values()):
            told = curves.verdict(points)
            drawn(
                work_precision(points, title, curves.error_key(table.rows)), name, f"{title}: {told}" if told else title
            )
        sized = curves.costs(table.rows)
        if sized is not None:
            drawn(cost(*sized, title), f"{name}-size", title)
        limits = curves.distances(table.rows)
        if limits:
            drawn(distance(limits, title), f"{name}-limits", title)
    bounded = [entry for entry in promises(run["benchmarks"]) if entry.value]
    if bounded:
        drawn(kept(bounded), "promises", "what is promised, as parts of its bound")
    return found


def look(k: int, code: str = "") -> dict:
    """Ours are drawn whole and heavy, other programs dashed."""
    peer = curves.is_peer(code)
    style = STYLES[1 + k % (len(STYLES) - 1)] if peer else STYLES[0]
    return {
        "color": COLOURS[k % len(COLOURS)],
        "marker": MARKS[(k + k // len(COLOURS)) % len(MARKS)],
        "linestyle": style,
        "markersize": 4.0,
        "linewidth": 1.2 if peer else 2.0,
    }


def work_precision(points: Mapping[str, Sequence[tuple[float, float]]], title: str, error: str):
    """Error against CPU time: every run a mark, its lower envelope the line."""
    figure, ax = pyplot().subplots()
    ax.axvspan(*PRECISE, color="0.94", zorder=0)
    for k, (code, curve) in enumerate(points.items()):
        style = look(k, code)
        ax.plot(*zip(*sorted(curve), strict=True), **style | {"linestyle": "none", "alpha": 0.4})
        ax.plot(*zip(*curves.envelope(curve), strict=True), **style, label=code)
    ax.set(xscale="log", yscale="log", xlabel=error.replace("_", " "), ylabel="CPU time, s", title=title)
    ax.invert_xaxis()
    ax.legend(fontsize=8)
    return figure


def cost(size: str, kinds: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]], title: str):
    """Cost against size, one panel for each kind of cost."""
    figure, axes = pyplot().subplots(1, len(kinds), figsize=(4.2 * len(kinds) + 1.0, 3.8), squeeze=False)
    for ax, (kind, members) in zip(axes[0], kinds.items(), strict=True):
        for k, (name, points) in enumerate(members.items()):
            ax.plot(*zip(*sorted(points), strict=True), **look(k), label=name)
        ax.set(xscale="log", yscale="log", xlabel=curves.SIZES[size], ylabel=curves.COSTS[kind])
        if len(members) > 1:
            ax.legend(fontsize=8)
    figure.suptitle(title)
    return figure


def bars(names: Sequence[str], values: Sequence[float], title: str, xlabel: str):
    """One bar a name, from above to below, and a line at 1."""
    figure, ax = pyplot().subplots(figsize=(8.0, ROOM + LINE * len(names)))
    names = [name if len(name) <= LONGEST else f"{name[: LONGEST - 3]}..." for name in names]
    places = range(len(names))
    ax.barh(places, values, color=[COLOURS[0] if value <= 1.0 else COLOURS[1] for value in values])
    ax.axvline(1.0, color="black", linewidth=1.0)
    ax.set_yticks(places, names, fontsize=7)
    ax.invert_yaxis()
    ax.set(xlabel=xlabel, title=title)
    return figure


def distance(limits: Sequence[tuple[str, float, float]], title: str):
    """How many times longer it takes than the machine would need at least."""
    names = [name for name, _, _ in limits]
    figure = bars(names, [ns / limit for _, ns, limit in limits], title, "time over the least that the machine needs")
    for bar in figure.axes[0].patches:
        bar.set_color(COLOURS[0])
    return figure


def kept(entries: Sequence[Promise]):
    """Values as parts of their bounds: up to 1 is what was promised."""
    parts = [e.at_least / e.value if e.at_least is not None else e.value / e.at_most for e in entries]
    return bars([f"{e.benchmark}: {e.what}" for e in entries], parts, "Promises", "part of the bound that is used up")

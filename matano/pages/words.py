"""What a figure of matplotlib shows, in words with its numbers, for who cannot see it."""

import re

import numpy as np

MOST_LINES = 12  # of axes that are told one by one
NOTHING = 1e-9  # of the largest value of a line: less is rounding
APART = 1e-3  # of the range of a line, by which its lowest or highest value must leave both of its ends to be told
GREEK = {
    "varphi": "phi",
    "Phi": "Phi",
    "Omega": "Omega",
    "mu": "mu",
    "sqrt": "sqrt",
    "tilde": "",
    "mathrm": "",
    "cdot": "*",
}


def described(figure) -> str:
    """Sentences for each axes: what stands on them and from where to where, then each line with a name: how many points
    it has, where it begins and ends, and its lowest and highest value."""
    return " ".join(filter(None, (axes_in_words(ax) for ax in figure.axes if ax.axison)))


def plain(text: str) -> str:
    """A label without its mathematical signs."""
    text = text.replace(r"\sqrt{t}", "sqrt t")
    text = re.sub(r"\\([A-Za-z]+)\s?", lambda found: GREEK.get(found[1], found[1]), text.replace(r"\_", "_"))
    return " ".join(re.sub(r"[${}\\]", "", text).split())


def shown(value: float) -> str:
    return f"{float(value) + 0.0:.4g}"


def axes_in_words(ax) -> str:
    title = ax.get_title(loc="center") or ax.get_title(loc="left")
    words = [f"{plain(title)}."] if title else []
    if ax.name == "ternary":
        words.append(f"Triangle of {ax.get_llabel()} (left), {ax.get_rlabel()} (right) and {ax.get_tlabel()} (top).")
    elif hasattr(ax, "_colorbar"):
        return f"Colours: {plain(ax.get_ylabel())} from {limits(ax.get_ylim())}."
    else:
        for name, scale, ends in (("x", ax.get_xscale(), ax.get_xlim()), ("y", ax.get_yscale(), ax.get_ylim())):
            label = plain(getattr(ax, f"get_{name}label")())
            kind = ", logarithmic" if scale == "log" else ""
            words.append(f"{'Across' if name == 'x' else 'Up'}: {label or name}{kind}, from {limits(ends)}.")
    told = [*lines_of(ax), *bars_of(ax)]
    words += told[:MOST_LINES]
    if len(told) > MOST_LINES:
        words.append(f"And {len(told) - MOST_LINES} more.")
    return " ".join(words)


def limits(ends) -> str:
    return f"{shown(ends[0])} to {shown(ends[1])}"


def lines_of(ax) -> list[str]:
    """A sentence for each line that the legend names, or for each, if it names none."""
    named = {id(line): plain(str(line.get_label())) for line in ax.lines}
    named |= {id(group.lines[0]): plain(str(group.get_label())) for group in ax.containers if hasattr(group, "lines")}
    own = [line for line in ax.lines if named[id(line)] and not named[id(line)].startswith("_")]
    told = []
    for line in own or list(ax.lines):
        name = named[id(line)]
        sentence = line_in_words(ax, line)
        if sentence:
            told.append(f"{name}: {sentence}." if name and not name.startswith("_") else f"A line: {sentence}.")
    return told


def line_in_words(ax, line) -> str:
    x, y = (np.ma.filled(np.ma.asarray(part, float), np.nan) for part in line.get_data())
    x, y = np.atleast_1d(x), np.atleast_1d(y)
    if ax.name != "ternary" and line.get_transform() == ax.get_xaxis_transform():
        return f"at {shown(x[0])} across"
    if ax.name != "ternary" and line.get_transform() == ax.get_yaxis_transform():
        return f"at {shown(y[0])} up"
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return ""
    x, y = x[known], y[known]
    if ax.name == "ternary":
        return f"{x.size} points from {corner(ax, x[0], y[0])} to {corner(ax, x[-1], y[-1])}"
    if x.size == 1:
        return f"{shown(y[0])} at {shown(x[0])}"
    y = np.where(np.abs(y) > NOTHING * np.abs(y).max(), y, 0.0) if ax.get_yscale() == "linear" else y
    if np.ptp(y) <= NOTHING * np.abs(y).max():
        return f"{shown(y[0])} everywhere from {shown(x[0])} to {shown(x[-1])}"
    words = f"{x.size} points, from {shown(y[0])} at {shown(x[0])} to {shown(y[-1])} at {shown(x[-1])}"
    extremes = (("lowest", np.argmin(y)), ("highest", np.argmax(y)))
    apart = APART * np.ptp(y)
    inner = [
        f"{word} {shown(y[k])} at {shown(x[k])}" for word, k in extremes if np.abs(y[[0, -1]] - y[k]).min() > apart
    ]
    return ", ".join([words, *inner])


def corner(ax, x: float, y: float) -> str:
    """A point of a triangle by its three fractions: top, left, right."""
    top, left, right = (float(part) for part in ax.transProjection.inverted().transform([[x, y]])[0])
    return f"({left:.3f}, {right:.3f}, {top:.3f})"


def bars_of(ax) -> list[str]:
    """A sentence for each set of bars: their names and heights."""
    names = [plain(label.get_text()) for label in ax.get_xticklabels()]
    told = []
    for group in ax.containers:
        heights = [patch.get_height() for patch in getattr(group, "patches", ())]
        if heights:
            each = names if len(names) == len(heights) else [str(k + 1) for k in range(len(heights))]
            pairs = ", ".join(f"{name} {shown(value)}" for name, value in zip(each, heights, strict=True))
            told.append(f"{plain(str(group.get_label()))}: {pairs}.")
    return told

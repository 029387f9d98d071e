"""How figures are drawn: without a display, in readable units, in colours and line styles that differ for everybody."""

import contextlib
import textwrap
from importlib import import_module
from pathlib import Path

import numpy as np

from matano.console import UsageFault, check_target, whole
from simulator.faults import Invalid

LENGTHS = (("nm", 1e-9), ("um", 1e-6), ("mm", 1e-3), ("m", 1.0))
SPEEDS = (("pm/s", 1e-12), *((f"{name}/s", size) for name, size in LENGTHS))
TIMES = (("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3), ("us", 1e-6), ("ns", 1e-9))
# Okabe & Ito's colours, which differ for every kind of colour vision.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#7f7f7f")
STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (3, 3)), (0, (1, 3)))
MARKS = ("o", "s", "^", "D", "v", "P", "X", "*")
MOST_CURVES = 6
MOVED = 1e-3  # of the step of a profile: what differs less from an end value rests
MARGIN = 0.25  # of the zone where something happens, shown on either side of it
SMALL = 0.3  # of the triangle: paths that need less are shown enlarged
ROOM = 0.15  # of the range of a path, left free around it
ENDINGS = (".png", ".pdf", ".svg")
LETTERS = 10  # of a title in an inch
SALT = "matano"  # matplotlib makes the names in an SVG from it, by default from a random one
ROUNDING = 1e-4  # of the largest value: curves that change by less are level
LEVEL = 0.1  # of the value of level curves, shown on either side of them
BESIDE = 2.0  # inches for names beside the axes


def pyplot():
    """Matplotlib's pyplot, drawing into files, with the style of every figure here."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    matplotlib.rcParams.update(
        {
            "figure.figsize": (6.4, 4.2),
            "figure.dpi": 150,
            "figure.constrained_layout.use": True,
            "font.size": 10,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "grid.linewidth": 0.6,
            "lines.linewidth": 1.6,
            "legend.frameon": False,
            "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
        }
    )
    return plt


def unit_of(extent: float, units) -> tuple[str, float]:
    """Of units from small to large, the one in which a size reads as a number between about 1 and 1000."""
    for name, size in units:
        if extent < 2000.0 * size:
            return name, size
    return units[-1]


def length_unit(extent: float) -> tuple[str, float]:
    """The unit in which a length reads as a number between about 1 and 1000."""
    return unit_of(extent, LENGTHS)


def time_unit(last: float) -> tuple[str, float]:
    """The unit for times up to the last one."""
    return next((name, size) for name, size in TIMES if last >= size or name == TIMES[-1][0])


def check_figure(path: Path) -> None:
    """Raise UsageFault unless a figure may be written at `path`."""
    check_target(path)
    if path.suffix.lower() not in ENDINGS:
        raise UsageFault.at(str(path), f"unknown kind of figure {path.suffix!r}; use .png, .pdf or .svg.")


def write(figure, path: Path) -> Path:
    """Write a figure and close it; UsageFault where it cannot be written."""
    check_figure(path)
    try:
        with whole(path) as part, same_every_time(path) as facts:
            figure.savefig(part, metadata=facts)
    finally:
        pyplot().close(figure)
    return path


@contextlib.contextmanager
def same_every_time(path: Path):
    """What to write into a file of this kind so that one figure is the same bytes whenever it is drawn."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": SALT}):
        yield {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix.lower())


def title_of(shown) -> str:
    """The title of a case or a result."""
    return shown.title if hasattr(shown, "title") else shown.problem.title


def entitle(ax, shown, *more: str, pad: float | None = None) -> None:
    """Put the title of a case or a result, and what else is to be said, above its figure."""
    words = [word for word in (title_of(shown), *more) if word]
    if words:
        room = int(LETTERS * ax.figure.get_figwidth())
        ax.set_title(textwrap.fill(": ".join(words), room), fontsize=10, pad=pad)


def mathematical(name: str) -> str:
    """A name as an upright subscript of mathematical text."""
    return rf"\mathrm{{{name}}}".replace("_", r"\_")


def subscripted(symbol: str, *names: str) -> str:
    """A symbol with names as its subscript, as mathematical text."""
    return rf"${symbol}_{{{mathematical(','.join(names))}}}$"


def legend(figure, ax, crowded: bool) -> None:
    """The names of the lines: over the axes, which stay readable below, or beside them where there are many."""
    if crowded:
        figure.set_figwidth(figure.get_figwidth() + BESIDE)
        figure.legend(loc="outside right upper")
    else:
        ax.legend(frameon=True, framealpha=0.9, edgecolor="none")


def chosen(result) -> list[int]:
    """Indices of the saved times to draw: not more than can be told apart, the last one among them."""
    count = len(result.snapshots)
    if not count:
        raise Invalid.at(result.source, "holds no saved time yet.")
    return sorted(set(np.linspace(count - 1, 0, min(count, MOST_CURVES)).round().astype(int).tolist()))


def position_axis(result, ylabel: str):
    """A figure over the position: figure, axes, the size of the unit of x."""
    figure, ax = pyplot().subplots()
    ax.set_ylabel(ylabel)
    entitle(ax, result)
    return figure, ax, label_positions(ax.set_xlabel, result)


def label_positions(label, result) -> float:
    """Write an axis of positions with its unit; the size of the unit."""
    name, size = length_unit(float(np.max(np.abs(result.grid.faces))))
    label(f"{'x' if result.grid.geometry == 'planar' else 'r'} ({name})")
    return size


def root_time_axis(ax, last: float) -> float:
    """Times on an axis of sqrt t, on which parabolic paths are straight; the size of the unit."""
    name, size = time_unit(last)
    ax.set_xscale("function", functions=(lambda t: np.sqrt(np.maximum(t, 0.0)), np.square))
    ax.set_xlim(0.0, last / size)
    ax.set_xlabel(rf"t ({name}), as $\sqrt{{t}}$")
    return size


def shade(k: int, count: int):
    """The colour of the k-th of so many times: the later, the darker."""
    return pyplot().get_cmap("viridis")(0.05 + 0.85 * (count - 1 - k) / max(1, count - 1))


def zone(x: np.ndarray, fractions: np.ndarray) -> tuple[float, float] | None:
    """Where something happens: outside it, with a margin, every profile (k, N) stays at its end values within 1e-3 of
    its step. None where that is half of x or more.
    """
    steps = MOVED * np.ptp(fractions, axis=1, keepdims=True)
    moved = np.flatnonzero((np.abs(fractions - fractions[:, :1]) > steps).any(axis=0))
    resting = np.flatnonzero((np.abs(fractions - fractions[:, -1:]) > steps).any(axis=0))
    if not moved.size or not resting.size or moved[0] >= resting[-1]:
        return None
    start, stop = x[moved[0]], x[resting[-1]]
    margin = MARGIN * (stop - start)
    start, stop = max(x[0], start - margin), min(x[-1], stop + margin)
    return (float(start), float(stop)) if stop - start < 0.5 * (x[-1] - x[0]) else None


def show_zone(ax, result, size: float, rows=slice(None)) -> None:
    """Limit the axis of positions to where the composition changes at the drawn times."""
    times = chosen(result)
    profiles = result.composition[times][:, rows]
    moving = zone(result.position[times[-1]], profiles.reshape(-1, profiles.shape[-1]))
    if moving is not None:
        ax.set_xlim(moving[0] / size, moving[1] / size)


def level(ax) -> None:
    """Show level curves as such, not the rounding of them that an axis of their own limits would show."""
    values = [np.asarray(line.get_ydata(), float) for line in ax.lines if line.get_transform() == ax.transData]
    known = np.concatenate([own[np.isfinite(own)] for own in values] or [np.zeros(1)])
    low, high = float(known.min(initial=np.inf)), float(known.max(initial=-np.inf))
    size = max(abs(low), abs(high))
    if 0.0 < high - low < ROUNDING * size < np.inf:
        ax.set_ylim(low - LEVEL * size, high + LEVEL * size)


def look_of_time(k: int, count: int) -> dict:
    """Colour and line style of the k-th of so many times: the last one full and darkest."""
    return {"color": shade(k, count), "linestyle": STYLES[(count - 1 - k) % len(STYLES)]}


def corners(fractions):
    """Three mole fractions as the axes of a triangle take them: third at the top, first at the left, second right."""
    first, second, third = np.asarray(fractions, float)
    return third, first, second


def plane(fractions):
    """Where compositions lie in the plane of those axes, for fields over it: the height of the triangle is 1."""
    first, second, third = np.asarray(fractions, float)
    return (second - first) / np.sqrt(3.0), third


def triangle_axes(figure, place, components):
    """The triangle of three components with its grid, at a place of a figure as `add_subplot` takes it: the axes."""
    import_module("mpltern")  # makes the projection known

    ax = figure.add_subplot(place, projection="ternary")
    third, first, second = components[2], components[0], components[1]
    ax.set_tlabel(third)
    ax.set_llabel(first)
    ax.set_rlabel(second)
    for axis in (ax.taxis, ax.laxis, ax.raxis):
        axis.set_label_position("corner")
    ax.tick_params(labelsize=8, labelcolor="0.35")
    return ax


def enlarge(ax, fractions: np.ndarray) -> None:
    """Show the smallest triangle around the paths, fractions (3, N), where they need but a part of the whole one."""
    low, high = fractions.min(axis=1), fractions.max(axis=1)
    room = ROOM * (high - low).max()
    first, second, third = np.floor(20.0 * np.maximum(low - room, 0.0)) / 20.0
    side = 1.0 - first - second - third
    if 0.0 < side < 1.0 - SMALL:
        ax.set_ternary_lim(third, third + side, first, first + side, second, second + side)


def triangle_figure(shown, components, *more: str, width: float = 5.6):
    """A figure with the triangle of three components: figure, axes. more: after the title."""
    figure = pyplot().figure(figsize=(width, 5.0))
    ax = triangle_axes(figure, 111, components)
    entitle(ax, shown, *more, pad=16)
    return figure, ax

"""Figures of two and three dimensions: fields, free energy and lengths, structure factors."""

import math
import textwrap

import numpy as np

from matano.console import UsageFault, duration
from matano.drawing import LETTERS, chosen, entitle, length_unit, pyplot, shade, subscripted, time_unit, title_of
from matano.places import problem_of
from simulator.faults import Invalid
from simulator.laws.units import number

# Perceptually uniform, and read alike by every kind of colour vision.
COLOURS = "viridis"
PANEL = 3.0  # inches
MOST_COLUMNS = 3
FEWEST_TIMES = 4  # of which a power of time is told
DECADES_OF_S = 6.0
EQUAL = 1e-9  # of a cell, by which others may differ from it


def indices(result, times: tuple[str, ...]) -> list[int]:
    """Of the saved times nearest to some ("10 h"), in the order given; of the last one by default; "all": of a few."""
    last = chosen(result)[-1]
    if not times:
        return [last]
    if times == ("all",):
        return chosen(result)
    try:
        return [result.index_at(number(time, "s", "--time")) for time in times]
    except Invalid as invalid:
        raise UsageFault(*invalid.faults) from None


def panels_of(result, k: int) -> list[tuple[str, tuple[str, str], np.ndarray]]:
    """What one saved time shows: in words, the axes of the picture, and its values; in two dimensions the field of
    each independent component, in three its slices through the middle of the box."""
    fields, found = result.snapshots[k].composition, []
    unit, size = length_unit(max(result.box.size))
    for name in result.independent:
        values = fields[result.row(name)]
        symbol = subscripted("x", name) if len(result.independent) > 1 else ""
        if values.ndim == 2:
            found.append((symbol, ("x", "y"), values))
            continue
        for axis, across in enumerate("zyx"):
            kept = [entry for entry in "xyz" if entry != across]
            middle = values.shape[axis] // 2
            place = result.box.centres["xyz".index(across)][middle]
            words = ", ".join(filter(None, (symbol, f"{across} = {place / size:.4g} {unit}")))
            found.append((words, (kept[0], kept[1]), np.take(values, middle, axis=axis)))
    return found


class FieldFigure:
    """Panels with one scale of colours: those of the k-th saved times side by side, or below each other if each has
    several."""

    def __init__(self, result, times: list[int], limits: tuple[float, float]):
        self.result, self.times = result, times
        shown = [panels_of(result, k) for k in times]
        each = len(shown[0])
        rows, columns = (len(times), each) if each > 1 else grid_of(len(times))
        height = PANEL * max(min(np.divide(*panel[2].shape), 2.0) for panel in shown[0])
        size = (columns * PANEL + 1.2, rows * max(height, 1.2) + 0.9)
        self.figure, axes = pyplot().subplots(rows, columns, figsize=size, squeeze=False)
        self.unit, self.size = length_unit(max(result.box.size))
        flat = axes.ravel().tolist()
        for ax in flat[len(times) * each :]:
            ax.remove()
        self.axes = flat[: len(times) * each]
        panels = [panel for group in shown for panel in group]
        self.images = [self.draw(ax, panel, limits) for ax, panel in zip(self.axes, panels, strict=True)]
        self.each = each
        for j, k in enumerate(times):
            self.name(j, k)
        label = ", ".join(subscripted("x", name) for name in result.independent)
        bar = {"shrink": 0.9, "pad": 0.02, "aspect": 20.0 * rows, "fraction": 0.15 / columns}
        self.figure.colorbar(self.images[0], ax=self.axes, label=label, **bar)
        if title_of(result):
            title = textwrap.fill(title_of(result), int(LETTERS * self.figure.get_figwidth()))
            self.figure.suptitle(title, fontsize=10)

    def draw(self, ax, panel, limits: tuple[float, float]):
        _, (first, second), values = panel
        lengths = dict(zip("xyz", self.result.box.size, strict=False))
        extent = (0.0, lengths[first] / self.size, 0.0, lengths[second] / self.size)
        ax.set_xlabel(f"{first} ({self.unit})")
        ax.set_ylabel(f"{second} ({self.unit})")
        ax.grid(False)
        low, high = limits
        return ax.imshow(
            values, origin="lower", extent=extent, cmap=COLOURS, vmin=low, vmax=high, interpolation="nearest"
        )

    def name(self, j: int, k: int) -> None:
        """Write the k-th saved time over the j-th group of panels."""
        for i, (words, _, _) in enumerate(panels_of(self.result, k)):
            time = f"t = {duration(self.result.times[k])}"
            self.axes[j * self.each + i].set_title(", ".join(entry for entry in (time, words) if entry), fontsize=9)

    def show(self, k: int) -> None:
        """Show the k-th saved time in a figure of one."""
        for image, (_, _, values) in zip(self.images, panels_of(self.result, k), strict=True):
            image.set_data(values)
        self.name(0, k)


def grid_of(count: int) -> tuple[int, int]:
    """Rows and columns for so many panels."""
    columns = min(count, MOST_COLUMNS if count != 4 else 2)
    return math.ceil(count / columns), columns


def limits_of(result, times: list[int]) -> tuple[float, float]:
    """The smallest and the largest mole fraction of the independent components at some saved times."""
    low, high = np.inf, -np.inf
    rows = [result.row(name) for name in result.independent]
    for k in times:
        values = result.snapshots[k].composition[rows]
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    return low, high


def field(result, times: tuple[str, ...] = ()):
    """Mole fractions over the box at some saved times, all in one scale of colours; in three dimensions in slices."""
    drawn = indices(result, times)
    return FieldFigure(result, drawn, limits_of(result, drawn)).figure


def is_reduced(result) -> bool:
    """Whether its energies are in units of R T."""
    problem = problem_of(result)
    return problem is not None and getattr(problem.law.thermodynamics, "units", "SI") == "reduced"


def energy(result):
    """The mean free energy over time; in two and three dimensions also the lengths that follow from it and from the
    structure factor."""
    times = np.array(chosen(result) and result.time)
    if not result.has("free_energy"):
        raise Invalid.at("plot energy", 'this run has no free energy: law.kind = "cahn-hilliard" has one.')
    boxed = hasattr(result, "box")
    figure, axes = pyplot().subplots(1 + boxed, 1, figsize=(6.4, 6.4 if boxed else 4.2), squeeze=False)
    upper = axes[0, 0]
    unit, size = time_unit(float(times[-1]))
    values = result.field("free_energy")
    wide = np.count_nonzero(times > 0.0) > 2 and times[-1] > 50.0 * times[times > 0.0][0]
    drawn = times > 0.0 if wide else times >= 0.0
    upper.plot(times[drawn] / size, values[drawn], "o-", markersize=4)
    if wide:
        upper.set_xscale("log")
        plain_ticks(upper.xaxis)
    upper.set_ylabel("mean free energy (RT)" if is_reduced(result) else "mean free energy (J/mol)")
    upper.set_xlabel(f"t ({unit})")
    if boxed:
        lengths_over(axes[1, 0], result, size)
        axes[1, 0].set_xlabel(f"t ({unit})")
    entitle(upper, result)
    return figure


def lengths_over(ax, result, size: float) -> None:
    """Both lengths over time, with the power of time of each in the last decade."""
    from simulator.solve.microstructure import growth_exponent

    found = result.lengths()
    name, unit = length_unit(np.nanmax(np.concatenate(found)))
    late = result.times > 0.1 * result.times[-1]
    for values, mark, words in ((found.energy, "o-", r"$\sigma/(F - F_{bulk})$"), (found.wave, "s--", r"$2\pi/<k>$")):
        good = np.isfinite(values) & (result.times > 0.0)
        if not good.any():
            continue
        power, label = growth_exponent(result.times[late & good], values[late & good]), words
        if np.count_nonzero(late & good) >= FEWEST_TIMES:
            label += rf", $t^{{{power.slope:.3f} \pm {0.5 * (power.high - power.low):.3f}}}$ in the last decade"
        ax.plot(result.times[good] / size, values[good] / unit, mark, markersize=4, label=label)
    if ax.lines:
        ax.set_xscale("log")
        ax.set_yscale("log")
        plain_ticks(ax.xaxis, ax.yaxis)
        ax.legend()
    ax.set_ylabel(f"length ({name})")


def plain_ticks(*axes) -> None:
    """Numbers such as 0.2 and 50 on logarithmic axes, of which many span a decade only."""
    from matplotlib.ticker import LogLocator, NullFormatter

    for axis in axes:
        low, high = sorted(axis.get_view_interval())
        wide, some, many = (1.0,), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)
        kept = many if high < 8.0 * low else some if high < 100.0 * low else wide
        axis.set_major_locator(LogLocator(subs=kept, numticks=12))
        axis.set_major_formatter(lambda value, _: f"{value:g}")
        axis.set_minor_formatter(NullFormatter())


def structure(result):
    """The structure factor of the first independent component over the discrete wavenumber at the saved times."""
    times = chosen(result)
    boxed = hasattr(result, "box")
    name = result.independent[0] if boxed else result.problem.mixture.independent[0]
    dimensions, size = (result.box.dimensions, min(result.box.size)) if boxed else (1, np.ptp(result.grid.faces))
    figure, ax = pyplot().subplots()
    unit, size = length_unit(float(size))
    top = 0.0
    for j, k in enumerate(times):
        found = result.spectrum(result.time[k]) if boxed else spectrum_of_line(result, k, name)
        S = found.S / size**dimensions
        top = max(top, float(S.max()))
        ax.plot(found.k * size, S, color=shade(j, len(times)), label=duration(result.time[k]))
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_ylim(bottom=max(ax.get_ylim()[0], top * 10.0**-DECADES_OF_S))
    plain_ticks(ax.xaxis)
    ax.set_xlabel(f"discrete wavenumber k (rad/{unit})")
    power = rf"$^{dimensions}$" if boxed else ""
    ax.set_ylabel(rf"S of {subscripted('x', name)} ({unit}{power})")
    ax.legend()
    entitle(ax, result)
    return figure


def spectrum_of_line(result, k: int, name: str):
    """Of a result in one dimension; Invalid unless its cells are equal and it un-mixes."""
    from simulator.solve.microstructure import structure_factor

    widths, boundary = np.diff(result.grid.faces), result.problem.boundary
    even = np.ptp(widths) < EQUAL * widths[0] and result.grid.geometry == "planar"
    if not (even and result.has("free_energy") and (boundary.periodic or boundary.closed)):
        text = 'needs law.kind = "cahn-hilliard", equal cells in planar geometry, and periodic or closed ends.'
        raise Invalid.at("plot structure", text)
    values = result.composition[k, result.components.index(name)]
    return structure_factor(values, (float(widths.mean()),), ("periodic" if boundary.periodic else "closed",))

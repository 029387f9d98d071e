"""Figures of analyses of what un-mixes: Cahn's plot, the profile of an interface with its fit, sizes over time."""

import numpy as np

from matano import estimates
from matano.console import duration
from matano.drawing import COLOURS, MARKS, MOST_CURVES, length_unit, pyplot, shade, subscripted, time_unit

WIDTH, HEIGHT = 4.8, 4.2  # inches, of a panel
BINS = 60  # of wavenumbers, in which structure factors are averaged to be drawn
DRAWN, SHOWN = 1.3, 2.0  # of the critical wavenumber, to which Cahn's plot and structure factors are drawn
AROUND = 4.0  # widths of an interface, shown on either side of it
FIT = 1e-4  # of the step: how near the curve comes to both phases
GREY = "0.6"


def belongs(group) -> bool:
    """Whether one of these analyses is drawn here."""
    return any(entry.estimate.method in PANELS for entry in group)


def recovered(group):
    """Analyses of the same files: the panels of each, and those of other methods as they are drawn elsewhere."""
    drawn = [(panel, entry) for entry in group for panel in panels_of(entry)]
    figure, axes = pyplot().subplots(1, len(drawn), figsize=(WIDTH * len(drawn), HEIGHT), squeeze=False)
    for ax, (panel, entry) in zip(axes[0], drawn, strict=True):
        panel(ax, entry)
    more = len(group[0].paths) - 1
    title = group[0].path.name + (f", the first of {more + 1} files" if more else "")
    axes[0, 0].set_title(title, fontsize=10)
    return figure


def panels_of(entry) -> list:
    """What is drawn of an analysis."""
    estimate = entry.estimate
    if estimate.method not in PANELS:
        return [lambda ax, one: estimates.profile(ax, [one]),
                lambda ax, one: estimates.PANELS[estimates.kind_of(one.estimate)](ax, [one])]  # fmt: skip
    found = list(PANELS[estimate.method])
    together = "kappa" in estimate.diagnostics and len(entry.profiles) == estimate.composition.size
    if estimate.method == "cahn-plot" and not together:
        found.remove(energies)
    return found


def spectra(ax, entry) -> None:
    """Structure factors of the first alloy at its times, averaged over shells of wavenumbers."""
    one = entry.profile
    critical = entry.estimate.diagnostics["critical_wavenumber"][0]
    unit, size = length_unit(2.0 * np.pi / critical)
    chosen = sorted(set(np.linspace(one.time.size - 1, 0, min(one.time.size, MOST_CURVES)).round().astype(int)))
    near = one.k < SHOWN * critical
    waves, modes = one.k[near], one.modes[near]
    edges = np.linspace(0.0, SHOWN * critical, BINS + 1)
    shell = np.digitize(waves, edges) if waves.size > BINS else np.arange(waves.size)
    count = np.bincount(shell, modes)
    full = count > 0.0
    k = np.bincount(shell, waves * modes)[full] / count[full]
    for j, index in enumerate(chosen):
        S = np.bincount(shell, one.S[index][near] * modes)[full] / count[full]
        ax.plot(k[S > 0.0] * size, S[S > 0.0], color=shade(j, len(chosen)), label=duration(float(one.time[index])))
    ax.set_yscale("log")
    ax.set_xlabel(f"wavenumber k (rad/{unit})")
    ax.set_ylabel(f"structure factor of {subscripted('x', one.component)}")
    ax.legend()


def cahn(ax, entry) -> None:
    """R/k^2 over k^2 with the straight line of each alloy; a dotted line where its waves neither grow nor fade."""
    found = entry.estimate.diagnostics
    unit, size = length_unit(2.0 * np.pi / max(found["critical_wavenumber"]))
    truths = [None] * len(found["plot"]) if entry.verdict is None else np.ravel(entry.verdict.truth)
    symbol = subscripted("x", entry.estimate.component)
    for j, (points, X, critical) in enumerate(
        zip(found["plot"], entry.estimate.composition, found["critical_wavenumber"], strict=True)
    ):
        k2, colour = np.square(points["k"]), COLOURS[j % len(COLOURS)]
        used = k2 < critical**2
        values = np.asarray(points["R"]) / k2
        mark = MARKS[j % len(MARKS)]
        ax.plot(k2[used] * size**2, values[used], mark, color=colour, markersize=3.5, label=f"{symbol} = {X:.4g}")
        ax.plot(k2[~used] * size**2, values[~used], mark, color=colour, markersize=3.5, markerfacecolor="none")
        reach = np.array([0.0, (DRAWN * critical) ** 2])
        ax.plot(reach * size**2, -points["A"] - points["B"] * reach, color=colour, linewidth=1.0)
        words = f"$k_c$ = {critical * size:.4g} rad/{unit}" if len(found["plot"]) == 1 else ""
        ax.axvline((critical * size) ** 2, color=colour, linestyle=":", linewidth=1.0, label=words)
        if truths[j] is not None:
            ax.plot(
                [0.0], [-truths[j]], "x", color="black", markersize=9, zorder=4, label="" if j else "truth, $-MG''$"
            )
    low = min(-points["A"] * (1.0 - DRAWN**2) for points in found["plot"])
    high = max(-points["A"] for points in found["plot"])
    ax.set_ylim(1.3 * low, 1.25 * high)
    ax.axhline(0.0, color="black", linewidth=0.8)
    ax.set_xlabel(f"k$^2$ (rad$^2$/{unit}$^2$)")
    ax.set_ylabel("R/k$^2$ (m$^2$/s)")
    ax.legend()


def energies(ax, entry) -> None:
    """RT/(X (1 - X)) over A/B of every alloy, with the straight line whose slope is kappa."""
    found, X = entry.estimate.diagnostics, entry.estimate.composition
    q = np.array([points["A"] / points["B"] for points in found["plot"]])
    RT = np.array([one.RT for one in entry.profiles])
    unit, size = length_unit(2.0 * np.pi / np.sqrt(np.abs(q).max()))
    y = RT / (X * (1.0 - X))
    scale, words = (1e3, "kJ/mol") if y.max() > 1e3 else (1.0, "RT" if np.all(RT == 1.0) else "J/mol")
    ax.plot(q * size**2, y / scale, MARKS[0], color=COLOURS[0], label="alloys")
    ends = np.array([q.min(), 0.0])
    text = rf"$\kappa$ = {found['kappa']:.4g} J m$^2$/mol, $\Omega$ = {found['omega'] / scale:.4g} {words}"
    ax.plot(ends * size**2, (found["kappa"] * ends + 2.0 * found["omega"]) / scale, color=COLOURS[1], label=text)
    ax.set_xlabel(f"$A/B$ = $-k_c^2$ (rad$^2$/{unit}$^2$)")
    ax.set_ylabel(f"RT/(x(1 $-$ x)) ({words})")
    ax.legend()


def interface(ax, entry) -> None:
    """The profile around its interface, and that of the subregular solution with the gradient energy that was found."""
    from inverse.spinodal.interface import subregular_of

    found, profile = entry.estimate.diagnostics, entry.profile
    a, b = found["phases"]
    solution, middle = subregular_of(a, b), found["interface_plane"]
    root = found["width"] / solution.width
    X = a + (b - a) * np.linspace(FIT, 1.0 - FIT, 400)
    x, own = profile.x, profile.fraction(entry.estimate.component)
    sign = 1.0 if own[-1] > own[0] else -1.0
    unit, size = length_unit(AROUND * found["width"])
    near = np.abs(x - middle) < AROUND * found["width"]
    ax.plot(x[near] / size, own[near], "o", markersize=4, markerfacecolor="none", label=entry.estimate.component)
    place = middle + sign * root * solution.distance(X)
    shown = np.abs(place - middle) < AROUND * found["width"]
    words = f"fit, width {found['width'] / size:.4g} {unit}"
    ax.plot(place[shown] / size, X[shown], color=COLOURS[1], label=words)
    for value in (a, b):
        ax.axhline(value, color="grey", linestyle=":", linewidth=1.0)
    ax.set_xlabel(f"x ({unit})")
    ax.set_ylabel(estimates.amount(profile, entry.estimate.component))
    ax.legend()


def cubes(ax, entry) -> None:
    """L^3 over t with the straight line; open marks for the sizes that came too early."""
    estimate, sizes = entry.estimate, entry.profile
    found = estimate.diagnostics
    first, last = found["times"]
    used = (sizes.time >= first) & (sizes.time <= last)
    unit, size = length_unit(float(sizes.length.max()))
    word, second = time_unit(last)
    ax.plot(sizes.time[used] / second, (sizes.length[used] / size) ** 3, "o", color=COLOURS[0], label="sizes")
    ax.plot(sizes.time[~used] / second, (sizes.length[~used] / size) ** 3, "o", color=GREY, markerfacecolor="none")
    ends = np.array([first, last])
    line = (found["intercept"] + float(estimate.value[0]) * ends) / size**3
    ax.plot(ends / second, line, color=COLOURS[1], label=f"K = {float(estimate.value[0]):.4g} m$^3$/s")
    ax.set_xlabel(f"t ({word})")
    ax.set_ylabel(f"L$^3$ ({unit}$^3$)")
    ax.legend()


def sizes_over_time(ax, entry) -> None:
    """L over t, both logarithmic, with the power of time of the later sizes."""
    from matano.field_figures import plain_ticks

    sizes, found = entry.profile, entry.estimate.diagnostics
    first, last = found["times"]
    unit, size = length_unit(float(sizes.length.max()))
    word, second = time_unit(last)
    ax.plot(sizes.time / second, sizes.length / size, "o", color=COLOURS[0])
    used = (sizes.time >= first) & (sizes.time <= last)
    middle = [np.exp(np.log(row[used]).mean()) for row in (sizes.time, sizes.length)]
    ends = np.array([first, last])
    low, high = found["exponent_interval"]
    label = rf"$t^{{{found['exponent']:.3f} \pm {0.5 * (high - low):.3f}}}$"
    ax.plot(ends / second, middle[1] * (ends / middle[0]) ** found["exponent"] / size, color=COLOURS[1], label=label)
    ax.set_xscale("log")
    ax.set_yscale("log")
    plain_ticks(ax.xaxis, ax.yaxis)
    ax.set_xlabel(f"t ({word})")
    ax.set_ylabel(f"L ({unit})")
    ax.legend()


PANELS = {
    "cahn-plot": (spectra, cahn, energies),
    "interface-profile": (interface,),
    "coarsening": (cubes, sizes_over_time),
}

"""Figures of the thermodynamics of a solution, of a result or of a case that never ran."""

from itertools import pairwise

import numpy as np

from matano.compositions import composition_figure, fractions_of, inner, line_figure, start_compositions
from matano.drawing import COLOURS, STYLES, corners, entitle, plane, triangle_figure
from simulator.faults import Invalid, NumericsError
from simulator.laws.lattice import R

NODES = 241
LEVELS = 15
FEWEST_KELVIN = 0.35  # of the critical temperature, where the figure of a miscibility gap begins
STEPS = 60
LEAST = 1e-6  # the mole fraction below which a potential is not drawn
UNSTABLE = "0.88"


def solution_of(shown, kind: str):
    """The thermodynamics of a law; Invalid with one sentence if it has none."""
    law = shown.problem.law
    solution = getattr(law, "solution", None) or getattr(law, "thermodynamics", None)
    if solution is None:
        kinds = '"darken", "onsager" and "cahn-hilliard" have one'
        text = f'this law has no thermodynamics: law.kind is "{law.kind}"; {kinds}.'
        raise Invalid.at(f"plot {kind}", text)
    if getattr(solution, "units", "SI") == "reduced":
        raise Invalid.at(f"plot {kind}", "in reduced units RT = 1 at every temperature; this figure is of real ones.")
    return solution


def temperatures_of(shown, kind: str) -> list[float]:
    """The temperature of a case in K, or of a schedule the lowest and the highest one."""
    given = shown.problem.temperatures
    if not np.isfinite(given).all():
        raise Invalid.at(f"plot {kind}", 'this case has no temperature; add [temperature] value = "1000 degC".')
    return sorted({float(given.min()), float(given.max())})


def refuse_but(counts: tuple[int, ...], shown, kind: str) -> None:
    """Raise Invalid unless the mixture has this many components."""
    n = len(shown.problem.mixture.components)
    if n not in counts:
        words = " or ".join({2: "two", 3: "three"}[count] for count in counts)
        raise Invalid.at(f"plot {kind}", f"draws {words} components, and this case has {n}.")


def kelvin(T: float) -> str:
    return f"{T:.6g} K"


def energy_unit(values: np.ndarray) -> tuple[str, float]:
    largest = float(np.nanmax(np.abs(values)))
    return ("kJ/mol", 1e3) if largest >= 100.0 else ("J/mol", 1.0)


def gibbs(shown):
    """Energy of mixing and excess energy; for two components with common tangents and the spinodal."""
    refuse_but((2, 3), shown, "gibbs")
    solution, temperatures = solution_of(shown, "gibbs"), temperatures_of(shown, "gibbs")
    if solution.mixture.m == 2:
        return triangle_map(shown, solution, temperatures[0], "G of mixing")
    x = np.concatenate([[0.0], inner(), [1.0]])
    curves = [(T, solution.gibbs(x[None], T), solution.excess_gibbs(x[None], T)) for T in temperatures]
    unit, size = energy_unit(np.array([curve[1:] for curve in curves]))
    figure, ax = composition_figure(shown, f"molar Gibbs energy ({unit})")
    tangents, edges = [], []
    for k, (T, G, excess) in enumerate(curves):
        ax.plot(x, G / size, "-", color=COLOURS[k], label=f"of mixing, {kelvin(T)}")
        ax.plot(x, excess / size, "--", color=COLOURS[k], label=f"excess, {kelvin(T)}")
        tangents += [(np.array(pair), solution.gibbs(np.array([pair]), T)) for pair in pairs_of(solution, T)]
        edges += [(edge, solution.gibbs(np.array([[edge]]), T)[0]) for pair in solution.spinodal(T) for edge in pair]
    for k, (pair, G) in enumerate(tangents):
        ax.plot(pair, G / size, "o-.", color="black", linewidth=1.0, label="common tangent" if k == 0 else None)
    if edges:
        at, G = np.array(edges).T
        ax.plot(at, G / size, "s", color="black", markerfacecolor="white", label="spinodal")
    ax.legend(fontsize=9)
    return figure


def pairs_of(solution, T: float) -> list[tuple[float, float]]:
    """The binodal of a binary at T; none where it is not found, next to a critical point."""
    try:
        return solution.binodal(T)
    except NumericsError:
        return []


def triangle_map(shown, solution, T: float, what: str):
    """Filled contours of the energy of mixing or of the stability of a ternary, with the spinodal and the start."""
    from matplotlib.colors import TwoSlopeNorm

    x = simplex()
    figure, ax = triangle_figure(shown, solution.mixture.components, kelvin(T), width=7.0)
    places = plane(solution.plain.complete(x))
    options = {"levels": LEVELS, "cmap": "viridis", "zorder": 0}
    if what == "stability":
        values, label = solution.stability(x, T), "smallest eigenvalue of the scaled Hessian"
        if np.nanmin(values) < 0.0 < np.nanmax(values):
            norm = TwoSlopeNorm(0.0, np.nanmin(values), np.nanmax(values))
            options |= {"cmap": "PuOr", "norm": norm}
    else:
        values = solution.gibbs(x, T)
        unit, size = energy_unit(values)
        values, label = values / size, f"{what} ({unit})"
    if np.nanmax(values) - np.nanmin(values) < 1e-9:  # an ideal solution is as stable everywhere
        options["levels"] = np.nanmean(values) + np.array([-0.01, 0.01])
    filled = ax.contourf(*places, np.ma.masked_invalid(values), **options)
    figure.colorbar(filled, ax=ax, label=label, shrink=0.75)
    draw_spinodal(ax, solution, T)
    draw_start(ax, shown)
    return figure


def simplex() -> np.ndarray:
    """Independent mole fractions (2, k, k) all over the triangle, closer towards its sides."""
    nodes = 0.5 * (1.0 - np.cos(np.linspace(0.0, np.pi, NODES)))
    first, rest = np.meshgrid(nodes, nodes, indexing="ij")
    return np.stack([first, rest * (1.0 - first)])


def draw_spinodal(ax, solution, T: float) -> int:
    """The spinodal of a ternary in the triangle; how many curves there are."""
    lines = solution.spinodal_curve(T)
    for k, line in enumerate(lines):
        spots = corners(solution.plain.complete(line))
        ax.plot(*spots, "--", color="black", linewidth=1.4, label="spinodal" if k == 0 else None)
    return len(lines)


def draw_start(ax, shown) -> None:
    """The compositions of the start and the ends in the triangle."""
    spots = corners(start_compositions(shown))
    look = {"color": "black", "markerfacecolor": "white", "markersize": 6}
    ax.plot(*spots, "o", label="start", **look)
    ax.legend(loc="upper left")


def potentials(shown):
    """Chemical potentials over RT, from the pure components; thin lines: of an ideal solution."""
    solution = solution_of(shown, "potentials")
    T, mixture = temperatures_of(shown, "potentials")[-1], solution.mixture
    if mixture.m == 1:
        figure, ax = composition_figure(shown, r"$\mu_k / RT$")
        x = places = inner()
        x = x[None]
    else:
        figure, ax, unknowns, places = line_figure(shown, r"$\mu_k / RT$")
        x = fractions_of(mixture, unknowns)
    entitle(ax, shown, kelvin(T))
    every = solution.plain.complete(x)
    seen = np.where(every > LEAST, every, np.nan)
    mu = np.where(np.isnan(seen), np.nan, solution.potentials(x, T) / (R * T))
    for k, name in enumerate(mixture.components):
        look = {"color": COLOURS[k % len(COLOURS)], "linestyle": STYLES[k % len(STYLES)]}
        ax.plot(places, mu[k], label=name, **look)
        if solution.energy.value != 0.0:
            ax.plot(places, np.log(seen[k]), linewidth=0.8, alpha=0.6, label=f"{name}, ideal", **look)
    ax.set_ylim(max(np.nanmin(mu), -6.0) - 0.2, np.nanmax(mu) + 0.2)
    ax.legend(fontsize=9)
    return figure


def factor(shown):
    """The thermodynamic factor of a binary; of more components the smallest eigenvalue of the scaled Hessian."""
    solution, temperatures = solution_of(shown, "factor"), temperatures_of(shown, "factor")
    if solution.mixture.m == 2:
        return triangle_map(shown, solution, temperatures[0], "stability")
    if solution.mixture.m == 1:
        figure, ax = composition_figure(shown, r"thermodynamic factor $\Phi$")
        x = places = np.concatenate([[0.0], inner(), [1.0]])
        x = x[None]
    else:
        figure, ax, unknowns, places = line_figure(shown, "smallest eigenvalue of\nthe scaled Hessian")
        x = fractions_of(solution.mixture, unknowns)
    lowest = 0.0
    for k, T in enumerate(temperatures):
        values = solution.factor(x, T)[0, 0] if solution.mixture.m == 1 else solution.stability(x, T)
        ax.plot(places, values, linestyle=STYLES[k], color=COLOURS[k], label=kelvin(T))
        lowest = min(lowest, np.nanmin(values))
    if lowest < 0.0:
        ax.axhspan(1.05 * lowest, 0.0, color=UNSTABLE, zorder=0, linewidth=0, label="unstable")
        ax.set_ylim(bottom=1.05 * lowest)
    ax.axhline(1.0, color="grey", linestyle=":", linewidth=1.0, label="ideal")
    ax.legend()
    return figure


def miscibility(shown):
    """Binodal and spinodal of a binary against T with the critical point; the spinodal of a ternary at T."""
    refuse_but((2, 3), shown, "miscibility")
    solution = solution_of(shown, "miscibility")
    if solution.mixture.m == 2:
        T = temperatures_of(shown, "miscibility")[0]
        if not solution.spinodal_curve(T):
            text = f"this solution mixes in all proportions at {kelvin(T)}: it has no spinodal there."
            raise Invalid.at("plot miscibility", text)
        figure, ax = triangle_figure(shown, solution.mixture.components, kelvin(T))
        x = simplex()
        places = plane(solution.plain.complete(x))
        ax.contourf(*places, solution.stability(x, T), [-np.inf, 0.0], colors=UNSTABLE, zorder=0)
        draw_spinodal(ax, solution, T)
        draw_start(ax, shown)
        return figure
    return gap(shown, solution)


def gap(shown, solution):
    """The miscibility gap of a binary."""
    critical = solution.critical_point()
    given = shown.problem.temperatures
    given = given[np.isfinite(given)]
    if critical is None:
        raise Invalid.at("plot miscibility", "this solution has no critical point: it mixes in all proportions.")
    top, at = critical
    coldest = max(solution.temperatures[0], min([FEWEST_KELVIN * top, *(0.9 * given[given < top])]))
    temperatures = top - (top - coldest) * np.linspace(1.0, 0.02, STEPS) ** 2
    figure, ax = composition_figure(shown, "T (K)")
    for name, found, style, colour in (
        ("binodal", [pairs_of(solution, T) for T in temperatures], "-", COLOURS[0]),
        ("spinodal", [solution.spinodal(T) for T in temperatures], "--", COLOURS[1]),
    ):
        for k, (x, T) in enumerate(branches(temperatures, found, critical)):
            ax.plot(x, T, style, color=colour, label=name if k == 0 else None)
    ax.plot([at], [top], "o", color="black", zorder=5, label=f"critical point, {kelvin(top)}")
    for k, T in enumerate(sorted({float(given.min()), float(given.max())} if given.size else ())):
        x = start_compositions(shown)[solution.mixture.components.index(solution.mixture.independent[0])]
        look = {"color": "black", "markerfacecolor": "white", "clip_on": False, "zorder": 5}
        ax.axhline(T, color="grey", linestyle=":", linewidth=1.0)
        ax.plot(x, np.full(x.size, T), "D", label="start" if k == 0 else None, **look)
    ax.set_xlim(0.0, 1.0)
    ax.legend(loc="lower center", fontsize=9)
    return figure


def branches(temperatures: np.ndarray, found: list, critical: tuple[float, float]) -> list:
    """Closed curves (x, T) through pairs of compositions at rising temperatures.

    A gap is followed as long as the number of gaps stays the same; the one around the critical point is closed there.
    """
    top, at = critical
    cuts = [0, *(k for k, (a, b) in enumerate(pairwise(found), 1) if len(a) != len(b)), len(found)]
    curves = []
    for begin, end in pairwise(cuts):
        for gap in range(len(found[begin])):
            left, right = np.array([pairs[gap] for pairs in found[begin:end]]).T
            T = temperatures[begin:end]
            closing = ([at], [top]) if end == len(found) and left[-1] <= at <= right[-1] else ([], [])
            curves.append((np.concatenate([left, closing[0], right[::-1]]), np.concatenate([T, closing[1], T[::-1]])))
    return curves

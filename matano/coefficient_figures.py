"""Figures of the coefficients of a law over composition, of a result or of a case that never ran."""

import numpy as np

from matano.compositions import binary_range, composition_figure, last_temperature, line_figure
from matano.drawing import COLOURS, STYLES, legend, subscripted
from simulator.faults import Invalid

DECADE_PART = 4.0  # over which coefficients that are positive are drawn on a logarithmic axis


def diffusivity(shown):
    """The interdiffusivities: over composition for a binary, otherwise along the last profile or the start."""
    problem, T = shown.problem, last_temperature(shown)
    mixture = problem.mixture
    if mixture.quantity == "concentration":
        raise Invalid.at("plot diffusivity", "draws coefficients over mole fractions; each ion has the D of its own.")
    m, t = mixture.m, shown.snapshots[-1].time if getattr(shown, "snapshots", None) else 0.0
    if m == 1:
        figure, ax = composition_figure(shown, r"$\tilde D$ (m$^2$/s)")
        unknowns, places = binary_range(problem)
    else:
        figure, ax, unknowns, places = line_figure(shown, r"$\tilde D_{ij}$ (m$^2$/s)")
    values = interdiffusivity(problem.law, unknowns, T, t, "diffusivity")
    for i, first in enumerate(mixture.independent):
        for j, second in enumerate(mixture.independent):
            label = r"$\tilde D$" if m == 1 else subscripted(r"\tilde D", first, second)
            # equal coefficients stay apart: broken lines lie over full ones
            look = {"linestyle": STYLES[i % len(STYLES)], "color": COLOURS[j % len(COLOURS)], "label": label}
            ax.plot(places, np.broadcast_to(values[i, j], places.shape), **look)
    known = values[np.isfinite(values)]
    if np.all(known > 0.0) and known.max() > DECADE_PART * known.min():
        ax.set_yscale("log")
    if m > 1:
        legend(figure, ax, True)
    return figure


def interdiffusivity(law, unknowns: np.ndarray, T: float, t: float, kind: str) -> np.ndarray:
    """(m, m, k) in m^2/s at unknowns (m, k); Invalid if the law has none."""
    m = law.mixture.m
    try:
        return np.asarray(law.coefficient("interdiffusivity", unknowns, T, t)).reshape(m, m, -1)
    except KeyError:
        raise Invalid.at(f"plot {kind}", f'this law has no interdiffusivity: law.kind is "{law.kind}".') from None


def tracers(shown):
    """Tracer diffusivities and the interdiffusivity; of more than two components the eigenvalues of its matrix."""
    problem, T = shown.problem, last_temperature(shown)
    law, mixture = problem.law, problem.mixture
    if mixture.m == 1:
        figure, ax = composition_figure(shown, r"D (m$^2$/s)")
        unknowns, places = binary_range(problem)
    else:
        figure, ax, unknowns, places = line_figure(shown, r"D (m$^2$/s)")
    try:
        values = np.asarray(law.coefficient("tracer_diffusivity", unknowns, T))
    except KeyError:
        text = f'this law has no tracer diffusivities: law.kind is "{law.kind}"; "darken" has them.'
        raise Invalid.at("plot tracers", text) from None
    for k, name in enumerate(mixture.components):
        label = f"{subscripted('D^*', name)}"
        style = STYLES[k % len(STYLES)]
        ax.plot(places, np.broadcast_to(values[k], places.shape), linestyle=style, label=label)
    D = interdiffusivity(law, unknowns, T, 0.0, "tracers")
    eigenvalues = np.sort(np.linalg.eigvals(np.moveaxis(D, -1, 0)).real, axis=-1).T
    label = r"$\tilde D$" if mixture.m == 1 else r"eigenvalues of $\tilde D$"
    for k, row in enumerate(eigenvalues):
        ax.plot(places, row, color="black", linewidth=2.0 if mixture.m == 1 else 1.0, label=label if k == 0 else None)
    ax.set_yscale("log")
    ax.legend()
    return figure

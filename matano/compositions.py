"""The compositions over which figures of coefficients and potentials are drawn, of a result or of a case."""

import numpy as np

from matano.drawing import chosen, entitle, label_positions, pyplot
from simulator.faults import Invalid

POINTS = 401


def inner(points: int = POINTS) -> np.ndarray:
    """Mole fractions between 0 and 1, closer towards both."""
    return 0.5 * (1.0 - np.cos(np.linspace(0.0, np.pi, points)))[1:-1]


def unknowns_along(shown) -> tuple[np.ndarray, np.ndarray | None]:
    """Unknowns (m, k) along the last profile of a result, with its positions in m; or on the straight line between the
    ends of the start of a case, without.
    """
    mixture = shown.problem.mixture
    if hasattr(shown.problem, "box"):
        text = "is drawn along a profile, and this is a field; results in one dimension have profiles."
        raise Invalid.at("plot", text)
    if hasattr(shown, "snapshots"):
        last = chosen(shown)[-1]
        rows = [shown.components.index(name) for name in mixture.independent]
        return mixture.unknowns(shown.mole_fraction[last][rows]), shown.position[last]
    ends = shown.problem.initial.ends(mixture, shown.problem.domain.interval)
    if np.ptp(ends, axis=1).max() == 0.0:
        ends = shown.problem.extremes[:, [0, -1]]
    share = np.linspace(0.0, 1.0, POINTS)
    return ends[:, :1] + np.diff(ends) * share, None


def line_figure(shown, ylabel: str):
    """A figure along what `unknowns_along` gives: figure, axes, unknowns (m, k), abscissae (k,)."""
    unknowns, positions = unknowns_along(shown)
    figure, ax = pyplot().subplots()
    ax.set_ylabel(ylabel)
    if positions is None:
        ax.set_xlabel("share of the composition of the right end")
        places = np.linspace(0.0, 1.0, unknowns.shape[1])
    else:
        places = positions / label_positions(ax.set_xlabel, shown)
    entitle(ax, shown)
    return figure, ax, unknowns, places


def composition_figure(shown, ylabel: str):
    """A figure over the composition of a binary: figure, axes."""
    figure, ax = pyplot().subplots()
    ax.set_xlabel(f"mole fraction of {shown.problem.mixture.independent[0]}")
    ax.set_ylabel(ylabel)
    entitle(ax, shown)
    return figure, ax


def fractions_of(mixture, unknowns: np.ndarray) -> np.ndarray:
    """Independent mole fractions (m, ...) of unknowns (m, ...)."""
    rows = [mixture.components.index(name) for name in mixture.independent]
    return mixture.complete(unknowns)[rows]


def start_compositions(shown) -> np.ndarray:
    """All mole fractions (n, k) between which the start and the ends lie; of a field the mean of the start."""
    problem = shown.problem
    extremes = problem.mean[:, None] if hasattr(problem, "box") else problem.extremes
    return problem.mixture.complete(np.clip(extremes, 0.0, 1.0))


def binary_range(problem) -> tuple[np.ndarray, np.ndarray]:
    """Unknowns (1, k) over the compositions of a binary run, and the mole fractions (k,) they are."""
    lowest, highest = problem.composition_range()
    unknowns = np.linspace(lowest[0], highest[0], POINTS)[None]
    return unknowns, fractions_of(problem.mixture, unknowns)[0]


def last_temperature(shown) -> float:
    """K at the last saved time of a result, or at the start of a case; nan without a temperature."""
    snapshots = getattr(shown, "snapshots", None)
    return snapshots[-1].temperature if snapshots else shown.problem.temperature_at(0.0)

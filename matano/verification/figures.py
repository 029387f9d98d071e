"""Figures of a verification: what was tried, errors over composition, and how methods answer to probe and grid."""

from collections.abc import Sequence

import numpy as np

from matano.drawing import COLOURS, MARKS, STYLES, pyplot

LEAST, MOST = 1e-10, 1e2  # between which errors are drawn; smaller ones stand at the edge
BEST, WORST = -8.0, 0.0  # decades of the colours
COLUMNS = 4  # of panels, where there is one for each method
MOST_TICKS = 6  # that have room below one
GAP = 0.3  # of the range of compositions: what lies farther apart is not joined by a line
FAMILIES = (
    ("one component", ("interdiffusivity", "activation_energy", "time")),
    (
        "markers, tracers, compounds",
        (
            "intrinsic_diffusivity",
            "lattice_velocity",
            "tracer_ratio",
            "tracer_diffusivity",
            "integrated_diffusivity",
            "growth_constant",
        ),
    ),
    ("several components", ("interdiffusivity_matrix", "interdiffusion_flux", "pseudo_binary_diffusivity")),
    ("ions", ("ion_diffusivity", "permeability_ratio")),
)


def look(k: int) -> dict:
    """Colour, line and mark of the k-th curve: two of them differ in two of the three."""
    turn = k // len(COLOURS)
    return {
        "color": COLOURS[k % len(COLOURS)],
        "linestyle": STYLES[(k + turn) % len(STYLES)],
        "marker": MARKS[(k + 3 * turn) % len(MARKS)],
    }


def drawn(values: Sequence[float | None]) -> np.ndarray:
    """Errors as they are drawn: what was refused is a gap."""
    found = np.array([np.nan if value is None else value for value in values], float)
    return np.clip(found, LEAST, MOST)


def overview(rows: Sequence[dict]):
    """Methods by cases: the colour is the largest error; a ring where it was expected, a cross where it must not be."""
    compared = [row for row in rows if row["applies"]]
    methods = list(dict.fromkeys(row["method"] for row in rows if row["method"]))
    cases = list(dict.fromkeys(row["case"] for row in compared))
    worst: dict[tuple[str, str], dict] = {}
    for row in compared:
        place = row["method"], row["case"]
        if place not in worst or (row["max_error"] or np.inf) > (worst[place]["max_error"] or np.inf):
            worst[place] = row
    values = np.full((len(methods), max(1, len(cases))), np.nan)
    for (method, case), row in worst.items():
        values[methods.index(method), cases.index(case)] = np.log10(drawn([row["max_error"]]))[0]
    size = 2.2 + 0.24 * len(cases), 1.8 + 0.22 * len(methods)
    figure, ax = pyplot().subplots(figsize=size)
    image = ax.pcolormesh(values, cmap="viridis_r", vmin=BEST, vmax=WORST, edgecolors="white", linewidth=0.6)
    for (method, case), row in worst.items():
        x, y = cases.index(case) + 0.5, methods.index(method) + 0.5
        if row["verdict"] == "expected":
            ax.plot(x, y, "o", markersize=5, markerfacecolor="none", markeredgecolor="white")
        elif not row["passed"]:
            ax.plot(x, y, "X", markersize=7, color=COLOURS[1])
    ax.set_xticks(np.arange(len(cases)) + 0.5, cases, rotation=90, fontsize=8)
    ax.set_yticks(np.arange(len(methods)) + 0.5, methods, fontsize=8)
    ax.invert_yaxis()
    ax.grid(False)
    bar = figure.colorbar(image, ax=ax, pad=0.01, shrink=0.7)
    bar.set_label("largest relative error, power of ten")
    return figure


def error_map(rows: Sequence[dict]):
    """|error| over composition of every method on one case; of several sets of profiles the first."""
    figure, ax = pyplot().subplots(figsize=(7.4, 3.8))
    shown: set[str] = set()
    for row in rows:
        curve = row["curve"]
        if curve is None or row["method"] in shown:
            continue
        place, error = np.array(curve["composition"]), drawn(curve["error"])
        gaps = np.flatnonzero(np.diff(place) > GAP * np.ptp(place)) + 1 if place.size > 3 else []
        place, error = np.insert(place, gaps, np.nan), np.insert(error, gaps, np.nan)
        style = look(len(shown)) | {"marker": "" if len(curve["composition"]) > 3 else look(len(shown))["marker"]}
        words = row["method"] + (" (expected)" if row["verdict"] == "expected" else "")
        ax.semilogy(place, error, label=words, markersize=5, **style)
        shown.add(row["method"])
    ax.set_xlabel("composition, first component")
    ax.set_ylabel("|relative error|")
    figure.legend(loc="outside right upper", fontsize=8)
    return figure


def families(responses: Sequence[dict], recovers: dict[str, str]) -> list[tuple[str, list[dict]]]:
    """Answers by what is recovered: families that have any."""
    found = []
    for title, names in FAMILIES:
        members = [entry for entry in responses if recovers[entry["method"]] in names]
        if members:
            found.append((title, members))
    return found


def answers(responses: Sequence[dict], recovers: dict[str, str], part: str, key: str, value: str, xlabel: str):
    """Errors over what was changed, a panel for each family of methods, or for each method where one is tried on
    several cases; None where nothing was changed.
    """
    shown = [entry for entry in responses if any(point[value] is not None for point in entry[part])]
    if several_cases(shown):
        return answers_on_cases(shown, part, key, value, xlabel)
    groups = families(shown, recovers)
    if not groups:
        return None
    figure, axes = pyplot().subplots(len(groups), 1, figsize=(7.4, 2.9 * len(groups)), squeeze=False)
    for ax, (title, members) in zip(axes[:, 0], groups, strict=True):
        for k, entry in enumerate(members):
            ax.loglog(*answer(entry, part, key, value), label=entry["method"], markersize=4, **look(k))
        ax.set_title(title, fontsize=10)
        ax.set_xlabel(xlabel)
        ax.set_ylabel("relative error")
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=7, ncols=1 + len(members) // 14)
    return figure


def several_cases(members: Sequence[dict]) -> bool:
    """Whether a method is among them more than once."""
    return len({entry["method"] for entry in members}) < len(members)


def answer(entry: dict, part: str, key: str, value: str) -> tuple[list, np.ndarray]:
    """What was changed, and the errors."""
    return [point[key] for point in entry[part]], drawn([point[value] for point in entry[part]])


def answers_on_cases(shown: Sequence[dict], part: str, key: str, value: str, xlabel: str):
    """A panel for each method, a line for each case, of another colour where it is out of tolerance at the finest."""
    methods = list(dict.fromkeys(entry["method"] for entry in shown))
    rows = -(-len(methods) // COLUMNS)
    size = 2.3 * COLUMNS, 0.5 + 1.6 * rows
    figure, axes = pyplot().subplots(rows, COLUMNS, figsize=size, sharex=True, sharey=True, squeeze=False)
    tried = sorted({point[key] for entry in shown for point in entry[part]})
    for ax in axes.flat[len(methods) :]:
        ax.set_visible(False)
    for k, (ax, method) in enumerate(zip(axes.flat, methods, strict=False)):
        own = [entry for entry in shown if entry["method"] == method]
        for entry in own:
            style = {"color": COLOURS[0 if entry["passed"] else 1], "linewidth": 0.8, "alpha": 0.6}
            ax.loglog(*answer(entry, part, key, value), marker=".", markersize=3, **style)
        ax.set_title(f"{method}, {len(own)} case{'s' * (len(own) > 1)}", fontsize=7)
        ax.tick_params(labelsize=6, labelbottom=k + COLUMNS >= len(methods))
        if len(tried) <= MOST_TICKS:
            ax.set_xticks(tried, [f"{place:g}" for place in tried])
        ax.minorticks_off()
    figure.supxlabel(xlabel, fontsize=9)
    figure.supylabel("relative error", fontsize=9)
    return figure


def biases(rows: Sequence[dict]):
    """Of every error that a case expects: the band of a factor 2 about it, and what was found."""
    from inverse.roundtrip import BAND

    figure, ax = pyplot().subplots(figsize=(7.4, 1.2 + 0.26 * len(rows)))
    for k, row in enumerate(rows):
        bias = row["expected_bias"]
        ax.plot([bias / BAND, bias * BAND], [k, k], color=COLOURS[7], linewidth=5, alpha=0.5, solid_capstyle="butt")
        ax.plot(row["max_error"], k, **{"color": COLOURS[0] if row["passed"] else COLOURS[1]}, marker="o")
    ax.set_xscale("log")
    ax.set_yticks(range(len(rows)), [f"{row['method']}, {row['case']}" for row in rows], fontsize=8)
    ax.invert_yaxis()
    ax.set_xlabel("largest relative error")
    return figure

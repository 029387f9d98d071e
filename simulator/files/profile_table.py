"""A measured profile as a clean table: what `read_profile` reads again, with how it was read above it as comments."""

from collections.abc import Mapping

import numpy as np

from simulator.faults import Invalid
from simulator.files.composition import mass_fractions, mass_uncertainties, masses_of
from simulator.solve.profile import SUM_TOLERANCE, Profile

BASES = {"fraction": ("mole fraction", 1.0), "at%": ("at%", 100.0), "wt%": ("wt%", 100.0)}
DIGITS = 12  # significant, far beyond what any probe measures


def profile_table(profile: Profile, basis: str = "fraction", masses: Mapping[str, float] | None = None) -> str:
    """CSV with a header: x in um, the compositions as `basis` says, one of BASES, and their standard uncertainties.

    masses: relative masses (g/mol) by name, of components that are no elements, for wt%. Above the header stand
    comments that tell how the profile was read. Raises Invalid for wt% where components are missing, or are cations
    whose oxygen was left out.
    """
    tracer = [name for name in profile.components if name == profile.tracer or kinds_of(profile).get(name) == "counts"]
    names = [name for name in profile.components if name not in tracer]
    rows, sigma = profile.fractions, profile.sigma
    own = [profile.index(name) for name in names]
    if basis == "wt%":
        rows, sigma = in_masses(profile, names, own, masses)
    word, scale = BASES[basis]
    head, columns = ["x [um]"], [1e6 * profile.x]
    for row, name in enumerate(profile.components):
        unit, factor = ("counts", 1.0) if name in tracer else (word, scale)
        head.append(f"{name} [{unit}]")
        columns.append(factor * rows[row])
    for row, name in enumerate(profile.components if sigma is not None else ()):
        unit, factor = ("counts", 1.0) if name in tracer else (word, scale)
        head.append(f"sigma_{name} [{unit}]")
        columns.append(factor * sigma[row])
    lines = [f"# {line}" for line in reading_lines(profile.reading or {})]
    lines.append(",".join(head))
    lines += [",".join(f"{value + 0.0:.{DIGITS}g}" for value in row) for row in np.array(columns).T]
    return "\n".join(lines) + "\n"


def kinds_of(profile: Profile) -> dict[str, str]:
    """What the column of each component held, as the file said."""
    return {entry["component"]: entry["basis"] for entry in (profile.reading or {}).get("columns", ())}


def in_masses(profile: Profile, names: list[str], own: list[int], masses) -> tuple[np.ndarray, np.ndarray | None]:
    """Mass fractions and their uncertainties, of all components of the sum; rows of others as they are."""
    where = profile.source
    x = profile.fractions[own]
    lost = [name for name in kinds_of(profile) if name not in profile.components]
    if lost:
        text = f"the components are cations of oxides ({', '.join(lost)}) without their oxygen, which have no wt%"
        raise Invalid.at("to", f"{text}: write at% or fraction, or take the oxides as components: oxides = molecules.")
    total = x.sum(axis=0)
    if (np.abs(total - 1.0) > SUM_TOLERANCE).any():
        worst = float(total[np.argmax(np.abs(total - 1.0))])
        text = f"wt% needs all components, but the fractions of {', '.join(names)} sum to {worst:.4g}"
        raise Invalid.at("to", f"{text}: name the one without a column as the balance.")
    weights = masses_of(names, masses, where)
    rows, sigma = profile.fractions.copy(), None
    rows[own] = mass_fractions(x, weights)
    if profile.sigma is not None:
        sigma = profile.sigma.copy()
        sigma[own] = mass_uncertainties(x, weights, profile.sigma[own])
    return rows, sigma


def reading_lines(reading: Mapping) -> list[str]:
    """How a profile was read, a line for each statement, as "key: text"."""
    if not reading:
        return []
    marks = {"comma": ", decimal commas", "point": ", decimal points"}
    written = f"{reading['encoding']}, columns separated by {reading['separator']}{marks.get(reading['decimal'], '')}"
    place = reading["position"]
    position = (
        " and ".join(place["columns"]) + ", stage"
        if "columns" in place
        else f"{place['column']}, in {place['metre']:g} m"
    )
    lines = [
        f"read from: {reading['file']}",
        f"sha256: {reading['sha256']}",
        f"written in: {written}",
        f"header: line {reading['header']}",
        f"position: {position}",
    ]
    for entry in reading["columns"]:
        beside = f", uncertainty {entry['uncertainty']}" if "uncertainty" in entry else ""
        lines.append(f"column: {entry['column']}, read as {entry['basis']} of {entry['component']}{beside}")
    lines += [f"passed over: {name}" for name in reading["passed_over"]]
    lines += [f"left out: line {entry['line']}, since {entry['reason']}" for entry in reading["left_out"]]
    lines += [f"conversion: {text}" for text in reading["conversions"]]
    lines += [f"warning: {text}" for text in reading["warnings"]]
    lines += [f"preamble: {text}" for text in reading["preamble"]]
    lines += [f"remark: {text}" for text in reading["remarks"]]
    return [" ".join(line.split()) for line in lines]

"""Measured un-mixing: structure factors at several times, and sizes of domains, from CSV or TSV files."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.files.cleaning import record
from simulator.files.delimited import Table, read_table
from simulator.files.titles import Title
from simulator.laws.expression import CONSTANTS
from simulator.laws.table import below
from simulator.laws.units import number
from simulator.solve.spectra import DomainSizes, Spectra

WAVENUMBERS, TIMES, LENGTHS = ("k", "q"), ("t", "time"), ("L", "l", "length", "size", "R", "radius", "diameter")
UNIT_OF = re.compile(r"\s*(?P<name>.*?)\s*(?:[\[(]\s*(?P<inside>[^\[\]()]*?)\s*[\])]|/\s*(?P<after>\S.*?))\s*")
RECIPROCAL = re.compile(r"(?:rad\s*/\s*(?P<per>\S+)|(?P<of>\S+?)\s*(?:\^|\*\*)?\s*(?:-1|⁻¹))")
OF_TIME = re.compile(r"(?:[A-Za-z]\w*\s*)?[\[(]?\s*(?:t\s*=\s*)?(?P<time>[\d.][^\[\]()]*?)\s*[\])]?")
FEWEST_WAVES, FEWEST_TIMES = 3, 2
SECTIONS = ("molar_volume", "thermodynamics", "temperature", "law", "parameters")  # of an experiment with a profile
EXAMPLE = {
    "spectra": 'a column of wavenumbers, "k [1/nm]", and one for each time, such as "S (60 s)" or "t = 2 min"',
    "sizes": 'columns of times, "t [h]", and of sizes, "L [nm]"',
}


def holds(path: Path) -> str:
    """What a table is of: "spectra" where a column is one of wavenumbers, "sizes" where there are times and one length
    only, else "profile"."""
    try:
        titles = read_table(path).titles
    except Invalid:
        return "profile"  # whose reader says what is wrong
    if any(is_wavenumber(title) for title in titles):
        return "spectra"
    others = [title for title in titles if not is_time(title) and not title.sigma]
    one_length = len(others) == 1 and in_unit(others[0], "m") is not None and split(others[0])[0] in LENGTHS
    return "sizes" if one_length and len(others) < len(titles) and any(map(is_time, titles)) else "profile"


def read_spectra(
    path: str | Path, composition: Mapping[str, float] | None, temperature: float | None = None
) -> Spectra:
    """Structure factors in any unit, from a column "k [1/nm]" (or q) and one column for each time, whose title names
    it: "S (60 s)", "60 s", "t = 2 min". Columns of uncertainties are passed over.

    composition: the mean mole fraction of a component, or of both; temperature in K, or None. Raises Invalid where a
    column cannot be told, for numbers that cannot be read, and without a composition.
    """
    path = Path(path)
    table = read_table(path)
    own = [k for k, title in enumerate(table.titles) if is_wavenumber(title)]
    if len(own) != 1:
        raise Invalid.at(table.where, f"expected {EXAMPLE['spectra']}; {'no' if not own else len(own)} column is one.")
    times, faults = {}, []
    for k, title in enumerate(table.titles):
        if k in own or title.sigma:
            continue
        matched = OF_TIME.fullmatch(title.text.strip())
        try:
            times[k] = number(matched["time"], "s", "") if matched else float("nan")
        except Invalid as invalid:
            faults.append(Fault(table.where, f"{title.text!r} names no time: {invalid.faults[0].sentence}"))
        if not matched:
            faults.append(Fault(table.where, f"{title.text!r} names no time; write it as in S (60 s)."))
    if not faults and len(set(times.values())) < FEWEST_TIMES:
        faults.append(Fault(table.where, f"expected columns of {FEWEST_TIMES} times or more, got {len(times)}."))
    if not faults and len(set(times.values())) < len(times):
        faults.append(Fault(table.where, "two columns are of the same time."))
    if faults:
        raise Invalid(*faults)
    name, mean, components = mean_of(composition)
    numbers, _ = table.numbers({*own, *times}, fewest=FEWEST_WAVES, of="a structure factor")
    k = numbers[own[0]] * in_unit(table.titles[own[0]], "1/m")
    rows, order = np.argsort(k, kind="stable"), sorted(times, key=times.get)
    wrong = first_wrong(table, {own[0]: k <= 0.0} | {column: numbers[column] < 0.0 for column in order})
    if np.any(np.diff(k[rows]) <= 0.0):
        wrong.append(Fault(str(path), "two rows are of the same wavenumber."))
    if wrong:
        raise Invalid(*wrong)
    place = {"column": table.titles[own[0]].text, "per_metre": in_unit(table.titles[own[0]], "1/m")}
    return Spectra(
        time=np.array([times[column] for column in order]),
        k=k[rows],
        S=np.array([numbers[column][rows] for column in order]),
        modes=np.ones(k.size),
        composition=mean,
        component=name,
        components=components,
        RT=None if temperature is None else CONSTANTS["R"] * temperature,
        temperature=temperature,
        source=str(path),
        reading=record(table, (), [own[0], *order], place, (), ()),
    )


def read_sizes(path: str | Path, composition: Mapping[str, float] | None = None) -> DomainSizes:
    """Sizes of domains from columns "t [h]" and "L [nm]". Raises Invalid where they cannot be told or read.

    composition: the mean mole fraction of a component, where it is known."""
    path = Path(path)
    table = read_table(path)
    times = [k for k, title in enumerate(table.titles) if is_time(title)]
    lengths = [k for k, title in enumerate(table.titles) if not title.sigma and in_unit(title, "m") is not None]
    if len(times) != 1 or len(lengths) != 1:
        shown = ", ".join(title.text for title in table.titles)
        raise Invalid.at(table.where, f"expected {EXAMPLE['sizes']}; the columns are {shown}.")
    name, mean, _ = mean_of(composition) if composition else ("", float("nan"), ())
    numbers, _ = table.numbers({times[0], lengths[0]}, fewest=FEWEST_TIMES, of="a series of sizes")
    t = numbers[times[0]] * in_unit(table.titles[times[0]], "s")
    L = numbers[lengths[0]] * in_unit(table.titles[lengths[0]], "m")
    wrong = first_wrong(table, {times[0]: np.diff(t, prepend=-np.inf) <= 0.0, lengths[0]: L <= 0.0})
    if wrong:
        raise Invalid(*wrong)
    place = {"column": table.titles[times[0]].text}
    return DomainSizes(t, L, name, mean, str(path), record(table, (), [times[0], lengths[0]], place, (), ()))


def first_wrong(table: Table, wrong: Mapping[int, np.ndarray]) -> list[Fault]:
    """A fault for each column of which some cells are wrong, at the first of them."""
    found = []
    for k, cells in wrong.items():
        if cells.any():
            row, title = int(np.argmax(cells)), table.titles[k]
            what = (
                "times increase" if is_time(title) else "numbers are not negative, wavenumbers and lengths above zero"
            )
            found.append(Fault(table.place(row), f"{what}, got {table.rows[row][1][k]} in column {title.text}."))
    return found


def mean_of(composition: Mapping[str, float] | None) -> tuple[str, float, tuple[str, ...]]:
    """Component, its mean mole fraction, and the components. Raises Invalid unless it is that of a binary."""
    if not composition:
        text = "the mean mole fraction is needed: --composition B=0.4, or composition = { B = 0.4 } of an experiment."
        raise Invalid.at("composition", text)
    if len(composition) > 2 or (len(composition) == 2 and abs(sum(composition.values()) - 1.0) > 1e-6):
        shown = ", ".join(f"{name} = {value:g}" for name, value in composition.items())
        raise Invalid.at("composition", f"expected that of one component, or two that sum to 1; got {shown}.")
    name, mean = next(iter(composition.items()))
    if not 0.0 < mean < 1.0:
        raise Invalid.at("composition", f"a mean mole fraction lies between 0 and 1, got {name} = {mean:g}.")
    return name, float(mean), tuple(composition)


def split(title: Title) -> tuple[str, str]:
    """Name and unit of "k [1/nm]", "t (h)" or "L/nm"."""
    found = UNIT_OF.fullmatch(title.text)
    return (found["name"], found["inside"] or found["after"] or "") if found else (title.name, title.unit)


def in_unit(title: Title, unit: str) -> float | None:
    """The unit of a column in SI, None where it has none of this dimension."""
    text = split(title)[1]
    if unit == "m" and title.length is not None:
        return title.length
    found = RECIPROCAL.fullmatch(text)
    if found:
        text = f"1/{found['per'] or found['of']}"
    try:
        return number(f"1 {text}", unit, "") if text else None
    except Invalid:
        return None


def is_wavenumber(title: Title) -> bool:
    return split(title)[0] in WAVENUMBERS and in_unit(title, "1/m") is not None


def is_time(title: Title) -> bool:
    return split(title)[0].lower() in TIMES and in_unit(title, "s") is not None


def scattered(reader: Any, given: Mapping) -> Spectra | DomainSizes | None:
    """What the keys of [experiment] say of structure factors or sizes; None and the faults of the reader, an
    `simulator.files.experiment.Experiment`, where something is wrong, such as a key that belongs to profiles."""
    kind = "spectra" if "spectra" in given else "sizes"
    known = (kind, "composition", "temperature", "component")
    foreign = [f"experiment.{name}" for name in given if name not in known]
    foreign += [name for name in SECTIONS if name in reader.data]
    reader.faults += [Fault(where, f"does not go with {kind}.") for where in foreign]
    section = reader.sections.experiment
    if section is None or reader.faults:
        return None
    try:
        path = below(getattr(section, kind), reader.path.parent, f"experiment.{kind}")
        if kind == "spectra":
            found = read_spectra(path, section.composition, section.temperature)
        else:
            found = read_sizes(path, section.composition)
        return replace(found.only(section.component) if section.component else found, source=str(reader.path))
    except Invalid as invalid:
        for fault in invalid.faults:
            own = fault.where in ("composition", "component")
            place = Fault(f"experiment.{fault.where}", fault.sentence) if own else fault
            (reader.faults if own or fault.where.startswith("experiment") else reader.outside).append(place)
        return None

"""Measured profiles: CSV or TSV with a header, to a Profile."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.files.cleaning import Cleaning, record
from simulator.files.columns import REST, Column, columns_of, total_column
from simulator.files.composition import cation_of
from simulator.files.conversion import Reading
from simulator.files.delimited import Table, read_table
from simulator.files.positions import along_line, check_line, check_positions, position_column, stage_columns
from simulator.files.titles import title_of
from simulator.laws.mixture import NAME
from simulator.solve.profile import Profile

LOWEST, HIGHEST = -0.05, 1.05


def read_profile(
    path: str | Path,
    *,
    x_column: str | None = None,
    component: str | None = None,
    ends: Mapping[str, Mapping[str, float]] | Sequence[float] | None = None,
    basis: str | None = None,
    time: float | str | None = None,
    temperature: float | str | None = None,
    balance: str | None = None,
    masses: Mapping[str, float] | None = None,
    tracer: str | None = None,
    dependent: str | None = None,
    cleaning: Cleaning | None = None,
) -> Profile:
    """The profile in a CSV or TSV file with a header; separator, decimal comma and lines before the header are
    recognised, lines with # are skipped.

    x_column: "dis [um]", a column and its unit, where the header does not say which; component: the one to read, and
    its name if the only column of values is called otherwise; ends: two mole fractions, or {"left": {name: value},
    "right": ..}; basis: "at%", "wt%", "fraction" or "mass fraction" where the header does not say; time s, temperature
    K, or quantities; balance: a component without a column, which makes up the rest; masses: relative atomic masses
    (g/mol) by name, of components that are no elements; tracer: a column that is no part of the sum; dependent: the
    component that methods for several take as 1 minus the others, which may have no column (of wt% the balance then);
    cleaning: what else a raw export of a probe needs. `Profile.reading` tells how the file was read. Mole fractions
    come out, whatever went in; `sigma` where every component has one. Raises Invalid with the line of what cannot be
    read.
    """
    path = Path(path)
    cleaning = cleaning or Cleaning()
    table = cleaning.table(read_table(path, header=cleaning.header, encoding=cleaning.encoding))
    places, line = places_of(table, x_column, cleaning)
    found = columns_of(table, [k for k, _ in places], basis, component, cleaning.only, cleaning.errors)
    columns = chosen(table, found, component, balance)
    if cleaning.totals and len(columns) < len(found):
        columns = found
    names = [column.name for column in columns]
    if balance and balance in names:
        raise Invalid.at("balance", f"{balance} has a column; the balance is the component that has none.")
    if tracer and tracer not in names:
        text = f"there is no column {tracer!r}; the columns are {', '.join(names)}.{near(tracer, names)}"
        raise Invalid.at("tracer.column", text)
    used = {column.k for column in columns}
    sigmas = {column.sigma for column in columns if column.sigma is not None}
    total = total_column(table) if cleaning.totals and {column.per for column in columns} == {"mole"} else None
    read = {*(k for k, _ in places), *used, *sigmas, *([] if total is None else [total])}
    numbers, limits = table.numbers(read, limited=used, limits=cleaning.limits_of(table, columns))
    reading = Reading(
        table,
        columns,
        numbers,
        limits,
        balance=balance or "",
        masses=masses,
        tracer=tracer or "",
        dependent=dependent or "",
        oxides=cleaning.oxides,
        totals=cleaning.totals,
        total=total,
        below=cleaning.below,
    )
    out = reading.left_out()
    if out:
        reading = reading.only(table.without(out), np.array([k not in out for k in range(len(table.rows))]))
    x, unit, place = positions_of(reading, places, line)
    if (np.diff(x) < 0.0).all():
        backwards = replace(reading.table, rows=reading.table.rows[::-1])
        reading, x = reading.only(backwards, slice(None, None, -1)), x[::-1]
        reading.warnings.append("Positions decrease from line to line: the rows were read in reverse order.")
    table, faults = reading.table, check_positions(reading.table, x)
    try:
        found = reading.read()
    except Invalid as error:
        faults += error.faults
    if faults:
        raise Invalid(*faults)
    names = tuple(found.fractions)
    if component is not None:
        name = title_of(component).name
        names = (name if name in names else component,)
    fractions = {name: found.fractions[name] for name in names}
    check_fractions(table, fractions, found.kinds)
    check_dependent(dependent, fractions, tracer or "")
    stated = end_values(ends, names, tracer or "", dependent or "")
    check_direction(stated, fractions)
    kelvin = si(temperature, "K", "temperature")
    if kelvin is not None and not kelvin > 0.0:
        raise Invalid.at("temperature", f"must be above absolute zero, got {kelvin:g} K.")
    known = all(found.sigma[name] is not None for name in names)
    return Profile(
        x=x * unit,
        components=names,
        fractions=np.stack([fractions[name] for name in names]),
        sigma=np.stack([found.sigma[name] for name in names]) if known else None,
        time=si(time, "s", "time"),
        temperature=kelvin,
        ends=stated,
        source=str(path),
        warnings=found.warnings,
        tracer=tracer or "",
        dependent=dependent or "",
        reading=record(table, columns, sorted(read), place, found.conversions, found.warnings),
    )


def places_of(table: Table, x_column: str | None, cleaning: Cleaning) -> tuple[list[tuple[int, float]], bool]:
    """Columns and units (m) of the position, or of stage coordinates, and whether they are these."""
    if cleaning.stage is None:
        return [position_column(table, x_column)], False
    if x_column is not None:
        raise Invalid.at("stage", "the position is either a column or a distance between stage coordinates; give one.")
    return stage_columns(table, cleaning.stage), True


def positions_of(reading: Reading, places: list[tuple[int, float]], line: bool) -> tuple[np.ndarray, float, dict]:
    """Positions (N,), their unit in m, and what was done, in words. Of a stage the distance along its line, in um."""
    titles = reading.table.titles
    if not line:
        ((k, unit),) = places
        return reading.numbers[k], unit, {"column": titles[k].text, "metre": unit}
    found = along_line(np.stack([unit * reading.numbers[k] for k, unit in places]), reading.table.where)
    check_line(reading.table, found)
    said = {
        "columns": [titles[k].text for k, _ in places],
        "direction": [float(part) for part in found.direction],
        "stray": found.stray,
    }
    columns = " and ".join(said["columns"])
    text = f"Stage coordinates {columns} to the distance along their line, beside which points lie up to"
    reading.conversions.append(f"{text} {1e6 * found.stray:.3g} um.")
    return 1e6 * found.distance, 1e-6, said


def si(value, unit: str, where: str) -> float | None:
    """A number in SI from a number or a quantity."""
    if value is None or not isinstance(value, str):
        return value
    from simulator.laws.units import number

    return number(value, unit, where)


def chosen(table: Table, columns: list[Column], component: str | None, balance: str | None) -> list[Column]:
    """The columns to read: all, or that of one component alone where the others are not needed for its mole fraction.

    The only column that there is may have any name: it is then that of the component.
    """
    if component is None:
        return columns
    name = title_of(component).name
    own = [column for column in columns if column.name == name]
    if name in [of[0] for of in map(cation_of, [column.name for column in columns]) if of]:
        return columns
    if own and own[0].per != "mass" and not balance:
        return own
    if own or name == balance:
        return columns
    if len(columns) == 1:
        return [replace(columns[0], name=component)]
    names = [column.name for column in columns]
    text = f"there is no column {component!r}; the columns are {', '.join(names)}.{near(component, names)}"
    raise Invalid.at(table.where, text)


def check_fractions(table: Table, fractions: Mapping[str, np.ndarray], kinds: Mapping[str, str]) -> None:
    """Raise Invalid where a mole fraction is not one, with the line."""
    for name, value in fractions.items():
        bad = (value < LOWEST) | (value > HIGHEST)
        if bad.any():
            k = int(np.argmax(bad))
            hint = ""
            if kinds[name] == "fraction" and value.min() > -5.0 and value.max() <= 105.0:
                hint = f' If these are atomic percent, write "{name} [at%]" in the header or give --basis at%.'
            raise Invalid.at(
                table.place(k), f"a mole fraction lies between 0 and 1, got {value[k]:g} for {name}.{hint}"
            )


def check_dependent(dependent: str | None, fractions: Mapping[str, np.ndarray], tracer: str) -> None:
    """Raise Invalid for a dependent component that is neither a column nor left over by the columns."""
    if not dependent or dependent in fractions:
        return
    names = [name for name in fractions if name != tracer]
    if not NAME.fullmatch(dependent):
        text = f"{dependent!r} is not a name: letters, digits and underscores, a letter first."
        raise Invalid.at("dependent", text)
    total = sum(fractions[name] for name in names)
    if float(np.abs(total - 1.0).mean()) < REST:
        text = f"there is no column {dependent!r}, and {', '.join(names)} sum to 1 without it."
        raise Invalid.at("dependent", f"{text}{near(dependent, names)}")


def check_direction(ends: Mapping[str, np.ndarray] | None, fractions: Mapping[str, np.ndarray]) -> None:
    """Raise Invalid where known end values fall while the profile clearly rises from left to right, or the reverse."""
    if ends is None:
        return
    for (name, value), left, right in zip(fractions.items(), ends["left"], ends["right"], strict=True):
        outer = max(1, value.size // 4)
        first, last = value[:outer].mean(), value[-outer:].mean()
        if (right - left) * (last - first) < -0.25 * (right - left) ** 2:
            raise Invalid.at(
                "ends",
                f"{name} is given as {left:g} at the left and {right:g} at the right, but goes from {value[0]:.3g} to "
                f"{value[-1]:.3g}; exchange the two values.",
            )


def end_values(ends, names: tuple[str, ...], tracer: str = "", dependent: str = "") -> dict[str, np.ndarray] | None:
    """Known end values by side, in the order of the components; Invalid where one is missing or impossible. There is
    no tracer at the ends unless they say so. dependent: makes up the rest, and may be given without being a column.
    """
    if ends is None:
        return None
    if dependent and dependent not in names:
        found = end_values(ends, (*names, dependent), tracer)
        return {side: value[:-1] for side, value in found.items()}
    if not isinstance(ends, Mapping):
        pair = [float(value) for value in ends]
        if len(pair) != 2:
            raise Invalid.at("ends", f"expected two values, left and right, got {len(pair)}.")
        if len(names) > 2:
            raise Invalid.at("ends", f"two values are ambiguous for {', '.join(names)}; choose one with --component.")
        both = [(value, 1.0 - value)[: len(names)] for value in pair]
        ends = {side: dict(zip(names, value, strict=True)) for side, value in zip(("left", "right"), both, strict=True)}
    found, faults = {}, []
    for side in ("left", "right"):
        if side not in ends:
            faults.append(Fault("ends", f"the {side} end is missing."))
            continue
        given = dict(ends[side])
        faults += [
            Fault(f"ends.{side}.{name}", f"the profile has no {name}.{near(name, names)}")
            for name in given
            if name not in names
        ]
        if tracer in names:
            given.setdefault(tracer, 0.0)
        missing = [name for name in names if name not in given]
        total = sum(value for name, value in given.items() if name != tracer)
        if total > 1.0 + 1e-6:
            faults.append(Fault(f"ends.{side}", f"the mole fractions sum to {total:.9g}, more than 1."))
        if len(missing) == 1 and len(names) - (tracer in names) > 1:
            given[missing[0]] = 1.0 - total
        elif missing:
            faults.append(Fault(f"ends.{side}", f"{', '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing."))
            continue
        found[side] = np.array([float(given[name]) for name in names])
        faults += [
            Fault(f"ends.{side}", f"a mole fraction lies between 0 and 1, got {value:g}.")
            for value in found[side]
            if not -1e-9 <= value <= 1.0 + 1e-9
        ]
    if faults:
        raise Invalid(*faults)
    return found

"""Measured profiles of ions: CSV or TSV with concentrations, to a Profile."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.files.cleaning import record
from simulator.files.columns import Column
from simulator.files.delimited import read_table
from simulator.files.positions import check_positions, position_column
from simulator.laws.units import number
from simulator.solve.profile import Profile, Reversal

UNIT = "mol/m^3"


def read_concentrations(
    path: str | Path,
    charges: Mapping[str, float],
    *,
    x_column: str | None = None,
    component: str | None = None,
) -> Profile:
    """The profile of the ions that have charges, from columns "Na [mol/L]", "c_Na [mol/m^3]" or "Na", which is in
    mol/m^3; "sigma_Na" holds standard uncertainties. Other columns are passed over.

    component: the ion to analyse, the first by default. Raises Invalid where an ion has no column, a unit is none of a
    concentration, or numbers cannot be read.
    """
    table = read_table(Path(path))
    position, metre = position_column(table, x_column)
    columns, sigmas, faults = {}, {}, []
    for k, title in enumerate(table.titles):
        name = title.name.removeprefix("c_")
        if k == position or name not in charges:
            continue
        try:
            factor = number(f"1 {title.unit}", UNIT, "") if title.unit else 1.0
        except Invalid:
            text = f"the unit {title.unit!r} of {name} is none of a concentration; write mol/m^3 or mol/L."
            faults.append(Fault(table.where, text))
            continue
        (sigmas if title.sigma else columns)[name] = (k, factor)
    names = [title.name.removeprefix("c_") for title in table.titles]
    for name in charges:
        if name not in columns and not faults:
            faults.append(Fault(table.where, f"there is no column of {name}.{near(name, names)}"))
    if faults:
        raise Invalid(*faults)
    used = [entry[0] for entry in (*columns.values(), *sigmas.values())]
    numbers, _ = table.numbers({position, *used}, limited=set())
    x = numbers[position]
    if (np.diff(x) < 0.0).all():
        x, numbers = x[::-1], {k: values[::-1] for k, values in numbers.items()}
    if faults := check_positions(table, x):
        raise Invalid(*faults)

    def rows(found):
        return np.stack([numbers[found[name][0]] * found[name][1] for name in charges])

    known = set(sigmas) == set(columns)
    read = [
        Column(k, name, table.titles[k].unit or UNIT, sigmas[name][0] if known else None)
        for name, (k, _) in columns.items()
    ]
    place = {"column": table.titles[position].text, "metre": metre}
    return Profile(
        x=x * metre,
        components=tuple(charges),
        fractions=rows(columns),
        sigma=rows(sigmas) if known else None,
        source=str(path),
        component=component or "",
        quantity="concentration",
        charges=dict(charges),
        reading=record(table, read, sorted({position, *used}), place, (), ()),
    )


def membrane(charges: Mapping[str, float] | None) -> Profile:
    """A profile without points, of ions whose reversal potentials are all that is known."""
    if not charges:
        text = "reversal potentials need the charges of their ions: charges = { K = 1, Na = 1, Cl = -1 }."
        raise Invalid.at("experiment.reversal_potentials", text)
    return Profile(
        x=np.zeros(0),
        components=tuple(charges),
        fractions=np.zeros((len(charges), 0)),
        quantity="concentration",
        charges=dict(charges),
    )


def reversals_of(tables: Sequence, charges: Mapping[str, float]) -> tuple[Reversal, ...]:
    """The reversal potentials of an experiment's section. Raises Invalid for an ion without a charge."""
    faults = [
        Fault(f"experiment.reversal_potentials[{k}].{side}.{name}", f"has no charge.{near(name, charges)}")
        for k, entry in enumerate(tables)
        for side in ("inside", "outside")
        for name in getattr(entry, side)
        if name not in charges
    ]
    if faults:
        raise Invalid(*faults)
    return tuple(Reversal(entry.V, dict(entry.inside), dict(entry.outside), entry.sigma) for entry in tables)

"""The columns of a measured profile: which of them are compositions, of what kind, and as mole fractions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.files.composition import masses_of, mole_fractions, uncertainties
from simulator.files.delimited import Table
from simulator.files.titles import KINDS, kind_named, title_of

PASSED_OVER = ("total", "sum", "point", "no.", "nr", "nr.", "#", "label", "comment", "remark")
OFF = 0.02  # of the sum, by which a total may differ from 1 without a word
REFUSED = 0.05  # from which on a row is refused
LARGEST = 1.05  # a value or a sum above which numbers cannot be fractions
REST = 2e-3  # of the mean sum, within which nothing is left for another component
LIMIT = 1.0 / np.sqrt(12.0)  # standard deviation of what is anywhere between 0 and 1


@dataclass(frozen=True)
class Column:
    """A column of compositions: number, component, kind (one of KINDS) and the number of its column of sigma."""

    k: int
    name: str
    kind: str
    sigma: int | None = None

    @property
    def per(self) -> str:
        """ "mole", "mass" or "counts"."""
        return KINDS[self.kind][0]


@dataclass(frozen=True)
class Compositions:
    """Mole fractions (N,) by component, their uncertainties or None, and sentences about what was done."""

    fractions: Mapping[str, np.ndarray]
    sigma: Mapping[str, np.ndarray | None]
    kinds: Mapping[str, str]
    warnings: tuple[str, ...] = ()


def columns_of(table: Table, position: int, basis: str | None, component: str | None = None) -> list[Column]:
    """The columns of compositions with their kinds: what the header says, or else `basis`, or else mole fractions.

    Of a component that stands there in mole and in mass the mole fractions are taken, unless `basis` says otherwise.
    component: beside its column, others of no kind of composition do not matter.
    """
    said = basis_kind(basis)
    wanted = title_of(component).name if component else None
    found, sigmas, faults = [], [], []
    for k, title in enumerate(table.titles):
        if k == position or title.length is not None or title.text.lower() in PASSED_OVER:
            continue
        kind = kind_named(title.unit) if title.unit else said or "fraction"
        if kind is None:
            known = "at%, wt%, mole fraction, mass fraction"
            hint = near(title.unit, ("at%", "wt%", "mole fraction", "mass fraction"))
            text = f"{title.unit!r} is not a kind of composition; there are {known}.{hint}"
            faults.append(Fault(table.where, text))
            continue
        if kind == "%":
            kind = said if said in ("at%", "wt%") else "%"
        if kind == "%" and not title.sigma:
            text = f"{title.text!r} does not say of what: write [at%] or [wt%], or give --basis at% or --basis wt%."
            faults.append(Fault(table.where, text))
        elif title.sigma:
            sigmas.append((k, title.name, kind if title.unit else None))
        else:
            found.append(Column(k, title.name, kind))
    if faults and wanted not in [column.name for column in found]:
        raise Invalid(*faults)
    if not found:
        raise Invalid.at(table.where, "there is no column of compositions beside the positions.")
    kept = one_each(table, found, said)
    return with_sigmas(table, found, kept, sigmas)


def basis_kind(basis: str | None) -> str | None:
    """The kind that `basis` names; Invalid for another word."""
    if not basis:
        return None
    kind = kind_named(basis)
    if kind is None or kind in ("%", "counts", "at", "wt"):
        words = ("at%", "wt%", "mass%", "fraction", "mass fraction")
        text = f"{basis!r} is not a kind of composition; there are at%, wt%, fraction and mass fraction."
        raise Invalid.at("basis", f"{text}{near(basis, words)}")
    return kind


def one_each(table: Table, found: list[Column], said: str | None) -> list[Column]:
    """One column for each component: of the kind that was said, or of moles."""
    kept = found
    if said is not None:
        kept = [replace(column, kind=said) if fits(column.kind, said) else column for column in found]
        kept = [column for column in kept if column.kind in (said, "counts")]
        names = {column.name for column in kept}
        against = [column for column in found if column.name not in names]
        if against:
            title = table.titles[against[0].k].text
            raise Invalid.at("basis", f"{table.where} says {title!r}, but the basis is given as {said}; leave it out.")
    elif len({column.name for column in found}) < len(found):
        moles = {column.name for column in found if column.per == "mole"}
        kept = [column for column in found if column.per == "mole" or column.name not in moles]
    if len({column.name for column in kept}) < len(kept):
        raise Invalid.at(table.where, "two columns have the same name.")
    return kept


def fits(kind: str, said: str) -> bool:
    """Whether "at" or "wt" in a header may be what was said in full."""
    return KINDS[kind][1] is None and KINDS[kind][0] == KINDS[said][0]


def with_sigmas(table: Table, found: list[Column], kept: list[Column], sigmas: list) -> list[Column]:
    """The columns with those of their uncertainties; Invalid for one that belongs to none, or is of another kind."""
    given, faults = {}, []
    for k, name, kind in sigmas:
        of = [column for column in found if column.name == name]
        title = table.titles[k].text
        if not of:
            hint = near(name, [column.name for column in found])
            faults.append(Fault(table.where, f"{title} belongs to no column {name}.{hint}"))
        elif kind is None and len(of) > 1:
            faults.append(Fault(table.where, f"{title}: {name} stands there twice; say which kind, as in [at%]."))
        elif kind is not None and kind not in [column.kind for column in of]:
            faults.append(Fault(table.where, f"{title} must be of the same kind as the column {name}."))
        elif name in given:
            faults.append(Fault(table.where, f"two columns hold the uncertainties of {name}."))
        else:
            chosen = next((column for column in kept if column.name == name and kind in (None, column.kind)), None)
            if chosen is not None:
                given[name] = k
    if faults:
        raise Invalid(*faults)
    return [replace(column, sigma=given.get(column.name)) for column in kept]


@dataclass
class Reading:
    """Turns columns of a table into mole fractions. numbers, limits: the cells, and which of them are detection limits,
    as `Table.numbers` gives them; balance: the component that makes up the rest, without a column; tracer: the column
    that is no part of the sum; dependent: of wt% that leave a rest and have no column of it, the balance."""

    table: Table
    columns: list[Column]
    numbers: Mapping[int, np.ndarray]
    limits: Mapping[int, np.ndarray]
    balance: str = ""
    masses: Mapping[str, float] | None = None
    tracer: str = ""
    warnings: list[str] = field(default_factory=list)
    dependent: str = ""

    def read(self) -> Compositions:
        """All of it. Raises Invalid for the values, totals and kinds that make no mole fractions."""
        numbers, limits = self.numbers, self.limits
        self.check_sigmas()
        scales = self.scales()
        values, sigma, limited = {}, {}, []
        for column in self.columns:
            below, scale = limits[column.k], scales[column.name]
            value = np.where(below, 0.5 * numbers[column.k], numbers[column.k]) * scale
            spread = None if column.sigma is None else numbers[column.sigma] * scale
            if below.any():
                limited.append(f"{column.name} ({int(below.sum())})")
                if spread is not None:
                    spread = np.where(below, np.maximum(spread, LIMIT * scale * numbers[column.k]), spread)
            values[column.name], sigma[column.name] = value, spread
        if limited:
            what = f"Values below the detection limit were taken as half of it: {', '.join(limited)}."
            self.warnings.append(what)
        summed = [column for column in self.columns if column.name != self.tracer and column.per != "counts"]
        kinds = {column.per for column in summed}
        if len(kinds) > 1:
            raise Invalid.at(self.table.where, "wt% and other kinds of composition cannot be mixed in one file.")
        for column in self.columns:
            if column.name == self.tracer and column.per == "mass":
                text = f"the tracer {column.name} is given in mass; give it as a mole fraction, or as counts [cps]."
                raise Invalid.at(self.table.where, text)
        if kinds == {"mass"}:
            self.from_masses(values, sigma, summed)
        else:
            self.from_moles(values, sigma, summed)
        kinds = {column.name: column.kind for column in self.columns}
        return Compositions(values, sigma, kinds | dict.fromkeys(set(values) - set(kinds), ""), tuple(self.warnings))

    def check_sigmas(self) -> None:
        numbers = self.numbers
        faults = []
        for column in self.columns:
            bad = np.flatnonzero(~(numbers[column.sigma] > 0.0)) if column.sigma is not None else ()
            if len(bad):
                text = f"the uncertainties of {column.name} must be positive, got {numbers[column.sigma][bad[0]]:g}."
                faults.append(Fault(self.table.place(bad[0]), text))
        if faults:
            raise Invalid(*faults)

    def scales(self) -> dict[str, float]:
        """What the numbers of each column are multiplied by. Where a header says "wt" alone, the numbers tell."""
        numbers = self.numbers
        unsaid = [column for column in self.columns if KINDS[column.kind][1] is None and column.per != "counts"]
        guessed = None
        if unsaid:
            values = np.stack([numbers[column.k] for column in unsaid])
            total = values.sum(axis=0)
            if values.max() > LARGEST:
                guessed = 1e-2
            elif len(unsaid) > 1 and np.abs(total - 1.0).max() < REFUSED:
                guessed = 1.0
            else:
                title = self.table.titles[unsaid[0].k].text
                text = f"{title!r} may be percent or a fraction; write [{unsaid[0].kind}%]"
                whole = "mole fraction" if unsaid[0].per == "mole" else "mass fraction"
                raise Invalid.at(self.table.where, f"{text} or [{whole}].")
        scales = {}
        for column in self.columns:
            scale = KINDS[column.kind][1]
            if column.per == "counts":
                largest = numbers[column.k].max()
                if not largest > 0.0:
                    raise Invalid.at(self.table.where, f"the counts of {column.name} are nowhere above zero.")
                scale = 1.0 / largest
                text = f"{column.name} is in counts and was divided by the largest: its amount is not known."
                self.warnings.append(text)
            scales[column.name] = guessed if scale is None else scale
        return scales

    def from_moles(self, values: dict, sigma: dict, summed: list[Column]) -> None:
        """Adds the balance; Invalid where the mole fractions sum to more than 1."""
        total = sum(values[column.name] for column in summed) if summed else np.zeros(1)
        if len(summed) > 1 and (total > LARGEST).any():
            k = int(np.argmax(total > LARGEST))
            raise Invalid.at(self.table.place(k), f"the mole fractions sum to {total[k]:.4g}, more than 1.")
        if self.balance and summed:
            known = [sigma[column.name] for column in summed]
            values[self.balance] = 1.0 - total
            given = all(value is not None for value in known)
            sigma[self.balance] = np.sqrt(sum(value**2 for value in known)) if given else None

    def from_masses(self, values: dict, sigma: dict, summed: list[Column]) -> None:
        """Replaces mass fractions by mole fractions. The totals are divided out; Invalid where they are far from 1."""
        names = [column.name for column in summed]
        w = np.stack([values[name] for name in names])
        balance = self.balance or self.rest_of(names, w)
        if balance:
            names = [*names, balance]
            w = np.concatenate([w, 1.0 - w.sum(axis=0, keepdims=True)])
        elif len(names) < 2:
            text = f"the wt% of {names[0]} alone give no mole fraction: add the column of the other component"
            raise Invalid.at(self.table.where, f'{text}, or name it in an experiment file, balance = "Cu".')
        else:
            self.check_totals(w.sum(axis=0))
        masses = masses_of(names, self.masses, self.table.where)
        values |= dict(zip(names, mole_fractions(w, masses), strict=True))
        known = {column.name: sigma[column.name] for column in summed}
        missing = [name for name, value in known.items() if value is None]
        if missing:
            if len(missing) < len(known):
                text = f"Turning wt% into mole fractions needs the uncertainties of all columns, sigma_{missing[0]} too"
                self.warnings.append(f"{text}: those given were not used.")
            sigma |= dict.fromkeys(names)
        else:
            found = uncertainties(w, masses, np.stack(list(known.values())))
            sigma |= dict(zip(names, found, strict=True))

    def rest_of(self, names: list[str], w: np.ndarray) -> str:
        """The dependent component where it has no column, and wt% (as fractions) leave something for it: without its
        mass they give no mole fractions."""
        absent = self.dependent and self.dependent not in (*names, self.tracer)
        left = float((1.0 - w.sum(axis=0)).mean())
        return self.dependent if absent and left > REST else ""

    def check_totals(self, total: np.ndarray) -> None:
        """A warning for rows whose total is not 1, Invalid for those that are far from it."""
        off = np.abs(total - 1.0)
        worst = int(np.argmax(off))
        far = np.flatnonzero(off > REFUSED)
        if far.size:
            text = f"the wt% sum to {100.0 * total[far[0]]:.4g}, not to 100"
            more = f" (and so in {far.size - 1} more rows)" if far.size > 1 else ""
            cure = "Leave the row out, or add the component that is missing."
            raise Invalid.at(self.table.place(far[0]), f"{text}{more}. {cure}")
        if off[worst] > OFF:
            count = int((off > OFF).sum())
            rows = f"{count} row{'s' * (count > 1)}"
            text = f"The wt% of {rows} sum to more than {100 * OFF:g} % off 100, the worst to {100 * total[worst]:.4g}"
            self.warnings.append(f"{text} in line {self.table.rows[worst][0]}; they were divided by their total.")

"""The numbers of a measured profile as mole fractions: of moles, of masses and of oxides, with their uncertainties."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from simulator.faults import Invalid
from simulator.files.columns import LARGEST, REST, Column
from simulator.files.composition import cation_of, masses_of, mole_fractions, uncertainties
from simulator.files.delimited import Table
from simulator.files.titles import KINDS

OFF = 0.02  # of the sum, by which a total may differ from 1 without a word
REFUSED = 0.05  # from which on a row is refused
# What stands for a value below the limit of detection L: its share of L, and the standard deviation, by which what is
# anywhere between 0 and L differs from it, as a share of L.
BELOW = {
    "half": (0.5, 1.0 / np.sqrt(12.0)),
    "zero": (0.0, 1.0 / np.sqrt(3.0)),
    "limit": (1.0, 1.0 / np.sqrt(3.0)),
    "leave-out": (0.5, 1.0 / np.sqrt(12.0)),
}
SAID = {"half": "half of it", "zero": "zero", "limit": "the limit itself"}
OXIDES = ("cations", "molecules")
ANIONS = ("O", "F", "Cl", "Br", "I")


@dataclass(frozen=True)
class Compositions:
    """Mole fractions (N,) by component, their uncertainties or None, and sentences: warnings, and what was done
    to the numbers."""

    fractions: Mapping[str, np.ndarray]
    sigma: Mapping[str, np.ndarray | None]
    kinds: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    conversions: tuple[str, ...] = ()


@dataclass
class Reading:
    """Turns columns of a table into mole fractions. numbers, limits: the cells, and which of them are detection limits,
    as `Table.numbers` gives them; balance: the component that makes up the rest, without a column; tracer: the column
    that is no part of the sum; dependent: of wt% that leave a rest and have no column of it, the balance. oxides:
    "cations" or "molecules", empty for cations of wt% and molecules of moles; totals: least and largest total of a row
    in percent; total: the column of the totals, if there is one; below: a word of BELOW."""

    table: Table
    columns: list[Column]
    numbers: Mapping[int, np.ndarray]
    limits: Mapping[int, np.ndarray]
    balance: str = ""
    masses: Mapping[str, float] | None = None
    tracer: str = ""
    warnings: list[str] = field(default_factory=list)
    dependent: str = ""
    oxides: str = ""
    totals: tuple[float, float] | None = None
    total: int | None = None
    below: str = "half"
    conversions: list[str] = field(default_factory=list)

    @property
    def summed(self) -> list[Column]:
        return [column for column in self.columns if column.name != self.tracer and column.per != "counts"]

    def only(self, table: Table, keep: np.ndarray) -> "Reading":
        """The same of the rows (N,) to keep."""
        parts = ({k: value[keep] for k, value in part.items()} for part in (self.numbers, self.limits))
        return replace(self, table=table, **dict(zip(("numbers", "limits"), parts, strict=True)))

    def left_out(self) -> dict[int, str]:
        """Rows to leave out, each with the reason: below a limit of detection, or with a total out of its window."""
        why = {}
        if self.below == "leave-out":
            for column in self.columns:
                words = f"{column.name} is below its limit of detection"
                why |= {int(row): words for row in np.flatnonzero(self.limits[column.k]) if int(row) not in why}
        if self.totals is not None:
            if self.balance:
                raise Invalid.at("totals", f"{self.balance} is the balance, so that every row sums to 100; give one.")
            low, high = self.totals
            total = self.totals_in_percent()
            for row in np.flatnonzero(~((total >= low) & (total <= high))):
                why.setdefault(int(row), f"its total, {total[row]:.4g} %, is outside {low:g} to {high:g}")
        return why

    def totals_in_percent(self) -> np.ndarray:
        """The total (N,) of every row: of its masses, or else of the column of totals, or else of its moles."""
        moles = {column.per for column in self.summed} == {"mole"}
        if moles and self.total is not None:
            total = self.numbers[self.total]
            return total if np.median(total) > 10.0 * LARGEST else 100.0 * total
        scales = self.scales()
        return 100.0 * sum(self.numbers[column.k] * scales[column.name] for column in self.summed)

    def read(self) -> Compositions:
        """All of it. Raises Invalid for the values, totals and kinds that make no mole fractions."""
        numbers, limits = self.numbers, self.limits
        scales = self.scales()
        values, sigma, limited = {}, {}, []
        share, deviation = BELOW[self.below]
        for column in self.columns:
            below, scale = limits[column.k], scales[column.name]
            value = np.where(below, share * numbers[column.k], numbers[column.k]) * scale
            spread = self.spread(column, scale)
            if below.any():
                limited.append(f"{column.name} ({int(below.sum())})")
                if spread is not None:
                    spread = np.where(below, np.maximum(spread, deviation * scale * numbers[column.k]), spread)
            values[column.name], sigma[column.name] = value, spread
            if column.per == "counts":
                text = f"{column.name} is in counts and was divided by the largest: its amount is not known."
                self.warnings.append(text)
        if limited:
            what = f"Values below the detection limit were taken as {SAID[self.below]}: {', '.join(limited)}."
            self.warnings.append(what)
        kinds = {column.per for column in self.summed}
        if len(kinds) > 1:
            raise Invalid.at(self.table.where, "wt% and other kinds of composition cannot be mixed in one file.")
        for column in self.columns:
            if column.name == self.tracer and column.per == "mass":
                text = f"the tracer {column.name} is given in mass; give it as a mole fraction, or as counts [cps]."
                raise Invalid.at(self.table.where, text)
        if kinds == {"mass"}:
            values, sigma = self.from_masses(values, sigma)
        else:
            values, sigma = self.from_moles(values, sigma)
        kinds = {column.name: column.kind for column in self.columns}
        kinds = {name: kinds.get(name, "") for name in values}
        return Compositions(values, sigma, kinds, tuple(self.warnings), tuple(self.conversions))

    def spread(self, column: Column, scale: float) -> np.ndarray | None:
        """Standard uncertainties (N,) of a column, as fractions; None where there are none. Invalid for those that are
        not above zero."""
        if column.sigma is None:
            return None
        given, title = self.numbers[column.sigma], self.table.titles[column.sigma]
        bad = np.flatnonzero(~(given > 0.0))
        if len(bad):
            text = f"the uncertainties of {column.name} must be positive, got {given[bad[0]]:g}."
            raise Invalid.at(self.table.place(bad[0]), text)
        if not title.relative:
            return given * scale / title.times
        value = self.numbers[column.k] * scale
        bad = np.flatnonzero(~(value > 0.0))
        if len(bad):
            text = f"{title.text!r} is relative, which says nothing where {column.name} is {value[bad[0]]:g}"
            cure = f"give {column.name} a limit of detection, or leave the uncertainties out (matano convert)"
            raise Invalid.at(self.table.place(bad[0]), f"{text}; {cure}.")
        return 0.01 * given * value / title.times

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
            scales[column.name] = guessed if scale is None else scale
        return scales

    def from_moles(self, values: dict, sigma: dict) -> tuple[dict, dict]:
        """Adds the balance; Invalid where the mole fractions sum to more than 1."""
        summed = self.summed
        names = [column.name for column in summed]
        total = sum(values[name] for name in names) if summed else np.zeros(1)
        if len(summed) > 1 and (total > LARGEST).any():
            k = int(np.argmax(total > LARGEST))
            raise Invalid.at(self.table.place(k), f"the mole fractions sum to {total[k]:.4g}, more than 1.")
        if self.balance and summed:
            known = [sigma[name] for name in names]
            values[self.balance] = 1.0 - total
            given = all(value is not None for value in known)
            sigma[self.balance] = np.sqrt(sum(value**2 for value in known)) if given else None
            self.conversions.append(f"{self.balance} makes up the rest.")
        if self.oxides == "cations":
            names = [*names, *([self.balance] if self.balance and summed else [])]
            if not self.balance:
                self.check_totals(total, "mole fractions")
            return self.joined(values, sigma, names, np.ones(len(names)), "mol%")
        return values, sigma

    def from_masses(self, values: dict, sigma: dict) -> tuple[dict, dict]:
        """Mole fractions in place of mass fractions. The totals are divided out; Invalid where they are far from 1."""
        names = [column.name for column in self.summed]
        w = np.stack([values[name] for name in names])
        balance = self.balance or self.rest_of(names, w)
        if balance:
            names = [*names, balance]
            values[balance], sigma[balance] = 1.0 - w.sum(axis=0), None
            self.conversions.append(f"{balance} makes up the rest to 100 wt%.")
        elif len(names) < 2:
            text = f"the wt% of {names[0]} alone give no mole fraction: add the column of the other component"
            cure = 'or name it: balance = "Cu" in an experiment file, or --balance of matano convert'
            raise Invalid.at(self.table.where, f"{text}, {cure}.")
        else:
            self.check_totals(w.sum(axis=0), "wt%")
        masses = masses_of(names, self.masses, self.table.where)
        return self.joined(values, sigma, names, masses, "wt%")

    def joined(self, values: dict, sigma: dict, names: list[str], masses: np.ndarray, what: str) -> tuple[dict, dict]:
        """Mole fractions and their uncertainties by component, of amounts that are divided by masses (n,): of the
        cations, those of several oxides of one element together, or as they stand."""
        cations = self.cations(names)
        shown = ", ".join(f"{name} {mass:.6g}" for name, mass in zip(names, masses, strict=True))
        by = f", by the molar masses {shown} g/mol" if what == "wt%" else ""
        if cations:
            masses = np.array([mass / cations[name][1] for name, mass in zip(names, masses, strict=True)])
            pairs = ", ".join(f"{name} to {cation}" for name, (cation, _) in cations.items() if name != cation)
            self.conversions.append(f"{what} of oxides to mole fractions of their cations ({pairs}){by}.")
        else:
            self.conversions.append(f"{what} to mole fractions{by}.")
        labels = [cations[name][0] if cations else name for name in names]
        kept = list(dict.fromkeys(labels))
        together = np.array([[float(label == name) for label in labels] for name in kept])
        w = np.stack([values[name] for name in names])
        found = dict(zip(kept, together @ mole_fractions(w, masses), strict=True))
        own = {column.name for column in self.summed}
        known = {name: sigma[name] for name in names if name in own}
        missing = [name for name, value in known.items() if value is None]
        spread = dict.fromkeys(kept)
        if not missing:
            found_sigma = uncertainties(w, masses, np.stack(list(known.values())), together)
            spread = dict(zip(kept, found_sigma, strict=True))
        elif len(missing) < len(known):
            text = f"Turning wt% into mole fractions needs the uncertainties of all columns, sigma_{missing[0]} too"
            self.warnings.append(f"{text}: those given were not used.")
        others = [column.name for column in self.columns if column.name not in own]
        return found | {name: values[name] for name in others}, spread | {name: sigma[name] for name in others}

    def cations(self, names: list[str]) -> dict[str, tuple[str, int]]:
        """Cation and its count by name, of oxides and of what stands beside them; empty where they are components of
        their own."""
        of = {name: cation_of(name) for name in names if name not in (self.masses or {})}
        if self.oxides == "molecules" or not any(of.values()):
            if self.oxides == "cations":
                raise Invalid.at("oxides", f"none of {', '.join(names)} is an oxide; leave it out.")
            return {}
        for name in names:
            if name in ANIONS:
                text = f"{name} beside oxides is no cation: leave its column out (matano convert --columns), or take"
                raise Invalid.at(self.table.where, f"{text} the oxides as components with --oxides molecules.")
        return {name: of.get(name) or (name, 1) for name in names}

    def rest_of(self, names: list[str], w: np.ndarray) -> str:
        """The dependent component where it has no column, and wt% (as fractions) leave something for it: without its
        mass they give no mole fractions."""
        cations = [found[0] for found in map(cation_of, names) if found] if self.oxides != "molecules" else []
        absent = self.dependent and self.dependent not in (*names, *cations, self.tracer)
        left = float((1.0 - w.sum(axis=0)).mean())
        return self.dependent if absent and left > REST else ""

    def check_totals(self, total: np.ndarray, what: str) -> None:
        """A warning for rows whose total is not 1, Invalid for those far from it, unless a window was given."""
        low, high = 100.0 * total.min(), 100.0 * total.max()
        self.conversions.append(f"The {what} of every row were divided by their total, {low:.5g} to {high:.5g} %.")
        if self.totals is not None:
            return
        off = np.abs(total - 1.0)
        worst = int(np.argmax(off))
        far = np.flatnonzero(off > REFUSED)
        if far.size:
            text = f"the {what} sum to {100.0 * total[far[0]]:.4g}, not to 100"
            more = f" (and so in {far.size - 1} more rows)" if far.size > 1 else ""
            cure = "Leave the row out, or add the component that is missing."
            raise Invalid.at(self.table.place(far[0]), f"{text}{more}. {cure}")
        if off[worst] > OFF:
            count = int((off > OFF).sum())
            rows = f"{count} row{'s' * (count > 1)}"
            text = (
                f"The {what} of {rows} sum to more than {100 * OFF:g} % off 100, the worst to {100 * total[worst]:.4g}"
            )
            self.warnings.append(f"{text} in line {self.table.rows[worst][0]}; they were divided by their total.")

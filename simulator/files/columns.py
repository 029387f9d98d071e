"""The columns of a measured profile: which of them are compositions, and of what kind."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from simulator.faults import Fault, Invalid, near
from simulator.files.composition import cation_of
from simulator.files.delimited import Table, decimal, is_number
from simulator.files.titles import KINDS, SYMBOL, Title, kind_named, title_of

TOTALS = ("total", "sum", "totals", "summe", "oxide total")
PASSED_OVER = (
    *TOTALS,
    "point",
    "no.",
    "no",
    "nr",
    "nr.",
    "#",
    "label",
    "comment",
    "remark",
    "line",
    "scan",
    "date",
    "id",
)
LARGEST = 1.05  # a value or a sum above which numbers cannot be fractions
REST = 2e-3  # of the mean sum, within which nothing is left for another component


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


def columns_of(
    table: Table,
    positions: Collection[int],
    basis: str | None,
    component: str | None = None,
    only: Sequence[str] | None = None,
    errors: bool = True,
) -> list[Column]:
    """The columns of compositions with their kinds: what the header says, or else `basis`, or else mole fractions.

    Of a component that stands there in mole and in mass the mole fractions are taken, unless `basis` says otherwise.
    positions: columns that are none; component: beside its column, others of no kind of composition do not matter;
    only: the components to read; errors: whether columns of uncertainties are read.
    """
    said = basis_kind(basis)
    wanted = {title_of(component).name} if component else {title_of(name).name for name in only or ()}
    found, sigmas, faults = [], [], []
    for k, title in enumerate(table.titles):
        if k in positions or is_passed_over(table, k, title) or (only and not is_one_of(title, wanted)):
            continue
        if title.sigma and not errors:
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
    if faults and not wanted & {column.name for column in found}:
        raise Invalid(*faults)
    missing = [
        name for name in only or () if not any(is_one_of(Title(c.name, "", ""), {title_of(name).name}) for c in found)
    ]
    if missing:
        names = list(dict.fromkeys(title.name for k, title in enumerate(table.titles) if k not in positions))
        text = f"there is no column {missing[0]!r}; the columns are {', '.join(names)}.{near(missing[0], names)}"
        raise Invalid.at(table.where, text)
    if not found:
        raise Invalid.at(table.where, "there is no column of compositions beside the positions.")
    kept = one_each(table, found, said)
    return with_sigmas(table, found, kept, sigmas)


def is_one_of(title: Title, names: set[str]) -> bool:
    """Whether a column, or the cation of its oxide, is among the names."""
    cation = cation_of(title.name)
    return title.name in names or (cation is not None and cation[0] in names)


def is_passed_over(table: Table, k: int, title: Title) -> bool:
    """Whether a column holds no composition: lengths, totals, numbers of points, limits of detection, or words; or it
    has no unit where others have one, and the name of no element or oxide."""
    if title.length is not None or title.limit or not title.name or title.name.lower() in PASSED_OVER:
        return True
    if title.text.lower() in PASSED_OVER:
        return True
    if title.unit or title.sigma or SYMBOL.fullmatch(title.name) or cation_of(title.name) is not None:
        return False
    if any(kind_named(other.unit) not in (None, "counts") for other in table.titles if other.unit and not other.sigma):
        return True
    cells = [row[k] for _, row in table.rows if k < len(row)]
    if (
        len(cells) > 2
        and all(cell.isdigit() for cell in cells)
        and len({int(b) - int(a) for a, b in pairwise(cells)}) == 1
    ):
        return True
    numbers = sum(is_number(decimal(cell, table.separator).lstrip("<≤= ")) for cell in cells)
    return 2 * numbers < len(cells)


def total_column(table: Table) -> int | None:
    """The column of the totals of rows, None if there is none."""
    return next((k for k, title in enumerate(table.titles) if title.name.lower() in TOTALS), None)


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
        elif kind == "%":
            text = f"{title!r} may be percent of the value or of the whole: write [rel%] or [{of[0].kind}]."
            faults.append(Fault(table.where, text))
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

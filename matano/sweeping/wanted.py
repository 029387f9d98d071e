"""What a sweep reads off every run: quantities at places and times, and coefficients that methods recover."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.faults import Invalid, near

COMPOSITIONS = (0.25, 0.5, 0.75)
KEYS = {"component": None, "index": None, "at": "m", "time": "s", "voltage": "V"}
EXAMPLE = 'as in "x_Ni, at = 10 um, time = 1 h" or "interface_position, index = 1"'


@dataclass(frozen=True)
class Quantity:
    """A number of a result, as [[expect.value]] names it; column: the text that asked for it."""

    column: str
    quantity: str
    component: str | None = None
    index: int | None = None
    at: float | None = None
    time: float | None = None
    voltage: float | None = None


@dataclass(frozen=True)
class Wanted:
    """quantities; methods by name; compositions: where a coefficient that is a function of one is read off."""

    quantities: tuple[Quantity, ...] = ()
    methods: tuple[str, ...] = ()
    compositions: tuple[float, ...] = COMPOSITIONS


def wanted_of(values: Sequence[str], methods: Sequence[str], compositions: Sequence[float]) -> Wanted:
    """Raises Invalid for a text that names no quantity, an unknown method, or one that takes several profiles."""
    quantities = tuple(quantity_of(text) for text in dict.fromkeys(values))
    names = tuple(dict.fromkeys(methods))
    if names:
        from inverse.registry import method_of

        for name in names:
            if method_of(name).counts[0] > 1:
                raise Invalid.at("--method", f"{name} takes several profiles; a run of a sweep has one at a time.")
    places = tuple(float(x) for x in compositions) or COMPOSITIONS
    if not all(0.0 <= x <= 1.0 for x in places):
        raise Invalid.at("--at", "compositions are mole fractions, 0 to 1.")
    return Wanted(quantities, names, places)


def quantity_of(text: str) -> Quantity:
    """ "x_Ni, at = 10 um, time = 1 h": a quantity, then keys as in [[expect.value]]."""
    from simulator.laws.units import number

    where = f"--value {text[:80]}"
    name, *rest = (part.strip() for part in text.split(","))
    if not name or "=" in name:
        raise Invalid.at(where, f"begin with the quantity, {EXAMPLE}.")
    said: dict = {}
    for part in rest:
        key, equals, value = (word.strip() for word in part.partition("="))
        if not equals or not value or key in said:
            raise Invalid.at(where, f"{part!r} is not KEY = VALUE, given once, {EXAMPLE}.")
        if key not in KEYS:
            raise Invalid.at(where, f"unknown key {key!r}; there are {', '.join(KEYS)}.{near(key, KEYS)}")
        if key == "component":
            said[key] = value
        elif key == "index":
            if not value.isdecimal():
                raise Invalid.at(where, f"index is a whole number, 0 for the leftmost, got {value!r}.")
            said[key] = int(value)
        else:
            said[key] = number(value, KEYS[key], where)
    return Quantity(", ".join([name, *rest]), name, **said)


def check_quantities(wanted: Wanted, problem) -> None:
    """Raise Invalid for a quantity or a component that no result of this problem has."""
    from matano.check import QUANTITIES
    from simulator.solve.result import DIAGNOSTICS

    mixture = problem.mixture
    symbol = "c" if mixture.quantity == "concentration" else "x"
    names = [*mixture.components, *(f"{symbol}_{name}" for name in mixture.components)]
    known = [*names, mixture.quantity, *QUANTITIES, *DIAGNOSTICS]
    for entry in wanted.quantities:
        where = f"--value {entry.column[:80]}"
        if entry.quantity not in known:
            hint = near(entry.quantity, known)
            raise Invalid.at(where, f"unknown quantity {entry.quantity!r}; there are {', '.join(known)}.{hint}")
        if entry.component is not None and entry.component not in mixture.components:
            listed = ", ".join(mixture.components)
            raise Invalid.at(where, f"{entry.component!r} is not one of the components ({listed}).")
        if entry.quantity in names and entry.at is None:
            raise Invalid.at(where, f"{entry.quantity} needs a place, {EXAMPLE}.")


def read_off(result, wanted: Wanted) -> tuple[dict[str, float], list[str]]:
    """The numbers of one result by column, nan where there is none, and sentences that say why."""
    from matano.check import quantity_at, state_of

    numbers: dict[str, float] = {}
    sentences: list[str] = []
    for entry in wanted.quantities:
        try:
            value = quantity_at(result, entry, state_of(result, entry, "--value"), "--value")
        except Invalid as error:
            sentences += [f"{entry.column}: {fault.sentence}" for fault in error.faults]
            value = float("nan")
        numbers[entry.column] = float(value)
    for name in wanted.methods:
        try:
            numbers |= recovered(result, name, wanted.compositions)
        except Invalid as error:
            sentences += [f"{name}: {fault.sentence}" for fault in error.faults]
    return numbers, sentences


def recovered(result, name: str, compositions: Sequence[float]) -> dict[str, float]:
    """The coefficients of a method from the last profile by column, with standard deviations where the method tells
    them, and the largest relative error in its window where the law is known."""
    from inverse import compare
    from inverse.registry import METHODS

    profile = result.profile()
    estimate = METHODS[name](profile)
    numbers = {}
    for label, value, sd in labelled(estimate, compositions):
        numbers[f"{name} {label}"] = value
        if sd is not None:
            numbers[f"{name} sd of {label}"] = sd
    with contextlib.suppress(Invalid):  # the law has no such coefficient: there is no truth to compare with
        numbers[f"{name} largest error"] = float(compare(estimate, result, None, profile.time).max_error)
    return numbers


def labelled(estimate, compositions: Sequence[float]):
    """Name, value and standard deviation (None where not known) of every number that the table takes."""
    from matano.estimates import SYMBOLS, kind_of, labels_of

    symbol, kind = SYMBOLS.get(estimate.recovers, estimate.recovers), kind_of(estimate)
    value, sd = np.asarray(estimate.value, float), estimate.sd
    if kind == "layers":
        rows = np.atleast_2d(value)
        deviations = [None] * len(rows) if sd is None else np.atleast_2d(sd)
        of = [f"{row} " for row in estimate.rows] if value.ndim == 2 else [""]
        for prefix, row, deviation in zip(of, rows, deviations, strict=True):
            for k, layer in enumerate(labels_of(estimate)):
                yield f"{symbol} {prefix}{layer}", float(row[k]), None if deviation is None else float(deviation[k])
        return
    count = len(estimate.composition)
    if count != 1 and (estimate.is_matrix or estimate.composition.ndim > 1):
        text = f"gives values at {count} compositions of several components; `matano analyse` shows them."
        raise Invalid.at("--method", text)
    if estimate.is_matrix:
        for i in range(value.shape[1]):
            for j in range(value.shape[2]):
                yield f"{symbol}[{i}][{j}]", float(value[0, i, j]), None if sd is None else float(sd[0, i, j])
        return
    rows = np.atleast_2d(value)
    deviations = [None] * len(rows) if sd is None else np.atleast_2d(sd)
    names = [f"{symbol}_{row}" for row in estimate.rows] if value.ndim == 2 else [symbol]
    for label, row, deviation in zip(names, rows, deviations, strict=True):
        if count == 1:
            yield label, float(row[0]), None if deviation is None else float(deviation[0])
            continue
        for X in compositions:
            spread = None if deviation is None else between(estimate, deviation, X)
            yield f"{label}({X:g})", between(estimate, row, X), spread


def between(estimate, values: np.ndarray, X: float) -> float:
    """A value (k,) of one component's curve at a composition in the window; nan outside."""
    low, high = estimate.window
    if not low <= X <= high:
        return float("nan")
    order = np.argsort(estimate.composition)
    known, values = estimate.composition[order], np.asarray(values, float)[order]
    if np.all(values > 0.0):
        return float(np.exp(np.interp(X, known, np.log(values), left=np.nan, right=np.nan)))
    return float(np.interp(X, known, values, left=np.nan, right=np.nan))

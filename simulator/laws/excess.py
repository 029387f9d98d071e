"""The molar excess Gibbs energy of a solution as a formula of its mole fractions, from what a case says of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.laws.coefficient import read_coefficient
from simulator.laws.expression import mole_fractions
from simulator.laws.formula import Formula, constant
from simulator.laws.mixture import Mixture

KINDS = ("ideal", "regular", "redlich-kister", "expression", "tdb")
WITH_PAIRS = ("regular", "redlich-kister")
UNIT = "J/mol"
MOST_TERMS = 12
WHERE = "thermodynamics"


def read_excess(mixture: Mixture, kind: str, omega: Any, excess: Any, folder: Path | str | None = None) -> Formula:
    """g_ex(x, T) in J/mol over the independent mole fractions of a mixture without interstitials.

        ideal: 0;   regular: sum over pairs of Omega_AB x_A x_B;   expression: `excess` itself
        redlich-kister: sum over pairs of x_A x_B sum_k L_k (x_A - x_B)^k, and over triples of
        x_A x_B x_C (v_A L_A + v_B L_B + v_C L_C),   v_i = x_i + (1 - x_A - x_B - x_C)/3

    omega: "A-B" or "A-B-C" to a coefficient in J/mol, or a list of them; the order in the key is that of A, B, C.
    Raises Invalid with every key and coefficient that cannot be used.
    Sources: Redlich & Kister (1948), Ind. Eng. Chem. 40, 345; Muggianu, Gambino & Bros (1975), J. Chim. Phys. 72, 83.
    """
    if kind not in KINDS:
        text = f"unknown kind {repr(kind)[:40]}; there is {', '.join(KINDS)}.{near(str(kind), KINDS)}"
        raise Invalid.at(f"{WHERE}.kind", text)
    faults = misplaced(kind, omega, excess)
    total = constant(0.0)
    if kind == "expression" and excess is not None:
        total = coefficient(excess, mixture, f"{WHERE}.excess", folder, faults)
    if kind in WITH_PAIRS and isinstance(omega, Mapping):
        fractions = dict(zip(mixture.components, mole_fractions(mixture), strict=True))
        seen: dict[frozenset[str], str] = {}
        for given, spec in omega.items():
            where = f"{WHERE}.omega.{given}"
            try:
                names = members(str(given), kind, mixture, seen, where)
                specs = coefficients_of(spec, len(names), kind, where)
            except Invalid as invalid:
                faults += invalid.faults
                continue
            listed = isinstance(spec, list | tuple | np.ndarray)
            read = [
                coefficient(entry, mixture, f"{where}[{k}]" if listed else where, folder, faults)
                for k, entry in enumerate(specs)
            ]
            total = total + (pair if len(names) == 2 else triple)([fractions[name] for name in names], read)
    if faults:
        raise Invalid(*faults)
    return total


def read_whole(mixture: Mixture, kind: str, excess: Any, g: Any, folder: Path | str | None = None) -> Formula:
    """G(x, T) in J/mol as it is given, with or without the logarithms of an ideal solution. Raises Invalid."""
    if kind != "expression" or excess is not None:
        text = 'the whole Gibbs energy g stands alone, with kind = "expression"; leave the other keys out.'
        raise Invalid.at(f"{WHERE}.g", text)
    faults: list[Fault] = []
    found = coefficient(g, mixture, f"{WHERE}.g", folder, faults)
    if faults:
        raise Invalid(*faults)
    return found


def pair(x: list[Formula], L: list[Formula]) -> Formula:
    """x_A x_B sum_k L_k (x_A - x_B)^k, by Horner's rule."""
    total = L[-1]
    for entry in reversed(L[:-1]):
        total = total * (x[0] - x[1]) + entry
    return x[0] * x[1] * total


def triple(x: list[Formula], L: list[Formula]) -> Formula:
    """x_A x_B x_C L, or with L weighted by v_A, v_B and v_C."""
    product = x[0] * x[1] * x[2]
    if len(L) == 1:
        return product * L[0]
    rest = (1.0 - x[0] - x[1] - x[2]) / 3.0
    return product * ((x[0] + rest) * L[0] + (x[1] + rest) * L[1] + (x[2] + rest) * L[2])


def misplaced(kind: str, omega: Any, excess: Any) -> list[Fault]:
    """Keys that this kind of solution does not take, and those it lacks."""
    faults = []
    if omega is not None and not isinstance(omega, Mapping):
        text = f'expected pairs with their coefficients, {{ A-B = "8 kJ/mol" }}, got {repr(omega)[:40]}.'
        faults.append(Fault(f"{WHERE}.omega", text))
    elif omega and kind not in WITH_PAIRS:
        text = f'kind = "{kind}" has no omega; write kind = "regular" or "redlich-kister", or leave omega out.'
        faults.append(Fault(f"{WHERE}.omega", text))
    elif not omega and kind in WITH_PAIRS:
        text = f'kind = "{kind}" needs omega = {{ A-B = "8 kJ/mol" }}; a solution without it is "ideal".'
        faults.append(Fault(f"{WHERE}.omega", text))
    if excess is not None and kind != "expression":
        text = f'kind = "{kind}" has no excess; write kind = "expression", or leave excess out.'
        faults.append(Fault(f"{WHERE}.excess", text))
    if excess is None and kind == "expression":
        text = (
            'kind = "expression" needs excess = "...", the molar excess Gibbs energy in J/mol, or g, the whole of it.'
        )
        faults.append(Fault(f"{WHERE}.excess", text))
    return faults


def members(given: str, kind: str, mixture: Mixture, seen: dict[frozenset[str], str], where: str) -> list[str]:
    """The components that a key of omega names, in its order."""
    names = [name.strip() for name in given.split("-")]
    unknown = [Fault(where, mixture.unknown(name)) for name in names if name not in mixture.components]
    if unknown:
        raise Invalid(*unknown)
    most = 2 if kind == "regular" else 3
    if not 2 <= len(names) <= most:
        form = '"A-B"' if most == 2 else '"A-B" or "A-B-C"'
        hint = ' A ternary term needs kind = "redlich-kister".' if len(names) == 3 else ""
        raise Invalid.at(where, f"expected {form}, got {len(names)} component{'s' * (len(names) > 1)}.{hint}")
    if len(set(names)) < len(names):
        raise Invalid.at(where, "a component does not interact with itself: the names must differ.")
    before = seen.setdefault(frozenset(names), given)
    if before != given:
        raise Invalid.at(where, f"the same components as {before!r}; give them once.")
    return names


def coefficients_of(spec: Any, size: int, kind: str, where: str) -> list[Any]:
    """The coefficients of a pair or a triple as a list."""
    if not isinstance(spec, list | tuple | np.ndarray):
        return [spec]
    if kind == "regular":
        hint = 'a regular solution has one coefficient a pair; for a list write kind = "redlich-kister".'
        raise Invalid.at(where, hint)
    if size == 3 and len(spec) not in (1, 3):
        raise Invalid.at(where, f"expected one coefficient or three, [L_A, L_B, L_C], got a list of {len(spec)}.")
    if not 1 <= len(spec) <= MOST_TERMS:
        raise Invalid.at(where, f"expected 1 to {MOST_TERMS} coefficients, [L0, L1, ..], got a list of {len(spec)}.")
    return list(spec)


def coefficient(spec: Any, mixture: Mixture, where: str, folder: Path | str | None, faults: list[Fault]) -> Formula:
    """A coefficient in J/mol; what is wrong with it is added to `faults`."""
    try:
        program = read_coefficient(spec, mixture, UNIT, where, folder).program
        foreign = sorted(program.depends_on - {"composition", "T"})
        if foreign:
            hint = " A mole fraction is written x_NAME." if "x" in foreign else ""
            text = f"a Gibbs energy depends on temperature and mole fractions, not on {' and '.join(foreign)}.{hint}"
            raise Invalid.at(where, text)
        return Formula.of(program)
    except Invalid as invalid:
        faults += invalid.faults
        return constant(0.0)

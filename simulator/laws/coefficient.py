"""A coefficient of a case: a number, a quantity, an expression, Arrhenius, a polynomial or a table."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.laws.expression import CONSTANTS, Vocabulary, mole_fractions, parse, vocabulary
from simulator.laws.mixture import Mixture
from simulator.laws.program import Program, Tree, apply, number, table
from simulator.laws.table import below, pchip, read_columns

FORMS = (
    'a number, a quantity such as "1e-14 m^2/s", an expression, { D0 = .., Q = .. }, '
    '{ polynomial = [..], in = "x_NAME" }, { table = "FILE.csv" }, { log_linear = { NAME = .. } } or '
    '{ tdb = "FILE.tdb", phase = "..", of = "NAME" }'
)
KEYS = {
    "D0": ("D0", "Q"),
    "Q": ("D0", "Q"),
    "polynomial": ("polynomial", "in"),
    "table": ("table",),
    "log_linear": ("log_linear",),
    "tdb": ("tdb", "phase", "of"),
}
MOST_TERMS = 40


@dataclass(frozen=True)
class Coefficient:
    """A coefficient that may depend on composition, position, time and temperature, as given and as a program.

    temperatures: the range of T in K beyond which it is not known, and nan.
    """

    spec: Any
    program: Program = field(compare=False)
    temperatures: tuple[float, float] = (0.0, math.inf)

    def __call__(self, u: np.ndarray, T: float = math.nan, t: float = 0.0, x: float = 0.0) -> np.ndarray:
        """Values (...) in SI at independent fractions u (m, ...), T in K, t in s, x in m."""
        return self.program(u, x=x, t=t, T=T)[0]

    @property
    def depends_on(self) -> frozenset[str]:
        """A subset of {"composition", "x", "t", "T"}."""
        return self.program.depends_on


def read_coefficient(
    spec: Any, mixture: Mixture, unit: str = "m^2/s", where: str = "law.D", folder: Path | str | None = None
) -> Coefficient:
    """The coefficient that `spec` stands for; numbers are SI, `unit` is what quantities are converted to.

    Arrhenius: D0 exp(-Q/RT). Polynomial: sum of c_k x^k, lowest power first. Table: a monotone piecewise cubic through
    two columns, composition and coefficient, constant beyond its ends; its path is
    relative to `folder` and stays below it. Log-linear: exp(sum of x_k ln D_k), a coefficient D_k for every component
    k: its value where there is nothing else. TDB: the tracer diffusivity R T M of a component in a phase of a TDB file.
    Raises Invalid, with a place that starts with `where`.
    """
    if isinstance(spec, Coefficient):
        return spec
    names = vocabulary(mixture)
    if isinstance(spec, Mapping) and "tdb" in spec:
        check_keys(spec, where)
        if unit != "m^2/s":
            raise Invalid.at(where, f"a TDB file gives tracer diffusivities, in m^2/s; this is in {unit}.")
        return from_tdb(spec, mixture, where, folder)
    if isinstance(spec, Mapping):
        tree = from_keys(spec, names, mixture, unit, where, folder)
    elif isinstance(spec, str):
        from simulator.laws.units import looks_like_quantity, quantity

        if not looks_like_quantity(spec):
            return Coefficient(spec, parse(spec, names, where))
        tree = number(quantity(spec, unit, where))
    elif isinstance(spec, int | float | np.number) and not isinstance(spec, bool):
        tree = number(finite(spec, unit, where))
    else:
        raise Invalid.at(where, f"expected {FORMS}, got {repr(spec)[:60]}.")
    return Coefficient(spec, Program((tree,), mixture.m))


def finite(value: Any, unit: str, where: str) -> float:
    """A finite number in SI from a number or a quantity."""
    from simulator.laws.units import number as in_unit

    return in_unit(value, unit, where)


def from_keys(
    spec: Mapping, names: Vocabulary, mixture: Mixture, unit: str, where: str, folder: Path | str | None
) -> Tree:
    """The tree of a coefficient given by a table of keys."""
    check_keys(spec, where)
    if "log_linear" in spec:
        return log_linear(spec["log_linear"], mixture, unit, f"{where}.log_linear", folder)
    if "table" in spec:
        return tabulated(spec["table"], names, mixture, unit, where, folder)
    return arrhenius(spec, unit, where) if "D0" in spec else polynomial(spec, names, unit, where)


def check_keys(spec: Mapping, where: str) -> None:
    """Raise Invalid unless these are the keys of one of the forms."""
    everything = tuple(dict.fromkeys(name for names in KEYS.values() for name in names))
    allowed = next((KEYS[name] for name in KEYS if name in spec), everything)
    unknown = [name for name in spec if name not in allowed]
    missing = [name for name in allowed if name not in spec]
    if unknown or allowed is everything:
        faults = [
            Fault(f"{where}.{name}", f"unknown key.{near(str(name), allowed)} Expected {FORMS}.") for name in unknown
        ]
        raise Invalid(*(faults or [Fault(where, f"expected {FORMS}.")]))
    if missing:
        raise Invalid.at(where, f"{missing[0]!r} is missing beside {', '.join(repr(name) for name in spec)}.")


def from_tdb(spec: Mapping, mixture: Mixture, where: str, folder: Path | str | None) -> Coefficient:
    """The tracer diffusivity of a component, m^2/s, from the mobilities of a phase."""
    from simulator.laws.assessment import read_assessment

    if spec["of"] not in mixture.components:
        raise Invalid.at(f"{where}.of", mixture.unknown(str(spec["of"])))
    read = read_assessment(spec["tdb"], spec["phase"], mixture, where, "tdb", folder)
    read.check(mixture, f"{where}.phase")
    part = read.mobility[spec["of"].upper()]
    formula = part.formula(mole_fractions(mixture), f"{where}.tdb")
    return Coefficient(spec, formula.program(mixture.m), part.temperatures)


def arrhenius(spec: Mapping, unit: str, where: str) -> Tree:
    """D0 exp(-Q/(R T))."""
    D0, Q = finite(spec["D0"], unit, f"{where}.D0"), finite(spec["Q"], "J/mol", f"{where}.Q")
    faults = []
    if D0 < 0.0:
        faults.append(Fault(f"{where}.D0", f"a pre-exponential factor must not be negative, got {D0:g}."))
    if Q < 0.0:
        faults.append(
            Fault(f"{where}.Q", f"an activation energy must not be negative, got {Q:g} J/mol; D = D0 exp(-Q/RT).")
        )
    if faults:
        raise Invalid(*faults)
    return apply("mul", number(D0), apply("exp", apply("div", number(-Q / CONSTANTS["R"]), ("T",))))


def log_linear(spec: Any, mixture: Mixture, unit: str, where: str, folder: Path | str | None) -> Tree:
    """exp(sum of x_k ln D_k): the logarithm is linear in the composition."""
    if not isinstance(spec, Mapping):
        form = ", ".join(f"{name} = .." for name in mixture.components)
        raise Invalid.at(where, f"expected a coefficient for each component, {{ {form} }}, got {repr(spec)[:40]}.")
    faults = [Fault(f"{where}.{name}", mixture.unknown(str(name))) for name in spec if name not in mixture.components]
    faults += [Fault(where, f"{name} is missing.") for name in mixture.components if name not in spec]
    names, total = vocabulary(mixture).trees, number(0.0)
    for name in mixture.components if not faults else ():
        try:
            program = read_coefficient(spec[name], mixture, unit, f"{where}.{name}", folder).program
        except Invalid as invalid:
            faults += invalid.faults
            continue
        if not program.depends_on and not program(np.zeros(mixture.m))[0] > 0.0:
            faults.append(Fault(f"{where}.{name}", "must be positive: its logarithm is mixed."))
        total = apply("add", total, apply("mul", names[f"x_{name}"], apply("log", program.trees[0])))
    if faults:
        raise Invalid(*faults)
    return apply("exp", total)


def polynomial(spec: Mapping, names: Vocabulary, unit: str, where: str) -> Tree:
    """c_0 + c_1 x + c_2 x^2 + ..., by Horner's rule."""
    terms, name = spec["polynomial"], spec["in"]
    if not isinstance(terms, list | tuple | np.ndarray) or not 1 <= len(terms) <= MOST_TERMS:
        raise Invalid.at(
            f"{where}.polynomial", f"expected a list of 1 to {MOST_TERMS} coefficients, lowest power first."
        )
    argument = composition(name, names, f"{where}.in")
    tree = number(0.0)
    for k in reversed(range(len(terms))):
        value = number(finite(terms[k], unit, f"{where}.polynomial[{k}]"))
        tree = apply("add", apply("mul", tree, argument), value)
    return tree


def composition(name: Any, names: Vocabulary, where: str) -> Tree:
    """The tree of a mole fraction named x_Ni or Ni."""
    known = (*names.unknowns, *names.extra)
    for entry in (name, f"x_{name}"):
        if isinstance(entry, str) and entry in known:
            return names.trees[entry]
    raise Invalid.at(
        where, f"{repr(name)[:40]} is not a mole fraction of this case: {', '.join(known)}.{near(str(name), known)}"
    )


def tabulated(name: Any, names: Vocabulary, mixture: Mixture, unit: str, where: str, folder: Path | str | None) -> Tree:
    """A monotone piecewise cubic through the two columns of a file."""
    where = f"{where}.table"
    if not isinstance(name, str):
        raise Invalid.at(where, f"expected the name of a CSV file, got {repr(name)[:40]}.")
    (heading, value_heading), x, y = read_columns(below(name, folder, where), where)
    argument = composition(heading, names, where)
    given = re.search(r"[\[(](.+)[\])]", value_heading)
    if given:
        y = y * finite(f"1 {given.group(1)}", unit, where)
    if x[0] < 0.0 or x[-1] > 1.0:
        raise Invalid.at(where, f"{name} has mole fractions from {x[0]:g} to {x[-1]:g}; they lie between 0 and 1.")
    return table(argument, pchip(x, y))

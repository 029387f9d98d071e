"""Values of a case that may be expressions, as programs that may use some of x, t, T and the composition only."""

import re
from collections.abc import Iterable, Mapping

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.laws.mixture import Mixture
from simulator.laws.units import looks_like_quantity, number

Spec = float | str
TIME = re.compile(r"\b[tT]\b")
MEANING = {
    "x": "the position x",
    "y": "a second coordinate y",
    "z": "a third coordinate z",
    "t": "the time t",
    "T": "the temperature T",
    "composition": "the composition",
}


def is_expression(value: Spec) -> bool:
    """False for a number or a quantity."""
    return isinstance(value, str) and not looks_like_quantity(value)


def names_time(value: Spec) -> bool:
    """Whether an expression names t, or T, which may change with it; one of parameters alone does not."""
    return is_expression(value) and TIME.search(value) is not None


def tree_of(value: Spec, mixture: Mixture, where: str, variables: Iterable[str], unit: str = "1"):
    """The syntax tree of a number, quantity or expression; Invalid when it uses what it cannot know.

    variables: of "x", "t", "T" and "composition", what is known where the value is evaluated.
    """
    from simulator.laws.expression import read, vocabulary

    variables = tuple(variables)
    if not is_expression(value):
        return ("number", number(value, unit, where))
    tree = read(value, vocabulary(mixture), where)
    foreign = sorted(uses(tree) - set(variables))
    if foreign:
        known = ", ".join(map(MEANING.get, variables))
        raise Invalid.at(where, f"depends on {MEANING[foreign[0]]}, but only {known} can be used here.")
    return tree


def uses(tree) -> set[str]:
    """Which of x, y, z, t, T and "composition" stand in a tree."""
    from simulator.laws.program import nodes

    names = {entry[0] for entry in nodes(tree)}
    return names & set(MEANING) | ({"composition"} if "unknown" in names else set())


def program_of(value: Spec, mixture: Mixture, where: str, variables: Iterable[str], unit: str = "1"):
    """A program with one output."""
    return joined([tree_of(value, mixture, where, variables, unit)], mixture)


def programs_of(
    given: Mapping[str, Spec], mixture: Mixture, where: str, variables: Iterable[str], unit: str = "1"
) -> dict:
    """A program for each component given; Invalid with every fault."""
    programs, faults = {}, []
    for name, value in given.items():
        if name not in mixture.components:
            faults.append(Fault(f"{where}.{name}", mixture.unknown(name)))
            continue
        try:
            programs[name] = program_of(value, mixture, f"{where}.{name}", variables, unit)
        except Invalid as invalid:
            faults.extend(invalid.faults)
    if faults:
        raise Invalid(*faults)
    return programs


def joined(trees: Iterable, mixture: Mixture):
    """One program with an output for each tree."""
    from simulator.laws.program import Program

    return Program(tuple(trees), mixture.m)


def weighted_sum(terms: Iterable[tuple[float, tuple]]):
    """The tree of sum factor * tree."""
    from simulator.laws.program import apply

    total = ("number", 0.0)
    for factor, tree in terms:
        total = apply("add", total, apply("mul", ("number", float(factor)), tree))
    return total


def evaluate(program, u: np.ndarray | None = None, x=0.0, t=0.0, T=np.nan) -> np.ndarray:
    """The first output of a program that needs no composition, in the shape of x, t and T together."""
    shape = np.broadcast_shapes(np.shape(x), np.shape(t), np.shape(T))
    if u is None:
        u = np.full((program.m, *shape), np.nan)
    return np.broadcast_to(program(u, x=x, t=t, T=T)[0], shape)

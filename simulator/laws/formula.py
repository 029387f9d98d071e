"""Formulas of the unknowns and the temperature, written with operators and differentiated exactly.

A law's coefficients are such formulas; their program is what the kernels evaluate. Parts used again are the same
objects, and every function here takes as long as there are distinct parts.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from simulator.faults import Invalid
from simulator.laws.program import Program, Tree, apply, is_number, nodes, number, operands, table
from simulator.laws.table import slope_of

LN_10 = math.log(10.0)
TWO_BY_SQRT_PI = 2.0 / math.sqrt(math.pi)


@dataclass(frozen=True, eq=False)
class Formula:
    """A number, an unknown, the temperature, or what + - * / ** and the functions below make of those.

    Constants fold, and so do 0 a = 0, 0/a = 0, a + 0, 1 a, a/1, a**0 and a**1: a factor 0 hides where `a` does not
    exist. Numbers may stand on either side of an operator.
    """

    tree: Tree = field(repr=False)

    __array_ufunc__ = None  # numpy's numbers leave the operators to this class

    @classmethod
    def of(cls, given) -> "Formula":
        """The formula of a program of one output, or of a coefficient; Invalid for more than one output."""
        if isinstance(given, Formula):
            return given
        program = given if isinstance(given, Program) else given.program
        if program.outputs != 1:
            raise Invalid.at("", f"expected a program of one output, got {program.outputs}.")
        return cls(program.trees[0])

    @staticmethod
    def join(formulas: Iterable["Formula"], m: int) -> Program:
        """The program of m unknowns with an output for each formula, in order."""
        return Program(tuple(entry.tree for entry in formulas), m)

    def program(self, m: int) -> Program:
        """The program of m unknowns with this one output."""
        return Formula.join((self,), m)

    @property
    def value(self) -> float | None:
        """The number that this formula is; None when it depends on anything."""
        return self.tree[1] if is_number(self.tree) else None

    def derivative(self, k: int) -> "Formula":
        """The partial derivative by unknown u_k, at fixed temperature, time and place.

        Where none exists, one side counts: a jump has slope 0, min and max that of the first operand, abs 0 at 0.
        """
        slopes: dict[int, Formula] = {}
        for tree in nodes(self.tree):
            slopes[id(tree)] = slope(tree, k, [slopes[id(entry)] for entry in operands(tree)])
        return slopes[id(self.tree)]

    def __add__(self, other) -> "Formula":
        other = formula(other)
        return NotImplemented if other is None else total(self, other)

    def __radd__(self, other) -> "Formula":
        other = formula(other)
        return NotImplemented if other is None else total(other, self)

    def __sub__(self, other) -> "Formula":
        other = formula(other)
        return NotImplemented if other is None else difference(self, other)

    def __rsub__(self, other) -> "Formula":
        other = formula(other)
        return NotImplemented if other is None else difference(other, self)

    def __mul__(self, other) -> "Formula":
        other = formula(other)
        return NotImplemented if other is None else product(self, other)

    def __rmul__(self, other) -> "Formula":
        other = formula(other)
        return NotImplemented if other is None else product(other, self)

    def __truediv__(self, other) -> "Formula":
        other = formula(other)
        return NotImplemented if other is None else quotient(self, other)

    def __rtruediv__(self, other) -> "Formula":
        other = formula(other)
        return NotImplemented if other is None else quotient(other, self)

    def __pow__(self, other) -> "Formula":
        other = formula(other)
        return NotImplemented if other is None else power(self, other)

    def __rpow__(self, other) -> "Formula":
        other = formula(other)
        return NotImplemented if other is None else power(other, self)

    def __neg__(self) -> "Formula":
        return product(MINUS_ONE, self)


def formula(given) -> Formula | None:
    """A formula as it is, a number as a constant, None for anything else."""
    if isinstance(given, Formula):
        return given
    return constant(given) if isinstance(given, int | float | np.integer | np.floating) else None


def unknown(k: int) -> Formula:
    """The unknown u_k."""
    return Formula(("unknown", int(k)))


def constant(value: float) -> Formula:
    return Formula(number(value))


ZERO, ONE, MINUS_ONE = constant(0.0), constant(1.0), constant(-1.0)
temperature = Formula(("T",))


def negated(tree: Tree) -> Tree | None:
    """a of the tree of -a."""
    return tree[2] if tree[0] == "mul" and tree[1] == MINUS_ONE.tree else None


def total(left: Formula, right: Formula) -> Formula:
    if (opposite := negated(right.tree)) is not None:
        return difference(left, Formula(opposite))
    if (opposite := negated(left.tree)) is not None:
        return difference(right, Formula(opposite))
    return Formula(apply("add", left.tree, right.tree))


def difference(left: Formula, right: Formula) -> Formula:
    if (opposite := negated(right.tree)) is not None:
        return total(left, Formula(opposite))
    if left.tree is right.tree:
        return ZERO
    if left.value == 0.0:
        return product(MINUS_ONE, right)
    return Formula(apply("sub", left.tree, right.tree))


def product(left: Formula, right: Formula) -> Formula:
    if 0.0 in (left.value, right.value):
        return ZERO
    if right.value is not None:  # a number stands on the left, so that -a is known as such
        left, right = right, left
    if left.value == -1.0 and right.tree[0] == "mul" and is_number(right.tree[1]):
        return Formula(apply("mul", number(-right.tree[1][1]), right.tree[2]))
    if left.value is not None and (opposite := negated(right.tree)) is not None:
        return Formula(apply("mul", number(-left.value), opposite))
    return Formula(apply("mul", left.tree, right.tree))


def quotient(left: Formula, right: Formula) -> Formula:
    if left.value == 0.0 and right.value != 0.0:
        return ZERO
    return left if right.value == 1.0 else Formula(apply("div", left.tree, right.tree))


def power(base: Formula, exponent: Formula) -> Formula:
    return ONE if exponent.value == 0.0 else Formula(apply("pow", base.tree, exponent.tree))


def of_one(name: str, argument: Formula | float) -> Formula:
    return Formula(apply(name, argument.tree if isinstance(argument, Formula) else number(argument)))


def exp(argument: Formula | float) -> Formula:
    return of_one("exp", argument)


def log(argument: Formula | float) -> Formula:
    """The natural logarithm."""
    return of_one("log", argument)


def sqrt(argument: Formula | float) -> Formula:
    return of_one("sqrt", argument)


def maximum(first: Formula | float, second: Formula | float) -> Formula:
    """The larger of two."""
    return Formula(apply("max", formula(first).tree, formula(second).tree))


def where(condition: Formula, first: Formula, second: Formula) -> Formula:
    """`first` where the condition is not 0, else `second`."""
    if first.value is not None and first.value == second.value:
        return first
    return Formula(apply("where", condition.tree, first.tree, second.tree))


def comparison(name: str, left: Formula, right: Formula) -> Formula:
    return Formula(apply(name, left.tree, right.tree))


def slope(tree: Tree, k: int, below: list[Formula]) -> Formula:
    """d tree / d u_k, from the derivatives of its operands: the chain rule of every operation."""
    if tree == ("unknown", k):
        return ONE
    if all(entry.value == 0.0 for entry in below):  # true of every other leaf
        return ZERO
    own, (a, *others) = Formula(tree), map(Formula, operands(tree))
    da, db = below[0], below[-1]
    match tree[0]:
        case "add":
            return da + db
        case "sub":
            return da - db
        case "mul":
            return da * others[0] + a * db
        case "div":
            return (da - own * db) / others[0]
        case "pow":
            return power_slope(own, a, others[0], da, db)
        case "min" | "max":
            b = others[0]
            return where(comparison("less_equal", *((a, b) if tree[0] == "min" else (b, a))), da, db)
        case "where":
            return where(a, below[1], below[2])
        case "table":
            return table_slope(tree, a) * da
        case "less" | "less_equal" | "equal" | "not_equal":
            return ZERO
    return function_slope(tree[0], own, a) * da


def function_slope(name: str, own: Formula, a: Formula) -> Formula:
    """f'(a) of a function of one value, own = f(a)."""
    match name:
        case "exp":
            return own
        case "log":
            return 1.0 / a
        case "log10":
            return (1.0 / LN_10) / a
        case "sqrt":
            return 0.5 / own
        case "sin":
            return of_one("cos", a)
        case "cos":
            return -of_one("sin", a)
        case "tan":
            return 1.0 + own * own
        case "sinh":
            return of_one("cosh", a)
        case "cosh":
            return of_one("sinh", a)
        case "tanh":
            return 1.0 - own * own
        case "erf":
            return TWO_BY_SQRT_PI * exp(-(a * a))
        case "abs":
            return comparison("less", ZERO, a) - comparison("less", a, ZERO)
    raise Invalid.at("", f"the derivative of {name!r} is not known.")


def power_slope(own: Formula, a: Formula, b: Formula, da: Formula, db: Formula) -> Formula:
    """d a**b = b a**(b-1) da + a**b log(a) db; the second term counts for a > 0 only, where log(a) exists."""
    first = 0.5 * da / own if b.value == 0.5 else b * power(a, b - 1.0) * da
    if db.value == 0.0:
        return first
    return first + where(comparison("less", ZERO, a), own * log(a) * db, ZERO)


def table_slope(tree: Tree, a: Formula) -> Formula:
    """The derivative of a piecewise cubic by its argument: 0 beyond its ends, where it is constant."""
    data = np.array(tree[2])
    lowest, highest = data[1], data[1 + int(data[0])]
    inside = Formula(table(a.tree, slope_of(data)))
    beyond = comparison("less", a, constant(lowest)) + comparison("less", constant(highest), a)
    return where(beyond, ZERO, inside)

"""Expressions of symengine, in which pycalphad writes energies, as formulas of this package."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.faults import Invalid
from simulator.laws.formula import ONE, ZERO, Formula, comparison, constant, exp, log, temperature, where

ORDERS = {"StrictLessThan": "less", "LessThan": "less_equal"}
LOGIC = {"BooleanTrue": ONE, "BooleanFalse": ZERO}


@dataclass(frozen=True)
class Translation:
    """Formulas of expressions in T and other symbols, each of which stands for a formula in `symbols`."""

    symbols: Mapping[Any, Formula]
    known: dict[Any, tuple[Formula, str]] = field(default_factory=dict)

    def formula(self, expression) -> Formula:
        """The formula of an expression; Invalid, at "phase", for a symbol or a function that is not known."""
        return self.read(expression)[0]

    def read(self, expression) -> tuple[Formula, str]:
        """The formula, and a text that orders sums and products: symengine's own order differs between runs."""
        if expression not in self.known:
            kind = type(expression).__name__
            below = [] if expression.is_Number else [self.read(entry) for entry in expression.args]
            if kind in ("Add", "Mul", "And"):
                below.sort(key=lambda entry: entry[1])
            name = repr(float(expression)) if expression.is_Number else str(expression) if not below else kind
            text = f"{name}({','.join(entry[1] for entry in below)})" if below else name
            self.known[expression] = self.of(expression, kind, [entry[0] for entry in below]), text
        return self.known[expression]

    def of(self, expression, kind: str, below: list[Formula]) -> Formula:
        if expression.is_Number:
            return constant(float(expression))
        if expression in self.symbols:
            return self.symbols[expression]
        match kind:
            case "Symbol":
                raise Invalid.at("phase", f"its parameters name {expression}, which the file does not define.")
            case "TemperatureType":
                return temperature
            case "BooleanTrue" | "BooleanFalse":
                return LOGIC[kind]
            case "Add":
                return sum(below, ZERO)
            case "Mul" | "And":
                return product(below)
            case "Pow":
                return power(*below, expression.args[0])
            case "log":
                return log(below[0])
            case "exp":
                return exp(below[0])
            case "StrictLessThan" | "LessThan":
                return comparison(ORDERS[kind], *below)
            case "Piecewise":
                return piecewise(below, expression.args)
        raise Invalid.at("phase", f"its parameters contain {str(expression)[:60]!r}, which is not supported.")


def product(factors: list[Formula]) -> Formula:
    """The product, numbers first, so that they become one number."""
    total = ONE
    for entry in sorted(factors, key=lambda entry: entry.value is None):
        total = total * entry
    return total


def power(base: Formula, exponent: Formula, written) -> Formula:
    if type(written).__name__ == "Exp1":
        return exp(exponent)
    if exponent.value is not None and exponent.value < 0.0:
        return 1.0 / base ** (-exponent.value)
    return base**exponent


def piecewise(below: list[Formula], written: tuple) -> Formula:
    """The expression of the first condition that holds. Pieces of T alone go on beyond the last one: that they end
    there is for the range of the parameters to say."""
    pieces = list(zip(below[::2], below[1::2], strict=True))
    others = {symbol for condition in written[1::2] for symbol in condition.free_symbols}
    if len(pieces) > 1 and len(others) == 1 and pieces[-1][0].value == 0.0 and pieces[-1][1].value == 1.0:
        symbol = others.pop()
        if type(symbol).__name__ == "TemperatureType":
            pieces.pop()
    total = pieces[-1][0]
    for expression, condition in reversed(pieces[:-1]):
        total = expression if condition.value == 1.0 else where(condition, expression, total)
    return total


def edges_of(condition) -> tuple[float | None, float | None]:
    """The T from which, and up to which, a condition on T holds."""
    low = high = None
    for entry in condition.args if type(condition).__name__ == "And" else (condition,):
        if type(entry).__name__ in ORDERS:
            left, right = entry.args
            if left.is_Number:
                low = float(left)
            elif right.is_Number:
                high = float(right)
    return low, high

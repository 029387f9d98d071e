"""Formulas as data: trees, and the code that numpy and the kernels evaluate alike.

A tree is a tuple: ("number", value), ("unknown", k), ("x",), ("y",), ("z",), ("t",), ("T",), ("table", tree, data), or
the name of an operation followed by its operands. A subtree may stand in many places: whatever goes through a tree
goes through its distinct objects, once each.
"""

import math
import operator
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from simulator.kernels import opcodes as code_of
from simulator.laws.table import lookup

Tree = tuple
ZERO: Tree = ("number", 0.0)


def product_power(value: np.ndarray, exponent: int) -> np.ndarray:
    """value ** exponent by multiplication, in the order of the kernel."""
    result = np.ones_like(value)
    for _ in range(exponent):
        result = result * value
    return result


def error_function(value: np.ndarray) -> np.ndarray:
    return np.vectorize(math.erf, otypes=[float])(value)


ONE = {
    "exp": np.exp, "log": np.log, "log10": np.log10, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "erf": error_function, "abs": np.abs,
}  # fmt: skip
TWO = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "less": np.less,
    "less_equal": np.less_equal, "equal": np.equal, "not_equal": np.not_equal, "min": np.minimum, "max": np.maximum,
}  # fmt: skip

OF_ONE = {getattr(code_of, name.upper()): function for name, function in ONE.items()}
OF_TWO = {getattr(code_of, name.upper()): function for name, function in TWO.items()}
OF_SLOT = {
    code_of.ADD_SLOT: lambda v, c: v + c,
    code_of.SUB_FROM_SLOT: lambda v, c: c - v,
    code_of.MUL_SLOT: lambda v, c: v * c,
    code_of.DIV_SLOT: lambda v, c: v * (1.0 / c),
    code_of.SLOT_DIV: lambda v, c: c * (1.0 / v),
    code_of.POW_SLOT: lambda v, c: v**c,
    code_of.SLOT_POW: lambda v, c: c**v,
}


def is_number(tree: Tree) -> bool:
    return tree[0] == "number"


def number(value: float) -> Tree:
    return ("number", float(value))


def operands(tree: Tree) -> tuple[Tree, ...]:
    """The trees below this one."""
    if tree[0] in ("number", "unknown"):
        return ()
    return tree[1:2] if tree[0] == "table" else tree[1:]


def apply(op: str, *below: Tree) -> Tree:
    """The tree of an operation: constants folded (perhaps to nan or inf), a few operations become others."""
    if op in ("greater", "greater_equal"):
        return apply({"greater": "less", "greater_equal": "less_equal"}[op], below[1], below[0])
    if op == "neg":
        return apply("mul", number(-1.0), below[0])
    if op == "where":
        if is_number(below[0]):
            return below[1] if below[0][1] != 0.0 else below[2]
        return ("where", *below)
    if all(map(is_number, below)):
        with np.errstate(all="ignore"):
            return number((ONE.get(op) or TWO[op])(*(np.float64(entry[1]) for entry in below)))
    if op == "mul" and number(1.0) in below:
        return below[0] if below[1] == number(1.0) else below[1]
    if op in ("add", "sub") and below[1] == ZERO:
        return below[0]
    if op == "add" and below[0] == ZERO:
        return below[1]
    if op == "pow" and below[1] == number(1.0):
        return below[0]
    return (op, *below)


def nodes(*trees: Tree) -> list[Tree]:
    """Every distinct object among the trees and below them, once, operands before what is made of them."""
    found: dict[int, Tree] = {}
    stack = list(reversed(trees))
    while stack:
        tree = stack[-1]
        missing = [entry for entry in operands(tree) if id(entry) not in found]
        if missing and id(tree) not in found:
            stack += reversed(missing)
        else:
            found[id(tree)] = stack.pop()
    return list(found.values())


def leaves(*trees: Tree) -> frozenset[str]:
    """What the values depend on: of "composition", "x" (any coordinate), "t" and "T"."""
    names = {tree[0] for tree in nodes(*trees) if tree[0] != "number" and not operands(tree)}
    return frozenset({"unknown": "composition", "y": "x", "z": "x"}.get(name, name) for name in names)


def replaced(trees: tuple[Tree, ...], values: dict[Tree, Tree]) -> tuple[Tree, ...]:
    """The trees with other trees in the place of some leaves, folded again."""
    new: dict[int, Tree] = {}
    for tree in nodes(*trees):
        below = operands(tree)
        changed = tuple(new[id(entry)] for entry in below)
        if not below:
            new[id(tree)] = values.get(tree, tree)
        elif all(map(operator.is_, changed, below)):
            new[id(tree)] = tree
        elif tree[0] == "table":
            new[id(tree)] = table(changed[0], np.array(tree[2]))
        else:
            new[id(tree)] = apply(tree[0], *changed)
    return tuple(new[id(tree)] for tree in trees)


def table(argument: Tree, data: np.ndarray) -> Tree:
    """A piecewise cubic of the argument; data as `simulator.laws.table.pchip` gives it."""
    if is_number(argument):
        return number(lookup(data, np.float64(argument[1])))
    return ("table", argument, tuple(map(float, data)))


@dataclass(frozen=True, eq=False)
class Program:
    """k formulas of m unknowns, x, t and T.

    `program(u, x, t, T)` is their value in numpy, `program.code` what the kernels of `simulator.kernels.program`
    evaluate; both follow the same instructions. Hashable; equal when the instructions are.
    """

    trees: tuple[Tree, ...] = field(repr=False)
    m: int

    def __eq__(self, other) -> bool:
        if not isinstance(other, Program):
            return NotImplemented
        return self.m == other.m and self.code.tobytes() == other.code.tobytes()

    def __hash__(self) -> int:
        return hash((self.m, self.code.tobytes()))

    @classmethod
    def join(cls, *programs: "Program") -> "Program":
        """One program with all outputs, in order."""
        return cls(
            tuple(tree for entry in programs for tree in entry.trees), max((entry.m for entry in programs), default=0)
        )

    @property
    def outputs(self) -> int:
        return len(self.trees)

    @cached_property
    def depends_on(self) -> frozenset[str]:
        """A subset of {"composition", "x", "t", "T"}."""
        return leaves(*self.trees)

    def fixed(self, u: np.ndarray | None = None, t: float | None = None, T: float | None = None) -> "Program":
        """The same formulas at this composition (m,), time in s or temperature in K, folded."""
        values = {} if u is None else {("unknown", k): number(value) for k, value in enumerate(u)}
        values |= {(name,): number(value) for name, value in (("t", t), ("T", T)) if value is not None}
        return Program(replaced(self.trees, values), self.m)

    @cached_property
    def code(self) -> np.ndarray:
        """The vector a kernel evaluates; it may stand anywhere in a longer vector."""
        from simulator.laws.writer import Writer

        return Writer(self.trees).code()

    def __call__(self, u, x=0.0, t: float = 0.0, T: float = math.nan, y=0.0, z=0.0) -> np.ndarray:
        """Values (k, ...) at fractions u (m, ...), positions x (...) in m, time t in s and temperature T in K."""
        u = np.asarray(u, float)
        shape = np.broadcast_shapes(u.shape[1:], *(np.shape(entry) for entry in (x, y, z, t, T)))
        rows = np.empty((self.outputs, *shape))
        given = {code_of.X: x, code_of.Y: y, code_of.Z: z, code_of.TIME: t, code_of.TEMPERATURE: T}
        with np.errstate(all="ignore"):
            interpret(self.code, u, {op: np.asarray(value, float) for op, value in given.items()}, rows)
        return rows


def interpret(code: np.ndarray, u: np.ndarray, given: dict[int, np.ndarray], rows: np.ndarray) -> None:
    """Follow the instructions with whole arrays."""
    slots: list = list(code[code_of.HEAD : code_of.HEAD + int(code[code_of.SLOTS])])
    held: list = [None] * int(code[code_of.ROWS])
    for place in range(int(code[code_of.PROLOGUE]), int(code[code_of.DATA]), code_of.INSTRUCTION):
        op, to, first, second, third = map(int, code[place : place + code_of.INSTRUCTION])
        if op == code_of.SLOT:
            held[to] = np.asarray(slots[first])
        elif op == code_of.UNKNOWN:
            held[to] = u[first]
        elif op in given:
            held[to] = given[op]
        elif op == code_of.STORE:
            slots[to] = held[first]
        elif op == code_of.OUT:
            rows[to] = held[first]
        elif op in OF_ONE:
            held[to] = OF_ONE[op](held[first])
        elif op in OF_SLOT:
            held[to] = OF_SLOT[op](held[first], slots[second])
        elif op in OF_TWO:
            held[to] = np.asarray(OF_TWO[op](held[first], held[second]), float)
        elif op == code_of.WHERE:
            held[to] = np.where(held[third] != 0.0, held[first], held[second])
        elif op == code_of.POWER:
            held[to] = product_power(held[first], second - 1) * held[first]
        else:
            held[to] = lookup(code[second:], held[first])

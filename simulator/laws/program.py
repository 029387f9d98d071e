"""Formulas as data: trees, and the postfix code that numpy and the kernels evaluate alike.

A tree is a tuple: ("number", value), ("unknown", k), ("x",), ("y",), ("z",), ("t",), ("T",), ("table", tree, data), or
the name of an operation followed by its operands.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.kernels import opcodes as code_of
from simulator.laws.table import lookup

Tree = tuple
ZERO: Tree = ("number", 0.0)
LARGEST_INTEGER_POWER = 8
COORDINATES = {"x": code_of.X, "y": code_of.Y, "z": code_of.Z}
CLOCK = {"t": code_of.TIME, "T": code_of.TEMPERATURE}


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
ONE_CODE = {name: getattr(code_of, name.upper()) for name in ONE}
TWO_CODE = {name: getattr(code_of, name.upper()) for name in TWO}
# an operation with a constant on the right, on the left
RIGHT_SLOT = {"add": code_of.ADD_SLOT, "mul": code_of.MUL_SLOT, "div": code_of.DIV_SLOT, "pow": code_of.POW_SLOT}
LEFT_SLOT = {
    "add": code_of.ADD_SLOT, "mul": code_of.MUL_SLOT, "sub": code_of.SUB_FROM_SLOT, "div": code_of.SLOT_DIV,
    "pow": code_of.SLOT_POW,
}  # fmt: skip

OF_ONE = {ONE_CODE[name]: function for name, function in ONE.items()}
OF_TWO = {TWO_CODE[name]: function for name, function in TWO.items()}
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


def leaves(tree: Tree) -> frozenset[str]:
    """What the value depends on: of "composition", "x" (any coordinate), "t" and "T"."""
    if is_number(tree):
        return frozenset()
    name = {"unknown": "composition", "y": "x", "z": "x"}.get(tree[0], tree[0])
    if len(tree) == 1 or name == "composition":
        return frozenset((name,))
    return frozenset().union(*map(leaves, operands(tree)))


def replaced(tree: Tree, values: dict[Tree, Tree]) -> Tree:
    """The tree with other trees in the place of some leaves, folded again."""
    if tree in values:
        return values[tree]
    below = operands(tree)
    if not below:
        return tree
    new = tuple(replaced(entry, values) for entry in below)
    if tree[0] == "table":
        return table(new[0], np.array(tree[2]))
    return tree if new == below else apply(tree[0], *new)


def table(argument: Tree, data: np.ndarray) -> Tree:
    """A piecewise cubic of the argument; data as `simulator.laws.table.pchip` gives it."""
    if is_number(argument):
        return number(lookup(data, np.float64(argument[1])))
    return ("table", argument, tuple(map(float, data)))


@dataclass(frozen=True)
class Program:
    """k formulas of m unknowns, x, t and T.

    `program(u, x, t, T)` is their value in numpy, `program.code` what the kernels of `simulator.kernels.program`
    evaluate; both follow the same instructions. Hashable; equal when the formulas are.
    """

    trees: tuple[Tree, ...]
    m: int

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
        return frozenset().union(*map(leaves, self.trees))

    def fixed(self, u: np.ndarray | None = None, t: float | None = None, T: float | None = None) -> "Program":
        """The same formulas at this composition (m,), time in s or temperature in K, folded."""
        values = {} if u is None else {("unknown", k): number(value) for k, value in enumerate(u)}
        values |= {(name,): number(value) for name, value in (("t", t), ("T", T)) if value is not None}
        return Program(tuple(replaced(tree, values) for tree in self.trees), self.m)

    @cached_property
    def code(self) -> np.ndarray:
        """The vector a kernel evaluates; it may stand anywhere in a longer vector."""
        return Writer().code(self.trees)

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
    stack: list[np.ndarray] = []
    for place in range(int(code[code_of.PROLOGUE]), int(code[code_of.DATA]), 2):
        op, argument = int(code[place]), int(code[place + 1])
        if op == code_of.PUSH:
            stack.append(np.asarray(slots[argument]))
        elif op == code_of.UNKNOWN:
            stack.append(u[argument])
        elif op in given:
            stack.append(given[op])
        elif op == code_of.STORE:
            slots[argument] = stack.pop()
        elif op == code_of.OUT:
            rows[argument] = stack.pop()
        elif op in OF_ONE:
            stack.append(OF_ONE[op](stack.pop()))
        elif op in OF_SLOT:
            stack.append(OF_SLOT[op](stack.pop(), slots[argument]))
        elif op in OF_TWO:
            right = stack.pop()
            stack.append(np.asarray(OF_TWO[op](stack.pop(), right), float))
        elif op == code_of.WHERE:
            second, first = stack.pop(), stack.pop()
            stack.append(np.where(stack.pop() != 0.0, first, second))
        elif op == code_of.POWER:
            value = stack.pop()
            stack.append(product_power(value, argument - 1) * value)
        else:
            stack.append(lookup(code[argument:], stack.pop()))


class Writer:
    """From trees to code. What depends on t and T alone goes to the prologue: once a call, not once a cell."""

    def __init__(self):
        self.constants: list[float] = []
        self.prologue: list[float] = []
        self.main: list[float] = []
        self.places: dict[Tree, int] = {}
        self.tables: dict[tuple, list[tuple[list[float], int]]] = {}
        self.depth = 1

    def code(self, trees: tuple[Tree, ...]) -> np.ndarray:
        for row, tree in enumerate(trees):
            self.value(tree, self.main, 0, uniform=True)
            self.main += [code_of.OUT, row]
        prologue = code_of.HEAD + len(self.constants)
        main = prologue + len(self.prologue)
        data = main + len(self.main)
        place = data
        for values, uses in self.tables.items():
            for to, index in uses:
                to[index] = place
            place += len(values)
        head = [0.0] * code_of.HEAD
        head[code_of.LENGTH], head[code_of.OUTPUTS] = place, len(trees)
        head[code_of.DEPTH], head[code_of.SLOTS] = self.depth, len(self.constants)
        head[code_of.PROLOGUE], head[code_of.MAIN], head[code_of.DATA] = prologue, main, data
        tables = [value for values in self.tables for value in values]
        return np.array([*head, *self.constants, *self.prologue, *self.main, *tables], float)

    def slot(self, tree: Tree) -> int | None:
        """The slot that holds a constant or what depends on t and T alone; None for anything else."""
        if tree in self.places:
            return self.places[tree]
        if leaves(tree) - {"t", "T"}:
            return None
        if not is_number(tree):
            self.value(tree, self.prologue, 0, uniform=False)
        place = len(self.constants)
        self.constants.append(tree[1] if is_number(tree) else math.nan)
        if not is_number(tree):
            self.prologue += [code_of.STORE, place]
        self.places[tree] = place
        return place

    def value(self, tree: Tree, to: list[float], below: int, uniform: bool) -> None:
        """Instructions that leave the tree's value on a stack with `below` values on it."""
        self.depth = max(self.depth, below + 1)
        place = self.slot(tree) if uniform or is_number(tree) else None
        op, *arguments = tree
        if place is not None:
            to += [code_of.PUSH, place]
        elif op == "unknown":
            to += [code_of.UNKNOWN, arguments[0]]
        elif op in COORDINATES or op in CLOCK:
            to += [(COORDINATES | CLOCK)[op], 0]
        elif op == "table":
            self.value(arguments[0], to, below, uniform)
            to += [code_of.TABLE, 0]
            self.tables.setdefault(arguments[1], []).append((to, len(to) - 1))
        elif op in ONE:
            self.value(arguments[0], to, below, uniform)
            to += [ONE_CODE[op], 0]
        elif op == "where":
            for k, entry in enumerate(arguments):
                self.value(entry, to, below + k, uniform)
            to += [code_of.WHERE, 0]
        else:
            self.pair(op, *arguments, to, below, uniform)

    def pair(self, op: str, left: Tree, right: Tree, to: list[float], below: int, uniform: bool) -> None:
        constant = right[1] if is_number(right) else math.nan
        if op == "pow" and constant == 0.5:
            self.value(("sqrt", left), to, below, uniform)
        elif op == "pow" and constant in range(2, LARGEST_INTEGER_POWER + 1):
            self.value(left, to, below, uniform)
            to += [code_of.POWER, int(constant)]
        elif op == "pow" and -constant in range(1, LARGEST_INTEGER_POWER + 1):
            self.value(("div", number(1.0), apply("pow", left, number(-constant))), to, below, uniform)
        elif op == "sub" and not math.isnan(constant):
            self.value(("add", left, number(-constant)), to, below, uniform)
        elif op in RIGHT_SLOT and (place := self.slot_of(right, uniform)) is not None:
            self.value(left, to, below, uniform)
            to += [RIGHT_SLOT[op], place]
        elif op in LEFT_SLOT and (place := self.slot_of(left, uniform)) is not None:
            self.value(right, to, below, uniform)
            to += [LEFT_SLOT[op], place]
        else:
            self.value(left, to, below, uniform)
            self.value(right, to, below + 1, uniform)
            to += [TWO_CODE[op], 0]

    def slot_of(self, tree: Tree, uniform: bool) -> int | None:
        return self.slot(tree) if uniform or is_number(tree) else None

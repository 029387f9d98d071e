"""From trees to the code that numpy and the kernels evaluate: every distinct value is computed once.

Values are numbered: two subtrees of the same operation and the same operands are one value, wherever they stand. What
depends on t and T alone goes to the prologue, which is followed once a call, not once a strip.
"""

import heapq
import math
from collections import Counter

import numpy as np

from simulator.kernels import opcodes as code_of
from simulator.laws.program import ONE, TWO, Tree, nodes, operands

LARGEST_INTEGER_POWER = 8
LEAF_CODE = {
    "unknown": code_of.UNKNOWN, "x": code_of.X, "y": code_of.Y, "z": code_of.Z, "t": code_of.TIME,
    "T": code_of.TEMPERATURE,
}  # fmt: skip
CODE = LEAF_CODE | {
    name: getattr(code_of, name.upper()) for name in (*ONE, *TWO, "power", "table", "where")
}  # fmt: skip
# an operation with a constant on the right, on the left
RIGHT_SLOT = {"add": code_of.ADD_SLOT, "mul": code_of.MUL_SLOT, "div": code_of.DIV_SLOT, "pow": code_of.POW_SLOT}
LEFT_SLOT = {
    "add": code_of.ADD_SLOT, "mul": code_of.MUL_SLOT, "sub": code_of.SUB_FROM_SLOT, "div": code_of.SLOT_DIV,
    "pow": code_of.SLOT_POW,
}  # fmt: skip


class Values:
    """The distinct values of some trees: operation, operands by number, and what else makes the value.

    A value comes after its operands. Some operations become others on the way: the kernels know small powers, and
    a sum with a constant instead of a difference.
    """

    def __init__(self):
        self.list: list[tuple[str, tuple[int, ...], object]] = []
        self.uniform: list[bool] = []
        self.numbers: dict[tuple, int] = {}

    def add(self, *trees: Tree) -> list[int]:
        """The number of each tree."""
        found: dict[int, int] = {}
        for tree in nodes(*trees):
            found[id(tree)] = self.of_tree(tree, [found[id(entry)] for entry in operands(tree)])
        return [found[id(tree)] for tree in trees]

    def of_tree(self, tree: Tree, below: list[int]) -> int:
        op = tree[0]
        if op in ("number", "unknown"):
            return self.value(op, data=tree[1])
        if op == "table":
            return self.value(op, *below, data=tree[2])
        constant = self.constant(below[1]) if len(below) == 2 else math.nan
        if op == "sub" and not math.isnan(constant):
            return self.value("add", below[0], self.value("number", data=-constant))
        if op == "mul" and below[0] == below[1]:
            return self.value("power", below[0], data=2)
        return self.power(*below, constant) if op == "pow" else self.value(op, *below)

    def power(self, base: int, exponent: int, constant: float) -> int:
        if constant == 0.5:
            return self.value("sqrt", base)
        if constant in range(2, LARGEST_INTEGER_POWER + 1):
            return self.value("power", base, data=int(constant))
        if -constant in range(1, LARGEST_INTEGER_POWER + 1):
            below = base if constant == -1.0 else self.value("power", base, data=int(-constant))
            return self.value("div", self.value("number", data=1.0), below)
        return self.value("pow", base, exponent)

    def constant(self, number: int) -> float:
        op, _, data = self.list[number]
        return data if op == "number" else math.nan

    def value(self, op: str, *below: int, data=None) -> int:
        """The number of a value, a new one where there is none like it."""
        key = op, tuple(sorted(below)) if op in ("add", "mul") else below, data
        if key not in self.numbers:
            self.numbers[key] = len(self.list)
            self.list.append((op, below, data))
            known = op in ("number", "t", "T") or (bool(below) and all(self.uniform[entry] for entry in below))
            self.uniform.append(known)
        return self.numbers[key]

    def needed(self, outputs: list[int]) -> list[int]:
        """The values that the outputs are made of, operands first."""
        wanted = set(outputs)
        for number in reversed(range(len(self.list))):
            if number in wanted:
                wanted.update(self.list[number][1])
        return sorted(wanted)


class Writer:
    """Writes one program: slots for constants, prologue, main instructions, tables."""

    def __init__(self, trees: tuple[Tree, ...]):
        self.values = Values()
        self.outputs = self.values.add(*trees)
        self.slots: dict[int, int] = {}
        self.tables: dict[tuple, int] = {}
        self.rows = 1

    def code(self) -> np.ndarray:
        values = self.values
        varying = [number for number in values.needed(self.outputs) if not values.uniform[number]]
        main = self.part(varying, self.outputs, code_of.OUT)
        by_time = [number for number in self.slots if values.list[number][0] != "number"]
        known = [number for number in values.needed(by_time) if values.list[number][0] != "number"]
        prologue = self.part(known, by_time, code_of.STORE)
        constants = [values.constant(number) for number in self.slots]
        starts = np.cumsum([code_of.HEAD + len(constants), len(prologue), len(main)])
        place = int(starts[-1])
        for instructions in (prologue, main):
            for k in range(0, len(instructions), code_of.INSTRUCTION):
                if instructions[k] == code_of.TABLE:
                    instructions[k + 3] += place
        tables = [value for values in self.tables for value in values]
        head = [0.0] * code_of.HEAD
        head[code_of.LENGTH], head[code_of.OUTPUTS] = place + len(tables), len(self.outputs)
        head[code_of.ROWS], head[code_of.SLOTS] = self.rows, len(constants)
        head[code_of.PROLOGUE], head[code_of.MAIN], head[code_of.DATA] = starts
        return np.array([*head, *constants, *prologue, *main, *tables], float)

    def slot(self, number: int) -> int:
        return self.slots.setdefault(number, len(self.slots))

    def part(self, numbers: list[int], ends: list[int], end_op: int) -> list[float]:
        """Instructions that compute the values, and hand over those of `ends` by `end_op`."""
        inside, loaded = set(numbers), set()
        destinations: dict[int, list[int]] = {}
        for place, number in enumerate(ends):
            destinations.setdefault(number, []).append(place if end_op == code_of.OUT else self.slots[number])
        steps: list[tuple[int, int, tuple[int, ...], int]] = []
        for number in [*numbers, *(number for number in destinations if number not in inside)]:
            op, operands, argument = self.step(number, inside)
            for entry in operands:
                if entry not in inside and entry not in loaded:
                    loaded.add(entry)
                    steps.append((code_of.SLOT, entry, (), self.slot(entry)))
            if number not in loaded:
                steps.append((op, number, operands, argument))
            steps += [(end_op, place, (number,), 0) for place in destinations.get(number, ())]
        return self.placed(steps)

    def step(self, number: int, inside: set[int]) -> tuple[int, tuple[int, ...], int]:
        """Opcode, operands that stand in rows, and argument of the instruction for a value."""
        op, below, data = self.values.list[number]
        if number not in inside:
            return code_of.SLOT, (), self.slot(number)
        if op == "where":
            return code_of.WHERE, (*below[1:], below[0]), 0
        if op == "table":
            return code_of.TABLE, below, self.tables.setdefault(data, sum(map(len, self.tables)))
        if op in RIGHT_SLOT and below[1] not in inside:
            return RIGHT_SLOT[op], below[:1], self.slot(below[1])
        if op in LEFT_SLOT and below[0] not in inside:
            return LEFT_SLOT[op], below[1:], self.slot(below[0])
        return CODE[op], below, data if data is not None else 0

    def placed(self, steps: list[tuple[int, int, tuple[int, ...], int]]) -> list[float]:
        """The instructions with a row for each value, free again after its last use."""
        uses = Counter(entry for _, _, below, _ in steps for entry in below)
        rows: dict[int, int] = {}
        free: list[int] = []
        count = 0
        instructions: list[float] = []
        for op, target, below, argument in steps:
            if op in (code_of.STORE, code_of.OUT):
                to = target
            elif free:
                to = heapq.heappop(free)
            else:
                to, count = count, count + 1
            words = [op, to, *(rows[entry] for entry in below), argument]
            instructions += [*words, *[0] * (code_of.INSTRUCTION - len(words))][: code_of.INSTRUCTION]
            uses.subtract(below)
            for entry in set(below):
                if uses[entry] == 0:
                    heapq.heappush(free, rows[entry])
            if op not in (code_of.STORE, code_of.OUT):
                rows[target] = to
        self.rows = max(self.rows, count)
        return instructions

"""Evaluation of an expression, given as data, over a whole grid, with its derivatives.

The columns are taken in strips, so that the cost of reading an instruction is shared by a strip and the loop inside it
vectorises. Derivatives go forward with the values: `slope[p, b]` is the derivative of row p by unknown b, if the row
depends on it. Where a derivative does not exist (sqrt at 0) it is taken as 0; a value that does not exist is nan or inf
and stays visible.
"""

import numpy as np

from simulator.kernels.jit import Cube, Int, Matrix, Real, Vector, kernel
from simulator.kernels.opcodes import (
    ADD,
    ADD_SLOT,
    DATA,
    DIV_SLOT,
    EXP,
    HEAD,
    INSTRUCTION,
    LESS,
    MAIN,
    MIN,
    MUL,
    MUL_SLOT,
    NOT_EQUAL,
    OUT,
    PROLOGUE,
    ROWS,
    SLOT,
    SLOTS,
    STORE,
    SUB,
    SUB_FROM_SLOT,
    TABLE,
    TEMPERATURE,
    TIME,
    UNKNOWN,
    WHERE,
    X,
)
from simulator.kernels.strips import choice_strip, function_strip, pair_strip, slot_strip, table_strip

STRIP = 256


@kernel
def combine_slopes(
    op: Int,
    to: Int,
    first: Int,
    second: Int,
    factor: Real,
    width: Int,
    d: Vector,
    e: Vector,
    wanted: Int,
    known: Matrix,
    slope: Cube,
) -> None:
    """Slopes of row `to` from those of one or two rows, by each unknown that any of them depends on.

    Weights: d and e; for + - * and a slot 1 or -1, the other row's values in d and e, or the factor.
    """
    uniform = op in (ADD, SUB, ADD_SLOT, SUB_FROM_SLOT, MUL_SLOT, DIV_SLOT)
    other = -1.0 if op == SUB else 1.0
    for b in range(wanted):
        left, right = known[first, b] > 0.0, op < ADD_SLOT and known[second, b] > 0.0
        known[to, b] = 1.0 if (left or right) and (op < LESS or op > NOT_EQUAL) else 0.0
        if known[to, b] == 0.0:
            continue
        if left and right:
            if uniform:
                for i in range(width):
                    slope[to, b, i] = slope[first, b, i] + other * slope[second, b, i]
            else:
                for i in range(width):
                    slope[to, b, i] = d[i] * slope[first, b, i] + e[i] * slope[second, b, i]
        else:
            source = first if left else second
            if uniform:
                scale = factor if left else other
                for i in range(width):
                    slope[to, b, i] = scale * slope[source, b, i]
            else:
                weight = d if left else e
                for i in range(width):
                    slope[to, b, i] = weight[i] * slope[source, b, i]


@kernel
def choose_slopes(
    to: Int, first: Int, second: Int, width: Int, d: Vector, wanted: Int, known: Matrix, slope: Cube
) -> None:
    """Slopes of row `to`: those of the first row where d = 1, else of the second.

    0 * nan is nan: the branch not taken must not be multiplied away, but left.
    """
    for b in range(wanted):
        left, right = known[first, b] > 0.0, known[second, b] > 0.0
        known[to, b] = 1.0 if left or right else 0.0
        if left or right:
            for i in range(width):
                if d[i] > 0.0:
                    slope[to, b, i] = slope[first, b, i] if left else 0.0
                else:
                    slope[to, b, i] = slope[second, b, i] if right else 0.0


@kernel
def evaluate_to(
    code: Vector, start: Int, u: Matrix, x: Vector, t: Real, T: Real, order: Int, out: Matrix, slopes: Cube
) -> None:
    """Values into out (k, n) and, for order = m > 0, derivatives into slopes (k, m, n)."""
    rows = int(code[start + ROWS])
    count = int(code[start + SLOTS])
    slots = np.empty(count + 1)
    for i in range(count):
        slots[i] = code[start + HEAD + i]
    longest = max(1, min(STRIP, u.shape[1]))
    value = np.empty((rows, longest))
    slope = np.empty((rows, order, longest))
    known = np.zeros((rows, order))  # 1 where a row depends on an unknown
    d = np.empty(longest)
    e = np.empty(longest)
    for strip in range(-1, (u.shape[1] + STRIP - 1) // STRIP):
        # the first turn is the prologue, which fills the slots that depend on t and T
        first, width, wanted = 0, 1, 0
        begin, end = start + int(code[start + PROLOGUE]), start + int(code[start + MAIN])
        if strip >= 0:
            first, wanted = strip * STRIP, order
            width = min(STRIP, u.shape[1] - first)
            begin, end = end, start + int(code[start + DATA])
        for place in range(begin, end, INSTRUCTION):
            op, to, a = int(code[place]), int(code[place + 1]), int(code[place + 2])
            b, c = int(code[place + 3]), int(code[place + 4])
            if op <= TEMPERATURE:
                for k in range(wanted):
                    known[to, k] = 1.0 if op == UNKNOWN and k == a else 0.0
                if op == UNKNOWN:
                    for i in range(width):
                        value[to, i] = u[a, first + i]
                    if wanted > 0:
                        for i in range(width):
                            slope[to, a, i] = 1.0
                elif op == X:
                    for i in range(width):
                        value[to, i] = x[first + i]
                else:
                    constant = 0.0
                    if op == SLOT:
                        constant = slots[a]
                    elif op == TIME:
                        constant = t
                    elif op == TEMPERATURE:
                        constant = T
                    for i in range(width):
                        value[to, i] = constant
            elif op == STORE:
                slots[to] = value[a, 0]
            elif op == OUT:
                for i in range(width):
                    out[to, first + i] = value[a, i]
                for k in range(wanted):
                    for i in range(width):
                        slopes[to, k, first + i] = slope[a, k, i] if known[a, k] > 0.0 else 0.0
            else:
                second = b if op <= WHERE else a
                v, w, r = value[a], value[second], value[to]
                factor, by_first, by_second = 1.0, d, e
                if op >= MIN and op <= WHERE:
                    choice_strip(op, width, v, w, value[c], r, d)
                elif op <= NOT_EQUAL:
                    pair_strip(op, width, wanted, v, w, r, d, e)
                    if op == MUL:
                        by_first, by_second = w, v
                elif op < EXP:
                    factor = slot_strip(op, slots[b], width, wanted, v, r, d)
                elif op == TABLE:
                    table_strip(code, start + b, width, v, r, d)
                else:
                    function_strip(op, b, width, wanted, v, r, d)
                if op >= MIN and op <= WHERE:
                    choose_slopes(to, a, b, width, d, wanted, known, slope)
                else:
                    combine_slopes(op, to, a, second, factor, width, by_first, by_second, wanted, known, slope)


@kernel
def evaluate(code: Vector, start: Int, u: Matrix, x: Vector, t: Real, T: Real, out: Matrix) -> None:
    """The outputs of the program that begins at code[start], for every column of u.

    u (m, n) unknowns; x (n,) m; t s; T K; out (k, n), written
    """
    evaluate_to(code, start, u, x, t, T, 0, out, np.empty((0, 0, 0)))


@kernel
def evaluate_slopes(
    code: Vector, start: Int, u: Matrix, x: Vector, t: Real, T: Real, out: Matrix, slopes: Cube
) -> None:
    """As `evaluate`, with slopes[a, b, i] = d out[a, i] / d u[b, i] for the m rows of u; slopes (k, m, n), written."""
    evaluate_to(code, start, u, x, t, T, u.shape[0], out, slopes)

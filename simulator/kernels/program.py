"""Evaluation of an expression, given as data, over a whole grid, with its derivatives.

The columns are taken in strips, so that the cost of reading an instruction is shared by a strip and the loop inside it
vectorises. Derivatives go forward with the values: `slope[p, b]` is the derivative of stack row p by unknown b. Where a
derivative does not exist (sqrt at 0) it is taken as 0; a value that does not exist is nan or inf and stays visible.
"""

from math import erf

import numpy as np

from simulator.kernels.jit import Cube, Int, Matrix, Real, Vector, kernel
from simulator.kernels.opcodes import (
    ABS,
    ADD,
    ADD_SLOT,
    COS,
    COSH,
    DATA,
    DEPTH,
    DIV,
    DIV_SLOT,
    EQUAL,
    EXP,
    HEAD,
    LESS,
    LESS_EQUAL,
    LOG,
    LOG10,
    MAIN,
    MIN,
    MUL,
    MUL_SLOT,
    OUT,
    POW,
    POW_SLOT,
    POWER,
    PROLOGUE,
    PUSH,
    SIN,
    SINH,
    SLOT_DIV,
    SLOTS,
    SQRT,
    STORE,
    SUB,
    SUB_FROM_SLOT,
    TABLE,
    TAN,
    TANH,
    TEMPERATURE,
    TIME,
    UNKNOWN,
    WHERE,
    X,
)

STRIP = 128
TWO_BY_SQRT_PI = 1.1283791670955126
LOG10_E = 0.4342944819032518


@kernel
def raised(value: Real, exponent: Int) -> Real:
    """value ** exponent for a small exponent >= 0."""
    result = 1.0
    for _ in range(exponent):
        result *= value
    return result


@kernel
def function_strip(op: Int, argument: Int, width: Int, slopes: Int, v: Vector, d: Vector) -> None:
    """v -> f(v) for one function of one value, with d = f'(v) where slopes are wanted."""
    if op == EXP:
        for i in range(width):
            v[i] = np.exp(v[i])
            d[i] = v[i]
    elif op == SQRT:
        for i in range(width):
            v[i] = np.sqrt(v[i])
            d[i] = 0.5 / v[i] if v[i] > 0.0 else 0.0
    elif op == ABS:
        for i in range(width):
            d[i] = 1.0 if v[i] > 0.0 else (-1.0 if v[i] < 0.0 else 0.0)
            v[i] = abs(v[i])
    elif op == POWER:
        for i in range(width):
            below = raised(v[i], argument - 1)
            d[i] = argument * below
            v[i] = below * v[i]
    else:
        for i in range(width):
            a = v[i]
            if op == LOG:
                v[i], d[i] = np.log(a), 1.0 / a
            elif op == LOG10:
                v[i], d[i] = np.log10(a), LOG10_E / a
            elif op == SIN:
                v[i] = np.sin(a)
                d[i] = np.cos(a) if slopes > 0 else 0.0
            elif op == COS:
                v[i] = np.cos(a)
                d[i] = -np.sin(a) if slopes > 0 else 0.0
            elif op == TAN:
                v[i] = np.tan(a)
                d[i] = 1.0 + v[i] * v[i]
            elif op == SINH:
                v[i] = np.sinh(a)
                d[i] = np.cosh(a) if slopes > 0 else 0.0
            elif op == COSH:
                v[i] = np.cosh(a)
                d[i] = np.sinh(a) if slopes > 0 else 0.0
            elif op == TANH:
                v[i] = np.tanh(a)
                d[i] = 1.0 - v[i] * v[i]
            else:
                v[i] = erf(a)
                d[i] = TWO_BY_SQRT_PI * np.exp(-a * a) if slopes > 0 else 0.0


@kernel
def slot_strip(op: Int, c: Real, width: Int, slopes: Int, v: Vector, d: Vector) -> None:
    """v -> f(v, c) for a constant c, with d = df/dv where slopes are wanted."""
    if op == ADD_SLOT:
        for i in range(width):
            v[i] += c
            d[i] = 1.0
    elif op == MUL_SLOT:
        for i in range(width):
            v[i] *= c
            d[i] = c
    elif op == SUB_FROM_SLOT:
        for i in range(width):
            v[i] = c - v[i]
            d[i] = -1.0
    elif op == DIV_SLOT:
        factor = 1.0 / c
        for i in range(width):
            v[i] *= factor
            d[i] = factor
    elif op == SLOT_DIV:
        for i in range(width):
            inverse = 1.0 / v[i]
            v[i] = c * inverse
            d[i] = -v[i] * inverse
    elif op == POW_SLOT:
        for i in range(width):
            if slopes > 0:
                d[i] = 0.0 if v[i] == 0.0 and c < 1.0 else c * v[i] ** (c - 1.0)
            v[i] = v[i] ** c
    else:
        factor = np.log(c) if slopes > 0 and c > 0.0 else 0.0
        for i in range(width):
            v[i] = c ** v[i]
            d[i] = factor * v[i]


@kernel
def pair_strip(op: Int, width: Int, slopes: Int, v: Vector, w: Vector, d: Vector, e: Vector) -> None:
    """v -> f(v, w), with d = df/dv and e = df/dw where slopes are wanted."""
    if op == ADD:
        for i in range(width):
            v[i] += w[i]
            d[i] = 1.0
            e[i] = 1.0
    elif op == SUB:
        for i in range(width):
            v[i] -= w[i]
            d[i] = 1.0
            e[i] = -1.0
    elif op == MUL:
        for i in range(width):
            d[i] = w[i]
            e[i] = v[i]
            v[i] *= w[i]
    elif op == DIV:
        for i in range(width):
            d[i] = 1.0 / w[i]
            v[i] = v[i] / w[i]
            e[i] = -v[i] * d[i]
    elif op == POW:
        for i in range(width):
            a, b = v[i], w[i]
            v[i] = a**b
            if slopes > 0:
                d[i] = 0.0 if b == 0.0 or (a == 0.0 and b < 1.0) else b * a ** (b - 1.0)
                e[i] = v[i] * np.log(a) if a > 0.0 else 0.0
    else:
        for i in range(width):
            a, b = v[i], w[i]
            d[i] = 0.0
            e[i] = 0.0
            if op == LESS:
                v[i] = 1.0 if a < b else 0.0
            elif op == LESS_EQUAL:
                v[i] = 1.0 if a <= b else 0.0
            elif op == EQUAL:
                v[i] = 1.0 if a == b else 0.0
            else:
                v[i] = 1.0 if a != b else 0.0


@kernel
def table_strip(code: Vector, place: Int, width: Int, v: Vector, d: Vector) -> None:
    """v -> piecewise cubic of v, constant beyond its ends. Data: n, x_0 .. x_n, c_0 .. c_3 of each piece in x - x_j."""
    n = int(code[place])
    knots = place + 1
    cubic = knots + n + 1
    for i in range(width):
        value = v[i]
        low, high = 0, n
        while high - low > 1:
            middle = (low + high) // 2
            if value >= code[knots + middle]:
                low = middle
            else:
                high = middle
        inside = 1.0
        if value < code[knots]:
            value, inside = code[knots], 0.0
        elif value > code[knots + n]:
            value, inside = code[knots + n], 0.0
        s = value - code[knots + low]
        c = cubic + 4 * low
        v[i] = code[c] + s * (code[c + 1] + s * (code[c + 2] + s * code[c + 3]))
        d[i] = inside * (code[c + 1] + s * (2.0 * code[c + 2] + 3.0 * s * code[c + 3]))


@kernel
def evaluate_to(
    code: Vector, start: Int, u: Matrix, x: Vector, t: Real, T: Real, order: Int, out: Matrix, slopes: Cube
) -> None:
    """Values into out (k, n) and, for order = m > 0, derivatives into slopes (k, m, n)."""
    depth = int(code[start + DEPTH])
    count = int(code[start + SLOTS])
    slots = np.empty(count + 1)
    for i in range(count):
        slots[i] = code[start + HEAD + i]
    stack = np.empty((depth, STRIP))
    slope = np.empty((depth, order, STRIP))
    d = np.empty(STRIP)
    e = np.empty(STRIP)
    for strip in range(-1, (u.shape[1] + STRIP - 1) // STRIP):
        # the first turn is the prologue, which fills the slots that depend on t and T
        first, width, wanted = 0, 1, 0
        begin, end = start + int(code[start + PROLOGUE]), start + int(code[start + MAIN])
        if strip >= 0:
            first, wanted = strip * STRIP, order
            width = min(STRIP, u.shape[1] - first)
            begin, end = end, start + int(code[start + DATA])
        p = -1
        for place in range(begin, end, 2):
            op = int(code[place])
            argument = int(code[place + 1])
            if op <= TEMPERATURE:
                p += 1
                for b in range(wanted):
                    seed = 1.0 if op == UNKNOWN and b == argument else 0.0
                    for i in range(width):
                        slope[p, b, i] = seed
                if op == UNKNOWN:
                    for i in range(width):
                        stack[p, i] = u[argument, first + i]
                elif op == X:
                    for i in range(width):
                        stack[p, i] = x[first + i]
                else:
                    constant = 0.0
                    if op == PUSH:
                        constant = slots[argument]
                    elif op == TIME:
                        constant = t
                    elif op == TEMPERATURE:
                        constant = T
                    for i in range(width):
                        stack[p, i] = constant
            elif op == STORE:
                slots[argument] = stack[p, 0]
                p -= 1
            elif op == OUT:
                for i in range(width):
                    out[argument, first + i] = stack[p, i]
                for b in range(wanted):
                    for i in range(width):
                        slopes[argument, b, first + i] = slope[p, b, i]
                p -= 1
            elif op >= MIN and op <= WHERE:
                # 0 * nan is nan: the branch not taken must not be multiplied away, but left
                if op == WHERE:
                    p -= 1
                for i in range(width):
                    v, w = stack[p - 1, i], stack[p, i]
                    if op == WHERE:
                        v, w = w, stack[p + 1, i]
                        d[i] = 1.0 if stack[p - 1, i] != 0.0 else 0.0
                    elif op == MIN:
                        d[i] = 1.0 if v <= w or v != v else 0.0
                    else:
                        d[i] = 1.0 if v >= w or v != v else 0.0
                    stack[p - 1, i] = v if d[i] > 0.0 else w
                shift = 1 if op == WHERE else 0
                for b in range(wanted):
                    for i in range(width):
                        slope[p - 1, b, i] = slope[p - 1 + shift, b, i] if d[i] > 0.0 else slope[p + shift, b, i]
                p -= 1
            elif op < ADD_SLOT:
                p -= 1
                pair_strip(op, width, wanted, stack[p], stack[p + 1], d, e)
                for b in range(wanted):
                    for i in range(width):
                        slope[p, b, i] = d[i] * slope[p, b, i] + e[i] * slope[p + 1, b, i]
            else:
                if op < EXP:
                    slot_strip(op, slots[argument], width, wanted, stack[p], d)
                elif op == TABLE:
                    table_strip(code, start + argument, width, stack[p], d)
                else:
                    function_strip(op, argument, width, wanted, stack[p], d)
                for b in range(wanted):
                    for i in range(width):
                        slope[p, b, i] *= d[i]


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

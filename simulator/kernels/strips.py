"""The instructions of an expression on a strip of a row, each with its derivatives: see `simulator.kernels.program`.

r is written and is no row that is read, or no loop would vectorise.
"""

from math import erf

import numpy as np

from simulator.kernels.jit import Int, Real, Vector, kernel
from simulator.kernels.opcodes import (
    ABS,
    ADD,
    ADD_SLOT,
    COS,
    COSH,
    DIV,
    DIV_SLOT,
    EQUAL,
    EXP,
    LESS,
    LESS_EQUAL,
    LOG,
    LOG10,
    MIN,
    MUL,
    MUL_SLOT,
    POW,
    POW_SLOT,
    POWER,
    SIN,
    SINH,
    SLOT_DIV,
    SQRT,
    SUB,
    SUB_FROM_SLOT,
    TAN,
    TANH,
    WHERE,
)

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
def function_strip(op: Int, argument: Int, width: Int, slopes: Int, v: Vector, r: Vector, d: Vector) -> None:
    """r = f(v) for one function of one value, with d = f'(v) where slopes are wanted."""
    if op == EXP:
        for i in range(width):
            r[i] = np.exp(v[i])
            d[i] = r[i]
    elif op == SQRT:
        for i in range(width):
            r[i] = np.sqrt(v[i])
            d[i] = 0.5 / r[i] if v[i] > 0.0 else 0.0
    elif op == ABS:
        for i in range(width):
            d[i] = 1.0 if v[i] > 0.0 else (-1.0 if v[i] < 0.0 else 0.0)
            r[i] = abs(v[i])
    elif op == POWER:
        for i in range(width):
            below = raised(v[i], argument - 1)
            d[i] = argument * below
            r[i] = below * v[i]
    else:
        for i in range(width):
            a = v[i]
            if op == LOG:
                r[i], d[i] = np.log(a), 1.0 / a
            elif op == LOG10:
                r[i], d[i] = np.log10(a), LOG10_E / a
            elif op == SIN:
                r[i] = np.sin(a)
                d[i] = np.cos(a) if slopes > 0 else 0.0
            elif op == COS:
                r[i] = np.cos(a)
                d[i] = -np.sin(a) if slopes > 0 else 0.0
            elif op == TAN:
                r[i] = np.tan(a)
                d[i] = 1.0 + r[i] * r[i]
            elif op == SINH:
                r[i] = np.sinh(a)
                d[i] = np.cosh(a) if slopes > 0 else 0.0
            elif op == COSH:
                r[i] = np.cosh(a)
                d[i] = np.sinh(a) if slopes > 0 else 0.0
            elif op == TANH:
                r[i] = np.tanh(a)
                d[i] = 1.0 - r[i] * r[i]
            else:
                r[i] = erf(a)
                d[i] = TWO_BY_SQRT_PI * np.exp(-a * a) if slopes > 0 else 0.0


@kernel
def slot_strip(op: Int, c: Real, width: Int, slopes: Int, v: Vector, r: Vector, d: Vector) -> Real:
    """r = f(v, c) for a constant c. Up to DIV_SLOT dr/dv is the number returned, else it is d, where slopes are
    wanted.
    """
    factor = 1.0
    if op == ADD_SLOT:
        for i in range(width):
            r[i] = v[i] + c
    elif op == SUB_FROM_SLOT:
        factor = -1.0
        for i in range(width):
            r[i] = c - v[i]
    elif op in (MUL_SLOT, DIV_SLOT):
        factor = c if op == MUL_SLOT else 1.0 / c
        for i in range(width):
            r[i] = v[i] * factor
    elif op == SLOT_DIV:
        for i in range(width):
            inverse = 1.0 / v[i]
            r[i] = c * inverse
            d[i] = -r[i] * inverse
    elif op == POW_SLOT:
        for i in range(width):
            if slopes > 0:
                d[i] = 0.0 if v[i] == 0.0 and c < 1.0 else c * v[i] ** (c - 1.0)
            r[i] = v[i] ** c
    else:
        factor = np.log(c) if slopes > 0 and c > 0.0 else 0.0
        for i in range(width):
            r[i] = c ** v[i]
            d[i] = factor * r[i]
    return factor


@kernel
def pair_strip(op: Int, width: Int, slopes: Int, v: Vector, w: Vector, r: Vector, d: Vector, e: Vector) -> None:
    """r = f(v, w), with d = df/dv and e = df/dw where slopes are wanted and the operation is neither + nor - nor *."""
    if op == ADD:
        for i in range(width):
            r[i] = v[i] + w[i]
    elif op == SUB:
        for i in range(width):
            r[i] = v[i] - w[i]
    elif op == MUL:
        for i in range(width):
            r[i] = v[i] * w[i]
    elif op == DIV:
        for i in range(width):
            r[i] = v[i] / w[i]
        for i in range(width if slopes > 0 else 0):
            d[i] = 1.0 / w[i]
            e[i] = -r[i] * d[i]
    elif op == POW:
        for i in range(width):
            a, b = v[i], w[i]
            r[i] = a**b
            if slopes > 0:
                d[i] = 0.0 if b == 0.0 or (a == 0.0 and b < 1.0) else b * a ** (b - 1.0)
                e[i] = r[i] * np.log(a) if a > 0.0 else 0.0
    else:
        for i in range(width):
            a, b = v[i], w[i]
            if op == LESS:
                r[i] = 1.0 if a < b else 0.0
            elif op == LESS_EQUAL:
                r[i] = 1.0 if a <= b else 0.0
            elif op == EQUAL:
                r[i] = 1.0 if a == b else 0.0
            else:
                r[i] = 1.0 if a != b else 0.0


@kernel
def choice_strip(op: Int, width: Int, v: Vector, w: Vector, c: Vector, r: Vector, d: Vector) -> None:
    """r = v where d = 1, w where d = 0: min, max, or by the condition c."""
    for i in range(width):
        if op == WHERE:
            d[i] = 1.0 if c[i] != 0.0 else 0.0
        elif op == MIN:
            d[i] = 1.0 if v[i] <= w[i] or v[i] != v[i] else 0.0
        else:
            d[i] = 1.0 if v[i] >= w[i] or v[i] != v[i] else 0.0
        r[i] = v[i] if d[i] > 0.0 else w[i]


@kernel
def table_strip(code: Vector, place: Int, width: Int, v: Vector, r: Vector, d: Vector) -> None:
    """r = piecewise cubic of v, constant beyond its ends. Data: n, x_0 .. x_n, c_0 .. c_3 of each piece in x - x_j."""
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
        r[i] = code[c] + s * (code[c + 1] + s * (code[c + 2] + s * code[c + 3]))
        d[i] = inside * (code[c + 1] + s * (2.0 * code[c + 2] + 3.0 * s * code[c + 3]))

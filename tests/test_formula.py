"""Formulas with operators: exact derivatives, folding, and that what is shared is computed once."""

import math

import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.kernels import opcodes as code_of
from simulator.kernels.program import evaluate, evaluate_slopes
from simulator.laws.coefficient import read_coefficient
from simulator.laws.expression import parse, vocabulary
from simulator.laws.formula import Formula, constant, exp, log, maximum, sqrt, temperature, unknown
from simulator.laws.mixture import Mixture
from simulator.laws.program import Program, nodes, table
from simulator.laws.table import pchip
from simulator.laws.writer import Writer

TERNARY = Mixture(("A", "B", "C"), "C")
NAMES = vocabulary(TERNARY)
KNOTS = np.array([-1.0, 0.1, 0.3, 0.55, 0.8, 2.0])
x, y = unknown(0), unknown(1)

# every operation of a tree, its operands depending on one unknown, on the other, and on both
EXPRESSIONS = (
    "x_A + x_A*x_B", "x_A - 3*x_B", "2 - x_A*x_B", "x_A*x_B*x_C", "x_A*exp(x_B)*T", "x_A/(1 + x_B)", "1/(x_A + x_B**2)",
    "T/(1 + x_A)", "(x_A + x_B)**0", "x_A**2 + x_B**3", "(x_A + x_B)**8", "(1 + x_A*x_B)**-2", "(1 + x_A)**2.5",
    "x_A**0.5*x_B", "(x_A + x_B)**-0.5", "2**(x_A*x_B)", "T**x_A", "(1 + x_A)**x_B", "(1 + x_A)**(T/1000)", 
    "exp(x_A*x_B/T*900)",
    "log(x_A + 2*x_B)", "x_A*log(x_A) + x_B*log(x_B) + x_C*log(x_C)", "log10(x_A + 2*x_B)", "sqrt(x_A + x_B*x_B)",
    "sin(x_A*x_B)", "cos(x_A + x_B*3)", "tan(x_A*x_B)", "sinh(x_A - 2*x_B)", "cosh(x_A*x_B)", "tanh(2*x_A - x_B)",
    "erf(x_A*2 - x_B)", "abs(x_A*x_B - 2)", "abs(x_A + x_B)", "min(x_A*x_B, x_A + x_B)", "max(x_A*x_B, x_A**2 + 3)",
    "where(x_A < 2, x_A*x_B, exp(x_B))", "where(x_A > 2, x_A*x_B, exp(x_B))", "(x_A < x_B)*x_A + (x_A != x_B)*x_B**2",
    "(x_A <= x_B)*x_A + (x_A == x_B)*x_B", "x*x_A**2 + y*x_B + z + t*x_A",
)  # fmt: skip
FORMULAS = {text: Formula.of(parse(text, NAMES)) for text in EXPRESSIONS}
FORMULAS |= {
    "table": Formula(table((x * y + 0.2 * x).tree, pchip(KNOTS, np.cos(3.0 * KNOTS)))),
    "table beyond its ends": x + Formula(table((x + 9.0).tree, pchip(KNOTS, np.cos(3.0 * KNOTS)))),
    "maximum": maximum(0.001, x * y) + maximum(x - 4.0, y / x),
    "operators": 2.0 - x + (-y) / 3.0 + 1.0 / (1.0 + sqrt(x)) ** 1.5 + 2.0**y - np.float64(2.0) * log(x) * temperature,
}


def points(count: int, m: int = 2) -> np.ndarray:
    """Inside the simplex, away from its edges and from x_A = x_B, where differences lose their digits."""
    inside = np.random.default_rng(5).dirichlet(np.ones(m + 1), 2 * count).T[:m]
    u = 0.6 * inside + 0.4 / (m + 1)
    return np.ascontiguousarray(u[:, np.abs(u[0] - u[-1]) > 0.02][:, :count])


def value(formula: Formula, u: np.ndarray) -> np.ndarray:
    return formula.program(len(u))(u, x=0.3, y=0.7, z=0.1, t=2.0, T=900.0)[0] + np.zeros(u.shape[1])


def difference(formula: Formula, k: int, u: np.ndarray) -> np.ndarray:
    """Central difference of sixth order."""
    h, shift = 2e-3, np.zeros((len(u), 1))
    shift[k] = h
    pairs = ((1, 45.0), (2, -9.0), (3, 1.0))
    return sum(w * (value(formula, u + j * shift) - value(formula, u - j * shift)) for j, w in pairs) / (60.0 * h)


# The cubics of a table are smooth between knots only; a difference must not reach across one.
@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("k", (0, 1))
def test_derivative_is_the_limit_of_differences(name, k):
    u = points(40)
    if name == "table":
        argument = u[0] * u[1] + 0.2 * u[0]
        u = u[:, np.abs(argument[:, None] - KNOTS).min(axis=1) > 0.02]
    expected = difference(FORMULAS[name], k, u)
    # error h^6 f(7) / 140, below 1e-9 for functions that change over 0.1; rounding 1e-16 / h below 1e-12
    scale = np.abs(expected).max() + np.abs(value(FORMULAS[name], u)).max()
    np.testing.assert_allclose(value(FORMULAS[name].derivative(k), u), expected, rtol=0.0, atol=1e-8 * scale)


@pytest.mark.parametrize("name", FORMULAS)
def test_second_derivatives_are_symmetric_and_those_of_the_first(name):
    u = points(30)
    first, second = (FORMULAS[name].derivative(k) for k in (0, 1))
    mixed = value(first.derivative(1), u)
    scale = np.abs(mixed).max() + np.abs(value(first, u)).max() + np.abs(value(second, u)).max()
    # two ways to write the same number: rounding of some ten operations
    np.testing.assert_allclose(mixed, value(second.derivative(0), u), rtol=0.0, atol=1e-13 * scale)
    if "table" not in name:
        for k, formula in enumerate((first, second)):
            own = value(formula.derivative(k), u)
            # as for the first derivative
            np.testing.assert_allclose(
                own, difference(formula, k, u), rtol=0.0, atol=1e-8 * (scale + np.abs(own).max())
            )


# the kernels know one coordinate
@pytest.mark.parametrize("name", [name for name in FORMULAS if "z" not in name])
def test_kernel_slopes_are_the_derivatives(name):
    u, formula = points(600), FORMULAS[name]
    n = u.shape[1]
    code = formula.program(2).code
    out, again, slopes = np.empty((1, n)), np.empty((1, n)), np.empty((1, 2, n))
    evaluate_slopes(code, 0, u, np.full(n, 0.3), 2.0, 900.0, out, slopes)
    evaluate(code, 0, u, np.full(n, 0.3), 2.0, 900.0, again)
    np.testing.assert_array_equal(out, again)
    # reciprocals and contracted products round differently
    np.testing.assert_allclose(out[0], value(formula, u), rtol=1e-13, atol=1e-13)
    for k in (0, 1):
        expected = value(formula.derivative(k), u)
        np.testing.assert_allclose(slopes[0, k], expected, rtol=0.0, atol=1e-13 * (1.0 + np.abs(expected).max()))


def test_zeros_and_ones_fold():
    nowhere = log(x - 2.0)
    assert (0.0 * nowhere).value == 0.0
    assert (nowhere * 0).value == 0.0
    assert (0.0 / x).value == 0.0
    assert (x - x).value == 0.0
    assert (x**0).value == 1.0
    assert math.isnan((constant(0.0) / constant(0.0)).value)
    for same in (x + 0.0, 0 + x, x - 0.0, 1.0 * x, x * 1, x / 1.0, x**1, -1.0 * (-x), sum([x])):
        assert same.program(1) == x.program(1)
    assert (2.0 * constant(3.0) - 1.0).value == 5.0
    assert exp(constant(0.0)).value == exp(0.0).value == sqrt(1.0).value == maximum(1.0, 0.5).value == 1.0
    assert (x + (-y)).program(2) == (x - y).program(2)
    assert (temperature * y).derivative(0).value == 0.0


def test_operators_refuse_what_is_no_number():
    with pytest.raises(TypeError):
        x + "1"
    with pytest.raises(TypeError):
        [1.0] * x


def test_formula_of_a_coefficient_and_of_a_program():
    coefficient = read_coefficient("2*x_A", TERNARY)
    for given in (coefficient, coefficient.program, Formula.of(coefficient)):
        assert value(Formula.of(given), points(3)) == pytest.approx(2.0 * points(3)[0])
    with pytest.raises(Invalid, match="one output, got 2"):
        Formula.of(Formula.join([x, y], 2))


def test_table_slopes_at_the_knots_and_beyond():
    argument = np.array([[-1.5, -1.0, 0.2, 2.0, 2.5]])
    slope = Formula(table(x.tree, pchip(KNOTS, KNOTS**3))).derivative(0)
    found = slope.program(1)(argument)[0]
    assert found[[0, 4]] == pytest.approx([0.0, 0.0], abs=0.0)
    assert (found[1:4] > 0.0).all()


def test_general_power_at_zero():
    """x**y at x = 0, y = 2: both derivatives exist there."""
    u = np.array([[0.0], [2.0]])
    assert value((x**y).derivative(0), u) == pytest.approx([0.0], abs=0.0)
    assert value((x**y).derivative(1), u) == pytest.approx([0.0], abs=0.0)


def manning(m: int, rng):
    """An ideal matrix whose entries share tracer diffusivities, their mean and wind factors, and its plain numpy."""
    a, b, w = rng.standard_normal(m + 1), rng.standard_normal((m + 1, m)), 2.0 / 7.1513

    def entries(x, exp, total):
        x = [*x, 1.0 - total(x)]
        D = [exp(a[k] + total([b[k, j] * x[j] for j in range(m)])) for k in range(m + 1)]
        S = total([x[k] * D[k] for k in range(m + 1)])
        q = [x[i] * (w * (D[i] - S) / S - 1.0) for i in range(m)]
        return [q[i] * (D[j] - D[m]) + (D[i] if i == j else 0.0) for i in range(m) for j in range(m)]

    formulas = entries([unknown(k) for k in range(m)], exp, sum)
    return formulas, lambda u: np.array(entries(list(u), np.exp, sum))


def operations(code: np.ndarray) -> list[int]:
    main, data = int(code[code_of.MAIN]), int(code[code_of.DATA])
    return [int(op) for op in code[main : data : code_of.INSTRUCTION]]


def test_shared_parts_are_computed_once(rng):
    m, n = 4, 700
    formulas, plain = manning(m, rng)
    program = Formula.join(formulas, m)
    assert operations(program.code).count(code_of.EXP) == m + 1
    u = points(n, m)
    out, slopes = np.empty((m * m, n)), np.empty((m * m, m, n))
    evaluate_slopes(program.code, 0, u, np.zeros(n), 0.0, 900.0, out, slopes)
    # rounding: reciprocals, contracted products
    np.testing.assert_allclose(program(u), plain(u), rtol=0.0, atol=1e-13 * np.abs(plain(u)).max())
    np.testing.assert_allclose(out, plain(u), rtol=0.0, atol=1e-13 * np.abs(plain(u)).max())
    for b in range(m):
        expected = Formula.join([entry.derivative(b) for entry in formulas], m)(u)
        np.testing.assert_allclose(slopes[:, b], expected, rtol=0.0, atol=1e-12 * np.abs(expected).max())


def test_equal_parts_are_one_value_wherever_they_were_written():
    twice = parse("exp(x_A*x_B) + sin(exp(x_B*x_A))", NAMES)
    assert operations(twice.code).count(code_of.EXP) == 1
    by_time = parse("x_A*exp(-1/T) + x_B*exp(-1/T)", NAMES)
    assert code_of.EXP not in operations(by_time.code)
    assert by_time((0.2, 0.3), T=2.0) == pytest.approx(0.5 * math.exp(-0.5))


def chain(length: int) -> Formula:
    f = x
    for _ in range(length):
        f = 0.5 * (f * f + f)
    return f


def test_chains_of_shared_parts_stay_short():
    """Written out, f of 40 steps has 2^40 leaves, and its second derivative more."""
    lengths = [len(chain(length).program(2).code) for length in (20, 30, 40)]
    assert lengths[2] - lengths[1] == lengths[1] - lengths[0] <= 10 * 4 * code_of.INSTRUCTION
    assert chain(40).program(2).code[code_of.ROWS] <= 4
    slope, curvature = chain(40).derivative(0), chain(40).derivative(0).derivative(0)
    assert len(nodes(slope.tree)) < 40 * 10
    assert len(nodes(curvature.tree)) < 40 * 40
    assert operations(curvature.program(2).code).count(code_of.MUL) < 40 * 10
    u = np.array([[1.0], [0.0]])  # f(1) = 1, f'(1) = 1.5^n, since d f_next = (f + 0.5) d f
    assert value(chain(40), u) == pytest.approx([1.0])
    assert value(slope, u) == pytest.approx([1.5**40])
    program = chain(40).program(2)
    assert program.depends_on == {"composition"}
    assert program == chain(40).program(2) != chain(39).program(2)
    assert hash(program) == hash(chain(40).program(2))
    assert program.fixed(u=(1.0, 0.0)).trees == (("number", 1.0),)
    assert "Program" in repr(program)


def test_long_sums_are_differentiated_and_written():
    """Deeper than Python's stack of calls."""
    f = sum(constant(1.0 / k) * exp(x * float(k)) for k in range(1, 2001))
    u = np.array([[-0.5]])
    assert value(f.derivative(0), u) == pytest.approx([1.0 / (math.exp(0.5) - 1.0)])


def test_no_instruction_writes_a_row_that_it_reads(rng):
    reads = {code_of.WHERE: 3} | dict.fromkeys(range(code_of.ADD, code_of.WHERE), 2)
    reads |= dict.fromkeys(range(code_of.SLOT, code_of.TEMPERATURE + 1), 0)
    programs = [Formula.join(manning(3, rng)[0], 3), Formula.join(FORMULAS.values(), 2)]
    for code in (entry.code for entry in programs):
        start, end = int(code[code_of.PROLOGUE]), int(code[code_of.DATA])
        for op, to, *rows in code[start:end].reshape(-1, code_of.INSTRUCTION):
            if op not in (code_of.STORE, code_of.OUT):
                assert to not in rows[: reads.get(int(op), 1)]
                assert to < code[code_of.ROWS]


def test_programs_are_equal_when_their_instructions_are():
    first, second = parse("x_A*exp(x_B)", NAMES), parse("x_A * exp( x_B )", NAMES)
    assert first == second and hash(first) == hash(second) and len({first, second}) == 1
    assert first != parse("x_A*exp(x_A)", NAMES)
    assert first != Program(first.trees, 3)
    assert first != first.trees
    assert Writer(first.trees).code().tobytes() == first.code.tobytes()

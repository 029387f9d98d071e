"""Expressions as data: what they mean, what they refuse, and that the kernel says what numpy says."""

import math
import time
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.faults import Invalid
from simulator.kernels.program import evaluate, evaluate_slopes
from simulator.laws.expression import Vocabulary, parse, vocabulary
from simulator.laws.mixture import Mixture
from simulator.laws.program import Program

TERNARY = Mixture(("Cu", "Ni", "Al"), parameters={"D0": 6e-5, "Q": 250e3, "b": 1.2})
NAMES = vocabulary(TERNARY)
R, F = 8.31446261815324, 96485.33212331001

erf = np.vectorize(math.erf)

# each text beside the same formula written for numpy; c, n, a are the mole fractions of Cu, Ni, Al
FORMULAS = {
    "1e-14": lambda c, n, a, x, t, T: 1e-14 + 0 * c,
    "3*x_Cu": lambda c, n, a, x, t, T: 3 * c,
    "exp(3*x_Cu)": lambda c, n, a, x, t, T: np.exp(3 * c),
    "D0*exp(-Q/(R*T))*exp(b*x_Ni)": lambda c, n, a, x, t, T: 6e-5 * np.exp(-250e3 / (R * T)) * np.exp(1.2 * n),
    "x_Al": lambda c, n, a, x, t, T: a,
    "1 - x_Cu - x_Ni": lambda c, n, a, x, t, T: 1 - c - n,
    "-x_Cu**2 + 2*x_Cu*x_Ni - 3": lambda c, n, a, x, t, T: -(c**2) + 2 * c * n - 3,
    "(1 + x_Cu)**-2 + (2 + x_Ni)**0.5 + (1.5 + x_Al)**2.5": lambda c, n, a, x, t, T: (
        1 / (1 + c) ** 2 + np.sqrt(2 + n) + (1.5 + a) ** 2.5
    ),
    "2**x_Cu + (1 + x_Cu)**x_Ni": lambda c, n, a, x, t, T: 2**c + (1 + c) ** n,
    "2**-1**2 + -2**2 + 2**3**2 - 8/4/2 + x_Cu": lambda c, n, a, x, t, T: 0.5 - 4 + 512 - 1 + c,
    "x_Cu**3/(1 + x_Ni**5) - 4/(2 + x_Cu)": lambda c, n, a, x, t, T: c**3 / (1 + n**5) - 4 / (2 + c),
    "log(1.2 + x_Cu) + log10(2 - x_Ni) + sqrt(0.1 + x_Al)": lambda c, n, a, x, t, T: (
        np.log(1.2 + c) + np.log10(2 - n) + np.sqrt(0.1 + a)
    ),
    "sin(x_Cu) + cos(2*x_Ni) + tan(x_Al)": lambda c, n, a, x, t, T: np.sin(c) + np.cos(2 * n) + np.tan(a),
    "sinh(x_Cu) + cosh(x_Ni) + tanh(3*x_Al - 1)": lambda c, n, a, x, t, T: np.sinh(c) + np.cosh(n) + np.tanh(3 * a - 1),
    "erf((x_Cu - 0.3)/0.1)": lambda c, n, a, x, t, T: erf((c - 0.3) / 0.1),
    "abs(x_Cu - 0.4) + min(x_Cu, x_Ni) + max(x_Cu, 0.3, x_Al)": lambda c, n, a, x, t, T: (
        abs(c - 0.4) + np.minimum(c, n) + np.maximum(np.maximum(c, 0.3), a)
    ),
    "where(x_Cu < 0.3, exp(x_Ni), x_Al**2)": lambda c, n, a, x, t, T: np.where(c < 0.3, np.exp(n), a**2),
    "where(x_Cu > 0.5, log(x_Cu - 0.5), 0)": lambda c, n, a, x, t, T: np.where(c > 0.5, np.log(c - 0.5), 0),
    "0.2 < x_Cu": lambda c, n, a, x, t, T: c > 0.2,
    "(x_Cu >= 0.5) + (x_Ni <= 0.2)*2 + (x_Al != 0.1) + (x_Ni == 0)": lambda c, n, a, x, t, T: (
        (c >= 0.5) + (n <= 0.2) * 2.0 + (a != 0.1) + (n == 0)
    ),
    "x*1e6 + t/3600 + T/1000 + F/R": lambda c, n, a, x, t, T: x * 1e6 + t / 3600 + T / 1000 + F / R,
    "exp(-t/100)*x_Cu + cos(pi*x/1e-6)*sin(t*T)": lambda c, n, a, x, t, T: (
        np.exp(-t / 100) * c + np.cos(np.pi * x / 1e-6) * np.sin(t * T)
    ),
    "(x_Cu - T/3000)*(t - x_Ni)/(T*x_Al + 1)": lambda c, n, a, x, t, T: (c - T / 3000) * (t - n) / (T * a + 1),
}


def reference(formula, u, x, t, T):
    with np.errstate(all="ignore"):
        return np.asarray(formula(u[0], u[1], 1.0 - u[0] - u[1], x, t, T), float) + np.zeros(u.shape[1])


def compositions(n, seed=1):
    u = np.random.default_rng(seed).dirichlet((1.0, 1.0, 1.0), size=n).T[:2]
    return np.ascontiguousarray(u)


def assert_equal_but_rounding(value, expected):
    """Reciprocals and products for small powers round differently: a few units in the last place of each value, or of
    the terms of a difference, which are no larger than 1 or, where all values are less, than the largest of these.
    """
    finite = np.abs(expected[np.isfinite(expected)])
    np.testing.assert_allclose(value, expected, rtol=1e-13, atol=1e-13 * min(finite.max(initial=0.0), 1.0))


@pytest.mark.parametrize("text", FORMULAS)
def test_program_means_what_the_text_says(text):
    u, x = compositions(50), np.linspace(-1e-6, 1e-6, 50)
    value = parse(text, NAMES)(u, x=x, t=40.0, T=1273.0)
    assert value.shape == (1, 50)
    assert_equal_but_rounding(value[0], reference(FORMULAS[text], u, x, 40.0, 1273.0))


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("n", (1, 600))
def test_kernel_equals_numpy(text, n):
    """n = 600 is more than two strips of the kernel and not a multiple."""
    u, x = compositions(n), np.linspace(-1e-6, 1e-6, n)
    program = parse(text, NAMES)
    start = 3
    code = np.concatenate([np.full(start, np.nan), program.code, np.full(2, np.nan)])
    out, values = np.empty((1, n)), np.empty((1, n))
    slopes = np.empty((1, 2, n))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # without compilation log(-1) warns
        evaluate(code, start, u, x, 40.0, 1273.0, out)
        evaluate_slopes(code, start, u, x, 40.0, 1273.0, values, slopes)
    assert_equal_but_rounding(out, program(u, x=x, t=40.0, T=1273.0))
    np.testing.assert_array_equal(values, out)


# A difference across the branch point of log(x_Cu - 0.5) says nothing: `test_slope_ignores_the_branch_not_taken` does.
@pytest.mark.parametrize("text", [text for text in FORMULAS if "log(x_Cu - 0.5)" not in text])
def test_slopes_are_derivatives(text):
    n, step = 64, 1e-6
    u, x = compositions(n), np.zeros(n)
    program = parse(text, NAMES)
    out, slopes = np.empty((1, n)), np.empty((1, 2, n))
    evaluate_slopes(program.code, 0, u, x, 40.0, 1273.0, out, slopes)
    for b in range(2):
        shift = np.zeros((2, 1))
        shift[b] = step
        difference = (program(u + shift, t=40.0, T=1273.0) - program(u - shift, t=40.0, T=1273.0))[0] / (2 * step)
        scale = np.abs(out).max() + np.abs(difference).max()
        # central differences: error h^2 f''' / 6 and rounding 1e-16 / h, both about 1e-10 of the scale
        np.testing.assert_allclose(slopes[0, b], difference, rtol=0, atol=2e-8 * scale)


def test_slope_ignores_the_branch_not_taken():
    program = parse("where(x_Cu > 0.5, log(x_Cu - 0.5), 2*x_Cu) + min(sqrt(x_Cu), 10)", NAMES)
    u = np.array([[0.0, 0.25, 0.75], [0.1, 0.1, 0.1]])
    out, slopes = np.empty((1, 3)), np.empty((1, 2, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        evaluate_slopes(program.code, 0, u, np.zeros(3), 0.0, 1.0, out, slopes)
    # sqrt has no derivative at 0; there it counts as 0
    np.testing.assert_allclose(slopes[0, 0], [2.0, 2.0 + 0.5 / 0.5, 4.0 + 0.5 / math.sqrt(0.75)], rtol=1e-14)
    np.testing.assert_array_equal(slopes[0, 1], 0.0)


LEAVES = [
    ("x_Cu", lambda c, n, T: c),
    ("x_Ni", lambda c, n, T: n),
    ("x_Al", lambda c, n, T: 1.0 - c - n),
    ("0.5", lambda c, n, T: np.full_like(c, 0.5)),
    ("2", lambda c, n, T: np.full_like(c, 2.0)),
    ("T", lambda c, n, T: np.full_like(c, T)),
]
PAIRS = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}


def of_two(parts):
    (left, f), op, (right, g) = parts
    return f"({left} {op} {right})", lambda c, n, T: PAIRS[op](f(c, n, T), g(c, n, T))


def of_one(part):
    text, f = part
    return f"-(1.5 + tanh({text}))**0.7", lambda c, n, T: -((1.5 + np.tanh(f(c, n, T))) ** 0.7)


def of_three(parts):
    (first, f), (second, g), (third, h) = parts
    return (
        f"where({first} < {second}, max({third}, {first}), sin({second}))",
        lambda c, n, T: np.where(f(c, n, T) < g(c, n, T), np.maximum(h(c, n, T), f(c, n, T)), np.sin(g(c, n, T))),
    )


FORMULA = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(of_two),
        inner.map(of_one),
        st.tuples(inner, inner, inner).map(of_three),
    ),
    max_leaves=12,
)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(FORMULA)
def test_any_formula_means_the_same_in_numpy_and_in_the_kernel(formula):
    text, function = formula
    u, x, n = compositions(7), np.zeros(7), 7
    try:
        program = parse(text, NAMES)
    except Invalid as fault:
        assert "finite" in str(fault) or "zero" in str(fault)
        return
    with np.errstate(all="ignore"):
        expected = function(u[0], u[1], 1273.0)
    ordinary = np.isfinite(expected) & (np.abs(expected) < 1e6)
    value = program(u, T=1273.0)[0]
    out = np.empty((1, n))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        evaluate(program.code, 0, u, x, 0.0, 1273.0, out)
    # sin of large arguments and differences of equals lose digits
    np.testing.assert_allclose(value[ordinary], expected[ordinary], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(out[0][ordinary], value[ordinary], rtol=1e-6, atol=1e-6)


def test_joined_programs_keep_their_outputs():
    first, second = parse("x_Cu + T", NAMES), parse("x_Ni*T", NAMES)
    u = compositions(5)
    joined = Program.join(first, second)
    np.testing.assert_array_equal(joined(u, T=3.0), np.concatenate([first(u, T=3.0), second(u, T=3.0)]))


def test_dependence_and_fixing():
    program = parse("D0*exp(-Q/(R*T))*exp(b*x_Ni) + 0*t", NAMES)
    assert program.depends_on == {"composition", "T", "t"}
    fixed = program.fixed(T=1273.0, t=2.0)
    assert fixed.depends_on == {"composition"}
    u = compositions(9)
    np.testing.assert_allclose(fixed(u), program(u, T=1273.0, t=2.0), rtol=1e-14)
    assert parse("x + y", NAMES).depends_on == {"x"}
    assert program.fixed(u=(0.1, 0.2), T=1000.0, t=0.0).code[3] == 1  # one constant is left


def test_constants_are_the_si_values():
    assert float(parse("R", NAMES)((0.0, 0.0))[0]) == pytest.approx(8.314462618, rel=1e-10)
    assert float(parse("F", NAMES)((0.0, 0.0))[0]) == pytest.approx(96485.33212, rel=1e-10)


def test_shapes_follow_the_compositions():
    program = parse("x_Cu + x", NAMES)
    assert program(np.zeros((2,))).shape == (1,)
    assert program(np.zeros((2, 3, 4))).shape == (1, 3, 4)
    assert program(np.zeros((2, 5)), x=np.ones(5)).shape == (1, 5)


def test_chained_comparison():
    u = np.array([[0.1, 0.3, 0.6], [0.0, 0.0, 0.0]])
    np.testing.assert_array_equal(parse("0.2 < x_Cu <= 0.5", NAMES)(u)[0], [0.0, 1.0, 0.0])


REFUSED = {
    "2^3": "write **",
    "x_Nickel": "Did you mean x_Ni?",
    "exq(x_Cu)": "Did you mean exp?",
    "__import__('os')": "does not belong",
    "__import__(x)": "unknown function",
    "x.real": "a dot belongs to numbers only",
    "(1).real": "a dot belongs to numbers only",
    "x.real(1)": "a dot belongs",
    "x_Cu[0]": "does not belong",
    "lambda: 1": "does not belong",
    "exp(x=1)": "by place",
    "exp(*x)": "by place",
    "exp(1, 2)": "1 argument, got 2",
    "exp": "is a function",
    "b(2)": "is not a function",
    "where(1, 2)": "3 arguments, got 2",
    "'a'": "does not belong",
    "True": "not a number",
    "None": "unknown name|not known",
    "1 if x else 2": "where",
    "x_Cu and x_Ni": "multiply",
    "not x": "turn the comparison",
    "x in x": "not known",
    "x is x": "not known",
    "~x": "does not belong",
    "5 % 2": "does not belong",
    "5 // 2": "not known",
    "9**9**9": "not a finite number",
    "9**9**9**9**9": "not a finite number",
    "1e999": "not a finite number",
    "9" * 400: "not a finite number",
    "log(-1)": "not a finite number",
    "1/0": "not a finite number",
    "x/0": "divides by zero",
    "x/(1-1)": "divides by zero",
    "0,5": "write 0.5",
    "1j": "imaginary number 1j is not known",
    "": "empty",
    "   ": "empty",
    "1 +": "cannot be read",
    "(1": "not closed",
    "1)": "not opened",
    ")1(": "not opened",
    "()": "comma|not known",
    "x_Cu x_Ni": "cannot be read",
    "(" * 10**5 + ")" * 10**5: "at most 2000",
    "(" * 900 + "1" + ")" * 900: "brackets",
    "-" * 1900 + "1": "levels|cannot be read",
    "1" + "+1" * 900: "levels",
    "2**" * 600 + "2": "levels|cannot be read",
    "x := 2": "does not belong",
    "x = 2": "cannot be read",
    "1\0": "does not belong",
    "x_\u0421u": "does not belong",
    "1 # 2": "does not belong",
    "exec(x)": "unknown function",
    "x_Cu if": "cannot be read",
    "1_": "cannot be read",
    "x < y < 'z'": "does not belong",
    "abs(abs)": "is a function",
    "max(1)": "2 arguments, got 1",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text[:24]))
def test_refused_with_one_sentence(text):
    begin = time.process_time()
    with pytest.raises(Invalid) as caught:
        parse(text, NAMES, "law.D")
    assert time.process_time() - begin < 1.0
    (fault,) = caught.value.faults
    assert any(part in fault.sentence for part in REFUSED[text].split("|"))
    assert fault.where == "law.D"
    assert "\n" not in fault.sentence
    assert len(fault.sentence) < 400


def test_unknown_name_lists_the_names_of_the_case():
    names = vocabulary(Mixture(("Cu", "Ni"), "Cu"))
    with pytest.raises(Invalid) as caught:
        parse("x_Nickel", names, "law.D")
    assert str(caught.value) == "law.D: unknown name 'x_Nickel'; this case has x_Ni. Did you mean x_Ni?"


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text(max_size=40) | st.text(alphabet="x_CuNi 0123456789.+-*/(),<>=!ef", max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        parse(text, NAMES)
    except Invalid as fault:
        assert len(fault.faults) == 1


def test_parameters_may_not_hide_a_name():
    with pytest.raises(Invalid, match=r"parameters\.T"):
        Vocabulary(("x_Ni",), parameters={"T": 1.0})


def test_several_lines_are_one_expression():
    assert float(parse("1 +\n  2", NAMES)((0.0, 0.0))[0]) == 3.0

"""A person's formula as data: a whitelist parse into a tree, constants folded. Nothing is ever executed.

Python's grammar is used to read the text, no more: length, brackets and characters are checked before, and every
node after, against what the message of a fault lists.
"""

import ast
import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from simulator.faults import Fault, Invalid, near
from simulator.laws.formula import Formula
from simulator.laws.mixture import Mixture
from simulator.laws.program import ONE, Program, Tree, apply, is_number

LONGEST = 2000
DEEPEST_BRACKETS = 60
DEEPEST_TREE = 200

# k N_A and e N_A from the defining constants of the SI
CONSTANTS = {"R": 1.380649e-23 * 6.02214076e23, "F": 1.602176634e-19 * 6.02214076e23, "pi": math.pi}
VARIABLES = {"x": ("x",), "y": ("y",), "z": ("z",), "t": ("t",), "T": ("T",)}
FUNCTIONS = dict.fromkeys(ONE, 1)
FUNCTIONS |= {"min": 2, "max": 2, "where": 3}
BINARY = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow"}
COMPARISONS = {ast.Lt: "less", ast.LtE: "less_equal", ast.Gt: "greater", ast.GtE: "greater_equal"}
COMPARISONS |= {ast.Eq: "equal", ast.NotEq: "not_equal"}
ALLOWED = "An expression has numbers, names, + - * / **, comparisons and the functions " + " ".join(FUNCTIONS) + "."
FOREIGN = re.compile(r"[^A-Za-z0-9_.+\-*/(),<>=!\s]")
HINTS = {
    ast.BoolOp: "'and' and 'or' are not known; multiply or add comparisons instead.",
    ast.IfExp: "'if' is not known; write where(condition, a, b).",
    ast.Attribute: "a dot belongs to numbers only.",
    ast.FloorDiv: "'//' is not known; write / for a quotient.",
    ast.Not: "'not' is not known; turn the comparison round.",
    ast.Tuple: "a comma stands only between the arguments of a function; write 0.5, not 0,5.",
}


@dataclass(frozen=True)
class Vocabulary:
    """The names an expression may use besides the coordinates, t, T, R, F and pi.

    unknowns: names of the rows u_0 .. u_m-1; extra: a name to (c, a_0 .. a_m-1) for c + sum a_k u_k, as the dependent
    mole fraction is; parameters: a name to its number; formulas: a name to its tree, where it is none of these.
    Raises Invalid for a parameter that hides another name.
    """

    unknowns: tuple[str, ...] = ()
    extra: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)
    formulas: Mapping[str, Tree] = field(default_factory=dict)

    def __post_init__(self):
        taken = {*CONSTANTS, *VARIABLES, *FUNCTIONS, *self.unknowns, *self.extra}
        faults = [
            Fault(f"parameters.{name}", f"{name!r} already has a meaning in expressions; choose another name.")
            for name in self.parameters
            if name in taken
        ]
        if faults:
            raise Invalid(*faults)

    @property
    def m(self) -> int:
        return len(self.unknowns)

    @cached_property
    def trees(self) -> dict[str, Tree]:
        """What each name stands for."""
        trees: dict[str, Tree] = {name: ("number", value) for name, value in CONSTANTS.items()} | dict(VARIABLES)
        trees |= {name: ("unknown", k) for k, name in enumerate(self.unknowns)}
        for name, (constant, *weights) in self.extra.items():
            tree: Tree = ("number", float(constant))
            for k, weight in enumerate(weights):
                if weight != 0.0:
                    tree = apply("add", tree, apply("mul", ("number", float(weight)), ("unknown", k)))
            trees[name] = tree
        return trees | dict(self.formulas) | {name: ("number", float(value)) for name, value in self.parameters.items()}


def vocabulary(mixture: Mixture) -> Vocabulary:
    """x_NAME for every component, the dependent one as 1 - sum of the others, or c_NAME for every ion; and the
    parameters of the case."""
    names = tuple(f"{mixture.symbol}_{name}" for name in mixture.independent)
    if not mixture.dependent:
        return Vocabulary(names, {}, mixture.parameters)
    dependent = {f"x_{mixture.dependent}": (1.0, *(-mixture.on_lattice))}
    formulas = {}
    if mixture.interstitial:
        # The unknowns are u-fractions: x_k = u_k / (1 + sum of the interstitial u).
        total: Tree = ("number", 1.0)
        for k, name in enumerate(mixture.independent):
            total = apply("add", total, ("unknown", k)) if name in mixture.interstitial else total
        linear = Vocabulary(names, dependent).trees
        formulas = {name: apply("div", linear[name], total) for name in (*names, *dependent)}
    return Vocabulary(names, dependent, mixture.parameters, formulas)


def mole_fractions(mixture: Mixture) -> list[Formula]:
    """The mole fraction of every component, in their order, as formulas of the unknowns."""
    trees = vocabulary(mixture).trees
    return [Formula(trees[f"x_{name}"]) for name in mixture.components]


def parse(text: str, names: Vocabulary, where: str = "expression") -> Program:
    """The program of an expression. Raises Invalid, with `where`, for anything outside the whitelist."""
    return Program((read(text, names, where),), names.m)


def read(text: str, names: Vocabulary, where: str) -> Tree:
    """The tree of an expression."""
    check_text(text, where)
    flat = " ".join(text.split())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            body = ast.parse(flat, mode="eval").body
    except SyntaxError as error:
        place = f" near character {error.offset}" if error.offset else ""
        raise Invalid.at(where, f"{shortened(flat)} cannot be read as an expression{place}: {error.msg}.") from None
    except (ValueError, RecursionError, MemoryError):
        raise Invalid.at(where, f"{shortened(flat)} cannot be read as an expression.") from None
    if depth_of(body) > DEEPEST_TREE:
        raise Invalid.at(
            where, f"the expression is nested deeper than {DEEPEST_TREE} levels; name parts of it in [parameters]."
        )
    return Reader(flat, names, where).tree(body)


def shortened(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def check_text(text: str, where: str) -> None:
    """Refuse what must not reach the grammar: too long, too deep, or of other characters."""
    if not text.strip():
        raise Invalid.at(where, "the expression is empty.")
    if len(text) > LONGEST:
        raise Invalid.at(where, f"the expression has {len(text)} characters; at most {LONGEST} are read.")
    foreign = FOREIGN.search(text)
    if foreign:
        mark = foreign.group()
        if mark == "^":
            raise Invalid.at(where, f"'^' is not known in {shortened(text)}; write ** for a power.")
        raise Invalid.at(where, f"{mark!r} does not belong in an expression ({shortened(text)}). {ALLOWED}")
    depth = 0
    for mark in text:
        depth += (mark == "(") - (mark == ")")
        if depth > DEEPEST_BRACKETS:
            raise Invalid.at(where, f"more than {DEEPEST_BRACKETS} brackets stand inside each other.")
        if depth < 0:
            break
    if depth:
        raise Invalid.at(where, f"a bracket is not {'closed' if depth > 0 else 'opened'} in {shortened(text)}.")


def depth_of(body: ast.AST) -> int:
    deepest, stack = 0, [(body, 1)]
    while stack:
        node, depth = stack.pop()
        deepest = max(deepest, depth)
        stack += [(child, depth + 1) for child in ast.iter_child_nodes(node)]
    return deepest


@dataclass(frozen=True)
class Reader:
    """From the nodes of Python's grammar to a tree of this package, or a fault."""

    text: str
    names: Vocabulary
    where: str

    def fault(self, sentence: str) -> Invalid:
        return Invalid.at(self.where, sentence)

    def refused(self, node: ast.AST) -> Invalid:
        hint = HINTS.get(type(node), f"{type(node).__name__} is not known.")
        return self.fault(f"{hint} {ALLOWED}")

    def tree(self, node: ast.expr) -> Tree:
        match node:
            case ast.Constant(value=bool()):
                raise self.fault(f"{node.value} is not a number; a comparison gives 1 or 0.")
            case ast.Constant(value=int() | float()):
                return self.finite(self.literal(node.value), node)
            case ast.Constant(value=complex()):
                raise self.fault(f"the imaginary number {node.value.imag:g}j is not known; expressions are real.")
            case ast.Name():
                return self.named(node.id)
            case ast.UnaryOp(op=ast.USub()):
                return apply("neg", self.tree(node.operand))
            case ast.UnaryOp(op=ast.UAdd()):
                return self.tree(node.operand)
            case ast.UnaryOp():
                raise self.refused(node.op)
            case ast.BinOp():
                if type(node.op) not in BINARY:
                    raise self.refused(node.op)
                return self.finite(apply(BINARY[type(node.op)], self.tree(node.left), self.tree(node.right)), node)
            case ast.Compare():
                return self.comparison(node)
            case ast.Call():
                return self.call(node)
        raise self.refused(node)

    def literal(self, value: int | float) -> Tree:
        try:
            return ("number", float(value))
        except OverflowError:
            return ("number", math.inf)

    def finite(self, tree: Tree, node: ast.expr) -> Tree:
        if is_number(tree) and not math.isfinite(tree[1]):
            source = ast.get_source_segment(self.text, node) or self.text
            raise self.fault(f"{shortened(source)} is not a finite number.")
        if tree[0] == "div" and tree[2] == ("number", 0.0):
            raise self.fault(f"{shortened(ast.get_source_segment(self.text, node) or self.text)} divides by zero.")
        return tree

    def named(self, name: str) -> Tree:
        known = self.names.trees
        if name in known:
            return known[name]
        if name in FUNCTIONS:
            raise self.fault(f"{name!r} is a function: write {name}({', '.join('abc'[: FUNCTIONS[name]])}).")
        listed = ", ".join([*self.names.unknowns, *self.names.parameters]) or ", ".join(VARIABLES)
        raise self.fault(f"unknown name {name!r}; this case has {listed}.{near(name, [*known, *FUNCTIONS])}")

    def comparison(self, node: ast.Compare) -> Tree:
        operands = [self.tree(entry) for entry in (node.left, *node.comparators)]
        result = None
        for op, left, right in zip(node.ops, operands, operands[1:], strict=False):
            if type(op) not in COMPARISONS:
                raise self.refused(op)
            truth = apply(COMPARISONS[type(op)], left, right)
            result = truth if result is None else apply("mul", result, truth)
        return result

    def call(self, node: ast.Call) -> Tree:
        if not isinstance(node.func, ast.Name):
            raise self.refused(node.func)
        name = node.func.id
        if name not in FUNCTIONS:
            if name in self.names.trees:
                raise self.fault(f"{name!r} is not a function; write {name}*(...) for a product.")
            raise self.fault(f"unknown function {name!r}.{near(name, FUNCTIONS)} {ALLOWED}")
        if node.keywords or any(isinstance(entry, ast.Starred) for entry in node.args):
            raise self.fault(f"{name} takes its arguments by place: {name}({', '.join('abc'[: FUNCTIONS[name]])}).")
        count = FUNCTIONS[name]
        if len(node.args) != count and not (name in ("min", "max") and len(node.args) > 2):
            raise self.fault(f"{name} takes {count} argument{'s' * (count > 1)}, got {len(node.args)}.")
        first, *rest = [self.tree(entry) for entry in node.args]
        if name in ("min", "max"):
            for other in rest:
                first = apply(name, first, other)
            return first
        return self.finite(apply(name, first, *rest), node)

"""Imports point downwards: a file imports only from its own floor or from floors below."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = {
    "simulator.cores": 0,
    "simulator.faults": 0,
    "simulator.kernels": 0,
    "simulator.laws": 1,
    "simulator.problem": 2,
    "simulator.solve": 3,
    "simulator.files": 4,
    "inverse": 5,
    "matano": 6,
}
# `simulator` itself offers the public names of all its floors, by name, when they are asked for.
FRONT = "simulator"


def sources():
    for top in ("simulator", "inverse", "matano"):
        yield from sorted((ROOT / top).rglob("*.py"))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def floor_of(module: str) -> int | None:
    for name in sorted(FLOORS, key=len, reverse=True):
        if module == name or module.startswith(name + "."):
            return FLOORS[name]
    return None


def imports(tree: ast.AST, module: str, package: bool):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                base = module.split(".")
                base = base[: len(base) - node.level + package]
                yield ".".join([*base, node.module] if node.module else base)
            else:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", list(sources()), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_downwards(path):
    module = module_of(path)
    here = FLOORS["simulator.files"] if module == FRONT else floor_of(module)
    assert here is not None, f"{module} stands on no floor: give its package one in FLOORS"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for imported in imports(tree, module, path.name == "__init__.py"):
        there = floor_of(imported)
        assert there is None or there <= here, f"{module} (floor {here}) imports {imported} (floor {there})"


@pytest.mark.parametrize("path", sorted((ROOT / "simulator" / "kernels").glob("*.py")), ids=lambda path: path.name)
def test_kernels_know_arrays_only(path):
    allowed = {
        "numpy",
        "math",
        "typing",
        "simulator",
        "contextlib",
        "dis",
        "functools",
        "hashlib",
        "inspect",
        "os",
        "sys",
        "tempfile",
    }
    allowed |= {"types", "pathlib", "numba"}
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for imported in imports(tree, module_of(path), False):
        assert imported.split(".")[0] in allowed
        assert not imported.startswith("simulator") or floor_of(imported) in (0, None)


def test_nothing_from_a_file_is_ever_executed():
    """No eval, exec, compile or pickle anywhere in the packages."""
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec", "compile", "__import__"), path
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
                assert not any(name.split(".")[0] in ("pickle", "marshal", "shelve", "dill") for name in names), path


def test_an_alloy_is_solved_without_what_only_ions_need():
    """scipy.optimize takes a quarter of a second, a third of a whole run."""
    text = "import sys, simulator.solve.solve; sys.exit('scipy.optimize' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", text], cwd=ROOT).returncode == 0

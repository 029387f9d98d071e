"""Kernels: compiled once for every law, the same with and without compilation, and what their cache does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from laws import matrix_equations

from simulator.kernels import jit
from simulator.kernels.balance import jacobian, residual
from simulator.kernels.jit import Kernel, disabled
from simulator.kernels.system import workspace
from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.problem.domain import Domain
from simulator.problem.grid import Grid
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.solve.controls import Controls
from simulator.solve.discretise import discretise
from simulator.solve.solve import solve

ROOT = Path(__file__).resolve().parents[1]

CHILD = """
import json, sys
import numpy as np
from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.solve.controls import Controls
from simulator.solve.solve import solve

binary = Mixture(("A", "B"), "A")
found = {}
domain, start = Domain(interval=(-20.0, 20.0), cells=8), Step(0.0, {"B": 0.0}, {"B": 1.0})
problem = Problem(binary, Fick(binary, D=sys.argv[1]), domain, start, end=1.0)
for scheme in ("implicit", "explicit", "heun", "tr-bdf2", "similarity"):
    result = solve(problem, Controls(scheme=scheme, extrapolate=scheme == "implicit", rtol=1e-2))
    found[scheme] = result.mole_fraction[-1, 1].tolist()
print(json.dumps(found))
"""


def child(D: str, **environment: str) -> dict:
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run([sys.executable, "-c", CHILD, D], env=variables, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return json.loads(done.stdout)


def couple(mixture: Mixture, D, left: dict, right: dict) -> Problem:
    return Problem(
        mixture, Fick(mixture, D=D), Domain(interval=(-20.0, 20.0), cells=40), Step(0.0, left, right), end=1.0
    )


@pytest.mark.skipif(disabled(), reason="counts compilations, and NUMBA_DISABLE_JIT is set")
def test_a_new_coefficient_compiles_nothing(monkeypatch):
    binary, ternary = Mixture(("A", "B"), "A"), Mixture(("A", "B", "C"), "C")
    ends = {"A": 0.2, "B": 0.3}, {"A": 0.4, "B": 0.1}
    solve(couple(binary, "exp(3*x_B)", {"B": 0.0}, {"B": 1.0}))
    solve(couple(ternary, [["1 + x_A", "0.1*x_A"], ["0", "1 + x_B"]], *ends))
    compiled = []
    monkeypatch.setattr(Kernel, "compile", lambda kernel, use, **options: compiled.append(kernel.__qualname__))
    solve(couple(binary, "1 + x_B**2*where(x_B < 0.5, sin(x_B), 0.2)", {"B": 0.0}, {"B": 1.0}))
    solve(couple(ternary, [["2 + x_B*x_A", "0.1"], ["0.2*x_C", "exp(x_B)"]], *ends))
    assert compiled == []


@pytest.mark.skipif(disabled(), reason="compares with compiled kernels, and NUMBA_DISABLE_JIT is set")
def test_plain_python_makes_the_same_numbers():
    compiled = child("exp(2*x_B)")
    plain = child("exp(2*x_B)", NUMBA_DISABLE_JIT="1")
    for scheme, values in compiled.items():
        # contracted multiply-adds round once where plain Python rounds twice; step control may pass that on
        assert plain[scheme] == pytest.approx(values, abs=1e-9), scheme


@pytest.mark.slow
def test_a_second_process_starts_from_the_cache(tmp_path):
    first = child("exp(2*x_B)", MATANO_CACHE_DIR=str(tmp_path))
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    assert kept
    second = child("exp(2*x_B)", MATANO_CACHE_DIR=str(tmp_path))
    assert second == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == kept


def test_cache_folder_carries_the_hash_of_the_sources(tmp_path, monkeypatch):
    monkeypatch.setenv("MATANO_CACHE_DIR", str(tmp_path))
    folder = jit.cache_folder.__wrapped__()
    assert folder.parent == tmp_path / "matano"
    assert folder.name.startswith(jit.source_hash())


def test_an_unwritable_cache_gives_way_to_a_temporary_folder(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    for name in ("MATANO_CACHE_DIR", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(blocked))
    folder = jit.cache_folder.__wrapped__()
    assert folder.is_dir() and blocked not in folder.parents


def test_residual_is_the_balance_of_every_cell(rng):
    """Against plain numpy: -div F in the cells, c - a u - b F at the ends."""
    D = np.array([[1.0, 0.3], [0.2, 0.7]])
    grid = Grid(np.sort(rng.uniform(0.0, 1.0, 12)), "spherical")
    ends = rng.standard_normal((2, 6))
    system = discretise(matrix_equations(D), grid, ends)
    u = rng.uniform(0.0, 0.4, (2, grid.cells + 2))
    work, R = workspace(2, grid.cells + 2, 0), np.empty(2 * (grid.cells + 2))
    residual(0.0, system, u, work, R)
    F = -D @ np.diff(u, axis=1) * system.face[0]
    expected = np.empty_like(u)
    expected[:, 1:-1] = F[:, :-1] - F[:, 1:]
    expected[:, 0] = ends[:, 0] - ends[:, 1] * u[:, 0] - ends[:, 2] * F[:, 0]
    expected[:, -1] = ends[:, 3] - ends[:, 4] * u[:, -1] - ends[:, 5] * F[:, -1]
    assert R.reshape(u.shape) == pytest.approx(expected, abs=1e-13)


def test_jacobian_is_the_derivative_of_the_residual(rng):
    grid = Grid(np.sort(rng.uniform(0.0, 1.0, 8)))
    m, n = 2, grid.cells + 2
    system = discretise(matrix_equations(np.array([[1.0, 0.3], [0.2, 0.7]]), 1.5), grid, rng.standard_normal((m, 6)))
    u = rng.uniform(0.1, 0.4, (m, n))
    work = workspace(m, n, 0)
    jacobian(0.0, system, u, work)
    dense = np.zeros((m * n, m * n))
    for i in range(n):
        for values, j in ((work.lower, i - 1), (work.diagonal, i), (work.upper, i + 1)):
            if 0 <= j < n:
                for a in range(m):
                    for b in range(m):
                        dense[a * n + i, b * n + j] = values[(i * m + a) * m + b]
    direction = rng.standard_normal((m, n))
    above, below = np.empty(m * n), np.empty(m * n)
    residual(0.0, system, u + 1e-6 * direction, work, above)
    residual(0.0, system, u - 1e-6 * direction, work, below)
    slope = (above - below) / 2e-6
    # difference quotients of width 1e-7 on numbers of the size of the conductances
    assert dense @ direction.ravel() == pytest.approx(slope, abs=1e-6 * np.abs(dense).max())


def test_a_million_cells():
    binary = Mixture(("A", "B"), "A")
    problem = Problem(
        binary,
        Fick(binary, D="exp(3*x_B)"),
        Domain(interval=(-50.0, 50.0), cells=1_000_000),
        Step(0.0, {"B": 0.0}, {"B": 1.0}),
        end=1.0,
    )
    result = solve(problem, Controls(rtol=1e-3))
    assert result.diagnostics("conservation_error")[-1] < 1e-12
    assert result.mole_fraction.shape == (1, 2, 1_000_000)
    coarse = solve(couple_of(problem, 1000), Controls(rtol=1e-3)).mole_fraction[-1, 1]
    assert np.abs(result.mole_fraction[-1, 1].reshape(1000, 1000)[:, 499:501].mean(axis=1) - coarse).max() < 1e-3


def couple_of(problem: Problem, cells: int) -> Problem:
    return Problem(problem.mixture, problem.law, Domain(interval=(-50.0, 50.0), cells=cells), problem.initial, end=1.0)

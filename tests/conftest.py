"""Settings that must stand before Numba is imported, and the command line with a stand-in for the engine."""

import getpass
import os
import tempfile
import time
from pathlib import Path

import pytest

# Tests keep their own compiled kernels: flags of the environment such as NUMBA_BOUNDSCHECK are not part of Numba's key.
os.environ["MATANO_CACHE_DIR"] = str(Path(tempfile.gettempdir()) / f"matano-tests-{getpass.getuser()}")
os.environ.setdefault("MPLBACKEND", "Agg")


CASE = """schema = 1
title = "a couple"
components = ["Cu", "Ni"]
dependent = "Cu"

[domain]
interval = ["-400 um", "400 um"]
cells = 200

[initial]
shape = "step"
at = "0 um"
left = { Ni = 0.1 }
right = { Ni = 0.9 }

[temperature]
value = "1000 degC"

[law]
kind = "fick"
D = "1e-14 m^2/s"

[time]
end = "50 h"
save = 5

[expect]
exact = "error-function"
max_error = 1e-9

[[expect.value]]
quantity = "Ni"
at = "0 um"
value = 0.5
atol = 1e-9
source = "symmetry"
"""


def exact_solve(problem, controls=None, *, record=None, progress=None, resume=None, pause=0.0):
    """Stands for the engine, which would have to be compiled: the step couple of constant D, exactly."""
    import numpy as np
    from scipy.special import erf

    from simulator.solve.result import DIAGNOSTICS, Checkpoint, Result, Snapshot

    assert progress is None or progress(0.0) is None
    (left, right), D = (0.1, 0.9), 1e-14
    faces, snapshots = problem.grid.faces, list(resume[0]) if resume else []
    if record is not None:
        record.begin(problem.grid.cells, 2, {})
    for index, t in list(enumerate(problem.save))[len(snapshots) :]:
        z = faces / (2.0 * np.sqrt(D * t))
        integral = 2.0 * np.sqrt(D * t) * (z * erf(z) + np.exp(-(z**2)) / np.sqrt(np.pi))
        ni = 0.5 * (left + right) + 0.5 * (right - left) * np.diff(integral) / np.diff(faces)
        flux = -D * (right - left) * np.exp(-(z**2)) / (2.0 * np.sqrt(np.pi * D * t))
        numbers = {**dict.fromkeys(DIAGNOSTICS, 0.0), "steps": 10.0 * (index + 1)}
        snapshots.append(Snapshot(t, np.stack([1.0 - ni, ni]), np.stack([-flux, flux]), 1273.15, numbers))
        if record is not None:
            record.saved(index, snapshots[-1], Checkpoint(index, t, ni, np.array([t, 0.0])))
        time.sleep(pause)
    if record is not None:
        record.finish("complete", [])
    return Result(problem, controls, problem.grid, snapshots)


@pytest.fixture
def rng():
    import numpy

    return numpy.random.default_rng(20240607)


@pytest.fixture
def matano(tmp_path, monkeypatch, capsys):
    """Call the command in an empty folder that holds cu-ni.toml: (exit status, stdout, stderr)."""
    from matano.cli import app
    from simulator.kernels import jit
    from simulator.solve import solve

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(solve, "solve", exact_solve)
    monkeypatch.setattr(jit, "cache_is_cold", lambda: False)
    Path("cu-ni.toml").write_text(CASE, encoding="utf-8")

    def call(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            app([str(word) for word in words], prog_name="matano")
        answer = capsys.readouterr()
        assert "Traceback" not in answer.err
        return ended.value.code or 0, answer.out, answer.err

    call.monkeypatch = monkeypatch
    return call

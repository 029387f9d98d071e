"""The tutorial notebook runs in a real kernel and shows what it should; functions for notebooks keep to themselves."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import CASE

import inverse
import matano
import simulator
from matano import displayed
from simulator.faults import Invalid

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "docs" / "tutorial.ipynb"


@pytest.fixture(scope="module")
def result():
    return matano.run(ROOT / "cases" / "binary-exponential.toml", overrides=["domain.cells=200"])


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook as it is after every cell has run in a kernel of IPython, in a process of its own."""
    folder = tmp_path_factory.mktemp("notebook")
    program = (
        "import sys, nbformat\n"
        "from nbclient import NotebookClient\n"
        "notebook = nbformat.read(sys.argv[1], as_version=4)\n"
        "NotebookClient(notebook, timeout=300, kernel_name='python3').execute()\n"
        "nbformat.write(notebook, sys.argv[2])\n"
    )
    places = {"IPYTHONDIR": "ipython", "JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_CONFIG_DIR": "config"}
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    environment |= {name: str(folder / value) for name, value in places.items()} | {"PYTHONPATH": str(ROOT)}
    # a kernel of this interpreter, whatever kernels the machine knows
    kernel = folder / "share" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    words = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": words, "display_name": "Python 3", "language": "python"}))
    environment["JUPYTER_PATH"] = str(folder / "share")
    done = subprocess.run(
        [sys.executable, "-c", program, str(NOTEBOOK), str(folder / "done.ipynb")],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "done.ipynb").read_text(encoding="utf-8"))


def outputs(notebook: dict, beginning: str) -> list[dict]:
    """What the cell whose code has this line shows."""
    found = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and beginning in "".join(cell["source"])]
    return found[0]["outputs"]


def shown(notebook: dict, beginning: str, kind: str) -> str:
    texts = ["".join(entry["data"][kind]) for entry in outputs(notebook, beginning) if kind in entry.get("data", {})]
    assert texts, f"{beginning} shows no {kind}: {outputs(notebook, beginning)}"
    return texts[0]


def test_the_notebook_holds_no_outputs():
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    codes = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert codes and all(cell["outputs"] == [] and cell["execution_count"] is None for cell in codes)


def test_every_cell_of_the_notebook_runs(executed):
    codes = [cell for cell in executed["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in codes] == list(range(1, len(codes) + 1))
    assert not [entry for cell in codes for entry in cell["outputs"] if entry["output_type"] == "error"]
    assert not [entry for cell in codes for entry in cell["outputs"] if entry.get("name") == "stderr"]


def test_results_and_analyses_show_figures_and_tables_there(executed):
    page = ElementTree.fromstring(shown(executed, "result = matano.run(case_file, output", "text/html"))
    assert page.find(".//svg") is not None and page.find(".//table") is not None
    page = ElementTree.fromstring(shown(executed, "analysis = matano.analyse(result)", "text/html"))
    assert page.find(".//svg") is not None
    assert "within the tolerance" in "".join(page.itertext())
    assert "passed" in shown(executed, "analysis.verdict", "text/html")
    assert len(shown(executed, "analysis = matano.analyse(result)", "text/plain")) < 300


def test_figures_of_plot_are_pictures_there(executed):
    for beginning in ('kind="diffusivity"', "matano.plot(analysis, *others)"):
        assert shown(executed, beginning, "image/png").startswith("iVBOR")


@pytest.mark.parametrize("kind", displayed.HTML)
def test_what_is_shown_is_well_formed(kind, result):
    analysis = matano.analyse(result)
    things = {"result": result, "analysis": analysis, "estimate": analysis.estimate, "verdict": analysis.verdict}
    page = ElementTree.fromstring(displayed.HTML[kind](things[kind]))
    text = "".join(page.itertext())
    assert displayed.TEXT[kind](things[kind])
    if kind in ("analysis", "estimate"):
        assert sum(f"{value:.5e}" in text for value in analysis.estimate.value) == 12  # rows of a table
    if kind == "result":
        assert f"{result.grid.cells}" in text and page.find(".//desc") is not None


def test_figures_in_one_notebook_do_not_share_names(result):
    first, second = (displayed.HTML["result"](result) for _ in range(2))
    names = [
        {part.get("id") for part in ElementTree.fromstring(page).iter() if part.get("id")} for page in (first, second)
    ]
    assert names[0] and not names[0] & names[1]


def test_the_extension_registers_every_class_by_name(result):
    known: dict[str, dict] = {"text/html": {}, "text/plain": {}, "image/png": {}}

    def formatter(kind):
        return SimpleNamespace(
            for_type_by_name=lambda module, name, function: known[kind].update({(module, name): function})
        )

    matano.load_ipython_extension(
        SimpleNamespace(display_formatter=SimpleNamespace(formatters={kind: formatter(kind) for kind in known}))
    )
    analysis = matano.analyse(result)
    for thing in (result, analysis, analysis.estimate, analysis.verdict):
        name = (type(thing).__module__, type(thing).__name__)
        assert known["text/html"][name](thing) and name in known["text/plain"]
    assert known["image/png"]["matplotlib.figure", "Figure"](matano.plot(result)).startswith(b"\x89PNG")


def test_drawing_leaves_the_style_and_the_figures_of_the_user_alone(result):
    import matplotlib
    import matplotlib.pyplot as plt

    with matplotlib.rc_context({"font.size": 17.0, "figure.dpi": 71.0}):
        before, open_before = dict(matplotlib.rcParams), plt.get_fignums()
        figure = matano.plot(result)
        displayed.HTML["result"](result)
        assert dict(matplotlib.rcParams) == before
        assert plt.get_fignums() == open_before
    assert figure.dpi != 71.0


def test_analyse_is_the_method_and_its_verdict(result):
    analysis = matano.analyse(result, method="wagner", time="10 h")
    profile = result.profile("10 h")
    expected = inverse.METHODS["wagner"](profile)
    assert np.array_equal(analysis.estimate.value, expected.value)
    assert analysis.verdict.max_error == inverse.compare(expected, result, time=profile.time).max_error
    assert matano.analyse(profile).verdict is None
    assert matano.analyse(result).estimate.method == "sauer-freise"


def test_a_measured_file_is_read_as_on_the_command_line(tmp_path, result):
    profile = result.profile()
    rows = [f"{1e6 * x},{X}" for x, X in zip(profile.x, profile.fraction("B"), strict=True)]
    (tmp_path / "p.csv").write_text("\n".join(["x [um],B", *rows]), encoding="utf-8")
    analysis = matano.analyse(tmp_path / "p.csv", component="B", time="100 h", ends=(0, 1), temperature="900 degC")
    assert analysis.estimate.diagnostics["ends_given"] and analysis.profile.temperature == pytest.approx(1173.15)
    assert inverse.compare(analysis.estimate, result).max_error < 2e-3
    with pytest.raises(Invalid, match="has been read already"):
        matano.analyse(profile, ends=(0, 1))


def test_run_writes_only_where_it_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c.toml").write_text(CASE.replace("cells = 200", "cells = 40"), encoding="utf-8")
    plain = matano.run("c.toml")
    assert [path.name for path in tmp_path.iterdir()] == ["c.toml"]
    with pytest.raises(Invalid, match="makes one"):
        matano.report(plain)
    stored = matano.run(simulator.load("c.toml"), output="c.h5")
    assert np.array_equal(stored.mole_fraction, plain.mole_fraction)
    with pytest.raises(Invalid, match="exists"):
        matano.run("c.toml", output="c.h5")
    assert matano.report(stored).html() == matano.report("c.h5").html()


def test_what_cannot_be_drawn_is_said(result):
    with pytest.raises(Invalid, match="Did you mean profiles"):
        matano.plot(result, kind="profile")
    with pytest.raises(Invalid, match="run the case first"):
        matano.plot(ROOT / "cases" / "binary-exponential.toml", kind="profiles")
    with pytest.raises(Invalid, match="of analyses only"):
        matano.plot(result, result)
    with pytest.raises(Invalid, match="expected a result"):
        matano.analyse(3.0)


def test_importing_matano_costs_nothing():
    program = (
        "import sys, matano; sys.exit(bool({'numpy', 'numba', 'matplotlib', 'typer', 'IPython'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0
    assert set(matano.NAMES) <= set(dir(matano))

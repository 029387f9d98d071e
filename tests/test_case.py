"""Case files: what they mean, and that everything wrong with one is said at once, where it stands."""

import re
import subprocess
import sys

import numpy as np
import pytest

import simulator
from simulator.faults import Invalid
from simulator.files.case import load, parse_case
from simulator.files.keys import path_of
from simulator.files.override import override
from simulator.files.schema import show_schema
from simulator.files.values import saved_times

COUPLE = """\
schema = 1
title = "Cu-Ni"
source = "constructed"
components = ["Cu", "Ni"]
dependent = "Cu"

[domain]
interval = ["-700 um", "700 um"]
cells = 100

[initial]
shape = "step"
at = "0 um"
left = { Ni = 0.0 }
right = { Ni = 1.0 }

[temperature]
value = "1000 degC"

[law]
kind = "fick"
D = "D0*exp(-Q/(R*T))*exp(b*x_Ni)"

[parameters]
D0 = "6e-5 m^2/s"
Q = "250 kJ/mol"
b = 1.2

[time]
end = "100 h"
save = ["1 h", "10 h"]

[solver]
rtol = 1e-7

[expect]
exact = "similarity"
max_error = 2e-4
[[expect.value]]
quantity = "x_Ni"
at = "0 um"
value = 0.6
atol = 0.1
"""


def changed(old, new):
    assert old in COUPLE
    return COUPLE.replace(old, new)


def faults_of(text, **keywords):
    with pytest.raises(Invalid) as error:
        parse_case(text, "c.toml", **keywords)
    faults = error.value.faults
    for fault in faults:
        assert "\n" not in fault.sentence
        assert fault.sentence.rstrip().endswith((".", "?"))
        assert "pydantic" not in fault.sentence.lower()
    return [str(fault) for fault in faults]


def test_a_case_says_what_it_says():
    case = parse_case(COUPLE, "c.toml")
    problem = case.problem
    assert problem.mixture.components == ("Cu", "Ni")
    assert problem.mixture.independent == ("Ni",)
    assert problem.mixture.parameters == {"D0": 6e-5, "Q": 250e3, "b": 1.2}
    assert problem.domain.interval == (-7e-4, 7e-4)
    assert problem.temperature(0.0) == 1273.15
    assert problem.save == (3600.0, 36000.0, 360000.0)
    assert case.controls.rtol == 1e-7
    assert (case.expect.exact, case.expect.max_error, case.expect.value[0].at) == ("similarity", 2e-4, 0.0)
    assert (case.title, case.reference, case.text) == ("Cu-Ni", "constructed", COUPLE)
    # D0 exp(-Q/RT) exp(b x) by hand, R = 8.314462618 J/(mol K)
    D = problem.law.coefficient("interdiffusivity", np.array([[0.0, 0.5, 1.0]]), 1273.15)
    by_hand = 6e-5 * np.exp(-250e3 / (8.31446261815324 * 1273.15)) * np.exp([0.0, 0.6, 1.2])
    assert pytest.approx(by_hand, rel=1e-12, abs=0.0) == D


def test_a_case_is_the_same_problem_as_its_text_read_again(tmp_path):
    path = tmp_path / "couple.toml"
    path.write_text(COUPLE, encoding="utf-8")
    case = load(path, ["domain.cells=40", "law.D=2e-14"])
    again = parse_case(case.text, None, tmp_path, case.overrides)
    assert again.problem.domain == case.problem.domain
    assert again.problem.domain.cells == 40
    assert again.problem.grid.faces == pytest.approx(case.problem.grid.faces, rel=1e-15, abs=0.0)


@pytest.mark.parametrize("wrong", ["cells", "kind", "end", "left"])
def test_a_fault_stands_on_the_line_of_its_key(wrong):
    lines = COUPLE.splitlines()
    number = next(k for k, line in enumerate(lines) if line.startswith(f"{wrong} ="))
    lines[number] = f"{wrong} = true"
    (fault,) = faults_of("\n".join(lines))
    assert fault.startswith(f"c.toml:{number + 1} ")
    assert f".{wrong}" in fault.split(": ")[0]


def test_every_section_reports_in_the_order_of_the_lines():
    text = COUPLE
    for old, new in [
        ("schema = 1", "schema = 9"),
        ("title", "titel"),
        ("cells = 100", "cells = 1.5\ngradin = 1"),
        ("left = { Ni = 0.0 }", "left = { Ni = 1.5 }"),
        ("1000 degC", "1000 K2"),
        ('kind = "fick"', 'kind = "fikc"'),
        ("b = 1.2", "b = true"),
        ('end = "100 h"', 'end = "100 m"'),
        ("rtol = 1e-7", 'rtol = 1e-7\nscheme = "implict"'),
        ('"similarity"', '"similarty"'),
    ]:
        text = text.replace(old, new, 1)
    faults = faults_of(text)
    where = [fault.split(": ")[0].split(" ") for fault in faults]
    assert [key for _, key in where] == [
        "schema",
        "titel",
        "domain.cells",
        "domain.gradin",
        "initial.left.Ni",
        "temperature.value",
        "law.kind",
        "parameters.b",
        "time.end",
        "solver.scheme",
        "expect.exact",
    ]
    lines = [int(place.partition(":")[2]) for place, _ in where]
    assert lines == sorted(lines)
    for fault, word in [(1, "title"), (3, "grading"), (6, "fick"), (9, "implicit"), (10, "similarity")]:
        assert f"Did you mean {word}?" in faults[fault]


@pytest.mark.parametrize(
    ("old", "new", "where", "word"),
    [
        ("x_Ni)", "x_Nickel)", ":22 law.D", "Did you mean x_Ni"),
        ('"D0*exp(-Q/(R*T))*exp(b*x_Ni)"', "-1e-14", ":22 law.D", "negative|positive"),
        ('"D0*exp(-Q/(R*T))*exp(b*x_Ni)"', "\"__import__('os').getcwd()\"", ":22 law.D", ""),
        ('"D0*exp(-Q/(R*T))*exp(b*x_Ni)"', '"x_Ni.real"', ":22 law.D", ""),
        ('"D0*exp(-Q/(R*T))*exp(b*x_Ni)"', '"9**9**9"', ":22 law.D", "finite"),
        ('"D0*exp(-Q/(R*T))*exp(b*x_Ni)"', f'"{"(" * 100_000}"', ":22 law.D", ""),
        ('"D0*exp(-Q/(R*T))*exp(b*x_Ni)"', "[" * 100_000, ":22", "nested"),
        ('"D0*exp(-Q/(R*T))*exp(b*x_Ni)"', "[[1e-14, 0], [0, 1e-14]]", ":22 law.D", "1 x 1|one|1 independent"),
        ('"D0*exp(-Q/(R*T))*exp(b*x_Ni)"', "nan", ":22 law.D", "finite"),
        ('"D0*exp(-Q/(R*T))*exp(b*x_Ni)"', '"1e-14 kg"', ":22 law.D", "diffusivity"),
        ('"D0*exp(-Q/(R*T))*exp(b*x_Ni)"', '{ table = "no.csv" }', ":22 law.D", "no file"),
        ('"D0*exp(-Q/(R*T))*exp(b*x_Ni)"', '{ table = "../../etc/passwd" }', ":22 law.D", "out of"),
        ('"D0*exp(-Q/(R*T))*exp(b*x_Ni)"', "1e-14 m^2/s", ":22", "quotes"),
        ('D = "D0*exp(-Q/(R*T))*exp(b*x_Ni)"', "", ":20 law.D", "missing"),
        ("{ Ni = 1.0 }", "{ Ni = 1.1 }", ":15 initial.right.Ni", "between 0 and 1"),
        ("{ Ni = 1.0 }", "{ Ni = 0.5, Cu = 0.6 }", ":15 initial.right", "sum to"),
        ("{ Ni = 1.0 }", "{ Nj = 0.5 }", ":15 initial.right.Nj", "components"),
        ("{ Ni = 1.0 }", '{ Ni = "50 at%" }', ":15 initial.right.Ni", "not a unit"),
        ('shape = "step"', 'shape = "stp"', ":12 initial.shape", "Did you mean step"),
        ('shape = "step"', 'shape = ["step"]', ":12 initial.shape", "one of"),
        ("cells = 100", "cells = 100\ngeometry = 3", ":10 domain.geometry", "planar"),
        ('["-700 um", "700 um"]', '["700 um", "-700 um"]', ":8 domain.interval", "left"),
        ('["Cu", "Ni"]', '["Cu", "N-i"]', ":4 components", "name"),
        ('["Cu", "Ni"]', '["Cu", 3]', ":4 components[1]", "text"),
        ('dependent = "Cu"', 'dependent = "Cuu"', ":5 dependent", "Did you mean Cu"),
        ("[time]", '[molar_volume]\nkind = "vegart"\n[time]', ":30 molar_volume.kind", "Did you mean vegard"),
        ("[time]", '[markers]\nat = ["1 um"]\n[time]', ":29 markers", "lattice fluxes"),
        ("[time]", "[sweep_voltage]\nfrom = 0\nto = 1\npoints = 4\n[time]", ":29 sweep_voltage", "carries no current"),
        ("[time]", '[boundary]\nleft = "periodic"\n[time]', ":30 boundary.left", "periodic"),
        (
            "[time]",
            "[boundary]\nleft = { fixed = { Ni = 2 } }\n[time]",
            ":30 boundary.left.fixed.Ni",
            "between 0 and 1",
        ),
        ("[time]", "[boundary]\nleft = { fixt = { Ni = 1 } }\n[time]", ":30 boundary.left.fixt", "Did you mean fixed"),
        (
            "[time]",
            "[boundary]\nleft = { exchange = { Ni = 1 } }\n[time]",
            ":30 boundary.left.exchange.coefficient",
            "missing",
        ),
        ('"10 h"]', '"101 h"]', ":31 time.save[1]", "end"),
        ('"10 h"]', '"10 h"]\nspacing = "cube"', ":32 time.spacing", "linear"),
        ("max_error = 2e-4", "", ":36 expect", "max_error"),
        ("atol = 0.1", "", ":39 expect.value[0]", "tolerance"),
        ("schema = 1", "schema = 1\nschema = 1", ":2", "before"),
        ("b = 1.2", 'b = 1.2\n"b c" = 3', ':28 parameters."b c"', "letters"),
        ('"1000 degC"', '"1000 + q*t"', ":18 temperature.value", "unknown name"),
        ("b = 1.2", "b = 1.2\nexp = 3", ":28 parameters.exp", "meaning"),
    ],
)
def test_bad_input_is_one_clear_sentence(old, new, where, word, tmp_path):
    faults = faults_of(changed(old, new), folder=tmp_path)
    assert len(faults) == 1, faults
    assert faults[0].startswith(f"c.toml{where}"), faults
    assert re.search(word, faults[0]), faults


@pytest.mark.parametrize(
    "text", ["", "a = 1", "[law]", "law = 1\ninitial = []\ntime = 'x'\ndomain = 2020-01-01\ncomponents = {}"]
)
def test_what_is_missing_is_named(text):
    faults = faults_of(text)
    for name in ("components", "domain", "initial", "law", "time"):
        assert any(f" {name}" in fault for fault in faults)


def test_files_that_cannot_be_read_end_in_a_sentence(tmp_path):
    (tmp_path / "couple.toml").write_text(COUPLE)
    (tmp_path / "latin.toml").write_bytes(b"a = 1\nb = '\xe9'\n")
    (tmp_path / "large.toml").write_bytes(b"#" * 1_000_001)
    for name, word in [
        ("cuple.toml", "no such file. Did you mean couple.toml"),
        ("latin.toml:2", "UTF-8"),
        ("large.toml", "larger"),
        (".", "folder"),
        ("a\0b", "cannot be read"),
    ]:
        with pytest.raises(Invalid, match=word) as error:
            load(tmp_path / name.partition(":")[0])
        assert error.value.faults[0].where == str(tmp_path / name)


def test_a_link_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "secret.csv").write_text("x_Ni,D\n0,1e-14\n1,2e-14\n")
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "d.csv").symlink_to(tmp_path / "secret.csv")
    text = changed('"D0*exp(-Q/(R*T))*exp(b*x_Ni)"', '{ table = "d.csv" }')
    assert "leads out of" in faults_of(text, folder=tmp_path / "case")[0]
    (tmp_path / "case" / "d.csv").unlink()
    (tmp_path / "case" / "d.csv").write_text("x_Ni,D\n0,1e-14\n1,2e-14\n")
    law = parse_case(text, "c.toml", tmp_path / "case").problem.law
    assert law.coefficient("interdiffusivity", np.array([[0.5]]), 1273.15) == pytest.approx(1.5e-14, rel=1e-12, abs=0.0)


def test_a_source_is_a_text_or_a_table_of_rates():
    rates = changed('source = "constructed"', 'reference = "a book"') + '[source]\nNi = "1e-9*sin(pi*x/1e-4)"\n'
    case = parse_case(rates, "c.toml")
    assert case.reference == "a book"
    assert case.problem.source == {"Ni": "1e-9*sin(pi*x/1e-4)"}
    assert parse_case(COUPLE, "c.toml").problem.source is None
    assert "source.No" in faults_of(rates.replace('\nNi = "1e-9', '\nNo = "1e-9'))[0]


def test_every_shape_end_and_temperature_is_read():
    step = COUPLE[COUPLE.index('shape = "step"') : COUPLE.index("[temperature]")]
    layers = (
        'shape = "layers"\nlayers = [{ from = "-700 um", to = 0, Ni = 0.1 }, { from = 0, to = "700 um", Ni = 0.2 }]\n'
    )
    film = 'shape = "film"\nat = "-1 um"\nthickness = "2 um"\nfilm = { Ni = 1 }\nmatrix = { Ni = 0 }\n'
    wave = 'shape = "expression"\nNi = "0.5 + 0.01*cos(2*pi*x/1e-4)"\n'
    for shape in (layers, film, wave):
        parse_case(changed(step, shape), "c.toml")
    for end in (
        '"closed"',
        "{ fixed = { Ni = 0.3 } }",
        '{ fixed = { Ni = "0.3 + 1e-7*t" } }',
        '{ flux = { Ni = "1e-12 m/s" } }',
        '{ exchange = { coefficient = "1e-8 m/s", Ni = 0.2 } }',
    ):
        parse_case(changed("[time]", f"[boundary]\nright = {end}\n[time]"), "c.toml")
    parse_case(changed("[time]", '[boundary]\nleft = "periodic"\nright = "periodic"\n[time]'), "c.toml")
    for line, at in [
        ('schedule = [["0 h", "800 degC"], ["10 h", "1000 degC"]]', 1173.15),
        ('value = "1000 + b*t"', 1000 + 1.2 * 18000.0),
    ]:
        case = parse_case(
            changed('value = "1000 degC"', line)
            .replace('end = "100 h"', 'end = "10 h"')
            .replace('exact = "similarity"\nmax_error = 2e-4\n', ""),
            "c.toml",
        )
        assert case.problem.temperature(18000.0) == pytest.approx(at, rel=1e-14)


def test_an_initial_state_is_read_from_a_measured_profile(tmp_path):
    (tmp_path / "probe.csv").write_text("x [um],Ni\n-700,0\n-500,0\n-300,0\n-10,0\n10,0.8\n300,0.8\n500,0.8\n700,0.8\n")
    step = COUPLE[COUPLE.index('shape = "step"') : COUPLE.index("[temperature]")]
    case = parse_case(changed(step, 'shape = "file"\npath = "probe.csv"\n'), "c.toml", tmp_path)
    start = case.problem.start(case.problem.grid)
    # The trapezoid's area by hand: 0.8 * (690 + 20 / 2) um.
    assert (start * case.problem.grid.volumes).sum() == pytest.approx(0.8 * 700e-6, rel=1e-12, abs=0.0)
    (fault,) = faults_of(changed(step, 'shape = "file"\npath = "prob.csv"\n'), folder=tmp_path)
    assert "initial.path" in fault


@pytest.mark.parametrize(
    ("entry", "path", "value"),
    [
        ("domain.cells=800", ("domain", "cells"), 800),
        ("law.D[1][0]=2e-15", ("law", "D", 1, 0), 2e-15),
        ("title=A couple", ("title",), "A couple"),
        ("law.E=1e-14*exp(x_Ni)", ("law", "E"), "1e-14*exp(x_Ni)"),
        ('new.table.key="q"', ("new", "table", "key"), "q"),
        ("time.save=[1, 2]", ("time", "save"), [1, 2]),
        ("title=a\nschema = 2", ("title",), "a\nschema = 2"),
    ],
)
def test_an_override_puts_a_value_at_its_key(entry, path, value):
    data = {"schema": 1, "domain": {"cells": 100}, "law": {"D": [[1.0, 2.0], [3.0, 4.0]]}, "time": {}}
    assert override(data, entry) == path
    for part in path:
        data = data[part]
    assert data == value


@pytest.mark.parametrize(
    "entry", ["x", "=3", "law.D[7]=1", "schema.x=1", "law[0]=1", "domain.cells[0]=1", "a=" + "[" * 1000, "a..b=1"]
)
def test_an_override_that_fits_nowhere_is_a_sentence(entry):
    (fault,) = faults_of(COUPLE, overrides=[entry])
    assert fault.startswith("--set ")


def test_a_fault_of_an_override_names_it_instead_of_a_line():
    (fault,) = faults_of(COUPLE, overrides=["law.D=1e-14*x_Nickel"])
    assert fault.startswith("--set law.D=1e-14*x_Nickel: ")


@pytest.mark.parametrize(("spacing", "power"), [("linear", 1.0), ("sqrt", 0.5)])
def test_saved_times_are_even_in_their_spacing(spacing, power):
    times = np.array(saved_times(100.0, 7, spacing))
    assert np.diff(np.concatenate([[0.0], times**power])) == pytest.approx(
        np.full(7, 100.0**power / 7), rel=1e-13, abs=0.0
    )
    assert times[-1] == 100.0


def test_logarithmic_times_span_three_decades():
    times = np.array(saved_times(100.0, 6, "log"))
    assert times[1:] / times[:-1] == pytest.approx(np.full(5, 10**0.5), rel=1e-13, abs=0.0)
    assert times[-1] == 100.0


def test_the_schema_knows_every_law_and_section():
    schema = show_schema()
    assert {"schema", "components", "law", "source", "expect", "verify"} <= set(schema["properties"])
    assert set(schema["required"]) == {"components", "domain", "initial", "law", "time"}
    for law in simulator.LAWS:
        table = next(
            entry
            for name, entry in schema["$defs"].items()
            if entry["properties"].get("kind", {}).get("const") == law.kind
        )
        assert {entry.name for entry in law.key_fields()} <= set(table["properties"])


def test_a_key_of_a_quoted_name_is_placed():
    (fault,) = faults_of(COUPLE + '[verify]\n"a.b{c}" = 1\n')
    assert 'verify."a.b{c}"' in fault
    assert path_of('verify."a.b{c}"') == ("verify", "a.b{c}")


def test_loading_needs_neither_numba_nor_scipy_nor_matplotlib(tmp_path):
    (tmp_path / "c.toml").write_text(COUPLE[: COUPLE.index("[expect]")])
    # pint asks for the bare name scipy, which loads none of its parts
    program = (
        "light = {'numba', 'matplotlib', 'scipy.linalg', 'scipy.special', 'scipy.sparse', 'scipy.interpolate'}\n"
        "import sys, simulator; heavy = {'numba', 'scipy', 'matplotlib', 'h5py', 'pydantic', 'numpy', 'typing'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
        "simulator.load('c.toml'); print(sorted(light & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{program}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines() == ["[]", "[]"], done.stderr


@pytest.mark.parametrize("name", sorted(simulator.NAMES))
def test_public_names_are_there(name):
    assert getattr(simulator, name) is not None


def test_the_package_solve_is_the_function():
    import simulator.solve.controls

    assert callable(simulator.solve)
    assert simulator.solve.controls.Controls is simulator.Controls
    with pytest.raises(AttributeError, match="no attribute 'slove'"):
        _ = simulator.slove

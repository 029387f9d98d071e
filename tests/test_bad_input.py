"""What people get wrong: a sentence that names its place, the right exit status, nothing lost, no traceback."""

import contextlib
import errno
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
from conftest import CASE

D = 'D = "1e-14 m^2/s"'
DEEP = 100_000
PROFILE = [f"{x},{0.5 + 0.5 * np.tanh(x / 80):.6f}" for x in range(-400, 401, 10)]

FAULTS = {
    "wrong key": (("cells = 200", "cels = 200"), "bad.toml:8 domain.cels: unknown key. Did you mean cells?"),
    "wrong table": (("[law]", "[laws]"), "bad.toml:19 laws: unknown key. Did you mean law?"),
    "wrong type": (("cells = 200", 'cells = "many"'), "bad.toml:8 domain.cells: expected a whole number, got 'many'"),
    "too few cells": (("cells = 200", "cells = -4"), "bad.toml:8 domain.cells: must be at least 4, got -4"),
    "too many cells": (("cells = 200", "cells = 4000000000000"), "bad.toml:8 domain.cells: must be at most"),
    "wrong unit": (('end = "50 h"', 'end = "50 m"'), 'bad.toml:24 time.end: expected a time such as "100 h"'),
    "unknown unit": ((D, 'D = "1e-14 m^3/parsnip"'), "bad.toml:21 law.D: "),
    "not finite": (('["-400 um", "400 um"]', "[nan, 1.0]"), "bad.toml:7 domain.interval[0]: expected a finite number"),
    "ends exchanged": (('["-400 um", "400 um"]', "[1.0, 0.0]"), "bad.toml:7 domain.interval: the left end"),
    "negative D": ((D, "D = -1e-14"), "bad.toml:21 law.D: the interdiffusivity is -1e-14 m^2/s at x_Ni = 0.1"),
    "D negative somewhere": ((D, 'D = "1e-14*(x_Ni - 0.5)"'), "bad.toml:21 law.D: the interdiffusivity is -"),
    "D infinite somewhere": ((D, 'D = "1e-14/(x_Ni - 0.1)"'), "bad.toml:21 law.D: the interdiffusivity is inf"),
    "D of another size": ((D, "D = [[1e-14, 0], [0, 1e-14]]"), "bad.toml:21 law.D: expected a 1 x 1 matrix"),
    "outside the simplex": (("Ni = 0.9", "Ni = 1.2"), "bad.toml:14 initial.right.Ni: a mole fraction lies"),
    "unknown component": (("{ Ni = 0.1 }", "{ Zn = 0.1 }"), "bad.toml:13 initial.left.Zn: 'Zn' is not one of"),
    "jump outside": (('at = "0 um"\nleft', 'at = "900 um"\nleft'), "bad.toml:12 initial.at: 0.0009 m is not inside"),
    "unknown law": (('"fick"', '"fikc"'), "got 'fikc'. Did you mean fick?"),
    "unknown exact": (('"error-function"', '"eror-function"'), "Did you mean error-function?"),
    "saved after the end": (("save = 5", 'save = ["60 h"]'), "bad.toml:25 time.save[0]: 216000 s does not lie between"),
    "negative end": (('end = "50 h"', 'end = "-50 h"'), "bad.toml:24 time.end: must be positive"),
    "key given twice": (("cells = 200", "cells = 200\ncells = 4"), "bad.toml:9: this is not TOML"),
    "text without quotes": (('"a couple"', "a couple"), "bad.toml:2: this is not TOML"),
    "brackets of TOML": ((D, "D = " + "[" * DEEP), "bad.toml:21: brackets are nested more than 64 deep"),
    "dots of TOML": ((D, "a." * DEEP + "b = 1"), "bad.toml:21: a key has more than 64 parts"),
    "newer schema": (("schema = 1", "schema = 7"), "bad.toml:1 schema: this version reads schema 1, got 7"),
    "table missing": ((D, 'D = { table = "none.csv" }'), "bad.toml:21 law.D.table: there is no file 'none.csv'"),
    "table elsewhere": ((D, 'D = { table = "/etc/passwd" }'), "leads out of the case's folder"),
}

EXPRESSIONS = {
    "unknown name": ("1e-14*exp(x_Nickel)", "unknown name 'x_Nickel'; this case has x_Ni"),
    "import": ("__import__('os').system('touch pwned')", "does not belong in an expression"),
    "attribute": ("x_Ni.__class__", "a dot belongs to numbers only"),
    "subscript": ("x_Ni[0]", "does not belong in an expression"),
    "lambda": ("(lambda: 1)()", "does not belong in an expression"),
    "tower": ("9**9**9", "is not a finite number"),
    "tower times x": ("x_Ni*9**9**9", "is not a finite number"),
    "parentheses": ("(" * DEEP + "x_Ni" + ")" * DEEP, "at most 2000 are read"),
    "short parentheses": ("(" * 150 + "x_Ni" + ")" * 150, "brackets stand inside each other"),
    "signs": ("-" * 1500 + "x_Ni", "nested deeper"),
    "caret": ("1e-14*x_Ni^2", "write ** for a power"),
    "nothing": (" ", "got an empty text"),
    "unfinished": ("1e-14*(", "a bracket is not closed"),
    "arguments": ("exp(1, 2)", "exp takes 1 argument, got 2"),
    "unknown function": ("eval(1)", "unknown function 'eval'"),
    "function as number": ("exp", "is a function: write exp(a)"),
}

CASES = {
    "missing": (None, "there is no such file"),
    "folder": ("folder", "is a folder"),
    "random bytes": (bytes(range(128, 256)) * 20, "is not a text in UTF-8"),
    "zeros": (b"\0" * 500, "this is not TOML"),
    "empty": (b"", "bad.toml law: is missing"),
    "large": (b"#" * 1_100_000, "is larger than"),
    "UTF-16": (CASE.encode("utf-16"), "is not a text in UTF-8"),
}

OVERRIDES = {
    "no value": ("domain.cells", 2, "is not KEY=VALUE"),
    "no key": ("=3", 3, "is not a key"),
    "no such list": ("law.D[0][1]=3", 3, "law.D is not a list"),
    "no such entry": ("expect.value[9]=1", 3, "expect.value has 1 entries, counted from 0"),
    "no such key": ("foo.bar=3", 3, "foo: unknown key"),
    "no number": ("domain.cells=abc", 3, "--set domain.cells=abc: expected a whole number, got 'abc'"),
    "a table": ("law=3", 3, "--set law=3: expected a table, got 3"),
    "brackets": ("law.D=" + "[" * DEEP, 3, "nested more than 64 deep"),
    "parentheses": ("law.D=" + "(" * DEEP, 3, "at most 2000 are read"),
    "long key": ("a" * DEEP + "=1", 3, "unknown key"),
    "code": ('law.D=__import__("os")', 3, "does not belong in an expression"),
}

TABLES = {
    "empty": ([], "the file is empty"),
    "header only": (["x [um],Ni"], "needs at least 8 points, this file has 0"),
    "no numbers": (["x [um],Ni", *["a,b"] * 40], "probe.csv:2: expected a number in column x [um], got 'a'"),
    "one word": (["x [um],Ni", *PROFILE[:5], "-350,low", *PROFILE[6:]], "probe.csv:7: expected a number in column Ni"),
    "a gap": (["x [um],Ni", *PROFILE[:5], "-350,", *PROFILE[6:]], "probe.csv:7: expected a number in column Ni"),
    "nan": (["x [um],Ni", *PROFILE[:5], "-350,nan", *PROFILE[6:]], "probe.csv:7: expected a finite number"),
    "more columns": (["x [um],Ni", *PROFILE[:5], "-350,1,2", *PROFILE[6:]], "probe.csv:7: expected 2 columns"),
    "one step back": (["x [um],Ni", *PROFILE[:5], PROFILE[3], *PROFILE[6:]], "probe.csv:7: positions must increase"),
    "no header": (PROFILE, "the first line holds numbers"),
    "no unit": (["x,Ni", *PROFILE], "no column has a length as its unit"),
    "beyond 1": (["x [um],Ni", *PROFILE[:5], "-350,7", *PROFILE[6:]], "probe.csv:7: a mole fraction lies"),
    "no step": (["x [um],Ni", *(f"{x},0.5" for x in range(40))], "needs a step between two end values"),
    "no flat ends": (["x [um],Ni", *PROFILE[30:52]], "needs flat ends"),
}

OPTIONS = {
    "one end": (["--ends", "0"], 2, "expected two mole fractions"),
    "ends exchanged": (["--ends", "1,0"], 3, "exchange the two values"),
    "ends outside": (["--ends", "0,7"], 3, "a mole fraction lies between 0 and 1, got 7"),
    "no such column": (["--x", "y [um]"], 3, "there is no column 'y'"),
    "no time": (["--time", "soon"], 3, 'expected a time such as "100 h", got "soon"'),
    "no duration": (["--time", "0"], 3, "the time must be positive"),
    "no temperature": (["--temperature", "-5"], 3, "above absolute zero"),
    "no such method": (["--method", "sauer-freis"], 3, "Did you mean sauer-freise?"),
    "no such basis": (["--basis", "mass"], 3, "Did you mean mass%?"),
}


@pytest.fixture(autouse=True)
def nothing_but_sentences(matano, capsys):
    """No warning of a library reaches a person, nothing in a file is executed."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    assert not Path("pwned").exists()


def refused(matano, words, status, sentence):
    """The command fails as it should, in lines that a terminal can show."""
    answer, out, err = matano(*words)
    assert answer == status, err
    assert sentence in err
    assert all(len(line) < 600 for line in err.splitlines())
    assert all(character.isprintable() for character in err.replace("\n", ""))
    return out, err


@pytest.mark.parametrize("name", FAULTS)
def test_faults_of_a_case(matano, name):
    (old, new), sentence = FAULTS[name]
    assert old in CASE
    Path("bad.toml").write_text(CASE.replace(old, new), encoding="utf-8")
    out, _ = refused(matano, ["validate", "bad.toml"], 3, sentence)
    assert out == ""


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions_are_data(matano, name):
    text, sentence = EXPRESSIONS[name]
    Path("bad.toml").write_text(CASE.replace(D, f'D = "{text}"'), encoding="utf-8")
    _, err = refused(matano, ["validate", "bad.toml"], 3, sentence)
    assert err.startswith("bad.toml:21 law.D: ") and err.count("\n") == 1


def test_every_fault_of_a_file_at_once(matano):
    text = CASE
    for old, new in (
        ('dependent = "Cu"', 'dependent = "Co"'),
        ("cells", "cels"),
        ("Ni = 0.9", "Ni = 1.2"),
        ('"fick"', '"fikc"'),
        ('"50 h"', '"50 K"'),
        ("[expect]", "[solver]\nrtol = -1.0\n\n[expect]"),
    ):
        assert old in text
        text = text.replace(old, new)
    Path("bad.toml").write_text(text, encoding="utf-8")
    _, err = refused(matano, ["run", "bad.toml"], 3, "dependent")
    lines = [int(line.split(":")[1].split(" ")[0]) for line in err.splitlines()]
    assert lines == [4, 8, 14, 20, 24, 28]
    assert not Path("bad.h5").exists()


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("command", ["validate", "run"])
def test_what_is_no_case(matano, command, name):
    content, sentence = CASES[name]
    if content == "folder":
        Path("bad.toml").mkdir()
    elif content is not None:
        Path("bad.toml").write_bytes(content)
    refused(matano, [command, "bad.toml"], 3, sentence)


@pytest.mark.parametrize("name", OVERRIDES)
def test_overrides(matano, name):
    entry, status, sentence = OVERRIDES[name]
    refused(matano, ["validate", "cu-ni.toml", "--set", entry], status, sentence)


def test_a_method_in_verify_that_does_not_exist(matano):
    Path("bad.toml").write_text(CASE + '[verify]\nmethods = ["sauer-friese"]\n', encoding="utf-8")
    sentence = "bad.toml verify.methods[0]: there is no method 'sauer-friese'. Did you mean sauer-freise?"
    refused(matano, ["verify", "bad.toml"], 3, sentence)


@pytest.mark.parametrize("name", TABLES)
def test_measured_profiles(matano, name):
    lines, sentence = TABLES[name]
    Path("probe.csv").write_text("\n".join(lines), encoding="utf-8")
    out, err = refused(matano, ["analyse", "probe.csv", "--time", "50 h"], 3, sentence)
    assert out == "" and err.count("\n") <= 21
    assert not list(Path().glob("*.png"))


@pytest.mark.parametrize("name", OPTIONS)
def test_options_of_a_measured_profile(matano, name):
    words, status, sentence = OPTIONS[name]
    Path("probe.csv").write_text("\n".join(["x [um],Ni", *PROFILE]), encoding="utf-8")
    refused(matano, ["analyse", "probe.csv", "--time", "50 h", *words], status, sentence)
    assert not list(Path().glob("*.png"))


def test_a_case_is_no_experiment(matano):
    refused(matano, ["analyse", "cu-ni.toml"], 3, "is a case, not an experiment. Simulate it first")


def changed(change):
    """A copy of the result with something in it changed."""
    shutil.copy("cu-ni.h5", "bad.h5")
    with h5py.File("bad.h5", "r+") as file:
        change(file)


def cut(keep):
    Path("bad.h5").write_bytes(Path("cu-ni.h5").read_bytes()[:keep])


RESULTS = {
    "text": (lambda: Path("bad.h5").write_text("hello"), "is not an HDF5 file"),
    "empty": (lambda: Path("bad.h5").write_bytes(b""), "is not an HDF5 file"),
    "cut in the middle": (lambda: cut(30_000), "is cut short"),
    "cut at the end": (lambda: cut(-100), "is cut short"),
    "of another program": (lambda: h5py.File("bad.h5", "w").close(), "not a result of a simulation"),
    "newer": (lambda: changed(lambda file: file.attrs.modify("schema", 99)), "newer version of matano"),
    "more saved than there is": (lambda: changed(lambda file: file.attrs.modify("saved", 99)), "is damaged"),
    "no fluxes": (lambda: changed(lambda file: file.__delitem__("flux")), "is damaged"),
    "no diagnostics": (lambda: changed(lambda file: file.__delitem__("diagnostics/steps")), "is damaged"),
    "broken JSON": (lambda: changed(lambda file: file.attrs.modify("overrides", "[[[")), "is damaged"),
    "wrong type": (lambda: changed(lambda file: file.attrs.__setitem__("schema", "one")), "is damaged"),
}


@pytest.mark.parametrize("name", RESULTS)
def test_what_is_no_result(matano, name):
    spoil, sentence = RESULTS[name]
    matano("run", "cu-ni.toml")
    spoil()
    before = Path("bad.h5").read_bytes()
    for words in (["info"], ["plot"], ["analyse"], ["export", "--csv", "tables"]):
        out, err = refused(matano, [words[0], "bad.h5", *words[1:]], 3, sentence)
        assert out == "" and err.startswith("bad.h5: ") and err.count("\n") == 1
    for word in ("--resume", "--force"):
        refused(matano, ["run", "cu-ni.toml", "-o", "bad.h5", word], 2, "never replaced")
    assert Path("bad.h5").read_bytes() == before


def test_a_result_whose_case_cannot_be_read_still_gives_its_numbers(matano):
    matano("run", "cu-ni.toml")
    changed(lambda file: file.attrs.modify("case", "[[["))
    assert matano("info", "bad.h5")[0] == 0
    refused(matano, ["plot", "bad.h5", "diffusivity"], 3, "bad.h5/case:1: this is not TOML")
    assert matano("export", "bad.h5", "--csv", "tables")[0] == 0


def test_outputs_are_not_replaced_unasked(matano):
    matano("run", "cu-ni.toml")
    kept = {name: Path(name).read_bytes() for name in ("cu-ni.h5", "cu-ni.toml")}
    Path("folder.png").mkdir()
    for words, sentence in (
        (["run", "cu-ni.toml"], "exists. Replace it with --force"),
        (["run", "cu-ni.toml", "--resume", "--set", "domain.cells=100"], "another case or other --set"),
        (["run", "cu-ni.toml", "-o", "cu-ni.toml", "--force"], "ends in .h5"),
        (["run", "cu-ni.toml", "-o", "results"], "is not a folder that exists"),
        (["run", "cu-ni.toml", "-o", "cu-ni.toml/a.h5"], "does not exist"),
        (["plot", "cu-ni.h5", "-o", "cu-ni.toml/a.png"], "does not exist"),
        (["plot", "cu-ni.h5", "-o", "folder.png"], "is a folder"),
        (["plot", "cu-ni.h5", "-o", "cu-ni.toml"], "unknown kind of figure"),
        (["analyse", "cu-ni.h5", "-o", "cu-ni.h5"], "unknown kind of figure"),
        (["analyse", "cu-ni.h5", "--case", "cu-ni.toml"], "exists"),
        (["export", "cu-ni.h5", "--csv", "cu-ni.toml"], "is a file; name a folder"),
        (["export", "cu-ni.h5", "--csv", "cu-ni.toml/a"], "cannot be made"),
        (["new", "cu-ni"], "exists"),
    ):
        out, _ = refused(matano, words, 2, sentence)
        assert out == ""
    assert {name: Path(name).read_bytes() for name in kept} == kept


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS], ids=["disk full", "read-only"])
def test_outputs_that_the_system_refuses_leave_nothing(matano, number):
    matano("run", "cu-ni.toml")
    before = {path.name: path.read_bytes() for path in Path().iterdir()}

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    sentence = "the disk is full" if number == errno.ENOSPC else "Read-only file system"
    matano.monkeypatch.setattr(os, "posix_fallocate", refuse, raising=False)
    matano.monkeypatch.setattr(os, "replace", refuse)
    for words in (
        ["run", "cu-ni.toml", "-o", "other.h5"],
        ["run", "cu-ni.toml", "--force"],
        ["new", "fresh"],
        ["plot", "cu-ni.h5"],
        ["analyse", "cu-ni.h5", "--save"],
        ["analyse", "cu-ni.h5", "--json", "--case", "again.toml"],
        ["export", "cu-ni.h5", "--csv", "tables"],
    ):
        refused(matano, words, 2, sentence)
        with contextlib.suppress(OSError):
            Path("tables").rmdir()
        assert {path.name: path.read_bytes() for path in Path().iterdir()} == before


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_may_not_be_written(matano):
    Path("closed").mkdir(mode=0o500)
    refused(matano, ["run", "cu-ni.toml", "-o", "closed/a.h5"], 2, "cannot be written")


def test_an_interrupt_while_the_command_line_is_imported(tmp_path):
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt\n", encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(__file__).resolve().parents[1]}"}
    done = subprocess.run([sys.executable, "-m", "matano", "laws"], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")

"""`matano analyse --report`: the page of what was just analysed, of measured profiles above all."""

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from scipy.special import erfc

import matano
from matano.cli import app

COUPLE = """[experiment]
profile = "couple.csv"
component = "B"
time = "100 h"
temperature = "1000 K"
ends = { left = { B = 0.0 }, right = { B = 1.0 } }
"""
D, TIME = 1e-14, 360_000.0


def run(*words) -> int:
    with pytest.raises(SystemExit) as ended:
        app([str(word) for word in words], prog_name="matano")
    return ended.value.code or 0


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A couple with D constant, written with decimal commas and a preamble, and measured with a known noise."""
    monkeypatch.chdir(tmp_path)
    x = np.linspace(-400.0, 400.0, 101)
    fraction = 0.5 * erfc(-1e-6 * x / np.sqrt(4.0 * D * TIME)) + 1e-3 * np.random.default_rng(3).standard_normal(x.size)
    lines = [f"{a:.3f};{100.0 * b:.4f}".replace(".", ",") for a, b in zip(x, fraction, strict=True)]
    text = "Probe 7, <line> 3\n\nx (um);B (at%)\n" + "\n".join(lines) + "\n"
    Path("couple.csv").write_text(text, encoding="utf-8")
    Path("couple.toml").write_text(COUPLE, encoding="utf-8")
    return tmp_path


def words_of(element) -> str:
    return re.sub(r"\s+", " ", "".join(element.itertext())).strip()


def facts(tree, heading: str) -> dict[str, str]:
    """The list of facts that follows a heading."""
    parts = list(tree.find(".//main"))
    k = next(k for k, part in enumerate(parts) if part.tag in ("h2", "h3") and words_of(part) == heading)
    found = next(part for part in parts[k:] if part.tag == "dl")
    return {words_of(pair.find("dt")): words_of(pair.find("dd")) for pair in found}


def test_a_measured_profile_has_a_page(folder, capsys):
    assert run("analyse", "couple.toml", "--method", "sauer-freise,erf-fit", "--report", "couple.html") == 0
    assert "page: couple.html, " in capsys.readouterr().out
    text = Path("couple.html").read_text(encoding="utf-8")
    tree = ElementTree.fromstring(text)
    assert "there is no truth to compare with" in words_of(tree.find(".//main/p"))
    read = facts(tree, "couple.toml")
    assert read["points"] == "101, from -400 to 400 um" and read["time"] == "100 h" and read["temperature"] == "1000 K"
    assert (read["left end"], read["right end"]) == ("x_B = 0", "x_B = 1")
    assert read["written"].endswith("separated by semicolon, decimal comma")
    assert read["preamble"] == "Probe 7, <line> 3" and read["column B (at%)"] == "B, at%"
    assert "http:" not in text.replace("http://www.w3.org", "") and "<script" not in text
    captions = [words_of(found) for found in tree.iter("figcaption")]
    (left,) = (found for found in captions if "Residuals" in found)
    assert "sauer-freise, erf-fit" in left
    rms = [float(value) for value in re.findall(r"(?:erf-fit|sauer-freise), rms ([0-9.e-]+)", text)]
    assert len(rms) >= 2 and max(rms) < 2e-3  # the noise, which no method may follow, is 1e-3


def test_the_residuals_tell_a_wrong_model(folder):
    """A profile that no constant D makes leaves more than its noise."""
    x = np.linspace(-400.0, 400.0, 101)
    slow, fast = (0.5 * erfc(-1e-6 * x / np.sqrt(4.0 * factor * D * TIME)) for factor in (0.3, 3.0))
    rows = "\n".join(f"{a},{b:.6f}" for a, b in zip(x, np.where(x < 0.0, fast, slow), strict=True))
    Path("couple.csv").write_text(f"x [um],B\n{rows}\n", encoding="utf-8")
    text = matano.report(matano.analyse("couple.toml", method="erf-fit")).html()
    (rms,) = {float(value) for value in re.findall(r"erf-fit, rms ([0-9.e-]+)", text)}
    assert rms > 0.02


RESULT = """title = "small"
components = ["A", "B"]

[domain]
interval = ["-200 um", "200 um"]
cells = 200

[initial]
shape = "step"
at = "0 um"
left = { B = 0.0 }
right = { B = 1.0 }

[law]
kind = "fick"
D = "1e-14 m^2/s"

[time]
end = "10 h"
"""


def test_results_on_such_a_page_stand_beside_their_truth(folder):
    Path("small.toml").write_text(RESULT, encoding="utf-8")
    assert run("run", "small.toml") == 0
    assert run("analyse", "small.h5", "--method", "sauer-freise", "--report", "small.html") == 0
    tree = ElementTree.fromstring(Path("small.html").read_text(encoding="utf-8"))
    assert "every analysis is as near to the truth as it should be" in words_of(tree.find(".//main/p"))
    assert facts(tree, "small.h5")["kind"] == "a result: small"


def test_what_cannot_be_written_or_read_is_a_sentence(folder, capsys):
    assert run("analyse", "couple.toml", "--report", "couple.pdf") == 2
    assert "unknown kind of page '.pdf'; use .html." in capsys.readouterr().err
    Path("couple.html").write_text("mine", encoding="utf-8")
    assert run("analyse", "couple.toml", "--report", "couple.html") == 2
    assert "--force" in capsys.readouterr().err and Path("couple.html").read_text() == "mine"
    assert run("report", "couple.csv") == 2
    assert "matano analyse FILE --report R.html" in capsys.readouterr().err

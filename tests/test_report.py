"""`matano report`: one page, well-formed, with nothing from outside, that says what the file holds."""

import hashlib
import json
import re
import shutil
import subprocess
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from conftest import CASE, exact_solve

from matano.drawing import COLOURS, pyplot
from matano.pages import Document, link, mark
from matano.pages.results import page_of
from matano.pages.words import described
from simulator.files.stored import open_result

ARIA = ("aria-labelledby", "aria-describedby")
VOID = {"meta", "link", "br", "hr", "img", "input"}
NASTY = "<script>alert('x')</script> & \"q\" \x07"


def run(*words) -> int:
    from matano.cli import app

    with pytest.raises(SystemExit) as ended:
        app([str(word) for word in words], prog_name="matano")
    return ended.value.code or 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """cu-ni.toml, its result with two analyses, and the page of it."""
    from simulator.kernels import jit
    from simulator.solve import solve

    place = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setattr(solve, "solve", exact_solve)
        patch.setattr(jit, "cache_is_cold", lambda: False)
        (place / "cu-ni.toml").write_text(CASE.replace('"a couple"', '"a <couple> & more"'), encoding="utf-8")
        assert run("run", "cu-ni.toml") == 0
        assert run("analyse", "cu-ni.h5", "--method", "sauer-freise,erf-fit", "--save", "-o", "a.png") == 0
        assert run("report", "cu-ni.h5") == 0
        yield place


@pytest.fixture(scope="module")
def text(folder) -> str:
    return (folder / "cu-ni.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tree(text):
    return ElementTree.fromstring(text)


def words_of(element) -> str:
    return " ".join(" ".join(element.itertext()).split())


class Balance(HTMLParser):
    """The open elements of a page as an HTML parser meets them, and what was closed out of turn."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong = [], []

    def handle_starttag(self, tag, attributes):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        """Closed where it opens: of HTML's own only those that have no content may be."""
        if tag not in VOID and "svg" not in self.open:
            self.wrong.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def test_the_page_is_well_formed_as_html_and_as_xml(text, tree):
    parser = Balance()
    parser.feed(text)
    parser.close()
    assert not parser.open and not parser.wrong
    assert text.startswith("<!DOCTYPE html>") and tree.tag == "html" and tree.get("lang") == "en"
    assert [len(list(tree.iter(tag))) for tag in ("h1", "main", "title")] == [1, 1, 1 + len(drawings(tree))]


def drawings(tree) -> list:
    return list(tree.iter("svg"))


def test_names_are_unique_and_what_is_referred_to_is_there(text, tree):
    names = [part.get("id") for part in tree.iter() if part.get("id")]
    assert len(names) == len(set(names))
    wanted = {part.get("href")[1:] for part in tree.iter() if (part.get("href") or "").startswith("#")}
    wanted |= set(re.findall(r"url\(#([^)]+)\)", text))
    wanted |= {part.attrib[key] for part in tree.iter() for key in part.attrib if key in ARIA}
    assert len(wanted) > 20 and wanted <= set(names)


def test_nothing_comes_from_outside(text, tree):
    assert "http:" not in text and "https:" not in text and "@import" not in text
    keys = {key for part in tree.iter() for key in part.attrib}
    assert not list(tree.iter("script")) and not any(key.startswith("on") for key in keys)
    assert not re.findall(r"url\((?!#)", text)
    sources = [part.get(key) for part in tree.iter() for key in ("src", "href") if part.get(key)]
    assert all(source.startswith(("#", "data:")) for source in sources)
    (policy,) = [part.get("content") for part in tree.iter("meta") if "Policy" in (part.get("http-equiv") or "")]
    assert policy.startswith("default-src 'none'") and "script-src" not in policy


def test_every_figure_that_applies_is_there_with_its_numbers_in_words(folder, tree):
    """Of a couple of Fick's law: its profiles, D, fluxes, diagnostics, residuals; and the figure of the analyses."""
    captions = [words_of(part) for part in tree.iter("figcaption")]
    names = ["Profiles", "Diffusivity", "Fluxes", "Diagnostics", "Residuals", "Interdiffusivity"]
    assert [caption.split(". ")[1] for caption in captions if caption.startswith("Figure ")] == names
    assert len(drawings(tree)) == len(names)
    for svg, name in zip(drawings(tree), names, strict=True):
        title, desc = svg[0], svg[1]
        assert (svg.get("role"), title.tag, desc.tag, title.text) == ("img", "title", "desc", name)
        assert (svg.get("aria-labelledby"), svg.get("aria-describedby")) == (title.get("id"), desc.get("id"))
        assert len(list(svg.iter("path"))) > 10
    told = [svg[1].text for svg in drawings(tree)]
    end = f"{1e6 * open_result(folder / 'cu-ni.h5').x[-1]:.4g}"
    assert f"Ni, 50 h: 200 points, from 0.1 at -{end} to 0.9 at {end}." in told[0]
    assert "Across: x (um)" in told[0] and "Up: mole fraction" in told[0]
    assert "D: 1e-14 everywhere" in told[1]


def test_the_page_says_what_the_file_holds(folder, text, tree):
    from simulator.files.stored import open_file

    facts = {words_of(row[0]): words_of(row[1]) for row in tree.iter("div") if len(row) == 2 and row[0].tag == "dt"}
    assert facts["sha256 of the file"] == hashlib.sha256((folder / "cu-ni.h5").read_bytes()).hexdigest()
    case = (folder / "cu-ni.toml").read_text(encoding="utf-8")
    assert facts["sha256 of the case"] == hashlib.sha256(case.encode()).hexdigest()
    with open_file(folder / "cu-ni.h5") as file:
        assert facts["simulated at"] == file.attrs["history"].split()[0]
    assert "matano" in facts["versions of the run"] and facts["steps"] == "50"
    assert [part.text for part in tree.iter("pre")] == [case]
    headings = [words_of(part) for part in tree.iter("h2")]
    assert headings == [
        *("Verdict", "What ran, and how well", "Figures", "Analyses", "Numbers", "Provenance", "The case"),
    ]
    assert [words_of(part) for part in tree.iter("h1")] == ["a <couple> & more"]
    contents = [words_of(part) for part in tree.find(".//nav").iter("a")]
    assert [name for name in contents if name in headings] == headings


def rows(tree, caption: str) -> list[list[str]]:
    """The body of the table with this caption."""
    (table,) = [part for part in tree.iter("table") if words_of(part[0]) == caption]
    return [[words_of(cell) for cell in row] for row in table.find("tbody")]


def test_tables_hold_the_numbers(folder, tree):
    result = open_result(folder / "cu-ni.h5")
    lines = rows(tree, "Saved states")
    assert [line[0] for line in lines] == ["10 h", "20 h", "30 h", "40 h", "50 h"]
    assert [float(line[1]) for line in lines] == result.diagnostics("steps").tolist()
    (caption,) = [words_of(part) for part in tree.iter("caption") if "Profile" in words_of(part)]
    values = np.array(rows(tree, caption), float)
    assert "of 200 cells" in caption and np.all(np.diff(values[:, 0]) > 0.0)
    expected = np.interp(1e-6 * values[:, 0], result.x, result.composition[-1, 1])
    # positions are printed to 5 digits, 5e-10 m where the slope is 5e3 per m; fractions to 6 places
    np.testing.assert_allclose(values[:, 2], expected, atol=4e-6)
    np.testing.assert_allclose(values[:, 1] + values[:, 2], 1.0, atol=1.1e-6)


def test_analyses_stand_beside_the_truth(tree):
    found = {line[0]: line for line in rows(tree, "What was recovered")}
    assert set(found) == {"erf-fit", "sauer-freise"}
    for line in found.values():
        assert float(line[2].rstrip(" %")) < float(line[3].rstrip(" %")) and line[4] == "✓ passed"
    ((X, D, truth, error),) = rows(tree, "erf-fit")
    assert (X, truth) == ("all", "1.00000e-14") and float(D) == pytest.approx(1e-14, rel=1e-4)
    assert abs(float(error.rstrip(" %"))) < 0.1


def test_the_verdict_is_that_of_run_check(folder, tree):
    assert rows(tree, "[expect]")[1][3] == "✓ passed" and "✓ passed" in words_of(tree.find(".//main/p"))
    wrong = CASE.replace("value = 0.5\n", "value = 0.6\n")
    (folder / "wrong.toml").write_text(wrong, encoding="utf-8")
    assert run("run", "wrong.toml", "--check") == 5
    page = ElementTree.fromstring(page_of(Path("wrong.h5")).html())
    assert "1 of 2 expectations of the case are missed" in words_of(page.find(".//main/p"))
    assert [line[3] for line in rows(page, "[expect]")] == ["✓ passed", "✗ out of tolerance"]
    (folder / "silent.toml").write_text(CASE.split("[expect]")[0], encoding="utf-8")
    assert run("run", "silent.toml") == 0
    assert "the case has no [expect]" in page_of(Path("silent.h5")).html()


def test_a_page_is_the_same_every_time(folder, text):
    assert page_of(folder / "cu-ni.h5").html() == text


def test_an_incomplete_run_has_a_page_that_says_so(folder):
    import h5py

    shutil.copy("cu-ni.h5", "part.h5")
    with h5py.File("part.h5", "r+") as file:
        file.attrs["saved"], file.attrs["status"] = 2, "running"
    tree = ElementTree.fromstring(page_of(Path("part.h5")).html())
    assert "2 of 5 states were saved" in words_of(tree.find(".//main/p"))
    assert len(rows(tree, "Saved states")) == 2


def test_refusals_are_sentences_and_leave_no_file(folder, capsys):
    assert run("report", "cu-ni.h5") == 2 and "--force" in capsys.readouterr().err
    assert run("report", "cu-ni.h5", "--force") == 0
    assert run("report", "cu-ni.h5", "-o", "a.pdf") == 2 and ".html" in capsys.readouterr().err
    assert run("report", "none.h5", "-o", "b.html") == 3 and "no such file" in capsys.readouterr().err
    Path("text.h5").write_text("no result", encoding="utf-8")
    assert run("report", "text.h5", "-o", "b.html") == 3 and "not an HDF5 file" in capsys.readouterr().err
    assert run("report", "cu-ni.h5", "-o", "nowhere/b.html") == 2
    assert not Path("b.html").exists() and not list(Path().glob(".*part*"))


def test_texts_are_texts():
    page = Document(NASTY, NASTY)
    assert page.heading(NASTY) == "script-alert-x-script-q" and page.heading(NASTY) == "script-alert-x-script-q-2"
    page.paragraph(NASTY)
    page.items([NASTY])
    page.facts([(NASTY, NASTY)])
    page.verdict(None, NASTY)
    page.verbatim(NASTY, NASTY)
    page.table([NASTY], [[mark(False, NASTY)], [link(NASTY, "contents")]], caption=NASTY)
    page.figure(plotted(NASTY), NASTY, NASTY, NASTY)
    tree = ElementTree.fromstring(page.html())
    assert not list(tree.iter("script"))
    shown = NASTY.replace("\x07", "\N{REPLACEMENT CHARACTER}")
    # the page 3, contents and headings 4, text and list 2, facts 2, verdict 1, verbatim 2, table 4, figure 4
    assert "".join(tree.itertext()).count(shown) == 22


def plotted(label: str = "a line"):
    """A figure with a line from (0, 2) over (1, 5) to (2, 3), a place at 1.5 and a bar."""
    figure, (ax, beside) = pyplot().subplots(1, 2)
    ax.plot([0.0, 1.0, 2.0], [2.0, 5.0, 3.0], "o-", color=COLOURS[0], label=label.replace("$", ""))
    ax.axvline(1.5, label="a place")
    ax.set_xlabel(r"$\sqrt{t}$ (h)")
    ax.set_ylabel(r"$\tilde D_{\mathrm{Ni}}$ (m$^2$/s)")
    beside.bar([0, 1], [3.0, 4.0], label="bars")
    beside.set_xticks([0, 1], ["one", "two"])
    return figure


def test_figures_are_told_in_words():
    figure = plotted()
    text = described(figure)
    pyplot().close(figure)
    assert "Across: sqrt t (h), from -0.1 to 2.1." in text and "Up: D_Ni (m^2/s), from 1.85 to 5.15." in text
    assert "a line: 3 points, from 2 at 0 to 3 at 2, highest 5 at 1." in text
    assert "a place: at 1.5 across." in text and "bars: one 3, two 4." in text


def test_equal_figures_share_no_names():
    page = Document("twice")
    for _ in range(2):
        page.figure(plotted(), "the same")
    names = re.findall(r' id="([^"]+)"', page.html())
    assert len(names) == len(set(names)) and sum(name.startswith("figure-2-") for name in names) > 10


def test_rows_must_fit_their_head():
    with pytest.raises(ValueError, match="2 entries under a head of 1"):
        Document("a").table(["one"], [["1", "2"]])


BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# A frame whose sandbox forbids scripts holds the page; the one around it looks into it.
FRAME = """<!DOCTYPE html><style>body { margin: 0 } iframe { border: 0; width: 100%; height: 100vh }</style>
<iframe sandbox="allow-same-origin" src="PAGE"></iframe><script>
addEventListener("load", () => {
  const frame = document.querySelector("iframe"), seen = document.createElement("output"), page = frame.contentDocument;
  const boxes = [...page.querySelectorAll("svg")].map(s => [s.getBoundingClientRect(), s.getBBox()]);
  seen.textContent = JSON.stringify({
    sizes: boxes.map(([a, b]) => [a.width, a.height, b.width, b.height]),
    requests: frame.contentWindow.performance.getEntriesByType("resource").map(entry => entry.name),
    width: page.documentElement.clientWidth,
    beyond: page.documentElement.scrollWidth - page.documentElement.clientWidth,
    ground: frame.contentWindow.getComputedStyle(page.body).backgroundColor,
    scripted: page.body.dataset.scripted ?? null,
  });
  document.body.append(seen);
});
</script>"""
SCRIPTED = "<script>document.body.dataset.scripted = 'yes'</script></body>"


@pytest.fixture(scope="module")
def browse(tmp_path_factory):
    """Call a headless browser on a page from disk: (what it prints, what its console says)."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    profile = tmp_path_factory.mktemp("browser")

    def call(page: Path, *flags: str) -> tuple[str, list[str]]:
        still = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr")
        offline = ("--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking", "--no-first-run")
        command = [found, *still, *offline, f"--user-data-dir={profile}", *flags, page.resolve().as_uri()]
        answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return answer.stdout, [line for line in answer.stderr.splitlines() if "CONSOLE" in line]

    return call


def test_a_browser_shows_the_page_from_disk_as_it_is(folder, browse, tree):
    """The policy of the page forbids scripts: what the browser holds is what the file says, and it has no complaint."""
    found, console = browse(folder / "cu-ni.html", "--dump-dom")
    assert not console
    shown = re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", found, flags=re.DOTALL))
    body = " ".join(words_of(tree.find(part)) for part in ("head/title", "body"))
    assert "".join(unescape(shown).split()) == "".join(body.split())
    assert found.count("<svg") == len(drawings(tree))


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (500, "dark")])
def test_without_javascript_figures_have_their_sizes_and_nothing_is_asked_for(
    folder, browse, text, tree, width, scheme
):
    """Wide and narrow, in both schemes: scripts are off, no request is made, every figure lies within the page."""
    open_page = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    (folder / "open.html").write_text(open_page.replace("</body>", SCRIPTED), encoding="utf-8")
    dark = "--blink-settings=preferredColorScheme=" + ("0" if scheme == "dark" else "1")
    for name in ("cu-ni.html", "open.html"):
        (folder / "frame.html").write_text(FRAME.replace("PAGE", name), encoding="utf-8")
        size = f"--window-size={width},900"
        found, console = browse(folder / "frame.html", "--dump-dom", "--allow-file-access-from-files", size, dark)
        seen = json.loads(unescape(re.search(r"<output>(.*?)</output>", found)[1]))
        assert seen["scripted"] is None and seen["requests"] == []
        assert len(seen["sizes"]) == len(drawings(tree)) and seen["beyond"] <= 0
        for across, down, inner, high in seen["sizes"]:
            assert 200.0 < across < seen["width"] <= width and 100.0 < down < 900.0
            assert inner > 200.0 and high > 150.0
        assert seen["ground"] == ("rgb(20, 20, 20)" if scheme == "dark" else "rgb(255, 255, 255)")
        # the browser says that it ran no script of the copy that has one, and nothing of the page
        assert len(console) == (name == "open.html") and all("script" in line for line in console)

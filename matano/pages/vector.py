"""A figure of matplotlib as inline SVG of a page: the same bytes every time, no names that collide, words beside it."""

import io
import re
from xml.etree import ElementTree

from matano.drawing import SALT, pyplot
from matano.pages.escaping import printable

REFERENCE = re.compile(r"url\(#([^)]+)\)")
DECIMAL = re.compile(r"-?\d+\.\d{3,}")  # of coordinates in points, whose hundredths nobody sees
NOT_SHOWN = ("metadata", "style")  # style: its one rule would hold for the whole page, which has it for its drawings


def inline(figure, name: str, title: str, text: str) -> str:
    """The SVG element, with `title` and `text` for who cannot see it; every name in it begins with `name`."""
    svg = ElementTree.fromstring(svg_of(figure))
    plain_names(svg)
    rename(svg, name)
    for tag, words in (("desc", text), ("title", title)):
        said = ElementTree.Element(tag, {"id": f"{name}-{tag}"})
        said.text = printable(words or title)
        svg.insert(0, said)
    width, height = (float(part) for part in svg.attrib["viewBox"].split()[2:])
    svg.attrib = {
        "role": "img",
        "aria-labelledby": f"{name}-title",
        "aria-describedby": f"{name}-desc",
        "viewBox": svg.attrib["viewBox"],
        "style": f"width: {width:.0f}pt; aspect-ratio: {width:.0f} / {height:.0f}",
    }
    return ElementTree.tostring(svg, encoding="unicode")


def svg_of(figure) -> str:
    """The figure as a document of SVG on a transparent ground; the figure is closed."""
    import matplotlib

    written = io.StringIO()
    try:
        with matplotlib.rc_context({"svg.hashsalt": SALT, "svg.fonttype": "path"}):
            figure.savefig(written, format="svg", facecolor="none", metadata={"Date": None, "Creator": None})
    finally:
        pyplot().close(figure)
    return written.getvalue()


def plain_names(element) -> None:
    """Names without their spaces, which HTML knows from `svg`; without what is not shown."""
    for part in element.iter():
        part.tag = part.tag.rpartition("}")[2]
        part.attrib = {key.rpartition("}")[2]: value for key, value in part.attrib.items()}
        if "d" in part.attrib:
            part.attrib["d"] = DECIMAL.sub(lambda found: f"{float(found[0]):.2f}", part.attrib["d"])
        part.tail = part.text = None
    for part in list(element.iter()):
        for child in [child for child in part if child.tag in NOT_SHOWN]:
            part.remove(child)


def rename(element, name: str) -> None:
    """Give what is referred to a name that is the figure's own, and take the other names away."""
    parts = list(element.iter())
    wanted = {target for part in parts for value in part.attrib.values() for target in REFERENCE.findall(value)}
    uses = [part for part in parts if part.attrib.get("href", "").startswith("#")]  # others are images, in themselves
    wanted |= {part.attrib["href"][1:] for part in uses}
    known = {}
    for part in parts:
        old = part.attrib.pop("id", None)
        if old in wanted:
            part.attrib["id"] = known[old] = f"{name}-{len(known)}"
    for part in parts:
        for key, value in part.attrib.items():
            part.attrib[key] = REFERENCE.sub(lambda found: f"url(#{known[found[1]]})", value)
    for part in uses:
        part.attrib["href"] = "#" + known[part.attrib["href"][1:]]

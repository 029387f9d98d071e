"""Titles of columns: "Ni [at%]", "wt.% Ni", "x_um" and the other ways to say what is measured and in which unit."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

LENGTHS = {
    "m": 1.0,
    "cm": 1e-2,
    "mm": 1e-3,
    "um": 1e-6,
    "µm": 1e-6,  # micro sign
    "μm": 1e-6,  # Greek mu
    "mum": 1e-6,
    "micron": 1e-6,
    "microns": 1e-6,
    "micrometer": 1e-6,
    "micrometre": 1e-6,
    "nm": 1e-9,
    "angstrom": 1e-10,
    "\N{LATIN CAPITAL LETTER A WITH RING ABOVE}": 1e-10,
    "\N{ANGSTROM SIGN}": 1e-10,
}
# Each kind of composition: what it counts, and its unit as a fraction; None where the numbers must tell.
KINDS = {
    "fraction": ("mole", 1.0),
    "at%": ("mole", 1e-2),
    "at ppm": ("mole", 1e-6),
    "at": ("mole", None),
    "mass fraction": ("mass", 1.0),
    "wt%": ("mass", 1e-2),
    "wt ppm": ("mass", 1e-6),
    "wt": ("mass", None),
    "%": ("", 1e-2),
    "counts": ("counts", None),
}
MOLES = ("at", "atom", "atomic", "mol", "mole")
MASSES = ("wt", "weight", "mass", "ma", "gew")
WORDS = {"molefraction": "fraction", "fraction": "fraction", "1": "fraction", "-": "fraction", "w": "mass fraction"}
WORDS |= {f"{word}%": "at%" for word in MOLES} | {f"{word}%": "wt%" for word in MASSES}
WORDS |= {f"{word}percent": "at%" for word in MOLES} | {f"{word}percent": "wt%" for word in MASSES}
WORDS |= {f"{word}{part}": "fraction" for word in MOLES for part in ("fraction", "frac")}
WORDS |= {f"{word}{part}": "mass fraction" for word in MASSES for part in ("fraction", "frac")}
WORDS |= {f"{word}ppm": "at ppm" for word in MOLES} | {f"{word}ppm": "wt ppm" for word in MASSES} | {"appm": "at ppm"}
WORDS |= {word: "at" for word in MOLES} | {word: "wt" for word in MASSES[:3]} | {"%": "%"}
WORDS |= dict.fromkeys(("counts", "cps", "cpm", "bq", "arbunits", "a.u."), "counts")
BRACKETS = re.compile(r"\s*(.*?)\s*[\[(]\s*([^\])]*?)\s*[\])]\s*")
SLASH = re.compile(r"\s*(.*?)\s*/\s*(\S.*?)\s*")
SYMBOL = re.compile(r"[A-Z][a-z]?")
FRACTIONS = ("x", "X", "N")  # as in x(Ni)
OF_ERRORS = r"(?P<times>[123])?\s*(?:sigma|σ|s\.?d\.?|std(?:\.?[\s_]?dev\.?)?|st\.?[\s_]?dev\.?"
OF_ERRORS += r"|error|err\.?|uncertainty|±|\+/-)"
OF_LIMITS = r"(?:dl|d\.l\.|lod|l\.o\.d\.|mdl|detection[\s_]limit)"
PREFIX, SUFFIX = r"{0}(?:[\s_]+(?:of\s+)?|(?<=[σ±-]))(?P<rest>\S.*)", r"(?P<rest>.*?\S)[\s_]+{0}"
ERRORS = [re.compile(form.format(OF_ERRORS), re.IGNORECASE) for form in (PREFIX, SUFFIX)]
LIMITS = [re.compile(form.format(OF_LIMITS), re.IGNORECASE) for form in (PREFIX, SUFFIX)]
CALLED = re.compile(rf"(?:{OF_ERRORS}|u)\s*\((?P<rest>[^()]+)\)", re.IGNORECASE)
RELATIVE = re.compile(r"rel\.?\s*%|%\s*rel\.?|relative\s*%?", re.IGNORECASE)


@dataclass(frozen=True)
class Title:
    """name: of the component or position; unit: as written, empty where none is; text: the whole title; sigma: whether
    the column holds the standard uncertainties of the column `name`, `times` of them (2 of "2 sigma Ni"), `relative` in
    percent of its values; limit: whether it holds the limits of detection of that column."""

    name: str
    unit: str
    text: str
    sigma: bool = False
    times: float = 1.0
    relative: bool = False
    limit: bool = False

    @property
    def length(self) -> float | None:
        """The unit of a position in m."""
        return LENGTHS.get(self.unit)


def plain(word: str) -> str:
    """ "at. %" as "at%"; "-" stays."""
    return re.sub(r"[\s._-]", "", word).lower() or word.strip()


def kind_named(word: str) -> str | None:
    """The kind of composition that a word stands for, one of KINDS; None if it is none."""
    return WORDS.get(word.strip()) or WORDS.get(plain(word))


def is_unit(word: str) -> bool:
    return word in LENGTHS or kind_named(word) is not None


def title_of(text: str) -> Title:
    """What a title says: "Ni [at%]", "Ni (at.%)", "Ni/at%", "Ni at%", "at% Ni", "Ni_wt", "w_Ni"; of uncertainties
    "sigma_Ni", "Ni error", "2 sigma Ni [wt%]", "Ni SD (rel%)"; of limits of detection "DL Ni"."""
    text = text.strip()
    found = BRACKETS.fullmatch(text)
    for bare, unit in ((found[1], found[2]), (text, "")) if found else ((text, ""),):
        error = first_match((CALLED, *ERRORS), bare)
        if error:
            name, inner = named(error["rest"])
            unit = unit or inner
            relative = RELATIVE.fullmatch(unit) is not None
            return Title(name, "" if relative else unit, text, True, float(error["times"] or 1), relative)
        limit = first_match(LIMITS, bare)
        if limit:
            name, inner = named(limit["rest"])
            return Title(name, unit or inner, text, limit=True)
    return Title(*named(text), text)


def first_match(patterns: Iterable[re.Pattern], text: str) -> re.Match | None:
    """The first pattern that all of the text matches, with something else than a unit as its rest."""
    found = (pattern.fullmatch(text) for pattern in patterns)
    return next((match for match in found if match and (match["rest"] == "W" or not is_unit(match["rest"]))), None)


def named(text: str) -> tuple[str, str]:
    """Component or position and unit, "w_Ni" and "x_Ni" taken as mass and mole fractions."""
    name, unit = split_title(text)
    if name[:2] == "w_" and len(name) > 2:
        name, unit = name[2:], unit or "w"
    elif name[:2] in ("x_", "X_") and len(name) > 2 and name[2:] not in LENGTHS:
        name = name[2:]
    return name, unit


def split_title(title: str) -> tuple[str, str]:
    """("Ni", "at%") from "Ni [at%]" or "at% Ni"; the unit is empty where there is none."""
    found = BRACKETS.fullmatch(title)
    if found:
        outside, inside = found[1], found[2]
        if outside in FRACTIONS and SYMBOL.fullmatch(inside):
            return inside, ""
        swapped = not is_unit(inside) and kind_named(outside) is not None and outside
        return (inside, outside) if swapped else (outside, inside)
    found = SLASH.fullmatch(title)
    if found and is_unit(found[2]):
        return found[1], found[2]
    words = [word for word in re.split(r"[\s_,]+", title.strip()) if word]
    for count in range(len(words) - 1, 0, -1):
        for unit, rest in ((words[-count:], words[:-count]), (words[:count], words[count:])):
            joined = " ".join(unit)
            if rest[0] == "of":
                rest = rest[1:]
            # "Ni_m" is no length, and "w" of "Fe w" may be tungsten
            if rest and (joined == "%" or (len(joined) > 1 and is_unit(joined))):
                return "_".join(rest), joined
    return title.strip(), ""

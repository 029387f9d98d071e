"""Quantities of people, "700 um" or "1000 degC", to numbers in SI.

Pint does the arithmetic and is imported on first need only. Reading its own list of units takes longer than importing
it, so the units of the field are declared to it below, in its language; any other is looked up in the full list.
"""

import functools
import math
import re

from simulator.faults import Invalid, near

DEFINITIONS = """
quecto- = 1e-30 = q-
femto- = 1e-15 = f-
pico- = 1e-12 = p-
nano- = 1e-9 = n-
micro- = 1e-6 = µ- = μ- = u-
milli- = 1e-3 = m-
centi- = 1e-2 = c-
deci- = 1e-1 = d-
kilo- = 1e3 = k-
mega- = 1e6 = M-
giga- = 1e9 = G-
meter = [length] = m = metre
second = [time] = s = sec
kilogram = [mass] = kg
kelvin = [temperature]; offset: 0 = K = degK
mole = [substance] = mol
ampere = [current] = A = amp
gram = 1e-3 * kilogram = g
degree_Celsius = kelvin; offset: 273.15 = °C = celsius = degC
degree_Fahrenheit = 5 / 9 * kelvin; offset: 233.15 + 200 / 9 = °F = fahrenheit = degF
angstrom = 1e-10 * meter = Å = ångström = Å
micron = 1e-6 * meter = µ = μ
minute = 60 * second = min
hour = 60 * minute = h = hr
day = 24 * hour = d
week = 7 * day
year = 365.25 * day = a = yr = julian_year
liter = 1e-3 * meter ** 3 = l = L = litre
molar = mole / liter = M
newton = kilogram * meter / second ** 2 = N
pascal = newton / meter ** 2 = Pa
joule = newton * meter = J
watt = joule / second = W
calorie = 4.184 * joule = cal
electron_volt = 1.602176634e-19 * joule = eV
coulomb = ampere * second = C
volt = joule / coulomb = V
ohm = volt / ampere = Ω = Ω
siemens = ampere / volt = S
farad = coulomb / volt = F
hertz = 1 / second = Hz
"""
AVOGADRO = 6.02214076e23  # 1/mol
MEANING = {
    "": ("a plain number", "0.5"),
    "1": ("a plain number", "0.5"),
    "m": ("a length", "700 um"),
    "s": ("a time", "100 h"),
    "K": ("a temperature", "1000 degC"),
    "1/s": ("a rate", "1e-6 1/s"),
    "m/s": ("a speed", "1e-8 m/s"),
    "m^2/s": ("a diffusivity", "1e-14 m^2/s"),
    "m^3/mol": ("a molar volume", "7.1e-6 m^3/mol"),
    "J/mol": ("a molar energy", "250 kJ/mol"),
    "mol/m^3": ("a concentration", "0.1 mol/L"),
    "mol^2/(J m s)": ("a phenomenological coefficient", "1e-20 mol^2/(J m s)"),
    "mol m^2/(J s)": ("a mobility", "1e-22 mol m^2/(J s)"),
    "J m^2/mol": ("a gradient energy", "2e-14 J m^2/mol"),
    "V": ("a voltage", "0.25 V"),
    "A/m^2": ("a current density", "10 A/m^2"),
}
COMMON = (
    "m",
    "cm",
    "mm",
    "um",
    "nm",
    "s",
    "min",
    "h",
    "day",
    "K",
    "kelvin",
    "degC",
    "mol",
    "L",
    "J",
    "kJ",
    "eV",
    "V",
    "A",
)
LONGEST = 120
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
WORD = r"[A-Za-zµμΩΩÅÅ°%_]+"
POWER = r"(?:(?:\^|\*\*)?-?\d{1,2}|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
PATTERN = re.compile(rf"\s*((?>{NUMBER}))\s*((?:1\s*/\s*)?{WORD}.*)?", re.DOTALL)
TOKENS = re.compile(rf"({WORD})({POWER})?|(\s*[*/·×]\s*|\s+)|([()])|(1(?=\s*/))")
SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def looks_like_quantity(text: str) -> bool:
    """True for a number, or a number and a unit: "1e-14", "700 um", "3h"; False for what can only be an expression."""
    return split(text) is not None


def quantity(text: str, unit: str | None, where: str) -> float:
    """The number, in `unit` (an SI unit), that a text such as "700 um" stands for; a bare number is in `unit` already.

    unit None: in the SI base units of whatever it is. Raises Invalid: not a quantity, unknown unit, another dimension.
    """
    parts = split(text) if isinstance(text, str) else None
    if parts is None:
        raise Invalid.at(where, f"expected {expected(unit)}, got {shown(text)}.")
    value, given = parts
    if not math.isfinite(value):
        raise Invalid.at(where, f"expected a finite number, got {shown(text)}.")
    if not given:
        return value
    if any(word.endswith("%") for word in words(given)):
        raise Invalid.at(where, f"{given} is a kind of composition, not a unit; write the mole fraction, such as 0.2.")
    return convert(value, given, unit, text, where)


def number(value: float | int | str, unit: str | None, where: str) -> float:
    """A number in SI from a number, or from a quantity string with a unit of the same dimension as `unit`."""
    if isinstance(value, str):
        return quantity(value, unit, where)
    try:
        if isinstance(value, bool):
            raise TypeError
        result = float(value)
    except (TypeError, ValueError, OverflowError):
        raise Invalid.at(where, f"expected {expected(unit)}, got {shown(value)}.") from None
    if not math.isfinite(result):
        raise Invalid.at(where, f"expected a finite number, got {result}.")
    return result


def split(text: str) -> tuple[float, str] | None:
    """A number and the text of its unit, or None when the text is something else."""
    if len(text) > LONGEST:
        return None
    match = PATTERN.fullmatch(text)
    if match is None:
        return None
    unit = (match.group(2) or "").strip()
    return (float(match.group(1)), unit) if not unit or readable(unit) is not None else None


def readable(unit: str) -> str | None:
    """A unit in pint's language, or None if it is not a product of names and powers: "m2/s" becomes "m**2/s"."""
    parts, position, previous = [], 0, ""
    while position < len(unit):
        match = TOKENS.match(unit, position)
        if match is None:
            return None
        word, power, product, bracket, one = match.groups()
        if previous == "word" and (word or one or bracket == "("):
            return None
        if word:
            exponent = (power or "").translate(SUPERSCRIPTS).lstrip("^*")
            if exponent in ("-",) or exponent.count("-") > 1:
                return None
            parts.append(f"{word}**({exponent})" if exponent else word)
        elif product:
            parts.append(product.strip().replace("·", "*").replace("×", "*") or "*")
        else:
            parts.append(bracket or one)
        previous = "word" if word or one or bracket == ")" else "other"
        position = match.end()
    return "".join(parts) if balanced(parts) and previous == "word" else None


def balanced(parts: list[str]) -> bool:
    depth = 0
    for part in parts:
        depth += (part == "(") - (part == ")")
        if depth < 0:
            return False
    return depth == 0


def words(unit: str) -> list[str]:
    return re.findall(WORD, unit)


@functools.cache
def registry():
    """Pint, knowing the units of the field."""
    import pint

    units = pint.UnitRegistry(None)
    units.load_definitions(DEFINITIONS.strip().splitlines())
    return units


@functools.cache
def full_registry():
    """Pint, knowing every unit it comes with."""
    import pint

    return pint.UnitRegistry()


def known(units, unit: str) -> bool:
    return all(has(units, word) for word in words(unit))


def has(units, word: str) -> bool:
    """Whether pint knows a word; it takes one that begins or ends with _ for an attribute of its own."""
    return word == word.strip("_") and word in units


def convert(value: float, given: str, unit: str | None, text: str, where: str) -> float:
    units = registry()
    if not known(units, given):
        units = full_registry()
    unknown = [word for word in words(given) if not has(units, word)]
    if unknown:
        hint = near(unknown[0], COMMON)
        raise Invalid.at(where, f"{unknown[0]!r} is not a unit in {shown(text)}.{hint} Expected {expected(unit)}.")
    import pint

    try:
        amount = units.Quantity(value, units.parse_units(readable(given)))
        if unit == "mol/m^3" and amount.check("[length]**-3"):  # a number of them, as of electrons in a crystal
            amount = amount / units.Quantity(AVOGADRO, "1/mol")
        result = amount.to_base_units() if unit is None else amount.to(readable(unit) if unit not in ("", "1") else "")
    except pint.errors.OffsetUnitCalculusError:
        raise Invalid.at(where, f"{shown(text)}: in a compound unit write K instead of degC.") from None
    except pint.errors.PintError:
        raise Invalid.at(where, f"expected {expected(unit)}, got {shown(text)}.") from None
    except (OverflowError, ZeroDivisionError, ValueError, TypeError, KeyError):  # KeyError: pint on "m^0"
        raise Invalid.at(where, f"expected {expected(unit)}, got {shown(text)}.") from None
    if not math.isfinite(result.magnitude):
        raise Invalid.at(where, f"expected a finite number, got {shown(text)}.")
    return float(result.magnitude)


def expected(unit: str | None) -> str:
    """What a person should have written, with an example."""
    if unit is None:
        return 'a number or a quantity such as "250 kJ/mol"'
    if unit in ("", "1"):
        return "a plain number such as 0.5"
    meaning, example = MEANING.get(unit, (f"a number or a quantity in {unit}", ""))
    return f'{meaning} such as "{example}"' if example else meaning


def shown(value) -> str:
    """A value as it may stand in a sentence: quoted if text, and never longer than a line."""
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:56] + "..."

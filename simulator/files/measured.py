"""Measured profiles: CSV or TSV with a header, to a Profile."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.files.delimited import cells_of, numbers_of
from simulator.solve.profile import Profile

LENGTHS = {
    "m": 1.0,
    "cm": 1e-2,
    "mm": 1e-3,
    "um": 1e-6,
    "µm": 1e-6,  # micro sign
    "μm": 1e-6,  # Greek mu
    "micron": 1e-6,
    "microns": 1e-6,
    "nm": 1e-9,
    "angstrom": 1e-10,
}
POSITIONS = ("x", "dis", "dist", "distance", "position", "pos", "depth", "z", "y")
BASES = {"at%": "at%", "at.%": "at%", "atomic%": "at%", "mol%": "at%", "wt%": "wt%", "wt.%": "wt%", "mass%": "wt%"}
BASES |= {"molefraction": "fraction", "fraction": "fraction", "1": "fraction", "-": "fraction", "": None}
LOWEST, HIGHEST = -0.05, 1.05
TITLE = re.compile(r"\s*(.*?)\s*[\[(]\s*([^\])]*?)\s*[\])]\s*")


def read_profile(
    path: str | Path,
    *,
    x_column: str | None = None,
    component: str | None = None,
    ends: Mapping[str, Mapping[str, float]] | Sequence[float] | None = None,
    basis: str | None = None,
    time: float | str | None = None,
    temperature: float | str | None = None,
) -> Profile:
    """The profile in a CSV or TSV file with a header; separator and decimal comma are recognised, lines with # are
    skipped.

    x_column: "dis [um]", a column and its unit, where the header does not say which; component: the one to read, and
    its name if the only column of values is called otherwise; ends: two numbers, or {"left": {name: value}, "right":
    ..}; basis: "at%", "wt%" or "fraction" where the header does not say; time s, temperature K, or quantities. Raises
    Invalid with the line of what cannot be read.
    """
    path = Path(path)
    header_line, header, rows = cells_of(path)
    column, unit = position_column(path, header_line, header, x_column)
    titles = {k: split_title(title) for k, title in enumerate(header) if k != column}
    values = {k: t for k, t in titles.items() if not t[0].lower().startswith("sigma_")}
    numbers = numbers_of(path, rows, header, {column, *values, *(k for k in titles if k not in values)})
    x = numbers[column] * unit
    check_positions(path, rows, x, numbers[column])
    wanted = chosen(path, header_line, values, component)
    kinds = {
        name: kind_of(path, header_line, values[k][1] if k is not None else "", basis) for name, k in wanted.items()
    }
    given = {name: numbers[k] for name, k in wanted.items()}
    columns = {title[0][len("sigma_") :]: numbers[k] for k, title in titles.items() if k not in values}
    sigmas = {name: columns.get(name, columns.get(values[k][0])) for name, k in wanted.items()}
    unknown = [name for name in columns if name not in {*wanted, *(values[k][0] for k in wanted.values())}]
    if unknown and component is None:
        hint = near(unknown[0], wanted)
        raise Invalid.at(f"{path}:{header_line}", f"sigma_{unknown[0]} belongs to no column {unknown[0]}.{hint}")
    fractions, sigma = to_fractions(path, header_line, given, sigmas, kinds)
    check_fractions(path, rows, fractions, kinds)
    faults = [
        Fault(f"{path}:{header_line}", f"the uncertainties of {name} must be positive.")
        for name, value in sigma.items()
        if value is not None and not (value > 0).all()
    ]
    if faults:
        raise Invalid(*faults)
    names = tuple(fractions)
    stated = end_values(ends, names)
    check_direction(stated, fractions)
    kelvin = si(temperature, "K", "temperature")
    if kelvin is not None and not kelvin > 0.0:
        raise Invalid.at("temperature", f"must be above absolute zero, got {kelvin:g} K.")
    known = all(sigma[name] is not None for name in names)
    return Profile(
        x=x,
        components=names,
        fractions=np.stack([fractions[name] for name in names]),
        sigma=np.stack([sigma[name] for name in names]) if known else None,
        time=si(time, "s", "time"),
        temperature=kelvin,
        ends=stated,
        source=str(path),
    )


def si(value, unit: str, where: str) -> float | None:
    """A number in SI from a number or a quantity."""
    if value is None or not isinstance(value, str):
        return value
    from simulator.laws.units import number

    return number(value, unit, where)


def split_title(title: str) -> tuple[str, str]:
    """("Ni", "at%") from "Ni [at%]" or "Ni (at%)"; the unit is empty where there is none."""
    found = TITLE.fullmatch(title)
    return (found[1], found[2]) if found else (title.strip(), "")


def position_column(path: Path, line: int, header: list[str], asked: str | None) -> tuple[int, float]:
    """Number of the column of positions, and its unit in m."""
    titles = [split_title(title) for title in header]
    names = [name for name, _ in titles]
    if asked is not None:
        name, unit = split_title(asked)
        matches = [k for k, word in enumerate(names) if word == name or header[k] == asked]
        if not matches:
            shown = ", ".join(names)
            raise Invalid.at(
                f"{path}:{line}", f"there is no column {name!r}; the columns are {shown}.{near(name, names)}"
            )
        column = matches[0]
        unit = unit or titles[column][1]
    else:
        found = [k for k, (_, unit) in enumerate(titles) if unit in LENGTHS]
        if not found:
            candidates = [name for name in names if name.lower() in POSITIONS] or names
            raise Invalid.at(
                f"{path}:{line}",
                f'no column has a length as its unit. Write it in the header, "{candidates[0]} [um]", or give '
                f'--x "{candidates[0]} [um]".',
            )
        column, unit = found[0], titles[found[0]][1]
    if unit not in LENGTHS:
        what = (
            f"the unit {unit!r} of {names[column]} is not a length"
            if unit
            else f"the column {names[column]} has no unit"
        )
        raise Invalid.at(f"{path}:{line}", f'{what}; give one of m, cm, mm, um, nm: --x "{names[column]} [um]".')
    return column, LENGTHS[unit]


def check_positions(path: Path, rows, x: np.ndarray, shown: np.ndarray) -> None:
    steps = np.diff(x)
    if (steps > 0).all():
        return
    if (steps < 0).all():
        raise Invalid.at(
            f"{path}:{rows[1][0]}",
            "positions decrease from line to line; reverse the order of the rows, so that they increase.",
        )
    k = int(np.argmax(steps <= 0))
    word = "repeats" if steps[k] == 0 else "is less than"
    raise Invalid.at(
        f"{path}:{rows[k + 1][0]}", f"positions must increase, but {shown[k + 1]:g} {word} the {shown[k]:g} before it."
    )


def chosen(path: Path, line: int, values: dict[int, tuple[str, str]], component: str | None) -> dict[str, int]:
    """Names of the components to read, and their columns."""
    names = {component_of(name): k for k, (name, _) in values.items()}
    if not names:
        raise Invalid.at(f"{path}:{line}", "there is no column of compositions beside the positions.")
    if len(names) < len(values):
        raise Invalid.at(f"{path}:{line}", "two columns have the same name.")
    if component is None:
        return names
    if component_of(component) in names:
        return {component_of(component): names[component_of(component)]}
    if len(names) == 1:
        return {component: next(iter(names.values()))}
    raise Invalid.at(
        f"{path}:{line}",
        f"there is no column {component!r}; the columns are {', '.join(names)}.{near(component, names)}",
    )


def component_of(title: str) -> str:
    """Ni, whether a column is called Ni, x_Ni or X_Ni."""
    return title[2:] if title[:2] in ("x_", "X_") and len(title) > 2 else title


def kind_of(path: Path, line: int, unit: str, basis: str | None) -> str:
    """at%, wt% or fraction, from the header or else the argument."""
    for text, where in ((unit, f"{path}:{line}"), (basis or "", "basis")):
        word = re.sub(r"[\s_]", "", text).lower()
        if word not in BASES:
            raise Invalid.at(
                where, f"{text!r} is not a kind of composition; there are at%, wt% and fraction.{near(word, BASES)}"
            )
        if BASES[word] is not None:
            return BASES[word]
    return "fraction"


def to_fractions(path, line, given, sigmas, kinds):
    """Mole fractions and their uncertainties by name."""
    if not any(kind == "wt%" for kind in kinds.values()):
        scale = {name: 0.01 if kind == "at%" else 1.0 for name, kind in kinds.items()}
        return (
            {name: scale[name] * value for name, value in given.items()},
            {name: None if sigmas[name] is None else scale[name] * sigmas[name] for name in given},
        )
    if not all(kind == "wt%" for kind in kinds.values()):
        raise Invalid.at(f"{path}:{line}", "wt% and other kinds of composition cannot be mixed in one file.")
    if len(given) < 2:
        raise Invalid.at(
            f"{path}:{line}", "wt% can be turned into mole fractions only with the columns of all components."
        )
    try:
        import periodictable
    except ImportError:
        raise Invalid.at(
            f"{path}:{line}",
            "wt% needs atomic masses, which come with the periodictable library: pip install periodictable.",
        ) from None
    mass = {}
    for name in given:
        try:
            mass[name] = float(getattr(periodictable, name).mass)
        except AttributeError:
            raise Invalid.at(
                f"{path}:{line}", f"{name} is not the symbol of an element, so its atomic mass is not known."
            ) from None
    total = sum(given.values())
    if np.abs(total - 100.0).max() > 5.0:
        raise Invalid.at(f"{path}:{line}", f"the wt% sum to {total[np.argmax(np.abs(total - 100.0))]:.4g}, not to 100.")
    moles = {name: value / mass[name] for name, value in given.items()}
    all_moles = sum(moles.values())
    fractions = {name: value / all_moles for name, value in moles.items()}
    # First order in the component's own error alone: dx = x (1 - x) dw/w, with dx/dw finite at w = 0.
    slope = {name: (1.0 - fractions[name]) / mass[name] / all_moles for name in given}
    return fractions, {name: None if sigmas[name] is None else sigmas[name] * slope[name] for name in given}


def check_fractions(path: Path, rows, fractions: Mapping[str, np.ndarray], kinds: Mapping[str, str]) -> None:
    for name, value in fractions.items():
        bad = (value < LOWEST) | (value > HIGHEST)
        if bad.any():
            k = int(np.argmax(bad))
            hint = ""
            if kinds[name] == "fraction" and value.min() > -5.0 and value.max() <= 105.0:
                hint = f' If these are atomic percent, write "{name} [at%]" in the header or give --basis at%.'
            raise Invalid.at(
                f"{path}:{rows[k][0]}", f"a mole fraction lies between 0 and 1, got {value[k]:g} for {name}.{hint}"
            )


def check_direction(ends: Mapping[str, np.ndarray] | None, fractions: Mapping[str, np.ndarray]) -> None:
    """Raise Invalid where known end values fall while the profile clearly rises from left to right, or the reverse."""
    if ends is None:
        return
    for (name, value), left, right in zip(fractions.items(), ends["left"], ends["right"], strict=True):
        outer = max(1, value.size // 4)
        first, last = value[:outer].mean(), value[-outer:].mean()
        if (right - left) * (last - first) < -0.25 * (right - left) ** 2:
            raise Invalid.at(
                "ends",
                f"{name} is given as {left:g} at the left and {right:g} at the right, but goes from {value[0]:.3g} to "
                f"{value[-1]:.3g}; exchange the two values.",
            )


def end_values(ends, names: tuple[str, ...]) -> dict[str, np.ndarray] | None:
    """Known end values by side, in the order of the components; Invalid where one is missing or impossible."""
    if ends is None:
        return None
    if not isinstance(ends, Mapping):
        pair = [float(value) for value in ends]
        if len(pair) != 2:
            raise Invalid.at("ends", f"expected two values, left and right, got {len(pair)}.")
        if len(names) > 2:
            raise Invalid.at("ends", f"two values are ambiguous for {', '.join(names)}; choose one with --component.")
        both = [(value, 1.0 - value)[: len(names)] for value in pair]
        ends = {side: dict(zip(names, value, strict=True)) for side, value in zip(("left", "right"), both, strict=True)}
    found, faults = {}, []
    for side in ("left", "right"):
        if side not in ends:
            faults.append(Fault("ends", f"the {side} end is missing."))
            continue
        given = dict(ends[side])
        faults += [
            Fault(f"ends.{side}.{name}", f"the profile has no {name}.{near(name, names)}")
            for name in given
            if name not in names
        ]
        missing = [name for name in names if name not in given]
        if len(missing) == 1 and len(names) > 1:
            given[missing[0]] = 1.0 - sum(given.values())
        elif missing:
            faults.append(Fault(f"ends.{side}", f"{', '.join(missing)} {'are' if len(missing) > 1 else 'is'} missing."))
            continue
        found[side] = np.array([float(given[name]) for name in names])
        faults += [
            Fault(f"ends.{side}", f"a mole fraction lies between 0 and 1, got {value:g}.")
            for value in found[side]
            if not -1e-9 <= value <= 1.0 + 1e-9
        ]
    if faults:
        raise Invalid(*faults)
    return found

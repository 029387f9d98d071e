"""What a method found beside its estimate, one line each: planes, end values, numbers, and what is worth a look."""

import numpy as np

NOTHING = 1e-7  # of the length, below which the place of a plane is rounding
MOST = 12  # numbers on a line
NUMBERS = (  # among the diagnostics, what is worth a line: name, unit
    ("swelling", "m"),
    ("marker_velocity", "m/s"),
    ("ratio", ""),
    ("tracer_ratio_without_wind", ""),
    ("tracer_ratio_with_wind", ""),
    ("dose", "dose_unit"),
    ("condition", ""),
    ("misfit", ""),
    ("disagreement", ""),
    ("difference_from_kirkaldy", ""),
    ("reference_temperature", "K"),
    ("miss", ""),
    ("eigenvalues", "m^2/s"),
    ("singular_values", ""),
    ("identifiable", ""),
    ("constant", ""),
    ("excursions", ""),
    ("critical_wavenumber", "rad/m"),
    ("fastest_wavelength", "m"),
    ("phases", ""),
    ("r_squared", ""),
    ("exponent", ""),
    ("exponent_interval", ""),
)
WORDS = {"miss": "paths miss each other by", "constant": "components taken as constant"}
WORDS |= {"r_squared": "r^2", "exponent": "exponent of L over t", "exponent_interval": "its interval of 95 %"}
PLACES = {"positions": "crossing", "planes": "contact plane"}  # m, one for each couple


def planes(entry) -> None:
    """Planes, crossings and end values, where the method has any."""
    for name, text in named_planes(entry):
        print(f"  {name}: {text}")


def named_planes(entry):
    """Pairs of a name and a text for each of them."""
    diagnostics = entry.estimate.diagnostics
    for name, value in diagnostics.items():
        if name.endswith("_plane") and isinstance(value, float):
            yield name.replace("_", " ").replace("matano", "Matano"), microns([value], entry)
        elif name in PLACES and value:
            each = ", one for each couple" if len(value) > 1 else ""
            yield f"{PLACES[name]}{each}", microns(value, entry)
    for plane in diagnostics.get("zero_flux_planes") or ():
        sd = "" if plane["sd"] is None else f", sd {1e6 * plane['sd']:.2g}"
        yield f"no flux of {plane['component']}", f"{microns([plane['position']], entry)}{sd}"
    regions = diagnostics.get("uphill") or ()
    for name in dict.fromkeys(region["component"] for region in regions):
        own = [region for region in regions if region["component"] == name]
        shown = ", ".join(f"{1e6 * region['left']:.4g} to {1e6 * region['right']:.4g} um" for region in own)
        yield f"{name} flows uphill", shown
    ends = diagnostics.get("ends")
    if ends is not None and np.ndim(ends) == 1:
        left, right = (round(float(value), 7) + 0.0 for value in ends)
        yield "ends", f"{left:.5g}, {right:.5g}" + (" (given)" if diagnostics.get("ends_given") else "")


def found_of(entry) -> list:
    """What a method finds beside its estimate, such as kappa beside the interdiffusivity, with the truth where results
    know their law."""
    from inverse.spinodal.known import METHODS, found_beside

    if entry.estimate.method not in METHODS:
        return []
    return found_beside(entry.estimate, entry.results if entry.verdict is not None else ())


def named_found(entry):
    """Pairs of a name and a text for what a method finds besides, with its truth where that is known."""
    for row in found_of(entry):
        at = "" if row.composition is None else f" at {row.composition:.4g}"
        text = f"{row.value:.6g}{'' if row.sd is None else f' +- {row.sd:.2g}'} {row.unit}"
        yield f"{row.name}{at}", text if row.truth is None else f"{text}, truth {row.truth:.6g}{percent(row.error)}"


def percent(error: float | None) -> str:
    """A relative error, after a comma; "" where it has none."""
    return "" if error is None else f", {100.0 * error:+.3f} %"


def microns(places, entry) -> str:
    size = NOTHING * np.ptp(entry.profile.x)
    return ", ".join(f"{1e6 * (x if abs(x) > size else 0.0):.6g}" for x in places) + " um"


def numbers(diagnostics: dict) -> None:
    """The numbers among the diagnostics that a person looks for, each with its unit."""
    for name, text in named_numbers(diagnostics):
        print(f"  {name}: {text}")


def named_numbers(diagnostics: dict):
    """Pairs of a name and a text for each of them."""
    for name, unit in NUMBERS:
        words = diagnostics.get("ratio_of") if name == "ratio" else WORDS.get(name, name.replace("_", " "))
        text = shown(diagnostics.get(name))
        if text:
            yield words or name, f"{text} {diagnostics.get(unit, unit)}".rstrip()


def shown(value) -> str:
    """A number, a verdict, or a list of them; "" for nothing."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return f"{value:.6g}" if np.isfinite(value) else ""
    if isinstance(value, dict):
        parts = {name: shown(entry) for name, entry in value.items()}
        return ", ".join(f"{name} {text}" for name, text in parts.items() if text)
    if isinstance(value, list | tuple | np.ndarray):
        if len(value) == 1 and np.ndim(value) > 1:
            return shown(value[0])
        if np.ndim(value) == 1 and len(value) > MOST:
            return f"{shown(value[0])} .. {shown(value[-1])} ({len(value)} of them)"
        if np.ndim(value) == 1:
            return ", ".join(text for text in (f"{v:.4g}" if isinstance(v, float) else shown(v) for v in value) if text)
    return ""

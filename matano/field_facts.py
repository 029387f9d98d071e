"""What fields look like, in numbers: for `matano info`, `matano export` and what a case expects."""

import numpy as np

from matano.places import problem_of
from simulator.faults import Invalid

UNITS = {
    "free_energy": "J/mol",
    "energy_length": "m",
    "wavelength": "m",
    "phase_fraction": "",
    "lever_rule": "",
    "interface_width": "m",
}


def columns(result) -> dict[str, np.ndarray]:
    """(t,) of every name in UNITS; nan where it is not defined."""
    lengths, parts = result.lengths(), result.phase_fractions()
    values = (
        result.free_energy,
        lengths.energy,
        lengths.wave,
        parts.measured,
        parts.lever,
        result.interface_width(),
    )
    return dict(zip(UNITS, values, strict=True))


def at_index(result, k: int) -> dict[str, float]:
    """The same at one saved time alone: no other field is read."""
    return {name: float(values[0]) for name, values in columns(result.only(k)).items()}


def facts(result) -> dict:
    """The numbers of the last saved time that are defined, and where the start stood in the miscibility gap."""
    found = {name: value for name, value in at_index(result, -1).items() if np.isfinite(value)}
    if "interface_width" in found:
        found["interface_cells"] = found["interface_width"] / max(result.box.spacing)
    return found | start(result)


def start(result) -> dict[str, str]:
    """Where the start stood in the miscibility gap; empty for a result of a law that has none."""
    from simulator.problem.gap import situation

    problem = problem_of(result)
    sentence = "" if problem is None else situation(problem)
    return {"start": sentence} if sentence else {}


def lines(facts: dict):
    """Name and text of what `facts` found."""
    for name, unit in UNITS.items():
        if name in facts:
            cells = f", {facts['interface_cells']:.3g} cells" if name == "interface_width" else ""
            yield name.replace("_", " "), f"{facts[name]:.6g} {unit}".rstrip() + cells
    if "start" in facts:
        yield "start", facts["start"]


def of_field(result, entry, k: int, where: str) -> float:
    """One of UNITS that a case expects of a field at the k-th saved time."""
    if not hasattr(result, "box"):
        raise Invalid.at(f"{where}.quantity", f"{entry.quantity} is that of a field in two or three dimensions.")
    value = at_index(result, k)[entry.quantity]
    if not np.isfinite(value):
        text = f"{entry.quantity} is not defined at t = {result.times[k]:g} s: there are no two phases in equilibrium."
        raise Invalid.at(f"{where}.quantity", text)
    return value

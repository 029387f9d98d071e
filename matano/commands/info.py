"""`matano info`: what a file says of its run, without running anything."""

import contextlib
import json
from pathlib import Path

from matano.console import duration, print_json
from simulator.faults import Invalid

ELECTRIC = ("voltage", "current")
MOVING = ("position", "lattice_velocity", "marker_position", "interface_position")


def info(path: Path, as_json: bool) -> int:
    facts = facts_of(path)
    if as_json:
        print_json(facts)
        return 0
    print(facts["title"] or path.stem)
    for name, text in lines(facts):
        print(f"  {name:<18}  {text}")
    for sentence in facts["warnings"]:
        print(f"  warning: {sentence}")
    return 0


def facts_of(path: Path) -> dict:
    """What the file says of its run, by name; `lines` puts it into words."""
    import numpy as np

    from simulator.files.stored import holds_fields, open_file, quantity_of, reading, text_of

    with open_file(path) as file, reading(path):
        attributes = file.attrs
        saved = int(attributes["saved"])
        time = file["time"][:saved]
        diagnostics = (
            {name: float(file[f"diagnostics/{name}"][saved - 1]) for name in file["diagnostics"]} if saved else {}
        )
        facts = {
            "file": str(path),
            "title": text_of(attributes["title"]),
            "status": text_of(attributes["status"]),
            "saved": saved,
            "times": [float(entry) for entry in time],
            "planned": int(file["time"].shape[0]),
            "components": [text_of(name) for name in file["component"][:]],
            **(box_facts(file) if holds_fields(file) else line_facts(file)),
            "controls": controls(text_of(attributes["case"]), json.loads(attributes["overrides"])),
            "diagnostics": diagnostics,
            "warnings": text_of(attributes["warnings"]).splitlines(),
            "overrides": json.loads(attributes["overrides"]),
            "analyses": sorted(file["analysis"]) if "analysis" in file else [],
            "case_sha256": text_of(attributes["case_sha256"]),
            "history": text_of(attributes["history"]),
            "versions": json.loads(attributes["versions"]),
        }
        if saved:
            quantity = quantity_of(file)
            facts[f"smallest_{quantity}"] = float(np.min(file[quantity][saved - 1]))
            for name in ELECTRIC:
                if name in file:
                    facts[name] = [float(value) for value in file[name][:saved]]
        moving = saved and any(name in file for name in MOVING)
        boxed = saved and holds_fields(file)
        unmixed = saved and "chemical_potential" in file and not boxed
    if moving:
        facts |= places(path)
    if boxed:
        facts |= microstructure(path)
    if unmixed:
        from matano.field_facts import start
        from simulator.files.stored import open_result

        facts |= start(open_result(path))
    return facts


def line_facts(file) -> dict:
    from simulator.files.stored import text_of

    return {
        "cells": int(file["x"].shape[0]),
        "interval": [float(file["x_face"][0]), float(file["x_face"][-1])],
        "geometry": text_of(file.attrs["geometry"]),
    }


def box_facts(file) -> dict:
    from simulator.files.stored import text_of

    axes = [name for name in "xyz" if name in file]
    return {
        "cells": [int(file[name].shape[0]) for name in axes],
        "size": [float(file[f"{name}_face"][-1]) for name in axes],
        "sides": json.loads(text_of(file.attrs["sides"])),
    }


def microstructure(path: Path) -> dict:
    """What the last field looks like; of a file without its case, what the arrays alone tell."""
    from matano.field_facts import facts
    from simulator.files.stored import open_result

    return facts(open_result(path))


def places(path: Path) -> dict:
    """What moved: the right end, markers, Kirkendall planes, layers; without its case, what the arrays alone tell."""
    from matano.places import face_positions, layer_names
    from simulator.files.stored import open_result

    result, facts = open_result(path), {}
    if result.has("molar_volume"):
        volume = result.field("molar_volume")[-1]
        facts["molar_volume"] = [float(volume.min()), float(volume.max())]
        facts["displacement"] = float(face_positions(result)[-1, -1] - result.grid.faces[-1])
    if result.has("marker_position"):
        facts["markers"] = markers(result)
    with contextlib.suppress(Invalid):  # no step couple, or a file without its case
        facts |= planes(result)
    if result.has("interface_position"):
        edges = result.field("interface_position")[-1]
        facts["interfaces"] = edges.tolist()
        thickness = edges[1:] - edges[:-1]
        names = layer_names(result)
        facts["layers"] = [{"name": name, "thickness": float(d)} for name, d in zip(names, thickness, strict=True)]
    return facts


def markers(result) -> list[dict]:
    """Where each marker started and ended; how its distance from there grew, as a power of time, if it started from
    the contact plane.
    """
    from matano.places import contact_plane, growth_exponent, marker_starts

    found, starts, contact = result.field("marker_position"), marker_starts(result), contact_plane(result)
    rows = []
    for k, place in enumerate(found[-1]):
        row = {"start": None if starts is None else float(starts[k]), "position": float(place), "exponent": None}
        if starts is not None and starts[k] == contact:
            exponent = growth_exponent(result.time, found[:, k] - contact)
            row["exponent"] = exponent if exponent == exponent else None
        rows.append(row)
    return rows


def planes(result) -> dict:
    """The Kirkendall planes of the last time; none where the lattice rests."""
    from matano.places import character
    from simulator.solve.kirkendall import kinds, kirkendall_planes

    if not result.has("lattice_velocity") or not result.field("lattice_velocity")[-1].any():
        return {}
    found = kirkendall_planes(result)
    rows = [{"position": entry.position, "velocity": entry.velocity, "kind": character(entry)} for entry in found]
    return {"kirkendall": {"kind": kinds(found), "planes": rows}}


def controls(text: str, overrides: list[str]) -> dict:
    """[solver] as the case gives it."""
    import tomllib

    try:
        given = dict(tomllib.loads(text).get("solver", {}))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
    for entry in overrides:
        key, _, value = entry.partition("=")
        if key.strip().startswith("solver."):
            given[key.strip().removeprefix("solver.")] = value.strip()
    return given


def lines(facts: dict):
    yield "status", f"{facts['status']}, {facts['saved']} of {facts['planned']} times saved"
    if len(facts["times"]) > 1 and facts["times"][0] == float("inf"):
        yield "states", f"{facts['saved']} steady ones, of a sweep"
    elif facts["times"]:
        yield "times", ", ".join(map(duration, facts["times"][:8])) + (", ..." if len(facts["times"]) > 8 else "")
    yield "components", ", ".join(facts["components"])
    yield "grid", grid(facts)
    if facts["controls"]:
        yield "solver", ", ".join(f"{name} = {value}" for name, value in facts["controls"].items())
    for name, value in facts["diagnostics"].items():
        yield name.replace("_", " "), "-" if value != value else f"{value:.6g}"
    yield from lines_of_ions(facts)
    yield from lines_of_places(facts)
    if "sides" in facts or "start" in facts:
        from matano.field_facts import lines as lines_of_fields

        yield from lines_of_fields(facts)
    if facts["overrides"]:
        yield "set", ", ".join(facts["overrides"])
    if facts["analyses"]:
        yield "analyses", ", ".join(facts["analyses"])
    yield "sha256 of the case", facts["case_sha256"][:16]
    yield "history", facts["history"]
    yield "versions", ", ".join(f"{name} {number}" for name, number in facts["versions"].items())


def grid(facts: dict) -> str:
    """Cells, and from where to where they reach."""
    if "interval" in facts:
        left, right = facts["interval"]
        return f"{facts['cells']} cells, {left:g} to {right:g} m, {facts['geometry']}"
    cells, size = (" x ".join(f"{entry:g}" for entry in facts[name]) for name in ("cells", "size"))
    sides = facts["sides"]
    same = len(set(sides)) == 1
    return f"{cells} cells, {size} m, {sides[0] if same else ', '.join(sides)} sides"


def lines_of_ions(facts: dict):
    """The last voltage and current, or, of a sweep, from where to where they went."""
    if "voltage" not in facts:
        return
    sweep = len(facts["times"]) > 1 and facts["times"][0] == float("inf")
    for name, unit in (("voltage", "V"), ("current", "A/m^2")):
        first, last = facts[name][0], facts[name][-1]
        yield name, f"{first:.6g} to {last:.6g} {unit}" if sweep else f"{last:.6g} {unit}"


def lines_of_places(facts: dict):
    if "molar_volume" in facts:
        low, high = facts["molar_volume"]
        yield "molar volume", f"{low:.6g} to {high:.6g} m^3/mol; the right end moved by {facts['displacement']:.6g} m"
    for k, row in enumerate(facts.get("markers", ())):
        start = "" if row["start"] is None else f", started at {row['start']:g} m"
        power = "" if row["exponent"] is None else f", moves as t^{row['exponent']:.4f}"
        yield f"marker {k}", f"{row['position']:.6g} m{start}{power}"
    if "kirkendall" in facts:
        rows = facts["kirkendall"]["planes"]
        spots = (f"{row['position']:.6g} m ({row['kind']})" for row in rows)
        kind = f"{facts['kirkendall']['kind']}: " if len(rows) > 1 else ""
        yield "Kirkendall plane" + "s" * (len(rows) > 1), kind + ", ".join(spots)
    for k, place in enumerate(facts.get("interfaces", ())):
        yield f"interface {k}", f"{place:.6g} m"
    for row in facts.get("layers", ()):
        yield "layer", f"{row['name']}: {row['thickness']:.6g} m thick"

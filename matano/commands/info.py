"""`matano info`: read from the attributes of the file alone."""

import json
from pathlib import Path

from matano.console import duration, print_json


def info(path: Path, as_json: bool) -> int:
    import numpy as np

    from simulator.files.stored import open_file, reading, text_of

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
            "cells": int(file["x"].shape[0]),
            "interval": [float(file["x_face"][0]), float(file["x_face"][-1])],
            "geometry": text_of(attributes["geometry"]),
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
            facts["smallest_mole_fraction"] = float(np.min(file["mole_fraction"][saved - 1]))
    if as_json:
        print_json(facts)
        return 0
    print(facts["title"] or path.stem)
    for name, text in lines(facts):
        print(f"  {name:<18}  {text}")
    for sentence in facts["warnings"]:
        print(f"  warning: {sentence}")
    return 0


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
    left, right = facts["interval"]
    yield "status", f"{facts['status']}, {facts['saved']} of {facts['planned']} times saved"
    if facts["times"]:
        yield "times", ", ".join(map(duration, facts["times"][:8])) + (", ..." if len(facts["times"]) > 8 else "")
    yield "components", ", ".join(facts["components"])
    yield "grid", f"{facts['cells']} cells, {left:g} to {right:g} m, {facts['geometry']}"
    if facts["controls"]:
        yield "solver", ", ".join(f"{name} = {value}" for name, value in facts["controls"].items())
    for name, value in facts["diagnostics"].items():
        yield name.replace("_", " "), "-" if value != value else f"{value:.6g}"
    if facts["overrides"]:
        yield "set", ", ".join(facts["overrides"])
    if facts["analyses"]:
        yield "analyses", ", ".join(facts["analyses"])
    yield "sha256 of the case", facts["case_sha256"][:16]
    yield "history", facts["history"]
    yield "versions", ", ".join(f"{name} {number}" for name, number in facts["versions"].items())

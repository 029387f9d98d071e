"""The analyses that a result holds, as they were when `matano analyse --save` wrote them."""

import json

import numpy as np

from simulator.faults import Invalid

SAME_TIME = 1e-9
PARTS = {"composition", "value", "window"}
WORDS = {"recovers", "unit", "components"}


def saved_analyses(result) -> list:
    """Every /analysis/METHOD of the file of a result, by the names of the methods; those of other programs, which lack
    its parts, are left out. Raises Invalid for one that is damaged."""
    from simulator.files.stored import open_file, reading

    if not hasattr(result, "path"):
        return []
    with open_file(result.path) as file, reading(result.path):
        groups = {name: contents(file["analysis"][name]) for name in sorted(file.get("analysis", ()))}
    found = (restored(result, name, *parts) for name, parts in groups.items())
    return [entry for entry in found if entry is not None]


def contents(group) -> tuple[dict, dict]:
    """Arrays and texts of a group."""
    from simulator.files.stored import text_of

    arrays = {name: np.asarray(group[name][()], float) for name in group if hasattr(group[name], "shape")}
    return arrays, {name: text_of(value) for name, value in group.attrs.items()}


def restored(result, name: str, arrays: dict, words: dict):
    """One analysis, with the truth and the errors that were saved, and the tolerance of its case or its method; None
    where it cannot be understood."""
    from inverse.estimate import Estimate
    from inverse.registry import METHODS
    from matano.commands.analyse import Analysis
    from matano.sources import data_of, of

    if name not in METHODS or PARTS - set(arrays) or WORDS - set(words):
        return None
    try:
        components, diagnostics = (json.loads(words.get(key, "{}")) for key in ("components", "diagnostics"))
    except json.JSONDecodeError:
        raise Invalid.at(f"{result.path} /analysis/{name}", "is damaged: analyse again with --save.") from None
    component = words.get("component") or (components[0] if components[0] in result.components else first_of(result))
    single = arrays["value"].ndim == 1 and components == [component]
    estimate = Estimate(
        method=name,
        recovers=words["recovers"],
        unit=words["unit"],
        component=component,
        composition=arrays["composition"],
        value=arrays["value"],
        sd=arrays.get("sd"),
        window=tuple(arrays["window"].tolist()),
        diagnostics=diagnostics,
        rows=() if single else tuple(components),
        dependent=words.get("dependent", ""),
    )
    time = diagnostics.get("time")
    if time is not None and not np.isclose(result.time, time, rtol=SAME_TIME, atol=0.0).any():
        return None  # it was made from a time that the file, run again, no longer holds
    kind = METHODS[name].data
    profile = data_of(result, kind, "" if kind == "profile" else estimate.component, time)
    if kind == "profile" and profile.binary and estimate.component in profile.components:
        profile = of(profile, estimate.component)
    return Analysis((result.path,), (profile,), (result,), estimate, verdict_of(result, estimate, arrays))


def first_of(result) -> str:
    """The component that a binary result is drawn by."""
    from matano.places import problem_of

    problem = problem_of(result)
    return result.components[0] if problem is None else problem.mixture.independent[0]


def verdict_of(result, estimate, arrays: dict):
    """The comparison with the truth, where there was one."""
    from inverse.compare import Verdict, inside_of
    from inverse.registry import METHODS
    from inverse.roundtrip import stated

    if not {"truth", "error"} <= set(arrays):
        return None
    truth, error, method = arrays["truth"], arrays["error"], METHODS[estimate.method]
    shown = error if estimate.is_matrix else error[..., inside_of(estimate)]
    largest = float(np.abs(shown).max()) if shown.size else np.inf
    allowed = stated(result.case.verify.tolerance, method) if result.text else None
    allowed = method.tolerance if allowed is None else allowed
    return Verdict(estimate.method, estimate.recovers, truth, error, largest, allowed, estimate.window)


def round_trip_of(entry):
    """An analysis with a verdict as a round trip, which knows by how much its case expects a method to err."""
    from inverse.registry import METHODS
    from inverse.roundtrip import RoundTrip, stated

    result, name = entry.results[0], entry.estimate.method
    bias = stated(result.case.verify.expected_bias, METHODS[name]) if result.text else None
    return RoundTrip(result.title, name, entry.verdict, entry.estimate, bias=bias)

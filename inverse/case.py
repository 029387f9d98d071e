"""A case file that simulates an experiment with the coefficient recovered from it."""

from pathlib import Path

import numpy as np

from inverse.estimate import Estimate
from simulator.faults import Invalid
from simulator.solve.profile import Profile

CELLS = 600
OTHER = "Balance"


def write_case(estimate: Estimate, profile: Profile, path: str | Path) -> tuple[Path, Path]:
    """Write the case at `path` and, beside it, the table of the coefficient; the paths of both.

    The start is a step at the Matano plane between the end values, the ends are closed. Beyond the window the
    coefficient is constant. Where known end values are not reached within the profile, the sample is as long as the
    continued profile. Raises Invalid if the estimate is not of an interdiffusivity, or a value is not positive.
    """
    path = Path(path)
    if estimate.recovers != "interdiffusivity" or profile.time is None:
        raise Invalid.at(
            "case", f"a case can be written from an interdiffusivity and a time, not from {estimate.method}."
        )
    if not (np.isfinite(estimate.value).all() and (estimate.value > 0).all()):
        raise Invalid.at(
            "case", f"{estimate.method} found a diffusivity that is not positive; no case can be simulated with it."
        )
    table = path.with_name(f"{path.stem}-D.csv")
    order = np.argsort(estimate.composition)
    rows = [f"{X:.8g},{D:.8g}" for X, D in zip(estimate.composition[order], estimate.value[order], strict=True)]
    table.write_text("\n".join([f"x_{estimate.component},D", *rows, ""]), encoding="utf-8")
    path.write_text(case_text(estimate, profile, table.name), encoding="utf-8")
    return path, table


def case_text(estimate: Estimate, profile: Profile, table: str) -> str:
    """The case as TOML; table: name of the file of the coefficient."""
    name = estimate.component
    other = next((word for word in profile.components if word != name), OTHER if name != OTHER else "Rest")
    left, right = (min(max(end, 0.0), 1.0) for end in estimate.diagnostics["ends"])
    a, b = float(profile.x[0]), float(profile.x[-1])
    if estimate.diagnostics["ends_given"]:
        a, b = min(a, estimate.diagnostics["extent"][0]), max(b, estimate.diagnostics["extent"][1])
    source = Path(profile.source).name or "a profile"
    lines = [
        "schema = 1",
        f"title = {quoted(f'{source}, D from {estimate.method}')}",
        f"source = {quoted(f'recovered from {source}')}",
        f"components = [{quoted(other)}, {quoted(name)}]",
        f"dependent = {quoted(other)}",
        "",
        "[domain]",
        f"interval = [{a:.10g}, {b:.10g}]",
        f"cells = {CELLS}",
        'grading = "interface"',
        "",
        "[initial]",
        'shape = "step"',
        f"at = {estimate.diagnostics['matano_plane']:.10g}                     # the Matano plane of the profile",
        f"left = {{ {name} = {left:.8g} }}",
        f"right = {{ {name} = {right:.8g} }}",
        "",
        "[boundary]",
        'left = "closed"',
        'right = "closed"',
        "",
    ]
    if profile.temperature is not None:
        lines += ["[temperature]", f"value = {profile.temperature:.8g}", ""]
    lines += [
        "[law]",
        'kind = "fick"',
        f"D = {{ table = {quoted(table)} }}",
        "",
        "[time]",
        f"end = {profile.time:.10g}",
        f"save = [{profile.time:.10g}]",
        "",
    ]
    return "\n".join(lines)


def quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = "".join(
        f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else c
        for c in text.replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{escaped}"'

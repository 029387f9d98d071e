"""A case file that simulates an experiment with the coefficient recovered from it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from inverse.estimate import Estimate
from inverse.volume import other_of, volume_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

CELLS = 600
REACH = 10.0  # in sqrt(D t) of the largest eigenvalue: beyond, nothing happens
STEP = ("matano_plane", "ends", "ends_given", "extent")  # the diagnostics that a start is written from


def write_case(estimate: Estimate, profile: Profile, path: str | Path) -> tuple[Path, Path | None]:
    """Write the case at `path` and, beside it, the table of the coefficient; the paths of both. A matrix is written
    into the case, which is of the first couple it was found from: there is no table.

    The start is a step at the contact plane between the end values, the ends are closed; the molar volume is the
    profile's. Beyond the window the coefficient is constant. Where known end values are not reached within the profile,
    the sample is as long as the continued profile. Raises Invalid if the estimate is not D(X) of a step couple, or one
    matrix for all compositions, or a value or an eigenvalue is not positive.
    """
    path = Path(path)
    if estimate.is_matrix:
        path.write_text(matrix_text(estimate, profile), encoding="utf-8")
        return path, None
    if estimate.recovers != "interdiffusivity" or estimate.value.ndim > 1 or profile.time is None:
        raise Invalid.at(
            "case",
            "a case can be written from an interdiffusivity over the composition, or one matrix, and a time; "
            f"{estimate.method} gives {estimate.recovers.replace('_', ' ')}.",
        )
    if any(key not in estimate.diagnostics for key in STEP) or not is_step(profile):
        raise Invalid.at(
            "case", f"a case can be written for a couple that began as a step; {estimate.method} fits none."
        )
    if estimate.diagnostics.get("interfaces"):
        raise Invalid.at("case", "a case can be written for one phase; between two of them D is not known.")
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


def check_matrix(estimate: Estimate, profile: Profile) -> None:
    """Raise Invalid unless a matrix is one for all compositions that a couple from a step can be simulated with."""
    name = estimate.method
    if len(estimate.value) > 1:
        text = f"a case has one matrix, {name} found {len(estimate.value)}. Use exact-fit for one that is constant."
        raise Invalid.at("case", text)
    missing = {*profile.components, profile.dependent} - {"", *estimate.rows, estimate.dependent}
    if missing:
        text = f"the matrix of {name} says nothing of {', '.join(sorted(missing))}; no case can be simulated with it."
        raise Invalid.at("case", text)
    if not is_step(profile) or any(not estimate.diagnostics.get(key) for key in ("planes", "ends")):
        raise Invalid.at("case", f"a case can be written for a couple that began as a step; {name} fits none.")
    if len((profile.molar_volume or {}).keys() - {"kind"}) > 0:
        text = "a case with a matrix can be written for a constant molar volume only; leave out [molar_volume]."
        raise Invalid.at("case", text)
    D = estimate.value[0]
    eigenvalues = np.linalg.eigvals(D) if np.isfinite(D).all() else np.zeros(1)
    if eigenvalues.real.min() <= 0.0:
        text = f"the matrix of {name} has an eigenvalue that is not positive; no case can be simulated with it."
        raise Invalid.at("case", text)


def is_step(profile: Profile) -> bool:
    return (profile.start or {}).get("shape", "step") == "step"


def volume_lines(profile: Profile) -> list[str]:
    """The section of the molar volume, where it varies. Raises Invalid for one that no text can carry along."""
    if not volume_of(profile).varies:
        return []
    table = dict(profile.molar_volume)
    lines = ["[molar_volume]", f"kind = {quoted(table.pop('kind'))}"]
    for key, value in table.items():
        if not isinstance(value, str | int | float):
            raise Invalid.at("molar_volume", "a case can be written with numbers and expressions only.")
        lines.append(f"{key} = {quoted(value) if isinstance(value, str) else f'{float(value):.10g}'}")
    return [*lines, ""]


def case_text(estimate: Estimate, profile: Profile, table: str) -> str:
    """The case as TOML; table: name of the file of the coefficient."""
    name, other = estimate.component, other_of(profile)
    plane = estimate.diagnostics.get("contact_plane", estimate.diagnostics["matano_plane"])
    left, right = ({name: min(max(end, 0.0), 1.0)} for end in estimate.diagnostics["ends"])
    a, b = float(profile.x[0]), float(profile.x[-1])
    if estimate.diagnostics["ends_given"]:
        a, b = min(a, estimate.diagnostics["extent"][0]), max(b, estimate.diagnostics["extent"][1])
    b -= estimate.diagnostics.get("swelling", 0.0)  # the right end moved by that
    models = [*volume_lines(profile), "[law]", 'kind = "fick"', f"D = {{ table = {quoted(table)} }}", ""]
    return couple_text(estimate, profile, (other, name), other, (a, b), plane, left, right, models)


def couple_text(
    estimate: Estimate,
    profile: Profile,
    components: Sequence[str],
    dependent: str,
    interval: tuple[float, float],
    plane: float,
    left: Mapping[str, float],
    right: Mapping[str, float],
    models: Sequence[str],
) -> str:
    """The case of a closed step couple as TOML: interval and plane in m, fractions of both halves by component, and the
    lines of the sections that are its own."""

    def fractions(values: Mapping[str, float]) -> str:
        return ", ".join(f"{name} = {value:.8g}" for name, value in values.items())

    source = Path(profile.source).name or "a profile"
    temperature = profile.temperature
    lines = [
        "schema = 1",
        f"title = {quoted(f'{source}, D from {estimate.method}')}",
        f"source = {quoted(f'recovered from {source}')}",
        f"components = [{', '.join(map(quoted, components))}]",
        f"dependent = {quoted(dependent)}",
        "",
        "[domain]",
        f"interval = [{interval[0]:.10g}, {interval[1]:.10g}]",
        f"cells = {CELLS}",
        'grading = "interface"',
        "",
        "[initial]",
        'shape = "step"',
        f"at = {plane:.10g}                     # the contact plane, from the profile",
        f"left = {{ {fractions(left)} }}",
        f"right = {{ {fractions(right)} }}",
        "",
        "[boundary]",
        'left = "closed"',
        'right = "closed"',
        "",
        *([] if temperature is None else ["[temperature]", f"value = {temperature:.8g}", ""]),
        *models,
        "[time]",
        f"end = {profile.time:.10g}",
        f"save = [{profile.time:.10g}]",
        "",
    ]
    return "\n".join(lines)


def matrix_text(estimate: Estimate, profile: Profile) -> str:
    """The case of the first couple that one matrix (m, m) was found from, as TOML."""
    check_matrix(estimate, profile)
    names, D = estimate.rows, estimate.value[0]
    plane, ends = estimate.diagnostics["planes"][0], np.array(estimate.diagnostics["ends"][0])
    shares = np.clip(np.vstack([ends, 1.0 - ends.sum(axis=0)]), 0.0, 1.0)
    left, right = (dict(zip(names, half, strict=True)) for half in (shares / shares.sum(axis=0))[:-1].T)
    reach = REACH * float(np.sqrt(np.linalg.eigvals(D).real.max() * profile.time))
    a, b = min(float(profile.x[0]), plane - reach), max(float(profile.x[-1]), plane + reach)
    rows = [f"  [{', '.join(f'{value:.8g}' for value in row)}]," for row in D]
    models = ["[law]", 'kind = "fick"', "D = [", *rows, "]", ""]
    components = (*names, estimate.dependent)
    return couple_text(estimate, profile, components, estimate.dependent, (a, b), plane, left, right, models)


def quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = "".join(
        f"\\u{ord(c):04x}" if ord(c) < 32 or ord(c) == 127 else c
        for c in text.replace("\\", "\\\\").replace('"', '\\"')
    )
    return f'"{escaped}"'

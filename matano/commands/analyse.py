"""`matano analyse`: profiles in, coefficients out, beside the truth where a result knows its law."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from matano.console import UsageFault, check_target, print_json, print_table, refused, say
from simulator.faults import Fault, Invalid
from simulator.files import RESULTS

DEFAULT_METHOD = "sauer-freise"
ROWS = 12
NOTHING = 1e-7  # of the length, below which the place of a plane is rounding


@dataclass(frozen=True)
class Options:
    """What the command line says about the profiles: all texts, empty where nothing was said."""

    method: str = ""
    time: str = ""
    x: str = ""
    component: str = ""
    ends: str = ""
    basis: str = ""
    temperature: str = ""


@dataclass(frozen=True)
class Analysis:
    """One method on one file. verdict: None where the law is not known."""

    path: Path
    profile: object
    result: object
    estimate: object
    verdict: object


def analyse(
    paths: list[Path], options: Options, as_json: bool, save: bool, figure: Path | None, case: Path | None, force: bool
):
    if save and any(path.suffix not in RESULTS for path in paths):
        raise UsageFault.at("--save", "adds the analysis to a result; a measured profile has none.")
    if case is not None:
        check_target(case, force)
        check_target(case.with_name(f"{case.stem}-D.csv"), force)
    if figure is not None:
        from matano.drawing import check_figure

        check_figure(figure)
    groups = [analyses(path, options) for path in paths]
    if case is not None and (len(groups) > 1 or len(groups[0]) > 1):
        raise UsageFault.at("--case", "writes the coefficient of one method from one file; give one of each.")
    for group in groups:
        for entry in group:
            for sentence in entry.estimate.warnings:
                say(f"{entry.path}: {entry.estimate.method}: warning: {sentence}")
    if as_json:
        print_json([document(entry) for group in groups for entry in group])
    for group in groups:
        for entry in group:
            if not as_json:
                show(entry)
            if save:
                keep(entry)
        if figure is not None or not as_json:
            target = draw(group, figure, several=len(groups) > 1)
            if not as_json:
                print(f"figure: {target}")
    if case is not None:
        table = write_recovered(groups[0][0], case)
        (say if as_json else print)(f"case: {case} with {table}. Run it: matano run {case}")
    return 0


def analyses(path: Path, options: Options) -> list[Analysis]:
    """Every method that was asked for, on one file."""
    from inverse import METHODS, compare, method_of

    profile, result = read(path, options)
    asked = [name.strip() for name in options.method.split(",") if name.strip()]
    if not asked:
        reason = METHODS[DEFAULT_METHOD].applies(profile)
        if reason is not None:
            fit = [name for name, method in METHODS.items() if method.applies(profile) is None]
            hint = f" --method can be {', '.join(fit)}." if fit else ""
            raise Invalid.at(str(path), f"{reason}{hint}")
        asked = [DEFAULT_METHOD]
    found = []
    for method in map(method_of, dict.fromkeys(asked)):
        estimate = named(path, method, profile)
        verdict = None
        if result is not None and result.text:
            try:
                verdict = compare(estimate, result)
            except Invalid as error:
                say("\n".join(f"{path}: no truth beside {method}: {fault.sentence}" for fault in error.faults))
        found.append(Analysis(path, profile, result, estimate, verdict))
    return found


def named(path: Path, call, *arguments, **options):
    """What the call returns; its faults with the file in front, where they do not name it."""
    try:
        return call(*arguments, **options)
    except Invalid as error:
        raise Invalid(
            *(
                fault if fault.where.startswith(str(path)) else Fault(f"{path} {fault.where}".strip(), fault.sentence)
                for fault in error.faults
            )
        ) from None


def read(path: Path, options: Options):
    """The profile in a file, and the result it comes from (None for a measurement)."""
    if not path.exists():
        raise Invalid.at(str(path), "there is no such file.")
    measured = {
        name: getattr(options, name) for name in ("x", "ends", "basis", "temperature") if getattr(options, name)
    }
    if path.suffix in RESULTS:
        if measured:
            raise UsageFault.at(f"--{next(iter(measured))}", "describes a measured profile; a result knows it.")
        from simulator.files.stored import open_result

        result = open_result(path)
        time = quantity(options.time, "s", "--time") if options.time else None
        profile = named(path, result.profile, time)
        return (named(path, profile.only, options.component) if options.component else profile), result
    if path.suffix == ".toml":
        if measured:
            raise UsageFault.at(f"--{next(iter(measured))}", "belongs into the experiment file.")
        from simulator.files.experiment import read_experiment

        profile = read_experiment(path)
        return (named(path, profile.only, options.component) if options.component else profile), None
    from simulator.files.measured import read_profile

    given = dict(measured)
    if "x" in given:
        given["x_column"] = given.pop("x")
    if options.component:
        given["component"] = options.component
    if options.ends:
        given["ends"] = two_numbers(options.ends)
    if options.time:
        given["time"] = quantity(options.time, "s", "--time")
    if options.temperature:
        given["temperature"] = quantity(options.temperature, "K", "--temperature")
    return named(path, read_profile, path, **given), None


def quantity(text: str, unit: str, where: str) -> float:
    """A number in SI, or a quantity with its unit."""
    from simulator.laws.units import number

    try:
        return float(text)
    except ValueError:
        return number(text, unit, where)


def two_numbers(text: str) -> tuple[float, float]:
    parts = text.split(",")
    try:
        left, right = (float(part) for part in parts)
    except ValueError:
        raise UsageFault.at(
            "--ends", f"expected two mole fractions, left and right, as in 0,1; got {text!r}."
        ) from None
    return left, right


def document(entry: Analysis) -> dict:
    """What --json says of one method on one file."""
    answer = entry.estimate.to_json(entry.verdict)
    return {**answer, "files": [str(entry.path)]}


def show(entry: Analysis) -> None:
    """A dozen compositions of the window, the largest error in it, and where the planes are."""
    estimate, verdict = entry.estimate, entry.verdict
    low, high = estimate.window
    order = np.argsort(estimate.composition)
    inside = order[(estimate.composition[order] >= low) & (estimate.composition[order] <= high)]
    print(f"{entry.path}: {estimate.recovers} of {estimate.component} by {estimate.method}, {low:.4g} to {high:.4g}")
    head = [f"x_{estimate.component}", f"D ({estimate.unit})"]
    head += [] if estimate.sd is None else ["sd"]
    head += [] if verdict is None else ["truth", "error"]
    print_table(head, [row(entry, k) for k in spread(estimate.composition, inside)], "  ")
    if verdict is not None:
        error = np.abs(np.asarray(verdict.error, float)[inside])
        if np.isfinite(error).any():
            worst = inside[int(np.nanargmax(error))]
            print(
                f"  largest error in the window: {100.0 * np.nanmax(error):.3g} % at {estimate.composition[worst]:.3g}"
            )
    for name, value in estimate.diagnostics.items():
        if name.endswith("_plane") and value is not None:
            value = value if abs(value) > NOTHING * np.ptp(entry.profile.x) else 0.0
            print(f"  {name.replace('_', ' ').replace('matano', 'Matano')}: {1e6 * value:.6g} um")
    if estimate.diagnostics.get("ends") is not None:
        left, right = (round(float(value), 9) + 0.0 for value in estimate.diagnostics["ends"])
        print(f"  ends: {left:.5g}, {right:.5g}" + (" (given)" if estimate.diagnostics.get("ends_given") else ""))


def spread(composition: np.ndarray, inside: np.ndarray) -> list[int]:
    """Indices of about ROWS samples, evenly over the compositions of the window."""
    if not inside.size:
        return []
    targets = np.linspace(composition[inside[0]], composition[inside[-1]], ROWS)
    nearest = [int(inside[np.argmin(np.abs(composition[inside] - target))]) for target in targets]
    return list(dict.fromkeys(nearest))


def row(entry: Analysis, k: int) -> list[str]:
    estimate, verdict = entry.estimate, entry.verdict
    cells = [f"{estimate.composition[k]:.4f}", f"{estimate.value[k]:.5e}"]
    if estimate.sd is not None:
        cells.append(f"{estimate.sd[k]:.1e}")
    if verdict is not None:
        cells += [f"{verdict.truth[k]:.5e}", f"{100.0 * verdict.error[k]:+.3f} %"]
    return cells


def write_recovered(entry: Analysis, case: Path) -> Path:
    """The case that simulates the profile, and the table that it reads, whose path is returned: both or neither."""
    import os
    from tempfile import TemporaryDirectory

    from inverse import write_case

    try:
        with TemporaryDirectory(prefix=".matano-", dir=case.parent) as folder:
            written, table = write_case(entry.estimate, entry.profile, Path(folder) / case.name)
            os.replace(table, case.parent / table.name)
            os.replace(written, case)
    except OSError as error:
        raise refused(case, error) from None
    return case.parent / table.name


def keep(entry: Analysis) -> None:
    """/analysis/METHOD of the result."""
    import json

    from matano.console import plain
    from simulator.files.hdf5 import save_analysis

    answer = plain(document(entry))
    arrays = {
        name: answer[name]
        for name in ("composition", "value", "sd", "window", "truth", "error")
        if answer[name] is not None
    }
    words = {name: answer[name] for name in ("recovers", "unit")}
    words["components"] = json.dumps(answer["components"])
    words["diagnostics"] = json.dumps(answer["diagnostics"])
    save_analysis(entry.path, entry.estimate.method, arrays, words)
    say(f"{entry.path}: /analysis/{entry.estimate.method} written.")


def draw(group: list[Analysis], figure: Path | None, several: bool) -> Path:
    """The profile and what was recovered from it: STEM-METHOD.png unless -o says where."""
    from matano.drawing import write
    from matano.estimates import recovered

    stem = group[0].path.stem
    if figure is None:
        target = Path(f"{stem}-{'-'.join(entry.estimate.method for entry in group)}.png")
    else:
        target = figure.with_name(f"{figure.stem}-{stem}{figure.suffix}") if several else figure
    return write(recovered(group), target)

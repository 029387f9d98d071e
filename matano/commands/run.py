"""`matano run`: case files in, results out."""

from pathlib import Path

from matano.console import (
    DONE,
    INTERRUPTED,
    INVALID,
    OUT_OF_TOLERANCE,
    Progress,
    UsageFault,
    duration,
    report,
    say,
)
from matano.lean import import_numba, import_pint
from simulator.faults import Fault, Invalid, NumericsError
from simulator.files import RESULTS


def run(paths: list[Path], output: Path | None, overrides: list[str], check: bool, resume: bool, force: bool) -> int:
    import_pint()
    from simulator.files.case import load
    from simulator.files.hdf5 import check_output

    if resume and force:
        raise UsageFault.at("run", "--resume goes on with a result and --force replaces it: give one of them.")
    cases, faults = [], []
    for path in paths:
        try:
            cases.append(load(path, overrides=overrides))
        except Invalid as error:
            faults.extend(error.faults)
    if faults:
        report(faults)
        return INVALID
    targets = outputs(paths, output)
    for target in targets:
        check_output(target, force, resume)
    status = DONE
    for path, case, target in zip(paths, cases, targets, strict=True):
        again = command_line(path, output, overrides)
        status = run_one(path, case, target, overrides, check, resume, force, again) or status
        if status == INTERRUPTED:
            break
    return status


def outputs(paths: list[Path], output: Path | None) -> list[Path]:
    """STEM.h5 in the current folder; in the folder that is asked for; or the one file."""
    if output is None:
        targets = [Path(f"{path.stem}.h5") for path in paths]
    elif output.is_dir():
        targets = [output / f"{path.stem}.h5" for path in paths]
    elif len(paths) > 1:
        raise UsageFault.at(str(output), "several cases need a folder that exists for -o.")
    elif output.suffix not in RESULTS:
        raise UsageFault.at(str(output), "is not a folder that exists; a result is a file that ends in .h5.")
    else:
        targets = [output]
    same = {target for target in targets if targets.count(target) > 1}
    if same:
        raise UsageFault(
            *(Fault(str(target), "several cases would write this file; run them one by one.") for target in same)
        )
    return targets


def command_line(path: Path, output: Path | None, overrides: list[str]) -> str:
    import shlex

    words = ["matano", "run", str(path)]
    if output is not None:
        words += ["-o", str(output)]
    for entry in overrides:
        words += ["--set", entry]
    return shlex.join([*words, "--resume"])


def run_one(path, case, target: Path, overrides, check: bool, resume: bool, force: bool, again: str) -> int:
    import_numba()
    from simulator.files.field_file import result_file
    from simulator.files.hdf5 import open_result, resume_state
    from simulator.kernels import jit
    from simulator.solve.solve import solve

    record = result_file(target, case.problem, case.text, case.folder, overrides, force=force, resume=resume)
    if record.complete:
        say(f"{target}: is complete already.")
        result = open_result(target)
    else:
        start = resume_state(target) if record.resume else None
        if jit.cache_is_cold():
            say("compiling the kernels, once (10 to 20 s) ...")
        try:
            with record, Progress(path.stem) as progress:
                result = solve(case.problem, case.controls, record=record, progress=progress, resume=start)
        except KeyboardInterrupt:
            if record.last_time is None:
                say(f"{path}: interrupted before the first saved time.")
            else:
                say(f"{path}: interrupted at t = {duration(record.last_time)}; `{again}` goes on.")
            return INTERRUPTED
        except NumericsError as error:
            raise NumericsError(f"{path}: {error}") from None
        except Invalid as error:
            if getattr(error, "exit_status", None):
                raise
            raise Invalid(*(Fault(f"{path} {fault.where}".strip(), fault.sentence) for fault in error.faults)) from None
    for sentence in result.warnings:
        say(f"{path}: warning: {sentence}")
    summary(result, case, target)
    return verdict(result, case) if check else DONE


def summary(result, case, target: Path) -> None:
    """What was solved, how, how well, and where it is."""
    diagnostics = result.snapshots[-1].diagnostics
    lines = [
        (
            "scheme",
            f"{scheme_of(case)}, rtol {case.controls.rtol:g}" + (", extrapolated" if case.controls.extrapolate else ""),
        ),
        ("cells", cells_of(result)),
        ("steps", f"{diagnostics['steps']:.0f} ({diagnostics['rejected_steps']:.0f} rejected)"),
        ("error estimate", number(diagnostics["error_estimate"])),
        ("conservation error", number(diagnostics["conservation_error"])),
        ("seconds", f"{diagnostics['seconds']:.3g}"),
        ("result", f"{target} ({len(result.snapshots)} saved times, the last at {duration(result.time[-1])})"),
    ]
    print(case.title or target.stem)
    for name, text in lines:
        print(f"  {name:<18}  {text}")


def scheme_of(case) -> str:
    """Its name; which one "auto" is."""
    from simulator.solve.schemes import field_scheme_named, scheme_named

    name = case.controls.scheme
    if name != "auto":
        return name
    chosen = (field_scheme_named if hasattr(case.problem, "box") else scheme_named)(name)
    return f"{chosen.name} ({chosen.family})"


def cells_of(result) -> str:
    """How many there are, in two or three dimensions along each axis."""
    return " x ".join(map(str, result.box.cells)) if hasattr(result, "box") else str(result.grid.cells)


def number(value: float) -> str:
    """An error; some are not defined, such as that of conservation where an end is open."""
    return "-" if value != value else f"{value:.2g}"


def verdict(result, case) -> int:
    from matano.check import check

    outcomes = check(result, case.expect)
    if not outcomes:
        say("nothing to check: the case has no [expect].")
    for outcome in outcomes:
        print(f"  check  {outcome}")
    return DONE if all(outcome.passed for outcome in outcomes) else OUT_OF_TOLERANCE

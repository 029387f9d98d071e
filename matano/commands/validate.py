"""`matano validate`: every fault of every case at once."""

from pathlib import Path

from matano.console import DONE, INVALID, report, say
from simulator.faults import Invalid


def validate(paths: list[Path], overrides: list[str]) -> int:
    from simulator.files.case import load

    status = DONE
    for path in paths:
        try:
            case = load(path, overrides=overrides)
        except Invalid as error:
            report(error.faults)
            status = INVALID
            continue
        for sentence in case.problem.warnings():
            say(f"{path}: warning: {sentence}")
        print(f"{path}: valid" + (f" ({case.title})" if case.title else ""))
    return status

"""`matano plot`: one figure of a result."""

from pathlib import Path

from simulator.faults import Invalid, near


class UnknownKind(Invalid):
    """There is no such figure."""

    exit_status = 2


def plot(path: Path, kind: str, output: Path | None) -> int:
    from matano import figures
    from simulator.files.stored import open_result

    if kind not in figures.KINDS:
        known = ", ".join(figures.KINDS)
        raise UnknownKind.at("plot", f"unknown kind {kind!r}; there are {known}.{near(kind, figures.KINDS)}")
    result = open_result(path)
    target = output or Path(f"{path.stem}-{kind}.png")
    figures.write(figures.KINDS[kind](result), target)
    print(f"{target}: {kind} of {path}")
    return 0

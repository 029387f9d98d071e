"""`matano plot`: one figure of a result."""

from pathlib import Path

from matano.console import UsageFault
from simulator.faults import near


def plot(path: Path, kind: str, output: Path | None) -> int:
    from matano import figures
    from simulator.files.stored import open_result

    if kind not in figures.KINDS:
        known = ", ".join(figures.KINDS)
        raise UsageFault.at("plot", f"unknown kind {kind!r}; there are {known}.{near(kind, figures.KINDS)}")
    target = output or Path(f"{path.stem}-{kind}.png")
    figures.check_figure(target)
    result = open_result(path)
    figures.write(figures.KINDS[kind](result), target)
    print(f"{target}: {kind} of {path}")
    return 0

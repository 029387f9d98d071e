"""`matano plot`: one figure of a result, or of a case that need not have run."""

from pathlib import Path

from matano.console import UsageFault
from simulator.faults import near


def plot(path: Path, kind: str, output: Path | None) -> int:
    from matano.drawing import check_figure, write
    from matano.figures import KINDS

    if kind not in KINDS:
        known = ", ".join(KINDS)
        raise UsageFault.at("plot", f"unknown kind {kind!r}; there are {known}.{near(kind, KINDS)}")
    chosen = KINDS[kind]
    target = output or Path(f"{path.stem}-{kind}.png")
    check_figure(target)
    write(chosen.draw(opened(path, kind, chosen.run)), target)
    print(f"{target}: {kind} of {path}")
    return 0


def opened(path: Path, kind: str, run: bool):
    """The case or the result in a file; UsageFault for a case where a run is needed."""
    if path.suffix.lower() != ".toml":
        from simulator.files.stored import open_result

        return open_result(path)
    if run:
        text = f"{kind} is drawn of a result: run the case, then `matano plot {path.stem}.h5 {kind}`."
        raise UsageFault.at(str(path), text)
    from simulator.files.case import load

    return load(path)

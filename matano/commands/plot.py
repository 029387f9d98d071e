"""`matano plot`: one figure of a result, or of a case that need not have run."""

from pathlib import Path

from matano.console import UsageFault
from simulator.faults import near


def plot(path: Path, kind: str, output: Path | None, time: str = "") -> int:
    from matano.drawing import check_figure, write
    from matano.figures import KINDS

    if kind not in KINDS:
        known = ", ".join(KINDS)
        raise UsageFault.at("plot", f"unknown kind {kind!r}; there are {known}.{near(kind, KINDS)}")
    chosen = KINDS[kind]
    target = output or Path(f"{path.stem}-{kind}.png")
    if chosen.moves and target.suffix.lower() in (".gif", ".mp4"):
        return animate(path, kind, target, time)
    check_figure(target)
    times = tuple(part.strip() for part in time.split(",") if part.strip())
    if times and not chosen.timed:
        timed = ", ".join(name for name, entry in KINDS.items() if entry.timed)
        raise UsageFault.at("--time", f"{kind} shows all saved times; --time is for {timed}.")
    shown = opened(path, kind, chosen)
    write(chosen.draw(shown, times) if times else chosen.draw(shown), target)
    print(f"{target}: {kind} of {path}")
    return 0


def animate(path: Path, kind: str, target: Path, time: str) -> int:
    from matano.animation import check_animation, write_animation
    from matano.figures import KINDS

    if time:
        raise UsageFault.at("--time", "an animation shows all saved times; leave it out.")
    check_animation(target)
    frames = write_animation(opened(path, kind, KINDS[kind]), target)
    print(f"{target}: {kind} of {path}, {frames} saved times")
    return 0


def opened(path: Path, kind: str, chosen):
    """The case or the result in a file; UsageFault for a case where a run is needed, and for the wrong dimensions."""
    if path.suffix.lower() != ".toml":
        from simulator.files.stored import open_result

        result = open_result(path)
        return fitting(result, hasattr(result, "box"), path, kind, chosen)
    if chosen.run:
        text = f"{kind} is drawn of a result: run the case, then `matano plot {path.stem}.h5 {kind}`."
        raise UsageFault.at(str(path), text)
    from simulator.files.case import load

    case = load(path)
    return fitting(case, hasattr(case.problem, "box"), path, kind, chosen)


def fitting(shown, boxed: bool, path: Path, kind: str, chosen):
    """The case or the result, if this kind of figure is of its dimensions."""
    from matano.figures import KINDS

    dimensions = "box" if boxed else "line"
    if chosen.of not in ("any", dimensions):
        ran = hasattr(shown, "snapshots")
        own = [name for name, entry in KINDS.items() if entry.of in ("any", dimensions) and (ran or not entry.run)]
        there = "two or three dimensions" if boxed else "one dimension"
        raise UsageFault.at(str(path), f"is in {there}, where {kind} is not drawn; there are {', '.join(own)}.")
    return shown

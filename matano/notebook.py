"""The commands as functions, for notebooks and scripts: they return what shows itself, and write nothing unasked.

    import matano

    result = matano.run("cu-ni.toml")
    matano.plot(result)                                   # a figure of matplotlib; figure.savefig("cu-ni.pdf")
    analysis = matano.analyse(result, method="wagner")    # .estimate, and .verdict where the law is known
    matano.plot(analysis)
    result = matano.run("cu-ni.toml", output="cu-ni.h5")  # the file that `matano run` writes
    matano.report(result).write("cu-ni.html")

In a notebook `%load_ext matano` lets results, estimates and verdicts show themselves as tables and figures.
"""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from simulator.faults import Invalid, near

READING = ("x", "ends", "basis", "temperature", "dependent", "composition")  # how measured data in a file are read


def run(case, output: str | Path | None = None, *, overrides: Sequence[str] = (), force: bool = False):
    """Simulate a case: a path, or what `simulator.load` returned.

    overrides: "KEY=VALUE", as for `--set`, of a path. output: a file for the result, as `matano run` writes it; an
    existing one is replaced with `force` only. Returns the result. Raises Invalid for a case or an output that cannot
    be used, NumericsError where the numerics failed.
    """
    import simulator
    from simulator.files.field_file import result_file

    if isinstance(case, str | Path):
        case = simulator.load(case, overrides)
    elif overrides:
        raise Invalid.at("overrides", "belong to the path of a case; this one has been loaded already.")
    if output is None:
        return simulator.solve(case.problem, case.controls)
    with result_file(output, case.problem, case.text, case.folder, case.overrides, force=force) as record:
        simulator.solve(case.problem, case.controls, record=record)
    return simulator.open(output)


def plot(shown, *more, kind: str = ""):
    """A figure of matplotlib, that of `matano plot` or of `matano analyse`; it belongs to nobody else and is not kept.

    shown: a result, a case, a path to one of them, or an analysis; `more` are further analyses of the same profiles,
    drawn beside the first. kind: of results and cases, `profiles` of a result and `diffusivity` of a case by default.
    Raises Invalid for an unknown kind, and for one that does not apply.
    """
    with own_look():
        if is_analysis(shown):
            if kind:
                raise Invalid.at("kind", "is of results and cases; an analysis has one figure.")
            figure = of_analyses([shown, *more])
        else:
            if more:
                raise Invalid.at("plot", "several are drawn together of analyses only.")
            figure = of_kind(opened(shown), kind)
        from matano.drawing import pyplot

        pyplot().close(figure)
    return figure


def analyse(*sources, method: str = "", component: str = "", time: float | str | None = None, **options):
    """What one method recovers from one source, or from several that it takes together.

    sources: results, profiles (or structure factors, or sizes of domains), or paths to results, measured data and
    experiments. method: by default what `matano analyse` takes. time: of results, which saved one, s or "100 h", the
    last by default; of measured profiles, how long the anneal took. options: of the method, such as smoother; of
    measured data in a file x, ends, basis, temperature, dependent and composition, as on the command line. Returns an
    Analysis: .estimate, .verdict (None where the law is not known), .profile and .profiles. Raises Invalid where the
    method does not apply, with the methods that do if none was named.
    """
    from inverse import method_of
    from matano.commands.analyse import Analysis, judged
    from matano.default_methods import default_of, of_all

    if not sources:
        raise Invalid.at("analyse", "give a result, a profile or the path of one.")
    reading = {name: options.pop(name) for name in READING if name in options}
    read = [source_of(source, component, time, reading) for source in sources]
    paths, results = tuple(one.path for one in read), tuple(one.result for one in read)
    together = [] if method else of_all(read)
    if method:
        chosen = method_of(method)
    elif together:
        chosen = together[0]
    elif len(sources) == 1:
        chosen = default_of(read[0])
    else:
        raise Invalid.at("method", "is needed for several profiles of one component.")
    profiles = tuple(one.data(chosen.data) for one in read)
    estimate = chosen(*profiles, **options)
    verdict = None
    if all(result is not None and getattr(result, "text", True) for result in results):
        with contextlib.suppress(Invalid):  # the law has no such coefficient: no truth beside it
            verdict = judged(estimate, profiles, results)
    return Analysis(paths, profiles, results, estimate, verdict)


def report(result):
    """The page of a result, as `matano report` writes it, or of an Analysis, as `matano analyse --report` does: a
    Document with .write(path) and .html().

    result: a path, a result that was read from a file, or what `analyse` returned. Raises Invalid for a result that is
    in no file.
    """
    from matano.pages.analysed import page_of_analyses
    from matano.pages.results import page_of

    if hasattr(result, "estimate"):
        with own_look():
            return page_of_analyses([result])
    path = result if isinstance(result, str | Path) else getattr(result, "path", None)
    if path is None:
        raise Invalid.at("report", 'the page is of a file: matano.run(case, output="couple.h5") makes one.')
    with own_look():
        return page_of(Path(path))


def verify(*names: str, full: bool = False, jobs: int | None = 1) -> dict:
    """Round trips by the names of cases and methods, all without any: the document that `matano verify --json` prints.

    With `jobs` greater than 1 a script needs `if __name__ == "__main__":` around its own work.
    """
    from matano.commands.verify import asked, verified

    return verified(*asked(list(names)), full, False, jobs, full)


def source_of(given, component: str, time: float | str | None, reading: dict):
    """What an analysis takes its data from: a result, a profile, structure factors, sizes, or the path of one."""
    from inverse.estimate import kind_of_data
    from matano.commands.analyse import Options
    from matano.sources import Source, of, quantity, read

    if isinstance(given, str | Path):
        words = {name: comma_separated(value) for name, value in reading.items()}
        return read(Path(given), Options(component=component, time="" if time is None else str(time), **words))
    if reading:
        raise Invalid.at(next(iter(reading)), "says how a file is read; this one has been read already.")
    if hasattr(given, "snapshots"):
        name = getattr(given, "path", None) or given.problem.title or "result"
        return Source(Path(name), given, None, None if time is None else quantity(str(time), "s", "time"), component)
    if not kind_of_data(given):
        raise Invalid.at("analyse", f"expected a result, a profile or a path, got {type(given).__name__}.")
    return Source(Path(given.source or "profile"), measured=of(given, component) if component else given)


def comma_separated(value) -> str:
    """A text, a number or several as the command line takes them."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def opened(shown):
    """A result or a case; read, where it is a path."""
    import simulator

    if not isinstance(shown, str | Path):
        return shown
    return simulator.load(shown) if Path(shown).suffix == ".toml" else simulator.open(shown)


def is_analysis(shown) -> bool:
    from matano.commands.analyse import Analysis

    return isinstance(shown, Analysis)


def of_analyses(group: list):
    """The figure of analyses of the same profiles."""
    from matano.commands.analyse import figure_of

    if not all(is_analysis(entry) for entry in group):
        raise Invalid.at("plot", "analyses are drawn with analyses only.")
    return figure_of(group)


def of_kind(shown, kind: str):
    """The figure of a kind of `matano plot`."""
    from matano.figures import KINDS, dimensions_of

    is_result, dimensions = hasattr(shown, "snapshots"), dimensions_of(shown)
    kind = kind or (usual(shown) if is_result else "diffusivity")
    known = [name for name, entry in KINDS.items() if entry.of in ("any", dimensions)]
    if kind not in known:
        raise Invalid.at("kind", f"there is no {kind!r} of this; there are {', '.join(known)}.{near(kind, known)}")
    if KINDS[kind].run and not is_result:
        raise Invalid.at("kind", f"{kind} is drawn of a result: run the case first.")
    return KINDS[kind].draw(shown)


def usual(result) -> str:
    """The kind of figure that shows what a result is about."""
    from matano.figures import dimensions_of

    return "field" if dimensions_of(result) == "box" else "profiles"


@contextlib.contextmanager
def own_look() -> Iterator[None]:
    """Draw in the look of all figures here, and leave a notebook's own backend and style as they were."""
    import matplotlib

    backend = matplotlib.get_backend()
    try:
        with matplotlib.rc_context():
            yield
    finally:
        if matplotlib.get_backend() != backend:
            matplotlib.use(backend)

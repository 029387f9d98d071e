"""The commands as functions, for notebooks and scripts: they return objects that show figures, and write nothing unasked.

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
from simulator.files import RESULTS


def run(case, output: str | Path | None = None, *, overrides: Sequence[str] = (), force: bool = False):
    """Simulate a case: a path, or what `simulator.load` returned.

    overrides: "KEY=VALUE", as for `--set`, of a path. output: a file for the result, as `matano run` writes it; an
    existing one is replaced with `force` only. Returns the result. Raises Invalid for a case or an output that cannot
    be used, NumericsError where the numerics failed.
    """
    import simulator
    from simulator.files.hdf5 import ResultFile

    if isinstance(case, str | Path):
        case = simulator.load(case, overrides)
    elif overrides:
        raise Invalid.at("overrides", "belong to the path of a case; this one has been loaded already.")
    if output is None:
        return simulator.solve(case.problem, case.controls)
    with ResultFile(output, case.problem, case.text, case.folder, case.overrides, force=force) as record:
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

    sources: results, profiles, or paths to results, measured profiles and experiments. method: by default what
    `matano analyse` takes. time: of results, which saved one, s or "100 h", the last by default. options: of the method,
    such as smoother. Returns an Analysis: .estimate, .verdict (None where the law is not known), .profiles. Raises
    Invalid where the method does not apply, with the methods that do if none was named.
    """
    from inverse import method_of
    from matano.commands.analyse import Analysis, judged, of
    from matano.default_methods import default, of_several, several

    if not sources:
        raise Invalid.at("analyse", "give a result, a profile or the path of one.")
    read = [profile_and_result(source, time) for source in sources]
    profiles = tuple(of(profile, component) if component else profile for profile, _, _ in read)
    results, paths = tuple(result for _, result, _ in read), tuple(path for _, _, path in read)
    if method:
        chosen = method_of(method)
    elif all(several(profile) for profile in profiles):
        chosen = of_several(list(paths), list(profiles))[0]
    elif len(sources) == 1:
        chosen = default(paths[0], profiles[0])
    else:
        raise Invalid.at("method", "is needed for several profiles of one component.")
    estimate = chosen(*profiles, **options)
    verdict = None
    if all(result is not None and getattr(result, "text", True) for result in results):
        with contextlib.suppress(Invalid):  # the law has no such coefficient: no truth beside it
            verdict = judged(estimate, profiles, results)
    return Analysis(paths, profiles, results, estimate, verdict)


def report(result):
    """The page of a result, as `matano report` writes it: a Document with .write(path) and .html().

    result: a path, or a result that was read from a file. Raises Invalid for one that is in no file.
    """
    from matano.pages.results import page_of

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


def profile_and_result(source, time: float | str | None) -> tuple:
    """The profile of a source, its result (None for a measurement), and a path to call it by."""
    from matano.commands.analyse import Options, read
    from simulator.solve.profile import Profile
    from simulator.solve.result import Result

    if isinstance(source, Profile):
        return source, None, Path(source.source or "profile")
    if isinstance(source, Result):
        name = source.problem.title if not getattr(source, "path", None) else source.path
        return source.profile(time), source, Path(name or "result")
    if not isinstance(source, str | Path):
        raise Invalid.at("analyse", f"expected a result, a profile or a path, got {type(source).__name__}.")
    path = Path(source)
    if path.suffix in RESULTS:
        import simulator

        result = simulator.open(path)
        return result.profile(time), result, path
    profile, _ = read(path, Options(time="" if time is None else str(time)))
    return profile, None, path


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
    from matano import estimates, matrix_figures
    from matano.commands.analyse import is_of_several

    if not all(is_analysis(entry) for entry in group):
        raise Invalid.at("plot", "analyses are drawn with analyses only.")
    return (matrix_figures if is_of_several(group) else estimates).recovered(group)


def of_kind(shown, kind: str):
    """The figure of a kind of `matano plot`."""
    from matano.figures import KINDS
    from simulator.solve.result import Result

    is_result = isinstance(shown, Result)
    kind = kind or ("profiles" if is_result else "diffusivity")
    if kind not in KINDS:
        raise Invalid.at("kind", f"unknown kind {kind!r}; there are {', '.join(KINDS)}.{near(kind, KINDS)}")
    if KINDS[kind].run and not is_result:
        raise Invalid.at("kind", f"{kind} is drawn of a result: run the case first.")
    return KINDS[kind].draw(shown)


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

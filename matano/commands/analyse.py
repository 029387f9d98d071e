"""`matano analyse`: measurements or results in, coefficients out, beside the truth where a result knows its law."""

from dataclasses import dataclass
from pathlib import Path

from matano.console import UsageFault, check_page, check_target, print_json, refused, say
from matano.default_methods import alone, default_of, of_all
from matano.sources import Source, named, read
from simulator.faults import Invalid

MOST_NAMES = 3  # of files in the name of a figure
SAME = 1e-6  # relative, within which the truths of several files are one


@dataclass(frozen=True)
class Options:
    """What the command line says about the data: all texts, empty where nothing was said."""

    method: str = ""
    time: str = ""
    x: str = ""
    component: str = ""
    ends: str = ""
    basis: str = ""
    temperature: str = ""
    smoother: str = ""
    dependent: str = ""
    composition: str = ""


@dataclass(frozen=True)
class Analysis:
    """One method on one file, or on several that it takes together. profiles: the data of the method's kind; results:
    None for a measurement; verdict: None where the law is not known."""

    paths: tuple[Path, ...]
    profiles: tuple
    results: tuple
    estimate: object
    verdict: object

    @property
    def path(self) -> Path:
        return self.paths[0]

    @property
    def profile(self):
        return self.profiles[0]


def analyse(
    paths: list[Path],
    options: Options,
    as_json: bool,
    save: bool,
    figure: Path | None,
    case: Path | None,
    page: Path | None,
    force: bool,
):
    if case is not None:
        check_target(case, force)
    if page is not None:
        check_page(page, force)
    if figure is not None:
        from matano.drawing import check_figure

        check_figure(figure)
    groups = grouped(analyses(paths, options))
    if case is not None:
        check_case(groups, case, force)
    for entry in [entry for group in groups for entry in group] if save else ():
        if None in entry.results:
            check_target(answer_of(entry), force)
    for group in groups:
        for entry in group:
            for sentence in entry.estimate.warnings:
                say(f"{entry.path}: {entry.estimate.method}: warning: {sentence}")
    if as_json:
        print_json([document(entry) for group in groups for entry in group])
    for group in groups:
        for entry in group:
            if not as_json:
                from matano.estimate_tables import show

                show(entry)
            if save:
                keep(entry)
        if figure is not None or not as_json:
            target = draw(group, figure, several=len(groups) > 1)
            if not as_json:
                print(f"figure: {target}")
    if page is not None:
        from matano.pages.analysed import page_of_analyses

        written = page_of_analyses([entry for group in groups for entry in group])
        written.write(page, force)
        (say if as_json else print)(f"page: {page}, {written.figures} figures")
    if case is not None:
        first = groups[0][0]
        table = write_recovered(first, case)
        of = f" of {first.path}" if len(first.paths) > 1 else ""
        with_table = f" with {table}" if table else ""
        (say if as_json else print)(f"case{of}: {case}{with_table}. Run it: matano run {case}")
    return 0


def check_case(groups: list[list[Analysis]], case: Path, force: bool) -> None:
    """Raise UsageFault unless there is one estimate to write a case from: of one file, or a matrix of several."""
    if len(groups) > 1 or len(groups[0]) > 1 or (len(groups[0][0].paths) > 1 and not groups[0][0].estimate.is_matrix):
        raise UsageFault.at("--case", "writes the coefficient of one method from one file; give one of each.")
    if not groups[0][0].estimate.is_matrix:
        check_target(case.with_name(f"{case.stem}-D.csv"), force)


def grouped(found: list[Analysis]) -> list[list[Analysis]]:
    """Analyses by the files that they are of, each group a figure."""
    groups: dict[tuple[Path, ...], list[Analysis]] = {}
    for entry in found:
        groups.setdefault(entry.paths, []).append(entry)
    return list(groups.values())


def analyses(paths: list[Path], options: Options) -> list[Analysis]:
    """Every method that was asked for, file by file, or, where it takes several, on all files together."""
    from inverse import method_of

    sources = [read(path, options) for path in paths]
    asked = [name.strip() for name in options.method.split(",") if name.strip()]
    methods = [method_of(name) for name in dict.fromkeys(asked)] or of_all(sources)
    if options.smoother:
        check_smoother(methods, options.smoother)
    found = []
    for source in sources:
        for method in [method for method in methods if alone(method, paths)] if methods else [default_of(source)]:
            found.append(one(method, [source], options))
    for method in methods:
        if not alone(method, paths):
            found.append(one(method, sources, options))
    return found


def check_smoother(methods: list, smoother: str) -> None:
    """Raise UsageFault unless there is such a smoother, and every method has a choice of it."""
    from inverse.curves.fitting import SMOOTHERS

    if smoother not in SMOOTHERS:
        raise UsageFault.at("--smoother", f"there is no smoother {smoother!r}; there are {', '.join(SMOOTHERS)}.")
    for method in methods:
        if "smoother" not in method.options:
            raise UsageFault.at("--smoother", f"{method} has no choice of a smoother.")


def one(method, sources: list[Source], options: Options) -> Analysis:
    """One method on these files, with the verdict where every file knows the same law."""
    chosen = {"smoother": options.smoother} if options.smoother else {}
    paths = tuple(source.path for source in sources)
    profiles, results = tuple(source.data(method.data) for source in sources), tuple(one.result for one in sources)
    shown = ", ".join(map(str, paths))
    if len(paths) > 1:
        for path, profile in zip(paths, profiles, strict=True):
            reason = method.wrong_kind(profile)
            if reason:
                raise Invalid.at(str(path), reason)
            named(path, method.check, profile, method.name)
    estimate = named(shown, method, *profiles, **chosen)
    verdict = None
    if all(result is not None and result.text for result in results):
        try:
            verdict = judged(estimate, profiles, results)
        except Invalid as error:
            say("\n".join(f"{shown}: no truth beside {method}: {fault.sentence}" for fault in error.faults))
    return Analysis(paths, profiles, results, estimate, verdict)


def judged(estimate, profiles: tuple, results: tuple):
    """The verdict by the law of the results; Invalid where theirs differ, unless each value is of one of them."""
    import numpy as np

    from inverse import METHODS, compare
    from inverse.spinodal.known import compare_each

    if METHODS[estimate.method].data == "spectra":
        return compare_each(estimate, results)
    verdicts = [
        compare(estimate, result, None, profile.time) for profile, result in zip(profiles, results, strict=True)
    ]
    first = verdicts[0]
    if not all(np.allclose(other.truth, first.truth, rtol=SAME, atol=0.0) for other in verdicts):
        raise Invalid.at("compare", "what the files know differs: they are of different laws, or of different times.")
    return first


def document(entry: Analysis) -> dict:
    """What --json says of one method; of measured data also how each was read."""
    from matano.diagnostic_lines import found_of

    answer = entry.estimate.to_json(entry.verdict)
    readings = [profile.reading for profile in entry.profiles if profile.reading]
    answer |= {"files": [str(path) for path in entry.paths]} | ({"reading": readings} if readings else {})
    beside = found_of(entry)
    return answer | ({"found": [found.to_json() for found in beside]} if beside else {})


def answer_of(entry: Analysis) -> Path:
    """Where --save keeps the analysis of measured profiles, which have no result to add it to: STEM-METHOD.json."""
    stem = "-".join(path.stem for path in entry.paths[:MOST_NAMES])
    return Path(f"{stem}-{entry.estimate.method}.json")


def write_recovered(entry: Analysis, case: Path) -> Path | None:
    """The case that simulates the profile, the first of several, and the table that it reads, whose path is returned,
    None for a matrix: both or neither."""
    import os
    from tempfile import TemporaryDirectory

    from inverse import write_case

    try:
        with TemporaryDirectory(prefix=".matano-", dir=case.parent) as folder:
            written, table = write_case(entry.estimate, entry.profile, Path(folder) / case.name)
            if table is not None:
                os.replace(table, case.parent / table.name)
            os.replace(written, case)
    except OSError as error:
        raise refused(case, error) from None
    return None if table is None else case.parent / table.name


def keep(entry: Analysis) -> None:
    """/analysis/METHOD of every result; of measured profiles a file with what --json says."""
    import json

    from matano.console import plain, whole
    from simulator.files.hdf5 import save_analysis

    answer, estimate = plain(document(entry)), entry.estimate
    if None in entry.results:
        target = answer_of(entry)
        with whole(target) as part:
            part.write_text(json.dumps(answer, indent=2, allow_nan=False, ensure_ascii=False) + "\n", encoding="utf-8")
        say(f"{target} written.")
    given = {name: getattr(estimate, name) for name in ("composition", "value", "sd", "window")}
    given |= {name: getattr(entry.verdict, name, None) for name in ("truth", "error")}
    arrays = {name: values for name, values in given.items() if values is not None}
    words = {name: answer[name] for name in ("recovers", "unit", "dependent") if name in answer}
    words |= {"component": estimate.component, "components": json.dumps(answer["components"])}
    words["diagnostics"] = json.dumps(answer["diagnostics"])
    if "reading" in answer:
        words["reading"] = json.dumps(answer["reading"])
    for path in [path for path, result in zip(entry.paths, entry.results, strict=True) if result is not None]:
        save_analysis(path, entry.estimate.method, arrays, words)
        say(f"{path}: /analysis/{entry.estimate.method} written.")


def draw(group: list[Analysis], figure: Path | None, several: bool) -> Path:
    """The profile and what was recovered from it: STEM-METHOD.png unless -o says where."""
    from matano.drawing import write

    stem = "-".join(path.stem for path in group[0].paths[:MOST_NAMES])
    if figure is None:
        target = Path(f"{stem}-{'-'.join(entry.estimate.method for entry in group)}.png")
    else:
        target = figure.with_name(f"{figure.stem}-{stem}{figure.suffix}") if several else figure
    return write(figure_of(group), target)


def figure_of(group: list[Analysis]):
    """The figure of analyses of the same files."""
    from matano import estimates, matrix_figures, unmixing_figures

    if unmixing_figures.belongs(group):
        return unmixing_figures.recovered(group)
    return (matrix_figures if is_of_several(group) else estimates).recovered(group)


def is_of_several(group: list[Analysis]) -> bool:
    """Whether analyses of the same files are drawn as those of several components."""
    from matano.default_methods import several

    first = group[0].profile
    ions = first.quantity == "concentration" and first.x.size > 0 and len(first.components) > 1
    return any(entry.estimate.composition.ndim > 1 for entry in group) or several(first) or ions

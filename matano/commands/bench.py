"""`matano bench`: each benchmark is a file whose `main(smallest)` returns what it measured."""

from pathlib import Path

from matano import benchmarks_folder
from matano.console import DONE, UsageFault, check_target, print_json, say
from simulator.faults import Invalid, near


def load(path: Path):
    """The module in a file, found by its place: benchmarks are no package."""
    import importlib.util
    import sys

    # a benchmark may import its neighbours
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return module


def benchmarks() -> dict[str, Path]:
    """The benchmarks by name: files that define `main`."""
    return {
        path.stem: path
        for path in sorted(benchmarks_folder().glob("*.py"))
        if not path.name.startswith("_") and "\ndef main(" in path.read_text(encoding="utf-8")
    }


def bench(
    names: list[str],
    smallest: bool,
    as_json: bool,
    save: Path | None = None,
    figures: Path | None = None,
    readme: Path | None = None,
    measured: Path | None = None,
    force: bool = False,
) -> int:
    """Measure, or read what `measured` has kept, or both, named benchmarks measured again; then show, save and draw it,
    and write its table into `readme`.
    """
    check_options(names, smallest, save, figures, readme, measured, force)
    run = others = None
    if measured is not None:
        from matano.benching.record import check_alike
        from matano.benching.record import load as load_run

        others = load_run(measured)
        if names:
            check_alike(others, smallest)
    if others is None or names:
        answers = measure(names, smallest, as_json)
    else:
        run, answers = others, others["benchmarks"]
        if not as_json and figures is None and readme is None:
            for name, answer in answers.items():
                print(name)
                show(answer, "  ")
    if as_json:
        print_json(answers)
    if save is None and figures is None and readme is None:
        return DONE
    if run is None:
        from matano.benching.record import document

        run = document(answers, smallest, others)
    if save is not None:
        from matano.benching.record import save as save_run

        save_run(run, save)
    if readme is not None:
        from matano.benching.readme import write_readme

        write_readme(run, readme)
    if figures is not None:
        from matano.benching.figures import write_figures

        for path, sentence in write_figures(run, figures):
            say(f"{path}: {sentence}")
    return DONE


def check_options(names, smallest, save, figures, readme, measured, force) -> None:
    """What the options ask for is possible, before anything is measured."""
    if measured is not None:
        for option, given in (("--smallest", smallest), ("--save", save)):
            if given and not names:
                raise UsageFault.at(option, "does not go with --from alone, which measures nothing.")
        if not measured.is_file():
            raise Invalid.at(str(measured), "there is no such file; `matano bench --save` writes one.")
    if readme is not None:
        if smallest:
            raise UsageFault.at("--write-readme", "the times of --smallest tell nothing; measure without it.")
        if not readme.is_file():
            raise UsageFault.at(str(readme), "there is no such page.")
    if save is not None:
        check_target(save, force)
    if figures is not None and figures.exists() and not figures.is_dir():
        raise UsageFault.at(str(figures), "is a file; name a folder for the figures.")
    if figures is not None and not force and figures.is_dir() and any(figures.glob("*.png")):
        raise UsageFault.at(str(figures), "holds figures. Replace them with --force, or choose another folder.")


def measure(names: list[str], smallest: bool, quiet: bool) -> dict[str, dict]:
    """What each benchmark answers, by name; shown as soon as it is there unless quiet."""
    known = benchmarks()
    for name in names:
        if name not in known:
            raise Invalid.at(
                name, f"there is no such benchmark; there are: {', '.join(known) or 'none'}.{near(name, known)}"
            )
    if not known:
        raise Invalid.at(str(benchmarks_folder()), "there are no benchmarks here.")
    answers = {}
    for name in names or known:
        say(f"{name} ...")
        answers[name] = load(known[name]).main(smallest)
        if not quiet:
            print(name)
            show(answers[name], "  ")
    return answers


def show(answer, indent: str) -> None:
    """Nested answers as indented lines."""
    for name, value in answer.items():
        if isinstance(value, dict):
            print(f"{indent}{name}")
            show(value, indent + "  ")
        elif isinstance(value, list | tuple) and value and isinstance(value[0], dict):
            print(f"{indent}{name}")
            for entry in value:
                print(indent + "  " + ", ".join(f"{key} {number(item)}" for key, item in entry.items()))
        else:
            print(f"{indent}{name:<32} {number(value)}")


def number(value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

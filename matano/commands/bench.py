"""`matano bench`: each benchmark is a file whose `main(smallest)` returns what it measured."""

from pathlib import Path

from matano import benchmarks_folder
from matano.console import print_json, say
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


def bench(names: list[str], smallest: bool, as_json: bool) -> int:
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
        if not as_json:
            print(name)
            show(answers[name], "  ")
    if as_json:
        print_json(answers)
    return 0


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

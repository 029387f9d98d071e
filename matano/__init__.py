"""The front door: command line, figures, checks. Cases and benchmarks travel in it as data."""

from pathlib import Path


def _data(name: str) -> Path:
    installed = Path(__file__).resolve().parent / name
    return installed if installed.is_dir() else installed.parents[1] / name


def cases_folder() -> Path:
    """The folder of the cases: in the package once installed, at the top of a checkout."""
    return _data("cases")


def benchmarks_folder() -> Path:
    """The folder of the benchmarks: in the package once installed, at the top of a checkout."""
    return _data("benchmarks")

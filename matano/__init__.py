"""The front door: command line, figures, checks. Cases and benchmarks travel in it as data.

    result = matano.run("cu-ni.toml")
    matano.plot(result)

The names below are imported when they are first used, so that the command line starts without what it does not need.
"""

from importlib import import_module
from pathlib import Path

NAMES = {
    "run": "matano.notebook:run",
    "plot": "matano.notebook:plot",
    "analyse": "matano.notebook:analyse",
    "report": "matano.notebook:report",
    "verify": "matano.notebook:verify",
    "sweep": "matano.sweeping.sweep:sweep",
}

__all__ = ["benchmarks_folder", "cases_folder", "load_ipython_extension", *NAMES]


def __getattr__(name: str):
    if name not in NAMES:
        raise AttributeError(f"module 'matano' has no attribute {name!r}")
    module, _, attribute = NAMES[name].partition(":")
    value = getattr(import_module(module), attribute)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell) -> None:
    """`%load_ext matano` in a notebook: results, estimates and verdicts show tables and figures."""
    from matano.displayed import register

    register(shell.display_formatter.formatters)


def _data(name: str) -> Path:
    installed = Path(__file__).resolve().parent / name
    return installed if installed.is_dir() else installed.parents[1] / name


def cases_folder() -> Path:
    """The folder of the cases: in the package once installed, at the top of a checkout."""
    return _data("cases")


def benchmarks_folder() -> Path:
    """The folder of the benchmarks: in the package once installed, at the top of a checkout."""
    return _data("benchmarks")

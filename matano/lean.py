"""What a command does without: packages that others look for, collections of what is never garbage."""

import atexit
import gc
import sys
from importlib import import_module

# Python's own collect after each 700 new objects, and everything after each hundredth collection or so.
THRESHOLDS = 100_000, 50, 50


def collect_seldom() -> None:
    """Look for cycles of garbage seldom, and not when the process ends: the modules that a command imports are some
    hundred thousand objects, all of them in use, and looking through them takes a quarter of a short run.
    """
    gc.set_threshold(*THRESHOLDS)
    atexit.register(gc.freeze)


def import_without(module: str, *unused: str) -> None:
    """Import a module as if `unused` were not installed: looking for each of them takes a tenth of a second. Those are
    left out that are imported already; nothing is done where the module's package is imported.
    """
    if module.partition(".")[0] in sys.modules:
        return
    hidden = [name for name in unused if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))
    try:
        import_module(module)
    finally:
        for name in hidden:
            del sys.modules[name]


def import_numba() -> None:
    """Without its linear algebra, which no kernel uses, and which looks for SciPy's, and without measuring coverage."""
    import_without("numba.np.arraymath", "scipy.linalg.cython_blas", "coverage")  # the part that looks


def import_pint() -> None:
    """Without units of Dask's arrays."""
    import_without("pint", "dask")

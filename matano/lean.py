"""Imports of packages that look for others which no command uses: finding those takes a tenth of a second each."""

import sys
from importlib import import_module


def import_without(module: str, *unused: str) -> None:
    """Import a module as if `unused` were not installed, those left out that are imported already; nothing where its
    package is imported.
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

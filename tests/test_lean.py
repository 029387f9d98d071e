"""Imports that leave out what no command uses, and leave nothing behind; garbage that is looked for seldom."""

import subprocess
import sys

import pytest

LATER = """
import sys
sys.path.insert(0, {folder!r})
from matano.lean import import_without
import_without("asks", "asked")
import asks
assert asks.FOUND is False and "asked" not in sys.modules
import asked
assert asked.HERE
import_without("asks", "asked")
assert asks.FOUND is False and sys.modules["asked"] is asked
"""
BEFORE = """
import sys
sys.path.insert(0, {folder!r})
from matano.lean import import_without
import asked
import_without("asks", "asked")
import asks
assert asks.FOUND is True and sys.modules["asked"] is asked
"""
BROKEN = """
import sys
sys.path.insert(0, {folder!r})
from matano.lean import import_without
try:
    import_without("none_such", "asked")
except ImportError:
    import asked
    assert asked.HERE
else:
    raise AssertionError("imported what is not there")
"""


@pytest.mark.parametrize("script", [LATER, BEFORE, BROKEN], ids=["hidden", "imported before", "not there"])
def test_what_is_hidden_is_there_again(tmp_path, script):
    (tmp_path / "asked.py").write_text("HERE = True\n", encoding="utf-8")
    text = "try:\n    import asked\n    FOUND = True\nexcept ImportError:\n    FOUND = False\n"
    (tmp_path / "asks.py").write_text(text, encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-c", script.format(folder=str(tmp_path))], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr


CYCLES = """
import atexit, gc, weakref
atexit.register(lambda: print(gc.get_freeze_count() > 0))  # runs after what is registered later
from matano.lean import collect_seldom
collect_seldom()
class Node:
    def __init__(self):
        self.own = self
alive = [weakref.ref(Node()) for _ in range(250_000)]
print(gc.isenabled(), sum(one() is not None for one in alive) < 150_000)
"""


def test_cycles_of_garbage_are_still_found_but_not_at_the_end():
    ended = subprocess.run([sys.executable, "-c", CYCLES], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["True", "True", "True"]


def test_a_run_imports_nothing_of_dask_or_coverage():
    text = "import sys\nfrom matano.lean import import_numba, import_pint\nimport_pint()\nimport_numba()\n"
    text += "import pint\npint.UnitRegistry()('1 um').to('m')\n"
    text += "print([name for name in sys.modules if name.split('.')[0] in ('dask', 'coverage')])"
    ended = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"

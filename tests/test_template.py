"""Every template loads, knows its law's keys, and runs."""

import subprocess
import sys
import tomllib

import pytest

from simulator.faults import Invalid
from simulator.files.case import parse_case
from simulator.files.keys import key_lines
from simulator.files.template import template, template_names
from simulator.laws.catalogue import LAWS, law_of


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.kind)
def test_every_law_has_a_template_that_names_all_its_keys(law):
    text = template(law.kind)
    assert tomllib.loads(text)["law"]["kind"] == law.kind
    for entry in law.key_fields():
        assert f"{entry.name} = " in text
        assert f"# {entry.name}: " in text


@pytest.mark.parametrize("name", template_names())
def test_a_template_loads_without_a_warning(name):
    case = parse_case(template(name), "new.toml")
    assert isinstance(case.problem.law, law_of(case.problem.law.kind))
    assert case.problem.warnings() == ()
    assert max(map(len, template(name).splitlines())) <= 120


def test_loading_any_law_needs_neither_numba_nor_scipy_nor_matplotlib():
    # pint asks for the bare name scipy, which loads none of its parts
    program = (
        "import sys\n"
        "from simulator.files.case import parse_case\n"
        "from simulator.files.template import template, template_names\n"
        "for name in template_names(): parse_case(template(name))\n"
        "heavy = {'numba', 'matplotlib', 'scipy.linalg', 'scipy.special', 'scipy.optimize', 'scipy.interpolate'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}\n{program}"], capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("name", template_names())
def test_every_line_of_a_template_that_is_no_key_is_a_comment(name):
    text = template(name)
    keys = {line for line in key_lines(text).values()}
    for number, line in enumerate(text.splitlines(), start=1):
        assert number in keys or not line.strip() or line.lstrip().startswith(("#", "["))


@pytest.mark.parametrize("name", template_names())
def test_a_template_runs(name):
    import simulator

    small = ["time.save=1", "solver.rtol=1e-3"]
    dimensions = len(getattr(getattr(parse_case(template(name)).problem, "box", None), "axes", "x"))
    cells = "40" if dimensions == 1 else str([40] * dimensions)
    case = parse_case(template(name), "new.toml", overrides=[f"domain.cells={cells}", *small])
    result = simulator.solve(case.problem, case.controls)
    assert result.composition.shape == (1, len(case.problem.mixture.components), *[40] * dimensions)
    # Closed or not, nothing leaves the simplex by more than the step's tolerance.
    most = case.problem.mixture.most
    assert result.composition.min() > -1e-3 * min(1.0, result.composition.max())
    assert result.composition.max() < most + 1e-3


def test_an_unknown_template_is_refused_with_a_suggestion():
    with pytest.raises(Invalid, match="Did you mean binary-couple"):
        template("binary-cuple")

"""Which cases are verified, what they say of it, and why some cannot be."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from simulator.faults import Fault, Invalid, near

FINER = 2


def check_methods(case, path: Path) -> None:
    """Raise Invalid for a name in [verify] that no method has: the simulator knows none of them."""
    from inverse.registry import METHODS

    said = case.verify
    asked = [(f"methods[{index}]", name) for index, name in enumerate(said.methods)]
    for key in ("tolerance", "expected_bias"):
        table = getattr(said, key)
        asked += [(f"{key}.{name}", name) for name in (table if isinstance(table, dict) else ())]
    faults = [
        Fault(f"{path} verify.{key}", f"there is no method {name!r}.{near(name, METHODS)}")
        for key, name in asked
        if name not in METHODS
    ]
    if faults:
        raise Invalid(*faults)


def further(case, path: Path) -> list[Path]:
    """The files of the couples that [verify] names, in the folder of the case or below."""
    found = [(case.folder / name).resolve() for name in case.verify.couples]
    faults = [
        Fault(f"{path} verify.couples[{index}]", "must lie in the folder of the case, or below.")
        for index, other in enumerate(found)
        if not other.is_relative_to(case.folder)
    ]
    if faults:
        raise Invalid(*faults)
    return found


def why_not(case, methods: Sequence[str] = ()) -> str:
    """A sentence if no method at all can apply, of these or of all, so that the case need not be simulated."""
    from inverse.registry import METHODS

    if hasattr(case.problem, "box") and all(METHODS[name].data == "profile" for name in methods or METHODS):
        return "it has two or three dimensions, and these methods take a profile along a line."
    if case.problem.mixture.interstitial:
        return "its interdiffusivity is that of u-fractions, the methods recover that of mole fractions."
    if case.problem.steady and not case.problem.sweep:
        return "the case is a steady state, the methods need a time."
    return ""


def finer(case):
    """The case on more cells and to a tighter tolerance; of a field, whose start may be noise of its own cells, to this
    only."""
    controls = replace(case.controls, rtol=0.1 * case.controls.rtol)
    if hasattr(case.problem, "box"):
        return replace(case, controls=controls)
    domain = case.problem.domain
    problem = replace(case.problem, domain=replace(domain, cells=FINER * domain.cells))
    return replace(case, problem=problem, controls=controls)

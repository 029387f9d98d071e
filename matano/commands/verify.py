"""`matano verify`: simulate with a known law, recover it from the profile, compare; all methods, all cases."""

from dataclasses import replace
from pathlib import Path

from matano import cases_folder
from matano.console import DONE, OUT_OF_TOLERANCE, print_json, print_table, say
from simulator.faults import Fault, Invalid, NumericsError, near

FINER = 2


def cases() -> dict[str, Path]:
    """The installed cases by name."""
    return {path.stem: path for path in sorted(cases_folder().rglob("*.toml"))}


def verify(names: list[str], full: bool, as_json: bool) -> int:
    from inverse import METHODS, round_trips
    from simulator.files.case import load

    known = cases()
    unknown = [name for name in names if name not in known and name not in METHODS and not Path(name).is_file()]
    if unknown:
        words = [*known, *METHODS]
        raise Invalid.at(
            unknown[0], f"there is no such case or method.{near(unknown[0], words)} Known: {', '.join(words)}."
        )
    methods = [METHODS[name] for name in METHODS if name in names] or list(METHODS.values())
    chosen = {name: path for name, path in known.items() if name in names}
    chosen.update({Path(name).stem: Path(name) for name in names if name not in known and name not in METHODS})
    rows = []
    for name, path in (chosen or known).items():
        case = load(path)
        check_methods(case, path)
        allowed = [
            method
            for method in methods
            if not case.verify or not case.verify.methods or method.name in case.verify.methods
        ]
        reason = why_not(case)
        if reason:
            rows += [not_applied(name, method.name, reason, True) for method in allowed]
            continue
        say(f"{name} ...")
        try:
            rows += [
                judged(trip.to_json(), case) for trip in round_trips({name: finer(case) if full else case}, allowed)
            ]
        except NumericsError as error:
            rows.append(not_applied(name, "", f"the simulation failed: {error}", False))
    if as_json:
        print_json(rows)
    else:
        show(rows)
    return DONE if all(row["passed"] for row in rows) else OUT_OF_TOLERANCE


def check_methods(case, path: Path) -> None:
    """Raise Invalid for a name in [verify] methods that no method has: the simulator knows none of them."""
    asked = case.verify.methods if case.verify else ()
    if not asked:
        return
    from inverse.registry import METHODS

    faults = [
        Fault(f"{path} verify.methods[{index}]", f"there is no method {name!r}.{near(name, METHODS)}")
        for index, name in enumerate(asked)
        if name not in METHODS
    ]
    if faults:
        raise Invalid(*faults)


PHASES = ("line-compounds", "two-phase")  # laws of couples with more than one


def not_applied(case: str, method: str, sentence: str, passed: bool) -> dict:
    """A method that was not applied to a case, and why."""
    outcome = {"applies": False, "sentence": sentence, "max_error": None, "tolerance": None, "passed": passed}
    return {"case": case, "method": method, **outcome}


def why_not(case) -> str:
    """A sentence if no profile method can apply, so that the case need not be simulated."""
    if case.problem.mixture.m > 1:
        return f"the case has {len(case.problem.mixture.components)} components, the methods take binary couples."
    if case.problem.law.kind in PHASES:
        return "the case has several phases, the methods take profiles of one."
    if case.problem.swells:
        return "its molar volume varies, the methods take a constant one."
    if case.problem.mixture.interstitial:
        return "its interdiffusivity is that of u-fractions, the methods recover that of mole fractions."
    if case.problem.steady:
        return "the case is a steady state, the methods need a time."
    return ""


def finer(case):
    """The case on more cells and to a tighter tolerance."""
    domain = case.problem.domain
    problem = replace(case.problem, domain=replace(domain, cells=FINER * domain.cells))
    return replace(case, problem=problem, controls=replace(case.controls, rtol=0.1 * case.controls.rtol))


def judged(row: dict, case) -> dict:
    """The row, with the tolerance that the case's [verify] states, if any, in place of the method's."""
    stated = case.verify.tolerance if case.verify else None
    if isinstance(stated, dict):
        stated = stated.get(row["method"])
    if stated is None or row["max_error"] is None:
        return row
    return {**row, "tolerance": stated, "passed": bool(row["max_error"] <= stated)}


def show(rows: list[dict]) -> None:
    """A table of what was compared, and how many applications were refused."""
    compared = [row for row in rows if row["applies"]]
    print_table(
        ("case", "method", "largest error", "tolerance", ""),
        [
            (
                row["case"],
                row["method"],
                f"{row['max_error']:.2e}",
                f"{row['tolerance']:.0e}",
                "passed" if row["passed"] else "FAILED",
            )
            for row in compared
        ],
    )
    refused = [row for row in rows if not row["applies"] and row["passed"]]
    for entry in rows:
        if not entry["applies"] and not entry["passed"]:
            print(f"FAILED: {entry['case']}: {entry['sentence']}")
    if refused:
        print()
        for (case, sentence), methods in grouped(refused).items():
            print(f"not applied to {case}: {', '.join(methods)}: {sentence}")
    failed = sum(not row["passed"] for row in rows)
    print(f"\n{len(compared)} round trips, {failed} failed, {len(refused)} not applicable")


def grouped(rows: list[dict]) -> dict[tuple[str, str], list[str]]:
    """The methods that say the same of a case, each by its own name, by case and sentence."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        sentence = row["sentence"].removeprefix(f"{row['method']} ")
        found.setdefault((row["case"], sentence), []).append(row["method"])
    return found

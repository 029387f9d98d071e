"""`matano verify`: simulate with a known law, recover it from the profile, compare; all methods, all cases."""

import re
from dataclasses import replace
from pathlib import Path

from matano import cases_folder
from matano.console import DONE, OUT_OF_TOLERANCE, print_json, print_table, say
from simulator.faults import Fault, Invalid, NumericsError, near

FINER = 2
BRIEFLY = (  # what a dozen methods say of a case, each in its own words
    (re.compile(r"\bbinary (couple|sample|alloy)\b|Choose one with --component"), "for two components."),
    (re.compile(r"needs three components or more"), "for three components or more."),
    (re.compile(r"takes \d+( to \d+)? profiles, got"), "for several couples, which [verify] of the case must name."),
)


def cases() -> dict[str, Path]:
    """The installed cases by name, those in folders that are further couples of others too."""
    return {path.stem: path for path in sorted(cases_folder().rglob("*.toml"))}


def leading() -> dict[str, Path]:
    """The cases that are verified unasked: further couples of theirs lie in folders below, and are taken with them."""
    return {name: path for name, path in cases().items() if path.parent == cases_folder()}


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
    # a name that is both is the case: the method is among those that are applied to it
    methods = [METHODS[name] for name in METHODS if name in names and name not in known] or list(METHODS.values())
    chosen = {name: path for name, path in known.items() if name in names}
    chosen.update({Path(name).stem: Path(name) for name in names if name not in known and name not in METHODS})
    rows = []
    for name, path in (chosen or leading()).items():
        case = load(path)
        check_methods(case, path)
        couples = [load(other) for other in further(case, path)]
        allowed = [method for method in methods if not case.verify.methods or method.name in case.verify.methods]
        reason = why_not(case)
        if reason:
            rows += [not_applied(name, method.name, reason, True) for method in allowed]
            continue
        say(f"{name} ...")
        if full:
            case, couples = finer(case), [finer(other) for other in couples]
        try:
            rows += [trip.to_json() for trip in round_trips({name: case}, allowed, {name: couples})]
        except NumericsError as error:
            rows.append(not_applied(name, "", f"the simulation failed: {error}", False))
    if as_json:
        print_json(rows)
    else:
        show(rows)
    return DONE if all(row["passed"] for row in rows) else OUT_OF_TOLERANCE


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


def not_applied(case: str, method: str, sentence: str, passed: bool) -> dict:
    """A method that was not applied to a case, and why."""
    from inverse import RoundTrip

    return RoundTrip(case, method, sentence=sentence, failed=not passed).to_json()


def why_not(case) -> str:
    """A sentence if no method at all can apply, so that the case need not be simulated."""
    mixture = case.problem.mixture
    if mixture.interstitial:
        return "its interdiffusivity is that of u-fractions, the methods recover that of mole fractions."
    if case.problem.steady and not case.problem.sweep:
        return "the case is a steady state, the methods need a time."
    return ""


def finer(case):
    """The case on more cells and to a tighter tolerance."""
    domain = case.problem.domain
    problem = replace(case.problem, domain=replace(domain, cells=FINER * domain.cells))
    return replace(case, problem=problem, controls=replace(case.controls, rtol=0.1 * case.controls.rtol))


def show(rows: list[dict]) -> None:
    """A table of what was compared, what the methods refused, and a count of each verdict."""
    compared = [row for row in rows if row["applies"]]
    print_table(
        ("method", "case", "recovers", "window", "largest error", "tolerance", ""),
        [
            (
                row["method"],
                row["case"],
                row["recovers"].replace("_", " ") + (f", {row['profiles']} profiles" if row["profiles"] > 1 else ""),
                window(row),
                f"{row['max_error']:.2e}",
                f"{row['tolerance']:.0e}",
                row["verdict"] + (f", as much as {row['expected_bias']:.2g}" if row["expected_bias"] else ""),
            )
            for row in sorted(compared, key=lambda row: order(row["method"]))
        ],
    )
    refused = [row for row in rows if not row["applies"] and row["passed"]]
    for entry in rows:
        if not entry["applies"] and not entry["passed"]:
            print(f"FAILED: {entry['case']}: {entry['method']}: {entry['sentence']}")
    if refused:
        print()
        for sentence, methods, names in grouped(refused):
            print(f"not applied: {', '.join(methods)}: {sentence} ({', '.join(names)})")
    failed = sum(not row["passed"] for row in rows)
    expected = sum(row["verdict"] == "expected" for row in rows)
    print(
        f"\n{len(compared)} round trips, {failed} failed, {expected} out of tolerance as expected, "
        f"{len(refused)} not applicable"
    )


def window(row: dict) -> str:
    """The range of compositions that was compared, or the one composition."""
    low, high = row["window"]
    if (low, high) == (0.0, 1.0):
        return "all"
    return f"{low:.3f}" if low == high else f"{low:.3f} to {high:.3f}"


def order(name: str) -> int:
    """The place of a method in the registry."""
    from inverse import METHODS

    return list(METHODS).index(name)


def grouped(rows: list[dict]) -> list[tuple[str, list[str], list[str]]]:
    """What methods say of cases, each once: a sentence, the methods that say it, of which cases."""
    said: dict[tuple[str, str], list[str]] = {}
    brief: dict[str, tuple[list[str], list[str]]] = {}
    for row in rows:
        words = next((text for pattern, text in BRIEFLY if pattern.search(row["sentence"])), None)
        if words is None:
            sentence = row["sentence"].removeprefix(f"{row['method']} ")
            said.setdefault((sentence, row["case"]), []).append(row["method"])
            continue
        methods, names = brief.setdefault(words, ([], []))
        methods += [row["method"]] if row["method"] not in methods else []
        names += [row["case"]] if row["case"] not in names else []
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (sentence, case), methods in said.items():
        found.setdefault((sentence, tuple(methods)), []).append(case)
    groups = [(words, methods, names) for words, (methods, names) in brief.items()]
    return groups + [(sentence, list(methods), names) for (sentence, methods), names in found.items()]

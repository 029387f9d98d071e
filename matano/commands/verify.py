"""`matano verify`: simulate with a known law, recover it from the profile, compare; all methods, all cases."""

import re
from pathlib import Path

from matano import cases_folder
from matano.console import (
    DONE,
    OUT_OF_TOLERANCE,
    Progress,
    UsageFault,
    check_page,
    check_target,
    print_json,
    print_table,
    say,
)
from simulator.faults import Invalid, near

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


def verify(
    names: list[str],
    full: bool,
    as_json: bool,
    report: Path | None = None,
    fresh: bool = False,
    jobs: int | None = None,
    docs: Path | None = None,
    force: bool = False,
) -> int:
    if jobs is not None and jobs < 1:
        raise UsageFault.at("--jobs", f"must be 1 or more, got {jobs}.")
    if docs is not None and names:
        raise UsageFault.at("--write-docs", "the page is about all cases and methods: give no names.")
    if report is not None:
        check_page(report, force)
    if docs is not None:
        check_target(docs, force)
    methods, chosen = asked(names)
    document = verified(methods, chosen, full, fresh, jobs, answered=full or report is not None or not names)
    if report is not None:
        from matano.verification.page import page_of

        page_of(document).write(report, force=True)
    if docs is not None:
        from matano.verification.written import write_page

        write_page(document, chosen, docs)
    if as_json:
        print_json(document)
    else:
        show(document["round_trips"])
        show_responses(document["responses"])
    return DONE if document["passed"] else OUT_OF_TOLERANCE


def asked(names: list[str]) -> tuple[list[str], dict[str, Path]]:
    """Methods and cases by their names; a name that is both is the case, to which all methods are applied."""
    from inverse import METHODS

    known = cases()
    unknown = [name for name in names if name not in known and name not in METHODS and not Path(name).is_file()]
    if unknown:
        words = [*known, *METHODS]
        raise Invalid.at(
            unknown[0], f"there is no such case or method.{near(unknown[0], words)} Known: {', '.join(words)}."
        )
    methods = [name for name in METHODS if name in names and name not in known] or list(METHODS)
    chosen = {name: path for name, path in known.items() if name in names}
    chosen.update({Path(name).stem: Path(name) for name in names if name not in known and name not in METHODS})
    return methods, chosen or leading()


def verified(
    methods: list[str], chosen: dict[str, Path], full: bool, fresh: bool, jobs: int | None, answered: bool
) -> dict:
    """Everything that was found, as one document. answered: whether methods are tried on noise and spacing too."""
    from matano.verification.chosen import check_methods
    from matano.verification.record import Record, code, texts_of
    from matano.verification.runs import answers, case_tasks, every, response_tasks, typical
    from simulator.cores import cores
    from simulator.files.case import load

    files = {}
    for name, path in chosen.items():
        case = load(path)
        check_methods(case, path)
        files[name] = path, tuple(texts_of(case, path))
    record, kept, finished = Record(fresh), 0, 0
    with Progress("verify") as progress:

        def run(tasks, begin: float, share: float) -> list:
            nonlocal kept
            found, count = [None] * len(tasks), 0

            def done(task, before: bool) -> None:
                nonlocal count, kept, finished
                count, kept, finished = count + 1, kept + before, finished + 1
                progress(begin + share * count / len(tasks))

            for index, answer in answers(tasks, record, jobs or cores(), done):
                found[index] = answer
            return found

        tasks, share = case_tasks(files, methods, full), 0.5 if answered else 1.0
        by_case = {task.name: rows for task, rows in zip(tasks, run(tasks, 0.0, share), strict=True)}
        rows = [row for name in files for row in by_case[name]]
        wanted = (every(rows) if full else typical(rows)) if answered else []
        responses = run(response_tasks(files, wanted, full), share, 1.0 - share)
    if kept:
        say(f"{kept} of {finished} parts were done before, with this code: --fresh does them again.")
    return {
        "code": code(),
        "full": full,
        "round_trips": rows,
        "responses": responses,
        "passed": all(row["passed"] for row in (*rows, *responses)),
    }


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
                number(row["max_error"]),
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
    print(f"\n{counted(rows)}")


def counted(rows: list[dict]) -> str:
    """How many round trips there were, and what came of them."""
    compared = [row for row in rows if row["applies"]]
    failed = sum(not row["passed"] for row in rows)
    expected = sum(row["verdict"] == "expected" for row in rows)
    refused = sum(not row["applies"] and row["passed"] for row in rows)
    return (
        f"{len(compared)} round trips, {failed} failed, {expected} out of tolerance as expected, "
        f"{refused} not applicable"
    )


def show_responses(responses: list[dict]) -> None:
    """How each method answers to the probe: a line for each, and a sentence for what is out of tolerance."""
    if not responses:
        return
    print()
    rows = [
        (
            row["method"],
            row["case"],
            *(number(at(row["spacing"], "points", points, "largest")) for points in (100, 25)),
            *(number(at(row["noise"], "level", level, "typical")) for level in (1e-3, 1e-2)),
            number(at(row["truncation"], "share", 1e-2, "largest")),
            "passed" if row["passed"] else "FAILED",
        )
        for row in responses
    ]
    print_table(("method", "case", "100 points", "25 points", "noise 0.1 %", "noise 1 %", "cut at 1 %", ""), rows)


def at(entries: list[dict], key: str, value: float, what: str):
    return next((entry[what] for entry in entries if entry[key] == value), None)


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2e}"


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

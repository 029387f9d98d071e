"""`python -m tests.mutations [NAME...] [--json] [--jobs N]`: does a test fail for every deliberate fault?

Exit status 0 where every fault is caught, 2 for wrong usage, 5 where one survives, is stale or could not be tried.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from .catalogue import MUTATIONS, Mutation
from .trial import Copy, Outcome, by_file, exchanged

ROOT = Path(__file__).resolve().parents[2]
DONE, NOT_CAUGHT = 0, 5
LONGEST = 60.0  # s, that the tests of one fault may take where it is not there


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def tried(mutations: Sequence[Mutation], jobs: int) -> list[dict]:
    """A row for each fault: what its tests say without it and with it."""
    stale = {}
    for mutation in mutations:
        try:
            exchanged(ROOT / mutation.file, mutation)
        except (ValueError, OSError) as error:
            stale[mutation.name] = str(error)
    fresh = [mutation for mutation in mutations if mutation.name not in stale]
    with tempfile.TemporaryDirectory(prefix="matano-mutations-") as folder:
        copies: SimpleQueue[Copy] = SimpleQueue()
        for number in range(jobs):
            copies.put(Copy(ROOT, Path(folder) / str(number)))

        def with_copy(work: Callable[[Copy], dict]) -> dict:
            copy = copies.get()
            try:
                return work(copy)
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(jobs) as pool:
            groups = by_file(test for mutation in fresh for test in mutation.tests)
            tell(f"{sum(map(len, groups))} tests without a fault ...")
            before: dict[str, Outcome] = {}
            for found in pool.map(lambda group: with_copy(lambda copy: copy.run(group)), groups):
                before |= found

            def again(mutation: Mutation) -> dict[str, Outcome]:
                return with_copy(lambda copy: copy.run(mutation.tests))

            # the first time tests are run, kernels are compiled for them
            slow = [one for one in fresh if sum(before[test].seconds for test in one.tests) > LONGEST]
            for found in pool.map(again, slow):
                before |= found

            def faulty(mutation: Mutation) -> tuple[str, dict[str, Outcome]]:
                def work(copy: Copy) -> dict[str, Outcome]:
                    with copy.patched(mutation):
                        return copy.run(mutation.tests)

                after = with_copy(work)
                tell(f"{mutation.name}: {verdict(mutation, before, after)[0]}")
                return mutation.name, after

            # what is compiled anew takes longest and goes first
            after = dict(pool.map(faulty, sorted(fresh, key=lambda one: not one.compiled)))
    return [row(mutation, stale.get(mutation.name, ""), before, after.get(mutation.name, {})) for mutation in mutations]


def verdict(mutation: Mutation, before: dict[str, Outcome], after: dict[str, Outcome]) -> tuple[str, str]:
    """caught, SURVIVED or not tried, and why."""
    for test in mutation.tests:
        if before[test].word != "passed":
            return "not tried", f"{test} without the fault: {before[test].word} {before[test].message}".strip()
    seconds = sum(before[test].seconds for test in mutation.tests)
    if seconds > LONGEST:
        return "not tried", f"its tests take {seconds:.0f} s, more than {LONGEST:.0f} s."
    for test in mutation.tests:
        if after[test].word != "failed":
            word = "SURVIVED" if after[test].word == "passed" else "not tried"
            return word, f"{test} with the fault: {after[test].word} {after[test].message}".strip()
    return "caught", ""


def row(mutation: Mutation, stale: str, before: dict[str, Outcome], after: dict[str, Outcome]) -> dict:
    word, why = ("stale", stale) if stale else verdict(mutation, before, after)
    return {
        "name": mutation.name,
        "fault": mutation.fault,
        "file": mutation.file,
        "verdict": word,
        "why": why,
        "seconds": sum(before[test].seconds for test in mutation.tests if test in before),
        "tests": [
            {
                "test": test,
                "without": before[test].word if test in before else None,
                "with": after[test].word if test in after else None,
                "message": after[test].message if test in after else "",
            }
            for test in mutation.tests
        ],
    }


def show(rows: Sequence[dict]) -> None:
    """One table, and a line for whatever is not caught."""
    head = ("fault", "file", "tests", "s", "")
    table = [head]
    for one in rows:
        failed = sum(test["with"] == "failed" for test in one["tests"])
        share = f"{failed} of {len(one['tests'])} fail"
        table.append((one["name"], one["file"], share, f"{one['seconds']:.1f}", one["verdict"]))
    widths = [max(len(line[k]) for line in table) for k in range(len(head))]
    for line in table:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
    for one in rows:
        if one["why"]:
            print(f"{one['name']}: {one['why']}")
    caught = sum(one["verdict"] == "caught" for one in rows)
    print(f"\n{caught} of {len(rows)} faults caught")


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="faults to try; all of them by default")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--jobs", type=int, default=2, help="copies of the checkout that are used at once")
    asked = parser.parse_args(words)
    known = {mutation.name: mutation for mutation in MUTATIONS}
    unknown = [name for name in asked.names if name not in known]
    if unknown:
        parser.error(f"there is no fault {unknown[0]!r}; there are {', '.join(known)}.")
    if asked.jobs < 1:
        parser.error("--jobs must be 1 or more.")
    began = time.monotonic()
    rows = tried([known[name] for name in asked.names] or MUTATIONS, asked.jobs)
    if asked.json:
        print(json.dumps(rows, indent=2))
    else:
        show(rows)
    tell(f"{time.monotonic() - began:.0f} s")
    return DONE if all(one["verdict"] == "caught" for one in rows) else NOT_CAUGHT


if __name__ == "__main__":
    raise SystemExit(main())

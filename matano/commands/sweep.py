"""`matano sweep`: one case at many values of its keys, in a folder of results with a table."""

import sys
from pathlib import Path

from matano.console import DONE, INTERRUPTED, INVALID, NUMERICS, Progress, UsageFault, print_json, say

MOST_SENTENCES = 5


def sweep(
    path: Path,
    settings: list[str],
    folder: Path,
    values: list[str],
    method: str,
    at: str,
    zipped: bool,
    seed: int,
    jobs: int | None,
    cluster: str,
    retry: bool,
    force: bool,
    as_json: bool,
) -> int:
    if not settings:
        raise UsageFault.at("--set", "say what to vary: --set KEY=A:B:N or --set KEY=[..].")
    if cluster and jobs is not None:
        raise UsageFault.at(
            "sweep", "--jobs are processes of this machine and --cluster another one: give one of them."
        )
    if seed < 0:
        raise UsageFault.at("--seed", f"is a whole number, 0 or more, got {seed}.")
    from matano.sweeping.sweep import Interrupted, sweep

    compositions = numbers(at)
    methods = [name.strip() for name in method.split(",") if name.strip()]
    try:
        with Progress(path.stem) as progress:
            table = sweep(
                path,
                settings,
                folder,
                values=values,
                methods=methods,
                **({"compositions": compositions} if compositions else {}),
                zipped=zipped,
                seed=seed,
                jobs=jobs,
                cluster=cluster,
                retry=retry,
                force=force,
                progress=progress,
                command=["matano", *sys.argv[1:]],
            )
    except Interrupted as error:
        say(f"{path}: {error}")
        return INTERRUPTED
    facts = facts_of(table)
    if as_json:
        print_json(facts)
    else:
        show(table, facts, path)
    counts = facts["runs"]
    if counts["failed"] or counts["lost"]:
        return NUMERICS
    return INVALID if counts["invalid"] else DONE


def numbers(text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")] if text else []
    except ValueError:
        raise UsageFault.at("--at", f"expected mole fractions, as in 0.25,0.5; got {text[:60]!r}.") from None


def facts_of(table) -> dict:
    """What --json says: counts, files, and the sentences of the runs that have no result."""
    from matano.sweeping.table import CSV, FIGURE, HDF5

    counts = {status: int((table.status == status).sum()) for status in ("complete", "invalid", "failed", "lost")}
    return {
        "folder": str(table.folder),
        "runs": {"all": len(table), **counts},
        "tables": [str(table.folder / CSV), str(table.folder / HDF5)],
        "figure": str(table.folder / FIGURE),
        "columns": list(table.names),
        "faults": [
            {"run": k, "parameters": parameters(table, k), "status": table.status[k], "sentence": table.sentence[k]}
            for k in range(len(table))
            if table.sentence[k]
        ],
    }


def parameters(table, k: int) -> dict:
    return {name: values[k] for name, values in table.parameters.items()}


def brief(value) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def show(table, facts: dict, path: Path) -> None:
    counts = facts["runs"]
    told = [f"{counts['complete']} complete"]
    told += [f"{counts[status]} {status}" for status in ("invalid", "failed", "lost") if counts[status]]
    print(f"sweep of {path}: {counts['all']} runs, {', '.join(told)}")
    for name, text in (("table", " ".join(facts["tables"])), ("figure", facts["figure"])):
        print(f"  {name:<8}  {text}")
    for fault in facts["faults"][:MOST_SENTENCES]:
        where = ", ".join(f"{name} = {brief(value)}" for name, value in fault["parameters"].items())
        say(f"run {fault['run']} ({where}): {fault['sentence']}")
    more = len(facts["faults"]) - MOST_SENTENCES
    if more > 0:
        say(f"and {more} more; the column `sentence` of the table has them all.")

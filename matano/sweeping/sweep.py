"""A sweep from beginning to end: what is missing is done, and everything is collected."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matano.console import UsageFault, whole
from matano.sweeping.plan import Plan, plan_of
from matano.sweeping.settings import settings_of
from matano.sweeping.table import CSV, FIGURE, HDF5, RUNS, SCHEMA, Table, table_of, write_csv, write_hdf5
from matano.sweeping.wanted import COMPOSITIONS, Wanted, check_quantities, wanted_of
from matano.sweeping.work import Task, do, record_of, remove_unfinished
from matano.sweeping.workers import ClusterLost, check_installed, distribute
from simulator.cores import cores
from simulator.faults import Invalid

PLAN = "sweep.json"


class Interrupted(KeyboardInterrupt):
    """A sweep that was stopped before its end; the sentence says how far it came."""


def sweep(
    case: str | Path,
    settings: Mapping[str, Any] | Sequence[str],
    folder: str | Path,
    *,
    values: Sequence[str] = (),
    methods: Sequence[str] = (),
    compositions: Sequence[float] = COMPOSITIONS,
    zipped: bool = False,
    seed: int = 0,
    jobs: int | None = 1,
    cluster: str = "",
    retry: bool = False,
    force: bool = False,
    progress: Callable[[float], None] | None = None,
    command: Sequence[str] = (),
) -> Table:
    """Run a case file at many values of its keys and collect what comes out in a table.

        table = sweep("cu-ni.toml", {"parameters.b": [0.0, 1.2], "domain.cells": "100:400:4"}, "cells",
                      values=["x_Ni, at = 100 um"])

    settings: lists, "A:B:N" or "A:B:N:KIND" (linear, log, uniform, log-uniform, normal) by key, or texts "KEY=..." as
    for --set; single values hold for all runs. Every value meets every other, draws (by `seed`) one another; zipped:
    the first ones meet, the second ones, and so on. values: quantities of a run, "QUANTITY, at = .., time = ..";
    methods: by name, on the last profile of each run, read off at `compositions` where a coefficient is a function.

    jobs: processes; 1 does all in this one, None takes every core; cluster: the address of a dask scheduler instead.
    With several processes a script needs `if __name__ == "__main__":` around its own work.

    Runs lie in FOLDER/runs, each whole or not there; those that are there are not done again, `retry` does failed ones
    again. The table is in FOLDER/table.csv and table.h5. A run that fails is a row with its sentence. Raises Invalid
    for a case that no run can use, and, without `force`, for a folder with another sweep; Interrupted (a
    KeyboardInterrupt) when it was stopped, or the cluster is gone.
    """
    path, folder = Path(case), Path(folder)
    plan = plan_of(path, settings_of(settings, seed), zipped)
    wanted = wanted_of(values, methods, compositions)
    check_case(plan, wanted)
    jobs = cores() if jobs is None else jobs
    if jobs < 1:
        raise UsageFault.at("--jobs", f"is a number of processes, 1 or more, got {jobs}.")
    if cluster or jobs > 1:
        check_installed()
    about = {
        "set": [f"{setting.key}={list(setting.values)!r}" for setting in plan.settings],
        "zip": zipped,
        "seed": seed,
        "values": [entry.column for entry in wanted.quantities],
        "methods": list(wanted.methods),
        "compositions": list(wanted.compositions),
    }
    prepare(folder, plan, about, force)
    runs = str((folder / RUNS).resolve())
    task = Task(str(path), plan.text, str(plan.folder), runs, wanted, tuple(command))
    records = perform(task, plan, jobs, cluster, retry, progress)
    table = table_of(plan, records, folder)
    collect(table, plan, about)
    return table


def check_case(plan: Plan, wanted: Wanted) -> None:
    """Raise Invalid when neither the first nor the last run is a case, or none can have what is asked for."""
    from simulator.files.case import parse_case

    first: Invalid | None = None
    for run in (plan.runs[0], plan.runs[-1]):
        try:
            case = parse_case(plan.text, plan.path, plan.folder, run.overrides)
        except Invalid as error:
            first = first or error
            continue
        check_quantities(wanted, case.problem)
        return
    raise first


def prepare(folder: Path, plan: Plan, about: Mapping, force: bool) -> None:
    """Make the folder, or see that it holds this sweep; remove what killed runs left unfinished."""
    said = {"schema": SCHEMA, "case": plan.path.name, "runs": [run.name for run in plan.runs], **about}
    where = folder / PLAN
    if folder.exists() and not folder.is_dir():
        raise UsageFault.at(str(folder), "is a file; name a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not force:
        try:
            before = json.loads(where.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            text = "holds other files, and no sweep; choose another folder, or put the sweep there with --force."
            raise UsageFault.at(str(folder), text) from None
        if before != json.loads(json.dumps(said)):
            other = [name for name in said if not isinstance(before, dict) or before.get(name) != said[name]]
            what = "another case, or a changed one" if other == ["runs"] else f"another sweep ({', '.join(other)})"
            text = f"holds {what}; --force replaces its tables and keeps every run that is the same."
            raise UsageFault.at(str(folder), text)
    try:
        (folder / RUNS).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageFault.at(str(folder), f"cannot be made: {error.strerror}.") from None
    if force or not where.exists():
        with whole(where) as part:
            part.write_text(json.dumps(said), encoding="utf-8")
    remove_unfinished(folder / RUNS)


def perform(
    task: Task, plan: Plan, jobs: int, cluster: str, retry: bool, progress: Callable[[float], None] | None
) -> list[dict | None]:
    """Do what is missing; the records of all runs, in the order of the plan."""
    different = {run.name: run for run in plan.runs}
    records = {name: record_of(task, run, retry) for name, run in different.items()}
    missing = [run for name, run in different.items() if records[name] is None]
    for run in missing:
        task.record(run).unlink(missing_ok=True)  # a worker skips what has a record
    done = len(different) - len(missing)

    def finished(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(done / len(different))

    if progress is not None:
        progress(done / len(different))
    try:
        if missing and (cluster or min(jobs, len(missing)) > 1):
            distribute(task, missing, min(jobs, len(missing)), cluster, finished)
        elif missing:
            from matano.lean import import_numba

            import_numba()
            for run in missing:
                do(task, run)
                finished(1)
    except KeyboardInterrupt:
        raise Interrupted(stopped(task, different.values(), "interrupted")) from None
    except ClusterLost:
        raise Interrupted(stopped(task, different.values(), "the cluster is gone")) from None
    return [record_of(task, run) or lost(task, run) for run in plan.runs]


def lost(task: Task, run) -> dict | None:
    """The record of a run that its worker did not survive."""
    try:
        return json.loads(task.record(run).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def stopped(task: Task, runs, reason: str) -> str:
    kept = sum(record_of(task, run) is not None for run in runs)
    return f"{reason}: {kept} of {len(runs)} runs are done; the same command goes on."


def collect(table: Table, plan: Plan, about: Mapping) -> None:
    """Both tables and the figure."""
    from matano.drawing import write
    from matano.sweeping.figure import summary

    write_hdf5(table, table.folder / HDF5, plan, about)
    write_csv(table, table.folder / CSV)
    write(summary(table, plan.path.name), table.folder / FIGURE)

"""The table of a sweep: a row for every run, as arrays, as CSV and as HDF5."""

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from matano.console import whole
from matano.sweeping.plan import Plan
from matano.sweeping.work import COMPLETE, LOST
from simulator.faults import Invalid
from simulator.files.template import toml

CSV, HDF5, FIGURE, RUNS = "table.csv", "table.h5", "summary.png", "runs"
SCHEMA = 1
NOT_DONE = {"status": LOST, "sentence": "was not done.", "seconds": float("nan")}


@dataclass(frozen=True)
class Table:
    """Columns (r,) over the runs: parameters (numbers, or texts as in TOML), quantities and diagnostics (numbers, nan
    where there is none), status ("complete", "invalid", "failed", "lost"), sentence (what is wrong), run (the file name
    of the result), seconds (of the whole run; the clock's, so no two sweeps agree in it).

    `table["x_Ni, at = 0 um"]` is a column of any group, `table.open(k)` the k-th result.
    """

    folder: Path
    run: np.ndarray
    status: np.ndarray
    sentence: np.ndarray
    seconds: np.ndarray
    parameters: Mapping[str, np.ndarray]
    quantities: Mapping[str, np.ndarray]
    diagnostics: Mapping[str, np.ndarray]
    shape: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.run)

    def __getitem__(self, name: str) -> np.ndarray:
        for group in (self.parameters, self.quantities, self.diagnostics):
            if name in group:
                return group[name]
        if name in ("run", "status", "sentence", "seconds"):
            return getattr(self, name)
        raise KeyError(f"{name!r}; there are {', '.join(self.names)}")

    @property
    def names(self) -> tuple[str, ...]:
        """Of all columns of numbers, in the order of the CSV table."""
        return (*self.parameters, *self.quantities, *self.diagnostics)

    @property
    def complete(self) -> np.ndarray:
        """Which runs (r,) have a result."""
        return self.status == COMPLETE

    def path(self, k: int) -> Path:
        return self.folder / RUNS / f"{self.run[k]}.h5"

    def open(self, k: int):
        """The result of the k-th row; Invalid, with the reason, where there is none."""
        from simulator.files.stored import open_result

        if self.status[k] != COMPLETE:
            raise Invalid.at(f"run {k}", f"is {self.status[k]}: {self.sentence[k]}")
        return open_result(self.path(k))

    @classmethod
    def read(cls, folder: str | Path) -> "Table":
        """The table in the folder of a sweep."""
        path = Path(folder) / HDF5
        try:
            with h5py.File(path, "r") as file:
                texts = {name: file[name].asstr()[:] for name in ("run", "status", "sentence")}
                groups = {name: read_group(file[name]) for name in ("parameters", "quantities", "diagnostics")}
                shape = tuple(json.loads(file.attrs["shape"]))
                return cls(Path(folder), seconds=file["seconds"][:], shape=shape, **texts, **groups)
        except (OSError, KeyError, ValueError, TypeError):
            text = "is not the table of a sweep." if path.exists() else "there is no such file: finish the sweep first."
            raise Invalid.at(str(path), text) from None


def read_group(group: h5py.Group) -> dict[str, np.ndarray]:
    """Its columns in the order in which they were written."""
    names = json.loads(group.attrs["columns"])
    texts = h5py.check_string_dtype
    found = {}
    for k, name in enumerate(names):
        data = group[dataset_name(name, k)]
        found[name] = data.asstr()[:] if texts(data.dtype) else data[:]
    return found


def dataset_name(column: str, k: int) -> str:
    """A column as HDF5 can name it: "/" would open a group; one that is empty or has dots alone gets its number."""
    name = column.replace("/", "|").replace("\0", "")
    return name if name.strip(".") else f"column {k}"


def table_of(plan: Plan, records: Sequence[dict | None], folder: Path) -> Table:
    """The table of the runs in the order of the plan; a run without a record was not done."""
    records = [record or NOT_DONE for record in records]
    parameters = {}
    for k in plan.varied:
        setting = plan.settings[k]
        numbers = setting.numbers
        values = [spelled(value) for value in setting.values] if numbers is None else numbers
        name = setting.key if numbers is None else setting.column
        taken = [values[run.choice[k]] for run in plan.runs]
        parameters[name] = np.array(taken, object if numbers is None else float)

    def texts(name: str) -> np.ndarray:
        return np.array([record[name] for record in records], object)

    return Table(
        folder=folder,
        run=np.array([run.name for run in plan.runs], object),
        status=texts("status"),
        sentence=texts("sentence"),
        seconds=np.array([record["seconds"] for record in records], float),
        parameters=parameters,
        quantities=numbers_of(records, "numbers"),
        diagnostics=numbers_of(records, "diagnostics"),
        shape=plan.shape,
    )


def spelled(value) -> str:
    """A value that is no number: a text as it is, anything else as TOML writes it."""
    return value if isinstance(value, str) else toml(value)


def numbers_of(records: Sequence[dict], group: str) -> dict[str, np.ndarray]:
    """Columns of every name that some record has."""
    names = dict.fromkeys(name for record in records for name in record.get(group, ()))
    return {name: np.array([record.get(group, {}).get(name, np.nan) for record in records], float) for name in names}


def write_csv(table: Table, path: Path) -> None:
    """Times are left out: two sweeps of the same case write the same bytes."""
    from simulator.solve.result import DIAGNOSTICS

    kept = {name: values for name, values in table.diagnostics.items() if name in DIAGNOSTICS}
    columns = {**table.parameters, "status": table.status, **table.quantities, **kept}
    columns |= {"run": table.run, "sentence": table.sentence}
    with whole(path) as part, open(part, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        for row in zip(*columns.values(), strict=True):
            writer.writerow([digits(entry) if isinstance(entry, float) else entry for entry in row])


def digits(value: float) -> str:
    """Every digit of a number; whole ones as such."""
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(float(value))


def write_hdf5(table: Table, path: Path, plan: Plan, about: Mapping[str, object]) -> None:
    """about: what the sweep was asked for, kept as attributes."""
    text = h5py.string_dtype()
    with whole(path) as part, h5py.File(part, "w", track_order=True) as file:
        file.attrs["Conventions"] = "CF-1.11"
        file.attrs["title"] = f"sweep of {plan.path.name}"
        file.attrs["schema"] = SCHEMA
        file.attrs["case"] = plan.text
        file.attrs["case_sha256"] = hashlib.sha256(plan.text.encode()).hexdigest()
        file.attrs["shape"] = json.dumps(table.shape)
        for name, value in about.items():
            file.attrs[name] = value if isinstance(value, str) else json.dumps(value)
        number = file.create_dataset("number", data=np.arange(len(table)))
        number.make_scale("number")
        for name in ("run", "status", "sentence"):
            column(file, name, getattr(table, name), text, number)
        column(file, "seconds", table.seconds, "f8", number).attrs["units"] = "s"
        for name in ("parameters", "quantities", "diagnostics"):
            group, columns = file.create_group(name, track_order=True), getattr(table, name)
            group.attrs["columns"] = json.dumps(list(columns))
            for k, (label, values) in enumerate(columns.items()):
                data = column(group, dataset_name(label, k), values, text if values.dtype == object else "f8", number)
                data.attrs["long_name"] = label


def column(group, name: str, values: np.ndarray, dtype, number) -> h5py.Dataset:
    data = group.create_dataset(name, data=values, dtype=dtype)
    data.dims[0].attach_scale(number)
    return data

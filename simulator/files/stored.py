"""Reading results: a file that a run left, complete, interrupted or still being written."""

import base64
import contextlib
import json
import tempfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import h5py
import numpy as np

from simulator.faults import Invalid
from simulator.problem.grid import Grid
from simulator.solve.result import DIAGNOSTICS, FIELDS, Checkpoint, Result, Snapshot

SCHEMA = 1


def text_of(value) -> str:
    return value.decode("utf-8", "replace").rstrip("\0") if isinstance(value, bytes) else str(value)


def open_file(path: str | Path, mode: str = "r") -> h5py.File:
    """The file, open; Invalid unless it is a result. Reading asks for no lock: a run may be writing it."""
    path = Path(path)
    if not path.is_file():
        raise Invalid.at(str(path), "there is no such file." if not path.exists() else "is not a file.")
    try:
        try:
            file = h5py.File(path, mode, **({"locking": False} if mode == "r" else {}))
        except OSError:
            file = h5py.File(path, mode)  # where this process writes it itself, the settings must be the same
    except PermissionError:
        raise Invalid.at(str(path), "may not be read.") from None
    except BlockingIOError:
        raise Invalid.at(str(path), "is being written by another run.") from None
    except OSError as error:
        cut = "truncated" in str(error)
        raise Invalid.at(str(path), "is cut short: copy it again." if cut else "is not an HDF5 file.") from None
    try:
        with reading(path):
            check(file, str(path))
    except Invalid:
        file.close()
        raise
    return file


@contextlib.contextmanager
def reading(path: str | Path) -> Iterator[None]:
    """Whatever h5py and numpy find wrong inside a file, as one sentence: some bytes of it were changed."""
    try:
        yield
    except Invalid:
        raise
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, OSError, RuntimeError, ArithmeticError):
        raise Invalid.at(
            str(path), "is damaged, or not written by matano: its content does not fit together."
        ) from None


def quantity_of(file: h5py.File) -> str:
    """What its compositions are: mole_fraction or concentration; "" in a file that has neither."""
    return next((name for name in ("mole_fraction", "concentration") if name in file), "")


def holds_fields(file: h5py.File) -> bool:
    """Whether it is a result in two or three dimensions."""
    return "y" in file


def check(file: h5py.File, path: str) -> None:
    """Raise Invalid unless the file has the parts of a result, in sizes that fit together."""
    if any(name not in file.attrs for name in ("schema", "saved", "status")) or not quantity_of(file):
        raise Invalid.at(path, "is an HDF5 file, but not a result of a simulation.")
    if int(file.attrs["schema"]) > SCHEMA:
        raise Invalid.at(path, "was written by a newer version of matano; upgrade to read it.")
    times, components = file[quantity_of(file)].shape[:2]
    shapes = {"time": (times,), "temperature": (times,), "component": (components,)}
    shapes |= {f"diagnostics/{name}": (times,) for name in DIAGNOSTICS}
    shapes |= shapes_of_fields(file) if holds_fields(file) else shapes_of_profiles(file)
    whole = all(file[name].shape == shape for name, shape in shapes.items())
    if not (whole and 0 <= int(file.attrs["saved"]) <= times and "checkpoint" in file):
        raise ValueError(path)
    for name in ("overrides", "versions"):
        json.loads(file.attrs[name])
    for name in ("case", "title", "geometry", "warnings", "case_sha256", "history"):
        text_of(file.attrs[name])


def shapes_of_profiles(file: h5py.File) -> dict[str, tuple[int, ...]]:
    """The shapes that the datasets of a result in one dimension must have."""
    times, components, cells = file[quantity_of(file)].shape
    sizes = {"x": cells, "x_face": cells + 1, "component": components}
    shapes = {"x": (cells,), "x_face": (cells + 1,), "flux": (times, components, cells + 1)}
    sizes |= {name: file[name].shape[0] for name in ("marker", "interface", "end", "independent") if name in file}
    for name, entry in FIELDS.items():
        if name in file:
            shapes[name] = (times, *(sizes[dimension] for dimension in entry.dimensions))
    return shapes


def shapes_of_fields(file: h5py.File) -> dict[str, tuple[int, ...]]:
    """The shapes that the datasets of a result in two or three dimensions must have."""
    times, _, *cells = file["mole_fraction"].shape
    if len(cells) != 2 + ("z" in file):
        raise ValueError(cells)
    axes = dict(zip(("x", "y", "z"), reversed(cells), strict=False))
    shapes = {"free_energy": (times,), **{name: (count,) for name, count in axes.items()}}
    return shapes | {f"{name}_face": (count + 1,) for name, count in axes.items()}


def resume_state(path: str | Path) -> tuple[list, Checkpoint | None]:
    """What `solve(..., resume=...)` needs: the snapshots saved so far, the checkpoint of the last one or None."""
    with open_file(path) as file, reading(path):
        if holds_fields(file):
            from simulator.files.field_file import field_snapshots

            snapshots = field_snapshots(Path(path), file)
        else:
            snapshots = _snapshots(file)
        index = len(snapshots) - 1
        if index < 0:
            return [], None
        slots = np.flatnonzero(file["checkpoint/index"][:] == index)
        if not slots.size:
            raise Invalid.at(str(path), "has no checkpoint of its last saved time; start again with --force.")
        slot = int(slots[0])
        u, h = (np.array(file[f"checkpoint/{name}"][slot]) for name in ("u", "h"))
        return snapshots, Checkpoint(index, float(file["checkpoint/t"][slot]), u, h)


def _snapshots(file: h5py.File) -> list[Snapshot]:
    saved = int(file.attrs["saved"])
    time, temperature, compositions, flux = (
        file[name][:saved] for name in ("time", "temperature", quantity_of(file), "flux")
    )
    numbers = {name: file[f"diagnostics/{name}"][:saved] for name in DIAGNOSTICS}
    fields = {name: file[name][:saved] for name in FIELDS if name in file}
    return [
        Snapshot(
            float(time[i]),
            compositions[i],
            flux[i],
            float(temperature[i]),
            {name: float(numbers[name][i]) for name in DIAGNOSTICS},
            {name: values[i] for name, values in fields.items()},
        )
        for i in range(saved)
    ]


class StoredCase:
    """What a result in a file knows of its case. Problem and controls come from its text when first asked for."""

    def __init__(self, path: Path, file: h5py.File):
        self.path = path
        self.text = text_of(file.attrs["case"])
        self.title = text_of(file.attrs["title"])
        self.overrides = tuple(json.loads(file.attrs["overrides"]))
        self._files = json.loads(text_of(file.attrs.get("case_files", "{}")))
        self._components = tuple(text_of(name) for name in file["component"][:])
        self.warnings = text_of(file.attrs["warnings"]).splitlines()
        self.status = text_of(file.attrs["status"])
        self.source = str(path)

    def __repr__(self) -> str:
        return f"<result {str(self.path)!r}: {len(self.snapshots)} saved times, {self.status}>"

    @property
    def components(self) -> tuple[str, ...]:
        return self._components

    @cached_property
    def case(self):
        """The case, read again from its text; Invalid if the result was made in Python without one."""
        if not self.text:
            raise Invalid.at(
                str(self.path),
                "was computed without a case file: it holds the profiles, but not the problem and its law.",
            )
        from simulator.files.case import parse_case

        name = f"{self.path}/case"
        if not self._files:
            return parse_case(self.text, name, self.path.resolve().parent, self.overrides)
        with tempfile.TemporaryDirectory(prefix="matano-case-") as folder:
            root = Path(folder).resolve()
            for name, content in self._files.items():
                place = (root / name).resolve()
                if place.is_relative_to(root):
                    place.parent.mkdir(parents=True, exist_ok=True)
                    place.write_bytes(base64.b64decode(content))
            return parse_case(self.text, name, root, self.overrides)

    @property
    def problem(self):
        return self.case.problem

    @property
    def controls(self):
        return self.case.controls


class StoredResult(StoredCase, Result):
    """A result read from a file."""

    def __init__(self, path: Path, file: h5py.File):
        super().__init__(path, file)
        self._quantity = quantity_of(file)
        self.grid = Grid(file["x_face"][:], text_of(file.attrs["geometry"]))
        self.snapshots = _snapshots(file)

    @property
    def quantity(self) -> str:
        return self._quantity


def open_result(path: str | Path):
    """The result in a file, complete or not: the saved times only. A StoredResult, or a StoredFieldResult of two or
    three dimensions. Raises Invalid if it is no result."""
    path = Path(path)
    with open_file(path) as file, reading(path):
        if holds_fields(file):
            from simulator.files.field_file import StoredFieldResult

            return StoredFieldResult(path, file)
        return StoredResult(path, file)

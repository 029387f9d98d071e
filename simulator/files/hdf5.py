"""Results on disk: HDF5 that survives a kill at any moment and opens in h5py and xarray.

Every dataset is allocated, and filled with NaN, before the first step. A save then writes raw data and last the
attribute `saved`; no metadata is created or moved, so that what a killed run leaves opens and holds the times saved.
"""

import datetime
import functools
import hashlib
import json
import math
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import h5py
import numpy as np

from simulator.faults import Invalid
from simulator.files.included import included
from simulator.files.stored import SCHEMA, open_file, open_result, resume_state, text_of
from simulator.solve.result import DIAGNOSTICS, FIELDS, Checkpoint, Snapshot

__all__ = ["OutputFault", "ResultFile", "check_output", "open_result", "resume_state", "save_analysis"]

STATUS_LENGTH = 32
WARNINGS_LENGTH = 8192


class OutputFault(Invalid):
    """A result cannot be written where it should go: the command was asked for something it cannot do."""

    exit_status = 2


def _fixed(length: int):
    return h5py.string_dtype("utf-8", length)


@functools.cache
def _versions() -> dict[str, str]:
    found = {"python": sys.version.split()[0], "hdf5": h5py.version.hdf5_version}
    for name in ("matano", "numpy", "numba", "scipy", "h5py"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def check_output(path: str | Path, force: bool = False, resume: bool = False) -> None:
    """Raise OutputFault unless a result may be written at `path`: the folder is open, and nothing would be lost."""
    path = Path(path)
    where = str(path)
    if path.is_dir():
        raise OutputFault.at(where, "is a folder; name a file that ends in .h5.")
    if not path.parent.is_dir():
        raise OutputFault.at(
            where, f"the folder {str(path.parent)!r} does not exist; create it, or choose another with -o."
        )
    if not os.access(path.parent, os.W_OK):
        raise OutputFault.at(where, f"the folder {str(path.parent)!r} cannot be written; choose another with -o.")
    if not path.exists():
        return
    if not os.access(path, os.W_OK):
        raise OutputFault.at(where, "exists and cannot be written; choose another file with -o.")
    try:
        with open_file(path) as file:
            status, saved = text_of(file.attrs["status"]), int(file.attrs["saved"])
            time = file["time"][saved - 1] if saved else 0.0
    except Invalid:
        text = "exists and is not a result; it is never replaced. Choose another file with -o."
        raise OutputFault.at(where, text) from None
    if status == "running":
        try:
            open_file(path, "r+").close()  # takes the lock that a live run holds
        except Invalid as error:
            raise OutputFault(*error.faults) from None
    if force or resume:
        return
    if status == "complete":
        raise OutputFault.at(where, "exists. Replace it with --force, or choose another file with -o.")
    if saved:
        text = f"holds a run that stopped after t = {time:g} s. Go on with --resume, or replace it with --force."
        raise OutputFault.at(where, text)


def _error_text(error: OSError) -> str:
    """HDF5 wraps the system's reason in its own words; only the reason is of use."""
    text = str(error)
    if error.errno == 28 or "No space left" in text:
        return "the disk is full"
    return os.strerror(error.errno) if error.errno else text.splitlines()[0]


class ResultFile:
    """The record of a run: `begin` allocates, `saved` writes one time, `finish` says how it ended.

    text: the case (TOML), folder: where the files that it names are, overrides: "KEY=VALUE" as given to --set. A
    finished file is replaced only with `force`; with `resume` an interrupted one is completed. Raises OutputFault.
    """

    def __init__(
        self, path, problem, text: str = "", folder=None, overrides: Sequence[str] = (), force=False, resume=False
    ):
        self.path = Path(path)
        self.problem = problem
        self.text = text
        self.folder = Path(folder) if folder is not None else None
        self.overrides = tuple(overrides)
        self.resume = False
        self.complete = False
        self.last_time: float | None = None
        self.file: h5py.File | None = None
        check_output(self.path, force, resume)
        if resume and self.path.exists():
            with open_file(self.path) as file:
                saved = int(file.attrs["saved"])
                self.resume = saved > 0
                self.complete = text_of(file.attrs["status"]) == "complete"
                self.last_time = float(file["time"][saved - 1]) if saved else None
                if self.resume and (text_of(file.attrs["case"]), json.loads(file.attrs["overrides"])) != (
                    text,
                    list(overrides),
                ):
                    raise OutputFault.at(
                        str(self.path), "was computed from another case or other --set; start again with --force."
                    )

    def __enter__(self) -> "ResultFile":
        return self

    def __exit__(self, kind, error, trace) -> None:
        if self.file is not None:
            self.finish("interrupted" if kind is not None and issubclass(kind, KeyboardInterrupt) else "failed", ())

    def begin(self, state_size: int, control_size: int, fields: Mapping[str, tuple[int, ...]]) -> None:
        """Allocate everything: the saved times of the problem, state_size unknowns, control_size numbers, and the
        FIELDS that the run will leave, with their shapes at one time.
        """
        try:
            if not self.resume:
                self._create(state_size, control_size, fields)
            self.file = open_file(self.path, "r+")
        except OSError as error:
            raise OutputFault.at(str(self.path), f"cannot be written: {_error_text(error)}.") from None
        held = tuple(self.file[f"checkpoint/{name}"].shape[1] for name in ("u", "h"))
        if held != (state_size, control_size):
            self.file.close()
            self.file = None
            raise OutputFault.at(str(self.path), "was computed by another version of matano; start again with --force.")
        self._status("running")
        self.file.flush()

    def saved(self, index: int, snapshot: Snapshot, checkpoint: Checkpoint) -> None:
        """Write the saved time `index`; it counts once the attribute `saved` says so."""
        file = self.file
        try:
            file["time"][index] = snapshot.time
            file["temperature"][index] = snapshot.temperature
            file[self.problem.mixture.quantity][index] = snapshot.composition
            file["flux"][index] = snapshot.flux
            for name, values in snapshot.fields.items():
                file[name][index] = values
            for name in DIAGNOSTICS:
                file[f"diagnostics/{name}"][index] = snapshot.diagnostics[name]
            slot = index % 2
            for name, value in (("u", checkpoint.u), ("h", checkpoint.h)):
                if np.size(value):
                    file[f"checkpoint/{name}"][slot] = np.ravel(value)
            file["checkpoint/t"][slot] = checkpoint.time
            file["checkpoint/index"][slot] = index
            file.flush()
            file.attrs.modify("saved", np.int64(index + 1))
            file.flush()
            self.last_time = float(snapshot.time)
        except OSError as error:
            raise OutputFault.at(str(self.path), f"cannot be written: {_error_text(error)}.") from None

    def finish(self, status: str, warnings: Sequence[str]) -> None:
        """Say how the run ended ("complete", "interrupted", "failed") and close the file."""
        if self.file is None:
            return
        if warnings:
            text = "\n".join(" ".join(sentence.split()) for sentence in warnings).encode()
            self.file.attrs.modify("warnings", np.array(text[: WARNINGS_LENGTH - 1], dtype=_fixed(WARNINGS_LENGTH)))
        self._status(status)
        file, self.file = self.file, None
        file.close()

    def _status(self, status: str) -> None:
        self.file.attrs.modify("status", np.array(status.encode(), dtype=_fixed(STATUS_LENGTH)))

    def _create(self, state_size: int, control_size: int, fields: Mapping[str, tuple[int, ...]]) -> None:
        """Write the new file beside the old one and put it there in one step: a kill leaves one or the other."""
        grid, components = self.problem.grid, self.problem.mixture.components
        times, n, cells = len(self.problem.stops), len(components), grid.cells
        a_time = n * (2 * cells + 1) + 2 + len(DIAGNOSTICS) + sum(map(math.prod, fields.values()))
        values = times * a_time + 2 * (state_size + control_size)
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        try:
            # HDF5 does not recover from a full disk: find out before it does.
            with open(part, "wb") as probe:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(probe.fileno(), 0, 8 * values + 16 * cells + 65536)
            with h5py.File(part, "w", track_order=False) as file:
                self._allocate(file, grid, components, times, state_size, control_size, fields)
            os.replace(part, self.path)
        finally:
            part.unlink(missing_ok=True)

    def _allocate(self, file, grid, components, times, state_size, control_size, fields):
        now = datetime.datetime.now(datetime.UTC)
        attributes = {
            "Conventions": "CF-1.11",
            "title": self.problem.title,
            "history": f"{now:%Y-%m-%dT%H:%M:%SZ} {shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])}",
            "case": self.text,
            "case_sha256": hashlib.sha256(self.text.encode()).hexdigest(),
            "case_files": json.dumps(included(self.text, self.overrides, self.folder) if self.folder else {}),
            "overrides": json.dumps(self.overrides),
            "geometry": grid.geometry,
            "versions": json.dumps(_versions()),
        }
        for name, text in attributes.items():
            file.attrs[name] = text.replace("\0", "")
        file.attrs["schema"] = np.int64(SCHEMA)
        file.attrs["saved"] = np.int64(0)
        file.attrs.create("status", np.array(b"running", dtype=_fixed(STATUS_LENGTH)))
        file.attrs.create("warnings", np.array(b"", dtype=_fixed(WARNINGS_LENGTH)))

        scales = {}
        for name, values, unit, words in (
            ("x", grid.centres, "m", "position of the cell centres"),
            ("x_face", grid.faces, "m", "position of the cell faces"),
            ("component", np.array(components, dtype=object), None, "component"),
        ):
            scales[name] = file.create_dataset(name, data=values, dtype=h5py.string_dtype() if unit is None else None)
            scales[name].attrs["long_name"] = words
            if unit:
                scales[name].attrs["units"] = unit
            scales[name].make_scale(name)
        for name, shape in fields.items():
            for dimension, size in zip(FIELDS[name].dimensions, shape, strict=True):
                if dimension not in scales:
                    scales[dimension] = file.create_dataset(dimension, data=np.arange(size))
                    scales[dimension].attrs["long_name"] = f"number of the {dimension}, from the left"
                    scales[dimension].make_scale(dimension)
        checkpoint = file.create_group("checkpoint")
        for name, size in (("slot", 2), ("unknown", state_size), ("control", control_size)):
            scales[name] = checkpoint.create_dataset(name, (size,), "f4")
            scales[name].make_scale(f"This is a netCDF dimension but not a netCDF variable. {size:9d}")

        def allocate(name, dimensions, unit, words, dtype="f8", missing=np.nan):
            # early allocation: the bytes, and the fill values in them, are in the file before the first step
            layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            layout.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
            shape = tuple(times if dimension == "time" else scales[dimension].shape[0] for dimension in dimensions)
            data = file.create_dataset(name, shape, dtype, fillvalue=missing, fill_time="alloc", dcpl=layout)
            data.attrs["long_name"] = words
            data.attrs["units"] = unit
            if name == "time":
                scales["time"] = data
                data.make_scale("time")
                return data
            data.attrs["_FillValue"] = np.array([missing], dtype)
            for axis, dimension in enumerate(dimensions):
                data.dims[axis].attach_scale(scales[dimension])
            return data

        allocate("time", ("time",), "s", "time")
        mixture = self.problem.mixture
        unit = "1" if mixture.dependent else "mol m-3"
        words = f"{mixture.quantity.replace('_', ' ')}, cell average"
        allocate(mixture.quantity, ("time", "component", "x"), unit, words)
        unit, words = ("m s-1", "flux times molar volume, positive towards +x")
        if self.problem.molar_volume is not None or not mixture.dependent:
            unit, words = ("mol m-2 s-1", "flux, positive towards +x")
        flux = allocate("flux", ("time", "component", "x_face"), unit, words)
        flux.attrs["frame"] = "number"
        for name in fields:
            own = unit if name == "lattice_flux" else FIELDS[name].unit
            data = allocate(name, ("time", *FIELDS[name].dimensions), own, FIELDS[name].text)
            if name == "lattice_flux":
                data.attrs["frame"] = "lattice"
        allocate("temperature", ("time",), "K", "temperature")
        for name in DIAGNOSTICS:
            allocate(f"diagnostics/{name}", ("time",), "s" if name == "seconds" else "1", name.replace("_", " "))
        allocate("checkpoint/t", ("slot",), "s", "time of the checkpoint")
        allocate("checkpoint/index", ("slot",), "1", "index of its saved time", "i8", -1)
        allocate("checkpoint/u", ("slot", "unknown"), "1", "every unknown of every grid")
        allocate("checkpoint/h", ("slot", "control"), "1", "state of the step control")


def save_analysis(path: str | Path, method: str, arrays: dict[str, np.ndarray], attributes: dict[str, str]) -> None:
    """Put /analysis/METHOD into a result, in place of an older one: a copy is changed and takes its place."""
    import shutil

    path = Path(path)
    open_file(path).close()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        shutil.copyfile(path, part)
        with h5py.File(part, "r+") as file:
            group = file.require_group("analysis")
            if method in group:
                del group[method]
            group = group.create_group(method)
            for name, values in arrays.items():
                group.create_dataset(name, data=np.asarray(values, float))
            for name, text in attributes.items():
                group.attrs[name] = text
        os.replace(part, path)
    except OSError as error:
        raise OutputFault.at(str(path), f"cannot be changed: {_error_text(error)}.") from None
    finally:
        part.unlink(missing_ok=True)

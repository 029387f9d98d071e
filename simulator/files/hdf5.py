"""Results on disk: HDF5 that survives a kill at any moment and opens in h5py and xarray.

Every dataset is allocated, and filled with NaN, before the first step. A save then writes raw data and last the
attribute `saved`; no metadata is created or moved, so that what a killed run leaves opens and holds the times saved.
"""

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import h5py
import numpy as np

from simulator.faults import Invalid
from simulator.files.layout import STATUS_LENGTH, WARNINGS_LENGTH, Layout, fixed
from simulator.files.stored import open_file, open_result, resume_state, text_of
from simulator.solve.result import DIAGNOSTICS, FIELDS, Checkpoint, Snapshot

__all__ = ["OutputFault", "ResultFile", "check_output", "open_result", "resume_state", "save_analysis"]


class OutputFault(Invalid):
    """A result cannot be written where it should go: the command was asked for something it cannot do."""

    exit_status = 2


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

    def saved(self, index: int, snapshot, checkpoint: Checkpoint) -> Callable | None:
        """Write the saved time `index`; it counts once the attribute `saved` says so."""
        file = self.file
        try:
            file["time"][index] = snapshot.time
            file["temperature"][index] = snapshot.temperature
            self.write(file, index, snapshot)
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
            return self.reader(index)
        except OSError as error:
            raise OutputFault.at(str(self.path), f"cannot be written: {_error_text(error)}.") from None

    def finish(self, status: str, warnings: Sequence[str]) -> None:
        """Say how the run ended ("complete", "interrupted", "failed") and close the file."""
        if self.file is None:
            return
        if warnings:
            text = "\n".join(" ".join(sentence.split()) for sentence in warnings).encode()
            self.file.attrs.modify("warnings", np.array(text[: WARNINGS_LENGTH - 1], dtype=fixed(WARNINGS_LENGTH)))
        self._status(status)
        file, self.file = self.file, None
        file.close()

    def _status(self, status: str) -> None:
        self.file.attrs.modify("status", np.array(status.encode(), dtype=fixed(STATUS_LENGTH)))

    def _create(self, state_size: int, control_size: int, fields: Mapping[str, tuple[int, ...]]) -> None:
        """Write the new file beside the old one and put it there in one step: a kill leaves one or the other."""
        times = len(self.problem.stops)
        values = times * (self.values_at_a_time(fields) + 2 + len(DIAGNOSTICS)) + 2 * (state_size + control_size)
        part = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        try:
            # HDF5 does not recover from a full disk: find out before it does.
            with open(part, "wb") as probe:
                if hasattr(os, "posix_fallocate"):
                    os.posix_fallocate(probe.fileno(), 0, 8 * values + 65536)
            with h5py.File(part, "w", track_order=False) as file:
                layout = Layout(file, times)
                layout.describe(self.problem.title, self.text, self.overrides, self.folder)
                layout.checkpoint(state_size, control_size)
                self.allocate(layout, fields)
            os.replace(part, self.path)
        finally:
            part.unlink(missing_ok=True)

    def values_at_a_time(self, fields: Mapping[str, tuple[int, ...]]) -> int:
        """How many numbers a saved time has, beside its time, temperature and diagnostics."""
        cells = self.problem.grid.cells
        return len(self.problem.mixture.components) * (2 * cells + 1) + sum(map(math.prod, fields.values()))

    def allocate(self, layout: Layout, fields: Mapping[str, tuple[int, ...]]) -> None:
        """Every dataset of a run in one dimension, beside those that all runs have."""
        grid, mixture = self.problem.grid, self.problem.mixture
        layout.file.attrs["geometry"] = grid.geometry
        layout.scale("x", grid.centres, "m", "position of the cell centres")
        layout.scale("x_face", grid.faces, "m", "position of the cell faces")
        layout.components(mixture.components)
        for name, shape in fields.items():
            for dimension, size in zip(FIELDS[name].dimensions, shape, strict=True):
                if dimension == "independent" and dimension not in layout.scales:
                    names = np.array(mixture.independent, dtype=object)
                    layout.scale(dimension, names, None, "independent component")
                if dimension not in layout.scales:
                    layout.scale(dimension, np.arange(size), None, f"number of the {dimension}, from the left")
        unit = "1" if mixture.dependent else "mol m-3"
        words = f"{mixture.quantity.replace('_', ' ')}, cell average"
        layout.allocate(mixture.quantity, ("time", "component", "x"), unit, words)
        unit, words = ("m s-1", "flux times molar volume, positive towards +x")
        if self.problem.molar_volume is not None or not mixture.dependent:
            unit, words = ("mol m-2 s-1", "flux, positive towards +x")
        flux = layout.allocate("flux", ("time", "component", "x_face"), unit, words)
        flux.attrs["frame"] = "number"
        for name in fields:
            own = unit if name == "lattice_flux" else FIELDS[name].unit
            data = layout.allocate(name, ("time", *FIELDS[name].dimensions), own, FIELDS[name].text)
            if name == "lattice_flux":
                data.attrs["frame"] = "lattice"

    def write(self, file: h5py.File, index: int, snapshot: Snapshot) -> None:
        """What a saved time has beside its time, temperature and diagnostics."""
        file[self.problem.mixture.quantity][index] = snapshot.composition
        file["flux"][index] = snapshot.flux
        for name, values in snapshot.fields.items():
            file[name][index] = values

    def reader(self, index: int) -> Callable | None:
        """What reads the field of a saved time again, where it is too large to be kept."""
        return None


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

"""How results are laid out in HDF5: attributes, dimension scales, and datasets allocated and filled with NaN."""

import datetime
import functools
import hashlib
import json
import shlex
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import h5py
import numpy as np

from simulator.files.included import included
from simulator.files.stored import SCHEMA
from simulator.solve.result import DIAGNOSTICS

STATUS_LENGTH = 32
WARNINGS_LENGTH = 8192


def fixed(length: int):
    """Text of at most so many bytes, which can be changed in place."""
    return h5py.string_dtype("utf-8", length)


@functools.cache
def versions() -> dict[str, str]:
    """Of what a result was computed with."""
    found = {"python": sys.version.split()[0], "hdf5": h5py.version.hdf5_version}
    for name in ("matano", "numpy", "numba", "scipy", "h5py"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


class Layout:
    """A new file: what every result has. scales: dimension scales by name; times: how many will be saved."""

    def __init__(self, file: h5py.File, times: int):
        self.file = file
        self.times = times
        self.scales: dict[str, h5py.Dataset] = {}

    def describe(self, title: str, text: str, overrides: Sequence[str], folder: Path | None) -> None:
        """The attributes, and time, temperature and diagnostics."""
        now = datetime.datetime.now(datetime.UTC)
        attributes = {
            "Conventions": "CF-1.11",
            "title": title,
            "history": f"{now:%Y-%m-%dT%H:%M:%SZ} {shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])}",
            "case": text,
            "case_sha256": hashlib.sha256(text.encode()).hexdigest(),
            "case_files": json.dumps(included(text, overrides, folder) if folder else {}),
            "overrides": json.dumps(overrides),
            "versions": json.dumps(versions()),
        }
        for name, entry in attributes.items():
            self.file.attrs[name] = entry.replace("\0", "")
        self.file.attrs["schema"] = np.int64(SCHEMA)
        self.file.attrs["saved"] = np.int64(0)
        self.file.attrs.create("status", np.array(b"running", dtype=fixed(STATUS_LENGTH)))
        self.file.attrs.create("warnings", np.array(b"", dtype=fixed(WARNINGS_LENGTH)))
        self.allocate("time", ("time",), "s", "time")
        self.allocate("temperature", ("time",), "K", "temperature")
        for name in DIAGNOSTICS:
            self.allocate(f"diagnostics/{name}", ("time",), "s" if name == "seconds" else "1", name.replace("_", " "))

    def checkpoint(self, state_size: int, control_size: int) -> None:
        """Two slots for what a run needs to go on; a save writes into the older one."""
        group = self.file.create_group("checkpoint")
        for name, size in (("slot", 2), ("unknown", state_size), ("control", control_size)):
            self.scales[name] = group.create_dataset(name, (size,), "f4")
            self.scales[name].make_scale(f"This is a netCDF dimension but not a netCDF variable. {size:9d}")
        self.allocate("checkpoint/t", ("slot",), "s", "time of the checkpoint")
        self.allocate("checkpoint/index", ("slot",), "1", "index of its saved time", "i8", -1)
        self.allocate("checkpoint/u", ("slot", "unknown"), "1", "every unknown of every grid")
        self.allocate("checkpoint/h", ("slot", "control"), "1", "state of the step control")

    def scale(self, name: str, values: np.ndarray, unit: str | None, words: str) -> None:
        """A dimension with its coordinates."""
        text = h5py.string_dtype() if values.dtype == object else None
        self.scales[name] = self.file.create_dataset(name, data=values, dtype=text)
        self.scales[name].attrs["long_name"] = words
        if unit:
            self.scales[name].attrs["units"] = unit
        self.scales[name].make_scale(name)

    def components(self, names: Sequence[str]) -> None:
        self.scale("component", np.array(names, dtype=object), None, "component")

    def allocate(
        self, name: str, dimensions: Sequence[str], unit: str, words: str, dtype="f8", missing=np.nan
    ) -> h5py.Dataset:
        """A dataset over some dimensions, of which the first may be "time", filled with `missing`."""
        # early allocation: the bytes, and the fill values in them, are in the file before the first step
        layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        layout.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        shape = tuple(
            self.times if dimension == "time" else self.scales[dimension].shape[0] for dimension in dimensions
        )
        data = self.file.create_dataset(name, shape, dtype, fillvalue=missing, fill_time="alloc", dcpl=layout)
        data.attrs["long_name"] = words
        data.attrs["units"] = unit
        if name == "time":
            self.scales["time"] = data
            data.make_scale("time")
            return data
        data.attrs["_FillValue"] = np.array([missing], dtype)
        for axis, dimension in enumerate(dimensions):
            data.dims[axis].attach_scale(self.scales[dimension])
        return data

"""Fields on disk: HDF5 that opens in h5py, in xarray and, through /VTKHDF, in ParaView.

As in one dimension everything is allocated, and filled with NaN, before the first step, and `saved` is written last.
/mole_fraction (t, c, [z,] y, x) holds the data. /VTKHDF describes it as vtkImageData with time steps: its arrays, one
for each component, are virtual views (HDF5 virtual datasets) of /mole_fraction, no copies. A view, not a hard link,
since VTK wants each component by itself as (t, [z,] y, x). Times that are not saved yet are NaN there.
"""

import json
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from pathlib import Path

import h5py
import numpy as np

from simulator.files.hdf5 import ResultFile
from simulator.files.layout import Layout
from simulator.files.stored import StoredCase, open_file, reading, text_of
from simulator.problem.box import AXES, Box
from simulator.problem.field_problem import FieldProblem
from simulator.solve.field_result import FieldResult, FieldSnapshot, LiveField
from simulator.solve.result import DIAGNOSTICS

VTKHDF_VERSION = (2, 0)  # the first with time steps
QUANTITY = "mole_fraction"


class FieldFile(ResultFile):
    """The record of a run in two or three dimensions; see `ResultFile`."""

    def values_at_a_time(self, fields: Mapping[str, tuple[int, ...]]) -> int:
        return len(self.problem.mixture.components) * self.problem.box.count + 1

    def allocate(self, layout: Layout, fields: Mapping[str, tuple[int, ...]]) -> None:
        """Every dataset of a run in a box, beside those that all runs have."""
        box, components = self.problem.box, self.problem.mixture.components
        layout.file.attrs["geometry"] = "planar"
        layout.file.attrs["sides"] = json.dumps(self.problem.sides)
        layout.file.attrs["dependent"] = self.problem.mixture.dependent
        for name, centres, length in zip(box.axes, box.centres, box.size, strict=True):
            layout.scale(name, centres, "m", "position of the cell centres")
            layout.file[name].attrs["axis"] = name.upper()
            layout.scale(f"{name}_face", np.linspace(0.0, length, centres.size + 1), "m", "position of the cell faces")
        layout.components(components)
        dimensions = ("time", "component", *reversed(box.axes))
        data = layout.allocate(QUANTITY, dimensions, "1", "mole fraction, cell average")
        text = "mean molar free energy, with that of the gradients"
        layout.allocate("free_energy", ("time",), "J mol-1", text)
        describe_for_vtk(layout.file, box, components, np.array(self.problem.stops), data)

    def write(self, file: h5py.File, index: int, snapshot: FieldSnapshot) -> None:
        file["free_energy"][index] = snapshot.free_energy
        data, values = file[QUANTITY], snapshot.values
        if not isinstance(values, LiveField):
            data[index] = snapshot.composition
            return
        for place, slab in values.slabs():
            data[index, :, place] = slab

    def reader(self, index: int) -> Callable[[], np.ndarray]:
        return partial(read_field, self.path, index)


def describe_for_vtk(file: h5py.File, box: Box, components, times: np.ndarray, data: h5py.Dataset) -> None:
    """/VTKHDF: vtkImageData on the cells of the box at the planned times, its arrays views of the mole fractions.

    Source: the VTKHDF specification, version 2, in VTK's documentation.
    """
    group = file.create_group("VTKHDF")
    three = range(3)
    counts = [*box.cells, *(0,) * (3 - box.dimensions)]
    attributes = {
        "Version": np.array(VTKHDF_VERSION, np.int64),
        "WholeExtent": np.array([entry for count in counts for entry in (0, count)], np.int64),
        "Origin": np.zeros(3),
        # a flat image has no size along z, but VTK divides by its spacing
        "Spacing": np.array([box.spacing[min(i, box.dimensions - 1)] for i in three]),
        "Direction": np.eye(3).ravel(),
    }
    for name, values in attributes.items():
        group.attrs[name] = values
    kind = b"ImageData"
    group.attrs.create("Type", kind, dtype=h5py.string_dtype("ascii", len(kind)))
    steps = group.create_group("Steps")
    # VTK reads as many values as there are steps, so both are of all planned times from the start
    steps.attrs["NSteps"] = np.int64(times.size)
    steps.create_dataset("Values", data=times)
    offsets = steps.create_group("CellDataOffsets")
    cells = group.create_group("CellData")
    for i, component in enumerate(components):
        name = f"x_{component}"
        view = h5py.VirtualLayout(shape=(times.size, *box.shape), dtype=data.dtype)
        view[...] = h5py.VirtualSource(".", QUANTITY, shape=data.shape)[:, i]
        cells.create_virtual_dataset(name, view, fillvalue=np.nan)
        offsets.create_dataset(name, data=np.arange(times.size))


def read_field(path: Path, index: int) -> np.ndarray:
    """Mole fractions (n, [nz,] ny, nx) at the saved time `index` of a file."""
    with open_file(path) as file, reading(path):
        return file[QUANTITY][index]


def field_snapshots(path: Path, file: h5py.File) -> list[FieldSnapshot]:
    """Every saved time of a file, whose fields are read when they are asked for."""
    saved = int(file.attrs["saved"])
    time, temperature, energy = (file[name][:saved] for name in ("time", "temperature", "free_energy"))
    numbers = {name: file[f"diagnostics/{name}"][:saved] for name in DIAGNOSTICS}
    return [
        FieldSnapshot(
            float(time[i]),
            partial(read_field, path, i),
            float(energy[i]),
            float(temperature[i]),
            {name: float(numbers[name][i]) for name in DIAGNOSTICS},
        )
        for i in range(saved)
    ]


def result_file(path: str | Path, problem, *arguments, **options) -> ResultFile:
    """The record of a run of this problem, in one dimension or more; arguments as of `ResultFile`."""
    kind = FieldFile if isinstance(problem, FieldProblem) else ResultFile
    return kind(path, problem, *arguments, **options)


class StoredFieldResult(StoredCase, FieldResult):
    """A result in two or three dimensions, read from a file."""

    def __init__(self, path: Path, file: h5py.File):
        super().__init__(path, file)
        names = [name for name in AXES if name in file]
        self._box = Box(
            [float(file[f"{name}_face"][-1]) for name in names], [int(file[name].shape[0]) for name in names]
        )
        self._dependent = text_of(file.attrs["dependent"])
        self._sides = tuple(json.loads(text_of(file.attrs["sides"])))
        self.snapshots = field_snapshots(path, file)

    @property
    def independent(self) -> tuple[str, ...]:
        return tuple(name for name in self.components if name != self._dependent)

    @cached_property
    def gaps(self) -> list:
        """See `FieldResult.gaps`; none are known of a result without its case."""
        return super().gaps if self.text else [None] * len(self.snapshots)

    @property
    def box(self) -> Box:
        return self._box

    @property
    def sides(self) -> tuple[str, ...]:
        return self._sides

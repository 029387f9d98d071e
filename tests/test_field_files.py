"""Fields on disk: complete or killed, read a time at a time, and seen by VTK without a copy."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from spinodal import regular, ternary

import simulator
from simulator.faults import Invalid
from simulator.files.field_file import FieldFile, StoredFieldResult, result_file
from simulator.files.hdf5 import OutputFault, open_result, resume_state
from simulator.problem.box import Box
from simulator.problem.field_problem import FieldProblem
from simulator.problem.noise import Noise
from simulator.solve.controls import Controls
from simulator.solve.field_result import FieldSnapshot, LiveField
from simulator.solve.result import DIAGNOSTICS, Checkpoint

ROOT = Path(__file__).resolve().parents[1]
CELLS, CONTROL, TIMES, MORE = {2: (12, 10), 3: (6, 5, 4)}, 4, 12, 3
READ_BY_VTK = """
import json, sys, vtk
from vtk.util.numpy_support import vtk_to_numpy
reader = vtk.vtkHDFReader()
assert reader.CanReadFile(sys.argv[1])
reader.SetFileName(sys.argv[1])
reader.UpdateInformation()
steps, found = vtk.vtkStreamingDemandDrivenPipeline.TIME_STEPS(), []
information = reader.GetOutputInformation(0)
for k in range(information.Length(steps)):
    reader.UpdateTimeStep(information.Get(steps, k))
    image = reader.GetOutput()
    cells = image.GetCellData()
    arrays = {cells.GetArrayName(i): vtk_to_numpy(cells.GetArray(i)).tolist() for i in range(2)}
    found.append([information.Get(steps, k), image.GetBounds(), arrays])
print(json.dumps(found))
"""


def problem(dimensions=2, law=None, **changes) -> FieldProblem:
    law, cells = law or regular(3.0), CELLS[dimensions]
    mean = dict.fromkeys(law.mixture.independent, 0.3)
    box, start = Box([0.5 * n for n in cells], cells), Noise(mean, 0.05, seed=1)
    saves = tuple(float(k) for k in range(TIMES))
    given = {
        "sides": ("periodic", *("closed",) * (dimensions - 1)),
        "end": saves[-1],
        "save": saves,
        "title": "a quench",
    }
    return FieldProblem(law.mixture, law, box, start, **given | changes)


def saved_time(made: FieldProblem, k: int, live: bool = False):
    """The k-th saved time of a run: numbers that depend on nothing else."""
    rng = np.random.default_rng(k)
    u = rng.uniform(0.1, 0.4, made.shape)
    values = LiveField(made.mixture, u) if live else made.mixture.complete(u)
    diagnostics = dict(zip(DIAGNOSTICS, rng.random(len(DIAGNOSTICS)), strict=True))
    snapshot = FieldSnapshot(float(k), values, rng.normal(), 900.0 + k, diagnostics)
    return snapshot, Checkpoint(k, float(k), u.ravel(), rng.random(CONTROL))


def write(path, made=None, first=0, last=TIMES, live=False, **options):
    """Stands for a solver: saves the times first .. last - 1."""
    made = made or problem()
    record = FieldFile(path, made, **options)
    record.begin(int(np.prod(made.shape)), CONTROL, {})
    for k in range(first, last):
        record.saved(k, *saved_time(made, k, live))
    return record


def holds(path, made, count):
    """The file opens and holds exactly the first `count` times, and the checkpoint of the last."""
    result = open_result(path)
    assert isinstance(result, StoredFieldResult)
    assert len(result.snapshots) == count
    for k, snapshot in enumerate(result.snapshots):
        expected = saved_time(made, k)[0]
        np.testing.assert_array_equal(snapshot.composition, expected.composition)
        for name in ("time", "temperature", "free_energy", "diagnostics"):
            assert getattr(snapshot, name) == getattr(expected, name)
    snapshots, checkpoint = resume_state(path)
    assert len(snapshots) == count
    if count:
        np.testing.assert_array_equal(checkpoint.u, saved_time(made, count - 1)[1].u)
        np.testing.assert_array_equal(checkpoint.h, saved_time(made, count - 1)[1].h)


@pytest.mark.parametrize("live", [True, False])
@pytest.mark.parametrize("made", [problem(2), problem(3), problem(2, ternary((3.0, 3.5, 2.5)))], ids=["2", "3", "n"])
def test_what_is_written_is_read(tmp_path, made, live, monkeypatch):
    monkeypatch.setattr("simulator.solve.field_result.SLAB", 40)  # several slabs, the last one smaller
    write(tmp_path / "a.h5", made, live=live).finish("complete", ["one sentence."])
    holds(tmp_path / "a.h5", made, TIMES)
    result = simulator.open(tmp_path / "a.h5")
    assert (result.status, result.warnings, result.title) == ("complete", ["one sentence."], "a quench")
    assert (result.components, result.independent) == (made.mixture.components, made.mixture.independent)
    assert (result.box, result.sides) == (made.box, made.sides)
    np.testing.assert_array_equal(result.composition[5], saved_time(made, 5)[0].composition)


def test_fields_stay_in_the_file_until_they_are_asked_for(tmp_path):
    write(tmp_path / "a.h5").finish("complete", [])
    result = open_result(tmp_path / "a.h5")
    assert all(callable(snapshot.values) for snapshot in result.snapshots)
    (tmp_path / "a.h5").unlink()
    assert result.free_energy.shape == (TIMES,)
    with pytest.raises(Invalid, match="there is no such file"):
        result.field_at(3.0)


def test_a_run_keeps_only_what_it_needs_and_reads_the_rest_again(tmp_path):
    made = problem(end=2.0, save=(0.0, 1.0))
    controls = Controls(scheme="rkc", rtol=1e-3)
    with result_file(tmp_path / "a.h5", made) as record:
        result = simulator.solve(made, controls, record=record)
    assert all(callable(snapshot.values) for snapshot in result.snapshots)
    expected = simulator.solve(made, controls)
    np.testing.assert_array_equal(result.composition, expected.composition)
    np.testing.assert_array_equal(open_result(tmp_path / "a.h5").composition, expected.composition)
    assert open_result(tmp_path / "a.h5").status == "complete"


def test_an_interrupted_run_goes_on_from_its_file_to_the_same_bits(tmp_path, monkeypatch):
    made, controls = problem(end=3.0, save=(0.0, 1.0, 2.0)), Controls(scheme="rkc", rtol=1e-3)
    saved = FieldFile.saved

    def interrupted(self, index, *rest):
        found = saved(self, index, *rest)
        if index == 1:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(FieldFile, "saved", interrupted)
    with pytest.raises(KeyboardInterrupt), result_file(tmp_path / "a.h5", made) as record:
        simulator.solve(made, controls, record=record)
    monkeypatch.undo()
    assert open_result(tmp_path / "a.h5").status == "interrupted"
    with result_file(tmp_path / "a.h5", made, resume=True) as record:
        assert record.resume
        simulator.solve(made, controls, record=record, resume=resume_state(tmp_path / "a.h5"))
    expected = simulator.solve(made, controls)
    result = open_result(tmp_path / "a.h5")
    np.testing.assert_array_equal(result.composition, expected.composition)
    np.testing.assert_array_equal(result.free_energy, expected.free_energy)


def write_until_killed(path, told):
    """Says so when `told` times are saved, saves MORE, and waits for its end."""
    if told == 0:
        print("go", flush=True)
    record = write(path, last=told)
    if told:
        print("go", flush=True)
    for k in range(told, told + MORE):
        record.saved(k, *saved_time(record.problem, k))
        time.sleep(2e-4)
    time.sleep(60.0)


def test_killed_at_any_moment_it_opens_and_resumes(tmp_path):
    rng, made = np.random.default_rng(1), problem()
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    for k, told in enumerate((0, 2, 5, 8)):
        path = tmp_path / f"killed{k}.h5"
        code = f"import test_field_files as t; t.write_until_killed({str(path)!r}, {told})"
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment, cwd=ROOT)
        assert child.stdout.readline() == b"go\n"
        time.sleep(rng.uniform(0.0, 0.01))
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        if not path.exists():
            continue
        with h5py.File(path) as file:
            count = int(file.attrs["saved"])
            assert told <= count <= told + MORE
            assert np.isnan(file["mole_fraction"][count + 1 :]).all()
        holds(path, made, count)
        write(path, first=count, resume=True).finish("complete", [])
        holds(path, made, TIMES)


def test_a_save_moves_no_metadata(tmp_path):
    record = write(tmp_path / "a.h5", last=1)
    size = (tmp_path / "a.h5").stat().st_size
    for k in range(1, TIMES):
        record.saved(k, *saved_time(record.problem, k))
    record.finish("complete", ["a sentence " * 5000])
    assert (tmp_path / "a.h5").stat().st_size == size


def test_a_finished_file_is_replaced_only_when_forced_and_another_case_is_not_resumed(tmp_path):
    write(tmp_path / "a.h5", last=2).finish("complete", [])
    with pytest.raises(OutputFault, match="--force"):
        write(tmp_path / "a.h5")
    write(tmp_path / "a.h5", force=True, text="title = 'one'", last=3).finish("interrupted", [])
    with pytest.raises(OutputFault, match="another case"):
        write(tmp_path / "a.h5", text="title = 'two'", resume=True)
    with pytest.raises(OutputFault, match="--resume"):
        write(tmp_path / "a.h5")


def test_dimension_scales_units_and_axes(tmp_path):
    write(tmp_path / "a.h5", problem(3)).finish("complete", [])
    with h5py.File(tmp_path / "a.h5") as file:
        assert file.attrs["Conventions"] == "CF-1.11"
        data = file["mole_fraction"]
        assert [scale[0].name for scale in data.dims] == ["/time", "/component", "/z", "/y", "/x"]
        assert [scale[0].name for scale in file["free_energy"].dims] == ["/time"]
        for axis, centres in zip("xyz", problem(3).box.centres, strict=True):
            np.testing.assert_array_equal(file[axis][:], centres)
            assert (file[axis].attrs["units"], file[axis].attrs["axis"]) == ("m", axis.upper())
        assert (file["free_energy"].attrs["units"], data.attrs["units"]) == ("J mol-1", "1")


@pytest.mark.parametrize("dimensions", [2, 3])
def test_vtk_sees_the_same_bytes(tmp_path, dimensions):
    """The arrays of /VTKHDF are views: they hold nothing, and follow the file wherever it goes."""
    made = problem(dimensions)
    write(tmp_path / "a.h5", made, last=4).finish("interrupted", [])
    shutil.move(tmp_path / "a.h5", tmp_path / "b.h5")
    with h5py.File(tmp_path / "b.h5") as file:
        group = file["VTKHDF"]
        assert (tuple(group.attrs["Version"]), bytes(group.attrs["Type"])) == ((2, 0), b"ImageData")
        counts = [*made.box.cells, 0][:3]
        np.testing.assert_array_equal(group.attrs["WholeExtent"], np.array([[0, n] for n in counts]).ravel())
        np.testing.assert_allclose(group.attrs["Spacing"], 0.5, rtol=1e-15)
        steps = group["Steps"]
        assert int(steps.attrs["NSteps"]) == TIMES  # as many as there are values, or VTK overruns its buffer
        np.testing.assert_array_equal(steps["Values"][:], made.stops)
        assert list(group["CellData"]) == ["x_A", "x_B"]
        for i, name in enumerate(group["CellData"]):
            view = group["CellData"][name]
            assert view.is_virtual
            assert view.id.get_storage_size() == 0
            assert view.shape == (TIMES, *made.box.shape)
            np.testing.assert_array_equal(view[:], file["mole_fraction"][:, i])
            assert np.isnan(view[4:]).all()
            np.testing.assert_array_equal(steps["CellDataOffsets"][name][:], np.arange(TIMES))


@pytest.mark.skipif(importlib.util.find_spec("vtk") is None, reason="vtk is not installed")
@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_reader_of_vtk_reads_every_time(tmp_path, dimensions):
    import json

    made = problem(dimensions)
    write(tmp_path / "a.h5", made).finish("complete", [])
    # in a process of its own: VTK brings another HDF5 library
    run = subprocess.run([sys.executable, "-c", READ_BY_VTK, str(tmp_path / "a.h5")], capture_output=True, check=True)
    for k, (t, bounds, arrays) in enumerate(json.loads(run.stdout)):
        assert t == made.stops[k]
        assert bounds[1::2] == [*made.box.size, 0.0][:3]
        for row, name in zip(saved_time(made, k)[0].composition, ("x_A", "x_B"), strict=True):
            np.testing.assert_array_equal(arrays[name], row.ravel())


@pytest.mark.parametrize("name", ["free_energy", "y", "y_face", "mole_fraction", "diagnostics"])
def test_what_is_missing_or_of_another_size_is_a_sentence(tmp_path, name):
    write(tmp_path / "a.h5").finish("complete", [])
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        shape = getattr(file[name], "shape", None)
        del file[name]
        if shape is not None and name != "mole_fraction":
            file[name] = np.zeros(shape[0] + 1)
    with pytest.raises(Invalid, match=r"damaged|not a result"):
        open_result(tmp_path / "a.h5")


def test_a_result_without_its_case_still_shows_what_the_arrays_tell(tmp_path):
    write(tmp_path / "a.h5").finish("complete", [])
    result = open_result(tmp_path / "a.h5")
    assert np.isnan(result.lengths().energy).all()
    assert (result.lengths().wave > 0.0).all()
    with pytest.raises(Invalid, match="without a case file"):
        _ = result.problem

"""A result on disk holds every saved time, whatever happens to the process that writes it."""

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.files.hdf5 import OutputFault, ResultFile, open_result, resume_state, save_analysis
from simulator.laws.mixture import Mixture
from simulator.problem.grid import Grid
from simulator.solve.result import DIAGNOSTICS, Checkpoint, Snapshot

TIMES, CELLS, STATE, CONTROL = 40, 50, 150, 3
MORE = 5
ROOT = Path(__file__).resolve().parents[1]


def problem(times=TIMES, cells=CELLS):
    """As much of a Problem as a writer looks at."""
    return SimpleNamespace(
        molar_volume=None,
        grid=Grid(np.linspace(-1e-4, 1e-4, cells + 1)),
        mixture=Mixture(("Cu", "Ni", "Fe")),
        stops=tuple(3600.0 * (k + 1) for k in range(times)),
        save=tuple(3600.0 * (k + 1) for k in range(times)),
        title="a couple",
    )


def saved_time(k, cells=CELLS):
    """The k-th saved time of a run: numbers that depend on nothing else."""
    rng = np.random.default_rng(k)
    diagnostics = dict(zip(DIAGNOSTICS, rng.random(len(DIAGNOSTICS)), strict=True))
    snapshot = Snapshot(3600.0 * (k + 1), rng.random((3, cells)), rng.random((3, cells + 1)), 1273.15 + k, diagnostics)
    return snapshot, Checkpoint(k, snapshot.time, rng.random(STATE), rng.random(CONTROL))


def write(path, first=0, last=TIMES, **options):
    """Stands for a solver: saves the times first .. last - 1."""
    record = ResultFile(path, problem(), **options)
    record.begin(STATE, CONTROL, {})
    for k in range(first, last):
        record.saved(k, *saved_time(k))
    return record


def same(snapshot, expected):
    assert (snapshot.time, snapshot.temperature, snapshot.diagnostics) == (
        expected.time,
        expected.temperature,
        expected.diagnostics,
    )
    np.testing.assert_array_equal(snapshot.composition, expected.composition)
    np.testing.assert_array_equal(snapshot.flux, expected.flux)


def holds(path, count):
    """The file opens and holds exactly the first `count` times, and the checkpoint of the last."""
    result = open_result(path)
    assert len(result.snapshots) == count
    for k, snapshot in enumerate(result.snapshots):
        same(snapshot, saved_time(k)[0])
    snapshots, checkpoint = resume_state(path)
    assert len(snapshots) == count
    if count:
        expected = saved_time(count - 1)[1]
        assert (checkpoint.index, checkpoint.time) == (expected.index, expected.time)
        np.testing.assert_array_equal(checkpoint.u, expected.u)
        np.testing.assert_array_equal(checkpoint.h, expected.h)


def test_what_is_written_is_read(tmp_path):
    write(tmp_path / "a.h5").finish("complete", ["one sentence.", "another\nsentence."])
    holds(tmp_path / "a.h5", TIMES)
    result = open_result(tmp_path / "a.h5")
    assert result.status == "complete"
    assert result.components == ("Cu", "Ni", "Fe")
    assert result.warnings == ["one sentence.", "another sentence."]
    np.testing.assert_array_equal(result.grid.faces, problem().grid.faces)
    np.testing.assert_array_equal(result.mole_fraction[3], saved_time(3)[0].composition)


def write_until_killed(path, told):
    """Says so when `told` times are saved, saves MORE, and waits for its end: however late it comes, it falls there."""
    if told == 0:
        print("go", flush=True)
    record = write(path, last=told)
    if told:
        print("go", flush=True)
    for k in range(told, told + MORE):
        record.saved(k, *saved_time(k))
        time.sleep(2e-4)
    time.sleep(60.0)


def test_killed_at_any_moment_it_opens_and_resumes_to_the_same_bytes(tmp_path):
    rng = np.random.default_rng(1)
    write(tmp_path / "whole.h5").finish("complete", [])
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    reached = []
    for k, told in enumerate((0, 0, 0, 3, 8, 13, 18, 23, 28, 33)):
        path = tmp_path / f"killed{k}.h5"
        code = f"import test_hdf5; test_hdf5.write_until_killed({str(path)!r}, {told})"
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment, cwd=ROOT)
        assert child.stdout.readline() == b"go\n"
        time.sleep(rng.uniform(0.0, 0.01 if told else 0.06))  # the file takes longer to make than a time to save
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        if not path.exists():
            continue
        with h5py.File(path) as file:
            count = int(file.attrs["saved"])
            assert told <= count <= told + MORE
            assert np.isnan(file["mole_fraction"][count + 1 :]).all()
        holds(path, count)
        reached.append(count)
        write(path, first=count, resume=True).finish("complete", [])
        holds(path, TIMES)
        with h5py.File(path) as file, h5py.File(tmp_path / "whole.h5") as whole:
            for name in (
                "time",
                "mole_fraction",
                "flux",
                "temperature",
                "diagnostics/steps",
                "checkpoint/u",
                "checkpoint/h",
            ):
                np.testing.assert_array_equal(file[name][:], whole[name][:])
    assert len(set(reached)) > 1  # the kills fell on different saves


def test_kill_between_checkpoint_and_saved_leaves_the_older_checkpoint(tmp_path, monkeypatch):
    record = write(tmp_path / "a.h5", last=5)

    class Killed(Exception):
        pass

    def modify(*_):
        raise Killed

    monkeypatch.setattr(h5py.AttributeManager, "modify", modify)
    with pytest.raises(Killed):
        record.saved(5, *saved_time(5))
    monkeypatch.undo()
    record.file.close()
    holds(tmp_path / "a.h5", 5)


def test_a_save_moves_no_metadata(tmp_path):
    record = write(tmp_path / "a.h5", last=1)
    size = (tmp_path / "a.h5").stat().st_size
    offsets = {name: record.file[name].id.get_offset() for name in ("mole_fraction", "flux", "checkpoint/u")}
    for k in range(1, TIMES):
        record.saved(k, *saved_time(k))
    assert {name: record.file[name].id.get_offset() for name in offsets} == offsets
    record.finish("complete", ["a sentence " * 5000])
    assert (tmp_path / "a.h5").stat().st_size == size
    assert len(open_result(tmp_path / "a.h5").warnings) == 1


def test_unsaved_times_are_not_a_number(tmp_path):
    write(tmp_path / "a.h5", last=3).finish("interrupted", [])
    with h5py.File(tmp_path / "a.h5") as file:
        assert np.isnan(file["mole_fraction"][3:]).all()
        assert np.isnan(file["time"][3:]).all()
        assert np.isfinite(file["flux"][:3]).all()
    assert open_result(tmp_path / "a.h5").time.shape == (3,)


def test_dimension_scales_units_and_fill_values(tmp_path):
    write(tmp_path / "a.h5").finish("complete", [])
    with h5py.File(tmp_path / "a.h5") as file:
        assert file.attrs["Conventions"] == "CF-1.11"
        for name, dimensions in {
            "mole_fraction": ("time", "component", "x"),
            "flux": ("time", "component", "x_face"),
            "temperature": ("time",),
            "diagnostics/error_estimate": ("time",),
        }.items():
            data = file[name]
            assert [scale[0].name for scale in data.dims] == [f"/{dimension}" for dimension in dimensions]
            assert data.attrs["_FillValue"].dtype == data.dtype
            assert "units" in data.attrs
        assert file["flux"].attrs["frame"] == "number"
        assert list(file["component"].asstr()) == ["Cu", "Ni", "Fe"]


def test_read_while_it_is_written(tmp_path):
    record = write(tmp_path / "a.h5", last=7)
    holds(tmp_path / "a.h5", 7)
    record.finish("complete", [])


def test_two_runs_do_not_write_one_file(tmp_path):
    record = write(tmp_path / "a.h5", last=7)
    code = "import test_hdf5 as t\ntry: t.write({!r}, first=7, resume=True)\nexcept t.Invalid as error: print(error)"
    answer = subprocess.run(
        [sys.executable, "-c", code.format(str(tmp_path / "a.h5"))],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"},
        capture_output=True,
        text=True,
    )
    assert "being written by another run" in answer.stdout
    record.finish("complete", [])


def test_a_finished_file_is_replaced_only_when_forced(tmp_path):
    path = tmp_path / "a.h5"
    write(path, last=2).finish("complete", [])
    with pytest.raises(OutputFault, match="--force"):
        write(path)
    holds(path, 2)
    write(path, force=True).finish("complete", [])
    holds(path, TIMES)


def test_an_interrupted_file_is_not_replaced_silently(tmp_path):
    write(tmp_path / "a.h5", last=2).finish("interrupted", [])
    with pytest.raises(OutputFault, match="--resume"):
        write(tmp_path / "a.h5")


def test_what_is_no_result_is_never_replaced(tmp_path):
    path = tmp_path / "case.toml"
    path.write_text("schema = 1")
    with pytest.raises(OutputFault, match="not a result"):
        write(path, force=True)
    assert path.read_text() == "schema = 1"


def test_another_case_is_not_resumed(tmp_path):
    write(tmp_path / "a.h5", last=2, text="title = 'one'").finish("interrupted", [])
    with pytest.raises(OutputFault, match="another case"):
        write(tmp_path / "a.h5", text="title = 'two'", resume=True)


def test_a_run_that_saved_nothing_resumes_from_the_start(tmp_path):
    write(tmp_path / "a.h5", last=0).finish("interrupted", [])
    assert resume_state(tmp_path / "a.h5") == ([], None)
    write(tmp_path / "a.h5", resume=True).finish("complete", [])
    holds(tmp_path / "a.h5", TIMES)


def test_exceptions_set_the_status(tmp_path):
    for name, error, status in (("a", KeyboardInterrupt, "interrupted"), ("b", RuntimeError, "failed")):
        with pytest.raises(error), write(tmp_path / f"{name}.h5", last=3):
            raise error
        assert open_result(tmp_path / f"{name}.h5").status == status
        holds(tmp_path / f"{name}.h5", 3)


def test_folders_that_are_missing_or_closed(tmp_path, monkeypatch):
    with pytest.raises(OutputFault, match="does not exist"):
        write(tmp_path / "none" / "a.h5")
    with pytest.raises(OutputFault, match="is a folder"):
        write(tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)  # permissions do not bind root, who may run the tests
    with pytest.raises(OutputFault, match="cannot be written"):
        write(tmp_path / "a.h5")


def test_a_full_disk_shows_before_the_first_step_and_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(OutputFault, match="the disk is full"):
        write(tmp_path / "a.h5", last=0)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_spares_the_result_to_be_replaced(tmp_path, monkeypatch):
    write(tmp_path / "a.h5").finish("complete", [])
    test_a_full_disk = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(os, "posix_fallocate", lambda *_: (_ for _ in ()).throw(test_a_full_disk), raising=False)
    with pytest.raises(OutputFault, match="the disk is full"):
        write(tmp_path / "a.h5", force=True)
    monkeypatch.undo()
    holds(tmp_path / "a.h5", TIMES)


@pytest.mark.parametrize("content", [b"", b"not HDF5", None], ids=["empty", "text", "other HDF5"])
def test_what_is_no_result_says_so(tmp_path, content):
    path = tmp_path / "a.h5"
    if content is None:
        h5py.File(path, "w").close()
    else:
        path.write_bytes(content)
    with pytest.raises(Invalid, match="HDF5"):
        open_result(path)
    with pytest.raises(Invalid, match="no such file"):
        open_result(tmp_path / "none.h5")


def test_without_a_case_the_problem_is_missed_by_name(tmp_path):
    write(tmp_path / "a.h5").finish("complete", [])
    result = open_result(tmp_path / "a.h5")
    with pytest.raises(Invalid, match="without a case file"):
        _ = result.problem


def test_files_of_the_case_travel_in_the_result(tmp_path, monkeypatch):
    from simulator.files import case

    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "d.csv").write_text("x_Ni,D\n0,1\n1,2\n")
    (tmp_path.parent / "secret.csv").write_text("never")
    text = '[law]\nD = { table = "data/d.csv" }\nother = "../secret.csv"\n'
    write(tmp_path / "a.h5", text=text, folder=tmp_path, overrides=["domain.cells=50"]).finish("complete", [])
    (tmp_path / "data" / "d.csv").unlink()
    seen = {}

    def parse_case(text, path=None, folder=None, overrides=()):
        seen.update(text=text, table=(folder / "data" / "d.csv").read_text(), overrides=list(overrides))
        seen["names"] = [path.name for path in folder.rglob("*.csv")]
        return SimpleNamespace(problem="the problem", controls="the controls")

    monkeypatch.setattr(case, "parse_case", parse_case)
    assert open_result(tmp_path / "a.h5").problem == "the problem"
    assert seen == {"text": text, "table": "x_Ni,D\n0,1\n1,2\n", "overrides": ["domain.cells=50"], "names": ["d.csv"]}


def test_analyses_are_added_and_replaced_in_one_step(tmp_path):
    path = tmp_path / "a.h5"
    write(path).finish("complete", [])
    for value in (1.0, 2.0):
        save_analysis(path, "sauer-freise", {"composition": [0.5], "value": [value]}, {"unit": "m^2/s"})
    with h5py.File(path) as file:
        assert file["analysis/sauer-freise/value"][0] == 2.0
        assert file["analysis/sauer-freise"].attrs["unit"] == "m^2/s"
    holds(path, TIMES)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.h5"]

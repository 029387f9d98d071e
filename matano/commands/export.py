"""`matano export`: a result as tables that any program reads."""

from pathlib import Path

from matano.console import duration
from simulator.faults import Invalid


class TableExists(Invalid):
    """A table would be replaced unasked."""

    exit_status = 2


def export(path: Path, folder: Path, force: bool) -> int:
    import numpy as np

    from simulator.files.hdf5 import OutputFault, open_result
    from simulator.solve.result import DIAGNOSTICS

    result = open_result(path)
    if not result.snapshots:
        raise Invalid.at(str(path), "holds no saved time yet.")
    tables = {}
    for k, snapshot in enumerate(result.snapshots):
        names = [f"x_{name}" for name in result.components]
        tables[f"profile_{k:03d}.csv"] = (["x [m]", *names], np.vstack([result.grid.centres, snapshot.mole_fraction]).T)
        names = [f"flux_{name} [m/s]" for name in result.components]
        tables[f"flux_{k:03d}.csv"] = (["x [m]", *names], np.vstack([result.grid.faces, snapshot.flux]).T)
    temperatures = [snapshot.temperature for snapshot in result.snapshots]
    columns = [result.time, temperatures, *(result.diagnostics(name) for name in DIAGNOSTICS)]
    tables["diagnostics.csv"] = (["time [s]", "temperature [K]", *DIAGNOSTICS], np.array(columns).T)
    if folder.exists() and not folder.is_dir():
        raise OutputFault.at(str(folder), "is a file; name a folder.")
    standing = [name for name in tables if (folder / name).exists()]
    if standing and not force:
        raise TableExists.at(str(folder / standing[0]), "exists. Replace it with --force, or choose another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    for name, (head, rows) in tables.items():
        with open(folder / name, "w", encoding="utf-8", newline="") as file:
            file.write(",".join(head) + "\n")
            file.writelines(",".join(repr(float(value)) for value in row) + "\n" for row in rows)
    print(
        f"{folder}: {len(tables)} tables, {len(result.snapshots)} saved times, the last at {duration(result.time[-1])}"
    )
    return 0

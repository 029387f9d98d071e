"""`matano export`: a result as tables that any program reads."""

from pathlib import Path

from matano.console import UsageFault, duration, whole
from simulator.faults import Invalid


def export(path: Path, folder: Path, force: bool) -> int:
    import numpy as np

    from simulator.files.stored import open_result
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
        raise UsageFault.at(str(folder), "is a file; name a folder.")
    standing = [name for name in tables if (folder / name).exists()]
    if standing and not force:
        raise UsageFault.at(str(folder / standing[0]), "exists. Replace it with --force, or choose another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageFault.at(str(folder), f"cannot be made: {error.strerror}.") from None
    for name, (head, rows) in tables.items():
        with whole(folder / name) as part, open(part, "w", encoding="utf-8", newline="") as file:
            file.write(",".join(head) + "\n")
            file.writelines(",".join(repr(float(value)) for value in row) + "\n" for row in rows)
    print(
        f"{folder}: {len(tables)} tables, {len(result.snapshots)} saved times, the last at {duration(result.time[-1])}"
    )
    return 0

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
    boxed, tables = hasattr(result, "box"), {}
    for k in range(len(result.snapshots)):
        found = (at_one_time_of_fields if boxed else at_one_time)(result, k)
        tables |= {f"{name}_{k:03d}.csv": table for name, table in found.items()}
    if boxed:
        tables["microstructure.csv"] = microstructure(result)
    for name, what in (("marker_position", "marker"), ("interface_position", "interface")):
        if result.has(name):
            places = result.field(name)
            head = ["time [s]", *(f"{what}_{k} [m]" for k in range(places.shape[1]))]
            tables[f"{what}s.csv"] = (head, np.column_stack([result.time, places]))
    if result.has("voltage"):
        tables["ends.csv"] = ends(result)
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


def at_one_time(result, k: int) -> dict:
    """Heads and rows of the tables of the k-th saved time; x is where things are then, x_start where they were."""
    import numpy as np

    from matano.places import face_positions, flux_unit

    unit, snapshot = flux_unit(result), result.snapshots[k]
    x, faces = result.position[k], face_positions(result)[k]
    tables = {
        "profile": (["x [m]", *(f"{result.symbol}_{name}" for name in result.components)], [x, *snapshot.composition]),
        "flux": (["x [m]", *(f"flux_{name} [{unit}]" for name in result.components)], [faces, *snapshot.flux]),
    }
    if result.has("potential"):
        a, b = result.grid.interval
        left, right = snapshot.fields["potential_end"]
        phi = [left, *snapshot.fields["potential"], right]
        tables["potential"] = (["x [m]", "potential [V]"], [[a, *result.x, b], phi])
    if result.has("position"):
        tables["grid"] = (["x [m]", "x_start [m]"], [x, result.x])
    if result.has("molar_volume"):
        for part, entry in zip(
            tables["grid"], ("molar_volume [m^3/mol]", snapshot.fields["molar_volume"]), strict=True
        ):
            part.append(entry)
    if result.has("lattice_velocity"):
        head = ["x [m]", "lattice_velocity [m/s]", *(f"lattice_flux_{name} [{unit}]" for name in result.components)]
        columns = [faces, snapshot.fields["lattice_velocity"], *snapshot.fields["lattice_flux"]]
        tables["lattice"] = (head, columns)
    return {name: (titles, np.array(values).T) for name, (titles, values) in tables.items()}


def at_one_time_of_fields(result, k: int) -> dict:
    """Heads and rows of the k-th saved time: the structure factor, and in two dimensions the field, a row a cell."""
    import numpy as np

    found = result.spectrum(result.times[k])
    head = ["k [rad/m]", f"S_{result.independent[0]} [m^{result.box.dimensions}]", "modes"]
    tables = {"structure": (head, np.column_stack(found))}
    if result.box.dimensions == 2:  # in three a table would be of millions of rows
        places = [np.broadcast_to(x, result.box.shape).ravel() for x in result.box.mesh]
        values = result.snapshots[k].composition.reshape(len(result.components), -1)
        heads = [f"{axis} [m]" for axis in result.box.axes] + [f"x_{name}" for name in result.components]
        tables["field"] = (heads, np.array([*places, *values]).T)
    return tables


def microstructure(result) -> tuple:
    """Free energy, lengths, amounts and widths at every saved time."""
    import numpy as np

    from matano.field_facts import UNITS, columns

    head = [f"{name} [{unit}]" if unit else name for name, unit in UNITS.items()]
    return ["time [s]", *head], np.column_stack([result.times, *columns(result).values()])


def ends(result) -> tuple:
    """Voltage, current, and what the ions are at the ends, at every saved time or state of a sweep."""
    import numpy as np

    head, columns = ["time [s]", "voltage [V]", "current [A/m^2]"], [result.time]
    columns += [result.field("voltage"), result.field("current")]
    sides = ("left", "right")
    if result.has("surface_charge"):
        head += [f"surface_charge_{side} [C/m^2]" for side in sides]
        columns += [*result.field("surface_charge").T]
    for name, values in zip(result.components, result.field("concentration_end").swapaxes(0, 1), strict=True):
        head += [f"c_{name}_{side} [mol/m^3]" for side in sides]
        columns += [*values.T]
    return head, np.column_stack(columns)

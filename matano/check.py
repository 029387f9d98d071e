"""Does a result show what its case expects? The numbers behind `matano run --check`."""

from dataclasses import dataclass

import numpy as np

from matano.field_facts import UNITS as OF_FIELDS
from matano.field_facts import of_field
from matano.interpolation import face_value, field_value, inside, point_value
from matano.places import face_positions
from simulator.faults import Invalid, near
from simulator.problem.grid import Grid
from simulator.solve.reversal import zero_current

SAME = 1e-9  # of the sample: a face nearer than that lies on the interface
SAME_VOLTAGE = 1e-6  # V
REVERSAL = "reversal_voltage"


@dataclass(frozen=True)
class Outcome:
    """One comparison: what was compared, how far it is off, and how far it may be."""

    what: str
    measured: float
    allowed: float

    @property
    def passed(self) -> bool:
        return bool(self.measured <= self.allowed)  # False for NaN

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "OUT OF TOLERANCE"
        return f"{self.what}: {self.measured:.3g} (allowed {self.allowed:.3g}) {verdict}"


def check(result, expect) -> list[Outcome]:
    """Compare a result with [expect]: the exact solution at the last time, and the values given one by one."""
    outcomes = []
    if expect is None:
        return outcomes
    if expect.exact is not None:
        outcomes.append(exact_outcome(result, expect.exact, expect.max_error))
    for k, entry in enumerate(expect.value or ()):
        outcomes.append(value_outcome(result, entry, f"expect.value[{k}]"))
    return outcomes


def exact_outcome(result, name: str, max_error: float | None) -> Outcome:
    """max |x - x_exact| over cells and components at the last time; both are averages over the cells, where they move
    over the moles in them.
    """
    from simulator.solve.exact import exact_named

    solution, last = exact_named(name), result.snapshots[-1]
    reason = solution.applies(result.problem)
    if reason is not None:
        raise Invalid.at("expect.exact", reason)
    # cells that hold the same moles for ever are known by where their faces were
    moved = result.has("position_face") and not result.has("molar_volume")
    faces = face_positions(result)[-1] if moved else result.grid.faces
    exact = result.problem.mixture.complete(solution.averages(result.problem, last.time, faces))
    error = float(np.max(np.abs(exact - last.composition)))
    return Outcome(f"largest error against {name}", error, np.inf if max_error is None else max_error)


def value_outcome(result, entry, where: str) -> Outcome:
    """|measured - value| for one [[expect.value]]; the tolerance is atol + rtol |value|."""
    index = state_of(result, entry, where)
    measured = quantity_at(result, entry, index, where)
    allowed = (entry.atol or 0.0) + (entry.rtol or 0.0) * abs(entry.value)
    what = f"{described(entry)}, {state(result, entry, index)}: {measured:.8g} against {entry.value:.8g}, off by"
    return Outcome(what, abs(measured - entry.value), allowed)


def state_of(result, entry, where: str) -> int:
    """The index of the saved time, or the voltage of a sweep, that an entry is about; the last one by default."""
    if entry.voltage is not None:
        saved = field_of(result, "voltage", slice(None), f"{where}.voltage")
        index = int(np.argmin(np.abs(saved - entry.voltage)))
        if abs(saved[index] - entry.voltage) > SAME_VOLTAGE:
            text = f"{entry.voltage:.10g} V was not saved; the nearest voltage is {saved[index]:.10g} V."
            raise Invalid.at(f"{where}.voltage", text)
        return index
    time = result.time[-1] if entry.time is None else entry.time
    same = result.time == time
    with np.errstate(invalid="ignore"):
        index = int(np.flatnonzero(same)[-1] if same.any() else np.nanargmin(np.abs(result.time - time)))
        if not same.any() and not abs(result.time[index] - time) <= 1e-9 * max(abs(time), 1e-300):
            text = f"t = {time:g} s is not a saved time; the nearest is {result.time[index]:g} s."
            raise Invalid.at(f"{where}.time", text)
    return index


def state(result, entry, index: int) -> str:
    """The state of an entry in words."""
    if entry.quantity == REVERSAL:
        return "over the sweep"
    volts = f"at {entry.voltage:g} V" if entry.voltage is not None else ""
    if not np.isfinite(result.time[index]):
        return volts or "steady"
    return volts or f"t = {result.time[index]:g} s"


def described(entry) -> str:
    """What an entry asks for, in words."""
    words = [entry.quantity]
    if entry.component is not None:
        words.append(f"of {entry.component}")
    if entry.index is not None:
        words.append(f"{entry.index}")
    if entry.at is not None:
        words.append(f"at {entry.at:g} m" if isinstance(entry.at, int | float) else f"at {entry.at}")
    return " ".join(words)


def quantity_at(result, entry, k: int, where: str) -> float:
    """What an entry asks for at the k-th saved time: a mole fraction ("Ni", "x_Ni", or "mole_fraction" and `component`,
    which a binary may leave out), a concentration of an ion ("Na", "c_Na", or "concentration" and `component`), a
    diagnostic, or one of QUANTITIES.
    """
    from simulator.solve.result import DIAGNOSTICS

    quantity, mixture = entry.quantity, result.problem.mixture
    if quantity in DIAGNOSTICS:
        return float(result.diagnostics(quantity)[k])
    if quantity in QUANTITIES:
        return QUANTITIES[quantity](result, entry, k, where)
    name = quantity.removeprefix(f"{result.symbol}_")
    if quantity == result.quantity:
        single = entry.component is None and mixture.m == 1
        name = mixture.independent[0] if single else result.components[row_of(result, entry, where)]
    if name not in result.components:
        names = (f"{result.symbol}_{name}" for name in result.components)
        known = [*result.components, *names, result.quantity, *QUANTITIES, *DIAGNOSTICS]
        raise Invalid.at(
            f"{where}.quantity", f"unknown quantity {quantity!r}; known: {', '.join(known)}.{near(quantity, known)}"
        )
    return fraction_at(result, result.components.index(name), entry, k, where)


def row_of(result, entry, where: str) -> int:
    """The row of the component of an entry."""
    listed = ", ".join(result.components)
    if entry.component is None:
        raise Invalid.at(f"{where}.component", f"{entry.quantity} is that of a component; give one of {listed}.")
    if entry.component not in result.components:
        hint = near(entry.component, result.components)
        raise Invalid.at(f"{where}.component", f"{entry.component!r} is not one of the components ({listed}).{hint}")
    return result.components.index(entry.component)


def position_of(entry, where: str) -> float:
    """The position of an entry, m."""
    from simulator.laws.units import number

    if entry.at is None or isinstance(entry.at, list):
        text = f"{entry.quantity} is expected at a position; give `at`, in m or with its unit."
        raise Invalid.at(f"{where}.at", text)
    return number(entry.at, "m", f"{where}.at")


def fraction_at(result, row: int, entry, k: int, where: str) -> float:
    """The mole fraction or the concentration at the position of an entry, where the cells are at that time."""
    if hasattr(result, "box"):
        return field_value(result.box, result.snapshots[k].composition[row], entry.at, f"{where}.at")
    x, values, grid = position_of(entry, where), result.snapshots[k].composition[row], result.grid
    if result.has("position_face"):
        grid = Grid(result.field("position_face")[k])
    inside(grid.faces, x, f"{where}.at")
    amounts = grid.volumes / result.field("molar_volume")[k] if result.has("molar_volume") else None
    if not result.has("interface_position"):
        return point_value(grid, values, x, f"{where}.at", amounts)
    cells = same_phase(grid, result.field("interface_position")[k], x)
    if cells.start >= cells.stop:
        return float(values[min(cells.stop, grid.cells - 1)])
    phase = Grid(grid.faces[cells.start : cells.stop + 1])
    x = float(np.clip(x, *phase.interval))
    return point_value(phase, values[cells], x, f"{where}.at", None if amounts is None else amounts[cells])


def same_phase(grid: Grid, interfaces: np.ndarray, x: float) -> slice:
    """The whole cells between the interfaces around x."""
    near = SAME * (grid.faces[-1] - grid.faces[0])
    left, right = (
        np.max(interfaces[interfaces <= x], initial=-np.inf),
        np.min(interfaces[interfaces > x], initial=np.inf),
    )
    first = int(np.searchsorted(grid.faces, left - near))
    return slice(first, int(np.searchsorted(grid.faces, right + near, side="right")) - 1)


def field_of(result, name: str, k: int, where: str) -> np.ndarray:
    """One of FIELDS at a saved time; Invalid if this run left none."""
    if not result.has(name):
        raise Invalid.at(f"{where}.quantity", f"this run has no {name}: its law or its case leaves none.")
    return result.field(name)[k]


def picked(values: np.ndarray, entry, where: str) -> float:
    """The value of the entry's index, from left to right; a single one needs none."""
    if entry.index is None and values.size != 1:
        raise Invalid.at(f"{where}.index", f"there are {values.size}; give index, 0 for the leftmost.")
    index = entry.index or 0
    if index >= values.size:
        raise Invalid.at(f"{where}.index", f"there are {values.size}, counted from 0 on the left, got {index}.")
    return float(values[index])


def marker_position(result, entry, k: int, where: str) -> float:
    return picked(np.sort(field_of(result, "marker_position", k, where)), entry, where)


def interface_position(result, entry, k: int, where: str) -> float:
    return picked(field_of(result, "interface_position", k, where), entry, where)


def layer_thickness(result, entry, k: int, where: str) -> float:
    """Of the layer between an interface and the next one."""
    return picked(np.diff(field_of(result, "interface_position", k, where)), entry, where)


def right_end(result, entry, k: int, where: str) -> float:
    return float(face_positions(result)[k, -1])


def molar_volume(result, entry, k: int, where: str) -> float:
    """V_m of the composition there; of the cell there, where phases have volumes of their own."""
    if result.problem.molar_volume is None:
        raise Invalid.at(f"{where}.quantity", "this case has no molar volume; add [molar_volume].")
    if result.has("interface_position"):
        x, grid = position_of(entry, where), Grid(face_positions(result)[k])
        inside(grid.faces, x, f"{where}.at")
        cells = same_phase(grid, result.field("interface_position")[k], x)
        cell = int(np.clip(np.searchsorted(grid.faces, x) - 1, cells.start, max(cells.start, cells.stop - 1)))
        return float(field_of(result, "molar_volume", k, where)[cell])
    mixture = result.problem.mixture
    rows = [result.components.index(name) for name in mixture.independent]
    fractions = np.array([[fraction_at(result, row, entry, k, where)] for row in rows])
    return float(result.problem.molar_volume(mixture.unknowns(fractions))[0])


def lattice_velocity(result, entry, k: int, where: str) -> float:
    values = field_of(result, "lattice_velocity", k, where)
    return face_value(face_positions(result)[k], values, position_of(entry, where), f"{where}.at")


def lattice_flux(result, entry, k: int, where: str) -> float:
    values = field_of(result, "lattice_flux", k, where)[row_of(result, entry, where)]
    return face_value(face_positions(result)[k], values, position_of(entry, where), f"{where}.at")


def flux(result, entry, k: int, where: str) -> float:
    values = result.snapshots[k].flux[row_of(result, entry, where)]
    return face_value(face_positions(result)[k], values, position_of(entry, where), f"{where}.at")


def potential(result, entry, k: int, where: str) -> float:
    """phi, counted from the left end."""
    inner, outer = field_of(result, "potential", k, where), field_of(result, "potential_end", k, where)
    a, b = result.grid.interval
    places = np.concatenate([[a], result.x, [b]])
    return face_value(places, np.concatenate([outer[:1], inner, outer[1:]]), position_of(entry, where), f"{where}.at")


def surface_charge(result, entry, k: int, where: str) -> float:
    """Of the left electrode, index 0, or the right one."""
    return picked(field_of(result, "surface_charge", k, where), entry, where)


def concentration_end(result, entry, k: int, where: str) -> float:
    """Of a component at the left end, index 0, or the right one."""
    row = row_of(result, entry, where)
    return picked(field_of(result, "concentration_end", k, where)[row], entry, where)


def voltage(result, entry, k: int, where: str) -> float:
    return float(field_of(result, "voltage", k, where))


def current(result, entry, k: int, where: str) -> float:
    return float(field_of(result, "current", k, where))


def reversal_voltage(result, entry, k: int, where: str) -> float:
    """The voltage of a sweep at which no current flows."""
    return zero_current(field_of(result, "voltage", slice(None), where), result.field("current"), f"{where}.quantity")


def free_energy(result, entry, k: int, where: str) -> float:
    """Mean molar free energy, with that of the gradients."""
    return float(field_of(result, "free_energy", k, where))


QUANTITIES = {
    **dict.fromkeys(OF_FIELDS, of_field),
    "free_energy": free_energy,
    "marker_position": marker_position,
    "interface_position": interface_position,
    "layer_thickness": layer_thickness,
    "right_end": right_end,
    "molar_volume": molar_volume,
    "lattice_velocity": lattice_velocity,
    "lattice_flux": lattice_flux,
    "flux": flux,
    "potential": potential,
    "voltage": voltage,
    "current": current,
    "surface_charge": surface_charge,
    "concentration_end": concentration_end,
    REVERSAL: reversal_voltage,
}

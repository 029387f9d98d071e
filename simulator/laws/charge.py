"""What a problem of ions asks for beyond its law: neutral starts and ends, layers of charge that a grid resolves."""

import numpy as np

from simulator.faults import Fault
from simulator.laws.electrolyte import NEUTRAL
from simulator.laws.expression import CONSTANTS
from simulator.laws.limiting_current import limiting_current

EPSILON_0 = 8.8541878128e-12  # F/m, CODATA 2018
SAMPLES = 2001
FIRST_CELL = 0.15  # Debye lengths at a wall, times exp(-|zeta|/2)
MOST_ZETA = 16.0  # RT/F: a wall potential beyond this is held by the ions' steric limits, not by a thinner layer
BEND = 0.5  # over the domain, of the slope of ln |q|, that counts as a jump of it
WIDTH = 0.6  # of the small cells' region, in Debye lengths
COARSE, USELESS = 0.5, 5.0  # cells that a person is told of, in thicknesses, and that are refused, in Debye lengths
ABOVE = 1e-6  # of a limiting current


def thermal_voltage(T: float) -> float:
    """RT/F in V."""
    return CONSTANTS["R"] * T / CONSTANTS["F"]


def fixed_charge(law, x: np.ndarray) -> np.ndarray:
    """q (k,), mol/m^3, at positions x (k,)."""
    if law.charge is None:
        return np.zeros(x.shape)
    return np.broadcast_to(law.charge.program(np.zeros((law.mixture.m, x.size)), x=x)[0], x.shape)


def debye_length(law, concentrations: np.ndarray, T: float, permittivity: float, fixed: float = 0.0) -> float:
    """sqrt(eps eps_0 RT/(F^2 sum z^2 c)), m, of concentrations (n,) in mol/m^3; of fixed charge alone its ions."""
    strength = float(np.sum(law.mixture.z**2 * concentrations)) + abs(fixed)
    return float(np.sqrt(permittivity * EPSILON_0 * CONSTANTS["R"] * T / (CONSTANTS["F"] ** 2 * max(strength, 1e-300))))


def largest_voltage(problem) -> float:
    """Of |phi(right) - phi(left)| over the run, RT/F; with a sweep, of all its voltages."""
    kind, program = problem.law.driven
    T = problem.temperature_at(0.0)
    found = [abs(V) for V in problem.sweep]
    if kind in ("voltage", "bias"):
        at = np.zeros((problem.mixture.m, problem.times.size))
        found.append(float(np.abs(np.broadcast_to(program(at, t=problem.times, T=T)[0], problem.times.shape)).max()))
    return max(found, default=0.0) / thermal_voltage(T)


def charge_layers(law, problem) -> tuple[tuple[float, float], ...]:
    """Both ends, every jump of the fixed charge and of its slope, with the widths, m, of the layers of charge there:
    Debye lengths, thinner by exp(-|zeta|/2) at a wall that holds half of the voltage."""
    T = problem.temperature_at(0.0)
    if law.closure != "poisson" or not np.isfinite(T):
        return ()
    a, b = problem.domain.interval
    x = np.linspace(a, b, SAMPLES)
    q = fixed_charge(law, x)
    eps = np.broadcast_to(law.dielectric.program(np.zeros((law.mixture.m, x.size)), x=x)[0], x.shape)
    ends = problem.initial.ends(problem.mixture, (a, b))
    zeta = min(0.5 * largest_voltage(problem), MOST_ZETA)
    found = []
    for k, place in ((0, a), (-1, b)):
        length = debye_length(law, ends[:, k], T, float(eps[k]), float(q[k]))
        found.append((place, WIDTH * length * np.exp(-0.5 * zeta)))
    jumps = np.flatnonzero(np.abs(np.diff(q)) > 0.05 * max(np.ptp(q), 1e-300)) if np.ptp(q) > 0.0 else []
    for j in [*jumps, *bends(x, q)]:
        strength = max(abs(q[j]), abs(q[j + 1]))
        length = debye_length(law, np.zeros(law.mixture.m), T, float(eps[j]), strength)
        found.append((0.5 * (x[j] + x[j + 1]), WIDTH * length))
    return tuple(found)


def bends(x: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Places in x (k,) at which the slope of ln |q| jumps: it changes more between two samples than around them."""
    if not np.all(np.abs(q) > 0.0):
        return np.zeros(0, int)
    change = np.abs(np.diff(np.diff(np.log(np.abs(q)))))
    around = np.maximum(np.roll(change, 3), np.roll(change, -3))
    found = np.flatnonzero((change > BEND / x.size) & (change > 10.0 * around))
    return found[np.append(True, np.diff(found) > 3)] if found.size else found


def charged_cells(law, problem) -> list[tuple[float, float, float, float]]:
    """Place, Debye length, thickness and cell width, m, of the layers of charge: the thickness is a Debye length, at
    ends that hold no concentrations less by exp(-|zeta|/2)."""
    found, grid = [], problem.grid
    ends = (problem.boundary.left, problem.boundary.right)
    zeta = min(0.5 * largest_voltage(problem), MOST_ZETA)
    for k, (place, width) in enumerate(charge_layers(law, problem)):
        thickness = length = width / WIDTH
        if k < 2:
            length = thickness * np.exp(0.5 * zeta)
            thickness = length if ends[k].word == "fixed" else thickness
        cell = int(np.clip(np.searchsorted(grid.faces, place) - 1, 0, grid.cells - 1))
        size = float(np.diff(grid.faces)[cell])
        found.append((place, length, thickness, size))
    return found


def layer_warnings(law, problem) -> tuple[str, ...]:
    """Sentences on layers of charge whose cells are too large to be accurate."""
    return tuple(
        f"The cell at x = {place:.4g} m is {size:.3g} m wide and the layer of charge there {thickness:.3g} m: its "
        'charge may be wrong by several percent. Use more cells, or grading = "walls" or "interface".'
        for place, _, thickness, size in charged_cells(law, problem)
        if size > COARSE * thickness
    )


def electrodes_of(problem) -> list[str]:
    """The ions of the electrodes, from the left to the right."""
    ends = (problem.boundary.left, problem.boundary.right)
    return [end.ion for end in ends if end.word == "electrode"]


def faults_of_ions(law, problem) -> list[Fault]:
    """What is wrong with a problem of ions although each part of it is right."""
    faults = []
    for side in ("left", "right"):
        end = getattr(problem.boundary, side)
        if end.word == "periodic":
            faults.append(Fault(f"boundary.{side}", "ions need ends between which the potential is known."))
        if end.word == "electrode" and not law.neutral:
            text = 'an electrode of one ion needs closure = "electroneutral"; here hold its concentration, or close it.'
            faults.append(Fault(f"boundary.{side}.electrode", text))
        if end.word == "electrode" and problem.mixture.charges.get(end.ion) == 0.0:
            faults.append(Fault(f"boundary.{side}.electrode", f"{end.ion} has no charge and carries no current."))
    if faults:
        return faults
    electrodes = electrodes_of(problem)
    if law.neutral:
        faults += charged_start(law, problem)
        closed = [side for side in ("left", "right") if getattr(problem.boundary, side).word == "closed"]
        kind, driven = law.driven
        silent = not driven.depends_on and float(driven(np.zeros(law.mixture.m))[0]) == 0.0
        if kind in ("voltage", "bias") and closed:
            text = "a closed end lets no current through, so no voltage can be imposed; use electrode or fixed."
            faults.append(Fault(f"boundary.{closed[0]}", text))
        if kind == "current" and closed and not silent:
            text = "a closed end lets no current through; use electrode = NAME, or fixed."
            faults.append(Fault(f"boundary.{closed[0]}", text))
        if kind in ("voltage", "bias") and len(set(electrodes)) > 1:
            text = "with a voltage both electrodes must be of one ion; with different ones give the current."
            faults.append(Fault("boundary.right.electrode", text))
        for side in ("left", "right"):
            end = getattr(problem.boundary, side)
            if end.word == "exchange":
                faults.append(Fault(f"boundary.{side}", "an electroneutral end is closed, fixed, flux or electrode."))
    if problem.domain.geometry != "planar":
        faults.append(
            Fault("domain.geometry", f"ions need planar geometry, and this one is {problem.domain.geometry}.")
        )
    return faults or [*unresolved(law, problem), *above_limit(law, problem)]


def unresolved(law, problem) -> list[Fault]:
    """Layers of charge that a grid does not see."""
    return [
        Fault(
            "domain.cells",
            f"the cell at x = {place:.4g} m is {size:.3g} m wide, and the Debye length there "
            f"{length:.3g} m: "
            'the layer of charge is not resolved. Use grading = "walls" or "interface", more cells, or electroneutral.',
        )
        for place, length, _, size in charged_cells(law, problem)
        if size > USELESS * length
    ][:1]


def above_limit(law, problem) -> list[Fault]:
    """A steady current that diffusion cannot bring."""
    found = limiting_current(problem) if law.neutral and problem.steady else None
    if found is None:
        return []
    ion, side, limit = found
    _, program = law.driven
    current = abs(float(program(np.zeros(problem.mixture.m), t=0.0, T=problem.temperature_at(0.0))[0]))
    if current < limit * (1.0 - ABOVE):
        return []
    text = (
        f"{current:.5g} A/m^2 is not below the limiting current, {limit:.5g} A/m^2, at which {ion} runs out at the "
        f"{side} end: there is no steady state. Lower it, or give an end time."
    )
    return [Fault("law.current", text)]


def charged_start(law, problem) -> list[Fault]:
    """Faults of a start, or of held ends, that are not neutral, and by how much."""
    mixture, faults = problem.mixture, []
    x = np.linspace(*problem.domain.interval, SAMPLES)
    grid = problem.domain.grid(problem.jumps)
    start, q = problem.start(grid), fixed_charge(law, grid.centres)
    off = mixture.imbalance(start, q)
    if off.max() > NEUTRAL:
        k = int(np.argmax(off))
        text = (
            f"is not neutral: {mixture.charge(start)[k] + q[k]:+.4g} mol/m^3 of charge at x = {grid.centres[k]:.4g} m, "
            f"{100.0 * off[k]:.3g} % of all. Leave one ion out and it is computed."
        )
        faults.append(Fault("initial", text))
    for side, at in (("left", x[:1]), ("right", x[-1:])):
        end = getattr(problem.boundary, side)
        if end.word == "fixed":
            T = problem.temperature_at(0.0)
            held = end.composition(mixture, 0.0, T)[:, None]
            charge = fixed_charge(law, at)
            off = float(mixture.imbalance(held, charge)[0])
            if off > NEUTRAL:
                text = (
                    f"is not neutral: {float(mixture.charge(held)[0] + charge[0]):+.4g} mol/m^3 of charge, "
                    f"{100.0 * off:.3g} % of all. Leave one ion out and it is computed."
                )
                faults.append(Fault(f"boundary.{side}.fixed", text))
    return faults

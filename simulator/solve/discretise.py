"""From a law on a grid with its ends to the system of arrays and addresses that the kernels advance."""

import numpy as np

from simulator.faults import NumericsError
from simulator.kernels.differences import add_source, add_source_slopes, flux_differences
from simulator.kernels.elimination import elimination
from simulator.kernels.given import given_ends, given_source, given_temperature
from simulator.kernels.system import System
from simulator.laws.law import Equations
from simulator.problem.check import MOST_UNKNOWNS
from simulator.problem.grid import Grid
from simulator.problem.problem import Problem

# The face at r = 0 has no area, and a row of zeros would make the system singular: it is given this part of its
# neighbour's, which carries no flux in a symmetric profile.
AXIS_AREA = 1e-8
NOTHING = np.zeros(0)


def points(grid: Grid) -> np.ndarray:
    """Positions of the N cells and, around them, of the two ends (N+2,)."""
    return np.concatenate((grid.faces[:1], grid.centres, grid.faces[-1:]))


def effective_areas(grid: Grid) -> np.ndarray:
    areas = np.array(grid.areas, float)
    if areas[0] == 0.0:
        areas[0] = AXIS_AREA * areas[1]
    return areas


def distances(grid: Grid) -> np.ndarray:
    """Between neighbouring points (N+1,), m: what a difference of cell averages is divided by.

    In a sphere, d_i = (s_i+1 - s_i) / (2 r_i) with s = <r^2> over a cell, so that u = a + b r^2 has its exact flux:
    near the centre averages and values at midpoints differ by a multiple of b h^2 that is not smooth from cell to
    cell, and extrapolation could not remove it.
    """
    d = np.diff(points(grid))
    if grid.geometry == "spherical":
        left, right = grid.faces[:-1], grid.faces[1:]
        square, product = left * left + right * right, left * right
        s = 0.6 * (square * square + product * (square - product)) / (square + product)
        d[1:-1] = np.diff(s) / (2.0 * grid.faces[1:-1])
    return d


def discretise(
    equations: Equations,
    grid: Grid,
    ends: np.ndarray,
    *,
    periodic: bool = False,
    temperature: float = np.nan,
    end_program: np.ndarray = NOTHING,
    source_program: np.ndarray = NOTHING,
    temperature_program: np.ndarray = NOTHING,
) -> System:
    """The semi-discrete system of a law.

    ends (m, 6): c, a, b of the left and the right end rows c - a u - b F = 0; temperature in K. The programs, as code
    vectors, replace c over time, add a source, and give T(t); with one that depends on time the system is not
    autonomous.
    """
    m = equations.m
    if m > MOST_UNKNOWNS:
        raise NumericsError(f"{m} unknowns a cell are more than the {MOST_UNKNOWNS} that the engine is built for.")
    x = points(grid)
    conductance = effective_areas(grid) / distances(grid)
    position = grid.faces.copy()
    if periodic:
        distance = 0.5 * (grid.faces[1] - grid.faces[0] + grid.faces[-1] - grid.faces[-2])
        conductance[0] = conductance[-1] = grid.areas[0] / distance
        position[-1] = position[0]
        ends = np.zeros((m, 6))
    volume = np.concatenate(([0.0], grid.volumes, [0.0]))
    factor, substitute = elimination(2 * m if periodic else m)
    # Slopes that a law brings are those of its own source alone.
    slopes = add_source_slopes if equations.source_slopes is None or source_program.size else equations.source_slopes
    sources = equations.source is not None or source_program.size > 0
    given = end_program.size or source_program.size or temperature_program.size
    return System(
        flux=equations.flux.address,
        flux_slopes=equations.flux_slopes.address if equations.flux_slopes else 0,
        flux_differences=0 if equations.flux_slopes else flux_differences.address,
        source=equations.source.address if equations.source else 0,
        added=given_source.address if source_program.size else 0,
        add_source=add_source.address if sources else 0,
        add_source_slopes=slopes.address if sources else 0,
        end_values=given_ends.address if end_program.size else 0,
        history=given_temperature.address if temperature_program.size else 0,
        factor=factor.address,
        substitute=substitute.address,
        parameters=equations.parameters,
        added_parameters=source_program,
        end_parameters=end_program,
        history_parameters=temperature_program,
        temperature=np.array([temperature, 0.0, 0.0]),
        face=np.stack((conductance, position)),
        cell=np.stack((volume, x)),
        mass=(equations.mass[:, None] * volume).ravel(),
        ends=np.ascontiguousarray(ends, float),
        scale=equations.scale,
        typical=equations.typical,
        bounds=equations.bounds,
        periodic=int(periodic),
        autonomous=int(equations.autonomous and not given),
    )


def equations_of(problem: Problem) -> Equations:
    """The law's arrays and kernels for all states and temperatures the problem can reach."""
    lowest, highest = problem.reachable_range()
    return problem.law.equations(lowest, highest, temperature_range(problem))


def temperature_range(problem: Problem) -> tuple[float, float]:
    if problem.temperature is None:
        return (np.nan, np.nan)
    return problem.temperature.range(0.0 if problem.end == "steady" else problem.end)


def system_of(problem: Problem, equations: Equations, grid: Grid) -> System:
    """The system of a problem on one grid."""
    boundary, history = problem.boundary, problem.temperature
    T = np.nan if history is None else history(0.0)
    end_program = boundary.program(problem.mixture, effective_areas(grid)) if boundary.depends_on_time else None
    codes = [None if p is None else p.code for p in (end_program, problem.source_program)]
    varies = history is not None and not history.constant
    return discretise(
        equations,
        grid,
        boundary.rows(problem.mixture, 0.0, T, effective_areas(grid)),
        periodic=boundary.periodic,
        temperature=T,
        end_program=NOTHING if codes[0] is None else codes[0],
        source_program=NOTHING if codes[1] is None else codes[1],
        temperature_program=history.program.code if varies and history.program is not None else NOTHING,
    )


def start_of(system: System, cells: np.ndarray) -> np.ndarray:
    """(m, N+2) from averages (m, N): ends that hold a value have it, the others begin beside their neighbour."""
    u = np.ascontiguousarray(np.concatenate((cells[:, :1], cells, cells[:, -1:]), axis=1), float)
    for column, first in ((0, 0), (-1, 3)):
        value, weight, flow = system.ends[:, first : first + 3].T
        held = (weight != 0.0) & (flow == 0.0)
        u[held, column] = value[held] / weight[held]
    return u


def must_settle(system: System) -> bool:
    """False where `start_of` is consistent already: cells without algebraic rows between ends that hold a value or
    are closed.
    """
    m = system.ends.shape[0]
    if system.periodic or system.end_values:
        return True
    held = (system.ends[:, [1, 4]] != 0.0) & (system.ends[:, [2, 5]] == 0.0)
    closed = (system.ends[:, [0, 3]] == 0.0) & (system.ends[:, [1, 4]] == 0.0)
    # A closed end beside equal neighbours carries no flux of any component only if none is driven there from outside.
    quiet = closed.all(axis=0) | held.all(axis=0)
    return not (quiet.all() and np.all(system.mass.reshape(m, -1)[:, 1:-1] > 0.0))

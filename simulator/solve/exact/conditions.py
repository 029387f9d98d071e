"""What exact solutions ask of a problem: its diffusivity, its start in pieces, its ends, whether an end is felt."""

from collections.abc import Callable
from functools import lru_cache
from itertools import pairwise

import numpy as np
from scipy.integrate import quad

from simulator.faults import Invalid
from simulator.laws.matrix_law import MatrixLaw
from simulator.problem.grid import Grid
from simulator.problem.problem import Problem

# What an end that is not at infinity may change: below every tolerance that is asked of a profile.
FELT = 1e-7
SAME = 1e-12


def once_per_problem(function: Callable) -> Callable:
    """Remember what `function(problem, *numbers)` returned for the problems asked about last."""
    return lru_cache(maxsize=64)(function)


def diffusivity(problem: Problem, u: np.ndarray, t: float = 0.0) -> np.ndarray:
    """The matrix D (m, m, k), m^2/s, at unknowns u (m, k) and the temperature of time t s.

    Where the molar volume varies it is that of the axis q, D (V_0/V_m)^2.
    """
    m, k = u.shape
    T = problem.temperature_at(t)
    with np.errstate(all="ignore"):
        D = np.asarray(problem.law.coefficient("interdiffusivity", u, T, t), float)
        if problem.swells:
            D = D * (problem.molar_volume.reference / problem.molar_volume(u)) ** 2
    if D.ndim < 3:
        D = D.reshape(m, m, -1)
    return np.broadcast_to(D, (m, m, k))


def lattice(problem: Problem) -> np.ndarray:
    """Compositions (m, k) over the range of the problem, corners and inside, without those beyond the simplex."""
    low, high = (np.asarray(v, float) for v in problem.composition_range())
    m = low.size
    axes = np.random.default_rng(1).random((m, 64))
    corners = np.array(np.meshgrid(*[[0.0, 1.0]] * m)).reshape(m, -1) if m <= 4 else np.array([[0.0, 1.0]] * m)
    u = low[:, None] + (high - low)[:, None] * np.concatenate([corners, axes], axis=1)
    inside = u.sum(axis=0) <= 1.0 + 1e-9
    return u[:, inside] if inside.any() else np.stack([low], axis=1)


def end_time(problem: Problem) -> float | None:
    return None if isinstance(problem.end, str) else float(problem.end)


def law_refusal(problem: Problem) -> str | None:
    """Why the problem is not du/dt = d/dx (a(t) D(u) du/dx), or None."""
    if problem.swells:
        return "It knows no molar volume that varies."
    return matrix_refusal(problem)


@once_per_problem
def matrix_refusal(problem: Problem) -> str | None:
    """As `law_refusal`, on the axis q of the mole coordinate where the molar volume varies."""
    if not isinstance(problem.law, MatrixLaw):
        return f"It is for laws with a matrix of interdiffusivities, and this law is {problem.law.kind}."
    if problem.source:
        return "It knows no sources."
    if end_time(problem) is None:
        return "It needs an end time, and this problem asks for the steady state."
    if "x" in problem.law.depends_on:
        return "D depends on the position."
    compositions, first = lattice(problem), None
    reference = diffusivity(problem, compositions)
    largest = np.unravel_index(np.argmax(np.abs(reference)), reference.shape)
    if not np.all(np.isfinite(reference)):
        return "D is not finite over the range of compositions."
    for t in times(problem):
        D = diffusivity(problem, compositions, t)
        first = D[largest] / reference[largest] if reference[largest] else 1.0
        if np.abs(D - first * reference).max() > 1e-10 * np.abs(D).max():
            return "D changes with time in another way at one composition than at another."
    return None


def times(problem: Problem) -> np.ndarray:
    return np.linspace(0.0, end_time(problem), 34)[1:-1]


@once_per_problem
def steady_factor(problem: Problem) -> bool:
    """True if D does not change with time."""
    composition = lattice(problem)[:, :1]
    reference = diffusivity(problem, composition)
    return all(np.array_equal(diffusivity(problem, composition, t), reference) for t in times(problem))


@once_per_problem
def clock(problem: Problem, t: float) -> float:
    """int_0^t a dt in s, where D(u, t) = a(t) D(u, 0): the time that the first temperature would have taken."""
    if t <= 0.0 or steady_factor(problem):
        return float(t)
    compositions = lattice(problem)
    reference = diffusivity(problem, compositions)
    largest = np.unravel_index(np.argmax(np.abs(reference)), reference.shape)
    column = compositions[:, largest[2] : largest[2] + 1]

    def factor(s):
        return diffusivity(problem, column, s)[largest[0], largest[1], 0] / reference[largest]

    breaks = () if problem.temperature is None else problem.temperature.breaks
    landings = sorted({0.0, float(t), *(float(b) for b in breaks if 0.0 < b < t)})
    return float(sum(quad(factor, a, b, epsabs=0.0, epsrel=1e-12, limit=400)[0] for a, b in pairwise(landings)))


def constant_refusal(problem: Problem) -> str | None:
    """Why D is not one matrix for all compositions, or None."""
    refused = law_refusal(problem)
    if refused:
        return refused
    D = diffusivity(problem, lattice(problem))
    if np.abs(D - D[:, :, :1]).max() > SAME * np.abs(D).max():
        return "D depends on the composition."
    return None


def constant_matrix(problem: Problem) -> np.ndarray:
    """The matrix D (m, m), m^2/s, of a problem whose D is constant, at t = 0."""
    return np.array(diffusivity(problem, lattice(problem)[:, :1])[:, :, 0])


@once_per_problem
def pieces(problem: Problem) -> tuple[np.ndarray, np.ndarray] | None:
    """Jumps (p,) in m and compositions (m, p + 1) of a start that is constant in between; None for any other start."""
    a, b = problem.domain.interval
    jumps = np.array(sorted(x for x in problem.initial.jumps if a < x < b))
    ends = np.concatenate([[a], jumps, [b]])
    fine = np.unique(np.concatenate([np.linspace(left, right, 18) for left, right in pairwise(ends)]))
    try:
        u = problem.initial.averages(problem.mixture, Grid(fine))
    except Invalid:
        return None
    piece = np.searchsorted(jumps, 0.5 * (fine[1:] + fine[:-1]))
    values = np.stack([u[:, piece == p].mean(axis=1) for p in range(jumps.size + 1)], axis=1)
    if np.abs(u - values[:, piece]).max() > SAME:
        return None
    kept = np.any(np.abs(np.diff(values, axis=1)) > SAME, axis=0)
    return jumps[kept], values[:, np.concatenate([[True], kept])]


def start_values(problem: Problem, x: np.ndarray) -> np.ndarray:
    """The start (m, k) at points x (k,), increasing, from averages over cells too small to matter."""
    half = 1e-7 * np.diff(x).min()
    faces = np.stack([x - half, x + half], axis=1).ravel()
    return problem.initial.averages(problem.mixture, Grid(faces))[:, ::2]


@once_per_problem
def ends(problem: Problem) -> tuple:
    """What holds at the left and at the right end: "closed", the fixed fractions (m,) as a tuple, or "other"."""
    if problem.boundary.periodic or problem.boundary.depends_on_time:
        return "other", "other"
    rows = problem.boundary.rows(problem.mixture, 0.0, problem.temperature_at(0.0), problem.grid.areas)
    return tuple(_end(rows[:, side : side + 3]) for side in (0, 3))


def _end(rows):
    c, a, b = rows.T
    if np.all(c == 0.0) and np.all(a == 0.0) and np.all(b != 0.0):
        return "closed"
    if np.all(a != 0.0) and np.all(b == 0.0):
        return tuple(c / a)
    return "other"


def binary_refusal(problem: Problem, geometry: str = "planar") -> str | None:
    """Why the problem is not one unknown in this geometry, or None."""
    if problem.domain.geometry != geometry:
        return f"It is for {geometry} geometry, and this domain is {problem.domain.geometry}."
    if problem.mixture.m != 1:
        return f"It is for two components, and this problem has {problem.mixture.m + 1}."
    return None


def infinite_refusal(problem: Problem, left: np.ndarray, right: np.ndarray, values: Callable) -> str | None:
    """Why the ends are felt, or hold anything but the end members left, right (m,); None if they are not felt."""
    for name, end, far in zip(("left", "right"), ends(problem), (left, right), strict=True):
        if end != "closed" and (end == "other" or np.abs(np.array(end) - far).max() > SAME):
            return f"The {name} end must be closed or held at the end member."
    reached = values(problem, end_time(problem), np.array(problem.domain.interval))
    felt = np.abs(reached - np.stack([left, right], axis=1)).max()
    if felt > FELT:
        return f"The profile reaches an end of the domain (by {felt:.1g}); a half-width of 8 sqrt(D_max t) would do."
    return None

"""Inert markers, and the lattice that carries them.

On the axis q of `simulator.solve.axis` a marker obeys

    dq_K/dt = sum_j s_j du_j/dq,   s_j = sum_k d_kj (V_0/V_m)^2

(`MatrixLaw.marker_drift`): lattice planes move against the number-fixed frame by what the intrinsic fluxes of all
substitutional components do not balance. In a couple that is still similar, u = u(l) with l = (q - q_0)/sqrt t, a
marker born on the step follows q_K = q_0 + l_K sqrt t, where l_K is a root of w(l) = l/2, w = sum_j s_j du_j/dl.
"""

from dataclasses import dataclass

import numpy as np

from simulator.faults import NumericsError
from simulator.problem.grid import Grid
from simulator.problem.problem import Problem
from simulator.solve.axis import Axis

STENCIL = 4
# Beyond this many sqrt(D t) from a step nothing has changed.
REACH = 8.0
# A step whose temperature changes is similar only at once: until the profile is as wide as so many cells.
RESOLVED = 4.0
TOLERANCE = 1e-13
# Of compositions, and of places on an axis: what differs less is the same.
SAME = 1e-9


@dataclass(frozen=True, eq=False)
class Drift:
    """The speed of lattice planes on an axis with these faces (N+1,) and conductances between neighbours (N+1,)."""

    law: object
    faces: np.ndarray
    conductance: np.ndarray

    def at_faces(self, face: np.ndarray, u: np.ndarray, T: float) -> np.ndarray:
        """Speeds (..., ) through the faces of these numbers, from the points u (m, N+2)."""
        left, right = u[:, face], u[:, face + 1]
        s = self.law.marker_drift(0.5 * (left + right), T=T)
        return (s * (right - left)).sum(axis=0) * self.conductance[face]

    def __call__(self, q: np.ndarray, u: np.ndarray, T: float) -> np.ndarray:
        """Speeds (k,) at coordinates q (k,): a cubic through the four nearest faces."""
        count = self.faces.size
        first = np.clip(np.searchsorted(self.faces, q) - STENCIL // 2, 0, count - STENCIL)
        face = first[:, None] + np.arange(STENCIL)
        values, nodes = self.at_faces(face, u, T), self.faces[face]
        total = np.zeros(q.size)
        for i in range(STENCIL):
            weight = np.ones(q.size)
            for j in range(STENCIL):
                if j != i:
                    weight *= (q - nodes[:, j]) / (nodes[:, i] - nodes[:, j])
            total += weight * values[:, i]
        return total


def similar_planes(profile, system, law, T: float) -> np.ndarray:
    """Every l_K (k,) of a similarity profile, from left to right: an odd number of roots of w(l) = l/2.

    Those with falling w - l/2, the first, the third and so on, attract neighbouring markers; the others repel them.
    """
    from scipy.optimize import brentq

    drift = Drift(law, profile.grid.faces, system.face[0])

    def excess(at):
        return float(drift(np.array([at]), profile.u, T)[0] - 0.5 * at)

    faces = profile.grid.faces
    values = drift(faces, profile.u, T) - 0.5 * faces
    scale = faces[-1]
    roots = []
    for i in np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) <= 0.0):
        if values[i] == 0.0:
            root = faces[i]
        elif values[i + 1] == 0.0:
            continue
        else:
            root = brentq(excess, faces[i], faces[i + 1], xtol=TOLERANCE * scale)
        roots.append(float(root))
    return np.array(roots)


def marker_plane(planes: np.ndarray) -> float:
    """The path that a marker born on the step takes: of the planes that attract, the one nearest to the step."""
    attracting = planes[::2]
    return float(attracting[np.argmin(np.abs(attracting))])


def similar_paths(start: np.ndarray, time: float, profile, system, law, T: float) -> np.ndarray:
    """q - q_0 (k,) at a time of markers that start at q - q_0 = start in a couple that is similar for ever.

    With l = (q - q_0)/sqrt t, dl/d(ln t) = w(l) - l/2: from where a marker still lies outside the profile.
    """
    from scipy.integrate import solve_ivp

    drift, reach = Drift(law, profile.grid.faces, system.face[0]), profile.grid.faces[-1]
    end = start / np.sqrt(time)
    for k in np.flatnonzero(np.abs(end) < reach):
        if start[k] == 0.0:
            end[k] = marker_plane(similar_planes(profile, system, law, T))
            continue
        begin = np.copysign(reach, start[k])
        span = np.log(time) - 2.0 * np.log(start[k] / begin)

        def slope(_, at):
            return drift(at, profile.u, T) - 0.5 * at

        end[k] = solve_ivp(slope, (0.0, span), [begin], rtol=1e-10, atol=1e-12 * reach, method="DOP853").y[0, -1]
    return end * np.sqrt(time)


class Markers:
    """Markers of a problem on one axis: q (k,), carried along from step to step."""

    def __init__(self, problem: Problem, axis: Axis, conductance: np.ndarray):
        self.problem = problem
        self.axis = axis
        self.drift = Drift(problem.law, axis.grid.faces, conductance)
        self.start = axis.of(np.array(problem.markers))
        self.q = self.start.copy()
        self.path = np.zeros(self.q.size)
        self.until = np.zeros(self.q.size)
        for k, q in enumerate(self.q):
            self.path[k], self.until[k] = self.path_from_step(float(q))

    def path_from_step(self, q: float) -> tuple[float, float]:
        """l_K of a marker that lies on a step of the start, and how long the profile there stays similar, in s."""
        from simulator.solve.discretise import equations_of
        from simulator.solve.similarity import FEWEST, SimilarityCouple

        faces, start = self.axis.grid.faces, self.axis.start
        face = int(np.argmin(np.abs(faces - q)))
        inside = 0 < face < faces.size - 1 and abs(faces[face] - q) <= SAME * (faces[-1] - faces[0])
        if not inside or not self.axis.largest_diffusivity > 0.0:
            return 0.0, 0.0
        left, right = start[:, face - 1], start[:, face]
        if np.all(np.abs(right - left) <= SAME):
            return 0.0, 0.0
        other_left = np.flatnonzero((np.abs(start[:, :face] - left[:, None]) > SAME).any(axis=0))
        other_right = np.flatnonzero((np.abs(start[:, face:] - right[:, None]) > SAME).any(axis=0))
        near = faces[other_left[-1] + 1] if other_left.size else faces[0]
        far = faces[face + other_right[0]] if other_right.size else faces[-1]
        until = (min(q - near, far - q) / REACH) ** 2 / self.axis.largest_diffusivity
        history = self.problem.temperature
        if history is not None and not history.constant:
            width = max(faces[face] - faces[face - 1], faces[face + 1] - faces[face])
            until = min(until, (RESOLVED * width) ** 2 / self.axis.largest_diffusivity)
        if until == 0.0:
            return 0.0, 0.0
        T = self.problem.temperature_at(0.0)
        cells = self.axis.grid.cells * int(np.ceil(FEWEST / self.problem.domain.cells))
        couple = SimilarityCouple(equations_of(self.problem), left, right, self.axis.largest_diffusivity, cells, T)
        try:
            planes = similar_planes(couple.solve(), couple.system, self.problem.law, T)
        except NumericsError:  # no such profile was found: the steps in time carry the marker from the start
            return 0.0, 0.0
        return marker_plane(planes), until

    def follow(self, t0: float, u0: np.ndarray, r0: np.ndarray, t1: float, u1: np.ndarray, r1: np.ndarray) -> None:
        """Carry the markers from t0 to t1, between points u0 and u1 (m, N+2) with rates r0 and r1 (m, N+2) there.

        The classical Runge-Kutta method of order 4 on the cubic in time through both states.
        """
        born = self.until > t0
        self.q[born] = self.start[born] + self.path[born] * np.sqrt(np.minimum(self.until[born], t1))
        begins = np.clip(self.until, t0, t1)
        for begin in np.unique(begins[begins < t1]):
            chosen = begins == begin
            states = [state_between(t, t0, u0, r0, t1, u1, r1) for t in (begin, 0.5 * (begin + t1), t1)]
            self.q[chosen] = self.stepped(self.q[chosen], begin, t1, states)

    def stepped(self, q: np.ndarray, begin: float, end: float, states: list[np.ndarray]) -> np.ndarray:
        h, drift = end - begin, self.drift
        T = [self.problem.temperature_at(begin), self.problem.temperature_at(0.5 * (begin + end))]
        T.append(self.problem.temperature_at(end, -1))
        k1 = drift(q, states[0], T[0])
        k2 = drift(q + 0.5 * h * k1, states[1], T[1])
        k3 = drift(q + 0.5 * h * k2, states[1], T[1])
        k4 = drift(q + h * k3, states[2], T[2])
        return q + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def state_between(t: float, t0: float, u0, r0, t1: float, u1, r1) -> np.ndarray:
    """u at a time between two states with their rates, by Hermite's cubic."""
    if t in (t0, t1):
        return u0 if t == t0 else u1
    h = t1 - t0
    s = (t - t0) / h
    return u0 + s * s * (3.0 - 2.0 * s) * (u1 - u0) + h * s * (1.0 - s) * ((1.0 - s) * r0 - s * r1)


def lattice_shapes(problem: Problem, grid: Grid) -> dict[str, tuple[int, ...]]:
    """The shapes of what `lattice_fields` gives, and of the markers; none without a lattice on a planar axis."""
    if not problem.law.lattice or problem.steady or grid.geometry != "planar":
        return {}
    faces = grid.cells + 1
    shapes = {"lattice_flux": (len(problem.mixture.components), faces), "lattice_velocity": (faces,)}
    return shapes | ({"marker_position": (len(problem.markers),)} if problem.markers else {})


def lattice_fields(
    problem: Problem, axis: Axis, conductance: np.ndarray, u: np.ndarray, flux: np.ndarray, T: float
) -> dict[str, np.ndarray]:
    """lattice_flux (n, N+1) and lattice_velocity (N+1,) from the points u (m, N+2) and the fluxes (m, N+1), m/s."""
    law = problem.law
    left, right = u[:, :-1], u[:, 1:]
    middle, gradient = 0.5 * (left + right), (right - left) * conductance
    m, n = u.shape[0], len(problem.mixture.components)
    d = np.broadcast_to(law.intrinsic(middle, T=T), (n * m, gradient.shape[1])).reshape(n, m, -1)
    stretch = axis.stretch(middle)
    volume = 1.0 if problem.molar_volume is None else problem.molar_volume.reference
    J = -(d * gradient).sum(axis=1) / (stretch**2 * volume)
    speed = Drift(law, axis.grid.faces, conductance).at_faces(np.arange(middle.shape[1]), u, T)
    return {"lattice_flux": J, "lattice_velocity": axis.drift(u[:, 1:-1], flux) + stretch * speed}

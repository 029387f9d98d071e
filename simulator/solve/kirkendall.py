"""Kirkendall planes of a step couple: where markers from the contact plane may be, and whether they stay together.

In a couple that is still similar a marker born at the contact plane x_0 moves with v = (x - x_0) / 2t: the planes are
where the lattice velocity v(x) meets that line (van Dal et al., Acta Mater. 49 (2001) 989). A plane is stable where v
falls through it, dv/dx < 0, so that neighbouring markers gather, and unstable where v rises. A couple with more than
one stable plane is bifurcated: markers of the contact plane part.
"""

from dataclasses import dataclass

import numpy as np

from simulator.faults import Invalid
from simulator.problem.initial import Step

SAME = 1e-9


@dataclass(frozen=True)
class KirkendallPlane:
    """position m, the left end at rest; velocity m/s; gradient dv/dx in 1/s; stable: whether v falls there.

    attracts: whether the path x_K - x_0 = c sqrt t draws neighbouring markers near on the axis (x - x_0)/sqrt t, which
    asks less: 2 t dv/dx < 1.
    """

    position: float
    velocity: float
    gradient: float
    stable: bool
    attracts: bool


def kirkendall_planes(result, time: float | None = None) -> tuple[KirkendallPlane, ...]:
    """The planes of a result at the saved time nearest to `time` in s (the last one by default), from left to right.

    Raises Invalid unless the couple began as a step, has lattice velocities and is past its start.
    """
    if not isinstance(result.problem.initial, Step):
        raise Invalid.at("initial.shape", "Kirkendall planes are those of a couple that began as a step.")
    velocity = result.field("lattice_velocity")
    k = len(result.time) - 1 if time is None else int(np.argmin(np.abs(result.time - time)))
    t = float(result.time[k])
    if not t > 0.0:
        raise Invalid.at("time", "a couple has no Kirkendall plane before it diffuses; take a later time.")
    x = result.field("position_face")[k] if result.has("position_face") else result.grid.faces
    return planes(x, velocity[k], t, result.problem.initial.at)


def planes(x: np.ndarray, velocity: np.ndarray, t: float, contact: float) -> tuple[KirkendallPlane, ...]:
    """The planes from velocities (N,) in m/s at positions x (N,) at time t in s; contact: x_0 in m."""
    from scipy.interpolate import Akima1DInterpolator
    from scipy.optimize import brentq

    curve, excess = Akima1DInterpolator(x, velocity), velocity - (x - contact) / (2.0 * t)
    roots = [x[i] for i in np.flatnonzero(excess == 0.0)]
    for i in np.flatnonzero(excess[:-1] * excess[1:] < 0.0):
        between = SAME * (x[i + 1] - x[i])
        roots.append(brentq(lambda at: float(curve(at)) - (at - contact) / (2.0 * t), x[i], x[i + 1], xtol=between))
    found = []
    for root in sorted(roots):
        gradient = float(curve.derivative()(root))
        found.append(
            KirkendallPlane(float(root), float(curve(root)), gradient, gradient < 0.0, 2.0 * t * gradient < 1.0)
        )
    return tuple(found)


def kinds(found: tuple[KirkendallPlane, ...]) -> str:
    """What a couple with these planes shows, in a word: "stable", "unstable" or "bifurcated"."""
    if sum(plane.attracts for plane in found) > 1:
        return "bifurcated"
    return "stable" if any(plane.stable for plane in found) else "unstable"

"""What a probe makes of a profile: points some distance apart, a scan that ends early, noise."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from simulator.solve.profile import Profile

MOVED = 1e-3  # of the step of a row: what differs less from an end value rests
FLAT = 1.0  # of the zone, by which a scan goes on at either side: its ends are flat
THERMAL = 0.0257  # V, RT/F at 298 K: what noise of a potential is relative to


def steps(profile: Profile) -> np.ndarray:
    """The step (c,) of every row, between its largest and its smallest value."""
    return np.ptp(profile.fractions, axis=1)


def zone(profile: Profile, moved: float = MOVED) -> tuple[float, float] | None:
    """Where something happens, m: to its left and right every row is at its end value within `moved` of its step; None
    where nothing does."""
    rows, least = profile.fractions, moved * steps(profile)[:, None]
    begins = np.flatnonzero((np.abs(rows - rows[:, :1]) > least).any(axis=0))
    ends = np.flatnonzero((np.abs(rows - rows[:, -1:]) > least).any(axis=0))
    if not begins.size or not ends.size or begins[0] >= ends[-1]:
        return None
    return float(profile.x[begins[0]]), float(profile.x[ends[-1]])


def taken(profile: Profile, indices: np.ndarray) -> Profile:
    return replace(profile, x=profile.x[indices], fractions=profile.fractions[:, indices])


def spaced(profile: Profile, points: int) -> Profile:
    """A scan with so many points in the zone and as closely spaced beside it, each that of the nearest cell."""
    found = zone(profile)
    if found is None:
        return profile
    left, right = found
    width = right - left
    at = np.arange(-FLAT, 1.0 + FLAT, 1.0 / points) * width + left
    at = at[(at >= profile.x[0]) & (at <= profile.x[-1])]
    middles = 0.5 * (profile.x[1:] + profile.x[:-1])
    return taken(profile, np.unique(np.searchsorted(middles, at)))


def cut(profile: Profile, share: float) -> Profile:
    """A scan that ends on the right where this share of the step is still to come, with both end values known."""
    found = zone(profile, share)
    if found is None:
        return profile
    ends = {"left": profile.fractions[:, 0], "right": profile.fractions[:, -1]}
    return replace(taken(profile, np.flatnonzero(profile.x <= found[1])), ends=profile.ends or ends)


def noisy(profile: Profile, level: float, rng: np.random.Generator) -> Profile:
    """Normal noise of a standard deviation `level` times the largest step of mole fractions, or the own step of a
    concentration or an isotope; one row closes the sum, or the charge. Layers and reversal potentials, level times
    their thickness and RT/F."""
    layers = tuple(
        replace(layer, thickness=layer.thickness * (1.0 + level * rng.standard_normal())) for layer in profile.layers
    )
    reversals = tuple(
        replace(one, voltage=one.voltage + level * THERMAL * rng.standard_normal()) for one in profile.reversals
    )
    rows = profile.fractions
    if rows.size and not layers and not reversals:
        size = steps(profile)
        own = np.array([profile.quantity == "concentration" or name == profile.tracer for name in profile.components])
        spread = level * np.where(own, size, size.max())
        rows = closed(profile, rows + spread[:, None] * rng.standard_normal(rows.shape))
    return replace(profile, fractions=rows, layers=layers, reversals=reversals)


def closed(profile: Profile, rows: np.ndarray) -> np.ndarray:
    """The rows with the one that follows from the others made to do so: the dependent component, the last ion."""
    rows = rows.copy()
    if profile.charges:
        z = np.array([profile.charges[name] for name in profile.components])
        net = z @ profile.fractions
        if z[-1] and np.abs(net).max() < MOVED * np.abs(profile.fractions).max():
            rows[-1] = -(z[:-1] @ rows[:-1]) / z[-1]
    elif profile.dependent in profile.components and not profile.tracer:
        last = profile.components.index(profile.dependent)
        rows[last] = 1.0 - np.delete(rows, last, axis=0).sum(axis=0)
    return rows


def all_of(change, profiles: Sequence[Profile]) -> tuple[Profile, ...]:
    """A change made to each profile that has points."""
    return tuple(change(profile) if profile.x.size else profile for profile in profiles)

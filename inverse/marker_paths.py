"""The velocity of the lattice everywhere in the zone, from where many inert markers began and where they are.

In a couple that is still similar a marker that began at x_i is at x_f, and the lattice there moves with

    v(x_f) = [x_f - x_0 - (x_i - x_0) dx_f/dx_i]/(2 t)

x_0 the contact plane; with u = x_f - x_i that is [u - (x_i - x_0) du/dx_i]/(2 t). Near x_0 the markers gather about the
Kirkendall plane x_K as a power of x_i - x_0, far from it they rest: ln|x_i - x_0| is a smooth function of ln|x_f - x_K|
with two straight ends, and it is that one which is differentiated, on each side of the contact plane by itself. Without
noise both sides are one curve: in similarity d ln|x_i - x_0|/dx_f = 1/(x_f - x_0 - 2 t v), and since v is smooth at x_K

    ln|x_i - x_0| = s ln|x_f - x_K| + h(x_f) + c_-, c_+

with one s and one smooth h for both sides, so that v is known between the innermost markers too.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from scipy.interpolate import BSpline, make_interp_spline, make_smoothing_spline

from inverse.curves.noise import noise_of
from simulator.faults import Invalid

FEWEST = 4  # markers on each side of the contact plane
SMOOTHED = 10  # markers, from which noise can be told from a curve
CLEAN = 1e-3  # noise, in units of the step between neighbouring markers, below which they are interpolated
FAR = 0.3  # of the farthest marker's distance: from there on noise is looked for
ON_PLANE = 2e-3  # of the zone, within which a marker counts as one of the contact plane
CLEAR = 20.0  # times the noise of a place: from so far off x_K on its logarithm is known
PARTED = 4.0  # of d ln|x_i - x_0|/d ln|x_f - x_K| at the innermost marker: it has come to rest short of x_K
JOINED = 8  # markers without noise on each side, from which one curve goes through both
DEGREE = 7  # of its spline
APART = 0.3  # of the median distance of markers: nearer than that to x_K a marker's logarithm is not used
TOUCHING = 1e-12  # of the farthest marker's distance: nearer than that two places are one
DRAWS, SEED = 32, 20230


@dataclass(frozen=True, eq=False)
class Side:
    """ln|x_i - x_0| over ln|x_f - x_K| of the markers on one side: a spline, straight beyond the outermost ones. noise:
    of the places x_f, m; 0 where they lie on a smooth curve.
    """

    place: np.ndarray
    value: np.ndarray
    noise: float

    @property
    def smoothed(self) -> bool:
        return self.noise > 0.0 and self.place.size > FEWEST

    @cached_property
    def spline(self):
        """Of ln|x_i - x_0|, or from noisy places of |x_i - x_0| - |x_f - x_K|, whose noise is the same everywhere."""
        if self.smoothed:
            return make_smoothing_spline(self.place, np.exp(self.value) - np.exp(self.place))
        return make_interp_spline(self.place, self.value, k=5 if self.place.size > SMOOTHED else 3)

    @cached_property
    def rate(self):
        return self.spline.derivative()

    def slope(self, place: np.ndarray) -> np.ndarray:
        """d ln|x_i - x_0|/d ln|x_f - x_K|."""
        place = np.clip(place, self.place[0], self.place[-1])
        if not self.smoothed:
            return self.rate(place)
        distance = np.exp(place)
        return (distance + self.rate(place)) / (distance + self.spline(place))

    @property
    def nearest(self) -> np.ndarray:
        """Three distances from x_K, m, from which on the curve can be trusted: those of the markers after the innermost
        one, or where places are noisy, farther out than that noise.
        """
        marks = np.exp(self.place[1:4])
        return marks if marks[0] > CLEAR * self.noise else CLEAR * self.noise * np.array([1.0, 1.5, 2.0])


class Joined:
    """ln|x_i - x_0| of the markers on both sides: s ln|x_f - x_K|, a spline h(x_f - x_K), a constant for each side."""

    def __init__(self, distance: np.ndarray, offset: np.ndarray):
        """distance: x_f - x_K in order, offset: x_i - x_0, m."""
        inner = np.searchsorted(distance, 0.0)
        # as many equations as unknowns: s and the second constant take the place of two knots
        sites = np.delete(distance, [inner - 1, inner])
        middle = (DEGREE + 1) // 2
        ends = np.repeat(distance[[0, -1]], DEGREE + 1)
        knots = np.concatenate([ends[: DEGREE + 1], sites[middle:-middle], ends[DEGREE + 1 :]])
        design = BSpline.design_matrix(distance, knots, DEGREE).toarray()
        design = np.column_stack([design, np.log(np.abs(distance)), distance > 0.0])
        *found, self.exponent, _ = np.linalg.lstsq(design, np.log(np.abs(offset)), rcond=None)[0]
        self.rate = BSpline(knots, np.array(found), DEGREE).derivative()

    def slope(self, distance: np.ndarray) -> np.ndarray:
        """d ln|x_i - x_0|/d ln|x_f - x_K| (k,) at x_f - x_K (k,)."""
        return self.exponent + distance * self.rate(distance)


@dataclass(frozen=True, eq=False)
class MarkerPaths:
    """Markers of a couple: contact plane x_0 and Kirkendall plane x_K, m, time s, and the two sides.

    on_plane: whether x_K is the place of a marker that began at x_0; reach: from where to where markers are now, m.
    draws: the same with the noise of the markers drawn; none where they lie on a smooth curve. joined: one curve for
    both sides, where there is one. Without it v between the innermost markers is the polynomial through the values at
    the next ones and at x_K, (x_K - x_0)/(2 t).
    """

    contact: float
    plane: float
    time: float
    sides: tuple[Side, Side]
    on_plane: bool
    reach: tuple[float, float]
    draws: tuple["MarkerPaths", ...] = field(default=())
    joined: Joined | None = None

    @cached_property
    def inner(self) -> tuple[float, float]:
        """The stretch about x_K that holds the innermost marker of each side, m."""
        left, right = (float(part.nearest[0]) for part in self.sides)
        return self.plane - left, self.plane + right

    @property
    def parted(self) -> bool:
        """Whether markers from the two sides of the contact plane have not met: there is none between them."""
        return any(part.slope(part.place[:1])[0] > PARTED for part in self.sides)

    @cached_property
    def bridge(self) -> np.polynomial.Polynomial:
        """v between the innermost markers."""
        inside = [part.nearest for part in self.sides]
        nodes = np.concatenate([-inside[0], inside[1], np.zeros(int(self.on_plane))])
        return np.polynomial.Polynomial.fit(nodes, self.outside(self.plane + nodes), nodes.size - 1)

    def outside(self, x: np.ndarray) -> np.ndarray:
        """v (k,) by the curves of the two sides, m/s."""
        distance = x - self.plane
        place = np.log(np.maximum(np.abs(distance), 1e-300))
        slope = np.where(distance < 0.0, self.sides[0].slope(place), self.sides[1].slope(place))
        return (x - self.contact - distance / slope) / (2.0 * self.time)

    def velocity(self, x: np.ndarray) -> np.ndarray:
        """v (k,) of the lattice at positions x (k,) within `reach`, m/s."""
        x = np.asarray(x, float)
        if self.joined is not None:
            distance = x - self.plane
            return (x - self.contact - distance / self.joined.slope(distance)) / (2.0 * self.time)
        found = self.outside(x)
        between = (x > self.inner[0]) & (x < self.inner[1])
        found[between] = self.bridge(x[between] - self.plane)
        return found


def marker_paths(markers: np.ndarray, contact: float, time: float, zone: float) -> MarkerPaths:
    """The paths of markers (k, 2), start and final position in m, of a couple with its contact plane at `contact` m
    and a diffusion zone as wide as `zone` m.

    Raises Invalid for too few of them, and for markers that have passed each other.
    """
    markers = np.asarray(markers, float)
    if not np.isfinite(markers).all():
        raise Invalid.at("profile.markers", "the positions of the markers must be finite numbers.")
    markers = markers[np.argsort(markers[:, 0])]
    start, final = markers.T
    crossed = np.flatnonzero((np.diff(final) <= 0.0) | (np.diff(start) <= 0.0))
    if crossed.size:
        k = int(crossed[0])
        raise Invalid.at(
            "profile.markers",
            f"inert markers keep their order, but those from {1e6 * start[k]:.5g} and {1e6 * start[k + 1]:.5g} um are "
            f"now at {1e6 * final[k]:.5g} and {1e6 * final[k + 1]:.5g} um.",
        )
    offset = start - contact
    left, right = offset < -ON_PLANE * zone, offset > ON_PLANE * zone
    if min(left.sum(), right.sum()) < FEWEST:
        raise Invalid.at(
            "profile.markers",
            f"the velocity curve needs at least {FEWEST} markers on each side of the contact plane, got "
            f"{left.sum()} and {right.sum()}. With one marker from the contact plane use intrinsic.",
        )
    noise = max(noise_of_side(start[part], final[part], part is left) for part in (left, right))
    paths = paths_of(start, final, contact, time, (left, right), noise)
    if not noise:
        return replace(paths, joined=joined(paths, start, final))
    rng, draws = np.random.default_rng(SEED), []
    for _ in range(DRAWS):
        moved = np.sort(final + noise * rng.standard_normal(final.size))
        draws.append(paths_of(start, moved, contact, time, (left, right), noise))
    return replace(paths, draws=tuple(draws))


def paths_of(start, final, contact, time, parts, noise) -> MarkerPaths:
    """The paths of markers in order; parts: which of them began left and right of the contact plane."""
    offset = start - contact
    left, right = parts
    on_plane = ~(left | right)
    if on_plane.any():
        plane = float(final[on_plane].mean())
    else:
        # between the innermost markers as x_0 is between their starts
        a, b = -offset[left][-1], offset[right][0]
        plane = float((b * final[left][-1] + a * final[right][0]) / (a + b))
    sides = []
    for part in parts:
        distance = np.abs(final[part] - plane)
        order = np.argsort(distance)
        # noise may carry a marker to x_K
        place = np.log(np.maximum(distance[order], TOUCHING * distance.max()))
        place += TOUCHING * np.arange(place.size)
        sides.append(Side(place, np.log(np.abs(offset[part][order])), noise))
    reach = (float(final[0]), float(final[-1]))
    return MarkerPaths(contact, plane, time, tuple(sides), bool(on_plane.any()), reach)


def joined(paths: MarkerPaths, start: np.ndarray, final: np.ndarray) -> Joined | None:
    """One curve through the markers of both sides; None where they have parted, are few, or none tells x_K."""
    if paths.parted or not paths.on_plane:
        return None
    distance = final - paths.plane
    used = np.abs(distance) > APART * np.median(np.diff(final))
    used &= np.sign(distance) == np.sign(start - paths.contact)
    if min(np.sum(used & (distance < 0.0)), np.sum(used & (distance > 0.0))) < JOINED:
        return None
    return Joined(distance[used], start[used] - paths.contact)


def noise_of_side(start: np.ndarray, final: np.ndarray, inner_is_last: bool) -> float:
    """Standard deviation of the places (k,) of markers on one side, m; 0 where they lie on a smooth curve."""
    # near x_K the places follow a power law, whose bends are no noise
    distance = np.abs(final - final[-1 if inner_is_last else 0])
    far = distance > FAR * distance.max()
    noise = noise_of(start[far], final[far]) if far.sum() >= SMOOTHED else 0.0
    return noise if noise > CLEAN * np.median(np.diff(final)) else 0.0

"""Where the paths of several couples cross in composition space.

    least sum_a |X^(a)(q_a) - X*|^2 over q_1 .. q_p,   X* = mean over a of X^(a)(q_a)

Two paths of a ternary cross of themselves; more paths in more dimensions come close at best, by the miss distance.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inverse.multicomponent.matrices import LIMIT, condition
from inverse.multicomponent.path import Path
from simulator.faults import Invalid

PLACES = 80  # along each path, from which the starts are taken
STARTS = 12
ITERATIONS = 80
EDGE = 2e-3  # of the length of a path in composition space, which is left out at both ends: all paths end in a point
SAME = 1e-6  # of the width of a path: crossings nearer than this are one
FARTHEST = 0.03  # of the largest step: paths that miss each other by more do not cross
NOTABLE = 3e-3  # of the largest step: a miss that changes the matrix
SURE = 3.0  # standard deviations of the noise
TAIL = 0.1  # of the largest flux of a couple, below which it is nearly none
PARALLEL = 1e4  # condition number at which not even exact profiles determine a matrix


@dataclass(frozen=True, eq=False)
class Crossing:
    """Where p paths cross or come closest: q (p,), m, on each path; X (m, p) fractions there; gradients g (m, p), 1/m;
    fluxes J V_0 (m, p), m/s; tracks: what was searched."""

    q: np.ndarray
    X: np.ndarray
    gradients: np.ndarray
    fluxes: np.ndarray
    tracks: tuple["Track", ...]

    @property
    def composition(self) -> np.ndarray:
        """X* (m,)."""
        return self.X.mean(axis=1)

    @property
    def miss(self) -> float:
        """Largest difference of a mole fraction between two of the paths, the dependent component's too."""
        return float(np.ptp(np.vstack([self.X, -self.X.sum(axis=0)]), axis=1).max())

    @property
    def condition(self) -> float:
        return condition(self.gradients)

    @property
    def shares(self) -> np.ndarray:
        """(p,) the fluxes in units of the largest of each couple."""
        largest = np.array([track.flux for track in self.tracks])
        return np.minimum(np.sqrt((self.fluxes**2).sum(axis=0)) / largest, 1.0)

    @property
    def in_tail(self) -> bool:
        return bool(self.shares.min() < TAIL)

    @property
    def span(self) -> float:
        """The largest range of a component."""
        return max(track.span for track in self.tracks)

    def told(self, paths: Sequence[Path]) -> dict:
        """Plain numbers for diagnostics; positions in m on the lab axis."""
        return {
            "composition": self.composition.tolist(),
            "positions": [float(path.lab(np.array([q]))[0]) for path, q in zip(paths, self.q, strict=True)],
            "miss": self.miss,
            "condition": self.condition,
        }


class Track:
    """A path between its tails, at places (k,) that are evenly far apart in composition space, X (k, m)."""

    def __init__(self, path: Path):
        fine = np.linspace(path.q[0], path.q[-1], 4 * max(path.q.size, 5 * PLACES) + 1)
        X = path.X(fine)
        length = np.concatenate([[0.0], np.cumsum(np.sqrt((np.diff(X, axis=1) ** 2).sum(axis=0)))])
        rising = np.concatenate([[True], np.diff(length) > 0.0])
        self.q = np.interp(np.linspace(EDGE, 1.0 - EDGE, PLACES) * length[-1], length[rising], fine[rising])
        self.X = path.X(self.q).T
        self.span = float(np.ptp(X, axis=1).max())
        self.flux = float(np.sqrt((path.flux(self.q) ** 2).sum(axis=0)).max())

    @property
    def width(self) -> float:
        return float(self.q[-1] - self.q[0])


def crossings_of(paths: Sequence[Path], method: str) -> tuple[Crossing, ...]:
    """All crossings of the paths, the best first: out of the tails, without a miss, of the best condition number.

    Raises Invalid where the paths do not cross, by how much and where they come closest; and where they cross with
    parallel gradients, or in noisy data with gradients too nearly parallel to tell a matrix.
    """
    tracks = tuple(Track(path) for path in paths)
    found = distinct([refined(paths, tracks, start) for start in starts(tracks)])
    noise = noise_of(paths)
    near = [crossing for crossing in found if crossing.miss <= FARTHEST * crossing.span + SURE * noise]
    if not near:
        closest = min(found, key=lambda crossing: crossing.miss)
        where = described(paths, closest.composition)
        raise Invalid.at(
            "profiles",
            f"{method} needs couples whose paths cross, but these come no closer than {closest.miss:.3g}, "
            f"{100 * closest.miss / closest.span:.2g} % of the largest step, at {where}. Choose end members about one "
            "composition, or use exact-fit or parametric-fit, which need no crossing.",
        )

    def rank(crossing: Crossing):
        return crossing.in_tail, crossing.miss > NOTABLE * crossing.span + SURE * noise, crossing.condition

    near.sort(key=rank)
    check_gradients(near[0], paths, method)
    return tuple(near)


def check_gradients(crossing: Crossing, paths: Sequence[Path], method: str) -> None:
    """Raise Invalid where the gradients at a crossing do not determine a matrix."""
    noisy = not all(path.clean for path in paths)
    if not crossing.condition > (LIMIT if noisy else PARALLEL):
        return
    raise Invalid.at(
        "profiles",
        f"the gradients of these couples are {'nearly ' if crossing.condition < PARALLEL else ''}parallel where their "
        f"paths cross, at {described(paths, crossing.composition)} (condition number {crossing.condition:.3g}): they "
        f"do not determine a matrix. {method} needs couples with steps in different directions.",
    )


def sentences_of(crossing: Crossing, paths: Sequence[Path]) -> list[str]:
    """What is to be said of a crossing that is used."""
    found = []
    if crossing.miss > NOTABLE * crossing.span + SURE * noise_of(paths):
        found.append(
            f"The paths miss each other by {crossing.miss:.3g}, {100 * crossing.miss / crossing.span:.2g} % of the "
            "largest step: the matrix is one of several compositions at once."
        )
    for number, share in enumerate(crossing.shares, 1):
        if share < TAIL:
            found.append(
                f"The paths cross in a tail of couple {number}, where its flux is {100 * share:.2g} % of its "
                "largest: the end values decide on the matrix."
            )
    if crossing.condition > LIMIT:
        found.append(
            f"The gradients at the crossing are nearly parallel (condition number {crossing.condition:.3g}): small "
            "errors of the profiles count that many times."
        )
    return found


def again(paths: Sequence[Path], first: Crossing) -> Crossing:
    """The crossing of other paths, such as draws, nearest to the first one."""
    return refined(paths, first.tracks, first.q)


def starts(tracks: Sequence[Track]) -> list[np.ndarray]:
    """Places q (p,) to look from: where the distance from one path to all others is least along it."""
    found = []
    for a, own in enumerate(tracks):
        total, places = np.zeros(PLACES), np.empty((PLACES, len(tracks)))
        for b, other in enumerate(tracks):
            squares = ((own.X[:, None] - other.X[None]) ** 2).sum(axis=2)
            nearest = np.arange(PLACES) if a == b else squares.argmin(axis=1)
            places[:, b] = other.q[nearest]
            total += squares[np.arange(PLACES), nearest]
        padded = np.concatenate([[np.inf], total, [np.inf]])
        least = (padded[1:-1] <= padded[:-2]) & (padded[1:-1] <= padded[2:])
        found += [(total[k], places[k]) for k in np.flatnonzero(least)]
    found.sort(key=lambda entry: entry[0])
    return [place for _, place in found[:STARTS]]


def refined(paths: Sequence[Path], tracks: tuple[Track, ...], start: np.ndarray) -> Crossing:
    """The crossing from a start q (p,): Gauss-Newton steps with Levenberg's damping, within the tracks.

    With r_a = X_a - X*, g_a = dX_a/dq and C_ab = delta_ab - 1/p, the steps solve sum_b g_a g_b C_ab s_b = -g_a r_a.
    """
    low, high = np.array([track.q[0] for track in tracks]), np.array([track.q[-1] for track in tracks])
    width, q, damping = high - low, np.clip(start, low, high), 1e-3
    centred = np.eye(len(paths)) - 1.0 / len(paths)

    def places(q: np.ndarray) -> tuple[np.ndarray, float]:
        X = np.stack([path.X(np.array([one]))[:, 0] for path, one in zip(paths, q, strict=True)], axis=1)
        away = X - X.mean(axis=1, keepdims=True)
        return away, float((away**2).sum())

    away, size = places(q)
    for _ in range(ITERATIONS):
        g = slopes(paths, q) * width
        M, rise = (g.T @ g) * centred, (g * away).sum(axis=0)
        weights = np.diag(np.maximum(np.diag(M), 1e-12 * max(M.max(), 1e-300)))
        step = np.linalg.lstsq(M + damping * weights, -rise, rcond=None)[0] * width
        new = np.clip(q + step, low, high)
        away_new, size_new = places(new)
        if size_new <= size:
            moved = np.abs((new - q) / width).max()
            q, away, size, damping = new, away_new, size_new, 0.1 * damping
            if moved < 1e-14:
                break
        else:
            damping = max(10.0 * damping, 1e-9)
            if damping > 1e12 or np.abs(step / width).max() < 1e-14:
                break
    X, fluxes = (
        np.stack([getattr(path, name)(np.array([one]))[:, 0] for path, one in zip(paths, q, strict=True)], axis=1)
        for name in ("X", "flux")
    )
    return Crossing(q, X, slopes(paths, q), fluxes, tracks)


def slopes(paths: Sequence[Path], q: np.ndarray) -> np.ndarray:
    """dX/dq (m, p) at places q (p,), 1/m."""
    return np.stack([path.slope(np.array([one]))[:, 0] for path, one in zip(paths, q, strict=True)], axis=1)


def distinct(found: Sequence[Crossing]) -> list[Crossing]:
    """Without those found more than once."""
    kept = []
    for crossing in sorted(found, key=lambda crossing: crossing.miss):
        width = np.array([track.width for track in crossing.tracks])
        if all(np.abs((crossing.q - other.q) / width).max() > SAME for other in kept):
            kept.append(crossing)
    return kept


def noise_of(paths: Sequence[Path]) -> float:
    return max(float(path.noise.max()) for path in paths)


def described(paths: Sequence[Path], composition: np.ndarray) -> str:
    return ", ".join(f"x_{name} = {X:.4g}" for name, X in zip(paths[0].independent, composition, strict=True))

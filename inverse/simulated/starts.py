"""What a sample was before it diffused, as a forward model needs it: from `Profile.start` and the profile itself.

Keys of the mapping: shape = "step" (at, left, right), "film" (at, thickness, film, matrix) or "other" (profile, the
sample's profile at the start); interval: where the sample begins and ends, m; closed: whether nothing passed them.
Compositions are mole fractions by component, as in a case file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.integrate import cumulative_trapezoid
from scipy.interpolate import make_interp_spline

from inverse.curves.noise import noise_of
from inverse.ends import APART, FLAT, ends_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

SHAPES = ("step", "film", "other")
LEAST_STEP = 1e-3
NEAREST = 0.02  # of the sample, by which a step that is looked for keeps away from its ends


@dataclass(frozen=True)
class Start:
    """The start on the axis of the solution.

    infinite: a step between ends that nothing has reached; at: of the step, or where the film begins; ends: values left
    and right of a step, or in the matrix and in the film; given: whether they are known; placed: whether `at` is;
    interval: the sample's ends, m, for one that is finite.
    """

    shape: str
    infinite: bool
    at: float
    ends: tuple[float, float]
    given: bool = True
    placed: bool = False
    interval: tuple[float, float] = (-np.inf, np.inf)
    thickness: float = 0.0
    x: np.ndarray | None = None
    y: np.ndarray | None = None
    warnings: tuple[str, ...] = ()

    @property
    def range(self) -> tuple[float, float]:
        """Lowest and highest fraction."""
        values = self.ends if self.y is None else (self.y.min(), self.y.max())
        return float(min(values)), float(max(values))

    @property
    def left_end(self) -> float:
        """The fraction at the left end."""
        if self.y is not None:
            return float(self.y[0])
        covered = self.shape == "film" and self.at <= self.interval[0]
        return self.ends[1] if covered else self.ends[0]

    @property
    def jumps(self) -> tuple[float, ...]:
        if self.shape == "other":
            return ()
        places = (self.at,) if self.shape == "step" else (self.at, self.at + self.thickness)
        return tuple(x for x in places if self.interval[0] < x < self.interval[1])

    @property
    def own(self) -> np.ndarray:
        """The parameters of a finite sample that are to be found: by how much the step lies off `at`, in lengths of the
        sample."""
        return np.zeros(0 if self.placed or self.shape != "step" else 1)

    def averages(self, faces: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Averages over cells between faces (n+1,)."""
        left, right, h = faces[:-1], faces[1:], np.diff(faces)
        if self.shape == "other":
            return np.diff(self.content(faces)) / h
        first, second = self.ends
        if self.shape == "step":
            return first + (second - first) * np.clip((right - self.place(own)) / h, 0.0, 1.0)
        overlap = np.minimum(right, self.at + self.thickness) - np.maximum(left, self.at)
        return first + (second - first) * np.clip(overlap / h, 0.0, 1.0)

    def place(self, own: np.ndarray) -> float:
        """Where the step, or the film, began."""
        return self.at + (float(own[0]) * (self.interval[1] - self.interval[0]) if own.size else 0.0)

    def content(self, x: np.ndarray) -> np.ndarray:
        """int y dx up to x from the first point of the profile at the start, which is constant beyond its ends."""
        a, b = self.x[0], self.x[-1]
        line = make_interp_spline(self.x, self.y, k=1).antiderivative()
        inside = line(np.clip(x, a, b)) - line(a)
        return inside + np.minimum(x - a, 0.0) * self.y[0] + np.maximum(x - b, 0.0) * self.y[-1]

    def on_axis(self, stretch: Callable[[np.ndarray], np.ndarray]) -> "Start":
        """The same on the axis q = V_0 n, with stretch(X) = dx/dq; the left end keeps its place."""
        if self.infinite:
            return self
        a, b = self.interval
        if self.shape == "other":
            x = np.concatenate([[a], self.x, [b]])
            y = np.concatenate([self.y[:1], self.y, self.y[-1:]])
            q = a + cumulative_trapezoid(1.0 / stretch(np.clip(y, 0.0, 1.0)), x, initial=0.0)
            return replace(self, x=q[1:-1], interval=(a, float(q[-1])))
        first, second = (float(stretch(np.array(end))) for end in self.ends)
        if self.shape == "step":
            at = a + (self.at - a) / first
            return replace(self, at=at, interval=(a, at + (b - self.at) / second))
        begin, end = max(self.at, a), min(self.at + self.thickness, b)
        at = a + (begin - a) / first
        thick = (end - begin) / second
        return replace(self, at=at, thickness=thick, interval=(a, at + thick + (b - end) / first))


def fraction_of(start: Mapping, key: str, profile: Profile) -> float | None:
    """The mole fraction of the profile's component in start[key], which may name the other one; None if not there."""
    given = start.get(key)
    if given is None or not isinstance(given, Mapping):
        return None if given is None else float(given)
    if profile.component in given:
        return float(given[profile.component])
    if len(given) == 1:
        return 1.0 - float(next(iter(given.values())))
    return None


def start_of(profile: Profile, method: str) -> Start:
    """The start of a profile. Raises Invalid where what is known of it is not enough to simulate it."""
    start = profile.start or {}
    shape = start.get("shape", "step")
    if shape not in SHAPES:
        raise Invalid.at("start", f"the shape of a start is one of {', '.join(SHAPES)}, got {shape!r}.")
    interval = None if start.get("interval") is None else tuple(float(x) for x in start["interval"])
    if interval is not None and not interval[0] <= profile.x[0] < profile.x[-1]:
        raise Invalid.at(
            "start.interval", f"the profile begins at {profile.x[0]:g} m, before the sample does, {interval[0]:g} m."
        )
    if shape == "step":
        return step_of(profile, start, interval, method)
    must_be_closed(start, method)
    interval, warnings = sample_of(profile, interval)
    if shape == "film":
        return film_of(profile, start, interval, warnings, method)
    before = start.get("profile")
    if not isinstance(before, Profile):
        raise Invalid.at("start", f"{method} needs the profile at the start of a sample that was no step and no film.")
    y = before.fraction(profile.component)
    return Start(
        "other",
        False,
        float(before.x[0]),
        (float(y[0]), float(y[-1])),
        True,
        True,
        interval,
        0.0,
        before.x,
        y,
        warnings,
    )


def must_be_closed(start: Mapping, method: str) -> None:
    """Raise Invalid where material came or went otherwise than by diffusion inside."""
    if not start.get("closed", True):
        raise Invalid.at("start", f"{method} simulates samples between closed ends; material passed those of this one.")


def film_of(
    profile: Profile, start: Mapping, interval: tuple[float, float], warnings: tuple[str, ...], method: str
) -> Start:
    """A film in a matrix. Where its composition is not known, what the profile holds beside the matrix was in it."""
    film, matrix = (fraction_of(start, key, profile) for key in ("film", "matrix"))
    if "at" not in start or "thickness" not in start or matrix is None:
        raise Invalid.at(
            "start",
            f"{method} needs where a film was, how thick, and in what: at, thickness and start.matrix = "
            f"{{ {profile.component} = 0.0 }}.",
        )
    at, thickness = float(start["at"]), float(start["thickness"])
    if film is None:
        if varies(profile):
            raise Invalid.at("start", f"{method} needs the composition of a film that swells: start.film.")
        inside = min(at + thickness, interval[1]) - max(at, interval[0])
        x = np.array([interval[0], *profile.x, interval[1]])
        y = profile.fraction(profile.component)
        film = matrix + float(np.trapezoid(np.array([y[0], *y, y[-1]]) - matrix, x)) / inside
        if not -APART <= film <= 1.0 + APART:
            raise Invalid.at(
                "start", f"{method} finds {film:.3g} as the mole fraction of the film: its thickness cannot be right."
            )
    return Start("film", False, at, (matrix, film), True, True, interval, thickness, warnings=warnings)


def sample_of(profile: Profile, interval: tuple[float, float] | None) -> tuple[tuple[float, float], tuple[str, ...]]:
    """The ends of the sample: those given, or half a spacing beyond the outermost points, with a sentence where that
    matters."""
    if interval is not None:
        return interval, ()
    x, y = profile.x, profile.fraction(profile.component)
    interval = (float(1.5 * x[0] - 0.5 * x[1]), float(1.5 * x[-1] - 0.5 * x[-2]))
    allowed = max(FLAT * np.ptp(y), 3.0 * noise_of(x, y))
    if max(abs(y[0] - y[2]), abs(y[-1] - y[-3])) <= allowed:
        return interval, ()
    return interval, ("The sample is taken to end at the outermost points of the profile; give start.interval if not.",)


def step_of(profile: Profile, start: Mapping, interval: tuple[float, float] | None, method: str) -> Start:
    """A step between two halves: on an infinite line where nothing has reached its ends."""
    y = profile.fraction(profile.component)
    known = tuple(fraction_of(start, key, profile) for key in ("left", "right"))
    if None in known and profile.ends is not None:
        row = profile.index(profile.component)
        known = tuple(float(profile.ends[side][row]) for side in ("left", "right"))
    given = None not in known
    semi_infinite = getattr(profile, "semi_infinite", None)
    if semi_infinite is None:
        semi_infinite = interval is None or untouched(profile, known if given else None, method)
    if not semi_infinite:
        return finite_step(profile, start, interval, known if given else None, method)
    if given:
        row = profile.index(profile.component)
        ends = {
            side: np.where(np.arange(len(profile.components)) == row, end, 1.0 - end)
            for side, end in zip(("left", "right"), known, strict=True)
        }
        profile = replace(profile, ends=ends)
    found = ends_of(profile, method)
    if found.interfaces:
        raise Invalid.at(
            "profile",
            f"{method} simulates one phase, but this profile jumps at {1e6 * found.interfaces[0]:.4g} um. Cut it "
            "there, or use wagner.",
        )
    ends = (found.left, found.right)
    at = float(start["at"]) if "at" in start and not varies(profile) else contact(profile.x, y, ends)
    return Start("step", True, at, ends, found.given, False, warnings=found.warnings)


def varies(profile: Profile) -> bool:
    """Whether a molar volume other than a constant one comes with the profile."""
    return (profile.molar_volume or {}).get("kind", "constant") != "constant"


def untouched(profile: Profile, known: tuple[float, float] | None, method: str) -> bool:
    """Whether both ends of the profile still have the values of the start."""
    y = profile.fraction(profile.component)
    if known is None:
        try:
            ends_of(profile, method)
        except Invalid:
            return False
        return True
    allowed = max(FLAT * abs(known[1] - known[0]), 3.0 * noise_of(profile.x, y))
    far = max(abs(y[:3].mean() - known[0]), abs(y[-3:].mean() - known[1]))
    return bool(far <= allowed)


def finite_step(
    profile: Profile,
    start: Mapping,
    interval: tuple[float, float] | None,
    ends: tuple[float, float] | None,
    method: str,
) -> Start:
    """A couple whose ends were reached, between closed ends."""
    must_be_closed(start, method)
    interval, warnings = sample_of(profile, interval)
    x = profile.x
    placed = "at" in start
    if varies(profile) and not placed:
        raise Invalid.at("start", f"{method} needs the contact plane, start.at, of a finite couple that swells.")
    y = profile.fraction(profile.component)
    if ends is None or abs(ends[1] - ends[0]) <= max(LEAST_STEP, 10.0 * noise_of(x, y)):
        raise Invalid.at(
            "start",
            f"{method} needs what the two halves were before they diffused into each other: the end values, or "
            f"start.left = {{ {profile.component} = 0.0 }} and start.right.",
        )
    at = float(start["at"]) if placed else contact(x, y, ends)
    at = float(np.clip(at, *(np.array(interval) + np.array([NEAREST, -NEAREST]) * np.ptp(interval))))
    return Start("step", False, at, ends, True, placed, interval, warnings=warnings)


def contact(x: np.ndarray, y: np.ndarray, ends: tuple[float, float]) -> float:
    """The plane that has as much to its left as has come from its right, m."""
    return float(x[-1] - np.trapezoid((y - ends[0]) / (ends[1] - ends[0]), x))

"""Where a problem lives: an interval, how many cells, and where they are small."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from simulator.faults import Fault, Invalid, near
from simulator.laws.units import number
from simulator.problem.grid import GEOMETRIES, Grading, Grid

GRADINGS = ("uniform", "interface", "walls")
FEWEST = 4
MOST = 100_000_000
# Without a diffusion length: that of a common couple, whose profile spans about a third of the sample.
DEFAULT_FRACTION = 1.0 / 22.0
SMALLEST_FRACTION = 1e-7


@dataclass(frozen=True)
class Domain:
    """interval: (a, b) in m, or quantities; cells: their number; geometry: planar, cylindrical (r), spherical (r).

    grading: "uniform"; "interface", small cells at every jump of the start; "walls", small cells at both ends.
    """

    interval: tuple[float, float]
    cells: int = 400
    grading: str = "interface"
    geometry: str = "planar"

    def __post_init__(self):
        faults, ends = [], []
        if not isinstance(self.interval, tuple | list | np.ndarray) or len(self.interval) != 2:
            faults.append(Fault("domain.interval", 'expected two positions such as ["-700 um", "700 um"].'))
        else:
            for i, end in enumerate(self.interval):
                try:
                    ends.append(number(end, "m", f"domain.interval[{i}]"))
                except Invalid as invalid:
                    faults.extend(invalid.faults)
        if len(ends) == 2:
            object.__setattr__(self, "interval", tuple(ends))
            if not ends[0] < ends[1]:
                faults.append(
                    Fault(
                        "domain.interval", f"the left end {ends[0]:g} m must lie left of the right end {ends[1]:g} m."
                    )
                )
            if self.geometry in ("cylindrical", "spherical") and ends[0] < 0.0:
                faults.append(
                    Fault("domain.interval", f"a radius cannot be negative, got {ends[0]:g} m; start at 0 or above.")
                )
        if isinstance(self.cells, bool) or not isinstance(self.cells, int | np.integer):
            faults.append(Fault("domain.cells", f"expected a whole number such as 400, got {self.cells!r}."))
        elif not FEWEST <= self.cells <= MOST:
            faults.append(Fault("domain.cells", f"expected {FEWEST} to {MOST} cells, got {self.cells}."))
        for name, words in (("grading", GRADINGS), ("geometry", GEOMETRIES)):
            word = getattr(self, name)
            if word not in words:
                hint = near(str(word), words)
                faults.append(Fault(f"domain.{name}", f"expected one of {', '.join(words)}, got {word!r}.{hint}"))
        if faults:
            raise Invalid(*faults)

    @property
    def width(self) -> float:
        return self.interval[1] - self.interval[0]

    def grid(
        self, jumps: Iterable[float] = (), length: float | None = None, fronts: Iterable[tuple[float, float]] = ()
    ) -> Grid:
        """The grid for a start that jumps at `jumps`, for a diffusion length in m (about sqrt(D t)).

        Unless the grading is uniform every jump inside lies on a face; a jump on an end only draws cells to it. fronts:
        further centres (position, width) in m of small cells for grading = "interface", without a face of their own.
        """
        a, b = self.interval
        jumps = sorted({float(x) for x in jumps if a <= x <= b})
        inside = [] if self.grading == "uniform" else [x for x in jumps if a < x < b]
        centres = {"uniform": [], "interface": jumps, "walls": [a, b]}[self.grading]
        if length is None or not math.isfinite(length) or length <= 0.0:
            length = DEFAULT_FRACTION * self.width
        fronts = [(float(x), float(width)) for x, width in fronts if a <= x <= b]
        centres = [(x, length) for x in centres if x not in dict(fronts)]
        if self.grading == "interface" or (self.grading == "walls" and fronts):
            centres += fronts
        widths = tuple(min(max(width, SMALLEST_FRACTION * self.width), self.width) for _, width in centres)
        anchors = np.array([a, *inside, b])
        if 2 * (len(anchors) - 1) > self.cells:
            enough = 20 * len(anchors)
            text = f"{self.cells} cells are too few for {len(inside)} jumps of the start; use {enough}."
            raise Invalid.at("domain.cells", text)
        grading = Grading(anchors, np.ones(len(anchors) - 1, int), tuple(x for x, _ in centres), widths)
        weights = np.diff(grading.cumulative(anchors)) if centres else np.diff(anchors)
        grading = replace(grading, counts=shares(weights, self.cells))
        return Grid(grading.faces(), self.geometry, grading)


def shares(weights: np.ndarray, cells: int) -> np.ndarray:
    """Numbers of cells that follow the weights and sum to `cells`; all even, but for the largest if `cells` is odd."""
    pairs = cells // 2
    wanted = weights / weights.sum() * pairs
    counts = np.maximum(np.floor(wanted).astype(int), 1)
    while counts.sum() > pairs:
        counts[np.argmax(counts - wanted - (counts == 1) * pairs)] -= 1
    while counts.sum() < pairs:
        counts[np.argmax(wanted - counts)] += 1
    counts *= 2
    counts[np.argmax(weights)] += cells % 2
    return counts

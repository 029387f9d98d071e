"""Cells on an interval: their faces, volumes and areas, in planar, cylindrical and spherical geometry."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from simulator.faults import Invalid

GEOMETRIES = ("planar", "cylindrical", "spherical")


@dataclass(frozen=True, eq=False)
class Grading:
    """The smooth map that faces come from: equal shares of a density in every segment between two anchors.

        density(x) = sum_j 1/sqrt((x - x_j)^2 + w_j^2),     its integral C(x) = sum_j asinh((x - x_j)/w_j)

    so one centre x_j gives x = x_j + w sinh(s) with s uniform. Without centres cells are of equal size.
    anchors (k+1,): where faces must lie, ends included; counts (k,): cells between them; widths: w_j in m.
    """

    anchors: np.ndarray
    counts: np.ndarray
    centres: tuple[float, ...]
    widths: tuple[float, ...]

    def faces(self) -> np.ndarray:
        """All faces (sum of counts + 1,), with the anchors exactly among them."""
        at = np.concatenate(([0], np.cumsum(self.counts)))
        x = np.empty(at[-1] + 1)
        for k, n in enumerate(self.counts):
            steps = np.arange(1, n)
            x[at[k] + 1 : at[k + 1]] = self.between(self.anchors[k], self.anchors[k + 1], (n - steps) / n, steps / n)
        x[at] = self.anchors
        return x

    def times(self, factor: int) -> "Grading":
        return replace(self, counts=self.counts * factor)

    def between(self, left: float, right: float, from_left: np.ndarray, from_right: np.ndarray) -> np.ndarray:
        """Points that divide the density between two anchors; both ratios, so that a mirrored grid is mirrored."""
        if not self.centres:
            return left * from_left + right * from_right
        share = self.cumulative(left) * from_left + self.cumulative(right) * from_right
        if len(self.centres) == 1:
            return np.clip(self.centres[0] + self.widths[0] * np.sinh(share), left, right)
        return self.inverse(share, left, right)

    def cumulative(self, x):
        total = np.zeros_like(x, dtype=float)
        for centre, width in zip(self.centres, self.widths, strict=True):
            total = total + np.arcsinh((x - centre) / width)
        return total

    def density(self, x: np.ndarray) -> np.ndarray:
        total = np.zeros_like(x)
        for centre, width in zip(self.centres, self.widths, strict=True):
            total += 1.0 / np.hypot(x - centre, width)
        return total

    def inverse(self, share: np.ndarray, left: float, right: float) -> np.ndarray:
        """x with C(x) = share: from a table, then Newton inside the table's cell."""
        nodes = [np.linspace(left, right, 401)]
        for centre, width in zip(self.centres, self.widths, strict=True):
            reach = np.arcsinh((right - left) / width)
            nodes.append(centre + width * np.sinh(np.linspace(-reach, reach, 401)))
        nodes = np.unique(np.clip(np.concatenate(nodes), left, right))
        table = self.cumulative(nodes)
        cell = np.clip(np.searchsorted(table, share) - 1, 0, len(nodes) - 2)
        low, high = nodes[cell], nodes[cell + 1]
        x = np.interp(share, table, nodes)
        for _ in range(8):
            moved = np.clip(x - (self.cumulative(x) - share) / self.density(x), low, high)
            change = np.max(np.abs(moved - x), initial=0.0)
            x = moved
            if change <= 1e-15 * (right - left):
                break
        return x


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells between increasing faces (N+1,) in m; x is the radius in cylindrical and spherical geometry.

    grading: the map the faces come from, which `refined` follows; without it, midpoints of a cubic through the faces.
    """

    faces: np.ndarray
    geometry: str = "planar"
    grading: Grading | None = None

    def __post_init__(self):
        faces = np.ascontiguousarray(self.faces, float)
        if self.geometry not in GEOMETRIES:
            raise Invalid.at("domain.geometry", f"expected one of {', '.join(GEOMETRIES)}, got {self.geometry!r}.")
        if faces.ndim != 1 or len(faces) < 2 or not np.all(np.isfinite(faces)):
            raise Invalid.at("domain", "a grid needs at least two finite faces.")
        if not np.all(np.diff(faces) > 0.0):
            raise Invalid.at("domain", "the faces of a grid must increase: use fewer cells, or move jumps apart.")
        if self.geometry != "planar" and faces[0] < 0.0:
            raise Invalid.at("domain.interval", f"a radius cannot be negative, got {faces[0]:g} m.")
        faces.setflags(write=False)
        object.__setattr__(self, "faces", faces)

    @property
    def cells(self) -> int:
        return len(self.faces) - 1

    @property
    def interval(self) -> tuple[float, float]:
        return float(self.faces[0]), float(self.faces[-1])

    @cached_property
    def centres(self) -> np.ndarray:
        """Midpoints of the cells (N,), m."""
        return 0.5 * (self.faces[:-1] + self.faces[1:])

    @cached_property
    def areas(self) -> np.ndarray:
        """Areas of the faces (N+1,): 1; r, per radian and length; r^2, per steradian."""
        return self.area(self.faces)

    @cached_property
    def volumes(self) -> np.ndarray:
        """Exact integrals of the area over the cells (N,)."""
        return self.volume(self.faces[:-1], self.faces[1:])

    def area(self, x: np.ndarray) -> np.ndarray:
        if self.geometry == "planar":
            return np.ones_like(x)
        return x * 1.0 if self.geometry == "cylindrical" else x * x

    def volume(self, left, right):
        """Integral of the area from left to right, without cancellation."""
        if self.geometry == "planar":
            return right - left
        if self.geometry == "cylindrical":
            return (right - left) * (left + right) / 2.0
        return (right - left) * (left * left + left * right + right * right) / 3.0

    def refined(self) -> "Grid":
        """Twice as many cells from the same map; every second face is exactly a face of this grid."""
        return self.finer

    @cached_property
    def finer(self) -> "Grid":
        if self.grading is not None:
            grading = self.grading.times(2)
            faces = grading.faces()
        else:
            grading = None
            faces = np.empty(2 * self.cells + 1)
            faces[1::2] = midpoints(self.faces)
        faces[::2] = self.faces
        return Grid(faces, self.geometry, grading)

    def coarsened(self) -> "Grid":
        """Half as many cells, two of this grid each; an odd last one stays. Its `merge` takes values of this grid."""
        even = self.cells % 2 == 0
        faces = self.faces[::2] if even else np.append(self.faces[::2], self.faces[-1])
        grading = None
        if self.grading is not None and not np.any(self.grading.counts % 2):
            grading = replace(self.grading, counts=self.grading.counts // 2)
        coarse = Grid(faces, self.geometry, grading)
        coarse.__dict__["merges"] = self
        if even:
            coarse.__dict__["finer"] = self
        return coarse

    def merge(self, values: np.ndarray) -> np.ndarray:
        """Averages (..., N) from those (..., 2N) on its refinement, or on the grid that this one was coarsened from."""
        finer = self.__dict__.get("merges") or self.refined()
        values = np.asarray(values, float)
        if values.shape[-1] != finer.cells:
            raise ValueError(f"expected values on {finer.cells} cells, got {values.shape[-1]}")
        amounts = values * finer.volumes
        merged = np.add.reduceat(amounts, np.arange(0, finer.cells, 2), axis=-1)
        return merged / np.add.reduceat(finer.volumes, np.arange(0, finer.cells, 2))


def midpoints(faces: np.ndarray) -> np.ndarray:
    """Faces half-way in index on a cubic through four neighbours; the plain middle where that would leave the cell."""
    middle = 0.5 * (faces[:-1] + faces[1:])
    if len(faces) < 4:
        return middle
    smooth = middle.copy()
    smooth[1:-1] = (9.0 * (faces[1:-2] + faces[2:-1]) - faces[:-3] - faces[3:]) / 16.0
    smooth[0] = (5.0 * faces[0] + 15.0 * faces[1] - 5.0 * faces[2] + faces[3]) / 16.0
    smooth[-1] = (5.0 * faces[-1] + 15.0 * faces[-2] - 5.0 * faces[-3] + faces[-4]) / 16.0
    size = np.diff(faces)
    inside = (smooth > faces[:-1] + 0.1 * size) & (smooth < faces[1:] - 0.1 * size)
    return np.where(inside, smooth, middle)

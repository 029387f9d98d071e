"""Starts that two and three dimensions have for themselves: droplets in a matrix, and fields given as arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.laws.mixture import Mixture
from simulator.laws.units import number
from simulator.problem.box import Box
from simulator.problem.initial import Composition, Initial, composition
from simulator.problem.noise import column


class OnBox(Initial):
    """A start that one dimension does not have."""

    def refused(self) -> Invalid:
        text = "this start is for two or three dimensions: give [domain] size and cells as lists, or another shape."
        return Invalid.at("initial.shape", text)

    def averages(self, mixture, grid):
        raise self.refused()

    def compositions(self, mixture, interval=(0.0, 1.0)):
        raise self.refused()

    def ends(self, mixture, interval):
        raise self.refused()


@dataclass(frozen=True)
class Droplet:
    """A disc or ball: its centre (x, y[, z]) from the corner of the box and its radius, m or quantities."""

    at: Sequence[float | str]
    radius: float | str
    inside: Composition


@dataclass(frozen=True)
class Droplets(OnBox):
    """Droplets in a matrix; a later one lies over the earlier ones, and sides cut them off.

        u = u_matrix + s (u_droplet - u_matrix),    s = (1 - tanh(2 (r - radius)/width))/2

    r: distance of the cell's centre from the droplet's. width: in m, of the rim, by its steepest slope; at 0 the rim is
    sharp, and a cell that it cuts holds the share s = 1/2 - (r - radius)/h, between 0 and 1, h the size of a cell.
    """

    matrix: Composition
    droplets: Sequence[Droplet]
    width: float | str = 0.0

    def __post_init__(self):
        width = number(self.width, "m", "initial.width")
        if width < 0.0:
            raise Invalid.at("initial.width", f"must not be negative, got {width:g} m.")
        object.__setattr__(self, "width", width)
        if not self.droplets:
            raise Invalid.at("initial.droplets", "at least one droplet is needed.")

    def field(self, mixture: Mixture, box: Box) -> np.ndarray:
        faults, placed = [], []
        try:
            matrix = composition(self.matrix, mixture, "initial.matrix")
        except Invalid as invalid:
            faults.extend(invalid.faults)
        for k, droplet in enumerate(self.droplets):
            try:
                placed.append(self.read(droplet, mixture, box, f"initial.droplets[{k}]"))
            except Invalid as invalid:
                faults.extend(invalid.faults)
        if faults:
            raise Invalid(*faults)
        values = np.empty((mixture.m, *box.shape))
        values[:] = column(matrix, box.dimensions)
        for centre, radius, inside in placed:
            distance = np.sqrt(sum((x - at) ** 2 for x, at in zip(box.mesh, centre, strict=True))) - radius
            if self.width > 0.0:
                share = 0.5 * (1.0 - np.tanh(2.0 * distance / self.width))
            else:
                share = np.clip(0.5 - distance / max(box.spacing), 0.0, 1.0)
            values += share * (column(inside, box.dimensions) - values)
        return values

    def read(self, droplet: Droplet, mixture: Mixture, box: Box, where: str) -> tuple[list[float], float, np.ndarray]:
        """Centre and radius in m, and the unknowns (m,) inside."""
        faults, centre, radius, inside = [], [], np.nan, None
        if isinstance(droplet.at, str) or len(droplet.at) != box.dimensions:
            text = f"expected {box.dimensions} positions, one for each of {', '.join(box.axes)}, got {droplet.at!r}."
            faults.append(Fault(f"{where}.at", text))
        else:
            for i, entry in enumerate(droplet.at):
                try:
                    centre.append(number(entry, "m", f"{where}.at[{i}]"))
                except Invalid as invalid:
                    faults.extend(invalid.faults)
        try:
            radius = number(droplet.radius, "m", f"{where}.radius")
            if not radius > 0.0:
                raise Invalid.at(f"{where}.radius", f"must be positive, got {radius:g} m.")
        except Invalid as invalid:
            faults.extend(invalid.faults)
        try:
            inside = composition(droplet.inside, mixture, where)
        except Invalid as invalid:
            faults.extend(invalid.faults)
        if not faults:
            away = [max(-at, at - length, 0.0) for at, length in zip(centre, box.size, strict=True)]
            if np.hypot.reduce(away) >= radius:
                faults.append(Fault(f"{where}.at", "the droplet lies outside the box, whose corner is at 0."))
        if faults:
            raise Invalid(*faults)
        return centre, radius, inside


@dataclass(frozen=True, eq=False)
class Sampled(OnBox):
    """Mole fractions given as arrays ([nz,] ny, nx) for all components, or all but one.

    Along each axis there are as many values as cells, or a whole number of times more, which are averaged, or fewer,
    which are repeated. source: the key that faults are reported at.
    """

    fractions: Mapping[str, np.ndarray]
    source: str = ""

    def field(self, mixture: Mixture, box: Box) -> np.ndarray:
        where, faults, values = self.source or "initial", [], {}
        for name, given in self.fractions.items():
            try:
                values[name] = fitted(np.asarray(given, float), box, where)
            except Invalid as invalid:
                faults.extend(fault for fault in invalid.faults if fault not in faults)
        if not faults and any(not np.isfinite(entry).all() for entry in values.values()):
            faults.append(Fault(where, "holds values that are not finite numbers."))
        if faults:
            raise Invalid(*faults)
        return mixture.rows(values, np.broadcast_to(box.mesh[0], box.shape), where)


def fitted(values: np.ndarray, box: Box, where: str) -> np.ndarray:
    """An array of the shape of a box, from one whose size is a whole multiple or part of it along each axis."""
    sizes = list(zip(values.shape, box.shape, strict=False))
    if values.ndim != box.dimensions or any(not n or (n % cells and cells % n) for n, cells in sizes):
        got = " x ".join(map(str, values.shape[::-1])) or "one"
        needed = " x ".join(map(str, box.cells))
        text = (
            f"holds {got} values ({', '.join(box.axes)}), but the box has {needed} cells; give domain.cells the same."
        )
        raise Invalid.at(where, text)
    for axis, (n, cells) in enumerate(sizes):
        if n > cells:
            parts = (*values.shape[:axis], cells, n // cells, *values.shape[axis + 1 :])
            values = values.reshape(parts).mean(axis=axis + 1)
        elif n < cells:
            values = np.repeat(values, cells // n, axis=axis)
    return values

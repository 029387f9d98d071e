"""Values at a position, of what is known at faces or as averages over cells."""

import numpy as np

from simulator.faults import Invalid
from simulator.problem.grid import Grid

REACH = 3  # cells on either side of a point in a field


def inside(faces: np.ndarray, x: float, where: str) -> None:
    """Raise Invalid unless x lies between the outermost faces."""
    if not faces[0] <= x <= faces[-1]:
        raise Invalid.at(where, f"x = {x:g} m lies outside the domain, {faces[0]:g} to {faces[-1]:g} m.")


def face_value(faces: np.ndarray, values: np.ndarray, x: float, where: str = "") -> float:
    """The value at x of what is known at faces (N+1,): on the cubic through the four nearest ones."""
    inside(faces, x, where)
    count = min(4, faces.size)
    first = int(np.clip(np.searchsorted(faces, x) - count // 2, 0, faces.size - count))
    nodes, total = faces[first : first + count], 0.0
    for k, value in enumerate(values[first : first + count]):
        others = np.delete(nodes, k)
        total += float(value * np.prod((x - others) / (nodes[k] - others)))
    return total


def point_value(
    grid: Grid, averages: np.ndarray, x: float, where: str = "", amounts: np.ndarray | None = None
) -> float:
    """The value at x of a profile known by cell averages (N,): the slope of the quartic through five face integrals.

    Radial grids: that of the volume-weighted integral over the area at x, so x = 0 takes the first cell's average.
    amounts (N,): what the cells hold of what the averages are over, moles on a grid that moves; volume by default.
    """
    inside(grid.faces, x, where)
    count = min(4, grid.cells)
    cell = int(np.clip(np.searchsorted(grid.faces, x) - 1, 0, grid.cells - 1))
    first = int(np.clip(cell - count // 2 + (1 if x > grid.centres[cell] else 0), 0, grid.cells - count))
    faces, near_x = grid.faces[first : first + count + 1], slice(first, first + count)
    area = float(grid.area(np.array([x]))[0])
    if area <= 0.0:
        return float(averages[0])
    middle, size = 0.5 * (faces[0] + faces[-1]), 0.5 * (faces[-1] - faces[0])
    powers = np.vander((faces - middle) / size, increasing=True)

    def slope(held: np.ndarray) -> float:
        integral = np.concatenate([[0.0], np.cumsum(held)])
        polynomial = np.polynomial.Polynomial(np.linalg.solve(powers, integral))
        return float(polynomial.deriv()((x - middle) / size) / size)

    # measured from the first cell's value: the differences carry the digits
    base = averages[cell]
    held = (grid.volumes if amounts is None else amounts)[near_x]
    density = area if amounts is None else slope(held)
    return float(base + slope((averages[near_x] - base) * held) / density)


def field_value(box, averages: np.ndarray, at: list[float] | float | None, where: str = "") -> float:
    """The value at a point (x, y[, z]), m, of a field ([nz,] ny, nx) on a `Box`: `point_value` along each axis."""
    if not isinstance(at, list) or len(at) != box.dimensions:
        text = f"expected a position along each of {', '.join(box.axes)}, such as {[0.0] * box.dimensions}."
        raise Invalid.at(where, text)
    grids, near_point = [], []
    for x, length, cells in zip(at, box.size, box.cells, strict=True):
        faces = np.linspace(0.0, length, cells + 1)
        inside(faces, x, where)
        cell = int(np.clip(np.searchsorted(faces, x) - 1, 0, cells - 1))
        first, last = max(0, cell - REACH), min(cells, cell + REACH + 1)
        grids.append(Grid(faces[first : last + 1]))
        near_point.append(slice(first, last))
    values = averages[tuple(reversed(near_point))]
    for x, grid in zip(at, grids, strict=True):
        values = np.apply_along_axis(lambda line, grid=grid, x=x: point_value(grid, line, x, where), -1, values)
    return float(values)

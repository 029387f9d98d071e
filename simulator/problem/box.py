"""Where a problem of two or three dimensions lives: a box of equal cells, with one corner at the origin."""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.faults import Fault, Invalid
from simulator.laws.units import number
from simulator.problem.domain import FEWEST

AXES = ("x", "y", "z")
# Arrays of the size of the unknowns that a run holds at once: states, stages, potentials and the start.
ARRAYS = 7


@dataclass(frozen=True)
class Box:
    """size: (Lx, Ly) or (Lx, Ly, Lz) in m, or quantities; cells: as many numbers of cells, at least 4 each.

    Fields on a box are arrays (m, [nz,] ny, nx): x is the last axis and varies fastest. Cell i of an axis reaches from
    i h to (i + 1) h. Raises Invalid with every fault.
    """

    size: Sequence[float | str]
    cells: Sequence[int]

    def __post_init__(self):
        faults, size, cells = [], [], []
        for name, example in (("size", '["200 nm", "200 nm"]'), ("cells", "[256, 256]")):
            given = getattr(self, name)
            if not isinstance(given, Sequence | np.ndarray) or isinstance(given, str) or len(given) not in (2, 3):
                text = f"expected two or three entries such as {example}; in one dimension give interval and cells."
                faults.append(Fault(f"domain.{name}", text))
        if not faults and len(self.size) != len(self.cells):
            text = f"{len(self.size)} sizes but {len(self.cells)} numbers of cells; give one of each an axis."
            faults.append(Fault("domain.cells", text))
        if faults:
            raise Invalid(*faults)
        for i, length in enumerate(self.size):
            try:
                size.append(number(length, "m", f"domain.size[{i}]"))
                if not size[-1] > 0.0:
                    raise Invalid.at(f"domain.size[{i}]", f"must be positive, got {size[-1]:g} m.")
            except Invalid as invalid:
                faults.extend(invalid.faults)
        for i, count in enumerate(self.cells):
            where = f"domain.cells[{i}]"
            if isinstance(count, bool) or not isinstance(count, int | np.integer):
                faults.append(Fault(where, f"expected a whole number such as 256, got {count!r}."))
            elif count < FEWEST:
                faults.append(Fault(where, f"expected at least {FEWEST} cells, got {count}."))
            cells.append(count)
        if faults:
            raise Invalid(*faults)
        object.__setattr__(self, "size", tuple(size))
        object.__setattr__(self, "cells", tuple(int(count) for count in cells))

    @property
    def dimensions(self) -> int:
        return len(self.cells)

    @property
    def axes(self) -> tuple[str, ...]:
        """Their names, in the order of size and cells: x, y and z."""
        return AXES[: self.dimensions]

    @property
    def shape(self) -> tuple[int, ...]:
        """([nz,] ny, nx): of the arrays."""
        return self.cells[::-1]

    @property
    def count(self) -> int:
        """How many cells there are."""
        return math.prod(self.cells)

    @property
    def spacing(self) -> tuple[float, ...]:
        """(hx, hy[, hz]) in m."""
        return tuple(length / count for length, count in zip(self.size, self.cells, strict=True))

    @property
    def volume(self) -> float:
        """m^2 or m^3."""
        return math.prod(self.size)

    @property
    def centres(self) -> list[np.ndarray]:
        """Positions of the cell centres along x, y and z, m."""
        return [(np.arange(n) + 0.5) * (length / n) for n, length in zip(self.cells, self.size, strict=True)]

    @property
    def mesh(self) -> list[np.ndarray]:
        """The same, each of as many dimensions as the box, so that they broadcast to `shape`."""
        last = self.dimensions - 1
        return [
            x.reshape([-1 if axis == last - i else 1 for axis in range(self.dimensions)])
            for i, x in enumerate(self.centres)
        ]

    def memory(self, unknowns: int, saved: int) -> int:
        """Bytes that a run needs: arrays of the unknowns, and all components at each of the saved times."""
        return 8 * self.count * (ARRAYS * unknowns + (unknowns + 1) * saved)


def machine_memory() -> int | None:
    """Bytes of memory that this machine has; None where it does not say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None

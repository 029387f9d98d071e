"""The stages of a step of large fields, shared among threads: tiles are independent of each other within a stage.

Every tile is computed as one thread alone would, and the sums over tiles are added in their order: results do not
depend on the number of threads, bit for bit.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from simulator.kernels.chebyshev import MU_F, NU
from simulator.kernels.field import FieldSystem, FieldWork
from simulator.kernels.field_stage import first_stage, stage_tiles
from simulator.kernels.jit import disabled

# Unknowns from which a stage takes some milliseconds: handing out its parts takes a tenth of one.
FEWEST_UNKNOWNS = 500_000


def thread_count(unknowns: int, tiles: int) -> int:
    """Threads that pay for so many unknowns: as many as processors, or NUMBA_NUM_THREADS if that is less."""
    if unknowns < FEWEST_UNKNOWNS or disabled():
        return 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    given = os.environ.get("NUMBA_NUM_THREADS", "")
    return max(1, min(allowed, int(given) if given.isdigit() else allowed, tiles))


class Threads:
    """works: arrays for the tiles, as many as threads."""

    def __init__(self, works: list[FieldWork], tiles: int):
        self.works = works
        self.bounds = np.linspace(0, tiles, len(works) + 1).astype(int)
        self.pool = ThreadPoolExecutor(len(works))

    def stage(self, system: FieldSystem, *arguments) -> int:
        """`stage_tiles` with all tiles: how many cells are not admissible."""

        def part(k: int) -> int:
            return stage_tiles(system, self.works[k], self.bounds[k], self.bounds[k + 1], *arguments)

        return sum(self.pool.map(part, range(len(self.works))))

    def stages(self, system, h, weights, times, temperatures, locals, u, f0, one, other, sums) -> int:
        """As `simulator.kernels.field_stage.stages`."""
        count = len(weights) - 1
        if count == 0:
            return self.stage(system, 1, h, weights[0], times[0], temperatures[0], locals[0], u, f0, u, f0, sums)
        first_stage(weights[1, MU_F] * h, u, f0, one)
        for j in range(2, count + 2):
            latest, out = (one, other) if j % 2 == 0 else (other, one)
            row = weights[min(j, count)].copy()
            if j == 2:  # the stage before is u itself, and out holds nothing yet
                row[NU] = 0.0
            failed = self.stage(
                system, int(j > count), h, row, times[j], temperatures[j], locals[j], u, f0, latest, out, sums
            )
            if failed:
                return failed
        return 0

"""The stages of a step of large fields, shared among threads, which wait for each other between its phases.

Every row is computed as one thread alone would, and the sums over tiles are added in their order: results do not
depend on the number of threads, bit for bit.
"""

import os
from concurrent.futures import ThreadPoolExecutor

from simulator.cores import cores
from simulator.kernels.field import POWERS, FieldSystem, FieldWork, Registers
from simulator.kernels.field_stage import plan, run_phase
from simulator.kernels.jit import disabled

# Unknowns from which a stage takes some milliseconds: handing out its parts takes a tenth of one.
FEWEST_UNKNOWNS = 500_000


def thread_count(unknowns: int, tiles: int) -> int:
    """Threads that pay for so many unknowns: as many as processors, or NUMBA_NUM_THREADS if that is less."""
    if unknowns < FEWEST_UNKNOWNS or disabled():
        return 1
    given = os.environ.get("NUMBA_NUM_THREADS", "")
    return max(1, min(cores(), int(given) if given.isdigit() else cores(), tiles))


class Threads:
    """works: arrays for the rows of each thread."""

    def __init__(self, works: list[FieldWork]):
        self.works = works
        self.pool = ThreadPoolExecutor(len(works))

    def stages(self, system: FieldSystem, h, weights, times, temperatures, locals, registers: Registers, sums) -> int:
        """As `simulator.kernels.field_stage.stages`."""
        parts = len(self.works)
        given = (h, weights, times, temperatures, locals, registers, sums)
        powers, ny = locals.shape[1] - POWERS, registers.values.shape[1]
        for phase in plan(system, len(weights) - 1, powers, ny, parts):

            def part(k: int, phase=phase) -> int:
                return run_phase(phase, k, parts, system, self.works[k], *given)

            failed = sum(self.pool.map(part, range(parts)))
            if failed:
                return failed
        return 0

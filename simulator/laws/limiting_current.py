"""The largest current that diffusion and migration can bring to an electrode of one ion in the long run."""

import numpy as np

from simulator.faults import Invalid

POINTS = 4001
LEAST = 1e-5  # of the domain, that a depleted layer is taken to be wide


def film_limit(problem, c: np.ndarray, passing: int, resistance: float) -> float:
    """|i|, A/m^2, of the ion `passing` from a bulk with concentrations c (n,), mol/m^3, through a film of resistance
    int dx/D, s/m, whose other ions do not pass."""
    from simulator.laws.electrochemistry.limiting import supported_limiting_current

    order = [passing, *(k for k in range(c.size) if k != passing)]
    if not c[passing] > 0.0:
        return 0.0
    z, T = problem.mixture.z, problem.temperature_at(0.0)
    return abs(float(supported_limiting_current(z[order], 1.0, c[order], resistance, T)[0]))


def limiting_current(problem) -> tuple[str, str, float] | None:
    """The ion, the side where it runs out, and |i| in A/m^2 above which it does in the long run; None where no such
    limit is known: it is that of a film between one electrode and held concentrations, and of one salt between two
    electrodes, at the current that is given at t = 0."""
    law, mixture = problem.law, problem.mixture
    ends = {"left": problem.boundary.left, "right": problem.boundary.right}
    electrodes = [side for side, end in ends.items() if end.word == "electrode"]
    kind, program = law.driven
    if kind != "current" or not electrodes or law.charge is not None or law.activity != "ideal":
        return None
    T = problem.temperature_at(0.0)
    current = float(program(np.zeros(mixture.m), t=0.0, T=T)[0])
    ion = ends[electrodes[0]].ion
    p = mixture.components.index(ion)
    # the electrode that takes the ion up: the flux of the ion leads there
    side = "right" if current * mixture.z[p] > 0.0 else "left"
    other = "left" if side == "right" else "right"
    x = np.linspace(*problem.domain.interval, POINTS)
    at = np.zeros((mixture.m, x.size))
    D = np.broadcast_to(law.diffusivities[p].program(at, x=x, t=0.0, T=T)[0], x.shape)
    resistance = float(np.trapezoid(1.0 / D, x))
    if side in electrodes and ends[other].word == "fixed":
        bulk, times = ends[other].composition(mixture, 0.0, T), 1.0
    elif len(electrodes) == 2 and ends[other].ion == ion and mixture.m == 2 and np.ptp(D) == 0.0:
        # the salt that is lost at one electrode is gained at the other: twice the mean is held there
        grid = problem.domain.grid(problem.jumps)
        bulk, times = (problem.start(grid) * grid.volumes).sum(axis=1) / grid.volumes.sum(), 2.0
    else:
        return None
    try:
        return ion, side, times * film_limit(problem, bulk, p, resistance)
    except Invalid:  # a bulk that is not neutral has its own fault
        return None


def depleted_layers(problem) -> tuple[tuple[float, float], ...]:
    """The electrode that a steady current nearly exhausts, with the width, m, of the layer that holds little."""
    found = limiting_current(problem) if problem.steady and problem.law.neutral else None
    if found is None:
        return ()
    _, side, limit = found
    _, program = problem.law.driven
    current = abs(float(program(np.zeros(problem.mixture.m), t=0.0, T=problem.temperature_at(0.0))[0]))
    a, b = problem.domain.interval
    left = max(1.0 - current / limit, LEAST) if limit > 0.0 else 1.0
    return ((a if side == "left" else b, left * (b - a)),)

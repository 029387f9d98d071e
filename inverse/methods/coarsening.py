"""The coarsening constant: domains that grow as the cube root of time."""

import numpy as np

from inverse.estimate import Estimate, Method
from simulator.faults import Invalid
from simulator.solve.microstructure import growth_exponent
from simulator.solve.spectra import DomainSizes

NAME = "coarsening"
FEWEST = 4
LATE = 2.0  # times the first length: when the sizes are those of coarsening
CURVED = 0.99  # r^2 of L^3 over t, below which the law of cubes is doubted


def check(sizes: DomainSizes, method: str) -> None:
    """Raise Invalid unless these are sizes that grow, at several times."""
    if sizes.time.size < FEWEST:
        text = f"{method} needs sizes of domains at {FEWEST} times or more after both phases are there, got "
        raise Invalid.at(sizes.source or "sizes", f"{text}{sizes.time.size}.")
    if np.any(np.diff(sizes.time) <= 0.0) or not (sizes.length > 0.0).all():
        raise Invalid.at(sizes.source or "sizes", "times must increase and lengths be positive.")
    if not sizes.length[-1] > sizes.length[0]:
        raise Invalid.at(sizes.source or "sizes", f"{method} needs domains that grow, and these do not.")


def coarsening(sizes: DomainSizes, window: tuple[float, float] = (0.0, 1.0)) -> Estimate:
    """K of L^3 = L_0^3 + K t, m^3/s, by least squares on the later sizes.

    Sizes of simulations are energy lengths sigma/(F - F_bulk); the first moment of the structure factor grows more
    slowly. Sizes count from the time at which they are 2 times the first, or all of them if too few are. In the
    diagnostics r^2, and the exponent of L over t with its interval of 95 %. `window` is not used. Raises Invalid for
    sizes that do not grow. Source: Lifshitz & Slyozov (1961), J. Phys. Chem. Solids 19, 35.
    """
    check(sizes, NAME)
    late = sizes.length >= LATE * sizes.length[0]
    if late.sum() < FEWEST:
        late = np.ones(sizes.time.size, bool)
    t, cube = sizes.time[late], sizes.length[late] ** 3
    t_ = t - t.mean()
    K = float(t_ @ cube / (t_ @ t_))
    left = cube - cube.mean() - K * t_
    sd = float(np.sqrt((left @ left) / max(1, t.size - 2) / (t_ @ t_)))
    total = float(((cube - cube.mean()) ** 2).sum())
    r2 = 1.0 - float(left @ left) / total
    power = growth_exponent(t, sizes.length[late])
    warnings = []
    if r2 < CURVED:
        warnings.append(
            f"L^3 is not straight over t (r^2 = {r2:.4f}): the domains do not coarsen by bulk diffusion alone."
        )
    return Estimate(
        method=NAME,
        recovers="coarsening_constant",
        unit="m^3/s",
        component=sizes.component,
        composition=np.array([sizes.composition]),
        value=np.array([K]),
        sd=np.array([sd]),
        window=(sizes.composition, sizes.composition),
        source=sizes.source,
        diagnostics={
            "time": float(t[-1]),
            "times": [float(t[0]), float(t[-1])],
            "lengths": [float(sizes.length[late][0]), float(sizes.length[-1])],
            "intercept": float(cube.mean() - K * t.mean()),
            "r_squared": r2,
            "exponent": power.slope,
            "exponent_interval": [power.low, power.high],
            "warnings": warnings,
        },
    )


METHOD = Method(
    name=NAME,
    title="Coarsening of domains",
    equation="L^3 = L_0^3 + K t",
    recovers="coarsening_constant",
    unit="m^3/s",
    needs=("sizes of domains at four times or more",),
    assumes=("two phases", "bulk diffusion", "one temperature"),
    source="Lifshitz & Slyozov (1961), J. Phys. Chem. Solids 19, 35",
    check=check,
    analyse=coarsening,
    tolerance=1.0,
    window=(0.0, 1.0),
    data="sizes",
)

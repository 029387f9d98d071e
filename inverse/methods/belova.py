"""The matrix where the paths of m couples cross, from derivatives of J (x - x_0) along each path."""

from collections.abc import Sequence

import numpy as np

from inverse.estimate import Estimate, Method
from inverse.multicomponent.crossing import Crossing, again, sentences_of
from inverse.multicomponent.crossing_couples import (
    crossed,
    crossing_diagnostics,
    matrix_at,
    solved,
    together,
    uncertain,
)
from inverse.multicomponent.matrices import deviation, matrix_estimate
from inverse.multicomponent.path import Path, path_of
from simulator.solve.profile import Profile

NAME = "belova"
OFFSETS = np.arange(-3, 4)
CENTRAL = np.array([-1.0, 9.0, -45.0, 0.0, 45.0, -9.0, 1.0]) / 60.0  # of a derivative, order 6
STRIDE = 0.02  # of the width of the crossed zone


def moment_slope(path: Path, q: float) -> np.ndarray:
    """d[J V_0 (q - q_0)]/dq (m,), m/s, along a path: by differences of the fluxes, so that it is a check of them."""
    gradient = path.slope(path.q)
    size = np.sqrt((gradient**2).sum(axis=0))
    # the gradient's own second moment: the width of the zone, whatever the length of the sample
    weights = size * np.gradient(path.q)
    centre = (weights @ path.q) / weights.sum()
    stride = STRIDE * np.sqrt((weights @ (path.q - centre) ** 2) / weights.sum())
    places = q + stride * OFFSETS
    return path.flux(places) * (places - path.plane) @ CENTRAL / stride


def matrix_of(paths: Sequence[Path], crossing: Crossing) -> np.ndarray:
    """[D] (m, m), m^2/s: each couple's own term (x - x_0)^2/2t is taken off before the couples are solved together."""
    columns = []
    for path, q, X, g in zip(paths, crossing.q, crossing.X.T, crossing.gradients.T, strict=True):
        own = (q - path.plane) ** 2 / (2.0 * path.time) * g
        columns.append((own - moment_slope(path, float(q))) * path.stretch(X[:, None])[0])
    return solved(np.array(columns).T, crossing.gradients)


def belova(*profiles: Profile, window: tuple[float, float], smoother: str = "probit") -> Estimate:
    """Interdiffusivity matrix (m, m) where the paths of m couples, or of more, cross: the exact solution along paths.

        sum_j D_ij g_j^(k) = (x_k - x_0)^2/(2 t) g_i^(k) - d[J_i (x - x_0)]/dx at x_k,   g = dX/dx

    for couple k at its own place x_k of the crossing. The first term differs between couples, and is not to be mixed
    with the derivatives of others. Mathematically the same as `kirkaldy`: diagnostics["difference_from_kirkaldy"] says
    how far apart they are, in units of the largest entry, a check of fluxes and contact planes. D in m^2/s; the rest
    as there. Source: Afikuzzaman, Belova & Murch (2022), J. Phase Equilib. Diffus., doi 10.1007/s11669-022-00978-1.
    """
    paths, found = crossed(profiles, NAME, smoother)
    best = found[0]

    def value(paths: Sequence[Path]) -> np.ndarray:
        return matrix_of(paths, again(paths, best))

    D, other = matrix_of(paths, best), matrix_at(paths, best)
    more = crossing_diagnostics(paths, found)
    more["difference_from_kirkaldy"] = float(np.abs(D - other).max() / np.abs(other).max())
    sd = deviation(paths, value)
    return matrix_estimate(NAME, paths, best.composition, D, sd, more, [*sentences_of(best, paths), *uncertain(D, sd)])


METHOD = Method(
    name=NAME,
    title="Exact solution along the paths",
    equation="sum_j D_ij g_j = (x - x_0)^2/(2 t) g_i - d[J_i (x - x_0)]/dx for each of m couples at their crossing",
    recovers="interdiffusivity_matrix",
    unit="m^2/s",
    needs=("m couples whose paths cross", "time"),
    assumes=("couples that began as steps", "ends unaffected", "one temperature"),
    source="Afikuzzaman, Belova & Murch (2022), J. Phase Equilib. Diffus., doi 10.1007/s11669-022-00978-1",
    check=path_of,
    analyse=belova,
    profiles=(2, 20),
    together=together,
)

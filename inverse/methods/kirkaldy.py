"""The matrix where the paths of m couples cross, from fluxes and gradients."""

from collections.abc import Sequence

import numpy as np

from inverse.estimate import Estimate, Method
from inverse.multicomponent.crossing import again, sentences_of
from inverse.multicomponent.crossing_couples import crossed, crossing_diagnostics, matrix_at, together, uncertain
from inverse.multicomponent.matrices import deviation, matrix_estimate
from inverse.multicomponent.path import Path, path_of
from simulator.solve.profile import Profile

NAME = "kirkaldy"


def kirkaldy(*profiles: Profile, window: tuple[float, float], smoother: str = "probit") -> Estimate:
    """Interdiffusivity matrix (m, m) where the paths of m couples, or of more, cross.

        [D] = -[J^(1) .. J^(m)] [g^(1) .. g^(m)]^-1,   g = dX/dx,   each at the crossing

    It may depend on the composition in any way: the estimate is of the crossing alone. Where the molar volume varies it
    is the matrix of the number-fixed frame. The couples may have different times. More of them than m: least squares.
    Diagnostics: condition number of [g] with columns of length 1, miss (a mole fraction) between the paths, positions
    (m) of the crossing, other crossings. D in m^2/s. Raises Invalid where the paths do not cross, or their gradients
    are parallel there. Source: Kirkaldy (1957), Can. J. Phys. 35, 435.
    """
    paths, found = crossed(profiles, NAME, smoother)
    best = found[0]

    def value(paths: Sequence[Path]) -> np.ndarray:
        return matrix_at(paths, again(paths, best))

    D, sd = matrix_at(paths, best), deviation(paths, value)
    sentences = [*sentences_of(best, paths), *uncertain(D, sd)]
    return matrix_estimate(NAME, paths, best.composition, D, sd, crossing_diagnostics(paths, found), sentences)


METHOD = Method(
    name=NAME,
    title="Kirkaldy's crossing couples",
    equation="[D] = -[J^(1) .. J^(m)] [g^(1) .. g^(m)]^-1,   g = dX/dx, at the crossing of m paths",
    recovers="interdiffusivity_matrix",
    unit="m^2/s",
    needs=("m couples whose paths cross", "time"),
    assumes=("couples that began as steps", "ends unaffected", "one temperature"),
    source="Kirkaldy (1957), Can. J. Phys. 35, 435",
    check=path_of,
    analyse=kirkaldy,
    profiles=(2, 20),
    together=together,
)

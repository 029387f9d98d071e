"""The matrix where the paths of m couples cross, from fluxes and gradients."""

from collections.abc import Sequence

import numpy as np

from inverse.estimate import Estimate, Method
from inverse.multicomponent.couples import check_together, enough, paths_of
from inverse.multicomponent.crossing import Crossing, again, crossings_of, sentences_of
from inverse.multicomponent.matrices import deviation, matrix_estimate
from inverse.multicomponent.path import Path, path_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "kirkaldy"
SAME_TIME = 1e-6  # relative, by which two times may differ and still be one
LITTLE = 0.5  # of the largest entry: a standard deviation that leaves little of the matrix


def together(profiles: Sequence[Profile], method: str) -> None:
    """Raise Invalid unless there are m couples or more, of one temperature and the same components, that cross."""
    crossed(profiles, method)


def crossed(
    profiles: Sequence[Profile], method: str, smoother: str = "probit"
) -> tuple[tuple[Path, ...], tuple[Crossing, ...]]:
    """The paths of couples, and their crossings, the best first."""
    check_together(profiles, method)
    check_histories(profiles, method)
    enough(profiles, method)
    paths = paths_of(profiles, method, smoother)
    return paths, crossings_of(paths, method)


def check_histories(profiles: Sequence[Profile], method: str) -> None:
    """Raise Invalid where the temperature changed in time and the times differ: each couple has a mean of its own."""
    times = [profile.time for profile in profiles if profile.time is not None]
    changing = any(profile.history is not None and not profile.history.constant for profile in profiles)
    if changing and times and max(times) - min(times) > SAME_TIME * max(times):
        raise Invalid.at(
            "profiles",
            f"{method} takes couples of different times only where the temperature is one, but it changed in time.",
        )


def matrix_at(paths: Sequence[Path], crossing: Crossing) -> np.ndarray:
    """[D] (m, m), m^2/s, with [J] = -[D][g]: by least squares where there are more couples than m."""
    stretch = np.array([path.stretch(X[:, None])[0] for path, X in zip(paths, crossing.X.T, strict=True)])
    return solved(-crossing.fluxes * stretch, crossing.gradients)


def solved(right: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """[D] (m, m) of [D][g] = right (m, p), each couple in units of its own gradient."""
    size = np.sqrt((gradients**2).sum(axis=0))
    return np.linalg.lstsq((gradients / size).T, (right / size).T, rcond=None)[0].T


def diagnostics_of(paths: Sequence[Path], found: Sequence[Crossing]) -> dict:
    """Of the crossing that is used, and of the others."""
    best, *others = found
    told = best.told(paths)
    return {
        "condition": best.condition,
        "miss": best.miss,
        "positions": told["positions"],
        "flux_shares": best.shares.tolist(),
        "times": [path.time for path in paths],
        "other_crossings": [other.told(paths) for other in others],
    }


def uncertain(D: np.ndarray, sd: np.ndarray | None) -> list[str]:
    """A sentence where the noise leaves little of a matrix."""
    part = 0.0 if sd is None else float(np.abs(sd).max() / np.abs(D).max())
    if part <= LITTLE:
        return []
    return [f"The noise leaves little of the matrix: a standard deviation is {part:.2g} times its largest entry."]


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
    return matrix_estimate(NAME, paths, best.composition, D, sd, diagnostics_of(paths, found), sentences)


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

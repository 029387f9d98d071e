"""What the methods at a crossing of paths share: couples, the matrix there, and what is told of both."""

from collections.abc import Sequence

import numpy as np

from inverse.multicomponent.couples import check_together, enough, paths_of
from inverse.multicomponent.crossing import Crossing, crossings_of
from inverse.multicomponent.path import Path
from simulator.faults import Invalid
from simulator.solve.profile import Profile

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


def crossing_diagnostics(paths: Sequence[Path], found: Sequence[Crossing]) -> dict:
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

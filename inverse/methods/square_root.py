"""The square root of a constant matrix from m couples of one mean composition, without a gradient."""

from collections.abc import Sequence

import numpy as np

from inverse.estimate import Estimate, Method
from inverse.multicomponent.constant import whether_constant
from inverse.multicomponent.couples import check_together, common, enough, paths_of
from inverse.multicomponent.matrices import condition, deviation, matrix_estimate
from inverse.multicomponent.path import Path, path_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "square-root"
SAME_MEAN = 0.05  # of the largest step, by which the mean compositions may differ


def together(profiles: Sequence[Profile], method: str) -> None:
    """Raise Invalid unless there are m couples or more of one mean composition and one temperature."""
    check_together(profiles, method)
    enough(profiles, method)
    paths = paths_of(profiles, method)
    apart = float(np.abs(np.array([path.mean for path in paths]) - common(paths, "mean")).max())
    largest = max(float(np.abs(path.step).max()) for path in paths)
    if apart > SAME_MEAN * largest:
        raise Invalid.at(
            "profiles",
            f"{method} needs couples of one mean composition; these differ by up to {apart:.3g}. Use exact-fit.",
        )


def root_of(paths: Sequence[Path]) -> np.ndarray:
    """[r] = [D]^(1/2) (m, m), m/s^(1/2): [S] sqrt(pi/t) = [r] [dX], by least squares where there are more couples."""
    contents, steps = [], []
    for path in paths:
        plane = np.array([path.plane])
        half = 0.5 * (path.behind(plane) + path.before(plane))[:, 0]
        contents.append(np.sqrt(np.pi / path.time) * half)
        steps.append(path.step)
    return np.linalg.lstsq(np.array(steps), np.array(contents), rcond=None)[0].T


def square_root(*profiles: Profile, window: tuple[float, float], smoother: str = "probit") -> Estimate:
    together(profiles, NAME)
    paths = paths_of(profiles, NAME, smoother)

    def value(paths: Sequence[Path]) -> np.ndarray:
        root = root_of(paths)
        return root @ root * float(np.mean([path.stretch(path.mean[:, None])[0] for path in paths]))

    D = value(paths)
    more, sentences = whether_constant(paths, D)
    more["condition"] = condition(np.array([path.step for path in paths]).T)
    sd = deviation(paths, value)
    return matrix_estimate(NAME, paths, common(paths, "mean"), D, sd, more, sentences)


METHOD = Method(
    name=NAME,
    title="Square root of the matrix",
    equation="[r] = sqrt(pi/t) [S][dX]^-1,   S = int_x0^inf (X^+ - X) dx,   [D] = [r]^2",
    recovers="interdiffusivity_matrix",
    unit="m^2/s",
    needs=("m couples of one mean composition", "time"),
    assumes=("constant matrix", "couples that began as steps", "ends unaffected"),
    source="Thompson & Morral (1986), Acta Metall. 34, 2201",
    check=path_of,
    analyse=square_root,
    profiles=(2, 20),
    together=together,
)

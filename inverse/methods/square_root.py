"""The square root of a constant matrix from m couples of one mean composition, without a gradient."""

from collections.abc import Sequence

import numpy as np

from inverse.estimate import Estimate, Method
from inverse.multicomponent.constant import whether_constant
from inverse.multicomponent.couples import common, enough, paths_of
from inverse.multicomponent.matrices import LIMIT, condition, deviation, matrix_estimate
from inverse.multicomponent.path import Path, path_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "square-root"
SAME_MEAN = 0.05  # of the largest step, by which the mean compositions may differ
SINGULAR = 1e6  # condition number of end differences that not even clean profiles determine a matrix with


def together(profiles: Sequence[Profile], method: str) -> None:
    """Raise Invalid unless there are m couples or more of one mean composition and one temperature."""
    enough(profiles, method)
    check_means(paths_of(profiles, method), method)


def check_means(paths: Sequence[Path], method: str) -> None:
    """Raise Invalid unless the couples have one mean composition and steps in m directions."""
    apart = float(np.abs(np.array([path.mean for path in paths]) - common(paths, "mean")).max())
    largest = max(float(np.abs(path.step).max()) for path in paths)
    if apart > SAME_MEAN * largest:
        raise Invalid.at(
            "profiles",
            f"{method} needs couples of one mean composition; these differ by up to {apart:.3g}. Use exact-fit.",
        )
    found = condition(np.array([path.step for path in paths]).T)
    if found > (SINGULAR if all(path.clean for path in paths) else LIMIT):
        raise Invalid.at(
            "profiles",
            f"{method} needs end differences in {paths[0].m} directions, but those of these couples are nearly "
            f"dependent (condition number {found:.3g}): choose body diagonals, or use exact-fit.",
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
    """D (m, m), m^2/s, of the number-fixed frame at the mean composition of m couples or more.

        [r] = sqrt(pi/t) [S][dX]^-1,   S = 1/2 [int_x0^inf (X^+ - X) dx + int_-inf^x0 (X - X^-) dx],   [D] = [r]^2

    For a constant matrix; one that changes along the paths gives a mean, and `holds` in the diagnostics is then False.
    No gradient is taken, which keeps noise small; the mean of both halves makes it smaller by a seventh. Where the
    molar volume varies, lengths are those of the axis q and D is multiplied by (V_m/V_0)^2 of the mean composition.
    Raises Invalid for too few couples, different means, and end differences that are nearly dependent.
    Source: Thompson & Morral (1986), Acta Metall. 34, 2201.
    """
    enough(profiles, NAME)
    paths = paths_of(profiles, NAME, smoother)
    check_means(paths, NAME)

    def value(paths: Sequence[Path]) -> np.ndarray:
        root = root_of(paths)
        return root @ root * float(np.mean([path.stretch(path.mean[:, None])[0] for path in paths]))

    D = value(paths)
    more, sentences = whether_constant(paths, D)
    more["condition"] = condition(np.array([path.step for path in paths]).T)
    if more["condition"] > LIMIT:
        sentences.append(
            f"The end differences are nearly dependent: their condition number is {more['condition']:.3g}, and any "
            "noise would leave nothing of the matrix."
        )
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

"""A constant matrix from how the fluxes of one couple decay away from its contact plane."""

from collections.abc import Sequence

import numpy as np

from inverse.estimate import Estimate, Method
from inverse.multicomponent.constant import whether_constant
from inverse.multicomponent.couples import paths_of
from inverse.multicomponent.matrices import LIMIT, deviation, matrix_estimate
from inverse.multicomponent.moments import check_limit, doubt, width
from inverse.multicomponent.path import Path, path_of
from inverse.multicomponent.transfer import matrix_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "transfer-matrix"
STEP = 0.5  # w^2: the flux of one constant D falls by a fifth from one station to the next, 1.2 w for three steps


def stations_of(path: Path, step: float, steps: int | None) -> tuple[float, np.ndarray]:
    """The step of (q - q_0)^2, m^2, and distances (steps + 1,), m, of the stations from the plane. Raises Invalid where
    they leave the profile."""
    count = 2 * path.m - 1 if steps is None else steps
    if not (isinstance(count, int | np.integer) and count >= path.m):
        raise Invalid.at("steps", f"{NAME} needs {path.m} steps or more for {path.m + 1} components, got {count!r}.")
    if not 0.0 < step < np.inf:
        raise Invalid.at("step", f"the step must be positive, got {step:g}.")
    size = step * width(path) ** 2
    found = np.sqrt(size * np.arange(count + 1))
    room = min(path.plane - path.q[0], path.q[-1] - path.plane)
    if found[-1] > room:
        raise Invalid.at(
            "steps",
            f"{NAME}: {count} steps of {step:g} reach {found[-1]:.3g} m from the contact plane, but the profile has "
            f"{room:.3g} m beside it. Take fewer or shorter steps.",
        )
    return size, found


def fluxes_at(path: Path, distances: np.ndarray) -> np.ndarray:
    """J (m, k), m/s, at distances from the plane: means of the two halves, the same for a constant matrix."""
    return 0.5 * (path.flux(path.plane + distances) + path.flux(path.plane - distances))


def transfer(path: Path, distances: np.ndarray) -> np.ndarray:
    """[T] (m, m), by least squares."""
    J = fluxes_at(path, distances)
    return J[:, 1:] @ np.linalg.pinv(J[:, :-1])


def condition_of(path: Path, distances: np.ndarray) -> float:
    return float(np.linalg.cond(fluxes_at(path, distances)[:, :-1]))


def check(profile: Profile, method: str) -> None:
    """Raise Invalid where a couple cannot be analysed with the stations that are taken by default."""
    path = path_of(profile, method)
    size, distances = stations_of(path, STEP, None)
    doubt(path, method, condition_of(path, distances))
    matrix_of(transfer(path, distances), size, path.time, method)


def transfer_matrix(
    profile: Profile,
    *,
    window: tuple[float, float],
    step: float = STEP,
    steps: int | None = None,
    limit: float = LIMIT,
    smoother: str = "probit",
) -> Estimate:
    """A constant matrix D (m, m) from fluxes at equal steps of (x - x_0)^2 on both sides of one couple's contact plane.

        J_(k+1) = [T] J_k,   [T] = B A^+,   A = [J_0 .. J_(K-1)],   B = [J_1 .. J_K],   [D]^-1 = -(4t/step) log [T]

    step: of (x - x_0)^2 in units of w^2 = int |J| (x - x_0)^2 dx / int |J| dx, 2 D t for one constant D; steps: K,
    2 m - 1 by default. limit: of the condition number of A, above which a noisy profile is refused and a clean one gets
    a warning. diagnostics: condition, stations (m from the plane) and transfer, [T]. Raises Invalid where one couple is
    too ill-conditioned, and where the logarithm is not real.
    Source: Ram-Mohan & Dayananda (2006), Acta Mater. 54, 2325
    """
    check_limit(limit)
    (path,) = paths_of([profile], NAME, smoother)
    size, distances = stations_of(path, step, steps)
    stretch = float(path.stretch(path.mean[:, None])[0])

    def value(paths: Sequence[Path]) -> np.ndarray:
        return matrix_of(transfer(paths[0], distances), size, path.time, NAME) * stretch

    found = condition_of(path, distances)
    doubts = doubt(path, NAME, found, limit)
    D = value([path])
    more, sentences = whether_constant([path], D / stretch)
    more["holds"] = more["holds"] and not doubts
    more |= {"condition": found, "stations": distances.tolist(), "transfer": transfer(path, distances).tolist()}
    return matrix_estimate(NAME, [path], path.mean, D, deviation([path], value), more, [*doubts, *sentences])


METHOD = Method(
    name=NAME,
    title="Transfer matrix of the fluxes of one couple",
    equation="J_(k+1) = [T] J_k at equal steps of (x - x0)^2,   [D]^-1 = -(4t/step) log [T]",
    recovers="interdiffusivity_matrix",
    unit="m^2/s",
    needs=("one couple whose step is not near an eigenvector of the matrix", "time"),
    assumes=("constant matrix", "a couple that began as a step", "ends unaffected"),
    source="Ram-Mohan & Dayananda (2006), Acta Mater. 54, 2325",
    check=check,
    analyse=transfer_matrix,
    tolerance=2e-2,
)

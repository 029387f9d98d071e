"""A constant matrix fitted to all points of one or several couples, with the covariance of its entries."""

from collections.abc import Sequence

import numpy as np

from inverse.curves.noise import noise_of
from inverse.estimate import Estimate, Method, Undetermined
from inverse.methods.square_root import root_of
from inverse.multicomponent.constant import whether_constant
from inverse.multicomponent.couples import check_together, common, paths_of
from inverse.multicomponent.exact_fits import Couple, ExactFit, best
from inverse.multicomponent.matrices import LIMIT, condition, matrix_estimate
from inverse.multicomponent.path import Path, path_of
from inverse.multicomponent.separated import diagonals, separated
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "exact-fit"
LEAST_NOISE = 1e-5  # of the largest step: components that show less still weigh no more
UNSURE = 0.1  # of the largest entry, standard deviation of an entry that is worth a word
HOPELESS = 1e4  # condition number above which not even simulated profiles determine the matrix
INDEPENDENT = 100.0  # condition number of the steps up to which the square root of the matrix is one to start from


def couple_of(path: Path) -> Couple:
    """What the fit compares with its model: the data themselves, with the time on the axis q at V_m of the mean
    composition, and sigma from the profile or the noise of each row, the same for all rows of clean data."""
    step = float(np.abs(path.step).max())
    profile, start = path.profile, path.profile.start or {}
    if profile.sigma is not None:
        sigma = np.stack([profile.sigma[profile.index(name)] for name in path.independent])
    else:
        rows = [step if path.clean else max(noise_of(path.q, y), LEAST_NOISE * step) for y in path.data]
        sigma = np.repeat(np.array(rows)[:, None], path.q.size, axis=1)
    at = start.get("at") if path.volume is None else None
    return Couple(
        q=path.q,
        y=path.data,
        sigma=sigma,
        time=path.time / float(path.stretch(path.mean[:, None])[0]),
        ends=path.ends,
        plane=path.plane if at is None else float(at),
        ends_known=path.ends_given,
        plane_known=at is not None,
    )


def starts_of(paths: Sequence[Path], couples: Sequence[Couple]) -> list[np.ndarray]:
    """First matrices (m, m): the square of the root from m couples or more, where their steps are independent; those of
    single couples by variable projection, and diagonal ones."""
    m = paths[0].m
    if len(paths) >= m and condition(np.array([path.step for path in paths]).T) < INDEPENDENT:
        root = root_of(paths)
        first = root @ root * float(np.mean([path.stretch(path.mean[:, None])[0] for path in paths]))
        if np.linalg.eigvals(first).real.min() > 0.0:
            return [first]
    return [D for couple in couples[:m] for D in separated(couple)] + diagonals(couples[0])


def exact_fit(*profiles: Profile, window: tuple[float, float], smoother: str = "probit") -> Estimate:
    """The matrix (m, m) that fits all points of 1 to 20 couples best, with its standard deviations.

        X(q) = (X^- + X^+)/2 + 1/2 erf[(q - q_0)(4 D t)^(-1/2)] (X^+ - X^-)

    Constant matrix; m^2 entries for all couples together, and for each its contact plane and end values, where they are
    not given. Times and mean compositions may differ. Weights from the uncertainties in the profile, or from the noise
    of each component, which the standard deviations are then scaled by. One couple starts from variable projection on
    the eigenvalues, several from the square root of the matrix. What Fujita and Gosting do for three components and Kim
    for four are the special cases m = 2 and m = 3.

    diagnostics: condition and singular_values of the derivatives by the entries, without what planes and ends take up;
    chi_square, degrees_of_freedom, residual (a mole fraction), eigenvalues with eigenvalues_sd, misfit and holds.
    Where there are fewer than m couples, or their steps are dependent, it raises Undetermined for noisy data if the
    condition number is above LIMIT, and for clean data above HOPELESS; between them it warns, and says that the fit
    does not hold.
    Source: Fujita & Gosting (1956), J. Am. Chem. Soc. 78, 1099; Kim (1966), J. Phys. Chem. 70, 562.
    """
    check_together(profiles, NAME)
    paths = paths_of(profiles, NAME, smoother)
    couples = tuple(couple_of(path) for path in paths)
    found = best(couples, starts_of(paths, couples))
    if found is None:
        raise Invalid.at("profiles", f"{NAME} finds no matrix with positive eigenvalues for these couples.")
    sentences = judged(found, paths)
    more, doubt = whether_constant(paths, found.D)
    more["holds"] = more["holds"] and not sentences
    if not found.converged:
        sentences.append("The fit did not converge: its matrix may be improved upon.")
    noisy = any(not path.clean for path in paths)
    known = all(path.profile.sigma is not None for path in paths)
    covariance = found.covariance(known) if noisy else None
    sd = None if covariance is None else np.sqrt(np.diag(covariance)).reshape(found.D.shape)
    if sd is not None and sd.max() > UNSURE * np.abs(found.D).max():
        share = 100.0 * sd.max() / np.abs(found.D).max()
        sentences.append(f"An entry is uncertain by {share:.2g} % of the largest one, one standard deviation.")
    more |= {
        "condition": found.condition,
        "singular_values": found.singular_values.tolist(),
        "chi_square": found.chi_square if noisy else None,
        "degrees_of_freedom": found.degrees_of_freedom,
        "residual": found.misses,
        "planes": [
            float(path.lab(np.array([couple.plane]))[0]) for path, couple in zip(paths, found.placed, strict=True)
        ],
        "ends": [couple.ends.tolist() for couple in found.placed],
        "covariance": None if covariance is None else covariance.tolist(),
        "eigenvalues_sd": None if covariance is None else deviations_of_eigenvalues(found.D, covariance),
    }
    return matrix_estimate(NAME, paths, common(paths, "mean"), found.D, sd, more, [*doubt, *sentences])


def judged(found: ExactFit, paths: Sequence[Path]) -> list[str]:
    """Sentences about the fit of too few couples, or of couples of dependent steps, whose condition number is above
    LIMIT. Raises Undetermined if they are noisy, or nothing but noise could tell more."""
    m = paths[0].m
    several = len(paths) >= m and condition(np.array([path.step for path in paths]).T) <= LIMIT
    if found.condition <= LIMIT or several:
        return []
    count = "one couple" if len(paths) == 1 else f"these {len(paths)} couples"
    said = f"The condition number of the entries from {count} is {found.condition:.3g}, above {LIMIT:g}"
    cure = f"Use {m} couples of independent steps; `matano design` finds some."
    if any(not path.clean for path in paths):
        raise Undetermined.at("profiles", f"{NAME} cannot read {m * m} entries off noisy data here. {said}. {cure}")
    if found.condition > HOPELESS:
        hidden = "a step along an eigenvector, or equal eigenvalues, hide the others"
        raise Undetermined.at("profiles", f"{NAME} finds no one matrix. {said}: {hidden}. {cure}")
    return [f"{said}: errors of the profile are that much larger in the matrix, and noise would hide it. {cure}"]


def deviations_of_eigenvalues(D: np.ndarray, covariance: np.ndarray) -> list[float]:
    """m^2/s, in ascending order of the eigenvalues: d(d_k) = (V^-1 dD V)_kk."""
    eigenvalues, vectors = np.linalg.eig(D)
    inverse = np.linalg.inv(vectors)
    slopes = [np.outer(inverse[k], vectors[:, k]).ravel().real for k in np.argsort(eigenvalues.real)]
    return [float(np.sqrt(max(slope @ covariance @ slope, 0.0))) for slope in slopes]


METHOD = Method(
    name=NAME,
    title="Fit of a constant matrix",
    equation="X = (X^- + X^+)/2 + 1/2 erf[(q - q_0)(4 D t)^(-1/2)] (X^+ - X^-)",
    recovers="interdiffusivity_matrix",
    unit="m^2/s",
    needs=("1 to 20 couples", "time"),
    assumes=("constant matrix", "couples that began as steps", "ends unaffected"),
    source="Fujita & Gosting (1956), J. Am. Chem. Soc. 78, 1099; Kim (1966), J. Phys. Chem. 70, 562",
    check=path_of,
    analyse=exact_fit,
    tolerance=1e-3,
    profiles=(1, 20),
    together=check_together,
)

"""Four components or more of which only three vary: their 2 x 2 matrix where the paths of two couples cross."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from inverse.estimate import Estimate, Method
from inverse.multicomponent.couples import check_together, paths_of
from inverse.multicomponent.crossing import Crossing, again, crossings_of, sentences_of
from inverse.multicomponent.crossing_couples import check_histories, crossing_diagnostics, solved, uncertain
from inverse.multicomponent.matrices import deviation, matrix_estimate
from inverse.multicomponent.path import Path, path_of
from inverse.multicomponent.varying import completed, names_of
from simulator.faults import Invalid, near
from simulator.laws.mixture import Mixture
from simulator.solve.profile import Profile

NAME = "pseudo-ternary"
VARYING = 3
SMALL = 3e-3  # of the largest step: an excursion that leaves the errors of the matrix below 0.2 % of its largest entry
MOST = 0.3  # of the smallest of the three ranges: a component that moves by more takes part
SURE = 3.0  # standard deviations of the noise, of the range of a smooth curve


@dataclass(frozen=True, eq=False)
class Reduced:
    """A couple of all its components, with the path of the three that vary: two, and the third as 1 minus these."""

    whole: Path
    path: Path

    def excursions(self) -> np.ndarray:
        """Ranges of the components that should stay constant, as far as noise does not explain them."""
        fixed = [k for k, name in enumerate(self.whole.independent) if name not in self.path.independent]
        ranges = np.ptp(self.whole.X(self.whole.q), axis=1)[fixed]
        return np.where(ranges > SURE * self.whole.noise[fixed], ranges, 0.0)


def varying(profiles: Sequence[Profile], method: str, components=None, dependent: str = "") -> tuple[str, str, str]:
    """The two components of the matrix, and the dependent third.

    Those with the three largest ranges, the profile's dependent one or else the last of them dependent, unless named:
    two or three components, and which is dependent. Raises Invalid for names that are none, and where the others vary
    too much to be called constant.
    """
    first = profiles[0]
    everything, chosen = first.components, names_of(components)
    if len(everything) <= VARYING:
        raise Invalid.at(
            "profiles", f"{method} needs four components or more; for {', '.join(everything)} use kirkaldy."
        )
    for name in (*chosen, *([dependent] if dependent else [])):
        if name not in everything:
            raise Invalid.at("components", f"{name!r} is not one of {', '.join(everything)}.{near(name, everything)}")
    ranges = {name: max(float(np.ptp(denoised(profile.fraction(name)))) for profile in profiles) for name in everything}
    wanted = tuple(dict.fromkeys((*chosen, *([dependent] if dependent else []))))
    if len(wanted) > VARYING or len(set(chosen)) < len(chosen):
        raise Invalid.at("components", f"{method} takes two or three different components, got {', '.join(wanted)}.")
    largest = sorted((name for name in everything if name not in wanted), key=lambda name: -ranges[name])
    three = sorted((*wanted, *largest[: VARYING - len(wanted)]), key=everything.index)
    if not dependent:
        usual = first.dependent if first.dependent in three else three[-1]
        dependent = usual if usual not in chosen or len(chosen) == VARYING else next(iter(set(three) - set(chosen)))
    smallest = min(ranges[name] for name in three)
    for name in everything:
        if name not in three and ranges[name] > MOST * smallest:
            raise Invalid.at(
                "profiles",
                f"{method} needs couples in which three components vary, but x_{name} varies by {ranges[name]:.3g} "
                f"beside {', '.join(three)}, of which one does by {smallest:.3g}. Use kirkaldy with "
                f"{len(everything) - 1} couples.",
            )
    return (*(name for name in three if name != dependent), dependent)


def denoised(y: np.ndarray) -> np.ndarray:
    """Medians of five neighbours: a range that single points do not make."""
    return np.median(np.lib.stride_tricks.sliding_window_view(y, 5), axis=1) if y.size >= 8 else y


def reduced(path: Path, first: str, second: str, dependent: str) -> Reduced:
    """The path of two components among all, the third dependent; on the same axis q."""
    rows = [path.independent.index(name) for name in (first, second)]
    small = replace(
        path,
        mixture=Mixture((first, second, dependent), dependent),
        data=path.data[rows],
        rows=tuple(path.rows[k] for k in rows),
        noise=path.noise[rows],
        fits=tuple(tuple(drawn[k] for k in rows) for drawn in path.fits),
    )
    return Reduced(path, small)


def couples_of(
    profiles: Sequence[Profile], method: str, smoother: str = "probit", components=None, dependent: str = ""
) -> tuple[tuple[Reduced, ...], tuple[Crossing, ...]]:
    """The couples, and the crossings of the paths of their varying components, the best first."""
    check_together(profiles, method)
    check_histories(profiles, method)
    if len(profiles) < VARYING - 1:
        raise Invalid.at("profiles", f"{method} needs {VARYING - 1} couples, got {len(profiles)}.")
    whole = [completed(profile, method) for profile in profiles]
    first, second, third = varying(whole, method, components, dependent)
    paths = paths_of([replace(profile, dependent=third) for profile in whole], method, smoother)
    couples = tuple(reduced(path, first, second, third) for path in paths)
    return couples, crossings_of([couple.path for couple in couples], method)


def together(profiles: Sequence[Profile], method: str) -> None:
    """Raise Invalid unless the couples are of one temperature and the same components, of which three vary, and the
    paths of these cross."""
    couples_of(profiles, method)


def whether_constant(couples: Sequence[Reduced], best: Crossing) -> tuple[dict, list[str]]:
    """Diagnostics and sentences on the components that should stay constant, and `holds`."""
    whole, path = couples[0].whole, couples[0].path
    fixed = [name for name in whole.independent if name not in path.independent]
    moved = np.max([couple.excursions() for couple in couples], axis=0)
    step = max(float(np.abs(couple.path.step).max()) for couple in couples)
    found = np.array([couple.whole.X(q[None])[:, 0] for couple, q in zip(couples, best.q, strict=True)])
    apart = np.ptp(found, axis=0)[[whole.independent.index(name) for name in fixed]]
    sentences = []
    for name, excursion, difference in zip(fixed, moved, apart, strict=True):
        if excursion > SMALL * step:
            sentences.append(
                f"x_{name} is not constant: it moves by {excursion:.2g}, {100 * excursion / step:.2g} % of the largest "
                "step, and its gradient is left out. Cross coefficients may be off by 10 % and more."
            )
        if difference > max(2.0 * excursion, SMALL * step + SURE * max(couple.whole.noise.max() for couple in couples)):
            sentences.append(f"x_{name} differs by {difference:.2g} between the couples where they cross.")
    diagnostics = {
        "varying": [*path.independent, path.mixture.dependent],
        "constant": fixed,
        "excursions": moved.tolist(),
        "independent": list(whole.independent),
        "holds": not sentences,
    }
    return diagnostics, sentences


def pseudo_ternary(
    *profiles: Profile,
    window: tuple[float, float],
    smoother: str = "probit",
    components: Sequence[str] | str | None = None,
    dependent: str = "",
) -> Estimate:
    """Matrix (2, 2) of two components of an alloy of four or more, of which only three vary, a third one dependent.

        [D] = -[J^(1) J^(2)] [g^(1) g^(2)]^-1,   g = dX/dx,   at the crossing of two paths

    It is the block of the whole matrix for the same dependent component as far as the others stay constant: their
    gradients are left out. diagnostics["excursions"] says how far they move, and `holds` whether that matters.
    components: two or three that vary, by default those with the three largest ranges; dependent: which of them is.
    D in m^2/s. Raises Invalid where more than three components vary, and where the paths do not cross.
    Source: Esakkiraja, Pandey, Dash & Paul (2019), Philos. Mag. 99, 2236.
    """
    couples, found = couples_of(profiles, NAME, smoother, components, dependent)
    best, paths = found[0], [couple.path for couple in couples]
    there = [couple.whole.X(q[None]) for couple, q in zip(couples, best.q, strict=True)]
    stretch = np.array([couple.whole.stretch(X)[0] for couple, X in zip(couples, there, strict=True)])
    composition = np.mean(there, axis=0)[:, 0]

    def matrix_at(crossing: Crossing) -> np.ndarray:
        return solved(-crossing.fluxes * stretch, crossing.gradients)

    sd = deviation(paths, lambda drawn: matrix_at(again(drawn, best)))
    D, (more, sentences) = matrix_at(best), whether_constant(couples, best)
    more = {**crossing_diagnostics(paths, found), **more}
    sentences = [*sentences_of(best, paths), *sentences, *uncertain(D, sd)]
    return matrix_estimate(NAME, paths, composition, D, sd, more, sentences)


METHOD = Method(
    name=NAME,
    title="Pseudo-ternary couples",
    equation="[D] = -[J^(1) J^(2)] [g^(1) g^(2)]^-1 of two of three varying components, the others constant",
    recovers="interdiffusivity_matrix",
    unit="m^2/s",
    needs=("two couples whose paths cross, of four components or more of which three vary", "time"),
    assumes=("components beyond the three stay constant", "couples that began as steps", "ends unaffected"),
    source="Esakkiraja, Pandey, Dash & Paul (2019), Philos. Mag. 99, 2236",
    check=path_of,
    analyse=pseudo_ternary,
    profiles=(2, 20),
    together=together,
)

"""Several couples of the same alloy: what they must have in common before one matrix can be read off them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from inverse.multicomponent.path import Path, mixture_of, path_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

SAME = 0.5  # K, by which the temperatures of couples may differ and still be one


def check_together(profiles: Sequence[Profile], method: str) -> None:
    """Raise Invalid unless the profiles are of the same components and of one temperature."""
    first = mixture_of(profiles[0], method)
    for number, profile in enumerate(profiles[1:], 2):
        mixture = mixture_of(profile, method)
        if set(mixture.components) != set(first.components) or mixture.dependent != first.dependent:
            raise Invalid.at(
                "profiles",
                f"{method} needs couples of the same components; the first has {described(first)}, number {number} has "
                f"{described(mixture)}.",
            )
    known = [profile.temperature for profile in profiles if profile.temperature is not None]
    if known and max(known) - min(known) > SAME:
        raise Invalid.at(
            "profiles",
            f"{method} reads one matrix off all couples, but they are of {min(known):g} K to {max(known):g} K; "
            "parametric-fit takes several temperatures.",
        )


def described(mixture) -> str:
    return f"{', '.join(mixture.components)} ({mixture.dependent} dependent)"


def enough(profiles: Sequence[Profile], method: str) -> None:
    """Raise Invalid unless there are as many couples as independent components."""
    m = mixture_of(profiles[0], method).m
    if len(profiles) < m:
        raise Invalid.at(
            "profiles",
            f"{method} needs {m} couples for {m + 1} components, got {len(profiles)}.",
        )


def paths_of(profiles: Sequence[Profile], method: str, smoother: str = "probit") -> tuple[Path, ...]:
    """The paths of couples of the same components, in the first one's order of components. Raises Invalid as `path_of`
    does, with the number of the couple where there are several."""
    check_together(profiles, method)
    order, paths = profiles[0].components, []
    for number, profile in enumerate(profiles):
        try:
            path = path_of(profile.ordered(order), method, smoother, number)
            paths.append(replace(path, warnings=(*path.warnings, *repeated(path, paths, number))))
        except Invalid as error:
            where = f" of couple {number + 1}" if len(profiles) > 1 else ""
            raise Invalid(*(replace(fault, where=fault.where + where) for fault in error.faults)) from None
    return tuple(paths)


def repeated(path: Path, before: Sequence[Path], number: int) -> list[str]:
    """A sentence where the noisy data of couple `number` (from 0) are those of one before it."""
    if path.clean:
        return []
    for first, other in enumerate(before, 1):
        if np.array_equal(path.x, other.x) and np.array_equal(path.data, other.data):
            return [
                f"Couple {number + 1} has the same data as couple {first}: they count twice, as if measured twice, and "
                "the standard deviations are too small. Leave one out."
            ]
    return []


def drawn_together(paths: Sequence[Path]) -> Iterator[tuple[Path, ...]]:
    """Draws of all couples at once; none if all are clean."""
    noisy = [path for path in paths if not path.clean]
    if not noisy:
        return
    count = max(len(path.fits) for path in noisy)
    columns = [list(path.draws()) or [path] for path in paths]
    for k in range(count):
        yield tuple(column[k % len(column)] for column in columns)


def common(paths: Sequence[Path], name: str) -> np.ndarray:
    """The mean over the paths of one of their values, such as `mean`."""
    return np.mean([getattr(path, name) for path in paths], axis=0)

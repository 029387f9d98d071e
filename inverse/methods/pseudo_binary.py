"""Three components or more of which only two vary: one diffusivity from the profile of each of the two."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from inverse.couple import Couple, couple_of
from inverse.ends import check_couple, end_values
from inverse.estimate import UNITS, Estimate, Method
from inverse.interdiffusivity import deviation, diagnostics, places
from inverse.methods.sauer_freise import diffusivity
from inverse.multicomponent.path import Path, mixture_of, path_of
from inverse.multicomponent.varying import completed, names_of
from simulator.faults import Invalid, near
from simulator.solve.profile import Profile

NAME = "pseudo-binary"
RECOVERS = "pseudo_binary_diffusivity"
OTHERS = 0.05  # of the step, by which the ends of a component that is to be constant may differ
SMALL = 3e-3  # of the step: an excursion up to which the diffusivities are off by no more than that
SURE = 3.0  # standard deviations of the smooth curve, above which an excursion is none of the noise
AGREED = 0.02  # relative, by which the two diffusivities may differ without a word


def pair_of(profile: Profile, method: str, components: Sequence[str] | str | None = None) -> tuple[str, str]:
    """The two components that vary: those of the largest steps, which are opposite, unless they are named.

    profile: with a column for every component. Raises Invalid where they are no such two, or others have a step too.
    """
    names, chosen = profile.components, names_of(components)
    for name in chosen:
        if name not in names:
            raise Invalid.at("components", f"{name!r} is not one of {', '.join(names)}.{near(name, names)}")
    if chosen and len(set(chosen)) != 2:
        raise Invalid.at("components", f"{method} takes two different components, got {', '.join(chosen)}.")
    ends = [end_values(profile.only(name)) for name in names]
    steps = {name: right - left for name, (left, right) in zip(names, ends, strict=True)}
    largest = sorted(names, key=lambda name: -abs(steps[name]))[:2]
    pair = chosen or tuple(sorted(largest, key=names.index))
    shown = ", ".join(f"x_{name} by {steps[name]:+.3g}" for name in pair)
    if steps[pair[0]] * steps[pair[1]] >= 0.0:
        raise Invalid.at(
            "profile", f"{method} needs a couple that exchanges two components, but its ends differ in {shown}."
        )
    step = min(abs(steps[name]) for name in pair)
    for name in names:
        if name not in pair and abs(steps[name]) > OTHERS * step:
            raise Invalid.at(
                "profile",
                f"{method} needs a couple in which only two components vary, but its ends differ in {shown}, and in "
                f"x_{name} by {steps[name]:+.3g}. Use kirkaldy with {len(names) - 1} couples.",
            )
    return pair


def reading(
    profile: Profile, method: str, smoother: str = "probit", components: Sequence[str] | str | None = None
) -> tuple[Path, tuple[Couple, Couple]]:
    """The path of all components, one of the constant ones dependent, and the couples of the two on its axis q.

    Raises Invalid as `path_of`, `couple_of` and `pair_of` do.
    """
    check_couple(profile, method)
    mixture_of(profile, method)
    whole = completed(profile, method)
    pair = pair_of(whole, method, components)
    constant = [name for name in whole.components if name not in pair]
    path = path_of(
        replace(whole, dependent=whole.dependent if whole.dependent in constant else constant[-1]), method, smoother
    )
    alone = replace(whole, x=path.q, molar_volume=None)
    first, second = (couple_of(alone.only(name), method, smoother) for name in pair)
    return path, (first, second)


def check(profile: Profile, method: str) -> None:
    """Raise Invalid unless the profile is one of a planar couple of three components or more that exchanges two."""
    reading(profile, method)


def excursions(path: Path, pair: Sequence[str]) -> dict[str, tuple[float, float]]:
    """For each component that is to be constant the largest deviation from the line between its ends over the first
    one's own, a mole fraction, and the standard deviation of that."""
    names = [*path.independent, path.mixture.dependent]
    lead = path.independent.index(pair[0])

    def away(path: Path) -> np.ndarray:
        X, ends = path.X(path.q), path.ends
        X, ends = np.vstack([X, 1.0 - X.sum(axis=0)]), np.vstack([ends, 1.0 - ends.sum(axis=0)])
        Y = (X[lead] - ends[lead, 0]) / (ends[lead, 1] - ends[lead, 0])
        return X - ends[:, :1] - (ends[:, 1:] - ends[:, :1]) * Y

    found = away(path)
    drawn = [away(one) for one in path.draws()]
    spread = np.std(drawn, axis=0) if drawn else np.zeros_like(found)
    at = np.abs(found).argmax(axis=1)
    return {
        name: (float(abs(found[k, at[k]])), float(spread[k, at[k]])) for k, name in enumerate(names) if name not in pair
    }


def pseudo_binary(
    profile: Profile,
    window: tuple[float, float] = (0.02, 0.98),
    smoother: str = "probit",
    components: Sequence[str] | str | None = None,
) -> Estimate:
    """Pseudo-binary diffusivities (2, k), m^2/s, of the two components of a couple that vary, the others constant.

        D^(i) = 1/(2 t Y_i') [ (1 - Y_i) int_-inf^x Y_i dx + Y_i int_x^inf (1 - Y_i) dx ]

    Y_i = (X_i - X_i^-)/(X_i^+ - X_i^-), i each of the two in a row of its own. As far as the others stay constant,
    D^(1) = D_11 - D_12 and D^(2) = D_22 - D_21 of the matrix with one of the others dependent. The two agree only where
    J_1 + J_2 = 0, and are M_2 D_1 + M_1 D_2, M_i = X_i/(X_1 + X_2), only if no other component flows. Normalising the
    profiles to M_i changes fluxes, not diffusivities. Where the molar volume varies the integrals are over moles.

    Others that flow while they have no gradient of their own (uphill) bend the path: diagnostics["excursions"] says how
    far, and `holds` whether that matters; the errors are then tens of per cent, and shrink less than the excursions do
    in a couple of smaller steps. disagreement: the largest relative difference of the two. components: the two that
    vary, by default those of the largest steps. Compositions are of the first one; diagnostics["fractions"] (k, m) of
    the independent ones. Raises Invalid where the ends differ in further components, and as `sauer-freise`.
    Source: Paul (2013), Philos. Mag. 93, 2297.
    """
    path, (first, second) = reading(profile, NAME, smoother, components)
    pair = first.component, second.component
    x, Y, _ = places(first.curve, first.x, window)
    other = second.Y(x)
    kept = (other >= window[0]) & (other <= window[1])
    x, Y = x[kept], Y[kept]
    if not x.size:
        raise Invalid.at("profile", f"{NAME} finds no place where both {' and '.join(pair)} are within the window.")
    stretch = path.stretch(path.X(x))
    with np.errstate(all="ignore"):
        value = np.stack([diffusivity(couple, x) for couple in (first, second)]) * stretch
    spreads = [deviation(couple, couple.N(x), x, diffusivity) for couple in (first, second)]
    sd = None if any(spread is None for spread in spreads) else np.stack(spreads) * stretch
    good = (np.isfinite(value) & (value > 0.0)).all(axis=0)
    composition = first.fraction(Y)
    order = np.flatnonzero(good)[np.argsort(composition[good], kind="stable")]
    if not order.size:
        raise Invalid.at("profile", f"{NAME} finds no diffusivity that is positive in this profile.")
    more, sentences = judged(path, (first, second), x[order], value[:, order])
    warnings = [*path.warnings, *first.warnings, *second.warnings, *sentences]
    if not good.all():
        warnings.append("Compositions at which a diffusivity would not be positive are left out.")
    return Estimate(
        method=NAME,
        recovers=RECOVERS,
        unit=UNITS[RECOVERS],
        component=pair[0],
        composition=composition[order],
        value=value[:, order],
        sd=None if sd is None else sd[:, order],
        window=(float(composition[order].min()), float(composition[order].max())),
        source=path.source,
        rows=pair,
        dependent=path.mixture.dependent,
        diagnostics={**diagnostics(first), **more, "warnings": list(dict.fromkeys(warnings))},
    )


def judged(path: Path, couples: Sequence[Couple], x: np.ndarray, value: np.ndarray) -> tuple[dict, list[str]]:
    """Diagnostics and sentences on whether only two components vary, and on how far their diffusivities agree."""
    pair, step = [couple.component for couple in couples], abs(couples[0].step)
    found, slopes, X = excursions(path, pair), named_slopes(path, x), path.X(x)
    moved = [name for name, (size, spread) in found.items() if size > SMALL * step and size > SURE * spread]
    shares = {
        name: [float(np.sqrt(np.mean(slopes[name] ** 2) / np.mean(slopes[one] ** 2))) for one in pair] for name in found
    }
    sentences = [
        f"x_{name} is not constant: it moves by {found[name][0]:.2g}, {100 * found[name][0] / step:.2g} % of the step. "
        f"Its gradient is {100 * shares[name][0]:.2g} % of that of {pair[0]} and {100 * shares[name][1]:.2g} % of that "
        f"of {pair[1]}, and is left out: the diffusivities may be off by about as much. Use kirkaldy with {path.m} "
        "couples, or parametric-fit."
        for name in moved
    ]
    disagreement = float(np.abs(value[0] / value[1] - 1.0).max())
    if disagreement > AGREED:
        sentences.append(
            f"The diffusivities from {pair[0]} and {pair[1]} differ by up to {100 * disagreement:.2g} %: the two "
            "fluxes do not cancel, and each diffusivity is that of its own component only."
        )
    one, two = (X[path.independent.index(name)] for name in pair)
    return {
        "independent": list(path.independent),
        "fractions": X.T.tolist(),
        "normalised": (one / (one + two)).tolist(),
        "excursions": {name: size for name, (size, _) in found.items()},
        "gradients_left_out": shares,
        "disagreement": disagreement,
        "holds": not moved,
    }, sentences


def named_slopes(path: Path, q: np.ndarray) -> dict[str, np.ndarray]:
    """dX/dq (k,), 1/m, of every component."""
    slopes = path.slope(q)
    return dict(zip((*path.independent, path.mixture.dependent), [*slopes, -slopes.sum(axis=0)], strict=True))


METHOD = Method(
    name=NAME,
    title="Pseudo-binary couple",
    equation="D^(i) = [(1 - Y_i) int_-inf^x Y_i dx + Y_i int_x^inf (1 - Y_i) dx]/(2 t Y_i') of each of two components",
    recovers=RECOVERS,
    unit=UNITS[RECOVERS],
    needs=("one couple of three components or more that exchanges two of them", "time"),
    assumes=("the other components stay constant", "step start", "unaffected ends", "planar"),
    source="Paul (2013), Philos. Mag. 93, 2297",
    check=check,
    analyse=pseudo_binary,
)

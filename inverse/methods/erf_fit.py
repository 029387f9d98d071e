"""One error function through a couple: a diffusivity that does not change with the composition."""

from dataclasses import replace

import numpy as np

from inverse.constant import constant_estimate, fitted, is_clean, judged
from inverse.curves.noise import noise_of
from inverse.curves.smoothing import ROOT_PI, normal
from inverse.ends import Ends, check, ends_of
from inverse.estimate import Estimate, Method
from inverse.volume import volume_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "erf-fit"
EQUATION = "X = X- + (X+ - X-)/2 [1 + erf((x - x0)/(2 sqrt(D t)))]"


def check_step(profile: Profile, method: str) -> Ends:
    """End values of a couple that began as a step. Raises Invalid where an error function cannot be its profile: for
    another start, moving ends, and a molar volume that is neither constant nor linear in the composition."""
    if (profile.start or {}).get("shape") == "film":
        raise Invalid.at(
            "profile",
            f"{method} needs a couple that began as a step; this one was a film. Use thin-film, thick-film or "
            "forward-fit.",
        )
    ends = check(profile, method)
    if ends.interfaces:
        raise Invalid.at(
            "profile", f"{method} needs one phase, but x_{profile.component} jumps between phases. Use sauer-freise."
        )
    if not volume_of(profile).linear:
        raise Invalid.at(
            "profile",
            f"{method} needs a molar volume that is constant or linear in the composition: with another one a constant "
            "D makes no error function. Use wagner.",
        )
    return ends


def concentration(profile: Profile) -> tuple[np.ndarray, np.ndarray | None, Ends, list[str]]:
    """What a constant D turns into an error function: C = X/V_m in units of 1/V_m at X = 0, (N,), its sigma, its end
    values, and warnings. The mole fraction itself where V_m is constant."""
    ends, row = ends_of(profile, NAME), profile.index(profile.component)
    X = profile.fractions[row]
    sigma = None if profile.sigma is None else profile.sigma[row]
    volume = volume_of(profile)
    if not volume.varies:
        return X, sigma, ends, [*profile.warnings, *ends.warnings]
    unit = float(volume(np.zeros(1))[0])
    if sigma is not None:
        sigma = sigma * unit * volume.partial(X)[0] / volume(X) ** 2
    left, right = (float(unit * end / volume(np.array([end]))[0]) for end in (ends.left, ends.right))
    return unit * X / volume(X), sigma, replace(ends, left=left, right=right), [*profile.warnings, *ends.warnings]


def erf_fit(profile: Profile, window: tuple[float, float] = (0.02, 0.98)) -> Estimate:
    """Interdiffusivity D of a binary couple, m^2/s, one number for all compositions, by least squares.

        X = X- + (X+ - X-)/2 [1 + erf((x - x0)/w)],   D = w^2/(4 t),   sd(D)/D = 2 sd(w)/w

    Fitted are w, x0 and, where they are not given, the end values. With a molar volume linear in X the concentration
    takes the place of X. Warns where the profile is not an error function: D then changes with the composition.
    Raises Invalid where the start was no step, an end is not flat and the end values are not given, or the molar volume
    is not linear. Source: Crank (1975), The Mathematics of Diffusion, 2nd ed., chapter 2.
    """
    check_step(profile, NAME)
    y, sigma, ends, warnings = concentration(profile)
    x, step = profile.x, ends.right - ends.left
    Y = (y - ends.left) / step
    # moments of dY: the centre of gravity and, for an error function, a variance of w^2/2
    middle = 0.5 * (x[1:] + x[:-1])
    share = np.diff(np.clip(Y, 0.0, 1.0))
    centre = float(share @ middle / share.sum())
    width = np.sqrt(2.0 * max(float(share @ (middle - centre) ** 2), 0.1 * float(np.diff(x).max()) ** 2))

    def model(v):
        low, high = (ends.left, ends.right) if ends.given else v[2:]
        u = (x - centre) * np.exp(-v[1]) / width - v[0]
        rate = (high - low) * np.exp(-(u**2)) / ROOT_PI
        columns = [-rate, -rate * (u + v[0])]
        if not ends.given:
            columns += [normal(-u), normal(u)]
        return low + (high - low) * normal(u), np.column_stack(columns)

    start = [0.0, 0.0] if ends.given else [0.0, 0.0, ends.left, ends.right]
    fit = fitted(model, start, y, sigma, is_clean(x, Y), NAME)
    low, high = (ends.left, ends.right) if ends.given else fit.parameters[2:]
    w = float(width * np.exp(fit.parameters[1]))
    plane = centre + w * float(fit.parameters[0])
    u = (x - plane) / w
    bent = np.exp(-(u**2))[:, None] * np.stack([u**2, u**3], axis=1)
    verdict = judged(fit, bent, abs(high - low))
    warnings += fit.warnings
    if not verdict.holds:
        warnings.append(
            f"The profile leaves the error function by {100 * verdict.misfit:.2g} % of the step: D changes with the "
            "composition, or the start was no step. Use sauer-freise or forward-fit."
        )
    D = w**2 / (4.0 * profile.time)
    sd = fit.sd(1)
    edges = ends_of(profile, NAME)
    return constant_estimate(
        NAME,
        profile,
        "interdiffusivity",
        D,
        None if sd is None else 2.0 * sd * D,
        (edges.left, edges.right),
        window,
        {
            "matano_plane": plane,
            "width": w,
            "ends": [float(edges.left), float(edges.right)],
            "ends_given": ends.given,
            "noise": noise_of(x, profile.fraction(profile.component)),
            "residual_rms": float(np.sqrt(np.mean((fit.residual * fit.sigma) ** 2))),
            "chi_square": fit.chi_square if fit.known else None,
            "misfit": verdict.misfit,
            "holds": verdict.holds,
            "extent": [float(x[0]), float(x[-1])],
            "warnings": warnings,
        },
    )


METHOD = Method(
    name=NAME,
    title="Error-function fit",
    equation=EQUATION,
    recovers="interdiffusivity",
    unit="m^2/s",
    needs=("one profile", "time", "flat ends or known end values"),
    assumes=("binary", "step start", "unaffected ends", "constant diffusivity", "molar volume linear in X", "planar"),
    source="Crank (1975), The Mathematics of Diffusion, 2nd ed., chapter 2",
    check=check_step,
    analyse=erf_fit,
)

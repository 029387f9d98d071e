"""Tracer diffusivity and interdiffusivity from one couple with a tagged isotope at its contact plane."""

from dataclasses import replace

import numpy as np

from inverse.couple import Couple, check_volume, couple_of
from inverse.ends import check
from inverse.estimate import Estimate, Method
from inverse.interdiffusivity import diagnostics, places
from inverse.isotopes import Share, share_of
from inverse.volume import bare, volume_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "tracer-couple"
SOURCE = "Belova, Kulkarni, Sohn & Murch (2013), Phil. Mag. 93, 3515"
NEAR = {True: 0.2, False: 0.6}  # of the width of the peak: so near to it, clean and noisy quotients are no use
DEGREE = {True: 4, False: 2}  # of D* over the place, in the regression
OFF = 0.015  # of the width of the peak, by which the layer may lie off the contact plane without a word
SURE = 3.0  # standard deviations, above which a layer off the contact plane is believed
SCARCE = 0.01  # of the largest fraction of the element, below which its flux and its isotope say nothing


def element_of(profile: Profile) -> Profile:
    """The couple of the element: the component with its isotope, as one component, and what is beside it if that is one
    component."""
    name, isotope = profile.component, profile.tracer
    own, tagged = profile.index(name), profile.index(isotope)
    others = [word for word in profile.components if word not in (name, isotope)]
    kept = [profile.index(word) for word in others] if len(others) == 1 else []

    def joined(values):
        return np.array([values[own] + values[tagged], *(values[row] for row in kept)])

    volume = profile.molar_volume
    if volume is not None and volume.get("kind") == "vegard":
        volume = {key: value for key, value in volume.items() if key != isotope}
    if len(others) > 1 and (volume or {}).get("kind", "constant") != "constant":
        raise Invalid.at(
            "profile",
            f"{NAME} takes a molar volume that varies for two elements only; this profile has {len(others) + 1}.",
        )
    fractions = joined(profile.fractions)
    if kept:
        fractions[1] = 1.0 - fractions[0]
    return replace(
        profile,
        components=(name, *(others if kept else ())),
        fractions=fractions,
        sigma=None if profile.sigma is None else np.sqrt(joined(profile.sigma**2)),
        ends=None if profile.ends is None else {side: joined(value) for side, value in profile.ends.items()},
        molar_volume=volume,
        tracer="",
    )


def check_tracer_couple(profile: Profile, method: str) -> None:
    """Raise Invalid unless the profile has an element and its tagged isotope, and the element is a couple that began as
    a step, with a time and unaffected ends."""
    isotope = profile.tracer
    if not isotope or isotope not in profile.components or isotope == profile.component:
        shown = f"{isotope!r} is no other column of it" if isotope else "this profile names none"
        raise Invalid.at("profile", f"{method} needs a component and its tagged isotope, tracer = NAME; {shown}.")
    element = element_of(profile)
    ends = check(element, method)
    if ends.interfaces:
        raise Invalid.at("profile", f"{method} needs one phase, but x_{profile.component} jumps between phases.")
    if bare(element.molar_volume):
        check_volume(element, method)
    volume_of(element)


def numerator(couple: Couple, x: np.ndarray) -> np.ndarray:
    """2 t J/N - (n - n0) of the element along the mole coordinate n, mol/m^2; the slope of ln r makes it 2 t D*/V_m.

    With P = int Y dn up to x and Q = int (1 - Y) dn from x, n - n0 = P - Q and the flux of the element is
    J = -(N+ - N-) [(1 - Y) P + Y Q]/2t: no plane is needed.
    """
    P, Q, Y = couple.P(x), couple.Q(x), couple.Y(x)
    return Q - P - couple.step * ((1.0 - Y) * P + Y * Q) / couple.N(x)


def tracer_diffusivity(
    couple: Couple, share: Share, x: np.ndarray, clean: bool, shifted: bool
) -> tuple[np.ndarray, float, float]:
    """D* (k,) m^2/s at x; where the share is largest, m; and how far right of the contact plane its layer lay, m.

    At the maximum of the share, where D* is 0/0, a regression of the numerator on the slope takes over, with D* a
    polynomial of the place and a constant: a layer that lay a little off the plane, or was a little thick, adds it to
    the numerator. shifted: whether it is taken off everywhere. Raises Invalid if there is no maximum.
    """
    maxima = share.maxima
    if not maxima.size:
        raise Invalid.at(
            "profile", f"{NAME} needs a maximum of the isotope's share of its element within the profile; it has none."
        )
    top = float(maxima[np.argmin(np.abs(numerator(couple, maxima)))])
    reach, degree, t, V = NEAR[clean] * share.width(top), DEGREE[clean], couple.time, couple.V(x)
    near = np.unique(np.clip(top + 1.5 * reach * np.linspace(-1.0, 1.0, 61), share.low, share.high))
    volume, unit = couple.V(near), float(couple.V(np.array([top]))[0])
    A = 2.0 * t * share.slope(near)[:, None] * ((near - top) / reach)[:, None] ** np.arange(degree + 1)
    A = np.column_stack([volume / unit, A])
    size = np.linalg.norm(A, axis=0)
    found = np.linalg.lstsq(A / size, volume * numerator(couple, near), rcond=None)[0] / size
    s = (x - top) / reach
    with np.errstate(all="ignore"):
        above = V * numerator(couple, x) - (found[0] * V / unit if shifted else 0.0)
        quotient = above / (2.0 * t * share.slope(x))
    # the regression alone within half the reach, both in turn up to the whole of it
    weight = np.clip(2.0 * (1.0 - np.abs(s)), 0.0, 1.0)
    smooth = (np.clip(s, -1.5, 1.5)[:, None] ** np.arange(degree + 1)) @ found[1:]
    return np.where(weight == 1.0, smooth, weight * smooth + (1.0 - weight) * quotient), top, -float(found[0])


def interdiffusivity(couple: Couple, x: np.ndarray) -> np.ndarray:
    """Of the element, by Wagner's formula, m^2/s."""
    Y = couple.Y(x)
    bracket = (1.0 - Y) * couple.P(x) + Y * couple.Q(x)
    return couple.V(x) * bracket / (2.0 * couple.time * couple.dY(x))


def tracer_couple(profile: Profile, window: tuple[float, float] = (0.02, 0.98)) -> Estimate:
    """Tracer diffusivity D*(X), m^2/s, of an element in an interdiffusion couple with a thin layer of its isotope at
    the contact plane, at the element's mole fractions X.

        D* = V_m [2 t J/X - (n - n0)]/(2 t d ln r/dx),   J = 1/(2 t) int_X-^X (n - n0) dX,   n = int dx/V_m

    r is the isotope's share of the element, J the element's flux, n the mole coordinate; V_m may vary in any way. The
    isotopes of the element exchange places at random. D* covers the part of the window in which the isotope is seen.
    The interdiffusivity of the same profile is among the diagnostics. Raises Invalid where no isotope is named, the
    element is no couple that began as a step with unaffected ends, or the isotope does not stand out.
    Source: Belova, Kulkarni, Sohn & Murch (2013), Phil. Mag. 93, 3515.
    """
    check_tracer_couple(profile, NAME)
    couple = couple_of(element_of(profile), NAME)
    if not couple.curve.monotone:
        raise Invalid.at("profile", f"{NAME} needs x_{couple.component} with its isotope to rise or fall all the way.")
    share = share_of(profile, couple, profile.tracer, NAME)
    clean = not couple.fits and share.drawn is None
    x, Y, _ = places(couple.curve, couple.x, window)
    seen = (x > share.low) & (x < share.high) & (couple.N(x) > SCARCE * max(couple.ends))
    if seen.sum() < 2:
        raise Invalid.at("profile", f"{NAME} finds no isotope between {window[0]:.3g} and {window[1]:.3g} of the step.")
    x, composition = x[seen], couple.fraction(Y[seen])
    value, top, off = tracer_diffusivity(couple, share, x, clean, clean)
    values, offs = drawn(couple, share, composition, False)
    surely = clean or (len(offs) > 0 and abs(off) > SURE * float(half_width(offs)))
    if surely and not clean:
        value, top, off = tracer_diffusivity(couple, share, x, clean, True)
        values, offs = drawn(couple, share, composition, True)
    sd = half_width(values) if len(values) else None
    warnings, w = list(couple.warnings), share.width(top)
    if surely and abs(off) > OFF * w:
        warnings.append(
            f"The isotope's layer lay {1e6 * abs(off):.3g} um off the contact plane, or was as thick. That was taken "
            "off as if it were little, but it is not."
        )
    good = np.isfinite(value) & (value > 0)
    if not good.any():
        raise Invalid.at("profile", f"{NAME} finds no positive tracer diffusivity in this profile.")
    if not good.all():
        warnings.append("Compositions at which the diffusivity would not be positive are left out.")
    kept = np.flatnonzero(good)
    kept = kept[np.argsort(composition[kept], kind="stable")]
    return Estimate(
        method=NAME,
        recovers="tracer_diffusivity",
        unit="m^2/s",
        component=couple.component,
        composition=composition[kept],
        value=value[kept],
        sd=None if sd is None else sd[kept],
        window=(float(composition[kept].min()), float(composition[kept].max())),
        source=couple.source,
        diagnostics={
            **diagnostics(couple),
            "isotope": profile.tracer,
            "isotope_noise": share.noise,
            "isotope_residual_rms": share.residual,
            "background": share.background,
            "maximum": top,
            "peak_width": w,
            "layer_off": off,
            "layer_off_used": bool(surely),
            "interdiffusivity": interdiffusivity(couple, x)[kept].tolist(),
            "warnings": warnings,
        },
    )


def drawn(couple: Couple, share: Share, composition: np.ndarray, shifted: bool) -> tuple[np.ndarray, np.ndarray]:
    """D* (d, k) at the compositions and the layer's place (d,), m, over curves drawn from both fits; none for clean
    data."""
    shares, couples = list(share.draws()), list(couple.draws())
    values, offs = [], []
    for k in range(max(len(shares), len(couples))):
        one = couples[k % len(couples)] if couples else couple
        other = shares[k % len(shares)] if shares else share
        x = one.curve.position(np.clip((composition - one.ends[0]) / one.step, 1e-6, 1.0 - 1e-6))
        try:
            value, _, off = tracer_diffusivity(one, beside(other, couple, one), x, False, shifted)
        except Invalid:
            continue
        values.append(value)
        offs.append(off)
    return np.array(values), np.array(offs)


def beside(share: Share, couple: Couple, one: Couple) -> Share:
    """The share of the same amount of isotope in another curve of the element."""

    def slope(x):
        return share.slope(x) + couple.dN(x) / couple.N(x) - one.dN(x) / one.N(x)

    return replace(share, slope=slope)


def half_width(values: np.ndarray) -> np.ndarray:
    """Half the width of the central 68.3 % of the draws: one with a slope near 0 would spoil a mean square."""
    low, high = np.nanquantile(values, (0.15865, 0.84135), axis=0)
    return 0.5 * (high - low)


METHOD = Method(
    name=NAME,
    title="Tracer in a couple",
    equation="D* = V_m [2 t J/X - (n - n0)]/(2 t d ln r/dx)",
    recovers="tracer_diffusivity",
    unit="m^2/s",
    needs=("one profile with a tagged isotope", "time", "flat ends or known end values"),
    assumes=("thin layer of the isotope at the contact plane", "step start", "unaffected ends", "planar"),
    source=SOURCE,
    check=check_tracer_couple,
    analyse=tracer_couple,
    tolerance=5e-3,
)

"""van Loo and Paul: intrinsic diffusivities at the Kirkendall plane."""

import numpy as np

from inverse.couple import Couple, check_volume, couple_of
from inverse.estimate import Estimate, Method
from inverse.kirkendall import Lattice, concentration_form, intrinsic_diffusivities, zone_width
from inverse.planes import swelling
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "intrinsic"
SHIFT = 0.005  # of the zone: by so much the marker is moved to see what its position means
PURE = 1e-6  # of a mole fraction
WINDOW = (0.02, 0.98)
DRAWS, SEED = 64, 20230  # of the marker's place


def check(profile: Profile, method: str, window: tuple[float, float] = WINDOW) -> float:
    """The marker's position, m. Raises Invalid unless it is given and lies in the zone of a couple."""
    no_compounds(profile, method)
    check_volume(profile, method)
    if profile.marker is None:
        raise Invalid.at(
            "profile.marker",
            f'{method} needs the position of an inert marker from the contact plane: marker = "40 um".',
        )
    x, at = profile.x, float(profile.marker)
    if not x[0] < at < x[-1]:
        raise Invalid.at(
            "profile.marker",
            f"the marker at {1e6 * at:.5g} um lies outside the profile, which goes from {1e6 * x[0]:.5g} to "
            f"{1e6 * x[-1]:.5g} um. Is it measured on the profile's axis?",
        )
    values = profile.fraction(profile.component)
    if profile.ends is None:
        left, right = float(values[0]), float(values[-1])
    else:
        left, right = (float(profile.ends[side][profile.index(profile.component)]) for side in ("left", "right"))
    Y = (float(np.interp(at, x, values)) - left) / (right - left)
    in_zone(Y, at, window, method)
    return at


def no_compounds(profile: Profile, method: str) -> None:
    """Raise Invalid for layers of line compounds: in them nothing has a gradient."""
    if profile.layers:
        raise Invalid.at(
            "profile.layers",
            f"{method} needs a gradient, and line compounds have none. Use integrated, which gives the ratio of the "
            "tracer diffusivities at a marker.",
        )


def in_zone(Y: float, at: float, window: tuple[float, float], method: str) -> None:
    """Raise Invalid if a marker lies where the profile is flat."""
    if not window[0] <= Y <= window[1]:
        raise Invalid.at(
            "profile.marker",
            f"{method} needs a gradient at the marker, but at {1e6 * at:.5g} um the profile is flat: {100 * Y:.3g} % "
            "of the step are passed there. Is the marker measured on the profile's axis?",
        )


def intrinsic(profile: Profile, window: tuple[float, float] = WINDOW, marker_sigma: float | None = None) -> Estimate:
    """Intrinsic diffusivities D_A and D_B at a marker that began at the contact plane, m^2/s, in rows.

        D_i = [N_i+ int_-inf^xK Y/V_m dx - N_i- int_xK^inf (1 - Y)/V_m dx]/(2 t dC_i/dx)

    Exact for every molar volume and all ends; needs neither the contact plane nor partial volumes for the fluxes. A
    sharp step at the start, unaffected ends, a marker that moved with the square root of time. marker_sigma: standard
    uncertainty of its position, m, that of the profile by default. The velocity of the marker, the ratio D_B/D_A, what
    a marker farther right by half a per cent of the zone would give, and the form from the concentrations, which holds
    for Vegard's rule or pure ends only, are among the diagnostics. Raises Invalid without a marker, where it lies
    outside the profile or where that is flat, and when both diffusivities would be negative.
    Source: van Loo (1970), Acta Metall. 18, 1107.
    """
    found = at_plane(profile, NAME, window, marker_sigma)
    return found.estimate(profile, NAME, "intrinsic_diffusivity", found.value, found.spread())


def at_plane(profile: Profile, method: str, window: tuple[float, float], marker_sigma: float | None = None) -> Lattice:
    """The intrinsic diffusivities at the profile's marker, with their diagnostics."""
    at = check(profile, method, window)
    couple = couple_of(profile, method)
    in_zone(float(couple.Y(np.array([at]))[0]), at, window, method)
    value = at_marker(couple, at)
    if not np.isfinite(value).all() or (value <= 0.0).all():
        raise Invalid.at(
            "profile.marker", f"{method} finds no positive diffusivity at {1e6 * at:.5g} um. Is the marker there?"
        )
    warnings = list(couple.warnings)
    if not (value > 0.0).all():
        name = (couple.volume.other, couple.component)[int(np.argmin(value))]
        warnings.append(
            f"The intrinsic diffusivity of {name} is negative: so it can only be with a strong vacancy wind. A marker "
            "slightly off its place does the same."
        )
    diagnostics, found = marker_diagnostics(couple, at, value)
    N = float(couple.N(np.array([at]))[0])
    return Lattice(
        couple,
        np.array([N]),
        value[:, None],
        samples(couple, at, profile.marker_sigma if marker_sigma is None else marker_sigma),
        (N, N),
        diagnostics,
        (*warnings, *found),
    )


def at_marker(couple: Couple, at: float) -> np.ndarray:
    """D of the other component and of the component (2,), m^2/s, at a marker."""
    return intrinsic_diffusivities(couple, np.array([at]))[:, 0]


def marker_diagnostics(couple: Couple, at: float, value: np.ndarray) -> tuple[dict, list[str]]:
    """Velocity, ratio, sensitivity and the concentration form at a marker, and sentences about them."""
    where, names, warnings = np.array([at]), (couple.volume.other, couple.component), []
    N = couple.N(where)
    _, own = couple.volume.partial(N)
    share = float((N * own / couple.volume(N))[0])
    shift = SHIFT * zone_width(couple)
    moved = at_marker(couple, at + shift)
    found = {
        "contact_plane": couple.plane,
        "swelling": swelling(couple),
        "marker": at,
        "marker_velocity": (at - couple.plane) / (2.0 * couple.time),
        "ratio_of": f"D_{names[1]}/D_{names[0]}",
        "ratio": float(value[1] / value[0]),
        "interdiffusivity": float((1.0 - share) * value[1] + share * value[0]),
        "sensitivity": {
            "marker_shift": shift,
            **{name: float(change) for name, change in zip(names, moved / value - 1.0, strict=True)},
            "ratio": float(moved[1] / moved[0] / (value[1] / value[0]) - 1.0),
        },
    }
    if couple.volume.varies:
        form = concentration_form(couple, at)
        holds = couple.volume.linear or all(min(end, 1.0 - end) < PURE for end in couple.ends)
        found["concentration_form"] = {
            **{name: float(D) for name, D in zip(names, form, strict=True)},
            "holds": bool(holds),
        }
        if not holds:
            off = ", ".join(
                f"D_{name} by {100.0 * (a / b - 1.0):+.2g} %" for name, a, b in zip(names, form, value, strict=True)
            )
            warnings.append(
                "With these ends and this molar volume the form written with concentrations does not hold; it differs "
                f"in {off}. The values given are from the mole fractions and hold."
            )
    return found, warnings


def samples(couple: Couple, at: float, sigma: float | None) -> tuple[np.ndarray, ...]:
    """D (n, 2, 1) at the marker for draws of the profile, and for draws of its place with a deviation in m."""
    groups = []
    if couple.fits:
        groups.append(np.array([at_marker(drawn, at) for drawn in couple.draws()])[:, :, None])
    if sigma:
        places = at + sigma * np.random.default_rng(SEED).standard_normal(DRAWS)
        groups.append(intrinsic_diffusivities(couple, places).T[:, :, None])
    return tuple(groups)


METHOD = Method(
    name=NAME,
    title="Intrinsic diffusivities at the Kirkendall plane",
    equation="D_i = [N_i+ int_-inf^xK Y/V_m dx - N_i- int_xK^inf (1 - Y)/V_m dx]/(2 t dC_i/dx)",
    recovers="intrinsic_diffusivity",
    unit="m^2/s",
    needs=("one profile", "time", "position of an inert marker", "flat ends or known end values"),
    assumes=("binary", "step start", "unaffected ends", "marker from the contact plane", "planar"),
    source="van Loo (1970), Acta Metall. 18, 1107",
    check=check,
    analyse=intrinsic,
    tolerance=3e-3,
    window=WINDOW,
)

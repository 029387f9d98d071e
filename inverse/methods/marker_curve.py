"""Intrinsic diffusivities in the whole zone from many inert markers."""

from dataclasses import replace

import numpy as np

from inverse.couple import Couple, check_volume, couple_of
from inverse.estimate import UNITS, Estimate, Method
from inverse.interdiffusivity import places
from inverse.kirkendall import Lattice, intrinsic_diffusivities, zone_width
from inverse.marker_paths import FEWEST, MarkerPaths, marker_paths
from inverse.methods.intrinsic import no_compounds
from inverse.planes import swelling
from simulator.faults import Invalid, near
from simulator.solve.kirkendall import kinds, planes
from simulator.solve.profile import Profile

NAME = "marker-curve"
QUANTITIES = ("intrinsic_diffusivity", "lattice_velocity")
FINE = 801  # positions at which the velocity curve is followed for its planes
APART = 5e-3  # of the zone, by which a contact plane that is said may differ from that of the profile without a word


def check(profile: Profile, method: str) -> None:
    """Raise Invalid unless the profile is one of a couple with markers on both sides of its contact plane."""
    no_compounds(profile, method)
    check_volume(profile, method)
    if not enough(profile):
        count = 0 if profile.markers is None else len(profile.markers)
        raise Invalid.at(
            "profile.markers",
            f"{method} needs the start and the final position of at least {2 * FEWEST} inert markers, {FEWEST} on each "
            f"side of the contact plane; this profile has {count}. With one marker from the contact plane use "
            "intrinsic.",
        )


def enough(profile: Profile) -> bool:
    """Whether there are markers for a velocity curve, on each side of the contact plane if that is said."""
    if profile.markers is None or len(profile.markers) < 2 * FEWEST:
        return False
    at, start = (profile.start or {}).get("at"), profile.markers[:, 0]
    return at is None or min(np.sum(start < at), np.sum(start > at)) >= FEWEST


def marker_curve(
    profile: Profile, window: tuple[float, float] = (0.02, 0.98), quantity: str = "intrinsic_diffusivity"
) -> Estimate:
    """Intrinsic diffusivities D_A(N) and D_B(N) everywhere in the zone, m^2/s, in rows, from a velocity curve.

        v(x_f) = [u - (x_i - x_0) du/dx_i]/(2 t),   u = x_f - x_i
        D_i = [N_i+ P - N_i- Q - N_i e]/(2 t dC_i/dx),   e = [(x - x_0) - 2 t v]/V_m
        P = int_-inf^x Y/V_m dx,   Q = int_x^inf (1 - Y)/V_m dx

    Markers from x_i on both sides of the contact plane x_0 are at x_f, on an axis at rest at the left end. For every
    molar volume and all ends; a sharp step at the start, unaffected ends. Compositions beyond the outermost markers are
    left out. In the diagnostics the lattice velocity at the compositions, and the Kirkendall planes with their
    stability; quantity = "lattice_velocity" makes v, m/s, the value itself. 40 markers without noise on each side give
    D to 1e-6. Standard deviations from the noise of the profile and of the markers. Raises Invalid for too few markers,
    markers that have passed each other, and a profile that does not rise or fall all the way.
    Source: van Dal et al. (2001), Acta Mater. 49, 989; van Loo (1970), Acta Metall. 18, 1107.
    """
    if quantity not in QUANTITIES:
        known = ", ".join(QUANTITIES)
        raise Invalid.at("quantity", f"{NAME} recovers {known}, not {quantity!r}.{near(quantity, QUANTITIES)}")
    found, paths = curve_of(profile, NAME, window)
    estimate = found.estimate(profile, NAME, "intrinsic_diffusivity", found.value, found.spread())
    if quantity == "intrinsic_diffusivity":
        return estimate
    velocity, sd = velocity_of(found, paths)
    return replace(estimate, recovers=quantity, unit=UNITS[quantity], value=velocity, sd=sd, rows=())


def over_zone(profile: Profile, method: str, window: tuple[float, float]) -> Lattice:
    """The intrinsic diffusivities where the profile's markers reach, with their diagnostics."""
    return curve_of(profile, method, window)[0]


def velocity_of(found: Lattice, paths: MarkerPaths) -> tuple[np.ndarray, np.ndarray | None]:
    """v (k,) at the compositions, m/s, with its standard deviation from draws of the markers, and of the profile: which
    moves the place of a composition."""
    couple, N = found.couple, found.composition
    x = np.asarray(found.diagnostics["position"])
    velocity, groups = paths.velocity(x), []
    if couple.fits:
        groups.append([paths.velocity(drawn.position(N)) for drawn in couple.draws()])
    if paths.draws:
        groups.append([drawn.velocity(x) for drawn in paths.draws])
    bounds = [np.nanquantile(group, (0.15865, 0.84135), axis=0) for group in groups]
    return velocity, np.sqrt(sum((0.5 * (high - low)) ** 2 for low, high in bounds)) if bounds else None


def curve_of(profile: Profile, method: str, window: tuple[float, float]) -> tuple[Lattice, MarkerPaths]:
    """The intrinsic diffusivities where the profile's markers reach, and the paths of these."""
    check(profile, method)
    couple = couple_of(profile, method)
    if not couple.curve.branches:
        raise Invalid.at("profile", f"{method} needs a profile that rises or falls all the way; this one does not.")
    warnings = list(couple.warnings)
    contact = contact_of(profile, couple, warnings)
    paths = marker_paths(profile.markers, contact, couple.time, zone_width(couple))
    x, _, _ = places(couple.curve, profile.x, window)
    covered = np.isfinite(x) & (x >= paths.reach[0]) & (x <= paths.reach[1])
    if paths.parted:
        low, high = paths.inner
        covered &= (x < low) | (x > high)
        warnings.append(
            f"Markers from the two sides have parted: between {1e6 * low:.5g} and {1e6 * high:.5g} um there is none, "
            "and the compositions there are left out."
        )
    if not covered.any():
        raise Invalid.at("profile.markers", f"{method} finds no marker where the composition changes.")
    if x.min() < paths.reach[0] or x.max() > paths.reach[1]:
        warnings.append("The markers do not reach all of the zone: compositions beyond the outermost are left out.")
    x = x[covered] if couple.step > 0.0 else x[covered][::-1]
    window = tuple(float(end) for end in couple.N(x[[0, -1]]))
    value = at_markers(couple, paths, x)
    good = np.isfinite(value).all(axis=0) & (value > 0.0).all(axis=0)
    if not good.any():
        raise Invalid.at(
            "profile.markers", f"{method} finds no positive diffusivities. Are the markers at their places?"
        )
    if not good.all():
        warnings.append("Compositions at which a diffusivity would not be positive are left out.")
    x, value = x[good], value[:, good]
    at = np.linspace(*paths.reach, FINE)
    # where markers have parted nothing is known of the velocity between the planes that they went to
    found = () if paths.parted else planes(at, paths.velocity(at), couple.time, contact)
    diagnostics = {
        "contact_plane": contact,
        "swelling": swelling(couple),
        "position": x.tolist(),
        "lattice_velocity": paths.velocity(x).tolist(),
        "kirkendall_planes": [vars(plane) for plane in found],
        "kirkendall": "bifurcated" if paths.parted else kinds(found),
    }
    composition = couple.N(x)
    groups = samples(couple, paths, composition, x)
    return Lattice(couple, composition, value, groups, window, diagnostics, tuple(warnings)), paths


def contact_of(profile: Profile, couple: Couple, warnings: list[str]) -> float:
    """The contact plane that is said, or else that of the profile, m; a sentence where they do not agree."""
    said = (profile.start or {}).get("at")
    if said is None:
        return couple.plane
    apart = float(said) - couple.plane
    if abs(apart) > APART * zone_width(couple):
        warnings.append(
            f"The contact plane is said to lie at {1e6 * said:.5g} um, but the profile has it at "
            f"{1e6 * couple.plane:.5g} um; the first was used."
        )
    return float(said)


def at_markers(couple: Couple, paths: MarkerPaths, x: np.ndarray) -> np.ndarray:
    """D (2, k) of the other component and of the component at positions x (k,)."""
    missed = ((x - paths.contact) - 2.0 * couple.time * paths.velocity(x)) / couple.V(x)
    return intrinsic_diffusivities(couple, x, missed)


def samples(couple: Couple, paths: MarkerPaths, composition: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, ...]:
    """D (n, 2, k) for draws of the profile, and for draws of the markers."""
    groups = []
    if couple.fits:
        groups.append(np.array([at_markers(drawn, paths, drawn.position(composition)) for drawn in couple.draws()]))
    if paths.draws:
        groups.append(np.array([at_markers(couple, drawn, x) for drawn in paths.draws]))
    return tuple(groups)


METHOD = Method(
    name=NAME,
    title="Intrinsic diffusivities from many markers",
    equation="D_i = [N_i+ P - N_i- Q - N_i ((x - x_0) - 2 t v)/V_m]/(2 t dC_i/dx),  v = [u - (x_i - x_0) u']/(2 t)",
    recovers="intrinsic_diffusivity",
    unit="m^2/s",
    needs=("one profile", "time", "start and final positions of many markers", "flat ends or known end values"),
    assumes=("binary", "step start", "unaffected ends", "planar"),
    source="van Dal et al. (2001), Acta Mater. 49, 989",
    check=check,
    analyse=marker_curve,
    tolerance=3e-3,
)

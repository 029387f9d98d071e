"""Layers of line compounds between two terminal phases: what their thicknesses say.

Phases 0 .. p + 1 from left to right, 0 and p + 1 the terminal ones; N_k the mole fraction of the component, V_k the
molar volume, dx_k the thickness, Y_k = (N_k - N_0)/(N_p+1 - N_0). The layers grew from nothing, as the square root of
time, between terminal phases in which nothing diffuses.
"""

from dataclasses import dataclass, replace

import numpy as np

from inverse.volume import Volume, other_of, volume_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

IDEAL = 1e-4  # of a molar volume, by which one that is ideal may differ from the mean of its pure components
GRADIENT = 1e-3  # of the step, by which a terminal phase may change before it counts as one that diffuses


@dataclass(frozen=True)
class Compounds:
    """component, other: names; names (p,) of the layers; fractions (p + 2,) of the component; thickness (p,) m; sigma
    (p,) m, 0 where unknown, or None; volumes (p + 2,) m^3/mol, of the terminal phases NaN where unknown; pure: volumes
    of the pure other component and of the component, or None; time s.
    """

    component: str
    other: str
    names: tuple[str, ...]
    fractions: np.ndarray
    thickness: np.ndarray
    volumes: np.ndarray
    time: float
    sigma: np.ndarray | None = None
    pure: tuple[float, float] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def moles(self) -> np.ndarray:
        """dx_k/V_k (p,), mol/m^2; m where no volume is known."""
        return self.thickness / self.volumes[1:-1]

    @property
    def step(self) -> float:
        """N_p+1 - N_0."""
        return float(self.fractions[-1] - self.fractions[0])

    @property
    def ideal_volumes(self) -> np.ndarray:
        """sum_i N_i V_i of the pure components, (p + 2,) m^3/mol."""
        other, own = self.pure
        return (1.0 - self.fractions) * other + self.fractions * own

    @property
    def ideal(self) -> bool:
        """Whether every phase has the volume of its pure components together."""
        if self.pure is None or not np.isfinite(self.volumes).all():
            return False
        return bool(np.abs(self.volumes / self.ideal_volumes - 1.0).max() < IDEAL)


def compounds_of(profile: Profile, method: str) -> Compounds:
    """The layers of a profile with its ends. Raises Invalid unless they, the time and the end compositions are given,
    and the composition rises or falls all the way."""
    if not profile.layers:
        raise Invalid.at(
            "profile.layers",
            f"{method} needs the layers of line compounds, from left to right: layers = "
            '[{ name = "beta", Ni = 0.5, thickness = "3.5 um", V_m = "7e-6 m^3/mol" }].',
        )
    if profile.time is None:
        raise Invalid.at("profile", f'{method} needs the time of the anneal; give it, for example --time "100 h".')
    if profile.geometry != "planar":
        raise Invalid.at("profile", f"{method} needs planar layers; this sample is {profile.geometry}.")
    if not profile.binary:
        raise Invalid.at("profile", f"{method} needs two components; this profile has {', '.join(profile.components)}.")
    if profile.start is not None and profile.start.get("shape") != "step":
        raise Invalid.at(
            "profile", f"{method} needs layers that grew from nothing between two phases; this sample was no step."
        )
    left, right, warnings = terminal(profile, method)
    fractions = np.array([left, *(layer.composition for layer in profile.layers), right], float)
    names = tuple(layer.name or f"layer {k + 1}" for k, layer in enumerate(profile.layers))
    check_order(fractions, ("the left end", *names, "the right end"), profile.component)
    thickness = np.array([layer.thickness for layer in profile.layers], float)
    for name, value in zip(names, thickness, strict=True):
        if not 0.0 < value < np.inf:
            raise Invalid.at("profile.layers", f"the thickness of {name} is {value:g} m; it must be positive.")
    volumes, pure = volumes_of(profile, fractions)
    given = [layer.sigma for layer in profile.layers]
    sigma = None
    if any(value is not None for value in given):
        sigma = np.array([value or 0.0 for value in given], float)
        if not (np.isfinite(sigma).all() and (sigma >= 0.0).all()):
            raise Invalid.at("profile.layers", "the uncertainty of a thickness must be a positive number.")
    return Compounds(
        profile.component,
        other_of(profile),
        names,
        fractions,
        thickness,
        volumes,
        profile.time,
        sigma,
        pure,
        (*profile.warnings, *warnings, *volume_warnings(profile)),
    )


def terminal(profile: Profile, method: str) -> tuple[float, float, list[str]]:
    """Compositions of the terminal phases: the known ends, else the outermost points, and what is wrong with them."""
    row, warnings = profile.index(profile.component), []
    if profile.ends is not None:
        return float(profile.ends["left"][row]), float(profile.ends["right"][row]), warnings
    if profile.x.size < 2:
        raise Invalid.at(
            "profile.ends",
            f"{method} needs the compositions of the two terminal phases: ends = {{ left = {{ {profile.component} = "
            f"0.0 }}, right = {{ {profile.component} = 1.0 }} }}.",
        )
    values = profile.fraction(profile.component)
    left, right = float(values[0]), float(values[-1])
    lowest, highest = profile.layers[0].composition, profile.layers[-1].composition
    for side, end, part in (
        ("left", left, values[np.abs(values - left) < 0.5 * abs(lowest - left)]),
        ("right", right, values[np.abs(values - right) < 0.5 * abs(highest - right)]),
    ):
        # one cell that an interface cuts is an average over both phases
        if np.sum(np.abs(part - end) > GRADIENT * abs(right - left)) > 1:
            warnings.append(
                f"The composition changes within the terminal phase on the {side}: what diffuses there is left out."
            )
    return left, right, warnings


def check_order(fractions: np.ndarray, names: tuple[str, ...], component: str) -> None:
    """Raise Invalid unless the fractions (p + 2,) lie between 0 and 1 and rise or fall all the way."""
    if not (np.isfinite(fractions).all() and (fractions >= 0.0).all() and (fractions <= 1.0).all()):
        raise Invalid.at("profile.layers", f"x_{component} of the layers must lie between 0 and 1.")
    direction = np.sign(fractions[-1] - fractions[0])
    for k in range(1, fractions.size):
        if not (fractions[k] - fractions[k - 1]) * direction > 0.0:
            raise Invalid.at(
                "profile.layers",
                f"x_{component} must rise or fall from end to end, but is {fractions[k - 1]:.4g} in {names[k - 1]} and "
                f"{fractions[k]:.4g} in {names[k]}, between ends with {fractions[0]:.4g} and {fractions[-1]:.4g}.",
            )


def volumes_of(profile: Profile, fractions: np.ndarray) -> tuple[np.ndarray, tuple[float, float] | None]:
    """Molar volumes (p + 2,) of the phases, and those of the pure other component and of the component."""
    name, other = profile.component, other_of(profile)
    ends = fractions[[0, -1]]
    whole = replace(
        profile, x=[0.0, 1.0], components=(other, name), fractions=[1.0 - ends, ends], sigma=None, ends=None
    )
    volume: Volume = volume_of(whole)
    given = [layer.molar_volume for layer in profile.layers]
    if all(value is None for value in given):
        return volume(fractions), pure_of(volume)
    if any(value is None or not 0.0 < value < np.inf for value in given):
        raise Invalid.at("profile.layers", "give a positive molar volume V_m for every layer, or for none.")
    outer = volume(ends) if volume.known else np.full(2, np.nan)
    return np.array([outer[0], *given, outer[1]], float), pure_of(volume)


def volume_warnings(profile: Profile) -> list[str]:
    """A sentence if no molar volumes are given at all."""
    if any(layer.molar_volume is not None for layer in profile.layers) or len(profile.molar_volume or {}) > 1:
        return []
    return [
        "No molar volumes are given: they are taken as equal, and D_int is wrong by about as much as they differ "
        "between the layers."
    ]


def pure_of(volume: Volume) -> tuple[float, float] | None:
    """Volumes of the pure other component and of the component, m^3/mol; None where they are not known."""
    if not volume.known:
        return None
    other, own = volume(np.array([0.0, 1.0]))
    return float(other), float(own)


def brackets(Y: np.ndarray, amounts: np.ndarray) -> np.ndarray:
    """Y_k (1 - Y_k) a_k + (1 - Y_k) sum_j<k Y_j a_j + Y_k sum_j>k (1 - Y_j) a_j, (p,), in the unit of a.

    Y, amounts (p,) of the layers. Every layer counts with its own Y.
    """
    place = np.arange(Y.size)
    first, last = np.minimum(place[:, None], place), np.maximum(place[:, None], place)
    return (Y[first] * (1.0 - Y[last])) @ amounts


def wagner_flux(couple: Compounds) -> np.ndarray:
    """|J_k| (p,) in mol/(m^2 s): the flux in the number-fixed frame through every layer (m/s without volumes).

    J_k = (N_p+1 - N_0)/(2 t) [bracket of dx/V_m]
    """
    Y = (couple.fractions[1:-1] - couple.fractions[0]) / couple.step
    return abs(couple.step) / (2.0 * couple.time) * brackets(Y, couple.moles)


def integrated_diffusivity(couple: Compounds) -> np.ndarray:
    """D_int,k = V_k dx_k |J_k| (p,), m^2/s: int D dN over the compound, for any molar volumes.

    Source: Wagner (1969), Acta Metall. 17, 99.
    """
    return couple.volumes[1:-1] * couple.thickness * wagner_flux(couple)


def thickness_slopes(couple: Compounds) -> np.ndarray:
    """dD_int,i/d(dx_k) (p, p), m/s: D_int is a quadratic form of the thicknesses."""
    inner, flux = couple.volumes[1:-1], wagner_flux(couple)
    unit = np.eye(flux.size)
    by_amount = np.column_stack([wagner_flux(replace(couple, thickness=inner * row)) for row in unit])
    return inner[:, None] * (couple.thickness[:, None] * by_amount / inner + unit * flux[:, None])


def concentration_form(
    couple: Compounds, volumes: np.ndarray, partial: np.ndarray | float, of: str
) -> tuple[np.ndarray, np.ndarray]:
    """den Broeder's form from the concentrations C_k = N_k/V_k of a component: fluxes (p,) in mol/(m^2 s), D_int (p,).

        J_k = |C_p+1 - C_0|/(2 t) [bracket of dx with Y_C],   D_int,k = (V_k^2/V_other) dx_k J_k

    volumes (p + 2,) m^3/mol; partial: the partial molar volume of the other component in the layers, (p,) or one for
    all; of: the component. It holds only if all volumes are ideal, V_k = sum_i N_i V_i with the partial volumes those
    of the pure components; then it equals Wagner's form.
    Source: den Broeder (1969), Scr. Metall. 3, 321.
    """
    N = couple.fractions if of == couple.component else 1.0 - couple.fractions
    C = N / volumes
    Y = (C[1:-1] - C[0]) / (C[-1] - C[0])
    flux = abs(C[-1] - C[0]) / (2.0 * couple.time) * brackets(Y, couple.thickness)
    return flux, volumes[1:-1] ** 2 / partial * couple.thickness * flux


def marker_integrals(couple: Compounds, distance: float) -> tuple[float, float, int]:
    """P, Q and the layer of a marker at this distance (m) right of the left edge of the first layer.

    P = int_-inf^x Y/V_m dx,  Q = int_x^inf (1 - Y)/V_m dx, mol/m^2. Raises Invalid if it is in none of the layers.
    """
    edges = np.concatenate([[0.0], np.cumsum(couple.thickness)])
    if not 0.0 <= distance <= edges[-1]:
        raise Invalid.at(
            "profile.marker",
            f"the marker lies {distance:.4g} m right of the left edge of {couple.names[0]}, outside the layers, which "
            f"are {edges[-1]:.4g} m together.",
        )
    k = int(np.clip(np.searchsorted(edges, distance, side="right") - 1, 0, couple.thickness.size - 1))
    Y = (couple.fractions[1:-1] - couple.fractions[0]) / couple.step
    before = np.clip(distance - edges[:-1], 0.0, couple.thickness) / couple.volumes[1:-1]
    return float(Y @ before), float((1.0 - Y) @ (couple.moles - before)), k


def contact_from_edge(couple: Compounds) -> float:
    """How far right of the left edge of the first layer the contact plane was, m, the left end at rest."""
    Y = (couple.fractions[1:-1] - couple.fractions[0]) / couple.step
    return float(couple.volumes[0] * ((1.0 - Y) @ couple.moles))


def length_change(couple: Compounds) -> float:
    """By how much the couple has become longer, m."""
    Y = (couple.fractions[1:-1] - couple.fractions[0]) / couple.step
    consumed = couple.volumes[0] * (1.0 - Y) + couple.volumes[-1] * Y
    return float(couple.thickness.sum() - consumed @ couple.moles)


def growth_constants(couple: Compounds) -> tuple[np.ndarray, np.ndarray]:
    """k_I and k_II (p,), m^2/s, with dx^2 = 2 k t.

    First kind: of the layers of this couple. Second kind: of every compound alone between its neighbours l and r,
    k_II = D_int (N_r - N_l)/((N_k - N_l)(N_r - N_k)).
    """
    N = couple.fractions
    first = couple.thickness**2 / (2.0 * couple.time)
    second = integrated_diffusivity(couple) * (N[2:] - N[:-2]) / ((N[1:-1] - N[:-2]) * (N[2:] - N[1:-1]))
    return first, np.abs(second)

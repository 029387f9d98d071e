"""The integrated diffusivity of line compounds from the thicknesses of their layers."""

import numpy as np

from inverse.compounds import (
    Compounds,
    compounds_of,
    concentration_form,
    contact_from_edge,
    integrated_diffusivity,
    length_change,
    marker_integrals,
    thickness_slopes,
    wagner_flux,
)
from inverse.estimate import Estimate, Method
from inverse.kirkendall import intrinsic_ratio, tracer_ratio, wind_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "integrated"
SMALL = 1e-3  # of a length, for the slope of a ratio with it


def integrated(profile: Profile, window: tuple[float, float] = (0.0, 1.0)) -> Estimate:
    """Integrated diffusivity of every compound, D_int = int D dN over its range, m^2/s; no profile within it is needed.

        D_int = V_m dx dN/(2 t) [ Y (1 - Y) dx/V_m + (1 - Y) int_left Y/V_m dx + Y int_right (1 - Y)/V_m dx ]

    V_m, dx and Y = (N - N-)/dN of the compound, dN = N+ - N- between the terminal phases, the integrals over what lies
    left and right of it. Exact for any molar volumes; without any they are taken as equal. Layers that grew from
    nothing between two phases in which nothing diffuses. The standard deviations are those of the thicknesses. In the
    diagnostics: den Broeder's form from the concentrations of either component with V_i = V_m, and with ideal volumes
    throughout, for which alone it holds; for a marker inside a layer the ratio of the tracer diffusivities. `window` is
    not used.
    Raises Invalid where layers, ends or the time are missing, or the composition does not rise or fall all the way.
    Source: Wagner (1969), Acta Metall. 17, 99; den Broeder (1969), Scr. Metall. 3, 321.
    """
    couple = compounds_of(profile, NAME)
    value = integrated_diffusivity(couple)
    sd = None
    if couple.sigma is not None:
        sd = np.sqrt((thickness_slopes(couple) ** 2) @ couple.sigma**2)
    warnings = list(couple.warnings)
    diagnostics = {
        "time": couple.time,
        "ends": [float(couple.fractions[0]), float(couple.fractions[-1])],
        "ends_given": profile.ends is not None,
        "layers": list(couple.names),
        "thickness": couple.thickness.tolist(),
        "flux": wagner_flux(couple).tolist(),
        **concentration_diagnostics(couple),
    }
    if np.isfinite(couple.volumes).all():
        diagnostics["contact_plane_from_left_edge"] = contact_from_edge(couple)
        diagnostics["length_change"] = length_change(couple)
    if profile.marker is not None:
        try:
            diagnostics |= marker_diagnostics(profile, couple)
        except Invalid as error:
            warnings += [f"No ratio of tracers: {fault.sentence}" for fault in error.faults]
    diagnostics["warnings"] = warnings
    fractions = couple.fractions[1:-1]
    return Estimate(
        method=NAME,
        recovers="integrated_diffusivity",
        unit="m^2/s",
        component=couple.component,
        composition=fractions,
        value=value,
        sd=sd,
        window=(float(fractions.min()), float(fractions.max())),
        source=profile.source,
        diagnostics=diagnostics,
        rows=couple.names,
    )


def concentration_diagnostics(couple: Compounds) -> dict:
    """den Broeder's form in three ways, and how far the volumes are from those for which it holds."""
    if couple.pure is None or not np.isfinite(couple.volumes).all():
        return {}
    inner, ideal = couple.volumes[1:-1], couple.ideal_volumes
    own, other = couple.component, couple.other
    return {
        "concentration_form": {
            own: concentration_form(couple, couple.volumes, inner, own)[1].tolist(),
            other: concentration_form(couple, couple.volumes, inner, other)[1].tolist(),
            "ideal_volumes": concentration_form(couple, ideal, couple.pure[0], own)[1].tolist(),
            "holds": couple.ideal,
        },
        "volume_deviation": (inner / ideal[1:-1] - 1.0).tolist(),
    }


def left_edge(profile: Profile, couple: Compounds) -> float:
    """Where the left edge of the first layer lies on the profile's axis, m; 0 in a profile without points."""
    if not profile.x.size:
        return 0.0
    at = (profile.start or {}).get("at")
    if at is not None and np.isfinite(couple.volumes[0]):
        return float(at) - contact_from_edge(couple)
    middle = 0.5 * (couple.fractions[0] + couple.fractions[1])
    passed = (profile.fraction(couple.component) - middle) * couple.step > 0.0
    k = int(np.argmax(passed))
    if not passed.any() or k == 0:
        raise Invalid.at("profile.marker", "the profile does not show where the first layer begins.")
    return float(0.5 * (profile.x[k - 1] + profile.x[k]))


def marker_diagnostics(profile: Profile, couple: Compounds) -> dict:
    """D*_component/D*_other from a marker inside a layer: moles gained on either side of it, and its deviation."""
    distance = float(profile.marker) - left_edge(profile, couple)
    ends = couple.fractions[0], couple.fractions[-1]

    def ratio(thickness, distance):
        moved = Compounds(**{**vars(couple), "thickness": thickness})
        P, Q, _ = marker_integrals(moved, distance)
        return intrinsic_ratio(ends, P, Q)

    _, _, k = marker_integrals(couple, distance)
    r = ratio(couple.thickness, distance)
    if not r > 0.0:
        raise Invalid.at(
            "profile.marker",
            f"a marker there would mean intrinsic diffusivities of opposite sign, their ratio being {r:.3g}; is its "
            "place right?",
        )
    found = {"marker_layer": couple.names[k], "marker_from_left_edge": distance, "tracer_ratio": r}
    found["tracer_ratio_of"] = f"D_{couple.component}*/D_{couple.other}*"
    if profile.structure:
        wind = wind_of(profile.structure)
        found["tracer_ratio_with_wind"] = float(tracer_ratio(np.array(couple.fractions[k + 1]), np.array(r), wind))
    spread = []
    if couple.sigma is not None:
        for j, sigma in enumerate(couple.sigma):
            step = SMALL * couple.thickness[j] * np.eye(couple.sigma.size)[j]
            # the marker keeps its place in its layer where a layer left of it is thicker
            shift = SMALL * couple.thickness[j] if j < k else 0.0
            rise = ratio(couple.thickness + step, distance + shift) - r
            spread.append(rise / (SMALL * couple.thickness[j]) * sigma)
    if profile.marker_sigma is not None:
        step = SMALL * couple.thickness[k]
        inside = distance + step <= couple.thickness[: k + 1].sum()
        step = step if inside else -step
        spread.append((ratio(couple.thickness, distance + step) - r) / step * profile.marker_sigma)
    if spread:
        found["tracer_ratio_sd"] = float(np.linalg.norm(spread))
    return found


METHOD = Method(
    name=NAME,
    title="Integrated diffusivity of line compounds",
    equation="D_int = V_m dx dN/(2 t) [Y (1 - Y) dx/V_m + (1 - Y) int_left Y/V_m dx + Y int_right (1 - Y)/V_m dx]",
    recovers="integrated_diffusivity",
    unit="m^2/s",
    needs=("layers with composition and thickness", "time", "compositions of the terminal phases"),
    assumes=("binary", "line compounds", "step start", "no diffusion in the terminal phases", "planar"),
    source="Wagner (1969), Acta Metall. 17, 99",
    check=compounds_of,
    analyse=integrated,
    tolerance=1e-6,
    window=(0.0, 1.0),
)

"""Interdiffusion fluxes of all components of one couple, its zero-flux planes and its uphill regions."""

from dataclasses import asdict

import numpy as np

from inverse.estimate import UNITS, Estimate, Method
from inverse.multicomponent.fluxes import fluxes_of
from inverse.multicomponent.path import path_of
from simulator.solve.profile import Profile

NAME = "interdiffusion-fluxes"


def interdiffusion_fluxes(profile: Profile, window: tuple[float, float], smoother: str = "probit") -> Estimate:
    """J_i V_0 (n, k), m/s, of all n components in the number-fixed frame, at the points of the profile in the zone.

        J_i V_0 = 1/(2t) [(q - q_0)(X_i - X_i^-) - int_-inf^q (X_i - X_i^-) dq],   q = V_0 int dx/V_m

    V_0 is the molar volume at the left end: divide by it for mol/(m^2 s). The diagnostics hold position (k,), m, the
    zero_flux_planes, each with its component, position and its sd, m, and composition, and uphill, the ranges of x in
    which a component flows towards more of itself. Raises Invalid for fewer than three components, and as `path_of`.
    Source: Dayananda (1983), Metall. Trans. A 14, 1851, for zero-flux planes.
    """
    path = path_of(profile, NAME, smoother)
    found = fluxes_of(path)
    columns = [found.components.index(name) for name in path.independent]
    return Estimate(
        method=NAME,
        recovers="interdiffusion_flux",
        unit=UNITS["interdiffusion_flux"],
        component=path.independent[0],
        composition=found.X[columns].T,
        value=found.J,
        sd=found.sd,
        window=(0.0, 1.0),
        source=profile.source,
        rows=found.components,
        dependent=path.mixture.dependent,
        diagnostics={
            "time": path.time,
            "independent": list(path.independent),
            "planes": [float(path.lab(np.array([path.plane]))[0])],
            "ends": [path.ends.tolist()],
            "ends_given": [path.ends_given],
            "noise": [path.noise.tolist()],
            "position": found.x.tolist(),
            "zero_flux_planes": [asdict(plane) for plane in found.planes],
            "uphill": [asdict(region) for region in found.uphill],
            "warnings": list(dict.fromkeys(path.warnings)),
        },
    )


METHOD = Method(
    name=NAME,
    title="Interdiffusion fluxes of all components",
    equation="J_i = 1/(2t) [(x - x0)(X_i - X_i^-) - int_-inf^x (X_i - X_i^-) dx]",
    recovers="interdiffusion_flux",
    unit="m/s",
    needs=("time", "molar volume if it varies"),
    assumes=("a couple that began as a step", "ends unaffected"),
    source="Dayananda (1983), Metall. Trans. A 14, 1851",
    check=path_of,
    analyse=interdiffusion_fluxes,
)

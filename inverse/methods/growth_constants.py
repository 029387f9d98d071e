"""Parabolic growth constants of the first and the second kind of line compounds."""

import numpy as np

from inverse.compounds import Compounds, compounds_of, growth_constants, thickness_slopes
from inverse.estimate import Estimate, Method
from simulator.solve.profile import Profile

NAME = "growth-constants"
KINDS = ("first kind", "second kind")
CONVENTION = "dx^2 = 2 k t"


def growth(profile: Profile, window: tuple[float, float] = (0.0, 1.0)) -> Estimate:
    """Growth constants k of every compound, m^2/s, in the convention dx^2 = 2 k t.

        first kind    k_I  = dx^2/(2 t)                                              of the layers of this couple
        second kind   k_II = D_int (N_r - N_l)/((N_k - N_l)(N_r - N_k))              of the compound alone between its
                                                                                     neighbours l and r

    The first kind depends on the ends of the couple, the second is the compound's own. Rows of the value: first and
    second kind; columns: the layers. In the diagnostics the constants in the convention dx^2 = k t, twice as large.
    Layers that grew from nothing, for any molar volumes. `window` is not used. Raises Invalid as `integrated`.
    Source: Wagner (1969), Acta Metall. 17, 99.
    """
    couple = compounds_of(profile, NAME)
    value = np.array(growth_constants(couple))
    fractions = couple.fractions[1:-1]
    return Estimate(
        method=NAME,
        recovers="growth_constant",
        unit="m^2/s",
        component=couple.component,
        composition=fractions,
        value=value,
        sd=None if couple.sigma is None else deviations(couple, value),
        window=(float(fractions.min()), float(fractions.max())),
        source=profile.source,
        diagnostics={
            "time": couple.time,
            "ends": [float(couple.fractions[0]), float(couple.fractions[-1])],
            "ends_given": profile.ends is not None,
            "layers": list(couple.names),
            "thickness": couple.thickness.tolist(),
            "convention": CONVENTION,
            "other_convention": {"convention": "dx^2 = k t", **dict(zip(KINDS, (2.0 * value).tolist(), strict=True))},
            "warnings": list(couple.warnings),
        },
        rows=KINDS,
    )


def deviations(couple: Compounds, value: np.ndarray) -> np.ndarray:
    """Standard deviations (2, p) of both kinds from those of the thicknesses."""
    N = couple.fractions
    by_D = np.abs((N[2:] - N[:-2]) / ((N[1:-1] - N[:-2]) * (N[2:] - N[1:-1])))
    second = by_D * np.sqrt((thickness_slopes(couple) ** 2) @ couple.sigma**2)
    return np.array([2.0 * value[0] * couple.sigma / couple.thickness, second])


METHOD = Method(
    name=NAME,
    title="Growth constants of line compounds",
    equation="k_I = dx^2/(2 t),  k_II = D_int (N_r - N_l)/((N - N_l)(N_r - N))",
    recovers="growth_constant",
    unit="m^2/s",
    needs=("layers with composition and thickness", "time", "compositions of the terminal phases"),
    assumes=("binary", "line compounds", "step start", "no diffusion in the terminal phases", "planar"),
    source="Wagner (1969), Acta Metall. 17, 99",
    check=compounds_of,
    analyse=growth,
    tolerance=1e-6,
    window=(0.0, 1.0),
)

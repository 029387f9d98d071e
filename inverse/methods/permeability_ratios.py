"""Ratios of the permeabilities of a membrane from potentials at which no current crosses it."""

from collections.abc import Sequence

import numpy as np

from inverse.estimate import Estimate, Method
from inverse.ions.membrane import Membrane, membrane_of, ratios
from inverse.ions.solution import temperature_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "permeability-ratios"


def check(profile: Profile, method: str) -> None:
    """Raise Invalid unless the profile has reversal potentials of ions with charges, and a temperature."""
    membrane_of([profile], method)


def together(profiles: Sequence[Profile], method: str) -> None:
    """Raise Invalid unless the solutions together are as many as the unknown ratios."""
    membrane_of(profiles, method).check(method)


def permeability_ratios(
    *profiles: Profile, window: tuple[float, float] = (0.0, 1.0), reference: str | None = None
) -> Estimate:
    """P_i/P_ref of all ions but the reference, in rows, from reversal potentials V of a membrane in known solutions.

        sum_i z_i P_i [B(-z_i v) c_i,in - B(z_i v) c_i,out] = 0,   v = F V/(RT),   B(s) = s/(e^s - 1)

    Goldman's constant field, ions of any charges; V = inside less outside. The zero of the total current is linear in
    the permeabilities: solved by least squares, each potential counting by its uncertainty and by how steeply the
    current changes with it. As many solutions as unknown ratios are needed. reference: an ion, the first by default.
    Standard deviations where the potentials have them, or where there are more solutions than ratios. `composition` is
    the mean concentration of the reference, mol/m^3; `window` is not used.
    Raises Invalid for too few solutions, and where they do not tell the ions apart.
    Source: Goldman (1943), J. Gen. Physiol. 27, 37; Hodgkin & Katz (1949), J. Physiol. 108, 37.
    """
    membrane: Membrane = membrane_of(profiles, NAME)
    if reference is not None and reference not in membrane.names:
        raise Invalid.at("reference", f"{reference!r} is not one of {', '.join(membrane.names)}.")
    own = reference or profiles[0].component
    membrane.check(NAME)
    found = ratios(membrane, membrane.names.index(own))
    others = tuple(name for name in membrane.names if name != own)
    warnings = [sentence for profile in profiles for sentence in profile.warnings]
    negative = [name for name, value in zip(others, found.value, strict=True) if not value > 0.0]
    if negative:
        warnings.append(
            f"P_{negative[0]}/P_{own} comes out as {found.value[others.index(negative[0])]:.2g}: these potentials do "
            "not tell it from 0, or ions that are not listed cross the membrane."
        )
    row = membrane.names.index(own)
    mean = float(np.mean([membrane.inside[row], membrane.outside[row]]))
    return Estimate(
        method=NAME,
        recovers="permeability_ratio",
        unit="1",
        component=own,
        composition=np.array([mean]),
        value=found.value[:, None],
        sd=None if found.sd is None else found.sd[:, None],
        window=(mean, mean),
        source=", ".join(profile.source for profile in profiles if profile.source),
        diagnostics={
            "reference": own,
            "temperature": temperature_of(profiles[0], NAME, "RT/F"),
            "solutions": int(membrane.voltage.size),
            "condition": found.condition,
            "residual_rms": found.residual,
            "warnings": warnings,
        },
        rows=others,
    )


METHOD = Method(
    name=NAME,
    title="Permeability ratios from reversal potentials",
    equation="sum_i z_i P_i [B(-z_i v) c_i,in - B(z_i v) c_i,out] = 0,  v = F V/(RT),  B(s) = s/(e^s - 1)",
    recovers="permeability_ratio",
    unit="1",
    needs=("reversal potentials", "concentrations on both sides", "charges", "temperature"),
    assumes=("constant field", "no net current", "all ions that cross are listed"),
    source="Goldman (1943), J. Gen. Physiol. 27, 37; Hodgkin & Katz (1949), J. Physiol. 108, 37",
    check=check,
    analyse=permeability_ratios,
    tolerance=1e-9,
    window=(0.0, 1.0),
    profiles=(1, 16),
    together=together,
)

"""The diffusivities of ions from the profiles of junctions between their solutions."""

from collections.abc import Sequence

import numpy as np

from inverse.estimate import Estimate, Method
from inverse.ions.junction import Junction, diffusivities, junction_of
from inverse.ions.simulated import IonFit, fit
from inverse.ions.solution import check_junction
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "ion-diffusivities"
LEAST = 3  # ions
DOUBTFUL = 100.0  # of the condition number, from which on a sentence says so
FITS = 1.5  # of the root mean square of the residuals over the noise, above which the model does not fit


def check(profile: Profile, method: str) -> None:
    """Raise Invalid unless the profile is one of a junction of at least three ions with charges."""
    z = check_junction(profile, method)
    if np.count_nonzero(z) < LEAST:
        shown = ", ".join(profile.components)
        raise Invalid.at(
            "profile",
            f"{method} needs three ions with a charge or more; of {shown} only the ambipolar diffusivity shows. Use "
            "sauer-freise for that, and transference, with the diffusion potential, for the two ions.",
        )


def together(profiles: Sequence[Profile], method: str) -> None:
    """Raise Invalid unless all profiles are of the same ions at one temperature."""
    first = profiles[0]
    for profile in profiles[1:]:
        if set(profile.components) != set(first.components):
            shown = f"{', '.join(first.components)} and {', '.join(profile.components)}"
            raise Invalid.at("profile", f"{method} takes junctions of the same ions together, not of {shown}.")
        given = [entry.temperature for entry in (first, profile)]
        if None not in given and abs(given[0] - given[1]) > 1e-6 * given[0]:
            shown = f"{given[0]:g} K and {given[1]:g} K"
            raise Invalid.at("profile", f"{method} takes junctions at one temperature together, not at {shown}.")


def ion_diffusivities(
    *profiles: Profile,
    window: tuple[float, float] = (0.0, 1.0),
    smoother: str = "probit",
    by_simulation: bool | None = None,
) -> Estimate:
    """Diffusivities of all n ions, m^2/s, one each, in rows, from one junction of their solutions or several.

        J_i = 1/(2t) int_-inf^x (x - x_0) dc_i = -D_i (dc_i/dx - z_i c_i psi)
        z_k c_k (J_i/D_i + dc_i/dx) = z_i c_i (J_k/D_k + dc_k/dx)   for every pair i, k

    A neutral, ideal solution without current that began as a step, with unaffected ends; D constant. The field psi is
    eliminated, what is left is linear in 1/D and solved by least squares over all pairs and places; x_0 is the plane
    that balances all ions best. by_simulation: fit simulated junctions to the profiles instead, which noise spoils much
    less; by default for profiles with noise, where the standard deviations are those of the fit. `composition` is the
    mean concentration of the first ion, in mol/m^3. `window` is not used.
    Raises Invalid for less than three ions, ions that are not neutral together, a law with another field, ends that are
    not flat, and a D that does not come out positive.
    Source: Newman & Thomas-Alyea, Electrochemical Systems, 3rd ed. (2004).
    """
    for profile in profiles:
        check(profile, NAME)
    together(profiles, NAME)
    names = profiles[0].components
    junctions = [junction_of(profile.ordered(names), NAME, smoother, k) for k, profile in enumerate(profiles)]
    linear, condition = diffusivities(junctions)
    clean = all(junction.clean for junction in junctions)
    simulated = not clean if by_simulation is None else by_simulation
    diagnostics = {
        "time": junctions[0].time,
        "planes": [junction.plane for junction in junctions],
        "condition": condition,
        "noise": [junction.noise.tolist() for junction in junctions],
        "linear": linear.tolist(),
        "by_simulation": simulated,
    }
    warnings = [sentence for junction in junctions for sentence in junction.warnings]
    if condition > DOUBTFUL:
        warnings.append(f"The condition number of the equations is {condition:.2g}: D of some ions is uncertain.")
    if simulated:
        value, sd, more = by_fit(junctions, linear, names, warnings)
    else:
        value, sd, more = by_equations(junctions, linear, names, clean)
    mean = np.mean([junction.ends.mean(axis=1) for junction in junctions], axis=0)
    diagnostics |= {**more, "mean_concentration": mean.tolist(), "warnings": warnings}
    return Estimate(
        method=NAME,
        recovers="ion_diffusivity",
        unit="m^2/s",
        component=names[0],
        composition=mean[:1],
        value=value[:, None],
        sd=None if sd is None else sd[:, None],
        window=(float(mean[0]), float(mean[0])),
        source=", ".join(profile.source for profile in profiles if profile.source),
        diagnostics=diagnostics,
        rows=names,
    )


def positive(D: np.ndarray) -> np.ndarray:
    return np.isfinite(D) & (D > 0.0)


def by_fit(
    junctions: Sequence[Junction], linear: np.ndarray, names: Sequence[str], warnings: list[str]
) -> tuple[np.ndarray, np.ndarray | None, dict]:
    """D (n,), standard deviations and diagnostics of the simulated junctions that fit best."""
    good = positive(linear)
    if not good.any():
        raise not_positive(names, linear)
    middle = np.median(linear[good])
    start = np.clip(np.where(good, linear, middle), middle / 30.0, middle * 30.0)
    found: IonFit = fit(junctions, start)
    sd = None
    if found.covariance is not None:
        sd = found.D * np.sqrt(np.diag(found.covariance))
        if found.residual > FITS:
            warnings.append(
                f"The simulated junctions miss the profiles by {found.residual:.2g} times the noise: D that change "
                "with the concentration, or a start that was no step, would do that."
            )
    return found.D, sd, {"residual_rms": found.residual, "fitted_planes": list(found.planes)}


def by_equations(
    junctions: Sequence[Junction], linear: np.ndarray, names: Sequence[str], clean: bool
) -> tuple[np.ndarray, np.ndarray | None, dict]:
    """D (n,) of the equations, with standard deviations over curves drawn from the distribution of their fits."""
    if not positive(linear).all():
        raise not_positive(names, linear)
    if clean:
        return linear, None, {}
    drawn = [list(junction.draws()) or [junction] for junction in junctions]
    count = max(map(len, drawn))
    values = [diffusivities([own[j % len(own)] for own in drawn])[0] for j in range(count)]
    low, high = np.nanquantile(values, (0.15865, 0.84135), axis=0)
    return linear, 0.5 * (high - low), {}


def not_positive(names: Sequence[str], D: np.ndarray) -> Invalid:
    k = int(np.argmin(positive(D)))
    return Invalid.at(
        "profile",
        f"the equations give D = {D[k]:.3g} m^2/s for {names[k]}, which cannot be. Noise does that to an ion that "
        "barely moves: use by_simulation, or check time, charges and units.",
    )


METHOD = Method(
    name=NAME,
    title="Diffusivities of ions from a junction",
    equation="z_k c_k (J_i/D_i + dc_i/dx) = z_i c_i (J_k/D_k + dc_k/dx),  J_i = 1/(2t) int (x - x_0) dc_i",
    recovers="ion_diffusivity",
    unit="m^2/s",
    needs=("profiles of three ions or more", "time", "charges", "flat ends or known end values"),
    assumes=("electroneutral", "no current", "ideal solution", "constant D", "step start", "unaffected ends", "planar"),
    source="Newman & Thomas-Alyea, Electrochemical Systems, 3rd ed. (2004)",
    check=check,
    analyse=ion_diffusivities,
    tolerance=1e-3,
    window=(0.0, 1.0),
    profiles=(1, 16),
    together=together,
)

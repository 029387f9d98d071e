"""Activation energies from profiles of several temperatures."""

from collections.abc import Sequence

import numpy as np

from inverse.estimate import UNITS, Estimate, Method
from simulator.faults import Invalid
from simulator.laws.expression import CONSTANTS
from simulator.solve.profile import Profile

NAME = "arrhenius"
R = CONSTANTS["R"]
SAME = 1.0  # K, within which two profiles count as of one temperature
SPACING = 0.005  # of the common range between the compositions of the estimate
ODD = 3.0  # of chi-square over its degrees of freedom, from which the lines are worth a word


def arrhenius(*profiles: Profile, window: tuple[float, float] = (0.02, 0.98), base: str | None = None) -> Estimate:
    """Activation energy Q(X), J/mol, and the factor D0(X) of the interdiffusivity, from profiles at two temperatures or
    more.

        ln D(X, T) = ln D0(X) - Q(X)/(R T),   a weighted straight line in 1/T at every composition

    base: the method that finds D at each temperature, by default wagner where a molar volume is given and sauer-freise
    where not; several profiles of one temperature are one estimate each. The compositions are those that every profile
    reaches. Raises Invalid for a profile without a temperature.
    Source: Arrhenius (1889), Z. Phys. Chem. 4, 226
    """
    from inverse.registry import method_of

    check_temperatures(profiles)
    method = method_of(base or default_base(profiles))
    estimates = [method.analyse(profile, window=window) for profile in profiles]
    return arrhenius_of(estimates, [float(profile.temperature) for profile in profiles])


def default_base(profiles: Sequence[Profile]) -> str:
    """wagner for profiles with a molar volume, else sauer-freise."""
    return "wagner" if any(len(profile.molar_volume or {}) > 1 for profile in profiles) else "sauer-freise"


def check(profile: Profile, method: str) -> None:
    """Raise Invalid unless the profile has a temperature and the base method takes it."""
    from inverse.registry import method_of

    if profile.temperature is None:
        raise Invalid.at("profile", f"{method} needs the temperature of every profile; {named(profile)} has none.")
    if profile.history is not None and not profile.history.constant:
        raise Invalid.at(
            "profile", f"{method} needs one temperature for each profile, but that of {named(profile)} changed in time."
        )
    base = method_of(default_base([profile]))
    base.check(profile, base.name)


def named(profile: Profile, number: int | None = None) -> str:
    """What to call a profile in a sentence."""
    return profile.source or ("this profile" if number is None else f"profile {number + 1}")


def check_temperatures(profiles: Sequence[Profile]) -> None:
    """Raise Invalid unless every profile has a temperature and there are two different ones."""
    missing = [named(profile, k) for k, profile in enumerate(profiles) if profile.temperature is None]
    if missing:
        verb = "has" if len(missing) == 1 else "have"
        raise Invalid.at(
            "temperature", f"{NAME} needs the temperature of every profile; {', '.join(missing)} {verb} none."
        )
    components = {profile.component for profile in profiles}
    if len(components) > 1:
        raise Invalid.at(
            "profiles", f"{NAME} fits one component, but these are profiles of {', '.join(sorted(components))}."
        )


def activation_energy(
    temperatures: Sequence[float], logarithms: np.ndarray, deviations: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Q (k,) J/mol, ln D0 (k,), covariances (k, 2, 2) of (ln D0, Q) and chi-square (k,) of the lines ln D = ln D0 -
    Q/(R T).

    temperatures (n,) K; logarithms (n, k) of D in m^2/s; deviations (n, k), their standard deviations: without them all
    weigh the same, and the covariance follows from the residuals, nan for two temperatures.
    """
    y = np.asarray(logarithms, float)
    s = np.ones(y.shape) if deviations is None else np.asarray(deviations, float)
    z = -1.0 / (R * np.asarray(temperatures, float))[:, None]
    w = s**-2.0
    total = w.sum(axis=0)
    middle = (w * z).sum(axis=0) / total
    off = z - middle
    spread = (w * off**2).sum(axis=0)
    mean = (w * y).sum(axis=0) / total
    Q = (w * off * y).sum(axis=0) / spread
    factor = mean - Q * middle
    chi_square = (w * (y - factor - Q * z) ** 2).sum(axis=0)
    scale = np.ones(y.shape[1])
    if deviations is None:
        freedom = len(y) - 2
        scale = chi_square / freedom if freedom > 0 else np.full(y.shape[1], np.nan)
    cross = -middle / spread
    covariance = np.array([[1.0 / total + middle**2 / spread, cross], [cross, 1.0 / spread]]) * scale
    return Q, factor, np.moveaxis(covariance, -1, 0), chi_square


def arrhenius_of(estimates: Sequence[Estimate], temperatures: Sequence[float]) -> Estimate:
    """The same from estimates of a diffusivity, one at each of the temperatures in K."""
    apart = np.ptp(np.asarray(temperatures, float))
    if len(estimates) < 2 or apart <= SAME:
        raise Invalid.at(
            "temperature",
            f"{NAME} needs two temperatures or more, but all profiles are of {temperatures[0]:g} K.",
        )
    for estimate in estimates:
        if UNITS.get(estimate.recovers) != "m^2/s" or estimate.value.ndim != 1:
            raise Invalid.at("estimate", f"{NAME} takes diffusivities, not what {estimate.method} recovers.")
    low = max(estimate.window[0] for estimate in estimates)
    high = min(estimate.window[1] for estimate in estimates)
    if not high > low:
        raise Invalid.at("profiles", f"{NAME} finds no composition that all profiles reach.")
    X = np.linspace(low, high, round(1.0 / SPACING) + 1)
    logarithms = np.stack([np.log(estimate.at(X)) for estimate in estimates])
    kept = np.isfinite(logarithms).all(axis=0)
    if not kept.any():
        raise Invalid.at("profiles", f"{NAME} finds no composition that all profiles reach.")
    X, logarithms = X[kept], logarithms[:, kept]
    known = all(estimate.sd is not None for estimate in estimates)
    deviations = np.stack([relative_sd(estimate, X) for estimate in estimates]) if known else None
    Q, factor, covariance, chi_square = activation_energy(temperatures, logarithms, deviations)
    count = len(estimates)
    settled = known or count > 2
    warnings = [
        f"{temperature:g} K: {sentence}"
        for estimate, temperature in zip(estimates, temperatures, strict=True)
        for sentence in estimate.warnings
    ]
    reduced = float(np.mean(chi_square)) / (count - 2) if count > 2 else None
    if known and reduced is not None and reduced > ODD:
        warnings.append(
            f"ln D over 1/T is no straight line within the uncertainties: chi-square is {reduced:.2g} times its "
            "degrees of freedom. Two mechanisms, a phase change, or a wrong time or temperature."
        )
    if any(estimate.sd is not None for estimate in estimates) and not known:
        warnings.append("Not every profile has an uncertainty, so all temperatures weigh the same.")
    first = estimates[0]
    return Estimate(
        method=NAME,
        recovers="activation_energy",
        unit=UNITS["activation_energy"],
        component=first.component,
        composition=X,
        value=Q,
        sd=np.sqrt(covariance[:, 1, 1]) if settled else None,
        window=(float(X[0]), float(X[-1])),
        source=first.source,
        diagnostics={
            "base": first.method,
            "temperatures": [float(T) for T in temperatures],
            "D0": np.exp(factor).tolist(),
            "ln_D0": factor.tolist(),
            "ln_D0_sd": np.sqrt(covariance[:, 0, 0]).tolist() if settled else None,
            "covariance": covariance.tolist() if settled else None,
            "chi_square": chi_square.tolist() if known and count > 2 else None,
            "degrees_of_freedom": count - 2,
            "files": [estimate.source for estimate in estimates],
            "warnings": warnings,
        },
    )


def relative_sd(estimate: Estimate, X: np.ndarray) -> np.ndarray:
    """Standard deviations of ln D at compositions X."""
    order = np.argsort(estimate.composition)
    return np.interp(X, estimate.composition[order], (estimate.sd / estimate.value)[order])


METHOD = Method(
    name=NAME,
    title="Arrhenius",
    equation="ln D(X, T) = ln D0(X) - Q(X)/(R T)",
    recovers="activation_energy",
    unit="J/mol",
    needs=("profiles of two temperatures or more", "time and temperature of each", "flat ends or known end values"),
    assumes=("binary", "step start", "unaffected ends", "planar", "one mechanism over all temperatures"),
    source="Arrhenius (1889), Z. Phys. Chem. 4, 226",
    check=check,
    analyse=arrhenius,
    tolerance=5e-3,
    profiles=(2, 20),
)

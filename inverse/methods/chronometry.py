"""How long an anneal lasted, from a profile, a known diffusivity and the temperature over time."""

from collections.abc import Callable, Sequence

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.optimize import least_squares

from inverse.estimate import UNITS, Estimate, Method
from inverse.history import time_of
from inverse.simulated.forward import Diffusivity
from inverse.simulated.observed import Observation, observe
from inverse.simulated.observed import check as check_sample
from inverse.simulated.profile_fit import ProfileFit, nearest_constant
from inverse.simulated.starts import Start, start_of
from simulator.faults import Invalid
from simulator.laws.law import Law
from simulator.problem.domain import Domain
from simulator.problem.initial import Film, Initial, Step, Tabulated
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls
from simulator.solve.profile import Profile, profile_of

NAME = "chronometry"
SOURCE = "Chakraborty (2008), Annu. Rev. Earth Planet. Sci. 36, doi 10.1146/annurev.earth.36.031207.124125"
SEPARABLE = 1e-6  # of D, by which a(T) b(X) may differ from it
SAMPLES = 17
FROZEN = 0.02  # of the mean rate, below which diffusion had all but stopped at the end
STRUCTURE = 4.0
NOTABLE = 1e-4
CELLS = 300
SAME = 1e-6  # of D, to which two laws count as one
INCREMENT = 1e-4  # of ln t and of the shifts


def chronometry(
    *profiles: Profile,
    window: tuple[float, float] = (0.02, 0.98),
    law: Law | None = None,
    history: Temperature | None = None,
) -> Estimate:
    """The time t of an anneal, s, from one or several profiles that it made of known starts.

        int_0^t a(T(t')) dt' = a(T_0) s,   D(X, T) = a(T) b(X),   s the time that fits at the temperature T_0

    law: what gives D, with "interdiffusivity" among its coefficients; history: T over the time since the start; by
    default those that come with the first profile, or its temperature. s is the only unknown in a least-squares fit of
    simulated profiles, beside contact planes and end values that are not given; where D is no such product the whole
    history is simulated. The standard deviation follows from the fit's covariance. Raises Invalid for a history that
    never gives so much diffusion, and for profiles of different components, laws, histories or molar volumes.
    Source: Chakraborty (2008), Annu. Rev. Earth Planet. Sci. 36, doi 10.1146/annurev.earth.36.031207.124125
    """
    first = profiles[0]
    together(profiles, NAME, law, history)
    law = getattr(first, "law", None) if law is None else law
    history = history_of(first, law, history)
    observations: list[Observation] = []
    for profile in profiles:
        check_sample(profile, NAME, timed=False)
        observations.append(observe(profile, NAME, observations[0].reference if observations else None))
    low = min(entry.range[0] for entry in observations)
    high = max(entry.range[1] for entry in observations)
    reference = hottest(history)
    known = logarithm_of(law, first, reference)
    fit = fit_of(observations, low, high, known)
    equivalent = float(np.exp(fit.p[0]))
    spread = float(np.sqrt(fit.covariance[0, 0]))
    middle = np.array([0.5 * (low + high)])

    def rate(t: float, X: np.ndarray = middle) -> float:
        T = np.nan if history is None else history(t)
        return float(np.exp(logarithm_of(law, first, T, t)(X) - known(X))[0])

    time, total = time_of(equivalent, rate, history)
    if not np.isfinite(time):
        raise Invalid.at(
            "temperature",
            f"{NAME} finds {equivalent:.4g} s at {reference:.5g} K in this profile, but the history given never comes "
            f"to more than {total:.4g} s.",
        )
    found = {"time": time, "sd": spread * equivalent / rate(time), "equivalent": equivalent}
    if not is_separable(law, first, history, time, low, high, known):
        time, spread = simulated(profiles, fit, law, history, time)
        found = {"time": time, "sd": spread * time, "equivalent": None}
    found["late"] = rate(time) * time / equivalent
    return estimate_of(observations, fit, found, reference, (low, high))


def fit_of(
    observations: Sequence[Observation], low: float, high: float, known: Callable[[np.ndarray], np.ndarray]
) -> ProfileFit:
    """The fit of ln s, the logarithm of the time at the reference temperature."""
    ones, stretch = [1.0] * len(observations), observations[0].stretch
    mean = float(np.mean(known(np.linspace(low, high, SAMPLES))))

    def make(value: float) -> Diffusivity:
        return Diffusivity(low, high, lambda X: np.zeros((0, X.size)), lambda X: known(X) - mean + value, stretch)

    start = nearest_constant(observations, ones, make) - mean
    family = Diffusivity(low, high, lambda X: np.ones((1, X.size)), known, stretch)
    fit = ProfileFit(observations, family, ones, np.array([start])).run()
    fit.finish()
    return fit


def check(profile: Profile, method: str) -> None:
    """Raise Invalid unless the profile comes with a law, positive in its range, and a temperature where that needs
    one."""
    law = getattr(profile, "law", None)
    history = history_of(profile, law, None)
    check_sample(profile, method, timed=False)
    X = np.linspace(*np.clip(start_of(profile, method).range, 0.0, 1.0), SAMPLES)
    logarithm_of(law, profile, hottest(history))(X)


def together(
    profiles: Sequence[Profile], method: str, law: Law | None = None, history: Temperature | None = None
) -> None:
    """Raise Invalid unless the profiles can be of one anneal of one sample: one component, one law, one history and one
    molar volume. law, history: what is given for all of them."""
    names = {profile.component for profile in profiles}
    if len(names) > 1:
        raise Invalid.at(
            "profiles", f"{method} takes profiles of one component, but these are of {', '.join(sorted(names))}."
        )
    laws = [law or getattr(profile, "law", None) for profile in profiles]
    laws = [entry for entry in laws if entry is not None]
    if any(different(laws[0], entry) for entry in laws[1:]):
        raise Invalid.at(
            "law",
            f"{method} finds one time for all profiles, but they come with different laws. Analyse each by itself, or "
            "leave one law, which then holds for all.",
        )
    if history is None and any("T" in entry.depends_on for entry in laws):
        histories = [found for profile in profiles if (found := given_history(profile)) is not None]
        if any(found != histories[0] for found in histories[1:]):
            raise Invalid.at(
                "temperature",
                f"{method} finds one time for all profiles, but they come with different temperatures over time. "
                "Analyse each by itself.",
            )
    volumes = {repr(sorted((profile.molar_volume or {}).items())) for profile in profiles}
    if len(volumes) > 1:
        raise Invalid.at("profiles", f"{method} needs the same molar volume for all profiles.")


def different(one: Law, other: Law) -> bool:
    """Whether two laws give different interdiffusivities of a binary at one of two temperatures and times."""
    if one is other or max(one.mixture.m, other.mixture.m) > 1:
        return False
    if one.mixture.independent != other.mixture.independent:
        return True
    u = one.mixture.unknowns(np.linspace(0.02, 0.98, SAMPLES)[None])
    for T, t in ((1000.0, 0.0), (1500.0, 3600.0)):
        try:
            D = [law.coefficient("interdiffusivity", u, T, t) for law in (one, other)]
        except KeyError:
            return False
        if not np.allclose(*D, rtol=SAME, atol=0.0):
            return True
    return False


def given_history(profile: Profile) -> Temperature | None:
    """The temperature over time that comes with a profile, or the one temperature it has."""
    history = getattr(profile, "history", None)
    if history is None and profile.temperature is not None:
        history = Temperature(value=profile.temperature)
    return history


def history_of(profile: Profile, law: Law | None, history: Temperature | None) -> Temperature | None:
    """The history given, the profile's, or its temperature; None where nothing depends on it."""
    if law is None:
        raise Invalid.at(
            "law", f'{NAME} needs the diffusivity: a section [law] beside the profile, with kind = "fick" and D.'
        )
    if law.mixture.m != 1:
        raise Invalid.at("law", f"{NAME} needs the law of a binary alloy, this one has {law.mixture.m + 1} components.")
    if law.mixture.interstitial:
        raise Invalid.at("law", f"{NAME} needs a diffusivity of mole fractions; that of this law is of u-fractions.")
    if "x" in law.depends_on:
        raise Invalid.at("law", f"{NAME} needs a diffusivity that does not depend on the position.")
    try:
        law.coefficient("interdiffusivity", law.mixture.unknowns(np.array([[0.5]])), 1000.0)
    except KeyError:
        raise Invalid.at("law", f"the law {law.kind} has no interdiffusivity.") from None
    history = history or given_history(profile)
    if history is None and "T" in law.depends_on:
        raise Invalid.at(
            "temperature", f"{NAME} needs the temperature over time: D depends on it. Give a value or a schedule."
        )
    return history if "T" in law.depends_on else None


def logarithm_of(law: Law, profile: Profile, T: float, t: float = 0.0) -> Callable[[np.ndarray], np.ndarray]:
    """ln D (k,) of fractions (k,) of the profile's component."""
    mixture = law.mixture
    if profile.component not in mixture.components:
        raise Invalid.at("law", f"the law is of {', '.join(mixture.components)}, the profile of {profile.component}.")
    same = profile.component == mixture.independent[0]

    def value(X: np.ndarray) -> np.ndarray:
        X = np.clip(X if same else 1.0 - np.asarray(X, float), 0.0, 1.0)
        D = law.coefficient("interdiffusivity", mixture.unknowns(X[None]), T, t)
        if not (np.isfinite(D).all() and (D > 0.0).all()):
            raise Invalid.at("law", f"{NAME} needs a positive diffusivity; this law has {np.min(D):.3g} m^2/s.")
        return np.log(D)

    return value


def hottest(history: Temperature | None) -> float:
    """The temperature of the equivalent time: the highest of a schedule, that of the beginning of an expression."""
    if history is None:
        return float("nan")
    return float(max(history.points[1])) if history.program is None else history(0.0)


def is_separable(law, profile, history, time, low, high, known) -> bool:
    """Whether D(X, T) = a(T) b(X) over the history up to `time`."""
    if history is None or history.constant:
        return True
    X = np.linspace(low, high, SAMPLES)
    base = known(X)
    for t in np.linspace(0.0, time, SAMPLES):
        ratio = logarithm_of(law, profile, history(t), t)(X) - base
        if np.ptp(ratio) > SEPARABLE:
            return False
    return True


def simulated(
    profiles: Sequence[Profile], fit: ProfileFit, law: Law, history: Temperature, time: float
) -> tuple[float, float]:
    """The time and the standard deviation of its logarithm, by simulating the whole history: D is no product.

    Unknown: ln t and the shift of every couple on an infinite line, in lengths of the profile. The residuals of the fit
    become those of this one.
    """
    starts = [start_of(profile, NAME) for profile in profiles]
    moves = [start.infinite for start in starts]

    def residual(v: np.ndarray) -> np.ndarray:
        parts, shifts = [], np.zeros(len(starts))
        shifts[moves] = v[1:]
        for profile, start, shift in zip(profiles, starts, shifts, strict=True):
            seen = simulate(profile, start, law, history, float(np.exp(v[0])))
            line = CubicSpline(seen.x, seen.fraction(profile.component))
            parts.append(line(np.clip(profile.x - shift * np.ptp(profile.x), seen.x[0], seen.x[-1])))
        return (np.concatenate(parts) - fit.y) / fit.sigma

    begin = np.concatenate([[np.log(time)], np.zeros(sum(moves))])
    found = least_squares(residual, begin, diff_step=INCREMENT, x_scale="jac", xtol=1e-10, ftol=1e-10, gtol=1e-14)
    fit.residual = found.fun
    fit.chi_square, fit.freedom = 2.0 * float(found.cost), float(max(1, fit.y.size - found.x.size))
    variance = 1.0 if fit.known else fit.chi_square / fit.freedom
    return float(np.exp(found.x[0])), float(np.sqrt(variance * np.linalg.inv(found.jac.T @ found.jac)[0, 0]))


def simulate(profile: Profile, start: Start, law: Law, history: Temperature, time: float) -> Profile:
    """The profile after `time` of the history."""
    from simulator.solve.solve import solve

    interval = start.interval
    if start.infinite:
        reach = float(max(start.at - profile.x[0], profile.x[-1] - start.at))
        interval = (start.at - 1.5 * reach, start.at + 1.5 * reach)
    problem = Problem(
        law.mixture,
        law,
        Domain(interval, CELLS),
        initial_of(profile, start),
        temperature=history,
        end=time,
        save=(time,),
    )
    return profile_of(solve(problem, Controls(rtol=1e-8, extrapolate=True)))


def initial_of(profile: Profile, start: Start) -> Initial:
    """The start as a problem has it."""
    name, ends = profile.component, np.clip(start.ends, 0.0, 1.0).tolist()
    if start.shape == "step":
        return Step(start.at, {name: ends[0]}, {name: ends[1]})
    if start.shape == "film":
        return Film(start.at, start.thickness, {name: ends[1]}, {name: ends[0]})
    return Tabulated(start.x, {name: np.clip(start.y, 0.0, 1.0)})


def estimate_of(
    observations: Sequence[Observation], fit: ProfileFit, found: dict, reference: float, ends: tuple[float, float]
) -> Estimate:
    time, equivalent = found["time"], found["equivalent"]
    entry = observations[0]
    warnings = [sentence for item in observations for sentence in item.warnings]
    if fit.structure() > STRUCTURE and fit.rms > NOTABLE * fit.step:
        warnings.append(
            f"The residuals (rms {fit.rms:.2g}) have structure: the law given, or the start that was assumed, does not "
            "make this profile."
        )
    late = found["late"]
    if late < FROZEN:
        warnings.append(
            f"At the end diffusion was {late:.2g} times as fast as on the average: the profile says when it froze, and "
            "little about the time after that."
        )
    low, high = ends
    diagnostics = {
        "reference_temperature": reference if np.isfinite(reference) else None,
        "equivalent_time": equivalent,
        "separable": equivalent is not None,
        "residual_rms": fit.rms,
        "chi_square": fit.chi_square if fit.known else None,
        "degrees_of_freedom": fit.freedom,
        "discretisation": fit.discretisation,
        "warnings": list(dict.fromkeys(warnings)),
    }
    clean = all(item.clean for item in observations)
    return Estimate(
        method=NAME,
        recovers="time",
        unit=UNITS["time"],
        component=entry.profile.component,
        composition=np.array([0.5 * (low + high)]),
        value=np.array([time]),
        sd=None if clean else np.array([found["sd"]]),
        window=(float(low), float(high)),
        source=entry.profile.source,
        diagnostics=diagnostics,
    )


METHOD = Method(
    name=NAME,
    title="Diffusion chronometry",
    equation="int_0^t a(T(t')) dt' = a(T_0) s,   X(x; s) fitted,   D(X, T) = a(T) b(X)",
    recovers="time",
    unit="s",
    needs=("one or several profiles of an anneal", "D(X, T)", "the temperature over time"),
    assumes=("binary", "known start", "planar", "closed ends"),
    source=SOURCE,
    check=check,
    analyse=chronometry,
    tolerance=2e-3,
    profiles=(1, 20),
    together=together,
)

"""An estimate beside the truth that a simulation knows."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.interpolate import make_interp_spline

from inverse.estimate import Estimate
from inverse.multicomponent.matrices import with_dependent
from inverse.registry import method_of
from simulator.faults import Invalid
from simulator.laws.expression import CONSTANTS

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(12)
NO_FLUX = 1e-6  # of the largest flux of all: a component that flows by less does not take part
NEAR = 1e-9  # of the window, by which a composition may lie beyond it


@dataclass(frozen=True)
class Verdict:
    """truth of the law at the estimate's compositions, error relative to it, both of the shape of the value, max_error
    in the window over all rows, and whether it is within the method's tolerance. Errors of a matrix are relative to its
    largest entry, those of a flux or a velocity to the largest of its row."""

    method: str
    recovers: str
    truth: np.ndarray
    error: np.ndarray
    max_error: float
    tolerance: float
    window: tuple[float, float]

    @property
    def passed(self) -> bool:
        return bool(self.max_error <= self.tolerance)

    def __str__(self) -> str:
        word = "within" if self.passed else "OUT OF"
        return f"{self.method}: largest relative error {self.max_error:.2e}, {word} the tolerance {self.tolerance:.0e}"


def compare(estimate: Estimate, result, tolerance: float | None = None, time: float | None = None) -> Verdict:
    """Judge an estimate by the law that made the result.

    time: of the profile, s, where the estimate does not say it; the last saved one by default. A coefficient that
    changes in time, as with the temperature, is compared with its mean up to then: what a profile can show.
    Raises Invalid if the law has no such coefficient.
    """
    if estimate.recovers not in TRUTHS:
        raise Invalid.at("compare", f"there is no truth to compare {estimate.recovers} with.")
    stated = estimate.diagnostics.get("time", time)
    end = float(result.time[-1]) if stated is None else float(stated)
    try:
        truth = np.asarray(TRUTHS[estimate.recovers](estimate, result, end), float)
    except KeyError:
        raise Invalid.at(
            "compare", f"the law {result.problem.law.kind} has no {estimate.recovers} to compare with."
        ) from None
    with np.errstate(divide="ignore"):
        error = (estimate.value - truth) / scale_of(estimate, truth)
    inside = inside_of(estimate)
    shown = error if estimate.is_matrix else error[..., inside]
    largest = float(np.abs(shown).max()) if inside.any() else np.inf
    allowed = method_of(estimate.method).tolerance if tolerance is None else tolerance
    return Verdict(estimate.method, estimate.recovers, truth, error, largest, allowed, estimate.window)


def scale_of(estimate: Estimate, truth: np.ndarray) -> np.ndarray:
    """What errors are relative to, of a shape that broadcasts to the value's."""
    if estimate.is_matrix:
        return np.abs(truth).max(axis=(1, 2), keepdims=True)
    if estimate.recovers == "interdiffusion_flux":
        own = np.abs(truth).max(axis=-1, keepdims=True)
        return np.maximum(own, NO_FLUX * own.max())
    if estimate.recovers == "lattice_velocity":
        return np.abs(truth).max(axis=-1, keepdims=True)
    return truth


def inside_of(estimate: Estimate) -> np.ndarray:
    """Whether each composition (k,) is in the window; compositions of several components all are."""
    if estimate.composition.ndim > 1:
        return np.ones(len(estimate.composition), bool)
    low, high = estimate.window
    margin = NEAR * (high - low)
    return (estimate.composition >= low - margin) & (estimate.composition <= high + margin)


def several_fractions(estimate: Estimate, result) -> np.ndarray:
    """Independent fractions (m, k) of the law at the compositions (k, m) of an estimate of several components, which
    may have another dependent one. Raises Invalid where the law has other components."""
    mixture = result.problem.mixture
    names = columns_of(estimate)
    missing = [name for name in mixture.components if name not in (*names, estimate.dependent)]
    if missing or len(names) != mixture.m:
        shown = ", ".join((*names, estimate.dependent))
        raise Invalid.at("compare", f"the estimate is of {shown}, the law of {', '.join(mixture.components)}.")
    if mixture.interstitial:
        raise Invalid.at("compare", "the law's matrix is of u-fractions, the estimate's of mole fractions.")
    if "x" in result.problem.law.depends_on:
        raise Invalid.at("compare", "the law's coefficient depends on the position: there is no one D to compare with.")
    rows = dict(zip(names, estimate.composition.T, strict=True))
    rows[estimate.dependent] = 1.0 - estimate.composition.sum(axis=1)
    return np.stack([rows[name] for name in mixture.independent])


def columns_of(estimate: Estimate) -> tuple[str, ...]:
    """The components that the columns of a composition of several are fractions of."""
    return tuple(estimate.diagnostics.get("independent", estimate.rows))


def independent_fractions(estimate: Estimate, result) -> np.ndarray:
    """Independent fractions (m, k) of the law at the compositions of the estimate: of several components, of a binary,
    or of a ternary whose third component is the isotope that the estimate used up, at its fraction 0. Raises Invalid
    for anything else."""
    if estimate.composition.ndim > 1:
        return several_fractions(estimate, result)
    mixture, isotope = result.problem.mixture, estimate.diagnostics.get("isotope")
    names = [name for name in mixture.components if name != isotope]
    if len(names) != 2:
        raise Invalid.at(
            "compare",
            f"{estimate.method} was applied to one of {mixture.m + 1} components, where the law has a matrix.",
        )
    if estimate.component not in names:
        raise Invalid.at("compare", f"the result has no component {estimate.component}.")
    if mixture.interstitial:
        raise Invalid.at("compare", "the law's interdiffusivity is of u-fractions, the estimate's of mole fractions.")
    if "x" in result.problem.law.depends_on:
        raise Invalid.at(
            "compare", "the law's coefficient depends on the position: there is no one D(X) to compare with."
        )
    X = np.clip(estimate.composition, 0.0, 1.0)
    shares = {estimate.component: X, isotope: np.zeros(X.size)}
    return np.stack([shares.get(name, 1.0 - X) for name in mixture.independent])


def mean_over_time(result, coefficient: Callable[[float, float], np.ndarray], end: float) -> np.ndarray:
    """Mean over 0 < t < end of coefficient(T, t), of its shape."""
    problem = result.problem
    breaks = problem.temperature.breaks if problem.temperature is not None else ()
    times = np.unique([0.0, *(t for t in breaks if 0.0 < t < end), end])
    total = 0.0
    for left, right in pairwise(times):
        half = 0.5 * (right - left)
        for point, weight in zip(POINTS, WEIGHTS, strict=True):
            t = left + half * (1.0 + point)
            total = total + half * weight * np.asarray(coefficient(problem.temperature_at(t), t), float)
    return total / end


def mean_coefficient(result, name: str, fractions: np.ndarray, time: float | None = None) -> np.ndarray:
    """The law's coefficient (k,), or with a row for each component, at fractions (m, k), averaged over the time up to
    `time` in s, the end by default."""
    problem = result.problem
    unknowns = problem.mixture.unknowns(fractions)
    end = float(result.time[-1]) if time is None else time
    found = mean_over_time(result, lambda T, t: problem.law.coefficient(name, unknowns, T, t), end)
    return found if found.ndim else np.full(fractions.shape[1], found)


def interdiffusivity(estimate: Estimate, result, end: float) -> np.ndarray:
    fractions = independent_fractions(estimate, result)
    if len(fractions) > 1:
        raise KeyError("interdiffusivity")
    return mean_coefficient(result, "interdiffusivity", fractions, end)


def interdiffusivity_matrix(estimate: Estimate, result, end: float) -> np.ndarray:
    """(k, r, r): the law's matrices for the dependent component of the estimate, with the rows that it has."""
    mixture, fractions = result.problem.mixture, several_fractions(estimate, result)
    D = np.moveaxis(mean_coefficient(result, "interdiffusivity", fractions, end), -1, 0)
    return with_dependent(D, mixture.independent, mixture.dependent, estimate.rows, estimate.dependent)


def pseudo_binary_diffusivity(estimate: Estimate, result, end: float) -> np.ndarray:
    """(2, k): D_ii - D_ij of the two components of the rows, whichever of the others is dependent, on the path."""
    path = replace(estimate, composition=np.asarray(estimate.diagnostics["fractions"], float))
    mixture, fractions = result.problem.mixture, several_fractions(path, result)
    D = np.moveaxis(mean_coefficient(result, "interdiffusivity", fractions, end), -1, 0)
    D = with_dependent(D, mixture.independent, mixture.dependent, estimate.rows, estimate.dependent)
    return np.stack([D[:, 0, 0] - D[:, 0, 1], D[:, 1, 1] - D[:, 1, 0]])


def by_component(name: str) -> Callable[[Estimate, object, float], np.ndarray]:
    """A coefficient that the law has for every component: of those that the rows name, or of the estimate's."""

    def truth(estimate: Estimate, result, end: float) -> np.ndarray:
        components = result.problem.mixture.components
        values = mean_coefficient(result, name, independent_fractions(estimate, result), end)
        values = np.broadcast_to(values, (len(components), len(estimate.composition)))
        rows = values[[components.index(row) for row in estimate.rows or (estimate.component,)]]
        return rows if estimate.rows else rows[0]

    return truth


def interdiffusion_flux(estimate: Estimate, result, end: float) -> np.ndarray:
    """(n, k), m/s: the run's own fluxes at the positions of the estimate, at the saved time nearest to `end`, times the
    molar volume of the left end. Raises Invalid where D changes in time: a profile shows its mean only."""
    problem = result.problem
    mixture = problem.mixture
    several_fractions(estimate, result)
    first, *later = (problem.temperature_at(part * end) for part in (0.0, 0.5, 1.0))
    if any(abs(temperature - first) > 0.0 for temperature in later) or "t" in problem.law.depends_on:
        raise Invalid.at("compare", "D changes in time: the profile's flux is of its mean, not of the last moment.")
    k = int(np.argmin(np.abs(result.time - end)))
    fields = result.snapshots[k].fields
    faces = fields["position_face"] if result.has("position_face") else result.grid.faces
    at = np.asarray(estimate.diagnostics["position"], float)
    flux = make_interp_spline(np.asarray(faces, float), result.flux[k], k=3, axis=1)(at)
    left = mixture.unknowns(result.mole_fraction[k][[mixture.components.index(n) for n in mixture.independent], :1])
    volume = 1.0 if problem.molar_volume is None else float(problem.molar_volume(left)[0])
    return volume * flux[[mixture.components.index(name) for name in estimate.rows]]


def tracer_ratio(estimate: Estimate, result, end: float) -> np.ndarray:
    """D*_component/D*_other."""
    mixture = result.problem.mixture
    values = mean_coefficient(result, "tracer_diffusivity", independent_fractions(estimate, result), end)
    own = mixture.components.index(estimate.component)
    return values[own] / values[1 - own]


def lattice_velocity(estimate: Estimate, result, end: float) -> np.ndarray:
    """v (k,), m/s, of the run itself at the positions of the estimate, at the saved time nearest to `end`."""
    if not result.has("lattice_velocity"):
        raise KeyError("lattice_velocity")
    k = int(np.argmin(np.abs(result.time - end)))
    fields = result.snapshots[k].fields
    faces = fields["position_face"] if result.has("position_face") else result.grid.faces
    at = estimate.diagnostics.get("position")
    if at is None:
        raise Invalid.at("compare", "velocities are compared at positions, and the diagnostics have none.")
    return make_interp_spline(np.asarray(faces, float), fields["lattice_velocity"], k=3)(np.asarray(at, float))


def of_layers(estimate: Estimate, result, values: np.ndarray) -> np.ndarray:
    """Values (.., p) of the law's compounds in the order of the estimate's layers, told by their fractions."""
    law = result.problem.law
    own = estimate.component == law.mixture.independent[0]
    fractions = law.fractions[1:-1] if own else 1.0 - law.fractions[1:-1]
    nearest = np.argmin(np.abs(fractions[None] - estimate.composition[:, None]), axis=1)
    if np.abs(fractions[nearest] - estimate.composition).max() > 1e-6:
        raise Invalid.at("compare", "the law has other compounds than the estimate.")
    return values[..., nearest]


def compounds_of(result, name: str):
    """The law of a couple of line compounds; KeyError for another one."""
    if result.problem.law.kind != "line-compounds":
        raise KeyError(name)
    return result.problem.law


def integrated_diffusivity(estimate: Estimate, result, end: float) -> np.ndarray:
    law = compounds_of(result, "integrated_diffusivity")
    return of_layers(estimate, result, mean_over_time(result, lambda T, t: law.integrated_diffusivity(T), end))


def growth_constant(estimate: Estimate, result, end: float) -> np.ndarray:
    """Rows: the first and the second kind."""
    law = compounds_of(result, "growth_constant")

    def both(T: float, t: float) -> np.ndarray:
        return np.array([law.growth_first_kind(T), law.growth_second_kind(T)])

    return of_layers(estimate, result, mean_over_time(result, both, end))


def activation_energy(estimate: Estimate, result, end: float) -> np.ndarray:
    """Q (k,), J/mol, of the line through the law's ln D over 1/T at the temperatures of the profiles."""
    problem, fractions = result.problem, independent_fractions(estimate, result)
    if len(fractions) > 1:
        raise KeyError("activation_energy")
    temperatures = np.asarray(estimate.diagnostics["temperatures"], float)
    unknowns = problem.mixture.unknowns(fractions)
    D = [
        np.broadcast_to(problem.law.coefficient("interdiffusivity", unknowns, T), estimate.composition.shape)
        for T in temperatures
    ]
    return -CONSTANTS["R"] * np.polyfit(1.0 / temperatures, np.log(D), 1)[0]


def ions_of(estimate: Estimate, result, name: str):
    """The ions of a result's law; KeyError for an alloy, Invalid where it lacks one of the estimate's."""
    mixture = result.problem.mixture
    if mixture.quantity != "concentration":
        raise KeyError(name)
    missing = [row for row in (*estimate.rows, estimate.component) if row not in mixture.components]
    if missing:
        raise Invalid.at("compare", f"the law has no ion {missing[0]}, only {', '.join(mixture.components)}.")
    if "x" in result.problem.law.depends_on:
        raise Invalid.at(
            "compare", "the law's diffusivities depend on the position: there is no one D to compare with."
        )
    return mixture.components


def ion_diffusivity(estimate: Estimate, result, end: float) -> np.ndarray:
    ions = ions_of(estimate, result, "ion_diffusivity")
    D = mean_coefficient(result, "ion_diffusivity", np.zeros((len(ions), estimate.composition.size)), end)
    return D[[ions.index(row) for row in estimate.rows]]


def permeability_ratio(estimate: Estimate, result, end: float) -> np.ndarray:
    """D_i/D_ref: the permeability of a homogeneous membrane is its D over its thickness."""
    ions = ions_of(estimate, result, "permeability_ratio")
    problem = result.problem
    T = problem.temperature_at(0.0)
    D = problem.law.coefficient("ion_diffusivity", np.zeros((len(ions), estimate.composition.size)), T)
    return D[[ions.index(row) for row in estimate.rows]] / D[ions.index(estimate.component)]


def duration(estimate: Estimate, result, end: float) -> np.ndarray:
    return np.full(estimate.value.shape, end)


def interface_energy(estimate: Estimate, result, end: float) -> np.ndarray:
    """J/m^2, or J m/mol where no molar volume is known, at the temperature of the end."""
    law = result.problem.law
    if law.kind != "cahn-hilliard" or law.mixture.m > 1:
        raise KeyError("interface_energy")
    return np.array([law.interface_energy(result.problem.temperature_at(end, -1))])


TRUTHS: dict[str, Callable[[Estimate, object, float], np.ndarray]] = {
    "interdiffusivity": interdiffusivity,
    "interdiffusivity_matrix": interdiffusivity_matrix,
    "pseudo_binary_diffusivity": pseudo_binary_diffusivity,
    "intrinsic_diffusivity": by_component("intrinsic_diffusivity"),
    "tracer_diffusivity": by_component("tracer_diffusivity"),
    "ion_diffusivity": ion_diffusivity,
    "permeability_ratio": permeability_ratio,
    "tracer_ratio": tracer_ratio,
    "interdiffusion_flux": interdiffusion_flux,
    "lattice_velocity": lattice_velocity,
    "integrated_diffusivity": integrated_diffusivity,
    "growth_constant": growth_constant,
    "activation_energy": activation_energy,
    "interface_energy": interface_energy,
    "time": duration,
}

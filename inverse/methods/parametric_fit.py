"""Mobilities whose simulated profiles come nearest to those of several couples: composition-dependent matrices."""

from collections.abc import Mapping, Sequence

import numpy as np

from inverse.estimate import UNITS, Estimate, Method
from inverse.mobility.fit import MobilityFit
from inverse.mobility.identify import Identifiability, bootstrapped, covariance, identifiability
from inverse.mobility.law import MatrixOfTracers
from inverse.mobility.observed import (
    IDEAL,
    Observation,
    check,
    observe,
    several_temperatures,
    shared,
    solution_of,
    structure_of,
    together,
)
from inverse.mobility.priors import Tracer, default_priors, tracers_of, with_given
from inverse.mobility.tracers import MOST_ORDER, LogTracers
from inverse.multicomponent.constant import NOTABLE
from inverse.multicomponent.couples import SAME
from inverse.multicomponent.matrices import CENTRAL, MATRIX, doubts
from simulator.faults import Invalid, NumericsError
from simulator.laws.mixture import Mixture
from simulator.solve.profile import Profile

NAME = "parametric-fit"
SOURCE = "Bouchet & Mevrel (2002), Acta Mater. 50, 4887"
QUANTITIES = ("matrix", "tracers")
TRACERS = "tracer_diffusivity"
ALONG = 25  # compositions of each couple
STRUCTURE = 4.0  # standard deviations, from which neighbouring residuals agree more than noise lets them
ZONE = 0.005  # of the step, from the ends: where residuals are looked at for structure
ODD = 1.5  # root mean square of residuals in units of sigma, from which they are worth a word


def parametric_fit(
    *profiles: Profile,
    window: tuple[float, float] = (0.02, 0.98),
    order: int = 1,
    quantity: str = "matrix",
    tracers: Sequence = (),
    priors: Mapping[str, tuple[float, float]] | None = None,
    starts: int = 3,
    bootstrap: int = 0,
    temperature: float | None = None,
) -> Estimate:
    """Interdiffusion matrices D (k, m, m), m^2/s, along the paths of couples, from the mobilities that fit all of them.

        ln D_i*(x, T) = p_i0 + sum_k p_ik x_k - (Q_i/R) (1/T - 1/T_ref),   i over all n components
        D from D*, the thermodynamics and the vacancy wind, as the law "darken";   min over p, q_0 and free ends of
        sum ((x - x(q; p))/sigma)^2 + sum ((ln D* - ln D*(p))/sd)^2 + sum ((p - mean)/sd)^2

    over the points of all couples' independent components, whose profiles are similarity solutions (step couples on an
    infinite line; with a molar volume on the mole coordinate). Thermodynamics and structure are the profiles'; without
    them the solution is ideal, and no wind blows. sigma: of the profiles, or the noise of each component.

    order: of the polynomial of the composition, 0, 1 or 2. quantity: "matrix", or "tracers" for D_i* (n, k) of all
    components. tracers: measured ones, (component, fractions, T, D*, sd of ln D*) each. priors: (mean, sd) by name of a
    parameter, of p[A] (ln D_A* at the reference composition), p[A, x_B] or Q[A]; the others have weak ones. starts:
    how many the fit has. bootstrap: number of drawn data sets for standard deviations, instead of the covariance.
    temperature: K, of the values; that of the first couple by default. Activation energies are fitted where there are
    several temperatures. window: part of the length of each path.

    Standard deviations of profiles with noise. diagnostics: parameters, their covariance, tracers, the law as a case
    has it, singular values, and whether the parameters are identifiable: of a single couple, beyond order 0, they are
    practically not. Raises Invalid for what cannot be simulated, and where thermodynamics need a temperature.
    Source: Bouchet & Mevrel (2002), Acta Mater. 50, 4887
    """
    chosen(order, quantity, starts, bootstrap)
    mixture, volume, observations = observe(profiles, NAME)
    measured = tracers_of(tracers, mixture, observations[0].T)
    T = float(observations[0].T if temperature is None else temperature)
    if temperature is not None and not np.isfinite(observations[0].T):
        raise Invalid.at("temperature", f"{NAME} can say nothing of {T:g} K: the couples have no temperature.")
    matrix = MatrixOfTracers(mixture, solution_of(profiles, mixture, NAME), structure_of(profiles, NAME), volume)
    family = family_of(mixture, observations, measured, order)
    if not family.energies and abs(T - observations[0].T) > SAME:
        raise Invalid.at("temperature", f"{NAME} needs couples of several temperatures to say anything of {T:g} K.")
    fit = MobilityFit(observations, matrix, family, default_priors(family, 0.0), measured)
    fit.mean, fit.sd = with_given(default_priors(family, fit.level()), family, priors or {})
    try:
        fit.run(starts)
    except NumericsError as error:
        raise Invalid.at("profiles", f"{NAME}: {error} Check times, temperatures and units.") from None
    warnings = [] if shared(profiles, "thermodynamics", NAME) else [IDEAL]
    return Report(fit, matrix, T, window, bootstrap).estimate(quantity, warnings)


def chosen(order: int, quantity: str, starts: int, bootstrap: int) -> None:
    """Raise Invalid for choices that there are not."""
    if order not in range(MOST_ORDER + 1):
        raise Invalid.at("order", f"{NAME} takes polynomials of order 0 to {MOST_ORDER}, got {order!r}.")
    if quantity not in QUANTITIES:
        raise Invalid.at("quantity", f"{NAME} gives {' or '.join(map(repr, QUANTITIES))}, not {quantity!r}.")
    if starts < 1:
        raise Invalid.at("starts", f"{NAME} needs one start at least, got {starts}.")
    if bootstrap < 0 or 0 < bootstrap < 20:
        raise Invalid.at("bootstrap", f"{NAME} needs 20 drawn data sets at least for a bootstrap, got {bootstrap}.")


def family_of(
    mixture: Mixture, observations: Sequence[Observation], tracers: Sequence[Tracer], order: int
) -> LogTracers:
    """Log tracers about the couples' mean composition and temperature, in units of half the largest range."""
    corners = np.concatenate([entry.ends for entry in observations], axis=1)
    extent = 0.5 * np.ptp(corners, axis=1)
    temperatures = [entry.T for entry in observations] + [tracer.T for tracer in tracers]
    known = np.array([entry.T for entry in observations])
    return LogTracers(
        mixture,
        order,
        corners.mean(axis=1),
        np.full(mixture.m, extent.max()),
        float(1.0 / np.mean(1.0 / known)),
        several_temperatures(temperatures),
    )


class Report:
    """A fit as an estimate."""

    def __init__(
        self, fit: MobilityFit, matrix: MatrixOfTracers, T: float, window: tuple[float, float], bootstrap: int
    ):
        self.fit, self.family, self.matrix, self.T = fit, fit.family, matrix, T
        self.clean = all(entry.clean for entry in fit.observations)
        self.x = np.concatenate([self.along(model, window) for model in fit.models], axis=1)
        self.known: Identifiability = identifiability(fit)
        self.covariance = covariance(fit)
        self.misses = fit.couple_residuals()
        self.discretisation = max(model.discretisation for model in fit.models)
        self.drawn = bootstrapped(fit, bootstrap) if bootstrap and not self.clean else None

    @staticmethod
    def along(model, window: tuple[float, float]) -> np.ndarray:
        """Compositions (m, ALONG) evenly spaced along a couple's path, in a window of its length."""
        u = model.near[-1][0]
        length = np.concatenate([[0.0], np.cumsum(np.sqrt((np.diff(u, axis=1) ** 2).sum(axis=0)))])
        at = length[-1] * np.linspace(*window, ALONG)
        return np.stack([np.interp(at, length, row) for row in u])

    def spread(self, by_parameters: np.ndarray, of) -> np.ndarray | None:
        """Standard deviations (..., k) of of(p) (..., k) from its derivatives (..., size, k), or over the bootstrap."""
        if self.clean:
            return None
        if self.drawn is not None and len(self.drawn):
            low, high = np.quantile([of(p) for p in self.drawn], CENTRAL, axis=0)
            return 0.5 * (high - low)
        return np.sqrt(np.einsum("...pk,pq,...qk->...k", by_parameters, self.covariance, by_parameters))

    def matrices(self) -> tuple[np.ndarray, np.ndarray | None]:
        """D (k, m, m) along the paths, and standard deviations."""
        family, x, T = self.family, self.x, self.T
        D, by_log = self.matrix.number_fixed(x, family.logarithms(self.fit.p, x, T), T)
        by = family.by_parameters(by_log, family.basis(x), T)
        sd = self.spread(by, lambda p: self.matrix.number_fixed(x, family.logarithms(p, x, T), T)[0])
        return np.moveaxis(D, -1, 0), None if sd is None else np.moveaxis(sd, -1, 0)

    def tracers(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """D_i* (n, k) at fractions (m, k), m^2/s, and standard deviations of ln D_i*."""
        family, T = self.family, self.T
        unit = np.repeat(np.eye(family.n)[:, :, None], x.shape[1], axis=2)
        by = family.by_parameters(unit, family.basis(x), T)
        return np.exp(family.logarithms(self.fit.p, x, T)), self.spread(by, lambda p: family.logarithms(p, x, T))

    def parameters(self) -> dict:
        """The plain parameters with standard deviations, their covariance, and the law as a case has it."""
        family, plain = self.family, self.family.plain
        spread = plain @ (self.covariance if self.drawn is None else np.cov(self.drawn.T)) @ plain.T
        sd = [None] * family.size if self.clean else np.sqrt(np.diag(spread)).tolist()
        names, values = family.names, (plain @ self.fit.p).tolist()
        structure = self.matrix.structure
        return {
            "parameters": {
                name: {"value": value, "sd": one} for name, value, one in zip(names, values, sd, strict=True)
            },
            "covariance": None if self.clean else spread.tolist(),
            "law": {
                "kind": "darken",
                "tracer": family.expressions(self.fit.p),
                **({"vacancy_wind": "manning", "structure": structure} if structure else {"vacancy_wind": "none"}),
            },
            "reference_composition": dict(zip(family.mixture.independent, family.centre.tolist(), strict=True)),
            "reference_temperature": family.T_ref if np.isfinite(family.T_ref) else None,
        }

    def misfits(self) -> list[float]:
        """Root mean square of each couple's residuals, in units of what they should be."""
        return [
            float(np.sqrt(np.mean((row / entry.sigma) ** 2)))
            for row, entry in zip(self.misses, self.fit.observations, strict=True)
        ]

    def structure(self) -> float:
        """Correlation of neighbouring residuals where the profiles change, in its standard deviations under noise."""
        products, squares, count = 0.0, 0.0, 0
        for rows, entry in zip(self.misses, self.fit.observations, strict=True):
            low, high = (np.abs(entry.data - entry.ends[:, side : side + 1]).max(axis=0) for side in (0, 1))
            noise = 3.0 * float(np.max(entry.noise))
            moving = np.flatnonzero((low > max(ZONE * entry.step, noise)) & (high > max(ZONE * entry.step, noise)))
            if moving.size > 3:
                part = (rows / entry.sigma)[:, moving[0] : moving[-1] + 1]
                products += float((part[:, 1:] * part[:, :-1]).sum())
                squares += float((part**2).sum())
                count += part.size
        return products / squares * np.sqrt(count) if squares > 0.0 else 0.0

    def doubts(self, misfit: Sequence[float], structure: float) -> list[str]:
        """Sentences about a fit that should not be trusted as it is."""
        fit, order, found = self.fit, self.family.order, []
        if not self.known.identifiable:
            couples, count = len(fit.observations), len(self.known.undetermined)
            names = [name for name in self.family.names if any(name in entry for entry in self.known.undetermined)]
            remedy = "Add couples of other directions, measured tracers or priors" + (
                f", or take order = {order - 1}." if order else "."
            )
            found.append(
                f"Not identifiable: {couples} couple{'s do' if couples > 1 else ' does'} not determine {count} "
                f"combination{'s' * (count > 1)} of {', '.join(names)} (condition {self.known.condition:.2g}); the "
                f"priors do, and mobilities far from the true ones fit as well. {remedy}"
            )
        if not fit.converged:
            found.append("The fit was stopped before it converged.")
        found += [
            f"Tracers of order {order} do not explain couple {number}: with those found, the profile is {value:.3g} "
            "times as far off as its noise. Check the thermodynamics and the structure; kirkaldy needs neither."
            for number, value in enumerate(misfit, 1)
            if value > NOTABLE
        ]
        if structure > STRUCTURE and not self.clean and max(misfit) <= NOTABLE:
            found.append(
                f"The residuals have structure, {structure:.2g} standard deviations more than noise: tracers of order "
                f"{order}, the thermodynamics or the wind do not quite follow the profiles."
            )
        if any(entry.known and value > ODD for entry, value in zip(fit.observations, misfit, strict=True)):
            found.append(f"The residuals are up to {max(misfit):.2g} times as large as the given uncertainties.")
        return found

    def diagnostics(self, warnings: Sequence[str]) -> dict:
        fit, entries = self.fit, self.fit.observations
        misfit, structure = self.misfits(), self.structure()
        own = fit.own(fit.v)
        sentences = [sentence for entry in entries for sentence in entry.warnings]
        sentences += [*warnings, *self.doubts(misfit, structure)]
        D, sd = self.tracers(self.x)
        at_centre, its_sd = self.tracers(self.family.centre[:, None])
        names = self.family.mixture.components
        points = sum(entry.data.size for entry in entries) + len(fit.tracers)
        return {
            "time": entries[0].time,
            "times": [entry.time for entry in entries],
            "temperature": self.T if np.isfinite(self.T) else None,
            "temperatures": [entry.T for entry in entries] if np.isfinite(self.T) else None,
            "independent": list(self.family.mixture.independent),
            "planes": [entry.lab(model.place(one)) for model, one, entry in zip(fit.models, own, entries, strict=True)],
            "ends": [model.far(one).tolist() for model, one in zip(fit.models, own, strict=True)],
            "ends_given": [entry.given for entry in entries],
            "noise": [entry.noise.tolist() for entry in entries],
            "order": self.family.order,
            **self.parameters(),
            "tracers": dict(zip(names, D.tolist(), strict=True)),
            "tracers_sd": None if sd is None else dict(zip(names, (D * sd).tolist(), strict=True)),
            "reference_tracers": dict(zip(names, at_centre[:, 0].tolist(), strict=True)),
            "reference_sd_of_ln": None if sd is None else dict(zip(names, its_sd[:, 0].tolist(), strict=True)),
            "condition": self.known.condition,
            "singular_values": self.known.singular_values.tolist(),
            "identifiable": self.known.identifiable,
            "undetermined": [list(entry) for entry in self.known.undetermined],
            "misfit": misfit,
            "holds": bool(self.known.identifiable and max(misfit) <= NOTABLE),
            "chi_square": float(fit.residual @ fit.residual) if all(entry.known for entry in entries) else None,
            "degrees_of_freedom": points - fit.v.size,
            "residual_rms": float(np.sqrt(np.mean(np.concatenate([row.ravel() for row in self.misses]) ** 2))),
            "structure": structure,
            "discretisation": self.discretisation,
            "starts": [float(total) if np.isfinite(total) else None for total in fit.totals],
            "bootstrap": 0 if self.drawn is None else len(self.drawn),
            "evaluations": fit.evaluations,
            "warnings": list(dict.fromkeys(sentences)),
        }

    def estimate(self, quantity: str, warnings: Sequence[str]) -> Estimate:
        mixture, first = self.family.mixture, self.fit.observations[0].profile
        if quantity == "matrix":
            recovers, rows, (value, sd) = MATRIX, mixture.independent, self.matrices()
            warnings = [*warnings, *dict.fromkeys(sentence for D in value for sentence in doubts(D))]
        else:
            recovers, rows, (value, sd) = TRACERS, mixture.components, self.tracers(self.x)
            sd = None if sd is None else value * sd
        return Estimate(
            method=NAME,
            recovers=recovers,
            unit=UNITS[recovers],
            component=mixture.independent[0],
            composition=self.x.T.copy(),
            value=value,
            sd=sd,
            window=(0.0, 1.0),
            source=first.source,
            rows=tuple(rows),
            dependent=mixture.dependent,
            diagnostics=self.diagnostics(warnings),
        )


METHOD = Method(
    name=NAME,
    title="Mobilities by simulation of several couples",
    equation="min over p of sum ((x - x(q; D(p)))/sigma)^2,   ln D_i* = p_i0 + sum_k p_ik x_k - (Q_i/R)(1/T - 1/T_ref)",
    recovers=MATRIX,
    unit="m^2/s",
    needs=("two couples or more, of different directions", "time", "thermodynamics", "temperature, unless ideal"),
    assumes=("Darken's or Manning's law", "couples that began as steps", "ends unaffected", "planar"),
    source=SOURCE,
    check=check,
    analyse=parametric_fit,
    tolerance=1e-2,
    profiles=(1, 20),
    together=together,
)

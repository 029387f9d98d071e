"""What a law that un-mixes knows beside the estimates of it: their truths, and those of what they say besides."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from inverse.compare import Verdict, compare
from inverse.estimate import Estimate

METHODS = ("cahn-plot", "interface-profile")  # that find more than their estimate


@dataclass(frozen=True)
class Found:
    """A number that a method finds beside its estimate: value and standard deviation, of an alloy with this mean mole
    fraction (None: of all of them), and the truth of the law, None where it is not known."""

    name: str
    unit: str
    value: float
    sd: float | None
    composition: float | None = None
    truth: float | None = None

    @property
    def error(self) -> float | None:
        """Relative to the truth."""
        return None if not self.truth else (self.value - self.truth) / self.truth

    def to_json(self) -> dict:
        return {name: getattr(self, name) for name in ("name", "unit", "composition", "value", "sd", "truth", "error")}


def compare_each(estimate: Estimate, results: Sequence, tolerance: float | None = None) -> Verdict:
    """Judge the values of an estimate from several alloys, one each, by the laws and the temperatures of their own
    results. Raises Invalid if a law has no such coefficient."""
    verdicts = [
        compare(one_of(estimate, k), result, tolerance, float(result.time[-1])) for k, result in enumerate(results)
    ]
    truth = np.array([float(verdict.truth[0]) for verdict in verdicts])
    error = (estimate.value - truth) / truth
    return replace(verdicts[0], truth=truth, error=error, max_error=float(np.abs(error).max()), window=estimate.window)


def one_of(estimate: Estimate, k: int) -> Estimate:
    """The estimate of the k-th alloy alone."""
    own, diagnostics = slice(k, k + 1), {name: value for name, value in estimate.diagnostics.items() if name != "time"}
    X = float(estimate.composition[k])
    sd = None if estimate.sd is None else estimate.sd[own]
    return replace(estimate, composition=estimate.composition[own], value=estimate.value[own], sd=sd, window=(X, X),
                   diagnostics=diagnostics)  # fmt: skip


def found_beside(estimate: Estimate, results: Sequence = ()) -> list[Found]:
    """kappa, Omega and the mobilities of a Cahn plot of several alloys; kappa, width, Omega and L1 of an interface;
    with the truth where results of laws that un-mix are given."""
    found = estimate.diagnostics
    if estimate.method == "cahn-plot" and "kappa" in found:
        rows = [Found("kappa", "J m^2/mol", found["kappa"], found["kappa_sd"])]
        rows.append(Found("omega", "J/mol", found["omega"], found["omega_sd"]))
        each = zip(found["mobility"], found["mobility_sd"], estimate.composition, strict=True)
        rows += [Found("mobility", "mol m^2/(J s)", M, sd, float(X)) for M, sd, X in each]
    elif estimate.method == "interface-profile":
        rows = [Found("kappa", "J m^2/mol", found["kappa"], found["kappa_sd"])]
        rows.append(Found("width", "m", found["width"], found["width_sd"]))
        rows += [Found(name, "J/mol", found[name], None) for name in ("omega", "L1")]
    else:
        return []
    return [replace(row, truth=truth) for row, truth in zip(rows, truths(rows, estimate, results), strict=True)]


def truths(rows: Sequence[Found], estimate: Estimate, results: Sequence) -> list[float | None]:
    """Of each row what the law of the results knows; None where they have no such law, or different ones. A mobility is
    that of its own result, and not known where some of them are missing."""
    mobilities = sum(row.name == "mobility" for row in rows)
    own = iter([result] for result in results) if len(results) == mobilities else iter([()] * mobilities)
    return [truth_of(row, estimate, next(own) if row.name == "mobility" else results) for row in rows]


def truth_of(row: Found, estimate: Estimate, results: Sequence) -> float | None:
    values = []
    for result in results:
        law = getattr(result.problem, "law", None)
        if getattr(law, "kind", "") != "cahn-hilliard" or law.mixture.m > 1:
            return None
        values.append(known(row, estimate, law, result.problem.temperature_at(float(result.time[-1]), -1)))
    if not values or None in values or not np.allclose(values, values[0], rtol=1e-9, atol=0.0):
        return None
    return float(values[0])


def known(row: Found, estimate: Estimate, law, T: float) -> float | None:
    """What one law knows at a temperature. Omega of a regular solution: G''(1/2) = 4 RT - 2 Omega."""
    if row.name == "kappa":
        return float(law.gradient[0, 0])
    if row.name == "mobility":
        X = row.composition if estimate.component == law.mixture.independent[0] else 1.0 - row.composition
        return float(law.coefficient("mobility", np.array([[X]]), T)[0])
    if row.name == "width":
        width = float(law.interface_width(T))
        return width if np.isfinite(width) else None
    if law.thermodynamics.kind != "regular":
        return None
    bend = float(np.ravel(law.free_energy.hessian(np.array([[0.5]]), T))[0])
    return 0.5 * (4.0 * law.RT(T) - bend) if row.name == "omega" else 0.0

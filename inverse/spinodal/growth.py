"""Rates at which the waves of a quenched alloy grow, and what they say together."""

from dataclasses import dataclass

import numpy as np

from simulator.faults import Invalid
from simulator.solve.spectra import Spectra

# Of the distance to the nearer pure end, how large fluctuations may be while waves still grow independently.
LINEAR = 0.05
FEWEST_WAVES = 3
REACH = 1.0  # of b_c: waves that fade are soon what others make of them
ITERATIONS = 20
HARMONICS = 10.0
FADED = 0.2  # of the sum of the rates: what fading waves take from it where growth ends


@dataclass(frozen=True)
class Rates:
    """R (s,) 1/s at wavenumbers k (s,) 1/m, with standard deviations where there are three times or more, else None;
    modes (s,): the waves behind each; times: first and last one used, s."""

    k: np.ndarray
    R: np.ndarray
    sd: np.ndarray | None
    modes: np.ndarray
    times: tuple[float, float]


@dataclass(frozen=True)
class CahnLine:
    """R = -A k^2 - B k^4: A = M G'' in m^2/s and B = M kappa in m^4/s, with their covariance (2, 2), and the root mean
    square of R that it leaves, relative to the largest R."""

    A: float
    B: float
    covariance: np.ndarray
    residual: float
    rates: Rates

    @property
    def critical(self) -> float:
        """b_c = sqrt(-A/B), 1/m."""
        return float(np.sqrt(-self.A / self.B))


def linear_times(spectra: Spectra, method: str) -> np.ndarray:
    """Which of the times are early: fluctuations small against what is left to either pure end.

    Raises Invalid for fewer than two. Without known fluctuations every time counts.
    """
    early = np.ones(spectra.time.size, bool)
    if spectra.fluctuation is not None:
        room = min(spectra.composition, 1.0 - spectra.composition)
        early = spectra.fluctuation < LINEAR * room
    if early.sum() < 2:
        text = (
            f"{method} needs two times or more while waves are small, and this has {int(early.sum())}: save earlier "
            "times, or start from smaller noise."
        )
        raise Invalid.at(spectra.source or "spectra", text)
    return early


def growth_rates(spectra: Spectra, method: str) -> Rates:
    """R(k) = (1/2) d ln S/dt by least squares over the early times.

    Where fluctuations are known, waves as faint as the harmonics of the others are left out: they are fed by these.
    Source: Cahn (1961), Acta Metall. 9, 795. Raises Invalid without two early times, and with too few waves.
    """
    early = linear_times(spectra, method)
    t, S = spectra.time[early], spectra.S[early]
    seen = (faintest(spectra, early)[:, None] * S.max(axis=1, keepdims=True) < S).all(axis=0)
    y, t_ = 0.5 * np.log(S[:, seen]), t - t.mean()
    R = t_ @ y / (t_ @ t_)
    sd = None
    if t.size > 2:
        residual = y - y.mean(axis=0) - np.outer(t_, R)
        sd = np.sqrt((residual**2).sum(axis=0) / (t.size - 2) / (t_ @ t_))
    if seen.sum() < FEWEST_WAVES:
        raise Invalid.at(spectra.source or "spectra", f"{method} needs {FEWEST_WAVES} wavelengths, got {seen.sum()}.")
    return Rates(spectra.k[seen], R, sd, spectra.modes[seen], (float(t[0]), float(t[-1])))


def faintest(spectra: Spectra, early: np.ndarray) -> np.ndarray:
    """The structure factor of harmonics over the largest one, at each early time: second powers of waves that are small
    against what is left to either pure end. 0 where fluctuations are not known."""
    if spectra.fluctuation is None:
        return np.zeros(int(early.sum()))
    room = min(spectra.composition, 1.0 - spectra.composition)
    return HARMONICS * (np.asarray(spectra.fluctuation)[early] / room) ** 2


def growing(rates: Rates) -> np.ndarray:
    """The waves that grow: up to the wavenumber at which the sum of all rates is largest, before it falls again. Of
    waves that fade some seem to grow again, where only noise is left of them."""
    order = np.argsort(rates.k, kind="stable")
    total = np.cumsum((rates.R * rates.modes)[order])
    least = FADED * total.max()
    if least <= 0.0:
        return np.zeros(rates.k.size, bool)
    fallen = np.flatnonzero(np.maximum.accumulate(total) - total > least)
    last = int(np.argmax(total[: fallen[0] if fallen.size else total.size]))
    return (rates.k <= rates.k[order[last]]) & (rates.R > 0.0)


def cahn_line(rates: Rates, source: str, method: str) -> CahnLine:
    """The straight line of R/k^2 over k^2, through the waves that grow.

    Least squares on R with a weight for every wave. Raises Invalid where none grows: then there is no spinodal.
    """
    chosen = growing(rates)
    for _ in range(ITERATIONS):
        used = chosen
        if used.sum() < FEWEST_WAVES:
            text = (
                f"{method} needs {FEWEST_WAVES} wavelengths that grow, and {int(used.sum())} do: the alloy is outside "
                "its spinodal, or the sample too small for its waves."
            )
            raise Invalid.at(source or "spectra", text)
        k2, weight = rates.k[used] ** 2, np.sqrt(rates.modes[used])
        scale = k2.max()
        rows = -np.stack([k2 / scale, (k2 / scale) ** 2], axis=1) * weight[:, None]
        solution, *_ = np.linalg.lstsq(rows, rates.R[used] * weight, rcond=None)
        A, B = solution / [scale, scale**2]
        chosen = rates.k**2 < REACH**2 * -A / B if A < 0.0 < B else used
        if (chosen == used).all():
            break
    if not (A < 0.0 < B):
        text = f"{method} finds no straight line in R/k^2 over k^2 that falls from above 0: waves do not grow alone."
        raise Invalid.at(source or "spectra", text)
    left = (rates.R[used] * weight - rows @ solution) / weight
    free = max(1, int(used.sum()) - 2)
    variance = float((left**2 * weight**2).sum() / free)
    covariance = variance * np.linalg.inv(rows.T @ rows) / np.outer([scale, scale**2], [scale, scale**2])
    fitted = Rates(rates.k[used], rates.R[used], None if rates.sd is None else rates.sd[used], rates.modes[used],
                   rates.times)  # fmt: skip
    return CahnLine(float(A), float(B), covariance, float(np.sqrt(np.mean(left**2)) / rates.R[used].max()), fitted)


@dataclass(frozen=True)
class Energies:
    """kappa J m^2/mol, Omega J/mol and M (n,) mol m^2/(J s) of every alloy, with standard deviations."""

    kappa: float
    kappa_sd: float
    omega: float
    omega_sd: float
    mobility: np.ndarray
    mobility_sd: np.ndarray


def energies(lines: list[CahnLine], compositions: np.ndarray, RT: np.ndarray) -> Energies | None:
    """What lines at several compositions or temperatures say of a regular solution, whatever its mobility:

        RT/(X (1 - X)) = kappa A/B + 2 Omega,   M = B/kappa

    None for fewer than two alloys that differ. Weights from the covariances of A and B.
    """
    q = np.array([line.A / line.B for line in lines])
    y = RT / (compositions * (1.0 - compositions))
    if q.size < 2 or np.ptp(y) < 1e-6 * np.abs(y).max():
        return None
    q_sd = np.array([deviation_of_ratio(line) for line in lines])
    least = 1e-12 * np.abs(q).max()
    weight = 1.0 / np.maximum(q_sd, least) ** 2
    centre = (weight * q).sum() / weight.sum()
    spread = (weight * (q - centre) ** 2).sum()
    kappa = (weight * (q - centre) * y).sum() / spread
    omega = 0.5 * ((weight * y).sum() / weight.sum() - kappa * centre)
    # q carries the errors, so that y is uncertain by kappa times theirs; more than that shows in the residuals
    chi2 = (weight * ((y - 2.0 * omega) / kappa - q) ** 2).sum() / max(1, q.size - 2)
    factor = max(1.0, chi2) if q.size > 2 else 1.0
    kappa_sd = abs(kappa) * np.sqrt(factor / spread)
    omega_sd = 0.5 * abs(kappa) * np.sqrt(factor * (1.0 / weight.sum() + centre**2 / spread))
    B = np.array([line.B for line in lines])
    B_sd = np.sqrt([line.covariance[1, 1] for line in lines])
    M = B / kappa
    return Energies(
        float(kappa), float(kappa_sd), float(omega), float(omega_sd), M, M * np.hypot(B_sd / B, kappa_sd / kappa)
    )


def deviation_of_ratio(line: CahnLine) -> float:
    """Standard deviation of A/B."""
    slopes = np.array([1.0 / line.B, -line.A / line.B**2])
    return float(np.sqrt(max(slopes @ line.covariance @ slopes, 0.0)))

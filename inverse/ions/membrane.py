"""Potentials at which a membrane passes no current, and the ratios of permeabilities that they determine."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inverse.ions.solution import charges_of, temperature_of
from simulator.faults import Invalid
from simulator.laws.charge import thermal_voltage
from simulator.laws.electrochemistry.bernoulli import bernoulli, bernoulli_slope
from simulator.solve.profile import Profile

SINGULAR = 1e8  # of the condition number
ROUNDS = 20  # of least squares whose weights depend on the ratios
SETTLED = 1e-12


@dataclass(frozen=True, eq=False)
class Membrane:
    """k potentials at which no current crosses, of n ions. z (n,); voltage (k,) V, inside less outside; inside, outside
    (n, k) mol/m^3; sigma (k,) V, or None where it is not known of every one; thermal: RT/F, V."""

    names: tuple[str, ...]
    z: np.ndarray
    voltage: np.ndarray
    inside: np.ndarray
    outside: np.ndarray
    sigma: np.ndarray | None
    thermal: float

    def currents(self) -> tuple[np.ndarray, np.ndarray]:
        """Outward current of every ion over F P_i (k, n), mol/m^3, and its change with the potential, mol/(m^3 V)."""
        s = self.z[:, None] * self.voltage / self.thermal
        out = self.z[:, None] * (bernoulli(-s) * self.inside - bernoulli(s) * self.outside)
        slope = -bernoulli_slope(-s) * self.inside - bernoulli_slope(s) * self.outside
        return out.T, (self.z[:, None] ** 2 * slope / self.thermal).T

    def check(self, method: str) -> None:
        """Raise Invalid unless there are as many potentials as unknown ratios."""
        needed, given = len(self.names) - 1, self.voltage.size
        if given < needed:
            shown = f"{needed} unknown ratio{'s' * (needed > 1)}, but {given} solution{'s' * (given > 1)}"
            raise Invalid.at(
                "profile.reversals",
                f"{method} has {shown}. Measure the potential in {needed - given} more, or list fewer ions.",
            )


def membrane_of(profiles: Sequence[Profile], method: str) -> Membrane:
    """The reversal potentials of all profiles together. Raises Invalid where one has none, or other ions or another
    temperature than the first."""
    first = profiles[0]
    names, z = first.components, charges_of(first, method)
    T = temperature_of(first, method, "RT/F")
    for profile in profiles:
        if not profile.reversals:
            example = '[{ V = "-67 mV", inside = { K = 140, Na = 10 }, outside = { K = 5, Na = 145 } }, ..]'
            raise Invalid.at(
                "profile.reversals", f"{method} needs reversal potentials: reversal_potentials = {example}."
            )
        if set(profile.components) != set(names) or profile.temperature != first.temperature:
            raise Invalid.at("profile", f"{method} takes solutions of the same ions at one temperature together.")
    if len(names) < 2 or np.count_nonzero(z) < len(names):
        raise Invalid.at("profile.charges", f"{method} needs two ions or more, each with a charge.")
    entries = [entry for profile in profiles for entry in profile.reversals]
    voltage = np.array([entry.voltage for entry in entries], float)
    sides = []
    for side in ("inside", "outside"):
        given = [getattr(entry, side) for entry in entries]
        foreign = sorted({name for each in given for name in each} - set(names))
        if foreign:
            raise Invalid.at("profile.reversals", f"{foreign[0]} is in a solution, but has no charge.")
        sides.append(np.array([[float(each.get(name, 0.0)) for each in given] for name in names]))
    if not (np.isfinite(voltage).all() and all((side >= 0.0).all() for side in sides)):
        raise Invalid.at("profile.reversals", "a potential must be finite and a concentration not negative.")
    sigmas = [entry.sigma for entry in entries]
    sigma = None if any(value is None for value in sigmas) else np.array(sigmas, float)
    return Membrane(names, z, voltage, *sides, sigma, thermal_voltage(T))


@dataclass(frozen=True)
class Ratios:
    """value (n - 1,) of the ions but the reference; sd, or None; the condition number; residual: root mean square of
    the potentials that are left over, V."""

    value: np.ndarray
    sd: np.ndarray | None
    condition: float
    residual: float


def ratios(membrane: Membrane, reference: int) -> Ratios:
    """P_i/P_ref by least squares; in the second round and those after it a potential's weight is the change of the
    current with it, at the ratios of the round before. Raises Invalid where the solutions do not tell the ions apart.
    """
    currents, slopes = membrane.currents()
    others = [k for k in range(len(membrane.names)) if k != reference]
    b = -currents[:, reference]
    weight = 1.0 / np.maximum(np.abs(currents).max(axis=1), 1e-300)
    sigma = np.ones(b.size) if membrane.sigma is None else membrane.sigma
    P = np.zeros(len(others))
    for _ in range(ROUNDS):
        A = currents[:, others] * weight[:, None]
        length = np.sqrt((A**2).sum(axis=0))
        check_columns(membrane, others, length)
        found, _, _, singular = np.linalg.lstsq(A / length, b * weight, rcond=None)
        condition = float(singular[0] / singular[-1]) if singular[-1] > 0.0 else np.inf
        if condition > SINGULAR:
            raise Invalid.at(
                "profile.reversals",
                f"these solutions do not tell the permeabilities of {', '.join(membrane.names)} apart (condition "
                f"number {condition:.2g}): change the concentrations of each ion by itself.",
            )
        new = found / length
        settled = np.abs(new - P).max() <= SETTLED * np.abs(new).max()
        P = new
        steep = np.abs(slopes[:, reference] + slopes[:, others] @ np.maximum(P, 0.0))
        weight = 1.0 / (steep * sigma)
        if settled:
            break
    A = currents[:, others] * weight[:, None]
    off = (currents[:, others] @ P - b) / steep
    free = b.size - P.size
    covariance, sd = np.linalg.pinv(A.T @ A), None
    residual = float(np.sqrt(np.mean(off**2)))
    if membrane.sigma is not None:
        sd = np.sqrt(np.diag(covariance))
    elif free > 0:
        sd = np.sqrt(np.diag(covariance) * np.sum(off**2) / free)
    return Ratios(P, sd, condition, residual)


def check_columns(membrane: Membrane, others: Sequence[int], length: np.ndarray) -> None:
    absent = [membrane.names[k] for k, size in zip(others, length, strict=True) if not size > 0.0]
    if absent:
        raise Invalid.at("profile.reversals", f"{absent[0]} carries no current in any of these solutions.")

"""What is known beside the profiles: priors on the parameters, and tracer diffusivities measured on their own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from inverse.mobility.tracers import LogTracers, R
from simulator.faults import Invalid, near
from simulator.laws.mixture import Mixture

LEVEL = 3.0  # of ln D* about the couples' common level: a factor of 20
SLOPE = 5.0  # of dln D*/dx and d2ln D*/dx2: a factor of 150 from one pure end to the other
ENERGY = 20.0  # mean and standard deviation of Q/(R T): metals have some 15 to 25 near their melting point


@dataclass(frozen=True)
class Tracer:
    """ln D_i* (D* in m^2/s) of component number i, measured at independent fractions x (m, 1) and T in K, and its
    standard deviation."""

    i: int
    x: np.ndarray
    T: float
    logarithm: float
    sd: float


def tracers_of(given: Sequence, mixture: Mixture, temperature: float) -> list[Tracer]:
    """Measured tracer diffusivities: (component, fractions by component, T in K, D* in m^2/s, sd of ln D*) each.

    temperature: of the couples, where an entry says None. Raises Invalid for what cannot be read.
    """
    found = []
    for k, entry in enumerate(given):
        where = f"tracers[{k}]"
        try:
            name, fractions, T, D, sd = entry
        except (TypeError, ValueError):
            raise Invalid.at(
                where, 'expected (component, composition, T, D*, sd of ln D*), such as ("Ni", {"Ni": 0.2, ..}, 1373, '
                "1e-14, 0.1)."
            ) from None  # fmt: skip
        if name not in mixture.components:
            raise Invalid.at(where, mixture.unknown(str(name)))
        x = mixture.fractions(fractions, where)
        if not (D > 0.0 and np.isfinite(D) and sd > 0.0):
            raise Invalid.at(where, f"D* and its standard deviation are positive, got {D:g} m^2/s and {sd:g}.")
        T = temperature if T is None else float(T)
        if np.isfinite(temperature) and not (np.isfinite(T) and T > 0.0):
            raise Invalid.at(where, f"expected a temperature in K, got {T:g}.")
        found.append(Tracer(mixture.components.index(name), x[:, None], T, float(np.log(D)), float(sd)))
    return found


def default_priors(family: LogTracers, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (size,) of the parameters of a family: weak, a ridge about one level of ln D*.

    ln D_i* = level +- 3 at the reference composition, dln D*/dx = 0 +- 5, Q = 20 R T +- 20 R T
    """
    extents = np.array([np.prod(family.extent[list(entry)]) for entry in family.powers])
    sd = np.where([not entry for entry in family.powers], LEVEL, SLOPE * extents)
    mean = np.where([not entry for entry in family.powers], level, 0.0)
    energies = np.full(family.n * family.energies, ENERGY)
    return np.concatenate([np.tile(mean, family.n), energies]), np.concatenate([np.tile(sd, family.n), energies])


def with_given(
    priors: tuple[np.ndarray, np.ndarray], family: LogTracers, given: Mapping[str, tuple[float, float]]
) -> tuple[np.ndarray, np.ndarray]:
    """Priors with (mean, sd) of some parameters in place of the default, by name: p[A] is ln D_A* at the reference
    composition and temperature, p[A, x_B] its slope there, Q[A] in J/mol. Raises Invalid for another name."""
    mean, sd = (row.copy() for row in priors)
    scale = np.concatenate(
        [np.tile([np.prod(family.extent[list(entry)]) for entry in family.powers], family.n)]
        + [np.full(family.n * family.energies, 1.0 / (R * family.T_ref))] * family.energies
    )
    for name, pair in given.items():
        if name not in family.names:
            raise Invalid.at(
                "priors",
                f"there is no parameter {name!r}; there are {', '.join(family.names)}.{near(name, family.names)}",
            )
        j = family.names.index(name)
        try:
            mean[j], sd[j] = (float(value) * scale[j] for value in pair)
        except (TypeError, ValueError):
            raise Invalid.at("priors", f"expected (mean, standard deviation) for {name}, got {pair!r}.") from None
        if not sd[j] > 0.0:
            raise Invalid.at("priors", f"the standard deviation of {name} must be positive, got {pair[1]:g}.")
    return mean, sd

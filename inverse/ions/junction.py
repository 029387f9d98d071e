"""A junction of ions as smooth rows, with its fluxes and the equations that they give for the diffusivities.

J_i = 1/(2t) int_-inf^x (x - x_0) dc_i,   J_i/D_i + dc_i/dx = z_i c_i psi,   psi = -(F/RT) dphi/dx
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from inverse.ions.solution import check_junction
from inverse.multicomponent.path import ends_of
from inverse.multicomponent.rows import Row, rows_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

PLACES = 401  # at which the equations are written down
QUIET = 5e-3  # of an ion's steepest gradient, below which nothing happens
SINGULAR = 1e4  # of the condition number: the diffusivities cannot be told apart


@dataclass(frozen=True, eq=False)
class Junction:
    """A planar couple of n ions that began as a step, t = `time` s ago.

    z (n,); x (N,) m; data (n, N) concentrations, mol/m^3; rows (n) of them in `unit` mol/m^3; noise (n,) one standard
    deviation of each; sigma (n, N) as given, or None; fits: rows drawn from the distribution of the fits, none for
    clean data.
    All functions take x (k,) in m and give (n, k).
    """

    names: tuple[str, ...]
    z: np.ndarray
    time: float
    x: np.ndarray
    data: np.ndarray
    rows: tuple[Row, ...]
    noise: np.ndarray
    unit: float = 1.0
    sigma: np.ndarray | None = None
    ends_given: bool = False
    fits: tuple[tuple[Row, ...], ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        return not self.fits

    @cached_property
    def ends(self) -> np.ndarray:
        """(n, 2) concentrations at the left and the right."""
        return self.unit * np.array([row.ends for row in self.rows])

    def c(self, x: np.ndarray) -> np.ndarray:
        """Concentrations, mol/m^3."""
        return self.unit * np.stack([row.value(x) for row in self.rows])

    def slope(self, x: np.ndarray) -> np.ndarray:
        """dc/dx, mol/m^4."""
        return self.unit * np.stack([row.slope(x) for row in self.rows])

    def before(self, x: np.ndarray) -> np.ndarray:
        """int_-inf^x (c - c^-) dx, mol/m^2."""
        return self.unit * np.stack([row.before(x) for row in self.rows])

    def behind(self, x: np.ndarray) -> np.ndarray:
        """int_x^inf (c^+ - c) dx, mol/m^2."""
        return self.unit * np.stack([row.behind(x) for row in self.rows])

    @cached_property
    def plane(self) -> float:
        """x_0 (m) of the contact: the one that balances all ions best, by least squares."""
        middle = np.array([0.5 * (self.x[0] + self.x[-1])])
        balance = (self.before(middle) - self.behind(middle))[:, 0]
        step = self.ends[:, 1] - self.ends[:, 0]
        return float(middle[0] - step @ balance / (step @ step))

    def flux(self, x: np.ndarray) -> np.ndarray:
        """J, mol/(m^2 s), integrated from the nearer end."""
        x = np.asarray(x, float)
        c, away = self.c(x), x - self.plane
        left = away * (c - self.ends[:, :1]) - self.before(x)
        right = -away * (self.ends[:, 1:] - c) - self.behind(x)
        return np.where(away < 0.0, left, right) / (2.0 * self.time)

    @cached_property
    def places(self) -> np.ndarray:
        """Positions (k,) over the zone in which anything changes, m."""
        x = np.linspace(self.x[0], self.x[-1], 4 * PLACES)
        slope = np.abs(self.slope(x))
        active = (slope > QUIET * slope.max(axis=1, keepdims=True)).any(axis=0)
        first, last = np.flatnonzero(active)[[0, -1]]
        return np.linspace(x[first], x[last], PLACES)

    @cached_property
    def equations(self) -> tuple[np.ndarray, np.ndarray]:
        """A (n k, n) and b (n k,) of A (1/D) = b, the field eliminated, in units of the root mean square of dc/dx.

        Of the n equations r_i = J_i/D_i + dc_i/dx - z_i c_i psi at a place, what is left for every pair i, k is
        z_k c_k (J_i/D_i + dc_i/dx) = z_i c_i (J_k/D_k + dc_k/dx). The pairs' squares together, over |z c|^2, are those
        of the vector J_i/D_i + dc_i/dx less its part along z c, in which every ion's gradient counts alike.
        """
        x = self.places
        along = self.z[:, None] * self.c(x)
        norm = np.sqrt((along**2).sum(axis=0))
        along = along / np.where(norm > 0.0, norm, 1.0)
        across = np.eye(self.z.size)[:, :, None] - along[:, None] * along[None]
        J, slope = self.flux(x), self.slope(x)
        size = np.sqrt(np.mean(slope**2))
        A = np.moveaxis(across * J[None], 2, 0).reshape(-1, self.z.size)
        b = -np.einsum("ijk,jk->ki", across, slope).ravel()
        return A / size, b / size

    def draws(self) -> Iterator["Junction"]:
        for rows in self.fits:
            yield replace(self, rows=rows, fits=())


def junction_of(profile: Profile, method: str, smoother: str = "probit", shift: int = 0) -> Junction:
    """The junction of a profile. shift: a number of its own for each of several, so that their draws differ.

    Raises Invalid unless the profile is one of a neutral couple of ions without current, with unaffected ends.
    """
    z = check_junction(profile, method)
    if float(np.ptp(profile.fractions, axis=1).max()) <= 1e-9 * float(np.abs(profile.fractions).max()):
        raise Invalid.at("profile", f"{method} needs a junction, but no concentration of this profile changes.")
    ends, warnings = [], []
    for name in profile.components:
        known, sentences = ends_of(profile, name, method)
        ends.append(known)
        warnings += sentences
    unit = float(np.abs(profile.fractions).max())
    sigma = None if profile.sigma is None else profile.sigma / unit
    given = profile.ends is not None
    found = rows_of(profile.x, profile.fractions / unit, np.array(ends) / unit, given, sigma, smoother, shift)
    return Junction(
        names=profile.components,
        z=z,
        time=float(profile.time),
        x=profile.x,
        data=profile.fractions,
        rows=found.rows,
        noise=unit * found.noise,
        unit=unit,
        sigma=profile.sigma,
        ends_given=profile.ends is not None,
        fits=found.draws,
        warnings=(*profile.warnings, *warnings),
    )


def diffusivities(junctions: Sequence[Junction]) -> tuple[np.ndarray, float]:
    """D (n,) m^2/s of all equations by least squares, and their condition number, the columns scaled to length 1.

    Raises Invalid if they do not determine every D. A value that is not positive is returned as it is.
    """
    parts = [junction.equations for junction in junctions]
    A, b = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
    length = np.sqrt((A**2).sum(axis=0))
    names = junctions[0].names
    still = [name for name, size in zip(names, length, strict=True) if not size > 1e-9 * length.max()]
    if still:
        raise Invalid.at("profile", f"{', '.join(still)} does not move in this junction: it says nothing of its D.")
    inverse, _, _, singular = np.linalg.lstsq(A / length, b, rcond=None)
    condition = float(singular[0] / singular[-1]) if singular[-1] > 0.0 else np.inf
    if condition > SINGULAR:
        raise Invalid.at(
            "profile",
            f"the diffusivities of {', '.join(names)} cannot be told apart: the condition number of their equations is "
            f"{condition:.2g}. Use junctions in which the ions move differently.",
        )
    with np.errstate(divide="ignore"):
        return length / inverse, condition

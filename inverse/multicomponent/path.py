"""A couple of n components as the methods for matrices need it: rows, plane, fluxes, gradients, draws.

    J_i V_0 = 1/(2t) [(q - q_0)(X_i - X_i^-) - int_-inf^q (X_i - X_i^-) dq],   q = V_0 int dx/V_m

i over the m = n - 1 independent components. The axis q is the lab axis x where the molar volume is constant; V_0 is
that of the left end, which is at rest. The matrix of the number-fixed frame is then D = (V_m/V_0)^2 D_q.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.interpolate import make_interp_spline

from inverse.curves.noise import noise_of
from inverse.ends import END_AVERAGE, END_REGION, FLAT, INSTEAD, SURE, check_couple, end_points
from inverse.multicomponent.rows import Row, rows_of
from simulator.faults import Invalid, near
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.solve.profile import Profile

SUMS = 2e-2  # by how much the fractions of all components may miss 1, in the mean
SAME = 1e-9  # by which a sum of columns may miss 1 and still be that of all components
EXCEEDING = 0.2  # part of the points whose sum noise takes beyond 1 where nothing is left for another component
LEAST = 1e-6  # a fraction: a component with a smaller range does not take part


@dataclass(frozen=True, eq=False)
class Path:
    """A planar couple of n components that began as a step, annealed for `time` s.

    mixture: the components, of which m are independent; x (N,) positions and q (N,) the same on the axis, m; data
    (m, N) fractions of the independent ones; rows (m) their smooth functions of q; noise (m,) one standard deviation;
    fits: rows drawn from the distribution of the fits, none for clean data; volume: V_m, or None where it is constant
    or not known; temperature K, or None. All functions take q (k,) and give (m, k).
    """

    mixture: Mixture
    time: float
    x: np.ndarray
    q: np.ndarray
    data: np.ndarray
    rows: tuple[Row, ...]
    noise: np.ndarray
    ends_given: bool = False
    fits: tuple[tuple[Row, ...], ...] = ()
    volume: MolarVolume | None = None
    temperature: float | None = None
    warnings: tuple[str, ...] = ()
    source: str = ""
    profile: Profile | None = None

    @property
    def m(self) -> int:
        return self.mixture.m

    @property
    def independent(self) -> tuple[str, ...]:
        return self.mixture.independent

    @cached_property
    def ends(self) -> np.ndarray:
        """(m, 2) mole fractions at the left and the right."""
        return np.array([row.ends for row in self.rows])

    @property
    def step(self) -> np.ndarray:
        """X^+ - X^- (m,)."""
        return self.ends[:, 1] - self.ends[:, 0]

    @property
    def mean(self) -> np.ndarray:
        """(X^- + X^+)/2 (m,)."""
        return 0.5 * (self.ends[:, 0] + self.ends[:, 1])

    @property
    def clean(self) -> bool:
        return not self.fits

    def X(self, q: np.ndarray) -> np.ndarray:
        """Mole fractions."""
        return np.stack([row.value(q) for row in self.rows])

    def slope(self, q: np.ndarray) -> np.ndarray:
        """dX/dq, 1/m."""
        return np.stack([row.slope(q) for row in self.rows])

    def before(self, q: np.ndarray) -> np.ndarray:
        """int_-inf^q (X - X^-) dq, m."""
        return np.stack([row.before(q) for row in self.rows])

    def behind(self, q: np.ndarray) -> np.ndarray:
        """int_q^inf (X^+ - X) dq, m."""
        return np.stack([row.behind(q) for row in self.rows])

    @cached_property
    def plane(self) -> float:
        """q_0 (m) of the contact plane: the one that balances all n components best, by least squares.

        q_0 = q - sum_i dX_i b_i / sum_i dX_i^2,   b_i = int_-inf^q (X_i - X_i^-) dq - int_q^inf (X_i^+ - X_i) dq
        """
        middle = np.array([0.5 * (self.q[0] + self.q[-1])])
        balance = (self.before(middle) - self.behind(middle))[:, 0]
        step = self.step
        balance, step = np.append(balance, -balance.sum()), np.append(step, -step.sum())
        return float(middle[0] - step @ balance / (step @ step))

    def flux(self, q: np.ndarray) -> np.ndarray:
        """J V_0, m/s, of the number-fixed frame, integrated from the nearer end."""
        q = np.asarray(q, float)
        X, away = self.X(q), q - self.plane
        left = away * (X - self.ends[:, :1]) - self.before(q)
        right = -away * (self.ends[:, 1:] - X) - self.behind(q)
        return np.where(away < 0.0, left, right) / (2.0 * self.time)

    def stretch(self, X: np.ndarray) -> np.ndarray:
        """(V_m/V_0)^2 (k,) at fractions (m, k): what a matrix on the axis q is to be multiplied by."""
        if self.volume is None:
            return np.ones(np.shape(X)[1:])
        first = float(self.volume(self.ends[:, :1])[0])
        return (self.volume(np.asarray(X, float)) / first) ** 2

    def lab(self, q: np.ndarray) -> np.ndarray:
        """Positions x, m, of places q: the same where the molar volume is constant."""
        q = np.asarray(q, float)
        if self.volume is None:
            return q
        inside = np.clip(q, self.q[0], self.q[-1])
        return make_interp_spline(self.q, self.x, k=3)(inside) + q - inside

    def draws(self) -> Iterator["Path"]:
        """Paths drawn from the distribution of the fits, for standard deviations; none for clean data."""
        for rows in self.fits:
            yield replace(self, rows=rows, fits=())


def path_of(profile: Profile, method: str, smoother: str = "probit", shift: int = 0) -> Path:
    """The path of a profile. shift: a number of its own for each couple of several, so that their draws differ.

    Raises Invalid unless the profile is one of a planar couple of three components or more, from a step, with a time
    and unaffected or known ends, whose fractions sum to 1 as far as all of them are there.
    """
    check_couple(profile, method)
    if profile.tracer:
        raise Invalid.at(
            "profile", f"{method} needs couples of elements; {profile.tracer} is an isotope. Use tracer-couple."
        )
    mixture = mixture_of(profile, method)
    data = np.stack([profile.fraction(name) for name in mixture.independent])
    if float(np.ptp(data, axis=1).max()) <= LEAST:
        raise Invalid.at("profile", f"{method} needs a couple, but no component of this profile changes. {INSTEAD}")
    volume = volume_of(profile, mixture, data)
    q = axis_of(profile.x, volume, data)
    given = profile.ends is not None
    ends, sentences = zip(*(ends_of(profile, name, method) for name in mixture.independent), strict=True)
    sigma = None if profile.sigma is None else profile.sigma[[profile.index(name) for name in mixture.independent]]
    found = rows_of(q, data, np.array(ends), given, sigma, smoother, shift)
    return Path(
        mixture=mixture,
        time=float(profile.time),
        x=profile.x,
        q=q,
        data=data,
        rows=found.rows,
        noise=found.noise,
        ends_given=given,
        fits=found.draws,
        volume=volume,
        temperature=profile.temperature,
        warnings=(*profile.warnings, *(sentence for each in sentences for sentence in each)),
        source=profile.source,
        profile=profile,
    )


def mixture_of(profile: Profile, method: str) -> Mixture:
    """The components of a profile with the dependent one: the profile's `dependent`, which may lack a column, or the
    last. Raises Invalid for fewer than three, and where they do not sum to 1."""
    if profile.quantity != "mole_fraction":
        raise Invalid.at("profile", f"{method} needs mole fractions; for concentrations of ions use ion-diffusivities.")
    names, dependent = profile.components, profile.dependent
    complete = not dependent or dependent in names
    components = names if complete else (*names, dependent)
    if len(components) < 3:
        raise Invalid.at(
            "profile",
            f"{method} needs three components or more, this profile has {', '.join(components)}."
            + (" Name the one without a column as dependent." if complete and len(names) == 2 else ""),
        )
    total = profile.fractions.sum(axis=0)
    off = float(np.abs(total - 1.0).mean())
    if complete and off > SUMS:
        raise Invalid.at(
            "profile",
            f"the fractions of {', '.join(names)} sum to {total.min():.4g} to {total.max():.4g}, not to 1: they are "
            f"{off:.2g} off in the mean. If a component has no column, name it as dependent.",
        )
    if not complete:
        mistyped = near(dependent, names)
        whole = off <= SUMS and (mistyped or off <= SAME or float((total > 1.0).mean()) > EXCEEDING)
        if whole or float(total.max()) > 1.0 + SUMS:
            raise Invalid.at(
                "profile",
                f"the fractions of {', '.join(names)} sum to up to {total.max():.4g}: none is left for {dependent}, "
                f"which has no column.{mistyped}",
            )
    return Mixture(components, dependent or components[-1])


def ends_of(profile: Profile, name: str, method: str) -> tuple[tuple[float, float], list[str]]:
    """Known end values of a component, or averages over flat ends, and sentences. Raises Invalid if an end is not flat
    and no values are given; flat is measured by the largest range of a component."""
    x, y = profile.x, profile.fraction(name)
    if profile.ends is not None:
        row = profile.index(name)
        known = (float(profile.ends["left"][row]), float(profile.ends["right"][row]))
    else:
        known = tuple(float(y[end_points(x, END_AVERAGE, side)].mean()) for side in ("left", "right"))
    scale, noise, moving = float(np.ptp(profile.fractions, axis=1).max()), noise_of(x, y), []
    for side in ("left", "right"):
        values = y[end_points(x, END_REGION, side)]
        half = values.size // 2
        change = 2.0 * abs(values[:half].mean() - values[half:].mean())
        spread = 2.0 * noise * np.sqrt(1.0 / half + 1.0 / (values.size - half))
        if change > max(FLAT * scale, SURE * spread):
            moving.append(f"x_{name} still changes by {100 * change / scale:.2g} % of a step at the {side} end.")
    if moving and profile.ends is None:
        raise Invalid.at(
            "profile",
            f"{method} needs flat ends, but {' '.join(moving)} Cut the time or lengthen the sample, or give the known "
            "end values.",
        )
    used = "The given end values were used, and the profile was continued towards them."
    return known, [f"{sentence} {used}" for sentence in moving]


def volume_of(profile: Profile, mixture: Mixture, data: np.ndarray) -> MolarVolume | None:
    """The molar volume of a profile; None where it is constant or not given."""
    table = dict(profile.molar_volume or {})
    kind = table.pop("kind", "constant")
    if not table:
        return None
    try:
        law = MolarVolume(mixture, kind, table)
        law.check(np.clip(data, 0.0, 1.0))
    except Invalid as error:
        raise Invalid.at("molar_volume", " ".join(fault.sentence for fault in error.faults)) from None
    return law if law.varies else None


def axis_of(x: np.ndarray, volume: MolarVolume | None, data: np.ndarray) -> np.ndarray:
    """q (N,), m, of positions x (N,): the same at the left end, and everywhere if the molar volume is constant."""
    if volume is None:
        return x
    V = volume(data)
    left = float(V[end_points(x, END_AVERAGE, "left")].mean())
    moles = make_interp_spline(x, left / V, k=5 if x.size > 5 else 3).antiderivative()
    return x[0] + moles(x) - moles(x[0])

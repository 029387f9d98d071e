"""A binary couple as the profile methods need it: component, end values, smooth curve, molar volume, and what may be
wrong with them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from inverse.curves.fitting import smooth
from inverse.curves.smoothing import Curve, Running
from inverse.ends import check
from inverse.planes import contact_plane, matano_plane
from inverse.volume import Volume, bare, volume_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile


@dataclass(frozen=True, eq=False)
class Couple:
    """A step couple between `ends` (mole fractions at the left and the right), annealed for `time` s.

    Y = (N - N^-)/(N^+ - N^-) of the component's mole fraction N is `curve`; `volume` is V_m(N), in m^3/mol. All
    functions take positions x (k,) in m, the unaffected left end at rest, and give (k,).
    x: positions of the points, m; data: their fractions; ends_given: whether the ends were known; noise and residual:
    of a fraction; fits: curves with end values drawn from the distribution of the fit, none for clean data.
    """

    component: str
    ends: tuple[float, float]
    time: float
    curve: Curve
    volume: Volume
    x: np.ndarray
    data: np.ndarray
    ends_given: bool = False
    noise: float = 0.0
    residual: float = 0.0
    fits: tuple[tuple[Curve, tuple[float, float]], ...] = ()
    warnings: tuple[str, ...] = ()
    source: str = ""

    @property
    def step(self) -> float:
        """N^+ - N^-."""
        return self.ends[1] - self.ends[0]

    def Y(self, x: np.ndarray) -> np.ndarray:
        """(N - N^-)/(N^+ - N^-)."""
        return self.curve.Y(np.asarray(x, float))

    def N(self, x: np.ndarray) -> np.ndarray:
        """Mole fraction of the component."""
        return self.fraction(self.Y(x))

    def fraction(self, Y: np.ndarray) -> np.ndarray:
        return self.ends[0] + self.step * np.asarray(Y, float)

    def dY(self, x: np.ndarray) -> np.ndarray:
        """dY/dx, 1/m; of one side at an interface."""
        return self.curve.gradient(np.asarray(x, float))

    def dN(self, x: np.ndarray) -> np.ndarray:
        """dN/dx, 1/m; of one side at an interface."""
        return self.step * self.dY(x)

    def V(self, x: np.ndarray) -> np.ndarray:
        """V_m, m^3/mol (1 without a volume)."""
        return self.volume(self.N(x))

    def position(self, N: np.ndarray) -> np.ndarray:
        """Where the curve takes these mole fractions, m; NaN for those in a jump. For curves with `branches` only."""
        return self.curve.position((np.atleast_1d(np.asarray(N, float)) - self.ends[0]) / self.step)

    @cached_property
    def _P(self) -> Running | None:
        if not self.volume.varies:
            return None
        first = 1.0 / float(self.volume(self.ends[0]))
        return Running(lambda x: self.Y(x) * (1.0 / self.V(x) - first), self.curve.span)

    @cached_property
    def _Q(self) -> Running | None:
        if not self.volume.varies:
            return None
        last = 1.0 / float(self.volume(self.ends[1]))
        return Running(lambda x: self.curve.rest(x) * (1.0 / self.V(x) - last), self.curve.span)

    def P(self, x: np.ndarray) -> np.ndarray:
        """int_-inf^x Y/V_m dx, mol/m^2; across interfaces."""
        found = self.curve.left(x) / float(self.volume(self.ends[0]))
        return found if self._P is None else found + self._P.before(x)

    def Q(self, x: np.ndarray) -> np.ndarray:
        """int_x^inf (1 - Y)/V_m dx, mol/m^2; across interfaces."""
        found = self.curve.right(x) / float(self.volume(self.ends[1]))
        return found if self._Q is None else found + self._Q.behind(x)

    @property
    def matano_plane(self) -> float:
        """x_0 of the mole fraction's own profile, m: the contact plane where the molar volume is constant."""
        return matano_plane(self.curve)

    @cached_property
    def plane(self) -> float:
        """Contact plane x_0, m, at rest with the left end, for any molar volume."""
        return contact_plane(self)

    def draws(self) -> Iterator["Couple"]:
        """Couples drawn from the distribution of the fit, for standard deviations; none for clean data."""
        for curve, ends in self.fits:
            yield replace(self, curve=curve, ends=ends, fits=())

    def with_curve(self, curve: Curve, fits: tuple = ()) -> "Couple":
        """The same couple on another curve, with curves drawn about that one."""
        residual = float(np.sqrt(np.mean((curve.Y(self.x) * self.step + self.ends[0] - self.data) ** 2)))
        return replace(self, curve=curve, fits=fits, residual=residual)


def couple_of(profile: Profile, method: str, smoother: str = "probit") -> Couple:
    """The couple of a profile's component. smoother: "probit", "spline" or "whittaker", see `curves.fitting.smooth`.

    Raises Invalid unless the profile is one of a planar binary couple, with a time, from a step, with unaffected ends
    or known end values; and for a molar volume that cannot be.
    """
    ends = check(profile, method)
    row = profile.index(profile.component)
    sigma = None if profile.sigma is None else profile.sigma[row]
    y = profile.fraction(profile.component)
    fitted = smooth(profile.x, y, (ends.left, ends.right), ends.given, sigma, smoother, ends.interfaces)
    kind = bare(profile.molar_volume)
    missing = (f"No values are given for the molar volume of kind {kind!r}: it is taken as constant.",) if kind else ()
    return Couple(
        component=profile.component,
        ends=fitted.ends,
        time=float(profile.time),
        curve=fitted.curve,
        volume=volume_of(profile),
        x=profile.x,
        data=y,
        ends_given=ends.given,
        noise=fitted.noise,
        residual=fitted.residual,
        fits=fitted.draws,
        warnings=(*profile.warnings, *ends.warnings, *fitted.warnings, *missing),
        source=profile.source,
    )


def check_known(profile: Profile, method: str) -> None:
    """Raise Invalid if a profile names a kind of molar volume that varies, and no values."""
    if kind := bare(profile.molar_volume):
        raise Invalid.at("profile", f"{method} needs the values of the molar volume of kind {kind!r}.")


def check_volume(profile: Profile, method: str) -> None:
    """Raise Invalid unless the profile is one of a couple, as `check`, with a molar volume that has values."""
    check(profile, method)
    volume_of(profile)
    check_known(profile, method)

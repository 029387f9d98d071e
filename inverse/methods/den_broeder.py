"""Den Broeder: the interdiffusivity from concentrations, without locating a plane. For linear molar volumes."""

import numpy as np

from inverse.couple import Couple, check_known, check_volume
from inverse.curves.smoothing import Running
from inverse.estimate import Estimate, Method
from inverse.interdiffusivity import interdiffusivity, where
from inverse.planes import end_concentrations
from simulator.solve.profile import Profile

NAME = "den-broeder"
ROUNDING = 1e-7  # disagreement of the two components that quadrature leaves
SURE = 3.0  # standard deviations


def from_concentration(couple: Couple, x: np.ndarray, name: str) -> np.ndarray:
    """D (k,), m^2/s, at x from the concentration profile of one component; NaN if its ends are the same.

    D = 1/(2 t Y_C') [ (1 - Y_C) int_-inf^x Y_C dx + Y_C int_x^inf (1 - Y_C) dx ]
    """
    own, (low, high) = name == couple.component, end_concentrations(couple)[name]
    if abs(high - low) <= 1e-9 * max(abs(low), abs(high)):
        return np.full(np.shape(x), np.nan)

    def concentration(x):
        N = couple.N(x)
        return (N if own else 1.0 - N) / couple.volume(N)

    N, V = couple.N(x), couple.V(x)
    other, mine = couple.volume.partial(N)
    # dC_B = V_A/V_m^2 dN_B and dC_A = -V_B/V_m^2 dN_B
    slope = (other if own else -mine) / V**2 * couple.dN(x) / (high - low)
    C = concentration(np.asarray(x, float))
    left = Running(lambda x: (concentration(x) - low) / (high - low), couple.curve.span).before(x)
    right = Running(lambda x: (high - concentration(x)) / (high - low), couple.curve.span).behind(x)
    return ((high - C) * left + (C - low) * right) / (high - low) / (2.0 * couple.time * slope)


def diffusivity(couple: Couple, x: np.ndarray) -> np.ndarray:
    return from_concentration(couple, x, couple.component)


def disagreement(couple: Couple, x: np.ndarray) -> np.ndarray:
    """D from the other component's concentrations over D from this one's, less 1 (k,)."""
    with np.errstate(all="ignore"):
        return from_concentration(couple, x, couple.volume.other) / diffusivity(couple, x) - 1.0


def agreement(couple: Couple, x: np.ndarray) -> tuple[dict, list[str]]:
    """The largest disagreement of the two components, and a sentence where it, or the volume, forbids the method."""
    found = disagreement(couple, x)
    if not np.isfinite(found).any():
        return {"disagreement": None}, ["One of the two concentrations is the same at both ends: there is no check."]
    worst = int(np.nanargmax(np.abs(found)))
    drawn = [disagreement(one, where(one, couple.N(x[[worst]]), x[[worst]]))[0] for one in couple.draws()]
    scatter = float(np.nanstd(drawn)) if drawn else 0.0
    largest, sentences = float(np.abs(found[worst])), []
    if not couple.volume.linear:
        sentences.append(
            f"The molar volume is not linear in the mole fraction: {NAME} then errs without a sign of it, here by "
            f"about {100 * largest:.2g} % between its two components or more. Use wagner."
        )
    elif largest > max(ROUNDING, SURE * scatter):
        sentences.append(
            f"The concentrations of {couple.component} and {couple.volume.other} give diffusivities that differ by up "
            f"to {100 * largest:.2g} %, more than the noise explains. Use wagner."
        )
    return {"disagreement": largest}, sentences


def den_broeder(profile: Profile, window: tuple[float, float] = (0.02, 0.98), smoother: str = "probit") -> Estimate:
    """Interdiffusivity D(N) of a binary couple, m^2/s, from the concentration C = N/V_m of the profile's component.

        D = 1/(2 t Y_C') [ (1 - Y_C) int_-inf^x Y_C dx + Y_C int_x^inf (1 - Y_C) dx ],   Y_C = (C - C-)/(C+ - C-)

    Exact for a molar volume linear in the mole fraction (Vegard's rule) or constant; otherwise silently wrong by a few
    to some twenty per cent: then a warning, and `disagreement`, the largest relative difference in the window from the
    other component's profile, which is 0 in the exact case and of the error's size beyond it. A sharp step at the
    start, unaffected ends. Raises Invalid when an end is not flat and the end values are not given, or the
    concentration is the same at both ends.
    Source: den Broeder (1969), Scripta Metall. 3, 321.
    """
    check_known(profile, NAME)
    return interdiffusivity(profile, NAME, window, diffusivity, smoother, agreement)


METHOD = Method(
    name=NAME,
    title="den Broeder",
    equation="D = 1/(2 t Y_C') [(1 - Y_C) int_-inf^x Y_C dx + Y_C int_x^inf (1 - Y_C) dx]",
    recovers="interdiffusivity",
    unit="m^2/s",
    needs=("one profile", "time", "flat ends or known end values", "molar volume, where it varies"),
    assumes=("binary", "step start", "unaffected ends", "planar", "molar volume linear in the mole fraction"),
    source="den Broeder (1969), Scripta Metall. 3, 321",
    check=check_volume,
    analyse=den_broeder,
)

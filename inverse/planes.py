"""Planes of a diffusion couple that its profiles determine by themselves. The unaffected left end is at rest."""

from typing import TYPE_CHECKING

import numpy as np

from inverse.curves.fitting import smooth
from inverse.curves.smoothing import Curve, Running
from inverse.ends import end_values
from simulator.solve.profile import Profile

if TYPE_CHECKING:
    from inverse.couple import Couple

LEAST = 1e-3  # of the largest step, below which a component's end values say nothing of the plane


def matano_plane(curve: Curve) -> float:
    """x_0 (m) of the plane through which as much has come as has gone: int_-inf^x0 Y dx = int_x0^inf (1 - Y) dx.

    The difference of the two integrals grows with slope 1, so one evaluation at any x gives x_0 = x - (left - right).
    At constant molar volume this is the plane of the initial contact.
    """
    middle = 0.5 * (curve.nodes[0] + curve.nodes[-1])
    return float(middle - (curve.left(middle) - curve.right(middle))[0])


def excess_moles(couple: "Couple", end: int) -> Running:
    """The running integral of 1/V_m - 1/V_m of an end (0: left, 1: right), mol/m^2."""
    far = 1.0 / float(couple.volume(couple.ends[end]))
    return Running(lambda x: 1.0 / couple.V(x) - far, couple.curve.span)


def contact_plane(couple: "Couple") -> float:
    """x_0 (m) of the initial contact, at rest with the left end, for any V_m(N): x_0 = x_L + V_m^- n_0.

    The mole coordinate n = int dx/V_m of the contact plane follows from n - n_0 = P - Q at any x. It is where the plane
    was, not where its atoms are now.
    """
    if not couple.volume.varies:
        return matano_plane(couple.curve)
    x = 0.5 * (couple.curve.nodes[0] + couple.curve.nodes[-1])
    moles = excess_moles(couple, 0).before(x) - couple.P(x) + couple.Q(x)
    return float(x + float(couple.volume(couple.ends[0])) * moles[0])


def swelling(couple: "Couple") -> float:
    """Displacement S (m) of the unaffected right end since the start, the left end at rest: 0 where V_m is linear."""
    if not couple.volume.varies:
        return 0.0
    x = 0.5 * (couple.curve.nodes[0] + couple.curve.nodes[-1])
    moles = excess_moles(couple, 1).behind(x) + couple.P(x) - couple.Q(x)
    return float(x - float(couple.volume(couple.ends[1])) * moles[0]) - couple.plane


def end_concentrations(couple: "Couple") -> dict[str, tuple[float, float]]:
    """Concentrations (mol/m^3) of the two components at the left and the right end."""
    N, V = np.array(couple.ends), couple.volume(np.array(couple.ends))
    other, own = (1.0 - N) / V, N / V
    return {
        couple.volume.other: (float(other[0]), float(other[1])),
        couple.component: (float(own[0]), float(own[1])),
    }


def concentration_planes(couple: "Couple") -> dict[str, float]:
    """x_0 (m) found from the concentration profile of each component, as if volumes were constant.

        int_-inf^x0 (C_i - C_i^-) dx = int_x0^inf (C_i^+ - C_i) dx

    They lie at x_0 + S C_i^+/(C_i^+ - C_i^-); a component whose concentration is the same at both ends has none.
    """
    planes, span = {}, couple.curve.span
    middle = 0.5 * (span[0] + span[-1])
    for name, (low, high) in end_concentrations(couple).items():
        if abs(high - low) <= 1e-9 * max(abs(high), abs(low)):
            continue

        def concentration(x, own=name == couple.component):
            N = couple.N(x)
            return (N if own else 1.0 - N) / couple.volume(N)

        gained = Running(lambda x, C=concentration, low=low: C(x) - low, span).before(middle)
        lacking = Running(lambda x, C=concentration, high=high: high - C(x), span).behind(middle)
        planes[name] = float(middle - (gained - lacking)[0] / (high - low))
    return planes


def contact_from_planes(planes: dict[str, float], ends: dict[str, tuple[float, float]]) -> tuple[float, float]:
    """Contact plane x_0 and swelling S (m) from the planes of both concentration profiles and the end concentrations.

        S = (x_0^B - x_0^A) / [C_B^+/(C_B^+ - C_B^-) - C_A^+/(C_A^+ - C_A^-)],   x_0 = x_0^i - S C_i^+/(C_i^+ - C_i^-)

    Where the planes coincide, as for every V_m that is linear in N, S is 0 over 0: then it is taken as 0.
    """
    share = {name: high / (high - low) for name, (low, high) in ends.items()}
    A, B = planes
    width = max(abs(planes[A]), abs(planes[B]), 1e-300)
    apart, shares = planes[B] - planes[A], share[B] - share[A]
    S = 0.0 if abs(apart) <= 1e-12 * width or abs(shares) <= 1e-12 else apart / shares
    return planes[B] - S * share[B], S


def common_plane(profile: Profile) -> float:
    """x_0 (m) of one plane for all components of a profile, by least squares over their balances.

        x_0 = sum_i dC_i (x_R dC_i - I_i) / sum_i dC_i^2,   I_i = int (C_i - C_i^-) dx,   dC_i = C_i^+ - C_i^-

    Constant molar volume. Components with equal ends, whose own plane would be 0 over 0, have no weight in it.
    """
    weights, moments = 0.0, 0.0
    rows = [profile.only(name) for name in profile.components]
    steps = [end_values(row) for row in rows]
    largest = max(abs(right - left) for left, right in steps)
    for row, (left, right) in zip(rows, steps, strict=True):
        step = right - left
        if abs(step) <= LEAST * largest:
            continue
        sigma = None if row.sigma is None else row.sigma[0]
        fitted = smooth(row.x, row.fractions[0], (left, right), row.ends is not None, sigma)
        weights += step**2
        moments += step**2 * matano_plane(fitted.curve)
    return moments / weights

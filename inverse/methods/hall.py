"""Hall: closed forms for the two ends of a profile, where it is a straight line in probit space."""

from dataclasses import dataclass

import numpy as np

from inverse.couple import Couple, couple_of
from inverse.curves.smoothing import ROOT_PI, normal, probit
from inverse.ends import check
from inverse.estimate import Estimate, Method
from inverse.interdiffusivity import diagnostics, volume_not_used
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "hall"
LOWEST, NOISES = 1e-3, 5.0  # Y below which no point is used, and standard deviations of Y that it must have
LOOSE = 0.5  # of D: a standard deviation from which on an end says nothing
FEWEST = 4  # points of an end range
BEND = 0.03  # relative change of the slope over an end range that still counts as a straight line
SURE = 2.0  # standard deviations that a change of the slope must have to count at all
HIGHEST = 0.05  # of Y, up to which a range may go
INNER = 0.2  # of Y, up to which from there on the slope is looked at again
STEEP = 0.05  # relative change of that slope, from which D is said to change too much
CERTAIN = 3.0  # standard deviations that it must have
MODEL = 1e-3  # of Y: what a straight line is trusted to at the best
ITERATIONS = 6  # of the weights
VALUES = 21  # at each end
DRAWS, SEED = 256, 20231


@dataclass(frozen=True)
class EndLine:
    """u = h lambda + k between two values of Y, Y counted from the end: towards the other side lambda grows.

    h s^1/2/m, k 1, covariance (2, 2) of them.
    """

    h: float
    k: float
    covariance: np.ndarray
    reach: tuple[float, float]


def end_value(Y: np.ndarray, h: float, k: float) -> np.ndarray:
    """D (j,) in m^2/s at the end where Y is small, for u = erfinv(2 Y - 1) = h lambda + k from there on.

        D = 1/(4 h^2) [1 + 2 sqrt(pi) k exp(u^2) Y]

    lambda = (x - x_0)/sqrt(t) counted from the end into the couple, h in s^1/2/m. At the right end put 1 - Y for Y and
    -k for k.
    """
    Y = np.asarray(Y, float)
    return (1.0 + 2.0 * ROOT_PI * k * np.exp(probit(Y) ** 2) * Y) / (4.0 * h**2)


def line_of(lam: np.ndarray, Y: np.ndarray, noise: float, degree: int) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of u(lam), a polynomial of this degree, lowest first, fitted to Y (k,) with weights in Y, and their
    covariance."""
    A = np.vander(lam, degree + 1, increasing=True)
    u = probit(Y)
    target = u
    for _ in range(ITERATIONS):
        spread = ROOT_PI * np.exp(u**2)
        sigma = np.hypot(noise, MODEL * normal(u)) * spread
        scaled = A / sigma[:, None]
        inverse = np.linalg.pinv(scaled.T @ scaled)
        found = inverse @ (scaled.T @ (target / sigma))
        u = np.clip(A @ found, -4.0, 1.0)
        target = u + (Y - normal(u)) * ROOT_PI * np.exp(u**2)
    return found, inverse


def end_line(lam: np.ndarray, Y: np.ndarray, noise: float) -> EndLine | None:
    """The straight line through the points (lam, Y) of an end where Y is small; None if there are too few.

    Points from where Y = max(1e-3, 5 noise) is left for good. The range ends at the largest Y up to 0.05 where a
    parabola through it would change its slope by at most 3 %, or by less than 2 standard deviations.
    """
    floor = max(LOWEST, NOISES * noise)
    last = int(np.argmax(HIGHEST < Y)) if (HIGHEST < Y).any() else Y.size
    below = np.flatnonzero(Y[:last] <= floor)
    first = int(below[-1]) + 1 if below.size else 0
    for end in range(last, first + FEWEST - 1, -1):
        part = slice(first, end)
        middle, scale = lam[part].mean(), np.ptp(lam[part])
        at = (lam[part] - middle) / scale
        (_, slope, bend), covariance = line_of(at, Y[part], noise, 2)
        change = 2.0 * abs(bend) / abs(slope)
        uncertain = 2.0 * np.sqrt(covariance[2, 2]) / abs(slope) if noise > 0 else 0.0
        if end - first > FEWEST and change > max(BEND, SURE * uncertain):
            continue
        (height, slope), covariance = line_of(at, Y[part], noise, 1)
        if slope <= 0:
            continue
        to_lam = np.array([[0.0, 1.0 / scale], [1.0, -middle / scale]])
        h, k = to_lam @ (height, slope)
        return EndLine(float(h), float(k), to_lam @ covariance @ to_lam.T, (float(Y[first]), float(Y[end - 1])))
    return None


def bend(lam: np.ndarray, Y: np.ndarray, noise: float, line: EndLine) -> float:
    """Relative change of the slope of u from the end's line to that between Y = 0.05 and 0.2; 0 where it has none that
    noise does not explain."""
    part = slice(int(np.argmax(HIGHEST < Y)), int(np.argmax(INNER < Y)))
    if lam[part].size < FEWEST:
        return 0.0
    (_, slope), covariance = line_of(lam[part], Y[part], noise, 1)
    change = float(slope / line.h - 1.0)
    spread = np.hypot(np.sqrt(covariance[1, 1]), np.sqrt(line.covariance[0, 0])) / line.h if noise > 0.0 else 0.0
    return change if abs(change) > CERTAIN * spread else 0.0


def bends_of(couple: Couple, plane: float, lines: tuple[EndLine | None, EndLine | None]) -> tuple[float, float]:
    """`bend` at the left and at the right end."""
    Y = (couple.data - couple.ends[0]) / couple.step
    lam, noise = (couple.x - plane) / np.sqrt(couple.time), couple.noise / abs(couple.step) if couple.fits else 0.0
    left, right = lines
    return (
        0.0 if left is None else bend(lam, Y, noise, left),
        0.0 if right is None else bend(-lam[::-1], 1.0 - Y[::-1], noise, right),
    )


def lines_of(couple: Couple, plane: float) -> tuple[EndLine | None, EndLine | None]:
    """The lines of the left and of the right end, each counted inwards, about a plane."""
    Y = (couple.data - couple.ends[0]) / couple.step
    lam, noise = (couple.x - plane) / np.sqrt(couple.time), couple.noise / abs(couple.step)
    edges = couple.curve.edges or (np.inf, -np.inf)
    left, right = couple.x < edges[0], couple.x > edges[-1]
    noise = noise if couple.fits else 0.0
    return (
        end_line(lam[left], Y[left], noise),
        end_line(-lam[right][::-1], 1.0 - Y[right][::-1], noise),
    )


def scatter(line: EndLine, Y: np.ndarray, planes: np.ndarray) -> np.ndarray:
    """Standard deviation (k,) of end_value over lines drawn from the covariance, about planes that lie (j,) farther
    inwards, in units of lambda."""
    drawn = np.random.default_rng(SEED).multivariate_normal((line.h, line.k), line.covariance, DRAWS)
    shifts = np.resize(planes, DRAWS)
    values = [end_value(Y, h, k + h * shift) for (h, k), shift in zip(drawn, shifts, strict=True)]
    low, high = np.quantile(values, (0.15865, 0.84135), axis=0)
    return 0.5 * (high - low)


def hall(profile: Profile, window: tuple[float, float] = (0.02, 0.98), smoother: str = "probit") -> Estimate:
    """Interdiffusivity near both ends of a binary couple, m^2/s, from straight lines in probit space.

        u = erfinv(2 Y - 1) = h lambda + k,   lambda = (x - x_0)/sqrt(t)
        left:   D = 1/(4 h^2) [1 + 2 sqrt(pi) k exp(u^2) Y]
        right:  D = 1/(4 h^2) [1 - 2 sqrt(pi) k exp(u^2) (1 - Y)]

    The factor is 2 sqrt(pi). Each line goes through the points from Y = max(1e-3, 5 noise) to at most 0.05, as far as
    the slope of a parabola would change by 3 % or less, or insignificantly. Values are given within these ranges only
    (`ranges` of the diagnostics), whatever the window. They are exact as far as the line is, and an extrapolation: for
    D that changes e^2-fold between the ends a few per cent, which a sentence says where u bends farther in. Constant
    molar volume, a sharp step, unaffected ends.
    Raises Invalid where neither end has 4 points in a straight line.
    Source: Hall (1953), J. Chem. Phys. 21, 87.
    """
    couple = couple_of(profile, NAME, smoother)
    plane = couple.matano_plane
    shifts = np.array([one.matano_plane - plane for one in couple.draws()]) / np.sqrt(couple.time)
    composition, value, sd, ranges, found = [], [], [], [], {}
    sentences = [*couple.warnings, *volume_not_used(couple, couple.x)[1]]
    lines = lines_of(couple, plane)
    bends = dict(zip(("left", "right"), bends_of(couple, plane, lines), strict=True))
    for side, line in zip(("left", "right"), lines, strict=True):
        if line is None:
            sentences.append(f"The {side} end has no {FEWEST} points in a straight line: no value is given there.")
            continue
        Y = np.geomspace(*line.reach, VALUES)
        values = end_value(Y, line.h, line.k)
        # a plane farther to the right lies inwards of the left end and outwards of the right one
        spread = scatter(line, Y, shifts if side == "left" else -shifts) if shifts.size else None
        if spread is not None and not np.median(spread / np.abs(values)) < LOOSE:
            sentences.append(f"Noise leaves D at the {side} end uncertain by more than half: no value is given there.")
            continue
        value.append(values)
        sd.append(spread)
        composition.append(couple.fraction(Y if side == "left" else 1.0 - Y))
        ranges.append(sorted(map(float, composition[-1][[0, -1]])))
        found[side] = {"h": line.h, "k": line.k if side == "left" else -line.k, "range": ranges[-1]}
    if not ranges:
        text = f"{NAME} needs {FEWEST} points in a straight line at an end, above the noise, and finds none."
        raise Invalid.at("profile", text)
    steep = [f"{100.0 * bends[side]:+.2g} % at the {side} end" for side in found if abs(bends[side]) > STEEP]
    if steep:
        sentences.append(
            f"D changes near the ends: the slope of u farther in, up to Y = {INNER:g}, differs from that of the line "
            f"by {' and '.join(steep)}. Values may be off by 5 to 10 %, which sd does not contain; use sauer-freise."
        )
    composition, value = np.concatenate(composition), np.concatenate(value)
    order = np.argsort(composition)
    good = order[value[order] > 0]
    return Estimate(
        method=NAME,
        recovers="interdiffusivity",
        unit="m^2/s",
        component=couple.component,
        composition=composition[good],
        value=value[good],
        sd=np.concatenate(sd)[good] if shifts.size else None,
        window=(float(composition.min()), float(composition.max())),
        source=profile.source,
        diagnostics={**diagnostics(couple), "ranges": sorted(ranges), "lines": found, "warnings": sentences},
    )


METHOD = Method(
    name=NAME,
    title="Hall",
    equation="D = 1/(4 h^2) [1 + 2 sqrt(pi) k exp(u^2) Y],   u = h (x - x_0)/sqrt(t) + k",
    recovers="interdiffusivity",
    unit="m^2/s",
    needs=("one profile", "time", "flat ends or known end values", "points below 10 % of the step"),
    assumes=("binary", "step start", "unaffected ends", "constant molar volume", "planar", "an end linear in u"),
    source="Hall (1953), J. Chem. Phys. 21, 87",
    check=check,
    analyse=hall,
    tolerance=3e-2,
)

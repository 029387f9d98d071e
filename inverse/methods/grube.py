"""Grube's straight line: the probit of a couple's profile against the position."""

import numpy as np

from inverse.constant import Fit, constant_estimate, is_clean, judged
from inverse.curves.noise import noise_of
from inverse.curves.smoothing import ROOT_PI, probit
from inverse.ends import END_AVERAGE, end_points, ends_of
from inverse.estimate import Estimate, Method
from inverse.methods.erf_fit import check_step, concentration
from simulator.faults import Invalid
from simulator.solve.profile import Profile

NAME = "grube"
FAR, NOISES = 0.05, 3.0  # of the step, and standard deviations of Y, by which a line may miss the points
REACH = 1.2  # of |u|: the line is drawn through 0.045 < Y < 0.955, where noise does not bend it
FEWEST = 4  # points on the line
PASSES = 50


def straight(x: np.ndarray, Y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope and intercept (2,) of the line u = b x + a through u = erfinv(2 Y - 1), and the points (k,) on it.

    Points are chosen and weighted by the line itself, (dY/du)^2 times the square of `weight`, until they stay the same.
    Chosen by their own Y, those that noise has moved inwards would outnumber the others in the tails.
    """
    inside = np.flatnonzero((Y > 0.0) & (Y < 1.0))
    points = inside[(Y[inside] > 0.02) & (Y[inside] < 0.98)]
    u = np.zeros(Y.size)
    u[inside] = probit(Y[inside])
    along = u
    for _ in range(PASSES):
        if points.size < FEWEST:
            raise Invalid.at(
                "profile",
                f"{NAME} needs {FEWEST} points between 5 % and 95 % of the step, this profile has {points.size}. "
                "Use erf-fit.",
            )
        line = np.polyfit(x[points], u[points], 1, w=weight[points] * np.exp(-(along[points] ** 2)))
        along = np.polyval(line, x)
        again = inside[np.abs(along[inside]) < REACH]
        if np.array_equal(again, points):
            break
        points = again
    return line, points


def grube(profile: Profile, window: tuple[float, float] = (0.02, 0.98)) -> Estimate:
    """Interdiffusivity D of a binary couple, m^2/s, one number for all compositions, from a straight line.

        erfinv(2 Y - 1) = (x - x0)/(2 sqrt(D t)),   Y = (X - X-)/(X+ - X-),   weights (dY/du)^2

    The end values are given or averages over flat ends. With a molar volume linear in X the concentration takes the
    place of X. Less accurate under noise than erf-fit. Warns where the line is bent: D then changes with the
    composition. Raises Invalid where the start was no step, an end is not flat and the end values are not given, or the
    molar volume is not linear. Source: Crank (1975), The Mathematics of Diffusion, 2nd ed., chapter 2.
    """
    check_step(profile, NAME)
    y, sigma, ends, warnings = concentration(profile)
    x, step = profile.x, ends.right - ends.left
    Y = (y - ends.left) / step
    clean = sigma is None and is_clean(x, Y)
    error = np.ones(x.size) if sigma is None else sigma / abs(step)
    middle, scale = 0.5 * (x[0] + x[-1]), x[-1] - x[0]
    z = (x - middle) / scale
    line, points = straight(z, Y, 1.0 / error)
    if not line[0] > 0.0:
        raise Invalid.at("profile", f"{NAME} finds no rise of erfinv(2 Y - 1) along this profile. Use forward-fit.")
    along = np.polyval(line, z[points])
    rate = np.exp(-(along**2)) / ROOT_PI
    J = rate[:, None] * np.stack([z[points], np.ones(points.size)], axis=1) / error[points, None]
    residual = rate * (probit(Y[points]) - along) / error[points]
    chi_square, free = float(residual @ residual), points.size - 2
    spread = 1.0 if sigma is not None else chi_square / free
    inverse = np.linalg.inv(J.T @ J)
    covariance = spread * inverse
    if not ends.given:
        covariance = covariance + end_share(profile, J, inverse, Y[points], error, spread, points)
    fit = Fit(line, covariance, residual, J, error[points], chi_square, free, sigma is not None)
    verdict = judged(fit, rate[:, None] * np.stack([along**2, along**3], axis=1), 1.0)
    rms = float(np.sqrt(np.mean((residual * error[points]) ** 2)))
    # a line that misses altogether leaves residuals so large that a bend does not stand out among them
    holds = verdict.holds and rms < max(FAR, NOISES * noise_of(x, Y))
    if not holds:
        warnings.append(
            f"The line of erfinv(2 Y - 1) is bent by {100 * max(verdict.misfit, rms):.2g} % of the step: D changes "
            "with the composition, or the start was no step. Use sauer-freise or forward-fit."
        )
    D = scale**2 / (4.0 * profile.time * line[0] ** 2)
    edges = ends_of(profile, NAME)
    return constant_estimate(
        NAME,
        profile,
        "interdiffusivity",
        D,
        None if clean else 2.0 * fit.sd(0) / line[0] * D,
        (edges.left, edges.right),
        window,
        {
            "matano_plane": float(middle - scale * line[1] / line[0]),
            "width": float(scale / line[0]),
            "ends": [float(edges.left), float(edges.right)],
            "ends_given": ends.given,
            "noise": noise_of(x, profile.fraction(profile.component)),
            "residual_rms": rms * abs(edges.right - edges.left),
            "points": int(points.size),
            "misfit": verdict.misfit,
            "holds": holds,
            "extent": [float(x[0]), float(x[-1])],
            "warnings": warnings,
        },
    )


def end_share(profile, J, inverse, Y, error, spread, points) -> np.ndarray:
    """What the uncertainty of averaged end values adds to the covariance (2, 2) of the line."""
    total = np.zeros((2, 2))
    for side, moved in (("left", 1.0 - Y), ("right", Y)):
        averaged = error[end_points(profile.x, END_AVERAGE, side)]
        change = inverse @ (J.T @ (moved / error[points]))
        total += spread * np.sum(averaged**2) / averaged.size**2 * np.outer(change, change)
    return total


METHOD = Method(
    name=NAME,
    title="Grube's line",
    equation="erfinv(2 Y - 1) = (x - x0)/(2 sqrt(D t)), Y = (X - X-)/(X+ - X-)",
    recovers="interdiffusivity",
    unit="m^2/s",
    needs=("one profile", "time", "flat ends or known end values"),
    assumes=("binary", "step start", "unaffected ends", "constant diffusivity", "molar volume linear in X", "planar"),
    source="Crank (1975), The Mathematics of Diffusion, 2nd ed., chapter 2",
    check=check_step,
    analyse=grube,
)

"""A pulse of an ion as its moments: content, centroid and variance, with their uncertainties."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import make_interp_spline

from inverse.curves.noise import noise_of
from simulator.faults import Invalid
from simulator.solve.profile import Profile

CLEAN = 1e-5  # of the peak: less noise is rounding and time-step error
LEFT_OVER = 1e-3  # of the peak, that a pulse within the sample may have at its ends
FEWEST = 16  # points
WIDE = 5.0  # of the pulse's own standard deviation, over which moments of noisy points are taken
ROUNDS = 50


@dataclass(frozen=True)
class Pulse:
    """time s; centroid m and variance m^2, with standard deviations, 0 for a pulse without noise."""

    time: float
    centroid: float
    variance: float
    centroid_sd: float = 0.0
    variance_sd: float = 0.0


def pulse_of(profile: Profile, name: str, method: str) -> Pulse:
    """The moments of an ion's concentration. Raises Invalid unless it is a pulse that lies within the profile."""
    x, c = profile.x, profile.fraction(name)
    if x.size < FEWEST:
        raise Invalid.at("profile", f"{method} needs at least {FEWEST} points, this profile has {x.size}.")
    peak, noise = float(c.max()), noise_of(x, c)
    if profile.sigma is not None:
        noise = float(np.median(profile.sigma[profile.index(name)]))
    if not peak > 6.0 * noise:
        raise Invalid.at("profile", f"{method} needs a pulse, but c_{name} is {peak:.3g} mol/m^3 at the most.")
    ends = [float(np.abs(part).mean()) for part in (c[:3], c[-3:])]
    if max(ends) > max(LEFT_OVER * peak, 4.0 * noise):
        side = ("left", "right")[int(np.argmax(ends))]
        raise Invalid.at(
            "profile",
            f"{method} needs a pulse that lies within the sample, but at the {side} end c_{name} is still "
            f"{100 * max(ends) / peak:.2g} % of its peak. Cut the time, lengthen the sample, or subtract what was "
            "there before.",
        )
    if noise <= CLEAN * peak and profile.sigma is None:
        return Pulse(float(profile.time or 0.0), *moments(x, c))
    return noisy(x, c, noise, float(profile.time or 0.0))


def moments(x: np.ndarray, c: np.ndarray) -> tuple[float, float]:
    """Centroid and variance of c(x) by the integrals of splines."""

    def integral(values):
        return float(make_interp_spline(x, values, k=5).integrate(x[0], x[-1]))

    content = integral(c)
    middle = integral(c * x) / content
    return middle, integral(c * (x - middle) ** 2) / content


def noisy(x: np.ndarray, c: np.ndarray, noise: float, time: float) -> Pulse:
    """Moments over WIDE standard deviations to each side of the centroid, by the rule of the trapezium."""
    weight = np.gradient(x)
    weight[[0, -1]] *= 0.5
    high = np.where(c > 0.5 * c.max(), weight * c, 0.0)
    middle = float(high @ x / high.sum())
    width = float(high.sum() / c.max())
    for _ in range(ROUNDS):
        own = np.where(np.abs(x - middle) < WIDE * width, weight, 0.0)
        content = float(own @ c)
        centre = float(own @ (c * x)) / content
        variance = float(own @ (c * (x - centre) ** 2)) / content
        if not variance > 0.0:
            break
        moved, middle, width = abs(centre - middle) + abs(np.sqrt(variance) - width), centre, np.sqrt(variance)
        if moved < 1e-6 * width:
            break
    away = x - middle
    first = noise * np.sqrt(np.sum((own * away) ** 2)) / content
    second = noise * np.sqrt(np.sum((own * (away**2 - width**2)) ** 2)) / content
    return Pulse(time, middle, float(width**2), float(first), float(second))


def start_pulse(profile: Profile, name: str, method: str) -> Pulse | None:
    """The moments of the start, where it is known: of a film, or a profile; None where it is not, or was no pulse."""
    start = profile.start or {}
    if start.get("shape") == "film" and start.get("matrix", {}).get(name, 0.0) == 0.0:
        thickness = float(start["thickness"])
        low, high = float(start["at"]), float(start["at"]) + thickness
        ends = start.get("interval")
        if ends is not None:
            low, high = max(low, ends[0]), min(high, ends[1])
        return Pulse(0.0, 0.5 * (low + high), (high - low) ** 2 / 12.0)
    before = start.get("profile")
    if isinstance(before, Profile) and name in before.components:
        try:
            return pulse_of(before, name, method)
        except Invalid:
            return None
    return None

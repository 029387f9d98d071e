"""Penetration plots: what a film left, on a logarithmic axis against the squared distance from it."""

from dataclasses import dataclass, replace

import numpy as np

from matano.console import duration
from matano.drawing import COLOURS, MARKS, STYLES, chosen, entitle, length_unit, pyplot, shade
from matano.places import problem_of
from simulator.faults import Invalid

LOWEST = 1e-4  # of the height, down to which it is drawn
FITTED = 0.01  # of the height, down to which the straight line is fitted
STRAIGHT = 0.02  # root mean square of ln y around the line, above which no single D made the profile
THICK = 0.01  # of D, by which the thickness of the film may change it
MANY = 60  # points, up to which they are drawn as points


@dataclass(frozen=True)
class Penetration:
    """Height y (N,) above what lies far from the film, and the distance s (N,) from its middle, m; the time, s; the
    straight line through ln y over s^2, ln top - s^2/w^2, with w in m; D = w^2/(4 t) in m^2/s where the start was a
    thin film and the points lie on the line, else None."""

    s: np.ndarray
    y: np.ndarray
    time: float
    w: float
    top: float
    D: float | None


def penetration_of(profile) -> Penetration:
    """Of a profile of one component that began as a film, or looks like one: ln y = ln A - s^2/(4 D t).

    The line has weights y^2, as constant noise of the fraction asks for, and leaves out what is lower than a hundredth
    of the height. Raises Invalid where the start was no film. Source: Crank (1975), The Mathematics of Diffusion,
    2nd ed., chapter 2.
    """
    from inverse.film import check_film

    source = check_film(profile, "a penetration plot")
    y = (profile.fraction(profile.component) - source.background) * np.sign(source.height)
    tall = float(y.max())
    seen = y > LOWEST * tall
    centre = source.centre
    if not np.isfinite(centre):
        weights = np.where(y > FITTED * tall, y, 0.0) * np.gradient(profile.x)
        centre = float(weights @ profile.x / weights.sum())
    x, y = profile.x[seen], y[seen]
    s = x - centre
    fitted = y > FITTED * tall
    if fitted.sum() < 3:
        raise Invalid.at("profile", "fewer than three points of the film stand out from what lies far from it.")
    scale = float(np.ptp(s[fitted] ** 2))
    slope, top = np.polyfit(s[fitted] ** 2 / scale, np.log(y[fitted]), 1, w=y[fitted])
    if not slope < 0.0:
        raise Invalid.at("profile", "the film does not fall off on both sides of where it was.")
    w = float(np.sqrt(-scale / slope))
    off = np.log(y[fitted]) - top - slope * s[fitted] ** 2 / scale
    straight = np.sqrt(np.average(off**2, weights=y[fitted] ** 2)) < STRAIGHT
    thin = source.half is not None and 2.0 * source.half**2 / (3.0 * w**2) < THICK
    D = w**2 / (4.0 * profile.time) if straight and thin else None
    return Penetration(s, y, float(profile.time), w, float(np.exp(top)), D)


def penetration(result):
    """ln of the height over what lies far from the film against the squared distance from it, at the saved times."""
    names = list(result.components)
    if result.quantity == "mole_fraction" and len(names) == 2:
        problem = problem_of(result)
        names = list(names[:1] if problem is None else problem.mixture.independent)
    found = {}
    times = [k for k in chosen(result) if 0.0 < result.time[k] < np.inf]
    for name in names:
        try:
            found[name] = [penetration_of(sample(result, k, name)) for k in times]
        except Invalid as error:
            reason = error
    found = {name: rows for name, rows in found.items() if rows}
    if not found:
        sentence = reason.faults[0].sentence if times else "a steady state has no time over which a film spreads."
        raise Invalid.at("plot penetration", sentence)
    figure, ax = pyplot().subplots()
    unit, size = length_unit(np.sqrt(max(float((row.s**2).max()) for rows in found.values() for row in rows)))
    for j, (name, rows) in enumerate(found.items()):
        for k, row in enumerate(rows):
            colour = shade(k, len(rows)) if len(found) == 1 else COLOURS[j % len(COLOURS)]
            style = STYLES[(len(rows) - 1 - k) % len(STYLES)]
            draw(ax, row, size, f"{name}, {spoken(row, unit, size)}", color=colour, linestyle=style)
    label_axes(ax, unit, "concentration" if result.quantity == "concentration" else "mole fraction")
    entitle(ax, result)
    return figure


def sample(result, k: int, name: str):
    """The profile of one component at a saved time; where its start was neither step nor film, as if nobody knew it."""
    profile = result.profile(float(result.time[k]))
    alone = profile if profile.binary and len(profile.components) == 2 else profile.only(name)
    alone = replace(alone, component=name)
    shape = (alone.start or {}).get("shape")
    return alone if shape in ("step", "film") else replace(alone, start=None)


def spoken(row: Penetration, unit: str, size: float) -> str:
    """The time of a line with what its slope says."""
    if row.D is None:
        return f"{duration(row.time)}: w = {row.w / size:.3g} {unit}"
    return f"{duration(row.time)}: D = {row.D:.3g} m$^2$/s"


def draw(ax, row: Penetration, size: float, label: str, **look) -> None:
    """Both sides of a film, points where there are few, and the straight line through them."""
    for side, part in (("right", row.s >= 0.0), ("left", row.s < 0.0)):
        if not part.any():
            continue
        few = {"marker": MARKS[0 if side == "right" else 1], "markersize": 3.5, "linestyle": ""}
        own = look | (few if row.s.size <= MANY else {})
        order = np.argsort(np.abs(row.s[part]))
        named = label if side == "right" or not (row.s >= 0.0).any() else None
        ax.plot((row.s[part][order] / size) ** 2, row.y[part][order], label=named, **own)
    ends = np.array([0.0, float((row.s[row.y > FITTED * row.y.max()] ** 2).max())])
    line = row.top * np.exp(-ends / row.w**2)
    ax.plot(ends / size**2, line, color="black", linewidth=0.8, zorder=1)


def label_axes(ax, unit: str, amount: str) -> None:
    ax.set_yscale("log")
    ax.set_xlim(left=0.0)
    ax.set_xlabel(f"squared distance from the film ({unit}$^2$)")
    ax.set_ylabel(f"{amount} above that far away")
    ax.plot([], [], color="black", linewidth=0.8, label="straight lines, slope $-1/w^2$")
    ax.legend()

"""What a field looks like: structure factor, lengths, phase fractions and widths of interfaces, on plain arrays.

A field is ([nz, ny,] nx), x along its last axis. `spacing` (m) and `sides` ("periodic" or "closed") come in the order
x, y, z. The discrete wavenumber along an axis is k = (2/h) |sin(q h/2)|, q the wavenumber of the wave: with it the
five-point Laplacian of a wave is -k^2 times the wave, and growth rates on a grid follow their formula.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# Of the gap, how close a field must come to both phases before there are interfaces.
REACH = 0.15
LEVEL = 0.95


class Spectrum(NamedTuple):
    """k (s,) rad/m, root mean square over the modes of each shell; S (s,) in m^d, their mean; modes (s,), how many."""

    k: np.ndarray
    S: np.ndarray
    modes: np.ndarray


class Power(NamedTuple):
    """slope with low and high, the ends of its interval of confidence."""

    slope: float
    low: float
    high: float


def axis_of(field: np.ndarray, i: int) -> int:
    """The axis of an array that x, y or z (i = 0, 1, 2) is."""
    return field.ndim - 1 - i


def along(values: np.ndarray, i: int, dimensions: int) -> np.ndarray:
    """Numbers on the axis x, y or z, so that they broadcast to a field."""
    return values.reshape([-1 if axis == dimensions - 1 - i else 1 for axis in range(dimensions)])


def squared_wavenumber(shape: Sequence[int], spacing: Sequence[float], sides: Sequence[str]) -> np.ndarray:
    """k^2 = sum (2/h^2)(1 - cos q h) of every mode, 1/m^2, in the order of `power`.

    q = 2 pi j/(n h) between periodic sides, pi j/(n h) between closed ones.
    """
    total = 0.0
    for i, (h, side) in enumerate(zip(spacing, sides, strict=True)):
        n = shape[len(shape) - 1 - i]
        turn = (2.0 if side == "periodic" else 1.0) * np.pi * np.arange(n) / n
        # 1 - cos of a small angle without losing its digits
        total = total + along((2.0 / h * np.sin(0.5 * turn)) ** 2, i, len(shape))
    return total


def power(field: np.ndarray, spacing: Sequence[float], sides: Sequence[str]) -> np.ndarray:
    """S = V w |X_q|^2 of every mode, m^d; 0 for the mean.

        X_q = (1/N) sum (x - <x>) exp(-i q r)  between periodic sides,  cos(q r) along axes with closed ones

    V is the volume, w a factor 2 for every wave along an axis with closed sides. The sum over all modes is V times the
    variance of x, and white noise has the same S everywhere, whatever the sides.
    """
    from scipy.fft import dct, fft, rfftn

    values = field - field.mean()
    volume = float(np.prod(spacing)) * field.size
    if all(side == "periodic" for side in sides):
        # the other half of the modes are their conjugates
        half = np.abs(rfftn(values, norm="forward")) ** 2
        found = np.empty(field.shape)
        found[..., : half.shape[-1]] = half
        rest = np.arange(half.shape[-1], field.shape[-1])
        mirror = [(-np.arange(n)) % n for n in field.shape]
        found[..., rest] = half[np.ix_(*mirror[:-1], (field.shape[-1] - rest) % field.shape[-1])]
    else:
        for i, side in enumerate(sides):
            if side == "closed":
                values = dct(values, axis=axis_of(field, i), norm="forward")
                weight = np.full(values.shape[axis_of(field, i)], np.sqrt(2.0))
                weight[0] = 1.0
                values *= along(weight, i, field.ndim)
        for i, side in enumerate(sides):
            if side == "periodic":
                values = fft(values, axis=axis_of(field, i), norm="forward")
        found = np.abs(values) ** 2
    found *= volume
    found[(0,) * field.ndim] = 0.0
    return found


def structure_factor(field: np.ndarray, spacing: Sequence[float], sides: Sequence[str]) -> Spectrum:
    """S(k), the mean over shells of the discrete wavenumber as wide as the longest wave that fits has k.

    In one dimension every mode stands for itself. See `power` for S.
    """
    S, k2 = power(field, spacing, sides).ravel(), squared_wavenumber(field.shape, spacing, sides).ravel()
    if field.ndim == 1:
        number = np.arange(field.size)
        shell = np.minimum(number, field.size - number) if sides[0] == "periodic" else number
    else:
        first = [
            (2.0 if side == "periodic" else 1.0) * np.pi / (field.shape[axis_of(field, i)] * h)
            for i, (h, side) in enumerate(zip(spacing, sides, strict=True))
        ]
        shell = np.rint(np.sqrt(k2) / max(first)).astype(np.int64)
        shell[k2 > 0.0] = np.maximum(shell[k2 > 0.0], 1)
    modes = np.bincount(shell)
    held = np.flatnonzero(modes)[1:]
    sums = [np.bincount(shell, weights)[held] / modes[held] for weights in (k2, S)]
    return Spectrum(np.sqrt(sums[0]), sums[1], modes[held])


def first_moment(spectrum: Spectrum) -> float:
    """<k> = sum k S / sum S over the shells, rad/m; nan of a uniform field. The wavelength is 2 pi/<k>.

    While domains coarsen it follows the smooth interfaces and the spread of S too: its exponent comes out lower than
    that of the domains, for which take `energy_length`.
    """
    total = float(spectrum.S.sum())
    return float((spectrum.k * spectrum.S).sum() / total) if total > 0.0 else float("nan")


def gradient_energy(u: np.ndarray, gradient: np.ndarray, spacing: Sequence[float], sides: Sequence[str]) -> float:
    """Mean of (1/2) sum_ij kappa_ij grad u_i grad u_j over the cells, J/mol, of u (m, ...).

    From differences across faces: none across closed sides. The Laplacian of second order is its variation.
    """
    total = 0.0
    for a, b in zip(*np.nonzero(gradient), strict=True):
        for i, (h, side) in enumerate(zip(spacing, sides, strict=True)):
            axis = axis_of(u[a], i)
            one, two = (np.diff(u[c], axis=axis, append=first(u[c], axis, side)) for c in (a, b))
            total += 0.5 * gradient[a, b] * float(np.vdot(one, two)) / h**2
    return total / u[0].size


def first(field: np.ndarray, axis: int, side: str) -> np.ndarray:
    """What follows the last cells of an axis: the first ones of periodic sides, nothing of closed ones."""
    return np.take(field, range(1 if side == "periodic" else 0), axis=axis)


def energy_length(interface_energy: float, excess: np.ndarray | float) -> np.ndarray:
    """L = sigma/(F - F_bulk), m, of an interface energy in J m/mol and free energies above the bulk in J/mol.

    The volume for each area of interface. It grows as t^(1/3) when domains coarsen by diffusion in the bulk; nan where
    there is no excess. F_bulk: of both phases in the amounts that the lever rule gives.
    """
    excess = np.asarray(excess, float)
    return np.divide(interface_energy, excess, out=np.full(excess.shape, np.nan), where=excess > 0.0)


def growth_exponent(time: np.ndarray, length: np.ndarray, level: float = LEVEL) -> Power:
    """Slope of ln L over ln t, with the interval in which a straight line with independent errors has it.

    By least squares and Student's t; what is not positive is left out. nan from fewer than three times.
    """
    from scipy.special import stdtrit

    time, length = np.asarray(time, float), np.asarray(length, float)
    good = (time > 0.0) & (length > 0.0) & np.isfinite(time) & np.isfinite(length)
    x, y = np.log(time[good]), np.log(length[good])
    if x.size < 3 or not np.ptp(x) > 0.0:
        return Power(float("nan"), float("nan"), float("nan"))
    x = x - x.mean()
    slope = float(x @ y / (x @ x))
    residual = y - y.mean() - slope * x
    free = x.size - 2
    half = float(stdtrit(free, 0.5 * (1.0 + level)) * np.sqrt(residual @ residual / free / (x @ x)))
    return Power(slope, slope - half, slope + half)


def phase_fraction(field: np.ndarray, low: float, high: float) -> float:
    """Part of the volume that is the phase of the higher composition: beyond the middle of both."""
    return float(np.mean(field > 0.5 * (low + high)))


def lever_rule(mean: float, low: float, high: float) -> float:
    """(mean - low)/(high - low): the amount of the phase `high` when both have come to equilibrium."""
    return (mean - low) / (high - low)


def has_both(field: np.ndarray, low: float, high: float) -> bool:
    """Whether a field comes close to the compositions of both phases, within 0.15 of what lies between them."""
    near = REACH * (high - low)
    return bool(field.min() < low + near and field.max() > high - near)


def interface_width(
    field: np.ndarray, spacing: Sequence[float], sides: Sequence[str], low: float, high: float
) -> float:
    """(high - low) over the slope in the middle of an interface, m: the median over all places where the field crosses
    the middle composition; nan where it does not yet reach both phases.

    The slope is a difference across the face crossed, with central differences along the other axes: the width comes
    out 2 to 7 % too large with 4 cells across it, at second order. A step of one cell has the width of a cell.
    """
    if not has_both(field, low, high):
        return float("nan")
    gap, middle, found = high - low, 0.5 * (low + high), []
    for i, (h, side) in enumerate(zip(spacing, sides, strict=True)):
        axis = axis_of(field, i)
        above = field > middle
        crossed = np.diff(above, axis=axis, append=first(above, axis, side))
        here = list(np.nonzero(crossed))
        there = list(here)
        there[axis] = (here[axis] + 1) % field.shape[axis]
        slope = np.abs(field[tuple(there)] - field[tuple(here)]) / h
        square = slope**2
        for j, (width, other) in enumerate(zip(spacing, sides, strict=True)):
            if j != i:
                across = 0.5 * (central(field, here, j, width, other) + central(field, there, j, width, other))
                square += across**2
        found.append(gap / np.sqrt(square))
    widths = np.concatenate(found)
    return float(np.median(widths)) if widths.size else float("nan")


def central(field: np.ndarray, places: list[np.ndarray], i: int, h: float, side: str) -> np.ndarray:
    """Central differences along x, y or z at some cells; the cell itself stands for its image beyond a closed side."""
    axis = axis_of(field, i)
    n, values = field.shape[axis], []
    for step in (1, -1):
        at = list(places)
        moved = places[axis] + step
        at[axis] = moved % n if side == "periodic" else np.clip(moved, 0, n - 1)
        values.append(field[tuple(at)])
    return (values[0] - values[1]) / (2.0 * h)

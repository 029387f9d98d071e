"""The voltage at which a sweep passes no current."""

import numpy as np

from simulator.faults import Invalid

NEAREST = 6  # states of a sweep
HALVINGS = 60


def zero_current(voltages: np.ndarray, currents: np.ndarray, where: str) -> float:
    """The voltage of current zero, on the quintic through the six states (k,) around the first change of sign; Invalid
    if there is none."""
    order = np.argsort(voltages)
    V, i = voltages[order], currents[order]
    turns = np.flatnonzero(np.sign(i[:-1]) * np.sign(i[1:]) <= 0.0) if i.size > 1 else np.zeros(0, int)
    if not turns.size or not np.any(i):
        raise Invalid.at(where, "the current changes sign nowhere in this run; widen [sweep_voltage].")
    count = min(NEAREST, i.size)
    first = int(np.clip(turns[0] + 1 - count // 2, 0, i.size - count))
    near_V, near_i = V[first : first + count], i[first : first + count]
    middle, size = near_V.mean(), 0.5 * np.ptp(near_V)
    curve = np.polynomial.Polynomial.fit((near_V - middle) / size, near_i, count - 1)
    low, high = ((at - middle) / size for at in V[turns[0] : turns[0] + 2])
    sign = np.sign(curve(low))
    for _ in range(HALVINGS):
        half = 0.5 * (low + high)
        low, high = (half, high) if np.sign(curve(half)) == sign else (low, half)
    return float(middle + size * 0.5 * (low + high))

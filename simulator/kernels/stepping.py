"""Step control, the same for every scheme: how long a step may be, whether it stands, how long the next one will be.

The state of an integration is a vector: time, proposed step, counts of accepted and rejected steps, of those rejected
as inadmissible, and of rejections in a row. Nothing else is remembered from step to step, so that a run that goes on
from a saved time makes the same numbers, bit for bit.
"""

from typing import NamedTuple

import numpy as np

from simulator.kernels.jit import Int, Matrix, Real, Vector, kernel
from simulator.kernels.system import NOT_FINITE, OUTSIDE, RUNNING, STEP_TOO_SMALL, System, Work

TIME, STEP, ACCEPTED, REJECTED, INADMISSIBLE, FAILURES, STATE_SIZE = range(7)

SAFETY = 0.9
GROWTH = 6.0
SHRINK = 0.2
LAST_STRETCH = 1.0 + 1e-9  # a step that would leave less than this fraction is stretched to the end
# Rejections in a row after which no shorter step will mend what is wrong: the step is then 1e-12 of the first try.
MOST_OUTSIDE, MOST_NOT_FINITE = 40, 17
# Of the time passed: a state driven out of its bounds comes nearer to them by ever shorter steps that stand.
SHORTEST_OUTSIDE = 1e-12


class Control(NamedTuple):
    rtol: Real
    fixed: Real  # a fixed step, or 0
    overshoot: Real  # how far outside the admissible region rounding may carry a state
    smallest: Real  # a step below this, or below the rounding of the time, is given up
    chunk: Int  # steps before the kernel returns to report


@kernel
def first_step(system: System, work: Work, span: Real) -> Real:
    """A twentieth of the fastest decay time on the grid, from the diagonal of the Jacobian: short enough for a jump."""
    m, n = work.source.shape
    fastest = 0.0
    for i in range(1, n - 1):
        for a in range(m):
            if system.mass[a * n + i] > 0.0:
                fastest = max(fastest, abs(work.diagonal[(i * m + a) * m + a]) / system.mass[a * n + i])
    if fastest * span > 1.0:
        return 0.05 / fastest
    return 0.05 * span


@kernel
def error_norm(u: Matrix, new: Matrix, error: Vector, scale: Vector, rtol: Real) -> Real:
    """Root mean square of error / (rtol (scale + max(|u|, |new|)))."""
    m, n = u.shape
    total = 0.0
    for a in range(m):
        for i in range(n):
            e = error[a * n + i] / (scale[a] + max(abs(u[a, i]), abs(new[a, i])))
            total += e * e
    return np.sqrt(total / (m * n)) / rtol


@kernel
def propose(control: Control, state: Vector, end: Real) -> Real:
    """The step to try: the proposed one, or what is left to land exactly on `end`."""
    left = end - state[TIME]
    h = control.fixed if control.fixed > 0.0 else state[STEP]
    if h * LAST_STRETCH >= left:
        return left
    return h


@kernel
def take(control: Control, state: Vector, end: Real, h: Real, norm: Real, order: Real, allowed: Int) -> Int:
    """1 if the step stands. Advances the time and proposes the next step; a landing step does not shrink the
    proposal.
    """
    stands = allowed == 1 and (norm <= 1.0 or (control.fixed > 0.0 and norm < 1e300))
    if stands:
        left = end - state[TIME]
        landing = h >= left
        state[TIME] = end if landing else state[TIME] + h
        factor = min(GROWTH, max(SHRINK, SAFETY * max(norm, 1e-10) ** (-1.0 / order)))
        state[STEP] = max(state[STEP], h * factor) if landing else h * factor
        state[ACCEPTED] += 1.0
        state[FAILURES] = 0.0
        return 1
    state[REJECTED] += 1.0
    state[FAILURES] += 1.0
    if allowed == 0:
        state[INADMISSIBLE] += 1.0
    if norm < 1e300:
        state[STEP] = h * min(0.5, max(SHRINK, SAFETY * max(norm, 1e-10) ** (-1.0 / order)))
    else:
        state[STEP] = h * SHRINK
    return 0


@kernel
def too_small(control: Control, t: Real, h: Real) -> Int:
    """1 if a step is too short to count, or is not a number."""
    return 0 if h > control.smallest and t + h > t else 1


@kernel
def rejected(control: Control, state: Vector, norm: Real, allowed: Int) -> Int:
    """RUNNING if a shorter step may help, or what went wrong: a fixed step cannot shrink, and a state that stays
    outside its bounds or not finite will not mend.
    """
    status, most = STEP_TOO_SMALL, np.inf
    if not norm < 1e300:
        status, most = NOT_FINITE, MOST_NOT_FINITE
    elif allowed == 0:
        status, most = OUTSIDE, MOST_OUTSIDE
    if allowed == 0 and state[STEP] < SHORTEST_OUTSIDE * state[TIME]:
        return status
    if control.fixed > 0.0 or state[FAILURES] > most or too_small(control, state[TIME], state[STEP]) == 1:
        return status
    return RUNNING

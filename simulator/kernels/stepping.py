"""Step control, the same for every scheme: how long a step may be, whether it stands, how long the next one will be.

The state of an integration is a vector: time, proposed step, counts of accepted and rejected steps, of steps rejected
as inadmissible, of function evaluations. Nothing else is remembered from step to step, so that a run that goes on
from a saved time makes the same numbers, bit for bit.
"""

from typing import NamedTuple

from simulator.kernels.jit import Int, Real, Vector, kernel
from simulator.kernels.system import System, Work

TIME, STEP, ACCEPTED, REJECTED, INADMISSIBLE, EVALUATIONS, FAILURES, STATE_SIZE = range(8)

SAFETY = 0.9
GROWTH = 6.0
SHRINK = 0.2
LAST_STRETCH = 1.0 + 1e-9  # a step that would leave less than this fraction is stretched to the end
MOST_FAILURES = 40  # rejections in a row


class Control(NamedTuple):
    rtol: Real
    fixed: Real  # a fixed step, or 0
    overshoot: Real  # how far outside the admissible region rounding may carry a state
    smallest: Real  # a step below this is given up
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
    state[EVALUATIONS] += 1.0
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
def rejected(control: Control, state: Vector, norm: Real) -> Int:
    """1 if a rejected step ends the run: a fixed step cannot shrink, and values that stay non-finite will not mend."""
    if control.fixed > 0.0:
        return 1
    return 1 if state[FAILURES] > MOST_FAILURES and not norm < 1e300 else 0

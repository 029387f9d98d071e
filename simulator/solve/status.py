"""How a computation ended: one sentence for each number a kernel can return."""

from simulator.faults import NumericsError
from simulator.kernels.system import (
    DONE,
    INCONSISTENT,
    NOT_CONVERGED,
    NOT_FINITE,
    OUTSIDE,
    RUNNING,
    STEP_TOO_SMALL,
    TOO_MANY_STEPS,
)

SENTENCES = {
    DONE: "finished",
    RUNNING: "still running",
    TOO_MANY_STEPS: "the limit of {max_steps} steps was reached at t = {time:g} s. "
    "Raise solver.max_steps or loosen solver.rtol.",
    STEP_TOO_SMALL: "the time step fell to {step:.1g} s at t = {time:g} s. A coefficient may jump or lose its sign "
    "there; check it with `matano plot ... diffusivity`, or loosen solver.rtol.",
    NOT_FINITE: "values stopped being finite at t = {time:g} s. Check the coefficients, sources and ends over the "
    "whole composition range (log(0), division by 0), and that a fixed step is stable: give solver.step a smaller "
    "value.",
    OUTSIDE: "no step from t = {time:g} s stays within the admissible compositions: a mole fraction falls below 0. "
    "Give solver.step, if there is one, a smaller value; otherwise a D[i][j] between different components, a source "
    "or an outward flux takes away a component where there is none left, and must vanish with it.",
    NOT_CONVERGED: "Newton's iteration did not converge at t = {time:g} s. "
    'Use solver.scheme = "implicit" and a finite time.end.',
    INCONSISTENT: "no composition at the ends agrees with what they are told at t = {time:g} s. Check the boundary: a "
    "flux needs a diffusivity that is not 0 there.",
}


def raise_unless_done(status: int, **values: float) -> None:
    """NumericsError with the sentence of a status other than DONE and RUNNING."""
    if status not in (DONE, RUNNING):
        raise NumericsError(SENTENCES[status].format(**values))

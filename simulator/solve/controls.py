"""How a problem is solved: the scheme and its tolerances."""

from dataclasses import dataclass

from simulator.faults import Fault, Invalid


@dataclass(frozen=True)
class Controls:
    """scheme: a name in SCHEMES or FIELD_SCHEMES, or "auto", the first; rtol: error allowed in a step, relative to the
    size of each unknown, in fields to what they vary by; extrapolate: solve on n and 2n cells and combine them
    (Richardson); step: a fixed time step in s instead of error control; max_steps: a run that needs more fails.
    """

    scheme: str = "auto"
    rtol: float = 1e-6
    extrapolate: bool = False
    step: float | None = None
    max_steps: int = 1_000_000

    def __post_init__(self):
        faults = []
        if not 1e-14 <= self.rtol <= 0.1:
            faults.append(Fault("solver.rtol", f"must lie between 1e-14 and 0.1, got {self.rtol:g}."))
        if self.step is not None and not self.step > 0.0:
            faults.append(Fault("solver.step", f"must be positive, got {self.step:g} s."))
        if self.max_steps < 1:
            faults.append(Fault("solver.max_steps", f"must be at least 1, got {self.max_steps}."))
        if faults:
            raise Invalid(*faults)

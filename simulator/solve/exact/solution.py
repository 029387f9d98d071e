"""What every exact solution offers: whether a problem is its own, and then cell averages and point values."""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from simulator.problem.problem import Problem


class ExactSolution(ABC):
    """An exact solution of the diffusion equation. name: its key in `EXACT`; source: where it is derived."""

    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]

    def __str__(self) -> str:
        return self.name

    @abstractmethod
    def applies(self, problem: Problem) -> str | None:
        """None if this is the solution of the problem up to its end time, else one sentence that says why not."""

    @abstractmethod
    def averages(self, problem: Problem, t: float, faces: np.ndarray) -> np.ndarray:
        """Averages (m, N) of the independent mole fractions between faces (N+1,), m, at t s; by volume where round."""

    @abstractmethod
    def values(self, problem: Problem, t: float, x: np.ndarray) -> np.ndarray:
        """The independent mole fractions (m, k) at positions x (k,), m, and t s."""

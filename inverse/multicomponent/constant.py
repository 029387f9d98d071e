"""Couples of a constant matrix: their exact profiles, and how far measured ones are from them.

X(q) = (X^- + X^+)/2 + 1/2 erf[(q - q_0) (4 D t)^(-1/2)] (X^+ - X^-)
"""

from collections.abc import Sequence

import numpy as np

from inverse.multicomponent.path import Path
from simulator.solve.exact.constant_matrix import matrix_profile

NOTABLE = 3.0  # standard deviations of the noise, above which a misfit is none of it
CLEAN_MISFIT = 1e-4  # of the step: what a simulated profile may show


def exact_profile(q: np.ndarray, D: np.ndarray, ends: np.ndarray, plane: float, time: float) -> np.ndarray:
    """Mole fractions (m, k) at q (k,), m, for D (m, m), ends (m, 2), plane m, time s."""
    return matrix_profile(q, time, D, (plane,), ends)


def misfit(path: Path, D: np.ndarray) -> float:
    """Root mean square of the data beside the profile that D makes of the couple, in standard deviations of the noise,
    or in units of the largest step and CLEAN_MISFIT for clean data; infinite where D makes none."""
    eigenvalues = np.linalg.eigvals(D) if np.isfinite(D).all() else np.zeros(1)
    if eigenvalues.real.min() <= 0.0:
        return np.inf
    model = exact_profile(path.q, D / path.stretch(path.mean[:, None])[0], path.ends, path.plane, path.time)
    step = float(np.ptp(path.data, axis=1).max())
    size = np.maximum(path.noise[:, None], CLEAN_MISFIT * step)
    return float(np.sqrt(np.mean(((path.data - model) / size) ** 2)))


def whether_constant(paths: Sequence[Path], D: np.ndarray) -> tuple[dict, list[str]]:
    """Diagnostics and sentences on whether one matrix explains these couples: misfits, and `holds`."""
    found = [misfit(path, D) for path in paths]
    holds = max(found) <= NOTABLE
    sentences = [
        f"A constant matrix does not explain couple {number}: with the one found, the profile is "
        f"{value:.3g} times as far off as its noise."
        for number, value in enumerate(found, 1)
        if value > NOTABLE
    ]
    return {"misfit": found, "holds": holds}, sentences

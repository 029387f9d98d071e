"""Interdiffusion matrices: what makes one physical, how sure one is, and another choice of the dependent component."""

from collections.abc import Callable, Sequence

import numpy as np

from inverse.estimate import UNITS, Estimate
from inverse.multicomponent.couples import drawn_together
from inverse.multicomponent.path import Path
from simulator.faults import Invalid

MATRIX = "interdiffusivity_matrix"
LIMIT = 30.0  # condition number above which noise, or a change of D along the path, leaves nothing of a single couple
CENTRAL = (0.15865, 0.84135)  # quantiles whose distance is two standard deviations of a normal distribution
REAL = 1e-9  # of the largest eigenvalue, below which an imaginary part is rounding


def condition(M: np.ndarray) -> float:
    """Condition number of a matrix whose columns are scaled to length 1: the unit of a couple does not count."""
    columns = np.sqrt((np.asarray(M, float) ** 2).sum(axis=0))
    return float(np.linalg.cond(M / np.where(columns > 0.0, columns, 1.0)))


def doubts(D: np.ndarray) -> list[str]:
    """Sentences about a matrix (m, m) that no stable alloy has: its eigenvalues are real and positive."""
    if not np.isfinite(D).all():
        return ["The matrix is not finite: the couples do not determine it."]
    eigenvalues = np.linalg.eigvals(D)
    if np.abs(eigenvalues.imag).max() > REAL * np.abs(eigenvalues).max():
        return ["The eigenvalues of the matrix are complex, which no stable alloy's are: do not use it."]
    if eigenvalues.real.min() <= 0.0:
        least = eigenvalues.real.min()
        return [f"An eigenvalue of the matrix is {least:.3g} m^2/s, not positive as in a stable alloy: do not use it."]
    return []


def deviation(paths: Sequence[Path], value: Callable[[Sequence[Path]], np.ndarray]) -> np.ndarray | None:
    """Standard deviation of value(paths), an array, over draws of all couples; None for clean data. Half the width of
    the central 68.3 %."""
    found = []
    for drawn in drawn_together(paths):
        try:
            with np.errstate(all="ignore"):
                found.append(value(drawn))
        except (np.linalg.LinAlgError, Invalid):
            continue
    if not found:
        return None
    low, high = np.nanquantile(found, CENTRAL, axis=0)
    return 0.5 * (high - low)


def matrix_estimate(
    method: str,
    paths: Sequence[Path],
    composition: np.ndarray,
    D: np.ndarray,
    sd: np.ndarray | None = None,
    diagnostics: dict | None = None,
    warnings: Sequence[str] = (),
) -> Estimate:
    """The estimate of a matrix (m, m) at a composition (m,), or of k of them (k, m, m) at (k, m)."""
    first = paths[0]
    composition, D = np.atleast_2d(composition), np.asarray(D, float).reshape(-1, first.m, first.m)
    sentences = [sentence for path in paths for sentence in path.warnings] + list(warnings)
    for one in D:
        sentences += doubts(one)
    more = {
        "time": first.time,
        "planes": [float(path.lab(np.array([path.plane]))[0]) for path in paths],
        "ends": [path.ends.tolist() for path in paths],
        "ends_given": [path.ends_given for path in paths],
        "noise": [path.noise.tolist() for path in paths],
        "eigenvalues": [sorted(float(value.real) for value in np.linalg.eigvals(one)) for one in D]
        if np.isfinite(D).all()
        else None,
    }
    return Estimate(
        method=method,
        recovers=MATRIX,
        unit=UNITS[MATRIX],
        component=first.independent[0],
        composition=composition,
        value=D,
        sd=None if sd is None else np.asarray(sd, float).reshape(D.shape),
        window=(0.0, 1.0),
        source=first.source,
        rows=first.independent,
        dependent=first.mixture.dependent,
        diagnostics={**more, **(diagnostics or {}), "warnings": list(dict.fromkeys(sentences))},
    )


def with_dependent(
    D: np.ndarray, independent: Sequence[str], dependent: str, rows: Sequence[str], other: str
) -> np.ndarray:
    """The entries D_ij (k, r, r), i, j in `rows`, that belong to another dependent component, of matrices (k, m, m).

        D^(r)_ij = D^(n)_ij - D^(n)_ir,   D_in = 0,   D_nj = -sum_i<n D_ij

    rows may be fewer than all others: fractions of the rest are then held constant.
    """
    D = np.asarray(D, float)
    names = [*independent, dependent]
    full = np.zeros((*D.shape[:-2], len(names), len(names)))
    full[..., :-1, :-1] = D
    full[..., -1, :-1] = -D.sum(axis=-2)
    moved = full - full[..., names.index(other)][..., None]
    chosen = [names.index(name) for name in rows]
    return moved[..., chosen, :][..., chosen]

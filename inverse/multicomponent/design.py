"""Which couples to make, and how sure of the matrix they will make one.

Body diagonals: couples of one mean composition in which every independent fraction changes by its span, up or down.
The end compositions are opposite corners of a box, and m couples with independent signs determine all m^2 entries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from math import comb

import numpy as np

from inverse.multicomponent.exact_fits import Couple, inverse_of
from inverse.multicomponent.matrices import condition, doubts
from simulator.faults import Invalid

MOST = 8  # components: 64 body diagonals
MOST_POINTS = 10000  # of a profile
DIFFUSIVITIES = 1e-40, 1e4  # m^2/s: beyond, squares of a time and a diffusivity leave the range of numbers
MOST_SETS = 20000  # that are all tried; of more the best one is approached by exchanging couples one by one
REACH = 6.0  # lengths sqrt(d t) of the largest eigenvalue, to which a profile is measured: its ends are flat to 1e-5
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Expected:
    """What exact-fit will say of couples: sd (m, m) of the entries, m^2/s, and the condition number of the entries."""

    D: np.ndarray
    sd: np.ndarray
    condition: float

    @property
    def share(self) -> float:
        """The largest standard deviation of an entry over the largest entry."""
        return float(self.sd.max() / np.abs(self.D).max())


@dataclass(frozen=True, eq=False)
class Design:
    """Couples to make: ends (m, 2) each, of the independent components; their common mean (m,); condition of their
    steps; positions (points,), m, from the contact plane, where they are to be measured; what to expect of the fit."""

    components: tuple[str, ...]
    dependent: str
    mean: np.ndarray
    couples: tuple[np.ndarray, ...]
    time: float
    sigma: float
    positions: np.ndarray
    expected: Expected

    @property
    def condition(self) -> float:
        """Of the steps; infinite for fewer couples than independent components."""
        return condition(steps_of(self.couples)) if len(self.couples) >= self.mean.size else np.inf

    @property
    def independent(self) -> tuple[str, ...]:
        return tuple(name for name in self.components if name != self.dependent)

    def fractions(self) -> list[np.ndarray]:
        """Ends (n, 2) of every couple in the order of the components."""
        found = []
        for ends in self.couples:
            rows = dict(zip(self.independent, ends, strict=True))
            rows[self.dependent] = 1.0 - ends.sum(axis=0)
            found.append(np.array([rows[name] for name in self.components]))
        return found


def steps_of(couples: Sequence[np.ndarray]) -> np.ndarray:
    """[dX] (m, K)."""
    return np.array([ends[:, 1] - ends[:, 0] for ends in couples]).T


def all_diagonals(mean: np.ndarray, spans: np.ndarray) -> list[np.ndarray]:
    """Every body diagonal, ends (m, 2), that stays between the pure components, by how many signs are turned.

    mean (m,); spans (m,), changes of the fractions from left to right. Raises Invalid where fewer than m of them are
    independent, with the span that would do.
    """
    m = mean.size
    signs = np.array(sorted(([1.0, *rest] for rest in product((1.0, -1.0), repeat=m - 1)), key=lambda s: s.count(-1.0)))
    room = 1.0 - mean.sum()
    kept = signs[np.abs(signs @ spans) <= 2.0 * min(room, 1.0 - room) + ROUNDING]
    share = np.min(2.0 * np.minimum(mean, 1.0 - mean) / spans)
    if share < 1.0 - ROUNDING or np.linalg.matrix_rank(kept) < m:
        # the dependent component moves by the sum of all steps
        levels = np.sort(np.abs(signs @ spans))
        enough = next(level for level in levels if np.linalg.matrix_rank(signs[np.abs(signs @ spans) <= level]) == m)
        share = min(share, 2.0 * min(room, 1.0 - room) / enough)
        raise Invalid.at(
            "span",
            f"end compositions {spans.max() / 2.0:.4g} above and below the mean leave the range from 0 to 1; a span of "
            f"{np.floor(1e4 * share * spans.max() + 1e-6) / 1e4:.4g} would do.",
        )
    return [np.stack([mean - 0.5 * sign * spans, mean + 0.5 * sign * spans], axis=1) for sign in kept]


def body_diagonals(mean: np.ndarray, spans: np.ndarray | float, count: int | None = None) -> tuple[np.ndarray, ...]:
    """The `count` body diagonals, m by default, whose steps are best conditioned: ends (m, 2) each, spans_i/2 below and
    above mean_i with a sign for each component. Raises Invalid for compositions outside the range from 0 to 1."""
    mean, spans = checked(mean, spans)
    known = all_diagonals(mean, spans)
    count = mean.size if count is None else count
    steps = steps_of(known).T
    return tuple(known[k] for k in chosen(lambda rows: condition(steps[list(rows)].T), len(known), count))


def expected(
    couples: Sequence[np.ndarray],
    D: np.ndarray,
    sigma: float,
    positions: np.ndarray,
    time: float,
    ends_known: bool = False,
) -> Expected:
    """What exact-fit will make of couples with ends (m, 2) each, of a matrix D (m, m) in m^2/s, measured at positions
    (N,), m, from the contact plane after `time` s with a standard deviation sigma of every fraction.

    Linearised: cov = sigma^2 [sum_k J_k^T (1 - B_k B_k^T) J_k]^-1, J the derivatives by the entries, B a basis of those
    by the couple's own plane and ends. Raises Invalid for a matrix that no stable alloy has.
    """
    D = checked_matrix(D, len(couples[0]))
    seen = np.concatenate([seen_by(ends, D, positions, time, ends_known) for ends in couples])
    values = np.linalg.svd(seen, compute_uv=False)
    worst = values[0] / values[-1] if values.size == D.size and values[-1] > 0.0 else np.inf
    return Expected(D, deviations(seen, sigma, D), float(worst))


def seen_by(ends: np.ndarray, D: np.ndarray, positions: np.ndarray, time: float, known: bool = False) -> np.ndarray:
    """R (r, m^2), s/m^2, with the information R^T R of a couple on the entries, for data of standard deviation 1."""
    ends, positions = np.asarray(ends, float), np.asarray(positions, float)
    one = np.ones((len(ends), positions.size))
    couple = Couple(positions, one, one, float(time), ends, 0.0, ends_known=known)
    return np.linalg.qr(couple.seen(D, couple.own), mode="r")


def deviations(seen: np.ndarray, sigma: float, D: np.ndarray) -> np.ndarray:
    """sd (m, m) of the entries; infinite where they are not determined."""
    if np.linalg.matrix_rank(seen * np.abs(D).max(), tol=1e-9) < D.size:
        return np.full(D.shape, np.inf)
    return sigma * np.sqrt(np.diag(inverse_of(seen))).reshape(D.shape)


def measured_at(D: np.ndarray, time: float, points: int) -> np.ndarray:
    """Positions (points,), m, from the contact plane out to flat ends."""
    return np.linspace(-REACH, REACH, points) * np.sqrt(np.linalg.eigvals(D).real.max() * time)


def ideal_matrix(mean: np.ndarray, tracers: np.ndarray) -> np.ndarray:
    """D_ij = D_i* delta_ij - X_i (D_j* - D_n*) (m, m), m^2/s: Darken's matrix of an ideal solution at X (m,), from
    tracer diffusivities (n,), that of the dependent component last."""
    tracers = np.asarray(tracers, float)
    return np.diag(tracers[:-1]) - np.outer(mean, tracers[:-1] - tracers[-1])


def design(
    components: Sequence[str],
    mean: np.ndarray,
    span: np.ndarray | float,
    matrix: np.ndarray | None = None,
    tracers: np.ndarray | None = None,
    sigma: float = 1e-3,
    points: int = 100,
    time: float = 3.6e5,
    count: int | None = None,
    dependent: str = "",
) -> Design:
    """The body diagonals that determine the matrix best: of least root mean square standard deviation of its entries.

    mean (m,) of the independent components; span: of every fraction, or of each (m,); matrix: a guess of D in m^2/s,
    or tracers (n,), D_k* with that of the dependent component last, for an ideal solution; without both one diffusivity
    for all, 1 m^2/s. sigma: standard deviation of a measured fraction; points of each profile; time s; count: number of
    couples, m by default. Raises Invalid for what is not possible.
    """
    names, (mean, spans) = tuple(components), checked(mean, span)
    m = mean.size
    if len(names) != m + 1:
        raise Invalid.at("composition", f"expected {m + 1} components for {m} independent fractions, got {len(names)}.")
    if not 3 <= len(names) <= MOST:
        raise Invalid.at("composition", f"expected 3 to {MOST} components, got {len(names)}.")
    for where, value, least in (("noise", sigma, 0.0), ("time", time, 0.0)):
        if not least < value < np.inf:
            raise Invalid.at(where, f"must be positive, got {value:g}.")
    count = m if count is None else count
    if not 1 <= count <= 20:
        raise Invalid.at("couples", f"expected 1 to 20 couples, got {count}.")
    if not 4 * m <= points <= MOST_POINTS:
        text = f"expected {4 * m} to {MOST_POINTS} points in a profile of {m + 1} components, got {points}."
        raise Invalid.at("points", text)
    if matrix is None:
        matrix = np.eye(m) if tracers is None else ideal_matrix(mean, checked_tracers(tracers, m))
    D = checked_matrix(matrix, m)
    known, positions = all_diagonals(mean, spans), measured_at(D, time, points)
    seen = np.array([seen_by(ends, D, positions, time) for ends in known]) * np.abs(D).max()
    information = np.einsum("kra,krb->kab", seen, seen)

    def variance(rows) -> float:
        eigenvalues = np.linalg.eigvalsh(information[list(rows)].sum(axis=0))
        # what the couples say nothing of counts most, however much they say of the rest
        return float((1.0 / np.maximum(eigenvalues, 1e-12 * eigenvalues[-1])).sum())

    couples = tuple(known[k] for k in chosen(variance, len(known), count))
    answer = expected(couples, D, sigma, positions, time)
    return Design(names, dependent or names[-1], mean, couples, time, sigma, positions, answer)


def chosen(cost, known: int, count: int) -> tuple[int, ...]:
    """The `count` of `known` entries of least cost, the first of equals; more than there are: some of them again."""
    if count <= known and comb(known, count) <= MOST_SETS:
        found, least = (), np.inf
        for rows in combinations(range(known), count):
            value = cost(rows)
            if value < least * (1.0 - 1e-9) or not found:
                found, least = rows, value
        return found
    rows = [k % known for k in range(count)]
    least, better = cost(rows), True
    while better:
        better = False
        for place in range(count):
            for k in range(known):
                tried = [*rows[:place], k, *rows[place + 1 :]]
                value = cost(tried)
                if value < least * (1.0 - 1e-9):
                    rows, least, better = tried, value, True
    return tuple(sorted(rows))


def checked(mean: np.ndarray, spans: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Mean (m,) and spans (m,); Invalid unless all n fractions and the spans are positive numbers."""
    mean = np.asarray(mean, float)
    spans = np.broadcast_to(np.asarray(spans, float), mean.shape)
    if not (np.isfinite(mean).all() and mean.min() > 0.0 and mean.sum() < 1.0):
        shown = ", ".join(f"{entry:.4g}" for entry in [*mean, 1.0 - mean.sum()])
        raise Invalid.at("composition", f"every fraction of the mean composition must be positive, got {shown}.")
    if not (np.isfinite(spans).all() and spans.min() > 0.0):
        raise Invalid.at("span", f"must be positive, got {spans.min():g}.")
    return mean, spans


def checked_matrix(D: np.ndarray, m: int) -> np.ndarray:
    """D (m, m); Invalid for another shape, and for eigenvalues that no stable alloy has."""
    D = np.asarray(D, float)
    if D.shape != (m, m):
        raise Invalid.at("D", f"expected {m} rows of {m} entries for {m + 1} components, got shape {D.shape}.")
    sentences = doubts(D)
    if sentences:
        raise Invalid.at("D", sentences[0])
    least, largest = DIFFUSIVITIES
    if not (least <= np.linalg.eigvals(D).real.min() and np.abs(D).max() <= largest):
        raise Invalid.at("D", f"expected diffusivities between {least:g} and {largest:g} m^2/s.")
    return D


def checked_tracers(tracers: np.ndarray, m: int) -> np.ndarray:
    tracers = np.asarray(tracers, float)
    if tracers.shape != (m + 1,) or not (np.isfinite(tracers).all() and tracers.min() > 0.0):
        raise Invalid.at("tracers", f"expected {m + 1} positive tracer diffusivities, one for each component.")
    return tracers

"""Layers of line compounds in time, with the markers in them.

N_k are the fractions of the phases 0 .. p + 1, d_k = |N_k+1 - N_k|, a_k their amounts in mol/m^2, g_k = D_int,k/V_k^2.
The fluxes q_k = g_k/a_k, none in the two outermost phases, move the interfaces at (q_k - q_k+1)/d_k. A layer inside
never vanishes, since its flux grows as it thins; an outermost phase does, and the next one is then outermost: its
gradient, and with it its flux, is gone. So it goes on until two phases are left, in the proportion of the lever rule.

The squares of the inner amounts are integrated: straight lines in t for layers that start from nothing. The outermost
amounts follow from the moles of both components, which so are exact; and since q = B da/dt (`supply_matrix`) all that
markers need, int q dt, is a sum over the amounts. Every event is a sign of a sum over amounts or fluxes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from simulator.faults import NumericsError
from simulator.laws.line_compounds import LineCompounds, similarity_amounts, supply_matrix

# Explicit steps, and implicit ones (whose own error lies far below what they estimate) where the layers are stiff.
EXPLICIT, IMPLICIT = {"method": "DOP853", "rtol": 1e-12}, {"method": "Radau", "rtol": 1e-9}
# Fastest decay of a thickness times the time, in similarity, above which implicit steps are cheaper.
STIFF = 200.0
# Of all moles: an outermost phase with less is gone, edges nearer than that are one.
GONE = 1e-13
# A layer that starts from nothing is followed from a moment on in which it, and what the other layers have moved, is
# at most this part of the thinnest layer present: the error is the square of that.
SEED = 1e-7
# Of the largest flux: velocities that differ by less are equal, so that rounding moves no marker to and fro.
TIE = 1e-10
MOST_EVENTS = 10_000


@dataclass
class Stack:
    """Layers and markers at one time.

    amounts (p + 2,): mol/m^2 of every phase; markers (k,): moles left of each; places (k,): 2 j for a marker inside
    phase j, 2 j + 1 for one on the interface between phase j and the next one present.
    """

    amounts: np.ndarray
    markers: np.ndarray
    places: np.ndarray

    @property
    def outermost(self) -> tuple[int, int]:
        """The first and the last phase that are present."""
        present = np.flatnonzero(self.amounts > 0.0)
        return int(present[0]), int(present[-1])

    @property
    def edges(self) -> np.ndarray:
        """Both ends of every phase (p + 3,), mol/m^2 from the left end."""
        return np.concatenate(([0.0], np.cumsum(self.amounts)))


class Growth:
    """Carries a stack through time. start (p + 2,): the amounts of the run's start, whose moles are kept."""

    def __init__(self, law: LineCompounds, start: np.ndarray):
        self.law = law
        self.start = start
        self.N = law.fractions
        self.jump = np.abs(np.diff(self.N))
        self.factors = law.marker_factors * np.sign(self.N[-1] - self.N[0])
        self.total = float(start.sum())

    def advance(self, stack: Stack, begin: float, end: float, temperature: Callable[[float], float]) -> int:
        """Carry a stack from one time to another, s, through all that happens between; returns the steps taken."""
        steps, t = 0, begin + self.seed(stack, temperature(begin), end - begin)
        for _ in range(MOST_EVENTS):
            self.settle(stack, temperature(t))
            left, right = stack.outermost
            if t >= end or right - left < 2:
                return steps
            t, taken = self.follow(stack, t, end, temperature)
            steps += taken
        raise NumericsError(f"layers and markers met {MOST_EVENTS} times before t = {t:g} s; drop layers or markers.")

    def outer(self, left: int, right: int) -> tuple[np.ndarray, np.ndarray, float, float]:
        """Amounts of the phases `left` and `right`, outermost, from the moles of both components: what each loses for
        a mole of every inner phase, and what it has without them.
        """
        above, below = self.N[right] - self.N, self.N - self.N[left]
        width = self.N[right] - self.N[left]
        inner = slice(left + 1, right)
        first, last = self.start @ above / width, self.start @ below / width
        return above[inner] / width, below[inner] / width, float(first), float(last)

    def fill(self, stack: Stack) -> None:
        """The outermost amounts, from the inner ones."""
        left, right = stack.outermost
        if left == right:
            stack.amounts[left] = self.total
            return
        first, last, all_first, all_last = self.outer(left, right)
        inner = stack.amounts[left + 1 : right]
        stack.amounts[[left, right]] = all_first - first @ inner, all_last - last @ inner

    def fluxes(self, stack: Stack, T: float) -> np.ndarray:
        """|J_k| (p + 2,) in mol/(m^2 s), towards the phases poorer in the independent component."""
        left, right = stack.outermost
        q = np.zeros(self.N.size)
        with np.errstate(divide="ignore"):
            q[left + 1 : right] = self.law.strength(T)[left : right - 1] / stack.amounts[left + 1 : right]
        return q

    def velocities(self, q: np.ndarray) -> np.ndarray:
        """Velocities (p + 3,) of the edges, mol/(m^2 s), at fluxes q."""
        return np.concatenate(([0.0], (q[:-1] - q[1:]) / self.jump, [0.0]))

    def seed(self, stack: Stack, T: float, span: float) -> float:
        """Give every phase that is missing between two others the amount it has after a moment, c sqrt(t), and the
        markers that lie there the path n = c_K sqrt(t) that stays in its place: the one nearest to the contact plane
        if there are several (a marker plane would split). Returns the moment, s, a small part of `span`; 0 if no phase
        is missing.
        """
        present = np.flatnonzero(stack.amounts > 0.0)
        gaps = [(i, j) for i, j in pairwise(present) if j > i + 1]
        if not gaps:
            return 0.0
        g, edges = self.law.strength(T), stack.edges
        found = [similarity_amounts(self.N[i : j + 1], g[i : j - 1]) for i, j in gaps]
        thinnest, inner = stack.amounts[present].min(), present[1:-1]
        speed = np.sqrt(2.0 * g[inner - 1] * (1.0 / self.jump[inner - 1] + 1.0 / self.jump[inner]))
        fastest = max(speed.max(initial=0.0), *(c.max() for c in found))
        root = min(SEED * thinnest / fastest, np.sqrt(1e-3 * span))
        for (i, j), c in zip(gaps, found, strict=True):
            stack.amounts[i + 1 : j] = c * root
            q = np.concatenate(([0.0], g[i : j - 1] / c, [0.0]))
            own = 2.0 * q * self.factors[i : j + 1]
            ends = 2.0 * (q[:-1] - q[1:]) / self.jump[i:j]
            paths = [(abs(own[k]), 2 * (i + k), own[k]) for k in range(1, j - i) if ends[k - 1] < own[k] < ends[k]]
            paths += [(abs(ends[k]), 2 * (i + k) + 1, ends[k]) for k in range(j - i) if own[k] >= ends[k] >= own[k + 1]]
            stack.amounts[[i, j]] += root * ends[0], -root * ends[-1]
            _, place, path = min(paths)
            here = stack.places == 2 * i + 1
            stack.markers[here] = edges[i + 1] + path * root
            stack.places[here] = place
        self.fill(stack)
        return float(root**2)

    def settle(self, stack: Stack, T: float) -> None:
        """Take away outermost phases that are used up, and let markers at an interface enter a phase or stay."""
        stack.amounts[stack.amounts < 0.0] = 0.0
        for side in (0, 1):
            while np.count_nonzero(stack.amounts) > 1:
                end = stack.outermost[side]
                if stack.amounts[end] > GONE * self.total:
                    break
                stack.amounts[end] = 0.0
                if np.count_nonzero(stack.amounts) > 1:
                    self.fill(stack)
        self.fill(stack)
        left, right = stack.outermost
        np.clip(stack.places, 2 * left, 2 * right, out=stack.places)
        q, edges, near = self.fluxes(stack, T), stack.edges, 0.9 * GONE * self.total
        own, velocity, tie = self.factors * q, self.velocities(q), 0.5 * TIE * q.max()
        for marker, (n, place) in enumerate(zip(stack.markers, stack.places, strict=True)):
            k = place // 2
            if place % 2:
                place = entered(k, own[k], velocity[k + 1], own[k + 1], tie)
            elif k > left and n <= edges[k] - near and own[k] < velocity[k]:
                place = entered(k - 1, own[k - 1], velocity[k], -np.inf, tie)
            elif k < right and n >= edges[k + 1] + near and own[k] > velocity[k + 1]:
                place = entered(k, np.inf, velocity[k + 1], own[k + 1], tie)
            stack.places[marker] = place
            low, high = edges[(place + 1) // 2], edges[place // 2 + 1]
            stack.markers[marker] = min(max(n, low), high)

    def follow(self, stack: Stack, begin: float, end: float, temperature) -> tuple[float, int]:
        """To the end, or to the next event: an outermost phase is used up, a marker meets or leaves an interface."""
        from scipy.integrate import solve_ivp

        left, right = stack.outermost
        inner = slice(left + 1, right)
        before, jump, law = stack.amounts[inner].copy(), self.jump[left:right], self.law
        fixed = None if "T" in law.depends_on else law.strength(temperature(begin))[left : right - 1]
        diagonal = 1.0 / jump[:-1] + 1.0 / jump[1:]
        beside = -np.diag(1.0 / jump[1:-1], 1) - np.diag(1.0 / jump[1:-1], -1)
        floor = (1e-10 * before.min()) ** 2  # a trial step may leave the positive squares

        def rate(t: float) -> np.ndarray:
            return law.strength(temperature(t))[left : right - 1] if fixed is None else fixed

        def slope(t: float, w: np.ndarray) -> np.ndarray:
            a, g = np.sqrt(np.maximum(w, floor)), rate(t)
            return 2.0 * (diagonal * g + a * (beside @ (g / a)))

        def slopes(t: float, w: np.ndarray) -> np.ndarray:
            w, g = np.maximum(w, floor), rate(t)
            a = np.sqrt(w)
            return np.diag(beside @ (g / a) / a) - a[:, None] * beside * (g / (w * a))

        events = self.events(stack, before, rate)
        first = 0.1 * float(np.min(before**2 / (diagonal * rate(begin))))
        similar = similarity_amounts(self.N[left : right + 1], rate(begin))
        stiff = np.abs(np.linalg.eigvals(slopes(begin, np.maximum(similar**2, floor)))).max() > STIFF
        how = IMPLICIT | {"jac": slopes} if stiff else EXPLICIT
        longest = np.inf if fixed is not None else (end - begin) / 50.0
        found = solve_ivp(
            slope, (begin, end), before**2, events=events, atol=1e-20 * before**2,
            first_step=min(end - begin, first), max_step=longest, **how
        )  # fmt: skip
        if not found.success or not np.all(found.y[:, -1] > 0.0):
            raise NumericsError(f"the layers could not be followed beyond t = {found.t[-1]:g} s: {found.message}")
        a = np.sqrt(found.y[:, -1])
        slope_of, start = self.paths(stack, before)
        stack.markers[:] = start + slope_of @ a
        stack.amounts[inner] = a
        self.fill(stack)
        return float(found.t[-1]), found.t.size - 1

    def edge_sums(self, stack: Stack) -> tuple[np.ndarray, np.ndarray]:
        """Edges as sums over the inner amounts a: edges = constant + slopes @ a; slopes (p + 3, inner)."""
        left, right = stack.outermost
        first, _, all_first, _ = self.outer(left, right)
        slopes, constant = np.zeros((self.N.size + 1, first.size)), np.zeros(self.N.size + 1)
        for edge in range(left + 1, right + 1):
            slopes[edge] = (np.arange(left + 1, right) < edge) - first
            constant[edge] = all_first
        constant[right + 1 :] = self.total
        return slopes, constant

    def paths(self, stack: Stack, before: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Markers as sums over the inner amounts a: markers = start + slopes @ a."""
        left, right = stack.outermost
        edge_slopes, edge_start = self.edge_sums(stack)
        B = supply_matrix(self.N[left : right + 1])
        slopes, start = np.zeros((stack.markers.size, before.size)), stack.markers.copy()
        for marker, place in enumerate(stack.places):
            k = place // 2
            if place % 2:
                slopes[marker], start[marker] = edge_slopes[k + 1], edge_start[k + 1]
            elif left < k < right:
                slopes[marker] = self.factors[k] * B[k - left - 1]
                start[marker] -= slopes[marker] @ before
        return slopes, start

    def events(self, stack: Stack, before: np.ndarray, rate) -> list:
        """Functions of (t, w) that fall through 0 when something happens."""
        left, right = stack.outermost
        first, last, all_first, all_last = self.outer(left, right)
        edge_slopes, edge_start = self.edge_sums(stack)
        slopes, start = self.paths(stack, before)
        found = [amount_event(-first, all_first), amount_event(-last, all_last)]
        to_edges = np.zeros((self.N.size + 1, before.size))
        for column in range(before.size):
            q = np.zeros(self.N.size)
            q[left + 1 + column] = 1.0
            to_edges[:, column] = self.velocities(q)
        to_markers = np.zeros((self.N.size, before.size))
        to_markers[left + 1 : right] = np.diag(self.factors[left + 1 : right])
        for marker, place in enumerate(stack.places):
            k = place // 2
            if place % 2:
                found.append(velocity_event(to_markers[k] - to_edges[k + 1], rate))
                found.append(velocity_event(to_edges[k + 1] - to_markers[k + 1], rate))
                continue
            # Rounding must not look like a crossing: a marker may be beyond an edge by what counts as nothing.
            if k > left:
                gap = start[marker] - edge_start[k] + GONE * self.total
                found.append(amount_event(slopes[marker] - edge_slopes[k], gap))
            if k < right:
                gap = edge_start[k + 1] - start[marker] + GONE * self.total
                found.append(amount_event(edge_slopes[k + 1] - slopes[marker], gap))
        return found


def entered(k: int, left: float, interface: float, right: float, tie: float) -> int:
    """The place of a marker on the interface right of phase k, by the velocities of a marker left of it, of the
    interface, and of a marker right of it. Where both sides lead off it takes the slower: a marker plane would split.
    """
    ways = [(abs(left), 2 * k)] if left < interface - tie else []
    if right > interface + tie:
        ways.append((abs(right), 2 * k + 2))
    return min(ways)[1] if ways else 2 * k + 1


def falling(function):
    function.terminal, function.direction = True, -1
    return function


def amount_event(slopes: np.ndarray, constant: float):
    """constant + slopes @ a falls through 0."""
    return falling(lambda t, w: constant + slopes @ np.sqrt(np.maximum(w, 0.0)))


def velocity_event(slopes: np.ndarray, rate):
    """slopes @ q falls below 0, by more than a tie."""

    def event(t: float, w: np.ndarray) -> float:
        q = rate(t) / np.sqrt(np.maximum(w, 1e-300))
        return slopes @ q + TIE * q.max()

    return falling(event)

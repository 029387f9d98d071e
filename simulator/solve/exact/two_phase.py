"""The two-phase couple on an infinite line, interface at lambda_s sqrt(t): closed for constant D, else by collocation.

-(lambda/2) u' = q',   q = D_phase(u) u',   lambda = (x - at)/sqrt(t)
u(lambda_s -+ 0) = x_alpha | x_beta,   (lambda_s/2) (x_beta - x_alpha) = q_alpha - q_beta at lambda_s
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_bvp
from scipy.optimize import brentq
from scipy.special import erfc, erfcx

from simulator.faults import NumericsError
from simulator.problem.problem import Problem
from simulator.solve.exact.conditions import end_time, infinite_refusal, once_per_problem, pieces
from simulator.solve.exact.solution import ExactSolution

# Of sqrt(largest D) of a phase: exp(-EXTENT^2 / 4) is below rounding.
EXTENT = 12.0
TOLERANCE = 1e-10
MOST_NODES = 40_000
NODES = 400
# Places of the interface that are looked at, in sqrt(largest D): farther, error functions leave a straight line.
WIDEST = 50.0
Diffusivity = Callable[[np.ndarray], np.ndarray]


def constant_interface(D: tuple[float, float], limits: tuple[float, float], ends: tuple[float, float]) -> float:
    """lambda_s in m/s^(1/2) of two phases with constant D > 0 in m^2/s, each pair alpha, beta.

        (lambda/2) (x_b - x_a) = (x_a - left) sqrt(D_a/pi) exp(-z_a^2) / erfc(-z_a)
                               + (x_b - right) sqrt(D_b/pi) exp(-z_b^2) / erfc(z_b),   z = lambda / (2 sqrt D)

    limits: x_a, x_b at the interface; ends: the far compositions left, right.
    Source: Danckwerts (1950), Trans. Faraday Soc. 46, 701; Crank, The Mathematics of Diffusion, 2nd ed. (1975),
    chapter 13.
    """
    (xa, xb), (left, right), (ra, rb) = limits, ends, np.sqrt(D)

    def imbalance(lam):
        alpha = (xa - left) * ra / erfcx(-lam / (2.0 * ra))
        beta = (xb - right) * rb / erfcx(lam / (2.0 * rb))
        return 0.5 * lam * (xb - xa) - (alpha + beta) / np.sqrt(np.pi)

    reach = WIDEST * max(ra, rb)
    if imbalance(-reach) * imbalance(reach) > 0.0:
        raise NumericsError("no interface was found between the two phases: check that the start lies within them.")
    return float(brentq(imbalance, -reach, reach, xtol=1e-15 * min(ra, rb), rtol=1e-14))


def constant_values(
    lam: np.ndarray, D: tuple[float, float], limits: tuple[float, float], ends: tuple[float, float]
) -> np.ndarray:
    """u (k,) at lam (k,), m/s^(1/2), of two phases with constant D; arguments of `constant_interface`."""
    (xa, xb), (left, right), (ra, rb) = limits, ends, np.sqrt(D)
    s = constant_interface(D, limits, ends)
    alpha = left + (xa - left) * erfc(-np.minimum(lam, s) / (2.0 * ra)) / erfc(-s / (2.0 * ra))
    beta = right + (xb - right) * erfc(np.maximum(lam, s) / (2.0 * rb)) / erfc(s / (2.0 * rb))
    return np.where(lam < s, alpha, beta)


@dataclass(frozen=True)
class TwoPhaseProfile:
    """interface: lambda_s, m/s^(1/2); lengths: of both sides that were solved; state: y in 0 .. 1 (k,), outwards from
    the interface, to u and q = D u' of alpha, then of beta (4, k).
    """

    interface: float
    lengths: tuple[float, float]
    state: Callable[[np.ndarray], np.ndarray]
    ends: tuple[float, float]

    def at(self, lam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """u and q (k,) at lam (k,); at the interface those of beta."""
        outwards = np.asarray(lam, float) - self.interface
        in_alpha = outwards < 0.0
        y = np.abs(outwards) / np.where(in_alpha, *self.lengths)
        ua, qa, ub, qb = self.state(np.minimum(y, 1.0))
        far = y > 1.0
        u = np.where(far, np.where(in_alpha, *self.ends), np.where(in_alpha, ua, ub))
        return u, np.where(far, 0.0, np.where(in_alpha, qa, qb))

    def values(self, lam: np.ndarray) -> np.ndarray:
        return self.at(lam)[0]

    def averages(self, lam: np.ndarray) -> np.ndarray:
        """Averages (N,) of u between faces (N+1,), m/s^(1/2), from int u = [lambda u + 2 q] in either phase."""
        lam, s = np.asarray(lam, float), self.interface
        u, q = self.at(lam)
        # measured from the far compositions, so that nothing large cancels in the tails
        flat = np.where(lam < s, *self.ends)
        whole = lam * (u - flat) + 2.0 * q
        (ua,), (qa,) = self.at(np.array([np.nextafter(s, -np.inf)]))
        (ub,), (qb,) = self.at(np.array([s]))
        before, after = s * (ua - self.ends[0]) + 2.0 * qa, s * (ub - self.ends[1]) + 2.0 * qb
        whole = np.where(lam < s, whole, whole - after + before)
        left, right = np.minimum(lam, s), np.maximum(lam, s)
        return (self.ends[0] * np.diff(left) + self.ends[1] * np.diff(right) + np.diff(whole)) / np.diff(lam)


def two_phase_profile(
    D: tuple[Diffusivity, Diffusivity],
    limits: tuple[float, float],
    ends: tuple[float, float],
    tolerance: float = TOLERANCE,
) -> TwoPhaseProfile:
    """The similarity profile of two phases: D of alpha and of beta (k,) -> (k,) in m^2/s, positive between the far
    composition and the limit; arguments of `constant_interface` otherwise.

    Collocation on both sides together, with lambda_s as the unknown parameter; far compositions EXTENT sqrt(D) away.
    Raises NumericsError where no profile is found to the tolerance.
    """
    spans = [np.linspace(far, limit, 65) for far, limit in zip(ends, limits, strict=True)]
    ranges = [(span.min(), span.max()) for span in spans]
    sampled = [np.broadcast_to(d(span), span.shape) for d, span in zip(D, spans, strict=True)]
    if not all(np.all(np.isfinite(values) & (values > 0.0)) for values in sampled):
        raise NumericsError("D is not positive over the compositions of its phase: there is no similarity profile.")
    unit = float(np.sqrt(max(values.max() for values in sampled)))
    means = tuple(float(np.exp(np.mean(np.log(values)))) / unit**2 for values in sampled)
    guess = constant_interface(means, limits, ends)
    reach = [EXTENT * np.sqrt(values.max()) / unit + abs(guess) for values in sampled]
    sign = np.array([-1.0, 1.0])

    def diffusivity(k, u, strength):
        values = D[k](np.clip(u, *ranges[k])) / unit**2
        return means[k] ** (1.0 - strength) * values**strength

    def slopes(strength):
        def right_side(y, state, parameter):
            rows = []
            for k in range(2):
                u, q = state[2 * k : 2 * k + 2]
                lam = parameter[0] + sign[k] * reach[k] * y
                slope = sign[k] * reach[k] * q / diffusivity(k, u, strength)
                rows += [slope, -0.5 * lam * slope]
            return np.vstack(rows)

        return right_side

    def conditions(near, far, parameter):
        balance = 0.5 * parameter[0] * (limits[1] - limits[0]) - near[1] + near[3]
        return np.array([near[0] - limits[0], far[0] - ends[0], near[2] - limits[1], far[2] - ends[1], balance])

    y = np.linspace(0.0, 1.0, NODES) ** 2
    state = np.empty((4, NODES))
    for k in range(2):
        lam, z = guess + sign[k] * reach[k] * y, 2.0 * np.sqrt(means[k])
        whole = (limits[k] - ends[k]) / erfc(sign[k] * guess / z)
        state[2 * k] = ends[k] + whole * erfc(sign[k] * lam / z)
        state[2 * k + 1] = -sign[k] * whole * means[k] * 2.0 / (z * np.sqrt(np.pi)) * np.exp(-((lam / z) ** 2))
    found, strength, step = None, 0.0, 1.0
    parameter = np.array([guess])
    while strength < 1.0:
        goal = min(1.0, strength + step)
        # loose on the way, and on the last stretch too before it is made tight
        found = solve_bvp(slopes(goal), conditions, y, state, parameter, tol=1e-4, max_nodes=MOST_NODES)
        if found.success:
            strength, y, state, parameter = goal, found.x, found.y, found.p
        else:
            step *= 0.5
            if step < 0.02:
                raise NumericsError("no similarity profile was found for this couple: check that D is smooth.")
    found = solve_bvp(slopes(1.0), conditions, y, state, parameter, tol=tolerance, max_nodes=MOST_NODES)
    if not found.success:
        raise NumericsError(
            f"the similarity profile of this couple is not known to {tolerance:.1g}: D has a kink or a very steep part."
        )

    def solved(y):
        u, q, v, r = found.sol(y)
        return np.stack([u, q * unit, v, r * unit])

    return TwoPhaseProfile(float(found.p[0]) * unit, tuple(length * unit for length in reach), solved, ends)


@once_per_problem
def profile_of(problem: Problem) -> TwoPhaseProfile:
    """The profile of a two-phase couple, in lambda = (x - at)/sqrt(t). NumericsError if none is found."""
    law, T = problem.law, problem.temperature_at(0.0)
    _, (u,) = pieces(problem)
    alpha, beta = ((lambda v, D=phase.D.program: D(v[None], T=T)[0]) for phase in law.phases)
    return two_phase_profile((alpha, beta), law.limits(T), (float(u[0]), float(u[-1])))


def interface_at(problem: Problem, t: float) -> float:
    """Position of the interface in m at t s."""
    (at,), _ = pieces(problem)
    return at + profile_of(problem).interface * float(np.sqrt(t))


class TwoPhaseSimilarity(ExactSolution):
    name = "two-phase-similarity"
    title = "Step couple of two phases with a moving interface, any D of the composition in each, to 1e-9"
    source = "Crank, The Mathematics of Diffusion, 2nd ed. (1975), chapter 13"

    def applies(self, problem):
        if getattr(problem.law, "kind", "") != "two-phase":
            return f"It is for two phases with an interface, and this law is {problem.law.kind}."
        if problem.source:
            return "It knows no sources."
        if end_time(problem) is None:
            return "It needs an end time, and this problem asks for the steady state."
        steady = problem.temperature is None or problem.temperature.constant
        if "t" in problem.law.depends_on or ("T" in problem.law.depends_on and not steady):
            return "It needs coefficients that do not change with time."
        start = pieces(problem)
        if start is None or start[0].size != 1:
            return "The start must be one step."
        try:
            profile_of(problem)
        except NumericsError as failure:
            return str(failure)
        return infinite_refusal(problem, start[1][:, 0], start[1][:, -1], self.values)

    def averages(self, problem, t, faces):
        (at,), (u,) = pieces(problem)
        faces = np.asarray(faces, float) - at
        if t <= 0.0:
            left, right = np.minimum(faces, 0.0), np.maximum(faces, 0.0)
            return ((u[0] * np.diff(left) + u[-1] * np.diff(right)) / np.diff(faces))[None]
        return profile_of(problem).averages(faces / np.sqrt(t))[None]

    def values(self, problem, t, x):
        (at,), (u,) = pieces(problem)
        x = np.asarray(x, float) - at
        if t <= 0.0:
            return np.where(x < 0.0, u[0], u[-1])[None]
        return profile_of(problem).values(x / np.sqrt(t))[None]

"""What a marker tells beside the profile: lattice fluxes, intrinsic diffusivities, and tracer diffusivities.

B is the component that is analysed, A the other one, N the mole fraction of B, - and + the left and right end. With

    P = int_-inf^x Y/V_m dx,   Q = int_x^inf (1 - Y)/V_m dx,   Y = (N - N-)/(N+ - N-)

P - Q moles per area have been gained left of x. A lattice plane at x with the velocity v has gained, of those that
the number-fixed frame brought, e = [(x - x_0) - 2 t v]/V_m less: none where it began at the contact plane x_0.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from inverse.couple import Couple
from inverse.curves.smoothing import Running
from inverse.estimate import UNITS, Estimate
from inverse.volume import Volume
from simulator.faults import Invalid, near
from simulator.laws.darken import STRUCTURES
from simulator.solve.profile import Profile

ZONE = (0.01, 0.99)  # of Y: the width of the diffusion zone


@dataclass(frozen=True, eq=False)
class Lattice:
    """Intrinsic diffusivities of a couple: value (2, k), m^2/s, of the other component and of the component, at the
    compositions (k,). groups: for each independent source of noise values (n, 2, k) drawn with it; window:
    compositions."""

    couple: Couple
    composition: np.ndarray
    value: np.ndarray
    groups: tuple[np.ndarray, ...]
    window: tuple[float, float]
    diagnostics: dict = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def spread(self, of: Callable[[np.ndarray], np.ndarray] = np.asarray) -> np.ndarray | None:
        """Standard deviations of a function of the value, half the width of the central 68.3 %; None without noise."""
        if not self.groups:
            return None
        bounds = [np.nanquantile([of(value) for value in group], (0.15865, 0.84135), axis=0) for group in self.groups]
        return np.sqrt(sum((0.5 * (high - low)) ** 2 for low, high in bounds))

    def estimate(self, profile: Profile, method: str, recovers: str, value: np.ndarray, sd, **more) -> Estimate:
        """The estimate of a quantity with values (2, k), rows in the order of the profile's components."""
        couple = self.couple
        names, order = (couple.volume.other, couple.component), [0, 1]
        if len(profile.components) == 2 and profile.components[0] == couple.component:
            order = [1, 0]
        return Estimate(
            method=method,
            recovers=recovers,
            unit=UNITS[recovers],
            component=couple.component,
            composition=self.composition,
            value=value[order],
            sd=None if sd is None else sd[order],
            window=self.window,
            source=profile.source,
            diagnostics={
                "time": couple.time,
                "ends": [float(end) for end in couple.ends],
                "ends_given": couple.ends_given,
                "noise": couple.noise,
                "residual_rms": couple.residual,
                **self.diagnostics,
                **more,
                "warnings": list(self.warnings),
            },
            rows=tuple(names[k] for k in order),
        )


def lattice_gains(ends: tuple[float, float], P, Q, N=0.0, missed=0.0) -> tuple[np.ndarray, np.ndarray]:
    """-2 t J_A and -2 t J_B of the lattice, mol/m^2: N_i+ P - N_i- Q - N_i e.

    ends: N- and N+; N, missed: of the lattice plane, needed only where e is not 0.
    """
    left, right = ends
    return (1.0 - right) * P - (1.0 - left) * Q - (1.0 - N) * missed, right * P - left * Q - N * missed


def intrinsic_ratio(ends: tuple[float, float], P: float, Q: float) -> float:
    """r = d_B/d_A = (N_B+ P - N_B- Q)/(N_A- Q - N_A+ P) of a marker that began at the contact plane.

    The ratio of the intrinsic diffusivities but for the partial molar volumes, D_B/D_A = r V_B/V_A, and of the tracer
    diffusivities without a vacancy wind.
    """
    A, B = lattice_gains(ends, P, Q)
    return float(B / -A) if A else float(np.copysign(np.inf, B))


def intrinsic_diffusivities(couple: Couple, x: np.ndarray, missed: np.ndarray | float = 0.0) -> np.ndarray:
    """D_A and D_B (2, k), m^2/s, at positions x (k,) of markers.

        D_i = [N_i+ P - N_i- Q - N_i e]/(2 t dC_i/dx),   dC_B/dx = (V_A/V_m^2) dN/dx,   dC_A/dx = -(V_B/V_m^2) dN/dx

    V_i the partial molar volumes. Exact for every molar volume and all ends. missed: e, mol/m^2.
    Source: van Loo (1970), Acta Metall. 18, 1107.
    """
    N, slope = couple.N(x), couple.dN(x)
    other, own = couple.volume.partial(N)
    A, B = lattice_gains(couple.ends, couple.P(x), couple.Q(x), N, missed)
    scale = couple.volume(N) ** 2 / (2.0 * couple.time * slope)
    return np.stack([-A * scale / own, B * scale / other])


def concentration_form(couple: Couple, x: float) -> np.ndarray:
    """D_A and D_B (2,), m^2/s, from the concentrations C_i = N_i/V_m at a marker that began at the contact plane.

        D_i = [C_i+ int_-inf^x Y_Ci dx - C_i- int_x^inf (1 - Y_Ci) dx]/(2 t dC_i/dx)
        Y_Ci = (C_i - C_i-)/(C_i+ - C_i-)

    Exact for Vegard's rule, and for pure ends with any molar volume; for alloy ends with a volume that is not ideal
    wrong by as much as tens of per cent.
    Source: Baheti & Paul, Development of different methods and their efficiencies for the estimation of diffusion
    coefficients following the diffusion couple technique.
    """
    found = []
    for sign in (-1, 1):
        integrals, (low, high), slope = concentration_integrals(couple, x, sign)
        found.append((high * integrals[0] - low * integrals[1]) / (2.0 * couple.time * slope))
    return np.array(found)


def concentration_integrals(couple: Couple, x: float, sign: int):
    """(int_-inf^x Y_C dx, int_x^inf (1 - Y_C) dx), (C-, C+) and dC/dx of B (sign 1) or A (sign -1)."""
    volume = couple.volume

    def fraction(N):
        return N if sign > 0 else 1.0 - N

    ends = np.array(couple.ends)
    low, high = fraction(ends) / volume(ends)

    def Y(at):
        N = couple.N(at)
        return (fraction(N) / volume(N) - low) / (high - low)

    N = couple.N(np.array([x]))
    partial = volume.partial(N)[0 if sign > 0 else 1]
    slope = float(sign * partial[0] / volume(N)[0] ** 2 * couple.dN(np.array([x]))[0])
    left = float(Running(Y, couple.curve.span).before(x)[0])
    right = float(Running(lambda at: 1.0 - Y(at), couple.curve.span).behind(x)[0])
    return (left, right), (float(low), float(high)), slope


def partial_volume_form(couple: Couple, x: float) -> float:
    """D_A (m^2/s) at a marker, written with the concentration of B and the partial molar volumes at the marker.

        D_A = [c+ int_-inf^x Y_CB dx - c- int_x^inf (1 - Y_CB) dx]/(2 t dC_A/dx),   c = (1 - V_B C_B)/V_A

    Exact for Vegard's rule only; even with pure ends otherwise wrong by as much as the partial volumes vary. For
    comparison with published values.
    """
    integrals, (low, high), slope = concentration_integrals(couple, x, 1)
    other, own = (float(value[0]) for value in couple.volume.partial(couple.N(np.array([x]))))
    gain = (1.0 - own * high) / other * integrals[0] - (1.0 - own * low) / other * integrals[1]
    return gain / (2.0 * couple.time * -(own / other) * slope)


def zone_width(couple: Couple) -> float:
    """Distance between Y = 0.01 and 0.99, m."""
    curve = couple.curve
    if curve.monotone:
        a, b = curve.position(np.array(ZONE))
        return float(b - a)
    Y = curve.Y(curve.nodes)
    inside = curve.nodes[(ZONE[0] < Y) & (ZONE[1] > Y)]
    return float(np.ptp(inside)) if inside.size else float(np.ptp(curve.nodes))


def wind_of(structure: str) -> float:
    """w = 2/M_0 = (1 - f)/f of a crystal structure; 0 without one. Raises Invalid for one that is not known."""
    if not structure:
        return 0.0
    if structure not in STRUCTURES:
        raise Invalid.at(
            "profile.structure",
            f"unknown structure {structure!r}; there is {', '.join(STRUCTURES)}.{near(structure, STRUCTURES)}",
        )
    f = STRUCTURES[structure]
    return (1.0 - f) / f


def tracer_ratio(N: np.ndarray, r: np.ndarray, wind: float) -> np.ndarray:
    """rho = D_B*/D_A* from r = d_B/d_A, by the positive root for r > 0 of

        N_B (1 + w) rho^2 + [N_A - w N_B - r (N_B - w N_A)] rho - r N_A (1 + w) = 0

    NaN where r is not positive: there a ratio is not determined. wind: w = 2/M_0.
    Source: Manning (1971), Phys. Rev. B 4, 1111.
    """
    N, r = np.asarray(N, float), np.asarray(r, float)
    r = np.where(r > 0.0, r, np.nan)
    if wind == 0.0:
        return r
    square = N * (1.0 + wind)
    linear = (1.0 - N) - wind * N - r * (N - wind * (1.0 - N))
    rest = r * (1.0 - N) * (1.0 + wind)
    root = np.sqrt(linear**2 + 4.0 * square * rest)
    # of the two ways to write the root the one without cancellation; the other divides by 0 at N = 0
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(linear > 0.0, 2.0 * rest / (linear + root), (root - linear) / (2.0 * square))


def tracer_diffusivities(
    N: np.ndarray, intrinsic: np.ndarray, volume: Volume, factor: np.ndarray, wind: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """D_A* and D_B* (2, k) in m^2/s, their ratio D_B*/D_A* (k,) and W_A, W_B (2, k), from D_A and D_B (2, k).

        D_A = (V_m/V_B) D_A* Phi (1 + W_A),   D_B = (V_m/V_A) D_B* Phi (1 - W_B)
        W_i = w N_i (D_A* - D_B*)/(N_A D_A* + N_B D_B*)

    NaN where the two intrinsic diffusivities differ in sign. factor: the thermodynamic factor Phi (k,).
    Source: Darken (1948), Trans. AIME 175, 184; Manning (1971), Phys. Rev. B 4, 1111.
    """
    V = volume(N)
    other, own = volume.partial(N)
    reduced = intrinsic * np.stack([own, other]) / (V * factor)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = tracer_ratio(N, reduced[1] / reduced[0], wind)
        W = wind * np.stack([1.0 - N, N]) * (1.0 - ratio) / ((1.0 - N) + N * ratio)
        A = reduced[0] / (1.0 + W[0])
    return np.stack([A, ratio * A]), ratio, W

"""Differences of potential between neighbouring points that carry a given current: where an integration starts from."""

import numpy as np

from simulator.laws.electrochemistry.bernoulli import bernoulli, bernoulli_slope

STEPS = 60  # of Newton's method
SETTLED = 1e-13


def charge_flows(
    c: np.ndarray, z: np.ndarray, D: np.ndarray, g: np.ndarray, s: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """sum_k z_k F_k (faces,) between points with concentrations c (n, faces + 1) whose potentials differ by s, and its
    derivative by s."""
    zs = z[:, None] * s
    B, dB = bernoulli(zs), bernoulli_slope(zs)
    left, right = c[:, :-1], c[:, 1:]
    flow = np.einsum("k,kf->f", z, D * (B * left - (B + zs) * right)) * g
    slope = np.einsum("k,kf->f", z**2, D * (dB * left - (dB + 1.0) * right)) * g
    return flow, slope


def potential_rises(c: np.ndarray, z: np.ndarray, D: np.ndarray, g: np.ndarray, current: np.ndarray) -> np.ndarray:
    """s (faces,) with sum_k z_k D_k g [B(z_k s) c_k^left - B(-z_k s) c_k^right] = current, by Newton's method from
    Henderson's potential. c (n, faces + 1), D (n, faces); the current falls as s rises."""
    left, right = c[:, :-1], c[:, 1:]
    carrying = np.einsum("k,kf,kf->f", z**2, D, 0.5 * (left + right)) * g
    moving = np.einsum("k,kf,kf->f", z, D, left - right) * g
    s = np.clip((moving - current) / carrying, -20.0, 20.0)
    for _ in range(STEPS):
        flow, slope = charge_flows(c, z, D, g, s)
        step = np.clip((flow - current) / slope, -2.0, 2.0)
        s = s - step
        if np.abs(step).max() < SETTLED:
            break
    return s


def conductances(c: np.ndarray, z: np.ndarray, D: np.ndarray, g: np.ndarray, s: np.ndarray) -> np.ndarray:
    """-d current / d s (faces,)."""
    return -charge_flows(c, z, D, g, s)[1]

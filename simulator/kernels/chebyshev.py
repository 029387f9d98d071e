"""The numbers of a Runge-Kutta-Chebyshev step of second order.

    Y_1 = u + mu_f h F_0
    Y_j = (1 - mu - nu) u + mu Y_{j-1} + nu Y_{j-2} + h (mu_f F_{j-1} + nu_f F_0),   j = 2 .. s

F_j = F(t + c_j h, Y_j); s stages are stable for h * spectral radius up to about 0.65 s^2 on the negative real axis. The
error of a step is 0.8 (u - Y_s) + 0.4 h (F_0 + F_s).
Source: Sommeijer, Shampine & Verwer (1998), J. Comput. Appl. Math. 88, 315.
"""

import numpy as np

from simulator.kernels.jit import Int, Matrix, Real, kernel

# columns of the weights
MU, NU, MU_F, NU_F, NODE, WEIGHTS = 0, 1, 2, 3, 4, 5
STABILITY = 1.54  # 1 / 0.65
MOST_STAGES = 500


@kernel
def stage_count(h: Real, radius: Real) -> Int:
    """Stages that make a step of length h stable."""
    return max(2, int(np.sqrt(1.0 + STABILITY * h * radius)) + 1)


@kernel
def longest_step(count: Int, radius: Real) -> Real:
    """The step that `count` stages make stable."""
    return (count * count - 1.0) / (STABILITY * radius)


@kernel
def chebyshev_weights(count: Int) -> Matrix:
    """(count + 1, 5): row j holds mu, nu, mu_f and nu_f of Y_j, and c_{j-1}, the node of the F that it uses; row 0 is
    not used.
    """
    weights = np.zeros((count + 1, WEIGHTS))
    w0 = 1.0 + 2.0 / (13.0 * count * count)
    root = np.sqrt(w0 * w0 - 1.0)
    angle = count * np.log(w0 + root)
    w1 = np.sinh(angle) * root * root / (np.cosh(angle) * count * root - w0 * np.sinh(angle))
    b1 = b2 = 1.0 / (4.0 * w0 * w0)
    T1, T2, dT1, dT2, ddT1, ddT2 = w0, 1.0, 1.0, 0.0, 0.0, 0.0
    time1, time2 = w1 * b1, 0.0
    weights[1, MU_F] = w1 * b1
    for j in range(2, count + 1):
        T = 2.0 * w0 * T1 - T2
        dT = 2.0 * w0 * dT1 - dT2 + 2.0 * T1
        ddT = 2.0 * w0 * ddT1 - ddT2 + 4.0 * dT1
        b = ddT / (dT * dT)
        mu, nu = 2.0 * w0 * b / b1, -b / b2
        mu_f = mu * w1 / w0
        nu_f = -mu_f * (1.0 - T1 * b1)
        weights[j, MU], weights[j, NU], weights[j, MU_F], weights[j, NU_F] = mu, nu, mu_f, nu_f
        weights[j, NODE] = time1
        time1, time2 = mu * time1 + nu * time2 + mu_f + nu_f, time1
        T2, T1, dT2, dT1, ddT2, ddT1, b2, b1 = T1, T, dT1, dT, ddT1, ddT, b1, b
    return weights

"""The numbers of a step of the fourth-order exponential Runge-Kutta method, mode by mode.

    dw/dt = L w + N(w, t),   z = h L <= 0,   phi_1 = (e^z - 1)/z,   phi_2 = (phi_1 - 1)/z,   phi_3 = (phi_2 - 1/2)/z
    a = e^(z/2) w + h q N(w),   b = e^(z/2) w + h q N(a),   c = e^(z/2) a + h q (2 N(b) - N(w)),   q = phi_1(z/2)/2
    new = e^z w + h [first N(w) + middle (N(a) + N(b)) + last N(c)]
    first = phi_1 - 3 phi_2 + 4 phi_3,   middle = 2 phi_2 - 4 phi_3,   last = 4 phi_3 - phi_2

The error of a step is that of the method of third order whose last term has 1/10 of N(new) and so much less of N(c).
Source: Cox & Matthews (2002), J. Comput. Phys. 176, 430; without a stiff part it is the classical method, and the error
that of Balac & Mahe (2013), Comput. Phys. Commun. 184, 1211.
"""

import numpy as np

from simulator.kernels.jit import Matrix, Real, Vector, kernel

WHOLE, HALF, INNER, FIRST, MIDDLE, LAST, NUMBERS = range(7)
SMALL = 0.5  # |z| below which the recurrence of phi loses digits: a series of TERMS is then exact to rounding
TERMS = 14
TENTH = 0.6  # of `last`, which is 1/6 at z = 0


@kernel
def exponential_weights(h: Real, rates: Vector, out: Matrix):
    """out (NUMBERS, n): e^z, e^(z/2), and h times q, first, middle and last, of z = -h rates."""
    for i in range(rates.size):
        z = -h * rates[i]
        phi_1, phi_2, phi_3 = 1.0, 0.5, 1.0 / 6.0
        if z < -SMALL:
            phi_1 = np.expm1(z) / z
            phi_2 = (phi_1 - 1.0) / z
            phi_3 = (phi_2 - 0.5) / z
        else:
            phi_3 = 0.0
            for k in range(TERMS + 3, 3, -1):  # phi_3 = 1/3! (1 + z/4 (1 + z/5 (..)))
                phi_3 = (1.0 + phi_3) * z / k
            phi_3 = (1.0 + phi_3) / 6.0
            phi_2 = 0.5 + z * phi_3
            phi_1 = 1.0 + z * phi_2
        half = 0.5 * z
        out[WHOLE, i] = np.exp(z)
        out[HALF, i] = np.exp(half)
        out[INNER, i] = 0.5 * h * (np.expm1(half) / half if half < 0.0 else 1.0)
        out[FIRST, i] = h * (phi_1 - 3.0 * phi_2 + 4.0 * phi_3)
        out[MIDDLE, i] = h * (2.0 * phi_2 - 4.0 * phi_3)
        out[LAST, i] = h * (4.0 * phi_3 - phi_2)

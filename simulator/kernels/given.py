"""What a case gives as expressions: end values, source rates and a temperature, as programs behind fixed signatures."""

import numpy as np

from simulator.kernels.jit import Matrix, Real, Vector, kernel
from simulator.kernels.program import evaluate
from simulator.kernels.system import POSITION


@kernel
def given_ends(t: Real, T: Real, code: Vector, ends: Matrix):
    """c of every row of `ends`: a program of t and T with the left ends' values first."""
    m = ends.shape[0]
    out = np.empty((2 * m, 1))
    evaluate(code, 0, np.zeros((m, 1)), np.zeros(1), t, T, out)
    for a in range(m):
        ends[a, 0] = out[a, 0]
        ends[a, 3] = out[m + a, 0]


@kernel
def given_source(t: Real, T: Real, u: Matrix, cell: Matrix, code: Vector, S: Matrix):
    evaluate(code, 0, u, cell[POSITION], t, T, S)


@kernel
def given_temperature(t: Real, code: Vector, value: Vector):
    out = np.empty((1, 1))
    evaluate(code, 0, np.zeros((1, 1)), np.zeros(1), t, np.nan, out)
    value[0] = out[0, 0]

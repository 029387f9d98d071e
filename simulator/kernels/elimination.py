"""Block-tridiagonal elimination: (W - D)_i x_i - L_i x_(i-1) - U_i x_(i+1) = r_i, W diagonal, blocks m by m.

`factor` keeps per row P = inverse pivot block, Q = P U and E = P L, so that `substitute` needs products only. One
pair for each m: a scalar one that works from both ends to the middle, blocks of 2 and 3 held in registers, and
literal sizes above from a factory over an int, which Numba's cache knows how to tell apart. Blocks are pivoted
within, not across: the rows of a diffusion system with a small step are dominated by their own block.
"""

import functools

import numpy as np

from simulator.kernels.jit import Int, Kernel, Vector, kernel


@kernel
def factor_scalar(n: Int, w: Vector, L: Vector, D: Vector, U: Vector, P: Vector, Q: Vector, E: Vector):
    middle = n // 2
    pairs = (n - 1) // 2
    p = 1.0 / (w[0] - D[0])
    P[0] = p
    Q[0] = U[0] * p
    E[0] = 0.0
    j = n - 1
    p = 1.0 / (w[j] - D[j])
    P[j] = p
    E[j] = L[j] * p
    Q[j] = 0.0
    for i in range(1, middle):
        p = 1.0 / (w[i] - D[i] - L[i] * Q[i - 1])
        P[i] = p
        Q[i] = U[i] * p
        E[i] = L[i] * p
        if i < pairs:
            j = n - 1 - i
            q = 1.0 / (w[j] - D[j] - U[j] * E[j + 1])
            P[j] = q
            E[j] = L[j] * q
            Q[j] = U[j] * q
    i = middle
    p = 1.0 / (w[i] - D[i] - L[i] * Q[i - 1] - U[i] * E[i + 1])
    P[i] = p
    Q[i] = U[i] * p
    E[i] = L[i] * p


@kernel
def substitute_scalar(n: Int, P: Vector, Q: Vector, E: Vector, x: Vector):
    middle = n // 2
    pairs = (n - 1) // 2
    below = x[0] * P[0]
    above = x[n - 1] * P[n - 1]
    x[0] = below
    x[n - 1] = above
    for i in range(1, pairs):
        j = n - 1 - i
        below = x[i] * P[i] + E[i] * below
        above = x[j] * P[j] + Q[j] * above
        x[i] = below
        x[j] = above
    if middle > pairs:
        below = x[pairs] * P[pairs] + E[pairs] * below
        x[pairs] = below
    centre = x[middle] * P[middle] + E[middle] * below + Q[middle] * above
    x[middle] = centre
    below = centre
    above = centre
    for k in range(1, pairs + 1):
        i = middle - k
        j = middle + k
        below = x[i] + Q[i] * below
        above = x[j] + E[j] * above
        x[i] = below
        x[j] = above
    if middle > pairs:
        x[0] = x[0] + Q[0] * below


@kernel
def factor_2(n: Int, w: Vector, L: Vector, D: Vector, U: Vector, P: Vector, Q: Vector, E: Vector):
    q00 = q01 = q10 = q11 = 0.0
    for i in range(n):
        o = 4 * i
        l00, l01, l10, l11 = L[o], L[o + 1], L[o + 2], L[o + 3]
        a = w[i] - D[o] - (l00 * q00 + l01 * q10)
        b = -D[o + 1] - (l00 * q01 + l01 * q11)
        c = -D[o + 2] - (l10 * q00 + l11 * q10)
        d = w[n + i] - D[o + 3] - (l10 * q01 + l11 * q11)
        if abs(a) >= abs(c):  # eliminate through the larger pivot
            r = c / a
            s = 1.0 / (d - r * b)
            p10 = -r * s
            p11 = s
            p00 = (1.0 - b * p10) / a
            p01 = -b * p11 / a
        else:
            r = a / c
            s = 1.0 / (b - r * d)
            p10 = s
            p11 = -r * s
            p00 = -d * p10 / c
            p01 = (1.0 - d * p11) / c
        u00, u01, u10, u11 = U[o], U[o + 1], U[o + 2], U[o + 3]
        q00 = p00 * u00 + p01 * u10
        q01 = p00 * u01 + p01 * u11
        q10 = p10 * u00 + p11 * u10
        q11 = p10 * u01 + p11 * u11
        P[o], P[o + 1], P[o + 2], P[o + 3] = p00, p01, p10, p11
        Q[o], Q[o + 1], Q[o + 2], Q[o + 3] = q00, q01, q10, q11
        E[o] = p00 * l00 + p01 * l10
        E[o + 1] = p00 * l01 + p01 * l11
        E[o + 2] = p10 * l00 + p11 * l10
        E[o + 3] = p10 * l01 + p11 * l11


@kernel
def substitute_2(n: Int, P: Vector, Q: Vector, E: Vector, x: Vector):
    y = z = 0.0
    for i in range(n):
        o = 4 * i
        f = x[i]
        g = x[n + i]
        v = (P[o] * f + P[o + 1] * g) + (E[o] * y + E[o + 1] * z)
        z = (P[o + 2] * f + P[o + 3] * g) + (E[o + 2] * y + E[o + 3] * z)
        y = v
        x[i] = y
        x[n + i] = z
    for i in range(n - 2, -1, -1):
        o = 4 * i
        v = x[i] + (Q[o] * y + Q[o + 1] * z)
        z = x[n + i] + (Q[o + 2] * y + Q[o + 3] * z)
        y = v
        x[i] = y
        x[n + i] = z


@kernel
def factor_3(n: Int, w: Vector, L: Vector, D: Vector, U: Vector, P: Vector, Q: Vector, E: Vector):
    q00 = q01 = q02 = q10 = q11 = q12 = q20 = q21 = q22 = 0.0
    for i in range(n):
        o = 9 * i
        l00, l01, l02 = L[o], L[o + 1], L[o + 2]
        l10, l11, l12 = L[o + 3], L[o + 4], L[o + 5]
        l20, l21, l22 = L[o + 6], L[o + 7], L[o + 8]
        a00 = w[i] - D[o] - (l00 * q00 + l01 * q10 + l02 * q20)
        a01 = -D[o + 1] - (l00 * q01 + l01 * q11 + l02 * q21)
        a02 = -D[o + 2] - (l00 * q02 + l01 * q12 + l02 * q22)
        a10 = -D[o + 3] - (l10 * q00 + l11 * q10 + l12 * q20)
        a11 = w[n + i] - D[o + 4] - (l10 * q01 + l11 * q11 + l12 * q21)
        a12 = -D[o + 5] - (l10 * q02 + l11 * q12 + l12 * q22)
        a20 = -D[o + 6] - (l20 * q00 + l21 * q10 + l22 * q20)
        a21 = -D[o + 7] - (l20 * q01 + l21 * q11 + l22 * q21)
        a22 = w[2 * n + i] - D[o + 8] - (l20 * q02 + l21 * q12 + l22 * q22)
        c0 = a11 * a22 - a12 * a21  # inverse by cofactors
        c1 = a12 * a20 - a10 * a22
        c2 = a10 * a21 - a11 * a20
        d = 1.0 / (a00 * c0 + a01 * c1 + a02 * c2)
        p00 = d * c0
        p01 = d * (a02 * a21 - a01 * a22)
        p02 = d * (a01 * a12 - a02 * a11)
        p10 = d * c1
        p11 = d * (a00 * a22 - a02 * a20)
        p12 = d * (a02 * a10 - a00 * a12)
        p20 = d * c2
        p21 = d * (a01 * a20 - a00 * a21)
        p22 = d * (a00 * a11 - a01 * a10)
        u00, u01, u02 = U[o], U[o + 1], U[o + 2]
        u10, u11, u12 = U[o + 3], U[o + 4], U[o + 5]
        u20, u21, u22 = U[o + 6], U[o + 7], U[o + 8]
        q00 = p00 * u00 + p01 * u10 + p02 * u20
        q01 = p00 * u01 + p01 * u11 + p02 * u21
        q02 = p00 * u02 + p01 * u12 + p02 * u22
        q10 = p10 * u00 + p11 * u10 + p12 * u20
        q11 = p10 * u01 + p11 * u11 + p12 * u21
        q12 = p10 * u02 + p11 * u12 + p12 * u22
        q20 = p20 * u00 + p21 * u10 + p22 * u20
        q21 = p20 * u01 + p21 * u11 + p22 * u21
        q22 = p20 * u02 + p21 * u12 + p22 * u22
        P[o], P[o + 1], P[o + 2] = p00, p01, p02
        P[o + 3], P[o + 4], P[o + 5] = p10, p11, p12
        P[o + 6], P[o + 7], P[o + 8] = p20, p21, p22
        Q[o], Q[o + 1], Q[o + 2] = q00, q01, q02
        Q[o + 3], Q[o + 4], Q[o + 5] = q10, q11, q12
        Q[o + 6], Q[o + 7], Q[o + 8] = q20, q21, q22
        E[o] = p00 * l00 + p01 * l10 + p02 * l20
        E[o + 1] = p00 * l01 + p01 * l11 + p02 * l21
        E[o + 2] = p00 * l02 + p01 * l12 + p02 * l22
        E[o + 3] = p10 * l00 + p11 * l10 + p12 * l20
        E[o + 4] = p10 * l01 + p11 * l11 + p12 * l21
        E[o + 5] = p10 * l02 + p11 * l12 + p12 * l22
        E[o + 6] = p20 * l00 + p21 * l10 + p22 * l20
        E[o + 7] = p20 * l01 + p21 * l11 + p22 * l21
        E[o + 8] = p20 * l02 + p21 * l12 + p22 * l22


@kernel
def substitute_3(n: Int, P: Vector, Q: Vector, E: Vector, x: Vector):
    y0 = y1 = y2 = 0.0
    for i in range(n):
        o = 9 * i
        f0, f1, f2 = x[i], x[n + i], x[2 * n + i]
        z0 = (P[o] * f0 + P[o + 1] * f1 + P[o + 2] * f2) + (E[o] * y0 + E[o + 1] * y1 + E[o + 2] * y2)
        z1 = (P[o + 3] * f0 + P[o + 4] * f1 + P[o + 5] * f2) + (E[o + 3] * y0 + E[o + 4] * y1 + E[o + 5] * y2)
        z2 = (P[o + 6] * f0 + P[o + 7] * f1 + P[o + 8] * f2) + (E[o + 6] * y0 + E[o + 7] * y1 + E[o + 8] * y2)
        y0, y1, y2 = z0, z1, z2
        x[i], x[n + i], x[2 * n + i] = z0, z1, z2
    for i in range(n - 2, -1, -1):
        o = 9 * i
        z0 = x[i] + (Q[o] * y0 + Q[o + 1] * y1 + Q[o + 2] * y2)
        z1 = x[n + i] + (Q[o + 3] * y0 + Q[o + 4] * y1 + Q[o + 5] * y2)
        z2 = x[2 * n + i] + (Q[o + 6] * y0 + Q[o + 7] * y1 + Q[o + 8] * y2)
        y0, y1, y2 = z0, z1, z2
        x[i], x[n + i], x[2 * n + i] = z0, z1, z2


@functools.cache
def elimination(m: int) -> tuple[Kernel, Kernel]:
    """The pair (factor, substitute) for blocks of m by m."""
    if m <= 3:
        return ((factor_scalar, substitute_scalar), (factor_2, substitute_2), (factor_3, substitute_3))[m - 1]

    @kernel
    def factor(n: Int, w: Vector, L: Vector, D: Vector, U: Vector, P: Vector, Q: Vector, E: Vector):
        A = np.empty((m, m))
        swaps = np.empty(m, np.int64)
        for i in range(n):
            o = i * m * m
            for a in range(m):
                for b in range(m):
                    A[a, b] = -D[o + a * m + b]
                A[a, a] += w[a * n + i]
            if i > 0:
                before = o - m * m
                for a in range(m):
                    for c in range(m):
                        lower = L[o + a * m + c]
                        for b in range(m):
                            A[a, b] -= lower * Q[before + c * m + b]
            for c in range(m):  # inverse in place, rows pivoted
                best = c
                for r in range(c + 1, m):
                    if abs(A[r, c]) > abs(A[best, c]):
                        best = r
                swaps[c] = best
                for b in range(m):
                    A[c, b], A[best, b] = A[best, b], A[c, b]
                p = 1.0 / A[c, c]
                A[c, c] = 1.0
                for b in range(m):
                    A[c, b] *= p
                for r in range(m):
                    if r != c:
                        p = A[r, c]
                        A[r, c] = 0.0
                        for b in range(m):
                            A[r, b] -= p * A[c, b]
            for c in range(m - 1, -1, -1):
                for a in range(m):
                    A[a, c], A[a, swaps[c]] = A[a, swaps[c]], A[a, c]
            for a in range(m):
                row = o + a * m
                for b in range(m):
                    P[row + b] = A[a, b]
                    Q[row + b] = 0.0
                    E[row + b] = 0.0
                for c in range(m):
                    p = A[a, c]
                    for b in range(m):
                        Q[row + b] += p * U[o + c * m + b]
                        E[row + b] += p * L[o + c * m + b]

    @kernel
    def substitute(n: Int, P: Vector, Q: Vector, E: Vector, x: Vector):
        y = np.zeros(m)
        z = np.empty(m)
        for i in range(n):
            o = i * m * m
            for a in range(m):
                v = 0.0
                for c in range(m):
                    v += P[o + a * m + c] * x[c * n + i] + E[o + a * m + c] * y[c]
                z[a] = v
            for a in range(m):
                y[a] = z[a]
                x[a * n + i] = z[a]
        for i in range(n - 2, -1, -1):
            o = i * m * m
            for a in range(m):
                v = x[a * n + i]
                for c in range(m):
                    v += Q[o + a * m + c] * y[c]
                z[a] = v
            for a in range(m):
                y[a] = z[a]
                x[a * n + i] = z[a]

    return factor, substitute

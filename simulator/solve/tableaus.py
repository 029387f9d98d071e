"""Tableaus of the implicit schemes, as data.

Rosenbrock rows are strictly lower triangular: row s holds the weights of stages 1 .. s-1. In the form of
`simulator.kernels.rosenbrock` every one of them ends with the embedded solution as its last stage value.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from simulator.kernels.diagonally_implicit import ImplicitTableau
from simulator.kernels.rosenbrock import RosenbrockTableau


@dataclass(frozen=True)
class Rosenbrock:
    """a, c: rows of weights; alpha: times of the stages; d: weights of f_t; gamma: the diagonal."""

    order: int
    gamma: float
    alpha: tuple[float, ...]
    d: tuple[float, ...]
    a: tuple[tuple[float, ...], ...]
    c: tuple[tuple[float, ...], ...]

    @cached_property
    def arrays(self) -> RosenbrockTableau:
        a = square(self.a)
        return RosenbrockTableau(
            a, square(self.c), np.array(self.alpha), np.array(self.d), self.gamma, float(self.order), closing_stage(a)
        )


@dataclass(frozen=True)
class DiagonallyImplicit:
    """a: rows of weights with gamma on the diagonal, the first row empty; error: weights of the method less the
    embedded one.
    """

    order: int
    gamma: float
    times: tuple[float, ...]
    a: tuple[tuple[float, ...], ...]
    error: tuple[float, ...]

    @cached_property
    def arrays(self) -> ImplicitTableau:
        return ImplicitTableau(
            square(self.a), np.array(self.times), np.array(self.error), self.gamma, float(self.order)
        )


def square(rows: tuple[tuple[float, ...], ...]) -> np.ndarray:
    matrix = np.zeros((len(rows), len(rows)))
    for s, row in enumerate(rows):
        matrix[s, : len(row)] = row
    return matrix


def closing_stage(a: np.ndarray) -> int:
    """First stage from which every stage value is the one before plus its increment: those need no sum."""
    count = len(a)
    closing = count
    for s in range(count - 1, 0, -1):
        expected = a[s - 1].copy()
        expected[s - 1] += 1.0
        if not np.array_equal(a[s], expected):
            break
        closing = s
    return closing


def backward_euler() -> DiagonallyImplicit:
    """Order 1; the error is half the change of f, the leading difference to the trapezoidal rule."""
    return DiagonallyImplicit(1, 1.0, (0.0, 1.0), ((), (0.0, 1.0)), (-0.5, 0.5))


def tr_bdf2() -> DiagonallyImplicit:
    """Order 2, a trapezoidal step to 2 - sqrt(2) of the step, then BDF2. Hosea & Shampine (1996), Appl. Numer. Math.
    20, 21.
    """
    root = 2.0**0.5
    w, d = root / 4.0, 1.0 - root / 2.0
    embedded = ((1.0 - w) / 3.0, (3.0 * w + 1.0) / 3.0, d / 3.0)
    method = (w, w, d)
    error = tuple(b - e for b, e in zip(method, embedded, strict=True))
    return DiagonallyImplicit(2, d, (0.0, 2.0 * d, 1.0), ((), (d, d), (w, w, d)), error)


# Sandu et al. (1997), Atmos. Environ. 31, 3459.
RODAS3 = Rosenbrock(
    order=3,
    gamma=0.5,
    alpha=(0.0, 0.0, 1.0, 1.0),
    d=(0.5, 1.5, 0.0, 0.0),
    a=(
        (),
        (0.0,),
        (2.0, 0.0),
        (2.0, 0.0, 1.0),
    ),
    c=(
        (),
        (4.0,),
        (1.0, -1.0),
        (1.0, -1.0, -2.6666666666666665),
    ),
)

# Hairer & Wanner (1996), Solving Ordinary Differential Equations II, 2nd ed., section VI.4.
RODAS4 = Rosenbrock(
    order=4,
    gamma=0.25,
    alpha=(0.0, 0.386, 0.21, 0.63, 1.0, 1.0),
    d=(0.25, -0.1043, 0.1035, -0.0362, 0.0, 0.0),
    a=(
        (),
        (1.544,),
        (0.9466785280815826, 0.2557011698983284),
        (3.314825187068521, 2.896124015972201, 0.9986419139977817),
        (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895),
        (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895, 1.0),
    ),
    c=(
        (),
        (-5.6688,),
        (-2.430093356833875, -0.2063599157091915),
        (-0.1073529058151375, -9.594562251023355, -20.47028614809616),
        (7.496443313967647, -10.24680431464352, -33.99990352819905, 11.7089089320616),
        (8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054),
    ),
)

# Steinebach (1995), order 4 for parabolic problems too.
RODAS4P = Rosenbrock(
    order=4,
    gamma=0.25,
    alpha=(0.0, 0.75, 0.21, 0.63, 1.0, 1.0),
    d=(0.25, -0.5, -0.023504, -0.0362, 0.0, 0.0),
    a=(
        (),
        (3.0,),
        (1.831036793486759, 0.4955183967433795),
        (2.304376582692669, -0.05249275245743001, -1.176798761832782),
        (-7.170454962423024, -4.741636671481785, -16.31002631330971, -1.062004044111401),
        (-7.170454962423024, -4.741636671481785, -16.31002631330971, -1.062004044111401, 1.0),
    ),
    c=(
        (),
        (-12.0,),
        (-8.791795173947035, -2.207865586973518),
        (10.81793056857153, 6.780270611428266, 19.5348594464241),
        (34.19095006749676, 15.49671153725963, 54.7476087596413, 14.16005392148534),
        (34.62605830930532, 15.30084976114473, 56.99955578662667, 18.40807009793095, -5.714285714285717),
    ),
)

# Di Marzo (1993), as distributed with the codes of Hairer & Wanner.
RODAS5 = Rosenbrock(
    order=5,
    gamma=0.19,
    alpha=(0.0, 0.38, 0.3878509998321533, 0.483971893787384, 0.457047700881958, 1.0, 1.0, 1.0),
    d=(0.19, -0.18230792253337147, -0.3192318321868749, 0.3449828624725343, -0.37741756439208984, 0.0, 0.0, 0.0),
    a=(
        (),
        (2.0,),
        (3.040894194418781, 1.041747909077569),
        (2.576417536461461, 1.62208306077664, -0.9089668560264532),
        (2.760842080225597, 1.446624659844071, -0.3036980084553738, 0.2877498600325443),
        (-14.09640773051259, 6.925207756232704, -41.47510893210728, 2.343771018586405, 24.13215229196062),
        (-14.09640773051259, 6.925207756232704, -41.47510893210728, 2.343771018586405, 24.13215229196062, 1.0),
        (-14.09640773051259, 6.925207756232704, -41.47510893210728, 2.343771018586405, 24.13215229196062, 1.0, 1.0),
    ),
    c=(
        (),
        (-10.31323885133993,),
        (-21.04823117650003, -7.234992135176716),
        (32.22751541853323, -4.943732386540191, 19.44922031041879),
        (-20.69865579590063, -8.816374604402768, 1.260436877740897, -0.7495647613787146),
        (-46.22004352711257, -17.49534862857472, -289.6389582892057, 93.60855400400906, 318.3822534212147),
        (
            34.20013733472935,
            -14.1553540271769,
            57.823356409884,
            25.83362985412365,
            1.408950972071624,
            -6.551835421242162,
        ),
        (
            42.57076742291101,
            -13.80770672017997,
            93.98938432427124,
            18.77919633714503,
            -31.5835918722337,
            -6.685968952921985,
            -5.810979938412932,
        ),
    ),
)

# Steinebach (2023), BIT Numer. Math. 63, 27.
RODAS5P = Rosenbrock(
    order=5,
    gamma=0.21193756319429014,
    alpha=(0.0, 0.6358126895828704, 0.4095798393397535, 0.9769306725060716, 0.4288403609558664, 1.0, 1.0, 1.0),
    d=(
        0.21193756319429014,
        -0.42387512638858027,
        -0.3384627126235924,
        1.8046452872882734,
        2.325825639765069,
        0.0,
        0.0,
        0.0,
    ),
    a=(
        (),
        (3.0,),
        (2.849394379747939, 0.45842242204463923),
        (-6.954028509809101, 2.489845061869568, -10.358996098473584),
        (2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641),
        (-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946),
        (-7.502846399306121, 2.561846144803919, -11.627539656261098, -0.18268767659942256, 0.030198172008377946, 1.0),
        (
            -7.502846399306121,
            2.561846144803919,
            -11.627539656261098,
            -0.18268767659942256,
            0.030198172008377946,
            1.0,
            1.0,
        ),
    ),
    c=(
        (),
        (-14.155112264123755,),
        (-17.97296035885952, -2.859693295451294),
        (147.12150275711716, -1.41221402718213, 71.68940251302358),
        (165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306),
        (24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471),
        (
            30.91273214028599,
            -3.1208243349937974,
            77.79954646070892,
            34.28646028294783,
            -19.097331116725623,
            -28.087943162872662,
        ),
        (
            37.80277123390563,
            -3.2571969029072276,
            112.26918849496327,
            66.9347231244047,
            -40.06618937091002,
            -54.66780262877968,
            -9.48861652309627,
        ),
    ),
)

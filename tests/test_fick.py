"""Fick's law: its fluxes, their derivatives, the Kirchhoff table, and what it refuses."""

import math

import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.kernels import fick as kernels
from simulator.laws.catalogue import LAWS, law_of
from simulator.laws.fick import Fick
from simulator.laws.kirchhoff import FEWEST, MOST, kirchhoff_table, separated
from simulator.laws.mixture import Mixture

BINARY = Mixture(("Cu", "Ni"), "Cu", {"Q": 250e3})
TERNARY = Mixture(("Al", "Ni", "Cu"))
QUATERNARY = Mixture(("Al", "Ni", "Co", "Cu"))
CONSTANT = [[1e-14, 2e-15], [3e-15, 4e-14]]
R = 8.31446261815324

# name: mixture, D, range of temperature, kernel
LAWS_AND_KERNELS = {
    "constant": (BINARY, 1e-14, (1273.0, 1273.0), kernels.matrix_flux),
    "arrhenius, T given": (BINARY, {"D0": 6e-5, "Q": 250e3}, (1273.0, 1273.0), kernels.matrix_flux),
    "arrhenius, T varies": (BINARY, {"D0": 6e-5, "Q": 250e3}, (1173.0, 1373.0), kernels.program_flux),
    "exponential": (BINARY, "1e-14*exp(3*x_Ni)", (math.nan, math.nan), kernels.kirchhoff_flux),
    "quadratic": (BINARY, "1e-14*(1 - 2*x_Ni*(1 - x_Ni))", (math.nan, math.nan), kernels.kirchhoff_flux),
    "separable": (BINARY, "6e-5*exp(3*x_Ni - Q/(R*T))*(1 + t/1e4)", (1173.0, 1373.0), kernels.program_flux),
    "not separable": (BINARY, "6e-5*exp(-(Q + 1e4*x_Ni)/(R*T))", (1173.0, 1373.0), kernels.program_flux),
    "place": (BINARY, "1e-14*(2 + sin(x*1e6))*exp(x_Ni)", (1273.0, 1273.0), kernels.program_flux),
    "matrix": (TERNARY, CONSTANT, (1273.0, 1273.0), kernels.matrix_flux),
    "matrix(T)": (TERNARY, [["1e-9*exp(-1e5/(R*T))", 0], [0, 3e-14]], (1173.0, 1373.0), kernels.program_flux),
    "matrix(x)": (
        TERNARY,
        [["1e-14*exp(x_Al)", "2e-15*x_Ni"], ["3e-15*x_Al*x_Cu", 4e-14]],
        (1273.0, 1273.0),
        kernels.program_flux,
    ),
    "one for all": (QUATERNARY, "1e-14*exp(2*x_Al - x_Co)", (1273.0, 1273.0), kernels.program_flux),
    "3 x 3": (QUATERNARY, (np.eye(3) * 3e-14 + 1e-15).tolist(), (1273.0, 1273.0), kernels.matrix_flux),
}


def equations(name):
    mixture, D, temperatures, _ = LAWS_AND_KERNELS[name]
    law = Fick(mixture, D=D)
    return law, law.equations(np.zeros(law.mixture.m), np.ones(law.mixture.m), temperatures)


def state(m, n=700, seed=5):
    """More columns than two chunks of a kernel, and not a multiple."""
    rng = np.random.default_rng(seed)
    u = np.ascontiguousarray(rng.dirichlet(np.ones(m + 1), size=n).T[:m])
    face = np.vstack([1e6 * (1.0 + rng.random(n - 1)), np.linspace(-1e-5, 1e-5, n - 1)])
    return u, face


def flux(law, u, face, t=50.0, T=1273.0):
    F = np.full((u.shape[0], u.shape[1] - 1), np.nan)
    law.flux(t, T, u, face, law.parameters, F)
    return F


@pytest.mark.parametrize("name", LAWS_AND_KERNELS)
def test_kernel_and_flux_of_a_small_difference(name):
    """Where neighbours differ little, the flux is -D(u) du g: a mean of D differs by order du^2, relative 1e-8 here."""
    law, made = equations(name)
    assert made.flux is LAWS_AND_KERNELS[name][3]
    m, n = law.mixture.m, 300
    u, _ = state(m, 2)
    u = 0.25 + 1e-4 * (u[:, :1] - 0.5) * np.arange(n) / n + 1e-4 * np.sin(np.arange(n) * 0.1)
    face = np.vstack([np.full(n - 1, 1e6), np.linspace(-1e-6, 1e-6, n - 1)])
    middle = 0.5 * (u[:, 1:] + u[:, :-1])
    D = law.matrix(middle, x=face[1], t=50.0, T=1273.0).reshape(m, m, n - 1)
    expected = -np.einsum("abi,bi->ai", D, np.diff(u, axis=1)) * 1e6
    np.testing.assert_allclose(flux(made, u, face), expected, rtol=0, atol=1e-7 * np.abs(expected).max())


@pytest.mark.parametrize("name", LAWS_AND_KERNELS)
def test_slopes_are_derivatives_of_the_flux(name):
    _, made = equations(name)
    m = made.m
    u, face = state(m)
    n, step = u.shape[1], 1e-6
    L, R = np.full((m, m, n - 1), np.nan), np.full((m, m, n - 1), np.nan)
    made.flux_slopes(50.0, 1273.0, u, face, made.parameters, L, R)
    for b in range(m):
        for side, slopes in ((0, L), (1, R)):
            # every second column moves: each face has one moved neighbour
            for parity in (0, 1):
                shift = np.zeros((m, n))
                shift[b, parity::2] = step
                difference = (flux(made, u + shift, face) - flux(made, u - shift, face)) / (2 * step)
                faces = np.arange(n - 1)
                chosen = (faces + side) % 2 == parity
                scale = np.abs(slopes).max()
                # cubic pieces and rounding: h^2 and 1e-16 / h, both below 1e-9 of the scale
                np.testing.assert_allclose(slopes[:, b, chosen], difference[:, chosen], rtol=0, atol=3e-8 * scale)


@pytest.mark.parametrize("name", LAWS_AND_KERNELS)
def test_uniform_composition_gives_no_flux(name):
    _, made = equations(name)
    u, face = state(made.m, 40)
    u[:] = u[:, :1]
    assert not flux(made, u, face).any()


@pytest.mark.parametrize("name", [name for name in LAWS_AND_KERNELS if name != "place"])
def test_mirrored_state_gives_the_opposite_flux(name):
    _, made = equations(name)
    u, face = state(made.m, 40)
    mirrored = flux(made, np.ascontiguousarray(u[:, ::-1]), np.ascontiguousarray(face[:, ::-1]))
    expected = flux(made, u, face)
    np.testing.assert_allclose(mirrored[:, ::-1], -expected, rtol=0, atol=1e-13 * np.abs(expected).max())


def test_what_is_autonomous():
    free = {name for name in LAWS_AND_KERNELS if equations(name)[1].autonomous}
    assert free == set(LAWS_AND_KERNELS) - {"arrhenius, T varies", "separable", "not separable", "matrix(T)"}


@pytest.mark.parametrize("D, T, integral", [
    ("1e-14*exp(3*x_Ni)", math.nan, lambda x: 1e-14 * np.exp(3 * x) / 3),
    ("1e-14*exp(2.302585092994046*3*x_Ni)", math.nan, lambda x: 1e-14 * 10 ** (3 * x) / (3 * math.log(10))),
    ("1e-14*(1 - 2*x_Ni*(1 - x_Ni))", math.nan, lambda x: 1e-14 * (x - x**2 + 2 * x**3 / 3)),
    ("6e-5*exp(-Q/(R*T))/(1 + x_Ni)", 1273.0, lambda x: 6e-5 * math.exp(-250e3 / (R * 1273.0)) * np.log(1 + x)),
])  # fmt: skip
def test_flux_is_the_exact_integral_of_D(D, T, integral):
    """F = -(Phi(u_2) - Phi(u_1)) g for any two neighbours, the Kirchhoff mean: to 1e-10 of int_0^1 D dx."""
    made = Fick(BINARY, D=D).equations(np.zeros(1), np.ones(1), (T, T))
    u, face = state(1)
    expected = -np.diff(integral(u[0])) * face[0]
    error = np.abs(flux(made, u, face, T=T)[0] - expected) / face[0]
    assert error.max() <= 1e-10 * (integral(1.0) - integral(0.0))


def test_separable_flux_is_the_exact_integral_at_every_time_and_temperature():
    _, made = equations("separable")
    u, face = state(1)
    for t, T in ((0.0, 1200.0), (2e4, 1350.0)):
        expected = -6e-5 * np.exp(-250e3 / (R * T)) * (1 + t / 1e4) * np.diff(np.exp(3 * u[0]) / 3) * face[0]
        np.testing.assert_allclose(flux(made, u, face, t, T)[0], expected, rtol=0, atol=1e-10 * np.abs(expected).max())


def test_what_separates():
    def parts(D):
        return separated(Fick(BINARY, D=D).matrix)

    for D in ("exp(3*x_Ni - Q/(R*T))", "(1 + t)*x_Ni/T", "-exp(x_Ni)*2**T", "x_Ni*exp(-(Q/(R*T)))/(1 + x_Ni)"):
        b, a = parts(D)
        assert b.depends_on == {"composition"}
        assert "composition" not in a.depends_on
        u = np.linspace(0, 1, 7)[None]
        np.testing.assert_allclose(
            b(u)[0] * a(u, t=3.0, T=2.0)[0], Fick(BINARY, D=D).matrix(u, t=3.0, T=2.0)[0], rtol=1e-13
        )
    for D in ("exp(x_Ni/T)", "x_Ni + T", "(x_Ni*T)**0.5", "x_Ni*x*T"):
        assert parts(D) is None


def test_the_table_refines_until_it_meets_D():
    assert kirchhoff_table(lambda x: 1 + x**2, 0.0, 1.0)[2] == FEWEST + 1
    smooth = kirchhoff_table(lambda x: np.exp(3 * x), 0.0, 1.0)
    assert FEWEST + 1 < smooth[2] < MOST + 1
    assert kirchhoff_table(np.sqrt, 0.0, 1.0)[2] == MOST + 1
    assert kirchhoff_table(lambda x: np.log(np.where(x < 0.3, np.nan, x)), 0.0, 1.0) is None


def test_beyond_the_range_D_is_constant():
    made = Fick(BINARY, D="1e-14*exp(3*x_Ni)").equations(np.zeros(1), np.ones(1), (1273.0, 1273.0))
    face = np.ones((2, 3))
    low = flux(made, np.array([[-3.0, -2.0, -1.0, 0.0]]), face)
    np.testing.assert_allclose(low, -1e-14, rtol=1e-12)
    high = flux(made, np.array([[1.0, 2.0, 1e6, 1e6 + 1]]), face)
    np.testing.assert_allclose(high[0, 0], -1e-14 * math.exp(3), rtol=1e-12)
    with np.errstate(invalid="ignore"):
        assert not np.isfinite(flux(made, np.array([[0.0, np.nan, np.inf, 0.0]]), face)).any()


def test_a_new_diffusivity_compiles_nothing():
    made = [
        Fick(BINARY, D=D).equations(np.zeros(1), np.ones(1), (900.0, 1000.0)) for D in ("exp(x_Ni/T)", "sin(x_Ni*T)")
    ]
    assert made[0].flux.address == made[1].flux.address
    assert made[0].flux_slopes is made[1].flux_slopes


def test_interdiffusivity_as_truth():
    x = np.linspace(0, 1, 5)[None]
    np.testing.assert_allclose(
        Fick(BINARY, D="exp(3*x_Ni)").coefficient("interdiffusivity", x, 1273.0), np.exp(3 * x[0])
    )
    matrix = Fick(TERNARY, D=CONSTANT).coefficient("interdiffusivity", np.zeros((2, 4)), 1273.0)
    assert matrix.shape == (2, 2, 4)
    np.testing.assert_array_equal(matrix[:, :, 2], CONSTANT)
    with pytest.raises(KeyError):
        Fick(BINARY, D=1.0).coefficient("onsager", x, 1273.0)


SHAPES = [
    (TERNARY, np.eye(3).tolist(), "law.D: expected a 2 x 2 matrix for 2 independent components, got 3 x 3."),
    (TERNARY, [1.0, 2.0], "law.D: expected a 2 x 2 matrix for 2 independent components, got a list of 2."),
    (TERNARY, [[1.0], [1.0, 2.0]], "law.D: expected a 2 x 2 matrix for 2 independent components, got rows of 1, 2."),
    (BINARY, np.eye(2), "law.D: expected a 1 x 1 matrix for 1 independent component, got 2 x 2."),
]


@pytest.mark.parametrize("mixture, D, sentence", SHAPES)
def test_wrong_shape(mixture, D, sentence):
    with pytest.raises(Invalid) as caught:
        Fick(mixture, D=D)
    assert str(caught.value) == sentence


def test_every_fault_of_a_matrix_at_once():
    with pytest.raises(Invalid) as caught:
        Fick(TERNARY, D=[["x_A", 1.0], [2.0, "2^3"]])
    assert [fault.where for fault in caught.value.faults] == ["law.D[0][0]", "law.D[1][1]"]


CHECKS = {
    "negative": (
        BINARY,
        "1e-15 - 2.75e-15*x_Ni",
        "law.D: the interdiffusivity is -1.2e-15 m^2/s at x_Ni = 0.8 (T = 1273 K); it must not",
    ),
    "constant": (BINARY, -1e-15, "the interdiffusivity is -1e-15 m^2/s"),
    "not finite": (
        BINARY,
        "1e-15*log(x_Ni)",
        "the interdiffusivity is -inf at x_Ni = 0 (T = 1273 K); it must be finite.",
    ),
    "eigenvalue": (TERNARY, [[1e-14, 2e-14], [2e-14, 1e-14]], "eigenvalue of real part -1e-14 m^2/s at x_Al = 0"),
    "singular": (TERNARY, [[1e-14, 1e-14], [1e-14, 1e-14]], "eigenvalue of real part"),
    "rotation": (TERNARY, [[-1e-15, 1e-14], [-1e-14, -1e-15]], "eigenvalue of real part -1e-15"),
    "one for all": (TERNARY, "x_Al - 0.1", "the interdiffusivity is -0.1 m^2/s at x_Al = 0"),
    "not finite entry": (
        TERNARY,
        [[1.0, 0.0], ["1/x_Al", 1.0]],
        "law.D[1][0]: the interdiffusivity is inf at x_Al = 0",
    ),
}


def corners(m):
    if m == 1:
        return np.array([[0.0, 0.2, 0.8]])
    return np.array([[0.0, 0.5, 0.0], [0.0, 0.0, 0.5]])


@pytest.mark.parametrize("name", CHECKS)
def test_ill_posed_laws_are_refused(name):
    mixture, D, sentence = CHECKS[name]
    with pytest.raises(Invalid) as caught:
        Fick(mixture, D=D).check(corners(mixture.m), np.array([1273.0]))
    assert sentence in str(caught.value)


@pytest.mark.parametrize("mixture, D", [
    (BINARY, 0.0), (BINARY, "x_Ni**2"), (TERNARY, CONSTANT), (TERNARY, [[1.0, 5.0], [-5.0, 1.0]]), (TERNARY, "x_Al"),
    (BINARY, {"D0": 1e-5, "Q": 2e5}), (TERNARY, [[1e-30, 0.0], [0.0, 1e-10]]),
])  # fmt: skip
def test_well_posed_laws_pass(mixture, D):
    Fick(mixture, D=D).check(corners(mixture.m), np.array([1000.0, 1273.0]))


@pytest.mark.parametrize("temperatures", ([], [math.nan]))
def test_missing_temperature(temperatures):
    law = Fick(BINARY, D={"D0": 1e-5, "Q": 2e5})
    with pytest.raises(Invalid, match=r"law\.D.*needs a temperature.*1000 degC"):
        law.check(corners(1), np.array(temperatures))
    Fick(BINARY, D="x_Ni").check(corners(1), np.array(temperatures))


def test_catalogue():
    assert law_of("fick") is Fick
    with pytest.raises(Invalid, match="Did you mean fick"):
        law_of("flick")
    for law in LAWS:
        entries = law.key_fields()
        for entry in entries:
            assert set(entry.metadata) == {"text", "unit", "shape", "example", "entries", "choices"}
            assert entry.metadata["text"].endswith(".")
        assert law.equation and law.sources


@pytest.mark.parametrize(("D", "where"), [("1e-14*(1 - t/50)", "t = 100 s"), ("1e-14*(1 - 2*x)", "x = 1 m")])
def test_check_looks_at_all_times_and_places(D, where):
    law = Fick(BINARY, D=D)
    with pytest.raises(Invalid, match=rf"negative|{where}") as caught:
        law.check(np.array([[0.0, 1.0]]), np.zeros(0), np.array([0.0, 100.0]), np.array([0.0, 1.0]))
    assert where in str(caught.value)


def test_two_point_mean_of_a_coefficient_in_time_is_exact_for_cubics():
    """D that does not separate into a(t) b(x) is averaged between the neighbours by two Gauss points: exact to x^3."""
    made = Fick(BINARY, D="1 + t + 4*x_Ni**3").equations(np.zeros(1), np.ones(1), (math.nan, math.nan))
    assert made.flux is kernels.program_flux
    u, face = state(1)
    t = 0.5
    expected = -np.diff((1.0 + t) * u[0] + u[0] ** 4) * face[0]
    np.testing.assert_allclose(flux(made, u, face, t)[0], expected, rtol=0, atol=1e-13 * np.abs(expected).max())

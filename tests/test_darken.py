"""Darken's law and Manning's wind: closed forms, limits, couples, and what is refused."""

import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.laws.darken import STRUCTURES, Darken
from simulator.laws.lattice import R, of_dependent
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.thermodynamics import Thermodynamics

T = 1000.0
RT = R * T
NAMES = "ABCDEF"
BINARY = Mixture(("A", "B"), "A")
TERNARY = Mixture(("A", "B", "C"), "C")
WINDS = {"none": {}} | {name: {"vacancy_wind": "manning", "structure": name} for name in STRUCTURES}
FCC = WINDS["fcc"]
EXPRESSIONS = {"A": "1e-14*exp(2*x_B)", "B": "exp(x_A*log(2e-14) + x_B*log(7e-15))"}


def simplex(n, count=30, seed=11, corners=True):
    """Compositions (n - 1, count) inside the simplex, and its corners."""
    x = np.random.default_rng(seed).dirichlet(np.ones(n), count).T[: n - 1]
    return np.hstack([x, np.eye(n)[: n - 1]]) if corners else x


def matrix(law, x):
    """D (m, m, k)."""
    m = law.mixture.m
    return law.coefficient("interdiffusivity", x, T).reshape(m, m, -1)


@pytest.mark.parametrize("structure, M0", [("sc", 3.7655), ("bcc", 5.3312), ("fcc", 7.1513), ("diamond", 2.0)])
def test_M0_of_the_structures(structure, M0):
    # Manning (1971); to the printed digits
    assert 2.0 / Darken(BINARY, tracer=EXPRESSIONS, **WINDS[structure]).wind == pytest.approx(M0, abs=5e-5)


@pytest.mark.parametrize("wind", WINDS)
@pytest.mark.parametrize("n", range(2, 7))
def test_ideal_solution_has_the_closed_form_up_to_the_pure_ends(n, wind):
    names = tuple(NAMES[:n])
    D = 1e-14 * (1.0 + np.arange(n) ** 2)
    law = Darken(Mixture(names), tracer=dict(zip(names, D, strict=True)), **WINDS[wind])
    x = simplex(n)
    mean = np.vstack([x, 1.0 - x.sum(axis=0)]).T @ D
    expected = np.zeros((n - 1, n - 1, x.shape[1]))
    for i in range(n - 1):
        for j in range(n - 1):
            blown = law.wind * x[i] * (D[i] - mean) / mean * (D[j] - D[-1])
            expected[i, j] = D[i] * (i == j) - x[i] * (D[j] - D[-1]) + blown
    # a few roundings of numbers of the size of the largest D
    assert matrix(law, x) == pytest.approx(expected, rel=0, abs=3e-15 * D.max())


@pytest.mark.parametrize("wind", WINDS)
def test_two_components_follow_darken_and_manning(wind):
    """D = Phi (x_A D_B* + x_B D_A*) S, and the intrinsic diffusivities with partial molar volumes."""
    solution = Thermodynamics(BINARY, "redlich-kister", {"A-B": [-6e3, 2e3]})
    volume = MolarVolume(BINARY, "expression", {"V_m": "7e-6 - 2e-6*x_B - 1.5e-6*x_A*x_B"})
    law = Darken(BINARY, tracer=EXPRESSIONS, thermodynamics=solution, molar_volume=volume, **WINDS[wind])
    b = np.linspace(0.0, 1.0, 41)
    a, w = 1.0 - b, law.wind
    A, B = 1e-14 * np.exp(2.0 * b), np.exp(a * np.log(2e-14) + b * np.log(7e-15))
    # Phi = 1 + (x_A x_B/RT) d2g/dx2 of x_A x_B (L0 + L1 (x_A - x_B))
    Phi = 1.0 + a * b / RT * (-2.0 * -6e3 - 2e3 * 6.0 * (a - b))
    V, slope = 7e-6 - 2e-6 * b - 1.5e-6 * a * b, -2e-6 - 1.5e-6 * (a - b)
    V_A, V_B = V - b * slope, V + a * slope
    S = 1.0 + w * a * b * (A - B) ** 2 / ((a * A + b * B) * (a * B + b * A))
    W_A, W_B = (w * x * (A - B) / (a * A + b * B) for x in (a, b))
    x = b[None]
    assert law.coefficient("interdiffusivity", x, T) == pytest.approx(Phi * (a * B + b * A) * S, rel=1e-13, abs=0)
    expected = np.stack([V / V_B * A * Phi * (1.0 + W_A), V / V_A * B * Phi * (1.0 - W_B)])
    # 1 + W_A may be 0
    assert law.coefficient("intrinsic_diffusivity", x, T) == pytest.approx(expected, rel=1e-13, abs=1e-13 * A.min())
    assert law.coefficient("tracer_diffusivity", x, T) == pytest.approx(np.stack([A, B]), rel=1e-13, abs=0)
    assert law.coefficient("thermodynamic_factor", x, T) == pytest.approx(Phi, rel=1e-13, abs=0)
    onsager = law.coefficient("onsager", x, T)
    assert onsager == pytest.approx(a * b * (a * B + b * A) * S / (RT * V), rel=1e-13, abs=0)


@pytest.mark.parametrize("ratio, least, most", [(2.0, -0.18, -0.16), (3.0, -0.25, -0.22)])
def test_sign_of_the_wind(ratio, least, most):
    """The faster component is sped up: D_B = D_B* Phi (1 - W_B). The other sign would be this much less."""
    law = Darken(BINARY, tracer={"A": 1e-14, "B": ratio * 1e-14}, **FCC)
    x = np.array([[0.5]])
    fast, slow = law.coefficient("intrinsic_diffusivity", x, T)[::-1, 0]
    W = law.wind * 0.5 * (1.0 - ratio) / (0.5 + 0.5 * ratio)
    assert fast == pytest.approx(ratio * 1e-14 * (1.0 - W), rel=1e-14, abs=0)
    assert slow == pytest.approx(1e-14 * (1.0 + W), rel=1e-14, abs=0)
    assert least < ratio * 1e-14 * (1.0 + W) / fast - 1.0 < most


@pytest.mark.parametrize("dependent", ["A", "B", "C"])
def test_two_like_components_count_as_one(dependent):
    """B and C alike: their sum diffuses as B does in the binary alloy, whatever is dependent."""
    D = {"A": 1e-14, "B": 4e-14}
    binary = Darken(BINARY, tracer=D, thermodynamics=Thermodynamics(BINARY, "regular", {"A-B": 6e3}), **FCC)
    mixture = Mixture(("A", "B", "C"), dependent)
    solution = Thermodynamics(mixture, "regular", {"A-B": 6e3, "A-C": 6e3})
    law = Darken(mixture, tracer=D | {"C": D["B"]}, thermodynamics=solution, **FCC)
    every = simplex(3)
    every = np.vstack([every, 1.0 - every.sum(axis=0)])
    x = every[[k for k, name in enumerate("ABC") if name != dependent]]
    expected = binary.coefficient("interdiffusivity", 1.0 - every[:1], T)
    found = of_dependent(matrix(law, x), mixture, "A")  # rows and columns B, C
    assert found.sum(axis=0) == pytest.approx(np.stack([expected, expected]), rel=1e-13, abs=0)
    found = of_dependent(matrix(law, x), mixture, "C")  # rows and columns A, B
    assert found[0, 0] == pytest.approx(expected, rel=1e-13, abs=0)
    assert found[0, 1] == pytest.approx(0.0, abs=1e-13 * 4e-14)


@pytest.mark.parametrize(
    "x, w, B, expected",
    [
        ((0.5, 0.49), (0.9, -1.6, -7.7), (1.0, 1.0, 1.0), [[-0.699, -1.223], [1.76498, 2.34946]]),
        ((0.5, 0.45), (1.5, -3.2, -7.4), (1.0, 20.0, 1.0), [0.3904129245667952, 6.935687075433205]),
        ((0.3, 0.1), (1.8, 1.8, -2.0), (1.0, 1.0, 20.0), [[2.8744, 9.42], [1.1848, 4.34]]),
    ],
)
def test_uphill_diffusion_without_a_miscibility_gap(x, w, B, expected):
    """Exact arithmetic; D_11 may be negative while both eigenvalues are positive, and then the law is accepted."""
    omega = dict(zip(("A-B", "A-C", "B-C"), (value * RT for value in w), strict=True))
    law = Darken(
        TERNARY, tracer=dict(zip("ABC", B, strict=True)), thermodynamics=Thermodynamics(TERNARY, "regular", omega)
    )
    D = matrix(law, np.array(x)[:, None])[..., 0]
    found = D if np.ndim(expected) == 2 else np.sort(np.linalg.eigvals(D))
    assert found == pytest.approx(np.array(expected), rel=1e-13, abs=0)
    assert np.linalg.eigvals(D).min() > 0.0
    law.check(np.array(x)[:, None], np.array([T]))


def test_lattice_frame_of_a_volume_that_varies_is_not_that_of_the_number():
    """The sum of d_kj over k is what moves the lattice: 0 for equal tracers, whatever the volume is."""
    solution = Thermodynamics(TERNARY, "regular", {"A-B": -5e3, "B-C": 3e3})
    x = simplex(3)
    for D, moves in (({"A": 1e-14, "B": 1e-14, "C": 1e-14}, False), ({"A": 1e-14, "B": 2e-14, "C": 4e-14}, True)):
        d = Darken(TERNARY, tracer=D, thermodynamics=solution, **FCC).coefficient("intrinsic_diffusivity", x, T)
        assert d.shape == (3, 2, x.shape[1])
        assert (np.abs(d.sum(axis=0)).max() > 1e-15) == moves


def fault_of(make, where):
    with pytest.raises(Invalid) as caught:
        make()
    faults = {fault.where: fault.sentence for fault in caught.value.faults}
    assert where in faults, faults
    return faults[where]


BAD = {
    "not a table": ({"tracer": 1e-14}, "law.tracer", 'A = "1e-14 m^2/s"'),
    "missing": ({"tracer": {"A": 1e-14}}, "law.tracer", "B is missing"),
    "unknown component": ({"tracer": EXPRESSIONS | {"Cu": 1e-14}}, "law.tracer.Cu", "not one of the components"),
    "unknown name": ({"tracer": {"A": 1e-14, "B": "1e-14*x_Bb"}}, "law.tracer.B", "unknown name 'x_Bb'"),
    "wrong unit": ({"tracer": {"A": 1e-14, "B": "3 kg"}}, "law.tracer.B", "kg"),
    "wind": ({"vacancy_wind": "maning"}, "law.vacancy_wind", "Did you mean manning?"),
    "no structure": ({"vacancy_wind": "manning"}, "law.structure", "needs the crystal structure"),
    "structure": ({"vacancy_wind": "manning", "structure": "hcp"}, "law.structure", "fcc"),
    "another solution": ({"thermodynamics": Thermodynamics(TERNARY)}, "thermodynamics", "one mixture"),
    "another volume": (
        {"molar_volume": MolarVolume(Mixture(("A", "B"), "B"), "constant", {"V_m": 7e-6})},
        "molar_volume",
        "B dependent",
    ),
}


@pytest.mark.parametrize("keys, where, words", BAD.values(), ids=BAD)
def test_bad_input_is_refused_at_the_door(keys, where, words):
    assert words in fault_of(lambda: Darken(BINARY, **({"tracer": EXPRESSIONS} | keys)), where)


def test_every_fault_of_the_law_is_told_at_once():
    with pytest.raises(Invalid) as caught:
        Darken(TERNARY, tracer={"A": "1 kg", "B": "x_Q"}, vacancy_wind="gale", structure="hcp")
    places = [fault.where for fault in caught.value.faults]
    assert places == ["law.vacancy_wind", "law.structure", "law.tracer.A", "law.tracer.B", "law.tracer"]


@pytest.mark.parametrize("value", ["1e-14*(0.25 - x_B)", "1e-14*log(x_B)"])
def test_a_tracer_that_is_negative_or_infinite_is_named_with_its_composition(value):
    law = Darken(BINARY, tracer={"A": "1e-14*(T/1000)", "B": value})
    text = fault_of(lambda: law.check(np.array([[0.0, 0.5, 1.0]]), np.array([T])), "law.tracer.B")
    assert ("-7.5e-15 m^2/s at x_B = 1" if "0.25" in value else "-inf m^2/s at x_B = 0") in text
    assert "T = 1000 K" in text


def test_a_path_through_the_spinodal_is_refused_with_the_temperature_above_which_it_is_stable():
    solution = Thermodynamics(BINARY, "regular", {"A-B": "20 kJ/mol"})
    law = Darken(BINARY, tracer={"A": 1e-14, "B": 2e-14}, thermodynamics=solution)
    path = np.linspace(0.0, 1.0, 401)[None]
    text = fault_of(lambda: law.check(path, np.array([T, 1100.0])), "thermodynamics")
    # T_c = Omega/2R = 1202.72355042726 K
    for words in (
        "inside its spinodal at x_B = 0.5 (T = 1000 K)",
        "above 1202.7 K, where all are stable",
        "without bound",
    ):
        assert words in text
    law.check(path, np.array([1203.0]))
    law.check(np.array([[0.0, 0.05]]), np.array([T]))
    with pytest.raises(Invalid, match=r"x_B = 0\.3"):
        law.check(np.array([[0.0, 0.3]]), np.array([T]))


def test_a_ternary_is_refused_by_the_eigenvalue_not_the_diagonal():
    """Symmetric w = 3.5 RT: the centre is unstable, as it is from w = 3 RT on; the corners are not."""
    omega = dict.fromkeys(("A-B", "A-C", "B-C"), 3.5 * RT)
    solution = Thermodynamics(TERNARY, "regular", omega)
    law = Darken(TERNARY, tracer={"A": 1e-14, "B": 1e-14, "C": 1e-14}, thermodynamics=solution)
    text = fault_of(lambda: law.check(np.full((2, 1), 1 / 3), np.array([T])), "thermodynamics")
    assert "x_A = 0.3333, x_B = 0.3333" in text
    assert f"above {3.5 / 3.0 * T:.5g} K" in text
    law.check(np.array([[0.02, 0.95], [0.95, 0.02]]), np.array([T]))


def test_what_depends_on_the_temperature_asks_for_it():
    law = Darken(BINARY, tracer={"A": 1e-14, "B": {"D0": 1e-5, "Q": 2e5}})
    assert "needs a temperature" in fault_of(lambda: law.check(np.array([[0.5]]), np.array([np.nan])), "law")
    ideal = Darken(BINARY, tracer={"A": 1e-14, "B": 2e-14})
    ideal.check(np.array([[0.0, 1.0]]), np.array([np.nan]))
    assert ideal.depends_on == {"composition"}


def test_phenomenological_coefficients_need_a_volume():
    law = Darken(BINARY, tracer=EXPRESSIONS)
    text = fault_of(lambda: law.coefficient("onsager", np.array([[0.5]]), T), "molar_volume")
    assert "V_m" in text
    with pytest.raises(KeyError):
        law.coefficient("permeability", np.array([[0.5]]), T)


def couple(law, **changes):
    from simulator.problem.domain import Domain
    from simulator.problem.initial import Step
    from simulator.problem.problem import Problem
    from simulator.problem.temperature import Temperature

    left, right = {"B": 0.0}, {"B": 1.0}
    if law.mixture.m > 1:
        left, right = {"A": 0.1, "B": 0.7}, {"A": 0.6, "B": 0.2}
    settings = {
        "mixture": law.mixture,
        "law": law,
        "domain": Domain(interval=(-4e-4, 4e-4), cells=80),
        "initial": Step(0.0, left, right),
        "temperature": Temperature(value=T),
        "end": 3.6e4,
    }
    return Problem(**{**settings, **changes})


def test_equal_tracers_of_an_ideal_solution_diffuse_as_fick_says():
    from simulator.laws.fick import Fick
    from simulator.solve.solve import solve

    darken = Darken(BINARY, tracer={"A": 2e-14, "B": 2e-14}, **FCC)
    fick = Fick(BINARY, D=2e-14)
    there, expected = solve(couple(darken)), solve(couple(fick))
    # the same steps; (1 + w) - w D/S = 1 is rounded
    assert there.mole_fraction == pytest.approx(expected.mole_fraction, rel=0, abs=1e-12)


def test_a_ternary_couple_runs_and_keeps_its_moles():
    from simulator.solve.solve import solve

    solution = Thermodynamics(TERNARY, "regular", {"A-B": 4e3, "B-C": -6e3})
    law = Darken(TERNARY, tracer={"A": 1e-14, "B": "3e-14*exp(x_A)", "C": 2e-14}, thermodynamics=solution, **FCC)
    result = solve(couple(law))
    assert np.all(result.diagnostics("conservation_error") < 1e-12)
    profile = result.mole_fraction[-1]
    assert profile.sum(axis=0) == pytest.approx(1.0, abs=1e-14)
    assert profile.min() > 0.0
    assert np.ptp(profile[2]) > 0.01  # the third component starts uniform

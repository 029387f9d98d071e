"""Onsager's law: the same fluxes as Darken's with its L, in either frame, and coefficients that are refused."""

import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.laws.darken import Darken
from simulator.laws.lattice import LEAST, R
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.laws.onsager import Onsager
from simulator.laws.thermodynamics import Thermodynamics

T = 1000.0
BINARY = Mixture(("A", "B"), "A")
TERNARY = Mixture(("A", "B", "C"), "B")
STEEL = Mixture(("Si", "C", "Fe"), "Fe", interstitial=("C",))
D_OF = {"A": 1e-14, "B": 3e-14, "C": 9e-14, "Si": 2e-14, "Fe": 1e-14}
SOLUTIONS = {
    "ideal": None,
    "regular": {"A-B": -8e3, "A-C": 3e3, "B-C": "5*T", "C-Si": 9e3, "C-Fe": -6e3, "Si-Fe": -9e3},
}
VOLUMES = {"constant": "7e-6", "varies": "7e-6 - 1e-6*x_A - 2e-6*x_A*x_B"}


def sections(mixture, solution="ideal", volume="constant"):
    omega = SOLUTIONS[solution]
    if omega is not None:
        omega = {pair: value for pair, value in omega.items() if set(pair.split("-")) <= set(mixture.components)}
        omega = Thermodynamics(mixture, "regular", omega)
    kind = "constant" if volume == "constant" else "expression"
    return {"thermodynamics": omega, "molar_volume": MolarVolume(mixture, kind, {"V_m": VOLUMES[volume]})}


def amount(mixture, name):
    """y_k as an expression: x_k, or x_k per substitutional atom."""
    sum_of = "+".join(f"x_{entry}" for entry in mixture.substitutional)
    return f"(x_{name}/({sum_of}))" if mixture.interstitial else f"x_{name}"


def lattice_L(mixture, wind, volume):
    """Manning's L as expressions: (y_i D_i/(V R T)) (delta_ij + w y_j D_j/S), the wind on substitutionals only."""
    host = mixture.substitutional
    S = "(" + " + ".join(f"{D_OF[k]}*{amount(mixture, k)}" for k in host) + ")"
    rows = []
    for i in mixture.components:
        row = []
        for j in mixture.components:
            both = i in host and j in host
            blown = f"{wind}*{D_OF[j]}*{amount(mixture, j)}/{S}" if both else "0"
            row.append(f"{D_OF[i]}*{amount(mixture, i)}/({VOLUMES[volume]})/(R*T)*({float(i == j)} + {blown})")
        rows.append(row)
    return rows


def number_L(mixture, wind, volume):
    """B L B^T of the same, over the independent components."""
    names, host = mixture.components, mixture.substitutional
    L = dict(zip(names, (dict(zip(names, row, strict=True)) for row in lattice_L(mixture, wind, volume)), strict=True))

    def swept(i, k):
        return f"({float(i == k)} - {amount(mixture, i)}*{float(k in host)})"

    def entry(i, j):
        terms = (f"{swept(i, k)}*({L[k][h]})*{swept(j, h)}" for k in names for h in names if L[k][h] != "0")
        return " + ".join(terms)

    return [[entry(i, j) for j in mixture.independent] for i in mixture.independent]


def compositions(mixture, count=40, seed=9):
    rng = np.random.default_rng(seed)
    if mixture.interstitial:
        return np.stack([rng.uniform(0.01, 0.99, count), rng.uniform(0.001, 0.3, count)])
    return rng.dirichlet(np.ones(mixture.m + 1), count).T[: mixture.m]


MIXTURES = {"binary": BINARY, "ternary": TERNARY, "steel": STEEL}


@pytest.mark.parametrize("frame", ["number", "lattice"])
@pytest.mark.parametrize("solution", SOLUTIONS)
@pytest.mark.parametrize("name", MIXTURES)
def test_onsager_with_the_L_of_darken_is_darken(name, solution, frame):
    mixture = MIXTURES[name]
    volume = "varies" if name == "ternary" else "constant"
    parts = sections(mixture, solution, volume)
    tracers = {entry: D_OF[entry] for entry in mixture.components}
    darken = Darken(mixture, tracer=tracers, vacancy_wind="manning", structure="fcc", **parts)
    if name == "ternary" and frame == "number":  # nine products an entry are longer than an expression may be
        darken = Darken(mixture, tracer=tracers, **parts)
    made = number_L if frame == "number" else lattice_L
    law = Onsager(mixture, L=made(mixture, darken.wind, volume), frame=frame, **parts)
    u = compositions(mixture)
    expected = darken.coefficient("interdiffusivity", u, T)
    size = np.abs(expected).max()
    # B L B^T cancels where a component is dilute, and 1/x_k brings it back
    assert law.coefficient("interdiffusivity", u, T) == pytest.approx(expected, rel=0, abs=1e-12 * size)
    onsager = darken.coefficient("onsager", u, T)
    assert law.coefficient("onsager", u, T) == pytest.approx(onsager, rel=0, abs=1e-13 * np.abs(onsager).max())
    factor = darken.coefficient("thermodynamic_factor", u, T)
    assert law.coefficient("thermodynamic_factor", u, T) == pytest.approx(factor, rel=1e-15, abs=0)
    assert law.lattice == (frame == "lattice") == (law.intrinsic is not None)
    if law.lattice:
        intrinsic = darken.coefficient("intrinsic_diffusivity", u, T)
        assert law.coefficient("intrinsic_diffusivity", u, T) == pytest.approx(intrinsic, rel=0, abs=1e-12 * size)
        assert law.lattice_onsager(u, T) == pytest.approx(darken.lattice_onsager(u, T), rel=1e-13, abs=0)
    law.check(u, np.array([T]))


@pytest.mark.parametrize("frame", ["number", "lattice"])
@pytest.mark.parametrize("mixture", [BINARY, TERNARY], ids=["binary", "ternary"])
def test_pure_ends_have_the_limit_of_D(mixture, frame):
    """L/x is 0/0 there: D is taken where the component is 1e-9."""
    tracers = {entry: D_OF[entry] for entry in mixture.components}
    parts = sections(mixture, "regular")
    darken = Darken(mixture, tracer=tracers, **parts)
    made = number_L if frame == "number" else lattice_L
    law = Onsager(mixture, L=made(mixture, 0.0, "constant"), frame=frame, **parts)
    corners = np.eye(mixture.m + 1)[: mixture.m]
    expected = darken.coefficient("interdiffusivity", corners, T)
    found = law.coefficient("interdiffusivity", corners, T)
    # 1 - (1 - 1e-9) keeps seven digits
    assert found == pytest.approx(expected, rel=0, abs=1e-6 * np.abs(expected).max())
    law.check(corners, np.array([T]))


def test_a_binary_with_one_coefficient():
    """D = V_m L RT/(x_A x_B) Phi."""
    law = Onsager(BINARY, L="1e-17*x_A*x_B", **sections(BINARY, "regular"))
    b = np.array([[1e-6, 0.2, 0.5, 0.9]])
    Phi = 1.0 + 2.0 * 8e3 * b[0] * (1.0 - b[0]) / (R * T)
    assert law.coefficient("interdiffusivity", b, T) == pytest.approx(7e-6 * 1e-17 * R * T * Phi, rel=1e-13, abs=0)
    nested = Onsager(BINARY, L=[["1e-17*x_A*x_B"]], **sections(BINARY, "regular"))
    assert nested.matrix == law.matrix
    with pytest.raises(Invalid, match="lattice"):
        law.lattice_onsager(b, T)
    with pytest.raises(KeyError):
        law.coefficient("intrinsic_diffusivity", b, T)


@pytest.mark.parametrize("frame", ["number", "lattice"])
def test_composition_is_kept_inside_at_the_ends_only(frame):
    from simulator.laws.formula import Formula, unknown
    from simulator.laws.lattice import kept_inside

    kept = Formula.join(kept_inside([unknown(0), unknown(1)], TERNARY), 2)
    inside = compositions(TERNARY)
    assert np.array_equal(kept(inside), inside)
    ends = kept(np.array([[0.0, 1.0, -1e-12, 0.4], [0.0, 0.0, 1.0, 0.6]]))
    assert ends.min() >= 0.99 * LEAST
    assert 1.0 - ends.sum(axis=0).max() == pytest.approx(LEAST, rel=1e-6, abs=0)


def fault_of(make, where):
    with pytest.raises(Invalid) as caught:
        make()
    faults = {fault.where: fault.sentence for fault in caught.value.faults}
    assert where in faults, faults
    return faults[where]


BAD = {
    "3 x 3": ({"L": [[1e-20] * 3] * 3}, "law.L", "expected a 2 x 2 matrix over the independent components"),
    "lattice": ({"L": [[1e-20] * 2] * 2, "frame": "lattice"}, "law.L", "expected a 3 x 3 matrix over all components"),
    "one": ({"L": "1e-20"}, "law.L", "got one coefficient"),
    "ragged": ({"L": [[1e-20, 0.0], [1e-20]]}, "law.L", "rows of 2, 1"),
    "name": ({"L": [[1e-20, "x_Z"], [0.0, 1e-20]]}, "law.L[0][1]", "unknown name 'x_Z'"),
    "unit": ({"L": [["1 m^2/s", 0.0], [0.0, 1e-20]]}, "law.L[0][0]", "m^2/s"),
    "frame": ({"L": [[1e-20, 0.0], [0.0, 1e-20]], "frame": "latice"}, "law.frame", "Did you mean lattice?"),
    "no volume": ({"L": [[1e-20, 0.0], [0.0, 1e-20]], "molar_volume": None}, "molar_volume", "V_m"),
    "another solution": (
        {"L": [[1e-20, 0.0], [0.0, 1e-20]], "thermodynamics": Thermodynamics(BINARY)},
        "thermodynamics",
        "one mixture",
    ),
}


@pytest.mark.parametrize("keys, where, words", BAD.values(), ids=BAD)
def test_bad_input_is_refused_at_the_door(keys, where, words):
    assert words in fault_of(lambda: Onsager(TERNARY, **(sections(TERNARY) | keys)), where)


INSIDE = np.array([[0.2, 0.5], [0.3, 0.25]])
REFUSED = {
    "not symmetric": (
        {"L": [["2e-20*x_A", "1e-21*x_A*x_C"], ["1.1e-21*x_A*x_C", "2e-20*x_C"]]},
        "law.L",
        ("L[0][1] = ", "L[1][0] = ", "x_A = 0.5, x_C = 0.25", "must be symmetric"),
    ),
    "negative": (
        {"L": [["2e-20*(0.4 - x_A)", "0"], ["0", "2e-20*x_C"]]},
        "law.L[0][0]",
        ("-2e-21", "x_A = 0.5", "must not be negative"),
    ),
    "not positive": (
        {"L": [["2e-20*x_A", "3e-20*x_A"], ["3e-20*x_A", "2e-20*x_A"]]},
        "law.L",
        ("not positive", "L[0][1] = L[1][0]", "too large beside"),
    ),
    "not positive, dilute": (
        {"L": [["2e-30*x_A", "3e-25*x_A"], ["3e-25*x_A", "2e-20*x_A"]]},
        "law.L",
        ("not positive", "too large beside L[0][0]"),
    ),
    "not positive, a zero beside": (
        {"L": [["0", "1e-21"], ["1e-21", "2e-20*x_C"]]},
        "law.L",
        ("not positive", "L[0][1] = L[1][0]"),
    ),
    "singular": ({"L": [["2e-20*x_A", "0"], ["0", "0"]]}, "law", ("eigenvalue of real part 0",)),
    "not finite": ({"L": [["2e-20/(x_A - 0.5)", "0"], ["0", "1e-20"]]}, "law.L[0][0]", ("inf", "must be finite")),
    "spinodal": (
        {
            "L": [["2e-20*x_A", "0"], ["0", "2e-20*x_C"]],
            "thermodynamics": Thermodynamics(TERNARY, "regular", {"A-B": 4e4}),
        },
        "thermodynamics",
        ("inside its spinodal at x_A = 0.5", "where all are stable"),
    ),
}


@pytest.mark.parametrize("keys, where, words", REFUSED.values(), ids=REFUSED)
def test_coefficients_that_cannot_be_are_refused_with_their_composition(keys, where, words):
    law = Onsager(TERNARY, **(sections(TERNARY) | keys))
    text = fault_of(lambda: law.check(INSIDE, np.array([T])), where)
    assert all(entry in text for entry in words), text


@pytest.mark.parametrize("L, missing", [([[1e-20, 0.0], [0.0, "1e-20*x_C*x_B"]], "A"), ("1e-20*x_B", "A")])
def test_coefficients_must_vanish_with_their_component(L, missing):
    mixture = TERNARY if isinstance(L, list) else BINARY
    law = Onsager(mixture, L=L, **sections(mixture))
    corners = np.eye(mixture.m + 1)[: mixture.m]
    text = fault_of(lambda: law.check(corners, np.array([T])), "law.L")
    assert f"where there is no {missing}" in text
    law.check(corners * 0.5 + 0.1, np.array([T]))


def test_a_temperature_is_needed():
    law = Onsager(BINARY, L="1e-17*x_A*x_B", **sections(BINARY))
    assert "needs a temperature" in fault_of(lambda: law.check(np.array([[0.5]]), np.array([np.nan])), "law")


def test_a_couple_of_onsager_is_the_couple_of_darken():
    from simulator.problem.domain import Domain
    from simulator.problem.initial import Step
    from simulator.problem.problem import Problem
    from simulator.problem.temperature import Temperature
    from simulator.solve.solve import solve

    parts = sections(BINARY, "regular")
    tracers = {name: D_OF[name] for name in "AB"}
    profiles = [
        solve(
            Problem(
                BINARY,
                law,
                Domain(interval=(-6e-4, 6e-4), cells=80),
                Step(0.0, {"B": 0.0}, {"B": 1.0}),
                temperature=Temperature(value=T),
                end=3.6e4,
            )
        ).mole_fraction
        for law in (
            Darken(BINARY, tracer=tracers, **parts),
            Onsager(BINARY, L=lattice_L(BINARY, 0.0, "constant"), frame="lattice", **parts),
        )
    ]
    # rtol = 1e-6 a step; D differs by 1e-7 within 1e-9 of the pure ends
    assert profiles[1] == pytest.approx(profiles[0], rel=0, abs=1e-6)

"""What is wrong with a problem of ions, in a sentence a person can act on."""

import numpy as np
import pytest
from electrolytes import REFERENCES, even, law_of, problem_of, some

from simulator.faults import Invalid
from simulator.problem.boundary import Boundary, Electrode, Exchange, Fixed, Periodic
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.solve.controls import Controls
from simulator.solve.solve import solve

SALT = {"Na": 100.0, "Cl": 100.0}
DOMAIN = Domain((0.0, 1e-4), 40, grading="walls")


def salt(start=None, boundary=None, domain=DOMAIN, ions=None, **more):
    return problem_of(ions or some("Na", "Cl"), domain, start or even(domain, SALT), boundary, **more)


def faults(problem) -> str:
    with pytest.raises(Invalid) as caught:
        problem.check()
    return str(caught.value)


def test_a_start_that_is_not_neutral_says_by_how_much():
    text = faults(salt(even(DOMAIN, {"Na": 100.0, "Cl": 90.0}), end=1.0))
    assert "initial: is not neutral: +10 mol/m^3 of charge" in text and "5.26 % of all" in text
    assert "Leave one ion out" in text
    text = faults(salt(boundary=Boundary(Fixed({"Na": 1.0, "Cl": 2.0})), end=1.0))
    assert "boundary.left.fixed: is not neutral: -1 mol/m^3" in text and "33.3 %" in text
    salt(even(DOMAIN, {"Na": 100.0}), end=1.0).check()  # the ion left out makes it neutral
    salt(even(DOMAIN, {"Na": 100.0, "Cl": 90.0}), end=1.0, fixed_charge=-10.0).check()


def test_what_makes_the_others_neutral_may_not_be_negative():
    text = faults(salt(even(DOMAIN, {"H": 5.0, "Na": 100.0}), ions=some("H", "Na", "K"), fixed_charge=-1.0, end=1.0))
    assert "K" in text and "not negative" in text


@pytest.mark.parametrize(("ions", "law", "says"), [
    ({"A": (0, 1e-9), "B": (0, 1e-9)}, {}, "electroneutral needs ions of both signs, these have z = 0, 0"),
    ({"A": (1, 1e-9), "B": (2, 1e-9)}, {}, "both signs, these have z = 1, 2"),
    ({"A": (0, 1e-9)}, {"closure": "poisson", "permittivity": 78.5}, "poisson needs a charge, and every z here is 0"),
    (some("Na", "Cl"), {"closure": "poisson"}, "poisson needs the relative permittivity, such as 78.5"),
    (some("Na", "Cl"), {"permittivity": 78.5}, "electroneutral takes no permittivity"),
    (some("Na", "Cl"), {"closure": "constant-field"}, 'constant-field needs the voltage between the ends'),
    (some("Na", "Cl"), {"closure": "constant-field", "voltage": 0.1, "fixed_charge": 1.0}, "does not know charges"),
    (some("Na", "Cl"), {"current": 1.0, "voltage": 0.1}, "law.voltage: current is given as well"),
    (some("Na", "Cl"), {"closure": "poisson", "permittivity": 80, "current": 1.0}, "electroneutral only"),
    (some("Na", "Cl"), {"closure": "goldman"}, "unknown choice 'goldman'"),
    (some("Na", "Cl"), {"closure": "possion"}, "poisson"),
    (some("Na", "Cl"), {"activity": "debye"}, "there is ideal, davies"),
    (some("Na", "Cl"), {"current": "10*x"}, "may depend on t, T, but depends on x"),
    (some("Na", "Cl"), {"voltage": "1 A/m^2"}, "voltage"),
])  # fmt: skip
def test_a_law_without_what_its_closure_needs(ions, law, says):
    with pytest.raises(Invalid) as caught:
        law_of(ions, **law)
    assert says in str(caught.value)


@pytest.mark.parametrize(("boundary", "law", "where", "says"), [
    (None, {"voltage": 0.1}, "boundary.left", "no voltage can be imposed; use electrode or fixed"),
    (Boundary(Fixed(SALT)), {"current": 1.0}, "boundary.right", "a closed end lets no current through"),
    (Boundary(Electrode("K"), Fixed(SALT)), {"current": 1.0}, "boundary.left.electrode", "K"),
    (Boundary(Electrode("Na"), Electrode("Cl")), {"voltage": 0.1}, "boundary.right.electrode", "of one ion"),
    (Boundary(Periodic(), Periodic()), {}, "boundary.left", "ions need ends"),
    (Boundary(Exchange(1e-6, SALT), Fixed(SALT)), {}, "boundary.left", "closed, fixed, flux or electrode"),
    (
        Boundary(Electrode("Na"), Fixed(SALT)),
        {"closure": "poisson", "permittivity": 78.5},
        "boundary.left.electrode",
        'needs closure = "electroneutral"',
    ),
    (Boundary(Fixed({"Na": -1.0, "Cl": -1.0})), {}, "boundary.left.fixed", "negative"),
    (Boundary(Fixed({"K": 1.0})), {}, "boundary.left.fixed", "K"),
])  # fmt: skip
def test_ends_that_ions_cannot_have(boundary, law, where, says):
    text = faults(salt(boundary=boundary, end=1.0, **law))
    assert where in text and says in text


def test_an_electrode_of_something_without_charge():
    ions = {**some("Na", "Cl"), "W": (0, 1e-9)}
    start = even(DOMAIN, {**SALT, "W": 1.0})
    text = faults(salt(start, Boundary(Electrode("W"), Fixed({**SALT, "W": 1.0})), ions=ions, current=1.0, end=1.0))
    assert "boundary.left.electrode: W has no charge and carries no current." in text


@pytest.mark.parametrize("geometry", ["cylindrical", "spherical"])
def test_only_planar_geometry(geometry):
    domain = Domain((1e-5, 1e-4), 40, geometry=geometry)
    text = faults(salt(domain=domain, end=1.0))
    assert "domain.geometry: ions need planar geometry" in text and geometry in text


def test_a_steady_current_above_the_limit_names_it():
    bulk, reference = SALT, REFERENCES["R10_limiting_current"]["value"]
    film = Boundary(Electrode("Na"), Fixed(bulk))
    text = faults(salt(boundary=film, current=-258.0))
    assert text == (
        "law.current: 258 A/m^2 is not below the limiting current, 257.42 A/m^2, at which Na runs out at the left end: "
        "there is no steady state. Lower it, or give an end time."
    )
    assert f"{reference['NaCl_film_A_m2']:.2f}" == "257.42"
    cell = Boundary(Electrode("Na"), Electrode("Na"))
    text = faults(salt(boundary=cell, current=515.0))
    assert f"{reference['NaCl_thin_cell_A_m2']:.2f} A/m^2, at which Na runs out at the right end" in text
    salt(boundary=film, current=-257.0).check()
    salt(boundary=film, current=258.0).check()
    salt(boundary=film, current=-258.0, end=1.0).check()  # for a while the salt lasts


def test_a_layer_of_charge_that_the_cells_do_not_see():
    """Water of 0.1 mol/L: a Debye length of 0.962 nm; at 0.2 V the layer at a wall is thinner by exp(-1.95)."""
    water = {"closure": "poisson", "permittivity": 78.5, "end": 1e-6}

    def slab(cells, grading, **more):
        domain = Domain((0.0, 1e-7), cells, grading=grading)
        return salt(even(domain, SALT), domain=domain, **water, **more)

    text = faults(slab(10, "uniform", voltage=0.2))
    assert "domain.cells: the cell at x = 0 m is 1e-08 m wide, and the Debye length there 9.62e-10 m" in text
    assert 'Use grading = "walls"' in text
    coarse = slab(200, "uniform", voltage=0.2)
    coarse.check()
    assert len(coarse.warnings()) == 2
    assert "5e-10 m wide and the layer of charge there 1.37e-10 m" in coarse.warnings()[0]
    fine = slab(200, "walls", voltage=0.2)
    fine.check()
    assert fine.warnings() == ()
    assert len(slab(200, "uniform", voltage=0.0).warnings()) == 2  # half of a Debye length is 0.48 nm
    assert slab(210, "uniform", voltage=0.0).warnings() == ()
    result = solve(coarse, Controls(rtol=1e-3))
    assert coarse.warnings()[0] in result.warnings


def test_concentrations_that_are_none():
    with_nan = Step(5e-5, {"Na": np.nan, "Cl": 1.0}, SALT)
    assert "initial" in faults(salt(with_nan, end=1.0))
    assert "negative" in faults(salt(even(DOMAIN, {"Na": -1.0}), end=1.0))
    nothing = salt(even(DOMAIN, {"Na": 0.0, "Cl": 0.0}), end=1.0)
    with pytest.raises(Invalid, match="no ions at all"):
        solve(nothing)


def test_a_diffusivity_that_is_none():
    for D, says in ((0.0, "positive"), (-1e-9, "positive"), ("1e-9*(x - 5e-5)/1e-4", "x = 0 m")):
        text = faults(salt(ions={"Na": (1, D), "Cl": (-1, 2e-9)}, end=1.0))
        assert "law.ions.Na.D" in text and says in text


def test_ions_need_a_temperature():
    problem = salt(end=1.0)
    object.__setattr__(problem, "temperature", None)
    assert "temperature" in faults(problem)


def test_a_sweep_needs_steady_states():
    text = faults(salt(boundary=Boundary(Fixed(SALT), Fixed(SALT)), voltage=0.0, sweep=(0.1,), end=1.0))
    assert "sweep_voltage" in text and "steady" in text

"""The forward model of mobilities, their parameters, and what the fit refuses."""

from dataclasses import replace

import numpy as np
import pytest
from mobility_couples import TERNARY, TERNARY_ENDS, couples

from inverse.methods.parametric_fit import METHOD, parametric_fit
from inverse.mobility.couple import MobilityCouple
from inverse.mobility.law import MatrixOfTracers
from inverse.mobility.tracers import LogTracers
from simulator.faults import Invalid
from simulator.laws.darken import Darken
from simulator.laws.mixture import Mixture
from simulator.laws.thermodynamics import Thermodynamics
from simulator.solve.exact.constant_matrix import matrix_profile

T = 1273.15


def test_derivatives_are_those_of_the_profile():
    """Difference quotients over 1e-4 are good to 1e-7; the derivatives are of the equations about a profile that is up
    to 1e-4 of the step off."""
    mixture = Mixture(("A", "B", "C"))
    matrix = MatrixOfTracers(mixture, Thermodynamics(mixture, **TERNARY.thermodynamics), "fcc")
    family = LogTracers(mixture, 2, np.array([0.3, 0.35]), np.array([0.2, 0.1]), 1273.15, True)
    rng = np.random.default_rng(2)
    p = np.concatenate([rng.uniform(-0.3, 0.3, 18), np.full(3, 20.0)])
    family.coefficients(p)[:, 0] += np.log(1e-14)
    q = np.linspace(-8.0, 8.0, 61) * np.sqrt(1e-14 * 3.6e5)
    model = MobilityCouple(matrix, family, q, 3.6e5, 1200.0, 0.0, np.array(TERNARY_ENDS[0]), True, 60)
    model.prepare(p)
    v = np.concatenate([p, model.start()])
    model(p, model.start())
    slopes = model(p, model.start())[1]
    for j in range(v.size):
        up, down = v.copy(), v.copy()
        up[j], down[j] = v[j] + 1e-4, v[j] - 1e-4
        quotient = (model(up[:21], up[21:])[0] - model(down[:21], down[21:])[0]) / 2e-4
        assert quotient == pytest.approx(slopes[:, :, j], abs=1e-4 * max(1.0, np.abs(quotient).max()))


def test_equal_tracers_of_an_ideal_solution_make_error_functions():
    """D is then D* times the unit matrix. Two grids of 80 and 160 cells, combined to fourth order, are 1e-5 off."""
    mixture = Mixture(("A", "B", "C"))
    family = LogTracers(mixture, 0, np.full(2, 0.3), np.full(2, 0.2))
    q = np.linspace(-8.0, 8.0, 101) * np.sqrt(1e-14 * 3.6e5)
    ends = np.array(TERNARY_ENDS[0])
    model = MobilityCouple(
        MatrixOfTracers(mixture, Thermodynamics(mixture)), family, q, 3.6e5, np.nan, 0.0, ends, False, 80
    )
    p = np.full(3, np.log(1e-14))
    model.prepare(p)
    exact = matrix_profile(q, 3.6e5, 1e-14 * np.eye(2), (0.0,), ends)
    assert model(p, model.start())[0] == pytest.approx(exact, abs=1e-5)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_plain_parameters_are_those_of_the_fractions_themselves(order, rng):
    mixture = Mixture(("A", "B", "C"))
    family = LogTracers(mixture, order, np.array([0.3, 0.4]), np.array([0.2, 0.1]), 1250.0, True)
    p, x = rng.standard_normal(family.size), rng.uniform(0.1, 0.5, (2, 7))
    law = Darken(mixture=mixture, tracer=family.expressions(p))
    found = law.coefficient("tracer_diffusivity", x, 1100.0)
    assert found == pytest.approx(np.exp(family.logarithms(p, x, 1100.0)), rel=1e-6, abs=0.0)
    assert len(family.names) == family.size == len(family.plain)


BAD = {
    "no temperature of one": (lambda a, b: (a, replace(b, temperature=None)), "temperature of every couple or of none"),
    "no temperature": (
        lambda a, b: tuple(replace(p, temperature=None) for p in (a, b)),
        "needs the temperature for the",
    ),
    "other components": (lambda a, b: (a, replace(b, components=("A", "X"))), "couples of the same components"),
    "other dependent": (lambda a, b: (a, replace(b, dependent="Z")), "couples of the same components"),
    "no time": (lambda a, b: (a, replace(b, time=None)), "time of the anneal"),
    "finite": (lambda a, b: (a, replace(b, semi_infinite=False)), "not a finite sample"),
    "film": (lambda a, b: (replace(a, start={"shape": "film"}), b), "began otherwise"),
    "other structure": (lambda a, b: (replace(a, structure="fcc"), replace(b, structure="bcc")), "the same structure"),
    "no such structure": (lambda a, b: (replace(a, structure="fc"),), "unknown structure 'fc'"),
    "spinodal": (
        lambda a, b: (replace(a, thermodynamics={"kind": "regular", "omega": {"A-B": 6e4}}),),
        "inside the spinodal",
    ),
    "nothing happens": (lambda a, b: (replace(a, fractions=0.3 + 0.0 * a.fractions),), "no component of this profile"),
    "no step": (
        lambda a, b: (replace(a, fractions=0.3 + 0.1 * np.exp(-((a.x / 5e-5) ** 2)) * np.ones((2, 1))),),
        "a step between two compositions",
    ),
    "isotope": (lambda a, b: (replace(a, tracer="B"),), "B is an isotope"),
    "two components": (lambda a, b: (a.only("A"),), "three components or more"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_profiles_get_a_sentence(name):
    change, sentence = BAD[name]
    profiles = change(*couples(TERNARY, TERNARY_ENDS))
    with pytest.raises(Invalid, match=sentence):
        parametric_fit(*profiles)
    assert METHOD.applies(*profiles) is not None


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ({"order": 3}, "order 0 to 2"),
        ({"quantity": "fluxes"}, "'matrix' or 'tracers'"),
        ({"starts": 0}, "one start at least"),
        ({"bootstrap": 3}, "20 drawn data sets"),
        ({"temperature": 900.0}, "couples of several temperatures"),
        ({"tracers": [("A", {"A": 0.3})]}, "expected .component, composition"),
        ({"tracers": [("A", {"A": 0.3, "B": 0.3}, T, -1.0, 0.1)]}, "are positive"),
    ],
    ids=str,
)
def test_bad_choices_get_a_sentence(option, sentence):
    with pytest.raises(Invalid, match=sentence):
        parametric_fit(*couples(TERNARY, TERNARY_ENDS), **option)

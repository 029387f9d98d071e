"""Paths of couples of n components: rows, fluxes and slopes beside closed forms; draws; what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from matrix_couples import D0, LENGTH, NAMES, QUATERNARY, QUINARY, TERNARY, TIME, body_diagonals, couple, points

from inverse import Profile, compare, method_of, profile_of
from inverse.multicomponent.path import path_of
from simulator.faults import Invalid
from simulator.laws.darken import Darken
from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.laws.molar_volume import MolarVolume
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.exact.constant_matrix import apply_function
from simulator.solve.solve import solve

ENDS = np.array([[0.38, 0.29], [0.25, 0.43]])
CASES = {
    "ternary": (TERNARY, ENDS),
    "quaternary": (QUATERNARY, body_diagonals(3, 0.1)[1]),
    "quinary": (QUINARY, body_diagonals(4, 0.1)[2]),
    "without a step": (TERNARY, np.array([[1 / 3, 1 / 3], [0.25, 0.45]])),
}


def exact_slope(D, ends, x):
    """dX/dx = (4 pi D t)^(-1/2) exp[-x^2 (4 D t)^-1] dX (m, k); the flux is -D times it."""

    def bell(z):
        return np.exp(-(x**2) / (4.0 * z * TIME)) / np.sqrt(4.0 * np.pi * z * TIME)

    return apply_function(bell, D, ends[:, 1] - ends[:, 0])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("plane", [0.0, 0.7 * LENGTH])
def test_exact_rows_give_exact_fluxes_and_slopes(name, plane):
    """20 points in 2 sqrt(D0 t) leave 1e-7 of the largest flux and gradient, wherever the plane lies between them."""
    D, ends = CASES[name]
    path = path_of(couple(D, ends, points(), plane=plane), "test")
    x = np.linspace(-3.0, 3.0, 61) * LENGTH
    slope = exact_slope(D, ends, x)
    assert path.clean and path.plane == pytest.approx(plane, abs=1e-8 * LENGTH)
    assert np.abs(path.slope(x + plane) - slope).max() < 1e-7 * np.abs(slope).max()
    assert np.abs(path.flux(x + plane) + D @ slope).max() < 1e-7 * np.abs(D @ slope).max()


def test_graded_points_do_as_well():
    x = np.sinh(np.linspace(-3.0, 3.0, 241)) / np.sinh(3.0) * 12.0 * LENGTH
    path = path_of(couple(TERNARY, ENDS, x), "test")
    at = np.linspace(-2.0, 2.0, 41) * LENGTH
    J = -TERNARY @ exact_slope(TERNARY, ENDS, at)
    assert np.abs(path.flux(at) - J).max() < 1e-6 * np.abs(J).max()


def test_noise_leaves_a_bulge_its_shape():
    """A component that goes up and down, with a noise of 1e-3 beside a step of 0.2: the flux is nowhere further off
    than 6 % of the largest, for half of the seeds than 3 %; the sum over a tail alone is uncertain by 1 %."""
    D, ends = CASES["without a step"]
    x = np.linspace(-3.0, 3.0, 61) * LENGTH
    J = -D @ exact_slope(D, ends, x)
    found = [
        np.abs(path_of(couple(D, ends, points(100, 8.0), 1e-3, seed), "test").flux(x) - J).max() / np.abs(J).max()
        for seed in range(7)
    ]
    assert max(found) < 0.06 and np.median(found) < 0.03


def test_draws_are_of_the_plane_and_the_ends_too():
    path = path_of(couple(TERNARY, ENDS, points(100, 8.0), 1e-3, 3), "test")
    drawn = list(path.draws())
    planes, ends = np.array([one.plane for one in drawn]), np.array([one.ends for one in drawn])
    assert abs(path.plane) < 4.0 * planes.std() and 0.0 < planes.std() < 0.2 * LENGTH
    assert (np.abs(path.ends - ENDS) < 4.0 * ends.std(axis=0)).all()
    assert path.noise == pytest.approx([1e-3, 1e-3], rel=0.25, abs=0.0)


def test_stated_uncertainties_are_used():
    """Four times the noise widens the draws of the plane three to five times."""
    profile = couple(TERNARY, ENDS, points(100, 8.0), 1e-4, 3)
    spread = []
    for sigma in (1e-3, 4e-3):
        path = path_of(replace(profile, sigma=np.full_like(profile.fractions, sigma)), "test")
        assert path.noise == pytest.approx([sigma, sigma], rel=1e-12, abs=0.0)
        spread.append(np.std([one.plane for one in path.draws()]))
    assert 3.0 < spread[1] / spread[0] < 5.0


def test_given_ends_continue_a_profile_that_is_cut():
    """A row that overshoots is continued by the fit, to 1 % of the largest flux: the missing tails hold some."""
    whole = points(100, 8.0)
    inside = whole[np.abs(whole) < 3.2 * LENGTH]
    known = {"left": ENDS[:, 0], "right": ENDS[:, 1]}
    at = np.array([0.0])
    J = -TERNARY @ exact_slope(TERNARY, ENDS, at)
    for sigma, limit in ((0.0, 1e-2), (3e-4, 2e-2)):
        path = path_of(replace(couple(TERNARY, ENDS, inside, sigma, 2), ends=known), "test")
        assert np.abs(path.flux(at) - J).max() < limit * np.abs(J).max()


VOLUMES = {
    "vegard": ("vegard", {"A": "7.0e-6 m^3/mol", "B": "8.5e-6 m^3/mol", "C": "10.0e-6 m^3/mol"}),
    "expression": ("expression", {"V_m": "9e-6 - 2e-6*x_A - 1e-6*x_B + 1.5e-6*x_A*x_B"}),
}


@pytest.mark.parametrize("kind", VOLUMES)
@pytest.mark.parametrize("law", ["fick", "darken"])
def test_fluxes_and_matrix_where_the_molar_volume_varies(kind, law):
    """J V_0 = -(V_0/V_m)^2 D dX/dq of a simulated couple that swells; its cells leave 1e-3."""
    mixture = Mixture(("A", "B", "C"), "C")
    volume = MolarVolume(mixture, *VOLUMES[kind])
    temperature = None
    if law == "fick":
        chosen = Fick(mixture, D=[[f"{value:g} m^2/s" for value in row] for row in TERNARY], molar_volume=volume)
    else:
        tracer = {"A": "1e-14 m^2/s", "B": "4e-15 m^2/s", "C": "6e-15 m^2/s"}
        chosen, temperature = Darken(mixture, tracer=tracer, molar_volume=volume), Temperature("1000 K")
    half = 9.0 * LENGTH
    start = Step(0.0, {"A": 0.2, "B": 0.45}, {"A": 0.5, "B": 0.25})
    given = {"temperature": temperature} if temperature is not None else {}
    problem = Problem(mixture, chosen, Domain((-half, half), 400), start, end=TIME, **given)
    result = solve(problem)
    profile = profile_of(result)
    path = path_of(profile, "test")
    assert path.volume is not None and np.abs(path.q - path.x).max() > 0.01 * LENGTH
    q = np.linspace(-2.0, 2.0, 41) * LENGTH + path.plane
    X = path.X(q)
    D = np.broadcast_to(problem.law.coefficient("interdiffusivity", X, problem.temperature_at(TIME)).T, (q.size, 2, 2))
    J = -np.einsum("kji,jk->ik", D, path.slope(q)) / path.stretch(X)
    assert np.abs(path.flux(q) - J).max() < 1e-3 * np.abs(J).max()
    assert compare(method_of("interdiffusion-fluxes")(profile), result).passed
    assert path.lab(path.q) == pytest.approx(path.x, abs=1e-9 * LENGTH)


def changed(**given):
    return replace(couple(TERNARY, ENDS, points()), **given)


def complete(scale=1.0):
    profile = couple(TERNARY, ENDS, points())
    rows = np.vstack([profile.fractions, 1.0 - profile.fractions.sum(axis=0)]) * scale
    return Profile(profile.x, NAMES[:3], rows, time=TIME)


REFUSED = {
    "sums": (lambda: complete(0.9), "sum to 0.9 to 0.9, not to 1: they are 0.1 off"),
    "no dependent": (lambda: changed(dependent=""), "three components or more.*Name the one without a column"),
    "one component": (
        lambda: Profile(points(), ("A",), couple(TERNARY, ENDS, points()).fractions[:1], time=TIME),
        "three components or more",
    ),
    "mistyped dependent": (
        lambda: replace(complete(), components=("Al", "Fe", "Ni"), component="Al", dependent="Nii"),
        "none is left for Nii.*Ni",
    ),
    "nothing left": (lambda: replace(complete(), dependent="Zr"), "none is left for Zr"),
    "no change": (lambda: changed(fractions=np.full((2, points().size), 0.3)), "no component of this profile changes"),
    "no time": (lambda: changed(time=None), "needs the time"),
    "moving ends": (lambda: couple(TERNARY, ENDS, points(60, 2.5)), "needs flat ends, but x_A still changes by"),
    "few points": (lambda: couple(TERNARY, ENDS, points(6, 16.0)), "at least 8 points"),
    "a film": (lambda: changed(start={"shape": "film"}), "began as a step"),
    "a sphere": (lambda: changed(geometry="spherical"), "planar couple"),
    "a bad volume": (lambda: changed(molar_volume={"kind": "vegard", "A": 1e-5}), "C is missing"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_told_in_a_sentence(name):
    profile, sentence = REFUSED[name]
    with pytest.raises(Invalid, match=sentence):
        path_of(profile(), "test")


def test_numbers_that_are_none_are_refused():
    x = points()
    rows = couple(TERNARY, ENDS, x).fractions.copy()
    rows[0, 3] = np.nan
    with pytest.raises(Invalid, match="finite"):
        Profile(x, NAMES[:2], rows, time=TIME, dependent="C")


def test_another_dependent_component_gives_the_same_plane_and_fluxes():
    first = path_of(complete(), "test")
    other = path_of(replace(complete(), dependent="A"), "test")
    x = np.linspace(-2.0, 2.0, 21) * LENGTH
    assert other.plane == pytest.approx(first.plane, abs=1e-7 * LENGTH)
    assert other.flux(x)[1] == pytest.approx(-first.flux(x).sum(axis=0), rel=1e-5, abs=1e-7 * D0 / LENGTH)


def test_an_isotope_is_no_component_of_its_own():
    x = points(100, 8.0)
    ends = np.array([[0.2, 0.6], [0.0, 0.01]])
    with pytest.raises(Invalid, match=r"isotope\. Use tracer-couple"):
        path_of(couple(TERNARY, ends, x, tracer="B", component="A"), "kirkaldy")

"""Profiles: what they refuse, and what they take from a result."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import erf

from inverse import Profile as SameProfile
from simulator.faults import Invalid
from simulator.laws.fick import Fick
from simulator.laws.mixture import Mixture
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.problem.temperature import Temperature
from simulator.solve.axis import point_values
from simulator.solve.controls import Controls
from simulator.solve.profile import Profile, profile_of
from simulator.solve.result import Result, Snapshot

X = np.linspace(0.0, 1e-3, 11)
Y = np.linspace(0.0, 1.0, 11)
HOUR = 3600.0


def test_a_profile_is_one_class_wherever_it_is_imported_from():
    assert SameProfile is Profile


def test_a_profile_knows_its_components():
    profile = Profile(X, ("Cu", "Ni"), [1 - Y, Y])
    assert profile.component == "Cu" and profile.binary
    assert profile.fraction("Ni") == pytest.approx(Y)
    alone = profile.only("Ni")
    assert alone.components == ("Ni",) and alone.component == "Ni" and alone.fraction("Ni") == pytest.approx(Y)
    with pytest.raises(Invalid, match=r"'Nix' is not one of Cu, Ni\. Did you mean Ni\?"):
        profile.fraction("Nix")


def test_two_components_of_three_are_no_binary():
    assert not Profile(X, ("Fe", "Ni"), [0.5 - 0.5 * Y, 0.2 * Y]).binary


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"x": X[::-1]}, "positions must increase"),
        ({"x": np.repeat(X[::2], 2)[:11]}, "positions must increase"),
        ({"fractions": np.where(Y > 0.5, np.nan, Y)}, "finite"),
        ({"fractions": [Y, Y]}, "shape"),
        ({"time": -1.0}, "time must be positive"),
        ({"sigma": 0 * Y}, "uncertainties must be positive"),
        ({"ends": {"left": [0.0, 1.0], "right": [1.0]}}, "expected 1 values at each end"),
        ({"component": "Ni"}, "'Ni' is not one of X"),
    ],
)
def test_what_is_no_profile_is_refused(given, words):
    with pytest.raises(Invalid, match=words):
        Profile(**({"x": X, "components": ("X",), "fractions": Y} | given))


@dataclass(frozen=True)
class Couple:
    """Constant D between 0.2 and 0.6: exact averages over cells."""

    D: float = 1e-14
    cells: int = 100

    def primitive(self, x, t):
        w = np.sqrt(4 * self.D * t)
        return 0.4 * x + 0.2 * (x * erf(x / w) + w / np.sqrt(np.pi) * np.exp(-((x / w) ** 2)))

    def result(self, times=(10 * HOUR, 100 * HOUR), temperature=None) -> Result:
        mixture = Mixture(("Cu", "Ni"), "Cu")
        half = 8 * np.sqrt(self.D * times[-1])
        problem = Problem(
            mixture,
            Fick(mixture, D=self.D),
            Domain((-half, half), self.cells),
            Step(0.0, {"Ni": 0.2}, {"Ni": 0.6}),
            temperature=temperature,
            end=times[-1],
            save=times,
        )
        grid = problem.grid
        snapshots = []
        for t in times:
            nickel = np.diff(self.primitive(grid.faces, t)) / np.diff(grid.faces)
            T = np.nan if temperature is None else temperature(t)
            snapshots.append(Snapshot(t, np.stack([1 - nickel, nickel]), np.zeros((2, grid.faces.size)), T, {}))
        return Result(problem, Controls(), grid, snapshots)


def test_a_profile_of_a_result_is_what_was_saved():
    result = Couple().result(temperature=Temperature(value=1273.15))
    profile = result.profile("100 h")
    assert profile.time == 100 * HOUR and profile.temperature == 1273.15
    assert profile.components == ("Cu", "Ni") and profile.component == "Ni" and profile.binary
    assert profile.fractions.sum(axis=0) == pytest.approx(1.0, abs=1e-15)
    assert profile.ends is None and profile.sigma is None
    assert profile_of(result).time == profile.time
    assert profile_of(result, 10 * HOUR * (1 + 1e-7)).time == 10 * HOUR
    assert Couple().result().profile().temperature is None


@pytest.mark.parametrize("time", [50 * HOUR, "11 h"])
def test_a_time_that_was_not_saved_is_answered_with_those_that_were(time):
    with pytest.raises(Invalid, match=r"nothing was saved at .*; the saved times are 36000, 360000 s"):
        Couple().result().profile(time)


def test_point_values_are_of_fourth_order():
    errors = []
    for cells in (100, 200):
        couple = Couple(cells=cells)
        profile = couple.result().profile()
        exact = 0.4 + 0.2 * erf(profile.x / np.sqrt(4 * couple.D * profile.time))
        errors.append(np.abs(profile.fraction("Ni") - exact).max())
    # the grid is graded smoothly, so that halving it divides the error by 2^4
    assert errors[0] / errors[1] == pytest.approx(16.0, rel=0.15)


def test_point_values_of_an_unresolved_step_keep_their_order():
    faces = np.linspace(0.0, 1.0, 9)
    averages = np.array([[0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]])
    assert np.array_equal(point_values(averages, faces), averages)
    rng = np.random.default_rng(3)
    rising = np.sort(rng.random((3, 40)) ** 8, axis=1)
    values = point_values(rising, np.cumsum(rng.random(41) + 0.5))
    assert np.all(np.diff(values, axis=1) >= 0) and np.all((values >= 0) & (values <= 1))

"""Profiles of couples whose molar volume varies: Wagner is exact, the others are off by known amounts and say so."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from similar_couples import (
    BINARY,
    LIMITS,
    VOLUMES,
    exact_couple,
    exponential,
    two_phase_couple,
    two_phase_diffusivity,
    two_phases,
    volume_law,
)

from inverse.couple import couple_of
from inverse.methods import boltzmann_matano, den_broeder, sauer_freise, wagner
from inverse.methods.den_broeder import from_concentration
from inverse.planes import contact_plane, swelling
from simulator.faults import Invalid
from simulator.files.case import load
from simulator.laws.fick import Fick
from simulator.problem.domain import Domain
from simulator.problem.initial import Step
from simulator.problem.problem import Problem
from simulator.solve.controls import Controls
from simulator.solve.profile import profile_of
from simulator.solve.solve import solve

WAGNER, BROEDER = wagner.METHOD, den_broeder.METHOD
FREISE, MATANO = sauer_freise.METHOD, boltzmann_matano.METHOD


def errors(estimate, D=exponential):
    return estimate.value / D(estimate.composition) - 1.0


def worst(values) -> float:
    """The largest in size, with its sign."""
    return float(values[np.argmax(np.abs(values))])


@pytest.mark.parametrize("ends", [(0.0, 1.0), (0.2, 0.8), (0.9, 0.1)], ids=str)
@pytest.mark.parametrize("volume", VOLUMES)
def test_wagner_is_exact_for_any_molar_volume(volume, ends):
    estimate = WAGNER(exact_couple(volume, *ends))
    # the profile is known to 1e-11, and the smallest gradient of the window is some 1e-3 of the largest
    assert np.abs(errors(estimate)).max() < 1e-6
    assert estimate.composition.size > 150
    assert not estimate.warnings


@pytest.mark.parametrize("volume", ["constant", "vegard"])
def test_den_broeder_is_exact_for_a_linear_volume_from_both_components(volume):
    profile = exact_couple(volume)
    estimate = BROEDER(profile)
    assert np.abs(errors(estimate)).max() < 1e-6
    assert estimate.diagnostics["disagreement"] < 1e-9
    assert not estimate.warnings


# The printed figures are the largest errors over 0.02 < Y < 0.98 for D = exp(2 N), to two digits.
@pytest.mark.parametrize(
    ("volume", "ends", "own", "other"),
    [
        ("expands", (0.0, 1.0), 0.028, 0.025),
        ("contracts", (0.0, 1.0), -0.15, -0.17),
        ("contracts", (0.2, 0.8), -0.060, -0.071),
    ],
)
def test_den_broeder_is_off_where_the_volume_is_not_linear_and_says_so(volume, ends, own, other):
    estimate = BROEDER(exact_couple(volume, *ends))
    digit = 0.0005 if abs(own) < 0.1 else 0.005
    assert worst(errors(estimate)) == pytest.approx(own, abs=digit)
    couple = couple_of(exact_couple(volume, *ends), "test")
    x = couple.position(np.linspace(0.02, 0.98, 193) * (ends[1] - ends[0]) + ends[0])
    from_other = from_concentration(couple, x, couple.volume.other)
    assert worst(from_other / exponential(couple.N(x)) - 1.0) == pytest.approx(other, abs=digit)
    assert estimate.diagnostics["disagreement"] > 0.005
    assert any("not linear" in sentence and "wagner" in sentence for sentence in estimate.warnings)


@pytest.mark.parametrize(
    ("volume", "off", "digit"), [("vegard", -0.156, 5e-4), ("expands", -0.084, 5e-4), ("contracts", -0.20, 5e-3)]
)
@pytest.mark.parametrize("method", [FREISE, MATANO], ids=str)
def test_mole_fractions_alone_are_off_where_the_volume_varies(method, volume, off, digit):
    estimate = method(exact_couple(volume))
    assert worst(errors(estimate)) == pytest.approx(off, abs=digit)
    assert any("molar volume" in sentence and "wagner" in sentence for sentence in estimate.warnings)


@pytest.mark.parametrize("volume", ["expands", "contracts"])
def test_den_broeder_is_boltzmann_matano_of_the_concentration(volume):
    """[(1 - Y) L + Y R] is the integral about that profile's own plane; and its error is a drift of the frame,

        D_dB - D = (Y_C v+ C+ - v C)/(dC/dx),   v+ = S/(2 t),

    v the velocity of the volume-fixed frame from the left end at rest."""
    profile = exact_couple(volume)
    couple = couple_of(profile, "test")
    N = np.linspace(0.05, 0.95, 19)
    x = couple.position(N)
    D = from_concentration(couple, x, "B")
    V, (other, own) = couple.volume(N), couple.volume.partial(N)
    C, C_far = N / V, 1.0 / float(couple.volume(1.0))
    gradient = other / V**2 * couple.dN(x)
    # about the true plane both lab fluxes follow from the concentrations: J_i = int (x - x_0) dC_i/(2 t) from the left
    fine = np.linspace(couple.curve.span[0], couple.curve.span[-1], 400001)
    n = couple.N(fine)
    place = fine - contact_plane(couple)
    flux = {}
    for name, share in (("A", (1.0 - n) / couple.volume(n)), ("B", n / couple.volume(n))):
        steps = 0.5 * (place[1:] + place[:-1]) * np.diff(share)
        flux[name] = np.interp(x, fine, np.concatenate([[0.0], np.cumsum(steps)])) / 2.0
    v = other * flux["A"] + own * flux["B"]
    drift = (C / C_far * swelling(couple) / 2.0 * C_far - v * C) / gradient
    # the trapezoidal sums on 400000 steps over some 30 widths
    assert D - exponential(N) == pytest.approx(drift, abs=1e-6)


def test_the_kinds_of_molar_volume_say_the_same():
    profile = exact_couple("vegard")
    value = WAGNER(profile).value
    for table in (
        {"kind": "vegard", "A": 1.0, "B": 0.6},
        {"kind": "vegard", "A": "1e6 cm^3/mol", "B": 0.6},
        {"kind": "expression", "V_m": "0.6 + 0.4*x_A"},
    ):
        assert WAGNER(replace(profile, molar_volume=table)).value == pytest.approx(value, rel=1e-12)
    # a column of the other component names it, whichever of the two is analysed
    N = profile.fractions[0]
    both = replace(profile, components=("A", "B"), fractions=[1.0 - N, N], ends=None, component="A")
    assert WAGNER(both).value[::-1] == pytest.approx(exponential(1.0 - WAGNER(both).composition[::-1]), rel=1e-6)


def test_a_volume_in_other_units_changes_nothing():
    profile = exact_couple("contracts")
    scaled = replace(profile, molar_volume={"kind": "expression", "V_m": f"7e-6*({VOLUMES['contracts']})"})
    assert WAGNER(scaled).value == pytest.approx(WAGNER(profile).value, rel=1e-12)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"kind": "vegard"}, "needs the values of the molar volume"),
        ({"kind": "vegard", "A": 1.0}, "B is missing"),
        ({"kind": "expression", "V_m": "1 - 2*x_B"}, "must be positive"),
        ({"kind": "expression", "V_m": "1 + T"}, "depends on T"),
        ({"kind": "vergard", "A": 1.0, "B": 2.0}, "unknown kind 'vergard'"),
    ],
)
@pytest.mark.parametrize("method", [WAGNER, BROEDER], ids=str)
def test_a_volume_that_cannot_be_is_refused(method, table, words):
    profile = replace(exact_couple("vegard", points=201), molar_volume=table)
    assert words in method.applies(profile)
    with pytest.raises(Invalid, match=words):
        method(profile)


@pytest.mark.parametrize("volume", ["vegard", "contracts"])
def test_noise_is_covered_by_the_standard_deviation(volume):
    levels, inside = np.linspace(0.1, 0.9, 9), []
    for seed in range(10):
        estimate = WAGNER(exact_couple(volume, points=120, noise=2e-3, seed=seed, cut=1e-5))
        value, sd = (np.interp(levels, estimate.composition, row) for row in (estimate.value, estimate.sd))
        inside.append(np.abs(value - exponential(levels)) < 1.96 * sd)
    # 95 % expected; 10 couples with some 4 independent levels each leave a scatter of 4 %
    assert np.mean(inside) > 0.85


def test_noise_does_not_make_den_broeder_warn_of_a_linear_volume():
    estimate = BROEDER(exact_couple("vegard", points=120, noise=3e-3, cut=1e-5))
    assert estimate.sd is not None and np.isfinite(estimate.sd).all()
    assert not estimate.warnings


@pytest.mark.parametrize("cut", [1e-2, 1e-3, 1e-4])
def test_a_cut_profile_is_worse_than_one_with_known_ends(cut):
    """Ends taken from the last points of a cut profile err by -25, -3 and -0.4 % at Y = 0.05; known ends mend it."""
    whole = exact_couple("contracts", points=401)
    kept = whole.fractions[0] > cut
    cut_off = replace(whole, x=whole.x[kept], fractions=whole.fractions[:, kept])
    last = replace(cut_off, ends={"left": [float(cut_off.fractions[0, 0])], "right": [1.0]})

    def error(profile):
        estimate = WAGNER(profile)
        return abs(np.interp(0.05, estimate.composition, errors(estimate)))

    # of the size of the trials' figures for another volume: within a factor of two
    size = {1e-2: 0.25, 1e-3: 0.03, 1e-4: 0.004}[cut]
    assert 0.5 * size < error(last) < 2.0 * size
    assert error(cut_off) < error(last) / 10.0


@pytest.mark.parametrize(("volume", "methods"), [("contracts", [WAGNER]), ("vegard", [WAGNER, BROEDER])])
def test_simulated_couples_with_200_points_in_the_zone(volume, methods):
    law = Fick(BINARY, D="exp(2*x_B)", molar_volume=volume_law(volume))
    # 8 diffusion lengths on either side
    problem = Problem(
        BINARY, law, Domain(interval=(-25.0, 25.0), cells=380), Step(0.0, {"B": 0.0}, {"B": 1.0}), end=1.0
    )
    profile = profile_of(solve(problem, Controls(rtol=1e-7)))
    N = profile.fraction("B")
    assert 150 < np.sum((N > 0.02) & (N < 0.98)) < 230
    for method in methods:
        estimate = method(profile)
        assert np.abs(errors(estimate)).max() < 2e-3
        # where the markers at the step began
        assert estimate.diagnostics["contact_plane"] == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("method", [WAGNER, MATANO], ids=str)
def test_a_simulated_two_phase_couple(method):
    case = load(Path(__file__).parents[1] / "cases" / "two-phase.toml")
    result = solve(case.problem, case.controls)
    estimate = method(profile_of(result))
    phases = [phase.D.program for phase in case.problem.law.phases]
    N = estimate.composition
    truth = np.where(np.asarray(N) < 0.4, phases[0](N[None])[0], phases[1](N[None])[0])
    assert np.abs(estimate.value / truth - 1.0).max() < 1e-4
    assert estimate.diagnostics["interfaces"] == pytest.approx([-19.221376e-6], rel=1e-5, abs=0.0)
    assert not estimate.warnings


@pytest.mark.parametrize("method", [WAGNER, FREISE, MATANO, BROEDER], ids=str)
@pytest.mark.parametrize(("points", "tolerance"), [(400, 1e-7), (200, 1e-6)])
def test_two_phases_beside_a_jump(method, points, tolerance):
    estimate = method(two_phase_couple(points, beside=1e-9))
    assert np.abs(errors(estimate, two_phase_diffusivity)).max() < tolerance
    # nothing is found within the jump
    assert not np.any((estimate.composition > LIMITS[0]) & (estimate.composition < LIMITS[1]))
    assert estimate.composition.min() < 0.03 and estimate.composition.max() > 0.97
    assert not estimate.warnings


def test_an_interface_that_is_known_is_used():
    profile = two_phase_couple(400, interfaces=(two_phases().interface,))
    # each phase is carried on to the interface over up to one spacing
    assert np.abs(errors(WAGNER(profile), two_phase_diffusivity)).max() < 2e-6


def test_an_interface_that_is_found_lies_between_two_points_and_is_spoken_of():
    profile = two_phase_couple(400)
    estimate = WAGNER(profile)
    (place,) = estimate.diagnostics["interfaces"]
    spacing = profile.x[1] - profile.x[0]
    assert abs(place - two_phases().interface) < 0.5 * spacing
    assert any("jumps between" in sentence for sentence in estimate.warnings)
    # half a spacing of 0.07 beside a zone of some 10
    assert np.abs(errors(estimate, two_phase_diffusivity)).max() < 0.02


@pytest.mark.parametrize("smoother", ["probit", "spline", "whittaker"])
def test_two_noisy_phases(smoother):
    profile = two_phase_couple(150, noise=1e-3, seed=1, interfaces=(two_phases().interface,))
    estimate = WAGNER.analyse(profile, window=(0.05, 0.95), smoother=smoother)
    error = np.abs(errors(estimate, two_phase_diffusivity))
    assert np.median(error) < (0.01 if smoother == "probit" else 0.08)
    assert np.isfinite(estimate.sd).all()

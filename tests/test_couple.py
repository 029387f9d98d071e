"""The couple behind a profile: its curve, integrals and planes, its interfaces, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import erfc
from similar_couples import VOLUMES, exact_couple, similar, two_phase_couple, two_phases, volume_law

from inverse import Profile
from inverse.couple import couple_of
from inverse.curves.interfaces import steps_that_jump
from inverse.ends import check
from inverse.planes import (
    common_plane,
    concentration_planes,
    contact_from_planes,
    contact_plane,
    end_concentrations,
    swelling,
)
from inverse.volume import other_of, volume_of
from simulator.faults import Invalid

# Swellings of a couple of D = exp(2 N), t = 1, computed apart from this code.
SWELLINGS = {"contracts": -0.5849965, "expands": 0.0953928, "vegard": 0.0, "constant": 0.0}


@pytest.mark.parametrize("volume", VOLUMES)
def test_curve_and_integrals_are_those_of_the_exact_profile(volume):
    couple = couple_of(exact_couple(volume), "test")
    exact, V = similar(volume), volume_law(volume)
    n = np.array([-2.0, -0.5, 0.3, 1.4])
    x = couple.position(exact.values(n)[0])
    assert couple.N(x) == pytest.approx(exact.values(n)[0], abs=1e-12)
    assert couple.dN(x) == pytest.approx(
        exact.conduction(n)[0] / np.exp(2 * couple.N(x)) * V(couple.N(x)[None]), rel=1e-7
    )
    assert couple.V(x) == pytest.approx(V(couple.N(x)[None]), rel=1e-14)
    # dx/V_m is dn: P and Q are integrals over the mole coordinate
    for place, at in zip(x, n, strict=True):
        below, _ = quad(lambda s: exact.values(s)[0, 0], -30.0, at, epsabs=1e-11, limit=400)
        above, _ = quad(lambda s: 1.0 - exact.values(s)[0, 0], at, 60.0, epsabs=1e-11, limit=400)
        assert couple.P(place)[0] == pytest.approx(below, abs=1e-8)
        assert couple.Q(place)[0] == pytest.approx(above, abs=1e-8)
    assert couple.ends == (0.0, 1.0) and couple.step == 1.0 and couple.time == 1.0
    assert not list(couple.draws()) and not couple.warnings


@pytest.mark.parametrize("volume", VOLUMES)
def test_integrals_go_on_beyond_the_data(volume):
    couple = couple_of(exact_couple(volume), "test")
    a, b = couple.x[[0, -1]]  # where Y is 1e-8 and less
    last, first = float(couple.volume(1.0)), float(couple.volume(0.0))
    assert np.diff(couple.P(b + np.array([1.0, 3.0]))) == pytest.approx(2.0 / last, abs=1e-8)
    assert np.diff(couple.Q(a - np.array([1.0, 3.0]))) == pytest.approx(2.0 / first, abs=1e-8)
    assert couple.P([a - 3.0]) == pytest.approx(0.0, abs=1e-8) and couple.Q([b + 3.0]) == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("ends", [(0.0, 1.0), (0.2, 0.8), (0.9, 0.1)], ids=str)
@pytest.mark.parametrize("volume", VOLUMES)
def test_the_contact_plane_is_found_for_any_volume(volume, ends):
    couple = couple_of(exact_couple(volume, *ends), "test")
    S, planes, concentrations = swelling(couple), concentration_planes(couple), end_concentrations(couple)
    # the profile's contact plane is at 0; its width is some 10
    assert contact_plane(couple) == pytest.approx(0.0, abs=1e-8)
    assert couple.plane == contact_plane(couple)
    if ends == (0.0, 1.0):
        assert pytest.approx(SWELLINGS[volume], abs=1e-7) == S
    for name, plane in planes.items():
        low, high = concentrations[name]
        assert plane == pytest.approx(S * high / (high - low), abs=1e-8)
    # both from the two planes alone, where they do not coincide
    if VOLUMES[volume].count("x_B") > 1:
        assert contact_from_planes(planes, concentrations) == pytest.approx((0.0, S), abs=1e-7)


def test_planes_differ_by_the_swelling_for_pure_ends_only():
    couple = couple_of(exact_couple("contracts", 0.2, 0.8), "test")
    planes = concentration_planes(couple)
    # to the three printed digits
    assert planes["B"] - planes[couple.volume.other] == pytest.approx(-0.352, abs=5e-4)
    assert swelling(couple) == pytest.approx(-0.201, abs=5e-4)


def test_coinciding_planes_are_the_contact_plane():
    assert contact_from_planes({"A": 3e-6, "B": 3e-6}, {"A": (2.0, 1.0), "B": (0.0, 5.0)}) == (3e-6, 0.0)


def test_one_plane_for_all_components():
    """Three components about one contact plane, one of them with equal ends: it has no weight and spoils nothing."""
    x = np.linspace(-8.0, 9.0, 341)
    step = 0.5 * erfc(-(x - 0.4))
    hump = 0.05 * (x - 0.4) * np.exp(-((x - 0.4) ** 2))
    parts = [0.1 + 0.5 * step, 0.3 + hump, 0.6 - 0.5 * step - hump]
    profile = Profile(x=x, components=("A", "B", "C"), fractions=parts, time=1.0)
    assert common_plane(profile) == pytest.approx(0.4, abs=1e-6)
    # with unequal steps, the mean of both planes weighted by the squares of the steps
    other = 0.5 * erfc(-(x - 1.0))
    uneven = Profile(x=x, components=("A", "B"), fractions=[0.1 + 0.5 * step, 0.2 + 0.25 * other], time=1.0)
    assert common_plane(uneven) == pytest.approx((0.25 * 0.4 + 0.0625 * 1.0) / 0.3125, abs=1e-6)


def test_draws_are_couples_of_the_same_profile():
    couple = couple_of(exact_couple("contracts", points=120, noise=2e-3, cut=1e-5), "test")
    planes = [drawn.plane for drawn in couple.draws()]
    assert len(planes) > 30 and couple.noise == pytest.approx(2e-3, rel=0.3)
    assert np.std(planes) > 0 and abs(np.mean(planes) - couple.plane) < np.std(planes)


def test_integrals_run_across_a_jump_and_gradients_do_not():
    profile = two_phase_couple(400, beside=1e-9)
    couple, exact = couple_of(profile, "test"), two_phases()
    s = exact.interface
    for at in (s - 1.0, s - 1e-3, s + 1e-3, s + 2.0):
        below, _ = quad(lambda v: exact.values(np.array([v]))[0], -40.0, at, points=[s] if at > s else None, limit=400)
        assert couple.P(at)[0] == pytest.approx(below, abs=1e-7)
    # one side each: q = D N'
    brink = np.array([s - 1e-6, s + 1e-6])
    u, q = exact.at(brink)
    assert couple.dN(brink) == pytest.approx(q / np.array([np.exp(4 * u[0]), 3 * np.exp(-u[1])]), rel=1e-5)
    assert couple.curve.branches[0][1] == pytest.approx(0.2, abs=1e-6)
    assert couple.curve.branches[1][0] == pytest.approx(0.6, abs=1e-6)
    assert np.isnan(couple.position([0.4])).all()


def test_a_layer_between_two_jumps_carries_the_integrals():
    """Of one composition, or of few points: no diffusivity is found in it, and none outside is spoilt."""
    x = np.linspace(-6.0, 8.0, 281)
    y = np.where(x < 0.0, 0.1 * erfc(-x / 2.0), np.where(x < 1.0, 0.5, 1.0 - 0.2 * erfc((x - 1.0) / 2.0)))
    known = {"ends": {"left": [0.0], "right": [1.0]}, "interfaces": (-1e-9, 1.0 - 1e-9)}
    couple = couple_of(Profile(x=x, components=("B",), fractions=y, time=1.0, **known), "test")
    assert np.diff(couple.P([0.0, 1.0 - 1e-9])) == pytest.approx(0.5, abs=1e-7)
    assert len(couple.curve.branches) == 2
    assert couple.P([0.0]) == pytest.approx(0.2 / np.sqrt(np.pi), abs=1e-6)


@pytest.mark.parametrize("noise", [0.0, 1e-3, 5e-3])
def test_only_jumps_are_taken_for_jumps(noise):
    rng = np.random.default_rng(3)
    x = np.linspace(-14.0, 14.0, 300)
    for width in (0.3, 0.15):  # of a front with 3 points, and with 2
        smooth = 0.5 * erfc(-x / np.where(x < 0.0, width, 6.0)) + noise * rng.standard_normal(x.size)
        assert not steps_that_jump(x, smooth).size
    jump = two_phases().values(x) + noise * rng.standard_normal(x.size)
    (k,) = steps_that_jump(x, jump)
    assert x[k] < two_phases().interface < x[k + 1]


@pytest.mark.parametrize(
    ("components", "table", "other"),
    [
        (("A", "B"), None, "A"),
        (("B",), {"kind": "vegard", "Cu": 7e-6, "B": 6e-6}, "Cu"),
        (("B",), {"kind": "expression", "V_m": "7e-6*x_Cu + 6e-6*x_B"}, "Cu"),
        (("B",), {"kind": "constant", "V_m": 7e-6}, "Balance"),
        (("Balance",), None, "Rest"),
    ],
)
def test_the_component_without_a_column_gets_a_name(components, table, other):
    y = np.linspace(0.0, 1.0, 9)
    profile = Profile(
        x=y,
        components=components,
        fractions=[1.0 - y, y][-len(components) :],
        component=components[-1],
        molar_volume=table,
    )
    assert other_of(profile) == other
    volume = volume_of(profile)
    assert volume.other == other and volume.linear
    known = table is not None
    assert volume.known == known and (float(volume(0.5)) < 1e-4) == known


def test_partial_volumes_add_up():
    volume = volume_of(exact_couple("contracts"))
    N = np.linspace(0.0, 1.0, 11)
    other, own = volume.partial(N)
    assert (1.0 - N) * other + N * own == pytest.approx(volume(N), rel=1e-14)
    assert volume.slope(N) == pytest.approx((volume(N + 1e-6) - volume(N - 1e-6)) / 2e-6, rel=1e-8)
    assert volume.varies and not volume.linear


def test_what_is_no_couple_is_refused_with_a_reason_and_an_alternative():
    good = exact_couple(points=201)
    x, y = good.x, good.fractions[0]
    refused = {
        "began as a step; this one was a film. Use forward-fit": {
            "start": {"shape": "film", "at": 0.0, "thickness": 1.0}
        },
        "was not a step. Use forward-fit": {"start": {"shape": "other"}},
        "said to be finite. Use forward-fit": {"semi_infinite": False},
        "time of the anneal": {"time": None},
        "needs flat ends.*forward-fit": {"x": x[:120], "fractions": y[None, :120], "ends": None},
        "stays at 0.5": {"fractions": (y - np.clip(y - 0.5, -0.2, 0.2))[None], "ends": None},
        "at least 8 points": {"x": x[::40], "fractions": y[None, ::40]},
        "outside the profile": {"interfaces": (99.0,)},
        "a point between two interfaces": {"interfaces": (0.001, 0.002)},
    }
    for words, changes in refused.items():
        with pytest.raises(Invalid, match=words):
            check(replace(good, **changes), "test")
    # what was a step is not refused
    assert check(replace(good, start={"shape": "step", "at": 0.0}, semi_infinite=True), "test").given


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"fractions": [[0.0, np.nan, 1.0]]}, "finite"),
        ({"x": [0.0, 1.0, 1.0]}, "positions must increase"),
        ({"sigma": [[0.1, -0.1, 0.1]]}, "uncertainties must be positive"),
        ({"time": -1.0}, "time must be positive"),
    ],
)
def test_what_is_no_profile_is_refused(changes, words):
    given = {"x": [0.0, 1.0, 2.0], "components": ("B",), "fractions": [[0.0, 0.5, 1.0]], "time": 1.0}
    with pytest.raises(Invalid, match=words):
        Profile(**{**given, **changes})


def test_an_unknown_smoother_is_named_with_the_nearest():
    with pytest.raises(Invalid, match=r"no smoother 'wittaker'.*Did you mean whittaker\?"):
        couple_of(exact_couple(points=201), "test", "wittaker")


@pytest.mark.parametrize("noise", [0.0, 1e-3])
def test_an_end_without_a_solubility_range_is_flat_to_the_interface(noise):
    """Nothing dissolves in the left phase: no gradient there, and no moles, whatever the noise of its points."""
    x = np.linspace(-40.0, 9.0, 491)
    y = np.where(x < 0.0, 0.0, 1.0 - 0.6 * erfc(x / 2.0)) + noise * np.random.default_rng(0).standard_normal(x.size)
    known = {"ends": {"left": [0.0], "right": [1.0]}, "interfaces": (-1e-9,)}
    couple = couple_of(Profile(x=x, components=("B",), fractions=y, time=1.0, **known), "test")
    assert couple.P([0.0]) == pytest.approx(0.0, abs=1e-8)
    assert len(couple.curve.branches) == 1
    # int_0^inf 0.6 erfc(x/2) dx; with noise the mean of some 30 points in the zone
    assert couple.Q([0.0]) == pytest.approx(1.2 / np.sqrt(np.pi), abs=1e-6 + 1.0 * noise)


@pytest.mark.parametrize(("step", "jumps"), [(0.18, 0), (0.30, 1)])
def test_a_jump_is_eight_times_as_steep_as_what_is_around_it(step, jumps):
    steps = np.array([0.01, 0.02, 0.03, 0.03, 0.03, step, 0.03, 0.03, 0.03, 0.02, 0.01])
    Y = np.concatenate([[0.0], np.cumsum(steps / steps.sum())])
    assert steps_that_jump(np.arange(12.0), Y).size == jumps

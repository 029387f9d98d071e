"""A measured couple, Ti-Zr at 1000 degC, by five methods; and profiles that are cut short and noisy, as it is."""

from dataclasses import replace
from functools import lru_cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from similar_couples import exact_couple, exponential

from inverse import METHODS
from simulator.faults import Invalid
from simulator.files.measured import read_profile

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "TiZr_1000C_100h_measured.csv"
measured = pytest.mark.skipif(not SHARED.exists(), reason="the measured Ti-Zr profile is not beside the checkout")
FIVE = ("boltzmann-matano", "sauer-freise", "wagner", "extended-hall", "forward-fit")
LEVELS = np.linspace(0.1, 0.9, 33)


def titanium_zirconium(ends=(0, 1), **changes):
    profile = read_profile(SHARED, x_column="dis [um]", ends=ends, time="100 h", temperature="1000 degC")
    return replace(profile, **changes)


@lru_cache
def estimate_by(name):
    # Wagner's formula is given what it is for: a molar volume, here the same for all compositions
    volume = {"molar_volume": {"kind": "constant", "V_m": "1.2e-5"}} if name == "wagner" else {}
    return METHODS[name](titanium_zirconium(**volume))


def at_levels(estimate):
    return tuple(np.interp(LEVELS, estimate.composition, row) for row in (estimate.value, estimate.sd))


@measured
@pytest.mark.parametrize("name", FIVE)
def test_each_method_knows_its_uncertainty_and_doubts_the_ends(name):
    estimate = estimate_by(name)
    value, sd = at_levels(estimate)
    # the ends of this couple move; five hundred microns of it are within 1 % of an end value
    assert any(
        "still changes by" in sentence and "continued towards them" in sentence for sentence in estimate.warnings
    )
    assert estimate.window[0] <= 0.021 and estimate.window[1] >= 0.979
    assert 0.0 < np.median(sd / value) <= 0.15
    # scatter about a smooth curve, in a mole fraction
    assert 3e-4 < estimate.diagnostics["residual_rms"] < 1.3e-3
    # it falls by a factor of more than three from one end to the other, without a peak or a valley
    assert 3.0 < value[0] / value[-1] < 4.0 and (np.diff(value) < 0.0).all()


@measured
def test_five_methods_agree_within_their_uncertainties():
    """Differences in units of their standard deviation."""
    found = []
    for one, other in combinations(FIVE, 2):
        (a, sd_a), (b, sd_b) = at_levels(estimate_by(one)), at_levels(estimate_by(other))
        found.append(np.abs(a - b) / np.hypot(sd_a, sd_b))
    assert np.max(found) <= 2.0
    assert np.median(found, axis=1).max() < 1.0


@measured
def test_the_measured_diffusivity_is_that_of_another_analysis():
    """By repeated simulation 4.92, 3.45 and 1.04 1e-13 m^2/s at X = 0.02, 0.5 and 0.98 (Chen, Zhang & Zhao (2019), J.
    Open Research Software 7, 13), of unknown uncertainty: 8 % at the ends and 3 % in the middle."""
    for name in FIVE:
        estimate = estimate_by(name)
        value = np.interp([0.021, 0.5, 0.979], estimate.composition, estimate.value)
        assert np.all(np.abs(value / [4.92e-13, 3.45e-13, 1.04e-13] - 1.0) < [0.08, 0.03, 0.08])


@measured
def test_a_measured_profile_with_moving_ends_is_refused_unless_they_are_given():
    for name in ("boltzmann-matano", "sauer-freise", "wagner", "extended-hall"):
        with pytest.raises(Invalid, match=r"needs flat ends.*or give the known end values"):
            METHODS[name](titanium_zirconium(ends=None))


def cut(profile, share):
    """What is left of a profile between this share of the step and as much of the rest."""
    Y = exact_couple(points=401).fractions[0]
    kept = (share < Y) & (1.0 - share > Y)
    return replace(profile, x=profile.x[kept], fractions=profile.fractions[:, kept])


@pytest.mark.parametrize("method", ["sauer-freise", "wagner", "boltzmann-matano"])
@pytest.mark.parametrize(("share", "size"), [(1e-2, 0.25), (1e-3, 0.03), (1e-4, 0.004)])
def test_ends_taken_from_the_last_points_spoil_a_cut_profile(method, share, size):
    """-25, -3 and -0.4 % at Y = 0.05 with D = exp(2 N); known ends are 10 to 50 times better at the least."""
    profile = cut(exact_couple(points=401), share)
    first, last = profile.fractions[0, [0, -1]]

    def error(ends):
        estimate = METHODS[method](replace(profile, ends={"left": [ends[0]], "right": [ends[1]]}))
        return float(np.interp(0.05, estimate.composition, estimate.value / exponential(estimate.composition) - 1.0))

    assert -1.5 * size < error((first, last)) < -0.6 * size
    assert abs(error((0.0, 1.0))) < 0.02 * size
    # without a word about the ends such a profile is refused
    assert "needs flat ends" in METHODS[method].applies(replace(profile, ends=None))


@pytest.mark.parametrize("name", ["wagner", "extended-hall", "forward-fit"])
def test_a_cut_and_noisy_profile_with_known_ends(name):
    """Noise of 1e-3 on a profile that ends at 1 % and 99 %: intervals of 95 % still hold the truth. 8 profiles of some
    3 independent compositions scatter by 5 %."""
    hits = []
    for seed in range(8):
        estimate = METHODS[name](cut(exact_couple(points=401, noise=1e-3, seed=seed), 1e-2))
        assert any("still changes" in sentence for sentence in estimate.warnings)
        value, sd = at_levels(estimate)
        hits.append(np.abs(value - exponential(LEVELS)) < 1.96 * sd)
    assert np.mean(hits) > 0.8

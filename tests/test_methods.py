"""Methods for one profile on exact profiles, where every difference from the truth is theirs."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy.special import erfc

from inverse import METHODS, Profile, method_of
from inverse.estimate import UNITS
from inverse.methods import boltzmann_matano, den_broeder, sauer_freise, wagner
from simulator.faults import Invalid
from simulator.solve.exact.collocation import similarity_profile

# the methods that give D of the whole window, here at constant molar volume
BINARY = tuple(module.METHOD for module in (boltzmann_matano, sauer_freise, wagner, den_broeder))
HOUR = 3600.0
D0 = 1e-14


@lru_cache
def similar(slope):
    """X(x/sqrt t) for D = D0 exp(slope X) between 0 and 1."""
    return similarity_profile(lambda u: D0 * np.exp(slope * u[0]), np.array([0.0]), np.array([1.0]), tolerance=1e-10)


def diffusivity(X, slope):
    return D0 * np.exp(slope * X)


def couple(slope, points, time=100 * HOUR, noise=0.0, seed=0, cut=1e-6, **given):
    exact = similar(slope)
    # from where Y is `cut` at one end to where 1 - Y is at the other, and a little more
    lam = np.linspace(*exact.nodes[[0, -1]], 20001)
    X = exact.values(lam)[0]
    reach = lam[np.searchsorted(X, [cut, 1.0 - cut])] * 1.15
    x = np.linspace(*reach, points) * np.sqrt(time)
    y = exact.values(x / np.sqrt(time))[0]
    y = y + noise * np.random.default_rng(seed).standard_normal(points)
    return Profile(x=x, components=("Ni",), fractions=y, time=time, **given)


def constant(D=3e-14, time=100 * HOUR, points=201, left=0.1, right=0.7, at=0.0):
    x = np.linspace(-9.0, 9.0, points) * np.sqrt(D * time)
    y = left + (right - left) * 0.5 * erfc(-(x - at) / np.sqrt(4 * D * time))
    return Profile(x=x, components=("Ni",), fractions=y, time=time)


@pytest.mark.parametrize("method", METHODS.values(), ids=str)
def test_a_method_says_what_it_is(method):
    assert METHODS[method.name] is method
    assert method.recovers in UNITS
    assert method.unit == UNITS[method.recovers]
    assert method.title and method.equation and method.source and method.needs
    assert method.analyse.__doc__ and method.source in method.analyse.__doc__.replace("\n", " ")


def test_an_unknown_method_is_named_with_the_nearest():
    with pytest.raises(Invalid, match=r"no method 'sauer_freise'.*Did you mean sauer-freise\?"):
        method_of("sauer_freise")


@pytest.mark.parametrize("method", BINARY, ids=str)
@pytest.mark.parametrize("ends", [(0.1, 0.7), (0.8, 0.0)], ids=str)
def test_constant_diffusivity_from_an_error_function(method, ends):
    estimate = method(constant(3e-14, left=ends[0], right=ends[1]))
    # u is a straight line, so that interpolation is exact
    assert estimate.value == pytest.approx(3e-14, rel=1e-6, abs=0.0)
    assert estimate.sd is None
    assert np.all(np.diff(estimate.composition) > 0)
    low, high = sorted(ends)
    assert estimate.window == pytest.approx((low + 0.02 * (high - low), high - 0.02 * (high - low)), abs=1e-6)


@pytest.mark.parametrize("method", BINARY, ids=str)
@pytest.mark.parametrize("slope", [1.0, 3.0, -3.0])
def test_exponential_diffusivity_from_a_dense_similarity_profile(method, slope):
    known = method(couple(slope, 2001, ends={"left": [0.0], "right": [1.0]}))
    # what is left is the profile's own error, 1e-10, divided by the smallest gradient
    assert known.value == pytest.approx(diffusivity(known.composition, slope), rel=1e-9, abs=0.0)
    # and the averaged end values: less than `cut` away, while the integrals next to them belong to 0.02
    averaged = method(couple(slope, 2001, cut=1e-9))
    assert averaged.value == pytest.approx(diffusivity(averaged.composition, slope), rel=1e-7, abs=0.0)


@pytest.mark.parametrize("method", BINARY, ids=str)
def test_more_points_bring_the_coefficient_nearer(method):
    errors = []
    for points in (101, 201, 401):
        estimate = method(couple(3.0, points, ends={"left": [0.0], "right": [1.0]}))
        errors.append(np.abs(estimate.value / diffusivity(estimate.composition, 3.0) - 1.0).max())
    # splines of degree 5: their gradient is of order 5 once the points resolve the steep side
    assert errors[1] < errors[0] / 2**5 and errors[2] < errors[1] / 2**5


def test_boltzmann_matano_equals_sauer_freise_at_constant_volume():
    """(1 - Y) L + Y R = L - (x - x0) Y about the plane of the same curve, x0 = x - (L - R), whatever the data."""
    for profile in (couple(3.0, 301), couple(2.0, 120, noise=2e-3)):
        first, second = (METHODS[name](profile) for name in ("boltzmann-matano", "sauer-freise"))
        # the same integrals, differently combined: rounding only
        assert first.value == pytest.approx(second.value, rel=1e-8, abs=0.0)
        assert (first.sd is None and second.sd is None) or first.sd == pytest.approx(second.sd, rel=1e-6, abs=0.0)


@pytest.mark.parametrize("method", BINARY, ids=str)
def test_matano_plane_is_the_contact_plane(method):
    profile = constant(at=2e-6)
    assert method(profile).diagnostics["matano_plane"] == pytest.approx(2e-6, abs=1e-12)
    # D = D0 exp(3 X): the similarity profile has its contact plane at 0; width of the profile about 2e-4 m
    assert method(couple(3.0, 2001)).diagnostics["matano_plane"] == pytest.approx(0.0, abs=1e-10)


@pytest.mark.parametrize("method", BINARY, ids=str)
@pytest.mark.parametrize("noise", [0.0, 2e-3])
def test_a_shifted_origin_changes_nothing_but_the_plane(method, noise):
    profile = couple(2.0, 150, noise=noise)
    moved = Profile(x=profile.x + 3e-4, components=("Ni",), fractions=profile.fractions, time=profile.time)
    a, b = method(profile), method(moved)
    # the noisy fit is iterated to 1e-6
    assert b.value == pytest.approx(a.value, rel=1e-7 if noise == 0 else 1e-4, abs=0.0)
    assert b.diagnostics["matano_plane"] - a.diagnostics["matano_plane"] == pytest.approx(3e-4, abs=1e-9)


@pytest.mark.parametrize("method", BINARY, ids=str)
@pytest.mark.parametrize("noise", [0.0, 2e-3])
def test_lengths_times_s_give_s_squared_times_the_diffusivity(method, noise):
    profile = couple(2.0, 150, noise=noise)
    longer = Profile(x=7.0 * profile.x, components=("Ni",), fractions=profile.fractions, time=profile.time)
    later = Profile(x=profile.x, components=("Ni",), fractions=profile.fractions, time=5.0 * profile.time)
    value = method(profile).value
    assert method(longer).value == pytest.approx(49.0 * value, rel=1e-7 if noise == 0 else 1e-4, abs=0.0)
    assert method(later).value == pytest.approx(value / 5.0, rel=1e-12, abs=0.0)


@pytest.mark.parametrize("method", BINARY, ids=str)
def test_a_reversed_profile_gives_the_same_diffusivity(method):
    profile = couple(2.0, 301)
    back = Profile(x=-profile.x[::-1], components=("Ni",), fractions=profile.fractions[:, ::-1], time=profile.time)
    assert method(back).value == pytest.approx(method(profile).value, rel=1e-7, abs=0.0)


@pytest.mark.parametrize("method", BINARY, ids=str)
def test_the_other_component_gives_the_same_diffusivity(method):
    one = couple(2.0, 301)
    both = Profile(x=one.x, components=("Cu", "Ni"), fractions=[1 - one.fractions[0], one.fractions[0]], time=one.time)
    copper = method(both)
    nickel = method(both, component="Ni")
    assert copper.component == "Cu" and nickel.component == "Ni"
    assert copper.composition[::-1] == pytest.approx(1.0 - nickel.composition, abs=1e-9)
    assert copper.value[::-1] == pytest.approx(nickel.value, rel=1e-6, abs=0.0)


def errors_at(levels, noise, slope=2.0, seeds=10, **given):
    found = []
    for seed in range(seeds):
        estimate = METHODS["sauer-freise"](couple(slope, 120, noise=noise, seed=seed, cut=1e-5, **given))
        found.append(
            np.exp(np.interp(levels, estimate.composition, np.log(estimate.value))) / diffusivity(levels, slope) - 1
        )
    return np.array(found)


@pytest.mark.parametrize(
    ("noise", "bounds"),
    [(1e-3, (0.005, 0.003, 0.006)), (5e-3, (0.028, 0.012, 0.043))],
    ids=["1e-3", "5e-3"],
)
def test_noise_weighs_no_more_than_in_a_good_probit_fit(noise, bounds):
    # bounds: what trials with a probit-space fit showed at Y = 0.1, 0.5, 0.9 for D = exp(2 X), 120 points, known ends
    ends = {"left": [0.0], "right": [1.0]}
    errors = np.median(np.abs(errors_at(np.array([0.1, 0.5, 0.9]), noise, ends=ends)), axis=0)
    assert np.all(errors <= bounds)


def test_standard_deviation_covers_the_error():
    levels = np.linspace(0.1, 0.9, 17)
    inside = []
    for seed in range(12):
        estimate = METHODS["sauer-freise"](couple(2.0, 120, noise=2e-3, seed=seed))
        value, sd = (np.interp(levels, estimate.composition, array) for array in (estimate.value, estimate.sd))
        inside.append(np.abs(value - diffusivity(levels, 2.0)) < 2.0 * sd)
    # 95 % for independent normal errors; neighbouring levels are correlated, so 12 seeds leave some scatter
    assert 0.82 <= np.mean(inside) <= 1.0
    assert np.all(estimate.sd > 0)


def test_the_same_profile_gives_the_same_numbers():
    profile = couple(2.0, 120, noise=2e-3)
    a, b = (METHODS["sauer-freise"](profile) for _ in range(2))
    assert np.array_equal(a.value, b.value) and np.array_equal(a.sd, b.sd)


@pytest.mark.parametrize("method", BINARY, ids=str)
def test_ends_that_are_not_flat_are_refused_or_warned_of(method):
    whole = constant(left=0.0, right=1.0)
    kept = whole.x > -2.2 * np.sqrt(3e-14 * whole.time)
    cut = {"x": whole.x[kept], "components": ("Ni",), "fractions": whole.fractions[:, kept], "time": whole.time}
    sentence = method.applies(Profile(**cut))
    assert sentence.startswith(f"{method.name} needs flat ends, but x_Ni still changes by")
    assert "at the left end" in sentence and "right" not in sentence
    with pytest.raises(Invalid, match="needs flat ends"):
        method(Profile(**cut))
    estimate = method(Profile(**cut, ends={"left": [0.0], "right": [1.0]}))
    assert len(estimate.warnings) == 1 and "left end" in estimate.warnings[0]
    # the straight line in u goes on beyond the cut, exact for a constant diffusivity
    assert estimate.value == pytest.approx(3e-14, rel=1e-6, abs=0.0)


def test_given_ends_that_the_flat_ends_contradict_are_warned_of():
    good = constant(left=0.1, right=0.7)
    profile = Profile(good.x, ("Ni",), good.fractions, time=good.time, ends={"left": [0.05], "right": [0.7]})
    warnings = METHODS["sauer-freise"](profile).warnings
    assert warnings == ["The given left end of x_Ni is 0.05, but the profile is flat at 0.1 there."]


@pytest.mark.parametrize("method", BINARY, ids=str)
def test_the_window_ends_where_the_data_end(method):
    whole = constant(left=0.0, right=1.0)
    kept = whole.x > -1.5 * np.sqrt(3e-14 * whole.time)
    profile = Profile(
        whole.x[kept], ("Ni",), whole.fractions[:, kept], time=whole.time, ends={"left": [0.0], "right": [1.0]}
    )
    assert method(profile).window == pytest.approx((profile.fractions[0, 0], 0.98), abs=1e-9)


@pytest.mark.parametrize("method", BINARY, ids=str)
def test_what_a_method_cannot_use_is_refused_with_a_reason(method):
    good = constant()
    x, y = good.x, good.fractions[0]
    refused = {
        "time of the anneal": Profile(x, ("Ni",), y),
        "planar": Profile(x, ("Ni",), y, time=1.0, geometry="spherical"),
        "step between two end values": Profile(x, ("Ni",), 0.1 + 0.3 * np.exp(-((x / 1e-4) ** 2)), time=1.0),
        "binary couple": Profile(x, ("Fe", "Ni", "Cr"), [y, y / 4, 1 - 1.25 * y], time=1.0),
        "at least 8 points": Profile(x[::40], ("Ni",), y[::40], time=1.0),
    }
    assert method.applies(good) is None
    for words, profile in refused.items():
        assert words in method.applies(profile)
        with pytest.raises(Invalid, match=words):
            method(profile)
    assert "1 profile" in method.applies(good, good)


@pytest.mark.parametrize("seed", range(4))
def test_rough_data_give_numbers_or_a_reason_never_a_nan(seed):
    rng = np.random.default_rng(seed)
    for _ in range(6):
        points = int(rng.integers(8, 80))
        x = np.cumsum(rng.random(points) + 0.05)
        x = 1e-4 * (x - x[int(rng.integers(2, points - 2))])
        y = 0.5 * erfc(-x / 1e-4 / 10 ** rng.uniform(-1.0, 1.0) / np.where(x > 0, 10 ** rng.uniform(0, 1.5), 1.0))
        y = (y if rng.random() < 0.5 else 1.0 - y) + 10 ** rng.uniform(-7, -0.7) * rng.standard_normal(points)
        ends = {"left": [round(y[0])], "right": [round(y[-1])]} if rng.random() < 0.7 else None
        sigma = np.full((1, points), 10 ** rng.uniform(-4, -1)) if rng.random() < 0.3 else None
        try:
            estimate = METHODS["sauer-freise"](Profile(x, ("Ni",), y, time=HOUR, ends=ends, sigma=sigma))
        except Invalid as reason:
            assert "sauer-freise" in str(reason)
            continue
        assert np.isfinite(estimate.value).all() and (estimate.value > 0).all()
        assert estimate.sd is None or np.isfinite(estimate.sd).all()


def test_one_component_of_several_can_be_chosen():
    good = constant()
    y = good.fractions[0]
    profile = Profile(good.x, ("Fe", "Ni", "Cr"), [1 - y - 0.1, y, np.full(y.size, 0.1)], time=good.time)
    assert METHODS["sauer-freise"](profile, component="Ni").value == pytest.approx(3e-14, rel=1e-6, abs=0.0)


def test_json_holds_plain_numbers():
    import json

    estimate = METHODS["sauer-freise"](couple(2.0, 120, noise=2e-3))
    data = json.loads(json.dumps(estimate.to_json(), allow_nan=False))
    assert data["method"] == "sauer-freise" and data["components"] == ["Ni"] and data["unit"] == "m^2/s"
    assert len(data["composition"]) == len(data["value"]) == len(data["sd"])
    assert data["truth"] is None and data["error"] is None
    assert {"matano_plane", "ends", "noise", "residual_rms", "warnings"} <= set(data["diagnostics"])


def test_a_molar_volume_that_is_not_taken_into_account_is_a_warning():
    for kind, warned in (("constant", False), ("vegard", True)):
        profile = replace(constant(), molar_volume={"kind": kind})
        warnings = METHODS["sauer-freise"](profile).warnings
        assert any("molar volume" in sentence for sentence in warnings) == warned


@pytest.mark.parametrize("method", BINARY, ids=str)
def test_a_profile_that_does_not_reach_the_window_is_refused(method):
    # ends 0.1 and 0.7, said to be 0.1 and 90
    profile = replace(constant(), ends={"left": [0.1], "right": [90.0]})
    with pytest.raises(Invalid, match="between 2 % and 98 % of the step"):
        method(profile)

"""Tracer diffusivities from interdiffusion matrices by Darken and Manning: from matrices, and from couples."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matrix_couples import NAMES, TERNARY_ENDS, TIME, body_diagonals, couples, points

from inverse import METHODS, Profile, round_trip
from inverse.methods.tracers_from_matrix import METHOD
from inverse.multicomponent.matrices import with_dependent
from inverse.multicomponent.random_alloy import random_alloy
from inverse.multicomponent.tracer_fit import tracers_of
from simulator.faults import Invalid
from simulator.files.case import load
from simulator.laws.darken import STRUCTURES, Darken
from simulator.laws.lattice import R
from simulator.laws.mixture import Mixture
from simulator.laws.thermodynamics import Thermodynamics
from simulator.solve.exact.collocation import similarity_profile

CASES = Path(__file__).resolve().parents[1] / "cases"
T = 1200.0
IDEAL = {"kind": "ideal"}
REGULAR = {"kind": "regular", "omega": {"A-B": 0.6 * R * T, "A-C": -1.0 * R * T, "B-C": -0.5 * R * T}}
WINDS = ("", *STRUCTURES)
# the last, dependent component is the slowest of each but the second
TRACERS = {
    3: 1e-14 * np.array([3.0, 1.0, 0.5]),
    4: 1e-14 * np.array([1.0, 3.0, 2.0, 0.4]),
    5: 1e-14 * np.array([1.0, 0.8, 1.2, 3.0, 0.4]),
}


def equal(n, thermodynamics=IDEAL, structure=""):
    """The alloy of equal fractions of n components."""
    return random_alloy(NAMES[:n], np.full(n - 1, 1.0 / n), thermodynamics, structure, T)


def read(matrix, n, thermodynamics=IDEAL, structure="", **more):
    return tracers_of(matrix, np.full(n - 1, 1.0 / n), NAMES[:n], thermodynamics, structure, T, **more)


def random_law(n, seed):
    """A stable regular alloy: log tracers over two decades, interactions from -4 to 0.3 RT; its composition (m,)."""
    rng = np.random.default_rng([n, seed])
    names = tuple("ABCDEF"[:n])
    omega = {f"{a}-{b}": rng.uniform(-4.0, 0.3) * R * T for k, a in enumerate(names) for b in names[k + 1 :]}
    wind = WINDS[seed % len(WINDS)]
    x = rng.dirichlet(np.ones(n))[:-1]
    law = Darken(
        Mixture(names),
        tracer=dict(zip(names, 1e-15 * 100.0 ** rng.random(n), strict=True)),
        thermodynamics=Thermodynamics(Mixture(names), "regular", omega),
        **({"vacancy_wind": "manning", "structure": wind} if wind else {}),
    )
    return law, x


@pytest.mark.parametrize("n", range(3, 7))
def test_the_matrix_of_a_random_alloy_is_that_of_the_law(n):
    for seed in range(15):
        law, x = random_law(n, seed)
        alloy = random_alloy(law.mixture.components, x, law.thermodynamics, law.structure, T)
        tracers = law.coefficient("tracer_diffusivity", x[:, None], T).reshape(n)
        expected = law.coefficient("interdiffusivity", x[:, None], T)[..., 0]
        size = np.abs(expected).max()
        # rounding of terms that cancel: 1/x of a dilute component
        assert alloy.matrix(tracers) == pytest.approx(expected, rel=0, abs=1e-13 * size)
        step = 1e-5
        for k, slope in enumerate(np.moveaxis(alloy.slopes(tracers), -1, 0)):
            moved = np.exp(step * (np.arange(n) == k))
            found = (alloy.matrix(tracers * moved) - alloy.matrix(tracers / moved)) / (2.0 * step)
            # the step's square and the rounding over the step
            assert slope == pytest.approx(found, rel=0, abs=1e-8 * size)


@pytest.mark.parametrize("n", range(3, 7))
def test_tracers_come_back_from_their_matrix(n):
    """75 random alloys for each n. For n > 3 they are the only ones that make it."""
    for seed in range(75):
        law, x = random_law(n, seed)
        tracers = law.coefficient("tracer_diffusivity", x[:, None], T).reshape(n)
        matrix = law.coefficient("interdiffusivity", x[:, None], T)[..., 0]
        found = tracers_of(matrix, x, law.mixture.components, law.thermodynamics, law.structure, T)
        sets = [found.value, *found.others]
        # rounding times the condition, up to some 1e3
        assert min(np.abs(one / tracers - 1.0).max() for one in sets) < 1e-10
        assert found.holds and found.sd is None and found.misfit < 1e-10
        assert len(sets) == 1 or (n == 3 and law.structure)


def test_two_sets_of_tracers_may_make_one_ternary_matrix():
    """Manning's equations are quadratic; Darken's are linear, and have one solution."""
    x, tracers = np.array([0.25, 0.63]), 1e-14 * np.array([1.1, 0.29, 8.6])
    alloy = random_alloy(NAMES[:3], x, structure="fcc")
    matrix = alloy.matrix(tracers)
    found = tracers_of(matrix, x, NAMES[:3], structure="fcc")
    assert len(found.others) == 1
    for one in (found.value, *found.others):
        assert alloy.matrix(one) == pytest.approx(matrix, rel=0, abs=1e-12 * matrix.max())
    assert np.abs(found.value / found.others[0] - 1.0).max() > 0.5
    assert any("make the same matrix" in sentence for sentence in found.warnings)
    assert not tracers_of(random_alloy(NAMES[:3], x).matrix(tracers), x, NAMES[:3]).others


@pytest.mark.parametrize("structure", ["", "fcc", "bcc"])
@pytest.mark.parametrize("thermodynamics", [IDEAL, REGULAR], ids=["ideal", "regular"])
@pytest.mark.parametrize("n", TRACERS)
def test_noise_of_2_per_cent(n, thermodynamics, structure):
    """2 to 13 % in the tracers, 13 to 25 % in the slow dependent one: what `sensitivity` says beforehand, and sd."""
    tracers = TRACERS[n]
    matrix = equal(n, thermodynamics, structure).matrix(tracers)
    noise = 0.02 * np.abs(matrix).max()
    errors, scaled = [], []
    for seed in range(30):
        noisy = matrix + noise * np.random.default_rng(seed).standard_normal(matrix.shape)
        found = read(noisy, n, thermodynamics, structure, sd=np.full(matrix.shape, noise))
        errors.append(found.value / tracers - 1.0)
        scaled.append((found.value - tracers) / found.sd)
    expected = 0.02 * read(matrix, n, thermodynamics, structure).sensitivity
    assert expected[:-1].min() > 0.015 and expected[:-1].max() < 0.135
    assert 0.125 < expected[-1] < 0.25
    # 30 draws, 13 %, of a problem that is not linear; sd at 2 sigma: 0.954 - 0.1
    assert np.sqrt(np.mean(np.square(errors), axis=0)) == pytest.approx(expected, rel=0.35)
    assert (np.abs(scaled) < 2.0).mean(axis=0).min() > 0.85


def test_darken_of_mannings_data_is_biased():
    """-8 to +33 % where the wind is left out; a ternary matrix does not show it, one of more components does."""
    biases = {}
    for n, tracers in TRACERS.items():
        for structure in ("fcc", "bcc"):
            found = read(equal(n, REGULAR, structure).matrix(tracers), n, REGULAR, "")
            biases[n, structure] = 100.0 * (found.value / tracers - 1.0)
            assert found.holds == (n == 3)
            assert (found.misfit < 1e-12) == (n == 3)
            assert any("by Darken" in sentence for sentence in found.warnings) == (n > 3)
    # closed form for three equal fractions, written out: the slow dependent one is 15.5 % and 20.8 % too large
    assert biases[3, "fcc"] == pytest.approx([10.4, -6.2, 15.5], abs=0.1)
    assert biases[3, "bcc"] == pytest.approx([13.9, -8.3, 20.8], abs=0.1)
    assert min(bias.min() for bias in biases.values()) > -9.0
    assert max(bias.max() for bias in biases.values()) < 33.0


def test_any_component_may_be_dependent():
    n, tracers = 4, TRACERS[4]
    matrix = equal(n, REGULAR, "fcc").matrix(tracers)
    for k in range(n):
        rows = [name for name in NAMES[:n] if name != NAMES[k]]
        moved = with_dependent(matrix[None], NAMES[: n - 1], NAMES[n - 1], rows, NAMES[k])[0]
        found = tracers_of(moved, np.full(n - 1, 0.25), NAMES[:n], REGULAR, "fcc", T, dependent=NAMES[k])
        assert found.value == pytest.approx(tracers, rel=1e-10, abs=0.0)


def test_a_hessian_may_be_given():
    """G_ij = RT (delta_ij/x_i + 1/x_n) + w_ij - w_in - w_jn, J/mol."""
    matrix = equal(3, REGULAR, "bcc").matrix(TRACERS[3])
    w = {frozenset(pair.split("-")): value for pair, value in REGULAR["omega"].items()}

    def omega(i, j):
        return w.get(frozenset((NAMES[i], NAMES[j])), 0.0)

    G = [[R * T * 3.0 * (1 + (i == j)) + omega(i, j) - omega(i, 2) - omega(j, 2) for j in range(2)] for i in range(2)]
    assert read(matrix, 3, np.array(G), "bcc").value == pytest.approx(TRACERS[3], rel=1e-10, abs=0.0)


def test_a_covariance_weighs_the_entries():
    """One entry that is far off and known to be counts for nothing, whether told by sd or by a covariance."""
    matrix = equal(4).matrix(TRACERS[4])
    size = np.abs(matrix).max()
    spoilt, sd = matrix.copy(), np.full(matrix.shape, 1e-3 * size)
    spoilt[0, 1] += 0.5 * size
    sd[0, 1] = 1e3 * size
    by_sd = read(spoilt, 4, sd=sd)
    assert by_sd.value == pytest.approx(TRACERS[4], rel=1e-6, abs=0.0)
    by_covariance = read(spoilt, 4, covariance=np.diag(sd.ravel() ** 2))
    assert by_covariance.value == pytest.approx(by_sd.value, rel=1e-9, abs=0.0)
    assert by_covariance.sd == pytest.approx(by_sd.sd, rel=1e-6, abs=0.0)
    assert not read(spoilt, 4, sd=np.full(matrix.shape, 1e-3 * size)).holds


BAD = {
    "binary": (([[1e-14]], [0.5], NAMES[:2]), {}, "does not determine two"),
    "shape": ((np.eye(3), [0.3, 0.3], NAMES[:3]), {}, "2 times 2 finite numbers"),
    "nan": ((np.full((2, 2), np.nan), [0.3, 0.3], NAMES[:3]), {}, "finite"),
    "fractions": ((np.eye(2), [0.3], NAMES[:3]), {}, "expected 2 fractions"),
    "absent": ((np.eye(2), [0.7, 0.3], NAMES[:3]), {}, "every component must be there"),
    "temperature": ((np.eye(2), [0.3, 0.3], NAMES[:3], REGULAR), {}, "need the temperature"),
    "spinodal": (
        (np.eye(2), [0.3, 0.3], NAMES[:3], {"kind": "regular", "omega": {"A-B": 5.0 * R * T}}, "", T),
        {},
        "not positive definite",
    ),
    "structure": ((np.eye(2), [0.3, 0.3], NAMES[:3], None, "hcp"), {}, "unknown structure"),
    "sd": ((np.eye(2), [0.3, 0.3], NAMES[:3]), {"sd": np.zeros((2, 2))}, "positive standard deviations"),
    "covariance": ((np.eye(2), [0.3, 0.3], NAMES[:3]), {"covariance": -np.eye(4)}, "not positive definite"),
    "hessian": ((np.eye(2), [0.3, 0.3], NAMES[:3], np.eye(3), "", T), {}, "Hessian of shape"),
}


@pytest.mark.parametrize("arguments, more, words", BAD.values(), ids=BAD)
def test_what_no_tracers_can_be_read_off_is_refused(arguments, more, words):
    with pytest.raises(Invalid, match=words):
        tracers_of(*arguments, **more)


def test_a_matrix_that_no_alloy_has_is_doubted():
    found = read(1e-14 * np.array([[1.0, 3.0], [3.0, 1.0]]), 3)
    assert not found.holds
    assert any("not positive" in sentence for sentence in found.warnings)
    assert any("No tracer diffusivities make this matrix" in sentence for sentence in found.warnings)


def test_a_tracer_that_the_matrix_does_not_show_is_said_to_be_uncertain():
    """C is 1e-5 of the alloy and dependent: with 2 % of noise nothing is known of it."""
    x = np.array([0.5, 0.49999])
    matrix = random_alloy(NAMES[:3], x).matrix(1e-14 * np.array([3.0, 1.0, 1e-4]))
    noise = 0.02 * np.abs(matrix).max()
    noisy = matrix + noise * np.random.default_rng(3).standard_normal(matrix.shape)
    found = tracers_of(noisy, x, NAMES[:3], sd=np.full(matrix.shape, noise))
    assert found.sd[2] > 0.5 * found.value[2]
    assert any("of C is uncertain" in sentence for sentence in found.warnings)
    assert any("hardly shows C" in sentence for sentence in found.warnings)


def profiles(n, structure="", thermodynamics=REGULAR, sigma=0.0, seed=0, count=321, span=0.1):
    """Body diagonals about equal fractions with the matrix of these, taken as constant."""
    matrix = equal(n, thermodynamics, structure).matrix(TRACERS[n])
    x = points(count, reach=26.0)
    known = {"thermodynamics": thermodynamics, "structure": structure, "temperature": T}
    return couples(matrix, body_diagonals(n - 1, span), x, sigma, seed, **known)


@pytest.mark.parametrize("by", ["", "exact-fit", "square-root", "kirkaldy"])
@pytest.mark.parametrize("n", TRACERS)
def test_tracers_from_exact_couples(n, by):
    estimate = METHODS["tracers-from-matrix"](*profiles(n, "fcc"), matrix_by=by)
    assert estimate.recovers == "tracer_diffusivity" and estimate.rows == NAMES[:n]
    # 1e-6 of the matrix, times the sensitivity
    assert estimate.value[:, 0] == pytest.approx(TRACERS[n], rel=2e-5, abs=0.0)
    assert estimate.composition[0] == pytest.approx(np.full(n - 1, 1.0 / n), abs=1e-6)
    told = estimate.diagnostics
    assert told["matrix_by"] == (by or "exact-fit") and told["holds"] and told["independent"] == list(NAMES[: n - 1])
    assert estimate.sd is None and estimate.dependent == NAMES[n - 1]
    plain = read(np.array(told["matrix"]), n, REGULAR, "")
    assert list(told["without_wind"].values()) == pytest.approx(plain.value, rel=1e-3, abs=0.0)
    assert list(told["wind_ratio"].values()) == pytest.approx(estimate.value[:, 0] / plain.value, rel=1e-3, abs=0.0)


def test_couples_of_a_matrix_that_changes_are_read_where_they_cross():
    """Exact profiles of an ideal ternary, steps of a third: a fit of one matrix says that it does not hold."""

    def matrix(x):
        D = -np.einsum("i...,j->ij...", x, TRACERS[3][:2] - TRACERS[3][2])
        D[[0, 1], [0, 1]] += TRACERS[3][:2].reshape(2, *(1,) * (x.ndim - 1))
        return D

    x, known = points(401, reach=26.0), {"thermodynamics": IDEAL, "temperature": T, "time": TIME}
    given = []
    for ends in TERNARY_ENDS:
        exact = similarity_profile(matrix, ends[:, 0], ends[:, 1], tolerance=1e-9)
        given.append(Profile(x, NAMES[:2], exact.values(x / np.sqrt(TIME)), dependent="C", **known))
    estimate = METHOD(*given)
    assert estimate.diagnostics["matrix_by"] == "kirkaldy" and estimate.diagnostics["holds"]
    # 1e-6 of the matrix at the crossing, times the sensitivity
    assert estimate.value[:, 0] == pytest.approx(TRACERS[3], rel=2e-5, abs=0.0)
    fitted = METHOD(*given, matrix_by="exact-fit")
    assert not fitted.diagnostics["holds"]
    assert np.abs(fitted.value[:, 0] / TRACERS[3] - 1.0).max() > 1e-3


def test_without_a_structure_a_sentence_says_what_that_means():
    estimate = METHOD(*profiles(3))
    assert estimate.value[:, 0] == pytest.approx(TRACERS[3], rel=2e-5, abs=0.0)
    assert any("vacancy wind is left out" in sentence for sentence in estimate.warnings)
    assert not any("vacancy wind" in sentence for sentence in METHOD(*profiles(3, "fcc")).warnings)


def test_noisy_couples_give_tracers_within_their_standard_deviations():
    scaled, sizes = [], []
    for seed in range(10):
        estimate = METHOD(*profiles(3, "fcc", sigma=1e-3, seed=seed, count=121, span=0.3))
        scaled.append((estimate.value[:, 0] - TRACERS[3]) / estimate.sd[:, 0])
        sizes.append(estimate.sd[:, 0] / TRACERS[3])
    assert np.abs(scaled).max() < 4.0
    assert 0.4 < np.sqrt(np.mean(np.square(scaled))) < 1.6
    assert np.max(sizes) < 0.2


def test_couples_that_cannot_tell_are_refused():
    given = profiles(3)
    bare = [replace(profile, thermodynamics=None) for profile in given]
    cold = [replace(profile, temperature=None) for profile in given]
    other = [given[0], replace(given[1], structure="bcc")]
    cases = {
        "needs the thermodynamics": bare,
        "needs the temperature": cold,
        "thermodynamics or structure of couple 2 differ": other,
        "takes 2 to 20 profiles, got 1": given[:1],
        "needs 3 couples for 4 components, got 2": profiles(4)[:2],
    }
    for words, chosen in cases.items():
        answer = METHOD.applies(*chosen)
        assert answer is not None
        assert words in answer
    assert METHOD.applies(*given) is None
    with pytest.raises(Invalid, match="there is no 'guess'"):
        METHOD(*given, matrix_by="guess")


def test_simulated_couples_of_a_regular_quaternary_with_wind():
    path = CASES / "manning-quaternary.toml"
    case = load(path)
    trip = round_trip(METHOD, case, couples=[load(path.parent / name) for name in case.verify.couples])
    assert trip.passed and trip.profiles == 3, trip.sentence
    # steps of 0.04, across which the matrix changes by less than 1e-4
    assert trip.verdict.max_error < 1e-3
    assert trip.estimate.diagnostics["holds"]

"""A constant matrix fitted to couples: exact to rounding without noise, as sure as it says with noise, and honest about
what couples do not determine."""

from dataclasses import replace

import numpy as np
import pytest
from matrix_couples import (
    D0,
    LENGTH,
    QUATERNARY,
    QUINARY,
    TERNARY,
    TERNARY_ENDS,
    TIME,
    body_diagonals,
    couple,
    couples,
    points,
)

import simulator
from inverse import Profile, Undetermined, method_of
from inverse.curves.noise import noise_of
from inverse.methods.exact_fit import couple_of, deviations_of_eigenvalues
from inverse.multicomponent.exact_fits import Couple, fit
from inverse.multicomponent.matrix_erf import MatrixErf
from inverse.multicomponent.path import path_of
from inverse.multicomponent.separated import separated
from inverse.roundtrip import round_trips
from simulator.faults import Invalid
from simulator.solve.exact.collocation import similarity_profile
from simulator.solve.exact.constant_matrix import matrix_profile

METHOD = method_of("exact-fit")
DEFECTIVE = D0 * np.array([[1.0, 0.5], [0.0, 1.0]])
NEARLY = D0 * np.array([[1.0, 0.5], [1e-9, 1.0]])
EQUAL = D0 * np.eye(2)
ROTATING = D0 * np.array([[1.0, 0.5], [-0.5, 1.0]])
CASES = "cases/{}.toml"


def error(estimate, D) -> float:
    """Largest error of an entry over the largest entry."""
    return float(np.abs(estimate.value[0] - D).max() / np.abs(D).max())


def measured(D, ends, x, sigma, seed):
    """Couples as the fit takes them, with the noise, the ends and a plane as a person would read them off."""
    found = []
    for profile in couples(D, ends, x, sigma, seed):
        y = profile.fractions
        noise = np.array([noise_of(x, row) for row in y])
        sides = np.stack([y[:, :3].mean(axis=1), y[:, -3:].mean(axis=1)], axis=1)
        found.append(Couple(x, y, np.repeat(noise[:, None], x.size, axis=1), TIME, sides, 0.1 * LENGTH))
    return found


# the function of a matrix


@pytest.mark.parametrize("D", [TERNARY, QUATERNARY, QUINARY, EQUAL, DEFECTIVE, NEARLY, ROTATING])
def test_matrix_error_function_is_the_exact_profile_with_true_derivatives(D):
    rng, z, m = np.random.default_rng(3), points(61, 6.0), len(D)
    half, change = rng.standard_normal(m), rng.standard_normal((m, m))

    def profile(D):
        return matrix_profile(z, TIME, D, (0.0,), np.stack([-half, half], axis=1))

    F = MatrixErf(D, z, TIME)
    np.testing.assert_allclose(np.einsum("ijz,j->iz", F.value, half), profile(D), atol=1e-11)
    h = 1e-5 * D0  # central difference: h^2 of a function of size 1 and 1e-11/h of its rounding
    numeric = (profile(D + h * change) - profile(D - h * change)) / (2e-5)
    analytic = D0 * np.einsum("izkl,kl->iz", F.slopes(half), change)
    np.testing.assert_allclose(analytic, numeric, atol=3e-6)
    step = 1e-5 * LENGTH
    rise = (MatrixErf(D, z + step, TIME).value - MatrixErf(D, z - step, TIME).value) / 2e-5
    np.testing.assert_allclose(LENGTH * F.rise, rise, atol=3e-6)


def test_derivatives_of_the_residuals_are_true():
    x = points(40, 6.0)
    entry = couple_of(path_of(couple(TERNARY, TERNARY_ENDS[0], x), "exact-fit"))
    v = np.concatenate([TERNARY.ravel() / D0, [0.3], entry.own[1:] + 0.01])

    def residual(v):
        return entry.residual(D0 * v[:4].reshape(2, 2), np.concatenate([[v[4] * LENGTH], v[5:]]))

    by_entry, by_own = entry.slopes(TERNARY, np.concatenate([[v[4] * LENGTH], v[5:]]))
    analytic = np.hstack([D0 * by_entry, LENGTH * by_own[:, :1], by_own[:, 1:]])
    for k in range(v.size):
        h = 1e-5 * np.eye(v.size)[k]
        numeric = (residual(v + h) - residual(v - h)) / 2e-5
        np.testing.assert_allclose(analytic[:, k], numeric, atol=1e-7)


def test_eigenvalues_that_are_not_positive_are_refused():
    with pytest.raises(ValueError, match="positive"):
        MatrixErf(D0 * np.array([[1.0, 2.0], [2.0, 1.0]]), points(5), TIME)
    assert fit([], D0 * np.array([[1.0, 2.0], [2.0, 1.0]])) is None


# profiles without noise


@pytest.mark.parametrize(
    ("D", "ends"),
    [
        (TERNARY, TERNARY_ENDS),
        (TERNARY, TERNARY_ENDS[:1]),
        (QUATERNARY, body_diagonals(3, 0.1)),
        (QUATERNARY, body_diagonals(3, 0.1)[:2]),
        (QUATERNARY, body_diagonals(3, 0.1)[:1]),
        (QUINARY, body_diagonals(4, 0.1)),
        (EQUAL, TERNARY_ENDS),
        (DEFECTIVE, TERNARY_ENDS),
        (D0 * np.diag([1.0, 0.01]), TERNARY_ENDS),
    ],
    ids=["3, 2 couples", "3, 1", "4, 3", "4, 2", "4, 1", "5, 4", "equal", "defective", "far apart"],
)
def test_exact_profiles_give_the_matrix_to_rounding(D, ends):
    estimate = METHOD(*couples(D, ends, points()))
    # rounding of the fractions, 1e-16, times at most 400 for the single couple
    assert error(estimate, D) < 1e-10
    assert estimate.sd is None and estimate.diagnostics["chi_square"] is None
    assert estimate.diagnostics["misfit"] == pytest.approx([0.0] * len(ends), abs=1e-6)


def test_a_plane_off_the_middle_times_and_means_may_differ():
    first = couple(TERNARY, TERNARY_ENDS[0], points(), plane=2.0 * LENGTH)
    X = matrix_profile(points(), 0.5 * TIME, TERNARY, (-LENGTH,), np.array([[0.1, 0.3], [0.2, 0.15]]))
    second = Profile(points(), ("A", "B"), X, time=0.5 * TIME, dependent="C")
    estimate = METHOD(first, second)
    assert error(estimate, TERNARY) < 1e-10
    np.testing.assert_allclose(estimate.diagnostics["planes"], [2.0 * LENGTH, -LENGTH], atol=1e-9 * LENGTH)
    np.testing.assert_allclose(estimate.composition[0], [(1 / 3 + 0.2) / 2, (1 / 3 + 0.175) / 2], atol=1e-9)


def test_known_ends_and_planes_are_kept():
    """A profile cut where diffusion has arrived has no flat ends: given ones make up for them."""
    x = points(101, 3.0)
    known = {side: TERNARY_ENDS[0][:, k] for k, side in enumerate(("left", "right"))}
    profile = replace(couple(TERNARY, TERNARY_ENDS[0], x), ends=known, start={"shape": "step", "at": 0.0})
    path = path_of(profile, "exact-fit")
    assert couple_of(path).own.size == 0
    assert error(METHOD(profile), TERNARY) < 1e-10


def test_another_dependent_component_gives_the_same_matrix():
    full = [
        replace(
            profile, components=("A", "B", "C"), fractions=np.vstack([profile.fractions, 1 - profile.fractions.sum(0)])
        )
        for profile in couples(TERNARY, TERNARY_ENDS, points())
    ]
    other = METHOD(*(replace(profile, dependent="A") for profile in full))
    assert other.rows == ("B", "C")
    # D^(A)_ij = D_ij - D_iA, with the row of C from -(D_Aj + D_Bj)
    (aa, ab), (ba, bb) = TERNARY
    expected = np.array([[bb - ba, -ba], [-(ab + bb) + (aa + ba), aa + ba]])
    np.testing.assert_allclose(other.value[0], expected, atol=1e-10 * D0)


def test_molar_volume_moves_the_axis_and_not_the_matrix():
    """On q = V_0 int dx/V_m a matrix D is D (V_0/V_m)^2; a small step keeps V_m, and the matrix, constant."""
    ends = tuple(1 / 3 + 0.01 * (end - 1 / 3) for end in TERNARY_ENDS)
    volumes = {"kind": "vegard", "A": "1e-5 m^3/mol", "B": "7e-6 m^3/mol", "C": "8e-6 m^3/mol"}
    found = METHOD(*(couple(TERNARY, end, points(), molar_volume=volumes) for end in ends))
    # V_m changes by 0.1 % along the couple
    assert error(found, TERNARY) < 3e-3
    assert found.diagnostics["holds"]


def test_variable_projection_alone_finds_one_couples_matrix():
    entry = couple_of(path_of(couple(QUATERNARY, body_diagonals(3, 0.1)[1], points()), "exact-fit"))
    first, *_ = separated(entry)
    # it stops where the residual, 1e-12 of the step, no longer falls; the condition number is about 400
    np.testing.assert_allclose(first, QUATERNARY, atol=1e-4 * D0)


# noise


@pytest.mark.parametrize(
    ("D", "ends", "sigma", "largest"),
    [
        (TERNARY, TERNARY_ENDS, 1e-4, 0.001),
        (TERNARY, TERNARY_ENDS, 1e-3, 0.0075),
        (TERNARY, TERNARY_ENDS, 3e-3, 0.0225),
        (TERNARY, TERNARY_ENDS[:1], 1e-4, 0.0045),
        (TERNARY, TERNARY_ENDS[:1], 1e-3, 0.045),
        (TERNARY, TERNARY_ENDS[:1], 3e-3, 0.14),
        (QUATERNARY, body_diagonals(3, 0.1), 1e-3, 0.0165),
    ],
)
def test_median_errors_under_noise(D, ends, sigma, largest):
    """30 seeds, 100 points within 6 sqrt(D0 t), known ends."""
    x, errors = points(100, 6.0), []
    for seed in range(30):
        found = [
            replace(entry, ends=end, ends_known=True)
            for entry, end in zip(measured(D, ends, x, sigma, seed), ends, strict=True)
        ]
        errors.append(np.abs(fit(found, D).D - D).max() / D0)
    assert np.median(errors) < largest


@pytest.mark.slow
@pytest.mark.parametrize(
    ("D", "ends", "largest"),
    [(TERNARY, TERNARY_ENDS, 0.010), (TERNARY, TERNARY_ENDS[:1], 0.06), (QUATERNARY, body_diagonals(3, 0.1), 0.024)],
)
def test_95_per_cent_intervals_hold_95_per_cent(D, ends, largest):
    """300 draws, pooled over the entries, ends and planes fitted, 100 points within 8 sqrt(D0 t), sigma = 1e-3. Entries
    of one draw hang together: 1200 of them have the scatter of some 600, one per cent."""
    inside, errors = [], []
    for seed in range(300):
        found = fit(measured(D, ends, points(100, 8.0), 1e-3, seed), D)
        sd = np.sqrt(np.diag(found.covariance(known=False))).reshape(D.shape)
        inside.append(np.abs(found.D - D) < 1.96 * sd)
        errors.append(np.abs(found.D - D).max() / D0)
    assert 0.92 < np.mean(inside) < 0.98
    assert np.median(errors[:30]) < largest


def test_a_noisy_estimate_is_that_of_the_fit_with_its_deviations():
    x = points(100, 8.0)
    estimate = METHOD(*couples(TERNARY, TERNARY_ENDS, x, 1e-3, 5))
    same = fit(measured(TERNARY, TERNARY_ENDS, x, 1e-3, 5), TERNARY)
    np.testing.assert_allclose(estimate.value[0], same.D, atol=1e-6 * D0)  # the tolerance of the search
    sd = np.sqrt(np.diag(same.covariance(known=False))).reshape(2, 2)
    np.testing.assert_allclose(estimate.sd[0], sd, rtol=1e-4)
    more = estimate.diagnostics
    assert more["holds"] and more["condition"] == pytest.approx(1.0 / more["singular_values"][-1])
    # chi-square of 386 degrees of freedom scatters by 7 %, the noise read off four rows by 6 %
    assert more["chi_square"] / more["degrees_of_freedom"] == pytest.approx(1.0, abs=0.3)
    assert more["residual"] == pytest.approx(1e-3, rel=0.15)
    assert np.all(
        np.abs(more["eigenvalues"] - np.linalg.eigvals(TERNARY)[[1, 0]]) < 4.0 * np.array(more["eigenvalues_sd"])
    )


def test_deviations_of_eigenvalues_are_their_scatter():
    eigenvalues, said = [], None
    for seed in range(60):
        found = fit(measured(TERNARY, TERNARY_ENDS, points(100, 8.0), 1e-3, seed), TERNARY)
        eigenvalues.append(np.sort(np.linalg.eigvals(found.D).real))
        if seed == 0:
            said = deviations_of_eigenvalues(found.D, found.covariance(known=False))
    # a deviation from 60 draws is known to 9 %
    np.testing.assert_allclose(said, np.std(eigenvalues, axis=0), rtol=0.3)


def test_stated_uncertainties_weigh_and_set_the_deviations():
    x, sigma = points(100, 8.0), np.array([[1e-3], [4e-3]]) * np.ones((2, 100))
    profiles = []
    for k, end in enumerate(TERNARY_ENDS):
        clean = couple(TERNARY, end, x)
        noise = sigma * np.random.default_rng(k).standard_normal((2, 100))
        profiles.append(replace(clean, fractions=clean.fractions + noise, sigma=sigma))
    once = METHOD(*profiles)
    twice = METHOD(*(replace(profile, sigma=2.0 * sigma) for profile in profiles))
    np.testing.assert_allclose(once.value, twice.value, atol=1e-6 * D0)
    np.testing.assert_allclose(twice.sd, 2.0 * once.sd, rtol=1e-4)
    assert np.all(np.abs(once.value[0] - TERNARY) < 4.0 * once.sd[0])


# what is refused, and what is said


def test_one_noisy_quaternary_couple_is_refused_and_a_clean_one_warned_of():
    end = body_diagonals(3, 0.1)[0]
    with pytest.raises(Invalid, match=r"cannot read 9 entries.*condition number.*above 30.*3 couples"):
        METHOD(couple(QUATERNARY, end, points(100, 8.0), 1e-3))
    clean = METHOD(couple(QUATERNARY, end, points()))
    assert clean.diagnostics["condition"] > 30.0 and not clean.diagnostics["holds"]
    assert any("condition number" in sentence for sentence in clean.warnings)


def test_a_step_along_an_eigenvector_determines_one_eigenvalue_only():
    vector = np.linalg.eig(TERNARY)[1][:, 0]
    end = np.stack([1 / 3 - 0.1 * vector, 1 / 3 + 0.1 * vector], axis=1)
    with pytest.raises(Undetermined, match=r"no one matrix.*eigenvector"):
        METHOD(couple(TERNARY, end, points()))
    with pytest.raises(Invalid, match="noisy"):
        METHOD(couple(TERNARY, end, points(100, 8.0), 1e-3))


def test_three_noisy_couples_of_one_step_are_no_more_than_one():
    end = body_diagonals(3, 0.1)[0]
    with pytest.raises(Invalid, match="these 3 couples"):
        METHOD(*couples(QUATERNARY, (end, end, end), points(60, 8.0), 1e-3))


def test_one_ternary_couple_says_how_unsure_it_is():
    estimate = METHOD(couple(TERNARY, TERNARY_ENDS[0], points(100, 8.0), 3e-3, 1))
    assert 10.0 < estimate.diagnostics["condition"] <= 30.0
    assert any("uncertain by" in sentence for sentence in estimate.warnings)


@pytest.mark.parametrize("number", [1, 2])
def test_a_matrix_that_depends_on_composition_does_not_hold(number):
    def law(X):
        return TERNARY[:, :, None] * np.exp(3.0 * X[0])

    x, profiles = points(201, 16.0), []
    for end in TERNARY_ENDS[:number]:
        X = similarity_profile(law, end[:, 0], end[:, 1], tolerance=1e-8).values(x / np.sqrt(TIME))
        profiles.append(Profile(x, ("A", "B"), X, time=TIME, dependent="C"))
    estimate = METHOD(*profiles)
    assert estimate.diagnostics["holds"] is False
    assert any("constant matrix does not explain" in sentence for sentence in estimate.warnings)


def test_couples_of_two_temperatures_are_refused():
    first, second = couples(TERNARY, TERNARY_ENDS, points())
    with pytest.raises(Invalid, match="1200 K to 1300 K"):
        METHOD(replace(first, temperature=1200.0), replace(second, temperature=1300.0))


def test_simulated_round_trip_of_the_ternary_couples():
    """Both couples together, and one alone."""
    one, two = (simulator.load(CASES.format(f"ternary-couple-{k}")) for k in (1, 2))
    trips = list(round_trips({"one": one}, (METHOD,), {"one": (two,)}))
    assert [trip.profiles for trip in trips][:2] == [2, 1]
    for trip in trips:
        assert trip.verdict.max_error < 1e-3 and trip.estimate.diagnostics["holds"]

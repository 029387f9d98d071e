"""Tracer diffusivities of all n components from the interdiffusion matrix of couples, by Darken and Manning."""

from collections.abc import Sequence

import numpy as np

from inverse.estimate import UNITS, Estimate, Method
from inverse.kirkendall import wind_of
from inverse.multicomponent.couples import check_together, enough
from inverse.multicomponent.path import mixture_of, path_of
from inverse.multicomponent.tracer_fit import TracerFit, tracers_of
from simulator.faults import Invalid
from simulator.laws.thermodynamics import Thermodynamics
from simulator.solve.profile import Profile

NAME = "tracers-from-matrix"
RECOVERS = "tracer_diffusivity"
# the first that holds: for a constant matrix the fit to all points is best
MATRICES = ("exact-fit", "kirkaldy", "square-root")
KEPT = ("time", "planes", "ends", "ends_given", "noise")  # of the diagnostics of the matrix
EXAMPLE = "fcc"


def check(profile: Profile, method: str) -> None:
    """Raise Invalid unless the profile is one of a couple of three components or more, with thermodynamics."""
    path_of(profile, method)
    if profile.thermodynamics is None:
        raise Invalid.at(
            "profile.thermodynamics",
            f'{method} needs the thermodynamics of the solution: add [thermodynamics] kind = "ideal", "regular" or '
            "another one.",
        )
    given = profile.thermodynamics
    mixture = mixture_of(profile, method)
    solution = Thermodynamics(mixture, given.get("kind", "ideal"), given.get("omega") or {}, given.get("excess"))
    if profile.temperature is None and solution.energy.value != 0.0:
        raise Invalid.at("profile.temperature", f"{method} needs the temperature for the thermodynamic factors.")
    wind_of(profile.structure)


def together(profiles: Sequence[Profile], method: str) -> None:
    """Raise Invalid unless there are m couples or more of one alloy and one temperature."""
    check_together(profiles, method)
    enough(profiles, method)
    first = profiles[0]
    for number, profile in enumerate(profiles[1:], 2):
        if (profile.thermodynamics, profile.structure) != (first.thermodynamics, first.structure):
            raise Invalid.at(
                "profiles",
                f"{method} needs one solution, but the thermodynamics or structure of couple {number} differ.",
            )


def matrix_of(profiles: Sequence[Profile], by: str, smoother: str) -> Estimate:
    """The matrix by one of MATRICES, the first whose assumptions hold if none is named. Raises Invalid with what each
    of them says if none applies."""
    from inverse.registry import METHODS

    if by and by not in MATRICES:
        raise Invalid.at("matrix_by", f"there is no {by!r} to get a matrix by; there are {', '.join(MATRICES)}.")
    found, refused = [], []
    for name in (by,) if by else MATRICES:
        if name not in METHODS:
            continue
        answer = METHODS[name].applies(*profiles)
        if answer is None:
            try:
                found.append(METHODS[name](*profiles, smoother=smoother))
            except Invalid as error:
                answer = " ".join(fault.sentence for fault in error.faults)
            else:
                if found[-1].diagnostics.get("holds") is not False:
                    return found[-1]
        if answer is not None:
            refused.append(f"{name}: {answer}")
    if not found:
        raise Invalid.at("profiles", f"{NAME} finds no matrix to start from. {' '.join(refused)}")
    return found[0]


def tracers_from_matrix(
    *profiles: Profile, window: tuple[float, float], matrix_by: str = "", smoother: str = "probit"
) -> Estimate:
    """Tracer diffusivities D_k* (n, 1), m^2/s, of all n components where m = n - 1 couples determine the matrix.

        D_ij = sum_k L_ik G_kj,   L = B M B^T,   M_ij = x_i D_i* (delta_ij + w x_j D_j*/sum_k x_k D_k*)/RT
        minimise sum_ij [(D_ij - D_ij(D_1*, .., D_n*))/sd_ij]^2   over ln D_k*

    B_ij = delta_ij - x_i; G second derivatives of the molar Gibbs energy, from the profile's thermodynamics; w = 2/M_0
    of its structure, 0 without one (Darken), and a sentence says what that means. matrix_by: the method for the matrix,
    by default exact-fit where the matrix is constant over the couples and kirkaldy where it is not. A random alloy with
    vacancies.

    diagnostics: matrix, matrix_sd and matrix_by; sensitivity of each tracer to errors of the matrix; condition; misfit
    of the matrix and holds; without_wind, the tracers by Darken, and wind_ratio, by what the wind changes them;
    other_tracers that make the same matrix. sd follow from those of the matrix. Raises Invalid without thermodynamics,
    and as the method for the matrix.
    Source: Darken (1948), Trans. AIME 175, 184; Manning (1971), Phys. Rev. B 4, 1111.
    """
    together(profiles, NAME)
    matrix = matrix_of(profiles, matrix_by, smoother)
    profile = profiles[0]
    fit = fit_of(matrix, profile, profile.structure)
    plain = fit_of(matrix, profile, "") if profile.structure else fit
    warnings = [*matrix.warnings, *fit.warnings]
    if not profile.structure:
        off = 100.0 * (fit.value / fit_of(matrix, profile, EXAMPLE).value - 1.0)
        warnings.append(
            "No structure is given: the vacancy wind is left out. If one blows, as in "
            f"{EXAMPLE}, these tracer diffusivities are off by {off.min():+.2g} to {off.max():+.2g} %."
        )
    holds = fit.holds and matrix.diagnostics.get("holds") is not False
    return Estimate(
        method=NAME,
        recovers=RECOVERS,
        unit=UNITS[RECOVERS],
        component=matrix.component,
        composition=matrix.composition[:1],
        value=fit.value[:, None],
        sd=None if fit.sd is None else fit.sd[:, None],
        window=(0.0, 1.0),
        source=profile.source,
        rows=fit.components,
        dependent=matrix.dependent,
        diagnostics={
            **{name: matrix.diagnostics[name] for name in KEPT if name in matrix.diagnostics},
            "independent": list(matrix.rows),
            "matrix_by": matrix.method,
            "matrix": matrix.value[0].tolist(),
            "matrix_sd": None if matrix.sd is None else matrix.sd[0].tolist(),
            "matrix_condition": matrix.diagnostics.get("condition"),
            "condition": fit.condition,
            "sensitivity": fit.named(fit.sensitivity),
            "misfit": fit.misfit,
            "holds": holds,
            "without_wind": plain.named(plain.value),
            "wind_ratio": fit.named(fit.value / plain.value),
            "other_tracers": [fit.named(other) for other in fit.others],
            "warnings": list(dict.fromkeys(warnings)),
        },
    )


def fit_of(matrix: Estimate, profile: Profile, structure: str) -> TracerFit:
    """Of the first matrix of an estimate."""
    covariance = matrix.diagnostics.get("covariance")
    return tracers_of(
        matrix.value[0],
        matrix.composition[0],
        (*matrix.rows, matrix.dependent),
        profile.thermodynamics,
        structure,
        profile.temperature,
        sd=None if matrix.sd is None else matrix.sd[0],
        covariance=None if covariance is None else np.array(covariance),
    )


METHOD = Method(
    name=NAME,
    title="Tracer diffusivities from the matrix by Darken and Manning",
    equation="D = [B M B^T] [G]/RT,   M_ij = x_i D_i* (delta_ij + (2/M_0) x_j D_j*/sum_k x_k D_k*),   fitted to D",
    recovers=RECOVERS,
    unit=UNITS[RECOVERS],
    needs=("m couples", "time", "temperature", "thermodynamics", "structure, for the wind"),
    assumes=("random alloy", "vacancy mechanism", "what the method for the matrix assumes"),
    source="Darken (1948), Trans. AIME 175, 184; Manning (1971), Phys. Rev. B 4, 1111",
    check=check,
    analyse=tracers_from_matrix,
    tolerance=5e-3,
    profiles=(2, 20),
    together=together,
)

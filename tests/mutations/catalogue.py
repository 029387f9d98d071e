"""Every deliberate fault: exact strings of one file, and the tests that must fail once they are exchanged."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutation:
    """A fault in words; `old` stands exactly once in `file`, `new` takes its place; every one of `tests` must fail."""

    name: str
    fault: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def compiled(self) -> bool:
        """Whether it changes what numba compiles: then nothing that was compiled before may be used."""
        return self.file.startswith("simulator/kernels/")


MUTATIONS = (
    Mutation(
        "wind-sign",
        "the vacancy wind blows the wrong way",
        "simulator/laws/darken.py",
        "swept = {i: y[i] * (1.0 + self.wind - blown[i]) for i in order(self.mixture)}",
        "swept = {i: y[i] * (1.0 - self.wind + blown[i]) for i in order(self.mixture)}",
        (
            "tests/test_darken.py::test_ideal_solution_has_the_closed_form_up_to_the_pure_ends[3-fcc]",
            "tests/test_darken.py::test_two_components_follow_darken_and_manning[fcc]",
        ),
    ),
    Mutation(
        "wind-sign-on-lattice",
        "the vacancy wind blows the wrong way in the fluxes of the lattice frame",
        "simulator/laws/darken.py",
        "return Formula.join([p[k][j] + y[k] * blown[k] * P[j] for k in range(m + 1) for j in range(m)], m)",
        "return Formula.join([p[k][j] - y[k] * blown[k] * P[j] for k in range(m + 1) for j in range(m)], m)",
        (
            "tests/test_darken.py::test_sign_of_the_wind[2.0--0.18--0.16]",
            "tests/test_darken.py::test_two_components_follow_darken_and_manning[fcc]",
        ),
    ),
    Mutation(
        "matano-plane",
        "the Matano plane lies off by 1 % of the profile's length",
        "inverse/planes.py",
        "    return float(middle - (curve.left(middle) - curve.right(middle))[0])",
        "    shift = 0.01 * (curve.nodes[-1] - curve.nodes[0])\n"
        "    return float(middle - (curve.left(middle) - curve.right(middle))[0] + shift)",
        (
            "tests/test_methods.py::test_matano_plane_is_the_contact_plane[boltzmann-matano]",
            "tests/test_methods.py::test_boltzmann_matano_equals_sauer_freise_at_constant_volume",
            "tests/test_couple.py::test_the_contact_plane_is_found_for_any_volume[constant-(0.0, 1.0)]",
        ),
    ),
    Mutation(
        "volume-factor",
        "1/V_m^2 is dropped from the flux on the mole coordinate",
        "simulator/laws/matrix_law.py",
        "factor = (volume.reference / volume.formula) ** 2",
        "factor = (volume.formula / volume.formula) ** 2",
        (
            "tests/test_molar_volume.py::test_second_order_in_space_and_the_exact_profile_on_the_mole_coordinate",
            "tests/test_molar_volume.py::test_ternary_couple_in_the_number_frame_is_that_of_the_volume_frame",
        ),
    ),
    Mutation(
        "hall-factor",
        "Hall's factor is 2/sqrt(pi) instead of 2 sqrt(pi)",
        "inverse/methods/hall.py",
        "return (1.0 + 2.0 * ROOT_PI * k * np.exp(probit(Y) ** 2) * Y) / (4.0 * h**2)",
        "return (1.0 + 2.0 / ROOT_PI * k * np.exp(probit(Y) ** 2) * Y) / (4.0 * h**2)",
        (
            "tests/test_hall.py::test_the_end_values_are_the_integral_over_the_tail[0.03-0.4]",
            "tests/test_hall.py::test_hall_extrapolates_near_the_ends_and_only_there[(0.0, 1.0)]",
        ),
    ),
    Mutation(
        "transposed-matrix",
        "Fick's matrix is read by columns",
        "simulator/laws/fick.py",
        "return Program.join(*(entry.program for row in self.coefficients for entry in row))",
        "return Program.join(*(entry.program for row in zip(*self.coefficients) for entry in row))",
        (
            "tests/test_fick.py::test_interdiffusivity_as_truth",
            "tests/test_ends.py::test_exchange_of_a_ternary_is_a_row_of_resistances[steady]",
            "tests/test_ends.py::test_walls_of_a_ternary_that_change_in_time[implicit]",
        ),
    ),
    Mutation(
        "boundary-flux",
        "what is given to flow through an end is lost",
        "simulator/kernels/system.py",
        "F[a, side * last] = ends[a, 3 * side] / ends[a, 3 * side + 2]",
        "F[a, side * last] = 0.0",
        (
            "tests/test_solve.py::test_constant_flux_fills_the_sample",
            "tests/test_ends.py::test_what_passes_the_ends_of_a_ternary_is_what_it_gains[implicit]",
        ),
    ),
    Mutation(
        "late-temperature",
        "T(t) of a schedule is that of one step before",
        "simulator/kernels/rosenbrock.py",
        "        stages(t, h, system, tableau, work, flat, stage, k, f_t, sum_c)\n",
        "        system.temperature[2] += h\n"
        "        stages(t, h, system, tableau, work, flat, stage, k, f_t, sum_c)\n"
        "        system.temperature[2] -= h\n",
        (
            "tests/test_solve.py::test_arrhenius_follows_the_schedule",
            "tests/test_cases.py::test_case_shows_what_it_expects[arrhenius-schedule]",
        ),
    ),
    Mutation(
        "time-slope",
        "the row of dF/dt has the wrong sign",
        "simulator/kernels/rosenbrock.py",
        "x[i] += q * f_t[i]",
        "x[i] -= q * f_t[i]",
        (
            "tests/test_ends.py::test_order_with_everything_that_depends_on_time[rodas4p]",
            "tests/test_order.py::test_order_in_time[rodas4p-D(t)]",
        ),
    ),
    # laws
    Mutation(
        "correlation-factor",
        "the correlation factor of fcc is that of bcc",
        "simulator/laws/darken.py",
        '"fcc": 0.781451',
        '"fcc": 0.727194',
        ("tests/test_darken.py::test_M0_of_the_structures[fcc-7.1513]",),
    ),
    Mutation(
        "number-frame",
        "the lattice's drift is left out of the interdiffusivities of Onsager's law",
        "simulator/laws/lattice.py",
        "return [d[i][j] - y[i] * sums[j] for i in order(mixture) for j in range(mixture.m)]",
        "return [d[i][j] for i in order(mixture) for j in range(mixture.m)]",
        (
            "tests/test_onsager.py::test_a_couple_of_onsager_is_the_couple_of_darken",
            "tests/test_cases.py::test_case_shows_what_it_expects[onsager-lattice]",
        ),
    ),
    Mutation(
        "marker-frame",
        "markers drift on the mole coordinate as if the volume were constant",
        "simulator/laws/matrix_law.py",
        "return self.on_axis(Formula.join(sums, mixture.m))",
        "return Formula.join(sums, mixture.m)",
        (
            "tests/test_markers.py::test_the_kirkendall_plane_lies_where_it_must[implicit-vegard darken 0-1]",
            "tests/test_cases.py::test_case_shows_what_it_expects[ni-pd]",
        ),
    ),
    # ions
    Mutation(
        "bernoulli-series",
        "Bernoulli's function has the wrong slope near no field",
        "simulator/kernels/nernst_planck.py",
        "return 1.0 - 0.5 * s + s * s / 12.0 - s * s * s * s / 720.0",
        "return 1.0 + 0.5 * s + s * s / 12.0 - s * s * s * s / 720.0",
        (
            "tests/test_constant_field.py::test_bernoulli_keeps_its_identities_over_all_sizes",
            "tests/test_constant_field.py::"
            "test_the_steady_flux_is_that_of_goldman_hodgkin_and_katz_on_four_cells[1-5.0-140.0-1e-06]",
        ),
    ),
    Mutation(
        "fixed-charge",
        "the membrane's fixed charge counts with the wrong sign in neutral solutions",
        "simulator/kernels/nernst_planck.py",
        "            total = q[0, i]\n",
        "            total = -q[0, i]\n",
        (
            "tests/test_electroneutral.py::test_fixed_charge_is_balanced_by_ions_and_makes_donnan_steps",
            "tests/test_cases.py::test_case_shows_what_it_expects[ion-exchange-membrane]",
        ),
    ),
    Mutation(
        "anions-inside-out",
        "Goldman's voltage takes anions for cations",
        "simulator/laws/electrochemistry/membrane.py",
        "into = float(np.sum(P * np.where(z > 0.0, outside, inside)))",
        "into = float(np.sum(P * outside))",
        ("tests/test_electrochemistry.py::test_goldman_voltage[squid_18C-P0-inside0-outside0-291.15]",),
    ),
    # methods
    Mutation(
        "sauer-freise-weights",
        "Y and 1 - Y are exchanged in Sauer and Freise's bracket",
        "inverse/methods/sauer_freise.py",
        "return ((1.0 - Y) * curve.left(x) + Y * curve.right(x)) / (2.0 * couple.time * couple.dY(x))",
        "return (Y * curve.left(x) + (1.0 - Y) * curve.right(x)) / (2.0 * couple.time * couple.dY(x))",
        (
            "tests/test_methods.py::test_constant_diffusivity_from_an_error_function[(0.1, 0.7)-sauer-freise]",
            "tests/test_methods.py::test_boltzmann_matano_equals_sauer_freise_at_constant_volume",
        ),
    ),
    Mutation(
        "wagner-volume",
        "the volume of the left end is used throughout in Wagner's first integral",
        "inverse/couple.py",
        "return found if self._P is None else found + self._P.before(x)",
        "return found",
        (
            "tests/test_couple.py::test_the_contact_plane_is_found_for_any_volume[vegard-(0.0, 1.0)]",
            "tests/test_wagner.py::test_wagner_is_exact_for_any_molar_volume[vegard-(0.0, 1.0)]",
        ),
    ),
    Mutation(
        "transposed-root",
        "the root of the matrix is transposed",
        "inverse/methods/square_root.py",
        "return np.linalg.lstsq(np.array(steps), np.array(contents), rcond=None)[0].T",
        "return np.linalg.lstsq(np.array(steps), np.array(contents), rcond=None)[0]",
        ("tests/test_square_root.py::test_exact_profiles_give_the_matrix[ternary]",),
    ),
    Mutation(
        "flux-closure",
        "the dependent component's flux is the sum of the others, not its opposite",
        "inverse/multicomponent/fluxes.py",
        "table[path.mixture.dependent] = total - rows.sum(axis=0)",
        "table[path.mixture.dependent] = total + rows.sum(axis=0)",
        ("tests/test_interdiffusion_fluxes.py::test_fluxes_of_a_quaternary_are_exact_and_add_up_to_nothing",),
    ),
    # files
    Mutation(
        "forgotten-step",
        "a resumed run forgets the length of its step",
        "simulator/files/stored.py",
        'return snapshots, Checkpoint(index, float(file["checkpoint/t"][slot]), u, h)',
        'return snapshots, Checkpoint(index, float(file["checkpoint/t"][slot]), u, 0.0 * h)',
        ("tests/test_hdf5.py::test_killed_at_any_moment_it_opens_and_resumes_to_the_same_bytes",),
    ),
    Mutation(
        "celsius",
        "0 degC is 273 K",
        "simulator/laws/units.py",
        "degree_Celsius = kelvin; offset: 273.15",
        "degree_Celsius = kelvin; offset: 273.0",
        ("tests/test_units.py::test_a_quantity_becomes_its_number_in_si[1000 degC-K-1273.15]",),
    ),
    Mutation(
        "mass-fractions",
        "masses are multiplied where wt% become mole fractions",
        "simulator/files/composition.py",
        "moles = w / masses[:, None]",
        "moles = w * masses[:, None]",
        ("tests/test_measured.py::test_mass_and_mole_fractions_are_each_others_inverse[Ni-Cu]",),
    ),
)

"""Un-mixing in one dimension: growth of waves, exact solutions, equilibrium, and what is kept."""

from dataclasses import replace

import numpy as np
import pytest
from spinodal import RING, TERNARY, amplitude, bar, noisy, reduced, regular, ternary, well

from simulator.faults import Invalid
from simulator.kernels.cahn_hilliard import separating_flux, separating_flux_slopes
from simulator.laws.cahn_hilliard import CahnHilliard
from simulator.laws.lattice import R
from simulator.laws.mixture import Mixture
from simulator.laws.thermodynamics import Thermodynamics
from simulator.problem.boundary import Boundary, Fixed
from simulator.problem.gap import situation
from simulator.problem.noise import Noise
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls
from simulator.solve.solve import Run, solve

NAN = float("nan")
FINE = Controls(rtol=1e-9)


def discrete(b, h):
    """b^2 of a grid."""
    return 2.0 / h**2 * (1.0 - np.cos(b * h))


def growth(result, mode, name="B"):
    """ln of the growth of a wave between the first and the last saved time, per second."""
    row = result.components.index(name)
    first, last = (amplitude(result.composition[k, row], mode) for k in (0, -1))
    return np.log(last / first) / (result.time[-1] - result.time[0])


@pytest.mark.parametrize("w, X0, part", [(3.0, 0.5, 0.25), (3.0, 0.5, 0.5), (3.0, 0.5, 0.9), (3.0, 0.5, 1.2),
                                         (3.0, 0.5, 0.5**0.5), (2.5, 0.35, 0.5**0.5)])  # fmt: skip
def test_a_wave_grows_as_the_discrete_theory_says(w, X0, part):
    law = regular(w)
    b = float(part * 2.0 * np.pi / law.critical_wavelength([X0], NAN))
    length, cells, mode = 2.0 * np.pi * 3 / b, 96, 3
    rate = law.growth_rates([X0], discrete(b, length / cells), NAN)[0]
    problem = bar(law, {"B": f"{X0} + 1e-6*cos({b!r}*x)"}, length, cells, 0.5 / abs(rate), (0.0,))
    assert growth(solve(problem, FINE), mode) == pytest.approx(rate, rel=2e-5)


def test_a_wave_grows_in_si_units():
    T, V_m, D = 773.0, 7.1e-6, 1e-22
    solution = Thermodynamics(Mixture(("Fe", "Cr")), "regular", {"Fe-Cr": "18.6 kJ/mol"})
    law = CahnHilliard(solution.mixture, gradient_energy=5e-10 * V_m, D=D, thermodynamics=solution)
    b, X0 = 1.211476903960913e9, 0.4
    length, cells = 2.0 * np.pi * 2 / b, 64
    rate = law.growth_rates([X0], discrete(b, length / cells), T)[0]
    problem = bar(law, {"Fe": f"{X0} + 1e-6*cos({b!r}*x)"}, length, cells, 1.0 / rate, (0.0,),
                  temperature=Temperature(T))  # fmt: skip
    result = solve(problem, FINE)
    assert growth(result, 2, "Fe") == pytest.approx(rate, rel=2e-5)
    assert rate == pytest.approx(2.8555283207629e-5, rel=2e-3)  # of the continuum; the rest is the grid's


def test_the_modes_of_a_ternary_grow_as_its_matrix_says():
    law = ternary((3.5, 3.5, 3.5), D={"A": 1.0, "B": 3.0, "C": 0.5})
    u, mode, cells = np.array([0.3, 0.35]), 2, 64
    b = float(0.6 * 2.0 * np.pi / law.critical_wavelength(u, NAN))
    length = 2.0 * np.pi * mode / b
    b2 = discrete(b, length / cells)
    M = law.coefficient("mobility", u[:, None], NAN)[..., 0]
    rates, modes = np.linalg.eig(-b2 * M @ (law.free_energy.hessian(u[:, None], NAN)[..., 0] + b2 * law.gradient))
    v = modes[:, np.argmax(rates)]
    start = {name: f"{u[k]} + {float(1e-6 * v[k])!r}*cos({b!r}*x)" for k, name in enumerate(("A", "B"))}
    result = solve(bar(law, start, length, cells, 0.5 / rates.max(), (0.0,)), FINE)
    for name in ("A", "B"):
        assert growth(result, mode, name) == pytest.approx(rates.max(), rel=2e-5)


# X_t = div(X(1-X) grad(ln(X/(1-X)) + 3 (1-2X) - 0.02 lap X)) + S with X = 1/2 + 0.3 cos(pi x) cos t: S by hand, from
# J = X_x - 6 X(1-X) X_x - 0.02 X(1-X) X_xxx
X = "(0.5 + 0.3*cos(pi*x)*cos(t))"
X1, X2 = "(-0.3*pi*sin(pi*x)*cos(t))", "(-0.3*pi**2*cos(pi*x)*cos(t))"
X3, X4 = "(0.3*pi**3*sin(pi*x)*cos(t))", "(0.3*pi**4*cos(pi*x)*cos(t))"
PRODUCT, SLOPE = f"{X}*(1 - {X})", f"(1 - 2*{X})*{X1}"
MADE = f"-0.3*cos(pi*x)*sin(t) - ({X2} - 6*({SLOPE}*{X1} + {PRODUCT}*{X2}) - 0.02*({SLOPE}*{X3} + {PRODUCT}*{X4}))"


def test_a_manufactured_solution_at_second_order():
    law = regular(3.0, K=0.02)
    errors = []
    for cells in (20, 40, 80, 160):
        # values at the centres, as the reference takes them: what differs at the start grows 80 times
        start = 0.5 + 0.3 * np.cos(np.pi * (np.arange(cells) + 0.5) / cells)
        problem = bar(law, start, 1.0, cells, 1.0, (), Boundary(), source={"B": MADE})
        if cells == 20:
            S = problem.source_program
            for x, t, value in ((0.1, 0.0, -0.21971344865932593), (0.25, 0.5, -1.2992034769776637),
                                (0.7, 1.0, 0.7102663145671243)):  # fmt: skip
                assert S(np.zeros(1), x=x, t=t)[0] == pytest.approx(value, rel=1e-12)
        result = solve(problem, Controls(rtol=1e-8))
        exact = 0.5 + 0.3 * np.cos(np.pi * result.x) * np.cos(1.0)
        errors.append(np.sqrt(np.mean((result.composition[-1, 1] - exact) ** 2)))
    # of the same compact fluxes in an independent code
    assert errors == pytest.approx([8.07e-3, 1.74e-3, 4.20e-4, 1.04e-4], rel=0.02)
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert orders[-1] == pytest.approx(2.0, abs=0.03)


def interface(cells_across, w=3.0):
    """The result of a couple near its binodal that comes to rest, and its law."""
    law = regular(w)
    width, half = law.interface_width(NAN), 12.0
    low, high = law.free_energy.binodal(NAN)[0]
    cells = 2 * round(half * cells_across / width)
    length = cells * width / cells_across
    start = {"B": f"{0.5 * (low + high)} + {0.45 * (high - low)}*tanh((x - {0.5 * length})/2)"}
    return law, length, solve(bar(law, start, length, cells, 4000.0, (0.0,), Boundary()), Controls(rtol=1e-7))


def test_an_interface_comes_to_the_binodal_and_its_energy_at_second_order():
    errors = []
    for across in (4, 8, 16):
        law, length, result = interface(across)
        low, _ = law.free_energy.binodal(NAN)[0]
        profile = result.composition[-1, 1]
        bulk = law.free_energy(np.array([[low]]), NAN)[0]
        excess = (result.field("free_energy")[-1] - bulk) * length
        # the tangent of symmetric w is level: energy over that of the phases is the interface's
        errors.append((abs(profile[0] - low), abs(excess / law.interface_energy(NAN) - 1.0)))
        mu = result.field("chemical_potential")[-1, 0]
        assert np.ptp(mu) < 1e-6
    compositions, energies = np.array(errors).T
    assert compositions[1] < 1e-3 and energies[1] < 1e-2
    assert np.log2(energies[1] / energies[2]) == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("w", [3.0, 4.0])
def test_a_quench_keeps_its_mass_lowers_its_energy_and_stays_inside(w):
    law = regular(w)
    h = law.interface_width(NAN) / 4.0
    times = np.geomspace(1.0, 1e3, 12)
    problem = bar(law, noisy(0.45, 0.01, 256), 256 * h, 256, times[-1], times, Boundary())
    result = solve(problem, Controls(rtol=1e-5))
    assert result.diagnostics("conservation_error").max() < 1e-13
    energy = result.field("free_energy")
    assert np.all(np.diff(energy) <= 1e-12 * np.abs(energy[:-1]))
    assert energy[-1] < energy[0] - 0.01
    assert result.composition.min() > 0.0 and result.composition.max() < 1.0
    low, _ = law.free_energy.binodal(NAN)[0]
    assert result.composition[-1, 1].min() == pytest.approx(low, abs=0.01)


def test_a_ring_is_its_mirror_image_between_closed_ends():
    law = regular(3.0)
    half = noisy(0.4, 0.05, 40)
    closed = solve(bar(law, half, 20.0, 40, 20.0, (), Boundary()), FINE)
    ring = solve(bar(law, np.concatenate([half, half[::-1]]), 40.0, 80, 20.0), FINE)
    assert ring.composition[-1, :, :40] == pytest.approx(closed.composition[-1], abs=1e-9)
    # both mean energies, of one and of two copies
    assert ring.field("free_energy")[-1] == pytest.approx(closed.field("free_energy")[-1], rel=1e-9)


def test_without_gradient_energy_where_it_is_stable_it_is_darkens_law():
    from simulator.laws.darken import Darken
    from simulator.problem.domain import Domain
    from simulator.problem.initial import Step
    from simulator.problem.problem import Problem

    mixture, T = Mixture(("A", "B"), "A"), 1000.0
    solution = Thermodynamics(mixture, "regular", {"A-B": 8000.0})
    D = {"A": 1e-14, "B": 4e-14}
    laws = (
        CahnHilliard(mixture, gradient_energy=0.0, D=D, thermodynamics=solution),
        Darken(mixture, tracer=D, thermodynamics=solution),
    )
    results = [
        solve(
            Problem(mixture, law, Domain((0.0, 1e-4), 400, grading="uniform"),
                    Step(5e-5, {"B": 0.2}, {"B": 0.7}), temperature=Temperature(T), end=3600.0),
            Controls(extrapolate=True),
        ).composition[-1]
        for law in laws
    ]  # fmt: skip
    # different face rules of second order, extrapolated
    assert results[0] == pytest.approx(results[1], abs=2e-5)


def test_uphill_diffusion_of_a_stable_ternary_runs():
    from simulator.laws.darken import Darken

    w, D = (0.9, -1.6, -7.7), {"A": 1.0, "B": 1.0, "C": 1.0}
    law = ternary(w, D=D, K=((0.0, 0.0), (0.0, 0.0)))
    start = {"A": "0.45 + 0.02*tanh(x - 10)", "B": "0.45 - 0.02*tanh((x - 10)*2)"}
    one = solve(bar(law, start, 20.0, 200, 2.0, (), Boundary())).composition[-1]
    T = 1.0 / R
    mixture = Mixture(TERNARY.components, "C")
    pairs = dict(zip(("A-B", "A-C", "B-C"), w, strict=True))
    other = Darken(mixture, tracer=D, thermodynamics=Thermodynamics(mixture, "regular", pairs))
    two = solve(bar(other, start, 20.0, 200, 2.0, (), Boundary(), temperature=Temperature(T))).composition[-1]
    assert one == pytest.approx(two, abs=1e-5)


def test_slopes_of_the_flux_are_its_derivatives(rng):
    law = ternary((3.5, 2.0, 3.0), D={"A": 1.0, "B": 3.0, "C": 0.5})
    equations = law.equations(np.zeros(2), np.ones(2), (NAN, NAN))
    points = 7
    u = np.vstack([rng.uniform(0.2, 0.4, (2, points)), rng.normal(0.0, 0.3, (2, points))])
    face = np.stack([rng.uniform(1.0, 2.0, points - 1), np.linspace(0.0, 1.0, points - 1)])
    L, R_ = np.empty((4, 4, points - 1)), np.empty((4, 4, points - 1))
    separating_flux_slopes.entry(0.0, 1.0, u, face, equations.parameters, L, R_)
    h = 1e-6
    for b in range(4):
        for side, slopes in ((0, L), (1, R_)):
            for f in range(points - 1):
                F = []
                for sign in (1.0, -1.0):
                    shifted = u.copy()
                    shifted[b, f + side] += sign * h
                    out = np.empty((4, points - 1))
                    separating_flux.entry(0.0, 1.0, shifted, face, equations.parameters, out)
                    F.append(out[:, f])
                assert slopes[:, b, f] == pytest.approx((F[0] - F[1]) / (2.0 * h), abs=1e-7)


def test_cooling_through_the_dome_follows_the_temperature():
    # above T_c = 902 K a wave fades, below it grows: ln(amplitude) is the integral of R(T(t))
    mixture = Mixture(("A", "B"), "A")
    solution = Thermodynamics(mixture, "regular", {"A-B": 15000.0})
    law = CahnHilliard(mixture, gradient_energy=2e-14, D={"D0": 1e-5, "Q": 150e3}, thermodynamics=solution)
    h, b = 1e-9, 2.0 * np.pi / 2.4e-8
    end = 2e-2
    history = Temperature(schedule=[[0.0, 1000.0], [end, 750.0]])
    times = np.linspace(0.0, end, 4001)
    rates = [law.growth_rates([0.5], discrete(b, h), history(t))[0] for t in times]
    expected = np.trapezoid(rates, times)
    assert min(rates) < 0.0 < max(rates)
    problem = bar(law, {"B": f"0.5 + 1e-4*cos({b!r}*x)"}, 48e-9, 48, end, (0.0,), temperature=history)
    result = solve(problem, FINE)
    assert growth(result, 2) * end == pytest.approx(expected, rel=5e-5)  # of a sum that changes its sign


def test_a_wall_that_holds_a_composition_feeds_its_phase():
    law = regular(3.0)
    held = Fixed({"B": 0.9})
    result = solve(bar(law, {"B": "0.05 + 0*x"}, 30.0, 120, 50.0, (0.0,), Boundary(held)), Controls(rtol=1e-6))
    profile = result.composition[-1, 1]
    assert profile[0] > 0.8 and profile[-1] < 0.08 and np.isnan(result.diagnostics("conservation_error")[-1])
    # what has come in went through the wall
    assert result.flux[-1, 1, 0] > 0.0 and abs(result.flux[-1, 1, -1]) < 1e-12


def test_a_long_run_ends_in_two_phases():
    law = regular(3.0)
    problem = bar(law, noisy(0.5, 0.01, 200), 100.0, 200, 1e6, (), Boundary())
    run = Run(problem, Controls(rtol=1e-5))
    run.levels[0].advance(1e6, None)
    assert run.levels[0].steps < 1500
    assert abs(run.levels[0].inventory()[0] / 100.0 - 0.5) < 1e-13
    profile = run.levels[0].fractions()[0]
    low, high = law.free_energy.binodal(NAN)[0]
    assert profile.min() == pytest.approx(low, abs=2e-3) and profile.max() == pytest.approx(high, abs=2e-3)


def test_what_is_refused_before_a_run():
    law = regular(3.0)

    def faults(*given, **more):
        with pytest.raises(Invalid) as caught:
            solve(bar(*given, **more), more.pop("controls", None))
        return str(caught.value)

    assert "minus infinity" in faults(law, {"B": "0.5 - 0.5*cos(x)"}, 2.0 * np.pi, 40, 1.0)
    assert "nothing of it would be seen" in faults(law, noisy(0.5, 0.01, 40), 200.0, 40, 1.0)
    with pytest.raises(Invalid, match="in one dimension"):
        solve(bar(law, noisy(0.5, 0.01, 40), 20.0, 40, 1.0), Controls(scheme="rkc"))
    warned = bar(law, noisy(0.5, 0.01, 40), 30.0, 40, 1.0).warnings()
    assert "cells across it are few" in warned[0]
    # without logarithms and with a constant mobility 0 is a composition as any other
    result = solve(bar(well(), {"B": "0.5 - 0.5*cos(x/2)"}, 4.0 * np.pi, 40, 5.0, (), RING))
    assert not well().confined and result.status == "complete"
    assert reduced({"A-B": 3.0}).RT(NAN) == 1.0


@pytest.mark.parametrize(("mean", "said"), [(0.5, None), (0.15, "by nucleation only"), (0.02, "it stays mixed")])
def test_small_waves_outside_the_spinodal_are_told_of(mean, said):
    """As in two and three dimensions; w = 3 has its spinodal at 0.2113, its binodal at 0.0707."""
    problem = replace(bar(regular(3.0), {"B": "0.5"}, 40.0, 80, 1.0), initial=Noise({"B": mean}, 0.01, seed=1))
    assert problem.mean == pytest.approx([mean], abs=2e-3)
    sentences = [sentence for sentence in problem.warnings() if "differs from its mean" in sentence]
    assert len(sentences) == (said is not None) and all(said in sentence for sentence in sentences)
    assert ("inside the spinodal" in situation(problem)) == (said is None)

"""Growth rates of waves: the straight line, the energies behind it, and what is refused."""

import numpy as np
import pytest
from spinodal import BINARY, bar, noisy, regular, ternary, well

from inverse import METHODS
from inverse.compare import compare
from simulator.faults import Invalid
from simulator.laws.cahn_hilliard import CahnHilliard
from simulator.laws.expression import CONSTANTS
from simulator.laws.thermodynamics import Thermodynamics
from simulator.problem.temperature import Temperature
from simulator.solve.controls import Controls
from simulator.solve.solve import solve
from simulator.solve.spectra import Spectra, spectra_of

NAN = float("nan")
R = CONSTANTS["R"]
CAHN = METHODS["cahn-plot"]


def quench(law, X0, T=None, seed=0, amplitude=1e-6, cells=256, across=6.0):
    """Spectra of a ring whose waves double: h is a sixth of an interface's width."""
    kelvin = NAN if T is None else T
    b_c = 2.0 * np.pi / law.critical_wavelength([X0], kelvin)
    h = 2.0 / (across * b_c)
    rate = law.growth_rates([X0], b_c**2 / 2.0, kelvin)[-1]
    more = {} if T is None else {"temperature": Temperature(T)}
    times = np.array([0.0, 0.25, 0.5]) / rate
    problem = bar(law, noisy(X0, amplitude, cells, seed), cells * h, cells, times[-1], times, **more)
    return solve(problem, Controls(rtol=1e-9))


def test_the_interdiffusivity_of_a_quench():
    law = regular(3.0)
    result = quench(law, 0.45)
    estimate = CAHN(spectra_of(result, "B"))
    verdict = compare(estimate, result)
    assert verdict.max_error < 1e-4 and estimate.value[0] < 0.0
    b_c = 2.0 * np.pi / law.critical_wavelength([0.45], NAN)
    assert estimate.diagnostics["critical_wavenumber"][0] == pytest.approx(b_c, rel=1e-4)
    M_kappa = law.coefficient("mobility", np.array([[0.45]]), NAN)[0]
    assert estimate.diagnostics["mobility_times_kappa"][0] == pytest.approx(M_kappa, rel=1e-4)


def test_mobility_omega_and_kappa_from_several_compositions():
    T, omega, kappa, D = 773.0, 18600.0, 3.55e-15, 1e-22
    solution = Thermodynamics(BINARY, "regular", {"A-B": omega})
    law = CahnHilliard(BINARY, gradient_energy=kappa, D=D, thermodynamics=solution)
    compositions = (0.3, 0.4, 0.5)
    found = CAHN(*(spectra_of(quench(law, X, T, seed=k), "B") for k, X in enumerate(compositions)))
    assert found.diagnostics["kappa"] == pytest.approx(kappa, rel=1e-3, abs=0.0)
    assert found.diagnostics["omega"] == pytest.approx(omega, rel=1e-3)
    X = np.array(compositions)
    mobility = D * X * (1.0 - X) / (R * T)
    assert found.diagnostics["mobility"] == pytest.approx(mobility, rel=1e-3, abs=0.0)


def test_and_from_several_temperatures_whatever_the_mobility():
    omega, kappa = 15000.0, 2e-14
    solution = Thermodynamics(BINARY, "regular", {"A-B": omega})
    law = CahnHilliard(BINARY, gradient_energy=kappa, D={"D0": 1e-8, "Q": 150e3}, mobility="constant",
                       thermodynamics=solution)  # fmt: skip
    found = CAHN(*(spectra_of(quench(law, 0.5, T), "B") for T in (650.0, 750.0)))
    assert found.diagnostics["kappa"] == pytest.approx(kappa, rel=1e-3, abs=0.0)
    assert found.diagnostics["omega"] == pytest.approx(omega, rel=1e-3)
    T = np.array([650.0, 750.0])
    mobility = 1e-8 * np.exp(-150e3 / (R * T)) / (4.0 * R * T)
    assert found.diagnostics["mobility"] == pytest.approx(mobility, rel=1e-3, abs=0.0)


def made(A=-0.3, B=1.0, X=0.4, noise=0.0, seed=0, RT=1.0, times=(0.0, 1.0, 2.0, 3.0)):
    """Spectra of waves that grow exactly, with a relative error of every S."""
    k, t = np.linspace(0.02, 0.6, 60), np.array(times)
    S = np.exp(2.0 * np.outer(t, -A * k**2 - B * k**4)) * 1e-9
    rng = np.random.default_rng(seed)
    return Spectra(t, k, S * np.exp(noise * rng.normal(size=S.shape)), np.ones(k.size), X, "B", ("A", "B"), RT=RT)


def test_exact_spectra_give_the_line_back():
    estimate = CAHN(made())
    assert estimate.value[0] == pytest.approx(-0.3, rel=1e-10)
    assert estimate.diagnostics["residual"] < 1e-10


def test_intervals_hold_what_they_promise():
    inside = 0
    draws = 200
    for seed in range(draws):
        estimate = CAHN(made(noise=0.02, seed=seed))
        inside += abs(estimate.value[0] + 0.3) < 1.96 * estimate.sd[0]
    assert 0.89 < inside / draws <= 0.99
    inside = 0
    omega, kappa = 3.0, 1.5
    for seed in range(draws):
        spectra = []
        for k, X in enumerate((0.3, 0.4, 0.5)):
            bend = 1.0 / (X * (1.0 - X)) - 2.0 * omega
            spectra.append(made(X * (1.0 - X) * bend, X * (1.0 - X) * kappa, X, 0.02, 1000 * k + seed))
        found = CAHN(*spectra).diagnostics
        inside += abs(found["kappa"] - kappa) < 1.96 * found["kappa_sd"]
    # three points and no scatter to speak of: the covariances of the lines decide
    assert 0.88 < inside / draws <= 1.0


def refused(*spectra):
    with pytest.raises(Invalid) as caught:
        CAHN(*spectra)
    return str(caught.value)


def test_what_is_refused():
    assert "outside its spinodal" in refused(made(A=0.3))
    assert "two times or more" in refused(made(times=(0.0,)))
    late = quench(regular(3.0), 0.5, amplitude=0.2)
    assert "save earlier times" in refused(spectra_of(late))
    assert "this is a profile" in CAHN.applies(late.profile())
    with pytest.raises(Invalid, match="is for two components"):
        law = ternary((3.5, 3.5, 3.5))
        start = {"A": "0.3 + 1e-5*cos(x)", "B": "0.3 - 1e-5*cos(x)"}
        CAHN(spectra_of(solve(bar(law, start, 4.0 * np.pi, 32, 0.1, (0.0,))), "A"))
    with pytest.raises(Invalid, match="same components"):
        other = made()
        CAHN(made(), Spectra(other.time, other.k, other.S, other.modes, 0.4, "C", ("C", "D")))


def test_a_quartic_well_has_a_line_too():
    law = well(K=0.5, M=2.0)
    result = quench(law, 0.5)
    estimate = CAHN(spectra_of(result, "B"))
    # G'' of x^2 (1-x)^2 at 1/2 is -1
    assert estimate.value[0] == pytest.approx(-2.0, rel=1e-4)
    assert estimate.diagnostics["mobility_times_kappa"][0] == pytest.approx(1.0, rel=1e-4)

"""The energy of a solution that un-mixes: gaps, spinodals, interfaces, and energies that are typed in."""

import numpy as np
import pytest
from spinodal import BINARY, QUARTIC, TERNARY, reduced, regular, ternary, well

from simulator.faults import Invalid
from simulator.laws.darken import Darken
from simulator.laws.free_energy import FreeEnergy
from simulator.laws.interface import interface_profile
from simulator.laws.lattice import R
from simulator.laws.thermodynamics import Thermodynamics

NAN = float("nan")
# w, binodal, spinodal, interface energy / sqrt K, width / sqrt K of the regular solution: 40-digit arithmetic
TABLE = [
    (2.05, 0.3660746197483195, 0.421913119055697, 0.005403051365211885, 8.878562657884251),
    (2.2, 0.2485297125276792, 0.3492443277111182, 0.03922747282335816, 4.348319699872792),
    (2.5, 0.1447941082560648, 0.276393202250021, 0.1302576871545295, 2.652988367610031),
    (3.0, 0.07072018167994482, 0.2113248654051871, 0.2882718678180016, 1.788711180148032),
    (3.5, 0.03787392948001521, 0.1726731646460114, 0.431804486739393, 1.408024448127672),
    (4.0, 0.02124798796136563, 0.1464466094067262, 0.5585469476205578, 1.184862980811523),
]


@pytest.mark.parametrize("w, binodal, spinodal, energy, width", TABLE)
def test_a_regular_solution_has_the_gap_and_the_interface_of_the_reference(w, binodal, spinodal, energy, width):
    law = regular(w, K=4.0)
    # near the critical point rounding of G decides the binodal
    assert law.free_energy.binodal(NAN)[0] == pytest.approx((binodal, 1.0 - binodal), rel=1e-11)
    assert law.free_energy.spinodal(NAN)[0] == pytest.approx((spinodal, 1.0 - spinodal), rel=1e-12)
    assert law.interface_energy(NAN) == pytest.approx(2.0 * energy, rel=1e-9)
    assert law.interface_width(NAN) == pytest.approx(2.0 * width, rel=1e-7)


def test_the_profile_of_an_interface():
    at = [0.5429279818320055, 0.6073199545800138, 0.7146399091600276, 0.8219598637400414, 0.9078158274040524]
    z = [0.08967539037196408, 0.227454234398107, 0.4821808639460773, 0.8270296297906696, 1.452381549099732]
    energy = regular(3.0).free_energy
    pair = energy.binodal(NAN)[0]
    assert interface_profile(energy, 1.0, pair, NAN, np.array(at)) == pytest.approx(z, rel=1e-9)
    assert interface_profile(energy, 1.0, pair, NAN, 1.0 - np.array(at)) == pytest.approx(-np.array(z), rel=1e-9)


def test_a_quartic_well_has_the_closed_forms():
    # f = W c^2 (1-c)^2: phases 0 and 1, spinodal (1 -+ 1/sqrt 3)/2, energy sqrt(2 kappa W)/6, d = sqrt(kappa/2W),
    # c = (1 + tanh(x/2d))/2, whose steepest slope is 1/(4d)
    W, kappa = 3.0, 0.5
    law = well(f"{W}*{QUARTIC}", K=kappa)
    d = np.sqrt(kappa / (2.0 * W))
    assert not law.logarithmic and not law.confined
    assert law.free_energy.binodal(NAN)[0] == pytest.approx((0.0, 1.0), abs=1e-12)
    assert law.free_energy.spinodal(NAN)[0] == pytest.approx((0.5 - 12**-0.5, 0.5 + 12**-0.5), rel=1e-12)
    assert law.interface_energy(NAN) == pytest.approx(np.sqrt(2.0 * kappa * W) / 6.0, rel=1e-12)
    assert law.interface_width(NAN) == pytest.approx(4.0 * d, rel=1e-6)
    x = np.array([0.1, 0.4, 0.75])
    z = interface_profile(law.free_energy, kappa, (0.0, 1.0), NAN, x)
    assert z == pytest.approx(2.0 * d * np.arctanh(2.0 * x - 1.0), rel=1e-9)


def test_the_critical_temperature_in_si():
    for omega, T_c in ((10000.0, 601.3617752136302), (15000.0, 902.0426628204453), (20000.0, 1202.72355042726)):
        assert Thermodynamics(BINARY, "regular", {"A-B": omega}).critical_point()[0] == pytest.approx(T_c, rel=1e-9)


def test_an_energy_typed_with_its_logarithms_is_the_regular_solution():
    T, omega = 773.0, 18600.0
    built = FreeEnergy(Thermodynamics(BINARY, "regular", {"A-B": omega}))
    g = f"R*T*(x_A*log(x_A) + x_B*log(x_B)) + {omega}*x_A*x_B"
    typed = FreeEnergy(Thermodynamics(BINARY, "expression", g=g))
    x = np.linspace(0.02, 0.98, 49)[None]
    assert typed.logarithmic and not typed.mixes_ideally
    for name in ("energy", "potentials", "curvatures"):
        one, other = (getattr(entry, name)(x, T=T) for entry in (built, typed))
        assert other == pytest.approx(one, rel=1e-10, abs=1e-8)
    assert typed.binodal(T)[0] == pytest.approx(built.binodal(T)[0], rel=1e-9)
    assert typed.spinodal(T)[0] == pytest.approx(built.spinodal(T)[0], rel=1e-9)


def test_slopes_are_the_derivatives_of_the_energy(rng):
    energy = ternary((2.4, 1.2, 0.5)).free_energy
    u = rng.dirichlet(np.ones(3), 20).T[:2] * 0.8 + 0.05
    h = 1e-6
    for i in range(2):
        step = np.zeros((2, 1))
        step[i] = h
        rise = (energy(u + step, NAN) - energy(u - step, NAN)) / (2.0 * h)
        assert energy.potentials(u)[i] == pytest.approx(rise, abs=1e-7)
        bend = (energy.potentials(u + step) - energy.potentials(u - step)) / (2.0 * h)
        assert energy.hessian(u, NAN)[i] == pytest.approx(bend, rel=1e-6)


def test_a_polynomial_is_known_as_one():
    a, p = regular(3.0).reduced_polynomial()
    assert a.value == 1.0 and p(np.zeros(1)).ravel() == pytest.approx([3.0, -6.0])
    a, p = well("5*(x_B - 0.3)**2*(0.7 - x_B)**2").reduced_polynomial()
    # d/dx of 5 (x - .3)^2 (.7 - x)^2 = 10 (x - .3)(x - .7)(2x - 1)
    assert a.value == 0.0
    assert p(np.zeros(1)).ravel() == pytest.approx(10.0 * np.poly([0.3, 0.7, 0.5])[::-1] * 2.0, rel=1e-12)
    assert well("exp(x_B)*x_B").reduced_polynomial() is None
    assert ternary((3.5, 3.5, 3.5)).reduced_polynomial() is None
    T = 900.0
    a, p = FreeEnergy(Thermodynamics(BINARY, "redlich-kister", {"A-B": ["20000 - 5*T", 1000.0]})).polynomial()
    slope = Thermodynamics(BINARY, "redlich-kister", {"A-B": ["20000 - 5*T", 1000.0]}).energy_slopes[0].program(1)
    x = np.linspace(0.0, 1.0, 11)
    assert np.polyval(p(np.zeros(1), T=T).ravel()[::-1], x) == pytest.approx(slope(x[None], T=T)[0], rel=1e-11)


def test_where_a_ternary_is_unstable():
    # det H = 0 at symmetric w = 3.5 and at (2.4, 1.2, 0.5): roots of 40-digit arithmetic
    found = [
        ((3.5, 3.5, 3.5), 0.05, (0.1646337982692776, 0.7853662017307224)),
        ((3.5, 3.5, 3.5), 0.1, (0.1479705237708111, 0.7520294762291889)),
        ((2.4, 1.2, 0.5), 0.3, (0.6813546569577961,)),
        ((2.4, 1.2, 0.5), 0.4, (0.423277691518064,)),
        ((2.4, 1.2, 0.5), 0.5, (0.3312370630991197,)),
    ]
    for w, x1, roots in found:
        energy = ternary(w).free_energy
        for x2 in roots:
            values = [np.linalg.det(energy.hessian(np.array([[x1], [x2 + d]]), NAN)[..., 0]) for d in (-1e-9, 1e-9)]
            assert values[0] * values[1] < 0.0
    # symmetric w: the centre is critical at 3, the edges at 2
    centre = np.full((2, 1), 1.0 / 3.0)
    assert ternary((3.0, 3.0, 3.0)).free_energy.smallest_curvature(centre, NAN)[0] == pytest.approx(0.0, abs=1e-12)


def test_uphill_diffusion_without_a_gap_is_no_instability():
    # D_11 < 0, and the eigenvalues of D positive: stability is an eigenvalue, never the sign of a diagonal
    cases = [
        ((0.5, 0.49), (0.9, -1.6, -7.7), 1.0, (0.4193894489211311, 1.231070551078869)),
        ((0.5, 0.45), (1.5, -3.2, -7.4), {"A": 1.0, "B": 20.0, "C": 1.0}, (0.3904129245667952, 6.935687075433205)),
    ]
    for x, w, D, eigenvalues in cases:
        law = ternary(w, D=D)
        found = law.coefficient("interdiffusivity", np.array(x)[:, None], NAN)[..., 0]
        assert found[0, 0] < 0.0
        assert np.sort(np.linalg.eigvals(found)) == pytest.approx(eigenvalues, rel=1e-12)
        assert law.free_energy.smallest_curvature(np.array(x)[:, None], NAN)[0] > 0.0
        assert law.critical_wavelength(np.array(x), NAN) == np.inf
    mild = ternary((1.8, 1.8, -2.0), D={"A": 1.0, "B": 1.0, "C": 20.0})
    found = mild.coefficient("interdiffusivity", np.array([[0.3], [0.1]]), NAN)[..., 0]
    assert found == pytest.approx(np.array([[2.8744, 9.42], [1.1848, 4.34]]), rel=1e-12)


def test_the_degenerate_mobility_is_darkens():
    from simulator.laws.cahn_hilliard import CahnHilliard

    T, D = 1000.0, {"A": "1e-14*exp(2*x_B)", "B": 3e-14, "C": {"D0": 1e-5, "Q": 160e3}}
    solution = Thermodynamics(TERNARY, "regular", {"A-B": 5000.0, "A-C": -8000.0, "B-C": 2000.0})
    law = CahnHilliard(TERNARY, gradient_energy=[[1e-14, 0.0], [0.0, 1e-14]], D=D, thermodynamics=solution)
    darken = Darken(TERNARY, tracer=D, thermodynamics=solution)
    x = np.random.default_rng(3).dirichlet(np.ones(3), 30).T[:2]
    one = law.coefficient("interdiffusivity", x, T)
    assert one == pytest.approx(darken.coefficient("interdiffusivity", x, T), rel=1e-9, abs=1e-24)


def test_a_constant_mobility_is_the_degenerate_one_in_the_middle():
    T = 700.0
    solution = Thermodynamics(BINARY, "regular", {"A-B": 15000.0})
    from simulator.laws.cahn_hilliard import CahnHilliard

    law = CahnHilliard(BINARY, gradient_energy=1e-14, mobility="constant", D=1e-18, thermodynamics=solution)
    found = law.coefficient("mobility", np.array([[0.1, 0.5, 0.9]]), T)
    assert found == pytest.approx(1e-18 / (4.0 * R * T), rel=1e-12, abs=0.0)


# w, X0, K, D: Phi, b_c, R at b_m
GROWTH = [
    (3.0, 0.5, 1.0, 1.0, -0.5, 1.414213562373095, 0.25),
    (2.5, 0.35, 1.0, 1.0, -0.1375, 0.7774288420142415, 0.0207760989010989),
]


@pytest.mark.parametrize("w, X0, K, D, phi, b_c, R_m", GROWTH)
def test_the_fastest_wave(w, X0, K, D, phi, b_c, R_m):
    law = regular(w, K, D)
    X = np.array([X0])
    assert law.coefficient("thermodynamic_factor", X[:, None], NAN)[0] == pytest.approx(phi, rel=1e-12)
    assert 2.0 * np.pi / law.critical_wavelength(X, NAN) == pytest.approx(b_c, rel=1e-12)
    assert law.growth_rates(X, b_c**2 / 2.0, NAN)[0] == pytest.approx(R_m, rel=1e-12)
    if w == 3.0:
        b = b_c * np.array([0.25, 0.5, 0.9, 1.2])
        assert law.growth_rates(X, b * b, NAN)[:, 0] == pytest.approx([0.05859375, 0.1875, 0.1539, -0.6336], rel=1e-12)


def test_the_fastest_wave_in_si():
    from simulator.laws.cahn_hilliard import CahnHilliard

    T, V_m = 773.0, 7.1e-6
    solution = Thermodynamics(BINARY, "regular", {"A-B": 18600.0})
    law = CahnHilliard(BINARY, gradient_energy=5e-10 * V_m, D="1e-22 m^2/s", thermodynamics=solution)
    X = np.array([0.4])
    assert 2.0 * np.pi / law.critical_wavelength(X, T) == pytest.approx(1.713287068083291e9, rel=1e-9)
    rate = law.growth_rates(X, 1.211476903960913e9**2, T)[0]
    assert rate == pytest.approx(2.8555283207629e-5, rel=1e-9, abs=0.0)
    assert "fastest those of 5.186e-09 m" in law.situation(X, T)


def test_growth_of_a_ternary_is_that_of_its_modes():
    law = ternary((3.5, 3.5, 3.5), D={"A": 1.0, "B": 3.0, "C": 0.5})
    u = np.array([0.3, 0.35])
    M = law.coefficient("mobility", u[:, None], NAN)[..., 0]
    H = law.free_energy.hessian(u[:, None], NAN)[..., 0]
    b2 = 0.7
    rates = np.sort(np.linalg.eigvals(-b2 * M @ (H + b2 * law.gradient)).real)
    assert law.growth_rates(u, np.array(b2), NAN) == pytest.approx(rates, rel=1e-12)
    b_c = 2.0 * np.pi / law.critical_wavelength(u, NAN)
    assert law.growth_rates(u, np.array(b_c**2), NAN)[-1] == pytest.approx(0.0, abs=1e-12)


def refused(make):
    with pytest.raises(Invalid) as caught:
        make()
    return str(caught.value)


def check(law, x=(0.3, 0.5), T=NAN):
    law.check(np.atleast_2d(x), np.array([T]))


def test_what_is_refused_says_what_would_be_right():
    flat = np.array([[0.3, 0.5, 0.7]])
    text = refused(lambda: check(regular(3.0, K=0.0), flat))
    assert "law.gradient_energy" in text and "inside its spinodal at x_B = 0.5" in text and "2e-14 J m^2/mol" in text
    check(regular(3.0, K=0.0), [[0.05, 0.1]])  # stable there: nothing to restrain
    assert "must not be negative" in refused(lambda: regular(3.0, K=-1.0))
    assert "law.mobility" in refused(lambda: check(well(M="0.1 - x_B")))
    assert "-0.8" in refused(lambda: check(well(M="0.1 - x_B")))
    assert "thermodynamics.g" in refused(lambda: check(well("log(x_B - 0.2)*x_B")))
    assert "between 0 and 1" in refused(lambda: check(well("log(x_B - 0.2)*x_B")))
    assert "leave it out" in refused(lambda: regular(3.0, mobility=2.0))
    assert "law.D" in refused(lambda: regular(3.0, D=None))
    assert "2 x 2" in refused(lambda: ternary((3.0, 3.0, 3.0), K=((1.0,),)))
    assert "symmetric" in refused(lambda: ternary((3.0, 3.0, 3.0), K=((1.0, 0.2), (0.1, 1.0))))
    assert "eigenvalue is negative" in refused(lambda: ternary((3.0, 3.0, 3.0), K=((1.0, 2.0), (2.0, 1.0))))
    assert "reduced units" in refused(
        lambda: Darken(BINARY, tracer={"A": 1.0, "B": 1.0}, thermodynamics=reduced({"A-B": 1.0}))
    )
    assert "depends on T" in refused(lambda: Thermodynamics(BINARY, "regular", {"A-B": "3 - T"}, units="reduced"))
    assert "unknown units" in refused(lambda: Thermodynamics(BINARY, "ideal", units="imperial"))
    assert "stands alone" in refused(lambda: Thermodynamics(BINARY, "regular", {"A-B": 1.0}, g="x_B"))


def test_cells_that_cannot_show_an_interface():
    law = regular(3.0)
    width = law.interface_width(NAN)
    assert law.resolution(width / 8.0, [NAN]) == ([], ())
    faults, warnings = law.resolution(width / 3.0, [NAN])
    assert not faults and "3 cells across" in warnings[0]
    faults, warnings = law.resolution(width * 1.2, [NAN])
    assert faults[0].where == "domain.cells" and not warnings


def test_where_a_composition_lies():
    law = regular(3.0)
    assert "inside the spinodal" in law.situation([0.5], NAN)
    assert "nucleation" in law.situation([0.15], NAN)
    assert "stays mixed" in law.situation([0.05], NAN)
    assert "inside the spinodal" in ternary((3.5, 3.5, 3.5)).situation([0.3, 0.35], NAN)

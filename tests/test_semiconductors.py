"""Electrons and holes by Poisson's closure: an unevenly doped bar and a p-n junction, at rest and under bias."""

import numpy as np
import pytest
from electrolytes import AVOGADRO, INTRINSIC, REFERENCES, SILICON, F, R, at, carriers, doped_bar, junction

from simulator.laws.charge import debye_length
from simulator.solve.controls import Controls
from simulator.solve.solve import solve

THERMAL = R * SILICON / F


def forward_scale(result) -> float:
    """F n_i D / L, A/m^2: a current that a junction under a few kT/e carries."""
    a, b = result.grid.interval
    return F * INTRINSIC * 36e-4 / (b - a)


def test_a_doped_bar_builds_its_potential_at_rest():
    """R12, R12b: the cells are small where the slope of the doping jumps, at 1 and 2 um."""
    reference, bar = REFERENCES["R12b_doped_bar_PB"], REFERENCES["R12_doped_bar"]
    misfit = []
    for cells in (200, 400):
        result = solve(doped_bar(cells), Controls(extrapolate=True))
        last = result.snapshots[-1]
        assert 1e3 * float(last.fields["voltage"]) == pytest.approx(bar["value"]["Vbi_mV"], rel=1e-6)
        ground = np.arcsinh(1e21 / AVOGADRO / (2.0 * INTRINSIC))
        phi = ground + at(result, last.fields["potential"], 1e-6 * np.array(reference["x_um"])) / THERMAL
        misfit.append(np.abs(phi / reference["value"]["phi"] - 1.0))
        assert abs(float(last.fields["current"])) < 1e-4 * F * 1e21 / AVOGADRO * 36e-4 / 3e-6 * 1e-9
    alone = solve(doped_bar(400)).composition[-1]  # extrapolation is linear in n and p, their product is not
    np.testing.assert_allclose(alone.prod(axis=0), INTRINSIC**2, rtol=1e-9)
    E = -bar["value"]["E_qn_V_per_m"]
    middle = np.gradient(last.fields["potential"], result.x)[np.searchsorted(result.x, 1.5e-6)]
    assert -middle == pytest.approx(E, rel=2e-3)
    n = carriers(1e21 / AVOGADRO)
    length = debye_length(result.problem.law, np.array([n["n"], n["p"]]), SILICON, 11.7)
    assert 1e9 * length == pytest.approx(bar["debye_nm"][0], rel=1e-6)
    assert misfit[1].max() < 1e-7 and misfit[1].max() < 0.2 * misfit[0].max()


def test_a_junction_at_rest_has_its_exact_potential_and_field():
    """R14. The first integral of Boltzmann-Poisson; the field from the charge on one side, which is exact in finite
    volumes whatever their size: 8e-5 off on 400 cells, of second order."""
    reference, errors = REFERENCES["R14_pn_junction"]["value"], []
    for cells in (400, 800):
        result = solve(junction(cells))
        last = result.snapshots[-1]
        assert float(last.fields["voltage"]) == pytest.approx(reference["Vbi_exact_V"], rel=1e-9)
        phi, x = last.fields["potential"], result.x
        k = int(np.argmin(np.abs(x + 1e-18)))
        k = k if x[k] < 0.0 else k - 1
        field = (phi[k + 1] - phi[k]) / (x[k + 1] - x[k])
        errors.append(field / reference["E_junction_exact_V_m"] - 1.0)
        np.testing.assert_allclose(last.composition.prod(axis=0), INTRINSIC**2, rtol=1e-9)
        assert abs(float(last.fields["current"])) < 1e-8 * forward_scale(result) * np.exp(10.0)
    assert abs(errors[0]) < 2e-4
    assert 3.5 < errors[0] / errors[1] < 4.5


def test_a_junction_lets_a_tenfold_current_through_for_every_59_mV():
    """Forward, below the level where the injected carriers outnumber the doping: exp(V/VT), and the saturation current
    of a short diode, F D n_i^2/(N W) of both sides, backward."""
    forward = (-0.30, -0.24, -0.18, 0.0, 0.3)
    result = solve(junction(sweep=forward))
    i, V = result.field("current"), result.field("voltage")
    built_in = REFERENCES["R14_pn_junction"]["value"]["Vbi_exact_V"]
    np.testing.assert_allclose(V, built_in + np.array(forward), rtol=1e-9)
    slopes = np.diff(np.log10(np.abs(i[:3]))) / np.diff(forward[:3])
    # the neutral sides grow as the layer shrinks: 2 % of a decade
    np.testing.assert_allclose(-1e3 / slopes, 1e3 * THERMAL * np.log(10.0), rtol=0.03)
    assert 1e3 * THERMAL * np.log(10.0) == pytest.approx(59.5, abs=0.05)
    assert abs(i[3]) < 1e-4 * abs(i[2])
    # holes into 1 um less the layer's 30 nm of n; electrons into what its 300 nm leave of p
    saturation = F * INTRINSIC**2 * (36e-4 * AVOGADRO / 1e22 / 0.65e-6 + 12e-4 * AVOGADRO / 1e23 / 0.97e-6)
    assert abs(i[4]) == pytest.approx(saturation, rel=0.3)
    assert abs(i[2]) == pytest.approx(saturation * np.exp(0.18 / THERMAL), rel=0.2)
    assert np.all(i[:3] > 0.0) and i[4] < 0.0, "forward, the p side on the left is the positive one"


def test_a_bias_is_counted_from_rest_and_a_voltage_from_nothing():
    built_in = REFERENCES["R14_pn_junction"]["value"]["Vbi_exact_V"]
    biased, driven = solve(junction(200, bias=-0.2)), solve(junction(200, voltage=built_in - 0.2))
    # their grids are graded for other voltages: 2e-4 between them
    assert driven.field("voltage")[-1] == pytest.approx(biased.field("voltage")[-1], rel=1e-9)
    assert driven.field("current")[-1] == pytest.approx(biased.field("current")[-1], rel=1e-3)


def test_a_sweep_finds_the_states_of_single_runs():
    volts = (-0.25, -0.1, 0.1)
    swept = solve(junction(200, sweep=volts))
    for k, V in enumerate(volts):
        single = solve(junction(200, sweep=(V,)))
        assert swept.field("voltage")[k] == pytest.approx(single.field("voltage")[-1], rel=1e-12)
        if k == 0:  # on the same grid, that of the largest voltage
            np.testing.assert_allclose(swept.composition[k], single.composition[-1], rtol=1e-6)
        if V < 0.0:
            assert swept.field("current")[k] == pytest.approx(single.field("current")[-1], rel=2e-3)

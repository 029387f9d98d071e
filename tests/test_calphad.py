"""A phase of a TDB file as a law: against the house's own solutions, and against pycalphad's numbers."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pycalphad import Database, calculate, equilibrium
from pycalphad import variables as v

import simulator
from simulator.faults import Invalid
from simulator.files.case import load
from simulator.files.hdf5 import ResultFile
from simulator.laws import assessment
from simulator.laws.darken import Darken
from simulator.laws.mixture import Mixture
from simulator.laws.thermodynamics import R, Thermodynamics

# rounding of energies of 1e4 J/mol, in J/mol
ROUNDING = 1e-9
# the gas constant of pycalphad: 4.5e-6 more than CODATA's
R_PYCALPHAD = float(v.R)

ELEMENTS = "\n".join(f"ELEMENT {name} PURE 50 0 0 !" for name in ("VA", "CU", "NI", "FE", "CR", "C"))
ELEMENTS += "\nTYPE_DEFINITION % SEQ *!\n"
REGULAR = """
PHASE FCC_A1 % 1 1 !
CONSTITUENT FCC_A1 : CU,NI : !
PARAMETER G(FCC_A1,CU;0) 298.15 -7000+120*T-24*T*LN(T); 3000 N !
PARAMETER G(FCC_A1,NI;0) 298.15 -5000+110*T-22*T*LN(T); 3000 N !
PARAMETER G(FCC_A1,CU,NI;0) 298.15 8000; 3000 N !
PARAMETER MQ(FCC_A1&CU,*;0) 298.15 -210000; 3000 N !
PARAMETER MF(FCC_A1&CU,*;0) 298.15 R*T*LN(6E-5); 3000 N !
PARAMETER MQ(FCC_A1&NI,CU;0) 298.15 -230000+R*T*LN(3E-5); 3000 N !
PARAMETER MQ(FCC_A1&NI,NI;0) 298.15 -270000+R*T*LN(2E-4); 3000 N !
"""
TRACERS = {
    "Cu": {"D0": 6e-5, "Q": 210e3},
    "Ni": {"log_linear": {"Cu": {"D0": 3e-5, "Q": 230e3}, "Ni": {"D0": 2e-4, "Q": 270e3}}},
}
# The function changes at 900 K and at 1300 K; the second sublattice is empty.
TERNARY = """
FUNCTION LFECR 298.15 9000-3*T; 900 Y 12000-4*T+T*LN(T)-0.001*T**2; 1300 Y 7000; 4000 N !
PHASE SOLID % 2 1 3 !
CONSTITUENT SOLID : CR,FE,NI : VA : !
PARAMETER G(SOLID,CR:VA;0) 298.15 1000-10*T; 6000 N !
PARAMETER G(SOLID,FE:VA;0) 298.15 -2000-15*T+30000*T**(-1); 6000 N !
PARAMETER G(SOLID,NI:VA;0) 298.15 -12*T; 6000 N !
PARAMETER L(SOLID,CR,FE:VA;0) 298.15 LFECR#; 6000 N !
PARAMETER L(SOLID,CR,FE:VA;1) 298.15 -1500+LFECR#; 6000 N !
PARAMETER L(SOLID,FE,NI:VA;0) 298.15 -4000+2*T; 6000 N !
PARAMETER L(SOLID,FE,NI:VA;2) 298.15 700*EXP(-300/T); 6000 N !
PARAMETER L(SOLID,CR,NI:VA;0) 298.15 5000; 6000 N !
PARAMETER L(SOLID,CR,FE,NI:VA;0) 298.15 3000; 6000 N !
PARAMETER L(SOLID,CR,FE,NI:VA;1) 298.15 -2*T; 6000 N !
PARAMETER L(SOLID,CR,FE,NI:VA;2) 298.15 8000; 6000 N !
PARAMETER MQ(SOLID&FE,*:VA;0) 298.15 -250000+R*T*LN(1E-4); 6000 N !
PARAMETER MQ(SOLID&FE,FE,NI:VA;0) 298.15 20000; 6000 N !
PARAMETER MQ(SOLID&FE,FE,NI:VA;1) 298.15 -5*T; 6000 N !
"""
LFECR = "where(T < 900, 9000 - 3*T, where(T < 1300, 12000 - 4*T + T*log(T) - 0.001*T**2, 7000))"
OMEGA = {
    "Cr-Fe": [LFECR, f"-1500 + {LFECR}"],
    "Fe-Ni": ["-4000 + 2*T", 0.0, "700*exp(-300/T)"],
    "Cr-Ni": [5000.0],
    "Cr-Fe-Ni": [3000.0, "-2*T", 8000.0],
}
MAGNETIC = """
TYPE_DEFINITION M GES A_P_D BCC_A2 MAGNETIC -1.0 0.4 !
PHASE BCC_A2 %M 2 1 3 !
CONSTITUENT BCC_A2 : CR,FE : VA : !
PARAMETER G(BCC_A2,CR:VA;0) 298.15 1000-10*T; 6000 N !
PARAMETER G(BCC_A2,FE:VA;0) 298.15 -2000-15*T; 6000 N !
PARAMETER L(BCC_A2,CR,FE:VA;0) 298.15 18000-9*T; 6000 N !
PARAMETER TC(BCC_A2,FE:VA;0) 298.15 1000; 6000 N !
PARAMETER TC(BCC_A2,CR:VA;0) 298.15 -300; 6000 N !
PARAMETER TC(BCC_A2,CR,FE:VA;0) 298.15 1600; 6000 N !
PARAMETER BMAGN(BCC_A2,FE:VA;0) 298.15 2.2; 6000 N !
PARAMETER BMAGN(BCC_A2,CR:VA;0) 298.15 -0.01; 6000 N !
"""
CARBON = """
PHASE BCC_A2 % 2 1 3 !
CONSTITUENT BCC_A2 : CR,FE : C,VA : !
PARAMETER G(BCC_A2,FE:VA;0) 298.15 -1000-30*T; 6000 N !
PARAMETER G(BCC_A2,CR:VA;0) 298.15 3000-35*T; 6000 N !
PARAMETER G(BCC_A2,FE:C;0) 298.15 320000-80*T; 6000 N !
PARAMETER G(BCC_A2,CR:C;0) 298.15 400000-70*T; 6000 N !
PARAMETER L(BCC_A2,CR,FE:VA;0) 298.15 20500-9.68*T; 6000 N !
PARAMETER L(BCC_A2,FE:C,VA;0) 298.15 -190*T; 6000 N !
PARAMETER L(BCC_A2,CR:C,VA;0) 298.15 -190*T; 6000 N !
PARAMETER MQ(BCC_A2&C,*:*;0) 298.15 -80000+R*T*LN(1E-6); 6000 N !
PARAMETER MQ(BCC_A2&FE,*:*;0) 298.15 -240000+R*T*LN(2E-4); 6000 N !
PARAMETER MQ(BCC_A2&CR,*:*;0) 298.15 -230000+R*T*LN(3E-4); 6000 N !
"""
BINARY_MIXTURE = Mixture(("Cu", "Ni"), "Cu")
TERNARY_MIXTURE = Mixture(("Cr", "Fe", "Ni"), "Fe")
SIMPLEX = np.random.default_rng(5).dirichlet(np.ones(3), 30).T[:2]


def solution(folder: Path, text: str, mixture: Mixture, phase: str) -> Thermodynamics:
    (folder / "alloy.tdb").write_text(ELEMENTS + text, encoding="utf-8")
    return Thermodynamics(mixture, "tdb", file="alloy.tdb", phase=phase, folder=folder)


def same(first: Thermodynamics, second: Thermodynamics, x: np.ndarray, T: float) -> None:
    assert first.excess_gibbs(x, T) == pytest.approx(second.excess_gibbs(x, T), rel=0.0, abs=ROUNDING)
    assert first.potentials(x, T) == pytest.approx(second.potentials(x, T), rel=0.0, abs=ROUNDING)
    assert first.hessian(x, T) == pytest.approx(second.hessian(x, T), rel=1e-12, abs=10 * ROUNDING)
    assert first.factor(x, T) == pytest.approx(second.factor(x, T), rel=0.0, abs=1e-11)


def test_a_regular_solution_is_the_built_in_one(tmp_path):
    ours = Thermodynamics(BINARY_MIXTURE, "regular", {"Cu-Ni": "8 kJ/mol"})
    theirs = solution(tmp_path, REGULAR, BINARY_MIXTURE, "fcc_a1")
    x = np.linspace(0.01, 0.99, 99)[None]
    for T in (300.0, 481.0, 1273.15):
        same(theirs, ours, x, T)
        assert theirs.spinodal(T) == pytest.approx(np.array(ours.spinodal(T)), rel=1e-10, abs=0.0)
        assert theirs.binodal(T) == pytest.approx(np.array(ours.binodal(T)), rel=1e-10, abs=0.0)
    assert theirs.critical_point() == pytest.approx((8000.0 / (2.0 * R), 0.5), rel=1e-10, abs=0.0)


@pytest.mark.parametrize("T", [400.0, 899.0, 901.0, 1500.0])
def test_redlich_kister_terms_of_t_are_the_built_in_ones(tmp_path, T):
    ours = Thermodynamics(TERNARY_MIXTURE, "redlich-kister", OMEGA)
    same(solution(tmp_path, TERNARY, TERNARY_MIXTURE, "SOLID"), ours, SIMPLEX, T)


@pytest.mark.parametrize("dependent", ["Cr", "Fe", "Ni"])
def test_the_choice_of_the_dependent_component_changes_no_potential(tmp_path, dependent):
    first = solution(tmp_path, TERNARY, Mixture(("Ni", "Fe", "Cr"), dependent), "SOLID")
    second = solution(tmp_path, TERNARY, TERNARY_MIXTURE, "SOLID")
    every = second.mixture.complete(SIMPLEX)  # Cr, Fe, Ni
    names = list(TERNARY_MIXTURE.components)
    x = np.stack([every[names.index(name)] for name in first.mixture.independent])
    assert first.potentials(x, 800.0)[::-1] == pytest.approx(second.potentials(SIMPLEX, 800.0), rel=0.0, abs=ROUNDING)


def sites(mixture: Mixture, x: np.ndarray, ratio: float, inside: int | None) -> np.ndarray:
    """Site fractions (k, j) in pycalphad's order at mole fractions (m, k): alphabetical on each sublattice."""
    every = dict(zip(mixture.components, mixture.complete(x), strict=True))
    hosts = sum(every[name] for name in mixture.substitutional)
    rows = [every[name] / hosts for name in sorted(mixture.substitutional, key=str.upper)]
    if inside is not None:
        filled = [every[name] / (ratio * hosts) for name in sorted(mixture.interstitial)]
        rows += [*filled, 1.0 - sum(filled, np.zeros_like(hosts))]
    return np.column_stack(rows)


def test_energies_are_those_of_pycalphad(tmp_path):
    """Of mixing in excess of the ideal one; the magnetic part below and above the Curie temperatures."""
    mixture = Mixture(("Fe", "Cr"), "Fe")
    ours = solution(tmp_path, MAGNETIC, mixture, "BCC_A2")
    database = Database(str(tmp_path / "alloy.tdb"))
    x = np.linspace(0.0, 1.0, 41)[None]
    inner = x[0, 1:-1]
    for T in (299.0, 700.0, 1100.0, 1500.0):
        points = sites(mixture, x, 3.0, 1)
        G = calculate(database, ["FE", "CR", "VA"], "BCC_A2", T=T, P=101325, N=1, points=points).GM.values.ravel()
        g = G - (1.0 - x[0]) * G[0] - x[0] * G[-1]
        g[1:-1] -= R_PYCALPHAD * T * (inner * np.log(inner) + (1.0 - inner) * np.log(1.0 - inner))
        assert np.abs(g).max() > 100.0
        # pycalphad's logarithms of fractions below 1e-12 cost some digits
        assert ours.excess_gibbs(x, T) == pytest.approx(g, rel=0.0, abs=1e-8)


@pytest.mark.parametrize(
    ("text", "phase", "components", "inside", "x", "T"),
    [
        (TERNARY, "SOLID", ("Fe", "Cr", "Ni"), (), (0.2, 0.3), 800.0),
        (TERNARY, "SOLID", ("Fe", "Cr", "Ni"), (), (0.05, 0.15), 1400.0),
        (MAGNETIC, "BCC_A2", ("Fe", "Cr"), (), (0.3,), 900.0),
        (MAGNETIC, "BCC_A2", ("Fe", "Cr"), (), (0.02,), 1300.0),
        (CARBON, "BCC_A2", ("Fe", "Cr", "C"), ("C",), (0.12, 0.01), 1000.0),
    ],
)
def test_chemical_potentials_are_those_of_pycalphad(tmp_path, text, phase, components, inside, x, T):
    """From the end members; of an interstitial from the host filled with it."""
    mixture = Mixture(components, "Fe", {}, inside)
    ours = solution(tmp_path, text, mixture, phase)
    database = Database(str(tmp_path / "alloy.tdb"))
    names = [name.upper() for name in components] + ["VA"]
    given = {v.X(name.upper()): value for name, value in zip(mixture.independent, x, strict=True)}
    found = equilibrium(database, names, [phase], {v.T: T, v.P: 101325, v.N: 1, **given})
    mu = dict(zip(found.component.values, found.MU.values.ravel(), strict=True))
    substitutional = sorted(mixture.substitutional)
    ends = {name: [float(name == other) for other in substitutional] for name in substitutional}
    points = [[*row, *([0.0, 1.0] if inside else [1.0])] for row in ends.values()]
    points += [[*ends["Fe"], 1.0, 0.0]] if inside else []
    # energies of a mole of atoms: with three carbon atoms for one of iron a formula unit has four
    G = calculate(database, names, phase, T=T, P=101325, N=1, points=np.array(points)).GM.values.ravel()
    pure = dict(zip(substitutional, G, strict=False))
    if inside:
        pure["C"] = (4.0 * G[-1] - pure["Fe"]) / 3.0
    every = mixture.complete(np.array(x))
    for name, value, fraction in zip(components, ours.potentials(np.array(x), T), every, strict=True):
        # The ideal part with pycalphad's gas constant. Of an interstitial also the count of sites is ideal mixing.
        less = (R_PYCALPHAD - R) * T * np.log(fraction)
        if inside:
            u = every[-1] / (1.0 - every[-1])
            y = u / 3.0
            less = (
                (R_PYCALPHAD - R)
                * T
                * (np.log(y / (1.0 - y)) if name == "C" else np.log(fraction * (1.0 + u)) + 3.0 * np.log(1.0 - y))
            )
        # fractions are solved for to 1e-8
        assert value + pure[name] + less == pytest.approx(mu[name.upper()], rel=0.0, abs=1e-8 * R * T / min(every))


def test_mobilities_are_arrhenius_coefficients(tmp_path):
    mixture = BINARY_MIXTURE
    solved = solution(tmp_path, REGULAR, mixture, "FCC_A1")
    mobilities = {"tdb": "alloy.tdb", "phase": "FCC_A1"}
    theirs = Darken(mixture, tracer=mobilities, thermodynamics=solved, folder=tmp_path)
    ours = Darken(mixture, tracer=TRACERS, thermodynamics=Thermodynamics(mixture, "regular", {"Cu-Ni": 8e3}))
    one = Darken(mixture, tracer={**TRACERS, "Ni": {**mobilities, "of": "Ni"}}, thermodynamics=solved, folder=tmp_path)
    x = np.linspace(0.0, 1.0, 21)[None]
    for T in (700.0, 1273.15):
        for name in ("tracer_diffusivity", "interdiffusivity", "intrinsic_diffusivity"):
            expected = ours.coefficient(name, x, T)
            # rounding of exponents of 40
            assert theirs.coefficient(name, x, T) == pytest.approx(expected, rel=1e-12, abs=0.0)
            assert one.coefficient(name, x, T) == pytest.approx(expected, rel=1e-12, abs=0.0)


def test_interactions_of_mobilities_are_redlich_kister_terms(tmp_path):
    (tmp_path / "alloy.tdb").write_text(ELEMENTS + TERNARY, encoding="utf-8")
    spec = {"tdb": "alloy.tdb", "phase": "SOLID", "of": "Fe"}
    D = simulator.Fick(TERNARY_MIXTURE, D=[[spec, 0.0], [0.0, spec]], folder=tmp_path)
    T = 1100.0
    cr, ni = SIMPLEX
    fe = 1.0 - cr - ni
    Phi = -250e3 + R * T * np.log(1e-4) + fe * ni * (20e3 - 5.0 * T * (fe - ni))
    found = D.coefficient("interdiffusivity", SIMPLEX, T)
    assert found[0, 0] == pytest.approx(np.exp(Phi / (R * T)), rel=1e-12, abs=0.0)


def test_an_interstitial_jumps_to_empty_sites(tmp_path):
    """D of carbon in iron is D* u d(mu/RT)/du with D* = y_Va R T M; mu = RT ln(y/(1 - y)) + L (1 - 2 y)/3. The iron
    that its gradient moves moves the frame: u dmu_C + dmu_Fe = 0.
    """
    mixture = Mixture(("Fe", "Cr", "C"), "Fe", {}, ("C",))
    solved = solution(tmp_path, CARBON, mixture, "BCC_A2")
    law = Darken(mixture, tracer={"tdb": "alloy.tdb", "phase": "BCC_A2"}, thermodynamics=solved, folder=tmp_path)
    T, y = 1000.0, np.array([1e-6, 1e-3, 0.05])
    u = np.stack([np.zeros(3), 3.0 * y])
    D_tracer = 1e-6 * np.exp(-80e3 / (R * T)) * (1.0 - y)
    assert law.coefficient("tracer_diffusivity", u, T)[2] == pytest.approx(D_tracer, rel=1e-12, abs=0.0)
    D_iron = 2e-4 * np.exp(-240e3 / (R * T))
    expected = (D_tracer + u[1] * D_iron) * (1.0 / (1.0 - y) - 2.0 * y * -190.0 / (3.0 * R))
    assert law.coefficient("interdiffusivity", u, T)[1, 1] == pytest.approx(expected, rel=1e-10, abs=0.0)


CASE = """
components = ["Cu", "Ni"]
dependent = "Cu"
[domain]
interval = ["-600 um", "600 um"]
cells = 80
[initial]
shape = "step"
left = {{ Ni = 0.0 }}
right = {{ Ni = 1.0 }}
[temperature]
value = "1000 degC"
[law]
kind = "darken"
tracer = {tracer}
[thermodynamics]
{solution}
[time]
end = "20 h"
"""
FROM_FILE = CASE.format(
    tracer='{ tdb = "data/cu-ni.tdb", phase = "FCC_A1" }',
    solution='kind = "tdb"\nfile = "data/cu-ni.tdb"\nphase = "FCC_A1"',
)
WRITTEN = CASE.format(
    tracer="{ Cu = { D0 = 6e-5, Q = 210e3 }, "
    "Ni = { log_linear = { Cu = { D0 = 3e-5, Q = 230e3 }, Ni = { D0 = 2e-4, Q = 270e3 } } } }",
    solution='kind = "regular"\nomega = { Cu-Ni = 8e3 }',
)


@pytest.fixture
def couple(tmp_path):
    """A case with a TDB file in a folder below it, and another without."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cu-ni.tdb").write_text(ELEMENTS + REGULAR, encoding="utf-8")
    (tmp_path / "file.toml").write_text(FROM_FILE, encoding="utf-8")
    (tmp_path / "written.toml").write_text(WRITTEN, encoding="utf-8")
    return tmp_path


def solved(path: Path, overrides: tuple[str, ...] = ()):
    case = load(path, overrides)
    target = path.with_suffix(".h5")
    with ResultFile(target, case.problem, text=case.text, folder=case.folder, overrides=overrides) as record:
        return simulator.solve(case.problem, case.controls, record=record)


def test_profiles_are_those_of_the_built_in_solution(couple):
    first, second = solved(couple / "file.toml"), solved(couple / "written.toml")
    # the step control magnifies rounding
    assert first.mole_fraction == pytest.approx(second.mole_fraction, rel=0.0, abs=1e-10)


@pytest.mark.parametrize("overrides", [(), ("thermodynamics.file=copy.tdb", "temperature.value=1200")])
def test_a_result_needs_neither_the_file_nor_pycalphad(couple, monkeypatch, overrides):
    (couple / "copy.tdb").write_text((couple / "data" / "cu-ni.tdb").read_text(), encoding="utf-8")
    solved(couple / "file.toml", overrides)
    law = load(couple / "file.toml", overrides).problem.law
    for name in ("copy.tdb", "data/cu-ni.tdb", "file.toml"):
        (couple / name).unlink()
    monkeypatch.setitem(sys.modules, "pycalphad", None)
    assessment.read_file.cache_clear()
    result = simulator.open(couple / "file.h5")
    assert result.problem.law.matrix == law.matrix
    other = result.text.replace('phase = "FCC_A1"', 'phase = "LIQUID"')
    result.text = other
    del result.__dict__["case"]
    with pytest.raises(Invalid, match="has no LIQUID with CU, NI; put the file itself there"):
        _ = result.problem


def keep(folder: Path) -> Path:
    """What is kept of the file of a case, beside it."""
    path = folder / "data" / "cu-ni.tdb.json"
    path.write_bytes(assessment.record("data/cu-ni.tdb", ["FCC_A1"], BINARY_MIXTURE, folder))
    assessment.read_file.cache_clear()
    return path


def test_what_is_kept_counts_as_long_as_the_file_is_the_same(couple, monkeypatch):
    kept = keep(couple)
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "pycalphad", None)
        first = load(couple / "file.toml").problem.law
    text = (couple / "data" / "cu-ni.tdb").read_text(encoding="utf-8")
    (couple / "data" / "cu-ni.tdb").write_text(text.replace("8000", "4000"), encoding="utf-8")
    second = load(couple / "file.toml").problem.law
    x = np.array([[0.5]])
    factors = [law.coefficient("thermodynamic_factor", x, 1000.0)[0] for law in (first, second)]
    assert factors == pytest.approx([1.0 - 4000.0 / (R * 1000.0), 1.0 - 2000.0 / (R * 1000.0)], rel=1e-12, abs=0.0)
    (couple / "data" / "cu-ni.tdb").unlink()
    kept.write_text(json.dumps({"sha256": "", "assessments": [{"phase": "FCC_A1"}]}), encoding="utf-8")
    with pytest.raises(Invalid, match="damaged"):
        load(couple / "file.toml")


@pytest.mark.parametrize(
    "row", [["unknown", -1], ["exec", 0], ["add", 0], ["add", 0, 99], ["number", "1"], ["table", 0], []], ids=str
)
def test_a_formula_that_was_not_written_here_is_refused(couple, row):
    kept = keep(couple)
    (couple / "data" / "cu-ni.tdb").unlink()
    data = json.loads(kept.read_text(encoding="utf-8"))
    data["assessments"][0]["energy"]["formula"].append(row)
    kept.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(Invalid, match="damaged"):
        load(couple / "file.toml")


def test_formulas_are_the_same_in_every_process(tmp_path):
    """Sets of names are ordered anew in each process; a run that is resumed must go on to the same bits."""
    (tmp_path / "alloy.tdb").write_text(ELEMENTS + MAGNETIC.replace(": VA :", ": C,VA :"), encoding="utf-8")
    (tmp_path / "ternary.tdb").write_text(ELEMENTS + TERNARY, encoding="utf-8")
    program = """
import hashlib, sys
from simulator.laws.assessment import record
from simulator.laws.mixture import Mixture
print(hashlib.sha256(record("alloy.tdb", ["BCC_A2"], Mixture(("Fe", "Cr")), sys.argv[1])).hexdigest())
print(hashlib.sha256(record("ternary.tdb", ["SOLID"], Mixture(("Fe", "Ni", "Cr")), sys.argv[1])).hexdigest())
"""
    answers = set()
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", program, str(tmp_path)],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        answers.add(done.stdout)
    assert len(answers) == 1


def test_beyond_its_temperatures_nothing_is_known(couple):
    law = load(couple / "file.toml").problem.law
    x = np.array([[0.3]])
    for T in (298.0, 3001.0):
        assert np.isnan(law.thermodynamics.excess_gibbs(x, T)).all()
        assert np.isnan(law.thermodynamics.factor(x, T)).all()
        assert np.isnan(law.coefficient("interdiffusivity", x, T)).all()
        for method in ("spinodal", "binodal"):
            with pytest.raises(Invalid, match="is known from"):
                getattr(law.thermodynamics, method)(T)
    assert np.isfinite(law.coefficient("interdiffusivity", x, 3000.0)).all()
    text = "the Gibbs energy in data/cu-ni.tdb is known from 298.15 K to 3000 K, and the temperature is 3100 K"
    tracer = "law.tracer={Cu=1e-14,Ni=1e-14}"
    with pytest.raises(Invalid, match=text):
        load(couple / "file.toml", [tracer, "temperature.value=3100"])
    with pytest.raises(Invalid, match=r"mobility of Cu is known from 298\.15 K to 3000 K"):
        load(couple / "file.toml", ["temperature.value=3100"])


def test_a_solution_unstable_as_far_as_it_is_known_has_no_temperature_of_stability(tmp_path):
    text = REGULAR.replace(" 8000; 3000", " 8000; 400")
    found = solution(tmp_path, text, BINARY_MIXTURE, "FCC_A1")
    assert found.temperature_of_stability(np.array([[0.5]]), 350.0) is None
    assert found.temperature_of_stability(np.array([[0.01]]), 350.0) == 350.0


ORDERED = """
PHASE L12 % 2 3 1 !
CONSTITUENT L12 : CU,NI : CU,NI : !
PARAMETER G(L12,CU:NI;0) 298.15 -1000; 3000 N !
PHASE HOLES % 1 1 !
CONSTITUENT HOLES : CU,NI,VA : !
PARAMETER G(HOLES,CU;0) 298.15 0; 3000 N !
PHASE TWO % 2 1 1 !
CONSTITUENT TWO : CU : NI : !
PARAMETER G(TWO,CU:NI;0) 298.15 0; 3000 N !
PHASE STEEL % 2 1 1 !
CONSTITUENT STEEL : CU,FE : NI,VA : !
PARAMETER G(STEEL,CU:VA;0) 298.15 0; 3000 N !
"""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (["thermodynamics.phase=BCC_A2"], "no phase 'BCC_A2'; it has FCC_A1, HOLES, L12, STEEL, TWO."),
        (["thermodynamics.phase=FCC_A2"], "Did you mean FCC_A1?"),
        (["law.tracer.phase=L12"], "law.tracer.phase=L12: L12 in data/cu-ni.tdb is (CU,NI)(CU,NI)"),
        (["thermodynamics.phase=L12"], "an element on two sublattices needs an equilibrium between them."),
        (["thermodynamics.phase=TWO"], "one sublattice without vacancies must hold the substitutional ones"),
        (["thermodynamics.phase=HOLES"], "vacancies beside the atoms, as many as an equilibrium says"),
        (["thermodynamics.phase=STEEL"], 'but the case says otherwise: write interstitial = ["Ni"].'),
        (['components=["Cu","Co"]', "initial.left={Co=0}", "initial.right={Co=1}"], "no CO; it has C, CR, CU, FE, NI."),
        (['components=["Cu","Fe"]', "initial.left={Fe=0}", "initial.right={Fe=1}"], "no sublattice holds FE"),
        (["thermodynamics.file=none.tdb"], "there is no file 'none.tdb'"),
        (["thermodynamics.file=../x.tdb"], "leads out of the case's folder"),
        (["thermodynamics.file=file.toml"], "file.toml cannot be read as a TDB file"),
        (["thermodynamics.omega={Cu-Ni=1}"], 'kind = "tdb" has no omega'),
        (["thermodynamics.kind=ideal"], 'kind = "ideal" has no file and no phase; write kind = "tdb"'),
        (['thermodynamics={kind="tdb",file="data/cu-ni.tdb"}'], 'phase: expected a text such as "FCC_A1"'),
        (['law.tracer={tdb="data/cu-ni.tdb"}'], "phase is missing"),
        (['law.tracer={Cu=1,Ni={tdb="data/cu-ni.tdb",phase="FCC_A1"}}'], "of is missing"),
        (['law.tracer={Cu=1,Ni={tdb="data/cu-ni.tdb",phase="FCC_A1",of="Zn"}}'], "'Zn' is not one of the components"),
        (['molar_volume={V_m={tdb="data/cu-ni.tdb",phase="FCC_A1",of="Ni"}}'], "in m^2/s; this is in m^3/mol"),
    ],
    ids=lambda entry: entry[0] if isinstance(entry, list) else "",
)  # fmt: skip
def test_a_sentence_says_what_is_wrong(couple, change, sentence):
    (couple / "data" / "cu-ni.tdb").write_text(ELEMENTS + REGULAR + ORDERED, encoding="utf-8")
    with pytest.raises(Invalid) as caught:
        load(couple / "file.toml", change)
    assert sentence in str(caught.value)


def test_a_function_that_the_file_lacks_is_named(couple):
    text = (ELEMENTS + REGULAR).replace(" 8000; 3000", " 8000+OMEGA#; 3000")
    (couple / "data" / "cu-ni.tdb").write_text(text, encoding="utf-8")
    with pytest.raises(Invalid, match="its parameters name OMEGA, which the file does not define"):
        load(couple / "file.toml")


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("PARAMETER MQ(FCC_A1&CU,NI;0) 298.15 -220000; 3000 N !", "MQ(FCC_A1&CU,*;0)"),
        ("PARAMETER G(FCC_A1,NI;0) 298.15 -20000; 3000 N !", "G(FCC_A1,NI;0)"),
        ("PARAMETER L(FCC_A1,CU,NI;0) 298.15 1000; 3000 N !", "L(FCC_A1,CU,NI;0)"),
    ],
)
def test_two_values_of_one_parameter_are_not_added(couple, line, name):
    """Programs differ in what they mean, also where one of them is for all constituents."""
    (couple / "data" / "cu-ni.tdb").write_text(ELEMENTS + REGULAR + line, encoding="utf-8")
    with pytest.raises(Invalid) as caught:
        load(couple / "file.toml")
    assert f"gives {name} twice" in str(caught.value)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("PARAMETER G(FCC_A1,NI;0)", "does not give the Gibbs energy in FCC_A1: there is no G(FCC_A1,NI)."),
        (
            "PARAMETER MQ(FCC_A1&NI,NI;0)",
            "does not give the mobility of NI in FCC_A1: there is no MF/MQ(FCC_A1&NI,NI).",
        ),
    ],
)
def test_a_missing_end_member_is_not_taken_for_0(couple, line, sentence):
    text = "\n".join(entry for entry in (ELEMENTS + REGULAR).splitlines() if not entry.startswith(line))
    (couple / "data" / "cu-ni.tdb").write_text(text, encoding="utf-8")
    with pytest.raises(Invalid) as caught:
        load(couple / "file.toml")
    assert sentence in str(caught.value)


def test_without_pycalphad_a_sentence_says_how_to_get_it(couple, monkeypatch):
    monkeypatch.setitem(sys.modules, "pycalphad", None)
    assessment.read_file.cache_clear()
    with pytest.raises(Invalid, match=r"pip install 'matano\[calphad\]'"):
        load(couple / "file.toml")


def test_an_experiment_takes_no_tdb_file(tmp_path):
    from simulator.files.experiment_models import thermodynamics_of

    with pytest.raises(Invalid, match="cannot be a TDB file here"):
        thermodynamics_of(BINARY_MIXTURE, {"kind": "tdb", "file": "a.tdb", "phase": "FCC_A1"})


def test_the_case_with_a_tdb_file_keeps_what_pycalphad_reads_in_it(tmp_path, monkeypatch):
    cases = Path(__file__).resolve().parents[1] / "cases"
    (tmp_path / "cu-ni.tdb").write_bytes((cases / "cu-ni.tdb").read_bytes())
    mixture, mobilities = BINARY_MIXTURE, {"tdb": "cu-ni.tdb", "phase": "FCC_A1"}
    solution = Thermodynamics(mixture, "tdb", file="cu-ni.tdb", phase="FCC_A1", folder=tmp_path)
    read = Darken(mixture, tracer=mobilities, thermodynamics=solution, folder=tmp_path)
    monkeypatch.setitem(sys.modules, "pycalphad", None)
    kept = load(cases / "cu-ni-tdb.toml").problem.law
    x = np.linspace(0.0, 1.0, 11)[None]
    for T in (700.0, 1273.15):
        expected = read.coefficient("interdiffusivity", x, T)
        assert kept.coefficient("interdiffusivity", x, T) == pytest.approx(expected, rel=1e-12, abs=0.0)

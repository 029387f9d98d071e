"""Coefficients in every form a case may give them."""

import math

import numpy as np
import pytest

from simulator.faults import Invalid
from simulator.kernels.program import evaluate_slopes
from simulator.laws.coefficient import Coefficient, read_coefficient
from simulator.laws.mixture import Mixture
from simulator.laws.table import pchip

MIXTURE = Mixture(("Cu", "Ni"), "Cu", {"b": 1.2})
R = 8.31446261815324
X = np.linspace(0.0, 1.0, 21)


def test_number_quantity_and_expression():
    assert read_coefficient(2e-14, MIXTURE)(X[None]) == pytest.approx(np.full(21, 2e-14), rel=1e-15, abs=0.0)
    assert read_coefficient("2e-10 cm2/s", MIXTURE)(X[None]) == pytest.approx(np.full(21, 2e-14), rel=1e-14, abs=0.0)
    assert read_coefficient("2e-14", MIXTURE)(np.array([0.3])) == pytest.approx(2e-14, rel=1e-15, abs=0.0)
    np.testing.assert_allclose(read_coefficient("exp(b*x_Ni)", MIXTURE)(X[None]), np.exp(1.2 * X), rtol=1e-14)


def test_arrhenius():
    D = read_coefficient({"D0": "0.6 cm^2/s", "Q": "250 kJ/mol"}, MIXTURE)
    assert D.depends_on == {"T"}
    for T in (900.0, 1273.0):
        assert float(D(np.array([0.1]), T=T)) == pytest.approx(6e-5 * math.exp(-250e3 / (R * T)), rel=1e-13, abs=0.0)


def test_polynomial_of_either_component():
    c = [1e-14, -2e-15, 3e-15]
    D = read_coefficient({"polynomial": c, "in": "x_Ni"}, MIXTURE)
    np.testing.assert_allclose(D(X[None]), np.polynomial.polynomial.polyval(X, c), rtol=1e-14)
    D = read_coefficient({"polynomial": c, "in": "x_Cu"}, MIXTURE)
    np.testing.assert_allclose(D(X[None]), np.polynomial.polynomial.polyval(1 - X, c), rtol=1e-14)


def test_a_coefficient_is_taken_as_it_is():
    given = read_coefficient(1.0, MIXTURE)
    assert read_coefficient(given, MIXTURE) is given


def write(folder, text, name="d.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_table_goes_through_its_points_and_stays_between_them(tmp_path):
    x = np.array([0.0, 0.1, 0.3, 0.55, 0.6, 1.0])
    y = np.array([1.0, 1.5, 4.0, 4.0, 9.0, 2.0]) * 1e-14
    write(tmp_path, "x_Ni, D\n" + "\n".join(f"{a},{b}" for a, b in zip(x, y, strict=True)))
    D = read_coefficient({"table": "d.csv"}, MIXTURE, folder=tmp_path)
    np.testing.assert_allclose(D(x[None]), y, rtol=1e-14)
    fine = np.linspace(0.0, 1.0, 2001)
    values = D(fine[None])
    j = np.clip(np.searchsorted(x, fine, side="right") - 1, 0, 4)
    low, high = np.minimum(y[j], y[j + 1]), np.maximum(y[j], y[j + 1])
    assert (values >= low * (1 - 1e-12)).all()
    assert (values <= high * (1 + 1e-12)).all()
    np.testing.assert_allclose(D(np.array([[-0.5, 1.5]])), y[[0, -1]], rtol=1e-14)  # the ends, and no further


def test_table_meets_scipy():
    from scipy.interpolate import PchipInterpolator

    rng = np.random.default_rng(3)
    for n in (2, 3, 4, 12):
        x, y = np.sort(rng.random(n)), rng.normal(size=n)
        data = pchip(x, y)
        expected = PchipInterpolator(x, y)
        pieces = data[n + 1 :].reshape(n - 1, 4)
        # scipy stores the highest power first
        np.testing.assert_allclose(pieces[:, ::-1].T, expected.c, rtol=1e-9, atol=1e-9)


def test_table_is_the_same_in_the_kernel_with_its_slope(tmp_path):
    write(tmp_path, "Ni\tD [cm2/s]\n0.1\t1e-10\n0.4\t3e-10\n0.9\t2e-10\n")
    D = read_coefficient({"table": "d.csv"}, MIXTURE, folder=tmp_path)
    assert float(D(np.array([0.4]))) == pytest.approx(3e-14, rel=1e-13, abs=0.0)
    u = np.linspace(0.0, 1.0, 301)[None]
    out, slopes = np.empty((1, 301)), np.empty((1, 1, 301))
    code = np.concatenate([np.zeros(5), D.program.code])
    evaluate_slopes(code, 5, u, np.zeros(301), 0.0, 1.0, out, slopes)
    np.testing.assert_allclose(out[0], D(u), rtol=1e-13)
    step = 1e-6
    smooth = (
        np.abs(u[0] - np.array([[0.1], [0.4], [0.9]])).min(axis=0) > 1e-3
    )  # at the knots the second derivative jumps
    difference = (D(u + step) - D(u - step)) / (2 * step)
    # rounding 1e-16 D / h and h^2 D'''
    np.testing.assert_allclose(slopes[0, 0][smooth], difference[smooth], rtol=0, atol=1e-8 * 1e-13)


FAULTS = {
    "negative D0": ({"D0": -1.0, "Q": 1.0}, "law.D.D0", "must not be negative"),
    "negative Q": ({"D0": 1.0, "Q": -1.0}, "law.D.Q", "must not be negative"),
    "no Q": ({"D0": 1.0}, "law.D", "'Q' is missing"),
    "unknown key": ({"D0": 1.0, "Q0": 1.0}, "law.D.Q0", "Did you mean Q"),
    "no key": ({}, "law.D", "expected a number"),
    "no in": ({"polynomial": [1.0]}, "law.D", "'in' is missing"),
    "wrong in": ({"polynomial": [1.0], "in": "x_Nj"}, "law.D.in", "Did you mean x_Ni"),
    "no list": ({"polynomial": 3.0, "in": "x_Ni"}, "law.D.polynomial", "list of 1 to"),
    "wrong term": ({"polynomial": [1.0, "a"], "in": "x_Ni"}, "law.D.polynomial[1]", "expected"),
    "wrong unit": ("1e-14 m", "law.D", "m^2/s"),
    "bool": (True, "law.D", "expected a number"),
    "none": (None, "law.D", "expected a number"),
    "nan": (float("nan"), "law.D", "finite"),
    "inf": (float("inf"), "law.D", "finite"),
    "name": ("D0*x_Nickel", "law.D", "unknown name 'D0'"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults(name):
    spec, where, sentence = FAULTS[name]
    with pytest.raises(Invalid) as caught:
        read_coefficient(spec, MIXTURE)
    assert caught.value.faults[0].where == where
    assert sentence in caught.value.faults[0].sentence


FILES = {
    "empty": (b"", "is empty"),
    "comments": (b"# nothing\n\n", "is empty"),
    "header only": (b"x_Ni,D\n", "has 0 rows"),
    "no number": (b"x_Ni,D\n0.1,a\n", "d.csv:2 is not two numbers"),
    "nan": (b"x_Ni,D\n0.1,nan\n", "d.csv:2 is not two numbers"),
    "one value": (b"x_Ni,D\n0.1,1\n0.2\n", "d.csv:3 is not two numbers"),
    "three columns": (b"x_Ni,D,e\n0.1,1,2\n", "3 columns"),
    "decreasing": (b"x_Ni,D\n0.2,1\n0.1,1\n", "d.csv:3 the composition must increase"),
    "repeated": (b"x_Ni,D\n0.2,1\n0.2,1\n", "must increase"),
    "percent": (b"x_Ni,D\n0,1\n100,1\n", "between 0 and 1"),
    "wrong heading": (b"x_Nj,D\n0,1\n1,1\n", "Did you mean x_Ni"),
    "binary": (b"\xff\xfe\x00\x01\x80", "not a text file"),
}


@pytest.mark.parametrize("name", FILES)
def test_bad_files(name, tmp_path):
    text, sentence = FILES[name]
    write(tmp_path, text)
    with pytest.raises(Invalid) as caught:
        read_coefficient({"table": "d.csv"}, MIXTURE, folder=tmp_path)
    (fault,) = caught.value.faults
    assert fault.where == "law.D.table"
    assert sentence in fault.sentence


def test_files_outside_the_folder_are_refused(tmp_path):
    inner = tmp_path / "case"
    inner.mkdir()
    outside = write(tmp_path, "x_Ni,D\n0,1\n1,1\n")
    (inner / "link.csv").symlink_to(outside)
    for name in ("../d.csv", str(outside), "link.csv"):
        with pytest.raises(Invalid, match="leads out of the case's folder"):
            read_coefficient({"table": name}, MIXTURE, folder=inner)
    for name in ("none.csv", ".", "a\0b", "x" * 5000):
        with pytest.raises(Invalid, match=r"no file|not the name"):
            read_coefficient({"table": name}, MIXTURE, folder=inner)
    with pytest.raises(Invalid, match="expected the name"):
        read_coefficient({"table": 3}, MIXTURE, folder=inner)


def test_equality_is_that_of_what_was_given():
    assert read_coefficient("1e-14*x_Ni", MIXTURE) == read_coefficient("1e-14*x_Ni", MIXTURE)
    assert isinstance(read_coefficient(1, MIXTURE), Coefficient)


def test_log_linear_mixing():
    """ln D is linear in the composition, between the coefficients of the pure components."""
    spec = {"log_linear": {"Cu": {"D0": 2e-5, "Q": 235e3}, "Ni": "3e-15 m^2/s"}}
    D = read_coefficient(spec, Mixture(("Cu", "Ni"), "Cu"))
    x, T = np.array([[0.0, 0.25, 1.0]]), 1300.0
    cu = 2e-5 * np.exp(-235e3 / (R * T))
    assert np.allclose(D(x, T), cu ** (1.0 - x[0]) * 3e-15 ** x[0], rtol=1e-13, atol=0.0)
    assert D.depends_on == {"composition", "T"}


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"Cu": 1e-14}, "law.D.log_linear"),
        ({"Cu": 1e-14, "Xy": 1e-14, "Ni": 1.0}, "law.D.log_linear.Xy"),
        ({"Cu": 1e-14, "Ni": -1.0}, "law.D.log_linear.Ni"),
        (3.0, "law.D.log_linear"),
    ],
)
def test_log_linear_mixing_needs_every_component(given, where):
    with pytest.raises(Invalid) as refused:
        read_coefficient({"log_linear": given}, Mixture(("Cu", "Ni"), "Cu"))
    assert where in [fault.where for fault in refused.value.faults]

"""Quantities to SI: values, what counts as a quantity, and the sentences of what does not."""

import subprocess
import sys

import pytest

from simulator.faults import Invalid
from simulator.laws.units import full_registry, known, looks_like_quantity, number, quantity, registry

# One unit in the last place for each of the few multiplications by powers of ten.
ROUNDING = 1e-15

VALUES = [
    ("700 um", "m", 700e-6),
    ("700 µm", "m", 700e-6),
    ("700 μm", "m", 700e-6),
    ("-0.7mm", "m", -0.7e-3),
    ("2.5 Å", "m", 2.5e-10),
    ("100 h", "s", 360000.0),
    ("2 day", "s", 172800.0),
    ("1000 degC", "K", 1273.15),
    ("1000 °C", "K", 1273.15),
    ("300 K", "K", 300.0),
    ("1e-14 m^2/s", "m^2/s", 1e-14),
    ("1e-14 m2/s", "m^2/s", 1e-14),
    ("1e-14 m²/s", "m^2/s", 1e-14),
    ("1e-14 m**2/s", "m^2/s", 1e-14),
    ("1e-14 m^2 s^-1", "m^2/s", 1e-14),
    ("1e-14 m²·s⁻¹", "m^2/s", 1e-14),
    ("1e-10 cm2/s", "m^2/s", 1e-14),
    ("0.1 mol/L", "mol/m^3", 100.0),
    ("250 kJ/mol", "J/mol", 250e3),
    ("7.11 cm^3/mol", "m^3/mol", 7.11e-6),
    ("10 A/m^2", "A/m^2", 10.0),
    ("1 mA/cm^2", "A/m^2", 10.0),
    ("-25 mV", "V", -0.025),
    ("36 um/h", "m/s", 1e-8),
    ("5 1/s", "1/s", 5.0),
    ("2e-20 mol^2/(J m s)", "mol^2/(J m s)", 2e-20),
    ("3 inch", "m", 0.0762),
    ("0.25", "m", 0.25),
    (".5", "1", 0.5),
    ("250 kJ/mol", None, 250e3),
    ("1000 degC", None, 1273.15),
]


@pytest.mark.parametrize(("text", "unit", "value"), VALUES)
def test_a_quantity_becomes_its_number_in_si(text, unit, value):
    assert looks_like_quantity(text)
    assert quantity(text, unit, "key") == pytest.approx(value, rel=ROUNDING, abs=0.0)


@pytest.mark.parametrize(
    "text", ["2*x_Ni", "T", "x_Ni", "1e-14*exp(x_Ni)", "1e-9*t", "0.5+0.1*x", "1 - x_Ni", "9**9**9", ""]
)
def test_an_expression_is_not_a_quantity(text):
    assert not looks_like_quantity(text)


@pytest.mark.parametrize(
    "text", ["1" * 10**6, "1 " + "(" * 10**5, "1 " + "m " * 10**5, "1 m" + "^9" * 10**5, "1 m^999999999"]
)
def test_hostile_texts_are_no_quantities(text):
    assert not looks_like_quantity(text)


@pytest.mark.parametrize(
    ("value", "unit", "sentence"),
    [
        ("3 h", "m", 'expected a length such as "700 um", got "3 h".'),
        ("1e-14 m^2/s", "J/mol", 'expected a molar energy such as "250 kJ/mol", got "1e-14 m^2/s".'),
        ("5 kelvn", "K", "'kelvn' is not a unit in \"5 kelvn\". Did you mean kelvin?"),
        ("wide", "m", 'expected a length such as "700 um", got "wide".'),
        ("5 m_", "m", "'m_' is not a unit in \"5 m_\". Did you mean m?"),
        ("5 m^0", "m", "expected a length such as"),
        ("20 at%", "1", "at% is a kind of composition, not a unit"),
        ("1e999 m", "m", "expected a finite number"),
        (True, "m", 'expected a length such as "700 um", got True.'),
        (None, "s", 'expected a time such as "100 h", got None.'),
        (float("nan"), "m", "expected a finite number, got nan."),
        (10**400, "m", "expected a length"),
        ([1.0], "m", "expected a length"),
    ],
)
def test_a_fault_says_where_what_and_what_would_be_right(value, unit, sentence):
    with pytest.raises(Invalid) as caught:
        number(value, unit, "domain.interval[0]")
    (fault,) = caught.value.faults
    assert fault.where == "domain.interval[0]"
    assert fault.sentence.startswith(sentence)
    assert len(fault.sentence) < 200


def test_units_declared_here_are_those_of_pint():
    ours, full = registry(), full_registry()
    names = {definition.name for definition in ours._units.values()} - {""}
    assert len(names) > 30
    for name in names:
        assert known(full, name), name
        if ours.Quantity(1, name)._is_multiplicative:
            # Pint derives a few units through pi or other constants, one rounding each.
            assert ours.Quantity(1.0, name).to_base_units().magnitude == pytest.approx(
                full.Quantity(1.0, name).to_base_units().magnitude, rel=1e-14, abs=0.0
            ), name
    for degree in ("degC", "degF"):
        assert quantity(f"7 {degree}", "K", "T") == pytest.approx(
            full.Quantity(7.0, degree).to("K").magnitude, rel=1e-15, abs=0.0
        )


def test_numbers_need_no_pint():
    code = (
        "import sys; from simulator.laws.units import number, looks_like_quantity as q;"
        "assert number('1e-14', 'm', '') == 1e-14 and number(3, 'm', '') == 3.0 and q('700 um');"
        "assert 'pint' not in sys.modules and 'numba' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

"""Tables and lists of tables as keys of a law: read with their units, every fault at its own line."""

import numpy as np
import pytest
from case_texts import changed, faults_of

from simulator.faults import Invalid
from simulator.files.case import parse_case
from simulator.files.schema import show_schema
from simulator.files.values import nested
from simulator.laws.law import key

LAYERS = """\
components = ["Cu", "Sn"]
dependent = "Cu"
[domain]
interval = ["-50 um", "50 um"]
[initial]
shape = "step"
left = { Sn = 0.0 }
right = { Sn = 1.0 }
[law]
kind = "line-compounds"
left = { Sn = 0.0 }
right = { Sn = 1.0 }
phases = [
  { name = "Cu3Sn", Sn = 0.25, D_int = "12.6 nm^2/s", V_m = "8.59 cm^3/mol" },
  { name = "Cu6Sn5", Sn = 0.4545, D_int = 8.5e-17, V_m = 10.59e-6, tracer_ratio = 2 },
]
[molar_volume]
kind = "vegard"
Cu = "7.11e-6 m^3/mol"
Sn = "16.29e-6 m^3/mol"
[time]
end = "81 h"
"""
PHASES = """\
components = ["A", "B"]
dependent = "A"
[domain]
interval = ["-700 um", "700 um"]
[initial]
shape = "step"
left = { B = 0.05 }
right = { B = 0.9 }
[law]
kind = "two-phase"
alpha = { D = "36 um^2/h", up_to = { B = 0.2 } }
beta = { D = 3e-14, from = { A = 0.4 } }
[time]
end = "10 h"
"""


def test_a_phase_of_a_law_is_read_with_its_units():
    law = parse_case(LAYERS, "c.toml").problem.law
    assert law.integrated_diffusivity() == pytest.approx([12.6e-18, 8.5e-17], rel=1e-14, abs=0.0)
    assert law.molar_volumes == pytest.approx([7.11e-6, 8.59e-6, 10.59e-6, 16.29e-6], rel=1e-14, abs=0.0)
    assert [compound.tracer_ratio for compound in law.compounds] == [1.0, 2.0]


def test_both_phases_of_a_law_are_read_with_their_units():
    law = parse_case(PHASES, "c.toml").problem.law
    assert law.limits() == pytest.approx((0.2, 0.6), rel=1e-14, abs=0.0)
    D = law.coefficient("interdiffusivity", np.array([[0.1, 0.9]]), np.nan)
    assert pytest.approx([1e-14, 3e-14], rel=1e-14, abs=0.0) == D


@pytest.mark.parametrize(
    ("old", "new", "where", "word"),
    [
        ('"36 um^2/h"', '"36 um/h"', ":11 law.alpha.D", "a diffusivity"),
        ('"36 um^2/h"', '{ table = "d.csv" }', ":11 law.alpha.D.table", "there is no file 'd.csv'"),
        ('"36 um^2/h"', "-1e-14", ":11 law.alpha.D", "not negative"),
        ("up_to", "upto", ":11 law.alpha.upto", "Did you mean up_to"),
        ("{ B = 0.2 }", '{ B = "0.2 m" }', ":11 law.alpha.up_to.B", "a plain number"),
        ("{ B = 0.2 }", "{ C = 0.2 }", ":11 law.alpha.up_to.C", "'C' is not one of the components"),
        (", from = { A = 0.4 }", "", ":12 law.beta.from", "is missing"),
        ("beta = {", "beta = 3 # {", ":12 law.beta", "expected a table, got 3"),
    ],
)
def test_a_wrong_key_of_a_table_is_said_at_its_line(old, new, where, word, tmp_path):
    faults = faults_of(changed(PHASES, (old, new)), tmp_path)
    assert len(faults) == 1, faults
    assert faults[0].startswith(f"c.toml{where}") and word in faults[0], faults


@pytest.mark.parametrize(
    ("old", "new", "where", "word"),
    [
        ("Sn = 0.25", "Sn = 0.65", ":15 law.phases[1]", "must rise from left to right"),
        ("Sn = 0.25", "Zn = 0.25", ":14 law.phases[0]", "Zn"),
        ("Sn = 0.25", 'Sn = "a"', ":14 law.phases[0].Sn", "a plain number"),
        ('"12.6 nm^2/s"', '"12.6 nm^3/s"', ":14 law.phases[0].D_int", "a diffusivity"),
        ('"12.6 nm^2/s"', '"1e-17*x_Sn"', ":14 law.phases[0].D_int", "depends on composition"),
        ('"12.6 nm^2/s"', "-1e-17", ":14 law.phases[0].D_int", "positive"),
        ('"12.6 nm^2/s"', '{ table = "d.csv" }', ":14 law.phases[0].D_int.table", "there is no file 'd.csv'"),
        ('D_int = "', 'D_imt = "', ":14 law.phases[0].D_imt", "Did you mean D_int"),
        (', V_m = "8.59 cm^3/mol"', "", ":14 law.phases[0].V_m", "is missing"),
        ("10.59e-6", "-10.59e-6", ":15 law.phases[1].V_m", "positive"),
        ("tracer_ratio = 2", "tracer_ratio = [2]", ":15 law.phases[1].tracer_ratio", "a plain number"),
        ('"Cu6Sn5"', "6", ":15 law.phases[1].name", "a text in quotes"),
        ("phases = [", "phases = [ 3,", ":13 law.phases[0]", "expected a table, got 3"),
        ("right = { Sn = 1.0 }\nphases", 'right = { Sn = "1 m" }\nphases', ":12 law.right.Sn", "a plain number"),
        ("right = { Sn = 1.0 }\nphases", "right = 1\nphases", ":12 law.right", "one entry per component"),
    ],
)
def test_a_wrong_phase_is_said_at_its_line(old, new, where, word, tmp_path):
    faults = faults_of(changed(LAYERS, (old, new)), tmp_path)
    assert faults[0].startswith(f"c.toml{where}"), faults
    assert any(word in fault for fault in faults), faults
    assert all(fault.startswith(f"c.toml{where.split()[0]} ") for fault in faults), faults


@pytest.mark.parametrize(
    ("text", "old", "new", "where", "word"),
    [
        (
            LAYERS,
            "left = { Sn = 0.0 }\nright = { Sn = 1.0 }\n[law]",
            "left = { Sn = 0.1 }\nright = { Sn = 1.0 }\n[law]",
            ":7",
            "0.1",
        ),
        (PHASES, "{ B = 0.05 }", "{ B = 0.3 }", ":7", "not within alpha"),
        (PHASES, "{ B = 0.2 }", "{ B = 0.7 }", ":12 law.beta.from", "overlap"),
        (PHASES, "[time]", "[boundary]\nleft = { fixed = { B = 0.1 } }\n[time]", ":14 boundary.left", "closed"),
        (PHASES, "[time]", '[markers]\nat = ["1 um"]\n[time]', ":13 markers", "no lattice fluxes"),
    ],
)
def test_a_start_that_fits_no_phase_is_refused(text, old, new, where, word):
    faults = faults_of(changed(text, (old, new)))
    assert len(faults) == 1, faults
    assert faults[0].startswith(f"c.toml{where}") and word in faults[0], faults


def test_keys_of_a_table_are_those_that_a_law_states():
    entries = {
        "D": key("Diffusivity.", unit="m^2/s"),
        "up_to": key("Limit.", shape="composition"),
        "label": key("Name.", shape="text", default=""),
    }
    read = nested({"D": "2 um^2/s", "up_to": {"B": 0.2}}, "", "table", "law.alpha", entries)
    assert read == {"D": pytest.approx(2e-12, rel=1e-15, abs=0.0), "up_to": {"B": 0.2}}
    with pytest.raises(Invalid) as error:
        nested({"D": "2 um", "uo_to": {"B": 0.2}, "label": 1, "x": 1}, "", "table", "law.alpha", entries)
    assert [fault.where for fault in error.value.faults] == [
        "law.alpha.uo_to",
        "law.alpha.x",
        "law.alpha.D",
        "law.alpha.label",
    ]


def test_the_schema_describes_nested_keys():
    table = show_schema()["$defs"]["line-compounds_law"]["properties"]["phases"]["items"]
    assert set(table["properties"]) == {"name", "D_int", "V_m", "tracer_ratio"}
    assert table["required"] == ["D_int", "V_m"]
    assert table["additionalProperties"]["anyOf"]  # the fraction of a component

"""Case texts that differ in a few places, and the faults that reading one gives."""

import pytest

from simulator.faults import Invalid
from simulator.files.case import parse_case


def changed(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def faults_of(text: str, folder=None) -> list[str]:
    with pytest.raises(Invalid) as error:
        parse_case(text, "c.toml", folder)
    assert all("\n" not in fault.sentence and fault.sentence[-1] in ".?" for fault in error.value.faults)
    return [str(fault) for fault in error.value.faults]

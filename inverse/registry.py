"""Every method there is. A new one is a file in `methods` and a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from inverse.estimate import Method
from inverse.methods import boltzmann_matano, sauer_freise
from simulator.faults import Invalid, near

ALL: tuple[Method, ...] = (
    boltzmann_matano.METHOD,
    sauer_freise.METHOD,
)

METHODS: Mapping[str, Method] = MappingProxyType({method.name: method for method in ALL})


def method_of(name: str) -> Method:
    """The method of this name; Invalid with the nearest name if there is none."""
    if name not in METHODS:
        raise Invalid.at("method", f"there is no method {name!r}; there are {', '.join(METHODS)}.{near(name, METHODS)}")
    return METHODS[name]

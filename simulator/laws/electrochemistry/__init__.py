"""Closed forms for ions: SI in, SI out, concentrations in mol/m^3.

Potentials in V, diffusivities in m^2/s, charges z in elementary charges, permittivities relative to the vacuum's.
Ions are arrays in one order. voltage = phi(right) - phi(left), and the inside of a membrane is its right.
"""

from simulator.laws.charge import EPSILON_0, thermal_voltage
from simulator.laws.electrochemistry.double_layer import (
    debye_length,
    differential_capacity,
    diffuse_potential,
    grahame,
    surface_charge,
    surface_excess,
    surface_potential,
)
from simulator.laws.electrochemistry.junction import henderson, planck
from simulator.laws.electrochemistry.limiting import (
    cell_limiting_current,
    cell_voltage,
    film_limiting_current,
    supported_limiting_current,
)
from simulator.laws.electrochemistry.membrane import (
    Donnan,
    chord_voltage,
    donnan,
    exchange_membrane_voltage,
    ghk_current,
    ghk_voltage,
    nernst_potential,
    slope_conductance,
)
from simulator.laws.electrochemistry.mobility import (
    conductivity,
    diffusivity_of_conductivity,
    molar_conductivity,
    salt_diffusivity,
    transference_numbers,
)
from simulator.laws.electrochemistry.semiconductor import (
    Depletion,
    built_in_voltage,
    carriers,
    depletion,
    junction_field,
    neutral_field,
)

__all__ = [
    "EPSILON_0",
    "Depletion",
    "Donnan",
    "built_in_voltage",
    "carriers",
    "cell_limiting_current",
    "cell_voltage",
    "chord_voltage",
    "conductivity",
    "debye_length",
    "depletion",
    "differential_capacity",
    "diffuse_potential",
    "diffusivity_of_conductivity",
    "donnan",
    "exchange_membrane_voltage",
    "film_limiting_current",
    "ghk_current",
    "ghk_voltage",
    "grahame",
    "henderson",
    "junction_field",
    "molar_conductivity",
    "nernst_potential",
    "neutral_field",
    "planck",
    "salt_diffusivity",
    "slope_conductance",
    "supported_limiting_current",
    "surface_charge",
    "surface_excess",
    "surface_potential",
    "thermal_voltage",
    "transference_numbers",
]

"""Every method there is. A new one is a file in `methods` and a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from inverse.estimate import Method
from inverse.methods import (
    arrhenius,
    belova,
    boltzmann_matano,
    cahn_plot,
    chronometry,
    coarsening,
    dayananda_sohn,
    den_broeder,
    drifting_tracer,
    erf_fit,
    exact_fit,
    extended_hall,
    forward_fit,
    growth_constants,
    grube,
    hall,
    integrated,
    interdiffusion_fluxes,
    interface_profile,
    intrinsic,
    ion_diffusivities,
    kirkaldy,
    marker_curve,
    matano_constraints,
    parametric_fit,
    permeability_ratios,
    pseudo_binary,
    pseudo_ternary,
    sauer_freise,
    square_root,
    thick_film,
    thin_film,
    tracer_couple,
    tracer_profile,
    tracers,
    tracers_from_matrix,
    transfer_matrix,
    transference,
    wagner,
)
from simulator.faults import Invalid, near

ALL: tuple[Method, ...] = (
    boltzmann_matano.METHOD,
    sauer_freise.METHOD,
    wagner.METHOD,
    den_broeder.METHOD,
    hall.METHOD,
    extended_hall.METHOD,
    erf_fit.METHOD,
    grube.METHOD,
    thin_film.METHOD,
    thick_film.METHOD,
    tracer_profile.METHOD,
    tracer_couple.METHOD,
    forward_fit.METHOD,
    arrhenius.METHOD,
    chronometry.METHOD,
    intrinsic.METHOD,
    marker_curve.METHOD,
    tracers.METHOD,
    integrated.METHOD,
    growth_constants.METHOD,
    square_root.METHOD,
    exact_fit.METHOD,
    kirkaldy.METHOD,
    belova.METHOD,
    pseudo_ternary.METHOD,
    tracers_from_matrix.METHOD,
    parametric_fit.METHOD,
    pseudo_binary.METHOD,
    dayananda_sohn.METHOD,
    matano_constraints.METHOD,
    transfer_matrix.METHOD,
    interdiffusion_fluxes.METHOD,
    ion_diffusivities.METHOD,
    transference.METHOD,
    permeability_ratios.METHOD,
    drifting_tracer.METHOD,
    cahn_plot.METHOD,
    interface_profile.METHOD,
    coarsening.METHOD,
)

METHODS: Mapping[str, Method] = MappingProxyType({method.name: method for method in ALL})


def method_of(name: str) -> Method:
    """The method of this name; Invalid with the nearest name if there is none."""
    if name not in METHODS:
        begun = [f" Did you mean {known}?" for known in METHODS if name and known.startswith(name)]
        hint = near(name, METHODS) or "".join(begun[:1]) or " `matano methods` lists them."
        raise Invalid.at("method", f"there is no method {name!r} among the {len(METHODS)} there are.{hint}")
    return METHODS[name]

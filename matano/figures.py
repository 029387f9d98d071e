"""The kinds of figures there are: what `matano plot` draws of a result or of a case."""

from collections.abc import Callable
from typing import NamedTuple

from matano.coefficient_figures import diffusivity, tracers
from matano.drawing import pyplot
from matano.field_figures import energy, field, structure
from matano.film_figures import penetration
from matano.ion_figures import charge, current, current_voltage, potential
from matano.lattice_figures import lattice_fluxes, layers, markers, velocity
from matano.profile_figures import diagnostics, fluxes, path, profiles, volume
from matano.residual_figures import residuals
from matano.thermodynamic_figures import factor, gibbs, miscibility, potentials
from simulator.faults import Invalid


class Kind(NamedTuple):
    """draw: makes the figure of a result, or, where it needs no run, of a case; text: what it shows; of: results in
    one dimension ("line"), in two and three ("box") or "any"; timed: draw takes the times asked for as well; moves:
    whether there is an animation of it.
    """

    draw: Callable
    run: bool
    text: str
    of: str = "line"
    timed: bool = False
    moves: bool = False


KINDS = {
    "profiles": Kind(
        profiles, True, "mole fractions, or concentrations of ions, over position, with markers and interfaces"
    ),
    "penetration": Kind(penetration, True, "what a film left, logarithmic over the squared distance from it"),
    "diffusivity": Kind(diffusivity, False, "interdiffusivities"),
    "fluxes": Kind(fluxes, True, "fluxes in the number-fixed frame, of ions through the solvent"),
    "diagnostics": Kind(diagnostics, True, "error estimate, conservation and steps over time", "any"),
    "path": Kind(path, True, "the diffusion path of a ternary in the triangle"),
    "markers": Kind(markers, True, "markers against the square root of time"),
    "velocity": Kind(velocity, True, "lattice velocity with the Kirkendall planes"),
    "lattice-fluxes": Kind(lattice_fluxes, True, "fluxes in the lattice and the number-fixed frame"),
    "volume": Kind(volume, True, "molar volume, and how far the right end moved"),
    "layers": Kind(layers, True, "interfaces between phases against the square root of time"),
    "potential": Kind(potential, True, "the electric potential over position"),
    "current-voltage": Kind(current_voltage, True, "steady currents over the voltages of a sweep"),
    "current": Kind(current, True, "the current over time"),
    "charge": Kind(charge, True, "charge in space, and on the electrodes, of Poisson's closure"),
    "gibbs": Kind(gibbs, False, "Gibbs energy of mixing, common tangents, spinodal", "any"),
    "potentials": Kind(potentials, False, "chemical potentials", "any"),
    "factor": Kind(factor, False, "thermodynamic factor, or the stability of a ternary", "any"),
    "miscibility": Kind(miscibility, False, "binodal and spinodal with the critical point", "any"),
    "tracers": Kind(tracers, False, "tracer diffusivities and interdiffusivity"),
    "field": Kind(
        field,
        True,
        "mole fractions over a box, in slices in three dimensions; an animation to a .gif or .mp4",
        "box",
        timed=True,
        moves=True,
    ),
    "energy": Kind(energy, True, "the free energy of what un-mixes over time, and the lengths of its domains", "any"),
    "structure": Kind(structure, True, "structure factors of what un-mixes", "any"),
    "residuals": Kind(residuals, True, "what the analyses that a result holds leave of its profile"),
}


def dimensions_of(shown) -> str:
    """Whether a result or a case is in one dimension ("line"), or in two or three ("box")."""
    return "box" if hasattr(shown if hasattr(shown, "snapshots") else shown.problem, "box") else "line"


def drawn(kind: str, shown):
    """A figure of a kind of KINDS, of a result or a case; None where it does not apply to it."""
    if KINDS[kind].of not in ("any", dimensions_of(shown)):
        return None
    plt = pyplot()
    before = set(plt.get_fignums())
    try:
        return KINDS[kind].draw(shown)
    except Invalid:
        for number in set(plt.get_fignums()) - before:
            plt.close(number)
        return None

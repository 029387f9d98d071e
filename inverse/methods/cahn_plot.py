"""Cahn's plot: growth rates of waves over their wavenumber, and the energies behind them."""

import numpy as np

from inverse.estimate import Estimate, Method
from inverse.spinodal.growth import CahnLine, cahn_line, energies, growth_rates
from simulator.faults import Invalid
from simulator.solve.spectra import Spectra

NAME = "cahn-plot"
CROOKED = 0.02  # of the largest rate: what a straight line may leave
DRAWN = 1.3  # of the critical wavenumber, to which points of the plot are kept
POINTS, FEWEST_POINTS = 400, 8  # of all alloys together, and of each


def check(spectra: Spectra, method: str) -> None:
    """Raise Invalid unless these are structure factors of a binary at several times while waves are small."""
    check_components(spectra, method)
    cahn_line(growth_rates(spectra, method), spectra.source, method)


def check_components(spectra: Spectra, method: str) -> None:
    if len(spectra.components) > 2:
        text = f"{method} is for two components, and this alloy has {len(spectra.components)}."
        raise Invalid.at("components", text)


def cahn_plot(*spectra: Spectra, window: tuple[float, float] = (0.0, 1.0)) -> Estimate:
    """The interdiffusivity M G'', negative inside the spinodal, from the growth of waves.

        S(k, t) = S(k, 0) exp(2 R(k) t),   R(k)/k^2 = -M (G'' + kappa k^2)

    On a grid k is the discrete wavenumber. From alloys of several compositions or temperatures also kappa, Omega of a
    regular solution and the mobilities M, in the diagnostics with standard deviations, whatever M depends on:

        RT/(X (1 - X)) = kappa A/B + 2 Omega,   A = M G'',   B = M kappa

    Waves must be small and grow alone, without thermal noise. `window` is not used. Raises Invalid where waves do not
    grow, and without two early times. Source: Cahn (1961), Acta Metall. 9, 795; Cahn (1968), Trans. AIME 242, 166.
    """
    for entry in spectra:
        check_components(entry, NAME)
    together(spectra, NAME)
    lines = [cahn_line(growth_rates(entry, NAME), entry.source, NAME) for entry in spectra]
    compositions = np.array([entry.composition for entry in spectra])
    first = spectra[0]
    value, sd = np.array([line.A for line in lines]), np.sqrt([line.covariance[0, 0] for line in lines])
    warnings = [
        f"At x_{first.component} = {x:.4g} the points leave the straight line by {100.0 * line.residual:.2g} % of the "
        "largest rate: waves may have grown too large, or thermal noise feeds them."
        for x, line in zip(compositions, lines, strict=True)
        if line.residual > CROOKED
    ]
    return Estimate(
        method=NAME,
        recovers="interdiffusivity",
        unit="m^2/s",
        component=first.component,
        composition=compositions,
        value=value,
        sd=sd,
        window=(float(compositions.min()), float(compositions.max())),
        source=first.source,
        diagnostics={
            "time": max(line.rates.times[1] for line in lines),
            "critical_wavenumber": [line.critical for line in lines],
            "fastest_wavelength": [2.0**1.5 * np.pi / line.critical for line in lines],
            "mobility_times_kappa": [line.B for line in lines],
            "residual": max(line.residual for line in lines),
            **together_of(lines, compositions, spectra),
            "plot": [points_of(entry, line, len(lines)) for entry, line in zip(spectra, lines, strict=True)],
            "warnings": warnings,
        },
    )


def points_of(spectra: Spectra, line: CahnLine, alloys: int) -> dict:
    """Wavenumbers and rates to draw, those of the line and a few that fade beyond it, thinned evenly; A and B."""
    most = max(FEWEST_POINTS, POINTS // alloys)
    rates = growth_rates(spectra, NAME)
    near = np.flatnonzero(rates.k < DRAWN * line.critical)
    kept = near[np.unique(np.linspace(0, near.size - 1, min(most, near.size)).round().astype(int))]
    return {"k": rates.k[kept].tolist(), "R": rates.R[kept].tolist(), "A": line.A, "B": line.B}


def together_of(lines: list[CahnLine], compositions: np.ndarray, spectra: tuple[Spectra, ...]) -> dict:
    """kappa, Omega and the mobilities, where several alloys with known temperatures give them."""
    RT = [entry.RT for entry in spectra]
    found = None if None in RT else energies(lines, compositions, np.array(RT))
    if found is None:
        return {}
    return {
        "kappa": found.kappa,
        "kappa_sd": found.kappa_sd,
        "omega": found.omega,
        "omega_sd": found.omega_sd,
        "mobility": found.mobility.tolist(),
        "mobility_sd": found.mobility_sd.tolist(),
    }


def together(spectra, method: str) -> None:
    """Raise Invalid unless all are of one alloy system."""
    if len({(entry.component, frozenset(entry.components)) for entry in spectra}) > 1:
        raise Invalid.at("spectra", f"{method} takes alloys of the same components together.")


METHOD = Method(
    name=NAME,
    title="Cahn's plot of growth rates",
    equation="R/k^2 = -M (G'' + kappa k^2),  S = S_0 exp(2 R t)",
    recovers="interdiffusivity",
    unit="m^2/s",
    needs=("structure factors at two early times or more", "mean composition"),
    assumes=("binary", "inside the spinodal", "small waves that grow alone", "one temperature"),
    source="Cahn (1961), Acta Metall. 9, 795",
    check=check,
    analyse=cahn_plot,
    tolerance=1e-3,
    window=(0.0, 1.0),
    profiles=(1, 100),
    data="spectra",
    together=together,
)
